"""The models of a table: which are fitted, by what, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from yrb_carbon.analysis.rows import (
    ModelKey,
    TableKey,
    complete_rows,
    model_names,
    panel_counts,
)
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.spatialpanel import SpatialPanel, SpatialPanelError, SpatialPanelResults
from yrb_carbon.spatialpanel.covariance import CovarianceType
from yrb_carbon.study.tables import ModelColumn, ModelsTable

HAS_UNIT_EFFECTS = ("unit", "twoway")
HAS_TIME_EFFECTS = ("time", "twoway")


class Weights(Protocol):
    """What the estimators need of spatial weights; libpysal's Graph has it."""

    @property
    def unique_ids(self) -> pd.Index: ...  # noqa: D102

    @property
    def sparse(self) -> Any: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class FittedColumn:
    """One fitted column of a table of models.

    Attributes
    ----------
    column : ModelColumn
        Its configuration.
    key : ModelKey
        Its names in estimates.
    regressors : tuple of str
        Regressors without their spatial lags.
    sample : DataFrame
        Outcome and regressors of the units that have weights, index (unit, year).
    results : object
        SpatialPanelResults, or linearmodels' PanelEffectsResults for `ols`.
    residuals : Series
        Within residuals on the index of `sample`.
    covariances : tuple of str
        Of a spatial column; the first goes with everything, the others with parameters and effects.
    """

    column: ModelColumn
    key: ModelKey
    regressors: tuple[str, ...]
    sample: pd.DataFrame
    results: Any
    residuals: pd.Series
    covariances: tuple[CovarianceType, ...]


@contextmanager
def errors_of_column(key: TableKey, column: ModelColumn) -> Iterator[None]:
    """Turn what the estimators refuse into an error that names the table and its column."""
    try:
        yield
    except SpatialPanelError as error:
        raise DataError(f"table {key.table!r}, column {column.id!r}: {error}") from error


def fit_columns(
    table: ModelsTable, frame: pd.DataFrame, weights: Mapping[str, Weights], key: TableKey
) -> tuple[FittedColumn, ...]:
    """Fit every column of a table of models.

    Parameters
    ----------
    table : ModelsTable
        Configuration of the table.
    frame : DataFrame, index (unit, year)
        All variables of the sample.
    weights : mapping of str to Weights
        Weights of the sample by name.
    key : TableKey
        Names of study, table and sample, for messages.

    Raises
    ------
    DataError
        If a model cannot be estimated; table, column and the regressors concerned are named.
    """
    fitted = []
    for column in table.columns:
        with errors_of_column(key, column):
            fitted.append(fit_column(column, table, frame, weights))
    return tuple(fitted)


def fit_column(
    column: ModelColumn,
    table: ModelsTable,
    frame: pd.DataFrame,
    weights: Mapping[str, Weights],
) -> FittedColumn:
    """Fit one column: `ols` by linearmodels, the spatial models by `spatialpanel`."""
    outcome = column.outcome or table.outcome
    regressors = (*(column.regressors or table.regressors), *column.add)
    name = column.weights or table.weights
    graph = weights[name]
    sample = restrict_to_units(frame[[outcome, *regressors]], graph.unique_ids)
    key = ModelKey(model=column.id, outcome=outcome, spec=column.model, weights=name)
    # made for `ols` as well: it refuses regressors that are not identified, and names them
    panel = spatial_panel(column, sample[outcome], sample[list(regressors)], graph)
    if column.model == "ols":
        results = _fit_ols(column, sample[outcome], sample[list(regressors)])
    else:
        results = panel.fit(estimator=column.estimator)
    residuals = results.resids.reindex(sample.index)
    return FittedColumn(column, key, regressors, sample, results, residuals, table.covariances)


def restrict_to_units(frame: pd.DataFrame, units: pd.Index) -> pd.DataFrame:
    """Rows of the units that the weights link; units without data are an error."""
    present = frame.index.get_level_values("unit").unique()
    absent = sorted(set(units) - set(present))
    if absent:
        raise DataError(f"the weights have units without data: {listing(absent)}")
    return frame[frame.index.get_level_values("unit").isin(units)]


def _fit_ols(column: ModelColumn, outcome: pd.Series, exog: pd.DataFrame) -> Any:
    from linearmodels.panel import PanelOLS

    if column.effects == "none":
        exog = exog.assign(const=1.0)
    model = PanelOLS(
        outcome,
        exog,
        entity_effects=column.effects in HAS_UNIT_EFFECTS,
        time_effects=column.effects in HAS_TIME_EFFECTS,
    )
    return model.fit(cov_type="clustered", cluster_entity=True)


def spatial_panel(
    column: ModelColumn, outcome: pd.Series, exog: pd.DataFrame, weights: Weights
) -> SpatialPanel:
    """The model of one column, not yet fitted."""
    return SpatialPanel(
        outcome,
        exog,
        weights,
        model=column.model,
        durbin=None if column.durbin is None else list(column.durbin),
        entity_effects=column.effects in HAS_UNIT_EFFECTS,
        time_effects=column.effects in HAS_TIME_EFFECTS,
    )


