"""The finished demonstration against the golden numbers, and what the guard must catch."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from checkout import Checkout
from golden_numbers import FOLDER, compare_with_golden, main

from yrb_carbon.comparison import Comparison, compare_results
from yrb_carbon.comparison.text import text_lines
from yrb_carbon.estimates import NUMBER_COLUMNS, read_estimates, write_estimates

pytestmark = pytest.mark.slow

RESULTS = "results/demo"
JITTER = 1e-9
MOVE = 1e-4
"""Relative, of one coefficient."""


def told(found: Comparison) -> str:
    return "\n".join(text_lines(found))


@pytest.fixture
def own_golden(repository: Path, tmp_path: Path) -> Path:
    """A repository with golden numbers of its own."""
    shutil.copytree(repository / FOLDER / "demo", tmp_path / "own" / FOLDER / "demo")
    return tmp_path / "own"


def test_demonstration_gives_the_golden_numbers(demo_run: Path):
    found = compare_with_golden("demo", demo_run / RESULTS)
    assert found.same, told(found)
    assert found.matched > 17_900
    assert main(["check", "demo", str(demo_run / RESULTS)]) == 0


def test_a_coefficient_that_moved_by_1e_4_fails(demo_run: Path, own_golden: Path):
    path = own_golden / FOLDER / "demo" / "T4.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    chosen = (rows["model"] == "sdm") & (rows["quantity"] == "coef") & (rows["term"] == "lq")
    chosen &= rows["vcov"] == "serial"
    assert chosen.sum() == 1
    moved = float(rows.loc[chosen, "estimate"].item()) * (1.0 + MOVE)
    rows.loc[chosen, "estimate"] = f"{moved:.12g}"
    rows.to_csv(path, index=False)
    found = compare_with_golden("demo", demo_run / RESULTS, own_golden)
    assert not found.same
    assert len(found.moves) == 1
    assert "T4/sdm" in told(found)
    assert found.moves["relative"].item() == pytest.approx(MOVE, rel=1e-3)


def test_jitter_of_every_number_passes(demo_run: Path, tmp_path: Path):
    frame, rng = read_estimates(demo_run / RESULTS / "estimates.csv"), np.random.default_rng(3)
    for column in NUMBER_COLUMNS:
        frame[column] *= 1.0 + JITTER * rng.choice([-1.0, 1.0], len(frame))
    other = tmp_path / "estimates.csv"
    write_estimates(frame, other)
    assert compare_with_golden("demo", other).same
    assert compare_results(demo_run / RESULTS, other).same


def test_a_control_that_was_dropped_is_named(finished: Checkout, tmp_path: Path):
    """T4 without population density: its models and the effects that rest on them move."""
    config = finished.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    before, title, after = text.partition("  T4:\n")
    changed = after.replace("regressors: [lq, ln_pgdp, ln_density]", "regressors: [lq, ln_pgdp]", 1)
    assert changed != after
    config.write_text(f"{before}{title}{changed}", encoding="utf-8")
    tables = ("T4", "T5")
    files = [f"{RESULTS}/models/{name}.parquet" for name in tables]
    finished.snakemake("--cores", "2", *files)
    rows = [pd.read_parquet(finished.folder / file) for file in files]
    write_estimates(pd.concat(rows).assign(study="demo"), tmp_path / "estimates.csv")

    found = compare_results(
        finished.folder / RESULTS / "estimates.csv", tmp_path / "estimates.csv", tables=tables
    )
    by_name = {change.name: change for change in found.models}
    sdm = by_name["T4/sdm"]
    assert sdm.notes == ("regressor ln_density and W.ln_density vanished",)
    assert sdm.vanished == 6
    assert sdm.moved > 0
    assert 0.01 < sdm.in_se < 3.0
    assert by_name["T4/ols_twoway"].notes == ("regressor ln_density vanished",)
    assert by_name["T5/sdm"].notes == ("term ln_density vanished",)
    assert not len(found.appeared)
    assert "regressor ln_density and W.ln_density vanished" in told(found)
