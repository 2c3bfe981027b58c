"""Emission, forest, land and transfer side by side, as rows of estimates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.analysis.rows import ratio_row, share_row, value_row
from yrb_carbon.indices.inequality import calc_theil
from yrb_carbon.regional.balance import calc_coefficients
from yrb_carbon.regional.facts import DatedTransfer, RegionalFacts, in_year, years_of
from yrb_carbon.regional.forest import calc_stored_co2
from yrb_carbon.regional.totals import TOTAL, calc_group_totals, calc_shares
from yrb_carbon.regional.transfer import calc_area_transfer
from yrb_carbon.sources.magnitude import HUNDRED_MILLION_YUAN, scale
from yrb_carbon.study.regional import RegionalTransferTable

Rows = Iterator[dict[str, Any]]

ACCOUNTS = "input_output"
"""Column `estimator` of what comes from an input-output table."""
OWN = "own"
TAKEN = "in"
MOVED = ("out", TAKEN, "net")
IN_HUNDRED_MILLIONS = scale("10^4 yuan", HUNDRED_MILLION_YUAN)


def side_by_side_rows(table: RegionalTransferTable, facts: RegionalFacts) -> Rows:
    """Rows of the table; every row has the year of its data.

    Parameters
    ----------
    table : RegionalTransferTable
    facts : RegionalFacts

    Yields
    ------
    dict
        Model `matrix` (term a-b: emissions of a for the final demand of b, Mt), `areas` (equation
        own, out, in, net, exports, other), `balance` (equation: province, region, or empty for
        all), `theil` (equation: what is unequal).
    """
    year = table.year or facts.years[-1]
    if facts.transfer is not None:
        yield from _area_rows(facts, facts.transfer)
    yield from _balance_rows(facts, year)
    for one in facts.years:
        if facts.has_people(one):
            yield from _emission_inequality_rows(facts, one)
    yield from _sink_inequality_rows(facts)


def _area_rows(facts: RegionalFacts, dated: DatedTransfer) -> Rows:
    """Transfers between areas, what each sends and takes, and shares of that."""
    areas = calc_area_transfer(dated.transfer, facts.areas)
    own = {
        "year": dated.year, "n_units": len(dated.transfer.matrix), "outcome": "co2",
        "estimator": ACCOUNTS,
    }  # fmt: skip
    matrix, balance = {**own, "model": "matrix"}, {**own, "model": "areas"}
    for source, line in areas.matrix.iterrows():
        for target, co2 in line.items():
            kept = {"equation": OWN} if source == target else {}
            yield {**matrix, **kept, **value_row(f"{source}-{target}", co2)}
    for user, column in areas.outside.items():
        for source, co2 in column.items():
            yield {**matrix, "equation": str(user), **value_row(f"{source}-{user}", co2)}
    for make, numbers in ((value_row, areas.balance()), (share_row, areas.shares())):
        for equation, column in numbers.items():
            for area, number in column.items():
                yield {**balance, "equation": str(equation), **make(str(area), number)}


def _balance_rows(facts: RegionalFacts, year: int) -> Rows:
    """Emission, product, forest and land of each province and region, and what they give.

    All are of the provinces with an inventory of the year: the coefficients are ratios of the
    shares beside them. Where one did not report, the sums of emissions are missing, and with them
    the shares and coefficients.
    """
    emissions = facts.emissions_of(year)
    of_stock, of_land = years_of(facts.stock)[-1], years_of(facts.land)[-1]
    stock = in_year(facts.stock, of_stock, "forest stock")
    parts = {
        "emissions": (year, emissions),
        "gdp": (year, in_year(facts.gdp, year, "GDP") * IN_HUNDRED_MILLIONS),
        "stored": (of_stock, calc_stored_co2(stock, facts.sink_factor)),
        "capacity": (of_land, in_year(facts.farmed, of_land, "land")),
    }
    shares = {}
    for term, (when, amounts) in parts.items():
        own = amounts.reindex(emissions.index)
        known = int(own.notna().sum())
        totals = calc_group_totals(own, facts.regions)
        shares[term] = calc_shares(totals)
        for place, share in shares[term].items():
            yield {**_at(place, when, known), **value_row(term, totals[str(place)])}
            yield {**_at(place, when, known), **share_row(term, share)}
    known = int(emissions.notna().sum())
    for place, number in facts.intensity_of(year).items():
        yield {**_at(place, year, known), **ratio_row("intensity", number)}
    whole = (shares[term].drop(TOTAL) for term in ("emissions", "gdp", "stored"))
    for name, column in calc_coefficients(*whole).items():
        for place, number in column.items():
            yield {**_at(place, year, known), **ratio_row(str(name), number)}
    if facts.transfer is not None:
        yield from _transfer_rows(facts, facts.transfer)


def _transfer_rows(facts: RegionalFacts, dated: DatedTransfer) -> Rows:
    """What provinces and regions send and take; others of the same region are no others to it.

    What a province without any emissions in the table sends is not known, nor its balance.
    """
    silent = dated.transfer.silent
    by_region = calc_area_transfer(dated.transfer, facts.regions)
    for transfer in (dated.transfer, by_region):
        for place, line in transfer.balance()[list(MOVED)].iterrows():
            known = [TAKEN] if place in silent else MOVED
            for term, co2 in line[list(known)].items():
                own = _at(place, dated.year, len(dated.transfer.matrix))
                yield {**own, "estimator": ACCOUNTS, **value_row(f"transfer_{term}", co2)}


def _at(place: object, year: int, units: int) -> dict[str, Any]:
    """Names of a row of a province, a region or all."""
    equation = "" if place == TOTAL else str(place)
    return {
        "model": "balance", "outcome": "co2", "equation": equation, "year": year, "n_units": units,
    }  # fmt: skip


def _emission_inequality_rows(facts: RegionalFacts, year: int) -> Rows:
    """Inequality of emissions per head and per unit of product."""
    emissions = facts.emissions_of(year).dropna()
    people = in_year(facts.population, year, "population")
    gdp = in_year(facts.gdp, year, "GDP")
    for name, reference in (("emissions_per_head", people), ("intensity", gdp)):
        yield from _theil_rows(facts, name, emissions, reference, year)


def _sink_inequality_rows(facts: RegionalFacts) -> Rows:
    """Inequality of forest stock and agricultural land per head, where the heads are known."""
    for name, amounts in (("stock_per_head", facts.stock), ("capacity_per_head", facts.farmed)):
        for year in years_of(amounts):
            if year in years_of(facts.population):
                people = in_year(facts.population, year, "population")
                own = in_year(amounts, year, name)
                yield from _theil_rows(facts, name, own, people, year)


def _theil_rows(
    facts: RegionalFacts, name: str, amounts: pd.Series, reference: pd.Series, year: int
) -> Rows:
    """Theil's T between provinces, and its parts between and within the regions."""
    region_of = facts.region_of.reindex(amounts.index)
    theil = calc_theil(amounts, region_of, reference.reindex(amounts.index))
    own = {
        "model": "theil", "outcome": "co2", "equation": name, "year": year, "n_units": len(amounts),
    }  # fmt: skip
    parts = {"between": theil.between, "within": theil.within}
    for term, part in {"total": theil.total, **parts}.items():
        yield {**own, **value_row(term, part)}
    for term, part in parts.items():
        yield {**own, **share_row(term, float(np.divide(part, theil.total)))}
    for region, line in theil.by_group.iterrows():
        yield {**own, **value_row(f"within.{region}", line["within"])}
