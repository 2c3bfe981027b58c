"""Large sparse weights: few factorisations, probes with an error, nothing dense of size N × N."""

from __future__ import annotations

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg
from spatial_reference import make_problem, ring_weights

import yrb_carbon.spatialpanel.information as information
import yrb_carbon.spatialpanel.likelihood as likelihood
import yrb_carbon.spatialpanel.model as model_module
from yrb_carbon.spatialpanel import BoundaryWarning, SpatialPanel, WeightsError, simulate
from yrb_carbon.spatialpanel.effects import calc_multipliers
from yrb_carbon.spatialpanel.errors import (
    LogDeterminantWarning,
    SpecificationError,
    WeightsEigenvalueError,
)
from yrb_carbon.spatialpanel.factor import FilterSolver, filter_solver, log_determinants_of_sum
from yrb_carbon.spatialpanel.information import (
    calc_spatial_traces,
    calc_squared_norm,
    estimate_squared_norm,
)
from yrb_carbon.spatialpanel.logdet import analyse_weights, with_exact_lower
from yrb_carbon.spatialpanel.progress import report_progress
from yrb_carbon.spatialpanel.quadrature import calc_power_traces, calc_square_norms
from yrb_carbon.spatialpanel.within import spatial_lag, triangular_factor

pytestmark = pytest.mark.slow

# The root of the score is found to 1e-9 at least; curvature and rounding leave this.
SAME_RHO = 1e-8
# Shifted determinants give tr(G'G) to ten digits, of which a covariance loses some.
SAME_COVARIANCE = 1e-6
# Log-determinants of some hundred units lose two of sixteen digits.
ROUNDING = 1e-10
# Second derivatives of an interpolant and differences of log-determinants keep eight digits.
DERIVATIVE = 1e-8
# Sums over the same numbers in another order.
SAME_SUM = 1e-12
# Likelihoods are sums of some thousand logarithms; standard errors of effects are products of many.
LOGLIK, EFFECT_ERRORS = 1e-7, 1e-5
# A millionth of the interval away from a pole six digits are left of ten or more.
NEAR_POLE = 1e-6
# R of columns whose sizes differ by 10^12, after some hundred Householder steps.
TALL = 1e-11
# ARPACK stops when the residual is rounding.
EXTREME_EIGENVALUE = 1e-9
# A standard error of 16 or more probes is itself off by a quarter, so five of them.
STANDARD_ERRORS = 5.0
# Nine points of the bracket and one certificate. The bracket shrinks with the standard error of ρ:
# a million units need fewer (benchmarks/spatialpanel.py).
MOST_FACTORISATIONS = 10


def grid_weights(rows: int, columns: int) -> sparse.csr_array:
    """Queen contiguity of a grid, row-standardised: similar to a symmetric matrix."""
    cells = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        (cells[:, :-1], cells[:, 1:]),
        (cells[:-1], cells[1:]),
        (cells[:-1, :-1], cells[1:, 1:]),
        (cells[:-1, 1:], cells[1:, :-1]),
    ]
    first = np.concatenate([a.ravel() for a, _ in pairs])
    second = np.concatenate([b.ravel() for _, b in pairs])
    links = sparse.coo_array((np.ones(first.size), (first, second)), shape=(cells.size, cells.size))
    contiguity = sparse.csr_array(links + links.T)
    return sparse.csr_array(sparse.diags_array(1.0 / contiguity.sum(axis=1)) @ contiguity)


def neighbour_weights(n_units: int, neighbours: int = 5) -> sparse.csr_array:
    """Nearest neighbours of random points: not similar to a symmetric matrix."""
    points = np.random.default_rng(4).random((n_units, 2))
    distance = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, :neighbours]
    rows = np.repeat(np.arange(n_units), neighbours)
    shares = np.full(rows.size, 1.0 / neighbours)
    return sparse.csr_array((shares, (rows, nearest.ravel())), shape=(n_units, n_units))


def unequal_weights(n_units: int) -> sparse.csr_array:
    return sparse.csr_array(ring_weights(n_units, standardised=False))


