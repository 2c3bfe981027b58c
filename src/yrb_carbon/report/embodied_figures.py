"""Figures of flows between regions: flow map, chord diagram, matrix, network on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    EDGE,
    GROUP_COLOURS,
    NOTE_SIZE,
    OTHER_COLOUR,
    RULE_COLOUR,
    TEXT_SIZE,
    Layout,
    NothingToShowError,
    Page,
    draw_legend,
    legend_height,
    letters_on,
    three_digits,
)
from yrb_carbon.report.chord import ChordLayout, band_path, chord_layout, on_circle, ribbon_path
from yrb_carbon.report.fonts import line_height, room_for, text_width
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_classes import Classes, class_intervals, cut_classes
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.province_map import (
    ARROW_ORDER,
    NODE_ORDER,
    MapOf,
    Point,
    ProvinceMap,
    draw_arrow,
    write_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

SENDER_FILL, RECEIVER_FILL, EVEN_FILL = "#F6DCC6", "#D3E5F1", "#EDEDED"
"""Provinces that send more than they receive, and the other way round: pale below arrows."""
ARROW_COLOURS = ("#9C9CB5", "#7570B3", "#54278F", "#2B004F")
"""From the smallest to the largest class of flows."""
ARROW_WIDTHS = (0.5, 1.0, 1.8, 3.0)
"""Points."""
LINK_COLOUR, LINK_ALPHA, LINK_WIDTHS = "#555555", 0.45, (0.25, 1.6)
NODE_SIZES = (2.5, 11.0)
"""Points of the diameters of the smallest and the largest node."""
MATRIX_CLASSES = 6
RIBBON_ALPHA, PALE_ALPHA = 0.75, 0.22
ARC_RADIUS, FOOT_RADIUS, TIP_RADIUS, NAME_RADIUS = 1.0, 0.955, 0.915, 1.03
LARGEST_CHORD = 6.5
"""Inches: wider pages leave room at the sides."""
LARGEST_CELL = 0.5
"""Inches of a square of a matrix."""


class Flow(NamedTuple):
    """A flow from one region to another."""

    sender: str
    receiver: str
    size: float


def draw_flow_map(
    ground: Ground,
    flows: pd.DataFrame,
    *,
    title: str,
    page: Page,
    unit: str,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    top: int = 20,
    map_of: MapOf = ProvinceMap.of,
) -> Figure:
    """Draw the largest flows as arrows between provinces.

    Arrows are as wide as their class (natural breaks); provinces are coloured by whether they send
    or receive more, of all flows.

    Parameters
    ----------
    ground : Ground
        Outlines of provinces (`read_province_outlines`).
    flows : DataFrame, provinces × provinces
        Row sends, codes of two digits; the diagonal is left out.
    title : str
    page : Page
    unit : str
        Of the flows, as printed.
    names : mapping of code to name, optional
    notes : sequence of str
        Printed below those on what is drawn.
    top : int
        Arrows; of equal flows at the end those of the lower codes.
    map_of : callable
        Makes the map of some inches.

    Raises
    ------
    NothingToShowError
        If nothing flows.
    DataError
        If a province has no outline, or the table is not square.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words, table = page.words, flows_between(flows)
    largest = largest_flows(table, top, words)
    sizes = np.array([flow.size for flow in largest])
    classes = cut_classes(sizes, "natural_breaks", len(ARROW_WIDTHS))
    own_notes = [_arrow_note(table, largest, unit, words), ground.projection(words)]
    layout = Layout.of(page, title, [words.sentences(own_notes), *notes])
    outline = map_of(ground, page.width - 2 * EDGE)
    places = outline.places(list(table.index))
    net = table.sum(axis=1) - table.sum(axis=0)
    fills = [_fill_of(float(net.get(one, 0.0))) for one in ground.boundaries.unit_ids]
    # with fewer classes than widths, the widest
    widths = [outline.scale * width for width in ARROW_WIDTHS]
    styles = list(zip(ARROW_COLOURS, widths, strict=True))[-len(classes.colours) :]
    texts = zip(class_intervals(classes.edges, words), classes.counts(sizes), strict=True)
    handles: list[Any] = [
        Line2D([], [], color=colour, linewidth=width,
               label=words("{name} ({n})", name=text, n=count))
        for (colour, width), (text, count) in zip(styles, texts, strict=True)
    ]  # fmt: skip
    for colour, text in (
        (SENDER_FILL, words("sends more than it receives")),
        (RECEIVER_FILL, words("receives more than it sends")),
    ):
        handles.append(Patch(facecolor=colour, edgecolor=RULE_COLOUR, linewidth=0.5, label=text))
    below = legend_height(handles, page.width - 2 * EDGE)
    figure = layout.figure(below + outline.height)
    axes = outline.panel(layout, figure, (EDGE, below), fills)
    for rank, (flow, own) in enumerate(zip(largest, classes.index(sizes), strict=True)):
        colour, width = styles[own]
        draw_arrow(
            axes, places[flow.sender], places[flow.receiver], width=width, color=colour,
            alpha=0.85, order=ARROW_ORDER + (len(largest) - rank) / len(largest),
        )  # fmt: skip
    ends = {end for flow in largest for end in (flow.sender, flow.receiver)}
    shown = {one: places[one] for one in sorted(ends)}
    _dots(axes, shown)
    write_names(axes, shown, names or {}, dict.fromkeys(shown, 2.5))
    draw_legend(figure, layout, handles)
    return figure


