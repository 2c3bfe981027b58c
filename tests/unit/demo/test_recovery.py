"""The committed table of recovery, and the committed demonstration against it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from yrb_carbon.demo.effects import calc_system_effects
from yrb_carbon.demo.generate import within_variance
from yrb_carbon.demo.parameters import MEDIATORS, TRUTH
from yrb_carbon.spatialpanel import SpatialPanel

LARGEST_Z = 4.0
"""Sampling standard deviations between estimate and truth that the study allows itself."""

STRONG = 3.9
"""Effect over its sampling s.d.: a test at 5 % has power 0.97 (0.95 from 3.6 on)."""

LIKELIHOOD_SHRINKAGE = 0.03
"""Maximum likelihood divides by all (N-1)(T-1) = 1335, though 7 to 13 slopes were fitted to
autocorrelated data: the variance comes out one to two per cent small."""

PRINTED = 1e-4
"""Decimals of the table, and last digits that differ between builds of LAPACK."""


@pytest.fixture(scope="module")
def table(repository):
    path = repository / "docs" / "benchmarks" / "demo_recovery.csv"
    return pd.read_csv(path).set_index(["equation", "term"])


def true_parameters(equation):
    parameters = equation.as_dict()
    parameters["sigma2"] *= within_variance(TRUTH.error_ar1)
    return parameters


@pytest.mark.parametrize("equation", TRUTH.equations, ids=lambda e: e.outcome)
def test_committed_demo_recovers_every_parameter(demo, table, equation):
    frame = demo.system.frame(demo.units)
    fit = SpatialPanel(
        frame[equation.outcome],
        frame[list(equation.regressors)],
        (demo.units, csr_array(demo.weights)),
        model="sdm",
    ).fit(estimator="transform")
    found = {"rho": fit.rho, "sigma2": fit.sigma2}
    truth = true_parameters(equation)
    assert len(truth) == 2 + 2 * len(equation.regressors)
    for term, value in truth.items():
        row = table.loc[(equation.outcome, term)]
        estimate = float(found.get(term, fit.params.get(term, np.nan)))
        assert row["truth"] == pytest.approx(value, abs=PRINTED)
        assert abs(estimate - value) < LARGEST_Z * row["sd"], term
        assert estimate == pytest.approx(row["estimate_demo"], abs=PRINTED), term


def test_estimator_is_unbiased_over_the_regenerations(table):
    parameters = table.drop("system", level="equation")
    variance = parameters.index.get_level_values("term") == "sigma2"
    slopes, sigma2 = parameters[~variance], parameters[variance]
    assert (slopes["bias"].abs() / slopes["bias_mc_error"]).max() < LARGEST_Z
    assert (sigma2["bias"] / sigma2["truth"]).abs().max() < LIKELIHOOD_SHRINKAGE


def test_effects_are_strong_enough_to_be_found(demo, table):
    found = calc_system_effects(TRUTH, demo.weights)
    wanted = ["natural", "system", *(f"mediated_{name}" for name in MEDIATORS)]
    for name in wanted:
        for part, value in found[name].as_dict().items():
            row = table.loc[("system", f"{name} {part}")]
            assert row["truth"] == pytest.approx(value, abs=PRINTED)
            assert row["signal"] > STRONG, (name, part)


def test_strongest_path_stands_out_from_the_others(table):
    strongest, *others = MEDIATORS
    for other in others:
        row = table.loc[("system", f"|mediated_{strongest}| - |mediated_{other}| direct")]
        assert row["truth"] > 0
        assert row["signal"] > STRONG, other
