"""Resident population and administrative area, the vendor workbook 地级市人口密度."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, PROVINCE, CITY, CODE = "年份", "省份", "城市", "城市代码"
AREA, REPORTED, FILLED = "行政区域土地面积(平方公里)", "常住人口（万人）", "插值_常住人口（万人）"


def read_population(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read resident population, as reported and as filled by the vendor, and land area.

    Parameters
    ----------
    path : str or Path
    sheet : str or None
        None: the first sheet with the columns.

    Returns
    -------
    SourceTable
        code, province, name, year; `pop` (the vendor's filled series) and `pop_reported` in
        10^4 persons, `area_admin` in km2, `flag_interpolated_pop` = 1 where the reported cell is
        empty and the filled one is not.

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of their units.
    """
    wanted = (YEAR, PROVINCE, CITY, CODE, AREA, REPORTED, FILLED)
    reading = Reading(read_sheet(path, sheet, wanted), YEAR)
    filled, reported = reading.numbers(FILLED, minimum=0), reading.numbers(REPORTED, minimum=0)
    area = reading.numbers(AREA, minimum=0)
    check_column(filled, "pop", reading.place(FILLED))
    check_column(reported, "pop_reported", reading.place(REPORTED))
    check_column(area, "area_admin", reading.place(AREA))
    interpolated = np.isnan(reported) & ~np.isnan(filled)
    changed = int(np.sum(~np.isnan(reported) & ~np.isnan(filled) & (reported != filled)))
    reading.note(f"pop: {int(interpolated.sum())} cells are interpolated by the vendor")
    if changed:
        reading.note(f"pop: {changed} cells differ from the reported figure beside them")
    columns = {
        "code": reading.codes(CODE),
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "pop": filled,
        "pop_reported": reported,
        "area_admin": area,
        "flag_interpolated_pop": interpolated.astype(float),
    }
    return reading.finish(columns, ("code", "year"))
