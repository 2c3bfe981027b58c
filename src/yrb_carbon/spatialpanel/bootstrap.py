"""Bootstrap of a spatial panel through its reduced form, all draws estimated at once.

Units and periods are never resampled as observations: that would destroy the weights. Innovations
are, and every draw of them goes through the reduced form of the fitted model (λ in error models):

    y* = (y - (I - ρ̂W)⁻¹e) + (I - ρ̂W)⁻¹e*,    regressors and weights fixed.

``wild_unit``: e*_it = s_i e_it √(N/(N-1)), one random sign s_i per unit over all periods. It keeps
the serial dependence within units, of whatever form, and the variance of every unit; it assumes
innovations that are independent between units. ``year``: whole cross-sections e_t drawn with
replacement, times √(T/(T-1)). It keeps the dependence between units and assumes innovations that
are independent over time. (Cameron, Gelbach & Miller 2008, Review of Economics and Statistics
90:414-427; Kapetanios 2008, Econometrics Journal 11:377-408.)

A draw of a lag model enters its profile likelihood by three numbers only (e0'e0, e0'ed, ed'ed),
a draw of an error model by Gram matrices that are quadratic in λ; the peaks of all draws are then
found together.
"""

from __future__ import annotations

import html
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, special

from .effects import calc_effects, calc_multipliers
from .errors import BoundaryError, BoundaryWarning, SpecificationError
from .likelihood import EDGE, SCAN_POINTS, EffectScheme, maximise
from .logdet import EigenLogDeterminant, LogDeterminant
from .results import (
    DEFAULT_LEVEL,
    EFFECTS,
    TIDY_COLUMNS,
    EffectsResults,
    SpatialPanelResults,
    normal_quantile,
)
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

Scheme = Literal["wild_unit", "year"]
Distribution = Literal["rademacher", "webb", "mammen"]
IntervalKind = Literal["percentile", "basic", "normal", "bias_corrected"]

# Numbers of one block of draws, T·N·draws: two or three such arrays stay in the processor's cache.
BLOCK_SIZE = 200_000
# Safeguarded Newton steps; bisection alone would need about fifty.
NEWTON_STEPS = 100
# A step this small in the spatial parameter, which is of order one, is rounding.
STEP_TOLERANCE = 1e-14
# Degree at which a Chebyshev series of tr(G) over the range of the peaks is exact to rounding
# unless the peaks come close to the edge; used for large N only.
TRACE_DEGREE = 24

_LAG_MODELS = frozenset({"sar", "sdm"})
_ERROR_MODELS = frozenset({"sem", "sdem"})
_LINEAR_MODELS = frozenset({"ols", "slx"})


def bootstrap(
    results: SpatialPanelResults,
    draws: int = 999,
    seed: int | np.random.SeedSequence = 0,
    scheme: Scheme = "wild_unit",
    distribution: Distribution = "rademacher",
) -> BootstrapResults:
    """Re-estimate a fitted model on outcomes drawn from its reduced form.

    Parameters
    ----------
    results : SpatialPanelResults
        By any estimator; every draw is estimated by the same one.
    draws : int
        B, at least 2; 999 for intervals of 95 %.
    seed : int or SeedSequence
        The draws depend on nothing but the seed and the sorted order of units and periods.
    scheme : {"wild_unit", "year"}
        See the module.
    distribution : {"rademacher", "webb", "mammen"}
        Of the random signs of ``wild_unit``: ±1; six points (Webb 2023, Canadian J. of Economics
        56:839-858), for fewer than about twelve units; two asymmetric points (Mammen 1993, Annals
        of Statistics 21:255-285).

    Returns
    -------
    BootstrapResults

    Warns
    -----
    BoundaryWarning
        If the likelihood of a draw peaks at or beyond the edge of the admissible interval. Such
        draws are counted and stay in the draws of the parameters at the edge; they have no effects.

    Raises
    ------
    BoundaryError
        If the fit itself is at the boundary.
    SpecificationError
        For an unknown scheme or distribution or fewer than two draws.
    """
    _check_choice("scheme", scheme, get_args(Scheme))
    _check_choice("distribution", distribution, get_args(Distribution))
    if draws < 2:
        raise SpecificationError(f"a bootstrap needs at least 2 draws, got {draws}")
    if results.at_boundary:
        raise BoundaryError(
            "the estimate is at the edge of the admissible interval, where the reduced form does "
            "not exist; there is nothing to draw outcomes from"
        )
    plan = _draw_plan(results, draws, seed, scheme, distribution)
    refits = refit(results, plan)
    count = int(refits.at_boundary.sum())
    if count:
        warnings.warn(
            f"the likelihood of {count} of {draws} draws peaks at or beyond the edge of the "
            "admissible interval; their spatial parameter is the edge, and they have no effects",
            BoundaryWarning,
            stacklevel=2,
        )
    return BootstrapResults(
        results=results,
        values=refits.values,
        at_boundary=refits.at_boundary,
        scheme=scheme,
        distribution=distribution if scheme == "wild_unit" else "",
    )


