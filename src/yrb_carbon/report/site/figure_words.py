"""What is seen on each figure, in words, for those who do not see it.

The words are made from what the figures are drawn from, by the functions that lay them out, so
that a figure and its words cannot say different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import ABOVE_ZERO, AROUND_ZERO, BELOW_ZERO, colour_of
from yrb_carbon.report.cells import label_of, records
from yrb_carbon.report.definitions import unit_of
from yrb_carbon.report.effect_figures import (
    KIND_WORDS,
    forest_of,
    path_diagram_of,
    spillover_variable,
)
from yrb_carbon.report.figures import reaches_of
from yrb_carbon.report.forest import ForestRow
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.map_classes import classify, shades_text
from yrb_carbon.report.maps import REACHES
from yrb_carbon.report.path_diagram import Arrow
from yrb_carbon.report.province_figures import ProvinceSources
from yrb_carbon.report.site.account_words import flows_seen, fuels_seen
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.province_words import (
    areas_seen,
    bars_seen,
    map_seen,
    moran_seen,
    potential_seen,
    track_seen,
)
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.specification_curve import AXIS, TITLES, make_curve
from yrb_carbon.report.trend_figure import BAND_WORDS, STATISTIC_WORDS
from yrb_carbon.study.account_figures import (
    AreaMatrixFigure,
    PotentialFigure,
    ProvinceBarsFigure,
    ProvinceMapFigure,
    ProvinceMoranFigure,
    ProvinceTrackFigure,
)
from yrb_carbon.study.base import Section
from yrb_carbon.study.figure_base import ClassesSection, shown_years
from yrb_carbon.study.figures import (
    CurveFigure,
    FlowFigure,
    ForestFigure,
    FuelFigure,
    MapFigure,
    MoranFigure,
    PathFigure,
    SpilloverMap,
    TrendFigure,
)
from yrb_carbon.study.robustness_tables import RobustnessTable
from yrb_carbon.study.tables import MoranTable

NOT_DRAWN = message("A sheet without a drawing: {reason}")


@dataclass(frozen=True)
class Shown:
    """A run, with what its figures are drawn from read once."""

    run: Run

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Variables of the main sample."""
        return _read(self.run.files.frame, "the variables of the main sample")

    @cached_property
    def by_unit(self) -> pd.DataFrame:
        """Effects by unit."""
        return _read(self.run.files.by_unit, "effects by unit")


def _read(path: Any, what: str) -> pd.DataFrame:
    if path is None:
        raise DataError(f"a figure shows {what}, but the report was given no file of them")
    return pd.read_parquet(path)


def seen_on(shown: Shown, section: Section | None, obstacles: Mapping[str, str]) -> Text:
    """What is seen on a figure.

    Parameters
    ----------
    shown : Shown
    section : Section or None
        Of the figure; None for the map of units.
    obstacles : mapping
        Language -> why a sheet with a reason stands in its place.
    """

    def in_language(words: Words) -> str:
        reason = obstacles.get(words.language)
        if reason is not None:
            return words(NOT_DRAWN, reason=reason)
        if section is None:
            return _units(shown, words)
        return _SEEN[type(section)](shown, section, words)

    return shown.run.words.each(in_language)


def _named(shown: Shown, variable: str, words: Words) -> str:
    """Name of a variable with its unit of measurement."""
    study = shown.run.study
    unit = unit_of(study.variables[variable], study, words)
    return words("{name} ({unit})", name=label_of(variable, study, words), unit=unit)


def _colours(values: Any, classes: ClassesSection, centre: float | None, words: Words) -> str:
    """What light and dark colours of a map mean."""
    return shades_text(classify(values, classes, centre), centre, words)


def _span(values: Any) -> dict[str, str]:
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return {"low": f"{finite.min():.3g}", "high": f"{finite.max():.3g}"}


