"""The README of a replication package says what the run and the publishers say, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.report.replication import (
    NUMBERS_BY,
    PACKAGED,
    SCRIPTS,
    Program,
    read_publishers,
    replication_readme,
)
from yrb_carbon.sources import READERS
from yrb_carbon.study import config
from yrb_carbon.study.embodied import INVENTORY_FORMATS, InputFormat
from yrb_carbon.study.load import load_study

ROOT = Path(__file__).resolve().parents[3]
PUBLISHERS = ROOT / "data" / "publishers.yaml"
HEADINGS = [
    "## Overview",
    "## Data Availability and Provenance Statements",
    "### Statement about Rights",
    "### Summary of Availability",
    "### Details on each Data Source",
    "### Dataset list",
    "## Computational Requirements",
    "### Software Requirements",
    "### Controlled Randomness",
    "### Memory, Runtime, Storage Requirements",
    "## Description of programs",
    "### License for Code",
    "## Instructions to Replicators",
    "## List of tables and programs",
    "## References",
]
OWN = """\
study: {name: own, synthetic: false}
demo: null
sources:
  yearbook: null
  city: {format: tidy_csv, path: city.csv}
replication:
  sources:
    city: {licence: CC0, citation: "Own survey, 2020", access: with the package, included: true}
"""


def study_of(tmp_path: Path, overlay: str | None = None) -> config.Study:
    files = [ROOT / "config.yaml"]
    if overlay is not None:
        own = tmp_path / "own.yaml"
        own.write_text(overlay, encoding="utf-8")
        files.append(own)
    return load_study(files)


def manifest_of(study: config.Study) -> dict[str, Any]:
    name = study.study.name
    return {
        "sources": [
            {"source": s, "format": f.format, "file": f.path, "sheet": None, "rows": 7 + n,
             "sha256": f"{n:064x}"}
            for n, (s, f) in enumerate(study.sources.items())
        ],
        "boundaries": {"file": "map.gpkg", "sha256": "b" * 64},
        "shipped": {"units.csv": "c" * 64},
        "python": "3.11.7",
        "packages": {"numpy": "2.4.6"},
        "git_commit": "abc",
        "seeds": {"analysis": 5, "demo": None if study.demo is None else 6},
        "seconds": {"panel": 500.0, "tables": 200.0},
        "memory_mb": {"panel": 300.0, "tables": 1100.0},
        "outputs": {
            f"results/{name}/estimates.csv": "d" * 64,
            f"results/{name}/figures/F1.png": "e" * 64,
            f"results/{name}/figures/figures.json": "1" * 64,
            f"results/{name}/figures/F1.svg": "f" * 64,
            f"results/{name}/figures/F5_direct.png": "0" * 64,
        },
    }  # fmt: skip


def readme(study: config.Study, manifest: dict[str, Any] | None = None) -> str:
    programs = [
        Program("figures", "draw_maps.py", "Draw", (f"results/{study.study.name}/figures/F1.png",))
    ]
    return replication_readme(
        study, manifest or manifest_of(study), read_publishers(PUBLISHERS), programs
    )


def row(text: str, start: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    assert len(lines) == 1, lines
    return [cell.strip() for cell in lines[0].strip("|").split(" | ")]


def details(text: str) -> str:
    return text.split("### Details on each Data Source", 1)[1].split("### Dataset list", 1)[0]


def test_headings_are_those_of_the_template_in_order(tmp_path):
    text = readme(study_of(tmp_path))
    assert [line for line in text.splitlines() if line.startswith("##")] == HEADINGS


def test_a_demonstration_says_that_its_files_are_synthetic(tmp_path):
    text = readme(study_of(tmp_path))
    assert "Synthetic demonstration data" in text.split("## Overview")[0]
    assert "no value in them comes from those files" in text
    assert all("written by the programs" in line for line in details(text).splitlines()[4:-1])


def test_every_source_has_its_digest_rows_and_licence(tmp_path):
    study = study_of(tmp_path, OWN)
    manifest = manifest_of(study)
    text = readme(study, manifest)
    publishers = read_publishers(PUBLISHERS)
    for record in manifest["sources"]:
        listed = row(text, f"`{record['file']}`")
        assert listed[3:5] == [str(record["rows"]), f"`{record['sha256']}`"]
        if record["source"] != "city":
            known = publishers[record["format"]]
            assert row(details(text), f"`{record['source']}`")[1:] == [
                known.content, known.publisher, known.licence, known.access, "no",
            ]  # fmt: skip
    assert "Synthetic" not in text


def test_what_the_authors_say_of_a_file_of_their_own_counts(tmp_path):
    text = readme(study_of(tmp_path, OWN))
    assert row(details(text), "`city`")[3:] == ["CC0", "with the package", "yes"]
    assert "- Own survey, 2020" in text.split("## References")[1]
    bare = OWN.split("replication:", 1)[0]
    assert (
        row(details(readme(study_of(tmp_path, bare))), "`city`")[3] == "to be stated by the authors"
    )


def test_boxes_that_nobody_knows_stay_open(tmp_path):
    for overlay in (None, OWN):
        text = readme(study_of(tmp_path, overlay))
        rights = text.split("### Statement about Rights")[1].split("###")[0]
        assert "[x]" not in rights
        assert "- [ ] All data are publicly available" in text
    assert "- [ ] All input files are part of the package" in text


def test_time_and_memory_are_classes(tmp_path):
    study = study_of(tmp_path)
    manifest = manifest_of(study)
    text = readme(study, manifest)
    assert "10 to 60 minutes" in text
    assert "less than 2 GB" in text
    manifest["seconds"] = {"panel": 599.0}
    manifest["memory_mb"] = {"panel": 1023.0}
    text = readme(study, manifest)
    assert "less than 10 minutes" in text
    assert "less than 1 GB" in text


def test_tables_and_figures_name_their_programs(tmp_path):
    text = readme(study_of(tmp_path))
    assert row(text, "T5")[1:3] == ["Direct, indirect and total effects", "`effects.py`"]
    assert row(text, "F1")[2] == "`draw_maps.py`"
    assert row(text, "F5_direct")[1:3] == ["Robustness", ""]
    assert "| figures |" not in text


def test_every_kind_of_table_has_a_script_that_exists():
    union = get_args(config.Table)[0]
    kinds = {get_args(member.model_fields["kind"].annotation)[0] for member in get_args(union)}
    assert set(NUMBERS_BY) == kinds
    assert all((ROOT / SCRIPTS / script).is_file() for script in NUMBERS_BY.values())


def test_an_unknown_source_is_refused_with_its_place(tmp_path):
    with pytest.raises(StudyError) as caught:
        study_of(tmp_path, OWN.replace("    city: {licence", "    town: {licence"))
    assert "replication.sources.town" in str(caught.value.faults)
    assert "unknown source" in str(caught.value.faults)


def test_a_format_without_a_publisher_is_refused(tmp_path):
    study = study_of(tmp_path)
    manifest = manifest_of(study)
    manifest["sources"][0]["format"] = "unheard"
    with pytest.raises(DataError, match=r"unheard.*edgar.*known are.*publishers\.yaml"):
        readme(study, manifest)


def test_every_format_has_a_publisher():
    of_embodied = {*INVENTORY_FORMATS.values(), *get_args(InputFormat)}
    assert set(read_publishers(PUBLISHERS)) == set(READERS) | of_embodied


def test_a_fault_in_the_file_is_named(tmp_path):
    file = tmp_path / "publishers.yaml"
    file.write_text("edgar_city: {content: a, publisher: b}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"edgar_city\.citation"):
        read_publishers(file)
    with pytest.raises(DataError, match="cannot be read"):
        read_publishers(tmp_path / "none.yaml")


STATED = {
    "none stated": "not stated",
    "free for research": "free for research",
    "CC BY 4.0": "CC BY 4.0",
    "GPL": "GPL",
}


def test_licences_agree_with_the_readme_of_the_data():
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    table = text.split("**Input files** of", 1)[1].split("**Demonstration inputs**", 1)[0]
    publishers = read_publishers(PUBLISHERS)
    seen = set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and "`" in cells[1]:
            wanted = next(own for said, own in STATED.items() if said in cells[3])
            for name in re.findall(r"`(\w+)`", cells[1]):
                seen.add(name)
                assert wanted in publishers[name].licence, name
    assert seen == set(publishers) - {"tidy_csv", "city_yearbook"}


def embodied_manifest(study: config.Study) -> dict[str, Any]:
    """A manifest with one inventory, and one table of each of two systems."""
    file = {"sheet": None, "rows": 9, "unit": {"coal": "Mt CO2", "total": "Mt CO2"}, "notes": []}
    return manifest_of(study) | {
        "embodied": {
            "inventories": {
                "files": [
                    {**file, "file": f"a/{year}.xlsx", "sha256": f"{year}", "year": year,
                     "format": "ceads_inventory"}
                    for year in (2012, 2015)
                ]
            },
            "energy": {},
            "tables": [
                {**file, "file": name, "sha256": "9" * 64, "year": 2015, "system": system,
                 "format": form, "unit": {"all amounts": "10^4 yuan"}}
                for system, name, form in (
                    ("provinces", "io.xlsx", "ceads_mrio"), ("test", "testmrio", "pymrio"))
            ],
        }
    }  # fmt: skip


TWO_SYSTEMS = """\
study: {name: own, synthetic: false}
demo: null
embodied:
  systems:
    test:
      format: pymrio
      sectors: own
      mining: [a]
      emissions: own
      extension: e
      tables: {"2015": {}}
