"""Size and power of the tests that choose a spatial panel model, and what the chain chooses.

Simulates two-way panels on a 5 x 6 rook grid (row-standardised, N = 30, T = 8) from models whose
truth is known, runs the likelihood-ratio, Wald, Mundlak and Hausman tests at the nominal 5 %, and
`choice_chain` on part of the samples, with the covariances `oim` and `serial`. Under `ar` the
errors are AR(1) with coefficient 0.7 within units and so is the regressor. Writes
docs/benchmarks/chain_size.csv and chain_choices.csv; exits with 1 if a test of a true null with
independent errors, those that are known to be wrong left out, or a serial Wald test of a true null
with any, rejects outside 2.5-8.5 %.

`defined` is the share of samples in which the statistic exists; rejections count among those.
`seconds` is the work of all replications of the process. Finished chunks are read again.
Usage: python benchmarks/chain_size.py [replications [replications of the chain [process ...]]]
With processes named (the keys of TRUTHS), only their rows of chain_size.csv are renewed; with no
replications of the chain, chain_choices.csv is left as it is.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from replications import run_replications
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, simulate
from yrb_carbon.spatialpanel.chain import choice_chain, lr_effects, lr_simplify, wald_simplify
from yrb_carbon.spatialpanel.errors import HausmanUndefinedError
from yrb_carbon.spatialpanel.random_effects import hausman_test, mundlak_test
from yrb_carbon.spatialpanel.testing import SpecificationTest

SEED = 20240115
REPLICATIONS = 500
CHAINS = 200
ROWS, COLUMNS, PERIODS = 5, 6, 8
LEVEL = 0.05
PERSISTENCE = 0.7
ALLOWED = (0.025, 0.085)
# What is known to be wrong and shown for that reason.
EXPECTED_WRONG = {
    "LR unit effects",
    "LR time effects",
    "Mundlak (Wald)",
    "Hausman (classical, direct)",
    "Hausman (classical, within)",
}
DOCS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Truth:
    """One process that samples are drawn from.

    Attributes
    ----------
    rho, lam, theta : float
    units, times : float
        Standard deviation of unit and of time effects.
    link : float
        Share of the unit effect in the regressor: 0, random effects are right.
    persistence : float
        AR(1) coefficient of errors and regressor within units.
    """

    rho: float = 0.0
    lam: float = 0.0
    theta: float = 0.0
    units: float = 1.0
    times: float = 1.0
    link: float = 0.0
    persistence: float = 0.0


TRUTHS = {
    "ols": Truth(),
    "slx": Truth(theta=0.5),
    "sar": Truth(rho=0.4),
    "sem": Truth(lam=0.4),
    "sdm": Truth(rho=0.4, theta=0.5),
    "sdm correlated": Truth(rho=0.4, theta=0.5, link=0.5),
    "no unit effects": Truth(units=0.0),
    "no time effects": Truth(times=0.0),
    "ols ar": Truth(persistence=PERSISTENCE),
    "slx ar": Truth(theta=0.5, persistence=PERSISTENCE),
    "sar ar": Truth(rho=0.4, persistence=PERSISTENCE),
    "sdm ar": Truth(rho=0.4, theta=0.5, persistence=PERSISTENCE),
}
# Nulls of the simplification that are true: of SDM, under "ols ar" of SLX.
TRUE_NULLS = {
    "slx": {"SLX"},
    "sar": {"SAR"},
    "sem": {"SEM"},
    "sdm": set(),
    "ols ar": {"OLS"},
    "sar ar": {"SAR"},
}
MODELS = ("ols", "slx", "sar", "sem", "sdm")
CHAIN_TRUTHS = (*MODELS, "ols ar", "slx ar", "sar ar", "sdm ar")
CHAIN_COVARIANCES = ("oim", "serial")


def rook_weights(rows: int, columns: int) -> sparse.csr_array:
    """Row-standardised rook contiguity of a grid."""
    units = np.arange(rows * columns).reshape(rows, columns)
    binary = np.zeros((units.size, units.size))
    for a, b in ((units[:, :-1], units[:, 1:]), (units[:-1], units[1:])):
        binary[a.ravel(), b.ravel()] = binary[b.ravel(), a.ravel()] = 1.0
    return sparse.csr_array(binary / binary.sum(axis=1, keepdims=True))


def stationary(rng: np.random.Generator, shape: tuple[int, int], coefficient: float) -> np.ndarray:
    """AR(1) series of unit variance along the first axis."""
    shocks = rng.standard_normal(shape)
    series = np.empty(shape)
    series[0] = shocks[0]
    for t in range(1, shape[0]):
        series[t] = coefficient * series[t - 1] + np.sqrt(1.0 - coefficient**2) * shocks[t]
    return series


def draw(truth: Truth, rng: np.random.Generator) -> tuple[pd.Series, pd.DataFrame, tuple]:
    """Outcome, regressor and weights of one sample."""
    weights = rook_weights(ROWS, COLUMNS)
    n_units = weights.shape[0]
    mu = rng.standard_normal(n_units)
    xi = truth.times * rng.standard_normal(PERIODS)
    shape = (PERIODS, n_units)
    x = stationary(rng, shape, truth.persistence) + truth.link * mu
    x = x + rng.standard_normal(n_units)
    y = simulate(
        weights,
        x[:, :, None],
        stationary(rng, shape, truth.persistence),
        beta=np.array([1.0]),
        theta=np.array([truth.theta]),
        rho=truth.rho,
        lam=truth.lam,
        mu=truth.units * mu,
        xi=xi,
    )
    index = pd.MultiIndex.from_product([range(PERIODS), range(n_units)]).swaplevel()
    return (
        pd.Series(y.ravel(), index, name="y"),
        pd.DataFrame({"x": x.ravel()}, index),
        (range(n_units), weights),
    )


def run_tests(name: str, seed: np.random.SeedSequence) -> list[tuple[str, str, bool, float]]:
    """Process, test, whether its null is true, p-value of one sample."""
    data = draw(TRUTHS[name], np.random.default_rng(seed))
    rows: list[tuple[str, str, bool, float]] = []

    def add(test: SpecificationTest, null_is_true: bool) -> None:
        label = f"{test.name} ({test.form})" if test.form else test.name
        rows.append((name, label, null_is_true, test.p_value))

    if name in ("no unit effects", "no time effects"):
        for test in lr_effects(SpatialPanel(*data, model="ols")):
            add_name = test.name.removeprefix("LR ")
            rows.append((name, test.name, name == f"no {add_name}", test.p_value))
        return rows
    panel = SpatialPanel(*data, model="slx" if name == "ols ar" else "sdm")
    if name in TRUE_NULLS:
        fit = panel.fit()
        fits = [fit, fit.with_covariance("serial")] if "ar" in name.split() else [fit]
        for test in [*lr_simplify(fit), *(test for f in fits for test in wald_simplify(f))]:
            add(test, test.name.split()[-1] in TRUE_NULLS[name])
    if name in ("sdm", "sdm correlated", "sdm ar"):
        for form in ("F", "Wald"):
            add(mundlak_test(panel, form=form), TRUTHS[name].link == 0.0)
        for fixed in ("within", "direct"):
            try:
                add(hausman_test(panel, fixed=fixed), TRUTHS[name].link == 0.0)
            except HausmanUndefinedError:
                rows.append(
                    (name, f"Hausman (classical, {fixed})", TRUTHS[name].link == 0.0, np.nan)
                )
    return rows


def run_chain(name: str, seed: np.random.SeedSequence) -> list[tuple[str, str, str]]:
    """Process, covariance and what the chain chose with it."""
    data = draw(TRUTHS[name], np.random.default_rng(seed))
    return [
        (name, cov_type, choice_chain(*data, cov_type=cov_type).decision)
        for cov_type in CHAIN_COVARIANCES
    ]


JOBS: dict[str, tuple[Callable[..., list], list[str]]] = {
    "tests": (run_tests, ["truth", "test", "null_is_true", "p_value"]),
    "chain": (run_chain, ["truth", "cov_type", "chosen"]),
}


def replicate(seed: np.random.SeedSequence, job: str, name: str) -> pd.DataFrame:
    """One sample, without warnings of the parameter space's edge, which some samples touch."""
    run, columns = JOBS[job]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.DataFrame(run(name, seed), columns=columns)


