"""Bootstrap of the mediation system against draws made and fitted one by one."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import yrb_carbon.mediation.bootstrap as module
from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.mediation.bootstrap import (
    SystemFits,
    SystemPlan,
    bootstrap_mediation,
    draw_system_plan,
    refit_system,
    refit_without_periods,
)
from yrb_carbon.spatialpanel import BoundaryWarning, SpatialPanel, SpecificationError
from yrb_carbon.spatialpanel.errors import FailedDrawsWarning, SpatialPanelError

# A peak found by Newton steps and the same found by brentq, both to machine precision, after sums
# of a few hundred numbers by another route.
SAME_PEAK = 1e-8
SCHEMES = ("wild_unit", "year")
MEDIATORS = ("m1", "m2")


def nearest_weights(n_units: int, k: int, seed: int) -> np.ndarray:
    """Row-standardised links to the k nearest of random points: not symmetric."""
    points = np.random.default_rng(seed).random((n_units, 2))
    distance = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    weights = np.zeros((n_units, n_units))
    np.put_along_axis(weights, np.argsort(distance, axis=1)[:, :k], 1.0 / k, axis=1)
    return weights


def simulate_system(n_units=20, n_periods=6, seed=1, rho=(0.3, 0.2, 0.4), units=None):
    """A long table of x, c, m1, m2, y, and the weights of both kinds of equations."""
    rng = np.random.default_rng(seed)
    w_m, w_y = nearest_weights(n_units, 4, seed), nearest_weights(n_units, 3, seed + 1)
    shape = (n_periods, n_units)
    x, c, e1, e2, ey = rng.standard_normal((5, *shape))
    effects = rng.standard_normal(n_units) + rng.standard_normal((n_periods, 1))

    def solve(r, w, values):
        return np.linalg.solve(np.eye(n_units) - r * w, values.T).T

    m1 = solve(rho[0], w_m, 0.6 * x - 0.2 * x @ w_m.T + 0.3 * c + effects + e1)
    m2 = solve(rho[1], w_m, -0.5 * x + 0.3 * x @ w_m.T + 0.2 * c + 0.5 * e1 + e2)
    direct = 0.3 * x - 0.2 * x @ w_y.T + 0.5 * m1 + 0.1 * m1 @ w_y.T - 0.4 * m2 + effects
    y = solve(rho[2], w_y, direct + ey)
    units = [f"u{i:02d}" for i in range(n_units)] if units is None else units
    index = pd.MultiIndex.from_product([range(2003, 2003 + n_periods), units]).swaplevel()
    columns = {"x": x, "c": c, "m1": m1, "m2": m2, "y": y}
    data = pd.DataFrame({k: v.ravel() for k, v in columns.items()}, index)
    return data, (units, w_m), (units, w_y)


def fit_system(data, mediator_weights, weights, model="sdm", mediator_model=None, **options):
    lagged = {"durbin": options.pop("durbin")} if "durbin" in options else {}
    estimator = options.pop("estimator", "transform")

    def fit(dependent, names, w, kind, **durbin):
        panel = SpatialPanel(data[dependent], data[list(names)], w, model=kind, **durbin, **options)
        return panel.fit(estimator)

    of_mediators = [
        fit(m, ("x", "c"), mediator_weights, mediator_model or model) for m in MEDIATORS
    ]
    return SystemFits(
        tuple(of_mediators),
        fit("y", ("x", *MEDIATORS, "c"), weights, model, **lagged),
        fit("y", ("x", "c"), weights, model),
    )


def draw_by_hand(fits, plan, draw):
    """The system's data of one draw, from the equations with dense inverses."""

    def innovations(fit, part):
        e = fit.estimate.residuals
        if part.signs is not None:
            return e * part.signs[draw]
        n_periods = len(e)
        return e[part.periods[draw]] * np.sqrt(n_periods / (n_periods - 1))

    def reduced_form(fit, z, new):
        arrays = fit.arrays
        w, identity = arrays.weights.toarray(), np.eye(arrays.n_units)
        a, b = identity - fit.rho * w, identity - fit.lam * w
        y = np.empty_like(arrays.y)
        for t in range(arrays.n_periods):
            old = np.linalg.solve(b, fit.estimate.residuals[t])
            effects = a @ arrays.y[t] - arrays.z[t] @ fit.estimate.delta - old
            right = z[t] @ fit.estimate.delta + effects + np.linalg.solve(b, new[t])
            y[t] = np.linalg.solve(a, right)
        return y

    drawn = {}
    z = fits.outcome.arrays.z.copy()
    names = list(fits.outcome.arrays.names)
    for fit in fits.mediators:
        name = fit.arrays.dependent
        m = reduced_form(fit, fit.arrays.z, innovations(fit, plan.mediators))
        drawn[name] = m
        z[:, :, names.index(name)] = m
        if f"W.{name}" in names:
            z[:, :, names.index(f"W.{name}")] = m @ fits.outcome.arrays.weights.toarray().T
    drawn["y"] = reduced_form(fits.outcome, z, innovations(fits.outcome, plan.outcome))
    return drawn


