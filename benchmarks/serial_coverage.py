"""Coverage of nominal 95 % intervals of the two-way spatial Durbin panel under serial correlation.

Errors are AR(0.7) within units (stationary, standard deviation 1), the regressor is AR(0.8) within
units plus a unit effect, rho = 0.5, rook contiguity; estimated by transformation. Two sizes: 9 x 10
units by 16 periods, and 3 x 7 units by 6 periods, which is reported as it comes. Intervals:

    every cov_type given (parameters normal, effects by delta), and the bootstrap by unit and by
    year with every kind of interval.

Writes docs/benchmarks/serial_coverage.csv; exits with 1 if the criterion fails, 9 x 10 by 16 only:

    wild_unit, every kind: rho, direct, indirect each cover at least 90 %, 91.5 % in the mean.

The information matrix and the bootstrap by year assume independence over time and fail: they are in
the table to show by how much. ``seconds`` is the mean of a method over the samples, and
``total_seconds`` all work of the size, summed over the processes. Replications are written to the
scratch folder in chunks, and a run that was stopped goes on where it was.
Usage: python benchmarks/serial_coverage.py --scratch FOLDER [--replications 1000] [--processes 2]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, SpatialPanelResults, simulate
from yrb_carbon.spatialpanel.bootstrap import BootstrapResults, bootstrap

SEED = 20240701
REPLICATIONS = 1000
CHUNK = 25
# (draws + 1)·0.025 is whole, so that the tails hold whole numbers of draws.
DRAWS = 199
SIZES = ((9, 10, 16), (3, 7, 6))
JUDGED = (90, 16)
ERROR_AR, REGRESSOR_AR = 0.7, 0.8
TRUTH = {"rho": 0.5, "x": 1.0, "W.x": 0.3}
COV_TYPES = ("oim", "serial", "clustered")
KINDS = {
    "wild_unit": ("percentile", "basic", "normal", "bias_corrected", "studentised", "symmetric"),
    "year": ("percentile", "normal"),
}
QUANTITIES = ("rho", "x", "W.x", "direct", "indirect", "total")
CRITERION = ("rho", "direct", "indirect")
EACH, MEAN = 0.90, 0.915
COLUMNS = ["replication", "method", "interval", "quantity", "estimate", "std_error", "lower",
           "upper", "boundary_draws", "seconds"]  # fmt: skip
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "serial_coverage.csv"


def rook_weights(rows: int, columns: int) -> sparse.csr_array:
    """Row-standardised rook contiguity of a grid."""
    units = np.arange(rows * columns).reshape(rows, columns)
    binary = np.zeros((units.size, units.size))
    for a, b in ((units[:, :-1], units[:, 1:]), (units[:-1], units[1:])):
        binary[a.ravel(), b.ravel()] = binary[b.ravel(), a.ravel()] = 1.0
    return sparse.csr_array(binary / binary.sum(axis=1, keepdims=True))


def true_values(weights: sparse.csr_array) -> dict[str, float]:
    """Parameters and effects, the effects from the inverse itself."""
    dense = weights.toarray()
    identity = np.eye(len(dense))
    matrix = np.linalg.solve(
        identity - TRUTH["rho"] * dense, TRUTH["x"] * identity + TRUTH["W.x"] * dense
    )
    direct, total = np.trace(matrix) / len(dense), matrix.sum() / len(dense)
    return {**TRUTH, "direct": direct, "indirect": total - direct, "total": total}


def autoregression(rng: np.random.Generator, persistence: float, shape: tuple[int, int]):
    """Stationary AR(1) over axis 0 with standard deviation 1."""
    shocks = rng.standard_normal(shape)
    series = np.empty(shape)
    series[0] = shocks[0]
    for t in range(1, shape[0]):
        series[t] = persistence * series[t - 1] + np.sqrt(1.0 - persistence**2) * shocks[t]
    return series


def draw_sample(size: tuple[int, int, int], seed: np.random.SeedSequence) -> SpatialPanel:
    """One panel of the design."""
    rows, columns, periods = size
    weights = rook_weights(rows, columns)
    n_units = rows * columns
    rng = np.random.default_rng(seed)
    mu, xi = rng.standard_normal(n_units), rng.standard_normal(periods)
    x = 0.5 * mu[None, :] + autoregression(rng, REGRESSOR_AR, (periods, n_units))
    y = simulate(
        weights,
        x[:, :, None],
        autoregression(rng, ERROR_AR, (periods, n_units)),
        beta=np.array([TRUTH["x"]]),
        theta=np.array([TRUTH["W.x"]]),
        rho=TRUTH["rho"],
        mu=mu,
        xi=xi,
    )
    index = pd.MultiIndex.from_product([range(periods), range(n_units)]).swaplevel()
    return SpatialPanel(
        pd.Series(y.ravel(), index, name="y"),
        pd.DataFrame({"x": x.ravel()}, index),
        (range(n_units), weights),
    )


def analytic_rows(panel: SpatialPanel, cov_type: str) -> tuple[list[tuple], SpatialPanelResults]:
    """Quantity, estimate, standard error and interval by an analytic covariance."""
    fit = panel.fit(cov_type=cov_type)
    tables = [fit.tidy(), fit.effects("delta").tidy()]
    return [("analytic", *row) for row in named_rows(tables)], fit


def bootstrap_rows(boot: BootstrapResults, kind: str) -> list[tuple]:
    """The same by one kind of bootstrap interval."""
    return [(kind, *row) for row in named_rows([boot.tidy(kind=kind), boot.effects(kind).tidy()])]


def named_rows(tables: list[pd.DataFrame]) -> list[tuple]:
    rows = []
    for row in pd.concat(tables).itertuples():
        name = row.term if row.quantity == "coef" else row.quantity
        if name in QUANTITIES:
            rows.append((name, row.estimate, row.std_error, row.ci_lower, row.ci_upper))
    return rows


def replicate(size: tuple[int, int, int], replication: int, cov_types: tuple[str, ...]) -> list:
    """All intervals of one sample."""
    sample_seed, draw_seed = np.random.SeedSequence([SEED, *size, replication]).spawn(2)
    panel = draw_sample(size, sample_seed)
    rows = []
    for cov_type in cov_types:
        start = time.perf_counter()
        found, fit = analytic_rows(panel, cov_type)
        if fit.at_boundary:
            # No interval exists; the table shows how many samples are left out.
            return [(replication, "none", "at_boundary", "rho", fit.rho, *[np.nan] * 3, 0, 0.0)]
        seconds = time.perf_counter() - start
        rows += [(replication, cov_type, *row, 0, seconds) for row in found]
    for scheme, kinds in KINDS.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            # Draws at the boundary are a column of the table.
            warnings.simplefilter("ignore")
            boot = bootstrap(fit, DRAWS, draw_seed, scheme=scheme, studentise="symmetric" in kinds)
        seconds = time.perf_counter() - start
        for kind in kinds:
            rows += [
                (replication, scheme, *row, boot.n_boundary, seconds)
                for row in bootstrap_rows(boot, kind)
            ]
    return rows


def run_chunk(job: tuple[tuple[int, int, int], int, int, tuple[str, ...], Path]) -> Path:
    """One part of the replications, unless it is there already."""
    size, start, stop, cov_types, folder = job
    name = "x".join(map(str, size))
    path = folder / f"timed_{name}_{'-'.join(cov_types)}_{DRAWS}_{start:05d}_{stop:05d}.csv"
    if not path.exists():
        started = time.perf_counter()
        rows = [row for number in range(start, stop) for row in replicate(size, number, cov_types)]
        part = pd.DataFrame(rows, columns=COLUMNS)
        part["chunk_seconds"] = time.perf_counter() - started
        unfinished = path.with_suffix(".tmp")
        part.to_csv(unfinished, index=False)
        unfinished.rename(path)
    return path


def summarise(rows: pd.DataFrame, size: tuple[int, int, int]) -> pd.DataFrame:
    """Bias, spread, coverage and width by method, interval and quantity."""
    truth = true_values(rook_weights(*size[:2]))
    rows = rows.assign(truth=rows["quantity"].map(truth), width=rows["upper"] - rows["lower"])
    rows["covered"] = (rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])
    table = (
        rows.groupby(["method", "interval", "quantity"], sort=False)
        .agg(
            truth=("truth", "first"),
            mean_estimate=("estimate", "mean"),
            sd_estimate=("estimate", "std"),
            mean_std_error=("std_error", "mean"),
            mean_width=("width", "mean"),
            coverage=("covered", "mean"),
            replications=("replication", "nunique"),
            boundary_draws=("boundary_draws", "sum"),
            seconds=("seconds", "mean"),
        )
        .reset_index()
    )
    table["mc_error"] = np.sqrt(
        table["coverage"] * (1.0 - table["coverage"]) / table["replications"]
    )
    table.insert(0, "n_units", size[0] * size[1])
    table.insert(1, "n_periods", size[2])
    return table.assign(draws=DRAWS)


def criterion_faults(table: pd.DataFrame) -> list[str]:
    """What the bootstrap by unit misses of the criterion."""
    judged = table[
        (table["n_units"] == JUDGED[0])
        & (table["n_periods"] == JUDGED[1])
        & (table["method"] == "wild_unit")
        & table["quantity"].isin(CRITERION)
    ]
    faults = []
    if set(judged["interval"]) != set(KINDS["wild_unit"]):
        faults.append("some kinds of intervals are missing")
    for kind, rows in judged.groupby("interval", sort=False):
        mean = rows["coverage"].mean()
        if len(rows) != len(CRITERION):
            faults.append(f"{kind}: some of {', '.join(CRITERION)} are missing")
        if mean < MEAN:
            faults.append(f"{kind} covers {mean:.4f} in the mean")
        faults += [
            f"{kind} covers {row.quantity} {row.coverage:.4f}"
            for row in rows.itertuples()
            if row.coverage < EACH
        ]
    return faults


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", type=Path, required=True, help="folder of the parts")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cov-types", nargs="+", default=list(COV_TYPES))
    options = parser.parse_args(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    jobs = [
        (size, start, min(start + CHUNK, options.replications), tuple(options.cov_types),
         options.scratch)
        for size in SIZES
        for start in range(0, options.replications, CHUNK)
    ]  # fmt: skip
    # Fresh processes read these when they load BLAS: many threads each would get in
    # the way of one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        paths = list(pool.map(run_chunk, jobs))
    tables = []
    for size in SIZES:
        parts = [path for job, path in zip(jobs, paths, strict=True) if job[0] == size]
        chunks = [pd.read_csv(part) for part in parts]
        spent = sum(float(chunk["chunk_seconds"].iloc[0]) for chunk in chunks)
        tables.append(summarise(pd.concat(chunks), size).assign(total_seconds=spent))
    table = pd.concat(tables, ignore_index=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUTPUT, index=False, float_format="%.6g", lineterminator="\n")
    wide = table.pivot_table(
        "coverage", ["n_units", "n_periods", "method", "interval"], "quantity", sort=False
    )
    print(wide[list(QUANTITIES)].round(3).to_string())
    faults = criterion_faults(table)
    print("criterion met" if not faults else "criterion failed: " + "; ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
