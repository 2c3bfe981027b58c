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

    S_ab = Σ_i b_ai'Σ b_bi/σ⁴ + tr(Σ̃²)/σ⁴ D_ab,   Σ̃ = QΣQ,

exactly so for normal errors. I⁻¹SI⁻¹ is then a covariance of *all* parameters, ρ included, that
holds under any serial correlation; it needs no choice of a bandwidth. A unit-clustered sum of
score contributions is not valid for ρ: contributions of different units are correlated through
P. (Own derivation; the moments of linear-quadratic forms are in Kelejian & Prucha 2001, J.
Econometrics 104:219-257.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .within import Array


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
