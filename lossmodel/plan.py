"""``python -m lossmodel plan``: how many assessors and items a test needs. What is heavy is imported when it runs."""

from pathlib import Path
from typing import TYPE_CHECKING

from lossmodel.cells import write_csv
from lossmodel.cli import say
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.progress import bar

if TYPE_CHECKING:
    from lossmodel.ratings.components import Components
    from lossmodel.ratings.planning import DesignPrecision, Question


def plan(
    *,
    ratings: Path | None = None,
    attribute: str = "",
    assessors: tuple[int, ...] = (8, 12, 16, 24, 32),
    items: tuple[int, ...] = (5, 10, 20),
    systems: int = 4,
    difference: float = 5.0,
    draws: int = 500,
    seed: int = 0,
    output: Path | None = None,
) -> None:
    """Simulate listening tests to predict the interval of a difference and the power to detect it.

    For example:

        python -m lossmodel plan --difference 8 --systems 3
        python -m lossmodel plan --ratings pilot.csv --attribute quality --assessors 10 20 40 --items 8 16

    Args:
        ratings: CSV of a finished study, to estimate how ratings vary; a published test is used if not given.
        attribute: Which attribute of these ratings, if they have several.
        assessors: Numbers of assessors to try.
        items: Numbers of items to try; every assessor rates all systems in all items.
        systems: Systems under test, of which one is better than the others.
        difference: Its advantage in points (0-100).
        draws: Number of simulated tests of each panel.
        seed: Seed of the simulation.
        output: CSV file for the results.
    """
    from lossmodel.ratings import planning

    question = planning.Question(systems, difference)
    parts = _components(ratings, attribute)
    with bar("simulating") as report:
        found = planning.grid(assessors, items, question, parts, draws=draws, seed=seed, report=report)
    say(*_described(parts), "", *_grid(found), "", f"To find {difference:g} points with a power of 80 %:")
    say(*(_smallest(number, question, parts, draws=draws, seed=seed) for number in items))
    if output:
        _write(output, found)


def _described(parts: "Components") -> list[str]:
    sds = {name.replace("_", " x "): value for name, value in vars(parts).items() if name != "source"}
    told = ", ".join(f"{name} {value:.1f}" for name, value in sds.items())
    return [f"Standard deviations in points: {told}", f"from {parts.source}"]


def _grid(found: "list[DesignPrecision]") -> list[str]:
    rows = (f"{each.items:5d}  {each.assessors:9d}  {each.half_width:15.1f}  {each.power:5.0%}" for each in found)
    return ["items  assessors  ± points (95 %)  power", *rows]


def _smallest(items: int, question: "Question", parts: "Components", *, draws: int, seed: int) -> str:
    from lossmodel.ratings.planning import MAX_ASSESSORS, smallest_panel

    best = smallest_panel(items, question, parts, draws=draws, seed=seed)
    if best is None:
        return f"{items} items: not possible with {MAX_ASSESSORS} assessors; use more items"
    return f"{items} items: {best.assessors} assessors ({best.power:.0%}; ± {best.half_width:.1f} points)"


def _components(path: Path | None, attribute: str) -> "Components":
    """Return the components of the one panel in the file that is asked for, or the published ones."""
    from lossmodel.ratings import table
    from lossmodel.ratings.components import PUBLISHED, components
    from lossmodel.ratings.inference.cube import cube
    from lossmodel.ratings.panels import panels

    if path is None:
        return PUBLISHED
    found = [(key, own) for key, own in panels(table.read(path)) if not attribute or key.attribute == attribute]
    if len(found) != 1:
        named = "; ".join(str(key) for key, _ in found) or f"none is called {attribute!r}"
        raise BadInput(f"{path}: {len(found)} panels ({named}); give one with --attribute, or a file with one panel")
    [(key, own)] = found
    return components(cube(own[own["role"] == "system"]).scores, source=f"{path.name}: {key}")


def _write(path: Path, found: "list[DesignPrecision]") -> None:
    """Write one row per design as CSV, with its field names as columns: whole or not at all."""
    import pandas as pd

    with atomic_file(path) as part:
        write_csv(part, pd.DataFrame([vars(each) for each in found]))
