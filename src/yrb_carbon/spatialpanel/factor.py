"""Sparse LU of the spatial filter I - ρW, with one fill-reducing ordering for all ρ."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from .within import Array, SparseMatrix

# Pivoting is needed only where I - ρW is neither positive definite after scaling nor diagonally
# dominant; without it the symmetric ordering survives, which is worth a factor in time and memory.
_UNPIVOTED: dict[str, Any] = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}


class FilterSolver:
    """Factorises I - ρW at any ρ; the ordering is found once and the last factor is kept.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    symmetrisable : bool, optional
        W is similar to a symmetric matrix by a positive diagonal; then I - ρW needs no pivoting
        on the whole admissible interval. Otherwise it needs none where |ρ| times a norm of W is
        below one.
    """

    def __init__(self, weights: SparseMatrix, *, symmetrisable: bool = False) -> None:
        self._weights = weights
        self.symmetrisable = symmetrisable
        self._norm = min(
            float(abs(weights).sum(axis=1).max(initial=0.0)),
            float(abs(weights).sum(axis=0).max(initial=0.0)),
        )
        self._order: NDArray[np.intp] | None = None
        self._pattern: sparse.csc_array | None = None
        self._identity: Array | None = None
        self._factor: tuple[float, Any, bool] | None = None
        self.n_factorisations = 0

    def __getstate__(self) -> dict[str, Any]:
        # SuperLU objects cannot be pickled; the factor is found again when it is needed.
        return {**self.__dict__, "_factor": None}

    def log_determinant(self, rho: float) -> float:
        """ln|det(I - ρW)|, exact."""
        return log_absolute_diagonal(self._factorise(rho)[1])

    def solve(self, rho: float, values: Array, *, transposed: bool = False) -> Array:
        """(I - ρW)⁻¹v or (I - ρW')⁻¹v for the columns of ``values``, shape (N,) or (N, M)."""
        _, factor, permuted = self._factorise(rho)
        direction = "T" if transposed else "N"
        if not permuted:
            solution: Array = factor.solve(np.ascontiguousarray(values), trans=direction)
            return solution
        assert self._order is not None
        result = np.empty_like(values, dtype=np.float64)
        result[self._order] = factor.solve(
            np.ascontiguousarray(values[self._order]), trans=direction
        )
        return result

    def _factorise(self, rho: float) -> tuple[float, Any, bool]:
        if self._factor is not None and self._factor[0] == rho:
            return self._factor
        # The old factor goes before the new one comes: both at once would double the peak memory.
        self._factor = None
        self.n_factorisations += 1
        n_units = self._weights.shape[0]
        if not (self.symmetrisable or abs(rho) * self._norm < 1.0):
            factor = sparse_linalg.splu(
                sparse.csc_array(sparse.eye_array(n_units) - rho * self._weights)
            )
            self._factor = (rho, factor, False)
        elif self._order is None:
            filtered = sparse.csc_array(sparse.eye_array(n_units) - rho * self._weights)
            factor = sparse_linalg.splu(filtered, permc_spec="MMD_AT_PLUS_A", **_UNPIVOTED)
            self._order = np.argsort(factor.perm_c)
            self._factor = (rho, factor, False)
        else:
            factor = sparse_linalg.splu(
                self._permuted_filter(rho), permc_spec="NATURAL", **_UNPIVOTED
            )
            self._factor = (rho, factor, True)
        return self._factor

    def _permuted_filter(self, rho: float) -> sparse.csc_array:
        if self._pattern is None or self._identity is None:
            assert self._order is not None
            permuted = sparse.csc_array(self._weights[self._order][:, self._order])
            pattern = sparse.csc_array(permuted + sparse.eye_array(permuted.shape[0]))
            pattern.sort_indices()
            columns = np.repeat(
                np.arange(permuted.shape[0], dtype=pattern.indices.dtype), np.diff(pattern.indptr)
            )
            self._identity = (pattern.indices == columns).astype(np.float64)
            # The diagonal of W is zero, so what the sum holds there is the identity alone.
            self._pattern = sparse.csc_array(
                (pattern.data - self._identity, pattern.indices, pattern.indptr),
                shape=pattern.shape,
            )
        data = self._identity - rho * self._pattern.data
        return sparse.csc_array(
            (data, self._pattern.indices, self._pattern.indptr), shape=self._pattern.shape
        )


_solvers: dict[int, tuple[weakref.ref[Any], FilterSolver]] = {}


def filter_solver(weights: SparseMatrix, *, symmetrisable: bool = False) -> FilterSolver:
    """The solver that all users of one weights matrix share while the matrix lives.

    The estimator, its information matrix, the residuals of the reduced form and simulations all
    need I - ρW factorised at the same ρ̂; the weights must not be changed in place.
    """
    key = id(weights)
    known = _solvers.get(key)
    if known is not None and known[0]() is weights:
        known[1].symmetrisable |= symmetrisable
        return known[1]
    # A view of its own: a solver that held ``weights`` would keep it, and itself, alive for ever.
    view = sparse.csr_array((weights.data, weights.indices, weights.indptr), shape=weights.shape)
    solver = FilterSolver(view, symmetrisable=symmetrisable)
    reference = weakref.ref(weights, lambda _: _solvers.pop(key, None))
    _solvers[key] = (reference, solver)
    return solver


def log_determinants_of_sum(base: Any, slope: Any, shifts: Array) -> Array:
    """ln|B + sC| for every s, with B positive definite, C symmetric and sC small.

    Parameters
    ----------
    base, slope : sparse arrays B and C, shape (N, N)
    shifts : array of s, shape (Q,)

    Returns
    -------
    array, shape (Q,)
    """
    order: NDArray[np.intp] | None = None
    values = []
    for shift in shifts.tolist():
        total = sparse.csc_array(base + shift * slope)
        if order is None:
            factor = sparse_linalg.splu(total, permc_spec="MMD_AT_PLUS_A", **_UNPIVOTED)
            order = np.argsort(factor.perm_c)
            base, slope = (sparse.csr_array(part)[order][:, order] for part in (base, slope))
        else:
            factor = sparse_linalg.splu(total, permc_spec="NATURAL", **_UNPIVOTED)
        values.append(log_absolute_diagonal(factor))
    return np.array(values)


def log_absolute_diagonal(factor: Any) -> float:
    """ln|det| of a SuperLU factor: L has a unit diagonal, so U holds the determinant."""
    return float(np.log(np.abs(factor.U.diagonal())).sum())
