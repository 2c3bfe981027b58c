"""Direct, indirect and total effects of a table of models (T5)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import (
    FittedColumn,
    boundary_row,
    errors_of_column,
    residual_ar1,
)
from yrb_carbon.analysis.rows import (
    BY_UNIT_COLUMNS,
    TableKey,
    collect_by_unit,
    complete_rows,
    model_names,
    named_seed,
    panel_counts,
    value_row,
)
from yrb_carbon.estimates import DISCARDED
from yrb_carbon.spatialpanel import EffectsResults
from yrb_carbon.study.config import EffectsSection

BOOTSTRAP = "bootstrap_wild_unit"


def effects_rows(
    fitted: tuple[FittedColumn, ...], section: EffectsSection, seed: int, key: TableKey
) -> pd.DataFrame:
    """Effects of every spatial column, with each inference that the study asks for.

    Parameters
    ----------
    fitted : tuple of FittedColumn
        The fitted models; `ols` columns have no spillover and are left out.
    section : EffectsSection
        Inference and numbers of draws. The first covariance of a column goes with the delta method
        and the simulation, the others with the delta method, none with the bootstrap.
    seed : int
        Seed of the study; the draws of a model depend on it and on the model's name alone.
    key : TableKey
        Names of study, table and sample.

    Returns
    -------
    DataFrame of estimates.
    """
    rows: list[dict[str, Any]] = []
    for column in fitted:
        if column.column.model == "ols":
            continue
        shared: dict[str, Any] = {
            **model_names(column.key),
            **panel_counts(column.sample),
            "estimator": column.column.estimator,
            "vcov": column.covariances[0],
        }
        if column.results.at_boundary:
            rows.append({**shared, **boundary_row()})
            continue
        for cov_type in column.covariances[1:]:
            with errors_of_column(key, column.column):
                robust = column.results.with_covariance(cov_type).effects("delta")
            rows += [
                {**shared, "vcov": cov_type, **row}
                for row in robust.tidy().drop(columns="equation").to_dict("records")
            ]
        for inference in section.inference:
            with errors_of_column(key, column.column):
                rows += _inference_rows(column, inference, section, seed, key, shared)
        rows.append({**shared, **residual_ar1(column.residuals)})
    return complete_rows(rows, key)


def _inference_rows(
    column: FittedColumn,
    inference: str,
    section: EffectsSection,
    seed: int,
    key: TableKey,
    shared: dict[str, Any],
) -> list[dict[str, Any]]:
    """Effects of a column by one inference, and how many draws have none."""
    extra: dict[str, Any] = {}
    if inference != "delta":
        extra["seed"] = model_seed(seed, key.sample, column)
    effects: EffectsResults
    if inference == BOOTSTRAP:
        drawn = column.results.bootstrap(section.bootstrap, extra["seed"], "wild_unit")
        effects = drawn.effects()
        # the bootstrap rests on no covariance
        extra |= {"draws": section.bootstrap, "vcov": ""}
    else:
        first = column.results.with_covariance(column.covariances[0])
        effects = first.effects(
            inference=inference, draws=section.draws, seed=extra.get("seed", seed)
        )
        if extra:
            extra["draws"] = section.draws
    rows = [
        {**shared, **row, **extra}
        for row in effects.tidy().drop(columns="equation").to_dict("records")
    ]
    if extra:
        # draws of rho at or beyond the edge of the admissible interval have no effects
        lost = value_row(DISCARDED, effects.n_discarded)
        rows.append({**shared, **extra, **lost, "inference": inference})
    return rows


def model_seed(seed: int, sample: str, column: FittedColumn) -> int:
    """Seed of the draws of a column, which depends on nothing but its names."""
    key = column.key
    return named_seed(seed, sample, key.model, key.outcome, key.spec, key.weights)


def effects_by_unit(fitted: tuple[FittedColumn, ...], key: TableKey) -> pd.DataFrame:
    """What each unit receives from the others, sends to them, and does to itself.

    With S = (I - rho W)^-1 (beta I + theta W): own S_ii, received sum_j S_ij (j != i), sent
    sum_j S_ji (j != i); their means over the units are the direct effect and, twice, the indirect.

    Parameters
    ----------
    fitted : tuple of FittedColumn
        Columns by `ols` and models at the edge of the admissible interval are left out.
    key : TableKey

    Returns
    -------
    DataFrame with the columns `BY_UNIT_COLUMNS`, sorted by them.
    """
    blocks = []
    for column in fitted:
        if column.column.model == "ols" or column.results.at_boundary:
            continue
        for kind, effects in column.results.unit_effects().items():
            long = effects.rename_axis(index="unit", columns="term").stack().rename("effect")
            block = long.reset_index().assign(
                study=key.study,
                table=key.table,
                model=column.key.model,
                outcome=column.key.outcome,
                kind=kind,
            )
            blocks.append(block[list(BY_UNIT_COLUMNS)])
    return collect_by_unit(blocks)
