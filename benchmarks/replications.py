"""Many replications of a simulation, in chunks that a later run takes up again."""

from __future__ import annotations

import hashlib
import inspect
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PROCESSES = 2
CHUNK = 50
PARTS = Path(__file__).resolve().parent.parent / "results" / "benchmarks"
NOMINAL = 0.95
# A single coverage may be this many Monte Carlo standard errors away from the nominal level.
MONTE_CARLO_ERRORS = 3.5


def run_replications(
    replicate: Callable[..., pd.DataFrame],
    arguments: Sequence[Any],
    *,
    name: str,
    seed: int,
    replications: int,
    code: Sequence[Any] = (),
    folder: Path = PARTS,
    processes: int = PROCESSES,
) -> tuple[pd.DataFrame, float]:
    """Rows of all replications of a case, and the seconds of work that they took.

    ``replicate(seed_sequence, *arguments)`` returns a frame. Finished chunks lie under ``folder``,
    results/benchmarks unless given, and are read again by a later run of the same code and seed;
    the seconds of a chunk are kept beside it.
    """
    folder = folder / f"{name}-{_digest(replicate, arguments, seed, code)}"
    folder.mkdir(parents=True, exist_ok=True)
    # Cases get draws of their own: shared ones would make their coverages err together.
    case = int.from_bytes(hashlib.sha256(repr(arguments).encode()).digest()[:4], "big")
    seeds = np.random.SeedSequence([seed, case]).spawn(replications)
    chunks = [seeds[start : start + CHUNK] for start in range(0, replications, CHUNK)]
    missing = [i for i in range(len(chunks)) if not _part(folder, i, chunks[i]).exists()]
    # Fresh processes read these when they load BLAS: many threads each would get in the way of
    # one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        jobs = {i: pool.submit(_run_chunk, replicate, chunks[i], arguments) for i in missing}
        for done, (i, job) in enumerate(jobs.items(), start=1):
            frame, seconds = job.result()
            frame.assign(chunk_seconds=seconds).to_parquet(_part(folder, i, chunks[i]))
            print(f"\r{name}: {done}/{len(missing)} chunks", end="", file=sys.stderr, flush=True)
    if missing:
        print(file=sys.stderr)
    parts = [pd.read_parquet(_part(folder, i, chunk)) for i, chunk in enumerate(chunks)]
    seconds = sum(float(part["chunk_seconds"].iloc[0]) for part in parts)
    return pd.concat(parts, ignore_index=True).drop(columns="chunk_seconds"), seconds


def calc_coverage(rows: pd.DataFrame, by: list[str], replications: int) -> pd.DataFrame:
    """Bias, spread and coverage of intervals.

    Parameters
    ----------
    rows : DataFrame with estimate, std_error, ci_lower, ci_upper, truth and the columns ``by``.
    by : list of str
    replications : int
        Made; those without an estimate count as missing, not as covered.
    """
    rows = rows.assign(
        covered=(rows["ci_lower"] <= rows["truth"]) & (rows["truth"] <= rows["ci_upper"])
    )
    table = (
        rows.groupby(by, sort=False)
        .agg(
            truth=("truth", "first"),
            mean_estimate=("estimate", "mean"),
            sd_estimate=("estimate", "std"),
            mean_std_error=("std_error", "mean"),
            coverage=("covered", "mean"),
            estimated=("covered", "size"),
        )
        .reset_index()
    )
    table["bias"] = table["mean_estimate"] - table["truth"]
    table["mc_error"] = np.sqrt(table["coverage"] * (1.0 - table["coverage"]) / table["estimated"])
    return table.assign(replications=replications)


def coverage_faults(table: pd.DataFrame, label: list[str]) -> list[str]:
    """Rows whose coverage is too far from nominal for chance."""
    limit = MONTE_CARLO_ERRORS * np.sqrt(NOMINAL * (1.0 - NOMINAL) / table["replications"])
    far = table[(table["coverage"] - NOMINAL).abs() > limit]
    return [
        f"{' '.join(str(row[name]) for name in label)} covers {row['coverage']:.4f}"
        for row in far.to_dict("records")
    ]


def _run_chunk(
    replicate: Callable[..., pd.DataFrame],
    seeds: Sequence[np.random.SeedSequence],
    arguments: Sequence[Any],
) -> tuple[pd.DataFrame, float]:
    start = time.perf_counter()
    frames = [replicate(seed, *arguments) for seed in seeds]
    return pd.concat(frames, ignore_index=True), time.perf_counter() - start


def _part(folder: Path, chunk: int, seeds: Sequence[np.random.SeedSequence]) -> Path:
    return folder / f"{chunk:05d}-{len(seeds)}.parquet"


def _digest(
    replicate: Callable[..., pd.DataFrame], arguments: Sequence[Any], seed: int, code: Sequence[Any]
) -> str:
    """Of the benchmark's file, the library and the case, so that no stale part is read."""
    import yrb_carbon.spatialpanel as library

    digest = hashlib.sha256(repr((arguments, seed, list(code))).encode())
    files = [Path(inspect.getfile(replicate)), *Path(library.__file__).parent.glob("*.py")]
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
