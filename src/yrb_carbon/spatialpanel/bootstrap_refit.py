"""Estimates of a spatial panel on many drawn outcomes together, and their influence functions.

A draw of a lag model enters its profile likelihood by three numbers only (e0'e0, e0'ed, ed'ed),
a draw of an error model by Gram matrices that are quadratic in λ; the peaks of all draws are then
found together. The draws themselves are described in `bootstrap`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .effects import calc_multipliers
from .errors import (
    BoundaryError,
    BoundaryWarning,
    ConvergenceError,
    FlatLikelihoodWarning,
    MultipleModesWarning,
    SingularInformationError,
    SpecificationError,
)
from .likelihood import EffectScheme, Maximum, calc_scan_points, maximise_profile
from .logdet import DENSE_LIMIT, EigenLogDeterminant, LogDeterminant, WeightsSpectrum
from .randomness import generator_of
from .results import SpatialPanelResults
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

if TYPE_CHECKING:
    from .model import SpatialPanel

# Numbers of one block of draws, T·N·draws: two or three such arrays stay in the processor's cache.
BLOCK_SIZE = 200_000
# Numbers of the dense matrices (draws, N, N) of one block; some six of them exist at a time.
DENSE_BLOCK_SIZE = 4_000_000
# What a draw may fail with while others do not: its likelihood has no peak that can be found.
DRAW_FAILURES = (BoundaryError, ConvergenceError, SingularInformationError)
# Safeguarded Newton steps; bisection alone would need about fifty.
NEWTON_STEPS = 100
# A step this small in the spatial parameter, which is of order one, is rounding.
STEP_TOLERANCE = 1e-14

_LAG_MODELS = frozenset({"sar", "sdm"})
_ERROR_MODELS = frozenset({"sem", "sdem"})
_LINEAR_MODELS = frozenset({"ols", "slx"})


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """What multiplies or replaces the innovations in each draw.

    Attributes
    ----------
    signs : array, shape (B, N), or None
        s_i √(N/(N-1)) of ``wild_unit``.
    periods : array of int, shape (B, T), or None
        Periods whose cross-sections ``year`` takes.
    """

    signs: Array | None
    periods: NDArray[np.int64] | None

    def __len__(self) -> int:
        chosen = self.signs if self.signs is not None else self.periods
        return 0 if chosen is None else len(chosen)

    def take(self, kept: NDArray[np.bool_]) -> DrawPlan:
        """The plan of some of the draws."""
        return DrawPlan(
            signs=None if self.signs is None else self.signs[kept],
            periods=None if self.periods is None else self.periods[kept],
        )

    def innovations(self, residuals: Array, rows: slice) -> Array:
        """e* of some draws, shape (T, N, b); residuals (T, N)."""
        if self.signs is not None:
            return residuals[:, :, None] * self.signs[rows].T[None, :, :]
        assert self.periods is not None
        n_periods = residuals.shape[0]
        scaled = residuals * np.sqrt(n_periods / (n_periods - 1.0))
        return np.ascontiguousarray(np.moveaxis(scaled[self.periods[rows]], 0, 2))


def draw_multipliers(
    draws: int, n_units: int, distribution: str, seed: int | np.random.SeedSequence
) -> Array:
    """Random multipliers of mean 0 and variance 1.

    Parameters
    ----------
    draws, n_units : int
    distribution : {"rademacher", "webb", "mammen"}
    seed : int or SeedSequence

    Returns
    -------
    array, shape (draws, n_units), dimensionless.
    """
    rng = generator_of(seed)
    if distribution == "rademacher":
        signs: Array = 2.0 * rng.integers(0, 2, size=(draws, n_units)).astype(np.float64) - 1.0
        return signs
    if distribution == "webb":
        points = np.sqrt(np.array([0.5, 1.0, 1.5]))
        drawn: Array = np.concatenate([-points, points])[rng.integers(0, 6, size=(draws, n_units))]
        return drawn
    root = np.sqrt(5.0)
    low = rng.random((draws, n_units)) < (root + 1.0) / (2.0 * root)
    mammen: Array = np.where(low, (1.0 - root) / 2.0, (1.0 + root) / 2.0)
    return mammen


def draw_plan(
    results: SpatialPanelResults,
    draws: int,
    seed: int | np.random.SeedSequence,
    scheme: str,
    distribution: str,
) -> DrawPlan:
    """Random signs of units, or random periods, for every draw."""
    n_units, n_periods = results.n_units, results.n_periods
    if scheme == "year":
        chosen = generator_of(seed).integers(0, n_periods, size=(draws, n_periods))
        return DrawPlan(signs=None, periods=chosen)
    signs = draw_multipliers(draws, n_units, distribution, seed)
    return DrawPlan(signs=signs * np.sqrt(n_units / (n_units - 1.0)), periods=None)


@dataclass(frozen=True, slots=True)
class Refits:
    """Estimates of all draws.

    Attributes
    ----------
    values : array, shape (B, P)
        In the order of the parameters of the fit.
        NaN for draws that failed.
    at_boundary : array of bool, shape (B,)
    failed : array of bool, shape (B,)
        Draws that raised one of `DRAW_FAILURES`.
    reason : str
        What the first of them said.
    """

    values: Array
    at_boundary: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    reason: str = ""

    @classmethod
    def regular(cls, values: Array) -> Refits:
        """Estimates that are neither at the boundary nor failed."""
        no = np.zeros(len(values), dtype=np.bool_)
        return cls(values, at_boundary=no, failed=no)

    @classmethod
    def join(cls, parts: Sequence[Refits]) -> Refits:
        """The draws of several parts, in their order."""
        return cls(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.at_boundary for part in parts]),
            np.concatenate([part.failed for part in parts]),
            next((part.reason for part in parts if part.reason), ""),
        )


def refit(results: SpatialPanelResults, plan: DrawPlan) -> Refits:
    """Estimate the model of ``results`` on every draw of a plan.

    Closed form without a spatial parameter; together for one spatial parameter; one fit after the
    other for the rest: two spatial parameters, bias-corrected estimates, and errors with period
    dummies where the rows of W have different sums, because the dummies then change with λ.
    """
    if not estimated_together(results):
        return _refit_singly(results, plan)
    moments = Moments.join([_draw_moments(results, plan, rows) for rows in _blocks(results, plan)])
    return calc_estimates(results, moments)


def calc_estimates(results: SpatialPanelResults, moments: Moments) -> Refits:
    """Estimates of draws of the model of ``results`` from the moments of the draws.

    Parameters
    ----------
    results : SpatialPanelResults
        With the model, the log-determinant and the number of observations.
    moments : Moments
        Of B draws.

    Returns
    -------
    Refits
    """
    if moments.profile is None:
        values = np.hstack([moments.base, moments.sums[:, None] / results.n_effective])
        return Refits.regular(values)
    peaks = _find_peaks(moments.profile, results)
    everyone = np.arange(len(moments.base))
    sums = moments.profile.evaluate(peaks.location, everyone)[0]
    if isinstance(moments.profile, ErrorProfile):
        rotated = moments.profile.coefficients(peaks.location, everyone)
        _, r = _regressor_basis(results)
        delta = moments.base + linalg.solve_triangular(r, rotated.T, check_finite=False).T
    else:
        delta = moments.base - peaks.location[:, None] * moments.lag_base
    columns = [delta, peaks.location[:, None], sums[:, None] / results.n_effective]
    values = np.hstack(columns)
    values[peaks.failed] = np.nan
    return Refits(values, peaks.at_boundary, peaks.failed, peaks.reason)


def estimated_together(results: SpatialPanelResults) -> bool:
    """Whether the draws of a fit have a common profile form, see `refit`."""
    specification = results.specification
    varying_dummies = (
        specification.model in _ERROR_MODELS
        and specification.scheme.time_effects
        and results.error_spectrum.row_sum is None
    )
    known = specification.model in _LAG_MODELS | _ERROR_MODELS | _LINEAR_MODELS
    return known and not varying_dummies and specification.estimator != "direct_bc"


def filter_weights(results: SpatialPanelResults) -> tuple[SparseMatrix, WeightsSpectrum]:
    """Weights, with spectrum, of the one spatial parameter."""
    arrays = results.arrays
    if results.specification.model in _ERROR_MODELS and arrays.error_weights is not None:
        return arrays.error_weights, results.error_spectrum
    return arrays.weights, results.spectrum


@dataclass(frozen=True, slots=True)
class Moments:
    """What the likelihoods of some draws need.

    Attributes
    ----------
    base, lag_base : array, shape (b, K)
        Least squares coefficients of y* and of Wy* (lag models) on Z.
    sums : array, shape (b,)
        Residual sum of squares without a spatial parameter.
    profile : LagProfile, ErrorProfile or None
    """

    base: Array
    lag_base: Array
    sums: Array
    profile: LagProfile | ErrorProfile | None

    @classmethod
    def join(cls, blocks: Sequence[Moments]) -> Moments:
        """The draws of several blocks, in their order."""
        profiles = [block.profile for block in blocks]
        joined: LagProfile | ErrorProfile | None = None
        lag = [profile for profile in profiles if isinstance(profile, LagProfile)]
        error = [profile for profile in profiles if isinstance(profile, ErrorProfile)]
        if lag:
            joined = LagProfile(
                *(np.concatenate([getattr(p, name) for p in lag]) for name in ("a", "b", "c"))
            )
        elif error:
            joined = ErrorProfile(
                yy=np.concatenate([profile.yy for profile in error], axis=1),
                zy=np.concatenate([profile.zy for profile in error], axis=1),
                zz=error[0].zz,
                c=error[0].c,
            )
        return cls(
            base=np.concatenate([block.base for block in blocks]),
            lag_base=np.concatenate([block.lag_base for block in blocks]),
            sums=np.concatenate([block.sums for block in blocks]),
            profile=joined,
        )


def _blocks(
    results: SpatialPanelResults, plan: DrawPlan, *, dense: bool = False
) -> Iterator[slice]:
    size = BLOCK_SIZE // results.nobs
    if dense:
        size = min(size, DENSE_BLOCK_SIZE // results.n_units**2)
    size = max(1, size)
    for start in range(0, len(plan), size):
        yield slice(start, min(start + size, len(plan)))


def _regressor_basis(results: SpatialPanelResults) -> tuple[Array, Array]:
    """QR of the regressors without the effects."""
    z = stack(remove_effects(results.arrays.z, results.specification.scheme))
    q, r = linalg.qr(z, mode="economic", check_finite=False)
    return q, r


def _draw_moments(results: SpatialPanelResults, plan: DrawPlan, rows: slice) -> Moments:
    arrays, scheme = results.arrays, results.specification.scheme
    weights, _ = filter_weights(results)
    inverse, residuals = InverseFilter.of(results), results.estimate.residuals
    mean = arrays.y - inverse.apply(residuals[:, :, None])[:, :, 0]
    drawn = inverse.apply(plan.innovations(residuals, rows))

    def project(mean_part: Array, drawn_part: Array) -> Array:
        return stack(
            remove_effects(mean_part, scheme)[:, :, None] + remove_effects(drawn_part, scheme)
        )

    outcome, lagged = project(mean, drawn), None
    if results.specification.model not in _LINEAR_MODELS:
        lagged = project(spatial_lag(weights, mean), spatial_lag(weights, drawn))
    return calc_moments(results, outcome, lagged)


def calc_moments(results: SpatialPanelResults, outcome: Array, lagged: Array | None) -> Moments:
    """Moments of drawn outcomes, the regressors being those of the fit.

    Parameters
    ----------
    results : SpatialPanelResults
        Of a model that is `estimated_together`.
    outcome : array, shape (T·N, b)
        y* of the draws without the fixed effects, time-major.
    lagged : array, shape (T·N, b), or None
        Wy* (My* in error models), in the same way; None without a spatial parameter.

    Returns
    -------
    Moments
    """
    q, r = _regressor_basis(results)
    base, e0 = _regress(q, r, outcome)
    moments = Moments(base.T, np.zeros_like(base.T), np.einsum("nb,nb->b", e0, e0), None)
    if lagged is None:
        return moments
    if results.specification.model in _LAG_MODELS:
        lag_base, ed = _regress(q, r, lagged)
        return replace(moments, lag_base=lag_base.T, profile=LagProfile.of(e0, ed))
    # The filter acts on y - Zb, b the least squares coefficients of the draw: what is left is
    # small and orthogonal to Z at λ = 0.
    weights, spectrum = filter_weights(results)
    lagged_z = stack(
        remove_effects(spatial_lag(weights, results.arrays.z), results.specification.scheme)
    )
    rotated = linalg.solve_triangular(r, lagged_z.T, trans="T", check_finite=False).T
    profile = ErrorProfile.of(e0, lagged - lagged_z @ base, q, rotated, 1.0 / spectrum.upper)
    return replace(moments, profile=profile)


def _regress(q: Array, r: Array, targets: Array) -> tuple[Array, Array]:
    """Coefficients (K, b) and residuals (n, b) of ``targets`` (n, b) on QR."""
    loadings = q.T @ targets
    coefficients: Array = linalg.solve_triangular(r, loadings, check_finite=False)
    return coefficients, targets - q @ loadings


def remove_effects(values: Array, scheme: EffectScheme) -> Array:
    """Values (T, N, ...) without the fixed effects that a scheme has."""
    return within_transform(
        values, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    )


@dataclass(frozen=True, slots=True)
class InverseFilter:
    """(I - ρW)⁻¹ for arrays (T, N, b): by the dense inverse for small N, by sparse LU otherwise."""

    weights: SparseMatrix
    parameter: float
    dense: Array | None

    @classmethod
    def of(cls, results: SpatialPanelResults) -> InverseFilter:
        """That of the one spatial parameter of a fit."""
        weights, spectrum = filter_weights(results)
        # One of the two is zero in every model that comes here.
        return cls._at(weights, spectrum, results.rho or results.lam)

    @classmethod
    def of_lag(cls, results: SpatialPanelResults) -> InverseFilter:
        """(I - ρ̂W)⁻¹ of a fit."""
        return cls._at(results.arrays.weights, results.spectrum, results.rho)

    @classmethod
    def of_error(cls, results: SpatialPanelResults) -> InverseFilter:
        """(I - λ̂M)⁻¹ of a fit."""
        weights = results.arrays.error_weights
        return cls._at(
            results.arrays.weights if weights is None else weights,
            results.error_spectrum,
            results.lam,
        )

    @classmethod
    def _at(
        cls, weights: SparseMatrix, spectrum: WeightsSpectrum, parameter: float
    ) -> InverseFilter:
        if spectrum.eigenvalues is None or parameter == 0.0:
            return cls(weights, parameter, None)
        filter_matrix = np.eye(weights.shape[0]) - parameter * weights.toarray()
        return cls(weights, parameter, linalg.inv(filter_matrix, check_finite=False))

    def apply(self, values: Array) -> Array:
        """Inverse times every cross-section of ``values``."""
        if self.dense is not None:
            product: Array = np.matmul(self.dense, values)
            return product
        filtered = apply_inverse_filter(self.weights, self.parameter, np.moveaxis(values, 1, 2))
        return np.ascontiguousarray(np.moveaxis(filtered, 2, 1))


def _refit_singly(results: SpatialPanelResults, plan: DrawPlan) -> Refits:
    from .model import SpatialPanel

    panel = SpatialPanel.from_results(results)

    def drawn_panels() -> Iterator[SpatialPanel]:
        for rows in _blocks(results, plan):
            innovations = plan.innovations(results.estimate.residuals, rows)
            for outcome in results.simulate(np.moveaxis(innovations, 2, 0)):
                yield panel.with_dependent(outcome)

    return fit_panels(drawn_panels(), results.specification.estimator)


def fit_panels(panels: Iterable[SpatialPanel], estimator: str) -> Refits:
    """Estimates of panels of one form, one after the other.

    Parameters
    ----------
    panels : iterable of SpatialPanel, at least one
        With the same parameters.
    estimator : str
        As of `SpatialPanel.fit`.

    Returns
    -------
    Refits
    """
    values, boundary, reason = [], [], ""
    for panel in panels:
        n_params = len(panel.arrays.names) + len(panel.spatial_names) + 1
        with warnings.catch_warnings():
            # At the boundary: counted, and reported once for all draws. The others are about
            # the shape of the likelihood of one draw.
            for category in (BoundaryWarning, FlatLikelihoodWarning, MultipleModesWarning):
                warnings.simplefilter("ignore", category)
            try:
                drawn = panel.fit(estimator)  # type: ignore[arg-type]
            except DRAW_FAILURES as error:
                values.append(np.full(n_params, np.nan))
                boundary.append(False)
                reason = reason or str(error)
                continue
        values.append(drawn.params.to_numpy())
        boundary.append(drawn.at_boundary)
    table = np.stack(values)
    return Refits(table, np.array(boundary), np.isnan(table[:, -1]), reason)


class Profile(Protocol):
    """Sum of squares of many draws as a function of the spatial parameter of each."""

    def evaluate(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """f, f' and f'' of the draws ``rows`` at ``spatial``, each of shape (len(rows),)."""


