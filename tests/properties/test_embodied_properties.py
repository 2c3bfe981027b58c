"""Identities of accounts, flows, paths and decompositions, on random balanced tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from io_tables import random_emissions, random_table

from yrb_carbon.embodied.accounts import (
    build_system,
    calc_driven_emissions,
    calc_responsibility,
)
from yrb_carbon.embodied.aggregation import aggregate_table
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.deflation import deflate_table
from yrb_carbon.embodied.flows import calc_flows, calc_sector_balance, calc_upstream
from yrb_carbon.embodied.paths import analyse_paths
from yrb_carbon.sources.input_output import assemble_table
from yrb_carbon.study.embodied import FLOWS

# No deadline, for other jobs share the machine; the same examples in every run.
CHECKED = settings(deadline=None, derandomize=True, max_examples=10)
CLOSE = 1e-9  # the bound of the identities that the code asserts


@st.composite
def systems(draw, least_regions=1):
    """Table, emissions and system of a random small economy, some accounts idle."""
    n_regions = draw(st.integers(least_regions, 4))
    n_sectors = draw(st.integers(2, 5))
    table = random_table(
        n_regions,
        n_sectors,
        draw(st.integers(0, 10_000)),
        zero_accounts=draw(st.integers(0, 2)),
        errors=draw(st.booleans()),
    )
    emissions = random_emissions(table, draw(st.integers(0, 10_000)))
    exports = draw(st.sampled_from(["separate", "final"]))
    return table, emissions, build_system(table, emissions, exports=exports)


@CHECKED
@given(systems())
def test_embodied_intensities_are_a_fixed_point_and_cover_all_emissions(case):
    _, emissions, system = case
    through = system.intensity + system.embodied @ system.coefficients
    np.testing.assert_allclose(system.embodied, through, rtol=CLOSE)
    assert (system.embodied >= system.intensity * (1 - CLOSE)).all()
    covered = system.embodied @ system.total_final / 1e6
    assert covered == pytest.approx(emissions.sum(), rel=CLOSE)


@CHECKED
@given(systems(), st.floats(0, 1))
def test_responsibilities_add_up_for_any_share(case, beta):
    _, emissions, system = case
    shared = calc_responsibility(system, beta)
    for column in ("production", "consumption", "shared"):
        assert shared[column].sum() == pytest.approx(emissions.sum(), rel=CLOSE)


@CHECKED
@given(systems())
def test_definitions_of_one_sector_nest(case):
    """`producer` over single sectors adds up to all emissions, `final` too; eps x holds E_m."""
    _, _, system = case
    whole = calc_driven_emissions(system)
    first = sum(calc_flows(system, [s], "producer").flows for s in system.sectors)
    third = sum(calc_flows(system, [s], "final").flows for s in system.sectors)
    scale = np.abs(whole).to_numpy().max()
    np.testing.assert_allclose(first, whole[list(system.regions)], atol=CLOSE * scale)
    np.testing.assert_allclose(third, whole[list(system.regions)], atol=CLOSE * scale)
    for sector in system.sectors:
        balance = calc_sector_balance(system, [sector])
        assert (balance["embodied"] >= balance["direct"] * (1 - CLOSE)).all()


@CHECKED
@given(systems())
def test_upstream_and_direct_emissions_balance(case):
    _, _, system = case
    upstream = calc_upstream(system, ["S1"])
    mining = system.mask(["S1"])
    embodied = system.by_region(mining * system.embodied * system.output) / 1e6
    own = system.by_region(mining * system.emissions)
    np.testing.assert_allclose(upstream.sum(axis=0) + own, embodied, rtol=CLOSE)


@CHECKED
@given(systems(least_regions=2), st.randoms(use_true_random=False))
def test_order_of_a_published_table_does_not_matter(case, random):
    """Rows, columns and parts shuffled: the same numbers under the same labels."""
    table, emissions, system = case
    keys = list(table.labels)
    random.shuffle(keys)
    uses = list(table.final_demand.columns)
    random.shuffle(uses)
    shuffled = assemble_table(
        year=table.year,
        intermediate=table.intermediate.loc[keys, keys[::-1]],
        final_demand=table.final_demand.loc[keys, uses],
        output=table.output.loc[keys[::-1]],
        unit=table.unit,
        record=table.record,
        exports=table.exports.loc[keys],
        errors=table.errors.loc[keys],
        imports=table.imports,
        value_added=table.value_added[keys],
    )
    exports = "separate" if system.exports.any() else "final"
    again = build_system(shuffled, emissions, exports=exports)
    for definition in FLOWS:
        pd.testing.assert_frame_equal(
            calc_flows(again, ["S2"], definition).flows,
            calc_flows(system, ["S2"], definition).flows,
            rtol=CLOSE,
        )


@CHECKED
@given(systems())
def test_emissions_twice_as_high_double_every_flow(case):
    table, emissions, system = case
    exports = "separate" if system.exports.any() else "final"
    double = build_system(table, 2 * emissions, exports=exports)
    for definition in FLOWS:
        np.testing.assert_allclose(
            calc_flows(double, ["S1"], definition).flows,
            2 * calc_flows(system, ["S1"], definition).flows,
            rtol=CLOSE,
        )


@CHECKED
@given(systems(), st.floats(1e-5, 0.2), st.integers(0, 5))
def test_depths_and_remainder_are_the_total_and_lists_fit_in(case, threshold, depth):
    _, emissions, system = case
    analysis = analyse_paths(system, threshold=threshold, max_depth=depth)
    assert analysis.depths["co2"].sum() == pytest.approx(emissions.sum(), rel=CLOSE)
    assert (analysis.paths["co2"].abs() >= threshold * analysis.total * (1 - CLOSE)).all()
    finer = analyse_paths(system, threshold=threshold / 3, max_depth=depth)
    assert set(analysis.paths["path"]) <= set(finer.paths["path"])


@CHECKED
@given(systems(), st.integers(0, 10_000))
def test_effects_are_exact_for_any_two_years(case, seed):
    table, emissions, start = case
    other = random_table(table.n_regions, table.n_sectors, seed, year=2017)
    exports = "separate" if start.exports.any() else "final"
    end = build_system(other, random_emissions(other, seed + 1), exports=exports)
    assume((start.final_demand.sum(axis=0) > 0).all() and (end.final_demand.sum(axis=0) > 0).all())
    effects = decompose_change(start, end).effects
    assert effects.to_numpy().sum() == pytest.approx(
        end.emissions.sum() - emissions.sum(), abs=CLOSE * emissions.sum()
    )


@CHECKED
@given(systems(), st.integers(1, 4))
def test_merging_sectors_keeps_output_emissions_and_identities(case, groups):
    table, emissions, _ = case
    places = {sector: f"G{number % groups}" for number, sector in enumerate(table.sectors)}
    merged = aggregate_table(table, places)
    by_group = emissions.groupby(
        [emissions.index.get_level_values(0), emissions.index.get_level_values(1).map(places)]
    ).sum()
    system = build_system(merged, by_group)
    assert system.output.sum() == pytest.approx(table.output.sum(), rel=CLOSE)
    assert system.emissions.sum() == pytest.approx(emissions.sum(), rel=CLOSE)


@CHECKED
@given(systems(), st.lists(st.floats(0.2, 5.0), min_size=5, max_size=5))
def test_deflated_tables_balance_and_emissions_follow(case, prices):
    """Prices change intensities by 1 / (1 / P) and leave emissions and who drives them."""
    table, emissions, system = case
    price = pd.Series(prices[: table.n_sectors], index=list(table.sectors))
    real = deflate_table(table, price, 2012, import_deflators=1.0)
    assert real.check_balance(CLOSE).empty
    exports = "separate" if system.exports.any() else "final"
    constant = build_system(real, emissions, exports=exports)
    row = price.reindex(system.labels.get_level_values(1)).to_numpy()
    np.testing.assert_allclose(constant.embodied, system.embodied * row, rtol=1e-8)
    np.testing.assert_allclose(
        calc_driven_emissions(constant),
        calc_driven_emissions(system),
        atol=1e-8 * system.emissions.max(),
    )
