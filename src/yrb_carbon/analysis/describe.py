"""Descriptive statistics (T1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import TableKey, complete_rows, panel_counts


def calc_spread(values: pd.Series) -> dict[str, float]:
    """Overall, between and within standard deviation of a balanced panel variable.

    between: s.d. of the unit means; within: s.d. of x_it - x_i. + x_.. ; all with n - 1.

    Parameters
    ----------
    values : Series, index (unit, year), any unit of measurement

    Returns
    -------
    dict with the keys overall, between, within, in the unit of `values`.
    """
    means = values.groupby(level="unit").transform("mean")
    return {
        "overall": float(values.std(ddof=1)),
        "between": float(values.groupby(level="unit").mean().std(ddof=1)),
        "within": float((values - means).std(ddof=1)),
    }


def describe_variables(
    frame: pd.DataFrame, variables: Sequence[str], key: TableKey
) -> pd.DataFrame:
    """Mean, standard deviations, minimum and maximum of the variables of a sample.

    Parameters
    ----------
    frame : DataFrame, index (unit, year)
        The variables in columns.
    variables : sequence of str
        Which of them.
    key : TableKey
        Names of study, table and sample.

    Returns
    -------
    DataFrame of estimates.
    """
    counts = panel_counts(frame)
    rows: list[dict[str, Any]] = []
    for name in variables:
        values = frame[name]
        numbers: list[tuple[str, str, float]] = [
            ("mean", "", float(values.mean())),
            ("min", "", float(values.min())),
            ("max", "", float(values.max())),
        ]
        numbers += [("sd", part, number) for part, number in calc_spread(values).items()]
        rows += [
            {"quantity": quantity, "spec": part, "term": name, "estimate": number, **counts}
            for quantity, part, number in numbers
        ]
    return complete_rows(rows, key)
