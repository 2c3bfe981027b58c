"""Structural path analysis: the supply paths by which final uses call for emissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.embodied.accounts import TONNES_PER_MT, EmbodiedSystem, require_names
from yrb_carbon.embodied.leontief import (
    IntArray,
    factor_leontief,
    require_identity,
)
from yrb_carbon.errors import DataError
from yrb_carbon.sources.input_output import FloatArray
from yrb_carbon.study.account_terms import account_term, path_term

DEFAULT_THRESHOLD = 1e-4
DEFAULT_DEPTH = 4
MAX_BRANCHES = 5_000_000
"""Branches of one depth that are held at once: some 0.5 GB."""
ROUNDING = 1e-12
"""Relative rounding by which a branch may seem smaller than the threshold and is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class PathArrays:
    """Paths above a threshold as positions of accounts, largest first.

    Attributes
    ----------
    nodes : (p, max_depth + 1)
        Emitter first, final product last; -1 before the emitter of a shorter path.
    depth : (p,)
        Steps between emitter and final product.
    values : (p,)
        Emissions of the path, unit of intensity times demand.
    """

    nodes: IntArray
    depth: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PathAnalysis:
    """Paths above a threshold, and how much of the total each depth holds.

    Attributes
    ----------
    total : float
        Emissions of all paths of any depth, Mt CO2.
    threshold : float
        Share of the total that a listed path has at least.
    paths : DataFrame, index rank from 1
        path (accounts from emitter to final product), depth, emitter_region, emitter_sector,
        final_region, final_sector, co2 (Mt), share (of the total); largest absolute value first.
    depths : DataFrame, index depth 0, 1, ..., `remainder`
        co2 (Mt, all paths of the depth), share, cumulative (share), listed (Mt of the listed
        paths), listed_share, n_paths. co2 sums to the total.
    """

    total: float
    threshold: float
    paths: pd.DataFrame
    depths: pd.DataFrame

    @property
    def explained(self) -> float:
        """Share of the total that the listed paths hold together."""
        return float(self.paths["share"].sum())


def analyse_paths(
    system: EmbodiedSystem,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    max_depth: int = DEFAULT_DEPTH,
    emitters: Sequence[str] | None = None,
    final_sectors: Sequence[str] | None = None,
    users: Sequence[str] | None = None,
) -> PathAnalysis:
    """Structural path analysis of the emissions of a system.

    E = sum_i f_i y_i + sum_{i,j} f_i a_ij y_j + sum_{i,k,j} f_i a_ik a_kj y_j + ...

    One term is one path, from the emitter i to the final product j. The remainder beyond depth D
    is eps' A^(D+1) y, so that depths and remainder have the total exactly.

    Parameters
    ----------
    system : EmbodiedSystem
    threshold : float
        Smallest share of the total that a path is listed with; 0 lists all.
    max_depth : int
        D, most steps of a path.
    emitters : sequence of str, optional
        Sectors whose emissions are followed, mining for instance; all when left out.
    final_sectors : sequence of str, optional
        Sectors whose final products the paths end at; all when left out.
    users : sequence of str, optional
        Regions, `exports` or `other` whose final uses are followed; all when left out.

    Returns
    -------
    PathAnalysis
        Shares are of the emissions of the chosen emitters for the chosen uses.

    Raises
    ------
    DataError
        If a sector or user is unknown, threshold or depth are out of range, the paths are too many
        to hold, or depths and remainder miss the total.

    Notes
    -----
    Defourny and Thorbecke (1984), Structural path analysis and multiplier decomposition, Economic
    Journal 94:111-136; Lenzen (2003), Environmentally important paths, linkages and key sectors,
    Structural Change and Economic Dynamics 14(1):1-34.
    """
    intensity = system.intensity / TONNES_PER_MT
    if emitters is not None:
        intensity = intensity * system.mask(emitters)
    demand = _demand(system, users)
    if final_sectors is not None:
        demand = demand * system.mask(final_sectors)
    embodied = system.leontief.multipliers(intensity)
    total = float(embodied @ demand)
    by_depth, remainder = calc_depths(intensity, embodied, system.coefficients, demand, max_depth)
    found = calc_paths(
        intensity,
        _bound(system, intensity),
        system.coefficients,
        demand,
        threshold * abs(total),
        max_depth,
    )
    return PathAnalysis(
        total=total,
        threshold=threshold,
        paths=_path_table(system, found, total),
        depths=_depth_table(by_depth, remainder, found, total),
    )


