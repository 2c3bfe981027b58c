"""Direct, indirect and total effects (LeSage & Pace 2009, Introduction to Spatial Econometrics).

S_k(W) = (I - ρW)⁻¹(β_k I + θ_k W); direct = tr(S_k)/N, total = ι'S_kι/N, indirect = total - direct.
With G = W(I - ρW)⁻¹ and (I - ρW)⁻¹ = I + ρG, both need one number of W at each ρ:

    direct = β + (ρβ + θ) g,  g = tr(G)/N;      total = β + (ρβ + θ) s,  s = ι'Gι/N.

Effects are in units of the dependent variable per unit of the regressor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .errors import SpecificationError
from .factor import filter_solver
from .information import calc_g
from .logdet import (
    DENSE_LIMIT,
    EigenLogDeterminant,
    InterpolatedLogDeterminant,
    LogDeterminant,
    StochasticLogDeterminant,
    WeightsSpectrum,
    calc_g_diagonal,
)
from .randomness import generator_of
from .within import Array, SparseMatrix

# Degree at which Chebyshev interpolation of ι'Gι over the draws of ρ is exact to rounding unless
# the draws reach the pole at the edge of the interval; used where row sums differ and N is large.
SUM_DEGREE = 24
# Units beyond which effects by unit take minutes.
UNIT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Multipliers:
    """g = tr(G)/N and s = ι'Gι/N at one or many ρ, and their derivatives in ρ.

    Attributes
    ----------
    g, s : array, shape (R,)
    g_slope, s_slope : array, shape (R,)
        tr(GG)/N and ι'GGι/N.
    """

    g: Array
    s: Array
    g_slope: Array
    s_slope: Array


@dataclass(frozen=True, slots=True)
class UnitEffects:
    """Effects by unit of one fit.

    Attributes
    ----------
    own : array, shape (N, K)
        S_k,ii: effect of a unit's regressor on itself.
    received : array, shape (N, K)
        Σ_{j≠i} S_k,ij: effect on unit i of a unit change in all others.
    sent : array, shape (N, K)
        Σ_{i≠j} S_k,ij: effect of unit j on all others.
    """

    own: Array
    received: Array
    sent: Array


def calc_multipliers(
    rho: Array | float, weights: SparseMatrix, spectrum: WeightsSpectrum
) -> Multipliers:
    """g and s of W with their derivatives at every ρ.

    Parameters
    ----------
    rho : float or array, shape (R,)
    weights : sparse array, shape (N, N)
    spectrum : WeightsSpectrum

    Returns
    -------
    Multipliers
    """
    rhos = np.atleast_1d(np.asarray(rho, dtype=np.float64))
    if isinstance(spectrum.full, EigenLogDeterminant):
        g, g_slope = _traces_by_eigenvalues(rhos, spectrum.full.eigenvalues)
    else:
        g, g_slope = _traces_by_interpolation(rhos, spectrum.full)
        g, g_slope = g / weights.shape[0], g_slope / weights.shape[0]
    s, s_slope = _sums(rhos, weights, spectrum.row_sum)
    return Multipliers(g, s, g_slope, s_slope)


def calc_effects(beta: Array, theta: Array, rho: Array, multipliers: Multipliers) -> Array:
    """Direct, indirect and total effects at every parameter draw.

    Parameters
    ----------
    beta, theta : array, shape (R, K)
        θ is zero for regressors without a spatial lag.
    rho : array, shape (R,)
    multipliers : Multipliers

    Returns
    -------
    array, shape (R, K, 3): direct, indirect, total.
    """
    passed_on = rho[:, None] * beta + theta
    direct = beta + passed_on * multipliers.g[:, None]
    total = beta + passed_on * multipliers.s[:, None]
    return np.stack([direct, total - direct, total], axis=2)


def calc_effect_gradients(beta: Array, theta: Array, rho: float, multipliers: Multipliers) -> Array:
    """Derivatives of the effects in β_k, θ_k and ρ.

    Parameters
    ----------
    beta, theta : array, shape (K,)
    rho : float
    multipliers : Multipliers
        At ``rho`` alone.

    Returns
    -------
    array, shape (K, 3, 3): regressor; direct, indirect, total; derivative in β_k, θ_k, ρ.
    """
    g, s = float(multipliers.g[0]), float(multipliers.s[0])
    g_slope, s_slope = float(multipliers.g_slope[0]), float(multipliers.s_slope[0])
    passed_on = rho * beta + theta
    gradients = np.empty((beta.size, 3, 3))
    for row, value, slope in ((0, g, g_slope), (2, s, s_slope)):
        gradients[:, row, 0] = 1.0 + rho * value
        gradients[:, row, 1] = value
        gradients[:, row, 2] = beta * value + passed_on * slope
    gradients[:, 1] = gradients[:, 2] - gradients[:, 0]
    return gradients


def calc_effect_matrix(beta: float, theta: float, rho: float, weights: SparseMatrix) -> Array:
    """S(W) = (I - ρW)⁻¹(βI + θW), dense, shape (N, N); row receives, column sends.

    Raises
    ------
    SpecificationError
        If there are more than `DENSE_LIMIT` units.
    """
    n_units = weights.shape[0]
    if n_units > DENSE_LIMIT:
        raise SpecificationError(
            f"the matrix of effects of {n_units} units on each other has {n_units**2} entries; "
            f"the limit is {DENSE_LIMIT} units. Use effects() or unit_effects()"
        )
    matrix: Array = beta * np.eye(n_units) + (rho * beta + theta) * calc_g(weights, rho)
    return matrix


def calc_unit_effects(beta: Array, theta: Array, rho: float, weights: SparseMatrix) -> UnitEffects:
    """Own, received and sent effects of every unit.

    Parameters
    ----------
    beta, theta : array, shape (K,)
    rho : float
    weights : sparse array, shape (N, N)

    Returns
    -------
    UnitEffects; the means of own, received and sent over units are direct, indirect, indirect.

    Raises
    ------
    SpecificationError
        If there are more than `UNIT_LIMIT` units: each takes a solution of its own.
    """
    n_units = weights.shape[0]
    if n_units > UNIT_LIMIT:
        raise SpecificationError(
            f"own effects of {n_units} units need as many solutions of a sparse system; the limit "
            f"is {UNIT_LIMIT} units. effects() has their averages"
        )
    solver, ones = filter_solver(weights), np.ones(n_units)
    row_sums = weights @ solver.solve(rho, ones)
    column_sums = solver.solve(rho, weights.T @ ones, transposed=True)
    own_g = calc_g_diagonal(weights, rho)[:, None]
    passed_on = (rho * beta + theta)[None, :]
    return UnitEffects(
        own=beta[None, :] + passed_on * own_g,
        received=passed_on * (row_sums[:, None] - own_g),
        sent=passed_on * (column_sums[:, None] - own_g),
    )


def draw_parameters(
    estimates: Array, covariance: Array, draws: int, seed: int | np.random.SeedSequence
) -> Array:
    """Normal draws around the estimates; they depend on nothing but the seed.

    Parameters
    ----------
    estimates : array, shape (P,)
    covariance : array, shape (P, P), positive definite
    draws : int
    seed : int or SeedSequence

    Returns
    -------
    array, shape (draws, P).
    """
    standard = generator_of(seed).standard_normal((draws, estimates.size))
    factor = linalg.cholesky(covariance, lower=True, check_finite=False)
    drawn: Array = estimates + standard @ factor.T
    return drawn


def _traces_by_eigenvalues(rhos: Array, eigenvalues: NDArray[Any]) -> tuple[Array, Array]:
    """tr(G)/N and tr(GG)/N; of a conjugate pair one eigenvalue counts twice."""
    g, g_slope = np.zeros(rhos.size), np.zeros(rhos.size)
    parts: list[tuple[float, NDArray[Any]]] = [(1.0, eigenvalues)]
    if np.iscomplexobj(eigenvalues):
        parts = [
            (1.0, eigenvalues[eigenvalues.imag == 0.0].real),
            (2.0, eigenvalues[eigenvalues.imag > 0.0]),
        ]
    for count, values in parts:
        ratios = values / (1.0 - rhos[:, None] * values)
        g += count * ratios.sum(axis=1).real
        g_slope += count * np.einsum("ij,ij->i", ratios, ratios).real
    return g / eigenvalues.size, g_slope / eigenvalues.size


def _traces_by_interpolation(rhos: Array, logdet: LogDeterminant) -> tuple[Array, Array]:
    """tr(G) and tr(GG) from the log-determinant's interpolant over the range of the draws."""
    if rhos.size == 1:
        # An interval of no width has no interpolant unless a fit has left one around this ρ.
        rho = float(rhos[0])
        return np.array([logdet.trace_g(rho)]), np.array([logdet.trace_gg(rho)])
    lower, upper = float(rhos.min()), float(rhos.max())
    if lower == upper:
        return np.full(rhos.size, logdet.trace_g(lower)), np.full(rhos.size, logdet.trace_gg(lower))
    local = logdet.near(lower, upper)
    if not isinstance(local, InterpolatedLogDeterminant | StochasticLogDeterminant):
        raise TypeError(f"no traces at many values of rho from {type(local).__name__}")
    traces = local.traces(rhos)
    return traces[:, 0], traces[:, 1]


