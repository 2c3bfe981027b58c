"""System C: the industrial carbon footprint of provinces in three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from yrb_carbon.study.accounts import (
    AccountsTable,
    ProvincialFile,
    brace_faults,
    file_source,
    repeated_years,
    spread_years,
)
from yrb_carbon.study.base import Fault, Label, Path, Section, Year, choices, repeated

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

LandType = Literal["forest", "grassland", "cropland", "water"]
Scope = Literal["industry", "power"]
Dimension = Literal["size", "depth", "footprint_3d", "footprint", "emissions"]
Method = Literal["equity_efficiency", "benchmark", "overshoot"]

CHINA_CRS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +datum=WGS84 +units=m"
"""Albers' equal-area projection as maps of China have it."""


class GapSection(Section):
    """What is done with years and cells that the files do not have; all of it is flagged."""

    inside: Literal["interpolate", "drop", "error"] = Field(
        "interpolate", description="Years without a file between two that have one."
    )
    outside: Literal["hold", "drop", "error"] = Field(
        "hold", description="Years before the first file or after the last: the nearest year's."
    )
    cells: Literal["interpolate", "drop", "error"] = Field(
        "interpolate", description="Provinces whose amounts of a year are all zero, which is "
        "missing; at an end of the series the nearest year's."
    )  # fmt: skip
    land: Literal["hold", "error"] = Field(
        "hold", description="Years without land cover: the nearest year's."
    )


class FootprintSection(Section):
    """The industrial carbon footprint: what it is computed from, and how."""

    energy: dict[Year, str] = Field(
        min_length=1,
        description="Workbooks of provincial energy inventories by year, relative to data_root.",
    )
    inventories: dict[Year, str] = Field(
        default_factory=dict,
        description="Workbooks of published emission inventories by year: the cross-check.",
    )
    economy: ProvincialFile = Field(description="Value added of industry.")
    people: ProvincialFile = Field(description="Population.")
    land: ProvincialFile = Field(description="Areas by land type, and NPP.")
    first_year: Year = Field(2000, description="First year.")
    last_year: Year = Field(2021, description="Last year.")
    factors: Literal["ceads", "gbt2589"] = Field(
        "ceads", description="Emission factors: a set of data/emission_factors.csv."
    )
    power: Literal["generation", "consumption"] = Field(
        "generation",
        description="generation: fuels burnt by power and heat plants stay where they are burnt; "
        "consumption: the electricity and heat that industry uses instead of them.",
    )
    scope: tuple[Scope, ...] = Field(
        ("industry", "power"),
        min_length=1,
        description="industry: its sectors; power: plants of electricity and heat.",
    )
    non_energy: Literal["deduct", "burn"] = Field(
        "deduct",
        description="Fuels that the chemical industry takes as raw materials: not burnt, as in the "
        "published inventories, or burnt.",
    )
    other_petroleum: Literal["feedstock", "burn"] = Field(
        "feedstock",
        description="Other petroleum products (naphtha, bitumen, petroleum coke) in final "
        "consumption: raw materials, as in the published inventories, or burnt. Plants burn them.",
    )
    grid_factor: PositiveFloat = Field(
        0.581,
        description="t CO2 per MWh of electricity, for power consumption; one number for all "
        "provinces and years.",
    )
    heat_factor: PositiveFloat = Field(
        0.11,
        description="t CO2 per GJ of heat, for power consumption; one number likewise.",
    )
    gaps: GapSection = GapSection()
    sequestration: Literal["xie2008", "province_npp", "landuse"] = Field(
        "xie2008",
        description="t C absorbed per ha and year by land type: a set of "
        "data/sequestration_factors.csv, or the NPP of each province.",
    )
    shares: Literal["set", "national", "province"] = Field(
        "set",
        description="Share of each land type in the uptake: printed with the set (xie2008 has "
        "them), that of the country's land in the year, or that of the province's own.",
    )
    land_types: tuple[LandType, ...] = Field(
        ("forest", "grassland"), min_length=1, description="Land that absorbs."
    )
    woody_savanna: Literal["grassland", "forest"] = Field(
        "grassland",
        description="Land under 30 to 60 % of trees: grassland, as classes of land cover have it, "
        "or forest, as forest statistics of China do, which begin at 20 %.",
    )
    accounts: Literal["types", "one"] = Field(
        "types",
        description="types: a deficit of one type is not made up by another; one: one account.",
    )
    unit: Literal["hm2", "gha"] = Field(
        "hm2", description="gha: with the yield and equivalence factors of data/land_factors.csv."
    )
    biodiversity: float = Field(
        0.0, ge=0, lt=1, description="Share of the capacity kept for other species."
    )
    link_hainan: bool = Field(
        True, description="Hainan, an island, as a neighbour of Guangdong in the weights."
    )
    permutations: PositiveInt = Field(999, description="Permutations of Moran's I.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of local clusters, after FDR.")
    note: Label | None = Field(None, description="Printed below its tables.")

    @property
    def years(self) -> range:
        """Years of the accounts."""
        return range(self.first_year, self.last_year + 1)

    @property
    def inventory_years(self) -> tuple[int, ...]:
        """Years of the accounts that have an energy inventory."""
        return tuple(year for year in self.years if year in self.energy)

    @property
    def measured_years(self) -> range:
        """Years of the accounts from the first to the last that has an energy inventory."""
        known = self.inventory_years
        return range(min(known), max(known) + 1) if known else range(0)

    @property
    def dropped_years(self) -> tuple[int, ...]:
        """Years of the accounts that its rules for gaps leave out."""
        between = range(min(self.energy), max(self.energy))
        return tuple(
            year
            for year in self.years
            if year not in self.energy
            and (self.gaps.inside if year in between else self.gaps.outside) == "drop"
        )

    @property
    def file_sources(self) -> tuple[str, ...]:
        """Names that `replication.sources` knows its files by."""
        keys = ("energy", "inventories", "economy", "people", "land")
        return tuple(file_source("footprint", key) for key in keys)