def _units(shown: Shown, words: Words) -> str:
    reaches = reaches_of(shown.run.study)
    own = [reaches[unit] for unit in shown.frame.index.get_level_values("unit").unique()]
    counted = words.listing(
        words("{name}: {n}", name=words(name), n=own.count(reach))
        for reach, name in REACHES.items()
        if reach in own
    )
    return words(
        "Map of {n} units in the colours of their reaches: {counted}. Lines: {region} borders.",
        n=len(own), counted=counted, region=words.label(shown.run.study.report.region),
    )  # fmt: skip


def _map(shown: Shown, figure: MapFigure, words: Words) -> str:
    years = shown_years(figure.years, shown.run.study.years_of("main"))
    values = shown.frame[figure.variable]
    values = values[values.index.get_level_values("year").isin(years)]
    return words(
        "Maps of {variable} by unit, one panel each for {years}: values from {low} to {high} of "
        "{n} units, {colours}; classes common to the panels.",
        variable=_named(shown, figure.variable, words),
        years=words.listing(map(str, years)),
        n=values.index.get_level_values("unit").nunique(),
        colours=_colours(values.to_numpy(dtype=np.float64), figure.classes, figure.centre, words),
        **_span(values),
    )


def _moran(shown: Shown, figure: MoranFigure, words: Words) -> str:
    study, rows = shown.run.study, shown.run.estimates
    table = study.tables[figure.table]
    if not isinstance(table, MoranTable):
        raise TypeError(f"table {figure.table!r} holds no Moran's I")
    rows = rows[(rows["table"] == figure.table) & (rows["term"] == figure.variable)]
    cells = records(rows[rows["inference"] == "permutation"], "year")
    values = words.listing(
        words("{value} in {year}", value=f"{cells[year,]['estimate']:.3f}", year=year)
        for year in shown_years(figure.years, study.years_of(table.sample))
    )
    return words(
        "Moran scatter plots of {variable}, one column a year: value of each unit against the mean "
        "of its neighbours, both standardised, and a line with the slope of Moran's I, {values}. "
        "Below each a map of local clusters significant at {level:g}, coloured by quadrant and "
        "hatched where FDR leaves them out.",
        variable=_named(shown, figure.variable, words), values=values, level=table.level,
    )  # fmt: skip


def _trend(shown: Shown, figure: TrendFigure, words: Words) -> str:
    study = shown.run.study
    years = study.years_of("main")
    band = "none" if figure.statistic == "total" else figure.band
    what = words(
        "Line charts over {first} to {last}, one panel each for {variables}.",
        first=years.start, last=years.stop - 1,
        variables=words.listing(_named(shown, name, words) for name in figure.variables),
    )  # fmt: skip
    bands = [words(BAND_WORDS[band])] if band in BAND_WORDS else []
    return words.sentences([what, words(STATISTIC_WORDS[figure.statistic]), *bands])


def _arrow(arrow: Arrow, words: Words) -> str:
    return words(
        "direct {direct}, spillover {spillover}",
        direct=arrow.direct.text(), spillover=arrow.spillover.text(),
    )  # fmt: skip


def _path(shown: Shown, figure: PathFigure, words: Words) -> str:
    diagram = path_diagram_of(figure, shown.run.study, shown.run.estimates, words)
    parts = [
        words(
            "through {mediator}: {effects}", mediator=own.label, effects=_arrow(own.through, words)
        )
        for own in diagram.mediators
    ]
    what = words(
        "Path diagram: arrows from {treatment} to {mediators} and from these to {outcome}, each "
        "with its effects of one unit more. Not mediated: {natural}; {parts}; whole system: "
        "{system}.",
        treatment=diagram.treatment,
        mediators=words.listing(own.label for own in diagram.mediators),
        outcome=diagram.outcome,
        natural=_arrow(diagram.natural, words),
        parts=words.clauses(parts),
        system=_arrow(diagram.system, words),
    )
    return words.sentences([what, *diagram.notes])


def _forest(shown: Shown, figure: ForestFigure, words: Words) -> str:
    panels, rows, notes = forest_of(figure, shown.run.study, shown.run.estimates, words)
    kinds = dict.fromkeys(
        interval.kind
        for row in rows
        for effect in row.effects
        if effect is not None
        for interval in effect.intervals
    )
    what = words(
        "Forest plot: estimates as points with intervals ({kinds}) around them and a line at zero, "
        "in the panels {panels}; {n} rows.",
        kinds=words.listing(kinds),
        panels=words.listing(panels),
        n=len(rows),
    )
    return words.sentences([what, *_row_names(rows, words), *notes])


