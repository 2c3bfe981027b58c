"""Spatial panels with endogenous regressors: two-stage least squares and GMM.

Generalised spatial two-stage least squares (Kelejian & Prucha 1998, J. Real Estate Finance and
Economics 17:99-121; for panels with fixed effects Mutl & Pfaffermayr 2011, Econometrics J.
14:48-76). Wy is one endogenous regressor among others. Spatial lags are taken first, then the
effects are removed by deviations from means; the estimates are those of explicit dummies.

The moments E(h_it ε_it) = 0 need no assumption on variances: unlike quasi maximum likelihood the
estimates stay consistent under heteroskedasticity of any form (Lin & Lee 2010, J. Econometrics
157:34-52), and since instruments are functions of exogenous variables only, covariances clustered
by unit are valid for ρ too.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, special

from .align import (
    ABSORBED_TOLERANCE,
    COLLINEAR_TOLERANCE,
    LAG_PREFIX,
    PanelArrays,
    Weights,
    align_error_weights,
    align_panel,
    check_identified,
)
from .effects import calc_effect_gradients, calc_effects, calc_multipliers, draw_parameters
from .errors import (
    BoundaryError,
    DroppedInstrumentWarning,
    InadmissibleEstimateWarning,
    PanelIndexError,
    PanelSizeError,
    RowSumsError,
    SpecificationError,
    UnderidentifiedError,
    check_choice,
    enumerate_names,
)
from .estimates_base import NormalEstimates, calc_residual_ar1
from .likelihood import EffectScheme
from .logdet import WeightsSpectrum, analyse_weights, common_row_sum, with_exact_lower
from .randomness import check_draws
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .results import (
    DEFAULT_LEVEL,
    EffectsResults,
)
from .slope_covariance import default_bandwidth
from .tables import text_table
from .testing import SpecificationTest, chi2_test, frame_of_tests
from .within import Array, SparseMatrix, describe_effects, spatial_lag, stack, within_transform

InstrumentedModel = Literal["sdm", "sar", "slx", "ols"]
MomentCovariance = Literal["robust", "clustered", "kernel", "unadjusted", "driscoll_kraay"]
Method = Literal["2sls", "gmm"]

LAG_MODELS = frozenset({"sar", "sdm"})
DURBIN_MODELS = frozenset({"slx", "sdm"})
SPATIAL = "rho"
ERROR_SPATIAL = "lambda"
# A moment covariance whose condition number exceeds this has lost all digits of its inverse that
# a test statistic would show; it is singular up to rounding, such as with fewer clusters than
# moments.
CONDITION_LIMIT = 1e12


@dataclass(frozen=True, slots=True)
class MomentDependence:
    """Which errors may be correlated, and the degrees of freedom that go with it.

    Attributes
    ----------
    cov_type : str
        ``unadjusted``: none, equal variances. ``robust``: none (White 1980). ``kernel``: within
        units up to ``bandwidth`` periods (Bartlett weights, Newey & West 1987). ``clustered``:
        within units, any pattern (Arellano 1987). ``driscoll_kraay``: across all units up to
        ``bandwidth`` periods (Driscoll & Kraay 1998).
    n_units, n_periods : int
    scheme : EffectScheme
    bandwidth : int
        Lags of ``kernel`` and ``driscoll_kraay``.
    """

    cov_type: str
    n_units: int
    n_periods: int
    scheme: EffectScheme
    bandwidth: int

    @property
    def n_observations(self) -> int:
        """N·T."""
        return self.n_units * self.n_periods

    @property
    def n_absorbed(self) -> int:
        """Dummies that the effects stand for."""
        return self.scheme.n_absorbed(self.n_units, self.n_periods)

    def residual_df(self, n_coefficients: int) -> int:
        """NT less the dummies and the coefficients."""
        return self.n_observations - self.n_absorbed - n_coefficients

    def small_sample_factor(self, n_coefficients: int) -> float:
        """Factor of the covariance of ``n_coefficients`` estimates.

        NT/(NT - dummies - K), K the coefficients. Clustered: N/(N-1) · (NT-1)/(NT - d - K), where
        d leaves out N - 1 unit dummies: they are nested in the clusters.
        """
        n_observations = self.n_observations
        if self.cov_type != "clustered":
            return n_observations / self.residual_df(n_coefficients)
        nested = self.n_units - 1 if self.scheme.entity_effects else 0
        return (
            self.n_units
            / (self.n_units - 1.0)
            * (n_observations - 1.0)
            / (self.residual_df(n_coefficients) + nested)
        )

    def denominator_df(self, n_coefficients: int) -> int:
        """Of F statistics: N - 1 clustered, T - 1 Driscoll-Kraay, else `residual_df`."""
        if self.cov_type == "clustered":
            return self.n_units - 1
        if self.cov_type == "driscoll_kraay":
            return self.n_periods - 1
        return self.residual_df(n_coefficients)


@dataclass(frozen=True, slots=True)
class InstrumentedProblem:
    """Outcome, regressors and an orthonormal basis of the instruments, effects removed.

    Attributes
    ----------
    y : array, shape (n,)
        Time-major stack, n = NT.
    regressors : array, shape (n, K)
        D: regressors, their lags, Wy last.
    endogenous : array of bool, shape (K,)
    included : array, shape (n, K1)
        Q1: orthonormal basis of the exogenous regressors.
    excluded : array, shape (n, L2)
        Q2: orthonormal basis of the excluded instruments, orthogonal to Q1.
    """

    y: Array
    regressors: Array
    endogenous: NDArray[np.bool_]
    included: Array
    excluded: Array

    @property
    def basis(self) -> Array:
        """Q = [Q1, Q2], shape (n, L)."""
        return np.hstack([self.included, self.excluded])

    @property
    def partialled(self) -> Array:
        """Endogenous regressors with the exogenous ones partialled out, shape (n, k)."""
        values = self.regressors[:, self.endogenous]
        result: Array = values - self.included @ (self.included.T @ values)
        return result


@dataclass(frozen=True, slots=True)
class MomentEstimate:
    """Numbers of one fit.

    Attributes
    ----------
    coefficients : array, shape (K,)
    covariance : array, shape (K, K)
        With the small-sample factor.
    residuals : array, shape (n,)
        y - Dδ, effects removed.
    """

    coefficients: Array
    covariance: Array
    residuals: Array


@dataclass(frozen=True, slots=True)
class RankTest:
    """Strength of the instruments for all endogenous regressors together.

    Attributes
    ----------
    kleibergen_paap : float
        rk Wald statistic of the rank of the first stage, χ²(df) if that is one below full.
    df : int
        L2 - k + 1.
    kleibergen_paap_f : float
        The same over L2.
    cragg_donald_f : float
    """

    kleibergen_paap: float
    df: int
    kleibergen_paap_f: float
    cragg_donald_f: float


def orthonormalise(columns: Array, base: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Orthonormal basis of what columns add to a base, one column after the other.

    Parameters
    ----------
    columns : array, shape (n, M), no zero column
    base : array, shape (n, P), orthonormal

    Returns
    -------
    Basis of shape (n, L), orthogonal to ``base``, and which columns added to it, shape (M,). A
    column is dropped if it is a linear combination of the base and of the columns before it.
    """
    n_base = base.shape[1]
    basis = np.empty((base.shape[0], n_base + columns.shape[1]), order="F")
    basis[:, :n_base] = base
    kept = np.zeros(columns.shape[1], dtype=bool)
    size = n_base
    for position in range(columns.shape[1]):
        vector = columns[:, position] / np.linalg.norm(columns[:, position])
        known = basis[:, :size]
        vector = vector - known @ (known.T @ vector)
        length = float(np.linalg.norm(vector))
        if length <= COLLINEAR_TOLERANCE:
            continue
        vector /= length
        # Once more: what one pass leaves of the base is rounding over a short remainder.
        vector -= known @ (known.T @ vector)
        basis[:, size] = vector / np.linalg.norm(vector)
        kept[position] = True
        size += 1
    return basis[:, n_base:size], kept


