"""Yearly facts of provinces, from a file of any format that has them, by code of the province."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.gtmp import read_gtmp
from yrb_carbon.sources.province_land_cover import read_province_land_cover
from yrb_carbon.sources.province_panel import read_province_panel
from yrb_carbon.sources.tidy_csv import read_tidy_csv
from yrb_carbon.study.provinces import load_provinces

PROVINCE, YEAR = "province", "year"
PROVINCIAL_READERS: Mapping[str, Callable[[str | Path], SourceTable]] = MappingProxyType(
    {
        "gtmp": read_gtmp,
        "province_panel": read_province_panel,
        "province_land_cover": read_province_land_cover,
        "tidy_csv": read_tidy_csv,
    }
)
"""Format -> its reader; not by the registry of all, whose changes would make accounts anew."""


def read_provincial(
    format_: str, path: str | Path, columns: Sequence[str]
) -> tuple[pd.DataFrame, FileRecord]:
    """Read some columns of a file of yearly facts of provinces.

    Parameters
    ----------
    format_ : str
        One of `PROVINCIAL_READERS`.
    path : str or Path
    columns : sequence of str
        Names of the data dictionary.

    Returns
    -------
    DataFrame, index (province, year)
        Codes of the provinces in two digits; the columns in their order, in the units of the
        dictionary; rows without any of them are left out.
    FileRecord
        Its notes name the places of the country that are no row of data/provinces.csv, which are
        left out.

    Raises
    ------
    SourceError
        Whatever the reader finds wrong; also if the file has no such column or no provinces, or a
        province stands twice in a year.
    UnitError
        If a name is no province; the closest names are given.
    """
    table = PROVINCIAL_READERS[format_](path)
    frame, place = table.frame, Place(table.record.file)
    absent = [name for name in (PROVINCE, YEAR, *columns) if name not in frame]
    if absent:
        raise SourceError(
            f"no column {listing(absent)}", place, f"The columns are: {listing(frame.columns)}."
        )
    provinces = load_provinces()
    names = sorted(frame[PROVINCE].unique())
    outside = [name for name in names if provinces.is_outside(name)]
    codes = {name: provinces.code(name, place) for name in names if name not in outside}
    own = frame[~frame[PROVINCE].isin(outside)]
    coded = own.assign(**{PROVINCE: own[PROVINCE].map(codes)}).set_index([PROVINCE, YEAR])
    twice = coded.index[coded.index.duplicated()]
    if len(twice):
        keys = [f"{provinces.label(code)} {year}" for code, year in twice]
        raise SourceError(f"provinces stand twice in a year: {listing(keys)}", place)
    record = table.record
    if outside:
        note = f"not of the {len(provinces)} provinces, left out: {listing(outside)}"
        record = replace(record, notes=(*record.notes, note))
    return coded[list(columns)].dropna(how="all").sort_index(), record
