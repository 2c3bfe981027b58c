"""Models with a spatial lag and a spatial error, against dense formulas that share no code."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, sparse
from spatial_reference import EFFECTS, complement, dummies, make_problem, ring_weights, transformers

import yrb_carbon.spatialpanel.covariance as covariance_module
import yrb_carbon.spatialpanel.model as model_module
from yrb_carbon.spatialpanel import (
    BoundaryWarning,
    IdentificationWarning,
    RowSumsError,
    SpatialPanel,
    SpecificationError,
    WeightsAlignmentError,
)

# The optimiser of the reference stops at about this distance from the maximum in log-likelihood.
SAME_MAXIMUM = 1e-7
SAME_PARAMETER = 1e-4
SAME_ALGEBRA = 1e-9
LINEAR_PERMUTATION = 1e-10


def knn_like_weights(n_units: int, seed: int = 9) -> np.ndarray:
    """Directed links to three others: not similar to a symmetric matrix, complex eigenvalues."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        others = np.delete(np.arange(n_units), i)
        matrix[i, rng.choice(others, 3, replace=False)] = 1.0 / 3.0
    return matrix


def problem(rho=0.4, lam=-0.3, seed=3, n_units=14, n_periods=6, strength=1.0, same=False):
    dependent, exog, (units, _) = make_problem(n_units, n_periods, rho=0.0, seed=seed)
    w = ring_weights(n_units)
    m = w if same else knn_like_weights(n_units)
    rng = np.random.default_rng(seed + 100)
    identity = np.eye(n_units)
    x = exog.to_numpy().reshape(n_periods, n_units, 2)
    noise = 0.5 * rng.standard_normal((n_periods, n_units))
    mean = strength * (x @ [1.0, -0.5] + (x @ [0.3, 0.1]) @ w.T) + rng.standard_normal(n_units)
    u = noise @ np.linalg.inv(identity - lam * m).T
    y = (mean + u + rng.standard_normal((n_periods, 1))) @ np.linalg.inv(identity - rho * w).T
    return (
        pd.Series(y.ravel(), dependent.index, name="y"),
        exog,
        (units, sparse.csr_array(w)),
        (units, sparse.csr_array(m)),
    )


def make_panel(model="sac", entity=True, time=True, **options):
    dependent, exog, w, m = problem(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        return SpatialPanel(
            dependent,
            exog,
            w,
            model=model,
            entity_effects=entity,
            time_effects=time,
            error_weights=m,
        )


def dense_loglik(result, rho: float, lam: float, delta=None, sigma2=None) -> float:
    """Log-likelihood from stacked matrices; δ and σ² concentrated out unless given."""
    arrays, scheme = result.arrays, result.specification.scheme
    k = arrays.z.shape[2]
    y, z = arrays.y.ravel(), arrays.z.reshape(-1, k)
    w = arrays.weights.toarray()
    m = w if arrays.error_weights is None else arrays.error_weights.toarray()
    columns = z
    if scheme.transformed:
        f, w = transformers(arrays, scheme.entity_effects, scheme.time_effects)
        if scheme.time_effects:
            f_space = complement(len(m))
            m = f_space.T @ m @ f_space
        y, columns = f @ y, f @ z
    else:
        d = dummies(arrays.n_units, arrays.n_periods, scheme.entity_effects, scheme.time_effects)
        columns = np.hstack([z, d])
    periods = len(y) // len(w)
    a, b = np.eye(len(w)) - rho * w, np.eye(len(w)) - lam * m
    big_a, big_b = np.kron(np.eye(periods), a), np.kron(np.eye(periods), b)
    target, filtered = big_b @ (big_a @ y), big_b @ columns
    if delta is None:
        residual = target - filtered @ np.linalg.lstsq(filtered, target, rcond=None)[0]
    else:
        residual = target - filtered[:, :k] @ delta
        rest = filtered[:, k:]
        if rest.shape[1]:
            residual = residual - rest @ np.linalg.lstsq(rest, residual, rcond=None)[0]
    squares = residual @ residual
    sigma2 = squares / len(y) if sigma2 is None else sigma2
    log_jacobian = periods * (np.linalg.slogdet(a)[1] + np.linalg.slogdet(b)[1])
    return float(
        -0.5 * len(y) * np.log(2.0 * np.pi * sigma2) + log_jacobian - 0.5 * squares / sigma2
    )


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize("estimator", ["transform", "direct"])
@pytest.mark.parametrize("model", ["sac", "gns"])
def test_maximum_of_the_dense_likelihood(model, estimator, entity, time):
    result = make_panel(model, entity, time).fit(estimator)
    assert not result.at_boundary
    assert dense_loglik(
        result, result.rho, result.lam, result.estimate.delta, result.sigma2
    ) == pytest.approx(result.loglik, abs=1e-8)
    found = optimize.minimize(
        lambda p: -dense_loglik(result, p[0], p[1]),
        [result.rho + 0.01, result.lam - 0.01],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11},
    )
    assert -found.fun == pytest.approx(result.loglik, abs=SAME_MAXIMUM)
    np.testing.assert_allclose(found.x, [result.rho, result.lam], atol=SAME_PARAMETER)


