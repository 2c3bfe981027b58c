"""The demonstration inputs, made once a test run, and the boundaries behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared import shared_folder


def make_demo_files(folder: Path) -> None:
    """Write `inputs/` and `boundaries.parquet`, as the default study does."""
    from yrb_carbon.demo import generate
    from yrb_carbon.sources.boundaries import read_boundaries, write_boundaries
    from yrb_carbon.study.units import load_units

    boundaries = read_boundaries("cnmaps", unit_ids=load_units().select("A").ids)
    generate(folder / "inputs", boundaries=boundaries)
    write_boundaries(boundaries, folder / "boundaries.parquet")


def demo_folder(factory: pytest.TempPathFactory) -> Path:
    """Folder with `inputs/` and `boundaries.parquet`; nobody may change it."""
    return shared_folder(factory, "demo-files", make_demo_files)
