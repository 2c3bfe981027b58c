"""Random effects against the dense normal density of the stacked panel, and what decides them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import BoundaryWarning, SpatialPanel, simulate
from yrb_carbon.spatialpanel.errors import (
    BoundaryError,
    CollinearRegressorError,
    HausmanUndefinedError,
    PanelSizeError,
    PerfectFitError,
    SpecificationError,
)
from yrb_carbon.spatialpanel.random_effects import (
    RandomEffectsPanel,
    hausman_test,
    mundlak_test,
    select_regressors,
    with_intercept,
)
from yrb_carbon.spatialpanel.random_likelihood import inside_moments, lag_moments, outside_moments

# Two ways of the same dense algebra of order 60.
DENSE_ALGEBRA = 1e-8
# Central differences with this step leave an error of about 1e-7 in a score of order 100.
STEP = 1e-5
NUMERIC_SCORE = 1e-4
# The order of sums changes with the order of units: rounding only.
SAME_NUMBERS = 1e-10
# MixedLM stops its quasi-Newton search early: about seven digits of the log-likelihood.
PEER_SEARCH = 1e-5
MODELS = [
    ("ols", "outside"),
    ("slx", "outside"),
    ("sar", "outside"),
    ("sdm", "outside"),
    ("sem", "outside"),
    ("sem", "inside"),
    ("sdem", "outside"),
    ("sdem", "inside"),
]
TIMES = [True, False]
WEIGHTS = {"standardised": ring_weights(12), "unequal": ring_weights(12, standardised=False)}


def random_problem(*, spread: float = 0.7, n_units: int = 12, n_periods: int = 5, **options):
    """Random effects that are not correlated with the regressors, lag and error dependence."""
    rng = np.random.default_rng(options.pop("seed", 3))
    weights = options.pop("weights", None)
    matrix = ring_weights(n_units) if weights is None else weights
    x = rng.standard_normal((n_periods, n_units, 2)) + rng.standard_normal((n_units, 2))
    y = simulate(
        sparse.csr_array(matrix),
        x,
        0.5 * rng.standard_normal((n_periods, n_units)),
        beta=np.array([1.0, -0.5]),
        theta=np.array([0.3, 0.1]),
        rho=options.pop("rho", 0.35),
        lam=options.pop("lam", 0.0),
        mu=spread * rng.standard_normal(n_units) + 2.0,
        xi=rng.standard_normal(n_periods),
    )
    units = [f"u{i:02d}" for i in range(n_units)]
    index = pd.MultiIndex.from_product([range(n_periods), units]).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["x1", "x2"])
    return pd.Series(y.ravel(), index, name="y"), exog, (units, sparse.csr_array(matrix))


def fit(model, error_effects, time_effects, **problem):
    return RandomEffectsPanel(
        *random_problem(**problem),
        model=model,
        error_effects=error_effects,
        time_effects=time_effects,
    ).fit()


class Dense:
    """The stacked panel as one normal vector of length NT, dummies explicit."""

    def __init__(self, result):
        arrays = result.arrays
        self.result = result
        self.t, self.n = arrays.y.shape
        self.y = arrays.y.ravel()
        own = result.spatial_name == "lambda" and arrays.error_weights is not None
        self.w = (arrays.error_weights if own else arrays.weights).toarray()
        z = arrays.z.reshape(-1, arrays.z.shape[2])
        periods = np.kron(np.eye(self.t), np.ones((self.n, 1)))
        self.x = np.hstack([z, periods]) if result.time_effects else z
        self.k = z.shape[1]

    def covariance(self, spatial, variance, sigma2):
        """Of y in error models and without space, of (I - ρW)y in lag models."""
        shared, identity = np.ones((self.t, self.t)), np.eye(self.n)
        if self.result.spatial_name != "lambda":
            return np.kron(variance * shared + sigma2 * np.eye(self.t), identity)
        b = np.linalg.inv(identity - spatial * self.w)
        inner = b @ b.T
        outer = inner if self.result.error_effects == "inside" else identity
        return variance * np.kron(shared, outer) + sigma2 * np.kron(np.eye(self.t), inner)

    def mean_and_covariance(self, coefficients, spatial, variance, sigma2):
        """Mean and covariance of y itself."""
        mean, covariance = self.x @ coefficients, self.covariance(spatial, variance, sigma2)
        if self.result.spatial_name != "rho":
            return mean, covariance
        inverse = np.kron(np.eye(self.t), np.linalg.inv(np.eye(self.n) - spatial * self.w))
        return inverse @ mean, inverse @ covariance @ inverse.T

    def loglik(self, values):
        """At (δ, [spatial], σ²_μ, σ²), the period effects at their best."""
        delta, rest = values[: self.k], values[self.k :]
        spatial = rest[0] if self.result.spatial_name else 0.0
        coefficients = np.concatenate([delta, self.periods(delta, spatial, *rest[-2:])])
        mean, covariance = self.mean_and_covariance(coefficients, spatial, *rest[-2:])
        return float(stats.multivariate_normal(mean, covariance).logpdf(self.y))

    def periods(self, delta, spatial, variance, sigma2):
        dummies = self.x[:, self.k :]
        if not dummies.shape[1]:
            return np.zeros(0)
        target = self.y.copy()
        if self.result.spatial_name == "rho":
            target = np.kron(np.eye(self.t), np.eye(self.n) - spatial * self.w) @ target
        inverse = np.linalg.inv(self.covariance(spatial, variance, sigma2))
        target = target - self.x[:, : self.k] @ delta
        return np.linalg.solve(dummies.T @ inverse @ dummies, dummies.T @ inverse @ target)

    def information(self):
        """m_a'Ω⁻¹m_b + ½ tr(Ω⁻¹Ω_aΩ⁻¹Ω_b), derivatives of mean and covariance by differences."""
        params = self.result.params.to_numpy()
        spatial = [params[self.k]] if self.result.spatial_name else []
        periods = self.periods(
            params[: self.k], spatial[0] if spatial else 0.0, params[-2], params[-1]
        )
        values = np.concatenate([params[: self.k], periods, spatial, params[-2:]])
        size = self.x.shape[1]

        def moments(point):
            rest = point[size:]
            return self.mean_and_covariance(
                point[:size], rest[0] if spatial else 0.0, rest[-2], rest[-1]
            )

        inverse = np.linalg.inv(moments(values)[1])
        means, covariances = [], []
        for position in range(values.size):
            shift = np.zeros_like(values)
            shift[position] = STEP
            up, down = moments(values + shift), moments(values - shift)
            means.append((up[0] - down[0]) / (2 * STEP))
            covariances.append(inverse @ (up[1] - down[1]) / (2 * STEP))
        m = np.array(means)
        information = m @ inverse @ m.T + 0.5 * np.einsum("aij,bji->ab", covariances, covariances)
        keep = [*range(self.k), *range(size, values.size)]
        return np.linalg.inv(information)[np.ix_(keep, keep)]


