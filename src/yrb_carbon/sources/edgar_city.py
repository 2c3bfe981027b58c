"""EDGAR CO2 summed to cities, the vendor workbook 地级市碳排放强度."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, CODE, PROVINCE, CITY, CO2 = "年份", "城市代码", "所属省份", "城市", "碳排放量_吨"


def read_edgar_city(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read territorial fossil CO2 by city and year (EDGAR v8.0), tonnes to Mt.

    Parameters
    ----------
    path : str or Path
        Workbook with 年份, 城市代码, 所属省份, 城市, 碳排放量_吨.
    sheet : str or None
        None: the first sheet with these columns.

    Returns
    -------
    SourceTable
        code, province, name, year; `co2_edgar` in Mt CO2.

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of tonnes.
    """
    reading = Reading(read_sheet(path, sheet, (YEAR, CODE, PROVINCE, CITY, CO2)), YEAR)
    tonnes = reading.numbers(CO2, minimum=0)
    check_column(tonnes, "co2_edgar", reading.place(CO2), "t CO2")
    columns = {
        "code": reading.codes(CODE),
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "co2_edgar": tonnes * scale("t CO2", "Mt CO2"),
    }
    return reading.finish(columns, ("code", "year"))
