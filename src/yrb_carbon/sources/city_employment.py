"""Employment by city with sector shares, the Stata file Employment.dta."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column, scale
from yrb_carbon.sources.rawtable import RawTable, Reading
from yrb_carbon.sources.workbook import existing_file

CODE, YEAR, TOTAL = "city_id", "year", "Emp_num"
SHARES = {"emp1": "Emp_agri", "emp2": "Emp_ind", "emp3": "Emp_ser"}

SHARE_TOLERANCE = 0.1
"""Percentage points by which three printed shares, two decimals each, may miss 100."""

PERSON_TOLERANCE = 1e-3
"""Distance from a whole number of persons that storing 10^4 persons as a double can make."""


def read_stata(path: str | Path) -> RawTable:
    """Read a Stata file as a raw table; rows are counted from 2, as below a header.

    Raises
    ------
    SourceError
        If the file is missing, empty or not a Stata file.
    """
    file = existing_file(path)
    try:
        frame = pd.read_stata(file, convert_categoricals=False)
    except (ValueError, OSError, EOFError, KeyError, IndexError, struct.error) as error:
        raise SourceError(
            f"not a whole Stata file ({error})", Place(file), "Download it again."
        ) from error
    rows = [list(row) for row in frame.itertuples(index=False, name=None)]
    return RawTable(file, None, tuple(frame.columns), rows, list(range(2, len(rows) + 2)))


def read_city_employment(path: str | Path) -> SourceTable:
    """Read total employment and its three sectors, 10^4 persons and per cent to persons.

    emp_k = total * share_k / 100. The file has no labels; the size of the totals is that of
    employed persons in urban units (城镇单位从业人员). A total that is no whole number of persons
    cannot be a count: the source filled it in, and `flag_interpolated_emp_total` says so.

    Parameters
    ----------
    path : str or Path
        Stata file with city_id, year, Emp_num (10^4 persons), Emp_agri, Emp_ind, Emp_ser (%).

    Returns
    -------
    SourceTable
        code, year; `emp_total`, `emp1`, `emp2`, `emp3` in persons, `flag_interpolated_emp_total`.

    Raises
    ------
    SourceError
        See `Reading`; also when the shares of a row do not add up to 100.
    """
    reading = Reading(read_stata(path), YEAR)
    total = reading.numbers(TOTAL, minimum=0)
    check_column(total, "emp_total", reading.place(TOTAL), "10^4 persons")
    shares = {name: reading.numbers(column, minimum=0) for name, column in SHARES.items()}
    missed = np.abs(sum(shares.values()) - 100) > SHARE_TOLERANCE
    if missed.any():
        i = int(np.argmax(missed))
        raise SourceError(
            f"the shares add up to {sum(s[i] for s in shares.values()):.6g}, 100 is wanted",
            reading.place(listing(SHARES.values()), i),
            "Shares are in per cent of the total.",
        )
    persons = total * scale("10^4 persons", "persons")
    filled = np.abs(persons - np.rint(persons)) > PERSON_TOLERANCE
    reading.note(
        f"{int(filled.sum())} totals are no whole number of persons: filled in by the source"
    )
    columns = {
        "code": reading.codes(CODE),
        "year": reading.years(YEAR),
        "emp_total": persons,
        **{name: persons * share / 100 for name, share in shares.items()},
        "flag_interpolated_emp_total": filled.astype(float),
    }
    return reading.finish(columns, ("code", "year"))
