"""Figures of systems C and D, as views of estimates.csv and the outlines of provinces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import NothingToShowError, Page
from yrb_carbon.report.embodied_figures import draw_flow_matrix
from yrb_carbon.report.figures import Commission, title_of
from yrb_carbon.report.footprint_names import DIMENSIONS
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.maps import MapVariable, draw_variable_maps
from yrb_carbon.report.moran_figure import draw_moran
from yrb_carbon.report.moran_series import draw_moran_series
from yrb_carbon.report.place_names import area_name, place_name
from yrb_carbon.report.potential_figure import draw_potential
from yrb_carbon.report.province_bars import BarPanel, draw_province_bars
from yrb_carbon.report.province_map import Atlas
from yrb_carbon.report.province_rows import (
    area_flows,
    global_moran,
    local_statistics,
    measure_of,
    of_provinces,
    place_values,
    province_regions,
    rows_of,
    track_of,
    unit_of_measure,
    year_of_matrix,
)
from yrb_carbon.report.track_figure import draw_track
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.account_figures import (
    AreaMatrixFigure,
    PotentialFigure,
    ProvinceBarsFigure,
    ProvinceMapFigure,
    ProvinceMoranFigure,
    ProvinceTrackFigure,
    cluster_years,
    dimension_of,
    years_of_table,
)
from yrb_carbon.study.base import Label
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import (
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
)
from yrb_carbon.study.provinces import AREAS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAP_COLUMNS = 3
"""Maps side by side on a wide page."""
INVENTORY_YEARS = message("Years with an energy inventory.")


@dataclass(frozen=True, slots=True, eq=False)
class ProvinceSources:
    """What the figures are drawn from.

    Attributes
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    outlines : Boundaries or None
        Of the provinces; None where no figure is a map.
    atlas : Atlas
        Makes the maps.
    """

    study: Study
    estimates: pd.DataFrame
    outlines: Boundaries | None
    atlas: Atlas = field(default_factory=Atlas)

    def ground(self, what: str) -> Ground:
        """All provinces; `what` needs them."""
        return province_ground(self.study, self.outlines, what)


def province_ground(study: Study, outlines: Boundaries | None, what: str) -> Ground:
    """Ground of the maps of provinces.

    Raises
    ------
    DataError
        If there are no outlines.
    """
    if outlines is None:
        raise DataError(f"a figure of {what} needs outlines of the provinces")
    return Ground(outlines, has_arrow=study.figures.north_arrow)


def province_commissions(sources: ProvinceSources) -> Iterator[Commission]:
    """The figures of systems C and D."""
    figures = sources.study.figures
    for name, shown in figures.province_maps.items():
        draw = partial(draw_map, shown, sources)
        yield Commission(name, title_of(shown), figures.width_mm(shown), draw)
    for name, bars in figures.province_bars.items():
        draw = partial(draw_bars, bars, sources)
        yield Commission(name, title_of(bars), figures.roomy_width_mm(bars), draw)
    for name, moran in figures.province_moran.items():
        draw = partial(draw_clusters if moran.kind == "clusters" else draw_series, moran, sources)
        yield Commission(name, title_of(moran), figures.roomy_width_mm(moran), draw)
    for name, track in figures.province_tracks.items():
        draw = partial(draw_centres, track, sources)
        yield Commission(name, title_of(track), figures.roomy_width_mm(track), draw)
    for name, potential in figures.potential.items():
        title = partial(potential_title, potential, sources.study)
        draw = partial(draw_ranking, potential, sources)
        yield Commission(name, title, figures.roomy_width_mm(potential), draw)
    for name, matrix in figures.area_matrix.items():
        title = partial(area_title, matrix, sources.estimates)
        draw = partial(draw_areas, matrix, sources)
        yield Commission(name, title, figures.roomy_width_mm(matrix), draw)


def footprint_of(study: Study) -> FootprintSection:
    """Section of the footprint of a study that has tables of it."""
    if study.footprint is None:
        raise TypeError("the study has no section of the footprint")
    return study.footprint


def dated(title: Label, year: int, words: Words) -> str:
    """A title with its year."""
    return words("{title}, {year}", title=words.label(title), year=year)


def source_note(table: str, words: Words) -> str:
    """Where the numbers are."""
    return words("Table {table}.", table=table)


def measure_name(study: Study, table: str, measure: str, words: Words) -> str:
    """What a measure is called."""
    return words(measure_of(study, table, measure).label)


def dimension_name(dimension: str, words: Words) -> str:
    """What a dimension of the footprint is called."""
    return words(DIMENSIONS[dimension])


def map_values(figure: ProvinceMapFigure, sources: ProvinceSources) -> pd.Series[float]:
    """Values of a map in its years; those that the table prints, or all, when it names none.

    Raises
    ------
    DataError
        If a year has no rows.
    """
    values = of_provinces(
        place_values(sources.study, sources.estimates, figure.table, figure.measure)
    )
    there = values.index.get_level_values("year")
    years = figure.years or years_of_table(sources.study, figure.table) or tuple(sorted(set(there)))
    absent = [year for year in years if year not in there]
    if absent:
        raise DataError(
            f"table {figure.table!r} has no rows of {figure.measure!r} in {listing(absent)}; run "
            "it again"
        )
    return values[there.isin(years)]


def draw_map(
    figure: ProvinceMapFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw maps of a measure."""
    words, study = page.words, sources.study
    values = map_values(figure, sources)
    if not values.notna().any():
        raise NothingToShowError(
            words("Table {table} has no value of what the map shows.", table=figure.table)
        )
    variable = MapVariable(
        values=values,
        label=measure_name(study, figure.table, figure.measure, words),
        definition=unit_of_measure(study, figure.table, figure.measure, words),
        classes=figure.classes,
        centre=figure.centre,
    )
    years = sorted({int(year) for year in values.index.get_level_values("year")})
    return draw_variable_maps(
        sources.ground("provinces"), variable, years, title=title, page=page,
        sheet_of=sources.atlas.sheet, most_columns=MAP_COLUMNS,
        notes=[source_note(figure.table, words)],
    )  # fmt: skip


