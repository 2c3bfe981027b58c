"""The map holds the values of the panel and of the effects by unit, each once, by unit."""

from __future__ import annotations

import json
import re
from typing import Any

import lxml.html
import numpy as np
import pandas as pd
import pytest
import shapely
from map_page import (
    MISSING,
    SQUARES,
    UNITS,
    VARIABLES,
    YEARS,
    made_boundaries,
    made_by_unit,
    made_frame,
    made_map,
    made_study,
)

from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.map_classes import cut_classes
from yrb_carbon.report.site.basin_map import MapFragment, map_fragment, plotly_script
from yrb_carbon.report.site.map_layers import KINDS
from yrb_carbon.report.site.map_outlines import map_outlines
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.base import Label
from yrb_carbon.study.plan import computed_variables
from yrb_carbon.study.units import Units, load_units

STUDY = made_study()
LARGEST_SHARE_LOST = 1e-3
"""Of the area of a square, by rounding to a grid of some thousand steps."""
MOST_NUMBERS = 1000
"""Coordinates of a disc as wide as half a screen, of 40 000 before."""


def data_of(fragment: MapFragment) -> dict[str, Any]:
    """What the script of the map reads, as a browser would get it."""
    page = lxml.html.document_fromstring(f"<html><body>{fragment.html}</body></html>")
    (script,) = page.xpath('//script[@type="application/json"]')
    return json.loads(script.text_content())


def text_of(fragment: MapFragment, language: str = "en") -> str:
    """What a reader of one language sees without scripts."""
    page = lxml.html.document_fromstring(f"<html><body>{fragment.html}</body></html>")
    other = {"en": "t-zh", "zh": "t-en"}[language]
    for element in page.xpath(f'//script | //*[@class="{other}"]'):
        element.drop_tree()
    return " ".join(page.text_content().split())


def layer_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    (layer,) = [layer for layer in data["layers"] if layer["name"] == name]
    return layer


@pytest.fixture(scope="module")
def fragment() -> MapFragment:
    return made_map()


@pytest.fixture(scope="module")
def data(fragment: MapFragment) -> dict[str, Any]:
    return data_of(fragment)


@pytest.mark.parametrize("name", VARIABLES)
def test_values_are_those_of_the_panel(data: dict[str, Any], name: str) -> None:
    layer, frame = layer_of(data, name), made_frame()
    assert layer["years"] == list(YEARS)
    units = [unit["id"] for unit in data["units"]]
    values = iter(layer["values"])
    for unit in units:
        for year in YEARS:
            found = next(values)
            wanted = frame[name].get((unit, year), np.nan)
            assert (found is None) == bool(np.isnan(wanted))
            assert found is None or found == wanted
    assert next(values, "end") == "end"
    assert [units[i] for i in layer["outside"]] == [UNITS[-1]]


def test_effects_are_those_by_unit(data: dict[str, Any]) -> None:
    rows = made_by_unit()
    names = rows[["table", "model", "term", "kind"]].agg(".".join, axis=1)
    effects = [layer for layer in data["layers"] if not layer["years"]]
    assert sorted(layer["name"] for layer in effects) == sorted(names.unique())
    for layer in effects:
        wanted = rows[names == layer["name"]].set_index("unit")["effect"]
        for unit, value in zip(data["units"], layer["values"], strict=True):
            assert value == wanted.get(unit["id"])
        assert layer["centre"] == 0.0


def test_a_missing_value_is_none_and_not_outside(data: dict[str, Any]) -> None:
    layer = layer_of(data, "cb")
    at = [unit["id"] for unit in data["units"]].index(MISSING[0])
    assert layer["values"][at * len(YEARS) + YEARS.index(MISSING[1])] is None
    assert at not in layer["outside"]


