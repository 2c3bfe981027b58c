"""Road area per person, the vendor workbook 各省+地级市+县级市人均道路面积."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from yrb_carbon.errors import SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, PROVINCE, CITY, CODE = "年份", "省份", "城市", "城市代码"
REPORTED = "人均道路面积（平方米）"
FILLED = "人均道路面积（平方米）  线性插值"

MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})
"""Their row of the province is the row of the city."""

DIRECT_PREFIX = "90"
"""Third and fourth digit of county-level units that stand directly under a province (济源)."""


RURAL_PREFIXES = range(21, 51)
"""Third and fourth digit of regions, leagues and autonomous prefectures (GB/T 2260). They are no
cities: the city construction yearbook cannot tabulate them, so a row with such a code is that of a
county-level city of the same name (临夏)."""


def level_of(code: str) -> str:
    """`province`, `prefecture`, `seat` or `county` by a six-digit code (GB/T 2260).

    Municipalities and units directly under a province count as prefectures; `seat` is a
    county-level city under the code of its autonomous prefecture, region or league.
    """
    if code in MUNICIPALITIES or code[2:4] == DIRECT_PREFIX:
        return "prefecture"
    if code.endswith("0000"):
        return "province"
    if not code.endswith("00"):
        return "county"
    return "seat" if int(code[2:4]) in RURAL_PREFIXES else "prefecture"


def read_roads(
    path: str | Path,
    *,
    sheet: str | None = None,
    series: Literal["reported", "interpolated"] = "reported",
) -> SourceTable:
    """Read road area per person in the urban districts, rows of prefecture level only.

    Parameters
    ----------
    path : str or Path
        Workbook in which provinces, prefectures and county-level cities stand in one column.
    sheet : str or None
        None: the first sheet with the columns.
    series : "reported" or "interpolated"
        Column as published, or the vendor's with linear interpolation.

    Returns
    -------
    SourceTable
        code, province, name (short), year; `road_area_pc` in m2 per person. With the
        interpolated series also `flag_interpolated_road_area_pc`.

    Raises
    ------
    SourceError
        See `Reading`.
    """
    if series not in ("reported", "interpolated"):
        raise SourceError(f"series {series!r} is unknown", hint="Use 'reported' or 'interpolated'.")
    reading = Reading(read_sheet(path, sheet, (YEAR, PROVINCE, CITY, CODE, REPORTED)), YEAR)
    levels = np.array([level_of(code) for code in reading.codes(CODE)])
    names = reading.names(CITY)
    seats = sorted({names[i] for i in np.flatnonzero(levels == "seat")})
    if seats:
        reading.note(
            f"{int((levels == 'seat').sum())} rows of county-level cities under the code of their "
            f"autonomous prefecture, region or league left out: {listing(seats)}"
        )
    reading.keep(
        levels == "prefecture",
        f"{int((levels == 'province').sum())} rows of provinces and "
        f"{int((levels == 'county').sum())} rows of county-level cities left out",
    )
    reported = reading.numbers(REPORTED, minimum=0)
    values = reported if series == "reported" else reading.numbers(FILLED, minimum=0)
    check_column(values, "road_area_pc", reading.place(REPORTED))
    columns = {
        "code": reading.codes(CODE),
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "road_area_pc": values,
    }
    if series == "interpolated":
        flag = np.isnan(reported) & ~np.isnan(values)
        columns["flag_interpolated_road_area_pc"] = flag.astype(float)
    return reading.finish(columns, ("code", "year"))
