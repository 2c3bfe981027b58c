"""Robust covariances of the slopes against brute force with explicit dummies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.sparse import csgraph
from spatial_reference import EFFECTS, dummies, make_problem, ring_weights

import yrb_carbon.spatialpanel.slope_covariance as module
from yrb_carbon.spatialpanel import SpatialPanel, SpecificationError
from yrb_carbon.spatialpanel.errors import IndefiniteCovarianceWarning
from yrb_carbon.spatialpanel.slope_covariance import (
    SlopeScores,
    clustered,
    clustered_covariance,
    conley,
    conley_covariance,
    default_bandwidth,
    distance_kernel,
    driscoll_kraay,
    driscoll_kraay_covariance,
    great_circle_distances,
    hc,
    near_distances,
    neighbour_kernel,
    serial_kernel,
    slope_scores,
    two_way,
)

# The same numbers by another route of dense algebra.
ROUNDING = 1e-9
# One division of small integers, or of the same distance: no sum whose order matters.
NO_SUM = 1e-14


def explicit(result):
    """Unit-major regressors with all dummies, outcome at the given spatial parameter, K."""
    arrays, scheme = result.arrays, result.specification.scheme
    n_units, n_periods = arrays.n_units, arrays.n_periods
    z = arrays.z.reshape(n_units * n_periods, -1)
    d = dummies(n_units, n_periods, scheme.entity_effects, scheme.time_effects)
    x, y = np.hstack([z, d]), arrays.y.ravel()
    w = np.kron(np.eye(n_periods), arrays.weights.toarray())
    if result.lam:
        x, y = x - result.lam * w @ x, y - result.lam * w @ y
    return x, y - result.rho * w @ y, z.shape[1]


@pytest.fixture(scope="module", params=["slx", "sdm", "sdem"])
def model(request):
    return request.param


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
@pytest.mark.parametrize("standardised", [True, False])
def test_cr3_is_the_jackknife_over_units(model, entity_effects, time_effects, standardised):
    """Deleting a unit's rows, dummies and all, and estimating again."""
    weights = ring_weights(10, standardised=standardised)
    result = SpatialPanel(
        *make_problem(10, 5, weights=weights),
        model=model, entity_effects=entity_effects, time_effects=time_effects,
    ).fit("direct")  # fmt: skip
    x, y, k = explicit(result)
    unit = np.tile(np.arange(10), 5)
    full = np.linalg.lstsq(x, y, rcond=None)[0][:k]
    np.testing.assert_allclose(full, result.estimate.delta, atol=1e-8)
    deleted = [np.linalg.lstsq(x[unit != i], y[unit != i], rcond=None)[0][:k] for i in range(10)]
    shifts = np.array(deleted) - full
    np.testing.assert_allclose(
        clustered(result, "CR3").covariance, shifts.T @ shifts, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
@pytest.mark.parametrize("clusters", [None, [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]])
def test_cr2_is_unbiased_under_equal_variances(model, entity_effects, time_effects, clusters):
    """E[V] over independent errors of variance 1 is the bread: V is linear in ee', E ee' = M."""
    result = SpatialPanel(
        *make_problem(10, 5), model=model, entity_effects=entity_effects, time_effects=time_effects
    ).fit("direct")
    x, _, k = explicit(result)
    maker = np.eye(len(x)) - x @ np.linalg.pinv(x)
    data = slope_scores(result)
    values, vectors = np.linalg.eigh(maker)
    expected = np.zeros((k, k))
    for direction in vectors[:, values > 0.5].T:
        one = type(data)(
            data.z, direction.reshape(5, 10), data.bread, data.entity_effects,
            data.period_direction,
        )  # fmt: skip
        expected += clustered_covariance(
            one, "CR2", None if clusters is None else np.array(clusters)
        )
    np.testing.assert_allclose(
        expected, data.bread, rtol=1e-7, atol=1e-9 * np.abs(data.bread).max()
    )
    # The plain form is biased towards zero here: the test above can fail.
    plain = sum(
        clustered_covariance(
            type(data)(data.z, v.reshape(5, 10), data.bread, data.entity_effects,
                       data.period_direction), "CR0",
        )
        for v in vectors[:, values > 0.5].T
    )  # fmt: skip
    assert np.all(np.diag(plain) < 0.97 * np.diag(data.bread))


def test_conley_contains_the_others(model):
    result = SpatialPanel(*make_problem(10, 6), model=model).fit()
    data = slope_scores(result)
    everyone, each = np.ones((10, 10)), np.eye(10)
    np.testing.assert_allclose(
        conley_covariance(data, each, np.ones((6, 6))), clustered_covariance(data, "CR0"),
        rtol=ROUNDING,
    )  # fmt: skip
    np.testing.assert_allclose(
        conley_covariance(data, everyone, serial_kernel(6, 2)),
        driscoll_kraay_covariance(data, 2), rtol=ROUNDING,
        atol=ROUNDING * np.abs(data.bread).max(),
    )  # fmt: skip
    np.testing.assert_allclose(
        conley_covariance(data, each), hc(result, "HC0").covariance, rtol=ROUNDING
    )


def test_conley_by_double_sum():
    result = SpatialPanel(*make_problem(8, 4), model="slx").fit()
    data = slope_scores(result)
    rng = np.random.default_rng(2)
    places = rng.uniform(0, 10, size=(8, 2))
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    kernel = distance_kernel(distances, 6.0)
    meat = np.zeros((4, 4))
    for t in range(4):
        for s in range(4):
            for i in range(8):
                for j in range(8):
                    weight = max(1 - distances[i, j] / 6.0, 0) * max(1 - abs(t - s) / 2.0, 0)
                    meat += weight * np.outer(data.scores[t, i], data.scores[s, j])
    np.testing.assert_allclose(
        conley(result, kernel, serial_lags=1).covariance, data.bread @ meat @ data.bread,
        rtol=ROUNDING, atol=1e-14,
    )  # fmt: skip


def test_kernel_by_names_equals_kernel_by_position():
    dependent, exog, weights = make_problem(8, 4)
    result = SpatialPanel(dependent, exog, weights, model="slx").fit()
    kernel = neighbour_kernel(result.arrays.weights, order=2)
    frame = pd.DataFrame(kernel.toarray(), result.arrays.units, result.arrays.units)
    shuffled = frame.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    np.testing.assert_allclose(
        conley(result, kernel).covariance, conley(result, shuffled).covariance,
        rtol=ROUNDING, atol=NO_SUM,
    )  # fmt: skip
    with pytest.raises(SpecificationError, match="u07"):
        conley(result, frame.drop(index="u07"))


def test_kernels():
    ring = ring_weights(6) * 0
    for i in range(6):
        ring[i, (i + 1) % 6] = 1.0
    links = neighbour_kernel(sparse.csr_array(ring), order=2).toarray()
    np.testing.assert_allclose(links[0], [1, 2 / 3, 1 / 3, 0, 1 / 3, 2 / 3], atol=NO_SUM)
    assert neighbour_kernel(sparse.csr_array(ring), 1, "uniform").toarray()[0].sum() == 3.0
    np.testing.assert_allclose(serial_kernel(4, 1)[0], [1, 0.5, 0, 0])
    assert [default_bandwidth(n) for n in (6, 16, 30, 100)] == [2, 2, 3, 4]
    quarter = great_circle_distances(np.array([0.0, 90.0, 0.0]), np.array([0.0, 0.0, 180.0]))
    np.testing.assert_allclose(quarter[0], [0, 10007.557, 20015.115], atol=1e-3)


@pytest.mark.parametrize("shape", ["bartlett", "uniform"])
@pytest.mark.parametrize("order", [1, 3, 6])
def test_neighbour_kernel_counts_links(order, shape):
    """Against shortest paths on a random directed graph, parts of which are not connected."""
    rng = np.random.default_rng(order)
    graph = rng.random((60, 60)) < 0.02
    apart = csgraph.shortest_path(graph, directed=False, unweighted=True)
    expected = np.maximum(1.0 - apart / (order + 1.0), 0.0)
    if shape == "uniform":
        expected = (apart <= order).astype(float)
    assert np.isinf(apart).any()
    found = neighbour_kernel(sparse.csr_array(graph.astype(float)), order, shape)
    np.testing.assert_allclose(found.toarray(), expected, atol=NO_SUM)


@pytest.mark.parametrize("shape", ["bartlett", "uniform"])
@pytest.mark.parametrize("cutoff", [900.0, 5000.0, 30_000.0])
def test_near_distances_are_the_distances_below_the_cutoff(cutoff, shape):
    """Points over the whole globe, poles, the date line and two at the same place among them."""
    rng = np.random.default_rng(4)
    latitude = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 80))), [90, -90, 5, 5, 5]])
    longitude = np.concatenate([rng.uniform(-180, 180, 80), [0, 40, 179.5, -179.5, 179.5]])
    dense = great_circle_distances(latitude, longitude)
    near = near_distances(latitude, longitude, cutoff)
    assert near.nnz == ((dense <= cutoff).sum() - len(dense))
    kernel = distance_kernel(near, cutoff, shape)
    np.testing.assert_allclose(kernel.toarray(), distance_kernel(dense, cutoff, shape), atol=NO_SUM)
    assert kernel.toarray()[82, 84] == 1.0


