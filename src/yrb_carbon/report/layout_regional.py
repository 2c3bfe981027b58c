"""Printed tables of regional facts: forest, land, emissions, transfers between areas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from yrb_carbon.report.account_tables import (
    PERCENT,
    Body,
    Lines,
    Panel,
    has_term,
    number_at,
    numbers_of,
    shown_parts,
    stacked,
    year_heads,
    years_of,
)
from yrb_carbon.report.embodied_names import named
from yrb_carbon.report.language import message
from yrb_carbon.report.place_names import (
    TOTAL,
    area_name,
    grouped_places,
    place_heads,
    place_name,
)
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.regional_names import (
    BALANCE_TERMS,
    BALANCE_TYPES,
    LAND_KINDS,
    MOVED,
    OUTSIDE,
    UNEQUAL,
)
from yrb_carbon.report.regional_notes import (
    emission_notes,
    forest_notes,
    land_notes,
    side_by_side_notes,
)
from yrb_carbon.study.accounts import spread_years
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import AREAS, REGIONS
from yrb_carbon.study.regional import (
    ForestStockTable,
    LandUseTable,
    RegionalEmissionsTable,
    RegionalTransferTable,
)

STOCK, CARBON, FLOW = "stock", "carbon", "flow"
EMISSIONS, INTENSITY, GDP = "emissions", "intensity", "gdp"
RANK, CONCENTRATION = "rank", "concentration"
MATRIX, AREAS_OF, BALANCE, THEIL = "matrix", "areas", "balance", "theil"
"""Models of the table of transfers."""
WITHIN = "within"
LARGEST = (5, 10)
"""So many of the largest provinces have a line of their share."""
MOST_AMOUNT = 2
"""Decimals of amounts, unless the layout names others."""

MT = message("Mt")
STOCK_UNIT, LAND_UNIT = message("10^4 m3"), message("10^3 ha")
HELD, TAKEN_UP = message("CO2 held, Mt"), message("uptake, Mt a year")
RANKED, PER_PRODUCT = message("rank"), message("t per 10^4 yuan")
RATIO, TYPE = message("ratio"), message("type")
REGION, PROVINCE = message("Region"), message("Province")
UNIT_HEAD = message("{name}, {unit}")
BALANCE_COLUMNS = (
    ("value", "emissions", MT),
    ("share", "emissions", PERCENT),
    ("share", "gdp", PERCENT),
    ("value", "stored", MT),
    ("share", "stored", PERCENT),
    ("value", "capacity", LAND_UNIT),
    ("share", "capacity", PERCENT),
    ("ratio", "intensity", PER_PRODUCT),
    ("ratio", "ecc", RATIO),
    ("ratio", "esc", RATIO),
    ("ratio", "type", TYPE),
    ("value", "transfer_out", MT),
    ("value", "transfer_in", MT),
    ("value", "transfer_net", MT),
)
"""Quantity, term and unit of the columns of the balance."""
PARTS = {
    "matrix": message("Emissions of the area in the row for the final demand of that in the "
                      "column, Mt"),
    "areas": message("Emissions for others and of others for the area"),
    "balance": message("Emission, forest, land and transfer side by side"),
    "inequality": message("Inequality between provinces: Theil's T"),
}  # fmt: skip


def layout_forest_stock(
    table: ForestStockTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Forest stock and its share by province, the carbon in it, and its annual uptake."""
    own = rows[rows["equation"].ne("") | rows["model"].eq(STOCK)]
    cells = numbers_of(own, "model", "equation", "quantity", "term", "year")
    years = years_of(rows)
    grown = years_of(rows[rows["equation"].eq(FLOW)])
    stock = rows[rows["model"].eq(STOCK)]
    lines = []
    for place, line in place_heads(set(stock["term"]), words).items():
        for year in years:
            line.append(
                words.amount(number_at(cells, STOCK, "", "value", place, year), MOST_AMOUNT)
            )
            line.append(words.percent(number_at(cells, STOCK, "", "share", place, year)))
            line.append(
                words.amount(number_at(cells, CARBON, STOCK, "value", place, year), MOST_AMOUNT)
            )
            if grown:
                line.append(
                    words.amount(number_at(cells, CARBON, FLOW, "value", place, year), MOST_AMOUNT)
                )
        lines.append(line)
    parts = [words(STOCK_UNIT), PERCENT, words(HELD), *([words(TAKEN_UP)] if grown else [])]
    heads = [words(REGION), words(PROVINCE), *year_heads(years, parts)]
    return pd.DataFrame(lines, columns=heads), forest_notes(study, rows, words)


