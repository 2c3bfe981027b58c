"""Natural and mediated effects of a treatment (T7): which systems are fitted, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.analysis.models import (
    HAS_TIME_EFFECTS,
    HAS_UNIT_EFFECTS,
    Weights,
    boundary_row,
    residual_ar1,
    restrict_to_units,
)
from yrb_carbon.analysis.rows import (
    BY_UNIT_COLUMNS,
    SYSTEM,
    TableKey,
    collect_by_unit,
    complete_rows,
    named_seed,
    panel_counts,
    row_dicts,
    value_row,
)
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import DISCARDED, Quantity
from yrb_carbon.mediation import MediationEffects, MediationResults, SpatialMediation
from yrb_carbon.mediation.results import ONE_STEP
from yrb_carbon.spatialpanel import SpatialPanelError, SpatialPanelResults
from yrb_carbon.study.mediation_tables import JOINT, MediationTable, Scheme

PER_SD_WITHIN = "per_sd_within"
"""Spec of the effects of one within standard deviation more of the treatment."""
GAP = "gap"
NO_SHARE = "no_share"
"""Spec of the `value` row whose term says why ratios stand where shares would."""
CORRECTED: dict[Scheme, Any] = {"wild_unit": "bias_corrected", "year": "bca"}
WEIGHTS_MARK = "|"
"""Parts the weights of the outcome equation from others of the mediators' equations."""
OWN_RECEIVED_SENT = ("own", "received", "sent")


@dataclass(frozen=True, slots=True)
class FittedSystem:
    """One fitted system of a table.

    Attributes
    ----------
    model : str
        `joint`, or the one mediator.
    table : MediationTable
    sample : DataFrame
        Its variables on the units that have weights, index (unit, year).
    results : MediationResults
    """

    model: str
    table: MediationTable
    sample: pd.DataFrame
    results: MediationResults

    @property
    def shared(self) -> dict[str, Any]:
        """What all its rows have in common."""
        return {
            "model": self.model,
            "outcome": self.table.outcome,
            "weights": weights_name(self.table),
            "estimator": self.table.estimator,
            **panel_counts(self.sample),
        }

    def seed(self, seed: int, sample: str) -> int:
        """Seed of its draws, from the study's seed and its own names."""
        table = self.table
        names = (table.outcome, table.treatment, *self.results.mediators, table.model)
        return named_seed(seed, sample, self.model, *names, weights_name(table))


def weights_name(table: MediationTable) -> str:
    """Weights of the outcome equation, and those of the mediators where they differ."""
    other = table.other_weights
    return table.weights if other is None else f"{table.weights}{WEIGHTS_MARK}{other}"


@contextmanager
def errors_of_system(key: TableKey, model: str) -> Iterator[None]:
    """Turn what the estimators refuse into an error that names the table and its system."""
    try:
        yield
    except SpatialPanelError as error:
        raise DataError(f"table {key.table!r}, system {model!r}: {error}") from error


def build_system(
    table: MediationTable, frame: pd.DataFrame, weights: Mapping[str, Weights]
) -> SpatialMediation:
    """The system of a table with all mediators, not yet fitted.

    Parameters
    ----------
    table : MediationTable
    frame : DataFrame, index (unit, year)
        Its variables, of the units that have weights.
    weights : mapping of str to Weights
    """
    other = table.other_weights
    return SpatialMediation(
        frame,
        outcome=table.outcome,
        treatment=table.treatment,
        mediators=list(table.mediators),
        controls=list(table.controls),
        weights=weights[table.weights],
        mediator_weights=None if other is None else weights[other],
        model=table.model,
        mediator_model={name: table.model_of(name) for name in table.mediators},
        entity_effects=table.effects in HAS_UNIT_EFFECTS,
        time_effects=table.effects in HAS_TIME_EFFECTS,
    )


def sample_of_system(
    table: MediationTable, frame: pd.DataFrame, weights: Mapping[str, Weights]
) -> pd.DataFrame:
    """Variables of a system on the units that its weights link."""
    return restrict_to_units(frame[list(table.named_variables)], weights[table.weights].unique_ids)