class FootprintTable(AccountsTable):
    """Base of the tables of system C."""

    section: ClassVar[str] = "footprint"
    years: tuple[Year, ...] | None = Field(
        None,
        min_length=1,
        description="Years printed; if null the first, the last and three between of those that "
        "have an energy inventory.",
    )

    def printed_years(self, section: FootprintSection) -> tuple[int, ...]:
        """Its years in order: those that it names, or five of those with an energy inventory."""
        if self.years is not None:
            return tuple(sorted(self.years))
        return tuple(spread_years(section.inventory_years))

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Years outside the accounts, or left out of them."""
        yield from super().faults(study, path)
        yield from repeated_years(self.years, (*path, "years"))
        if study.footprint is None:
            return
        known = [str(year) for year in study.footprint.years]
        kept = [year for year in known if int(year) not in study.footprint.dropped_years]
        for index, year in enumerate(self.years or ()):
            if str(year) not in known:
                yield (
                    (*path, "years", index),
                    f"outside the years of the footprint ({choices(str(year), known)})",
                )
            elif year in study.footprint.dropped_years:
                yield (
                    (*path, "years", index),
                    "has no energy inventory, and footprint.gaps leaves such years out "
                    f"({choices(str(year), kept)})",
                )


class IndustrialEmissionsTable(FootprintTable):
    """Industrial energy emissions by fuel and year, and against the published inventories."""

    kind: Literal["industrial_emissions"]
    parts: ClassVar[tuple[str, ...]] = ("fuels", "check", "provinces")


class FootprintAccountsTable(FootprintTable):
    """Footprint, capacity, size, depth, flow and stock by province."""

    kind: Literal["footprint_accounts"]
    printed_columns: ClassVar[tuple[str, ...]] = (
        "footprint", "capacity", "size", "depth", "footprint_3d", "deficit", "pressure",
        "flow_occupancy", "stock_flow_ratio", "per_head", "per_value_added",
    )  # fmt: skip


class FootprintMoranTable(FootprintTable):
    """Global Moran's I by year; local clusters of the printed years."""

    kind: Literal["footprint_moran"]
    parts: ClassVar[tuple[str, ...]] = ("global", "local")
    dimensions: tuple[Dimension, ...] = Field(
        ("size", "depth"), min_length=1, description="What is tested."
    )
    logs: bool = Field(
        True,
        description="Whether logarithms are tested beside the values: depth is skewed, and a few "
        "provinces decide on its Moran's I.",
    )
    local_permutations: PositiveInt = Field(
        9999, description="Permutations of local clusters: few leave none significant after FDR."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Dimensions named twice."""
        yield from super().faults(study, path)
        yield from repeated(self, path, "dimensions")


class FootprintShiftTable(FootprintTable):
    """Gravity centre and standard deviational ellipse by year."""

    kind: Literal["footprint_shift"]
    dimensions: tuple[Dimension, ...] = Field(
        ("size", "depth"), min_length=1, description="What weighs the provinces."
    )
    scaling: Literal["sqrt2", "none"] = Field(
        "sqrt2", description="Whether the axes of the ellipse are multiplied by the root of 2."
    )
    weighting: Literal["w", "w2"] = Field(
        "w", description="w2: weights squared, as some programs do."
    )
    crs: str = Field(
        CHINA_CRS,
        description="Equal-area projection of centres and ellipses, in metres; the default is "
        "Albers' with the parallels 25 and 47, usual for China.",
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Dimensions named twice."""
        yield from super().faults(study, path)
        yield from repeated(self, path, "dimensions")


class FootprintInequalityTable(FootprintTable):
    """Inequality between and within regions by year, and trends of the provinces."""

    kind: Literal["footprint_inequality"]
    parts: ClassVar[tuple[str, ...]] = ("theil", "dagum", "variation", "trends")
    dimensions: tuple[Dimension, ...] = Field(
        ("size", "depth"), min_length=1, description="What is compared."
    )
    per: Literal["province", "head"] = Field(
        "province", description="head: amounts per head; depth is a ratio and stays."
    )
    serial_correlation: bool = Field(
        True,
        description="Whether tests of trends allow for serial correlation (Hamed and Rao 1998).",
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Dimensions named twice; serial correlation of years that are left out."""
        yield from super().faults(study, path)
        yield from repeated(self, path, "dimensions")
        section = study.footprint
        if section is None or section.gaps.inside != "drop" or not self.serial_correlation:
            return
        known = section.inventory_years
        lacking = [str(year) for year in section.measured_years if year not in known]
        if lacking:
            yield (
                (*path, "serial_correlation"),
                f"needs all years, but footprint.gaps.inside drops {', '.join(lacking)} (got true; "
                "allowed false)",
            )


class ReductionPotentialTable(FootprintTable):
    """Potential of reducing emissions by equity and efficiency, and what it depends on."""

    kind: Literal["reduction_potential"]
    printed_columns: ClassVar[tuple[str, ...]] = (
        "equity", "efficiency", "index", "rank", "rank_low", "rank_high", "quadrant",
        "benchmark", "overshoot",
    )  # fmt: skip
    equity_weight: float = Field(
        0.5, ge=0, le=1, description="Weight of equity in the index; efficiency has the rest."
    )
    draws: NonNegativeInt = Field(
        1000, description="Random weights of the criteria for the range of ranks; 0: none."
    )


def footprint_faults(study: Study) -> Iterator[Fault]:
    """Checks of the section `footprint`."""
    section = study.footprint
    if section is None:
        return
    place: Path = ("footprint",)
    if section.first_year > section.last_year:
        yield (
            (*place, "last_year"),
            f"before first_year {section.first_year} (got {section.last_year})",
        )
    for key in ("energy", "inventories"):
        for year, path in getattr(section, key).items():
            yield from brace_faults((*place, key, str(year)), path)
    for key in ("economy", "people", "land"):
        yield from brace_faults((*place, key, "path"), getattr(section, key).path)
    yield from repeated(section, place, "scope", "land_types")
    if section.shares == "set" and section.sequestration != "xie2008":
        yield (
            (*place, "shares"),
            f"{section.sequestration} has no printed shares (got 'set'; allowed 'national', "
            "'province')",
        )
    if section.sequestration == "landuse" and "cropland" in section.land_types:
        yield (
            (*place, "land_types", section.land_types.index("cropland")),
            "cropland gives off carbon in that set (got 'cropland' with landuse; allowed 'forest', "
            "'grassland', 'water')",
        )
    if section.unit == "gha" and section.sequestration != "xie2008":
        yield (
            (*place, "unit"),
            "global hectares need the uptake of land of the world's mean yield, which yield "
            f"factors bring to the country's own (got 'gha' with {section.sequestration}, measured "
            "in China; allowed with xie2008)",
        )
    if not any(year in section.energy for year in section.years):
        known = ", ".join(str(year) for year in sorted(section.energy))
        yield (
            (*place, "energy"),
            f"no workbook of the years {section.first_year}-{section.last_year} (got {known})",
        )
