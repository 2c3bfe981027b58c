"""The tests that simplify a model against refits by hand, and the rule that chooses one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.chain import (
    CHAIN_COLUMNS,
    COMPARED,
    NESTED,
    Evidence,
    choice_chain,
    decide_model,
    lr_effects,
    lr_simplify,
    wald_simplify,
)
from yrb_carbon.spatialpanel.diagnostics import lm_tests
from yrb_carbon.spatialpanel.errors import BoundaryError, SpecificationError
from yrb_carbon.spatialpanel.random_effects import hausman_test, mundlak_test

# The same formulas in another order.
SAME_ALGEBRA = 1e-8
# Searches for the spatial parameter end within 1e-8 of one another.
SAME_OPTIMUM = 1e-6
LEVEL = 0.05
BENCHMARKS = Path(__file__).resolve().parents[3] / "docs" / "benchmarks"
# A draw whose LM tests reject at 5 % if errors are taken to be independent over time.
AR_SEED = 0
# All tests reject and the robust ones point to the lag.
ALL_REJECT = Evidence(
    lm_lag=0.0,
    lm_error=0.0,
    robust_lag=0.0,
    robust_error=0.0,
    robust_lag_statistic=20.0,
    robust_error_statistic=10.0,
    theta=0.0,
    common_factor=0.0,
    rho=0.0,
    slx_theta=0.0,
)


def persistent(rng, shape, coefficient):
    """Stationary AR(1) series along the first axis."""
    series = rng.standard_normal(shape)
    for t in range(1, shape[0]):
        series[t] = coefficient * series[t - 1] + np.sqrt(1.0 - coefficient**2) * series[t]
    return series


def by_name(tests):
    return {test.name: test for test in tests}


def fit(model, estimator="transform", effects=(True, True), **options):
    problem = options.pop("problem", None) or make_problem()
    entity_effects, time_effects = effects
    return SpatialPanel(
        *problem, model=model, entity_effects=entity_effects, time_effects=time_effects, **options
    ).fit(estimator)


class TestSimplification:
    @pytest.mark.parametrize("effects", [(True, True), (True, False), (False, False)])
    @pytest.mark.parametrize("estimator", ["transform", "direct"])
    @pytest.mark.parametrize("model", ["slx", "sar", "sem", "sdm", "sdem"])
    def test_likelihood_ratios_are_those_of_separate_fits(self, model, estimator, effects):
        full = fit(model, estimator, effects)
        tests = by_name(lr_simplify(full))
        assert list(tests) == [f"LR {model.upper()} to {to.upper()}" for to, _ in NESTED[model]]
        for target, restriction in NESTED[model]:
            test = tests[f"LR {model.upper()} to {target.upper()}"]
            expected = 2.0 * (full.loglik - fit(target, estimator, effects).loglik)
            assert test.statistic == pytest.approx(expected, abs=SAME_OPTIMUM)
            assert test.statistic > 0.0
            assert test.df == (1 if restriction in {"rho", "lambda"} else 2)
            assert test.p_value == pytest.approx(stats.chi2(test.df).sf(test.statistic))

    def test_linear_wald_tests_are_those_of_the_results(self):
        full = fit("sdm")
        tests = by_name(wald_simplify(full))
        theta = full.wald_test("W.x1 = 0, W.x2 = 0")
        assert tests["Wald SDM to SAR"].statistic == pytest.approx(theta.statistic, rel=1e-10)
        rho = full.wald_test("rho = 0")
        assert tests["Wald SDM to SLX"].statistic == pytest.approx(rho.statistic, rel=1e-10)
        errors = fit("sdem")
        tests = by_name(wald_simplify(errors))
        assert tests["Wald SDEM to SLX"].statistic == pytest.approx(
            errors.tstats["lambda"] ** 2, rel=1e-10
        )

    @pytest.mark.parametrize("effects", [(True, True), (False, False)])
    def test_common_factor_by_numeric_derivatives(self, effects):
        full = fit("sdm", effects=effects)
        names = full.param_names

        def restriction(values):
            named = dict(zip(names, values, strict=True))
            return np.array([named[f"W.{x}"] + named["rho"] * named[x] for x in ("x1", "x2")])

        values, step = full.params.to_numpy(), 1e-6
        jacobian = np.column_stack(
            [
                (restriction(values + step * unit) - restriction(values - step * unit)) / (2 * step)
                for unit in np.eye(len(names))
            ]
        )
        g = restriction(values)
        expected = g @ np.linalg.solve(jacobian @ full.cov.to_numpy() @ jacobian.T, g)
        test = by_name(wald_simplify(full))["Wald SDM to SEM"]
        assert test.statistic == pytest.approx(expected, rel=SAME_ALGEBRA)
        assert test.df == 2

    def test_covariance_reaches_the_wald_test(self):
        full = fit("sdm")
        robust = full.with_covariance("serial")
        plain, serial = by_name(wald_simplify(full)), by_name(wald_simplify(robust))
        for name, test in serial.items():
            assert test.form == "serial"
            assert test.statistic != pytest.approx(plain[name].statistic, rel=1e-3)
        assert serial["Wald SDM to SLX"].statistic == pytest.approx(
            robust.tstats["rho"] ** 2, rel=1e-10
        )

    def test_partial_list_of_lags(self):
        full = fit("sdm", durbin=["x2"])
        for tests in (by_name(lr_simplify(full)), by_name(wald_simplify(full))):
            family = next(iter(tests)).split()[0]
            assert tests[f"{family} SDM to SAR"].df == 1
            missing = tests[f"{family} SDM to SEM"]
            assert np.isnan(missing.statistic)
            assert "x1 enter without a spatial lag" in missing.note
            assert "chi2 = nan" in str(missing)
        expected = 2.0 * (full.loglik - fit("sar").loglik)
        assert by_name(lr_simplify(full))["LR SDM to SAR"].statistic == pytest.approx(
            expected, abs=SAME_OPTIMUM
        )

    def test_unequal_row_sums_do_not_nest_the_error_model(self):
        problem = make_problem(weights=ring_weights(12, standardised=False), rho=0.2)
        two_way = by_name(lr_simplify(fit("sdm", "direct", problem=problem)))["LR SDM to SEM"]
        assert np.isnan(two_way.statistic)
        assert "different sums" in two_way.note
        unit = by_name(lr_simplify(fit("sdm", "direct", (True, False), problem=problem)))
        assert unit["LR SDM to SEM"].statistic > 0.0

    def test_two_spatial_parameters(self):
        dependent, exog, weights = make_problem(n_units=20, lam=0.3)
        other = (weights[0], sparse.csr_array(ring_weights(20, seed=9)))
        options = {"error_weights": other}
        full = SpatialPanel(dependent, exog, weights, model="sac", **options).fit()
        tests = by_name(lr_simplify(full))
        lag = SpatialPanel(dependent, exog, weights, model="sar").fit()
        error = SpatialPanel(dependent, exog, weights, model="sem", **options).fit()
        assert tests["LR SAC to SAR"].statistic == pytest.approx(
            2 * (full.loglik - lag.loglik), abs=SAME_OPTIMUM
        )
        assert tests["LR SAC to SEM"].statistic == pytest.approx(
            2 * (full.loglik - error.loglik), abs=SAME_OPTIMUM
        )
        wald = by_name(wald_simplify(full))["Wald SAC to SAR"]
        assert wald.statistic == pytest.approx(full.tstats["lambda"] ** 2, rel=1e-10)

    def test_corrected_estimates_have_no_likelihood_ratio(self):
        with pytest.raises(SpecificationError, match="bias-corrected"):
            lr_simplify(fit("sdm", "direct_bc"))

    def test_no_wald_test_at_the_boundary(self):
        full = fit("sdm")
        edge = replace(full, estimate=replace(full.estimate, at_boundary=True))
        with pytest.raises(BoundaryError, match="no Wald test"):
            wald_simplify(edge)


class TestEffects:
    @pytest.mark.parametrize("model", ["ols", "sar"])
    def test_ratios_of_dummy_likelihoods(self, model):
        problem = make_problem()
        logliks = {
            effects: fit(model, "direct", effects, problem=problem).loglik
            for effects in ((True, True), (True, False), (False, True))
        }
        # Whatever the effects of the panel that is handed in, an intercept included.
        for given in ((True, True), (False, False)):
            panel = SpatialPanel(
                *problem, model=model, entity_effects=given[0], time_effects=given[1]
            )
            unit, time = lr_effects(panel)
            assert (unit.df, time.df) == (11, 4)
            assert unit.statistic == pytest.approx(
                2 * (logliks[True, True] - logliks[False, True]), abs=SAME_OPTIMUM
            )
            assert time.statistic == pytest.approx(
                2 * (logliks[True, True] - logliks[True, False]), abs=SAME_OPTIMUM
            )
            assert "too often in short or narrow panels" in unit.note


class TestRule:
    def test_general_model_where_both_are_rejected(self):
        model, reason = decide_model(ALL_REJECT, LEVEL)
        assert model == "sdm"
        assert "no simpler model" in reason

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            # Lag not rejected: only if the robust LM tests point to it.
            ({"theta": 0.3}, "sar"),
            ({"theta": 0.3, "robust_lag": 0.4}, "sdm"),
            ({"theta": 0.3, "robust_error_statistic": 30.0}, "sdm"),
            ({"theta": 0.3, "robust_lag": 0.4, "robust_error": 0.4}, "sdm"),
            # Error not rejected: the same the other way round.
            ({"common_factor": 0.3}, "sdm"),
            ({"common_factor": 0.3, "robust_error_statistic": 30.0}, "sem"),
            ({"common_factor": 0.3, "robust_lag": 0.4}, "sem"),
            # Neither rejected: what the robust LM tests say.
            ({"theta": 0.3, "common_factor": 0.3}, "sar"),
            ({"theta": 0.3, "common_factor": 0.3, "robust_lag": 0.4}, "sem"),
            # A test that does not exist never simplifies.
            ({"common_factor": np.nan, "robust_lag": 0.4}, "sdm"),
            # No space at all.
            ({"lm_lag": 0.3}, "sdm"),
            ({"lm_lag": 0.3, "lm_error": 0.3}, "sdm"),
            ({"lm_lag": 0.3, "lm_error": 0.3, "rho": 0.3}, "slx"),
            ({"lm_lag": 0.3, "lm_error": 0.3, "slx_theta": 0.3}, "ols"),
        ],
    )
    def test_every_branch(self, change, expected):
        model, reason = decide_model(replace(ALL_REJECT, **change), LEVEL)
        assert model == expected
        assert reason.endswith(".")
        assert any(name in reason for name in (expected.upper(), "no simpler"))


@pytest.fixture(scope="module")
def chain():
    return choice_chain(*make_problem(n_units=30, n_periods=6))


class TestChain:
    def test_numbers_are_those_of_the_single_tests(self, chain):
        panel = SpatialPanel(*make_problem(n_units=30, n_periods=6))
        table = chain.to_frame()
        assert list(table.columns) == list(CHAIN_COLUMNS)
        simplify = table[table["step"] == "simplify"].set_index("test")["statistic"]
        for test in [*wald_simplify(panel.fit()), *lr_simplify(panel.fit())]:
            assert simplify[test.name] == pytest.approx(test.statistic, rel=SAME_ALGEBRA)
        random = table[table["step"] == "random effects"].set_index("test")
        assert random.loc["Mundlak", "statistic"] == pytest.approx(mundlak_test(panel).statistic)
        linear = SpatialPanel(*make_problem(n_units=30, n_periods=6), model="ols")
        lm = table[
            (table["step"] == "LM")
            & (table["effects"] == "unit and time")
            & (table["form"] == "centred")
        ]
        np.testing.assert_allclose(
            lm["statistic"], [test.statistic for test in lm_tests(linear)], rtol=SAME_ALGEBRA
        )
        assert (table["decision"] == "rejected").equals(table["p_value"] < LEVEL)
        # Thirty units, four means of regressors and an intercept.
        assert random.loc["Mundlak", ["df", "df_denominator"]].tolist() == [4, 25]
        assert table["df_denominator"].notna().sum() == 1

    def test_all_kinds_of_effects_and_models_are_there(self, chain):
        assert list(chain.regressions.index) == ["none", "unit", "time", "unit and time"]
        pooled = fit("ols", "direct", (False, False), problem=make_problem(30, 6))
        assert chain.regressions.loc["none", "const"] == pytest.approx(pooled.params["const"])
        assert np.isnan(chain.regressions.loc["unit", "const"])
        assert list(chain.criteria.index) == list(COMPARED)
        for model, row in chain.criteria.iterrows():
            single = fit(model, problem=make_problem(30, 6))
            assert row["aic"] == pytest.approx(single.aic, abs=SAME_OPTIMUM)
            assert row["bic"] == pytest.approx(single.bic, abs=SAME_OPTIMUM)
        assert chain.criteria["aic"].idxmin() == chain.criteria["aic_rank"].idxmin()

    def test_decision_is_kept_with_its_fit_and_reason(self, chain):
        assert chain.decision == "sdm"
        assert chain.final.specification.model == "sdm"
        assert chain.final is chain.fits["sdm"]
        # The regressors of this sample are built from the unit effects.
        assert "fixed effects are needed" in chain.reason
        assert chain.reason in chain.summary
        assert "rejects too often in short or narrow panels" in chain.summary
        page = chain._repr_html_()
        assert page.count("<table") == 3
        assert "Decision: SDM" in page
        assert repr(chain) == f"<ChoiceChain sdm, {len(chain.steps)} tests at 0.05>"

    def test_hausman_says_why_it_is_missing(self):
        problem = make_problem(n_units=30, n_periods=3)
        with pytest.raises(ValueError, match="eigenvalues") as caught:
            hausman_test(SpatialPanel(*problem))
        row = choice_chain(*problem).to_frame().set_index("test").loc["Hausman"]
        assert np.isnan(row["statistic"])
        assert row["decision"] == "not defined"
        assert row["note"] == f"Hausman: {caught.value}."

    def test_too_few_units_for_the_means_of_regressors(self):
        chain = choice_chain(*make_problem(n_units=9, n_periods=8, weights=ring_weights(9)))
        row = chain.to_frame().set_index("test").loc["Mundlak"]
        assert row["decision"] == "not defined"
        assert "9 units and 8 periods are too few for 8 regressors" in row["note"]
        assert "Mundlak" not in chain.reason

    def test_order_of_rows_and_columns_changes_nothing(self):
        dependent, exog, weights = make_problem(n_units=15)
        rng = np.random.default_rng(4)
        rows = rng.permutation(len(dependent))
        first = choice_chain(dependent, exog, weights).to_frame()
        second = choice_chain(
            dependent.iloc[rows], exog.iloc[rng.permutation(len(exog))][["x2", "x1"]], weights
        ).to_frame()
        np.testing.assert_allclose(first["statistic"], second["statistic"], rtol=1e-7)

    @pytest.mark.parametrize("cov_type", ["qml", "serial", "clustered"])
    def test_robust_covariance_decides_alone(self, cov_type):
        """Gate, pointer and Wald tests are the robust ones; ratios are shown and not used."""
        problem = make_problem(n_units=15)
        chain = choice_chain(*problem, cov_type=cov_type)
        panel = SpatialPanel(*problem)
        fit = panel.fit(cov_type=cov_type)
        lagged = SpatialPanel(*problem, model="slx").fit(cov_type=cov_type)
        linear = SpatialPanel(*problem, model="ols")
        form = "centred" if cov_type == "qml" else "serial"
        lm, wald = by_name(lm_tests(linear, form)), by_name(wald_simplify(fit))
        expected = decide_model(
            Evidence(
                lm_lag=lm["LM lag"].p_value,
                lm_error=lm["LM error"].p_value,
                robust_lag=lm["robust LM lag"].p_value,
                robust_error=lm["robust LM error"].p_value,
                robust_lag_statistic=lm["robust LM lag"].statistic,
                robust_error_statistic=lm["robust LM error"].statistic,
                theta=wald["Wald SDM to SAR"].p_value,
                common_factor=wald["Wald SDM to SEM"].p_value,
                rho=wald["Wald SDM to SLX"].p_value,
                slx_theta=wald_simplify(lagged)[0].p_value,
            ),
            LEVEL,
        )
        assert chain.decision == expected[0]
        assert chain.reason.startswith(expected[1])
        table = chain.to_frame()
        assert {"LR SDM to SAR", "LR SLX to OLS", "Wald SLX to OLS"} <= set(table["test"])
        assert set(table.loc[table["test"] == "LM lag", "form"]) == {"centred", "plain", "serial"}
        assert f"covariance {cov_type}" in chain.notes[-1]
        assert f"{form} " in chain.notes[-1]
        assert ("alike for all units" in chain.notes[-1]) == (cov_type == "clustered")

    @pytest.mark.parametrize("cov_type", ["oim", "serial", "clustered"])
    def test_all_fits_carry_the_covariance_asked_for(self, cov_type):
        problem = make_problem(n_units=15)
        chain = choice_chain(*problem, cov_type=cov_type)
        assert chain.final is chain.fits[chain.decision]
        assert list(chain.fits) == list(COMPARED)
        for model, result in chain.fits.items():
            assert result.specification.cov_type == cov_type
            single = fit(model, problem=problem).with_covariance(cov_type)
            np.testing.assert_allclose(result.cov, single.cov, rtol=SAME_OPTIMUM)

    def test_serial_correlation_does_not_look_like_space(self):
        """A draw of no spatial dependence that the tests for independent errors mistake for it."""
        rng = np.random.default_rng(AR_SEED)
        weights = make_problem(n_units=30, n_periods=12)[2]
        shape = (12, 30)
        x, errors = (persistent(rng, shape, 0.85) for _ in range(2))
        index = pd.MultiIndex.from_product([range(12), weights[0]]).swaplevel()
        data = (
            pd.Series((x + errors).ravel(), index, name="y"),
            pd.DataFrame({"x": x.ravel()}, index),
            weights,
        )
        naive, robust = choice_chain(*data), choice_chain(*data, cov_type="serial")
        assert naive.decision != "ols"
        assert robust.decision == "ols"
        wald = wald_simplify(robust.fits["slx"])[0]
        assert f"theta = 0 in SLX is not rejected (p = {wald.p_value:.4f})" in robust.reason
        ratio = lr_simplify(robust.fits["slx"])[0]
        assert f"{ratio.p_value:.4f}" != f"{wald.p_value:.4f}"

    def test_weights_of_its_own_for_the_error(self):
        problem = make_problem(n_units=20, lam=0.3)
        other = (problem[2][0], sparse.csr_array(ring_weights(20, seed=9)))
        chain = choice_chain(*problem, error_weights=other)
        for model in ("sem", "sdem"):
            single = SpatialPanel(*problem, model=model, error_weights=other).fit()
            assert chain.fits[model].loglik == pytest.approx(single.loglik, abs=SAME_OPTIMUM)
        for model in ("ols", "slx", "sar", "sdm"):
            single = SpatialPanel(*problem, model=model).fit()
            assert chain.fits[model].arrays.error_weights is None
            assert chain.fits[model].loglik == pytest.approx(single.loglik, abs=SAME_OPTIMUM)
        table = chain.to_frame().set_index("test")
        linear = SpatialPanel(*problem, model="sem", error_weights=other)
        lm = table[(table["effects"] == "unit and time") & (table["form"] == "centred")]
        for test in lm_tests(linear):
            assert lm.loc[test.name, "statistic"] == pytest.approx(test.statistic)
        assert "plain" not in set(table["form"])
        for family in ("LR", "Wald"):
            row = table.loc[f"{family} SDM to SEM"]
            assert np.isnan(row["statistic"])
            assert "weights of its own" in row["note"]
            assert table.loc[f"{family} SDM to SAR", "statistic"] > 0.0
        assert "(SEM) is not testable" in chain.reason

    def test_effects_that_were_not_asked_for(self):
        chain = choice_chain(*make_problem(n_units=20), entity_effects=False)
        assert "consider entity_effects=True" in chain.reason
        assert "random effects" not in set(chain.to_frame()["step"])
        assert chain.final.specification.scheme.entity_effects is False

    def test_regressors_that_some_effects_absorb_are_noted(self):
        dependent, exog, weights = make_problem(n_units=15)
        area = pd.Series(np.arange(15.0) ** 2, index=weights[0])
        exog["area"] = exog.index.get_level_values(0).map(area)
        chain = choice_chain(dependent, exog, weights, entity_effects=False, durbin=["x1"])
        assert list(chain.regressions.index) == ["none", "time"]
        assert any("'area' does not vary over time" in note for note in chain.notes)
        assert "LR effects" not in set(chain.to_frame()["step"])

    def test_refusals(self):
        problem = make_problem()
        with pytest.raises(SpecificationError, match="level must be between 0 and 1"):
            choice_chain(*problem, level=5)
        with pytest.raises(SpecificationError, match="bias-corrected"):
            choice_chain(*problem, estimator="direct_bc")


def test_committed_sizes_hold():
    """The table that the benchmark wrote: nulls that are true, 500 samples each."""
    table = pd.read_csv(BENCHMARKS / "chain_size.csv")
    independent = ~table["truth"].str.endswith(" ar") & table["test"].str.match(
        r"(LR|Wald) SDM to|Mundlak \(F\)"
    )
    held = table[table["null_is_true"] & (independent | table["test"].str.endswith("(serial)"))]
    assert len(held) == 9
    assert (table["replications"] == 500).all()
    assert (table["seconds"] > 0).all()
    # Three and a half Monte Carlo errors of a share of 5 %.
    assert (held["rejected"] - 0.05).abs().max() < 3.5 * np.sqrt(0.05 * 0.95 / 500)


def test_committed_choices_find_no_space_in_persistence():
    """Without space, errors and regressor persistent: the serial chain chooses OLS."""
    table = pd.read_csv(BENCHMARKS / "chain_choices.csv").set_index(["truth", "cov_type"])
    assert (table["replications"] == 200).all()
    # Three tests at 5 % may each reject, so that OLS cannot be right more often than that by much.
    assert table.loc[("ols ar", "serial"), "ols"] > 0.8
    assert table.loc[("ols ar", "oim"), "ols"] < table.loc[("ols ar", "serial"), "ols"] - 0.1
    for truth in ("sar", "sdm"):
        assert table.loc[(truth, "serial"), ["ols", "slx"]].sum() < 0.1
