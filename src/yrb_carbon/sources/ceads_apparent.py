"""CEADs apparent (reference approach) CO2 emissions of provinces 1997-2019."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import RawTable, Reading, is_blank, normalised, tidy_table
from yrb_carbon.sources.workbook import existing_file, read_cells, sheet_names

YEAR_SHEET = re.compile(r"(19|20)\d{2}")
TOTAL = "Total apparent CO2 emissions (mt)"
ITEMS = "Items"
FUELS = ("Raw coal total", "Crude oil total", "Natural gas total")


def read_ceads_apparent(path: str | Path) -> SourceTable:
    """Read the row of apparent totals from every sheet named by a year.

    Parameters
    ----------
    path : str or Path
        Workbook with one sheet a year: provinces in columns after `Items`, fuels, cement and the
        total in rows.

    Returns
    -------
    SourceTable
        province (English, as printed), year; `co2_apparent_province` in Mt CO2. A total without
        any fuel (cement alone: years that a province did not report) is missing.

    Raises
    ------
    SourceError
        If no sheet is named by a year, a row or header is missing, or a province stands twice.
    """
    file = existing_file(path)
    names = sheet_names(file)
    sheets = sorted(name for name in names if YEAR_SHEET.fullmatch(name.strip()))
    if not sheets:
        raise SourceError(
            "no sheet is named by a year", Place(file), f"The sheets are: {listing(names, 40)}."
        )
    others = [name for name in names if name not in sheets]
    notes = [f"other sheets left out: {listing(map(repr, others))}"] if others else []
    parts = [_read_year(file, sheet, notes) for sheet in sheets]
    frame = pd.concat(parts, ignore_index=True)
    values = frame["co2_apparent_province"]
    check_column(values, "co2_apparent_province", Place(file, column=TOTAL))
    return tidy_table(frame, ("province", "year"), file, f"{sheets[0]} to {sheets[-1]}", notes)


def _read_year(file: Path, sheet: str, notes: list[str]) -> pd.DataFrame:
    cells = read_cells(file, sheet)
    top = cells[0] if cells else []
    if len(top) < 3 or normalised(top[1]) != normalised(ITEMS):
        raise SourceError(
            f"the first row does not begin with an empty cell and {ITEMS!r}",
            Place(file, sheet, 1),
            f"It begins with {listing(map(repr, top[:4]))}.",
        )
    provinces = [j for j, cell in enumerate(top) if j > 1 and not is_blank(cell)]
    junk = len(top) - 2 - len(provinces)
    if junk:
        notes.append(f"sheet {sheet}: {junk} columns without a province left out")
    labels = [str(top[j]).strip() for j in provinces]
    twice = sorted({name for name in labels if labels.count(name) > 1})
    if twice:
        raise SourceError(f"{listing(twice)} stands in two columns", Place(file, sheet, 1))
    total = _row(cells, file, sheet, TOTAL, provinces, labels)
    fuels = np.vstack([_row(cells, file, sheet, name, provinces, labels) for name in FUELS])
    unreported = np.all(np.nan_to_num(fuels) == 0, axis=0) & np.isfinite(total)
    if unreported.any():
        empty = [labels[i] for i in np.flatnonzero(unreported)]
        notes.append(f"sheet {sheet}: total without any fuel taken as missing: {listing(empty)}")
    return pd.DataFrame(
        {
            "province": labels,
            "year": int(sheet.strip()),
            "co2_apparent_province": np.where(unreported, np.nan, total),
        }
    )


def _row(
    cells: list[list[object]],
    file: Path,
    sheet: str,
    label: str,
    provinces: list[int],
    names: list[str],
) -> np.ndarray:
    """Numbers of the first row that has the label in one of its two leading cells."""
    for i, row in enumerate(cells[1:], start=1):
        if normalised(label) in {normalised(cell) for cell in row[:2]}:
            raw = RawTable(file, sheet, tuple(names), [[row[j] for j in provinces]], [i + 1])
            reading = Reading(raw)
            return np.array([reading.numbers_at(j)[0] for j in range(len(names))])
    leading = [str(cell) for row in cells for cell in row[:2] if not is_blank(cell)]
    raise SourceError(
        f"no row {label!r}", Place(file, sheet), f"Rows begin with: {listing(leading, 20)}."
    )
