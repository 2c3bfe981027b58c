"""Size of the specification tests at nominal 5 %.

Simulates panels without the dependence that a test looks for and counts how often it rejects.
Writes docs/benchmarks/lm_size.csv; exits with 1 if the criterion fails:

    centred and serial LM tests of the two-way panel with N = 90, T = 16 and independent normal
    errors: each of the four rejects 3-7 % with every weights matrix, and their mean 4-6 %;
    serial LM tests of the same panel with AR(1) errors of coefficient 0.7 and regressors of 0.8:
    the same.

The plain LM tests, the centred ones under serial correlation, smaller panels, other effects, errors
with heavy tails, regressors that are spatially smooth and the tests of residuals are reported as
they come. Replications of one design are kept in build/lm_size, so an interrupted run goes on where
it stopped. Tests other than LM take half the replications. `seconds` is the work of the design.

Usage: python benchmarks/lm_size.py [replications]
"""

from __future__ import annotations

import hashlib
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, diagnostics, score, simulate
from yrb_carbon.spatialpanel.diagnostics import (
    LM_NAMES,
    baltagi_song_koh,
    calc_centred_lm,
    calc_lm_under_serial_correlation,
    calc_plain_lm,
    fit_linear_model,
    moran_residuals,
    pesaran_cd,
    prepare_weights,
    serial_correlation,
)

SEED = 20240115
REPLICATIONS = 2000
NOMINAL = 0.05
EACH, MEAN = (0.03, 0.07), (0.04, 0.06)
CRITICAL = 3.841458820694124
"""Upper 5 % point of χ²(1)."""
EFFECTS = {
    "two-way": (True, True),
    "unit": (True, False),
    "time": (False, True),
    "pooled": (False, False),
}
SLOW, SLOWER = "AR(0.7)", "AR(0.8)"
PERSISTENCE = {SLOW: 0.7, SLOWER: 0.8}
# Form, errors and regressors that the criterion holds for.
HELD = (
    ("centred", "normal", "independent"),
    ("serial", "normal", "independent"),
    ("serial", SLOW, SLOWER),
)
HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "docs" / "benchmarks" / "lm_size.csv"
CACHE = HERE.parent / "build" / "lm_size"


@dataclass(frozen=True)
class Design:
    """One way to simulate: what the rows of the table are grouped by."""

    tests: str
    model: str
    weights: str
    n_units: int
    n_periods: int
    effects: str
    errors: str = "normal"
    regressors: str = "independent"
    process: str = ""

    @property
    def seed(self) -> list[int]:
        digest = hashlib.sha256(repr(astuple(self)).encode()).digest()
        return [SEED, int.from_bytes(digest[:4], "little")]


def designs() -> Iterator[Design]:
    for n_units, n_periods in ((90, 16), (21, 6)):
        for effects in EFFECTS:
            for weights in ("rook", "knn4"):
                yield Design("lm", "ols", weights, n_units, n_periods, effects)
    for effects in EFFECTS:
        yield Design("lm", "ols", "rook, unequal rows", 90, 16, effects)
    for weights in ("rook", "knn4"):
        yield Design("lm", "slx", weights, 90, 16, "two-way")
        yield Design("lm", "ols", weights, 90, 16, "two-way", errors="t(5)")
        yield Design("lm", "ols", weights, 90, 16, "two-way", regressors="8 smooth")
        yield Design("lm", "ols", weights, 90, 16, "two-way", errors=SLOW, regressors=SLOWER)
    for effects in ("unit", "time", "pooled"):
        yield Design("lm", "ols", "rook", 90, 16, effects, errors=SLOW, regressors=SLOWER)
    yield Design("lm", "ols", "rook, unequal rows", 90, 16, "two-way", SLOW, SLOWER)
    yield Design("lm", "slx", "rook", 90, 16, "two-way", errors=SLOW, regressors=SLOWER)
    yield Design("lm", "ols", "rook", 21, 6, "two-way", errors=SLOW, regressors=SLOWER)
    for n_units, n_periods in ((90, 16), (21, 6)):
        for effects in ("two-way", "unit"):
            yield Design("residuals", "ols", "rook", n_units, n_periods, effects)
        yield Design("residuals", "sdm", "rook", n_units, n_periods, "two-way", process="rho = 0.4")
        yield Design("residuals", "sem", "rook", n_units, n_periods, "unit", process="lambda = 0.4")
        for process in ("", "unit effects", "lambda = 0.4"):
            yield Design("bsk", "ols", "rook", n_units, n_periods, "pooled", process=process)
    yield Design("bsk", "ols", "rook", 90, 16, "time")


