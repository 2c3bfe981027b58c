"""System B: input-output systems, emission inventories, and the tables made from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, field_validator

from yrb_carbon.errors import listing
from yrb_carbon.study.accounts import (
    AccountsTable,
    brace_faults,
    file_source,
    repeated_years,
)
from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Label,
    Path,
    Section,
    Text,
    Year,
    choices,
    repeated,
    unknown_names,
)

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

InputFormat = Literal["ceads_mrio", "china_io", "pymrio"]
Flow = Literal["system", "producer", "final"]
FLOWS: tuple[Flow, ...] = ("system", "producer", "final")
Sectors = Literal["S26", "H2", "42", "own"]
Backbone = Literal["mean", "top", "disparity", "none"]
BlockValues = Literal["links", "flows"]
CommunityFlows = Literal["all", "backbone"]
Scope = Literal["territorial", "energy"]
ONE_REGION = ("china_io",)
"""Formats of tables that hold one region: no flow leaves it."""
INVENTORY_FORMATS = {"inventories": "ceads_inventory", "energy": "ceads_energy"}
"""Key of the section -> format of its workbooks."""
INVENTORIES, ENERGY = INVENTORY_FORMATS
TEST_SYSTEM_CAUTION = Text(
    en="Test system of the package pymrio: an invented economy with invented regions; the numbers "
    "say nothing about any real one.",
    zh="pymrio软件包的测试系统：经济体与区域均为虚构，数值不反映任何真实经济体的情况。",
)


class InputOutputSection(Section):
    """One input-output table."""

    path: str | None = Field(
        None, description="File, relative to data_root; null for a table that a package ships."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the reader.")


class SystemSection(Section):
    """Input-output tables of one kind, by year, and the emissions of their accounts."""

    label: Label | None = Field(None, description="Name on tables; that of the key when null.")
    format: InputFormat = Field(
        description="ceads_mrio: provinces x 42 sectors; china_io: the national tables of the "
        "statistics bureau, one region; pymrio: a system of that package."
    )
    tables: dict[Year, InputOutputSection] = Field(min_length=1, description="The tables, by year.")
    sectors: Sectors = Field(
        "S26",
        description="Sectors of the accounts: 26 (two lists), the 42 of the tables, or own: those "
        "of a system that is no Chinese table.",
    )
    mining: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="Codes of the mining sectors; those of the list of sectors when null, which "
        "sectors own cannot be.",
    )
    emissions: Literal["inventories", "own"] = Field(
        "inventories",
        description="inventories: embodied.inventories; own: the extension of the pymrio system.",
    )
    extension: str | None = Field(
        None,
        description="Extension of a pymrio system that has the emissions; the option stressors of "
        "its tables names the rows that count where it has several.",
    )
    deflators: str | None = Field(
        None,
        description="Price indices of its own, where those of embodied.deflators are of other "
        "sectors.",
    )
    note: Label | None = Field(None, description="Printed below its tables.")

    @field_validator("sectors", mode="before")
    @classmethod
    def _count_as_name(cls, sectors: object) -> object:
        """YAML reads a bare 42 as a number."""
        return str(sectors) if type(sectors) is int else sectors

    @property
    def cautions(self) -> tuple[Text, ...]:
        """What its tables and figures say whatever their layout: that an economy is invented."""
        is_test = self.format == "pymrio" and any(t.path is None for t in self.tables.values())
        return (TEST_SYSTEM_CAUTION,) if is_test else ()


class EmbodiedSection(Section):
    """Embodied carbon of mining: what it is computed from, and how."""

    inventories: dict[Year, str] = Field(
        default_factory=dict,
        description="Workbooks of provincial emission inventories by year, relative to data_root.",
    )
    energy: dict[Year, str] = Field(
        default_factory=dict,
        description="Workbooks of provincial energy inventories by year, relative to data_root: "
        "emissions computed again from fuels burnt, beside those of the inventories.",
    )
    scope: Scope = Field(
        "territorial",
        description="Emissions of the accounts, of inventories: territorial, with the process of "
        "cement; energy: of burning fuels alone.",
    )
    systems: dict[Identifier, SystemSection] = Field(
        default_factory=dict, description="Input-output systems, by name."
    )
    flow: Flow = Field(
        "system",
        description="system: carbon embodied in mining products sold; producer: emissions of "
        "mining driven by final demand; final: emissions driven by final demand for mining.",
    )
    exports: Literal["separate", "final"] = Field(
        "separate", description="Exports: a destination of their own, or final demand at home."
    )
    price: Literal["current", "constant"] = Field(
        "current", description="constant: tables of all years deflated twice, by `deflators`."
    )
    deflators: str | None = Field(
        None,
        description="CSV of price indices for price constant, of all systems that have none of "
        "their own: year, sector, index and, where they differ, region; sector imports for "
        "imported inputs; relative to data_root.",
    )
    base_year: Year | None = Field(None, description="Year of constant prices; the first if null.")
    missing_inventory: Literal["zero", "northwest"] = Field(
        "zero",
        description="Direct intensity of a province without inventory (Tibet): zero, or the mean "
        "of the north-west.",
    )
    responsibility: float = Field(
        0.5, ge=0, le=1, description="Producers' share of shared responsibility."
    )
    balance_tolerance: float = Field(
        0.01, gt=0, lt=1, description="Largest relative gap of a row or column of a table."
    )
    failing_share: float = Field(
        0.0, ge=0, lt=1, description="Share of accounts out of balance that is still accepted."
    )

    @property
    def file_sources(self) -> tuple[str, ...]:
        """Names that `replication.sources` knows the files of inventories and systems by."""
        inventories = [INVENTORIES] if self.inventories else []
        energy = [ENERGY] if self.energy else []
        return tuple(file_source("embodied", key) for key in (*inventories, *energy, *self.systems))


class EmbodiedTable(AccountsTable):
    """Base of the tables of system B."""

    section: ClassVar[str] = "embodied"
    outcomes: ClassVar[tuple[str, ...]] = ("co2",)


class MiningEmissionsTable(EmbodiedTable):
    """Energy emissions of mining by fuel, years in columns."""

    kind: Literal["mining_emissions"]
    parts: ClassVar[tuple[str, ...]] = ("fuels", "provinces")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="Years; all of embodied.inventories when null."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Years without an inventory."""
        yield from super().faults(study, path)
        yield from repeated_years(self.years, (*path, "years"))
        if study.embodied is None:
            return
        if not study.embodied.inventories:
            yield (*path, "kind"), "needs embodied.inventories (got none)"
        for place, year in enumerate(self.years or ()):
            if year not in study.embodied.inventories:
                known = _years(study.embodied.inventories)
                fault = f"no inventory of that year ({choices(str(year), known)})"
                yield (*path, "years", place), fault


