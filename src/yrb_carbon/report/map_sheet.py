"""Ground of all maps: units, provinces and reaches in the plane, scale bar, arrow, graticule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from yrb_carbon.report.canvas import RULE_COLOUR, TEXT_SIZE, Layout
from yrb_carbon.report.language import Words
from yrb_carbon.report.outlines import (
    Geometries,
    dissolved_by,
    middle_of,
    province_codes,
    round_length_below,
    simplified_polygons,
)
from yrb_carbon.sources.boundaries import WGS84, Boundaries
from yrb_carbon.study.base import Label
from yrb_carbon.study.report import PROVINCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POLYGON = int(shapely.GeometryType.POLYGON)
CONTEXT_COLOUR = "#F4F4F4"
OUTLINE = "#FFFFFF"
PROVINCE_OUTLINE, PROVINCE_WIDTH = "#555555", 0.5
REACH_OUTLINE, REACH_WIDTH = "#111111", 1.1
SMALL_MAP = 3.0
"""Inches below which the borders of reaches grow thinner."""
GRATICULE = "#BBBBBB"
HATCH_COLOUR = "#777777"
DOTS_PER_INCH_OF_DETAIL = 85.0
"""Outlines are simplified before drawing to what an inch of paper can show."""
MARGIN = 0.03
"""Free paper around the units, of their width."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the maps of a study are drawn on.

    Attributes
    ----------
    boundaries : Boundaries
        Units of the sample.
    context : Boundaries or None
        All candidate units, drawn in grey behind.
    reaches : mapping of unit to reach, or None
        Their borders are drawn where given.
    has_arrow : bool
        Whether an arrow to the north is drawn.
    region : Label
        What the areas are called that the first two digits of a code stand for.
    """

    boundaries: Boundaries
    context: Boundaries | None = None
    reaches: Mapping[str, str] | None = None
    has_arrow: bool = False
    region: Label = PROVINCE

    @classmethod
    def of(
        cls,
        boundaries: Boundaries,
        units: Sequence[str],
        reaches: Mapping[str, str] | None = None,
        *,
        has_arrow: bool = False,
        region: Label = PROVINCE,
    ) -> Ground:
        """The ground of some units, the others behind them."""
        own = boundaries.subset(units)
        behind = boundaries if len(units) < len(boundaries.unit_ids) else None
        return cls(own, behind, reaches, has_arrow, region)

    def projection(self, words: Words) -> str:
        """Sentence on the projection of the maps."""
        from pyproj import CRS

        code = self.boundaries.area_crs
        name = CRS.from_user_input(code).name.replace("_", " ")
        return words("Projection: {name} ({code}).", name=name, code=code)


class Sheet(Protocol):
    """A map of some inches that can be drawn as a panel of a figure."""

    @property
    def aspect(self) -> float:
        """Height over width."""
        ...

    def panel(
        self,
        layout: Layout,
        figure: Figure,
        corner: tuple[float, float],
        colours: Sequence[str],
        *,
        missing: npt.NDArray[np.bool_] | None = None,
        hatched: npt.NDArray[np.bool_] | None = None,
        furniture: bool = True,
    ) -> Axes:
        """Draw it; see `MapSheet.panel`."""
        ...

    def outline_handles(self, words: Words) -> list[Any]:
        """Entries of a legend."""
        ...


@dataclass(frozen=True, slots=True)
class MapSheet:
    """What all panels of a figure share: polygons in the plane, outlines, extent.

    Attributes
    ----------
    units, context : ndarray of polygons
    provinces, reaches : dict of code to polygon
    names_at : dict of province to point
    extent : (west, south, east, north), m
    inches : float
        Width on paper.
    crs : str
    has_arrow : bool
    region : Label
    """

    units: Geometries
    context: Geometries
    provinces: dict[str, Any]
    reaches: dict[str, Any]
    names_at: dict[str, tuple[float, float]]
    extent: tuple[float, float, float, float]
    inches: float
    crs: str
    has_arrow: bool
    region: Label

    @property
    def aspect(self) -> float:
        """Height over width."""
        west, south, east, north = self.extent
        return (north - south) / (east - west)

    @classmethod
    def of(cls, ground: Ground, inches: float) -> MapSheet:
        """Simplify for a panel of some inches and dissolve provinces; the sample fills it."""
        boundaries, context = ground.boundaries, ground.context
        west, south, east, north = (float(v) for v in shapely.total_bounds(boundaries.projected()))
        margin = MARGIN * (east - west)
        extent = (west - margin, south - margin, east + margin, north + margin)
        detail = (east - west) / (inches * DOTS_PER_INCH_OF_DETAIL)
        units = simplified_polygons(boundaries, detail)
        own = dissolved_by(units, province_codes(boundaries.unit_ids))
        behind, provinces = np.array([], dtype=object), own
        if context is not None:
            behind = simplified_polygons(context, detail)
            provinces = dissolved_by(behind, province_codes(context.unit_ids))
        reaches = {}
        if ground.reaches is not None:
            reaches = dissolved_by(units, [ground.reaches[unit] for unit in boundaries.unit_ids])
        names_at = {code: middle_of(shape) for code, shape in own.items()}
        return cls(
            units, behind, provinces, reaches, names_at, extent, inches, boundaries.area_crs,
            ground.has_arrow, ground.region,
        )  # fmt: skip

    @property
    def reach_width(self) -> float:
        """Points of the borders of reaches."""
        return REACH_WIDTH * min(1.0, self.inches / SMALL_MAP)

    def panel(
        self,
        layout: Layout,
        figure: Figure,
        corner: tuple[float, float],
        colours: Sequence[str],
        *,
        missing: npt.NDArray[np.bool_] | None = None,
        hatched: npt.NDArray[np.bool_] | None = None,
        furniture: bool = True,
    ) -> Axes:
        """Draw the ground as a panel of a figure.

        Parameters
        ----------
        layout : Layout
        figure : Figure
        corner : (float, float)
            Its lower left corner, inches of the body.
        colours, missing, hatched
            As in `draw`.
        furniture : bool
            Whether it has a scale bar.
        """
        axes = layout.axes(figure, (*corner, self.inches, self.inches * self.aspect))
        self.draw(axes, colours, missing, hatched)
        self.graticule(axes, labels=False)
        if furniture:
            self.furniture(axes)
        return axes

    def draw(
        self,
        axes: Axes,
        colours: Sequence[str],
        missing: npt.NDArray[np.bool_] | None = None,
        hatched: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Fill the polygons and draw provinces and reaches over them.

        Parameters
        ----------
        axes : Axes
        colours : sequence of str
            One a unit.
        missing : ndarray of bool, optional
            Units without a value, hatched in grey.
        hatched : ndarray of bool, optional
            Units hatched in white.
        """
        west, south, east, north = self.extent
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect("equal", anchor="C")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(RULE_COLOUR)
            spine.set_linewidth(0.5)
        _fill(axes, self.context, CONTEXT_COLOUR, "#CCCCCC", 0.25, 1)
        _fill(axes, self.units, list(colours), OUTLINE, 0.3, 2)
        for chosen, colour in ((missing, HATCH_COLOUR), (hatched, OUTLINE)):
            if chosen is not None and chosen.any():
                _fill(axes, self.units[chosen], "none", colour, 0.0, 3, hatch="//////")
        provinces = np.array(list(self.provinces.values()), dtype=object)
        _fill(axes, provinces, "none", PROVINCE_OUTLINE, PROVINCE_WIDTH, 4)
        reaches = np.array(list(self.reaches.values()), dtype=object)
        _fill(axes, reaches, "none", REACH_OUTLINE, self.reach_width, 5)

    def outline_handles(self, words: Words) -> list[Any]:
        """Entries of a legend for the borders and the units behind."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = []
        if self.reaches:
            handles.append(
                Line2D([], [], color=REACH_OUTLINE, linewidth=self.reach_width,
                       label=words("border of a reach"))
            )  # fmt: skip
        handles.append(
            Line2D([], [], color=PROVINCE_OUTLINE, linewidth=PROVINCE_WIDTH,
                   label=words("{region} border", region=words.label(self.region)))
        )  # fmt: skip
        if len(self.context):
            handles.append(
                Patch(facecolor=CONTEXT_COLOUR, edgecolor="#CCCCCC", linewidth=0.5,
                      label=words("not in the sample"))
            )  # fmt: skip
        return handles

    def graticule(self, axes: Axes, labels: bool) -> None:
        """Draw meridians every 10 and parallels every 5 degrees."""
        from pyproj import Transformer

        forward = Transformer.from_crs(WGS84, self.crs, always_xy=True)
        west, south, east, north = self.extent
        style: dict[str, Any] = {"color": GRATICULE, "linewidth": 0.3, "zorder": 0}
        for lon in range(60, 150, 10):
            x, y = forward.transform(np.full(81, float(lon)), np.linspace(15.0, 55.0, 81))
            axes.plot(x, y, scalex=False, scaley=False, **style)
            at = float(np.interp(south, y, x))
            if labels and west < at < east:
                _degree(axes, f"{lon}°E", (at, south), (0, -2.5), ha="center", va="top")
        for lat in range(15, 60, 5):
            x, y = forward.transform(np.linspace(60.0, 145.0, 171), np.full(171, float(lat)))
            axes.plot(x, y, scalex=False, scaley=False, **style)
            at = float(np.interp(west, x, y))
            if labels and south < at < north:
                _degree(axes, f"{lat}°N", (west, at), (-2.5, 0), ha="right", va="center")

    def furniture(self, axes: Axes) -> None:
        """Scale bar, and arrow to the north where wanted, in the corner with least below it."""
        from matplotlib.patches import Rectangle

        west, _, east, _ = self.extent
        inch = (east - west) / self.inches
        length_km = round_length_below((east - west) / 5e3)
        bar = 1e3 * length_km
        edge, tick, letters = 0.04 * inch, 0.03 * inch, TEXT_SIZE / 72 * 1.25 * inch
        arrow = 0.22 * inch if self.has_arrow else 0.0
        room = max(bar, 0.4 * inch)
        wide, tall = room + 2 * edge + arrow, tick + letters + 2 * edge
        tall = max(tall, 0.3 * inch) if self.has_arrow else tall
        x, y = self._free_corner(wide, tall)
        axes.add_patch(
            Rectangle(
                (x, y), wide, tall, facecolor="#FFFFFF", edgecolor="none", alpha=0.85, zorder=6
            )
        )
        left, low = x + edge + (room - bar) / 2, y + edge
        right = left + bar
        axes.plot(
            [left, left, right, right], [low + tick, low, low, low + tick], color="#333333",
            linewidth=0.8, zorder=7, scalex=False, scaley=False,
        )  # fmt: skip
        axes.text(
            (left + right) / 2, low + 1.4 * tick, f"{length_km:g} km", ha="center", va="bottom",
            fontsize=TEXT_SIZE - 0.5, color="#333333", zorder=7,
        )  # fmt: skip
        if self.has_arrow:
            self._arrow(axes, (x + wide - arrow / 2 - edge / 2, y + edge), tall - 2 * edge)

    def _arrow(self, axes: Axes, foot: tuple[float, float], length: float) -> None:
        """An arrow along the meridian of its place: in a conic projection north leans."""
        from pyproj import Transformer

        back = Transformer.from_crs(self.crs, WGS84, always_xy=True)
        lon, lat = back.transform(*foot)
        there = Transformer.from_crs(WGS84, self.crs, always_xy=True).transform(lon, lat + 0.5)
        way = np.array(there) - np.array(foot)
        tip = np.array(foot) + way / np.hypot(*way) * length
        axes.annotate(
            "N", xy=(float(tip[0]), float(tip[1])), xytext=foot, ha="center", va="bottom",
            fontsize=TEXT_SIZE - 0.5, color="#333333", zorder=7, annotation_clip=False,
            arrowprops={"arrowstyle": "-|>", "color": "#333333", "linewidth": 0.7,
                        "mutation_scale": 6, "shrinkA": 6.5, "shrinkB": 0},
        )  # fmt: skip

    def _free_corner(self, width: float, height: float) -> tuple[float, float]:
        """Lower left point of the corner box of a size that covers least of what is drawn.

        Units of the sample count before those behind; of equal corners the lower left comes first.
        """
        west, south, east, north = self.extent
        margin = 0.02 * (east - west)
        corners = [
            (x, y)
            for y in (south + margin, north - margin - height)
            for x in (west + margin, east - margin - width)
        ]

        def covered(corner: tuple[float, float]) -> tuple[float, float]:
            box = shapely.box(*corner, corner[0] + width, corner[1] + height)
            own, behind = (
                float(shapely.area(shapely.intersection(shapes, box)).sum())
                for shapes in (self.units, self.context)
            )
            return own, behind

        return min(corners, key=covered)

    def name_provinces(self, axes: Axes, names: Mapping[str, str]) -> None:
        """Write names at a point inside the largest part of each province."""
        from matplotlib.patheffects import withStroke

        for code, (x, y) in self.names_at.items():
            if code not in names:
                continue
            axes.text(
                x, y, names[code], ha="center", va="center", fontsize=TEXT_SIZE, zorder=7,
                color="#111111", path_effects=[withStroke(linewidth=1.6, foreground="#FFFFFF")],
            )  # fmt: skip


SheetOf = Callable[[Ground, float], Sheet]
"""Makes the map of a ground on some inches of paper."""


def _degree(axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float],
            **style: Any) -> None:  # fmt: skip
    axes.annotate(
        text, at, xytext=shift, textcoords="offset points", fontsize=TEXT_SIZE - 0.5,
        color="#666666", annotation_clip=False, **style,
    )  # fmt: skip


def _fill(
    axes: Axes, shapes: Geometries, face: str | list[str], edge: str, line: float, order: int,
    **style: Any,
) -> None:  # fmt: skip
    """Draw polygons with their holes."""
    from matplotlib.collections import PathCollection

    if len(shapes):
        axes.add_collection(
            PathCollection(
                [_path(shape) for shape in shapes], facecolor=face, edgecolor=edge,
                linewidth=line, zorder=order, **style,
            ),
            autolim=False,
        )  # fmt: skip


def _path(polygon: Any) -> Any:
    """Matplotlib path of a polygon with its holes."""
    from matplotlib.path import Path as MplPath

    parts = shapely.get_parts(polygon)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == POLYGON])
    points, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(points), MplPath.LINETO, dtype=MplPath.code_type)
    is_first = np.diff(ring, prepend=-1) > 0
    codes[is_first] = MplPath.MOVETO
    codes[np.roll(is_first, -1)] = MplPath.CLOSEPOLY
    return MplPath(points, codes)
