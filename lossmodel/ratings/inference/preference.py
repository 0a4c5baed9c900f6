"""Paired preference: the Bradley-Terry model with ties of Davidson 1970.

    P(i preferred to j) = w_i / s,    P(no preference) = nu sqrt(w_i w_j) / s,    s = w_i + w_j + nu sqrt(w_i w_j)

"On extending the Bradley-Terry model to accommodate ties in paired comparison experiments", JASA 65, eq. 2.3. In log
worths and log nu it is a multinomial logit, whose likelihood has one maximum. Comparisons of one assessor are no
independent ones, so standard errors are those of the sandwich with assessors as clusters (Liang & Zeger 1986) and
intervals Student's t with one degree of freedom less than assessors. They hold for other assessors and these items.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit, logit, softmax
from scipy.stats import t as student

from lossmodel.ratings.comparisons import Comparisons
from lossmodel.ratings.estimate import Values
from lossmodel.ratings.inference.multiplicity import HOLM, adjusted

WITH_TIES = "Bradley-Terry model with ties (Davidson 1970), maximum likelihood; standard errors by assessor"
WITHOUT_TIES = "Bradley-Terry model (1952; no ties), maximum likelihood; standard errors by assessor"
SEPARATED = (
    "not computed: some conditions were always, or never, preferred to the others: worths have no finite maximum"
)
NOT_CONNECTED = "not computed: the comparisons do not connect all conditions"
ONE_ASSESSOR = "; one assessor: no interval"
MAX_STEPS = 100
MAX_HALVINGS = 40
CONVERGED = 1e-10
"""Newton's decrement, per comparison, at which the likelihood is at its maximum."""
SEPARATION_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Worth:
    """How much one condition is preferred: `worth`, of which all sum to 1, with its 95 % interval; None: see the rule.

    `log_worth` is centred at 0 over the conditions; `se` is its standard error.
    """

    condition: str
    preferred: int
    ties: int
    rejected: int
    worth: float | None
    low: float | None
    high: float | None
    log_worth: float | None
    se: float | None


@dataclass(frozen=True)
class Preferred:
    """One pair, the condition of the higher worth first: what was chosen, and the model's probabilities (0-1).

    `share` is the probability that whoever has a preference prefers `first`, with its 95 % interval; `p` is two-sided
    of "their worths are equal", `p_holm` adjusted over all pairs. None: not computable.
    """

    first: str
    second: str
    preferred: int
    ties: int
    rejected: int
    p_first: float | None
    p_tie: float | None
    p_second: float | None
    share: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True)
class Preference:
    """What the comparisons of one panel say; `nu` is Davidson's parameter of ties, 0 where there are none."""

    worths: list[Worth]
    pairs: list[Preferred]
    nu: float | None
    comparisons: int
    assessors: int
    rule: str


def preference(found: Comparisons, *, level: float = 0.95) -> Preference:
    """Return worths and pairs, the most preferred first; only counts, and why, where there is no maximum."""
    fitted = _Fit(found)
    counts = _counts(found)
    worths = [_worth(fitted, counts, at, level) for at in range(len(found.conditions))]
    order = sorted(range(len(worths)), key=lambda at: (-(worths[at].log_worth or 0.0), worths[at].condition))
    pairs = [(first, second) for first, second in combinations(order, 2)]
    p_values = [fitted.p(first, second) for first, second in pairs]
    holm = adjusted(p_values, HOLM)
    rows = [
        _preferred(fitted, counts, pair, level, p=p, p_holm=own)
        for pair, p, own in zip(pairs, p_values, holm, strict=True)
    ]
    return Preference([worths[at] for at in order], rows, fitted.nu, len(found.outcome), found.assessors, fitted.rule)


def _counts(found: Comparisons) -> Values:
    """Return how often the row's condition was preferred to the column's, and how often neither: (2, k, k)."""
    k = len(found.conditions)
    counts = np.zeros((2, k, k))
    won, lost, tied = found.outcome > 0, found.outcome < 0, found.outcome == 0
    np.add.at(counts[0], (found.first[won], found.second[won]), 1)
    np.add.at(counts[0], (found.second[lost], found.first[lost]), 1)
    np.add.at(counts[1], (found.first[tied], found.second[tied]), 1)
    np.add.at(counts[1], (found.second[tied], found.first[tied]), 1)
    return counts


