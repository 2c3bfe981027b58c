"""Flows by the three definitions, against sums written out over accounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from io_tables import random_emissions, random_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.flows import (
    calc_downstream,
    calc_flows,
    calc_sector_balance,
    calc_sector_flows,
    calc_sector_net,
    calc_sector_shares,
    calc_upstream,
)
from yrb_carbon.errors import DataError
from yrb_carbon.study.embodied import FLOWS

EXACT = 1e-10  # sums over a dozen accounts

MINING = ("S2", "S4")


@pytest.fixture(scope="module")
def table():
    return random_table(3, 4, seed=5, errors=True)


@pytest.fixture(scope="module")
def system(table):
    return build_system(table, random_emissions(table, seed=6))


@pytest.fixture(scope="module")
def parts(table):
    """f, eps, L, Z, y by user and x as labelled frames, from the table alone; Mt per unit."""
    output = table.output
    emissions = random_emissions(table, seed=6).reindex(table.labels)
    flows = table.intermediate
    inverse = pd.DataFrame(
        np.linalg.inv(np.eye(len(output)) - flows.to_numpy() / output.to_numpy()),
        index=table.labels,
        columns=table.labels,
    )
    direct = emissions / output
    uses = table.final_demand.T.groupby(level="region").sum().T
    uses["exports"], uses["other"] = table.exports, table.errors
    embodied = pd.Series(direct.to_numpy() @ inverse.to_numpy(), index=table.labels)
    return direct, embodied, inverse, flows, uses, output


def users(table):
    return [*table.regions, "exports", "other"]


def written_out(definition, table, parts, source, user):
    """One flow by its definition, as loops."""
    direct, embodied, inverse, flows, uses, _ = parts
    total = 0.0
    if definition == "system":
        for m in MINING:
            bought = uses.loc[(source, m), user]
            if user in table.regions:
                bought += sum(flows.loc[(source, m), (user, j)] for j in table.sectors)
            total += embodied[source, m] * bought
    elif definition == "producer":
        for m in MINING:
            for key in table.labels:
                total += direct[source, m] * inverse.loc[(source, m), key] * uses.loc[key, user]
    else:
        for i in table.sectors:
            for q in table.regions:
                for m in MINING:
                    total += (
                        direct[source, i]
                        * inverse.loc[(source, i), (q, m)]
                        * uses.loc[(q, m), user]
                    )
    return total


@pytest.mark.parametrize("definition", FLOWS)
def test_flows_are_their_definition_written_out(definition, table, system, parts):
    found = calc_flows(system, MINING, definition)
    whole = found.flows.assign(exports=found.exports, other=found.other)
    for source in table.regions:
        for user in users(table):
            wanted = written_out(definition, table, parts, source, user)
            assert whole.loc[source, user] == pytest.approx(wanted, rel=1e-8, abs=1e-12)


def test_each_definition_has_its_own_total(system, parts):
    _, embodied, _, _, uses, output = parts
    mining = embodied.index.get_level_values("sector").isin(MINING)
    totals = {
        "producer": system.emissions[mining].sum(),
        "system": (embodied * output)[mining].sum(),
        "final": (embodied * uses.sum(axis=1))[mining].sum(),
    }
    for definition, wanted in totals.items():
        assert calc_flows(system, MINING, definition).total == pytest.approx(wanted, rel=EXACT)


def test_the_default_is_the_transaction_definition(system):
    assert calc_flows(system, MINING).definition == "system"


def test_net_transfers_cancel_and_balances_add_up(system):
    flows = calc_flows(system, MINING)
    net = flows.net_transfer
    np.testing.assert_allclose(net, -net.T, atol=1e-15)
    balance = flows.balance()
    np.testing.assert_allclose(balance["net"], net.sum(axis=1), rtol=1e-8)
    assert balance["net"].sum() == pytest.approx(0.0, abs=1e-12 * flows.total)
    np.testing.assert_allclose(balance["net_with_exports"], balance["net"] + balance["exports"])
    p1 = flows.flows.loc["p1"]
    assert balance.loc["p1", "out"] == pytest.approx(p1["p2"] + p1["p3"])
    assert balance.loc["p1", "in"] == pytest.approx(flows.flows.loc[["p2", "p3"], "p1"].sum())
    assert balance.loc["p1", "own"] == p1["p1"]
    assert not np.diagonal(flows.between).any()


def test_largest_pairs_are_between_regions_and_ties_follow_codes(system):
    flows = calc_flows(system, MINING)
    top = flows.largest(4)
    assert top.index.tolist() == [1, 2, 3, 4]
    assert (top["source"] != top["target"]).all()
    between = flows.between.to_numpy()
    assert top["co2"].tolist() == sorted(between.ravel(), reverse=True)[:4]
    assert top.loc[1, "share"] == pytest.approx(between.max() / between.sum())
    assert flows.flows.loc[top.loc[1, "source"], top.loc[1, "target"]] == top.loc[1, "co2"]
    assert len(flows.largest(99)) == 6
    tied = replace(flows, flows=flows.flows * 0 + 1.0).largest(3)
    assert tied[["source", "target"]].to_numpy().tolist() == [
        ["p1", "p2"],
        ["p1", "p3"],
        ["p2", "p1"],
    ]


def test_upstream_and_downstream_are_their_sums_written_out(table, system, parts):
    _, embodied, _, flows, _, _ = parts
    upstream, downstream = calc_upstream(system, MINING), calc_downstream(system, MINING)
    for sector in table.sectors:
        for region in table.regions:
            brought = sum(
                embodied[r, sector] * flows.loc[(r, sector), (region, m)]
                for r in table.regions
                for m in MINING
            )
            carried = sum(
                embodied[r, m] * flows.loc[(r, m), (region, sector)]
                for r in table.regions
                for m in MINING
            )
            assert upstream.loc[sector, region] == pytest.approx(brought, rel=EXACT)
            assert downstream.loc[sector, region] == pytest.approx(carried, rel=EXACT)


def test_direct_and_upstream_are_what_the_products_embody(system, parts):
    _, embodied, _, _, _, output = parts
    balance = calc_sector_balance(system, MINING)
    sums = balance[["direct", "upstream_own", "upstream_others"]].sum(axis=1)
    np.testing.assert_allclose(sums, balance["embodied"], rtol=EXACT)
    mining = embodied.index.get_level_values("sector").isin(MINING)
    wanted = (embodied * output)[mining].groupby(level="region").sum()
    np.testing.assert_allclose(balance["embodied"], wanted, rtol=EXACT)
    used = balance[["own", "out", "exports", "other"]].sum(axis=1)
    np.testing.assert_allclose(used, balance["embodied"], rtol=EXACT)
    upstream = calc_upstream(system, MINING)
    np.testing.assert_allclose(
        balance["upstream_own"] + balance["upstream_others"], upstream.sum(axis=0), rtol=EXACT
    )
    assert balance["net"].sum() == pytest.approx(0.0, abs=1e-9)


def test_own_inputs_are_those_from_the_region_itself(table, system, parts):
    _, embodied, _, flows, _, _ = parts
    own = sum(
        embodied["p2", i] * flows.loc[("p2", i), ("p2", m)] for i in table.sectors for m in MINING
    )
    found = calc_sector_balance(system, MINING).loc["p2", "upstream_own"]
    assert found == pytest.approx(own, rel=EXACT)


def test_final_is_what_products_embody_in_final_demand_at_home(system, parts):
    _, embodied, _, _, uses, _ = parts
    at_home = embodied * uses.drop(columns=["exports", "other"]).sum(axis=1)
    mining = at_home.index.get_level_values("sector").isin(MINING)
    np.testing.assert_allclose(
        calc_sector_balance(system, MINING)["final"],
        at_home[mining].groupby(level="region").sum(),
        rtol=EXACT,
    )


def test_shares_leave_the_sectors_themselves_out_of_the_ranking():
    flows = pd.DataFrame(
        {"p1": [1.0, 6.0, 2.0, 3.0], "p2": [1.0, 2.0, 0.0, 1.0]}, index=["S1", "S2", "S3", "S4"]
    )
    shares = calc_sector_shares(flows, ["S2"])
    assert shares.index.tolist() == ["S2", "S4", "S1", "S3"]
    assert shares["share"].tolist() == [0.5, 0.25, 0.125, 0.125]
    assert shares["share_of_others"].drop("S2").tolist() == [0.5, 0.25, 0.25]
    assert shares["rank"].drop("S2").tolist() == [1, 2, 3]
    assert shares.loc["S2", ["share_of_others", "rank"]].isna().all()


def test_sector_flows_carry_embodied_intensities(table, system, parts):
    _, embodied, _, flows, _, _ = parts
    found = calc_sector_flows(system)
    wanted = sum(
        embodied[r, "S1"] * flows.loc[(r, "S1"), (s, "S3")]
        for r in table.regions
        for s in table.regions
    )
    assert found.loc["S1", "S3"] == pytest.approx(wanted, rel=EXACT)
    np.testing.assert_allclose(
        found.loc[list(MINING)].sum(), calc_downstream(system, MINING).sum(axis=1), rtol=EXACT
    )


def test_unknown_definitions_and_sectors_are_refused(system):
    with pytest.raises(
        DataError, match="unknown flow definition 'F4'; allowed system, producer, final"
    ):
        calc_flows(system, MINING, "F4")
    for function in (calc_flows, calc_upstream, calc_downstream, calc_sector_balance):
        with pytest.raises(DataError, match="S9 wanted"):
            function(system, ["S9"])


def test_flows_that_miss_their_total_are_refused(system):
    emissions = system.emissions.copy()
    emissions[5] *= 1.01
    broken = replace(system, emissions=emissions)
    with pytest.raises(DataError, match="does not hold"):
        calc_flows(broken, MINING, "producer")
    with pytest.raises(DataError, match=r"E_m .* does not hold"):
        calc_upstream(broken, MINING)
    with pytest.raises(DataError, match="definition system sum to eps_m x_m does not hold"):
        calc_flows(replace(system, exports=system.exports * 1.01), MINING)
    with pytest.raises(DataError, match=r"definition final .* does not hold"):
        calc_flows(replace(system, embodied=system.embodied * 1.01), MINING, "final")


def test_net_outflow_of_sectors_is_its_sums_written_out(table, system, parts):
    _, embodied, _, flows, uses, _ = parts
    is_mining = flows.index.get_level_values("sector").isin(MINING)
    carried = flows.mul(embodied, axis=0)
    found = calc_sector_net(system, MINING)
    for region in table.regions:
        here = is_mining & (flows.index.get_level_values("region") == region)
        taken = carried.loc[here, ~is_mining].to_numpy().sum()
        brought = carried.loc[~is_mining, here].to_numpy().sum()
        abroad = (embodied * uses["exports"])[here].sum()
        assert found[region] == pytest.approx(taken + abroad - brought, rel=EXACT)
    # it is no identity: it takes either sign
    assert found.sum() > 0 > calc_sector_net(system, table.sectors[:1]).sum()


def test_net_outflow_is_what_is_left_of_emissions_after_final_demand(system):
    balance = calc_sector_balance(system, MINING).sum()
    wanted = balance["direct"] - balance["final"] - balance["other"]
    assert calc_sector_net(system, MINING).sum() == pytest.approx(wanted, rel=EXACT)
    everything = system.sectors
    assert calc_sector_net(system, everything).sum() == pytest.approx(
        calc_sector_balance(system, everything)["exports"].sum(), rel=EXACT
    )
