"""Treatment before mediator before outcome: which year's value stands in which row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_sensitivity import fit_system, simulate_system

from yrb_carbon.mediation import shift_timing
from yrb_carbon.spatialpanel import (
    PanelIndexError,
    PanelSizeError,
    PeriodGapError,
    SpecificationError,
    UnbalancedPanelError,
)

YEARS = range(2003, 2009)


@pytest.fixture
def panel():
    """Values that say their unit and year, rows shuffled: x = 1000 unit + year, y = -x."""
    index = pd.MultiIndex.from_product([["a", "b", "c"], YEARS], names=["unit", "year"])
    code = index.get_level_values(0).map({"a": 1, "b": 2, "c": 3}) * 10_000
    value = np.asarray(code + index.get_level_values(1), dtype=float)
    data = pd.DataFrame({"x": value, "m": value, "y": -value, "z": value}, index)
    return data.sample(frac=1.0, random_state=1)


@pytest.mark.parametrize(("lag", "lead"), [(1, 0), (1, 1), (0, 0), (2, 1), (0, 2)])
def test_rows_hold_the_values_of_their_years(panel, lag, lead):
    before = panel.copy()
    shifted = shift_timing(panel, "x", ["m"], "y", lag, lead)
    data = shifted.data
    np.testing.assert_array_equal(data["x"], data["m"] - lag)
    np.testing.assert_array_equal(-data["y"], data["m"] + lead)
    np.testing.assert_array_equal(data["z"], data["m"])
    np.testing.assert_array_equal(data["m"], panel.loc[data.index, "m"])
    kept = list(YEARS)[lag : len(YEARS) - lead]
    assert sorted(data.index.get_level_values(1).unique()) == kept
    assert len(data) == 3 * len(kept)
    assert shifted.lost == tuple(year for year in YEARS if year not in kept)
    assert list(data.columns) == list(panel.columns)
    pd.testing.assert_frame_equal(panel, before)


def test_the_note_names_timing_and_lost_years(panel):
    note = shift_timing(panel, "x", ["m", "z"], "y", 1, 1).note
    assert note == "Timing x(t-1) -> m, z(t) -> y(t+1), controls at t; years lost: 2003, 2008."
    plain = shift_timing(panel, "x", ["m"], "y", 0, 0)
    assert plain.note == "Timing x(t) -> m(t) -> y(t), controls at t; no year lost."
    assert plain.lost == ()


def test_shifted_data_are_those_of_a_system():
    data, weights = simulate_system(n_units=24, n_periods=6)
    shifted = shift_timing(data, "x", ["m"], "y")
    results = fit_system(shifted.data, weights)
    assert results.n_periods == 5
    years = results.outcome.arrays.periods
    assert list(years) == list(range(2001, 2006))
    early = data["x"].unstack(0).loc[2000:2004].to_numpy()
    np.testing.assert_array_equal(results.mediators["m"].arrays.z[:, :, 0], early)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"treatment_lag": -1}, SpecificationError, "treatment_lag must be a number of years from"),
        ({"outcome_lead": 0.5}, SpecificationError, "outcome_lead must be a number of years from"),
        ({"treatment_lag": True}, SpecificationError, "treatment_lag must be a number"),
        ({"treatment_lag": 4, "outcome_lead": 1}, PanelSizeError, "6 years leave 1 with the treat"),
        ({"treatment_lag": 9}, PanelSizeError, "6 years leave 0"),
        ({"treatment": "q"}, SpecificationError, "data has no column q; it has x, m, y, z"),
        ({"mediators": ["x"]}, SpecificationError, "x has more than one role"),
        ({"mediators": "m"}, SpecificationError, "mediators must be a list of column names"),
    ],
)
def test_impossible_timings_are_refused(panel, change, error, message):
    options = {"treatment": "x", "mediators": ["m"], "outcome": "y", **change}
    with pytest.raises(error, match=message):
        shift_timing(panel, **options)


def test_panels_that_cannot_be_shifted_are_refused(panel):
    with pytest.raises(UnbalancedPanelError, match="1 of 18 unit-years are missing"):
        shift_timing(panel.iloc[1:], "x", ["m"], "y")
    gap = panel[panel.index.get_level_values(1) != 2005]
    with pytest.raises(PeriodGapError, match="gaps from 2004 to 2006"):
        shift_timing(gap, "x", ["m"], "y")
    with pytest.raises(PanelIndexError, match="data needs a MultiIndex"):
        shift_timing(panel.reset_index(), "x", ["m"], "y")
    with pytest.raises(PanelIndexError, match="several rows"):
        shift_timing(pd.concat([panel, panel.iloc[:1]]), "x", ["m"], "y")
    with pytest.raises(SpecificationError, match="must be a pandas DataFrame"):
        shift_timing(panel["x"], "x", ["m"], "y")
