"""Carry a series one year beyond its end by the growth of its province."""

from __future__ import annotations

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.panel.schema import flag_column


def extend_by_province(
    panel: pd.DataFrame, column: str, province_total: str, year: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill a year from the year before, scaled by the provincial total.

    E_i,t = E_i,t-1 * P_p(i),t / P_p(i),t-1 for units without a value in t that have one in t-1.

    Parameters
    ----------
    panel : DataFrame, index (unit, year)
        Holds `column` and `province_total`, same unit of measurement.
    column : str
        Series to carry on.
    province_total : str
        The province's total, repeated for its units.
    year : int
        Year t.

    Returns
    -------
    panel : DataFrame with the cells filled and `flag_extended_<column>` set to 1 there.
    notes : tuple of str, how many cells.

    Raises
    ------
    DataError
        If a province has no total in t or t-1 for a unit to be carried on.
    """
    if year - 1 not in panel.index.get_level_values("year"):
        raise DataError(f"the panel has no year {year - 1} to carry {column!r} on to {year} from")
    now = panel.xs(year, level="year")
    before = panel.xs(year - 1, level="year")
    wanted = now[column].isna() & before[column].notna()
    ratio = now[province_total] / before[province_total]
    bad = ratio.index[wanted & ~(ratio > 0)]
    if len(bad):
        raise DataError(
            f"no provincial total {province_total!r} in {year - 1} and {year} for units "
            f"{listing(bad)}; {column!r} cannot be carried on"
        )
    extended = panel.copy()
    units = wanted.index[wanted]
    cells = pd.MultiIndex.from_product([units, [year]], names=panel.index.names)
    extended.loc[cells, column] = (before[column] * ratio)[units].to_numpy()
    flag = flag_column("extended", column)
    extended[flag] = 0.0
    extended.loc[cells, flag] = 1.0
    note = f"{column}: {len(units)} cells of {year} scaled from {year - 1} by {province_total}"
    return extended, (note,)
