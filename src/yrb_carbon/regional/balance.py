"""Emission, sink, capacity and transfer of the provinces side by side."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd

from yrb_carbon.indices.balance import calc_ecc, calc_esc
from yrb_carbon.regional.totals import TOTAL, Groups, calc_group_totals


class Balance(IntEnum):
    """Four types of places by what they give of product and sink against their emissions.

    Lu et al. (2013), 地理科学进展 32(12).
    """

    LOW_CARBON = 1
    """ECC >= 1, ESC >= 1: more of the product and of the sink than of the emissions."""
    ECONOMIC = 2
    """ECC >= 1 > ESC."""
    SINK = 3
    """ESC >= 1 > ECC."""
    HIGH_CARBON = 4
    """Both below 1."""


def calc_coefficients(
    emissions: pd.Series, gdp: pd.Series, sink: pd.Series, groups: Groups
) -> pd.DataFrame:
    """Economic contribution and ecological support of provinces and regions.

    ECC_i = (GDP_i / sum GDP) / (E_i / sum E),  ESC_i = (S_i / sum S) / (E_i / sum E)

    Sums run over the provinces of `emissions`, and a region's own parts are the sums of its
    provinces.

    Parameters
    ----------
    emissions : Series, index province
        E, Mt CO2, positive.
    gdp : Series, index province
        10^4 yuan; provinces of `emissions` and perhaps more.
    sink : Series, index province
        S, of any unit: a stock of carbon serves as well as an annual sink, in shares.
    groups : mapping of str to sequence of str

    Returns
    -------
    DataFrame, index provinces and groups, columns ecc, esc, type
        Type as `Balance`.

    Raises
    ------
    CellError
        If emissions are not positive.
    """
    parts = {
        name: calc_group_totals(series.reindex(emissions.index), groups).drop(TOTAL)
        for name, series in (("emissions", emissions), ("gdp", gdp), ("sink", sink))
    }
    frames = []
    for places in (emissions.index, parts["emissions"].index.difference(emissions.index, False)):
        own = {name: _one_year(series[places]) for name, series in parts.items()}
        ecc = calc_ecc(own["gdp"], own["emissions"])
        esc = calc_esc(own["sink"], own["emissions"])
        frames.append(pd.DataFrame({"ecc": ecc, "esc": esc}).droplevel("year"))
    frame = pd.concat(frames)
    return frame.assign(type=calc_types(frame["ecc"], frame["esc"]))


def calc_types(ecc: pd.Series, esc: pd.Series) -> pd.Series:
    """Type of each place by its two coefficients, as `Balance`.

    Parameters
    ----------
    ecc, esc : Series, same index

    Returns
    -------
    Series of int, same index.
    """
    found = np.select(
        [(ecc >= 1) & (esc >= 1), ecc >= 1, esc >= 1],
        [Balance.LOW_CARBON, Balance.ECONOMIC, Balance.SINK],
        Balance.HIGH_CARBON,
    )
    return pd.Series(found.astype(int), index=ecc.index, name="type")


def _one_year(values: pd.Series) -> pd.Series:
    """The same with the index (unit, year) that the formulas of panels want."""
    keys = pd.MultiIndex.from_product([values.index, [0]], names=["unit", "year"])
    return pd.Series(values.to_numpy(dtype=float), index=keys)