@pytest.mark.parametrize("time_effects", TIMES)
@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize(("model", "error_effects"), MODELS)
def test_fit_is_the_top_of_the_normal_density(model, error_effects, weights, time_effects):
    result = fit(model, error_effects, time_effects, weights=WEIGHTS[weights])
    dense = Dense(result)
    params = result.params.to_numpy()
    assert not result.at_boundary
    assert result.loglik == pytest.approx(dense.loglik(params), abs=DENSE_ALGEBRA)
    for position in range(params.size):
        shift = np.zeros_like(params)
        shift[position] = STEP
        slope = (dense.loglik(params + shift) - dense.loglik(params - shift)) / (2 * STEP)
        assert abs(slope) < NUMERIC_SCORE
    # Differences of mean and covariance: relative error of about STEP².
    np.testing.assert_allclose(result.cov, dense.information(), rtol=1e-6, atol=1e-9)
    spatial = params[-3] if result.spatial_name else 0.0
    target = result.arrays.y - (spatial if result.spatial_name == "rho" else 0.0) * (
        result.arrays.lagged_y
    )
    expected = target - result.arrays.z @ result.estimate.delta
    if time_effects:
        expected = expected - dense.periods(params[: dense.k], spatial, *params[-2:])[:, None]
    np.testing.assert_allclose(result.estimate.residuals, expected, atol=DENSE_ALGEBRA)


