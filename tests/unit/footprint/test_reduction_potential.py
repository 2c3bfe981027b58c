"""Potential of reducing emissions: weights, index, ranks, quadrants, benchmark, overshoot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yrb_carbon.errors import DataError
from yrb_carbon.footprint.potential import (
    EFFICIENCY,
    EQUITY,
    calc_benchmark_potential,
    calc_entropy_weights,
    calc_equity_efficiency,
    calc_min_max,
    calc_overshoot_potential,
    calc_quadrants,
)

CLOSE = 1e-12
SCALED = 1e-9
"""Scaling by factors of up to 1e6 loses some digits."""
PROVINCES = [f"{code}" for code in range(11, 41)]
CRITERIA = [*EQUITY, *EFFICIENCY]


def criteria(seed: int = 1) -> pd.DataFrame:
    values = np.random.default_rng(seed).gamma(1.0, 1.0, (len(PROVINCES), len(CRITERIA)))
    return pd.DataFrame(values, index=pd.Index(PROVINCES, name="province"), columns=CRITERIA)


def emissions(seed: int = 1) -> pd.Series:
    values = np.random.default_rng(seed + 100).gamma(2.0, 100.0, len(PROVINCES))
    return pd.Series(values, index=pd.Index(PROVINCES, name="province"))


def test_entropy_weights_by_hand():
    scores = pd.DataFrame({"a": [0.0, 1.0], "b": [0.5, 0.5], "c": [0.25, 0.75]})
    e_c = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) / np.log(2)
    found = calc_entropy_weights(scores)
    # all of `a` is with one unit: entropy 0; `b` is even: entropy 1, no weight
    assert found.tolist() == pytest.approx([1 / (2 - e_c), 0.0, (1 - e_c) / (2 - e_c)], abs=CLOSE)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_weights_sum_to_one_and_do_not_depend_on_units(seed):
    rng = np.random.default_rng(seed)
    table = criteria(seed)
    weights = calc_entropy_weights(calc_min_max(table))
    assert weights.sum() == pytest.approx(1.0, rel=CLOSE)
    assert (weights >= 0).all()
    other = table * 10.0 ** rng.uniform(-6, 6, len(CRITERIA))
    np.testing.assert_allclose(calc_entropy_weights(calc_min_max(other)), weights, rtol=SCALED)
    shuffled = table.sample(frac=1.0, random_state=seed % 2**31)
    np.testing.assert_allclose(calc_entropy_weights(calc_min_max(shuffled)), weights, rtol=SCALED)


def test_scores_lie_between_zero_and_one():
    scores = calc_min_max(criteria().assign(depth=3.0))
    assert (scores["depth"] == 0).all()
    rest = scores.drop(columns="depth")
    assert (rest.min() == 0).all()
    assert (rest.max() == 1).all()


def test_index_by_hand():
    table, co2 = criteria(), emissions()
    made = calc_equity_efficiency(table, co2, equity_weight=0.3, draws=0)
    scores = (table - table.min()) / (table.max() - table.min())
    fair = sum(scores[name] * made.weights[name] for name in EQUITY)
    cheap = sum(scores[name] * made.weights[name] for name in EFFICIENCY)
    assert made.weights[list(EQUITY)].sum() == pytest.approx(1.0, rel=CLOSE)
    assert made.weights[list(EFFICIENCY)].sum() == pytest.approx(1.0, rel=CLOSE)
    np.testing.assert_allclose(made.frame["index"], 0.3 * fair + 0.7 * cheap, rtol=SCALED)
    assert made.frame["index"].idxmax() == made.frame["rank"].idxmin()
    assert sorted(made.frame["rank"]) == list(range(1, len(PROVINCES) + 1))
    wanted = made.frame["index"] * co2
    np.testing.assert_allclose(made.frame["share"], wanted / wanted.sum(), rtol=CLOSE)
    assert made.frame[["rank_low", "rank_high"]].isna().all(axis=None)
    assert -1 <= made.equal_weights <= 1


def test_a_province_that_leads_in_everything_is_first_whatever_the_weights():
    table = criteria()
    table.loc["20"] = table.max() + 1.0
    table.loc["30"] = table.min() - 1.0
    frame = calc_equity_efficiency(table, emissions(), draws=200, seed=5).frame
    assert frame.loc["20", ["rank", "rank_low", "rank_high", "quadrant"]].tolist() == [1, 1, 1, 1]
    assert frame.loc["30", ["rank", "rank_low", "rank_high"]].tolist() == [30, 30, 30]
    assert frame.loc["30", "quadrant"] == 3
    assert (frame["rank_low"] <= frame["rank_high"]).all()
    assert (frame["rank_high"] - frame["rank_low"]).max() > 3


def test_draws_depend_on_the_seed_alone_and_not_on_the_order():
    table, co2 = criteria(), emissions()
    one = calc_equity_efficiency(table, co2, draws=300, seed=7).frame
    again = calc_equity_efficiency(table, co2, draws=300, seed=7).frame
    other = calc_equity_efficiency(table, co2, draws=300, seed=8).frame
    pd.testing.assert_frame_equal(one, again, check_exact=True)
    assert not one["rank_low"].equals(other["rank_low"])
    order = table.sample(frac=1.0, random_state=1).index
    mixed = calc_equity_efficiency(table.loc[order], co2.loc[order], draws=300, seed=7).frame
    pd.testing.assert_frame_equal(mixed.loc[one.index], one, rtol=SCALED)


def test_quadrants_are_counted_against_the_clock():
    across, up = pd.Series([3.0, 1.0, 1.0, 3.0]), pd.Series([3.0, 3.0, 1.0, 1.0])
    assert calc_quadrants(across, up).tolist() == [1, 2, 3, 4]
    even = pd.Series([2.0, 2.0])
    assert calc_quadrants(even, even).tolist() == [3, 3]


def test_benchmark_is_the_lower_quartile_of_intensity():
    index = pd.Index(["a", "b", "c", "d", "e"])
    co2 = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0], index)
    made = calc_benchmark_potential(co2, pd.Series(1.0, index))
    assert made["share"].tolist() == pytest.approx([0, 0, 1 / 3, 0.5, 0.6], rel=CLOSE)
    assert made["amount"].tolist() == pytest.approx([0, 0, 1, 2, 3], rel=CLOSE)


def land(**types: list[float]) -> pd.DataFrame:
    return pd.DataFrame(types, index=pd.Index(["a", "b", "c"][: len(next(iter(types.values())))]))


def test_what_is_cut_is_what_the_scarcest_land_asks_for():
    """Forest and grassland share one emission: half of it fits the grassland of a, not a quarter.

    a: forest 30 of 40 suffices at 3/4, grassland 30 of 60 at 1/2; the cut is 1/2, not
    (10 + 30) / 100. b fits. c has no grassland, and may emit nothing.
    """
    footprint = land(forest=[40.0, 20.0, 5.0], grassland=[60.0, 10.0, 1.0])
    capacity = land(forest=[30.0, 20.0, 90.0], grassland=[30.0, 50.0, 0.0])
    made = calc_overshoot_potential(
        footprint, capacity, pd.Series([10.0, 7.0, 3.0], footprint.index)
    )
    assert made["share"].tolist() == pytest.approx([0.5, 0.0, 1.0], abs=CLOSE)
    assert made["amount"].tolist() == pytest.approx([5.0, 0.0, 3.0], abs=CLOSE)


def test_after_the_cut_the_footprint_fits_every_type_and_no_smaller_cut_does():
    rng = np.random.default_rng(3)
    index = pd.Index(PROVINCES)
    shape = (len(index), 3)
    footprint = pd.DataFrame(rng.gamma(1.0, 50.0, shape), index, ["forest", "grassland", "water"])
    capacity = pd.DataFrame(rng.gamma(1.0, 60.0, shape), index, footprint.columns)
    share = calc_overshoot_potential(footprint, capacity, emissions())["share"]
    left = footprint.mul(1 - share, axis=0)
    assert (left <= capacity * (1 + SCALED)).all(axis=None)
    more = footprint.mul(1 - share * (1 - 1e-6), axis=0)[share > 0]
    assert (more > capacity.loc[more.index]).any(axis=1).all()
    assert 0 < (share > 0).sum() < len(index)


def test_with_one_account_the_cut_is_the_overshoot_over_the_footprint():
    footprint, capacity = land(all=[100.0, 50.0]), land(all=[40.0, 60.0])
    made = calc_overshoot_potential(footprint, capacity, pd.Series([10.0, 7.0], footprint.index))
    assert made["share"].tolist() == pytest.approx([0.6, 0.0], abs=CLOSE)


def test_land_that_takes_up_nothing_binds_nobody():
    footprint, capacity = land(forest=[10.0], water=[0.0]), land(forest=[20.0], water=[0.0])
    made = calc_overshoot_potential(footprint, capacity, pd.Series([1.0], footprint.index))
    assert made["share"].tolist() == [0.0]


def test_what_cannot_be_weighed_is_refused():
    table = criteria()
    with pytest.raises(DataError, match="no criterion depth"):
        calc_equity_efficiency(table.drop(columns="depth"), emissions())
    with pytest.raises(DataError, match="criterion missing: province 11 "):
        calc_min_max(table.drop(index="11").reindex(table.index))
    with pytest.raises(DataError, match="no criterion distinguishes the units: per_value_added"):
        calc_equity_efficiency(table.assign(per_value_added=1.0, coal_share=2.0), emissions())
    with pytest.raises(DataError, match=r"two units or more \(got 1\)"):
        calc_entropy_weights(table.iloc[:1])
    with pytest.raises(DataError, match="missing or negative: depth"):
        calc_entropy_weights(table.assign(depth=-1.0))
    ones = pd.Series(1.0, index=table.index)
    with pytest.raises(DataError, match="value added is not positive: province 11 "):
        calc_benchmark_potential(ones, ones.mask(ones.index == "11", 0.0))
    with pytest.raises(DataError, match="emissions are not positive"):
        calc_benchmark_potential(ones * 0.0, ones)
    whole = ones.to_frame("all")
    with pytest.raises(DataError, match="the footprint is not positive"):
        calc_overshoot_potential(whole * 0.0, whole, ones)
    with pytest.raises(DataError, match="not of the same provinces, years and land types"):
        calc_overshoot_potential(whole, ones.to_frame("forest"), ones)
