"""Log-determinants by eigenvalues and by sparse LU, and the admissible interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from spatial_reference import complement, make_problem, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel, WeightsError
from yrb_carbon.spatialpanel.effects import calc_multipliers
from yrb_carbon.spatialpanel.information import calc_spatial_traces
from yrb_carbon.spatialpanel.logdet import (
    analyse_weights,
    calc_eigenvalues,
    common_row_sum,
    symmetrising_scale,
)

# Determinants of matrices of size 20 lose a few digits of the 16.
ROUNDING = 1e-11
# Central differences with a step of 1e-5 are good to about 1e-9 of the derivative.
STEP, NUMERIC = 1e-5, 1e-7


def directed_weights(n_units: int = 15) -> np.ndarray:
    """Nearest-neighbour-like weights that are not symmetric: complex eigenvalues."""
    rng = np.random.default_rng(2)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        others = rng.choice([j for j in range(n_units) if j != i], size=3, replace=False)
        matrix[i, others] = 1.0 / 3.0
    return matrix


WEIGHTS = {
    "symmetric": ring_weights(15),
    "directed": directed_weights(),
    "unequal rows": ring_weights(15, standardised=False),
}


@pytest.mark.parametrize("kind", list(WEIGHTS))
@pytest.mark.parametrize("dense_limit", [2000, 0], ids=["eigenvalues", "sparse LU"])
def test_full_log_determinant(kind, dense_limit):
    w = WEIGHTS[kind]
    spectrum = analyse_weights(sparse.csr_array(w), dense_limit)
    for share in (-0.9, -0.3, 0.0, 0.5, 0.99):
        rho = share * (spectrum.upper if share > 0 else -spectrum.lower)
        expected = np.linalg.slogdet(np.eye(len(w)) - rho * w)[1]
        assert spectrum.full.value(rho) == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("kind", ["symmetric", "directed"])
@pytest.mark.parametrize("dense_limit", [2000, 0], ids=["eigenvalues", "sparse LU"])
def test_deflated_log_determinant_is_finite_at_one(kind, dense_limit):
    w = WEIGHTS[kind]
    f = complement(len(w))
    deflated = f.T @ w @ f
    spectrum = analyse_weights(sparse.csr_array(w), dense_limit)
    for rho in (-0.5, 0.0, 0.7, 1.0 - 1e-12, 1.0, 1.01):
        expected = np.linalg.slogdet(np.eye(len(deflated)) - rho * deflated)[1]
        assert spectrum.deflated.value(rho) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", list(WEIGHTS))
@pytest.mark.parametrize("dense_limit", [2000, 0], ids=["eigenvalues", "sparse LU"])
def test_traces_are_the_derivatives(kind, dense_limit):
    spectrum = analyse_weights(sparse.csr_array(WEIGHTS[kind]), dense_limit)
    rho = 0.4 * spectrum.upper
    versions = [spectrum.full] + ([spectrum.deflated] if spectrum.deflated else [])
    for version in versions:
        slope = (version.value(rho + STEP) - version.value(rho - STEP)) / (2 * STEP)
        assert -version.trace_g(rho) == pytest.approx(slope, rel=NUMERIC, abs=NUMERIC)
        slope = (version.trace_g(rho + STEP) - version.trace_g(rho - STEP)) / (2 * STEP)
        assert version.trace_gg(rho) == pytest.approx(slope, rel=NUMERIC)


def test_unequal_row_sums_have_no_deflated_version():
    assert analyse_weights(sparse.csr_array(WEIGHTS["unequal rows"])).deflated is None


def test_row_sums():
    assert common_row_sum(sparse.csr_array(WEIGHTS["symmetric"])) == 1.0
    assert common_row_sum(sparse.csr_array(2.5 * WEIGHTS["symmetric"])) == pytest.approx(2.5)
    assert common_row_sum(sparse.csr_array(WEIGHTS["unequal rows"])) is None


def test_row_standardised_contiguity_is_symmetrised():
    w = WEIGHTS["symmetric"]
    scale = symmetrising_scale(sparse.csr_array(w))
    np.testing.assert_allclose(scale[:, None] * w, (scale[:, None] * w).T, atol=1e-15)
    values = calc_eigenvalues(sparse.csr_array(w))
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, np.sort(np.linalg.eigvals(w).real), atol=1e-12)


def test_directed_weights_have_complex_eigenvalues():
    w = sparse.csr_array(WEIGHTS["directed"])
    assert symmetrising_scale(w) is None
    values = calc_eigenvalues(w)
    assert np.abs(values.imag).max() > 0.1
    spectrum = analyse_weights(w)
    real = values.real[np.abs(values.imag) < 1e-9]
    assert spectrum.upper == 1.0
    assert spectrum.lower == pytest.approx(1.0 / real.min())


def test_separate_groups_are_each_symmetrised():
    w = np.kron(np.eye(2), ring_weights(6))
    spectrum = analyse_weights(sparse.csr_array(w))
    # Two groups, two eigenvalues of one; the deflated version keeps one of them.
    assert (np.abs(spectrum.eigenvalues - 1.0) < 1e-10).sum() == 2
    assert (np.abs(spectrum.deflated.eigenvalues - 1.0) < 1e-10).sum() == 1


@pytest.mark.parametrize("kind", list(WEIGHTS))
def test_interval_of_the_iterative_solver_is_the_same(kind):
    w = sparse.csr_array(WEIGHTS[kind])
    by_eigenvalues, iterative = analyse_weights(w), analyse_weights(w, 0)
    assert iterative.upper == pytest.approx(by_eigenvalues.upper, rel=1e-9)
    assert iterative.lower == pytest.approx(by_eigenvalues.lower, rel=1e-9)


def test_weights_without_cycles_are_refused():
    chain = sparse.csr_array(np.diag(np.ones(4), k=1))
    with pytest.raises(WeightsError, match="no positive real eigenvalue"):
        analyse_weights(chain)


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("kind", ["symmetric", "directed"])
def test_traces_of_g_by_definition(kind, deflated):
    w, rho = WEIGHTS[kind], 0.6
    g = w @ np.linalg.inv(np.eye(len(w)) - rho * w)
    if deflated:
        f = complement(len(w))
        g = f.T @ g @ f
    expected = [np.trace(g), np.trace(g @ g), np.trace(g.T @ g)]
    for dense in (True, False):
        traces = calc_spatial_traces(
            sparse.csr_array(w), rho, deflated=deflated, row_sum=1.0, dense=dense
        )
        np.testing.assert_allclose([traces.g, traces.gg, traces.gtg], expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["symmetric", "directed"])
def test_deflated_traces_have_no_pole_at_one(kind):
    w = WEIGHTS[kind]
    f = complement(len(w))
    deflated = f.T @ w @ f
    g = deflated @ np.linalg.inv(np.eye(len(deflated)) - deflated)
    expected = [np.trace(g), np.trace(g @ g), np.trace(g.T @ g)]
    for rho in (1.0 - 1e-14, 1.0):
        traces = calc_spatial_traces(sparse.csr_array(w), rho, deflated=True, row_sum=1.0)
        np.testing.assert_allclose([traces.g, traces.gg, traces.gtg], expected, rtol=1e-10)


@pytest.mark.parametrize("kind", list(WEIGHTS))
@pytest.mark.parametrize("dense_limit", [2000, 0], ids=["eigenvalues", "sparse LU"])
def test_multipliers_by_definition(kind, dense_limit):
    w = WEIGHTS[kind]
    n_units = len(w)
    spectrum = analyse_weights(sparse.csr_array(w), dense_limit)
    # More values of rho than the interpolation has nodes, so that large N interpolates.
    rhos = np.linspace(0.1, 0.7, 40) * spectrum.upper
    found = calc_multipliers(rhos, sparse.csr_array(w), spectrum)
    for i, rho in enumerate(rhos):
        g = w @ np.linalg.inv(np.eye(n_units) - rho * w)
        assert found.g[i] == pytest.approx(np.trace(g) / n_units, rel=1e-10)
        assert found.s[i] == pytest.approx(g.sum() / n_units, rel=1e-10)
        assert found.g_slope[i] == pytest.approx(np.trace(g @ g) / n_units, rel=1e-9)
        assert found.s_slope[i] == pytest.approx((g @ g).sum() / n_units, rel=1e-9)


@pytest.mark.parametrize("model", ["sdm", "sem"])
@pytest.mark.parametrize("estimator", ["transform", "direct", "direct_bc"])
def test_sparse_path_gives_the_same_fit(model, estimator, monkeypatch):
    import yrb_carbon.spatialpanel.model as module

    problem = make_problem(20, 5)
    by_eigenvalues = SpatialPanel(*problem, model=model).fit(estimator)
    monkeypatch.setattr(module, "analyse_weights", lambda w: analyse_weights(w, 0))
    by_solving = SpatialPanel(*problem, model=model).fit(estimator)
    assert by_solving.spectrum.eigenvalues is None
    np.testing.assert_allclose(by_solving.params, by_eigenvalues.params, atol=1e-9)
    np.testing.assert_allclose(by_solving.cov, by_eigenvalues.cov, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(
        by_solving.effects().std_errors, by_eigenvalues.effects().std_errors, rtol=1e-7
    )
