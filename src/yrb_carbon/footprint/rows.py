"""Tables of industrial emissions, accounts and reduction potential as rows of estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import (
    TableKey,
    complete_rows,
    named_seed,
    ratio_row,
    row_dicts,
    share_row,
    value_row,
)
from yrb_carbon.estimates import Quantity
from yrb_carbon.footprint.accounts import HA_PER_AMOUNT, LAND_TYPE, MEASURES, calc_per_unit
from yrb_carbon.footprint.build import OWN, POWER, StudiedFootprint
from yrb_carbon.footprint.gaps import DROPPED, HELD, STATES
from yrb_carbon.footprint.industry import calc_coal_share, with_difference
from yrb_carbon.footprint.potential import (
    EFFICIENCY,
    EQUITY,
    ReductionPotential,
    calc_benchmark_potential,
    calc_equity_efficiency,
    calc_overshoot_potential,
)
from yrb_carbon.study.account_terms import FLAG, REPORTED
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintSection,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
)

Rows = Iterator[dict[str, Any]]

CO2, FOOTPRINT, POTENTIAL = "co2", "footprint", "potential"
"""Outcomes."""
TOTAL = "total"
ENERGY, INVENTORY, DIFFERENCE = "energy", "inventory", "difference"
ACCOUNTS = "accounts"
EQUITY_EFFICIENCY, BENCHMARK, OVERSHOOT = "equity_efficiency", "benchmark", "overshoot"
"""Models."""
LAND, BORROWED, WEIGHTS, EQUAL_WEIGHTS = "land", "borrowed", "weights", "equal_weights"
"""Equations of the flags of land cover, of factors of another set, and of the criteria."""
PER_HEAD, PER_VALUE_ADDED = "per_head", "per_value_added"
N_OVERSHOOT, N_DEFICIT, N_SURPLUS = "n_overshoot", "n_deficit", "n_surplus"
"""Provinces of a depth above one; that emit more than all their land takes up; that emit less."""
COVERED = "unused_to_overshoot"
"""Unused uptake against the overshoot, t C: below one, others' flow cannot make up for it."""
OF_TYPE = tuple(name for name in MEASURES if name != "footprint_3d")
"""Measures of single land types; their 3-D footprint is their footprint."""
SCORES = ("equity", "efficiency", "index")
PLACES = ("rank", "quadrant")
RANGES = ("rank_low", "rank_high")


def emission_rows(
    table: IndustrialEmissionsTable,
    found: StudiedFootprint,
    regions: Mapping[str, tuple[str, ...]],
    key: TableKey,
) -> pd.DataFrame:
    """Energy emissions of industry, beside the published.

    Parameters
    ----------
    table : IndustrialEmissionsTable
    found : StudiedFootprint
    regions : mapping
        Region -> provinces.
    key : TableKey

    Returns
    -------
    DataFrame, columns of estimates
        Every year; Mt CO2. Model `energy`: terms fuels and `total`, value and share; equation empty
        for all provinces, `industry` and `power` for their parts, a region or province for its
        total. `inventory`: the published ones, missing in years in which a province did not report.
        `difference`: computed less published, and their ratio, over the provinces that both have
        (`n_units`); the same scope whatever the table counts.
    """
    shared = {"outcome": CO2, "estimator": ENERGY}
    rows = [{**shared, **row} for row in _computed_rows(found, regions)]
    if found.published is not None and found.check is not None:
        printed = _published_rows(found.published)
        rows += [{**shared, "estimator": INVENTORY, "model": INVENTORY, **row} for row in printed]
        rows += [{**shared, "model": DIFFERENCE, **row} for row in _difference_rows(found.check)]
    return complete_rows(rows, key)


def flag_rows(found: StudiedFootprint, key: TableKey) -> pd.DataFrame:
    """Where the numbers of a table rest on no report.

    Parameters
    ----------
    found : StudiedFootprint
    key : TableKey

    Returns
    -------
    DataFrame, columns of estimates
        Model `flag`, outcome `co2`: number of provinces by state of the year; equation a province:
        1 in a year that is no report; `dropped`: provinces without a report in a year that is left
        out, all; `land`: provinces whose land cover is of another year;
        `borrowed`: share of emissions from factors of another set.
    """
    shared = {"outcome": CO2, "estimator": ENERGY, "model": FLAG}
    return complete_rows([{**shared, **row} for row in _flag_rows(found)], key)


def of_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    """Rows of one year of a frame with index (province, year), by province."""
    return frame[frame.index.get_level_values("year") == year].droplevel("year")