class _Fit:
    """The model at its maximum: `log_worths` (k), centred, and `nu`, both None where there is none (`rule`)."""

    def __init__(self, found: Comparisons) -> None:
        self.names, self.k, self.people = found.conditions, len(found.conditions), found.assessors
        self.ties = bool((found.outcome == 0).any())
        self.log_worths: Values | None = None
        self.nu: float | None = None
        options, chosen = _options(found, ties=self.ties)
        self.rule = _obstacle(options, chosen) or (WITH_TIES if self.ties else WITHOUT_TIES)
        if self.rule in (SEPARATED, NOT_CONNECTED):
            return
        parameters = _maximum(options, chosen)
        scores, information = _scores(options, chosen, parameters)
        self.covariance = _sandwich(scores, information, found.assessor) if self.people > 1 else None
        if self.covariance is None:
            self.rule += ONE_ASSESSOR
        log_worths = np.append(0.0, parameters[: self.k - 1])
        self.log_worths = log_worths - log_worths.mean()
        self.nu = float(np.exp(parameters[-1])) if self.ties else 0.0

    def se(self, weights: Values) -> float | None:
        """Return the standard error of `weights` (k, which sum to 0) @ log worths; None without an interval."""
        if self.log_worths is None or self.covariance is None:
            return None
        own = weights[1:]
        covariance = self.covariance[: self.k - 1, : self.k - 1]
        return float(np.sqrt(np.maximum(own @ covariance @ own, 0.0)))

    def margin(self, weights: Values, level: float) -> float | None:
        """Return half the width of the interval of `weights` @ log worths."""
        se = self.se(weights)
        return None if se is None else float(student.ppf(0.5 + level / 2, self.people - 1)) * se

    def contrast(self, first: int, second: int) -> Values:
        """Return the weights of the difference of two log worths."""
        weights = np.zeros(self.k)
        weights[[first, second]] = 1.0, -1.0
        return weights

    def p(self, first: int, second: int) -> float | None:
        """Return the two-sided p-value of "the worths of the two are equal"."""
        weights = self.contrast(first, second)
        se = self.se(weights)
        if self.log_worths is None or not se:
            return None
        return float(2 * student.sf(abs(weights @ self.log_worths) / se, self.people - 1))


def _options(found: Comparisons, *, ties: bool) -> tuple[Values, np.ndarray]:
    """Return what each answer adds to log odds, shape (comparison, answer, parameter), and which answer was chosen.

    Answers: the first, the second, neither; parameters: log worths of all conditions but the first, then log nu.
    """
    eye = np.eye(len(found.conditions))
    first, second = eye[found.first], eye[found.second]
    answers = np.stack([first, second, (first + second) / 2] if ties else [first, second], axis=1)[:, :, 1:]
    if ties:
        is_tie = np.broadcast_to(np.array([0.0, 0.0, 1.0])[None, :, None], (*answers.shape[:2], 1))
        answers = np.concatenate([answers, is_tie], axis=2)
    return answers, np.select([found.outcome > 0, found.outcome < 0], [0, 1], default=2)


def _obstacle(options: Values, chosen: np.ndarray) -> str:
    """Return why the likelihood has no single finite maximum, or "" (Albert & Anderson 1984, generalised by an LP)."""
    kinds = np.unique(np.column_stack([options.reshape(len(chosen), -1), chosen]), axis=0)
    answers, own = kinds[:, :-1].reshape(-1, *options.shape[1:]), kinds[:, -1].astype(int)
    ahead = (answers[np.arange(len(own)), own][:, None] - answers).reshape(-1, options.shape[2])
    ahead = np.unique(ahead[np.abs(ahead).sum(axis=1) > 0], axis=0)
    if not len(ahead) or np.linalg.matrix_rank(ahead) < options.shape[2]:
        return NOT_CONNECTED
    direction: Any = linprog(-ahead.sum(axis=0), A_ub=-ahead, b_ub=np.zeros(len(ahead)), bounds=(-1, 1))
    return SEPARATED if direction.fun < -SEPARATION_TOLERANCE else ""