def run_all(job: str, names: list[str], replications: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """All replications of all processes, and the seconds of work by process."""
    tables, seconds = [], {}
    for name in names:
        rows, seconds[name] = run_replications(
            replicate,
            (job, name),
            name=f"chain-{job}-{name.replace(' ', '-')}",
            seed=SEED,
            replications=replications,
        )
        tables.append(rows)
    return pd.concat(tables, ignore_index=True), seconds


def summarise(rows: pd.DataFrame, replications: int, seconds: dict[str, float]) -> pd.DataFrame:
    """Rejection rates by process and test, with Monte Carlo errors."""
    rows = rows.assign(rejected=(rows["p_value"] < LEVEL).where(rows["p_value"].notna()))
    table = (
        rows.groupby(["truth", "test", "null_is_true"], sort=False)
        .agg(
            rejected=("rejected", lambda values: values.dropna().astype(float).mean()),
            defined=("p_value", lambda values: values.notna().mean()),
        )
        .reset_index()
    )
    count = table["defined"] * replications
    table["mc_error"] = np.sqrt(table["rejected"] * (1.0 - table["rejected"]) / count)
    return table.assign(
        nominal=LEVEL,
        replications=replications,
        n_units=ROWS * COLUMNS,
        n_periods=PERIODS,
        seconds=table["truth"].map(seconds),
    )


def renew(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table with the rows of other processes kept from the file, in the order of TRUTHS."""
    if path.exists():
        old = pd.read_csv(path)
        table = pd.concat([old[~old["truth"].isin(table["truth"])], table], ignore_index=True)
    order = table["truth"].map({name: place for place, name in enumerate(TRUTHS)})
    table = table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    return table


def report_choices(chosen: pd.DataFrame, chains: int, seconds: dict[str, float]) -> None:
    """Share of samples of every process in which the chain chose each model."""
    cases = pd.MultiIndex.from_product(
        [CHAIN_TRUTHS, CHAIN_COVARIANCES], names=["truth", "cov_type"]
    )
    shares = (
        pd.crosstab([chosen["truth"], chosen["cov_type"]], chosen["chosen"], normalize="index")
        .reindex(index=cases, columns=list(MODELS), fill_value=0.0)
        .reset_index()
        .assign(replications=chains, n_units=ROWS * COLUMNS, n_periods=PERIODS)
    )
    # One run of a process serves both covariances.
    shares["seconds"] = shares["truth"].map(seconds) / len(CHAIN_COVARIANCES)
    shares.to_csv(DOCS / "chain_choices.csv", index=False, float_format="%.6g", lineterminator="\n")
    print(shares.to_string(index=False))


def main(replications: int, chains: int, only: list[str]) -> int:
    names = only or [name for name in TRUTHS if name not in ("ols", "slx ar")]
    rows, seconds = run_all("tests", names, replications)
    DOCS.mkdir(parents=True, exist_ok=True)
    table = renew(summarise(rows, replications, seconds), DOCS / "chain_size.csv")
    print(table.drop(columns=["nominal", "replications"]).to_string(index=False))
    if chains:
        chosen, seconds = run_all("chain", list(CHAIN_TRUTHS), chains)
        report_choices(chosen, chains, seconds)
    held = ~table["truth"].str.endswith(" ar") | table["test"].str.endswith("(serial)")
    sized = table[table["null_is_true"] & held & ~table["test"].isin(EXPECTED_WRONG)]
    faults = sized[~sized["rejected"].between(*ALLOWED)]
    print("criterion met" if faults.empty else f"criterion failed:\n{faults.to_string()}")
    return int(not faults.empty)


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(main(*(counts + [REPLICATIONS, CHAINS][len(counts) :]), only=sys.argv[3:]))
