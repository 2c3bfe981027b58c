"""The committed table of times keeps what is promised of mediated effects."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return importlib.import_module("mediation_speed")


@pytest.fixture
def table(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "mediation_speed.csv")


def test_promises_are_kept(script, table):
    assert script.check_promises(table) == []
    assert script.PROMISES == {"total": 0.5, "bootstrap_wild_unit": 10.0, "bootstrap_year": 10.0}


def test_a_broken_promise_is_seen(script, table):
    table.loc[table["n_units"] == 90, "total"] = 0.6
    table.loc[table["n_units"] == 1000, "total"] = 60.0
    table.loc[(table["n_units"] == 90) & (table["weights"] == "knn"), "bootstrap_year"] = np.nan
    assert script.check_promises(table) == [
        "grid: total takes 0.6 s, promised 0.5 s",
        "knn: total takes 0.6 s, promised 0.5 s",
        "knn: bootstrap_year takes nan s, promised 10.0 s",
    ]


def test_table_is_of_this_script(script, table):
    assert sorted(zip(table["n_units"], table["weights"], strict=True)) == sorted(
        (rows * columns, kind) for rows, columns in script.GRIDS for kind in script.KINDS
    )
    assert set(table["draws"]) == {script.DRAWS} == {5000}
    assert set(table["mediators"]) == {3}
    assert set(table["n_periods"]) == {16}


@pytest.mark.parametrize("kind", ["grid", "knn"])
def test_systems_of_the_benchmark_have_their_effects(script, kind):
    fit = script.build_system(script.make_system(4, 5, kind, 6)).fit()
    assert fit.effects(draws=20).n_draws == 20
    assert np.isnan(script.time_bootstrap(fit, "year"))