def draw_network_map(
    ground: Ground,
    flows: pd.DataFrame,
    links: pd.DataFrame,
    groups: pd.Series[Any],
    *,
    title: str,
    page: Page,
    unit: str,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    group_names: Mapping[Any, str] | None = None,
    map_of: MapOf = ProvinceMap.of,
) -> Figure:
    """Draw a network on the map: links as arrows, provinces as circles.

    Areas of circles are proportional to the strength (all that is sent and received), their colours
    are those of groups such as communities or blocks; widths of arrows grow with the flow.

    Parameters
    ----------
    ground : Ground
    flows : DataFrame, provinces × provinces
    links : DataFrame of bool, provinces × provinces
        The flows that are drawn.
    groups : Series, index province
    title, page, unit, names, notes
        As in `draw_flow_map`.
    group_names : mapping of group to text, optional
        Else the groups as they are.
    map_of
        As in `draw_flow_map`.

    Raises
    ------
    NothingToShowError
        If no flow is a link.
    DataError
        If a province has no outline or no group.
    """
    from matplotlib.lines import Line2D

    words, table = page.words, flows_between(flows)
    nodes = list(table.index)
    own = _groups_of(groups, nodes)
    chosen = table.where(links.loc[nodes, nodes].astype(bool), 0.0)
    if not chosen.to_numpy().any():
        raise NothingToShowError(words("No flow between the regions is a link of the network."))
    drawn = largest_flows(chosen, chosen.size, words)
    strength = table.sum(axis=1) + table.sum(axis=0)
    own_notes = [
        words(
            "{n} links, {share:.1%} of all flows. Areas of circles: sent and received; width of "
            "links: the flow. In {unit}.",
            n=len(drawn), share=_share(drawn, table), unit=unit,
        ),
        ground.projection(words),
    ]  # fmt: skip
    layout = Layout.of(page, title, [words.sentences(own_notes), *notes])
    outline = map_of(ground, page.width - 2 * EDGE)
    places = outline.places(nodes)
    smallest, largest = (outline.scale * size for size in NODE_SIZES)
    sizes = (largest * np.sqrt(strength / strength.max())).clip(lower=smallest)
    thin, thick = (outline.scale * width for width in LINK_WIDTHS)
    colours = _group_colours(own)
    handles = _group_handles(own, colours, group_names, words)
    for share in (1.0, 0.25):
        text = words("{value} sent and received", value=three_digits(float(strength.max()) * share))
        handles.append(
            Line2D([], [], linestyle="none", marker="o", color="#FFFFFF", label=text,
                   markeredgecolor="#333333", markeredgewidth=0.6,
                   markersize=largest * share**0.5)
        )  # fmt: skip
    below = legend_height(handles, page.width - 2 * EDGE) + 0.04
    figure = layout.figure(below + outline.height)
    fills = [EVEN_FILL] * len(ground.boundaries.unit_ids)
    axes = outline.panel(layout, figure, (EDGE, below), fills)
    for rank, flow in enumerate(drawn):
        draw_arrow(
            axes, places[flow.sender], places[flow.receiver], color=LINK_COLOUR,
            alpha=LINK_ALPHA, width=thin + (thick - thin) * flow.size / drawn[0].size,
            order=ARROW_ORDER + (len(drawn) - rank) / len(drawn),
        )  # fmt: skip
    for one in nodes:
        axes.plot(
            *places[one], marker="o", markersize=sizes[one], color=colours[own[one]],
            markeredgecolor="#FFFFFF", markeredgewidth=0.6, zorder=NODE_ORDER, scalex=False,
            scaley=False,
        )  # fmt: skip
    write_names(axes, places, names or {}, {one: sizes[one] / 2 + 0.8 for one in nodes})
    draw_legend(figure, layout, handles)
    return figure


