"""Ways to damage an input file that keep its layout otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl

Rows = list[list[object]]
Edit = Callable[[Rows], Rows | None]


def edit_sheet(file: Path, sheet: str, edit: Edit) -> None:
    """Change the cells of a sheet; a spreadsheet's row r is the item r - 1."""
    book = openpyxl.load_workbook(file)
    old = book[sheet]
    rows = [list(row) for row in old.iter_rows(values_only=True)]
    changed = edit(rows)
    rows = rows if changed is None else changed
    place = book.sheetnames.index(sheet)
    book.remove(old)
    new = book.create_sheet(sheet, place)
    for row in rows:
        new.append(row)
    book.save(file)


def edit_csv(file: Path, edit: Edit, encoding: str = "utf-8") -> None:
    """Change the cells of a CSV file; row r of a spreadsheet is the item r - 1."""
    rows: Rows = [list(row) for row in csv.reader(io.StringIO(file.read_text(encoding)))]
    changed = edit(rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows if changed is None else changed)
    file.write_text(text.getvalue(), encoding)


def put(row: int, column: int, value: object) -> Edit:
    """Write a value into the cell of a row and a column, both from 1."""

    def edit(rows: Rows) -> None:
        rows[row - 1][column - 1] = value

    return edit


def without_column(name: str) -> Edit:
    """Take a column out."""

    def edit(rows: Rows) -> Rows:
        place = rows[0].index(name)
        return [row[:place] + row[place + 1 :] for row in rows]

    return edit


def twice(row: int) -> Edit:
    """Repeat a row, from 1, at the end."""
    return lambda rows: [*rows, rows[row - 1]]


def times(column: int, factor: float) -> Edit:
    """Multiply a column, from 1."""

    def edit(rows: Rows) -> None:
        for row in rows[1:]:
            cell = row[column - 1]
            if cell not in (None, ""):
                row[column - 1] = float(str(cell)) * factor

    return edit


def without_year(year: int, column: int) -> Edit:
    """Take the rows of a year out; the years stand in a column from 1."""
    return lambda rows: [row for row in rows if str(row[column - 1]) != str(year)]
