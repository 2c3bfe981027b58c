"""The study of real files, from the published files to its tables."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from checkout import Checkout
from golden_numbers import compare_with_golden
from shared import shared_folder

from yrb_carbon.claims import OWN_SOURCE, Verdict, read_verdicts
from yrb_carbon.comparison.text import text_lines
from yrb_carbon.estimates import read_estimates

pytestmark = [pytest.mark.real, pytest.mark.slow]

PEERS = 1e-6
"""Independent programs maximise the same likelihood by other routes."""

EXCLUDED = {
    "152900": "Alxa", "419001": "Jiyuan", "513200": "Aba", "513300": "Garze", "622900": "Linxia",
    "623000": "Gannan", "632200": "Haibei", "632300": "Huangnan", "632500": "Hainan (QH)",
    "632600": "Golog", "632700": "Yushu", "632800": "Haixi", "640500": "Zhongwei",
}  # fmt: skip

UNTESTABLE = ("path_m2", "x_on_m2", "m2_on_balance")
"""Patents are known by province only."""
VERDICTS = {
    **dict.fromkeys(
        (
            "own_balance", "neighbours_balance", "path_m1", "x_on_m1",
            "upgrading_largest_emissions", "intensity_by_period", "intensity_by_reach",
            "paths_by_period", "paths_by_reach",
        ),
        Verdict.NOT_DISTINGUISHABLE,
    ),
    **dict.fromkeys(("m1_on_balance", "m3_on_balance"), Verdict.SUPPORTED),
    **dict.fromkeys(("path_m3", "x_on_m3", "upgrading_largest"), Verdict.CONTRADICTED),
    **dict.fromkeys(UNTESTABLE, Verdict.NOT_TESTABLE),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, data_root: Path) -> Path:
    """Results of a run in a copy of the project."""

    def run(folder: Path) -> None:
        Checkout.copy(folder).snakemake(
            "--cores", "2", "--configfile", "studies/yrb-real.yaml",
            "--config", f"data_root={data_root}",
        )  # fmt: skip

    return shared_folder(tmp_path_factory, "yrb-real-run", run) / "results/yrb-real"


@pytest.fixture(scope="module")
def estimates(results: Path) -> pd.DataFrame:
    return read_estimates(results / "estimates.csv")


@pytest.fixture(scope="module")
def counts(results: Path) -> dict[str, object]:
    return json.loads((results / "panel/main/sample.json").read_text(encoding="utf-8"))


def test_sample(counts, estimates):
    assert (counts["units_kept"], counts["candidate_units"]) == (78, 91)
    assert counts["years"] == [2003, 2018]
    assert counts["cells_filled"] == 0
    models = estimates[estimates["table"].isin(["T4", "T5", "T4_ceads", "T5_ceads"])]
    assert set(models["n_units"]) == {78}
    assert set(models["n_periods"]) == {16}
    assert set(models["n_obs"]) == {78 * 16}


def test_every_other_unit_is_listed_with_its_reason(results):
    excluded = pd.read_csv(results / "panel/main/excluded.csv", dtype=str)
    assert dict(zip(excluded["unit"], excluded["name_en"], strict=True)) == EXCLUDED
    assert excluded["reason"].notna().all()
    assert excluded["missing_years"].notna().all()


def test_zhongwei_falls_out_for_its_first_year_alone(results):
    """In 2003 its counties still belonged to Wuzhong and Guyuan."""
    excluded = pd.read_csv(results / "panel/main/excluded.csv", dtype=str)
    assert set(excluded.loc[excluded["unit"] == "640500", "missing_years"]) == {"2003"}


@pytest.mark.parametrize("name", ["T1", "T2", "T4", "T5", "T4_ceads", "T5_ceads"])
def test_tables_say_what_stands_for_mining(results, name):
    for suffix in ("csv", "tex"):
        text = (results / f"tables/{name}.{suffix}").read_text(encoding="utf-8")
        assert "Proxy: agglomeration is measured by the capacity of coal mines" in text
        assert "ynthetic" not in text


def test_completeness_report(results, counts):
    table = pd.read_csv(results / "panel/main/completeness.csv", dtype={"unit": str})
    assert table["unit"].nunique() == 91
    complete = table.groupby("unit").apply(
        lambda block: bool((block["n_present"] == block["n_years"]).all())
    )
    assert sorted(complete.index[complete]) == counts["units"]
    for suffix in ("png", "svg"):
        assert (results / f"panel/main/completeness.{suffix}").stat().st_size > 10_000


def test_no_key_of_a_file_is_unknown(results):
    assert pd.read_csv(results / "panel/unmatched.csv").empty


def test_manifest(results):
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"] == "yrb-real"
    assert manifest["synthetic"] is False
    assert {len(source["sha256"]) for source in manifest["sources"]} == {64}
    assert {"edgar", "county", "mines"} <= {source["source"] for source in manifest["sources"]}


def test_the_last_year_of_county_emissions_is_flagged(results):
    raw = pd.read_parquet(results / "panel/ceads/raw.parquet")
    flagged = raw.index[raw["flag_extended_co2_ceads_county"] == 1]
    assert set(flagged.get_level_values("year")) == {2018}
    assert len(flagged) == 78


def test_what_is_measured_on_polygons_of_today_is_not_flagged(results):
    """Jinan's polygon holds Laiwu in all years; its population as printed does not."""
    jinan = pd.read_parquet(results / "panel/main/raw.parquet").loc["370100"]
    assert (jinan["flag_boundary_mixed_pop"] == 1).all()
    for column in ("npp", "co2_edgar", "area_forest"):
        assert f"flag_boundary_mixed_{column}" not in jinan