replication:
  sources:
    embodied_provinces: {licence: CC0, included: true}
"""


def test_files_of_embodied_carbon_are_listed_with_year_unit_and_publisher(tmp_path):
    study = study_of(tmp_path, TWO_SYSTEMS)
    text = readme(study, embodied_manifest(study))
    lines = text.splitlines()
    details = {name: [line for line in lines if line.startswith(f"| `embodied_{name}` |")]
               for name in ("inventories", "provinces", "test")}  # fmt: skip
    assert all(len(found) == 1 for found in details.values())
    assert "CEADs" in details["inventories"][0]
    assert details["inventories"][0].endswith("| no |")
    assert "| CC0 |" in details["provinces"][0]
    assert details["provinces"][0].endswith("| yes |")
    assert details["test"][0].endswith(f"| {PACKAGED} |")
    for year in (2012, 2015):
        (line,) = [line for line in lines if line.startswith(f"| `a/{year}.xlsx` |")]
        assert f"| {year} | Mt CO2 |" in line
    n_files = len(study.sources) + 4
    assert f"Input files: {n_files};" in text
    for author in ("Shan", "Zheng", "Stadler"):
        assert author in text.split("## References", 1)[1]


def test_a_system_that_is_not_there_has_no_files_to_tell_of(tmp_path):
    with pytest.raises(StudyError) as caught:
        study_of(tmp_path, TWO_SYSTEMS.replace("embodied_provinces", "embodied_nowhere"))
    assert "replication.sources.embodied_nowhere" in str(caught.value.faults)
