"""What printed tables of accounts are checked for: numbers, names, languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from chinese_texts import left_in_latin

from yrb_carbon.report.cells import PrintedTable, format_estimate, format_p
from yrb_carbon.report.language import Words
from yrb_carbon.study.config import SYNTHETIC_CAUTION

PLAIN = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
"""A cell that is a number."""
CODE = re.compile(r"\d\d|east|west|jing_jin|north_coast|total|[a-z]+_[a-z_]+")
"""A cell that is a code of estimates.csv and no name."""


def lines_of(body: pd.DataFrame, *start: str) -> list[list[str]]:
    """Lines of a table that begin with some texts."""
    found = [list(map(str, line)) for line in body.to_numpy().tolist()]
    return [line for line in found if line[: len(start)] == list(start)]


def texts_of(table: PrintedTable) -> list[str]:
    """All texts of a table: headings, cells, notes."""
    frames = (table.body, table.shown)
    cells = [str(cell) for frame in frames for cell in frame.to_numpy().ravel()]
    return [*(str(head) for frame in frames for head in frame), *cells, *table.notes]


def number_of(rows: pd.DataFrame, table: str, **wanted: Any) -> float:
    """The number of the one row with these cells; equation empty and a value unless told."""
    own = rows[rows["table"].eq(table)]
    for column, value in {"equation": "", "quantity": "value", **wanted}.items():
        own = own[own[column].eq(value)]
    (found,) = own["estimate"]
    return float(found)


def printed_forms(rows: pd.DataFrame) -> set[str]:
    """All ways in which a number of the rows may be printed."""
    values = [*rows["estimate"].dropna(), *rows["statistic"].dropna()]
    forms = {
        format_estimate(scale * value, digits)
        for value in values
        for scale in (1, 100)
        for digits in (0, 2, 4)
    }
    return forms | {format_p(p) for p in rows["p_value"].dropna()}


def strange_cells(table: PrintedTable, rows: pd.DataFrame, years: tuple[int, ...]) -> list[str]:
    """Numbers that are no row of the table and no year, and codes without a name."""
    known = printed_forms(rows[rows["table"].eq(table.name)]) | {str(year) for year in years}
    cells = [str(cell) for cell in table.body.to_numpy().ravel() if cell]
    numbers = [cell for cell in cells if PLAIN.fullmatch(cell)]
    assert len(numbers) > 30
    made_up = [cell for cell in numbers if cell not in known]
    return made_up + [cell for cell in cells if CODE.fullmatch(cell) and cell not in numbers]


def assert_says_what_rows_say(
    table: PrintedTable, rows: pd.DataFrame, years: tuple[int, ...]
) -> None:
    """Numbers are rows, codes have names, a Chinese table has no English, invented data a note."""
    assert strange_cells(table, rows, years) == []
    assert table.notes[-1] == Words(table.language).label(SYNTHETIC_CAUTION)
    if table.language == "zh":
        assert [text for text in texts_of(table) if left_in_latin(text)] == []


def assert_any_order(lay_out: Callable[..., PrintedTable], name: str, rows: pd.DataFrame) -> None:
    """Neither the language nor the order of the rows changes a number."""
    english = lay_out(name, rows)
    assert_same_numbers(english, lay_out(name, rows, "zh"))
    backwards = lay_out(name, rows[::-1])
    assert backwards.body.equals(english.body)
    assert backwards.notes == english.notes


def assert_same_numbers(one: PrintedTable, two: PrintedTable) -> None:
    """Both have the same shape and the same numbers in it, whatever their language."""
    for own, other in ((one.body, two.body), (one.shown, two.shown)):
        assert own.shape == other.shape
        assert own.columns.is_unique
        assert other.columns.is_unique
        for cell, same in zip(own.to_numpy().ravel(), other.to_numpy().ravel(), strict=True):
            if PLAIN.fullmatch(cell) or PLAIN.fullmatch(same):
                assert cell == same
