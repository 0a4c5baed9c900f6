"""Anchors: deliberately bad versions of an item that pin the scale, made once from versioned recipes. Pure.

Every recipe keeps rate, channels and length and delays nothing, so that an anchor plays in step with its reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lossmodel.audio import Audio, loudness
from lossmodel.errors import BadInput

FRAME_SECONDS = 0.046
"""Length of the frames of the short-time spectra that the recipes cut holes in, in seconds."""

TRANSITION_HZ = 500.0
"""Hz from the edge of a low-pass's pass band to its full attenuation."""

ATTENUATION_DB = 80.0
"""dB by which a low-pass attenuates beyond its transition, and (by the window method) its ripple below."""

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """How an anchor is made; the version rises when its sound changes."""

    name: str
    version: int
    text: str
    make: Callable[[Audio, Audio | None, np.random.Generator], Audio]

    @property
    def description(self) -> str:
        """Return what belongs in a report: name, version and how it is made."""
        return f"{self.name} v{self.version}: {self.text}"


def render(name: str, reference: Audio, mixture: Audio | None, seed: int) -> Audio:
    """Return the anchor `name` of an item, in the shape of `reference`; the same seed gives the same samples.

    Peaks may exceed 1: the door (`listening.stimuli`) sets the loudness. Raises `BadInput` for an unknown name, a
    mixture that is needed and missing, and a reference the recipe cannot be made from.
    """
    return recipe(name).make(reference, mixture, np.random.default_rng([seed, *name.encode()]))


def recipe(name: str) -> Recipe:
    """Return the recipe called `name`; `BadInput` names the known ones."""
    if name not in RECIPES:
        raise BadInput(f"no anchor is called {name!r}; known are: {', '.join(RECIPES)}")
    return RECIPES[name]


def _low_passed(edge: float) -> Callable[[Audio, Audio | None, np.random.Generator], Audio]:
    return lambda reference, _mixture, _rng: _audio(low_pass(_samples(reference), reference.rate, edge), reference)


def _quality(reference: Audio, _mixture: Audio | None, rng: np.random.Generator) -> Audio:
    holes = without_frames(_samples(reference), reference.rate, rng, lost=0.2)
    noise = without_bins(_samples(reference), reference.rate, rng, lost=0.99)
    parts = [_as_loud(low_pass(part, reference.rate, 3500.0), reference) for part in (holes, noise)]
    return _audio(_as_loud(parts[0] + parts[1], reference), reference)


def _distorted_target(reference: Audio, _mixture: Audio | None, rng: np.random.Generator) -> Audio:
    holes = without_bins(_samples(reference), reference.rate, rng, lost=0.2)
    return _audio(_as_loud(low_pass(holes, reference.rate, 3500.0), reference), reference)


def _musical_noise(reference: Audio, _mixture: Audio | None, rng: np.random.Generator) -> Audio:
    noise = _as_loud(without_bins(_samples(reference), reference.rate, rng, lost=0.99), reference)
    return _audio(_as_loud(_samples(reference) + noise, reference), reference)


def _interference(reference: Audio, mixture: Audio | None, _rng: np.random.Generator) -> Audio:
    if mixture is None:
        raise BadInput("the interference anchor is the mixture, but this item has none; add it")
    if mixture.samples.shape != reference.samples.shape:
        raise BadInput("the mixture differs from the reference in channels or length; export both in the same format")
    return mixture


def _recipes() -> tuple[Recipe, ...]:
    noise = "musical noise (99 % of its time-frequency bins removed) of the same loudness"
    return (
        Recipe("lowpass-3500", 1, "reference, low-pass at 3.5 kHz (BS.1534-3 low anchor)", _low_passed(3500.0)),
        Recipe("lowpass-7000", 1, "reference, low-pass at 7 kHz (BS.1534-3 mid anchor)", _low_passed(7000.0)),
        Recipe(
            "quality-anchor", 1,
            f"reference with 20 % of its frames removed, plus {noise}, both low-pass at 3.5 kHz (Ward et al., 2018)",
            _quality,
        ),
        Recipe("interference-anchor", 1, "the mixture (Ward et al., 2018)", _interference),
        Recipe(
            "distorted-target", 1,
            "reference with 20 % of its time-frequency bins removed, low-pass at 3.5 kHz (Emiya et al., 2011)",
            _distorted_target,
        ),
        Recipe("musical-noise", 1, f"reference plus {noise} (Emiya et al., 2011)", _musical_noise),
    )  # fmt: skip


