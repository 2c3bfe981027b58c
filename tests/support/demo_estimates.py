"""Rows of the demo study for tests of what prints them, from the golden numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from yrb_carbon.estimates import DISCARDED, estimates_frame
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "golden" / "demo"
SIZES = {"n_units": 90, "n_periods": 16, "n_obs": 1440}
SHARES = ("share", "ratio")


def demo_estimates(*tables: str) -> pd.DataFrame:
    """Rows of some tables; what the golden files leave out is filled in by a normal distribution.

    Where a row has no standard error, a tenth of the estimate stands for one, so that all that has
    an interval in the study has one here.
    """
    rows = pd.concat(
        pd.read_csv(GOLDEN / f"{name}.csv", dtype={"year": "Int64"}) for name in tables
    )
    spread = rows["std_error"].fillna(rows["estimate"].abs() / 10)
    statistic = rows["estimate"] / spread.where(spread > 0)
    has_interval = rows["inference"].notna() & rows["term"].ne(DISCARDED)
    judged = statistic.where(has_interval & ~rows["quantity"].isin(SHARES))
    reach = norm.ppf(0.975) * spread
    return estimates_frame(
        rows.assign(
            statistic=judged,
            p_value=2 * norm.sf(np.abs(judged)),
            ci_lower=(rows["estimate"] - reach).where(has_interval),
            ci_upper=(rows["estimate"] + reach).where(has_interval),
            draws=np.where(rows["inference"].isin(["simulation", "mc"]), 5000, 999),
            **SIZES,
        )
    )


def demo_study(*tables: str, overlay: Path | None = None) -> Study:
    """The demo study with some of its tables alone, read from the folder of the checkout."""
    files = [REPOSITORY / "config.yaml", *([overlay] if overlay else [])]
    study = load_study(files)
    kept = {name: study.tables[name] for name in tables}
    return study.model_copy(update={"tables": kept, "claims": None})