def layout_land_use(table: LandUseTable, study: Study, rows: pd.DataFrame, words: Printer) -> Body:
    """Agricultural and construction land by province, and the share of each in both."""
    cells = numbers_of(rows, "model", "quantity", "term", "year")
    years = years_of(rows)
    kinds = [kind for kind in LAND_KINDS if rows["model"].eq(kind).any()]
    lines = []
    for place, line in place_heads(set(rows["term"]), words).items():
        for year in years:
            for kind in kinds:
                line.append(words.amount(number_at(cells, kind, "value", place, year), MOST_AMOUNT))
                line.append(words.percent(number_at(cells, kind, "share", place, year)))
        lines.append(line)
    parts = [
        words("{kind}, {unit}", kind=named(LAND_KINDS, kind, words), unit=unit)
        for kind in kinds
        for unit in (words(LAND_UNIT), PERCENT)
    ]
    heads = [words(REGION), words(PROVINCE), *year_heads(years, parts)]
    return pd.DataFrame(lines, columns=heads), land_notes(study, rows, words)


def layout_regional_emissions(
    table: RegionalEmissionsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Emissions, shares, ranks and intensity by region and by province; years in columns."""
    years = years_of(rows[rows["model"].eq(EMISSIONS)])
    body = _emission_body(rows, years, words)
    return body, emission_notes(study, rows, _page_years(table, years) != years, words)


def regional_emissions_page(
    table: RegionalEmissionsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The same of few years, unless the table names its own."""
    years = years_of(rows[rows["model"].eq(EMISSIONS)])
    return _emission_body(rows, _page_years(table, years), words)


def _page_years(table: RegionalEmissionsTable, years: list[int]) -> list[int]:
    return spread_years(years) if table.years is None else years


def _emission_body(rows: pd.DataFrame, years: Sequence[int], words: Printer) -> pd.DataFrame:
    cells = numbers_of(rows, "model", "equation", "quantity", "term", "year")
    emitted = rows[rows["model"].eq(EMISSIONS) & rows["equation"].eq("")]
    found = set(map(str, emitted["term"]))

    def numbers(place: str) -> list[str]:
        texts = []
        for year in years:
            at = partial(number_at, cells, EMISSIONS)
            texts.append(words.amount(at("", "value", place, year), MOST_AMOUNT))
            texts.append(words.percent(at("", "share", place, year)))
            texts.append(words.estimate(at(RANK, "value", place, year), 0))
            at = partial(number_at, cells, INTENSITY)
            texts.append(words.estimate(at("", "value", place, year)))
            texts.append(words.estimate(at(RANK, "value", place, year), 0))
        return texts

    regions = [place for _, place in grouped_places(found) if place in (*REGIONS, TOTAL)]
    provinces = place_heads(found - {*REGIONS, TOTAL}, words)
    shares = [
        [words("The {n} largest provinces", n=count), ""]
        + [
            text
            for year in years
            for text in (
                "",
                words.percent(
                    number_at(cells, EMISSIONS, CONCENTRATION, "share", str(count), year)
                ),
                *[""] * 3,
            )
        ]
        for count in LARGEST
        if has_term(rows[rows["equation"].eq(CONCENTRATION)], str(count))
    ]
    lines: dict[str, Lines] = {
        "regions": [[place_name(one, words), "", *numbers(one)] for one in regions] + shares,
        "provinces": [[*heads, *numbers(one)] for one, heads in provinces.items()],
    }
    of_product = words(PER_PRODUCT)
    parts = [words(MT), PERCENT, words(RANKED), of_product, words("rank by intensity")]
    heads = [words(REGION), words(PROVINCE), *year_heads(years, parts)]
    return pd.DataFrame(shown_parts(lines, words), columns=heads)


def layout_regional_transfer(
    table: RegionalTransferTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Transfers between areas, what they send and take, the balance, and inequality by year."""
    panels = _panels(rows, years_of(rows), words)
    return stacked(panels, words), side_by_side_notes(table, study, rows, words)


def regional_transfer_page(
    table: RegionalTransferTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The same with inequality of few years: the first, the last and three between."""
    unequal = rows[rows["model"].eq(THEIL)]
    return stacked(_panels(rows, spread_years(years_of(unequal)), words), words)


def _panels(rows: pd.DataFrame, years: Sequence[int], words: Printer) -> dict[str, list[Panel]]:
    models = (MATRIX, AREAS_OF, BALANCE, THEIL)
    by_model = {model: rows[rows["model"].eq(model)] for model in models}
    unequal = by_model[THEIL]
    found = {
        "matrix": _matrix_lines(by_model[MATRIX], words),
        "areas": _area_lines(by_model[AREAS_OF], words),
        "balance": _balance_lines(by_model[BALANCE], words),
        "inequality": _inequality_lines(unequal[unequal["year"].isin(list(years))], words),
    }
    return {part: [Panel(words(PARTS[part]), *lines)] for part, lines in found.items()}


def _matrix_lines(rows: pd.DataFrame, words: Printer) -> tuple[list[str], Lines]:
    cells = numbers_of(rows, "term")
    found = [area for area in AREAS if has_term(rows, f"{area}-{area}")]
    outside = [user for user in OUTSIDE if rows["equation"].eq(user).any()]
    lines = [
        [area_name(source, words)]
        + [
            words.amount(number_at(cells, f"{source}-{target}"), MOST_AMOUNT)
            for target in (*found, *outside)
        ]
        for source in found
    ]
    heads = [words("From, to"), *(area_name(area, words) for area in found)]
    return [*heads, *(named(OUTSIDE, user, words) for user in outside)], lines


def _area_lines(rows: pd.DataFrame, words: Printer) -> tuple[list[str], Lines]:
    cells = numbers_of(rows, "quantity", "equation", "term")
    found = [area for area in AREAS if has_term(rows, area)]
    columns = [
        (quantity, equation, words(UNIT_HEAD, name=named(MOVED, equation, words), unit=unit))
        for equation in MOVED
        for quantity, unit in (("value", words(MT)), ("share", PERCENT))
        if (rows["equation"].eq(equation) & rows["quantity"].eq(quantity)).any()
    ]
    lines = [
        [area_name(area, words)]
        + [
            _sized(number_at(cells, quantity, equation, area), quantity, words)
            for quantity, equation, _ in columns
        ]
        for area in found
    ]
    return [words("Area"), *(head for *_, head in columns)], lines


def _sized(value: float, quantity: str, words: Printer) -> str:
    return words.percent(value) if quantity == "share" else words.amount(value, MOST_AMOUNT)


def _balance_lines(rows: pd.DataFrame, words: Printer) -> tuple[list[str], Lines]:
    cells = numbers_of(rows, "equation", "quantity", "term")
    columns = [
        (quantity, term, words(UNIT_HEAD, name=_dated(term, rows, words), unit=words(unit)))
        for quantity, term, unit in BALANCE_COLUMNS
        if (rows["term"].eq(term) & rows["quantity"].eq(quantity)).any()
    ]
    heads = [words(REGION), words(PROVINCE), *(head for *_, head in columns)]
    lines = []
    for place, line in place_heads(set(rows["equation"]), words, whole="").items():
        for quantity, term, _ in columns:
            value = number_at(cells, place, quantity, term)
            line.append(_balanced(value, quantity, term, words))
        lines.append(line)
    return heads, lines


def _dated(term: str, rows: pd.DataFrame, words: Printer) -> str:
    """Name of a column of the balance with the year of its data."""
    years = years_of(rows[rows["term"].eq(term)])
    name = named(BALANCE_TERMS, term, words)
    return words("{name} {year}", name=name, year=words.listing(map(str, years)))


def _balanced(value: float, quantity: str, term: str, words: Printer) -> str:
    if term == "type":
        return "" if pd.isna(value) else named(BALANCE_TYPES, str(int(value)), words)
    return words.estimate(value) if quantity == "ratio" else _sized(value, quantity, words)


def _inequality_lines(rows: pd.DataFrame, words: Printer) -> tuple[list[str], Lines]:
    cells = numbers_of(rows, "equation", "year", "quantity", "term")
    terms = [f"{WITHIN}.{region}" for region in REGIONS]
    regions = [term for term in terms if has_term(rows, term)]
    lines = []
    for name in UNEQUAL:
        for place, year in enumerate(years_of(rows[rows["equation"].eq(name)])):
            at = partial(number_at, cells, name, year)
            numbers = [words.estimate(at("value", term)) for term in ("total", "between", WITHIN)]
            shares = [words.percent(at("share", term)) for term in ("between", WITHIN)]
            own = [words.estimate(at("value", term)) for term in regions]
            head = "" if place else named(UNEQUAL, name, words)
            lines.append([head, str(year), *numbers, *shares, *own])
    within = [
        words("Within: {region}", region=place_name(term.removeprefix(f"{WITHIN}."), words))
        for term in regions
    ]
    heads = [
        words("Of what"), words("Year"), words("Total"), words("Between regions"),
        words("Within regions"), words("Between, %"), words("Within, %"), *within,
    ]  # fmt: skip
    return heads, lines
