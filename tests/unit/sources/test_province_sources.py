"""Readers of provincial panels: value added of industry, GDP, land cover and productivity."""

from __future__ import annotations

from pathlib import Path

import pytest
from sourcefiles import write_text

from yrb_carbon.errors import SourceError
from yrb_carbon.sources.gtmp import read_gtmp
from yrb_carbon.sources.province_land_cover import read_province_land_cover
from yrb_carbon.sources.province_panel import read_province_panel

GTMP_HEADER = ["地区", "所属地域", "id", "年份", "工业增加值(亿元)", "", "GML指数"]
COVER_HEADER = [
    "province_id", "province", "year", *[f"igbp{k:02d}_km2" for k in range(1, 18)],
    "forest_km2", "mean_npp_gC_m2", "area_km2",
]  # fmt: skip
CLOSE = 1e-12
"""Sums of a few doubles."""


def gtmp(path: Path, rows: list[list[object]]) -> Path:
    return write_text(path, [GTMP_HEADER, *rows], "utf-8-sig")


def cover_row(year: int, scale: float = 1e3, area: float | None = None) -> list[object]:
    classes = [scale * k for k in range(1, 18)]
    total = sum(classes) if area is None else area
    return [140000, "山西省", year, *classes, sum(classes[:5]), 420.0, total]


def test_value_added_of_industry_is_turned_into_ten_thousand_yuan(tmp_path):
    rows = [["天津", "东部", 2, 2001, 750.5, None, 1], ["北京", "东部", 1, 2000, 831, None, 1]]
    table = read_gtmp(gtmp(tmp_path / "g.csv", rows))
    assert table.frame.to_numpy().tolist() == [["北京", 2000, 831e4], ["天津", 2001, 750.5e4]]
    assert table.record.unit == {"prov_industry_va": "10^4 yuan, current prices"}
    assert any("current prices" in note for note in table.record.notes)


def test_value_added_in_another_unit_is_refused_with_the_likely_one(tmp_path):
    rows = [["北京", "东部", 1, 2000, 831e4, None, 1]]
    with pytest.raises(SourceError, match=r"look like 10\^4 yuan"):
        read_gtmp(gtmp(tmp_path / "g.csv", rows))


def test_gdp_of_provinces_stands_beside_their_population(tmp_path):
    head = ["province", "year", "green_invention_patents", "green_utility_patents", "population",
            "gdp"]  # fmt: skip
    file = write_text(tmp_path / "p.csv", [head, ["Neimenggu", 2019, 1, 2, 2415, 17212.5]])
    row = read_province_panel(file).frame.iloc[0]
    assert (row["prov_pop"], row["prov_gdp"]) == (2415.0, 17212.5e4)
    other = write_text(tmp_path / "q.csv", [head, ["Neimenggu", 2019, 1, 2, 2415, 17212.5e8]])
    with pytest.raises(SourceError, match=r"look like yuan"):
        read_province_panel(other)


def test_classes_of_land_are_summed_to_groups(tmp_path):
    file = write_text(tmp_path / "l.csv", [COVER_HEADER, cover_row(2002), cover_row(2001)])
    table = read_province_land_cover(file)
    row = table.frame.set_index("year").loc[2001]
    wanted = {
        "prov_area_forest": 1 + 2 + 3 + 4 + 5, "prov_area_grass": 6 + 7 + 8 + 9 + 10,
        "prov_area_water": 11 + 17, "prov_area_crop": 12 + 14, "prov_area_unused": 15 + 16,
        "prov_area_built": 13,
    }  # fmt: skip
    assert {name: row[name] / 1e3 for name in wanted} == pytest.approx(wanted, rel=CLOSE)
    assert row["prov_npp"] == 420.0
    assert row["prov_area_woody"] == 8e3
    assert table.frame["year"].tolist() == [2001, 2002]


def test_classes_that_miss_the_area_are_refused_with_their_row(tmp_path):
    rows = [COVER_HEADER, cover_row(2001), cover_row(2002, area=1.5e5)]
    with pytest.raises(SourceError, match=r"row 3.*add up to 153000 km2, the area is 150000"):
        read_province_land_cover(write_text(tmp_path / "l.csv", rows))


def test_a_missing_class_is_told_by_the_area(tmp_path):
    row = cover_row(2001)
    row[3] = None
    with pytest.raises(SourceError, match="add up to nan"):
        read_province_land_cover(write_text(tmp_path / "l.csv", [COVER_HEADER, row]))


def test_areas_in_hectares_are_refused(tmp_path):
    rows = [COVER_HEADER, cover_row(2001, 1e5)]
    with pytest.raises(SourceError, match="look like hectares"):
        read_province_land_cover(write_text(tmp_path / "l.csv", rows))
