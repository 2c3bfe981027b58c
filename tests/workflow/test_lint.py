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


@pytest.mark.parametrize("overlay", ["", "studies/yrb-real.yaml"])
def test_lint_finds_nothing_but_the_missing_environments(tmp_path: Path, overlay: str):
    copy = Checkout.copy(tmp_path / "copy")
    arguments = ("--configfile", overlay) if overlay else ()
    text = copy.snakemake(*arguments, "--lint", "json", check=False).stdout
    assert set(TITLE.findall(text)) == {EXPECTED}, text
