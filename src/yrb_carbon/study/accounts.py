"""What the tables made from accounts have in common: systems B, C and D, not the panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from yrb_carbon.study.base import Fault, Path, Section, Year, choices
from yrb_carbon.study.printing import LayoutNames
from yrb_carbon.study.tables import TableSection

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

ProvincialFormat = Literal["gtmp", "province_panel", "province_land_cover", "tidy_csv"]


FEW_YEARS = 5
"""So many years stand beside one another on a page."""
ACCOUNT_SECTIONS = ("embodied", "footprint", "regional")
"""Sections of the configuration that tables of accounts are made from."""

ACCOUNT_OUTCOMES = (
    "co2",
    "size",
    "depth",
    "footprint_3d",
    "footprint",
    "area",
    "stock",
    "transfer",
)
"""What the rows of tables of accounts are about: column `outcome` of estimates.csv."""


class ProvincialFile(Section):
    """A file of yearly facts of provinces."""

    format: ProvincialFormat = Field(
        description="gtmp: value added and inputs of industry; province_panel: GDP and population; "
        "province_land_cover: areas by class and NPP; tidy_csv: columns province, year and those "
        "that are needed, by the names of the data dictionary."
    )
    path: str = Field(description="File, relative to data_root.")


class AccountsTable(TableSection):
    """Base of the tables made from accounts: no sample, no weights of the panel."""

    section: ClassVar[str]
    """Section of the configuration that it needs."""
    outcomes: ClassVar[tuple[str, ...]] = ACCOUNT_OUTCOMES
    """What its rows may be about."""
    printed_columns: ClassVar[tuple[str, ...]] = ()
    """What its layout may choose and head anew among its columns."""
    parts: ClassVar[tuple[str, ...]] = ()
    """What its layout may choose as rows: the parts that stand below one another."""

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Its columns and parts."""
        return LayoutNames(self.printed_columns, self.parts)

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """None: the panel is not used."""
        return ()

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A study without the section."""
        if getattr(study, self.section) is None:
            yield (
                (*path, "kind"),
                f"needs the section `{self.section}` (got {self.kind!r} without one)",
            )


def file_source(section: str, key: str) -> str:
    """Name of the files of a key of a section, or of a system, among all sources of a study."""
    return f"{section}_{key}"


def spread_years(years: Sequence[int]) -> list[int]:
    """The first year, the last and three between them; all of five or fewer."""
    last = len(years) - 1
    if last < FEW_YEARS:
        return list(years)
    return [years[part * last // (FEW_YEARS - 1)] for part in range(FEW_YEARS)]


def repeated_years(years: tuple[int, ...] | None, path: Path) -> Iterator[Fault]:
    """Faults of years that a list holds more than once."""
    for index, year in enumerate(years or ()):
        if year in (years or ())[:index]:
            yield (*path, index), f"named twice (got {year})"


def unknown_years(
    years: tuple[Year, ...] | None, known: Mapping[int, object], path: Path, what: str
) -> Iterator[Fault]:
    """Faults of years that nothing is known of."""
    for index, year in enumerate(years or ()):
        if year not in known:
            options = [str(one) for one in sorted(known)]
            yield (*path, index), f"no {what} of that year ({choices(str(year), options)})"


def brace_faults(place: Path, text: str | None) -> Iterator[Fault]:
    """A path that the workflow would read as a pattern."""
    if text and ("{" in text or "}" in text):
        yield place, f"a path must not hold curly braces, snakemake reads them (got {text!r})"
