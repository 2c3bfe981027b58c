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

The scores of two equations a and b are correlated in the same way, with σ_ab and Σ_ab of their
errors in place of σ² and Σ: each covariance here is written for two equations, and that of one
equation is the case where the two are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    return calc_cross_information(parts, parts, parts.quadratic, parts.sigma2)


def calc_cross_information(
    first: ScoreParts, second: ScoreParts, quadratic: Array, covariance: float
) -> Array:
    """Covariance of the scores of two equations whose errors are normal and independent over time.

    S_pq = σ_ab/(σ_a²σ_b²) b_p'b_q + J σ_ab²/(σ_a²σ_b²) D_pq; with one equation, σ_ab = σ², the
    information matrix.

    Parameters
    ----------
    first, second : ScoreParts
        Of equations a and b.
    quadratic : array, shape (Q_a, Q_b)
        D of the two (`calc_cross_quadratic`).
    covariance : float
        σ_ab of the errors.

    Returns
    -------
    array, shape (P_a, P_b).
    """
    scale = first.sigma2 * second.sigma2
    columns = [parts.linear.reshape(-1, parts.linear.shape[2]) for parts in (first, second)]
    meat = np.zeros((first.size, second.size))
    meat[_linear_block(first, second)] = columns[0].T @ columns[1] * (covariance / scale)
    squared = covariance**2 / scale
    meat[_quadratic_block(first, second)] += first.jacobian_periods * squared * quadratic
    return meat


def estimate_error_covariance(first: ScoreParts, second: ScoreParts) -> float:
    """σ_ab of the errors of two equations: their correlation times σ_aσ_b; σ² of one.

    The sum of products over the observations of the likelihood, and its equivalent where the
    variances were corrected for bias.

    Parameters
    ----------
    first, second : ScoreParts

    Returns
    -------
    float, product of the units of the residuals.
    """
    if first is second:
        return first.sigma2
    residuals = first.residuals.ravel(), second.residuals.ravel()
    squares = float(residuals[0] @ residuals[0]) * float(residuals[1] @ residuals[1])
    scale = float(np.sqrt(first.sigma2 * second.sigma2 / squares))
    return scale * float(residuals[0] @ residuals[1])


def calc_cross_quadratic(
    first: ScoreParts,
    second: ScoreParts,
    first_matrices: Sequence[Array],
    second_matrices: Sequence[Array],
) -> Array:
    """D_pq = tr(P_pP_q) + tr(P_p'P_q) of the quadratic forms of two equations.

    Parameters
    ----------
    first, second : ScoreParts
    first_matrices, second_matrices : sequence of array, shape (N, N)
        P_ρ and P_λ that each has; may be empty where the other equation has none.

    Returns
    -------
    array, shape (Q_a, Q_b).
    """
    effective_units = 2.0 * first.sigma2**2 * float(first.quadratic[-1, -1])
    products = np.empty((first.quadratic.shape[0], second.quadratic.shape[0]))
    # P_σ² = I/(2σ²): D with it is the trace of the other over σ².
    products[:-1, -1] = first.sigma2 * first.quadratic[:-1, -1] / second.sigma2
    products[-1, :-1] = second.sigma2 * second.quadratic[-1, :-1] / first.sigma2
    products[-1, -1] = effective_units / (2.0 * first.sigma2 * second.sigma2)
    if products.shape[0] > 1 and products.shape[1] > 1:
        for i, left in enumerate(first_matrices):
            twice = left + left.T
            for j, right in enumerate(second_matrices):
                products[i, j] = (twice * right).sum()
    return products


def _linear_block(first: ScoreParts, second: ScoreParts) -> tuple[Any, ...]:
    return np.ix_(first.linear_positions, second.linear_positions)


def _quadratic_block(first: ScoreParts, second: ScoreParts) -> tuple[Any, ...]:
    return np.ix_(first.quadratic_positions, second.quadratic_positions)


def invert_information(information: Array) -> Array:
    """Inverse of a positive definite information matrix, symmetric to the last bit."""
    scale = 1.0 / np.sqrt(np.diag(information))
    factor = linalg.cho_factor(information * np.outer(scale, scale), check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(len(scale)), check_finite=False)
    covariance: Array = (inverse + inverse.T) / 2.0 * np.outer(scale, scale)
    return covariance


