"""Carbon dioxide in the forest stock, and what its growth takes up."""

from __future__ import annotations

import pandas as pd

from yrb_carbon.indices.sinks import FOREST_CO2_PER_M3, calc_forest_stock_carbon

MILLION_M3 = 1e-2
"""10^4 m3 in 10^6 m3."""


def calc_stored_co2(stock: pd.Series, co2_per_m3: float = FOREST_CO2_PER_M3) -> pd.Series:
    """CO2 held in the stock, 1.6 V: no annual sink.

    Parameters
    ----------
    stock : Series
        V, 10^4 m3.
    co2_per_m3 : float
        t CO2 per m3.

    Returns
    -------
    Series, same index, Mt CO2.
    """
    return calc_forest_stock_carbon(stock * MILLION_M3, co2_per_m3)


def calc_mean_sink(stock: pd.Series, co2_per_m3: float = FOREST_CO2_PER_M3) -> pd.Series:
    """Annual sink of a growing stock between inventories, 1.6 (V_t - V_s) / (t - s).

    Parameters
    ----------
    stock : Series, index (province, year)
        V, 10^4 m3; s and t are inventories that follow each other.
    co2_per_m3 : float
        t CO2 per m3 of increment.

    Returns
    -------
    Series, index (province, year t), Mt CO2 a year; empty with one inventory, negative where the
    stock shrinks.
    """
    stored = calc_stored_co2(stock, co2_per_m3).sort_index()
    years = pd.Series(stored.index.get_level_values("year"), index=stored.index)
    steps = years.groupby(level="province").diff()
    return (stored.groupby(level="province").diff() / steps)[steps.notna()]
