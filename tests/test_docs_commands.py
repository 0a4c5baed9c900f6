"""What the documentation tells people to type: every command is parsed by its real parser, all Python names exist."""

import ast
import functools
import inspect
import re
import shlex
import sys
from argparse import ArgumentParser
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

import pytest
from django.core.management import get_commands, load_command_class

import lossmodel.__main__
import separation.__main__

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHELL = {"", "sh", "bash", "console", "text"}
PROGRAM = re.compile(
    r"(?:manage\.py [a-z]|python -m (?:listening|lossmodel|separation) |python benchmarks/|^make [a-z]).*"
)
SYNOPSIS = re.compile(r"\[-|…|\||\{")
"""What only a line has that is to be filled in: options in brackets, dots, alternatives."""
ROOMS: dict[str, ModuleType] = {"lossmodel": lossmodel.__main__, "separation": separation.__main__}


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of a page in these languages."""
    return [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands(text: str) -> list[str]:
    r"""Return the commands of a text: continued lines joined, comments and explanations after three spaces cut.

    >>> commands("$ python -m lossmodel score   \\\n    --manifest pairs.csv    predicts\nkey = value\n")
    ['python -m lossmodel score --manifest pairs.csv']
    """
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    found = [PROGRAM.search(line.strip().removeprefix("$ ")) for line in lines]
    return [" ".join(re.split(r" {3,}(?=[^- ])| +# | +\(| && | ; ", match[0])[0].split()) for match in found if match]


def shown() -> set[tuple[str, str]]:
    """Return page and line of every command in a block or in a cell of a table."""
    cells = re.compile(r"^\| `([^`]+)`", re.MULTILINE)
    return {
        (page.relative_to(ROOT).as_posix(), line)
        for page in PAGES
        for text in [*blocks(page, *SHELL), *cells.findall(page.read_text(encoding="utf-8").replace("\\|", "|"))]
        for line in commands(text)
    }


TYPED = sorted(pair for pair in shown() if not SYNOPSIS.search(pair[1]))
SYNOPSES = sorted(pair for pair in shown() if SYNOPSIS.search(pair[1]))
PYTHON = [(page.relative_to(ROOT).as_posix(), block) for page in PAGES for block in blocks(page, "python")]


def words(line: str) -> list[str]:
    """Return the program of a command, `manage.py` or a room, and what is given to it."""
    return line.removeprefix("python ").removeprefix("-m ").replace("listening ", "manage.py ", 1).split()


def parser(name: str) -> ArgumentParser:
    """Return the parser that a command of the site uses."""
    assert name in get_commands(), f"manage.py {name} does not exist"
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)


def options(program: str, name: str) -> set[str]:
    """Return the options that a command has."""
    if program not in ROOMS:
        return set(parser(name)._option_string_actions)
    given = inspect.signature(getattr(ROOMS[program], name.replace("-", "_"))).parameters.values()
    nested = [field.name for each in given if is_dataclass(each.annotation) for field in fields(each.annotation)]
    return {f"--{name.replace('_', '-')}" for name in (*map(_shown_name, given), *nested)}


def _shown_name(parameter: inspect.Parameter) -> str:
    """Return what the shell calls a parameter: its own name, or the one that its annotation gives."""
    notes = getattr(parameter.annotation, "__metadata__", ())
    return next((note.name for note in notes if getattr(note, "name", None)), parameter.name)


def understood(program: str, name: str, arguments: list[str], monkeypatch) -> bool:
    """Tell whether a room's own command line reads these arguments; the function that they are for is not run."""
    room, called = ROOMS[program], []
    function = getattr(room, name.replace("-", "_"))
    monkeypatch.setattr(room, function.__name__, functools.wraps(function)(lambda **given: called.append(given)))
    monkeypatch.setattr(sys, "argv", [program, name, *arguments])
    with pytest.raises(SystemExit):
        room.main()
    return bool(called)


@pytest.mark.parametrize(("page", "line"), TYPED)
def test_a_command_of_the_docs_is_understood(page, line, monkeypatch):
    program, *rest = shlex.split(" ".join(words(line)))
    if program == "make":
        targets = {word for word in rest if "=" not in word}
        assert targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    elif program.startswith("benchmarks/"):
        source = (ROOT / program).read_text()
        given = [word.removeprefix("--") for word in rest if word.startswith("--")]
        assert not [name for name in given if f'"--{name}"' not in source and f'"{name}"' not in source]
    elif program in ROOMS:
        assert understood(program, rest[0], rest[1:], monkeypatch)
    else:
        parser(rest[0]).parse_args(rest[1:])


@pytest.mark.parametrize(("page", "line"), SYNOPSES)
def test_a_synopsis_of_the_docs_has_no_option_that_does_not_exist(page, line):
    program, name, *rest = words(line)
    assert set(re.findall(r"--[a-z][a-z-]*", " ".join(rest))) <= options(program, name)


@pytest.mark.parametrize(("page", "block"), PYTHON)
def test_python_of_the_docs_names_and_calls_what_exists(page, block):
    tree = ast.parse(inspect.cleandoc(block))
    known = dict(pair for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for pair in imported(node))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if (function := resolved(call.func, known)) is not None and all(key.arg for key in call.keywords):
            inspect.signature(function).bind(*call.args, **{key.arg: key.value for key in call.keywords})


def imported(node: ast.ImportFrom) -> list[tuple[str, object]]:
    """Return the names that a line imports, with what they are; `ImportError` for one that is not there."""
    found = {}
    exec(compile(ast.Module([node], []), node.module, "exec"), found)
    return [(alias.asname or alias.name, found[alias.asname or alias.name]) for alias in node.names]


def resolved(node: ast.expr, known: dict[str, object]) -> object | None:
    """Return what an expression names, if it begins with an imported name: `metrics.measured` of `metrics`."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and (owner := resolved(node.value, known)) is not None:
        return getattr(owner, node.attr)
    return None
