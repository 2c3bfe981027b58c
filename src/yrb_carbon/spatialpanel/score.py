"""Score of the spatial panel likelihoods as linear-quadratic forms, and covariances built on it.

With A = I - ρW, B = I - λM, G = WA⁻¹, P = BGB⁻¹ and H = MB⁻¹ the scores of (δ, ρ, λ, σ²) are

    s_a = (b_a'ε + ε'(Q ⊗ P_a)ε)/σ² - E,   a = δ, ρ, λ, σ²,

    b_δ = Z̃,   b_ρ = h,   b_λ = b_σ² = 0;   P_δ = 0,   P_ρ = P,   P_λ = H,   P_σ² = I/(2σ²),

Z̃ the filtered regressors B Z with the effects removed, h the mean of BWy with the effects removed,
and Q the projection over time (removing unit means where there are unit effects). Under errors that
are independent and normal their covariance is the information matrix

    I_ab = b_a'b_b/σ² + J D_ab,   D_ab = tr(P_a P_b) + tr(P_a' P_b)

(equal to the explicit-dummy information matrix; Lee & Yu 2010, J. Econometrics 154:165-185, eq. 13;
Anselin 1988, ch. 6). The projection of h matters: GZ̃δ is not mean-zero unless W is
column-stochastic too. For the transformation estimator W, M and I are F'WF, F'MF and I_{N-1}.

If the errors of a unit are correlated over time, ε_i ~ (0, Σ) with Σ (T × T) common to all units,
the score is still centred for the transformation estimator with σ² = tr(QΣ)/(T-1), because the
quadratic forms sum over units at each date, and its covariance is

    S_ab = Σ_i b_ai'Σ b_bi/σ⁴ + tr(Σ̃²)/σ⁴ D_ab + κ/σ⁴ Σ_i P_a,iiP_b,ii,   Σ̃ = QΣQ,

κ the excess of Var(u_i'u_i) over that of normal errors, third moments zero. I⁻¹SI⁻¹ is then a
covariance of *all* parameters, ρ included, that holds under any serial correlation; it needs no
choice of a bandwidth. A unit-clustered sum of score contributions is not valid for ρ:
contributions of different units are correlated through P. (Own derivation; the moments of
linear-quadratic forms are in Kelejian & Prucha 2001, J.
Econometrics 104:219-257.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .within import Array

# A column of unit length that is this near to the span of others adds no direction to it.
SPANNED = 1e-7


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """The parts of the score that its covariance needs.

    Attributes
    ----------
    linear : array, shape (T, N, L)
        b of the parameters that have one: Z̃, and h where there is ρ.
    linear_positions : tuple of int, length L
        Their places among the parameters (δ, ρ, λ, σ²).
    quadratic : array, shape (Q, Q)
        D of the parameters that have a quadratic form: ρ, λ, σ².
    quadratic_positions : tuple of int, length Q
    quadratic_error : float
        Standard error of D of the spatial parameter where random probes estimate it; 0 if exact.
    residuals : array, shape (T, N)
    sigma2 : float
    jacobian_periods : int
        J.
    size : int
        Number of parameters.
    """

    linear: Array
    linear_positions: tuple[int, ...]
    quadratic: Array
    quadratic_positions: tuple[int, ...]
    quadratic_error: float
    residuals: Array
    sigma2: float
    jacobian_periods: int
    size: int


def calc_information(parts: ScoreParts) -> Array:
    """Information matrix of (δ, ρ, λ, σ²), shape (P, P)."""
    linear = parts.linear.reshape(-1, parts.linear.shape[2])
    information = np.zeros((parts.size, parts.size))
    information[np.ix_(parts.linear_positions, parts.linear_positions)] = (
        linear.T @ linear / parts.sigma2
    )
    block = np.ix_(parts.quadratic_positions, parts.quadratic_positions)
    information[block] += parts.jacobian_periods * parts.quadratic
    return information


def invert_information(information: Array) -> Array:
    """Inverse of a positive definite information matrix, symmetric to the last bit."""
    scale = 1.0 / np.sqrt(np.diag(information))
    factor = linalg.cho_factor(information * np.outer(scale, scale), check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(len(scale)), check_finite=False)
    covariance: Array = (inverse + inverse.T) / 2.0 * np.outer(scale, scale)
    return covariance


def calc_serial_meat(
    parts: ScoreParts, effective_units: int, diagonals: Array | None = None
) -> Array:
    """Covariance of the score under errors of a unit that are correlated over time.

    S_ab = Σ_i b_ai'Σ b_bi/σ⁴ + tr(Σ̃²)/σ⁴ D_ab + κ/σ⁴ Σ_i P_a,iiP_b,ii with Σ̃ estimated from the
    residuals, freed of what the estimated coefficients took from them
    (`estimate_time_covariance`), tr(Σ̃²) freed of the upward bias of squaring an estimate, and κ =
    Var(u_i'u_i) - 2tr(Σ̃²), zero for normal errors, from the sums of squares of the units. Third
    moments are taken as zero: errors need not be normal but symmetric.

    Parameters
    ----------
    parts : ScoreParts
    effective_units : int
        N, or N-1 where period effects were removed.
    diagonals : array, shape (N, S), optional
        P_ii of the spatial parameters. Without them each P is taken to have an even diagonal,
        tr(P)/N, exactly so for σ².

    Returns
    -------
    array, shape (P, P).
    """
    covariance = estimate_time_covariance(parts.linear, parts.residuals, effective_units)
    meat = np.zeros((parts.size, parts.size))
    rotated = np.tensordot(covariance, parts.linear, axes=(1, 0))
    linear = np.ix_(parts.linear_positions, parts.linear_positions)
    meat[linear] = np.tensordot(parts.linear, rotated, axes=([0, 1], [0, 1])) / parts.sigma2**2
    quadratic = np.ix_(parts.quadratic_positions, parts.quadratic_positions)
    squared = unbiased_squared_trace(covariance, effective_units)
    meat[quadratic] += squared / parts.sigma2**2 * parts.quadratic
    excess = estimate_excess(parts.residuals, squared, effective_units)
    # D_aσ² = tr(P_a)/σ² for every a.
    traces = parts.sigma2 * parts.quadratic[:, -1]
    products = np.outer(traces, traces) / effective_units
    if diagonals is not None:
        products[:-1, :-1] = diagonals.T @ diagonals
    meat[quadratic] += excess / parts.sigma2**2 * products
    return meat


def estimate_excess(residuals: Array, squared_trace: float, effective_units: int) -> float:
    """κ = Var(u_i'u_i) - 2tr(Σ̃²) of the units' sums of squares; zero for normal errors.

    Parameters
    ----------
    residuals : array, shape (T, N)
    squared_trace : float
        tr(Σ̃²).
    effective_units : int

    Returns
    -------
    float, unit of the residuals to the fourth power.
    """
    n_units = residuals.shape[1]
    sums = (residuals**2).sum(axis=0) * (n_units / effective_units)
    return float(sums.var(ddof=1)) - 2.0 * squared_trace


def estimate_time_covariance(
    linear: Array, residuals: Array, effective_units: int, steps: int = 10
) -> Array:
    """Covariance over time Σ̃ of a unit's errors, effects removed, from regression residuals.

    With e = (I - H)ε, H = b(b'b)⁻¹b' the projection on the regressors (and on the mean of Wy),
    E Σ_i e_ie_i' = nΣ̃ - Σ_i [HΩ + ΩH - HΩH]_ii, Ω = Σ̃ ⊗ I. The last term is evaluated at the
    estimate and added, and so on until it stands still: persistent regressors take much of the
    slow part of the errors, and standard errors would be too short without it.

    Parameters
    ----------
    linear : array, shape (T, N, L)
    residuals : array, shape (T, N)
    effective_units : int
        n.
    steps : int

    Returns
    -------
    array, shape (T, T), unit of the residuals squared.
    """
    n_periods, n_units, size = linear.shape
    flat = linear.reshape(-1, size)
    observed: Array = residuals @ residuals.T
    if size == 0:
        return np.asarray(observed / effective_units)
    q = _orthonormal_basis(flat)
    size = q.shape[1]
    q = q.reshape(n_periods, n_units, size)
    own = np.tensordot(q, q, axes=([1, 2], [1, 2]))
    covariance: Array = observed / effective_units
    for _ in range(steps):
        rotated = np.tensordot(covariance, q, axes=(1, 0))
        inner = np.tensordot(q, rotated, axes=([0, 1], [0, 1]))
        twice = np.tensordot(q, q @ inner.T, axes=([1, 2], [1, 2]))
        taken = own @ covariance + covariance @ own - twice
        covariance = (observed + (taken + taken.T) / 2.0) / effective_units
    return covariance


def _orthonormal_basis(columns: Array) -> Array:
    """Orthonormal columns of the same span; the mean of Wy may be a combination of Z."""
    length = np.linalg.norm(columns, axis=0)
    scaled = columns / np.where(length > 0.0, length, 1.0)
    q, r, _ = linalg.qr(scaled, mode="economic", pivoting=True, check_finite=False)
    basis: Array = q[:, np.abs(np.diag(r)) > SPANNED]
    return basis


def unbiased_squared_trace(covariance: Array, degrees: int) -> float:
    """tr(Σ²) from an estimate of Σ with ``degrees`` degrees of freedom.

    n²/((n-1)(n+2)) [tr(Σ̂²) - tr(Σ̂)²/n], unbiased for a Wishart Σ̂ (Srivastava 2005, J. Japan
    Statist. Soc. 35:251-272).
    """
    if degrees < 2:
        return float((covariance**2).sum())
    squared, trace = float((covariance**2).sum()), float(np.trace(covariance))
    unbiased = degrees**2 / ((degrees - 1.0) * (degrees + 2.0)) * (squared - trace**2 / degrees)
    # Cauchy-Schwarz: no covariance of this trace and size has less.
    return max(float(unbiased), trace**2 / float(covariance.shape[0]))


def calc_clustered_meat(parts: ScoreParts, matrices: list[Array], effective_units: int) -> Array:
    """Covariance of the score, clustered by unit, valid for ρ and λ too.

    With u_i the errors of unit i the score is Σ_i [b_i'u_i + P_ii(u_i'u_i - E)] + Σ_{i<j}
    (P_ij + P_ji) u_i'u_j; all these terms are uncorrelated with one another if units are
    independent, whatever the dependence over time and the variances of the units, so

        S = Σ_i w_i w_i' + Σ_{i<j} v_ij v_ij',  w_i = b_i'e_i + P_ii(e_i'e_i - mean),
                                               v_ij = (P_ij + P_ji) e_i'e_j.

    (The same variance as the outer product of martingale differences of Kuersteiner & Prucha
    2020, Econometrica 88:2109-2146, and Yang 2018, J. Econometrics 206:423-451, but it does not
    depend on an order of the units.)

    Parameters
    ----------
    parts : ScoreParts
    matrices : list of array, shape (N, N)
        P_ρ and P_λ, those that the model has, period effects removed.
    effective_units : int

    Returns
    -------
    array, shape (P, P), times N/(n-1) for the estimated means.
    """
    n_units = parts.residuals.shape[1]
    own = (parts.residuals**2).sum(axis=0)
    contributions = np.zeros((n_units, parts.size))
    contributions[:, list(parts.linear_positions)] = np.einsum(
        "tna,tn->na", parts.linear, parts.residuals
    )
    of_variance = effective_units / n_units / (2.0 * parts.sigma2)
    diagonals = [*(np.diag(matrix) for matrix in matrices), np.full(n_units, of_variance)]
    for position, diagonal in zip(parts.quadratic_positions, diagonals, strict=True):
        contributions[:, position] += diagonal * (own - own.mean())
    meat: Array = contributions.T @ contributions
    if matrices:
        products = parts.residuals.T @ parts.residuals
        pairs = np.triu_indices(n_units, 1)
        crossed = np.column_stack([((m + m.T) * products)[pairs] for m in matrices])
        block = np.ix_(parts.quadratic_positions[:-1], parts.quadratic_positions[:-1])
        meat[block] += crossed.T @ crossed
    scaled: Array = meat / parts.sigma2**2 * n_units / (effective_units - 1.0)
    return scaled


def calc_qml_meat(
    parts: ScoreParts, matrices: list[Array], *, entity_effects: bool, time_effects: bool
) -> Array:
    """Covariance of the score under independent errors that are not normal.

    I_ab + κ₄/σ⁴ Σ_it q_t²P_a,iiP_b,ii + μ₃/σ⁴ Σ_it q_t(b_a,itP_b,ii + b_b,itP_a,ii), with κ₄, μ₃
    the fourth cumulant and third moment of the errors and q_t the diagonal of the projection over
    time (Lee & Yu 2010, J. Econometrics 154:165-185, sec. 3.1).

    Parameters
    ----------
    parts : ScoreParts
    matrices : list of array, shape (N, N)
    entity_effects, time_effects : bool

    Returns
    -------
    array, shape (P, P).
    """
    n_periods, n_units = parts.residuals.shape
    time_diagonal = 1.0 - 1.0 / n_periods if entity_effects else 1.0
    unit_diagonal = 1.0 - 1.0 / n_units if time_effects else 1.0
    third, fourth = estimate_error_moments(
        parts.residuals, entity_effects=entity_effects, time_effects=time_effects
    )
    diagonals = np.zeros((n_units, parts.size))
    for position, matrix in zip(parts.quadratic_positions, matrices, strict=False):
        diagonals[:, position] = np.diag(matrix)
    diagonals[:, parts.quadratic_positions[-1]] = unit_diagonal / (2.0 * parts.sigma2)
    totals = np.zeros((n_units, parts.size))
    totals[:, list(parts.linear_positions)] = parts.linear.sum(axis=0)
    skewed = time_diagonal * totals.T @ diagonals
    excess = n_periods * time_diagonal**2 * diagonals.T @ diagonals
    meat: Array = (
        calc_information(parts) + (fourth * excess + third * (skewed + skewed.T)) / parts.sigma2**2
    )
    return meat


def estimate_error_moments(
    residuals: Array, *, entity_effects: bool, time_effects: bool
) -> tuple[float, float]:
    """Third moment and fourth cumulant of ε from residuals, in which projections shrink both.

    A residual is Σ_s q_s ε_s over the cells of its projection, so its r-th cumulant is Σ q_s^r
    times that of ε.

    Parameters
    ----------
    residuals : array, shape (T, N), effects removed
    entity_effects, time_effects : bool

    Returns
    -------
    (float, float): μ₃ and κ₄, in the third and fourth power of the residuals' unit.
    """
    n_periods, n_units = residuals.shape

    def power_sum(size: int, removed: bool, power: int) -> float:
        if not removed:
            return 1.0
        return float((1.0 - 1.0 / size) ** power + (size - 1.0) * (-1.0 / size) ** power)

    def shrinkage(power: int) -> float:
        return power_sum(n_periods, entity_effects, power) * power_sum(n_units, time_effects, power)

    variance = float((residuals**2).mean())
    # Two periods (or units) leave residuals ±e of either sign alike: no third moment to see. Where
    # unit effects were removed its term is zero anyway, because b sums to zero over time.
    visible = shrinkage(3)
    third = float((residuals**3).mean()) / visible if visible > 1e-12 else 0.0
    fourth = (float((residuals**4).mean()) - 3.0 * variance**2) / shrinkage(4)
    return third, fourth
