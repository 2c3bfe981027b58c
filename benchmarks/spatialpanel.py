"""Time and memory of the spatial panel estimator from 90 to 10^6 units, beside spreg's.

    python benchmarks/spatialpanel.py [--only TEXT] [--peer-limit N] [--output FILE]

Every case is a fresh process: a spatial Durbin panel (5 regressors and their 5 lags, unit and
period effects, transformation estimator) on queen contiguity of a grid or on six nearest
neighbours of random points, rho = 0.5. Rows that the output holds already are not run again, so a
run that was cut off goes on where it stopped; delete a row to measure it anew.

Long fits speak on standard error with SPATIALPANEL_PROGRESS=1. Set OMP_NUM_THREADS and
OPENBLAS_NUM_THREADS to the cores that are free: threads that wait for each other cost more than
they bring on a busy machine.

Columns, medians over ``repeats``; seconds of wall time, and of processor time where the name ends
in ``_cpu``, which other processes on the machine disturb less:

- construct: `SpatialPanel(...)` from pandas objects, with all checks;
- fit: `.fit()`, all of it: analysis of the weights, estimate, information matrix;
- information: the information matrix alone, at the known estimate;
- effects: `.effects("simulation", draws=1000)`;
- total: construct, fit and effects;
- peak_mb: most memory that the process held from the moment the data were complete, less what it
  held after its imports; the input data (``data_mb``: Series, DataFrame, weights) are in it;
- factorisations: sparse LU of I - ρW for one fit; 0 where eigenvalues serve;
- rho_gap: estimate of rho minus spreg's.

For spreg, fit is the constructor of `ML_LagFE` on [X, WX] (with period dummies among the
regressors where the installed version has no period effects), given arrays and a ready W object.
It has no information matrix of this estimator and no effects: those columns stay empty. spreg's rho
is that of the direct estimator, and the gap is taken to our direct estimate.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gc
import inspect
import io
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "spatialpanel.csv"
SIZES = ((90, 16), (500, 16), (2_000, 10), (5_000, 10), (10_000, 5), (100_000, 10), (1_000_000, 5))
KINDS = ("grid", "knn")
PEER_LIMIT, ONE_KIND_LIMIT = 5_000, 2_000
NEIGHBOURS, REGRESSORS, RHO, SEED, DRAWS = 6, 5, 0.5, 1, 1000
# Seconds after which a case is given up and left out of the table.
TIMEOUT = 1_500
KEY = ["program", "n_units", "n_periods", "weights"]
TIMES = ["construct", "fit", "information", "effects", "total", "total_cpu"]
MEASURED = ["peak_mb", "data_mb", "logdet", "factorisations", "rho", "rho_se", "rho_gap"]
COLUMNS = [*KEY, "threads", "repeats", *TIMES, *MEASURED, "version"]


def main() -> None:
    """Run the cases that the output does not hold yet."""
    parser = argparse.ArgumentParser(description="time and memory of the spatial panel estimator")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--only", default="", help="run cases whose key contains this text")
    parser.add_argument("--peer-limit", type=int, default=PEER_LIMIT, help="largest N for spreg")
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        program, units, periods, kind = options.case
        run = run_own if program == "yrb_carbon" else run_spreg
        print(json.dumps(run(int(units), int(periods), kind)))
        return
    rows = read_rows(options.output)
    # Minutes and gigabytes at the largest size: one kind of weights says what there is to say.
    peer_limits = {"grid": options.peer_limit, "knn": min(options.peer_limit, ONE_KIND_LIMIT)}
    for program in ("yrb_carbon", "spreg"):
        for units, periods in SIZES:
            for kind in KINDS:
                key = f"{program} {units} {periods} {kind}"
                if key in rows or options.only not in key:
                    continue
                if program == "spreg" and units > peer_limits[kind]:
                    continue
                print(key, file=sys.stderr, flush=True)
                row = run_case(key.split())
                if row is not None:
                    rows[key] = row
                    write_rows(options.output, rows)


def run_case(case: list[str]) -> dict[str, Any] | None:
    """One case in a process of its own; None where it failed or took too long."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--case", *case],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        print(f"  given up: {error}\n{str(error.stderr or '')[-2000:]}", file=sys.stderr)
        return None
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    program, units, periods, kind = case
    return {"program": program, "n_units": units, "n_periods": periods, "weights": kind, **row}


