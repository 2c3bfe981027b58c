"""Structural decomposition against its formulas with explicit inverses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table, random_emissions, random_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.decomposition import FACTORS, decompose_change
from yrb_carbon.errors import DataError

EXACT = 1e-9  # the bound of the identity


@pytest.fixture(scope="module")
def systems():
    tables = [random_table(2, 3, seed=31 + k, year=2012 + 5 * k, errors=True) for k in (0, 1)]
    return tuple(
        build_system(table, random_emissions(table, seed=41 + k)) for k, table in enumerate(tables)
    )


@pytest.fixture(scope="module")
def change(systems):
    return decompose_change(*systems)


def factors(system):
    """f (Mt), L, S, g, o with explicit inverse."""
    demand = np.column_stack([system.final_demand, system.exports])
    level = demand.sum(axis=0)
    inverse = np.linalg.inv(np.eye(len(system.output)) - system.coefficients)
    return system.intensity / 1e6, inverse, demand / level, level, system.other


def emissions(f, inverse, structure, level, other):
    return f * (inverse @ (structure @ level + other))


def test_effects_are_the_mean_of_the_polar_forms_written_out(systems, change):
    start, end = map(factors, systems)
    first = [
        (end[0] - start[0]) * (end[1] @ (end[2] @ end[3] + end[4])),
        start[0] * ((end[1] - start[1]) @ (end[2] @ end[3] + end[4])),
        start[0] * (start[1] @ ((end[2] - start[2]) @ end[3])),
        start[0] * (start[1] @ (start[2] @ (end[3] - start[3]))),
        start[0] * (start[1] @ (end[4] - start[4])),
    ]
    second = [
        (end[0] - start[0]) * (start[1] @ (start[2] @ start[3] + start[4])),
        end[0] * ((end[1] - start[1]) @ (start[2] @ start[3] + start[4])),
        end[0] * (end[1] @ ((end[2] - start[2]) @ start[3])),
        end[0] * (end[1] @ (end[2] @ (end[3] - start[3]))),
        end[0] * (end[1] @ (end[4] - start[4])),
    ]
    for place, factor in enumerate(FACTORS):
        np.testing.assert_allclose(change.polar[0][factor], first[place], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(change.polar[1][factor], second[place], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(
            change.effects[factor], (first[place] + second[place]) / 2, rtol=1e-8, atol=1e-12
        )


def test_effects_sum_to_the_change_of_each_account(systems, change):
    start, end = systems
    np.testing.assert_allclose(
        change.effects.sum(axis=1), end.emissions - start.emissions, rtol=1e-7, atol=1e-9
    )
    for form in change.polar:
        np.testing.assert_allclose(
            form.sum(axis=1), end.emissions - start.emissions, rtol=1e-7, atol=1e-9
        )


def test_totals_and_groups_are_sums_of_accounts(systems, change):
    start, end = systems
    totals = change.totals()
    assert totals.index.tolist() == [*FACTORS, "change"]
    whole = end.emissions.sum() - start.emissions.sum()
    assert totals.loc["change", "effect"] == pytest.approx(whole, rel=EXACT)
    assert totals.loc["change", "polar_2"] == pytest.approx(whole, rel=EXACT)
    assert totals["share"].drop("change").sum() == pytest.approx(1.0, rel=EXACT)
    by_region = change.by("region")
    np.testing.assert_allclose(by_region[list(FACTORS)].sum(), totals["effect"].drop("change"))
    np.testing.assert_allclose(by_region[list(FACTORS)].sum(axis=1), by_region["change"])
    np.testing.assert_allclose(by_region["start"], start.by_region(start.emissions))
    mining = change.by("sector", ["S2"])
    assert mining.index.tolist() == ["S2"]
    own = change.effects.xs("S2", level="sector").sum()
    np.testing.assert_allclose(mining[list(FACTORS)].iloc[0], own)
    np.testing.assert_allclose(change.totals(["S2"])["effect"].drop("change"), own)


@pytest.mark.parametrize("moved", range(4))
def test_a_change_of_one_factor_is_given_to_it_alone(systems, moved):
    """All else as at the start, so every other effect is zero."""
    base, other = map(factors, systems)
    parts = [other[place] if place == moved else base[place] for place in range(5)]
    f, inverse, structure, level, rest = parts
    demand = structure * level
    output = inverse @ (demand.sum(axis=1) + rest)
    start = systems[0]
    flows = (np.eye(len(output)) - np.linalg.inv(inverse)) * output
    assert (output > 0).all()
    table = make_table(
        flows,
        demand[:, :2],
        regions=start.regions,
        sectors=start.sectors,
        exports=demand[:, 2],
        errors=rest,
        output=output,
    )
    end = build_system(table, pd.Series(f * output, index=table.labels))
    effects = decompose_change(start, end).effects
    alone = effects[FACTORS[moved]]
    assert alone.abs().max() > 0.01
    others = effects.drop(columns=FACTORS[moved])
    np.testing.assert_allclose(others, 0.0, atol=1e-7 * start.emissions.max())
    np.testing.assert_allclose(alone, end.emissions - start.emissions, atol=1e-7)


def test_two_years_exchanged_change_the_signs(systems, change):
    back = decompose_change(*systems[::-1])
    np.testing.assert_allclose(back.effects, -change.effects, rtol=1e-8, atol=1e-10)
    assert (back.start_year, back.end_year) == (2017, 2012)


def test_exports_in_final_demand_leave_a_user_without_demand(systems):
    """The column of exports is empty then, which is no fault."""
    table = random_table(2, 3, seed=31)
    emissions_ = random_emissions(table, seed=1)
    start = build_system(table, emissions_, exports="final")
    end = build_system(table, emissions_ * 2, exports="final")
    totals = decompose_change(start, end).totals()
    assert totals.loc["intensity", "effect"] == pytest.approx(emissions_.sum(), rel=EXACT)


def test_accounts_must_be_the_same(systems):
    table = random_table(2, 4, seed=3)
    other = build_system(table, random_emissions(table, seed=3))
    with pytest.raises(DataError, match=r"2012 \(2 x 3\) and 2012 \(2 x 4\) differ"):
        decompose_change(systems[0], other)


def test_codes_of_two_lists_are_not_compared(systems):
    start, end = (
        replace(system, classification=name)
        for system, name in zip(systems, ("2012", "2017"), strict=True)
    )
    with pytest.raises(DataError, match=r"of the list '2012', those of 2017 of the list '2017'"):
        decompose_change(start, end)


def test_demand_without_a_sum_has_no_structure(systems):
    falling = systems[1].final_demand.copy()
    falling[:, 1] *= -1
    with pytest.raises(DataError, match=r"2017: p2 -"):
        decompose_change(systems[0], replace(systems[1], final_demand=falling))


def test_effects_that_miss_the_change_are_refused(systems):
    broken = replace(systems[1], emissions=systems[1].emissions * 1.001)
    with pytest.raises(DataError, match="effects sum to the change"):
        decompose_change(systems[0], broken)


def test_unknown_sectors_are_refused(change):
    with pytest.raises(DataError, match="sectors S9 wanted; the table has S1, S2, S3"):
        change.totals(["S2", "S9"])
