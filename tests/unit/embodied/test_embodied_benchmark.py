"""The committed table of times keeps what is promised of tables of the published size."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    path = repository / "benchmarks" / "embodied.py"
    spec = importlib.util.spec_from_file_location("embodied_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "embodied.csv")


def test_promises_are_kept_for_the_published_size(script, table):
    assert table[["n_regions", "n_sectors"]].to_numpy().tolist() == [[31, 26], [31, 42]]
    assert script.check_promises(table) == []


def test_a_promise_broken_is_seen(script, table):
    table.loc[table["n_sectors"] == 26, "paths"] = 99.0
    assert script.check_promises(table) == []
    table.loc[table["n_sectors"] == 42, ["paths", "peak_mb"]] = [61.0, 2100.0]
    assert script.check_promises(table) == [
        "paths is 61, promised 60",
        "peak_mb is 2.1e+03, promised 2e+03",
    ]


def test_cases_of_the_benchmark_run(script):
    row = script.run_case(2, 26, 1)
    row |= script.time_pymrio(row, 1)
    assert row["n_paths"] > 20
    assert 0.1 < row["explained"] < 1
    assert row["pymrio"] > 0
    assert row["network"] > 0
    assert set(script.READ_TO_NETWORK) - {"read"} <= set(row)
