"""Sizes of the sup-Wald test of a break at an unknown date.

y_t = 0.4 W y_t + x_t - 0.5 z_t + 0.3 W x_t + 0.2 W z_t + unit and year effects + e_t on a 9 x 10
rook grid over 16 years, no break. Errors are independent, or AR(0.7) within units; x and z are
AR(0.8) within units. Two-way spatial Durbin model by transformation, cuts after years 6 to 12, B =
199 wild-bootstrap draws of units. Rejections at nominal 10, 5 and 1 % of

    sup-Wald               the largest statistic against the bootstrap;
    known date             the middle cut against its bootstrap;
    largest against chi2   the largest statistic as if its date had been known: the mistake to show;
    known against chi2     the middle cut against chi2: serial correlation alone.

Writes docs/benchmarks/break_size.csv; exits with 1 if the criterion fails:

    sup-Wald at 5 %: within 0.05 +- 3.5 Monte Carlo errors for independent errors, and at most 0.08
    plus as much for AR(0.7) errors.

``seconds`` is all work of a design, summed over processes. Usage: python benchmarks/break_size.py
[replications]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from replications import MONTE_CARLO_ERRORS, run_replications
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, simulate, sup_wald

SEED = 20240930
REPLICATIONS, DRAWS = 500, 199
ROWS, COLUMNS, PERIODS = 9, 10, 16
CUTS = tuple(range(6, 13))
KNOWN = 3
DESIGNS = {"iid": 0.0, "AR(0.7)": 0.7}
REGRESSOR_AR = 0.8
LEVELS = (0.10, 0.05, 0.01)
TOLERATED = {"iid": 0.05, "AR(0.7)": 0.08}
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "break_size.csv"


def rook_weights() -> sparse.csr_array:
    grid = [np.diag(np.ones(size - 1), 1) for size in (ROWS, COLUMNS)]
    rows, columns = (line + line.T for line in grid)
    links = np.kron(rows, np.eye(COLUMNS)) + np.kron(np.eye(ROWS), columns)
    return sparse.csr_array(links / links.sum(axis=1, keepdims=True))


def autoregression(rng: np.random.Generator, coefficient: float, shape: tuple[int, ...]):
    """Stationary, of unit variance, along the first axis."""
    values = rng.standard_normal(shape)
    for t in range(1, shape[0]):
        values[t] = coefficient * values[t - 1] + np.sqrt(1.0 - coefficient**2) * values[t]
    return values


def replicate(seed: np.random.SeedSequence, errors: str) -> pd.DataFrame:
    rng, weights = np.random.default_rng(seed), rook_weights()
    n_units = ROWS * COLUMNS
    x = autoregression(rng, REGRESSOR_AR, (PERIODS, n_units, 2))
    y = simulate(
        weights,
        x,
        autoregression(rng, DESIGNS[errors], (PERIODS, n_units)),
        beta=np.array([1.0, -0.5]),
        theta=np.array([0.3, 0.2]),
        rho=0.4,
        mu=rng.standard_normal(n_units),
        xi=rng.standard_normal(PERIODS),
    )
    panel = SpatialPanel.of_arrays(y, x, weights)
    found = sup_wald(panel, CUTS, draws=DRAWS, seed=int(rng.integers(2**32)))
    path = found.path
    return pd.DataFrame(
        {
            "test": ["sup-Wald", "known date", "largest against chi2", "known against chi2"],
            "p_value": [
                found.p_value,
                path["p_bootstrap"].iloc[KNOWN],
                path["p_chi2"].min(),
                path["p_chi2"].iloc[KNOWN],
            ],
        }
    )


def size_table(rows: pd.DataFrame, errors: str, replications: int, seconds: float) -> pd.DataFrame:
    found = []
    for test, values in rows.groupby("test", sort=False)["p_value"]:
        for level in LEVELS:
            # A p-value that is exactly the level rejects; rounding must not decide.
            rejected = float((values <= level + 1e-12).mean())
            found.append(
                (errors, test, level, rejected, np.sqrt(level * (1 - level) / len(values)))
            )
    columns = ["errors", "test", "level", "rejected", "mc_error"]
    table = pd.DataFrame(found, columns=columns)
    return table.assign(replications=replications, draws=DRAWS, seconds=round(seconds, 1))


def size_faults(table: pd.DataFrame) -> list[str]:
    judged = table[(table["test"] == "sup-Wald") & (table["level"] == 0.05)]
    faults = []
    for row in judged.to_dict("records"):
        margin = MONTE_CARLO_ERRORS * row["mc_error"]
        too_small = row["errors"] == "iid" and row["rejected"] < 0.05 - margin
        if row["rejected"] > TOLERATED[row["errors"]] + margin or too_small:
            faults.append(f"{row['errors']}: sup-Wald rejects {row['rejected']:.4f} at 0.05")
    return faults


def main(replications: int) -> int:
    tables = []
    for errors in DESIGNS:
        rows, seconds = run_replications(
            replicate, (errors,), name="break_size", seed=SEED, replications=replications
        )
        tables.append(size_table(rows, errors, replications, seconds))
    table = pd.concat(tables, ignore_index=True)
    table.round(4).to_csv(OUTPUT, index=False, lineterminator="\n")
    print(table.to_string())
    faults = size_faults(table)
    print("\n".join(faults) or "criterion met")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS))