def assert_same_as_one_by_one(data, weights, fits, plan, **options):
    refits = refit_system(fits, plan)
    for draw in range(len(plan)):
        changed = data.copy()
        for name, values in draw_by_hand(fits, plan, draw).items():
            changed[name] = values.ravel()
        singly = fit_system(changed, *weights, **options)
        for found, single in zip(refits.equations, singly.equations, strict=True):
            np.testing.assert_allclose(
                found.values[draw], single.params, rtol=SAME_PEAK, atol=SAME_PEAK
            )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "options",
    [
        *({"model": model} for model in ("ols", "slx", "sar", "sdm", "sem", "sdem")),
        {"model": "sdm", "mediator_model": "sar"},
        {"model": "slx", "mediator_model": "sem"},
        {"model": "sdm", "durbin": ["x", "m2"]},
        {"model": "sdm", "time_effects": False},
        {"model": "sdm", "estimator": "direct"},
    ],
    ids=str,
)
def test_together_equals_one_by_one(options, scheme):
    data, *weights = simulate_system()
    fits = fit_system(data, *weights, **options)
    plan = draw_system_plan(20, 6, 3, 1, scheme)
    assert_same_as_one_by_one(data, weights, fits, plan, **options)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_number_of_processes_gives_the_same_numbers(scheme, monkeypatch):
    monkeypatch.setattr("yrb_carbon.mediation.bootstrap.SYSTEM_BLOCK_SIZE", 2 * 20 * 6)
    data, *weights = simulate_system()
    fits = fit_system(data, *weights)
    plan = draw_system_plan(20, 6, 7, 1, scheme)
    alone = refit_system(fits, plan)
    for n_jobs in (2, 3):
        parallel = refit_system(fits, plan, n_jobs)
        for one, other in zip(alone.equations, parallel.equations, strict=True):
            assert np.array_equal(one.values, other.values)
            assert np.array_equal(one.at_boundary, other.at_boundary)


def test_signs_of_mediators_and_outcome_are_independent():
    plan = draw_system_plan(30, 5, 2000, 3, "wild_unit")
    scaled = [part.signs / np.sqrt(30 / 29) for part in (plan.mediators, plan.outcome)]
    for signs in scaled:
        assert set(np.unique(signs.round(12))) == {-1.0, 1.0}
    # 60,000 products of independent signs: a mean of 0.017 would be four standard errors.
    assert abs((scaled[0] * scaled[1]).mean()) < 4 / np.sqrt(60_000)


def test_periods_are_drawn_jointly():
    plan = draw_system_plan(30, 5, 2000, 3, "year")
    assert plan.mediators.periods is plan.outcome.periods
    assert np.bincount(plan.outcome.periods.ravel(), minlength=5).min() > 1800


def test_one_set_of_signs_for_all_collapses_the_effect_of_mediators():
    """Σ e^m*e^y* is what it is in the data, whatever the signs: no error of b is left."""
    data, *weights = simulate_system(n_units=40)
    fits = fit_system(data, *weights)
    plan = draw_system_plan(40, 6, 200, 5, "wild_unit")
    b = fits.outcome.param_names.index("m1")
    right = refit_system(fits, plan).outcome.values[:, b].std()
    wrong = refit_system(fits, SystemPlan(plan.outcome, plan.outcome)).outcome.values[:, b].std()
    assert wrong < 0.5 * right
    assert right == pytest.approx(fits.outcome.std_errors["m1"], rel=0.3)


def test_same_seed_same_signs_for_two_spans_of_years():
    """The sampling error that the same units share moves both bootstraps alike."""
    seed = np.random.SeedSequence(9)
    early = draw_system_plan(20, 10, 50, seed, "wild_unit")
    late = draw_system_plan(20, 6, 50, seed, "wild_unit")
    for part in ("mediators", "outcome"):
        assert np.array_equal(getattr(early, part).signs, getattr(late, part).signs)
    other = draw_system_plan(20, 6, 50, np.random.SeedSequence(10), "wild_unit")
    assert not np.array_equal(late.outcome.signs, other.outcome.signs)