@pytest.mark.parametrize("error_effects", ["outside", "inside"])
def test_error_may_have_weights_of_its_own(error_effects):
    dependent, exog, weights = random_problem()
    other = (weights[0], sparse.csr_array(ring_weights(12, seed=9)))
    panel = RandomEffectsPanel(
        dependent, exog, weights, model="sdem", error_effects=error_effects, error_weights=other
    )
    result = panel.fit()
    dense = Dense(result)
    assert np.abs(dense.w - weights[1].toarray()).max() > 0.1
    assert result.loglik == pytest.approx(dense.loglik(result.params.to_numpy()), abs=DENSE_ALGEBRA)
    np.testing.assert_allclose(result.cov, dense.information(), rtol=1e-6, atol=1e-9)
    same = mundlak_test(SpatialPanel(dependent, exog, weights, model="sdem", error_weights=other))
    assert (
        same.statistic
        != mundlak_test(SpatialPanel(dependent, exog, weights, model="sdem")).statistic
    )
    with pytest.raises(SpecificationError, match="no spatial error"):
        RandomEffectsPanel(dependent, exog, weights, model="sdm", error_weights=other)


@pytest.mark.parametrize("time_effects", TIMES)
@pytest.mark.parametrize("build", [lag_moments, inside_moments, outside_moments])
def test_derivatives_of_the_concentrated_likelihood(build, time_effects):
    """At points that are no maximum, where a wrong gradient would show."""
    panel = RandomEffectsPanel(*random_problem(), model="slx", time_effects=time_effects)
    source = build(panel.arrays, time_effects, panel.spectrum.full)
    n_obs = panel.arrays.y.size

    def value(spatial, kappa):
        moments = source.at(spatial)
        gram = moments.gram(kappa)[0]
        contrast = np.r_[1.0, -np.linalg.solve(gram[1:, 1:], gram[1:, 0])]
        square = contrast @ gram @ contrast
        return -0.5 * n_obs * np.log(square) + moments.log_jacobian(kappa)[0], contrast, square

    for spatial, kappa in ((0.5, 0.1), (-0.4, 0.6)):
        _, contrast, square = value(spatial, kappa)
        moments = source.at(spatial)
        slope, log_slope = moments.spatial_score(kappa, contrast)
        numeric = (value(spatial + STEP, kappa)[0] - value(spatial - STEP, kappa)[0]) / (2 * STEP)
        assert -0.5 * n_obs * slope / square + log_slope == pytest.approx(numeric, abs=1e-5)
        gram_slope, jacobian_slope = moments.gram(kappa)[1], moments.log_jacobian(kappa)[1]
        numeric = (value(spatial, kappa + STEP)[0] - value(spatial, kappa - STEP)[0]) / (2 * STEP)
        analytic = -0.5 * n_obs * (contrast @ gram_slope @ contrast) / square + jacobian_slope
        assert analytic == pytest.approx(numeric, rel=1e-5)


@pytest.mark.parametrize(
    ("model", "error_effects"), [("sar", "outside"), ("sem", "outside"), ("sem", "inside")]
)
def test_no_start_finds_a_higher_point(model, error_effects):
    from scipy.optimize import minimize

    result = fit(model, error_effects, True)
    dense = Dense(result)
    rng = np.random.default_rng(0)
    spatial = [0.0] if result.spatial_name else []

    def objective(free):
        return -dense.loglik(np.r_[free[:-2], np.exp(np.clip(free[-2:], -12.0, 5.0))])

    for start in (-0.6, 0.6):
        point = np.r_[result.estimate.delta + 0.2 * rng.standard_normal(dense.k), spatial]
        if spatial:
            point[-1] = start
        found = minimize(objective, np.r_[point, -1.0, start], method="L-BFGS-B",
                         bounds=[(None, None)] * dense.k + [(-0.9, 0.95)] * len(spatial)
                         + [(-12.0, 5.0)] * 2)  # fmt: skip
        assert -found.fun <= result.loglik + DENSE_ALGEBRA


@pytest.mark.parametrize("model", ["sdm", "sdem"])
def test_order_of_rows_units_and_columns_changes_nothing(model):
    dependent, exog, (units, matrix) = random_problem()
    first = RandomEffectsPanel(dependent, exog, (units, matrix), model=model).fit()
    rng = np.random.default_rng(8)
    order = rng.permutation(len(units))
    shuffled = ([units[i] for i in order], sparse.csr_array(matrix.toarray()[np.ix_(order, order)]))
    rows = rng.permutation(len(dependent))
    second = RandomEffectsPanel(
        dependent.iloc[rows], exog.iloc[rng.permutation(len(exog))][["x2", "x1"]], shuffled,
        model=model,
    ).fit()  # fmt: skip
    pd.testing.assert_series_equal(
        second.params[first.param_names], first.params, rtol=SAME_NUMBERS, atol=SAME_NUMBERS
    )
    pd.testing.assert_series_equal(
        second.resids, first.resids.iloc[rows], rtol=SAME_NUMBERS, atol=SAME_NUMBERS
    )


