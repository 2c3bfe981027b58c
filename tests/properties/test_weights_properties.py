"""What holds for spatial weights whatever the units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries
from yrb_carbon.weights.autocorrelation import fold_p_value
from yrb_carbon.weights.build import as_graph, build_weights, calc_distances
from yrb_carbon.weights.check import dense, describe_weights
from yrb_carbon.weights.io import read_weights, write_weights
from yrb_carbon.weights.spec import SYMMETRIC, WeightsSpec
from yrb_carbon.weights.standardise import (
    calc_minmax_norm,
    calc_spectral_radius,
    standardise,
    standardise_rows,
)

ROUNDING = 1e-12
EIGENVALUE = 1e-7
"""Eigenvalues of matrices that are far from normal carry the square root of the rounding error."""

SCHEMES = (
    "queen", "rook", "invd", "invd2", "invd_cut", "knn", "expd", "econ",
    "nested_add", "nested_mul", "gravity",
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Boundaries, pd.DataFrame]:
    """Some cells of a grid with random codes, and incomes."""
    cells = draw(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=3, max_size=12, unique=True
        )
    )
    n = len(cells)
    numbers = st.integers(110000, 659999).map(str)
    codes = draw(st.lists(numbers, min_size=n, max_size=n, unique=True))
    income = draw(st.lists(st.floats(1e3, 2e5), min_size=n, max_size=n, unique=True))
    shapes = [shapely.box(100 + i, 30 + j, 101 + i, 31 + j) for i, j in cells]
    boundaries = build_boundaries(codes, shapes, FileRecord("grid", None, "", len(codes)))
    attributes = pd.DataFrame(
        {"gdp_per_capita": income, "gdp": np.array(income) ** 0.5}, index=codes
    )
    return boundaries, attributes


@given(worlds(), st.sampled_from(SCHEMES), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_units_changes_no_bit(world, scheme, shuffler):
    boundaries, attributes = world
    spec = WeightsSpec(scheme, k=2, islands="nearest")
    one = build_weights(boundaries, spec, attributes)
    order = list(boundaries.unit_ids)
    shuffler.shuffle(order)
    turned = build_boundaries(
        order, list(boundaries.frame.geometry.loc[order]), FileRecord("grid", None, "", len(order))
    )
    other = build_weights(turned, spec, attributes.loc[order], order)
    assert one.unit_ids == other.unit_ids == tuple(sorted(order))
    assert np.array_equal(one.matrix, other.matrix)


@given(worlds(), st.sampled_from(SCHEMES), st.sampled_from(["row", "spectral", "minmax", "none"]))
@settings(max_examples=60, deadline=None)
def test_contract_of_every_scheme(world, scheme, how):
    boundaries, attributes = world
    found = build_weights(boundaries, WeightsSpec(scheme, how, k=2, islands="nearest"), attributes)
    matrix, raw = found.matrix, dense(found.raw)
    assert found.unit_ids == tuple(sorted(boundaries.unit_ids))
    assert np.isfinite(matrix).all()
    assert (matrix >= 0).all()
    assert not np.diag(matrix).any()
    assert (matrix > 0).any(axis=1).all()
    if scheme in SYMMETRIC:
        assert np.array_equal(raw, raw.T)
    if how == "row":
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=ROUNDING)
    if how != "none":
        assert calc_spectral_radius(matrix) <= 1.0 + EIGENVALUE


@given(worlds())
@settings(max_examples=25, deadline=None)
def test_dropping_islands_leaves_linked_units_only(world):
    boundaries, _ = world
    queen = build_weights(boundaries, WeightsSpec("queen", islands="nearest"))
    lonely = {unit for unit, _ in queen.linked}
    if len(boundaries.unit_ids) - len(lonely) < 2:
        return
    found = build_weights(boundaries, WeightsSpec("queen", islands="drop"))
    assert set(found.dropped) == lonely
    assert set(found.unit_ids) == set(boundaries.unit_ids) - lonely


@given(worlds(), st.sampled_from(SCHEMES))
@settings(max_examples=20, deadline=None)
def test_files_keep_every_bit(tmp_path_factory, world, scheme):
    boundaries, attributes = world
    found = build_weights(boundaries, WeightsSpec(scheme, k=2, islands="nearest"), attributes)
    path, _ = write_weights(found, tmp_path_factory.mktemp("w"), "w")
    back = read_weights(path)
    assert np.array_equal(back.matrix, found.matrix)
    assert (back.unit_ids, back.facts, back.spec) == (found.unit_ids, found.facts, found.spec)


matrices = st.integers(2, 7).flatmap(
    lambda n: arrays(
        np.float64, (n, n), elements=st.floats(0, 1e6).map(lambda v: 0.0 if v < 1e-3 else v)
    )
)


@given(matrices)
def test_row_standardising_is_idempotent_and_keeps_zeros(matrix):
    once = standardise_rows(matrix)
    np.testing.assert_allclose(standardise_rows(once), once, rtol=ROUNDING)
    assert np.array_equal(once > 0, matrix > 0)


@given(matrices)
def test_minmax_norm_bounds_the_spectral_radius(matrix):
    assert calc_spectral_radius(matrix) <= calc_minmax_norm(matrix) * (1 + EIGENVALUE)


@given(matrices, st.floats(1e-3, 1e3), st.sampled_from(["row", "minmax"]))
def test_scale_of_the_raw_weights_does_not_matter(matrix, factor, how):
    if not matrix.any():
        return
    one, other = standardise(matrix, how)[0], standardise(factor * matrix, how)[0]
    np.testing.assert_allclose(other, one, rtol=1e-9, atol=ROUNDING)


@given(matrices)
def test_graph_and_matrix_are_the_same(matrix):
    np.fill_diagonal(matrix, 0.0)
    ids = [f"{600000 - i}" for i in range(len(matrix))]
    graph = as_graph(matrix, ids)
    assert list(graph.unique_ids) == sorted(ids)
    assert np.array_equal(dense(graph), matrix[::-1, ::-1])
    assert describe_weights(dense(graph), sorted(ids)).islands == tuple(graph.isolates)


coordinates = st.lists(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=6
).map(lambda points: np.array(points).T)


@given(coordinates)
def test_distances_are_a_metric_on_the_sphere(points):
    d = calc_distances(*points)
    assert np.array_equal(d, d.T)
    assert d.max() <= np.pi * 6371.0088 * (1 + ROUNDING)
    through = (d[:, :, None] + d[None, :, :]).min(axis=1)
    # near antipodes the haversine keeps half of the digits
    assert (d <= through + 1e-3).all()


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=50), st.integers(-6, 6))
def test_folded_p_is_a_probability_and_symmetric(draws, observed):
    simulated = np.array(draws, dtype=float)
    p = fold_p_value(observed, simulated)
    assert 1 / (1 + len(draws)) <= p <= 1
    assert p == fold_p_value(-observed, -simulated)
