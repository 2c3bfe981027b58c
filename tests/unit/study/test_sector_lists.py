"""Lists of the 42 sectors: complete, unique, and told apart by names."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from yrb_carbon.errors import SourceError
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.sector_lists import fitting_list, load_sector_list, sector_list_names

N_SECTORS = 42


@pytest.fixture(scope="module")
def lists():
    return {name: load_sector_list(name) for name in sector_list_names()}


def test_both_lists_have_42_sectors_in_26_groups(lists):
    assert set(lists) == {"2012", "2017"}
    groups = {f"S{i}" for i in range(1, 27)}
    for name, known in lists.items():
        assert known.codes == tuple(f"{i:02d}" for i in range(1, N_SECTORS + 1))
        path = data_folder() / "concordances" / f"mrio_sectors_{name}.csv"
        table = pd.read_csv(path, dtype=str).set_index("code")
        assert set(table["S26"]) == groups
        assert set(table.index[table["S26"] == "S2"]) == {"02", "03", "04", "05"}
        for group, text in (("S8", "石油"), ("S11", "金属冶炼"), ("S20", "电力"), ("S24", "仓储")):
            (sector,) = table.loc[table["S26"] == group, "zh"]
            assert text in sector


def test_sectors_1_to_21_agree_and_the_others_shift(lists):
    old, new = lists["2012"].frame, lists["2017"].frame
    first = [f"{i:02d}" for i in range(1, 22)]
    assert old.loc[first, "zh"].equals(new.loc[first, "zh"])
    assert old.loc["25", "zh"] == new.loc["24", "zh"] == "电力、热力的生产和供应"
    assert old.loc["30", "zh"] == new.loc["29", "zh"] == "交通运输、仓储和邮政"
    assert "废品废料" in new.loc["22", "zh"]
    assert old.loc["23", "zh"] == "废品废料"


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("煤炭采选产品", "02"),
        (" 煤炭 采选产品 ", "02"),
        ("石油、炼焦产品及核燃料加工品", "11"),
        ("Processing of petroleum, coking and nuclear fuel", "11"),
        ("PROCESSING OF PETROLEUM COKING & NUCLEAR FUEL", "11"),
        ("电力、热力的生产和供应业", "25"),
        ("Transport, storage, and postal services", "30"),
        ("水利，环境和公共设施管理", "37"),
        ("煤", None),
        ("", None),
        (None, None),
        (2.0, None),
    ],
)
def test_spellings_of_sectors(lists, spelling, code):
    assert lists["2012"].find(spelling) == code


def test_names_tell_the_list(lists):
    both = list(lists.values())
    for name, known in lists.items():
        for column in ("zh", "en"):
            assert fitting_list(known.frame[column], both).name == name
    with pytest.raises(SourceError, match=re.escape("2012 (21), 2017 (21)")):
        fitting_list(lists["2012"].frame["zh"].head(21), both)
    with pytest.raises(SourceError, match=re.escape("2012 (0), 2017 (0)")):
        fitting_list(["Beijing"], both)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,煤,Coal,", "two digits"),
        ("02,油,Oil,", "each code once"),
        ("03,,Oil,", "a name"),
        ("03,油,Coal mining,", "the sectors 02 and 03 share the spelling 'Coal mining'"),
    ],
)
def test_damaged_lists_are_refused(tmp_path, row, problem):
    (tmp_path / "concordances").mkdir()
    text = f"code,zh,en,aliases\n02,煤炭,Coal,Coal mining|Coals\n{row}\n"
    (tmp_path / "concordances" / "mrio_sectors_x.csv").write_text(text, encoding="utf-8")
    assert sector_list_names(tmp_path) == ("x",)
    with pytest.raises(SourceError, match=problem):
        load_sector_list("x", tmp_path)
