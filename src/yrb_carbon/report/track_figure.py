"""Where a quantity lies and how its centre moves: ellipses on the map, the track beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from yrb_carbon.footprint.space import calc_ellipse_outline
from yrb_carbon.report.canvas import (
    EDGE,
    HEAD_SIZE,
    NOTE_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
)
from yrb_carbon.report.fonts import line_height, text_width
from yrb_carbon.report.free_places import free_places
from yrb_carbon.report.map_sheet import Ground, MapSheet
from yrb_carbon.report.outlines import middle_of
from yrb_carbon.report.place_names import place_name
from yrb_carbon.report.province_map import MapOf, ProvinceMap, detail_within
from yrb_carbon.sources.boundaries import WGS84

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

FIRST_COLOUR, LAST_COLOUR, TRACK_COLOUR = "#0072B2", "#D55E00", "#4D4D4D"
GROUND_COLOUR, PALE_GROUND = "#EDEDED", "#F7F7F7"
MAP_SHARE, GAP = 0.56, 0.12
"""Width of the map, of the page; inches between the two."""
AROUND = 0.16
"""Free paper around the track, of its larger side."""
LEAST_EXTENT = 4e4
"""m that the enlarged part shows at least."""
ORDER = 20
"""Of drawing: above the ground, its scale bar and the borders."""
AWAY = 0.05
"""Inches from a point to its year."""
FREE_AROUND = 0.3
"""Inches around the centres without names of provinces."""
LEAST_NAMED = 0.05
"""Share of the enlarged part that a province with a name has."""
LETTERS = 0.85
"""Height of digits, of that of a line."""


def draw_track(
    ground: Ground,
    track: pd.DataFrame,
    *,
    title: str,
    page: Page,
    crs: str,
    notes: Sequence[str] = (),
    map_of: MapOf = ProvinceMap.of,
) -> Figure:
    """Draw the ellipses of the first and last year, and all centres enlarged beside the map.

    Parameters
    ----------
    ground : Ground
        Provinces.
    track : DataFrame, index year
        lon, lat, rotation (degrees), major, minor (km).
    title : str
    page : Page
    crs : str
        Projection in which the ellipses were computed.
    notes : sequence of str
    map_of : callable
        Makes the map of some inches.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle
    from pyproj import Transformer

    words = page.words
    first, last = int(track.index.min()), int(track.index.max())
    forward = Transformer.from_crs(WGS84, ground.boundaries.area_crs, always_xy=True)
    x, y = forward.transform(track["lon"].to_numpy(), track["lat"].to_numpy())
    centres = pd.DataFrame({"x": x, "y": y}, index=track.index)
    ends = {first: FIRST_COLOUR} if first == last else {first: FIRST_COLOUR, last: LAST_COLOUR}
    layout = Layout.of(page, title, [words.sentences([*notes, ground.projection(words)])])
    outline = map_of(ground, (page.width - 2 * EDGE) * MAP_SHARE)
    handles: list[Any] = [
        Line2D([], [], color=colour, linewidth=1.3, marker="o", markersize=3.5,
               label=words("Ellipse and centre, {year}", year=year))
        for year, colour in ends.items()
    ]  # fmt: skip
    handles.append(
        Line2D([], [], color=TRACK_COLOUR, linewidth=0.9, marker="o", markersize=2.5,
               label=words("Centres by year"))
    )  # fmt: skip
    below = legend_height(handles, page.width - 2 * EDGE) + 0.04
    head = line_height(HEAD_SIZE) + 0.04
    figure = layout.figure(below + outline.height + head)
    fills = [GROUND_COLOUR] * len(ground.boundaries.unit_ids)
    whole = outline.panel(layout, figure, (EDGE, below), fills)
    for year, colour in ends.items():
        own = {str(term): float(track[term][year]) for term in track.columns}
        line = calc_ellipse_outline(own, crs=crs)
        _line(whole, np.column_stack(forward.transform(line[:, 0], line[:, 1])), colour, 1.3)
    _dots(whole, centres, ends, 2.0)
    left = EDGE + outline.sheet.inches + GAP
    wide, tall = page.width - EDGE - left, outline.height
    box = _box_around(centres, tall / wide)
    west, south, east, north = box
    whole.add_patch(
        Rectangle(
            (west, south), east - west, north - south, fill=False, edgecolor="#111111",
            linewidth=0.7, zorder=ORDER + 1,
        )
    )  # fmt: skip
    near = detail_within(outline.sheet, ground, box, wide)
    zoom = near.panel(layout, figure, (left, below), [PALE_GROUND] * len(fills))
    _line(zoom, centres[["x", "y"]].to_numpy(), TRACK_COLOUR, 0.9)
    _dots(zoom, centres, ends, 3.0)
    names = {code: place_name(code, words) for code in near.provinces}
    _label(zoom, centres, near, names)
    for axes, text in (
        (whole, words("Provinces")),
        (zoom, words("Centres, {first} to {last}", first=first, last=last)),
    ):
        axes.set_title(text, fontsize=HEAD_SIZE, pad=2.5)
    draw_legend(figure, layout, handles)
    return figure


