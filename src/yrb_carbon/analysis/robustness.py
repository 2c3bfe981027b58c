"""Robustness (T11): the grid of specifications, provinces left out, placebos."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.analysis.models import HAS_TIME_EFFECTS, HAS_UNIT_EFFECTS, boundary_row
from yrb_carbon.analysis.rows import TableKey, complete_rows, named_seed, panel_counts, value_row
from yrb_carbon.analysis.specifications import (
    Case,
    MediationDraws,
    case_rows,
    fit_baseline,
    subset_links,
)
from yrb_carbon.analysis.tables import SampleData
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import Quantity
from yrb_carbon.spatialpanel import (
    BoundaryWarning,
    SpatialPanel,
    SpatialPanelError,
    SpatialPanelResults,
)
from yrb_carbon.spatialpanel.align import PanelArrays
from yrb_carbon.spatialpanel.effects_results import point_effects
from yrb_carbon.spatialpanel.model import Estimator
from yrb_carbon.spatialpanel.within import spatial_lag
from yrb_carbon.study.robustness_tables import OfColumnTable, RobustnessTable, Specification
from yrb_carbon.study.tables import ModelsTable

FloatArray = npt.NDArray[np.float64]
EFFECTS = (Quantity.DIRECT, Quantity.INDIRECT, Quantity.TOTAL)
EFFECTS_OF_LINKS = (Quantity.INDIRECT,)
"""Effects that permuted weights have a null hypothesis for."""
WHOLE = "all_provinces"
"""Model of the rows with no province left out."""
WITHOUT = "without_"
"""What stands before the name of the province left out in `model`."""
PERMUTED_WEIGHTS, PERMUTED_TREATMENT = "permuted_weights", "permuted_treatment"
PLACEBO_INTERVAL = (0.025, 0.975)
LOST_DRAWS = "draws_without_effects"
FEWEST_DRAWS = 2
"""Draws with effects below which they have no distribution."""


def grid_rows(
    table: RobustnessTable,
    data: Mapping[str, SampleData],
    seed: int,
    key: TableKey,
    part: int = 0,
) -> pd.DataFrame:
    """Baseline and mediation of one part of the specifications.

    Parameters
    ----------
    table : RobustnessTable
    data : mapping of str to SampleData
        By sample.
    seed : int
        Of the study; the draws of a specification depend on it and on its name alone.
    key : TableKey
    part : int
        From 0 to `table.parts` - 1; specification j belongs to part j modulo that number.

    Returns
    -------
    DataFrame of estimates; `model` is the name of the specification.
    """
    rows: list[dict[str, Any]] = []
    for name, one in list(table.specifications.items())[part :: table.parts]:
        case = case_of(name, one, table, data[one.sample])
        mediation = MediationDraws(
            table.draws, named_seed(seed, key.table, name), table.covariances[-1]
        )
        rows += case_rows(case, table.covariances, mediation)
    return complete_rows(rows, key)


def case_of(name: str, one: Specification, table: RobustnessTable, data: SampleData) -> Case:
    """What a specification of the grid is estimated from."""
    return Case(
        name=name,
        sample=one.sample,
        weights_name=one.weights,
        frame=data.frame,
        weights=data.weights[one.weights],
        outcome=one.outcome,
        treatment=one.treatment,
        mediators=table.mediators[one.mediators],
        controls=table.controls[one.controls],
        model=one.model,
        lag=one.lag,
    )


def case_of_column(
    table: OfColumnTable, models: ModelsTable, data: SampleData, key: TableKey
) -> Case:
    """What one column of a table of models is estimated from; its mediators are the table's."""
    column = next(column for column in models.columns if column.id == table.column)
    regressors = (*(column.regressors or models.regressors), *column.add)
    weights = column.weights or models.weights
    return Case(
        name=column.id,
        sample=key.sample,
        weights_name=weights,
        frame=data.frame,
        weights=data.weights[weights],
        outcome=column.outcome or models.outcome,
        treatment=table.treatment,
        mediators=tuple(m for m in models.mediators if m not in regressors and m in data.frame),
        controls=tuple(r for r in regressors if r != table.treatment),
        model=column.model,
        durbin=column.durbin,
        estimator=column.estimator,
        entity_effects=column.effects in HAS_UNIT_EFFECTS,
        time_effects=column.effects in HAS_TIME_EFFECTS,
    )


def leave_out_rows(
    case: Case,
    groups: Mapping[str, str],
    covariances: Sequence[Any],
    draws: int,
    seed: int,
    key: TableKey,
) -> pd.DataFrame:
    """A case again without the units of each group in turn, rows of W with the sums that they had.

    Parameters
    ----------
    case : Case
    groups : mapping unit -> group
        Such as provinces.
    covariances : sequence of str
    draws : int
        Of the Monte Carlo of each mediation.
    seed : int
    key : TableKey

    Returns
    -------
    DataFrame of estimates; each group has its rows, the count of parts that W falls into, and of
    units that lose all neighbours and leave with the group.
    """
    units = [str(unit) for unit in case.weights.unique_ids]
    lost = sorted({unit for unit in units if unit not in groups})
    if lost:
        raise DataError(
            f"{len(lost)} units belong to no group that could be left out: {listing(lost)}"
        )
    rows = []
    for group in ["", *sorted({groups[unit] for unit in units})]:
        name = f"{WITHOUT}{group}" if group else WHOLE
        kept = [unit for unit in units if groups[unit] != group]
        mediation = MediationDraws(draws, named_seed(seed, key.table, name), covariances[-1])
        weights = subset_links(case.weights, kept)[0] if group else case.weights
        frame = case.frame[case.frame.index.get_level_values("unit").isin(kept)]
        part = replace(case, name=name, frame=frame, weights=weights)
        rows += case_rows(part, covariances, mediation)
    return complete_rows(rows, key)


