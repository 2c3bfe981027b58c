"""Two-stage least squares against explicit dummies, loops and definitions, and simulated truth."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, sparse, stats
from spatial_reference import EFFECTS, complement, dummies, make_problem, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel, simulate
from yrb_carbon.spatialpanel.errors import (
    BoundaryError,
    DroppedInstrumentWarning,
    InadmissibleEstimateWarning,
    MissingValueError,
    PanelIndexError,
    PanelSizeError,
    RestrictionError,
    RowSumsError,
    SpecificationError,
    UnderidentifiedError,
    WeightsDiagonalError,
)
from yrb_carbon.spatialpanel.instruments import (
    InstrumentedProblem,
    MomentDependence,
    SpatialIVPanel,
    calc_moment_covariance,
    calc_overidentification,
    estimate_error_parameter,
    orthonormalise,
)
from yrb_carbon.spatialpanel.likelihood import EffectScheme
from yrb_carbon.spatialpanel.logdet import analyse_weights
from yrb_carbon.spatialpanel.results import TIDY_COLUMNS
from yrb_carbon.spatialpanel.within import within_transform

# Demeaned data and explicit dummies solve the same normal equations; W²X and W³X are nearly
# collinear, which costs some of the sixteen digits.
SAME_ALGEBRA = 1e-8
# Permuted rows, units and columns change the order of sums only.
PERMUTED = 1e-10
# Sums and inner products of unit vectors of a few dozen numbers.
ROUNDING = 1e-12
UNIT_VECTORS = 1e-14
# A statistic is a difference of sums of squares that are larger by two to three digits.
STATISTIC = 1e-6
# Central differences with step 1e-6 lose ten digits of a second derivative of order one.
FINITE_DIFFERENCES = 1e-6
# A closed-form root against a bounded search that stops at about the square root of precision.
BOUNDED_SEARCH = 1e-6

MODELS = ("sdm", "sar", "slx", "ols")
COVARIANCES = ("unadjusted", "robust", "clustered", "kernel", "driscoll_kraay")


def instrumented_problem(n_units=20, n_periods=6, *, seed=3, weights=None, rho=0.4):
    """y, exog (a, b), endog (e), instruments (z1, z2), weights; e is correlated with the error."""
    rng = np.random.default_rng(seed)
    matrix = ring_weights(n_units) if weights is None else weights
    shape = (n_periods, n_units)
    mu, xi = rng.standard_normal(n_units), rng.standard_normal(n_periods)
    a, b, z1, z2, common = rng.standard_normal((5, *shape)) + 0.5 * mu
    e = z1 - 0.5 * z2 + 0.3 * a + common + 0.5 * rng.standard_normal(shape)
    errors = (0.8 * (common - 0.5 * mu) + rng.standard_normal(shape)) * (0.5 + rng.random(n_units))
    y = simulate(
        sparse.csr_array(matrix), np.stack([a, b, e], axis=2), errors,
        beta=np.array([1.0, -0.5, 0.7]), theta=np.array([0.3, 0.2, 0.4]), rho=rho, mu=mu, xi=xi,
    )  # fmt: skip
    units = [f"u{i:02d}" for i in range(n_units)]
    index = pd.MultiIndex.from_product([range(2000, 2000 + n_periods), units]).swaplevel()
    frame = pd.DataFrame(
        {name: values.ravel() for name, values in
         {"y": y, "a": a, "b": b, "e": e, "z1": z1, "z2": z2}.items()}, index,
    )  # fmt: skip
    return frame, (units, sparse.csr_array(matrix))


def build(frame, weights, **options):
    options = {"endog": frame[["e"]], "instruments": frame[["z1", "z2"]], **options}
    return SpatialIVPanel(frame["y"], frame[["a", "b"]], weights, **options)


def powers(weights, column, order):
    """W^order v of a time-major column."""
    matrix = np.linalg.matrix_power(weights[1].toarray(), order)
    return (column.to_numpy().reshape(-1, len(matrix)) @ matrix.T).ravel()


def explicit(frame, weights, model, entity_effects, time_effects):
    """y, D, H of the textbook: raw columns with all dummies, lags written out."""
    n_units = len(weights[0])
    d = dummies(n_units, len(frame) // n_units, entity_effects, time_effects)
    if not d.shape[1]:
        d = np.ones((len(frame), 1))
    own = [frame[name].to_numpy() for name in ("a", "b", "e")]
    lags = [powers(weights, frame[name], 1) for name in ("a", "b", "e")]
    lagged_y = [powers(weights, frame["y"], 1)]
    z0 = [frame[name].to_numpy() for name in ("z1", "z2")]
    z1, z2 = ([powers(weights, frame[name], p) for name in ("z1", "z2")] for p in (1, 2))
    x2, x3 = ([powers(weights, frame[name], p) for name in ("a", "b")] for p in (2, 3))
    regressors, instruments = {
        "ols": (own, own[:2] + z0),
        "slx": (own + lags, own[:2] + lags[:2] + z0 + z1),
        "sar": (own + lagged_y, own[:2] + z0 + z1 + z2 + lags[:2] + x2),
        "sdm": (own + lags + lagged_y, own[:2] + lags[:2] + z0 + z1 + z2 + x2 + x3),
    }[model]
    return (
        frame["y"].to_numpy(),
        np.column_stack([*regressors, d]),
        np.column_stack([*instruments, d]),
        len(regressors),
    )


def project(columns, values):
    return columns @ np.linalg.lstsq(columns, values, rcond=None)[0]


def meat_by_loops(h, e, cov_type, n_units, n_periods, bandwidth):
    """Σ over all pairs of observations of weight · h e e' h'."""
    unit = np.tile(np.arange(n_units), n_periods)
    period = np.repeat(np.arange(n_periods), n_units)
    same_unit = unit[:, None] == unit
    distance = np.abs(period[:, None] - period)
    bartlett = np.maximum(0.0, 1.0 - distance / (bandwidth + 1.0))
    weight = {
        "robust": np.eye(len(e)),
        "clustered": same_unit.astype(float),
        "kernel": same_unit * bartlett,
        "driscoll_kraay": bartlett,
    }[cov_type]
    scores = h * e[:, None]
    return scores.T @ weight @ scores


def coefficients_of(result):
    """Textbook order: regressors and lags, Wy last; the intercept aside."""
    return result.params.drop("const", errors="ignore").to_numpy()


def standard_errors_of(result):
    return result.std_errors.drop("const", errors="ignore").to_numpy()


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
@pytest.mark.parametrize("model", MODELS)
def test_estimates_equal_explicit_dummies(model, entity_effects, time_effects):
    frame, weights = instrumented_problem()
    y, d, h, k = explicit(frame, weights, model, entity_effects, time_effects)
    projected = project(h, d)
    expected = np.linalg.lstsq(projected, y, rcond=None)[0]
    residuals = y - d @ expected
    bread = np.linalg.inv(projected.T @ projected)
    result = build(
        frame, weights, model=model, entity_effects=entity_effects, time_effects=time_effects
    ).fit("unadjusted")
    np.testing.assert_allclose(coefficients_of(result), expected[:k], atol=SAME_ALGEBRA)
    sigma2 = residuals @ residuals / (len(y) - d.shape[1])
    assert result.sigma2 == pytest.approx(sigma2, rel=SAME_ALGEBRA)
    np.testing.assert_allclose(
        standard_errors_of(result), np.sqrt(sigma2 * np.diag(bread)[:k]), rtol=SAME_ALGEBRA
    )
    np.testing.assert_allclose(result.resids, residuals, atol=SAME_ALGEBRA)


@pytest.mark.parametrize("cov_type", COVARIANCES[1:])
def test_covariances_equal_sums_over_all_pairs_with_explicit_dummies(cov_type):
    frame, weights = instrumented_problem()
    y, d, h, k = explicit(frame, weights, "sdm", True, True)
    projected = project(h, d)
    residuals = y - d @ np.linalg.lstsq(projected, y, rcond=None)[0]
    bread = np.linalg.pinv(projected)
    options = {} if cov_type in {"robust", "clustered"} else {"bandwidth": 2}
    result = build(frame, weights).fit(cov_type, **options)
    # The same sandwich with the dummies in it: bread · Σ h e e'h' · bread', h the projected D.
    sandwich = bread @ np.eye(len(y))
    meat = meat_by_loops(sandwich.T, residuals, cov_type, 20, 6, 2)
    n, free = len(y), len(y) - d.shape[1]
    factor = 20 / 19 * (n - 1) / (free + 19) if cov_type == "clustered" else n / free
    np.testing.assert_allclose(
        standard_errors_of(result), np.sqrt(factor * np.diag(meat)[:k]), rtol=SAME_ALGEBRA
    )


@pytest.mark.parametrize("cov_type", COVARIANCES[1:])
def test_moment_covariance_is_the_sum_over_all_pairs(cov_type):
    rng = np.random.default_rng(0)
    h, e = rng.standard_normal((35, 3)), rng.standard_normal(35)
    dependence = MomentDependence(cov_type, 7, 5, EffectScheme(True, True, False), 3)
    np.testing.assert_allclose(
        calc_moment_covariance(h, e, dependence),
        meat_by_loops(h, e, cov_type, 7, 5, 3),
        rtol=PERMUTED,
    )


def test_efficient_gmm_minimises_its_criterion():
    frame, weights = instrumented_problem()
    panel = build(frame, weights, model="sar")
    first, second = panel.fit("robust"), panel.fit("robust", "gmm")
    q, d, y = first.problem.basis, first.problem.regressors, first.problem.y
    spread = calc_moment_covariance(q, first.estimate.residuals, first.dependence)

    def criterion(coefficients):
        moments = q.T @ (y - d @ coefficients)
        return moments @ np.linalg.solve(spread, moments)

    found = optimize.minimize(criterion, first.estimate.coefficients, tol=1e-14)
    np.testing.assert_allclose(second.params, found.x, atol=1e-5)
    j = next(test for test in second.diagnostics if test.name == "Hansen J")
    # 120 observations, 25 dummies.
    expected = found.fun * 95 / 120
    assert j.statistic == pytest.approx(expected, rel=STATISTIC)
    assert j.df == 8
    assert j.p_value == pytest.approx(stats.chi2.sf(expected, 8), rel=STATISTIC)
    # Both methods test the same moments.
    assert first.diagnostics[0].statistic == pytest.approx(j.statistic, rel=SAME_ALGEBRA)


@pytest.mark.parametrize("model", ["ols", "slx"])
def test_without_endogenous_regressors_it_is_least_squares(model):
    frame, weights = instrumented_problem()
    result = SpatialIVPanel(frame["y"], frame[["a", "b"]], weights, model=model).fit("unadjusted")
    peer = SpatialPanel(frame["y"], frame[["a", "b"]], weights, model=model).fit("direct")
    np.testing.assert_allclose(
        result.params, peer.params.drop("sigma2"), rtol=SAME_ALGEBRA, atol=SAME_ALGEBRA
    )
    assert result.diagnostics == []
    assert result.rank_test() is None
    assert result.first_stage.empty
    assert "First stage" not in result.summary


def test_instruments_by_model():
    frame, weights = instrumented_problem()
    names = {model: set(build(frame, weights, model=model).instrument_names) for model in MODELS}
    given, once, twice = {"z1", "z2"}, {"W.z1", "W.z2"}, {"W2.z1", "W2.z2"}
    assert names["ols"] == given
    assert names["slx"] == given | once
    assert names["sar"] == given | once | twice | {"W.a", "W.b", "W2.a", "W2.b"}
    assert names["sdm"] == given | once | twice | {"W2.a", "W2.b", "W3.a", "W3.b"}
    partial = build(frame, weights, durbin=["a"], lag_order=1, lag_instruments=False)
    assert set(partial.instrument_names) == given | {"W2.a", "W.b"}
    assert partial.endogenous_names == ["e", "rho"]
    assert build(frame, weights).endogenous_names == ["e", "W.e", "rho"]
    assert set(build(frame, weights, durbin=["e"]).instrument_names) == (
        given | once | twice | {"W.a", "W.b", "W2.a", "W2.b"}
    )


def test_dropped_instruments_are_named_with_the_reason():
    frame, weights = instrumented_problem()
    frame = frame.assign(
        fixed=frame.groupby(level=0)["z1"].transform("first"),
        twice=2.0 * frame["z1"] + frame["a"],
    )
    with pytest.warns(DroppedInstrumentWarning, match="'fixed' is absorbed by unit and time"):
        panel = build(
            frame, weights, instruments=frame[["z1", "z2", "fixed", "twice"]], model="ols"
        )
    reasons = panel.dropped_instruments.set_index("instrument")["reason"]
    assert set(reasons.index) == {"fixed", "twice"}
    assert "linear combination" in reasons["twice"]
    result = panel.fit()
    np.testing.assert_allclose(
        result.params, build(frame, weights, model="ols").fit().params, atol=SAME_ALGEBRA
    )
    assert "twice" in result.summary
    assert "twice" in result._repr_html_()


def test_orthonormalise_stays_orthogonal_where_columns_are_nearly_collinear():
    """One pass of Gram-Schmidt would leave 1e-16 over 1e-7."""
    rng = np.random.default_rng(1)
    first = rng.standard_normal(30)
    columns = np.column_stack([first, first + 1e-6 * rng.standard_normal(30)])
    basis, kept = orthonormalise(columns, np.linalg.qr(rng.standard_normal((30, 5)))[0])
    assert kept.all()
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=UNIT_VECTORS)


def test_orthonormalise_keeps_the_first_of_dependent_columns():
    rng = np.random.default_rng(1)
    base = np.linalg.qr(rng.standard_normal((30, 2)))[0]
    free = rng.standard_normal((30, 2))
    columns = np.column_stack(
        [free[:, 0], base @ [1.0, 2.0], 1e-5 * free[:, 1], free @ [3.0, 1.0], free[:, 0]]
    )
    basis, kept = orthonormalise(columns, base)
    np.testing.assert_array_equal(kept, [True, False, True, False, False])
    everything = np.hstack([base, basis])
    np.testing.assert_allclose(everything.T @ everything, np.eye(4), atol=UNIT_VECTORS)
    np.testing.assert_allclose(project(everything, free), free, atol=ROUNDING)


@pytest.mark.parametrize("cov_type", COVARIANCES[:3])
@pytest.mark.parametrize("method", ["2sls", "gmm"])
def test_order_of_rows_units_and_columns_changes_nothing(cov_type, method):
    frame, weights = instrumented_problem(30)
    result = build(frame, weights).fit(cov_type, method)
    rng = np.random.default_rng(8)
    order = rng.permutation(30)
    shuffled = frame.iloc[rng.permutation(len(frame))]
    permuted = (
        [weights[0][i] for i in order],
        sparse.csr_array(weights[1].toarray()[np.ix_(order, order)]),
    )
    other = SpatialIVPanel(
        frame["y"].iloc[rng.permutation(len(frame))],
        shuffled[["b", "a"]],
        permuted,
        endog=frame[["e"]],
        instruments=shuffled[["z2", "z1"]],
    ).fit(cov_type, method)
    np.testing.assert_allclose(other.params[result.params.index], result.params, atol=PERMUTED)
    np.testing.assert_allclose(
        other.std_errors[result.params.index], result.std_errors, atol=PERMUTED
    )
    np.testing.assert_allclose(other.resids[result.resids.index], result.resids, atol=PERMUTED)
    for ours, theirs in zip(result.diagnostics, other.diagnostics, strict=True):
        assert theirs.statistic == pytest.approx(ours.statistic, rel=SAME_ALGEBRA)
    np.testing.assert_allclose(
        other.effects("simulation", seed=4).params.loc[["a", "b", "e"]],
        result.effects("simulation", seed=4).params,
        atol=PERMUTED,
    )


def test_relabelled_units_change_nothing():
    frame, weights = instrumented_problem()
    result = build(frame, weights).fit("clustered")
    names = dict(zip(weights[0], np.random.default_rng(2).permutation(weights[0]), strict=True))
    renamed = frame.rename(index=names, level=0)
    other = build(renamed, ([names[u] for u in weights[0]], weights[1])).fit("clustered")
    np.testing.assert_allclose(other.params, result.params, atol=PERMUTED)
    np.testing.assert_allclose(other.std_errors, result.std_errors, atol=PERMUTED)


def partialled(frame, weights, model):
    """Endogenous regressors and excluded instruments without exogenous ones and dummies."""
    _, d, h, k = explicit(frame, weights, model, True, True)
    exogenous = {"ols": [0, 1], "slx": [0, 1, 3, 4], "sar": [0, 1], "sdm": [0, 1, 3, 4]}[model]
    endogenous = [j for j in range(k) if j not in exogenous]
    base = np.hstack([d[:, exogenous], d[:, k:]])
    instruments = h[:, len(exogenous) : h.shape[1] - (d.shape[1] - k)]
    return (
        d[:, endogenous] - project(base, d[:, endogenous]),
        instruments - project(base, instruments),
        base.shape[1],
    )


@pytest.mark.parametrize("model", MODELS)
def test_first_stage_by_definition(model):
    frame, weights = instrumented_problem()
    targets, instruments, n_base = partialled(frame, weights, model)
    table = build(frame, weights, model=model).fit("unadjusted").first_stage
    n, n_excluded = instruments.shape
    free = n - n_base - n_excluded
    n_endogenous = targets.shape[1]
    for position, name in enumerate(table.index):
        target = targets[:, position]
        fitted = project(instruments, target)
        share = fitted @ fitted / (target @ target)
        f = share / (1.0 - share) * free / n_excluded
        row = table.loc[name]
        assert row["partial_r2"] == pytest.approx(share, rel=SAME_ALGEBRA)
        assert row["f"] == pytest.approx(f, rel=SAME_ALGEBRA)
        assert row["p_value"] == pytest.approx(stats.f.sf(f, n_excluded, free), rel=STATISTIC)
        others = np.delete(targets, position, axis=1)
        conditional = target
        if others.shape[1]:
            hats = project(instruments, others)
            conditional = target - others @ np.linalg.lstsq(hats, target, rcond=None)[0]
        fitted = project(instruments, conditional)
        gap = conditional - fitted
        assert row["conditional_f"] == pytest.approx(
            fitted @ fitted / (gap @ gap) * free / (n_excluded - n_endogenous + 1),
            rel=SAME_ALGEBRA,
        )
        assert (row["df"], row["conditional_df"]) == (n_excluded, n_excluded - n_endogenous + 1)


@pytest.mark.parametrize("model", MODELS)
def test_cragg_donald_is_the_smallest_root_and_equals_kleibergen_paap_unadjusted(model):
    frame, weights = instrumented_problem()
    targets, instruments, n_base = partialled(frame, weights, model)
    fitted = project(instruments, targets)
    gap = targets - fitted
    n, n_excluded = instruments.shape
    roots = np.linalg.eigvals(np.linalg.solve(gap.T @ gap, fitted.T @ fitted)).real
    expected = (n - n_base - n_excluded) / n_excluded * roots.min()
    rank = build(frame, weights, model=model).fit("unadjusted").rank_test()
    assert rank.cragg_donald_f == pytest.approx(expected, rel=STATISTIC)
    assert rank.kleibergen_paap_f == pytest.approx(expected, rel=STATISTIC)
    assert rank.df == n_excluded - targets.shape[1] + 1


@pytest.mark.parametrize("cov_type", ["robust", "clustered", "kernel"])
def test_kleibergen_paap_of_one_regressor_is_its_first_stage_f(cov_type):
    frame, weights = instrumented_problem()
    result = build(frame, weights, model="ols").fit(cov_type)
    first = result.first_stage.loc["e"]
    assert result.rank_test().kleibergen_paap_f == pytest.approx(first["f"], rel=SAME_ALGEBRA)
    assert first["conditional_f"] == pytest.approx(first["f"], rel=SAME_ALGEBRA)
    assert first["df_denominator"] == (19 if cov_type == "clustered" else 120 - 25 - 4)


def test_kleibergen_paap_does_not_depend_on_the_scale_or_mix_of_the_regressors():
    frame, weights = instrumented_problem()
    mixed = frame.assign(e=5.0 * frame["e"] + 3.0 * frame["a"])
    ranks = [build(each, weights, model="slx").fit("clustered").rank_test()
             for each in (frame, mixed)]  # fmt: skip
    assert ranks[1].kleibergen_paap == pytest.approx(ranks[0].kleibergen_paap, rel=STATISTIC)


def test_endogeneity_test_is_the_added_residual():
    frame, weights = instrumented_problem()
    y, d, h, _ = explicit(frame, weights, "ols", True, True)
    residual = d[:, [2]] - project(h, d[:, [2]])
    augmented = np.hstack([residual, d])
    coefficients = np.linalg.lstsq(augmented, y, rcond=None)[0]
    e = y - augmented @ coefficients
    bread = np.linalg.inv(augmented.T @ augmented)
    meat = (augmented * e[:, None]).T @ (augmented * e[:, None])
    n, free = augmented.shape[0], augmented.shape[0] - augmented.shape[1]
    variance = n / free * (bread @ meat @ bread)[0, 0]
    tests = build(frame, weights, model="ols").fit("robust").diagnostics
    ours = next(test for test in tests if test.name == "Durbin-Wu-Hausman")
    assert ours.statistic == pytest.approx(coefficients[0] ** 2 / variance, rel=SAME_ALGEBRA)
    assert ours.df == 1


def test_anderson_rubin_of_all_coefficients_by_definition():
    frame, weights = instrumented_problem()
    y, d, h, _ = explicit(frame, weights, "sar", True, True)
    e = y - 0.5 * d[:, 2] - 0.2 * d[:, 3]
    base = np.hstack([d[:, :2], d[:, 4:]])
    e = e - project(base, e)
    fitted = project(h, e)
    result = build(frame, weights, model="sar").fit("unadjusted")
    test = result.anderson_rubin({"e": 0.5, "rho": 0.2})
    free = len(y) - 25
    assert test.statistic == pytest.approx(free * (fitted @ fitted) / (e @ e), rel=SAME_ALGEBRA)
    assert test.df == 10
    assert test.note == ""
    default = result.anderson_rubin()
    assert (default.null, default.df) == ("e = 0", 9)
    assert "rho estimated" in default.note
    with pytest.raises(SpecificationError, match="a is named; the endogenous"):
        result.anderson_rubin({"a": 0.0})
    with pytest.raises(SpecificationError, match="nothing is named"):
        result.anderson_rubin({})


def test_anderson_rubin_is_zero_at_the_exactly_identified_estimate():
    frame, weights = instrumented_problem()
    result = build(frame, weights, instruments=frame[["z1"]], model="ols").fit()
    assert result.diagnostics[0].name == "Kleibergen-Paap rk Wald"
    assert result.anderson_rubin({"e": result.params["e"]}).statistic < 1e-20
    assert result.anderson_rubin({"e": result.params["e"] + 0.5}).statistic > 1.0


def test_anderson_rubin_has_its_size_where_the_instrument_is_irrelevant():
    """600 samples of 12 units and 5 periods, nominal 5 %: three Monte Carlo errors are 2.7 %.

    Without the factor of the dummies 10 % are rejected.
    """
    rng = np.random.default_rng(5)
    scheme = EffectScheme(True, True, False)
    dependence = MomentDependence("unadjusted", 12, 5, scheme, 0)
    rejected = 0
    for _ in range(600):
        error, z = (
            within_transform(
                rng.standard_normal((5, 12)), entity_effects=True, time_effects=True
            ).reshape(-1, 1)
            for _ in range(2)
        )
        problem = InstrumentedProblem(
            y=error[:, 0],
            regressors=np.empty((60, 0)),
            endogenous=np.empty(0, dtype=bool),
            included=np.empty((60, 0)),
            excluded=z / np.linalg.norm(z),
        )
        rejected += stats.chi2.sf(calc_overidentification(problem, dependence), 1) < 0.05
    assert 0.023 <= rejected / 600 <= 0.077


@pytest.mark.parametrize("model", MODELS)
def test_effects_and_their_delta_errors_by_finite_differences(model):
    frame, weights = instrumented_problem()
    result = build(frame, weights, model=model).fit()
    matrix = weights[1].toarray()
    identity = np.eye(len(matrix))

    def effects_of(parameters):
        values = pd.Series(parameters, index=result.param_names)
        rows = []
        for name in ("a", "b", "e"):
            s = np.linalg.solve(
                identity - values.get("rho", 0.0) * matrix,
                values[name] * identity + values.get(f"W.{name}", 0.0) * matrix,
            )
            direct, total = np.trace(s) / len(s), s.sum() / len(s)
            rows += [direct, total - direct, total]
        return np.array(rows)

    point = result.params.to_numpy()
    effects = result.effects()
    np.testing.assert_allclose(effects.estimates.ravel(), effects_of(point), atol=SAME_ALGEBRA)
    steps = 1e-6 * np.eye(point.size)
    jacobian = np.column_stack(
        [(effects_of(point + step) - effects_of(point - step)) / 2e-6 for step in steps]
    )
    covariance = jacobian @ result.cov.to_numpy() @ jacobian.T
    np.testing.assert_allclose(effects.covariance, covariance, atol=FINITE_DIFFERENCES)
    assert list(effects.tidy().columns) == list(TIDY_COLUMNS)


def test_effects_of_many_units_need_no_eigenvalues():
    """450 units are beyond the limit of dense eigenvalues; the dense inverse is the reference."""
    frame, weights = instrumented_problem(450, 4)
    result = build(frame, weights, model="sar").fit()
    assert result.spectrum.eigenvalues is None
    inverse = np.linalg.inv(np.eye(450) - result.rho * weights[1].toarray())
    effects = result.effects()
    np.testing.assert_allclose(
        effects.direct, np.trace(inverse) / 450 * result.params[["a", "b", "e"]], rtol=SAME_ALGEBRA
    )
    np.testing.assert_allclose(
        effects.total, inverse.sum() / 450 * result.params[["a", "b", "e"]], rtol=SAME_ALGEBRA
    )


def test_simulated_effects_are_near_the_delta_ones_and_reproducible():
    frame, weights = instrumented_problem(60, 8)
    result = build(frame, weights, model="sar").fit()
    # Effects are linear in so small a neighbourhood, where the delta method is exact.
    estimate = replace(result.estimate, covariance=1e-4 * result.estimate.covariance)
    result = replace(result, estimate=estimate)
    simulated = result.effects("simulation", draws=4000, seed=1)
    # 4000 draws leave a Monte Carlo error of about 1 % in a standard error.
    np.testing.assert_allclose(simulated.std_errors, result.effects().std_errors, rtol=0.05)
    again = result.effects("simulation", draws=4000, seed=1)
    np.testing.assert_array_equal(simulated.draws, again.draws)
    with pytest.raises(SpecificationError, match="at least 2 draws"):
        result.effects("simulation", draws=1)
    with pytest.raises(SpecificationError, match="inference"):
        result.effects("bootstrap")


def test_rho_between_a_safe_bound_and_the_edge_is_admissible():
    """Large weights have a bound on the safe side first; the edge is found when ρ is beyond it."""
    frame, weights = instrumented_problem()
    panel = build(frame, weights)
    found = panel.fit()
    edge, upper = panel.spectrum.lower, panel.spectrum.upper
    panel._spectrum = replace(panel.spectrum, lower=found.rho + 0.01, lower_is_safe=True)
    again = panel.fit()
    assert again.admissible
    assert (again.spectrum.lower, again.spectrum.upper) == pytest.approx(
        (edge, upper), rel=SAME_ALGEBRA
    )


def test_inadmissible_rho_warns_and_refuses_effects():
    frame, weights = instrumented_problem()
    right = (frame["a"] + 0.01 * frame["b"]).to_numpy().reshape(6, 20)
    beyond = np.linalg.inv(np.eye(20) - 1.5 * weights[1].toarray())
    noise = np.random.default_rng(0).standard_normal((6, 20))
    explosive = frame.assign(y=((right + 0.01 * noise) @ beyond.T).ravel())
    panel = build(explosive, weights, model="sar", endog=None, instruments=None)
    with pytest.warns(InadmissibleEstimateWarning, match="outside of the admissible interval"):
        result = panel.fit()
    assert not result.admissible
    assert np.isfinite(result.std_errors).all()
    assert "no effects" in result.summary
    with pytest.raises(BoundaryError, match="no effects"):
        result.effects()


def test_few_admissible_draws_are_refused():
    frame, weights = instrumented_problem()
    result = build(frame, weights, model="sar").fit()
    wide = result.estimate.covariance.copy()
    wide[-1, -1] = 1e12
    spread = replace(result, estimate=replace(result.estimate, covariance=wide))
    with pytest.raises(BoundaryError, match="draws of rho are outside"):
        spread.effects("simulation", draws=3, seed=0)


def test_heteroskedastic_truth_is_recovered_and_least_squares_is_not():
    frame, weights = instrumented_problem(150, 12, seed=12)
    result = build(frame, weights).fit("clustered")
    truth = {"a": 1.0, "b": -0.5, "e": 0.7, "W.a": 0.3, "W.b": 0.2, "W.e": 0.4, "rho": 0.4}
    # Seven estimates within 3.5 standard errors: missed with probability 0.3 %.
    for name, value in truth.items():
        assert abs(result.params[name] - value) < 3.5 * result.std_errors[name]
    assert result.std_errors.max() < 0.2
    naive = SpatialPanel(frame["y"], frame[["a", "b", "e"]], weights).fit()
    assert abs(naive.params["e"] - 0.7) > 10.0 * naive.std_errors["e"]
    tests = {test.name: test.p_value for test in result.diagnostics}
    assert tests["Hansen J"] > 0.001
    assert tests["Durbin-Wu-Hausman"] < 1e-6
    assert tests["Anderson-Rubin"] < 1e-6


def test_invalid_instrument_is_found():
    frame, weights = instrumented_problem(100, 8)
    frame = frame.assign(z3=frame["y"] + frame["z1"])
    result = build(frame, weights, instruments=frame[["z1", "z2", "z3"]], model="ols").fit()
    assert result.diagnostics[0].p_value < 1e-6


@pytest.mark.parametrize("entity_effects", [True, False])
@pytest.mark.parametrize("time_effects", [True, False])
def test_error_parameter_is_the_minimum_of_the_moments(entity_effects, time_effects):
    """Dense moments of transformed errors, by a search over λ and σ²."""
    n_units, n_periods = 15, 6
    matrix = ring_weights(n_units, standardised=time_effects)
    rng = np.random.default_rng(2)
    f_time = complement(n_periods) if entity_effects else np.eye(n_periods)
    f_space = complement(n_units) if time_effects else np.eye(n_units)
    innovations = rng.standard_normal((n_periods, n_units))
    u = innovations @ np.linalg.inv(np.eye(n_units) - 0.5 * matrix).T
    star, m = f_time.T @ u @ f_space, f_space.T @ matrix @ f_space
    demeaned = f_time @ star @ f_space.T

    def objective(parameters):
        e = star - parameters[0] * star @ m.T
        lag = e @ m.T
        size, units = star.size, len(m)
        gaps = [
            (e * e).sum() / size - parameters[1],
            (lag * lag).sum() / size - parameters[1] * np.trace(m.T @ m) / units,
            (e * lag).sum() / size - parameters[1] * np.trace(m) / units,
        ]
        return float(np.sum(np.square(gaps)))

    found = min(
        (
            optimize.minimize(objective, start, method="Nelder-Mead",
                              options={"xatol": 1e-10, "fatol": 1e-16, "maxiter": 4000})
            for start in ([0.0, 1.0], [0.6, 1.0])
        ),
        key=lambda result: result.fun,
    )  # fmt: skip
    scheme = EffectScheme(entity_effects, time_effects, transformed=True)
    lam, sigma2 = estimate_error_parameter(demeaned, sparse.csr_array(matrix), scheme, (-2.0, 1.0))
    np.testing.assert_allclose([lam, sigma2], found.x, atol=BOUNDED_SEARCH)


def test_error_parameter_is_the_lowest_of_two_minima():
    """One cross-section of 12 units whose sum of squared gaps has two valleys."""
    matrix = ring_weights(12)
    rng = np.random.default_rng(11)
    u = rng.standard_normal(12) @ np.linalg.inv(np.eye(12) - rng.uniform(-3.0, 3.0) * matrix).T
    trace = np.sum(matrix**2) / 12

    def concentrated(lam):
        e = u - lam * matrix @ u
        moments = np.array([e @ e, (matrix @ e) @ (matrix @ e), e @ (matrix @ e)]) / 12
        loading = np.array([1.0, trace, 0.0])
        gaps = moments - loading * (loading @ moments) / (loading @ loading)
        return float(gaps @ gaps)

    grid = np.linspace(-5.0, 5.0, 20001)
    values = np.array([concentrated(lam) for lam in grid])
    turning = (values[1:-1] < values[:-2]) & (values[1:-1] < values[2:])
    assert turning.sum() == 2
    scheme = EffectScheme(False, False, transformed=True)
    lam, _ = estimate_error_parameter(u[None, :], sparse.csr_array(matrix), scheme, (-5.0, 5.0))
    assert lam == pytest.approx(grid[values.argmin()], abs=grid[1] - grid[0])


def test_error_parameter_without_a_minimum_is_refused():
    rng = np.random.default_rng(2)
    matrix = sparse.csr_array(ring_weights(15))
    scheme = EffectScheme(True, True, transformed=True)
    u = rng.standard_normal((6, 15))
    u = u - u.mean(axis=0)
    with pytest.raises(BoundaryError, match="no solution for lambda"):
        estimate_error_parameter(u - u.mean(axis=1, keepdims=True), matrix, scheme, (0.9, 1.0))


def correlated_problem(lam, n_units=120, n_periods=10, seed=4):
    """SAR with errors correlated over other weights."""
    rng = np.random.default_rng(seed)
    w, m = ring_weights(n_units), ring_weights(n_units, seed=77)
    m = np.roll(np.roll(m, 3, axis=0), 3, axis=1)
    x = rng.standard_normal((n_periods, n_units, 2))
    errors = rng.standard_normal((n_periods, n_units)) @ np.linalg.inv(np.eye(n_units) - lam * m).T
    y = simulate(
        sparse.csr_array(w), x, errors, beta=np.array([1.0, -1.0]), rho=0.4,
        mu=rng.standard_normal(n_units), xi=rng.standard_normal(n_periods),
    )  # fmt: skip
    index = pd.MultiIndex.from_product([range(n_periods), range(n_units)]).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["a", "b"])
    ids = range(n_units)
    return (
        pd.Series(y.ravel(), index, name="y"), exog,
        (ids, sparse.csr_array(w)), (ids, sparse.csr_array(m)),
    )  # fmt: skip


def test_correlated_errors_are_recovered_and_filtering_pays():
    y, exog, weights, error_weights = correlated_problem(0.6)
    plain = SpatialIVPanel(y, exog, weights, model="sar").fit()
    result = SpatialIVPanel(y, exog, weights, model="sar", error_weights=error_weights).fit()
    # s.e. of λ is about 0.03 at this size, of σ² 0.045.
    assert result.lam == pytest.approx(0.6, abs=0.1)
    assert result.innovation_variance == pytest.approx(1.0, abs=0.15)
    for name, value in {"a": 1.0, "b": -1.0, "rho": 0.4}.items():
        assert abs(result.params[name] - value) < 3.5 * result.std_errors[name]
        assert result.std_errors[name] < plain.std_errors[name]
    assert list(result.params.index) == ["a", "b", "rho", "lambda"]
    assert np.isnan(result.std_errors["lambda"])
    assert "lambda by moments" in result.summary
    row = result.tidy().set_index("quantity").loc["lambda"]
    assert row["estimate"] == result.lam
    assert result.effects().params.shape == (2, 3)


def test_filtered_step_equals_explicit_dummies():
    y, exog, weights, error_weights = correlated_problem(0.3, 25, 6)
    result = SpatialIVPanel(y, exog, weights, model="sar", error_weights=error_weights).fit()
    w, m = weights[1].toarray(), error_weights[1].toarray()
    n_units, n_periods = len(w), len(y) // len(w)
    d = dummies(n_units, n_periods, True, True)

    def lag(matrix, values):
        stacked = values.reshape(n_periods, n_units, -1)
        return np.einsum("ij,tjk->tik", matrix, stacked).reshape(len(values), -1)

    x, raw_y = exog.to_numpy(), y.to_numpy()[:, None]
    regressors = np.hstack([x, lag(w, raw_y)])
    filtered, target = (v - result.lam * lag(m, v) for v in (regressors, raw_y))
    h = np.hstack([filtered[:, :2], x, lag(w, x), lag(w, lag(w, x)), d])
    projected = project(h, np.hstack([filtered, d]))
    expected = np.linalg.lstsq(projected, target[:, 0], rcond=None)[0][:3]
    np.testing.assert_allclose(result.estimate.coefficients, expected, atol=SAME_ALGEBRA)


def test_error_weights_with_time_effects_need_equal_row_sums():
    y, exog, weights, _ = correlated_problem(0.0, 40, 6)
    uneven = (weights[0], sparse.csr_array(ring_weights(40, standardised=False)))
    with pytest.raises(RowSumsError, match="error_weights"):
        SpatialIVPanel(y, exog, weights, model="sar", error_weights=uneven)
    result = SpatialIVPanel(
        y, exog, weights, model="sar", error_weights=uneven, time_effects=False
    ).fit()
    spectrum = analyse_weights(uneven[1])
    assert spectrum.lower < result.lam < spectrum.upper


def test_faults_of_error_weights_are_said_to_be_theirs():
    y, exog, weights, _ = correlated_problem(0.0, 10, 5)
    looped = sparse.csr_array(ring_weights(10) + np.eye(10))
    with pytest.raises(WeightsDiagonalError, match=r"^error_weights: "):
        SpatialIVPanel(y, exog, weights, model="sar", error_weights=(weights[0], looped))


def test_weights_with_unequal_row_sums_are_allowed():
    matrix = ring_weights(20, standardised=False)
    frame, weights = instrumented_problem(weights=matrix, rho=0.2)
    y, d, h, k = explicit(frame, weights, "sar", True, True)
    expected = np.linalg.lstsq(project(h, d), y, rcond=None)[0][:k]
    result = build(frame, weights, model="sar").fit()
    np.testing.assert_allclose(result.params, expected, atol=SAME_ALGEBRA)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda f: {"model": "sem"}, SpecificationError, "model must be one of"),
        (lambda f: {"model": "sar", "durbin": ["a"]}, SpecificationError, "no lagged regressors"),
        (lambda f: {"lag_order": 0}, SpecificationError, "lag_order"),
        (lambda f: {"endog": f[["a"]]}, SpecificationError, "'a' is in exog and in endog"),
        (lambda f: {"instruments": f[["e"]]}, SpecificationError, "'e' is in endog and in instr"),
        (lambda f: {"endog": [1.0]}, SpecificationError, "endog must be a pandas DataFrame"),
        (lambda f: {"instruments": None, "model": "ols"}, UnderidentifiedError,
         r"1 endogenous regressors \(e;"),
        (lambda f: {"instruments": f[["z1"]], "lag_instruments": False, "lag_order": 1,
                    "durbin": ["e"], "model": "slx"}, UnderidentifiedError, r"e, W\.e"),
        (lambda f: {"model": "ols", "endog": None}, SpecificationError, "no endogenous regressor"),
        (lambda f: {"endog": f[["e"]].iloc[:-1]}, PanelIndexError, "exog and endog have diff"),
        (lambda f: {"endog": pd.concat([f[["e"]], f[["e"]].iloc[:1]])}, PanelIndexError,
         "several rows"),
        (lambda f: {"instruments": f[["z1"]].where(f["z1"] > 0)}, MissingValueError, "missing"),
        (lambda f: {"instruments": f[["z1"]].rename(columns={"z1": "W2.a"})}, SpecificationError,
         r"names W2\.a stand for"),
        (lambda f: {"lag_order": 40}, PanelSizeError, None),
    ],
)  # fmt: skip
def test_what_is_refused(change, error, message):
    frame, weights = instrumented_problem(6, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DroppedInstrumentWarning)
        with pytest.raises(error, match=message):
            build(frame, weights, **change(frame))


def test_instruments_that_explain_too_little_are_refused():
    """Two instruments, two endogenous regressors, but one regressor is pure noise to both."""
    frame, weights = instrumented_problem()
    base = explicit(frame, weights, "ols", True, True)
    h = base[2]
    noise = np.random.default_rng(0).standard_normal(len(frame))
    frame = frame.assign(unrelated=noise - project(h, noise))
    with pytest.raises(UnderidentifiedError, match="explain 1 independent"):
        build(frame, weights, endog=frame[["e", "unrelated"]], model="ols")


def test_a_panel_without_exogenous_regressors():
    frame, weights = instrumented_problem()
    result = SpatialIVPanel(
        frame["y"], None, weights, endog=frame["e"], instruments=frame[["z1", "z2"]], model="sar"
    ).fit()
    assert list(result.params.index) == ["e", "rho"]
    with pytest.raises(SpecificationError, match="needs a regressor"):
        SpatialIVPanel(frame["y"], None, weights, model="sar")


def test_fit_options_are_checked():
    frame, weights = instrumented_problem()
    panel = build(frame, weights)
    for options in ({"cov_type": "oim"}, {"method": "liml"}, {"bandwidth": 2}):
        with pytest.raises(SpecificationError):
            panel.fit(**options)
    with pytest.raises(SpecificationError, match="bandwidth must be from 0 to T - 1 = 5"):
        panel.fit("kernel", bandwidth=6)
    with pytest.raises(PanelSizeError, match="inverse of the covariance of 14 moments"):
        panel.fit("driscoll_kraay", "gmm")


def test_singular_moment_covariance_is_said_not_hidden():
    frame, weights = instrumented_problem()
    result = build(frame, weights).fit("driscoll_kraay")
    j = result.diagnostics[0]
    assert np.isnan(j.statistic)
    assert np.isnan(j.p_value)
    assert "not defined" in j.note


def test_kernel_without_lags_is_robust():
    frame, weights = instrumented_problem()
    panel = build(frame, weights)
    np.testing.assert_allclose(
        panel.fit("kernel", bandwidth=0).std_errors, panel.fit("robust").std_errors, rtol=ROUNDING
    )
    assert panel.fit("kernel").dependence.bandwidth == 2
    assert "kernel, 2 lags" in panel.fit("kernel").summary


def test_tables():
    frame, weights = instrumented_problem()
    result = build(frame, weights).fit("clustered")
    table = result.tidy()
    assert list(table.columns) == list(TIDY_COLUMNS)
    assert list(table["quantity"][:7]) == ["coef"] * 6 + ["rho"]
    assert set(table["quantity"][7:]) == {"sigma2", "r2", "residual_ar1"}
    np.testing.assert_allclose(table["estimate"][:7], result.params)
    half = stats.norm.ppf(0.95) * result.std_errors
    interval = result.conf_int(0.9)
    np.testing.assert_allclose(interval["upper"] - result.params, half, rtol=ROUNDING)
    np.testing.assert_allclose(
        result.pvalues, 2.0 * stats.norm.sf(np.abs(result.tstats)), rtol=PERMUTED
    )
    for text in (result.summary, result._repr_html_()):
        for part in ("Hansen J", "Kleibergen-Paap", "W2.z1", "clustered", "conditional_f"):
            assert part in text
    assert "rho=" in repr(result)
    assert (result.n_units, result.n_periods, result.nobs) == (20, 6, 120)
    assert result.df_resid == 120 - 25 - 7
    assert result.r2_within == pytest.approx(
        1.0 - (result.resids**2).sum() / (result.problem.y**2).sum()
    )


def test_wald_test_by_name():
    frame, weights = instrumented_problem()
    result = build(frame, weights).fit("clustered")
    test = result.wald_test("W.e = 0")
    assert test.statistic == pytest.approx(result.tstats["W.e"] ** 2, rel=PERMUTED)
    with pytest.raises(RestrictionError):
        result.wald_test("lambda = 0")


def test_without_effects_an_intercept_is_added_and_not_lagged():
    frame, weights = instrumented_problem()
    panel = build(frame, weights, entity_effects=False, time_effects=False)
    result = panel.fit()
    assert result.params.index[0] == "const"
    assert not any("const" in name for name in panel.instrument_names)
    centred = frame["y"] - frame["y"].mean()
    assert result.r2_within == pytest.approx(1 - (result.resids**2).sum() / (centred**2).sum())


def test_all_models_with_all_covariances_give_positive_variances():
    frame, weights = instrumented_problem(*(30, 8))
    for model, cov_type in itertools.product(MODELS, COVARIANCES):
        result = build(frame, weights, model=model).fit(cov_type)
        assert (result.std_errors > 0.0).all()


def test_reference_problem_is_the_shared_one():
    """The helper of the other tests and this class agree on index, units and weights."""
    dependent, exog, weights = make_problem()
    result = SpatialIVPanel(dependent, exog, weights, model="sar").fit()
    assert result.resids.index.equals(dependent.index)


@pytest.mark.parametrize("method", ["2sls", "gmm"])
def test_units_of_measurement_scale_the_estimates(method):
    """Outcomes in units of 1e-12: slopes and their errors scale, rho stays."""
    frame, weights = instrumented_problem()
    plain = build(frame, weights).fit(method=method)
    scaled = build(frame.assign(y=1e12 * frame["y"]), weights).fit(method=method)
    assert scaled.rho == pytest.approx(plain.rho, rel=1e-8)
    slopes = [name for name in plain.params.index if name not in {"rho", "sigma2"}]
    np.testing.assert_allclose(scaled.params[slopes], 1e12 * plain.params[slopes], rtol=1e-7)
    np.testing.assert_allclose(
        scaled.std_errors[slopes], 1e12 * plain.std_errors[slopes], rtol=1e-6
    )


def test_constant_outcome_is_refused():
    frame, weights = instrumented_problem()
    with pytest.raises(PanelSizeError, match="'y' does not vary once unit and time effects are"):
        build(frame.assign(y=1.0), weights)