WEIGHTS = {
    "grid": grid_weights(18, 20),
    "neighbours": neighbour_weights(360),
    "unequal rows": unequal_weights(360),
}
RHOS = (-0.6, 0.0, 0.3, 0.7, 0.95)


def make_panel(weights: sparse.csr_array, n_periods: int, *, rho: float = 0.5, lam: float = 0.0):
    rng = np.random.default_rng(7)
    n_units = weights.shape[0]
    x = rng.standard_normal((n_periods, n_units, 2))
    y = simulate(
        weights,
        x,
        rng.standard_normal((n_periods, n_units)),
        beta=np.array([1.0, -0.5]),
        theta=np.array([0.3, 0.1]),
        rho=rho,
        lam=lam,
        mu=rng.standard_normal(n_units),
        xi=rng.standard_normal(n_periods),
    )
    index = pd.MultiIndex.from_product(
        [range(n_periods), range(n_units)], names=["year", "unit"]
    ).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["x1", "x2"])
    return pd.Series(y.ravel(), index, name="y"), exog, (range(n_units), weights)


def dense_parts(w: sparse.csr_array, rho: float) -> tuple[float, np.ndarray]:
    filtered = np.eye(w.shape[0]) - rho * w.toarray()
    return float(np.linalg.slogdet(filtered)[1]), np.linalg.solve(filtered, w.toarray())


