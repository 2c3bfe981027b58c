"""Results: named numbers, effects and their inference, tests, tables."""

from __future__ import annotations

import warnings
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from spatial_reference import EFFECTS, dummies, make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    BoundaryError,
    IdentificationWarning,
    MultipleModesWarning,
    RestrictionError,
    SingularInformationError,
    SpatialPanel,
    SpecificationError,
    simulate,
)
from yrb_carbon.spatialpanel.covariance import ASSUMPTIONS
from yrb_carbon.spatialpanel.likelihood import Mode
from yrb_carbon.spatialpanel.logdet import analyse_weights
from yrb_carbon.spatialpanel.results import TIDY_COLUMNS

# Rounding of dense solves on panels of 60 observations.
ROUNDING = 1e-10
# Standard errors of 4000 draws have a relative Monte Carlo error of 1/sqrt(2 * 4000) = 1.1 %.
DRAWS, MONTE_CARLO = 4000, 0.06
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem")
ALL_MODELS = (*MODELS, "sac", "gns")


def fit(model="sdm", estimator="transform", problem=None, **options):
    return SpatialPanel(*(problem or make_problem()), model=model, **options).fit(estimator)


def fit_any(model, estimator="transform", problem=None, **options):
    """A fit of any of the eight models; what gns warns of is not the subject here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        return fit(model, estimator, problem or make_problem(25, 8, lam=0.3), **options)


def inverse(result):
    w = result.arrays.weights.toarray()
    return np.linalg.inv(np.eye(len(w)) - result.rho * w), w


@pytest.fixture(scope="module")
def sdm():
    return fit("sdm", problem=make_problem(40, 8, seed=2))


class TestParameters:
    @pytest.mark.parametrize(
        ("model", "names"),
        [
            ("ols", ["x1", "x2", "sigma2"]),
            ("slx", ["x1", "x2", "W.x1", "W.x2", "sigma2"]),
            ("sar", ["x1", "x2", "rho", "sigma2"]),
            ("sem", ["x1", "x2", "lambda", "sigma2"]),
            ("sdm", ["x1", "x2", "W.x1", "W.x2", "rho", "sigma2"]),
            ("sdem", ["x1", "x2", "W.x1", "W.x2", "lambda", "sigma2"]),
        ],
    )
    def test_names(self, model, names):
        result = fit(model)
        for named in (result.params, result.std_errors, result.tstats, result.pvalues):
            assert list(named.index) == names
        assert list(result.cov.index) == list(result.cov.columns) == names
        assert list(result.conf_int().index) == names

    def test_rho_and_lambda(self):
        assert fit("sar").rho != 0.0
        assert fit("sar").lam == 0.0
        assert fit("sem").lam != 0.0
        assert fit("sem").rho == 0.0

    def test_inference_is_normal(self, sdm):
        z = sdm.params / sdm.std_errors
        np.testing.assert_allclose(sdm.tstats, z)
        np.testing.assert_allclose(sdm.pvalues, 2 * stats.norm.sf(np.abs(z)), rtol=1e-12)
        half = stats.norm.ppf(0.95) * sdm.std_errors
        interval = sdm.conf_int(0.9)
        np.testing.assert_allclose(interval["upper"] - sdm.params, half, rtol=1e-9)
        np.testing.assert_allclose(sdm.params - interval["lower"], half, rtol=1e-9)

    @pytest.mark.parametrize("level", [0.0, 1.0, 95, "a", None, [0.9], float("nan")])
    @pytest.mark.parametrize("method", ["conf_int", "tidy", "table", "to_text", "to_html"])
    def test_impossible_level(self, sdm, method, level):
        for thing in (sdm, sdm.partition(1)):
            if hasattr(thing, method):
                with pytest.raises(SpecificationError, match="level must be between 0 and 1"):
                    getattr(thing, method)(level)


class TestSizes:
    @pytest.mark.parametrize(
        ("effects", "transformed"),
        [((True, True), 11 * 4), ((True, False), 12 * 4), ((False, True), 11 * 5)],
    )
    def test_observations_of_the_likelihood(self, effects, transformed):
        options = {"entity_effects": effects[0], "time_effects": effects[1]}
        assert fit("sar", "transform", **options).n_effective == transformed
        assert fit("sar", "direct", **options).n_effective == 60
        assert fit("sar", "direct", **options).nobs == 60

    @pytest.mark.parametrize("effects", EFFECTS)
    def test_parameters_count_dummies_of_the_direct_estimator(self, effects):
        options = {"entity_effects": effects[0], "time_effects": effects[1]}
        absorbed = dummies(12, 5, *effects).shape[1]
        base = len(fit("sar", **options).params)
        assert fit("sar", "transform", **options).n_parameters == base
        assert fit("sar", "direct", **options).n_parameters == base + absorbed

    def test_information_criteria(self, sdm):
        k, n = len(sdm.params), sdm.n_effective
        assert sdm.aic == pytest.approx(-2 * sdm.loglik + 2 * k)
        assert sdm.bic == pytest.approx(-2 * sdm.loglik + k * np.log(n))


class TestResiduals:
    @pytest.mark.parametrize("effects", EFFECTS)
    def test_are_on_the_original_index_and_satisfy_the_model(self, effects):
        dependent, exog, weights = make_problem()
        order = np.random.default_rng(1).permutation(len(dependent))
        result = fit(
            "sdm",
            problem=(dependent.iloc[order], exog, weights),
            entity_effects=effects[0],
            time_effects=effects[1],
        )
        assert result.resids.index.equals(dependent.index[order])
        wide = result.resids.unstack("unit")[list(result.arrays.units)].to_numpy()
        arrays, fixed = result.arrays, result.fixed_effects()
        rebuilt = (
            arrays.y
            - result.rho * arrays.lagged_y
            - arrays.z @ result.estimate.delta
            - fixed.intercept
            - fixed.unit.to_numpy()[None, :]
            - fixed.time.to_numpy()[:, None]
        )
        np.testing.assert_allclose(wide, rebuilt, atol=ROUNDING)
        if not effects[0]:
            np.testing.assert_allclose(fixed.unit, 0.0, atol=ROUNDING)
        if not effects[1]:
            np.testing.assert_allclose(fixed.time, 0.0, atol=ROUNDING)

    @pytest.mark.parametrize("model", ALL_MODELS)
    def test_simulating_with_the_residuals_returns_the_data(self, model):
        result = fit_any(model)
        np.testing.assert_allclose(
            result.simulate(result.estimate.residuals), result.arrays.y, atol=ROUNDING
        )
        several = result.simulate(np.stack([result.estimate.residuals] * 3))
        assert several.shape == (3, *result.arrays.y.shape)

    def test_simulating_with_a_wrong_shape(self, sdm):
        with pytest.raises(SpecificationError, match=r"end in the shape \(8, 40\)"):
            sdm.simulate(np.zeros((40, 8)))

    def test_first_order_autocorrelation_within_units(self, sdm):
        wide = sdm.resids.unstack("year").to_numpy()
        expected = (wide[:, 1:] * wide[:, :-1]).sum() / (wide[:, :-1] ** 2).sum()
        assert sdm.residual_ar1() == pytest.approx(expected)

    def test_sigma2_is_the_mean_square(self, sdm):
        assert sdm.sigma2 == pytest.approx((sdm.resids**2).sum() / sdm.n_effective)

    def test_r2(self):
        result = fit("ols", "direct")
        y = result.arrays.y - result.arrays.y.mean(axis=0)
        y = y - y.mean(axis=1, keepdims=True)
        share = 1 - (result.resids**2).sum() / (y**2).sum()
        assert result.r2 == result.r2_within == pytest.approx(share)
        # In a linear model with the effects removed both definitions coincide.
        assert result.r2_corr == pytest.approx(share)

    def test_r2_correlation_does_not_count_the_lag_as_known(self):
        result = fit("sar", problem=make_problem(40, 8, rho=0.7))
        assert result.r2_corr < result.r2_within


class TestEffects:
    @pytest.mark.parametrize("standardised", [True, False])
    def test_by_the_inverse(self, standardised):
        weights = ring_weights(12, standardised=standardised)
        result = fit("sdm", "direct", problem=make_problem(weights=weights, rho=0.3))
        multiplier, w = inverse(result)
        for name in ("x1", "x2"):
            s = multiplier @ (result.params[name] * np.eye(12) + result.params[f"W.{name}"] * w)
            direct, total = np.trace(s) / 12, s.sum() / 12
            np.testing.assert_allclose(
                result.effects().params.loc[name], [direct, total - direct, total], atol=ROUNDING
            )
            own, received, sent = (
                result.unit_effects()[kind][name].to_numpy() for kind in ("own", "received", "sent")
            )
            np.testing.assert_allclose(own, np.diag(s), atol=ROUNDING)
            np.testing.assert_allclose(received, s.sum(axis=1) - np.diag(s), atol=ROUNDING)
            np.testing.assert_allclose(sent, s.sum(axis=0) - np.diag(s), atol=ROUNDING)

    @pytest.mark.parametrize("standardised", [True, False])
    @pytest.mark.parametrize("model", ALL_MODELS)
    def test_delta_method_by_numeric_derivatives(self, model, standardised):
        weights = ring_weights(12, standardised=standardised)
        result = fit_any(model, "direct", problem=make_problem(weights=weights, rho=0.3))
        names = result.param_names

        def effects_at(values):
            p = dict(zip(names, values, strict=True))
            w = result.arrays.weights.toarray()
            multiplier = np.linalg.inv(np.eye(12) - p.get("rho", 0.0) * w)
            out = []
            for name in ("x1", "x2"):
                s = multiplier @ (p[name] * np.eye(12) + p.get(f"W.{name}", 0.0) * w)
                direct, total = np.trace(s) / 12, s.sum() / 12
                out += [direct, total - direct, total]
            return np.array(out)

        point, step = result.params.to_numpy(), 1e-6
        jacobian = np.column_stack(
            [
                (effects_at(point + step * e) - effects_at(point - step * e)) / (2 * step)
                for e in np.eye(len(point))
            ]
        )
        expected = jacobian @ result.covariance @ jacobian.T
        np.testing.assert_allclose(result.effects().covariance, expected, atol=1e-8)

    def test_partial_durbin_list(self):
        result = fit("sdm", durbin=["x2"])
        assert list(result.params.index) == ["x1", "x2", "W.x2", "rho", "sigma2"]
        multiplier, w = inverse(result)
        effects = result.effects()
        s1 = multiplier * result.params["x1"]
        s2 = multiplier @ (result.params["x2"] * np.eye(12) + result.params["W.x2"] * w)
        for name, s in (("x1", s1), ("x2", s2)):
            assert effects.direct[name] == pytest.approx(np.trace(s) / 12, abs=ROUNDING)
            assert effects.total[name] == pytest.approx(s.sum() / 12, abs=ROUNDING)
        # Without a theta of its own the share of the indirect effect is that of rho alone.
        draws = result.effects("simulation", draws=20, seed=1).draws
        assert draws.shape == (20, 2, 3)

    def test_empty_durbin_list_is_the_model_without_lags(self):
        assert fit("sdm", durbin=[]).loglik == pytest.approx(fit("sar").loglik, abs=ROUNDING)

    @pytest.mark.parametrize("model", ["slx", "sdem"])
    def test_without_rho_the_indirect_effect_is_theta(self, model):
        result = fit(model)
        effects = result.effects()
        for name in ("x1", "x2"):
            assert effects.direct[name] == pytest.approx(result.params[name])
            assert effects.indirect[name] == pytest.approx(result.params[f"W.{name}"])
            assert effects.std_errors.loc[name, "indirect"] == pytest.approx(
                result.std_errors[f"W.{name}"]
            )

    @pytest.mark.parametrize("model", ["ols", "sem"])
    @pytest.mark.parametrize("inference", ["delta", "simulation"])
    def test_without_rho_and_theta_the_indirect_effect_is_zero(self, model, inference):
        effects = fit(model).effects(inference)
        assert (effects.indirect == 0.0).all()
        assert (effects.std_errors["indirect"] == 0.0).all()
        assert effects.pvalues["indirect"].isna().all()
        assert (effects.direct == effects.total).all()

    def test_simulation_agrees_with_delta(self, sdm):
        delta = sdm.effects("delta")
        simulated = sdm.effects("simulation", draws=DRAWS, seed=1)
        assert simulated.params.equals(delta.params)
        np.testing.assert_allclose(simulated.std_errors, delta.std_errors, rtol=MONTE_CARLO)
        width = np.subtract(*delta.conf_int().to_numpy().T)
        np.testing.assert_allclose(
            np.subtract(*simulated.conf_int().to_numpy().T), width, rtol=2 * MONTE_CARLO
        )

    @pytest.mark.parametrize("model", ["slx", "sdem", "sac", "gns"])
    def test_simulation_agrees_with_delta_in_the_other_models(self, model):
        result = fit_any(model)
        simulated = result.effects("simulation", draws=DRAWS, seed=2)
        spread = simulated.draws.reshape(len(simulated.draws), -1)
        # The median is robust to the skewness that a wide distribution of rho makes.
        gap = np.median(spread, axis=0) - result.effects().params.to_numpy().ravel()
        assert (np.abs(gap) < 0.15 * spread.std(axis=0)).all()

    def test_covariance_that_cannot_be_drawn_from(self, sdm):
        broken = replace(sdm, covariance=-sdm.covariance)
        with pytest.raises(SingularInformationError, match=r"oim covariance .* cannot be drawn"):
            broken.effects("simulation")

    def test_simulated_quantities_follow_their_definitions(self, sdm):
        effects = sdm.effects("simulation", draws=500, seed=4)
        draws = effects.draws.reshape(500, -1)
        np.testing.assert_allclose(effects.std_errors.to_numpy().ravel(), draws.std(axis=0, ddof=1))
        beyond = np.minimum((draws > 0).sum(axis=0), (draws < 0).sum(axis=0))
        expected = np.minimum(2 * (beyond + 1) / 501, 1.0)
        np.testing.assert_allclose(effects.pvalues.to_numpy().ravel(), expected)
        assert effects.pvalues.to_numpy().min() == pytest.approx(2 / 501)
        np.testing.assert_allclose(
            effects.conf_int(0.9).to_numpy().T, np.quantile(draws, [0.05, 0.95], axis=0)
        )

    def test_draws_depend_on_the_seed_alone(self, sdm):
        again = sdm.effects("simulation", draws=50, seed=7).draws
        assert np.array_equal(sdm.effects("simulation", draws=50, seed=7).draws, again)
        assert not np.array_equal(sdm.effects("simulation", draws=50, seed=8).draws, again)
        sequence = np.random.SeedSequence(7)
        first = sdm.effects("simulation", draws=50, seed=sequence).draws
        assert np.array_equal(sdm.effects("simulation", draws=50, seed=sequence).draws, first)

    def test_unstable_draws_are_discarded_and_counted(self):
        problem = make_problem(6, 3, 1, rho=0.85, seed=5)
        result = fit("sdm", problem=problem)
        effects = result.effects("simulation", draws=2000, seed=1)
        share = stats.norm.sf(1.0, result.rho, result.std_errors["rho"]) + stats.norm.cdf(
            result.spectrum.lower, result.rho, result.std_errors["rho"]
        )
        assert share > 0.01
        assert effects.n_discarded / 2000 == pytest.approx(share, abs=4 * np.sqrt(share / 2000))
        assert effects.draws.shape[0] + effects.n_discarded == effects.n_draws == 2000
        assert f"{effects.n_discarded} discarded" in effects.summary

    def test_bad_requests(self, sdm):
        with pytest.raises(SpecificationError, match="'delta' or 'simulation', got 'bootstrap'"):
            sdm.effects("bootstrap")
        with pytest.raises(SpecificationError, match="at least 2 draws"):
            sdm.effects("simulation", draws=1)

    def test_no_draw_left(self, sdm, monkeypatch):
        import yrb_carbon.spatialpanel.effects_results as module

        monkeypatch.setattr(
            module, "draw_parameters", lambda point, cov, draws, seed: np.full((draws, 5), 9.0)
        )
        with pytest.raises(BoundaryError, match="10 of 10 draws of rho are outside"):
            sdm.effects("simulation", draws=10)

    def test_tidy(self, sdm):
        for inference in ("delta", "simulation"):
            table = sdm.effects(inference, draws=20).tidy()
            assert tuple(table.columns) == TIDY_COLUMNS
            assert list(table["quantity"]) == ["direct", "indirect", "total"] * 2
            assert list(table["term"]) == ["x1"] * 3 + ["x2"] * 3
            assert set(table["inference"]) == {inference}
            assert set(table["equation"]) == {"y"}

    def test_covariance_is_named(self, sdm):
        effects = sdm.effects()
        variance = effects.cov.loc[("x2", "total"), ("x2", "total")]
        assert np.sqrt(variance) == pytest.approx(effects.std_errors.loc["x2", "total"])


class TestWald:
    def test_one_restriction_is_the_squared_statistic(self, sdm):
        test = sdm.wald_test("W.x1 = 0")
        assert test.statistic == pytest.approx(sdm.tstats["W.x1"] ** 2)
        assert test.p_value == pytest.approx(sdm.pvalues["W.x1"])
        assert test.df == 1

    def test_joint_restrictions(self, sdm):
        names = ["W.x1", "W.x2"]
        values = sdm.params[names].to_numpy()
        expected = values @ np.linalg.inv(sdm.cov.loc[names, names]) @ values
        for stated in ("W.x1 = 0, W.x2 = 0", names, {"W.x1": 0.0, "W.x2": 0.0}):
            test = sdm.wald_test(stated)
            assert test.statistic == pytest.approx(expected)
            assert test.p_value == pytest.approx(stats.chi2.sf(expected, 2))

    @pytest.mark.parametrize(
        ("text", "row", "value"),
        [
            ("x1 + W.x1 = 1", {"x1": 1, "W.x1": 1}, 1),
            ("2*x1 - 0.5 x2 = W.x1 - 3", {"x1": 2, "x2": -0.5, "W.x1": -1}, -3),
            ("-rho = -1e-1", {"rho": -1}, -0.1),
            ("x1 = x2", {"x1": 1, "x2": -1}, 0),
            ("x1 + 1 = 3", {"x1": 1}, 2),
        ],
    )
    def test_linear_combinations(self, sdm, text, row, value):
        r = pd.Series(row, dtype=float).reindex(sdm.params.index, fill_value=0.0).to_numpy()
        gap = r @ sdm.params.to_numpy() - value
        expected = gap**2 / (r @ sdm.covariance @ r)
        assert sdm.wald_test(text).statistic == pytest.approx(expected)

    def test_matrix(self, sdm):
        frame = pd.DataFrame({"x1": [1.0], "W.x1": [-2.0]}, index=["x1 = 2 W.x1"])
        test = sdm.wald_test(frame)
        assert test.statistic == pytest.approx(sdm.wald_test("x1 = 2*W.x1").statistic)
        assert test.restrictions == ("x1 = 2 W.x1",)

    def test_longest_name_wins(self):
        dependent, exog, weights = make_problem(n_variables=2)
        renamed = exog.set_axis(["a", "a b"], axis=1)
        result = SpatialPanel(dependent, renamed, weights, model="sar").fit()
        assert result.wald_test("a b = 0").statistic == pytest.approx(result.tstats["a b"] ** 2)

    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ("z = 0", r"cannot read 'z' in 'z = 0'; parameters are x1, x2"),
            ("x1 = 0 = 0", "more than one '='"),
            ("x1 - x1 = 0", "restricts no parameter"),
            ("1 = 0", "restricts no parameter"),
            ("x1 = ", "one side of .* is empty"),
            ("x1 x2 = 0", r"a \+ or - is missing"),
            ("", "no restriction given"),
            ([], "no restriction given"),
            (["x1 = 0", "2*x1 = 0"], "repeat or contradict"),
        ],
    )
    def test_what_cannot_be_read(self, sdm, stated, message):
        with pytest.raises(RestrictionError, match=message):
            sdm.wald_test(stated)

    def test_unknown_column(self, sdm):
        with pytest.raises(RestrictionError, match="restrictions name bogus"):
            sdm.wald_test(pd.DataFrame({"bogus": [1.0]}))

    def test_text(self, sdm):
        assert str(sdm.wald_test("rho = 0")).startswith("Wald test of rho = 0: chi2(1) = ")


class TestTables:
    def test_tidy(self, sdm):
        table = sdm.tidy()
        assert tuple(table.columns) == TIDY_COLUMNS
        assert list(table["quantity"]) == [
            *["coef"] * 4, "rho", "sigma2", "loglik", "aic", "bic", "r2", "r2", "residual_ar1",
        ]  # fmt: skip
        assert not table.duplicated(["quantity", "term"]).any()
        row = table.set_index("term").loc["W.x1"]
        interval = sdm.conf_int().loc["W.x1"]
        assert row["estimate"] == sdm.params["W.x1"]
        assert row["std_error"] == sdm.std_errors["W.x1"]
        assert (row["ci_lower"], row["ci_upper"]) == tuple(interval)
        values = table.set_index("quantity")["estimate"]
        assert values["loglik"] == sdm.loglik
        assert values["residual_ar1"] == sdm.residual_ar1()
        assert table.loc[table["quantity"] == "loglik", "std_error"].isna().all()

    def test_summary_holds_what_a_reader_needs(self, sdm):
        text = sdm.summary
        for part in ("SDM: spatial Durbin", "transform: quasi maximum", "unit and time",
                     "320 (40 units x 8 periods)", "40 units, 116 links", "all rows sum to 1",
                     "exact, from eigenvalues; admissible", "W.x1", "rho", "indirect",
                     "Covariance oim: inverse information matrix; errors normal, independent",
                     "95 % intervals", "Residual AR(1) within units: ", f"{sdm.loglik:.4f}",
                     "Coefficients are not marginal effects"):  # fmt: skip
            assert part in text
        assert "*" not in text
        assert "<0.0001" in text

    def test_summary_says_what_independent_errors_give(self, sdm):
        assert "(independent errors give about -0.143)" in sdm.summary
        assert "independent errors give" not in fit("sar", entity_effects=False).summary

    def test_summary_on_request(self, sdm):
        starred = sdm.to_text(stars=True)
        assert "<0.0001 ***" in starred.replace("  ", " ")
        assert "* p < 0.1, ** p < 0.05, *** p < 0.01" in starred
        assert "indirect" not in sdm.to_text(effects=False).split("Residual AR(1)")[0]
        bounds = [f"{value:.6g}" for value in sdm.conf_int(0.8).loc["rho"]]
        assert all(bound in sdm.to_text(level=0.8) for bound in bounds)
        assert "80 % intervals" in sdm.to_text(level=0.8)

    def test_summary_states_every_covariance(self, sdm):
        for cov_type, assumption in ASSUMPTIONS.items():
            assert assumption in sdm.with_covariance(cov_type).summary

    def test_summary_of_weights(self):
        unequal = ring_weights(12, standardised=False)
        dependent, exog, (units, matrix) = make_problem(weights=unequal, rho=0.2)
        result = SpatialPanel(
            dependent,
            exog,
            (units, matrix),
            model="sac",
            error_weights=(units, ring_weights(12)),
        ).fit("direct")
        sums = unequal.sum(axis=1)
        assert f"rows sum to {sums.min():.4g} to {sums.max():.4g}" in result.summary
        assert "Weights of the error" in result.summary
        assert "Log-determinant (rho)" in result.summary
        assert "Log-determinant (lambda)" in result.summary

    def test_summary_lists_the_modes(self, sdm):
        mode = Mode(rho=-0.25, lam=None, loglik=sdm.loglik - 1.0, at_boundary=False)
        result = replace(sdm, estimate=replace(sdm.estimate, other_modes=(mode,)))
        assert "2 local maxima: rho = " in result.summary
        assert f"rho = -0.2500 with ln L {sdm.loglik - 1.0:.3f}" in result.summary
        assert "local maxima" not in sdm.summary

    def test_summary_of_stochastic_log_determinant(self, sdm):
        spectrum = analyse_weights(sdm.arrays.weights, method="trace")
        result = replace(sdm, spectrum=spectrum)
        periods = sdm.n_periods - 1
        error = spectrum.deflated.error(sdm.rho)
        in_rho = periods * error.trace_g * sdm.std_errors["rho"] ** 2
        stated = (
            f"random probes, its error {periods * error.value:.2g} in ln L and {in_rho:.2g} in the "
            "parameter"
        )
        assert stated in result.to_text(effects=False)

    def test_summary_states_the_error_of_estimated_information(self, sdm):
        result = replace(sdm, information_error=0.01)
        assert "standard error good to 0.5 %" in result.to_text(effects=False)
        assert result.numerics.loc["rho", "std_error_error"] == 0.005

    def test_summary_at_the_boundary(self, sdm):
        size = len(sdm.params)
        result = replace(
            sdm,
            estimate=replace(sdm.estimate, at_boundary=True),
            covariance=np.full((size, size), np.nan),
        )
        assert "no standard errors, no effects" in result.summary
        assert "indirect" not in result.summary

    @pytest.mark.parametrize("model", ALL_MODELS)
    def test_every_model_has_a_summary(self, model):
        result = fit_any(model)
        assert model.upper() in result.summary
        assert all(name in result.summary for name in result.param_names)

    def test_html_is_accessible(self, sdm):
        for page, n_tables in ((sdm._repr_html_(), 3), (sdm.effects()._repr_html_(), 1)):
            root = ElementTree.fromstring(f"<div>{page}</div>")
            tables = root.findall("table")
            assert len(tables) == n_tables
            for table in tables:
                assert table.find("caption").text
                assert {cell.get("scope") for cell in table.iter("th")} <= {"row", "col"}
                widths = {len(row) for row in table.iter("tr")}
                assert len(widths) == 1
        assert "<td>***</td>" in sdm.to_html(stars=True)
        heads = [
            cell.text
            for cell in ElementTree.fromstring(f"<div>{sdm.to_html()}</div>")[1].iter("th")
        ]
        assert heads[:7] == ["parameter", *sdm.table().columns]
        assert heads[7:] == sdm.param_names

    def test_html_escapes_names(self):
        dependent, exog, weights = make_problem()
        renamed = exog.set_axis(["a<b", "x&y"], axis=1)
        page = SpatialPanel(dependent.rename("<y>"), renamed, weights).fit().to_html()
        assert "a&lt;b" in page
        assert "x&amp;y" in page
        assert "<y>" not in page

    def test_repr(self, sdm):
        assert repr(sdm).startswith("<SpatialPanelResults sdm, transform, rho=0.")
        assert repr(sdm.effects()) == "<EffectsResults of 2 regressors, delta>"


class TestRefit:
    def test_other_outcome_equals_a_model_built_from_scratch(self):
        dependent, exog, weights = make_problem()
        other = np.random.default_rng(9).standard_normal((5, 12))
        quick = SpatialPanel(dependent, exog, weights).with_dependent(other, "z").fit()
        series = pd.Series(other.ravel(), quick.arrays.index, name="z")
        full = SpatialPanel(series, exog, weights).fit()
        assert quick.params.equals(full.params)
        assert quick.cov.equals(full.cov)
        assert quick.arrays.dependent == "z"

    def test_the_model_itself_does_not_change(self):
        model = SpatialPanel(*make_problem())
        before = model.fit().params
        model.with_dependent(np.random.default_rng(9).standard_normal((5, 12))).fit()
        assert model.fit().params.equals(before)

    @pytest.mark.parametrize("values", [np.zeros((12, 5)), np.full((5, 12), np.nan)])
    def test_unusable_outcome(self, values):
        with pytest.raises(SpecificationError, match=r"finite and of shape \(5, 12\)"):
            SpatialPanel(*make_problem()).with_dependent(values)


class TestSimulate:
    def test_solves_the_structural_form(self):
        rng = np.random.default_rng(3)
        w = ring_weights(8)
        x, e = rng.standard_normal((4, 8, 2)), rng.standard_normal((4, 8))
        mu, xi = rng.standard_normal(8), rng.standard_normal(4)
        beta, theta = np.array([1.0, 2.0]), np.array([0.5, 0.0])
        y = simulate(
            sparse.csr_array(w), x, e, beta=beta, theta=theta, rho=0.4, lam=-0.3, mu=mu, xi=xi
        )
        for t in range(4):
            u = y[t] - 0.4 * w @ y[t] - x[t] @ beta - (w @ x[t]) @ theta - mu - xi[t]
            np.testing.assert_allclose(u + 0.3 * w @ u, e[t], atol=ROUNDING)

    def test_many_draws_at_once(self):
        rng = np.random.default_rng(3)
        w, x = sparse.csr_array(ring_weights(8)), rng.standard_normal((4, 8, 1))
        errors = rng.standard_normal((3, 4, 8))
        together = simulate(w, x, errors, beta=np.array([1.0]), rho=0.5, lam=0.2)
        for draw, error in zip(together, errors, strict=True):
            alone = simulate(w, x, error, beta=np.array([1.0]), rho=0.5, lam=0.2)
            np.testing.assert_allclose(draw, alone, atol=1e-13)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"exog": np.zeros((4, 8))}, r"exog must be \(T, N, 1\)"),
            ({"weights": np.eye(7)}, r"weights are \(7, 7\) for 8 units"),
            ({"errors": np.zeros((8, 4))}, r"errors must be \(4, 8\)"),
        ],
    )
    def test_shapes_that_do_not_fit(self, change, message):
        arguments = {
            "weights": ring_weights(8), "exog": np.zeros((4, 8, 1)), "errors": np.zeros((4, 8)),
        } | change  # fmt: skip
        with pytest.raises(SpecificationError, match=message):
            simulate(**arguments, beta=np.array([1.0]))


def test_transformation_recovers_the_truth_where_dummies_do_not():
    """Mean over samples: rho .5 and sigma2 1; the direct estimator is biased in both."""
    rng = np.random.default_rng(6)
    w = sparse.csr_array(ring_weights(40))
    x = rng.standard_normal((8, 40, 1))
    index = pd.MultiIndex.from_product([range(8), range(40)]).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 1), index, columns=["x"])
    outcomes = simulate(
        w, x, rng.standard_normal((60, 8, 40)), beta=np.array([1.0]), theta=np.array([0.5]),
        rho=0.5,
    )  # fmt: skip
    base = SpatialPanel(pd.Series(outcomes[0].ravel(), index, name="y"), exog, (range(40), w))
    means = {
        estimator: np.mean(
            [base.with_dependent(outcome).fit(estimator).params.to_numpy() for outcome in outcomes],
            axis=0,
        )
        for estimator in ("transform", "direct")
    }
    truth = np.array([1.0, 0.5, 0.5, 1.0])
    std_errors = base.fit().std_errors.to_numpy() / np.sqrt(60)
    # Four Monte Carlo errors, and the small bias of any maximum likelihood at N = 40.
    assert (np.abs(means["transform"] - truth) < 4 * std_errors + 0.01).all()
    assert means["direct"][2] < 0.5 - 4 * std_errors[2]
    assert means["direct"][3] < 0.9
