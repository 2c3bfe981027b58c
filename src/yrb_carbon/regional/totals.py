"""Provinces, regions and the whole: totals, shares, ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing

TOTAL = "total"

Groups = Mapping[str, Sequence[str]]
"""Name of a region or area -> codes of its provinces."""


def calc_group_totals(amounts: pd.Series, groups: Groups) -> pd.Series:
    """Amounts of the provinces, sums of the regions, and the sum of all.

    A_R = sum_{i in R} a_i,  A = sum_i a_i

    Parameters
    ----------
    amounts : Series, index province
        Extensive amounts in one unit. A missing one makes the sums that need it missing; a province
        that is no row is in no sum.
    groups : mapping of str to sequence of str
        Every province of `amounts` belongs to one group.

    Returns
    -------
    Series
        Provinces, then groups with a province, then `total`; same unit.

    Raises
    ------
    DataError
        If a province belongs to no group, or to several; named.
    """
    memberships = [code for members in groups.values() for code in members]
    wrong = [code for code in amounts.index if memberships.count(code) != 1]
    if wrong:
        raise DataError(f"not in exactly one of the groups {listing(groups)}: {listing(wrong)}")
    sums = {
        name: amounts[list(own)].sum(skipna=False)
        for name, members in groups.items()
        if (own := amounts.index[amounts.index.isin(list(members))]).size
    }
    whole = pd.Series({**sums, TOTAL: amounts.sum(skipna=False)}, dtype=float)
    return pd.concat([amounts.astype(float), whole])


def calc_shares(totals: pd.Series) -> pd.Series:
    """Shares in the sum of all, s = A / A_total.

    Parameters
    ----------
    totals : Series
        As `calc_group_totals` gives it.

    Returns
    -------
    Series, same index; missing where the sum of all is missing or not positive.
    """
    whole = float(totals[TOTAL])
    return totals / (whole if whole > 0 else np.nan)


def calc_ranks(amounts: pd.Series) -> pd.Series:
    """Places by size, 1 for the largest; equal amounts have the same place.

    Parameters
    ----------
    amounts : Series, index province

    Returns
    -------
    Series, same index; missing where the amount is.
    """
    return amounts.rank(ascending=False, method="min")


def calc_concentration(amounts: pd.Series) -> pd.Series:
    """Shares of the k largest together, c_k = sum_{rank <= k} a_i / sum_i a_i.

    Parameters
    ----------
    amounts : Series, index province

    Returns
    -------
    Series, index k from 1; the last is 1. Missing where an amount is missing.
    """
    ordered = np.sort(amounts.to_numpy(dtype=float))[::-1]
    shares = np.cumsum(ordered) / ordered.sum()
    return pd.Series(shares, index=pd.RangeIndex(1, len(amounts) + 1, name="largest"))