def information_by_definition(result) -> np.ndarray:
    """Covariance from the information matrix of the stacked model, dummies and all."""
    arrays, scheme = result.arrays, result.specification.scheme
    k = arrays.z.shape[2]
    y, x = arrays.y.ravel(), arrays.z.reshape(-1, k)
    w, m = arrays.weights.toarray(), arrays.error_weights.toarray()
    if scheme.transformed:
        f, w = transformers(arrays, scheme.entity_effects, scheme.time_effects)
        if scheme.time_effects:
            m = complement(len(m)).T @ m @ complement(len(m))
        y, x = f @ y, f @ x
    else:
        d = dummies(arrays.n_units, arrays.n_periods, scheme.entity_effects, scheme.time_effects)
        x = np.hstack([x, d])
    identity, sigma2 = np.eye(len(w)), result.sigma2
    a, b = identity - result.rho * w, identity - result.lam * m
    p = b @ w @ np.linalg.inv(a) @ np.linalg.inv(b)
    h = m @ np.linalg.inv(b)
    periods = len(y) // len(w)

    def stacked(matrix):
        return np.kron(np.eye(periods), matrix)

    filtered = stacked(b) @ x
    coefficients = np.linalg.lstsq(filtered, stacked(b @ a) @ y, rcond=None)[0]
    linear = np.column_stack([filtered, stacked(b @ w @ np.linalg.inv(a)) @ x @ coefficients])
    size = linear.shape[1] - 1
    information = np.zeros((size + 3, size + 3))
    information[: size + 1, : size + 1] = linear.T @ linear / sigma2
    quadratic = [p, h, identity / (2.0 * sigma2)]
    for i, left in enumerate(quadratic):
        for j, right in enumerate(quadratic):
            information[size + i, size + j] += periods * np.trace(left @ (right + right.T))
    keep = [*range(k), size, size + 1, size + 2]
    return np.linalg.inv(information)[np.ix_(keep, keep)]


@pytest.mark.parametrize(("entity", "time"), EFFECTS)
@pytest.mark.parametrize("estimator", ["transform", "direct"])
def test_covariance_is_the_inverse_information_of_the_stack(estimator, entity, time):
    result = make_panel("gns", entity, time).fit(estimator)
    np.testing.assert_allclose(
        result.covariance, information_by_definition(result), rtol=1e-7, atol=1e-10
    )


