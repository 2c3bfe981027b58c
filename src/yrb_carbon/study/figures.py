"""The figures of a study: maps of variables, and figures of effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from yrb_carbon.errors import listing
from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Label,
    Path,
    Section,
    Year,
    choices,
    repeated,
    unknown_names,
    wrong_table,
)
from yrb_carbon.study.mediation_tables import JOINT, MediationTable
from yrb_carbon.study.robustness_tables import CurveFigure

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study


FOREST_KINDS = ("mediation", "heterogeneity")
"""Kinds of tables that a forest plot can show; the first has path diagrams and maps too."""


class MapFigure(Section):
    """A map of one variable in some years."""

    variable: Identifier = Field(description="Variable that is shown.")
    years: tuple[Year, ...] = Field((2003, 2008, 2013, 2018), description="One panel a year.")
    centre: float | None = Field(
        None, description="Value that parts two sides of the colours; none when null."
    )
    title: Label


class PathFigure(Section):
    """A path diagram of a mediation system, with the effects on the arrows."""

    table: Identifier = Field(description="Table of kind mediation.")
    model: Identifier = Field(
        JOINT, description="joint, or the mediator whose system with it alone is shown."
    )
    title: Label


class ForestFigure(Section):
    """Effects of a table with all their intervals, one row a path or a group."""

    table: Identifier = Field(description="Table of kind mediation or heterogeneity.")
    title: Label


class SpilloverMap(Section):
    """What each unit's treatment does to all others, and theirs to it."""

    table: Identifier = Field(description="Table of kind mediation.")
    model: Identifier = Field(
        JOINT, description="joint, or the mediator whose system with it alone is shown."
    )
    kinds: tuple[Literal["sent", "received"], ...] = Field(
        ("sent", "received"), min_length=1, description="One panel each."
    )
    title: Label


class FiguresSection(Section):
    """The figures."""

    language: Literal["en", "zh"] = Field(
        "en", description="Of labels; English where no font with Chinese characters is installed."
    )
    units_map: bool = Field(True, description="Draw the map of units and reaches (F1).")
    maps: dict[Identifier, MapFigure] = Field(
        default_factory=dict, description="Maps of variables (F2)."
    )
    curves: dict[Identifier, CurveFigure] = Field(
        default_factory=dict, description="Specification curves (F5)."
    )
    paths: dict[Identifier, PathFigure] = Field(
        default_factory=dict, description="Path diagrams of mediation systems (F4)."
    )
    forests: dict[Identifier, ForestFigure] = Field(
        default_factory=dict, description="Forest plots of effects."
    )
    spillovers: dict[Identifier, SpilloverMap] = Field(
        default_factory=dict, description="Maps of what units send and receive."
    )

    @property
    def effect_figures(self) -> tuple[str, ...]:
        """Names of the figures that are made from estimates."""
        return (*self.paths, *self.forests, *self.spillovers)


def figure_faults(study: Study) -> Iterator[Fault]:
    """Unknown variables and tables, years outside of the study, names used twice."""
    yield from _map_faults(study)
    figures = study.figures
    for name, curve in figures.curves.items():
        yield from curve.faults(study, ("figures", "curves", name))
    of_effects: dict[str, Mapping[str, PathFigure | ForestFigure | SpilloverMap]] = {
        "paths": figures.paths,
        "forests": figures.forests,
        "spillovers": figures.spillovers,
    }
    for key, group in of_effects.items():
        for name, figure in group.items():
            yield from _table_faults(study, figure, ("figures", key, name))
    yield from _name_faults(figures)


def _map_faults(study: Study) -> Iterator[Fault]:
    for name, figure in study.figures.maps.items():
        path: Path = ("figures", "maps", name)
        yield from unknown_names(study.variables, figure.variable, (*path, "variable"), "variable")
        strange = [year for year in figure.years if year not in study.years]
        if strange:
            yield (
                (*path, "years"),
                (
                    f"outside the sample (got {listing(strange)}; "
                    f"allowed {study.study.first_year} to {study.study.last_year})"
                ),
            )


def _table_faults(
    study: Study, figure: PathFigure | ForestFigure | SpilloverMap, path: Path
) -> Iterator[Fault]:
    """A table that is none of a mediation system, and a system that it does not have."""
    if isinstance(figure, SpilloverMap):
        yield from repeated(figure, path, "kinds")
    table = study.tables.get(figure.table)
    kinds = FOREST_KINDS if isinstance(figure, ForestFigure) else FOREST_KINDS[:1]
    if table is None or table.kind not in kinds:
        options = [name for name, other in study.tables.items() if other.kind in kinds]
        wanted = f"a table of kind {' or '.join(kinds)}"
        yield (*path, "table"), wrong_table(study.tables, figure.table, options, wanted, path)
    elif (
        isinstance(table, MediationTable)
        and not isinstance(figure, ForestFigure)
        and figure.model not in table.runs
    ):
        yield (
            (*path, "model"),
            f"not a system of table {figure.table!r} ({choices(figure.model, table.runs)})",
        )


def _name_faults(figures: FiguresSection) -> Iterator[Fault]:
    """Figures of one name would be one file."""
    taken = {"F1"} if figures.units_map else set()
    for key in ("maps", "curves", "paths", "forests", "spillovers"):
        for name in getattr(figures, key):
            if name in taken:
                yield (
                    ("figures", key, name),
                    f"there already is a figure of that name (got {name!r})",
                )
            taken.add(name)
