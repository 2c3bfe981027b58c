"""Moran scatter plots and maps of local clusters (F3).

After Anselin (1995, Geographical Analysis 27:93-115; 1996, in Fischer, Scholten & Unwin, Spatial
Analytical Perspectives on GIS, 111-125). Views of the local statistics and of estimates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    EDGE,
    HEAD_SIZE,
    NOTE_SIZE,
    RULE_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
    no_frame,
)
from yrb_carbon.report.cells import p_words
from yrb_carbon.report.fonts import line_height
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.map_sheet import Ground, MapSheet, SheetOf

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLUSTER_COLOURS: Mapping[str, str] = {
    "HH": "#D55E00", "LL": "#0072B2", "HL": "#F0C48A", "LH": "#9CD3F2",
}  # fmt: skip
"""High among high and low among low strong, outliers pale; Okabe & Ito (2008) and tints of them."""
CLUSTER_WORDS: Mapping[str, str] = {
    "HH": message("high among high"),
    "LL": message("low among low"),
    "HL": message("high among low"),
    "LH": message("low among high"),
}
NOT_SIGNIFICANT, NOT_SIGNIFICANT_COLOUR = "ns", "#E3E3E3"
POINT = "#4D4D4D"
LINE_COLOUR = "#B2182B"
MOST_COLUMNS = 4
LEAST_COLUMN = 1.6
"""Inches of the narrowest column."""
GAP = 0.1
"""Inches between columns."""
LEFT, BELOW = 0.3, 0.34
"""Inches left of and below a scatter plot, for its axes."""
NAMES_AT = 0.45
"""Distance of the first name from the middle of a scatter plot, of its height."""
QUADRANTS_AT = {"HH": (0.52, 0.99), "LH": (0.48, 0.99), "LL": (0.48, 0.01), "HL": (0.52, 0.01)}
"""Beside the vertical line, out of the way of the names."""
OUTLIER = 2.0
"""Standard deviations of value or lag beyond which a unit may be named."""


def draw_moran(
    ground: Ground,
    local: pd.DataFrame,
    overall: Mapping[int, tuple[float, float]],
    *,
    title: str,
    page: Page,
    names: Mapping[str, str],
    named: int,
    notes: Sequence[str] = (),
    sheet_of: SheetOf = MapSheet.of,
) -> Figure:
    """Draw one column a year: the scatter plot above, the map of clusters below.

    Parameters
    ----------
    ground : Ground
    local : DataFrame
        Local statistics of one variable: unit, year, z, lag, local_moran, cluster, cluster_fdr,
        level.
    overall : mapping of year to (I, p)
        Global Moran's I, the slope of the line.
    title : str
    page : Page
    names : mapping of unit to name
    named : int
        Units named in each scatter plot: of those beyond two standard deviations the ones with
        the largest local I in absolute value.
    notes : sequence of str
        Written below.
    sheet_of : callable
        Makes the map of a panel of some inches.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If there are no local statistics, or they lack units of the map; they are named.
    """
    years = sorted({int(year) for year in local["year"]})
    if not years:
        raise DataError("a figure of local clusters needs the statistics of at least one year")
    words, room = page.words, page.width - 2 * EDGE
    fitting = int((room + GAP) / (LEAST_COLUMN + GAP))
    columns = max(1, min(len(years), MOST_COLUMNS, fitting))
    inches = (room - LEFT - (columns - 1) * (GAP + LEFT)) / columns
    sheet = sheet_of(ground, inches + LEFT)
    handles = _handles(local, words, float(local["level"].iloc[0])) + sheet.outline_handles(words)
    layout = Layout.of(page, title, [*notes, ground.projection(words)])
    legend = legend_height(handles, room) + EDGE
    head, plot = line_height(HEAD_SIZE) + line_height(TEXT_SIZE) + 0.06, 0.82 * inches
    tall = (inches + LEFT) * sheet.aspect
    block = head + plot + BELOW + tall + GAP
    rows = -(-len(years) // columns)
    figure = layout.figure(legend + rows * block)
    limit = 1.08 * float(local[["z", "lag"]].abs().to_numpy().max())
    for place, year in enumerate(years):
        row, column = divmod(place, columns)
        left = EDGE + LEFT + column * (inches + LEFT + GAP)
        bottom = legend + (rows - 1 - row) * block
        own = local[local["year"] == year].set_index("unit")
        above = layout.axes(figure, (left, bottom + tall + BELOW + GAP / 2, inches, plot))
        _scatter(above, own, overall[year], limit, words)
        _heading(above, year, overall[year], len(own), words)
        _name(above, own, names, named, plot)
        if column == 0:
            above.set_ylabel(words("Neighbours' mean"), fontsize=TEXT_SIZE, labelpad=1)
        found = _in_order(own, ground.boundaries.unit_ids, year)
        sheet.panel(
            layout, figure, (left - LEFT, bottom), _cluster_colours(found),
            hatched=_lost_by_fdr(found), furniture=place == 0,
        )  # fmt: skip
    draw_legend(figure, layout, handles)
    return figure


def _heading(axes: Axes, year: int, overall: tuple[float, float], n: int, words: Words) -> None:
    """Year above a scatter plot, and below it the global statistic."""
    value, p = overall
    shown = f"{value:.3f}".replace("-", "−")
    text = words("Moran's I = {value}, {p}", value=shown, p=p_words(p, words))
    axes.set_title(words("{panel} (N = {n})", panel=year, n=n), fontsize=HEAD_SIZE, pad=12)
    axes.annotate(
        text, (0.5, 1.0), xycoords="axes fraction", xytext=(0, 2.5), textcoords="offset points",
        ha="center", va="bottom", fontsize=TEXT_SIZE,
    )  # fmt: skip


def _in_order(own: pd.DataFrame, units: Sequence[str], year: int) -> pd.DataFrame:
    absent = sorted(set(units) - set(own.index))
    if absent:
        raise DataError(f"no local statistics in {year} of {listing(absent)}")
    return own.loc[list(units)]


def _scatter(
    axes: Axes, own: pd.DataFrame, overall: tuple[float, float], limit: float, words: Words
) -> None:
    """Own value against the mean of the neighbours, the quadrants, the line of slope I."""
    axes.axhline(0.0, color=RULE_COLOUR, linewidth=0.5, zorder=1)
    axes.axvline(0.0, color=RULE_COLOUR, linewidth=0.5, zorder=1)
    colours = [CLUSTER_COLOURS.get(cluster, "#FFFFFF") for cluster in own["cluster"]]
    axes.scatter(own["z"], own["lag"], s=8, c=colours, edgecolors=POINT, linewidths=0.35, zorder=3)
    ends = np.array([-limit, limit])
    axes.plot(ends, overall[0] * ends, color=LINE_COLOUR, linewidth=1.0, zorder=2)
    axes.set_xlim(-limit, limit)
    axes.set_ylim(-limit, limit)
    corner: dict[str, Any] = {
        "transform": axes.transAxes,
        "fontsize": NOTE_SIZE,
        "color": "#777777",
        "zorder": 1,
    }
    for sign, (x, y) in QUADRANTS_AT.items():
        axes.text(
            x, y, sign, ha="left" if x > 0.5 else "right", va="top" if y > 0.5 else "bottom",
            **corner,
        )  # fmt: skip
    no_frame(axes, "left", "bottom")
    axes.locator_params(nbins=5)
    axes.set_xlabel(words("Own value, standardised"), fontsize=TEXT_SIZE, labelpad=1)


def _name(
    axes: Axes, own: pd.DataFrame, names: Mapping[str, str], named: int, height: float
) -> None:
    """Name the most outlying units, in a column beside the points with a thin line to each."""
    far = own[(own["z"].abs() > OUTLIER) | (own["lag"].abs() > OUTLIER)]
    order = far["local_moran"].abs().sort_values(ascending=False, kind="stable").index[:named]
    points = {str(unit): (float(z), float(lag)) for unit, z, lag
              in zip(own.index, own["z"], own["lag"], strict=True) if unit in order}  # fmt: skip
    step = line_height(NOTE_SIZE) / height
    for way in (1, -1):
        # the names of a half of the plot stand in the order of the points, so that no lines cross
        chosen = sorted(unit for unit, point in points.items() if (point[1] >= 0) == (way > 0))
        chosen.sort(key=lambda unit: -way * points[unit][1])
        for number, unit in enumerate(chosen):
            level = 0.5 + way * (NAMES_AT - number * step)
            axes.annotate(
                names.get(unit, unit), points[unit], xytext=(0.98, level),
                textcoords="axes fraction", ha="right", va="center", fontsize=NOTE_SIZE, zorder=4,
                arrowprops={"arrowstyle": "-", "color": "#777777", "linewidth": 0.4,
                            "shrinkA": 0.5, "shrinkB": 1.5},
            )  # fmt: skip


def _cluster_colours(own: pd.DataFrame) -> list[str]:
    """Significant units in the colour of their quadrant."""
    return [CLUSTER_COLOURS.get(cluster, NOT_SIGNIFICANT_COLOUR) for cluster in own["cluster"]]


def _lost_by_fdr(own: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which units FDR leaves out."""
    is_found = own["cluster"].to_numpy() != NOT_SIGNIFICANT
    return np.asarray(is_found & (own["cluster_fdr"].to_numpy() == NOT_SIGNIFICANT))


