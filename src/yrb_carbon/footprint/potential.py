"""Potential of reducing emissions: by equity and efficiency, against a benchmark, by overshoot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.footprint.accounts import require_same_land
from yrb_carbon.indices.cells import refuse_cells, require_same_cells

FloatArray = npt.NDArray[np.float64]

EQUITY = ("per_head", "depth", "cumulative_share")
"""Who has used more: footprint per head, depth, share in the emissions of all years so far."""
EFFICIENCY = ("per_value_added", "coal_share")
"""Who reduces at less cost: footprint per value added, and the share of coal in emissions, which
stands for marginal costs: coal is the fuel that is cheapest to replace for a tonne of CO2."""
BENCHMARK_QUANTILE = 0.25
RANK_RANGE = (0.05, 0.95)
"""Quantiles of the rank over random weights."""
ROUNDING = 1e-12
"""Entropy of equal parts differs from one by rounding alone."""


@dataclass(frozen=True, slots=True, eq=False)
class ReductionPotential:
    """Potential of provinces by equity and efficiency.

    Attributes
    ----------
    frame : DataFrame, index province
        `equity`, `efficiency` and `index` in [0, 1]; `rank`, 1 for the largest index; `rank_low`
        and `rank_high`, quantiles of the rank over random weights (missing without draws);
        `quadrant`: 1 both above their means, 2 efficiency alone, 3 neither, 4 equity alone;
        `share` in the index times emissions of all.
    weights : Series, index criterion
        Entropy weights, which sum to one within equity and within efficiency.
    equal_weights : float
        Rank correlation (Spearman) with the index of equal weights.
    """

    frame: pd.DataFrame
    weights: pd.Series
    equal_weights: float


def calc_min_max(criteria: pd.DataFrame) -> pd.DataFrame:
    """Criteria scaled to [0, 1], z = (x - min x) / (max x - min x).

    Parameters
    ----------
    criteria : DataFrame, index province, columns criterion
        Larger: more potential.

    Returns
    -------
    DataFrame
        The same shape; a criterion that is the same everywhere is zero.

    Raises
    ------
    CellError
        If a value is missing; the cells are named.
    """
    for name in criteria.columns:
        refuse_cells(criteria[name].isna(), "criterion missing", **{str(name): criteria[name]})
    low, span = criteria.min(), criteria.max() - criteria.min()
    return ((criteria - low) / span.where(span > 0, 1.0)).astype(float)


def calc_entropy_weights(scores: pd.DataFrame) -> pd.Series:
    """Weights by entropy, w_j = (1 - e_j) / sum_j (1 - e_j), e_j = -sum_i p_ij ln p_ij / ln n.

    p_ij = x_ij / sum_i x_ij and 0 ln 0 = 0. A criterion that divides the units more unequally
    weighs more; one that is the same everywhere, or zero, weighs nothing. Weights of scores scaled
    by their minimum and maximum do not depend on the units of the criteria.

    Parameters
    ----------
    scores : DataFrame, index unit (n >= 2), columns criterion
        Not negative.

    Returns
    -------
    Series, index criterion; sums to one.

    Raises
    ------
    DataError
        If there are fewer than two units, a score is missing or negative, or no criterion
        distinguishes the units.
    """
    values = scores.to_numpy(dtype=float)
    if len(values) < 2:
        raise DataError(f"weights by entropy need two units or more (got {len(values)})")
    if not (values >= 0).all():
        bad = [str(name) for name in scores.columns if not (scores[name] >= 0).all()]
        raise DataError(f"scores are missing or negative: {listing(bad)}")
    totals = values.sum(axis=0)
    parts = values / np.where(totals > 0, totals, 1.0)
    logs = np.log(np.where(parts > 0, parts, 1.0))
    entropy = -(parts * logs).sum(axis=0) / np.log(len(values))
    diversity = np.where(totals > 0, np.clip(1.0 - entropy, 0.0, None), 0.0)
    if not diversity.sum() > ROUNDING:
        raise DataError(f"no criterion distinguishes the units: {listing(scores.columns)}")
    return pd.Series(diversity / diversity.sum(), index=scores.columns, name="weight")


def calc_equity_efficiency(
    criteria: pd.DataFrame,
    emissions: pd.Series,
    *,
    equity_weight: float = 0.5,
    draws: int = 1000,
    seed: int = 0,
    equity: Sequence[str] = EQUITY,
    efficiency: Sequence[str] = EFFICIENCY,
) -> ReductionPotential:
    """Potential index a * equity + (1 - a) * efficiency (after Wei, Ni and Du 2012).

    Equity and efficiency are means of their criteria, scaled to [0, 1] and weighted by entropy.
    How far ranks depend on the weights: with weights drawn evenly from all that sum to one within
    equity and within efficiency (Dirichlet), the 5 % and 95 % quantiles of each rank.

    Parameters
    ----------
    criteria : DataFrame, index province
        Columns of `equity` and `efficiency`; larger: more potential.
    emissions : Series, index province
        Mt CO2, for the shares.
    equity_weight : float
        a.
    draws : int
        Random weights; 0: none.
    seed : int
    equity, efficiency : sequence of str
        Criteria.

    Returns
    -------
    ReductionPotential

    Raises
    ------
    DataError
        If a criterion is missing, or none of equity or of efficiency distinguishes the provinces.
    """
    require_same_cells(criteria=criteria.iloc[:, 0], emissions=emissions)
    absent = [name for name in (*equity, *efficiency) if name not in criteria.columns]
    if absent:
        raise DataError(f"no criterion {listing(absent)}; there are {listing(criteria.columns)}")
    scores = calc_min_max(criteria[[*equity, *efficiency]].sort_index())
    sides = [scores[list(equity)], scores[list(efficiency)]]
    weights = [calc_entropy_weights(side) for side in sides]
    fair, cheap = (side @ own for side, own in zip(sides, weights, strict=True))
    index = equity_weight * fair + (1.0 - equity_weight) * cheap
    rank = index.rank(ascending=False, method="min")
    low, high = _rank_range(sides, equity_weight, draws, seed)
    amounts = index * emissions.sort_index()
    plain = equity_weight * sides[0].mean(axis=1) + (1.0 - equity_weight) * sides[1].mean(axis=1)
    frame = pd.DataFrame(
        {
            "equity": fair,
            "efficiency": cheap,
            "index": index,
            "rank": rank,
            "rank_low": low,
            "rank_high": high,
            "quadrant": calc_quadrants(fair, cheap),
            "share": amounts / amounts.sum(),
        }
    )
    return ReductionPotential(
        frame.loc[criteria.index],
        pd.concat(weights),
        float(index.rank().corr(plain.rank())),
    )


def calc_quadrants(across: pd.Series, up: pd.Series) -> pd.Series:
    """Quadrant of two scores about their means, counted against the clock.

    Parameters
    ----------
    across, up : Series, same index

    Returns
    -------
    Series of int
        1: both above their means; 2: `up` alone; 3: neither; 4: `across` alone.
    """
    require_same_cells(across=across, up=up)
    right, above = across > across.mean(), up > up.mean()
    numbers = np.select([right & above, ~right & above, ~right & ~above], [1, 2, 3], default=4)
    return pd.Series(numbers, index=across.index, name="quadrant")


def calc_benchmark_potential(
    emissions: pd.Series, value_added: pd.Series, quantile: float = BENCHMARK_QUANTILE
) -> pd.DataFrame:
    """Reduction if everybody emitted as little per value added as the best quarter does.

    R_i = max(c_i - c_q, 0) / c_i, c = E / V and c_q its quantile over provinces.

    Parameters
    ----------
    emissions : Series, index province
        E, Mt CO2.
    value_added : Series, index province
        V, 10^4 yuan.
    quantile : float
        q, by linear interpolation.

    Returns
    -------
    DataFrame, index province
        `share` R_i, `amount` R_i E_i in Mt CO2.

    Raises
    ------
    CellError
        If emissions or value added are not positive; the provinces are named.
    """
    require_same_cells(emissions=emissions, value_added=value_added)
    refuse_cells(~(emissions > 0), "emissions are not positive", emissions=emissions)
    refuse_cells(~(value_added > 0), "value added is not positive", value_added=value_added)
    intensity = emissions / value_added
    share = (1.0 - intensity.quantile(quantile) / intensity).clip(lower=0.0)
    return pd.DataFrame({"share": share, "amount": share * emissions})


def calc_overshoot_potential(
    footprint: pd.DataFrame, capacity: pd.DataFrame, emissions: pd.Series
) -> pd.DataFrame:
    """Reduction after which the footprint fits the land of every type.

    A cut R of the emissions cuts the footprint of each land type k by R, for the types share one
    emission: (1 - R) CF_k <= BC_k for all k gives R_i = 1 - min_k min(BC_ik / CF_ik, 1). With one
    account that is max(CF - BC, 0) / CF. A type that takes up nothing (CF_k = 0) binds nobody; a
    province without land of a type that should take up something would have to emit nothing.

    Parameters
    ----------
    footprint, capacity : DataFrame, index province, columns land types
        CF and BC, 10^4 ha.
    emissions : Series, index province
        Mt CO2.

    Returns
    -------
    DataFrame, index province
        `share` R_i, `amount` R_i E_i in Mt CO2.

    Raises
    ------
    DataError
        If footprint and capacity are not of the same provinces and land types.
    CellError
        If the footprint of all types together is not positive; the provinces are named.
    """
    require_same_land(footprint, capacity)
    whole = footprint.sum(axis=1, skipna=False)
    require_same_cells(footprint=whole, emissions=emissions)
    refuse_cells(~(whole > 0), "the footprint is not positive", footprint=whole)
    kept = (capacity / footprint.where(footprint > 0)).min(axis=1).clip(upper=1.0)
    share = 1.0 - kept
    return pd.DataFrame({"share": share, "amount": share * emissions})


def _rank_range(
    sides: Sequence[pd.DataFrame], equity_weight: float, draws: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Quantiles of the ranks over random weights, provinces in the order of the scores."""
    n_units = len(sides[0])
    if not draws:
        return np.full(n_units, np.nan), np.full(n_units, np.nan)
    rng = np.random.default_rng(seed)
    parts = [side.to_numpy() @ rng.dirichlet(np.ones(side.shape[1]), draws).T for side in sides]
    index = equity_weight * parts[0] + (1.0 - equity_weight) * parts[1]
    ranks = pd.DataFrame(index).rank(ascending=False, method="min").to_numpy()
    low, high = np.quantile(ranks, RANK_RANGE, axis=1, method="inverted_cdf")
    return low, high
