"""`yrb-carbon compare` as people see it: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from estimates_rows import sdm, written
from typer.testing import CliRunner

from yrb_carbon.cli import app

SAME, DIFFERENT, WRONG = 0, 1, 2


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A run, and one in which rho moved by two standard errors."""
    frame = sdm()
    first = written(frame, tmp_path / "a" / "estimates.csv")
    frame.loc[frame["quantity"] == "rho", "estimate"] += 0.02
    second = written(frame, tmp_path / "b" / "estimates.csv")
    return str(first), str(second)


def compare(*arguments: str):
    return CliRunner().invoke(app, ["compare", *arguments])


def test_exit_codes(files):
    first, second = files
    assert compare(first, first).exit_code == SAME
    assert compare(first, second).exit_code == DIFFERENT
    assert compare(first, second, "--rtol", "0.05").exit_code == SAME
    assert compare(first, second, "--atol", "0.021").exit_code == SAME
    assert compare(first, second, "--only", "std_error,ci_lower").exit_code == SAME
    assert compare(first, second, "--quantity", "coef", "--quantity", "loglik").exit_code == SAME
    for wrong in (["absent.csv"], [second, "--only", "x"], [second, "--rtol", "-1"]):
        result = compare(first, *wrong)
        assert result.exit_code == WRONG
        assert result.stdout == ""
        assert result.stderr


def test_verdict_is_the_last_line(files):
    first, second = files
    text = compare(first, second).stdout.splitlines()
    assert text[0] == f"A: {first} (23 rows)"
    assert text[-1].startswith("different: 1 row moved beyond 1e-09 + 1e-06 * size (largest 2 s.e.")


def test_folders(files):
    first, second = (str(Path(file).parent) for file in files)
    assert compare(first, second).exit_code == DIFFERENT


def test_json_and_markdown(files):
    first, second = files
    result = compare(first, second, "--json")
    assert result.exit_code == DIFFERENT
    values = json.loads(result.stdout)
    assert (values["command"], values["exit_code"], values["verdict"]) == (
        "compare",
        1,
        "different",
    )
    assert values["moved"][0]["in_se"] == pytest.approx(2.0)
    wrong = compare(first, "absent.csv", "--json")
    assert wrong.exit_code == WRONG
    assert "absent.csv: no such file" in json.loads(wrong.stdout)["errors"][0]
    assert compare(first, second, "--markdown").stdout.startswith("**different: 1 row moved")
