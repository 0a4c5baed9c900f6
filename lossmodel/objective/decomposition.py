"""What the estimate consists of: the remix it is closest to, and in each patch its target, leak and artefact.

Both are one least-squares problem with two unknowns, the complex gains of reference and accompaniment, solved in
closed form on averaged maps. Over the whole excerpt its solution is a *remix*, a mixing desk's work, which listeners
do not hear as loss of quality; over 200 ms it follows what a separator does to each moment.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from lossmodel.objective.frontend import Maps, remix, smooth

FLOOR = 1e-6
"""Power floor of levels, 60 dB under the loudest reference bands."""

HEARD = 1e-5
"""Power under which compressed powers fade to nothing."""

MOST = 2.0
"""Largest gain that counts as a remix (6 dB)."""

PATCH, PHRASE = 17, 171
"""Averaging in frames: 200 ms and 2 s."""


@dataclass(frozen=True)
class Patches:
    """The estimate in each 200 ms patch, all (batch, bands, frames): powers and the gains that explain them."""

    rr: Tensor
    aa: Tensor
    ee: Tensor
    target: Tensor
    leak: Tensor
    artefact: Tensor
    target_gain: Tensor
    leak_gain: Tensor
    coherence: Tensor


class Scene:
    """An estimate taken apart, as far as asked: every part is computed once, when it is first needed."""

    def __init__(self, maps: Maps) -> None:
        self.maps = maps

    def remixed(self, reference: float, accompaniment: float) -> "Scene":
        """Return the scene with a remix in the estimate's place, as `frontend.remix`."""
        return Scene(remix(self.maps, reference, accompaniment))

    @cached_property
    def leak_gain(self) -> Tensor:
        """Magnitude of the gain of the accompaniment over the whole excerpt, (batch, bands, 1)."""
        whole = Maps(**{name: value.mean(-1, keepdim=True) for name, value in vars(self.maps).items()})
        return magnitude(_solve(whole, 1e-3)[1]).clamp_max(MOST)

    @cached_property
    def remix(self) -> Tensor:
        """Power of the reference plus that of the accompaniment at its gain over the whole excerpt."""
        return self.maps.rr + self.leak_gain**2 * self.maps.aa

    @cached_property
    def phrase_remix(self) -> Tensor:
        """The same with a gain that may change within two seconds."""
        gain = magnitude(_solve(_averaged(self.maps, PHRASE), 1e-3)[1]).clamp_max(MOST)
        return self.maps.rr + gain**2 * self.maps.aa

    @cached_property
    def patches(self) -> Patches:
        """The estimate split into target, leak and artefact in each patch of 200 ms."""
        found = _averaged(self.maps, PATCH)
        w_r, w_a = _solve(found, 3e-3)
        g_r, g_a = magnitude(w_r), magnitude(w_a)
        explained = g_r**2 * found.rr + g_a**2 * found.aa + 2 * (w_r.conj() * w_a * found.ra).real
        return Patches(
            rr=found.rr,
            aa=found.aa,
            ee=found.ee,
            target=g_r.clamp_max(MOST) ** 2 * found.rr,
            leak=torch.minimum(g_a.clamp_max(MOST) ** 2 * found.aa, 4 * found.ee),
            artefact=torch.minimum((found.ee - explained).clamp_min(0), found.ee),
            target_gain=g_r.clamp_max(MOST),
            leak_gain=g_a.clamp_max(MOST),
            coherence=magnitude(found.re) ** 2 / ((found.rr + FLOOR) * (found.ee + FLOOR)),
        )


def magnitude(value: Tensor) -> Tensor:
    """Return the absolute value of complex numbers, with a finite gradient at zero."""
    return (value.real.square() + value.imag.square() + 1e-14).sqrt()


def _averaged(maps: Maps, frames: int) -> Maps:
    return Maps(**{name: smooth(value, frames) for name, value in vars(maps).items()})


def _solve(maps: Maps, condition: float) -> tuple[Tensor, Tensor]:
    """Return the complex gains of reference and accompaniment that explain the estimate best.

    `condition` bounds the determinant from below where both sound alike, as a share of the powers' product.
    """
    maps = replace(maps, rr=maps.rr + FLOOR, aa=maps.aa + FLOOR, ee=maps.ee + FLOOR)
    product = maps.rr * maps.aa
    det = torch.maximum(product - maps.ra.real.square() - maps.ra.imag.square(), condition * product)
    w_r = (maps.re * maps.aa - maps.ra * maps.ae) / det
    w_a = (maps.ae * maps.rr - maps.ra.conj() * maps.re) / det
    return w_r, w_a
