from __future__ import annotations

import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.sinks import (
    SINK_FACTORS,
    calc_forest_stock_carbon,
    calc_forest_stock_flow,
    calc_landuse_sink,
    calc_npp_sink,
    load_land_use_coefficients,
    sink_classes,
)

INDEX = pd.MultiIndex.from_product([["140100"], [2003, 2004]], names=["unit", "year"])
# A product of four numbers.
ROUNDING = 1e-13


def of(*values: float) -> pd.Series:
    return pd.Series(values, index=INDEX, dtype=float)


def test_npp_sink_in_megatonnes():
    """500 gC/m2 on 10 000 km2 is 5 Mt C: 18 Mt CO2 by dry matter, 18.33 by carbon."""
    sink = calc_npp_sink(of(500, 250), of(10_000, 10_000))
    assert sink.tolist() == pytest.approx([18.0, 9.0], rel=ROUNDING)
    by_carbon = calc_npp_sink(of(500, 250), of(10_000, 10_000), SINK_FACTORS["carbon"])
    assert by_carbon.tolist() == pytest.approx([55 / 3, 55 / 6], rel=ROUNDING)


def test_landuse_sink_counts_only_classes_that_take_up_carbon():
    """1000 km2 of forest: 10^5 ha * 0.644 t C * 44/12 = 236 133 t CO2."""
    coefficients = load_land_use_coefficients()
    assert sink_classes(coefficients) == ("area_forest", "area_grass", "area_unused", "area_water")
    areas = pd.DataFrame({name: of(0, 0) for name in coefficients.index})
    areas["area_forest"] = of(1000, 0)
    areas["area_crop"] = of(0, 1000)
    sink = calc_landuse_sink(areas, coefficients)
    assert sink.tolist() == pytest.approx([0.2361333333333333, 0.0], rel=ROUNDING)


def test_landuse_sink_needs_every_class():
    with pytest.raises(DataError, match="area_water"):
        calc_landuse_sink(
            pd.DataFrame({name: of(1, 1) for name in ("area_forest", "area_grass", "area_unused")}),
            load_land_use_coefficients(),
        )


def test_forest_stock_and_flow_are_kept_apart():
    """100 Mm3 more stock fix 160 Mt more CO2."""
    volume = of(1000, 1100)
    assert calc_forest_stock_carbon(volume).tolist() == [1600.0, 1760.0]
    flow = calc_forest_stock_flow(volume)
    assert flow.index.tolist() == [("140100", 2004)]
    assert flow.tolist() == pytest.approx([160.0])


def test_forest_flow_over_several_years_is_refused():
    index = pd.MultiIndex.from_product([["140100"], [2003, 2008]], names=["unit", "year"])
    with pytest.raises(DataError, match=r"year before.*unit 140100, year 2008"):
        calc_forest_stock_flow(pd.Series([1000.0, 1100.0], index=index))


def test_series_of_other_cells_are_refused_not_aligned():
    with pytest.raises(DataError, match=r"npp and area are not of the same cells.*2004"):
        calc_npp_sink(of(500, 250), of(1, 1).iloc[:1])


def test_negative_npp_is_refused():
    with pytest.raises(DataError, match=r"unit 140100, year 2004 \(npp=-1.0\)"):
        calc_npp_sink(of(500, -1), of(1, 1))