def test_order_of_rows_and_polygons_does_not_matter(fragment: MapFragment) -> None:
    shuffled = map_fragment(
        STUDY,
        build_boundaries(UNITS[::-1], SQUARES[::-1], FileRecord("grid", None, "", len(UNITS))),
        made_frame().sample(frac=1.0, random_state=1),
        made_by_unit().sample(frac=1.0, random_state=2),
    )
    assert shuffled == fragment


def test_classes_are_shared_by_all_years(data: dict[str, Any]) -> None:
    wanted = cut_classes(made_frame()["cb"].to_numpy(), "quantiles", 5, centre=0.0)
    layer = layer_of(data, "cb")
    assert layer["edges"] == wanted.edges.tolist()
    assert layer["colours"] == list(wanted.colours)
    assert layer["centre"] == 0.0
    assert all(len(texts) == len(layer["colours"]) for texts in layer["intervals"].values())


def test_names_and_reaches_are_those_of_the_units(data: dict[str, Any]) -> None:
    known = load_units()
    reach = known.reach(STUDY.study.reach_split)
    assert [unit["id"] for unit in data["units"]] == sorted(UNITS)
    for unit in data["units"]:
        row = known.frame.loc[unit["id"]]
        assert unit["name"] == {"en": row["name_en"], "zh": row["name_zh"]}
        assert unit["province"] == {"en": row["province"], "zh": row["province_zh"]}
        assert unit["reach"] == reach[unit["id"]]


def test_every_text_is_there_in_both_languages(data: dict[str, Any]) -> None:
    for name, texts in data["text"].items():
        assert set(texts) == {"en", "zh"}
        assert texts["en"] != texts["zh"]
        holes = [sorted(re.findall(r"\{\w+\}", text)) for text in texts.values()]
        assert holes[0] == holes[1], name
    for layer in data["layers"]:
        for key in ("group", "short", "label", "unit", "definition", "intervals"):
            assert set(layer[key]) == {"en", "zh"}


def test_layers_come_in_the_order_of_the_study(data: dict[str, Any]) -> None:
    names = [layer["name"] for layer in data["layers"]]
    assert names[:5] == ["cb", "lq", "m1", "m2", "m3"]
    assert names[5:8] == [f"T7.joint.lq.{kind}" for kind in KINDS]
    assert data["start"] == {"layer": 0, "year": 2018}


def test_the_study_chooses_what_is_shown_and_where_it_starts() -> None:
    chosen = {
        "variables": ["m2", "cb"], "effects": ["T7"], "default": "T7.joint.m2.mediated_sent",
        "year": 2017,
    }  # fmt: skip
    data = data_of(made_map(chosen))
    names = [layer["name"] for layer in data["layers"]]
    assert names[:2] == ["m2", "cb"]
    assert names[data["start"]["layer"]] == "T7.joint.m2.mediated_sent"
    assert data["start"]["year"] == 2017


def test_effects_of_models_stand_in_where_nothing_is_mediated() -> None:
    rows = made_by_unit()
    rows = rows[(rows["term"] == "lq") & rows["kind"].isin(KINDS)].assign(table="T5", model="sar")
    study = made_study({"effects": ["T5"]})
    data = data_of(map_fragment(study, made_boundaries(), made_frame(), rows))
    effects = [layer["name"] for layer in data["layers"] if not layer["years"]]
    assert effects == [f"T5.sar.lq.{kind}" for kind in KINDS]
    assert "model SAR of T4" in data["layers"][-1]["label"]["en"]


def test_what_is_absent_is_left_out_and_said() -> None:
    made = map_fragment(STUDY, made_boundaries(), made_frame().drop(columns="m1"), None)
    assert [layer["name"] for layer in data_of(made)["layers"]] == ["cb", "lq", "m2", "m3"]
    assert "Not on the map: Industrial upgrading (the panel of the run has no" in text_of(made)
    assert "Not on the map: Effects by unit of table T7 (the run has none" in text_of(made)
    assert "地图中未显示：产业升级" in text_of(made, "zh")


