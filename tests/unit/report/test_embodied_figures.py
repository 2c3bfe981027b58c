"""Figures of flows: what is drawn, where, and what the legends and notes say of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from figure_texts import said, texts

from yrb_carbon.errors import DataError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.canvas import GROUP_COLOURS, NothingToShowError, Page
from yrb_carbon.report.embodied_figures import (
    ARROW_WIDTHS,
    NODE_SIZES,
    RECEIVER_FILL,
    SENDER_FILL,
    draw_chord_diagram,
    draw_flow_map,
    draw_flow_matrix,
    draw_network_map,
)
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.press import save_figure
from yrb_carbon.report.province_map import ProvinceMap
from yrb_carbon.sources.boundaries import build_boundaries

CODES = ["11", "12", "13", "14", "15", "21"]
NAMES = dict(zip(CODES, ["Ah", "Be", "Ce", "De", "Eh", "Ef"], strict=True))
FAR = shapely.box(115.0, 10.0, 115.2, 10.2)
"""An island off the last province."""
BOXES = [shapely.box(100 + 3 * (k % 3), 30 + 3 * (k // 3), 103 + 3 * (k % 3), 33 + 3 * (k // 3))
         for k in range(6)]  # fmt: skip
SAME_PLACE_M = 2e4
"""Inscribed circles of outlines simplified for another width; provinces are 300 km wide."""
NOTICE = "synthetic demonstration data"
PAGE = Page(notice=NOTICE)
GROUPS = pd.Series([1, 1, 2, 2, 2, 3], index=CODES)


def ground(*shapes, used=CODES):
    polygons = list(shapes) or BOXES
    boundaries = build_boundaries(CODES, polygons, FileRecord("grid", None, "", 6))
    return Ground.of(boundaries, used)


GROUND = ground()


def table(*cells: tuple[str, str, float]) -> pd.DataFrame:
    flows = pd.DataFrame(0.0, index=CODES, columns=CODES)
    for sender, receiver, size in cells:
        flows.loc[sender, receiver] = size
    return flows


FLOWS = table(
    ("11", "12", 8.0), ("12", "11", 1.0), ("13", "14", 4.0), ("14", "21", 2.0), ("21", "13", 0.5)
)


def arrows(figure):
    from matplotlib.patches import FancyArrowPatch

    return [p for axes in figure.axes for p in axes.patches if isinstance(p, FancyArrowPatch)]


def ends(figure) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return [tuple(map(tuple, arrow._posA_posB)) for arrow in arrows(figure)]


def flow_map(flows=FLOWS, where=GROUND, page=PAGE, **more):
    return draw_flow_map(where, flows, title="Flows", page=page, unit="Mt", names=NAMES, **more)


def test_flow_map_draws_the_largest_from_sender_to_receiver():
    places = ProvinceMap.of(GROUND, 5).places(CODES)
    figure = flow_map(top=3)
    wanted = [("11", "12"), ("13", "14"), ("14", "21")]
    for own, (sender, receiver) in zip(ends(figure), wanted, strict=True):
        for point, code in zip(own, (sender, receiver), strict=True):
            assert np.hypot(*np.subtract(point, places[code])) < SAME_PLACE_M
    widths = [arrow.get_linewidth() for arrow in arrows(figure)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == ARROW_WIDTHS[-1]
    orders = [arrow.get_zorder() for arrow in arrows(figure)]
    assert orders == sorted(orders, reverse=True)


def test_flow_map_says_what_it_shows():
    found = said(flow_map(top=3))
    assert "Arrows: the 3 largest of 5 flows, 90.3% of all; in Mt" in found
    assert NOTICE in found
    assert "Flows" in found
    assert "Projection: Asia North Albers" in found
    names = set(texts(flow_map(top=3)))
    assert {"Ah", "Be", "Ce", "De", "Ef"} <= names
    assert "Eh" not in names


def test_classes_of_the_legend_count_the_arrows():
    entries = [text for text in texts(flow_map()) if " to " in text and text.endswith(")")]
    assert sum(int(text.rsplit("(", 1)[1][:-1]) for text in entries) == 5


def test_provinces_are_coloured_by_their_net_flow():
    from matplotlib.colors import to_hex

    figure = flow_map()
    filled = [to_hex(c).upper() for c in figure.axes[0].collections[0].get_facecolor()]
    net = (FLOWS.sum(axis=1) - FLOWS.sum(axis=0)).tolist()
    known = {1.0: SENDER_FILL, -1.0: RECEIVER_FILL, 0.0: "#EDEDED"}
    assert filled == [known[float(np.sign(value))] for value in net]
    assert len(set(filled)) == 3


def test_own_flows_and_the_order_of_the_table_do_not_matter():
    own = FLOWS + 9 * np.eye(6)
    shuffled = own.loc[CODES[::-1], [*CODES[2:], *CODES[:2]]]
    assert ends(flow_map(shuffled)) == ends(flow_map())
    assert texts(flow_map(shuffled)) == texts(flow_map())


def test_equal_flows_have_one_class():
    figure = flow_map(table(("11", "12", 2.0), ("13", "14", 2.0)))
    assert len({arrow.get_linewidth() for arrow in arrows(figure)}) == 1


def test_nothing_to_show():
    for draw in (
        lambda: flow_map(table()),
        lambda: draw_chord_diagram(table(), title="x", page=PAGE, unit="Mt"),
        lambda: draw_flow_matrix(table(), title="x", page=PAGE, unit="Mt"),
    ):
        with pytest.raises(NothingToShowError, match="Nothing flows"):
            draw()
    with pytest.raises(NothingToShowError, match="No flow between the regions is a link"):
        draw_network_map(GROUND, FLOWS, FLOWS > 99, GROUPS, title="x", page=PAGE, unit="Mt")


def test_provinces_without_outline_and_tables_that_are_none():
    with pytest.raises(DataError, match="no outline for 21; the map has 11, 12"):
        flow_map(where=ground(used=CODES[:5]))
    with pytest.raises(DataError, match="not so: 11, 99"):
        flow_map(FLOWS.rename(index={"11": "99"}))
    with pytest.raises(DataError, match="missing or negative, of 11"):
        flow_map(FLOWS.replace(8.0, -8.0))
    with pytest.raises(DataError, match="without a group: 21"):
        network(groups=GROUPS.drop("21"))


def network(groups=GROUPS, **more):
    return draw_network_map(
        GROUND, FLOWS, FLOWS >= 1, groups, title="N", page=PAGE, unit="Mt", names=NAMES,
        group_names={1: "First", 2: "Second"}, **more,
    )  # fmt: skip


def circles(figure):
    return {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])): line
        for line in figure.axes[0].lines
        if line.get_marker() == "o" and len(line.get_xdata()) == 1
    }


def test_network_draws_links_and_circles_of_strength():
    figure = network()
    assert len(arrows(figure)) == 4
    found = circles(figure)
    assert len(found) == 6
    strength = FLOWS.sum(axis=1) + FLOWS.sum(axis=0)
    drawn = {}
    for (x, y), line in found.items():
        places = ProvinceMap.of(GROUND, 7).places(CODES)
        code = min(CODES, key=lambda one: np.hypot(x - places[one][0], y - places[one][1]))
        drawn[code] = line
        assert line.get_color() == GROUP_COLOURS[GROUPS[code] - 1]
    for code, line in drawn.items():
        wanted = NODE_SIZES[1] * (strength[code] / strength.max()) ** 0.5
        assert line.get_markersize() == pytest.approx(max(wanted, NODE_SIZES[0]))


def test_network_says_what_it_shows():
    found = said(network())
    assert "4 links, 96.8% of all flows" in found
    assert {"First (2)", "Second (3)", "3 (1)", "9.00 sent and received"} <= set(texts(network()))
    assert NOTICE in found


def test_circles_are_smaller_on_a_narrow_page():
    wide, narrow = (
        draw_network_map(
            GROUND, FLOWS, FLOWS > 0, GROUPS, title="N", page=Page(width=width), unit="Mt"
        )
        for width in (7.5, 3.5)
    )
    sizes = [max(line.get_markersize() for line in circles(f).values()) for f in (wide, narrow)]
    assert sizes[1] < sizes[0]


def test_far_islands_have_a_box_that_covers_no_land():
    far = [*BOXES[:5], shapely.MultiPolygon([BOXES[5], FAR])]
    figure = flow_map(where=ground(*far))
    assert len(figure.axes) == 2
    assert len(flow_map().axes) == 1
    main, aside = figure.axes
    west, east = main.get_xlim()
    plain = flow_map().axes[0].get_xlim()
    assert (west, east) == pytest.approx(plain, rel=1e-6)
    corner = aside.get_window_extent().transformed(main.transData.inverted())
    drawn = ProvinceMap.of(ground(*far), 5)
    lands = [max(shapely.get_parts(u), key=lambda p: p.area) for u in drawn.sheet.units]
    box = shapely.box(corner.x0, corner.y0, corner.x1, corner.y1)
    assert drawn.aside is not None
    assert not any(shapely.intersects(land, box) for land in lands)
    island = ground(*far).boundaries.projected()[5]
    inside = min(shapely.get_parts(island), key=lambda part: part.area)
    assert shapely.contains(shapely.box(*drawn.aside.extent), inside)


def test_islands_too_small_for_the_map_are_in_the_box():
    reef = shapely.box(115.0, 10.0, 115.01, 10.01)
    where = ground(*BOXES[:5], shapely.MultiPolygon([BOXES[5], FAR, reef]))
    drawn = ProvinceMap.of(where, 5)
    assert drawn.aside is not None
    parts = shapely.get_parts(drawn.aside.units)
    island = min(shapely.get_parts(where.boundaries.projected()), key=shapely.area)
    assert any(shapely.equals(part, island) for part in parts)
    assert not any(shapely.equals(part, island) for part in shapely.get_parts(drawn.sheet.units))


def chord(groups=None, flows=FLOWS, **more):
    return draw_chord_diagram(
        flows, title="C", page=PAGE, unit="Mt", names=NAMES, groups=groups, **more
    )


def test_chord_draws_a_ribbon_a_flow_and_a_name_a_region():
    figure = chord(top=2)
    pale, strong, arcs = figure.axes[0].collections
    assert len(pale.get_paths()) == 3
    assert len(strong.get_paths()) == 2
    assert len(arcs.get_paths()) == 5
    assert strong.get_zorder() > pale.get_zorder()
    found = set(texts(figure))
    assert {"Ah", "Be", "Ce", "De", "Ef"} <= found
    assert "Eh" not in found
    assert "the 2 largest of 5 flows, 77.4% of all" in said(figure)
    assert "All flows together: 15.5 Mt" in said(figure)


def test_chord_colours_and_orders_by_group():
    from matplotlib.colors import to_hex

    groups = pd.Series([2, 1, 1, 2, 2, 2], index=CODES)
    figure = chord(groups, group_names={1: "One"})
    arcs = figure.axes[0].collections[2]
    colours = [to_hex(colour).upper() for colour in arcs.get_facecolor()]
    assert colours == [*[GROUP_COLOURS[0]] * 2, *[GROUP_COLOURS[1]] * 3]
    assert {"One (2)", "2 (3)"} <= set(texts(figure))
    ribbons = figure.axes[0].collections[1]
    colours = [to_hex(colour).upper() for colour in ribbons.get_facecolor()]
    # senders from the smallest flow to the largest: 21, 12, 14, 13, 11
    assert colours == [GROUP_COLOURS[groups[one] - 1] for one in ("21", "12", "14", "13", "11")]
    names = [text for text in texts(figure) if text in NAMES.values()]
    assert names == ["Be", "Ce", "Ah", "De", "Ef"]


def test_chord_without_groups_gives_the_largest_senders_colours_of_their_own():
    codes = [str(11 + k) for k in range(10)]
    flows = pd.DataFrame(np.arange(10)[:, None] + np.ones((10, 10)), index=codes, columns=codes)
    figure = draw_chord_diagram(flows, title="C", page=PAGE, unit="Mt")
    arcs = figure.axes[0].collections[2]
    colours = [tuple(colour) for colour in arcs.get_facecolor()]
    assert len(set(colours[2:])) == 8
    assert colours[0] == colours[1]
    assert colours[0] not in colours[2:]


def matrix(blocks=GROUPS, **more):
    return draw_flow_matrix(
        FLOWS, title="M", page=PAGE, unit="Mt", names=NAMES, blocks=blocks,
        block_names={1: "I", 2: "II"}, **more,
    )  # fmt: skip


def test_matrix_is_ordered_by_block_and_strength():
    axes = matrix().axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    # strengths 9, 9 | 4.5, 6, 0 | 2.5
    assert labels == ["Ah", "Be", "De", "Ce", "Eh", "Ef"]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
    lines = sorted({float(line.get_xdata()[0]) for line in axes.lines
                    if line.get_xdata()[0] == line.get_xdata()[1]})  # fmt: skip
    assert lines == [2.0, 5.0]
    assert {"I", "II", "3"} <= set(texts(matrix()))
    assert axes.get_ylim() == (6, 0)


def test_matrix_colours_cells_from_row_to_column():
    figure = matrix()
    cells = figure.axes[0].collections[0]
    corners = [path.get_extents().min for path in cells.get_paths()]
    order = ["11", "12", "14", "13", "15", "21"]
    found = {(order[int(y)], order[int(x)]) for x, y in corners[:5]}
    wanted = {(s, r) for s in CODES for r in CODES if FLOWS.loc[s, r] > 0}
    assert found == wanted
    assert len(corners) == 5 + 6
    assert "no flow (25)" in texts(figure)
    entries = [text for text in texts(figure) if " to " in text and text.endswith(")")]
    assert sum(int(text.rsplit("(", 1)[1][:-1]) for text in entries) == 5


def test_matrix_without_blocks_is_in_the_order_of_strength():
    axes = matrix(blocks=None).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Ah", "Be", "De", "Ce", "Ef", "Eh"]
    assert not axes.lines
    assert "Within a block" not in said(matrix(blocks=None))


@needs_chinese_font
def test_texts_are_chinese():
    page = Page(Words("zh"))
    for figure in (
        draw_flow_map(GROUND, FLOWS, title="图", page=page, unit="吨"),
        draw_network_map(GROUND, FLOWS, FLOWS > 0, GROUPS, title="网", page=page, unit="吨"),
        draw_chord_diagram(FLOWS, title="弦", page=page, unit="吨"),
        draw_flow_matrix(FLOWS, title="阵", page=page, unit="吨", blocks=GROUPS),
    ):
        found = said(figure)
        assert any(word in found for word in ("流出", "流动", "流量"))
        assert not any(word in found for word in ("flow", "receive", "sent", "classes"))


@pytest.mark.slow
@pytest.mark.parametrize("draw", [flow_map, network, chord, matrix])
def test_equal_figures_are_equal_files(draw, tmp_path):
    one, other = (
        [path.read_bytes() for path in save_figure(draw(), tmp_path / name, dpi=72)]
        for name in ("one", "other")
    )
    assert one == other
