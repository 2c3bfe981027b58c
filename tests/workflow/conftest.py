"""One finished run of the default study for all tests of the workflow."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from checkout import Checkout, finished_demo


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run; tests work on copies of it."""
    return finished_demo(tmp_path_factory)


@pytest.fixture
def finished(demo_run: Path, tmp_path: Path) -> Checkout:
    """A finished run of one's own, with its time stamps and Snakemake's records."""
    folder = tmp_path / "copy"
    shutil.copytree(demo_run, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(folder)
