"""What a fix does: the grid with the fault mended, never the file itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from listening.intake.faults import FORMULA_SIGNS, LONGEST_COLUMN_NAME, LONGEST_ITEM_NAME, Fault, check
from listening.intake.grid import Delivered, Excerpt, Grid
from listening.intake.waveform import late
from lossmodel.errors import BadInput

EXCERPT_SECONDS = 10.0
"""BS.1534-3: approximately 10 s."""


def mend(grid: Grid, fault: Fault, key: str) -> Grid:
    """Return the grid with the fix `key` of `fault` taken; `BadInput` where the fault does not offer it."""
    if key not in {fix.key for fix in fault.fixes}:
        offered = ", ".join(fix.key for fix in fault.fixes) or "none"
        raise BadInput(f"{fault.text}: there is no fix {key!r} for it; offered: {offered}")
    if key.startswith("keep-"):
        others = {file.key for file in grid.cells[fault.item, fault.column]} - {int(key.removeprefix("keep-"))}
        return grid.without(others)
    if fault.file is not None and key in OF_FILES:
        file = next(file for file in grid.files if file.key == fault.file)
        return grid.changed(OF_FILES[key](grid, file, fault))
    return OF_GRID[key](grid, fault)


def mend_safely(grid: Grid) -> Grid:
    """Return the grid with every safe fix taken, until none is left: what one fix leads to is mended too."""
    for _ in range(10):
        found = [(fault, fix.key) for fault in check(grid) for fix in fault.fixes if fix.safe]
        if not found:
            break
        for fault, key in found:
            grid = mend(grid, fault, key)
    return grid


def loudest(file: Delivered, seconds: float) -> float:
    """Return where the loudest stretch of `seconds` begins (s), by the file's envelope."""
    found = file.measured
    if found is None or found.seconds <= seconds:
        return 0.0
    points = len(found.envelope)
    width = max(1, round(points * seconds / found.seconds))
    energy = [sum(value * value for value in found.envelope[at : at + width]) for at in range(points - width + 1)]
    start = energy.index(max(energy)) * found.seconds / points
    return round(min(start, found.seconds - seconds), 3)


def _accept(grid: Grid, file: Delivered, fault: Fault) -> Delivered:
    return replace(file, accepted=file.accepted | {fault.kind})


def _shift(grid: Grid, file: Delivered, fault: Fault) -> Delivered:
    by = file.treatment.advance + late(grid, file)
    return replace(file, treatment=replace(file.treatment, advance=by))


def _treated(**changes: object) -> Callable[[Grid, Delivered, Fault], Delivered]:
    return lambda _grid, file, _fault: replace(file, treatment=replace(file.treatment, **changes))  # type: ignore[arg-type]


def _resample(grid: Grid, file: Delivered, fault: Fault) -> Delivered:
    return replace(file, treatment=replace(file.treatment, rate=grid.plan.rate))


def _invert(grid: Grid, file: Delivered, fault: Fault) -> Delivered:
    return replace(file, treatment=replace(file.treatment, invert=not file.treatment.invert))


def _leave_file(grid: Grid, file: Delivered, fault: Fault) -> Delivered:
    return replace(file, item="", column="", accepted=file.accepted | {"left-out"})


OF_FILES: Mapping[str, Callable[[Grid, Delivered, Fault], Delivered]] = {
    "accept": _accept,
    "resample": _resample,
    "stereo": _treated(channels=2),
    "without-dc": _treated(without_dc=True),
    "invert": _invert,
    "shift": _shift,
    "leave-file": _leave_file,
}


def _leave_item(grid: Grid, fault: Fault) -> Grid:
    return _left_out(grid, lambda file: file.item == fault.item)


def _leave_column(grid: Grid, fault: Fault) -> Grid:
    return _left_out(grid, lambda file: file.column == fault.column)


def _left_out(grid: Grid, chosen: Callable[[Delivered], bool]) -> Grid:
    return grid.changed(*(_leave_file(grid, file, Fault("", "", "")) for file in grid.files if chosen(file)))  # type: ignore[arg-type]


def _leave_empty(grid: Grid, fault: Fault) -> Grid:
    accepted = grid.plan.accepted | {f"missing/{fault.item}/{fault.column}"}
    return replace(grid, plan=replace(grid.plan, accepted=accepted))


def _trim(grid: Grid, fault: Fault) -> Grid:
    own = [grid.frames(file) for file in grid.of_item(fault.item) if file.measured]
    before = grid.plan.excerpts.get(fault.item)
    start = before.start if before else 0.0
    frames = max(1, min(own) - round(start * grid.plan.rate))
    return with_excerpt(grid, fault.item, Excerpt(start, frames, before.fade if before else 0.0))


def _excerpt(grid: Grid, fault: Fault) -> Grid:
    reference, seconds = grid.reference(fault.item), min(EXCERPT_SECONDS, grid.plan.longest)
    start = loudest(reference, seconds) if reference else 0.0
    return with_excerpt(grid, fault.item, Excerpt(start, round(seconds * grid.plan.rate)))


def _shorten(grid: Grid, fault: Fault) -> Grid:
    return _renamed(
        grid, lambda item: item[:LONGEST_ITEM_NAME].strip(), lambda name: name[:LONGEST_COLUMN_NAME].strip()
    )


def _plain_name(grid: Grid, fault: Fault) -> Grid:
    def plain(name: str) -> str:
        return (name.lstrip(FORMULA_SIGNS + " ") or "unnamed") if name in {fault.item, fault.column} else name

    return _renamed(grid, *(plain if fault.item else str, str if fault.item else plain))


def _renamed(grid: Grid, item: Callable[[str], str], column: Callable[[str], str]) -> Grid:
    """Return the grid with every name changed; what would then be called alike stays apart by a number."""
    placed = [file for file in grid.files if file.placed]
    items = _apart([file.item for file in placed], item, LONGEST_ITEM_NAME)
    columns = _apart([file.column for file in placed], column, LONGEST_COLUMN_NAME)
    return grid.changed(*(replace(file, item=items[file.item], column=columns[file.column]) for file in placed))


def _apart(names: Iterable[str], change: Callable[[str], str], longest: int) -> dict[str, str]:
    """Return what each name becomes, no two alike.

    >>> _apart(["=a", "a", "-a"], lambda name: name.lstrip("=-"), 5)
    {'a': 'a', '=a': 'a (2)', '-a': 'a (3)'}
    """
    distinct = dict.fromkeys(names)
    found = {name: name for name in distinct if change(name) == name}
    for name in distinct:
        if name not in found:
            new, number = change(name), 1
            while new in found.values():
                number += 1
                new = f"{change(name)[: longest - len(str(number)) - 3]} ({number})"
            found[name] = new
    return found


def with_excerpt(grid: Grid, item: str, excerpt: Excerpt) -> Grid:
    """Return the grid with the excerpt of `item` chosen."""
    return replace(grid, plan=replace(grid.plan, excerpts={**grid.plan.excerpts, item: excerpt}))


OF_GRID: Mapping[str, Callable[[Grid, Fault], Grid]] = {
    "accept": _leave_empty,
    "leave-item": _leave_item,
    "leave-column": _leave_column,
    "trim": _trim,
    "excerpt": _excerpt,
    "shorten": _shorten,
    "plain-name": _plain_name,
}