def placebo_rows(case: Case, draws: int, seed: int, key: TableKey) -> pd.DataFrame:
    """Effects with the labels of W, or the treatments of the units, dealt at random.

    Every draw is a permutation of units and keeps their histories over time. With permuted weights
    outcome and regressors of a unit stay together and only who is whose neighbour changes; with a
    permuted treatment the units change theirs. The share of draws with an effect at least as large
    in absolute value is (1 + their number)/(1 + draws). Permuted weights have one for the indirect
    effect alone: the direct effect, and through it the total, do not vanish where nobody is a
    neighbour.

    Parameters
    ----------
    case : Case
    draws : int
        Of each kind.
    seed : int
    key : TableKey

    Returns
    -------
    DataFrame of estimates: the effects, their mean, s.d. and interval over the draws, the share.
    """
    frame = case.linked_frame()
    actual = fit_baseline(case, frame, case.weights)
    shared = {**case.names, **panel_counts(frame), "estimator": case.estimator}
    if actual.at_boundary:
        return complete_rows([{**shared, **boundary_row()}], key)
    position = actual.arrays.variables.index(case.treatment)
    point = point_effects(actual)[position]
    rows: list[dict[str, Any]] = []
    for kind in (PERMUTED_WEIGHTS, PERMUTED_TREATMENT):
        own_seed = named_seed(seed, key.table, kind)
        effects = np.stack(list(_placebo_effects(actual, position, kind, draws, own_seed)))
        names = {**shared, "model": kind, "draws": draws, "seed": own_seed,
                 "inference": "permutation"}  # fmt: skip
        tested = EFFECTS if kind == PERMUTED_TREATMENT else EFFECTS_OF_LINKS
        found = placebo_summary(point, effects, case.treatment, tested)
        rows += [{**names, **row} for row in found]
    return complete_rows(rows, key)


def placebo_summary(
    point: FloatArray,
    effects: FloatArray,
    treatment: str,
    tested: Collection[Quantity] = EFFECTS,
) -> Iterator[dict[str, Any]]:
    """Rows of the distribution of placebo effects, draws without effects (NaN) counted.

    Parameters
    ----------
    point : array, shape (3,)
        Direct, indirect, total.
    effects : array, shape (R, 3)
    treatment : str
    tested : collection of Quantity
        Effects that the placebo puts at zero; the others have no share of more extreme draws.
    """
    kept = effects[np.isfinite(effects).all(axis=1)]
    yield value_row(LOST_DRAWS, len(effects) - len(kept))
    if len(kept) < FEWEST_DRAWS:
        return
    for place, quantity in enumerate(EFFECTS):
        drawn = kept[:, place]
        lower, upper = np.quantile(drawn, PLACEBO_INTERVAL)
        more_extreme = int((np.abs(drawn) >= abs(point[place])).sum())
        share = (1 + more_extreme) / (1 + len(drawn))
        yield {
            "quantity": quantity.value,
            "term": treatment,
            "estimate": float(point[place]),
            "p_value": share if quantity in tested else float("nan"),
        }
        yield {
            "quantity": Quantity.MEAN.value,
            "term": f"{quantity.value}:{treatment}",
            "estimate": float(drawn.mean()),
            "ci_lower": float(lower),
            "ci_upper": float(upper),
        }
        yield {
            "quantity": Quantity.SD.value,
            "term": f"{quantity.value}:{treatment}",
            "estimate": float(drawn.std(ddof=1)),
        }


def permute_units(
    arrays: PanelArrays, order: npt.NDArray[np.intp], variables: Sequence[int] | None
) -> PanelArrays:
    """Arrays with the histories of units dealt anew, spatial lags computed again.

    Parameters
    ----------
    arrays : PanelArrays
    order : array of int, shape (N,)
        Unit i gets the history of unit order[i].
    variables : sequence of int, optional
        Places among `arrays.variables` that move; None for all and the outcome, which is the same
        as W with its labels permuted.
    """
    moved = range(len(arrays.variables)) if variables is None else variables
    z = arrays.z.copy()
    for place in moved:
        own, lag = arrays.beta_positions[place], arrays.theta_positions[place]
        z[:, :, own] = arrays.z[:, order, own]
        if lag >= 0:
            z[:, :, lag] = spatial_lag(arrays.weights, z[:, :, own])
    if variables is not None:
        return replace(arrays, z=z)
    y = np.ascontiguousarray(arrays.y[:, order])
    return replace(arrays, y=y, lagged_y=spatial_lag(arrays.weights, y), z=z)


def _placebo_effects(
    actual: SpatialPanelResults, position: int, kind: str, draws: int, seed: int
) -> Iterator[FloatArray]:
    """Direct, indirect and total effect of every draw; NaN where there are none."""
    specification = actual.specification
    estimator = cast(Estimator, specification.estimator)
    moved = None if kind == PERMUTED_WEIGHTS else [position]
    # by rank of the identifiers, which is the order of the arrays, so rows do not matter
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    for _ in range(draws):
        arrays = permute_units(actual.arrays, rng.permutation(actual.n_units), moved)
        try:
            with warnings.catch_warnings():
                # counted below instead of told a hundred times
                warnings.simplefilter("ignore", BoundaryWarning)
                fit = SpatialPanel.from_arrays(
                    arrays,
                    model=specification.model,
                    entity_effects=specification.scheme.entity_effects,
                    time_effects=specification.scheme.time_effects,
                    spectrum=actual.spectrum,
                    error_spectrum=actual.error_spectrum,
                ).fit(estimator=estimator)
        except SpatialPanelError:
            yield np.full(3, np.nan)
            continue
        yield np.full(3, np.nan) if fit.at_boundary else point_effects(fit)[position]
