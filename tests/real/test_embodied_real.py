"""Embodied carbon of mining from the real inventories and the national tables, 2015 and 2017."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from yrb_carbon.embodied.accounts import EmbodiedSystem, build_system, calc_responsibility
from yrb_carbon.embodied.aggregation import (
    aggregate_table,
    emissions_by_account,
    map_emissions,
    merge_regions,
)
from yrb_carbon.embodied.build import build_studied_system
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.emissions import select_scope
from yrb_carbon.embodied.flows import (
    calc_flows,
    calc_sector_balance,
    calc_sector_shares,
    calc_upstream,
)
from yrb_carbon.embodied.paths import analyse_paths
from yrb_carbon.embodied.study_run import run_embodied
from yrb_carbon.errors import DataError
from yrb_carbon.sources.ceads_inventory import PROCESS, read_ceads_inventory
from yrb_carbon.sources.china_io import COUNTRY, read_china_io
from yrb_carbon.study.concordance import GROUPINGS, MINING, load_concordance
from yrb_carbon.study.embodied import FLOWS, EmbodiedSection, MiningEmissionsTable

pytestmark = pytest.mark.real

EXACT = 1e-9  # the bound of the identities
SUMMED = 1e-12  # the same numbers summed in another order
MEGATONNE = 0.05  # the reference of mining emissions has one decimal

YEARS = (2015, 2017)
# Energy CO2 of the six mining sectors of 30 provinces, Mt, read from the workbooks by other means.
MINING_EMISSIONS = {2015: 349.9, 2017: 319.8}
SECTORS = sorted(f"S{k}" for k in range(1, 27))
MINING_42 = ("02", "03", "04", "05")


@pytest.fixture(scope="module")
def emissions(data_root: Path) -> dict[int, object]:
    """Energy emissions of the whole country by sector of the inventories and fuel."""
    folder = data_root / "ceads_province_emissions"
    frames = {}
    for year in YEARS:
        (path,) = folder.glob(f"{year}*.xlsx")
        frame = select_scope(read_ceads_inventory(path).frame)
        frames[year] = merge_regions(frame, dict.fromkeys(frame["province"].unique(), COUNTRY))
    return frames


@pytest.fixture(scope="module")
def systems(data_root: Path, emissions) -> dict[tuple[int, str], EmbodiedSystem]:
    """National systems of 26 and of 42 sectors."""
    concordance = load_concordance()
    built = {}
    for year in YEARS:
        table = read_china_io(data_root / "ionet_china_io" / f"china_{year}_42.csv")
        names = table.classification
        merged = aggregate_table(table, concordance.merge(names, "S26"), classification="S26")
        for scheme, own, target in (("S26", merged, "S26"), ("42", table, names)):
            mapped = map_emissions(emissions[year], concordance.targets(target), table.output)
            placed = emissions_by_account(mapped, own, concordance.households)
            built[year, scheme] = build_system(own, placed.accounts)
    return built


def mining_of(scheme: str) -> tuple[str, ...]:
    return (MINING,) if scheme == "S26" else MINING_42


@pytest.mark.parametrize("scheme", ["S26", "42"])
@pytest.mark.parametrize("year", YEARS)
def test_all_emissions_of_production_reach_final_uses(systems, emissions, year, scheme):
    system = systems[year, scheme]
    households = set(load_concordance().households)
    rows = emissions[year]
    production = rows.loc[~rows["sector"].isin(households), "co2"].sum()
    assert system.emissions.sum() == pytest.approx(production, rel=EXACT)
    assert calc_responsibility(system)["consumption"].sum() == pytest.approx(production, rel=EXACT)
    assert system.unplaced.empty
    assert not system.zero_output


@pytest.mark.parametrize("year", YEARS)
def test_mining_emits_what_the_workbooks_say_at_26_and_42_sectors(systems, year):
    for scheme in ("S26", "42"):
        balance = calc_sector_balance(systems[year, scheme], mining_of(scheme))
        direct = balance.loc[COUNTRY, "direct"]
        assert direct == pytest.approx(MINING_EMISSIONS[year], abs=MEGATONNE)


@pytest.mark.parametrize("year", YEARS)
def test_flows_of_a_single_region_stay_there(systems, year):
    system = systems[year, "S26"]
    for definition in FLOWS:
        flows = calc_flows(system, [MINING], definition)
        assert flows.balance().loc[COUNTRY, ["out", "in", "net"]].eq(0).all()
        assert flows.largest().empty


@pytest.mark.parametrize("year", YEARS)
def test_electricity_brings_most_of_the_carbon_that_mining_buys(systems, year):
    """National tables, power sector charged with its own emissions: S20 before S11."""
    shares = calc_sector_shares(calc_upstream(systems[year, "S26"], [MINING]), [MINING])
    assert shares["rank"].dropna().sort_values().index[:2].tolist() == ["S20", "S11"]


def test_emissions_of_mining_reach_construction_by_two_steps(systems):
    """The largest path of both years leads over non-metallic products to construction."""
    for year in YEARS:
        analysis = analyse_paths(systems[year, "S26"], emitters=[MINING])
        assert analysis.depths["co2"].sum() == pytest.approx(analysis.total, rel=EXACT)
        assert analysis.paths.loc[1, "path"] == f"{COUNTRY} S2 > {COUNTRY} S10 > {COUNTRY} S23"


def test_change_of_mining_emissions_between_the_years_is_decomposed(systems):
    start, end = (systems[year, "S26"] for year in YEARS)
    totals = decompose_change(start, end).totals([MINING])
    change = MINING_EMISSIONS[2017] - MINING_EMISSIONS[2015]
    assert totals.loc["change", "effect"] == pytest.approx(change, abs=2 * MEGATONNE)
    assert totals.loc["intensity", "effect"] < 0 < totals.loc["level", "effect"]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("grouping", GROUPINGS)
def test_mergers_of_sectors_keep_output_and_emissions(data_root, emissions, year, grouping):
    links = load_concordance()
    table = read_china_io(data_root / "ionet_china_io" / f"china_{year}_42.csv")
    names = table.classification
    merge = links.merge(names, grouping)
    merged = aggregate_table(table, merge)
    placed = {
        name: emissions_by_account(
            map_emissions(emissions[year], links.targets(name), own.output), own, links.households
        )
        for name, own in ((names, table), (grouping, merged))
    }
    groups = [table.labels.get_level_values(0), table.labels.get_level_values(1).map(merge)]
    assert merged.output.to_numpy() == pytest.approx(
        table.output.groupby(groups).sum().to_numpy(), rel=SUMMED
    )
    fine = placed[names].accounts
    summed = fine.groupby(
        [fine.index.get_level_values(0), fine.index.get_level_values(1).map(merge)]
    )
    coarse = placed[grouping].accounts
    assert coarse.to_numpy() == pytest.approx(
        summed.sum().reindex(coarse.index).to_numpy(), rel=SUMMED
    )
    for one in placed.values():
        whole = one.accounts.sum() + one.outside.sum()
        assert whole == pytest.approx(emissions[year]["co2"].sum(), rel=SUMMED)


@pytest.mark.parametrize("year", YEARS)
def test_scopes_differ_by_the_process_of_cement(data_root, year):
    (path,) = (data_root / "ceads_province_emissions").glob(f"{year}*.xlsx")
    inventory = read_ceads_inventory(path).frame
    process = inventory.loc[inventory["fuel"] == PROCESS, "co2"].sum()
    file = f"ionet_china_io/china_{year}_42.csv"
    systems = {"n": {"format": "china_io", "sectors": "S26", "tables": {year: {"path": file}}}}
    totals = {}
    for scope in ("territorial", "energy"):
        section = EmbodiedSection.model_validate({"scope": scope, "systems": systems})
        built = build_studied_system("n", section, inventory, load_concordance(), data_root)
        totals[scope] = built.by_year[year].emissions
    gap = totals["territorial"] - totals["energy"]
    assert process > MEGATONNE
    touched = [sector for sector, one in zip(SECTORS, gap, strict=True) if abs(one) > EXACT]
    assert touched == ["S10"]
    assert gap.sum() == pytest.approx(process, rel=SUMMED)


def test_a_national_table_needs_all_provinces_that_inventories_cover(data_root):
    (path,) = (data_root / "ceads_province_emissions").glob("2015*.xlsx")
    inventory = read_ceads_inventory(path).frame
    file = "ionet_china_io/china_2015_42.csv"
    systems = {"n": {"format": "china_io", "sectors": "S26", "tables": {2015: {"path": file}}}}
    section = EmbodiedSection.model_validate({"systems": systems})
    fewer = inventory[inventory["province"] != "61"]
    with pytest.raises(DataError, match=r"national table of 2015 .* has none of 61 Shaanxi"):
        build_studied_system("n", section, fewer, load_concordance(), data_root)


def test_tables_of_two_lists_have_no_constant_prices_sector_by_sector(data_root, tmp_path):
    """The 42 sectors of 2017 are not those of 2015: their codes are not compared, S26 is."""
    inventories = pd.concat(
        [
            read_ceads_inventory(
                next((data_root / "ceads_province_emissions").glob(f"{year}*.xlsx"))
            ).frame
            for year in YEARS
        ]
    )
    tables = {year: {"path": f"ionet_china_io/china_{year}_42.csv"} for year in YEARS}
    for sectors in ("42", "S26"):
        system = {"format": "china_io", "sectors": sectors, "tables": tables}
        codes = SECTORS if sectors == "S26" else [f"{k:02d}" for k in range(1, 43)]
        lines = [f"{year},{code},{year - 1915}" for year in YEARS for code in (*codes, "imports")]
        file = tmp_path / f"{sectors}.csv"
        file.write_text("\n".join(("year,sector,index", *lines)), encoding="utf-8")
        section = EmbodiedSection.model_validate(
            {"systems": {"n": system}, "price": "constant", "deflators": str(file)}
        )
        build = partial(
            build_studied_system, "n", section, inventories, load_concordance(), data_root
        )
        if sectors == "42":
            with pytest.raises(DataError, match=r"lists of sectors \(2015: 2012, 2017: 2017\)"):
                build()
            continue
        built = build()
        assert built.by_year[2017].unit.endswith("prices of 2015")
        treatments = {year: one.import_treatment for year, one in built.by_year.items()}
        assert treatments == {2015: "proportional", 2017: "apart"}
        for year, coverage in built.coverage.items():
            whole = select_scope(inventories[inventories["year"].eq(year)], "territorial")[
                "co2"
            ].sum()
            assert coverage.emitted == pytest.approx(whole, rel=SUMMED)
            assert coverage.households > 300


def test_mining_of_2002_has_no_sum_over_all_provinces(data_root):
    files = {
        year: str(next((data_root / "ceads_province_emissions").glob(f"{year}*.xlsx")))
        for year in (2002, 2003)
    }
    section = EmbodiedSection.model_validate({"inventories": files})
    table = MiningEmissionsTable(kind="mining_emissions", title={"en": "a", "zh": "b"})
    run = run_embodied(section, {"B1": table}, study="s", data_root=data_root, seed=1)
    rows = run.rows["B1"]
    totals = rows[rows["term"].eq("total") & rows["quantity"].eq("value")]
    sums = totals[totals["equation"].eq("")].set_index("year")["estimate"]
    assert sums.isna().to_dict() == {2002: True, 2003: False}
    own = totals[totals["year"].eq(2002) & totals["estimate"].isna()]["equation"]
    assert set(own) == {"", "46", "64"}
    reported = totals[totals["equation"] == "reported"]
    assert reported[["year", "n_units"]].to_numpy().tolist() == [[2002, 28]]
    parts = totals[totals["year"].eq(2002) & totals["equation"].str.fullmatch(r"\d{2}")]
    assert reported["estimate"].item() == pytest.approx(parts["estimate"].sum(), rel=SUMMED)
    assert reported["estimate"].item() > 100


def test_a_table_of_another_list_than_its_year_names_is_refused(data_root, tmp_path):
    """Codes of 42 sectors are printed by the names of the list of the year."""
    (path,) = (data_root / "ceads_province_emissions").glob("2017*.xlsx")
    inventory = read_ceads_inventory(path).frame
    file = tmp_path / "old_list.csv"
    file.write_bytes((data_root / "ionet_china_io" / "china_2015_42.csv").read_bytes())
    systems = {"n": {"format": "china_io", "sectors": "42", "tables": {2017: {"path": str(file)}}}}
    section = EmbodiedSection.model_validate({"systems": systems})
    with pytest.raises(
        DataError, match=r"table of 2017 has .* '2012'; .* names of the list '2017'"
    ):
        build_studied_system("n", section, inventory, load_concordance(), data_root)
    merged = {"n": {**systems["n"], "sectors": "S26"}}
    section = EmbodiedSection.model_validate({"systems": merged})
    built = build_studied_system("n", section, inventory, load_concordance(), data_root)
    assert set(built.by_year) == {2017}
