"""Printed tables in one Excel workbook: a sheet a table, numbers as numbers.

A cell `-0.2145***` holds -0.2145 and a number format that shows stars, and `(0.0146)` one that
shows brackets, so that the sheet looks like the table and can be computed with. Intervals stay
texts. All digits of every number stand in estimates.csv, as the first sheet says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.fixed_zip import CREATED
from yrb_carbon.report.grid import MARKS, columns_of, headings, is_common, is_numeric, rows_of
from yrb_carbon.report.language import Words
from yrb_carbon.report.widths import natural_widths, text_width

ONE_NUMBER = re.compile(
    r"(?P<open>[(\[{]?)(?P<sign>-?)(?P<digits>\d+)(?:\.(?P<decimals>\d+))?"
    rf"(?P<power>e[+-]\d+)?(?P<marks>{MARKS})(?P<close>[)\]}}]?)"
)
"""A cell that holds one number: brackets, or marks of significance behind it."""

SHEET_NAME = 31
"""Characters that Excel takes as the name of a sheet."""

WIDEST = 45
"""Characters of a column; longer texts are broken into lines."""

TITLE_HEIGHT, NOTE_LINE = 22, 12.5
"""Heights of a title and of a line of notes in points."""

LEAST_NOTE_WIDTH = 80
"""Characters of a line of notes below a narrow table."""

FONT = {"en": "Times New Roman", "zh": "SimSun"}
TITLE_ROW, HEAD_ROW = 0, 1


def write_workbook(
    tables: Sequence[PrintedTable],
    path: str | Path,
    title: str,
    cautions: Sequence[str],
    words: Words,
) -> None:
    """Write tables of one language, a list of them with links before.

    Parameters
    ----------
    tables : sequence of PrintedTable
        A sheet each, with the whole body, not what a page shows of it.
    path : path
        The file; the same tables give the same bytes.
    title : str
        Of the study, on the first sheet.
    cautions : sequence of str
        What the first sheet says below the title.
    words : Words
        Language of the first sheet.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": title, "author": "", "created": CREATED})
    formats = _Formats(book, FONT[words.language])
    names = _sheet_names([words("Contents"), *(table.name for table in tables)])
    sheets = [book.add_worksheet(name) for name in names]
    lines = [(name, table.title) for name, table in zip(names[1:], tables, strict=True)]
    said = [title, *cautions, words("Every number with all its digits: estimates.csv.")]
    _write_contents(sheets[0], said, lines, formats)
    for sheet, table in zip(sheets[1:], tables, strict=True):
        _write_sheet(sheet, table, formats)
    book.close()


class _Formats:
    """Formats of cells, each made once."""

    def __init__(self, book: Any, font: str) -> None:
        self._book, self._font = book, font
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            plain = {"font_name": self._font, "font_size": 10, "valign": "top"}
            self._made[key] = self._book.add_format({**plain, **properties})
        return self._made[key]


def number_of(text: str) -> tuple[float, str] | None:
    """Number of a cell, and the number format that shows it as it is printed.

    Parameters
    ----------
    text : str
        Such as `-0.2145***`, `(0.0146)`, `[-0.5]`, `2.20e-16`, `1440`.

    Returns
    -------
    tuple of float and str, or None where the cell is no single number.
    """
    found = ONE_NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, digits, decimals, power = found.group("sign", "digits", "decimals", "power")
    value = float(f"{sign}{digits}.{decimals or 0}{power or ''}")
    shown = f"0.{'0' * len(decimals)}" if decimals else "0"
    shown += "E+00" if power else ""
    before, after = _quoted(found["open"]), _quoted(found["marks"] + found["close"])
    if not before:
        return value, f"{shown}{after}"
    # a format without one of its own for negative numbers sets the sign before the bracket
    return value, f"{before}{shown}{after};{_quoted(found['open'] + '-')}{shown}{after}"


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""


def _sheet_names(names: Iterable[str]) -> list[str]:
    """Names that Excel accepts, no two alike but for their case."""
    taken: list[str] = []
    for name in names:
        own, number = name[:SHEET_NAME], 1
        while own.casefold() in map(str.casefold, taken):
            number += 1
            own = f"{name[: SHEET_NAME - 1 - len(str(number))]}_{number}"
        taken.append(own)
    return taken


