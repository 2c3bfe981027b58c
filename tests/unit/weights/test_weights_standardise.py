"""Standardising, and the facts and contracts of a matrix."""

from __future__ import annotations

import numpy as np
import pytest

from yrb_carbon.weights.build import as_graph
from yrb_carbon.weights.check import check_units, check_weights, dense, describe_weights
from yrb_carbon.weights.standardise import (
    calc_minmax_norm,
    calc_spectral_radius,
    standardise,
    standardise_rows,
)

ROUNDING = 1e-12
MATRIX = np.array([[0.0, 1.0, 3.0], [2.0, 0.0, 0.0], [1.0, 5.0, 0.0]])
IDS = ["140100", "140200", "140300"]


def test_row():
    found, scale = standardise(MATRIX, "row")
    assert scale is None
    assert found.tolist() == [[0, 0.25, 0.75], [1, 0, 0], [1 / 6, 5 / 6, 0]]


def test_rows_of_zeros_stay_zero():
    assert standardise_rows(np.array([[0.0, 0.0], [2.0, 0.0]])).tolist() == [[0, 0], [1, 0]]


def test_spectral_radius_becomes_one():
    found, scale = standardise(MATRIX, "spectral")
    assert calc_spectral_radius(found) == pytest.approx(1.0, abs=ROUNDING)
    np.testing.assert_allclose(found * scale, MATRIX, rtol=ROUNDING)


def test_spectral_radius_of_a_symmetric_matrix_takes_the_modulus():
    # two units: eigenvalues 3 and -3
    assert calc_spectral_radius(np.array([[0.0, 3.0], [3.0, 0.0]])) == pytest.approx(3.0)


def test_minmax_divides_by_the_smaller_norm():
    assert calc_minmax_norm(MATRIX) == 6.0
    assert calc_minmax_norm(np.array([[0.0, 9.0], [1.0, 0.0]])) == 9.0
    assert calc_minmax_norm(np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 4.0], [0.0, 2.0, 0.0]])) == 4.0
    found, scale = standardise(MATRIX, "minmax")
    assert scale == 6.0
    assert np.array_equal(found, MATRIX / 6.0)


def test_none_is_a_copy():
    found, scale = standardise(MATRIX, "none")
    assert scale == 1.0
    assert np.array_equal(found, MATRIX)
    assert found is not MATRIX


def test_facts():
    two_parts = np.array([[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0.5], [0, 0, 0, 0]])
    facts = describe_weights(two_parts, ["a", "b", "c", "d"])
    assert (facts.n_links, facts.mean_neighbours, facts.max_neighbours) == (3, 0.75, 1)
    assert facts.islands == ("d",)
    assert facts.n_components == 2
    assert not facts.symmetric
    assert not facts.row_standardised
    assert describe_weights(standardise_rows(two_parts), list("abcd")).row_standardised


def test_checked_weights_pass():
    assert check_weights(MATRIX, IDS).n_links == 5
    check_units(["b", "a"], ["a", "b"])


def test_graph_is_sorted_and_keeps_islands():
    order = [2, 0, 1]
    lonely = MATRIX.copy()
    lonely[1] = 0
    graph = as_graph(lonely[np.ix_(order, order)], [IDS[i] for i in order])
    assert list(graph.unique_ids) == IDS
    assert list(graph.isolates) == ["140200"]
    assert np.array_equal(dense(graph), lonely)