def _computed_rows(found: StudiedFootprint, regions: Mapping[str, tuple[str, ...]]) -> Rows:
    by_fuel, parts = found.by_fuel, found.emissions.values[[OWN, POWER]]
    total = found.measures["emissions"]
    for year in found.years:
        own = of_year(by_fuel, year).dropna()
        shared = {"model": ENERGY, "year": year, "n_units": len(own)}
        whole = own.sum()
        yield {**shared, **value_row(TOTAL, whole.sum())}
        for fuel, co2 in whole.items():
            yield {**shared, **value_row(str(fuel), co2)}
            yield {**shared, **share_row(str(fuel), co2 / whole.sum())}
        for part, co2 in of_year(parts, year).loc[own.index].sum().items():
            yield {**shared, "equation": str(part), **value_row(TOTAL, co2)}
            yield {**shared, "equation": str(part), **share_row(TOTAL, co2 / whole.sum())}
        by_province = of_year(total.to_frame(), year)[total.name]
        for region, codes in regions.items():
            members = by_province.reindex(list(codes)).dropna()
            place = {**shared, "equation": region, "n_units": len(members)}
            yield {**place, **value_row(TOTAL, members.sum())}
            yield {**place, **share_row(TOTAL, members.sum() / whole.sum())}
        for province, co2 in by_province.items():
            yield {**shared, "equation": province, "n_units": 1, **value_row(TOTAL, co2)}


def _flag_rows(found: StudiedFootprint) -> Rows:
    for counts in row_dicts(found.emissions.counts().reset_index()):
        for state in STATES:
            yield {"year": counts["year"], **value_row(state, counts[state])}
    n_provinces = found.emissions.values.index.unique("province").size
    for gone in found.emissions.dropped:
        yield {"year": gone, **value_row(DROPPED, n_provinces)}
    filled = found.emissions.state[found.emissions.state.ne(REPORTED)]
    for cell in row_dicts(filled.reset_index()):
        place = {"year": cell["year"], "equation": cell["province"]}
        yield {**place, **value_row(cell["state"], 1.0)}
    held = found.land_state.eq(HELD).groupby(level="year").sum()
    for year, number in held.items():
        yield {"year": year, "equation": LAND, **value_row(HELD, number)}
    if found.borrowed:
        sums = found.by_fuel.groupby(level="year").sum()
        shares = sums[list(found.borrowed)].sum(axis=1) / sums.sum(axis=1)
        for year, share in shares.items():
            yield {"year": year, "equation": BORROWED, **share_row(TOTAL, share)}


def _published_rows(published: pd.DataFrame) -> Rows:
    for year, own in published.groupby(level="year"):
        by_province = own.droplevel("year")
        whole = by_province.sum(skipna=False)
        shared = {"year": year, "n_units": int(by_province.notna().all(axis=1).sum())}
        yield {**shared, **value_row(TOTAL, whole.sum(skipna=False))}
        for fuel, co2 in whole.items():
            yield {**shared, **value_row(str(fuel), co2)}
        for province, co2 in by_province.sum(axis=1, skipna=False).items():
            yield {**shared, "n_units": 1, "equation": province, **value_row(TOTAL, co2)}


def _difference_rows(check: pd.DataFrame) -> Rows:
    both = check.dropna()
    sums = with_difference(both.groupby(level="year")[["computed", "published"]].sum())
    whole = sums.assign(province="", n_units=both.groupby(level="year").size())
    lines = row_dicts(whole.reset_index()) + row_dicts(both.assign(n_units=1).reset_index())
    for row in lines:
        shared = {"year": row["year"], "equation": row["province"], "n_units": row["n_units"]}
        yield {
            **shared,
            "quantity": Quantity.DIFFERENCE.value,
            "term": TOTAL,
            "estimate": float(row["difference"]),
        }
        yield {**shared, **ratio_row(TOTAL, row["ratio"])}


