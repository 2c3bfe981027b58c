"""Covariances of the estimates against definitions written with stacked matrices."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import EFFECTS, make_problem, other_weights, projection, ring_weights

from yrb_carbon.spatialpanel import (
    FlatLikelihoodWarning,
    IndefiniteCovarianceWarning,
    MultipleModesWarning,
    SingularInformationError,
    SpatialPanel,
    SpecificationError,
    UniformWeightsError,
)
from yrb_carbon.spatialpanel.score import (
    ClusteredScore,
    QmlScore,
    SerialScore,
    calc_cross_clustered_meat,
    calc_cross_qml_meat,
    calc_cross_serial_meat,
    calc_information,
    estimate_time_covariance,
    unbiased_squared_trace,
)

SAME_ALGEBRA = 1e-9
# Second differences of a log-likelihood of some hundred with steps of 1e-4 relative to a
# parameter's standard error leave about five digits.
SECOND_DIFFERENCE = 2e-4
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac")
ROBUST = ("hessian", "qml", "serial", "clustered")


def calc_serial_meat(parts, effective_units, diagonals=None):
    score = SerialScore.of(parts, effective_units, diagonals)
    return calc_cross_serial_meat(score, score, parts.quadratic)


def make_panel(model="sdm", entity=True, time=True, n_units=12, n_periods=6, **options):
    dependent, exog, weights = make_problem(n_units, n_periods, **options)
    error = (weights[0], sparse.csr_array(other_weights(n_units))) if model == "sac" else None
    return SpatialPanel(
        dependent,
        exog,
        weights,
        model=model,
        entity_effects=entity,
        time_effects=time,
        error_weights=error,
    )


def stacked_quadratics(panel, result):
    """Symmetric NT x NT matrices of the quadratic forms of ρ, λ, σ², by Kronecker products."""
    scheme = result.specification.scheme
    q = projection(panel.arrays.n_periods, scheme.entity_effects)
    units = projection(panel.arrays.n_units, scheme.time_effects)
    matrices = panel.quadratic_matrices(result.estimate, scheme)
    matrices = [*matrices, units / (2.0 * result.sigma2)]
    return [np.kron(q, (m + m.T) / 2.0) for m in matrices]


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize("estimator", ["transform", "direct"])
@pytest.mark.parametrize("model", MODELS)
def test_hessian_is_the_curvature_of_the_likelihood(model, estimator, entity, time):
    panel = make_panel(model, entity, time)
    result = panel.fit(estimator, cov_type="hessian")
    theta = result.params.to_numpy()
    scheme = result.specification.scheme
    steps = 1e-2 * result.std_errors.to_numpy()
    size = theta.size
    numerical = np.empty((size, size))

    def loglik(shift):
        return panel._evaluate(theta + shift, scheme).loglik

    for i in range(size):
        for j in range(size):
            a, b = steps[i] * (np.arange(size) == i), steps[j] * (np.arange(size) == j)
            numerical[i, j] = -(loglik(a + b) - loglik(a - b) - loglik(b - a) + loglik(-a - b)) / (
                4.0 * steps[i] * steps[j]
            )
    scale = np.outer(steps, steps) * 1e4
    np.testing.assert_allclose(
        np.linalg.inv(result.covariance) * scale, numerical * scale, atol=SECOND_DIFFERENCE
    )


@pytest.mark.parametrize("model", ["sar", "sdm", "sac"])
def test_serial_meat_is_the_covariance_of_the_stacked_score(model):
    """Cov of b'ε + ε'Kε for ε ~ N(0, Σ ⊗ I): b_a'Ωb_b + 2 tr(K_aΩK_bΩ), and the excess."""
    panel = make_panel(model)
    result = panel.fit()
    scheme = result.specification.scheme
    parts = panel.score_parts(result.estimate, scheme)
    n_units = parts.residuals.shape[1]
    over_time = estimate_time_covariance(parts.linear, parts.residuals, n_units - 1)
    omega = np.kron(over_time, projection(n_units, True))
    linear = parts.linear.reshape(-1, parts.linear.shape[2])
    squared = unbiased_squared_trace(over_time, n_units - 1)
    sums = (parts.residuals**2).sum(axis=0) * n_units / (n_units - 1)
    excess = sums.var(ddof=1) - 2.0 * squared
    matrices = panel.quadratic_matrices(result.estimate, scheme)
    own = np.array([np.diag(m) for m in matrices])
    of_variance = np.full(n_units, (1.0 - 1.0 / n_units) / (2.0 * result.sigma2))
    # The identity less its mean has N-1 eigenvalues, which stand for N-1 units of one half 1/σ².
    diagonals = [*own, of_variance * np.sqrt(n_units / (n_units - 1))]
    # What remains of the estimated tr(Σ̂²) once its upward bias is taken off.
    shrunk = squared / float((over_time**2).sum())
    expected = np.zeros((parts.size, parts.size))
    k = linear.shape[1]
    expected[:k, :k] = linear.T @ omega @ linear
    quadratics = stacked_quadratics(panel, result)
    first = parts.size - len(quadratics)
    for i, left in enumerate(quadratics):
        for j, right in enumerate(quadratics):
            expected[first + i, first + j] += shrunk * 2.0 * np.trace(left @ omega @ right @ omega)
    for i in range(len(own)):
        for j in range(len(own)):
            expected[first + i, first + j] += excess * diagonals[i] @ diagonals[j]
        cross = excess * own[i].sum() / (2.0 * result.sigma2)
        expected[first + i, -1] += cross
        expected[-1, first + i] += cross
    expected[-1, -1] += excess * diagonals[-1] @ diagonals[-1]
    meat = calc_serial_meat(parts, n_units - 1, own.T) * result.sigma2**2
    np.testing.assert_allclose(meat, expected, rtol=1e-8, atol=1e-8)
    # Even diagonals change nothing but the products of the spatial parameters.
    even = calc_serial_meat(parts, n_units - 1) * result.sigma2**2
    np.testing.assert_allclose(even[-1], expected[-1], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(even[: first - 1], expected[: first - 1], rtol=1e-8, atol=1e-8)


def test_serial_meat_is_the_information_when_errors_are_not_correlated(monkeypatch):
    import yrb_carbon.spatialpanel.score as score

    panel = make_panel("sdm")
    result = panel.fit()
    parts = panel.score_parts(result.estimate, result.specification.scheme)
    white = result.sigma2 * projection(6, True)
    monkeypatch.setattr(score, "estimate_cross_covariance", lambda *_: white)
    monkeypatch.setattr(score, "unbiased_squared_norm", lambda s, *_: float((s**2).sum()))
    monkeypatch.setattr(score, "estimate_excess", lambda *_: 0.0)
    np.testing.assert_allclose(
        calc_serial_meat(parts, 11), calc_information(parts), rtol=SAME_ALGEBRA, atol=1e-7
    )


@pytest.mark.slow
def test_time_covariance_is_unbiased_after_regression():
    """Mean over draws of the corrected estimate, against the truth; uncorrected it is too small."""
    rng = np.random.default_rng(8)
    n_periods, n_units, draws = 5, 14, 4000
    lags = np.abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
    truth = 0.8**lags
    factor = np.linalg.cholesky(truth)
    z = np.einsum("ts,snk->tnk", factor, rng.standard_normal((n_periods, n_units, 3)))
    flat = z.reshape(-1, 3)
    hat = flat @ np.linalg.solve(flat.T @ flat, flat.T)
    total, plain = np.zeros((n_periods, n_periods)), np.zeros((n_periods, n_periods))
    for _ in range(draws):
        errors = factor @ rng.standard_normal((n_periods, n_units))
        residuals = (errors.ravel() - hat @ errors.ravel()).reshape(n_periods, n_units)
        total += estimate_time_covariance(z, residuals, n_units) / draws
        plain += residuals @ residuals.T / n_units / draws
    # An entry has a standard deviation of about sqrt(2/14) a draw, .006 in the mean.
    np.testing.assert_allclose(total, truth, atol=0.025)
    assert np.abs(plain - truth).max() > 0.1


def test_squared_trace_is_unbiased_for_a_wishart():
    rng = np.random.default_rng(3)
    truth = 0.7 ** np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    factor, degrees, draws = np.linalg.cholesky(truth), 10, 4000
    values = []
    for _ in range(draws):
        sample = factor @ rng.standard_normal((6, degrees))
        values.append(unbiased_squared_trace(sample @ sample.T / degrees, degrees))
    expected = float((truth**2).sum())
    error = np.std(values) / np.sqrt(draws)
    assert abs(np.mean(values) - expected) < 4.0 * error
    assert error < 0.02 * expected


@pytest.mark.parametrize("model", ["slx", "sar", "sem", "sdm", "sac"])
def test_clustered_meat_is_the_sum_over_units_and_pairs(model):
    panel = make_panel(model)
    result = panel.fit()
    scheme = result.specification.scheme
    parts = panel.score_parts(result.estimate, scheme)
    matrices = panel.quadratic_matrices(result.estimate, scheme)
    e, n_units = parts.residuals, 12
    quadratics = [*matrices, np.eye(n_units) * (11 / 12) / (2.0 * result.sigma2)]
    first = parts.size - len(quadratics)
    mean = np.mean([e[:, i] @ e[:, i] for i in range(n_units)])
    expected = np.zeros((parts.size, parts.size))
    for i in range(n_units):
        own = np.zeros(parts.size)
        own[: parts.linear.shape[2]] = parts.linear[:, i].T @ e[:, i]
        for a, matrix in enumerate(quadratics):
            own[first + a] += matrix[i, i] * (e[:, i] @ e[:, i] - mean)
        expected += np.outer(own, own)
        for j in range(i):
            pair = np.zeros(parts.size)
            for a, matrix in enumerate(quadratics):
                pair[first + a] = (matrix[i, j] + matrix[j, i]) * (e[:, i] @ e[:, j])
            expected += np.outer(pair, pair)
    expected *= n_units / (n_units - 2.0) / result.sigma2**2
    score = ClusteredScore.of(parts, matrices, n_units - 1)
    np.testing.assert_allclose(
        calc_cross_clustered_meat(score, score), expected, rtol=1e-9, atol=1e-9
    )


def test_qml_meat_has_the_fourth_cumulant_of_the_errors():
    """Covariance of ε'Kε with independent errors: 2σ⁴tr(KK) + κ₄ Σ k_ii², skewness with b'ε."""
    panel = make_panel("sdm", entity=False, time=True)
    result = panel.fit()
    scheme = result.specification.scheme
    parts = panel.score_parts(result.estimate, scheme)
    rng = np.random.default_rng(1)
    skewed = rng.exponential(size=parts.residuals.shape) - 1.0
    parts = dataclasses.replace(parts, residuals=skewed - skewed.mean(axis=1, keepdims=True))
    matrices = panel.quadratic_matrices(result.estimate, scheme)
    score = QmlScore.of(parts, matrices, False, True)
    meat = calc_cross_qml_meat(score, score, parts.quadratic, parts.sigma2)
    # Undo the shrinkage of the moments by the projection J = I - 11'/N, by its own definition.
    j = projection(12, True)
    residuals = parts.residuals
    third = (residuals**3).mean() / (j**3).sum(axis=1)[0]
    fourth = ((residuals**4).mean() - 3.0 * (residuals**2).mean() ** 2) / (j**4).sum(axis=1)[0]
    quadratics = stacked_quadratics(panel, result)
    linear = parts.linear.reshape(-1, parts.linear.shape[2])
    expected = calc_information(parts) * parts.sigma2**2
    first = parts.size - len(quadratics)
    for a, left in enumerate(quadratics):
        for b, right in enumerate(quadratics):
            expected[first + a, first + b] += fourth * np.diag(left) @ np.diag(right)
        cross = third * linear.T @ np.diag(left)
        expected[: linear.shape[1], first + a] += cross
        expected[first + a, : linear.shape[1]] += cross
    np.testing.assert_allclose(meat * parts.sigma2**2, expected, rtol=1e-9, atol=1e-9)
    assert abs(third) > 0.1  # the case has what it tests
    assert fourth > 0.1


@pytest.mark.parametrize("cov_type", ROBUST)
@pytest.mark.parametrize("model", MODELS)
def test_covariance_changes_nothing_but_the_covariance(model, cov_type):
    panel = make_panel(model)
    plain, robust = panel.fit(), panel.fit(cov_type=cov_type)
    pd.testing.assert_series_equal(plain.params, robust.params)
    again = plain.with_covariance(cov_type)
    np.testing.assert_array_equal(again.covariance, robust.covariance)
    assert again.specification.cov_type == cov_type
    assert cov_type in robust.summary
    assert set(robust.tidy()["inference"]) == {cov_type, "none"}
    eigenvalues = np.linalg.eigvalsh(robust.covariance)
    assert eigenvalues.min() > -1e-12 * eigenvalues.max()
    if cov_type in {"serial", "clustered"}:
        slopes = slice(0, len(panel.arrays.names))
        assert not np.allclose(
            robust.covariance[slopes, slopes], plain.covariance[slopes, slopes], rtol=1e-3
        )
        assert not np.allclose(plain.effects().covariance, robust.effects().covariance, rtol=1e-3)


@pytest.mark.parametrize("cov_type", ROBUST)
def test_order_of_units_and_periods_changes_no_covariance(cov_type):
    dependent, exog, (units, matrix) = make_problem(12, 6)
    result = SpatialPanel(dependent, exog, (units, matrix)).fit(cov_type=cov_type)
    rng = np.random.default_rng(0)
    renamed = dict(zip(units, [f"v{k:02d}" for k in rng.permutation(12)], strict=True))

    def rename(data):
        moved = data.rename(index=renamed, level=0)
        return moved.sample(frac=1.0, random_state=3)

    names = [renamed[unit] for unit in units]
    permuted = SpatialPanel(rename(dependent), rename(exog)[["x2", "x1"]], (names, matrix)).fit(
        cov_type=cov_type
    )
    order = list(result.params.index)
    np.testing.assert_allclose(permuted.cov.loc[order, order], result.cov, rtol=0.0, atol=1e-10)


@pytest.mark.slow
def test_serial_errors_are_larger_under_persistent_errors():
    """AR(.9) errors and a persistent regressor: the truth is in the spread over samples."""
    rng = np.random.default_rng(6)
    n_units, n_periods = 30, 10
    w = ring_weights(n_units)

    def persistent():
        values = np.empty((n_periods, n_units))
        values[0] = rng.standard_normal(n_units)
        for t in range(1, n_periods):
            values[t] = 0.9 * values[t - 1] + np.sqrt(0.19) * rng.standard_normal(n_units)
        return values

    index = pd.MultiIndex.from_product([range(n_periods), range(n_units)]).swaplevel()
    x = persistent()
    inverse = np.linalg.inv(np.eye(n_units) - 0.4 * w)
    estimates, errors = [], {"oim": [], "serial": [], "clustered": []}
    for _ in range(150):
        y = (x + persistent()) @ inverse.T
        panel = SpatialPanel(
            pd.Series(y.ravel(), index),
            pd.DataFrame({"x": x.ravel()}, index),
            (range(n_units), sparse.csr_array(w)),
            model="sar",
        )
        result = panel.fit()
        estimates.append(result.params[["x", "rho"]])
        for cov_type, collected in errors.items():
            collected.append(result.with_covariance(cov_type).std_errors[["x", "rho"]])
    spread = np.std(estimates, axis=0)
    # A standard deviation of 150 draws errs by 6 %.
    np.testing.assert_allclose(np.mean(errors["serial"], axis=0), spread, rtol=0.2)
    np.testing.assert_allclose(np.mean(errors["clustered"], axis=0), spread, rtol=0.25)
    assert (np.mean(errors["oim"], axis=0) < 0.75 * spread).all()


def test_unknown_covariance_is_refused_with_the_known_ones():
    with pytest.raises(SpecificationError, match="cov_type must be one of oim, hessian, qml, seri"):
        make_panel().fit(cov_type="hac")


def test_dense_covariance_is_refused_for_many_units(monkeypatch):
    import yrb_carbon.spatialpanel.covariance as covariance
    import yrb_carbon.spatialpanel.model as model

    monkeypatch.setattr(model, "DENSE_MATRIX_LIMIT", 10)
    monkeypatch.setattr(covariance, "DIAGONAL_LIMIT", 10)
    panel = make_panel()
    with pytest.raises(SpecificationError, match="cov_type='clustered' needs dense matrices of 12"):
        panel.fit(cov_type="clustered")
    assert panel.fit(cov_type="serial").std_errors.notna().all()


def nearly_complete(spread):
    rng = np.random.default_rng(0)
    full = (np.ones((6, 6)) - np.eye(6)) * (1.0 + spread * rng.standard_normal((6, 6)))
    return [f"u0{i}" for i in range(6)], full / full.sum(axis=1, keepdims=True)


def test_flat_likelihood_is_told():
    """Nearly complete weights: Wy, period means removed, is nearly a multiple of y."""
    dependent, exog, _ = make_problem(6, 4, 1)
    panel = SpatialPanel(dependent, exog, nearly_complete(0.05), model="sar")
    with pytest.warns(FlatLikelihoodWarning, match="hardly depends on rho"):
        panel.fit()


@pytest.mark.parametrize(("model", "name"), [("sar", "rho"), ("sem", "lambda"), ("sac", "rho")])
def test_complete_weights_with_time_effects_are_refused(model, name):
    dependent, exog, _ = make_problem(6, 4, 1)
    with pytest.raises(UniformWeightsError, match=f"{name} is not identified"):
        SpatialPanel(dependent, exog, nearly_complete(0.0), model=model).fit()


def test_near_modes_are_told():
    rng = np.random.default_rng(12)
    n_units, n_periods = 16, 6
    w = ring_weights(n_units)
    identity = np.eye(n_units)
    a, b = np.linalg.inv(identity - 0.6 * w), np.linalg.inv(identity + 0.6 * w)
    index = pd.MultiIndex.from_product([range(n_periods), range(n_units)]).swaplevel()
    x = rng.standard_normal((n_periods, n_units))
    y = (0.02 * x + rng.standard_normal((n_periods, n_units)) @ b.T) @ a.T
    panel = SpatialPanel(
        pd.Series(y.ravel(), index),
        pd.DataFrame({"x": x.ravel()}, index),
        (range(n_units), sparse.csr_array(w)),
        model="sac",
    )
    with pytest.warns(MultipleModesWarning, match="other maxima of nearly the same height: rho = "):
        result = panel.fit()
    assert len(result.modes) >= 2


def test_singular_information_is_refused(monkeypatch):
    import yrb_carbon.spatialpanel.covariance as covariance

    panel = make_panel("sac")
    monkeypatch.setattr(
        covariance, "calc_information", lambda parts: np.ones((parts.size, parts.size))
    )
    with pytest.raises(SingularInformationError, match="the data do not identify every"):
        panel.fit()


@pytest.mark.slow
@pytest.mark.parametrize("cov_type", ["qml", "serial", "clustered"])
def test_errors_that_are_not_normal_are_allowed_for(cov_type):
    """Exponential errors: the variance of sigma2 is four times that of normal ones."""
    rng = np.random.default_rng(5)
    n_units, n_periods = 40, 8
    w = ring_weights(n_units)
    index = pd.MultiIndex.from_product([range(n_periods), range(n_units)]).swaplevel()
    x = rng.standard_normal((n_periods, n_units))
    inverse = np.linalg.inv(np.eye(n_units) - 0.4 * w)
    estimates, robust, plain = [], [], []
    for _ in range(200):
        y = (x + rng.exponential(size=x.shape) - 1.0) @ inverse.T
        panel = SpatialPanel(
            pd.Series(y.ravel(), index),
            pd.DataFrame({"x": x.ravel()}, index),
            (range(n_units), sparse.csr_array(w)),
            model="sar",
        )
        result = panel.fit()
        estimates.append(result.sigma2)
        plain.append(result.std_errors["sigma2"])
        robust.append(result.with_covariance(cov_type).std_errors["sigma2"])
    spread = np.std(estimates)
    # A standard deviation of 200 draws errs by 5 %, heavy tails more; estimated kurtosis is low.
    assert 0.75 * spread < np.mean(robust) < 1.2 * spread
    assert np.mean(plain) < 0.65 * spread


@pytest.mark.parametrize("cov_type", ["qml", "serial", "clustered"])
def test_two_periods_have_every_covariance(cov_type):
    result = make_panel(n_periods=2, n_units=14).fit(cov_type=cov_type)
    assert result.std_errors.notna().all()


@pytest.mark.parametrize("kind", ["pairs", "groups"])
def test_mean_of_wy_in_the_span_of_the_regressors_changes_no_digit(kind):
    """With equal groups W² lies in the span of I and W: h is a combination of X and WX."""
    size = 2 if kind == "pairs" else 6
    block = (np.ones((size, size)) - np.eye(size)) / (size - 1)
    w = np.kron(np.eye(24 // size), block)
    rng = np.random.default_rng(2)
    x = rng.standard_normal((6, 24, 2))
    y = (x @ [1.0, -0.5] + rng.standard_normal((6, 24))) @ np.linalg.inv(np.eye(24) - 0.3 * w).T
    plain = SpatialPanel.of_arrays(y, x, w).fit(cov_type="serial").std_errors
    scaled = SpatialPanel.of_arrays(3.0 * y, x, w).fit(cov_type="serial").std_errors
    np.testing.assert_allclose(scaled["x1"], 3.0 * plain["x1"], rtol=1e-9)
    np.testing.assert_allclose(scaled["rho"], plain["rho"], rtol=1e-9)


def test_negative_variances_are_told(monkeypatch):
    import yrb_carbon.spatialpanel.covariance as covariance

    monkeypatch.setattr(
        covariance, "calc_cross_serial_meat", lambda score, *_: -np.eye(score.parts.size)
    )
    with pytest.warns(IndefiniteCovarianceWarning, match="gives x1, x2, W.x1, W.x2, rho, sigma2 a"):
        result = make_panel().fit(cov_type="serial")
    assert result.std_errors.isna().all()


def test_corrected_estimates_without_a_maximum_have_no_hessian(monkeypatch):
    import yrb_carbon.spatialpanel.covariance as covariance

    monkeypatch.setattr(covariance, "calc_observed_information", lambda *_: -np.eye(6))
    with pytest.raises(SingularInformationError, match="no maximum of the likelihood"):
        make_panel().fit("direct_bc", cov_type="hessian")
