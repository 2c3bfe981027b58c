from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.controls import (
    calc_fdi_share,
    calc_ln_density,
    calc_ln_gdp_per_capita,
    calc_ln_gdp_per_capita_squared,
    calc_share_of_gdp,
    calc_urbanisation,
)
from yrb_carbon.indices.mediators import (
    calc_land_sink_per_area,
    calc_ln_per_head,
    calc_science_share,
    calc_structure_angle,
    calc_structure_level,
    calc_theil,
    calc_ts,
)

INDEX = pd.MultiIndex.from_product([["140100"], [2003, 2004]], names=["unit", "year"])
ROUNDING = 1e-14


def of(*values: float) -> pd.Series:
    return pd.Series(values, index=INDEX, dtype=float)


def test_ts_is_tertiary_over_secondary():
    assert calc_ts(of(4, 5), of(2, 10)).tolist() == [0.5, 2.0]
    with pytest.raises(DataError, match="gdp2 must be positive"):
        calc_ts(of(4, 0), of(2, 10))


def test_theil_by_hand():
    """Half the product from a quarter of the labour: 0.5 ln 2 + 0.5 ln(2/3)."""
    values = calc_theil((of(5, 1), of(5, 1), of(0, 1)), (of(1, 2), of(3, 2), of(0, 2)))
    expected = -(0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    assert values.iloc[0] == pytest.approx(expected, rel=ROUNDING)
    assert values.iloc[1] == 0.0


def test_theil_without_labour_is_refused():
    with pytest.raises(DataError, match=r"sector 1 has product but no labour.*gdp1=5.0, emp1=0.0"):
        calc_theil((of(5, 1), of(5, 1), of(1, 1)), (of(0, 2), of(3, 2), of(1, 2)))


def test_structure_level_and_angle_at_the_corners():
    zero, one = of(0, 0), of(1, 1)
    for shares, level, angle in (
        ((one, zero, zero), 1.0, 1.5),
        ((zero, one, zero), 2.0, 2.0),
        ((zero, zero, one), 3.0, 2.5),
    ):
        assert calc_structure_level(*shares).tolist() == [level, level]
        assert calc_structure_angle(*shares).tolist() == pytest.approx(
            [angle * np.pi] * 2, rel=ROUNDING
        )


def test_structure_angle_of_equal_sectors():
    """Every angle is arccos(1/sqrt 3)."""
    values = calc_structure_angle(of(2, 2), of(2, 2), of(2, 2))
    assert values.iloc[0] == pytest.approx(6 * np.arccos(1 / np.sqrt(3)), rel=ROUNDING)


def test_structure_angle_does_not_depend_on_the_unit_of_value():
    small = calc_structure_angle(of(1, 2), of(3, 4), of(5, 6))
    large = calc_structure_angle(of(1e9, 2e9), of(3e9, 4e9), of(5e9, 6e9))
    np.testing.assert_allclose(small, large, rtol=ROUNDING)


def test_patents_per_ten_thousand_persons():
    """300 patents on 3 million: 1 per 10^4."""
    assert calc_ln_per_head(of(300, 0), of(300, 300)).tolist() == pytest.approx([np.log(2), 0.0])


def test_science_share():
    assert calc_science_share(of(2, 0), of(100, 100)).tolist() == [0.02, 0.0]


def test_land_sink_is_tonnes_per_square_kilometre():
    """18 Mt on 10 000 km2 is 1800 t per km2."""
    values = calc_land_sink_per_area(of(18, 9), of(10_000, 10_000))
    np.testing.assert_allclose(np.exp(values), [1800.0, 900.0], rtol=1e-12)
    with pytest.raises(DataError, match="year 2004"):
        calc_land_sink_per_area(of(18, 0), of(10_000, 10_000))


def test_gdp_per_capita_is_yuan_per_head():
    """10^7 x 10^4 yuan over 400 x 10^4 persons: 25 000 yuan."""
    values = calc_ln_gdp_per_capita(of(1e7, 2e7), of(400, 400))
    np.testing.assert_allclose(np.exp(values), [25_000.0, 50_000.0], rtol=1e-12)
    np.testing.assert_allclose(
        calc_ln_gdp_per_capita_squared(of(1e7, 2e7), of(400, 400)), values**2, rtol=ROUNDING
    )


def test_density_is_persons_per_square_kilometre():
    values = calc_ln_density(of(400, 800), of(8000, 8000))
    np.testing.assert_allclose(np.exp(values), [500.0, 1000.0], rtol=1e-12)


def test_fdi_share_is_in_percent_at_the_exchange_rate():
    """100 million USD at 8 over 80 billion yuan: 1 %."""
    assert calc_fdi_share(of(1e4, 0), of(8, 7), of(8e6, 8e6)).tolist() == pytest.approx([1.0, 0.0])


def test_shares():
    assert calc_share_of_gdp(of(20, 300), of(200, 200)).tolist() == [0.1, 1.5]
    assert calc_urbanisation(of(150, 300), of(300, 300)).tolist() == [50.0, 100.0]
    with pytest.raises(DataError, match="exceeds all"):
        calc_urbanisation(of(150, 301), of(300, 300))
    with pytest.raises(DataError, match=r"gdp must be positive.*year 2004"):
        calc_share_of_gdp(of(20, 300), of(200, 0))
