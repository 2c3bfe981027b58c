"""Effects against their definition: dense matrices, finite differences, single units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from spatial_reference import make_problem, ring_weights

import yrb_carbon.spatialpanel.effects as module
from yrb_carbon.spatialpanel import SpatialPanel, SpecificationError
from yrb_carbon.spatialpanel.effects import (
    calc_effect_gradients,
    calc_effect_matrix,
    calc_effects,
    calc_multipliers,
    calc_unit_effects,
    draw_parameters,
)
from yrb_carbon.spatialpanel.logdet import analyse_weights

# Solutions of well-conditioned systems of 20 to 40 units.
ROUNDING = 1e-12
# A standard error of 64 probes is itself off by a tenth, so five of them.
STANDARD_ERRORS = 5.0
STEP, NUMERIC = 1e-6, 1e-8


def directed(n_units: int = 30) -> np.ndarray:
    rng = np.random.default_rng(2)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        others = rng.choice([j for j in range(n_units) if j != i], size=3, replace=False)
        matrix[i, others] = 1.0 / 3.0
    return matrix


WEIGHTS = {
    "symmetric": ring_weights(30),
    "directed": directed(),
    "unequal rows": ring_weights(30, standardised=False),
}
BETA, THETA = np.array([1.0, -0.7]), np.array([0.3, 0.0])


def effect_matrix(w: np.ndarray, rho: float, k: int) -> np.ndarray:
    identity = np.eye(len(w))
    return np.linalg.inv(identity - rho * w) @ (BETA[k] * identity + THETA[k] * w)


@pytest.mark.parametrize("method", ["eigen", "sparse"])
@pytest.mark.parametrize("kind", list(WEIGHTS))
class TestAverages:
    def test_effects_are_averages_of_the_matrix(self, kind, method):
        w = WEIGHTS[kind]
        spectrum = analyse_weights(sparse.csr_array(w), method=method)
        # Few and many draws: these take different routes at large N.
        for count in (1, 5, 60):
            rhos = np.linspace(-0.4, 0.7, count) * spectrum.upper
            multipliers = calc_multipliers(rhos, sparse.csr_array(w), spectrum)
            found = calc_effects(
                np.tile(BETA, (count, 1)), np.tile(THETA, (count, 1)), rhos, multipliers
            )
            for i, rho in enumerate(rhos):
                for k in range(2):
                    s = effect_matrix(w, rho, k)
                    direct, total = np.trace(s) / len(w), s.sum() / len(w)
                    expected = [direct, total - direct, total]
                    np.testing.assert_allclose(found[i, k], expected, atol=1e-9)

    def test_gradients_are_those_of_finite_differences(self, kind, method):
        w = sparse.csr_array(WEIGHTS[kind])
        spectrum = analyse_weights(w, method=method)
        rho = 0.45 * spectrum.upper

        def effects(beta, theta, at):
            multipliers = calc_multipliers(at, w, spectrum)
            return calc_effects(beta[None], theta[None], np.array([at]), multipliers)[0]

        found = calc_effect_gradients(BETA, THETA, rho, calc_multipliers(rho, w, spectrum))
        for column, (db, dt, dr) in enumerate(np.eye(3) * STEP):
            up = effects(BETA + db, THETA + dt, rho + dr)
            down = effects(BETA - db, THETA - dt, rho - dr)
            np.testing.assert_allclose(
                found[:, :, column], (up - down) / (2 * STEP), rtol=1e-6, atol=NUMERIC
            )

    def test_draws_that_are_all_alike(self, kind, method):
        # Models without Wy have ρ = 0 in every draw.
        w = sparse.csr_array(WEIGHTS[kind])
        spectrum = analyse_weights(w, method=method)
        found = calc_multipliers(np.zeros(100), w, spectrum)
        np.testing.assert_allclose(found.g, 0.0, atol=ROUNDING)
        expected = (WEIGHTS[kind] @ WEIGHTS[kind]).trace() / 30
        np.testing.assert_allclose(found.g_slope, expected, rtol=1e-9)


@pytest.mark.parametrize("kind", list(WEIGHTS))
def test_unit_effects_are_rows_and_columns_of_the_matrix(kind):
    w, rho = WEIGHTS[kind], 0.3
    found = calc_unit_effects(BETA, THETA, rho, sparse.csr_array(w))
    for k in range(2):
        s = effect_matrix(w, rho, k)
        own = np.diag(s)
        np.testing.assert_allclose(found.own[:, k], own, atol=ROUNDING)
        np.testing.assert_allclose(found.received[:, k], s.sum(axis=1) - own, atol=ROUNDING)
        np.testing.assert_allclose(found.sent[:, k], s.sum(axis=0) - own, atol=ROUNDING)
        matrix = calc_effect_matrix(BETA[k], THETA[k], rho, sparse.csr_array(w))
        np.testing.assert_allclose(matrix, s, atol=ROUNDING)


def test_sums_of_unequal_rows_by_series(monkeypatch):
    w = WEIGHTS["unequal rows"]
    rhos = np.linspace(0.0, 0.5, 40)
    by_schur = module._sums_by_schur(rhos, sparse.csr_array(w))
    by_solving = module._sums_by_solving(rhos, sparse.csr_array(w))
    np.testing.assert_allclose(by_solving[0], by_schur[0], rtol=1e-10)
    np.testing.assert_allclose(by_solving[1], by_schur[1], rtol=1e-10)


def test_too_many_units_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(module, "DENSE_LIMIT", 20)
    monkeypatch.setattr(module, "UNIT_LIMIT", 25)
    w = sparse.csr_array(WEIGHTS["symmetric"])
    with pytest.raises(SpecificationError, match="30 units on each other has 900 entries"):
        calc_effect_matrix(1.0, 0.0, 0.3, w)
    with pytest.raises(SpecificationError, match="own effects of 30 units"):
        calc_unit_effects(BETA, THETA, 0.3, w)


def test_draws_have_the_moments_asked_for_and_depend_on_the_seed_alone():
    covariance = np.array([[0.5, 0.2], [0.2, 0.3]])
    drawn = draw_parameters(np.array([1.0, -1.0]), covariance, 40_000, 5)
    # Four standard errors of a mean and of a variance of 40 000 draws.
    np.testing.assert_allclose(drawn.mean(axis=0), [1.0, -1.0], atol=4 * np.sqrt(0.5 / 40_000))
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=4 * np.sqrt(2 / 40_000) * 0.5)
    again = draw_parameters(np.array([1.0, -1.0]), covariance, 40_000, 5)
    np.testing.assert_array_equal(drawn, again)


@pytest.mark.parametrize("inference", ["delta", "simulation"])
@pytest.mark.parametrize("level", [0.0, 1.0, 95, "a", None, float("nan"), [0.9]])
def test_impossible_level(inference, level):
    effects = SpatialPanel(*make_problem(), model="sar").fit().effects(inference)
    with pytest.raises(SpecificationError, match="level must be between 0 and 1"):
        effects.conf_int(level)


def test_simulated_and_delta_errors_agree():
    fit = SpatialPanel(*make_problem(40, 8), model="sdm").fit()
    delta = fit.effects("delta").std_errors
    simulated = fit.effects("simulation", draws=4000, seed=2).std_errors
    # Monte Carlo error of a standard error is 1.1 %, and g is not linear in ρ.
    np.testing.assert_allclose(simulated, delta, rtol=0.08)


@pytest.mark.parametrize("inference", ["delta", "simulation"])
@pytest.mark.parametrize("model", ["sar", "sdm"])
def test_estimated_traces_state_their_error(model, inference):
    """Direct effects by probes alone, against eigenvalues at the same parameters."""
    panel = SpatialPanel(*make_problem(150, 4, weights=ring_weights(150)), model=model)
    probed = panel.fit(logdet="trace")
    exact = replace(probed, spectrum=panel.spectrum)
    assert panel.spectrum.method == "eigen"
    estimated, known = probed.effects(inference), exact.effects(inference)
    gaps = np.abs(estimated.direct - known.direct).to_numpy()
    assert (gaps > 0.0).all()
    assert (gaps <= STANDARD_ERRORS * estimated.trace_errors).all()
    np.testing.assert_allclose(
        np.abs(estimated.indirect - known.indirect), gaps, rtol=NUMERIC, atol=ROUNDING
    )
    np.testing.assert_allclose(estimated.total, known.total, atol=ROUNDING)
    assert f"up to {estimated.trace_errors.max():.2g}" in estimated.summary
    assert known.trace_errors is None
    assert "probes" not in known.summary
