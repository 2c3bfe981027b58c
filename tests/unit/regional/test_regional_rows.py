"""Rows of the tables of regional facts, against sums over the facts that they are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.errors import DataError
from yrb_carbon.regional.facts import DatedTransfer, RegionalFacts
from yrb_carbon.regional.provincial_tables import load_forest_stock, load_land_use
from yrb_carbon.regional.rows import regional_rows
from yrb_carbon.regional.transfer import calc_transfer
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import (
    ForestStockTable,
    LandUseTable,
    RegionalEmissionsTable,
    RegionalTransferTable,
)
from yrb_carbon.workflow.claims_check import ACCOUNT_MODELS

EXACT = 1e-12
"""Sums of some dozens of numbers, relative."""
CLOSE = 1e-9
"""Sums of Theil's parts."""

TITLE = {"en": "a", "zh": "b"}
KEY = TableKey(study="tiny", table="D", sample="")
PROVINCES = load_provinces()
INVENTORIED = [code for code in PROVINCES.codes if code != "54"]
YEARS = (2015, 2019)


def series(seed: int, years, codes=PROVINCES.codes) -> pd.Series:
    keys = pd.MultiIndex.from_product([codes, years], names=["province", "year"])
    rng = np.random.default_rng(seed)
    return pd.Series(rng.lognormal(5, 1, len(keys)), index=keys)


