"""Potential of reduction: the provinces in order, how sure their ranks are, equity and efficiency.

The quadrants are parted at the means of equity and efficiency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.report.canvas import (
    EDGE,
    HEAD_SIZE,
    NOTE_SIZE,
    RULE_COLOUR,
    TEXT_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
    no_frame,
)
from yrb_carbon.report.fonts import line_height, room_for, text_width
from yrb_carbon.report.footprint_names import QUADRANTS
from yrb_carbon.report.free_places import free_places
from yrb_carbon.report.language import Words
from yrb_carbon.report.place_names import place_name
from yrb_carbon.report.province_bars import BAR, REGION_COLOURS, ROW, region_colour
from yrb_carbon.report.province_rows import province_regions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

NUMBERS_BELOW = 0.32
"""Inches below the panels, for numbers and labels."""
BAR_SHARE, RANK_SHARE = 0.21, 0.22
"""Widths of the panels of the index and of the ranks, of the page."""
GAP, SCATTER_LEFT = 0.14, 0.42
"""Inches between panels, and left of the scatter plot for its axis."""
CORNERS = {"1": (1, 1), "2": (-1, 1), "3": (-1, -1), "4": (1, -1)}
"""Side of the means of each quadrant, to the right and up."""
AWAY = 0.035
"""Inches from a point to its name."""


def draw_potential(
    frame: pd.DataFrame, *, title: str, page: Page, notes: Sequence[str] = ()
) -> Figure:
    """Draw the ranking and the quadrants.

    Parameters
    ----------
    frame : DataFrame, index province
        equity, efficiency, index (0 to 1), rank, and rank_low, rank_high: missing without draws.
    title : str
    page : Page
    notes : sequence of str
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words, frame = page.words, frame.sort_values(["rank", "index"], ascending=[True, False])
    names = [place_name(str(province), words) for province in frame.index]
    regions = [province_regions()[str(province)] for province in frame.index]
    handles: list[Any] = [
        Patch(facecolor=colour, label=words("{name} ({n})", name=place_name(region, words),
                                            n=regions.count(region)))
        for region, colour in REGION_COLOURS.items()
        if region in regions
    ]  # fmt: skip
    has_range = bool(frame["rank_low"].notna().any())
    if has_range:
        text = words("rank, and its range over random weights of the criteria")
        handles.append(
            Line2D([], [], color=TEXT_COLOUR, marker="o", markersize=3, linewidth=1.0, label=text)
        )
    layout = Layout.of(page, title, notes)
    below = legend_height(handles, page.width - 2 * EDGE) + EDGE
    head = line_height(HEAD_SIZE) + 0.05
    tall = len(frame) * ROW * line_height(TEXT_SIZE)
    figure = layout.figure(below + NUMBERS_BELOW + tall + head)
    bottom = below + NUMBERS_BELOW
    room = page.width - 2 * EDGE
    left = EDGE + room_for(names, TEXT_SIZE) + 0.04
    wide = (BAR_SHARE if has_range else BAR_SHARE + RANK_SHARE) * room
    bars = layout.axes(figure, (left, bottom, wide, tall))
    _draw_index(bars, frame, names, words)
    left += wide + GAP
    if has_range:
        ranks = layout.axes(figure, (left, bottom, RANK_SHARE * room, tall))
        _draw_ranks(ranks, frame, words)
        left += RANK_SHARE * room + GAP
    left += SCATTER_LEFT
    size = page.width - EDGE - left, tall
    scatter = layout.axes(figure, (left, bottom, *size))
    _draw_quadrants(scatter, frame, names, size, words)
    draw_legend(figure, layout, handles)
    return figure


def _rows(axes: Axes, count: int) -> None:
    axes.set_ylim(count - 0.4, -0.6)
    no_frame(axes, "bottom")
    axes.set_yticks([])
    axes.grid(axis="x", color="#EBEBEB", linewidth=0.5)
    axes.set_axisbelow(True)


