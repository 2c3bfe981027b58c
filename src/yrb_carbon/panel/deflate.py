"""Values at constant prices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.panel.schema import cell_name, require_panel_index


def calc_real_from_index(nominal: pd.Series, growth_index: pd.Series, base_year: int) -> pd.Series:
    """Real series at prices of a base year, from its value there and volume growth.

    R_it = N_ib * prod_{s=b+1..t} g_is / 100          for t > b
    R_ib = N_ib
    R_it = N_ib / prod_{s=t+1..b} g_is / 100          for t < b

    Parameters
    ----------
    nominal : Series, index (unit, year), sorted
        N, at current prices, in any unit of value; only the base year is used.
    growth_index : Series, same index
        g, volume index of the year, previous year = 100. It is not used in a unit's first year
        when that is the base year or before it.
    base_year : int
        b, the year whose prices are used.

    Returns
    -------
    Series, index (unit, year), unit of `nominal` at prices of `base_year`. Where the chain of
    growth indices is broken the values beyond the break are missing.

    Raises
    ------
    DataError
        If a unit has no value in the base year, years between its first and last are absent, or
        an index is zero or negative; the cells are named.
    """
    _require_same_index(nominal, growth_index)
    _refuse(
        growth_index <= 0, growth_index, "a growth index must be positive (previous year = 100)"
    )
    base = value_in_base_year(nominal, base_year, "nominal value")
    _refuse_broken_years(nominal)
    log_growth = np.log(growth_index / 100)
    real = [
        base[unit] * np.exp(_log_chain(own.droplevel("unit"), base_year))
        for unit, own in log_growth.groupby(level="unit")
    ]
    return pd.Series(np.concatenate(real), index=nominal.index, name="real")


def calc_rebased(real: pd.Series, nominal: pd.Series, base_year: int) -> pd.Series:
    """Real series moved to prices of another year by each unit's implicit deflator.

    R'_it = R_it * P_ib,   P_ib = N_ib / R_ib

    with R at prices of the old base, N at current prices and b the new base year, so that
    R'_ib = N_ib. Volume growth is unchanged.

    Parameters
    ----------
    real : Series, index (unit, year), sorted
        At prices of the old base year.
    nominal : Series, same index
        At current prices, same unit of value; only the new base year is used.
    base_year : int
        New base year; the index must reach it.

    Returns
    -------
    Series, index (unit, year), unit of `real` at prices of `base_year`.

    Raises
    ------
    DataError
        If a unit lacks a positive real or nominal value in the new base year; named.
    """
    _require_same_index(real, nominal)
    factor = calc_price_level(real, nominal, base_year)
    by_cell = factor.reindex(real.index.get_level_values("unit")).to_numpy()
    return pd.Series(real.to_numpy() * by_cell, index=real.index, name="real")


def calc_price_level(real: pd.Series, nominal: pd.Series, year: int) -> pd.Series:
    """Implicit price level of a year by unit, P_ib = N_ib / R_ib; 1 in the base year of `real`.

    Parameters
    ----------
    real, nominal : Series, index (unit, year)
        The same quantity at constant and at current prices.
    year : int
        Year b, in the index of every unit.

    Returns
    -------
    Series, index unit, dimensionless.

    Raises
    ------
    DataError
        If a value is missing, zero or negative in that year; the units are named.
    """
    current = value_in_base_year(nominal, year, "nominal value")
    constant = value_in_base_year(real, year, "real value")
    return current.div(constant)


def value_in_base_year(values: pd.Series, year: int, what: str) -> pd.Series:
    """The positive value of every unit in a year; units without one are an error."""
    require_panel_index(values)
    units = values.index.get_level_values("unit").unique()
    own = values[values.index.get_level_values("year") == year].droplevel("year").reindex(units)
    bad = own.index[~(own > 0)]
    if len(bad):
        raise DataError(
            f"no positive {what} in the base year {year} for unit {listing(bad)}. "
            "Choose a base year in which every unit has one, or leave these units out"
        )
    return own


def _log_chain(log_growth: pd.Series, base_year: int) -> np.ndarray:
    """Log of the volume relative to the base year, along one unit's years."""
    years = log_growth.index.to_numpy()
    steps = log_growth.to_numpy(dtype=float)
    base = int(np.flatnonzero(years == base_year)[0])
    after = np.cumsum(steps[base + 1 :])
    before = -np.cumsum(steps[base:0:-1])[::-1]
    return np.concatenate([before, [0.0], after])


def _require_same_index(one: pd.Series, other: pd.Series) -> None:
    require_panel_index(one)
    if not one.index.equals(other.index):
        raise DataError("the two series to deflate must have the same units and years")


def _refuse(bad: pd.Series, values: pd.Series, problem: str) -> None:
    if bad.any():
        cells = (f"{cell_name(cell)}: {value}" for cell, value in values[bad].items())
        raise DataError(f"{problem}: {listing(cells)}")


def _refuse_broken_years(values: pd.Series) -> None:
    years = pd.Series(
        values.index.get_level_values("year").to_numpy(),
        index=values.index.get_level_values("unit"),
    )
    spans = years.groupby(level=0).agg(["min", "max", "size"])
    broken = spans.index[spans["max"] - spans["min"] + 1 != spans["size"]]
    if len(broken):
        raise DataError(
            f"a growth chain needs every year; rows are absent for unit {listing(broken)}"
        )
