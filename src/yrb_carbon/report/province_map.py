"""Maps of provinces with what flows between them: frame, far islands in a box, arrows, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import NOTE_SIZE, Layout
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_sheet import MARGIN, Ground, MapSheet
from yrb_carbon.report.outlines import Geometries, dissolved_by, province_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]
BoolArray = npt.NDArray[np.bool_]
Extent = tuple[float, float, float, float]

BOX_SHARES = (0.13, 0.115, 0.1, 0.085)
"""Widths of the box of far islands, of that of the map: the first one that covers no land."""
BOX_SHIFT = 0.004
"""Its distance from the corner of the map."""
CLIP_AROUND = 0.1
"""Paper around the box up to which outlines are kept, of its width: their cut edges stay hidden."""
FULL_SCALE, LEAST_SCALE = 6.0, 0.6
"""Inches of a map on which arrows and circles have their full size, and the least of it."""
BEND = 0.16
"""How far an arrow bends, of its length: so that the arrow back does not cover it."""
ARROW_ORDER, NODE_ORDER, NAME_ORDER = 8, 30, 31
"""Order of drawing: arrows by rank in between."""


@dataclass(frozen=True, slots=True)
class ProvinceMap:
    """A map whose frame is that of the main lands; islands far off have a box of their own.

    Attributes
    ----------
    sheet : MapSheet
    aside : MapSheet or None
        What the box in the lower right corner shows; None where nothing lies outside of the frame.
    box_share : float
        Its width, of that of the map.
    """

    sheet: MapSheet
    aside: MapSheet | None
    box_share: float

    @classmethod
    def of(cls, ground: Ground, inches: float) -> ProvinceMap:
        """Frame the largest part of each unit, and of those behind.

        Parameters
        ----------
        ground : Ground
            Provinces.
        inches : float
            Width on paper.
        """
        sheet = MapSheet.of(ground, inches)
        lands = _largest_parts(np.concatenate([sheet.units, sheet.context]))
        frame = _with_margin(_bounds(lands))
        whole = ground.boundaries if ground.context is None else ground.context
        parts = shapely.get_parts(whole.projected())
        outside = parts[~shapely.intersects(parts, shapely.box(*frame))]
        if not len(outside):
            return cls(replace(sheet, extent=frame), None, 0.0)
        box = _with_margin(_bounds(outside))
        share = _free_share(frame, box, lands)
        aside = detail_within(sheet, ground, box, share * inches)
        return cls(replace(sheet, extent=frame), aside, share)

    @property
    def scale(self) -> float:
        """Size of what is drawn on the ground: 1 on a wide map, less on a narrow one."""
        return min(1.0, max(LEAST_SCALE, self.sheet.inches / FULL_SCALE))

    @property
    def aspect(self) -> float:
        """Height over width."""
        return self.sheet.aspect

    @property
    def height(self) -> float:
        """Inches on paper."""
        return self.sheet.inches * self.sheet.aspect

    def panel(
        self,
        layout: Layout,
        figure: Figure,
        corner: tuple[float, float],
        colours: Sequence[str],
        *,
        missing: BoolArray | None = None,
        hatched: BoolArray | None = None,
        furniture: bool = True,
    ) -> Axes:
        """Draw the ground and the box; parameters as in `MapSheet.panel`."""
        axes = self.sheet.panel(
            layout, figure, corner, colours, missing=missing, hatched=hatched, furniture=furniture
        )
        if self.aside is not None:
            inches = self.sheet.inches
            wide = self.box_share * inches
            tall, shift = wide * self.aside.aspect, BOX_SHIFT * inches
            left, bottom = corner[0] + inches - wide - shift, corner[1] + shift
            inset = layout.axes(figure, (left, bottom, wide, tall))
            self.aside.draw(inset, colours, missing, hatched)
            inset.set_zorder(axes.get_zorder() + 1)
        return axes

    def outline_handles(self, words: Words) -> list[Any]:
        """Entries of a legend for the borders and the units behind."""
        return self.sheet.outline_handles(words)

    def places(self, units: Sequence[str]) -> dict[str, Point]:
        """Where a unit's name and arrows stand: a point inside with most room.

        Raises
        ------
        DataError
            If a unit has no outline; it is named.
        """
        absent = sorted(set(units) - set(self.sheet.names_at))
        if absent:
            raise DataError(
                f"no outline for {listing(absent)}; the map has {listing(self.sheet.names_at, 40)}"
            )
        return {unit: self.sheet.names_at[unit] for unit in units}


@dataclass(frozen=True, slots=True)
class Atlas:
    """Maps of provinces for several figures: those of the same units and size are made once.

    Simplifying outlines takes longer than drawing them, and each figure is drawn in two languages.
    """

    made: dict[tuple[object, ...], ProvinceMap] = field(default_factory=dict)

    def sheet(self, ground: Ground, inches: float) -> ProvinceMap:
        """`ProvinceMap.of`; all grounds have the same outlines and the same options."""
        key = (ground.boundaries.unit_ids, ground.context is None, round(inches, 6))
        if key not in self.made:
            self.made[key] = ProvinceMap.of(ground, inches)
        return self.made[key]


MapOf = Callable[[Ground, float], ProvinceMap]


def _largest_parts(shapes: Geometries) -> Geometries:
    """The largest polygon of each shape."""
    parts = [max(shapely.get_parts(shape), key=lambda part: float(part.area)) for shape in shapes]
    return np.array(parts, dtype=object)


def _free_share(frame: Extent, box: Extent, lands: Geometries) -> float:
    """The first of `BOX_SHARES` whose box in the corner covers no land, or the last."""
    west, south, east, _ = frame
    aspect = (box[3] - box[1]) / (box[2] - box[0])
    for share in BOX_SHARES:
        wide = (share + 2 * BOX_SHIFT) * (east - west)
        corner = shapely.box(east - wide, south, east, south + wide * aspect)
        if not shapely.intersects(lands, corner).any():
            return share
    return BOX_SHARES[-1]


def detail_within(sheet: MapSheet, ground: Ground, extent: Extent, inches: float) -> MapSheet:
    """A sheet of what lies in an extent and a little around it, with all detail of the outlines.

    Islands that are too small for a map of the whole are there: far ones are none but such.
    """
    west, south, east, north = extent
    around = CLIP_AROUND * (east - west)
    area = (west - around, south - around, east + around, north + around)
    units = shapely.clip_by_rect(ground.boundaries.projected(), *area)
    codes, drawn, context = ground.boundaries.unit_ids, units, sheet.context
    if ground.context is not None:
        context = shapely.clip_by_rect(ground.context.projected(), *area)
        codes, drawn = ground.context.unit_ids, context
    shapes = dissolved_by(drawn, province_codes(codes))
    return replace(
        sheet,
        extent=extent,
        inches=inches,
        units=units,
        context=context,
        provinces={code: shape for code, shape in shapes.items() if not shape.is_empty},
    )


def _bounds(shapes: Geometries) -> Extent:
    west, south, east, north = map(float, shapely.total_bounds(shapes))
    return west, south, east, north


def _with_margin(extent: Extent) -> Extent:
    west, south, east, north = extent
    margin = MARGIN * (east - west)
    return west - margin, south - margin, east + margin, north + margin


def draw_arrow(axes: Axes, start: Point, end: Point, *, width: float, order: float,
               **style: Any) -> None:  # fmt: skip
    """A bent arrow between two places; `width` in points."""
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={BEND}", arrowstyle="-|>",
            mutation_scale=3.5 + 2.2 * width, linewidth=width, shrinkA=2.0, shrinkB=2.5,
            zorder=order, joinstyle="miter", capstyle="butt", clip_on=True, **style,
        )
    )  # fmt: skip


def write_names(
    axes: Axes, places: Mapping[str, Point], names: Mapping[str, str], away: Mapping[str, float]
) -> None:
    """Names below places, white around the letters.

    Parameters
    ----------
    axes : Axes
    places : mapping of unit to point
    names : mapping of unit to text
        Codes where it has none.
    away : mapping of unit to float
        Points from the place to the name.
    """
    from matplotlib.patheffects import withStroke

    for unit, place in places.items():
        axes.annotate(
            names.get(unit, unit), place, xytext=(0, -away[unit]), textcoords="offset points",
            ha="center", va="top", fontsize=NOTE_SIZE, color="#111111", zorder=NAME_ORDER,
            path_effects=[withStroke(linewidth=1.5, foreground="#FFFFFF")],
        )  # fmt: skip