def _handles(local: pd.DataFrame, words: Words, level: float) -> list[Any]:
    """Entries of the clusters, of what FDR leaves out, and of units that are not significant."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    style: dict[str, Any] = {"edgecolor": RULE_COLOUR, "linewidth": 0.5}
    handles: list[Any] = [
        Line2D([], [], color=LINE_COLOUR, linewidth=1.0, label=words("slope: Moran's I"))
    ]
    for sign, colour in CLUSTER_COLOURS.items():
        before, after = (int((local[c] == sign).sum()) for c in ("cluster", "cluster_fdr"))
        text = words(
            "{sign}: {meaning} ({before}; {after} after FDR)",
            sign=sign, meaning=words(CLUSTER_WORDS[sign]), before=before, after=after,
        )  # fmt: skip
        handles.append(Patch(facecolor=colour, label=text, **style))
    hatched = words("significant at {level:g}, not after FDR", level=level)
    handles.append(
        Patch(facecolor="#999999", hatch="//////", label=hatched, edgecolor="#FFFFFF", linewidth=0)
    )
    grey = int((local["cluster"] == NOT_SIGNIFICANT).sum())
    text = words("not significant ({n})", n=grey)
    handles.append(Patch(facecolor=NOT_SIGNIFICANT_COLOUR, label=text, **style))
    return handles
