"""The interactive map of the study area: colours by year, hover, keyboard, table, in all languages.

Plotly draws the polygons in the study's own projection as filled lines of an ordinary plot: nothing
is asked of a network, no tiles, no topology files. Plotly's script and ours are files beside the
page; values and outlines stand in it once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from yrb_carbon.errors import DataError
from yrb_carbon.report.cells import capitalised
from yrb_carbon.report.language import message
from yrb_carbon.report.map_classes import NO_DATA_COLOUR, class_intervals
from yrb_carbon.report.map_sheet import CONTEXT_COLOUR, PROVINCE_OUTLINE
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.map_layers import Layer, LeftOut, Sayings, layers_of
from yrb_carbon.report.site.map_outlines import MapOutlines, map_outlines
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.units import REACHES, Units, load_units

ASSETS = Path(__file__).with_name("assets")
OWN_SCRIPT, OWN_STYLE, PLOTLY = "basin_map.js", "basin_map.css", "plotly.min.js"
TEMPLATES, TEMPLATE = Path(__file__).with_name("templates"), "basin_map.html.j2"
BOTH: tuple[Language, ...] = ("en", "zh")

REACH_NAMES = {
    "up": message("Upper reaches"),
    "mid": message("Middle reaches"),
    "down": message("Lower reaches"),
}
TEXTS = {
    "map": message(
        "Map of the units. Arrow keys go from unit to unit, Home and End to the first and the "
        "last, plus and minus zoom, 0 shows the whole area, Escape leaves the unit."
    ),
    "variable": message("Shown"),
    "year": message("Year"),
    "unit": message("Unit"),
    "noUnit": message("Choose a unit"),
    "previous": message("Year before"),
    "next": message("Year after"),
    "play": message("Play the years"),
    "pause": message("Pause"),
    "zoomIn": message("Zoom in"),
    "zoomOut": message("Zoom out"),
    "whole": message("Whole area"),
    "noYear": message("over all years"),
    "counted": message("{n} of {m} units have a value"),
    "noData": message("no data"),
    "outside": message("not in the sample"),
    "legendYears": message("Quantile classes over all units and years: the same in every year."),
    "legendUnits": message("Quantile classes over all units."),
    "legendSides": message("Each side of {centre} has its own."),
    "projection": message(
        "Equal-area projection {crs}: the scale bar holds on average over directions."
    ),
    "units": message("{n} units"),
    "valuesIn": message("Unit of the values: {unit}"),
    "reachBorder": message("border between reaches"),
    "reach": message("Reach"),
    "code": message("Code"),
    "value": message("Value"),
    "table": message("The same values as a table"),
    "search": message("Find a unit in the table"),
    "found": message("{n} of {m} units shown"),
    "sort": message("Sort by {column}"),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that lies beside the page.

    Attributes
    ----------
    name : str
        File name.
    content : bytes
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MapFragment:
    """The map as a part of a page.

    Attributes
    ----------
    html : Markup
        Stands where the map shall be; without headings. Its ids start with `basin-map`.
    scripts : tuple of Asset
        To be loaded in this order, `defer` allowed; the last one starts the map.
    styles : tuple of Asset
    """

    html: Markup
    scripts: tuple[Asset, ...]
    styles: tuple[Asset, ...]

    @property
    def bytes(self) -> int:
        """Size of all parts."""
        files = sum(len(asset.content) for asset in (*self.scripts, *self.styles))
        return len(self.html.encode()) + files


def map_fragment(
    study: Study,
    boundaries: Boundaries,
    frame: pd.DataFrame | None,
    by_unit: pd.DataFrame | None,
    *,
    languages: Sequence[Language] = BOTH,
    units: Units | None = None,
) -> MapFragment:
    """The interactive map of a study.

    Parameters
    ----------
    study : Study
        `report.map` says what is shown and where the map starts.
    boundaries : Boundaries
        All candidate units; those outside the sample are drawn in grey.
    frame : DataFrame, index (unit, year), optional
        Variables of the main sample: panel/main/indices.parquet. None where there is none.
    by_unit : DataFrame, optional
        models/effects_by_unit.parquet. None where there is none.
    languages : sequence of {"en", "zh"}
        Of the page; the first is shown until the page says another. The page sets
        `document.documentElement.lang` and dispatches `languagechange-report` on the document.
    units : Units, optional
        Names, provinces and reaches; data/units.csv by default.

    Returns
    -------
    MapFragment
        Where nothing at all can be shown, lines that say so, and no scripts.

    Raises
    ------
    DataError
        If a unit with values has no polygon or two values; units are named.
    """
    say = Sayings.of(languages)
    layers, left_out = layers_of(study, boundaries.unit_ids, frame, by_unit, say)
    styles = (Asset(OWN_STYLE, (ASSETS / OWN_STYLE).read_bytes()),)
    if not layers:
        return MapFragment(_markup(study, say, left_out, None), (), styles)
    data = map_data(study, boundaries, layers, say, units or load_units())
    scripts = (
        Asset(PLOTLY, plotly_script()),
        Asset(OWN_SCRIPT, (ASSETS / OWN_SCRIPT).read_bytes()),
    )
    return MapFragment(_markup(study, say, left_out, data), scripts, styles)


def map_data(
    study: Study, boundaries: Boundaries, layers: Sequence[Layer], say: Sayings, units: Units
) -> dict[str, Any]:
    """What the script of the map reads: outlines, names, values, classes, texts.

    Parameters
    ----------
    study : Study
    boundaries : Boundaries
    layers : sequence of Layer
        At least one; values in the order of the polygons.
    say : Sayings
    units : Units

    Returns
    -------
    dict of JSON types; `layers[*].values` is flat, unit after unit, each with all its years.
    """
    names = units.frame
    reaches = _reaches(study, boundaries, units)
    outlines = map_outlines(boundaries, reaches)
    return {
        "languages": [words.language for words in say.words],
        "size": list(outlines.size),
        "stepM": outlines.step_m,
        "crs": boundaries.area_crs,
        "units": [
            {
                "id": unit,
                "name": _name(names, unit, "name_en", "name_zh"),
                "province": _name(names, unit, "province", "province_zh"),
                "reach": reaches.get(unit),
                "at": list(at),
                "rings": rings,
            }
            for unit, at, rings in zip(
                boundaries.unit_ids, outlines.middles, outlines.rings, strict=True
            )
        ],
        **_lines(outlines),
        "reaches": {
            name: say(text) for name, text in REACH_NAMES.items() if name in outlines.reach_middles
        },
        "colours": {
            "noData": NO_DATA_COLOUR,
            "outside": CONTEXT_COLOUR,
            "province": PROVINCE_OUTLINE,
        },
        "layers": [_layer(layer, say) for layer in layers],
        "text": {name: say(text) for name, text in TEXTS.items()} | _region_texts(study, say),
        "start": _start(study, layers),
    }


def _region_texts(study: Study, say: Sayings) -> dict[str, dict[Language, str]]:
    """Heading of the column of regions, and the name of their borders."""
    region = say.texts(study.report.region)
    return {
        "province": {language: capitalised(text) for language, text in region.items()},
        "provinceBorder": say("{region} border", region=region),
    }


def _reaches(study: Study, boundaries: Boundaries, units: Units) -> dict[str, str]:
    """Reach by unit; of none where the tables of units have no such split."""
    split = study.study.reach_split
    if not units.has_reach(split):
        return {}
    reach = units.reach(split)
    return {unit: str(reach[unit]) for unit in boundaries.unit_ids if unit in reach.index}


def _lines(outlines: MapOutlines) -> dict[str, Any]:
    return {
        "provinces": outlines.provinces,
        "reachBorders": outlines.reach_borders,
        "reachNames": [
            {"reach": reach, "at": list(outlines.reach_middles[reach])}
            for reach in REACHES
            if reach in outlines.reach_middles
        ],
    }


def _name(names: pd.DataFrame, unit: str, en: str, zh: str) -> dict[str, str]:
    """Both names of a unit or its province, whatever the languages of the page."""
    if unit not in names.index:
        return {"en": unit, "zh": unit}
    return {"en": str(names.at[unit, en]), "zh": str(names.at[unit, zh])}


def _layer(layer: Layer, say: Sayings) -> dict[str, Any]:
    classes = layer.classes
    return {
        "name": layer.name,
        "group": dict(layer.group),
        "short": dict(layer.short),
        "label": dict(layer.label),
        "definition": dict(layer.definition),
        "unit": dict(layer.unit),
        "years": list(layer.years),
        "decimals": layer.decimals,
        "edges": [float(edge) for edge in classes.edges],
        "colours": list(classes.colours),
        "intervals": {words.language: class_intervals(classes.edges, words) for words in say.words},
        "centre": layer.centre if classes.two_sided else None,
        "outside": [int(i) for i in np.flatnonzero(~layer.inside)],
        "values": [None if np.isnan(v) else float(v) for v in layer.values.ravel()],
    }


def _start(study: Study, layers: Sequence[Layer]) -> dict[str, Any]:
    """Layer and year that are shown first; the first layer where the wanted one was left out."""
    section = study.report.map
    names = [layer.name for layer in layers]
    index = names.index(section.default) if section.default in names else 0
    years = sorted({year for layer in layers for year in layer.years})
    year = section.year if section.year in years else max(years, default=None)
    return {"layer": index, "year": year}


def _markup(
    study: Study, say: Sayings, left_out: Sequence[LeftOut], data: Mapping[str, Any] | None
) -> Markup:
    from jinja2 import Environment, FileSystemLoader

    pages = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    text = pages.get_template(TEMPLATE).render(
        data=None if data is None else _script_text(data),
        noscript=_on_page(
            say(message("The map needs scripts; the static maps show some of its years."))
        ),
        nothing=_on_page(say(message("There is no map: the run has nothing that it could show."))),
        left_out=[
            _on_page(say(message("Not on the map: {what} ({why})."), what=line.what, why=line.why))
            for line in left_out
        ],
        cautions=[_on_page(say.texts(caution)) for caution in study.study.cautions],
    )
    return Markup(text)


def _on_page(texts: Mapping[Language, str]) -> Text:
    return Text({language: escape(text) for language, text in texts.items()})


def _script_text(data: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: no `<` in it opens or closes anything."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


@cache
def plotly_script() -> bytes:
    """Plotly's script, as its Python package ships it.

    Raises
    ------
    DataError
        If the package lacks it, as some that distributions of Linux make do.
    """
    import plotly

    path = Path(plotly.__file__).parent / "package_data" / PLOTLY
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"the interactive map needs {PLOTLY}, which the package plotly "
            f"{plotly.__version__} does not have: no file {path}. Install plotly from PyPI again: "
            "python -m pip install --force-reinstall plotly"
        ) from None
