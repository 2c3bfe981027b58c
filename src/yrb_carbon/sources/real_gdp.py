"""Nominal and real GDP with index and deflator, the vendor workbook 地级市GDP相关数据."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

PROVINCE, CITY, YEAR = "省份", "城市", "年份"
NOMINAL, INDEX, REAL, DEFLATOR = "名义GDP", "GDP指数", "实际GDP", "GDP平减指数"
FILE_UNIT = "10^8 yuan"


def read_real_gdp(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read nominal GDP, real GDP at 2000 prices, growth index and deflator by city and year.

    real_t = real_{t-1} * index_t / 100 with real_2000 = nominal_2000; deflator = nominal / real.
    The file has no codes; its GDP is in 10^8 yuan.

    Parameters
    ----------
    path : str or Path
    sheet : str or None
        None: the first sheet with the columns.

    Returns
    -------
    SourceTable
        province, name, year; `gdp_nominal`, `gdp_real` in 10^4 yuan, `gdp_index` (previous
        year = 100), `gdp_deflator` (2000 = 1).

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of their units.
    """
    wanted = (PROVINCE, CITY, YEAR, NOMINAL, INDEX, REAL, DEFLATOR)
    reading = Reading(read_sheet(path, sheet, wanted), YEAR)
    nominal, real = reading.numbers(NOMINAL, minimum=0), reading.numbers(REAL, minimum=0)
    index, deflator = reading.numbers(INDEX, minimum=0), reading.numbers(DEFLATOR, minimum=0)
    check_column(nominal, "gdp_nominal", reading.place(NOMINAL), FILE_UNIT)
    check_column(real, "gdp_real", reading.place(REAL), FILE_UNIT)
    check_column(index, "gdp_index", reading.place(INDEX))
    check_column(deflator, "gdp_deflator", reading.place(DEFLATOR))
    factor = scale(FILE_UNIT, "10^4 yuan")
    columns = {
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "gdp_nominal": nominal * factor,
        "gdp_real": real * factor,
        "gdp_index": index,
        "gdp_deflator": deflator,
    }
    return reading.finish(columns, ("province", "name", "year"))
