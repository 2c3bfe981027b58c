"""Write the golden numbers of the real study: estimates of T4 and T5, never data.

    python tests/golden/yrb_real.py results/yrb-real/estimates.csv

Run it after a change that is meant to move these numbers, and say in the commit why they moved.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from yrb_carbon.estimates import read_estimates

FILE = Path(__file__).with_name("yrb_real_T4_T5.csv")
TABLES = ("T4", "T4_ceads", "T5", "T5_ceads")
QUANTITIES = ("coef", "rho", "sigma2", "loglik", "direct", "indirect", "total", "residual_ar1")
KEY = ["table", "model", "outcome", "quantity", "term", "vcov"]
COLUMNS = [*KEY, "estimate", "std_error", "n_units", "n_periods"]


def golden_rows(path: str | Path) -> pd.DataFrame:
    """Point estimates and analytic standard errors; those from draws follow from these."""
    rows = read_estimates(path)
    rows = rows[rows["table"].isin(TABLES) & rows["quantity"].isin(QUANTITIES)]
    rows = rows[~rows["inference"].isin(["simulation", "bootstrap_wild_unit"])]
    return rows[COLUMNS].sort_values(KEY, ignore_index=True)


if __name__ == "__main__":
    golden_rows(sys.argv[1]).to_csv(FILE, index=False, float_format="%.12g", lineterminator="\n")
