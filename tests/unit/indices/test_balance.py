from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.balance import BALANCE_INDICES, calc_balance
from yrb_carbon.panel.schema import load_dictionary

INDEX = pd.MultiIndex.from_product([["140100", "630100"], [2003]], names=["unit", "year"])


def of(*values: float) -> pd.Series:
    return pd.Series(values, index=INDEX, dtype=float)


INPUTS = {
    "sink": of(2, 6),
    "emissions": of(8, 2),
    "pop": of(300, 200),
    "area": of(5000, 8000),
    "gdp": of(900, 100),
}
# By hand: S = 2, 6; E = 8, 2; sums 8, 10 and GDP 1000.
BY_HAND = {
    "ratio": (0.25, 3.0),
    "source_sink": (-4.0, -1 / 3),
    "net": (-6.0, 4.0),
    "norm": (-0.6, 0.5),
    "percap": (-2.0, 2.0),  # -6 Mt over 3 million, 4 Mt over 2 million
    "perarea": (-1200.0, 500.0),
    "esc": (0.3125, 3.75),
    "ecc": (1.125, 0.5),
    "minus_emissions": (-8.0, -2.0),
}
ROUNDING = 1e-14


@pytest.mark.parametrize("index", list(BALANCE_INDICES))
def test_values_by_hand(index: str):
    values = calc_balance(index, "level", **INPUTS)
    assert values.tolist() == pytest.approx(BY_HAND[index], rel=ROUNDING)


@pytest.mark.parametrize(
    ("index", "transform"),
    [
        (name, transform)
        for name, index in BALANCE_INDICES.items()
        for transform in ("level", "log", "asinh")
        if name != "ecc" and (transform != "log" or index.positive)
    ],
)
def test_higher_is_better_everywhere(index: str, transform: str):
    """The second unit has more sink and fewer emissions, so it is better by every index."""
    bad, good = calc_balance(index, transform, **INPUTS)
    assert good > bad


@pytest.mark.parametrize("index", ["net", "norm", "percap", "perarea"])
def test_log_of_a_possible_deficit_is_refused(index: str):
    with pytest.raises(DataError, match="use the transform level or asinh"):
        calc_balance(index, "log", **INPUTS)


def test_minus_emissions_in_logs_is_the_non_mechanical_part_of_the_ratio():
    """ln(S/E) - ln S = -ln E."""
    ratio = calc_balance("ratio", "log", **INPUTS) - np.log(INPUTS["sink"])
    np.testing.assert_allclose(
        calc_balance("minus_emissions", "log", **INPUTS), ratio, rtol=ROUNDING
    )


def test_orientation_is_that_of_the_dictionary():
    indices = load_dictionary().indices
    for name, index in BALANCE_INDICES.items():
        assert indices[f"balance.{name}"].orientation == index.orientation


def test_zero_emissions_are_refused():
    with pytest.raises(DataError, match=r"unit 630100, year 2003 \(emissions=0.0, sink=6.0\)"):
        calc_balance("ratio", "log", sink=INPUTS["sink"], emissions=of(8, 0))


def test_unknown_names_are_refused():
    with pytest.raises(DataError, match="'rate'; allowed ratio"):
        calc_balance("rate", "log", **INPUTS)
    with pytest.raises(DataError, match="'log1p'; allowed level"):
        calc_balance("ratio", "log1p", **INPUTS)