def draw_chord_diagram(
    flows: pd.DataFrame,
    *,
    title: str,
    page: Page,
    unit: str,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    groups: pd.Series[Any] | None = None,
    group_names: Mapping[Any, str] | None = None,
    top: int = 40,
) -> Figure:
    """Draw flows between regions, or sectors, as ribbons of a circle.

    The arc of a region is as long as all that it sends and receives. Ribbons have the colour of the
    sender and end short of the receiver; the largest are strong, the others pale.

    Parameters
    ----------
    flows : DataFrame, regions × regions
        Row sends; the diagonal is left out, as are regions without any flow.
    title, page, unit, names, notes
        As in `draw_flow_map`.
    groups : Series, index region, optional
        Colours, and the order along the circle: by group, then by code. Each region of the largest
        senders has a colour of its own without.
    group_names : mapping of group to text, optional
    top : int
        Ribbons drawn strongly.

    Raises
    ------
    NothingToShowError
        If nothing flows.
    """
    from matplotlib.collections import PathCollection

    words, table = page.words, flows_between(flows)
    used = (table.sum(axis=1) + table.sum(axis=0)) > 0
    table = table.loc[table.index[used], table.index[used]]
    largest = largest_flows(table, top, words)
    own, handles = _sender_groups(table), list[Any]()
    colours = _group_colours(own)
    if groups is not None:
        own = _groups_of(groups, list(table.index))
        colours = _group_colours(own)
        handles = _group_handles(own, colours, group_names, words)
    nodes = sorted(table.index, key=lambda node: (own[node] if handles else 0, node))
    table = table.loc[nodes, nodes]
    note = words(
        "Arcs: sent and received; ribbons: from the sender, in its colour, to the receiver, where "
        "they end before the arc. Strong: the {n} largest of {all} flows, {share:.1%} of all. "
        "All flows together: {total} {unit}.",
        n=len(largest), all=int((table > 0).to_numpy().sum()),
        share=_share(largest, table), total=three_digits(float(table.to_numpy().sum())), unit=unit,
    )  # fmt: skip
    layout = Layout.of(page, title, [note, *notes])
    said = [(names or {}).get(node, node) for node in nodes]
    side = min(page.width - 2 * EDGE, LARGEST_CHORD)
    below = legend_height(handles, page.width - 2 * EDGE) if handles else 0.0
    figure = layout.figure(below + side)
    axes = layout.axes(figure, ((page.width - side) / 2, below, side, side))
    # the names stand outside of the circle, along its radii
    radius = side / 2 - room_for(said, TEXT_SIZE)
    reach = side / 2 * NAME_RADIUS / radius
    axes.set_axis_off()
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    placed = chord_layout(table.to_numpy())
    rising = largest_flows(table, table.size, words)[::-1]
    strong, place = set(largest), {node: number for number, node in enumerate(nodes)}
    for is_strong in (False, True):
        drawn = [flow for flow in rising if (flow in strong) == is_strong]
        axes.add_collection(
            PathCollection(
                [_ribbon(placed, place[flow.sender], place[flow.receiver]) for flow in drawn],
                facecolor=[colours[own[flow.sender]] for flow in drawn], zorder=1 + is_strong,
                edgecolor="#FFFFFF" if is_strong else "none", linewidth=0.25,
                alpha=RIBBON_ALPHA if is_strong else PALE_ALPHA,
            ),
            autolim=False,
        )  # fmt: skip
    arcs = [band_path(ends, FOOT_RADIUS + 0.01, ARC_RADIUS) for ends in placed.nodes]
    axes.add_collection(
        PathCollection(arcs, facecolor=[colours[own[node]] for node in nodes], linewidth=0,
                       zorder=4),
        autolim=False,
    )  # fmt: skip
    for text, ends in zip(said, placed.nodes, strict=True):
        _name_arc(axes, text, float(ends.mean()))
    if handles:
        draw_legend(figure, layout, handles)
    return figure


