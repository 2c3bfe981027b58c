"""Cigarette demand: Lagrange multiplier tests of the non-spatial models against the printed table.

Elhorst (2014, Spatial Econometrics, table 3.2; the same in Elhorst 2012, International Regional
Science Review 37:389-405), all four kinds of effects, to half of the last printed digit.
"""

from __future__ import annotations

import pytest
from cigar import ORDERS, cigar_problem

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.diagnostics import LM_NAMES, lm_tests

# Half of the last printed digit, and a little for printing 62.865 as 62.86.
TWO_DECIMALS = 5.1e-3

PRINTED = {
    (False, False): [66.47, 153.04, 58.26, 144.84],
    (True, False): [136.43, 255.72, 29.51, 148.80],
    (False, True): [44.04, 62.86, 0.33, 19.15],
    (True, True): [46.90, 54.65, 1.16, 8.91],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("effects", list(PRINTED), ids=["pooled", "unit", "time", "two-way"])
def test_plain_statistics_are_the_printed_ones(effects, order):
    dependent, exog, weights = cigar_problem(order)
    entity_effects, time_effects = effects
    panel = SpatialPanel(
        dependent,
        exog,
        weights,
        model="ols",
        entity_effects=entity_effects,
        time_effects=time_effects,
    )
    tests = lm_tests(panel, "plain")
    assert [test.name for test in tests] == list(LM_NAMES)
    assert [test.statistic for test in tests] == pytest.approx(PRINTED[effects], abs=TWO_DECIMALS)
