"""Snakemake's own checks of the workflow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkout import Checkout

EXPECTED = "Specify a conda environment or container for each rule."
"""The environment is the lock file: one for the whole project, no environments by rule."""
TITLE = re.compile(r"^    \* (.+):$", re.M)
"""Snakemake 9 prints its findings as text, also when asked for JSON."""


def found_by_lint(folder: Path, *arguments: str) -> set[str]:
    text = Checkout.copy(folder).snakemake(*arguments, "--lint", "json", check=False).stdout
    titles = set(TITLE.findall(text))
    assert titles, text
    return titles


@pytest.mark.slow
def test_lint_finds_nothing_but_the_missing_environments(tmp_path: Path):
    assert found_by_lint(tmp_path / "copy") == {EXPECTED}


@pytest.mark.slow
@pytest.mark.real
def test_lint_of_the_real_study(tmp_path: Path, data_root: Path):
    """The same rules, with boundaries from a file and without demonstration inputs."""
    study = ("--configfile", "studies/yrb-real.yaml", "--config", f"data_root={data_root}")
    assert found_by_lint(tmp_path / "copy", *study) == {EXPECTED}
