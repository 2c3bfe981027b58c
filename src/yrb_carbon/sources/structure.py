"""GDP and value added by three sectors, the vendor workbook 地级市产业结构."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yrb_carbon.errors import listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, CITY, CODE, PROVINCE = "年度标识", "城市名称", "城市代码", "省份名称"
VALUES = {
    "gdp": ("gdp（亿元人民币）",),
    "gdp1": ("第一产业增加值（亿元人民币）", "第一产业增加值"),
    "gdp2": ("第二产业增加值", "第二产业增加值（亿元人民币）"),
    "gdp3": ("第三产业增加值", "第三产业增加值（亿元人民币）"),
}
SUM_TOLERANCE = 0.02
"""Share of GDP by which three sectors may miss it before the file's note counts the row;
revisions of one series without the other make up to 2 %."""


def read_industry_structure(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read GDP and its three sectors by city and year, 10^8 yuan to 10^4 yuan.

    Parameters
    ----------
    path : str or Path
        Workbook whose panel stands on one of several sheets.
    sheet : str or None
        None: the first sheet with the columns of the panel.

    Returns
    -------
    SourceTable
        code, province, name, year; `gdp`, `gdp1`, `gdp2`, `gdp3` in 10^4 yuan at current prices.

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of 10^8 yuan.
    """
    wanted = (YEAR, CITY, CODE, PROVINCE, *(names[0] for names in VALUES.values()))
    reading = Reading(read_sheet(path, sheet, wanted), YEAR)
    values = {name: reading.numbers(*aliases, minimum=0) for name, aliases in VALUES.items()}
    check_column(values["gdp"], "gdp", reading.place(VALUES["gdp"][0]), "10^8 yuan")
    codes, years = reading.codes(CODE), reading.years(YEAR)
    gap = np.abs(values["gdp1"] + values["gdp2"] + values["gdp3"] - values["gdp"])
    apart = gap > SUM_TOLERANCE * values["gdp"]
    if apart.any():
        keys = sorted(f"{codes[i]} {years[i]}" for i in np.flatnonzero(apart))
        reading.note(
            f"{len(keys)} rows whose sectors miss GDP by more than {SUM_TOLERANCE:.0%}, kept: "
            f"{listing(keys)}"
        )
    factor = scale("10^8 yuan", "10^4 yuan")
    columns = {
        "code": codes,
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": years,
        **{name: array * factor for name, array in values.items()},
    }
    return reading.finish(columns, ("code", "year"))
