"""The house keeps its shape: contracts hold and bite, files and functions stay small, the docs name what exists."""

import ast
import json
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("listening", "lossmodel", "separation")
FILES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.relative_to(ROOT).parts
]
MAX_LINES_OF_A_FILE, MAX_LINES_OF_A_FUNCTION, MAX_MEDIAN_LINES_OF_A_FUNCTION = 300, 40, 6
BREAKS = [
    ("lossmodel/audio.py", "import separation.config", "1 The ring turns one way"),
    ("listening/design/pages.py", "import listening.models", "2 The floors"),
    ("listening/participant/views.py", "import listening.tasks", "3 Assessors start no jobs"),
    ("separation/config.py", "import celery", "4 The learning side knows no web"),
    ("lossmodel/audio.py", "import torch", "5 Light modules"),
    ("listening/models/learning.py", "import separation.training.loop", "6 Only tasks and commands"),
    (
        "lossmodel/objective/ear/salience.py",
        "import lossmodel.objective.fitting.fit",
        "7 The floors of the objective",
    ),
    ("separation/inference/streams.py", "import separation.training.state", "8 The floors of separation"),
]
"""A line that breaks each contract: (module, line, how the contract's name begins)."""
IMPORTS_AS_JSON = """
import json, sys, grimp
graph = grimp.build_graph(*sys.argv[1:], cache_dir=None, exclude_type_checking_imports=False)
print(json.dumps({name: sorted(graph.find_modules_directly_imported_by(name)) for name in graph.modules}))
"""


def functions(path: Path) -> list[tuple[str, int]]:
    """Return (file: name, lines) of every function in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{path.relative_to(ROOT)}: {node.name}", node.end_lineno - node.lineno + 1) for node in found]


def docs() -> str:
    """Return all the prose of the project."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts of the project in `folder`."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def copy_of_the_rooms(folder: Path) -> None:
    """Copy the code of every room to `folder`, for a test to break."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")


def import_circles(folder: Path) -> list[set[str]]:
    """Return the modules that import one another in a circle, through functions and for types too, circle by circle."""
    found = subprocess.run(
        [sys.executable, "-c", IMPORTS_AS_JSON, *ROOMS],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return circles(json.loads(found.stdout))


def circles(imports: dict[str, list[str]]) -> list[set[str]]:
    """Return the sets of modules each of which reaches every other.

    >>> circles({"a": ["b"], "b": ["a", "c"], "c": []}) == [{"a", "b"}]
    True
    """
    reached = {module: reachable(module, imports) for module in imports}
    found = [frozenset(other for other in own if module in reached[other]) for module, own in reached.items()]
    return [set(circle) for circle in dict.fromkeys(found) if circle]


def reachable(module: str, imports: dict[str, list[str]]) -> set[str]:
    """Return all that a module imports, and what those import, and so on; itself only by way of a circle."""
    seen: set[str] = set()
    ahead = list(imports[module])
    while ahead:
        if (found := ahead.pop()) not in seen:
            seen.add(found)
            ahead += imports[found]
    return seen


def test_no_file_is_longer_than_a_person_reads_at_once():
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in FILES}
    assert not {name: n for name, n in lines.items() if n > MAX_LINES_OF_A_FILE}


def test_no_function_is_longer_than_a_screen():
    assert not {name: n for path in FILES for name, n in functions(path) if n > MAX_LINES_OF_A_FUNCTION}


def test_a_table_that_a_script_shares_is_frozen():
    table = re.compile(r"^(?:export )?const [A-Z][A-Z_]* = [\[{]", re.MULTILINE)
    assert table.search("const TABLE = [[], [1]];")
    scripts = (ROOT / "static").rglob("*.js")
    assert not {path.name: found for path in scripts if (found := table.findall(path.read_text(encoding="utf-8")))}


def test_the_median_function_is_short():
    assert statistics.median(n for path in FILES for _, n in functions(path)) <= MAX_MEDIAN_LINES_OF_A_FUNCTION


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_says_what_it_is_for(room):
    mute = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.relative_to(ROOT).parts[0] == room
        and path.read_text().strip()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not mute


def test_the_top_level_is_what_the_architecture_page_draws():
    page = (ROOT / "docs" / "architecture.md").read_text()
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for name in {line.split("/")[0] for line in tracked if line} - {".gitignore", ".dockerignore", ".gitattributes"}:
        assert name in page, f"docs/architecture.md does not say what {name} is"


def test_the_import_contracts_hold():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_contract_is_broken_by_a_test():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    broken = [contract for *_, contract in BREAKS]
    assert not [each["name"] for each in contracts if not each["name"].startswith(tuple(broken))]


@pytest.mark.parametrize(("module", "line", "contract"), BREAKS)
def test_a_broken_contract_is_named(tmp_path, module, line, contract):
    copy_of_the_rooms(tmp_path)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    broken = tmp_path / module
    broken.write_text(broken.read_text() + f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert re.search(rf"^{contract}.* BROKEN", result.stdout, re.MULTILINE), result.stdout


def test_no_module_imports_itself_in_a_circle():
    assert import_circles(ROOT) == []


@pytest.mark.parametrize(
    ("module", "lines", "circle"),
    [
        (
            "lossmodel/ratings/results.py",
            "import lossmodel.ratings.page",
            {"lossmodel.ratings.page", "lossmodel.ratings.results"},
        ),
        (
            "listening/models/progress.py",
            "def late():\n    from listening.models.session import Session\n    return Session",
            {"listening.models.progress", "listening.models.session"},
        ),
        (
            "separation/store.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from separation.evaluate import evaluate",
            {"separation.evaluate", "separation.store"},
        ),
    ],
    ids=["at the top", "within a function", "for types only"],
)
def test_a_circle_of_imports_is_found(tmp_path, module, lines, circle):
    copy_of_the_rooms(tmp_path)
    broken = tmp_path / module
    broken.write_text(broken.read_text() + f"\n{lines}\n")
    assert any(circle <= found for found in import_circles(tmp_path))


def test_the_docs_name_every_model():
    page = (ROOT / "docs" / "vocabulary.md").read_text()
    assert not [
        m.__name__
        for m in apps.get_app_config("listening").get_models()
        if f"`{m.__name__}`" not in page and not m._meta.auto_created
    ]


def test_the_docs_name_every_setting_read_from_the_environment():
    settings = (ROOT / "listening" / "settings.py").read_text()
    page = (ROOT / "docs" / "settings.md").read_text()
    names = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings)
    assert len(names) > 10
    assert not [name for name in names if f"`{name}`" not in page]


def test_the_docs_name_every_command():
    page = docs()
    ours = [name for name, app in get_commands().items() if app == "listening"]
    assert {"demo", "import_study", "simulate", "export_ratings", "sweep", "healthcheck"} <= set(ours)
    assert not [name for name in ours if f"manage.py {name}" not in page]


@pytest.mark.parametrize("room", ["lossmodel", "separation"])
def test_the_docs_name_every_subcommand(room):
    page = docs()
    result = subprocess.run(
        [sys.executable, "-m", room, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = set(re.findall(r"• ([a-z][a-z-]+)", result.stdout))
    assert len(names) >= 4
    assert not [name for name in names if f"{room} {name}" not in page]


def test_links_between_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_classifier_of_the_licence_and_the_licence_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
