"""G(ρ) = W(I - ρW)⁻¹ at one or at thousands of ρ.

Every effect of a spatial panel model is linear in G, every mediated effect bilinear in the G of two
equations. G is a rational function of ρ whose poles are the inverse eigenvalues of W, so between
them it equals, to rounding, the polynomial through its values at a few Chebyshev points. Dense
inverses are needed at those points alone; a draw of ρ then costs as many multiplications as there
are points. The range of the draws is halved wherever a polynomial misses an exact value between its
points, which makes the pieces shrink geometrically towards a pole, and a piece with hardly more
draws than points has its exact values at the draws themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yrb_carbon.spatialpanel import SpatialPanelResults, SpecificationError
from yrb_carbon.spatialpanel.information import calc_g
from yrb_carbon.spatialpanel.within import Array, SparseMatrix

# Dense inverses of more units than this take minutes and gigabytes.
RESOLVENT_LIMIT = 2000
# Degrees of the polynomials, each with the points of the one before; beyond the last the piece is
# halved. A pole half the width of the piece away from it leaves 4⁻²⁰, some 1e-12, of degree 20.
DEGREES = (10, 20, 40)
# Up to so many values of ρ, G is computed at each.
FEW = 24
# Difference between polynomial and exact value relative to the largest number, and what rounding
# of an inverse of that size adds to it.
TOLERANCE = 1e-12
ROUNDING = 1e-15


@dataclass(frozen=True, slots=True)
class Resolvent:
    """A weights matrix and the interval of ρ in which I - ρW is regular around zero.

    Attributes
    ----------
    weights : sparse array, shape (N, N)
    lower, upper : float
    """

    weights: SparseMatrix
    lower: float
    upper: float

    @classmethod
    def of_fit(cls, results: SpatialPanelResults) -> Resolvent:
        """Of the spatial lag of a fit."""
        spectrum = results.spectrum
        return cls(results.arrays.weights, spectrum.lower, spectrum.upper)

    @property
    def n_units(self) -> int:
        """N."""
        return int(self.weights.shape[0])

    def same_weights(self, other: Resolvent) -> bool:
        """Whether the weights are those of the other, number by number."""
        mine, others = self.weights, other.weights
        return mine is others or (mine.shape == others.shape and (mine != others).nnz == 0)

    def admits(self, rho: Array) -> NDArray[np.bool_]:
        """Whether each ρ is inside of the interval."""
        inside: NDArray[np.bool_] = (rho > self.lower) & (rho < self.upper)
        return inside


@dataclass(frozen=True, slots=True)
class ResolventTable:
    """G at some nodes, and how every ρ asked for is made of them.

    Attributes
    ----------
    g : array, shape (n, N, N)
        G at the nodes.
    diagonal, rows, columns : array, shape (n, N)
        Diagonal of G, Gι and ι'G.
    loadings : tuple of array, shape (R, n)
        One for each series of ρ asked for: the weights of the nodes.
    """

    g: Array
    diagonal: Array
    rows: Array
    columns: Array
    loadings: tuple[Array, ...]


def tabulate(resolvent: Resolvent, series: Sequence[Array]) -> ResolventTable:
    """G at all ρ of several series, exact to some 1e-12 of its largest entry.

    Parameters
    ----------
    resolvent : Resolvent
    series : sequence of array, shape (R_s,)
        Inside of the admissible interval.

    Returns
    -------
    ResolventTable, with loadings in the order of the series.

    Raises
    ------
    SpecificationError
        If there are more than `RESOLVENT_LIMIT` units.
    """
    if resolvent.n_units > RESOLVENT_LIMIT:
        raise SpecificationError(
            f"mediated effects of {resolvent.n_units} units need dense matrices of units by "
            f"units; the limit is {RESOLVENT_LIMIT} units. Use fewer or larger units, or, with "
            "row-standardised weights, the total effects alone: the mediated total is the product "
            "of the total effects that effects() of the two equations gives"
        )
    values, places = np.unique(np.concatenate(series), return_inverse=True)
    pieces = _pieces(resolvent.weights, values)
    # Most often there is one piece, whose gigabytes need no copy.
    g = pieces[0].g if len(pieces) == 1 else np.concatenate([piece.g for piece in pieces])
    loadings = np.zeros((values.size, len(g)))
    row, column = 0, 0
    for piece in pieces:
        height, width = piece.loadings.shape
        loadings[row : row + height, column : column + width] = piece.loadings
        row, column = row + height, column + width
    ends = np.cumsum([part.size for part in series])[:-1]
    return ResolventTable(
        g=g,
        diagonal=np.einsum("kii->ki", g).copy(),
        rows=g.sum(axis=2),
        columns=g.sum(axis=1),
        loadings=tuple(loadings[part] for part in np.split(places, ends)),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """G at the nodes of a piece, and the weights of the nodes for its values of ρ."""

    g: Array
    loadings: Array


def _pieces(weights: SparseMatrix, values: Array) -> list[_Piece]:
    """Pieces that hold sorted values between them, in their order."""
    if values.size <= FEW:
        return [_Piece(_g_at(weights, values), np.eye(values.size))]
    lower, upper = float(values[0]), float(values[-1])
    middle = 0.5 * (lower + upper)
    count = int(np.searchsorted(values, middle))
    piece = _interpolate(weights, values) if 0 < count < values.size else None
    if piece is not None:
        return [piece]
    # Values so close that they cannot be parted are few in number or the same.
    count = count if 0 < count < values.size else values.size // 2
    return _pieces(weights, values[:count]) + _pieces(weights, values[count:])


def _interpolate(weights: SparseMatrix, values: Array) -> _Piece | None:
    """The polynomial over the range of the values; None if it misses an exact value."""
    lower, upper = float(values[0]), float(values[-1])
    known: dict[float, Array] = {}

    def g_at(points: Array) -> Array:
        for point in points.tolist():
            if point not in known:
                known[point] = calc_g(weights, point)
        return np.stack([known[point] for point in points.tolist()])

    for degree in DEGREES:
        nodes = _chebyshev_points(lower, upper, degree)
        if np.unique(nodes).size < nodes.size:
            return None
        g = g_at(nodes)
        # Two points between nodes, which are nodes of the next degree, about where the error
        # sinθ/(pole - cosθ) is largest for poles near one of the ends.
        place = 2 * int(0.3 * degree) + 1
        between = _chebyshev_points(lower, upper, 2 * degree)[[place, -1 - place]]
        exact = g_at(between)
        found = np.tensordot(calc_loadings(nodes, between), g, axes=(1, 0))
        sizes = np.abs(exact).max(axis=(1, 2))
        gaps = np.abs(found - exact).max(axis=(1, 2))
        if (gaps <= (TOLERANCE + ROUNDING * sizes) * sizes).all():
            return _Piece(g, calc_loadings(nodes, values))
    return None


def _g_at(weights: SparseMatrix, values: Array) -> Array:
    return np.stack([calc_g(weights, value) for value in values.tolist()])


def _chebyshev_points(lower: float, upper: float, degree: int) -> Array:
    """Chebyshev points of the second kind in [lower, upper], both ends among them."""
    angles = np.pi * np.arange(degree + 1) / degree
    points: Array = 0.5 * (lower + upper) - 0.5 * (upper - lower) * np.cos(angles)
    points[0], points[-1] = lower, upper
    return points


def calc_loadings(nodes: Array, values: Array) -> Array:
    """Weights of the nodes in the polynomial through them (Berrut & Trefethen 2004, eq. 5.4).

    Parameters
    ----------
    nodes : array, shape (n,)
        Chebyshev points of the second kind.
    values : array, shape (R,)

    Returns
    -------
    array, shape (R, n); rows sum to one.
    """
    signs = np.where(np.arange(nodes.size) % 2 == 0, 1.0, -1.0)
    signs[[0, -1]] *= 0.5
    distances = values[:, None] - nodes[None, :]
    hits = distances == 0.0
    shares = signs / np.where(hits, 1.0, distances)
    loadings: Array = shares / shares.sum(axis=1, keepdims=True)
    on_node = hits.any(axis=1)
    loadings[on_node] = hits[on_node]
    return loadings