def _draw_index(axes: Axes, frame: pd.DataFrame, names: Sequence[str], words: Words) -> None:
    """Bars of the index with the names of the provinces."""
    _rows(axes, len(frame))
    places = range(len(frame))
    colours = [region_colour(str(province)) for province in frame.index]
    axes.barh(places, frame["index"].to_numpy(), BAR, color=colours, linewidth=0)
    axes.set_xlim(0, 1.02 * float(frame["index"].max()))
    axes.locator_params(axis="x", nbins=4)
    for place, name in zip(places, names, strict=True):
        axes.annotate(
            name, (0, place), xytext=(-3, 0), textcoords="offset points", ha="right",
            va="center_baseline", fontsize=TEXT_SIZE,
        )  # fmt: skip
    axes.set_title(words("Index of potential"), fontsize=HEAD_SIZE, pad=2.5)


def _draw_ranks(axes: Axes, frame: pd.DataFrame, words: Words) -> None:
    """Ranks with their ranges."""
    _rows(axes, len(frame))
    places = range(len(frame))
    colours = [region_colour(str(province)) for province in frame.index]
    axes.hlines(places, frame["rank_low"], frame["rank_high"], color=colours, linewidth=1.6)
    axes.scatter(
        frame["rank"], places, s=11, c=colours, edgecolors="#FFFFFF", linewidths=0.4, zorder=3
    )
    axes.set_xlim(0, len(frame) + 1)
    axes.set_xticks([1, *range(5, len(frame) + 1, 5)])
    axes.set_title(words("Rank"), fontsize=HEAD_SIZE, pad=2.5)


def _draw_quadrants(
    axes: Axes, frame: pd.DataFrame, names: Sequence[str], size: tuple[float, float], words: Words
) -> None:
    """Equity against efficiency, parted at their means; a name wherever there is room."""
    x, y = frame["equity"].to_numpy(dtype=float), frame["efficiency"].to_numpy(dtype=float)
    axes.scatter(
        x, y, s=16, c=[region_colour(str(province)) for province in frame.index],
        edgecolors="#FFFFFF", linewidths=0.4, zorder=3,
    )  # fmt: skip
    limits = [_limits(values) for values in (x, y)]
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.axvline(float(x.mean()), color=RULE_COLOUR, linewidth=0.6, zorder=1)
    axes.axhline(float(y.mean()), color=RULE_COLOUR, linewidth=0.6, zorder=1)
    corners = []
    for number, (right, up) in CORNERS.items():
        said = words(QUADRANTS[number])
        axes.annotate(
            said, (float(right > 0), float(up > 0)), xycoords="axes fraction",
            xytext=(-2 * right, -2 * up), textcoords="offset points",
            ha="right" if right > 0 else "left", va="top" if up > 0 else "bottom",
            fontsize=NOTE_SIZE, color="#777777", zorder=2,
        )  # fmt: skip
        wide, tall = text_width(said, NOTE_SIZE) + 0.06, line_height(NOTE_SIZE) + 0.03
        west = size[0] - wide if right > 0 else 0.0
        south = size[1] - tall if up > 0 else 0.0
        corners.append((west, south, west + wide, south + tall))
    points = np.column_stack(
        [(values - low) / (high - low) * inches
         for values, (low, high), inches in zip((x, y), limits, size, strict=True)]
    )  # fmt: skip
    halves = [(text_width(name, NOTE_SIZE) / 2, 0.4 * line_height(NOTE_SIZE)) for name in names]
    places = free_places(list(map(tuple, points)), halves, size, away=AWAY, taken=corners)
    for name, point, place in zip(names, points, places, strict=True):
        if place is not None:
            axes.annotate(
                name, tuple(point / size), xycoords="axes fraction",
                xytext=(72 * (place[0] - point[0]), 72 * (place[1] - point[1])),
                textcoords="offset points", ha="center", va="center_baseline",
                fontsize=NOTE_SIZE, zorder=4,
            )  # fmt: skip
    no_frame(axes, "left", "bottom")
    axes.set_xlabel(words("Equity"), fontsize=TEXT_SIZE, labelpad=1)
    axes.set_ylabel(words("Efficiency"), fontsize=TEXT_SIZE, labelpad=1)
    axes.set_title(words("Quadrants"), fontsize=HEAD_SIZE, pad=2.5)


def _limits(values: FloatArray) -> tuple[float, float]:
    margin = 0.09 * ((float(values.max()) - float(values.min())) or 1.0)
    return float(values.min()) - margin, float(values.max()) + margin