def calc_moment_covariance(basis: Array, residuals: Array, dependence: MomentDependence) -> Array:
    """Covariance of Q'ε for the dependence assumed, without small-sample factor.

    Parameters
    ----------
    basis : array, shape (NT, L), orthonormal
        Q, time-major.
    residuals : array, shape (NT,)
    dependence : MomentDependence

    Returns
    -------
    array, shape (L, L), unit of the residuals squared.
    """
    if dependence.cov_type == "unadjusted":
        result: Array = float(residuals @ residuals) / residuals.size * np.eye(basis.shape[1])
        return result
    scores = basis * residuals[:, None]
    if dependence.cov_type == "robust":
        result = scores.T @ scores
        return result
    by_period = scores.reshape(dependence.n_periods, dependence.n_units, -1)
    if dependence.cov_type == "clustered":
        by_unit = by_period.sum(axis=0)
        result = by_unit.T @ by_unit
        return result
    if dependence.cov_type == "driscoll_kraay":
        by_period = by_period.sum(axis=1, keepdims=True)
    return _bartlett_sum(by_period, dependence.bandwidth)


def estimate_by_moments(
    problem: InstrumentedProblem, dependence: MomentDependence, method: str
) -> MomentEstimate:
    """Two-stage least squares or two-step GMM.

    2SLS: δ̂ = (A'A)⁻¹A'Q'y, A = Q'D, Q an orthonormal basis of the instruments;
    V = (A'A)⁻¹A'SA(A'A)⁻¹. GMM: A'S⁻¹A and A'S⁻¹Q'y in place, S at the residuals of 2SLS
    (Hansen 1982, Econometrica 50:1029-1054), V = (A'S⁻¹A)⁻¹A'S⁻¹S₂S⁻¹A(A'S⁻¹A)⁻¹ with S₂ at its
    own residuals.

    Parameters
    ----------
    problem : InstrumentedProblem
    dependence : MomentDependence
    method : {"2sls", "gmm"}

    Returns
    -------
    MomentEstimate

    Raises
    ------
    PanelSizeError
        If the moment covariance is singular and GMM needs its inverse.
    """
    basis = problem.basis
    # Columns of unit length keep the systems regular whatever the units of measurement.
    length = np.linalg.norm(problem.regressors, axis=0)
    slopes = basis.T @ (problem.regressors / length)
    moments = basis.T @ problem.y
    coefficients = linalg.lstsq(slopes, moments)[0] / length
    residuals = problem.y - problem.regressors @ coefficients
    weighted = slopes
    if method == "gmm":
        spread = calc_moment_covariance(basis, residuals, dependence)
        if _is_singular(spread):
            raise PanelSizeError(
                f"GMM needs the inverse of the covariance of {basis.shape[1]} moments, and it is "
                f"singular: {dependence.cov_type} of {dependence.n_units} units and "
                f"{dependence.n_periods} periods has a smaller rank. Use method='2sls', fewer "
                "instruments (lag_order, lag_instruments) or cov_type='robust'"
            )
        weighted = linalg.solve(spread, slopes, assume_a="pos")
        coefficients = linalg.solve(weighted.T @ slopes, weighted.T @ moments) / length
        residuals = problem.y - problem.regressors @ coefficients
    bread = linalg.solve(weighted.T @ slopes, weighted.T) / length[:, None]
    meat = calc_moment_covariance(basis, residuals, dependence)
    factor = dependence.small_sample_factor(slopes.shape[1])
    covariance = factor * (bread @ meat @ bread.T)
    return MomentEstimate(coefficients, (covariance + covariance.T) / 2.0, residuals)


def calc_overidentification(problem: InstrumentedProblem, dependence: MomentDependence) -> float:
    """Hansen's J, g'S⁻¹g at the two-step GMM estimate, S at the residuals of 2SLS.

    S carries the small-sample factor of the dummies (`MomentDependence`, K = 0): without it J
    rejects too often in short panels. With ``unadjusted`` this is Sargan's statistic,
    (NT - dummies)·R² of the 2SLS residuals on the instruments.

    Returns
    -------
    float, χ²(L - K) if all moments hold; NaN where S is singular.
    """
    basis = problem.basis
    slopes, moments = basis.T @ problem.regressors, basis.T @ problem.y
    if not problem.regressors.shape[1]:
        first = problem.y
    else:
        first = problem.y - problem.regressors @ linalg.lstsq(slopes, moments)[0]
    factor = dependence.small_sample_factor(0)
    spread = factor * calc_moment_covariance(basis, first, dependence)
    if _is_singular(spread):
        return float("nan")
    root = linalg.cholesky(spread, lower=True)
    white_moments = linalg.solve_triangular(root, moments, lower=True)
    if problem.regressors.shape[1]:
        white_slopes = linalg.solve_triangular(root, slopes, lower=True)
        white_moments = white_moments - white_slopes @ linalg.lstsq(white_slopes, white_moments)[0]
    return float(white_moments @ white_moments)


def calc_excluded_wald(
    target: Array, excluded: Array, dependence: MomentDependence, n_coefficients: int
) -> float:
    """Wald statistic of all excluded instruments in a regression of ``target``.

    Parameters
    ----------
    target : array, shape (n,)
        With the included instruments partialled out.
    excluded : array, shape (n, L2), orthonormal
    dependence : MomentDependence
    n_coefficients : int
        All instruments L, for the degrees of freedom.

    Returns
    -------
    float; NaN where the covariance is singular.
    """
    slopes = excluded.T @ target
    residuals = target - excluded @ slopes
    covariance = calc_moment_covariance(excluded, residuals, dependence)
    return _quadratic_form(slopes, covariance * dependence.small_sample_factor(n_coefficients))


def calc_rank_test(problem: InstrumentedProblem, dependence: MomentDependence) -> RankTest:
    """Rank of the first stage: Kleibergen-Paap rk Wald and Cragg-Donald.

    With Y the endogenous regressors and Z the excluded instruments, exogenous regressors
    partialled out, the smallest canonical correlation of Y and Z belongs to the combination Yb
    that the instruments explain least; rk is the Wald statistic of its first stage in the
    directions of Z that the other canonical variates leave (Kleibergen & Paap 2006, J.
    Econometrics 133:97-126, eq. 22-24). Cragg & Donald (1993, Econometric Theory 9:222-240):
    (n - dummies - L)/L2 · r²/(1 - r²), r that smallest correlation.
    """
    targets = problem.partialled
    excluded = problem.excluded
    n_endogenous, n_excluded = targets.shape[1], excluded.shape[1]
    n_instruments = n_excluded + problem.included.shape[1]
    root = linalg.cholesky(targets.T @ targets)
    slopes = excluded.T @ targets
    normalised = linalg.solve_triangular(root, slopes.T, trans="T").T
    left, correlations, right = linalg.svd(normalised)
    directions = left[:, n_endogenous - 1 :]
    combination = linalg.solve_triangular(root, right[-1])
    weakest = targets @ combination
    slope = excluded.T @ weakest
    covariance = calc_moment_covariance(excluded, weakest - excluded @ slope, dependence)
    statistic = _quadratic_form(
        directions.T @ slope,
        directions.T @ covariance @ directions * dependence.small_sample_factor(n_instruments),
    )
    smallest = float(correlations[n_endogenous - 1]) ** 2
    return RankTest(
        kleibergen_paap=statistic,
        df=n_excluded - n_endogenous + 1,
        kleibergen_paap_f=statistic / n_excluded,
        cragg_donald_f=dependence.residual_df(n_instruments)
        / n_excluded
        * smallest
        / (1.0 - smallest),
    )


