"""The simulated system: its equations, errors, magnitudes, and independence of any order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from yrb_carbon.demo import DEFAULT_SEED
from yrb_carbon.demo.effects import calc_effect_matrix, calc_system_effects
from yrb_carbon.demo.generate import make_design, within_variance
from yrb_carbon.demo.moments import moments_of, read_moments
from yrb_carbon.demo.parameters import CONTROLS, MEDIATORS, OUTCOME, TREATMENT, TRUTH
from yrb_carbon.demo.simulate import Draws, ar1_paths, centre, draw_errors, lag, simulate_system
from yrb_carbon.errors import WeightsError

EXACT = 1e-9
"""Solving 90 linear equations and rounding of the files' last decimals."""

WHOLE_PATENTS = 0.03
"""Half a patent in a unit of 81 0000 persons and four patents: 0.5 / (81 + 4) and some more."""

DRAWS_ERROR = 0.03
"""Four standard errors of a correlation over 91 x 16 x 40 dependent draws."""


def recovered_errors(demo, equation):
    """(I - rho W) y - Z delta of the indices, two-way deviations, set A."""
    frame = demo.system.frame(demo.units)
    wide = {name: frame[name].unstack("unit").to_numpy() for name in frame}
    y = wide[equation.outcome]
    left = y - equation.rho * lag(demo.weights, y)
    for name, own, lagged in equation.slopes:
        left = left - own * wide[name] - lagged * lag(demo.weights, wide[name])
    return centre(left)


@pytest.mark.parametrize("equation", TRUTH.equations, ids=lambda e: e.outcome)
def test_indices_satisfy_their_equation_up_to_the_drawn_errors(demo, equation):
    errors = draw_errors(Draws(DEFAULT_SEED, demo.design.codes), TRUTH, 0)[equation.outcome]
    columns = [demo.design.codes.index(unit) for unit in demo.units]
    gap = np.abs(recovered_errors(demo, equation) - centre(errors[:, columns])).max()
    assert gap < (WHOLE_PATENTS if equation.outcome == "m2" else EXACT)
    assert errors.std() > 10 * EXACT


def test_errors_are_autocorrelated_and_correlated_between_mediators_only():
    codes = [f"{100000 + i}" for i in range(91)]
    draws = [draw_errors(Draws(7, codes), TRUTH, replicate) for replicate in range(40)]
    stacked = {name: np.stack([d[name] for d in draws]) for name in (*MEDIATORS, OUTCOME)}
    for equation in TRUTH.equations:
        e = stacked[equation.outcome]
        assert e.std() == pytest.approx(equation.sigma, rel=DRAWS_ERROR)
        ar1 = (e[:, 1:] * e[:, :-1]).mean() / (e**2).mean()
        assert ar1 == pytest.approx(TRUTH.error_ar1, abs=DRAWS_ERROR)
    flat = np.corrcoef([e.ravel() for e in stacked.values()])
    expected = np.full((3, 3), TRUTH.mediator_error_correlation) + 0.7 * np.eye(3)
    assert flat[:3, :3] == pytest.approx(expected, abs=DRAWS_ERROR)
    assert flat[3, :3] == pytest.approx(np.zeros(3), abs=DRAWS_ERROR)


def test_within_variance_is_the_trace_of_the_projected_correlations():
    years, phi = 16, 0.5
    distance = np.abs(np.subtract.outer(np.arange(years), np.arange(years)))
    projection = np.eye(years) - 1.0 / years
    expected = np.trace(projection @ phi**distance) / (years - 1)
    assert within_variance(phi, years) == pytest.approx(expected, rel=1e-12)
    assert within_variance(0.0, years) == 1.0


def test_draws_belong_to_units_not_to_positions():
    codes = ("140100", "370100", "640500")
    one = Draws(5, codes).normal("block", 4, replicate=2)
    other = Draws(5, codes[::-1]).normal("block", 4, replicate=2)
    assert np.array_equal(one, other[:, ::-1])
    assert not np.array_equal(one, Draws(5, codes).normal("block", 4, replicate=3))
    assert not np.array_equal(one, Draws(6, codes).normal("block", 4, replicate=2))


def test_order_of_the_weights_does_not_matter(demo):
    order = np.random.default_rng(3).permutation(len(demo.units))
    shuffled = SimpleNamespace(
        unique_ids=[demo.units[i] for i in order],
        sparse=csr_array(demo.weights[np.ix_(order, order)]),
    )
    design = make_design(demo.boundaries, shuffled, seed=DEFAULT_SEED, moments=read_moments())
    assert np.array_equal(design.weights, demo.design.weights)
    pd.testing.assert_frame_equal(
        simulate_system(design, TRUTH, DEFAULT_SEED, read_moments()).frame(), demo.system.frame()
    )


def test_weights_of_other_units_are_refused(demo):
    few = SimpleNamespace(unique_ids=demo.units[1:], sparse=csr_array(demo.weights[1:, 1:]))
    with pytest.raises(WeightsError, match=demo.units[0]):
        make_design(demo.boundaries, few, seed=1, moments=read_moments())


def test_weights_that_are_not_row_standardised_are_refused(demo):
    double = SimpleNamespace(unique_ids=demo.units, sparse=csr_array(2.0 * demo.weights))
    with pytest.raises(WeightsError, match="do not sum to one"):
        make_design(demo.boundaries, double, seed=1, moments=read_moments())