def test_a_path_that_is_absent_is_left_out_and_said() -> None:
    rows = made_by_unit()
    made = map_fragment(STUDY, made_boundaries(), None, rows[rows["term"] != "m3"])
    assert not [one for one in data_of(made)["layers"] if ".m3." in one["name"]]
    assert text_of(made).count("through Land carbon sequestration") == 1


def test_with_nothing_to_show_there_is_a_line_and_no_script() -> None:
    made = map_fragment(STUDY, made_boundaries(), None, None)
    assert not made.scripts
    assert "<script" not in made.html
    assert "There is no map" in text_of(made)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_cautions_stand_below_the_map(fragment: MapFragment, language: str) -> None:
    (caution,) = STUDY.study.cautions
    assert text_of(fragment, language).count(caution.in_language(language)) == 1
    assert STUDY.study.synthetic


def test_one_language_alone() -> None:
    made = map_fragment(STUDY, made_boundaries(), made_frame(), None, languages=["zh"])
    assert "t-en" not in made.html
    assert data_of(made)["languages"] == ["zh"]
    assert set(data_of(made)["units"][0]["name"]) == {"en", "zh"}


def test_labels_cannot_end_the_data() -> None:
    evil = "</script><b>cb"
    study = STUDY.model_copy(
        update={
            "variables": {
                **STUDY.variables,
                "cb": STUDY.variables["cb"].model_copy(
                    update={"label": STUDY.variables["cb"].label.model_copy(update={"en": evil})}
                ),
            }
        }
    )
    made = map_fragment(study, made_boundaries(), made_frame(), None)
    assert "<b>" not in made.html
    assert layer_of(data_of(made), "cb")["label"]["en"] == evil


def test_units_without_polygon_are_named() -> None:
    some = made_boundaries().subset(UNITS[1:])
    with pytest.raises(DataError, match="units without polygon: 140100"):
        map_fragment(STUDY, some, made_frame(), None)


@pytest.mark.parametrize("doubled", ["frame", "by_unit"])
def test_units_with_two_values_are_named(doubled: str) -> None:
    frame, rows = made_frame(), made_by_unit()
    if doubled == "frame":
        frame = pd.concat([frame, frame.iloc[:1]])
    else:
        rows = pd.concat([rows, rows[rows["unit"] == "140100"]])
    with pytest.raises(DataError, match=r"more than one .*140100"):
        map_fragment(STUDY, made_boundaries(), frame, rows)


def test_units_without_reaches_are_drawn_without_them() -> None:
    known = load_units()
    splits = [column for column in known.frame if column.startswith("reach_")]
    units = Units(known.frame.drop(columns=splits))
    made = map_fragment(STUDY, made_boundaries(), made_frame(), None, units=units)
    data = data_of(made)
    assert data["reachNames"] == data["reachBorders"] == []
    assert {unit["reach"] for unit in data["units"]} == {None}


def test_units_that_no_table_knows_are_shown_by_their_code() -> None:
    units = Units(load_units().frame.drop(index="140100"))
    made = map_fragment(STUDY, made_boundaries(), made_frame(), None, units=units)
    first = data_of(made)["units"][0]
    assert first["name"] == {"en": "140100", "zh": "140100"}
    assert first["reach"] is None


def polygon_of(rings: list[list[int]]) -> shapely.Polygon:
    outer, *holes = [np.reshape(ring, (-1, 2)) for ring in rings]
    return shapely.Polygon(outer, holes)


