"""Provinces: every spelling that files have, regions and areas complete, faults told."""

from __future__ import annotations

import shutil

import pytest

from yrb_carbon.errors import Place, SourceError, UnitError
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.provinces import AREAS, REGIONS, load_provinces
from yrb_carbon.study.units import load_units


@pytest.fixture(scope="module")
def provinces():
    return load_provinces()


@pytest.fixture
def home(tmp_path):
    for name in ("prefectures.csv", "names.csv", "provinces.csv"):
        shutil.copy(data_folder() / name, tmp_path / name)
    return tmp_path


SPELLINGS = {
    "15": (
        "内蒙", "内蒙古", "内蒙古自治区", "InnerMongolia", "Inner Mongolia", "inner_mongolia", "15",
        "150000", 15,
    ),
    "61": ("陕西", "陕西省", " 陕西 ", "Shaanxi", "SHAANXI", "Shaanxi Province", "61"),
    "14": ("山西", "山西省", "Shanxi"),
    "11": ("北京", "北京市", "Beijing"),
    "46": ("海南", "海南省", "Hainan"),
    "54": ("西藏", "Tibet", "Xizang"),
    "65": ("新疆", "新疆维吾尔自治区", "Xinjiang"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "code"), [(name, code) for code, names in SPELLINGS.items() for name in names]
)
def test_spellings(provinces, spelling, code):
    assert provinces.code(spelling) == code


def test_every_name_of_a_province_leads_back_to_it(provinces):
    assert len(provinces) == 31
    for column in ("label", "name_en", "name_zh", "short_zh"):
        assert provinces.codes_of(provinces.frame[column]) == list(provinces.codes)


@pytest.mark.parametrize("name", ["香港", "Taiwan", "", "太原", "Total", None, "万县市", 99])
def test_what_is_no_province_of_the_mainland_is_none(provinces, name):
    assert provinces.find(name) is None


@pytest.mark.parametrize(
    ("name", "outside"),
    [("香港", True), ("台湾省", True), ("Macau", True), ("北京", False), ("Atlantis", False)],
)
def test_what_is_outside_is_told_from_what_is_unknown(provinces, name, outside):
    assert provinces.is_outside(name) is outside


def test_an_unknown_name_is_told_with_its_place_and_the_closest(provinces):
    with pytest.raises(UnitError, match=r"b\.xlsx, sheet 'S'.*'Shanx'.*Shanxi"):
        provinces.code("Shanx", Place("b.xlsx", "S"))


def test_groups_are_complete_and_have_the_sizes_of_the_statistics(provinces):
    for by, known in (("region", REGIONS), ("area", AREAS)):
        groups = provinces.grouped(by)
        assert list(groups) == list(known)
        assert sorted(code for codes in groups.values() for code in codes) == list(provinces.codes)
    sizes = {key: len(codes) for key, codes in provinces.grouped("region").items()}
    assert sizes == {"east": 11, "central": 8, "west": 12}
    sizes = {key: len(codes) for key, codes in provinces.grouped("area").items()}
    assert list(sizes.values()) == [2, 3, 2, 3, 3, 6, 6, 6]
    assert provinces.frame.loc["21", ["region", "area"]].tolist() == ["east", "northeast"]


def test_labels_are_those_of_the_units(provinces):
    units = load_units().frame
    labels = units["province"].groupby(units.index.str[:2]).first()
    assert labels.to_dict() == {code: provinces.label(code) for code in labels.index}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("61,Shaanxi,", "99,Shaanxi,", "column 'province'.*prefectures"),
        ("61,Shaanxi,", "61,Shanxi,", "column 'label'"),
        ("61,Shaanxi,west", "61,Shaanxi,North", "column 'region'.*east"),
        ("61,Shaanxi,west,northwest", "61,Shaanxi,west,", "column 'area'.*northwest"),
        ("61,Shaanxi,", "62,Shaanxi,", "each code once"),
        ("61,Shaanxi,", "6,Shaanxi,", "two digits"),
        ("province,label", "code,label", "columns are missing: province"),
    ],
)
def test_faults_of_the_table(home, old, new, told):
    path = home / "provinces.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SourceError, match=told):
        load_provinces(home)