def test_non_spatial_model_agrees_with_statsmodels():
    import statsmodels.api as sm

    dependent, exog, weights = random_problem(n_units=30, spread=1.5, rho=0.0)
    result = RandomEffectsPanel(dependent, exog, weights, model="ols", time_effects=False).fit()
    peer = sm.MixedLM(
        dependent.to_numpy(), sm.add_constant(exog.to_numpy()), dependent.index.get_level_values(0)
    ).fit(reml=False)
    assert result.loglik == pytest.approx(peer.llf, abs=PEER_SEARCH)
    np.testing.assert_allclose(result.estimate.delta, peer.fe_params, rtol=PEER_SEARCH)
    assert result.sigma2 == pytest.approx(peer.scale, rel=1e-3)


def test_predicted_effects_are_the_conditional_mean():
    """E(μ|y) of the dense normal vector, for every place where effects can stand."""
    for model, place in (("sar", "outside"), ("sem", "outside"), ("sem", "inside")):
        result = fit(model, place, True)
        dense = Dense(result)
        spatial, variance, sigma2 = result.params.to_numpy()[-3:]
        covariance = dense.covariance(spatial, variance, sigma2)
        inner = np.eye(dense.n)
        if place == "inside":
            inner = np.linalg.inv(inner - spatial * dense.w)
        cross = variance * np.kron(np.ones((1, dense.t)), inner.T)
        expected = cross @ np.linalg.solve(covariance, result.estimate.residuals.ravel())
        np.testing.assert_allclose(result.random_effects, expected, atol=DENSE_ALGEBRA)


def test_mundlak_means_reproduce_fixed_effects_without_space():
    """With unit means among the regressors the random slopes are the within slopes (Mundlak)."""
    dependent, exog, weights = make_problem()
    fixed = SpatialPanel(dependent, exog, weights, model="ols").fit("direct")
    means = exog.groupby(level="unit").transform("mean").add_prefix("m.")
    random = RandomEffectsPanel(dependent, exog.join(means), weights, model="ols").fit()
    np.testing.assert_allclose(
        random.params[["x1", "x2"]], fixed.params[["x1", "x2"]], rtol=DENSE_ALGEBRA
    )
    panel = SpatialPanel(dependent, exog, weights, model="ols")
    wald = random.wald_test(["m.x1", "m.x2"])
    plain = mundlak_test(panel, form="Wald")
    assert (plain.df, plain.form, plain.distribution) == (2, "Wald", "chi2")
    assert plain.statistic == pytest.approx(wald.statistic, rel=DENSE_ALGEBRA)
    test = mundlak_test(panel)
    assert (test.df, test.form, test.distribution) == (2, "F", "F")
    # Twelve units, two slopes and an intercept in the regression of the unit means.
    assert test.statistic == pytest.approx(wald.statistic / 2 * 9 / 12, rel=DENSE_ALGEBRA)
    assert test.p_value == pytest.approx(stats.f(2, 9).sf(test.statistic), rel=DENSE_ALGEBRA)
    assert test.df_denominator == 9
    assert "F(2, 9) = " in str(test)
    with pytest.raises(SpecificationError, match="form must be one of F, Wald"):
        mundlak_test(panel, form="LM")


def test_names_of_parameters_are_reserved():
    dependent, exog, weights = make_problem()
    taken = exog.rename(columns={"x2": "sigma2_mu"})
    with pytest.raises(SpecificationError, match="'sigma2_mu' carries the name of a parameter"):
        RandomEffectsPanel(dependent, taken, weights)
    # A panel of fixed effects has no such parameter; its test of them does.
    with pytest.raises(SpecificationError, match="'sigma2_mu'"):
        mundlak_test(SpatialPanel(dependent, taken, weights))


@pytest.mark.parametrize("time_effects", TIMES)
def test_mundlak_sees_correlated_effects(time_effects):
    correlated = SpatialPanel(*make_problem(n_units=30), time_effects=time_effects)
    independent = SpatialPanel(*random_problem(n_units=30), time_effects=time_effects)
    assert mundlak_test(correlated).p_value < 1e-3
    assert mundlak_test(independent).p_value > 0.05
    assert mundlak_test(independent).df == 4


