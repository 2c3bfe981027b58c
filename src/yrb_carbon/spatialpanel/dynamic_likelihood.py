"""Likelihood, adjusted score and covariances of dynamic spatial panels with fixed effects.

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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .errors import ConvergenceError, UnstableError
from .information import calc_g, calc_spatial_traces
from .likelihood import gaussian_loglik, maximise, refuse_perfect_fit
from .logdet import EigenLogDeterminant
from .score import invert_information
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

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
    return evaluate_dynamic(
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
    return evaluate_dynamic(problem, delta, float(phi[-1]), sigma2, adjusted=True)


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


def invert_slope(slope: Array) -> Array:
    """Inverse of Γ, shape (P+2, P+2); `ConvergenceError` where it is not positive definite."""
    try:
        return invert_information(slope)
    except linalg.LinAlgError as error:
        raise ConvergenceError(
            "the adjusted score is not decreasing at its root, so there are no standard errors; "
            "use estimator='bias_corrected'"
        ) from error


def evaluate_dynamic(
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


def _residuals(problem: DynamicProblem, delta: Array, rho: float) -> Array:
    residuals: Array = problem.y - rho * problem.lagged_y - problem.z @ delta
    return residuals


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
