"""Maps: legends and counts on the figure, scale bar, arrow, projection, equal bytes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from figure_texts import texts

from yrb_carbon.errors import DataError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.canvas import Page
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_classes import Classes, classify
from yrb_carbon.report.map_sheet import Ground, _path
from yrb_carbon.report.maps import MapVariable, draw_units_map, draw_variable_maps
from yrb_carbon.report.press import save_figure
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.figure_base import ClassesSection

UNITS = [f"{14 + i}{j:02d}00" for i, j in itertools.product(range(3), range(1, 4))]
SHAPES = [
    shapely.box(105 + i, 33 + j, 106 + i, 34 + j) for i, j in itertools.product(range(3), range(3))
]
BOUNDARIES = build_boundaries(UNITS, SHAPES, FileRecord("grid", None, "", 9))
REACHES = dict(zip(UNITS, ["up"] * 4 + ["mid"] * 3 + ["down"] * 2, strict=True))
YEARS = [2003, 2018]
NOTICE = "synthetic demonstration data"
GROUND = Ground(BOUNDARIES)
PAGE, NOTICED = Page(), Page(notice=NOTICE)
SMALL = Page(width=2.4)
"""On a small map the scale bar is large."""
HOW = "common to all years shown; unit-years in brackets"
STRAIGHT = 1e-3
"""Degrees: along half a degree of a meridian an Albers projection bends by less."""


def values(low: float = 1.0, high: float = 18.0) -> pd.Series:
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    return pd.Series(np.linspace(low, high, 18), index=index)


def variable(series: pd.Series, label: str, k: int) -> MapVariable:
    return MapVariable(series, label, ClassesSection(scheme="quantiles", k=k))


def test_units_map_counts_reaches():
    figure = draw_units_map(
        GROUND, REACHES, title="Units", page=NOTICED, province_names={"14": "Shanxi"}
    )
    found = texts(figure)
    for text in ("Units (N = 9)", "Upper reaches: 4", "Middle reaches: 3", "Lower reaches: 2"):
        assert text in found
    assert {NOTICE, "Shanxi"} <= set(found)
    assert "not in the sample" not in found
    assert any(text.endswith(" km") for text in found)


def test_context_is_named():
    ground = Ground.of(BOUNDARIES, UNITS[:6])
    found = texts(draw_units_map(ground, REACHES, title="Units", page=PAGE))
    assert {"not in the sample", "Units (N = 6)"} <= set(found)


def scale_bar_box(figure):
    """Corners of the white backing in the plane of the map: west, south, east, north."""
    from matplotlib.patches import Rectangle

    boxes = [p for axes in figure.axes for p in axes.patches if isinstance(p, Rectangle)]
    assert len(boxes) == 1
    return boxes[0].get_bbox().extents


CELLS = dict(
    zip(itertools.product(range(3), range(3)), zip(UNITS, SHAPES, strict=True), strict=True)
)


def units_at(*cells: tuple[int, int]):
    chosen = sorted(CELLS[cell] for cell in cells)
    units, shapes = zip(*chosen, strict=True)
    return build_boundaries(units, shapes, FileRecord("some", None, "", len(units)))


def corner_of_scale_bar(figure) -> str:
    west, south, east, north = scale_bar_box(figure)
    (left, right), (low, high) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    vertical = "south" if south - low < high - north else "north"
    return f"{vertical} {'west' if west - left < right - east else 'east'}"


@pytest.mark.parametrize(
    ("cells", "corner"),
    [
        ([(1, 1), (2, 0), (0, 2), (2, 2)], "south west"),
        ([(1, 1), (0, 0), (0, 2), (2, 2)], "south east"),
        ([(1, 1), (0, 0), (2, 0), (2, 2)], "north west"),
        ([(1, 1), (0, 0), (2, 0), (0, 2)], "north east"),
    ],
)
def test_scale_bar_stands_in_the_free_corner(cells, corner):
    figure = draw_units_map(Ground(units_at(*cells)), REACHES, title="x", page=SMALL)
    assert corner_of_scale_bar(figure) == corner


def test_scale_bar_avoids_units_behind_the_sample():
    sample = units_at((0, 0), (1, 1), (2, 2))
    alone = draw_units_map(Ground(sample), REACHES, title="x", page=SMALL)
    assert corner_of_scale_bar(alone) == "south east"
    behind = units_at((0, 0), (1, 1), (2, 2), (2, 0))
    crossed = draw_units_map(Ground(sample, behind), REACHES, title="x", page=SMALL)
    assert corner_of_scale_bar(crossed) == "north west"


def test_the_scale_bar_is_as_long_as_it_says():
    figure = draw_units_map(GROUND, REACHES, title="x", page=PAGE)
    (text,) = [text for text in texts(figure) if text.endswith(" km")]
    lengths = [np.ptp(line.get_xdata()) for line in figure.axes[0].lines
               if len(line.get_xdata()) == 4]  # fmt: skip
    assert lengths == pytest.approx([1e3 * float(text.removesuffix(" km"))])


def test_variable_maps_count_units_and_classes():
    series = values()
    series.loc[("140100", 2018)] = np.nan
    figure = draw_variable_maps(
        GROUND, variable(series, "Emissions, Mt", 4), YEARS, title="E", page=NOTICED
    )
    found = texts(figure)
    assert "2003 (N = 9)" in found
    assert "2018 (N = 8)" in found
    assert "no data (1)" in found
    assert {"Emissions, Mt", f"Classes: quantiles; {HOW}"} <= set(found)
    counts = [int(t.rsplit("(", 1)[1][:-1]) for t in found if " to " in t and "(" in t]
    assert sum(counts) == 17
    assert NOTICE in found


def test_centre_is_named_where_values_lie_on_both_sides():
    both = replace(variable(values(-5, 9), "B", 4), centre=0.0)
    found = texts(draw_variable_maps(GROUND, both, YEARS, title="b", page=PAGE))
    assert f"Classes: quantiles; on each side of 0; {HOW}" in found
    one = replace(both, values=values(1, 9))
    found = texts(draw_variable_maps(GROUND, one, YEARS, title="b", page=PAGE))
    assert f"Classes: quantiles; {HOW}" in found


def test_legend_says_what_the_variable_is():
    known = replace(variable(values(), "A", 3), definition="ln(S / E); dimensionless")
    figure = draw_variable_maps(GROUND, known, YEARS, title="A", page=PAGE)
    assert "ln(S / E); dimensionless" in texts(figure)
    plain = draw_variable_maps(GROUND, variable(values(), "A", 3), YEARS, title="A", page=PAGE)
    # the further line gets room of its own
    assert figure.get_size_inches()[1] > plain.get_size_inches()[1]


def test_long_definitions_are_broken_into_lines():
    known = replace(variable(values(), "A", 3), definition="a formula " * 40)
    found = texts(draw_variable_maps(GROUND, known, YEARS, title="A", page=PAGE))
    lines = [text for text in found if text.startswith(("a formula", "formula"))]
    assert len(lines) > 2
    assert " ".join(lines) == ("a formula " * 40).strip()


def test_continuous_colours_have_a_bar_in_place_of_classes():
    ramp = replace(variable(values(-5, 9), "A", 3), classes=ClassesSection(scheme="continuous"))
    found = texts(draw_variable_maps(GROUND, ramp, YEARS, title="A", page=PAGE))
    assert not any(" to " in text for text in found)
    assert {"0", "3", "6", "9"} <= set(found)
    assert not any("Classes" in text for text in found)


def test_borders_of_reaches_are_drawn_and_named():
    plain = draw_variable_maps(GROUND, variable(values(), "A", 3), YEARS, title="A", page=PAGE)
    assert "border of a reach" not in texts(plain)
    ground = replace(GROUND, reaches=REACHES)
    figure = draw_variable_maps(ground, variable(values(), "A", 3), YEARS, title="A", page=PAGE)
    assert {"border of a reach", "province border"} <= set(texts(figure))
    assert len(figure.axes[0].collections) == len(plain.axes[0].collections) + 1
    assert len(figure.axes[0].collections[-1].get_paths()) == len(set(REACHES.values()))


def test_the_projection_is_named():
    (note,) = [text for text in texts(draw_units_map(GROUND, REACHES, title="x", page=PAGE))
               if text.startswith("Projection")]  # fmt: skip
    assert "Albers" in note
    assert BOUNDARIES.area_crs in note


def test_an_arrow_points_along_the_meridian():
    from pyproj import Transformer

    figure = draw_units_map(replace(GROUND, has_arrow=True), REACHES, title="x", page=PAGE)
    (arrow,) = [a for a in figure.axes[0].texts if a.get_text() == "N"]
    back = Transformer.from_crs(BOUNDARIES.area_crs, "EPSG:4326", always_xy=True)
    (lon, lat), (east, north) = back.transform(*arrow.xyann), back.transform(*arrow.xy)
    assert east == pytest.approx(lon, abs=STRAIGHT)
    assert north > lat
    assert "N" not in texts(draw_units_map(GROUND, REACHES, title="x", page=PAGE))


@pytest.mark.parametrize(("mm", "columns"), [(70, 1), (90, 2), (190, 2)])
def test_figures_are_as_wide_as_the_page(mm, columns):
    page = Page(width=mm / 25.4)
    figure = draw_variable_maps(GROUND, variable(values(), "A", 3), YEARS, title="A", page=page)
    assert figure.get_size_inches()[0] == pytest.approx(mm / 25.4)
    lefts = {round(axes.get_position().x0, 3) for axes in figure.axes[:2]}
    assert len(lefts) == columns


def test_titles_can_be_left_to_the_caption():
    figure = draw_units_map(GROUND, REACHES, title="Units", page=Page(has_title=False))
    assert not any(text.startswith("Units") for text in texts(figure))


def test_colours_follow_the_values_whatever_their_order():
    from matplotlib.colors import to_hex

    series = values()

    def colours(data: pd.Series) -> list[list[float]]:
        figure = draw_variable_maps(GROUND, variable(data, "A", 3), YEARS, title="A", page=PAGE)
        return figure.axes[0].collections[0].get_facecolor().tolist()

    expected = classify(series.to_numpy(), ClassesSection(scheme="quantiles", k=3))
    assert isinstance(expected, Classes)
    first_year = series.xs(2003, level="year").to_numpy()
    assert [to_hex(c) for c in colours(series)] == expected.paint(first_year)
    assert colours(series) == colours(series.sample(frac=1, random_state=1))


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_figures_give_equal_bytes(tmp_path, kind):
    for name in ("one", "two"):
        figure = draw_variable_maps(
            GROUND, variable(values(), "A", 3), YEARS, title="A", page=NOTICED
        )
        assert save_figure(figure, tmp_path / name, (kind,)) == (tmp_path / f"{name}.{kind}",)
    content = (tmp_path / f"one.{kind}").read_bytes()
    assert content == (tmp_path / f"two.{kind}").read_bytes()
    assert len(content) > 5000
    assert b"Matplotlib" not in content
    assert b"<dc:date>" not in content


def test_chinese_maps_have_chinese_texts():
    page = Page(words=Words("zh"))
    found = texts(draw_units_map(GROUND, REACHES, title="研究区", page=page))
    assert {"研究区（N = 9）", "上游：4", "省份边界"} <= set(found)


def test_polygons_that_do_not_fit_together_are_drawn_too():
    shapes = [shapely.box(105, 33, 106.2, 34), shapely.box(106, 33, 107, 34)]
    loose = build_boundaries(UNITS[:2], shapes, FileRecord("loose", None, "", 2))
    assert not loose.is_coverage
    found = texts(draw_units_map(Ground(loose), REACHES, title="x", page=PAGE))
    assert "x (N = 2)" in found


def test_what_cannot_be_drawn(tmp_path):
    with pytest.raises(DataError, match=r"without a reach of up, mid, down: 140100 \(east\)"):
        draw_units_map(GROUND, REACHES | {"140100": "east"}, title="x", page=PAGE)
    known = variable(values(), "A", 3)
    with pytest.raises(DataError, match="at least one year"):
        draw_variable_maps(GROUND, known, [], title="x", page=PAGE)
    with pytest.raises(DataError, match="A: no value in 2010"):
        draw_variable_maps(GROUND, known, [2003, 2010], title="x", page=PAGE)
    few = Ground(BOUNDARIES.subset(UNITS[:2]))
    with pytest.raises(DataError, match="A: units without polygon: 140300, 150100"):
        draw_variable_maps(few, replace(known, values=values()[:8]), YEARS, title="x", page=PAGE)
    figure = draw_units_map(GROUND, REACHES, title="x", page=PAGE)
    with pytest.raises(DataError, match="written as png, svg, pdf, not as jpg"):
        save_figure(figure, tmp_path / "x", ("jpg",))


def test_paths_have_every_ring_closed():
    """As matplotlib closes them one by one."""
    from matplotlib.path import Path

    hole = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])
    shape = shapely.GeometryCollection([hole, shapely.Point(9, 9), shapely.box(5, 5, 6, 6)])
    rings = [hole.exterior, hole.interiors[0], shapely.box(5, 5, 6, 6).exterior]
    wanted = Path.make_compound_path(*(Path(ring.coords, closed=True) for ring in rings))
    found = _path(shape)
    assert found.vertices.tolist() == wanted.vertices.tolist()
    assert found.codes.tolist() == wanted.codes.tolist()
    assert _path(shapely.Polygon()).vertices.shape == (0, 2)
