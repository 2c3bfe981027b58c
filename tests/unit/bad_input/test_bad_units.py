"""Faulty tables of units, places, names and events: file, row and column are named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from yrb_carbon.errors import SourceError
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.units import load_events, load_matcher, load_units

FILES = ("units.csv", "prefectures.csv", "names.csv", "crosswalk.csv")


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in FILES:
        shutil.copy(data_folder() / name, tmp_path / name)
    return tmp_path


def edit(path: Path, row: int, column: str, value: str) -> None:
    """Put a value into a cell; row 1 is the header."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[row - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    lines[row - 1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def row_of(path: Path, start: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if line.startswith(start))


def test_unedited_copies_are_accepted(folder):
    assert len(load_units(folder)) == 92
    assert load_matcher(folder).match(name="太原").unit == "140100"


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("unit", "14010", "a code of six digits"),
        ("unit", "140200", "each code once"),
        ("name_zh", " ", "a text"),
        ("in_A", "yes", "0 or 1"),
        ("is_capital", "", "0 or 1"),
        ("reach_V3", "lower", "one of up, mid, down"),
        ("resource_class", "old", "one of none, growing"),
        ("existed_from", "1.1.1987", "a year or nothing"),
    ],
)
def test_units_with_a_wrong_value(folder, column, value, wanted):
    edit(folder / "units.csv", 2, column, value)
    row = 3 if wanted == "each code once" else 2
    with pytest.raises(SourceError, match=f"units.csv, row {row}, column '{column}'.*{wanted}"):
        load_units(folder)


@pytest.mark.parametrize(
    ("name", "load"),
    [("units.csv", load_units), ("crosswalk.csv", load_events), ("names.csv", load_matcher)],
)
def test_missing_file(folder, name, load):
    (folder / name).unlink()
    with pytest.raises(SourceError, match=f"{name}: the file is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "load"),
    [("units.csv", load_units), ("crosswalk.csv", load_events), ("prefectures.csv", load_matcher)],
)
def test_missing_column(folder, name, load):
    path = folder / name
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[0].replace("name_en", "english").replace("first_year", "begin")
    path.write_text("\n".join([head, *lines[1:]]), encoding="utf-8")
    with pytest.raises(SourceError, match=r"columns are missing: (name_en|first_year)"):
        load(folder)


def test_other_encoding(folder):
    path = folder / "units.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(SourceError, match="not a UTF-8 CSV table"):
        load_units(folder)


def test_empty_file(folder):
    (folder / "units.csv").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="not a UTF-8 CSV table"):
        load_units(folder)


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("kind", "rename", "one of recode, merge, split, transfer"),
        ("first_year", "", "a year, for all but recodes"),
        ("code_new", "3701", "a code of six digits"),
    ],
)
def test_event_with_a_wrong_value(folder, column, value, wanted):
    edit(folder / "crosswalk.csv", 2, column, value)
    with pytest.raises(SourceError, match=f"crosswalk.csv, row 2, column '{column}'.*{wanted}"):
        load_events(folder)


def test_code_recoded_twice(folder):
    path = folder / "crosswalk.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "again,recode,2013,632100,630100,海东地区,\n",
        encoding="utf-8",
    )
    with pytest.raises(SourceError, match=r"column 'code_old'.*one new code"):
        load_events(folder)


def test_name_of_an_unknown_code(folder):
    edit(folder / "names.csv", 2, "code", "141900")
    with pytest.raises(SourceError, match=r"names.csv, row 2, column 'code'.*prefectures.csv"):
        load_matcher(folder)


def test_place_of_an_unknown_kind(folder):
    edit(folder / "prefectures.csv", 2, "type", "town")
    with pytest.raises(SourceError, match=r"prefectures.csv, row 2, column 'type'"):
        load_matcher(folder)


def test_place_without_its_province(folder):
    path = folder / "prefectures.csv"
    edit(path, row_of(path, "630000"), "code", "690000")
    with pytest.raises(SourceError, match=r"column 'code'.*a code of a listed province"):
        load_matcher(folder)


def test_unit_that_is_no_place(folder):
    path = folder / "prefectures.csv"
    edit(path, row_of(path, "140100"), "code", "141900")
    with pytest.raises(
        SourceError, match=r"units.csv: units without a row in prefectures.csv: 140100"
    ):
        load_matcher(folder)


@pytest.mark.parametrize("column", ["unit", "name_en", "province", "in_A"])
def test_a_column_that_units_need_is_missing(folder, column):
    path = folder / "units.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(column, f"{column}_x", 1), encoding="utf-8")
    with pytest.raises(SourceError, match=f"columns are missing: {column}; found"):
        load_units(folder)