@pytest.mark.slow
def test_information_is_the_covariance_of_the_score():
    """Scores at the truth, by differences of the likelihood, over samples drawn from the fit."""
    panel = make_panel("sac")
    result = panel.fit()
    expected = np.linalg.inv(result.covariance)
    theta, scheme = result.params.to_numpy(), result.specification.scheme
    steps = np.diag(1e-4 * np.maximum(1.0, np.abs(theta)))
    draws = 600
    errors = np.random.default_rng(2).standard_normal((draws, *result.arrays.y.shape))
    scores = np.empty((draws, theta.size))
    for i, y in enumerate(result.simulate(np.sqrt(result.sigma2) * errors)):
        other = panel.with_dependent(y)
        for k, step in enumerate(steps):
            rise = (
                other._evaluate(theta + step, scheme).loglik
                - other._evaluate(theta - step, scheme).loglik
            )
            scores[i, k] = rise / (2.0 * step[k])
    scale = np.sqrt(np.diag(expected))
    means = scores.mean(axis=0) / scale * np.sqrt(draws)
    assert np.abs(means).max() < 4.0  # standard normal: the score is centred
    # Variances of 600 draws err by .06 (s.d.), correlations by .04; four of the larger.
    np.testing.assert_allclose(
        np.cov(scores, rowvar=False) / np.outer(scale, scale),
        expected / np.outer(scale, scale),
        atol=0.24,
    )


def test_equal_weights_without_a_lag_effect_has_two_modes():
    """With ρ and λ of opposite sign and one W the roles can be exchanged."""
    result = make_panel("sac", same=True, rho=0.6, lam=-0.6, n_units=20, strength=0.1).fit()
    heights = [mode.loglik for mode in result.estimate.other_modes]
    assert heights
    assert max(heights) <= result.loglik
    for mode in result.estimate.other_modes:
        assert dense_loglik(result, mode.rho, mode.lam) == pytest.approx(mode.loglik, abs=1e-7)
        if not mode.at_boundary:
            for shift in ([1e-4, 0.0], [-1e-4, 0.0], [0.0, 1e-4], [0.0, -1e-4]):
                lower = dense_loglik(result, mode.rho + shift[0], mode.lam + shift[1])
                assert lower < mode.loglik
    assert list(result.modes.columns) == ["rho", "lambda", "loglik", "at_boundary"]
    assert result.modes["loglik"].is_monotonic_decreasing
    assert result.modes["loglik"].iloc[0] == result.loglik


def test_sac_without_error_is_sar_and_without_lag_is_sem():
    dependent, exog, w, m = problem()
    sac = SpatialPanel(dependent, exog, w, model="sac", error_weights=m)
    scheme = sac.fit().specification.scheme
    sar = SpatialPanel(dependent, exog, w, model="sar").fit()
    as_sac = np.insert(sar.params.to_numpy(), -1, 0.0)
    assert sac._evaluate(as_sac, scheme).loglik == pytest.approx(sar.loglik, abs=SAME_ALGEBRA)
    sem = SpatialPanel(dependent, exog, w, model="sem", error_weights=m).fit()
    as_sac = np.insert(sem.params.to_numpy(), -2, 0.0)
    assert sac._evaluate(as_sac, scheme).loglik == pytest.approx(sem.loglik, abs=SAME_ALGEBRA)
    assert sac.fit().loglik > max(sar.loglik, sem.loglik)


def test_error_weights_of_sem_are_used():
    dependent, exog, w, m = problem(rho=0.0, lam=0.5)
    by_m = SpatialPanel(dependent, exog, w, model="sem", error_weights=m).fit()
    alone = SpatialPanel(dependent, exog, m, model="sem").fit()
    np.testing.assert_allclose(by_m.params, alone.params, rtol=0.0, atol=0.0)
    sdem = SpatialPanel(dependent, exog, w, model="sdem", error_weights=m).fit()
    assert sdem.lam != SpatialPanel(dependent, exog, m, model="sdem").fit().lam


def test_unequal_row_sums_of_the_error_weights_take_the_direct_estimator():
    dependent, exog, w, (units, m) = problem()
    rng = np.random.default_rng(0)
    uneven = sparse.csr_array(m.toarray() * rng.uniform(0.5, 1.0, size=m.shape))
    panel = SpatialPanel(dependent, exog, w, model="sac", error_weights=(units, uneven))
    with pytest.raises(RowSumsError, match="error_weights whose rows have equal sums"):
        panel.fit()
    result = panel.fit("direct")
    assert dense_loglik(result, result.rho, result.lam) == pytest.approx(result.loglik, abs=1e-8)
    for shift in ([1e-3, 0.0], [-1e-3, 0.0], [0.0, 1e-3], [0.0, -1e-3]):
        assert dense_loglik(result, result.rho + shift[0], result.lam + shift[1]) < result.loglik


