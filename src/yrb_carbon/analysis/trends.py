"""Trends by reach: middle, total and spread of the units of each reach by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

QUANTILES: Mapping[str, float] = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
TREND_COLUMNS = ("variable", "group", "year", "n_units", "mean", "total", *QUANTILES)
WHOLE = "all"
"""Group of all units together."""


def calc_trends(
    frame: pd.DataFrame, variables: Sequence[str], reaches: Mapping[str, str]
) -> pd.DataFrame:
    """Mean, total and quantiles over the units of each reach, and over all units, by year.

    mean_gt = Σ_i∈g x_it / N_g, total_gt = Σ_i∈g x_it; quantiles by linear interpolation.

    Parameters
    ----------
    frame : DataFrame, index (unit, year)
        Variables in columns, each in its own unit of measurement.
    variables : sequence of str
    reaches : mapping of unit to reach

    Returns
    -------
    DataFrame
        Columns `TREND_COLUMNS`; `group` is a reach or `all`; in the order of the variables, then
        by group and year.
    """
    blocks = []
    units = frame.index.get_level_values("unit")
    for variable in variables:
        values = frame[variable].rename("value").reset_index()
        own = values.assign(group=[reaches[str(unit)] for unit in units])
        both = pd.concat([own, values.assign(group=WHOLE)])
        cells = both.groupby(["group", "year"])["value"]
        table = cells.agg(n_units="count", mean="mean", total="sum")
        spread = cells.quantile(np.array(list(QUANTILES.values()))).unstack()
        table[list(QUANTILES)] = spread.to_numpy()
        blocks.append(table.reset_index().assign(variable=variable))
    if not blocks:
        return pd.DataFrame(columns=list(TREND_COLUMNS))
    return pd.concat(blocks, ignore_index=True)[list(TREND_COLUMNS)]
