"""CONCOR, densities and roles: an independent reading of the iteration, and cases by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from yrb_carbon.embodied.block_model import (
    calc_pairs,
    calc_profile_correlations,
    calc_roles,
    fit_block_model,
    split_by_correlations,
)

EXACT = 1e-11
"""Correlations are rounded at 12 decimals."""
CODES = [f"{number:02d}" for number in range(12)]
SIZES = (3, 4, 2, 3)
LABELS = np.repeat([0, 1, 2, 3], SIZES)
CHANCES = np.array([[0.9, 0.8, 0.1, 0.1], [0.2, 0.9, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9], [0.1] * 4])
"""Blocks 0 and 1 are alike against 2 and 3."""


def planted(number: int = 0, noise: float = 0.05) -> np.ndarray:
    """Flows by block with some noise."""
    values = CHANCES[np.ix_(LABELS, LABELS)]
    values = values + noise * np.random.default_rng(number).normal(size=values.shape)
    np.fill_diagonal(values, 0.0)
    return values


def test_profiles_leave_out_the_pair_itself():
    values = np.random.default_rng(2).random((5, 5))
    np.fill_diagonal(values, 0.0)
    found = calc_profile_correlations(values)
    rest = [0, 2, 4]
    own = [*values[1, rest], *values[rest, 1]]
    other = [*values[3, rest], *values[rest, 3]]
    assert found[1, 3] == pytest.approx(np.corrcoef(own, other)[0, 1], abs=EXACT)
    assert found[1, 3] == found[3, 1]
    assert (np.diag(found) == 1).all()


def test_profiles_without_variation_are_alike_or_not():
    values = np.zeros((6, 6))
    values[4, 5] = 1.0
    found = calc_profile_correlations(values)
    assert found[0, 1] == 1.0
    assert found[0, 4] == 0.0
    assert calc_profile_correlations(np.zeros((2, 2)))[0, 1] == 0.0


def iterated(correlations: np.ndarray) -> np.ndarray:
    """Signs after many correlations of correlations, by numpy."""
    for _ in range(100):
        correlations = np.corrcoef(correlations)
    return correlations[0] > 0


@pytest.mark.parametrize("number", range(5))
def test_split_agrees_with_numpy(number):
    values = np.random.default_rng(number).random((9, 9))
    np.fill_diagonal(values, 0.0)
    correlations = calc_profile_correlations(values)
    found = split_by_correlations(correlations)
    assert found is not None
    assert found.tolist() == iterated(correlations).tolist()
    assert 0 < found.sum() < 9


def test_halves_that_are_clear_from_the_start_are_split():
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    found = split_by_correlations(np.outer(signs, signs))
    assert found is not None
    assert found.tolist() == [True, False, True, False]


def test_nodes_that_all_correlate_alike_are_not_split():
    even = np.full((6, 6), 0.3)
    np.fill_diagonal(even, 1.0)
    assert split_by_correlations(even) is None


@pytest.mark.parametrize("number", range(4))
def test_planted_blocks_are_found(number):
    model = fit_block_model(planted(number), CODES)
    assert model.members.tolist() == (LABELS + 1).tolist()
    assert model.members.index.tolist() == CODES
    assert model.notes == ()


def test_blocks_stand_in_the_order_of_their_lowest_nodes_within_the_tree():
    order = np.array([11, 0, 5, 7, 3, 8, 2, 9, 10, 1, 4, 6])
    model = fit_block_model(planted()[np.ix_(order, order)], CODES)
    halves = np.where(model.members <= 2, 0, 1)
    assert halves[0] == 0
    assert model.members.iloc[0] == 1
    truth = LABELS[order]
    assert len({(t, m) for t, m in zip(truth, model.members, strict=True)}) == 4


def test_cells_are_means_over_ordered_pairs():
    values = planted()
    model = fit_block_model(values, CODES)
    away = ~np.eye(12, dtype=bool)
    for k in range(4):
        for m in range(4):
            place = np.ix_(np.flatnonzero(k == LABELS), np.flatnonzero(m == LABELS))
            cell, chosen = values[place], away[place]
            assert model.densities.iloc[k, m] == pytest.approx(cell[chosen].mean(), abs=EXACT)
            assert model.ties.iloc[k, m] == pytest.approx(cell.sum(), abs=EXACT)
    assert model.overall_density == pytest.approx(values[away].mean(), abs=EXACT)
    above = model.densities.to_numpy() >= values[away].mean()
    assert model.image.to_numpy().tolist() == above.astype(float).tolist()


def test_a_block_of_one_has_no_density_within():
    assert calc_pairs(np.array([1, 1, 1, 2]), 2).tolist() == [[6, 3], [3, 0]]
    values = np.ones((5, 5)) - np.eye(5)
    values[4, :4], values[0, 1] = 9.0, 5.0
    model = fit_block_model(values, CODES[:5])
    alone = model.members.value_counts()
    label = alone.index[alone == 1][0]
    assert math.isnan(model.densities.loc[label, label])
    assert math.isnan(model.image.loc[label, label])


def test_a_network_of_alike_nodes_has_one_block_and_says_so():
    model = fit_block_model(np.ones((4, 4)) - np.eye(4), CODES[:4])
    assert model.members.tolist() == [1, 1, 1, 1]
    assert model.notes == ("not split, because their profiles correlate alike: 00, 01, 02, 03",)
    assert model.roles["role"].tolist() == ["undivided"]
    assert model.image.to_numpy().tolist() == [[1.0]]


def test_two_nodes_are_not_split():
    model = fit_block_model(np.array([[0.0, 1.0], [0.0, 0.0]]), CODES[:2])
    assert model.members.tolist() == [1, 1]
    assert model.notes == ()


def test_roles_by_hand():
    ties = np.array(
        [
            [6.0, 1.0, 0.0, 0.0, 0.0],  # inward 6/7, receives 9 of 10: net beneficiary
            [6.0, 9.0, 0.0, 0.0, 0.0],  # inward 9/15, receives 1 of 7: two-way spill
            [3.0, 0.0, 0.0, 2.0, 0.0],  # outward, receives 5 of 10: broker
            [0.0, 0.0, 5.0, 1.0, 0.0],  # outward 1/6, receives 2 of 7: net spill-out
            [0.0, 0.0, 0.0, 0.0, 3.0],  # nothing with others
        ]
    )
    sizes = np.array([4, 5, 3, 6, 2])
    found = calc_roles(ties, sizes)
    assert found["role"].tolist() == [
        "net_beneficiary", "two_way_spill", "broker", "net_spill_out", "isolate",
    ]  # fmt: skip
    assert found["expected_share"].tolist() == [3 / 19, 4 / 19, 2 / 19, 5 / 19, 1 / 19]
    assert found["inside_share"].tolist() == [6 / 7, 9 / 15, 0.0, 1 / 6, 1.0]
    assert found["received_share"].tolist()[:4] == [0.9, 1 / 7, 0.5, 2 / 7]
    assert math.isnan(found["received_share"].iloc[4])
    assert found[["sent", "received", "inside", "size"]].iloc[2].tolist() == [5, 5, 0, 3]


def test_an_inside_share_as_expected_counts_as_inward():
    ties = np.array([[1.0, 4.0], [1.0, 20.0]])
    # expected 1/5 of two of six, and 1/5 inside
    assert calc_roles(ties, np.array([2, 4])).loc[1, "role"] == "two_way_spill"
    ties[0, 1] = 4.1
    assert calc_roles(ties, np.array([2, 4])).loc[1, "role"] == "net_spill_out"


def test_a_block_that_only_receives_is_a_net_beneficiary():
    found = calc_roles(np.array([[0.0, 0.0], [3.0, 1.0]]), np.array([3, 3]))
    assert math.isnan(found.loc[1, "inside_share"])
    assert found.loc[1, "role"] == "net_beneficiary"
