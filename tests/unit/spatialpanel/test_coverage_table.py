"""Coverage of nominal 95 % intervals: the committed table, and fresh replications against it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

REPLICATIONS = 200
FRESH_SEED = 90210
"""Not the seed of the committed table."""


@pytest.fixture(scope="module")
def coverage(repository: Path) -> ModuleType:
    folder = str(repository / "benchmarks")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("coverage_of_intervals")
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def committed(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "coverage.csv")


def test_committed_table_meets_the_criterion(coverage: ModuleType, committed: pd.DataFrame) -> None:
    assert committed["replications"].min() >= 1000
    ours = coverage.criterion_rows(committed)
    assert set(ours["model"]) == set(coverage.MODELS)
    assert set(ours["quantity"]) == set(coverage.CRITERION)
    assert coverage.criterion_faults(committed) == []
    assert {(21, 6), (90, 16)} == set(
        zip(committed["n_units"], committed["n_periods"], strict=True)
    )


def test_transformation_is_less_biased_than_dummies(committed: pd.DataFrame) -> None:
    rows = committed[committed["quantity"].isin(["rho", "lambda"]) & (committed["n_units"] == 90)]
    bias = rows.pivot_table("bias", "model", "estimator").abs()
    assert (bias["transform"] < 0.3 * bias["direct"]).all()


def test_criterion_can_fail(coverage: ModuleType, committed: pd.DataFrame) -> None:
    table = committed.copy()
    table.loc[table["quantity"] == "rho", "coverage"] = 0.85
    assert coverage.criterion_faults(table)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["sdm", "sem"])
def test_fresh_replications_cover(coverage: ModuleType, model: str) -> None:
    seeds = np.random.SeedSequence(FRESH_SEED).spawn(REPLICATIONS)
    rows = pd.concat([coverage.replicate(seed, model, "90x16") for seed in seeds])
    table = coverage.calc_coverage(rows, ["estimator", "quantity", "inference"], REPLICATIONS)
    ours = table[(table["estimator"] == "transform") & table["quantity"].isin(coverage.CRITERION)]
    # a single coverage may differ from 95 % by 3.5 of its Monte Carlo standard errors
    limit = 3.5 * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert len(ours) == {"sdm": 7, "sem": 2}[model]
    assert (ours["coverage"] - 0.95).abs().max() <= limit
