"""Are the true parameters of the demonstration found again? 200 regenerations, all four equations.

Run: python benchmarks/demo_recovery.py [REPLICATES]; writes docs/benchmarks/demo_recovery.csv.

The regressors that the system takes as given (x, controls, levels, W) are those of the committed
demonstration (seed 20240115); each regeneration draws new errors, and with them new mediators and
outcomes. Every equation is fitted by Lee and Yu's transformation QML. Columns:

estimate_demo   estimate on the committed demonstration (regeneration 0)
z_demo          (estimate_demo - truth) / sd, which a test wants below 4 for every parameter
signal          |truth| / sd: at 3.6 a test at 5 % with a robust interval has power 0.95

Rows of equation `system` are effects computed from the estimates of all four equations.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.demo.effects import calc_system_effects
from yrb_carbon.demo.generate import DEFAULT_SEED, linked_units, make_design, within_variance
from yrb_carbon.demo.moments import read_moments
from yrb_carbon.demo.parameters import LAG_PREFIX, MEDIATORS, TRUTH, Equation, Truth
from yrb_carbon.demo.simulate import simulate_system
from yrb_carbon.sources.boundaries import read_boundaries
from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.study.units import load_units

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = REPOSITORY / "docs" / "benchmarks" / "demo_recovery.csv"
REPLICATES = 200
FLOATS = "%.8g"

Key = tuple[str, str]


def fit_equation(
    frame: pd.DataFrame,
    equation: Equation,
    weights: tuple[tuple[str, ...], npt.NDArray[np.float64]],
) -> Equation:
    """The equation with estimated parameters."""
    from scipy.sparse import csr_array

    codes, matrix = weights
    fit = SpatialPanel(
        frame[equation.outcome],
        frame[list(equation.regressors)],
        (codes, csr_array(matrix)),
        model="sdm",
    ).fit(estimator="transform")
    slopes = tuple(
        (name, float(fit.params[name]), float(fit.params[f"{LAG_PREFIX}{name}"]))
        for name in equation.regressors
    )
    return replace(equation, rho=float(fit.rho), slopes=slopes, sigma=float(np.sqrt(fit.sigma2)))


def numbers_of(truth: Truth, matrix: npt.NDArray[np.float64]) -> dict[Key, float]:
    """Parameters and effects of a system by equation and term."""
    found: dict[Key, float] = {}
    for equation in truth.equations:
        found |= {(equation.outcome, term): v for term, v in equation.as_dict().items()}
    for name, summary in calc_system_effects(truth, matrix).items():
        found |= {("system", f"{name} {part}"): v for part, v in summary.as_dict().items()}
    strongest, *others = MEDIATORS
    for other in others:
        sizes = [abs(found["system", f"mediated_{name} direct"]) for name in (strongest, other)]
        found["system", f"|mediated_{strongest}| - |mediated_{other}| direct"] = sizes[0] - sizes[1]
    return found


def true_numbers(matrix: npt.NDArray[np.float64]) -> dict[Key, float]:
    """What the estimates should find: sigma2 is what unit effects leave of the AR(1) errors."""
    found = numbers_of(TRUTH, matrix)
    for key in found:
        if key[1] == "sigma2":
            found[key] *= within_variance(TRUTH.error_ar1)
    return found


def main() -> None:
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES
    boundaries = read_boundaries("cnmaps", unit_ids=load_units().select("A").ids)
    moments = read_moments()
    design = make_design(boundaries, seed=DEFAULT_SEED, moments=moments)
    weights = linked_units(design)

    rows: list[dict[Key, float]] = []
    for replicate in range(replicates + 1):
        system = simulate_system(design, TRUTH, DEFAULT_SEED, moments, replicate)
        frame = system.frame(weights[0])
        fitted = [fit_equation(frame, equation, weights) for equation in TRUTH.equations]
        found = Truth(
            tuple(fitted[:-1]), fitted[-1], TRUTH.error_ar1, TRUTH.mediator_error_correlation
        )
        rows.append(numbers_of(found, weights[1]))

    truth = pd.Series(true_numbers(weights[1]))
    draws = pd.DataFrame(rows[1:])
    demo = pd.Series(rows[0])
    table = pd.DataFrame(
        {
            "truth": truth,
            "mean": draws.mean(),
            "bias": draws.mean() - truth,
            "bias_mc_error": draws.std() / np.sqrt(replicates),
            "sd": draws.std(),
            "estimate_demo": demo,
            "z_demo": (demo - truth) / draws.std(),
            "signal": truth.abs() / draws.std(),
        }
    ).rename_axis(["equation", "term"])
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(TARGET, float_format=FLOATS)
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