def test_bias_correction_moves_towards_the_transformation():
    panel = make_panel("sac", n_units=30, n_periods=8)
    direct, corrected, transform = (
        panel.fit(e).params for e in ("direct", "direct_bc", "transform")
    )
    for name in ("rho", "lambda", "sigma2"):
        assert abs(corrected[name] - transform[name]) < 0.5 * abs(direct[name] - transform[name])


def test_simulated_outcome_has_the_innovations_given():
    result = make_panel("gns").fit()
    again = result.simulate(result.estimate.residuals)
    np.testing.assert_allclose(again, result.arrays.y, atol=SAME_ALGEBRA)
    effects = result.fixed_effects()
    rebuilt = (
        effects.intercept
        + effects.unit.to_numpy()[None, :]
        + effects.time.to_numpy()[:, None]
        + result.arrays.z @ result.estimate.delta
    )
    structural = result.arrays.y - result.rho * result.arrays.lagged_y - rebuilt
    m = result.arrays.error_weights.toarray()
    np.testing.assert_allclose(
        structural - result.lam * structural @ m.T, result.estimate.residuals, atol=SAME_ALGEBRA
    )


def test_order_of_units_changes_nothing():
    dependent, exog, (units, w), (_, m) = problem()
    result = SpatialPanel(dependent, exog, (units, w), model="sac", error_weights=(units, m)).fit()
    rng = np.random.default_rng(5)
    p = rng.permutation(len(units))
    names = [units[i] for i in p]
    permuted = SpatialPanel(
        dependent.sample(frac=1.0, random_state=1),
        exog.sample(frac=1.0, random_state=2)[["x2", "x1"]],
        (names, w.toarray()[np.ix_(p, p)]),
        model="sac",
        error_weights=(names, m.toarray()[np.ix_(p, p)]),
    ).fit()
    np.testing.assert_allclose(
        permuted.params[result.params.index], result.params, rtol=0.0, atol=LINEAR_PERMUTATION
    )


def test_bad_error_weights_are_named():
    dependent, exog, w, (units, m) = problem()
    with pytest.raises(SpecificationError, match="model 'sar' has no spatial error"):
        SpatialPanel(dependent, exog, w, model="sar", error_weights=(units, m))
    with pytest.raises(WeightsAlignmentError, match=r"^error_weights: panel and weights differ"):
        SpatialPanel(dependent, exog, w, model="sac", error_weights=(units[1:], m[1:, 1:]))


def test_gns_warns_of_weak_identification():
    dependent, exog, w, m = problem()
    with pytest.warns(IdentificationWarning, match="every spatial interaction at once"):
        SpatialPanel(dependent, exog, w, model="gns", error_weights=m)


def test_edge_of_the_rectangle_is_a_boundary_result():
    """An outcome that is smooth over the ring beyond what any λ < 1 gives."""
    dependent, exog, (units, _), _ = problem(n_units=14)
    place = np.cos(2.0 * np.pi * np.arange(14) / 14)
    rng = np.random.default_rng(1)
    ring = np.zeros((14, 14))
    ring[np.arange(14), (np.arange(14) + 1) % 14] = ring[np.arange(14), np.arange(14) - 1] = 0.5
    smooth = rng.standard_normal((6, 1)) * 5.0 * place[None, :]
    values = smooth + 1e-3 * rng.standard_normal((6, 14))
    dependent = pd.Series(values.ravel(), dependent.index, name="y")
    panel = SpatialPanel(dependent, exog, (units, sparse.csr_array(ring)), model="sac")
    with pytest.warns(BoundaryWarning, match="beyond the edge"):
        result = panel.fit()
    assert result.at_boundary
    assert result.std_errors.isna().all()


