"""The pages of the report of a small run, and what they leave out where a study has less."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from html_check import faults_of, links_out_of, read_page

from yrb_carbon.claims import judge, read_claims, write_claims
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame, read_estimates, write_estimates
from yrb_carbon.report.cells import format_estimate, format_interval
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.build import TIMED, write_site
from yrb_carbon.report.site.downloads import LARGEST_VECTOR, size_words
from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.study.base import Label
from yrb_carbon.study.config import Study

DIRECT = -0.123456789
INTERVAL = (-0.2345678, -0.0123456)


def label(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def study_of(**changes: Any) -> Study:
    values: dict[str, Any] = {
        "study": {
            "name": "tiny",
            "title": label("Tiny <study> & more", "小研究"),
            "synthetic": True,
            "first_year": 2003,
            "last_year": 2006,
        },
        "period": {"cut": 2004},
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}},
        "variables": {
            "y": {"index": "raw", "column": "pop", "label": label("Outcome y", "结果")},
            "x": {"index": "raw", "column": "gdp", "label": label("Treatment x", "处理")},
        },
        "tables": {
            "T4": {
                "kind": "models",
                "title": label("Models", "模型"),
                "outcome": "y",
                "regressors": ["x"],
                "columns": [{"id": "sdm", "model": "sdm"}],
            },
            "T5": {"kind": "effects", "title": label("Effects", "效应"), "of": "T4"},
        },
        "figures": {"units_map": False},
    }
    return Study.model_validate(values | changes)


def rows() -> list[dict[str, Any]]:
    own = {
        "study": "tiny", "model": "sdm", "spec": "sdm", "sample": "main", "outcome": "y",
        "weights": "queen", "equation": "outcome", "estimator": "transform",
        "n_units": 5, "n_periods": 4, "n_obs": 20,
    }  # fmt: skip
    found = [
        {**own, "table": "T4", "quantity": "coef", "term": term, "vcov": vcov, "estimate": 0.5,
         "std_error": 0.1, "p_value": 0.01}
        for term in ("x", "W.x")
        for vcov in ("oim", "serial", "clustered")
    ]  # fmt: skip
    for quantity, term in (("rho", ""), ("sigma2", ""), ("r2", "within"), ("residual_ar1", "")):
        found.append({**own, "table": "T4", "quantity": quantity, "term": term, "estimate": 0.25})
    found.append({**own, "table": "T5", "quantity": "residual_ar1", "estimate": 0.25})
    for place, quantity in enumerate(("direct", "indirect", "total")):
        for vcov in ("oim", "serial", "clustered"):
            low, high = INTERVAL
            found.append(
                {**own, "table": "T5", "quantity": quantity, "term": "x", "inference": "delta",
                 "vcov": vcov, "estimate": DIRECT + place, "std_error": 0.1, "p_value": 0.01,
                 "ci_lower": low + (vcov != "clustered"), "ci_upper": high, "draws": 50,
                 "seed": 77}
            )  # fmt: skip
    return found


def manifest() -> dict[str, Any]:
    return {
        "config": {"study": {"name": "tiny"}, "seed": 77},
        "git_commit": "c0ffee",
        "python": "3.11.7",
        "packages": {"numpy": "2.4.6"},
        "seeds": {"analysis": 77, "demo": None},
        "boundaries": {"file": "map.gpkg", "sheet": None, "rows": 5, "unit": {}, "notes": [],
                       "sha256": "b" * 64, "bytes": 2_500_000},
        "sources": [
            {"source": "gdp", "format": "real_gdp", "file": "in/省 data.xlsx", "sheet": "S<1>",
             "rows": 20, "unit": {"gdp": "yuan"}, "notes": ["2 rows left out"],
             "sha256": "a" * 64, "bytes": 1234}
        ],
        "samples": {"main": {"candidate_units": 6, "units": list("abcde"), "rows_out": 20,
                             "cells_filled": 3}},
        "shipped": {"units.csv": "d" * 64},
        "outputs": {"results/tiny/estimates.csv": "e" * 64},
        "figures_not_drawn": {},
        "seconds": {"panel": 1.5},
    }  # fmt: skip


def test_report_is_whole_when_it_is_moved(tmp_path: Path):
    from PIL import Image

    files = files_of(tmp_path / "run")
    drawn = tmp_path / "run" / "figures" / "zh" / "F9.png"
    drawn.parent.mkdir(parents=True)
    small, large = "<svg/>", f"<svg>{' ' * LARGEST_VECTOR}</svg>"
    for picture in (drawn, drawn.parents[1] / "F9.png"):
        Image.new("RGB", (3200, 20)).save(picture)
        picture.with_suffix(".svg").write_text(small, encoding="utf-8")
        picture.with_suffix(".pdf").write_bytes(b"pdf")
    drawn.with_name("F8.svg").write_text(large, encoding="utf-8")
    figures = sorted(path for path in drawn.parents[1].rglob("*") if path.is_file())
    study = study_of(
        figures={
            "units_map": False,
            "trends": {"F9": {"variables": ["y"], "title": label("Trends", "趋势图")}},
        }
    )
    write_site(study, replace(files, figures=figures), tmp_path / "run" / "report")
    moved = tmp_path / "moved" / "report"
    moved.parent.mkdir()
    (tmp_path / "run" / "report").rename(moved)
    shutil.rmtree(tmp_path / "run")
    assert links_out_of(moved, pages_of(moved)) == []
    assert faults_of(pages_of(moved)) == []
    with zipfile.ZipFile(moved / "files/figures/zh/svg.zip") as packed:
        assert packed.namelist() == ["F9.svg"]
    with zipfile.ZipFile(moved / "files/estimates.zip") as packed:
        assert packed.namelist() == ["estimates.csv"]


def files_of(folder: Path) -> RunFiles:
    folder.mkdir(parents=True)
    write_estimates(estimates_frame(rows()), folder / "estimates.csv")
    (folder / "manifest.json").write_text(json.dumps(manifest()), encoding="utf-8")
    for name in ("T5.csv", "T5.docx", "zh/T5.docx", "tables.xlsx"):
        path = folder / "tables" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    tables = sorted(path for path in (folder / "tables").rglob("*") if path.is_file())
    return RunFiles(folder / "estimates.csv", folder / "manifest.json", tables=tables)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "tiny"
    write_site(
        study_of(), files_of(folder), folder / "report",
        rules=[("a", "b"), ("b", "site")], configfiles=["studies/tiny.yaml"],
    )  # fmt: skip
    return folder / "report"


def pages_of(report: Path) -> list[Path]:
    return sorted(report.rglob("*.html"))


def test_pages_are_well_formed_and_their_links_lead_to_files(report: Path):
    pages = pages_of(report)
    assert {page.relative_to(report).as_posix() for page in pages} == {
        "index.html", "area.html", "data.html", "tables.html", "figures.html", "methods.html",
        "provenance.html", "reproduce.html", "times.html", "tables/T4.html", "tables/T5.html",
    }  # fmt: skip
    assert faults_of(pages) == []


def test_key_numbers_are_the_rows_with_the_last_covariance(report: Path):
    text = read_page(report / "index.html").text
    low, high = INTERVAL
    shown = format_interval({"ci_lower": low, "ci_upper": high})
    for place in range(3):
        assert f"{format_estimate(DIRECT + place)} {shown}" in text
    assert format_interval({"ci_lower": low + 1, "ci_upper": high}) not in text
    assert "How does Treatment x act on Outcome y" in text
    assert "处理 如何影响本地及邻近单元的 结果 ？" in text


def test_every_page_says_that_the_data_are_synthetic(report: Path):
    for page in pages_of(report):
        text = read_page(page).text
        assert "Synthetic demonstration data" in text
        assert "合成演示数据" in text


def test_parts_that_a_study_lacks_are_named(report: Path):
    for page, sentence in {
        "index.html": "No findings are judged in this study",
        "figures.html": "This study draws no figures",
        "area.html": "There is no interactive map",
        "data.html": "No table of this study uses the main sample",
    }.items():
        assert sentence in read_page(report / page).text
    methods = read_page(report / "methods.html").text
    for absent in ("Mediated effects", "Robustness", "Endogeneity", "autocorrelation"):
        assert absent not in methods
    assert "Lee and Yu 2010" in methods


def test_table_page_has_its_downloads_and_how_its_numbers_came_about(report: Path):
    page = read_page(report / "tables" / "T5.html")
    assert {link for link in page.links if "/files/" in link} == {
        "../files/tables/T5.csv", "../files/tables/T5.docx", "../files/tables/zh/T5.docx",
        "../files/tables/tables.xlsx",
    }  # fmt: skip
    for line in ("Estimator: transformation QML", "Covariance: clustered, oim, serial", "Draws: 50",
                 "Seed: 77", "N = 5 units, T = 4 years, 20 observations"):  # fmt: skip
        assert line in page.text
    assert (report / "files/tables/zh/T5.docx").read_bytes() == b"zh/T5.docx"


def test_data_and_provenance_are_those_of_the_manifest(report: Path):
    data = read_page(report / "data.html").text
    assert "省 data.xlsx (S<1>)" in data
    assert "1 kB" in data
    assert "2 rows left out" in data
    provenance = read_page(report / "provenance.html").text
    for wanted in ("c0ffee", "a" * 64, "b" * 64, "d" * 64, "e" * 64, "2.4.6", "seed: 77"):
        assert wanted.removeprefix("seed: ") in provenance
    assert "1.5" in read_page(report / "times.html").text
    assert "panel" not in provenance


def test_nothing_but_the_times_depends_on_the_run(tmp_path: Path):
    written = {}
    for name, seconds in (("one", 1.5), ("two", 900.25)):
        folder = tmp_path / name / "tiny"
        files = files_of(folder)
        told = manifest() | {"seconds": {"panel": seconds}}
        files.manifest.write_text(json.dumps(told), encoding="utf-8")
        paths = write_site(study_of(), files, folder / "report")
        written[name] = {
            path.relative_to(folder / "report").as_posix(): path.read_bytes() for path in paths
        }
    assert written["one"].keys() == written["two"].keys()
    differing = {name for name in written["one"] if written["one"][name] != written["two"][name]}
    assert differing == set(TIMED)


def test_one_language_alone_has_no_switch_and_no_other_texts(tmp_path: Path):
    study = study_of(report={"languages": ["en"]})
    write_site(study, files_of(tmp_path / "run"), tmp_path / "run" / "report")
    pages = pages_of(tmp_path / "run" / "report")
    assert faults_of(pages) == []
    for page in pages:
        read = read_page(page)
        assert set(read.languages) == {"en"}
        assert "data-language=" not in page.read_text(encoding="utf-8")
        assert "合成演示数据" not in read.text
    assert not (tmp_path / "run/report/files/tables/zh").exists()


def test_words_of_pages_escape_texts_and_keep_markup():
    words = PageWords(("en", "zh"))
    said = words("Table {name}", name=Label(en="<T&1>", zh="甲").en)
    assert said["en"] == "Table &lt;T&amp;1&gt;"
    assert str(words("Table {name}", name=words("Data"))) == (
        '<span class="t-en" lang="en">Table Data</span><span class="t-zh" lang="zh">表数据</span>'
    )
    assert str(words.each(lambda _: "R2")) == "R2"
    assert str(words.listing(["a", words("Data")])["zh"]) == "a、数据"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (2_345_678, "2.3 MB")]
)
def test_sizes_in_words(size: int, text: str):
    assert size_words(size) == text


def test_number_that_is_there_twice_is_an_error_and_an_absent_one_says_why(tmp_path: Path):
    files = files_of(tmp_path / "twice")
    frame = estimates_frame(rows())
    doubled = [row | {"spec": "other"} for row in rows() if row["table"] == "T5"]
    write_estimates(estimates_frame([*rows(), *doubled]), files.estimates)
    with pytest.raises(DataError, match="2 rows with"):
        write_site(study_of(), files, tmp_path / "twice" / "report")
    without = frame[~((frame["quantity"] == "direct") & (frame["vcov"] == "clustered"))]
    write_estimates(without, files.estimates)
    write_site(study_of(), files, tmp_path / "twice" / "report")
    text = read_page(tmp_path / "twice/report/index.html").text
    assert "Table T5 has no such row by delta method, clustered by unit, of SDM." in text


def test_commit_with_changes_and_command_of_a_study_of_real_files(report: Path, tmp_path: Path):
    page = read_page(report / "reproduce.html").text
    assert "c0ffee" in page
    assert "not committed" not in page
    command = ".venv/bin/snakemake --cores 2 --configfile studies/tiny.yaml --config data_root="
    assert command in page
    files = files_of(tmp_path / "dirty")
    changed = manifest() | {"git_commit": "c0ffee-dirty"}
    files.manifest.write_text(json.dumps(changed), encoding="utf-8")
    write_site(study_of(), files, tmp_path / "dirty" / "report")
    page = read_page(tmp_path / "dirty/report/reproduce.html").text
    assert "c0ffee-dirty" not in page
    assert "changes that were not committed" in page


def test_weights_of_a_file_and_gaps_that_are_not_filled(tmp_path: Path):
    study = study_of(weights={"queen": {"scheme": "file", "path": "w.gal"}}, impute={"max_gap": 0})
    write_site(study, files_of(tmp_path / "run"), tmp_path / "run" / "report")
    text = read_page(tmp_path / "run/report/methods.html").text
    assert "as in a file of the study" in text
    assert "按研究提供的文件" in text
    assert "Gaps inside the series of a unit are not filled." in text
    assert "at most 0 years" not in text


CLAIMS = """\
source: {en: The first paper, zh: 第一篇}
sources: {second: {en: The second paper, zh: 第二篇}}
robust: [{label: {en: serial, zh: 序列}, intervals: [{vcov: serial, inference: delta}]}]
classical: {label: {en: classical, zh: 经典}, intervals: [{vcov: oim}]}
claims:
  effect:
    finding: 1
    statement: {en: It falls., zh: 下降。}
    kind: sign
    row: {table: T5, quantity: direct, term: x}
    expected: negative
  account:
    source: second
    finding: 1
    statement: {en: It fits., zh: 拟合。}
    optional: true
    kind: account_sign
    row: {table: T4, quantity: r2, term: within}
    expected: positive
