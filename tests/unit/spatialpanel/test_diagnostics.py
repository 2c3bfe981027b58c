"""Specification tests against dense algebra, identities and simulated truth."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, sparse
from spatial_reference import (
    EFFECTS,
    complement,
    dummies,
    make_problem,
    ring_weights,
    transformers,
)

from yrb_carbon.spatialpanel import (
    BoundaryError,
    PanelSizeError,
    SpatialPanel,
    SpecificationError,
    simulate,
)
from yrb_carbon.spatialpanel.diagnostics import (
    LM_NAMES,
    MORAN_COLUMNS,
    LinearFit,
    QuadraticForm,
    SerialErrors,
    baltagi_song_koh,
    calc_cd,
    calc_conditional_lambda,
    calc_conditional_mu,
    calc_form_traces,
    calc_hr,
    calc_mean_of_linear_part,
    calc_moments,
    calc_moran_by_period,
    calc_moran_of_panel,
    calc_residual_slopes,
    calc_serial_lm,
    calc_serial_score,
    calc_variance_ratio,
    calc_weighted_cd,
    estimate_serial_errors,
    fit_linear_model,
    linear_fit_of,
    lm_tests,
    moran_residuals,
    pesaran_cd,
    serial_correlation,
    variance_inflation,
)
from yrb_carbon.spatialpanel.testing import SpecificationTest

# Two ways of the same dense algebra at a few hundred observations.
ROUNDING = 1e-9
# Central differences of a smooth ratio with a step of 1e-5.
DIFFERENCES = 1e-7
# An estimate is where its score vanishes to 1e-8, not to the last digit.
SEARCH = 1e-6
# Permuting the data changes the order of summation only.
EQUIVARIANCE = 1e-10

UNEQUAL_ROWS = ring_weights(12, standardised=False)
WEIGHTS = {"row-standardised": ring_weights(12), "unequal rows": UNEQUAL_ROWS}


def make_panel(effects, *, weights=None, model="sdm", seed=1, **options) -> SpatialPanel:
    dependent, exog, pair = make_problem(weights=weights, seed=seed, **options)
    return SpatialPanel(
        dependent, exog, pair, model=model, entity_effects=effects[0], time_effects=effects[1]
    )


def residual_maker(panel: SpatialPanel, *, design: bool = True) -> np.ndarray:
    """M with every dummy in it, dense."""
    arrays = panel.arrays
    columns = dummies(arrays.n_units, arrays.n_periods, panel.entity_effects, panel.time_effects)
    if design:
        columns = np.hstack([arrays.z.reshape(-1, arrays.z.shape[2]), columns])
    return np.eye(arrays.y.size) - columns @ np.linalg.pinv(columns)


def fit_of(panel: SpatialPanel) -> LinearFit:
    return fit_linear_model(
        panel.arrays.y,
        panel.arrays.z,
        entity_effects=panel.entity_effects,
        time_effects=panel.time_effects,
    )


def centred_lm_by_definition(panel: SpatialPanel) -> list[float]:
    maker, arrays = residual_maker(panel), panel.arrays
    w = np.kron(np.eye(arrays.n_periods), arrays.weights.toarray())
    y = arrays.y.ravel()
    e = maker @ y
    free = np.trace(maker)
    sigma2 = e @ e / free
    k = maker @ (w + w.T) / 2 @ maker
    centre = np.trace(k)
    variance = 2 * (free * np.trace(k @ k) - centre**2) / (free + 2)
    h = maker @ w @ (y - e)
    information = variance + h @ h / sigma2
    error = e @ w @ e / sigma2 - centre
    lag = e @ w @ y / sigma2 - centre
    share = variance / information
    return [
        lag**2 / information,
        error**2 / variance,
        (lag - error) ** 2 / (information - variance),
        (error - share * lag) ** 2 / (variance * (1 - share)),
    ]


@pytest.mark.parametrize("model", ["ols", "sdm"])
@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("effects", EFFECTS)
def test_centred_lm_equals_dense_algebra(effects, weights, model):
    panel = make_panel(effects, weights=WEIGHTS[weights], model=model)
    statistics = [test.statistic for test in lm_tests(panel)]
    assert statistics == pytest.approx(centred_lm_by_definition(panel), rel=ROUNDING)


@pytest.mark.parametrize(
    ("effects", "constant"),
    [((True, True), -4.0), ((True, False), 0.0), ((False, True), -5.0), ((False, False), -1.0)],
)
def test_centring_of_row_stochastic_weights_is_the_known_constant(effects, constant):
    """Effects alone shift the scores by -(T-1), 0, -T; an intercept by -1 (T = 5)."""
    panel = make_panel(effects)
    arrays = panel.arrays
    form = QuadraticForm(None, arrays.weights)
    options = {"entity_effects": effects[0], "time_effects": effects[1]}
    traces = calc_form_traces(form, arrays.y.shape, **options)
    design = np.zeros((*arrays.y.shape, 0)) if any(effects) else np.ones((*arrays.y.shape, 1))
    fit = fit_linear_model(arrays.y, design, **options)
    assert calc_moments(form, traces, fit).mean == pytest.approx(constant, abs=ROUNDING)


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("effects", EFFECTS)
def test_moments_of_any_kronecker_form_equal_dense_traces(effects, weights):
    panel = make_panel(effects, weights=WEIGHTS[weights])
    arrays = panel.arrays
    period = np.random.default_rng(3).standard_normal((arrays.n_periods, arrays.n_periods))
    form = QuadraticForm(period, arrays.weights)
    traces = calc_form_traces(
        form, arrays.y.shape, entity_effects=effects[0], time_effects=effects[1]
    )
    big = np.kron(period, arrays.weights.toarray())
    big = (big + big.T) / 2
    cleared = residual_maker(panel, design=False)
    assert traces.linear == pytest.approx(np.trace(cleared @ big), abs=ROUNDING)
    assert traces.square == pytest.approx(np.trace(cleared @ big @ cleared @ big), rel=ROUNDING)
    maker = residual_maker(panel)
    k, free = maker @ big @ maker, np.trace(maker)
    moments = calc_moments(form, traces, fit_of(panel))
    assert moments.mean == pytest.approx(np.trace(k), abs=ROUNDING)
    assert moments.variance == pytest.approx(
        2 * (free * np.trace(k @ k) - np.trace(k) ** 2) / (free + 2), rel=ROUNDING
    )


def test_moments_are_those_of_simulated_ratios():
    panel = make_panel((True, True))
    arrays = panel.arrays
    maker = residual_maker(panel)
    basis = linalg.orth(maker)
    k = np.kron(np.eye(arrays.n_periods), arrays.weights.toarray())
    form = QuadraticForm(None, arrays.weights)
    traces = calc_form_traces(form, arrays.y.shape, entity_effects=True, time_effects=True)
    moments = calc_moments(form, traces, fit_of(panel))
    draws = np.random.default_rng(8).standard_normal((20_000, basis.shape[1])) @ basis.T
    ratios = basis.shape[1] * ((draws @ k) * draws).sum(axis=1) / (draws**2).sum(axis=1)
    # four Monte Carlo standard errors of the mean; the variance to 5 %
    assert abs(ratios.mean() - moments.mean) < 4 * np.sqrt(moments.variance / 20_000)
    assert ratios.var() == pytest.approx(moments.variance, rel=0.05)


@pytest.mark.parametrize("effects", EFFECTS)
def test_plain_lm_equals_dense_algebra(effects):
    panel = make_panel(effects, model="ols")
    arrays = panel.arrays
    cleared = residual_maker(panel, design=False)
    w = np.kron(np.eye(arrays.n_periods), arrays.weights.toarray())
    y, x = cleared @ arrays.y.ravel(), cleared @ arrays.z.reshape(-1, arrays.z.shape[2])
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    e = y - x @ beta
    sigma2 = e @ e / e.size
    wxb = w @ x @ beta
    unexplained = wxb - x @ np.linalg.lstsq(x, wxb, rcond=None)[0]
    tt = np.trace(w @ w + w.T @ w)
    j = unexplained @ unexplained / sigma2 + tt
    lag, error = e @ w @ y / sigma2, e @ w @ e / sigma2
    expected = [
        lag**2 / j,
        error**2 / tt,
        (lag - error) ** 2 / (j - tt),
        (error - tt / j * lag) ** 2 / (tt * (1 - tt / j)),
    ]
    statistics = [test.statistic for test in lm_tests(panel, "plain")]
    assert statistics == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("effects", EFFECTS)
def test_lm_does_not_depend_on_order_or_unit_of_measurement(effects):
    dependent, exog, (ids, matrix) = make_problem()
    rng = np.random.default_rng(0)
    rows, units = rng.permutation(len(dependent)), rng.permutation(len(ids))
    options = {"entity_effects": effects[0], "time_effects": effects[1]}
    shuffled = SpatialPanel(
        1000.0 * dependent.iloc[rows],
        exog[["x2", "x1"]] * [3.0, 1e-4],
        ([ids[i] for i in units], sparse.csr_array(matrix.toarray()[np.ix_(units, units)])),
        **options,
    )
    reference = SpatialPanel(dependent, exog, (ids, matrix), **options)
    for form in ("centred", "plain", "serial"):
        assert [test.statistic for test in lm_tests(shuffled, form)] == pytest.approx(
            [test.statistic for test in lm_tests(reference, form)], rel=EQUIVARIANCE
        )


def test_lm_finds_the_process_that_is_there():
    """With strong dependence of one kind, its robust statistic is the larger one."""
    panel = make_panel(
        (True, True), model="ols", weights=ring_weights(40), n_units=40, n_periods=12
    )
    arrays = panel.arrays
    errors = np.random.default_rng(6).standard_normal(arrays.y.shape)

    def processes_of(**parameters: float) -> dict[str, SpecificationTest]:
        y = simulate(arrays.weights, arrays.z, errors, beta=np.array([2.0, -1.0]), **parameters)
        return {test.name: test for test in lm_tests(panel.with_dependent(y))}

    lag, error = processes_of(rho=0.3), processes_of(lam=0.3)
    assert lag["robust LM lag"].statistic > 10 * lag["robust LM error"].statistic
    assert error["robust LM error"].statistic > 10 * error["robust LM lag"].statistic
    assert lag["LM lag"].p_value < 1e-4
    assert error["LM error"].p_value < 1e-4


def test_both_forms_come_centred_first_with_their_null_model():
    tests = lm_tests(make_panel((True, True)), "both")
    assert [test.form for test in tests] == ["centred"] * 4 + ["plain"] * 4
    assert all("supposes errors independent over time" in test.note for test in tests)
    assert all(test.df == 1 and test.distribution == "chi2" for test in tests)
    assert all("x1, x2, W.x1, W.x2" in test.note for test in tests)
    assert all(("too often" in test.note) == (test.form == "plain") for test in tests)


def test_unknown_form_is_refused():
    with pytest.raises(SpecificationError, match="centred, plain, serial, both, got 'robust'"):
        lm_tests(make_panel((True, True)), "robust")


def test_no_degrees_of_freedom_is_refused():
    panel = make_panel((True, True), model="ols", weights=ring_weights(3), n_units=3, n_periods=2)
    with pytest.raises(PanelSizeError, match="3 units and 2 periods leave 0 degrees of freedom"):
        lm_tests(panel)


def test_lm_with_weights_of_its_own_for_the_error():
    """Dense covariance of the two quadratic forms; the same matrix twice is one matrix."""
    other = ring_weights(12, seed=9)
    dependent, exog, (ids, matrix) = make_problem()
    panels = [
        SpatialPanel(
            dependent, exog, (ids, matrix), model="sac", error_weights=(ids, sparse.csr_array(m))
        )
        for m in (other, matrix.toarray())
    ]
    panel, arrays = panels[0], panels[0].arrays
    maker, y = residual_maker(panel), arrays.y.ravel()
    e, free = maker @ y, np.trace(maker)
    sigma2 = e @ e / free
    w, m = (np.kron(np.eye(arrays.n_periods), one) for one in (matrix.toarray(), other))
    kw, km = maker @ (w + w.T) @ maker / 2, maker @ (m + m.T) @ maker / 2

    def covariance(a, b):
        return 2 * (free * np.trace(a @ b) - np.trace(a) * np.trace(b)) / (free + 2)

    h = maker @ w @ (y - e)
    score = np.array([e @ w @ y, e @ m @ e]) / sigma2 - [np.trace(kw), np.trace(km)]
    v = np.array([[covariance(kw, kw) + h @ h / sigma2, covariance(kw, km)], [0, 0]])
    v[1] = v[0, 1], covariance(km, km)
    joint = score @ np.linalg.solve(v, score)
    marginal = score**2 / np.diag(v)
    expected = [marginal[0], marginal[1], joint - marginal[1], joint - marginal[0]]
    assert [test.statistic for test in lm_tests(panel)] == pytest.approx(expected, rel=ROUNDING)
    with pytest.raises(SpecificationError, match="error_weights; use form='centred'"):
        lm_tests(panel, "plain")
    one_matrix = lm_tests(make_panel((True, True), model="ols"))
    assert [test.statistic for test in lm_tests(panels[1])] == pytest.approx(
        [test.statistic for test in one_matrix], rel=ROUNDING
    )


def serial_moments_by_definition(panel, covariance, matrices):
    """Dense mean and covariance of e'(I ⊗ W)e, and of the linear part of the lag."""
    maker = residual_maker(panel)
    arrays = panel.arrays
    spread = maker @ np.kron(covariance, np.eye(arrays.n_units)) @ maker
    forms = [np.kron(np.eye(arrays.n_periods), (w + w.T) / 2) for w in matrices]
    means = np.array([np.trace(form @ spread) for form in forms])
    variances = np.array([[2 * np.trace(a @ spread @ b @ spread) for b in forms] for a in forms])
    return means, variances


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("effects", EFFECTS)
def test_serial_score_has_the_dense_moments(effects, weights):
    """Mean and variance at a Σ̃ of my choice against traces of TN x TN matrices."""
    panel = make_panel(effects, weights=WEIGHTS[weights])
    arrays, fit = panel.arrays, fit_of(panel)
    distance = np.abs(np.subtract.outer(np.arange(arrays.n_periods), np.arange(arrays.n_periods)))
    cleared = np.eye(arrays.n_periods) - (1.0 / arrays.n_periods if effects[0] else 0.0)
    covariance = cleared @ 0.7**distance @ cleared
    errors = SerialErrors.of(fit, covariance, float((covariance**2).sum()))
    traces = fit.traces(QuadraticForm(None, arrays.weights))
    score, variance = calc_serial_score(arrays.weights, traces, fit, errors)
    # Centred weights: W - cI with c the mean of the diagonal that effects give W.
    w = arrays.weights.toarray()
    keep = np.eye(arrays.n_units) - (1.0 / arrays.n_units if effects[1] else 0.0)
    shifted = w - np.trace(keep @ w) / np.trace(keep) * np.eye(arrays.n_units)
    means, variances = serial_moments_by_definition(panel, covariance, [shifted])
    e = fit.residuals.ravel()
    big = np.kron(np.eye(arrays.n_periods), shifted)
    assert score == pytest.approx(e @ big @ e - means[0], rel=ROUNDING)
    assert variance == pytest.approx(variances[0, 0], rel=ROUNDING)
    # E(h'e): what the estimated mean of y shares with the residuals.
    maker, big = residual_maker(panel), np.kron(np.eye(arrays.n_periods), w)
    full = np.kron(0.7**distance, np.eye(arrays.n_units))
    expected = np.trace(maker @ big @ (np.eye(e.size) - maker) @ full)
    assert calc_mean_of_linear_part(arrays.weights, fit, errors) == pytest.approx(
        expected, rel=ROUNDING, abs=ROUNDING
    )


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("effects", EFFECTS)
def test_lm_under_serial_correlation_equals_dense_algebra(effects, own):
    other = ring_weights(12, seed=9)
    dependent, exog, (ids, matrix) = make_problem()
    panel = SpatialPanel(
        dependent,
        exog,
        (ids, matrix),
        model="sac" if own else "ols",
        entity_effects=effects[0],
        time_effects=effects[1],
        error_weights=(ids, sparse.csr_array(other)) if own else None,
    )
    arrays, fit = panel.arrays, fit_of(panel)
    errors = estimate_serial_errors(fit)
    keep = np.eye(12) - (1.0 / 12 if effects[1] else 0.0)
    w, m = (
        one - np.trace(keep @ one) / np.trace(keep) * np.eye(12)
        for one in (matrix.toarray(), other if own else matrix.toarray())
    )
    means, v = serial_moments_by_definition(panel, errors.covariance, [w, m])
    # tr(Σ̃²) is estimated apart from Σ̃ where it multiplies the effects' trace.
    gap = errors.squared_trace - float((errors.covariance**2).sum())
    halves = [keep @ (one + one.T) @ keep / 2 for one in (w, m)]
    v = v + 2 * gap * np.array([[np.trace(a @ b) for b in halves] for a in halves])
    e, big = fit.residuals.ravel(), np.kron(np.eye(arrays.n_periods), matrix.toarray())
    maker = residual_maker(panel)
    h = maker @ big @ (arrays.y.ravel() - e)
    score = np.array([e @ np.kron(np.eye(arrays.n_periods), one) @ e for one in (w, m)]) - means
    score[0] += h @ e - calc_mean_of_linear_part(arrays.weights, fit, errors)
    v[0, 0] += h @ np.kron(errors.covariance, np.eye(12)) @ h
    joint, marginal = score @ np.linalg.solve(v, score), score**2 / np.diag(v)
    expected = [marginal[0], marginal[1], joint - marginal[1], joint - marginal[0]]
    tests = lm_tests(panel, "serial")
    assert [test.statistic for test in tests] == pytest.approx(expected, rel=ROUNDING)
    assert {test.form for test in tests} == {"serial"}
    assert all("correlated over time in any way" in test.note for test in tests)


