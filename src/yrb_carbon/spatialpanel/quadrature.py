"""Traces of functions of a large matrix by random probes, with their standard errors.

Every probe z gives z'f(W)z by the Gauss quadrature that a short Lanczos process builds (Ubaru,
Chen & Saad 2017, SIAM J. Matrix Anal. Appl. 38:1075-1099), or, where W is not similar to a
symmetric matrix, by the Ritz values of an Arnoldi process. The average over probes estimates
tr f(W) (Hutchinson 1990). Low powers of W have exact traces; they replace what the probes say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .within import Array, SparseMatrix

# Probes are the same in every run: an estimate must not change from one call to the next.
PROBE_SEED = 20090331
# Memory that the bases of all probes may take at once, bytes; one probe at a time beyond it.
BASIS_MEMORY = 2**27
# Rows of W² held at a time.
BLOCK_NONZEROS = 4_000_000


def calc_power_traces(weights: SparseMatrix, similar: SparseMatrix | None = None) -> Array:
    """Exact tr(W^k), k = 0, …, 4, from blocks of rows of W²: O(N m²) for m neighbours.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    similar : sparse array, shape (N, N), optional
        Symmetric matrix similar to W: it saves the product of the transposes.

    Returns
    -------
    array, shape (5,)
    """
    matrix = weights if similar is None else similar
    transpose = sparse.csr_array(matrix.T) if similar is None else matrix
    traces = np.zeros(5)
    traces[0], traces[1] = matrix.shape[0], matrix.diagonal().sum()
    for block in row_blocks(matrix):
        mirrored = transpose[block]
        second = matrix[block] @ matrix
        traces[2] += matrix[block].multiply(mirrored).sum()
        traces[3] += second.multiply(mirrored).sum()
        if similar is None:
            traces[4] += second.multiply(mirrored @ transpose).sum()
        else:
            traces[4] += float(second.data @ second.data)
    return traces


def calc_square_norms(weights: SparseMatrix) -> Array:
    """Exact tr(W^i' W^j) for i, j = 1, 2, shape (2, 2), from blocks of rows of W²."""
    norms = np.zeros((2, 2))
    for block in row_blocks(weights):
        first = weights[block]
        second = first @ weights
        norms[0, 0] += first.multiply(first).sum()
        norms[0, 1] += second.multiply(first).sum()
        norms[1, 1] += second.multiply(second).sum()
    norms[1, 0] = norms[0, 1]
    return norms


def row_blocks(weights: SparseMatrix) -> Iterator[slice]:
    """Slices of rows whose products with W stay within `BLOCK_NONZEROS`."""
    n_units = weights.shape[0]
    per_row = max(1.0, weights.nnz / max(n_units, 1)) ** 2
    rows = max(1, int(BLOCK_NONZEROS / per_row))
    for start in range(0, n_units, rows):
        yield slice(start, min(start + rows, n_units))


@dataclass(frozen=True)
class ProbeQuadrature:
    """Nodes and weights with tr f(W) ≈ mean over probes of Σ_j ω_j f(θ_j).

    Attributes
    ----------
    nodes, weights : array, real or complex, shape (R, M)
    size : int
        Dimension of the space the trace is over: N, or N-1 when deflated.
    exact_powers : array, shape (5,)
        tr(W^k), k = 0, …, 4, over that space.
    lowest : float or None
        Estimate of the smallest eigenvalue from below, for a symmetric matrix: the smallest Ritz
        value of any probe less its residual.
    """

    nodes: NDArray[Any]
    weights: NDArray[Any]
    size: int
    exact_powers: Array
    lowest: float | None = None

    @cached_property
    def power_gaps(self) -> Array:
        """Exact tr(W^k) minus each probe's estimate, shape (R, 5)."""
        estimates = [(self.weights * self.nodes**k).sum(axis=1).real for k in range(5)]
        gaps: Array = self.exact_powers - np.stack(estimates, axis=1)
        return gaps

    def log_determinants(self, rho: Array) -> Array:
        """Estimates of ln|I - ρW|, shape (Q, R): one a value of ρ and a probe.

        The first terms of -Σ_k ρ^k tr(W^k)/k are exact.
        """
        factors = 1.0 - rho[:, None, None] * self.nodes
        values = np.log(np.abs(factors)) * self.weights.real
        if np.iscomplexobj(self.nodes):
            values -= np.angle(factors) * self.weights.imag
        return self._with_exact_terms(values, [-(rho**k) / k for k in range(1, 5)])

    def traces_g(self, rho: Array) -> Array:
        """Estimates of tr(G), shape (Q, R); G = W(I - ρW)⁻¹ = Σ_k ρ^(k-1) W^k."""
        ratios = self.nodes / (1.0 - rho[:, None, None] * self.nodes)
        values = (self.weights * ratios).real
        return self._with_exact_terms(values, [rho ** (k - 1) for k in range(1, 5)])

    def traces_gg(self, rho: Array) -> Array:
        """Estimates of tr(GG), shape (Q, R); GG = Σ_k (k-1) ρ^(k-2) W^k."""
        ratios = self.nodes / (1.0 - rho[:, None, None] * self.nodes)
        values = (self.weights * ratios**2).real
        terms = [0.0 * rho, *((k - 1) * rho ** (k - 2) for k in range(2, 5))]
        return self._with_exact_terms(values, terms)

    def _with_exact_terms(self, values: Array, terms: list[Array]) -> Array:
        corrected: Array = values.sum(axis=2) + np.stack(terms, axis=1) @ self.power_gaps[:, 1:].T
        return corrected


def probe_symmetric(
    similar: SparseMatrix,
    direction: Array | None,
    exact_powers: Array,
    *,
    probes: int,
    steps: int,
) -> ProbeQuadrature:
    """Lanczos quadrature of a symmetric matrix, all probes at once.

    Parameters
    ----------
    similar : sparse array, shape (N, N), symmetric
    direction : array, shape (N,), or None
        Unit eigenvector that the trace leaves out.
    exact_powers : array, shape (5,)
        Over the same space.
    probes, steps : int

    Returns
    -------
    ProbeQuadrature
    """
    n_units = similar.shape[0]
    space = n_units - (0 if direction is None else 1)
    steps = min(steps, space)

    def project(vectors: Array) -> None:
        if direction is not None:
            vectors -= direction[:, None] * (direction @ vectors)

    current = draw_probes(n_units, probes)
    project(current)
    squared = (current**2).sum(axis=0)
    current /= np.sqrt(squared)
    previous = np.zeros_like(current)
    alpha, beta = np.zeros((probes, steps)), np.zeros((probes, steps))
    for step in range(steps):
        advanced = np.asarray(similar @ current)
        advanced -= beta[:, step - 1] * previous if step else 0.0
        alpha[:, step] = np.einsum("ij,ij->j", current, advanced)
        advanced -= alpha[:, step] * current
        project(advanced)
        norms = np.sqrt(np.einsum("ij,ij->j", advanced, advanced))
        # A probe whose Krylov space is exhausted adds nodes of weight zero from here on.
        alive = norms > 1e-10
        beta[:, step] = np.where(alive, norms, 0.0)
        advanced /= np.where(alive, norms, np.inf)
        previous, current = current, advanced
    tridiagonal = np.zeros((probes, steps, steps))
    inner = np.arange(steps)
    tridiagonal[:, inner, inner] = alpha
    tridiagonal[:, inner[1:], inner[:-1]] = beta[:, :-1]
    nodes, vectors = np.linalg.eigh(tridiagonal)
    residuals = np.abs(vectors[:, -1, 0]) * beta[:, -1]
    return ProbeQuadrature(
        nodes,
        vectors[:, 0, :] ** 2 * squared[:, None],
        space,
        exact_powers,
        lowest=float((nodes[:, 0] - residuals).min()),
    )


def probe_general(
    weights: SparseMatrix,
    row_sum: float | None,
    exact_powers: Array,
    *,
    probes: int,
    steps: int,
) -> ProbeQuadrature:
    """Arnoldi quadrature of a matrix that is not similar to a symmetric one.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    row_sum : float or None
        Common row sum: the trace is then over the deflated F'WF, the powers of JWJ.
    exact_powers, probes, steps
        As in `probe_symmetric`.

    Returns
    -------
    ProbeQuadrature, complex.
    """
    n_units = weights.shape[0]
    space = n_units - (0 if row_sum is None else 1)
    steps = min(steps, space)
    starts = draw_probes(n_units, probes)
    if row_sum is not None:
        starts -= starts.mean(axis=0)
    batch = max(1, BASIS_MEMORY // (8 * n_units * (steps + 1)))
    nodes = np.empty((probes, steps), dtype=np.complex128)
    shares = np.empty((probes, steps), dtype=np.complex128)
    for first in range(0, probes, batch):
        chosen = slice(first, min(first + batch, probes))
        start = starts[:, chosen]
        hessenberg = _arnoldi(weights, start, steps, centred=row_sum is not None)
        values, vectors = np.linalg.eig(hessenberg)
        unit = np.zeros((hessenberg.shape[0], steps, 1))
        unit[:, 0] = 1.0
        left = np.linalg.solve(vectors, unit.astype(np.complex128))[:, :, 0]
        squared = (start**2).sum(axis=0)[:, None]
        nodes[chosen], shares[chosen] = values, vectors[:, 0, :] * left * squared
    return ProbeQuadrature(nodes, shares, space, exact_powers)


def draw_probes(n_units: int, probes: int) -> Array:
    """Random signs, shape (N, R); the same for the same shape."""
    rng = np.random.default_rng([PROBE_SEED, n_units])
    signs = rng.integers(0, 2, size=(probes, n_units), dtype=np.int8).T.astype(np.float64)
    return np.ascontiguousarray(2.0 * signs - 1.0)


def estimate_trace(
    apply: Callable[[Array], Array], n_units: int, probes: int, block: int = 8
) -> tuple[float, float]:
    """Mean over probes of a quadratic form and its standard error.

    Parameters
    ----------
    apply : callable
        Takes probes z, shape (N, M), returns z'Mz for each, shape (M,).
    n_units, probes : int
    block : int
        Probes at a time.

    Returns
    -------
    estimate of tr(M), standard error.
    """
    signs = draw_probes(n_units, probes)
    values = np.concatenate(
        [apply(np.ascontiguousarray(signs[:, s : s + block])) for s in range(0, probes, block)]
    )
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(probes))


def _arnoldi(weights: SparseMatrix, start: Array, steps: int, *, centred: bool) -> Array:
    """Hessenberg matrices of all columns of ``start``, shape (R, M, M)."""
    n_units, probes = start.shape
    basis = np.zeros((probes, steps + 1, n_units))
    basis[:, 0] = (start / np.sqrt((start**2).sum(axis=0))).T
    hessenberg = np.zeros((probes, steps + 1, steps))
    for step in range(steps):
        advanced = np.asarray(weights @ basis[:, step].T).T
        if centred:
            advanced = advanced - advanced.mean(axis=1, keepdims=True)
        known = basis[:, : step + 1]
        # Twice is enough (Giraud et al. 2005): classical Gram-Schmidt alone loses orthogonality.
        for _ in range(2):
            components = np.matmul(known, advanced[:, :, None])
            advanced = advanced - np.matmul(known.transpose(0, 2, 1), components)[:, :, 0]
            hessenberg[:, : step + 1, step] += components[:, :, 0]
        norms = np.sqrt((advanced**2).sum(axis=1))
        alive = norms > 1e-10
        hessenberg[:, step + 1, step] = np.where(alive, norms, 0.0)
        basis[:, step + 1] = advanced / np.where(alive, norms, np.inf)[:, None]
    square: Array = hessenberg[:, :steps, :]
    return square
