"""The section of embodied carbon and its tables: every fault with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.load import load_study
from yrb_carbon.study.plan import embodied_inputs, sample_of, samples_used

SYSTEM = """
embodied:
  inventories: {"2012": a.xlsx, "2015": b.xlsx}
  systems:
    mrio:
      format: ceads_mrio
      tables: {"2012": {path: x.xlsx}, "2015": {path: y.xlsx}}
    nation:
      format: china_io
      tables: {"2015": {path: n.csv}}
"""
TITLE = "title: {en: a, zh: b}"


def study_of(repository: Path, folder: Path, text: str):
    overlay = folder / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    return load_study([repository / "config.yaml", overlay])


def faults_of(repository: Path, folder: Path, text: str) -> str:
    with pytest.raises(StudyError) as caught:
        study_of(repository, folder, text)
    return str(caught.value)


def test_tables_without_a_sample_ask_nothing_of_the_panel(repository, tmp_path):
    before = samples_used(load_study([repository / "config.yaml"]))
    study = study_of(
        repository,
        tmp_path,
        f"{SYSTEM}tables:\n  B1: {{kind: mining_emissions, {TITLE}, years: [2015]}}\n"
        f"  B4: {{kind: flow_paths, {TITLE}, system: mrio}}\nfigures: {{flows: null}}\n",
    )
    assert samples_used(study) == before
    assert sample_of(study, "B4") == ""
    assert study.embodied.systems["mrio"].tables[2012].path == "x.xlsx"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("kind: mining_emissions, years: [2012, 2013]", "years[1]: no inventory of that year (got"),
        ("kind: mining_emissions, years: [2012, 2012]", "years[1]: named twice (got 2012)"),
        ("kind: flow_paths, system: mrioo", "system: unknown system (got 'mrioo'"),
        ("kind: flow_paths, system: nation", "flows between regions need several regions"),
        ("kind: flow_paths, system: mrio, flows: [system, system]", "flows[1]: named twice"),
        ("kind: flow_network, system: nation", "flows between regions need several regions"),
        ("kind: flow_decomposition, system: nation", "a change needs two years (got 2015)"),
        ("kind: sector_contributions, system: mrio, years: [2017]", "no table of that year"),
        ("kind: structural_paths, system: mrio, threshold: 1", "above 0 and below 1"),
    ],
)
def test_faults_of_tables_have_their_place(repository, tmp_path, table, message):
    said = faults_of(repository, tmp_path, f"{SYSTEM}tables:\n  B9: {{{table}, {TITLE}}}\n")
    assert message in said
    assert "overlay.yaml:12:" in said


OWN_PRICES = """
embodied:
  inventories: {"2015": b.xlsx}
  price: constant
  systems:
    mrio:
      format: ceads_mrio
      tables: {"2015": {path: y.xlsx}}
      deflators: own.csv
    provinces: null
regional: {transfer: null}
tables:
  B2: {system: mrio}
  B3: {system: mrio}
  B4: null
  B5: null
  B6: null
  B7: null
  D4: null
figures: {flows: null, mining: null, area_matrix: null, province_bars: null}
"""


def test_a_system_may_have_price_indices_of_its_own(repository, tmp_path):
    def indices_of(text: str) -> dict[object, str]:
        inputs = embodied_inputs(study_of(repository, tmp_path, text))
        return {key: one.path for key, one in inputs.items() if one.format == "price_indices"}

    place = ("embodied", "systems", "mrio", "deflators")
    assert indices_of(OWN_PRICES) == {place: "own.csv"}
    both = OWN_PRICES.replace("constant\n", "constant\n  deflators: all.csv\n")
    assert indices_of(both) == {place: "own.csv", ("embodied", "deflators"): "all.csv"}
    common = both.replace("      deflators: own.csv\n", "")
    assert indices_of(common) == {("embodied", "deflators"): "all.csv"}
    none = OWN_PRICES.replace("      deflators: own.csv\n", "")
    assert "deflators: price constant needs it" in faults_of(repository, tmp_path, none)


@pytest.mark.parametrize("written", ["42", '"42"', "S26"])
def test_the_list_of_42_sectors_needs_no_quotes(repository, tmp_path, written):
    text = SYSTEM.replace("format: china_io", f"format: china_io\n      sectors: {written}")
    study = study_of(repository, tmp_path, text)
    assert study.embodied.systems["nation"].sectors == written.strip('"')
    with pytest.raises(StudyError, match=r"sectors: unknown value \(got 43; allowed S26, H2, 42"):
        study_of(repository, tmp_path, text.replace(f"sectors: {written}", "sectors: 43"))


def test_tables_of_a_study_without_the_section(repository, tmp_path):
    text = f"tables:\n  B9: {{kind: mining_emissions, {TITLE}}}\nembodied: null\n"
    assert "needs the section `embodied`" in faults_of(repository, tmp_path, text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"2015": b.xlsx', '"2015": null'), "no emission inventory of that year (got '2015'"),
        (("path: x.xlsx", "options: {}"), "tables.2012.path: no file (got null)"),
        (("path: x.xlsx", "path: 'x{y}.xlsx'"), "must not hold curly braces"),
        (("a.xlsx", "'{a}.xlsx'"), "must not hold curly braces"),
        (("format: ceads_mrio", "format: pymrio"), "must name mining (got null)"),
        (("format: ceads_mrio", "format: pymrio"), "which emissions of the system (got null)"),
        (("format: ceads_mrio", "format: pymrio"), "own is for systems of format pymrio"),
        (("format: ceads_mrio", "emissions: own\n      format: ceads_mrio"), "bring emissions"),
        (("format: ceads_mrio", "sectors: own\n      format: ceads_mrio"), "own is for systems"),
        (("embodied:", "embodied:\n  price: constant"), "price constant needs it (got None)"),
        (
            ("format: ceads_mrio", "deflators: d.csv\n      format: ceads_mrio"),
            "systems.mrio.deflators: it is used for price constant only (got 'd.csv')",
        ),
        (
            (
                "embodied:",
                "embodied:\n  price: constant\n  deflators: '{d}.csv'",
            ),
            "embodied.deflators: a path must not hold curly braces",
        ),
        (("embodied:", "embodied:\n  deflators: d.csv"), "for price constant only (got 'd.csv')"),
    ],
)
def test_faults_of_the_section(repository, tmp_path, change, message):
    assert change[0] in SYSTEM
    assert message in faults_of(repository, tmp_path, SYSTEM.replace(*change, 1))
