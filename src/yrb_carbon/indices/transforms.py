"""Transforms of an index, and its orientation: higher is better everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.indices.cells import refuse_cells

TRANSFORMS = ("level", "log", "log1p", "log_eps", "asinh")


def calc_transformed(values: pd.Series, transform: str) -> pd.Series:
    """Transform an index.

    level: x;  log: ln x;  log1p: ln(1 + x);  log_eps: ln(x + c) with c half the smallest
    positive x of the series;  asinh: ln(x + sqrt(x^2 + 1)).

    Parameters
    ----------
    values : Series
        Finite numbers, any unit.
    transform : {"level", "log", "log1p", "log_eps", "asinh"}
        Name of the transform.

    Returns
    -------
    Series, same index.

    Raises
    ------
    CellError
        If a log does not exist (x <= 0 for log, x < 0 for log1p and log_eps); the cells are named.
    DataError
        If no value is positive under log_eps, or the transform is unknown.
    """
    match transform:
        case "level":
            return values
        case "asinh":
            return _apply(np.arcsinh, values)
        case "log":
            refuse_cells(values <= 0, "the log needs positive values", index=values)
            return _apply(np.log, values)
        case "log1p":
            refuse_cells(values < 0, "log1p needs values that are not negative", index=values)
            return _apply(np.log1p, values)
        case "log_eps":
            refuse_cells(values < 0, "log_eps needs values that are not negative", index=values)
            return _apply(np.log, values + calc_log_offset(values))
    raise DataError(f"unknown transform {transform!r}; allowed {', '.join(TRANSFORMS)}")


def calc_log_offset(values: pd.Series) -> float:
    """Half the smallest positive value, the offset c of log_eps."""
    positive = values[values > 0]
    if positive.empty:
        raise DataError("log_eps needs at least one positive value; all are zero")
    return float(positive.min()) / 2


def calc_oriented(values: pd.Series, orientation: int) -> pd.Series:
    """Multiply by the orientation (1 or -1), so that higher is better."""
    return values * orientation if orientation != 1 else values


def _apply(function: np.ufunc, values: pd.Series) -> pd.Series:
    numbers: Any = function(values.to_numpy(dtype=float))
    return pd.Series(numbers, index=values.index, name=values.name)
