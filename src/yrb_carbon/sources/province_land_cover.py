"""Land cover and net primary productivity by province and year (MODIS MCD12Q1, MOD17A3HGF)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yrb_carbon.errors import SourceError, fault
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.land_cover import AREA_DRIFT, GROUPS, N_CLASSES
from yrb_carbon.sources.magnitude import check_column, check_magnitude
from yrb_carbon.sources.rawtable import Reading

PROVINCE, YEAR = "province", "year"
TOTAL, NPP = "area_km2", "mean_npp_gC_m2"
CLASS = "igbp{:02d}_km2"
WOODY = 8
"""Class of woody savannas."""

PROVINCE_AREA_LOW, PROVINCE_AREA_HIGH = 3e4, 1e6
"""Median area of a province, km2: half of them cover 1e5 to 4e5."""


def read_province_land_cover(path: str | Path) -> SourceTable:
    """Read the areas of the 17 IGBP classes and sum them to six groups; and the mean NPP.

    The groups are those of `land_cover.GROUPS`: forest is land under 60 % of trees or more. Woody
    savannas, under 30 to 60 %, count as grass there; forest statistics of China, which begin at
    20 %, have them as forest.

    Parameters
    ----------
    path : str or Path
        CSV with province, year, igbp01_km2 to igbp17_km2, area_km2 and mean_npp_gC_m2.

    Returns
    -------
    SourceTable
        province (as printed), year; `prov_area_forest`, `prov_area_grass`, `prov_area_water`,
        `prov_area_crop`, `prov_area_unused`, `prov_area_built` in km2, which add up to the area
        of the province; `prov_area_woody`, woody savannas, the part of grass that bears trees;
        `prov_npp` in gC/m2/a.

    Raises
    ------
    SourceError
        See `Reading`; also when the classes do not add up to the area of the province, or numbers
        are not of the size of their unit.
    """
    reading = Reading(read_csv(path), YEAR)
    numbers = [reading.numbers(CLASS.format(k), minimum=0) for k in range(1, N_CLASSES + 1)]
    classes, total = np.column_stack(numbers), reading.numbers(TOTAL, minimum=0)
    npp = reading.numbers(NPP, minimum=0)
    check_column(npp, "prov_npp", reading.place(NPP))
    check_magnitude(
        total, TOTAL, PROVINCE_AREA_LOW, PROVINCE_AREA_HIGH, "km2", reading.place(TOTAL)
    )
    _check_sums(classes.sum(axis=1), total, reading)
    columns = {
        "province": reading.names(PROVINCE),
        "year": reading.years(YEAR),
        **{
            f"prov_{name}": classes[:, [k - 1 for k in members]].sum(axis=1)
            for name, members in GROUPS.items()
        },
        "prov_area_woody": classes[:, WOODY - 1],
        "prov_npp": npp,
    }
    return reading.finish(columns, ("province", "year"))


def _check_sums(summed: np.ndarray, total: np.ndarray, reading: Reading) -> None:
    """Refuse the first row whose classes miss its area; missing classes miss it too."""
    fits = np.abs(summed - total) <= AREA_DRIFT * total
    if fits.all():
        return
    i = int(np.flatnonzero(~fits)[0])
    fault(
        SourceError(
            f"the classes add up to {summed[i]:.6g} km2, the area is {total[i]:.6g} km2",
            reading.place(TOTAL, i),
            "A class is missing, doubled or in another unit.",
        )
    )
