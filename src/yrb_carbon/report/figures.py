"""The figures of a study: map of units and reaches, maps of variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.report.canvas import Language, save_figure, usable_language
from yrb_carbon.report.definitions import definition_of
from yrb_carbon.report.language import Words
from yrb_carbon.report.maps import (
    MapVariable,
    draw_units_map,
    draw_variable_maps,
)
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.units import load_units

UNITS_TITLE: dict[Language, str] = {"en": "{0}: units and reaches", "zh": "{0}：研究单元与流域段"}


def draw_figures(
    spec: Any, frame: pd.DataFrame, boundaries: Boundaries, folder: str | Path
) -> tuple[Path, ...]:
    """Draw and write all figures that a study asks for, as PNG and SVG.

    Parameters
    ----------
    spec : namespace of sections
        study, figures, variables, and those that say what a variable leaves open: carbon, sink,
        balance, agglom, lq, m1, m2, m3, price.
    frame : DataFrame, index (unit, year)
        Variables of the main sample.
    boundaries : Boundaries
        All candidate units; those outside the sample are drawn in grey.
    folder : path

    Returns
    -------
    tuple of Path
    """
    language = usable_language(spec.figures.language)
    notice = spec.study.caution_in(language)
    units = sorted(frame.index.get_level_values("unit").unique())
    drawn = boundaries.subset(units)
    context = boundaries if len(units) < len(boundaries.unit_ids) else None
    written: list[Path] = []
    if spec.figures.units_map:
        split = load_units().reach(spec.study.reach_split)
        reaches = {unit: str(split[unit]) for unit in units}
        figure = draw_units_map(
            drawn,
            reaches,
            title=UNITS_TITLE[language].format(spec.study.title.in_language(language)),
            notice=notice,
            context=context,
            language=language,
        )
        written += save_figure(figure, Path(folder) / "F1")
    for name, section in spec.figures.maps.items():
        described = spec.variables[section.variable]
        label = described.label
        variable = MapVariable(
            values=frame[section.variable],
            label=section.variable if label is None else label.in_language(language),
            definition=definition_of(described, spec, Words(language)),
            centre=section.centre,
        )
        figure = draw_variable_maps(
            drawn,
            [variable],
            section.years,
            title=section.title.in_language(language),
            notice=notice,
            context=context,
            language=language,
        )
        written += save_figure(figure, Path(folder) / name)
    return tuple(written)
