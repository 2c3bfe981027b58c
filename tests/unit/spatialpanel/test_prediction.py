"""Fitted values, residuals, predictions and recovered effects, against dense least squares."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import EFFECTS, dummies, make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    IdentificationWarning,
    MissingValueError,
    MultipleModesWarning,
    PanelIndexError,
    SpatialPanel,
    SpecificationError,
    UnbalancedPanelError,
    WeightsAlignmentError,
)

# Dense solves on panels of 100 observations.
ROUNDING = 1e-9
# The search of spreg for rho stops at about 1e-7.
PEER = 1e-5
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")


def fit(model="sdm", estimator="transform", problem=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        data = problem or make_problem(20, 5, lam=0.3)
        return SpatialPanel(*data, model=model, **options).fit(estimator)


def filters(result):
    """A and B of the stacked panel, dense."""
    arrays = result.arrays
    w = arrays.weights.toarray()
    m = w if arrays.error_weights is None else arrays.error_weights.toarray()
    eye = np.eye(len(w))
    periods = np.eye(arrays.n_periods)
    return np.kron(periods, eye - result.rho * w), np.kron(periods, eye - result.lam * m)


def least_squares_effects(result):
    """α of (Ay - Zδ) on all dummies by generalised least squares, shape (T, N)."""
    arrays, scheme = result.arrays, result.specification.scheme
    a, b = filters(result)
    target = a @ arrays.y.ravel() - arrays.z.reshape(-1, arrays.z.shape[2]) @ result.estimate.delta
    d = dummies(arrays.n_units, arrays.n_periods, scheme.entity_effects, scheme.time_effects)
    if d.shape[1] == 0:
        return np.zeros(arrays.y.shape)
    return (d @ np.linalg.lstsq(b @ d, b @ target, rcond=None)[0]).reshape(arrays.y.shape)


class TestFixedEffects:
    @pytest.mark.parametrize("estimator", ["transform", "direct"])
    @pytest.mark.parametrize("model", MODELS)
    def test_are_those_of_least_squares_on_dummies(self, model, estimator):
        for entity_effects, time_effects in EFFECTS:
            result = fit(model, estimator, entity_effects=entity_effects, time_effects=time_effects)
            fixed = result.fixed_effects()
            found = fixed.intercept + fixed.unit.to_numpy() + fixed.time.to_numpy()[:, None]
            np.testing.assert_allclose(found, least_squares_effects(result), atol=ROUNDING)
            assert fixed.unit.mean() == pytest.approx(0.0, abs=ROUNDING)
            assert fixed.time.mean() == pytest.approx(0.0, abs=ROUNDING)

    @pytest.mark.parametrize("model", ["sem", "sac"])
    def test_with_error_weights_of_unequal_rows(self, model):
        dependent, exog, (units, matrix) = make_problem(20, 5, lam=0.3)
        unequal = (units, ring_weights(20, standardised=False, seed=8))
        result = fit(model, "direct", (dependent, exog, (units, matrix)), error_weights=unequal)
        fixed = result.fixed_effects()
        found = fixed.intercept + fixed.unit.to_numpy() + fixed.time.to_numpy()[:, None]
        np.testing.assert_allclose(found, least_squares_effects(result), atol=ROUNDING)

    def test_are_near_the_truth(self):
        dependent, exog, weights = make_problem(30, 40, seed=4)
        fixed = fit("sdm", problem=(dependent, exog, weights)).fixed_effects()
        rng = np.random.default_rng(4)
        mu, xi = rng.standard_normal(30), rng.standard_normal(40)
        # Errors of sd 0.5 over 40 periods leave 0.08 of the unit effects, whose sd is 1.
        assert np.corrcoef(fixed.unit, mu)[0, 1] > 0.98
        assert np.corrcoef(fixed.time, xi)[0, 1] > 0.98


class TestFitted:
    @pytest.mark.parametrize("model", MODELS)
    def test_kinds_by_dense_algebra(self, model):
        result = fit(model)
        arrays = result.arrays
        a, b = filters(result)
        y = arrays.y.ravel()
        effects = least_squares_effects(result).ravel()
        trend = arrays.z.reshape(-1, arrays.z.shape[2]) @ result.estimate.delta + effects
        expected = {
            "trend": trend,
            "reduced_form": np.linalg.solve(a, trend),
            "structural": y - a @ y + trend,
        }
        for kind, values in expected.items():
            fitted = result.fitted_values(kind)
            assert fitted.index.equals(arrays.index)
            np.testing.assert_allclose(fitted, values[arrays.positions], atol=ROUNDING)
            np.testing.assert_allclose(
                result.residuals(kind), (y - values)[arrays.positions], atol=ROUNDING
            )
        assert result.residuals().equals(result.resids)
        innovations = b @ (a @ y - trend)
        np.testing.assert_allclose(result.resids, innovations[arrays.positions], atol=ROUNDING)

    def test_follow_the_order_of_the_data(self):
        dependent, exog, weights = make_problem(20, 5)
        order = np.random.default_rng(1).permutation(len(dependent))
        plain = fit(problem=(dependent, exog, weights))
        shuffled = fit(problem=(dependent.iloc[order], exog, weights))
        for kind in ("reduced_form", "trend", "structural"):
            assert shuffled.fitted_values(kind).equals(plain.fitted_values(kind).iloc[order])

    def test_unknown_kinds(self):
        result = fit()
        with pytest.raises(SpecificationError, match="trend, structural, got 'naive'"):
            result.fitted_values("naive")
        with pytest.raises(SpecificationError, match="kind must be one of innovation"):
            result.residuals("naive")


def test_pooled_lag_model_is_that_of_spreg():
    """spreg's ML_Lag of the stack, every period a block of W, is the pooled SAR model."""
    from libpysal.weights import WSP
    from spreg import ML_Lag

    dependent, exog, (units, matrix) = make_problem(15, 4)
    result = fit(
        "sar", "direct", (dependent, exog, (units, matrix)), entity_effects=False,
        time_effects=False,
    )  # fmt: skip
    arrays = result.arrays
    blocks = WSP(sparse.csr_matrix(sparse.block_diag([matrix] * 4))).to_W(silence_warnings=True)
    # The intercept is the first column of ours, and spreg adds its own.
    peer = ML_Lag(
        arrays.y.reshape(-1, 1), arrays.z.reshape(60, -1)[:, 1:], blocks, method="ord",
        spat_impacts=None,
    )  # fmt: skip
    order = arrays.positions
    for kind, theirs in (("structural", peer.predy), ("reduced_form", peer.predy_e)):
        ours = result.fitted_values(kind)
        np.testing.assert_allclose(ours, theirs.ravel()[order], atol=PEER)
    np.testing.assert_allclose(
        result.residuals("reduced_form"), peer.e_pred.ravel()[order], atol=PEER
    )
    assert result.r2_variants["pseudo"] == pytest.approx(peer.pr2_e, abs=PEER)