def run_own(n_units: int, n_periods: int, kind: str) -> dict[str, Any]:
    """Time the library on one panel."""
    import scipy.optimize  # noqa: F401  the search imports it: part of the imports here

    import yrb_carbon
    from yrb_carbon.spatialpanel import SpatialPanel, factor

    baseline = resident_mb()
    data = make_panel(n_units, n_periods, kind)
    gc.collect()
    data_mb = resident_mb() - baseline
    reset_peak()
    repeats = max(1, min(25, 60_000 // n_units))
    laps: dict[str, list[float]] = {}
    peak = 0.0
    for _ in range(repeats):
        cpu = time.process_time()
        panel = timed(laps, "construct", SpatialPanel, *data)
        fit = timed(laps, "fit", panel.fit)
        factorisations = factor.filter_solver(panel.arrays.weights).n_factorisations
        timed(laps, "effects", fit.effects, "simulation", draws=DRAWS)
        laps.setdefault("total_cpu", []).append(time.process_time() - cpu)
        peak = peak or peak_mb() - baseline
        timed(laps, "information", panel.results_of, fit.estimate, "transform", "oim")
    laps["total"] = [sum(lap) for lap in zip(*(laps[k] for k in STAGES), strict=True)]
    return {
        **{name: round(statistics.median(times), 5) for name, times in laps.items()},
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "repeats": repeats,
        "peak_mb": round(peak, 1),
        "data_mb": round(data_mb, 1),
        "logdet": fit.spectrum.method,
        "factorisations": factorisations,
        "rho": fit.rho,
        "rho_se": float(fit.std_errors["rho"]),
        "version": yrb_carbon.__version__,
    }


STAGES = ("construct", "fit", "effects")


def run_spreg(n_units: int, n_periods: int, kind: str) -> dict[str, Any]:
    """Time spreg's direct estimator on the same panel."""
    from importlib import metadata

    import numpy as np
    import spreg
    from libpysal.weights import WSP
    from scipy import sparse

    from yrb_carbon.spatialpanel import SpatialPanel

    baseline = resident_mb()
    data = make_panel(n_units, n_periods, kind)
    panel = SpatialPanel(*data)
    own = panel.fit("direct")
    arrays = panel.arrays
    regressors = arrays.z.reshape(-1, arrays.z.shape[2])
    options: dict[str, Any] = {}
    if "time_effects" in inspect.signature(spreg.ML_LagFE.__init__).parameters:
        options["time_effects"] = True
    else:
        dummies = np.kron(np.eye(n_periods)[:, 1:], np.ones((n_units, 1)))
        regressors = np.hstack([regressors, dummies])
    with silence():
        weights = WSP(sparse.csr_matrix(arrays.weights)).to_W(silence_warnings=True)
    gc.collect()
    data_mb = resident_mb() - baseline
    reset_peak()
    repeats = 5 if n_units <= 100 else 1
    laps: dict[str, list[float]] = {}
    for _ in range(repeats):
        cpu = time.process_time()
        with silence():
            fitted = timed(
                laps,
                "fit",
                spreg.ML_LagFE,
                arrays.y.reshape(-1, 1),
                regressors,
                weights,
                **options,
            )
        laps.setdefault("total_cpu", []).append(time.process_time() - cpu)
    laps["total"] = laps["fit"]
    rho = float(np.ravel(fitted.rho)[0])
    return {
        **{name: round(statistics.median(times), 5) for name, times in laps.items()},
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "repeats": repeats,
        "peak_mb": round(peak_mb() - baseline, 1),
        "data_mb": round(data_mb, 1),
        "logdet": "dense",
        "rho": rho,
        "rho_gap": own.rho - rho,
        "version": metadata.version("spreg"),
    }


def make_panel(n_units: int, n_periods: int, kind: str) -> tuple[Any, Any, Any]:
    """Outcome, regressors and weights of a simulated spatial Durbin panel."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(SEED)
    weights = queen_grid(n_units) if kind == "grid" else nearest_neighbours(n_units)
    x = rng.standard_normal((n_periods, n_units, REGRESSORS))
    beta, theta = np.linspace(1.0, -0.5, REGRESSORS), np.linspace(0.3, 0.1, REGRESSORS)
    unit_effects = rng.standard_normal(n_units)
    outcome = np.empty((n_periods, n_units))
    for period in range(n_periods):
        term = x[period] @ beta + weights @ (x[period] @ theta) + unit_effects
        term += rng.standard_normal() + rng.standard_normal(n_units)
        # (I - ρW)⁻¹v by its series: 0.5^60 is below rounding.
        outcome[period] = term
        for _ in range(60):
            term = RHO * (weights @ term)
            outcome[period] += term
    index = pd.MultiIndex.from_product(
        [range(2000, 2000 + n_periods), range(n_units)], names=["year", "unit"]
    ).swaplevel()
    names = [f"x{k + 1}" for k in range(REGRESSORS)]
    return (
        pd.Series(outcome.ravel(), index, name="y"),
        pd.DataFrame(x.reshape(-1, REGRESSORS), index, columns=names),
        (range(n_units), weights),
    )


def queen_grid(n_units: int) -> Any:
    """Row-standardised queen contiguity of the most square grid with that many cells."""
    import numpy as np
    from scipy import sparse

    rows = next(r for r in range(int(n_units**0.5), 0, -1) if n_units % r == 0)
    cells = np.arange(n_units).reshape(rows, -1)
    pairs = [
        (cells[:, :-1], cells[:, 1:]),
        (cells[:-1], cells[1:]),
        (cells[:-1, :-1], cells[1:, 1:]),
        (cells[:-1, 1:], cells[1:, :-1]),
    ]
    first = np.concatenate([a.ravel() for a, _ in pairs])
    second = np.concatenate([b.ravel() for _, b in pairs])
    links = sparse.coo_array((np.ones(first.size), (first, second)), shape=(n_units, n_units))
    contiguity = sparse.csr_array(links + links.T)
    return sparse.csr_array(sparse.diags_array(1.0 / contiguity.sum(axis=1)) @ contiguity)


def nearest_neighbours(n_units: int) -> Any:
    """Row-standardised nearest neighbours of random points in a square; not symmetric."""
    import numpy as np
    from scipy import sparse
    from scipy.spatial import cKDTree

    points = np.random.default_rng(SEED).random((n_units, 2))
    _, found = cKDTree(points).query(points, NEIGHBOURS + 1)
    shares = np.full(n_units * NEIGHBOURS, 1.0 / NEIGHBOURS)
    starts = np.arange(0, n_units * NEIGHBOURS + 1, NEIGHBOURS)
    return sparse.csr_array((shares, found[:, 1:].ravel(), starts), shape=(n_units, n_units))


def timed(
    laps: dict[str, list[float]], name: str, call: Callable[..., Any], *values: Any, **options: Any
) -> Any:
    """Result of a call; its seconds are added to the laps of that name."""
    start = time.perf_counter()
    result = call(*values, **options)
    laps.setdefault(name, []).append(time.perf_counter() - start)
    return result


def resident_mb() -> float:
    """Memory that the process holds now."""
    return _status("VmRSS")


def peak_mb() -> float:
    """Most memory that the process held since `reset_peak`."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Start the high-water mark anew (Linux 4.0 or later)."""
    Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024.0
    raise OSError(f"/proc/self/status has no {name}")


@contextlib.contextmanager
def silence() -> Any:
    """spreg prints notes on the layout of its input and warns about its own dependencies."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of the output by their key; empty where there is none."""
    if not path.exists():
        return {}
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {" ".join(row[name] for name in KEY): row for row in rows}


def write_rows(path: Path, rows: dict[str, dict[str, Any]]) -> None:
    """All rows, in the order in which they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


if __name__ == "__main__":
    main()