def _ribbon(placed: ChordLayout, sender: int, receiver: int) -> Any:
    return ribbon_path(
        placed.sent[sender, receiver], placed.received[sender, receiver], FOOT_RADIUS, TIP_RADIUS
    )


def _name_arc(axes: Axes, text: str, angle: float) -> None:
    """A name along the radius, readable from below."""
    is_right = angle <= np.pi
    turn = 90 - np.degrees(angle) if is_right else 270 - np.degrees(angle)
    x, y = on_circle(angle, NAME_RADIUS)
    axes.text(
        x, y, text, rotation=turn, rotation_mode="anchor", ha="left" if is_right else "right",
        va="center", fontsize=TEXT_SIZE,
    )  # fmt: skip


def draw_flow_matrix(
    flows: pd.DataFrame,
    *,
    title: str,
    page: Page,
    unit: str,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    blocks: pd.Series[Any] | None = None,
    block_names: Mapping[Any, str] | None = None,
    has_numbers: bool = False,
) -> Figure:
    """Draw the matrix of flows, ordered by blocks.

    Parameters
    ----------
    flows : DataFrame, regions × regions
        Row sends; the diagonal is grey.
    title, page, unit, names, notes
        As in `draw_flow_map`.
    blocks : Series, index region, optional
        Lines part them; within a block those that send and receive most come first.
    block_names : mapping of block to text, optional
    has_numbers : bool
        Whether the flows are written into their squares, with what stays on the diagonal.

    Raises
    ------
    NothingToShowError
        If nothing flows.
    """
    words, table = page.words, flows_between(flows)
    largest_flows(table, 1, words)
    own = _groups_of(blocks, list(table.index)) if blocks is not None else None
    strength = table.sum(axis=1) + table.sum(axis=0)
    nodes = sorted(table.index, key=lambda node: (own[node] if own else 0, -strength[node], node))
    values = table.loc[nodes, nodes].to_numpy()
    classes = cut_classes(values[values > 0], "quantiles", MATRIX_CLASSES)
    said = [(names or {}).get(node, node) for node in nodes]
    note = words(
        "Rows send, columns receive; in {unit}. Classes: quantiles of the flows.", unit=unit
    )
    order = words("Within a block, those that send and receive most stand first.")
    layout = Layout.of(page, title, [words.sentences([note, order]) if own else note, *notes])
    handles = _matrix_handles(classes, values, words)
    below = legend_height(handles, page.width - 2 * EDGE) + 0.04
    room = room_for(said, TEXT_SIZE) + 0.06
    head = line_height(TEXT_SIZE) + 0.04 if own else 0.0
    side = min(page.width - 2 * EDGE - room, LARGEST_CELL * len(nodes))
    size = min(TEXT_SIZE, 72 * side / len(nodes) * 0.95)
    figure = layout.figure(below + room + side + head)
    left = (page.width + room - side) / 2
    axes = layout.axes(figure, (left, below + room, side, side))
    _cells(axes, values, classes)
    if has_numbers:
        _write_numbers(axes, flows.loc[nodes, nodes].to_numpy(dtype=np.float64), values, classes)
    ticks = np.arange(len(nodes)) + 0.5
    axes.set_xticks(ticks, said, rotation=90, fontsize=size)
    axes.set_yticks(ticks, said, fontsize=size)
    axes.tick_params(length=0, pad=2)
    for spine in axes.spines.values():
        spine.set_color("#333333")
        spine.set_linewidth(0.6)
    if own:
        _block_lines(axes, [own[node] for node in nodes], block_names or {}, side / len(nodes))
    draw_legend(figure, layout, handles)
    return figure


