"""The real multitrack at hand: an excerpt that the `stempeg` package carries (The Easton Ellises, «Falcon 69», 6.08 s).

Its mixture stream is mastered, so the mixture here is the sum of the stems. Only the file is used: importing stempeg
needs an ffmpeg binary.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput

STEM_FILE = "The Easton Ellises - Falcon 69.stem.mp4"
MAX_PEAK = 0.95


def song() -> dict[str, Audio]:
    """Return mixture, vocals, accompaniment, drums, bass and other: stereo, 44.1 kHz, peak at most 0.95."""
    stems = dict(zip(audio.STEM_STREAMS, audio.read_stems(path())))
    rate = stems["vocals"].rate
    accompaniment = np.sum([stems[name].samples for name in ("drums", "bass", "other")], axis=0)
    stems["accompaniment"] = Audio(accompaniment, rate)
    stems["mixture"] = Audio(accompaniment + stems["vocals"].samples, rate)
    gain = min(1.0, MAX_PEAK / max(stem.peak for stem in stems.values()))
    return {name: Audio((stem.samples * gain).astype(np.float32), rate) for name, stem in stems.items()}


def path() -> Path:
    """Return where stempeg keeps the file; `BadInput` where it is not installed."""
    spec = find_spec("stempeg")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(place) / "data" / STEM_FILE).is_file():
            return found
    raise BadInput(f"{STEM_FILE}: not found; pip install 'hearback[demo]' adds it")