def calc_depths(
    intensity: FloatArray,
    embodied: FloatArray,
    coefficients: FloatArray,
    demand: FloatArray,
    max_depth: int,
) -> tuple[FloatArray, float]:
    """Emissions of all paths by depth, f'A^d y for d = 0..D, and the remainder eps'A^(D+1) y.

    Parameters
    ----------
    intensity, embodied : (n,)
        f and eps = f'L.
    coefficients : (n, n)
        A.
    demand : (n,)
        y.
    max_depth : int
        D.

    Returns
    -------
    (D + 1,) and float, unit of intensity times demand

    Raises
    ------
    DataError
        If depths and remainder do not sum to eps'y within 1e-9 of the sum of absolute terms.
    """
    if max_depth < 0:
        raise DataError(f"paths of depth {max_depth} wanted; 0 is the shortest")
    reached = demand
    depths = np.empty(max_depth + 1)
    for depth in range(max_depth + 1):
        depths[depth] = intensity @ reached
        reached = coefficients @ reached
    remainder = float(embodied @ reached)
    require_identity(
        "paths by depth and remainder sum to the total",
        np.array([depths.sum() + remainder]),
        np.array([embodied @ demand]),
        float(np.abs(embodied) @ np.abs(demand)),
    )
    return depths, remainder


