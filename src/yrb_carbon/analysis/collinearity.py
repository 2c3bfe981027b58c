"""Variance inflation of the regressors as the two-way models see them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import FittedColumn
from yrb_carbon.analysis.rows import TableKey, complete_rows, model_names, panel_counts
from yrb_carbon.estimates import Quantity


def demean(frame: pd.DataFrame, effects: str) -> pd.DataFrame:
    """Remove the means that fixed effects stand for from a balanced panel, index (unit, year).

    twoway: x_it - x_i. - x_.t + x_.. ; unit: x_it - x_i. ; time: x_it - x_.t ; none: x_it - x_..
    """
    unit = frame.groupby(level="unit").transform("mean")
    year = frame.groupby(level="year").transform("mean")
    if effects == "unit":
        return frame - unit
    if effects == "time":
        return frame - year
    if effects == "none":
        return frame - frame.mean()
    return frame - unit - year + frame.mean()


def spatial_lags(frame: pd.DataFrame, weights: Any) -> pd.DataFrame:
    """W x_t of every column and year; columns are named `W.<column>`."""
    units = list(weights.unique_ids)
    lagged = {}
    for name in frame.columns:
        wide = frame[name].unstack("year").loc[units]
        product = pd.DataFrame(weights.sparse @ wide.to_numpy(), wide.index, wide.columns)
        lagged[f"W.{name}"] = product.rename_axis(index="unit").stack()
    return pd.DataFrame(lagged).reindex(frame.index)


def variance_inflation(frame: pd.DataFrame) -> pd.Series:
    """VIF_k = 1/(1 - R2_k), R2_k of column k on the others; statsmodels. One alone has 1.

    Parameters
    ----------
    frame : DataFrame
        Demeaned regressors.

    Returns
    -------
    Series by column, dimensionless, at least 1.
    """
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    values = frame.to_numpy()
    if values.shape[1] == 1:
        return pd.Series([1.0], index=frame.columns)
    return pd.Series(
        [float(variance_inflation_factor(values, k)) for k in range(values.shape[1])],
        index=frame.columns,
    )


def collinearity_rows(
    fitted: tuple[FittedColumn, ...], weights: dict[str, Any], key: TableKey
) -> pd.DataFrame:
    """VIF of the demeaned X, and of [X, WX] for models with lagged regressors.

    The means removed are those of the column's fixed effects; without fixed effects the overall
    mean, as a VIF is about variation around it.
    """
    rows: list[dict[str, Any]] = []
    for column in fitted:
        exog = column.sample[list(column.regressors)]
        blocks = {"regressors": exog}
        if column.column.model in ("slx", "sdm", "sdem"):
            named = column.column.durbin
            with_lag = exog if named is None else exog[list(named)]
            lagged = spatial_lags(with_lag, weights[column.key.weights])
            blocks["regressors_and_lags"] = pd.concat([exog, lagged], axis=1)
        shared = {**model_names(column.key), **panel_counts(column.sample)}
        for block, values in blocks.items():
            for term, number in variance_inflation(demean(values, column.column.effects)).items():
                rows.append(
                    {
                        **shared,
                        "equation": block,
                        "quantity": Quantity.VALUE.value,
                        "term": f"vif:{term}",
                        "estimate": number,
                    }
                )
    return complete_rows(rows, key)