RECIPES: Mapping[str, Recipe] = MappingProxyType({each.name: each for each in _recipes()})

MIXTURE_ANCHORS = frozenset({"interference-anchor"})
"""The anchors that are the plain mixture."""


def low_pass(samples: Samples, rate: int, edge: float) -> Samples:
    """Return `samples` (channels, frames) without what lies above `edge` Hz, undelayed.

    Within the mask of BS.1534-3 (p. 7) for the 3.5 kHz anchor: ripple at most ±0.1 dB up to `edge`, at least 25 dB
    0.5 kHz and 50 dB 1 kHz above it. A symmetric FIR (Kaiser window), taken about its centre, so the delay is zero.
    """
    if edge + TRANSITION_HZ >= rate / 2:
        raise BadInput(f"a low-pass at {edge:g} Hz needs more than {2 * (edge + TRANSITION_HZ):g} Hz, not {rate} Hz")
    from scipy import signal  # tens of MB, which a web process that renders nothing goes without

    taps, beta = signal.kaiserord(ATTENUATION_DB, TRANSITION_HZ / (rate / 2))
    fir = signal.firwin(taps | 1, edge + TRANSITION_HZ / 2, window=("kaiser", beta), fs=rate)
    half = fir.size // 2
    return np.asarray(signal.oaconvolve(samples, fir[None], axes=-1)[:, half : half + samples.shape[1]])


def without_frames(samples: Samples, rate: int, rng: np.random.Generator, *, lost: float) -> Samples:
    """Return `samples` with the share `lost` of their short-time spectra's frames set to zero."""
    return _masked(samples, rate, lambda shape: rng.permutation(shape[1])[None, :] >= lost * shape[1])


def without_bins(samples: Samples, rate: int, rng: np.random.Generator, *, lost: float) -> Samples:
    """Return `samples` with the share `lost` of their time-frequency bins set to zero: musical noise.

    The same number goes in every band, and one bin at least stays, so that no sound is lost by chance altogether.
    """

    def mask(shape: tuple[int, int]) -> NDArray[np.bool_]:
        ranks = rng.permuted(np.tile(np.arange(shape[1]), (shape[0], 1)), axis=1)
        return np.asarray(ranks < max(1, round((1 - lost) * shape[1])))

    return _masked(samples, rate, mask)


def _masked(samples: Samples, rate: int, mask: Callable[[tuple[int, int]], NDArray[np.bool_]]) -> Samples:
    """Return `samples` resynthesised from their masked spectra, one mask (frequency, time) for all channels."""
    from scipy import signal

    size = max(16, 2 * round(FRAME_SECONDS * rate / 2))
    stft = signal.ShortTimeFFT(signal.windows.hann(size, sym=False), hop=size // 2, fs=rate)
    if samples.shape[1] < size:
        raise BadInput(f"{samples.shape[1]} samples are too short for this anchor; use at least {size}")
    spectra = stft.stft(samples)  # (channel, frequency, time)
    kept = spectra * mask((spectra.shape[-2], spectra.shape[-1]))
    return np.real(stft.istft(kept, k1=samples.shape[1])).astype(np.float64)


def _as_loud(samples: Samples, reference: Audio) -> Samples:
    """Return `samples` at the loudness of `reference`."""
    gain = loudness(reference) - loudness(_audio(samples, reference))
    if not np.isfinite(gain):
        raise BadInput("too short or too quiet for its loudness to be measured; use an excerpt of at least 0.4 s")
    return samples * 10 ** (gain / 20)


def _samples(audio: Audio) -> Samples:
    return audio.samples.astype(np.float64)


def _audio(samples: Samples, like: Audio) -> Audio:
    return Audio(samples.astype(np.float32), like.rate)
