"""The footprint in three dimensions: size, depth, flow and stock, by land type and in total.

Amounts of land are in 10^4 ha (10^4 gha). The amounts that add up over land types and provinces
are the footprint CF, the capacity BC, the size min(CF, BC) and the overshoot max(CF - BC, 0);
everything else is made of their sums, so that a deficit of one land type or province is not made up
by another (Fang 2015).

Hectares of unlike land take up unlike amounts of carbon. What is said of the flow of carbon (how
much of the yearly uptake is used, what is left of it, how much is drawn from the stock) is summed
in 10^4 t C: the carbon emitted against what the land there is takes up, whatever the unit of the
areas and whether land types have accounts of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.cells import refuse_cells
from yrb_carbon.indices.constants import CARBON_TO_CO2, HA_PER_KM2, T_PER_MT

HA_PER_AMOUNT = 1e4
"""Hectares in 10^4 ha."""
LAND = ("footprint", "capacity", "size", "overshoot", "surplus")
"""Amounts of land, 10^4 ha."""
CARBON = ("uptake", "uptake_used", "uptake_overshoot", "uptake_unused")
"""Carbon a year, 10^4 t: what land takes up, and of it used, exceeded and left over."""
SUMMED = (*LAND, *CARBON)
"""Amounts that add up over land types and provinces."""
MEASURES = (
    *SUMMED, "depth", "footprint_3d", "deficit", "pressure", "flow_occupancy", "stock_flow_ratio",
    "uptake_deficit",
)  # fmt: skip
LAND_TYPE = "land_type"
WHOLE = "all"
"""Land type of a single carbon account."""


@dataclass(frozen=True, slots=True, eq=False)
class FootprintAccounts:
    """Footprint in three dimensions of provinces.

    Attributes
    ----------
    by_type : DataFrame, index (province, year, land_type)
        `MEASURES`; one land type `all` for a single account.
    total : DataFrame, index (province, year)
        `MEASURES` of the sums over land types.
    """

    by_type: pd.DataFrame
    total: pd.DataFrame

    def grouped(self, groups: Mapping[str, str]) -> pd.DataFrame:
        """Measures of groups of provinces, from the sums of their amounts.

        Parameters
        ----------
        groups : mapping
            Province -> group; the others are left out.

        Returns
        -------
        DataFrame, index (group, year)
            `MEASURES` and `n_units`, the number of provinces with amounts in the year.
        """
        own = self.total.dropna(subset=["footprint"])[list(SUMMED)]
        names = own.index.get_level_values("province").map(dict(groups))
        years = own.index.get_level_values("year")
        keys = pd.MultiIndex.from_arrays([names, years], names=["group", "year"])
        table = own.set_axis(keys)[keys.get_level_values("group").notna()]
        cells = table.groupby(level=["group", "year"])
        return calc_measures(cells.sum()).assign(n_units=cells.size())


def calc_footprint(
    emissions: pd.Series, factors: pd.DataFrame, shares: pd.DataFrame
) -> pd.DataFrame:
    """Land that takes up emissions, CF_k = E^C q_k / n_k with E^C = E 12/44.

    Parameters
    ----------
    emissions : Series, index (province, year)
        E, Mt CO2; missing where not known.
    factors : DataFrame, same index, columns land types
        n, t C per ha and year.
    shares : DataFrame, as `factors`
        q; rows sum to one.

    Returns
    -------
    DataFrame, as `factors`, 10^4 ha.

    Raises
    ------
    CellError
        If emissions are negative; the cells are named.
    """
    return (shares / factors).mul(_carbon(emissions), axis=0)


def calc_emitted(emissions: pd.Series, shares: pd.DataFrame) -> pd.DataFrame:
    """Carbon that each land type has to take up, E^C q_k with E^C = E 12/44.

    Parameters
    ----------
    emissions, shares
        As in `calc_footprint`.

    Returns
    -------
    DataFrame, as `shares`, 10^4 t C.

    Raises
    ------
    CellError
        If emissions are negative; the cells are named.
    """
    return shares.mul(_carbon(emissions), axis=0)


def _carbon(emissions: pd.Series) -> pd.Series:
    """E^C, 10^4 t C, of emissions in Mt CO2."""
    refuse_cells(emissions < 0, "emissions are negative", emissions=emissions)
    return emissions * (T_PER_MT / CARBON_TO_CO2 / HA_PER_AMOUNT)


def calc_capacity(areas: pd.DataFrame, biodiversity: float = 0.0) -> pd.DataFrame:
    """Land that can take up carbon, BC_k = A_k (1 - b).

    Parameters
    ----------
    areas : DataFrame, index (province, year), columns land types
        A, km2.
    biodiversity : float
        b, share that is kept for other species (0.12 after the Brundtland report; none here).

    Returns
    -------
    DataFrame, as `areas`, 10^4 ha.

    Raises
    ------
    CellError
        If an area is missing or negative; the cells are named.
    """
    for kind in areas.columns:
        refuse_cells(~(areas[kind] >= 0), "area missing or negative", **{str(kind): areas[kind]})
    return areas * (HA_PER_KM2 / HA_PER_AMOUNT * (1.0 - biodiversity))


def require_same_land(footprint: pd.DataFrame, capacity: pd.DataFrame) -> None:
    """Refuse footprints and capacities that are not of the same cells and land types."""
    same_cells = footprint.index.equals(capacity.index)
    if not same_cells or list(footprint.columns) != list(capacity.columns):
        raise DataError(
            "footprint and capacity are not of the same provinces, years and land types"
        )


def calc_accounts(
    footprint: pd.DataFrame, capacity: pd.DataFrame, emitted: pd.DataFrame, uptake: pd.DataFrame
) -> FootprintAccounts:
    """Footprint in three dimensions by land type and in total.

    Size = sum_k min(CF_k, BC_k); depth = 1 + sum_k max(CF_k - BC_k, 0) / sum_k BC_k;
    3-D footprint = size * depth (Niccolucci et al. 2009; Fang 2013, 2015). With one land type in
    deficit the size is the capacity and the 3-D footprint the footprint. Of carbon emitted C_k and
    uptake U_k: used min(C_k, U_k), overshoot max(C_k - U_k, 0), unused max(U_k - C_k, 0).

    Parameters
    ----------
    footprint, capacity : DataFrame, index (province, year), columns land types
        CF and BC, 10^4 ha (10^4 gha).
    emitted, uptake : DataFrame, as `capacity`
        C and U, carbon emitted and what the land takes up in a year, 10^4 t C.

    Returns
    -------
    FootprintAccounts

    Raises
    ------
    DataError
        If they are not of the same cells and land types, or a province has no capacity at all.
    """
    require_same_land(footprint, capacity)
    require_same_land(emitted, capacity)
    require_same_land(uptake, capacity)
    empty = [f"{p} {y}" for p, y in capacity.index[~(capacity.sum(axis=1) > 0)]]
    if empty:
        raise DataError(f"no land that takes up carbon: province and year {listing(empty)}")
    land = _split(_long(footprint), _long(capacity))
    carbon = _split(_long(emitted), _long(uptake)).drop(columns="demand")
    amounts = land.set_axis(list(LAND), axis=1).join(carbon.set_axis(list(CARBON), axis=1))
    cells = amounts.groupby(level=["province", "year"])
    summed = cells.sum().where(cells.count().eq(cells.size(), axis=0))
    return FootprintAccounts(calc_measures(amounts), calc_measures(summed))


def _long(table: pd.DataFrame) -> pd.Series:
    """Cells of provinces and years by land type, index (province, year, land_type)."""
    return cast("pd.Series", table.rename_axis(columns=LAND_TYPE).stack(future_stack=True))


def _split(demand: pd.Series, supply: pd.Series) -> pd.DataFrame:
    """Demand, supply, and of them the part met, that beyond and that left over."""
    gap = demand - supply
    return pd.DataFrame(
        {
            "demand": demand,
            "supply": supply,
            "met": demand.where(gap <= 0, supply).where(gap.notna()),
            "beyond": gap.clip(lower=0.0),
            "left": (-gap).clip(lower=0.0),
        }
    )


def calc_measures(amounts: pd.DataFrame) -> pd.DataFrame:
    """Ratios of footprint, capacity, size and overshoot.

    depth = 1 + overshoot / BC; 3-D = size * depth; deficit = CF - BC; pressure = CF / BC, all of
    hectares. Of carbon, emitted C against uptake U of the land: flow occupancy = sum min(C, U) /
    sum U, the share of the yearly uptake that is used (one in overshoot); stock-flow ratio =
    sum max(C - U, 0) / sum min(C, U), stock used against flow used; uptake deficit = sum C - sum U,
    emissions beyond the uptake. With one land type, in hectares, the two ratios are size / BC and
    (CF - size) / size (Fang 2015).

    Parameters
    ----------
    amounts : DataFrame
        Columns `SUMMED`.

    Returns
    -------
    DataFrame
        Columns `MEASURES`, same index; a ratio to nothing is missing.
    """
    capacity = amounts["capacity"].where(amounts["capacity"] > 0)
    flow = amounts["uptake_used"].where(amounts["uptake_used"] > 0)
    uptake = amounts["uptake"].where(amounts["uptake"] > 0)
    depth = 1.0 + amounts["overshoot"] / capacity
    return amounts[list(SUMMED)].assign(
        depth=depth,
        footprint_3d=amounts["size"] * depth,
        deficit=amounts["footprint"] - amounts["capacity"],
        pressure=amounts["footprint"] / capacity,
        flow_occupancy=amounts["uptake_used"] / uptake,
        stock_flow_ratio=amounts["uptake_overshoot"] / flow,
        uptake_deficit=amounts["uptake_overshoot"] - amounts["uptake_unused"],
    )


def calc_per_unit(amounts: pd.Series, base: pd.Series, scale: float = 1.0) -> pd.Series:
    """Footprint per head or per value added, scale * CF / base.

    Parameters
    ----------
    amounts : Series
        CF, 10^4 ha; missing where not known.
    base : Series, same index
        10^4 persons, which gives ha per person; or 10^4 yuan.
    scale : float
        `HA_PER_AMOUNT` for ha per 10^4 yuan.

    Returns
    -------
    Series, same index.

    Raises
    ------
    CellError
        If the base is not positive where the amount is known; the cells are named.
    """
    refuse_cells(amounts.notna() & ~(base > 0), "nothing to divide by", base=base)
    return amounts * scale / base
