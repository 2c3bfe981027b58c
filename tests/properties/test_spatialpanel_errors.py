"""Whatever is wrong with a panel or its weights is refused by its own class and named."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yrb_carbon.spatialpanel import (
    AbsorbedRegressorError,
    BoundaryWarning,
    CollinearRegressorError,
    IslandError,
    MissingValueError,
    NegativeWeightsError,
    PanelIndexError,
    PanelSizeError,
    RowSumsError,
    SpatialPanel,
    SpatialPanelError,
    SpecificationError,
    UnbalancedPanelError,
    WeightsAlignmentError,
    WeightsDiagonalError,
)

pytestmark = pytest.mark.slow

EXAMPLES = settings(max_examples=30, deadline=None)


@st.composite
def panels(draw):
    """Outcome, two regressors and row-standardised weights of a small panel, rows shuffled."""
    n_units, n_periods = draw(st.integers(5, 9)), draw(st.integers(4, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    units = [f"u{i}" for i in range(n_units)]
    links = rng.uniform(0.2, 1.0, (n_units, n_units)) * (rng.random((n_units, n_units)) < 0.5)
    np.fill_diagonal(links, 0.0)
    links[np.arange(n_units), (np.arange(n_units) + 1) % n_units] = 1.0
    weights = pd.DataFrame(links / links.sum(axis=1, keepdims=True), units, units)
    index = pd.MultiIndex.from_product([units, range(2000, 2000 + n_periods)], names=["u", "t"])
    values = rng.standard_normal((len(index), 3))
    frame = pd.DataFrame(values, index, columns=["y", "a", "b"])
    return frame.sample(frac=1.0, random_state=int(rng.integers(1000))), weights, rng


def build(frame, weights, model="sdm", **options):
    exog = frame.drop(columns="y")
    pair = (list(weights.index), weights.to_numpy())
    return SpatialPanel(frame["y"], exog, pair, model=model, **options)


def refused(kind, frame, weights, *, fit=False, **options) -> str:
    def attempt():
        panel = build(frame, weights, **options)
        return panel.fit() if fit else panel

    with pytest.raises(kind) as caught:
        attempt()
    assert isinstance(caught.value, SpatialPanelError)
    return str(caught.value)


@EXAMPLES
@given(panels(), st.integers(1, 4))
def test_missing_unit_years_are_listed(problem, count):
    frame, weights, rng = problem
    gone = frame.index[rng.choice(len(frame), count, replace=False)]
    kept = frame.drop(gone)
    message = refused(UnbalancedPanelError, kept, weights)
    assert f"{count} of {len(frame)} unit-years are missing" in message
    for unit, year in gone:
        assert f"('{unit}', {year})" in message


@EXAMPLES
@given(panels(), st.sampled_from(["y", "a", "b"]), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_values_that_are_no_numbers_are_placed(problem, column, value):
    frame, weights, rng = problem
    place = frame.index[rng.integers(len(frame))]
    frame.loc[place, column] = value
    message = refused(MissingValueError, frame, weights)
    assert f"'{column}' at ('{place[0]}', {place[1]})" in message


@EXAMPLES
@given(panels())
def test_repeated_rows_are_named(problem):
    frame, weights, rng = problem
    again = frame.iloc[[rng.integers(len(frame))]]
    message = refused(PanelIndexError, pd.concat([frame, again]), weights)
    unit, year = again.index[0]
    assert f"several rows for ('{unit}', {year})" in message


@EXAMPLES
@given(panels())
def test_units_of_one_side_only_are_named(problem):
    frame, weights, rng = problem
    known = weights.index[rng.integers(len(weights))]
    renamed = weights.rename(index={known: "elsewhere"}, columns={known: "elsewhere"})
    message = refused(WeightsAlignmentError, frame, renamed)
    assert f"without weights: {known}" in message
    assert "not in the panel: elsewhere" in message


@EXAMPLES
@given(panels(), st.sampled_from(["island", "diagonal", "negative"]))
def test_units_with_impossible_weights_are_named(problem, fault):
    frame, weights, rng = problem
    unit = weights.index[rng.integers(len(weights))]
    neighbour = weights.columns[weights.loc[unit] > 0][0]
    kind = {
        "island": IslandError,
        "diagonal": WeightsDiagonalError,
        "negative": NegativeWeightsError,
    }[fault]
    if fault == "island":
        weights.loc[unit] = 0.0
    elif fault == "diagonal":
        weights.loc[unit, unit] = 0.3
    else:
        weights.loc[unit, neighbour] = -0.1
    assert unit in refused(kind, frame, weights)


@EXAMPLES
@given(panels(), st.sampled_from(["unit", "time", "both", "constant"]))
def test_absorbed_regressors_are_named_with_the_reason(problem, kind):
    frame, weights, rng = problem
    of_units = dict(zip(weights.index, rng.standard_normal(len(weights)), strict=True))
    years = frame.index.get_level_values("t")
    in_unit = frame.index.get_level_values("u").map(of_units).to_numpy(dtype=float)
    in_time = np.sin(years.to_numpy(dtype=float))
    values = {"unit": in_unit, "time": in_time, "both": in_unit + in_time, "constant": 3.5}
    frame["flat"] = values[kind]
    message = refused(AbsorbedRegressorError, frame, weights)
    assert "'flat'" in message
    assert {
        "unit": "does not vary over time",
        "time": "does not vary over units",
        "both": "sum of a unit part and a time part",
        "constant": "is constant",
    }[kind] in message


@EXAMPLES
@given(panels(), st.floats(0.1, 5.0), st.floats(-5.0, -0.1))
def test_collinear_regressors_are_named_with_their_partners(problem, first, second):
    frame, weights, _ = problem
    frame["copy"] = first * frame["a"] + second * frame["b"]
    message = refused(CollinearRegressorError, frame, weights, model="sar")
    named = re.match(r"'(\w+)' is a linear combination of ([\w, ]+) \(", message)
    assert named is not None
    assert {named[1], *named[2].split(", ")} == {"a", "b", "copy"}


@EXAMPLES
@given(panels(), st.sampled_from(["one period", "one unit"]))
def test_panels_that_are_too_small_are_refused(problem, what):
    frame, weights, _ = problem
    if what == "one period":
        frame = frame[frame.index.get_level_values("t") == 2000]
    else:
        unit = weights.index[0]
        frame, weights = frame.loc[[unit]], weights.loc[[unit], [unit]]
    message = refused(PanelSizeError, frame, weights)
    assert "at least 2 units and 2 periods" in message


@EXAMPLES
@given(panels())
def test_more_coefficients_than_observations_are_refused(problem):
    frame, weights, rng = problem
    for k in range(len(frame)):
        frame[f"more{k}"] = rng.standard_normal(len(frame))
    with pytest.raises(SpatialPanelError):
        build(frame, weights, model="sar").fit()


@EXAMPLES
@given(panels())
def test_unequal_rows_are_refused_by_the_transformation_with_the_way_out(problem):
    frame, weights, rng = problem
    uneven = weights.mul(rng.uniform(0.3, 0.9, len(weights)), axis=0)
    message = refused(RowSumsError, frame, uneven, fit=True)
    assert "Row-standardise the weights, or use estimator='direct'" in message
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)
        assert build(frame, uneven).fit("direct").n_units == len(weights)


@EXAMPLES
@given(panels(), st.sampled_from(["rho", "lambda", "sigma2"]))
def test_names_of_parameters_are_no_names_of_columns(problem, name):
    frame, weights, _ = problem
    message = refused(SpecificationError, frame.rename(columns={"a": name}), weights)
    assert name in message


@EXAMPLES
@given(panels(), st.text(min_size=1, max_size=8).filter(lambda t: t not in {"a", "b"}))
def test_unknown_lags_are_named_beside_the_columns(problem, name):
    frame, weights, _ = problem
    message = refused(SpecificationError, frame, weights, durbin=["a", name])
    assert repr(name) in message
    assert "a, b" in message