def test_cd_is_the_sum_of_correlations():
    residuals = np.random.default_rng(2).standard_normal((7, 5))
    correlations = np.corrcoef(residuals.T)[np.triu_indices(5, 1)]
    expected = np.sqrt(2 * 7 / (5 * 4)) * correlations.sum()
    assert calc_cd(residuals) == pytest.approx(expected, rel=ROUNDING)
    signs = np.array([[1, -1, 1, 1, -1], [-1, -1, 1, -1, 1]])
    pairs = np.array(
        [s[i] * s[j] for s in signs for i, j in np.argwhere(np.triu(np.ones((5, 5)), 1))]
    )
    weighted = np.sqrt(2 * 7 / (5 * 4)) * (pairs * np.tile(correlations, 2)).sum() / np.sqrt(2)
    assert calc_weighted_cd(residuals, signs) == pytest.approx(weighted, rel=ROUNDING)


def test_cd_says_where_it_is_not_normal():
    two_way = make_panel((True, True), weights=ring_weights(60), n_units=60).fit()
    test = pesaran_cd(two_way)
    assert "-sqrt(T/2) = -1.58" in test.note
    # What the note says: period effects alone bring it there.
    assert test.statistic == pytest.approx(-np.sqrt(5 / 2), abs=0.3)
    assert "period effects" not in pesaran_cd(make_panel((True, False)).fit()).note
    assert pesaran_cd(two_way, "weighted", seed=1) == pesaran_cd(two_way, "weighted", seed=1)
    with pytest.raises(SpecificationError, match="plain, weighted, got 'star'"):
        pesaran_cd(two_way, "star")


