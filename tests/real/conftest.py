"""What several tests on real files read: the outlines of all units, published files."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from yrb_carbon.sources import READERS
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.boundaries import Boundaries, read_boundaries


@pytest.fixture(scope="session")
def cnmaps() -> Boundaries:
    """Polygons of the 115 units, measured on the plane."""
    return read_boundaries()


@pytest.fixture(scope="session")
def read_published(data_root: Path) -> Callable[[str, str], SourceTable]:
    """Read a file below the data folder by the reader of a format, once; nobody may change it."""
    return cache(lambda name, file: READERS[name].read(data_root / file))
