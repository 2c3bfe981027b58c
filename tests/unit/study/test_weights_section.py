"""Weights from a file: the configuration says when a path is wanted, and that it must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.load import load_study
from yrb_carbon.workflow.check import check_study

ROOT = Path(__file__).resolve().parents[3]


def overlay(folder: Path, section: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(f"study: {{name: own}}\nweights:\n  own: {section}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("{scheme: file}", "scheme file needs a path (got None)"),
        ("{scheme: queen, path: w.csv}", "for scheme file only (got 'w.csv')"),
        ("{scheme: file, path: 'w{x}.csv'}", "a path must not hold curly braces"),
    ],
)
def test_a_path_goes_with_the_scheme_file(tmp_path: Path, section: str, problem: str):
    with pytest.raises(StudyError) as caught:
        load_study([ROOT / "config.yaml", overlay(tmp_path, section)])
    (fault,) = map(str, caught.value.faults)
    assert "own.yaml:3" in fault
    assert "weights.own.path" in fault
    assert problem in fault


def test_a_file_that_is_not_there_is_a_fault_of_the_check(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(ROOT)
    file = tmp_path / "w.csv"
    own = overlay(tmp_path, f"{{scheme: file, path: {file}}}")
    (fault,) = map(str, check_study(["config.yaml", own]).faults)
    assert f"weights.own.path: no such file (got '{file}')" in fault
    file.write_text("focal,neighbor,weight\n", encoding="utf-8")
    assert check_study(["config.yaml", own]).faults == ()