def test_outlines_keep_places_areas_holes_and_neighbours() -> None:
    outer, inner = shapely.box(105, 33, 107, 35), shapely.box(105.5, 33.5, 106, 34)
    shapes = [shapely.difference(outer, inner), inner, shapely.box(107, 33, 109, 35)]
    boundaries = build_boundaries(UNITS[:3], shapes, FileRecord("grid", None, "", 3))
    found = map_outlines(boundaries, dict(zip(UNITS, ["up", "up", "down"], strict=False)))
    drawn = [polygon_of(rings) for rings in found.rings]
    for polygon, plane in zip(drawn, boundaries.projected(), strict=True):
        area = polygon.area * found.step_m**2
        assert area == pytest.approx(plane.area, rel=LARGEST_SHARE_LOST)
    assert shapely.coverage_is_valid(drawn)
    assert [len(rings) for rings in found.rings] == [2, 1, 1]
    turns = [shapely.LinearRing(np.reshape(ring, (-1, 2))).is_ccw for ring in found.rings[0]]
    assert turns == [False, True]
    assert all(
        polygon.contains(shapely.Point(at))
        for polygon, at in zip(drawn, found.middles, strict=True)
    )
    lines = [shapely.LineString(np.reshape(ring, (-1, 2))) for ring in found.reach_borders]
    assert len(lines) == 1
    assert lines[0].within(drawn[2].boundary)
    assert lines[0].within(drawn[0].boundary)
    assert found.size[0] > found.size[1] > 0


def test_outlines_that_overlap_lose_their_detail_too() -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 20_000, endpoint=False)
    discs = [
        shapely.Polygon(np.column_stack([x + np.cos(angles), 36 + np.sin(angles)]))
        for x in (105.0, 106.0)
    ]
    islet = shapely.box(104.0, 34.0, 104.0001, 34.0001)
    shapes = [shapely.MultiPolygon([discs[0], islet]), discs[1]]
    boundaries = build_boundaries(UNITS[:2], shapes, FileRecord("discs", None, "", 2))
    assert not boundaries.is_coverage
    found = map_outlines(boundaries, dict.fromkeys(UNITS[:2], "up"))
    assert [len(rings) for rings in found.rings] == [1, 1]
    assert all(len(rings[0]) < MOST_NUMBERS for rings in found.rings)
    for rings, plane in zip(found.rings, boundaries.projected(), strict=True):
        area = polygon_of(rings).area * found.step_m**2
        assert area == pytest.approx(plane.area, rel=0.01)


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ({"variables": ["cb", "lqq"]}, "report.map.variables.*lqq.*did you mean 'lq'"),
        ({"variables": ["cb", "cb"]}, "report.map.variables.*named twice"),
        ({"effects": ["T4"]}, "report.map.effects.*a table of kind mediation or effects"),
        ({"year": 1999}, "report.map.year.*outside the sample"),
        ({"default": "T9.joint.lq.sent"}, "report.map.default.*not on the map"),
    ],
)
def test_faults_of_the_section_are_named(section: dict[str, Any], wanted: str) -> None:
    with pytest.raises(StudyError, match=wanted):
        made_study(section)


def test_variables_of_the_map_are_computed() -> None:
    variables = {**STUDY.variables, "angle": STUDY.variables["m1"]}
    section = STUDY.report.map.model_copy(update={"variables": ("angle",)})
    report = STUDY.report.model_copy(update={"map": section})
    study = STUDY.model_copy(update={"variables": variables, "report": report})
    assert "angle" in computed_variables(study, "main")
    assert "angle" not in computed_variables(study, "winsorised")
    assert "angle" not in computed_variables(STUDY, "main")


def test_a_package_without_the_script_is_told(monkeypatch, tmp_path):
    import plotly

    plotly_script.cache_clear()
    monkeypatch.setattr(plotly, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(DataError, match=r"needs plotly\.min\.js.*no file .*Install plotly"):
        plotly_script()


def test_regions_of_the_map_are_called_as_the_study_calls_them():
    region = Label(en="state", zh="州")
    report = STUDY.report.model_copy(update={"region": region})
    study = STUDY.model_copy(update={"report": report})
    text = data_of(map_fragment(study, made_boundaries(), made_frame(), made_by_unit()))["text"]
    assert text["province"] == {"en": "State", "zh": "州"}
    assert text["provinceBorder"] == {"en": "state border", "zh": "州边界"}
