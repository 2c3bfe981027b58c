"""Fixed effects removed from arrays stacked by period.

Arrays of the library are ``(T, N)`` or ``(T, N, K)``: one layer a period, one row a unit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Numbers of one cross-section beyond which periods are lagged one by one.
LAG_BLOCK = 50_000
# Rows that a factorisation of a tall matrix takes at a time.
TALL_BLOCK = 16_384

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
    if values[0].size > LAG_BLOCK:
        # Period by period there is nothing to rearrange, which a small panel would not notice.
        result = np.empty(values.shape)
        for period, cross_section in enumerate(values):
            result[period] = weights @ cross_section
        return result
    by_unit = np.ascontiguousarray(np.moveaxis(values, 1, 0))
    product: Any = weights @ by_unit.reshape(n_units, -1)
    lagged = np.asarray(product, dtype=np.float64).reshape(by_unit.shape)
    return np.ascontiguousarray(np.moveaxis(lagged, 0, 1))


def stack(values: Array) -> Array:
    """Time-major stack: (T, N) to (T·N,), (T, N, K) to (T·N, K)."""
    return values.reshape((-1, *values.shape[2:]))


def triangular_factor(*parts: Array) -> Array:
    """R of a QR factorisation of tall columns, by blocks of rows and without Q.

    As accurate as Householder QR of the whole, in the memory of one block (Demmel, Grigori,
    Hoemmen & Langou 2012, SIAM J. Sci. Comput. 34:A206-A239, a chain in place of a tree).

    Parameters
    ----------
    parts : arrays, shape (n, K_i) or (n,), side by side; n at least the number of columns

    Returns
    -------
    array, shape (K, K), upper triangular; its diagonal may have either sign.
    """
    columns = [part.reshape(part.shape[0], -1) for part in parts]
    width = sum(part.shape[1] for part in columns)
    factor: Array = np.empty((0, width))
    for start in range(0, columns[0].shape[0], TALL_BLOCK):
        rows = slice(start, start + TALL_BLOCK)
        block = np.concatenate([part[rows] for part in columns], axis=1)
        # With mode "r" the value is R alone; the stubs know only the pair.
        factor = np.asarray(np.linalg.qr(np.concatenate([factor, block]), mode="r"))
    return factor


def row_sums(weights: SparseMatrix) -> Array:
    """Wι, shape (N,)."""
    return np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()


def describe_effects(entity_effects: bool, time_effects: bool) -> str:
    """The fixed effects in words, for messages."""
    if entity_effects and time_effects:
        return "unit and time effects"
    if entity_effects:
        return "unit effects"
    return "time effects" if time_effects else "the intercept"
