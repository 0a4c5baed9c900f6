"""What the estimate consists of: the remix it is closest to, and in each patch its target, leak and artefact.

All are one least-squares problem with two unknowns, the complex gains of reference and accompaniment, solved in
closed form on averaged maps. Over the whole excerpt or a phrase its solution is a *remix*, a mixing desk's work, which
listeners do not hear as loss of quality; over 200 ms it follows what a separator does to each moment.

What is solved for is how the estimate *differs* from the reference, so that a reference is exactly a reference: no
leak, no artefact, whatever the regularisation.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from lossmodel.objective.ear.frontend import PHRASE_FRAMES, Maps, dulled, independent_samples, remix, smooth
from lossmodel.objective.ear.salience import POWER_FLOOR_60_DB, loudness, magnitude, mean, root
from lossmodel.objective.ear.spectra import Signals

MAX_REMIX_GAIN = 2.0
"""Largest gain that counts as a remix (6 dB)."""

MIN_REMIX_LEVEL = 0.1
"""Smallest overall gain of the reference that a remix is relative to."""

PATCH_FRAMES = 9
"""Frames that a patch averages, 200 ms."""

ENVELOPE_FRAMES = 43
"""Frames in which an envelope tells whose it is, 1 s."""

MIN_REFERENCE_SHARE = 0.5
"""Share of the reference's loudness that has to be left for what is added to be heard beside all of it."""

MIN_AUDIBILITY_WEIGHT = 0.1
"""Share of that from which on less makes no difference."""


@dataclass(frozen=True)
class Patches:
    """The estimate in each 200 ms patch, all (batch, bands, frames): powers and the gains that explain them."""

    rr: Tensor
    aa: Tensor
    ee: Tensor
    target: Tensor
    leak: Tensor
    artefact: Tensor
    leak_gain: Tensor


class Scene:
    """An estimate taken apart, as far as asked: every part is computed once, when it is first needed."""

    def __init__(self, maps: Maps, signals: Signals | None = None) -> None:
        self.maps = maps
        self._signals = signals

    @property
    def signals(self) -> Signals:
        """The signals that the maps are of, for what is heard at other resolutions; ValueError where unknown."""
        if self._signals is None:
            raise ValueError("a scene made of maps alone; make it with listening.listen")
        return self._signals

    def remixed(self, reference: float, accompaniment: float) -> "Scene":
        """Return the scene with a remix in the estimate's place, as `frontend.remix`."""
        signals = self._signals and self._signals.remixed(reference, accompaniment)
        return Scene(remix(self.maps, reference, accompaniment), signals)

    def dulled(self) -> "Scene":
        """Return the scene with the reference's lower bands in the estimate's place, as `frontend.dulled`."""
        return Scene(dulled(self.maps), self._signals and self._signals.dulled())

    @cached_property
    def remix(self) -> Tensor:
        """Power of the reference plus that of the accompaniment at its gain over the whole excerpt."""
        return self._with(self._whole_gains[1])

    @cached_property
    def remix_gain(self) -> Tensor:
        """Complex gain of the accompaniment over the excerpt, of the reference's overall gain, (batch, bands, 1)."""
        reference, accompaniment = self._whole_gains
        power = self.maps.rr.mean(-1, keepdim=True)
        level = 1 + (reference.real * power).sum(1, keepdim=True) / power.sum(1, keepdim=True).clamp_min(1e-9)
        return _limited(accompaniment / level.clamp_min(MIN_REMIX_LEVEL))

    @cached_property
    def _whole_gains(self) -> tuple[Tensor, Tensor]:
        """Return what `_solve` returns for the averages over the whole excerpt."""
        whole = Maps(**{name: value.mean(-1, keepdim=True) for name, value in vars(self.maps).items()})
        return _solve(whole, 1e-3)

    @cached_property
    def phrase_remix(self) -> Tensor:
        """The same with a gain that may change within two seconds."""
        return self._with(_solve(_averaged(self.maps, PHRASE_FRAMES), 1e-3)[1])

    @cached_property
    def patches(self) -> Patches:
        """The estimate split into target, leak and artefact in each patch of 200 ms."""
        found = _averaged(self.maps, PATCH_FRAMES)
        d_r, w_a = _solve(found, 3e-3)
        power_r, power_a = ((gain.real + one) ** 2 + gain.imag**2 for gain, one in ((d_r, 1), (w_a, 0)))
        explained = d_r.abs() ** 2 * found.rr + power_a * found.aa + 2 * (d_r.conj() * w_a * found.ra).real
        different = (found.ee - 2 * found.re.real + found.rr).clamp_min(0)
        return Patches(
            rr=found.rr,
            aa=found.aa,
            ee=found.ee,
            target=power_r.clamp_max(MAX_REMIX_GAIN**2) * found.rr,
            leak=torch.minimum(power_a.clamp_max(MAX_REMIX_GAIN**2) * found.aa, 4 * found.ee),
            artefact=torch.minimum((different - explained).clamp_min(0), found.ee),
            leak_gain=magnitude(w_a).clamp_max(MAX_REMIX_GAIN),
        )

    @cached_property
    def patches_of_any_phase(self) -> Patches:
        """The same; leak is what is there beyond chance, and what follows the accompaniment in loudness alone.

        What is incoherent with both has some coherence with the accompaniment by chance, the more the fewer periods a
        patch has: that much is no leak. Of the artefact, the share that the loudness of the accompaniment explains,
        and that of the reference does not, within a second, is leak with another phase.
        """
        p = self.patches
        chance = p.artefact / independent_samples(p.rr, PATCH_FRAMES)
        coherent = (p.leak - chance).clamp_min(0)
        follows = (p.artefact * self._share_of_accompaniment(p)).clamp_min(0)
        leak = coherent + follows
        gain = root(leak / (p.aa + POWER_FLOOR_60_DB)).clamp_max(MAX_REMIX_GAIN)
        return replace(p, leak=leak, artefact=p.artefact - follows, leak_gain=gain)

    def _share_of_accompaniment(self, p: Patches) -> Tensor:
        """Return the share of the artefact's power that follows the accompaniment, (batch, bands, frames), 0 to 1."""
        x, r, a = (loudness(power, 0.3, POWER_FLOOR_60_DB) for power in (p.artefact, p.rr, p.aa))
        of_r, of_a = non_negative_shares(x, r, a, ENVELOPE_FRAMES)
        own, other = ((share * each).clamp_min(1e-6) ** (1 / 0.3) for share, each in ((of_a, a), (of_r, r)))
        return own / (own + other + 1e-12)

    @cached_property
    def reference_share(self) -> Tensor:
        """Share of the reference's loudness that is left in the estimate, (batch,)."""
        p, whole = self.patches, loudness(self.patches.rr)
        return mean(torch.minimum(loudness(p.target), whole), whole) / (mean(whole, whole) + 1e-4)

    @cached_property
    def audibility_weight(self) -> Tensor:
        """How much of the reference is there for what is added, or leaks, to be heard beside: 1 from half on, (batch,).

        Without it a voice of which nearly all is lost has less leak than one of which half is.
        """
        return (self.reference_share / MIN_REFERENCE_SHARE).clamp(MIN_AUDIBILITY_WEIGHT, 1)

    @cached_property
    def blind(self) -> tuple[Tensor, Tensor]:
        """How much of reference and accompaniment explains the estimate where phase says nothing, in 200 ms.

        Non-negative shares of compressed powers, so an estimate whose waveform is not the reference's (a vocoder's,
        a generative separator's) is still taken apart.
        """
        r, a, e = (compressed(power) for power in (self.maps.rr, self.maps.aa, self.maps.ee))
        return non_negative_shares(e, r, a, PATCH_FRAMES)

    def _with(self, leak: Tensor) -> Tensor:
        leak = _limited(leak)
        power = self.maps.rr + (leak.real.square() + leak.imag.square()) * self.maps.aa
        return (power + 2 * (leak * self.maps.ra).real).clamp_min(0)


