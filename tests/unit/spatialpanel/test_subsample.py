"""Fits of groups by themselves, against panels built by hand, and tests of their differences."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from spatial_reference import make_problem, ring_weights

import yrb_carbon.spatialpanel.subsample as module
from yrb_carbon.spatialpanel import (
    BoundaryError,
    ConvergenceError,
    FailedDrawsWarning,
    GroupingError,
    IslandError,
    SpatialPanel,
    SpecificationError,
    fit_groups,
)
from yrb_carbon.spatialpanel.subsample import calc_subset_weights

# The same estimates by another order of the same sums.
ROUNDING = 1e-9
# Cross products square the condition of the regressors.
CROSS_PRODUCTS = 1e-8

UNITS, PERIODS = 24, 8
NAMES = [f"u{i:02d}" for i in range(UNITS)]
LABELS = pd.Series(np.array(["up", "mid", "low"])[np.arange(UNITS) * 3 // UNITS], NAMES)
YEARS = {year: "boom" if year < 2005 else "after" for year in range(2000, 2000 + PERIODS)}


def problem(**options):
    return make_problem(UNITS, PERIODS, weights=ring_weights(UNITS), **options)


def build(model="sdm", **options):
    return SpatialPanel(*problem(**options), model=model)


def by_hand(group, model="sdm"):
    """The group as a panel of its own, W[g, g] with rows that sum to one."""
    y, x, (units, w) = problem()
    if group in set(YEARS.values()):
        years = [year for year, label in YEARS.items() if label == group]
        inside = y.index.get_level_values(1).isin(years)
        return SpatialPanel(y[inside], x[inside], (units, w), model=model)
    kept = [i for i, unit in enumerate(units) if LABELS[unit] == group]
    block = w.toarray()[np.ix_(kept, kept)]
    inside = y.index.get_level_values(0).isin([units[i] for i in kept])
    weights = ([units[i] for i in kept], block / block.sum(axis=1, keepdims=True))
    return SpatialPanel(y[inside], x[inside], weights, model=model)


@pytest.mark.parametrize("groups", [LABELS, YEARS])
@pytest.mark.parametrize("model", ["slx", "sar", "sdm", "sdem"])
def test_fits_are_those_of_panels_built_by_hand(groups, model):
    found = fit_groups(build(model), groups, cov_type="serial")
    for group, fit in found.fits.items():
        expected = by_hand(group, model).fit(cov_type="serial")
        pd.testing.assert_series_equal(fit.params, expected.params, rtol=ROUNDING)
        np.testing.assert_allclose(fit.covariance, expected.covariance, rtol=1e-7, atol=1e-12)
        pd.testing.assert_series_equal(
            fit.resids.sort_index(), expected.resids.sort_index(), rtol=1e-7, atol=ROUNDING
        )
        assert found[group] is fit


def test_links_that_are_cut_are_counted():
    y, x, (units, w) = problem()
    found = fit_groups(SpatialPanel(y, x, (units, w)), LABELS).links
    dense = w.toarray()
    for group in ("up", "mid", "low"):
        inside = (group == LABELS).to_numpy()
        assert found.loc[group, "links"] == (dense[inside] > 0).sum()
        assert found.loc[group, "links_cut"] == (dense[inside][:, ~inside] > 0).sum()
        share = dense[inside][:, ~inside].sum() / dense[inside].sum()
        assert found.loc[group, "weight_cut"] == pytest.approx(share)
    periods = fit_groups(SpatialPanel(y, x, (units, w)), YEARS).links
    assert (periods["links_cut"] == 0).all()
    assert periods["periods"].to_dict() == {"boom": 5, "after": 3}


def test_islands_are_dropped_until_none_is_left():
    """4 → 3 → 2 are a chain: 2 has no link inside, then 3 has none, then 4."""
    w = np.zeros((7, 7))
    for i, j in ((0, 1), (1, 0), (4, 3), (3, 2), (2, 5), (5, 0), (6, 5)):
        w[i, j] = 1.0
    w[0, 5] = w[1, 6] = 3.0
    subset = calc_subset_weights(sparse.csr_array(w), np.arange(5))
    assert subset.kept.tolist() == [0, 1]
    assert subset.dropped.tolist() == [2, 3, 4]
    # Rows keep the sum that they have in W.
    np.testing.assert_allclose(subset.matrix.toarray(), [[0.0, 4.0], [4.0, 0.0]])
    assert (subset.links, subset.links_cut) == (7, 5)
    assert subset.weight_cut == pytest.approx(1.0 - 2.0 / 11.0)


def test_islands_are_named_or_refused():
    labels = LABELS.copy()
    labels["u20"] = "up"
    y, x, (units, _) = problem()
    ring = np.roll(np.eye(UNITS), 1, axis=1) + np.roll(np.eye(UNITS), -1, axis=1)
    panel = SpatialPanel(y, x, (units, ring / 2.0))
    found = fit_groups(panel, labels)
    assert found.links.loc["up", "dropped"] == ("u20",)
    assert found.links.loc["up", "units"] == 8
    assert "u20" not in found["up"].arrays.units
    with pytest.raises(IslandError, match="u20 have no neighbours in group 'up'"):
        fit_groups(panel, labels, islands="raise")
    test = found.chow()
    assert "1 islands are left out of the whole" in test.note
    # The whole has a year effect for each of T years, and a unit effect for each unit kept.
    assert test.df == 2 * 6 + 2 * (PERIODS - 1)


@pytest.mark.parametrize("groups", [LABELS, YEARS])
def test_chow_counts_every_parameter(groups):
    found = fit_groups(build(), groups)
    test = found.chow()
    parts = [by_hand(group).fit("direct") for group in found.fits]
    pooled = build().fit("direct")
    expected = 2.0 * (sum(part.loglik for part in parts) - pooled.loglik)
    assert test.statistic == pytest.approx(expected)
    # Four coefficients, ρ and σ² of every further group, and its effects.
    further = 2 * 6 + 2 * (PERIODS - 1) if groups is LABELS else 6 + (UNITS - 1)
    assert test.df == further
    assert test.p_value == pytest.approx(stats.chi2.sf(expected, further))
    assert ("not nested" in test.note) == (groups is LABELS)
    assert "fixed effects included" in test.note


def test_negative_ratio_of_models_that_are_not_nested_has_no_p_value():
    of_units, of_years = fit_groups(build(), LABELS), fit_groups(build(), YEARS)
    assert np.isnan(of_units._chow_p_value(-3.0, 5))
    assert of_units._chow_p_value(0.0, 5) == 1.0
    assert of_years._chow_p_value(-1e-9, 5) == 1.0
    assert of_units._chow_p_value(11.07, 5) == pytest.approx(stats.chi2.sf(11.07, 5))


def test_difference_is_that_of_independent_samples():
    found = fit_groups(build(), LABELS, cov_type="serial")
    difference = found.difference("up", "low")
    a, b = found["up"].effects(), found["low"].effects()
    np.testing.assert_allclose(difference.estimates, a.estimates - b.estimates)
    np.testing.assert_allclose(difference.covariance, a.covariance + b.covariance)
    test = found.wald_equal("up", "low", ["total"], terms=["x2"])
    gap = a.params.loc["x2", "total"] - b.params.loc["x2", "total"]
    variance = a.std_errors.loc["x2", "total"] ** 2 + b.std_errors.loc["x2", "total"] ** 2
    assert test.statistic == pytest.approx(gap**2 / variance)
    assert found.wald_equal("up", "low").df == 4
    assert "cut" in test.note
    assert "serially correlated" in fit_groups(build(), YEARS).wald_equal("boom", "after").note


def effects_of_years(years, model, estimator):
    y, x, (units, w) = problem()
    inside = y.index.get_level_values(1).isin(years)
    fit = SpatialPanel(y[inside], x[inside], (units, w), model=model).fit(estimator)
    return np.full((2, 3), np.nan) if fit.at_boundary else fit.effects().estimates


@pytest.mark.parametrize("model", ["ols", "slx", "sar", "sdm", "sdem"])
@pytest.mark.parametrize("estimator", ["transform", "direct"])
@pytest.mark.filterwarnings("ignore::yrb_carbon.spatialpanel.BoundaryWarning")
@pytest.mark.filterwarnings("ignore::yrb_carbon.spatialpanel.MultipleModesWarning")
def test_permuted_periods_are_fits_one_by_one(model, estimator):
    found = fit_groups(build(model), YEARS, estimator=estimator)
    drawn = found.permutation(6, seed=3)
    rng = np.random.default_rng(3)
    for draw in drawn.drawn:
        codes = rng.permutation(found.grouping.codes)
        for group in range(2):
            years = [2000 + t for t in np.flatnonzero(codes == group)]
            expected = effects_of_years(years, model, estimator)
            np.testing.assert_allclose(draw[group], expected, rtol=CROSS_PRODUCTS, atol=1e-9)


@pytest.mark.parametrize("effects", [(True, False), (False, True), (False, False)])
def test_permuted_periods_with_other_effects(effects):
    y, x, weights = problem()
    options = {"entity_effects": effects[0], "time_effects": effects[1]}
    found = fit_groups(SpatialPanel(y, x, weights, **options), YEARS)
    drawn = found.permutation(3, seed=1)
    codes = np.random.default_rng(1).permutation(found.grouping.codes)
    inside = y.index.get_level_values(1).isin([2000 + t for t in np.flatnonzero(codes == 0)])
    expected = SpatialPanel(y[inside], x[inside], weights, **options).fit().effects().estimates
    np.testing.assert_allclose(drawn.drawn[0, 0], expected, rtol=CROSS_PRODUCTS, atol=1e-9)


@pytest.mark.parametrize("model", ["sar", "sdm"])
def test_permuted_units_have_weights_of_their_own(model):
    """Weights between all units, so that no draw has islands."""
    y, x, (units, _) = problem()
    w = np.random.default_rng(9).uniform(0.1, 1.0, (UNITS, UNITS)) ** 4
    np.fill_diagonal(w, 0.0)
    w /= w.sum(axis=1, keepdims=True)
    found = fit_groups(SpatialPanel(y, x, (units, w), model=model), LABELS)
    drawn = found.permutation(3, seed=5)
    assert drawn.islands == 0.0
    rng = np.random.default_rng(5)
    for draw in drawn.drawn:
        codes = rng.permutation(found.grouping.codes)
        for group in range(3):
            kept = np.flatnonzero(codes == group)
            block = w[np.ix_(kept, kept)]
            names = [NAMES[i] for i in kept]
            inside = y.index.get_level_values(0).isin(names)
            weights = (names, block / block.sum(axis=1, keepdims=True))
            fit = SpatialPanel(y[inside], x[inside], weights, model=model).fit()
            np.testing.assert_allclose(draw[group], fit.effects().estimates, rtol=ROUNDING)


def test_islands_of_permuted_units_are_counted():
    found = fit_groups(build("sar"), LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FailedDrawsWarning)
        drawn = found.permutation(20, seed=5)
    assert drawn.islands > 1.0
    note = drawn.test("x1", "direct", "up", "low").note
    assert f"{drawn.islands:.1f} islands dropped in a draw" in note
    assert "descriptive" in note


def test_p_value_counts_the_sample_itself():
    drawn = fit_groups(build(), YEARS).permutation(39, seed=2)
    test = drawn.test("x1", "direct", "boom", "after")
    gaps = drawn.drawn[:, 1, 0, 0] - drawn.drawn[:, 0, 0, 0]
    assert drawn.grouping.names == ("after", "boom")
    difference = drawn.observed[1, 0, 0] - drawn.observed[0, 0, 0]
    assert test.statistic == pytest.approx(difference)
    assert test.p_value == pytest.approx((1 + (abs(gaps) >= abs(difference)).sum()) / 40)
    assert "exchangeable" in test.note
    assert "39 draws, p = (1 + draws beyond)/(1 + draws)" in test.note
    table = drawn.tests()
    assert len(table) == 2 * 3
    assert set(table["distribution"]) == {"permutation"}


def test_a_break_is_seen_and_its_absence_is_not():
    y, x, (units, w) = problem()
    late = y.index.get_level_values(1) >= 2005
    broken = y + 3.0 * x["x1"] * late
    found = fit_groups(SpatialPanel(broken, x, (units, w)), YEARS)
    assert found.permutation(199, seed=1).test("x1", "direct", "boom", "after").p_value < 0.05
    assert found.chow().p_value < 1e-6
    assert found.wald_equal("boom", "after", terms=["x1"]).p_value < 1e-6
    none = fit_groups(build(), YEARS)
    assert none.permutation(199, seed=1).test("x1", "direct", "boom", "after").p_value > 0.05


def test_draws_depend_on_the_seed_alone():
    y, x, (units, w) = problem()
    rows = np.random.default_rng(8).permutation(len(y))
    shuffled = SpatialPanel(y.iloc[rows], x.iloc[rows[::-1]], (units, w))
    one = fit_groups(build(), YEARS).permutation(5, seed=7).drawn
    np.testing.assert_array_equal(one, fit_groups(shuffled, YEARS).permutation(5, seed=7).drawn)
    assert not np.array_equal(one, fit_groups(build(), YEARS).permutation(5, seed=8).drawn)


def test_what_cannot_be_estimated_is_named():
    tiny = LABELS.where(LABELS.index != "u05", "alone")
    with pytest.raises(GroupingError, match="group 'alone' has 1 unit"):
        fit_groups(build(), tiny)
    apart = LABELS.where(~LABELS.index.isin(["u02", "u12"]), "apart")
    with pytest.raises(GroupingError, match="no links among its 2 units"):
        fit_groups(build(), apart)
    last = {year: "last" if year == 2007 else "rest" for year in YEARS}
    with pytest.raises(GroupingError, match="group 'last' has 1 period"):
        fit_groups(build(), last)
    y, x, weights = problem()
    inside = y.index.get_level_values(1) >= 2005
    constant = x.assign(x1=x["x1"].where(~inside, 1.0))
    with pytest.raises(GroupingError, match=r"group 'after' cannot be estimated .* 'x1' is const"):
        fit_groups(SpatialPanel(y, constant, weights), YEARS)
    with pytest.raises(SpecificationError, match="error_weights"):
        fit_groups(SpatialPanel(y, x, weights, model="sem", error_weights=weights), YEARS)
    with pytest.raises(SpecificationError, match="islands must be one of"):
        fit_groups(build(), LABELS, islands="keep")
    with pytest.raises(SpecificationError, match="at least 1 draw"):
        fit_groups(build(), YEARS).permutation(0)


def test_boundary_is_named():
    found = fit_groups(build(), YEARS)
    fit = found.fits["boom"]
    edge = replace(fit, estimate=replace(fit.estimate, at_boundary=True))
    found = replace(found, fits={**found.fits, "boom": edge})
    with pytest.raises(BoundaryError, match="estimate of group 'boom' is at the edge"):
        found.difference("boom", "after")
    with pytest.raises(BoundaryError, match="group 'boom'"):
        found.permutation(3)


def test_failed_draws_are_counted(monkeypatch):
    original = module.calc_period_effects

    def some_fail(panel, chosen, estimator):
        effects = original(panel, chosen, estimator)
        effects[::3] = np.nan
        return effects

    monkeypatch.setattr(module, "calc_period_effects", some_fail)
    found = fit_groups(build(), YEARS)
    with pytest.warns(FailedDrawsWarning, match="4 of 10 permutations"):
        drawn = found.permutation(10, seed=1)
    assert (drawn.n_failed, len(drawn.drawn)) == (4, 6)
    assert "4 more failed" in drawn.test("x1", "direct", "boom", "after").note
    monkeypatch.setattr(
        module, "calc_period_effects", lambda p, c, e: np.full((len(c), 2, 3), np.nan)
    )
    with pytest.raises(ConvergenceError, match="none of 10"):
        found.permutation(10)
