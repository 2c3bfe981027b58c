"""Net primary productivity by city and year, the table anpp_by_year_by_class_by_city."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading

PROVINCE, CITY, CODE, YEAR, NPP = "province", "city", "city_id", "year", "overall_anpp"


def read_city_npp(path: str | Path) -> SourceTable:
    """Read the mean annual NPP of all land of a city.

    The unit is not printed in the file; it follows from the size of the values (desert 40,
    forest 1,600), which are those of gC/m2/a in MOD17A3HGF.

    Parameters
    ----------
    path : str or Path
        CSV with province, city, city_id, year, overall_anpp.

    Returns
    -------
    SourceTable
        code, province, name, year; `npp` in gC/m2/a.

    Raises
    ------
    SourceError
        See `Reading`; also when the numbers are not of the size of gC/m2/a.
    """
    reading = Reading(read_csv(path), YEAR)
    npp = reading.numbers(NPP, minimum=0)
    check_column(npp, "npp", reading.place(NPP))
    columns = {
        "code": reading.codes(CODE),
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": reading.years(YEAR),
        "npp": npp,
    }
    return reading.finish(columns, ("code", "year"))
