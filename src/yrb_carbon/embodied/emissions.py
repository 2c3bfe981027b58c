"""Energy emissions of mining by fuel and year, and the same again from fuels burned.

What counts as energy emissions: CO2 of burning the 17 fuels in the sector itself. The process of
cement, bought heat and bought electricity are left out: the first is no energy, the others are
emissions of the power sector, which tables trace by what mining buys from it. In the published
inventories the three columns are zero for mining, so its energy emissions are its total.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.emissions import calc_emission_factors
from yrb_carbon.sources.ceads_inventory import TERRITORIAL
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.embodied import Scope

SCOPES: dict[Scope, tuple[str, ...]] = {
    "energy": tuple(FUELS),
    "territorial": TERRITORIAL,
}
"""Columns of the inventories that a scope counts."""

KEY = ["year", "province", "sector", "fuel"]


def select_scope(emissions: pd.DataFrame, scope: Scope = "energy") -> pd.DataFrame:
    """Rows of the inventories that a scope counts.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt), as `read_ceads_inventory` gives them.
    scope : {"energy", "territorial"}
        `energy`: the 17 fuels; `territorial`: with the process of cement.

    Returns
    -------
    DataFrame
        The same columns.
    """
    return emissions[emissions["fuel"].isin(SCOPES[scope])].reset_index(drop=True)


def calc_fuel_emissions(emissions: pd.DataFrame, sectors: Collection[str]) -> pd.DataFrame:
    """Energy emissions of some sectors of all provinces, E_ft = sum_p sum_s E_psft.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt).
    sectors : collection of str
        The mining sectors of the concordance, for instance.

    Returns
    -------
    DataFrame, index year, columns the 17 fuels, Mt CO2
        Missing in a year in which a province did not report: its sum is not known.

    Raises
    ------
    DataError
        If a sector has no row in a year, or a fuel none.
    """
    own = _rows_of(emissions, sectors)
    by_fuel = own.pivot_table(
        index="year", columns="fuel", values="co2", aggfunc=_whole_sum, sort=False, dropna=False
    )
    absent = [fuel for fuel in FUELS if fuel not in by_fuel]
    if absent:
        raise DataError(f"no emissions of the fuels {listing(absent)} in the inventories")
    return by_fuel[list(FUELS)].sort_index().rename_axis(columns="fuel")


def calc_province_emissions(emissions: pd.DataFrame, sectors: Collection[str]) -> pd.DataFrame:
    """Energy emissions of some sectors by province, E_pt = sum_s sum_f E_psft.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt).
    sectors : collection of str

    Returns
    -------
    DataFrame, index year, columns province, Mt CO2
        Missing where a province did not report.

    Raises
    ------
    DataError
        If a sector has no row in a year.
    """
    own = _rows_of(emissions, sectors)
    table = own.pivot_table(
        index="year", columns="province", values="co2", aggfunc=_whole_sum, dropna=False
    )
    return table.sort_index().sort_index(axis=1)


def calc_shares(by_fuel: pd.DataFrame) -> pd.DataFrame:
    """Shares of the fuels in the total of their year, w_ft = E_ft / sum_g E_gt.

    Parameters
    ----------
    by_fuel : DataFrame, index year, columns fuel
        As `calc_fuel_emissions` gives it.

    Returns
    -------
    DataFrame
        The same shape; rows sum to 1. A year without a total, or with total zero, is missing.
    """
    totals = by_fuel.sum(axis=1, skipna=False)
    return by_fuel.div(totals.where(totals > 0), axis=0)


def calc_emissions_from_energy(
    energy: pd.DataFrame, factors: pd.DataFrame, sectors: Collection[str]
) -> pd.DataFrame:
    """Emissions of the fuels that sectors burned, E_psft = AD_psft * NCV_f * CC_f * O_f * 44/12.

    Parameters
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount (10^4 t or 10^8 m3), as `read_ceads_energy`
        gives them; final consumption of the sectors is what is burned there.
    factors : DataFrame, index fuel
        As `load_emission_factors` gives them, for all 17 fuels.
    sectors : collection of str

    Returns
    -------
    DataFrame
        Columns year, province, sector, fuel, co2 (Mt), in the order of `energy`; missing where a
        province did not report.

    Raises
    ------
    DataError
        If a fuel has no factor, a sector no row, or an amount is negative; named.
    """
    absent = [fuel for fuel in FUELS if fuel not in factors.index]
    if absent:
        raise DataError(
            f"no emission factor for the fuels {listing(absent)}. Use a set with all "
            f"{len(FUELS)} fuels of the energy inventories"
        )
    own = _rows_of(energy.rename(columns={"item": "sector"}), sectors)
    negative = own[own["amount"] < 0]
    if len(negative):
        cells = (" ".join(map(str, row)) for row in negative[[*KEY, "amount"]].to_numpy())
        raise DataError(f"fuel burned is negative: {listing(cells, 6)}")
    per_unit = calc_emission_factors(factors.loc[list(FUELS)])
    co2 = own["amount"] * own["fuel"].map(per_unit)
    return own[KEY].assign(co2=co2)


def compare_emissions(computed: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Emissions by year and fuel beside those of the inventories.

    Parameters
    ----------
    computed, published : DataFrame
        Columns year, province, sector, fuel, co2 (Mt); compared over the keys of `computed`.

    Returns
    -------
    DataFrame
        Columns year, fuel (`total` for their sum), computed, published (Mt), difference =
        computed - published, ratio = computed / published (missing where that is zero). Years in
        which a province did not report are missing.

    Raises
    ------
    DataError
        If the inventories lack keys of `computed`; counted, with the first named.
    """
    joined = computed.merge(
        published, on=KEY, how="left", suffixes=("", "_published"), indicator=True
    )
    alone = joined[joined["_merge"].ne("both")]
    if len(alone):
        first = " ".join(map(str, alone.iloc[0][KEY]))
        raise DataError(
            f"{len(alone)} emissions computed from energy have no row in the inventories, the "
            f"first of them {first}. Compare years that both have"
        )
    sums = joined.groupby(["year", "fuel"], sort=False)[["co2", "co2_published"]].agg(_whole_sum)
    totals = sums.groupby("year").agg(_whole_sum)
    totals.index = pd.MultiIndex.from_product([totals.index, ["total"]], names=sums.index.names)
    lines = pd.concat([sums, totals]).sort_index(level="year", sort_remaining=False, kind="stable")
    lines = lines.set_axis(["computed", "published"], axis=1).reset_index()
    ratio = lines["computed"] / lines["published"].where(lines["published"] != 0)
    return lines.assign(difference=lines["computed"] - lines["published"], ratio=ratio)


