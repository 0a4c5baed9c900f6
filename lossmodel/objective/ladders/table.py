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


LEAK_EFFECTS = _effects("not up", "falls", "falls")
DAMAGE_EFFECTS = _effects("falls", "not up", "falls")
LEAK_AND_DAMAGE_EFFECTS = _effects("falls", "falls", "falls")
NO_EFFECTS = _effects("holds", "holds", "holds")

WARD_2018 = "Ward et al. 2018: the mixture has a quality of 96 and an interference rating of 4"
ITU_AND_MOORE_2003 = (
    "ITU-R BS.1534-3 clause 5.1 has low-passed anchors; Moore & Tan 2003: narrower bands are less natural"
)
CAPPE_1994 = "Cappé 1994: isolated lines that come and go are heard as musical noise"
EMIYA_2011 = "Emiya et al. 2011: the artefact anchor of PEASS drops 99 % of the bins at random"
NOTHING_ADDED = (
    "nothing of the accompaniment is added, so nothing else can be heard better or worse than in the reference"
)
EVERYDAY_LISTENING = "everyday listening; the change is plain at 1 and hardly heard at .25"

LADDERS: Final[tuple[Ladder, ...]] = (
    Ladder("leak", leaks.leak, LEAK_EFFECTS, WARD_2018),
    Ladder("band leak", leaks.band_leak, LEAK_EFFECTS, WARD_2018),
    Ladder(
        "mask",
        leaks.mask,
        LEAK_AND_DAMAGE_EFFECTS,
        "a mask with wrong opinions leaks and takes away: SiSEC 2018's weaker systems",
    ),
    Ladder("stacked", leaks.stacked, LEAK_AND_DAMAGE_EFFECTS, "three degradations that each are heard, together"),
    Ladder("low-pass", bands.low_pass, DAMAGE_EFFECTS, ITU_AND_MOORE_2003),
    Ladder("high-pass", bands.high_pass, DAMAGE_EFFECTS, ITU_AND_MOORE_2003),
    Ladder("telephone", bands.telephone, DAMAGE_EFFECTS, ITU_AND_MOORE_2003),
    Ladder("notch", bands.notch, DAMAGE_EFFECTS, "Moore & Tan 2003: spectral gaps sound unnatural, wider ones more so"),
    Ladder(
        "comb", bands.comb, DAMAGE_EFFECTS, "Moore & Tan 2003: spectral ripples sound unnatural, deeper ones more so"
    ),
    Ladder("musical noise", textures.musical_noise, DAMAGE_EFFECTS, CAPPE_1994),
    Ladder("holes", textures.holes, DAMAGE_EFFECTS, EMIYA_2011),
    Ladder("over-suppression", textures.over_suppression, DAMAGE_EFFECTS, EMIYA_2011),
    Ladder(
        "phase scramble",
        textures.phase_scramble,
        DAMAGE_EFFECTS,
        f"onsets and pitch blur into a rough wash; {NOTHING_ADDED}",
    ),
    Ladder(
        "vocoder", textures.vocoder, DAMAGE_EFFECTS, f"Shannon et al. 1995: understood, but a whisper; {NOTHING_ADDED}"
    ),
    Ladder("mel inverse", textures.mel_inverse, DAMAGE_EFFECTS, f"a vocoder without its network; {NOTHING_ADDED}"),
    Ladder(
        "smearing",
        textures.smearing,
        DAMAGE_EFFECTS,
        f"Baer & Moore 1993: smeared spectra sound noisy; {NOTHING_ADDED}",
    ),
    Ladder("blurring", textures.blurring, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder("gating", moments.gating, DAMAGE_EFFECTS, f"Miller & Licklider 1950: interrupted, rough; {NOTHING_ADDED}"),
    Ladder("noise gate", moments.noise_gate, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder(
        "drop-outs", moments.drop_outs, DAMAGE_EFFECTS, "ITU-T G.107: impairment grows with the share of lost packets"
    ),
    Ladder("clicks", moments.clicks, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder(
        "clipping", moments.clipping, DAMAGE_EFFECTS, "Tan, Moore & Zacharov 2003: hard clipping, the more the worse"
    ),
    Ladder("quantisation", moments.quantisation, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder("level", moments.level, NO_EFFECTS, "stimuli are matched in loudness before people rate them"),
    Ladder("wobbling level", moments.wobbling_level, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder(
        "reverb", moments.reverb, DAMAGE_EFFECTS, "ITU-R BS.1116 tests: a room that the reference lacks is a difference"
    ),
    Ladder(
        "vibrato", moments.vibrato, DAMAGE_EFFECTS, "Zwicker & Fastl, ch. 10: fluctuation of pitch, plain over 50 cents"
    ),
    Ladder("detune", moments.detune, DAMAGE_EFFECTS, "a whole tone flat, with the flutter of a pitch shifter"),
    Ladder("white noise", moments.white_noise, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
    Ladder("pink noise", moments.pink_noise, DAMAGE_EFFECTS, EVERYDAY_LISTENING),
)
"""Every ladder. Similarity falls with whatever is heard; interference does not rise where nothing was removed of it."""

BY_NAME: Final[Mapping[str, Ladder]] = MappingProxyType({ladder.name: ladder for ladder in LADDERS})
