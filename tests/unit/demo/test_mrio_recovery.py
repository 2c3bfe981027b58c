"""From the written workbooks through readers and accounts back to the flows that they hold."""

from __future__ import annotations

import numpy as np
import pytest

from yrb_carbon.demo import EMBODIED_TRUTH, INVENTORY_FILES, MRIO_FILES
from yrb_carbon.demo.generate import DEFAULT_SEED
from yrb_carbon.demo.mrio import write_embodied
from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.aggregation import aggregate_table, emissions_by_account, map_emissions
from yrb_carbon.embodied.emissions import calc_fuel_emissions, select_scope
from yrb_carbon.embodied.flows import calc_flows, calc_sector_shares, calc_upstream
from yrb_carbon.sources.ceads_inventory import read_ceads_inventory
from yrb_carbon.sources.ceads_mrio import read_ceads_mrio
from yrb_carbon.study.concordance import load_concordance

pytestmark = pytest.mark.slow

ROUNDED = 1e-8
"""Mt; the truth is kept to nine decimals."""


@pytest.fixture(scope="module")
def demo_tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embodied")
    _, _, truth = write_embodied(folder, DEFAULT_SEED)
    return folder, truth["years"]


@pytest.mark.parametrize("year", [2012, 2015, 2017])
def test_readers_and_accounts_find_the_flows_that_the_files_hold(demo_tables, year):
    folder, years = demo_tables
    truth, links = years[str(year)], load_concordance()
    inventory = read_ceads_inventory(folder / INVENTORY_FILES[year])
    assert inventory.misfits.empty
    energy = select_scope(inventory.frame)
    by_fuel = calc_fuel_emissions(energy, links.mining).loc[year]
    assert by_fuel.idxmax() == "raw_coal"
    assert by_fuel.sum() == pytest.approx(truth["mining_co2"], abs=ROUNDED)
    for fuel, amount in truth["mining_co2_by_fuel"].items():
        assert by_fuel[fuel] == pytest.approx(amount, abs=ROUNDED)
    published = read_ceads_mrio(folder / MRIO_FILES[year])
    table = aggregate_table(published, links.merge(published.classification, "S26"))
    placed = emissions_by_account(
        map_emissions(energy, links.targets("S26")), table, links.households
    )
    system = build_system(table, placed.accounts)
    flows = calc_flows(system, ["S2"])
    assert list(flows.flows.index) == truth["provinces"]
    np.testing.assert_allclose(flows.flows.to_numpy(), truth["mining_flows"], atol=ROUNDED)
    first = flows.largest(1).iloc[0]
    assert (first["source"], first["target"]) == EMBODIED_TRUTH.largest_path
    upstream = calc_upstream(system, ["S2"])
    for code, amount in truth["upstream"].items():
        assert upstream.loc[code].sum() == pytest.approx(amount, abs=ROUNDED)
    shares = calc_sector_shares(upstream, ["S2"])
    ranked = shares.dropna(subset="rank").sort_values("rank").index
    assert tuple(ranked[:4]) == EMBODIED_TRUTH.upstream_order
    net = flows.balance()["net"]
    assert net.to_numpy() == pytest.approx(truth["net"], abs=ROUNDED * 31)