class TestLogDeterminant:
    @pytest.mark.parametrize("kind", list(WEIGHTS))
    def test_estimate_is_within_its_error(self, kind):
        w = WEIGHTS[kind]
        spectrum = analyse_weights(w, method="trace")
        for share in RHOS:
            rho = share * (spectrum.upper if share > 0 else -spectrum.lower)
            value, g = dense_parts(w, rho)
            error = spectrum.full.error(rho)
            slack = ROUNDING * w.shape[0]
            assert abs(spectrum.full.value(rho) - value) <= STANDARD_ERRORS * error.value + slack
            gap = abs(spectrum.full.trace_g(rho) - np.trace(g))
            assert gap <= STANDARD_ERRORS * error.trace_g + slack
        # Useful as well as honest: the error of the likelihood is far below one per unit.
        assert spectrum.full.error(0.5 * spectrum.upper).value < 1e-3 * w.shape[0]

    @pytest.mark.parametrize("kind", list(WEIGHTS))
    def test_interpolant_is_exact_inside_its_bracket(self, kind):
        w = WEIGHTS[kind]
        spectrum = analyse_weights(w, method="sparse")
        local = spectrum.full.near(0.3 * spectrum.upper, 0.6 * spectrum.upper)
        for share in (0.3, 0.41, 0.55, 0.6):
            rho = share * spectrum.upper
            value, g = dense_parts(w, rho)
            assert local.value(rho) == pytest.approx(value, abs=ROUNDING)
            assert local.trace_g(rho) == pytest.approx(np.trace(g), rel=ROUNDING)
            assert local.trace_gg(rho) == pytest.approx(np.trace(g @ g), rel=DERIVATIVE)

    def test_interpolant_costs_one_factorisation_a_point(self):
        w = grid_weights(12, 13)
        spectrum = analyse_weights(w, method="sparse")
        local = spectrum.full.near(0.4, 0.5)
        assert filter_solver(w).n_factorisations == local.degree + 1
        # A bracket inside of it, and the deflated version, cost nothing more.
        assert spectrum.deflated.near(0.42, 0.48).degree == local.degree
        assert filter_solver(w).n_factorisations == local.degree + 1

    def test_certificate_refines_what_is_not_exact_enough(self):
        w = WEIGHTS["neighbours"]
        curve = analyse_weights(w, method="sparse").full.curve
        poor = curve._interpolate(0.2, 0.8, (2,))
        value, g = dense_parts(w, 0.37)
        expected = float(np.trace(g)) - 1.0 / (1.0 - 0.37)
        assert abs(poor.trace_g(0.37) - expected) > 1e-6
        better = poor
        for _ in range(6):
            better = better.certified(0.37, 1e-9)
        assert better.degree > poor.degree
        assert better.trace_g(0.37) == pytest.approx(expected, abs=LOGLIK)
        assert better.value(0.37) == pytest.approx(value - np.log(1.0 - 0.37), abs=ROUNDING)

    def test_bracket_that_defeats_interpolation_is_reported(self, monkeypatch):
        import yrb_carbon.spatialpanel.logdet as module

        monkeypatch.setattr(module, "INTERPOLATION_DEGREES", (2, 4))
        spectrum = analyse_weights(neighbour_weights(200), method="sparse")
        with pytest.warns(LogDeterminantWarning, match="with 5 factorisations"):
            spectrum.full.near(-0.9, 0.999)

    def test_methods(self, monkeypatch):
        import yrb_carbon.spatialpanel.logdet as module

        w = WEIGHTS["grid"]
        assert analyse_weights(w).method == "eigen"
        assert analyse_weights(WEIGHTS["neighbours"]).method == "sparse"
        full = sparse.csr_array(np.full((360, 360), 1.0 / 359.0) - np.eye(360) / 359.0)
        assert analyse_weights(full).method == "eigen"
        with pytest.raises(SpecificationError, match="auto, eigen, sparse, trace, got 'grid'"):
            analyse_weights(w, method="grid")
        monkeypatch.setattr(module, "DENSE_LIMIT", 300)
        with pytest.raises(WeightsError, match="360 units need dense matrices, which stop at 300"):
            analyse_weights(w, method="eigen")

    def test_lower_bound_of_large_weights_is_inside_the_interval(self, monkeypatch):
        import yrb_carbon.spatialpanel.logdet as module

        monkeypatch.setattr(module, "EXTREME_LIMIT", 100)
        for kind, close in (("grid", 0.9), ("neighbours", 0.3)):
            exact = analyse_weights(WEIGHTS[kind], method="eigen")
            found = analyse_weights(WEIGHTS[kind], method="sparse")
            assert exact.lower <= found.lower <= close * exact.lower
            assert found.upper == exact.upper
            assert found.lower_is_safe
            assert not exact.lower_is_safe
            edge = with_exact_lower(WEIGHTS[kind], found)
            assert edge.lower == pytest.approx(exact.lower, rel=EXTREME_EIGENVALUE)
            assert with_exact_lower(WEIGHTS[kind], edge) is edge

    @pytest.mark.parametrize("model", ["sar", "sem", "sac"])
    def test_search_goes_on_beyond_a_safe_bound(self, model, monkeypatch):
        """The truth is outside of the safe bound and inside of the interval."""
        import yrb_carbon.spatialpanel.logdet as module

        w = WEIGHTS["neighbours"]
        exact = analyse_weights(w, method="eigen")
        monkeypatch.setattr(module, "EXTREME_LIMIT", 100)
        safe = analyse_weights(w, method="sparse")
        truth = 0.5 * (safe.lower + exact.lower)
        spatial = {"rho": 0.0, "lam": truth} if model == "sem" else {"rho": truth}
        problem = make_problem(w.shape[0], 5, 3, weights=w.toarray(), **spatial)
        panel = SpatialPanel(*problem, model=model)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            large = panel.fit(logdet="sparse")
            small = SpatialPanel(*problem, model=model).fit(logdet="eigen")
        assert min(large.rho, large.lam) < safe.lower
        assert not large.spectrum.lower_is_safe
        assert large.rho == pytest.approx(small.rho, abs=SAME_RHO)
        assert large.lam == pytest.approx(small.lam, abs=SAME_RHO)

    def test_iteration_that_does_not_converge_is_refused(self, monkeypatch):
        import yrb_carbon.spatialpanel.logdet as module

        def never(*_arguments, **_options):
            raise sparse_linalg.ArpackNoConvergence("no", np.array([]), np.array([]))

        monkeypatch.setattr(module.sparse_linalg, "eigsh", never)
        monkeypatch.setattr(module.sparse_linalg, "eigs", never)
        for kind in ("grid", "neighbours"):
            with pytest.raises(WeightsEigenvalueError, match=r"smallest|largest") as found:
                analyse_weights(WEIGHTS[kind], method="sparse")
            assert "logdet='eigen'" in str(found.value)