def fit_systems(
    table: MediationTable, frame: pd.DataFrame, weights: Mapping[str, Weights], key: TableKey
) -> tuple[FittedSystem, ...]:
    """Fit the system with all mediators, and one with each alone, as the table asks.

    Parameters
    ----------
    table : MediationTable
    frame : DataFrame, index (unit, year)
        All variables of the sample.
    weights : mapping of str to Weights
        Weights of the sample by name.
    key : TableKey

    Raises
    ------
    DataError
        If a system cannot be estimated; table, system and equation are named.
    """
    sample = sample_of_system(table, frame, weights)
    with errors_of_system(key, JOINT):
        system = build_system(table, sample, weights)
        joint = system.fit(table.estimator, cov_type=table.covariances[0])
        found = {JOINT: joint} if table.joint else {}
        if table.one_at_a_time:
            found |= joint.one_at_a_time()
    return tuple(FittedSystem(model, table, sample, results) for model, results in found.items())


def mediation_rows(
    fitted: tuple[FittedSystem, ...], seed: int, key: TableKey, n_jobs: int = 1
) -> pd.DataFrame:
    """Effects by path of every system, with each inference that the table asks for.

    Parameters
    ----------
    fitted : tuple of FittedSystem
    seed : int
        Seed of the study; the draws of a system depend on it and on the system's names alone.
    key : TableKey
    n_jobs : int
        Processes of the bootstraps; the numbers do not depend on it.

    Returns
    -------
    DataFrame of estimates. Rows of effects have the equation `system`; those of the legs (treatment
    on mediators, mediators on the outcome; quantity direct, indirect, total) the outcome of their
    equation, and those of the outcome without mediators `one_step`.
    """
    rows: list[dict[str, Any]] = []
    for system in fitted:
        shared = system.shared
        own = [*_leg_rows(system, key), *_description_rows(system)]
        results = system.results
        if results.at_boundary:
            own += [{"equation": name, **boundary_row()} for name in results.boundary_equations]
        else:
            own += _effects_rows(system, seed, key, n_jobs)
        rows += [{**shared, **row} for row in own]
    return complete_rows(rows, key)


def mediation_by_unit(fitted: tuple[FittedSystem, ...], key: TableKey) -> pd.DataFrame:
    """Effects of each unit's treatment on itself, from all others and on all others, by path.

    Parameters
    ----------
    fitted : tuple of FittedSystem
        Systems with an equation at the edge of the admissible interval are left out.
    key : TableKey

    Returns
    -------
    DataFrame with the columns `BY_UNIT_COLUMNS`. Term and kind are treatment and own, received,
    sent for all paths together; treatment and natural_own, ... for the path without mediators;
    mediator (or `all`) and mediated_own, ... for those through them.
    """
    blocks = []
    for system in fitted:
        if system.results.at_boundary:
            continue
        with errors_of_system(key, system.model):
            tables = system.results.unit_effects()
        for path, table in tables.items():
            prefix = {SYSTEM: "", "natural": "natural_"}.get(path, "mediated_")
            term = path if prefix == "mediated_" else system.table.treatment
            wide = table[list(OWN_RECEIVED_SENT)].add_prefix(prefix)
            long = wide.rename_axis(index="unit", columns="kind").stack()
            block = (
                pd.DataFrame({"effect": long})
                .reset_index()
                .assign(
                    study=key.study,
                    table=key.table,
                    model=system.model,
                    outcome=system.table.outcome,
                    term=term,
                )
            )
            blocks.append(block[list(BY_UNIT_COLUMNS)])
    return collect_by_unit(blocks)


def _effects_rows(
    system: FittedSystem, seed: int, key: TableKey, n_jobs: int
) -> list[dict[str, Any]]:
    """Rows of each covariance by Monte Carlo, then of the bootstraps."""
    table, results = system.table, system.results
    own_seed = system.seed(seed, key.sample)
    rows: list[dict[str, Any]] = []
    with errors_of_system(key, system.model):
        for covariance in table.covariances:
            effects = results.effects(draws=table.draws, seed=own_seed, cov_type=covariance)
            rows += _rows_of_effects(effects, table.level, "percentile", own_seed)
        corrected = table.bootstrap.intervals == "corrected"
        schemes = table.bootstrap.schemes if system.model == table.runs[0] else {}
        for scheme, draws in schemes.items():
            effects = results.bootstrap(draws=draws, seed=own_seed, scheme=scheme, n_jobs=n_jobs)
            kind = CORRECTED[scheme] if corrected else "percentile"
            rows += _rows_of_effects(effects, table.level, kind, own_seed)
    return rows


