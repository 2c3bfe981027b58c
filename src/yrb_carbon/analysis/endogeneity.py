"""Endogeneity (T12): the baseline with instruments, and its dynamic form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import (
    TableKey,
    complete_rows,
    panel_counts,
    row_dicts,
    value_row,
)
from yrb_carbon.analysis.specification_tests import specification_row
from yrb_carbon.analysis.specifications import (
    Case,
    attempt,
    baseline_rows,
    first_year_after,
)
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import Quantity
from yrb_carbon.spatialpanel.dynamic import DynamicResults, DynamicSpatialPanel
from yrb_carbon.spatialpanel.instruments import SpatialIVPanel, SpatialIVResults
from yrb_carbon.study.endogeneity_tables import (
    TREND,
    DynamicSection,
    EndogeneityTable,
    InstrumentedColumn,
    InstrumentSection,
)
from yrb_carbon.study.tables import Covariance

STATIC, INSTRUMENTED, DYNAMIC = "static", "gs2sls_", "dynamic"
FIRST_STAGE = "first stage"
"""`equation` of the rows about the strength of the instruments."""
FIRST_STAGE_F, CONDITIONAL_F = "first-stage F", "conditional first-stage F"
PARTIAL_R2, RANK_F, N_INSTRUMENTS = "partial_r2", "rank_f", "n_instruments"
STABILITY, ROOT_SUM = "stability", "tau+rho+eta"


def endogeneity_rows(
    table: EndogeneityTable, case: Case, covariances: tuple[Covariance, ...], key: TableKey
) -> pd.DataFrame:
    """The baseline, its instrumented and its dynamic estimates.

    Parameters
    ----------
    table : EndogeneityTable
    case : Case
        The baseline; its frame holds the variables of the instruments.
    covariances : tuple of str
        Of the baseline.
    key : TableKey

    Returns
    -------
    DataFrame of estimates: models `static`, `gs2sls_<id>`, `dynamic` (parameters) and
    `dynamic_short`, `dynamic_long` (effects).
    """
    frame = case.linked_frame()
    rows = _named(
        replace(case, name=STATIC),
        frame,
        attempt("outcome", lambda: baseline_rows(case, frame, covariances)),
        case.estimator,
    )
    for column in table.columns:
        own = replace(case, name=f"{INSTRUMENTED}{column.id}")
        used, instruments = instrumented_frame(case, column)
        estimate = partial(_instrumented, case, column, used, instruments)
        rows += _named(own, used, attempt("outcome", estimate), column.method)
    if table.dynamic is not None:
        section = table.dynamic
        years = frame.index.get_level_values("year")
        effective = frame[years > years.min()]
        for name, found in _dynamic(case, section, frame):
            rows += _named(replace(case, name=name), effective, found, section.estimator)
    return complete_rows(rows, key)


def _named(
    case: Case, frame: pd.DataFrame, rows: list[dict[str, Any]], estimator: str
) -> list[dict[str, Any]]:
    shared = {**case.names, **panel_counts(frame), "estimator": estimator}
    return [{**shared, **row} for row in rows]


def make_instrument(frame: pd.DataFrame, section: InstrumentSection) -> pd.Series:
    """One excluded instrument: a variable lagged, held at a year, times a common series.

    Parameters
    ----------
    frame : DataFrame, index (unit, year), sorted
    section : InstrumentSection

    Returns
    -------
    Series on the index of the frame; missing in the first years when lagged.

    Raises
    ------
    DataError
        If the base year is not in the frame, or the series to multiply with differs among units.
    """
    values = frame[section.variable]
    years = pd.Series(frame.index.get_level_values("year"), index=frame.index)
    if section.base_year is not None:
        wanted = years.min() if section.base_year == "first" else section.base_year
        base = values[years == wanted].droplevel("year")
        if base.empty:
            raise DataError(
                f"instrument from {section.variable!r}: the base year {section.base_year} is not "
                f"in the sample ({years.min()}-{years.max()})"
            )
        units = frame.index.get_level_values("unit")
        values = pd.Series(base.reindex(units).to_numpy(), index=frame.index)
    if section.times == TREND:
        values = values * (years - years.min())
    elif section.times is not None:
        common = frame[section.times]
        spread = common.groupby(level="year").agg(lambda own: own.max() - own.min())
        if (spread > 0).any():
            raise DataError(
                f"instrument from {section.variable!r}: {section.times!r} differs among units in "
                f"{listing(map(str, spread.index[spread > 0]))}; take a national series"
            )
        values = values * common
    return values.groupby(level="unit").shift(section.lag)


def instrumented_frame(case: Case, column: InstrumentedColumn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Variables and instruments of a column, without the first years that lags take.

    Raises
    ------
    DataError
        If the lags leave fewer than two years.
    """
    units = case.frame.index.get_level_values("unit").isin(case.weights.unique_ids)
    whole = case.frame[units].sort_index()
    made = {name: make_instrument(whole, s) for name, s in column.instruments.items()}
    longest = max((section.lag for section in column.instruments.values()), default=0)
    kept = whole.index.get_level_values("year") >= first_year_after(whole, longest)
    names = [case.outcome, case.treatment, *case.controls]
    return whole.loc[kept, names], pd.DataFrame(made, index=whole.index)[kept]


