"""Moran's I over the years, with what is significant and what chance would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.report.canvas import (
    EDGE,
    GROUP_COLOURS,
    RULE_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
    no_frame,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = ("o", "s", "^", "D", "v")
WIDEST_PLOT, SHAPE = 5.4, 0.46
"""Inches, and height of the plot, of its width."""
LEFT, BELOW = 0.5, 0.24
"""Inches for the axes."""
MOST_TICKS = 11


def draw_moran_series(
    series: Mapping[str, pd.DataFrame],
    *,
    title: str,
    page: Page,
    level: float,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw one line a variable; years that are significant have filled marks.

    Parameters
    ----------
    series : mapping of label to DataFrame
        Index year; columns estimate, p_value, n_units. At most as many as there are marks.
    title : str
    page : Page
    level : float
        Of significance.
    notes : sequence of str
    """
    from matplotlib.lines import Line2D

    words, room = page.words, page.width - 2 * EDGE
    colours = dict(zip(series, zip(GROUP_COLOURS, MARKS, strict=False), strict=False))
    n_units = sorted({int(n) for frame in series.values() for n in frame["n_units"].dropna()})
    handles: list[Any] = [
        Line2D([], [], color=colour, marker=mark, markersize=3.5, linewidth=1.2, label=label)
        for label, (colour, mark) in colours.items()
    ]
    empty = words("not significant at {level:g}", level=level)
    handles.append(
        Line2D([], [], color="#777777", marker="o", markersize=3.5, markerfacecolor="#FFFFFF",
               linewidth=0, label=empty)
    )  # fmt: skip
    expected = words("expected by chance: −1/(N − 1)")
    dashed: dict[str, Any] = {"color": "#777777", "linewidth": 0.8, "linestyle": "--"}
    handles.append(Line2D([], [], label=expected, **dashed))
    said = words("p by permutation; N = {n}.", n=words.listing(map(str, n_units)))
    layout = Layout.of(page, title, [words.sentences([said, *notes])])
    below = legend_height(handles, room) + EDGE
    wide = min(room - LEFT, WIDEST_PLOT)
    tall = wide * SHAPE
    figure = layout.figure(below + BELOW + tall)
    axes = layout.axes(figure, ((page.width - wide + LEFT) / 2, below + BELOW, wide, tall))
    for n in n_units:
        axes.axhline(-1.0 / (n - 1), zorder=1, **dashed)
    axes.axhline(0.0, color=RULE_COLOUR, linewidth=0.6, zorder=1)
    for label, (colour, mark) in colours.items():
        own = series[label].sort_index()
        fills = [colour if p < level else "#FFFFFF" for p in own["p_value"]]
        axes.plot(own.index, own["estimate"], color=colour, linewidth=1.2, zorder=2)
        axes.scatter(
            own.index, own["estimate"], s=14, marker=mark, c=fills, edgecolors=colour,
            linewidths=0.9, zorder=3,
        )  # fmt: skip
    no_frame(axes, "left", "bottom")
    axes.set_ylabel(words("Moran's I"), fontsize=TEXT_SIZE)
    years = sorted({int(year) for frame in series.values() for year in frame.index})
    axes.set_xticks(years[:: -(-len(years) // MOST_TICKS)])
    axes.grid(axis="y", color="#EBEBEB", linewidth=0.5)
    axes.set_axisbelow(True)
    draw_legend(figure, layout, handles)
    return figure
