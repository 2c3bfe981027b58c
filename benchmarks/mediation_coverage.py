"""Coverage of nominal 95 % intervals of natural and mediated effects in a system like the demo's.

9 x 10 units, rook contiguity, 16 periods; three mediators and an outcome with the parameters of
the demonstration study (`yrb_carbon.demo.parameters.TRUTH`), spatial Durbin with two-way effects
in every equation; estimated by transformation. The treatment and two controls are autoregressive
within units, with the within standard deviations of the demonstration. Arms:

    iid         errors independent over time, those of the mediators uncorrelated;
    correlated  errors independent over time, those of the mediators with correlation 0.3;
    serial      AR(0.7) errors within units, those of the mediators with correlation 0.3.

Methods: Monte Carlo (`mc`) by the classical (`oim`) and the serially robust (`serial`) covariance,
joint over the mediators or block-diagonal (`none`); bootstrap by year and by unit. Judged are the
natural direct effect, and mediated direct, spillover and total of every mediator and of their sum.

Writes docs/benchmarks/mediation_coverage.csv; exits with 1 if a criterion fails:

    iid, correlated   every method but those below, percentile intervals: mean of all coverages
                      between 94 and 96 %, none outside of 95 ± 3.5 sqrt(.95 .05 / R);
    correlated, none  shown to fail: a sum over mediators outside of that band;
    serial            wild_unit, percentile: at least 90 % each, 91.5 % in the mean;
    serial, mc oim    shown to fail: less than 90 % in the mean.

Samples are simulated in chunks that a later run takes up. Chunks of other code are not read.
Usage: python benchmarks/mediation_coverage.py --scratch FOLDER [--arms iid correlated serial]
[--replications 1000] [--processes 2]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from replications import NOMINAL, calc_coverage, coverage_faults, run_replications
from scipy import sparse

import yrb_carbon.mediation
from yrb_carbon.demo.effects import calc_system_effects
from yrb_carbon.demo.parameters import CONTROLS, MEDIATORS, OUTCOME, TREATMENT, TRUTH, Equation
from yrb_carbon.demo.simulate import ar1_paths, filter_back, lag
from yrb_carbon.mediation import MediationResults, SpatialMediation

SEED = 20240811
REPLICATIONS = 1000
ROWS, COLUMNS, PERIODS = 9, 10, 16
UNITS = ROWS * COLUMNS
MC_DRAWS = 1999
# (draws + 1)·0.025 is whole, so that the tails hold whole numbers of draws.
BOOTSTRAP_DRAWS = 199
REGRESSOR_SD = {"lq": 0.469, "ln_pgdp": 0.086, "ln_density": 0.062}
REGRESSOR_AR = {"lq": 0.85, "ln_pgdp": 0.95, "ln_density": 0.95}
JUDGED_KIND = "percentile"
MEAN_BAND = (0.94, 0.96)
SERIAL_EACH, SERIAL_MEAN = 0.90, 0.915
OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "mediation_coverage.csv"


@dataclass(frozen=True, slots=True)
class Arm:
    """One design and the methods tried on it.

    Attributes
    ----------
    error_ar1, mediator_correlation : float
    mc : tuple of (covariance, joint)
    bootstraps : tuple of (scheme, kinds of intervals)
    """

    error_ar1: float
    mediator_correlation: float
    mc: tuple[tuple[str, str], ...]
    bootstraps: tuple[tuple[str, tuple[str, ...]], ...]


ARMS = {
    "iid": Arm(
        0.0,
        0.0,
        (("oim", "mediators"), ("serial", "mediators")),
        (("year", ("percentile", "bca", "bias_corrected", "normal")),),
    ),
    "correlated": Arm(
        0.0, 0.3, (("oim", "mediators"), ("serial", "mediators"), ("oim", "none")), ()
    ),
    "serial": Arm(
        0.7,
        0.3,
        (("oim", "mediators"), ("serial", "mediators")),
        (("wild_unit", ("percentile", "bias_corrected", "normal")),),
    ),
}
FAILING = {("correlated", "mc oim none"), ("serial", "mc oim mediators")}


def rook_weights() -> np.ndarray:
    """Row-standardised rook contiguity of the grid."""
    units = np.arange(UNITS).reshape(ROWS, COLUMNS)
    binary = np.zeros((UNITS, UNITS))
    for a, b in ((units[:, :-1], units[:, 1:]), (units[:-1], units[1:])):
        binary[a.ravel(), b.ravel()] = binary[b.ravel(), a.ravel()] = 1.0
    return binary / binary.sum(axis=1, keepdims=True)


def true_effects() -> dict[tuple[str, str], float]:
    """Judged effects by (term, quantity), by dense matrix products."""
    found = calc_system_effects(TRUTH, rook_weights())
    truth = {(TREATMENT, "natural_direct"): found["natural"].direct}
    for term, name in [(m, f"mediated_{m}") for m in MEDIATORS] + [("all", "mediated")]:
        for part, value in found[name].as_dict().items():
            truth[term, f"mediated_{part}"] = value
    return truth


def draw_paths(rng: np.random.Generator, persistence: float) -> np.ndarray:
    """Stationary AR(1) paths of unit variance for all units, (T, N)."""
    return ar1_paths(rng.standard_normal((PERIODS, UNITS)), persistence)


def solve_equation(
    equation: Equation, weights: np.ndarray, columns: dict[str, np.ndarray], error: np.ndarray
) -> np.ndarray:
    """Reduced form of one equation."""
    right = error.copy()
    for name, own, lagged in equation.slopes:
        right += own * columns[name] + lagged * lag(weights, columns[name])
    return filter_back(equation.rho, weights, right)


def draw_system(arm: Arm, seed: np.random.SeedSequence) -> pd.DataFrame:
    """A long table of one sample; without unit and year effects, which every fit removes."""
    rng = np.random.default_rng(seed)
    weights = rook_weights()
    columns = {
        name: REGRESSOR_SD[name] * draw_paths(rng, REGRESSOR_AR[name])
        for name in (TREATMENT, *CONTROLS)
    }
    shocks = np.stack([rng.standard_normal((PERIODS, UNITS)) for _ in MEDIATORS])
    correlation = np.full((len(MEDIATORS),) * 2, arm.mediator_correlation)
    np.fill_diagonal(correlation, 1.0)
    mixed = np.einsum("kj,jtn->ktn", np.linalg.cholesky(correlation), shocks)
    for equation, shock in zip(TRUTH.mediators, mixed, strict=True):
        error = equation.sigma * ar1_paths(shock, arm.error_ar1)
        columns[equation.outcome] = solve_equation(equation, weights, columns, error)
    error = TRUTH.outcome.sigma * draw_paths(rng, arm.error_ar1)
    columns[OUTCOME] = solve_equation(TRUTH.outcome, weights, columns, error)
    index = pd.MultiIndex.from_product([range(PERIODS), range(UNITS)], names=["year", "unit"])
    return pd.DataFrame({name: v.ravel() for name, v in columns.items()}, index.swaplevel())


def fit_system(data: pd.DataFrame) -> MediationResults:
    return SpatialMediation(
        data,
        outcome=OUTCOME,
        treatment=TREATMENT,
        mediators=MEDIATORS,
        controls=CONTROLS,
        weights=(range(UNITS), sparse.csr_array(rook_weights())),
    ).fit()


def replicate(seed: np.random.SeedSequence, arm_name: str) -> pd.DataFrame:
    """All intervals of one sample, one a row."""
    arm = ARMS[arm_name]
    sample_seed, mc_seed, boot_seed = seed.spawn(3)
    results = fit_system(draw_system(arm, sample_seed))
    tables = []
    for covariance, joint in arm.mc:
        start = time.perf_counter()
        effects = results.effects(draws=MC_DRAWS, seed=mc_seed, cov_type=covariance, joint=joint)
        seconds = time.perf_counter() - start
        tables.append(_judged(effects, f"mc {covariance} {joint}", "percentile", seconds))
    for scheme, kinds in arm.bootstraps:
        start = time.perf_counter()
        with warnings.catch_warnings():
            # Draws that are left out are a column of the table.
            warnings.simplefilter("ignore")
            effects = results.bootstrap(BOOTSTRAP_DRAWS, boot_seed, scheme=scheme)
        seconds = time.perf_counter() - start
        tables += [_judged(effects, scheme, kind, seconds) for kind in kinds]
    return pd.concat(tables, ignore_index=True)


def _judged(effects, method: str, kind: str, seconds: float) -> pd.DataFrame:
    truth = true_effects()
    table = effects.table(kind=kind).loc[list(truth)].reset_index()
    return table[["term", "quantity", "estimate", "std_error", "ci_lower", "ci_upper"]].assign(
        truth=list(truth.values()),
        method=method,
        interval=kind,
        discarded=effects.n_discarded,
        seconds=seconds,
    )


def summarise(rows: pd.DataFrame, arm: str, replications: int) -> pd.DataFrame:
    """Bias, spread and coverage by method, interval and quantity."""
    by = ["method", "interval", "term", "quantity"]
    table = calc_coverage(rows, by, replications)
    more = rows.groupby(by, sort=False).agg(
        discarded=("discarded", "sum"), seconds=("seconds", "mean")
    )
    table = table.join(more, on=by)
    table["draws"] = np.where(table["method"].str.startswith("mc"), MC_DRAWS, BOOTSTRAP_DRAWS)
    table.insert(0, "arm", arm)
    return table


def criterion_faults(table: pd.DataFrame) -> list[str]:
    """What misses the criteria of the module."""
    faults = []
    judged = table[table["interval"] == JUDGED_KIND]
    wanted = set(true_effects())
    for (arm, method), rows in judged.groupby(["arm", "method"], sort=False):
        label, mean = f"{arm}, {method}", rows["coverage"].mean()
        if set(zip(rows["term"], rows["quantity"], strict=True)) != wanted:
            faults.append(f"{label}: some quantities are missing")
        far = coverage_faults(rows, ["arm", "method", "term", "quantity"])
        if (arm, method) == ("correlated", "mc oim none"):
            sums = rows[rows["term"] == "all"]
            if not coverage_faults(sums, ["term"]):
                faults.append(f"{label}: the sums over mediators are not shown to fail")
        elif (arm, method) == ("serial", "mc oim mediators"):
            if mean >= SERIAL_EACH:
                faults.append(f"{label}: is not shown to fail, covers {mean:.4f} in the mean")
        elif arm != "serial":
            faults += far
            if not MEAN_BAND[0] <= mean <= MEAN_BAND[1]:
                faults.append(f"{label} covers {mean:.4f} in the mean")
        elif method == "wild_unit":
            if mean < SERIAL_MEAN:
                faults.append(f"{label} covers {mean:.4f} in the mean")
            faults += [
                f"{label} {row.term} {row.quantity} covers {row.coverage:.4f}"
                for row in rows.itertuples()
                if row.coverage < SERIAL_EACH
            ]
    found = set(zip(judged["arm"], judged["method"], strict=True))
    for arm in judged["arm"].unique():
        methods = [f"mc {c} {j}" for c, j in ARMS[arm].mc] + [s for s, _ in ARMS[arm].bootstraps]
        faults += [
            f"{arm}: {method} is missing" for method in methods if (arm, method) not in found
        ]
    return faults


def digest_of_code() -> str:
    """Of the mediation package, whose chunks are not those of other code."""
    digest = hashlib.sha256()
    for file in sorted(Path(yrb_carbon.mediation.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def print_coverage(table: pd.DataFrame) -> None:
    """Every coverage, and the mean of every method."""
    named = table.assign(
        effect=table["term"] + " " + table["quantity"].str.removeprefix("mediated_")
    )
    wide = named.pivot_table("coverage", ["arm", "method", "interval"], "effect", sort=False)
    wide.insert(0, "mean", wide.mean(axis=1))
    print(wide.round(3).T.to_string())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", type=Path, required=True, help="folder of the chunks")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    tables = []
    for arm in options.arms:
        rows, seconds = run_replications(
            replicate,
            (arm,),
            name=f"mediation_{arm}",
            seed=SEED,
            replications=options.replications,
            code=(digest_of_code(), MC_DRAWS, BOOTSTRAP_DRAWS),
            folder=options.scratch,
            processes=options.processes,
        )
        tables.append(summarise(rows, arm, options.replications).assign(total_seconds=seconds))
    table = pd.concat(tables, ignore_index=True)
    if set(options.arms) == set(ARMS) and options.replications >= REPLICATIONS:
        table.to_csv(OUTPUT, index=False, float_format="%.6g", lineterminator="\n")
    print_coverage(table)
    limit = 3.5 * np.sqrt(NOMINAL * (1.0 - NOMINAL) / options.replications)
    print(f"band of a single coverage: {NOMINAL} +- {limit:.4f}")
    faults = criterion_faults(table)
    print("criteria met" if not faults else "criteria failed:\n  " + "\n  ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