def _box_around(centres: pd.DataFrame, aspect: float) -> Box:
    """A box of some height over width around the centres."""
    low, high = centres.min(), centres.max()
    middle = (low + high) / 2
    size = (high - low) * (1 + 2 * AROUND)
    wide = max(float(size["x"]), float(size["y"]) / aspect, LEAST_EXTENT)
    tall = wide * aspect
    x, y = float(middle["x"]), float(middle["y"])
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _line(axes: Axes, points: FloatArray, colour: str, width: float) -> None:
    axes.plot(
        points[:, 0], points[:, 1], color=colour, linewidth=width, zorder=ORDER, scalex=False,
        scaley=False,
    )  # fmt: skip


def _dots(axes: Axes, centres: pd.DataFrame, ends: dict[int, str], size: float) -> None:
    """A dot a year; those of the ends larger, in the colours of their ellipses."""
    for year, x, y in centres.itertuples():
        axes.plot(
            [x], [y], marker="o", markersize=size * (1.6 if year in ends else 1.0),
            color=ends.get(year, TRACK_COLOUR), markeredgecolor="#FFFFFF", markeredgewidth=0.4,
            zorder=ORDER + 2 + (year in ends), scalex=False, scaley=False,
        )  # fmt: skip


def _label(axes: Axes, centres: pd.DataFrame, near: MapSheet, names: Mapping[str, str]) -> None:
    """Names of provinces, and years beside their centres, as far as there is room.

    Both ends of the track choose first, then every fifth year.
    """
    from matplotlib.patheffects import withStroke

    west, south, east, _ = near.extent
    scale = near.inches / (east - west)
    size = near.inches, near.inches * near.aspect
    ends = {int(centres.index.min()), int(centres.index.max())}
    order = sorted(centres.index, key=lambda year: (year not in ends, year % 5 != 0, year))
    points = [
        ((x - west) * scale, (y - south) * scale) for _, x, y in centres.loc[order].itertuples()
    ]
    half = text_width("2000", NOTE_SIZE) / 2, line_height(NOTE_SIZE) * LETTERS / 2
    places = free_places(points, [half] * len(points), size, away=AWAY)
    for year, place in zip(order, places, strict=True):
        if place is not None:
            axes.text(
                west + place[0] / scale, south + place[1] / scale, str(year), ha="center",
                va="center_baseline", fontsize=NOTE_SIZE, zorder=ORDER + 4,
                fontweight="bold" if year in ends else "normal",
                path_effects=[withStroke(linewidth=1.2, foreground="#FFFFFF")],
            )  # fmt: skip
    frame = shapely.box(*near.extent)
    way = shapely.multipoints(centres[["x", "y"]].to_numpy())
    free = shapely.difference(frame, shapely.buffer(way, FREE_AROUND / scale))
    for code, shape in near.provinces.items():
        inside = shapely.intersection(shape, free)
        if inside.area > LEAST_NAMED * frame.area:
            x, y = middle_of(inside)
            axes.text(
                x, y, names[code], ha="center", va="center_baseline", fontsize=NOTE_SIZE,
                color="#8A8A8A", zorder=ORDER - 1,
            )  # fmt: skip
