"""Fits on drawn outcomes and regressors against fits one by one on the same data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import EFFECTS, make_problem, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel, SpecificationError
from yrb_carbon.spatialpanel.drawn_refit import draw_outcomes, refit_drawn, without_period

# A peak found by Newton steps and the same found by brentq, both to machine precision; the rest of
# the estimate is linear algebra on well-conditioned matrices.
SAME_PEAK = 1e-8
# Sums and products of a few hundred numbers by another route.
ROUNDING = 1e-11
DRAWS = 3
TOGETHER = ("ols", "slx", "sar", "sdm")
SINGLY = ("sem", "sdem", "sac")


def fit_problem(model, effects=(True, True), estimator="transform", **problem):
    entity, time = effects
    return SpatialPanel(
        *make_problem(n_variables=3, **problem),
        model=model,
        entity_effects=entity,
        time_effects=time,
    ).fit(estimator)


def draw_data(result, names=("x2", "x3"), seed=3):
    """Drawn outcomes and drawn regressors, with the lags that the model has."""
    rng = np.random.default_rng(seed)
    arrays = result.arrays
    columns = {}
    for name in names:
        k = arrays.variables.index(name)
        values = arrays.z[:, :, [arrays.beta_positions[k]]] + rng.standard_normal(
            (*arrays.y.shape, DRAWS)
        )
        columns[arrays.beta_positions[k]] = values
        if arrays.theta_positions[k] >= 0:
            columns[arrays.theta_positions[k]] = np.einsum(
                "ij,tjb->tib", arrays.weights.toarray(), values
            )
    outcome = arrays.y[:, :, None] + rng.standard_normal((*arrays.y.shape, DRAWS))
    return outcome, columns


def fit_by_name(result, outcome, columns, draw):
    """The same fit from Series and DataFrame."""
    arrays, scheme = result.arrays, result.specification.scheme
    index = pd.MultiIndex.from_product([arrays.periods, arrays.units]).swaplevel()
    exog = {}
    for name, k in zip(arrays.variables, arrays.beta_positions, strict=True):
        values = columns[k][:, :, draw] if k in columns else arrays.z[:, :, k]
        exog[name] = values.ravel()
    return SpatialPanel(
        pd.Series(outcome[:, :, draw].ravel(), index, name="y"),
        pd.DataFrame(exog, index),
        (list(arrays.units), arrays.weights),
        model=result.specification.model,
        entity_effects=scheme.entity_effects,
        time_effects=scheme.time_effects,
    ).fit(result.specification.estimator)


@pytest.mark.parametrize("names", [("x2", "x3"), ("x1", "x2", "x3"), ()])
@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", TOGETHER)
def test_drawn_data_together_equal_one_fit_each(model, effects, names):
    result = fit_problem(model, effects)
    outcome, columns = draw_data(result, names)
    together = refit_drawn(result, outcome, columns)
    for draw in range(DRAWS):
        single = fit_by_name(result, outcome, columns, draw).params[result.param_names]
        np.testing.assert_allclose(together.values[draw], single, rtol=SAME_PEAK, atol=SAME_PEAK)


@pytest.mark.parametrize("names", [("x2",), ()])
@pytest.mark.parametrize(("model", "estimator"), [
    *((model, "transform") for model in SINGLY), ("sdm", "direct"), ("sdm", "direct_bc"),
])  # fmt: skip
def test_models_that_are_fitted_one_by_one(model, estimator, names):
    result = fit_problem(model, estimator=estimator, n_units=16, n_periods=6)
    outcome, columns = draw_data(result, names)
    drawn = refit_drawn(result, outcome, columns)
    for draw in range(DRAWS):
        single = fit_by_name(result, outcome, columns, draw).params[result.param_names]
        np.testing.assert_allclose(drawn.values[draw], single, rtol=SAME_PEAK, atol=SAME_PEAK)


def test_partial_lags():
    """Drawn regressors of which one has a lag and the other has none."""
    y, x, weights = make_problem(n_variables=3)
    result = SpatialPanel(y, x, weights, durbin=["x1", "x2"]).fit()
    outcome, columns = draw_data(result)
    drawn = refit_drawn(result, outcome, columns)
    for draw in range(DRAWS):
        exog = x.copy()
        for name in ("x2", "x3"):
            position = result.arrays.beta_positions[result.arrays.variables.index(name)]
            exog[name] = columns[position][:, :, draw].ravel()
        dependent = pd.Series(outcome[:, :, draw].ravel(), y.index, name="y")
        single = SpatialPanel(dependent, exog, weights, durbin=["x1", "x2"]).fit()
        np.testing.assert_allclose(drawn.values[draw], single.params, rtol=SAME_PEAK)


@pytest.mark.parametrize("model", ["ols", "sdm", "sdem", "sac"])
def test_outcomes_go_through_the_reduced_form(model):
    """y* of the fit's equation with new errors and regressors, period by period and dense."""
    result = fit_problem(model, weights=ring_weights(14), n_units=14, lam=0.2)
    arrays, rng = result.arrays, np.random.default_rng(1)
    innovations = rng.standard_normal((*arrays.y.shape, DRAWS))
    shift = rng.standard_normal((*arrays.y.shape, DRAWS))
    drawn = draw_outcomes(result, innovations, {1: shift})
    w, identity = arrays.weights.toarray(), np.eye(arrays.n_units)
    a, b = identity - result.rho * w, identity - result.lam * w
    for t in range(arrays.n_periods):
        # What the equation leaves once e is taken off: regressors and fixed effects.
        mean = a @ arrays.y[t] - np.linalg.solve(b, result.estimate.residuals[t])
        for draw in range(DRAWS):
            new = mean + result.estimate.delta[1] * shift[t, :, draw]
            new = np.linalg.solve(a, new + np.linalg.solve(b, innovations[t, :, draw]))
            np.testing.assert_allclose(drawn[t, :, draw], new, rtol=ROUNDING, atol=ROUNDING)


