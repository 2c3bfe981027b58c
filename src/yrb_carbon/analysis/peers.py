"""The models of a table, fitted again by independent programs (peers table)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import FittedColumn, Weights, errors_of_column, panel_of
from yrb_carbon.analysis.rows import TableKey, complete_rows, model_names, panel_counts

OURS = "ours"


def peers_rows(
    fitted: tuple[FittedColumn, ...], weights: Mapping[str, Weights], key: TableKey
) -> pd.DataFrame:
    """Our estimates and those of spreg or linearmodels, side by side.

    A model by the transformation estimator, which no other program has, is compared by direct ML.
    Rows with equation `ours` hold our value, rows with the program's name its value and, as
    `difference`, ours minus the peer's.

    Parameters
    ----------
    fitted : tuple of FittedColumn
    weights : mapping of str to Weights
        By name, of the sample.
    key : TableKey
    """
    from yrb_carbon.spatialpanel.peers import compare_with_peer

    rows: list[dict[str, Any]] = []
    for column in fitted:
        results = column.results
        if column.column.model == "ols":
            results = panel_of(column, weights).fit(estimator="direct")
        shared = {
            **model_names(column.key),
            **panel_counts(column.sample),
            "estimator": "direct",
        }
        with errors_of_column(key, column.column):
            compared = compare_with_peer(results)
        for row in compared.to_dict("records"):
            term = "" if row["term"] == row["quantity"] else row["term"]
            named = {**shared, "quantity": row["quantity"], "term": term}
            program = row["program"]
            rows += [
                {**named, "equation": OURS, "estimate": row["ours"]},
                {**named, "equation": program, "estimate": row["peer"]},
                {
                    **named,
                    "equation": program,
                    "quantity": "difference",
                    "term": f"{row['quantity']}:{term}",
                    "estimate": row["ours"] - row["peer"],
                },
            ]
    return complete_rows(rows, key)
