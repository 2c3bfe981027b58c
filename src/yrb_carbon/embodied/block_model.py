"""Block model of a network: CONCOR positions, densities between them, and their roles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import listing

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Role = Literal[
    "net_spill_out", "net_beneficiary", "two_way_spill", "broker", "isolate", "undivided"
]

DEPTH = 2
"""Splits one after the other: at most four blocks."""
SMALLEST_SPLIT = 3
"""Members that a block needs to be split."""
ITERATED_TOLERANCE, ITERATIONS = 1e-9, 200
"""Distance from ±1 at which iterated correlations have converged, and the most iterations."""
DIGITS = 12
"""Decimals of correlations that are kept: members that no digit tells apart must not be told apart
by rounding, which the iteration would blow up."""
ROLE_EVEN = 0.5
"""Share of a block's ties with others from which it counts as receiving rather than sending."""


@dataclass(frozen=True, slots=True)
class BlockModel:
    """Positions of nodes, what passes between them, and their roles.

    Attributes
    ----------
    members : Series of int, index node
        Block, from 1: in the order of the tree of splits, the half with the lowest node first.
    ties : DataFrame, blocks × blocks
        Sum of the values from block (row) to block (column).
    densities : DataFrame, blocks × blocks
        Mean value over the ordered pairs of a cell; NaN within a block of one member.
    image : DataFrame, blocks × blocks
        1 where the density is at least that of the whole network (α criterion), else 0; missing
        where there is no density.
    roles : DataFrame, index block
        size, inside (ties within), sent (to others), received (from others), inside_share,
        expected_share, received_share, role; see `calc_roles`.
    overall_density : float
        α.
    notes : tuple of str
        What was not split, and why.
    """

    members: pd.Series[int]
    ties: pd.DataFrame
    densities: pd.DataFrame
    image: pd.DataFrame
    roles: pd.DataFrame
    overall_density: float
    notes: tuple[str, ...]


def fit_block_model(values: FloatArray, nodes: Sequence[str]) -> BlockModel:
    """Partition nodes by CONCOR into up to four blocks and describe them.

    The nodes are split in two, then each half, by the signs of iterated correlations of their
    profiles (`calc_profile_correlations`, `split_by_correlations`). A block of fewer than three
    members is not split, nor one whose members' profiles correlate alike.

    Parameters
    ----------
    values : ndarray, (n, n)
        Ties or flows, row sends, zero on the diagonal.
    nodes : sequence of n str

    References
    ----------
    White, Boorman and Breiger (1976), American Journal of Sociology 81(4):730-780; Wasserman and
    Faust (1994), Social Network Analysis, chapters 9 and 10.
    """
    correlations = calc_profile_correlations(values)
    blocks, notes = [np.arange(len(values))], list[str]()
    for _ in range(DEPTH):
        halves = []
        for block in blocks:
            parts = _split(block, correlations)
            halves += parts
            if len(parts) == 1 and len(block) >= SMALLEST_SPLIT:
                names = listing(np.array(nodes)[block])
                notes.append(f"not split, because their profiles correlate alike: {names}")
        blocks = halves
    labels = np.zeros(len(values), dtype=np.intp)
    for label, block in enumerate(blocks, start=1):
        labels[block] = label
    heads = pd.Index(range(1, len(blocks) + 1), name="block")
    inside = _indicators(labels, len(blocks))
    ties, pairs = inside.T @ values @ inside, calc_pairs(labels, len(blocks))
    densities = np.divide(ties, pairs, out=np.full_like(ties, np.nan), where=pairs > 0)
    overall = float(values.sum()) / (len(values) * (len(values) - 1))
    image = np.where(np.isnan(densities), np.nan, densities >= overall)
    return BlockModel(
        members=pd.Series(labels, index=pd.Index(nodes, name="node"), name="block"),
        ties=_square(ties, heads),
        densities=_square(densities, heads),
        image=_square(image, heads),
        roles=calc_roles(ties, np.bincount(labels)[1:]),
        overall_density=overall,
        notes=tuple(dict.fromkeys(notes)),
    )


def _square(matrix: FloatArray, heads: pd.Index[Any]) -> pd.DataFrame:
    return pd.DataFrame(matrix, index=heads.rename("sender"), columns=heads.rename("receiver"))


def _indicators(labels: npt.NDArray[np.intp], count: int) -> FloatArray:
    """1 where a node (row) is in a block (column)."""
    return np.asarray(labels[:, None] == np.arange(1, count + 1), dtype=np.float64)


def calc_pairs(labels: npt.NDArray[np.intp], count: int) -> FloatArray:
    """Ordered pairs of two nodes, one in each block: g_k g_l, or g_k(g_k - 1) within a block."""
    sizes = _indicators(labels, count).sum(axis=0)
    return np.outer(sizes, sizes) - np.diag(sizes)


def _split(block: npt.NDArray[np.intp], correlations: FloatArray) -> list[npt.NDArray[np.intp]]:
    """The halves of a block, that with its lowest node first; the block where it is not split."""
    if len(block) < SMALLEST_SPLIT:
        return [block]
    first = split_by_correlations(correlations[np.ix_(block, block)])
    return [block] if first is None or first.all() else [block[first], block[~first]]


