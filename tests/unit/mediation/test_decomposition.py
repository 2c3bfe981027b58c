"""Mediated effects against the worked example and dense products of matrices."""

from __future__ import annotations

import numpy as np
import pytest
from mediation_reference import dense_decomposition, random_draws, resolvent, rook, weights_of
from scipy import sparse

from yrb_carbon.mediation import (
    EquationDraws,
    Resolvent,
    SystemDraws,
    calc_decomposition,
    decomposition_labels,
)
from yrb_carbon.mediation.decomposition import MEDIATED
from yrb_carbon.mediation.resolvent import FEW, RESOLVENT_LIMIT, calc_loadings, tabulate
from yrb_carbon.spatialpanel import SpecificationError
from yrb_carbon.spatialpanel.information import calc_g

PRINTED = 5e-7
"""Half of the last digit of the numbers of the worked example."""
DENSE = 1e-10
"""The interpolant is held to 1e-12 of the largest element of G; sums lose up to two digits."""
TABLE = 1e-11
"""Of G itself, relative to its largest element."""


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
    weights, none = example.outcome_weights, single(0.0, [0.0], [0.0])
    first = EquationDraws(mediator.rho, np.c_[mediator.beta, [0.0]], np.c_[mediator.theta, [0.0]])
    second = EquationDraws(outcome.rho, outcome.beta[:, ::-1], outcome.theta[:, ::-1])
    m, b = (
        calc_decomposition(SystemDraws(equation, (none,), weights, weights)).natural[0]
        for equation in (first, second)
    )
    assert m[0] * b[0] == pytest.approx(0.531538, abs=PRINTED)
    assert m[1] * b[1] == pytest.approx(0.040446, abs=PRINTED)


@pytest.mark.parametrize("kind", ["similar", "nearest", "unequal", "symmetric"])
@pytest.mark.parametrize("other", [None, "nearest"])
def test_thousands_of_draws_equal_dense_products(kind, other):
    rng = np.random.default_rng(4)
    own = resolvent(weights_of(kind, rng, 25))
    weights = own if other is None else resolvent(weights_of(other, rng, 25))
    interval = (own.lower, own.upper)
    outcome = random_draws(rng, "sdm", 2000, 4, interval)
    models = ("sdm", "sar", "slx")
    limits = (weights.lower, weights.upper)
    mediators = tuple(random_draws(rng, model, 2000, 1, limits) for model in models)
    system = SystemDraws(outcome, mediators, own, weights)
    found = calc_decomposition(system)
    for draw in range(0, 2000, 97):
        natural, mediated, whole = dense_decomposition(system, draw)
        parts = np.concatenate([found.mediated[draw], found.own_and_feedback[draw]], axis=1)
        scale = max(np.abs(mediated).max(), np.abs(natural).max())
        assert parts == pytest.approx(mediated, abs=DENSE * scale)
        assert found.natural[draw] == pytest.approx(natural, abs=DENSE * scale)
        assert found.system[draw] == pytest.approx(whole, abs=DENSE * scale)


def test_draws_outside_of_the_interval_are_counted(example):
    rho = np.array([0.4, 1.0, -1.2, np.nan, 0.5])
    many = EquationDraws(rho, np.ones((5, 2)), np.zeros((5, 2)))
    m = EquationDraws(np.array([0.1, 0.1, 0.1, 0.1, 1.01]), np.ones((5, 1)), np.zeros((5, 1)))
    weights = example.outcome_weights
    found = calc_decomposition(SystemDraws(many, (m,), weights, weights))
    assert found.n_discarded == 4
    assert np.isnan(found.values).all(axis=1).tolist() == [False, True, True, True, True]


def test_labels_name_every_value(example):
    labels = decomposition_labels("x", ["m"])
    values = calc_decomposition(example).values
    assert values.shape == (1, len(labels))
    named = dict(zip(labels, values[0], strict=True))
    assert named["m", "mediated_direct"] == named["all", "mediated_direct"]
    assert named["x", "system_total"] == pytest.approx(1.214286, abs=PRINTED)
    assert named["x", "natural_total"] == 0.0


def test_shapes_that_do_not_fit_are_refused(example):
    wrong = single(0.4, [0.0, 0.6, 1.0], [0.0, 0.25, 1.0])
    weights = example.outcome_weights
    with pytest.raises(SpecificationError, match=r"2 variables of interest must be \(1,\), \(1, 2"):
        SystemDraws(wrong, example.mediators, weights, weights)


def test_table_is_exact_to_the_edge_of_the_interval():
    rng = np.random.default_rng(1)
    own = resolvent(weights_of("nearest", rng, 30))
    rho = np.concatenate(
        [rng.uniform(own.lower, own.upper, 300), own.upper - 10.0 ** -rng.uniform(2, 5, 60)]
    )
    table = tabulate(own, [rho[:200], rho[200:]])
    assert len(table.g) < 250
    assert [part.shape[0] for part in table.loadings] == [200, 160]
    for place in (0, 57, 201, 330, 359):
        loadings = np.concatenate(table.loadings)[place]
        exact = calc_g(own.weights, float(rho[place]))
        found = np.tensordot(loadings, table.g, axes=1)
        # An inverse next to a pole has fewer digits: 1e-16 times the size of G.
        size = np.abs(exact).max()
        assert np.abs(found - exact).max() < (TABLE + 1e-14 * size) * size


def test_few_or_equal_values_have_exact_inverses():
    own = resolvent(rook(3, 4))
    rho = np.linspace(-0.5, 0.9, FEW)
    table = tabulate(own, [rho, np.full(1000, 0.9)])
    assert len(table.g) == FEW
    assert np.array_equal(table.loadings[1].sum(axis=0), 1000.0 * table.loadings[0][-1])
    assert np.array_equal(table.g[-1], calc_g(own.weights, 0.9))
    assert len(tabulate(own, [np.zeros(5000)]).g) == 1


def test_values_that_hardly_differ_are_parted():
    own = resolvent(rook(3, 4))
    close = 0.3 + np.arange(100) * np.spacing(0.3)
    table = tabulate(own, [close])
    found = np.tensordot(table.loadings[0], table.g, axes=1)
    assert found == pytest.approx(np.stack([calc_g(own.weights, 0.3)] * 100), abs=1e-14)


def test_loadings_reproduce_a_polynomial():
    nodes = -np.cos(np.pi * np.arange(9) / 8)
    values = np.r_[np.linspace(-1, 1, 7), nodes[3]]
    loadings = calc_loadings(nodes, values)
    assert loadings @ nodes**8 == pytest.approx(values**8, abs=1e-14)
    assert loadings.sum(axis=1) == pytest.approx(np.ones(8), abs=1e-14)


def test_too_many_units_are_refused_with_a_way_out():
    n_units = RESOLVENT_LIMIT + 1
    ring = sparse.csr_array(
        (np.ones(n_units), (np.arange(n_units), (np.arange(n_units) + 1) % n_units))
    )
    with pytest.raises(SpecificationError, match=r"the limit is 2000 units.*product of the total"):
        tabulate(Resolvent(ring, -1.0, 1.0), [np.zeros(1)])
