"""Fixed effects removed from arrays stacked by period.

Arrays of the library are ``(T, N)`` or ``(T, N, K)``: one layer a period, one row a unit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array: TypeAlias = NDArray[np.float64]
SparseMatrix: TypeAlias = sparse.csr_array


def within_transform(
    values: Array, *, entity_effects: bool, time_effects: bool, direction: Array | None = None
) -> Array:
    """Residual of ``values`` on unit and period dummies.

    Two-way: v_it - v̄_i - v̄_t + v̄̄ (Baltagi 2021, Econometric Analysis of Panel Data, eq. 3.9).

    Parameters
    ----------
    values : array, shape (T, N) or (T, N, K)
    entity_effects, time_effects : bool
        Which means to remove.
    direction : array, shape (N,), optional
        Cross-section vector d that a period dummy has become after filtering; the period effects
        are removed by I - dd'/d'd. Default: ones, which is the deviation from the period mean.

    Returns
    -------
    array of the same shape and unit as ``values``.
    """
    result = values
    if entity_effects:
        result = result - result.mean(axis=0, keepdims=True)
    if time_effects:
        if direction is None:
            result = result - result.mean(axis=1, keepdims=True)
        else:
            loading = period_loadings(result, direction)
            shape = (1, -1) + (1,) * (values.ndim - 2)
            result = result - np.expand_dims(loading, 1) * direction.reshape(shape)
    return result


def period_loadings(values: Array, direction: Array) -> Array:
    """Coefficient of every period's cross-section on ``direction``: d'v_t / d'd.

    Parameters
    ----------
    values : array, shape (T, N) or (T, N, K)
    direction : array, shape (N,)

    Returns
    -------
    array, shape (T,) or (T, K).
    """
    loadings: Array = np.tensordot(values, direction, axes=(1, 0)) / (direction @ direction)
    return loadings


def spatial_lag(weights: SparseMatrix, values: Array) -> Array:
    """Weighted sum over neighbours in every period: (I_T ⊗ W) v.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    values : array, shape (T, N) or (T, N, K)

    Returns
    -------
    array of the same shape and unit as ``values``.
    """
    n_units = weights.shape[0]
    by_unit = np.ascontiguousarray(np.moveaxis(values, 1, 0))
    product: Any = weights @ by_unit.reshape(n_units, -1)
    lagged = np.asarray(product, dtype=np.float64).reshape(by_unit.shape)
    return np.ascontiguousarray(np.moveaxis(lagged, 0, 1))


def stack(values: Array) -> Array:
    """Time-major stack: (T, N) to (T·N,), (T, N, K) to (T·N, K)."""
    return values.reshape((-1, *values.shape[2:]))
