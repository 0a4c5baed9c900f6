"""Where a sound that another software names lies on this disk, and how it is made fit to stand beside the others."""

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from listening import anchors
from listening.importers.tables import Note
from listening.stimuli import Excerpt, Source, Take
from lossmodel import audio
from lossmodel.audio import SILENT_PEAK_80_DBFS, SUFFIXES
from lossmodel.errors import BadInput, printable

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
"""How an address begins that leads to another machine (`https:`, `//host`, `C:`)."""

STREAMED = frozenset({".mp4", ".m4a"})
"""Suffixes of files whose shape is known only once they are decoded."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Made:
    """What the other software does to an item's sounds when it plays them.

    `anchors` are recipes of `listening.anchors` for what it renders itself; `gains` and `reference_gains` are in dB, by
    the name of the condition and of the reference.
    """

    anchors: Sequence[str] = ()
    gains: Mapping[str, float] = field(default_factory=dict)
    reference_gains: Mapping[str, float] = field(default_factory=dict)


NOTHING = Made()


def sound(where: str, *candidates: Path) -> Path:
    """Return the first candidate that exists, under its own suffix or another of a sound."""
    for candidate in candidates:
        for path in (candidate, *(candidate.with_suffix(suffix) for suffix in sorted(SUFFIXES))):
            if is_file(path):
                return path
    raise BadInput(f"{where}: {candidates[0]} does not exist; put the sound there")


def is_file(path: Path) -> bool:
    """Tell whether there is a file; there is none where the path is too long for the disk."""
    try:
        return path.is_file()
    except OSError:
        return False


def check_names(path: Path) -> None:
    """Raise `BadInput` where `path` or the name of a file or folder below it is no UTF-8, which no table keeps."""
    for place, folders, files in [("", [str(path)], []), *os.walk(path)]:
        for name in (*folders, *files):
            if printable(name) != name:
                raise BadInput(
                    f"{Path(place) / name}: this name is not UTF-8; rename it (convmv can rename many at once)"
                )


def located(where: str, url: str, *roots: Path) -> Path:
    r"""Return the sound that a web page would fetch from `url`, looked for below each of `roots`.

    As in a browser `\` is `/`, a leading `/` is the root, and `%20` is a space. Raises `BadInput` for an address
    elsewhere, a path that leads out of the roots (also by a link), and a sound that is not there.
    """
    if CONTROL.search(url):
        raise BadInput(f"{where}: {url!r} has a control character; write / between folders")
    if ADDRESS.match(url):
        raise BadInput(f"{where}: {url!r} is outside; put the sound below {roots[0]} and give its path from there")
    relative = url.replace("\\", "/").lstrip("/")
    texts = dict.fromkeys((relative, unquote(relative.partition("?")[0])))
    found = sound(where, *(root / text for text in texts for root in roots))
    if not any(found.resolve().is_relative_to(root.resolve()) for root in roots):
        raise BadInput(f"{where}: {url!r} leads out of {roots[0]}; put the sound below it")
    return found


def common_rate(excerpts: Iterable[Excerpt]) -> int:
    """Return the sample rate in Hz that most sounds have, of several the highest."""
    rates = Counter(_shape(source)[0] for excerpt in excerpts for source in _sources(excerpt))
    return max(rates, key=lambda rate: (rates[rate], rate))


def prepared(excerpt: Excerpt, made: Made, rate: int, note: Note) -> Excerpt:
    """Return the excerpt as it was heard: with gains applied, its anchors rendered, all of one rate and channel count.

    Whatever had to be changed is noted. Where a gain would clip a sound, the whole excerpt is turned down alike.
    """
    shapes = [_shape(source) for source in _sources(excerpt)]
    channels = max(count for _rate, count in shapes)
    down = _headroom(excerpt, made)
    _say(excerpt.name, note, [own != rate for own, _ in shapes], [count != channels for _, count in shapes], down)
    known: dict[tuple[Source, float], Source] = {}

    def fitted(sources: Mapping[str, Source], gains: Mapping[str, float]) -> dict[str, Source]:
        keys = {name: (source, gains.get(name, 0.0) - down) for name, source in sources.items()}
        for source, gain in keys.values():
            if (source, gain) not in known:
                known[source, gain] = _fit(source, rate, channels, gain)
        return {name: known[key] for name, key in keys.items()}

    references, stimuli = fitted(excerpt.references, made.reference_gains), fitted(excerpt.stimuli, made.gains)
    rendered = {name: _anchor(name, excerpt.name, references) for name in made.anchors}
    return Excerpt(excerpt.name, references, stimuli | rendered, excerpt.mixture, excerpt.accompaniment)


def _say(item: str, note: Note, resampled: Sequence[bool], doubled: Sequence[bool], down: float) -> None:
    if any(resampled):
        note(f"{item}: {sum(resampled)} of its sounds had another sample rate and were resampled")
    if any(doubled):
        note(
            f"{item}: {sum(doubled)} of its sounds were mono; they were put on both channels because others are stereo"
        )
    if down:
        note(f"{item}: turned down by {down:.1f} dB as a whole because one of its gains would clip")


def _sources(excerpt: Excerpt) -> list[Source]:
    return list(dict.fromkeys([*excerpt.references.values(), *excerpt.stimuli.values()]))


def _shape(source: Source) -> tuple[int, int]:
    """Return the rate in Hz and the number of channels, if possible without decoding."""
    if isinstance(source, Path) and source.suffix.lower() not in STREAMED:
        return audio.info(source)[:2]
    sound = _audio(source)
    return sound.rate, sound.channels


def _audio(source: Source) -> audio.Audio:
    if isinstance(source, Take):
        return source.audio
    return audio.read(source if isinstance(source, Path) else source.path)


def _headroom(excerpt: Excerpt, made: Made) -> float:
    """Return by how many dB the excerpt is to be turned down so that its gains clip nothing: 0 where they do not."""
    gained = [(source, made.gains.get(name, 0.0)) for name, source in excerpt.stimuli.items()]
    gained += [(source, made.reference_gains.get(name, 0.0)) for name, source in excerpt.references.items()]
    louder = [
        gain + 20 * math.log10(max(_audio(source).peak, SILENT_PEAK_80_DBFS)) for source, gain in gained if gain > 0
    ]
    return max([0.0, *louder])


def _fit(source: Source, rate: int, channels: int, gain: float) -> Source:
    """Return the source itself where nothing has to be done, else a take with `gain` dB in that shape."""
    if not gain and _shape(source) == (rate, channels):
        return source
    sound = audio.resample(audio.with_channels(_audio(source), channels), rate)
    name = str(source) if isinstance(source, Path) else getattr(source, "name", "")
    return Take(audio.Audio(sound.samples * np.float32(10 ** (gain / 20)), rate), name)


def _anchor(name: str, item: str, references: Mapping[str, Source]) -> Take:
    """Return the anchor rendered from the item's first reference; a low-pass draws nothing, so any seed is its seed."""
    try:
        made = anchors.render(name, _audio(next(iter(references.values()))), None, seed=0)
    except BadInput as error:
        raise BadInput(f"{item}: anchor {name}: {error}") from None
    return Take(made, f"{name} of {item}", bits=16)
