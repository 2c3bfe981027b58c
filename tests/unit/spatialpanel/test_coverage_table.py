"""Coverage of nominal 95 % intervals: the committed table, and fresh replications against it."""

from __future__ import annotations

import importlib.util
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
    spec = importlib.util.spec_from_file_location(
        "coverage_benchmark", repository / "benchmarks" / "coverage.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_table_meets_the_criterion(coverage: ModuleType, repository: Path) -> None:
    table = pd.read_csv(repository / "docs" / "benchmarks" / "coverage.csv")
    replications = int(table["replications"].iloc[0])
    assert replications >= 1000
    assert set(coverage.CRITERION) <= set(table["quantity"])
    assert coverage.criterion_faults(table, replications) == []


def test_criterion_can_fail(coverage: ModuleType, repository: Path) -> None:
    table = pd.read_csv(repository / "docs" / "benchmarks" / "coverage.csv")
    table.loc[table["quantity"] == "rho", "coverage"] = 0.85
    assert coverage.criterion_faults(table, 1000)


@pytest.mark.slow
def test_fresh_replications_cover(coverage: ModuleType) -> None:
    seeds = np.random.SeedSequence(FRESH_SEED).spawn(REPLICATIONS)
    names = ["estimator", "quantity", "inference", "estimate", "std_error", "ci_lower", "ci_upper"]
    rows = pd.DataFrame([row for seed in seeds for row in coverage.replicate(seed)], columns=names)
    truth = coverage.true_values(coverage.rook_weights(coverage.ROWS, coverage.COLUMNS))
    table = coverage.summarise(rows, truth, REPLICATIONS)
    ours = table[(table["estimator"] == "transform") & table["quantity"].isin(coverage.CRITERION)]
    # a single coverage may differ from 95 % by 3.5 of its Monte Carlo standard errors
    limit = 3.5 * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert len(ours) == 7
    assert (ours["coverage"] - 0.95).abs().max() <= limit