def test_cd_refuses_a_unit_without_variation():
    residuals = np.random.default_rng(2).standard_normal((7, 5))
    residuals[:, 2] = 0.0
    with pytest.raises(PanelSizeError, match="1 units do not vary"):
        calc_cd(residuals)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("weights", list(WEIGHTS))
def test_moran_of_the_panel_is_the_centred_lm_error(weights, effects):
    panel = make_panel(effects, model="slx", weights=WEIGHTS[weights])
    table = moran_residuals(panel.fit("direct"))
    assert list(table.columns) == list(MORAN_COLUMNS)
    assert list(table.index) == [*panel.arrays.periods, "panel"]
    error = lm_tests(panel)[1]
    assert table.loc["panel", "statistic"] ** 2 == pytest.approx(error.statistic, rel=ROUNDING)
    assert table.loc["panel", "p_value"] == pytest.approx(error.p_value, rel=1e-6)
    e, w = fit_of(panel).residuals, panel.arrays.weights.toarray()
    morans = [12 / w.sum() * (e[t] @ w @ e[t]) / (e[t] @ e[t]) for t in range(5)]
    assert table["moran"].to_numpy()[:5] == pytest.approx(morans, rel=ROUNDING)


@pytest.mark.parametrize("effects", EFFECTS)
def test_moran_by_period_has_the_moments_of_simulated_residuals(effects):
    panel = make_panel(effects, weights=ring_weights(20), n_units=20, n_periods=4)
    maker, w = residual_maker(panel), panel.arrays.weights.toarray()
    draws = np.random.default_rng(12).standard_normal((20_000, len(maker))) @ maker
    by_period = draws.reshape(-1, 4, 20)
    morans = ((by_period @ w.T) * by_period).sum(axis=2) / (by_period**2).sum(axis=2)
    rows = calc_moran_by_period(panel.arrays.weights, fit_of(panel))
    # Four Monte Carlo errors, and the second-order remainder of regressors in a mean.
    assert np.abs(morans.mean(axis=0) - rows[:, 1]).max() < 4 * rows[:, 2].max() / 141 + 2e-3
    assert morans.std(axis=0) == pytest.approx(rows[:, 2], rel=0.03)


