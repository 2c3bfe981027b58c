"""Maps: the units and their reaches (F1), variables in some years (F2).

Each is a figure of `report.canvas`.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    Language,
    blank_figure,
    fonts,
    notice_height,
    relative_box,
    sign,
    usable_language,
)
from yrb_carbon.report.outlines import (
    dissolved_by,
    middle_of,
    province_codes,
    round_length_below,
    simplified_polygons,
)
from yrb_carbon.sources.boundaries import WGS84, Boundaries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
REACHES = ("up", "mid", "down")
REACH_COLOURS = {"up": "#56B4E9", "mid": "#E69F00", "down": "#009E73"}
"""Okabe & Ito (2008): told apart by colour-blind readers."""

SEQUENTIAL = "YlGnBu"
DIVERGING = "PuOr"
NO_DATA_COLOUR = "#D9D9D9"
CONTEXT_COLOUR = "#F4F4F4"
OUTLINE = "#FFFFFF"
PROVINCE_OUTLINE = "#333333"
GRATICULE = "#BBBBBB"
DOTS_PER_INCH_OF_DETAIL = 150.0
"""Outlines are simplified before drawing to what an inch of paper can show."""

PANEL_WIDTH = 4.3
"""Width of one panel of several, inches."""

SINGLE_WIDTH = 8.0
"""Width of a map that fills the figure, inches."""

LEGEND_EDGE, LEGEND_LINE, LEGEND_ENTRY = 0.08, 0.15, 0.165
"""Height of the edge of a legend, a line above its classes, and a class, inches."""
LEGEND_CHARACTERS_PER_INCH = 17

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "up": "Upper reaches", "mid": "Middle reaches", "down": "Lower reaches",
        "no data": "no data", "context": "not in the sample",
        "quantile": "Quantile classes over all years shown",
        "sides": "Quantile classes on each side of {centre}, over all years shown", "to": "to",
        "quantile panels": "Quantile classes",
        "sides panels": "Quantile classes on each side of {centre}",
    },
    "zh": {
        "up": "上游", "mid": "中游", "down": "下游",
        "no data": "无数据", "context": "样本外",
        "quantile": "按所示各年合并的分位数分级",
        "sides": "以{centre}为界、按所示各年合并的分位数分级", "to": "至",
        "quantile panels": "按分位数分级",
        "sides panels": "以{centre}为界、按分位数分级",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapVariable:
    """A variable to be mapped.

    Attributes
    ----------
    values : Series, index (unit, year)
        In any order. Units without a value are drawn as `no data`. The second level may hold other
        headings of panels than years.
    label : str
        Name, for the legend.
    definition : str
        Formula and unit, written below the name; nothing when empty.
    classes : int
        Classes of the legend; fewer where values coincide.
    centre : float or None
        Value that parts two sides of the colour scale; when values lie on both sides of it, each
        side gets its own quantiles and hue.
    by_year : bool
        Whether the panels are years, with common classes; other panels have classes of their own.
    """

    values: pd.Series[Any]
    label: str
    classes: int = 5
    centre: float | None = None
    definition: str = ""
    by_year: bool = True


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of a legend.

    Attributes
    ----------
    edges : ndarray, (m + 1,)
        Rising; class j holds edges[j] < v ≤ edges[j+1], the first one its lower edge too.
    colours : tuple of m str
    two_sided : bool
        Whether a centre parts the classes.
    """

    edges: FloatArray
    colours: tuple[str, ...]
    two_sided: bool = False

    def index(self, values: FloatArray) -> npt.NDArray[np.intp]:
        """Class of each value, −1 for values that are not finite."""
        inner = np.searchsorted(self.edges[1:-1], values, side="left")
        return np.where(np.isfinite(values), inner, -1).astype(np.intp)