class SystemTable(EmbodiedTable):
    """Base of the tables of one input-output system."""

    needs_regions: ClassVar[bool] = False

    system: Identifier = Field(description="Which of embodied.systems.")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="Years; all that the system has emissions for when null."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """An unknown system, years without a table, flows between regions of a single one."""
        yield from super().faults(study, path)
        yield from repeated_years(self.years, (*path, "years"))
        if study.embodied is None:
            return
        system = study.embodied.systems.get(self.system)
        if system is None:
            yield from unknown_names(
                study.embodied.systems, self.system, (*path, "system"), "system"
            )
            return
        for place, year in enumerate(self.years or ()):
            if year not in system.tables:
                yield (
                    (*path, "years", place),
                    f"no table of that year ({choices(str(year), _years(system.tables))})",
                )
        if self.needs_regions and system.format in ONE_REGION:
            yield (
                (*path, "system"),
                f"flows between regions need several regions; tables of format {system.format} "
                f"have one (got {self.system!r})",
            )

    def cautions(self, study: Study) -> tuple[Text, ...]:
        """Those of its system."""
        section = study.embodied
        system = None if section is None else section.systems.get(self.system)
        return () if system is None else system.cautions

    def years_of(self, section: EmbodiedSection) -> tuple[int, ...]:
        """Its years in order: those that it names, or all of its system; none of an unknown one."""
        if self.years is not None:
            return tuple(sorted(self.years))
        system = section.systems.get(self.system)
        return tuple(sorted(system.tables)) if system is not None else ()


class IntensityTable(SystemTable):
    """Direct and embodied intensity and emissions of mining, by region and year."""

    kind: Literal["embodied_intensity"]
    printed_columns: ClassVar[tuple[str, ...]] = (
        "direct_intensity", "embodied_intensity", "output", "production", "consumption", "shared",
        "embodied", "upstream", "outflow", "inflow", "net", "exports", "sector_net",
    )  # fmt: skip


class SectorContributionsTable(SystemTable):
    """What the sectors upstream and downstream of mining contribute, by year."""

    kind: Literal["sector_contributions"]
    parts: ClassVar[tuple[str, ...]] = ("upstream", "downstream")
    top: PositiveInt | None = Field(None, description="Largest sectors shown; all when null.")


