"""Inequality and ellipses: what holds for any values, groups and places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yrb_carbon.indices.centrography import calc_ellipse
from yrb_carbon.indices.inequality import calc_dagum_gini, calc_gini, calc_theil
from yrb_carbon.indices.trend import calc_mann_kendall, calc_sen_slope

PARTS = 1e-10
"""What parts may miss a total of order one by."""
CLOSE = 1e-9
"""Relative, of sums of squares."""

amounts = st.floats(0.0, 1e6, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def grouped(draw: st.DrawFn) -> tuple[pd.Series, pd.Series]:
    size = draw(st.integers(2, 25))
    values = draw(st.lists(amounts, min_size=size, max_size=size).filter(lambda x: sum(x) > 1))
    groups = draw(st.lists(st.sampled_from("abcd"), min_size=size, max_size=size))
    units = [f"u{i}" for i in range(size)]
    return pd.Series(values, index=units), pd.Series(groups, index=units)


@settings(max_examples=40, deadline=None)
@given(grouped())
def test_parts_of_dagum_add_up_and_stay_in_bounds(sample):
    values, groups = sample
    found = calc_dagum_gini(values, groups)
    parts = (found.within, found.net_between, found.transvariation)
    assert sum(parts) == pytest.approx(calc_gini(values), abs=PARTS)
    assert found.total == pytest.approx(calc_gini(values), abs=PARTS)
    assert min(parts) >= -PARTS
    assert found.total <= 1 - 1 / len(values) + PARTS
    assert found.pairs["affluence"].between(0, 1 + PARTS).all()
    assert found.pairs["gini"].between(0, 1 + PARTS).all()


@settings(max_examples=40, deadline=None)
@given(grouped())
def test_parts_of_theil_add_up_and_are_not_negative(sample):
    values, groups = sample
    found = calc_theil(values, groups)
    shares = values / values.sum()
    total = sum(s * np.log(s * len(values)) for s in shares if s > 0)
    assert found.between + found.within == pytest.approx(total, abs=PARTS)
    assert min(found.between, found.within) >= -PARTS
    assert found.total <= np.log(len(values)) + PARTS


@settings(max_examples=40, deadline=None)
@given(grouped(), st.integers(0, 3))
def test_a_transfer_to_a_poorer_unit_lessens_inequality(sample, seed):
    values, groups = sample
    rich, poor = values.idxmax(), values.idxmin()
    given_away = (values[rich] - values[poor]) / (2 + seed)
    after = values.copy()
    after[rich] -= given_away
    after[poor] += given_away
    assert calc_gini(after) <= calc_gini(values) + PARTS
    assert calc_theil(after, groups).total <= calc_theil(values, groups).total + PARTS


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (8, 2), elements=st.floats(-1e6, 1e6).map(round)),
    arrays(float, 8, elements=st.floats(0.1, 100.0)),
    st.floats(0.0, 180.0),
)
def test_turned_clouds_have_turned_ellipses(points, weights, turn):
    units = [f"u{i}" for i in range(8)]
    loads = pd.Series(weights, index=units)
    assume(np.linalg.matrix_rank(points - points.mean(axis=0)) == 2)
    cosine, sine = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    # clockwise
    turned = points @ np.array([[cosine, -sine], [sine, cosine]])
    one, other = (
        calc_ellipse(pd.DataFrame(p, index=units, columns=["x", "y"]), loads)
        for p in (points, turned)
    )
    scale = one.major
    assert other.major == pytest.approx(one.major, rel=CLOSE)
    assert other.minor == pytest.approx(one.minor, abs=1e-6 * scale)
    assert other.minor <= other.major
    if one.minor < 0.9 * one.major:
        gap = (other.rotation - one.rotation - turn + 90) % 180 - 90
        assert gap == pytest.approx(0.0, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=4, max_size=25), st.integers(1, 5))
def test_trends_turn_with_the_series(values, factor):
    series = pd.Series(values, index=range(2000, 2000 + len(values)), dtype=float)
    for serial_correlation in (False, True):
        one = calc_mann_kendall(series, serial_correlation=serial_correlation)
        other = calc_mann_kendall(-factor * series, serial_correlation=serial_correlation)
        assert other.z == pytest.approx(-one.z, abs=PARTS)
        assert 0 <= one.p_value <= 1
    slope, turned = calc_sen_slope(series), calc_sen_slope(-factor * series)
    assert turned.slope == pytest.approx(-factor * slope.slope, abs=PARTS)
    assert slope.lower <= slope.slope <= slope.upper
