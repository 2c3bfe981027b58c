"""Emissions of the provinces by year, and emissions per unit of product."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.constants import T_PER_MT
from yrb_carbon.regional.totals import Groups, calc_group_totals
from yrb_carbon.sources.ceads_inventory import TERRITORIAL
from yrb_carbon.sources.ceads_sheets import FUELS

Scope = Literal["total", "energy"]


def calc_territorial_emissions(inventory: pd.DataFrame, scope: Scope = "total") -> pd.Series:
    """Emissions of all sectors and households, E_it = sum_s sum_f E_isft.

    Parameters
    ----------
    inventory : DataFrame
        Columns year, province, sector, fuel, co2 (Mt); missing where a province did not report.
    scope : {"total", "energy"}
        `total`: fuels and the process of cement; `energy`: fuels. Bought heat and electricity are
        in neither: they are emissions of those who make them.

    Returns
    -------
    Series, index (province, year), Mt CO2
        The provinces and years of the inventory; missing where a province did not report.
    """
    columns = TERRITORIAL if scope == "total" else tuple(FUELS)
    counted = inventory[inventory["fuel"].isin(columns)]
    return counted.groupby(["province", "year"])["co2"].sum(skipna=False).sort_index()


def calc_intensity(emissions: pd.Series, gdp: pd.Series, groups: Groups) -> pd.Series:
    """Emissions per unit of product, e_i = 10^6 E_i / GDP_i; of a region sum E / sum GDP.

    The intensity of a region is not the mean of its provinces. A province without emissions
    (Tibet has no inventory) is in neither sum.

    Parameters
    ----------
    emissions : Series, index province
        Mt CO2.
    gdp : Series, index province
        10^4 yuan at current prices, positive.
    groups : mapping of str to sequence of str

    Returns
    -------
    Series
        Provinces of `emissions`, groups, `total`; t per 10^4 yuan, which is 10^4 t per 10^8 yuan.

    Raises
    ------
    DataError
        If a province with emissions has no product; named.
    """
    product = gdp.reindex(emissions.index)
    lacking = product.index[~(product > 0)]
    if len(lacking):
        raise DataError(f"no positive GDP for provinces with emissions: {listing(lacking)}")
    whole = calc_group_totals(emissions, groups)
    return T_PER_MT * whole / calc_group_totals(product, groups)
