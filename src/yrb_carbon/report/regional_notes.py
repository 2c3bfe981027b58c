"""Notes below the tables of regional facts: sources and their years, units, definitions."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pandas as pd

from yrb_carbon.report.account_tables import year_runs, years_of
from yrb_carbon.report.embodied_names import named
from yrb_carbon.report.embodied_notes import EXPORTS_NOTES, MISSING_INVENTORY
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import place_name
from yrb_carbon.report.regional_names import UNEQUAL
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import RegionalSection, RegionalTransferTable

EXACT_NOTE = message(
    "Sums and ratios of published numbers: there is neither a sample nor a covariance."
)
REGIONS_NOTE = message("Regions: {regions}.")
FOREST_NOTE = message(
    "Standing forest stock, 10^4 m3, of the national forest inventory of {years} as printed by "
    "Bai, Guo and Lai (2022, table 1). Carbon dioxide held is {factor:g} t per m3 of stock: what "
    "is there, no annual uptake."
)
FLOW_NOTE = message(
    "Uptake: {factor:g} t CO2 per m3 of growth since the inventory before, a mean year."
)
NO_FLOW_NOTE = message("With one inventory there is no growth and so no annual uptake.")
LAND_NOTE = message(
    "10^3 ha of {years}, from the China Statistical Yearbook 2021 as printed by Bai, Guo and Lai "
    "(2022, table 2). Percentages are of agricultural and construction land together; unused land "
    "is in neither."
)
SCOPES = {
    "total": message("with the process of cement"),
    "energy": message("fuels alone"),
}
EMISSIONS_NOTE = message(
    "Mt CO2 of all sectors and households of the provincial inventories of {years}, {scope}, where "
    "they arise: bought electricity and heat are not counted again. {n} provinces report; Tibet "
    "has no inventory. Intensity is emissions over GDP at current prices, t per 10^4 yuan (10^4 t "
    "per 10^8 yuan), of a region the sum over the sum, without Tibet in either. Rank 1 is the "
    "largest."
)
MISSING_NOTE = message("A province without a report leaves the sums that need it empty: {cells}.")
SPREAD_NOTE = message("Pages show some of the years; the CSV file has all.")
MATRIX_NOTE = message(
    "Emissions of an area that the final demand of another drives, through all supply chains, "
    "{year}; the diagonal is its own demand. For others: what others drive here, of others: what "
    "its demand drives elsewhere, net: the former less the latter; percentages are of the sums "
    "over the areas, of net among those of one sign. Emissions of households are in no flow."
)
SYSTEM_NOTE = message("Input-output system: {name}.")
NO_TRANSFER_NOTE = message("The study names no input-output system, so there are no transfers.")
BASE_NOTE = message(
    "Emissions, GDP, forest and land, their sums and shares, are of the {n} provinces with an "
    "inventory of {year}; forest and land of all provinces have tables of their own."
)
COEFFICIENT_NOTE = message(
    "Economic contribution: share of GDP over share of emissions; ecological support: share of the "
    "CO2 held in the forest over share of emissions; above 1 a place has more of it than of the "
    "emissions. Both at least 1: low carbon; the first alone: economic surplus; the second alone: "
    "sink surplus; neither: high carbon (Lu et al. 2013). Assumption: shares of the stock stand "
    "for shares of the annual uptake, of which there is no provincial table."
)
HELD_NOTE = message(
    "CO2 held in the forest is a stock, {factor:g} t per m3 standing, and no annual sink to set "
    "against a year's emissions."
)
MOVED_NOTE = message(
    "Transfers are of all provinces of the input-output table; between regions, transfers within a "
    "region are none."
)
SILENT_NOTE = message(
    "What a province without an inventory emits for others is not known ({names}): its cells are "
    "empty, and in the sums of areas and regions it counts as zero."
)
THEIL_NOTE = message(
    "Theil's T of provinces weighted by their share of the denominator, parted into that between "
    "and that within the three regions; 0 is equality. Provinces: {counts}."
)


def section_of(study: Study) -> RegionalSection:
    """Section of regional facts of a study that has tables of them."""
    if study.regional is None:
        raise TypeError("the study has no section of regional facts")
    return study.regional


def forest_notes(study: Study, rows: pd.DataFrame, words: Words) -> list[str]:
    """Notes of the forest stock."""
    factor = section_of(study).sink_factor
    grown = rows["equation"].eq("flow").any()
    said = [
        words(FOREST_NOTE, years=_years(rows, words), factor=factor),
        words(FLOW_NOTE, factor=factor) if grown else words(NO_FLOW_NOTE),
    ]
    return _notes(said, study, words)


def land_notes(study: Study, rows: pd.DataFrame, words: Words) -> list[str]:
    """Notes of agricultural and construction land."""
    return _notes([words(LAND_NOTE, years=_years(rows, words))], study, words)


def emission_notes(study: Study, rows: pd.DataFrame, is_spread: bool, words: Words) -> list[str]:
    """Notes of emissions and intensity; `is_spread` where pages show some years alone."""
    emitted = rows[rows["model"].eq("emissions")]
    counts = sorted({int(count) for count in emitted["n_units"].dropna()})
    said = [
        words(
            EMISSIONS_NOTE,
            years=_years(emitted, words),
            scope=words(SCOPES[section_of(study).scope]),
            n=words.listing(map(str, counts)),
        ),
        *_missing(
            emitted[emitted["quantity"].eq("value") & emitted["equation"].eq("")], "term", words
        ),
        *([words(SPREAD_NOTE)] if is_spread else []),
    ]
    return _notes(said, study, words)


def _missing(emitted: pd.DataFrame, place: str, words: Words) -> Iterator[str]:
    """Provinces, which the column `place` names, and years without emissions."""
    lost = emitted[emitted["estimate"].isna() & emitted[place].isin(load_provinces().codes)]
    cells = [
        words("{name} {year}", name=place_name(str(code), words), year=int(year))
        for code, year in lost[[place, "year"]].sort_values(["year", place]).to_numpy().tolist()
    ]
    if cells:
        yield words(MISSING_NOTE, cells=words.listing(cells))


def side_by_side_notes(
    table: RegionalTransferTable, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Notes of transfers, balance and inequality."""
    balance = list(_balance_said(study, rows[rows["model"].eq("balance")], words))
    unequal = rows[rows["model"].eq("theil")]
    theil = [] if unequal.empty else [words(THEIL_NOTE, counts=_counts(unequal, words))]
    moved = words.sentences(_matrix_said(study, rows[rows["model"].eq("matrix")], words))
    return [moved, *_notes([*balance, *theil], study, words)]


