"""Tables of regional facts as rows of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import TableKey, complete_rows, share_row, value_row
from yrb_carbon.regional.balance_rows import IN_HUNDRED_MILLIONS, side_by_side_rows
from yrb_carbon.regional.facts import RegionalFacts, in_year, years_of
from yrb_carbon.regional.forest import calc_mean_sink, calc_stored_co2
from yrb_carbon.regional.totals import (
    Groups,
    calc_concentration,
    calc_group_totals,
    calc_ranks,
    calc_shares,
)
from yrb_carbon.study.regional import (
    ForestStockTable,
    LandUseTable,
    RegionalEmissionsTable,
    RegionalTable,
    RegionalTransferTable,
)

Rows = Iterator[dict[str, Any]]

INVENTORY, PRINTED, YEARBOOK = "inventory", "printed", "yearbook"
"""Column `estimator`: what a number is taken from."""
STOCK, CARBON, FLOW = "stock", "carbon", "flow"
RANK, CONCENTRATION = "rank", "concentration"
FACTOR = "co2_per_m3"


def regional_rows(table: RegionalTable, facts: RegionalFacts, key: TableKey) -> pd.DataFrame:
    """Rows of one table of regional facts.

    Parameters
    ----------
    table : RegionalTable
    facts : RegionalFacts
    key : TableKey

    Returns
    -------
    DataFrame, columns of estimates
        Terms are provinces (two digits), regions, areas, `total`; units: 10^4 m3, 10^3 ha, Mt CO2,
        10^8 yuan, t per 10^4 yuan.

    Raises
    ------
    DataError
        If a year lacks what the table needs.
    """
    makers: dict[type[RegionalTable], Callable[..., Rows]] = {
        ForestStockTable: _forest_rows,
        LandUseTable: _land_rows,
        RegionalEmissionsTable: _emission_rows,
        RegionalTransferTable: side_by_side_rows,
    }
    return complete_rows(list(makers[type(table)](table, facts)), key)


def _forest_rows(_table: ForestStockTable, facts: RegionalFacts) -> Rows:
    """Forest stock, the carbon dioxide in it and, between inventories, its annual sink."""
    for year in years_of(facts.stock):
        stock = in_year(facts.stock, year, "forest stock")
        own = {"year": year, "n_units": len(stock), "estimator": PRINTED}
        yield from _placed_rows(stock, facts.regions, {**own, "model": STOCK, "outcome": STOCK})
        carbon = {**own, "model": CARBON, "outcome": "co2"}
        yield {**carbon, **value_row(FACTOR, facts.sink_factor)}
        stored = calc_group_totals(calc_stored_co2(stock, facts.sink_factor), facts.regions)
        for term, co2 in stored.items():
            yield {**carbon, "equation": STOCK, **value_row(str(term), co2)}
    flows = calc_mean_sink(facts.stock, facts.sink_factor)
    for year in years_of(flows):
        flow = in_year(flows, year, "sink")
        own = {"year": year, "n_units": len(flow), "estimator": PRINTED}
        for term, co2 in calc_group_totals(flow, facts.regions).items():
            place = {**own, "model": CARBON, "outcome": "co2", "equation": FLOW}
            yield {**place, **value_row(str(term), co2)}


def _land_rows(_table: LandUseTable, facts: RegionalFacts) -> Rows:
    """Land of each kind: area, and share in the land of both kinds of the same place."""
    for year in years_of(facts.land):
        land = {str(kind): in_year(facts.land[kind], year, "land") for kind in facts.land}
        totals = {kind: calc_group_totals(areas, facts.regions) for kind, areas in land.items()}
        both = pd.DataFrame(totals).sum(axis=1, skipna=False)
        for kind, areas in totals.items():
            own = {"year": year, "n_units": len(land[kind]), "estimator": PRINTED}
            for term, area in areas.items():
                place = {**own, "model": kind, "outcome": "area"}
                yield {**place, **value_row(str(term), area)}
                yield {**place, **share_row(str(term), area / both[str(term)])}


def _emission_rows(table: RegionalEmissionsTable, facts: RegionalFacts) -> Rows:
    """Emissions and emissions per unit of product; product of every year from the first one on."""
    years = sorted(table.years or facts.years)
    for year in years:
        emissions = facts.emissions_of(year)
        reported = int(emissions.notna().sum())
        own = {"year": year, "n_units": reported, "estimator": INVENTORY}
        mine = {**own, "model": "emissions", "outcome": "co2"}
        yield from _placed_rows(emissions, facts.regions, mine)
        yield from _rank_rows(emissions, mine)
        for largest, share in calc_concentration(emissions).items():
            yield {**mine, "equation": CONCENTRATION, **share_row(str(largest), share)}
        if year in years_of(facts.gdp):
            intensity = facts.intensity_of(year)
            mine = {**own, "model": "intensity", "outcome": "co2"}
            for term, number in intensity.items():
                yield {**mine, **value_row(str(term), number)}
            yield from _rank_rows(intensity[emissions.index], mine)
    for year in years_of(facts.gdp):
        if year >= years[0]:
            gdp = in_year(facts.gdp, year, "GDP") * IN_HUNDRED_MILLIONS
            own = {"year": year, "n_units": len(gdp), "estimator": YEARBOOK}
            yield from _placed_rows(gdp, facts.regions, {**own, "model": "gdp", "outcome": "gdp"})


def _placed_rows(amounts: pd.Series, groups: Groups, own: Mapping[str, Any]) -> Rows:
    """Value and share of every province, region and of all."""
    totals = calc_group_totals(amounts, groups)
    for term, share in calc_shares(totals).items():
        yield {**own, **value_row(str(term), totals[str(term)])}
        yield {**own, **share_row(str(term), share)}


def _rank_rows(amounts: pd.Series, own: Mapping[str, Any]) -> Rows:
    for term, place in calc_ranks(amounts).items():
        yield {**own, "equation": RANK, **value_row(str(term), place)}
