"""Yearly facts of provinces by code, whatever the file calls them."""

from __future__ import annotations

import pandas as pd
import pytest
from sourcefiles import write_text

from yrb_carbon.errors import SourceError, UnitError
from yrb_carbon.sources.provincial import read_provincial

HEADER = ["province", "year", "prov_pop", "prov_green_patents"]
ROWS = [
    [" 北京", 2001, 1400, 10],
    ["Neimenggu", 2001, 2400, 20],
    ["Xizang", 2001, "", ""],
    ["北京市", 2002, 1410, 11],
]


def read(path, rows=ROWS, columns=("prov_pop",)):
    return read_provincial("tidy_csv", write_text(path, [HEADER, *rows]), columns)


def test_names_become_codes_and_empty_rows_go(tmp_path):
    frame, record = read(tmp_path / "a.csv")
    wanted = pd.MultiIndex.from_tuples(
        [("11", 2001), ("11", 2002), ("15", 2001)], names=["province", "year"]
    )
    pd.testing.assert_index_equal(frame.index, wanted)
    assert frame["prov_pop"].tolist() == [1400.0, 1410.0, 2400.0]
    assert list(frame.columns) == ["prov_pop"]
    assert not [note for note in record.notes if "left out" in note]


def test_a_row_with_one_of_two_facts_stays(tmp_path):
    rows = [*ROWS[:2], ["Xizang", 2001, "", 3]]
    frame, _ = read(tmp_path / "a.csv", rows, ("prov_green_patents", "prov_pop"))
    assert frame.loc[("54", 2001)].isna().tolist() == [False, True]
    assert list(frame.columns) == ["prov_green_patents", "prov_pop"]


def test_places_that_are_no_row_are_left_out_and_named(tmp_path):
    rows = [*ROWS, ["香港特别行政区", 2001, 700, 1], ["Taiwan", 2001, 2200, 1]]
    frame, record = read(tmp_path / "a.csv", rows)
    assert len(frame) == 3
    (note,) = [note for note in record.notes if "left out" in note]
    assert note == "not of the 31 provinces, left out: Taiwan, 香港特别行政区"


def test_an_unknown_name_is_told(tmp_path):
    with pytest.raises(UnitError, match=r"a\.csv: 'Pekin' is none of the 31 provinces"):
        read(tmp_path / "a.csv", [*ROWS, ["Pekin", 2003, 1400, 1]])


def test_a_column_that_the_file_lacks_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"a\.csv: no column npp\. The columns are: province, ye"):
        read(tmp_path / "a.csv", columns=("prov_pop", "npp"))


def test_two_names_of_one_province_in_a_year_are_told(tmp_path):
    with pytest.raises(SourceError, match=r"twice in a year: Beijing 2001"):
        read(tmp_path / "a.csv", [*ROWS, ["Beijing", 2001, 1400, 1]])