def test_moran_by_period_is_exact_with_effects_alone():
    """Cliff and Ord's moments of a mean-removed variable: -1/(N-1) and its exact variance."""
    weights = ring_weights(12)
    y = np.random.default_rng(3).standard_normal((6, 12))
    fit = fit_linear_model(y, np.zeros((6, 12, 0)), entity_effects=True, time_effects=True)
    rows = calc_moran_by_period(sparse.csr_array(weights), fit)
    centring = np.eye(12) - 1 / 12
    k = centring @ (weights + weights.T) @ centring / 2
    variance = 2 * (11 * np.trace(k @ k) - np.trace(k) ** 2) / (11**2 * 13)
    assert rows[:, 1] == pytest.approx(-1 / 11, abs=ROUNDING)
    assert rows[:, 2] == pytest.approx(np.sqrt(variance), rel=ROUNDING)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("weights", list(WEIGHTS))
def test_moran_by_period_equals_dense_moments(weights, effects):
    panel = make_panel(effects, weights=WEIGHTS[weights])
    maker, w = residual_maker(panel), panel.arrays.weights.toarray()
    k = (w + w.T) / 2
    rows = calc_moran_by_period(panel.arrays.weights, fit_of(panel))
    for t in range(5):
        omega = maker[12 * t : 12 * (t + 1), 12 * t : 12 * (t + 1)]
        d, dd = np.trace(omega), np.trace(omega @ omega)
        kd, kk = np.trace(k @ omega @ omega), np.trace(k @ omega @ k @ omega)
        ratio, free = np.trace(k @ omega) / d, d**2 / dd
        mean = ratio - 2 * (kd - ratio * dd) / d**2
        variance = 2 * (kk - 2 * ratio * kd + ratio**2 * dd) / d**2 * free / (free + 2)
        expected = 12 / w.sum() * np.array([mean, np.sqrt(variance)])
        assert rows[t, 1:] == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize(("model", "name"), [("sdm", "rho"), ("sem", "lambda")])