def test_another_replicate_draws_other_errors_for_the_same_design(demo):
    other = simulate_system(demo.design, TRUTH, DEFAULT_SEED, read_moments(), replicate=1)
    assert np.array_equal(other.design.lq, demo.system.design.lq)
    assert not np.allclose(other.cb, demo.system.cb)


def test_system_effects_add_up_and_multiply_in_totals(demo):
    found = calc_system_effects(TRUTH, demo.weights)
    for name, equation in zip(MEDIATORS, TRUTH.mediators, strict=True):
        own, lagged = equation.slope(TREATMENT)
        on_mediator = (own + lagged) / (1.0 - equation.rho)
        b, b_lagged = TRUTH.outcome.slope(name)
        on_outcome = (b + b_lagged) / (1.0 - TRUTH.outcome.rho)
        assert found[f"mediated_{name}"].total == pytest.approx(on_mediator * on_outcome)
    parts = [found["natural"], *(found[f"mediated_{name}"] for name in MEDIATORS)]
    for part in ("direct", "spillover", "total"):
        whole = sum(getattr(p, part) for p in parts)
        assert getattr(found["system"], part) == pytest.approx(whole, rel=1e-12)


def test_system_effect_is_the_derivative_of_the_reduced_form(demo):
    """One more unit of x in one place, through mediators and outcome, without errors."""
    n, place = len(demo.units), 17
    x = np.zeros((1, n))
    x[0, place] = 1.0
    mediators = {
        e.outcome: x @ calc_effect_matrix(e, TREATMENT, demo.weights).T for e in TRUTH.mediators
    }
    equation = TRUTH.outcome
    right = sum(
        own * v + lagged * lag(demo.weights, v)
        for name, own, lagged in equation.slopes
        if name not in CONTROLS
        for v in [x if name == TREATMENT else mediators[name]]
    )
    y = np.linalg.solve(np.eye(n) - equation.rho * demo.weights, right[0])
    system = calc_effect_matrix(equation, TREATMENT, demo.weights) + sum(
        calc_effect_matrix(equation, e.outcome, demo.weights)
        @ calc_effect_matrix(e, TREATMENT, demo.weights)
        for e in TRUTH.mediators
    )
    assert y == pytest.approx(system[:, place], abs=1e-12)
    assert np.trace(system) / n == pytest.approx(
        calc_system_effects(TRUTH, demo.weights)["system"].direct
    )


def test_signs_are_those_of_the_study(demo):
    found = calc_system_effects(TRUTH, demo.weights)
    assert found["natural"].direct < 0 < found["natural"].spillover
    assert found["system"].spillover > 0
    sizes = []
    for name in MEDIATORS:
        assert found[f"x_on_{name}"].direct < 0
        assert TRUTH.outcome.slope(name)[0] > 0
        assert found[f"mediated_{name}"].direct < 0
        sizes.append(abs(found[f"mediated_{name}"].direct))
    assert sizes[0] == max(sizes)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("lq", 0.9, 1.1), ("ln_pgdp", 0.9, 1.1), ("ln_density", 0.9, 1.1),
        ("m3", 0.6, 1.4), ("cb", 0.8, 1.2),
    ],
)  # fmt: skip
def test_variation_within_units_is_that_of_the_real_panel(demo, name, low, high):
    """x and controls are set to it; m3 and cb come out of the equations near it."""
    wide = demo.system.frame(demo.units)[name].unstack("year").to_numpy()
    ratio = centre(wide.T).std() / moments_of(read_moments(), name).sd_within
    assert low < ratio < high


@pytest.mark.parametrize("name", ["m1", "m3", "ln_pgdp"])
def test_reach_means_are_those_of_the_real_panel(demo, name):
    frame = demo.system.frame(demo.units)[name]
    reach = demo.design.units["reach_V1"]
    means = frame.groupby("unit").mean().groupby(reach).mean()
    for label, mean in moments_of(read_moments(), name).reach_mean.items():
        assert means[label] == pytest.approx(mean, abs=0.1)


def test_mining_is_skewed_with_zeros(demo):
    lq = demo.system.frame(demo.units)["lq"]
    assert 0.05 < (lq == 0).mean() < 0.5
    assert lq.skew() > 1.0
    assert (lq.groupby("unit").max() == 0).any()


def test_values_stay_in_plausible_ranges_for_other_seeds(demo):
    for seed in (1, 2, 3):
        design = make_design(demo.boundaries, seed=seed, moments=read_moments())
        system = simulate_system(design, TRUTH, seed, read_moments())
        assert (system.m1 > 0.1).all()
        assert (system.patents >= 0).all()
        assert ((system.npp >= 60) & (system.npp <= 900)).all()
        assert ((system.co2 >= 1e6) & (system.co2 <= 150e6)).all()
        assert ((design.emp_mining >= 0) & (design.emp_mining < design.emp_total)).all()


def test_ar1_paths_are_stationary_from_the_first_year():
    paths = ar1_paths(np.random.default_rng(1).standard_normal((16, 20000)), 0.5)
    assert paths.var(axis=1) == pytest.approx(np.ones(16), abs=0.05)