def calc_implied_factors(
    energy: pd.DataFrame, emissions: pd.DataFrame, sectors: Collection[str]
) -> pd.DataFrame:
    """Factors that lead from the energy inventories to the emission inventories, E / AD.

    Parameters
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount (10^4 t or 10^8 m3).
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt).
    sectors : collection of str

    Returns
    -------
    DataFrame, index fuel
        `cells` with fuel burned; `low`, `median`, `high` of E / AD over them, Mt CO2 per 10^4 t or
        10^8 m3; `unburned`: Mt CO2 in cells whose energy inventory has none.
    """
    burned = _rows_of(energy.rename(columns={"item": "sector"}), sectors)
    cells = burned.merge(_rows_of(emissions, sectors), on=KEY, how="inner", validate="one_to_one")
    used = cells[cells["amount"] > 0]
    ratios = (used["co2"] / used["amount"]).groupby(used["fuel"])
    idle = cells[cells["amount"].eq(0)].groupby("fuel")["co2"].sum()
    table = pd.DataFrame(
        {"cells": ratios.size(), "low": ratios.min(), "median": ratios.median(),
         "high": ratios.max(), "unburned": idle}
    )  # fmt: skip
    table = table.reindex(list(FUELS)).rename_axis("fuel")
    return table.assign(cells=table["cells"].fillna(0).astype(int))


def _rows_of(frame: pd.DataFrame, sectors: Collection[str]) -> pd.DataFrame:
    """Rows of the fuels in some sectors, each of which every year must have."""
    own = frame[frame["sector"].isin(list(sectors)) & frame["fuel"].isin(list(FUELS))]
    years = sorted(frame["year"].unique())
    found = set(zip(own["year"], own["sector"], strict=True))
    lost = [f"{s} {year}" for year in years for s in sectors if (year, s) not in found]
    if lost or not years:
        raise DataError(
            f"no rows of {listing(lost, 6) or 'any year'}: the inventories lack these sectors"
        )
    return own.reset_index(drop=True)


def _whole_sum(values: pd.Series) -> float:
    """Sum that is missing when a part is."""
    return float(np.sum(values.to_numpy(dtype=float)))