class TestTraces:
    @pytest.mark.parametrize("kind", list(WEIGHTS))
    @pytest.mark.parametrize("share", [-0.6, 0.0, 1e-4, 0.4, 0.9])
    def test_squared_norm(self, kind, share):
        w = WEIGHTS[kind]
        rho = share / float(abs(w).sum(axis=1).max())
        _, g = dense_parts(w, rho)
        assert calc_squared_norm(w, rho) == pytest.approx((g**2).sum(), rel=DERIVATIVE)

    @pytest.mark.parametrize("kind", list(WEIGHTS))
    @pytest.mark.parametrize("share", [0.3, 0.6])
    def test_squared_norm_by_probes_is_within_its_error(self, kind, share):
        w = WEIGHTS[kind]
        rho = share / float(abs(w).sum(axis=1).max())
        _, g = dense_parts(w, rho)
        found, error = estimate_squared_norm(w, rho, float((g * g.T).sum()), probes=64)
        assert abs(found - (g**2).sum()) <= STANDARD_ERRORS * error
        assert 0.0 < error < 0.01 * found

    @pytest.mark.parametrize("deflated", [False, True])
    def test_spatial_traces_by_every_method(self, deflated, monkeypatch):
        w, rho = WEIGHTS["neighbours"], 0.55
        exact = calc_spatial_traces(w, rho, deflated=deflated, row_sum=1.0)
        assert exact.gtg_error == 0.0
        shifted = calc_spatial_traces(w, rho, deflated=deflated, row_sum=1.0, dense=False)
        for name in ("g", "gg", "gtg"):
            assert getattr(shifted, name) == pytest.approx(getattr(exact, name), rel=DERIVATIVE)
        monkeypatch.setattr(information, "SHIFT_LIMIT", 200)
        probed = calc_spatial_traces(w, rho, deflated=deflated, row_sum=1.0, dense=False)
        assert abs(probed.gtg - exact.gtg) <= STANDARD_ERRORS * probed.gtg_error
        monkeypatch.setattr(information, "COLUMN_LIMIT", 400)
        columns = calc_spatial_traces(w, rho, deflated=deflated, row_sum=1.0, dense=False)
        assert columns.gtg == pytest.approx(exact.gtg, rel=SAME_SUM)

    @pytest.mark.parametrize("kind", list(WEIGHTS))
    def test_powers_and_norms(self, kind, monkeypatch):
        import yrb_carbon.spatialpanel.quadrature as module

        # Small blocks, so that there are several of them.
        monkeypatch.setattr(module, "BLOCK_NONZEROS", 2000)
        w = WEIGHTS[kind].toarray()
        expected = [np.trace(np.linalg.matrix_power(w, k)) for k in range(5)]
        np.testing.assert_allclose(calc_power_traces(WEIGHTS[kind]), expected, atol=ROUNDING)
        squares = [w, w @ w]
        norms = [[(a * b).sum() for b in squares] for a in squares]
        np.testing.assert_allclose(calc_square_norms(WEIGHTS[kind]), norms, rtol=SAME_SUM)


class TestSolver:
    @pytest.mark.parametrize("rho", [0.3, -0.8, 1.3])
    def test_solves_and_determines(self, rho):
        w = WEIGHTS["neighbours"]
        solver = FilterSolver(w)
        filtered = np.eye(w.shape[0]) - rho * w.toarray()
        values = np.random.default_rng(1).standard_normal((w.shape[0], 3))
        for parameter in (0.1, rho):  # the second uses the ordering of the first
            solver.log_determinant(parameter)
        expected = np.linalg.slogdet(filtered)[1]
        assert solver.log_determinant(rho) == pytest.approx(expected, abs=ROUNDING)
        np.testing.assert_allclose(filtered @ solver.solve(rho, values), values, atol=ROUNDING)
        solution = solver.solve(rho, values[:, 0], transposed=True)
        np.testing.assert_allclose(filtered.T @ solution, values[:, 0], atol=ROUNDING)

    def test_the_last_factor_is_kept_and_shared(self):
        w = grid_weights(6, 7)
        solver = filter_solver(w)
        assert filter_solver(w) is solver
        solver.solve(0.4, np.ones(42))
        simulate(w, np.ones((2, 42, 1)), np.ones((2, 42)), beta=np.ones(1), rho=0.4)
        assert solver.n_factorisations == 1
        assert filter_solver(grid_weights(6, 7)) is not solver

    def test_solver_goes_with_its_weights(self):
        from yrb_carbon.spatialpanel import factor

        w = grid_weights(5, 5)
        filter_solver(w)
        key = id(w)
        assert key in factor._solvers
        del w
        assert key not in factor._solvers

    def test_determinants_of_a_sum(self):
        w = WEIGHTS["grid"]
        base, slope = sparse.csr_array(sparse.eye_array(360) + w @ w.T), w @ w.T
        shifts = np.array([0.1, -0.1, 0.2])
        expected = [np.linalg.slogdet((base + s * slope).toarray())[1] for s in shifts]
        np.testing.assert_allclose(log_determinants_of_sum(base, slope, shifts), expected)


