"""The page of the figures: each with what it shows in words, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from yrb_carbon.report.account_figures import flow_title
from yrb_carbon.report.embodied_names import FLOWS
from yrb_carbon.report.flow_rows import FlowSource
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.province_figures import (
    area_title,
    dimension_name,
    measure_name,
    potential_title,
)
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.downloads import SHOWN, Download, Product
from yrb_carbon.report.site.figure_words import Shown, seen_on
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.specification_curve import curve_title
from yrb_carbon.report.terms import quantity_name
from yrb_carbon.study.account_figures import (
    AreaMatrixFigure,
    PotentialFigure,
    ProvinceBarsFigure,
    ProvinceMapFigure,
    ProvinceMoranFigure,
    ProvinceTrackFigure,
    dimension_of,
)
from yrb_carbon.study.base import Language, Section
from yrb_carbon.study.figure_base import shown_years
from yrb_carbon.study.figures import (
    UNITS_FIGURE,
    CurveFigure,
    FlowFigure,
    FlowKind,
    ForestFigure,
    FuelFigure,
    MapFigure,
    MoranFigure,
    PathFigure,
    SpilloverMap,
    TrendFigure,
)
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.study.robustness_tables import RobustnessTable


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page.

    Attributes
    ----------
    shown : mapping
        Language -> picture below the folder of the report.
    alt : Text
        What is seen on it.
    """

    shown: Mapping[Language, str]
    alt: Text


@dataclass(frozen=True, slots=True)
class FigureEntry:
    """A figure of the page.

    Attributes
    ----------
    name : str
    title, caption : Text
    alt : Text
        What is seen on it.
    table : str or None
        Table with the numbers that it shows.
    shown : mapping
        Language -> picture below the folder of the report.
    downloads : sequence of Download
    is_map : bool
        Whether it belongs to the study area.
    obstacles : mapping
        Language -> why a sheet with a reason stands in its place.
    """

    name: str
    title: Text
    caption: Text
    alt: Text
    table: str | None
    shown: Mapping[Language, str]
    downloads: Sequence[Download]
    is_map: bool
    obstacles: Mapping[str, str]


def figure_entries(run: Run, files: Sequence[Product]) -> list[FigureEntry]:
    """Figures of the run in the order of their files."""
    entries, shown = [], Shown(run)
    for name in dict.fromkeys(product.name for product in files):
        own = [product for product in files if product.name == name]
        pictures = {p.language: p.file for p in own if p.path.suffix == SHOWN}
        if not pictures:
            continue
        first = next(iter(pictures.values()))
        title, caption, table = described(run, name)
        obstacles = run.manifest["figures_not_drawn"].get(name, {})
        is_map = name == UNITS_FIGURE or name in run.study.figures.maps
        entries.append(
            FigureEntry(
                name=name,
                title=title,
                caption=caption,
                alt=seen_on(shown, run.study.figures.section(name), obstacles),
                table=table,
                shown={one: pictures.get(one, first) for one in run.words},
                downloads=[product.download for product in own],
                is_map=is_map,
                obstacles=obstacles,
            )
        )
    return entries


def described(run: Run, name: str) -> tuple[Text, Text, str | None]:
    """Title of a figure, its caption, and the table with its numbers."""
    words, section = run.words, run.study.figures.section(name)
    if section is None:
        title = words("Units and reaches")
        return title, words("Map of the units, coloured by upper, middle and lower reach."), None
    table = getattr(section, "table", None)
    return _title(run, section, table), _WORDS[type(section)](run, section), table


def _title(run: Run, section: Section, table: str | None) -> Text:
    """Title of a figure, as on it: that of a curve says its quantity, that of flows the year."""
    own = run.study.tables.get(str(table))
    if isinstance(section, CurveFigure) and isinstance(own, RobustnessTable):
        return run.words.each(partial(curve_title, section, own))
    if isinstance(section, FlowFigure):
        return run.words.each(partial(flow_title, section, run.study))
    if isinstance(section, PotentialFigure):
        return run.words.each(partial(potential_title, section, run.study))
    if isinstance(section, AreaMatrixFigure):
        return run.words.each(partial(area_title, section, run.estimates))
    label = getattr(section, "title", None) or run.study.tables[str(table)].title
    return run.words.label(label)


def _map(run: Run, figure: MapFigure) -> Text:
    return run.words(
        "Maps of {variable} by unit, one panel each for {years}, all with the same colours.",
        variable=run.label(figure.variable),
        years=run.words.listing(map(str, shown_years(figure.years, run.study.years_of("main")))),
    )


def _moran(run: Run, figure: MoranFigure) -> Text:
    return run.words(
        "Moran scatter plots of {variable} and maps of its local clusters, before and after FDR, "
        "one column a year.",
        variable=run.label(figure.variable),
    )


