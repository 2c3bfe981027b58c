"""Cigarette demand: Lagrange multiplier tests of the non-spatial models against the printed table.

Elhorst (2014, Spatial Econometrics, table 3.2; the same in Elhorst 2012, International Regional
Science Review 37:389-405), all four kinds of effects, to half of the last printed digit.
"""

from __future__ import annotations

import pytest
from cigar import ORDERS, cigar_problem, printed_cells

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.diagnostics import LM_NAMES, lm_tests

# Half of the last printed digit, and a little: 255.72 is printed for 255.714999.
TWO_DECIMALS = 5.1e-3

EFFECTS = {
    "pooled": (False, False),
    "unit": (True, False),
    "time": (False, True),
    "twoway": (True, True),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("effects", list(EFFECTS))
def test_plain_statistics_are_the_printed_ones(effects, order):
    dependent, exog, weights = cigar_problem(order)
    entity_effects, time_effects = EFFECTS[effects]
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
    printed = printed_cells("elhorst2014", "LM tests")
    for test in tests:
        cell = printed[test.name, effects]
        assert test.statistic == pytest.approx(cell.value, abs=TWO_DECIMALS)