class TestFit:
    @pytest.mark.parametrize("kind", ["grid", "neighbours"])
    @pytest.mark.parametrize("model", ["sdm", "sem", "sac"])
    def test_factorisations_and_eigenvalues_agree(self, kind, model, monkeypatch):
        problem = make_panel(WEIGHTS[kind], 5, rho=0.5, lam=0.0 if model == "sdm" else 0.3)
        fits = {}
        for method in ("eigen", "sparse"):
            monkeypatch.setattr(
                model_module,
                "analyse_weights",
                lambda w, *args, method=method, **kw: analyse_weights(w, method=method),
            )
            fits[method] = SpatialPanel(*problem, model=model).fit()
        exact, found = fits["eigen"], fits["sparse"]
        assert found.spectrum.method == "sparse"
        np.testing.assert_allclose(found.params, exact.params, atol=SAME_RHO)
        assert found.loglik == pytest.approx(exact.loglik, abs=LOGLIK)
        np.testing.assert_allclose(found.std_errors, exact.std_errors, rtol=SAME_COVARIANCE)
        effects = [fit.effects("simulation", draws=200, seed=3) for fit in (exact, found)]
        np.testing.assert_allclose(effects[1].std_errors, effects[0].std_errors, rtol=EFFECT_ERRORS)

    def test_large_panel_takes_few_factorisations_and_nothing_dense(self):
        w = grid_weights(150, 150)
        problem = make_panel(w, 3)
        tracemalloc.start()
        panel = SpatialPanel(*problem)
        fit = panel.fit()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        n_units = w.shape[0]
        # A dense N × N would take 4 GB; some dozens of panels of eight columns are allowed.
        assert peak < 60 * 8 * 8 * 3 * n_units
        assert filter_solver(panel.arrays.weights).n_factorisations <= MOST_FACTORISATIONS
        assert abs(fit.rho - 0.5) < 5.0 * fit.std_errors["rho"]
        # The derivative of the likelihood with exact log-determinants a step away on both sides.
        step = 1e-4
        projected = panel._projected
        z = projected.z.reshape(-1, projected.z.shape[2])
        e0, ed = (
            v.ravel() - z @ np.linalg.lstsq(z, v.ravel(), rcond=None)[0]
            for v in (projected.y, projected.lagged_y)
        )

        def loglik(rho):
            e = e0 - rho * ed
            jacobian = 2 * (FilterSolver(w).log_determinant(rho) - np.log(1.0 - rho))
            return -0.5 * (n_units - 1) * 2 * np.log(e @ e) + jacobian

        up, middle, down = (loglik(fit.rho + s * step) for s in (1, 0, -1))
        slope, curvature = (up - down) / (2 * step), (2 * middle - up - down) / step**2
        # The difference itself leaves step² times a third derivative over the curvature.
        assert abs(slope / curvature) < 5e-8

    @pytest.mark.parametrize("sign", [1.0, -1.0])
    def test_order_of_units_does_not_matter(self, sign):
        w = WEIGHTS["neighbours"]
        dependent, exog, _ = make_panel(w, 4, rho=0.4 * sign)
        fit = SpatialPanel(dependent, exog, (range(360), w)).fit()
        rng = np.random.default_rng(2)
        order, rows = rng.permutation(360), rng.permutation(len(exog))
        shuffled = (list(order), sparse.csr_array(w[order][:, order]))
        other = SpatialPanel(dependent.iloc[rows], exog.iloc[rows], shuffled).fit()
        np.testing.assert_array_equal(other.params, fit.params)
        # New names: another canonical order, other probes, the same optimum.
        renamed = dict(zip(range(360), rng.permutation(360), strict=True))
        index = exog.index.set_levels([renamed[unit] for unit in exog.index.levels[0]], level=0)
        names = [renamed[unit] for unit in range(360)]
        third = SpatialPanel(dependent.set_axis(index), exog.set_axis(index), (names, w)).fit()
        np.testing.assert_allclose(third.params, fit.params, atol=ROUNDING)
        np.testing.assert_allclose(third.std_errors, fit.std_errors, rtol=DERIVATIVE)

    def test_search_is_the_same_for_sparse_weights_at_the_edge(self, monkeypatch):
        from test_likelihood import smooth_problem

        monkeypatch.setattr(model_module, "analyse_weights", lambda w: analyse_weights(w, 0))
        for model in ("sar", "sem"):
            with pytest.warns(BoundaryWarning):
                fit = SpatialPanel(*smooth_problem(), model=model).fit()
            assert fit.at_boundary

    @pytest.mark.parametrize("model", ["sem", "sdem"])
    def test_error_profile_from_gram_matrices_is_exact(self, model, monkeypatch):
        problem = make_problem(30, 6, lam=0.5, rho=0.0)
        quick = SpatialPanel(*problem, model=model).fit()
        monkeypatch.setattr(likelihood, "QUADRATIC_TOLERANCE", -1.0)
        direct = SpatialPanel(*problem, model=model).fit()
        np.testing.assert_allclose(quick.params, direct.params, rtol=SAME_SUM, atol=SAME_SUM)

    def test_trace_method_is_near_and_says_how_near(self, monkeypatch):
        problem = make_panel(WEIGHTS["neighbours"], 6)
        exact = SpatialPanel(*problem).fit()
        monkeypatch.setattr(
            model_module, "analyse_weights", lambda w: analyse_weights(w, method="trace")
        )
        fit = SpatialPanel(*problem).fit()
        error = fit.spectrum.deflated.error(fit.rho).trace_g
        assert fit.spectrum.method == "trace"
        # The score is off by J times the error of tr(G); the curvature is 1/se².
        bound = STANDARD_ERRORS * 5 * error * float(exact.std_errors["rho"]) ** 2
        assert 0.0 < abs(fit.rho - exact.rho) <= bound

    def test_results_survive_pickling(self):
        fit = SpatialPanel(*make_panel(WEIGHTS["neighbours"], 4)).fit()
        assert fit.spectrum.method == "sparse"
        again = pickle.loads(pickle.dumps(fit))
        assert again.effects().total.equals(fit.effects().total)
        assert again.spectrum.full.value(0.123) == fit.spectrum.full.value(0.123)