def test_nothing_dense_at_a_hundred_thousand_units():
    """Conley by distance and by neighbours, where one dense matrix would take 80 gigabytes."""
    n_units, rng = 100_000, np.random.default_rng(1)
    latitude, longitude = rng.uniform(35, 60, n_units), rng.uniform(-10, 30, n_units)
    data = SlopeScores(
        z=rng.standard_normal((2, n_units, 2)),
        residuals=rng.standard_normal((2, n_units)),
        bread=np.eye(2) / n_units,
        entity_effects=False,
        period_direction=np.zeros(n_units),
    )
    near = near_distances(latitude, longitude, 20.0)
    by_distance = conley_covariance(data, distance_kernel(near, 20.0, "uniform"))
    ring = sparse.diags_array(np.ones(n_units - 1), offsets=1)
    by_links = conley_covariance(data, neighbour_kernel(sparse.csr_array(ring), 3))
    scores = data.scores
    pairs = np.repeat(np.arange(n_units), np.diff(near.indptr)), near.indices
    meat = sum(s.T @ s + s[pairs[0]].T @ s[pairs[1]] for s in scores)
    np.testing.assert_allclose(by_distance, data.bread @ meat @ data.bread, rtol=ROUNDING)
    meat = sum(s.T @ s for s in scores)
    for links in (1, 2, 3):
        cross = sum(s[links:].T @ s[:-links] for s in scores)
        meat = meat + (1 - links / 4) * (cross + cross.T)
    np.testing.assert_allclose(by_links, data.bread @ meat @ data.bread, rtol=ROUNDING)


