"""The tests that lead to a model of a table, in the order of Elhorst (T3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import FittedColumn, Weights, errors_of_column
from yrb_carbon.analysis.rows import TableKey, complete_rows, panel_counts
from yrb_carbon.analysis.specification_tests import specification_row
from yrb_carbon.estimates import Quantity
from yrb_carbon.spatialpanel.chain import ChoiceChain, choice_chain
from yrb_carbon.spatialpanel.diagnostics import moran_residuals, serial_correlation
from yrb_carbon.spatialpanel.testing import SpecificationTest

DECISION = "decision"
"""Term of the `value` row that says, in `spec`, which model the tests lead to."""
WALD = "Wald"


def choice_rows(
    column: FittedColumn, weights: Mapping[str, Weights], level: float, key: TableKey
) -> pd.DataFrame:
    """Tests, criteria and decision for the regressors and effects of one spatial column.

    The chain runs once for each covariance of the table: only Wald tests and the decision differ.

    Parameters
    ----------
    column : FittedColumn
        A column with a spatial model.
    weights : mapping of str to Weights
        By name, of the sample.
    level : float
        Nominal size of every test.
    key : TableKey

    Returns
    -------
    DataFrame of estimates. Rows of tests carry the fixed effects in `equation`, the tested model
    in `spec` and the test, its form and its null in `term`, parted by `|`.
    """
    shared: dict[str, Any] = {
        "model": column.key.model,
        "outcome": column.key.outcome,
        "weights": column.key.weights,
        "estimator": column.column.estimator,
        **panel_counts(column.sample),
    }
    rows: list[dict[str, Any]] = []
    with errors_of_column(key, column.column):
        chains = {name: _run_chain(column, weights, level, name) for name in column.covariances}
        residual_tests = _residual_tests(chains[column.covariances[0]])
    for place, (covariance, chain) in enumerate(chains.items()):
        for step in chain.steps:
            is_wald = step.test.name.startswith(WALD)
            if place == 0 or is_wald:
                rows.append(
                    {
                        **shared,
                        "vcov": covariance if is_wald else "",
                        **specification_row(step.test, step.effects),
                    }
                )
        rows.append(
            {
                **shared,
                "vcov": covariance,
                "spec": chain.decision,
                "quantity": Quantity.VALUE.value,
                "term": DECISION,
                "estimate": 1.0,
            }
        )
    first = next(iter(chains.values()))
    rows += [
        {**shared, **specification_row(test, "residuals of the sdm")} for test in residual_tests
    ]
    for model, numbers in first.criteria.iterrows():
        rows += [
            {**shared, "spec": str(model), "quantity": name, "estimate": float(numbers[name])}
            for name in ("loglik", "aic", "bic")
        ]
    return complete_rows(rows, key)


def _run_chain(
    column: FittedColumn, weights: Mapping[str, Weights], level: float, covariance: Any
) -> ChoiceChain:
    return choice_chain(
        column.sample[column.key.outcome],
        column.sample[list(column.regressors)],
        weights[column.key.weights],
        durbin=None if column.column.durbin is None else list(column.column.durbin),
        entity_effects=column.column.effects in ("unit", "twoway"),
        time_effects=column.column.effects in ("time", "twoway"),
        estimator=column.column.estimator,
        cov_type=covariance,
        level=level,
    )


def _residual_tests(chain: ChoiceChain) -> list[SpecificationTest]:
    """Moran's I of all residuals of the Durbin model, and their serial correlation."""
    durbin = chain.fits["sdm"]
    panel = moran_residuals(durbin).astype("float64").to_dict("index")["panel"]
    moran = SpecificationTest(
        name="Moran's I",
        null="residuals not correlated in space",
        statistic=panel["statistic"],
        df=None,
        p_value=panel["p_value"],
        distribution="normal",
    )
    return [moran, *serial_correlation(durbin)]
