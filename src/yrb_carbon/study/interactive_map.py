"""The interactive map of a report: what it shows and where it starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Path,
    Section,
    Year,
    choices,
    repeated,
    unknown_names,
    wrong_table,
)
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.study.tables import EffectsTable, ModelsTable

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study


class MapSection(Section):
    """The interactive map."""

    variables: tuple[Identifier, ...] | None = Field(
        None,
        description="Variables of the main sample, in the order of the list. Outcome, treatment "
        "and mediators of the first table of kind mediation when null; without one, outcome, "
        "first regressor and mediators of the first table of kind models.",
    )
    effects: tuple[Identifier, ...] | None = Field(
        None,
        description="Tables of kind mediation or effects, whose effects by unit are shown. The "
        "first of kind mediation when null; without one, the first of kind effects.",
    )
    default: str | None = Field(
        None,
        description="What is shown first: a variable, or an effect as TABLE.MODEL.TERM.KIND of "
        "models/effects_by_unit.parquet, such as T7.joint.lq.sent. The first variable when null.",
    )
    year: Year | None = Field(None, description="Year shown first; the last one when null.")


def variables_of_map(study: Study) -> tuple[str, ...]:
    """Variables that the map of a study shows."""
    wanted = study.report.map.variables
    if wanted is not None:
        return wanted
    for table in study.tables.values():
        if isinstance(table, MediationTable):
            return _once(table.outcome, table.treatment, *table.mediators)
    for table in study.tables.values():
        if isinstance(table, ModelsTable):
            return _once(table.outcome, *table.regressors[:1], *table.mediators)
    return ()


def effects_of_map(study: Study) -> tuple[str, ...]:
    """Tables whose effects by unit the map of a study shows."""
    wanted = study.report.map.effects
    if wanted is not None:
        return wanted
    for kind in (MediationTable, EffectsTable):
        for name, table in study.tables.items():
            if isinstance(table, kind):
                return (name,)
    return ()


def map_faults(study: Study) -> Iterator[Fault]:
    """Unknown variables and tables, names given twice, a start that the map does not have."""
    section, path = study.report.map, ("report", "map")
    yield from _repeated_in(section, path)
    yield from unknown_names(
        study.variables, section.variables or (), (*path, "variables"), "variable"
    )
    options = [
        name
        for name, table in study.tables.items()
        if isinstance(table, (MediationTable, EffectsTable))
    ]
    for index, name in enumerate(section.effects or ()):
        if name not in options:
            place: Path = (*path, "effects", index)
            wanted = "a table of kind mediation or effects"
            yield place, wrong_table(study.tables, name, options, wanted, place)
    if section.year is not None and section.year not in study.years:
        yield (
            (*path, "year"),
            f"outside the sample (got {section.year}; "
            f"allowed {study.study.first_year} to {study.study.last_year})",
        )
    start = section.default
    known = (*variables_of_map(study), *effects_of_map(study))
    if start is not None and start.split(".")[0] not in known:
        yield (*path, "default"), f"not on the map ({choices(start, known)})"


def _repeated_in(section: MapSection, path: Path) -> Iterator[Fault]:
    """Variables and tables that are named twice."""
    for key in ("variables", "effects"):
        if getattr(section, key) is not None:
            yield from repeated(section, path, key)


def _once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
