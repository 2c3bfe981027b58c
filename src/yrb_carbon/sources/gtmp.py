"""Provincial panel of industry (thesis data on green productivity of industry)."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import HUNDRED_MILLION_YUAN, check_column, scale
from yrb_carbon.sources.rawtable import Reading

PROVINCE, YEAR = "地区", "年份"
VALUE_ADDED = "工业增加值(亿元)"


def read_gtmp(path: str | Path) -> SourceTable:
    """Read the value added of industry by province and year.

    Parameters
    ----------
    path : str or Path
        CSV with 地区 (province), 年份 (year) and 工业增加值(亿元); other columns are left out.

    Returns
    -------
    SourceTable
        province (Chinese short name), year; `prov_industry_va` in 10^4 yuan, current prices.

    Raises
    ------
    SourceError
        See `Reading`; also when value added is not of the size of 10^8 yuan.
    """
    reading = Reading(read_csv(path), YEAR)
    value_added = reading.numbers(VALUE_ADDED, minimum=0)
    check_column(value_added, "prov_industry_va", reading.place(VALUE_ADDED), HUNDRED_MILLION_YUAN)
    reading.note("value added is in current prices: growth over years holds inflation")
    columns = {
        "province": reading.names(PROVINCE),
        "year": reading.years(YEAR),
        "prov_industry_va": value_added * scale(HUNDRED_MILLION_YUAN, "10^4 yuan"),
    }
    return reading.finish(columns, ("province", "year"))
