"""Dynamic spatial panels: time lag, space-time lag and fixed effects, free of the incidental bias.

    y_t = τy_{t-1} + ρWy_t + ηWy_{t-1} + X_tβ + WX_tθ + μ + ξ_tι + ε_t,  t = 1, …, T,

given y_0, the first period observed. Period effects are removed by the orthonormal complement F of
ι, which leaves N-1 units with weights W* = F'WF; unit effects are concentrated out. The
concentrated score is then not centred, because ȳ_{-1} and ε̄ are correlated (Nickell 1981).

Stack the periods and write K = I_T ⊗ (I - ρW) - B ⊗ (τI + ηW), B the time shift, and Q for the
projection that removes unit means. The derivatives of K in (τ, η, ρ) are -R_a with R_τ = B ⊗ I,
R_η = B ⊗ W, R_ρ = I ⊗ W, and with L_a = R_aK⁻¹ the regressor of parameter a is
z_a = (terms in X, μ, ξ, y_0) + L_aε. Hence, whatever y_0 is and however short the panel,

    E z_a'Qε = σ² tr(QL_a),

and all moments of the score follow from such traces, which are sums over the eigenvalues λ of W of
traces of T × T lower triangular Toeplitz matrices with a_λ = (τ + ηλ)/(1 - ρλ):

    tr(QL_a) = -∂/∂a Σ_λ [(T-1) ln(1 - ρλ) + (1/T) Σ_{h=1}^{T-1} (T-h)/h · a_λ^h].

References
----------
Yu, de Jong & Lee (2008), J. Econometrics 146:118-134. Lee & Yu (2010), Econometric Theory
26:564-597. Yang (2018), J. Econometrics 205:423-447 (adjusted quasi scores). Dhaene & Jochmans
(2016), Econometric Theory 32:1178-1215 (the adjusted likelihood without space).
"""

from __future__ import annotations

import html
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from .align import LAG_PREFIX, PanelArrays, Weights, align_panel, check_identified
from .effects import Multipliers, calc_multipliers, draw_parameters
from .errors import (
    BoundaryError,
    BoundaryWarning,
    ConvergenceError,
    PanelSizeError,
    PeriodGapError,
    RowSumsError,
    SpecificationError,
    UnstableError,
    UnstableWarning,
    enumerate_names,
)
from .information import calc_g, calc_spatial_traces
from .likelihood import gaussian_loglik, maximise, refuse_perfect_fit
from .logdet import EigenLogDeterminant, WeightsSpectrum, analyse_weights
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .results import (
    DEFAULT_LEVEL,
    TIDY_COLUMNS,
    EffectsResults,
    normal_p_values,
    normal_quantile,
)
from .score import estimate_error_moments, invert_information
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

DynamicModel = Literal["sar", "sdm"]
DynamicEstimator = Literal["adjusted_score", "bias_corrected", "qml"]
DynamicCovariance = Literal["oim", "qml"]
Horizon = Literal["short", "long"] | int

TIME_LAG_SUFFIX = ".L1"
# All corrections need the eigenvalues of W; beyond this N they take minutes and gigabytes.
EIGENVALUE_LIMIT = 4000
# Newton's method ends where the next step would raise the log-likelihood by less than this; the
# estimate is then within 1e-10 standard errors of the root.
NEWTON_TOLERANCE = 1e-20
NEWTON_LIMIT = 200
# Lags and ρ are of order one; longer steps jump over a local maximum into the region where the
# adjusted likelihood grows without bound.
LONGEST_STEP = 0.1


@dataclass(frozen=True, slots=True)
class DynamicProblem:
    """A dynamic panel with its effects removed, as the estimators see it.

    Attributes
    ----------
    y, lagged_y : array, shape (T, N)
        y and Wy; lags are taken before removing the effects.
    z : array, shape (T, N, P)
        y_{t-1} and Wy_{t-1} (those that the model has), then X and WX.
    time_lag, space_time_lag : bool
        Which of the two lags there are.
    entity_effects : bool
    eigenvalues : array, real or complex, shape (N,) or (N-1,)
        Of W, or of W* where there are period effects.
    interval : (float, float)
        Admissible interval of ρ.
    """

    y: Array
    lagged_y: Array
    z: Array
    time_lag: bool
    space_time_lag: bool
    entity_effects: bool
    eigenvalues: NDArray[Any]
    interval: tuple[float, float]

    @property
    def n_periods(self) -> int:
        """T."""
        return int(self.y.shape[0])

    @property
    def n_lags(self) -> int:
        """Leading columns of z that are lags of the outcome."""
        return int(self.time_lag) + int(self.space_time_lag)

    @property
    def dynamic_positions(self) -> list[int]:
        """Where the lags and ρ stand in (δ, ρ, σ²)."""
        return [*range(self.n_lags), int(self.z.shape[2])]

    def n_effective(self, *, centred: bool) -> int:
        """Observations of the likelihood: N*(T-1) with a centred score, else N*T."""
        lost = 1 if centred and self.entity_effects else 0
        return int(self.eigenvalues.size) * (self.n_periods - lost)

    def split(self, phi: Array) -> tuple[float, float, float]:
        """(τ, η, ρ) of the parameters (lags, ρ) that the model has; zero for the others."""
        tau = float(phi[0]) if self.time_lag else 0.0
        eta = float(phi[self.n_lags - 1]) if self.space_time_lag else 0.0
        return tau, eta, float(phi[-1])


@dataclass(frozen=True, slots=True)
class DynamicEstimate:
    """Numbers of one fit.

    Attributes
    ----------
    delta : array, shape (P,)
        Coefficients of the columns of z, lags of the outcome first.
    rho : float
    sigma2 : float
        Error variance, unit of the dependent variable squared.
    loglik : float
    residuals : array, shape (T, N)
        Innovations with the fixed effects removed.
    at_boundary : bool
    """

    delta: Array
    rho: float
    sigma2: float
    loglik: float
    residuals: Array
    at_boundary: bool


