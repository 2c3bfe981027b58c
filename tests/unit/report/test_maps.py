"""Maps: classes of the legend, counts on the figure, equal bytes, fonts."""

from __future__ import annotations

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.errors import DataError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report import canvas, maps
from yrb_carbon.report.canvas import save_figure, usable_language
from yrb_carbon.report.maps import (
    MapVariable,
    calc_quantile_edges,
    classify,
    draw_units_map,
    draw_variable_maps,
)
from yrb_carbon.sources.boundaries import build_boundaries

UNITS = [f"{14 + i}{j:02d}00" for i, j in itertools.product(range(3), range(1, 4))]
SHAPES = [
    shapely.box(105 + i, 33 + j, 106 + i, 34 + j) for i, j in itertools.product(range(3), range(3))
]
BOUNDARIES = build_boundaries(UNITS, SHAPES, FileRecord("grid", None, "", 9))
REACHES = dict(zip(UNITS, ["up"] * 4 + ["mid"] * 3 + ["down"] * 2, strict=True))
YEARS = [2003, 2018]
NOTICE = "synthetic demonstration data"


def values(low: float = 1.0, high: float = 18.0) -> pd.Series:
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    return pd.Series(np.linspace(low, high, 18), index=index)


def texts(figure) -> list[str]:
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]


def test_quantile_classes_hold_equal_numbers():
    x = np.random.default_rng(0).permutation(np.arange(100.0))
    classes = classify(x, 5)
    assert np.bincount(classes.index(x)).tolist() == [20] * 5
    assert classes.edges == pytest.approx(np.quantile(x, [0, 0.2, 0.4, 0.6, 0.8, 1]))
    assert not classes.two_sided
    assert len(set(classes.colours)) == 5


def test_edges_belong_to_the_class_below_and_missing_values_to_none():
    classes = classify(np.array([0.0, 1, 2, 3, 4]), 2)
    assert classes.edges.tolist() == [0, 2, 4]
    assert classes.index(np.array([0.0, 2, 2.1, 4, np.nan, np.inf])).tolist() == [
        0,
        0,
        1,
        1,
        -1,
        -1,
    ]


def test_equal_edges_are_merged():
    assert calc_quantile_edges(np.array([0.0] * 8 + [1, 2]), 5).tolist() == pytest.approx(
        [0, 0.2, 2]
    )
    constant = classify(np.full(5, 7.0), 5)
    assert constant.index(np.full(5, 7.0)).tolist() == [0] * 5
    assert len(constant.colours) == 1


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 7])
def test_centre_parts_the_classes(classes):
    x = np.concatenate([np.linspace(-9, -1, 30), np.linspace(0.5, 4, 10)])
    found = classify(x, classes, centre=0.0)
    assert found.two_sided
    assert 0.0 in found.edges
    assert len(found.colours) == len(found.edges) - 1 == classes
    at = found.edges.tolist().index(0.0)
    assert (found.index(x[x <= 0]) < at).all()
    assert (found.index(x[x > 0]) >= at).all()
    assert (np.diff(found.edges) > 0).all()


def test_centre_outside_the_values_changes_nothing():
    x = np.linspace(1, 9, 30)
    assert classify(x, 4, centre=0.0).edges.tolist() == classify(x, 4).edges.tolist()


def test_units_map_counts_reaches():
    figure = draw_units_map(
        BOUNDARIES, REACHES, title="Units", notice=NOTICE, province_names={"14": "Shanxi"}
    )
    found = texts(figure)
    for text in ("Units (N = 9)", "Upper reaches: 4", "Middle reaches: 3", "Lower reaches: 2"):
        assert text in found
    assert {NOTICE, "Shanxi"} <= set(found)
    assert "not in the sample" not in found
    assert any(text.endswith(" km") for text in found)


def test_context_is_named():
    some = UNITS[:6]
    figure = draw_units_map(BOUNDARIES.subset(some), REACHES, title="Units", context=BOUNDARIES)
    assert "not in the sample" in texts(figure)
    assert "Units (N = 6)" in texts(figure)


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
    figure = draw_units_map(units_at(*cells), REACHES, title="x")
    assert corner_of_scale_bar(figure) == corner


def test_scale_bar_avoids_units_behind_the_sample():
    sample = units_at((0, 0), (1, 1), (2, 2))
    alone = draw_units_map(sample, REACHES, title="x")
    assert corner_of_scale_bar(alone) == "south east"
    behind = units_at((0, 0), (1, 1), (2, 2), (2, 0))
    crossed = draw_units_map(sample, REACHES, title="x", context=behind)
    assert corner_of_scale_bar(crossed) == "north west"


def test_variable_maps_count_units_and_classes():
    series = values()
    series.loc[("140100", 2018)] = np.nan
    figure = draw_variable_maps(
        BOUNDARIES, [MapVariable(series, "Emissions, Mt", 4)], YEARS, title="E", notice=NOTICE
    )
    found = texts(figure)
    assert "2003  (N = 9)" in found
    assert "2018  (N = 8)" in found
    assert "no data  (1)" in found
    assert "Emissions, Mt\nQuantile classes over all years shown" in found
    counts = [int(t.rsplit("(", 1)[1][:-1]) for t in found if " to " in t]
    assert sum(counts) == 17
    assert NOTICE in found