# --- random draws -------------------------------------------------------------------------------


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
    rng = np.random.default_rng(seed)
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


def _draw_plan(
    results: SpatialPanelResults,
    draws: int,
    seed: int | np.random.SeedSequence,
    scheme: str,
    distribution: str,
) -> DrawPlan:
    n_units, n_periods = results.n_units, results.n_periods
    if scheme == "year":
        chosen = np.random.default_rng(seed).integers(0, n_periods, size=(draws, n_periods))
        return DrawPlan(signs=None, periods=chosen)
    signs = draw_multipliers(draws, n_units, distribution, seed)
    return DrawPlan(signs=signs * np.sqrt(n_units / (n_units - 1.0)), periods=None)


# --- estimation of all draws --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refits:
    """Estimates of all draws.

    Attributes
    ----------
    values : array, shape (B, P)
        In the order of the parameters of the fit.
    at_boundary : array of bool, shape (B,)
    """

    values: Array
    at_boundary: NDArray[np.bool_]


def refit(results: SpatialPanelResults, plan: DrawPlan) -> Refits:
    """Estimate the model of ``results`` on every draw of a plan.

    Closed form without a spatial parameter; together for one spatial parameter; one fit after the
    other for the rest (bias-corrected estimates; errors with period dummies where the rows of W
    have different sums, because the dummies then change with λ).
    """
    model = results.specification.model
    scheme = results.specification.scheme
    varying_dummies = (
        model in _ERROR_MODELS and scheme.time_effects and results.spectrum.row_sum is None
    )
    together = model in _LAG_MODELS | _ERROR_MODELS | _LINEAR_MODELS
    if results.specification.estimator == "direct_bc" or varying_dummies or not together:
        return _refit_singly(results, plan)
    moments = _Moments.join([_draw_moments(results, plan, rows) for rows in _blocks(results, plan)])
    if moments.profile is None:
        values = np.hstack([moments.base, moments.sums[:, None] / results.n_effective])
        return Refits(values, np.zeros(len(plan), dtype=np.bool_))
    peaks = _maximise(moments.profile, results)
    everyone = np.arange(len(plan))
    sums = moments.profile.evaluate(peaks.location, everyone)[0]
    if isinstance(moments.profile, ErrorProfile):
        rotated = moments.profile.coefficients(peaks.location, everyone)
        _, r = _regressor_basis(results)
        delta = moments.base + linalg.solve_triangular(r, rotated.T, check_finite=False).T
    else:
        delta = moments.base - peaks.location[:, None] * moments.lag_base
    columns = [delta, peaks.location[:, None], sums[:, None] / results.n_effective]
    return Refits(np.hstack(columns), peaks.at_boundary)


