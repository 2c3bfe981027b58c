"""The bootstrap against single refits, brute force, and its own definitions."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from spatial_reference import EFFECTS, dummies, make_problem, ring_weights

import yrb_carbon.spatialpanel.bootstrap_refit as module
from yrb_carbon.spatialpanel import BoundaryWarning, SpatialPanel, SpecificationError
from yrb_carbon.spatialpanel.bootstrap import (
    bootstrap,
    calc_acceleration,
    calc_interval,
)
from yrb_carbon.spatialpanel.bootstrap_refit import (
    DrawPlan,
    ErrorProfile,
    LagProfile,
    _refit_singly,
    calc_influence,
    draw_multipliers,
    draw_plan,
    estimated_together,
    refit,
)
from yrb_carbon.spatialpanel.effects_results import calc_draw_p_values
from yrb_carbon.spatialpanel.errors import (
    BoundaryError,
    ConvergenceError,
    FailedDrawsWarning,
    SingularInformationError,
)
from yrb_carbon.spatialpanel.logdet import analyse_weights

# A peak found by Newton steps and the same found by brentq, both to machine precision; the rest of
# the estimate is linear algebra on well-conditioned matrices.
SAME_PEAK = 1e-9
# The sparse log-determinant is interpolated to about this error of the estimate of ρ.
INTERPOLATED = 1e-7
# Standard errors move by some times as much, relative to their own size of about a tenth.
INTERPOLATED_ERRORS = 1e-5
# Observed and expected Hessian differ by sampling error, here a few per cent.
HESSIANS = 0.05
# Near the edge of the interval the log-determinant is steep: the searches agree to fewer digits.
PEAK_AT_EDGE = 1e-7
# Sums and products of a few hundred numbers by another route.
ROUNDING = 1e-12
# Least squares of well-conditioned regressors, squared: the covariance of its slopes.
SAME_ALGEBRA = 1e-8
# Equivariance: the same sums in another order, through a search for the peak.
REORDERED = 1e-10
# Central differences with this step err by its square, relative to values of order 10 to 100.
STEP, NUMERIC = 1e-5, 1e-6
# Variances over 20,000 draws have relative errors of one per cent; four of them.
VARIANCE_OF_DRAWS = 0.04
# The median of 4,999 draws is one of them; shares of ties move the corrected shares by 1/4,999.
ONE_DRAW = 1e-3
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem")
SCHEMES = ("wild_unit", "year")


def fit_problem(model="sdm", effects=(True, True), estimator="transform", **problem):
    entity, time = effects
    return SpatialPanel(
        *make_problem(**problem), model=model, entity_effects=entity, time_effects=time
    ).fit(estimator)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("estimator", "standardised"), [("transform", True), ("direct", False)])
def test_together_equals_one_after_the_other(model, effects, estimator, standardised):
    weights = ring_weights(12, standardised=standardised)
    result = fit_problem(model, effects, estimator, weights=weights)
    for scheme in SCHEMES:
        plan = draw_plan(result, 4, 1, scheme, "rademacher")
        together, singly = refit(result, plan), _refit_singly(result, plan)
        np.testing.assert_allclose(together.values, singly.values, rtol=SAME_PEAK, atol=SAME_PEAK)
        assert np.array_equal(together.at_boundary, singly.at_boundary)


@pytest.mark.parametrize("model", ["sdm", "sdem"])
def test_boundary_draws_are_found_counted_and_kept_out_of_the_effects(model):
    """Strong dependence and few units: some draws peak at the edge, by either route."""
    spatial = {"rho": 0.97} if model == "sdm" else {"rho": 0.0, "lam": 0.97}
    for seed in range(40):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BoundaryWarning)
            result = fit_problem(model, n_units=8, n_periods=3, seed=seed, **spatial)
        if result.at_boundary:
            continue
        plan = draw_plan(result, 60, 2, "wild_unit", "rademacher")
        together = refit(result, plan)
        if together.at_boundary.any():
            break
    singly = _refit_singly(result, plan)
    assert np.array_equal(together.at_boundary, singly.at_boundary)
    np.testing.assert_allclose(together.values, singly.values, rtol=PEAK_AT_EDGE, atol=PEAK_AT_EDGE)
    count = int(together.at_boundary.sum())
    assert 0 < count < 60
    with pytest.warns(BoundaryWarning, match=f"{count} of 60 draws"):
        boot = bootstrap(result, 60, seed=2)
    assert boot.n_boundary == count
    assert len(boot.draws) == 60
    effects = boot.effects()
    assert (effects.n_draws, effects.n_discarded, len(effects.draws)) == (60, count, 60 - count)


def test_fit_at_the_boundary_is_refused():
    result = fit_problem()
    beyond = type(result)(
        specification=result.specification, arrays=result.arrays, spectrum=result.spectrum,
        error_spectrum=result.error_spectrum, estimate=_at_boundary(result.estimate),
        covariance=result.covariance,
    )  # fmt: skip
    with pytest.raises(BoundaryError, match="nothing to draw"):
        bootstrap(beyond, 9)


def _at_boundary(estimate):
    from dataclasses import replace

    return replace(estimate, at_boundary=True)


@pytest.mark.parametrize("model", ["sdm", "sdem"])
def test_outcomes_are_those_of_the_reduced_form(model):
    """y* built from the definition by dense inverses, re-estimated by the public interface."""
    dependent, exog, weights = make_problem(10, 6)
    panel = SpatialPanel(dependent, exog, weights, model=model)
    result = panel.fit()
    signs = 2.0 * np.random.default_rng(5).integers(0, 2, size=(3, 10)) - 1.0
    plan = DrawPlan(signs=signs * np.sqrt(10 / 9), periods=None)
    inverse = np.linalg.inv(np.eye(10) - (result.rho + result.lam) * weights[1].toarray())
    e = result.resids.unstack("unit").to_numpy()
    y = dependent.unstack("unit").to_numpy()
    expected = []
    for row in signs:
        drawn = y - e @ inverse.T + (e * row * np.sqrt(10 / 9)) @ inverse.T
        expected.append(panel.with_dependent(drawn).fit().params.to_numpy())
    np.testing.assert_allclose(refit(result, plan).values, expected, atol=SAME_PEAK)


def test_year_scheme_moves_whole_cross_sections():
    result = fit_problem("slx", n_units=7, n_periods=5)
    plan = draw_plan(result, 4, 3, "year", "rademacher")
    e = result.estimate.residuals
    drawn = plan.innovations(e, slice(0, 4))
    for b in range(4):
        for t in range(5):
            np.testing.assert_array_equal(drawn[t, :, b], (e * np.sqrt(5 / 4))[plan.periods[b, t]])


def test_wild_scheme_keeps_each_unit_in_one_piece():
    result = fit_problem("slx", n_units=7, n_periods=5)
    e = result.estimate.residuals
    drawn = draw_plan(result, 6, 3, "wild_unit", "rademacher").innovations(e, slice(0, 6))
    ratios = drawn / e[:, :, None] / np.sqrt(7 / 6)
    np.testing.assert_allclose(np.abs(ratios), 1.0, rtol=ROUNDING)
    np.testing.assert_allclose(ratios - ratios[:1], 0.0, atol=ROUNDING)
    assert 0 < (ratios[0] > 0).mean() < 1


@pytest.mark.parametrize(
    ("distribution", "third", "fourth"),
    [("rademacher", 0, 1), ("webb", 0, 7 / 6), ("mammen", 1, 2)],
)
def test_moments_of_the_multipliers(distribution, third, fourth):
    drawn = draw_multipliers(4000, 50, distribution, 1)
    moments = [(drawn**power).mean() for power in (1, 2, 3, 4)]
    # Four Monte Carlo errors of 200,000 numbers of standard deviation below 3.5.
    np.testing.assert_allclose(moments, [0, 1, third, fourth], atol=4 * 3.5 / np.sqrt(200_000))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_slopes_without_a_spatial_parameter_have_the_exact_bootstrap_covariance(scheme):
    """Over the draws δ* - δ is linear in signs or chosen years, so its covariance is known."""
    result = fit_problem("slx", n_units=9, n_periods=6)
    arrays = result.arrays
    x = np.hstack([arrays.z.reshape(54, -1), dummies(9, 6, True, True)])
    solver = np.linalg.pinv(x)[:4]
    e = result.estimate.residuals
    if scheme == "wild_unit":
        parts = np.array([solver @ (e * (np.arange(9) == i)).ravel() for i in range(9)])
        exact = parts.T @ parts * 9 / 8
    else:
        exact = np.zeros((4, 4))
        for t in range(6):
            block = solver[:, t * 9 : (t + 1) * 9]
            exact += (
                block @ (e.T @ e / 6 * 6 / 5 - 6 / 5 * np.outer(e.mean(0), e.mean(0))) @ block.T
            )
    boot = bootstrap(result, 20_000, seed=1, scheme=scheme)
    ratio = boot.cov.to_numpy()[:4, :4] / exact
    np.testing.assert_allclose(np.diag(ratio), 1.0, atol=VARIANCE_OF_DRAWS)


def test_order_of_rows_units_and_columns_changes_nothing():
    dependent, exog, (units, matrix) = make_problem()
    order = np.random.default_rng(7).permutation(len(units))
    moved = ([units[i] for i in order], sparse.csr_array(matrix.toarray()[np.ix_(order, order)]))
    ours = bootstrap(SpatialPanel(dependent, exog, (units, matrix)).fit(), 50, seed=4)
    theirs = bootstrap(
        SpatialPanel(
            dependent.sample(frac=1, random_state=1), exog.sample(frac=1, random_state=2), moved
        ).fit(), 50, seed=4,
    )  # fmt: skip
    np.testing.assert_array_equal(ours.values, theirs.values)
    columns = bootstrap(SpatialPanel(dependent, exog[["x2", "x1"]], (units, matrix)).fit(), 50, 4)
    np.testing.assert_allclose(columns.draws[ours.draws.columns], ours.values, atol=REORDERED)
    assert not np.array_equal(
        ours.values, bootstrap(SpatialPanel(dependent, exog, (units, matrix)).fit(), 50, 5).values
    )


def test_scale_of_the_data_scales_the_draws():
    dependent, exog, weights = make_problem()
    ours = bootstrap(SpatialPanel(dependent, exog, weights).fit(), 30).draws
    scaled = bootstrap(SpatialPanel(1e3 * dependent, exog * 1e-2, weights).fit(), 30).draws
    np.testing.assert_allclose(scaled["rho"], ours["rho"], atol=REORDERED)
    np.testing.assert_allclose(scaled["x1"], 1e5 * ours["x1"], rtol=SAME_ALGEBRA)
    years = [
        bootstrap(SpatialPanel(c * dependent, exog, weights).fit(), 30, scheme="year").draws
        for c in (1.0, 1e3)
    ]
    np.testing.assert_allclose(years[1]["sigma2"], 1e6 * years[0]["sigma2"], rtol=SAME_ALGEBRA)


def test_profile_derivatives_are_finite_differences():
    rng = np.random.default_rng(1)
    y, ly = rng.standard_normal((2, 30, 4))
    z, lz = rng.standard_normal((2, 30, 3))
    rows = np.arange(4)
    for profile in (LagProfile.of(y, ly), ErrorProfile.of(y, ly, z, lz, 1.0)):
        at, step = np.array([-0.4, 0.1, 0.5, 0.9]), STEP
        value, slope, curvature = profile.evaluate(at, rows)
        above, below = profile.evaluate(at + step, rows), profile.evaluate(at - step, rows)
        for derivative, (up, down) in (
            (slope, (above[0], below[0])),
            (curvature, (above[1], below[1])),
        ):
            np.testing.assert_allclose(
                derivative, (up - down) / (2 * step), rtol=NUMERIC, atol=NUMERIC
            )
        assert (value > 0).all()
    for b, lam in enumerate(at):
        filtered_z, filtered_y = z - lam * lz, y[:, b] - lam * ly[:, b]
        residual = filtered_y - filtered_z @ np.linalg.lstsq(filtered_z, filtered_y, rcond=None)[0]
        np.testing.assert_allclose(value[b], residual @ residual, rtol=REORDERED)


def test_sparse_log_determinant_gives_the_peaks_of_the_eigenvalues(monkeypatch):
    """Large panels have an exact log-determinant that is cheap on a bracket only."""
    dependent, exog, weights = make_problem(30, 5, weights=ring_weights(30))
    panel = SpatialPanel(dependent, exog, weights)
    result = panel.fit()
    sparse_panel = SpatialPanel.from_arrays(
        panel.arrays, model="sdm", entity_effects=True, time_effects=True,
        spectrum=analyse_weights(panel.arrays.weights, method="sparse"),
    )  # fmt: skip
    large = sparse_panel.fit()
    assert large.spectrum.eigenvalues is None
    plan = draw_plan(result, 40, 1, "wild_unit", "rademacher")
    ours = refit(result, plan)
    np.testing.assert_allclose(refit(large, plan).values, ours.values, atol=INTERPOLATED)
    assert np.ptp(ours.values[:, 4]) > 0.05
    errors = [bootstrap(fit, 5, studentise=True).standard_errors.draws for fit in (large, result)]
    np.testing.assert_allclose(errors[0].params, errors[1].params, rtol=INTERPOLATED_ERRORS)
    np.testing.assert_allclose(errors[0].effects, errors[1].effects, rtol=INTERPOLATED_ERRORS)
    monkeypatch.setattr(module, "DENSE_LIMIT", 29)
    with pytest.raises(SpecificationError, match="30 x 30 for every draw; the limit is 29"):
        bootstrap(large, 3, studentise=True)


@pytest.mark.parametrize("size", [1, 10**9])
def test_blocks_of_dense_matrices_change_nothing(size, monkeypatch):
    result = fit_problem()
    expected = bootstrap(result, 7, studentise=True).standard_errors.draws
    monkeypatch.setattr(module, "DENSE_BLOCK_SIZE", size)
    found = bootstrap(result, 7, studentise=True).standard_errors.draws
    np.testing.assert_allclose(found.params, expected.params, rtol=SAME_PEAK)


def fail_at(number, function, error):
    """The function, its call of that number (from zero) replaced by an error."""
    calls = iter(range(10**6))

    def wrapped(*arguments, **options):
        if next(calls) == number:
            raise error
        return function(*arguments, **options)

    return wrapped


@pytest.mark.parametrize(
    "error", [BoundaryError("edge"), ConvergenceError("lost"), SingularInformationError("flat")]
)
def test_a_draw_that_fails_alone_is_counted_and_left_out(error, monkeypatch):
    corrected = fit_problem(estimator="direct_bc")
    expected = bootstrap(corrected, 5, seed=3)
    monkeypatch.setattr(SpatialPanel, "fit", fail_at(2, SpatialPanel.fit, error))
    with pytest.warns(FailedDrawsWarning, match=f"1 of 5 draws .* the first: {error}"):
        boot = bootstrap(corrected, 5, seed=3)
    assert (boot.n_draws, boot.n_failed, boot.n_boundary) == (5, 1, 0)
    np.testing.assert_array_equal(boot.values, np.delete(expected.values, 2, axis=0))
    effects = boot.effects()
    assert (effects.n_draws, effects.n_discarded, len(effects.draws)) == (5, 1, 4)
    assert "1 could not be estimated" in boot.summary
    table = boot.tidy().query("term != 'sigma2'")
    assert np.isfinite(table[["std_error", "ci_lower", "p_value"]].to_numpy()).all()


@pytest.mark.parametrize("model", ["sdm", "sdem"])
def test_a_draw_that_fails_among_others_is_counted_and_left_out(model, monkeypatch):
    """Draws estimated together, each sent to the search of its own; standard errors keep step."""
    result = fit_problem(model)
    expected = bootstrap(result, 6, seed=3, studentise=True)
    monkeypatch.setattr(module, "NEWTON_STEPS", 0)
    search = module.maximise_profile
    monkeypatch.setattr(module, "maximise_profile", fail_at(4, search, ConvergenceError("lost")))
    with pytest.warns(FailedDrawsWarning, match=r"1 of 6 draws .* the first: lost"):
        boot = bootstrap(result, 6, seed=3, studentise=True)
    assert (boot.n_failed, len(boot.draws)) == (1, 5)
    np.testing.assert_allclose(
        boot.values, np.delete(expected.values, 4, axis=0), rtol=SAME_PEAK, atol=SAME_PEAK
    )
    np.testing.assert_allclose(
        boot.standard_errors.draws.params,
        np.delete(expected.standard_errors.draws.params, 4, axis=0), rtol=SAME_PEAK,
    )  # fmt: skip


def test_bootstrap_without_two_draws_left_is_refused(monkeypatch):
    corrected = fit_problem(estimator="direct_bc")

    def refuse(*_arguments, **_options):
        raise ConvergenceError("lost")

    monkeypatch.setattr(SpatialPanel, "fit", refuse)
    with pytest.raises(ConvergenceError, match=r"4 of 4 draws could not .* the first: lost"):
        bootstrap(corrected, 4)


def test_models_that_are_refitted_one_by_one():
    corrected = fit_problem(estimator="direct_bc")
    assert not estimated_together(corrected)
    boot = bootstrap(corrected, 5)
    plan = draw_plan(corrected, 5, 0, "wild_unit", "rademacher")
    drawn = corrected.simulate(plan.innovations(corrected.estimate.residuals, slice(0, 1))[:, :, 0])
    panel = SpatialPanel.from_results(corrected).with_dependent(drawn)
    np.testing.assert_array_equal(boot.values[0, :-1], panel.fit("direct_bc").params[:-1])
    uneven = fit_problem(
        "sem", estimator="direct", weights=ring_weights(12, standardised=False), rho=0.0, lam=0.4
    )
    assert not estimated_together(uneven)
    assert bootstrap(uneven, 3).values.shape == (3, 4)


def test_two_spatial_parameters():
    result = fit_problem("sac", n_units=15, n_periods=6, rho=0.5, lam=0.3)
    boot = bootstrap(result, 4)
    assert list(boot.draws.columns) == result.param_names
    assert boot.draws["lambda"].std() > 0.0
    assert boot.effects().draws.shape == (4, 2, 3)


def test_error_weights_of_their_own():
    dependent, exog, weights = make_problem(rho=0.0, lam=0.5)
    other = (weights[0], sparse.csr_array(ring_weights(12, seed=9)))
    result = SpatialPanel(dependent, exog, weights, model="sdem", error_weights=other).fit()
    plan = draw_plan(result, 6, 1, "wild_unit", "rademacher")
    np.testing.assert_allclose(
        refit(result, plan).values, _refit_singly(result, plan).values, atol=SAME_PEAK
    )


@pytest.mark.parametrize("model", ["slx", "sdm"])
def test_influence_gives_the_clustered_covariance_of_the_fit(model):
    """Slopes without a spatial parameter: clustered by unit with N/(N-1), as linearmodels has it.

    With one: near the sandwich of the library, which has the expected in place of the observed
    Hessian.
    """
    # Units joined to one hub differ in G_ii, so that their own squares matter for ρ.
    hub = ring_weights(60)
    hub[0], hub[:, 0] = 1.0, 1.0
    hub[0, 0] = 0.0
    hub /= hub.sum(axis=1, keepdims=True)
    rho = 0.6 if model == "sdm" else 0.0
    result = fit_problem(model, n_units=60, n_periods=12, rho=rho, weights=hub)
    unchanged = DrawPlan(signs=np.ones((1, 60)), periods=None)
    values = result.params.to_numpy()[None]
    influence = calc_influence(result, unchanged, values, slice(0, 1))[0]
    covariance = influence.T @ influence
    if model == "slx":
        from yrb_carbon.spatialpanel.slope_covariance import clustered

        expected = clustered(result, "CR1").covariance
        np.testing.assert_allclose(covariance[:4, :4], expected, rtol=SAME_ALGEBRA, atol=ROUNDING)
    robust = SpatialPanel.from_results(result).fit(cov_type="clustered")
    size = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(size, robust.std_errors, rtol=HESSIANS)
    ours = covariance / np.outer(size, size)
    theirs = robust.cov.to_numpy() / np.outer(robust.std_errors, robust.std_errors)
    np.testing.assert_allclose(ours, theirs, atol=HESSIANS)


@pytest.mark.parametrize("model", ["sdm", "sdem"])
def test_influence_on_draws_is_the_influence_of_a_fit_to_them(model):
    """A draw's standard errors are those of the fit that has the draw as its data."""
    result = fit_problem(model, n_units=15, n_periods=6, rho=0.3, lam=0.0)
    plan = draw_plan(result, 3, 8, "wild_unit", "rademacher")
    values = refit(result, plan).values
    influence = calc_influence(result, plan, values, slice(0, 3))
    outcome = result.simulate(np.moveaxis(plan.innovations(result.estimate.residuals,
                                                           slice(0, 3)), 2, 0))  # fmt: skip
    for b in range(3):
        drawn = SpatialPanel.from_results(result).with_dependent(outcome[b]).fit()
        unchanged = DrawPlan(signs=np.ones((1, 15)), periods=None)
        own = calc_influence(drawn, unchanged, drawn.params.to_numpy()[None], slice(0, 1))[0]
        np.testing.assert_allclose(influence[b], own, atol=SAME_ALGEBRA)


