"""Mediated effects against the worked example and dense products of matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from yrb_carbon.mediation import (
    EquationDraws,
    Resolvent,
    SystemDraws,
    calc_decomposition,
)
from yrb_carbon.mediation.decomposition import MEDIATED

PRINTED = 5e-7
"""Half of the last digit of the numbers of the worked example."""
DENSE = 1e-10
"""The interpolant is held to 1e-12 of the largest element of G; sums lose up to two digits."""


def rook(rows, columns):
    """Row-standardised rook contiguity of a grid."""
    place = np.arange(rows * columns).reshape(rows, columns)
    matrix = np.zeros((rows * columns,) * 2)
    for a, b in ((place[:, :-1], place[:, 1:]), (place[:-1], place[1:])):
        matrix[a.ravel(), b.ravel()] = matrix[b.ravel(), a.ravel()] = 1.0
    return matrix / matrix.sum(axis=1, keepdims=True)


def single(rho, beta, theta):
    return EquationDraws(np.array([rho]), np.array([beta]), np.array([theta]))


@pytest.fixture
def example():
    """ρ_m = .3, β_m = .8, θ_m = -.2; ρ_y = .4, β_b = .6, θ_b = .25; 10 x 10 grid."""
    weights = Resolvent(sparse.csr_array(rook(10, 10)), -1.0, 1.0)
    outcome = single(0.4, [0.0, 0.6], [0.0, 0.25])
    return SystemDraws(outcome, (single(0.3, [0.8], [-0.2]),), weights, weights)


def test_worked_example(example):
    parts = dict(zip(MEDIATED, calc_decomposition(example).mediated[0, 0], strict=True))
    assert parts["mediated_direct"] == pytest.approx(0.538328, abs=PRINTED)
    assert parts["mediated_spillover"] == pytest.approx(0.675957, abs=PRINTED)
    assert parts["mediated_total"] == pytest.approx(1.214286, abs=PRINTED)
    assert parts["mediated_total"] == pytest.approx(0.85 / 0.6 * 0.6 / 0.7, rel=1e-12)


def test_products_of_effects_miss_the_mediated_ones(example):
    """direct x direct .531538 and indirect x indirect .040446 are neither of the two parts."""
    mediator, outcome = example.mediators[0], example.outcome
    swapped = EquationDraws(mediator.rho, np.c_[mediator.beta, [0.0]], np.c_[mediator.theta, [0.0]])
    chosen = EquationDraws(outcome.rho, outcome.beta[:, ::-1], outcome.theta[:, ::-1])
    weights, none = example.outcome_weights, single(0.0, [0.0], [0.0])
    m = calc_decomposition(SystemDraws(swapped, (none,), weights, weights)).natural[0]
    b = calc_decomposition(SystemDraws(chosen, (none,), weights, weights)).natural[0]
    assert m[0] * b[0] == pytest.approx(0.531538, abs=PRINTED)
    assert m[1] * b[1] == pytest.approx(0.040446, abs=PRINTED)
