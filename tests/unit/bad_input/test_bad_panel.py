"""Panels and options that must be refused, with the cell and the remedy named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.indices.registry import compute_variable, resolve
from yrb_carbon.indices.spec import IndexDefaults
from yrb_carbon.panel.deflate import calc_real_from_index, calc_rebased
from yrb_carbon.panel.gaps import fill_gaps
from yrb_carbon.panel.sample import fix_sample
from yrb_carbon.panel.schema import load_dictionary, validate_panel
from yrb_carbon.panel.winsorise import calc_winsorised

YEARS = (2003, 2004, 2005)
UNITS = ("140100", "630100")
DEFAULTS = IndexDefaults(carbon_source="edgar_city")


@pytest.fixture
def panel() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    return pd.DataFrame(
        {
            "co2_edgar": [27.6, 29.2, 31.0, 10.0, 11.0, 12.0],
            "npp": [300.0, 310.0, 305.0, 280.0, 281.0, 282.0],
            "area": [6900.0] * 3 + [7600.0] * 3,
            "emp_mining": [5e4, 5e4, 5e4, 0.0, 10.0, 20.0],
            "emp_total": [9e5, 9e5, 9e5, 3e5, 3e5, 3e5],
        },
        index=index,
    )


def refusal(call, *arguments, error=DataError, **options) -> str:
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_all_faults_of_a_panel_come_at_once(panel):
    panel["npp"] = panel["npp"].where(panel["npp"] != 310.0, -2.0)
    panel["nppp"] = 1.0
    panel["coal_mines"] = 3
    panel["flag_imputed_npp"] = [0, 2, 0, 0, 0, 0]
    text = refusal(validate_panel, panel)
    assert "column 'npp': 1 of 6 values outside 0 < value <= 2500 gC/m2/a" in text
    assert "unit 140100, year 2004: -2.0" in text
    assert "'nppp' is not in the dictionary; did you mean 'npp'?" in text
    assert "column 'coal_mines': type int64, wanted float64" in text
    assert "column 'flag_imputed_npp': 1 of 6 values outside 0 or 1" in text


def test_text_among_numbers_is_named(panel):
    panel["pop"] = ["340", "341", "n.a.", "200", "201", "202"]
    text = refusal(validate_panel, panel)
    assert "column 'pop': type str" in text
    assert "unit 140100, year 2005: n.a." in text


def test_missing_flag_is_refused(panel):
    panel["flag_imputed_npp"] = [0, np.nan, 0, 0, 0, 0]
    assert "unit 140100, year 2004: nan" in refusal(validate_panel, panel)


def test_flag_of_an_unknown_kind_is_refused(panel):
    panel["flag_guessed_npp"] = 0
    assert "'flag_guessed_npp' is not in the dictionary" in refusal(validate_panel, panel)


def test_unit_that_is_no_code_is_refused(panel):
    text = refusal(validate_panel, panel.rename(index={"630100": "Xining"}, level="unit"))
    assert "found 'Xining', wanted 6-digit code as text" in text


def test_years_as_text_are_refused(panel):
    panel.index = panel.index.set_levels(panel.index.levels[1].astype(str), level="year")
    assert "'year'" in refusal(validate_panel, panel)


def test_double_unsorted_or_unnamed_index_is_refused(panel):
    doubled = pd.concat([panel, panel.iloc[[1]]]).sort_index()
    assert "more than one row for unit 140100, year 2004" in refusal(validate_panel, doubled)
    assert "not sorted" in refusal(validate_panel, panel.iloc[::-1])
    assert "(unit, year)" in refusal(validate_panel, panel.reset_index())


def test_missing_dictionary_is_named(tmp_path: Path):
    assert "dictionary.yaml" in refusal(load_dictionary, tmp_path / "dictionary.yaml")


def test_dictionary_that_is_no_yaml_is_named(tmp_path: Path):
    path = tmp_path / "broken.yaml"
    path.write_text("columns: [", encoding="utf-8")
    assert "not valid YAML" in refusal(load_dictionary, path)


def test_gaps_refuse_negative_length_unknown_and_absent_columns(panel):
    assert "cannot be negative (got -1" in refusal(fill_gaps, panel, -1)
    assert "did you mean 'npp'?" in refusal(fill_gaps, panel, 1, ["nppp"])
    assert "no column 'loans'" in refusal(fill_gaps, panel, 1, ["loans"])


def test_gaps_refuse_a_unit_without_rows_inside_its_span(panel):
    text = refusal(fill_gaps, panel.drop(("140100", 2004)), 2)
    assert "unit 140100: 2004" in text
    assert "reindex" in text


def test_sample_refuses_a_column_that_no_source_gives(panel):
    text = refusal(fix_sample, panel, {"roads": ["road_area_pc"]}, YEARS, UNITS)
    assert "no column 'road_area_pc' (for roads)" in text


def test_sample_without_units_names_the_culprits(panel):
    panel.loc[(slice(None), 2003), "npp"] = np.nan
    text = refusal(fix_sample, panel, {"cb": ["npp", "area"]}, YEARS, UNITS)
    assert "no unit has every required cell in 2003-2005" in text
    assert "npp 2 of 2" in text


def test_sample_refuses_a_column_name_for_a_list_of_columns(panel):
    assert "list of names (got 'npp')" in refusal(fix_sample, panel, {"cb": "npp"}, YEARS, UNITS)


def test_sample_refuses_no_years(panel):
    assert "0 years" in refusal(fix_sample, panel, {"cb": ["npp"]}, (), UNITS)


def test_deflating_without_a_base_value_names_the_unit(panel):
    nominal = panel["emp_total"].where(panel["npp"] != 280.0)
    growth = pd.Series(110.0, index=panel.index)
    text = refusal(calc_real_from_index, nominal, growth, 2003)
    assert "base year 2003 for unit 630100" in text
    assert "base year 1999 for unit 140100, 630100" in refusal(calc_rebased, nominal, nominal, 1999)


def test_deflating_refuses_growth_that_is_not_positive_and_broken_years(panel):
    nominal = panel["emp_total"]
    growth = pd.Series([110.0, 0.0, 110.0, 110.0, 110.0, 110.0], index=panel.index)
    assert "unit 140100, year 2004: 0.0" in refusal(calc_real_from_index, nominal, growth, 2003)
    growth = growth.replace(0.0, 110.0).drop(("630100", 2004))
    text = refusal(calc_real_from_index, nominal.drop(("630100", 2004)), growth, 2003)
    assert "absent for unit 630100" in text


def test_winsorising_refuses_missing_values_and_shares_out_of_order():
    assert "1 values are missing" in refusal(calc_winsorised, pd.Series([1.0, np.nan]))
    assert "lower 0.9, upper 0.1" in refusal(calc_winsorised, pd.Series([1.0]), 0.9, 0.1)


def test_index_that_is_not_finite_names_variable_cell_and_raw_inputs(panel):
    text = refusal(
        compute_variable,
        {"index": "agglomeration", "reference": "basin", "transform": "log"},
        panel,
        DEFAULTS,
        name="lq",
    )
    assert text.startswith("lq (agglomeration.lq): the log needs positive values")
    assert "unit 630100, year 2003 (emp_mining=0.0, emp_total=300000.0)" in text


def test_overflow_is_refused_with_its_raw_inputs(panel):
    """A value that only the last step makes infinite is named like any other."""
    panel.loc[("630100", 2003), "co2_edgar"] = 5e-324
    text = refusal(
        compute_variable,
        {"index": "balance", "transform": "level"},
        panel,
        DEFAULTS,
        name="cb",
    )
    assert "cb (balance.ratio): not finite for unit 630100, year 2003" in text
    assert "co2_edgar=5e-324" in text


def test_division_by_zero_is_refused_not_dropped(panel):
    panel.loc[("630100", 2004), "co2_edgar"] = 0.0
    text = refusal(compute_variable, {"index": "balance"}, panel, DEFAULTS, name="cb")
    assert "emissions must be positive" in text
    assert "unit 630100, year 2004 (npp=281.0, area=7600.0, co2_edgar=0.0)" in text


def test_missing_raw_cell_is_refused(panel):
    panel.loc[("140100", 2005), "npp"] = np.nan
    text = refusal(compute_variable, {"index": "sink"}, panel, DEFAULTS)
    assert "sink.npp: raw cells are missing for unit 140100, year 2005 (npp=nan" in text


def test_missing_row_is_refused(panel):
    text = refusal(compute_variable, {"index": "sink"}, panel.drop(("140100", 2005)), DEFAULTS)
    assert "no row for unit 140100, year 2005" in text


def test_lag_beyond_the_panel_says_which_years(panel):
    text = refusal(
        compute_variable, {"index": "sink", "lag": 1}, panel, DEFAULTS, years=YEARS, name="s"
    )
    assert "the years 2003 need the years 2002 for a lag of 1; the panel has 2003-2005" in text
    assert "leaves no year" in refusal(
        compute_variable, {"index": "sink", "lag": 3}, panel, DEFAULTS
    )


def test_absent_column_is_named(panel):
    text = refusal(compute_variable, {"index": "control", "measure": "fdi_gdp"}, panel, DEFAULTS)
    assert "no column 'fdi_usd', 'usd_cny', 'gdp'" in text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"index": "balanc"}, "did you mean 'balance'?"),
        ({"index": "balance", "measure": "rate"}, "did you mean 'ratio'?"),
        ({"index": "balance", "measure": "net"}, "transform: not allowed (got 'log'"),
        ({"index": "balance", "transform": "log1p"}, "allowed level, log, asinh"),
        ({"index": "balance", "numerator": "pop"}, "numerator: not used by this index"),
        ({"index": "balance", "measure": "ecc", "sink": "npp"}, "sink: not used"),
        ({"index": "balance", "emissions": "edgar"}, "did you mean 'edgar_city'?"),
        ({"index": "sink", "sink": "landuse", "sink_k": "carbon"}, "sink_k: not used"),
        ({"index": "sink", "measure": "npp"}, "measure: the index has only one"),
        ({"index": "agglomeration", "numerator": "coal"}, "numerator: not allowed (got 'coal'"),
        ({"index": "agglomeration", "numerator": "coal_capacity"}, "use the reference basin"),
        (
            {"index": "agglomeration", "measure": "density", "denominator": "pop"},
            "denominator: not used",
        ),
        ({"index": "upgrading", "measure": "theil", "transform": "log"}, "allowed level, asinh"),
        ({"index": "technology", "transform": "log"}, "transform: not allowed (got 'log'"),
        ({"index": "control"}, "measure: not allowed (got None"),
        ({"index": "raw"}, "needs a panel column"),
        ({"index": "raw", "column": "gpd"}, "did you mean 'gdp'?"),
        ({"index": "sink", "lag": -1}, "lag: a whole number of years, not negative (got -1)"),
        ({"index": "sink", "lagg": 1}, "did you mean 'lag'?"),
        ({"measure": "ts"}, "a variable needs an index"),
    ],
)
def test_options_that_make_no_sense_are_refused(spec: dict[str, object], words: str):
    assert words in refusal(resolve, spec, DEFAULTS, error=StudyError)


def test_all_faults_of_a_variable_come_at_once():
    with pytest.raises(StudyError) as caught:
        resolve({"index": "balance", "emissions": "x", "transform": "y", "lag": -2}, DEFAULTS)
    assert len(caught.value.faults) == 3