def account_rows(
    table: FootprintAccountsTable,
    found: StudiedFootprint,
    section: FootprintSection,
    regions: Mapping[str, tuple[str, ...]],
    key: TableKey,
) -> pd.DataFrame:
    """Footprint in three dimensions of provinces, regions and all.

    Parameters
    ----------
    table, found, regions, key
        As in `emission_rows`.
    section : FootprintSection
        For the years that are printed.

    Returns
    -------
    DataFrame, columns of estimates
        Model `accounts`, `spec` the unit (hm2, gha); equation a province, a region, or empty for
        all. `value`: measures of the accounts (10^4 ha, 10^4 t C and ratios), `per_head` (ha per
        person),
        `per_value_added` (ha per 10^4 yuan) in every year; in printed years those of land types,
        term `<measure>.<land type>`. Regions and all also have, value and share, `n_overshoot`,
        provinces of a depth above one, `n_deficit` and `n_surplus`, those that emit more and less
        carbon than their land takes up; and the ratio `unused_to_overshoot`. Model `difference`:
        ratio of computed to published emissions of all, which the footprint grows with.
    """
    shared = {
        "model": ACCOUNTS,
        "outcome": FOOTPRINT,
        "spec": section.unit,
        "estimator": ACCOUNTS,
    }
    rows = [{**shared, **row} for row in _province_rows(found)]
    groups: dict[str, tuple[str, ...] | None] = {**regions, "": None}
    for equation, codes in groups.items():
        rows += [{**shared, "equation": equation, **row} for row in _group_rows(found, codes)]
    by_type = found.accounts.by_type
    if by_type.index.unique("land_type").size > 1:
        years = table.printed_years(section)
        chosen = by_type[by_type.index.get_level_values("year").isin(years)]
        for line in row_dicts(chosen.reset_index()):
            place = {"equation": line["province"], "year": line["year"], "n_units": 1}
            kind = line["land_type"]
            rows += [
                {**shared, **place, **value_row(f"{name}.{kind}", line[name])} for name in OF_TYPE
            ]
    if found.check is not None:
        level = {"model": DIFFERENCE, "outcome": CO2, "estimator": ENERGY}
        rows += [
            {**level, **row}
            for row in _difference_rows(found.check)
            if not row["equation"] and row["quantity"] == Quantity.RATIO.value
        ]
    return complete_rows(rows, key)


def _province_rows(found: StudiedFootprint) -> Rows:
    terms = [*MEASURES, PER_HEAD, PER_VALUE_ADDED]
    for line in row_dicts(found.measures.reset_index()):
        place = {"equation": line["province"], "year": line["year"], "n_units": 1}
        for term in terms:
            yield {**place, **value_row(term, line[term])}


def _group_rows(found: StudiedFootprint, codes: tuple[str, ...] | None) -> Rows:
    """Rows of a group of provinces; None: of all."""
    known = found.measures.index.unique("province") if codes is None else codes
    members = {str(code): "" for code in known}
    sums = found.accounts.grouped(members).droplevel("group")
    own = found.measures[found.measures.index.get_level_values("province").isin(list(members))]
    own = own.dropna(subset=["footprint"])
    years = own.index.get_level_values("year")
    population = found.population.loc[own.index].groupby(years).sum()
    value_added = found.value_added.loc[own.index].groupby(years).sum()
    sums = sums.assign(
        **{
            PER_HEAD: calc_per_unit(sums["footprint"], population),
            PER_VALUE_ADDED: calc_per_unit(sums["footprint"], value_added, HA_PER_AMOUNT),
            N_OVERSHOOT: own["overshoot"].gt(0).groupby(years).sum(),
            N_DEFICIT: own["uptake_deficit"].gt(0).groupby(years).sum(),
            N_SURPLUS: own["uptake_deficit"].lt(0).groupby(years).sum(),
        }
    )
    for line in row_dicts(sums.reset_index()):
        place = {"year": line["year"], "n_units": line["n_units"]}
        counts = (N_OVERSHOOT, N_DEFICIT, N_SURPLUS)
        for term in (*MEASURES, PER_HEAD, PER_VALUE_ADDED, *counts):
            yield {**place, **value_row(term, line[term])}
        for term in counts:
            yield {**place, **share_row(term, line[term] / line["n_units"])}
        if line["uptake_overshoot"] > 0:
            ratio = line["uptake_unused"] / line["uptake_overshoot"]
            yield {**place, **ratio_row(COVERED, ratio)}


