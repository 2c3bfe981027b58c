"""Traces of the spatial multiplier that information matrices need, and the bias correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from .logdet import sparse_traces
from .score import invert_information
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


def correct_bias(
    parameters: Array,
    information: Array,
    period_dummy_scores: Array,
    n_periods: int,
    *,
    entity_effects: bool,
    time_effects: bool,
) -> Array:
    """Direct estimates corrected for the incidental parameters.

    Two-way and time effects: φ + (1/N)(H/NT)⁻¹ (0, d'Pd/d'd, d'Hd/d'd, 1/(2σ²))' with d the
    cross-section vector that a period dummy is; with row-stochastic weights the scores are
    1/(1-ρ) and 1/(1-λ) (Lee & Yu 2010, sec. 3.2). Unit and two-way effects: σ² · T/(T-1). With
    time effects alone Elhorst (2014) rescales σ² by N/(N-1) and leaves ρ biased; the full vector
    is used here instead.

    Parameters
    ----------
    parameters : array, shape (P,)
        (δ, ρ, λ, σ²) by the direct estimator.
    information : array, shape (P, P)
        H at ``parameters``.
    period_dummy_scores : array, shape (S,)
        Of the spatial parameters.
    n_periods : int
    entity_effects, time_effects : bool

    Returns
    -------
    array, shape (P,).
    """
    corrected = parameters.copy()
    if time_effects:
        bias = np.zeros_like(corrected)
        bias[-1 - period_dummy_scores.size : -1] = period_dummy_scores
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