@pytest.mark.parametrize("time", [True, False])
def test_traces_by_random_signs_agree_with_dense_ones(monkeypatch, time):
    panel = make_panel("sac", time=time, n_units=40)
    exact = panel.fit()
    monkeypatch.setattr(model_module, "DENSE_MATRIX_LIMIT", 10)
    monkeypatch.setattr(model_module, "PROBES", 4000)
    monkeypatch.setattr(covariance_module, "DIAGONAL_LIMIT", 10)
    estimated = panel.fit()
    np.testing.assert_array_equal(estimated.params, exact.params)
    assert exact.information_error == 0.0
    assert 0.0 < estimated.information_error < 0.02
    # 4000 signs leave an error of a percent or so in each trace.
    np.testing.assert_allclose(estimated.std_errors, exact.std_errors, rtol=0.04)
    serial = panel.fit(cov_type="serial")
    assert serial.std_errors.notna().all()
    with pytest.raises(SpecificationError, match="cov_type='clustered' needs dense matrices of 40"):
        panel.fit(cov_type="clustered")


def test_sparse_log_determinants_give_the_same_maximum():
    panel = make_panel("sac", n_units=40)
    exact, by_factors = panel.fit(logdet="eigen"), panel.fit(logdet="sparse")
    np.testing.assert_allclose(by_factors.params, exact.params, rtol=0.0, atol=1e-8)
    assert by_factors.loglik == pytest.approx(exact.loglik, abs=1e-8)


def equal_groups(n_groups, size):
    """Every unit has the others of its group alike: W² is a combination of I and W."""
    block = (np.ones((size, size)) - np.eye(size)) / (size - 1)
    return np.kron(np.eye(n_groups), block)


@pytest.mark.parametrize("seed", [4, 5])
def test_equal_groups_give_one_answer_in_any_order(seed):
    """Near a corner the likelihood is a ridge of rounding there; it must not win."""
    n_units, n_periods = 24, 6
    rng = np.random.default_rng(seed)
    w = equal_groups(8, 3)
    x = rng.standard_normal((n_periods, n_units, 2))
    y = (x @ [1.0, -0.5] + rng.standard_normal((n_periods, n_units))) @ np.linalg.inv(
        np.eye(n_units) - 0.3 * w
    ).T
    found = []
    for k in range(4):
        p = np.random.default_rng(k).permutation(n_units)
        fit = SpatialPanel.of_arrays(y[:, p], x[:, p], w[np.ix_(p, p)], model="sac").fit()
        assert not fit.at_boundary
        found.append([fit.rho, fit.lam, fit.loglik])
    np.testing.assert_allclose(found, np.tile(found[0], (4, 1)), atol=1e-6)


@pytest.mark.parametrize("model", ["sem", "sdem"])
@pytest.mark.parametrize("size", [2, 3, 6])
def test_lags_that_become_collinear_at_the_edge_do_not_stop_an_error_model(model, size):
    n_periods, n_units = 6, 24
    rng = np.random.default_rng(1)
    x = rng.standard_normal((n_periods, n_units, 2))
    y = x @ [1.0, -0.5] + rng.standard_normal((n_periods, n_units))
    fit = SpatialPanel.of_arrays(y, x, equal_groups(n_units // size, size), model=model).fit()
    assert abs(fit.estimate.score) * fit.std_errors["lambda"] < 1e-6


def test_common_shocks_do_not_send_a_pooled_error_model_to_the_edge():
    """Without effects the filtered intercept vanishes at λ = 1; its rounding must not win."""
    n_periods, n_units = 14, 32
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_periods, n_units, 2))
    shocks = 5.0 * rng.standard_normal((n_periods, 1))
    y = x @ [1.0, -0.5] + shocks + rng.standard_normal((n_periods, n_units))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        fit = SpatialPanel.of_arrays(
            y, x, ring_weights(n_units), model="sem", entity_effects=False, time_effects=False
        ).fit()
    assert 0.5 < fit.lam < 0.99
    grid = [dense_loglik(fit, 0.0, lam) for lam in (fit.lam - 1e-3, fit.lam, fit.lam + 1e-3, 0.999)]
    assert grid[1] == pytest.approx(fit.loglik, abs=1e-6)
    assert max(grid) == grid[1]