def calc_profile_correlations(values: FloatArray) -> FloatArray:
    """Correlation of the profiles of two nodes: what each sends to and receives from all others.

    r_ij over the pairs (x_ik, x_jk) and (x_ki, x_kj), k ∉ {i, j} (Wasserman and Faust 1994,
    chapter 9). Profiles without variation correlate 1 where they are equal, else 0.

    Parameters
    ----------
    values : ndarray, (n, n)

    Returns
    -------
    ndarray, (n, n), 1 on the diagonal.
    """
    n = len(values)
    found = np.eye(n)
    for i in range(n):
        for j in range(i + 1, n):
            others = np.ones(n, dtype=bool)
            others[[i, j]] = False
            own, other = (
                np.concatenate([values[one, others], values[others, one]]) for one in (i, j)
            )
            found[i, j] = found[j, i] = _row_correlations(np.array([own, other]))[0, 1]
    return found


def _row_correlations(rows: FloatArray) -> FloatArray:
    """Correlations of all pairs of rows; with a constant row 1 if the two are equal, else 0."""
    if not rows.shape[1]:
        return np.eye(len(rows))
    spans = np.ptp(rows, axis=1, keepdims=True)
    is_constant = spans[:, 0] == 0
    gaps = (rows - rows.mean(axis=1, keepdims=True)) / np.where(spans == 0, 1.0, spans)
    lengths = np.where(is_constant, 1.0, np.sqrt((gaps**2).sum(axis=1)))
    found: FloatArray = np.round(gaps @ gaps.T / np.outer(lengths, lengths), DIGITS)
    found[is_constant] = found[:, is_constant] = 0.0
    alike = np.flatnonzero(is_constant)
    same = rows[alike, None, 0] == rows[None, alike, 0]
    found[np.ix_(alike, alike)] = same
    np.fill_diagonal(found, 1.0)
    return found


def split_by_correlations(correlations: FloatArray) -> BoolArray | None:
    """Two halves by the signs to which correlations of correlations converge.

    R⁽⁰⁾ the correlations of the profiles, R⁽ᵗ⁺¹⁾ the correlations of the rows of R⁽ᵗ⁾: in the limit
    all entries are ±1, +1 within and -1 between two halves.

    Parameters
    ----------
    correlations : ndarray, (n, n)

    Returns
    -------
    ndarray of bool, (n,), or None
        Whether a node is in the half of the first one; None where there is no such limit.

    References
    ----------
    Breiger, Boorman and Arabie (1975), Journal of Mathematical Psychology 12(3):328-383.
    """
    found = correlations
    for _ in range(ITERATIONS):
        before, found = found, _row_correlations(found)
        if (np.abs(found) > 1 - ITERATED_TOLERANCE).all():
            return np.asarray(found[0] > 0)
        if np.array_equal(before, found):
            break
    return None


def calc_roles(ties: FloatArray, sizes: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Role of each block by what it keeps inside, sends and receives.

    Inside share b_kk/Σ_l b_kl against the one expected of its size, (g_k - 1)/(N - 1) (Wasserman
    and Faust 1994, chapter 10, after Burt 1976, Social Forces 55(1):93-122).
    Received share Σ_{l≠k} b_lk / (Σ_{l≠k} b_lk + Σ_{l≠k} b_kl): from one half, it receives (Burt's
    "receives ties" against "hardly any", which has no number; this one is ours).

    ================  ==================  ==================
    inside share      receives            sends
    ================  ==================  ==================
    as expected       net_beneficiary     two_way_spill
    less              broker              net_spill_out
    ================  ==================  ==================

    A block without ties with others is an isolate, one that only receives a net beneficiary; a
    single block of all nodes is undivided.

    Parameters
    ----------
    ties : ndarray, (K, K)
        b, from row to column.
    sizes : ndarray of int, (K,)
        g.
    """
    inside, is_alone = np.diag(ties), len(sizes) == 1
    sent, received = ties.sum(axis=1) - inside, ties.sum(axis=0) - inside
    rows = []
    for k, size in enumerate(sizes):
        whole, across = inside[k] + sent[k], sent[k] + received[k]
        own = float(inside[k] / whole) if whole > 0 else math.nan
        expected = float((size - 1) / (sizes.sum() - 1))
        taken = float(received[k] / across) if across > 0 else math.nan
        rows.append(
            {
                "size": int(size), "inside": float(inside[k]), "sent": float(sent[k]),
                "received": float(received[k]), "inside_share": own, "expected_share": expected,
                "received_share": taken,
                "role": "undivided" if is_alone else _role(own, expected, taken),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(range(1, len(sizes) + 1), name="block"))


def _role(inside: float, expected: float, received: float) -> Role:
    if math.isnan(received):
        return "isolate"
    if math.isnan(inside):
        return "net_beneficiary"
    receives = received >= ROLE_EVEN
    if inside >= expected:
        return "net_beneficiary" if receives else "two_way_spill"
    return "broker" if receives else "net_spill_out"