@dataclass(frozen=True, slots=True)
class DynamicTraces:
    """Traces of L_a = R_aK⁻¹ for the m dynamic parameters (lags, ρ).

    Attributes
    ----------
    centred : array, shape (m,)
        tr(QL_a).
    curvature : array, shape (m, m)
        tr(QL_aL_b), the derivative of ``centred``.
    variance : array, shape (m, m)
        tr(QL_aQL_b).
    """

    centred: Array
    curvature: Array
    variance: Array


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether the fitted dynamics return to an equilibrium.

    Attributes
    ----------
    case : {"stable", "spatial cointegration", "unit root", "explosive"}
        At the point estimate, in the terms of Lee & Yu (2010, Regional Science and Urban Economics
        40:255-271): the common root is (τ + ηc)/(1 - ρc), c the largest eigenvalue of W (1 for
        row-stochastic W). Spatial cointegration: it is one or more, but τ + ρ + η is not
        distinguishable from one at 5 % and all other roots are inside the unit circle. Unit root:
        the same with no other root inside.
    largest_root : float
        Largest modulus of the eigenvalues of A = (I - ρW)⁻¹(τI + ηW).
    total : float
        τ + (ρ + η)c; below one if the common root is.
    total_std_error : float
    reason : str
        In words.
    """

    case: str
    largest_root: float
    total: float
    total_std_error: float
    reason: str

    @property
    def stable(self) -> bool:
        """All eigenvalues of A are inside the unit circle."""
        return self.largest_root < 1.0


@dataclass(frozen=True, slots=True)
class DynamicMultipliers:
    """Means of k(W) and Wk(W), k the multiplier of a horizon, and their derivatives.

    Attributes
    ----------
    own, lagged : array, shape (R, 2)
        tr(·)/N and ι'·ι/N of k(W) and of Wk(W) at R parameter draws.
    own_slope, lagged_slope : array, shape (R, 2, 3)
        Derivatives in τ, η, ρ.
    """

    own: Array
    lagged: Array
    own_slope: Array
    lagged_slope: Array


def calc_roots(tau: float, eta: float, rho: float, eigenvalues: NDArray[Any]) -> NDArray[Any]:
    """Eigenvalues (τ + ηλ)/(1 - ρλ) of A = (I - ρW)⁻¹(τI + ηW), shape of ``eigenvalues``."""
    roots: NDArray[Any] = (tau + eta * eigenvalues) / (1.0 - rho * eigenvalues)
    return roots


def calc_dynamic_traces(problem: DynamicProblem, phi: Array) -> DynamicTraces:
    """Traces of the dynamic multipliers at (lags, ρ).

    L_a is, in the eigenbasis of W, a lower triangular Toeplitz matrix with first column l_a: κ_h =
    a^h/(1 - ρλ) delayed by the lag of a and multiplied by λ where a belongs to W. With C the
    running sum of l, ι'L and Lι are C backwards and forwards, which gives all traces in O(NT).

    Parameters
    ----------
    problem : DynamicProblem
    phi : array, shape (m,)

    Returns
    -------
    DynamicTraces
    """
    tau, eta, rho = problem.split(phi)
    n_periods, eigenvalues = problem.n_periods, problem.eigenvalues
    removed = 1.0 / n_periods if problem.entity_effects else 0.0
    steps = np.arange(n_periods)
    scale = 1.0 / (1.0 - rho * eigenvalues)[:, None]
    powers = calc_roots(tau, eta, rho, eigenvalues)[:, None] ** steps
    kernel, squared = scale * powers, scale**2 * (steps + 1.0) * powers
    # Delay in time and power of λ of R_a.
    operators = [(1, 0)] * problem.time_lag + [(1, 1)] * problem.space_time_lag + [(0, 1)]
    series = [_delay(kernel, lag) * eigenvalues[:, None] ** power for lag, power in operators]
    weights = -removed * (n_periods - steps)
    weights[0] += n_periods
    sums = [np.cumsum(column, axis=1) for column in series]
    size = len(operators)
    curvature, variance = np.empty((size, size)), np.empty((size, size))
    for a, (lag_a, power_a) in enumerate(operators):
        for b, (lag_b, power_b) in enumerate(operators):
            product = _delay(squared, lag_a + lag_b) * eigenvalues[:, None] ** (power_a + power_b)
            curvature[a, b] = float((product @ weights).sum().real)
            between = (sums[b][:, ::-1] * sums[a]).sum(axis=1) - removed * (
                sums[b].sum(axis=1) * sums[a].sum(axis=1)
            )
            variance[a, b] = curvature[a, b] - removed * float(between.sum().real)
    return DynamicTraces(
        centred=np.array([float((column @ weights).sum().real) for column in series]),
        curvature=curvature,
        variance=variance,
    )


def calc_adjusted_jacobian(problem: DynamicProblem, phi: Array) -> float:
    """Σ_λ [(T-1) ln(1 - ρλ) + (1/T) Σ_{h=1}^{T-1} (T-h)/h · a_λ^h], of derivative -tr(QL_a).

    Without unit effects T Σ_λ ln(1 - ρλ).
    """
    tau, eta, rho = problem.split(phi)
    n_periods = problem.n_periods
    log_determinant = EigenLogDeterminant(problem.eigenvalues).value(rho)
    if not problem.entity_effects:
        return n_periods * log_determinant
    steps = np.arange(1, n_periods)
    roots = calc_roots(tau, eta, rho, problem.eigenvalues)
    powers = (roots[:, None] ** steps).sum(axis=0).real
    return float(
        (n_periods - 1) * log_determinant + powers @ ((n_periods - steps) / (n_periods * steps))
    )


def fit_qml(problem: DynamicProblem) -> DynamicEstimate:
    """Quasi maximum likelihood with the lags as regressors (Lee & Yu 2010, eq. 9).

    ln L = -(n/2) ln(2πσ²) + T ln|I - ρW*| - e'e/(2σ²), n = N*T, concentrated in ρ. Biased of
    order 1/T where there are unit effects.
    """
    triangle = _triangle(problem)
    n_effective = problem.n_effective(centred=False)
    log_determinant = EigenLogDeterminant(problem.eigenvalues)
    outcome = triangle[-2:, -1]
    direction = np.array([triangle[-2, -2], 0.0])

    def value(rho: float) -> float:
        gap = outcome - rho * direction
        return -0.5 * n_effective * float(
            np.log(gap @ gap)
        ) + problem.n_periods * log_determinant.value(rho)

    def score(rho: float) -> float:
        gap = outcome - rho * direction
        return n_effective * float(direction @ gap) / float(
            gap @ gap
        ) - problem.n_periods * log_determinant.trace_g(rho)

    refuse_perfect_fit(float(triangle[-1, -1] ** 2), problem.y)
    peak = maximise(value, score, problem.interval)
    delta = _solve_delta(triangle, np.array([peak.location]), problem.n_lags)
    residuals = _residuals(problem, delta, peak.location)
    sigma2 = float((residuals**2).sum()) / n_effective
    return _evaluate(
        problem, delta, peak.location, sigma2, adjusted=False, at_boundary=peak.at_boundary
    )


def correct_dynamic_bias(
    problem: DynamicProblem, estimate: DynamicEstimate, information: Array
) -> Array:
    """One-step correction of the quasi maximum likelihood estimates.

    φ + H⁻¹b, with -b the limit of the expected concentrated score for long stable panels:
    b_τ = tr(Σ_h A^h S⁻¹), b_η = b_ρ = tr(W Σ_h A^h S⁻¹), b_σ² = N*/(2σ²), S = I - ρW,
    A = S⁻¹(τI + ηW) and Σ_h A^h S⁻¹ = ((1-τ)I - (ρ+η)W)⁻¹ (Yu, de Jong & Lee 2008, eq. 21; Lee & Yu
    2010, eq. 19, with W* for W).

    Parameters
    ----------
    problem : DynamicProblem
    estimate : DynamicEstimate
    information : array, shape (P+2, P+2)
        H of (δ, ρ, σ²) at the estimate.

    Returns
    -------
    array, shape (P+2,): (δ, ρ, σ²).

    Raises
    ------
    UnstableError
        If a root is on or outside the unit circle, so that Σ_h A^h does not exist.
    """
    parameters = np.concatenate([estimate.delta, [estimate.rho, estimate.sigma2]])
    if not problem.entity_effects:
        return parameters
    tau, eta, rho = problem.split(parameters[problem.dynamic_positions])
    eigenvalues = problem.eigenvalues
    largest = float(np.abs(calc_roots(tau, eta, rho, eigenvalues)).max())
    if largest >= 1.0:
        raise UnstableError(
            f"the bias correction sums all powers of A = (I - rho W)^-1 (tau I + eta W), whose "
            f"largest root is {largest:.4f} at the quasi maximum likelihood estimate; use "
            "estimator='adjusted_score', which needs no stability"
        )
    long_run = 1.0 / (1.0 - tau - (rho + eta) * eigenvalues)
    in_space = float((eigenvalues * long_run).sum().real)
    shift = np.zeros_like(parameters)
    shift[problem.dynamic_positions] = (
        [float(long_run.sum().real)] * problem.time_lag
        + [in_space] * problem.space_time_lag
        + [in_space]
    )
    shift[-1] = eigenvalues.size / (2.0 * estimate.sigma2)
    corrected: Array = parameters + invert_information(information) @ shift
    return corrected


def fit_adjusted(problem: DynamicProblem, start: Array) -> DynamicEstimate:
    """Root of the adjusted score nearest to a start, by Newton's method.

    Solves z_a'Qe/σ² = tr(QL_a) for the lags and ρ, Z'Qe = 0 for the other regressors and
    σ² = e'Qe/(N*(T-1)), each of expectation zero at the truth for any T and any y_0 (Yang 2018,
    sec. 3.1). The equations are the gradient of

        -(n/2) ln(e'Qe) + Σ_λ [(T-1) ln(1 - ρλ) + (1/T) Σ_h (T-h)/h · a_λ^h],  n = N*(T-1),

    of which the root must be a local maximum: far from the data its last term grows without bound.

    Parameters
    ----------
    problem : DynamicProblem
    start : array, shape (m,)
        (lags, ρ).

    Returns
    -------
    DynamicEstimate

    Raises
    ------
    ConvergenceError
        If no local maximum is reached.
    """
    triangle = _triangle(problem)
    refuse_perfect_fit(float(triangle[-1, -1] ** 2), problem.y)
    size = start.size
    columns = triangle[-size - 1 :, -size - 1 :]
    n_effective = problem.n_effective(centred=True)
    lower, upper = problem.interval

    def value(phi: Array) -> float:
        if not lower < phi[-1] < upper:
            return -np.inf
        gap = columns[:, -1] - columns[:, :-1] @ phi
        return -0.5 * n_effective * float(np.log(gap @ gap)) + calc_adjusted_jacobian(problem, phi)

    def derivatives(phi: Array) -> tuple[Array, Array]:
        gap = columns[:, -1] - columns[:, :-1] @ phi
        total = float(gap @ gap)
        pull = columns[:, :-1].T @ gap / total
        traces = calc_dynamic_traces(problem, phi)
        gradient = n_effective * pull - traces.centred
        gram = columns[:, :-1].T @ columns[:, :-1] / total
        negative_hessian = n_effective * (gram - 2.0 * np.outer(pull, pull)) + traces.curvature
        return gradient, negative_hessian

    phi = _climb(value, derivatives, start)
    delta = _solve_delta(triangle, phi, problem.n_lags)
    residuals = _residuals(problem, delta, float(phi[-1]))
    sigma2 = float((residuals**2).sum()) / n_effective
    return _evaluate(problem, delta, float(phi[-1]), sigma2, adjusted=True)


def calc_qml_information(
    problem: DynamicProblem,
    estimate: DynamicEstimate,
    weights: SparseMatrix,
    *,
    time_effects: bool,
    row_sum: float | None,
) -> Array:
    """Information of (δ, ρ, σ²), lags of the outcome as regressors (Lee & Yu 2010, eq. 13).

    H_δδ = Z̃'Z̃/σ², H_δρ = Z̃'h/σ², H_ρρ = h'h/σ² + T tr(GG + G'G), H_ρσ² = T tr(G)/σ²,
    H_σ²σ² = n/(2σ⁴), with h = Q(Wy - Gε): G of everything but the innovation, lags included.

    Returns
    -------
    array, shape (P+2, P+2).
    """
    traces = calc_spatial_traces(weights, estimate.rho, deflated=time_effects, row_sum=row_sum)
    passed_on = within_transform(
        estimate.residuals @ calc_g(weights, estimate.rho).T,
        entity_effects=problem.entity_effects,
        time_effects=time_effects,
    )
    columns = np.column_stack([stack(problem.z), (problem.lagged_y - passed_on).ravel()])
    size, n_periods = columns.shape[1], problem.n_periods
    information = np.zeros((size + 1, size + 1))
    information[:size, :size] = columns.T @ columns / estimate.sigma2
    information[size - 1, size - 1] += n_periods * (traces.gg + traces.gtg)
    information[size - 1, size] = n_periods * traces.g / estimate.sigma2
    information[size, size - 1] = information[size - 1, size]
    information[size, size] = problem.n_effective(centred=False) / (2.0 * estimate.sigma2**2)
    return information


def calc_adjusted_slope(problem: DynamicProblem, estimate: DynamicEstimate) -> Array:
    """Γ = -∂S*/∂(δ, ρ, σ²) of the adjusted score S*, at its root.

    Γ_ab = C_a'C_b/σ² + tr(QL_aL_b) with C = [Z̃, Wỹ] and L = 0 for X and WX, Γ_aσ² = tr(QL_a)/σ²,
    Γ_σ²σ² = n/(2σ⁴); symmetric because the L commute.

    Returns
    -------
    array, shape (P+2, P+2).
    """
    slope, traces = _score_products(problem, estimate)
    dynamic = problem.dynamic_positions
    slope[np.ix_(dynamic, dynamic)] += traces.curvature
    return slope


def calc_score_variance(problem: DynamicProblem, estimate: DynamicEstimate) -> Array:
    """Covariance Ω of the score of (δ, ρ, σ²), exact given y_0 for normal innovations.

    Ω_ab = C_a'C_b/σ² + tr(QL_aQL_b) with C = [Z̃, Wỹ]: the expectation of C_a'C_b/σ² exceeds the
    variance of the part of the score that is linear in ε by tr(L_a'QL_b), and the part that is
    quadratic has the variance tr(QL_aQL_b) + tr(L_a'QL_b). Ω_aσ² = tr(QL_a)/σ², Ω_σ²σ² = n/(2σ⁴),
    n = N*(T-1).

    Returns
    -------
    array, shape (P+2, P+2).
    """
    spread, traces = _score_products(problem, estimate)
    dynamic = problem.dynamic_positions
    spread[np.ix_(dynamic, dynamic)] += traces.variance
    return spread


def _score_products(
    problem: DynamicProblem, estimate: DynamicEstimate
) -> tuple[Array, DynamicTraces]:
    """What Γ and Ω share."""
    columns = np.column_stack([stack(problem.z), problem.lagged_y.ravel()])
    size, sigma2 = columns.shape[1], estimate.sigma2
    dynamic = problem.dynamic_positions
    traces = calc_dynamic_traces(problem, np.append(estimate.delta[: problem.n_lags], estimate.rho))
    products = np.zeros((size + 1, size + 1))
    products[:size, :size] = columns.T @ columns / sigma2
    products[dynamic, size] = products[size, dynamic] = traces.centred / sigma2
    products[size, size] = problem.n_effective(centred=True) / (2.0 * sigma2**2)
    return products, traces


def calc_excess_variance(
    problem: DynamicProblem,
    estimate: DynamicEstimate,
    weights: SparseMatrix,
    moments: tuple[float, float],
    *,
    time_effects: bool,
) -> Array:
    """What innovations that are not normal add to Ω.

    [κ₄ Σ_it D_a,it D_b,it + μ₃ Σ_it (m_a,it D_b,it + m_b,it D_a,it)]/σ⁴, with D_a the diagonal of
    QL_a (for σ² that of Q/(2σ²)), m_a = C_a - QL_aε its linear part and κ₄, μ₃ the fourth cumulant
    and third moment of ε (Kelejian & Prucha 2001, J. Econometrics 104:219-257, lemma A.1).

    Parameters
    ----------
    problem : DynamicProblem
    estimate : DynamicEstimate
    weights : sparse array, shape (N, N)
    moments : (float, float)
        μ₃ and κ₄.
    time_effects : bool

    Returns
    -------
    array, shape (P+2, P+2).
    """
    n_periods, n_units = problem.y.shape
    phi = np.append(estimate.delta[: problem.n_lags], estimate.rho)
    diagonals = np.zeros((n_periods, n_units, problem.z.shape[2] + 2))
    dynamic = problem.dynamic_positions
    diagonals[:, :, dynamic] = _dynamic_diagonals(problem, phi, weights, time_effects)
    lost_period = 1.0 / n_periods if problem.entity_effects else 0.0
    lost_unit = 1.0 / n_units if time_effects else 0.0
    diagonals[:, :, -1] = (1.0 - lost_period) * (1.0 - lost_unit) / (2.0 * estimate.sigma2)
    linear = np.zeros_like(diagonals)
    linear[:, :, :-2] = problem.z
    linear[:, :, -2] = problem.lagged_y
    linear[:, :, dynamic] -= within_transform(
        _apply_dynamics(problem, phi, weights, estimate.residuals),
        entity_effects=problem.entity_effects,
        time_effects=time_effects,
    )
    flat, skewed = stack(diagonals), stack(linear).T @ stack(diagonals)
    third, fourth = moments
    excess: Array = (fourth * flat.T @ flat + third * (skewed + skewed.T)) / estimate.sigma2**2
    return excess


def _dynamic_diagonals(
    problem: DynamicProblem, phi: Array, weights: SparseMatrix, time_effects: bool
) -> Array:
    """Diagonals of QL_a, shape (T, N, m): those of l_0 minus the mean of the later l_h."""
    tau, eta, rho = problem.split(phi)
    n_periods, n_units = problem.y.shape
    dense, identity = weights.toarray(), np.eye(n_units)
    factor = linalg.lu_factor(identity - rho * dense, check_finite=False)
    carry = linalg.lu_solve(factor, tau * identity + eta * dense, check_finite=False)
    kernel = linalg.lu_solve(factor, identity, check_finite=False)
    series = np.zeros((n_periods + 1, n_units, 2))
    for step in range(n_periods):
        for power, matrix in enumerate((kernel, dense @ kernel)):
            means = matrix.mean(axis=0) if time_effects else 0.0
            series[step + 1, :, power] = np.diag(matrix) - means
        kernel = carry @ kernel
    # The kernel itself starts in row 1; delayed by one period it starts in row 0, with zero.
    chosen = [series[:-1, :, 0]] * problem.time_lag + [series[:-1, :, 1]] * problem.space_time_lag
    by_delay = np.stack([*chosen, series[1:, :, 1]], axis=2)
    lost = 1.0 / n_periods if problem.entity_effects else 0.0
    diagonals: Array = by_delay[0] - lost * np.cumsum(by_delay, axis=0)[::-1]
    return diagonals


def _apply_dynamics(
    problem: DynamicProblem, phi: Array, weights: SparseMatrix, innovations: Array
) -> Array:
    """L_aε for every dynamic parameter, shape (T, N, m): the regressors a panel from zero has."""
    tau, eta, rho = problem.split(phi)
    impact = apply_inverse_filter(weights, rho, innovations)
    responses = np.zeros_like(innovations)
    previous = np.zeros((1, innovations.shape[1]))
    for period, impulse in enumerate(impact):
        carried = tau * previous + eta * spatial_lag(weights, previous)
        previous = impulse + apply_inverse_filter(weights, rho, carried)
        responses[period] = previous[0]
    lagged = spatial_lag(weights, responses)
    before = np.zeros((1, innovations.shape[1]))
    delayed = [np.concatenate([before, values[:-1]]) for values in (responses, lagged)]
    chosen = delayed[:1] * problem.time_lag + delayed[1:] * problem.space_time_lag
    return np.stack([*chosen, lagged], axis=2)


def calc_short_run(rho: Array, multipliers: Multipliers) -> DynamicMultipliers:
    """k = (I - ρW)⁻¹ = I + ρG, from the traces and sums of G at every ρ, shape (R,)."""
    level = np.stack([multipliers.g, multipliers.s], axis=1)
    slope = np.stack([multipliers.g_slope, multipliers.s_slope], axis=1)
    zero = np.zeros_like(level)
    return DynamicMultipliers(
        own=1.0 + rho[:, None] * level,
        lagged=level,
        own_slope=np.stack([zero, zero, level + rho[:, None] * slope], axis=2),
        lagged_slope=np.stack([zero, zero, slope], axis=2),
    )


def calc_long_run(
    tau: Array, eta: Array, rho: Array, multipliers: Multipliers
) -> DynamicMultipliers:
    """k = ((1-τ)I - (ρ+η)W)⁻¹ = (I - rW)⁻¹/(1-τ), r = (ρ+η)/(1-τ).

    Parameters
    ----------
    tau, eta, rho : array, shape (R,)
    multipliers : Multipliers
        Of G at r.

    Returns
    -------
    DynamicMultipliers
    """
    scale = (1.0 / (1.0 - tau))[:, None]
    ratio = (rho + eta)[:, None] * scale
    level = np.stack([multipliers.g, multipliers.s], axis=1)
    slope = np.stack([multipliers.g_slope, multipliers.s_slope], axis=1)
    own, lagged = scale * (1.0 + ratio * level), scale * level
    # ∂r/∂τ = r/(1-τ), ∂r/∂η = ∂r/∂ρ = 1/(1-τ), and 1/(1-τ) itself moves with τ.
    own_in_ratio, lagged_in_ratio = scale * (level + ratio * slope), scale * slope
    return DynamicMultipliers(
        own=own,
        lagged=lagged,
        own_slope=np.stack(
            [scale * (own + ratio * own_in_ratio)] + [scale * own_in_ratio] * 2, axis=2
        ),
        lagged_slope=np.stack(
            [scale * (lagged + ratio * lagged_in_ratio)] + [scale * lagged_in_ratio] * 2, axis=2
        ),
    )


def calc_horizon(
    tau: Array,
    eta: Array,
    rho: Array,
    periods: int,
    weights: SparseMatrix,
    spectrum: WeightsSpectrum,
) -> DynamicMultipliers:
    """k = Σ_{h=0}^{H} A^h(I - ρW)⁻¹, A = (I - ρW)⁻¹(τI + ηW): a lasting change after H periods.

    Traces from the eigenvalues of W, sums from the common row sum, or by solving where the rows
    have different sums.

    Parameters
    ----------
    tau, eta, rho : array, shape (R,)
    periods : int
        H; 0 is the short run.
    weights : sparse array, shape (N, N)
    spectrum : WeightsSpectrum

    Returns
    -------
    DynamicMultipliers
    """
    assert spectrum.eigenvalues is not None
    averages = [_horizon_of_eigenvalues(tau, eta, rho, periods, spectrum.eigenvalues)]
    if spectrum.row_sum is not None:
        common = np.array([spectrum.row_sum])
        averages.append(_horizon_of_eigenvalues(tau, eta, rho, periods, common))
    else:
        averages.append(_horizon_of_sums(tau, eta, rho, periods, weights))
    own, own_slope, lagged, lagged_slope = (
        np.stack(pair, axis=1) for pair in zip(*averages, strict=True)
    )
    return DynamicMultipliers(own, lagged, own_slope, lagged_slope)


def _horizon_of_eigenvalues(
    tau: Array, eta: Array, rho: Array, periods: int, eigenvalues: NDArray[Any]
) -> tuple[Array, Array, Array, Array]:
    """Means over λ of k(λ), its slopes, λk(λ) and its slopes: (R,), (R, 3), (R,), (R, 3)."""
    scale = 1.0 / (1.0 - rho[:, None] * eigenvalues)

    def lag(values: NDArray[Any]) -> NDArray[Any]:
        product: NDArray[Any] = values * eigenvalues
        return product

    def solve(values: NDArray[Any]) -> NDArray[Any]:
        product: NDArray[Any] = values * scale
        return product

    return _accumulate(np.ones_like(scale), lag, solve, tau, eta, periods)


def _horizon_of_sums(
    tau: Array, eta: Array, rho: Array, periods: int, weights: SparseMatrix
) -> tuple[Array, Array, Array, Array]:
    """The same with ι'k(W)ι/N in the place of the mean over λ."""
    n_units = weights.shape[0]
    parts = []
    for one_tau, one_eta, one_rho in zip(tau, eta, rho, strict=True):
        filter_matrix = sparse.csc_array(sparse.eye_array(n_units) - one_rho * weights)
        factor = sparse_linalg.splu(filter_matrix)

        def lag(values: NDArray[Any]) -> NDArray[Any]:
            lagged: NDArray[Any] = (weights @ values.T).T
            return lagged

        def solve(values: NDArray[Any], factor: Any = factor) -> NDArray[Any]:
            solution: NDArray[Any] = factor.solve(np.ascontiguousarray(values.T)).T
            return solution

        parts.append(
            _accumulate(
                np.ones((1, n_units)), lag, solve, np.array([one_tau]), np.array([one_eta]), periods
            )
        )
    own, own_slope, lagged, lagged_slope = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return own, own_slope, lagged, lagged_slope


def _accumulate(
    start: NDArray[Any],
    lag: Callable[[NDArray[Any]], NDArray[Any]],
    solve: Callable[[NDArray[Any]], NDArray[Any]],
    tau: Array,
    eta: Array,
    periods: int,
) -> tuple[Array, Array, Array, Array]:
    """Means of kv and Wkv for the vectors v in the rows of ``start``, with slopes in τ, η, ρ.

    A and (I - ρW)⁻¹ commute with W, so the derivatives of A are (I - ρW)⁻¹, (I - ρW)⁻¹W and
    (I - ρW)⁻¹WA, that of (I - ρW)⁻¹ is (I - ρW)⁻¹W(I - ρW)⁻¹.
    """
    tau, eta = tau[:, None], eta[:, None]

    def carry(values: NDArray[Any]) -> NDArray[Any]:
        return solve(tau * values + eta * lag(values))

    term = solve(start)
    slopes = [np.zeros_like(term), np.zeros_like(term), solve(lag(term))]
    total, total_slopes = term, list(slopes)
    for _ in range(periods):
        following = carry(term)
        moved = [solve(term), solve(lag(term)), solve(lag(following))]
        slopes = [carry(slope) + shift for slope, shift in zip(slopes, moved, strict=True)]
        term = following
        total = total + term
        total_slopes = [a + b for a, b in zip(total_slopes, slopes, strict=True)]

    def average(values: NDArray[Any]) -> Array:
        means: Array = values.mean(axis=1).real
        return means

    return (
        average(total),
        np.stack([average(one) for one in total_slopes], axis=1),
        average(lag(total)),
        np.stack([average(lag(one)) for one in total_slopes], axis=1),
    )


def calc_dynamic_gradients(beta: Array, theta: Array, multipliers: DynamicMultipliers) -> Array:
    """Derivatives of direct, indirect and total effects in β_k, θ_k, τ, η, ρ.

    Parameters
    ----------
    beta, theta : array, shape (K,)
    multipliers : DynamicMultipliers
        At the estimate alone.

    Returns
    -------
    array, shape (K, 3, 5).
    """
    gradients = np.empty((beta.size, 3, 5))
    for row, column in ((0, 0), (2, 1)):
        gradients[:, row, 0] = multipliers.own[0, column]
        gradients[:, row, 1] = multipliers.lagged[0, column]
        gradients[:, row, 2:] = (
            beta[:, None] * multipliers.own_slope[0, column]
            + theta[:, None] * multipliers.lagged_slope[0, column]
        )
    gradients[:, 1] = gradients[:, 2] - gradients[:, 0]
    return gradients


def combine_effects(beta: Array, theta: Array, multipliers: DynamicMultipliers) -> Array:
    """Direct, indirect and total effects at every draw.

    Parameters
    ----------
    beta, theta : array, shape (R, K)
    multipliers : DynamicMultipliers

    Returns
    -------
    array, shape (R, K, 3).
    """
    both = (
        beta[:, :, None] * multipliers.own[:, None, :]
        + theta[:, :, None] * multipliers.lagged[:, None, :]
    )
    return np.stack([both[..., 0], both[..., 1] - both[..., 0], both[..., 1]], axis=2)


def _delay(series: NDArray[Any], steps: int) -> NDArray[Any]:
    """Series by unit, shape (N, T), moved ``steps`` periods back, zeros before."""
    if steps == 0:
        return series
    delayed = np.zeros_like(series)
    delayed[:, steps:] = series[:, :-steps]
    return delayed


def _triangle(problem: DynamicProblem) -> Array:
    """R of the QR factorisation of [X, WX, lags, Wy, y]; its last block holds all profiles."""
    z = stack(problem.z)
    lags, others = z[:, : problem.n_lags], z[:, problem.n_lags :]
    columns = np.column_stack([others, lags, problem.lagged_y.ravel(), problem.y.ravel()])
    triangle: Array = linalg.qr(columns, mode="r", check_finite=False)[0]
    return triangle[: columns.shape[1]]


def _solve_delta(triangle: Array, phi: Array, n_lags: int) -> Array:
    """Coefficients of z, lags first, by least squares given the last of (lags, ρ) in ``phi``."""
    size = triangle.shape[0] - 1 - phi.size
    target = triangle[:size, -1] - triangle[:size, size:-1] @ phi
    solved = linalg.solve_triangular(triangle[:size, :size], target, check_finite=False)
    return np.roll(np.concatenate([solved, phi[:-1]]), n_lags)


def _invert_slope(slope: Array) -> Array:
    try:
        return invert_information(slope)
    except linalg.LinAlgError as error:
        raise ConvergenceError(
            "the adjusted score is not decreasing at its root, so there are no standard errors; "
            "use estimator='bias_corrected'"
        ) from error


def _residuals(problem: DynamicProblem, delta: Array, rho: float) -> Array:
    residuals: Array = problem.y - rho * problem.lagged_y - problem.z @ delta
    return residuals


def _evaluate(
    problem: DynamicProblem,
    delta: Array,
    rho: float,
    sigma2: float,
    *,
    adjusted: bool,
    at_boundary: bool = False,
) -> DynamicEstimate:
    """Residuals and log-likelihood, plain or adjusted, at given parameters."""
    residuals = _residuals(problem, delta, rho)
    if adjusted:
        jacobian = calc_adjusted_jacobian(problem, np.append(delta[: problem.n_lags], rho))
    else:
        jacobian = problem.n_periods * EigenLogDeterminant(problem.eigenvalues).value(rho)
    return DynamicEstimate(
        delta=delta,
        rho=rho,
        sigma2=sigma2,
        loglik=gaussian_loglik(
            float((residuals**2).sum()), sigma2, problem.n_effective(centred=adjusted), jacobian
        ),
        residuals=residuals,
        at_boundary=at_boundary,
    )


def _climb(
    value: Callable[[Array], float],
    derivatives: Callable[[Array], tuple[Array, Array]],
    start: Array,
) -> Array:
    """Local maximum near ``start``: Newton steps, made ascending and shortened where needed."""
    point, height = start, value(start)
    for _ in range(NEWTON_LIMIT):
        gradient, curvature = derivatives(point)
        roots, axes = linalg.eigh(curvature)
        # Along an axis of wrong or no curvature the step is that of its absolute value.
        safe = np.maximum(np.abs(roots), 1e-8 * np.abs(roots).max())
        step = axes @ ((axes.T @ gradient) / safe)
        gain = float(gradient @ step)
        if gain <= NEWTON_TOLERANCE:
            if roots.min() <= 0.0:
                break
            return point
        step *= min(1.0, LONGEST_STEP / float(np.abs(step).max()))
        length, reached = 1.0, value(point + step)
        # Near the top the height cannot tell a step from rounding; there Newton's step is right.
        while reached < height - 1e-9 and length > 1e-10:
            length /= 2.0
            reached = value(point + length * step)
        point, height = point + length * step, reached
    raise ConvergenceError(
        "the adjusted likelihood rises from the quasi maximum likelihood estimate without a local "
        "maximum, so the adjusted score has no root: the panel is too short for the persistence of "
        "the outcome. Use estimator='bias_corrected' or 'qml', or drop a lag"
    )


def _row_sums(weights: SparseMatrix) -> Array:
    return np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()


def _describe(entity_effects: bool, time_effects: bool) -> str:
    names = [name for name, there in (("unit", entity_effects), ("time", time_effects)) if there]
    return " and ".join(names) + " effects" if names else "the intercept"


def _check_consecutive(periods: pd.Index) -> None:
    hint = "pass assume_consecutive=True if each period listed follows the one before"
    if not pd.api.types.is_integer_dtype(periods.dtype):
        raise PeriodGapError(
            f"time lags need consecutive integer periods, got {periods.dtype} "
            f"({enumerate_names(periods, limit=4)}); use integers, or {hint}"
        )
    values = periods.to_numpy(dtype=np.int64)
    gaps = np.flatnonzero(np.diff(values) != 1)
    if gaps.size:
        found = [f"{values[i]} to {values[i + 1]}" for i in gaps]
        raise PeriodGapError(
            f"time lags need consecutive periods, got gaps from {enumerate_names(found)}; fill "
            f"them, use a run without gaps, or {hint}"
        )


def _add_lags(arrays: PanelArrays, time_lag: bool, space_time_lag: bool) -> PanelArrays:
    """Periods from the second on, with the lags of the outcome in front of the regressors."""
    own = arrays.dependent + TIME_LAG_SUFFIX
    lags = [(own, arrays.y)] * time_lag + [(LAG_PREFIX + own, arrays.lagged_y)] * space_time_lag
    clash = [name for name, _ in lags if name in arrays.names]
    if clash:
        raise SpecificationError(
            f"regressors {enumerate_names(clash)} carry the name of a lag of the outcome; rename "
            "them, or drop them if they are that lag: the model adds it"
        )
    shift = len(lags)
    used = arrays.positions >= arrays.n_units
    return replace(
        arrays,
        y=arrays.y[1:],
        lagged_y=arrays.lagged_y[1:],
        z=np.concatenate([*(values[:-1, :, None] for _, values in lags), arrays.z[1:]], axis=2),
        names=(*(name for name, _ in lags), *arrays.names),
        beta_positions=tuple(position + shift for position in arrays.beta_positions),
        theta_positions=tuple(
            position + shift if position >= 0 else -1 for position in arrays.theta_positions
        ),
        periods=arrays.periods[1:],
        index=arrays.index[used],
        positions=arrays.positions[used] - arrays.n_units,
    )


@dataclass(frozen=True, slots=True)
class DynamicSpecification:
    """What was fitted and how: the arguments of `DynamicSpatialPanel` and of its ``fit``."""

    model: str
    estimator: str
    cov_type: str
    time_lag: bool
    space_time_lag: bool
    entity_effects: bool
    time_effects: bool


class DynamicSpatialPanel:
    """Dynamic spatial lag or Durbin panel with fixed effects for units, periods, both or neither.

    y_t = τy_{t-1} + ρWy_t + ηWy_{t-1} + X_tβ + WX_tθ + μ + ξ_tι + ε_t, ε ~ (0, σ²I), from the
    second period observed on; the first one is given. τ and η are named ``y.L1`` and ``W.y.L1``
    after the dependent variable y.

    Parameters
    ----------
    dependent : Series, index (unit, year)
        Outcome; rows in any order, every unit in every year.
    exog : DataFrame, index (unit, year)
        Regressors; values of the first period are not used.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
        Spatial weights, joined by identifier. With time effects their rows need equal sums.
    model : {"sdm", "sar"}
        With or without WX.
    durbin : list of str, optional
        Regressors whose spatial lag enters; default all.
    time_lag, space_time_lag : bool
        Whether τ and η are there; without both the model is static on the same rows.
    entity_effects, time_effects : bool
    assume_consecutive : bool
        Take each period listed for the one after the one before, whatever its label.

    Raises
    ------
    SpatialPanelError
        One of its subclasses: those of `SpatialPanel`, `PeriodGapError` (periods that are not
        consecutive integers), `RowSumsError` (unequal row sums with time effects), `PanelSizeError`
        (too few periods, or more than 4,000 units).
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        model: DynamicModel = "sdm",
        durbin: Sequence[str] | None = None,
        time_lag: bool = True,
        space_time_lag: bool = True,
        entity_effects: bool = True,
        time_effects: bool = True,
        assume_consecutive: bool = False,
    ) -> None:
        _check_choice("model", model, get_args(DynamicModel))
        if durbin is not None and model == "sar":
            raise SpecificationError(
                "durbin is given but model 'sar' has no lagged regressors; use 'sdm'"
            )
        observed = align_panel(
            dependent,
            exog,
            weights,
            durbin=durbin,
            lag_regressors=model == "sdm",
            intercept=not (entity_effects or time_effects),
        )
        if not assume_consecutive:
            _check_consecutive(observed.periods)
        self.arrays = _add_lags(observed, time_lag, space_time_lag)
        self.model = model
        self.time_lag, self.space_time_lag = time_lag, space_time_lag
        self.entity_effects, self.time_effects = entity_effects, time_effects
        self._check_size()
        self.spectrum = analyse_weights(self.arrays.weights, dense_limit=EIGENVALUE_LIMIT)
        self.problem = self._pose()
        check_identified(self.problem.z, self.arrays, _describe(entity_effects, time_effects))

    def fit(
        self,
        estimator: DynamicEstimator = "adjusted_score",
        cov_type: DynamicCovariance = "oim",
    ) -> DynamicResults:
        """Estimate the model.

        Parameters
        ----------
        estimator : {"adjusted_score", "bias_corrected", "qml"}
            ``qml``: exact quasi maximum likelihood, biased of order 1/T where there are unit
            effects. ``bias_corrected``: minus its estimated bias, one step (Yu, de Jong & Lee 2008;
            Lee & Yu 2010). ``adjusted_score``: root of the score minus its exact expectation (Yang
            2018), consistent for any number of periods. The three agree where there are no unit
            effects.
        cov_type : {"oim", "qml"}
            ``oim``: normal innovations; the inverse information matrix at the estimate, or for the
            adjusted score Γ⁻¹ΩΓ⁻¹ with the exact variance Ω of the score. ``qml``: the sandwich for
            independent innovations of any distribution.

        Returns
        -------
        DynamicResults

        Warns
        -----
        BoundaryWarning
            If the likelihood peaks at the edge of the admissible interval of ρ; the result then
            has neither standard errors nor effects.
        UnstableWarning
            If the estimates have a root on or outside the unit circle.

        Raises
        ------
        PerfectFitError
            If there is no residual.
        BoundaryError
            If the correction moves ρ out of the admissible interval or makes σ² negative.
        ConvergenceError
            If the adjusted score has no root near the other estimates.
        UnstableError
            If the one-step correction is asked of an estimate that is not stable.
        """
        _check_choice("estimator", estimator, get_args(DynamicEstimator))
        _check_choice("cov_type", cov_type, get_args(DynamicCovariance))
        estimate = fit_qml(self.problem)
        if estimate.at_boundary:
            self._warn_of_boundary(estimate)
        elif estimator != "qml":
            estimate = self._correct(estimate, estimator)
        results = DynamicResults(
            specification=DynamicSpecification(
                model=self.model,
                estimator=estimator,
                cov_type=cov_type,
                time_lag=self.time_lag,
                space_time_lag=self.space_time_lag,
                entity_effects=self.entity_effects,
                time_effects=self.time_effects,
            ),
            arrays=self.arrays,
            problem=self.problem,
            spectrum=self.spectrum,
            estimate=estimate,
            covariance=self._covariance(estimate, estimator, cov_type),
        )
        if not estimate.at_boundary and not results.stability.stable:
            warnings.warn(results.stability.reason, UnstableWarning, stacklevel=2)
        return results

    def _correct(self, estimate: DynamicEstimate, estimator: str) -> DynamicEstimate:
        if estimator == "adjusted_score":
            parameters = np.append(estimate.delta, estimate.rho)
            return fit_adjusted(self.problem, parameters[self.problem.dynamic_positions])
        information = self._information(estimate)
        return self._at(correct_dynamic_bias(self.problem, estimate, information))

    def _covariance(self, estimate: DynamicEstimate, estimator: str, cov_type: str) -> Array:
        if estimate.at_boundary:
            return np.full((estimate.delta.size + 2,) * 2, np.nan)
        if estimator == "adjusted_score":
            inverse = _invert_slope(calc_adjusted_slope(self.problem, estimate))
        else:
            inverse = invert_information(self._information(estimate))
            if cov_type == "oim":
                return inverse
        spread = calc_score_variance(self.problem, estimate)
        if cov_type == "qml":
            spread = spread + calc_excess_variance(
                self.problem,
                estimate,
                self.arrays.weights,
                estimate_error_moments(
                    estimate.residuals,
                    entity_effects=self.entity_effects,
                    time_effects=self.time_effects,
                ),
                time_effects=self.time_effects,
            )
        covariance: Array = inverse @ spread @ inverse
        return (covariance + covariance.T) / 2.0

    def _pose(self) -> DynamicProblem:
        def project(values: Array) -> Array:
            return within_transform(
                values, entity_effects=self.entity_effects, time_effects=self.time_effects
            )

        log_determinant = self.spectrum.deflated if self.time_effects else self.spectrum.full
        if not isinstance(log_determinant, EigenLogDeterminant):
            sums = _row_sums(self.arrays.weights)
            raise RowSumsError(
                "time effects of a dynamic panel are removed by a transformation that needs "
                "weights whose rows have equal sums, got sums from "
                f"{sums.min():.6g} to {sums.max():.6g}. Row-standardise the weights, or use "
                "time_effects=False"
            )
        return DynamicProblem(
            y=project(self.arrays.y),
            lagged_y=project(self.arrays.lagged_y),
            z=project(self.arrays.z),
            time_lag=self.time_lag,
            space_time_lag=self.space_time_lag,
            entity_effects=self.entity_effects,
            eigenvalues=log_determinant.eigenvalues,
            interval=(self.spectrum.lower, self.spectrum.upper),
        )

    def _information(self, estimate: DynamicEstimate) -> Array:
        return calc_qml_information(
            self.problem,
            estimate,
            self.arrays.weights,
            time_effects=self.time_effects,
            row_sum=self.spectrum.row_sum,
        )

    def _at(self, corrected: Array) -> DynamicEstimate:
        rho, sigma2 = float(corrected[-2]), float(corrected[-1])
        lower, upper = self.problem.interval
        if not lower < rho < upper or sigma2 <= 0.0:
            raise BoundaryError(
                f"the bias correction gives rho = {rho:.6g} and sigma2 = {sigma2:.6g}; rho must be "
                f"in ({lower:.6g}, {upper:.6g}) and sigma2 positive. Use "
                "estimator='adjusted_score'"
            )
        return _evaluate(self.problem, corrected[:-2], rho, sigma2, adjusted=False)

    def _check_size(self) -> None:
        n_periods, n_units = self.arrays.n_periods, self.arrays.n_units
        if n_units > EIGENVALUE_LIMIT:
            raise PanelSizeError(
                f"the dynamic panel needs all eigenvalues of the weights, which is done up to "
                f"{EIGENVALUE_LIMIT} units, got {n_units}"
            )
        absorbed_periods = 1 if self.entity_effects else 0
        if n_periods - absorbed_periods < 1:
            raise PanelSizeError(
                f"{n_periods + 1} periods are too few: the first is consumed by the lags and unit "
                "effects need two more; use three periods at least or entity_effects=False"
            )
        units = n_units - (1 if self.time_effects else 0)
        free = units * (n_periods - absorbed_periods) - len(self.arrays.names) - 1
        if free <= 0:
            raise PanelSizeError(
                f"{n_units} units and {n_periods} periods after the first leave {free} degrees of "
                f"freedom for {len(self.arrays.names)} regressors, rho and "
                f"{_describe(self.entity_effects, self.time_effects)}"
            )

    def _warn_of_boundary(self, estimate: DynamicEstimate) -> None:
        warnings.warn(
            f"the likelihood of the dynamic {self.model} model of {self.arrays.dependent!r} peaks "
            f"at or beyond rho = {estimate.rho:.6g}, the edge of the admissible interval "
            f"({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}); there are neither standard "
            "errors nor effects. Consider sparser weights or another model",
            BoundaryWarning,
            stacklevel=3,
        )


@dataclass(frozen=True, slots=True, repr=False)
class DynamicResults:
    """Estimates of a `DynamicSpatialPanel`.

    Inference is asymptotic and normal; innovations are independent over units and time, which is
    what the lags are for: look at `residual_ar1`.

    Attributes
    ----------
    specification : DynamicSpecification
    arrays : PanelArrays
        The data in canonical order, the first period left out, lags of the outcome first in z.
    problem : DynamicProblem
        The same with the effects removed.
    spectrum : WeightsSpectrum
    estimate : DynamicEstimate
    covariance : array, shape (P+2, P+2)
        Of the parameters in the order of ``params``; NaN at the boundary.
    """

    specification: DynamicSpecification
    arrays: PanelArrays
    problem: DynamicProblem
    spectrum: WeightsSpectrum
    estimate: DynamicEstimate
    covariance: Array

    @property
    def param_names(self) -> list[str]:
        """Lags (``y.L1``, ``W.y.L1``), regressors, lagged regressors (``W.x``), rho, sigma2."""
        return [*self.arrays.names, "rho", "sigma2"]

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by name."""
        return pd.Series(self._values(), index=self.param_names, name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the estimates."""
        return pd.DataFrame(self.covariance, index=self.param_names, columns=self.param_names)

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name; NaN at the boundary."""
        return pd.Series(
            np.sqrt(np.diag(self.covariance)), index=self.param_names, name="std_error"
        )

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimate over standard error, asymptotically standard normal under a zero."""
        return (self.params / self.std_errors).rename("tstat")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided normal p-values."""
        p_values = normal_p_values(self._values() / np.sqrt(np.diag(self.covariance)))
        return pd.Series(p_values, index=self.param_names, name="pvalue")

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Normal confidence intervals, columns ``lower`` and ``upper``."""
        half = normal_quantile(level) * self.std_errors
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    @property
    def tau(self) -> float:
        """Coefficient of y_{t-1}; 0 in models without it."""
        return self.problem.split(self._phi())[0]

    @property
    def eta(self) -> float:
        """Coefficient of Wy_{t-1}; 0 in models without it."""
        return self.problem.split(self._phi())[1]

    @property
    def rho(self) -> float:
        """Coefficient of Wy_t."""
        return self.estimate.rho

    @property
    def sigma2(self) -> float:
        """Error variance."""
        return self.estimate.sigma2

    @property
    def loglik(self) -> float:
        """Log-likelihood at the estimates: the adjusted one for ``adjusted_score``.

        Compare it between models of one estimator and one set of effects only.
        """
        return self.estimate.loglik

    @property
    def at_boundary(self) -> bool:
        """Whether the likelihood peaks at or beyond the edge of the admissible interval."""
        return self.estimate.at_boundary

    @property
    def resids(self) -> pd.Series[float]:
        """Innovations with the fixed effects removed, on the index without the first period."""
        return pd.Series(
            self.estimate.residuals.ravel()[self.arrays.positions],
            index=self.arrays.index,
            name="resid",
        )

    @property
    def n_units(self) -> int:
        """N."""
        return self.arrays.n_units

    @property
    def n_periods(self) -> int:
        """T, periods after the first."""
        return self.arrays.n_periods

    @property
    def nobs(self) -> int:
        """N·T."""
        return self.n_units * self.n_periods

    @property
    def n_effective(self) -> int:
        """Observations of the likelihood: N*T, or N*(T-1) for ``adjusted_score``, N* = N or N-1."""
        return self.problem.n_effective(centred=self.specification.estimator == "adjusted_score")

    @property
    def n_parameters(self) -> int:
        """Estimated parameters; unit effects count unless the likelihood is adjusted for them."""
        counted = (
            self.specification.entity_effects and self.specification.estimator != "adjusted_score"
        )
        return len(self.param_names) + (int(self.problem.eigenvalues.size) if counted else 0)

    @property
    def aic(self) -> float:
        """Akaike criterion, -2 ln L + 2 `n_parameters`."""
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 ln L + ln(`n_effective`) `n_parameters`."""
        return -2.0 * self.loglik + float(np.log(self.n_effective)) * self.n_parameters

    @property
    def stability(self) -> Stability:
        """Roots of the fitted dynamics and what they are called."""
        return describe_stability(self)

    def residual_ar1(self) -> float:
        """First-order autocorrelation of the residuals within units, pooled.

        Removing unit means alone makes it about -1/(T-1) when the innovations are independent.
        """
        residuals = self.estimate.residuals
        return float((residuals[1:] * residuals[:-1]).sum() / (residuals[:-1] ** 2).sum())

    def wald_test(self, restrictions: Restrictions) -> WaldTest:
        """Wald test of linear restrictions on named parameters, as `SpatialPanelResults` has it."""
        if self.at_boundary:
            raise BoundaryError("there are no standard errors at the edge of the interval")
        matrix, values, labels = read_restrictions(restrictions, self.param_names)
        return calc_wald(self._values(), self.covariance, matrix, values, labels)

    def effects(
        self,
        horizon: Horizon = "short",
        inference: Literal["delta", "simulation"] = "delta",
        draws: int = 1000,
        seed: int | np.random.SeedSequence = 0,
    ) -> EffectsResults:
        """Direct, indirect and total effects of a lasting unit change of every regressor.

        Parameters
        ----------
        horizon : {"short", "long"} or int
            ``short``: in the period of the change, (I - ρW)⁻¹(βI + θW). ``long``: in the
            equilibrium, ((1-τ)I - (ρ+η)W)⁻¹(βI + θW). A number H: after H periods,
            Σ_{h=0}^{H} A^h(I - ρW)⁻¹(βI + θW), which exists where the model is not stable too.
        inference : {"delta", "simulation"}
            ``delta``: exact derivatives. ``simulation``: normal draws of all parameters; draws with
            ρ outside the admissible interval, and for the long run those that are not stable, are
            discarded and counted.
        draws, seed
            Of the simulation; they depend on nothing but the seed.

        Returns
        -------
        EffectsResults

        Raises
        ------
        BoundaryError
            If the estimate is at the boundary.
        UnstableError
            If long-run effects are asked of estimates that are not stable.
        SpecificationError
            For an unknown horizon or inference or too few draws.
        """
        horizon = _read_horizon(horizon)
        _check_choice("inference", inference, ("delta", "simulation"))
        if self.at_boundary:
            raise BoundaryError("rho is at the edge of the admissible interval; no effects exist")
        if horizon == "long" and not self.stability.stable:
            raise UnstableError(self.stability.reason)
        point = self._effects_at(self._values()[None, :], horizon)[0]
        if inference == "delta":
            jacobian = self._effect_jacobian(horizon)
            covariance, kept, n_draws = jacobian @ self.covariance @ jacobian.T, None, 0
        else:
            drawn = self._draw(draws, seed)
            drawn = drawn[self._usable(drawn, horizon)]
            if len(drawn) < 2:
                raise BoundaryError(
                    f"{draws - len(drawn)} of {draws} draws have no effects at horizon "
                    f"{horizon!r} (rho outside the admissible interval, or in the long run roots "
                    "outside the unit circle)"
                )
            kept, n_draws = self._effects_at(drawn, horizon), draws
            covariance = np.cov(kept.reshape(len(kept), -1), rowvar=False)
        return EffectsResults(
            equation=self.arrays.dependent,
            variables=self.arrays.variables,
            estimates=point,
            covariance=covariance,
            inference=inference,
            draws=kept,
            n_draws=n_draws,
            n_discarded=0 if kept is None else n_draws - len(kept),
        )

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`."""
        intervals = self.conf_int(level)
        named = {"rho", "sigma2"}
        parameters = pd.DataFrame(
            {
                "quantity": [name if name in named else "coef" for name in self.param_names],
                "term": self.param_names,
                "estimate": self.params.to_numpy(),
                "std_error": self.std_errors.to_numpy(),
                "statistic": self.tstats.to_numpy(),
                "p_value": self.pvalues.to_numpy(),
                "ci_lower": intervals["lower"].to_numpy(),
                "ci_upper": intervals["upper"].to_numpy(),
                "inference": self.specification.cov_type,
            }
        )
        statistics = pd.DataFrame(
            [
                ("loglik", "loglik", self.loglik),
                ("aic", "aic", self.aic),
                ("bic", "bic", self.bic),
                ("residual_ar1", "residual_ar1", self.residual_ar1()),
                ("value", "largest_root", self.stability.largest_root),
            ],
            columns=["quantity", "term", "estimate"],
        ).reindex(columns=parameters.columns)
        statistics["inference"] = "none"
        numbers = ["std_error", "statistic", "p_value", "ci_lower", "ci_upper"]
        statistics[numbers] = statistics[numbers].astype(np.float64)
        table = pd.concat([parameters, statistics], ignore_index=True)
        table.insert(0, "equation", self.arrays.dependent)
        return table[list(TIDY_COLUMNS)]

    @property
    def summary(self) -> str:
        """The fit as text."""
        rows = [f"{label:<24}{value}" for label, value in self._header()]
        table = self._table().to_string(float_format=_format_number)
        return "\n".join([*rows, "", table, "", *self._notes()])

    def __repr__(self) -> str:
        return (
            f"<DynamicResults {self.specification.model}, {self.specification.estimator}, "
            f"tau={self.tau:.6g}, rho={self.rho:.6g}, eta={self.eta:.6g}, {self.n_units} units x "
            f"{self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        header = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for label, value in self._header()
        )
        table = self._table().to_html(float_format=_format_number, border=0)
        notes = html.escape(" ".join(self._notes()))
        return f"<table>{header}</table>{table}<p>{notes}</p>"

    def _header(self) -> list[tuple[str, str]]:
        effects = _describe(self.specification.entity_effects, self.specification.time_effects)
        return [
            ("Model", f"dynamic {self.specification.model.upper()}"),
            ("Dependent variable", self.arrays.dependent),
            ("Estimator", self.specification.estimator),
            ("Fixed effects", effects.removesuffix(" effects").replace("the intercept", "none")),
            (
                "Observations",
                f"{self.nobs} ({self.n_units} units x {self.n_periods} periods after the first)",
            ),
            ("In the likelihood", str(self.n_effective)),
            ("Log-likelihood", f"{self.loglik:.4f}"),
            ("AIC, BIC", f"{self.aic:.3f}, {self.bic:.3f}"),
        ]

    def _notes(self) -> list[str]:
        if self.at_boundary:
            return [
                "The likelihood peaks at or beyond the edge of the admissible interval:",
                "no standard errors, no effects.",
            ]
        return [
            f"Stability: {self.stability.case}. {self.stability.reason}.",
            f"Normal inference ({self.specification.cov_type}); it assumes innovations that are "
            "independent over time.",
            f"Residual AR(1) within units: {self.residual_ar1():.3f}",
        ]

    def _table(self) -> pd.DataFrame:
        intervals = self.conf_int()
        return pd.DataFrame(
            {
                "estimate": self.params,
                "std_error": self.std_errors,
                "z": self.tstats,
                "p_value": self.pvalues,
                "ci_lower": intervals["lower"],
                "ci_upper": intervals["upper"],
            }
        )

    def _values(self) -> Array:
        return np.concatenate([self.estimate.delta, [self.estimate.rho, self.estimate.sigma2]])

    def _phi(self) -> Array:
        return self._values()[self.problem.dynamic_positions]

    def _dynamics(self, values: Array) -> tuple[Array, Array, Array]:
        """(τ, η, ρ) of every row of ``values``, shape (R, P+2); zero for those not there."""
        zero = np.zeros(len(values))
        tau = values[:, 0] if self.problem.time_lag else zero
        eta = values[:, self.problem.n_lags - 1] if self.problem.space_time_lag else zero
        return tau, eta, values[:, len(self.arrays.names)]

    def _beta_theta(self, values: Array) -> tuple[Array, Array]:
        """β and θ, shape (R, K) each; θ is zero for regressors without a lag."""
        positions = np.array(self.arrays.theta_positions)
        theta = np.where(positions >= 0, values[:, np.maximum(positions, 0)], 0.0)
        return values[:, list(self.arrays.beta_positions)], theta

    def _multipliers(self, values: Array, horizon: Horizon) -> DynamicMultipliers:
        tau, eta, rho = self._dynamics(values)
        weights, spectrum = self.arrays.weights, self.spectrum
        if horizon == "short":
            return calc_short_run(rho, calc_multipliers(rho, weights, spectrum))
        if isinstance(horizon, int):
            return calc_horizon(tau, eta, rho, horizon, weights, spectrum)
        ratio = (rho + eta) / (1.0 - tau)
        return calc_long_run(tau, eta, rho, calc_multipliers(ratio, weights, spectrum))

    def _effects_at(self, values: Array, horizon: Horizon) -> Array:
        return combine_effects(*self._beta_theta(values), self._multipliers(values, horizon))

    def _effect_jacobian(self, horizon: Horizon) -> Array:
        values = self._values()[None, :]
        beta, theta = self._beta_theta(values)
        gradients = calc_dynamic_gradients(beta[0], theta[0], self._multipliers(values, horizon))
        jacobian = np.zeros((3 * beta.shape[1], self.covariance.shape[0]))
        dynamic = [2] * self.problem.time_lag + [3] * self.problem.space_time_lag + [4]
        for k, (own, lagged) in enumerate(
            zip(self.arrays.beta_positions, self.arrays.theta_positions, strict=True)
        ):
            rows = slice(3 * k, 3 * k + 3)
            jacobian[rows, own] = gradients[k, :, 0]
            if lagged >= 0:
                jacobian[rows, lagged] = gradients[k, :, 1]
            jacobian[rows, self.problem.dynamic_positions] = gradients[k][:, dynamic]
        return jacobian

    def _draw(self, draws: int, seed: int | np.random.SeedSequence) -> Array:
        """Draws of all parameters but σ², shape (draws, P+1)."""
        if draws < 2:
            raise SpecificationError(f"simulation needs at least 2 draws, got {draws}")
        size = len(self.arrays.names) + 1
        # Drawn in alphabetic order of the names, so that the order of columns changes nothing.
        order = sorted(range(size), key=lambda position: self.param_names[position])
        drawn = np.empty((draws, size))
        drawn[:, order] = draw_parameters(
            self._values()[order], self.covariance[np.ix_(order, order)], draws, seed
        )
        return drawn

    def _usable(self, drawn: Array, horizon: Horizon) -> NDArray[np.bool_]:
        tau, eta, rho = self._dynamics(drawn)
        inside: NDArray[np.bool_] = (rho > self.spectrum.lower) & (rho < self.spectrum.upper)
        if horizon != "long":
            return inside
        eigenvalues = self.spectrum.eigenvalues
        assert eigenvalues is not None
        roots = (tau[:, None] + eta[:, None] * eigenvalues) / (1.0 - rho[:, None] * eigenvalues)
        stable: NDArray[np.bool_] = inside & (np.abs(roots).max(axis=1) < 1.0)
        return stable


def describe_stability(results: DynamicResults) -> Stability:
    """Roots of A = (I - ρW)⁻¹(τI + ηW) at the estimates, and the case they belong to.

    Parameters
    ----------
    results : DynamicResults

    Returns
    -------
    Stability
    """
    eigenvalues = results.spectrum.eigenvalues
    assert eigenvalues is not None
    tau, eta, rho = results.tau, results.eta, results.rho
    roots = np.abs(calc_roots(tau, eta, rho, eigenvalues))
    top = 1.0 / results.spectrum.upper
    total = tau + (rho + eta) * top
    loadings = np.zeros(results.covariance.shape[0])
    dynamic = [1.0] * results.problem.time_lag + [top] * results.problem.space_time_lag + [top]
    loadings[results.problem.dynamic_positions] = dynamic
    std_error = float(np.sqrt(loadings @ results.covariance @ loadings))
    largest = float(roots.max())
    common = int(np.abs(eigenvalues - top).argmin())
    others = np.delete(roots, common)
    label = "tau + rho + eta" if top == 1.0 else f"tau + {top:.4g} (rho + eta)"
    numbers = f"{label} = {total:.4f} (s.e. {std_error:.4f}), largest root {largest:.4f}"
    near_one = abs(total - 1.0) <= normal_quantile(DEFAULT_LEVEL) * std_error
    if largest < 1.0:
        doubt = " but not distinguishable from one at 5 %" if near_one else ""
        return Stability("stable", largest, total, std_error, f"{numbers}{doubt}")
    nothing = "the model has no long-run effects"
    if near_one and others.max() < 1.0:
        reason = (
            f"{numbers}: the common root is one within its uncertainty and all others are inside "
            f"the unit circle, which is spatial cointegration; {nothing}"
        )
        return Stability("spatial cointegration", largest, total, std_error, reason)
    if near_one and others.min() >= 1.0:
        reason = f"{numbers}: every root is one or more, a unit root in every unit; {nothing}"
        return Stability("unit root", largest, total, std_error, reason)
    outside = int((roots >= 1.0).sum())
    reason = f"{numbers}: {outside} of {roots.size} roots are on or outside the unit circle"
    return Stability("explosive", largest, total, std_error, f"{reason}; {nothing}")


def _read_horizon(horizon: object) -> Horizon:
    if isinstance(horizon, (int, np.integer)) and not isinstance(horizon, bool) and horizon >= 0:
        return int(horizon)
    if horizon == "short":
        return "short"
    if horizon == "long":
        return "long"
    raise SpecificationError(
        f"horizon must be 'short', 'long' or a number of periods from 0 on, got {horizon!r}"
    )


def _check_choice(what: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise SpecificationError(f"{what} must be one of {', '.join(allowed)}, got {value!r}")


def _format_number(value: Any) -> str:
    return f"{value:.6g}"