def calc_quantile_edges(values: FloatArray, classes: int) -> FloatArray:
    """Edges of quantile classes.

    e_j = Q(j/k), j = 0..k, of the finite values (linear interpolation); equal edges are merged.

    Parameters
    ----------
    values : ndarray
    classes : int
        k.

    Returns
    -------
    ndarray, (m + 1,), m ≤ k.

    Raises
    ------
    DataError
        If no value is finite or `classes` is below 1.
    """
    finite = np.sort(values[np.isfinite(values)])
    if classes < 1:
        raise DataError(f"a map needs at least one class, got {classes}")
    if not finite.size:
        raise DataError("a map needs at least one finite value")
    edges = np.unique(np.quantile(finite, np.linspace(0.0, 1.0, classes + 1)))
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def classify(values: FloatArray, classes: int, centre: float | None = None) -> Classes:
    """Cut values into classes with colours.

    Parameters
    ----------
    values : ndarray
    classes : int
    centre : float, optional
        See `MapVariable`.

    Raises
    ------
    DataError
        As in `calc_quantile_edges`.
    """
    finite = values[np.isfinite(values)]
    if (
        centre is None
        or classes < 2
        or not finite.size
        or not float(finite.min()) < centre < float(finite.max())
    ):
        edges = calc_quantile_edges(values, classes)
        return Classes(edges, _colours(SEQUENTIAL, np.linspace(0.08, 0.95, len(edges) - 1)))
    low, high = finite[finite <= centre], finite[finite > centre]
    least = 2 if classes >= 4 else 1
    n_low = int(np.clip(round(classes * low.size / finite.size), least, classes - least))
    below = np.append(calc_quantile_edges(low, n_low)[:-1], centre)
    above = calc_quantile_edges(high, classes - n_low)[1:]
    below = below[: int(np.searchsorted(below, centre)) + 1]
    m_low, m_high = len(below) - 1, len(above)
    shades = np.linspace(0.36, 0.06, max(m_low, m_high))
    positions = np.concatenate([shades[:m_low][::-1], 1.0 - shades[:m_high]])
    colours = _colours(DIVERGING, positions)
    return Classes(np.concatenate([below, above]), colours, two_sided=True)


def draw_units_map(
    boundaries: Boundaries,
    reaches: Mapping[str, str],
    *,
    title: str,
    notice: str | None = None,
    province_names: Mapping[str, str] | None = None,
    context: Boundaries | None = None,
    language: Language = "en",
) -> Figure:
    """Draw the units in the colours of their reaches (F1).

    Parameters
    ----------
    boundaries : Boundaries
        Units of the sample.
    reaches : mapping of unit to {"up", "mid", "down"}
    title : str
    notice : str, optional
        Caution drawn on the figure.
    province_names : mapping of two digits to name, optional
        Written into the provinces.
    context : Boundaries, optional
        Units drawn in grey behind.
    language : {"en", "zh"}
        See `usable_language`.

    Returns
    -------
    Figure
        Legend with the number of units a reach.

    Raises
    ------
    DataError
        If a unit has no reach or an unknown one; units are named.
    """
    spoken = usable_language(language)
    with fonts(spoken):
        return _units_map(boundaries, reaches, title, notice, province_names, context, spoken)


def _units_map(
    boundaries: Boundaries,
    reaches: Mapping[str, str],
    title: str,
    notice: str | None,
    province_names: Mapping[str, str] | None,
    context: Boundaries | None,
    language: Language,
) -> Figure:
    """Draw F1 in the fonts at hand."""
    from matplotlib.patches import Patch

    words = WORDS[language]
    wrong = [
        f"{u} ({reaches.get(u)})" for u in boundaries.unit_ids if reaches.get(u) not in REACHES
    ]
    if wrong:
        raise DataError(f"units without a reach of {listing(REACHES)}: {listing(wrong)}")
    sheet = _Sheet.of(boundaries, context, SINGLE_WIDTH)
    left, right, head, strip = 0.55, 0.15, 0.45, 0.34
    foot = 0.3 + strip + notice_height(notice, SINGLE_WIDTH)
    height = SINGLE_WIDTH * sheet.aspect
    width, tall = SINGLE_WIDTH + left + right, height + head + foot
    figure = blank_figure((width, tall))
    axes = figure.add_axes((left / width, foot / tall, SINGLE_WIDTH / width, height / tall))
    own = [reaches[unit] for unit in boundaries.unit_ids]
    sheet.draw(axes, [REACH_COLOURS[reach] for reach in own])
    sheet.graticule(axes, labels=True)
    sheet.scale_bar(axes)
    if province_names:
        sheet.name_provinces(axes, province_names)
    handles = [
        Patch(facecolor=REACH_COLOURS[r], edgecolor="#666666", label=f"{words[r]}: {own.count(r)}")
        for r in REACHES
        if r in own
    ]
    if context is not None:
        handles.append(Patch(facecolor=CONTEXT_COLOUR, edgecolor="#999999", label=words["context"]))
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.3 / height),
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        borderaxespad=0.0,
    )
    axes.set_title(f"{title} (N = {len(own)})", fontsize=12)
    sign(figure, notice)
    return figure