def test_limits_are_stated(monkeypatch):
    fit = SpatialPanel(*make_problem(), model="slx").fit()
    monkeypatch.setattr(module, "DENSE_LIMIT", 11)
    monkeypatch.setattr(module, "PAIR_LIMIT", 11)
    place = np.linspace(0.0, 20.0, 12)
    for call in (
        lambda: conley(fit, np.eye(12)),
        lambda: distance_kernel(np.zeros((12, 12)), 1.0),
        lambda: great_circle_distances(place, place),
    ):
        with pytest.raises(SpecificationError, match="of 12 x 12 is too large; the limit is 11"):
            call()
    with pytest.raises(SpecificationError, match=r"30000 km links 66 pairs .* limit is 11"):
        near_distances(place, place, 3e4)
    with pytest.raises(SpecificationError, match=r"order \d links \d+ pairs"):
        neighbour_kernel(fit.arrays.weights, 5)
    clusters = dict(zip(fit.arrays.units, np.arange(12) % 2, strict=True))
    with pytest.raises(SpecificationError, match="cluster of 6 units; the limit is 11 rows"):
        clustered(fit, "CR2", clusters)
    assert np.isfinite(conley(fit, sparse.csr_array(np.eye(12))).covariance).all()


def test_two_way_is_the_sum_of_its_parts():
    result = SpatialPanel(*make_problem(9, 5), model="slx", time_effects=False).fit()
    unit, cell = clustered(result, "CR0").covariance, hc(result, "HC0").covariance
    period = driscoll_kraay(result, 0).covariance
    np.testing.assert_allclose(two_way(result).covariance, unit + period - cell, rtol=ROUNDING)