def _write_contents(
    sheet: Any, said: Sequence[str], lines: Sequence[tuple[str, str]], formats: _Formats
) -> None:
    """Title and cautions, then a link to each sheet with its title."""
    sheet.set_row(0, TITLE_HEIGHT)
    sheet.write_string(0, 0, said[0], formats(bold=True, font_size=14))
    for place, text in enumerate(said[1:], start=1):
        sheet.write_string(place, 0, text, formats(italic=True))
    first = len(said) + 1
    link = formats(font_color="#0563C1", underline=1)
    for place, (name, title) in enumerate(lines, start=first):
        sheet.write_url(place, 0, f"internal:'{name}'!A1", link, name)
        sheet.write_string(place, 1, title, formats())
    sheet.set_column(0, 0, 2 + max(text_width(name) for name, _ in lines))
    sheet.set_column(1, 1, 2 + max(text_width(title) for _, title in lines))


def _write_sheet(sheet: Any, table: PrintedTable, formats: _Formats) -> None:
    """One table: title, headings, rows, notes; the headings stay where they are."""
    body = table.body
    widths = [min(width, WIDEST) for width in natural_widths(body)]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.set_row(TITLE_ROW, TITLE_HEIGHT)
    sheet.write_string(TITLE_ROW, 0, table.heading, formats(bold=True, font_size=12))
    numeric = [is_numeric(cells) for cells in columns_of(body)]
    start = _write_head(sheet, [str(head) for head in body.columns], numeric, formats)
    sheet.freeze_panes(start, 1)
    rows = rows_of(body)
    for place, row in enumerate(rows, start=start):
        rule = {"bottom": 2} if place == start + len(rows) - 1 else {}
        _write_row(sheet, place, row, numeric, rule, formats)
    _write_notes(sheet, start + len(rows), table.notes, widths, formats)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD_ROW, start - 1)


def _merge(sheet: Any, cells: tuple[int, int, int, int], text: str, own: Any) -> None:
    """Merge cells and write a text, never a formula, into them."""
    sheet.merge_range(*cells, "", own)
    sheet.write_string(*cells[:2], text, own)


def _write_head(
    sheet: Any, heads: Sequence[str], numeric: Sequence[bool], formats: _Formats
) -> int:
    """Headings, merged where neighbours have a common one; returns the row below them."""
    shown, groups = headings(heads)
    last = HEAD_ROW + bool(groups)
    place = 0
    for name, span in groups or [("", 1)] * len(shown):
        if name:
            own = formats(top=2, bottom=1, align="center", bold=True)
            _merge(sheet, (HEAD_ROW, place, HEAD_ROW, place + span - 1), name, own)
        for at in range(place, place + span):
            side = "center" if numeric[at] else "left"
            properties = {"bottom": 1, "align": side, "bold": True, "text_wrap": True}
            if name or not groups:
                own = formats(**properties, **({} if name else {"top": 2}))
                sheet.write_string(last, at, shown[at], own)
            else:
                _merge(sheet, (HEAD_ROW, at, last, at), shown[at], formats(**properties, top=2))
        place += span
    return last + 1


def _write_row(
    sheet: Any,
    place: int,
    row: Sequence[str],
    numeric: Sequence[bool],
    rule: Mapping[str, int],
    formats: _Formats,
) -> None:
    if is_common(row):
        own = formats(align="center", text_wrap=True, **rule)
        sheet.write_string(place, 0, row[0], formats(**rule))
        _merge(sheet, (place, 1, place, len(row) - 1), row[1], own)
        return
    for at, text in enumerate(row):
        number = number_of(text)
        if number is not None:
            own = formats(num_format=number[1], align="center" if at else "left", **rule)
            sheet.write_number(place, at, number[0], own)
        elif text:
            side = "center" if numeric[at] else "left"
            sheet.write_string(place, at, text, formats(align=side, text_wrap=True, **rule))
        elif rule:
            sheet.write_blank(place, at, None, formats(**rule))


def _write_notes(
    sheet: Any, start: int, notes: Sequence[str], widths: Sequence[int], formats: _Formats
) -> None:
    """Notes across the columns of the table, and beyond those of a narrow one."""
    last, line = len(widths) - 1, sum(widths)
    while line < LEAST_NOTE_WIDTH:
        last, line = last + 1, line + 9
    for place, note in enumerate(notes, start=start):
        own = formats(text_wrap=True, font_size=9)
        if last:
            _merge(sheet, (place, 0, place, last), note, own)
        else:
            sheet.write_string(place, 0, note, own)
        sheet.set_row(place, NOTE_LINE * math.ceil(1.05 * text_width(note) / line))
