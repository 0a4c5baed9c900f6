"""The shell's side of a package: subcommands, one clear line for bad input, exit statuses."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import tyro

from lossmodel.errors import FULL_DISC, BadInput, is_disc_full

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def run(commands: Mapping[str, Callable[..., Any]], *, prog: str, description: str) -> NoReturn:
    """Run the subcommand that `sys.argv` names and exit: its parameters are the options, its docstring the help.

    Exit status: what the command returns (None is 0), 2 for wrong arguments, for `BadInput`, a path of the wrong
    kind and a full disc, of which one line is printed on standard error, and 130 after Ctrl-C.
    """
    try:
        status = tyro.extras.subcommand_cli_from_dict(
            dict(commands), prog=prog, description=description, config=(tyro.conf.OmitArgPrefixes,)
        )
    except BadInput as error:
        complain(f"{prog}: {error}")
        status = EXIT_BAD_INPUT
    except (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        complain(f"{prog}: {error.filename}: {str(error.strerror).lower()}; give another path")
        status = EXIT_BAD_INPUT
    except OSError as error:
        if not is_disc_full(error):
            raise
        complain(f"{prog}: {FULL_DISC}")
        status = EXIT_BAD_INPUT
    except KeyboardInterrupt:
        complain(f"{prog}: interrupted")
        status = EXIT_INTERRUPTED
    sys.exit(status)


def say(*lines: str) -> None:
    """Print lines on standard output."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def complain(*lines: str) -> None:
    """Print each text as one line on standard error."""
    sys.stderr.writelines(f"{' '.join(line.split())}\n" for line in lines)
