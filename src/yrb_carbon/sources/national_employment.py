"""National employment by industry 1990-2018 (R package ionet, after the NBS)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import Reading, only_row, tidy_table

CODE = "Code"
ROWS = {"nat_emp_total": "TOT", "nat_emp_mining": "B"}
YEAR_COLUMN = re.compile(r"(19|20)\d{2}")


def read_national_employment(path: str | Path) -> SourceTable:
    """Read total and mining employment of the country, 10^4 persons to persons.

    The scope is all employed persons, farmers and the self-employed with them: six to seven times
    the urban units (城镇单位) that city yearbooks count. A location quotient with urban units on
    one side and this reference on the other is off by a factor that changes over the years.

    Parameters
    ----------
    path : str or Path
        CSV with Code, one column a year, and the rows TOT and B.

    Returns
    -------
    SourceTable
        year; `nat_emp_total`, `nat_emp_mining` in persons.

    Raises
    ------
    SourceError
        See `Reading`; also when a row is missing or stands twice.
    """
    raw = read_csv(path)
    reading = Reading(raw)
    wide = {name: i for i, name in enumerate(raw.header) if YEAR_COLUMN.fullmatch(name)}
    if not wide:
        raise SourceError(
            "no year column", Place(raw.path, row=1), f"The columns are: {listing(raw.header, 40)}"
        )
    codes = reading.names(CODE)
    reading.note("scope: all employed persons, wider than the urban units of city yearbooks")
    columns: dict[str, object] = {"year": [int(name) for name in wide]}
    for quantity, code in ROWS.items():
        row = only_row(codes, code, Place(raw.path, column=CODE))
        values = np.array([reading.numbers_at(j, minimum=0)[row] for j in wide.values()])
        check_column(values, quantity, Place(raw.path, key=code), "10^4 persons")
        columns[quantity] = values * scale("10^4 persons", "persons")
    return tidy_table(pd.DataFrame(columns), ("year",), raw.path, None, reading.notes)