def draw_variable_maps(
    boundaries: Boundaries,
    variables: Sequence[MapVariable],
    years: Sequence[int] | Sequence[str],
    *,
    title: str,
    notice: str | None = None,
    context: Boundaries | None = None,
    language: Language = "en",
) -> Figure:
    """Draw variables in some years (F2), one panel each, classes common to the years.

    One variable fills two columns of years; several get one column each, years going down.

    Parameters
    ----------
    boundaries : Boundaries
    variables : sequence of MapVariable
    years : sequence of int
    title, notice, context, language
        As in `draw_units_map`.

    Returns
    -------
    Figure
        Each panel says its year and the number of units with a value; each legend its classes.

    Raises
    ------
    DataError
        If there is nothing to draw, a variable has no value in a year, or it has units without
        polygon; they are named.
    """
    spoken = usable_language(language)
    with fonts(spoken):
        return _variable_maps(boundaries, variables, years, title, notice, context, spoken)


def _variable_maps(
    boundaries: Boundaries,
    variables: Sequence[MapVariable],
    years: Sequence[int] | Sequence[str],
    title: str,
    notice: str | None,
    context: Boundaries | None,
    language: Language,
) -> Figure:
    """Draw F2 in the fonts at hand."""
    if not variables or not years:
        raise DataError("a map needs at least one variable and one year")
    if len(variables) == 1 and not variables[0].by_year:
        variables, panels = _one_a_panel(variables[0], years), [[panel] for panel in years]
    else:
        panels = [list(years)] * len(variables)
    tables = [
        _by_unit_and_year(variable, boundaries, own)
        for variable, own in zip(variables, panels, strict=True)
    ]
    sheet = _Sheet.of(boundaries, context, PANEL_WIDTH)
    single = len(variables) == 1
    columns = min(2, len(panels[0])) if single else len(variables)
    rows = -(-len(panels[0]) // columns) if single else len(panels[0])
    cuts = [
        classify(table.to_numpy(dtype=np.float64).ravel(), variable.classes, variable.centre)
        for variable, table in zip(variables, tables, strict=True)
    ]

    gap, name, head = 0.12, 0.26, 0.42
    foot = 0.1 + notice_height(notice, 2 * PANEL_WIDTH)
    entries = max(
        len(cut.colours) + bool(table.isna().to_numpy().any()) + (context is not None)
        for cut, table in zip(cuts, tables, strict=True)
    )
    titles = [
        _legend_title(variable, cut, language)
        for variable, cut in zip(variables, cuts, strict=True)
    ]
    legend = LEGEND_EDGE + LEGEND_LINE * max(map(len, titles)) + LEGEND_ENTRY * -(-entries // 2)
    row_height = PANEL_WIDTH * sheet.aspect + name
    width = columns * (PANEL_WIDTH + gap) + gap
    height = head + rows * row_height + legend + foot
    figure = blank_figure((width, height))
    for v, (variable, table, cut) in enumerate(zip(variables, tables, cuts, strict=True)):
        for y, year in enumerate(panels[v]):
            row, column = divmod(y, columns) if single else (y, v)
            corner = (gap + column * (PANEL_WIDTH + gap), height - head - (row + 1) * row_height)
            box = (*corner, PANEL_WIDTH, PANEL_WIDTH * sheet.aspect)
            axes = figure.add_axes(relative_box(box, width, height))
            values = table[year].to_numpy(dtype=np.float64)
            chosen = cut.index(values)
            colours = [cut.colours[c] if c >= 0 else NO_DATA_COLOUR for c in chosen]
            sheet.draw(axes, colours, missing=chosen < 0)
            sheet.graticule(axes, labels=False)
            if y == 0 and v == 0:
                sheet.scale_bar(axes)
            axes.set_title(f"{year}  (N = {int((chosen >= 0).sum())})", fontsize=9, pad=4)
        box = (gap, foot, width - 2 * gap, legend)
        if not single:
            box = (gap + v * (PANEL_WIDTH + gap), foot, PANEL_WIDTH, legend)
        below = figure.add_axes(relative_box(box, width, height))
        _legend(below, variable, cut, table, language, context is not None)
    figure.text(0.5, 1 - 0.2 / height, title, ha="center", va="center", fontsize=12)
    sign(figure, notice)
    return figure


def _one_a_panel(variable: MapVariable, panels: Sequence[int] | Sequence[str]) -> list[MapVariable]:
    """The variable of each panel alone, to have classes of its own."""
    headings = variable.values.index.get_level_values("year")
    return [replace(variable, values=variable.values[headings == panel]) for panel in panels]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all panels of a figure share: polygons in the plane, outlines, extent."""

    units: Geometries
    provinces: dict[str, Any]
    names_at: dict[str, tuple[float, float]]
    context: Geometries
    extent: tuple[float, float, float, float]
    crs: str

    @property
    def aspect(self) -> float:
        """Height over width."""
        west, south, east, north = self.extent
        return (north - south) / (east - west)

    @classmethod
    def of(cls, boundaries: Boundaries, context: Boundaries | None, inches: float) -> _Sheet:
        """Simplify for a panel of some inches and dissolve provinces; the sample fills it."""
        west, south, east, north = (float(v) for v in shapely.total_bounds(boundaries.projected()))
        margin = 0.03 * (east - west)
        extent = (west - margin, south - margin, east + margin, north + margin)
        detail = (east - west) / (inches * DOTS_PER_INCH_OF_DETAIL)
        units = simplified_polygons(boundaries, detail)
        own = dissolved_by(units, province_codes(boundaries.unit_ids))
        behind, provinces = np.array([], dtype=object), own
        if context is not None:
            behind = simplified_polygons(context, detail)
            provinces = dissolved_by(behind, province_codes(context.unit_ids))
        names_at = {code: middle_of(shape) for code, shape in own.items()}
        return cls(units, provinces, names_at, behind, extent, boundaries.area_crs)

    def draw(
        self, axes: Axes, colours: Sequence[str], missing: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """Fill the polygons and draw the provinces over them."""
        from matplotlib.collections import PathCollection

        west, south, east, north = self.extent
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect("equal", anchor="C")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color("#999999")
            spine.set_linewidth(0.6)
        if len(self.context):
            paths = [_path(polygon) for polygon in self.context]
            axes.add_collection(
                PathCollection(
                    paths, facecolor=CONTEXT_COLOUR, edgecolor="#CCCCCC", linewidth=0.3, zorder=1
                )
            )
        paths = [_path(polygon) for polygon in self.units]
        axes.add_collection(
            PathCollection(
                paths, facecolor=list(colours), edgecolor=OUTLINE, linewidth=0.4, zorder=2
            )
        )
        if missing is not None and missing.any():
            hatched = [path for path, none in zip(paths, missing, strict=True) if none]
            axes.add_collection(
                PathCollection(
                    hatched,
                    facecolor="none",
                    edgecolor="#999999",
                    hatch="////",
                    linewidth=0,
                    zorder=3,
                )
            )
        outlines = [_path(shape) for shape in self.provinces.values()]
        axes.add_collection(
            PathCollection(
                outlines, facecolor="none", edgecolor=PROVINCE_OUTLINE, linewidth=0.8, zorder=4
            )
        )

    def graticule(self, axes: Axes, labels: bool) -> None:
        """Draw meridians every 10 and parallels every 5 degrees."""
        from pyproj import Transformer

        forward = Transformer.from_crs(WGS84, self.crs, always_xy=True)
        west, south, east, north = self.extent
        for lon in range(60, 150, 10):
            x, y = forward.transform(np.full(81, float(lon)), np.linspace(15.0, 55.0, 81))
            axes.plot(x, y, color=GRATICULE, linewidth=0.4, zorder=0, scalex=False, scaley=False)
            at = float(np.interp(south, y, x))
            if labels and west < at < east:
                axes.annotate(
                    f"{lon}°E", (at, south), xytext=(0, -3), textcoords="offset points",
                    ha="center", va="top", fontsize=7, color="#666666", annotation_clip=False,
                )  # fmt: skip
        for lat in range(15, 60, 5):
            x, y = forward.transform(np.linspace(60.0, 145.0, 171), np.full(171, float(lat)))
            axes.plot(x, y, color=GRATICULE, linewidth=0.4, zorder=0, scalex=False, scaley=False)
            at = float(np.interp(west, x, y))
            if labels and south < at < north:
                axes.annotate(
                    f"{lat}°N", (west, at), xytext=(-3, 0), textcoords="offset points",
                    ha="right", va="center", fontsize=7, color="#666666", annotation_clip=False,
                )  # fmt: skip

    def scale_bar(self, axes: Axes) -> None:
        """Draw a bar of about a fifth of the width, on white, in the corner with least below it."""
        from matplotlib.patches import Rectangle

        west, south, east, north = self.extent
        width, tall = east - west, north - south
        length_km = round_length_below(width / 5e3)
        bar = 1e3 * length_km
        tick, edge = 0.012 * tall, 0.02 * width
        x, y = self._free_corner(bar + 2 * edge, 8 * tick + edge)
        axes.add_patch(
            Rectangle(
                (x, y), bar + 2 * edge, 8 * tick + edge, facecolor="#FFFFFF", edgecolor="none",
                alpha=0.9, zorder=5,
            )
        )  # fmt: skip
        left, low = x + edge, y + edge
        right = left + bar
        axes.plot(
            [left, left, right, right], [low + tick, low, low, low + tick], color="#333333",
            linewidth=1.2, zorder=6, scalex=False, scaley=False,
        )  # fmt: skip
        axes.text(
            (left + right) / 2, low + 1.5 * tick, f"{length_km:g} km", ha="center", va="bottom",
            fontsize=7, color="#333333", zorder=6,
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
                x, y, names[code], ha="center", va="center", fontsize=8, zorder=7,
                color="#111111", path_effects=[withStroke(linewidth=2.2, foreground="#FFFFFF")],
            )  # fmt: skip


def _path(polygon: Any) -> Any:
    """Matplotlib path of a polygon with its holes."""
    from matplotlib.path import Path as MplPath

    rings = [
        np.asarray(ring.coords)[:, :2]
        for part in shapely.get_parts(polygon)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return MplPath.make_compound_path(*[MplPath(ring, closed=True) for ring in rings])


def _legend(
    axes: Axes,
    variable: MapVariable,
    classes: Classes,
    table: pd.DataFrame,
    language: Language,
    has_context: bool,
) -> None:
    """Legend of the classes, with the number of unit-years in each."""
    from matplotlib.patches import Patch

    words = WORDS[language]
    axes.set_axis_off()
    counts = np.bincount(
        classes.index(table.to_numpy(dtype=np.float64).ravel()) + 1,
        minlength=len(classes.colours) + 1,
    )
    texts = class_intervals(classes.edges, words["to"])
    handles = [
        Patch(facecolor=colour, edgecolor="#999999", label=f"{text}  ({count})")
        for colour, text, count in zip(classes.colours, texts, counts[1:], strict=True)
    ]
    if counts[0]:
        handles.append(
            Patch(
                facecolor=NO_DATA_COLOUR, edgecolor="#999999", hatch="////",
                label=f"{words['no data']}  ({counts[0]})",
            )
        )  # fmt: skip
    if has_context:
        handles.append(Patch(facecolor=CONTEXT_COLOUR, edgecolor="#CCCCCC", label=words["context"]))
    legend = axes.legend(
        handles=handles, loc="upper center", ncols=2, fontsize=7.5, frameon=False, borderpad=0.2,
        title="\n".join(_legend_title(variable, classes, language)), title_fontsize=8,
    )  # fmt: skip
    legend.get_title().set_multialignment("center")


def _legend_title(variable: MapVariable, classes: Classes, language: Language) -> list[str]:
    """Lines above the classes: name, definition, and how the classes are cut."""
    panels = "" if variable.by_year else " panels"
    how = WORDS[language][f"quantile{panels}"]
    if classes.two_sided and variable.centre is not None:
        centre = f"{variable.centre:g}".replace("-", "−")
        how = WORDS[language][f"sides{panels}"].format(centre=centre)
    definition = textwrap.wrap(
        variable.definition, int(PANEL_WIDTH * LEGEND_CHARACTERS_PER_INCH), break_long_words=False
    )
    return [variable.label, *definition, how]


def class_intervals(edges: FloatArray, to: str) -> list[str]:
    """Texts `a to b` with the decimals that the nearest two edges need to differ in two digits."""
    steps = np.diff(edges)
    finest = float(steps[steps > 0].min()) if (steps > 0).any() else max(abs(float(edges[0])), 1.0)
    decimals = max(0, 1 - int(np.floor(np.log10(finest))))
    texts = [f"{edge:,.{decimals}f}".replace("-", "−") for edge in edges]
    return [f"{low} {to} {high}" for low, high in itertools.pairwise(texts)]


def _colours(name: str, positions: FloatArray) -> tuple[str, ...]:
    """Colours of a map at positions from 0 to 1."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return tuple(to_hex(colormaps[name](float(position))) for position in positions)


def _by_unit_and_year(
    variable: MapVariable, boundaries: Boundaries, years: Sequence[int | str]
) -> pd.DataFrame:
    """Values, units × years, in the order of the polygons."""
    table = variable.values.unstack("year")
    strange = sorted(set(table.index) - set(boundaries.unit_ids))
    if strange:
        raise DataError(f"{variable.label}: units without polygon: {listing(strange)}")
    table = table.reindex(index=list(boundaries.unit_ids), columns=list(years)).astype(np.float64)
    empty = [year for year in years if not np.isfinite(table[year].to_numpy()).any()]
    if empty:
        raise DataError(f"{variable.label}: no value in {listing(empty)}")
    return table
