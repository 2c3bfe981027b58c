"""Bias and coverage of nominal 95 % intervals of the two-way dynamic spatial Durbin panel.

Simulates y_t = tau y_{t-1} + rho W y_t + eta W y_{t-1} + x_t beta + W x_t theta + mu + xi_t + e_t
on a rook grid (row-standardised) with independent normal errors, a regressor that is correlated
with the unit effects and 50 periods before the first one observed. T counts the periods observed:
the first is the initial value, the likelihood has T - 1. Cases: the panel of the studies
(90 units, 16 periods), one of the same size with slow dynamics, and one that is small in both
directions (21 units, 6 periods). Every estimator is fitted; intervals of the long run exist only
where the estimate is stable, those of the adjusted score only where it has a root, those of the
one-step correction only where the uncorrected estimate is stable: the column ``missing`` counts
the samples without, and all other columns are of the rest. Medians stand beside means because
long-run effects have no moments in short panels. ``seconds``: work on all samples of the case,
summed over the processes.

Writes docs/benchmarks/dynamic_coverage.csv; exits with 1 if the criterion fails:

    adjusted_score at (90, 16), the mean coverage of tau, eta, rho, beta, theta and of the direct
    and indirect effects in the short and in the long run is at least 92 %, by the delta method and
    by simulation.

Usage: python benchmarks/dynamic_coverage.py [replications]
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.spatialpanel.dynamic import DynamicSpatialPanel
from yrb_carbon.spatialpanel.errors import (
    BoundaryError,
    ConvergenceError,
    UnstableError,
    UnstableWarning,
)

SEED = 20240116
REPLICATIONS = 2000
PROCESSES = 2
SIMULATION_DRAWS = 1000
BURN_IN = 50
ESTIMATORS = ("adjusted_score", "bias_corrected", "qml")
SIMULATED = "adjusted_score"
CRITERION = 0.92
HEADLINE = "90x16"
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "dynamic_coverage.csv"


@dataclass(frozen=True)
class Case:
    """Grid, periods observed and the true parameters."""

    name: str
    rows: int
    columns: int
    periods: int
    tau: float = 0.4
    eta: float = -0.1
    rho: float = 0.4
    beta: float = 1.0
    theta: float = 0.3
    sigma2: float = 1.0


CASES = (
    Case("90x16", 9, 10, 16),
    Case("90x16 slow", 9, 10, 16, tau=0.7, eta=-0.15, rho=0.3),
    Case("21x6", 3, 7, 6),
)


def rook_weights(rows: int, columns: int) -> sparse.csr_array:
    """Row-standardised rook contiguity of a grid."""
    units = np.arange(rows * columns).reshape(rows, columns)
    pairs = [(units[:, :-1], units[:, 1:]), (units[:-1], units[1:])]
    focal = np.concatenate([np.concatenate([a.ravel(), b.ravel()]) for a, b in pairs])
    other = np.concatenate([np.concatenate([b.ravel(), a.ravel()]) for a, b in pairs])
    binary = sparse.csr_array((np.ones(focal.size), (focal, other)), shape=(units.size,) * 2)
    return sparse.csr_array(sparse.diags_array(1.0 / binary.sum(axis=1)) @ binary)


def true_values(case: Case) -> dict[str, float]:
    """Parameters and effects, the effects from the inverses themselves."""
    w = rook_weights(case.rows, case.columns).toarray()
    identity = np.eye(len(w))
    change = case.beta * identity + case.theta * w
    filters = {
        "short": identity - case.rho * w,
        "long": (1.0 - case.tau) * identity - (case.rho + case.eta) * w,
    }
    values = {
        "tau": case.tau,
        "eta": case.eta,
        "rho": case.rho,
        "beta": case.beta,
        "theta": case.theta,
        "sigma2": case.sigma2,
    }
    for horizon, matrix in filters.items():
        effect = np.linalg.solve(matrix, change)
        direct, total = np.trace(effect) / len(w), effect.sum() / len(w)
        values |= {
            f"{horizon} direct": direct,
            f"{horizon} indirect": total - direct,
            f"{horizon} total": total,
        }
    return values


def draw_sample(case: Case, rng: np.random.Generator) -> DynamicSpatialPanel:
    """One panel, the periods before the first one observed left out."""
    w = rook_weights(case.rows, case.columns)
    n_units, n_periods = w.shape[0], BURN_IN + case.periods
    dense = w.toarray()
    multiplier = np.linalg.inv(np.eye(n_units) - case.rho * dense)
    mu, xi = rng.standard_normal(n_units), rng.standard_normal(n_periods)
    x = 0.5 * mu + rng.standard_normal((n_periods, n_units))
    errors = np.sqrt(case.sigma2) * rng.standard_normal((n_periods, n_units))
    shocks = case.beta * x + case.theta * x @ dense.T + mu + xi[:, None] + errors
    y = np.zeros((n_periods, n_units))
    for t in range(1, n_periods):
        carried = case.tau * y[t - 1] + case.eta * dense @ y[t - 1]
        y[t] = multiplier @ (carried + shocks[t])
    index = pd.MultiIndex.from_product([range(case.periods), range(n_units)]).swaplevel()
    return DynamicSpatialPanel(
        pd.Series(y[BURN_IN:].ravel(), index, name="y"),
        pd.DataFrame({"x": x[BURN_IN:].ravel()}, index),
        (range(n_units), w),
    )


PARAMETERS = ("tau", "eta", "beta", "theta", "rho", "sigma2")
EFFECTS = ("direct", "indirect", "total")
# Half the width of a normal 95 % interval in standard errors.
QUANTILE = 1.959963984540054
COLUMNS = [
    "estimator",
    "quantity",
    "inference",
    "estimate",
    "std_error",
    "ci_lower",
    "ci_upper",
]


def normal_rows(names: list[str], estimates: np.ndarray, covariance: np.ndarray) -> list[list[Any]]:
    """Name, estimate, standard error and normal interval; as ``conf_int`` but without tables."""
    errors = np.sqrt(np.diag(covariance))
    half = QUANTILE * errors
    return [
        list(row)
        for row in zip(names, estimates, errors, estimates - half, estimates + half, strict=True)
    ]


def replicate(seed: np.random.SeedSequence, case: Case) -> list[list[Any]]:
    """Estimator, quantity, inference, estimate, standard error and interval of one sample."""
    model = draw_sample(case, np.random.default_rng(seed))
    rows: list[list[Any]] = []
    for estimator in ESTIMATORS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnstableWarning)
                result = model.fit(estimator)
        except (BoundaryError, ConvergenceError, UnstableError):
            continue
        found = normal_rows(list(PARAMETERS), result.params.to_numpy(), result.covariance)
        rows += [[estimator, row[0], "asymptotic", *row[1:]] for row in found]
        for horizon in ("short", "long"):
            if horizon == "long" and not result.stability.stable:
                continue
            names = [f"{horizon} {effect}" for effect in EFFECTS]
            effects = result.effects(horizon)
            found = normal_rows(names, effects.estimates[0], effects.covariance)
            rows += [[estimator, row[0], "delta", *row[1:]] for row in found]
            if estimator == SIMULATED:
                drawn = result.effects(
                    horizon, "simulation", draws=SIMULATION_DRAWS, seed=seed.spawn(1)[0]
                )
                intervals = np.quantile(drawn.draws[:, 0], [0.025, 0.975], axis=0)
                errors = np.sqrt(np.diag(drawn.covariance))
                rows += [
                    [estimator, *row]
                    for row in zip(
                        names,
                        ["simulation"] * 3,
                        drawn.estimates[0],
                        errors,
                        *intervals,
                        strict=True,
                    )
                ]
    return rows


def replicate_timed(seed: np.random.SeedSequence, case: Case) -> tuple[list[list[Any]], float]:
    """`replicate` and the seconds that it took."""
    start = time.perf_counter()
    return replicate(seed, case), time.perf_counter() - start


def summarise(rows: pd.DataFrame, case: Case, replications: int) -> pd.DataFrame:
    """Bias, spread and coverage by estimator and quantity."""
    rows = rows.assign(truth=rows["quantity"].map(true_values(case)))
    rows["covered"] = (rows["ci_lower"] <= rows["truth"]) & (rows["truth"] <= rows["ci_upper"])
    table = (
        rows.groupby(["estimator", "quantity", "inference"], sort=False)
        .agg(
            truth=("truth", "first"),
            mean_estimate=("estimate", "mean"),
            median_estimate=("estimate", "median"),
            sd_estimate=("estimate", "std"),
            mean_std_error=("std_error", "mean"),
            median_std_error=("std_error", "median"),
            coverage=("covered", "mean"),
            samples=("covered", "size"),
        )
        .reset_index()
    )
    table.insert(4, "bias", table["mean_estimate"] - table["truth"])
    table["bias_mc_error"] = table["sd_estimate"] / np.sqrt(table["samples"])
    spread = table["coverage"] * (1.0 - table["coverage"])
    table["coverage_mc_error"] = np.sqrt(spread / table["samples"])
    table["missing"] = replications - table["samples"]
    table.insert(0, "case", case.name)
    return table.assign(
        replications=replications, n_units=case.rows * case.columns, n_periods=case.periods
    )


def mean_coverage(table: pd.DataFrame, case: str, estimator: str, inference: str) -> float:
    """Mean over the parameters but sigma2 and the direct and indirect effects."""
    rows = table[(table["case"] == case) & (table["estimator"] == estimator)]
    rows = rows[rows["inference"].isin(["asymptotic", inference])]
    left_out = rows["quantity"].str.contains("total|sigma2")
    return float(rows.loc[~left_out, "coverage"].mean())


def criterion_faults(table: pd.DataFrame) -> list[str]:
    """What the default estimator misses of the criterion."""
    means = {
        inference: mean_coverage(table, HEADLINE, SIMULATED, inference)
        for inference in ("delta", "simulation")
    }
    return [
        f"mean coverage of {SIMULATED} at {HEADLINE} with {inference} is {mean:.4f}"
        for inference, mean in means.items()
        if not mean >= CRITERION
    ]


def main(replications: int) -> int:
    # Fresh processes read these when they load BLAS: many threads each would get in
    # the way of one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    context = multiprocessing.get_context("spawn")
    tables = []
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        for case, case_seed in zip(
            CASES, np.random.SeedSequence(SEED).spawn(len(CASES)), strict=True
        ):
            seeds = case_seed.spawn(replications)
            samples = list(pool.map(partial(replicate_timed, case=case), seeds, chunksize=25))
            rows = pd.DataFrame([row for sample, _ in samples for row in sample], columns=COLUMNS)
            seconds = sum(spent for _, spent in samples)
            tables.append(summarise(rows, case, replications).assign(seconds=seconds))
            print(f"{case.name}: {seconds:.0f} s of work", file=sys.stderr)
    table = pd.concat(tables, ignore_index=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUTPUT, index=False, float_format="%.6g", lineterminator="\n")
    print(table.drop(columns=["replications", "n_units", "n_periods"]).to_string(index=False))
    for case in CASES:
        for estimator in ESTIMATORS:
            kinds = ("delta", "simulation") if estimator == SIMULATED else ("delta",)
            means = [f"{k} {mean_coverage(table, case.name, estimator, k):.4f}" for k in kinds]
            print(f"{case.name}, {estimator}: mean coverage {', '.join(means)}")
    faults = criterion_faults(table)
    print("criterion met" if not faults else "criterion failed: " + "; ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS))
