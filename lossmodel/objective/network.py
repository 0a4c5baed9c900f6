"""The objective itself: excerpts in, predicted ratings with their uncertainty out.

Each attribute has a head: an ensemble of members, each a monotone function of a few of the `features`, each with
another view of what listeners hear. Several references may be admissible: each phrase is taken for an attempt at the
one it is closest to, so that half of one and half of another is an attempt at neither.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lossmodel.objective.config import Term
from lossmodel.objective.ear.features import WITHOUT_ACCOMPANIMENT
from lossmodel.objective.ear.frontend import MIN_SECONDS, RATE
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.ears import Ear, compute, ear_of, hears_remix

Heard = Mapping[str, Tensor]
"""Features by name, each (batch,)."""

MAX_KNOWN_FLAW_ODDS = 0.1
"""Odds of flaws beyond which a sound is unlike anything that was rated."""

MAX_FLAWED_LOGIT = 20.0
"""Logit beyond which a score is 100 for whatever flaws add to it."""

MIN_MIXTURE_DISTORTION = 1e-3
"""Distortion of a mixture under which there is hardly an accompaniment."""

Z90 = 1.6449
"""Half width of a 90 % interval in standard deviations."""


@dataclass(frozen=True)
class Prediction:
    """Predicted mean ratings, 0-100, all (batch,).

    `low` and `high` bound the 90 % interval of a panel's mean rating; `spread` is the standard deviation of the
    ensemble alone. Where `in_calibration` is false the excerpt is unlike anything that was rated, and the interval
    means little.
    """

    mean: Tensor
    low: Tensor
    high: Tensor
    in_calibration: Tensor
    spread: Tensor


class Head(nn.Module):
    """One attribute: several members, each 100·sigmoid(bias - Σ weight·salience), weights not negative.

    Terms are distortions, 0 for the reference: it has the highest score by construction, 100·sigmoid(bias), and more
    of a distortion never raises a score.

    `flaws` are distortions that no rated system has, with weights that nothing is fitted to: each adds so much to the
    odds against the estimate, (100 - score)/score, so that it caps a good score and moves a bad one little.
    """

    scale: Tensor
    most: Tensor
    weight: Tensor
    bias: Tensor
    residual: Tensor
    centre: Tensor
    precision: Tensor
    reach: Tensor

    def __init__(self, members: Mapping[str, Sequence[str]], flaws: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.members = {name: tuple(texts) for name, texts in members.items()}
        self.texts = tuple(dict.fromkeys(text for texts in self.members.values() for text in texts))
        self.flaws = dict(flaws or {})
        self.terms = (*map(Term.parse, self.texts), *map(Term, self.flaws))
        size = len(self.texts)
        for name, value in {
            "scale": torch.ones(size),  # a term of this size is plainly there
            "most": torch.full((size,), torch.inf),  # the greatest salience of which anybody's judgement is known
            "weight": torch.zeros(len(self.members), size),
            "bias": torch.zeros(len(self.members)),
            "residual": torch.tensor(0.0),  # SD in points beyond the spread; from songs left out
            "centre": torch.zeros(size),
            "precision": torch.zeros(size, size),
            "reach": torch.tensor(torch.inf),  # largest distance to what was rated that is still in calibration
        }.items():
            self.register_buffer(name, value)

    def forward(self, raw: Tensor) -> Prediction:
        """Return the prediction for raw terms of shape (batch, terms), flaws last."""
        salience, odds = self.salience(raw), self.odds(raw)
        logits = flawed(self.bias - salience @ self.weight.T, odds)  # (batch, members)
        middle = logits.mean(1)
        mean = 100 * torch.sigmoid(middle)
        spread = ((100 * torch.sigmoid(logits)).var(1, correction=0) + 1e-6).sqrt()
        half = Z90 * (spread.square() + self.residual.square()).sqrt()
        return Prediction(
            mean=mean,
            low=(mean - half).clamp_min(0),
            high=(mean + half).clamp_max(100),
            in_calibration=(self.distance(salience) <= self.reach) & (odds <= MAX_KNOWN_FLAW_ODDS),
            spread=spread,
        )

    def salience(self, raw: Tensor) -> Tensor:
        """Return how plainly each distortion is there: log(1 + term/scale), 0 for not at all.

        Beyond the most that was judged it grows a third as fast: how much worse that sounds is anybody's guess.
        """
        plainly = torch.log1p(raw[:, : len(self.texts)].clamp_min(0) / self.scale)
        return plainly - (plainly - self.most).clamp_min(0) * (2 / 3)

    def odds(self, raw: Tensor) -> Tensor:
        """Return what flaws add to the odds against the estimate, (batch,)."""
        return raw[:, len(self.texts) :].clamp_min(0) @ raw.new_tensor(list(self.flaws.values()))

    def distance(self, salience: Tensor) -> Tensor:
        """Return the squared Mahalanobis distance to what lies between the reference and what was rated, (batch,).

        What is nearer to the reference than the middle of what was rated is known from both sides.
        """
        onto = self.precision @ self.centre
        share = ((salience @ onto) / (self.centre @ onto).clamp_min(1e-9)).clamp(0, 1)
        away = salience - share[:, None] * self.centre
        return ((away @ self.precision) * away).sum(1)

    @property
    def needs_mixture(self) -> bool:
        """Return whether some member has nothing to say without a mixture."""
        if any(term.over_mixture for term in self.terms):
            return True
        alone = WITHOUT_ACCOMPANIMENT.union(text for text in self.texts if ear_of(text) and not hears_remix(text))
        return not all(alone & {*texts} for texts in self.members.values())


def flawed(logits: Tensor, odds: Tensor) -> Tensor:
    """Return logits (batch, members) where flaws add to the odds against an estimate, (batch,)."""
    return logits - torch.log1p(odds[:, None] * logits.clamp_max(MAX_FLAWED_LOGIT).exp())


class Objective(nn.Module):
    """Predicts what listeners say of an estimate, on each attribute that they were asked for."""

    rate = RATE

    def __init__(self, heads: Mapping[str, Head], ears: Mapping[str, Ear] | None = None) -> None:
        """Take the heads by attribute, and each ear that one of their features is of; ValueError for one missing."""
        super().__init__()
        self.attributes = tuple(heads)
        self._heads = nn.ModuleList(heads.values())
        asked = {ear_of(term.feature) for head in heads.values() for term in head.terms} - {None}
        if missing := asked - (ears or {}).keys():
            raise ValueError(f"the heads listen with {', '.join(map(str, missing))}; give these ears")
        self.ears = {name: ear for name, ear in (ears or {}).items() if name in asked}

    @property
    def heads(self) -> dict[str, Head]:
        """Return the head of each attribute."""
        return {name: head for name, head in zip(self.attributes, self._heads) if isinstance(head, Head)}

    def forward(
        self, estimate: Tensor, references: Tensor, mixture: Tensor | None, *, rate: int = RATE
    ) -> dict[str, Prediction]:
        """Return a prediction for each attribute, differentiable in `estimate`; without a mixture, for those that can.

        Shape: estimate and mixture (batch, channels, time), references (batch, references, channels, time), at 44.1
        kHz and at least a second long. Levels do not matter, as long as the estimate is within 40 dB of the reference,
        nor does a constant delay of up to half a second. ValueError for anything else.
        """
        _check(estimate, references, mixture, rate)
        heads = {name: head for name, head in self.heads.items() if mixture is not None or not head.needs_mixture}
        if not heads:
            raise ValueError(f"no mixture, which is needed for {', '.join(self.attributes)}")
        with torch.autocast(estimate.device.type, enabled=False):
            scene = listen(estimate.float(), references.float(), None if mixture is None else mixture.float())
            heard = compute(scene, _named(heads.values()), self.ears)
            with torch.no_grad():
                difficulty = compute(scene.remixed(1, 1), _named(heads.values(), over_mixture=True), self.ears)
            return {name: head(raw_terms(head.terms, heard, difficulty)) for name, head in heads.items()}


def _named(heads: Iterable[Head], *, over_mixture: bool = False) -> list[str]:
    """Return the features that heads ask for, of the estimate or also of the mixture."""
    terms = [term for head in heads for term in head.terms]
    return sorted({term.feature for term in terms if term.over_mixture or not over_mixture})


def raw_terms(terms: Sequence[Term], heard: Heard, difficulty: Heard) -> Tensor:
    """Return the terms before any transformation, (batch, terms).

    `heard` are the features of the estimate, `difficulty` those of the item's own mixture.
    """
    values = [
        heard[t.feature] / difficulty[t.feature].clamp_min(MIN_MIXTURE_DISTORTION)
        if t.over_mixture
        else heard[t.feature]
        for t in terms
    ]
    return torch.stack(values, dim=1)


def _check(estimate: Tensor, references: Tensor, mixture: Tensor | None, rate: int) -> None:
    if rate != RATE:
        raise ValueError(f"{rate} Hz: the objective needs {RATE} Hz; resample first")
    fits = references.dim() == estimate.dim() + 1 == 4 and references.shape[1] > 0
    given = [estimate, references] if mixture is None else [estimate, references, mixture]
    if not fits or any(each.shape != estimate.shape for each in (references[:, 0], *given[2:])):
        shapes = ", ".join(str(tuple(each.shape)) for each in given)
        raise ValueError(f"estimate, references and mixture have incompatible shapes: {shapes}")
    if (seconds := estimate.shape[-1] / RATE) < MIN_SECONDS:
        raise ValueError(f"{seconds:.2f} s: excerpts of at least {MIN_SECONDS:g} s can be judged")