def test_multipliers_beyond_the_bracket_of_the_fit():
    w = WEIGHTS["neighbours"]
    fit = SpatialPanel(*make_panel(w, 4)).fit()
    rhos = np.linspace(-0.2, 0.9, 50)
    found = calc_multipliers(rhos, fit.arrays.weights, fit.spectrum)
    expected = [np.trace(dense_parts(w, rho)[1]) / 360 for rho in rhos]
    # Twelve digits of the values at the far end, where 1 - ρ is a tenth; g itself crosses zero.
    np.testing.assert_allclose(found.g, expected, atol=ROUNDING)


def test_blocks_of_rows_give_the_same_triangle(monkeypatch):
    import yrb_carbon.spatialpanel.within as module

    monkeypatch.setattr(module, "TALL_BLOCK", 50)
    rng = np.random.default_rng(3)
    z, y = rng.standard_normal((333, 4)) * [1.0, 1e6, 1e-6, 1.0], rng.standard_normal(333)
    found = triangular_factor(z, y)
    expected = np.linalg.qr(np.column_stack([z, y]), mode="r")
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=TALL)


def test_large_cross_sections_are_lagged_alike(monkeypatch):
    import yrb_carbon.spatialpanel.within as module

    values = np.random.default_rng(1).standard_normal((3, 360, 2))
    at_once = spatial_lag(WEIGHTS["grid"], values), spatial_lag(WEIGHTS["grid"], values[:, :, 0])
    monkeypatch.setattr(module, "LAG_BLOCK", 1)
    np.testing.assert_array_equal(spatial_lag(WEIGHTS["grid"], values), at_once[0])
    np.testing.assert_array_equal(spatial_lag(WEIGHTS["grid"], values[:, :, 0]), at_once[1])


