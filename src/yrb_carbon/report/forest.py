"""Forest plots: effects with their intervals, one row an effect, one panel a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    EDGE,
    HEAD_SIZE,
    TEXT_SIZE,
    Layout,
    Page,
    colour_of,
    draw_legend,
    legend_height,
    no_frame,
)
from yrb_carbon.report.fonts import room_for, wrapped
from yrb_carbon.report.language import Words, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v")
"""Of the kinds of intervals, in order; colours say on which side of zero one lies."""
KEY_COLOUR = "#333333"

SIDE_WORDS: Mapping[str, str] = {
    ABOVE_ZERO: message("interval above zero"),
    BELOW_ZERO: message("interval below zero"),
    AROUND_ZERO: message("interval holds zero"),
}

# Inches.
GAP = 0.14
ROW = 0.27
ROW_OF_MANY = 0.09
HEAD = 0.24
HEAD_OF_GROUP = 0.2
"""Of the line of a group's name."""
AXIS = 0.2
MOST_LABEL = 0.34
"""Width of the row labels, of the page; longer ones are broken into lines."""


@dataclass(frozen=True, slots=True)
class ForestInterval:
    """One interval of an effect, by one kind of inference.

    Attributes
    ----------
    kind : str
        Heading in the key; intervals of one kind have one marker.
    lower, upper : float
    """

    kind: str
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ForestEffect:
    """An effect of one row and panel: NaN where the row has none there."""

    estimate: float
    intervals: tuple[ForestInterval, ...]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row: its label, what it belongs to, and one effect a panel.

    Attributes
    ----------
    label : str
    effects : tuple of ForestEffect or None
        In the order of the panels; None leaves a place empty.
    group : str
        Rows of one group stand together below its name; no name when empty.
    """

    label: str
    effects: tuple[ForestEffect | None, ...]
    group: str = ""


def draw_forest(
    panels: Sequence[str],
    rows: Sequence[ForestRow],
    *,
    title: str,
    page: Page,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw effects with intervals, rows from top to bottom, panels side by side.

    Parameters
    ----------
    panels : sequence of str
        Headings.
    rows : sequence of ForestRow
    title : str
    page : Page
    notes : sequence of str
        Written below.

    Returns
    -------
    Figure
        Every panel has its own scale, and a line at zero.

    Raises
    ------
    DataError
        If there is nothing to draw, or a row has not one effect a panel.
    """
    if not panels or not rows:
        raise DataError("a forest plot needs at least one panel and one row")
    uneven = [row.label for row in rows if len(row.effects) != len(panels)]
    if uneven:
        raise DataError(
            f"rows without one effect for each of {len(panels)} panels: {listing(uneven)}"
        )
    kinds = _kinds(rows)
    layout = Layout.of(page, title, notes)
    handles = _handles(kinds, page.words)
    legend = legend_height(handles, page.width - 2 * EDGE) + EDGE
    longest = room_for((row.label for row in rows), TEXT_SIZE) + 0.08
    labels = min(longest, MOST_LABEL * page.width)
    wide = (page.width - 2 * EDGE - labels) / len(panels) - GAP
    row = max(ROW, ROW_OF_MANY * (len(kinds) + 1))
    lines = _Lines.of(rows, HEAD_OF_GROUP / row)
    tall = row * lines.height
    figure = layout.figure(legend + AXIS + tall + HEAD)
    bottom = legend + AXIS
    for number, panel in enumerate(panels):
        left = EDGE + labels + number * (wide + GAP) + GAP / 2
        axes = layout.axes(figure, (left, bottom, wide, tall))
        _panel(axes, panel, [own.effects[number] for own in rows], lines, kinds)
    style: dict[str, Any] = {"va": "center", "fontsize": TEXT_SIZE, "linespacing": 1.15}
    for place, own in zip(lines.places, rows, strict=True):
        text = "\n".join(wrapped(own.label, labels - 0.08, TEXT_SIZE))
        level = bottom + tall - row * place
        layout.text(figure, (EDGE + labels - 0.04, level), text, ha="right", **style)
    for place, head in lines.heads.items():
        level = bottom + tall - row * place
        layout.text(figure, (EDGE, level), head, ha="left", fontweight="bold", **style)
    draw_legend(figure, layout, handles)
    return figure


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where rows and names of groups stand, in heights of a row from the top.

    Attributes
    ----------
    places : tuple of float
        Middle of each row.
    heads : dict of float to str
        Middle of the line of each group's name.
    height : float
    """

    places: tuple[float, ...]
    heads: dict[float, str]
    height: float

    @classmethod
    def of(cls, rows: Sequence[ForestRow], head: float) -> _Lines:
        """Rows one below the other, a line of another height before each group."""
        places: list[float] = []
        heads: dict[float, str] = {}
        top, group = 0.0, ""
        for row in rows:
            if row.group and row.group != group:
                heads[top + head / 2] = row.group
                top += head
            group = row.group
            places.append(top + 0.5)
            top += 1.0
        return cls(tuple(places), heads, top)


def _kinds(rows: Sequence[ForestRow]) -> list[str]:
    """Kinds of intervals in the order of their first appearance."""
    found = [
        interval.kind
        for row in rows
        for effect in row.effects
        if effect is not None
        for interval in effect.intervals
    ]
    return list(dict.fromkeys(found))


def _panel(
    axes: Axes,
    title: str,
    effects: Sequence[ForestEffect | None],
    lines: _Lines,
    kinds: Sequence[str],
) -> None:
    """Intervals of one panel, those of a row below one another, and a line at zero."""
    axes.set_ylim(lines.height, 0.0)
    axes.axvline(0.0, color="#999999", linewidth=0.6, zorder=1)
    step = 0.8 / (len(kinds) + 1)
    for number, (place, effect) in enumerate(zip(lines.places, effects, strict=True)):
        if number % 2 == 0:
            # grey under every other row, so that the eye keeps to it
            axes.axhspan(place - 0.5, place + 0.5, color="#F4F6F8", zorder=0, linewidth=0)
        if effect is None or not np.isfinite(effect.estimate):
            continue
        middle = (len(effect.intervals) - 1) / 2
        for order, interval in enumerate(effect.intervals):
            level = place + step * (order - middle)
            kind = kinds.index(interval.kind)
            colour = colour_of(interval.lower, interval.upper)
            axes.plot(
                [interval.lower, interval.upper], [level, level], color=colour, linewidth=1.1,
                zorder=2, solid_capstyle="butt",
            )  # fmt: skip
            axes.plot(
                [effect.estimate], [level], color=colour, marker=MARKERS[kind % len(MARKERS)],
                markersize=2.6, zorder=3,
            )  # fmt: skip
    axes.set_yticks([])
    axes.margins(x=0.08)
    no_frame(axes, "bottom")
    axes.locator_params(axis="x", nbins=4)
    axes.set_title(title, fontsize=HEAD_SIZE, pad=4)


def _handles(kinds: Sequence[str], words: Words) -> list[Any]:
    """Markers of the kinds of intervals, colours of the sides of zero."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=KEY_COLOUR, linewidth=1.1, markersize=2.6,
            marker=MARKERS[number % len(MARKERS)], label=kind,
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    sides = [
        Line2D([], [], color=colour, linewidth=3, label=words(text))
        for colour, text in SIDE_WORDS.items()
    ]
    return [*handles, *sides]