def calc_first_stage(problem: InstrumentedProblem, dependence: MomentDependence) -> Array:
    """Strength of the instruments for each endogenous regressor.

    Columns: partial R² of the excluded instruments; F, their Wald statistic over L2; p-value of F;
    conditional F of Sanderson & Windmeijer (2016, J. Econometrics 190:212-221), the Wald statistic
    of the residual of 2SLS on the other endogenous regressors over L2 - k + 1.

    Returns
    -------
    array, shape (k, 4).
    """
    targets, excluded = problem.partialled, problem.excluded
    n_endogenous, n_excluded = targets.shape[1], excluded.shape[1]
    n_instruments = n_excluded + problem.included.shape[1]
    projected = excluded.T @ targets
    table = np.empty((n_endogenous, 4))
    denominator = dependence.denominator_df(n_instruments)
    for position in range(n_endogenous):
        target = targets[:, position]
        table[position, 0] = float(projected[:, position] @ projected[:, position]) / float(
            target @ target
        )
        wald = calc_excluded_wald(target, excluded, dependence, n_instruments)
        table[position, 1] = wald / n_excluded
        table[position, 2] = float(special.fdtrc(n_excluded, denominator, wald / n_excluded))
        others = np.delete(np.arange(n_endogenous), position)
        if others.size:
            shares = linalg.lstsq(projected[:, others], projected[:, position])[0]
            target = target - targets[:, others] @ shares
            wald = calc_excluded_wald(target, excluded, dependence, n_instruments)
        table[position, 3] = wald / (n_excluded - n_endogenous + 1)
    return table


def calc_endogeneity(
    problem: InstrumentedProblem, tested: NDArray[np.bool_], dependence: MomentDependence
) -> float:
    """Durbin-Wu-Hausman test in its regression form (Wooldridge 2010, sec. 6.3.1).

    The first-stage residuals v̂ of the tested regressors enter the equation, the others stay
    instrumented; the statistic is the Wald statistic of v̂.

    Parameters
    ----------
    problem : InstrumentedProblem
    tested : array of bool, shape (K,)
        Endogenous regressors that are exogenous under the null.
    dependence : MomentDependence

    Returns
    -------
    float, χ²(number tested) if they are exogenous.
    """
    basis = problem.basis
    values = problem.regressors[:, tested]
    residuals = values - basis @ (basis.T @ values)
    augmented = InstrumentedProblem(
        y=problem.y,
        regressors=np.hstack([problem.regressors, residuals]),
        endogenous=np.concatenate([problem.endogenous & ~tested, np.zeros(tested.sum(), bool)]),
        included=problem.included,
        excluded=np.hstack([problem.excluded, linalg.qr(residuals, mode="economic")[0]]),
    )
    estimate = estimate_by_moments(augmented, dependence, "2sls")
    rows = slice(problem.regressors.shape[1], None)
    return _quadratic_form(estimate.coefficients[rows], estimate.covariance[rows, rows])


def estimate_error_parameter(
    residuals: Array, weights: SparseMatrix, scheme: EffectScheme, interval: tuple[float, float]
) -> tuple[float, float]:
    """λ and σ² of u = λMu + ε from three moments of the residuals.

    With n effective observations and N* units (N - 1 with period effects), M* = F'MF:

        E ε'ε/n = σ²,  E (Mε)'(Mε)/n = σ² tr(M*'M*)/N*,  E ε'Mε/n = σ² tr(M*)/N*

    (Kelejian & Prucha 1999, Int. Economic Review 40:509-533; Kapoor, Kelejian & Prucha 2007, J.
    Econometrics 140:97-130, eq. 18, the within moments; unweighted). The sum of squared gaps is a
    quartic in λ once σ² is concentrated out, so its minimum is exact.

    Parameters
    ----------
    residuals : array, shape (T, N)
        û with the effects removed.
    weights : sparse array, shape (N, N)
        M; rows with a common sum if there are period effects.
    scheme : EffectScheme
        ``transformed``: moments of the transformed errors.
    interval : tuple of float
        Admissible interval of λ.

    Returns
    -------
    λ and σ².

    Raises
    ------
    BoundaryError
        If the sum of squared gaps has no minimum inside of the interval.
    """

    def lag(values: Array) -> Array:
        return within_transform(
            spatial_lag(weights, values),
            entity_effects=scheme.entity_effects,
            time_effects=scheme.time_effects,
        )

    n_periods, n_units = residuals.shape
    u, lag_u = residuals, lag(residuals)
    lag_lag_u = lag(lag_u)
    n_effective = scheme.n_effective(n_units, n_periods)

    def mean(a: Array, b: Array) -> float:
        return float((a * b).sum()) / n_effective

    # Rows: coefficients of 1, λ, λ² in the three moments.
    quadratics = np.array(
        [
            [mean(u, u), -2.0 * mean(u, lag_u), mean(lag_u, lag_u)],
            [mean(lag_u, lag_u), -2.0 * mean(lag_u, lag_lag_u), mean(lag_lag_u, lag_lag_u)],
            [mean(u, lag_u), -mean(u, lag_lag_u) - mean(lag_u, lag_u), mean(lag_u, lag_lag_u)],
        ]
    )
    squares, trace = _moment_traces(weights, deflated=scheme.deflated)
    loading = np.array([1.0, squares, trace]) / np.array(
        [1.0, *(2 * [float(scheme.effective_units(n_units))])]
    )
    gaps = quadratics - np.outer(loading, loading @ quadratics) / (loading @ loading)
    objective = np.polynomial.Polynomial([0.0])
    for row in gaps:
        objective = objective + np.polynomial.Polynomial(row) ** 2
    roots = objective.deriv().roots()
    real = roots[np.abs(roots.imag) <= 1e-9 * np.maximum(1.0, np.abs(roots))].real
    inside = real[(real > interval[0]) & (real < interval[1])]
    curvature = objective.deriv(2)(inside)
    minima = inside[curvature > 0.0]
    if not minima.size:
        raise BoundaryError(
            f"the moments of the residuals have no solution for lambda inside of "
            f"({interval[0]:.6g}, {interval[1]:.6g}); the model of the error does not fit"
        )
    lam = float(minima[int(np.argmin(objective(minima)))])
    powers = np.array([1.0, lam, lam**2])
    return lam, float(loading @ (quadratics @ powers)) / float(loading @ loading)


@dataclass(frozen=True, slots=True)
class _InstrumentPool:
    """Named instruments before the effects are removed; values (T, N, M)."""

    names: tuple[str, ...]
    values: Array


