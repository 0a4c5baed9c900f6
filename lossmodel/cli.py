"""The shell's side of a package: subcommands, one clear line for bad input, exit statuses."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import tyro

from lossmodel.errors import BadInput

BAD_INPUT = 2
INTERRUPTED = 130


def run(commands: Mapping[str, Callable[..., Any]], *, prog: str, description: str) -> NoReturn:
    """Run the subcommand that `sys.argv` names and exit: its parameters are the options, its docstring the help.

    Exit status: what the command returns (None is 0), 2 for wrong arguments and for `BadInput`, whose message is
    printed on standard error as one line, and 130 after Ctrl-C.
    """
    try:
        status = tyro.extras.subcommand_cli_from_dict(
            dict(commands), prog=prog, description=description, config=(tyro.conf.OmitArgPrefixes,)
        )
    except BadInput as error:
        complain(f"{prog}: {error}")
        status = BAD_INPUT
    except KeyboardInterrupt:
        complain(f"{prog}: interrupted")
        status = INTERRUPTED
    sys.exit(status)


def say(*lines: str) -> None:
    """Print lines on standard output."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def complain(*lines: str) -> None:
    """Print each text as one line on standard error."""
    sys.stderr.writelines(f"{' '.join(line.split())}\n" for line in lines)