class FlowPathsTable(SystemTable):
    """The largest flows between two regions, by definition and year."""

    kind: Literal["flow_paths"]
    needs_regions: ClassVar[bool] = True
    flows: tuple[Flow, ...] = Field(FLOWS, min_length=1, description="Definitions of the flows.")
    top: PositiveInt = Field(20, description="Largest flows.")

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Definitions named twice."""
        yield from super().faults(study, path)
        yield from repeated(self, path, "flows")


class FlowNetworkTable(SystemTable):
    """The network of the flows: measures of the whole and of each region."""

    kind: Literal["flow_network"]
    needs_regions: ClassVar[bool] = True
    printed_columns: ClassVar[tuple[str, ...]] = (
        "key", "strength", "betweenness", "closeness", "eigenvector", "pagerank", "out_strength",
        "in_strength", "net_strength", "out_degree", "in_degree", "closeness_out", "closeness_in",
        "clustering", "community",
    )  # fmt: skip
    """Measures of the regions; years stand in the columns of the page."""
    parts: ClassVar[tuple[str, ...]] = (
        "network", "key_regions", "regions", "blocks", "densities", "image",
    )  # fmt: skip
    backbone: Backbone = Field(
        "mean",
        description="Links that count for the topology: flows above the mean, the largest share, "
        "those of the disparity filter, or all.",
    )
    share: float = Field(0.1, gt=0, le=1, description="Share of the largest links, for top.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of the disparity filter.")
    damping: float = Field(0.85, gt=0, lt=1, description="Of PageRank.")
    community_flows: CommunityFlows = Field(
        "all", description="Flows in which communities are sought: all, or those of the links."
    )
    resolution: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="Of communities; more gives smaller ones."
    )
    block_values: BlockValues = Field(
        "links", description="What the block model is made of: links as 0 and 1, or all flows."
    )
    key_regions: PositiveInt = Field(7, description="How many key regions are named.")
    random_graphs: PositiveInt = Field(
        100, description="Random graphs that small-world coefficients compare with."
    )


class StructuralPathsTable(SystemTable):
    """Structural paths: what reaches the final users of a product, step by step."""

    kind: Literal["structural_paths"]
    parts: ClassVar[tuple[str, ...]] = ("paths", "depths")
    depth: int = Field(4, ge=0, le=8, description="Largest number of steps upstream.")
    threshold: float = Field(
        1e-4, gt=0, lt=1, description="Smallest path listed, as a share of the total."
    )
    top: PositiveInt = Field(20, description="Largest paths printed.")


class FlowDecompositionTable(SystemTable):
    """Change of emissions between years by intensity, technology, structure and level."""

    kind: Literal["flow_decomposition"]
    printed_columns: ClassVar[tuple[str, ...]] = (
        "intensity", "technology", "structure", "level", "other", "change",
    )  # fmt: skip

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Fewer than two years."""
        yield from super().faults(study, path)
        section = study.embodied
        if section is None or self.system not in section.systems:
            return
        years = self.years_of(section)
        if len(years) < 2:
            yield (
                (*path, "years"),
                f"a change needs two years (got {listing(map(str, years)) or 'none'})",
            )


def _years(known: Mapping[int, object]) -> list[str]:
    return [str(year) for year in sorted(known)]


def embodied_faults(study: Study) -> Iterator[Fault]:
    """Checks of the section `embodied`."""
    section = study.embodied
    if section is None:
        return
    place: Path = ("embodied",)
    for name, system in section.systems.items():
        yield from _system_faults(section, system, (*place, "systems", name))
    yield from _price_faults(section, place)
    for key in ("inventories", "energy"):
        for year, path in getattr(section, key).items():
            yield from brace_faults((*place, key, str(year)), path)


def _price_faults(section: EmbodiedSection, place: Path) -> Iterator[Fault]:
    """Price indices without constant prices, and constant prices without indices."""
    own = {
        (*place, "systems", name, "deflators"): system.deflators
        for name, system in section.systems.items()
    }
    common: Path = (*place, "deflators")
    for where, path in {common: section.deflators, **own}.items():
        yield from brace_faults(where, path)
    if section.price == "constant":
        if section.deflators is None and (None in own.values() or not own):
            yield common, "price constant needs it (got None)"
        return
    for where, path in {common: section.deflators, **own}.items():
        if path is not None:
            yield where, f"it is used for price constant only (got {path!r})"


def _system_faults(section: EmbodiedSection, system: SystemSection, place: Path) -> Iterator[Fault]:
    is_packaged = system.format == "pymrio"
    if system.emissions == "own" and not is_packaged:
        yield (
            (*place, "emissions"),
            f"only systems of format pymrio bring emissions (got 'own' with {system.format!r})",
        )
    if system.emissions == "inventories":
        if is_packaged:
            yield (
                (*place, "emissions"),
                "inventories are those of Chinese provinces (got 'inventories' with 'pymrio'; "
                "allowed 'own')",
            )
        for year in system.tables:
            if year not in section.inventories:
                yield (
                    (*place, "tables", str(year)),
                    f"no emission inventory of that year "
                    f"({choices(str(year), _years(section.inventories))})",
                )
    if (system.sectors == "own") != is_packaged:
        yield (
            (*place, "sectors"),
            f"own is for systems of format pymrio, the lists for Chinese tables (got "
            f"{system.sectors!r} with {system.format!r})",
        )
    if is_packaged and system.mining is None:
        yield (*place, "mining"), "a system with sectors of its own must name mining (got null)"
    if is_packaged and system.extension is None:
        yield (*place, "extension"), "which emissions of the system (got null)"
    for year, table in system.tables.items():
        if table.path is None and not is_packaged:
            yield (*place, "tables", str(year), "path"), "no file (got null)"
        yield from brace_faults((*place, "tables", str(year), "path"), table.path)