class SpatialIVPanel:
    """Spatial panel with fixed effects and endogenous regressors.

    y_t = ρWy_t + X_tβ + WX_tθ + E_tγ + WE_tη + μ + ξ_tι + u_t, u_t = ε_t or λMu_t + ε_t; Wy is
    endogenous, and so are E and WE. ``sdm`` has ρ and the lags, ``sar`` ρ, ``slx`` the lags,
    ``ols`` neither. Excluded instruments, W before the effects are removed:

    - Z given by the user; with ``lag_instruments`` also WZ and, where there is ρ, up to
      W^``lag_order`` Z;
    - where there is ρ, of each exogenous regressor the next ``lag_order`` spatial lags that the
      model itself does not have: WX, W²X of a regressor without lag, W²X, W³X of one with.

    Parameters
    ----------
    dependent : Series, index (unit, year)
    exog : DataFrame or None, index (unit, year)
        Exogenous regressors.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
    endog : DataFrame, optional
        Endogenous regressors other than Wy.
    instruments : DataFrame, optional
        Excluded instruments.
    model : {"sdm", "sar", "slx", "ols"}
    durbin : list of str, optional
        Regressors, exogenous or endogenous, whose spatial lag enters sdm and slx; default all. The
        lag of an endogenous regressor is endogenous.
    entity_effects, time_effects : bool
    lag_order : int
        Number of spatial lags that serve as instruments.
    lag_instruments : bool
        Use spatial lags of ``instruments``.
    error_weights : as ``weights``, optional
        M of a spatially correlated error. λ is then estimated by moments, and the model estimated
        once more on data filtered by I - λM (Kelejian & Prucha 1998).

    Attributes
    ----------
    arrays : PanelArrays
    instrument_names : tuple of str
        Excluded instruments that are used; ``W2.x`` is W²x.
    dropped_instruments : DataFrame
        Columns instrument, reason.

    Raises
    ------
    UnderidentifiedError
        If there are fewer independent excluded instruments than endogenous regressors.
    SpatialPanelError
        As `SpatialPanel`.

    Warns
    -----
    DroppedInstrumentWarning
        With the instruments that the effects absorb or that repeat others.
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame | None,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        endog: pd.DataFrame | None = None,
        instruments: pd.DataFrame | None = None,
        model: InstrumentedModel = "sdm",
        durbin: Sequence[str] | None = None,
        entity_effects: bool = True,
        time_effects: bool = True,
        lag_order: int = 2,
        lag_instruments: bool = True,
        error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
    ) -> None:
        check_choice("model", model, get_args(InstrumentedModel))
        if durbin is not None and model not in DURBIN_MODELS:
            raise SpecificationError(
                f"durbin is given but model {model!r} has no lagged regressors; use "
                f"{enumerate_names(sorted(DURBIN_MODELS))}"
            )
        if isinstance(lag_order, bool) or not isinstance(lag_order, int) or lag_order < 1:
            raise SpecificationError(f"lag_order must be a positive integer, got {lag_order!r}")
        frames = {
            "exog": _as_frame(exog, "exog"),
            "endog": _as_frame(endog, "endog"),
            "instruments": _as_frame(instruments, "instruments"),
        }
        _check_roles(frames, model)
        self.model = model
        self.lag_order = lag_order
        self.scheme = EffectScheme(entity_effects, time_effects, transformed=False)
        self.arrays = align_panel(
            dependent,
            _join(frames["exog"], frames["endog"]),
            weights,
            durbin=durbin,
            lag_regressors=model in DURBIN_MODELS,
            intercept=not (entity_effects or time_effects),
        )
        self._endogenous_variables = tuple(frames["endog"].columns)
        check_identified(self._remove_effects(self.arrays.z), self.arrays, self._effects_name())
        left = float(np.linalg.norm(self._remove_effects(self.arrays.y)))
        if left <= ABSORBED_TOLERANCE * float(np.linalg.norm(self.arrays.y)):
            raise PanelSizeError(
                f"dependent {self.arrays.dependent!r} does not vary once {self._effects_name()} "
                "are removed"
            )
        given = (
            align_panel(
                dependent,
                frames["instruments"],
                weights,
                durbin=None,
                lag_regressors=False,
                intercept=False,
            )
            if frames["instruments"].shape[1]
            else None
        )
        self._pool = self._collect(given, lag_instruments)
        self._spectrum: WeightsSpectrum | None = None
        self._error_weights = (
            None
            if error_weights is None
            else self._align_error_weights(error_weights, dependent.index)
        )
        self._problem, kept, dropped = self._assemble()
        self.instrument_names = kept
        self.dropped_instruments = pd.DataFrame(dropped, columns=["instrument", "reason"])
        if dropped:
            stated = "; ".join(f"{name!r} {reason}" for name, reason in dropped)
            warnings.warn(
                f"{len(dropped)} of {len(self._pool.names)} excluded instruments dropped: {stated}",
                DroppedInstrumentWarning,
                stacklevel=2,
            )
        self._check_order()

    @property
    def spectrum(self) -> WeightsSpectrum:
        """Admissible interval of ρ, computed once."""
        if self._spectrum is None:
            self._spectrum = analyse_weights(self.arrays.weights)
        return self._spectrum

    @property
    def param_names(self) -> list[str]:
        """Regressors, their spatial lags, ``rho``."""
        return [*self.arrays.names, *([SPATIAL] if self.model in LAG_MODELS else [])]

    @property
    def endogenous_names(self) -> list[str]:
        """Parameters whose regressors are endogenous; ``rho`` for Wy."""
        marked = self._endogenous_mask()
        return [name for name, is_endogenous in zip(self.param_names, marked, strict=True)
                if is_endogenous]  # fmt: skip

    def fit(
        self,
        cov_type: MomentCovariance = "clustered",
        method: Method = "2sls",
        *,
        bandwidth: int | None = None,
    ) -> SpatialIVResults:
        """Estimate by two-stage least squares or two-step GMM.

        Parameters
        ----------
        cov_type : {"clustered", "robust", "kernel", "unadjusted", "driscoll_kraay"}
            Which errors may be correlated (`MomentDependence`), in the covariance, in all tests
            and in the weight of GMM. ``clustered`` is by unit and holds under serial correlation,
            where ``robust`` covers and rejects wrongly (docs/benchmarks/iv_coverage.csv). With
            unit effects and short panels ``robust`` is biased under heteroskedasticity even without
            serial correlation (Stock & Watson 2008, Econometrica 76:155-174); ``clustered`` is not.
        method : {"2sls", "gmm"}
        bandwidth : int, optional
            Lags of ``kernel`` and ``driscoll_kraay``; default floor(4 (T/100)^(2/9)).

        Returns
        -------
        SpatialIVResults

        Warns
        -----
        InadmissibleEstimateWarning
            If ρ is outside of the admissible interval; there are no effects then.

        Raises
        ------
        PanelSizeError
            If no degrees of freedom are left, or GMM has more moments than its covariance has rank.
        BoundaryError
            If the moments of the error have no solution for λ.
        """
        check_choice("cov_type", cov_type, get_args(MomentCovariance))
        check_choice("method", method, get_args(Method))
        dependence = MomentDependence(
            cov_type,
            self.arrays.n_units,
            self.arrays.n_periods,
            self.scheme,
            self._bandwidth(bandwidth, cov_type),
        )
        problem, lam, innovation_variance = self._problem, None, None
        if self._error_weights is not None:
            first = estimate_by_moments(problem, dependence, "2sls")
            lam, innovation_variance = estimate_error_parameter(
                first.residuals.reshape(self.arrays.y.shape),
                self._error_weights,
                EffectScheme(
                    self.scheme.entity_effects, self.scheme.time_effects, transformed=True
                ),
                self._error_interval(),
            )
            problem = self._assemble(lam)[0]
        estimate = estimate_by_moments(problem, dependence, method)
        results = SpatialIVResults(
            model=self.model,
            method=method,
            dependence=dependence,
            arrays=self.arrays,
            spectrum=self.spectrum,
            problem=problem,
            estimate=estimate,
            param_names=tuple(self.param_names),
            endogenous_variables=self._endogenous_variables,
            instrument_names=self.instrument_names,
            dropped=tuple(self.dropped_instruments.itertuples(index=False, name=None)),
            lam=lam,
            innovation_variance=innovation_variance,
        )
        if results.rho <= self.spectrum.lower and self.spectrum.lower_is_safe:
            self._spectrum = with_exact_lower(self.arrays.weights, self.spectrum)
            results = replace(results, spectrum=self.spectrum)
        if not results.admissible:
            warnings.warn(
                f"rho = {results.rho:.6g} is outside of the admissible interval "
                f"({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}); the coefficients have "
                "no reduced form and there are no effects. Weak instruments, or another model",
                InadmissibleEstimateWarning,
                stacklevel=2,
            )
        return results

    def _remove_effects(self, values: Array) -> Array:
        return within_transform(
            values,
            entity_effects=self.scheme.entity_effects,
            time_effects=self.scheme.time_effects,
        )

    def _effects_name(self) -> str:
        return describe_effects(self.scheme.entity_effects, self.scheme.time_effects)

    def _endogenous_mask(self) -> NDArray[np.bool_]:
        marked = set(self._endogenous_variables)
        lagged = {LAG_PREFIX + name for name in marked}
        return np.array([name in marked | lagged | {SPATIAL} for name in self.param_names])

    def _collect(self, given: PanelArrays | None, lag_instruments: bool) -> _InstrumentPool:
        """The user's instruments, their lags, then lags of the exogenous regressors."""
        arrays, has_lag = self.arrays, self.model in LAG_MODELS
        lagged_endogenous = any(
            LAG_PREFIX + name in arrays.names for name in self._endogenous_variables
        )
        names: list[str] = []
        columns: list[Array] = []
        if given is not None:
            powers = self.lag_order if has_lag else int(lagged_endogenous)
            for power in range(1 + (powers if lag_instruments else 0)):
                names += [_lag_name(name, power) for name in given.names]
                columns.append(_lag_power(arrays.weights, given.z, power))
        for variable, own, lag in zip(
            arrays.variables, arrays.beta_positions, arrays.theta_positions, strict=True
        ):
            if not has_lag or variable in self._endogenous_variables:
                continue
            start = 2 if lag >= 0 else 1
            for power in range(start, start + self.lag_order):
                names.append(_lag_name(variable, power))
                columns.append(_lag_power(arrays.weights, arrays.z[:, :, [own]], power))
        taken = [*arrays.names, *names]
        repeated = sorted({name for name in taken if taken.count(name) > 1})
        if repeated:
            raise SpecificationError(
                f"the names {enumerate_names(repeated)} stand for a regressor or instrument and "
                "for a spatial lag that the model makes; rename the columns"
            )
        empty = np.empty((*arrays.y.shape, 0))
        return _InstrumentPool(tuple(names), np.concatenate([empty, *columns], axis=2))

    def _assemble(
        self, lam: float | None = None
    ) -> tuple[InstrumentedProblem, tuple[str, ...], list[tuple[str, str]]]:
        """Demeaned arrays, the instruments used and those dropped with the reason.

        With λ, outcome and regressors are filtered by I - λM and the instruments are not: the
        unfiltered exogenous regressors join them, beside the filtered ones, which are included.
        """
        arrays, marked = self.arrays, self._endogenous_mask()
        regressors = arrays.z
        if self.model in LAG_MODELS:
            regressors = np.concatenate([regressors, arrays.lagged_y[:, :, None]], axis=2)
        names, pool, y = self._pool.names, self._pool.values, arrays.y
        exogenous = arrays.z[:, :, ~marked[: arrays.z.shape[2]]]
        if lam is not None and self._error_weights is not None:
            y = y - lam * spatial_lag(self._error_weights, y)
            regressors = regressors - lam * spatial_lag(self._error_weights, regressors)
            names = (*(name for name in arrays.names if name not in self.endogenous_names), *names)
            pool = np.concatenate([exogenous, pool], axis=2)
        demeaned = stack(self._remove_effects(regressors))
        candidates = self._remove_effects(pool).reshape(y.size, len(names))
        included = linalg.qr(_unit_length(demeaned[:, ~marked]), mode="economic")[0]
        absorbed = np.linalg.norm(candidates, axis=0) <= ABSORBED_TOLERANCE * np.linalg.norm(
            pool.reshape(y.size, len(names)), axis=0
        )
        excluded, added = orthonormalise(candidates[:, ~absorbed], included)
        used = np.zeros(len(names), dtype=bool)
        used[~absorbed] = added
        dropped = [
            (
                name,
                f"is absorbed by {self._effects_name()}"
                if is_absorbed
                else "is a linear combination of regressors and other instruments",
            )
            for name, is_absorbed, is_used in zip(names, absorbed, used, strict=True)
            if not is_used
        ]
        problem = InstrumentedProblem(
            y=stack(self._remove_effects(y)),
            regressors=demeaned,
            endogenous=marked,
            included=included,
            excluded=excluded,
        )
        kept = tuple(name for name, is_used in zip(names, used, strict=True) if is_used)
        return problem, kept, dropped

    def _check_order(self) -> None:
        needed, names = int(self._problem.endogenous.sum()), self.endogenous_names
        available = len(self.instrument_names)
        if available < needed:
            raise UnderidentifiedError(
                f"{needed} endogenous regressors ({enumerate_names(names)}; rho stands for Wy) "
                f"and {available} excluded instruments ({enumerate_names(self.instrument_names)}) "
                f"of which {len(self.dropped_instruments)} more were dropped; give more "
                "instruments, or spatial lags of them (lag_instruments, lag_order)"
            )
        if needed:
            slopes = self._problem.excluded.T @ _unit_length(self._problem.partialled)
            strengths = linalg.svdvals(slopes)
            if strengths[-1] <= COLLINEAR_TOLERANCE:
                rank = int((strengths > COLLINEAR_TOLERANCE).sum())
                raise UnderidentifiedError(
                    f"the {available} excluded instruments explain {rank} independent "
                    f"combinations of the {needed} endogenous regressors "
                    f"({enumerate_names(names)}); give instruments for the others"
                )
        free = (
            self.arrays.n_units * self.arrays.n_periods
            - self.scheme.n_absorbed(self.arrays.n_units, self.arrays.n_periods)
            - self._problem.included.shape[1]
            - available
        )
        if free <= 0:
            raise PanelSizeError(
                f"{self.arrays.n_units} units and {self.arrays.n_periods} periods leave {free} "
                f"degrees of freedom for {self._problem.included.shape[1] + available} "
                f"instruments and {self._effects_name()}; lower lag_order"
            )

    def _bandwidth(self, bandwidth: int | None, cov_type: str) -> int:
        n_periods = self.arrays.n_periods
        if bandwidth is None:
            return default_bandwidth(n_periods)
        if cov_type not in {"kernel", "driscoll_kraay"}:
            raise SpecificationError(f"cov_type {cov_type!r} has no bandwidth")
        if not 0 <= bandwidth < n_periods:
            raise SpecificationError(
                f"bandwidth must be from 0 to T - 1 = {n_periods - 1}, got {bandwidth!r}"
            )
        return int(bandwidth)

    def _align_error_weights(
        self, weights: Weights | tuple[Sequence[Any], Any], index: Any
    ) -> SparseMatrix:
        matrix = align_error_weights(weights, self.arrays.units, index)
        if self.scheme.time_effects and common_row_sum(matrix) is None:
            raise RowSumsError(
                "spatially correlated errors with time effects need error_weights whose rows "
                "have equal sums; row-standardise them"
            )
        return matrix

    def _error_interval(self) -> tuple[float, float]:
        assert self._error_weights is not None
        spectrum = analyse_weights(self._error_weights)
        return spectrum.lower, spectrum.upper


