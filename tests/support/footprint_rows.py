"""A small study of the footprint and the rows that its tables are printed from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely
from footprint_data import ALL, small_section, write_files
from shared import shared_folder

from yrb_carbon.estimates import estimates_frame, read_estimates, write_estimates
from yrb_carbon.footprint.study_run import run_footprint
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import FootprintTable

LABEL = {"en": "Footprint", "zh": "足迹"}
TABLES: dict[str, dict[str, Any]] = {
    "C1": {"kind": "industrial_emissions"},
    "C2": {"kind": "footprint_accounts"},
    "C3": {"kind": "footprint_moran", "local_permutations": 99},
    "C4": {"kind": "footprint_shift"},
    "C5": {"kind": "footprint_inequality"},
    "C6": {"kind": "reduction_potential", "draws": 50, "years": [2000, 2004]},
}
YEARS = (2000, 2001, 2002, 2003, 2004)
COLUMNS = 6
"""Provinces stand on a grid of so many columns."""


def footprint_study(section: dict[str, Any] | None = None, **changes: Any) -> Study:
    """A study with one table of every kind; `changes` are other sections, tables by name."""
    tables = {
        name: {"title": LABEL, **values, **changes.pop(name, {})} for name, values in TABLES.items()
    }
    small = small_section(permutations=99, **(section or {}))
    values: dict[str, Any] = {
        "study": {"name": "tiny", "title": LABEL, "synthetic": True},
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}},
        "variables": {},
        "figures": {"units_map": False},
        "footprint": small.model_dump(),
        "tables": tables,
    }
    return Study.model_validate(values | changes)


def grid() -> Boundaries:
    """Provinces as squares of one degree, neighbours on a grid."""
    boxes = [
        shapely.box(100 + place % COLUMNS, 30 + place // COLUMNS,
                    101 + place % COLUMNS, 31 + place // COLUMNS)
        for place in range(len(ALL))
    ]  # fmt: skip
    return build_boundaries(list(ALL), boxes, FileRecord("grid", None, "", len(boxes)))


def footprint_table_rows(study: Study, folder: Path) -> pd.DataFrame:
    """Rows of all tables of the footprint of a study, as estimates.csv has them."""
    assert study.footprint is not None
    tables = {
        name: table for name, table in study.tables.items() if isinstance(table, FootprintTable)
    }
    run = run_footprint(
        study.footprint, tables, study="tiny", data_root=folder, outlines=grid(), seed=3
    )
    return estimates_frame([row for one in run.rows.values() for row in one.to_dict("records")])


def footprint_rows(factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Rows of the study without changes, made once for all tests."""
    folder = footprint_folder(factory)

    def make(path: Path) -> None:
        path.mkdir()
        write_estimates(footprint_table_rows(footprint_study(), folder), path / "estimates.csv")

    return read_estimates(shared_folder(factory, "footprint-rows", make) / "estimates.csv")


def footprint_folder(factory: pytest.TempPathFactory) -> Path:
    """Folder with the files of the study, made once for all tests."""

    def make(path: Path) -> None:
        path.mkdir()
        write_files(path)

    return shared_folder(factory, "footprint-files", make)
