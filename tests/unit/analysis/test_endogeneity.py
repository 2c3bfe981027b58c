"""Endogeneity: instruments made from variables, rows of GS2SLS and of the dynamic model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_robustness import UNITS, N, T, case, pick, ring, simulated

from yrb_carbon.analysis.endogeneity import (
    endogeneity_rows,
    instrumented_frame,
    make_instrument,
)
from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import NOT_ESTIMATED
from yrb_carbon.spatialpanel import DynamicSpatialPanel, SpatialPanel
from yrb_carbon.spatialpanel.instruments import SpatialIVPanel
from yrb_carbon.study.endogeneity_tables import EndogeneityTable, InstrumentSection

EXACT = 1e-10
"""The same estimator on the same numbers."""
KEY = TableKey(study="tiny", table="T12", sample="main")


def table(**sections: object) -> EndogeneityTable:
    return EndogeneityTable.model_validate(
        {
            "kind": "endogeneity", "title": {"en": "Tiny", "zh": "小"}, "of": "T4",
            "column": "sdm", "treatment": "x",
            "columns": [
                {"id": "wy"},
                {"id": "before", "instruments": {"x_before": {"variable": "x", "lag": 1}},
                 "lag_order": 1},
            ],
            **sections,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """x with memory, so that its lag is an instrument; a national series."""
    made = simulated()
    x = made["x"].unstack("year")
    for year in x.columns[1:]:
        x[year] += 0.8 * x[year - 1]
    made["x"] = x.stack().reindex(made.index)
    weights = ring(UNITS).sparse.toarray()
    spread = np.linalg.inv(np.eye(N) - 0.5 * weights) @ (np.eye(N) + weights)
    made["y"] += pd.DataFrame(spread @ x.loc[UNITS].to_numpy(), UNITS, x.columns).stack().to_numpy()
    rise = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0, 6.0])
    made["price"] = rise[made.index.get_level_values("year") - 2003]
    return made


@pytest.fixture(scope="module")
def rows(frame) -> pd.DataFrame:
    return endogeneity_rows(table(), case(frame, ring(UNITS)), ("oim", "serial"), KEY)


def test_instrumented_columns_are_those_of_the_library(frame, rows):
    expected = SpatialIVPanel(frame["y"], frame[["x", "z"]], ring(UNITS)).fit()
    effects = expected.effects()
    for quantity in ("direct", "indirect", "total"):
        row = pick(rows, model="gs2sls_wy", quantity=quantity, term="x")
        assert row["estimate"] == pytest.approx(effects.params.at["x", quantity], abs=EXACT)
        assert row["std_error"] == pytest.approx(effects.std_errors.at["x", quantity], rel=1e-8)
        assert row["vcov"] == "clustered"
    first = expected.first_stage
    strength = pick(rows, model="gs2sls_wy", term="first-stage F||no instrument explains Wy")
    assert strength["statistic"] == pytest.approx(first.at["rho", "f"], rel=1e-9)
    assert strength["df"] == first.at["rho", "df"]
    names = {str(term).split("|")[0] for term in rows["term"]}
    assert {"Hansen J", "Kleibergen-Paap rk Wald", "Anderson-Rubin"} <= names


def test_a_lagged_instrument_loses_the_first_year(frame, rows):
    before = frame["x"].unstack("year").shift(1, axis=1).stack().reindex(frame.index)
    kept = frame.index.get_level_values("year") > 2003
    own = frame[kept]
    expected = SpatialIVPanel(
        own["y"], own[["z"]], ring(UNITS), endog=own[["x"]],
        instruments=before[kept].rename("x_before").to_frame(), lag_order=1,
    ).fit()  # fmt: skip
    row = pick(rows, model="gs2sls_before", quantity="coef", term="x")
    assert row["estimate"] == pytest.approx(expected.params["x"], abs=EXACT)
    assert row["n_obs"] == N * (T - 1)


def test_dynamic_rows_are_those_of_the_library(frame, rows):
    fit = DynamicSpatialPanel(frame["y"], frame[["x", "z"]], ring(UNITS)).fit(cov_type="qml")
    for horizon in ("short", "long"):
        effects = fit.effects(horizon)
        row = pick(rows, model=f"dynamic_{horizon}", quantity="total", term="x", vcov="qml")
        assert row["estimate"] == pytest.approx(effects.params.at["x", "total"], abs=EXACT)
        assert row["std_error"] == pytest.approx(effects.std_errors.at["x", "total"], rel=1e-8)
    assert pick(rows, model="dynamic", term="y.L1", vcov="oim")["estimate"] == pytest.approx(
        fit.tau, abs=EXACT
    )
    assert pick(rows, model="dynamic", term="tau+rho+eta")["estimate"] == pytest.approx(
        fit.stability.total, abs=EXACT
    )
    assert set(rows.loc[rows["model"] == "dynamic", "n_periods"]) == {T - 1}
    case_of_fit = pick(rows, model="dynamic", term=f"stability|{fit.stability.case}")
    assert case_of_fit["estimate"] == 1.0


def test_static_column_is_the_baseline(frame, rows):
    effects = SpatialPanel(frame["y"], frame[["x", "z"]], ring(UNITS), model="sdm").fit().effects()
    row = pick(rows, model="static", quantity="indirect", term="x", vcov="oim")
    assert row["estimate"] == pytest.approx(effects.params.at["x", "indirect"], abs=EXACT)


def test_what_cannot_be_instrumented_is_a_row_that_says_so(frame):
    still = frame.assign(fixed=frame["x"].groupby(level="unit").transform("first"))
    columns = [{"id": "still", "instruments": {"fixed": {"variable": "fixed"}},
                "lag_instruments": False, "lag_order": 1}]  # fmt: skip
    made = case(still.assign(z=0.0), ring(UNITS), controls=())
    with pytest.warns(match="dropped"):
        rows = endogeneity_rows(table(columns=columns, dynamic=None), made, ("oim",), KEY)
    own = rows[rows["model"] == "gs2sls_still"]
    assert own["term"].str.startswith(f"{NOT_ESTIMATED}|Underidentified").all()
    assert (rows["model"] == "dynamic").sum() == 0


@pytest.mark.parametrize("base_year", [2004, "first"])
def test_a_base_value_times_a_national_series(frame, base_year):
    section = InstrumentSection.model_validate(
        {"variable": "x", "base_year": base_year, "times": "price", "lag": 1}
    )
    made = make_instrument(frame, section)
    year = 2003 if base_year == "first" else base_year
    unit = UNITS[4]
    assert made[unit, 2006] == frame.at[(unit, year), "x"] * frame.at[(unit, 2005), "price"]
    assert made.isna().groupby(level="year").all()[2003]
    trend = make_instrument(
        frame, InstrumentSection.model_validate({**section.model_dump(), "times": "trend"})
    )
    assert trend[unit, 2006] == frame.at[(unit, year), "x"] * 2


def test_instruments_that_cannot_be_made_are_refused(frame):
    with pytest.raises(DataError, match="'z' differs among units in 2003, 2004"):
        make_instrument(frame, InstrumentSection(variable="x", times="z"))
    with pytest.raises(DataError, match=r"base year 1999 is not in the sample \(2003-2009\)"):
        make_instrument(frame, InstrumentSection(variable="x", base_year=1999, times="trend"))


def test_longest_lag_decides_which_years_stay(frame):
    column = table().columns[1].model_copy(
        update={"instruments": {"a": InstrumentSection(variable="x", lag=3),
                                "b": InstrumentSection(variable="m", lag=1)}}
    )  # fmt: skip
    used, instruments = instrumented_frame(case(frame, ring(UNITS)), column)
    assert used.index.get_level_values("year").min() == 2006
    assert not instruments.isna().any(axis=None)
    assert instruments.at[(UNITS[0], 2006), "a"] == frame.at[(UNITS[0], 2003), "x"]
