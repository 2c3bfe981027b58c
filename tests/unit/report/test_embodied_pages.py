"""Pages of a study that has tables of embodied carbon alone: no sample, no units, no models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from embodied_rows import TABLES, YEARS, embodied_rows, embodied_study
from html_check import faults_of, links_out_of, read_page

from yrb_carbon.estimates import write_estimates
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.build import write_site
from yrb_carbon.report.site.embodied_facts import embodied_facts
from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.report.tables import write_tables
from yrb_carbon.study.config import Study

WORDS = PageWords(("en", "zh"))


def manifest() -> dict[str, Any]:
    record = {"sheet": None, "rows": 5, "unit": {}, "notes": [], "bytes": 25, "sha256": "b" * 64}
    return {
        "config": {"study": {"name": "tiny"}, "seed": 1},
        "git_commit": "c0ffee", "python": "3.11.7", "packages": {},
        "seeds": {"analysis": 1, "demo": None},
        "boundaries": {"file": "map.gpkg", **record},
        "sources": [{"source": "mrio_2012", "format": "ceads_mrio", "file": "mrio_2012.xlsx",
                     **record}],
        "samples": {}, "shipped": {}, "outputs": {}, "figures_not_drawn": {}, "seconds": {},
    }  # fmt: skip


def written(folder: Path, study: Study) -> Path:
    """The report of a study, from hand-made rows."""
    folder.mkdir(parents=True)
    rows = embodied_rows()
    write_estimates(rows[rows["table"].isin(list(study.tables))], folder / "estimates.csv")
    (folder / "manifest.json").write_text(json.dumps(manifest()), encoding="utf-8")
    tables = write_tables(study, rows, folder / "tables")
    files = RunFiles(folder / "estimates.csv", folder / "manifest.json", tables=tables)
    write_site(study, files, folder / "report")
    return folder / "report"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("run") / "tiny", embodied_study())


def test_pages_are_well_formed_and_whole(report: Path):
    pages = sorted(report.rglob("*.html"))
    assert {f"tables/{name}.html" for name in TABLES} <= {
        page.relative_to(report).as_posix() for page in pages
    }
    assert faults_of(pages) == []
    assert links_out_of(report, pages) == []


def test_table_pages_have_downloads_and_say_how_numbers_came_about(report: Path):
    page = read_page(report / "tables" / "B5.html")
    assert {"../files/tables/B5.csv", "../files/tables/zh/B5.csv"} <= set(page.links)
    assert "Estimator: input-output accounts" in page.text
    assert "估计方法" in page.text
    assert "Estimator: emission inventories" in read_page(report / "tables" / "B1.html").text


def test_nothing_is_said_of_samples_that_there_are_not(report: Path):
    data = read_page(report / "data.html").text
    assert "No table of this study is made from a sample of units." in data
    assert "mrio_2012.xlsx" in data
    assert "every candidate unit" not in data
    assert "units in the main sample" not in read_page(report / "index.html").text
    methods = read_page(report / "methods.html").text
    for absent in ("Units, years, sample", "Notation", "spatial weights", "variance of their err"):
        assert absent not in methods


def test_methods_hold_formulas_and_sources_of_all_parts(report: Path):
    page = read_page(report / "methods.html")
    for part in ("Emissions by fuel", "Input-output accounts", "Responsibility",
                 "Sectors upstream and downstream", "Flows between regions", "Network, table B5",
                 "Structural paths, table B6", "Decomposition of changes, table B7",
                 "they have no intervals"):  # fmt: skip
        assert part in page.text
    for work in ("Miller and Blair 2009", "Zheng et al. 2021", "Peters 2008", "Fagiolo 2007",
                 "Dietzenbacher and Los 1998", "Defourny and Thorbecke 1984"):  # fmt: skip
        assert page.text.count(work) == 1
    assert "Serrano" not in page.text
    assert "tables/B6.html" in page.links


def test_methods_leave_out_what_no_table_shows(tmp_path: Path):
    study = embodied_study()
    kept = study.model_copy(update={"tables": {"B1": study.tables["B1"]}})
    text = read_page(written(tmp_path / "tiny", kept) / "methods.html").text
    assert "Emissions by fuel" in text
    for absent in ("Input-output accounts", "Flows between regions", "Miller", "System "):
        assert absent not in text


def test_facts_name_what_the_tables_use():
    study = embodied_study(B4={"flows": ["final"]}, B5={"backbone": "disparity", "alpha": 0.1})
    facts = embodied_facts(study, WORDS)
    assert facts is not None
    assert len(facts.flows) == 2
    assert facts.flows[0][0]["en"].startswith("Mining products sold: ")
    assert facts.uses_mrio
    assert str(YEARS[-1]) in facts.systems[0]["zh"]
    assert facts.backbone_of(study.tables["B5"])["en"].endswith("keeps at 0.1")  # type: ignore[arg-type]
    assert embodied_facts(study.model_copy(update={"tables": {}}), WORDS) is None
    assert embodied_facts(study.model_copy(update={"embodied": None}), WORDS) is None
