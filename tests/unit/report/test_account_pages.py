"""Pages of a study of the footprint and regional facts alone: methods, numbers, tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from chinese_texts import english_left
from footprint_rows import footprint_rows, footprint_study
from html_check import faults_of, links_out_of, read_page
from regional_rows import TABLES as REGIONAL
from regional_rows import regional_facts, regional_study, regional_table_rows

from yrb_carbon.estimates import write_estimates
from yrb_carbon.report.cells import format_estimate
from yrb_carbon.report.site.account_facts import footprint_facts
from yrb_carbon.report.site.account_facts import regional_facts as regional_texts
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.build import write_site
from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.report.tables import write_tables
from yrb_carbon.study.config import Study

pytestmark = pytest.mark.slow

WORDS = PageWords(("en", "zh"))


def manifest() -> dict[str, Any]:
    record = {"sheet": None, "rows": 5, "unit": {}, "notes": [], "bytes": 25, "sha256": "b" * 64}
    return {
        "config": {"study": {"name": "tiny"}, "seed": 1},
        "git_commit": "c0ffee", "python": "3.11.7", "packages": {},
        "seeds": {"analysis": 1, "demo": None},
        "boundaries": {"file": "map.gpkg", **record}, "sources": [],
        "samples": {}, "shipped": {}, "outputs": {}, "figures_not_drawn": {}, "seconds": {},
    }  # fmt: skip


def both(**changes: Any) -> Study:
    """A study with the tables of both systems."""
    of_land, of_regions = footprint_study(**changes), regional_study()
    return of_land.model_copy(
        update={
            "tables": {**of_land.tables, **of_regions.tables},
            "regional": of_regions.regional,
            "embodied": of_regions.embodied,
        }
    )


def written(folder: Path, study: Study, rows: pd.DataFrame) -> Path:
    """The report of a study, from its rows."""
    folder.mkdir(parents=True)
    write_estimates(rows[rows["table"].isin(list(study.tables))], folder / "estimates.csv")
    (folder / "manifest.json").write_text(json.dumps(manifest()), encoding="utf-8")
    tables = write_tables(study, rows, folder / "tables")
    files = RunFiles(folder / "estimates.csv", folder / "manifest.json", tables=tables)
    write_site(study, files, folder / "report")
    return folder / "report"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    regional = regional_table_rows(regional_facts())
    return pd.concat([footprint_rows(tmp_path_factory), regional], ignore_index=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, rows: pd.DataFrame) -> Path:
    return written(tmp_path_factory.mktemp("accounts") / "tiny", both(), rows)


def test_pages_of_accounts_are_well_formed_and_whole(report):
    pages = sorted(report.rglob("*.html"))
    assert {f"tables/{name}.html" for name in ("C1", "C6", "D1", "D4")} <= {
        page.relative_to(report).as_posix() for page in pages
    }
    assert faults_of(pages) == []
    assert links_out_of(report, pages) == []


def test_methods_have_formulas_and_sources_of_both_systems(report):
    page = read_page(report / "methods.html")
    for part in ("Industrial carbon footprint", "Footprint in three dimensions", "table C3",
                 "table C4", "table C5", "table C6", "Forest stock and its carbon", "Land use",
                 "Emissions and intensity", "table D4", "Interprovincial tables",
                 "Hainan is linked to Guangdong", "enlarged for serial correlation"):  # fmt: skip
        assert part in page.text
    for work in ("Niccolucci et al. 2009", "Xie et al. 2008", "Dagum 1997", "Hamed and Rao 1998",
                 "Wei, Ni and Du 2012", "Bai, Guo and Lai 2022", "Lu et al. 2013",
                 "Theil 1967", "Shan et al. 2018"):  # fmt: skip
        assert page.text.count(work) >= 1
    assert "of industry, with 0.581 t per MWh" not in page.text


def test_methods_follow_the_choices_of_the_section(tmp_path, rows):
    study = both(
        section={"power": "consumption", "unit": "gha", "shares": "national",
                 "sequestration": "landuse"},
        C5={"serial_correlation": False}, C3={"logs": False},
    )  # fmt: skip
    kept = {name: study.tables[name] for name in ("C2", "C3", "C5")}
    changed = study.model_copy(update={"tables": kept, "regional": None})
    text = read_page(written(tmp_path / "tiny", changed, rows) / "methods.html").text
    for part in ("with 0.581 t per MWh", "In global hectares", "Years are taken as independent"):
        assert part in text
    for absent in ("Xie et al", "Hamed", "Regional facts", "The same of logarithms", "Lefever"):
        assert absent not in text


def test_first_page_has_numbers_of_the_last_year_with_data(report, rows):
    text = read_page(report / "index.html").text
    assert "Accounts without a model: Industrial carbon footprint" in text
    own = rows[rows["table"].eq("C1") & rows["model"].eq("energy") & rows["equation"].eq("")
               & rows["term"].eq("total") & rows["year"].eq(2003)]  # fmt: skip
    assert "Energy emissions of industry, 2003" in text
    assert f"{format_estimate(own['estimate'].iloc[0], 2)} Mt" in text
    assert "Depth of the footprint, 2003" in text
    assert "Emissions of all provinces, 2019" in text
    assert "no effects of a treatment" not in text


def test_texts_of_accounts_are_there_where_their_tables_are():
    study = both()
    facts = footprint_facts(study, WORDS)
    assert facts is not None
    assert facts.land is not None
    assert english_left(str(facts.emissions["zh"])) == []
    emissions = study.model_copy(update={"tables": {"C1": study.tables["C1"]}})
    alone = footprint_facts(emissions, WORDS)
    assert alone is not None
    assert alone.land is None
    assert regional_texts(emissions, WORDS) is None
    found = regional_texts(study, WORDS)
    assert found is not None
    assert "省际投入产出表" in str(found.system)
    assert footprint_facts(study.model_copy(update={"footprint": None}), WORDS) is None
    tables = {name: study.tables[name] for name in REGIONAL}
    assert footprint_facts(study.model_copy(update={"tables": tables}), WORDS) is None