def _maximum(options: Values, chosen: np.ndarray) -> Values:
    """Return the parameters of the highest likelihood, by Newton's method with halved steps."""
    parameters = np.zeros(options.shape[2])
    for _ in range(MAX_STEPS):
        scores, information = _scores(options, chosen, parameters)
        gradient = scores.sum(axis=0)
        step = np.linalg.solve(information, gradient)
        if gradient @ step <= CONVERGED * len(chosen):
            break
        parameters = _uphill(options, chosen, parameters, step)
    return parameters


def _uphill(options: Values, chosen: np.ndarray, parameters: Values, step: Values) -> Values:
    before = _log_likelihood(options, chosen, parameters)
    for halving in range(MAX_HALVINGS):
        moved: Values = parameters + step / 2**halving
        if _log_likelihood(options, chosen, moved) >= before:
            return moved
    return parameters


def _log_likelihood(options: Values, chosen: np.ndarray, parameters: Values) -> float:
    utilities = options @ parameters
    own = utilities[np.arange(len(chosen)), chosen]
    return float((own - np.logaddexp.reduce(utilities, axis=1)).sum())


def _scores(options: Values, chosen: np.ndarray, parameters: Values) -> tuple[Values, Values]:
    """Return each comparison's gradient of the log likelihood, (comparison, parameter), and the information."""
    chances = softmax(options @ parameters, axis=1)
    expected = (chances[:, :, None] * options).sum(axis=1)
    apart = (options - expected[:, None]).reshape(-1, options.shape[2])
    information = (chances.reshape(-1, 1) * apart).T @ apart
    return options[np.arange(len(chosen)), chosen] - expected, information


def _sandwich(scores: Values, information: Values, group: np.ndarray) -> Values:
    """Return the covariance of the parameters with groups of dependent comparisons, times groups / (groups - 1)."""
    names, place = np.unique(group, return_inverse=True)
    sums = np.zeros((len(names), scores.shape[1]))
    np.add.at(sums, place, scores)
    inverse = np.linalg.inv(information)
    found: Values = inverse @ (sums.T @ sums) @ inverse * len(names) / (len(names) - 1)
    return found


def _worth(fitted: _Fit, counts: Values, at: int, level: float) -> Worth:
    """Return one condition's worth; its interval is that of the logit of the worth, by the delta method."""
    totals = int(counts[0, at].sum()), int(counts[1, at].sum()), int(counts[0, :, at].sum())
    if fitted.log_worths is None:
        return Worth(fitted.names[at], *totals, None, None, None, None, None)
    shares = softmax(fitted.log_worths)
    own = np.arange(fitted.k) == at
    margin = fitted.margin(np.where(own, 1.0, -shares / (1 - shares[at])), level)
    low, high = _on_shares(float(logit(shares[at])), margin)
    se = fitted.se(own - 1 / fitted.k)
    return Worth(fitted.names[at], *totals, float(shares[at]), low, high, float(fitted.log_worths[at]), se)


def _preferred(
    fitted: _Fit, counts: Values, pair: tuple[int, int], level: float, *, p: float | None, p_holm: float | None
) -> Preferred:
    first, second = pair
    names = fitted.names[first], fitted.names[second]
    totals = int(counts[0, first, second]), int(counts[1, first, second]), int(counts[0, second, first])
    if fitted.log_worths is None or fitted.nu is None:
        return Preferred(*names, *totals, None, None, None, None, None, None, None, None)
    weights = fitted.contrast(first, second)
    apart = float(weights @ fitted.log_worths)
    odds = np.array([np.exp(apart / 2), fitted.nu, np.exp(-apart / 2)])
    p_first, p_tie, p_second = (odds / odds.sum()).tolist()
    low, high = _on_shares(apart, fitted.margin(weights, level))
    return Preferred(*names, *totals, p_first, p_tie, p_second, float(expit(apart)), low, high, p, p_holm)


def _on_shares(centre: float, margin: float | None) -> tuple[float | None, float | None]:
    """Return the interval `centre` ± `margin` on log odds as shares."""
    return (None, None) if margin is None else (float(expit(centre - margin)), float(expit(centre + margin)))
