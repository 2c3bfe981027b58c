"""Time of mediated effects: fit, Monte Carlo draws and bootstrap of a system of equations.

    python benchmarks/mediation_speed.py [--repeats N] [--output FILE]

Three mediators, spatial Durbin equations with two controls, unit and period effects, T = 16, on
rook contiguity of grids (similar to a symmetric matrix) and on six nearest neighbours of random
points (asymmetric). One thread; a small system is run before the clock starts, so that imports do
not count. Ends with code 1 if a promise is not kept: at N = 90 construction, fit and 5,000 draws
take less than half a second, 999 bootstrap draws with all equations estimated again less than ten.

Columns, seconds of wall time, medians over ``repeats``:

- construct: `SpatialMediation(...)` from a DataFrame, with all checks;
- fit: `.fit()`: five equations with the serially robust covariance;
- effects: `.effects(draws=5000)`: joint covariance, draws, decomposition;
- total: the three; total_cpu: processor time of the three;
- bootstrap_wild_unit, bootstrap_year: `.bootstrap(999, scheme=...)` in two processes, once, for
  N = 90.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from yrb_carbon.mediation import MediationResults, SpatialMediation
from yrb_carbon.spatialpanel import simulate

OUTPUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "mediation_speed.csv"
GRIDS = ((9, 10), (15, 20), (25, 40))
KINDS = ("grid", "knn")
PERIODS, MEDIATORS, NEIGHBOURS = 16, 3, 6
DRAWS, BOOTSTRAP_DRAWS, PROCESSES, SEED = 5000, 999, 2, 1
BOOTSTRAP_UNITS = 90
PROMISES = {"total": 0.5, "bootstrap_wild_unit": 10.0, "bootstrap_year": 10.0}


def main() -> None:
    """Run every case, write the table, hold the promises."""
    parser = argparse.ArgumentParser(description="time of mediated effects")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rows = []
    with threadpool_limits(1):
        build_system(make_system(4, 5, "grid", 6)).fit().effects(draws=50)
        for kind in KINDS:
            for grid in GRIDS:
                row = run_case(*grid, kind, options.repeats)
                print(row, file=sys.stderr, flush=True)
                rows.append(row)
    table = pd.DataFrame(rows)
    table.to_csv(options.output, index=False, float_format="%.6g", lineterminator="\n")
    broken = check_promises(table)
    print("\n".join(broken) or "all promises are kept")
    sys.exit(bool(broken))


def check_promises(table: pd.DataFrame) -> list[str]:
    """What the table does not keep at N = 90."""
    small = table[table["n_units"] == BOOTSTRAP_UNITS]
    return [
        f"{row['weights']}: {name} takes {row[name]:.3g} s, promised {limit} s"
        for _, row in small.iterrows()
        for name, limit in PROMISES.items()
        if not row[name] < limit
    ]


def run_case(rows: int, columns: int, kind: str, repeats: int) -> dict[str, Any]:
    """Times of one size and kind of weights."""
    arguments = make_system(rows, columns, kind, PERIODS)
    laps: dict[str, list[float]] = {}
    for _ in range(repeats):
        cpu, start = time.process_time(), time.perf_counter()
        model = build_system(arguments)
        built = time.perf_counter()
        fit = model.fit()
        fitted = time.perf_counter()
        fit.effects(draws=DRAWS, seed=SEED)
        end = time.perf_counter()
        for name, seconds in (
            ("construct", built - start),
            ("fit", fitted - built),
            ("effects", end - fitted),
            ("total", end - start),
            ("total_cpu", time.process_time() - cpu),
        ):
            laps.setdefault(name, []).append(seconds)
    row: dict[str, Any] = {"n_units": rows * columns, "n_periods": PERIODS, "weights": kind}
    row |= {"mediators": MEDIATORS, "draws": DRAWS, "repeats": repeats}
    row |= {name: statistics.median(seconds) for name, seconds in laps.items()}
    for scheme in ("wild_unit", "year"):
        row[f"bootstrap_{scheme}"] = time_bootstrap(fit, scheme)
    return row


def time_bootstrap(fit: MediationResults, scheme: Any) -> float:
    """Seconds of a bootstrap; NaN for systems of other sizes than `BOOTSTRAP_UNITS`."""
    if fit.n_units != BOOTSTRAP_UNITS:
        return float("nan")
    start = time.perf_counter()
    with warnings.catch_warnings():
        # Draws at the boundary are counted in the result.
        warnings.simplefilter("ignore")
        fit.bootstrap(BOOTSTRAP_DRAWS, seed=SEED, scheme=scheme, n_jobs=PROCESSES)
    return time.perf_counter() - start


def build_system(
    arguments: tuple[pd.DataFrame, tuple[list[str], sparse.csr_array]],
) -> SpatialMediation:
    data, weights = arguments
    return SpatialMediation(
        data,
        outcome="y",
        treatment="x",
        mediators=[f"m{k + 1}" for k in range(MEDIATORS)],
        controls=["c1", "c2"],
        weights=weights,
    )


def make_system(
    rows: int, columns: int, kind: str, periods: int
) -> tuple[pd.DataFrame, tuple[list[str], sparse.csr_array]]:
    """A simulated panel and its weights."""
    rng = np.random.default_rng(SEED)
    matrix = grid_weights(rows, columns) if kind == "grid" else knn_weights(rng, rows * columns)
    n_units = matrix.shape[0]
    shape = (periods, n_units)
    x, controls = rng.standard_normal(shape), rng.standard_normal((*shape, 2))

    def outcome(regressors: list[Any], beta: list[float], theta: list[float], rho: float) -> Any:
        return simulate(
            matrix,
            np.dstack([*regressors, controls]),
            rng.standard_normal(shape),
            beta=np.array([*beta, 0.3, -0.2]),
            theta=np.array([*theta, 0.1, 0.0]),
            rho=rho,
            mu=rng.standard_normal(n_units),
            xi=rng.standard_normal(periods),
        )

    mediators = [outcome([x], [0.8 - 0.2 * k], [-0.2], 0.3) for k in range(MEDIATORS)]
    slopes = [0.3, *(0.6 - 0.1 * k for k in range(MEDIATORS))]
    y = outcome([x, *mediators], slopes, [0.1] * (1 + MEDIATORS), 0.4)
    units = [f"u{i:04d}" for i in range(n_units)]
    index = pd.MultiIndex.from_product([range(periods), units], names=["year", "unit"])
    series = {"y": y, "x": x, "c1": controls[:, :, 0], "c2": controls[:, :, 1]}
    series |= {f"m{k + 1}": values for k, values in enumerate(mediators)}
    stacked = {name: values.ravel() for name, values in series.items()}
    return pd.DataFrame(stacked, index.swaplevel()), (units, matrix)


def grid_weights(rows: int, columns: int) -> sparse.csr_array:
    """Row-standardised rook contiguity."""
    place = np.arange(rows * columns).reshape(rows, columns)
    links = np.zeros((rows * columns,) * 2)
    for a, b in ((place[:, :-1], place[:, 1:]), (place[:-1], place[1:])):
        links[a.ravel(), b.ravel()] = links[b.ravel(), a.ravel()] = 1.0
    return sparse.csr_array(links / links.sum(axis=1, keepdims=True))


def knn_weights(rng: np.random.Generator, n_units: int) -> sparse.csr_array:
    """Row-standardised nearest neighbours."""
    points = rng.uniform(size=(n_units, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    links = np.zeros((n_units, n_units))
    np.put_along_axis(links, np.argsort(distances)[:, :NEIGHBOURS], 1.0 / NEIGHBOURS, axis=1)
    return sparse.csr_array(links)


if __name__ == "__main__":
    main()
