"""The section of regional facts: transfers need a table and an inventory of their year."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.load import load_study
from yrb_carbon.study.plan import regional_inputs, regional_tables

BOTH = '{"2015": b.xlsx, "2019": c.xlsx}'


def load(repository: Path, folder: Path, transfer: str, table: str = "", inventories: str = BOTH):
    text = f"""
embodied:
  inventories: {{"2015": b.xlsx}}
  systems:
    mrio: {{format: ceads_mrio, tables: {{"2015": {{path: y.xlsx}}}}}}
    nation: {{format: china_io, tables: {{"2015": {{path: n.csv}}}}}}
regional:
  inventories: {inventories}
  people: {{format: province_panel, path: p.csv}}
  transfer: {transfer}
tables:
  D9: {{kind: regional_transfer, title: {{en: a, zh: b}}{table}}}
"""
    overlay = folder / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    return load_study([repository / "config.yaml", overlay])


def test_the_table_of_the_transfer_is_an_input(repository, tmp_path):
    study = load(repository, tmp_path, "{system: mrio, year: 2015}")
    assert "D9" in regional_tables(study)
    paths = {found.path for found in regional_inputs(study).values()}
    assert {"b.xlsx", "c.xlsx", "p.csv", "y.xlsx"} <= paths


@pytest.mark.parametrize(
    ("transfer", "table", "inventories", "told"),
    [
        ("{system: mrioo, year: 2015}", "", BOTH, "unknown system (got 'mrioo'"),
        ("{system: nation, year: 2015}", "", BOTH, "its regions are no provinces (got format"),
        ("{system: mrio, year: 2016}", "", BOTH, "no table of that year (got '2016'"),
        (
            "{system: mrio, year: 2015}",
            "",
            '{"2015": null, "2019": c.xlsx}',
            "no inventory of that year in regional.inventories (got '2015'",
        ),
        ("null", ", year: 2016", BOTH, "no inventory of that year (got '2016'"),
    ],
)
def test_each_fault_is_told(repository, tmp_path, transfer, table, inventories, told):
    with pytest.raises(StudyError) as caught:
        load(repository, tmp_path, transfer, table, inventories)
    assert told in str(caught.value)
