from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.panel.gaps import HEAVY_SHARE, fill_gaps, format_years
from yrb_carbon.panel.schema import validate_panel

NAN = np.nan


def panel_of(**series: list[float]) -> pd.DataFrame:
    """One unit a keyword (`u140100`), years from 2003, column pop."""
    frames = [
        pd.DataFrame(
            {"pop": values},
            index=pd.MultiIndex.from_product(
                [[name.removeprefix("u")], range(2003, 2003 + len(values))], names=["unit", "year"]
            ),
        )
        for name, values in series.items()
    ]
    return pd.concat(frames).sort_index()


def test_short_inner_gap_is_linear_and_flagged():
    filled = fill_gaps(panel_of(u140100=[10.0, NAN, NAN, 40.0]), 2)
    assert filled.panel["pop"].tolist() == [10.0, 20.0, 30.0, 40.0]
    assert filled.panel["flag_imputed_pop"].tolist() == [0, 1, 1, 0]
    row = filled.report.iloc[0]
    assert (row["unit"], row["column"], row["n_imputed"], row["n_left"]) == ("140100", "pop", 2, 0)
    assert row["imputed_years"] == "2004-2005"


def test_longer_gap_stays_empty_as_a_whole():
    filled = fill_gaps(panel_of(u140100=[10.0, NAN, NAN, NAN, 50.0]), 2)
    assert filled.panel["pop"].isna().sum() == 3
    assert filled.report["n_left"].tolist() == [3]
    assert "flag_imputed_pop" not in filled.panel


def test_ends_are_never_extended():
    filled = fill_gaps(panel_of(u140100=[NAN, 20.0, NAN, 40.0, NAN]), 2)
    values = filled.panel["pop"]
    assert values.isna().tolist() == [True, False, False, False, True]
    assert values.iloc[2] == 30.0
    assert filled.report["left_years"].tolist() == ["2003 2007"]


def test_a_gap_does_not_reach_into_the_next_unit():
    """The last year of one unit and the first of the next are no neighbours."""
    filled = fill_gaps(panel_of(u140100=[10.0, 20.0, NAN], u140200=[NAN, 50.0, 60.0]), 2)
    assert filled.panel["pop"].isna().sum() == 2


def test_zero_does_nothing():
    panel = panel_of(u140100=[10.0, NAN, 30.0])
    filled = fill_gaps(panel, 0)
    pd.testing.assert_frame_equal(filled.panel, panel)
    assert filled.report["n_imputed"].tolist() == [0]


def test_series_without_any_value_is_left():
    filled = fill_gaps(panel_of(u140100=[NAN, NAN, NAN], u140200=[1.0, NAN, 3.0]), 2)
    assert filled.panel.loc["140100", "pop"].isna().all()
    assert filled.panel.loc[("140200", 2004), "pop"] == 2.0


def test_units_with_more_than_a_fifth_imputed_are_listed():
    panel = panel_of(
        u140100=[10.0, NAN, 30.0, 40.0, 50.0],  # 1 of 5: not more than a fifth
        u140200=[10.0, NAN, 30.0, NAN, 50.0],
        u140300=[10.0, 20.0, 30.0, 40.0, 50.0],
    )
    filled = fill_gaps(panel, 1)
    assert filled.units["share"].tolist() == [0.2, 0.4, 0.0]
    assert filled.units.loc["140100", "share"] == HEAVY_SHARE
    assert filled.heavy_units == ("140200",)


def test_shares_are_over_the_columns_considered():
    panel = panel_of(u140100=[10.0, NAN, 30.0]).assign(area=6900.0)
    assert fill_gaps(panel, 1).units.loc["140100", "share"] == pytest.approx(1 / 6)
    assert fill_gaps(panel, 1, ["pop"]).units.loc["140100", "share"] == pytest.approx(1 / 3)


def test_earlier_flag_is_kept():
    panel = panel_of(u140100=[10.0, NAN, 30.0]).assign(flag_imputed_pop=[1, 0, 0])
    assert fill_gaps(panel, 1).panel["flag_imputed_pop"].tolist() == [1, 1, 0]


def test_filled_panel_is_valid_and_the_input_untouched():
    panel = panel_of(u140100=[10.0, NAN, 30.0], u140200=[5.0, 6.0, 7.0])
    before = panel.copy()
    validate_panel(fill_gaps(panel, 1).panel)
    pd.testing.assert_frame_equal(panel, before)


def test_other_versions_of_a_column_are_filled_too():
    panel = panel_of(u140100=[10.0, NAN, 30.0]).rename(columns={"pop": "pop__reported"})
    filled = fill_gaps(panel, 1).panel
    assert filled["pop__reported"].tolist() == [10.0, 20.0, 30.0]
    assert filled["flag_imputed_pop__reported"].tolist() == [0, 1, 0]
    validate_panel(filled)


@pytest.mark.parametrize(
    ("years", "text"),
    [([], ""), ([2003], "2003"), ([2005, 2003, 2004], "2003-2005"), ([2003, 2010], "2003 2010")],
)
def test_years_as_text(years: list[int], text: str):
    assert format_years(years) == text
