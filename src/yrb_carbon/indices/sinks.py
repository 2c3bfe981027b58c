"""Carbon sinks: from net primary productivity, from land use, from forest stock."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.cells import refuse_cells, require_same_cells
from yrb_carbon.indices.constants import (
    CARBON_TO_CO2,
    DRY_MATTER_TO_CO2,
    G_PER_MT,
    HA_PER_KM2,
    M2_PER_KM2,
    T_PER_MT,
)
from yrb_carbon.study.paths import data_folder

SINK_FACTORS = {"dry_matter": DRY_MATTER_TO_CO2, "carbon": CARBON_TO_CO2}
"""Name -> k, t CO2 per t C of net primary production."""

COEFFICIENTS_FILE = data_folder() / "land_use_coefficients.csv"
COEFFICIENT_COLUMNS = ("column", "land_class", "coefficient", "low", "high", "unit", "source")

FOREST_CO2_PER_M3 = 1.6
"""t CO2 per m3 of forest stock (Bai et al. 2009, as quoted by Bai Yongliang et al. 2022)."""


def calc_npp_sink(npp: pd.Series, area: pd.Series, k: float = DRY_MATTER_TO_CO2) -> pd.Series:
    """Carbon sink from net primary productivity, S = NPP * area * 10^6 * k * 10^-12.

    NPP ignores the respiration of the soil, so this is an upper bound of the sink.

    Parameters
    ----------
    npp : Series, index (unit, year)
        Mean annual net primary productivity, g C per m2 and year.
    area : Series, same index
        Land area, km2.
    k : float
        t CO2 per t C: 1.62/0.45 by way of dry matter (default), or 44/12.

    Returns
    -------
    Series, same index, Mt CO2 per year.

    Raises
    ------
    CellError
        If NPP is negative or an area not positive; the cells are named.
    """
    require_same_cells(npp=npp, area=area)
    refuse_cells(npp < 0, "NPP is negative", npp=npp)
    refuse_cells(area <= 0, "the area is not positive", area=area)
    return npp * area * (M2_PER_KM2 * k / G_PER_MT)


@cache
def load_land_use_coefficients(path: str | Path = COEFFICIENTS_FILE) -> pd.Series:
    """Read the carbon coefficients of land classes.

    Returns
    -------
    Series, index panel column (`area_forest`, ...), t C per ha and year; a sink is negative.

    Raises
    ------
    DataError
        If the file is missing or laid out otherwise.
    """
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise DataError(
            f"{path}: the land-use coefficients cannot be read ({error.strerror})"
        ) from None
    if tuple(table.columns) != COEFFICIENT_COLUMNS:
        raise DataError(
            f"{path}: columns {list(table.columns)} found, {list(COEFFICIENT_COLUMNS)} wanted"
        )
    coefficients = table.set_index("column")["coefficient"]
    if coefficients.index.has_duplicates or coefficients.isna().any():
        raise DataError(f"{path}: every land class needs one row with one coefficient")
    return coefficients.sort_index()


def sink_classes(coefficients: pd.Series) -> tuple[str, ...]:
    """Columns of the land classes that take up carbon (coefficient below zero), sorted."""
    return tuple(sorted(coefficients.index[coefficients < 0]))


def calc_landuse_sink(areas: pd.DataFrame, coefficients: pd.Series) -> pd.Series:
    """Carbon sink of land classes, S = -sum_k area_k * 100 * d_k * 44/12 * 10^-6 over d_k < 0.

    Parameters
    ----------
    areas : DataFrame, index (unit, year)
        Area of each land class, km2; a column for every class that is a sink.
    coefficients : Series, index column
        d, t C per ha and year; classes with d >= 0 are sources and are left out.

    Returns
    -------
    Series, same index, Mt CO2 per year.

    Raises
    ------
    DataError
        If a class has no column, or an area is missing or negative; named.
    """
    classes = sink_classes(coefficients)
    absent = [name for name in classes if name not in areas.columns]
    if absent:
        raise DataError(f"no area of land class {listing(absent)}; it has a coefficient below zero")
    total = np.zeros(len(areas))
    for name in classes:
        refuse_cells(~(areas[name] >= 0), "area missing or negative", **{name: areas[name]})
        total = total - areas[name].to_numpy(dtype=float) * float(coefficients[name])
    return pd.Series(
        total * (HA_PER_KM2 * CARBON_TO_CO2 / T_PER_MT), index=areas.index, name="sink"
    )


def calc_forest_stock_carbon(volume: pd.Series, co2_per_m3: float = FOREST_CO2_PER_M3) -> pd.Series:
    """CO2 stored in a forest stock, V * 1.6: a stock, not an annual sink.

    Parameters
    ----------
    volume : Series
        Forest stock V, 10^6 m3.
    co2_per_m3 : float
        t CO2 per m3.

    Returns
    -------
    Series, same index, Mt CO2.
    """
    return volume * co2_per_m3


def calc_forest_stock_flow(volume: pd.Series, co2_per_m3: float = FOREST_CO2_PER_M3) -> pd.Series:
    """Sink of a growing forest stock, dS_t = 1.6 * (V_t - V_{t-1}).

    Parameters
    ----------
    volume : Series, index (unit, year), sorted
        Forest stock V, 10^6 m3.
    co2_per_m3 : float
        t CO2 per m3 of increment.

    Returns
    -------
    Series, index (unit, year) without each unit's first year, Mt CO2 per year; negative where
    the stock shrinks.

    Raises
    ------
    DataError
        If a year is absent inside a unit's span: the increment would be of several years.
    """
    ordered = volume.sort_index()
    years = pd.Series(ordered.index.get_level_values("year").to_numpy(), index=ordered.index)
    step = years.groupby(level="unit").diff()
    refuse_cells(step > 1, "an annual flow needs the stock of the year before", volume=ordered)
    return (ordered.groupby(level="unit").diff() * co2_per_m3)[step.notna()]
