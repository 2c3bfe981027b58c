"""Dynamic spatial panel against dense matrices, finite differences, static fits and known truth."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, optimize, sparse
from spatial_reference import complement, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel, dynamic, dynamic_likelihood
from yrb_carbon.spatialpanel.dynamic import DynamicSpatialPanel, describe_stability
from yrb_carbon.spatialpanel.dynamic_likelihood import (
    calc_adjusted_jacobian,
    calc_dynamic_traces,
    calc_excess_variance,
    calc_qml_information,
    correct_dynamic_bias,
    fit_qml,
)
from yrb_carbon.spatialpanel.errors import (
    BoundaryError,
    BoundaryWarning,
    ConvergenceError,
    PanelSizeError,
    PeriodGapError,
    RowSumsError,
    SpecificationError,
    UnstableError,
    UnstableWarning,
)

EXACT = 1e-9  # two exact computations of one number, with the rounding of dense inverses
EQUIVARIANCE = 1e-10  # promised for permuted units, columns and rows
DIFFERENCES = 1e-5  # relative; central differences of step 1e-6 carry about eight digits
WITHIN_ERRORS = 4.0  # standard errors; one draw in 16,000 is farther from the truth
LAGS = [(True, True), (True, False), (False, True), (False, False)]
EFFECTS = [(True, True), (True, False), (False, True), (False, False)]


def directed_weights(n_units: int, seed: int = 3) -> np.ndarray:
    """Row-standardised links in one direction: the eigenvalues are complex."""
    rng = np.random.default_rng(seed)
    matrix = np.roll(np.eye(n_units), 1, axis=1) + 0.5 * np.roll(np.eye(n_units), 2, axis=1)
    matrix += 0.3 * (rng.random(matrix.shape) < 0.2)
    np.fill_diagonal(matrix, 0.0)
    return matrix / matrix.sum(axis=1, keepdims=True)


def make_panel(
    n_units: int = 12,
    n_periods: int = 7,
    *,
    weights: np.ndarray | None = None,
    tau: float = 0.4,
    eta: float = -0.1,
    rho: float = 0.3,
    seed: int = 1,
    first_year: int = 2000,
):
    """Dependent, two regressors and weights of a dynamic panel with both effects."""
    rng = np.random.default_rng(seed)
    w = ring_weights(n_units) if weights is None else weights
    mu, burn_in = rng.standard_normal(n_units), 30
    x = rng.standard_normal((burn_in + n_periods, n_units, 2)) + 0.5 * mu[:, None]
    xi = rng.standard_normal(burn_in + n_periods)
    errors = rng.standard_normal((burn_in + n_periods, n_units))
    shocks = x @ [1.0, -0.5] + x @ [0.3, 0.1] @ w.T + mu + xi[:, None] + errors
    y = np.zeros((burn_in + n_periods, n_units))
    for t in range(1, len(y)):
        carried = tau * y[t - 1] + eta * w @ y[t - 1] + shocks[t]
        y[t] = np.linalg.solve(np.eye(n_units) - rho * w, carried)
    units = [f"u{i:02d}" for i in range(n_units)]
    years = range(first_year, first_year + n_periods)
    index = pd.MultiIndex.from_product([years, units], names=["year", "unit"]).swaplevel()
    exog = pd.DataFrame(x[burn_in:].reshape(-1, 2), index, columns=["x1", "x2"])
    return (
        pd.Series(y[burn_in:].ravel(), index, name="y"),
        exog,
        (units, sparse.csr_array(w)),
    )


class DenseProblem:
    """The panel as NT × NT matrices: every effect and lag explicit, no eigenvalues."""

    def __init__(self, model: DynamicSpatialPanel) -> None:
        arrays = model.arrays
        n_periods, n_units = arrays.y.shape
        space = complement(n_units) if model.time_effects else np.eye(n_units)
        w = arrays.weights.toarray()
        self.w = space.T @ w @ space
        self.size, self.n_periods = len(self.w), n_periods
        big = np.kron(np.eye(n_periods), space)
        self.y = big.T @ arrays.y.ravel()
        self.z = big.T @ arrays.z.reshape(-1, arrays.z.shape[2])
        self.identity = np.eye(n_periods * self.size)
        self.q = self.identity.copy()
        if model.entity_effects:
            self.q -= np.kron(np.ones((n_periods, n_periods)) / n_periods, np.eye(self.size))
        shift = np.kron(np.eye(n_periods, k=-1), np.eye(self.size))
        self.in_space = np.kron(np.eye(n_periods), self.w)
        chosen = [shift] * model.time_lag + [shift @ self.in_space] * model.space_time_lag
        self.operators = [*chosen, self.in_space]

    def filters(self, phi: np.ndarray) -> list[np.ndarray]:
        k = self.identity - sum(value * r for value, r in zip(phi, self.operators, strict=True))
        return [r @ np.linalg.inv(k) for r in self.operators]

    def residuals(self, delta: np.ndarray, rho: float) -> np.ndarray:
        return self.q @ (self.y - rho * self.in_space @ self.y - self.z @ delta)

    def loglik(self, parameters: np.ndarray) -> float:
        """QML: T periods of |I - ρW*|, unit effects concentrated out."""
        delta, rho, sigma2 = parameters[:-2], parameters[-2], parameters[-1]
        e = self.residuals(delta, rho)
        jacobian = self.n_periods * np.linalg.slogdet(np.eye(self.size) - rho * self.w)[1]
        n = self.n_periods * self.size
        return float(-0.5 * n * np.log(2 * np.pi * sigma2) + jacobian - 0.5 * e @ e / sigma2)

    def adjusted_score(self, parameters: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """z'Qe/σ² - tr(QL) and the score of σ² with the degrees of freedom of Q."""
        delta, rho, sigma2 = parameters[:-2], parameters[-2], parameters[-1]
        e = self.residuals(delta, rho)
        score = np.column_stack([self.z, self.in_space @ self.y]).T @ e / sigma2
        dynamic = [*range(len(phi) - 1), len(score) - 1]
        score[dynamic] -= [np.trace(self.q @ one) for one in self.filters(phi)]
        last = 0.5 * e @ e / sigma2**2 - 0.5 * np.trace(self.q) / sigma2
        return np.append(score, last)


