"""Coverage under serial correlation: the committed table, and its criterion."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def benchmark_script() -> ModuleType:
    return importlib.import_module("serial_coverage")


@pytest.fixture
def table(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "serial_coverage.csv")


def test_committed_table_meets_the_criterion(benchmark_script, table):
    judged = table[(table["n_units"] == 90) & (table["method"] == "wild_unit")]
    assert judged["replications"].min() >= 1000
    assert benchmark_script.criterion_faults(table) == []


def test_criterion_can_fail(benchmark_script, table):
    worse = table.copy()
    worse.loc[(worse["quantity"] == "rho") & (worse["interval"] == "basic"), "coverage"] = 0.89
    assert benchmark_script.criterion_faults(worse) == ["basic covers rho 0.8900"]
    assert benchmark_script.criterion_faults(table[table["interval"] != "symmetric"])


def test_independence_over_time_is_what_costs_coverage(table):
    """The point of the table: inference that assumes independence covers far less than 95 %."""
    large = table[table["n_units"] == 90]
    rows = large.set_index(["method", "interval", "quantity"])["coverage"].sort_index()
    for method, interval in (("oim", "analytic"), ("year", "percentile")):
        assert rows[method, interval]["rho"] < 0.85
        assert rows[method, interval]["direct"] < 0.85


def test_design_is_what_the_table_says(benchmark_script):
    """Serial correlation and spread of errors and regressor, over one long sample."""
    series = benchmark_script.autoregression(np.random.default_rng(1), 0.7, (400, 500))
    correlation = (series[1:] * series[:-1]).mean() / (series**2).mean()
    # Standard errors are below 0.005 for both.
    assert correlation == pytest.approx(0.7, abs=0.02)
    assert (series**2).mean() == pytest.approx(1.0, abs=0.02)
    truth = benchmark_script.true_values(benchmark_script.rook_weights(9, 10))
    assert truth["total"] == pytest.approx((1.0 + 0.3) / (1.0 - 0.5))
