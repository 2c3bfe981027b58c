"""Small files of estimates for the tests of comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.estimates import estimates_frame, write_estimates


def row(term: str = "lq", **cells: Any) -> dict[str, Any]:
    """One row of T4, a coefficient by the classical covariance where nothing else is said."""
    return {
        "study": "demo", "table": "T4", "model": "sdm", "outcome": "cb", "spec": "sdm",
        "sample": "main", "weights": "queen", "equation": "outcome", "quantity": "coef",
        "term": term, "estimate": -0.2, "std_error": 0.01, "statistic": -20.0, "p_value": 0.0,
        "ci_lower": -0.22, "ci_upper": -0.18, "n_units": 90, "n_periods": 16, "n_obs": 1440,
        "estimator": "transform", "vcov": "oim", "inference": "normal", **cells,
    }  # fmt: skip


def sdm() -> pd.DataFrame:
    """A Durbin model with three regressors and their lags, two covariances, and its effects."""
    rows = []
    for place, name in enumerate(("lq", "ln_pgdp", "ln_density"), 1):
        for vcov in ("oim", "serial"):
            rows.append(row(name, estimate=0.1 * place, vcov=vcov))
            rows.append(row(f"W.{name}", estimate=-0.03 * place, vcov=vcov))
            rows.append(row(name, table="T5", quantity="direct", inference="delta", vcov=vcov))
        rows.append(
            row(name, table="T5", quantity="direct", inference="simulation", draws=400, seed=7)
        )
    rows.append(row("", quantity="rho", estimate=0.5))
    rows.append(row("", quantity="loglik", estimate=1234.5, std_error=None))
    return estimates_frame(rows)


def written(frame: pd.DataFrame, path: Path) -> Path:
    """The file, written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_estimates(frame, path)
    return path
