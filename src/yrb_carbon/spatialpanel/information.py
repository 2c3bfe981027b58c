"""Traces of the spatial multiplier that information matrices need, and the bias correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from .factor import filter_solver, log_determinants_of_sum
from .logdet import LogDeterminant, analyse_weights, sparse_traces
from .progress import report_progress
from .quadrature import calc_power_traces, calc_square_norms, estimate_trace
from .score import invert_information
from .within import Array, SparseMatrix

# Sizes up to which tr(G'G) comes from the columns of G, and from shifted determinants.
COLUMN_LIMIT = 150
SHIFT_LIMIT = 20_000
# Step of the difference as a share of 1/‖G‖²: its error is of the fourth power of the step, and
# rounding is still twelve digits away.
SHIFT = 0.003
POWER_ITERATIONS = 12
# Probes of tr(G'G) times N, and the fewest that give a standard error.
NORM_WORK, FEWEST_PROBES = 2_000_000, 8


@dataclass(frozen=True, slots=True)
class SpatialTraces:
    """Traces of G = W(I - ρW)⁻¹, or of F'GF when deflated.

    Attributes
    ----------
    g, gg, gtg : float
        tr(G), tr(GG), tr(G'G).
    gtg_error : float
        Standard error of tr(G'G) where random probes estimate it; 0 where it is exact.
    """

    g: float
    gg: float
    gtg: float
    gtg_error: float = 0.0


def calc_spatial_traces(
    weights: SparseMatrix,
    rho: float,
    *,
    deflated: bool,
    row_sum: float | None,
    dense: bool = True,
    logdet: LogDeterminant | None = None,
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
        Form G. Otherwise: up to `COLUMN_LIMIT` units solve for blocks of its columns; up to
        `SHIFT_LIMIT` tr(G'G) is the derivative of a log-determinant (`calc_squared_norm`); beyond,
        random probes estimate it (`estimate_squared_norm`).
    logdet : LogDeterminant, optional
        Of W, or of W* when deflated: tr(G) and tr(GG) are its derivatives. Found here if needed.

    Returns
    -------
    SpatialTraces
    """
    if deflated and row_sum is None:
        raise ValueError("deflated traces need weights with equal row sums")
    if dense:
        g = calc_g(weights, rho, centred=deflated)
        return SpatialTraces(float(np.trace(g)), float((g * g.T).sum()), float((g**2).sum()))
    n_units = weights.shape[0]
    lost, lost_norm = 0.0, 0.0
    if deflated and row_sum is not None:
        lost = row_sum / (1.0 - row_sum * rho)
        # Gι is a multiple of ι, so JGJ = JG = G - ιḡ' with ḡ the column means of G.
        column_sums = np.asarray(weights.sum(axis=0), dtype=np.float64).ravel()
        means = filter_solver(weights).solve(rho, column_sums, transposed=True) / n_units
        lost_norm = n_units * float(means @ means)
    if n_units <= COLUMN_LIMIT:
        trace_g, trace_gg, squared_norms = sparse_traces(weights, rho)
        gtg = float(squared_norms.sum())
        return SpatialTraces(trace_g - lost, trace_gg - lost**2, gtg - lost_norm)
    if logdet is None:
        spectrum = analyse_weights(weights, method="sparse")
        logdet = spectrum.deflated if deflated else spectrum.full
    assert logdet is not None
    trace_g, trace_gg = logdet.trace_g(rho), logdet.trace_gg(rho)
    if n_units <= SHIFT_LIMIT:
        gtg = calc_squared_norm(weights, rho)
        return SpatialTraces(trace_g, trace_gg, gtg - lost_norm)
    report_progress(n_units, "traces of the information matrix")
    gtg, error = estimate_squared_norm(weights, rho, trace_gg + lost**2)
    return SpatialTraces(trace_g, trace_gg, gtg - lost_norm, error)


def calc_squared_norm(weights: SparseMatrix, rho: float) -> float:
    """tr(G'G) to ten digits, a finite difference of four sparse factorisations.

    With A = I - ρW and G = A⁻¹W, tr(G'G) = tr((AA')⁻¹WW') is the derivative of ln|AA' + sWW'| in s
    at zero. It is taken as the extrapolated central difference with steps s and 2s, s a small share
    of 1/‖G‖²: truncation and the rounding of the log-determinants leave about ten digits.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    rho : float

    Returns
    -------
    float
    """
    filtered = sparse.csr_array(sparse.eye_array(weights.shape[0]) - rho * weights)
    step = SHIFT / _largest_squared_singular_value(weights, rho)
    up, down, far_up, far_down = log_determinants_of_sum(
        filtered @ filtered.T, weights @ weights.T, step * np.array([1.0, -1.0, 2.0, -2.0])
    )
    near, far = (up - down) / (2.0 * step), (far_up - far_down) / (4.0 * step)
    return float((4.0 * near - far) / 3.0)


def estimate_squared_norm(
    weights: SparseMatrix, rho: float, trace_gg: float, probes: int | None = None
) -> tuple[float, float]:
    """tr(G'G) and its standard error by random probes.

    What is estimated is tr(G'G) - tr(GG), which vanishes for symmetric W, less the same of the
    first terms P = W + ρW² of G, whose value is known.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    rho : float
    trace_gg : float
        tr(GG), not deflated.
    probes : int, optional
        Default: as many as keep the relative error the same at any N (it falls with √N R).

    Returns
    -------
    tr(G'G), standard error.
    """
    if probes is None:
        probes = max(FEWEST_PROBES, int(NORM_WORK / weights.shape[0]))
    solver = filter_solver(weights)
    transpose = sparse.csr_array(weights.T)
    norms, powers = calc_square_norms(weights), calc_power_traces(weights)
    known = norms[0, 0] + 2.0 * rho * norms[0, 1] + rho**2 * norms[1, 1]
    known -= powers[2] + 2.0 * rho * powers[3] + rho**2 * powers[4]

    def asymmetry(signs: Array) -> Array:
        image = weights @ solver.solve(rho, signs)
        mirrored = solver.solve(rho, transpose @ signs, transposed=True)
        once = weights @ signs
        start = once + rho * (weights @ once)
        once = transpose @ signs
        mirrored_start = once + rho * (transpose @ once)
        difference: Array = ((image - mirrored) * image).sum(axis=0) - (
            (start - mirrored_start) * start
        ).sum(axis=0)
        return difference

    estimate, error = estimate_trace(asymmetry, weights.shape[0], probes)
    return float(trace_gg + known + estimate), error


def _largest_squared_singular_value(weights: SparseMatrix, rho: float) -> float:
    """‖G‖² from below, by power iteration; good to some per cent."""
    solver = filter_solver(weights)
    transpose = sparse.csr_array(weights.T)
    vector = np.random.default_rng(0).standard_normal(weights.shape[0]) + 1.0
    largest = 0.0
    for _ in range(POWER_ITERATIONS):
        vector = vector / float(np.linalg.norm(vector))
        vector = transpose @ solver.solve(rho, solver.solve(rho, weights @ vector), transposed=True)
        largest = float(np.linalg.norm(vector))
    return largest


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