def driven(seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    users = [*PROVINCES.codes, "exports", "other"]
    cells = rng.lognormal(0, 1, (31, 33))
    cells[PROVINCES.codes.index("54")] = 0.0
    return pd.DataFrame(cells, index=list(PROVINCES.codes), columns=users)


@pytest.fixture(scope="module")
def facts() -> RegionalFacts:
    return RegionalFacts(
        regions=PROVINCES.grouped("region"),
        areas=PROVINCES.grouped("area"),
        emissions=series(1, YEARS, INVENTORIED),
        gdp=1e4 * series(2, (2014, 2015, 2018, 2019, 2020)),
        population=series(3, (2014, 2015, 2018, 2019, 2020)),
        stock=load_forest_stock(),
        land=load_land_use(),
        sink_factor=1.6,
        transfer=DatedTransfer(2015, calc_transfer(driven())),
    )


def rows_of(facts, table):
    return regional_rows(table, facts, KEY)


def pick(rows: pd.DataFrame, **wanted) -> pd.Series:
    """Estimates by term of the rows with the given cells."""
    for column, value in {"equation": "", "quantity": "value", **wanted}.items():
        rows = rows[rows[column].eq(value)]
    assert rows["term"].is_unique
    return rows.set_index("term")["estimate"]


REGION_NAMES = ["east", "central", "west", "total"]


def test_forest_rows_hold_stock_shares_and_carbon(facts):
    rows = rows_of(facts, ForestStockTable(kind="forest_stock", title=TITLE))
    stock = pick(rows, model="stock", year=2018)
    assert stock[REGION_NAMES].tolist() == pytest.approx(
        [226187.89, 469718.37, 1009913.33, 1705819.59], rel=EXACT
    )
    share = pick(rows, model="stock", quantity="share")
    assert share["54"] == pytest.approx(228254.42 / 1705819.59, rel=EXACT)
    stored = pick(rows, model="carbon", equation="stock")
    assert stored["total"] == pytest.approx(1705819.59e4 * 1.6 / 1e6, rel=EXACT)
    assert pick(rows, model="carbon").to_dict() == {"co2_per_m3": 1.6}
    assert not rows["equation"].eq("flow").any()
    assert set(rows["n_units"]) == {31}


def test_a_second_inventory_gives_an_annual_flow(facts):
    later = facts.stock.rename(lambda year: year + 5, level="year") * 1.1
    both = replace(facts, stock=pd.concat([facts.stock, later]).sort_index())
    rows = rows_of(both, ForestStockTable(kind="forest_stock", title=TITLE))
    flow = pick(rows, model="carbon", equation="flow", year=2023)
    assert flow["total"] == pytest.approx(0.1 * 1705819.59e4 * 1.6 / 1e6 / 5, rel=CLOSE)
    assert flow["east"] == pytest.approx(flow[list(facts.regions["east"])].sum(), rel=EXACT)
    assert not rows[rows["year"].eq(2018)]["equation"].eq("flow").any()


def test_land_shares_are_of_both_kinds_of_the_same_place(facts):
    rows = rows_of(facts, LandUseTable(kind="land_use", title=TITLE))
    built = pick(rows, model="construction", quantity="share")
    farmed = pick(rows, model="agricultural", quantity="share")
    assert (built + farmed).to_numpy() == pytest.approx(np.ones(35), rel=EXACT)
    assert [round(100 * built[name], 2) for name in REGION_NAMES[:3]] == [22.22, 14.21, 6.37]
    assert pick(rows, model="agricultural")["west"] == pytest.approx(493377.70, rel=EXACT)


def test_emission_rows_add_up_and_rank(facts):
    table = RegionalEmissionsTable(kind="regional_emissions", title=TITLE)
    rows = rows_of(facts, table)
    for year in YEARS:
        emissions = facts.emissions_of(year)
        own = pick(rows, model="emissions", year=year)
        assert own["total"] == pytest.approx(emissions.sum(), rel=EXACT)
        assert own["west"] == pytest.approx(
            emissions[[code for code in facts.regions["west"] if code != "54"]].sum(), rel=EXACT
        )
        ranks = pick(rows, model="emissions", equation="rank", year=year)
        assert ranks[emissions.idxmax()] == 1
        assert sorted(ranks) == list(range(1, 31))
        first = pick(rows, model="emissions", equation="concentration", quantity="share", year=year)
        assert first["8"] == pytest.approx(emissions.nlargest(8).sum() / emissions.sum(), rel=EXACT)
        assert first["30"] == pytest.approx(1.0, rel=EXACT)
        intensity = pick(rows, model="intensity", year=year)
        gdp = facts.gdp.xs(year, level="year")
        assert intensity["west"] == pytest.approx(
            1e6 * own["west"] / (gdp[list(facts.regions["west"])].sum() - gdp["54"]), rel=EXACT
        )
    assert "54" not in set(rows[rows["model"].eq("emissions")]["term"])


def test_product_stands_for_all_years_from_the_first_one_on(facts):
    table = RegionalEmissionsTable(kind="regional_emissions", title=TITLE, years=(2015,))
    rows = rows_of(facts, table)
    assert set(rows[rows["model"].eq("gdp")]["year"]) == {2015, 2018, 2019, 2020}
    assert set(rows[~rows["model"].eq("gdp")]["year"]) == {2015}
    gdp = pick(rows, model="gdp", year=2020)
    assert gdp["total"] == pytest.approx(facts.gdp.xs(2020, level="year").sum() / 1e4, rel=EXACT)
    assert pick(rows, model="gdp", quantity="share", year=2020)["54"] > 0


def test_who_did_not_report_makes_the_sums_missing(facts):
    emissions = facts.emissions.copy()
    emissions["64", 2015] = np.nan
    gappy = replace(facts, emissions=emissions)
    rows = rows_of(gappy, RegionalEmissionsTable(kind="regional_emissions", title=TITLE))
    own = pick(rows, model="emissions", year=2015)
    assert own[["west", "total", "64"]].isna().all()
    assert own[["east", "central", "65"]].notna().all()
    assert pick(rows, model="emissions", year=2019).notna().all()
    assert set(rows[rows["model"].eq("emissions") & rows["year"].eq(2015)]["n_units"]) == {29}
    assert any("2015: 64 did not report" in note for note in gappy.notes())


def test_years_without_product_have_no_intensity_and_say_so(facts):
    early = facts.emissions.rename({2015: 2001}, level="year")
    bare = replace(facts, emissions=early)
    rows = rows_of(bare, RegionalEmissionsTable(kind="regional_emissions", title=TITLE))
    assert set(rows[rows["model"].eq("intensity")]["year"]) == {2019}
    assert any("no GDP or population" in note and "2001" in note for note in bare.notes())
    side = rows_of(bare, RegionalTransferTable(kind="regional_transfer", title=TITLE))
    theil = side[side["model"].eq("theil") & side["equation"].eq("intensity")]
    assert set(theil["year"]) == {2019}
    with pytest.raises(DataError, match="no GDP of 2001; there is one of 2014, 2015"):
        rows_of(bare, RegionalTransferTable(kind="regional_transfer", title=TITLE, year=2001))


@pytest.fixture(scope="module")
def side(facts):
    return rows_of(facts, RegionalTransferTable(kind="regional_transfer", title=TITLE))


def test_the_matrix_has_all_emissions_of_the_table(side, facts):
    matrix = side[side["model"].eq("matrix")]
    assert matrix["estimate"].sum() == pytest.approx(driven().to_numpy().sum(), rel=EXACT)
    assert len(matrix) == 8 * 8 + 8 * 2
    assert set(matrix["year"]) == {2015}
    east, coast = facts.areas["east_coast"], facts.areas["north_coast"]
    wanted = driven().loc[list(east), list(coast)].to_numpy().sum()
    assert pick(matrix, model="matrix")["east_coast-north_coast"] == pytest.approx(
        wanted, rel=EXACT
    )
    assert len(pick(matrix, equation="own")) == 8


def test_areas_send_what_others_take(side):
    out, into, net = (pick(side, model="areas", equation=name) for name in ("out", "in", "net"))
    assert out.sum() == pytest.approx(into.sum(), rel=EXACT)
    assert (out - into - net).abs().max() < CLOSE
    share = pick(side, model="areas", equation="net", quantity="share")
    assert share[net > 0].sum() == pytest.approx(1.0, rel=EXACT)
    assert share[net < 0].sum() == pytest.approx(1.0, rel=EXACT)
    assert pick(side, model="areas", equation="out", quantity="share").sum() == pytest.approx(1.0)


def test_places_stand_side_by_side_with_the_years_of_their_data(side, facts):
    balance = side[side["model"].eq("balance")]
    shanxi = balance[balance["equation"].eq("14") & balance["quantity"].eq("value")]
    assert dict(zip(shanxi["term"], shanxi["year"], strict=True)) == {
        "emissions": 2019, "gdp": 2019, "stored": 2018, "capacity": 2019,
        "transfer_out": 2015, "transfer_in": 2015, "transfer_net": 2015,
    }  # fmt: skip
    values = shanxi.set_index("term")["estimate"]
    assert values["stored"] == pytest.approx(12923.37 * 1.6e-2, rel=EXACT)
    assert values["capacity"] == 13765.60
    assert values["gdp"] == pytest.approx(facts.gdp["14", 2019] / 1e4, rel=EXACT)
    assert values["transfer_in"] == pytest.approx(driven()["14"].drop("14").sum(), rel=EXACT)
    ratios = balance[balance["quantity"].eq("ratio") & balance["equation"].eq("east")]
    assert set(ratios["term"]) == {"intensity", "ecc", "esc", "type"}


def test_who_has_no_inventory_is_in_no_sum_of_the_balance(side, facts):
    """What Tibet emits for others is not known, what its demand drives elsewhere is."""
    balance = side[side["model"].eq("balance")]
    assert set(balance[balance["equation"].eq("54")]["term"]) == {"transfer_in"}
    of_base = balance[~balance["term"].str.startswith("transfer_")]
    assert set(of_base["n_units"]) == {30}
    values = of_base[of_base["quantity"].eq("value")]
    for term, own in values.groupby("term"):
        amounts = own.set_index("equation")["estimate"]
        assert amounts[""] == pytest.approx(amounts[INVENTORIED].sum(), rel=EXACT), term
        west = [code for code in facts.regions["west"] if code != "54"]
        assert amounts["west"] == pytest.approx(amounts[west].sum(), rel=EXACT), term
    assert values[values["term"].eq("stored") & values["equation"].eq("")]["estimate"].item() == (
        pytest.approx(1.6e-2 * (1705819.59 - 228254.42), rel=EXACT)
    )


def test_a_province_with_emissions_of_a_mean_intensity_has_its_transfers(facts):
    told = driven()
    told.loc["54"] = 0.5
    known = replace(facts, transfer=DatedTransfer(2015, calc_transfer(told)))
    rows = rows_of(known, RegionalTransferTable(kind="regional_transfer", title=TITLE))
    own = rows[rows["model"].eq("balance") & rows["equation"].eq("54")]
    assert set(own["term"]) == {"transfer_out", "transfer_in", "transfer_net"}


def test_coefficients_follow_from_the_shares_beside_them(side):
    """ECC and ESC of every province and region, computed anew from the printed shares."""
    balance = side[side["model"].eq("balance")]
    shares = balance[balance["quantity"].eq("share")].pivot(
        index="equation", columns="term", values="estimate"
    )
    ratios = balance[balance["quantity"].eq("ratio")].pivot(
        index="equation", columns="term", values="estimate"
    )
    places = ratios.index.drop("")
    assert len(places) == 33
    for name, share in (("ecc", "gdp"), ("esc", "stored")):
        wanted = shares.loc[places, share] / shares.loc[places, "emissions"]
        assert ratios.loc[places, name].to_numpy() == pytest.approx(wanted, rel=EXACT)


def test_no_coefficient_where_a_province_did_not_report(facts):
    emissions = facts.emissions.copy()
    emissions["64", 2015] = np.nan
    table = RegionalTransferTable(kind="regional_transfer", title=TITLE, year=2015)
    rows = rows_of(replace(facts, emissions=emissions), table)
    balance = rows[rows["model"].eq("balance")]
    amount = pick(balance.assign(term=balance["equation"], equation=balance["term"]),
                  equation="emissions")  # fmt: skip
    assert amount[["64", "west", ""]].isna().all()
    assert amount.drop(["64", "west", ""]).notna().all()
    bare = balance["term"].isin(["ecc", "esc", "type"]) | (
        balance["term"].eq("emissions") & balance["quantity"].eq("share")
    )
    assert balance[bare]["estimate"].isna().all()
    of_stock = balance[balance["term"].eq("stored")]
    assert of_stock["estimate"].notna().all()
    assert set(of_stock["n_units"]) == {30}


def test_a_year_with_one_sheet_more_leaves_the_sums_of_others_alone(facts):
    emissions = pd.concat([facts.emissions, pd.Series({("54", 2019): 5.0})])
    rows = rows_of(
        replace(facts, emissions=emissions.sort_index().rename_axis(["province", "year"])),
        RegionalEmissionsTable(kind="regional_emissions", title=TITLE),
    )
    assert pick(rows, model="emissions", year=2015).notna().all()
    assert pick(rows, model="emissions", year=2019)["54"] == 5.0


def test_shares_weighted_by_emissions_average_the_coefficients_to_one(side, facts):
    """sum_i (E_i / E) ECC_i = 1, and the same of ESC."""
    balance = side[side["model"].eq("balance") & side["quantity"].eq("ratio")]
    weights = facts.emissions_of(2019) / facts.emissions_of(2019).sum()
    for name in ("ecc", "esc"):
        own = balance[balance["term"].eq(name)].set_index("equation")["estimate"]
        assert (own.reindex(weights.index) * weights).sum() == pytest.approx(1.0, rel=EXACT)
        regions = own[["east", "central", "west"]]
        by_region = weights.groupby(facts.region_of.reindex(weights.index)).sum()
        assert (regions * by_region).sum() == pytest.approx(1.0, rel=EXACT)


def test_inequality_is_the_sum_of_its_parts(side):
    theil = side[side["model"].eq("theil")]
    assert set(theil["equation"]) == {
        "emissions_per_head", "intensity", "stock_per_head", "capacity_per_head",
    }  # fmt: skip
    for (_, _), own in theil.groupby(["equation", "year"]):
        value = own[own["quantity"].eq("value")].set_index("term")["estimate"]
        assert value["between"] + value["within"] == pytest.approx(value["total"], abs=CLOSE)
        parts = value[[f"within.{name}" for name in ("east", "central", "west")]].sum()
        assert parts == pytest.approx(value["within"], abs=CLOSE)
        shares = own[own["quantity"].eq("share")].set_index("term")["estimate"]
        assert shares.sum() == pytest.approx(1.0, rel=CLOSE)
    assert set(theil[theil["equation"].eq("intensity")]["year"]) == {2015, 2019}
    assert set(theil[theil["equation"].eq("stock_per_head")]["year"]) == {2018}


@pytest.mark.parametrize(
    ("name", "reference"), [("emissions_per_head", "population"), ("intensity", "gdp")]
)
def test_inequality_follows_the_formula(side, facts, name, reference):
    amounts, base = facts.emissions_of(2019), getattr(facts, reference).xs(2019, level="year")
    share, other = amounts / amounts.sum(), base[INVENTORIED] / base[INVENTORIED].sum()
    wanted = float((share * np.log(share / other)).sum())
    theil = side[side["equation"].eq(name) & side["year"].eq(2019)]
    own = theil[theil["quantity"].eq("value")].set_index("term")["estimate"]
    assert own["total"] == pytest.approx(wanted, rel=CLOSE)


def test_notes_say_that_one_forest_inventory_has_no_sink(facts):
    (note,) = facts.notes()
    assert note == "one forest inventory: a stock of carbon, no annual sink"
    later = facts.stock.rename(lambda year: year + 5, level="year")
    both = replace(facts, stock=pd.concat([facts.stock, later]))
    assert list(both.notes()) == []


@pytest.mark.parametrize(
    "table",
    [
        ForestStockTable(kind="forest_stock", title=TITLE),
        LandUseTable(kind="land_use", title=TITLE),
        RegionalEmissionsTable(kind="regional_emissions", title=TITLE),
        RegionalTransferTable(kind="regional_transfer", title=TITLE),
    ],
    ids=lambda table: table.kind,
)
def test_models_and_outcomes_are_those_that_claims_may_name(facts, table):
    rows = rows_of(facts, table)
    assert set(rows["model"]) == set(ACCOUNT_MODELS[table.kind])
    assert set(rows["outcome"]) == set(table.outcomes)


def test_without_a_table_there_is_no_transfer(facts):
    alone = rows_of(
        replace(facts, transfer=None), RegionalTransferTable(kind="regional_transfer", title=TITLE)
    )
    assert set(alone["model"]) == {"balance", "theil"}
    assert not alone["term"].str.startswith("transfer").any()