@pytest.mark.parametrize("effects", [(True, True), (True, False)])
def test_moran_of_a_spatial_model_loses_what_its_parameter_takes(effects, model, name):
    """Share of a second spatial error's information that is left: dense normal information."""
    panel = make_panel(effects, model=model, rho=0.3, lam=0.0)
    result = panel.fit("transform")
    f, w = transformers(panel.arrays, *effects)
    periods, identity = len(f) // len(w), np.eye(len(w))
    z = f @ panel.arrays.z.reshape(-1, panel.arrays.z.shape[2])
    inverse = np.linalg.inv(identity - result.params[name] * w)
    lag = np.kron(np.eye(periods), inverse)
    big_w = np.kron(np.eye(periods), w)
    # Means of y and slopes of its covariance, both filtered by (I - ρW) or (I - λW).
    own = big_w @ lag
    mean = own @ z @ result.estimate.delta if name == "rho" else np.zeros(len(z))
    slopes = [own + own.T, big_w + big_w.T, np.eye(len(z)) / result.sigma2]
    h = np.array([[0.5 * np.trace(p @ q) for q in slopes] for p in slopes])
    residual = mean - z @ np.linalg.lstsq(z, mean, rcond=None)[0]
    h[0, 0] += residual @ residual / result.sigma2
    left = 1 / np.linalg.inv(h)[1, 1] / (h[1, 1] - h[1, 2] ** 2 / h[2, 2])
    table = moran_residuals(result)
    bare = calc_moran_of_panel(panel.arrays.weights, linear_fit_of(result))
    assert (table.loc["panel", "std_dev"] / bare[2]) ** 2 == pytest.approx(left, rel=SEARCH)
    one = calc_moran_by_period(panel.arrays.weights, linear_fit_of(result))[:, 2]
    by_period = (table["std_dev"].to_numpy()[:5] / one) ** 2
    assert by_period == pytest.approx(1 - (1 - left) / periods, rel=SEARCH)