def test_studentised_effects_agree_with_the_delta_method_at_the_fit():
    """The same gradients: total effect of slx is β + θ, of sdm (β + θ)/(1 - ρ)."""
    result = fit_problem(n_units=20, n_periods=6)
    boot = bootstrap(result, 19, studentise=True)
    unchanged = DrawPlan(signs=np.ones((1, 20)), periods=None)
    influence = calc_influence(result, unchanged, result.params.to_numpy()[None], slice(0, 1))[0]
    p = result.params
    gradient = np.zeros(6)
    gradient[[0, 2]] = 1 / (1 - p["rho"])
    gradient[4] = (p["x1"] + p["W.x1"]) / (1 - p["rho"]) ** 2
    by_hand = np.sqrt(((influence @ gradient) ** 2).sum())
    assert boot.standard_errors.fit.effects[0, 2] == pytest.approx(by_hand, rel=REORDERED)


def test_intervals_by_definition():
    rng = np.random.default_rng(0)
    draws = rng.gamma(2.0, size=(999, 2))
    s, s_draws = np.array([0.5, 2.0]), rng.uniform(0.5, 1.5, size=(999, 2))
    centre = np.array([1.8, 2.2])
    low, high = np.quantile(draws, [0.05, 0.95], axis=0, method="weibull")
    for kind, expected in {
        "percentile": (low, high),
        "basic": (2 * centre - high, 2 * centre - low),
        "normal": (centre - 1.6448536269514722 * draws.std(axis=0, ddof=1),
                   centre + 1.6448536269514722 * draws.std(axis=0, ddof=1)),
    }.items():  # fmt: skip
        np.testing.assert_allclose(calc_interval(centre, draws, kind, 0.9), expected, rtol=ROUNDING)
    t = (draws - centre) / s_draws
    expected = (
        centre - s * np.quantile(t, 0.95, axis=0, method="weibull"),
        centre - s * np.quantile(t, 0.05, axis=0, method="weibull"),
    )
    found = calc_interval(centre, draws, "studentised", 0.9, s, s_draws)
    np.testing.assert_allclose(found, expected)
    half = s * np.quantile(np.abs(t), 0.9, axis=0, method="weibull")
    found = calc_interval(centre, draws, "symmetric", 0.9, s, s_draws)
    np.testing.assert_allclose(found, (centre - half, centre + half))


