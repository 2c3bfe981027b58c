"""Inequality between units and its parts between and within groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.cells import refuse_cells, require_same_cells

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Theil:
    """Theil's T and its parts.

    Attributes
    ----------
    total, between, within : float
        total = between + within, dimensionless.
    by_group : DataFrame, index group
        `theil`, T within the group; `share`, its share of the whole; `within`, their product,
        which adds up to `within` of the whole.
    """

    total: float
    between: float
    within: float
    by_group: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class DagumGini:
    """Gini coefficient and its parts by Dagum.

    Attributes
    ----------
    total, within, net_between, transvariation : float
        G = G_w + G_nb + G_t, dimensionless.
    by_group : Series, index group
        G_jj, the coefficient within each group.
    pairs : DataFrame, index (first, second)
        Every two groups, in the order of their names: `gini`, G_jh between them; `affluence`, D_jh
        from 0 (their ranges overlap fully) to 1 (not at all).
    """

    total: float
    within: float
    net_between: float
    transvariation: float
    by_group: pd.Series
    pairs: pd.DataFrame


def calc_theil(values: pd.Series, groups: pd.Series, reference: pd.Series | None = None) -> Theil:
    """Theil's T of units and its parts between and within groups.

    T = Σ_i s_i ln(s_i / p_i),  s_i = y_i / Σy;  p_i = 1/n, or the unit's share of `reference`.
    With S_g and P_g the sums of s and p over a group and T_g the same of the group alone,
    T = Σ_g S_g ln(S_g / P_g) + Σ_g S_g T_g  (Theil 1967, Economics and Information Theory, ch. 4).

    Without `reference` the numbers are those of the package `inequality`.

    Parameters
    ----------
    values : Series
        y, of any unit, zero or positive; the index names the units.
    groups : Series, same index
        Group of each unit.
    reference : Series, same index, optional
        What the amounts y are compared with, positive (population: T of y per head, weighted by
        heads).

    Returns
    -------
    Theil, natural logarithms.

    Raises
    ------
    DataError
        If a value is negative or not finite, all are zero, or a reference is not positive; the
        units are named.
    """
    _check(values, groups)
    if reference is None:
        return _theil_of_units(values, groups)
    require_same_cells(values=values, reference=reference)
    is_usable = np.isfinite(reference) & (reference > 0)
    refuse_cells(~is_usable, "the reference must be positive", reference=reference)
    shares, weights = values / values.sum(), reference / reference.sum()
    held, expected = shares.groupby(groups).sum(), weights.groupby(groups).sum()
    own = {
        group: _divergence(shares[members] / held[group], weights[members] / expected[group])
        for group, members in _members(groups).items()
        if held[group] > 0
    }
    return _theil(_divergence(held, expected), held, own)


def _theil_of_units(values: pd.Series, groups: pd.Series) -> Theil:
    """Theil's T with all units of the same size."""
    from inequality.theil import Theil as UnitTheil
    from inequality.theil import TheilD

    parts = TheilD(values.to_numpy(float), groups.to_numpy(object))
    held = values.groupby(groups).sum() / values.sum()
    own = {
        group: float(UnitTheil(values[members].to_numpy(float)).T)
        for group, members in _members(groups).items()
        if held[group] > 0
    }
    return _theil(float(parts.bg[0]), held, own)


def _theil(between: float, held: pd.Series, own: Mapping[str, float]) -> Theil:
    """Parts of Theil's T; a group that holds nothing has no T of its own and adds nothing."""
    alone = pd.Series(own, dtype=float).reindex(held.index)
    by_group = pd.DataFrame({"theil": alone, "share": held})
    by_group["within"] = (by_group["theil"] * by_group["share"]).fillna(0.0)
    by_group.index.name = "group"
    within = float(by_group["within"].sum())
    return Theil(between + within, between, within, by_group)


def _divergence(shares: pd.Series, weights: pd.Series) -> float:
    """Σ s ln(s/p); a share of zero adds nothing."""
    from scipy.special import rel_entr

    return float(rel_entr(shares.to_numpy(float), weights.to_numpy(float)).sum())


def calc_gini(values: pd.Series) -> float:
    """Gini coefficient, G = Σ_i Σ_r |y_i − y_r| / (2 n² ȳ), by the package `inequality`.

    Parameters
    ----------
    values : Series
        Zero or positive, one a unit.

    Raises
    ------
    DataError
        If a value is negative or not finite, or all are zero; the units are named.
    """
    from inequality.gini import Gini

    _check_amounts(values)
    return float(Gini(values.to_numpy(float)).g)


