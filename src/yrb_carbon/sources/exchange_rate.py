"""Yearly mean exchange rate of the US dollar, the vendor workbook 汇率."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, RATE = "年份", "1美元兑人民币（元）"


def read_exchange_rate(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read the yearly mean rate, yuan for one US dollar.

    Parameters
    ----------
    path : str or Path
    sheet : str or None
        None: the first sheet with the columns.

    Returns
    -------
    SourceTable
        year; `usd_cny` in yuan per USD.

    Raises
    ------
    SourceError
        See `Reading`; also when the rate is given for 100 dollars.
    """
    reading = Reading(read_sheet(path, sheet, (YEAR, RATE)), YEAR)
    rate = reading.numbers(RATE, minimum=0)
    check_column(rate, "usd_cny", reading.place(RATE))
    return reading.finish({"year": reading.years(YEAR), "usd_cny": rate}, ("year",))