def test_bias_corrected_interval_agrees_with_scipy():
    """The bias of a known statistic, against the BCa of scipy with its acceleration taken out."""
    draws = np.random.default_rng(2).gamma(2.0, size=(4999, 1))
    centre = np.array([1.5])
    lower, upper = calc_interval(centre, draws, "bias_corrected", 0.95)
    z0 = stats.norm.ppf(stats.percentileofscore(draws[:, 0], 1.5, kind="mean") / 100)
    shares = stats.norm.cdf(2 * z0 + stats.norm.ppf([0.025, 0.975]))
    np.testing.assert_allclose([lower[0], upper[0]], np.quantile(draws, shares, method="weibull"))
    plain = calc_interval(centre, draws, "percentile", 0.95)
    assert lower[0] < plain[0][0]
    # Centred at the median of the draws, nothing is corrected.
    median = np.median(draws, axis=0)
    np.testing.assert_allclose(
        calc_interval(median, draws, "bias_corrected"), calc_interval(median, draws, "percentile"),
        rtol=ONE_DRAW,
    )  # fmt: skip


def test_p_values_are_never_zero_and_invert_the_percentile_interval():
    draws = np.concatenate([np.linspace(-1.0, 9.0, 999)[:, None], np.ones((999, 1))], axis=1)
    p = calc_draw_p_values(draws)
    assert p[1] == pytest.approx(2 / 1000)
    assert p[0] == pytest.approx(2 * (100 + 1) / 1000)


