"""Linear mixed models with crossed random effects, by REML.

    y = X b + sum_k Z_k u_k + e,    u_k ~ N(0, sigma_k^2 I),    e ~ N(0, sigma^2 I)

`Z_k` has one non-zero entry a row: the group of that observation, times a covariate for a random slope. The profiled
criterion and the penalised least squares beneath it are those of Bates, Maechler, Bolker & Walker 2015, "Fitting
Linear Mixed-Effects Models Using lme4", eqs. 34-42; degrees of freedom are Satterthwaite's as in Kuznetsova,
Brockhoff & Christensen 2017 (lmerTest).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.sparse import csc_matrix, hstack

from lossmodel.ratings.estimate import Values

BOUNDARY_RATIO = 1e-4
"""A standard deviation below this share of the residual's is on the boundary: it is estimated as 0."""
MAX_RATIO = 1e4
START_RATIOS = (1.0, 0.2)
"""Where the search for the ratios begins."""
FINE = {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 500}
HESSIAN_STEP = 1e-3
"""Relative step of the differences from which the information matrix is computed."""
EXACT_FIT = 1e-20
"""A residual variance below this share of the variance of the ratings: the model fits them exactly."""


@dataclass(frozen=True, eq=False)
class Factor:
    """A random effect: the group of each observation (0, 1, 2 …) and its covariate (None: an intercept)."""

    name: str
    group: NDArray[np.intp]
    covariate: Values | None = None

    @property
    def levels(self) -> int:
        """Return how many groups there are."""
        return int(self.group.max()) + 1

    def matrix(self) -> csc_matrix:
        """Return Z_k, shape (observations, levels)."""
        n = len(self.group)
        values = np.ones(n) if self.covariate is None else self.covariate
        return csc_matrix((values, (np.arange(n), self.group)), shape=(n, self.levels))


@dataclass(frozen=True, eq=False)
class Contrast:
    """A combination of fixed effects: its value, standard error and Satterthwaite's degrees of freedom."""

    value: float
    se: float
    df: float


@dataclass(frozen=True, eq=False)
class Joint:
    """An F test that several combinations of fixed effects are all 0."""

    f: float
    df: tuple[float, float]


class MixedModel:
    """A model fitted by REML: `coefficients`, `variances` (by factor, then "residual") and contrasts of the former.

    Shapes: `response` (n), `fixed` (n, p) of full column rank, n > p. Factors whose variance is estimated as 0 stay
    in `variances` with 0 and take no degrees of freedom.
    """

    def __init__(self, response: Values, fixed: Values, factors: Sequence[Factor]) -> None:
        self.factors = tuple(factors)
        self._terms = _Terms(response, fixed, self.factors)
        self._ratios = self._terms.fit()
        solved = self._terms.solve(self._ratios)
        self.coefficients = solved.coefficients
        residual = solved.weighted_squares / self._terms.freedom
        self._variances = np.append(self._ratios**2 * residual, residual)
        self.criterion = self._terms.criterion(self._ratios)

    @property
    def variances(self) -> dict[str, float]:
        """Return the variance of each factor and of the residual."""
        names = [*(each.name for each in self.factors), "residual"]
        return dict(zip(names, self._variances.tolist(), strict=True))

    def contrast(self, weights: Values) -> Contrast:
        """Return `weights` @ coefficients, shape (p), with its standard error and degrees of freedom."""
        value = float(weights @ self.coefficients)
        variance = self._variance_of(weights, self._variances)
        gradient = self._gradient(weights)
        spread = float(gradient @ self._covariance_of_variances @ gradient)
        df = 2 * variance**2 / spread if spread > 0 else float(self._terms.freedom)
        return Contrast(value, float(np.sqrt(variance)), min(df, float(self._terms.freedom)))

    def joint(self, weights: Values) -> Joint:
        """Return the F test that `weights` @ coefficients are all 0; `weights` has shape (q, p) and rank q.

        The denominator's degrees of freedom are those of Fai & Cornelius 1996, as in lmerTest: of q independent
        contrasts, each Satterthwaite's.
        """
        solved = self._terms.solve(np.sqrt(self._variances[:-1] / self._variances[-1]))
        covariance = self._variances[-1] * weights @ np.linalg.solve(solved.information, weights.T)
        variances, axes = np.linalg.eigh(covariance)
        own = [self.contrast(axis @ weights) for axis in axes.T]
        q = len(weights)
        f = float(sum(each.value**2 / variance for each, variance in zip(own, variances, strict=True)) / q)
        freedoms = np.array([each.df for each in own])
        if q == 1:
            return Joint(f, (1.0, float(freedoms[0])))
        expected = float((freedoms[freedoms > 2] / (freedoms[freedoms > 2] - 2)).sum())
        return Joint(f, (float(q), 2 * expected / (expected - q) if expected > q else 2.0))

    def _variance_of(self, weights: Values, variances: Values) -> float:
        solved = self._terms.solve(np.sqrt(variances[:-1] / variances[-1]))
        return float(variances[-1] * weights @ np.linalg.solve(solved.information, weights))

    @cached_property
    def _free(self) -> NDArray[np.intp]:
        """Return which variances are not on the boundary."""
        return np.flatnonzero(np.append(self._ratios > BOUNDARY_RATIO, True))

    @cached_property
    def _covariance_of_variances(self) -> Values:
        """Return twice the inverse Hessian of the REML deviance in the free variances."""
        steps = self._variances[self._free] * HESSIAN_STEP
        k = len(steps)
        hessian = np.empty((k, k))
        for i in range(k):
            for j in range(i + 1):
                signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
                moved = [a * b * self._deviance_at({i: a}, {j: b}, steps) for a, b in signs]
                hessian[i, j] = hessian[j, i] = sum(moved) / (4 * steps[i] * steps[j])
        return np.asarray(2 * np.linalg.pinv(hessian, hermitian=True), dtype=np.float64)

    def _moved(self, *moves: tuple[int, float]) -> Values:
        variances = self._variances.copy()
        for at, amount in moves:
            variances[self._free[at]] += amount
        return variances

    def _deviance_at(self, first: dict[int, int], second: dict[int, int], steps: Values) -> float:
        moves = [(at, sign * steps[at]) for move in (first, second) for at, sign in move.items()]
        return self._terms.deviance(self._moved(*moves))

    def _gradient(self, weights: Values) -> Values:
        steps = self._variances[self._free] * HESSIAN_STEP
        return np.array([
            (self._variance_of(weights, self._moved((at, step))) - self._variance_of(weights, self._moved((at, -step))))
            / (2 * step)
            for at, step in enumerate(steps)
        ])  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Solved:
    coefficients: Values
    information: Values
    """X' (V / sigma^2)^-1 X, shape (p, p)."""
    weighted_squares: float
    """(y - X b)' (V / sigma^2)^-1 (y - X b)."""
    log_determinant: float
    """log |V / sigma^2|."""