@dataclass(frozen=True, slots=True)
class RegressionErrors:
    """Residuals of a regression and the projection that took its part of the errors.

    Attributes
    ----------
    residuals : array, shape (T, N)
    basis : array, shape (T, N, R)
        q: orthonormal columns of the span of the regressors.
    own : array, shape (T, T)
        Σ_i [qq']_ii.
    """

    residuals: Array
    basis: Array
    own: Array

    @classmethod
    def of(cls, linear: Array, residuals: Array) -> RegressionErrors:
        """Residuals (T, N) of a regression on ``linear`` (T, N, L)."""
        n_periods, n_units, size = linear.shape
        flat = linear.reshape(-1, size)
        q = (_orthonormal_basis(flat) if size else flat).reshape(n_periods, n_units, -1)
        own = np.tensordot(q, q, axes=([1, 2], [1, 2]))
        return cls(residuals, q, own)


@dataclass(frozen=True, slots=True)
class SerialScore:
    """What the serially robust covariance needs of the score of one equation.

    Attributes
    ----------
    parts : ScoreParts
    errors : RegressionErrors
    covariance : array, shape (T, T)
        Σ̃ of the equation's own errors.
    effective_units : int
        N, or N-1 where period effects were removed.
    diagonals : array, shape (N, S), or None
        P_ii of the spatial parameters; None where each is taken to be even.
    """

    parts: ScoreParts
    errors: RegressionErrors
    covariance: Array
    effective_units: int
    diagonals: Array | None

    @classmethod
    def of(cls, parts: ScoreParts, effective_units: int, diagonals: Array | None) -> SerialScore:
        """With Σ̃ estimated from the residuals."""
        errors = RegressionErrors.of(parts.linear, parts.residuals)
        covariance = estimate_cross_covariance(errors, errors, effective_units)
        return cls(parts, errors, covariance, effective_units, diagonals)


def calc_cross_serial_meat(first: SerialScore, second: SerialScore, quadratic: Array) -> Array:
    """Covariance of the scores of two equations under errors that are correlated over time.

    S_pq = [Σ_i b_pi'Σ_ab b_qi + tr(Σ̃_abΣ̃_ab') D_pq + κ_ab Σ_i P_p,iiP_q,ii]/(σ_a²σ_b²) with Σ̃_ab
    estimated from the residuals, freed of what the estimated coefficients took from them
    (`estimate_cross_covariance`), tr(Σ̃_abΣ̃_ab') freed of the upward bias of squaring an estimate,
    and κ_ab = Cov(u_a,i'u_a,i, u_b,i'u_b,i) - 2tr(Σ̃_abΣ̃_ab'), zero for normal errors, from the sums
    of squares of the units. Third moments are taken as zero: errors need not be normal but
    symmetric.

    Parameters
    ----------
    first, second : SerialScore
        Of equations a and b; the same one for the covariance of its own score.
    quadratic : array, shape (Q_a, Q_b)
        D of the two.

    Returns
    -------
    array, shape (P_a, P_b).
    """
    left, right = first.parts, second.parts
    units, scale = first.effective_units, left.sigma2 * right.sigma2
    covariance = first.covariance
    if second is not first:
        covariance = estimate_cross_covariance(first.errors, second.errors, units)
    meat = np.zeros((left.size, right.size))
    rotated = np.tensordot(covariance, right.linear, axes=(1, 0))
    linear = np.tensordot(left.linear, rotated, axes=([0, 1], [0, 1]))
    meat[_linear_block(left, right)] = linear / scale
    traces = float(np.trace(first.covariance)) * float(np.trace(second.covariance))
    squared = unbiased_squared_norm(covariance, traces, units)
    excess = estimate_excess(left.residuals, right.residuals, squared, units)
    # D_pσ² = tr(P_p)/σ² for every p.
    products = np.outer(left.sigma2 * left.quadratic[:, -1], right.sigma2 * right.quadratic[:, -1])
    products /= units
    if first.diagonals is not None and second.diagonals is not None:
        products[:-1, :-1] = first.diagonals.T @ second.diagonals
    block = _quadratic_block(left, right)
    meat[block] += (squared * quadratic + excess * products) / scale
    return meat


