"""Identities of mediated effects that hold for any weights, models and parameters."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mediation_reference import (
    dense_decomposition,
    random_draws,
    reduced_form,
    resolvent,
    simulated_system,
    weights_of,
)

from yrb_carbon.mediation import SpatialMediation, SystemDraws, calc_decomposition
from yrb_carbon.spatialpanel import BoundaryError, BoundaryWarning, SpatialPanelError

# G of the interpolant is held to 1e-12 of its largest element, relative to the largest effect here.
DENSE = 1e-10
# The reduced form is linear, so a difference of step one is exact up to dense solves.
FINITE_DIFFERENCE = 1e-8
# Estimates of a permuted panel differ by the rounding of their search.
PERMUTED = 1e-8
# Draws have the root of a covariance in them, which may be clipped and then doubles the error.
PERMUTED_DRAWS = 1e-5
EXAMPLES = settings(max_examples=40, deadline=None)
FEW_EXAMPLES = settings(max_examples=15, deadline=None)

KINDS = ("similar", "nearest", "unequal", "symmetric")
MODELS = ("ols", "slx", "sar", "sdm")


@st.composite
def systems(draw, count, reach=0.9):
    """A system of one to three mediators at some draws, with the same or other weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_units = draw(st.integers(5, 12))
    own = resolvent(weights_of(draw(st.sampled_from(KINDS)), rng, n_units))
    other = own
    if draw(st.booleans()):
        other = resolvent(weights_of(draw(st.sampled_from(KINDS)), rng, n_units))
    n_mediators = draw(st.integers(1, 3))

    def equation(weights, n_variables):
        interval = (weights.lower, weights.upper)
        model = draw(st.sampled_from(MODELS))
        return random_draws(rng, model, count, n_variables, interval, reach)

    outcome = equation(own, n_mediators + 1)
    return SystemDraws(outcome, tuple(equation(other, 1) for _ in range(n_mediators)), own, other)


def largest_gap(system, draws):
    """Distance to dense products, relative to the largest part of that draw."""
    found = calc_decomposition(system)
    worst = 0.0
    for draw in draws:
        natural, mediated, whole = dense_decomposition(system, draw)
        parts = np.concatenate([found.mediated[draw], found.own_and_feedback[draw]], axis=1)
        scale = max(np.abs(mediated).max(), np.abs(natural).max(), np.abs(whole).max())
        gaps = (
            np.abs(found.natural[draw] - natural).max(),
            np.abs(parts - mediated).max(),
            np.abs(found.system[draw] - whole).max(),
        )
        worst = max(worst, max(gaps) / scale)
    return worst


@EXAMPLES
@given(systems(count=1))
def test_point_estimates_equal_dense_products(system):
    assert largest_gap(system, [0]) < DENSE


@EXAMPLES
@given(systems(count=150))
def test_draws_equal_dense_products(system):
    assert largest_gap(system, range(0, 150, 10)) < DENSE


@FEW_EXAMPLES
@given(systems(count=150, reach=0.999))
def test_draws_next_to_the_edge_equal_dense_products(system):
    assert largest_gap(system, range(0, 150, 10)) < DENSE


@EXAMPLES
@given(systems(count=1))
def test_system_equals_finite_differences_of_the_reduced_form(system):
    w_y = system.outcome_weights.weights.toarray()
    w_m = system.mediator_weights.weights.toarray()
    start = np.linspace(-1.0, 1.0, len(w_y))
    base = reduced_form(start, w_y, w_m, system.outcome, system.mediators)
    columns = [
        reduced_form(start + unit, w_y, w_m, system.outcome, system.mediators) - base
        for unit in np.eye(len(w_y))
    ]
    matrix = np.column_stack(columns)
    direct, total = np.trace(matrix) / len(w_y), matrix.sum() / len(w_y)
    found = calc_decomposition(system).system[0]
    scale = max(1.0, np.abs(matrix).sum(axis=1).max())
    assert found == pytest.approx([direct, total - direct, total], abs=FINITE_DIFFERENCE * scale)


@EXAMPLES
@given(systems(count=60))
def test_parts_add_up(system):
    found = calc_decomposition(system)
    parts = found.mediated
    scale = np.abs(parts).max()
    assert parts[:, :, 0] + parts[:, :, 1] == pytest.approx(parts[:, :, 2], abs=DENSE * scale)
    assert parts[:, :, 3:].sum(axis=2) == pytest.approx(parts[:, :, 1], abs=DENSE * scale)
    assert found.own_and_feedback.sum(axis=2) == pytest.approx(parts[:, :, 0], abs=DENSE * scale)
    assert found.values[:, 3:6] == pytest.approx(
        found.natural + found.values[:, -6:-3], abs=DENSE * scale
    )