@dataclass(frozen=True, slots=True, repr=False)
class SpatialIVResults(NormalEstimates):
    """Estimates of a `SpatialIVPanel`.

    Statistics are asymptotically normal; covariances carry the small-sample factor of
    `MomentDependence`. F statistics of the first stage are Wald statistics over their degrees of
    freedom.

    Attributes
    ----------
    model, method : str
    dependence : MomentDependence
    arrays : PanelArrays
    spectrum : WeightsSpectrum
    problem : InstrumentedProblem
        Of the last step; filtered by I - λM where there is λ.
    estimate : MomentEstimate
    param_names, endogenous_variables, instrument_names : tuple of str
    dropped : tuple of (instrument, reason)
    lam : float or None
        λ of the error; None in models without.
    innovation_variance : float or None
        σ² of ε by the same moments.
    """

    model: str
    method: str
    dependence: MomentDependence
    arrays: PanelArrays
    spectrum: WeightsSpectrum
    problem: InstrumentedProblem
    estimate: MomentEstimate
    param_names: tuple[str, ...]
    endogenous_variables: tuple[str, ...]
    instrument_names: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    lam: float | None
    innovation_variance: float | None

    @property
    def cov_type(self) -> str:
        """Which errors may be correlated."""
        return self.dependence.cov_type

    @property
    def rho(self) -> float:
        """Coefficient of Wy; 0 in models without one."""
        return float(self.estimate.coefficients[-1]) if self._has_lag else 0.0

    @property
    def admissible(self) -> bool:
        """Whether ρ is inside of the admissible interval."""
        return self.spectrum.lower < self.rho < self.spectrum.upper

    @property
    def sigma2(self) -> float:
        """e'e/(NT - dummies - K), e the residuals of the last step."""
        residuals = self.estimate.residuals
        return float(residuals @ residuals) / self.df_resid

    @property
    def df_resid(self) -> int:
        """NT less the dummies of the effects and the coefficients."""
        return self.dependence.residual_df(self.estimate.coefficients.size)

    @property
    def resids(self) -> pd.Series[float]:
        """y - Dδ with the effects removed (filtered by I - λM where there is λ)."""
        values = self.estimate.residuals[self.arrays.positions]
        return pd.Series(values, index=self.arrays.index, name="resid")

    @property
    def n_units(self) -> int:
        """N."""
        return self.arrays.n_units

    @property
    def n_periods(self) -> int:
        """T."""
        return self.arrays.n_periods

    @property
    def nobs(self) -> int:
        """N·T."""
        return self.n_units * self.n_periods

    @property
    def r2_within(self) -> float:
        """1 - e'e/ỹ'ỹ with the effects removed; can be negative with endogenous regressors."""
        outcome = self.problem.y
        scheme = self.dependence.scheme
        if not (scheme.entity_effects or scheme.time_effects):
            outcome = outcome - outcome.mean()
        residuals = self.estimate.residuals
        return float(1.0 - (residuals @ residuals) / (outcome @ outcome))

    def residual_ar1(self) -> float:
        """Σ e_it e_i,t-1 / Σ e²_i,t-1, pooled over units; needed to choose ``cov_type``."""
        return calc_residual_ar1(self.estimate.residuals.reshape(self.n_periods, self.n_units))

    @property
    def endogenous_names(self) -> list[str]:
        """Parameters of endogenous regressors; ``rho`` is that of Wy."""
        return [
            name
            for name, marked in zip(self.param_names, self.problem.endogenous, strict=True)
            if marked
        ]

    @property
    def first_stage(self) -> pd.DataFrame:
        """Strength of the instruments for each endogenous regressor (`calc_first_stage`).

        Returns
        -------
        DataFrame, index endogenous parameters, columns partial_r2, f, df, df_denominator,
        p_value, conditional_f (Sanderson-Windmeijer), conditional_df.
        """
        names = self.endogenous_names
        columns = ["partial_r2", "f", "p_value", "conditional_f"]
        if not names:
            return pd.DataFrame(columns=[*columns[:2], "df", "df_denominator", *columns[2:],
                                         "conditional_df"])  # fmt: skip
        table = pd.DataFrame(
            calc_first_stage(self.problem, self.dependence), index=names, columns=columns
        )
        n_excluded = self.problem.excluded.shape[1]
        table.insert(2, "df", n_excluded)
        table.insert(3, "df_denominator", self.dependence.denominator_df(self._n_instruments))
        table["conditional_df"] = n_excluded - len(names) + 1
        return table

    def rank_test(self) -> RankTest | None:
        """Kleibergen-Paap and Cragg-Donald statistics; None without endogenous regressors."""
        return calc_rank_test(self.problem, self.dependence) if self.endogenous_names else None

    def anderson_rubin(self, values: Mapping[str, float] | None = None) -> SpecificationTest:
        """Test of the coefficients of endogenous regressors that weak instruments do not hurt.

        The values are imposed and the moments tested: J of the restricted model, which with all
        endogenous coefficients named is the statistic of Anderson & Rubin (1949) in its score
        form. Coefficients not named (such as ρ) are estimated under the null and must be strongly
        identified (Stock & Wright 2000, Econometrica 68:1055-1096, theorem 3).

        Parameters
        ----------
        values : mapping name → value, optional
            Default zero for every endogenous regressor but Wy, or ρ where there is no other.

        Returns
        -------
        SpecificationTest, χ²(L - K + number named).
        """
        if values is None:
            values = dict.fromkeys(self._named_endogenous() or self.endogenous_names, 0.0)
        unknown = [name for name in values if name not in self.endogenous_names]
        if unknown or not values:
            raise SpecificationError(
                f"{enumerate_names(unknown) or 'nothing'} is named; the endogenous coefficients "
                f"are {enumerate_names(self.endogenous_names) or 'none'}"
            )
        fixed = np.array([name in values for name in self.param_names])
        imposed = np.array([values[name] for name in self.param_names if name in values])
        restricted = InstrumentedProblem(
            y=self.problem.y - self.problem.regressors[:, fixed] @ imposed,
            regressors=self.problem.regressors[:, ~fixed],
            endogenous=self.problem.endogenous[~fixed],
            included=self.problem.included,
            excluded=self.problem.excluded,
        )
        null = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        free = [name for name in self.endogenous_names if name not in values]
        note = f"{enumerate_names(free)} estimated under the null" if free else ""
        return self._chi2(
            "Anderson-Rubin",
            null,
            calc_overidentification(restricted, self.dependence),
            self._n_instruments - int((~fixed).sum()),
            note,
        )

    @property
    def diagnostics(self) -> list[SpecificationTest]:
        """Tests of the instruments and of endogeneity, all with the covariance of the fit.

        Overidentification (none where the model is exactly identified), rank of the first stage,
        exogeneity of the named regressors and of all, Anderson-Rubin.
        """
        rank = self.rank_test()
        if rank is None:
            return []
        tests = []
        surplus = self._n_instruments - len(self.param_names)
        if surplus:
            tests.append(
                self._chi2(
                    "Sargan" if self.cov_type == "unadjusted" else "Hansen J",
                    "all instruments are valid",
                    calc_overidentification(self.problem, self.dependence),
                    surplus,
                )
            )
        tests.append(
            self._chi2(
                "Kleibergen-Paap rk Wald",
                "the first stage has less than full rank",
                rank.kleibergen_paap,
                rank.df,
                f"rk F = {rank.kleibergen_paap_f:.4g}, Cragg-Donald F = {rank.cragg_donald_f:.4g}",
            )
        )
        named = self._named_endogenous()
        for tested in (
            [named, self.endogenous_names] if self._has_lag and named else [self.endogenous_names]
        ):
            tests.append(self._endogeneity(tested))
        tests.append(self.anderson_rubin())
        return tests

    def wald_test(self, restrictions: Restrictions) -> WaldTest:
        """Wald test of linear restrictions on named parameters (not λ).

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or DataFrame
            As `SpatialPanelResults.wald_test`.

        Returns
        -------
        WaldTest

        Raises
        ------
        RestrictionError
            With what could not be read.
        """
        matrix, values, labels = read_restrictions(restrictions, list(self.param_names))
        return calc_wald(
            self.estimate.coefficients, self.estimate.covariance, matrix, values, labels
        )

    def effects(
        self,
        inference: Literal["delta", "simulation"] = "delta",
        draws: int = 1000,
        seed: int | np.random.SeedSequence = 0,
    ) -> EffectsResults:
        """Direct, indirect and total effects of every regressor, endogenous ones included.

        Parameters
        ----------
        inference : {"delta", "simulation"}
        draws, seed
            Of the simulation; draws of ρ outside of the admissible interval are discarded and
            counted.

        Returns
        -------
        EffectsResults

        Raises
        ------
        BoundaryError
            If ρ is outside of the admissible interval.
        SpecificationError
            For an unknown inference or too few draws.
        """
        if not self.admissible:
            raise BoundaryError(
                f"rho = {self.rho:.6g} is outside of the admissible interval "
                f"({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}), where the spatial "
                "multiplier is not a sum over neighbours; there are no effects"
            )
        check_choice("inference", inference, ("delta", "simulation"))
        if inference == "delta":
            return self._effects_results(self._delta_covariance(), None, 0)
        drawn, total = self._draw(draws, seed)
        simulated = self._effects_of(drawn)
        flat = simulated.reshape(simulated.shape[0], -1)
        return self._effects_results(np.cov(flat, rowvar=False), simulated, total)

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`.

        Quantities: coef, rho, lambda with inference; sigma2, r2 and residual_ar1 without.
        """
        statistics = [
            ("sigma2", "sigma2", self.sigma2),
            ("r2", "within", self.r2_within),
            ("residual_ar1", "residual_ar1", self.residual_ar1()),
        ]
        return self._tidy(level, self.cov_type, statistics)

    @property
    def summary(self) -> str:
        """The fit as text."""
        if not self.endogenous_names:
            return self._as_text()
        first_stage = f"First stage\n{text_table(self.first_stage)}"
        return self._as_text(first_stage, "\n".join(self._statements()))

    def __repr__(self) -> str:
        spatial = f", rho={self.rho:.6g}" if self._has_lag else ""
        return (
            f"<SpatialIVResults {self.model}, {self.method}{spatial}, "
            f"{len(self.instrument_names)} excluded instruments, {self.n_units} units x "
            f"{self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        tables = []
        if self.endogenous_names:
            tests = frame_of_tests(self.diagnostics).set_index("test")
            tables = [(self.first_stage, "First stage"), (tests, "Tests of the instruments")]
        return self._as_html(f"Instrumented panel model of {self.arrays.dependent}", tables)

    @property
    def _has_lag(self) -> bool:
        return self.model in LAG_MODELS

    @property
    def _n_instruments(self) -> int:
        return int(self.problem.included.shape[1] + self.problem.excluded.shape[1])

    def _covariance(self) -> Array:
        return self.estimate.covariance

    def _equation(self) -> str:
        return self.arrays.dependent

    def _names(self) -> list[str]:
        return [*self.param_names, *([] if self.lam is None else [ERROR_SPATIAL])]

    def _values(self) -> Array:
        extra = [] if self.lam is None else [self.lam]
        return np.concatenate([self.estimate.coefficients, extra])

    def _named_endogenous(self) -> list[str]:
        return [name for name in self.endogenous_names if name != SPATIAL]

    def _chi2(
        self, name: str, null: str, statistic: float, df: int, note: str = ""
    ) -> SpecificationTest:
        if np.isnan(statistic):
            note = (
                f"not defined: the {self.cov_type} covariance of the moments is singular (more "
                "moments than units or periods to estimate it from)"
            )
        return chi2_test(name, null, statistic, df, form=self.cov_type, note=note)

    def _endogeneity(self, names: Sequence[str]) -> SpecificationTest:
        tested = np.array([name in names for name in self.param_names])
        stated = ["Wy" if name == SPATIAL else name for name in names]
        return self._chi2(
            "Durbin-Wu-Hausman",
            f"{enumerate_names(stated)} exogenous",
            calc_endogeneity(self.problem, tested, self.dependence),
            int(tested.sum()),
        )

    def _beta_theta(self, coefficients: Array) -> tuple[Array, Array]:
        """β and θ from the last axis; θ is zero for regressors without a lag."""
        positions = np.array(self.arrays.theta_positions)
        theta = np.where(positions >= 0, coefficients[..., np.maximum(positions, 0)], 0.0)
        return coefficients[..., list(self.arrays.beta_positions)], theta

    def _effects_of(self, drawn: Array) -> Array:
        """Effects at every row of parameters, shape (R, K, 3)."""
        beta, theta = self._beta_theta(drawn)
        rho = drawn[:, -1] if self._has_lag else np.zeros(len(drawn))
        multipliers = calc_multipliers(rho, self.arrays.weights, self.spectrum)
        return calc_effects(beta, theta, rho, multipliers)

    def _delta_covariance(self) -> Array:
        beta, theta = self._beta_theta(self.estimate.coefficients)
        multipliers = calc_multipliers(self.rho, self.arrays.weights, self.spectrum)
        gradients = calc_effect_gradients(beta, theta, self.rho, multipliers)
        jacobian = np.zeros((3 * beta.size, self.estimate.coefficients.size))
        for k, (own, lagged) in enumerate(
            zip(self.arrays.beta_positions, self.arrays.theta_positions, strict=True)
        ):
            rows = slice(3 * k, 3 * k + 3)
            jacobian[rows, own] = gradients[k, :, 0]
            if lagged >= 0:
                jacobian[rows, lagged] = gradients[k, :, 1]
            if self._has_lag:
                jacobian[rows, -1] = gradients[k, :, 2]
        covariance: Array = jacobian @ self.estimate.covariance @ jacobian.T
        return covariance

    def _draw(self, draws: int, seed: int | np.random.SeedSequence) -> tuple[Array, int]:
        """Draws of the parameters with an admissible ρ, and how many were made."""
        check_draws(draws, "simulation")
        # Drawn in alphabetic order of the names, so that the order of columns changes nothing.
        order = sorted(range(len(self.param_names)), key=lambda k: self.param_names[k])
        drawn = np.empty((draws, len(order)))
        drawn[:, order] = draw_parameters(
            self.estimate.coefficients[order],
            self.estimate.covariance[np.ix_(order, order)],
            draws,
            seed,
        )
        if self._has_lag:
            drawn = drawn[
                (drawn[:, -1] > self.spectrum.lower) & (drawn[:, -1] < self.spectrum.upper)
            ]
        if len(drawn) < 2:
            raise BoundaryError(
                f"{draws - len(drawn)} of {draws} draws of rho are outside of the admissible "
                "interval; the effects have no simulated distribution"
            )
        return drawn, draws

    def _effects_results(
        self, covariance: Array, simulated: Array | None, draws: int
    ) -> EffectsResults:
        return EffectsResults(
            equation=self.arrays.dependent,
            variables=self.arrays.variables,
            estimates=self._effects_of(self.estimate.coefficients[None, :])[0],
            covariance=covariance,
            inference="delta" if simulated is None else "simulation",
            draws=simulated,
            n_draws=draws,
            n_discarded=0 if simulated is None else draws - len(simulated),
        )

    def _header(self) -> list[tuple[str, str]]:
        scheme = self.dependence.scheme
        effects = [
            name
            for name, present in (("unit", scheme.entity_effects), ("time", scheme.time_effects))
            if present
        ]
        covariance = self.cov_type
        if covariance in {"kernel", "driscoll_kraay"}:
            covariance += f", {self.dependence.bandwidth} lags"
        return [
            ("Model", self.model.upper()),
            ("Dependent variable", self.arrays.dependent),
            ("Estimator", "two-stage least squares" if self.method == "2sls" else "two-step GMM"),
            ("Covariance", covariance),
            ("Fixed effects", " and ".join(effects) or "none"),
            ("Observations", f"{self.nobs} ({self.n_units} units x {self.n_periods} periods)"),
            ("Residual df", str(self.df_resid)),
            ("R2 within", f"{self.r2_within:.4f}"),
            ("Endogenous", ", ".join(
                "Wy" if name == SPATIAL else name for name in self.endogenous_names) or "none"),
            ("Excluded instruments", ", ".join(self.instrument_names) or "none"),
        ]  # fmt: skip

    def _statements(self) -> list[str]:
        return [f"{test}{' (' + test.note + ')' if test.note else ''}" for test in self.diagnostics]

    def _notes(self) -> list[str]:
        notes = [f"Residual AR(1) within units: {self.residual_ar1():.3f}"]
        notes += [f"Instrument {name} {reason}" for name, reason in self.dropped]
        if self.lam is not None:
            notes.append("lambda by moments, without standard error")
        if not self.admissible:
            notes.append("rho is outside of the admissible interval: no effects")
        return notes


def _bartlett_sum(scores: Array, bandwidth: int) -> Array:
    """Σ_g Σ_{s,t} (1 - |s-t|/(b+1))₊ x_gs x_gt' for scores (T, G, L)."""
    stacked = scores.reshape(-1, scores.shape[2])
    result: Array = stacked.T @ stacked
    for lag in range(1, bandwidth + 1):
        product = scores[lag:].reshape(-1, scores.shape[2]).T @ scores[:-lag].reshape(
            -1, scores.shape[2]
        )
        result = result + (1.0 - lag / (bandwidth + 1.0)) * (product + product.T)
    return result


def _is_singular(covariance: Array) -> bool:
    eigenvalues = linalg.eigvalsh(covariance)
    return bool(eigenvalues[0] * CONDITION_LIMIT <= eigenvalues[-1])


def _quadratic_form(values: Array, covariance: Array) -> float:
    """v'V⁻¹v; NaN where V is singular."""
    if _is_singular(covariance):
        return float("nan")
    return float(values @ linalg.solve(covariance, values, assume_a="pos"))


def _moment_traces(weights: SparseMatrix, *, deflated: bool) -> tuple[float, float]:
    """tr(M'M) and tr(M), or of M* = F'MF for rows with a common sum c.

    JMJ = JM then, so tr(M*'M*) = ΣΣ m² - Σ_j (column sum)²/N and tr(M*) = tr(M) - c.
    """
    squares, trace = float((weights.data**2).sum()), float(weights.diagonal().sum())
    if not deflated:
        return squares, trace
    column_sums = np.asarray(weights.sum(axis=0), dtype=np.float64).ravel()
    common = float(weights.sum()) / weights.shape[0]
    return squares - float(column_sums @ column_sums) / weights.shape[0], trace - common


def _unit_length(columns: Array) -> Array:
    result: Array = columns / np.linalg.norm(columns, axis=0)
    return result


def _lag_name(name: str, power: int) -> str:
    if power == 0:
        return name
    return f"{LAG_PREFIX}{name}" if power == 1 else f"W{power}.{name}"


def _lag_power(weights: SparseMatrix, values: Array, power: int) -> Array:
    for _ in range(power):
        values = spatial_lag(weights, values)
    return values


def _as_frame(given: pd.DataFrame | pd.Series[Any] | None, what: str) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame()
    frame = given.to_frame() if isinstance(given, pd.Series) else given
    if not isinstance(frame, pd.DataFrame):
        raise SpecificationError(f"{what} must be a pandas DataFrame, got {type(given).__name__}")
    return frame.set_axis([str(column) for column in frame.columns], axis=1)


def _check_roles(frames: Mapping[str, pd.DataFrame], model: str) -> None:
    """Refuse a column with two roles, and instruments with nothing to instrument."""
    roles: dict[str, str] = {}
    for role, frame in frames.items():
        for name in frame.columns:
            if name in roles:
                raise SpecificationError(
                    f"{name!r} is in {roles[name]} and in {role}; a column has one role"
                )
            roles[name] = role
    if not frames["exog"].shape[1] and not frames["endog"].shape[1]:
        raise SpecificationError("exog and endog have no columns; a model needs a regressor")
    nothing_endogenous = model not in LAG_MODELS and not frames["endog"].shape[1]
    if frames["instruments"].shape[1] and nothing_endogenous:
        raise SpecificationError(
            f"instruments are given, but model {model!r} without endog has no endogenous regressor"
        )


def _join(exog: pd.DataFrame, endog: pd.DataFrame) -> pd.DataFrame:
    if not endog.shape[1] or not exog.shape[1]:
        return exog if exog.shape[1] else endog
    for what, frame in (("exog", exog), ("endog", endog)):
        if not frame.index.is_unique:
            repeated = frame.index[frame.index.duplicated()].unique()
            raise PanelIndexError(f"{what} has several rows for {enumerate_names(repeated)}")
    apart = exog.index.symmetric_difference(endog.index)
    if len(apart):
        raise PanelIndexError(
            f"exog and endog have different unit-years; only in one: {enumerate_names(apart)}"
        )
    return pd.concat([exog, endog.loc[exog.index]], axis=1)
