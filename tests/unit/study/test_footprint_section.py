"""The section of the footprint and its tables: faults with their place, years that count."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from yrb_carbon.errors import StudyError
from yrb_carbon.study.footprint import FootprintSection
from yrb_carbon.study.load import load_study

FILES = """
  economy: {format: gtmp, path: e.csv}
  people: {format: province_panel, path: p.csv}
  land: {format: province_land_cover, path: l.csv}
"""
WHOLE = (2010, 2011, 2012, 2013)
GAP = (2010, 2011, 2013)


def load(repository: Path, folder: Path, table: str, energy: tuple[int, ...], more: str = ""):
    """The shipped study with a footprint of some years; those of its own are taken away."""
    shipped = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    own = (shipped.get("footprint") or {}).get("energy") or {}
    books = dict.fromkeys(own, "null") | {str(year): f"{year}.xlsx" for year in energy}
    listed = ", ".join(f'"{year}": {book}' for year, book in books.items())
    overlay = folder / "overlay.yaml"
    overlay.write_text(
        f"footprint:{FILES}  energy: {{{listed}}}\n"
        f"  first_year: 2009\n  last_year: 2014\n{more}"
        f"tables:\n  C9: {{title: {{en: a, zh: b}}, {table}}}\n",
        encoding="utf-8",
    )
    return load_study([repository / "config.yaml", overlay])


def faults_of(*args, **options) -> str:
    """What is wrong with the section and its table C9; figures and other tables do not count."""
    try:
        load(*args, **options)
    except StudyError as error:
        return "\n".join(
            fault
            for fault in error.faults
            if " tables.C9" in fault or not (" tables." in fault or " figures." in fault)
        )
    return ""


INEQUALITY = "kind: footprint_inequality"


@pytest.mark.parametrize(
    ("table", "energy", "inside", "told"),
    [
        (INEQUALITY, GAP, "drop", "gaps.inside drops 2012 (got true; allowed false)"),
        (f"{INEQUALITY}, serial_correlation: false", GAP, "drop", None),
        (INEQUALITY, WHOLE, "drop", None),
        (INEQUALITY, GAP, "interpolate", None),
        (f"{INEQUALITY}, dimensions: [size, size]", WHOLE, "drop", "dimensions[1]: named twice"),
        ("kind: footprint_moran, years: [2008]", WHOLE, "drop", "outside the years"),
        ("kind: footprint_moran, years: [2010, 2012]", GAP, "drop",
         "years[1]: has no energy inventory, and footprint.gaps leaves such years out (got '2012'"),
        ("kind: footprint_moran, years: [2010, 2012]", GAP, "interpolate", None),
        ("kind: footprint_moran, years: [2009, 2014]", GAP, "drop", None),
    ],
)  # fmt: skip
def test_faults_of_tables(repository, tmp_path, table, energy, inside, told):
    more = f"  gaps: {{inside: {inside}}}\n"
    said = faults_of(repository, tmp_path, table, energy, more)
    assert (said == "") if told is None else (told in said)


def test_no_inventory_in_the_years_is_a_fault_of_the_section_alone(repository, tmp_path):
    said = faults_of(repository, tmp_path, INEQUALITY, (2020,), "  gaps: {inside: drop}\n")
    assert "no workbook of the years 2009-2014" in said
    assert "C9" not in said


def test_measured_years_reach_from_the_first_to_the_last_inventory():
    file = {"format": "tidy_csv", "path": "x.csv"}
    section = FootprintSection(
        energy=dict.fromkeys((2008, *GAP, 2015), "x.xlsx"),
        economy=file, people=file, land=file, first_year=2009, last_year=2014,
    )  # fmt: skip
    assert list(section.years) == [2009, 2010, 2011, 2012, 2013, 2014]
    assert list(section.measured_years) == [2010, 2011, 2012, 2013]


@pytest.mark.parametrize(
    ("energy", "gaps", "dropped"),
    [
        (GAP, {"inside": "drop"}, (2012,)),
        (GAP, {"outside": "drop"}, (2009, 2014)),
        (GAP, {}, ()),
        ((2008, *GAP, 2015), {"inside": "drop"}, (2009, 2012, 2014)),
        ((2008, *GAP, 2015), {"outside": "drop"}, ()),
    ],
)
def test_dropped_years_are_those_that_the_gaps_leave_out(energy, gaps, dropped):
    """A workbook outside the years of the study makes the years next to them inner ones."""
    file = {"format": "tidy_csv", "path": "x.csv"}
    section = FootprintSection(
        energy=dict.fromkeys(energy, "x.xlsx"), gaps=gaps,
        economy=file, people=file, land=file, first_year=2009, last_year=2014,
    )  # fmt: skip
    assert section.dropped_years == dropped
