"""CEADs county CO2 emissions 1997-2017 (Chen et al. 2020, Scientific Data 7:391)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import (
    RawTable,
    Reading,
    check_unique,
    did_you_mean,
    normalised,
    tidy_table,
)

ENCODINGS = ("utf-8-sig", "gb18030")
CODE = "DISTCODE地区代码"
COUNTY, CITY, PROVINCE = "County Name", "City Name", "Province Name"
YEAR_COLUMN = re.compile(r"C(\d{4})")
COUNTY_CODE = re.compile(r"\d{6}(\(\d+\))?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PREFIX_DIGITS = 4


def read_ceads_county(path: str | Path) -> SourceTable:
    """Read county emissions, wide years to rows; every county keeps the name of its city.

    Parameters
    ----------
    path : str or Path
        CSV (GBK or UTF-8): DISTCODE地区代码, three pairs of names (Chinese, then English under the
        same header), C1997 … C2017 in Mt CO2.

    Returns
    -------
    SourceTable
        code (as printed, with a mark such as `320211(2)` where the file splits a county), province,
        name (county), city, year; `co2_ceads_county` in Mt CO2. Names are the Chinese ones. The
        first four digits of the code are those of the prefecture, except for municipalities
        (two prefixes) and units directly under a province (one prefix, several units).

    Raises
    ------
    SourceError
        See `Reading`; also for a missing name pair or year column.
    """
    raw = read_csv(path, ENCODINGS)
    reading = Reading(raw)
    codes = _county_codes(reading)
    frame = pd.DataFrame(
        {
            "code": codes,
            "province": _chinese(reading, PROVINCE),
            "name": _chinese(reading, COUNTY),
            "city": _chinese(reading, CITY),
        }
    )
    check_unique(frame, ("code",), reading.row_numbers, Place(raw.path))
    wide = _years(raw)
    values = np.column_stack([reading.numbers_at(j, minimum=0) for j in wide.values()])
    check_column(
        values.ravel(), "co2_ceads_county", Place(raw.path, column=next(iter(wide.keys())))
    )
    years = [int(YEAR_COLUMN.fullmatch(name)[1]) for name in wide]  # type: ignore[index]
    long = frame.loc[frame.index.repeat(len(years))].reset_index(drop=True)
    long["year"] = np.tile(np.array(years), len(frame))
    long["co2_ceads_county"] = values.ravel()
    reading.note(
        f"{len(frame)} counties in {len(set(zip(frame.province, frame.city, strict=True)))} "
        f"cities, {min(years)} to {max(years)}"
    )
    return tidy_table(
        long,
        ("code", "year"),
        raw.path,
        raw.sheet,
        reading.notes,
        extra_keys=("city",),
        row_numbers=np.repeat(reading.row_numbers, len(years)),
    )


def _county_codes(reading: Reading) -> list[str]:
    codes = [unicodedata.normalize("NFKC", code).strip() for code in reading.names(CODE)]
    for i, code in enumerate(codes):
        if not COUNTY_CODE.fullmatch(code):
            raise SourceError(
                f"{code!r} is not a six-digit code",
                reading.place(CODE, i),
                "Codes look like 140105, or 320211(2) for a part of a county.",
            )
    parts = sorted(code for code in codes if "(" in code)
    if parts:
        reading.note(f"{len(parts)} codes carry a mark for a part of a county: {listing(parts)}")
    return codes


def _positions(raw: RawTable, name: str) -> list[int]:
    return [i for i, text in enumerate(raw.header) if normalised(text) == normalised(name)]


def _chinese(reading: Reading, name: str) -> list[str]:
    """Chinese column of a pair that shares one header; the other one is English."""
    raw = reading.raw
    found = _positions(raw, name)
    for position in found:
        cells = [str(row[position]).strip() for row in reading.rows]
        if all(CHINESE.search(cell) for cell in cells):
            return cells
    if not found:
        guess = did_you_mean(name, raw.header)
        raise SourceError(
            f"no column {name!r}",
            Place(raw.path, row=1, column=name),
            f"{guess[:1].upper()}{guess[1:]}The columns are: {listing(raw.header, 40)}",
        )
    cells = [str(row[found[0]]).strip() for row in reading.rows]
    row = next(i for i, cell in enumerate(cells) if not CHINESE.search(cell))
    raise SourceError(
        f"{cells[row]!r} is not a Chinese name",
        reading.place(found[0], row),
        "One column of each pair of names holds the Chinese ones.",
    )


def _years(raw: RawTable) -> dict[str, int]:
    wide = {name: i for i, name in enumerate(raw.header) if YEAR_COLUMN.fullmatch(name)}
    if not wide:
        raise SourceError(
            "no year column such as C1997",
            Place(raw.path, row=1),
            f"The columns are: {listing(raw.header, 40)}",
        )
    if len(wide) != sum(bool(YEAR_COLUMN.fullmatch(name)) for name in raw.header):
        raise SourceError(
            "a year column stands twice", Place(raw.path, row=1), listing(raw.header, 40)
        )
    return wide


def sum_counties_to_cities(table: SourceTable) -> SourceTable:
    """Sum counties to the cities that the file prints beside them.

    E_ct = sum over counties of the city, in Mt CO2; a missing county makes the city missing.
    Counties are put in the order of their codes before summing, so that the sums are the same
    to the last bit whatever the order of the rows.

    Parameters
    ----------
    table : SourceTable
        Result of `read_ceads_county`.

    Returns
    -------
    SourceTable
        province, name (city as printed), year; `co2_ceads_county` in Mt CO2.
    """
    keys = ["province", "city", "year"]
    ordered = table.frame.sort_values([*keys, "code"], kind="stable")
    sums = ordered.groupby(keys, sort=True)["co2_ceads_county"].agg(_sum_all)
    frame = sums.rename_axis(["province", "name", "year"]).reset_index()
    note = f"{table.frame['code'].nunique()} counties summed to {_units(frame)} cities"
    record = replace(table.record, rows=len(frame), notes=(*table.record.notes, note))
    return SourceTable(frame, record)


def _units(frame: pd.DataFrame) -> int:
    return len(frame[["province", "name"]].drop_duplicates())


def _sum_all(values: pd.Series) -> float:
    return float(np.sum(values.to_numpy(dtype=float)))


def county_prefixes(table: SourceTable) -> pd.DataFrame:
    """First four digits of the county codes of each city, and how many counties it has.

    Returns
    -------
    DataFrame
        province, name (city), prefixes (joined by `+` when several), counties.
    """
    counties = table.frame[["province", "city", "code"]].drop_duplicates()
    rows: list[dict[str, object]] = []
    for (province, city), group in counties.groupby(["province", "city"], sort=True):
        prefixes: Sequence[str] = sorted({code[:PREFIX_DIGITS] for code in group["code"]})
        rows.append(
            {
                "province": province,
                "name": city,
                "prefixes": "+".join(prefixes),
                "counties": len(group),
            }
        )
    return pd.DataFrame(rows)
