"""What a study asks of units that its table of units does not have is a fault of the check."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yrb_carbon.study.units import load_units
from yrb_carbon.workflow.check import check_study

ROOT = Path(__file__).resolve().parents[3]
OVERLAY = """\
study: {name: own, reach_split: V1, unit_set: %s}
figures: {units_map: %s}
"""
BY_REACH = {"tables.T9.split", "figures.trends.F8_means", "figures.trends.F8_totals"}


@pytest.fixture
def country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose units have neither reaches nor sets but A."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    load_units().frame.reset_index()[["unit", "name_en", "province"]].assign(in_A=1).to_csv(
        tmp_path / "data" / "units.csv", index=False
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(folder: Path, unit_set: str, units_map: str) -> list[str]:
    overlay = folder / "own.yaml"
    overlay.write_text(OVERLAY % (unit_set, units_map), encoding="utf-8")
    return [str(fault) for fault in check_study([ROOT / "config.yaml", overlay]).faults]


def test_what_is_shown_by_reach_needs_reaches(country: Path):
    found = [fault for fault in faults(country, "A", "true") if "no reaches V1" in fault]
    keys = {fault.split(": ")[1] for fault in found}
    assert keys == {*BY_REACH, "figures.units_map"}
    assert "figures.units_map" not in str(
        [f for f in faults(country, "A", "false") if "reaches" in f]
    )


def test_a_set_that_the_table_of_units_lacks(country: Path):
    found = [fault for fault in faults(country, "set91", "false") if "unit set" in fault]
    assert found
    assert any("study.unit_set: unknown unit set 'set91'; known are A" in f for f in found)


def test_units_with_reaches_pass(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    assert check_study(["config.yaml"]).faults == ()