def estimate_excess(
    first: Array, second: Array, squared_norm: float, effective_units: int
) -> float:
    """κ_ab = Cov(u_a'u_a, u_b'u_b) - 2tr(Σ̃_abΣ̃_ab') of the units' sums of squares.

    Zero for normal errors.

    Parameters
    ----------
    first, second : array, shape (T, N)
        Residuals of the two equations; the same for the excess of one.
    squared_norm : float
        tr(Σ̃_abΣ̃_ab').
    effective_units : int

    Returns
    -------
    float, product of the squared units of the residuals.
    """
    scale = first.shape[1] / effective_units
    sums = [(residuals**2).sum(axis=0) * scale for residuals in (first, second)]
    deviations = [values - values.mean() for values in sums]
    covariance = float(deviations[0] @ deviations[1]) / (first.shape[1] - 1.0)
    return float(covariance - 2.0 * squared_norm)


def estimate_time_covariance(
    linear: Array, residuals: Array, effective_units: int, steps: int = 10
) -> Array:
    """Covariance over time Σ̃ of a unit's errors, effects removed, from regression residuals.

    `estimate_cross_covariance` of an equation with itself.

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
    errors = RegressionErrors.of(linear, residuals)
    return estimate_cross_covariance(errors, errors, effective_units, steps)


def estimate_cross_covariance(
    first: RegressionErrors, second: RegressionErrors, effective_units: int, steps: int = 10
) -> Array:
    """Covariance over time Σ̃_ab of a unit's errors in two equations, from their residuals.

    With e_a = (I - H_a)ε_a, H_a the projection on the regressors of a (and on the mean of Wy),
    E Σ_i e_a,ie_b,i' = nΣ̃ - Σ_i [H_aΩ + ΩH_b - H_aΩH_b]_ii, Ω = Σ̃_ab ⊗ I. The last term is
    evaluated at the estimate and added, and so on until it stands still: persistent regressors
    take much of the slow part of the errors, and standard errors would be too short without it.

    Parameters
    ----------
    first, second : RegressionErrors
        Of equations a and b; the same one for the covariance of its own errors.
    effective_units : int
        n.
    steps : int

    Returns
    -------
    array, shape (T, T), rows the periods of a; unit the product of those of the residuals.
    """
    observed: Array = first.residuals @ second.residuals.T
    covariance: Array = observed / effective_units
    if not (first.basis.size or second.basis.size):
        return covariance
    n_periods, shapes = covariance.shape[0], (first.basis.shape, second.basis.shape)
    tall = [errors.basis.reshape(-1, errors.basis.shape[2]) for errors in (first, second)]
    wide = [errors.basis.reshape(n_periods, -1) for errors in (first, second)]
    for _ in range(steps):
        rotated = (covariance @ wide[1]).reshape(-1, shapes[1][2])
        inner = tall[0].T @ rotated
        twice = wide[0] @ (tall[1] @ inner.T).reshape(n_periods, -1).T
        taken = first.own @ covariance + covariance @ second.own - twice
        covariance = (observed + taken) / effective_units
    return (covariance + covariance.T) / 2.0 if first is second else covariance


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
    return unbiased_squared_norm(covariance, float(np.trace(covariance)) ** 2, degrees)


def unbiased_squared_norm(covariance: Array, traces: float, degrees: int) -> float:
    """tr(Σ_abΣ_ab') from an estimate of Σ_ab with ``degrees`` degrees of freedom.

    n²/((n-1)(n+2)) [tr(Σ̂_abΣ̂_ab') - tr(Σ̂_aa)tr(Σ̂_bb)/n], unbiased where Σ̂_ab is an off-diagonal
    block of a Wishart matrix: E tr(Σ̂_abΣ̂_ab') = (1 + 1/n) x + y/n and E tr(Σ̂_aa)tr(Σ̂_bb) = y + 2x/n
    with x = tr(Σ_abΣ_ab') and y = tr(Σ_aa)tr(Σ_bb).

    Parameters
    ----------
    covariance : array, shape (T, T)
        Σ̂_ab.
    traces : float
        tr(Σ̂_aa)tr(Σ̂_bb).
    degrees : int
        n.

    Returns
    -------
    float, unit of the covariance squared.
    """
    squared = float((covariance**2).sum())
    if degrees < 2:
        return squared
    unbiased = degrees**2 / ((degrees - 1.0) * (degrees + 2.0)) * (squared - traces / degrees)
    # Cauchy-Schwarz: no matrix of this trace and size has less.
    return float(max(unbiased, float(np.trace(covariance)) ** 2 / covariance.shape[0]))


@dataclass(frozen=True, slots=True)
class ClusteredScore:
    """Terms of the score of one equation that are not correlated with one another.

    With u_i the errors of unit i the score is Σ_i [b_i'u_i + P_ii(u_i'u_i - E)] + Σ_{i<j}
    (P_ij + P_ji) u_i'u_j, over σ².

    Attributes
    ----------
    of_units : array, shape (N, P)
        w_i = b_i'e_i + P_ii(e_i'e_i - mean), over σ².
    of_pairs : array, shape (N(N-1)/2, S)
        v_ij = (P_ij + P_ji) e_i'e_j, over σ², of the spatial parameters.
    pair_positions : tuple of int, length S
        Their places among the parameters.
    effective_units : int
    """

    of_units: Array
    of_pairs: Array
    pair_positions: tuple[int, ...]
    effective_units: int

    @classmethod
    def of(
        cls, parts: ScoreParts, matrices: Sequence[Array], effective_units: int
    ) -> ClusteredScore:
        """The terms at the residuals."""
        n_units = parts.residuals.shape[1]
        own = (parts.residuals**2).sum(axis=0)
        of_units = np.zeros((n_units, parts.size))
        of_units[:, list(parts.linear_positions)] = np.einsum(
            "tna,tn->na", parts.linear, parts.residuals
        )
        of_variance = effective_units / n_units / (2.0 * parts.sigma2)
        diagonals = [*(np.diag(matrix) for matrix in matrices), np.full(n_units, of_variance)]
        for position, diagonal in zip(parts.quadratic_positions, diagonals, strict=True):
            of_units[:, position] += diagonal * (own - own.mean())
        pairs = np.triu_indices(n_units, 1)
        of_pairs = np.empty((pairs[0].size if matrices else 0, len(matrices)))
        if matrices:
            products = (parts.residuals.T @ parts.residuals)[pairs]
            for column, matrix in enumerate(matrices):
                of_pairs[:, column] = (matrix + matrix.T)[pairs] * products
        return cls(
            of_units / parts.sigma2,
            of_pairs / parts.sigma2,
            parts.quadratic_positions[:-1],
            effective_units,
        )


def calc_cross_clustered_meat(first: ClusteredScore, second: ClusteredScore) -> Array:
    """Covariance of the scores of two equations, clustered by unit.

    The terms of a score are uncorrelated with one another if units are independent, whatever the
    dependence over time and the variances of the units, so

        S = Σ_i w_a,i w_b,i' + Σ_{i<j} v_a,ij v_b,ij'.

    (The same variance as the outer product of martingale differences of Kuersteiner & Prucha
    2020, Econometrica 88:2109-2146, and Yang 2018, J. Econometrics 206:423-451, but it does not
    depend on an order of the units.)

    Parameters
    ----------
    first, second : ClusteredScore
        Of equations a and b; the same one for the covariance of its own score.

    Returns
    -------
    array, shape (P_a, P_b), times N/(n-1) for the estimated means.
    """
    meat: Array = first.of_units.T @ second.of_units
    if first.pair_positions and second.pair_positions:
        block = np.ix_(first.pair_positions, second.pair_positions)
        meat[block] += first.of_pairs.T @ second.of_pairs
    scaled: Array = meat * first.of_units.shape[0] / (first.effective_units - 1.0)
    return scaled


@dataclass(frozen=True, slots=True)
class QmlScore:
    """What the covariance under errors that are not normal needs of the score of one equation.

    Attributes
    ----------
    parts : ScoreParts
    diagonals : array, shape (N, P)
        P_ii; zero for parameters without a quadratic form.
    totals : array, shape (N, P)
        Σ_t b_it; zero for parameters without a linear form.
    entity_effects, time_effects : bool
    """

    parts: ScoreParts
    diagonals: Array
    totals: Array
    entity_effects: bool
    time_effects: bool

    @classmethod
    def of(
        cls,
        parts: ScoreParts,
        matrices: Sequence[Array],
        entity_effects: bool,
        time_effects: bool,
    ) -> QmlScore:
        """From the dense P of the spatial parameters."""
        n_units = parts.residuals.shape[1]
        unit_diagonal = 1.0 - 1.0 / n_units if time_effects else 1.0
        diagonals = np.zeros((n_units, parts.size))
        for position, matrix in zip(parts.quadratic_positions, matrices, strict=False):
            diagonals[:, position] = np.diag(matrix)
        diagonals[:, parts.quadratic_positions[-1]] = unit_diagonal / (2.0 * parts.sigma2)
        totals = np.zeros((n_units, parts.size))
        totals[:, list(parts.linear_positions)] = parts.linear.sum(axis=0)
        return cls(parts, diagonals, totals, entity_effects, time_effects)


def calc_cross_qml_meat(
    first: QmlScore, second: QmlScore, quadratic: Array, covariance: float
) -> Array:
    """Covariance of the scores of two equations whose errors are independent but not normal.

    `calc_cross_information` + [κ Σ_it q_t²P_p,iiP_q,ii + μ_abb Σ_it q_t b_p,itP_q,ii + μ_aab Σ_it
    q_t P_p,iib_q,it]/(σ_a²σ_b²), with κ the fourth cross cumulant of the errors, μ_abb = Eε_aε_b²,
    μ_aab = Eε_a²ε_b and q_t the diagonal of the projection over time (Lee & Yu 2010, J.
    Econometrics 154:165-185, sec. 3.1, for one equation).

    Parameters
    ----------
    first, second : QmlScore
        Of equations a and b; the same one for the covariance of its own score.
    quadratic : array, shape (Q_a, Q_b)
        D of the two.
    covariance : float
        σ_ab.

    Returns
    -------
    array, shape (P_a, P_b).
    """
    left, right = first.parts, second.parts
    n_periods = left.residuals.shape[0]
    time_diagonal = 1.0 - 1.0 / n_periods if first.entity_effects else 1.0
    moments = estimate_cross_moments(
        left.residuals,
        right.residuals,
        entity_effects=first.entity_effects,
        time_effects=first.time_effects,
    )
    extra = moments.fourth * n_periods * time_diagonal**2 * first.diagonals.T @ second.diagonals
    extra += moments.of_second * time_diagonal * first.totals.T @ second.diagonals
    extra += moments.of_first * time_diagonal * first.diagonals.T @ second.totals
    meat: Array = extra / (left.sigma2 * right.sigma2)
    return calc_cross_information(left, right, quadratic, covariance) + meat


@dataclass(frozen=True, slots=True)
class CrossMoments:
    """Higher moments of the errors of two equations, the same one twice included.

    Attributes
    ----------
    of_first, of_second : float
        Eε_a²ε_b and Eε_aε_b².
    fourth : float
        Cum(ε_a, ε_a, ε_b, ε_b).
    """

    of_first: float
    of_second: float
    fourth: float


def estimate_error_moments(
    residuals: Array, *, entity_effects: bool, time_effects: bool
) -> tuple[float, float]:
    """Third moment and fourth cumulant of ε from residuals: μ₃ and κ₄.

    `estimate_cross_moments` of an equation with itself.

    Parameters
    ----------
    residuals : array, shape (T, N), effects removed
    entity_effects, time_effects : bool

    Returns
    -------
    (float, float), in the third and fourth power of the residuals' unit.
    """
    moments = estimate_cross_moments(
        residuals, residuals, entity_effects=entity_effects, time_effects=time_effects
    )
    return moments.of_first, moments.fourth


def estimate_cross_moments(
    first: Array, second: Array, *, entity_effects: bool, time_effects: bool
) -> CrossMoments:
    """Third moments and fourth cumulant of errors from residuals, in which projections shrink them.

    A residual is Σ_s q_s ε_s over the cells of its projection, so its r-th cumulant is Σ q_s^r
    times that of ε.

    Parameters
    ----------
    first, second : array, shape (T, N), effects removed
    entity_effects, time_effects : bool

    Returns
    -------
    CrossMoments
    """
    n_periods, n_units = first.shape

    def power_sum(size: int, removed: bool, power: int) -> float:
        if not removed:
            return 1.0
        return float((1.0 - 1.0 / size) ** power + (size - 1.0) * (-1.0 / size) ** power)

    def shrinkage(power: int) -> float:
        return power_sum(n_periods, entity_effects, power) * power_sum(n_units, time_effects, power)

    squares = first**2, second**2
    variances = float(squares[0].mean()) * float(squares[1].mean())
    fourth = float((squares[0] * squares[1]).mean()) - variances
    fourth -= 2.0 * float((first * second).mean()) ** 2
    # Two periods (or units) leave residuals ±e of either sign alike: no third moment to see. Where
    # unit effects were removed its term is zero anyway, because b sums to zero over time.
    visible = shrinkage(3)
    thirds = [
        float(product.mean()) / visible if visible > 1e-12 else 0.0
        for product in (squares[0] * second, first * squares[1])
    ]
    return CrossMoments(thirds[0], thirds[1], fourth / shrinkage(4))