@pytest.mark.parametrize("remove_mean", [True, False])
@pytest.mark.parametrize("own_error_weights", [True, False])
def test_slopes_of_residual_autocorrelation_equal_finite_differences(
    own_error_weights, remove_mean
):
    """n tr(WΣ)/tr(Σ), Σ the covariance of residuals that the wrong ρ or λ filters."""
    w = ring_weights(10)
    m = ring_weights(10, seed=8) if own_error_weights else w
    truth, step = {"rho": 0.4, "lambda": -0.3}, 1e-5
    base = complement_or_identity(10, remove_mean)
    a, b = np.eye(10) - truth["rho"] * w, np.eye(10) - truth["lambda"] * m
    root = np.linalg.inv(b @ a)

    def autocorrelation(rho, lam):
        moved = base.T @ (np.eye(10) - lam * m) @ (np.eye(10) - rho * w) @ root @ base
        covariance = moved @ moved.T
        ratio = np.trace(base.T @ w @ base @ covariance) / np.trace(covariance)
        return base.shape[1] * ratio

    expected = [
        (autocorrelation(0.4 + step, -0.3) - autocorrelation(0.4 - step, -0.3)) / (2 * step),
        (autocorrelation(0.4, -0.3 + step) - autocorrelation(0.4, -0.3 - step)) / (2 * step),
    ]
    slopes = calc_residual_slopes(
        sparse.csr_array(w), truth, sparse.csr_array(m), remove_mean=remove_mean
    )
    assert slopes == pytest.approx(expected, rel=DIFFERENCES)


def complement_or_identity(size: int, remove_mean: bool) -> np.ndarray:
    return complement(size) if remove_mean else np.eye(size)


@pytest.mark.filterwarnings("ignore::yrb_carbon.spatialpanel.BoundaryWarning")
def test_moran_refuses_an_estimate_at_the_boundary():
    panel = make_panel((True, True), model="sar")
    values, vectors = np.linalg.eig(ring_weights(12))
    second = vectors[:, np.argsort(-values.real)[1]].real
    # An eigenvector of W* with an eigenvalue below 1 asks for a ρ above 1.
    wave = 100.0 * np.outer(np.arange(5.0) ** 2, second) + panel.arrays.z[:, :, 0]
    explosive = panel.with_dependent(wave).fit()
    assert explosive.at_boundary
    with pytest.raises(BoundaryError, match="edge of the admissible interval"):
        moran_residuals(explosive)


@pytest.mark.parametrize("effects", EFFECTS)
def test_serial_lm_equals_dense_algebra(effects):
    panel = make_panel(effects)
    maker = residual_maker(panel)
    lag = np.kron(np.eye(5, k=-1), np.eye(12))
    k = maker @ (lag + lag.T) @ maker / 2
    free, e = np.trace(maker), maker @ panel.arrays.y.ravel()
    variance = 2 * (free * np.trace(k @ k) - np.trace(k) ** 2) / (free + 2)
    expected = (free * (e @ lag @ e) / (e @ e) - np.trace(k)) / np.sqrt(variance)
    assert calc_serial_lm(fit_of(panel)) == pytest.approx(expected, rel=ROUNDING)


def test_hr_equals_its_definition():
    e = np.random.default_rng(4).standard_normal((6, 9))
    z = np.zeros(9)
    for i in range(9):
        for t in range(3, 6):
            forward = e[t - 1, i] - e[t - 1 :, i].mean()
            backward = e[t - 2, i] - e[: t - 1, i].mean()
            z[i] += forward * backward
    expected = z.sum() / np.sqrt((z**2).sum() - z.sum() ** 2 / 9)
    assert calc_hr(e) == pytest.approx(expected, rel=ROUNDING)
    # Unit effects drop out by themselves.
    assert calc_hr(e + np.arange(9.0)) == pytest.approx(expected, rel=ROUNDING)
    with pytest.raises(PanelSizeError, match="at least 4 periods, got 3"):
        calc_hr(e[:3])


def test_serial_correlation_is_found_and_its_absence_accepted():
    panel = make_panel((True, True), weights=ring_weights(60), n_units=60, n_periods=8)
    shocks = np.random.default_rng(7).standard_normal((9, 60))
    correlated = shocks[1:] + 0.5 * shocks[:-1]
    independent, dependent = (
        serial_correlation(panel.with_dependent(panel.arrays.z[:, :, 0] + errors).fit())
        for errors in (shocks[1:], correlated)
    )
    assert all(test.p_value > 0.01 for test in independent)
    assert all(test.statistic > 4.0 for test in dependent)
    assert [test.name for test in dependent] == ["serial correlation LM", "serial correlation HR"]


@pytest.mark.parametrize("effects", EFFECTS)
def test_variance_inflation_equals_auxiliary_regressions(effects):
    panel = make_panel(effects)
    arrays = panel.arrays
    z = arrays.z.reshape(-1, arrays.z.shape[2])
    table = variance_inflation(panel)
    assert list(table.index) == ["x1", "x2", "W.x1", "W.x2"]
    d = np.hstack([np.ones((len(z), 1)), dummies(12, 5, *effects)])
    z = z[:, -4:] - d @ np.linalg.lstsq(d, z[:, -4:], rcond=None)[0]
    for k, name in enumerate(table.index):
        others = np.delete(z, k, axis=1)
        rest = z[:, k] - others @ np.linalg.lstsq(others, z[:, k], rcond=None)[0]
        vif = z[:, k] @ z[:, k] / (rest @ rest)
        assert table.loc[name, "vif"] == pytest.approx(vif, rel=ROUNDING)
        assert table.loc[name, "r2"] == pytest.approx(1 - 1 / vif, rel=ROUNDING)