@dataclass(frozen=True, slots=True)
class _Moments:
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
    def join(cls, blocks: Sequence[_Moments]) -> _Moments:
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
            )
        return cls(
            base=np.concatenate([block.base for block in blocks]),
            lag_base=np.concatenate([block.lag_base for block in blocks]),
            sums=np.concatenate([block.sums for block in blocks]),
            profile=joined,
        )


def _blocks(results: SpatialPanelResults, plan: DrawPlan) -> Iterator[slice]:
    size = max(1, BLOCK_SIZE // results.nobs)
    for start in range(0, len(plan), size):
        yield slice(start, min(start + size, len(plan)))


def _regressor_basis(results: SpatialPanelResults) -> tuple[Array, Array]:
    """QR of the regressors without the effects."""
    z = stack(_within(results.arrays.z, results.specification.scheme))
    q, r = linalg.qr(z, mode="economic", check_finite=False)
    return q, r


def _draw_moments(results: SpatialPanelResults, plan: DrawPlan, rows: slice) -> _Moments:
    arrays, scheme = results.arrays, results.specification.scheme
    model, residuals = results.specification.model, results.estimate.residuals
    inverse = _InverseFilter.of(results)
    mean = arrays.y - inverse.apply(residuals[:, :, None])[:, :, 0]
    drawn = inverse.apply(plan.innovations(residuals, rows))
    q, r = _regressor_basis(results)

    def project(mean_part: Array, drawn_part: Array) -> Array:
        return stack(_within(mean_part, scheme)[:, :, None] + _within(drawn_part, scheme))

    base, e0 = _regress(q, r, project(mean, drawn))
    moments = _Moments(base.T, np.zeros_like(base.T), np.einsum("nb,nb->b", e0, e0), None)
    if model in _LINEAR_MODELS:
        return moments
    lagged = project(spatial_lag(arrays.weights, mean), spatial_lag(arrays.weights, drawn))
    if model in _LAG_MODELS:
        lag_base, ed = _regress(q, r, lagged)
        return replace(moments, lag_base=lag_base.T, profile=LagProfile.of(e0, ed))
    # The filter acts on y - Zb, b the least squares coefficients of the draw: what is left is
    # small and orthogonal to Z at λ = 0.
    lagged_z = stack(_within(spatial_lag(arrays.weights, arrays.z), scheme))
    rotated = linalg.solve_triangular(r, lagged_z.T, trans="T", check_finite=False).T
    return replace(moments, profile=ErrorProfile.of(e0, lagged - lagged_z @ base, q, rotated))


def _regress(q: Array, r: Array, targets: Array) -> tuple[Array, Array]:
    """Coefficients (K, b) and residuals (n, b) of ``targets`` (n, b) on QR."""
    loadings = q.T @ targets
    coefficients: Array = linalg.solve_triangular(r, loadings, check_finite=False)
    return coefficients, targets - q @ loadings


def _within(values: Array, scheme: EffectScheme) -> Array:
    return within_transform(
        values, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    )


@dataclass(frozen=True, slots=True)
class _InverseFilter:
    """(I - ρW)⁻¹ for arrays (T, N, b): by the dense inverse for small N, by sparse LU otherwise."""

    weights: SparseMatrix
    parameter: float
    dense: Array | None

    @classmethod
    def of(cls, results: SpatialPanelResults) -> _InverseFilter:
        weights = results.arrays.weights
        # One of the two is zero in every model that comes here.
        parameter = results.rho or results.lam
        if results.spectrum.eigenvalues is None or parameter == 0.0:
            return cls(weights, parameter, None)
        filter_matrix = np.eye(weights.shape[0]) - parameter * weights.toarray()
        return cls(weights, parameter, linalg.inv(filter_matrix, check_finite=False))

    def apply(self, values: Array) -> Array:
        if self.dense is not None:
            product: Array = np.matmul(self.dense, values)
            return product
        filtered = apply_inverse_filter(self.weights, self.parameter, np.moveaxis(values, 1, 2))
        return np.ascontiguousarray(np.moveaxis(filtered, 2, 1))


def _refit_singly(results: SpatialPanelResults, plan: DrawPlan) -> Refits:
    from .model import SpatialPanel

    specification = results.specification
    panel = SpatialPanel.from_arrays(
        results.arrays,
        model=specification.model,
        entity_effects=specification.scheme.entity_effects,
        time_effects=specification.scheme.time_effects,
        spectrum=results.spectrum,
    )
    values = np.empty((len(plan), len(results.param_names)))
    at_boundary = np.zeros(len(plan), dtype=np.bool_)
    for rows in _blocks(results, plan):
        innovations = plan.innovations(results.estimate.residuals, rows)
        outcomes = results.simulate(np.moveaxis(innovations, 2, 0))
        for position, outcome in zip(range(rows.start, rows.stop), outcomes, strict=True):
            with warnings.catch_warnings():
                # Counted, and reported once for all draws.
                warnings.simplefilter("ignore", BoundaryWarning)
                drawn = panel.with_dependent(outcome).fit(specification.estimator)  # type: ignore[arg-type]
            values[position] = drawn.params.to_numpy()
            at_boundary[position] = drawn.at_boundary
    return Refits(values, at_boundary)


# --- profiles of many draws and their peaks -----------------------------------------------------


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
class ErrorProfile:
    """f(λ) = min over δ of |(y - λWy) - (Z - λWZ)δ|², from Gram matrices quadratic in λ.

    Attributes
    ----------
    yy : array, shape (3, B)
        Coefficients of 1, λ, λ² in the square of the filtered outcome.
    zy : array, shape (3, B, K)
    zz : array, shape (3, K, K)
        The same for all draws.
    """

    yy: Array
    zy: Array
    zz: Array

    @classmethod
    def of(cls, y: Array, lagged_y: Array, z: Array, lagged_z: Array) -> ErrorProfile:
        """From y and Wy (n, B), Z and WZ (n, K), all without the effects."""
        return cls(
            yy=np.stack(
                [
                    np.einsum("nb,nb->b", y, y),
                    -2.0 * np.einsum("nb,nb->b", y, lagged_y),
                    np.einsum("nb,nb->b", lagged_y, lagged_y),
                ]
            ),
            zy=np.stack(
                [
                    y.T @ z,
                    -(y.T @ lagged_z + lagged_y.T @ z),
                    lagged_y.T @ lagged_z,
                ]
            ),
            zz=np.stack([z.T @ z, -(z.T @ lagged_z + lagged_z.T @ z), lagged_z.T @ lagged_z]),
        )

    def coefficients(self, spatial: Array, rows: NDArray[np.int64]) -> Array:
        """δ at λ, shape (len(rows), K)."""
        return self._solve(spatial, _polynomial(self.zy[:, rows], spatial[:, None]))

    def evaluate(self, spatial: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """f, f' and f'' by the envelope theorem."""
        zy = self.zy[:, rows]
        delta = self._solve(spatial, _polynomial(zy, spatial[:, None]))
        matrices = spatial[:, None, None]
        value = _polynomial(self.yy[:, rows], spatial) - np.einsum(
            "bk,bk->b", _polynomial(zy, spatial[:, None]), delta
        )
        # Gradient of the squares in λ at given δ, and of their δ-gradient in λ (halved).
        zz_slope = _slope(self.zz[:, None], matrices)
        zy_slope = _slope(zy, spatial[:, None])
        slope_delta = np.einsum("bkl,bl->bk", zz_slope, delta)
        slope = _slope(self.yy[:, rows], spatial) + np.einsum(
            "bk,bk->b", slope_delta - 2.0 * zy_slope, delta
        )
        cross = slope_delta - zy_slope
        own = 2.0 * (
            self.yy[2, rows]
            - 2.0 * np.einsum("bk,bk->b", zy[2], delta)
            + np.einsum("bk,kl,bl->b", delta, self.zz[2], delta)
        )
        curvature = own - 2.0 * np.einsum("bk,bk->b", cross, self._solve(spatial, cross))
        return value, slope, curvature

    def _solve(self, spatial: Array, right: Array) -> Array:
        gram = _polynomial(self.zz[:, None], spatial[:, None, None])
        # Near the edge the filter takes an intercept towards zero; unit diagonals keep it regular.
        length = np.sqrt(np.einsum("bkk->bk", gram))
        scaled = gram / (length[:, :, None] * length[:, None, :])
        solution: Array = np.linalg.solve(scaled, (right / length)[:, :, None])[:, :, 0] / length
        return solution


def _polynomial(coefficients: Array, at: Array) -> Array:
    value: Array = coefficients[0] + at * (coefficients[1] + at * coefficients[2])
    return value


def _slope(coefficients: Array, at: Array) -> Array:
    value: Array = coefficients[1] + 2.0 * at * coefficients[2]
    return value


@dataclass(frozen=True, slots=True)
class Peaks:
    """Where the likelihoods of many draws peak.

    Attributes
    ----------
    location : array, shape (B,)
    at_boundary : array of bool, shape (B,)
    """

    location: Array
    at_boundary: NDArray[np.bool_]


def _maximise(profile: Profile, results: SpatialPanelResults) -> Peaks:
    scheme, spectrum = results.specification.scheme, results.spectrum
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


def maximise_draws(
    profile: Profile,
    draws: int,
    logdet: LogDeterminant,
    interval: tuple[float, float],
    n_effective: int,
    jacobian_periods: int,
) -> Peaks:
    """Highest peaks of -(n/2) ln f_b(ρ) + J ln|I - ρW| for many draws b together.

    The exact function is evaluated at the Chebyshev points of `likelihood.maximise` to bracket the
    highest peak of every draw; Newton steps, replaced by bisection where they leave the bracket,
    then find the root of the score. A draw whose bracket holds more than one root goes to
    `likelihood.maximise` itself.

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
    everyone = np.arange(draws)
    points = _scan_points(interval)
    heights = np.empty((draws, points.size))
    for column, point in enumerate(points):
        sums = profile.evaluate(np.full(draws, point), everyone)[0]
        heights[:, column] = -0.5 * n_effective * np.log(sums) + jacobian_periods * logdet.value(
            float(point)
        )
    best = heights.argmax(axis=1)

    def scalar_score(spatial: float, row: int) -> float:
        value, slope, _ = profile.evaluate(np.array([spatial]), np.array([row]))
        return float(
            -0.5 * n_effective * slope[0] / value[0] - jacobian_periods * logdet.trace_g(spatial)
        )

    traces_at_points = np.array([logdet.trace_g(float(point)) for point in points])

    def score_at_points(column: NDArray[np.int64]) -> Array:
        value, slope, _ = profile.evaluate(points[column], everyone)
        result: Array = (
            -0.5 * n_effective * slope / value - jacobian_periods * traces_at_points[column]
        )
        return result

    slopes = score_at_points(best)
    last = points.size - 1
    below = (best == 0) & (slopes <= 0.0)
    above = (best == last) & (slopes >= 0.0)
    at_boundary = below | above
    left = np.where(slopes > 0.0, best, best - 1).clip(0, last - 1)
    regular = (score_at_points(left) > 0.0) & (score_at_points(left + 1) < 0.0)
    location = np.where(below, interval[0], interval[1])
    inside = np.flatnonzero(~at_boundary & regular)
    if inside.size:
        traces = _trace_function(
            logdet, float(points[left[inside]].min()), float(points[left[inside] + 1].max())
        )
        roots, converged = _find_roots(
            profile, traces, inside, points[left[inside]], points[left[inside] + 1],
            points[best[inside]], n_effective, jacobian_periods,
        )  # fmt: skip
        location[inside] = roots
        regular[inside[~converged]] = False
    for row in np.flatnonzero(~at_boundary & ~regular):

        def scalar_value(spatial: float, row: int = int(row)) -> float:
            sums = profile.evaluate(np.array([spatial]), np.array([row]))[0]
            return float(
                -0.5 * n_effective * np.log(sums[0]) + jacobian_periods * logdet.value(spatial)
            )

        def row_score(spatial: float, row: int = int(row)) -> float:
            return scalar_score(spatial, row)

        peak = maximise(scalar_value, row_score, interval)
        location[row], at_boundary[row] = peak.location, peak.at_boundary
    return Peaks(location, at_boundary)


def _scan_points(interval: tuple[float, float]) -> Array:
    lower, upper = interval
    width = upper - lower
    nodes = np.cos(np.pi * (np.arange(SCAN_POINTS) + 0.5) / SCAN_POINTS)[::-1]
    return np.concatenate(
        [
            [lower + EDGE * width],
            0.5 * (lower + upper) + 0.5 * width * nodes,
            [upper - EDGE * width],
        ]
    )


def _find_roots(
    profile: Profile,
    traces: Callable[[Array], tuple[Array, Array]],
    rows: NDArray[np.int64],
    left: Array,
    right: Array,
    start: Array,
    n_effective: int,
    jacobian_periods: int,
) -> tuple[Array, NDArray[np.bool_]]:
    """Roots of the scores between ``left`` (score > 0) and ``right`` (score < 0)."""
    left, right, location = left.copy(), right.copy(), start.copy()
    converged = np.zeros(rows.size, dtype=np.bool_)
    for _ in range(NEWTON_STEPS):
        active = np.flatnonzero(~converged)
        if active.size == 0:
            break
        at = location[active]
        value, slope, curvature = profile.evaluate(at, rows[active])
        trace_g, trace_gg = traces(at)
        ratio = slope / value
        score = -0.5 * n_effective * ratio - jacobian_periods * trace_g
        change = -0.5 * n_effective * (curvature / value - ratio**2) - jacobian_periods * trace_gg
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
    nodes = np.polynomial.chebyshev.chebpts1(TRACE_DEGREE + 1)
    points = lower + (nodes + 1.0) / 2.0 * (upper - lower)
    series = np.polynomial.Chebyshev.fit(
        points, [logdet.trace_g(float(point)) for point in points], TRACE_DEGREE,
        domain=[lower, upper],
    )  # fmt: skip
    slope = series.deriv()

    def by_series(spatial: Array) -> tuple[Array, Array]:
        return np.asarray(series(spatial)), np.asarray(slope(spatial))

    return by_series


# --- results ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class BootstrapResults:
    """Bootstrap distribution of the estimates of one fit.

    Attributes
    ----------
    results : SpatialPanelResults
        The fit.
    values : array, shape (B, P)
        Estimates of every draw, in the order of the parameters of the fit.
    at_boundary : array of bool, shape (B,)
        Draws whose spatial parameter is at the edge of the admissible interval.
    scheme : str
    distribution : str
        Of the signs; empty for ``year``.
    """

    results: SpatialPanelResults
    values: Array
    at_boundary: NDArray[np.bool_]
    scheme: str
    distribution: str

    @property
    def n_draws(self) -> int:
        """B."""
        return int(self.values.shape[0])

    @property
    def n_boundary(self) -> int:
        """Draws at the edge of the admissible interval."""
        return int(self.at_boundary.sum())

    @property
    def inference(self) -> str:
        """Name of the inference in tables."""
        return f"bootstrap_{self.scheme}"

    @property
    def params(self) -> pd.Series[float]:
        """Estimates of the fit by name."""
        return self.results.params

    @property
    def draws(self) -> pd.DataFrame:
        """Estimates of every draw, one a row."""
        return pd.DataFrame(self.values, columns=self.results.param_names)

    @property
    def bias(self) -> pd.Series[float]:
        """Mean of the draws minus the estimate."""
        return (self.draws.mean() - self.params).rename("bias")

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard deviations of the draws."""
        return self.draws.std(ddof=1).rename("std_error")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the draws."""
        names = self.results.param_names
        return pd.DataFrame(np.cov(self.values, rowvar=False), index=names, columns=names)

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimate over bootstrap standard error."""
        return (self.params / self.std_errors).rename("tstat")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided p-values of zero: 2·min over the two sides of (draws beyond 0 + 1)/(B + 1)."""
        return pd.Series(
            bootstrap_p_values(self.values), index=self.results.param_names, name="pvalue"
        )

    def conf_int(
        self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile"
    ) -> pd.DataFrame:
        """Confidence intervals of the parameters, columns ``lower`` and ``upper``.

        Parameters
        ----------
        level : float
        kind : {"percentile", "basic", "normal", "bias_corrected"}
            As in `calc_interval`.
        """
        lower, upper = calc_interval(
            np.asarray(self.params, dtype=np.float64), self.values, kind, level
        )
        return pd.DataFrame(
            {"lower": lower, "upper": upper}, index=pd.Index(self.results.param_names)
        )

    def effects(self, kind: IntervalKind = "percentile") -> BootstrapEffects:
        """Direct, indirect and total effects, with the effects of every draw.

        Parameters
        ----------
        kind : {"percentile", "basic", "normal", "bias_corrected"}
            Of the intervals that `conf_int` and `tidy` of the result give.

        Returns
        -------
        BootstrapEffects; draws at the boundary have no effects, are left out and are counted in
        ``n_discarded``.

        Raises
        ------
        BoundaryError
            If fewer than two draws are in the interior.
        """
        results = self.results
        kept = self.values[~self.at_boundary]
        if len(kept) < 2:
            raise BoundaryError(
                f"{self.n_boundary} of {self.n_draws} draws are at the edge of the admissible "
                "interval; the effects have no bootstrap distribution"
            )
        names = results.param_names
        rho = kept[:, names.index("rho")] if "rho" in names else np.zeros(len(kept))
        beta, theta = results._beta_theta(kept[:, : results.estimate.delta.size])
        multipliers = calc_multipliers(rho, results.arrays.weights, results.spectrum)
        drawn = calc_effects(beta, theta, rho, multipliers)
        return BootstrapEffects(
            equation=results.arrays.dependent,
            variables=results.arrays.variables,
            estimates=results._point_effects(),
            covariance=np.cov(drawn.reshape(len(drawn), -1), rowvar=False),
            inference=self.inference,
            draws=drawn,
            n_draws=self.n_draws,
            n_discarded=self.n_boundary,
            kind=kind,
        )

    def tidy(self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile") -> pd.DataFrame:
        """Parameters, one a row, with the columns of `SpatialPanelResults.tidy`."""
        intervals = self.conf_int(level, kind)
        names = self.results.param_names
        table = pd.DataFrame(
            {
                "equation": self.results.arrays.dependent,
                "quantity": [
                    name if name in {"rho", "lambda", "sigma2"} else "coef" for name in names
                ],
                "term": names,
                "estimate": self.params.to_numpy(),
                "std_error": self.std_errors.to_numpy(),
                "statistic": self.tstats.to_numpy(),
                "p_value": self.pvalues.to_numpy(),
                "ci_lower": intervals["lower"].to_numpy(),
                "ci_upper": intervals["upper"].to_numpy(),
                "inference": self.inference,
            }
        )
        return table[list(TIDY_COLUMNS)]

    @property
    def summary(self) -> str:
        """The bootstrap as text."""
        table = self.tidy().set_index("term").drop(columns=["equation", "quantity", "inference"])
        return f"{self._headline()}\n\n{table.to_string(float_format=_format_number)}"

    def __repr__(self) -> str:
        return f"<BootstrapResults {self._headline()}>"

    def _repr_html_(self) -> str:
        table = self.tidy().set_index("term").drop(columns=["equation", "quantity", "inference"])
        html_table = table.to_html(float_format=_format_number, border=0)
        return f"<p>{html.escape(self._headline())}</p>{html_table}"

    def _headline(self) -> str:
        signs = f", {self.distribution} signs" if self.distribution else ""
        return (
            f"{self.results.specification.model} of {self.results.arrays.dependent}: "
            f"{self.n_draws} draws, {self.scheme}{signs}, {self.n_boundary} at the boundary"
        )


@dataclass(frozen=True, slots=True, repr=False)
class BootstrapEffects(EffectsResults):
    """Effects with their bootstrap distribution.

    Attributes
    ----------
    kind : str
        Of the intervals.
    """

    kind: IntervalKind

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Bootstrap intervals, index (term, quantity), columns lower and upper."""
        drawn = self._drawn()
        lower, upper = calc_interval(
            self.estimates.ravel(), drawn.reshape(len(drawn), -1), self.kind, level
        )
        labels = pd.MultiIndex.from_product([self.variables, EFFECTS], names=["term", "quantity"])
        return pd.DataFrame({"lower": lower, "upper": upper}, index=labels)

    def _p_values(self) -> Array:
        p_values = bootstrap_p_values(self._drawn())
        return np.where(np.isnan(self._statistics()), np.nan, p_values)

    def _drawn(self) -> Array:
        assert self.draws is not None
        return self.draws


def calc_interval(
    estimates: Array, draws: Array, kind: str, level: float = DEFAULT_LEVEL
) -> tuple[Array, Array]:
    """Two-sided bootstrap intervals.

    With q(p) the quantiles of the draws, z the normal quantile and α = (1 - level)/2:
    ``percentile`` [q(α), q(1-α)]; ``basic`` [2θ̂ - q(1-α), 2θ̂ - q(α)]; ``normal`` θ̂ ± z s with s
    their standard deviation; ``bias_corrected`` [q(Φ(2z0 - z)), q(Φ(2z0 + z))], Φ(z0) the share of
    draws below θ̂, ties counted half. (Efron & Tibshirani 1993, ch. 13-14; Davison & Hinkley 1997,
    ch. 5.)

    Parameters
    ----------
    estimates : array, shape (P,)
    draws : array, shape (B, P)
    kind : str
    level : float
        In (0, 1).

    Returns
    -------
    lower, upper : array, shape (P,).

    Raises
    ------
    SpecificationError
        For an unknown kind or a level outside (0, 1).
    """
    _check_choice("kind", kind, get_args(IntervalKind))
    z = normal_quantile(level)
    tail = (1.0 - level) / 2.0
    if kind == "normal":
        half = z * draws.std(axis=0, ddof=1)
        return estimates - half, estimates + half
    if kind == "bias_corrected":
        shares = (draws < estimates).mean(axis=0) + 0.5 * (draws == estimates).mean(axis=0)
        # All draws on one side: the correction is infinite, and the interval the extreme draw.
        centre = 2.0 * special.ndtri(shares)
        bounds = [
            np.array([np.quantile(column, p) for column, p in zip(draws.T, share, strict=True)])
            for share in (special.ndtr(centre - z), special.ndtr(centre + z))
        ]
        return bounds[0], bounds[1]
    lower, upper = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    if kind == "basic":
        return 2.0 * estimates - upper, 2.0 * estimates - lower
    return lower, upper


def bootstrap_p_values(draws: Array) -> Array:
    """2·min over the two sides of (draws beyond 0 + 1)/(B + 1), at most 1; axis 0 is the draws."""
    beyond = np.minimum((draws >= 0.0).sum(axis=0), (draws <= 0.0).sum(axis=0))
    p_values: Array = np.minimum(2.0 * (beyond + 1.0) / (len(draws) + 1.0), 1.0)
    return p_values


def _format_number(value: Any) -> str:
    return f"{value:.6g}"


def _check_choice(what: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise SpecificationError(f"{what} must be one of {', '.join(allowed)}, got {value!r}")
