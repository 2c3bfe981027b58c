"""A mediator that is a part of the outcome: what holds by bookkeeping, and what is left.

With S the sink, E the emissions and m3 = ln S - ln(area), the outcome ln(S/E) is m3 + (-ln E) up
to a constant of the unit. Where m3 and its lag are regressors, both outcomes have one likelihood:
the multiplier of m3 differs by the identity, its mediated effect by the effect on m3 itself, and
nothing else differs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mediation_system import N_UNITS, N_YEARS, ring, simulate

from yrb_carbon.mediation import MediationResults, SpatialMediation
from yrb_carbon.spatialpanel.effects import calc_effect_matrix

EXACT = 1e-10
"""Bookkeeping has no sampling error."""


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """ln S moves with mediator b; ln E is the rest of the outcome."""
    frame = simulate(seed=11)
    ln_area = np.repeat(np.random.default_rng(5).uniform(6, 11, N_UNITS), N_YEARS)
    ln_sink = frame["b"] + ln_area
    minus_ln_emissions = frame["y"] - 0.6 * frame["b"]
    return frame.assign(
        m1=frame["a"],
        m3=ln_sink - ln_area,
        minus_ln_emissions=minus_ln_emissions,
        ln_balance=ln_sink + minus_ln_emissions,
    )


def fit(panel: pd.DataFrame, outcome: str, mediator_model: str) -> MediationResults:
    return SpatialMediation(
        panel,
        outcome=outcome,
        treatment="x",
        mediators=["m1", "m3"],
        controls=["z"],
        weights=ring(),
        mediator_model=mediator_model,
    ).fit()


def multiplier(results: MediationResults, variable: str) -> np.ndarray:
    params = results.outcome.params
    weights = results.outcome.arrays.weights
    return calc_effect_matrix(
        params[variable], params[f"W.{variable}"], results.outcome.rho, weights
    )


@pytest.mark.parametrize("mediator_model", ["sdm", "sar", "slx"])
def test_land_sink_in_the_balance_and_in_minus_emissions(panel, mediator_model):
    balance = fit(panel, "ln_balance", mediator_model)
    rest = fit(panel, "minus_ln_emissions", mediator_model)
    by_bookkeeping = multiplier(balance, "m3") - multiplier(rest, "m3")
    np.testing.assert_allclose(by_bookkeeping, np.eye(N_UNITS), atol=EXACT)
    for path in ("natural", "m1"):
        np.testing.assert_allclose(
            balance.effect_matrix(path), rest.effect_matrix(path), atol=EXACT
        )
    mediator = balance.mediators["m3"]
    lag = mediator.params.get("W.x", 0.0)
    rho = 0.0 if mediator.rho is None else mediator.rho
    on_m3 = calc_effect_matrix(mediator.params["x"], lag, rho, mediator.arrays.weights)
    moved = balance.effect_matrix("m3") - rest.effect_matrix("m3")
    np.testing.assert_allclose(moved, on_m3, atol=EXACT)
    assert abs(moved.to_numpy()).max() > 0.3
