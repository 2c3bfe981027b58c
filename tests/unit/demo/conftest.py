"""One demonstration folder for all tests of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from demo_files import demo_folder

from yrb_carbon.demo import DEFAULT_SEED
from yrb_carbon.demo.generate import linked_units, make_design
from yrb_carbon.demo.moments import read_moments
from yrb_carbon.demo.parameters import TRUTH
from yrb_carbon.demo.simulate import Design, FloatArray, System, simulate_system
from yrb_carbon.sources.boundaries import Boundaries, load_boundaries


@dataclass(frozen=True, slots=True)
class Demo:
    folder: Path
    files: tuple[Path, ...]
    boundaries: Boundaries
    design: Design
    system: System
    units: tuple[str, ...]
    weights: FloatArray


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The committed demonstration: its files, and the simulation behind them."""
    made = demo_folder(tmp_path_factory)
    boundaries = load_boundaries(made / "boundaries.parquet")
    folder = made / "inputs"
    files = tuple(sorted(folder.iterdir()))
    design = make_design(boundaries, seed=DEFAULT_SEED, moments=read_moments())
    system = simulate_system(design, TRUTH, DEFAULT_SEED, read_moments())
    units, weights = linked_units(design)
    return Demo(folder, files, boundaries, design, system, units, weights)
