"""Rows of the accounts of mining: who answers for emissions, what is sold abroad, where all is."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from io_tables import random_emissions, random_table, studied

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.embodied.accounts import EmbodiedSystem, build_system
from yrb_carbon.embodied.coverage import calc_coverage
from yrb_carbon.embodied.flows import calc_flows, calc_sector_balance, calc_sector_net
from yrb_carbon.embodied.rows import calc_mining_accounts, system_rows
from yrb_carbon.errors import DataError
from yrb_carbon.study.embodied import (
    FLOWS,
    EmbodiedSection,
    EmbodiedTable,
    FlowDecompositionTable,
    FlowPathsTable,
    IntensityTable,
    SectorContributionsTable,
    StructuralPathsTable,
)
from yrb_carbon.workflow.claims_check import ACCOUNT_MODELS

EXACT = 1e-9  # the bound of the identities
MINING = ("S2", "S3")
LABEL = {"en": "a", "zh": "b"}
NOTHING = pd.Series(dtype=float)


def built(exports: str = "separate", *, errors: bool = True, year: int = 2012) -> EmbodiedSystem:
    table = random_table(3, 4, seed=11, errors=errors, year=year)
    return build_system(table, random_emissions(table, seed=12), exports=exports)


def rows_of(table: EmbodiedTable, *systems: EmbodiedSystem) -> pd.DataFrame:
    system = studied("tiny", {one.year: one for one in systems}, MINING)
    return system_rows(table, system, EmbodiedSection(), 1, TableKey("tiny", "B", "")).frame


def account(rows: pd.DataFrame, term: str) -> pd.Series:
    own = rows[rows["model"].eq("accounts") & rows["term"].eq(term)]
    return own.set_index("equation")["estimate"]


@pytest.mark.parametrize("exports", ["separate", "final"])
def test_responsibility_of_all_users_is_the_emissions_of_mining(exports):
    system = built(exports)
    rows = rows_of(IntensityTable(kind="embodied_intensity", title=LABEL, system="tiny"), system)
    emitted = float(system.mask(MINING) @ system.emissions)
    for term in ("production", "consumption", "shared"):
        values = account(rows, term)
        assert values[""] == pytest.approx(emitted, rel=EXACT)
        assert values.drop("").sum() == pytest.approx(emitted, rel=EXACT)
    users = set(account(rows, "consumption").index) - {"", *system.regions}
    assert users == ({"exports", "other"} if exports == "separate" else {"other"})
    assert account(rows, "net").abs().max() > 0.01
    # users that are no regions produce, sell and buy nothing
    assert set(account(rows, "embodied").index) == {"", *system.regions}


def test_net_outflow_of_all_regions_is_zero_though_its_sum_is_rounded():
    tables = [random_table(5, 4, seed=seed) for seed in range(12)]
    systems = [build_system(table, random_emissions(table, seed=12)) for table in tables]
    assert any(calc_sector_balance(system, MINING)["net"].sum() != 0 for system in systems)
    for system in systems:
        assert calc_mining_accounts(system, MINING, 0.5).loc["total", "net"] == 0


def test_a_table_without_exports_and_errors_has_regions_alone():
    system = built("final", errors=False)
    assert not system.other.any()
    rows = rows_of(IntensityTable(kind="embodied_intensity", title=LABEL, system="tiny"), system)
    assert set(account(rows, "consumption").index) == {"", *system.regions}
    flows = rows_of(FlowPathsTable(kind="flow_paths", title=LABEL, system="tiny"), system)
    assert not {"exports", "other"} & set(flows["equation"])


def test_accounts_that_do_not_add_up_are_refused():
    system = built()
    with pytest.raises(DataError, match="does not hold"):
        calc_mining_accounts(replace(system, errors=system.errors * 3), MINING, 0.5)


def test_what_is_sold_abroad_is_the_same_whatever_exports_count_as():
    apart, within = built("separate"), built("final")
    assert not within.exports.any()
    users = [*apart.regions, "total"]
    one, two = (calc_mining_accounts(system, MINING, 0.5).loc[users] for system in (apart, within))
    for column in ("exports", "sector_net", "outflow", "inflow", "embodied"):
        np.testing.assert_allclose(one[column], two[column], rtol=EXACT)
    abroad = apart.mask(MINING) * apart.embodied * apart.exports / 1e6
    np.testing.assert_allclose(
        two.loc[list(within.regions), "exports"], within.by_region(abroad), rtol=EXACT
    )
    assert two["exports"].max() > 0.1
    home = [calc_sector_balance(system, MINING)["final"] for system in (apart, within)]
    np.testing.assert_allclose(home[0], home[1], rtol=EXACT)


@pytest.mark.parametrize("exports", ["separate", "final"])
def test_net_outflow_of_the_sector_is_its_sums_written_out_in_both_treatments(exports):
    system = built(exports)
    table = random_table(3, 4, seed=11, errors=True)
    is_mining = system.mask(MINING) > 0
    carried = system.embodied[:, None] * table.intermediate.to_numpy() / 1e6
    abroad = system.embodied * table.exports.to_numpy() / 1e6
    found = calc_sector_net(system, MINING)
    for region in table.regions:
        here = is_mining & (table.labels.get_level_values(0) == region)
        sold = carried[np.ix_(here, ~is_mining)].sum() + abroad[here].sum()
        brought = carried[np.ix_(~is_mining, here)].sum()
        assert found[region] == pytest.approx(sold - brought, rel=EXACT)


def test_flows_with_all_destinations_are_what_the_definition_counts():
    system = built()
    rows = rows_of(FlowPathsTable(kind="flow_paths", title=LABEL, system="tiny"), system)
    for definition in FLOWS:
        own = rows[rows["model"] == definition]
        flows = calc_flows(system, MINING, definition)
        sent = own[own["equation"].isin(["", "own", "exports", "other"])]["estimate"].sum()
        assert sent == pytest.approx(flows.total, rel=EXACT)
        other = own[own["equation"] == "other"].set_index("term")["estimate"]
        assert list(other.index) == [f"{region}-other" for region in system.regions]
        np.testing.assert_allclose(other, flows.other, rtol=EXACT)
        assert np.abs(other).max() > 1e-6


def test_all_emissions_of_a_year_are_somewhere():
    table = random_table(3, 4, seed=5, zero_accounts=1)
    (idle,) = table.output.index[table.output == 0]
    silent = "p1"
    assert idle[0] != silent
    emissions = random_emissions(table, seed=6, regions=[r for r in table.regions if r != silent])
    emissions[idle] = 0.001 * emissions.sum()
    system = build_system(table, emissions)
    outside = pd.Series([2.5, 1.5])
    emitted = float(emissions.sum() + outside.sum())
    found = calc_coverage(system, emitted, outside, (idle[1],))
    assert found.placed + found.unplaced + found.households == pytest.approx(emitted, rel=EXACT)
    assert (found.households, found.unplaced) == (4.0, pytest.approx(emissions[idle]))
    assert found.unplaced_mining == found.unplaced
    others = tuple(sector for sector in table.sectors if sector != idle[1])
    assert calc_coverage(system, emitted, outside, others).unplaced_mining == 0
    assert found.imputed.to_dict() == {silent: 0.0}
    assert abs(found.gap) < 1e-9
    for lost in (0.001, -0.001):
        with pytest.raises(DataError, match="are all emissions does not hold"):
            calc_coverage(system, emitted + lost, outside, MINING)


def test_what_a_table_rests_on_stands_among_its_rows():
    table = random_table(3, 4, seed=11, errors=True)
    some = random_emissions(table, seed=12, regions=["p1", "p2"])
    first = replace(build_system(table, some), import_treatment="proportional")
    second = built(year=2015)
    kind = FlowDecompositionTable(kind="flow_decomposition", title=LABEL, system="tiny")
    rows = rows_of(kind, first, second)
    basis = rows[rows["model"] == "basis"]
    imports = basis[basis["equation"] == "imports"].set_index("year")["term"]
    assert imports.to_dict() == {2012: "proportional", 2015: "apart"}
    sums = basis[basis["equation"].eq("") & basis["year"].eq(2012)].set_index("term")["estimate"]
    assert sums["emitted"] == pytest.approx(some.sum(), rel=EXACT)
    parts = sums[["placed", "unplaced", "households"]].sum()
    assert sums["emitted"] == pytest.approx(parts, rel=EXACT)
    imputed = basis[basis["equation"].ne("") & basis["term"].eq("imputed")]
    assert imputed[["equation", "year"]].to_numpy().tolist() == [["p3", 2012]]
    assert not rows.duplicated(["model", "equation", "quantity", "term", "year"]).any()


def test_emissions_without_output_are_limited_for_mining_by_itself():
    """A thousandth of all emissions may be all that mining emits."""
    table = random_table(3, 4, seed=5, zero_accounts=1)
    (idle,) = table.output.index[table.output == 0]
    emissions = random_emissions(table, seed=6)
    of_mining = emissions.index.get_level_values(1) == idle[1]
    emissions[of_mining] *= 1e-4
    emissions[idle] = emissions[of_mining].sum()
    assert emissions[idle] < 0.001 * emissions.sum()
    assert build_system(table, emissions).unplaced.to_dict() == {idle: emissions[idle]}
    others = [sector for sector in table.sectors if sector != idle[1]]
    assert len(build_system(table, emissions, mining=others).unplaced) == 1
    with pytest.raises(DataError, match=r"50\.00% of the emissions of mining, more than 1\.00%"):
        build_system(table, emissions, mining=[idle[1]])
    with pytest.raises(DataError, match="sectors S9 wanted"):
        build_system(table, emissions, mining=["S9"])


def test_rounding_of_a_row_is_no_discrepancy():
    table = random_table(3, 4, seed=11)
    noisy = replace(table, output=table.output * (1 + 1e-15))
    emissions = random_emissions(table, seed=12)
    assert not build_system(noisy, emissions).discrepancy.any()
    wrong = replace(table, output=table.output * (1 + 1e-9))
    assert build_system(wrong, emissions).discrepancy.all()


def test_net_outflow_of_all_regions_is_zero_without_rounding():
    sums = []
    for seed in range(5):
        table = random_table(5, 4, seed=seed, errors=True)
        system = build_system(table, random_emissions(table, seed=seed))
        net = calc_mining_accounts(system, MINING, 0.5)["net"]
        sums.append(float(net.drop(["total", "exports", "other"]).sum()))
        assert net["total"] == 0.0
    assert any(sums)


@pytest.mark.parametrize("kind", [IntensityTable, SectorContributionsTable, StructuralPathsTable])
def test_claims_may_name_every_model_that_a_table_has(kind):
    (name,) = get_args(kind.model_fields["kind"].annotation)
    rows = rows_of(kind(kind=name, title=LABEL, system="tiny"), built())
    assert set(rows["model"]) == set(ACCOUNT_MODELS[name])


def test_imports_as_a_negative_use_are_taken_off_what_the_sector_sends_out():
    table = random_table(1, 4, seed=11, errors=True)
    bought = 0.1 * table.output.to_numpy()
    final = table.final_demand.copy()
    final[("p1", "imports")] = -bought
    competing = replace(
        table,
        final_demand=final,
        intermediate=table.intermediate,
        output=table.output - bought,
        import_treatment="negative_use",
    )
    system = build_system(competing, random_emissions(table, seed=12))
    is_mining = system.mask(MINING) > 0
    carried = system.embodied[:, None] * table.intermediate.to_numpy() / 1e6
    abroad = system.embodied * (table.exports.to_numpy() - bought) / 1e6
    sold = carried[np.ix_(is_mining, ~is_mining)].sum() + abroad[is_mining].sum()
    brought = carried[np.ix_(~is_mining, is_mining)].sum()
    found = calc_sector_net(system, MINING).sum()
    assert found == pytest.approx(sold - brought, rel=EXACT)
    home = system.embodied * table.final_demand.sum(axis=1).to_numpy() / 1e6
    balance = calc_sector_balance(system, MINING).sum()
    assert balance["final"] == pytest.approx(home[is_mining].sum(), rel=EXACT)
