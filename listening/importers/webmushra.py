"""webMUSHRA tests: its YAML configuration names the sounds, its `mushra.csv` holds the ratings.

A folder laid out as webMUSHRA's own (`configs/<test>.yaml`, `results/<testId>/mushra.csv`), or one with the YAML file
and `mushra.csv` in it. Without results the test becomes a draft, ready to be run here. Pages of type `mushra` are
taken; anchors that webMUSHRA made in the browser (`createAnchor35`, `createAnchor70`) are rendered by our recipes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.utils.text import slugify

from listening.importers.published import Line, Published
from listening.importers.tables import number, read_rows, sound
from listening.models import Role
from listening.stimuli import HIDDEN_REFERENCE, Excerpt
from lossmodel.errors import BadInput

COLUMNS = ("session_uuid", "trial_id", "rating_stimulus", "rating_score")
ANCHORS = {"createAnchor35": "lowpass-3500", "createAnchor70": "lowpass-7000"}
NAMES = {"reference": HIDDEN_REFERENCE, "anchor35": "lowpass-3500", "anchor70": "lowpass-7000"}
"""How conditions are called here that webMUSHRA adds by itself."""


def read(path: Path) -> Published:
    """Read the folder, or the YAML file in it; a sitting is one `session_uuid`."""
    config = path if path.is_file() else _only(path, "*.yaml", "*.yml", "configs/*.yaml", "configs/*.yml")
    test = _load(config)
    slug = slugify(str(test.get("testId") or config.stem))
    pages = [page for page in _pages(test.get("pages")) if page.get("type") == "mushra"]
    if not pages:
        raise BadInput(f"{config}: no page of type mushra; other kinds of pages cannot be imported")
    root = config.parent.parent if config.parent.name == "configs" else config.parent
    excerpts = [_excerpt(config, root, page) for page in pages]
    systems = sorted({name for excerpt in excerpts for name in excerpt.stimuli} - {HIDDEN_REFERENCE})
    results = next(
        filter(Path.is_file, (root / "mushra.csv", root / "results" / str(test.get("testId")) / "mushra.csv")), None
    )
    return Published(
        slug=slug,
        title=str(test.get("testname") or slug),
        preset="mushra",
        source=f"webMUSHRA, {config.name}",
        excerpts=excerpts,
        roles={HIDDEN_REFERENCE: Role.REFERENCE} | dict.fromkeys(systems, Role.SYSTEM),
        lines=list(_lines(results, slug)) if results else (),
        anchors=[name for key, name in ANCHORS.items() if any(page.get(key) for page in pages)],
    )


def _lines(path: Path, slug: str) -> Iterator[Line]:
    """Yield the ratings; a page's position is its place among the session's rows, which stand in the order sat."""
    order: dict[str, list[str]] = defaultdict(list)
    for where, row in read_rows(path, COLUMNS):
        session, trial = row["session_uuid"], row["trial_id"]
        if trial not in order[session]:
            order[session].append(trial)
        yield Line(
            where=where,
            sitting=session,
            assessor=f"{slug}-{session}"[:80],
            attribute="basic-audio-quality",
            item=trial,
            condition=NAMES.get(row["rating_stimulus"], row["rating_stimulus"]),
            score=number(where, "rating_score", row["rating_score"]),
            position=order[session].index(trial),
            seconds=number(where, "rating_time", row["rating_time"]) / 1000 if row.get("rating_time") else None,
        )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        test = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"{path}: not a YAML file ({' '.join(str(error).split())})") from None
    if not isinstance(test, dict):
        raise BadInput(f"{path}: not a webMUSHRA configuration: it has no pages")
    return test


def _pages(pages: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every page; lists are nested where webMUSHRA shuffles them (their first entry is then `random`)."""
    for page in pages if isinstance(pages, list) else ():
        if isinstance(page, dict):
            yield page
        else:
            yield from _pages(page)


def _excerpt(config: Path, root: Path, page: Mapping[str, Any]) -> Excerpt:
    where = f"{config}: page {page.get('id')!r}"
    stimuli = page.get("stimuli")
    if not (page.get("id") and page.get("reference") and isinstance(stimuli, dict)):
        raise BadInput(f"{where}: a mushra page needs an id, a reference and stimuli")
    reference = sound(where, root / str(page["reference"]), config.parent / str(page["reference"]))
    systems = {str(name): sound(where, root / str(file), config.parent / str(file)) for name, file in stimuli.items()}
    return Excerpt(str(page["id"]), {"reference": reference}, {HIDDEN_REFERENCE: reference, **systems})


def _only(folder: Path, *patterns: str) -> Path:
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BadInput(f"{folder}: one YAML configuration is needed, found: {names}; give the file itself")
    return found[0]