def test_signs_of_units_tell_nothing_of_the_variance():
    """Signs leave squared residuals as they are; years resampled whole do not."""
    result = fit_problem(n_units=30, n_periods=8)
    signs = bootstrap(result, 49)
    assert signs.draws["sigma2"].isna().all()
    assert np.isnan(signs.std_errors["sigma2"])
    assert signs.conf_int().loc["sigma2"].isna().all()
    assert np.isnan(signs.pvalues["sigma2"])
    assert signs.std_errors.drop("sigma2").notna().all()
    assert "none of sigma2" in signs.summary
    years = bootstrap(result, 199, scheme="year")
    assert years.std_errors["sigma2"] > 0.3 * result.std_errors["sigma2"]


def test_results_object():
    result = fit_problem()
    boot = bootstrap(result, 99, studentise=True)
    assert boot.params.equals(result.params)
    assert boot.draws.shape == (99, 6)
    np.testing.assert_allclose(boot.std_errors, boot.draws.std())
    np.testing.assert_allclose(np.sqrt(np.diag(boot.cov)), boot.std_errors)
    np.testing.assert_allclose(boot.bias, boot.draws.mean() - result.params)
    table = boot.tidy(kind="symmetric")
    assert list(table.columns) == list(result.tidy().columns)
    assert set(table["inference"]) == {"bootstrap_wild_unit"}
    middle = (table["ci_lower"] + table["ci_upper"]) / 2
    np.testing.assert_allclose(middle[:-1], table["estimate"][:-1])
    assert table.iloc[-1][["std_error", "ci_lower", "ci_upper", "p_value"]].isna().all()
    effects = boot.effects("studentised")
    pd.testing.assert_frame_equal(effects.params, result.effects().params)
    draw = boot.draws.iloc[7]
    np.testing.assert_allclose(
        effects.draws[7, :, 2],
        [(draw[x] + draw[f"W.{x}"]) / (1 - draw["rho"]) for x in ("x1", "x2")],
    )
    inside = effects.conf_int()
    assert (
        (inside["lower"] < effects.params.stack()) & (effects.params.stack() < inside["upper"])
    ).all()
    assert "99 draws" in boot.summary
    assert "99 draws" in boot._repr_html_()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: bootstrap(fit, scheme="unit"), "wild_unit, year"),
        (lambda fit: bootstrap(fit, distribution="normal"), "rademacher, webb, mammen"),
        (lambda fit: bootstrap(fit, 1), "at least 2"),
        (lambda fit: bootstrap(fit, 9).conf_int(kind="t"), "percentile, basic"),
        (lambda fit: bootstrap(fit, 9).conf_int(kind="symmetric"), "studentise=True"),
        (lambda fit: bootstrap(fit, 9).effects("studentised").conf_int(), "studentise=True"),
        (lambda fit: bootstrap(fit, 9).conf_int(0.0), "between 0 and 1"),
    ],
)
def test_refusals_say_why(call, message):
    with pytest.raises(SpecificationError, match=message):
        call(fit_problem())


