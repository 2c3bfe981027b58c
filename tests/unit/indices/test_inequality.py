"""Inequality against the package `inequality`, formulas written out and hand computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from inequality.gini import Gini
from inequality.theil import TheilD

from yrb_carbon.errors import DataError
from yrb_carbon.indices.inequality import (
    calc_dagum_gini,
    calc_gini,
    calc_theil,
    calc_variation,
)

ROUNDING = 1e-12
"""Sums of some hundred terms of order one."""
PARTS = 1e-10
"""What the parts of an index may miss its total by."""

UNITS = [f"{code}" for code in range(11, 41)]
GROUPS = pd.Series(["east"] * 11 + ["central"] * 8 + ["west"] * 11, index=UNITS)


def draw(seed: int) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).lognormal(3.0, 1.0, len(UNITS)), index=UNITS)


def of(*values: float) -> pd.Series:
    return pd.Series(values, index=[f"u{i}" for i in range(len(values))], dtype=float)


@pytest.mark.parametrize("seed", range(5))
def test_theil_is_the_peer_s_and_its_parts_add_up(seed):
    values = draw(seed)
    found, peer = calc_theil(values, GROUPS), TheilD(values.to_numpy(), GROUPS.to_numpy())
    assert found.total == pytest.approx(float(peer.T), abs=ROUNDING)
    assert found.between == pytest.approx(float(peer.bg[0]), abs=ROUNDING)
    assert found.within == pytest.approx(float(peer.wg[0]), abs=ROUNDING)
    assert found.between + found.by_group["within"].sum() == pytest.approx(found.total, abs=PARTS)
    assert found.by_group["share"].sum() == pytest.approx(1.0, abs=ROUNDING)


@pytest.mark.parametrize("seed", range(5))
def test_theil_against_a_reference_of_equal_units_is_the_one_without(seed):
    values = draw(seed)
    one = calc_theil(values, GROUPS)
    other = calc_theil(values, GROUPS, pd.Series(7.0, index=UNITS))
    for name in ("total", "between", "within"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=ROUNDING)
    pd.testing.assert_frame_equal(other.by_group, one.by_group, rtol=0, atol=ROUNDING)


def test_theil_against_people_by_hand():
    """Two thirds of the amount with one third of the people, alike within each group."""
    groups = pd.Series(["a", "a", "b"], index=of(0, 0, 0).index)
    found = calc_theil(of(2.0, 2.0, 2.0), groups, of(1.0, 1.0, 4.0))
    expected = 2 / 3 * np.log((2 / 3) / (1 / 3)) + 1 / 3 * np.log((1 / 3) / (2 / 3))
    assert found.between == pytest.approx(expected, abs=ROUNDING)
    assert found.within == pytest.approx(0.0, abs=ROUNDING)
    uneven = calc_theil(of(3.0, 1.0, 2.0), groups, of(1.0, 1.0, 4.0))
    own = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    assert uneven.by_group.loc["a", "theil"] == pytest.approx(own, abs=ROUNDING)
    assert uneven.within == pytest.approx(2 / 3 * own, abs=ROUNDING)


def test_theil_of_people_who_share_alike_is_zero():
    people = draw(3)
    found = calc_theil(people * 5.0, GROUPS, people)
    assert found.total == pytest.approx(0.0, abs=ROUNDING)


def test_a_group_without_anything_adds_nothing():
    groups = pd.Series(["a", "a", "b", "b"], index=of(0, 0, 0, 0).index)
    for reference in (None, of(1, 1, 1, 1)):
        found = calc_theil(of(1.0, 1.0, 0.0, 0.0), groups, reference)
        assert found.total == pytest.approx(np.log(2), abs=ROUNDING)
        assert found.within == pytest.approx(0.0, abs=ROUNDING)
        assert np.isnan(found.by_group.loc["b", "theil"])


@pytest.mark.parametrize("seed", range(5))
def test_dagum_total_is_the_gini_of_the_peer_and_of_its_definition(seed):
    values = draw(seed)
    found = calc_dagum_gini(values, GROUPS)
    y = values.to_numpy()
    written_out = np.abs(y[:, None] - y).sum() / (2 * len(y) ** 2 * y.mean())
    assert found.total == pytest.approx(written_out, abs=PARTS)
    assert found.total == pytest.approx(Gini(y).g, abs=PARTS)
    assert calc_gini(values) == pytest.approx(written_out, abs=ROUNDING)
    parts = found.within + found.net_between + found.transvariation
    assert parts == pytest.approx(found.total, abs=PARTS)
    assert min(found.within, found.net_between, found.transvariation) > 0
    for group, gini in found.by_group.items():
        own = Gini(values[GROUPS.eq(group)].to_numpy()).g
        assert gini == pytest.approx(own, abs=ROUNDING)


def test_dagum_pairs_by_hand():
    """a = (1, 3), b = (2, 6): differences 1, 5, 1, 3; one of four goes against the means."""
    groups = pd.Series(["a", "a", "b", "b"], index=of(0, 0, 0, 0).index)
    found = calc_dagum_gini(of(1, 3, 2, 6), groups)
    assert list(found.pairs.index) == [("a", "b")]
    pair = found.pairs.loc["a", "b"]
    with_sign, against = (1 + 5 + 3) / 4, 1 / 4
    assert pair["gini"] == pytest.approx((10 / 4) / (2 + 4), abs=ROUNDING)
    expected = (with_sign - against) / (with_sign + against)
    assert pair["affluence"] == pytest.approx(expected, abs=ROUNDING)
    assert found.by_group.to_dict() == pytest.approx({"a": 0.25, "b": 0.25}, abs=ROUNDING)
    sizes, shares = (0.5, 0.5), (4 / 12, 8 / 12)
    weight = sizes[0] * shares[1] + sizes[1] * shares[0]
    assert found.within == pytest.approx(0.25 * 0.5 * (4 / 12 + 8 / 12), abs=ROUNDING)
    assert found.net_between == pytest.approx(2.5 / 6 * weight * expected, abs=ROUNDING)
    assert found.transvariation == pytest.approx(2.5 / 6 * weight * (1 - expected), abs=ROUNDING)


def test_groups_that_do_not_overlap_leave_no_transvariation():
    groups = pd.Series(["a", "a", "b", "b"], index=of(0, 0, 0, 0).index)
    found = calc_dagum_gini(of(1, 2, 10, 20), groups)
    assert found.pairs.loc[("a", "b"), "affluence"] == pytest.approx(1.0, abs=ROUNDING)
    assert found.transvariation == pytest.approx(0.0, abs=ROUNDING)


def test_equal_units_have_no_inequality():
    values = pd.Series(4.0, index=UNITS)
    dagum = calc_dagum_gini(values, GROUPS)
    assert (dagum.total, dagum.within, dagum.net_between) == (0.0, 0.0, 0.0)
    assert dagum.pairs["affluence"].eq(0).all()
    assert calc_theil(values, GROUPS).total == pytest.approx(0.0, abs=ROUNDING)
    assert calc_variation(values) == 0.0


def test_scale_and_order_change_nothing():
    values = draw(9)
    shuffled = values.sample(frac=1.0, random_state=1)
    groups = GROUPS.reindex(shuffled.index)
    for scale, sample, own in ((1e6, values, GROUPS), (1.0, shuffled, groups)):
        dagum, theil = calc_dagum_gini(scale * sample, own), calc_theil(scale * sample, own)
        assert dagum.total == pytest.approx(calc_dagum_gini(values, GROUPS).total, abs=ROUNDING)
        assert theil.between == pytest.approx(calc_theil(values, GROUPS).between, abs=ROUNDING)
        assert list(dagum.pairs.index) == list(calc_dagum_gini(values, GROUPS).pairs.index)


def test_variation_is_that_of_all_there_are():
    assert calc_variation(of(1, 3)) == pytest.approx(0.5, abs=ROUNDING)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (of(1, -2, 3), r"zero or positive: .*u1.*value=-2"),
        (of(1, np.nan, 3), r"zero or positive: .*u1"),
        (of(1, np.inf, 3), r"zero or positive: .*u1"),
        (of(0, 0, 0), "3 units that are all zero"),
    ],
)
@pytest.mark.parametrize("measure", ["theil", "dagum", "gini", "variation"])
def test_values_without_inequality_are_refused(values, words, measure):
    groups = pd.Series("a", index=values.index)
    calls = {
        "theil": lambda: calc_theil(values, groups),
        "dagum": lambda: calc_dagum_gini(values, groups),
        "gini": lambda: calc_gini(values),
        "variation": lambda: calc_variation(values),
    }
    with pytest.raises(DataError, match=words):
        calls[measure]()


def test_units_must_match_and_have_a_group():
    values = of(1, 2)
    with pytest.raises(DataError, match="not of the same cells"):
        calc_theil(values, pd.Series("a", index=["u0", "u9"]))
    with pytest.raises(DataError, match="without a group: u1"):
        calc_dagum_gini(values, pd.Series(["a", None], index=values.index))
    with pytest.raises(DataError, match=r"reference must be positive: .*u1.*reference=0"):
        calc_theil(values, pd.Series("a", index=values.index), of(1, 0))
    with pytest.raises(DataError, match="not of the same cells"):
        calc_theil(values, pd.Series("a", index=values.index), of(1, 1, 1))
