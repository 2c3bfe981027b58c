"""Shared parts of the readers: numbers in text, magnitudes, the registry, mines by year."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sourcefiles import write_workbook

from yrb_carbon.errors import Place, SourceError
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.sources import READERS, reader_for
from yrb_carbon.sources.columns import FLAG_PREFIX, UNITS, unit_of
from yrb_carbon.sources.gem_mines import mines_by_year, read_gem_mines
from yrb_carbon.sources.magnitude import MAGNITUDES, check_column, check_magnitude, scale
from yrb_carbon.sources.rawtable import number_from_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12.0),
        (" 1,234.5 ", 1234.5),
        ("1 234 567", 1234567.0),
        ("１２．５", 12.5),
        ("-3e-2", -0.03),
        ("\u22124", -4.0),
        (".5", 0.5),
        ("7.", 7.0),
        ("1,5", None),
        ("12%", None),
        ("3a", None),
        ("", None),
        ("inf", None),
        ("1,2345", None),
        ("1_000", None),
    ],
)
def test_numbers_in_text(text, value):
    assert number_from_text(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_printed_float_is_read_back(value):
    assert number_from_text(repr(value)) == value


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_thousands_separators_are_read_back(value):
    assert number_from_text(f"{value:,}") == value


def test_units_are_those_of_the_dictionary():
    columns = load_dictionary().columns
    assert set(UNITS) <= set(columns)
    assert {name: columns[name].unit for name in UNITS} == UNITS


def test_registered_columns_are_known_and_functions_take_their_options():
    for name, reader in READERS.items():
        assert reader.name == name
        for column in reader.provides:
            assert unit_of(column)
        parameters = inspect.signature(reader.load()).parameters
        keyword = {n for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
        assert keyword == set(reader.options), name


def test_published_formats_are_registered():
    assert set(READERS) == {
        "edgar_city", "ceads_county", "ceads_city", "ceads_apparent", "industry_structure",
        "real_gdp", "population", "fdi", "roads", "finance", "exchange_rate", "city_npp",
        "land_cover", "gem_mines", "province_panel", "national_employment", "city_employment",
        "city_yearbook", "tidy_csv", "gtmp", "province_land_cover",
    }  # fmt: skip


def test_unknown_format_and_option(tmp_path):
    with pytest.raises(SourceError, match="Did you mean 'land_cover'"):
        reader_for("landcover")
    with pytest.raises(SourceError, match=r"no option 'sheets'.*Its options are: sheet"):
        READERS["fdi"].read(tmp_path / "x.xlsx", sheets="a")
    with pytest.raises(SourceError, match="Its options are: none"):
        READERS["city_npp"].read(tmp_path / "x.csv", sheet="a")


def test_flags_have_the_unit_of_flags():
    assert unit_of(f"{FLAG_PREFIX}imputed_pop") == "0/1"
    with pytest.raises(KeyError):
        unit_of("nothing")


@pytest.mark.parametrize(
    ("quantity", "file_unit", "median", "guess"),
    [
        ("co2_edgar", "t CO2", 29.2, "Mt CO2"),
        ("co2_edgar", "Mt CO2", 2.9e7, "t CO2"),
        ("pop", "10^4 persons", 3.4e6, "persons"),
        ("emp_total", "10^4 persons", 286_000.0, "persons"),
        ("gdp", "10^8 yuan", 7.8e6, "10^4 yuan"),
        ("fdi_usd", "million USD", 1.1e8, "USD"),
        ("fdi_usd", "million USD", 11_460.0, "10^4 USD"),
        ("loans", "10^4 yuan", 848.0, "10^8 yuan"),
        ("area_admin", "km2", 1.2e6, "hectares"),
        ("npp", "gC/m2/a", 0.48, "kgC/m2/a"),
        ("gdp_index", "previous year = 100", 1.097, "previous year = 1"),
        ("gdp_deflator", "2000 = 1", 122.0, "2000 = 100"),
        ("usd_cny", "yuan per USD", 672.0, "yuan per 100 USD"),
        ("prov_pop", "10^4 persons", 3.8e7, "persons"),
    ],
)
def test_wrong_unit_is_named(quantity, file_unit, median, guess):
    values = np.array([median * 0.9, median, median * 1.1, np.nan])
    with pytest.raises(SourceError, match="the numbers look like") as caught:
        check_column(values, quantity, Place("x.xlsx", column="v"), file_unit)
    assert guess in caught.value.problem.split("the numbers look like")[1]
    assert file_unit in str(caught.value)


def test_magnitude_bounds_are_inclusive_and_empty_columns_pass():
    place = Place("x")
    check_magnitude(pd.Series([1.0, 2.0, 3.0]), "c", 2.0, 2.0, "Mt CO2", place)
    check_magnitude(pd.Series([np.nan]), "c", 2.0, 3.0, "Mt CO2", place)
    with pytest.raises(SourceError, match="between 2 and 3"):
        check_magnitude(pd.Series([5.0]), "c", 2.0, 3.0, "Mt CO2", place)


def test_bounds_tell_the_units_of_a_kind_apart():
    """A median inside the bounds must leave them when taken for its sibling 10^4 times larger."""
    for name, bounds in MAGNITUDES.items():
        assert bounds.low < bounds.high, name
        assert bounds.high / bounds.low <= 1e4, name
        assert bounds.why


def test_scales():
    assert scale("t CO2", "Mt CO2") == 1e-6
    assert scale("10^8 yuan", "10^4 yuan") == 1e4
    assert scale("million USD", "10^4 USD") == 100.0
    with pytest.raises(KeyError):
        scale("t CO2", "yuan")


OPEN_HEADER = [
    "GEM Mine ID", "Country", "Mine Name", "Status", "Capacity (Mtpa)", "Workforce Size",
    "Opening Year", "Prefecture, District", "State, Province", "Latitude", "Longitude",
]  # fmt: skip
CLOSED_HEADER = [
    "GEM Mine ID", "Country", "Mine Name", "Capacity (Mtpa)", "Year of Production",
    "Workforce Size", "Opening Year", "Closing Year", "Prefecture, District", "State, Province",
    "Latitude", "Longitude",
]  # fmt: skip
P = ["Yulin", "Shaanxi", 38.3, 109.7]
OPEN_ROWS = [
    ["M2", "China", "Two", "Operating", "*", "500-600", "TBD", *P],
    ["M1", "China", "One", "Operating", 4.0, 900, 2005, *P],
    ["M1", "China", "One", "Operating", 8.0, "-", "2010 (expansion), 2012", *P],
    ["M3", "China", "Three", "Mothballed", 1.5, 80, 2000, *P],
    ["M4", "China", "Four", "Proposed", 9.0, 80, 2030, *P],
    ["M5", "India", "Five", "Operating", 9.0, 80, 2000, "x", "y", 20.0, 80.0],
]
CLOSED_ROWS = [
    ["M3", "China", "Three", "-", 2019, "-", 2000, 2016, *P],
    ["M6", "China", "Six", 2.0, "", 100, "-", 2008, None, None, "-", "-"],
    ["M7", "China", "Seven", 1.0, 2022, 50, 2006, "-", *P],
]


def mines_file(path, open_rows=OPEN_ROWS, closed_rows=CLOSED_ROWS):
    return write_workbook(
        path,
        {
            "About": [["x"]],
            "Global Coal Mine Tracker (Non-C": [OPEN_HEADER, *open_rows],
            "Global Coal Mine Tracker (Close": [CLOSED_HEADER, *closed_rows],
        },
    )


def test_mines(tmp_path):
    table = read_gem_mines(mines_file(tmp_path / "m.xlsx"))
    frame = table.frame
    assert frame["mine"].tolist() == ["M1", "M1", "M2", "M3", "M6", "M7"]
    assert frame["project"].tolist() == [1, 2, 1, 1, 1, 1]
    assert frame["opening_year"].fillna(0).tolist() == [2005, 2010, 0, 2000, 0, 2006]
    assert frame["closing_year"].fillna(0).tolist() == [0, 0, 0, 2016, 2008, 0]
    assert frame["workforce"].fillna(-1).tolist() == [900, -1, 550, 80, 100, 50]
    assert frame["capacity_mtpa"].fillna(-1).tolist() == [4, 8, -1, 1.5, 2, 1]
    assert frame["status"].tolist() == ["Operating"] * 3 + ["Closed"] * 3
    notes = " | ".join(table.record.notes)
    for text in (
        "status left out: Proposed 1",
        "1 ranges taken at their middle",
        "the first year was taken from 1 texts",
        "1 mines stand in both sheets, taken once: M3",
        "1 ids stand for several projects: M1",
        "lat: unknown for 1",
        "closed without a closing year: 1",
    ):
        assert text in notes


def test_mines_do_not_depend_on_the_order_of_rows(tmp_path):
    first = read_gem_mines(mines_file(tmp_path / "a.xlsx")).frame
    second = read_gem_mines(mines_file(tmp_path / "b.xlsx", OPEN_ROWS[::-1], CLOSED_ROWS[::-1]))
    pd.testing.assert_frame_equal(first, second.frame, check_exact=True)


def test_mines_by_year(tmp_path):
    frame = read_gem_mines(mines_file(tmp_path / "m.xlsx")).frame
    spread = mines_by_year(frame, [2003, 2005, 2007, 2008, 2016])
    opened = spread.open.astype(int).to_numpy().tolist()
    assert opened == [
        [0, 1, 1, 1, 1],  # M1 from 2005
        [0, 0, 0, 0, 1],  # its extension from 2010
        [1, 1, 1, 1, 1],  # M2, opening unknown
        [1, 1, 1, 1, 0],  # M3, closed in 2016
        [1, 1, 1, 0, 0],  # M6, closed in 2008
        [0, 0, 1, 1, 1],  # M7, closing unknown
    ]
    assert spread.capacity[2005].tolist() == [4.0, 0.0, 0.0, 1.5, 2.0, 0.0]
    assert spread.capacity_dated[2005].tolist() == [4.0, 0.0, 0.0, 1.5, 0.0, 0.0]
    assert spread.workforce[2016].tolist() == [900.0, 0.0, 550.0, 0.0, 0.0, 50.0]
    assert "2 of 6 mines without an opening year" in spread.notes[0]
    assert "1 closed mines without a closing year" in spread.notes[1]
    assert "1 unknown capacities and 1 unknown workforces" in spread.notes[2]


def test_mines_by_year_refuses_impossible_years(tmp_path):
    frame = read_gem_mines(mines_file(tmp_path / "m.xlsx")).frame
    for years in ([], [20003]):
        with pytest.raises(SourceError, match="cannot be used"):
            mines_by_year(frame, years)
