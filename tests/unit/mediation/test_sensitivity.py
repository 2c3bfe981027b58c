"""Sensitivity to correlated errors: a known truth, invariance of the system, and refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from mediation_reference import rook

from yrb_carbon.mediation import SpatialMediation, correlated_params
from yrb_carbon.mediation.sensitivity import LARGEST_CORRELATION
from yrb_carbon.spatialpanel import SpecificationError

# The system does not move; rounding of shifted coefficients of order one.
UNMOVED = 1e-12
TRUTH = {"x": 0.5, "m": 0.8, "W.x": 0.1, "W.m": 0.3, "rho": 0.3, "z": -0.4, "W.z": 0.2}


def simulate_system(n_units=36, n_periods=8, correlation=0.0, seed=0, rho_m=0.3):
    """x -> m -> y with controls z, error s.d. .7 and 1.2, and a second mediator k."""
    rng = np.random.default_rng(seed)
    w = rook(6, n_units // 6)
    inverse = {rho: np.linalg.inv(np.eye(n_units) - rho * w).T for rho in (0.3, rho_m)}
    x, z, e, u, f = rng.standard_normal((5, n_periods, n_units))
    e_m = 0.7 * e
    e_y = 1.2 * (correlation * e + np.sqrt(1.0 - correlation**2) * u)

    def lag(v):
        return v @ w.T

    m = (0.6 * x - 0.2 * lag(x) + 0.3 * z + 0.1 * lag(z) + e_m) @ inverse[rho_m]
    k = 0.4 * x + 0.5 * e_m + f
    y = 0.5 * x + 0.1 * lag(x) + 0.8 * m + 0.3 * lag(m) - 0.4 * z + 0.2 * lag(z) + 0.3 * k + e_y
    y = y @ inverse[0.3]
    index = pd.MultiIndex.from_product([range(2000, 2000 + n_periods), range(n_units)])
    data = pd.DataFrame(
        {name: v.ravel() for name, v in {"y": y, "x": x, "m": m, "k": k, "z": z}.items()},
        index.swaplevel(),
    )
    return data, (range(n_units), w)


def fit_system(data, weights, **options):
    options = {"mediators": ["m"], "controls": ["z"], **options}
    return SpatialMediation(data, outcome="y", treatment="x", weights=weights, **options).fit()


@pytest.fixture(scope="module")
def fitted():
    data, weights = simulate_system()
    return fit_system(data, weights, mediators=["m", "k"])


def test_the_truth_is_recovered_where_the_correlation_is_given():
    """Errors with r = .5: the fit misses b by c = .857; given r every parameter is found."""
    draws, found, plain, effects = 10, [], [], []
    for seed in range(draws):
        data, weights = simulate_system(n_units=120, n_periods=30, correlation=0.5, seed=seed)
        results = fit_system(data, weights, mediators=["m", "k"])
        found.append(correlated_params(results, "m", 0.5))
        plain.append(results.outcome.params)
        shifted = {"y": found[-1].to_numpy()[None, :]}
        shifted |= {k: fit.params.to_numpy()[None, :] for k, fit in results.mediators.items()}
        values = results.decompose(shifted).values[0]
        effects.append(pd.Series(values, index=results.labels)["m"])
    # Four standard errors of a mean; c adds to those of the slopes that it shifts.
    margins = 4.0 * 1.2 * results.outcome.std_errors / np.sqrt(draws)
    gaps = pd.DataFrame(found).mean() - pd.Series({**TRUTH, "k": 0.3, "W.k": 0.0, "sigma2": 1.44})
    assert (gaps.abs() < margins[gaps.index]).all(), pd.DataFrame({"gap": gaps, "margin": margins})
    c = 0.5 * 1.2 / 0.7
    naive = pd.DataFrame(plain).mean()
    assert naive["m"] == pytest.approx(0.8 + c, abs=margins["m"])
    assert naive["x"] == pytest.approx(0.5 - 0.6 * c, abs=margins["x"])
    # The mediated effect of the truth by dense products.
    w, n = weights[1], 120
    inverse = np.linalg.inv(np.eye(n) - 0.3 * w)
    true = inverse @ (0.8 * np.eye(n) + 0.3 * w) @ inverse @ (0.6 * np.eye(n) - 0.2 * w)
    means = pd.DataFrame(effects).mean()
    # Four standard errors of means of ten draws that spread by .015 and .053.
    assert means["mediated_direct"] == pytest.approx(np.trace(true) / n, abs=0.02)
    assert means["mediated_total"] == pytest.approx(true.sum() / n, abs=0.07)


def test_given_correlation_maximises_the_joint_likelihood(fitted):
    """u = e_y - c e_m of the shifted equation are the residuals of the fit: the same likelihood."""
    correlation = 0.4
    shifted = correlated_params(fitted, "m", correlation)
    outcome, mediator = fitted.outcome, fitted.mediators["m"]
    estimate = dataclasses.replace(
        outcome.estimate, delta=shifted.to_numpy()[:-2], sigma2=shifted["sigma2"]
    )
    arrays = outcome.arrays

    def within(values):
        values = values - values.mean(axis=0, keepdims=True)
        return values - values.mean(axis=1, keepdims=True)

    e_y = within(arrays.y - outcome.rho * arrays.lagged_y - arrays.z @ estimate.delta)
    e_m = mediator.estimate.residuals
    c = correlation * np.sqrt(shifted["sigma2"] / mediator.sigma2)
    np.testing.assert_allclose(e_y - c * e_m, outcome.estimate.residuals, atol=1e-10)
    assert shifted["sigma2"] * (1.0 - correlation**2) == pytest.approx(outcome.sigma2, rel=1e-12)


def test_system_effects_do_not_depend_on_the_correlation(fitted):
    sensitivity = fitted.sensitivity(draws=300)
    base = sensitivity.effects
    places = [place for place, (_, name) in enumerate(base.labels) if name.startswith("system")]
    assert len(places) == 3
    for mediator in ("m", "k"):
        for correlation in (-0.9, 0.3, 0.9):
            moved = sensitivity.at(mediator, correlation)
            np.testing.assert_allclose(
                moved.estimates[places], base.estimates[places], atol=UNMOVED
            )
            np.testing.assert_allclose(
                moved.draws[:, places], base.draws[:, places], atol=100.0 * UNMOVED
            )
            assert (
                abs(
                    moved.params[mediator, "mediated_direct"]
                    - base.params[mediator, "mediated_direct"]
                )
                > 0.05
            )


def test_effects_are_those_of_the_shifted_parameters(fitted):
    sensitivity = fitted.sensitivity(["k"], draws=200, seed=3)
    shifted = correlated_params(fitted, "k", -0.35).to_numpy()[None, :]
    estimates = {name: fit.params.to_numpy()[None, :] for name, fit in fitted.equations.items()}
    expected = fitted.decompose({**estimates, "y": shifted}).values[0]
    found = sensitivity.at("k", -0.35)
    np.testing.assert_allclose(found.estimates, expected, atol=1e-12)
    pd.testing.assert_series_equal(
        sensitivity.at("k", 0.0).params, fitted.effects(draws=200, seed=3).params
    )
    pd.testing.assert_frame_equal(
        sensitivity.at("k", 0.0).conf_int(), fitted.effects(draws=200, seed=3).conf_int()
    )


def test_thresholds_are_where_effect_and_interval_meet_zero(fitted):
    sensitivity = fitted.sensitivity(draws=400)
    limits = sensitivity.thresholds()
    for mediator in ("m", "k"):
        zero, lower, upper = limits.loc[mediator]
        label = (mediator, "mediated_direct")
        assert sensitivity.at(mediator, zero).params[label] == pytest.approx(0.0, abs=1e-12)
        for edge, inside in ((lower, 0.999 * lower), (upper, 0.999 * upper)):
            interval = sensitivity.at(mediator, inside).conf_int().loc[label]
            assert interval["lower"] > 0.0 or interval["upper"] < 0.0
            if abs(edge) < LARGEST_CORRELATION:
                interval = sensitivity.at(mediator, edge + 1e-4 * np.sign(edge)).conf_int()
                assert interval.loc[label, "lower"] <= 0.0 <= interval.loc[label, "upper"]
        assert lower < 0.0 < upper
        assert zero < lower or zero > upper
    # A mediated effect of the sign of c falls with r, so it vanishes at a positive r.
    assert limits.loc["m", "zero"] > 0.3


def test_an_effect_not_told_from_zero_has_no_range():
    data, weights = simulate_system(n_units=12, n_periods=4, seed=2)
    data["x"] = np.random.default_rng(5).standard_normal(len(data))
    limits = fit_system(data, weights).sensitivity(draws=200).thresholds()
    assert np.isnan(limits.loc["m", ["lower", "upper"]].to_numpy()).all()
    assert np.isfinite(limits.loc["m", "zero"])


def test_tables_name_the_correlation(fitted):
    sensitivity = fitted.sensitivity(["m"], draws=100)
    tidy = sensitivity.tidy([-0.5, 0.0, 0.5])
    assert set(tidy["spec"]) == {
        "r(m)=-0.50",
        "r(m)=+0.00",
        "r(m)=+0.50",
        "r at which mediated_direct is zero",
        "lowest r with mediated_direct told from zero",
        "highest r with mediated_direct told from zero",
    }
    assert not tidy.duplicated(["equation", "spec", "quantity", "term"]).any()
    totals = tidy[tidy["quantity"] == "system_total"]["estimate"]
    np.testing.assert_allclose(totals, totals.iloc[0], atol=UNMOVED)
    assert "does not depend on it" in sensitivity.summary
    assert "Mediated direct effects by error correlation" in sensitivity._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"durbin": ["x", "z"]}, "the outcome equation has no W.m, which the mediator's"),
        ({"durbin": ["m", "z"]}, "has no W.x, which"),
        ({"controls": [], "mediator_controls": ["z"]}, "has no z, W.z, which"),
        ({"model": "sem"}, "the equation of m, y has a spatial error"),
        ({"mediator_model": "sdem"}, "the equation of m has a spatial error"),
        ({"model": "ols", "mediator_model": "sar"}, "has no W.m, which"),
    ],
)
def test_equations_that_do_not_allow_it_are_refused(options, message):
    data, weights = simulate_system(n_units=24, n_periods=5)
    results = fit_system(data, weights, **options)
    with pytest.raises(SpecificationError, match=message):
        results.sensitivity(draws=10)


def test_other_weights_are_refused_where_there_are_lags():
    data, weights = simulate_system(n_units=24, n_periods=5)
    other = np.roll(np.eye(24), 1, axis=1)
    with pytest.raises(SpecificationError, match="are by other weights than those of the outcome"):
        fit_system(data, weights, mediator_weights=(range(24), other)).sensitivity(draws=10)
    plain = fit_system(data, weights, mediator_weights=(range(24), other), mediator_model="ols")
    moved = correlated_params(plain, "m", 0.5)
    fit, c = (
        plain.outcome.params,
        0.5 * np.sqrt(plain.outcome.sigma2 / 0.75 / plain.mediators["m"].sigma2),
    )
    assert moved["W.m"] == fit["W.m"]
    assert moved["m"] == pytest.approx(fit["m"] - c, rel=1e-12)


@pytest.mark.parametrize("correlation", [1.0, -1.5, float("nan"), "0.5"])
def test_impossible_correlations_are_refused(fitted, correlation):
    with pytest.raises(SpecificationError, match="must be between -1 and 1, got"):
        correlated_params(fitted, "m", correlation)


def test_unknown_mediators_are_refused(fitted):
    with pytest.raises(SpecificationError, match="mediator must be one of m, k, got 'x'"):
        correlated_params(fitted, "x", 0.5)
    with pytest.raises(SpecificationError, match="mediators must be one of m, k, got 'x'"):
        fitted.sensitivity(["x"])