def rook_weights(rows: int, columns: int) -> np.ndarray:
    """Binary rook contiguity of a grid."""
    place = np.argwhere(np.ones((rows, columns)))
    steps = np.abs(place[:, None] - place[None]).sum(axis=2)
    return np.where(steps == 1, 1.0, 0.0)


def make_weights(name: str, n_units: int) -> sparse.csr_array:
    if name == "knn4":
        points = np.random.default_rng(SEED).uniform(size=(n_units, 2))
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        nearest = np.argsort(distance, axis=1)[:, 1:5]
        matrix = np.zeros((n_units, n_units))
        matrix[np.arange(n_units)[:, None], nearest] = 0.25
        return sparse.csr_array(matrix)
    matrix = rook_weights(*((9, 10) if n_units == 90 else (3, 7)))
    divisor = 4.0 if name == "rook, unequal rows" else matrix.sum(axis=1, keepdims=True)
    return sparse.csr_array(matrix / divisor)


def draw_series(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Standard normal draws; AR(1) along the first axis where the kind says so."""
    series = rng.standard_normal(shape)
    if kind in PERSISTENCE:
        coefficient = PERSISTENCE[kind]
        for t in range(1, shape[0]):
            series[t] = coefficient * series[t - 1] + np.sqrt(1.0 - coefficient**2) * series[t]
    return series


def draw_regressors(
    design: Design, weights: sparse.csr_array, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """X (T, N, K), correlated with fixed unit effects, and the unit effects (N,)."""
    shape = (design.n_periods, design.n_units)
    mu = rng.standard_normal(shape[1])
    if design.regressors == "8 smooth":
        draws = rng.standard_normal((8, *shape))
        nothing = np.zeros((*shape, 1))
        smooth = simulate(weights, nothing, draws, beta=np.zeros(1), rho=0.8)
        return np.moveaxis(smooth, 0, 2), mu
    x = draw_series(rng, (*shape, 2), design.regressors)
    if EFFECTS[design.effects][0]:
        x = x + 0.5 * mu[None, :, None]
    return x, mu


def draw_outcome(
    design: Design,
    weights: sparse.csr_array,
    x: np.ndarray,
    mu: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """y (T, N) of the process of the design."""
    entity_effects, time_effects = EFFECTS[design.effects]
    shape = x.shape[:2]
    heavy = design.errors == "t(5)"
    errors = rng.standard_t(5, size=shape) if heavy else draw_series(rng, shape, design.errors)
    return simulate(
        weights,
        x,
        errors,
        beta=np.linspace(1.0, 0.5, x.shape[2]),
        theta=np.full(x.shape[2], 0.3) if design.model in {"slx", "sdm"} else None,
        rho=0.4 if design.process == "rho = 0.4" else 0.0,
        lam=0.4 if design.process == "lambda = 0.4" else 0.0,
        mu=mu if entity_effects or design.process == "unit effects" else None,
        xi=rng.standard_normal(shape[0]) if time_effects else None,
    )


def lm_replications(design: Design, replications: int) -> Iterator[dict[str, float]]:
    """χ²(1) statistics without building a panel object for each of many thousand samples."""
    weights = make_weights(design.weights, design.n_units)
    rng = np.random.default_rng(design.seed)
    entity_effects, time_effects = EFFECTS[design.effects]
    pair = None
    for _ in range(replications):
        z, mu = draw_regressors(design, weights, rng)
        y = draw_outcome(design, weights, z, mu, rng)
        if design.model == "slx":
            lagged = np.stack([z[:, :, k] @ weights.T for k in range(z.shape[2])], axis=2)
            z = np.concatenate([z, lagged], axis=2)
        if not (entity_effects or time_effects):
            z = np.concatenate([np.ones((*y.shape, 1)), z], axis=2)
        fit = fit_linear_model(y, z, entity_effects=entity_effects, time_effects=time_effects)
        pair = pair or prepare_weights(weights, fit)
        forms = {
            "centred": calc_centred_lm(y, pair, fit),
            "plain": calc_plain_lm(y, weights, fit),
            "serial": calc_lm_under_serial_correlation(y, pair, fit),
        }
        yield {
            f"{name} ({form})": float(value > CRITICAL)
            for form, statistics in forms.items()
            for name, value in zip(LM_NAMES, statistics.values(), strict=True)
        }


def draw_models(design: Design, replications: int) -> Iterator[SpatialPanel]:
    """Panels of one draw of the regressors and many of the outcome."""
    weights = make_weights(design.weights, design.n_units)
    rng = np.random.default_rng(design.seed)
    x, mu = draw_regressors(design, weights, rng)
    y = draw_outcome(design, weights, x, mu, rng)
    entity_effects, time_effects = EFFECTS[design.effects]
    index = pd.MultiIndex.from_product([range(y.shape[0]), range(y.shape[1])]).swaplevel()
    model = SpatialPanel(
        pd.Series(y.ravel(), index, name="y"),
        pd.DataFrame(x.reshape(y.size, -1), index, columns=[f"x{k}" for k in range(x.shape[2])]),
        (list(range(y.shape[1])), weights),
        model=design.model,
        entity_effects=entity_effects,
        time_effects=time_effects,
    )
    for _ in range(replications):
        yield model.with_dependent(draw_outcome(design, weights, x, mu, rng))


def residual_replications(design: Design, replications: int) -> Iterator[dict[str, float]]:
    for sample, model in enumerate(draw_models(design, replications // 2)):
        result = model.fit("transform")
        if result.at_boundary:
            yield {"fit at the boundary": 1.0}
            continue
        moran = moran_residuals(result)["p_value"] < NOMINAL
        tests = [
            pesaran_cd(result),
            pesaran_cd(result, "weighted", seed=sample),
            *serial_correlation(result),
        ]
        yield {
            "fit at the boundary": 0.0,
            "Moran's I of the panel": float(moran["panel"]),
            "Moran's I by period": float(moran.drop("panel").mean()),
            **{f"{test.name} ({test.form or 'robust'})": float(test.p_value < NOMINAL)
               for test in tests},
        }  # fmt: skip


def bsk_replications(design: Design, replications: int) -> Iterator[dict[str, float]]:
    # Each process leaves only some of the nulls true.
    true: tuple[str, ...] = {
        "": ("LM1", "LM2", "LM joint", "LM-H", "LM lambda", "LM mu"),
        "unit effects": ("LM lambda",),
        "lambda = 0.4": ("LM mu",),
    }[design.process]
    for model in draw_models(design, replications // 2):
        yield {
            f"{test.name} (centred)": float(test.p_value < NOMINAL)
            for test in baltagi_song_koh(model)
            if test.name.removeprefix("BSK ") in true
        }


RUNNERS: dict[str, Callable[[Design, int], Iterator[dict[str, float]]]] = {
    "lm": lm_replications,
    "residuals": residual_replications,
    "bsk": bsk_replications,
}


def run_design(design: Design, replications: int) -> pd.DataFrame:
    """Rejection rates of one design; from the cache where they are there."""
    sources = (Path(__file__), Path(diagnostics.__file__), Path(score.__file__))
    code = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    path = CACHE / f"{design.seed[1]:08x}-{replications}-{code}.csv"
    if path.is_file():
        return pd.read_csv(path, keep_default_na=False)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pd.DataFrame(list(RUNNERS[design.tests](design, replications)))
    seconds = time.perf_counter() - start
    table = pd.DataFrame(
        [
            (*astuple(design)[1:], name, values.mean(), values.std() / np.sqrt(values.count()),
             values.count(), seconds)
            for name, values in frame.items()
        ],
        columns=[*[field.name for field in fields(design)][1:], "test", "rejects", "mc_error",
                 "replications", "seconds"],
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    print(
        f"{' '.join(map(str, astuple(design)))}: {seconds:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return table


def criterion_faults(table: pd.DataFrame) -> list[str]:
    """What the LM tests of the two-way panel with N = 90 and T = 16 miss."""
    faults = []
    for form, errors, regressors in HELD:
        ours = table[
            (table["n_units"] == 90)
            & (table["effects"] == "two-way")
            & (table["model"] == "ols")
            & (table["errors"] == errors)
            & (table["regressors"] == regressors)
            & table["weights"].isin(["rook", "knn4"])
            & table["test"].isin([f"{name} ({form})" for name in LM_NAMES])
        ]
        where = f"with {errors} errors"
        if len(ours) != 8:
            faults.append(f"{len(ours)} rows of the {form} criterion {where}, not 8")
        for row in ours.itertuples():
            if not EACH[0] <= row.rejects <= EACH[1]:
                faults.append(
                    f"{row.test} with {row.weights} {where} rejects {row.rejects:.4f}, not 3-7 %"
                )
        for weights, rows in ours.groupby("weights"):
            mean = rows["rejects"].mean()
            if not MEAN[0] <= mean <= MEAN[1]:
                faults.append(
                    f"the four {form} LM tests with {weights} {where} reject {mean:.4f}, not 4-6 %"
                )
    return faults


def main(replications: int) -> int:
    table = pd.concat([run_design(design, replications) for design in designs()])
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUTPUT, index=False, float_format="%.4g", lineterminator="\n")
    print(table.to_string(index=False))
    faults = criterion_faults(table)
    print("criterion met" if not faults else "criterion failed: " + "; ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS))
