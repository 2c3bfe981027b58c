"""Textbook examples of Miller and Blair (2009), Input-Output Analysis, 2nd edition.

Flows of the interregional example stand also in the tests of climada_petals, those of the
decomposition in course code on pages 596-597; both give the book as their source. Totals of rows
are the book's outputs, so that a digit typed wrongly shows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.leontief import calc_coefficients, factor_leontief

HALF_DIGIT = 0.5e-4  # the book prints four decimals
EXACT = 1e-9  # solves of systems of five accounts

# Tables 2.3 and 2.4; inverse in section 2.3.1.
TWO_SECTORS = [[150, 500], [200, 100]]
TWO_FINAL = [350, 1700]
TWO_OUTPUT = [1000, 2000]
TWO_COEFFICIENTS = [[0.15, 0.25], [0.20, 0.05]]
TWO_INVERSE = [[1.2541, 0.3300], [0.2640, 1.1221]]

# Section 2.5, the two sectors closed with households; the same numbers are region L of chapter 3.
THREE_COEFFICIENTS = [[0.15, 0.25, 0.05], [0.20, 0.05, 0.40], [0.30, 0.25, 0.05]]
THREE_INVERSE = [
    [1.3651, 0.4253, 0.2509],
    [0.5273, 1.3481, 0.5954],
    [0.5698, 0.4890, 1.2885],
]

# Section 3.3.2: regions L (three sectors) and M (two).
TWO_REGIONS = [
    [150, 500, 50, 25, 75],
    [200, 100, 400, 200, 100],
    [300, 500, 50, 60, 40],
    [75, 100, 60, 200, 250],
    [50, 25, 25, 150, 100],
]
REGIONS_FINAL = [200, 1000, 50, 515, 450]
REGIONS_OUTPUT = [1000, 2000, 1000, 1200, 800]
REGIONS_COEFFICIENTS = [
    [0.1500, 0.2500, 0.0500, 0.0208, 0.0938],
    [0.2000, 0.0500, 0.4000, 0.1667, 0.1250],
    [0.3000, 0.2500, 0.0500, 0.0500, 0.0500],
    [0.0750, 0.0500, 0.0600, 0.1667, 0.3125],
    [0.0500, 0.0125, 0.0250, 0.1250, 0.1250],
]
REGIONS_INVERSE = [
    [1.4234, 0.4652, 0.2909, 0.1917, 0.3041],
    [0.6346, 1.4237, 0.6707, 0.4092, 0.4558],
    [0.6383, 0.5369, 1.3363, 0.2501, 0.3108],
    [0.2672, 0.2000, 0.1973, 1.3406, 0.5473],
    [0.1468, 0.0908, 0.0926, 0.2155, 1.2538],
]

# Section 13.1.1, pages 596-597.
START_FLOWS = [[10, 20, 25], [15, 5, 30], [30, 40, 5]]
START_FINAL = [45, 30, 25]
END_FLOWS = [[12, 15, 35], [24, 11, 30], [36, 50, 8]]
END_FINAL = [50, 35, 26]


def test_two_sectors_have_the_printed_coefficients_and_inverse():
    table = make_table(TWO_SECTORS, TWO_FINAL, regions=["L"], sectors=["1", "2"])
    assert table.output.tolist() == TWO_OUTPUT
    system = build_system(table, pd.Series(0.0, index=table.labels))
    np.testing.assert_allclose(system.coefficients, TWO_COEFFICIENTS, rtol=EXACT)
    np.testing.assert_allclose(system.leontief.inverse(), TWO_INVERSE, atol=HALF_DIGIT)


def test_two_sectors_answer_a_new_final_demand_as_printed():
    """Section 2.3.1: final demand of 600 and 1500 needs outputs of 1247.5 and 1841.6."""
    coefficients = calc_coefficients(np.array(TWO_SECTORS, float), np.array(TWO_OUTPUT, float))
    leontief = factor_leontief(coefficients, pd.MultiIndex.from_product([["L"], ["1", "2"]]))
    outputs = leontief.outputs(np.array([600.0, 1500.0]))
    np.testing.assert_allclose(outputs, [1247.5, 1841.6], atol=0.05)


def test_three_sectors_have_the_printed_inverse():
    labels = pd.MultiIndex.from_product([["L"], ["1", "2", "3"]])
    leontief = factor_leontief(np.array(THREE_COEFFICIENTS), labels)
    np.testing.assert_allclose(leontief.inverse(), THREE_INVERSE, atol=HALF_DIGIT)


@pytest.fixture(scope="module")
def two_regions():
    """Regions L and M; M has no third sector, which is an account without output."""
    flows, final = np.zeros((6, 6)), np.zeros(6)
    flows[:5, :5], final[:5] = TWO_REGIONS, REGIONS_FINAL
    demand = np.zeros((6, 2))
    demand[:3, 0], demand[3:, 1] = final[:3], final[3:]
    return make_table(flows, demand, regions=["L", "M"], sectors=["1", "2", "3"])


def test_two_regions_have_the_printed_coefficients_and_inverse(two_regions):
    assert two_regions.output.tolist() == [*REGIONS_OUTPUT, 0]
    system = build_system(two_regions, pd.Series(0.0, index=two_regions.labels))
    assert system.zero_output == (("M", "3"),)
    np.testing.assert_allclose(
        system.coefficients[:5, :5], REGIONS_COEFFICIENTS, atol=HALF_DIGIT * 1.001
    )
    np.testing.assert_allclose(system.leontief.inverse()[:5, :5], REGIONS_INVERSE, atol=HALF_DIGIT)


def test_a_new_demand_in_one_region_feeds_back_through_the_other(two_regions):
    """100 for sector 1 of L: 142.34, 63.46, 63.83 in L, 26.72 and 14.68 in M, against 136.51,
    52.73 and 56.98 when region L stands alone."""
    system = build_system(two_regions, pd.Series(0.0, index=two_regions.labels))
    demand = np.array([100.0, 0, 0, 0, 0, 0])
    outputs = system.leontief.outputs(demand)
    np.testing.assert_allclose(
        outputs, [142.34, 63.46, 63.83, 26.72, 14.68, 0], atol=100 * HALF_DIGIT
    )
    alone = factor_leontief(system.coefficients[:3, :3], system.labels[:3])
    np.testing.assert_allclose(
        alone.outputs(demand[:3]), [136.51, 52.73, 56.98], atol=100 * HALF_DIGIT
    )


def test_decomposition_of_output_is_equation_13_7():
    """With f = 1, emissions are output: technology dL (f0 + f1) / 2, demand (L0 + L1) df / 2."""
    sectors = ["1", "2", "3"]
    start = make_table(START_FLOWS, START_FINAL, regions=["L"], sectors=sectors, year=1)
    end = make_table(END_FLOWS, END_FINAL, regions=["L"], sectors=sectors, year=2)
    assert start.output.tolist() == [100, 80, 100]
    assert end.output.tolist() == [112, 100, 120]
    systems = [build_system(table, table.output / 1e6) for table in (start, end)]
    effects = decompose_change(*systems).effects.to_numpy() * 1e6
    inverses = [
        np.linalg.inv(np.eye(3) - np.array(flows) / table.output.to_numpy())
        for flows, table in ((START_FLOWS, start), (END_FLOWS, end))
    ]
    both = np.add(START_FINAL, END_FINAL)
    technology = 0.5 * (inverses[1] - inverses[0]) @ both
    demand = 0.5 * (inverses[0] + inverses[1]) @ np.subtract(END_FINAL, START_FINAL)
    np.testing.assert_allclose(effects[:, 0], 0.0, atol=EXACT)
    np.testing.assert_allclose(effects[:, 1], technology, rtol=EXACT)
    np.testing.assert_allclose(effects[:, 2:].sum(axis=1), demand, rtol=EXACT)
    np.testing.assert_allclose(effects.sum(axis=1), [12, 20, 20], rtol=EXACT)
