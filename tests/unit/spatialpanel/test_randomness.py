"""Draws and seeds of every kind of inference by draws, and too few draws for an interval."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from spatial_reference import make_problem, ring_weights

from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.spatialpanel import (
    FewDrawsWarning,
    GroupedPanel,
    SpatialPanel,
    SpecificationError,
    fit_groups,
    joint_covariance,
    sup_wald,
)
from yrb_carbon.spatialpanel.bootstrap import calc_interval, least_draws

Y, X, WEIGHTS = make_problem(20, 6, weights=ring_weights(20))
PANEL = SpatialPanel(Y, X[["x1"]], WEIGHTS)
FIT = PANEL.fit()
GROUPS = {year: "early" if year < 2003 else "late" for year in PANEL.arrays.periods}


def system(years=6):
    data = X.assign(y=Y, m=X["x2"] + 0.5 * X["x1"] + 0.1 * Y**2)
    data = data[data.index.get_level_values(1) < 2000 + years]
    return SpatialMediation(
        data, outcome="y", treatment="x1", mediators=["m"], weights=WEIGHTS
    ).fit()


SYSTEM = system()
WAYS = {
    "effects": lambda draws=5, seed=0: FIT.effects("simulation", draws=draws, seed=seed),
    "bootstrap": lambda draws=5, seed=0: FIT.bootstrap(draws, seed),
    "years": lambda draws=5, seed=0: FIT.bootstrap(draws, seed, scheme="year"),
    "permutation": lambda draws=5, seed=0: fit_groups(PANEL, GROUPS).permutation(draws, seed),
    "break": lambda draws=5, seed=0: sup_wald(PANEL, [2002], draws=draws, seed=seed),
    "mediation": lambda draws=5, seed=0: SYSTEM.effects(draws=draws, seed=seed),
    "system": lambda draws=5, seed=0: SYSTEM.bootstrap(draws, seed),
    "system years": lambda draws=5, seed=0: SYSTEM.bootstrap(draws, seed, scheme="year"),
}


@pytest.mark.parametrize("way", WAYS)
def test_draws_and_seeds_of_a_wrong_type_are_refused(way):
    for seed in ("a", -1, 1.5, None, True, [1, 2], np.random.default_rng(1)):
        with pytest.raises(SpecificationError, match="seed must be a whole number from 0"):
            WAYS[way](seed=seed)
    for draws in (2.5, "a", None, True):
        with pytest.raises(SpecificationError, match="draws must be a whole number"):
            WAYS[way](draws=draws)
    with pytest.raises(SpecificationError, match="needs at least"):
        WAYS[way](draws=0)
    WAYS[way](draws=np.int64(5), seed=np.int64(3))
    WAYS[way](seed=np.random.SeedSequence(3))


def test_what_is_no_model_is_refused():
    for call in (
        lambda: sup_wald(FIT),
        lambda: sup_wald(GroupedPanel.of_panel(PANEL, GROUPS).fit()),
        lambda: fit_groups(X, GROUPS),
        lambda: GroupedPanel.of_panel(X, GROUPS),
    ):
        with pytest.raises(SpecificationError, match="takes a SpatialPanel, the model before"):
            call()
    with pytest.raises(SpecificationError, match="a list of periods, got 2002"):
        sup_wald(PANEL, 2002)
    with pytest.raises(SpecificationError, match="must be a mapping of names to results"):
        joint_covariance([FIT, FIT])


@pytest.mark.parametrize(("level", "least"), [(0.95, 39), (0.9, 19), (0.99, 199), (0.5, 3)])
def test_too_few_draws_for_the_ends_of_an_interval_warn(level, least):
    assert least_draws(level) == least
    drawn = np.random.default_rng(0).standard_normal((least, 2))
    with pytest.warns(FewDrawsWarning, match=f"take {least} or more"):
        lower, _ = calc_interval(np.zeros(2), drawn[1:], "percentile", level)
    np.testing.assert_array_equal(lower, drawn[1:].min(axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calc_interval(np.zeros(2), drawn, "percentile", level)
        calc_interval(np.zeros(2), drawn[1:], "normal", level)


def test_the_gap_checks_its_level_whatever_the_inference():
    for level in (95, 0, 1, "a", None):
        with pytest.raises(SpecificationError, match="level must be between 0 and 1"):
            SYSTEM.effects(draws=5).gap(level=level)


def test_years_are_not_drawn_of_two():
    short = system(years=2)
    with pytest.raises(SpecificationError, match="2 years leave too few; it needs 3"):
        short.bootstrap(9, scheme="year")
    assert short.bootstrap(9).draws.shape[0] == 9
    assert np.isfinite(system(years=3).bootstrap(9, scheme="year").draws).any()