def test_means_reach_lagged_regressors_of_a_partial_list():
    panel = SpatialPanel(*random_problem(), durbin=["x2"])
    test = mundlak_test(panel)
    assert test.df == 3
    assert "W.x2" in test.null


@pytest.mark.parametrize("time_effects", TIMES)
def test_hausman_where_it_exists(time_effects):
    """Against the fits themselves; period dummies written out by hand."""
    dependent, exog, weights = random_problem(n_units=30, n_periods=3, seed=0)
    panel = SpatialPanel(dependent, exog, weights, model="sar", time_effects=time_effects)
    test = hausman_test(panel)
    if time_effects:
        years = pd.get_dummies(exog.index.get_level_values(1), dtype=float, drop_first=True)
        wide = exog.join(years.set_index(exog.index).rename(columns=str))
    else:
        wide = exog
    fixed = SpatialPanel(dependent, wide, weights, model="sar", time_effects=False).fit()
    random = RandomEffectsPanel(
        dependent, exog, weights, model="sar", time_effects=time_effects
    ).fit()
    names = ["x1", "x2", "rho"]
    gap = fixed.params[names] - random.params[names]
    difference = fixed.cov.loc[names, names] - random.cov.loc[names, names]
    assert test.df == 3
    assert test.form == "classical, within"
    assert test.statistic == pytest.approx(
        float(gap @ np.linalg.inv(difference) @ gap), rel=DENSE_ALGEBRA
    )
    assert test.statistic > 0.0


def test_hausman_refuses_a_difference_that_is_not_positive_definite():
    panel = SpatialPanel(*random_problem(n_units=20, seed=4))
    with pytest.raises(HausmanUndefinedError, match=r"has \d of 5 eigenvalues .* use mundlak_test"):
        hausman_test(panel, fixed="direct")
    with pytest.raises(SpecificationError, match="fixed must be one of within, direct"):
        hausman_test(panel, fixed="transform")


def test_tests_need_unit_effects():
    panel = SpatialPanel(*random_problem(), entity_effects=False)
    for test in (mundlak_test, hausman_test):
        with pytest.raises(SpecificationError, match="entity_effects=False"):
            test(panel)


class TestBoundary:
    def test_no_random_effects(self):
        dependent, exog, weights = random_problem(spread=0.0, seed=2)
        pooled = SpatialPanel(
            dependent, exog, weights, model="sar", entity_effects=False, time_effects=True
        ).fit("direct")
        with pytest.warns(BoundaryWarning, match="phi = 1: no random effects"):
            result = RandomEffectsPanel(dependent, exog, weights, model="sar").fit()
        assert (result.phi, result.sigma2_mu) == (1.0, 0.0)
        assert result.at_boundary
        names = ["x1", "x2", "rho", "sigma2"]
        np.testing.assert_allclose(result.params[names], pooled.params[names], rtol=DENSE_ALGEBRA)
        assert result.loglik == pytest.approx(pooled.loglik, abs=DENSE_ALGEBRA)
        np.testing.assert_allclose(
            result.cov.loc[names, names], pooled.cov.loc[names, names], rtol=1e-6, atol=1e-12
        )
        assert np.isnan(result.std_errors["sigma2_mu"])
        with pytest.raises(BoundaryError, match="sigma2_mu"):
            result.wald_test("sigma2_mu = 0")
        assert result.wald_test("rho = 0").df == 1
        assert "phi = 1" in result.summary

    def test_large_effects_tend_to_fixed_effects(self):
        dependent, exog, weights = random_problem(spread=1e3)
        result = RandomEffectsPanel(dependent, exog, weights, model="slx").fit()
        fixed = SpatialPanel(dependent, exog, weights, model="slx").fit("direct")
        assert result.phi < 1e-3
        # The difference is of the order of φ².
        names = ["x1", "x2", "W.x1", "W.x2"]
        # Between slopes are off by the order of the effects, and count with the weight φ².
        tolerance = 10.0 * result.phi**2 * 1e3
        np.testing.assert_allclose(result.params[names], fixed.params[names], atol=tolerance)

    def test_boundless_effects_are_named(self):
        dependent, exog, weights = random_problem(spread=1e7)
        with pytest.warns(BoundaryWarning, match="phi = 0"):
            result = RandomEffectsPanel(dependent, exog, weights, model="ols").fit()
        assert result.estimate.variance_at_boundary == "phi=0"


