"""Direct, indirect and total effects of dynamic spatial panels at any horizon.

A lasting unit change of a regressor moves the outcome by k(W)(βI + θW), with

    k = (I - ρW)⁻¹ at once,  k = Σ_{h=0}^{H} A^h(I - ρW)⁻¹ after H periods,
    k = ((1-τ)I - (ρ+η)W)⁻¹ in the equilibrium,  A = (I - ρW)⁻¹(τI + ηW)

(Debarsy, Ertur & LeSage 2012, Statistical Methodology 9:158-171; Elhorst 2014, sec. 4.6). Direct is
tr(·)/N, total ι'·ι/N, indirect their difference, so all that is needed of W are traces and sums of
k(W) and Wk(W).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from .effects import Multipliers
from .logdet import WeightsSpectrum
from .within import Array, SparseMatrix


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
