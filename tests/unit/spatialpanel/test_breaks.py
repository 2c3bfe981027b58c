"""The largest Wald statistic over cuts, against fits one by one."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    CollinearRegressorError,
    GroupedPanel,
    GroupingError,
    SpatialPanel,
    SpecificationError,
    sup_wald,
)
from yrb_carbon.spatialpanel.bootstrap_refit import draw_plan

# The same statistic by two ways through the same cross products.
ROUNDING = 1e-8
UNITS, PERIODS = 24, 10
CUTS = [2003, 2005, 2006]


def build(model="sdm", *, shift=0.0, **options):
    y, x, weights = make_problem(UNITS, PERIODS, weights=ring_weights(UNITS))
    late = y.index.get_level_values(1) > 2005
    return SpatialPanel(y + shift * x["x1"] * late, x, weights, model=model, **options)


def by_fit(panel, cut, interacted=None, estimator="transform"):
    groups = {year: "late" if year > cut else "early" for year in panel.arrays.periods}
    grouped = GroupedPanel.of_panel(panel, groups, interacted=interacted)
    return grouped.fit(estimator, cov_type="hessian").wald_equal()


@pytest.mark.parametrize("model", ["ols", "slx", "sar", "sdm"])
@pytest.mark.parametrize("estimator", ["transform", "direct"])
@pytest.mark.parametrize("interacted", [None, ["x2"]])
def test_statistics_are_wald_tests_of_full_interaction(model, estimator, interacted):
    panel = build(model)
    found = sup_wald(panel, CUTS, interacted=interacted, draws=2, estimator=estimator)
    for cut, statistic in zip(CUTS, found.statistics, strict=True):
        expected = by_fit(panel, cut, interacted, estimator)
        assert statistic == pytest.approx(expected.statistic, rel=ROUNDING)
        assert found.df == expected.df
    assert found.statistic == found.statistics.max()
    assert found.path.loc[found.date, "statistic"] == found.statistic


@pytest.mark.parametrize("model", ["slx", "sdm"])
def test_draws_are_wald_tests_of_outcomes_without_a_break(model):
    panel = build(model, shift=1.0)
    found = sup_wald(panel, CUTS, draws=4, seed=3)
    restricted = panel.fit()
    plan = draw_plan(restricted, 4, 3, "wild_unit", "rademacher")
    innovations = plan.innovations(restricted.estimate.residuals, slice(0, 4))
    for draw in range(4):
        outcome = restricted.simulate(innovations[:, :, draw])
        for place, cut in enumerate(CUTS):
            expected = by_fit(panel.with_dependent(outcome), cut).statistic
            assert found.draws[draw, place] == pytest.approx(expected, rel=ROUNDING)


def test_a_break_is_dated_and_its_absence_is_not_rejected():
    broken = sup_wald(build(shift=1.0), draws=199, seed=1)
    assert broken.date == 2005
    assert broken.p_value == pytest.approx(1.0 / 200.0)
    none = sup_wald(build(), draws=199, seed=1)
    assert none.p_value > 0.05


def test_p_value_counts_the_sample_itself():
    found = sup_wald(build(shift=0.15), draws=49, seed=2)
    beyond = (found.draws.max(axis=1) >= found.statistics.max()).sum()
    assert 0 < beyond < 49
    assert found.p_value == pytest.approx((1 + beyond) / 50)
    # Of a date that is known the p-value is smaller: there is nothing to search over.
    assert found.path.loc[found.date, "p_bootstrap"] <= found.p_value
    test = found.test
    assert (test.statistic, test.p_value) == (found.statistic, found.p_value)
    assert f"largest after {found.date}; 49 draws" in test.note
    assert "sup-Wald" in repr(found)


def test_default_cuts_leave_periods_on_each_side():
    assert sup_wald(build(), draws=2).cuts == tuple(range(2001, 2008))


def test_draws_depend_on_the_seed_alone():
    panel = build()
    y, x, weights = make_problem(UNITS, PERIODS, weights=ring_weights(UNITS))
    rows = np.random.default_rng(2).permutation(len(y))
    shuffled = SpatialPanel(y.iloc[rows], x.iloc[rows[::-1]], weights)
    one = sup_wald(panel, CUTS, draws=5, seed=4)
    np.testing.assert_array_equal(one.draws, sup_wald(shuffled, CUTS, draws=5, seed=4).draws)
    assert not np.array_equal(one.draws, sup_wald(panel, CUTS, draws=5, seed=5).draws)


def test_draws_of_several_blocks_are_those_of_one(monkeypatch):
    panel = build()
    whole = sup_wald(panel, CUTS, draws=7, seed=4)
    monkeypatch.setattr("yrb_carbon.spatialpanel.breaks.BLOCK_NUMBERS", 3 * UNITS * PERIODS)
    parts = sup_wald(panel, CUTS, draws=7, seed=4)
    np.testing.assert_allclose(parts.draws, whole.draws, rtol=ROUNDING)


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(SpecificationError, match="got sdem by 'transform'"):
        sup_wald(build("sdem"))
    with pytest.raises(SpecificationError, match="direct_bc"):
        sup_wald(build(), estimator="direct_bc")
    with pytest.raises(SpecificationError, match=r"from 2000 to 2008 .* got 2009"):
        sup_wald(build(), [2009])
    with pytest.raises(SpecificationError, match="different periods"):
        sup_wald(build(), [2004, 2004])
    with pytest.raises(SpecificationError, match="at least 2 draws"):
        sup_wald(build(), draws=1)
    y, x, weights = make_problem(UNITS, 3, weights=ring_weights(UNITS))
    with pytest.raises(SpecificationError, match="leave no cut with 2"):
        sup_wald(SpatialPanel(y, x, weights))
    noise = np.random.default_rng(1).standard_normal((len(y), UNITS))
    wide = pd.DataFrame(noise, y.index, columns=[f"v{k}" for k in range(UNITS)])
    with pytest.raises(GroupingError, match=r"before \(1 periods"):
        sup_wald(SpatialPanel(y, wide, weights, model="sar"), [2000])
    copied = x["x1"].where(y.index.get_level_values(1) > 2000, x["x2"])
    with pytest.raises(CollinearRegressorError, match=r"\[before\]"):
        sup_wald(SpatialPanel(y, x.assign(x1=copied), weights, model="sar"), [2000])


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return importlib.import_module("break_size")


@pytest.fixture
def table(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "break_size.csv")


def test_committed_sizes_meet_the_criterion(script, table):
    assert script.size_faults(table) == []
    assert set(table["errors"]) == {"iid", "AR(0.7)"}
    worse = table.copy()
    worse.loc[(worse["test"] == "sup-Wald") & (worse["level"] == 0.05), "rejected"] = 0.2
    assert len(script.size_faults(worse)) == 2


def test_chi_square_of_the_largest_rejects_far_too_often(table):
    naive = table[(table["test"] == "largest against chi2") & (table["level"] == 0.05)]
    assert (naive["rejected"] > 0.15).all()
