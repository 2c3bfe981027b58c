"""System D: regional facts of the dual-carbon targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveFloat

from yrb_carbon.study.accounts import (
    AccountsTable,
    ProvincialFile,
    brace_faults,
    file_source,
    repeated_years,
    unknown_years,
)
from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Label,
    Path,
    Section,
    Year,
    choices,
    unknown_names,
)

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

TRANSFER_FORMAT = "ceads_mrio"
"""Format of the input-output tables whose regions are provinces."""


class TransferSection(Section):
    """Which input-output table the transfers between the eight areas are computed from."""

    system: Identifier = Field(description="One of embodied.systems, with provinces as regions.")
    year: Year = Field(description="Year of its table.")


class RegionalSection(Section):
    """Regional facts: what they are computed from, and how."""

    inventories: dict[Year, str] = Field(
        min_length=1,
        description="Workbooks of provincial emission inventories by year, relative to data_root.",
    )
    people: ProvincialFile = Field(description="GDP and population.")
    scope: Literal["total", "energy"] = Field(
        "total", description="total: with emissions of processes; energy: without them."
    )
    sink_factor: PositiveFloat = Field(
        1.6, description="t CO2 taken up by one more m3 of forest stock."
    )
    transfer: TransferSection | None = Field(
        None, description="Embodied transfers between the eight areas; none when null."
    )
    note: Label | None = Field(None, description="Printed below its tables.")

    @property
    def file_sources(self) -> tuple[str, ...]:
        """Names that `replication.sources` knows its files by."""
        return tuple(file_source("regional", key) for key in ("inventories", "people"))


class RegionalTable(AccountsTable):
    """Base of the tables of system D."""

    section: ClassVar[str] = "regional"


class ForestStockTable(RegionalTable):
    """Forest stock by province and region, and the carbon in it."""

    outcomes: ClassVar[tuple[str, ...]] = ("stock", "co2")
    kind: Literal["forest_stock"]


class LandUseTable(RegionalTable):
    """Agricultural and construction land by province and region."""

    outcomes: ClassVar[tuple[str, ...]] = ("area",)
    kind: Literal["land_use"]


class RegionalEmissionsTable(RegionalTable):
    """Emissions, shares, ranks and intensity by province and region."""

    outcomes: ClassVar[tuple[str, ...]] = ("co2", "gdp")
    kind: Literal["regional_emissions"]
    parts: ClassVar[tuple[str, ...]] = ("regions", "provinces")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="Years; all of regional.inventories when null."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Years without an inventory."""
        yield from super().faults(study, path)
        yield from repeated_years(self.years, (*path, "years"))
        if study.regional is not None:
            known = study.regional.inventories
            yield from unknown_years(self.years, known, (*path, "years"), "inventory")


class RegionalTransferTable(RegionalTable):
    """Emission, forest, land and transfer side by side; transfers between areas."""

    outcomes: ClassVar[tuple[str, ...]] = ("co2",)
    kind: Literal["regional_transfer"]
    parts: ClassVar[tuple[str, ...]] = ("matrix", "areas", "balance", "inequality")
    year: Year | None = Field(
        None, description="Year of emissions in the balance; the last inventory when null."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A year without an inventory."""
        yield from super().faults(study, path)
        if study.regional is not None and self.year is not None:
            known = study.regional.inventories
            if self.year not in known:
                options = [str(year) for year in sorted(known)]
                yield (
                    (*path, "year"),
                    f"no inventory of that year ({choices(str(self.year), options)})",
                )


def regional_faults(study: Study) -> Iterator[Fault]:
    """Checks of the section `regional`."""
    section = study.regional
    if section is None:
        return
    place: Path = ("regional",)
    for year, path in section.inventories.items():
        yield from brace_faults((*place, "inventories", str(year)), path)
    yield from brace_faults((*place, "people", "path"), section.people.path)
    if section.transfer is None:
        return
    systems = {} if study.embodied is None else study.embodied.systems
    where: Path = (*place, "transfer")
    system = systems.get(section.transfer.system)
    if system is None:
        yield from unknown_names(systems, section.transfer.system, (*where, "system"), "system")
        return
    if system.format != TRANSFER_FORMAT:
        yield (
            (*where, "system"),
            f"its regions are no provinces (got format {system.format!r}; wanted "
            f"{TRANSFER_FORMAT!r})",
        )
    years = [str(year) for year in sorted(system.tables)]
    if section.transfer.year not in system.tables:
        yield (
            (*where, "year"),
            f"no table of that year ({choices(str(section.transfer.year), years)})",
        )
    if section.transfer.year not in section.inventories:
        known = [str(year) for year in sorted(section.inventories)]
        yield (
            (*where, "year"),
            f"no inventory of that year in regional.inventories "
            f"({choices(str(section.transfer.year), known)})",
        )
