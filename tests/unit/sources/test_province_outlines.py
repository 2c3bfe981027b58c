"""Outlines of the provinces: units, areas, and that they stand where the prefectures do."""

from __future__ import annotations

import pytest
import shapely

from yrb_carbon.sources.boundaries import Boundaries, read_boundaries, read_province_outlines
from yrb_carbon.study.provinces import load_provinces

pytestmark = pytest.mark.slow

AREAS_KM2 = {"11": 16410, "14": 156700, "37": 157900, "41": 167000, "52": 176167, "62": 425800}
"""Published land areas."""
AREA_SHARE = 0.01
"""Coasts, rivers and disputed strips are drawn in other ways."""
SAME_AREA, SAME_PLACE_M = 1e-6, 10.0
"""Both are measured on whole outlines; without the shift from GCJ-02 centroids lie 500 m apart."""


@pytest.fixture(scope="module")
def outlines() -> Boundaries:
    return read_province_outlines()


def test_all_provinces_have_outlines_that_fit_together(outlines):
    assert set(load_provinces().codes) | {"71", "81", "82"} == set(outlines.unit_ids)
    assert outlines.is_coverage
    assert outlines.record.rows == 34
    assert "WGS84" in " ".join(outlines.record.notes)


def test_areas_are_those_published(outlines):
    for code, area in AREAS_KM2.items():
        assert outlines.frame.loc[code, "area_km2"] == pytest.approx(area, rel=AREA_SHARE)


def test_a_province_is_the_union_of_its_prefectures(outlines):
    units = [f"64{number:02d}00" for number in range(1, 6)]
    parts = read_boundaries(unit_ids=units, simplify_m=0)
    whole = shapely.union_all(parts.projected())
    middle = shapely.centroid(whole)
    own = outlines.frame.loc["64"]
    assert own["area_km2"] == pytest.approx(whole.area / 1e6, rel=SAME_AREA)
    assert abs(own["x"] - middle.x) + abs(own["y"] - middle.y) < SAME_PLACE_M
