"""Loans and deposits by city, the vendor workbook 金融发展水平."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

YEAR, PROVINCE, CITY, CODE = "年份", "省份", "城市", "城市代码"
LOANS, DEPOSITS = "年末金融机构各项贷款余额(万元)", "年末金融机构存款余额(万元)"


def read_finance(path: str | Path, *, sheet: str | None = None) -> SourceTable:
    """Read balances of loans and deposits at the end of the year.

    The sheet says that it has 1,048,576 rows; only those with cells are read. Its ratio
    (loans + deposits) / GDP is a formula and is not taken.

    Parameters
    ----------
    path : str or Path
    sheet : str or None
        None: the first sheet with the columns.

    Returns
    -------
    SourceTable
        code, province, name, year; `loans`, `deposits` in 10^4 yuan.

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of 10^4 yuan.
    """
    wanted = (YEAR, PROVINCE, CITY, CODE, LOANS, DEPOSITS)
    reading = Reading(read_sheet(path, sheet, wanted), YEAR)
    loans, deposits = reading.numbers(LOANS, minimum=0), reading.numbers(DEPOSITS, minimum=0)
    check_column(loans, "loans", reading.place(LOANS))
    check_column(deposits, "deposits", reading.place(DEPOSITS))
    columns = {
        "code": reading.codes(CODE),
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "loans": loans,
        "deposits": deposits,
    }
    return reading.finish(columns, ("code", "year"))
