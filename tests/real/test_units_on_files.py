"""Every name and code of the real files is a unit, a place outside the study, or in a list here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from yrb_carbon.errors import UnitError
from yrb_carbon.panel.crosswalk import require_boundaries
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.ceads_city import read_ceads_city
from yrb_carbon.sources.ceads_county import read_ceads_county
from yrb_carbon.sources.city_employment import read_city_employment
from yrb_carbon.sources.edgar_city import read_edgar_city
from yrb_carbon.sources.fdi import read_fdi
from yrb_carbon.sources.finance import read_finance
from yrb_carbon.sources.npp import read_city_npp
from yrb_carbon.sources.population import read_population
from yrb_carbon.sources.real_gdp import read_real_gdp
from yrb_carbon.sources.roads import read_roads
from yrb_carbon.sources.structure import read_industry_structure
from yrb_carbon.study.units import MatchReport, NameMatcher, load_matcher, load_units

pytestmark = pytest.mark.real

VENDOR = "gp_city_panels"
REMOTE = "eileenchen_city_remote_sensing"
NINE_PROVINCES = ("63", "51", "62", "64", "15", "61", "14", "41", "37")

PASTORAL = frozenset({"152900", "513200", "513300", "622900", "623000"})
"""Alxa, Aba, Garze, Linxia, Gannan: no cities, so in few tables of cities."""
QINGHAI = frozenset({"632200", "632300", "632500", "632600", "632700", "632800"})
LAIWU, JIYUAN, HAINAN_QH, LINXIA, HAIDONG = "371200", "419001", "632500", "622900", "630200"


@dataclass(frozen=True, slots=True)
class Expected:
    """A file, its reader, and what the matcher makes of it."""

    folder: str
    part: str
    read: Callable[[Path], SourceTable]
    absent: frozenset[str]
    matched: int
    outside: int
    after_laiwu: bool = False


EXPECTED = {
    "edgar": Expected(
        VENDOR, "碳排放强度", read_edgar_city,
        (PASTORAL | QINGHAI | {LAIWU, JIYUAN}) - {HAINAN_QH}, 1920, 5160,
    ),
    "structure": Expected(
        VENDOR, "产业结构", read_industry_structure, frozenset({JIYUAN}), 2159, 5815
    ),
    "real_gdp": Expected(
        VENDOR, "GDP相关", read_real_gdp, PASTORAL | QINGHAI | {LAIWU, JIYUAN}, 1896, 5208
    ),
    "population": Expected(
        VENDOR, "人口密度", read_population,
        (PASTORAL | QINGHAI | {LAIWU, JIYUAN}) - {HAINAN_QH}, 2160, 5886,
    ),
    "fdi": Expected(
        VENDOR, "FDI", read_fdi, PASTORAL | QINGHAI | {JIYUAN}, 2240, 6020, after_laiwu=True
    ),
    "roads": Expected(
        VENDOR, "人均道路", read_roads, PASTORAL | QINGHAI | {HAIDONG}, 1760, 4994,
        after_laiwu=True,
    ),
    "finance": Expected(
        VENDOR, "金融", read_finance, (PASTORAL | QINGHAI | {JIYUAN}) - {HAINAN_QH}, 1701, 4599,
        after_laiwu=True,
    ),
    "npp": Expected(REMOTE, "anpp", read_city_npp, frozenset({LAIWU}), 1820, 5600),
    "employment": Expected(
        REMOTE, "Employment", read_city_employment, frozenset({LAIWU}), 1820, 5600
    ),
    "ceads_city": Expected(
        "ceads_city_co2", "290", read_ceads_city,
        (PASTORAL | QINGHAI | {HAIDONG}) - {"152900", "513300"}
        | {"140200", "141000", "141100", "411100", "610200"}
        | {"620900", "621000", "621200", "640400"},
        993, 2936,
    ),
}  # fmt: skip


def file_with(folder: Path, part: str) -> Path:
    found = [path for path in sorted(folder.iterdir()) if part in path.name]
    assert len(found) == 1, (folder, part, found)
    return found[0]


@pytest.fixture(scope="module")
def matcher() -> NameMatcher:
    return load_matcher()


def absent_units(report: MatchReport) -> frozenset[str]:
    return frozenset(set(load_units().ids) - set(report.units))


@pytest.mark.parametrize("name", list(EXPECTED))
def test_all_keys_are_recognised(data_root, matcher, name):
    expected = EXPECTED[name]
    frame = expected.read(file_with(data_root / expected.folder, expected.part)).frame
    units, report = matcher.match_frame(frame)
    assert report.unmatched == ()
    assert report.ambiguous == ()
    report.require_resolved()
    assert absent_units(report) == expected.absent
    assert (report.counts["matched"], report.counts["outside"]) == (
        expected.matched,
        expected.outside,
    )
    keys = pd.DataFrame({"unit": units, "year": frame["year"]}).dropna()
    assert not keys.duplicated().any()
    late_laiwu = any(remark.startswith("莱芜市 371200: no unit") for remark in report.remarks)
    assert late_laiwu == expected.after_laiwu


def test_counties_are_matched_by_their_prefecture(data_root, matcher):
    """海东地区, 莱芜市 and 济源市 are in the file under these names."""
    frame = read_ceads_county(file_with(data_root / "ceads_county_co2", "县级")).frame
    assert {"海东地区", "莱芜市", "济源市"} <= set(frame["city"])
    units, report = matcher.match_frame(frame, name="city", code=None)
    report.require_resolved()
    assert absent_units(report) == frozenset()
    counties = frame.assign(unit=units).dropna(subset=["unit"]).groupby("unit")["code"].nunique()
    assert int(counties.sum()) == 748
    assert counties[[LAIWU, JIYUAN, HAIDONG]].tolist() == [2, 1, 5]


def test_counties_are_no_units_by_their_own_codes(data_root, matcher):
    """Jiyuan is both; the city of Jiayuguan has no counties and stands as county 620201."""
    frame = read_ceads_county(file_with(data_root / "ceads_county_co2", "县级")).frame
    _, report = matcher.match_frame(frame)
    assert report.units == (JIYUAN,)
    assert [key.key for key in report.ambiguous] == ["620201 甘肃省 嘉峪关市"]
    assert [key.key for key in report.unmatched] == [
        "320211(2) 江苏省 新吴区",
        "320506(2) 江苏省 工业园区",
        "321112(2) 江苏省 镇江新区",
    ]


def test_english_names_of_the_county_file(data_root, matcher):
    """Its English names are matched within their provinces, all but one in the nine provinces."""
    path = file_with(data_root / "ceads_county_co2", "县级")
    raw = pd.read_csv(path, encoding="gb18030", dtype=str)
    frame = pd.DataFrame({"province": raw["Province Name.1"], "name": raw["City Name.1"]})
    chinese, _ = matcher.match_frame(
        pd.DataFrame({"province": raw["Province Name"], "name": raw["City Name"]})
    )
    english, report = matcher.match_frame(frame)
    assert report.ambiguous == ()
    ours = raw["DISTCODE地区代码"].str[:2].isin(NINE_PROVINCES)
    _, nine = matcher.match_frame(frame[ours])
    assert [key.key for key in nine.unmatched] == [
        "Inner Mongolia Autonomous Region ?Alashan League"
    ]
    assert absent_units(report) == {"152900"}
    known = english.notna()
    assert (english[known] == chinese[known]).all()


def test_roads_of_all_levels(data_root, matcher):
    """Four county-level cities carry the code of a namesake elsewhere; they are not recognised.

    The city of Linxia carries the code of the prefecture: the reader has to leave it out.
    """
    raw = pd.read_excel(file_with(data_root / VENDOR, "人均道路"), engine="calamine")
    raw = raw.rename(
        columns={"年份": "year", "省份": "province", "城市": "name", "城市代码": "code"}
    )
    frame = raw[["code", "province", "name", "year"]].dropna()
    _, report = matcher.match_frame(frame)
    assert [key.key for key in report.unmatched] == [
        "130205.0 广东省 开平",
        "220202.0 山东省 昌邑",
        "320113.0 山东省 栖霞",
        "410602.0 广东省 鹤山",
    ]
    assert {key.rule for key in report.unmatched} == {"code not in this province"}
    assert report.ambiguous == ()
    assert absent_units(report) == EXPECTED["roads"].absent - {LINXIA}


def codes_of_map(path: Path, key: str) -> list[str]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [feature["properties"][key] for feature in features]


@pytest.mark.parametrize(("name", "absent"), [("p2003", {"640500"}), ("p2018", set())])
def test_old_codes_of_the_yearly_maps(data_root, matcher, name, absent):
    codes = codes_of_map(data_root / "crosswalk_ctamap" / f"{name}.geojson", "source_code")
    assert ("152600" in codes) == (name == "p2003")
    _, report = matcher.match_frame(pd.DataFrame({"code": codes}))
    assert report.ambiguous == ()
    # The islands of the South China Sea have no code in the map of 2003.
    assert [key.key for key in report.unmatched] == (["0"] if name == "p2003" else [])
    assert absent_units(report) == absent


def test_boundaries_of_the_unit_sets(data_root, matcher):
    today = codes_of_map(file_with(data_root / "yrb_boundaries_cnmaps", "wgs84_0.005deg"), "adcode")
    for unit_set in ("A", "C", "set91", "set79"):
        require_boundaries(unit_set, today)
    with pytest.raises(UnitError, match="371200 Laiwu"):
        require_boundaries("B", today)
    codes = codes_of_map(data_root / "crosswalk_ctamap" / "p2018.geojson", "source_code")
    of_2018 = [matcher.match(code=code).unit or code for code in codes]
    require_boundaries("B", of_2018)
    with pytest.raises(UnitError, match="Dissolve 371200 into 370100"):
        require_boundaries("A", of_2018)
