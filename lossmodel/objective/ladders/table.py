"""What people would say of each degradation as it grows, written down before any objective is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from torch import Tensor

from lossmodel.objective.ladders import bands, leaks, moments, textures

Degradation = Callable[[Tensor, Tensor, int, float, int], Tensor]
"""(vocals, accompaniment, rate in Hz, strength 0-1, seed) → estimate; audio is (batch, channels, time)."""

Effect = Literal["falls", "not up", "holds"]
"""How ratings go with strength: clearly down; anywhere but up; about where they were."""

STRENGTHS = (0.25, 0.5, 0.75, 1.0)
"""The rungs, mildest first; 0 is the voice untouched."""


@dataclass(frozen=True)
class Ladder:
    """One degradation, what ratings do as it grows, and why one knows."""

    name: str
    degrade: Degradation
    effects: Mapping[str, Effect]
    because: str

    def rungs(self, vocals: Tensor, accompaniment: Tensor, rate: int, *, seed: int) -> list[Tensor]:
        """Return an estimate for each of `STRENGTHS`, mildest first; audio is (batch, channels, time)."""
        return [self.degrade(vocals, accompaniment, rate, strength, seed) for strength in STRENGTHS]


def _effects(quality: Effect, interference: Effect, similarity: Effect) -> Mapping[str, Effect]:
    return MappingProxyType({"quality": quality, "interference": interference, "similarity": similarity})


LEAKING = _effects("not up", "falls", "falls")
SPOILT = _effects("falls", "not up", "falls")
BOTH = _effects("falls", "falls", "falls")
HARMLESS = _effects("holds", "holds", "holds")

WARD = "Ward et al. 2018: the mixture has a quality of 96 and an interference rating of 4"
BAND = "ITU-R BS.1534-3 clause 5.1 has low-passed anchors; Moore & Tan 2003: narrower bands are less natural"
MUSICAL = "Cappé 1994: isolated lines that come and go are heard as musical noise"
HOLES = "Emiya et al. 2011: the artefact anchor of PEASS drops 99 % of the bins at random"
ALIEN = "nothing of the accompaniment is added, so nothing else can be heard better or worse than in the reference"
OBVIOUS = "everyday listening; the change is plain at 1 and hardly heard at .25"

LADDERS: Final[tuple[Ladder, ...]] = (
    Ladder("leak", leaks.leak, LEAKING, WARD),
    Ladder("band leak", leaks.band_leak, LEAKING, WARD),
    Ladder("mask", leaks.mask, BOTH, "a mask with wrong opinions leaks and takes away: SiSEC 2018's weaker systems"),
    Ladder("stacked", leaks.stacked, BOTH, "three degradations that each are heard, together"),
    Ladder("low-pass", bands.low_pass, SPOILT, BAND),
    Ladder("high-pass", bands.high_pass, SPOILT, BAND),
    Ladder("telephone", bands.telephone, SPOILT, BAND),
    Ladder("notch", bands.notch, SPOILT, "Moore & Tan 2003: spectral gaps sound unnatural, wider ones more so"),
    Ladder("comb", bands.comb, SPOILT, "Moore & Tan 2003: spectral ripples sound unnatural, deeper ones more so"),
    Ladder("musical noise", textures.musical_noise, SPOILT, MUSICAL),
    Ladder("holes", textures.holes, SPOILT, HOLES),
    Ladder("over-suppression", textures.over_suppression, SPOILT, HOLES),
    Ladder("phase scramble", textures.phase_scramble, SPOILT, f"onsets and pitch blur into a rough wash; {ALIEN}"),
    Ladder("vocoder", textures.vocoder, SPOILT, f"Shannon et al. 1995: understood, but a whisper; {ALIEN}"),
    Ladder("mel inverse", textures.mel_inverse, SPOILT, f"a vocoder without its network; {ALIEN}"),
    Ladder("smearing", textures.smearing, SPOILT, f"Baer & Moore 1993: smeared spectra sound noisy; {ALIEN}"),
    Ladder("blurring", textures.blurring, SPOILT, OBVIOUS),
    Ladder("gating", moments.gating, SPOILT, f"Miller & Licklider 1950: interrupted, rough; {ALIEN}"),
    Ladder("noise gate", moments.noise_gate, SPOILT, OBVIOUS),
    Ladder("drop-outs", moments.drop_outs, SPOILT, "ITU-T G.107: impairment grows with the share of lost packets"),
    Ladder("clicks", moments.clicks, SPOILT, OBVIOUS),
    Ladder("clipping", moments.clipping, SPOILT, "Tan, Moore & Zacharov 2003: hard clipping, the more the worse"),
    Ladder("quantisation", moments.quantisation, SPOILT, OBVIOUS),
    Ladder("level", moments.level, HARMLESS, "stimuli are matched in loudness before people rate them"),
    Ladder("wobbling level", moments.wobbling_level, SPOILT, OBVIOUS),
    Ladder("reverb", moments.reverb, SPOILT, "ITU-R BS.1116 tests: a room that the reference lacks is a difference"),
    Ladder("vibrato", moments.vibrato, SPOILT, "Zwicker & Fastl, ch. 10: fluctuation of pitch, plain over 50 cents"),
    Ladder("detune", moments.detune, SPOILT, "a whole tone flat, with the flutter of a pitch shifter"),
    Ladder("white noise", moments.white_noise, SPOILT, OBVIOUS),
    Ladder("pink noise", moments.pink_noise, SPOILT, OBVIOUS),
)
"""Every ladder. Similarity falls with whatever is heard; interference does not rise where nothing was removed of it."""

BY_NAME: Final[Mapping[str, Ladder]] = MappingProxyType({ladder.name: ladder for ladder in LADDERS})
