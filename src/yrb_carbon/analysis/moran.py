"""Moran's I by year (T2), and the local clusters behind it (F3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import restrict_to_units
from yrb_carbon.analysis.rows import TableKey, complete_rows
from yrb_carbon.study.tables import MoranTable
from yrb_carbon.weights.autocorrelation import calc_global_moran, calc_local_moran
from yrb_carbon.weights.build import SpatialWeights

LOCAL_COLUMNS = (
    "study", "table", "sample", "weights", "variable", "year", "unit", "z", "lag", "local_moran",
    "quadrant", "p_permutation", "p_fdr", "cluster", "cluster_fdr", "level", "permutations", "seed",
)  # fmt: skip
"""Columns of the local statistics."""


def moran_by_year(
    frame: pd.DataFrame, weights: SpatialWeights, table: MoranTable, key: TableKey, *, seed: int
) -> pd.DataFrame:
    """Moran's I of each variable and year, with analytic and permutation inference.

    Rows of inference `randomisation` (normal z), `permutation`, and `permutation_fdr`, whose p is
    adjusted over the years of a variable (Benjamini and Hochberg 1995, statsmodels).

    Parameters
    ----------
    frame : DataFrame, index (unit, year)
        The variables of the sample.
    weights : SpatialWeights
    table : MoranTable
        Variables and number of permutations.
    key : TableKey
    seed : int
        Seed of the permutations.
    """
    panel = restrict_to_units(frame, pd.Index(weights.unit_ids))
    rows = global_moran_rows(
        panel, weights, table.variables, permutations=table.permutations, seed=seed
    )
    return complete_rows([{**row, "weights": table.weights} for row in rows], key)


def global_moran_rows(
    panel: pd.DataFrame,
    weights: SpatialWeights,
    variables: Sequence[str],
    *,
    permutations: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Rows of `moran_by_year` without the names of the table and the weights.

    Parameters
    ----------
    panel : DataFrame, index (unit, year)
        The units of `weights`.
    weights : SpatialWeights
    variables : sequence of str
        Columns of `panel`.
    permutations, seed : int
    """
    from statsmodels.stats.multitest import multipletests

    found = calc_global_moran(panel, weights, variables, permutations=permutations, seed=seed)
    adjusted = found.groupby("variable")["p_permutation"].transform(
        lambda p: multipletests(p, method="fdr_bh")[1]
    )
    rows: list[dict[str, Any]] = []
    for row, p_adjusted in zip(found.to_dict("records"), adjusted, strict=True):
        shared = {
            "quantity": "moran",
            "term": row["variable"],
            "year": row["year"],
            "estimate": row["moran"],
            "n_units": row["n_units"],
            "n_periods": 1,
            "n_obs": row["n_units"],
        }
        drawn = {"draws": row["permutations"], "seed": row["seed"]}
        rows += [
            {
                **shared,
                "inference": "randomisation",
                "std_error": row["variance"] ** 0.5,
                "statistic": row["z"],
                "p_value": row["p_value"],
            },
            {**shared, **drawn, "inference": "permutation", "p_value": row["p_permutation"]},
            {**shared, **drawn, "inference": "permutation_fdr", "p_value": p_adjusted},
        ]
    return rows


def local_moran_by_unit(
    frame: pd.DataFrame,
    weights: SpatialWeights,
    table: MoranTable,
    years: Mapping[str, Sequence[int]],
    key: TableKey,
    *,
    seed: int,
) -> pd.DataFrame:
    """Local Moran's I of every unit, its p by conditional permutation, before and after FDR.

    Parameters
    ----------
    frame, weights, table, key, seed
        As in `moran_by_year`.
    years : mapping of variable to years
        Which are wanted; nothing is computed for the others.

    Returns
    -------
    DataFrame
        Columns `LOCAL_COLUMNS`: those of `calc_local_moran` and what they were made with; by
        variable, year and unit.
    """
    panel = restrict_to_units(frame, pd.Index(weights.unit_ids))
    made_with: dict[str, Any] = {
        "study": key.study, "table": key.table, "sample": key.sample, "weights": table.weights,
        "level": table.level, "permutations": table.local_permutations, "seed": seed,
    }  # fmt: skip
    blocks = []
    for variable, wanted in years.items():
        own = panel[panel.index.get_level_values("year").isin(wanted)]
        found = calc_local_moran(
            own, weights, variable, permutations=table.local_permutations, seed=seed,
            level=table.level,
        )  # fmt: skip
        blocks.append(found.assign(variable=variable, **made_with))
    if not blocks:
        return pd.DataFrame(columns=list(LOCAL_COLUMNS))
    rows = pd.concat(blocks)[list(LOCAL_COLUMNS)]
    return rows.sort_values(["variable", "year", "unit"], ignore_index=True)