def _matrix_said(study: Study, matrix: pd.DataFrame, words: Words) -> Iterator[str]:
    """What flows between areas are, of which system, and what it makes of exports and Tibet."""
    if matrix.empty or study.embodied is None:
        yield words(NO_TRANSFER_NOTE)
        return
    yield words(MATRIX_NOTE, year=_years(matrix, words))
    yield words(EXPORTS_NOTES[study.embodied.exports])
    yield words(MISSING_INVENTORY[study.embodied.missing_inventory])
    yield words(SYSTEM_NOTE, name=system_name(study, words))


def _balance_said(study: Study, balance: pd.DataFrame, words: Words) -> Iterator[str]:
    """Which provinces the balance is of, and what its columns are."""
    emitted = balance[balance["term"].eq("emissions") & balance["quantity"].eq("value")]
    own = emitted[emitted["equation"].isin(load_provinces().codes)]
    if own.empty:
        return
    yield words(BASE_NOTE, n=len(own), year=_years(own, words))
    yield from _missing(own, "equation", words)
    yield words(COEFFICIENT_NOTE)
    yield words(HELD_NOTE, factor=section_of(study).sink_factor)
    if balance["term"].str.startswith("transfer_").any():
        yield words(MOVED_NOTE)
        yield from _silent(balance, words)


def _silent(balance: pd.DataFrame, words: Words) -> Iterator[str]:
    """Provinces that take from others, and of which it is not known what they emit for them."""
    known = {
        term: set(balance.loc[balance["term"].eq(term) & balance["estimate"].notna(), "equation"])
        for term in ("transfer_in", "transfer_out")
    }
    lost = known["transfer_in"] - known["transfer_out"]
    names = [place_name(code, words) for code in load_provinces().codes if code in lost]
    if names:
        yield words(SILENT_NOTE, names=words.listing(names))


def _counts(unequal: pd.DataFrame, words: Words) -> str:
    """How many provinces each inequality is of, `Emissions per head: 30, 2010 (29)`."""
    return words.clauses(
        _count(named(UNEQUAL, name, words), unequal[unequal["equation"].eq(name)], words)
        for name in UNEQUAL
        if unequal["equation"].eq(name).any()
    )


def _count(name: str, rows: pd.DataFrame, words: Words) -> str:
    by_year = rows.groupby("year")["n_units"].first().astype(int)
    most = by_year.max()
    fewer = [words("{name} ({n})", name=year, n=n) for year, n in by_year[by_year < most].items()]
    return words("{name}: {n}", name=name, n=words.listing([str(most), *fewer]))


def system_name(study: Study, words: Words) -> str:
    """Name of the input-output system of the transfers; empty where there is none."""
    transfer = section_of(study).transfer
    if transfer is None or study.embodied is None:
        return ""
    label = study.embodied.systems[transfer.system].label
    return transfer.system if label is None else words.label(label)


def _notes(said: list[str], study: Study, words: Words) -> list[str]:
    """What is said of the table, what holds for all, and the study's own note."""
    note = section_of(study).note
    common = [words(EXACT_NOTE), regions_text(words)]
    return [words.sentences(said), words.sentences(common), *([words.label(note)] if note else [])]


def regions_text(words: Words, provinces: Collection[str] | None = None) -> str:
    """Which provinces the three regions have; of some provinces alone, where these are given."""
    grouped = load_provinces().grouped("region")
    regions = words.clauses(
        words(
            "{name}: {members}",
            name=place_name(region, words),
            members=words.listing(place_name(code, words) for code in own),
        )
        for region, codes in grouped.items()
        if (own := [code for code in codes if provinces is None or code in provinces])
    )
    return words(REGIONS_NOTE, regions=regions)


def _years(rows: pd.DataFrame, words: Words) -> str:
    return words.listing(year_runs(years_of(rows)))