def test_studentised_needs_draws_estimated_together():
    with pytest.raises(SpecificationError, match="one spatial parameter"):
        bootstrap(fit_problem(estimator="direct_bc"), 3, studentise=True)


def test_ar_errors_widen_the_interval():
    """Persistent errors and regressor: the information matrix is far too small, signs are not."""
    rng = np.random.default_rng(12)
    dependent, exog, weights = make_problem(40, 12, 1, weights=ring_weights(40))
    x, e = np.empty((12, 40)), np.empty((12, 40))
    x[0], e[0] = rng.standard_normal((2, 40))
    for t in range(1, 12):
        x[t], e[t] = 0.9 * np.stack([x[t - 1], e[t - 1]]) + 0.4 * rng.standard_normal((2, 40))
    exog = pd.DataFrame({"x1": x.ravel()}, exog.index)
    result = SpatialPanel(
        pd.Series(x.ravel() + e.ravel(), dependent.index, name="y"), exog, weights, model="slx"
    ).fit()
    boot = bootstrap(result, 499)
    assert boot.std_errors["x1"] > 1.4 * result.std_errors["x1"]


@pytest.mark.parametrize("statistic", [np.mean, np.var])
def test_bca_intervals_are_those_of_scipy(statistic):
    """The same draws and the same sample: scipy.stats.bootstrap as peer.

    Its quantiles are the ((B-1)p+1)-th smallest, ours the (B+1)p-th: at most one place apart.
    """
    sample = np.random.default_rng(4).exponential(size=25)
    peer = stats.bootstrap((sample,), statistic, n_resamples=9999, method="BCa", rng=1)
    draws = np.sort(peer.bootstrap_distribution)
    jackknife = np.array([[statistic(np.delete(sample, i))] for i in range(25)])
    assert abs(calc_acceleration(jackknife)[0]) > 0.01
    lower, upper = calc_interval(
        np.array([statistic(sample)]),
        draws[:, None],
        "bca",
        jackknife=jackknife,
    )
    for found, expected in zip((lower, upper), peer.confidence_interval, strict=True):
        assert np.ptp(np.interp([found[0], expected], draws, np.arange(9999))) < 1.0
    plain = calc_interval(np.array([statistic(sample)]), draws[:, None], "bias_corrected")
    assert np.ptp(np.interp([plain[1][0], upper[0]], draws, np.arange(9999))) > 5.0