@EXAMPLES
@given(systems(count=60))
def test_total_is_the_product_of_totals_where_rows_sum_to_one(system):
    stochastic = [
        np.allclose(weights.weights.sum(axis=1), 1.0)
        for weights in (system.outcome_weights, system.mediator_weights)
    ]
    assume(all(stochastic))
    y, found = system.outcome, calc_decomposition(system)
    for k, m in enumerate(system.mediators):
        outcome = (y.beta[:, k + 1] + y.theta[:, k + 1]) / (1.0 - y.rho)
        mediator = (m.beta[:, 0] + m.theta[:, 0]) / (1.0 - m.rho)
        assert found.mediated[:, k, 2] == pytest.approx(outcome * mediator, rel=1e-9, abs=1e-9)


@FEW_EXAMPLES
@given(systems(count=80), st.randoms(use_true_random=False))
def test_permuting_units_changes_nothing(system, random):
    n_units = system.outcome_weights.n_units
    order = list(range(n_units))
    random.shuffle(order)

    def permuted(weights):
        return resolvent(weights.weights.toarray()[np.ix_(order, order)])

    other = SystemDraws(
        system.outcome,
        system.mediators,
        permuted(system.outcome_weights),
        permuted(system.mediator_weights),
    )
    # A ρ at the very edge may change sides by rounding of the edge.
    kept = system.admissible & other.admissible
    first, second = (calc_decomposition(one).values[kept] for one in (system, other))
    assert second == pytest.approx(first, abs=DENSE * np.abs(first).max())


@st.composite
def panels(draw):
    """A panel of a system with the arguments of a `SpatialMediation` of it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_mediators = draw(st.integers(1, 3))
    n_units = draw(st.integers(12, 16))
    weights = weights_of(draw(st.sampled_from(KINDS[:2])), rng, n_units)
    data, pair, _ = simulated_system(rng, weights, draw(st.integers(6, 8)), n_mediators)
    mediators = [f"m{k + 1}" for k in range(n_mediators)]
    model = st.sampled_from(("ols", "slx", "sar", "sem", "sdm", "sdem"))
    arguments = {
        "outcome": "y",
        "treatment": "x",
        "mediators": mediators,
        "controls": ["c1"],
        "model": draw(model),
        "mediator_model": {name: draw(model) for name in mediators},
    }
    return data, pair, arguments, rng


def fitted(data, weights, arguments, **changes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", BoundaryWarning)
        try:
            fit = SpatialMediation(data, weights=weights, **{**arguments, **changes}).fit()
        except (BoundaryWarning, SpatialPanelError):
            assume(False)
        return fit


@pytest.mark.slow
@FEW_EXAMPLES
@given(panels())
def test_a_fit_is_decomposed_as_its_parameters_say(panel):
    data, weights, arguments, _ = panel
    fit = fitted(data, weights, arguments)
    found = fit.decompose().frame.iloc[0]
    units = fit.unit_effects()
    for path, term, prefix in [
        ("natural", "x", "natural"),
        ("system", "x", "system"),
        *((name, name, "mediated") for name in (*arguments["mediators"], "all")),
    ]:
        matrix = fit.effect_matrix(path).to_numpy()
        scale = max(1.0, np.abs(matrix).max())
        assert found[term, f"{prefix}_direct"] == pytest.approx(
            np.trace(matrix) / len(matrix), abs=DENSE * scale
        )
        assert found[term, f"{prefix}_total"] == pytest.approx(
            matrix.sum() / len(matrix), abs=DENSE * scale
        )
        means = units[path].mean()
        spill = found[term, f"{prefix}_total"] - found[term, f"{prefix}_direct"]
        assert means["own"] == pytest.approx(found[term, f"{prefix}_direct"], abs=DENSE * scale)
        assert means["received"] == pytest.approx(spill, abs=DENSE * scale)
        assert means["sent"] == pytest.approx(spill, abs=DENSE * scale)


@pytest.mark.slow
@FEW_EXAMPLES
@given(panels())
def test_order_of_units_rows_and_names_changes_nothing(panel):
    data, (units, matrix), arguments, rng = panel
    first = fitted(data, (units, matrix), arguments)
    order = rng.permutation(len(units))
    other = dict(zip(units, np.array(units)[order], strict=True))
    renamed = data.rename(index=other, level="unit").sample(frac=1.0, random_state=1)
    names = [other[unit] for unit in units]
    turned = {"mediators": arguments["mediators"][::-1]}
    second = fitted(renamed, (names, matrix), arguments, **turned)
    try:
        one, two = (fit.effects(draws=200, seed=5) for fit in (first, second))
    except (BoundaryError, SpatialPanelError):
        assume(False)
    aligned = two.labels.get_indexer(one.labels)
    scale = np.abs(one.estimates).max()
    assert two.estimates[aligned] == pytest.approx(one.estimates, abs=PERMUTED * scale)
    finite, others = (np.isfinite(effects.draws).all(axis=1) for effects in (one, two))
    # A draw of ρ at the very edge may change sides, and draws next to it have no digits to lose.
    assert (finite == others).sum() >= len(finite) - 1
    sizes = np.abs(one.draws).max(axis=1)
    near = finite & others & (sizes < 10.0 * np.nanmedian(sizes))
    assert near.sum() > len(finite) / 2
    assert two.draws[near][:, aligned] == pytest.approx(
        one.draws[near], abs=PERMUTED_DRAWS * np.nanmedian(sizes)
    )