def random_effects_problem(time_effects: bool, seed: int = 1, unit_spread: float = 1.0):
    """Outcome, regressors with an intercept, weights and F of the period effects."""
    dependent, exog, pair = make_problem(rho=0.0, lam=0.3, seed=seed, unit_spread=0.0)
    panel = SpatialPanel(
        dependent, exog, pair, model="ols", entity_effects=False, time_effects=time_effects
    )
    rng = np.random.default_rng(seed)
    y = panel.arrays.y + 0.5 * unit_spread * rng.standard_normal(12)
    base = complement_or_identity(12, time_effects)
    return y, panel.arrays.z, panel.arrays.weights, base


def random_effects_loglik(y, z, base, ratio):
    """Dense Gaussian log-likelihood of random unit effects, δ and σ² concentrated out."""
    n_periods = y.shape[0]
    transform = np.kron(np.eye(n_periods), base.T)
    target, design = transform @ y.ravel(), transform @ z.reshape(y.size, -1)
    mean = np.full((n_periods, n_periods), 1 / n_periods)
    omega = np.kron(np.eye(n_periods) - mean + mean / ratio, np.eye(base.shape[1]))
    inverse = np.linalg.inv(omega)
    delta = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ target)
    u = target - design @ delta
    sigma2 = u @ inverse @ u / len(u)
    loglik = -0.5 * len(u) * np.log(sigma2) - 0.5 * np.linalg.slogdet(omega)[1]
    return loglik, u, sigma2, inverse / sigma2


@pytest.mark.parametrize("time_effects", [True, False])
@pytest.mark.parametrize("unit_spread", [0.0, 1.0])
def test_variance_ratio_is_the_maximum_of_the_likelihood(unit_spread, time_effects):
    y, z, _, base = random_effects_problem(time_effects, unit_spread=unit_spread)
    ratio = calc_variance_ratio(y, z, time_effects=time_effects)
    grid = [*np.geomspace(0.01, 1.0, 60)]
    best = max(random_effects_loglik(y, z, base, value)[0] for value in grid)
    assert random_effects_loglik(y, z, base, ratio)[0] >= best - ROUNDING
    assert 0.0 < ratio <= 1.0


@pytest.mark.parametrize("time_effects", [True, False])
def test_conditional_lambda_equals_the_published_statistic(time_effects):
    """Baltagi, Song & Koh: D(λ)²/{[(T-1) + σ_ε⁴/σ_1⁴] tr(WW + W'W)}, W replaced by F'WF."""
    y, z, weights, base = random_effects_problem(time_effects)
    ratio = calc_variance_ratio(y, z, time_effects=time_effects)
    _, u, sigma2, precision = random_effects_loglik(y, z, base, ratio)
    w = base.T @ weights.toarray() @ base
    slope = sigma2 * np.kron(np.eye(5), w + w.T)
    d = 0.5 * u @ precision @ slope @ precision @ u
    centre = 0.5 * np.trace(precision @ slope)
    b = np.trace(w @ w + w.T @ w)
    variance = (4 + ratio**2) * b - 2 * centre**2 / len(u)
    statistic = calc_conditional_lambda(y, z, weights, time_effects=time_effects, centred=False)
    assert statistic == pytest.approx((d - centre) / np.sqrt(variance), rel=ROUNDING)
    if not time_effects:
        assert centre == pytest.approx(0.0, abs=ROUNDING)


@pytest.mark.parametrize("time_effects", [True, False])
def test_conditional_mu_equals_the_score_test_of_the_dense_model(time_effects):
    """Score and information of (σ²_μ, σ²_ε, λ) at the spatial error estimate, all dense."""
    y, z, weights, base = random_effects_problem(time_effects)
    names = ["const", "x1", "x2"][-z.shape[2] :]
    dependent, exog, pair = make_problem(rho=0.0, lam=0.3, unit_spread=0.0)
    panel = SpatialPanel(
        dependent, exog, pair, model="sem", entity_effects=False, time_effects=time_effects
    ).with_dependent(y)
    assert list(panel.arrays.names) == names
    result = panel.fit("transform")
    w, lam, sigma2 = base.T @ weights.toarray() @ base, result.lam, result.sigma2
    size = len(w)
    b = np.eye(size) - lam * w
    inverse = np.linalg.inv(b.T @ b)
    omega = sigma2 * np.kron(np.eye(5), inverse)
    slopes = [
        np.kron(np.ones((5, 5)), np.eye(size)),
        omega / sigma2,
        sigma2 * np.kron(np.eye(5), inverse @ (w.T @ b + b.T @ w) @ inverse),
    ]
    transform = np.kron(np.eye(5), base.T)
    u = transform @ (y - z @ result.params[names].to_numpy()).ravel()
    precision = np.linalg.inv(omega)
    score = 0.5 * (u @ precision @ slopes[0] @ precision @ u - np.trace(precision @ slopes[0]))
    h = np.array([[0.5 * np.trace(precision @ p @ precision @ q) for q in slopes] for p in slopes])
    variance = 1.0 / np.linalg.inv(h)[0, 0]
    statistic = calc_conditional_mu(
        y,
        z,
        weights,
        lam,
        result.cov.loc["lambda", "lambda"],
        time_effects=time_effects,
        centred=False,
    )
    assert statistic == pytest.approx(score / np.sqrt(variance), rel=SEARCH)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("form", ["centred", "plain"])
