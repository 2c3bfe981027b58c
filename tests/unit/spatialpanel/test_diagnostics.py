"""Specification tests against dense algebra, identities and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, sparse
from spatial_reference import EFFECTS, dummies, make_problem, ring_weights

from yrb_carbon.spatialpanel import PanelSizeError, SpatialPanel, SpecificationError, simulate
from yrb_carbon.spatialpanel.diagnostics import (
    LinearFit,
    QuadraticForm,
    calc_form_traces,
    calc_moments,
    fit_linear_model,
    lm_tests,
)
from yrb_carbon.spatialpanel.testing import SpecificationTest

# Two ways of the same dense algebra at a few hundred observations.
ROUNDING = 1e-9
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
    for form in ("centred", "plain"):
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

    def tests_of(**parameters: float) -> dict[str, SpecificationTest]:
        y = simulate(arrays.weights, arrays.z, errors, beta=np.array([2.0, -1.0]), **parameters)
        return {test.name: test for test in lm_tests(panel.with_dependent(y))}

    lag, error = tests_of(rho=0.3), tests_of(lam=0.3)
    assert lag["robust LM lag"].statistic > 10 * lag["robust LM error"].statistic
    assert error["robust LM error"].statistic > 10 * error["robust LM lag"].statistic
    assert lag["LM lag"].p_value < 1e-4
    assert error["LM error"].p_value < 1e-4


def test_both_forms_come_centred_first_with_their_null_model():
    tests = lm_tests(make_panel((True, True)), "both")
    assert [test.form for test in tests] == ["centred"] * 4 + ["plain"] * 4
    assert all(test.df == 1 and test.distribution == "chi2" for test in tests)
    assert all("x1, x2, W.x1, W.x2" in test.note for test in tests)
    assert all(("too often" in test.note) == (test.form == "plain") for test in tests)


def test_unknown_form_is_refused():
    with pytest.raises(SpecificationError, match="centred, plain, both, got 'robust'"):
        lm_tests(make_panel((True, True)), "robust")


def test_no_degrees_of_freedom_is_refused():
    panel = make_panel((True, True), model="ols", weights=ring_weights(3), n_units=3, n_periods=2)
    with pytest.raises(PanelSizeError, match="3 units and 2 periods leave 0 degrees of freedom"):
        lm_tests(panel)
