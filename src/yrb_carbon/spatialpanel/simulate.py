"""Outcomes drawn from the reduced form of a spatial panel."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .errors import SpecificationError
from .factor import filter_solver
from .logdet import analyse_weights, with_exact_lower
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
        If something is not an array of finite numbers, shapes do not fit together, or ρ or λ lies
        outside of the interval around zero where I - ρW is regular.
    """
    matrix = _read_weights(weights)
    regressors = read_array("exog", exog)
    slopes = np.atleast_1d(read_array("beta", beta))
    innovations = read_array("errors", errors)
    shape = regressors.shape[:2]
    if slopes.ndim != 1:
        raise SpecificationError(f"beta must be (K,), got {slopes.shape}")
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
    for name, value in (("rho", rho), ("lam", lam)):
        check_admissible(matrix, name, value)
    mean = regressors @ slopes
    if theta is not None:
        lagged_slopes = _read_vector("theta", theta, slopes.size, "regressor")
        mean = mean + spatial_lag(matrix, regressors) @ lagged_slopes
    if mu is not None:
        mean = mean + _read_vector("mu", mu, shape[1], "unit")[None, :]
    if xi is not None:
        mean = mean + _read_vector("xi", xi, shape[0], "period")[:, None]
    return apply_inverse_filter(matrix, rho, mean + apply_inverse_filter(matrix, lam, innovations))


def check_admissible(weights: SparseMatrix, name: str, value: float) -> None:
    """Refuse a spatial parameter at which the reduced form does not exist or is not stable.

    The interval is (1/ω_min, 1/ω_max), ω the real eigenvalues of W (Elhorst 2014, sec. 2.2).

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    name : str
        Of the parameter, for the message.
    value : float

    Raises
    ------
    SpecificationError
    """
    if not (isinstance(value, Real) and np.isfinite(float(value))):
        raise SpecificationError(f"{name} must be a finite number, got {value!r}")
    norm = min(float(abs(weights).sum(axis=axis).max(initial=0.0)) for axis in (0, 1))
    # No eigenvalue exceeds a norm, so most parameters need no eigenvalues.
    if abs(value) * norm < 1.0:
        return
    # A ray of positive weights that never closes has no eigenvalue but zero: any value will do.
    if not weights.count_nonzero() or _is_nilpotent(weights):
        return
    spectrum = analyse_weights(weights)
    if spectrum.lower_is_safe and value <= spectrum.lower:
        spectrum = with_exact_lower(weights, spectrum)
    if not spectrum.lower < value < spectrum.upper:
        raise SpecificationError(
            f"{name} = {float(value):.6g} is not inside of ({spectrum.lower:.6g}, "
            f"{spectrum.upper:.6g}), where I - {name} W is regular; give a value inside, or "
            "standardise the weights by rows"
        )


def _is_nilpotent(weights: SparseMatrix) -> bool:
    """Whether no path through the links comes back: every unit is a component of its own."""
    n_components, _ = connected_components(weights, directed=True, connection="strong")
    return bool(n_components == weights.shape[0] and not weights.diagonal().any())


def _read_weights(weights: Any) -> SparseMatrix:
    try:
        matrix = sparse.csr_array(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SpecificationError(
            f"weights must be a sparse or dense matrix of numbers, shape (N, N), got a "
            f"{type(weights).__name__}; of an object with ids take its matrix in the order of the "
            "units"
        ) from error
    if matrix.ndim != 2 or not np.isfinite(matrix.data).all():
        raise SpecificationError(
            f"weights must be a matrix of finite numbers, shape (N, N), got shape {matrix.shape}"
        )
    return matrix


def read_array(name: str, values: Any) -> Array:
    """An array of finite numbers, or an error that names it."""
    try:
        if np.iscomplexobj(values):
            raise TypeError("complex")
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SpecificationError(
            f"{name} must be an array of numbers, got a {type(values).__name__}"
        ) from error
    if not np.isfinite(array).all():
        raise SpecificationError(f"{name} has values that are NaN or infinite")
    return array


def _read_vector(name: str, values: Any, size: int, per: str) -> Array:
    vector = np.atleast_1d(read_array(name, values))
    if vector.shape != (size,):
        raise SpecificationError(
            f"{name} must be ({size},), one number for each {per}, got {vector.shape}"
        )
    return vector


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
