"""Numbers of the accounts that the first page shows: sums of the last year with data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.report.account_tables import number_at, numbers_of, years_of
from yrb_carbon.report.cells import format_estimate
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import TOTAL, place_name
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import KeyNumber
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import FootprintTable
from yrb_carbon.study.provinces import REGIONS
from yrb_carbon.study.tables import TableSection

MT = message("{value} Mt")
PLAIN = message("{value}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which number of a kind of table is shown.

    Attributes
    ----------
    label : str
        Message, with the year.
    model, term : str
        Of its row, whose equation is empty.
    unit : str
        Message for the number with its unit.
    detail : callable
        What else is said, of the rows of the year.
    """

    label: str
    model: str
    term: str
    unit: str
    detail: Callable[[pd.DataFrame, Words], str]


def account_numbers(run: Run) -> Iterator[KeyNumber]:
    """Numbers of the tables of accounts, one a kind of table that has any."""
    shown: set[str] = set()
    for name, table in run.study.tables.items():
        wanted = WANTED.get(table.kind)
        if wanted is None or table.kind in shown:
            continue
        rows = run.estimates[run.estimates["table"].eq(name) & run.estimates["estimate"].notna()]
        own = rows[
            rows["model"].eq(wanted.model)
            & rows["equation"].eq("")
            & rows["quantity"].eq("value")
            & rows["term"].eq(wanted.term)
        ]
        year = max(_known_years(own, table, run.study), default=None)
        if year is None:
            continue
        shown.add(table.kind)
        (value,) = own.loc[own["year"].eq(year), "estimate"]
        yield _number(run, name, wanted, rows[rows["year"].eq(year)], year, float(value))


def _known_years(rows: pd.DataFrame, table: TableSection, study: Study) -> list[int]:
    """Years of the rows, those of the footprint without what is held beyond the inventories."""
    years = years_of(rows)
    if isinstance(table, FootprintTable) and study.footprint is not None:
        return [year for year in years if year in study.footprint.measured_years]
    return years


def _number(
    run: Run, table: str, wanted: Wanted, rows: pd.DataFrame, year: int, value: float
) -> KeyNumber:
    def said(words: Words) -> str:
        return wanted.detail(rows, words)

    return KeyNumber(
        label=run.words(wanted.label, year=year),
        value=Words()(wanted.unit, value=format_estimate(value, 2)),
        interval="",
        detail=run.words.each(said),
        table=table,
    )


def _shares(model: str, by_equation: bool) -> Callable[[pd.DataFrame, Words], str]:
    """Shares of the regions in the whole."""

    def said(rows: pd.DataFrame, words: Words) -> str:
        own = rows[rows["model"].eq(model) & rows["quantity"].eq("share")]
        cells = numbers_of(own, "equation", "term")
        keys = {region: (region, TOTAL) if by_equation else ("", region) for region in REGIONS}
        return words.listing(
            words(
                "{name} {share} %",
                name=place_name(region, words),
                share=format_estimate(100 * number_at(cells, *key), 1),
            )
            for region, key in keys.items()
            if key in cells
        )

    return said


def _overshoot(rows: pd.DataFrame, words: Words) -> str:
    """In how many provinces the yearly uptake does not suffice."""
    cells = numbers_of(rows[rows["equation"].eq("")], "quantity", "term")
    count = number_at(cells, "value", "n_overshoot")
    return words("{n} provinces with a depth above 1", n=format_estimate(count, 0))


def _of_mining(rows: pd.DataFrame, words: Words) -> str:
    return words("Fuels burnt by mining, sum over the provinces")


WANTED: Mapping[str, Wanted] = {
    "mining_emissions": Wanted(
        message("Emissions of mining, {year}"), "inventory", TOTAL, MT, _of_mining
    ),
    "industrial_emissions": Wanted(
        message("Energy emissions of industry, {year}"), "energy", TOTAL, MT,
        _shares("energy", by_equation=True),
    ),
    "footprint_accounts": Wanted(
        message("Depth of the footprint, {year}"), "accounts", "depth", PLAIN, _overshoot
    ),
    "regional_emissions": Wanted(
        message("Emissions of all provinces, {year}"), "emissions", TOTAL, MT,
        _shares("emissions", by_equation=False),
    ),
}  # fmt: skip
"""Kind of table -> its number."""