class _Terms:
    """The sums of squares and products of a model, from which every trial of variances is solved.

    The factor with most levels has a diagonal Z'Z and is eliminated first; what is left of the others is dense.
    """

    def __init__(self, response: Values, fixed: Values, factors: Sequence[Factor]) -> None:
        self.n, self.p = fixed.shape
        self.freedom = self.n - self.p
        self.counts = [each.levels for each in factors]
        both = np.column_stack([fixed, response])
        self.products = both.T @ both
        if not factors:
            return
        self.largest = int(np.argmax(self.counts))
        matrices = [each.matrix() for each in factors]
        largest = matrices.pop(self.largest)
        others = hstack(matrices, format="csc") if matrices else csc_matrix((self.n, 0))
        self.other_counts = [count for at, count in enumerate(self.counts) if at != self.largest]
        self.diagonal = np.asarray(largest.multiply(largest).sum(axis=0)).ravel()
        self.cross = (largest.T @ others).toarray()
        self.rest = (others.T @ others).toarray()
        self.across_largest, self.across_others = np.asarray(largest.T @ both), np.asarray(others.T @ both)

    def fit(self) -> Values:
        """Return the standard deviation of each factor relative to the residual's, at the least criterion."""
        k = len(self.counts)
        if not k:
            return np.empty(0)
        found = [self._minimised(np.full(k, start)) for start in START_RATIOS]
        best = min(found, key=self.criterion)
        return self._on_boundary(np.where(best > BOUNDARY_RATIO, best, 0.0))

    def _minimised(self, start: Values) -> Values:
        bounds = [(0.0, MAX_RATIO)] * len(start)
        found = minimize(self.criterion, start, method="L-BFGS-B", bounds=bounds, options=FINE)  # type: ignore[call-overload]
        return np.asarray(found.x, dtype=np.float64)

    def _on_boundary(self, ratios: Values) -> Values:
        """Set ratios to 0 that do not lower the criterion (where it is flat, the optimiser stops above 0)."""
        for at in np.flatnonzero(ratios):
            without = ratios.copy()
            without[at] = 0.0
            if self.criterion(without) <= self.criterion(ratios) + 1e-9:
                ratios = without
        return ratios

    def criterion(self, ratios: Values) -> float:
        """Return the profiled REML criterion (Bates et al. 2015, eq. 42) at relative standard deviations `ratios`."""
        solved = self.solve(ratios)
        _, determinant = np.linalg.slogdet(solved.information)
        squares = max(solved.weighted_squares, EXACT_FIT)
        spread = self.freedom * (1 + np.log(2 * np.pi * squares / self.freedom))
        return float(solved.log_determinant + determinant + spread)

    def deviance(self, variances: Values) -> float:
        """Return the REML deviance at absolute variances (factors, then residual), up to a constant."""
        residual = variances[-1]
        solved = self.solve(np.sqrt(np.maximum(variances[:-1], 0) / residual))
        _, determinant = np.linalg.slogdet(solved.information)
        spread = self.freedom * np.log(residual) + solved.weighted_squares / residual
        return float(solved.log_determinant + determinant + spread)

    def solve(self, ratios: Values) -> _Solved:
        """Return the generalised least squares at relative standard deviations `ratios` of the factors."""
        reduced, log_determinant = self._eliminated(ratios) if ratios.any() else (self.products, 0.0)
        information, right = reduced[: self.p, : self.p], reduced[: self.p, self.p]
        coefficients = np.linalg.solve(information, right).astype(np.float64)
        squares = float(reduced[self.p, self.p] - right @ coefficients)
        return _Solved(coefficients, information, squares, log_determinant)

    def _eliminated(self, ratios: Values) -> tuple[Values, float]:
        """Return the products of X and y with the random effects eliminated, and log |Lambda' Z'Z Lambda + I|."""
        largest = ratios[self.largest]
        scale = np.repeat(np.delete(ratios, self.largest), self.other_counts)
        diagonal = largest**2 * self.diagonal + 1
        weights = largest**2 / diagonal
        inner = self.rest - self.cross.T @ (weights[:, None] * self.cross)
        lower = np.linalg.cholesky(scale[:, None] * inner * scale + np.eye(len(scale)))
        right = scale[:, None] * (self.across_others - self.cross.T @ (weights[:, None] * self.across_largest))
        half = solve_triangular(lower, right, lower=True, check_finite=False)
        reduced = self.products - self.across_largest.T @ (weights[:, None] * self.across_largest) - half.T @ half
        return reduced, float(np.log(diagonal).sum() + 2 * np.log(lower.diagonal()).sum())