def parameters_of(result) -> np.ndarray:
    return result.params.to_numpy()


def phi_of(result) -> np.ndarray:
    return parameters_of(result)[result.problem.dynamic_positions]


def numeric_gradient(function, point: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences along every coordinate, stacked on the first axis."""
    rows = []
    for k in range(point.size):
        shift = np.zeros(point.size)
        shift[k] = step
        rows.append((function(point + shift) - function(point - shift)) / (2 * step))
    return np.array(rows)


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize(("time_lag", "space_time_lag"), LAGS)
@pytest.mark.parametrize("directed", [False, True])
def test_traces_equal_those_of_stacked_matrices(entity, time, time_lag, space_time_lag, directed):
    w = directed_weights(9) if directed else ring_weights(9)
    model = DynamicSpatialPanel(
        *make_panel(9, 6, weights=w),
        time_lag=time_lag,
        space_time_lag=space_time_lag,
        entity_effects=entity,
        time_effects=time,
    )
    phi = np.array([0.45, -0.2, 0.35])[[*([0] * time_lag), *([1] * space_time_lag), 2]]
    traces = calc_dynamic_traces(model.problem, phi)
    dense = DenseProblem(model)
    filters, q = dense.filters(phi), dense.q
    np.testing.assert_allclose(traces.centred, [np.trace(q @ a) for a in filters], atol=EXACT)
    curvature = [[np.trace(q @ a @ b) for b in filters] for a in filters]
    variance = [[np.trace(q @ a @ q @ b) for b in filters] for a in filters]
    np.testing.assert_allclose(traces.curvature, curvature, atol=EXACT)
    np.testing.assert_allclose(traces.variance, variance, atol=EXACT)


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
def test_adjusted_jacobian_has_the_traces_as_derivatives(entity, time):
    model = DynamicSpatialPanel(*make_panel(), entity_effects=entity, time_effects=time)
    phi = np.array([0.45, -0.2, 0.35])
    traces = calc_dynamic_traces(model.problem, phi)
    gradient = numeric_gradient(lambda p: calc_adjusted_jacobian(model.problem, p), phi)
    np.testing.assert_allclose(-gradient, traces.centred, rtol=DIFFERENCES, atol=DIFFERENCES)
    slope = numeric_gradient(lambda p: calc_dynamic_traces(model.problem, p).centred, phi)
    np.testing.assert_allclose(slope, traces.curvature, rtol=DIFFERENCES, atol=DIFFERENCES)


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize(("time_lag", "space_time_lag"), LAGS)
def test_qml_maximises_the_dense_likelihood(entity, time, time_lag, space_time_lag):
    model = DynamicSpatialPanel(
        *make_panel(),
        time_lag=time_lag,
        space_time_lag=space_time_lag,
        entity_effects=entity,
        time_effects=time,
    )
    result = model.fit("qml")
    dense, found = DenseProblem(model), parameters_of(result)
    assert result.loglik == pytest.approx(dense.loglik(found), abs=EXACT)
    gradient = numeric_gradient(dense.loglik, found)
    # score in units of the standard error, so that "zero" has a size
    assert np.abs(gradient * result.std_errors.to_numpy()).max() < DIFFERENCES
    moved = found + 0.1 * result.std_errors.to_numpy()
    assert dense.loglik(moved) < result.loglik


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize(("time_lag", "space_time_lag"), LAGS)
def test_adjusted_estimate_is_the_root_of_the_dense_score(entity, time, time_lag, space_time_lag):
    model = DynamicSpatialPanel(
        *make_panel(12, 9),
        time_lag=time_lag,
        space_time_lag=space_time_lag,
        entity_effects=entity,
        time_effects=time,
    )
    result = model.fit("adjusted_score")
    score = DenseProblem(model).adjusted_score(parameters_of(result), phi_of(result))
    assert np.abs(score * result.std_errors.to_numpy()).max() < EXACT


def test_adjusted_estimate_agrees_with_a_general_root_finder():
    model = DynamicSpatialPanel(*make_panel(10, 9))
    result, dense = model.fit("adjusted_score"), DenseProblem(model)
    start = parameters_of(model.fit("bias_corrected"))
    root = optimize.root(
        lambda p: dense.adjusted_score(p, p[model.problem.dynamic_positions]), start, tol=1e-12
    )
    assert root.success
    np.testing.assert_allclose(root.x, parameters_of(result), atol=1e-8)


def test_adjusted_covariance_is_that_of_the_dense_score():
    """Γ is the numeric derivative of the dense score, Ω its variance from dense quadratic forms."""
    model = DynamicSpatialPanel(*make_panel())
    result, dense = model.fit("adjusted_score"), DenseProblem(model)
    found, positions = parameters_of(result), model.problem.dynamic_positions
    slope = -numeric_gradient(lambda p: dense.adjusted_score(p, p[positions]), found)
    filters = dict(zip(positions, dense.filters(phi_of(result)), strict=True))
    columns = np.column_stack([dense.z, dense.in_space @ dense.y])
    size, q, sigma2 = columns.shape[1], dense.q, result.sigma2
    forms = [filters.get(a, np.zeros_like(q)) for a in range(size)]
    spread = np.empty((size + 1, size + 1))
    for a in range(size):
        for b in range(size):
            observed = columns[:, a] @ q @ columns[:, b] / sigma2
            linear = observed - np.trace(forms[a].T @ q @ forms[b])
            left, right = q @ forms[a], q @ forms[b]
            quadratic = np.trace(left @ right) + np.trace(left.T @ right)
            spread[a, b] = linear + quadratic
        spread[a, size] = spread[size, a] = np.trace(q @ forms[a]) / sigma2
    spread[size, size] = np.trace(q) / (2 * sigma2**2)
    inverse = np.linalg.inv(slope)
    np.testing.assert_allclose(
        result.covariance,
        inverse @ spread @ inverse.T,
        rtol=DIFFERENCES,
        atol=DIFFERENCES * np.abs(result.covariance).max(),
    )


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize(("time_lag", "space_time_lag"), LAGS)
def test_excess_variance_equals_that_of_dense_quadratic_forms(
    entity, time, time_lag, space_time_lag
):
    model = DynamicSpatialPanel(
        *make_panel(9, 8),
        time_lag=time_lag,
        space_time_lag=space_time_lag,
        entity_effects=entity,
        time_effects=time,
    )
    estimate, (third, fourth) = fit_qml(model.problem), (0.7, 1.9)
    # Units are not transformed here, because transformed innovations are not independent.
    whole = DenseProblem(model)
    n_units, n_periods = model.arrays.n_units, model.arrays.n_periods
    whole.w, whole.identity = model.arrays.weights.toarray(), np.eye(n_units * n_periods)
    whole.in_space = np.kron(np.eye(n_periods), whole.w)
    shift = np.kron(np.eye(n_periods, k=-1), np.eye(n_units))
    lags = [shift] * time_lag + [shift @ whole.in_space] * space_time_lag
    whole.operators = [*lags, whole.in_space]
    over_time = np.eye(n_periods) - (1.0 / n_periods if entity else 0.0)
    over_units = np.eye(n_units) - (1.0 / n_units if time else 0.0)
    q = np.kron(over_time, over_units)
    positions = model.problem.dynamic_positions
    phi = np.append(estimate.delta[: model.problem.n_lags], estimate.rho)
    size = estimate.delta.size + 2
    diagonals = np.zeros((len(q), size))
    linear = np.zeros((len(q), size))
    linear[:, :-2] = model.problem.z.reshape(len(q), -1)
    linear[:, -2] = model.problem.lagged_y.ravel()
    for position, filter_matrix in zip(positions, whole.filters(phi), strict=True):
        diagonals[:, position] = np.diag(q @ filter_matrix)
        linear[:, position] -= q @ filter_matrix @ estimate.residuals.ravel()
    diagonals[:, -1] = np.diag(q) / (2 * estimate.sigma2)
    cross = linear.T @ diagonals
    expected = fourth * diagonals.T @ diagonals + third * (cross + cross.T)
    np.testing.assert_allclose(
        calc_excess_variance(
            model.problem, estimate, model.arrays.weights, (third, fourth), time_effects=time
        ),
        expected / estimate.sigma2**2,
        rtol=EXACT,
        atol=EXACT,
    )


@pytest.mark.parametrize("estimator", ["adjusted_score", "bias_corrected", "qml"])
def test_sandwich_agrees_with_normal_theory_under_normal_errors(estimator):
    model = DynamicSpatialPanel(*make_panel(60, 14, seed=12))
    normal, robust = model.fit(estimator), model.fit(estimator, cov_type="qml")
    np.testing.assert_array_equal(normal.params, robust.params)
    # sampling noise of the fourth moment moves the error of sigma2, of the others hardly
    ratio = robust.std_errors / normal.std_errors
    assert np.abs(ratio.drop("sigma2") - 1.0).max() < 0.1
    assert 0.8 < ratio["sigma2"] < 1.25
    assert set(robust.tidy()["inference"]) == {"qml", "none"}


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
def test_qml_information_equals_its_definition(entity, time):
    model = DynamicSpatialPanel(*make_panel(), entity_effects=entity, time_effects=time)
    result, dense = model.fit("qml"), DenseProblem(model)
    found = parameters_of(result)
    rho, sigma2, k = found[-2], found[-1], len(found) - 2
    g = dense.w @ np.linalg.inv(np.eye(dense.size) - rho * dense.w)
    # Fixed effects included: the mean of (I - ρW)y is what is not innovation.
    mean = dense.y - rho * dense.in_space @ dense.y - dense.residuals(found[:-2], rho)
    columns = np.column_stack([dense.z, np.kron(np.eye(dense.n_periods), g) @ mean])
    information = np.zeros((k + 2, k + 2))
    information[: k + 1, : k + 1] = columns.T @ dense.q @ columns / sigma2
    information[k, k] += dense.n_periods * np.trace(g @ g + g.T @ g)
    information[k, k + 1] = information[k + 1, k] = dense.n_periods * np.trace(g) / sigma2
    information[k + 1, k + 1] = dense.n_periods * dense.size / (2 * sigma2**2)
    ours = calc_qml_information(
        model.problem,
        result.estimate,
        model.arrays.weights,
        time_effects=time,
        row_sum=model.spectrum.row_sum,
    )
    np.testing.assert_allclose(ours, information, rtol=EXACT, atol=EXACT)


def test_correction_is_that_of_yu_de_jong_and_lee():
    """Their bias vector from dense inverses, with G and A spelled out as in the paper."""
    model = DynamicSpatialPanel(*make_panel(8, 10, seed=4), time_effects=False)
    estimate = fit_qml(model.problem)
    information = model._information(estimate)
    tau, eta = estimate.delta[:2]
    w, identity = model.arrays.weights.toarray(), np.eye(8)
    s_inverse = np.linalg.inv(identity - estimate.rho * w)
    g = w @ s_inverse
    powers = np.linalg.inv(identity - s_inverse @ (tau * identity + eta * w))
    bias = np.zeros(len(information))
    bias[0] = np.trace(powers @ s_inverse)
    bias[1] = np.trace(w @ powers @ s_inverse)
    bias[-2] = (
        tau * np.trace(g @ powers @ s_inverse)
        + eta * np.trace(g @ w @ powers @ s_inverse)
        + np.trace(g)
    )
    bias[-1] = 8 / (2 * estimate.sigma2)
    uncorrected = np.append(estimate.delta, [estimate.rho, estimate.sigma2])
    np.testing.assert_allclose(
        correct_dynamic_bias(model.problem, estimate, information),
        uncorrected + linalg.solve(information, bias),
        atol=EXACT,
    )


def test_expected_score_without_space_is_that_of_nickell():
    """Nickell (1981, Econometrica 49:1417-1426): E Σ_t ỹ_{t-1}ε̃_t by unit, ρ = η = 0."""
    model = DynamicSpatialPanel(*make_panel(12, 8), time_effects=False)
    n_periods, tau = 7, 0.6
    centred = calc_dynamic_traces(model.problem, np.array([tau, 0.0, 0.0])).centred
    nickell = -(1.0 - (1.0 - tau**n_periods) / (n_periods * (1.0 - tau))) / (1.0 - tau)
    assert centred[0] / 12 == pytest.approx(nickell, rel=1e-12)


def test_bias_goes_away_as_the_panel_gets_longer():
    distance = {}
    for n_periods in (8, 32, 128):
        model = DynamicSpatialPanel(*make_panel(15, n_periods, seed=8))
        adjusted, plain = model.fit(), model.fit("qml")
        distance[n_periods] = abs(adjusted.tau - plain.tau)
    assert distance[8] > 0.03
    # order 1/T: a quarter at four times the length, give or take sampling noise
    assert distance[32] < distance[8] / 2
    assert distance[128] < distance[32] / 2


def test_estimators_agree_without_unit_effects():
    model = DynamicSpatialPanel(*make_panel(), entity_effects=False)
    values = [parameters_of(model.fit(e)) for e in ("qml", "bias_corrected", "adjusted_score")]
    np.testing.assert_allclose(values[1], values[0], atol=EXACT)
    np.testing.assert_allclose(values[2], values[0], atol=EXACT)


def test_without_lags_it_is_the_static_estimator_on_the_same_rows():
    y, exog, weights = make_panel()
    later = y.index.get_level_values("year") > 2000
    for time_effects in (True, False):
        static = SpatialPanel(y[later], exog[later], weights, time_effects=time_effects)
        model = DynamicSpatialPanel(
            y, exog, weights, time_lag=False, space_time_lag=False, time_effects=time_effects
        )
        ours, theirs = model.fit("adjusted_score"), static.fit("transform")
        assert list(ours.params.index) == list(theirs.params.index)
        np.testing.assert_allclose(ours.params, theirs.params, atol=EXACT)
        assert ours.loglik == pytest.approx(theirs.loglik, abs=EXACT)
        assert ours.n_effective == theirs.n_effective
        # observed against expected information
        np.testing.assert_allclose(ours.std_errors, theirs.std_errors, rtol=0.1)
    ours, theirs = model.fit("qml"), static.fit("direct")
    np.testing.assert_allclose(ours.params, theirs.params, atol=EXACT)
    np.testing.assert_allclose(ours.std_errors, theirs.std_errors, rtol=1e-8)
    assert (ours.loglik, ours.aic) == pytest.approx((theirs.loglik, theirs.aic), abs=1e-8)


def test_qml_is_the_static_estimator_with_lags_as_regressors():
    y, exog, weights = make_panel()
    wide = y.unstack("year")
    lag = wide.shift(axis=1)
    matrix = pd.DataFrame(weights[1].toarray(), weights[0], weights[0])
    frame = exog.assign(own=lag.stack(), near=(matrix @ lag).stack()).dropna()
    static = SpatialPanel(
        y[frame.index],
        frame[["own", "near", "x1", "x2"]],
        weights,
        durbin=["x1", "x2"],
        entity_effects=False,
    ).fit()
    ours = DynamicSpatialPanel(y, exog, weights, entity_effects=False).fit("qml")
    np.testing.assert_allclose(ours.params, static.params, atol=EXACT)
    np.testing.assert_allclose(ours.std_errors, static.std_errors, rtol=1e-8)


def test_recovers_the_truth():
    result = DynamicSpatialPanel(*make_panel(60, 14, seed=12)).fit()
    truth = [0.4, -0.1, 1.0, -0.5, 0.3, 0.1, 0.3, 1.0]
    assert result.param_names == ["y.L1", "W.y.L1", "x1", "x2", "W.x1", "W.x2", "rho", "sigma2"]
    distance = (result.params - truth) / result.std_errors
    assert np.abs(distance).max() < WITHIN_ERRORS
    biased = DynamicSpatialPanel(*make_panel(60, 14, seed=12)).fit("qml")
    assert (biased.tau - 0.4) / biased.std_errors["y.L1"] < -1.5


@pytest.mark.parametrize("estimator", ["adjusted_score", "bias_corrected", "qml"])
def test_order_of_rows_units_and_columns_changes_nothing(estimator):
    y, exog, (ids, w) = make_panel()
    rng = np.random.default_rng(0)
    rows, order = rng.permutation(len(y)), rng.permutation(len(ids))
    base = DynamicSpatialPanel(y, exog, (ids, w)).fit(estimator)
    other = DynamicSpatialPanel(
        y.iloc[rows],
        exog.iloc[rng.permutation(len(y)), ::-1],
        ([ids[i] for i in order], w[order][:, order]),
    ).fit(estimator)
    np.testing.assert_allclose(other.params[base.param_names], base.params, atol=EQUIVARIANCE)
    np.testing.assert_allclose(
        other.std_errors[base.param_names], base.std_errors, atol=EQUIVARIANCE
    )
    np.testing.assert_allclose(other.resids[base.resids.index], base.resids, atol=EQUIVARIANCE)
    names = {name: f"u{99 - i}" for i, name in enumerate(ids)}
    renamed = DynamicSpatialPanel(
        y.rename(names, level="unit"),
        exog.rename(names, level="unit"),
        ([names[i] for i in ids], w),
    ).fit(estimator)
    np.testing.assert_allclose(renamed.params, base.params, atol=EQUIVARIANCE)
    long_run = [one.effects("long").params.loc[["x1", "x2"]] for one in (base, other)]
    np.testing.assert_allclose(long_run[1], long_run[0], atol=EQUIVARIANCE)


def dense_effects(result, values: np.ndarray, horizon: str | int) -> np.ndarray:
    """Direct, indirect, total of x1, x2 from the inverses themselves."""
    by_name = dict(zip(result.param_names, values, strict=True))
    w = result.arrays.weights.toarray()
    identity = np.eye(len(w))
    tau, eta = by_name.get("y.L1", 0.0), by_name.get("W.y.L1", 0.0)
    rows = []
    for name in ("x1", "x2"):
        change = by_name[name] * identity + by_name.get(f"W.{name}", 0.0) * w
        filter_matrix = identity - by_name["rho"] * w
        if horizon == "long":
            filter_matrix = filter_matrix - tau * identity - eta * w
        effect = np.linalg.solve(filter_matrix, change)
        if isinstance(horizon, int):
            response, carried = effect, np.linalg.solve(filter_matrix, tau * identity + eta * w)
            for _ in range(horizon):
                response = carried @ response
                effect = effect + response
        direct, total = np.trace(effect) / len(w), effect.sum() / len(w)
        rows.append([direct, total - direct, total])
    return np.array(rows)


CASES = {
    "row-stochastic": {},
    "directed": {"weights": directed_weights(12)},
    "unequal rows": {"weights": ring_weights(12, standardised=False)},
}


@pytest.mark.parametrize("horizon", ["short", "long", 0, 3])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("time_lag", "space_time_lag"), LAGS)
def test_effects_and_their_errors_equal_dense_inverses(horizon, case, time_lag, space_time_lag):
    result = DynamicSpatialPanel(
        *make_panel(**CASES[case]),
        durbin=["x1"],
        time_lag=time_lag,
        space_time_lag=space_time_lag,
        time_effects=case != "unequal rows",
    ).fit()
    effects, values = result.effects(horizon), parameters_of(result)
    np.testing.assert_allclose(effects.params, dense_effects(result, values, horizon), atol=EXACT)
    gradient = numeric_gradient(lambda v: dense_effects(result, v, horizon).ravel(), values)
    np.testing.assert_allclose(
        effects.cov, gradient.T @ result.covariance @ gradient, rtol=DIFFERENCES, atol=DIFFERENCES
    )


def test_total_of_row_stochastic_weights_is_exact():
    result = DynamicSpatialPanel(*make_panel()).fit()
    total = result.params["x1"] + result.params["W.x1"]
    short, long = 1.0 - result.rho, 1.0 - result.tau - result.rho - result.eta
    assert result.effects("short").total["x1"] == pytest.approx(total / short, rel=1e-13)
    assert result.effects("long").total["x1"] == pytest.approx(total / long, rel=1e-13)


def test_horizons_lead_from_the_short_to_the_long_run():
    result = DynamicSpatialPanel(*make_panel(30, 14)).fit()
    for horizon, period in (("short", 0), ("long", 300)):
        named, counted = result.effects(horizon), result.effects(period)
        np.testing.assert_allclose(counted.params, named.params, rtol=EXACT)
        np.testing.assert_allclose(counted.std_errors, named.std_errors, rtol=EXACT)
    drawn = result.effects(2, "simulation", draws=3000, seed=1)
    np.testing.assert_allclose(drawn.std_errors, result.effects(2).std_errors, rtol=0.08)
    for wrong in (-1, 1.5, True, "medium"):
        with pytest.raises(SpecificationError, match="horizon must be"):
            result.effects(wrong)


def test_simulated_errors_agree_with_the_delta_method():
    result = DynamicSpatialPanel(*make_panel(60, 14, seed=12)).fit()
    for horizon in ("short", "long"):
        delta = result.effects(horizon)
        drawn = result.effects(horizon, "simulation", draws=4000, seed=3)
        assert drawn.n_discarded == 0
        # Monte Carlo error of a standard deviation of 4000 draws is 1.1 %; curvature adds to it
        np.testing.assert_allclose(drawn.std_errors, delta.std_errors, rtol=0.08)
        np.testing.assert_allclose(drawn.params, delta.params, atol=EXACT)
        again = result.effects(horizon, "simulation", draws=4000, seed=3)
        np.testing.assert_array_equal(again.draws, drawn.draws)


def at_parameters(result, **changes: float):
    """The result with some parameters replaced by name."""
    delta = result.estimate.delta.copy()
    for name, value in changes.items():
        if name in ("tau", "eta"):
            delta[0 if name == "tau" else 1] = value
    estimate = replace(result.estimate, delta=delta, rho=changes.get("rho", result.rho))
    return replace(result, estimate=estimate)


def test_unstable_estimates_warn_and_have_no_long_run():
    y, exog, weights = make_panel(12, 8, tau=1.15, eta=0.0, rho=0.0)
    model = DynamicSpatialPanel(y, exog, weights)
    with pytest.warns(UnstableWarning, match=r"tau \+ rho \+ eta = 1\.\d+"):
        result = model.fit()
    assert not result.stability.stable
    assert "no long-run effects" in result.summary
    assert result.effects("short").params.notna().all().all()
    assert result.effects(3).total["x1"] > result.effects("short").total["x1"]
    with pytest.raises(UnstableError, match="no long-run effects"):
        result.effects("long")
    with pytest.raises(UnstableError, match="adjusted_score"):
        model.fit("bias_corrected")


def test_cases_of_instability_are_named():
    result = DynamicSpatialPanel(*make_panel(30, 14, seed=2)).fit()
    assert result.stability.case == "stable"
    assert result.stability.largest_root < 1.0
    cointegrated = at_parameters(result, tau=0.4, rho=0.4, eta=0.2001)
    assert describe_stability(cointegrated).case == "spatial cointegration"
    assert describe_stability(at_parameters(result, tau=1.0, rho=0.3, eta=-0.3)).case == "unit root"
    assert describe_stability(at_parameters(result, tau=1.4, rho=0.3, eta=0.1)).case == "explosive"
    near = describe_stability(at_parameters(result, tau=0.4, rho=0.4, eta=0.1999))
    assert near.case == "stable"
    assert "not distinguishable from one" in near.reason
    # total below one, but an eigenvalue near -1 gives the root beyond minus one
    alternating = describe_stability(at_parameters(result, tau=0.2, rho=0.1, eta=-1.6))
    assert alternating.case == "explosive"
    assert alternating.total < 1.0
    assert alternating.largest_root > 1.0


def test_long_run_draws_that_are_unstable_are_counted():
    result = DynamicSpatialPanel(*make_panel(12, 7)).fit()
    edge = at_parameters(result, tau=0.5, rho=0.4, eta=0.08)
    drawn = edge.effects("long", "simulation", draws=500, seed=1)
    assert 0 < drawn.n_discarded < 500
    assert len(drawn.draws) == 500 - drawn.n_discarded
    assert edge.effects("short", "simulation", draws=500, seed=1).n_discarded < drawn.n_discarded


def test_boundary_has_neither_errors_nor_effects(monkeypatch):
    model = DynamicSpatialPanel(*make_panel())
    peak = dynamic_likelihood.maximise

    def at_edge(*args):
        return replace(peak(*args), at_boundary=True)

    monkeypatch.setattr(dynamic_likelihood, "maximise", at_edge)
    with pytest.warns(BoundaryWarning, match="neither standard errors nor effects"):
        result = model.fit()
    assert result.at_boundary
    assert result.std_errors.isna().all()
    assert "no standard errors" in result.summary
    assert result.tidy()["std_error"].isna().all()
    with pytest.raises(BoundaryError):
        result.effects()
    with pytest.raises(BoundaryError):
        result.wald_test("rho")


def test_no_root_of_the_adjusted_score_is_an_error():
    """A short panel of random walks with drift has an adjusted likelihood that only rises."""
    models = [
        DynamicSpatialPanel(*make_panel(8, 4, tau=1.0, eta=0.0, rho=0.0, seed=seed))
        for seed in range(12)
    ]
    refused = []
    for model in models:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnstableWarning)
            try:
                model.fit()
            except ConvergenceError:
                refused.append(model)
    assert refused
    with pytest.raises(ConvergenceError, match="bias_corrected"):
        refused[0].fit()


def test_gaps_in_time_are_refused_unless_allowed():
    y, exog, weights = make_panel()
    kept = y.index.get_level_values("year") != 2003
    with pytest.raises(PeriodGapError, match="2002 to 2004"):
        DynamicSpatialPanel(y[kept], exog[kept], weights)
    allowed = DynamicSpatialPanel(y[kept], exog[kept], weights, assume_consecutive=True)
    assert allowed.arrays.n_periods == 5
    named = {year: f"wave {year}" for year in range(2000, 2007)}
    y, exog = y.rename(named, level="year"), exog.rename(named, level="year")
    with pytest.raises(PeriodGapError, match="assume_consecutive"):
        DynamicSpatialPanel(y, exog, weights)
    waves = DynamicSpatialPanel(y, exog, weights, assume_consecutive=True).fit()
    whole = DynamicSpatialPanel(*make_panel()).fit()
    np.testing.assert_allclose(waves.params, whole.params, atol=EQUIVARIANCE)


def test_what_does_not_fit_is_named(monkeypatch):
    y, exog, weights = make_panel()
    short = y.index.get_level_values("year") <= 2001
    with pytest.raises(PanelSizeError, match="2 periods are too few"):
        DynamicSpatialPanel(y[short], exog[short], weights)
    tiny = make_panel(3, 4)
    with pytest.raises(PanelSizeError, match="degrees of freedom"):
        DynamicSpatialPanel(*tiny, durbin=["x1", "x2"])
    unequal = make_panel(weights=ring_weights(12, standardised=False))
    with pytest.raises(RowSumsError, match="time_effects=False"):
        DynamicSpatialPanel(*unequal)
    with pytest.raises(SpecificationError, match=r"'y\.L1'|y\.L1"):
        DynamicSpatialPanel(y, exog.rename(columns={"x2": "y.L1"}), weights)
    with pytest.raises(SpecificationError, match="durbin"):
        DynamicSpatialPanel(y, exog, weights, model="sar", durbin=["x1"])
    with pytest.raises(SpecificationError, match="model must be one of"):
        DynamicSpatialPanel(y, exog, weights, model="sem")
    model = DynamicSpatialPanel(y, exog, weights)
    with pytest.raises(SpecificationError, match="estimator must be one of"):
        model.fit("gmm")
    with pytest.raises(SpecificationError, match="cov_type must be one of"):
        model.fit(cov_type="clustered")
    with pytest.raises(SpecificationError, match="at least 2 draws"):
        model.fit().effects("long", "simulation", draws=1)
    monkeypatch.setattr(dynamic, "EIGENVALUE_LIMIT", 10)
    with pytest.raises(PanelSizeError, match="12"):
        DynamicSpatialPanel(y, exog, weights)


def test_results_are_named_tables():
    y, exog, weights = make_panel()
    result = DynamicSpatialPanel(y, exog, weights, model="sar").fit()
    assert result.param_names == ["y.L1", "W.y.L1", "x1", "x2", "rho", "sigma2"]
    assert list(result.cov.columns) == result.param_names
    assert len(result.resids) == result.nobs == 12 * 6
    assert result.resids.index.get_level_values("year").min() == 2001
    # the first equation at one unit-year, from the data as given
    residual = result.estimate.residuals
    np.testing.assert_allclose(residual.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(residual.mean(axis=1), 0.0, atol=1e-12)
    intervals = result.conf_int(0.9)
    width = (intervals["upper"] - intervals["lower"]) / result.std_errors
    np.testing.assert_allclose(width, 2 * 1.6448536269514722, rtol=1e-12)
    test = result.wald_test("y.L1 = 0")
    assert test.statistic == pytest.approx(result.tstats["y.L1"] ** 2)
    assert result.wald_test("y.L1 + rho + W.y.L1 = 1").df == 1
    table = result.tidy().set_index("term")
    assert table.loc["rho", "quantity"] == "rho"
    assert table.loc["y.L1", "std_error"] == result.std_errors["y.L1"]
    assert table.loc["largest_root", "estimate"] == result.stability.largest_root
    for text in (result.summary, result._repr_html_()):
        assert "dynamic SAR" in text
        assert "y.L1" in text
        assert "stable" in text
    assert "tau=" in repr(result)
    assert result.bic - result.aic == pytest.approx((np.log(result.n_effective) - 2) * 6)


def test_committed_coverage_meets_the_criterion(repository: Path):
    table = pd.read_csv(repository / "docs" / "benchmarks" / "dynamic_coverage.csv")
    benchmark = importlib.import_module("dynamic_coverage")
    assert table["replications"].min() >= 1000
    assert set(table["case"]) == {case.name for case in benchmark.CASES}
    assert benchmark.criterion_faults(table) == []
    table.loc[table["quantity"] == "tau", "coverage"] = 0.0
    assert benchmark.criterion_faults(table) != []
    seed, case = np.random.SeedSequence(5), benchmark.CASES[0]
    rows = pd.DataFrame(benchmark.replicate(seed, case), columns=benchmark.COLUMNS)
    fresh = benchmark.summarise(rows, case, 1)
    assert fresh["truth"].notna().all()
    assert set(fresh["quantity"]) == set(table["quantity"])
    # the intervals counted are those that the results print
    model = benchmark.draw_sample(case, np.random.default_rng(np.random.SeedSequence(5)))
    result = model.fit(benchmark.SIMULATED)
    counted = rows[rows["estimator"] == benchmark.SIMULATED]
    bounds = ["ci_lower", "ci_upper"]
    parameters = counted.loc[counted["inference"] == "asymptotic", bounds]
    np.testing.assert_allclose(parameters, result.conf_int(), rtol=1e-12)
    for horizon, child in zip(("short", "long"), np.random.SeedSequence(5).spawn(2), strict=True):
        chosen = counted[counted["quantity"].str.startswith(horizon)]
        delta = chosen.loc[chosen["inference"] == "delta", bounds]
        np.testing.assert_allclose(delta, result.effects(horizon).conf_int(), rtol=1e-12)
        drawn = result.effects(horizon, "simulation", draws=benchmark.SIMULATION_DRAWS, seed=child)
        simulated = chosen.loc[chosen["inference"] == "simulation", bounds]
        np.testing.assert_allclose(simulated, drawn.conf_int(), rtol=1e-12)
