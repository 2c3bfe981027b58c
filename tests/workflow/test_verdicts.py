"""Verdicts of the two demonstrations: what is true there, as far as these data can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from checkout import Checkout
from shared import shared_folder

from yrb_carbon.claims import OWN_SOURCE, Verdict, read_claims, read_verdicts

pytestmark = pytest.mark.slow

STUDY = "studies/demo-heterogeneous.yaml"
CLAIMS = "results/demo-heterogeneous/claims.csv"
WITHOUT_THE_GRID = """\
tables: {T3: null, T11: null, T11_provinces: null, T11_placebo: null, T12: null, peers: null}
figures:
  curves: {F5_direct: null, F5_indirect: null, F5_mediated: null}
"""
"""No claim rests on these tables, and they take half the time."""


def run_heterogeneous(folder: Path) -> None:
    """Judge the heterogeneous demonstration in a copy of the project."""
    copy = Checkout.copy(folder)
    smaller = copy.folder / "studies" / "smaller.yaml"
    smaller.write_text(WITHOUT_THE_GRID, encoding="utf-8")
    copy.snakemake(CLAIMS, "--cores", "2", "--configfile", STUDY, str(smaller))


@pytest.fixture(scope="module")
def homogeneous(demo_run: Path) -> Path:
    return demo_run / "results" / "demo"


@pytest.fixture(scope="module")
def heterogeneous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = shared_folder(tmp_path_factory, "demo-heterogeneous-run", run_heterogeneous)
    return run / "results" / "demo-heterogeneous"


def verdicts_on(results: Path) -> pd.DataFrame:
    """Verdicts on the findings of the file's own source."""
    verdicts = read_verdicts(results / "claims.csv").set_index("id")
    return verdicts[verdicts["source"] == OWN_SOURCE]


def verdicts_of(results: Path) -> pd.Series:
    return verdicts_on(results)["verdict"]


def test_default_demonstration_has_effects_and_paths_but_no_groups_that_differ(
    homogeneous: Path, repository: Path
) -> None:
    claims = read_claims(repository / "data" / "claims.yaml").claims
    expected = {
        name: Verdict.NOT_DISTINGUISHABLE if claim.finding == 3 else Verdict.SUPPORTED
        for name, claim in claims.items()
        if not claim.optional and claim.source is None
    }
    assert verdicts_of(homogeneous).to_dict() == expected


def test_every_finding_is_supported_where_slopes_differ(heterogeneous: Path) -> None:
    assert set(verdicts_of(heterogeneous)) == {Verdict.SUPPORTED}


BUILT_IN = {
    "mining_emissions_fall": Verdict.SUPPORTED,
    "raw_coal_first": Verdict.SUPPORTED,
    "mining_net_exporter": Verdict.SUPPORTED,
    "upstream_order": Verdict.SUPPORTED,
    "key_regions": Verdict.SUPPORTED,
    # emissions of mining itself go from Shanxi to Guangdong most of all
    "largest_path": Verdict.NOT_DISTINGUISHABLE,
    # made-up tables have no printed number
    "largest_path_size": Verdict.CONTRADICTED,
}
"""Verdicts on embodied carbon in the demonstration."""


OF_PROVINCES = {
    # the west grows fastest before 2012 and after 2017, and is the last in value added per tonne
    "pressure_rises_in_the_centre": Verdict.SUPPORTED,
    "pressure_rises_in_the_west": Verdict.SUPPORTED,
    # seven provinces to four emit less than their land takes up, all together more
    "flow_is_left_over": Verdict.SUPPORTED,
    "stock_is_drawn_on": Verdict.SUPPORTED,
    "flow_cannot_cover": Verdict.SUPPORTED,
    "footprint_size_moves_inland": Verdict.SUPPORTED,
    # the abstract names no number
    "pressure_follows_relocation": Verdict.NOT_TESTABLE,
    "footprint_forms_patches": Verdict.NOT_TESTABLE,
    "footprint_moves_to_the_edge": Verdict.NOT_TESTABLE,
    "intensity_rises_westward": Verdict.SUPPORTED,
    "east_emits_most": Verdict.SUPPORTED,
    # two tables that are real in the demonstration too
    "forest_stock_falls_eastward": Verdict.SUPPORTED,
    "construction_falls_westward": Verdict.SUPPORTED,
    # whatever the numbers
    "centre_is_a_bridge": Verdict.NOT_TESTABLE,
}
"""Verdicts on provinces that the demonstration has built in, and on the tables that ship."""


def test_what_is_built_into_the_provinces_is_found(homogeneous: Path) -> None:
    verdicts = read_verdicts(homogeneous / "claims.csv").set_index("id")
    assert verdicts.loc[list(OF_PROVINCES), "verdict"].to_dict() == OF_PROVINCES
    assert set(verdicts["source"]) == {OWN_SOURCE, "yang2025", "zuo2025", "bai2022"}


def test_embodied_carbon_of_the_demonstration_is_judged_by_year_and_definition(
    homogeneous: Path,
) -> None:
    verdicts = read_verdicts(homogeneous / "claims.csv").set_index("id")
    verdicts = verdicts[verdicts["source"] == "yang2025"]
    assert verdicts["verdict"].to_dict() == BUILT_IN
    told = verdicts.loc["largest_path", "disagreement_en"]
    supporting, _, contradicting = told.partition("; contradicted in ")
    assert all(f"{year} (system)" in supporting for year in (2012, 2015, 2017))
    assert contradicting == "2012 (producer), 2015 (producer), 2017 (producer)"


def test_every_robust_way_says_so(homogeneous: Path, heterogeneous: Path) -> None:
    for results in (homogeneous, heterogeneous):
        verdicts = verdicts_on(results)
        assert (verdicts["disagreement_en"] == "").all()
        for way in ("serial: ", "clustered: ", "wild bootstrap by unit: "):
            assert way in verdicts.loc["own_balance", "evidence"]
            assert way in verdicts.loc["upgrading_largest", "evidence"]


def test_verdicts_are_printed_and_in_the_manifest(homogeneous: Path) -> None:
    manifest = json.loads((homogeneous / "manifest.json").read_text(encoding="utf-8"))
    written = {Path(path).relative_to("results/demo") for path in manifest["outputs"]}
    for name in ("claims.csv", "tables/claims.csv", "tables/claims.tex"):
        assert Path(name) in written
        assert (homogeneous / name).stat().st_size > 0
    table = (homogeneous / "tables" / "claims.csv").read_text(encoding="utf-8")
    assert "Synthetic demonstration data" in table