def _rows_of_effects(
    effects: MediationEffects, level: float, kind: Any, seed: int
) -> list[dict[str, Any]]:
    """Effects of one unit and of one within s.d. of the treatment, shares, differences, the gap."""
    shared = {
        "equation": SYSTEM,
        "vcov": effects.vcov,
        "inference": effects.inference,
        "draws": effects.n_draws,
        "seed": seed,
    }
    tables = [
        _effects_table(effects, level, kind, ""),
        _effects_table(effects.scaled("within"), level, kind, PER_SD_WITHIN),
        _shares_table(effects, level, kind),
        _differences_table(effects, level, kind),
        _gap_table(effects, level, kind),
    ]
    rows = [row for table in tables for row in row_dicts(table)]
    reasons = effects.shares(level, kind)["label"]
    for part in ("total", "direct"):
        stated = reasons[[spec.endswith(part) for _, _, spec in reasons.index]].unique()
        spec = f"{NO_SHARE}_{part}"
        rows += [{**value_row(reason, 1), "spec": spec} for reason in stated if reason]
    rows.append(value_row(DISCARDED, effects.n_discarded))
    return [{**shared, **row} for row in rows]


def _effects_table(effects: MediationEffects, level: float, kind: Any, spec: str) -> pd.DataFrame:
    return effects.table(level, kind).reset_index().assign(spec=spec)


def _shares_table(effects: MediationEffects, level: float, kind: Any) -> pd.DataFrame:
    return effects.shares(level, kind).drop(columns="label").reset_index()


def _differences_table(effects: MediationEffects, level: float, kind: Any) -> pd.DataFrame:
    table = effects.differences(level, kind).reset_index()
    return table.assign(
        quantity=Quantity.DIFFERENCE.value,
        spec="abs_mediated_direct",
        term=table["term"].str.replace(" - ", "-"),
    )


def _gap_table(effects: MediationEffects, level: float, kind: Any) -> pd.DataFrame:
    table = effects.gap(level, kind).rename(columns={"gap": "estimate"})
    terms = [f"{SYSTEM}_{part}-{ONE_STEP}_{part}" for part in table.index]
    table = table.drop(columns=["system", "one_step"]).assign(term=terms)
    return table.assign(quantity=Quantity.DIFFERENCE.value, spec=GAP)


def _leg_rows(system: FittedSystem, key: TableKey) -> list[dict[str, Any]]:
    """Effects in the single equations by the delta method: of the treatment and the mediators."""
    results = system.results
    legs: dict[str, tuple[SpatialPanelResults, tuple[str, ...]]] = {
        name: (fit, (results.treatment,)) for name, fit in results.mediators.items()
    }
    legs[system.table.outcome] = (results.outcome, (results.treatment, *results.mediators))
    legs[ONE_STEP] = (results.one_step, (results.treatment,))
    rows: list[dict[str, Any]] = []
    for equation, (fit, terms) in legs.items():
        if fit.at_boundary:
            if equation == ONE_STEP:
                rows.append({"equation": equation, **boundary_row()})
            continue
        for covariance in system.table.covariances:
            with errors_of_system(key, system.model):
                effects = fit.with_covariance(covariance).effects("delta")
            table = effects.tidy(system.table.level)
            table = table[table["term"].isin(terms)].assign(equation=equation, vcov=covariance)
            rows += row_dicts(table)
    return rows


def residual_rows(system: FittedSystem) -> list[dict[str, Any]]:
    """Residual autocorrelation of every equation.

    Parameters
    ----------
    system : FittedSystem

    Returns
    -------
    list of dict, rows of estimates with the equation of each.
    """
    fits = {**system.results.equations, ONE_STEP: system.results.one_step}
    return [
        {"equation": name, **residual_ar1(fit.resids.reindex(system.sample.index))}
        for name, fit in fits.items()
    ]


def _description_rows(system: FittedSystem) -> list[dict[str, Any]]:
    """Residual autocorrelation of every equation, standard deviations of the treatment."""
    results = system.results
    rows = residual_rows(system)
    rows += [
        {
            "equation": SYSTEM,
            "quantity": Quantity.SD.value,
            "spec": spec,
            "term": results.treatment,
            "estimate": sd,
        }
        for spec, sd in results.treatment_sd().items()
    ]
    return rows