class TestProgress:
    def test_only_large_panels_speak_and_only_when_asked(self, capsys, monkeypatch):
        for wanted, n_units, spoken in (
            ("1", 10**6, True),
            ("1", 1000, False),
            ("0", 10**6, False),
            ("", 10**6, False),  # standard error is no terminal under pytest
        ):
            monkeypatch.setenv("SPATIALPANEL_PROGRESS", wanted)
            report_progress(n_units, "analysing the weights")
            said = capsys.readouterr().err
            assert said == ("spatialpanel: analysing the weights\n" if spoken else "")

    def test_a_long_fit_says_what_it_does(self, capsys, monkeypatch):
        import yrb_carbon.spatialpanel.progress as module

        monkeypatch.setattr(module, "LONG_FIT", 100)
        monkeypatch.setenv("SPATIALPANEL_PROGRESS", "1")
        SpatialPanel(*make_panel(WEIGHTS["neighbours"], 3)).fit()
        lines = capsys.readouterr().err.splitlines()
        assert lines[0] == "spatialpanel: analysing the weights"
        assert sum("log-determinant at" in line for line in lines) >= 4


def test_derivatives_at_the_very_edge_of_the_interval():
    w = WEIGHTS["unequal rows"]
    spectrum = analyse_weights(w, method="sparse")
    for rho in (spectrum.upper * (1.0 - 1e-7), spectrum.lower * (1.0 - 1e-7)):
        _, g = dense_parts(w, rho)
        assert spectrum.full.trace_g(rho) == pytest.approx(np.trace(g), rel=NEAR_POLE)
        assert spectrum.full.trace_gg(rho) == pytest.approx((g * g.T).sum(), rel=NEAR_POLE)


@pytest.mark.parametrize("model", ["sar", "sdm", "sem"])
def test_fit_takes_the_way_to_the_log_determinant_that_is_asked_for(model):
    """All ways give one estimate; the stochastic one within the error that it states."""
    panel = SpatialPanel(*make_problem(60, 5, weights=ring_weights(60)), model=model)
    name = "lambda" if model == "sem" else "rho"
    exact = panel.fit(logdet="eigen")
    assert exact.numerics.loc[name, "method"] == "eigen"
    assert exact.numerics.loc[name, ["loglik_error", "parameter_error"]].tolist() == [0.0, 0.0]
    sparse_fit = panel.fit(logdet="sparse")
    assert sparse_fit.numerics.loc[name, "method"] == "sparse"
    np.testing.assert_allclose(sparse_fit.params, exact.params, rtol=0.0, atol=SAME_RHO)
    estimated = panel.fit(logdet="trace")
    numerics = estimated.numerics.loc[name]
    assert numerics["method"] == "trace"
    assert 0.0 < numerics["loglik_error"] < 1.0
    assert 0.0 < numerics["parameter_error"] < 0.1 * exact.std_errors[name]
    gap = abs(estimated.params[name] - exact.params[name])
    assert gap < 5.0 * numerics["parameter_error"]
    assert "its error" in estimated.summary
    assert panel.fit().numerics.loc[name, "method"] == "eigen"


def test_unknown_way_to_the_log_determinant_is_refused():
    panel = SpatialPanel(*make_problem(12, 4))
    with pytest.raises(SpecificationError, match="logdet must be one of auto, eigen, sparse, tra"):
        panel.fit(logdet="grid")
