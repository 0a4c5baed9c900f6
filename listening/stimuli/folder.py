"""A folder of sounds becomes a running draft: systems from its names, hidden reference and anchors made here.

    <condition>/<item>.wav   or   <item>/<condition>.wav

where `reference`, `mixture` and `accompaniment` are special (several references: `reference-lead`, `reference-all`),
and a condition that is called like an anchor of `listening.anchors` is taken as that anchor.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from listening import presets
from listening.anchors import RECIPES
from listening.models import Condition, Role, Study
from listening.stimuli.door import together
from listening.stimuli.drafts import HIDDEN_REFERENCE, Excerpt, add_anchors, add_hidden_reference, fill, new_study
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

LAYOUT = "lay it out as <condition>/<item>.wav or <item>/<condition>.wav, one condition being `reference`"
OTHERS = frozenset({"mixture", "accompaniment"})


def from_folder(
    folder: Path, slug: str = "", *, preset: str = "ward-2", title: str = "", report: Report = silent, **fields: Any
) -> Study:
    """Return a draft study made of the sounds in `folder`, ready to be opened.

    Its sample rate is that of the first sound. Raises `BadInput`, and keeps nothing, for a folder laid out otherwise,
    an item that lacks a sound that others have, and for all that `listening.stimuli.admit` refuses.
    """
    excerpts = read_folder(folder)
    names = list(excerpts[0].stimuli)
    wanted = [name for name in presets.preset(preset).anchors if name not in names]
    with together():
        study = new_study(
            slug or slugify(folder.name), title or folder.name, preset, **{"rate": excerpts[0].rate, **fields}
        )
        fill(study, [Condition(name=name, role=_role(name)) for name in names], excerpts, report)
        if HIDDEN_REFERENCE not in names:
            add_hidden_reference(study)
        add_anchors(study, wanted, report)
    return study


def read_folder(folder: Path) -> list[Excerpt]:
    """Return the excerpts in `folder`, sorted by name, all with the same parts; `BadInput` as `from_folder`."""
    items = _by_item(folder, _sounds(folder))
    parts = sorted(set().union(*items.values()))
    for name, sounds in items.items():
        if lacking := [part for part in parts if part not in sounds]:
            raise BadInput(f"{folder}: {name} has no {lacking[0]}, others have; add it, or take {name} out")
    if not any(_is_stimulus(part) for part in parts):
        raise BadInput(f"{folder}: no system to rate beside {', '.join(parts)}; {LAYOUT}")
    return [_excerpt(name, sounds) for name, sounds in sorted(items.items())]


def _sounds(folder: Path) -> dict[tuple[str, str], Path]:
    """Return every sound two levels down by (folder, stem)."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    found: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.glob("*/*")):
        key = (path.parent.name, path.stem)
        if path.suffix.lower() not in audio.SUFFIXES or path.name.startswith("."):
            continue
        if key in found:
            raise BadInput(f"{path}: {found[key].name} is there too; keep one of the two")
        found[key] = path
    return found


def _by_item(folder: Path, sounds: Mapping[tuple[str, str], Path]) -> dict[str, dict[str, Path]]:
    """Return item → condition → path, whichever way round the folder is."""
    condition_first = any(_is_reference(outer) for outer, _inner in sounds)
    if not condition_first and not any(_is_reference(inner) for _outer, inner in sounds):
        raise BadInput(f"{folder}: no sound is a reference; {LAYOUT}")
    items: dict[str, dict[str, Path]] = defaultdict(dict)
    for (outer, inner), path in sounds.items():
        item, condition = (inner, outer) if condition_first else (outer, inner)
        items[item][condition] = path
    return items


def _excerpt(name: str, sounds: Mapping[str, Path]) -> Excerpt:
    return Excerpt(
        name=name,
        references={part.partition("-")[2] or "vocals": sounds[part] for part in sorted(sounds) if _is_reference(part)},
        stimuli={part: sounds[part] for part in sorted(sounds) if _is_stimulus(part)},
        mixture=sounds.get("mixture"),
        accompaniment=sounds.get("accompaniment"),
    )


def _is_reference(part: str) -> bool:
    return part == "reference" or part.startswith("reference-")


def _is_stimulus(part: str) -> bool:
    return not _is_reference(part) and part not in OTHERS


def _role(name: str) -> Role:
    if name == HIDDEN_REFERENCE:
        return Role.REFERENCE
    return Role.ANCHOR if name in RECIPES else Role.SYSTEM
