"""How tables are printed: stars, brackets, decimals, and the columns and rows of one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from yrb_carbon.errors import listing
from yrb_carbon.study.base import WORDS, Fault, Identifier, Label, Path, Section, choices, repeated

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

Bracket = Literal["round", "square", "curly", "none"]
Decimals = Annotated[int, Field(ge=0, le=12)]
Mark = Annotated[
    str,
    Field(
        pattern=r"^[*†‡§+#]{1,4}$",
        json_schema_extra={WORDS: "up to four of the signs * † ‡ § + #"},
    ),
]


class StarLevel(Section):
    """One level of significance and its mark."""

    mark: Mark = Field(description="What stands behind an estimate.")
    below: float = Field(gt=0, lt=1, description="Size of the p-value below which it stands.")


class PrintingSection(Section):
    """How numbers and notes are printed, in all tables."""

    stars: tuple[StarLevel, ...] = Field(
        (
            StarLevel(mark="***", below=0.01),
            StarLevel(mark="**", below=0.05),
            StarLevel(mark="*", below=0.1),
        ),
        description="Levels of significance, the smallest first; an empty list prints no stars.",
    )
    brackets: tuple[Bracket, ...] = Field(
        ("round", "square", "curly"),
        min_length=1,
        description="Around standard errors of the first covariance, of the second, ...; the last "
        "stands for all that follow.",
    )
    decimals: Decimals = Field(
        4, description="Of estimates, standard errors and intervals; statistics keep their own."
    )
    notes: bool = Field(
        True,
        description="Print the notes; the study's notice, and that data are synthetic, always are.",
    )


class LayoutColumn(Section):
    """One column of a printed table."""

    id: Identifier = Field(description="Name of the column, as the table of models has it.")
    label: Label | None = Field(None, description="Other heading than that of the model.")


class TableLayout(Section):
    """What is printed of one table, and how; nothing is estimated anew for it."""

    columns: tuple[LayoutColumn, ...] | None = Field(
        None, min_length=1, description="Which models, in which order; all when null."
    )
    rows: tuple[str, ...] | None = Field(
        None, min_length=1, description="Which rows, in which order; all when null."
    )
    drop: tuple[str, ...] = Field((), description="Rows left out.")
    decimals: Decimals | None = Field(None, description="Other than report.printing.decimals.")
    stars: bool = Field(True, description="False prints no stars in this table.")
    standard_errors: tuple[str, ...] | None = Field(
        None, description="Which standard errors, in which order; all when null, none when empty."
    )


@dataclass(frozen=True, slots=True)
class LayoutNames:
    """Names that the layout of a table may use; a table without any of a kind has no such key."""

    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    standard_errors: tuple[str, ...] = ()


def printing_faults(study: Study) -> Iterator[Fault]:
    """Levels out of order, and names of layouts that their tables do not have."""
    yield from _star_faults(study.report.printing)
    tables = dict(study.tables)
    for name, table in study.tables.items():
        if table.layout is not None:
            path: Path = ("tables", name, "layout")
            yield from _layout_faults(table.layout, table.layout_names(tables), table.kind, path)


def _star_faults(printing: PrintingSection) -> Iterator[Fault]:
    levels = [level.below for level in printing.stars]
    for index in range(1, len(levels)):
        if levels[index] <= levels[index - 1]:
            yield (
                ("report", "printing", "stars", index, "below"),
                f"levels must rise (got {levels[index]:g} after {levels[index - 1]:g})",
            )


def _layout_faults(
    layout: TableLayout, names: LayoutNames, kind: str, path: Path
) -> Iterator[Fault]:
    columns = None if layout.columns is None else [column.id for column in layout.columns]
    used: Mapping[str, tuple[Iterable[str] | None, tuple[str, ...], tuple[str, ...]]] = {
        "columns": (columns, names.columns, ("id",)),
        "rows": (layout.rows, names.rows, ()),
        "drop": (layout.drop or None, names.rows, ()),
        "standard_errors": (layout.standard_errors, names.standard_errors, ()),
    }
    for key, (chosen, known, step) in used.items():
        if chosen is None:
            continue
        if not known:
            yield (*path, key), f"tables of kind {kind!r} have no such choice; take the key out"
            continue
        for index, name in enumerate(chosen):
            if name not in known:
                place = (*path, key, index, *step)
                yield place, f"the table has no such {_ONE[key]} ({choices(name, known)})"
    yield from repeated(layout, path, "rows", "drop") if layout.rows else ()
    if columns is not None and len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        yield (*path, "columns"), f"named twice: {listing(twice)}"


_ONE = {
    "columns": "column",
    "rows": "row",
    "drop": "row",
    "standard_errors": "standard error",
}