def test_percentile_interval_of_few_draws_covers_exactly():
    """The (B+1)α-th smallest of B draws: with draws of the statistic's own distribution no loss."""
    rng = np.random.default_rng(5)
    draws, truth = rng.standard_normal((39, 20_000)), rng.standard_normal(20_000)
    lower, upper = calc_interval(truth, draws, "percentile")
    np.testing.assert_allclose(lower, draws.min(axis=0), rtol=ROUNDING)
    # Standard error 0.0015; the quantiles of the sample itself would cover 0.93.
    assert ((lower < truth) & (truth < upper)).mean() == pytest.approx(0.95, abs=0.006)


def test_bca_without_acceleration_is_bias_corrected():
    draws = np.random.default_rng(0).normal([0.3, -0.1], size=(199, 2))
    same = np.zeros((5, 2))
    found = calc_interval(np.zeros(2), draws, "bca", jackknife=same)
    np.testing.assert_array_equal(found, calc_interval(np.zeros(2), draws, "bias_corrected"))


def test_bca_with_all_draws_on_one_side_or_beyond_the_pole():
    """Infinite corrections and accelerations beyond the pole give the extreme draw, never NaN."""
    draws = np.linspace(1.0, 2.0, 99)[:, None]
    skewed = np.array([[0.0]] * 9 + [[-9.0]])
    for estimate, extreme in ((0.5, 1.0), (2.5, 2.0)):
        found = calc_interval(np.array([estimate]), draws, "bca", jackknife=skewed)
        np.testing.assert_array_equal(np.ravel(found), [extreme, extreme])
    acceleration = calc_acceleration(skewed)[0]
    assert acceleration > 0.1
    # 98.5 of 99 draws below the estimate: z0 = 2.6 and a(z0 + z) passes 1 at a high level.
    wide = calc_interval(draws[-1], draws, "bca", 1.0 - 1e-12, jackknife=skewed)
    assert wide[1][0] == 2.0
    mirrored = calc_interval(-draws[-1], -draws, "bca", 1.0 - 1e-12, jackknife=-skewed)
    assert mirrored[0][0] == -2.0


def test_bca_needs_a_whole_jackknife():
    draws = np.zeros((9, 1))
    with pytest.raises(SpecificationError, match="bias_corrected"):
        calc_interval(np.zeros(1), draws, "bca")
    holed = np.array([[0.1], [np.nan], [0.3]])
    with pytest.raises(SpecificationError, match=r"group\(s\) 1 of 3"):
        calc_interval(np.zeros(1), draws, "bca", jackknife=holed)


def test_a_fit_without_jackknife_refuses_bca():
    result = fit_problem()
    with pytest.raises(SpecificationError, match="bias_corrected"):
        bootstrap(result, 9).conf_int(kind="bca")
