"""Winsorising, for robustness checks only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError

LOWER, UPPER = 0.01, 0.99


def calc_winsorised(values: pd.Series, lower: float = LOWER, upper: float = UPPER) -> pd.Series:
    """Pull the tails in to two quantiles of all unit-years together.

    x'_it = min(max(x_it, q_lower), q_upper), quantiles pooled over units and years (linear
    between order statistics).

    Parameters
    ----------
    values : Series
        Finite numbers, any index and unit.
    lower, upper : float
        Shares, 0 <= lower < upper <= 1.

    Returns
    -------
    Series, same index and unit.

    Raises
    ------
    DataError
        If the shares are out of order, or a value is missing or infinite.
    """
    if not 0 <= lower < upper <= 1:
        raise DataError(
            f"winsorising needs 0 <= lower < upper <= 1 (got lower {lower}, upper {upper})"
        )
    numbers = values.to_numpy(dtype=float)
    if not np.isfinite(numbers).all():
        raise DataError(
            f"winsorising {values.name!r}: {int((~np.isfinite(numbers)).sum())} values are missing "
            "or infinite. Fix the sample first"
        )
    low, high = np.quantile(numbers, [lower, upper])
    return pd.Series(np.clip(numbers, low, high), index=values.index, name=values.name)