def test_more_draws_keep_those_before():
    for scheme, part in (("wild_unit", "signs"), ("year", "periods")):
        few, many = (draw_system_plan(8, 4, n, 2, scheme).mediators for n in (5, 9))
        assert np.array_equal(getattr(few, part), getattr(many, part)[:5])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_order_of_rows_and_of_weights_does_not_matter(scheme):
    data, (units, w_m), (_, w_y) = simulate_system()
    plan = draw_system_plan(20, 6, 4, 1, scheme)
    sorted_rows = refit_system(fit_system(data, (units, w_m), (units, w_y)), plan)
    rng = np.random.default_rng(2)
    order = rng.permutation(20)
    names = [units[i] for i in order]
    shuffled = fit_system(
        data.sample(frac=1.0, random_state=3),
        (names, w_m[np.ix_(order, order)]),
        (names, w_y[np.ix_(order, order)]),
    )
    for one, other in zip(
        sorted_rows.equations, refit_system(shuffled, plan).equations, strict=True
    ):
        assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_renamed_units_with_their_signs_change_nothing(scheme):
    """Other names sort the units in another order; signs that go with them give the same."""
    data, (units, w_m), (_, w_y) = simulate_system()
    plan = draw_system_plan(20, 6, 4, 1, scheme)
    order = np.random.default_rng(4).permutation(20)
    # Unit order[i] gets the name of position i.
    renamed = {units[k]: f"v{i:02d}" for i, k in enumerate(order)}
    other = data.rename(index=renamed, level=0)
    names = [renamed[unit] for unit in units]
    moved = plan
    if scheme == "wild_unit":
        parts = [type(p)(p.signs[:, order], None) for p in (plan.mediators, plan.outcome)]
        moved = SystemPlan(*parts)
    first = refit_system(fit_system(data, (units, w_m), (units, w_y)), plan)
    second = refit_system(fit_system(other, (names, w_m), (names, w_y)), moved)
    for one, two in zip(first.equations, second.equations, strict=True):
        np.testing.assert_allclose(one.values, two.values, rtol=1e-8, atol=1e-9)


def test_jackknife_leaves_out_one_year_of_every_equation():
    data, *weights = simulate_system()
    fits = fit_system(data, *weights, mediator_model="sar")
    found = refit_without_periods(fits)
    assert len(found.outcome.values) == 6
    for row, year in enumerate(range(2003, 2009)):
        kept = data[data.index.get_level_values(1) != year]
        singly = fit_system(kept, *weights, mediator_model="sar")
        for one, single in zip(found.equations, singly.equations, strict=True):
            np.testing.assert_allclose(one.values[row], single.params, rtol=SAME_PEAK)


def fit_mediation(data, mediator_weights, weights, **options):
    return SpatialMediation(
        data,
        outcome="y",
        treatment="x",
        mediators=MEDIATORS,
        controls=["c"],
        weights=weights,
        mediator_weights=mediator_weights,
        **options,
    ).fit()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_effects_of_a_draw_are_those_of_a_system_fitted_on_it(scheme):
    data, *weights = simulate_system()
    results = fit_mediation(data, *weights)
    effects = bootstrap_mediation(results, 3, seed=4, scheme=scheme)
    assert effects.inference == f"bootstrap_{scheme}"
    plan = draw_system_plan(20, 6, 3, 4, scheme)
    fits = SystemFits(tuple(results.mediators.values()), results.outcome, results.one_step)
    for draw in range(3):
        changed = data.copy()
        for name, values in draw_by_hand(fits, plan, draw).items():
            changed[name] = values.ravel()
        again = fit_mediation(changed, *weights)
        np.testing.assert_allclose(effects.draws[draw], again.decompose().values[0], rtol=1e-7)
        np.testing.assert_allclose(
            effects.one_step_draws[draw], again.one_step.effects().estimates[0], rtol=1e-7
        )


def test_bca_of_years_and_bias_correction_of_units():
    data, *weights = simulate_system()
    results = fit_mediation(data, *weights)
    by_year = results.bootstrap(99, seed=1, scheme="year")
    for row, year in enumerate(range(2003, 2009)):
        kept = data[data.index.get_level_values(1) != year]
        expected = fit_mediation(kept, *weights).decompose().values[0]
        np.testing.assert_allclose(by_year.jackknife[row], expected, rtol=1e-7)
    accelerated = by_year.conf_int(kind="bca")
    corrected = by_year.conf_int(kind="bias_corrected")
    assert not np.allclose(accelerated, corrected)
    assert (accelerated["lower"] < accelerated["upper"]).all()
    by_unit = results.bootstrap(99, seed=1)
    assert by_unit.conf_int(kind="bias_corrected").notna().all(axis=None)
    with pytest.raises(SpecificationError, match="bias_corrected"):
        by_unit.conf_int(kind="bca")


def test_gap_has_an_interval():
    data, *weights = simulate_system()
    gap = fit_mediation(data, *weights).bootstrap(49).gap()
    assert gap[["std_error", "ci_lower", "ci_upper"]].notna().all(axis=None)


