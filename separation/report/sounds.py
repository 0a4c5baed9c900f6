"""Moments of songs that a page plays: cut with a second around them, as FLAC inside the page, each sound once."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import soundfile

from lossmodel.audio import Audio

AROUND_SECONDS = 1.0
MOMENT_SECONDS = 1.0
MAX_PEAK = 0.999


@dataclass(frozen=True)
class Moment:
    """A second of a song, by when it starts, in seconds."""

    song: str
    start: float

    @property
    def begin(self) -> float:
        """Return where its excerpt begins, in seconds."""
        return max(0.0, self.start - AROUND_SECONDS)

    @property
    def end(self) -> float:
        """Return where its excerpt ends, in seconds."""
        return self.start + MOMENT_SECONDS + AROUND_SECONDS


@dataclass
class Sounds:
    """Excerpts by moment and by what they are excerpts of (`vocals`, `reference`, a system)."""

    cut: dict[Moment, dict[str, bytes]] = field(default_factory=dict)

    def keep(self, moment: Moment, sounds: Mapping[str, Audio]) -> None:
        """Keep an excerpt of each of the sounds, all at one gain where one would clip."""
        found = {name: _excerpt(sound, moment) for name, sound in sounds.items()}
        gain = min(1.0, MAX_PEAK / max(MAX_PEAK, *(each.peak for each in found.values())))
        held = self.cut.setdefault(moment, {})
        held |= {name: _flac(each, gain) for name, each in found.items()}

    def player(self, moment: Moment, names: Mapping[str, str]) -> str:
        """Return buttons that play a moment's sounds, `names` by what the buttons say; what is not kept has none."""
        held = self.cut.get(moment, {})
        buttons = "".join(
            f'<button type="button" data-sound="{escape(_key(moment, name))}">{escape(words)}</button>'
            for name, words in names.items()
            if name in held
        )
        return f'<span class="hb-player-row">{buttons}</span>' if buttons else ""

    def only(self, moments: Sequence[Moment]) -> "Sounds":
        """Return the excerpts of some moments alone."""
        return Sounds({moment: self.cut[moment] for moment in dict.fromkeys(moments) if moment in self.cut})

    def embedded(self) -> str:
        """Return the element of the page that holds the sounds, for the player's script."""
        found = {
            _key(moment, name): "data:audio/flac;base64," + base64.b64encode(data).decode()
            for moment, held in self.cut.items()
            for name, data in held.items()
        }
        text = json.dumps(found).replace("<", "\\u003c")
        return f'<script type="application/json" id="hb-sounds">{text}</script>'


def _excerpt(sound: Audio, moment: Moment) -> Audio:
    first, last = (round(each * sound.rate) for each in (moment.begin, moment.end))
    return Audio(sound.samples[:, first:last], sound.rate)


def _flac(sound: Audio, gain: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, gain * sound.samples.T, sound.rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _key(moment: Moment, name: str) -> str:
    return f"{moment.song}|{moment.start:g}|{name}"