def calc_dagum_gini(values: pd.Series, groups: pd.Series) -> DagumGini:
    """Gini coefficient and its parts within, net between and of transvariation between groups.

    With n_j units of mean μ_j in group j, p_j = n_j/n, s_j = n_j μ_j/(n μ):

    Δ_jh = Σ_i Σ_r |y_ji − y_hr| / (n_j n_h),  G_jh = Δ_jh/(μ_j + μ_h),  G_jj = Δ_jj/(2 μ_j);
    D_jh = (d_jh − p_jh)/(d_jh + p_jh), d_jh and p_jh the means of the differences y_ji − y_hr with
    and against the sign of μ_j − μ_h, so that d + p = Δ_jh and d − p = |μ_j − μ_h|;
    G_w = Σ_j G_jj p_j s_j,  G_nb = Σ_{h<j} G_jh (p_j s_h + p_h s_j) D_jh,
    G_t = Σ_{h<j} G_jh (p_j s_h + p_h s_j)(1 − D_jh);  G = G_w + G_nb + G_t
    (Dagum 1997, Empirical Economics 22:515-531).

    Parameters
    ----------
    values : Series
        y, of any unit, zero or positive; the index names the units.
    groups : Series, same index
        Group of each unit.

    Returns
    -------
    DagumGini
        G_jj is 0 in a group without anything, D_jh is 0 where two groups are the same number.

    Raises
    ------
    DataError
        If a value is negative or not finite, or all are zero; the units are named.
    """
    _check(values, groups)
    samples = {name: values[members].to_numpy(float) for name, members in _members(groups).items()}
    n, mean = len(values), float(values.mean())
    means = {name: float(sample.mean()) for name, sample in samples.items()}
    sizes = {name: len(sample) / n for name, sample in samples.items()}
    shares = {name: sizes[name] * means[name] / mean for name in samples}
    own = {name: _gini_between(sample, sample) for name, sample in samples.items()}
    net, overlapping = 0.0, 0.0
    pairs = {}
    for j, h in combinations(samples, 2):
        gini = _gini_between(samples[j], samples[h])
        gap = gini * (means[j] + means[h])
        affluence = abs(means[j] - means[h]) / gap if gap > 0 else 0.0
        part = gini * (sizes[j] * shares[h] + sizes[h] * shares[j])
        net += part * affluence
        overlapping += part * (1.0 - affluence)
        pairs[j, h] = {"gini": gini, "affluence": affluence}
    by_pair = pd.DataFrame.from_dict(pairs, orient="index", columns=["gini", "affluence"])
    by_pair.index = pd.MultiIndex.from_tuples(list(pairs), names=["first", "second"])
    within = sum(own[name] * sizes[name] * shares[name] for name in samples)
    return DagumGini(
        total=within + net + overlapping,
        within=within,
        net_between=net,
        transvariation=overlapping,
        by_group=pd.Series(own, dtype=float).rename_axis("group"),
        pairs=by_pair,
    )


def _gini_between(one: FloatArray, other: FloatArray) -> float:
    """Mean absolute difference between members of two groups over the sum of their means."""
    level = one.mean() + other.mean()
    return float(np.abs(one[:, None] - other).mean() / level) if level > 0 else 0.0


def calc_variation(values: pd.Series) -> float:
    """Coefficient of variation, σ/μ with σ² = Σ(y − μ)²/n: the units are all there are.

    Values and errors are as in `calc_gini`.
    """
    from scipy.stats import variation

    _check_amounts(values)
    return float(variation(values.to_numpy(float), ddof=0))


def _members(groups: pd.Series) -> dict[str, pd.Series]:
    """Which units belong to each group, in the order of the groups' names."""
    return {str(group): groups.eq(group) for group in sorted(groups.unique())}


def _check(values: pd.Series, groups: pd.Series) -> None:
    require_same_cells(values=values, groups=groups)
    nameless = groups.index[groups.isna()]
    if len(nameless):
        raise DataError(f"units without a group: {listing(nameless)}")
    _check_amounts(values)


def _check_amounts(values: pd.Series) -> None:
    is_usable = np.isfinite(values) & (values >= 0)
    refuse_cells(~is_usable, "inequality needs values that are zero or positive", value=values)
    if not values.sum() > 0:
        raise DataError(f"inequality of {len(values)} units that are all zero has no meaning")
