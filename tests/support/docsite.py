"""The documentation as pages, built once for all tests of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from shared import shared_folder

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS_AT_MOST = 300


def build_site(folder: Path) -> None:
    """Build the pages; a warning is an error, as in `make docs`."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"mkdocs ended with {done.returncode}:\n{done.stderr[-6000:]}")


def built_site(factory: pytest.TempPathFactory) -> Path:
    """Folder of the pages."""
    return shared_folder(factory, "docs-site", build_site)