def _cells(axes: Axes, values: FloatArray, classes: Classes) -> None:
    """Coloured squares, the first row on top; nothing where nothing flows."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    n = len(values)
    axes.set_xlim(0, n)
    axes.set_ylim(n, 0)
    rows, columns = np.nonzero(values > 0)
    diagonal = np.arange(n)
    squares = [Rectangle((x, y), 1, 1) for y, x in zip([*rows, *diagonal], [*columns, *diagonal],
                                                       strict=True)]  # fmt: skip
    colours = [*classes.paint(values[rows, columns]), *["#D9D9D9"] * n]
    axes.add_collection(
        PatchCollection(squares, facecolor=colours, edgecolor="#FFFFFF", linewidth=0.3),
        autolim=False,
    )


def _write_numbers(axes: Axes, flows: FloatArray, values: FloatArray, classes: Classes) -> None:
    """Sizes of the flows in their squares; `values` has zeros on the diagonal."""
    for (row, column), size in np.ndenumerate(flows):
        is_coloured = values[row, column] > 0
        colour = classes.paint(values[row, [column]])[0] if is_coloured else "#FFFFFF"
        axes.text(
            column + 0.5, row + 0.5, three_digits(float(size)), ha="center",
            va="center_baseline", fontsize=NOTE_SIZE, color=letters_on(colour),
        )  # fmt: skip


def _matrix_handles(classes: Classes, values: FloatArray, words: Words) -> list[Any]:
    """Entries of the classes with their counts, of no flow and of the diagonal."""
    from matplotlib.patches import Patch

    style: dict[str, Any] = {"edgecolor": RULE_COLOUR, "linewidth": 0.5}
    texts = class_intervals(classes.edges, words)
    counts = classes.counts(values[values > 0])
    handles = [
        Patch(facecolor=colour, label=words("{name} ({n})", name=text, n=count), **style)
        for colour, text, count in zip(classes.colours, texts, counts, strict=True)
    ]
    empty = int((values == 0).sum()) - len(values)
    if empty:
        text = words("{name} ({n})", name=words("no flow"), n=empty)
        handles.append(Patch(facecolor="#FFFFFF", label=text, **style))
    return handles


def _block_lines(axes: Axes, blocks: Sequence[Any], names: Mapping[Any, str], cell: float) -> None:
    """Lines between blocks, and their names above the columns; `cell` is a cell's inches."""
    starts = [place for place, block in enumerate(blocks) if block not in blocks[:place]]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        if start:
            for line in (axes.axhline, axes.axvline):
                line(start, color="#111111", linewidth=1.0)
        text = names.get(blocks[start], str(blocks[start]))
        room = text_width(text, TEXT_SIZE) / cell / 2
        middle = float(np.clip((start + end) / 2, room, max(room, len(blocks) - room)))
        axes.annotate(
            text, (middle, 0), xytext=(0, 2.5), textcoords="offset points", ha="center",
            va="bottom", fontsize=TEXT_SIZE, annotation_clip=False,
        )  # fmt: skip