def bar_panels(
    figure: ProvinceBarsFigure, sources: ProvinceSources, words: Words
) -> list[BarPanel]:
    """Measures of a figure, each in its year.

    Raises
    ------
    DataError
        If a measure has no row in the year.
    """
    panels, study = [], sources.study
    for measure in figure.measures:
        values = place_values(study, sources.estimates, figure.table, measure)
        there = {int(year) for year in values.index.get_level_values("year")}
        printed = years_of_table(study, figure.table) or tuple(there)
        year = max(printed) if figure.year is None else figure.year
        if year not in there:
            raise DataError(
                f"table {figure.table!r} has no rows of {measure!r} in {year}; there are "
                f"{listing(sorted(there))}"
            )
        own = values.xs(year, level="year")
        unit = unit_of_measure(study, figure.table, measure, words)
        dated_unit = words("{unit}, {year}", unit=unit, year=year)
        panels.append(BarPanel(measure_name(study, figure.table, measure, words), dated_unit, own))
    return panels


def draw_bars(
    figure: ProvinceBarsFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw provinces in bars."""
    words = page.words
    note = words(
        "Provinces by {measure} within their region; in bold the value of the whole region.",
        measure=measure_name(sources.study, figure.table, figure.measures[0], words),
    )
    return draw_province_bars(
        bar_panels(figure, sources, words), title=title, page=page,
        notes=[words.sentences([note, source_note(figure.table, words)])],
    )  # fmt: skip


def moran_series(
    figure: ProvinceMoranFigure, sources: ProvinceSources, words: Words
) -> dict[str, pd.DataFrame]:
    """Moran's I of the years with an inventory, by the name of the dimension."""
    table = sources.study.tables[figure.table]
    if not isinstance(table, FootprintMoranTable):
        raise TypeError(f"table {figure.table!r} holds no Moran's I of provinces")
    return {
        dimension_name(dimension, words): _of_inventories(
            global_moran(sources.estimates, figure.table, dimension), sources.study
        )
        for dimension in table.dimensions
    }


def _of_inventories(by_year: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The years that have an energy inventory: the others repeat or join them."""
    return by_year[by_year.index.isin(footprint_of(study).inventory_years)]


def draw_series(
    figure: ProvinceMoranFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw Moran's I of the years with an inventory."""
    words, section = page.words, footprint_of(sources.study)
    notes = [weights_note(section, words), words(INVENTORY_YEARS), source_note(figure.table, words)]
    return draw_moran_series(
        moran_series(figure, sources, words), title=title, page=page, level=section.alpha,
        notes=notes,
    )  # fmt: skip


def weights_note(section: FootprintSection, words: Words) -> str:
    """Who is a neighbour of whom."""
    if section.link_hainan:
        return words("Neighbours share a border; Hainan is one of Guangdong.")
    return words("Neighbours share a border; Hainan has none and is left out.")


def draw_clusters(
    figure: ProvinceMoranFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw Moran scatter plots and local clusters of some years."""
    words, study = page.words, sources.study
    dimension, years = dimension_of(figure, study), cluster_years(figure, study)
    local = local_statistics(study, sources.estimates, figure.table, dimension, years)
    by_year = global_moran(sources.estimates, figure.table, dimension)
    pairs = by_year[["estimate", "p_value"]].itertuples(name=None)
    overall = {int(year): (float(value), float(p)) for year, value, p in pairs}
    ground = sources.ground("clusters")
    units = sorted(set(local["unit"]))
    said = [
        words("{name}.", name=dimension_name(dimension, words)),
        weights_note(footprint_of(study), words),
        source_note(figure.table, words),
    ]
    return draw_moran(
        Ground.of(ground.boundaries, units, has_arrow=ground.has_arrow),
        local,
        {year: overall[year] for year in years},
        title=title, page=page, names={unit: place_name(unit, words) for unit in units},
        named=figure.named, notes=[words.sentences(said)], sheet_of=sources.atlas.sheet,
    )  # fmt: skip


def track_series(figure: ProvinceTrackFigure, sources: ProvinceSources) -> pd.DataFrame:
    """Centres and ellipses of the years with an inventory."""
    dimension = dimension_of(figure, sources.study)
    return _of_inventories(track_of(sources.estimates, figure.table, dimension), sources.study)


def draw_centres(
    figure: ProvinceTrackFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw gravity centres and ellipses."""
    words, table = page.words, sources.study.tables[figure.table]
    if not isinstance(table, FootprintShiftTable):
        raise TypeError(f"table {figure.table!r} has no gravity centres")
    dimension = dimension_of(figure, sources.study)
    said = words(
        "Gravity centre of the provinces weighted by: {name}; standard deviational ellipse.",
        name=dimension_name(dimension, words),
    )
    return draw_track(
        sources.ground("centres"),
        track_series(figure, sources),
        title=title, page=page, crs=table.crs,
        notes=[said, words(INVENTORY_YEARS), source_note(figure.table, words)],
        map_of=sources.atlas.sheet,
    )  # fmt: skip


POTENTIAL_TERMS = (
    "equity", "efficiency", "index", "rank", "rank_low", "rank_high", "quadrant",
)  # fmt: skip


def potential_of(figure: PotentialFigure, sources: ProvinceSources) -> pd.DataFrame:
    """Potential of the provinces in the year of the table.

    Returns
    -------
    DataFrame, index province
        equity, efficiency, index, rank, rank_low, rank_high, quadrant.
    """
    year = year_of_potential(figure, sources.study)
    rows = rows_of(sources.estimates, figure.table)
    rows = rows[rows["model"].eq("equity_efficiency") & rows["quantity"].eq("value")]
    rows = rows[rows["year"].eq(year) & rows["equation"].isin(list(province_regions()))]
    if rows.empty:
        raise DataError(f"table {figure.table!r} has no ranking of {year}; run it again")
    frame = rows.pivot(index="equation", columns="term", values="estimate")
    return frame.reindex(columns=list(POTENTIAL_TERMS)).astype(float).rename_axis("province")


def year_of_potential(figure: PotentialFigure, study: Study) -> int:
    """Year of a ranking: the last that the table prints when it names none."""
    return figure.year or max(years_of_table(study, figure.table) or ())


def potential_title(figure: PotentialFigure, study: Study, words: Words) -> str:
    """Title with its year."""
    return dated(figure.title, year_of_potential(figure, study), words)


def draw_ranking(
    figure: PotentialFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw the ranking by potential and the quadrants."""
    words = page.words
    said = words(
        "Equity and efficiency from 0 to 1, the larger the more potential; lines at their means, "
        "in the corners what is above its mean."
    )
    return draw_potential(
        potential_of(figure, sources), title=title, page=page,
        notes=[words.sentences([said, source_note(figure.table, words)])],
    )  # fmt: skip


def area_title(figure: AreaMatrixFigure, estimates: pd.DataFrame, words: Words) -> str:
    """Title with its year."""
    return dated(figure.title, year_of_matrix(estimates, figure.table), words)


def draw_areas(
    figure: AreaMatrixFigure, sources: ProvinceSources, *, title: str, page: Page
) -> Figure:
    """Draw the transfers between areas."""
    words = page.words
    flows = area_flows(sources.estimates, figure.table, tuple(AREAS))
    said = words(
        "Emissions of an area, in rows, that the final demand of another drives; on the diagonal "
        "those that its own drives."
    )
    return draw_flow_matrix(
        flows, title=title, page=page, unit=words("Mt CO2"), has_numbers=True,
        names={area: area_name(area, words) for area in AREAS},
        notes=[words.sentences([said, source_note(figure.table, words)])],
    )  # fmt: skip
