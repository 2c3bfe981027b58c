"""Merging sectors and regions, and bringing emissions to the sectors of a table."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from io_tables import random_emissions, random_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.aggregation import (
    aggregate_table,
    emissions_by_account,
    map_emissions,
    merge_regions,
)
from yrb_carbon.errors import DataError

EXACT = 1e-12  # sums of the same numbers in another order

SECTORS = {"S1": "A", "S2": "B", "S3": "B", "S4": "A"}
PARTS = ("intermediate", "final_demand", "exports", "errors", "output", "imports", "value_added")


@pytest.fixture(scope="module")
def table():
    return random_table(3, 4, seed=21, errors=True)


@pytest.fixture
def emissions():
    """Two provinces, two fuels; three inventory sectors and households."""
    rows = [
        (2012, province, sector, fuel, value)
        for province, scale in (("p1", 1.0), ("p3", 10.0))
        for sector, fuel, value in (
            ("Coal", "raw_coal", 3.0),
            ("Coal", "diesel", 0.5),
            ("Ores", "raw_coal", 2.0),
            ("Mining", "raw_coal", 7.0),
            ("Urban", "gas", 1.0),
        )
        for value in (value * scale,)
    ]
    return pd.DataFrame(rows, columns=["year", "province", "sector", "fuel", "co2"])


TARGETS = {"Coal": "S1", "Ores": ["S1"], "Mining": ["S2", "S4"], "Urban": "Urban"}


def test_merged_cells_are_sums_of_the_cells(table):
    merged = aggregate_table(table, SECTORS)
    assert merged.sectors == ("A", "B")
    flows = table.intermediate
    wanted = flows.loc[[("p1", "S2"), ("p1", "S3")], [("p3", "S1"), ("p3", "S4")]].to_numpy().sum()
    assert merged.intermediate.loc[("p1", "B"), ("p3", "A")] == pytest.approx(wanted, rel=EXACT)
    rural = table.final_demand[("p2", "rural")]
    found = merged.final_demand.loc[("p3", "A"), ("p2", "rural")]
    assert found == pytest.approx(rural["p3", "S1"] + rural["p3", "S4"], rel=EXACT)
    assert merged.imports["p2", "B"] == pytest.approx(
        table.imports["p2", "S2"] + table.imports["p2", "S3"], rel=EXACT
    )


def test_totals_are_kept_and_merged_tables_balance(table):
    merged = aggregate_table(table, SECTORS, regions={"p1": "w", "p2": "w", "p3": "e"})
    assert (merged.regions, merged.n_sectors) == (("e", "w"), 2)
    for name in PARTS:
        before, after = getattr(table, name).to_numpy(), getattr(merged, name).to_numpy()
        assert after.sum() == pytest.approx(before.sum(), rel=EXACT)
    assert merged.check_balance(tolerance=1e-9).empty
    assert merged.record.notes[-1] == "3 x 4 accounts merged into 2 x 2"
    uses = table.final_demand[["p1", "p2"]].to_numpy().sum()
    assert merged.final_demand["w"].to_numpy().sum() == pytest.approx(uses, rel=EXACT)


def test_merging_keeps_output_and_emissions_of_each_region(table):
    """Aggregating the sectors preserves x and E."""
    emissions = random_emissions(table, seed=22)
    merged = aggregate_table(table, SECTORS)
    summed = emissions.groupby(
        [emissions.index.get_level_values(0), emissions.index.get_level_values(1).map(SECTORS)]
    ).sum()
    fine, coarse = build_system(table, emissions), build_system(merged, summed)
    np.testing.assert_allclose(
        coarse.by_region(coarse.output), fine.by_region(fine.output), rtol=EXACT
    )
    np.testing.assert_allclose(
        coarse.by_region(coarse.emissions), fine.by_region(fine.emissions), rtol=EXACT
    )


def test_renaming_alone_changes_no_number(table):
    merged = aggregate_table(table, {sector: sector.lower() for sector in table.sectors})
    assert np.array_equal(merged.intermediate.to_numpy(), table.intermediate.to_numpy())
    assert np.array_equal(merged.final_demand.to_numpy(), table.final_demand.to_numpy())


def test_concordances_must_be_those_of_the_table(table):
    short = dict.fromkeys(("S1", "S2", "S3", "S5"), "A")
    with pytest.raises(DataError, match=r"sectors .* missing S4, too many S5"):
        aggregate_table(table, short)
    with pytest.raises(DataError, match=r"regions .* missing p3, too many none"):
        aggregate_table(table, SECTORS, regions={"p1": "w", "p2": "w"})


def test_a_sector_with_several_targets_is_split_by_output(table, emissions):
    mapped = map_emissions(emissions, TARGETS, table.output).set_index(
        ["province", "sector", "fuel"]
    )["co2"]
    x = table.output
    share = x["p3", "S4"] / (x["p3", "S2"] + x["p3", "S4"])
    assert mapped["p3", "S4", "raw_coal"] == pytest.approx(70.0 * share, rel=EXACT)
    assert mapped["p3", "S2", "raw_coal"] == pytest.approx(70.0 * (1 - share), rel=EXACT)
    assert mapped["p1", "S1", "raw_coal"] == 5.0
    assert mapped["p1", "S1", "diesel"] == 0.5
    assert mapped["p1", "Urban", "gas"] == 1.0
    assert mapped.sum() == pytest.approx(emissions["co2"].sum(), rel=EXACT)


def test_without_output_anywhere_the_split_is_even(emissions):
    output = pd.Series({(p, s): 0.0 for p in ("p1", "p3") for s in ("S2", "S4")})
    mapped = map_emissions(emissions, TARGETS, output).set_index(["province", "sector"])["co2"]
    assert mapped["p1", "S2"] == mapped["p1", "S4"] == 3.5


def test_lost_sectors_and_missing_outputs_are_refused(table, emissions):
    with pytest.raises(DataError, match="no target for the sectors Mining, Urban"):
        map_emissions(emissions, {"Coal": "S1", "Ores": "S1", "Urban": []})
    with pytest.raises(DataError, match="'Mining' feeds S2, S4: output is wanted"):
        map_emissions(emissions, TARGETS)
    with pytest.raises(DataError, match=r"to split emissions by: p3 S4 .of Mining."):
        map_emissions(emissions, TARGETS, table.output.drop(("p3", "S4")))
    unfuelled = emissions.assign(fuel=emissions["fuel"].where(emissions["fuel"] != "diesel"))
    with pytest.raises(DataError, match="total of emissions before and after"):
        map_emissions(unfuelled, TARGETS, table.output)


def test_emissions_of_accounts_and_outside_are_all_there_are(table, emissions):
    mapped = map_emissions(emissions, TARGETS, table.output)
    placed = emissions_by_account(mapped, table, outside=["Urban"])
    assert placed.accounts["p1", "S1"] == 5.5
    assert placed.accounts["p1", "S3"] == 0.0
    assert Counter(placed.accounts.index.get_level_values(0)) == {"p1": 4, "p3": 4}
    assert placed.outside.to_dict() == {("p1", "Urban"): 1.0, ("p3", "Urban"): 10.0}
    total = placed.accounts.sum() + placed.outside.sum()
    assert total == pytest.approx(emissions["co2"].sum(), rel=EXACT)
    assert build_system(table, placed.accounts).imputed == ("p2",)


def test_emissions_of_another_year_sector_or_region_are_refused(table, emissions):
    mapped = map_emissions(emissions, TARGETS, table.output)
    with pytest.raises(DataError, match="sectors Urban that the table lacks"):
        emissions_by_account(mapped, table)
    with pytest.raises(DataError, match=r"no emissions of 2012, .* years: 2015"):
        emissions_by_account(mapped.assign(year=2015), table)
    with pytest.raises(DataError, match="emissions of p9, regions"):
        emissions_by_account(mapped.replace({"province": {"p1": "p9"}}), table, outside=["Urban"])
    both = pd.concat([mapped, mapped.assign(year=2015)])
    placed = emissions_by_account(both, table, outside=["Urban"])
    assert placed.accounts["p1", "S1"] == 5.5


def test_provinces_are_summed_to_regions(emissions):
    merged = merge_regions(emissions, {"p1": "00", "p3": "00", "p2": "x"})
    cells = merged.set_index(["province", "sector", "fuel"])["co2"]
    assert cells["00", "Coal", "raw_coal"] == 33.0
    assert len(merged) == 5
    assert merged["co2"].sum() == emissions["co2"].sum()
    with pytest.raises(DataError, match="no region for the emissions of p3"):
        merge_regions(emissions, {"p1": "00"})


def test_unknown_emissions_are_no_zeros(table, emissions):
    """A province that did not report has missing cells, which sums would skip."""
    gaps = emissions.assign(co2=emissions["co2"].where(emissions["province"] != "p3"))
    message = r"missing in 5 cells, of 2012 p3\. Leave the province out"
    with pytest.raises(DataError, match=message):
        map_emissions(gaps, TARGETS, table.output)
    with pytest.raises(DataError, match=message):
        merge_regions(gaps, {"p1": "00", "p3": "00"})
    mapped = map_emissions(emissions, TARGETS, table.output)
    lost = mapped.assign(co2=mapped["co2"].where(mapped["fuel"] != "diesel"))
    with pytest.raises(DataError, match="missing in 2 cells, of 2012 p1, 2012 p3"):
        emissions_by_account(lost, table, outside=["Urban"])
    known = map_emissions(gaps[gaps["province"] == "p1"], TARGETS, table.output)
    placed = emissions_by_account(known, table, outside=["Urban"])
    assert build_system(table, placed.accounts).imputed == ("p2", "p3")