def test_unchanged_innovations_give_the_data_and_the_fit():
    result = fit_problem("sdm")
    same = draw_outcomes(result, result.estimate.residuals[:, :, None])
    np.testing.assert_allclose(same[:, :, 0], result.arrays.y, rtol=ROUNDING)
    z = {k: result.arrays.z[:, :, [k]] for k in (1, 4)}
    np.testing.assert_allclose(
        refit_drawn(result, same, z).values[0], result.params, rtol=SAME_PEAK
    )


@pytest.mark.parametrize("model", ["sdm", "sem"])
@pytest.mark.parametrize("left_out", [0, 2, 4])
def test_without_a_period(model, left_out):
    y, x, weights = make_problem()
    shuffled = y.sample(frac=1.0, random_state=1)
    result = SpatialPanel(shuffled, x, weights, model=model).fit()
    year = result.arrays.periods[left_out]
    kept = shuffled[shuffled.index.get_level_values("year") != year]
    expected = SpatialPanel(kept, x.loc[kept.index], weights, model=model).fit()
    found = without_period(result, left_out).fit()
    np.testing.assert_allclose(found.params, expected.params, rtol=SAME_PEAK)
    pd.testing.assert_series_equal(found.resids, expected.resids, rtol=1e-7)


def test_draws_at_the_edge_are_marked():
    """An outcome without a unit's own variation: neighbours alike, the likelihood at the edge."""
    result = fit_problem("sdm", n_units=10, n_periods=4)
    outcome, columns = draw_data(result)
    w = result.arrays.weights.toarray()
    smooth = np.linalg.solve(np.eye(10) - 0.9999 * w, outcome[:, :, 0].T).T
    for _ in range(3):
        smooth = smooth @ w.T
    outcome[:, :, 0] = smooth
    drawn = refit_drawn(result, outcome, columns)
    with pytest.warns(UserWarning, match="edge"):
        single = fit_by_name(result, outcome, columns, 0)
    assert single.at_boundary
    assert drawn.at_boundary.tolist() == [True, False, False]


def test_bad_draws_are_refused():
    result = fit_problem("sdm")
    outcome, columns = draw_data(result)
    with pytest.raises(SpecificationError, match="columns 0 to 5"):
        refit_drawn(result, outcome, {9: outcome})
    with pytest.raises(SpecificationError, match=r"'x2'.*shape"):
        refit_drawn(result, outcome, {1: outcome[:, :, :1]})
    with pytest.raises(SpecificationError, match="draws"):
        refit_drawn(result, outcome[:, :, 0], columns)


def test_sparse_log_determinant():
    """Where interpolation replaces eigenvalues."""
    y, x, (units, weights) = make_problem(n_variables=3)
    result = SpatialPanel(y, x, (units, sparse.csr_array(weights))).fit(logdet="sparse")
    outcome, columns = draw_data(result)
    exact = refit_drawn(
        replace(result, spectrum=SpatialPanel(y, x, (units, weights)).fit().spectrum),
        outcome,
        columns,
    )
    np.testing.assert_allclose(
        refit_drawn(result, outcome, columns).values, exact.values, rtol=1e-6, atol=1e-7
    )