def test_each_variable_has_its_legend():
    both = [MapVariable(values(), "A", 3), MapVariable(values(-5, 9), "B", 4, centre=0.0)]
    found = texts(draw_variable_maps(BOUNDARIES, both, YEARS, title="both"))
    assert "A\nQuantile classes over all years shown" in found
    assert "B\nQuantile classes on each side of 0, over all years shown" in found
    assert found.count("2003  (N = 9)") == 2
    assert "no data" not in " ".join(found)


def test_legend_says_what_the_variable_is():
    known = MapVariable(values(), "A", 3, definition="ln(S / E); dimensionless")
    figure = draw_variable_maps(BOUNDARIES, [known], YEARS, title="A")
    expected = "A\nln(S / E); dimensionless\nQuantile classes over all years shown"
    assert expected in texts(figure)
    plain = draw_variable_maps(BOUNDARIES, [MapVariable(values(), "A", 3)], YEARS, title="A")
    # the further line gets room of its own
    assert figure.get_size_inches()[1] > plain.get_size_inches()[1]


def test_long_definitions_are_broken_into_lines():
    known = MapVariable(values(), "A", 3, definition="a formula " * 20)
    title = next(t for t in texts(draw_variable_maps(BOUNDARIES, [known], YEARS, title="A"))
                 if t.startswith("A\n"))  # fmt: skip
    lines = title.split("\n")
    assert len(lines) > 3
    assert " ".join(lines[1:-1]) == ("a formula " * 20).strip()


def test_colours_follow_the_values_whatever_their_order():
    series = values()

    def colours(data: pd.Series) -> list[list[float]]:
        figure = draw_variable_maps(BOUNDARIES, [MapVariable(data, "A", 3)], YEARS, title="A")
        return figure.axes[0].collections[0].get_facecolor().tolist()

    expected = classify(series.to_numpy(), 3)
    from matplotlib.colors import to_hex

    first_year = series.xs(2003, level="year").to_numpy()
    assert [to_hex(c) for c in colours(series)] == [
        expected.colours[i] for i in expected.index(first_year)
    ]
    assert colours(series) == colours(series.sample(frac=1, random_state=1))


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_figures_give_equal_bytes(tmp_path, kind):
    for name in ("one", "two"):
        figure = draw_variable_maps(
            BOUNDARIES, [MapVariable(values(), "A", 3)], YEARS, title="A", notice=NOTICE
        )
        assert save_figure(figure, tmp_path / name, (kind,)) == (tmp_path / f"{name}.{kind}",)
    content = (tmp_path / f"one.{kind}").read_bytes()
    assert content == (tmp_path / f"two.{kind}").read_bytes()
    assert len(content) > 5000
    assert b"Matplotlib" not in content
    assert b"<dc:date>" not in content


def test_chinese_needs_a_font(monkeypatch, caplog):
    monkeypatch.setattr(canvas, "cjk_font", lambda: None)
    with caplog.at_level(logging.WARNING):
        assert usable_language("zh") == "en"
    assert "no Chinese font found" in caplog.text
    assert "Noto Sans CJK SC" in caplog.text
    monkeypatch.setattr(canvas, "cjk_font", lambda: "Noto Sans CJK SC")
    assert usable_language("zh") == "zh"
    assert usable_language("en") == "en"


def test_chinese_falls_back_to_the_font_and_leaves_settings_alone(monkeypatch):
    from matplotlib import rcParams
    from matplotlib.text import Text

    before = list(rcParams["font.family"])
    monkeypatch.setattr(canvas, "cjk_font", lambda: "DejaVu Serif")
    figure = draw_units_map(BOUNDARIES, REACHES, title="研究区", language="zh")
    assert "上游: 4" in texts(figure)
    families = {tuple(t.get_fontfamily()) for t in figure.findobj(Text) if t.get_text()}
    assert families == {("DejaVu Sans", "DejaVu Serif")}
    assert list(rcParams["font.family"]) == before


def test_words_are_in_both_languages():
    assert set(maps.WORDS["en"]) == set(maps.WORDS["zh"])


def test_polygons_that_do_not_fit_together_are_drawn_too():
    shapes = [shapely.box(105, 33, 106.2, 34), shapely.box(106, 33, 107, 34)]
    loose = build_boundaries(UNITS[:2], shapes, FileRecord("loose", None, "", 2))
    assert not loose.is_coverage
    assert "x (N = 2)" in texts(draw_units_map(loose, REACHES, title="x"))


def test_what_cannot_be_drawn(tmp_path):
    with pytest.raises(DataError, match=r"without a reach of up, mid, down: 140100 \(east\)"):
        draw_units_map(BOUNDARIES, REACHES | {"140100": "east"}, title="x")
    with pytest.raises(DataError, match="at least one variable and one year"):
        draw_variable_maps(BOUNDARIES, [], YEARS, title="x")
    with pytest.raises(DataError, match="A: no value in 2010"):
        draw_variable_maps(BOUNDARIES, [MapVariable(values(), "A")], [2003, 2010], title="x")
    with pytest.raises(DataError, match="A: units without polygon: 140300, 150100"):
        draw_variable_maps(
            BOUNDARIES.subset(UNITS[:2]), [MapVariable(values()[:8], "A")], YEARS, title="x"
        )
    with pytest.raises(DataError, match="at least one finite value"):
        calc_quantile_edges(np.array([np.nan]), 3)
    with pytest.raises(DataError, match="at least one class, got 0"):
        calc_quantile_edges(np.array([1.0]), 0)
    figure = draw_units_map(BOUNDARIES, REACHES, title="x")
    with pytest.raises(DataError, match="written as png, svg, pdf, not as jpg"):
        save_figure(figure, tmp_path / "x", ("jpg",))
