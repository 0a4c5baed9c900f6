"""Which unit tests a change since main concerns: the changed ones, and those that import a changed module.

python -m tests.changed   prints their files; nothing where nothing changed
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = {"browser", "worker", "loop"}
"""Folders of tests that take more than seconds."""


def changed() -> set[Path]:
    """Return the files that differ from main, uncommitted and new ones included, relative to the repository."""
    since = ["git", "diff", "--name-only", "main"]
    new = ["git", "ls-files", "--others", "--exclude-standard"]
    names = (subprocess.check_output(command, cwd=ROOT, text=True).splitlines() for command in (since, new))
    return {Path(name) for found in names for name in found}


def concerned(files: set[Path]) -> Iterator[Path]:
    """Yield the unit tests that are among `files` or import a module that is."""
    modules = {module(path) for path in files if path.suffix == ".py"}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        own = path.relative_to(ROOT)
        if own.parts[1] not in ELSEWHERE and (own in files or imported(path) & modules):
            yield own


def module(path: Path) -> str:
    """Return what a file is imported as."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in concerned(changed()))
