"""Flows of the demonstration's table of 2015 against its truth, which is computed by other code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table as as_table

from yrb_carbon.demo.generate import DEFAULT_SEED
from yrb_carbon.demo.mrio_model import (
    CATEGORIES,
    CODES_2012,
    PROCESS,
    REGIONS,
    describe_flows,
    make_emissions,
    make_table,
)
from yrb_carbon.demo.mrio_parameters import EMBODIED_TRUTH, NO_INVENTORY
from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.aggregation import aggregate_table, emissions_by_account, map_emissions
from yrb_carbon.embodied.flows import calc_flows, calc_sector_shares, calc_upstream
from yrb_carbon.embodied.paths import analyse_paths
from yrb_carbon.study.concordance import GROUPINGS, MINING, load_concordance

YEAR, LIST = 2015, "2012"
CLOSE = 1e-9  # two solves of 806 accounts
EXACT = 1e-12  # sums of the same numbers in another order


@pytest.fixture(scope="module")
def concordance():
    return load_concordance()


@pytest.fixture(scope="module")
def demo(concordance):
    """The demonstration's arrays as a table, its energy emissions, and the truth."""
    made = make_table(YEAR, DEFAULT_SEED)
    emissions = make_emissions(made, concordance, DEFAULT_SEED)
    table = as_table(
        made.intermediate,
        made.final,
        regions=REGIONS,
        sectors=CODES_2012,
        exports=made.exports,
        errors=made.errors,
        output=made.output,
        imports=made.imports,
        year=YEAR,
        categories=CATEGORIES,
    )
    energy = emissions.drop(columns=PROCESS).rename_axis(columns="fuel").stack().rename("co2")
    tidy = energy.reset_index().assign(year=YEAR)
    return table, tidy, describe_flows(made, emissions, concordance)


@pytest.fixture(scope="module")
def system(demo, concordance):
    table, emissions, _ = demo
    merged = aggregate_table(table, concordance.merge(LIST, "S26"))
    mapped = map_emissions(emissions, concordance.targets("S26"))
    placed = emissions_by_account(mapped, merged, concordance.households)
    return build_system(merged, placed.accounts)


@pytest.fixture(scope="module")
def fine(demo, concordance):
    """The system of 42 sectors."""
    table, emissions, _ = demo
    mapped = map_emissions(emissions, concordance.targets(LIST), table.output)
    placed = emissions_by_account(mapped, table, concordance.households)
    return build_system(table, placed.accounts)


def test_flows_of_mining_are_those_built_in(demo, system):
    truth = demo[2]
    flows = calc_flows(system, [MINING])
    assert flows.flows.index.tolist() == truth["provinces"]
    np.testing.assert_allclose(flows.flows, truth["mining_flows"], rtol=CLOSE)
    np.testing.assert_allclose(
        flows.balance()["net"], truth["net"], rtol=CLOSE, atol=CLOSE * flows.total
    )
    first = flows.largest(10)
    assert first[["source", "target"]].to_numpy().tolist() == [
        list(pair[:2]) for pair in truth["largest_paths"]
    ]
    assert (first.loc[1, "source"], first.loc[1, "target"]) == EMBODIED_TRUTH.largest_path


def test_intensities_of_mining_are_those_built_in(demo, system):
    truth = demo[2]
    frame = system.frame().xs(MINING, level="sector")
    np.testing.assert_allclose(frame["intensity"], truth["mining_intensity"], rtol=CLOSE)
    np.testing.assert_allclose(frame["embodied"], truth["mining_embodied_intensity"], rtol=CLOSE)
    assert system.imputed == NO_INVENTORY


def test_sectors_upstream_of_mining_come_in_the_order_built_in(demo, system):
    shares = calc_sector_shares(calc_upstream(system, [MINING]), [MINING])
    order = shares["rank"].dropna().sort_values().index[:4]
    assert tuple(order) == EMBODIED_TRUTH.upstream_order
    for sector, amount in demo[2]["upstream"].items():
        assert shares.loc[sector, "co2"] == pytest.approx(amount, rel=CLOSE)


def test_42_sectors_have_the_emissions_of_26_and_name_who_makes_nothing(demo, system, fine):
    assert fine.emissions.sum() == pytest.approx(system.emissions.sum(), rel=CLOSE)
    np.testing.assert_allclose(
        fine.by_region(fine.emissions), system.by_region(system.emissions), rtol=CLOSE
    )
    idle = demo[0].output.index[demo[0].output == 0]
    assert fine.zero_output == tuple(idle) != ()
    first = calc_flows(fine, ["02", "03", "04", "05"]).largest(1).loc[1]
    assert (first["source"], first["target"]) == EMBODIED_TRUTH.largest_path


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_mergers_of_sectors_keep_output_and_emissions_of_every_account(
    demo, concordance, fine, grouping
):
    table, emissions, _ = demo
    merge = concordance.merge(LIST, grouping)
    merged = aggregate_table(table, merge)
    groups = [table.labels.get_level_values(0), table.labels.get_level_values(1).map(merge)]
    np.testing.assert_allclose(merged.output, table.output.groupby(groups).sum(), rtol=EXACT)
    mapped = map_emissions(emissions, concordance.targets(grouping), merged.output)
    placed = emissions_by_account(mapped, merged, concordance.households)
    summed = pd.Series(fine.emissions, table.labels).groupby(groups).sum()
    np.testing.assert_allclose(
        placed.accounts, summed.reindex(placed.accounts.index), rtol=EXACT, atol=EXACT
    )
    whole = placed.accounts.sum() + placed.outside.sum()
    assert whole == pytest.approx(emissions["co2"].sum(), rel=EXACT)


def test_paths_of_the_published_size_sum_to_all_emissions(fine):
    analysis = analyse_paths(fine)
    assert analysis.depths["co2"].sum() == pytest.approx(fine.emissions.sum(), rel=CLOSE)
    assert (analysis.paths["share"] >= analysis.threshold * (1 - CLOSE)).all()
    assert 0.3 < analysis.explained < 1


def test_tibet_has_emissions_with_the_intensities_of_the_north_west(demo, concordance, fine):
    table, emissions, _ = demo
    mapped = map_emissions(emissions, concordance.targets(LIST), table.output)
    placed = emissions_by_account(mapped, table, concordance.households)
    with_mean = build_system(table, placed.accounts, missing="northwest")
    gained = pd.Series(with_mean.emissions - fine.emissions, table.labels)
    assert gained.loc[list(NO_INVENTORY)].sum() > 1.0
    assert not gained.drop(list(NO_INVENTORY), level="region").any()