class TestPredict:
    @pytest.mark.parametrize("kind", ["other", None, ["trend"]])
    def test_unknown_kinds(self, kind):
        result = fit("sar")
        for ask in (result.fitted_values, result.residuals):
            with pytest.raises(SpecificationError, match=r"kind must be one of .*reduced_form"):
                ask(kind)

    def test_things_that_are_no_table(self):
        result, exog = fit("sar"), make_problem(20, 5, lam=0.3)[1]
        wanted = "exog must be a DataFrame with the regressors x1, x2 as columns"
        with pytest.raises(SpecificationError, match=rf"{wanted} .*Series; use exog.to_frame\(\)"):
            result.predict(exog["x1"])
        for thing in (exog.to_numpy(), 5, "x1", [1.0]):
            with pytest.raises(SpecificationError, match=wanted):
                result.predict(thing)

    def test_repeated_columns(self):
        result, exog = fit("sar"), make_problem(20, 5, lam=0.3)[1]
        with pytest.raises(SpecificationError, match="exog has several columns x2; rename or drop"):
            result.predict(pd.concat([exog, exog[["x2"]]], axis=1))

    @pytest.mark.parametrize("model", MODELS)
    def test_data_of_the_fit_give_the_fitted_values(self, model):
        problem = make_problem(20, 5, lam=0.3)
        for effects in (True, False):
            result = fit(model, problem=problem, entity_effects=effects, time_effects=effects)
            assert result.predict().equals(result.fitted_values().rename("prediction"))
            shuffled = problem[1].sample(frac=1.0, random_state=2)[["x2", "x1"]]
            predicted = result.predict(shuffled)
            assert predicted.index.equals(shuffled.index)
            np.testing.assert_allclose(
                predicted, result.fitted_values()[shuffled.index], atol=ROUNDING
            )

    @pytest.mark.parametrize("model", MODELS)
    def test_a_change_moves_it_by_the_effect(self, model):
        _, exog, _ = problem = make_problem(20, 5, lam=0.3)
        result = fit(model, problem=problem)
        period = exog.loc[(slice(None), 2002), :]
        moved = period.copy()
        moved.loc[("u07", 2002), "x1"] += 2.0
        gain = (result.predict(moved) - result.predict(period)) / 2.0
        by_unit = result.unit_effects()
        own = gain[("u07", 2002)]
        assert own == pytest.approx(by_unit["own"].loc["u07", "x1"], abs=ROUNDING)
        assert gain.sum() - own == pytest.approx(by_unit["sent"].loc["u07", "x1"], abs=ROUNDING)
        np.testing.assert_allclose(
            gain.droplevel("year"), result.effect_matrix("x1")["u07"], atol=ROUNDING
        )

    def test_new_periods_without_time_effects(self):
        dependent, exog, weights = make_problem(20, 5)
        result = fit("sdm", problem=(dependent, exog, weights), time_effects=False)
        later = exog.loc[(slice(None), 2004), :].rename(index={2004: 2030}, level="year")
        expected = result.fitted_values().xs(2004, level="year")
        np.testing.assert_allclose(
            result.predict(later).droplevel("year")[expected.index], expected, atol=ROUNDING
        )

    def test_constant_regressor_is_no_intercept(self):
        dependent, exog, weights = make_problem(20, 5)
        result = fit(
            "sar", problem=(dependent, exog, weights), entity_effects=False, time_effects=False
        )
        same = exog.assign(x1=3.0, x2=0.0)
        p = result.params
        expected = (p["const"] + 3.0 * p["x1"]) / (1.0 - p["rho"])
        np.testing.assert_allclose(result.predict(same), expected, atol=ROUNDING)

    def test_intercept_given_as_a_column(self):
        dependent, exog, weights = make_problem(20, 5)
        exog = exog.assign(one=1.0)
        result = fit(
            "sdm", problem=(dependent, exog, weights), entity_effects=False, time_effects=False
        )
        np.testing.assert_allclose(result.predict(exog), result.fitted_values(), atol=ROUNDING)

    def test_what_it_needs(self):
        _, exog, _ = problem = make_problem(20, 5)
        result = fit(problem=problem)
        broken = exog.copy()
        broken.iloc[3, 0] = np.nan
        later = exog.rename(index={2004: 2030}, level="year")
        for data, error, message in (
            (exog[["x1"]], SpecificationError, "lacks the regressors x2"),
            (broken, MissingValueError, "'x1' at"),
            (later, SpecificationError, "time effects but none for 2030"),
            (exog.iloc[:-1], UnbalancedPanelError, "1 of 100 unit-years"),
            (exog.drop("u03", level="unit"), WeightsAlignmentError, "u03"),
            (exog.reset_index(), PanelIndexError, "MultiIndex"),
        ):
            with pytest.raises(error, match=message):
                result.predict(data)


class TestFit:
    @pytest.mark.parametrize("model", MODELS)
    def test_r2_by_definition(self, model):
        result = fit(model)
        y = result.arrays.y
        fitted = result.fitted_values().to_numpy()
        observed = y.ravel()[result.arrays.positions]
        r2 = result.r2_variants
        assert list(r2.index) == ["within", "correlation", "overall", "pseudo"]
        assert r2["within"] == result.r2_within
        assert r2["correlation"] == result.r2_corr
        assert r2["overall"] == pytest.approx(
            1.0 - (result.resids**2).sum() / ((y - y.mean()) ** 2).sum()
        )
        assert r2["pseudo"] == pytest.approx(np.corrcoef(observed, fitted)[0, 1] ** 2)
        assert r2["overall"] > r2["within"]

    def test_pooled_linear_model_has_one_r2(self):
        result = fit("ols", "direct", entity_effects=False, time_effects=False)
        np.testing.assert_allclose(result.r2_variants, result.r2_within, atol=ROUNDING)

    def test_index_is_kept(self):
        result = fit()
        assert isinstance(result.predict().index, pd.MultiIndex)
        assert result.predict().index.names == ["unit", "year"]