def test_baltagi_song_koh_puts_its_parts_together(form, effects):
    tests = {test.name: test for test in baltagi_song_koh(make_panel(effects), form)}
    assert set(tests) == {
        "BSK LM1", "BSK LM2", "BSK LM joint", "BSK LM-H", "BSK LM lambda", "BSK LM mu",
    }  # fmt: skip
    lm1, lm2 = tests["BSK LM1"].statistic, tests["BSK LM2"].statistic
    assert tests["BSK LM joint"].statistic == pytest.approx(lm1**2 + lm2**2, rel=ROUNDING)
    assert tests["BSK LM-H"].statistic == pytest.approx((lm1 + lm2) / np.sqrt(2), rel=ROUNDING)
    assert all(test.form == form for test in tests.values())
    for name in ("BSK LM1", "BSK LM-H", "BSK LM mu"):
        assert tests[name].note == "one-sided"
        assert (tests[name].p_value < 0.5) == (tests[name].statistic > 0.0)


def test_plain_marginal_statistics_are_the_published_formulas():
    """LM1 = √(NT/(2(T-1))) G and LM2 = √(N²T/b) H of pooled least squares with an intercept."""
    panel = make_panel((False, False), model="ols")
    tests = {test.name: test.statistic for test in baltagi_song_koh(panel, "plain")}
    e, w = fit_of(panel).residuals, panel.arrays.weights.toarray()
    g = (e.sum(axis=0) ** 2).sum() / (e**2).sum() - 1
    h = ((e @ (w + w.T)) * e).sum() / (2 * (e**2).sum())
    b = np.trace((w + w.T) @ (w + w.T)) / 2
    assert tests["BSK LM1"] == pytest.approx(np.sqrt(12 * 5 / 8) * g, rel=ROUNDING)
    assert tests["BSK LM2"] == pytest.approx(np.sqrt(12**2 * 5 / b) * h, rel=ROUNDING)


def test_unit_effects_do_not_pass_for_a_spatial_error():
    """With strong random effects LM2 misleads, the conditional test does not; and the reverse."""
    panel = make_panel((True, False), model="ols", weights=ring_weights(40), n_units=40)
    arrays, rng = panel.arrays, np.random.default_rng(3)
    trend = simulate(
        arrays.weights,
        arrays.z,
        np.tile(2.0 * rng.standard_normal(40), (5, 1)),
        beta=np.array([1.0, 1.0]),
    )
    effects = {t.name: t for t in baltagi_song_koh(panel.with_dependent(
        trend + rng.standard_normal(trend.shape)))}  # fmt: skip
    spatial = simulate(
        arrays.weights, arrays.z, rng.standard_normal(trend.shape), beta=np.ones(2), lam=0.6
    )
    error = {t.name: t for t in baltagi_song_koh(panel.with_dependent(spatial))}
    assert effects["BSK LM mu"].p_value < 1e-6
    assert effects["BSK LM lambda"].p_value > 0.01
    assert error["BSK LM lambda"].p_value < 1e-6
    assert error["BSK LM mu"].p_value > 0.01


@pytest.fixture(scope="module")
def size_benchmark() -> ModuleType:
    return importlib.import_module("lm_size")


def test_committed_table_of_sizes_meets_the_criterion(size_benchmark, repository):
    table = pd.read_csv(repository / "docs" / "benchmarks" / "lm_size.csv", keep_default_na=False)
    lm = table[table["test"].str.contains("LM lag|LM error")]
    assert lm["replications"].min() >= 2000
    assert size_benchmark.criterion_faults(table) == []
    for form, faults in (("centred", 2), ("serial", 4)):
        of_form = table["test"] == f"LM lag ({form})"
        worse = table.assign(rejects=table["rejects"].where(~of_form, 0.08))
        assert len(size_benchmark.criterion_faults(worse)) == faults
    assert size_benchmark.criterion_faults(table.iloc[:3])


@pytest.mark.slow
def test_fresh_replications_of_the_lm_tests(size_benchmark):
    # 3.5 Monte Carlo errors of 500 replications at 5 %.
    limit = 3.5 * np.sqrt(0.05 * 0.95 / 500)

    def rejections(**options):
        design = size_benchmark.Design(
            "lm", "ols", "rook", 21, 6, "two-way", process="fresh", **options
        )
        table = pd.DataFrame(list(size_benchmark.lm_replications(design, 500))).mean()
        return {
            form: table[[f"{name} ({form})" for name in LM_NAMES]]
            for form in ("centred", "serial", "plain")
        }

    independent = rejections()
    for form in ("centred", "serial"):
        assert (independent[form] - 0.05).abs().max() < limit
    assert independent["plain"]["LM error (plain)"] > 0.05 + limit
    persistent = rejections(errors=size_benchmark.SLOW, regressors=size_benchmark.SLOWER)
    assert (persistent["serial"] - 0.05).abs().max() < limit
    assert persistent["centred"].min() > 0.05 + limit


def test_serial_correlation_wants_four_periods():
    from yrb_carbon.spatialpanel import PanelSizeError

    result = SpatialPanel.of_arrays(
        np.random.default_rng(0).standard_normal((2, 12)),
        np.random.default_rng(1).standard_normal((2, 12, 1)),
        ring_weights(12),
    ).fit()
    with pytest.raises(PanelSizeError, match="at least 4 periods, got 2"):
        result.serial_correlation()
