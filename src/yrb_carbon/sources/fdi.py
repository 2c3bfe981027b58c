"""Foreign direct investment by city, the vendor workbook 地级市外商直接投资FDI."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.errors import SourceError
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, CITY, FDI, UNIT = "year", "地级市", "外商直接投资", "单位"
PRINTED_UNIT = "百万美元"


def read_fdi(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read utilised foreign direct investment by city and year, million USD to 10^4 USD.

    The file names cities without 市 and has neither codes nor provinces.

    Parameters
    ----------
    path : str or Path
    sheet : str or None
        None: the first sheet with the columns.

    Returns
    -------
    SourceTable
        name, year; `fdi_usd` in 10^4 USD.

    Raises
    ------
    SourceError
        See `Reading`; also when a row is in another unit than 百万美元.
    """
    reading = Reading(read_sheet(path, sheet, (YEAR, CITY, FDI, UNIT)), YEAR)
    for i, unit in enumerate(reading.names(UNIT)):
        if unit != PRINTED_UNIT:
            raise SourceError(
                f"the unit is {unit!r}, {PRINTED_UNIT!r} is wanted",
                reading.place(UNIT, i),
                "Convert the rows of this unit.",
            )
    million = reading.numbers(FDI)
    check_column(million, "fdi_usd", reading.place(FDI), "million USD")
    negative = int((million < 0).sum())
    if negative:
        reading.note(f"fdi_usd: {negative} cells are negative (net withdrawals), kept")
    columns = {
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "fdi_usd": million * scale("million USD", "10^4 USD"),
    }
    return reading.finish(columns, ("name", "year"))
