"""What a weights matrix must fulfil before anything is estimated with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from yrb_carbon.errors import WeightsError, listing

FloatArray = npt.NDArray[np.float64]

ROW_SUM_TOLERANCE = 1e-12
"""Rounding of a sum of some hundred terms of order 1/n."""


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """Facts about a weights matrix.

    Attributes
    ----------
    n_units : int
    n_links : int
        Ordered pairs (i, j) with a positive weight; twice the links of a symmetric matrix.
    mean_neighbours, min_neighbours, max_neighbours : float, int, int
        Positive weights a row.
    islands : tuple of str
        Units whose row holds no positive weight.
    n_components : int
        Parts of the graph that no link connects, directions ignored.
    symmetric : bool
    row_standardised : bool
        All rows without islands sum to one.
    """

    n_units: int
    n_links: int
    mean_neighbours: float
    min_neighbours: int
    max_neighbours: int
    islands: tuple[str, ...]
    n_components: int
    symmetric: bool
    row_standardised: bool


def dense(graph: Any) -> FloatArray:
    """Weights of a libpysal Graph as an array, in the order of `graph.unique_ids`."""
    return np.asarray(graph.sparse.todense(), dtype=np.float64)


def describe_weights(weights: FloatArray, unit_ids: Sequence[str]) -> WeightsFacts:
    """Count links, islands and components.

    Parameters
    ----------
    weights : ndarray, (n, n)
    unit_ids : sequence of n str
    """
    from scipy.sparse.csgraph import connected_components

    neighbours = (weights != 0).sum(axis=1)
    linked = neighbours > 0
    sums = weights[linked].sum(axis=1)
    return WeightsFacts(
        n_units=len(unit_ids),
        n_links=int(neighbours.sum()),
        mean_neighbours=float(neighbours.mean()),
        min_neighbours=int(neighbours.min()),
        max_neighbours=int(neighbours.max()),
        islands=tuple(u for u, some in zip(unit_ids, linked, strict=True) if not some),
        n_components=int(connected_components(weights != 0, directed=False)[0]),
        symmetric=bool(np.array_equal(weights, weights.T)),
        row_standardised=bool(
            linked.any() and np.allclose(sums, 1.0, rtol=0.0, atol=ROW_SUM_TOLERANCE)
        ),
    )


def check_weights(
    weights: FloatArray,
    unit_ids: Sequence[str],
    *,
    symmetric: bool = False,
    allow_islands: bool = False,
) -> WeightsFacts:
    """Refuse weights that break the contract.

    w_ij finite, w_ij ≥ 0, w_ii = 0, unit ids distinct, and where asked w_ij = w_ji and
    Σ_j w_ij > 0.

    Parameters
    ----------
    weights : ndarray, (n, n)
    unit_ids : sequence of n str
    symmetric : bool
        Ask for symmetry.
    allow_islands : bool
        Accept rows without a link.

    Returns
    -------
    WeightsFacts

    Raises
    ------
    WeightsError
        With the units that break the contract.
    """
    n = len(unit_ids)
    if weights.shape != (n, n):
        raise WeightsError(f"weights of shape {weights.shape} for {n} units; wanted ({n}, {n})")
    if n < 2:
        raise WeightsError(f"weights link units: two at least are needed, got {n}")
    if len(set(unit_ids)) < n:
        double = sorted({u for u in unit_ids if list(unit_ids).count(u) > 1})
        raise WeightsError(f"units that stand more than once in the weights: {listing(double)}")
    _refuse(~np.isfinite(weights), unit_ids, "weights that are not finite numbers")
    _refuse(weights < 0, unit_ids, "negative weights")
    own = [u for u, w in zip(unit_ids, np.diag(weights), strict=True) if w != 0]
    if own:
        raise WeightsError(f"units that are their own neighbour: {listing(own)}")
    if symmetric:
        _refuse(weights != weights.T, unit_ids, "weights that differ between (i, j) and (j, i)")
    facts = describe_weights(weights, unit_ids)
    if facts.islands and not allow_islands:
        raise WeightsError(
            f"{len(facts.islands)} of {n} units have no neighbour: {listing(facts.islands)}. "
            "Set islands: nearest to link them to the nearest unit, or islands: drop to leave "
            "them out"
        )
    return facts


def check_units(found: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse weights whose units are not exactly those of the sample.

    Raises
    ------
    WeightsError
        With the units that are missing on either side.
    """
    missing = sorted(set(wanted) - set(found))
    surplus = sorted(set(found) - set(wanted))
    if missing or surplus:
        parts = [
            f"{len(units)} units {where}: {listing(units)}"
            for units, where in (
                (missing, "of the sample are not in the weights"),
                (surplus, "of the weights are not in the sample"),
            )
            if units
        ]
        raise WeightsError("; ".join(parts) + ". Build the weights for the units of the sample")


def _refuse(cells: npt.NDArray[np.bool_], unit_ids: Sequence[str], what: str) -> None:
    """Raise when any cell is marked, naming the pairs of units."""
    if cells.any():
        pairs = [f"({unit_ids[i]}, {unit_ids[j]})" for i, j in zip(*np.nonzero(cells), strict=True)]
        raise WeightsError(f"{what}: {listing(pairs)}")
