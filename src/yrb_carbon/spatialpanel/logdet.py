"""The log-determinant of I - ρW, its derivatives and the interval on which they exist.

Never a grid: a table of the log-determinant makes the likelihood saw-toothed, and a line search
stops in a tooth. Small matrices use eigenvalues, large ones a sparse LU at each ρ.

Two versions are needed. The *full* one is ln|I_N - ρW|. The *deflated* one belongs to the
transformation estimator with period effects, where W is replaced by W* = F'WF, F (N × N-1) an
orthonormal complement of ι (Lee & Yu 2010, J. Econometrics 154:165-185). If all rows of W have the
sum c, W* has the eigenvalues of W without one c, and ln|I_{N-1} - ρW*| stays finite at ρ = 1/c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse import linalg as sparse_linalg

from .errors import WeightsError
from .within import Array, SparseMatrix

# Dense eigenvalues take about ten seconds at this size; beyond it the sparse LU is faster.
DENSE_LIMIT = 2000
# Eigenvalues of a real non-symmetric matrix come in conjugate pairs up to rounding of this order.
REAL_EIGENVALUE_TOLERANCE = 1e-9
# Row-standardised weights sum to one up to accumulated rounding only.
ROW_SUM_TOLERANCE = 1e-9


class LogDeterminant(Protocol):
    """ln|I - ρW| and what the score and the information matrix need of it."""

    def value(self, rho: float) -> float:
        """ln|I - ρW|."""

    def trace_g(self, rho: float) -> float:
        """tr(G), G = W(I - ρW)⁻¹; the derivative of the log-determinant is -tr(G)."""

    def trace_gg(self, rho: float) -> float:
        """tr(GG); the derivative of tr(G)."""


@dataclass(frozen=True, slots=True)
class EigenLogDeterminant:
    """Log-determinant from eigenvalues λ_j: Σ ln(1 - ρλ_j) (Ord 1975, JASA 70:120-126).

    Attributes
    ----------
    eigenvalues : array, real or complex, shape (N,) or (N-1,) when deflated
    """

    eigenvalues: NDArray[Any]

    def value(self, rho: float) -> float:
        """ln|I - ρW|."""
        return float(np.log1p(-rho * self.eigenvalues).sum().real)

    def trace_g(self, rho: float) -> float:
        """tr(G) = Σ λ_j/(1 - ρλ_j)."""
        return float((self.eigenvalues / (1.0 - rho * self.eigenvalues)).sum().real)

    def trace_gg(self, rho: float) -> float:
        """tr(GG) = Σ λ_j²/(1 - ρλ_j)²."""
        return float(((self.eigenvalues / (1.0 - rho * self.eigenvalues)) ** 2).sum().real)


@dataclass(frozen=True, slots=True)
class SparseLogDeterminant:
    """Log-determinant from a sparse LU of I - ρW at each ρ.

    Deflated: with B = [[I - ρW, ι], [ι', 0]] and constant row sums, |det B| = N |I - ρW*|, so the
    deflated log-determinant is exact near ρ = 1/c too, where ln|I - ρW| - ln(1 - cρ) cancels.

    Attributes
    ----------
    weights : sparse array, shape (N, N)
    deflated : bool
    row_sum : float
        Common row sum c; used only when deflated.
    """

    weights: SparseMatrix
    deflated: bool = False
    row_sum: float = 1.0

    def value(self, rho: float) -> float:
        """ln|I - ρW| or ln|I - ρW*|."""
        n_units = self.weights.shape[0]
        filter_matrix = sparse.eye_array(n_units) - rho * self.weights
        if not self.deflated:
            return _log_absolute_determinant(filter_matrix)
        border = sparse.coo_array(np.ones((n_units, 1)))
        bordered = sparse.block_array([[filter_matrix, border], [border.T, None]])
        return _log_absolute_determinant(bordered) - float(np.log(n_units))

    def trace_g(self, rho: float) -> float:
        """tr(G), by solving for blocks of columns."""
        return self._traces(rho)[0]

    def trace_gg(self, rho: float) -> float:
        """tr(GG), by solving twice for blocks of columns."""
        return self._traces(rho)[1]

    def _traces(self, rho: float) -> tuple[float, float]:
        trace_g, trace_gg, _ = sparse_traces(self.weights, rho)
        if self.deflated:
            lost = self.row_sum / (1.0 - rho * self.row_sum)
            return trace_g - lost, trace_gg - lost**2
        return trace_g, trace_gg


@dataclass(frozen=True, slots=True)
class WeightsSpectrum:
    """What the estimators need to know of W once.

    Attributes
    ----------
    full : LogDeterminant
        Of W.
    deflated : LogDeterminant or None
        Of W* = F'WF; None where the row sums of W differ.
    row_sum : float or None
        Common row sum c; None where they differ.
    lower, upper : float
        The admissible interval of ρ: (1/λ_min, 1/λ_max) over the real eigenvalues of W.
    eigenvalues : array or None
        Of W; None for large matrices.
    """

    full: LogDeterminant
    deflated: LogDeterminant | None
    row_sum: float | None
    lower: float
    upper: float
    eigenvalues: NDArray[Any] | None


def analyse_weights(weights: SparseMatrix, dense_limit: int = DENSE_LIMIT) -> WeightsSpectrum:
    """Log-determinants and admissible interval of a weights matrix.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    dense_limit : int
        Up to this N all eigenvalues are computed, beyond it sparse LU is used.

    Returns
    -------
    WeightsSpectrum

    Raises
    ------
    WeightsError
        If W has no positive real eigenvalue (it is nilpotent: I - ρW is never singular).
    """
    row_sum = common_row_sum(weights)
    if weights.shape[0] > dense_limit:
        lower, upper = _extreme_interval(weights, row_sum)
        return WeightsSpectrum(
            full=SparseLogDeterminant(weights),
            deflated=None
            if row_sum is None
            else SparseLogDeterminant(weights, deflated=True, row_sum=row_sum),
            row_sum=row_sum,
            lower=lower,
            upper=upper,
            eigenvalues=None,
        )
    eigenvalues = calc_eigenvalues(weights)
    lower, upper = _interval_of(eigenvalues)
    if row_sum is not None:
        upper = 1.0 / row_sum
    return WeightsSpectrum(
        full=EigenLogDeterminant(eigenvalues),
        deflated=None
        if row_sum is None
        else EigenLogDeterminant(_without_nearest(eigenvalues, row_sum)),
        row_sum=row_sum,
        lower=lower,
        upper=upper,
        eigenvalues=eigenvalues,
    )


def common_row_sum(weights: SparseMatrix) -> float | None:
    """The sum that all rows of W share, or None where they differ."""
    sums = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    centre = float(sums.mean())
    if float(np.abs(sums - centre).max()) > ROW_SUM_TOLERANCE * abs(centre):
        return None
    return 1.0 if abs(centre - 1.0) <= ROW_SUM_TOLERANCE else centre


def calc_eigenvalues(weights: SparseMatrix) -> NDArray[Any]:
    """All eigenvalues of W, ascending by real part; real where W is similar to a symmetric matrix.

    Row-standardised contiguity is W = D⁻¹C with C symmetric, and D^½WD^-½ is symmetric with the
    same eigenvalues (Ord 1975): real by construction, and faster.
    """
    scaling = symmetrising_scale(weights)
    dense = weights.toarray()
    if scaling is not None:
        root = np.sqrt(scaling)
        similar = root[:, None] * dense / root[None, :]
        values = linalg.eigvalsh((similar + similar.T) / 2.0)
        return np.asarray(values, dtype=np.float64)
    values = linalg.eigvals(dense)
    order = np.lexsort((values.imag, values.real))
    values = values[order]
    scale = float(np.abs(values).max())
    if float(np.abs(values.imag).max()) <= REAL_EIGENVALUE_TOLERANCE * scale:
        return np.asarray(values.real, dtype=np.float64)
    return np.asarray(values, dtype=np.complex128)


def symmetrising_scale(weights: SparseMatrix) -> Array | None:
    """Positive d with d_i w_ij = d_j w_ji for all pairs, or None where there is none.

    Parameters
    ----------
    weights : sparse array, shape (N, N), non-negative

    Returns
    -------
    array, shape (N,), or None.
    """
    n_units = weights.shape[0]
    pattern = (weights != 0).astype(np.int8)
    if (pattern != pattern.T).nnz:
        return None
    dense_lookup = sparse.dok_array(weights) if n_units > DENSE_LIMIT else weights.toarray()
    scale = np.zeros(n_units)
    for start in range(n_units):
        if scale[start] > 0.0:
            continue
        scale[start] = 1.0
        order, predecessor = csgraph.breadth_first_order(weights, start, directed=False)
        for node in order[1:]:
            parent = predecessor[node]
            scale[node] = scale[parent] * dense_lookup[parent, node] / dense_lookup[node, parent]
    scaled = sparse.diags_array(scale) @ weights
    asymmetry = abs(scaled - scaled.T)
    # Rounding in the chain of ratios above grows with the length of the chain, hence not 1e-16.
    if asymmetry.nnz and float(asymmetry.max()) > 1e-10 * float(abs(scaled).max()):
        return None
    return scale


def sparse_traces(
    weights: SparseMatrix, rho: float, block: int = 256
) -> tuple[float, float, Array]:
    """tr(G), tr(GG) and the squared column norms of G without ever holding G.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    rho : float
    block : int
        Columns solved for at a time.

    Returns
    -------
    tr(G), tr(GG), and Σ_i G_ij² for every column j, shape (N,).
    """
    n_units = weights.shape[0]
    factor = sparse_linalg.splu(sparse.csc_array(sparse.eye_array(n_units) - rho * weights))
    trace_g = trace_gg = 0.0
    squared_norms = np.empty(n_units)
    for start in range(0, n_units, block):
        columns = np.arange(start, min(start + block, n_units))
        unit_vectors = np.zeros((n_units, columns.size))
        unit_vectors[columns, np.arange(columns.size)] = 1.0
        g_columns = weights @ factor.solve(unit_vectors)
        gg_columns = weights @ factor.solve(g_columns)
        trace_g += float(g_columns[columns, np.arange(columns.size)].sum())
        trace_gg += float(gg_columns[columns, np.arange(columns.size)].sum())
        squared_norms[columns] = (g_columns**2).sum(axis=0)
    return trace_g, trace_gg, squared_norms


def _without_nearest(eigenvalues: NDArray[Any], value: float) -> NDArray[Any]:
    return np.delete(eigenvalues, int(np.abs(eigenvalues - value).argmin()))


def _interval_of(eigenvalues: NDArray[Any]) -> tuple[float, float]:
    scale = float(np.abs(eigenvalues).max())
    real = eigenvalues.real[np.abs(eigenvalues.imag) <= REAL_EIGENVALUE_TOLERANCE * scale]
    if scale == 0.0 or real.size == 0 or real.max() <= REAL_EIGENVALUE_TOLERANCE * scale:
        raise WeightsError(
            "the weights matrix has no positive real eigenvalue (its links form no cycle), so "
            "the admissible interval of the spatial parameter is unbounded; check the direction "
            "of the links"
        )
    upper = 1.0 / float(real.max())
    # Where no real eigenvalue is negative, I - ρW is regular for every negative ρ; the radius of
    # convergence of Σ ρ^q W^q is the bound then, so that effects remain a sum over neighbours.
    smallest = float(real.min())
    lower = 1.0 / smallest if smallest < -REAL_EIGENVALUE_TOLERANCE * scale else -1.0 / scale
    return lower, upper


def _extreme_interval(weights: SparseMatrix, row_sum: float | None) -> tuple[float, float]:
    n_units = weights.shape[0]
    # A fixed start keeps the Lanczos iteration, and with it every digit, reproducible.
    start = np.random.default_rng(0).standard_normal(n_units)
    scaling = symmetrising_scale(weights)
    if scaling is None:
        values = sparse_linalg.eigs(weights, k=6, which="SR", v0=start, return_eigenvectors=False)
        largest = sparse_linalg.eigs(weights, k=1, which="LM", v0=start, return_eigenvectors=False)
        return _interval_of(np.concatenate([values, np.abs(largest)]))
    root = sparse.diags_array(np.sqrt(scaling))
    inverse_root = sparse.diags_array(1.0 / np.sqrt(scaling))
    similar = root @ weights @ inverse_root
    smallest = sparse_linalg.eigsh(similar, k=1, which="SA", v0=start, return_eigenvectors=False)
    if row_sum is not None:
        return 1.0 / float(smallest[0]), 1.0 / row_sum
    largest = sparse_linalg.eigsh(similar, k=1, which="LA", v0=start, return_eigenvectors=False)
    return 1.0 / float(smallest[0]), 1.0 / float(largest[0])


def _log_absolute_determinant(matrix: Any) -> float:
    factor = sparse_linalg.splu(sparse.csc_array(matrix))
    return float(
        np.log(np.abs(factor.L.diagonal())).sum() + np.log(np.abs(factor.U.diagonal())).sum()
    )