def test_difference_of_two_spans_with_the_same_signs():
    """Signs that are the same for a unit in both spans: what persists in a unit's errors stays."""
    data, (units, w_m), (_, w_y) = simulate_system(n_periods=12)
    years = data.index.get_level_values(1)
    early, late = (
        fit_mediation(data[rows], (units, w_m), (units, w_y))
        for rows in (years < 2009, years >= 2009)
    )
    seed = np.random.SeedSequence(3)
    paired = [fit.bootstrap(30, seed).draws for fit in (early, late)]
    assert paired[0].shape == paired[1].shape
    again = late.bootstrap(30, seed).draws
    assert np.array_equal(paired[1], again)
    whole = [fit.bootstrap(30, seed).draws for fit in (early, early)]
    # The difference of a span with itself is nothing in every draw, not only on average.
    assert np.abs(whole[0] - whole[1]).max() == 0.0


def test_draws_at_the_edge_are_left_out_and_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(60):
            data, (units, w_m), (_, w_y) = simulate_system(8, 4, seed, rho=(0.95, 0.2, 0.3))
            try:
                results = fit_mediation(data, (units, w_m), (units, w_y))
            except SpatialPanelError:
                continue
            if results.at_boundary:
                continue
            fits = SystemFits(tuple(results.mediators.values()), results.outcome, results.one_step)
            refits = refit_system(fits, draw_system_plan(8, 4, 60, 1, "wild_unit"))
            if refits.mediators[0].at_boundary.any() and not refits.left_out.all():
                break
        else:
            pytest.fail("no design with draws at the edge")
    with pytest.warns(BoundaryWarning, match=r"of 60 .*\(equation of 'm1'\)") as caught:
        effects = results.bootstrap(60, seed=1)
    assert all(warning.filename == __file__ for warning in caught)
    assert effects.n_discarded >= refits.left_out.sum() > 0
    assert np.isnan(effects.draws[refits.left_out]).all()
    assert np.isfinite(effects.draws[~refits.left_out]).all()
    assert effects.conf_int().notna().all(axis=None)


def test_failed_draws_are_left_out_and_reported(monkeypatch):
    data, *weights = simulate_system()
    results = fit_mediation(data, *weights)

    def fail_second(fits, plan, n_jobs):
        found = refit_system(fits, plan, n_jobs)
        failed = np.arange(len(plan)) == 1
        values = np.where(failed[:, None], np.nan, found.outcome.values)
        outcome = replace(found.outcome, values=values, failed=failed, reason="no peak")
        return replace(found, outcome=outcome)

    monkeypatch.setattr(module, "refit_system", fail_second)
    with pytest.warns(FailedDrawsWarning, match=r"1 \(equation of 'y': no peak\)"):
        effects = results.bootstrap(9)
    assert np.isnan(effects.draws).all(axis=1).tolist() == [k == 1 for k in range(9)]
    assert effects.n_discarded == 1


def test_one_step_equation_at_the_edge_is_left_out_of_the_gap_only(monkeypatch):
    data, *weights = simulate_system()
    results = fit_mediation(data, *weights)

    def at_edge(fits, plan, n_jobs):
        found = refit_system(fits, plan, n_jobs)
        second = np.arange(len(plan)) == 1
        return replace(found, one_step=replace(found.one_step, at_boundary=second))

    monkeypatch.setattr(module, "refit_system", at_edge)
    with pytest.warns(BoundaryWarning, match="left out of the gap only"):
        effects = results.bootstrap(9)
    assert effects.n_discarded == 0
    assert np.isnan(effects.one_step_draws).all(axis=1).tolist() == [k == 1 for k in range(9)]
    assert effects.gap()["ci_lower"].notna().all()


def test_bad_choices_are_refused():
    data, *weights = simulate_system()
    results = fit_mediation(data, *weights)
    with pytest.raises(SpecificationError, match="wild_unit, year"):
        results.bootstrap(scheme="unit")
    with pytest.raises(SpecificationError, match="at least 2"):
        results.bootstrap(1)
    with pytest.raises(SpecificationError, match="n_jobs"):
        results.bootstrap(9, n_jobs=0)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spread_under_independent_errors_is_that_of_the_information_matrix(scheme):
    """Independent errors: both schemes estimate the same covariance as Monte Carlo does."""
    ratios = []
    for seed in range(6):
        data, *weights = simulate_system(n_units=80, n_periods=14, seed=seed)
        results = fit_mediation(data, *weights)
        drawn = results.effects(cov_type="oim", draws=2000).std_errors
        ratios.append(results.bootstrap(199, scheme=scheme).std_errors / drawn)
    mean = pd.concat(ratios, axis=1).mean(axis=1)
    # 14 years tell a standard error to about 5 %, as 6 samples of 199 draws do; 2 % of the mean.
    assert mean.between(0.88, 1.12).all()
    assert mean.mean() == pytest.approx(1.0, abs=0.04)
