"""The sounds of a bundle under names that say what they are, and the manifest of them (`pairs.csv`)."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.text import slugify

from listening.exports.bundle.anonymous import Anonymous
from listening.exports.bundle.zipping import Entry
from listening.models import Audio, Item, Study
from lossmodel.manifest import COLUMNS

SOUND_COLUMNS = ("file", "item", "sound", "seconds", "rate", "channels", "loudness", "peak", "sha256")
_PIECE = 1 << 16


@dataclass(frozen=True)
class Sound:
    """One sound of an item, and its place in the bundle."""

    item: Item
    kind: str
    """mixture, accompaniment, an open reference, or the stimulus of a system, a hidden reference or an anchor."""
    name: str
    audio: Audio
    path: str
    rated: bool
    """It is a stimulus, and not only beside the stimuli of its item."""


def sounds(study: Study) -> Iterator[Sound]:
    """Yield every sound of the study's items, an item after the other."""
    items = study.items.order_by("name", "pk").select_related("mixture", "accompaniment")
    for number, item in enumerate(items, start=1):
        folder = f"audio/{number:03d}-{slugify(item.name) or 'item'}"
        beside = [("mixture", "mixture", item.mixture), ("accompaniment", "accompaniment", item.accompaniment)]
        beside += [("reference", each.name, each.audio) for each in item.references.select_related("audio")]
        stimuli = item.stimuli.select_related("audio", "condition")
        rated = [(each.condition.role, each.condition.name, each.audio) for each in stimuli]
        for place, (kind, name, audio) in enumerate([*beside, *rated]):
            if audio is not None:
                path = f"{folder}/{place:02d}-{slugify(kind)}-{slugify(name) or 'sound'}.flac"
                yield Sound(item, kind, name, audio, path, rated=place >= len(beside))


def files(found: list[Sound]) -> Iterator[Entry]:
    """Yield the sounds as they are stored."""
    for sound in found:
        yield Entry(sound.path, _pieces(sound.audio), stored=True)


def listed(found: list[Sound], anonymous: Anonymous) -> Iterator[dict[str, object]]:
    """Yield a row of `sounds.csv` for each sound, with what was measured on it."""
    for each in found:
        audio = each.audio
        measured: dict[str, object] = {
            "seconds": round(audio.seconds, 6),
            "rate": audio.rate,
            "channels": audio.channels,
        }
        measured |= {"loudness": audio.loudness, "peak": audio.peak, "sha256": audio.sha256}
        names = {"item": anonymous.text(each.item.name), "sound": anonymous.text(each.name)}
        yield {"file": each.path, **names, **measured}


def pairs(found: list[Sound], anonymous: Anonymous) -> Iterator[dict[str, str]]:
    """Yield a row of `pairs.csv` for each stimulus of the test: what `python -m lossmodel` measures and predicts."""
    for each in found:
        if not each.rated or each.item.training:
            continue
        beside = [other for other in found if other.item.pk == each.item.pk and not other.rated]
        ways = {kind: [other.path for other in beside if other.kind == kind] for kind in _OPEN}
        joined = {kind: ";".join(paths) for kind, paths in ways.items()}
        names = {"item": anonymous.text(each.item.name), "condition": anonymous.text(each.name)}
        row = {**names, "estimate": each.path, **joined, "role": each.kind}
        yield {name: row[name] for name in COLUMNS}


_OPEN = ("reference", "mixture", "accompaniment")


def _pieces(audio: Audio) -> Iterator[bytes]:
    with audio.file.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
