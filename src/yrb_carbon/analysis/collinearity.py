"""Variance inflation of the regressors as the two-way models see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import (
    HAS_TIME_EFFECTS,
    HAS_UNIT_EFFECTS,
    FittedColumn,
    Weights,
    panel_of,
)
from yrb_carbon.analysis.rows import TableKey, complete_rows, model_names, panel_counts
from yrb_carbon.estimates import Quantity
from yrb_carbon.spatialpanel.within import stack, within_transform


def demeaned_regressors(column: FittedColumn, weights: Mapping[str, Weights]) -> pd.DataFrame:
    """Regressors of a model, lags included, without the means that its fixed effects stand for.

    The very arrays that the estimator works on. Without fixed effects the overall mean is removed,
    as a VIF is about variation around it, and the constant is left out.

    Returns
    -------
    DataFrame, one row a unit-year, columns named as the model's parameters.
    """
    panel = column.results if column.column.model != "ols" else panel_of(column, weights)
    entity = column.column.effects in HAS_UNIT_EFFECTS
    time = column.column.effects in HAS_TIME_EFFECTS
    values = within_transform(panel.arrays.z, entity_effects=entity, time_effects=time)
    frame = pd.DataFrame(stack(values), columns=list(panel.arrays.names))
    if entity or time:
        return frame
    varying = frame.loc[:, frame.nunique() > 1]
    return varying - varying.mean()


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
    fitted: tuple[FittedColumn, ...], weights: Mapping[str, Weights], key: TableKey
) -> pd.DataFrame:
    """VIF of the demeaned X, and of [X, WX] for models with lagged regressors.

    The means removed are those of the column's fixed effects; without fixed effects the overall
    mean, as a VIF is about variation around it.
    """
    rows: list[dict[str, Any]] = []
    for column in fitted:
        everything = demeaned_regressors(column, weights)
        own = [name for name in everything.columns if name in column.regressors]
        blocks = {"regressors": everything[own]}
        if len(own) < everything.shape[1]:
            blocks["regressors_and_lags"] = everything
        shared = {**model_names(column.key), **panel_counts(column.sample)}
        for block, values in blocks.items():
            for term, number in variance_inflation(values).items():
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
