"""Identities that hold for any panel, weights and model."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from yrb_carbon.spatialpanel import (
    BoundaryError,
    BoundaryWarning,
    CollinearRegressorError,
    ConvergenceError,
    FlatLikelihoodWarning,
    IdentificationWarning,
    MultipleModesWarning,
    PanelSizeError,
    SingularInformationError,
    SpatialPanel,
    SpatialPanelResults,
    simulate,
)
from yrb_carbon.spatialpanel.effects import calc_effects, calc_multipliers
from yrb_carbon.spatialpanel.logdet import analyse_weights
from yrb_carbon.spatialpanel.within import spatial_lag, within_transform

pytestmark = pytest.mark.slow

# Identities of exact arithmetic; panels of up to 72 rows lose a few digits of the 16.
IDENTITY = 1e-10
# The reduced form is linear in X, so a difference of step one is exact up to dense solves.
FINITE_DIFFERENCE = 1e-8
# Derivative of the log-likelihood in rho: a root to 1e-8 in rho times a curvature of order 100.
ZERO_SCORE = 1e-6

MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")
LAGGED_X = ("slx", "sdm", "sdem", "gns")
EXAMPLES = settings(max_examples=40, deadline=None)


@st.composite
def weight_matrices(draw, equal_rows=True):
    """Connected non-negative weights, symmetric pattern or not, by seed."""
    n_units = draw(st.integers(5, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = np.zeros((n_units, n_units))
    ring = np.arange(n_units)
    matrix[ring, (ring + 1) % n_units] = 1.0
    matrix += rng.uniform(size=matrix.shape) * (rng.uniform(size=matrix.shape) < 0.3)
    if draw(st.booleans()):
        matrix = matrix + matrix.T
    np.fill_diagonal(matrix, 0.0)
    if equal_rows:
        return matrix / matrix.sum(axis=1, keepdims=True)
    return matrix / matrix.sum(axis=1).max()


@st.composite
def problems(draw, models=MODELS):
    """A model of any kind on simulated data, with the name of the model and its effects."""
    weights = draw(weight_matrices())
    n_units, n_periods = len(weights), draw(st.integers(5, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal((n_periods, n_units, 2))
    y = simulate(
        sparse.csr_array(weights),
        x,
        rng.standard_normal((n_periods, n_units)),
        beta=rng.standard_normal(2),
        theta=rng.standard_normal(2),
        rho=draw(st.floats(-0.5, 0.7)),
        mu=rng.standard_normal(n_units),
        xi=rng.standard_normal(n_periods),
    )
    units = [f"u{i}" for i in range(n_units)]
    index = pd.MultiIndex.from_product([range(n_periods), units]).swaplevel()
    dependent = pd.Series(y.ravel(), index, name="y")
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["x1", "x2"])
    options = {
        "model": draw(st.sampled_from(models)),
        "entity_effects": draw(st.booleans()),
        "time_effects": draw(st.booleans()),
    }
    return dependent, exog, (units, weights), options


def fit(problem, estimator="transform"):
    dependent, exog, weights, options = problem
    try:
        with warnings.catch_warnings():
            for expected in (
                BoundaryWarning,
                IdentificationWarning,
                MultipleModesWarning,
                FlatLikelihoodWarning,
            ):
                warnings.simplefilter("ignore", expected)
            result = SpatialPanel(dependent, exog, weights, **options).fit(estimator)
    except (CollinearRegressorError, PanelSizeError, BoundaryError):
        # Small random panels may have collinear lags or a correction that leaves the interval;
        # they have no estimate to test.
        assume(False)
    except (ConvergenceError, SingularInformationError):
        # Two spatial parameters may not be identified by six units; one always is.
        assume(options["model"] not in {"sac", "gns"})
        raise
    assume(not result.at_boundary)
    return result


def effects_of(result, inference, draws):
    try:
        return result.effects(inference, draws=draws)
    except BoundaryError:
        # A parameter that the data hardly tell has no simulated effects: nearly all draws are out.
        assume(inference == "delta")
        raise


@EXAMPLES
@given(problem=problems(), estimator=st.sampled_from(["transform", "direct"]))
def test_total_is_direct_plus_indirect(problem, estimator):
    result = fit(problem, estimator)
    for inference in ("delta", "simulation"):
        effects = effects_of(result, inference, 20)
        np.testing.assert_allclose(
            effects.total, effects.direct + effects.indirect, rtol=IDENTITY, atol=IDENTITY
        )


@EXAMPLES
@given(problem=problems())
def test_total_of_row_standardised_weights(problem):
    result = fit(problem)
    theta = [result.params.get(f"W.{name}", 0.0) for name in ("x1", "x2")]
    expected = (result.params[["x1", "x2"]] + theta) / (1.0 - result.rho)
    np.testing.assert_allclose(result.effects().total, expected, rtol=IDENTITY, atol=IDENTITY)


@EXAMPLES
@given(problem=problems(models=("slx", "sdem")), estimator=st.sampled_from(["transform", "direct"]))
def test_without_rho_theta_is_the_indirect_effect(problem, estimator):
    result = fit(problem, estimator)
    effects = result.effects()
    for name in ("x1", "x2"):
        for quantity, term in (("direct", name), ("indirect", f"W.{name}")):
            assert abs(effects.params.loc[name, quantity] - result.params[term]) < IDENTITY
            gap = effects.std_errors.loc[name, quantity] - result.std_errors[term]
            assert abs(gap) < IDENTITY * max(1.0, result.std_errors[term])


@EXAMPLES
@given(problem=problems(), order=st.integers(0, 8))
def test_orders_of_neighbours_add_up_to_the_effects(problem, order):
    result = fit(problem)
    found = result.partition(order)
    whole = result.effects()
    scale = max(1.0, float(np.abs(found.estimates).max()))
    np.testing.assert_allclose(found.whole, whole.params, rtol=0, atol=IDENTITY * scale)
    # A path of one link never returns, since no unit is its own neighbour.
    assert order == 0 or (found.params.xs(1, level="order")["direct"].abs() < IDENTITY).all()
    k, q = 2, order + 2
    sums = found.covariance.reshape(k, q, 3, k, q, 3).sum(axis=(1, 4)).reshape(3 * k, 3 * k)
    scale = max(1.0, float(np.abs(found.covariance).max()))
    np.testing.assert_allclose(sums, whole.covariance, rtol=0, atol=IDENTITY * scale)


@EXAMPLES
@given(problem=problems())
def test_matrix_by_unit_and_mean_effects_are_one(problem):
    result = fit(problem)
    effects, by_unit = result.effects(), result.unit_effects()
    for name in result.arrays.variables:
        matrix = result.effect_matrix(name).to_numpy()
        scale = IDENTITY * max(1.0, float(np.abs(matrix).sum()))
        own = np.diag(matrix)
        assert abs(own.mean() - effects.direct[name]) < scale
        assert abs(matrix.sum() / len(matrix) - effects.total[name]) < scale
        np.testing.assert_allclose(by_unit["own"][name], own, atol=scale)
        received = matrix.sum(axis=1) - own
        np.testing.assert_allclose(by_unit["received"][name], received, atol=scale)
        np.testing.assert_allclose(by_unit["sent"][name], matrix.sum(axis=0) - own, atol=scale)


@EXAMPLES
@given(problem=problems(), estimator=st.sampled_from(["transform", "direct", "direct_bc"]))
def test_fitted_values_and_residuals_make_the_data(problem, estimator):
    result = fit(problem, estimator)
    dependent = problem[0]
    scale = max(1.0, float(dependent.abs().max()))
    for kind in ("reduced_form", "trend", "structural"):
        together = result.fitted_values(kind) + result.residuals(kind)
        np.testing.assert_allclose(together, dependent, rtol=0, atol=IDENTITY * scale)
    predicted = result.predict(problem[1].iloc[::-1])
    np.testing.assert_allclose(
        predicted[dependent.index], result.fitted_values(), rtol=0, atol=FINITE_DIFFERENCE * scale
    )


@EXAMPLES
@given(problem=problems(), estimator=st.sampled_from(["transform", "direct", "direct_bc"]))
def test_stored_results_are_the_results(problem, estimator):
    result = fit(problem, estimator)
    back = SpatialPanelResults.from_json(result.to_json())
    assert back.to_json() == result.to_json()
    assert back.params.equals(result.params)
    assert back.cov.equals(result.cov)
    assert effects_of(back, "simulation", 10).draws.tobytes() == (
        effects_of(result, "simulation", 10).draws.tobytes()
    )


@EXAMPLES
@given(
    problem=problems(),
    estimator=st.sampled_from(["transform", "direct", "direct_bc"]),
    seed=st.integers(0, 1000),
)
def test_order_of_rows_units_years_and_columns_changes_nothing(problem, estimator, seed):
    reference = fit(problem, estimator)
    dependent, exog, (units, weights), options = problem
    rng = np.random.default_rng(seed)
    # Other names for units and years, so that their sorted order changes too.
    new_units = dict(zip(units, rng.permutation([f"v{i}" for i in range(len(units))]), strict=True))
    years = exog.index.unique(1)
    new_years = dict(zip(years, rng.permutation(len(years)) + 1990, strict=True))

    def relabel(frame):
        frame = frame.iloc[rng.permutation(len(frame))]
        frame.index = pd.MultiIndex.from_arrays(
            [
                frame.index.get_level_values(0).map(new_units),
                frame.index.get_level_values(1).map(new_years),
            ]
        )
        return frame

    order = rng.permutation(len(units))
    shuffled = (
        relabel(dependent),
        relabel(exog)[["x2", "x1"]],
        ([new_units[units[i]] for i in order], weights[np.ix_(order, order)]),
        options,
    )
    other = fit(shuffled, estimator)
    names = reference.params.index
    np.testing.assert_allclose(other.params[names], reference.params, rtol=0, atol=IDENTITY)
    np.testing.assert_allclose(other.cov.loc[names, names], reference.cov, rtol=1e-8, atol=IDENTITY)
    np.testing.assert_allclose(other.loglik, reference.loglik, rtol=0, atol=1e-8)
    for inference in ("delta", "simulation"):
        theirs = other.effects(inference, draws=30, seed=3)
        ours = reference.effects(inference, draws=30, seed=3)
        np.testing.assert_allclose(
            theirs.std_errors.loc[["x1", "x2"]], ours.std_errors, rtol=1e-7, atol=IDENTITY
        )
        np.testing.assert_allclose(theirs.params.loc[["x1", "x2"]], ours.params, rtol=0, atol=1e-9)


@EXAMPLES
@given(problem=problems(models=("sar", "sdm")), estimator=st.sampled_from(["transform", "direct"]))
def test_given_rho_the_rest_is_least_squares(problem, estimator):
    """The outcome filtered by the estimated rho, fitted without rho, gives the same slopes."""
    result = fit(problem, estimator)
    dependent, exog, weights, options = problem
    filtered = result.arrays.y - result.rho * result.arrays.lagged_y
    linear = {"sar": "ols", "sdm": "slx"}[options["model"]]
    without = SpatialPanel(dependent, exog, weights, **{**options, "model": linear})
    least_squares = without.with_dependent(filtered).fit(estimator)
    names = [name for name in result.params.index if name not in {"rho", "sigma2"}]
    np.testing.assert_allclose(
        least_squares.params[names], result.params[names], rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(least_squares.sigma2, result.sigma2, rtol=1e-9)


@EXAMPLES
@given(weights=weight_matrices(), beta=st.floats(-3, 3), theta=st.floats(-3, 3))
def test_rho_zero_gives_the_coefficients_themselves(weights, beta, theta):
    matrix = sparse.csr_array(weights)
    rho = np.zeros(1)
    effects = calc_effects(
        np.array([[beta]]),
        np.array([[theta]]),
        rho,
        calc_multipliers(rho, matrix, analyse_weights(matrix)),
    )[0, 0]
    np.testing.assert_allclose(effects, [beta, theta, beta + theta], atol=IDENTITY)


@EXAMPLES
@given(problem=problems())
def test_effects_are_finite_differences_of_the_reduced_form(problem):
    result = fit(problem)
    arrays = result.arrays
    n_units = arrays.n_units
    theta = np.array([result.params.get(f"W.{name}", 0.0) for name in arrays.variables])
    beta = result.params[list(arrays.variables)].to_numpy()
    x = np.zeros((1, n_units, 2))
    errors = np.zeros((1, n_units))

    def outcome(regressors):
        return simulate(arrays.weights, regressors, errors, beta=beta, theta=theta, rho=result.rho)

    base = outcome(x)[0]
    for k, name in enumerate(arrays.variables):
        responses = np.empty((n_units, n_units))
        for j in range(n_units):
            moved = x.copy()
            moved[0, j, k] += 1.0
            responses[:, j] = outcome(moved)[0] - base
        direct, total = np.trace(responses) / n_units, responses.sum() / n_units
        np.testing.assert_allclose(
            result.effects().params.loc[name],
            [direct, total - direct, total],
            atol=FINITE_DIFFERENCE * max(1.0, abs(total)),
        )


@EXAMPLES
@given(
    problem=problems(models=("sar", "sem", "sdm", "sdem")),
    estimator=st.sampled_from(["transform", "direct"]),
)
def test_score_vanishes_at_the_optimum(problem, estimator):
    result = fit(problem, estimator)
    assert abs(result.estimate.score) < ZERO_SCORE * max(
        1.0, 1.0 / (1.0 - result.estimate.spatial_values[0])
    )


@EXAMPLES
@given(problem=problems(models=("sdm", "sdem")), estimator=st.sampled_from(["transform", "direct"]))
def test_more_parameters_never_fit_worse(problem, estimator):
    result = fit(problem, estimator)
    dependent, exog, weights, options = problem
    nested = {"sdm": ("sar", "slx", "sem"), "sdem": ("sem", "slx")}[options["model"]]
    for model in nested:
        smaller = fit((dependent, exog, weights, {**options, "model": model}), estimator)
        assert smaller.loglik <= result.loglik + 1e-8


@EXAMPLES
@given(
    weights=weight_matrices(equal_rows=False),
    share=st.floats(-0.9, 0.9),
)
def test_unequal_rows_total_by_solving(weights, share):
    matrix = sparse.csr_array(weights)
    spectrum = analyse_weights(matrix)
    rho = share * (spectrum.upper if share > 0 else -spectrum.lower)
    multipliers = calc_multipliers(rho, matrix, spectrum)
    g = weights @ np.linalg.inv(np.eye(len(weights)) - rho * weights)
    scale = max(1.0, np.abs(g).max())
    assert abs(multipliers.s[0] - g.mean() * len(g)) < IDENTITY * scale
    assert abs(multipliers.g[0] - np.trace(g) / len(g)) < IDENTITY * scale


@EXAMPLES
@given(
    shape=st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(1, 3)),
    seed=st.integers(0, 2**32 - 1),
    entity_effects=st.booleans(),
    time_effects=st.booleans(),
)
def test_within_transform_is_the_residual_on_dummies(shape, seed, entity_effects, time_effects):
    n_periods, n_units, n_columns = shape
    values = np.random.default_rng(seed).standard_normal((n_periods, n_units, n_columns))
    columns = [np.zeros((n_periods * n_units, 1))]
    if entity_effects:
        columns.append(np.kron(np.ones((n_periods, 1)), np.eye(n_units)))
    if time_effects:
        columns.append(np.kron(np.eye(n_periods), np.ones((n_units, 1))))
    dummies = np.hstack(columns)
    flat = values.reshape(-1, n_columns)
    expected = flat - dummies @ np.linalg.lstsq(dummies, flat, rcond=None)[0]
    found = within_transform(values, entity_effects=entity_effects, time_effects=time_effects)
    np.testing.assert_allclose(found.reshape(-1, n_columns), expected, atol=IDENTITY)


@EXAMPLES
@given(weights=weight_matrices(), seed=st.integers(0, 2**32 - 1), n_periods=st.integers(1, 4))
def test_spatial_lag_is_the_kronecker_product(weights, seed, n_periods):
    values = np.random.default_rng(seed).standard_normal((n_periods, len(weights)))
    expected = np.kron(np.eye(n_periods), weights) @ values.ravel()
    found = spatial_lag(sparse.csr_array(weights), values)
    np.testing.assert_allclose(found.ravel(), expected, atol=IDENTITY)
