"""Outcomes drawn from the reduced form of a spatial panel."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .errors import SpecificationError
from .factor import filter_solver
from .within import Array, SparseMatrix, spatial_lag

# Cross-sections solved for at a time.
SOLVE_BLOCK = 64


def simulate(
    weights: SparseMatrix,
    exog: Array,
    errors: Array,
    *,
    beta: Array,
    theta: Array | None = None,
    rho: float = 0.0,
    lam: float = 0.0,
    mu: Array | None = None,
    xi: Array | None = None,
) -> Array:
    """Reduced-form draws: y_t = (I - ρW)⁻¹[X_tβ + WX_tθ + μ + ξ_tι + (I - λW)⁻¹ε_t].

    Parameters
    ----------
    weights : sparse or dense array, shape (N, N)
    exog : array, shape (T, N, K)
        X, time-major.
    errors : array, shape (T, N) or (R, T, N)
        ε; one outcome is returned for each of the R draws.
    beta : array, shape (K,)
    theta : array, shape (K,), optional
        Coefficients of WX; zero for a regressor without a lag.
    rho, lam : float
        Spatial parameters of the outcome and of the error.
    mu : array, shape (N,), optional
        Unit effects.
    xi : array, shape (T,), optional
        Period effects.

    Returns
    -------
    array, shape of ``errors``, in the unit of ``errors``.

    Raises
    ------
    SpecificationError
        If shapes do not fit together.
    """
    matrix = sparse.csr_array(weights, dtype=np.float64)
    regressors = np.asarray(exog, dtype=np.float64)
    slopes = np.atleast_1d(np.asarray(beta, dtype=np.float64))
    innovations = np.asarray(errors, dtype=np.float64)
    shape = regressors.shape[:2]
    if regressors.ndim != 3 or regressors.shape[2] != slopes.size:
        raise SpecificationError(
            f"exog must be (T, N, {slopes.size}) for beta of length {slopes.size}, got "
            f"{regressors.shape}"
        )
    if matrix.shape != (shape[1], shape[1]):
        raise SpecificationError(f"weights are {matrix.shape} for {shape[1]} units")
    if innovations.shape[-2:] != shape or innovations.ndim > 3:
        raise SpecificationError(
            f"errors must be {shape} or (R, {shape[0]}, {shape[1]}), got {innovations.shape}"
        )
    mean = regressors @ slopes
    if theta is not None:
        mean = mean + spatial_lag(matrix, regressors) @ np.asarray(theta, dtype=np.float64)
    if mu is not None:
        mean = mean + np.asarray(mu, dtype=np.float64)[None, :]
    if xi is not None:
        mean = mean + np.asarray(xi, dtype=np.float64)[:, None]
    return apply_inverse_filter(matrix, rho, mean + apply_inverse_filter(matrix, lam, innovations))


def apply_inverse_filter(weights: SparseMatrix, parameter: float, values: Array) -> Array:
    """(I - ρW)⁻¹v for every cross-section in the last axis of ``values``.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    parameter : float
        ρ or λ.
    values : array, shape (..., N)

    Returns
    -------
    array of the same shape and unit as ``values``.
    """
    if parameter == 0.0:
        return values
    flat = values.reshape(-1, weights.shape[0])
    solver = filter_solver(weights)
    result = np.empty(flat.shape)
    # Some cross-sections at a time: the solver needs them as columns, a copy each way.
    for start in range(0, flat.shape[0], SOLVE_BLOCK):
        block = slice(start, start + SOLVE_BLOCK)
        result[block] = solver.solve(parameter, flat[block].T).T
    return result.reshape(values.shape)
