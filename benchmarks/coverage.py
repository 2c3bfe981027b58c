"""Coverage of nominal 95 % intervals of the two-way spatial Durbin panel.

Simulates y_t = rho W y_t + x_t beta + W x_t theta + mu + xi_t + e_t on a 9 x 10 rook grid
(row-standardised, N = 90, T = 16) with independent normal errors and a regressor that is correlated
with the unit effects, fits it by each estimator, and counts how often the intervals hold the truth.
Writes docs/benchmarks/coverage.csv; exits with 1 if the criterion fails:

    transform, the mean coverage of rho, beta, theta, direct, indirect (delta) is 94-96 %, the same
    with simulated effects, and no single one is farther from 95 % than 3.5 Monte Carlo errors.

The direct estimator is reported for contrast: its rho and sigma2 are biased.
Usage: python benchmarks/coverage.py [replications]
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, simulate

SEED = 20240115
REPLICATIONS = 4000
PROCESSES = 2
SIMULATION_DRAWS = 1000
ROWS, COLUMNS, PERIODS = 9, 10, 16
TRUTH = {"rho": 0.5, "x": 1.0, "W.x": 0.3, "sigma2": 1.0}
ESTIMATORS = ("transform", "direct_bc", "direct")
CRITERION = ("rho", "x", "W.x", "direct", "indirect")
NOMINAL = 0.95
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "coverage.csv"


def rook_weights(rows: int, columns: int) -> sparse.csr_array:
    """Row-standardised rook contiguity of a grid."""
    units = np.arange(rows * columns).reshape(rows, columns)
    pairs = [(units[:, :-1], units[:, 1:]), (units[:-1], units[1:])]
    focal = np.concatenate([np.concatenate([a.ravel(), b.ravel()]) for a, b in pairs])
    other = np.concatenate([np.concatenate([b.ravel(), a.ravel()]) for a, b in pairs])
    binary = sparse.csr_array((np.ones(focal.size), (focal, other)), shape=(units.size,) * 2)
    return sparse.csr_array(sparse.diags_array(1.0 / binary.sum(axis=1)) @ binary)


def true_values(weights: sparse.csr_array) -> dict[str, float]:
    """Parameters and effects, the effects from the inverse itself."""
    dense = weights.toarray()
    identity = np.eye(len(dense))
    matrix = np.linalg.solve(
        identity - TRUTH["rho"] * dense, TRUTH["x"] * identity + TRUTH["W.x"] * dense
    )
    direct, total = np.trace(matrix) / len(dense), matrix.sum() / len(dense)
    return {**TRUTH, "direct": direct, "indirect": total - direct, "total": total}


def replicate(
    seed: np.random.SeedSequence,
) -> list[tuple[str, str, str, float, float, float, float]]:
    """Estimator, quantity, inference, estimate, standard error and interval of one sample."""
    weights = rook_weights(ROWS, COLUMNS)
    n_units = weights.shape[0]
    rng = np.random.default_rng(seed)
    mu, xi = rng.standard_normal(n_units), rng.standard_normal(PERIODS)
    x = 0.5 * mu[None, :] + rng.standard_normal((PERIODS, n_units))
    y = simulate(
        weights,
        x[:, :, None],
        np.sqrt(TRUTH["sigma2"]) * rng.standard_normal((PERIODS, n_units)),
        beta=np.array([TRUTH["x"]]),
        theta=np.array([TRUTH["W.x"]]),
        rho=TRUTH["rho"],
        mu=mu,
        xi=xi,
    )
    index = pd.MultiIndex.from_product([range(PERIODS), range(n_units)]).swaplevel()
    model = SpatialPanel(
        pd.Series(y.ravel(), index, name="y"),
        pd.DataFrame({"x": x.ravel()}, index),
        (range(n_units), weights),
    )
    rows = []
    for estimator in ESTIMATORS:
        result = model.fit(estimator)
        tables = [
            result.tidy().query("std_error.notna()").assign(inference="oim"),
            result.effects("delta").tidy(),
            result.effects("simulation", draws=SIMULATION_DRAWS, seed=seed.spawn(1)[0]).tidy(),
        ]
        for table in tables:
            for row in table.itertuples():
                name = row.term if row.quantity == "coef" else row.quantity
                rows.append(
                    (estimator, name, row.inference, row.estimate, row.std_error, row.ci_lower,
                     row.ci_upper)
                )  # fmt: skip
    return rows


def summarise(rows: pd.DataFrame, truth: dict[str, float], replications: int) -> pd.DataFrame:
    """Bias, spread and coverage by estimator and quantity."""
    rows = rows.assign(truth=rows["quantity"].map(truth))
    rows["covered"] = (rows["ci_lower"] <= rows["truth"]) & (rows["truth"] <= rows["ci_upper"])
    groups = rows.groupby(["estimator", "quantity", "inference"], sort=False)
    table = groups.agg(
        truth=("truth", "first"),
        mean_estimate=("estimate", "mean"),
        sd_estimate=("estimate", "std"),
        mean_std_error=("std_error", "mean"),
        coverage=("covered", "mean"),
    ).reset_index()
    table["mc_error"] = np.sqrt(table["coverage"] * (1.0 - table["coverage"]) / replications)
    return table.assign(replications=replications, n_units=ROWS * COLUMNS, n_periods=PERIODS)


def criterion_faults(table: pd.DataFrame, replications: int) -> list[str]:
    """What the transformation estimator misses of the criterion."""
    limit = 3.5 * np.sqrt(NOMINAL * (1.0 - NOMINAL) / replications)
    ours = table[(table["estimator"] == "transform") & table["quantity"].isin(CRITERION)]
    faults = []
    for inference in ("delta", "simulation"):
        rows = ours[ours["inference"].isin(["oim", inference])]
        mean = rows["coverage"].mean()
        print(f"transform, mean coverage of {', '.join(CRITERION)} ({inference}): {mean:.4f}")
        if not 0.94 <= mean <= 0.96:
            faults.append(f"mean coverage with {inference} is {mean:.4f}, not 94-96 %")
        faults += [
            f"{row.quantity} ({row.inference}) covers {row.coverage:.4f}"
            for row in rows.itertuples()
            if abs(row.coverage - NOMINAL) > limit
        ]
    return faults


def main(replications: int) -> int:
    seeds = np.random.SeedSequence(SEED).spawn(replications)
    # Fresh processes read these when they load BLAS: many threads each would get in
    # the way of one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        samples = list(pool.map(replicate, seeds, chunksize=25))
    columns = [
        "estimator",
        "quantity",
        "inference",
        "estimate",
        "std_error",
        "ci_lower",
        "ci_upper",
    ]
    rows = pd.DataFrame([row for sample in samples for row in sample], columns=columns)
    table = summarise(rows, true_values(rook_weights(ROWS, COLUMNS)), replications)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUTPUT, index=False, float_format="%.6g", lineterminator="\n")
    print(table.drop(columns=["replications", "n_units", "n_periods"]).to_string(index=False))
    faults = criterion_faults(table, replications)
    print("criterion met" if not faults else "criterion failed: " + "; ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS))
