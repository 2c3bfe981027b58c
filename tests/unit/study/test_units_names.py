"""Names and codes in all the forms that files have; two candidates are never decided between."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError, Place, UnitError
from yrb_carbon.study.names import code_key, given, spelling_key
from yrb_carbon.study.units import load_matcher, load_units


@pytest.fixture(scope="module")
def matcher():
    return load_matcher()


SAME = {
    "140100": (
        "太原", "太原市", "山西太原", "山西省太原市", "山西省 太原市", "山西-太原", " 太原 ",
        "Taiyuan", "TAIYUAN", "Taiyuan City", "Taiyuan Shi", "Taiyuan, Shanxi", "Shanxi Taiyuan",
        "太原\u200b市", "Taiyuan City, Shanxi Province",
    ),
    "630200": ("海东", "海东市", "海东地区", "青海海东", "青海省海东地区", "Haidong Prefecture"),
    "150900": ("乌兰察布", "乌兰察布市", "乌兰察布盟", "内蒙古乌兰察布", "Ulanqab", "Wulanchabu"),
    "150800": ("巴彦淖尔盟", "巴彦淖尔", "内蒙巴彦淖尔", "Bayannur", "Bayannao'er", "Bayan Nur"),
    "150600": ("鄂尔多斯", "伊克昭盟", "伊克昭", "Ordos", "Erdos"),
    "150100": ("呼和浩特", "内蒙古自治区呼和浩特市", "Hohhot", "Huhhot City", "Neimenggu Hohhot"),
    "152900": ("阿拉善", "阿拉善盟", "内蒙古阿拉善", "Alxa", "Alxa League", "Alashan League"),
    "621200": ("陇南", "陇南地区", "甘肃陇南"),
    "621100": ("定西地区", "定西市"),
    "141100": ("吕梁地区", "吕梁", "Lvliang", "Lüliang", "Luliang City"),
    "610800": ("榆林", "榆林地区", "陕西榆林", "Yulin, Shaanxi", "Shaanxi Yulin"),
    "610100": ("西安", "Xi'an", "Xi’an", "Xian", "XI'AN CITY", "Xian, Shaanxi"),
    "623000": (
        "甘南", "甘南州", "甘南自治州", "甘南藏族自治州", "甘肃甘南州",
        "Gannan Tibetan Autonomous Prefecture", "Gannan Prefecture", "Gannan Zhou",
    ),
    "632500": (
        "海南州", "海南藏族自治州", "青海海南", "青海省海南州", "青海省海南藏族自治州",
        "Hainan Tibetan Autonomous Prefecture", "Hainan, Qinghai", "Qinghai Hainan",
    ),
    "632800": ("海西", "海西州", "海西蒙古族藏族自治州"),
    "513200": ("阿坝", "阿坝州", "阿坝藏族羌族自治州", "Ngawa", "Aba"),
    "513300": ("甘孜", "四川甘孜", "Garze", "Ganzi", "Kardze"),
    "622900": ("临夏", "临夏州", "临夏回族自治州"),
    "620400": ("白银", "白银市"),
    "140600": ("朔州", "朔州市", "Shuozhou"),
    "371200": ("莱芜", "莱芜市", "山东莱芜"),
    "419001": ("济源", "济源市", "河南济源", "Jiyuan City"),
    "640300": ("吴忠", "银南地区"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unit"), [(name, unit) for unit, names in SAME.items() for name in names]
)
def test_spellings_of_units(matcher, name, unit):
    found = matcher.match(name=name)
    assert (found.status, found.unit) == ("matched", unit)


@pytest.mark.parametrize("form", ["name_zh", "name_short_zh", "name_en"])
def test_every_unit_is_found_by_its_names_and_province(matcher, form):
    frame = load_units().frame
    for unit, row in frame.iterrows():
        for province in (row["province"], row["province_zh"], str(unit)[:2]):
            found = matcher.match(name=row[form], province=province)
            assert (found.status, found.unit) == ("matched", unit), (row[form], province, found)


def test_every_full_chinese_name_is_unique(matcher):
    for unit, name in load_units().frame["name_zh"].items():
        assert matcher.match(name=name).unit == unit


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("海南", ("460000", "632500")),
        ("Hainan", ("460000", "632500")),
        ("Yulin", ("450900", "610800")),
        ("Yulin City", ("450900", "610800")),
        ("雁北地区", ("140200", "140600")),
    ],
)
def test_names_of_two_places_stay_ambiguous(matcher, name, candidates):
    found = matcher.match(name=name)
    assert (found.status, found.unit, found.candidates) == ("ambiguous", None, candidates)


@pytest.mark.parametrize(
    ("name", "province", "unit"),
    [
        ("海南", "青海", "632500"),
        ("海南", "青海省", "632500"),
        ("海南", "Qinghai", "632500"),
        ("海南", 63, "632500"),
        ("海南", "630000", "632500"),
        ("Hainan", "Qinghai Province", "632500"),
        ("Yulin", "Shaanxi", "610800"),
        ("包头", "内蒙", "150200"),
        ("包头", "内蒙古", "150200"),
        ("包头", "内蒙古自治区", "150200"),
        ("包头", "Neimenggu", "150200"),
        ("包头", "InnerMongolia", "150200"),
        ("包头", "Inner mongolia", "150200"),
        ("包头", "Inner Mongolia Autonomous Region", "150200"),
        ("银川", "Ningxia Hui Autonomous Region", "640100"),
        ("银川", "宁夏回族自治区", "640100"),
    ],
)
def test_province_decides(matcher, name, province, unit):
    assert matcher.match(name=name, province=province).unit == unit


@pytest.mark.parametrize(
    ("name", "province", "place"),
    [
        ("海南", "海南省", "460000"),
        ("Yulin", "Guangxi", "450900"),
        ("玉林", None, "450900"),
        ("伊春", None, "230700"),
        ("宜春", None, "360900"),
        ("鞍山", None, "210300"),
        ("赤峰市", None, "150400"),
        ("内蒙古兴安盟", None, "152200"),
        ("四川成都", None, "510100"),
        ("北京", None, "110000"),
        ("北京市", "北京市", "110000"),
        ("山西", None, "140000"),
        ("中国", None, "000000"),
        ("全国", None, "000000"),
        ("哈密\u200b\u200b", None, "650500"),
        ("新疆伊犁州直属县", None, "654000"),
        ("湖北恩施州", None, "422800"),
        ("襄阳(襄樊)", "湖北省", "420600"),
        ("普洱（思茅）", "云南省", "530800"),
        ("巢湖", None, "341400"),
        ("湖北仙桃", None, "429004"),
    ],
)
def test_places_outside_the_study_are_known(matcher, name, province, place):
    found = matcher.match(name=name, province=province)
    assert (found.status, found.unit, found.candidates) == ("outside", None, (place,))


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("Suzhou", ("320500", "341300")),
        ("Fuzhou", ("350100", "361000")),
        ("Taizhou", ("321200", "331000")),
        ("Yichun", ("230700", "360900")),
        ("吉林", ("220000", "220200")),
        ("Jilin", ("220000", "220200")),
    ],
)
def test_two_places_that_are_both_outside(matcher, name, candidates):
    found = matcher.match(name=name)
    assert (found.status, found.candidates) == ("outside", candidates)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        (140100, "140100"), (140100.0, "140100"), ("140100", "140100"), (" 140100 ", "140100"),
        ("140100.0", "140100"), (1401, "140100"), (1401.0, "140100"), ("1401", "140100"),
        (np.int64(140100), "140100"), ("140100000000", "140100"), (152600, "150900"),
        (152800, "150800"), (632100, "630200"), (6321, "630200"), ("622600", "621200"),
        ("622400", "621100"), ("142300", "141100"), ("410881", "419001"), (419001, "419001"),
        (4190, "419001"),
    ],
)  # fmt: skip
def test_codes(matcher, code, unit):
    found = matcher.match(code=code)
    assert (found.status, found.unit) == ("matched", unit)


@pytest.mark.parametrize(
    ("keys", "status", "rule"),
    [
        ({"code": "140181"}, "outside", "code of a county"),
        ({"code": 142299}, "outside", "code of a county"),  # of the prefecture of Xinzhou, to 2000
        ({"code": 149999}, "unmatched", "unknown code"),  # no prefecture 149900 in Shanxi
        ({"code": 439999}, "outside", "code of a county"),  # no province of the study
        ({"code": 150400}, "outside", "code"),
        ({"code": 14}, "outside", "code"),
        ({"code": 140000}, "outside", "code"),
        ({"code": "古交", "name": "古交"}, "unmatched", "unknown name and code"),
        ({"code": 141900}, "unmatched", "unknown code"),
        ({"code": 990100}, "unmatched", "unknown code"),
        ({"code": 140100.5}, "unmatched", "unknown code"),
        ({"code": True}, "unmatched", "unknown code"),
        ({"code": 17}, "unmatched", "unknown code"),
        ({"name": "古交", "code": 140181}, "outside", "code of a county"),
        ({"name": "太原", "code": 140200}, "ambiguous", "name and code disagree"),
        ({"name": "临夏", "code": 622901}, "ambiguous", "name and code disagree"),
        ({"name": "太原", "code": 1}, "unmatched", "known name beside an unknown code"),
        ({"name": "古交", "code": 140100}, "unmatched", "unknown name beside a known code"),
        ({"name": "呼和浩持"}, "unmatched", "unknown name"),
        ({"name": "海南市"}, "unmatched", "unknown name"),
        ({"name": "临夏市"}, "unmatched", "unknown name"),
        ({"name": "山东太原"}, "unmatched", "unknown name"),
        ({"name": "榆林", "province": "广西"}, "unmatched", "name not in this province"),
        ({"code": 140100, "province": "陕西"}, "unmatched", "code not in this province"),
        (
            {"name": "昌邑", "code": 220202, "province": "山东省"},
            "unmatched",
            "code not in this province",
        ),
        ({"name": "太原", "province": "山西西"}, "unmatched", "unknown province 山西西"),
        ({"name": "太原", "province": 140100}, "unmatched", "unknown province 140100"),
        ({}, "unmatched", "neither name nor code"),
        ({"name": "", "code": float("nan")}, "unmatched", "neither name nor code"),
        ({"name": None, "code": pd.NA}, "unmatched", "neither name nor code"),
    ],
)
def test_what_is_not_matched_says_why(matcher, keys, status, rule):
    found = matcher.match(**keys)
    assert (found.status, found.unit, found.rule) == (status, None, rule)


def test_name_and_code_together(matcher):
    assert matcher.match(name="海东地区", code=632100, province="青海").unit == "630200"
    assert matcher.match(name="海南", code=632500).unit == "632500"
    assert matcher.match(name="海南", code=460000).status == "outside"
    assert matcher.match(name="吉林", code=220200).candidates == ("220200",)


def test_close_names_are_offered_from_the_province(matcher):
    assert matcher.match(name="呼和浩持市").candidates == ("150100",)
    assert matcher.match(name="Zhengzhuo", province="Henan").candidates == ("410100",)


@pytest.mark.parametrize(
    ("name", "year", "note"),
    [
        ("莱芜", 2018, ""),
        ("莱芜", 2019, "no unit after 2018"),
        ("中卫", 2003, "no unit before 2004"),
        ("中卫", 2004, ""),
    ],
)
def test_units_out_of_their_time_are_noted(matcher, name, year, note):
    found = matcher.match(name=name, year=year)
    assert (found.status, found.note) == ("matched", note)


def test_frame_of_keys(matcher):
    frame = pd.DataFrame(
        {
            "name": ["太原市", "海东地区", "海东市", "海南", "赤峰", "太原事", "莱芜", "太原市"],
            "year": [2003, 2013, 2013, 2003, 2003, 2003, 2020, 2004],
        },
        index=[10, 11, 12, 13, 14, 15, 16, 17],
    )
    units, report = matcher.match_frame(frame)
    assert units.index.equals(frame.index)
    assert [unit if given(unit) else None for unit in units] == [
        "140100", "630200", "630200", None, None, None, "371200", "140100",
    ]  # fmt: skip
    assert report.counts == {"matched": 5, "outside": 1, "unmatched": 1, "ambiguous": 1}
    assert sum(report.counts.values()) == report.rows == 8
    assert report.units == ("140100", "371200", "630200")
    assert [str(key) for key in report.ambiguous] == [
        "海南 (1 rows: more than one place has this name; "
        "compare 海南省 460000, 海南藏族自治州 632500)"
    ]
    assert [key.key for key in report.unmatched] == ["太原事"]
    assert "太原市 140100" in report.unmatched[0].candidates
    assert report.remarks == (
        "海东市 630200 stands under more than one key in 2013",
        "莱芜市 371200: no unit after 2018, but the file has 2020",
    )
    assert report.notes()[0] == "5 of 8 rows belong to 3 units of the study"
    with pytest.raises(UnitError, match=r"x\.csv: not recognised: 太原事.*ambiguous: 海南"):
        report.require_resolved(Place("x.csv"))


def test_report_does_not_depend_on_the_order_of_rows(matcher):
    frame = pd.DataFrame({"name": ["乙", "甲", "太原", "海南", "乙"], "year": [1, 2, 3, 4, 5]})
    _, report = matcher.match_frame(frame)
    _, again = matcher.match_frame(frame.iloc[::-1])
    assert report == again


def test_resolved_report_passes(matcher):
    _, report = matcher.match_frame(pd.DataFrame({"code": [140100.0, 150400]}))
    report.require_resolved()
    assert report.counts["outside"] == 1


def test_frame_without_keys_is_refused(matcher):
    with pytest.raises(DataError, match="no column to match: wanted `name` or `code`, found city"):
        matcher.match_frame(pd.DataFrame({"city": ["太原"]}))


def test_keys_of_spellings():
    assert spelling_key("Ｘｉ’ａｎ") == spelling_key("xi an") == "xian"
    assert spelling_key("Lüliang") == "luliang"
    assert spelling_key("榆林") != spelling_key("玉林")


@pytest.mark.parametrize(
    ("value", "key"),
    [("14", "140000"), ("1401", "140100"), ("140100000", "140100"), ("140101001", None),
     ("14010", None), ("-140100", None), ("x", None), (False, None)],
)  # fmt: skip
def test_keys_of_codes(value, key):
    assert code_key(value) == key


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), pd.NA, pd.NaT, "nan"])
def test_what_is_not_given(value):
    assert not given(value)


def test_what_is_given():
    assert given(0)
    assert given("0")


def test_columns_to_match_by_can_be_named(matcher):
    counties = pd.DataFrame(
        {"code": ["140105", "632121"], "name": ["小店区", "平安县"], "city": ["太原市", "海东地区"]}
    )
    units, report = matcher.match_frame(counties, name="city", code=None)
    assert units.tolist() == ["140100", "630200"]
    assert report.unmatched == report.ambiguous == ()
    assert matcher.match_frame(counties)[1].counts["outside"] == 2