def _sums(rhos: Array, weights: SparseMatrix, row_sum: float | None) -> tuple[Array, Array]:
    if row_sum is not None:
        s = row_sum / (1.0 - rhos * row_sum)
        return s, s**2
    if weights.shape[0] > 1000:
        return _sums_by_solving(rhos, weights)
    return _sums_by_schur(rhos, weights)


def _sums_by_schur(rhos: Array, weights: SparseMatrix) -> tuple[Array, Array]:
    """ι'Gι/N and ι'GGι/N by one complex Schur form and back-substitution for all ρ at once."""
    n_units = weights.shape[0]
    triangle, unitary = linalg.schur(weights.toarray(), output="complex")
    right = unitary.conj().T @ np.ones(n_units)
    left = np.ones(n_units) @ unitary

    def apply_g(vectors: NDArray[Any]) -> NDArray[Any]:
        solution = np.zeros((rhos.size, n_units), dtype=np.complex128)
        for i in range(n_units - 1, -1, -1):
            carried = solution[:, i + 1 :] @ triangle[i, i + 1 :]
            solution[:, i] = (vectors[:, i] + rhos * carried) / (1.0 - rhos * triangle[i, i])
        applied: NDArray[Any] = solution @ triangle.T
        return applied

    first = apply_g(np.broadcast_to(right, (rhos.size, n_units)))
    second = apply_g(first)
    return (first @ left).real / n_units, (second @ left).real / n_units


def _sums_by_solving(rhos: Array, weights: SparseMatrix) -> tuple[Array, Array]:
    """ι'Gι/N and ι'GGι/N, at few ρ by solving, at many by the Chebyshev series through some."""
    if rhos.size > SUM_DEGREE + 1:
        domain = [float(rhos.min()), float(rhos.max())]
        nodes = np.polynomial.chebyshev.chebpts1(SUM_DEGREE + 1)
        points = domain[0] + (nodes + 1.0) / 2.0 * (domain[1] - domain[0])
        fitted = [
            np.polynomial.Chebyshev.fit(points, column, SUM_DEGREE, domain=domain)(rhos)
            for column in _sums_by_solving(points, weights)
        ]
        return fitted[0], fitted[1]
    solver = filter_solver(weights)
    sums = np.empty((rhos.size, 2))
    for i, rho in enumerate(rhos.tolist()):
        first = weights @ solver.solve(rho, np.ones(weights.shape[0]))
        second = weights @ solver.solve(rho, first)
        sums[i] = first.mean(), second.mean()
    return sums[:, 0], sums[:, 1]