def test_jinan_with_and_without_laiwu(results):
    """The vendor prints no Laiwu for 2017: there Jinan stays without it, and is flagged."""
    jinan = pd.read_parquet(results / "panel/main/raw.parquet").loc["370100"]
    assert (jinan["flag_boundary_mixed_gdp2"] == 1).all()
    lonely = jinan.index[jinan["flag_boundary_mixed_gdp2__laiwu"] == 1]
    assert lonely.tolist() == [2017]
    assert (jinan["gdp2__laiwu"] > jinan["gdp2"]).drop(lonely).all()
    assert (jinan["gdp2__laiwu"] == jinan["gdp2"]).loc[lonely].all()


def test_golden_numbers(results):
    found = compare_with_golden("yrb-real", results)
    assert found.same, "\n".join(text_lines(found))
    assert found.matched > 600


def test_verdicts(results):
    verdicts = read_verdicts(results / "claims.csv").set_index("id")
    of_own_source = verdicts["source"] == OWN_SOURCE
    assert verdicts.loc[of_own_source, "verdict"].to_dict() == VERDICTS
    on_accounts = {
        "mining_emissions_fall": Verdict.SUPPORTED,
        "raw_coal_first": Verdict.SUPPORTED,
        "mining_net_exporter": Verdict.SUPPORTED,
        "upstream_order": Verdict.CONTRADICTED,
    }
    assert verdicts.loc[list(on_accounts), "verdict"].to_dict() == on_accounts
    without_tables = verdicts[verdicts["reason_en"].str.contains("interprovincial")]
    assert set(without_tables["verdict"]) == {Verdict.NOT_TESTABLE}
    assert set(without_tables.index) == {
        "key_regions", "largest_path", "largest_path_size", "east_coast_sends_most",
        "northwest_takes_most", "transfers_leave_the_east", "centre_is_a_bridge",
    }  # fmt: skip
    on_provinces = {
        "pressure_rises_in_the_centre": Verdict.SUPPORTED,
        "pressure_rises_in_the_west": Verdict.SUPPORTED,
        "pressure_falls_in_the_east": Verdict.CONTRADICTED,
        "pressure_follows_relocation": Verdict.NOT_TESTABLE,
        "flow_is_left_over": Verdict.SUPPORTED,
        "stock_is_drawn_on": Verdict.SUPPORTED,
        "flow_cannot_cover": Verdict.SUPPORTED,
        "footprint_forms_patches": Verdict.NOT_TESTABLE,
        "footprint_moves_to_the_edge": Verdict.NOT_TESTABLE,
        "potential_larger_in_the_east": Verdict.NOT_DISTINGUISHABLE,
        "amount_larger_in_the_east": Verdict.NOT_DISTINGUISHABLE,
        "footprint_size_moves_inland": Verdict.SUPPORTED,
        "east_emits_most": Verdict.SUPPORTED,
        "largest_emitters": Verdict.SUPPORTED,
        # the west emits more than the centre
        "emissions_fall_westward": Verdict.CONTRADICTED,
        "intensity_rises_westward": Verdict.SUPPORTED,
    }
    assert verdicts.loc[list(on_provinces), "verdict"].to_dict() == on_provinces
    own = verdicts.loc["own_balance"]
    assert own["disagreement_en"].startswith(
        "supported by serial; not distinguishable by clustered"
    )
    largest = verdicts.loc["upgrading_largest"]
    assert "is a part of the outcome" in largest["caveat_en"]
    assert "path_m2 is not compared" in largest["caveat_en"]
    assert "m1-m2" not in largest["evidence"]


def test_independent_programs_agree(estimates):
    differences = estimates[
        (estimates["table"] == "peers") & (estimates["quantity"] == "difference")
    ]
    assert set(differences["model"]) == {"ols_twoway", "ols_unit", "sar", "sdm", "sdm_mediators"}
    programs = " ".join(differences["equation"].unique())
    assert "spreg" in programs
    assert "linearmodels" in programs
    assert differences["estimate"].abs().max() < PEERS


def test_effects_add_up(estimates):
    rows = estimates[(estimates["table"] == "T5") & (estimates["inference"] == "delta")]
    rows = rows[rows["vcov"] == "oim"]
    wide = rows.pivot(index=["model", "term"], columns="quantity", values="estimate")
    assert len(wide) == 3 + 3 + 6
    total = wide["total"].to_numpy()
    assert (wide["direct"] + wide["indirect"]).to_numpy() == pytest.approx(total, rel=1e-9)