def test_negative_variance_is_reported_not_hidden():
    result = SpatialPanel(*make_problem(8, 4), model="ols").fit()
    data = slope_scores(result)
    np.testing.assert_array_equal(
        conley_covariance(data, -np.eye(8)), -conley_covariance(data, np.eye(8))
    )
    with pytest.warns(IndefiniteCovarianceWarning, match="x1, x2 is negative"):
        flawed = conley(result, -np.eye(8))
    assert flawed.std_errors.isna().all()


def test_results_are_named_and_say_what_they_take_for_known():
    result = SpatialPanel(*make_problem(), model="sdm").fit()
    table = clustered(result, "CR2")
    assert table.conditional_on == "rho"
    assert "rho taken for known" in table.summary
    assert list(table.params.index) == ["x1", "x2", "W.x1", "W.x2"]
    assert list(table.tidy()["inference"]) == ["clustered CR2"] * 4
    # t quantile with 11 degrees of freedom
    half = (table.conf_int()["upper"] - table.params) / table.std_errors
    np.testing.assert_allclose(half, 2.200985, atol=1e-6)
    assert clustered(SpatialPanel(*make_problem(), model="slx").fit()).conditional_on is None


# With period effects the sums of a period nearly cancel, and the two-way form may turn negative.
@pytest.mark.filterwarnings("ignore::yrb_carbon.spatialpanel.errors.IndefiniteCovarianceWarning")
def test_order_of_rows_changes_nothing():
    dependent, exog, weights = make_problem()
    shuffled = dependent.sample(frac=1, random_state=4)
    ours = SpatialPanel(dependent, exog, weights).fit()
    theirs = SpatialPanel(shuffled, exog, weights).fit()
    for kind in (hc, clustered, driscoll_kraay, two_way):
        assert np.array_equal(kind(ours).covariance, kind(theirs).covariance)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: hc(fit, "HC9"), "HC0, HC1"),
        (lambda fit: clustered(fit, clusters={"u00": 1}), "u01"),
        (lambda fit: clustered(fit, clusters=dict.fromkeys(fit.arrays.units, 1)), "at least two"),
        (lambda fit: driscoll_kraay(fit, 5), "between 0 and 4"),
        (lambda fit: conley(fit, np.triu(np.ones((12, 12)))), "symmetric"),
        (lambda fit: conley(fit, np.full((12, 12), np.nan)), "symmetric"),
        (lambda fit: conley(fit, sparse.csr_array(np.triu(np.ones((12, 12))))), "symmetric"),
        (lambda fit: distance_kernel(np.zeros((2, 2)), 0.0), "positive"),
        (lambda fit: near_distances(np.zeros(2), np.zeros(2), -1.0), "positive"),
        (lambda fit: distance_kernel(-np.ones((2, 2)), 1.0), "must not be negative"),
        (lambda fit: distance_kernel(sparse.csr_array(-np.eye(2)), 1.0), "must not be negative"),
        (lambda fit: neighbour_kernel(fit.arrays.weights, 0), "at least 1"),
        (lambda fit: clustered(fit).conf_int(1.5), "between 0 and 1"),
    ],
)
def test_refusals_say_why(call, message):
    fit = SpatialPanel(*make_problem(), model="slx").fit()
    with pytest.raises(SpecificationError, match=message):
        call(fit)


def test_cluster_that_alone_identifies_a_slope():
    dependent, exog, weights = make_problem()
    exog = exog.copy()
    units = exog.index.get_level_values(0)
    exog["x2"] = np.where(units == "u03", exog["x2"], 0.0)
    fit = SpatialPanel(dependent, exog, weights, model="ols", time_effects=False).fit()
    with pytest.raises(SpecificationError, match="alone identifies"):
        clustered(fit, "CR2")
    assert np.isfinite(clustered(fit, "CR1").covariance).all()