def _row_names(rows: Sequence[ForestRow], words: Words) -> Iterator[str]:
    """Names of rows from top to bottom, those of a group behind its name."""
    for group, own in groupby(rows, key=lambda row: row.group):
        named = words.clauses(row.label for row in own)
        yield words("{group}: {rows}.", group=group or words("Rows"), rows=named)


def _spillover(shown: Shown, figure: SpilloverMap, words: Words) -> str:
    run = shown.run
    variable = spillover_variable(figure, run.study, run.estimates, shown.by_unit, words)
    return words(
        "Maps by unit: {label}; panels: {panels}; {definition}. Values from {low} to {high}; "
        "{colours}; each panel has classes of its own.",
        label=variable.label,
        panels=words.listing(words(KIND_WORDS[kind]) for kind in figure.kinds),
        definition=variable.definition,
        colours=_colours(
            variable.values.to_numpy(dtype=np.float64), figure.classes, variable.centre, words
        ),
        **_span(variable.values),
    )


def _curve(shown: Shown, figure: CurveFigure, words: Words) -> str:
    study, rows = shown.run.study, shown.run.estimates
    table = study.tables[figure.table]
    if not isinstance(table, RobustnessTable):
        raise TypeError(f"table {figure.table!r} is none of robustness")
    own = rows[rows["table"] == figure.table]
    curve = make_curve(table, study, own, figure.quantity, words)
    ends = zip(curve.points["ci_lower"], curve.points["ci_upper"], strict=True)
    sides = [colour_of(*pair) for pair in ends]
    return words(
        "Specification curve: {n} estimates in rising order from {low} to {high}: {quantity}; "
        "baseline: {treatment} on {outcome}. {unit}. Intervals above zero: {above}, below zero: "
        "{below}, around zero: {around}. Marks below show the choices behind each: {choices}.",
        n=len(curve.points),
        quantity=words(TITLES[figure.quantity]),
        treatment=label_of(table.middle.treatment, study, words),
        outcome=label_of(table.middle.outcome, study, words),
        unit=words.sentences(words(AXIS).splitlines()),
        above=sides.count(ABOVE_ZERO),
        below=sides.count(BELOW_ZERO),
        around=sides.count(AROUND_ZERO),
        choices=words.listing(head for head, _ in curve.levels),
        **_span(curve.points["estimate"]),
    )


def _flows(shown: Shown, figure: FlowFigure, words: Words) -> str:
    return flows_seen(figure, shown.run.study, shown.run.estimates, words)


def _fuels(shown: Shown, figure: FuelFigure, words: Words) -> str:
    return fuels_seen(figure, shown.run.estimates, words)


def _of_provinces(
    seen: Callable[[Any, ProvinceSources, Words], str],
) -> Callable[[Shown, Any, Words], str]:
    """What is seen on a figure that is drawn from estimates and outlines of provinces."""

    def told(shown: Shown, figure: Any, words: Words) -> str:
        run = shown.run
        return seen(figure, ProvinceSources(run.study, run.estimates, None), words)

    return told


_SEEN: Mapping[type[Section], Callable[[Shown, Any, Words], str]] = {
    MapFigure: _map,
    MoranFigure: _moran,
    TrendFigure: _trend,
    PathFigure: _path,
    ForestFigure: _forest,
    SpilloverMap: _spillover,
    CurveFigure: _curve,
    FlowFigure: _flows,
    FuelFigure: _fuels,
    ProvinceMapFigure: _of_provinces(map_seen),
    ProvinceBarsFigure: _of_provinces(bars_seen),
    ProvinceMoranFigure: _of_provinces(moran_seen),
    ProvinceTrackFigure: _of_provinces(track_seen),
    PotentialFigure: _of_provinces(potential_seen),
    AreaMatrixFigure: _of_provinces(areas_seen),
}