def flows_between(flows: pd.DataFrame) -> pd.DataFrame:
    """Flows between different regions, sorted by code."""
    odd = sorted(map(str, set(flows.index) ^ set(flows.columns)))
    if odd or not flows.index.is_unique:
        raise DataError(
            "a table of flows has the same regions in rows and columns, each once; "
            f"not so: {listing(odd) or 'some stand twice'}"
        )
    nodes = sorted(flows.index)
    values = flows.loc[nodes, nodes].to_numpy(dtype=np.float64, copy=True)
    np.fill_diagonal(values, 0.0)
    wrong = [str(node) for node, row in zip(nodes, values, strict=True)
             if not (np.isfinite(row) & (row >= 0)).all()]  # fmt: skip
    if wrong:
        raise DataError(f"flows that are missing or negative, of {listing(wrong)}")
    return pd.DataFrame(values, index=nodes, columns=nodes)


def largest_flows(table: pd.DataFrame, top: int, words: Words) -> list[Flow]:
    """The largest positive flows; of equal ones those of the earlier rows and columns first."""
    values, nodes = table.to_numpy(), [str(node) for node in table.index]
    order = np.argsort(-values, axis=None, kind="stable")[: min(top, int((values > 0).sum()))]
    rows, columns = np.unravel_index(order, values.shape)
    flows = [
        Flow(nodes[row], nodes[column], float(values[row, column]))
        for row, column in zip(rows, columns, strict=True)
    ]
    if not flows:
        raise NothingToShowError(words("Nothing flows between the regions."))
    return flows


def _share(flows: Sequence[Flow], table: pd.DataFrame) -> float:
    """Share of some flows in all."""
    return sum(flow.size for flow in flows) / float(table.to_numpy().sum())


def _arrow_note(table: pd.DataFrame, largest: Sequence[Flow], unit: str, words: Words) -> str:
    return words(
        "Arrows: the {n} largest of {all} flows, {share:.1%} of all; in {unit}, classes by natural "
        "breaks.",
        n=len(largest), all=int((table > 0).to_numpy().sum()), share=_share(largest, table),
        unit=unit,
    )  # fmt: skip


def _fill_of(net: float) -> str:
    if net > 0:
        return SENDER_FILL
    return RECEIVER_FILL if net < 0 else EVEN_FILL


def _dots(axes: Axes, places: Mapping[str, Point]) -> None:
    """Small dots where arrows meet."""
    x, y = zip(*places.values(), strict=True)
    axes.plot(
        x, y, linestyle="none", marker="o", markersize=2.2, color="#111111", zorder=NODE_ORDER,
        scalex=False, scaley=False,
    )  # fmt: skip


def _groups_of(groups: pd.Series[Any], nodes: Sequence[str]) -> dict[str, Any]:
    """Group of each node."""
    absent = [node for node in nodes if node not in groups.index]
    if absent:
        raise DataError(f"regions without a group: {listing(absent)}")
    return {node: groups[node] for node in nodes}


def _sender_groups(table: pd.DataFrame) -> dict[str, Any]:
    """Each of the largest senders is a group, the others are none."""
    sent = table.sum(axis=1).sort_values(ascending=False, kind="stable")
    largest = list(sent.index[: len(GROUP_COLOURS)])
    return {node: largest.index(node) if node in largest else len(largest) for node in table.index}


def _group_colours(groups: Mapping[str, Any]) -> dict[Any, str]:
    """Colours in the order of the groups; grey when there are more groups than colours."""
    known = sorted(set(groups.values()))
    return {
        group: GROUP_COLOURS[place] if place < len(GROUP_COLOURS) else OTHER_COLOUR
        for place, group in enumerate(known)
    }


def _group_handles(
    groups: Mapping[str, Any],
    colours: Mapping[Any, str],
    names: Mapping[Any, str] | None,
    words: Words,
) -> list[Any]:
    """Entries of the groups with the number of regions in each."""
    from matplotlib.patches import Patch

    found = list(groups.values())
    return [
        Patch(
            facecolor=colour, edgecolor=RULE_COLOUR, linewidth=0.5,
            label=words("{name} ({n})", name=(names or {}).get(group, str(group)),
                        n=found.count(group)),
        )
        for group, colour in colours.items()
    ]  # fmt: skip
