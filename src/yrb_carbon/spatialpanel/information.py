"""Fisher information of the spatial panel likelihoods and the bias correction built on it.

Parameters are ordered (δ, ρ or λ, σ²). With effects concentrated out, the information of the rest
is what partialling out the dummies leaves (equal to the explicit-dummy information matrix):

    H_δδ = Z̃'Z̃/σ²,  H_δρ = Z̃'h/σ²,  H_ρρ = h'h/σ² + J tr(GG + G'G),
    H_ρσ² = J tr(G)/σ²,  H_σ²σ² = n/(2σ⁴),

h = Q(I ⊗ G)m with m the mean of (I - ρW)y, effects included, and Q the projection that removes
the effects. For equal row sums h = (I ⊗ JG)Z̃δ, J = I - ιι'/N. The projection matters: GZ̃δ is not
mean-zero unless W is column-stochastic too. For the transformation estimator G is F'GF.
(Lee & Yu 2010, J. Econometrics 154:165-185, eq. 13; Anselin 1988, ch. 6.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from .logdet import sparse_traces
from .within import Array, SparseMatrix


@dataclass(frozen=True, slots=True)
class SpatialTraces:
    """Traces of G = W(I - ρW)⁻¹, or of F'GF when deflated.

    Attributes
    ----------
    g, gg, gtg : float
        tr(G), tr(GG), tr(G'G).
    """

    g: float
    gg: float
    gtg: float


def calc_spatial_traces(
    weights: SparseMatrix, rho: float, *, deflated: bool, row_sum: float | None, dense: bool = True
) -> SpatialTraces:
    """Traces of G at ρ.

    Deflated, with common row sum c: tr(G) - c/(1-cρ), tr(GG) - c²/(1-cρ)² and tr(F'G'FF'GF), which
    is the squared Frobenius norm of JGJ.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    rho : float
    deflated : bool
    row_sum : float or None
        c; needed when deflated.
    dense : bool
        Form G; otherwise solve for blocks of its columns.

    Returns
    -------
    SpatialTraces
    """
    if deflated and row_sum is None:
        raise ValueError("deflated traces need weights with equal row sums")
    if dense:
        g = calc_g(weights, rho, centred=deflated)
        return SpatialTraces(float(np.trace(g)), float((g * g.T).sum()), float((g**2).sum()))
    trace_g, trace_gg, squared_norms = sparse_traces(weights, rho)
    gtg = float(squared_norms.sum())
    if not deflated or row_sum is None:
        return SpatialTraces(trace_g, trace_gg, gtg)
    n_units = weights.shape[0]
    lost = row_sum / (1.0 - row_sum * rho)
    # Gι is a multiple of ι, so JGJ = JG = G - ιḡ' with ḡ the column means of G.
    column_means = (
        _solve_transposed(weights, rho, np.asarray(weights.sum(axis=0)).ravel()) / n_units
    )
    gtg_deflated = gtg - n_units * float(column_means @ column_means)
    return SpatialTraces(trace_g - lost, trace_gg - lost**2, gtg_deflated)


def calc_g(weights: SparseMatrix, rho: float, *, centred: bool = False) -> Array:
    """G = W(I - ρW)⁻¹, or JGJ = F(F'GF)F', dense, shape (N, N).

    With equal row sums JWJ = JW and JGJ = JW(I - ρJW)⁻¹, which has no pole at ρ = 1/c: centring W
    first keeps the digits that centring G near the pole would lose.
    """
    dense = weights.toarray()
    if centred:
        dense = dense - dense.mean(axis=0)
    # W and (I - ρW)⁻¹ commute, so one solve with W on the right-hand side gives G.
    identity = np.eye(dense.shape[0])
    solution: Array = linalg.solve(identity - rho * dense, dense, check_finite=False)
    return solution


def lag_information(
    z: Array,
    mean_lag: Array,
    sigma2: float,
    traces: SpatialTraces,
    n_effective: int,
    jacobian_periods: int,
) -> Array:
    """Information of (δ, ρ, σ²) in the spatial lag model.

    Parameters
    ----------
    z : array, shape (n, K), effects removed
    mean_lag : array, shape (n,)
        h, the mean of Wy with the effects removed.
    sigma2 : float
    traces : SpatialTraces
    n_effective, jacobian_periods : int
        n and J.

    Returns
    -------
    array, shape (K+2, K+2).
    """
    k = z.shape[1]
    columns = np.column_stack([z, mean_lag])
    information = np.zeros((k + 2, k + 2))
    information[: k + 1, : k + 1] = columns.T @ columns / sigma2
    information[k, k] += jacobian_periods * (traces.gg + traces.gtg)
    information[k, k + 1] = information[k + 1, k] = jacobian_periods * traces.g / sigma2
    information[k + 1, k + 1] = n_effective / (2.0 * sigma2**2)
    return information


def error_information(
    z: Array,
    sigma2: float,
    traces: SpatialTraces,
    n_effective: int,
    jacobian_periods: int,
) -> Array:
    """Information of (δ, λ, σ²) in the spatial error model.

    δ and (λ, σ²) are orthogonal: H_λλ = J tr(GG + G'G), G = W(I - λW)⁻¹ (Anselin 1988, ch. 6).

    Parameters
    ----------
    z : array, shape (n, K)
        Filtered by I - λW, then effects removed.
    sigma2, traces, n_effective, jacobian_periods
        As in `lag_information`.

    Returns
    -------
    array, shape (K+2, K+2).
    """
    return lag_information(z, np.zeros(z.shape[0]), sigma2, traces, n_effective, jacobian_periods)


def linear_information(z: Array, sigma2: float, n_effective: int) -> Array:
    """Information of (δ, σ²) without a spatial parameter, shape (K+1, K+1)."""
    k = z.shape[1]
    information = np.zeros((k + 1, k + 1))
    information[:k, :k] = z.T @ z / sigma2
    information[k, k] = n_effective / (2.0 * sigma2**2)
    return information


def invert_information(information: Array) -> Array:
    """Inverse of a positive definite information matrix, symmetric to the last bit."""
    scale = 1.0 / np.sqrt(np.diag(information))
    factor = linalg.cho_factor(information * np.outer(scale, scale), check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(len(scale)), check_finite=False)
    covariance: Array = (inverse + inverse.T) / 2.0 * np.outer(scale, scale)
    return covariance


def correct_bias(
    parameters: Array,
    information: Array,
    period_dummy_score: float,
    n_units: int,
    n_periods: int,
    *,
    entity_effects: bool,
    time_effects: bool,
) -> Array:
    """Direct estimates corrected for the incidental parameters.

    Two-way and time effects: φ + (1/N)(H/NT)⁻¹ (0, 1/(1-ρ), 1/(2σ²))' (Lee & Yu 2010, sec. 3.2).
    Unit and two-way effects: σ² · T/(T-1). With time effects alone Elhorst (2014) rescales σ² by
    N/(N-1) and leaves ρ biased; the full vector is used here instead.

    Parameters
    ----------
    parameters : array, shape (K+2,)
        (δ, ρ, σ²) by the direct estimator.
    information : array, shape (K+2, K+2)
        H at ``parameters``.
    period_dummy_score : float
        d'Gd/d'd with d the cross-section vector of a period dummy; 1/(1-ρ) if rows sum to one.
    n_units, n_periods : int
    entity_effects, time_effects : bool

    Returns
    -------
    array, shape (K+2,).
    """
    corrected = parameters.copy()
    if time_effects:
        bias = np.zeros_like(corrected)
        bias[-2] = period_dummy_score
        bias[-1] = 1.0 / (2.0 * parameters[-1])
        corrected = corrected + n_periods * (invert_information(information) @ bias)
    if entity_effects:
        corrected[-1] *= n_periods / (n_periods - 1.0)
    return corrected


def _solve_transposed(weights: SparseMatrix, rho: float, vector: Array) -> Array:
    n_units = weights.shape[0]
    matrix = sparse.csc_array(sparse.eye_array(n_units) - rho * weights)
    solution: Array = sparse_linalg.splu(matrix).solve(vector, trans="T")
    return solution