def _instrumented(
    case: Case, column: InstrumentedColumn, frame: pd.DataFrame, instruments: pd.DataFrame
) -> list[dict[str, Any]]:
    treatment, controls = frame[[case.treatment]], frame[list(case.controls)]
    is_endogenous = bool(column.instruments)
    model = SpatialIVPanel(
        frame[case.outcome],
        controls if is_endogenous else treatment.join(controls),
        case.weights,
        endog=treatment if is_endogenous else None,
        instruments=instruments if is_endogenous else None,
        model=case.model,  # type: ignore[arg-type]
        durbin=None if case.durbin is None else list(case.durbin),
        entity_effects=case.entity_effects,
        time_effects=case.time_effects,
        lag_order=column.lag_order,
        lag_instruments=column.lag_instruments,
    )
    results = model.fit(cov_type=column.covariance, method=column.method)
    rows = _parameters(results)
    rows += attempt("outcome", lambda: _effects(results, case))
    rows += _strength(results)
    rows = [{**row, "vcov": column.covariance} for row in rows]
    return rows


def _parameters(results: SpatialIVResults | DynamicResults) -> list[dict[str, Any]]:
    """Parameters and statistics of a fit; the name of one of its own kind stands in quantity."""
    table = results.tidy().drop(columns="equation")
    table["term"] = table["term"].where(table["term"] != table["quantity"], "")
    table["inference"] = table["std_error"].notna().map({True: "normal", False: ""})
    return row_dicts(table)


def _effects(results: SpatialIVResults | DynamicResults, case: Case, **options: Any) -> list[Any]:
    """Effects of the treatment by the delta method."""
    table = results.effects(inference="delta", **options).tidy().drop(columns="equation")
    return row_dicts(table[table["term"] == case.treatment])


def _strength(results: SpatialIVResults) -> list[dict[str, Any]]:
    """First stage, and the tests of instruments and of endogeneity."""
    rows: list[dict[str, Any]] = [value_row(N_INSTRUMENTS, len(results.instrument_names))]
    for name, numbers in results.first_stage.iterrows():
        endogenous = "Wy" if name == "rho" else str(name)
        found: Mapping[str, float] = {str(k): float(v) for k, v in numbers.items()}
        shared = {"quantity": Quantity.TEST.value, "inference": "F"}
        null = f"no instrument explains {endogenous}"
        rows += [
            {
                **shared,
                "term": f"{FIRST_STAGE_F}||{null}",
                "df": found["df"],
                "estimate": found["f"],
                "statistic": found["f"],
                "p_value": found["p_value"],
            },
            {
                **shared,
                "term": f"{CONDITIONAL_F}|Sanderson-Windmeijer|{null}",
                "df": found["conditional_df"],
                "estimate": found["conditional_f"],
                "statistic": found["conditional_f"],
            },
            value_row(f"{PARTIAL_R2}:{endogenous}", found["partial_r2"]),
        ]
    rank = results.rank_test()
    if rank is not None:
        rows.append(value_row(RANK_F, rank.kleibergen_paap_f))
    rows += [specification_row(test, FIRST_STAGE) for test in results.diagnostics]
    return [{**row, "equation": FIRST_STAGE} for row in rows]


def _dynamic(
    case: Case, section: DynamicSection, frame: pd.DataFrame
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Parameters and stability as model `dynamic`, effects as `dynamic_<horizon>`."""
    fits: dict[str, DynamicResults] = {}

    def parameters() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        panel = DynamicSpatialPanel(
            frame[case.outcome],
            frame[[case.treatment, *case.controls]],
            case.weights,
            model=case.model,  # type: ignore[arg-type]
            durbin=None if case.durbin is None else list(case.durbin),
            time_lag=section.time_lag,
            space_time_lag=section.space_time_lag,
            entity_effects=case.entity_effects,
            time_effects=case.time_effects,
        )
        for place, cov_type in enumerate(section.covariances):
            fits[cov_type] = panel.fit(estimator=section.estimator, cov_type=cov_type)
            own = _parameters(fits[cov_type])
            own = [row for row in own if place == 0 or row["inference"]]
            rows += [{**row, "vcov": cov_type} for row in own]
        stability = next(iter(fits.values())).stability
        return [
            *rows,
            value_row(f"{STABILITY}|{stability.case}", float(stability.stable)),
            {**value_row(ROOT_SUM, stability.total), "std_error": stability.total_std_error},
        ]

    yield DYNAMIC, attempt("outcome", parameters)
    for horizon in section.horizons:
        rows: list[dict[str, Any]] = []
        for cov_type, fit in fits.items():
            found = attempt("outcome", partial(_effects, fit, case, horizon=horizon))
            rows += [{**row, "vcov": cov_type} for row in found]
        yield f"{DYNAMIC}_{horizon}", rows
