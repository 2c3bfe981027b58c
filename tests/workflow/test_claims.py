"""Verdicts of the two demonstrations: what is true there, as far as these data can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from checkout import Checkout
from shared import shared_folder

from yrb_carbon.claims import Verdict, read_claims, read_verdicts

pytestmark = pytest.mark.slow

OVERLAY = "studies/demo-heterogeneous.yaml"


def run_heterogeneous(folder: Path) -> None:
    """Run the heterogeneous demonstration in a copy of the project."""
    Checkout.copy(folder).snakemake("--cores", "2", "--configfile", OVERLAY)


@pytest.fixture(scope="module")
def homogeneous(demo_run: Path) -> Path:
    return demo_run / "results" / "demo"


@pytest.fixture(scope="module")
def heterogeneous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = shared_folder(tmp_path_factory, "demo-heterogeneous-run", run_heterogeneous)
    return run / "results" / "demo-heterogeneous"


def verdicts_of(results: Path) -> pd.Series:
    return read_verdicts(results / "claims.csv").set_index("id")["verdict"]


def test_default_demonstration_has_effects_and_paths_but_no_groups_that_differ(
    homogeneous: Path, repository: Path
) -> None:
    claims = read_claims(repository / "data" / "claims.yaml").claims
    expected = {
        name: Verdict.NOT_DISTINGUISHABLE if claim.finding == 3 else Verdict.SUPPORTED
        for name, claim in claims.items()
    }
    assert verdicts_of(homogeneous).to_dict() == expected


def test_every_finding_is_supported_where_slopes_differ(heterogeneous: Path) -> None:
    assert set(verdicts_of(heterogeneous)) == {Verdict.SUPPORTED}


@pytest.mark.parametrize("study", ["homogeneous", "heterogeneous"])
def test_verdicts_are_printed_and_in_the_manifest(
    study: str, request: pytest.FixtureRequest
) -> None:
    results = request.getfixturevalue(study)
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    written = {
        Path(path).relative_to(Path("results") / results.name) for path in manifest["outputs"]
    }
    for name in ("claims.csv", "tables/claims.csv", "tables/claims.tex"):
        assert Path(name) in written
        assert (results / name).stat().st_size > 0
    table = (results / "tables" / "claims.csv").read_text(encoding="utf-8")
    assert "Synthetic demonstration data" in table
