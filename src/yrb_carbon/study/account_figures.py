"""Figures of systems C and D: provinces on maps and in bars, clusters, tracks, potential, areas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Label,
    Path,
    Year,
    choices,
    repeated,
    wrong_table,
)
from yrb_carbon.study.figure_base import ClassesSection, SizedFigure, class_faults, kind_faults
from yrb_carbon.study.footprint import (
    Dimension,
    FootprintAccountsTable,
    FootprintMoranTable,
    FootprintShiftTable,
    FootprintTable,
    ReductionPotentialTable,
)
from yrb_carbon.study.regional import RegionalEmissionsTable, RegionalTransferTable

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

TRANSFERS = ("transfer_out", "transfer_in", "transfer_net")
MEASURES: Mapping[str, tuple[str, ...]] = {
    "industrial_emissions": ("emissions",),
    "footprint_accounts": FootprintAccountsTable.printed_columns,
    "reduction_potential": tuple(
        column for column in ReductionPotentialTable.printed_columns if column != "quadrant"
    ),
    "forest_stock": ("stock", "stored"),
    "land_use": ("agricultural", "construction"),
    "regional_emissions": ("emissions", "intensity", "gdp"),
    "regional_transfer": (
        "emissions",
        "gdp",
        "stored",
        "capacity",
        "intensity",
        *TRANSFERS,
        "ecc",
        "esc",
    ),
}
"""What tables say of each province, by their kind."""
MOST_BARS = 4
"""Measures that stand side by side."""


class ProvinceMapFigure(SizedFigure):
    """Maps of what a table says of the provinces, in some years."""

    table: Identifier = Field(
        description="Table of kind " + ", ".join(MEASURES) + ": its rows by province."
    )
    measure: str = Field(description="One of those of the table's kind.")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="One panel a year; those that the table prints when null."
    )
    centre: float | None = Field(
        None, description="Value that parts two sides of the colours; none when null."
    )
    classes: ClassesSection = ClassesSection()
    title: Label


class ProvinceBarsFigure(SizedFigure):
    """Provinces in bars, several measures side by side, grouped by region."""

    table: Identifier = Field(description="As for province_maps.")
    measures: tuple[str, ...] = Field(
        min_length=1, max_length=MOST_BARS, description="One panel each; the first orders."
    )
    year: Year | None = Field(None, description="The last of each measure when null.")
    title: Label


class ProvinceMoranFigure(SizedFigure):
    """Moran's I over the years, or scatter plots and maps of clusters of some years."""

    table: Identifier = Field(description="Table of kind footprint_moran.")
    kind: Literal["series", "clusters"] = Field(
        "series",
        description="series: Moran's I of every year, one line a dimension; clusters: scatter "
        "plots and local clusters.",
    )
    dimension: Dimension | None = Field(
        None, description="Of clusters; the first of the table when null."
    )
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="Of clusters; those that the table prints when null."
    )
    named: int = Field(
        3, ge=0, le=20, description="Provinces named in a scatter plot, the most outlying first."
    )
    title: Label


class ProvinceTrackFigure(SizedFigure):
    """Gravity centres of all years, and the ellipses of the first and the last."""

    table: Identifier = Field(description="Table of kind footprint_shift.")
    dimension: Dimension | None = Field(None, description="The first of the table when null.")
    title: Label


class PotentialFigure(SizedFigure):
    """Ranking of the provinces by potential, and equity against efficiency."""

    table: Identifier = Field(description="Table of kind reduction_potential.")
    year: Year | None = Field(
        None, description="One that the table prints; the last of them when null."
    )
    title: Label


class AreaMatrixFigure(SizedFigure):
    """Matrix of the transfers between the eight areas."""

    table: Identifier = Field(description="Table of kind regional_transfer.")
    title: Label


AccountFigure = (
    ProvinceMapFigure | ProvinceBarsFigure | ProvinceMoranFigure | ProvinceTrackFigure
    | PotentialFigure | AreaMatrixFigure
)  # fmt: skip
ACCOUNT_GROUPS = (
    "province_maps", "province_bars", "province_moran", "province_tracks", "potential",
    "area_matrix",
)  # fmt: skip
"""Keys of the section `figures` with figures of systems C and D."""


def years_of_table(study: Study, name: str) -> tuple[int, ...] | None:
    """Years that a table prints; None where its data alone know them."""
    table = study.tables[name]
    if isinstance(table, FootprintTable) and study.footprint is not None:
        return table.printed_years(study.footprint)
    if isinstance(table, RegionalEmissionsTable) and study.regional is not None:
        return tuple(sorted(table.years or study.regional.inventories))
    return None


def dimension_of(figure: ProvinceMoranFigure | ProvinceTrackFigure, study: Study) -> Dimension:
    """Dimension that a figure shows."""
    table = study.tables[figure.table]
    if not isinstance(table, FootprintMoranTable | FootprintShiftTable):
        raise TypeError(f"table {figure.table!r} has no dimensions")
    return figure.dimension or table.dimensions[0]


