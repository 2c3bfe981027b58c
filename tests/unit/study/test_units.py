"""Units, sets and reaches, and how many there are of each."""

from __future__ import annotations

import pytest

from yrb_carbon.errors import SourceError, UnitError
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.units import REACH_SPLITS, UNIT_SETS, load_events, load_units

PROVINCES_OF_A = {
    "Qinghai": 8, "Sichuan": 2, "Gansu": 14, "Ningxia": 5, "InnerMongolia": 7,
    "Shaanxi": 10, "Shanxi": 11, "Henan": 17, "Shandong": 16,
}  # fmt: skip


@pytest.fixture(scope="module")
def units():
    return load_units()


@pytest.mark.parametrize(
    ("unit_set", "count"), [("A", 90), ("B", 90), ("C", 90), ("set91", 91), ("set79", 79)]
)
def test_sizes_of_the_sets(units, unit_set, count):
    assert len(units.select(unit_set)) == count


def test_every_set_and_split_is_counted_here():
    assert set(UNIT_SETS) == {"A", "B", "C", "set91", "set79"}
    assert set(REACH_SPLITS) == {"V1", "V2", "V3", "V4"}


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("V1", {"up": 36, "mid": 21, "down": 33}),
        ("V2", {"up": 29, "mid": 28, "down": 33}),
        ("V3", {"up": 32, "mid": 28, "down": 30}),
        ("V4", {"up": 36, "mid": 38, "down": 16}),
    ],
)
def test_reaches_of_set_a(units, split, counts):
    assert units.select("A").reach(split).value_counts().to_dict() == counts


def test_provinces_of_set_a(units):
    assert units.select("A").frame["province"].value_counts().to_dict() == PROVINCES_OF_A


def test_how_the_sets_differ(units):
    members = {name: set(units.select(name).ids) for name in UNIT_SETS}
    assert members["set91"] - members["A"] == {"419001"}
    assert members["B"] ^ members["A"] == {"371200", "513300"}
    assert members["C"] ^ members["A"] == {"419001", "513300"}
    assert members["set79"] < members["A"]
    assert set(units.select("set79").frame["type"]) == {"city"}
    assert len(units) == 92


def test_resource_based_cities(units):
    """40 of the 79 cities and 42 of the 90 units of set A are in the national plan."""
    for unit_set, count in (("set79", 40), ("A", 42)):
        classes = units.select(unit_set).frame["resource_class"]
        assert int(classes.ne("none").sum()) == count


def test_a_capital_a_province(units):
    capitals = units.select("A").frame.query("is_capital")
    assert sorted(capitals["province"]) == sorted(set(PROVINCES_OF_A) - {"Sichuan"})


def test_years_of_existence(units):
    assert units.existed("371200") == (None, 2018)
    assert units.existed("640500") == (2004, None)
    assert units.existed("140100") == (None, None)


def test_units_are_sorted_and_labelled(units):
    assert list(units.ids) == sorted(units.ids)
    assert units.label("370100") == "370100 Jinan (Shandong)"
    assert units.label("110000") == "110000"


def test_reach_is_by_unit(units):
    reach = units.select("A").reach("V3")
    assert reach.index.equals(units.select("A").frame.index)
    assert reach["620500"] == "mid"
    assert units.reach("V1")["620500"] == "up"


def test_unknown_set_and_split(units):
    with pytest.raises(UnitError, match="unknown unit set 'D'; known are A, B, C, set91, set79"):
        units.select("D")
    with pytest.raises(UnitError, match="unknown reach split 'V5'; known are V1, V2, V3, V4"):
        units.reach("V5")


def test_recodes_lead_to_known_places():
    events = load_events()
    assert {"632100", "152600", "152800", "622600", "622400", "142300"} <= set(events["code_old"])
    recoded = events[events["kind"].eq("recode")].set_index("code_old")["code_new"]
    assert recoded["632100"] == "630200"
    assert recoded["152600"] == "150900"
    assert not set(recoded.index) & set(recoded)


def test_data_folder_of_the_checkout(repository, tmp_path, monkeypatch):
    assert data_folder({}) == repository / "data"
    monkeypatch.chdir(tmp_path)
    assert data_folder({}) == repository / "data"


def test_data_folder_of_the_folder_one_works_in(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "units.csv").write_text("unit\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert data_folder({}) == tmp_path / "data"
    other = tmp_path / "other"
    (other / "data").mkdir(parents=True)
    (other / "data" / "units.csv").write_text("unit\n", encoding="utf-8")
    assert data_folder({"YRB_CARBON_HOME": str(other)}) == other / "data"


@pytest.fixture
def few(tmp_path):
    """Units of a country that has neither reaches nor sets of its own."""
    text = "unit,name_en,province,in_A\n153700,North Carolina,South Atlantic,1\n"
    (tmp_path / "units.csv").write_text(text + "110900,Connecticut,New England,0\n", "utf-8")
    return load_units(tmp_path)


def test_units_need_four_columns(few):
    assert few.ids == ("110900", "153700")
    assert few.select("A").ids == ("153700",)
    row = few.frame.loc["153700"]
    assert row["name_zh"] == row["name_short_zh"] == "North Carolina"
    assert row["province_zh"] == "South Atlantic"
    assert (row["resource_class"], row["type"]) == ("none", "city")
    assert not few.frame["is_capital"].any()
    assert few.existed("153700") == (None, None)


def test_sets_and_splits_that_the_file_does_not_have_are_unknown(few):
    with pytest.raises(UnitError, match=r"unknown unit set 'set91'; known are A$"):
        few.select("set91")
    with pytest.raises(UnitError, match="unknown reach split 'V1'; known are none"):
        few.reach("V1")


def test_data_folder_by_variable(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "units.csv").write_text("unit\n", encoding="utf-8")
    assert data_folder({"YRB_CARBON_HOME": str(tmp_path)}) == tmp_path / "data"


def test_data_folder_without_tables(tmp_path):
    with pytest.raises(SourceError, match=r"no units.csv.*YRB_CARBON_HOME"):
        data_folder({"YRB_CARBON_HOME": str(tmp_path)})


@pytest.mark.parametrize("name", ["units.csv", "prefectures.csv", "names.csv", "crosswalk.csv"])
def test_shipped_tables_have_unix_line_ends(repository, name):
    content = (repository / "data" / name).read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not content.startswith(b"\xef\xbb\xbf")