def non_negative_shares(e: Tensor, r: Tensor, a: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Return how many times `r` and `a` explain `e` best within so many frames, neither negative nor above 2."""
    rr, aa, ra, er, ea = (smooth(x * y, frames) for x, y in ((r, r), (a, a), (r, a), (e, r), (e, a)))
    det = torch.maximum(rr * aa - ra * ra, 1e-3 * rr * aa) + 1e-12
    both_r, both_a = (er * aa - ea * ra) / det, (ea * rr - er * ra) / det
    share_r = torch.where(both_a < 0, er / (rr + 1e-12), both_r.clamp_min(0)).clamp_max(MAX_REMIX_GAIN)
    share_a = torch.where(both_r < 0, ea / (aa + 1e-12), both_a.clamp_min(0)).clamp_max(MAX_REMIX_GAIN)
    return share_r, share_a


def compressed(power: Tensor) -> Tensor:
    """Return power to the 0.3, the ear's compression (Stevens), from 60 dB under the loudest bands."""
    return (power.clamp_min(0) + POWER_FLOOR_60_DB) ** 0.3


def _limited(gain: Tensor) -> Tensor:
    return gain * (MAX_REMIX_GAIN / magnitude(gain).clamp_min(MAX_REMIX_GAIN))


def _averaged(maps: Maps, frames: int) -> Maps:
    return Maps(**{name: smooth(value, frames) for name, value in vars(maps).items()})


def _solve(maps: Maps, condition: float) -> tuple[Tensor, Tensor]:
    """Return the complex gains of reference, less 1, and accompaniment that explain the estimate best.

    `condition` bounds the determinant from below where both sound alike, as a share of the powers' product.
    """
    rr, aa = maps.rr + POWER_FLOOR_60_DB, maps.aa + POWER_FLOOR_60_DB
    re, ae = maps.re - maps.rr, maps.ae - maps.ra.conj()
    product = rr * aa
    det = torch.maximum(product - maps.ra.real.square() - maps.ra.imag.square(), condition * product)
    return (re * aa - maps.ra * ae) / det, (ae * rr - maps.ra.conj() * re) / det
