"""Rows of the tables made from a mediation system: steps, sensitivity, timing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from yrb_carbon.analysis.mediation import (
    FittedSystem,
    build_system,
    errors_of_system,
    mediation_rows,
    residual_rows,
    sample_of_system,
)
from yrb_carbon.analysis.models import Weights, boundary_row, residual_ar1
from yrb_carbon.analysis.rows import SYSTEM, TableKey, complete_rows, row_dicts, value_row
from yrb_carbon.estimates import DISCARDED
from yrb_carbon.mediation import MediationResults, MediationSteps, shift_timing
from yrb_carbon.study.mediation_tables import (
    JOINT,
    BootstrapDraws,
    DerivedMediation,
    MediationSensitivityTable,
    MediationStepsTable,
    MediationTable,
    MediationTimingTable,
)

THREE_STEP, TWO_STEP = "three_step", "two_step"
STEP_INFERENCE = {"coef": "normal", "value": "sobel"}
"""Inference of the rows of the three steps, by quantity; effects have the delta method."""
THRESHOLDS = ("zero", "lower", "upper")
"""Terms of the correlations at which a mediated direct effect is zero, and between which its
interval excludes zero."""


def companion_rows(
    table: DerivedMediation,
    system: MediationTable,
    frame: pd.DataFrame,
    weights: Mapping[str, Weights],
    seed: int,
    key: TableKey,
) -> pd.DataFrame:
    """Rows of a table of steps, of sensitivity or of timing.

    Parameters
    ----------
    table : MediationStepsTable, MediationSensitivityTable or MediationTimingTable
    system : MediationTable
        The table of the system that it is made from.
    frame : DataFrame, index (unit, year)
        All variables of the sample.
    weights : mapping of str to Weights
    seed : int
        Seed of the study.
    key : TableKey

    Returns
    -------
    DataFrame of estimates.

    Raises
    ------
    DataError
        If an equation cannot be estimated, or its model does not allow what the table wants.
    """
    sample = sample_of_system(system, frame, weights)
    if isinstance(table, MediationTimingTable):
        return timing_rows(table, system, sample, weights, seed, key)
    fitted = _fit(JOINT, system, sample, weights, key)
    if fitted.results.at_boundary or fitted.results.one_step.at_boundary:
        return complete_rows([{**fitted.shared, **boundary_row()}], key)
    if isinstance(table, MediationStepsTable):
        return steps_rows(fitted, key)
    if isinstance(table, MediationSensitivityTable):
        return sensitivity_rows(table, fitted, seed, key)
    raise TypeError(f"tables of kind {table.kind!r} are not made from a mediation system")


def steps_rows(fitted: FittedSystem, key: TableKey) -> pd.DataFrame:
    """The three steps with Sobel's test, products of effects, and the two steps.

    Rows carry in `spec` three_step or two_step, in `term` the step and its arrow.
    """
    with errors_of_system(key, JOINT):
        steps = fitted.results.steps(fitted.table.covariances)
        table = steps.tidy(fitted.table.level)
    if fitted.table.protocol == "two_step_jiang":
        table = table[table["spec"] == TWO_STEP]
    rows = []
    for row in row_dicts(table):
        covariance = row.pop("inference")
        inference = ""
        if pd.notna(row["p_value"]):
            inference = "delta" if row["spec"] == TWO_STEP else STEP_INFERENCE[row["quantity"]]
        vcov = "" if covariance == "none" else covariance
        rows.append({**fitted.shared, **row, "vcov": vcov, "inference": inference})
    rows += [{**fitted.shared, **row} for row in _steps_ar1_rows(fitted, steps)]
    return complete_rows(rows, key)


def _steps_ar1_rows(fitted: FittedSystem, steps: MediationSteps) -> Iterator[dict[str, Any]]:
    """Residual autocorrelation of the equations with no mediator, and with one each."""
    outcome = fitted.table.outcome
    for row in residual_rows(fitted):
        if row["equation"] != outcome:
            yield {**row, "spec": TWO_STEP}
    if fitted.table.protocol == "two_step_jiang":
        return
    for mediator, system in steps.systems.items():
        row = residual_ar1(system.outcome.resids.reindex(fitted.sample.index))
        yield {**row, "equation": outcome, "spec": THREE_STEP, "term": mediator}


def sensitivity_rows(
    table: MediationSensitivityTable, fitted: FittedSystem, seed: int, key: TableKey
) -> pd.DataFrame:
    """Effects at each supposed correlation of errors, and the correlations that undo them.

    Rows carry in `model` the mediator whose error is supposed to be correlated with the outcome's,
    in `spec` the correlation (`r=+0.30`); those of the thresholds `r_of_mediated_direct`.
    """
    system = fitted.table
    own_seed = fitted.seed(seed, key.sample)
    rows: list[dict[str, Any]] = []
    for covariance in system.covariances:
        with errors_of_system(key, JOINT):
            found = fitted.results.sensitivity(
                draws=table.draws, seed=own_seed, cov_type=covariance
            )
            effects = found.table(table.correlations, system.level).reset_index()
            limits = found.thresholds(level=system.level)
        effects = effects.rename(columns={"mediator": "model"})
        effects["spec"] = [f"r={value:+.2f}" for value in effects["correlation"]]
        own = row_dicts(effects.drop(columns="correlation"))
        own += [
            {
                **value_row(term, limits.loc[mediator, term]),
                "model": mediator,
                "spec": "r_of_mediated_direct",
            }
            for mediator in limits.index
            for term in THRESHOLDS
        ]
        lost = found.effects.n_discarded
        own += [{**value_row(DISCARDED, lost), "model": name} for name in found.mediators]
        drawn = {"vcov": covariance, "inference": "mc", "draws": table.draws, "seed": own_seed}
        rows += [{**fitted.shared, "equation": SYSTEM, **row, **drawn} for row in own]
    rows += [{**fitted.shared, **row} for row in residual_rows(fitted)]
    return complete_rows(rows, key)


def timing_rows(
    table: MediationTimingTable,
    system: MediationTable,
    sample: pd.DataFrame,
    weights: Mapping[str, Weights],
    seed: int,
    key: TableKey,
) -> pd.DataFrame:
    """Effects by path with the treatment before and the outcome after the mediators.

    Rows carry in `model` the name of the timing; without bootstraps.
    """
    plain = system.model_copy(update={"bootstrap": BootstrapDraws(wild_unit=0, year=0)})
    fitted = []
    for timing in table.timings:
        with errors_of_system(key, timing.id):
            shifted = shift_timing(
                sample,
                system.treatment,
                system.mediators,
                system.outcome,
                treatment_lag=timing.treatment_lag,
                outcome_lead=timing.outcome_lead,
            )
        fitted.append(_fit(timing.id, plain, shifted.data, weights, key))
    return mediation_rows(tuple(fitted), seed, key)


def _fit(
    model: str,
    table: MediationTable,
    sample: pd.DataFrame,
    weights: Mapping[str, Weights],
    key: TableKey,
) -> FittedSystem:
    """The system with all mediators on a sample of its own."""
    with errors_of_system(key, model):
        system = build_system(table, sample, weights)
        results: MediationResults = system.fit(table.estimator, cov_type=table.covariances[0])
    return FittedSystem(model, table, sample, results)
