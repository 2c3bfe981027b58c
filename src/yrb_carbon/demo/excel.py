"""Workbooks with the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

CREATED = datetime(2024, 1, 15)
"""Fixed, so that two runs write the same bytes."""

LARGEST_ROW = 1_048_576


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and the value that a spreadsheet keeps beside it."""

    text: str
    value: float


Cell = str | int | float | Formula | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells of one sheet.

    Attributes
    ----------
    name : str
    rows : iterable of sequences
        From the first row on.
    extra : mapping of (row, column) to cell
        Cells elsewhere, counted from 0: notes of vendors in odd places.
    formats : mapping of column to number format
    claims_all_rows : bool
        The sheet says that it has 1 048 576 rows.
    """

    name: str
    rows: Iterable[Sequence[Cell]]
    extra: Mapping[tuple[int, int], Cell] = field(default_factory=dict)
    formats: Mapping[int, str] = field(default_factory=dict)
    claims_all_rows: bool = False


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the sheets in their order.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with xlsxwriter.Workbook(str(path)) as book:
            book.set_properties({"created": CREATED, "comments": "synthetic demonstration data"})
            for sheet in sheets:
                _fill(book, book.add_worksheet(sheet.name), sheet)
    except FileCreateError as error:
        # it holds what the system said
        raise next((cause for cause in error.args if isinstance(cause, OSError)), error) from None


def _fill(book: Any, page: Any, sheet: Sheet) -> None:
    styles = {j: book.add_format({"num_format": text}) for j, text in sheet.formats.items()}
    for i, row in enumerate(sheet.rows):
        for j, cell in enumerate(row):
            if cell is not None:
                _put(page, i, j, cell, styles.get(j) if i else None)
    for (i, j), cell in sorted(sheet.extra.items()):
        _put(page, i, j, cell, None)
    if sheet.claims_all_rows:
        page.set_row(LARGEST_ROW - 1, 15.5)


def _put(page: Any, row: int, column: int, cell: Cell, style: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, Formula):
        page.write_formula(row, column, cell.text, style, cell.value)
    elif isinstance(cell, str):
        page.write_string(row, column, cell)
    else:
        page.write_number(row, column, cell, style)