def _trend(run: Run, figure: TrendFigure) -> Text:
    return run.words(
        "Lines of {variables} over the years, one a reach.",
        variables=run.words.listing(run.label(name) for name in figure.variables),
    )


def _path(run: Run, figure: PathFigure) -> Text:
    table = run.study.tables[figure.table]
    if not isinstance(table, MediationTable):
        raise TypeError(f"table {figure.table!r} has no paths")
    return run.words(
        "Path diagram: arrows from {treatment} through {mediators} to {outcome}, with the effects "
        "of table {table} on them.",
        treatment=run.label(table.treatment),
        mediators=run.words.listing(run.label(name) for name in table.mediators),
        outcome=run.label(table.outcome),
        table=figure.table,
    )


def _curve(run: Run, figure: CurveFigure) -> Text:
    return run.words(
        "Specification curve: all estimates of {quantity} in table {table} in order with their "
        "intervals, and below each the choices behind it.",
        quantity=run.words.each(partial(quantity_name, figure.quantity)),
        table=figure.table,
    )


FLOW_CAPTIONS: Mapping[FlowKind, str] = {
    "map": message("Arrows: the largest flows between provinces ({flow})."),
    "chord": message("Ribbons from senders to receivers: all flows between regions ({flow})."),
    "matrix": message("Senders in rows, receivers in columns: all flows ({flow})."),
    "network": message("Links of the network of flows between provinces ({flow})."),
}


def _flows(run: Run, figure: FlowFigure) -> Text:
    flow = FlowSource.of(figure, run.study).flow
    return run.words.each(lambda words: words(FLOW_CAPTIONS[figure.kind], flow=words(FLOWS[flow])))


def _fuels(run: Run, figure: FuelFigure) -> Text:
    return run.words(
        "Emissions of mining by fuel, one bar a year, and their sums, of table {table}.",
        table=figure.table,
    )


def _province_map(run: Run, figure: ProvinceMapFigure) -> Text:
    return run.words.each(
        lambda words: words(
            "Maps of the provinces by {measure}, all with the same colours, of table {table}.",
            measure=measure_name(run.study, figure.table, figure.measure, words),
            table=figure.table,
        )
    )


def _province_bars(run: Run, figure: ProvinceBarsFigure) -> Text:
    def in_language(words: Words) -> str:
        names = (measure_name(run.study, figure.table, one, words) for one in figure.measures)
        return words(
            "Provinces in bars, grouped by region: {measures}, of table {table}.",
            measures=words.listing(names), table=figure.table,
        )  # fmt: skip

    return run.words.each(in_language)


def _province_moran(run: Run, figure: ProvinceMoranFigure) -> Text:
    if figure.kind == "series":
        return run.words(
            "Moran's I of every year, filled where significant, of table {table}.",
            table=figure.table,
        )
    return run.words.each(
        lambda words: words(
            "Moran scatter plots of {measure} by province and maps of its local clusters, before "
            "and after FDR, of table {table}.",
            measure=dimension_name(dimension_of(figure, run.study), words), table=figure.table,
        )
    )  # fmt: skip


def _track(run: Run, figure: ProvinceTrackFigure) -> Text:
    return run.words.each(
        lambda words: words(
            "Gravity centres of {measure} by year, and the standard deviational ellipses of the "
            "first and last year, of table {table}.",
            measure=dimension_name(dimension_of(figure, run.study), words), table=figure.table,
        )
    )  # fmt: skip


def _of_table(text: str) -> Callable[[Run, Any], Text]:
    """Words of figures that say no more of themselves than their table."""
    return lambda run, figure: run.words(text, table=figure.table)


_WORDS: Mapping[type[Section], Callable[[Run, Any], Text]] = {
    MapFigure: _map,
    MoranFigure: _moran,
    TrendFigure: _trend,
    PathFigure: _path,
    ForestFigure: _of_table(
        message(
            "Effects of table {table} as points with all their intervals, one row a path or group."
        )
    ),
    SpilloverMap: _of_table(
        message(
            "Maps of what the treatment of each unit does to all others, and theirs to it, by the "
            "models of table {table}."
        )
    ),
    CurveFigure: _curve,
    FlowFigure: _flows,
    FuelFigure: _fuels,
    ProvinceMapFigure: _province_map,
    ProvinceBarsFigure: _province_bars,
    ProvinceMoranFigure: _province_moran,
    ProvinceTrackFigure: _track,
    PotentialFigure: _of_table(
        message(
            "Provinces by potential of reduction with the range of their ranks, and equity against "
            "efficiency, of table {table}."
        )
    ),
    AreaMatrixFigure: _of_table(
        message(
            "Emissions of eight areas in rows, driven by the final demand of those in columns, of "
            "table {table}."
        )
    ),
}
