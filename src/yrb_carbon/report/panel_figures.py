"""The figures that are made from the panel: units (F1), maps (F2), clusters (F3), trends (F8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import Page
from yrb_carbon.report.cells import label_of, records, weights_label
from yrb_carbon.report.definitions import definition_of
from yrb_carbon.report.figures import (
    Commission,
    ground_of,
    reaches_of,
    title_of,
    write_all,
)
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.maps import MapVariable, draw_units_map, draw_variable_maps
from yrb_carbon.report.moran_figure import draw_moran
from yrb_carbon.report.trend_figure import TrendPanel, draw_trends
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.figure_base import shown_years
from yrb_carbon.study.figures import UNITS_FIGURE, MapFigure, MoranFigure, TrendFigure
from yrb_carbon.study.tables import MoranTable
from yrb_carbon.study.units import load_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class MapInputs:
    """What the figures of the panel are drawn from.

    Attributes
    ----------
    frame : DataFrame, index (unit, year)
        Variables of the main sample.
    boundaries : Boundaries
        All candidate units; those outside the sample are drawn in grey.
    moran : DataFrame
        Rows of estimates of the tables of Moran's I.
    local : DataFrame
        Local statistics of them.
    trends : DataFrame
        Means, totals and quantiles by reach and year.
    """

    frame: pd.DataFrame
    boundaries: Boundaries
    moran: pd.DataFrame
    local: pd.DataFrame
    trends: pd.DataFrame


def read_parts(paths: Sequence[str]) -> pd.DataFrame:
    """Rows of several Parquet files, one below the other; empty without a file."""
    return pd.concat([pd.read_parquet(path) for path in paths]) if paths else pd.DataFrame()


def draw_figures(study: Study, inputs: MapInputs, folder: str | Path) -> dict[str, Any]:
    """Draw and write the figures that are made from the panel: F1, F2, F3, F8.

    Parameters
    ----------
    study : Study
    inputs : MapInputs
    folder : path

    Returns
    -------
    dict
        See `write_all`.
    """
    return write_all(study, map_commissions(study, inputs), folder)


def map_commissions(study: Study, inputs: MapInputs) -> Iterator[Commission]:
    """The figures that are made from the panel."""
    figures = study.figures
    units = sorted(inputs.frame.index.get_level_values("unit").unique())
    ground = ground_of(study, inputs.boundaries, units)
    if figures.units_map:
        yield Commission(
            UNITS_FIGURE,
            lambda words: words("{study}: units and reaches", study=words.label(study.study.title)),
            figures.width_mm(),
            partial(_draw_units, ground, reaches_of(study)),
        )
    for name, section in figures.maps.items():
        yield Commission(
            name, title_of(section), figures.width_mm(section),
            partial(_draw_map, section, study, ground, inputs.frame),
        )  # fmt: skip
    for name, moran in figures.moran.items():
        yield Commission(
            name, title_of(moran), figures.width_mm(moran),
            partial(_draw_moran, moran, study, inputs),
        )  # fmt: skip
    for name, trend in figures.trends.items():
        yield Commission(
            name, title_of(trend), figures.width_mm(trend),
            partial(_draw_trend, trend, study, inputs.trends),
        )  # fmt: skip


def _draw_units(ground: Ground, reaches: Mapping[str, str], *, title: str, page: Page) -> Figure:
    column = "province_zh" if page.words.language == "zh" else "province"
    units = load_units().frame
    names = {str(unit)[:2]: _spaced(str(name)) for unit, name in units[column].items()}
    return draw_units_map(ground, reaches, title=title, page=page, province_names=names)


def _spaced(name: str) -> str:
    """A name with its parts in words: `InnerMongolia` is Inner Mongolia."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _draw_map(
    section: MapFigure, study: Study, ground: Ground, frame: pd.DataFrame, *, title: str,
    page: Page,
) -> Figure:  # fmt: skip
    variable = MapVariable(
        values=frame[section.variable],
        label=label_of(section.variable, study, page.words),
        definition=definition_of(study.variables[section.variable], study, page.words),
        classes=section.classes,
        centre=section.centre,
    )
    years = shown_years(section.years, study.years_of("main"))
    return draw_variable_maps(ground, variable, years, title=title, page=page)


def _draw_moran(
    section: MoranFigure, study: Study, inputs: MapInputs, *, title: str, page: Page
) -> Figure:  # fmt: skip
    words = page.words
    table = study.tables[section.table]
    if not isinstance(table, MoranTable):
        raise TypeError(f"table {section.table!r} holds no Moran's I")
    local = inputs.local
    local = local[(local["table"] == section.table) & (local["variable"] == section.variable)]
    years = shown_years(section.years, study.years_of(table.sample))
    local = local[local["year"].isin(years)]
    rows = inputs.moran
    rows = rows[(rows["table"] == section.table) & (rows["term"] == section.variable)]
    cells = records(rows[rows["inference"] == "permutation"], "year")
    absent = [year for year in years if (year,) not in cells]
    if absent or local.empty:
        raise DataError(
            f"table {section.table!r} has no Moran's I of {section.variable!r} in "
            f"{listing(absent or years)}; run the table again"
        )
    overall = {
        year: (float(cells[year,]["estimate"]), float(cells[year,]["p_value"])) for year in years
    }
    column = "name_short_zh" if words.language == "zh" else "name_en"
    names = {str(unit): str(name) for unit, name in load_units().frame[column].items()}
    first = local.iloc[0]
    note = words(
        "Table {table}. Weights {weights}. Local p by conditional permutation ({draws} draws, two "
        "sides), significant at {level:g}; FDR after Benjamini and Hochberg over the units of a "
        "year.",
        table=section.table, weights=weights_label(table.weights, study, words),
        draws=int(first["permutations"]), level=float(first["level"]),
    )  # fmt: skip
    return draw_moran(
        ground_of(study, inputs.boundaries, sorted(set(local["unit"]))), local, overall,
        title=title, page=page, names=names, named=section.named, notes=[note],
    )  # fmt: skip


def _draw_trend(
    section: TrendFigure, study: Study, trends: pd.DataFrame, *, title: str, page: Page
) -> Figure:
    panels = [
        TrendPanel(
            label=label_of(name, study, page.words),
            unit=definition_of(study.variables[name], study, page.words),
            rows=trends[trends["variable"] == name],
        )
        for name in section.variables
    ]
    return draw_trends(
        panels, statistic=section.statistic, band=section.band, title=title, page=page,
        cut=study.period.cut,
    )  # fmt: skip
