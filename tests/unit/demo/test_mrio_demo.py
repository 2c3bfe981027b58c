"""Interregional demonstration: balanced, of plausible size, its truth built in and able to fail."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import openpyxl
import pandas as pd
import pytest

from yrb_carbon.demo import EMBODIED_TRUTH, INVENTORY_FILES, MRIO_FILES, generate
from yrb_carbon.demo.generate import DEFAULT_SEED
from yrb_carbon.demo.mrio import DIALECTS, table_rows, write_inventory, write_table
from yrb_carbon.demo.mrio_model import (
    CATEGORIES,
    PROCESS,
    REGIONS,
    N,
    R,
    describe_flows,
    fit_trade,
    list_change,
    make_emissions,
    make_table,
)
from yrb_carbon.demo.mrio_parameters import MINING_PLACES, MRIO_YEARS, PROVINCES
from yrb_carbon.errors import DataError
from yrb_carbon.sources import ceads_mrio
from yrb_carbon.sources.ceads_mrio import read_ceads_mrio
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.provinces import load_provinces

pytestmark = pytest.mark.slow

SERIES = 1e-9
"""Sixty rounds of the power series of the inverse against a solved system."""
WRITTEN = 1e-12
"""A workbook keeps sixteen digits."""
MARGIN = 1.1
"""The built-in order has to stand out from rounding and from what a study may choose."""


@pytest.fixture(scope="module")
def concordance():
    return load_concordance()


@pytest.fixture(scope="module")
def tables():
    return {year: make_table(year, DEFAULT_SEED) for year in MRIO_YEARS}


@pytest.fixture(scope="module")
def flows(tables, concordance):
    return {
        year: describe_flows(
            table, make_emissions(table, concordance, DEFAULT_SEED), concordance
        )
        for year, table in tables.items()
    }  # fmt: skip


def test_tables_balance_exactly_and_nothing_is_negative(tables):
    for year, table in tables.items():
        z, y = table.intermediate, table.final
        assert z.shape == (R * N, R * N)
        assert y.shape == (R * N, R * len(CATEGORIES))
        sold = z.sum(axis=1) + y.sum(axis=1) + table.exports + table.errors
        spent = z.sum(axis=0) + table.imports + table.value_added.sum(axis=0)
        assert np.array_equal(sold, table.output), year
        assert np.array_equal(spent, table.output), year
        for part in (z, y, table.exports, table.imports, table.value_added, table.output):
            assert part.min() >= 0
            assert np.array_equal(part, np.rint(part))
        assert np.any(table.errors)


def test_sizes_are_those_of_the_country(tables):
    gdp = np.array([PROVINCES[region][0] for region in REGIONS])
    prices = {2012: 1.0, 2015: 0.8, 2017: 0.685}
    for year, table in tables.items():
        added = table.value_added.sum(axis=0).reshape(R, N)
        own = added.sum(axis=1) / 1e4 * prices[year]
        assert np.corrcoef(np.log(own), np.log(gdp))[0, 1] > 0.99
        assert (own / gdp).min() > 0.8
        assert (own / gdp).max() < 1.3
        assert 2.0 < table.output.sum() / table.value_added.sum() < 3.0
    assert tables[2012].sector_list == tables[2015].sector_list == "2012"
    assert tables[2017].sector_list == "2017"


def test_coal_is_where_it_is_said_to_be_and_nowhere_else(tables):
    coal = tables[2012].output.reshape(R, N)[:, 1]
    shares = dict(zip(REGIONS, coal / coal.sum(), strict=True))
    assert sorted(shares, key=shares.__getitem__)[-3:] == ["61", "15", "14"]
    for region in REGIONS:
        assert (shares[region] > 0) == (region in MINING_PLACES["02"])
    tibet = tables[2012].output.reshape(R, N)[REGIONS.index("54")]
    assert tibet.sum() > 0
    assert tibet[1] == 0


def test_built_in_truth_holds_in_the_tables_as_written(flows):
    totals = [flows[year]["mining_co2"] for year in MRIO_YEARS]
    assert totals == sorted(totals, reverse=True)
    assert totals[1] / totals[0] == pytest.approx(EMBODIED_TRUTH.mining_co2[2015])
    for year in MRIO_YEARS:
        fuels = flows[year]["mining_co2_by_fuel"]
        assert max(fuels, key=fuels.__getitem__) == "raw_coal"
        assert sum(fuels.values()) == pytest.approx(totals[MRIO_YEARS.index(year)])
        first, second = flows[year]["largest_paths"][:2]
        assert tuple(first[:2]) == EMBODIED_TRUTH.largest_path
        assert first[2] > MARGIN * second[2]
        into = {k: v for k, v in flows[year]["upstream"].items() if k != "S2"}
        order = sorted(into, key=into.__getitem__, reverse=True)
        assert tuple(order[:4]) == EMBODIED_TRUTH.upstream_order
        values = [into[code] for code in order[:5]]
        assert all(a > MARGIN * b for a, b in pairwise(values))
        net = dict(zip(REGIONS, flows[year]["net"], strict=True))
        assert min(net["14"], net["15"], net["61"]) > 0 > max(net["33"], net["32"], net["44"])


def changed(concordance, **parts):
    truth = replace(EMBODIED_TRUTH, **parts)
    table = make_table(2012, DEFAULT_SEED, truth)
    emissions = make_emissions(table, concordance, DEFAULT_SEED, truth)
    return describe_flows(table, emissions, concordance)


def test_without_what_is_built_in_the_findings_are_others(concordance):
    plain = changed(concordance, path_boost=1.0)
    assert tuple(plain["largest_paths"][0][:2]) != EMBODIED_TRUTH.largest_path
    inputs = {
        buyer: {**own, "11": own["25"], "25": own["11"]}
        for buyer, own in EMBODIED_TRUTH.mining_inputs.items()
    }
    into = changed(concordance, mining_inputs=inputs)["upstream"]
    assert into["S20"] > into["S11"] > into["S8"]
    risen = changed(concordance, mining_co2={2012: 1.5})
    assert risen["mining_co2"] == pytest.approx(1.5 * changed(concordance)["mining_co2"])


def test_flows_by_another_way(tables, flows, concordance):
    """Power series of the inverse on frames summed by label, against the solved system."""
    table, told = tables[2017], flows[2017]
    merge = concordance.merge("2017", "S26")
    codes = sorted(merge)
    labels = pd.MultiIndex.from_product([REGIONS, [merge[code] for code in codes]])
    uses = pd.MultiIndex.from_product([REGIONS, CATEGORIES])
    z = pd.DataFrame(table.intermediate, labels, labels).groupby(level=[0, 1]).sum()
    z = z.T.groupby(level=[0, 1]).sum().T
    y = pd.DataFrame(table.final, labels, uses).T.groupby(level=0).sum().T
    y = y.groupby(level=[0, 1]).sum()
    x = pd.Series(table.output, labels).groupby(level=[0, 1]).sum()
    energy = make_emissions(table, concordance, DEFAULT_SEED).drop(columns=PROCESS).sum(axis=1)
    links = {s: codes[0] for s, codes in concordance.links["S26"].items()}
    made = energy[energy.index.get_level_values("sector").isin(list(links))]
    where = pd.MultiIndex.from_arrays(
        [made.index.get_level_values(0), made.index.get_level_values(1).map(links)]
    )
    emitted = pd.Series(made.to_numpy(), where).groupby(level=[0, 1]).sum().reindex(x.index)
    direct = (1e6 * emitted.fillna(0.0) / x.where(x > 0)).fillna(0.0)
    a = (z / x.where(x > 0)).fillna(0.0)
    embodied = term = direct
    for _ in range(60):
        term = term @ a
        embodied = embodied + term
    for r, s in (("61", "33"), ("14", "13"), ("54", "11")):
        sold = z.loc[(r, "S2"), s].sum() + y.loc[(r, "S2"), s]
        i, j = REGIONS.index(r), REGIONS.index(s)
        assert told["mining_flows"][i][j] == pytest.approx(
            1e-6 * embodied[r, "S2"] * sold, rel=SERIES
        )
    bought = z.xs("S2", axis=1, level=1).sum(axis=1) * embodied
    for code, amount in told["upstream"].items():
        assert amount == pytest.approx(1e-6 * bought.xs(code, level=1).sum(), rel=SERIES)
    total = embodied.xs("S2", level=1) * x.xs("S2", level=1)
    assert sum(told["upstream"].values()) + told["mining_co2"] == pytest.approx(
        1e-6 * total.sum(), rel=SERIES
    )


def check_read(path, year, tables):
    found, made = read_ceads_mrio(path, sheet=DIALECTS[year].sheet), tables[year]
    assert (found.year, found.classification) == (year, made.sector_list)
    assert found.regions == REGIONS
    assert np.array_equal(found.intermediate.to_numpy(), made.intermediate)
    final = made.final.reshape(R * N, R, len(CATEGORIES))
    for k, region in enumerate(REGIONS):
        for m, category in enumerate(CATEGORIES):
            assert np.array_equal(found.final_demand[region, category], final[:, k, m])
    for name in ("exports", "errors", "output", "imports"):
        assert np.array_equal(getattr(found, name), getattr(made, name)), name
    assert np.array_equal(found.value_added.to_numpy(), made.value_added)
    assert found.check_balance(tolerance=WRITTEN).empty


@pytest.mark.parametrize("year", MRIO_YEARS)
def test_the_reader_gives_the_amounts_back(tables, tmp_path, monkeypatch, year):
    """The cells alone: most of the time goes into the file around them."""
    path = tmp_path / MRIO_FILES[year]
    path.write_bytes(b"no workbook")
    rows = table_rows(tables[year], DIALECTS[year], load_provinces())
    cells = [["" if cell is None else cell for cell in row] for row in rows]
    monkeypatch.setattr(ceads_mrio, "read_cells", lambda file, sheet: cells)
    check_read(path, year, tables)


@pytest.mark.slow
@pytest.mark.parametrize("year", MRIO_YEARS)
def test_the_workbook_gives_the_amounts_back(tables, tmp_path, year):
    path = tmp_path / MRIO_FILES[year]
    write_table(path, tables[year], DIALECTS[year], load_provinces())
    check_read(path, year, tables)
    assert read_ceads_mrio(path).record.sheet == DIALECTS[year].sheet


def test_inventories_hold_what_was_made(tables, concordance, tmp_path):
    emissions = make_emissions(tables[2017], concordance, DEFAULT_SEED)
    provinces = load_provinces()
    path = tmp_path / INVENTORY_FILES[2017]
    write_inventory(path, 2017, emissions, provinces, concordance)
    book = openpyxl.load_workbook(path, read_only=True)
    assert len(book.sheetnames) == 31
    assert "synthetic demonstration data" in str(list(book["NOTE"].values))
    assert book.sheetnames[1:] != sorted(book.sheetnames[1:])
    for sheet, code, first in (
        ("Shaanxi2017", "61", None),
        ("Hunan2017", "43", "Emission_Inventory"),
    ):
        rows = list(book[sheet].values)
        assert rows[0][0] == first
        assert len(rows) == 3 + 1 + 47
        names = [str(name).replace("_", " ") for name in rows[0]]
        body = {str(row[0]).strip(): row for row in rows[4:]}
        coal = body["Coal Mining and Dressing"]
        made = emissions.loc[(code, "coal_mining")]
        assert coal[names.index("Raw Coal")] == pytest.approx(made["raw_coal"], rel=WRITTEN)
        cement = body["Nonmetal Mineral Products"]
        whole = emissions.loc[(code, "nonmetal_products")]
        assert cement[names.index("Process")] == pytest.approx(whole[PROCESS], rel=WRITTEN)
        assert cement[names.index("Scope 1 Total")] == pytest.approx(whole.sum(), rel=WRITTEN)
        assert whole[PROCESS] > 0
        sums = np.sum([row[1:] for row in rows[4:]], axis=0)
        assert np.allclose(rows[3][1:], sums, rtol=WRITTEN, atol=0)
    book.close()


def test_lists_of_sectors_keep_what_they_hold():
    change = list_change("2017")
    assert np.allclose(change.sum(axis=0), 1.0)
    amounts = np.arange(1.0, N + 1)
    moved = dict(zip(range(1, N + 1), change @ amounts, strict=True))
    assert moved[22] == 22 + 23
    assert moved[24] == 25
    assert moved[29] == 30
    assert moved[35] + moved[36] == pytest.approx(36)
    assert moved[37] == 37


def test_trade_that_cannot_meet_demand_is_refused():
    supply, demand = np.ones(R), np.ones(R)
    demand[0] = 2.0
    with pytest.raises(DataError, match="does not come to its supply"):
        fit_trade(np.ones((R, R)), supply, demand)


@pytest.mark.slow
def test_generate_writes_them_with_their_truth_and_the_same_bytes(demo, tmp_path):
    one, two = (
        generate(tmp_path / name, seed=DEFAULT_SEED, boundaries=demo.boundaries)
        for name in ("one", "two")
    )
    names = {path.name for path in one}
    assert names >= {*MRIO_FILES.values(), *INVENTORY_FILES.values()}
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
    truth = json.loads((tmp_path / "one" / "truth.json").read_text(encoding="utf-8"))["embodied"]
    assert truth["largest_path"] == ["61", "33"]
    assert set(truth["years"]) == {"2012", "2015", "2017"}
    assert len(truth["years"]["2012"]["mining_flows"]) == R