def cluster_years(figure: ProvinceMoranFigure, study: Study) -> tuple[int, ...]:
    """Years of scatter plots and clusters."""
    return figure.years or years_of_table(study, figure.table) or ()


def account_figure_faults(study: Study) -> Iterator[Fault]:
    """Tables of other kinds; measures, dimensions and years that they do not have."""
    figures = study.figures
    for name, shown in figures.province_maps.items():
        path: Path = ("figures", "province_maps", name)
        yield from _measure_faults(study, shown.table, {"measure": (shown.measure,)}, path)
        yield from _year_faults(study, shown.table, shown.years, path)
        yield from class_faults(shown.classes, (*path, "classes"))
    for name, bars in figures.province_bars.items():
        path = ("figures", "province_bars", name)
        yield from _measure_faults(study, bars.table, {"measures": bars.measures}, path)
        yield from repeated(bars, path, "measures")
        years = None if bars.year is None else (bars.year,)
        yield from _year_faults(study, bars.table, years, path, "year")
    for name, moran in figures.province_moran.items():
        path = ("figures", "province_moran", name)
        yield from kind_faults(study, moran.table, "footprint_moran", (*path, "table"))
        if moran.kind == "series":
            yield from _series_faults(moran, path)
            continue
        yield from _dimension_faults(study, moran, path)
        yield from _year_faults(study, moran.table, moran.years, path)
    for name, track in figures.province_tracks.items():
        path = ("figures", "province_tracks", name)
        yield from kind_faults(study, track.table, "footprint_shift", (*path, "table"))
        yield from _dimension_faults(study, track, path)
    for name, potential in figures.potential.items():
        path = ("figures", "potential", name)
        yield from kind_faults(study, potential.table, "reduction_potential", (*path, "table"))
        wanted = None if potential.year is None else (potential.year,)
        yield from _year_faults(study, potential.table, wanted, path, "year")
    for name, matrix in figures.area_matrix.items():
        path = ("figures", "area_matrix", name, "table")
        yield from kind_faults(study, matrix.table, "regional_transfer", path)
        yield from _transfer_faults(study, matrix.table, path)


def _measure_faults(
    study: Study, name: str, wanted: Mapping[str, tuple[str, ...]], path: Path
) -> Iterator[Fault]:
    """A table without rows by province, and measures that those of its kind have not."""
    table = study.tables.get(name)
    if table is None or table.kind not in MEASURES:
        options = [own for own, other in study.tables.items() if other.kind in MEASURES]
        words = wrong_table(study.tables, name, options, "a table with rows by province", path)
        yield (*path, "table"), words
        return
    known = MEASURES[table.kind]
    for key, measures in wanted.items():
        for measure in measures:
            if measure not in known:
                told = choices(measure, known)
                yield (*path, key), f"tables of kind {table.kind} have no such measure ({told})"
            elif measure in TRANSFERS:
                yield from _transfer_faults(study, name, (*path, key))


def _year_faults(
    study: Study, name: str, years: tuple[int, ...] | None, path: Path, key: str = "years"
) -> Iterator[Fault]:
    """Years that a table has no rows of."""
    table = study.tables.get(name)
    if table is None or years is None:
        return
    known = years_of_table(study, name)
    has_printed_alone = isinstance(table, FootprintMoranTable | ReductionPotentialTable)
    if isinstance(table, FootprintTable) and study.footprint and not has_printed_alone:
        known = tuple(study.footprint.years)
    for year in years if known is not None else ():
        if year not in (known or ()):
            told = choices(str(year), map(str, known or ()))
            yield (*path, key), f"not in table {name!r} ({told})"


def _series_faults(figure: ProvinceMoranFigure, path: Path) -> Iterator[Fault]:
    """What only clusters take."""
    for key in ("dimension", "years"):
        if getattr(figure, key) is not None:
            yield (*path, key), "only for kind clusters (got kind 'series')"


def _dimension_faults(
    study: Study, figure: ProvinceMoranFigure | ProvinceTrackFigure, path: Path
) -> Iterator[Fault]:
    table = study.tables.get(figure.table)
    if (
        isinstance(table, FootprintMoranTable | FootprintShiftTable)
        and figure.dimension is not None
        and figure.dimension not in table.dimensions
    ):
        told = choices(figure.dimension, table.dimensions)
        yield (*path, "dimension"), f"not in table {figure.table!r} ({told})"


def _transfer_faults(study: Study, name: str, place: Path) -> Iterator[Fault]:
    """Transfers that the study does not compute."""
    table, section = study.tables.get(name), study.regional
    if isinstance(table, RegionalTransferTable) and section and section.transfer is None:
        yield place, f"table {name!r} has no transfers without regional.transfer (got null)"
