"""Land cover by city and year, areas of the 17 IGBP classes (MODIS MCD12Q1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yrb_carbon.errors import SourceError, fault
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import check_magnitude
from yrb_carbon.sources.rawtable import Reading

PROVINCE, CITY, CODE, YEAR = "province", "city", "city_id", "year"
N_CLASSES = 17
GROUPS: dict[str, tuple[int, ...]] = {
    "area_forest": (1, 2, 3, 4, 5),
    "area_grass": (6, 7, 8, 9, 10),
    "area_water": (11, 17),
    "area_crop": (12, 14),
    "area_unused": (15, 16),
    "area_built": (13,),
}
"""IGBP classes of each group: forests; shrub, savanna and grass; wetland and water; crops and
mosaics; snow and barren; built-up."""

AREA_DRIFT = 1e-6
"""Relative change of a city's total area over the years that rounding can explain."""

CITY_AREA_LOW, CITY_AREA_HIGH = 2e3, 2e5
"""Median area of a city, km2: half of the prefectures cover 7e3 to 2e4."""


def read_land_cover(path: str | Path) -> SourceTable:
    """Read class areas and sum them to six groups; an empty cell is an absent class, 0 km2.

    Parameters
    ----------
    path : str or Path
        CSV with province, city, city_id, year and the columns 1 to 17.

    Returns
    -------
    SourceTable
        code, province, name, year; `area_forest`, `area_grass`, `area_water`, `area_crop`,
        `area_unused`, `area_built` in km2. The six add up to the area of the city.

    Raises
    ------
    SourceError
        See `Reading`; also when the total area of a city changes over the years, which it cannot.
    """
    reading = Reading(read_csv(path), YEAR)
    classes = np.column_stack([reading.numbers(str(k), minimum=0) for k in range(1, N_CLASSES + 1)])
    empty = int(np.isnan(classes).sum())
    classes = np.nan_to_num(classes, nan=0.0)
    reading.note(f"{empty} empty cells are classes that a city does not have, 0 km2")
    codes, years = reading.codes(CODE), reading.years(YEAR)
    totals = classes.sum(axis=1)
    check_magnitude(
        totals, "the sum of all classes", CITY_AREA_LOW, CITY_AREA_HIGH, "km2", reading.place()
    )
    _check_constant(totals, codes, reading)
    columns = {
        "code": codes,
        "province": reading.names(PROVINCE),
        "name": reading.names(CITY),
        "year": years,
        **{
            name: classes[:, [k - 1 for k in members]].sum(axis=1)
            for name, members in GROUPS.items()
        },
    }
    return reading.finish(columns, ("code", "year"))


def _check_constant(totals: np.ndarray, codes: list[str], reading: Reading) -> None:
    first: dict[str, int] = {}
    for i, code in enumerate(codes):
        j = first.setdefault(code, i)
        if abs(totals[i] - totals[j]) > AREA_DRIFT * totals[j]:
            fault(
                SourceError(
                    f"the classes of {code} add up to {totals[i]:.6g} km2, but to "
                    f"{totals[j]:.6g} km2 in row {reading.row_numbers[j]}",
                    reading.place(None, i),
                    "The area of a city is the same in all years: a class is missing or doubled.",
                )
            )
            return