def panel_of(column: FittedColumn, weights: Mapping[str, Weights]) -> SpatialPanel:
    """The model of a column as our own estimator has it, for the ones that linearmodels fitted."""
    outcome = column.sample[column.key.outcome]
    exog = column.sample[list(column.regressors)]
    return spatial_panel(column.column, outcome, exog, weights[column.key.weights])


def model_rows(fitted: tuple[FittedColumn, ...], key: TableKey) -> pd.DataFrame:
    """Coefficients and fit of every column as rows of estimates.

    Spatial columns have their coefficients once for each covariance of the table.
    """
    rows: list[dict[str, Any]] = []
    for column in fitted:
        shared = {**model_names(column.key), **panel_counts(column.sample)}
        if column.column.model == "ols":
            shared |= {"estimator": "ols", "vcov": "clustered_unit", "inference": "t"}
            rows += [{**shared, **row} for row in _ols_rows(column.results)]
        else:
            shared |= {"estimator": column.column.estimator, "vcov": column.covariances[0]}
            rows += [
                {**shared, **row}
                for cov_type in column.covariances
                for row in spatial_rows(column.results, cov_type, column.covariances[0])
            ]
            if column.results.at_boundary:
                rows.append({**shared, **boundary_row()})
        rows.append({**shared, **residual_ar1(column.residuals)})
    return complete_rows(rows, key)


def _ols_rows(results: Any) -> list[dict[str, Any]]:
    interval = results.conf_int()
    rows: list[dict[str, Any]] = [
        {
            "quantity": "coef",
            "term": term,
            "df": float(results.df_resid),
            "estimate": float(results.params[term]),
            "std_error": float(results.std_errors[term]),
            "statistic": float(results.tstats[term]),
            "p_value": float(results.pvalues[term]),
            "ci_lower": float(interval.loc[term, "lower"]),
            "ci_upper": float(interval.loc[term, "upper"]),
        }
        for term in results.params.index
    ]
    sigma2 = float(results.resid_ss) / float(results.df_resid)
    numbers = [
        ("sigma2", "", sigma2),
        ("loglik", "", float(results.loglik)),
        ("r2", "within", float(results.rsquared)),
    ]
    rows += [
        {"quantity": quantity, "term": term, "estimate": number, "inference": ""}
        for quantity, term, number in numbers
    ]
    return rows


def spatial_rows(
    results: SpatialPanelResults, cov_type: CovarianceType, first: CovarianceType
) -> list[dict[str, Any]]:
    """Parameters with one covariance; fit statistics beside the first only.

    Parameters
    ----------
    results : SpatialPanelResults
    cov_type, first : str
        The covariance, and the one that carries the fit statistics.

    Returns
    -------
    list of dict, rows of estimates without the names of a model.
    """
    table = results.with_covariance(cov_type).tidy().drop(columns=["equation", "inference"])
    table = table[table["quantity"] != "residual_ar1"].assign(vcov=cov_type)
    if cov_type != first:
        table = table[table["std_error"].notna()]
    tested = table["std_error"].notna()
    # the name of a parameter of its own kind stands in `quantity` alone
    table["term"] = table["term"].where(table["term"] != table["quantity"], "")
    named = table.assign(inference=tested.map({True: "normal", False: ""}))
    return [dict(zip(named.columns, row, strict=True)) for row in named.itertuples(index=False)]


def boundary_row() -> dict[str, Any]:
    """Mark of a model whose likelihood peaks at the edge of the admissible interval.

    It has neither standard errors nor effects; tables say so.
    """
    return {"quantity": "value", "term": AT_BOUNDARY, "estimate": 1.0}


def residual_ar1(residuals: pd.Series) -> dict[str, Any]:
    """First-order autocorrelation of the residuals within units, by statsmodels.

    OLS of e_it on e_i,t-1 without intercept, pooled over units; standard error clustered by unit.
    Residuals of a within regression with T periods have an expectation of about -1/(T - 1) when
    the errors are not correlated, so there is no test against 0.

    Parameters
    ----------
    residuals : Series, index (unit, year)

    Returns
    -------
    dict, one row of estimates without its key.
    """
    import statsmodels.api as sm

    wide = residuals.unstack("year").sort_index().sort_index(axis=1)
    now, before = wide.iloc[:, 1:], wide.iloc[:, :-1]
    groups = np.repeat(np.arange(len(wide)), now.shape[1])
    fit = sm.OLS(now.to_numpy().ravel(), before.to_numpy().ravel()).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    lower, upper = fit.conf_int()[0]
    return {
        "quantity": "residual_ar1",
        "estimate": float(fit.params[0]),
        "std_error": float(fit.bse[0]),
        "ci_lower": float(lower),
        "ci_upper": float(upper),
        "vcov": "clustered_unit",
        "inference": "normal",
    }