@dataclass(frozen=True, slots=True)
class LagProfile:
    """f(ρ) = (e0 - ρ ed)'(e0 - ρ ed) = a - 2bρ + cρ².

    Attributes
    ----------
    a, b, c : array, shape (B,)
        e0'e0, e0'ed, ed'ed.
    """

    a: Array
    b: Array
    c: Array

    @classmethod
    def of(cls, e0: Array, ed: Array) -> LagProfile:
        """From the residuals of y and Wy on Z, each (n, B)."""
        return cls(
            np.einsum("nb,nb->b", e0, e0),
            np.einsum("nb,nb->b", e0, ed),
            np.einsum("nb,nb->b", ed, ed),
        )

    def evaluate(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """f, f' and f''."""
        a, b, c = self.a[rows], self.b[rows], self.c[rows]
        slope = c * spatial - b
        # Completing the square keeps the digits that a - 2bρ + cρ² loses when the fit is close.
        value = np.maximum(a - b * b / c, 0.0) + slope * slope / c
        return value, 2.0 * slope, 2.0 * c


@dataclass(frozen=True, slots=True)
class Quadratic:
    """a²p0 + aλ p1 + λ²p2 with a = 1 - cλ, element by element.

    I - λW = a I + λ(cI - W): where W takes a column to c times itself, such as an intercept, the
    filtered column vanishes at the edge λ = 1/c, and powers of a keep the digits that powers of λ
    would cancel there.

    Attributes
    ----------
    terms : array, shape (3, ...)
    c : float
    """

    terms: Array
    c: float

    def value(self, spatial: Array) -> Array:
        """At λ, broadcast against the terms."""
        a = 1.0 - self.c * spatial
        value: Array = a * (a * self.terms[0] + spatial * self.terms[1]) + (
            spatial**2 * self.terms[2]
        )
        return value

    def slope(self, spatial: Array) -> Array:
        """First derivative in λ."""
        a = 1.0 - self.c * spatial
        slope: Array = (
            -2.0 * self.c * a * self.terms[0]
            + (a - self.c * spatial) * self.terms[1]
            + 2.0 * spatial * self.terms[2]
        )
        return slope

    @property
    def curvature(self) -> Array:
        """Second derivative in λ, constant."""
        curvature: Array = 2.0 * (
            self.c**2 * self.terms[0] - self.c * self.terms[1] + self.terms[2]
        )
        return curvature


@dataclass(frozen=True, slots=True)
class ErrorProfile:
    """f(λ) = min over δ of |(y - λWy) - (Z - λWZ)δ|², from Gram matrices quadratic in λ.

    Attributes
    ----------
    yy : array, shape (3, B)
        `Quadratic` terms of the squared filtered outcome.
    zy : array, shape (3, B, K)
    zz : array, shape (3, K, K)
        The same for all draws.
    c : float
        1/λ at the upper edge of the interval.
    """

    yy: Array
    zy: Array
    zz: Array
    c: float

    @classmethod
    def of(cls, y: Array, lagged_y: Array, z: Array, lagged_z: Array, c: float) -> ErrorProfile:
        """From y and Wy (n, B), Z and WZ (n, K), all without the effects."""
        dy, dz = c * y - lagged_y, c * z - lagged_z
        own = np.einsum("nb,nb->b", y, y), np.einsum("nb,nb->b", dy, dy)
        return cls(
            yy=np.stack([own[0], 2.0 * np.einsum("nb,nb->b", y, dy), own[1]]),
            zy=np.stack([y.T @ z, y.T @ dz + dy.T @ z, dy.T @ dz]),
            zz=np.stack([z.T @ z, z.T @ dz + dz.T @ z, dz.T @ dz]),
            c=c,
        )

    def coefficients(self, spatial: Array, rows: NDArray[np.int64]) -> Array:
        """δ at λ, shape (len(rows), K)."""
        right = Quadratic(self.zy[:, rows], self.c).value(spatial[:, None])
        return self._solve(spatial, right)

    def evaluate(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """f, f' and f'' by the envelope theorem."""
        yy = Quadratic(self.yy[:, rows], self.c)
        zy = Quadratic(self.zy[:, rows], self.c)
        zz = Quadratic(self.zz[:, None], self.c)
        right = zy.value(spatial[:, None])
        delta = self._solve(spatial, right)
        value = yy.value(spatial) - np.einsum("bk,bk->b", right, delta)
        # Slopes in λ of the squares at given δ, and of half their gradient in δ.
        zz_slope = np.einsum("bkl,bl->bk", zz.slope(spatial[:, None, None]), delta)
        zy_slope = zy.slope(spatial[:, None])
        slope = yy.slope(spatial) + np.einsum("bk,bk->b", zz_slope - 2.0 * zy_slope, delta)
        own = (
            yy.curvature
            - 2.0 * np.einsum("bk,bk->b", zy.curvature, delta)
            + np.einsum("bk,kl,bl->b", delta, zz.curvature[0], delta)
        )
        cross = zz_slope - zy_slope
        curvature = own - 2.0 * np.einsum("bk,bk->b", cross, self._solve(spatial, cross))
        return value, slope, curvature

    def _solve(self, spatial: Array, right: Array) -> Array:
        gram = Quadratic(self.zz[:, None], self.c).value(spatial[:, None, None])
        # Columns of unit length keep the system regular where the filter shrinks one of them.
        length = np.sqrt(np.einsum("bkk->bk", gram))
        scaled = gram / (length[:, :, None] * length[:, None, :])
        solution: Array = np.linalg.solve(scaled, (right / length)[:, :, None])[:, :, 0] / length
        return solution


@dataclass(frozen=True, slots=True)
class Peaks:
    """Where the likelihoods of many draws peak.

    Attributes
    ----------
    location : array, shape (B,)
        Zero for draws that failed.
    at_boundary, failed : array of bool, shape (B,)
    reason : str
        What the first failed search said.
    """

    location: Array
    at_boundary: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    reason: str = ""


def _find_peaks(profile: Profile, results: SpatialPanelResults) -> Peaks:
    """Peaks of the likelihoods of draws of a fit's model, from their profile."""
    scheme, (_, spectrum) = results.specification.scheme, filter_weights(results)
    logdet = spectrum.deflated if scheme.deflated else spectrum.full
    assert logdet is not None
    count = _n_draws(profile)
    return maximise_draws(
        profile,
        count,
        logdet,
        (spectrum.lower, spectrum.upper),
        results.n_effective,
        scheme.jacobian_periods(results.n_periods),
    )


def _n_draws(profile: Profile) -> int:
    if isinstance(profile, LagProfile):
        return int(profile.a.size)
    assert isinstance(profile, ErrorProfile)
    return int(profile.yy.shape[1])


@dataclass(frozen=True, slots=True)
class _Likelihoods:
    """-(n/2) ln f_b(ρ) of many draws b, without the log-determinant."""

    profile: Profile
    n_effective: int

    def value(self, spatial: Array, rows: NDArray[np.int64]) -> Array:
        value: Array = -0.5 * self.n_effective * np.log(self.profile.evaluate(spatial, rows)[0])
        return value

    def slopes(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        """First and second derivative."""
        value, slope, curvature = self.profile.evaluate(spatial, rows)
        ratio = slope / value
        factor = -0.5 * self.n_effective
        return factor * ratio, factor * (curvature / value - ratio**2)


def maximise_draws(
    profile: Profile,
    draws: int,
    logdet: LogDeterminant,
    interval: tuple[float, float],
    n_effective: int,
    jacobian_periods: int,
) -> Peaks:
    """Highest peaks of -(n/2) ln f_b(ρ) + J ln|I - ρW| for many draws b together.

    The function is evaluated at the Chebyshev points of `likelihood.maximise` to bracket the
    highest peak of every draw; Newton steps, replaced by bisection where they leave the bracket,
    then find the root of the exact score. A draw without a bracket goes to
    `likelihood.maximise_profile` by itself, and so does one near the edge where the log-determinant
    is cheap on a bracket only.

    Parameters
    ----------
    profile : Profile
    draws : int
    logdet : LogDeterminant
    interval : (float, float)
    n_effective, jacobian_periods : int
        n and J.

    Returns
    -------
    Peaks
    """
    likelihoods = _Likelihoods(profile, n_effective)
    everyone = np.arange(draws)
    points = calc_scan_points(interval)
    rough = logdet.rough()
    heights = np.stack(
        [
            likelihoods.value(np.full(draws, point), everyone)
            + jacobian_periods * rough.value(float(point))
            for point in points
        ],
        axis=1,
    )
    best, last = heights.argmax(axis=1), points.size - 1
    at_edge = (best == 0) | (best == last)
    cheap = isinstance(logdet, EigenLogDeterminant)
    together = everyone if cheap else np.flatnonzero(~at_edge)
    location, at_boundary = np.empty(draws), np.zeros(draws, dtype=np.bool_)
    found = np.zeros(draws, dtype=np.bool_)
    if together.size:
        left = points[np.maximum(best[together] - 1, 0)]
        right = points[np.minimum(best[together] + 1, last)]
        score = _Scores(
            likelihoods,
            _trace_function(logdet, float(left.min()), float(right.max())),
            jacobian_periods,
        )
        rising, falling = score(left, together)[0] > 0.0, score(right, together)[0] < 0.0
        below = (best[together] == 0) & ~rising
        above = (best[together] == last) & ~falling
        location[together] = np.where(below, interval[0], interval[1])
        at_boundary[together] = below | above
        found[together] = below | above
        inside = np.flatnonzero(rising & falling)
        roots, converged = _find_roots(
            score, together[inside], left[inside], right[inside], points[best[together[inside]]]
        )
        location[together[inside]] = roots
        found[together[inside]] = converged
    failed, reason = np.zeros(draws, dtype=np.bool_), ""
    for row in np.flatnonzero(~found):
        try:
            peak = _maximise_singly(likelihoods, int(row), logdet, interval, jacobian_periods)
        except DRAW_FAILURES as error:
            location[row], failed[row] = 0.0, True
            reason = reason or str(error)
            continue
        location[row], at_boundary[row] = peak.location, peak.at_boundary
    return Peaks(location, at_boundary, failed, reason)


def _maximise_singly(
    likelihoods: _Likelihoods,
    row: int,
    logdet: LogDeterminant,
    interval: tuple[float, float],
    jacobian_periods: int,
) -> Maximum:
    rows = np.array([row])

    def value(spatial: float) -> float:
        return float(likelihoods.value(np.array([spatial]), rows)[0])

    def score(spatial: float) -> float:
        return float(likelihoods.slopes(np.array([spatial]), rows)[0][0])

    return maximise_profile(value, score, logdet, jacobian_periods, interval)


@dataclass(frozen=True, slots=True)
class _Scores:
    """First and second derivative of the log-likelihoods of many draws."""

    likelihoods: _Likelihoods
    traces: Callable[[Array], tuple[Array, Array]]
    jacobian_periods: int

    def __call__(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        first, second = self.likelihoods.slopes(spatial, rows)
        trace_g, trace_gg = self.traces(spatial)
        return first - self.jacobian_periods * trace_g, second - self.jacobian_periods * trace_gg


def _find_roots(
    scores: _Scores, rows: NDArray[np.int64], left: Array, right: Array, start: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Roots of the scores between ``left`` (score > 0) and ``right`` (score < 0)."""
    left, right, location = left.copy(), right.copy(), start.copy()
    converged = np.zeros(rows.size, dtype=np.bool_)
    for _ in range(NEWTON_STEPS):
        active = np.flatnonzero(~converged)
        if active.size == 0:
            break
        at = location[active]
        score, change = scores(at, rows[active])
        rising = score > 0.0
        left[active] = np.where(rising, at, left[active])
        right[active] = np.where(rising, right[active], at)
        newton = at - score / np.where(change < 0.0, change, -1.0)
        usable = (change < 0.0) & (newton >= left[active]) & (newton <= right[active])
        following = np.where(usable, newton, 0.5 * (left[active] + right[active]))
        location[active] = following
        converged[active] = np.abs(following - at) <= STEP_TOLERANCE * np.maximum(1.0, np.abs(at))
    return location, converged


def _trace_function(
    logdet: LogDeterminant, lower: float, upper: float
) -> Callable[[Array], tuple[Array, Array]]:
    """tr(G) and tr(GG) at many values between ``lower`` and ``upper``."""
    if isinstance(logdet, EigenLogDeterminant):
        eigenvalues = logdet.eigenvalues

        def by_eigenvalues(spatial: Array) -> tuple[Array, Array]:
            ratios = eigenvalues[None, :] / (1.0 - spatial[:, None] * eigenvalues[None, :])
            return ratios.sum(axis=1).real, (ratios * ratios).sum(axis=1).real

        return by_eigenvalues
    near = logdet.near(lower, upper)

    def by_interpolation(spatial: Array) -> tuple[Array, Array]:
        return (
            np.array([near.trace_g(float(value)) for value in spatial]),
            np.array([near.trace_gg(float(value)) for value in spatial]),
        )

    return by_interpolation


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Serially robust standard errors of many draws, for studentised intervals.

    Attributes
    ----------
    params : array, shape (B, P)
        Of the parameters.
    effects : array, shape (B, 3K)
        Of direct, indirect and total effects, regressor-major; NaN for draws at the boundary.
    """

    params: Array
    effects: Array


def draw_standard_errors(
    results: SpatialPanelResults, plan: DrawPlan, refits: Refits
) -> StandardErrors:
    """Standard errors clustered by unit of the estimates on every draw of a plan.

    The score of ρ (λ) is linear and quadratic in the innovations e. With C the matrix
    G - tr(G)/N of the profiled score, h = (Wy)~ - Ge and z̃ the regressors, unit i contributes

        ψ_i = (Σ_t z̃_it e_it,  Σ_t h_it e_it + C_ii (e_i'e_i - mean)),

    and every pair of units a quadratic term that is uncorrelated with all others, with variance
    (C_ij + C_ji)² E(e_i'e_j)². Errors may be correlated in any way within units; between units they
    are independent. The bread is the observed Hessian with σ² concentrated out; N/(N-1) as factor.
    (Kelejian & Prucha 2001, J. Econometrics 104:219-257, for linear-quadratic forms.)

    Raises
    ------
    SpecificationError
        If the draws are not estimated together, or there are more than `logdet.DENSE_LIMIT` units.
    """
    if not estimated_together(results):
        raise SpecificationError(
            "studentised intervals exist for one spatial parameter at most and estimators "
            f"'transform' and 'direct', not for {results!r}; use another kind of interval"
        )
    if results.n_units > DENSE_LIMIT:
        raise SpecificationError(
            f"studentised intervals need dense matrices of {results.n_units} x {results.n_units} "
            f"for every draw; the limit is {DENSE_LIMIT} units. Use another kind of interval"
        )
    blocks = [
        _block_standard_errors(results, plan, refits, rows)
        for rows in _blocks(results, plan, dense=True)
    ]
    errors = StandardErrors(
        params=np.concatenate([block.params for block in blocks]),
        effects=np.concatenate([block.effects for block in blocks]),
    )
    errors.effects[refits.at_boundary] = np.nan
    return errors


def _block_standard_errors(
    results: SpatialPanelResults, plan: DrawPlan, refits: Refits, rows: slice
) -> StandardErrors:
    values = refits.values[rows]
    influence = calc_influence(results, plan, values, rows)
    gradients = _effect_gradients(results, values)
    on_effects = np.matmul(influence[:, :, : gradients.shape[2]], np.swapaxes(gradients, 1, 2))
    return StandardErrors(
        params=np.sqrt((influence**2).sum(axis=1)),
        effects=np.sqrt((on_effects**2).sum(axis=1)),
    )


def calc_influence(
    results: SpatialPanelResults, plan: DrawPlan, values: Array, rows: slice
) -> Array:
    """Influence of every unit, and of all pairs of units together, on the estimates of draws.

    Parameters
    ----------
    results : SpatialPanelResults
    plan : DrawPlan
    values : array, shape (b, P)
        Estimates of the draws ``rows``.
    rows : slice

    Returns
    -------
    array, shape (b, N+1, P); the last row stands for the pairs. The covariance of a draw is the
    sum of outer products over axis 1.
    """
    n_units = results.n_units
    size = results.estimate.delta.size
    e, slope = _innovations(results, plan, values, rows)
    z = _filtered_regressors(results, values)
    products = np.matmul(np.swapaxes(e, 1, 2), e)
    squares = np.einsum("bii->bi", products)
    deviations = squares - squares.mean(axis=1, keepdims=True)
    spatial = results.specification.model not in _LINEAR_MODELS
    scores = np.zeros((len(values), n_units + 1, size + (1 if spatial else 0)))
    scores[:, :n_units, :size] = np.einsum("btnk,btn->bnk", z, e, optimize=True)
    hessian = np.zeros((len(values), scores.shape[2], scores.shape[2]))
    flat = z.reshape(len(z), -1, size)
    hessian[:, :size, :size] = np.matmul(np.swapaxes(flat, 1, 2), flat)
    gain = np.zeros(len(values))
    if spatial:
        g, centred = _quadratic_forms(results, values[:, size])
        own = np.einsum("bii->bi", centred)
        linear = slope - _within_draws(np.matmul(e, np.swapaxes(g, 1, 2)), results)
        scores[:, :n_units, size] = np.einsum("btn,btn->bn", linear, e) + own * deviations
        pairs = (centred + np.swapaxes(centred, 1, 2)) * products
        variance = 0.5 * ((pairs**2).sum(axis=(1, 2)) - 4.0 * ((own * squares) ** 2).sum(axis=1))
        scores[:, n_units, size] = np.sqrt(np.maximum(variance, 0.0))
        gain = np.einsum("btn,btn->b", e, slope)
        if results.specification.model in _LAG_MODELS:
            cross = np.einsum("btnk,btn->bk", z, slope, optimize=True)
            hessian[:, :size, size] = hessian[:, size, :size] = cross
        periods = results.specification.scheme.jacobian_periods(results.n_periods)
        sigma2 = values[:, -1]
        hessian[:, size, size] = (
            np.einsum("btn,btn->b", slope, slope)
            - 2.0 * gain**2 / (results.n_effective * sigma2)
            + sigma2 * periods * np.einsum("bij,bji->b", g, g)
        )
    first = np.swapaxes(np.linalg.solve(hessian, np.swapaxes(scores, 1, 2)), 1, 2)
    on_sigma2 = np.zeros((len(values), n_units + 1))
    on_sigma2[:, :n_units] = deviations / results.n_effective
    if spatial:
        on_sigma2 -= 2.0 * (gain / results.n_effective)[:, None] * first[:, :, size]
    influence: Array = np.concatenate([first, on_sigma2[:, :, None]], axis=2)
    influence *= np.sqrt(n_units / (n_units - 1.0))
    return influence


def _innovations(
    results: SpatialPanelResults, plan: DrawPlan, values: Array, rows: slice
) -> tuple[Array, Array]:
    """e of every draw, and minus its derivative in the spatial parameter, (b, T, N) both."""
    arrays, scheme = results.arrays, results.specification.scheme
    weights, _ = filter_weights(results)
    size, residuals = results.estimate.delta.size, results.estimate.residuals
    inverse = InverseFilter.of(results)
    outcome = (
        arrays.y[:, :, None]
        - inverse.apply(residuals[:, :, None])
        + inverse.apply(plan.innovations(residuals, rows))
    )
    mean = arrays.z @ values[:, :size].T
    spatial = values[:, size] if size + 2 == values.shape[1] else np.zeros(len(values))
    if results.specification.model in _LAG_MODELS:
        slope = spatial_lag(weights, outcome)
    else:
        slope = spatial_lag(weights, outcome - mean)
    e = remove_effects(outcome - mean - spatial * slope, scheme)
    return (
        np.ascontiguousarray(np.moveaxis(e, 2, 0)),
        np.ascontiguousarray(np.moveaxis(remove_effects(slope, scheme), 2, 0)),
    )


def _filtered_regressors(results: SpatialPanelResults, values: Array) -> Array:
    """z̃ of every draw, (b, T, N, K); b = 1 where all draws share them."""
    arrays, scheme = results.arrays, results.specification.scheme
    z = remove_effects(arrays.z, scheme)[None]
    if results.specification.model not in _ERROR_MODELS:
        return z
    weights, _ = filter_weights(results)
    lagged = remove_effects(spatial_lag(weights, arrays.z), scheme)[None]
    return z - values[:, arrays.z.shape[2]][:, None, None, None] * lagged


def _quadratic_forms(results: SpatialPanelResults, spatial: Array) -> tuple[Array, Array]:
    """G and C = G - tr(G)/N (deflated: JGJ and JGJ - tr/(N-1) J) of every draw, (b, N, N)."""
    weights, _ = filter_weights(results)
    scheme = results.specification.scheme
    dense, identity = weights.toarray(), np.eye(weights.shape[0])
    unit = identity
    if scheme.deflated:
        dense = dense - dense.mean(axis=0)
        unit = identity - 1.0 / len(identity)
    filters = identity - spatial[:, None, None] * dense
    g = np.linalg.solve(filters, np.broadcast_to(dense, filters.shape))
    share = np.einsum("bii->b", g) / scheme.effective_units(len(identity))
    return g, g - share[:, None, None] * unit


def _within_draws(values: Array, results: SpatialPanelResults) -> Array:
    """Effects removed from (b, T, N)."""
    projected = remove_effects(np.moveaxis(values, 0, 2), results.specification.scheme)
    first: Array = np.moveaxis(projected, 2, 0)
    return first


def _effect_gradients(results: SpatialPanelResults, values: Array) -> Array:
    """Derivatives of the effects in (δ, ρ) at every draw, shape (b, 3K, K_δ or K_δ + 1)."""
    arrays = results.arrays
    size = results.estimate.delta.size
    lag = results.specification.model in _LAG_MODELS
    rho = values[:, size] if lag else np.zeros(len(values))
    multipliers = calc_multipliers(rho, arrays.weights, results.spectrum)
    gradients = np.zeros((len(values), 3 * len(arrays.variables), size + (1 if lag else 0)))
    for k, (own, lagged) in enumerate(
        zip(arrays.beta_positions, arrays.theta_positions, strict=True)
    ):
        theta = values[:, lagged] if lagged >= 0 else np.zeros(len(values))
        passed_on = rho * values[:, own] + theta
        for row, value, slope in (
            (3 * k, multipliers.g, multipliers.g_slope),
            (3 * k + 2, multipliers.s, multipliers.s_slope),
        ):
            gradients[:, row, own] = 1.0 + rho * value
            if lagged >= 0:
                gradients[:, row, lagged] = value
            if lag:
                gradients[:, row, size] = values[:, own] * value + passed_on * slope
        gradients[:, 3 * k + 1] = gradients[:, 3 * k + 2] - gradients[:, 3 * k]
    return gradients
