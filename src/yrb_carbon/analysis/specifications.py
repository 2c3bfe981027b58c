"""One specification: the baseline's effects and the mediation, or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.analysis.models import (
    Weights,
    boundary_row,
    residual_ar1,
    restrict_to_units,
    spatial_rows,
)
from yrb_carbon.analysis.rows import OUTCOME, SYSTEM, panel_counts, row_dicts, value_row
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import COMPONENTS, DISCARDED, ISLANDS, NOT_ESTIMATED
from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.spatialpanel import SpatialPanel, SpatialPanelError, SpatialPanelResults
from yrb_carbon.spatialpanel.covariance import CovarianceType
from yrb_carbon.spatialpanel.model import Estimator, Model
from yrb_carbon.spatialpanel.subsample import calc_subset_weights
from yrb_carbon.spatialpanel.within import within_transform
from yrb_carbon.weights.links import LinkedUnits

STANDARDISED = "standardised"
"""`equation` of both in within standard deviations of the outcome per one of the treatment."""
EFFECTS = ("direct", "indirect", "total")
SCALED = ("estimate", "std_error", "ci_lower", "ci_upper")
SYSTEM_PREFIXES = ("natural_", "mediated_", "system_")


@dataclass(frozen=True, slots=True)
class Case:
    """What one specification is estimated from.

    Attributes
    ----------
    name : str
        `model` in estimates.
    sample, weights_name : str
    frame : DataFrame, index (unit, year)
        Outcome and regressors.
    weights : object with ``unique_ids`` and ``sparse``
    outcome, treatment : str
    mediators, controls : tuple of str
    model : str
        Spatial model of every equation.
    durbin : tuple of str or None
        Regressors of the baseline that have a spatial lag; None for all.
    estimator : str
    entity_effects, time_effects : bool
    lag : int
        Years by which the regressors stand before the outcome.
    """

    name: str
    sample: str
    weights_name: str
    frame: pd.DataFrame
    weights: Weights
    outcome: str
    treatment: str
    mediators: tuple[str, ...]
    controls: tuple[str, ...]
    model: Model
    durbin: tuple[str, ...] | None = None
    estimator: Estimator = "transform"
    entity_effects: bool = True
    time_effects: bool = True
    lag: int = 0

    @property
    def names(self) -> dict[str, str]:
        """The key columns of its rows."""
        return {
            "model": self.name,
            "outcome": self.outcome,
            "spec": self.model,
            "sample": self.sample,
            "weights": self.weights_name,
        }

    @property
    def panel_options(self) -> dict[str, Any]:
        """Keywords of the estimators."""
        return {
            "model": self.model,
            "entity_effects": self.entity_effects,
            "time_effects": self.time_effects,
        }

    def linked_frame(self) -> pd.DataFrame:
        """Its variables on the units that have links, the regressors lagged."""
        regressors = [self.treatment, *self.mediators, *self.controls]
        linked = restrict_to_units(self.frame[[self.outcome, *regressors]], self.weights.unique_ids)
        return lag_regressors(linked, regressors, self.lag)


@dataclass(frozen=True, slots=True)
class MediationDraws:
    """How the mediated effects get their intervals.

    Attributes
    ----------
    draws, seed : int
    vcov : str
    """

    draws: int
    seed: int
    vcov: CovarianceType


def lag_regressors(frame: pd.DataFrame, regressors: Sequence[str], years: int) -> pd.DataFrame:
    """Regressors of so many years before, beside the outcome of the year; first years are lost.

    Parameters
    ----------
    frame : DataFrame, index (unit, year)
        Balanced, consecutive years.
    regressors : sequence of str
    years : int
        Zero leaves everything as it is.

    Raises
    ------
    DataError
        If fewer than two years would be left.
    """
    if years == 0:
        return frame
    first = first_year_after(frame, years)
    names = list(regressors)
    ordered = frame.sort_index()
    ordered[names] = ordered[names].groupby(level="unit").shift(years)
    kept: pd.DataFrame = ordered[ordered.index.get_level_values("year") >= first]
    return kept


def first_year_after(frame: pd.DataFrame, lag: int) -> int:
    """First year of a frame with index (unit, year) that has a year so many years before it.

    Raises
    ------
    DataError
        If fewer than two years would be left.
    """
    observed = sorted(frame.index.get_level_values("year").unique())
    if len(observed) - lag < 2:
        raise DataError(
            f"a lag of {lag} years leaves {max(len(observed) - lag, 0)} of the "
            f"{len(observed)} years {observed[0]}-{observed[-1]}; at least 2 are wanted"
        )
    return int(observed[lag])


def subset_links(weights: Weights, units: Sequence[str]) -> tuple[LinkedUnits, tuple[str, ...]]:
    """Weights among some units, and the units left without links (see `calc_subset_weights`).

    Rows keep the sums that they have in the whole: one, where the weights are row-standardised.

    Raises
    ------
    DataError
        If no two units are linked.
    """
    from scipy.sparse import csr_array

    ids = np.asarray(weights.unique_ids)
    members = np.flatnonzero(np.isin(ids, list(units)))
    subset = calc_subset_weights(csr_array(weights.sparse), members)
    if not subset.kept.size:
        raise DataError(f"none of the {len(units)} units kept is linked with another one")
    islands = sorted(str(unit) for unit in ids[subset.dropped])
    linked = LinkedUnits(pd.Index(ids[subset.kept], name="unit"), csr_array(subset.matrix))
    return linked, tuple(islands)


def count_components(weights: Weights) -> int:
    """Parts of the graph that no link connects, directions ignored."""
    from scipy.sparse.csgraph import connected_components

    return int(connected_components(weights.sparse, directed=False)[0])


def case_rows(
    case: Case, covariances: Sequence[CovarianceType], mediation: MediationDraws | None
) -> list[dict[str, Any]]:
    """Rows of one specification; one that cannot be estimated says so in rows of its own.

    Parameters
    ----------
    case : Case
    covariances : sequence of str
        Of the baseline's effects.
    mediation : MediationDraws or None
        None, or a case without mediators, leaves the mediation out.

    Returns
    -------
    list of dict, rows of estimates with the names of the case.
    """
    candidates = case.frame.index.get_level_values("unit").nunique()
    linked = len(case.weights.unique_ids)
    found: list[dict[str, Any]] = [
        value_row(ISLANDS, candidates - linked),
        value_row(COMPONENTS, count_components(case.weights)),
    ]
    counts: dict[str, Any] = {"n_units": linked}
    try:
        frame = case.linked_frame()
    except DataError as error:
        found.append({**_not_estimated(error), "equation": OUTCOME})
        return [{**case.names, **counts, **row} for row in found]
    counts = panel_counts(frame)
    found += attempt(OUTCOME, lambda: baseline_rows(case, frame, covariances))
    if mediation is not None and case.mediators:
        found += attempt(SYSTEM, lambda: mediation_rows(case, frame, mediation))
    found += standardise(found, calc_within_ratio(frame[case.treatment], frame[case.outcome]))
    shared = {**case.names, **counts, "estimator": case.estimator}
    return [{**shared, **row} for row in found]


def calc_within_ratio(treatment: pd.Series, outcome: pd.Series) -> float:
    """s.d. of the treatment over that of the outcome, unit and year means removed from both.

    Parameters
    ----------
    treatment, outcome : Series, index (unit, year)

    Returns
    -------
    float, units of the treatment per unit of the outcome.
    """
    own, other = (
        within_transform(
            values.unstack("unit").to_numpy(), entity_effects=True, time_effects=True
        ).std()
        for values in (treatment, outcome)
    )
    return float(own / other)


def standardise(rows: Sequence[Mapping[str, Any]], ratio: float) -> list[dict[str, Any]]:
    """Rows of effects again, in within s.d. of the outcome per within s.d. of the treatment.

    Effects of other outcomes and treatments compare in this unit only.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of estimates; those that are no effects are passed over.
    ratio : float
        Of `calc_within_ratio`.
    """
    effects = [
        row
        for row in rows
        if row["quantity"] in EFFECTS or row["quantity"].startswith(SYSTEM_PREFIXES)
    ]
    return [
        {
            **row,
            "equation": STANDARDISED,
            **{name: row[name] * ratio for name in SCALED if name in row},
        }
        for row in effects
    ]


def fit_baseline(case: Case, frame: pd.DataFrame, weights: Weights) -> SpatialPanelResults:
    """The outcome on treatment and controls, by the first covariance."""
    panel = SpatialPanel(
        frame[case.outcome],
        frame[[case.treatment, *case.controls]],
        weights,
        durbin=None if case.durbin is None else list(case.durbin),
        **case.panel_options,
    )
    return panel.fit(estimator=case.estimator)


def baseline_rows(
    case: Case, frame: pd.DataFrame, covariances: Sequence[CovarianceType]
) -> list[dict[str, Any]]:
    """Parameters, and direct, indirect and total effect of the treatment, by each covariance."""
    results = fit_baseline(case, frame, case.weights)
    rows: list[dict[str, Any]] = []
    for cov_type in covariances:
        rows += spatial_rows(results, cov_type, covariances[0])
        if not results.at_boundary:
            effects = results.with_covariance(cov_type).effects("delta").tidy()
            own = effects[effects["term"] == case.treatment].drop(columns="equation")
            rows += [{**row, "vcov": cov_type} for row in row_dicts(own)]
    if results.at_boundary:
        rows.append(boundary_row())
    return [*rows, residual_ar1(results.resids)]


def mediation_rows(
    case: Case, frame: pd.DataFrame, mediation: MediationDraws
) -> list[dict[str, Any]]:
    """Natural and mediated effects of the treatment with Monte Carlo intervals."""
    durbin = None if case.durbin is None else list(case.durbin)
    results = SpatialMediation(
        frame,
        outcome=case.outcome,
        treatment=case.treatment,
        mediators=case.mediators,
        controls=case.controls,
        weights=case.weights,
        durbin=None if durbin is None else [*durbin, *case.mediators],
        mediator_durbin=durbin,
        **case.panel_options,
    ).fit(estimator=case.estimator, cov_type=mediation.vcov)
    if results.at_boundary:
        return [boundary_row()]
    effects = results.effects(inference="mc", draws=mediation.draws, seed=mediation.seed)
    table = effects.tidy()
    table = table[(table["spec"] == "") & table["quantity"].str.startswith(SYSTEM_PREFIXES)]
    shared = {"vcov": mediation.vcov, "draws": mediation.draws, "seed": mediation.seed}
    rows = row_dicts(table.drop(columns=["equation", "spec"]))
    lost = {**value_row(DISCARDED, effects.n_discarded), "inference": "mc"}
    return [{**shared, **row} for row in [*rows, lost]]


def attempt(equation: str, estimate: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of an equation, or the one that says what the estimator refused."""
    try:
        rows = estimate()
    except SpatialPanelError as error:
        rows = [_not_estimated(error)]
    return [{"equation": equation, **row} for row in rows]


def _not_estimated(error: Exception) -> dict[str, Any]:
    return value_row(f"{NOT_ESTIMATED}|{type(error).__name__}: {' '.join(str(error).split())}", 1)
