"""The finished demonstration against the truth that its inputs were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yrb_carbon.estimates import read_estimates

pytestmark = pytest.mark.slow

OUTSIDE = {"natural_direct"}
"""One of 18 true effects, where 95 % intervals leave out 0.9 on average; none of them mediated."""


@pytest.mark.parametrize(("inference", "vcov"), [("mc", "serial"), ("bootstrap_wild_unit", "")])
def test_true_effects_by_path_in_their_robust_intervals(demo_run: Path, inference: str, vcov: str):
    results = demo_run / "results" / "demo"
    truth = json.loads((results / "inputs" / "truth.json").read_text(encoding="utf-8"))["effects"]
    rows = read_estimates(results / "estimates.csv")
    rows = rows[(rows["table"] == "T7") & (rows["model"] == "joint") & (rows["spec"] == "")]
    rows = rows[(rows["inference"] == inference) & (rows["vcov"] == vcov)]
    cells = rows[rows["equation"] == "system"].set_index(["quantity", "term"])
    outside, compared = set(), 0
    for name, parts in truth.items():
        if name.startswith("x_on_"):
            continue
        path, _, mediator = name.partition("_")
        term = (mediator or "all") if path == "mediated" else "lq"
        for part, value in parts.items():
            kind = "indirect" if (path, part) == ("system", "spillover") else part
            row = cells.loc[f"{path}_{kind}", term]
            compared += 1
            if not row["ci_lower"] <= value <= row["ci_upper"]:
                outside.add(f"{path}_{kind}")
    assert compared == 18
    assert outside == OUTSIDE