class TestRefusals:
    def test_unknown_choices(self):
        problem = random_problem()
        with pytest.raises(SpecificationError, match="model must be one of"):
            RandomEffectsPanel(*problem, model="sac")
        with pytest.raises(SpecificationError, match="error_effects must be one of"):
            RandomEffectsPanel(*problem, model="sem", error_effects="kkp")
        with pytest.raises(SpecificationError, match="no lagged regressors"):
            RandomEffectsPanel(*problem, model="sar", durbin=["x1"])

    def test_perfect_fit(self):
        _, exog, weights = random_problem()
        with pytest.raises(PerfectFitError):
            RandomEffectsPanel(exog["x1"] * 2.0 + 1.0, exog, weights, model="sar").fit()

    def test_too_few_units(self):
        problem = random_problem(n_units=5, weights=ring_weights(5))
        with pytest.raises(PanelSizeError, match="5 units and 5 periods"):
            RandomEffectsPanel(*problem, model="sdm")

    def test_collinear_means(self):
        dependent, exog, weights = random_problem()
        means = exog.groupby(level=0).transform("mean")
        exog["x2"] = exog["x2"] - means["x2"] + means["x1"]
        panel = SpatialPanel(dependent, exog, weights, model="ols")
        with pytest.raises(CollinearRegressorError, match=r"'mean\.x[12]'"):
            mundlak_test(panel)

    def test_large_cross_sections_have_no_outside_effects(self, monkeypatch):
        import yrb_carbon.spatialpanel.random_effects as module

        monkeypatch.setattr(module, "DENSE_LIMIT", 10)
        panel = RandomEffectsPanel(*random_problem(), model="sem")
        with pytest.raises(PanelSizeError, match="error_effects='inside'"):
            panel.fit()


def test_time_invariant_regressor_is_legal():
    dependent, exog, weights = random_problem()
    rng = np.random.default_rng(1)
    exog["area"] = exog.index.get_level_values(0).map(
        dict(zip(weights[0], rng.standard_normal(12), strict=True))
    )
    result = RandomEffectsPanel(dependent, exog, weights, model="sdm", durbin=["x1"]).fit()
    dense = Dense(result)
    assert result.loglik == pytest.approx(dense.loglik(result.params.to_numpy()), abs=DENSE_ALGEBRA)
    assert list(result.params.index) == ["x1", "x2", "area", "W.x1", "rho", "sigma2_mu", "sigma2"]


def test_tables_name_everything():
    result = fit("sem", "inside", True)
    table = result.tidy()
    assert list(table["quantity"]) == [
        "coef", "coef", "lambda", "sigma2", "sigma2", "value", "loglik", "aic", "bic",
    ]  # fmt: skip
    assert table.set_index("term").loc["phi", "estimate"] == result.phi
    assert result.aic == pytest.approx(-2 * result.loglik + 2 * (5 + 5))
    assert result.phi == pytest.approx(
        np.sqrt(result.sigma2 / (result.sigma2 + 5 * result.sigma2_mu))
    )
    assert result.rho == 0.0
    assert result.lam == result.params["lambda"]
    assert "random (inside the spatial error)" in result.summary
    assert "<table>" in result._repr_html_()
    wide, narrow = result.conf_int(), result.conf_int(0.9)
    half = stats.norm.ppf(0.975) * result.std_errors
    np.testing.assert_allclose(wide["upper"] - result.params, half, rtol=DENSE_ALGEBRA)
    assert (narrow["upper"] < wide["upper"]).all()
    assert "lambda=" in repr(result)


def test_columns_can_be_taken_away_and_an_intercept_added():
    panel = SpatialPanel(*random_problem(), model="sdm", durbin=["x2"], entity_effects=False,
                         time_effects=False)  # fmt: skip
    slopes = select_regressors(panel.arrays, lagged=False)
    assert slopes.names == ("x1", "x2")
    assert slopes.theta_positions == (-1, -1)
    again = with_intercept(select_regressors(panel.arrays, lagged=True))
    assert again.names == panel.arrays.names
    assert again.beta_positions == panel.arrays.beta_positions
    assert again.theta_positions == panel.arrays.theta_positions
    np.testing.assert_array_equal(again.z, panel.arrays.z)