"""
INTERVALS_TOLD = "A verdict needs every interval"
ACCOUNTS_TOLD = "Numbers of accounts are exact"


@pytest.mark.parametrize(
    ("kept", "findings", "told"),
    [
        (["effect", "account"], ["1.1", "2.1"], [True, True]),
        (["effect"], ["1"], [True, False]),
        (["account"], ["1"], [False, True]),
    ],
)
def test_findings_stand_by_source(tmp_path: Path, kept, findings, told):
    (tmp_path / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    files = files_of(tmp_path / "run")
    verdicts = judge(read_estimates(files.estimates), read_claims(tmp_path / "claims.yaml"))
    write_claims(verdicts[verdicts["id"].isin(kept)], tmp_path / "run" / "claims.csv")
    study = study_of(claims={"file": str(tmp_path / "claims.yaml")})
    report = tmp_path / "run" / "report"
    write_site(study, replace(files, verdicts=tmp_path / "run" / "claims.csv"), report)
    assert faults_of(pages_of(report)) == []
    index = read_page(report / "index.html").text
    for number in findings:
        assert f"Finding {number}" in index
    assert [text in index for text in (INTERVALS_TOLD, ACCOUNTS_TOLD)] == told
    assert ["All intervals" in index, "All numbers" in index] == told
    assert ["The first paper" in index, "The second paper" in index] == told
    methods = read_page(report / "methods.html").text
    told_there = ("Signs are judged by intervals", "Claims about accounts are judged")
    assert [text in methods for text in told_there] == told