def potential_rows(
    table: ReductionPotentialTable,
    found: StudiedFootprint,
    section: FootprintSection,
    regions: Mapping[str, tuple[str, ...]],
    key: TableKey,
    *,
    seed: int,
) -> pd.DataFrame:
    """Reduction potential of provinces and regions in the printed years.

    Parameters
    ----------
    table, found, section, regions, key
        As in `account_rows`.
    seed : int
        Of the study, for the random weights.

    Returns
    -------
    DataFrame, columns of estimates
        Model `equity_efficiency`: equation a province: equity, efficiency, index, rank, quadrant,
        rank_low, rank_high, and the share `reduction` in index times emissions; a region: means of
        the three scores, sum of the share; `weights`: entropy weight of each criterion;
        `equal_weights`: rank correlation with the index of equal weights. `benchmark`,
        `overshoot`: value (Mt CO2) and share of the emissions of a province, a region, all.
    """
    rows: list[dict[str, Any]] = []
    for year in table.printed_years(section):
        if year not in found.years:
            continue
        own = calc_criteria(found, year)
        shared = {"outcome": POTENTIAL, "year": year, "estimator": ACCOUNTS}
        drawn = {"draws": table.draws, "seed": named_seed(seed, key.table, str(year))}
        made = calc_equity_efficiency(
            own[[*EQUITY, *EFFICIENCY]],
            own["emissions"],
            equity_weight=table.equity_weight,
            draws=drawn["draws"],
            seed=drawn["seed"],
        )
        scored = _score_rows(made, regions, drawn if table.draws else {})
        rows += [{**shared, "model": EQUITY_EFFICIENCY, **row} for row in scored]
        footprint, capacity = (land.loc[own.index] for land in _land_of(found, year))
        amounts = {
            BENCHMARK: calc_benchmark_potential(own["emissions"], own["value_added"]),
            OVERSHOOT: calc_overshoot_potential(footprint, capacity, own["emissions"]),
        }
        for model, amount in amounts.items():
            reduced = _amount_rows(model, amount, own["emissions"], regions)
            rows += [{**shared, "model": model, **row} for row in reduced]
    return complete_rows(rows, key)


def _land_of(found: StudiedFootprint, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Footprint and capacity of a year, index province, columns land types."""
    own = found.accounts.by_type.xs(year, level="year")
    return own["footprint"].unstack(LAND_TYPE), own["capacity"].unstack(LAND_TYPE)


def calc_criteria(found: StudiedFootprint, year: int) -> pd.DataFrame:
    """What the potential of a year is made from.

    Parameters
    ----------
    found : StudiedFootprint
    year : int

    Returns
    -------
    DataFrame, index province
        The criteria of `EQUITY` and `EFFICIENCY`; emissions (Mt), value_added (10^4 yuan).
        Provinces without emissions in the year are left out; `cumulative_share` is the share in
        the emissions of those years so far in which all the others have emissions: a province
        with a year less would have the smaller share for want of a report.
    """
    own = of_year(found.measures, year).dropna(subset=["emissions"])
    so_far = found.measures[found.measures.index.get_level_values("year") <= year]
    by_year = so_far["emissions"].unstack("year").loc[own.index]
    cumulative = by_year.dropna(axis="columns").sum(axis=1)
    return own[["emissions", "depth", PER_HEAD, PER_VALUE_ADDED]].assign(
        cumulative_share=cumulative / cumulative.sum(),
        coal_share=calc_coal_share(of_year(found.by_fuel, year).loc[own.index]),
        value_added=of_year(found.value_added.to_frame("value"), year).loc[own.index, "value"],
    )


def _score_rows(
    made: ReductionPotential, regions: Mapping[str, tuple[str, ...]], drawn: Mapping[str, int]
) -> Rows:
    n_units = len(made.frame)
    for province, line in made.frame.iterrows():
        place = {"equation": province, "n_units": n_units}
        for term in (*SCORES, *PLACES):
            yield {**place, **value_row(term, line[term])}
        for term in RANGES if drawn else ():
            yield {**place, **drawn, **value_row(term, line[term])}
        yield {**place, **share_row("reduction", line["share"])}
    for region, codes in regions.items():
        own = made.frame.reindex(list(codes)).dropna(subset=["index"])
        place = {"equation": region, "n_units": len(own)}
        for term in SCORES:
            yield {**place, "quantity": Quantity.MEAN.value, "term": term,
                   "estimate": float(own[term].mean())}  # fmt: skip
        yield {**place, **share_row("reduction", own["share"].sum())}
    for criterion, weight in made.weights.items():
        yield {"equation": WEIGHTS, "n_units": n_units, **value_row(str(criterion), weight)}
    yield {
        "equation": EQUAL_WEIGHTS,
        "n_units": n_units,
        **value_row("rank_correlation", made.equal_weights),
    }


def _amount_rows(
    model: str, amount: pd.DataFrame, emissions: pd.Series, regions: Mapping[str, tuple[str, ...]]
) -> Rows:
    for province, line in amount.iterrows():
        place = {"equation": province, "n_units": 1}
        yield {**place, **value_row(model, line["amount"])}
        yield {**place, **share_row(model, line["share"])}
    groups = {**regions, "": list(amount.index)}
    for name, codes in groups.items():
        own = [code for code in codes if code in amount.index]
        place = {"equation": name, "n_units": len(own)}
        reduced = amount.loc[own, "amount"].sum()
        yield {**place, **value_row(model, reduced)}
        yield {**place, **share_row(model, reduced / emissions.loc[own].sum())}
