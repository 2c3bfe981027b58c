"""The report of the finished demonstration: whole, well formed, small, and a view of its files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from html_check import faults_of, links_out_of, read_page

from yrb_carbon.claims import read_verdicts
from yrb_carbon.estimates import read_estimates
from yrb_carbon.report.cells import format_estimate

pytestmark = pytest.mark.slow

LARGEST = 25_000_000
"""Bytes that the report may have."""
LONGEST_S = 20.0
"""CPU seconds that its rule may take; other jobs and programs do not count."""


@pytest.fixture(scope="module")
def results(demo_run: Path) -> Path:
    return demo_run / "results" / "demo"


@pytest.fixture(scope="module")
def pages(results: Path) -> list[Path]:
    return sorted((results / "report").rglob("*.html"))


def test_pages_are_well_formed_and_their_links_lead_to_files(results: Path, pages: list[Path]):
    assert len(pages) > 25
    assert faults_of(pages) == []
    assert links_out_of(results / "report", pages) == []


def test_report_is_small_and_quick(results: Path):
    files = [path for path in (results / "report").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    with open(results / "benchmarks" / "site.tsv", encoding="utf-8", newline="") as handle:
        (row,) = csv.DictReader(handle, delimiter="\t")
    assert float(row["cpu_time"]) < LONGEST_S


def test_every_page_says_that_the_data_are_synthetic(pages: list[Path]):
    for page in pages:
        text = read_page(page).text
        assert "Synthetic demonstration data" in text, page
        assert "合成演示数据" in text, page


def test_every_claim_has_its_verdict_and_its_number(results: Path):
    text = read_page(results / "report" / "index.html").text
    verdicts = read_verdicts(results / "claims.csv")
    assert len(verdicts) >= 16
    for row in verdicts.to_dict("records"):
        told = text.split(row["statement_en"], 1)[1][:400]
        assert row["verdict"] in told
        assert row["verdict_zh"] in told
        assert format_estimate(row["estimate"]) in told


def test_every_table_and_figure_of_the_run_is_there(results: Path):
    report = results / "report"
    names = {path.stem for path in (results / "tables").glob("*.csv")}
    assert {path.stem for path in (report / "tables").glob("*.html")} == names
    figures = read_page(report / "figures.html")
    for path in (results / "figures").rglob("*.*"):
        if path.suffix in (".png", ".pdf"):
            assert any(Path(link).name == path.name for link in figures.links), path


def test_graph_of_rules_ends_with_the_report(demo_run: Path, results: Path):
    page = read_page(results / "report" / "provenance.html")
    for rule in ("demo_inputs", "panel", "fit_table", "estimates", "manifest", "site"):
        assert f" {rule} " in page.text


def test_digests_on_the_page_are_those_of_the_files(results: Path):
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    text = read_page(results / "report" / "provenance.html").text
    for digest in manifest["outputs"].values():
        assert digest in text
    for record in manifest["sources"]:
        assert record["sha256"] in text
        assert record["bytes"] == (results / "inputs" / Path(record["file"]).name).stat().st_size


def test_direct_effect_of_the_summary_is_a_row_of_estimates(results: Path):
    rows = read_estimates(results / "estimates.csv")
    rows = rows[(rows["table"] == "T5") & (rows["model"] == "sdm") & (rows["term"] == "lq")]
    rows = rows[(rows["inference"] == "delta") & (rows["vcov"] == "clustered")]
    row = rows.set_index("quantity").loc["direct"]
    text = read_page(results / "report" / "index.html").text
    numbers = [format_estimate(row[name]) for name in ("estimate", "ci_lower", "ci_upper")]
    assert "{} [{}, {}]".format(*numbers) in text