def calc_paths(
    intensity: FloatArray,
    bound: FloatArray,
    coefficients: FloatArray,
    demand: FloatArray,
    cutoff: float,
    max_depth: int,
    max_branches: int = MAX_BRANCHES,
) -> PathArrays:
    """All paths of at least a size, found from the final products upwards.

    A branch that has reached account k with the amount w = a.. y holds paths of together at most
    bound_k |w|; it is cut where that is below the cutoff, so no path of the cutoff's size is lost.

    Parameters
    ----------
    intensity : (n,)
        f.
    bound : (n,)
        |f|' (I - |A|)^-1: embodied intensities of absolute values.
    coefficients : (n, n)
        A.
    demand : (n,)
        y.
    cutoff : float
        Smallest absolute value of a path; 0 finds every path that is not zero.
    max_depth : int
    max_branches : int
        Branches held at once.

    Returns
    -------
    PathArrays
        By absolute value falling, equal ones in the order of their accounts.

    Raises
    ------
    DataError
        If the cutoff is negative or more than `max_branches` branches remain at one depth.
    """
    if not cutoff >= 0:
        raise DataError(f"the threshold of paths is {cutoff}; wanted zero or more")
    keep = cutoff * (1.0 - ROUNDING)
    reach = bound[:, None] * np.abs(coefficients)
    order = np.argsort(-reach, axis=0, kind="stable")
    negated = -np.take_along_axis(reach, order, axis=0)
    start = np.abs(demand) * bound
    nodes = np.flatnonzero((start >= keep) & (start > 0))[:, None]
    amounts = demand[nodes[:, 0]]
    width = max_depth + 1
    found = []
    for depth in range(width):
        values = intensity[nodes[:, 0]] * amounts
        own = np.flatnonzero((np.abs(values) >= keep) & (values != 0))
        padded = np.full((len(own), width), -1, dtype=np.int64)
        padded[:, width - 1 - depth :] = nodes[own]
        found.append((padded, np.full(len(own), depth), values[own]))
        if depth < max_depth:
            nodes, amounts = _extend(
                nodes, amounts, coefficients, order, negated, keep, max_branches
            )
    return _sorted_paths(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _extend(
    nodes: IntArray,
    amounts: FloatArray,
    coefficients: FloatArray,
    order: IntArray,
    negated: FloatArray,
    keep: float,
    max_branches: int,
) -> tuple[IntArray, FloatArray]:
    """One step upstream: the suppliers of each branch whose bound reaches `keep`.

    `order` ranks the suppliers of each column by falling reach, `negated` is minus that reach.
    """
    heads = nodes[:, 0]
    counts = np.zeros(len(heads), dtype=np.int64)
    by_head = np.argsort(heads, kind="stable")
    groups = np.split(by_head, np.flatnonzero(np.diff(heads[by_head])) + 1) if len(heads) else []
    for group in groups:
        column = negated[:, heads[group[0]]]
        suppliers = np.searchsorted(column, 0.0, side="left")
        reached = np.searchsorted(column, -keep / np.abs(amounts[group]), side="right")
        # With a cutoff of zero those who supply nothing would reach it too.
        counts[group] = np.minimum(reached, suppliers)
    total = int(counts.sum())
    if total > max_branches:
        raise DataError(
            f"{total} branches of paths reach the threshold at one depth, more than "
            f"{max_branches}. Raise the threshold or follow fewer emitters or uses"
        )
    parent = np.repeat(np.arange(len(heads)), counts)
    rank = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    supplier = order[rank, heads[parent]]
    return (
        np.column_stack([supplier, nodes[parent]]),
        coefficients[supplier, heads[parent]] * amounts[parent],
    )


def _sorted_paths(nodes: IntArray, depth: IntArray, values: FloatArray) -> PathArrays:
    keys = [*nodes.T[::-1], depth, -np.abs(values)]
    order = np.lexsort(keys)
    return PathArrays(nodes[order], depth[order], values[order])


def _demand(system: EmbodiedSystem, users: Sequence[str] | None) -> FloatArray:
    if users is None:
        return system.total_final
    require_names("final uses of", users, system.users)
    chosen = np.isin(np.array(system.users), list(users))
    return np.asarray(system.uses[:, chosen].sum(axis=1))


def _bound(system: EmbodiedSystem, intensity: FloatArray) -> FloatArray:
    """Embodied intensities of absolute values, |f|' (I - |A|)^-1."""
    leontief = system.leontief
    if system.coefficients.min() < 0:
        leontief = factor_leontief(np.abs(system.coefficients), system.labels)
    return np.maximum(leontief.multipliers(np.abs(intensity)), 0.0)


def _path_table(system: EmbodiedSystem, found: PathArrays, total: float) -> pd.DataFrame:
    """Paths with the labels of their accounts."""
    names = [account_term(str(region), str(sector)) for region, sector in system.labels]
    regions = system.labels.get_level_values(0).to_numpy()
    sectors = system.labels.get_level_values(1).to_numpy()
    first = found.nodes.shape[1] - 1 - found.depth
    emitter = found.nodes[np.arange(len(first)), first]
    final = found.nodes[:, -1]
    return pd.DataFrame(
        {
            "path": [
                path_term(names[node] for node in nodes[start:])
                for nodes, start in zip(found.nodes, first, strict=True)
            ],
            "depth": found.depth,
            "emitter_region": regions[emitter],
            "emitter_sector": sectors[emitter],
            "final_region": regions[final],
            "final_sector": sectors[final],
            "co2": found.values,
            "share": _share(found.values, total),
        },
        index=pd.RangeIndex(1, len(first) + 1, name="rank"),
    )


def _depth_table(
    by_depth: FloatArray, remainder: float, found: PathArrays, total: float
) -> pd.DataFrame:
    """Emissions of all and of the listed paths by depth, and the remainder."""
    levels = range(len(by_depth))
    listed = np.array([found.values[found.depth == depth].sum() for depth in levels])
    co2 = np.append(by_depth, remainder)
    return pd.DataFrame(
        {
            "co2": co2,
            "share": _share(co2, total),
            "cumulative": _share(np.cumsum(co2), total),
            "listed": np.append(listed, 0.0),
            "listed_share": _share(np.append(listed, 0.0), total),
            "n_paths": [*(int((found.depth == depth).sum()) for depth in levels), 0],
        },
        index=pd.Index([*map(str, levels), "remainder"], name="depth"),
    )


def _share(values: FloatArray, total: float) -> FloatArray:
    return values / total if total else np.zeros_like(values)
