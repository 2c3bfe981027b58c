"""The figures of a study: of variables, of effects, and of embodied carbon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt

from yrb_carbon.errors import listing
from yrb_carbon.study.account_figures import (
    ACCOUNT_GROUPS,
    AccountFigure,
    AreaMatrixFigure,
    PotentialFigure,
    ProvinceBarsFigure,
    ProvinceMapFigure,
    ProvinceMoranFigure,
    ProvinceTrackFigure,
    account_figure_faults,
)
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
from yrb_carbon.study.embodied import (
    ONE_REGION,
    EmbodiedSection,
    Flow,
    FlowNetworkTable,
    FlowPathsTable,
    SystemSection,
)
from yrb_carbon.study.figure_base import (
    ClassesSection,
    SizedFigure,
    Width,
    class_faults,
    kind_faults,
)
from yrb_carbon.study.mediation_tables import JOINT, MediationTable
from yrb_carbon.study.robustness_tables import CurveQuantity, RobustnessTable
from yrb_carbon.study.tables import MoranTable

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study


FOREST_KINDS = ("mediation", "heterogeneity")
"""Kinds of tables that a forest plot can show; the first has path diagrams and maps too."""
UNITS_FIGURE = "F1"
"""Name of the map of units and reaches."""

Format = Literal["png", "svg", "pdf"]
Statistic = Literal["mean", "median", "total"]
Band = Literal["quartiles", "deciles", "none"]
FlowKind = Literal["map", "chord", "matrix", "network"]
ON_MAPS: tuple[FlowKind, ...] = ("map", "network")
"""Kinds of figures of flows that are drawn on outlines."""
WITH_OUTLINES = ("ceads_mrio",)
"""Formats of tables whose regions are provinces, of which there are outlines."""
SHOWN_FLOWS: Mapping[FlowKind, int] = {"map": 20, "chord": 40}
"""Flows that a figure shows, or shows strongly, when it names no number."""
MOST_FUELS = 7
"""Fuels with a colour of their own."""


class MapFigure(SizedFigure):
    """A map of one variable in some years."""

    variable: Identifier = Field(description="Variable that is shown.")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="One panel a year; first, last and two between when null."
    )
    centre: float | None = Field(
        None, description="Value that parts two sides of the colours; none when null."
    )
    classes: ClassesSection = ClassesSection()
    title: Label


class MoranFigure(SizedFigure):
    """Moran scatter plots and maps of local clusters of one variable in some years."""

    table: Identifier = Field(
        description="Table of kind moran: weights, permutations and level of significance."
    )
    variable: Identifier = Field(description="One of its variables.")
    years: tuple[Year, ...] | None = Field(
        None, min_length=1, description="One column a year; first, last and two between when null."
    )
    named: int = Field(
        3, ge=0, le=20, description="Units named in each scatter plot, the most outlying first."
    )
    title: Label


class TrendFigure(SizedFigure):
    """Means or totals by reach over the years, one panel a variable."""

    variables: tuple[Identifier, ...] = Field(min_length=1, description="One panel each.")
    statistic: Statistic = Field("mean", description="Of the units of a reach in each year.")
    band: Band = Field(
        "quartiles",
        description="Units between these quantiles of each reach, in pale; none with totals.",
    )
    title: Label


class PathFigure(SizedFigure):
    """A path diagram of a mediation system, with the effects on the arrows."""

    table: Identifier = Field(description="Table of kind mediation.")
    model: Identifier = Field(
        JOINT, description="joint, or the mediator whose system with it alone is shown."
    )
    title: Label


class ForestFigure(SizedFigure):
    """Effects of a table with all their intervals, one row a path or a group."""

    table: Identifier = Field(description="Table of kind mediation or heterogeneity.")
    title: Label


class SpilloverMap(SizedFigure):
    """What each unit's treatment does to all others, and theirs to it."""

    table: Identifier = Field(description="Table of kind mediation.")
    model: Identifier = Field(
        JOINT, description="joint, or the mediator whose system with it alone is shown."
    )
    kinds: tuple[Literal["sent", "received"], ...] = Field(
        ("sent", "received"), min_length=1, description="One panel each."
    )
    classes: ClassesSection = ClassesSection()
    title: Label


class CurveFigure(SizedFigure):
    """A specification curve: estimates of a table of robustness in order, the choices below."""

    table: Identifier = Field(description="A table of kind robustness.")
    quantity: CurveQuantity = Field(
        description="Effect of the treatment; of mediated ones the sum over mediators."
    )


class FlowFigure(SizedFigure):
    """Flows of embodied carbon between regions in one year."""

    table: Identifier = Field(description="Table of kind flow_paths.")
    kind: FlowKind = Field(
        "map",
        description="map: the largest flows as arrows; chord: flows as ribbons of a circle; "
        "matrix: all flows, senders in rows; network: links on the map.",
    )
    network: Identifier | None = Field(
        None,
        description="Table of kind flow_network of the same system: links and communities of a "
        "network, which needs it; colours of a chord diagram by community, order of a matrix by "
        "block.",
    )
    flow: Flow | None = Field(
        None, description="One of the definitions of the table; embodied.flow when null."
    )
    year: Year | None = Field(None, description="One of the table's; its last when null.")
    top: PositiveInt | None = Field(
        None, description="Arrows of a map (20 when null), strong ribbons of a chord diagram (40)."
    )
    title: Label

    @property
    def shown(self) -> int:
        """How many flows are arrows, or strong ribbons."""
        return self.top if self.top is not None else SHOWN_FLOWS[self.kind]

    def flow_of(self, section: EmbodiedSection) -> Flow:
        """Definition of the flows."""
        return section.flow if self.flow is None else self.flow

    def year_of(self, table: FlowPathsTable, section: EmbodiedSection) -> int:
        """Year of the flows."""
        return max(table.years_of(section)) if self.year is None else self.year


class FuelFigure(SizedFigure):
    """Emissions of mining by fuel, one bar a year."""

    table: Identifier = Field(description="Table of kind mining_emissions.")
    fuels: int = Field(
        5,
        ge=1,
        le=MOST_FUELS,
        description="The largest fuels, shown by themselves.",
    )
    title: Label


AnyFigure = (
    MapFigure | MoranFigure | TrendFigure | PathFigure | ForestFigure | SpilloverMap | CurveFigure
    | FlowFigure | FuelFigure | AccountFigure
)  # fmt: skip


class PageWidths(Section):
    """Widths of the columns of a journal, mm."""

    single: PositiveFloat = Field(90, ge=60, le=300, description="One column.")
    one_and_half: PositiveFloat = Field(140, ge=60, le=300, description="A column and a half.")
    double: PositiveFloat = Field(190, ge=60, le=300, description="Two columns.")


ROOMY_WIDTH = 140.0
"""mm that figures with much text need."""
ROOMY_GROUPS = ("province_bars", "province_moran", "province_tracks", "potential", "area_matrix")
"""Figures of systems C and D that need them."""
FIGURE_GROUPS = (
    "maps", "moran", "trends", "curves", "paths", "forests", "spillovers", "flows", "mining",
    *ACCOUNT_GROUPS,
)  # fmt: skip
"""Keys of the section whose entries are figures."""


class FiguresSection(Section):
    """The figures. They are drawn in every language of report.languages."""

    formats: tuple[Format, ...] = Field(
        ("png", "svg", "pdf"), min_length=1, description="Files of each figure."
    )
    width: Width = Field("double", description="Of the figures that name none of their own.")
    widths: PageWidths = PageWidths()
    dpi: int = Field(300, ge=72, le=1200, description="Dots per inch of PNG.")
    titles: bool = Field(
        True, description="Write titles on the figures; journals often want them in the caption."
    )
    chinese_font: str | None = Field(
        None, description="Font of Chinese texts; the first known one that is installed when null."
    )
    north_arrow: bool = Field(False, description="Draw an arrow to the north on maps.")
    units_map: bool = Field(True, description="Draw the map of units and reaches (F1).")
    maps: dict[Identifier, MapFigure] = Field(
        default_factory=dict, description="Maps of variables (F2)."
    )
    moran: dict[Identifier, MoranFigure] = Field(
        default_factory=dict, description="Moran scatter plots and local clusters (F3)."
    )
    trends: dict[Identifier, TrendFigure] = Field(
        default_factory=dict, description="Trends by reach (F8)."
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
    flows: dict[Identifier, FlowFigure] = Field(
        default_factory=dict, description="Flows of embodied carbon between regions."
    )
    mining: dict[Identifier, FuelFigure] = Field(
        default_factory=dict, description="Emissions of mining by fuel and year."
    )
    province_maps: dict[Identifier, ProvinceMapFigure] = Field(
        default_factory=dict, description="Maps of provinces, from tables of systems C and D."
    )
    province_bars: dict[Identifier, ProvinceBarsFigure] = Field(
        default_factory=dict, description="Provinces in bars, measures side by side."
    )
    province_moran: dict[Identifier, ProvinceMoranFigure] = Field(
        default_factory=dict, description="Moran's I and clusters of provinces."
    )
    province_tracks: dict[Identifier, ProvinceTrackFigure] = Field(
        default_factory=dict, description="Gravity centres and ellipses."
    )
    potential: dict[Identifier, PotentialFigure] = Field(
        default_factory=dict, description="Ranking by potential, equity against efficiency."
    )
    area_matrix: dict[Identifier, AreaMatrixFigure] = Field(
        default_factory=dict, description="Transfers between the eight areas."
    )

    @property
    def map_figures(self) -> tuple[str, ...]:
        """Names of the figures that are made from the panel."""
        units = (UNITS_FIGURE,) if self.units_map else ()
        return (*units, *self.maps, *self.moran, *self.trends)

    @property
    def effect_figures(self) -> tuple[str, ...]:
        """Names of the figures that are made from estimates."""
        return (*self.curves, *self.paths, *self.forests, *self.spillovers)

    @property
    def account_figures(self) -> tuple[str, ...]:
        """Names of the figures that are made from tables of accounts."""
        own = (getattr(self, group) for group in ACCOUNT_GROUPS)
        return (*self.flows, *self.mining, *(name for group in own for name in group))

    @property
    def needs_provinces(self) -> bool:
        """Whether a figure is drawn on the outlines of provinces."""
        clusters = (figure.kind == "clusters" for figure in self.province_moran.values())
        flows = (figure.kind in ON_MAPS for figure in self.flows.values())
        return any([self.province_maps, self.province_tracks, any(clusters), any(flows)])

    def section(self, name: str) -> AnyFigure | None:
        """Section of the figure of a name; None for the map of units, which has none."""
        groups = (getattr(self, field) for field in FiguresSection.model_fields)
        found = (group.get(name) for group in groups if isinstance(group, Mapping))
        return next((section for section in found if section is not None), None)

    def width_mm(self, figure: SizedFigure | None = None) -> float:
        """Width of a figure, or of those that name none."""
        name = self.width if figure is None or figure.width is None else figure.width
        wide: float = getattr(self.widths, name)
        return wide

    def roomy_width_mm(self, figure: SizedFigure) -> float:
        """The same for a figure with much text: at least `ROOMY_WIDTH` unless it names its own."""
        own = self.width_mm(figure)
        return own if figure.width is not None else max(own, min(ROOMY_WIDTH, self.widths.double))


def figure_faults(study: Study) -> Iterator[Fault]:
    """Unknown variables and tables, years outside of the study, names used twice."""
    figures = study.figures
    yield from repeated(figures, ("figures",), "formats")
    if "png" not in figures.formats:
        yield (
            ("figures", "formats"),
            f"the pages of the report show png (got {listing(figures.formats)})",
        )
    yield from _map_faults(study)
    yield from _moran_faults(study)
    yield from _trend_faults(study)
    for name, curve in figures.curves.items():
        yield from _curve_faults(study, curve, ("figures", "curves", name))
    of_effects: dict[str, Mapping[str, PathFigure | ForestFigure | SpilloverMap]] = {
        "paths": figures.paths,
        "forests": figures.forests,
        "spillovers": figures.spillovers,
    }
    for key, group in of_effects.items():
        for name, figure in group.items():
            path: Path = ("figures", key, name)
            yield from _table_faults(study, figure, path)
            if isinstance(figure, SpilloverMap):
                yield from class_faults(figure.classes, (*path, "classes"))
    for name, flows in figures.flows.items():
        yield from _flow_faults(study, flows, ("figures", "flows", name))
    for name, fuels in figures.mining.items():
        place: Path = ("figures", "mining", name)
        yield from kind_faults(study, fuels.table, "mining_emissions", (*place, "table"))
    yield from account_figure_faults(study)
    yield from _width_faults(figures)
    yield from _name_faults(figures)


def _map_faults(study: Study) -> Iterator[Fault]:
    for name, figure in study.figures.maps.items():
        path: Path = ("figures", "maps", name)
        yield from unknown_names(study.variables, figure.variable, (*path, "variable"), "variable")
        yield from _year_faults(study, "main", figure.years, path)
        yield from class_faults(figure.classes, (*path, "classes"))


def _year_faults(
    study: Study, sample: str, years: tuple[int, ...] | None, path: Path
) -> Iterator[Fault]:
    allowed = study.years_of(sample)
    strange = [year for year in years or () if year not in allowed]
    if strange:
        yield (
            (*path, "years"),
            (
                f"outside the sample (got {listing(strange)}; "
                f"allowed {allowed.start} to {allowed.stop - 1})"
            ),
        )


def _moran_faults(study: Study) -> Iterator[Fault]:
    for name, figure in study.figures.moran.items():
        path: Path = ("figures", "moran", name)
        table = study.tables.get(figure.table)
        if not isinstance(table, MoranTable):
            options = [n for n, t in study.tables.items() if isinstance(t, MoranTable)]
            words = wrong_table(study.tables, figure.table, options, "a table of kind moran", path)
            yield (*path, "table"), words
            continue
        if figure.variable not in table.variables:
            yield (
                (*path, "variable"),
                f"not in table {figure.table!r} ({choices(figure.variable, table.variables)})",
            )
        yield from _year_faults(study, table.sample, figure.years, path)


def _trend_faults(study: Study) -> Iterator[Fault]:
    for name, figure in study.figures.trends.items():
        path: Path = ("figures", "trends", name)
        yield from unknown_names(
            study.variables, figure.variables, (*path, "variables"), "variable"
        )
        yield from repeated(figure, path, "variables")


def _curve_faults(study: Study, figure: CurveFigure, path: Path) -> Iterator[Fault]:
    """A table that is none of robustness."""
    target = study.tables.get(figure.table)
    if not isinstance(target, RobustnessTable):
        grids = [n for n, t in study.tables.items() if isinstance(t, RobustnessTable)]
        words = wrong_table(study.tables, figure.table, grids, "a table of robustness", path)
        yield (*path, "table"), words


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


def _flow_faults(study: Study, figure: FlowFigure, path: Path) -> Iterator[Fault]:
    """Tables of other kinds, definitions and years that they do not have, regions on no map."""
    yield from kind_faults(study, figure.table, "flow_paths", (*path, "table"))
    if figure.top is not None and figure.kind not in SHOWN_FLOWS:
        yield (
            (*path, "top"),
            f"only for kind {listing(SHOWN_FLOWS)} (got {figure.top} with {figure.kind!r})",
        )
    yield from _network_faults(study, figure, path)
    table, section = study.tables.get(figure.table), study.embodied
    if not isinstance(table, FlowPathsTable) or section is None:
        return
    flow = figure.flow_of(section)
    if flow not in table.flows:
        of = "" if figure.flow is not None else " of embodied.flow"
        yield (
            (*path, "flow"),
            f"the definition{of} is not in table {figure.table!r} ({choices(flow, table.flows)})",
        )
    system = section.systems.get(table.system)
    if system is None:
        return
    yield from _region_faults(figure, table.system, system, path)
    years = table.years_of(section)
    if figure.year is not None and figure.year not in years:
        known = choices(str(figure.year), map(str, years))
        yield (*path, "year"), f"not in table {figure.table!r} ({known})"


def _region_faults(
    figure: FlowFigure, name: str, system: SystemSection, path: Path
) -> Iterator[Fault]:
    """Flows within one region, and maps of regions without outlines."""
    if system.format in ONE_REGION:
        yield (
            (*path, "table"),
            f"flows between regions need several regions; tables of format {system.format} have "
            f"one (got {figure.table!r}, system {name!r})",
        )
    elif figure.kind in ON_MAPS and system.format not in WITH_OUTLINES:
        allowed = [kind for kind in get_args(FlowKind) if kind not in ON_MAPS]
        yield (
            (*path, "kind"),
            f"no outlines of the regions of system {name!r}, format {system.format} (got "
            f"{figure.kind!r}; allowed {listing(allowed)})",
        )


def _network_faults(study: Study, figure: FlowFigure, path: Path) -> Iterator[Fault]:
    """A network without its table, or with that of other flows."""
    place: Path = (*path, "network")
    if figure.network is None:
        if figure.kind == "network":
            yield place, "kind network needs a table of kind flow_network (got null)"
        return
    if figure.kind == "map":
        yield place, f"a map of flows uses none (got {figure.network!r})"
    yield from kind_faults(study, figure.network, "flow_network", place)
    network, table = study.tables.get(figure.network), study.tables.get(figure.table)
    section = study.embodied
    if not isinstance(network, FlowNetworkTable) or not isinstance(table, FlowPathsTable):
        return
    if network.system != table.system:
        yield (
            place,
            f"of another system than table {figure.table!r} (got {network.system!r}; wanted "
            f"{table.system!r})",
        )
        return
    if section is None:
        return
    if figure.flow_of(section) != section.flow:
        yield (
            (*path, "flow"),
            f"the network is that of the flows of embodied.flow (got {figure.flow!r}; wanted "
            f"{section.flow!r})",
        )
    if table.system in section.systems:
        year, years = figure.year_of(table, section), network.years_of(section)
        if year not in years:
            known = choices(str(year), map(str, years))
            yield place, f"table {figure.network!r} has not the year of the figure ({known})"


def _width_faults(figures: FiguresSection) -> Iterator[Fault]:
    """Figures with much text on too narrow a page."""
    for key in ("curves", "paths", "forests", "flows", *ROOMY_GROUPS):
        for name, figure in getattr(figures, key).items():
            own = figures.width_mm(figure)
            if figure.width is not None and own < ROOMY_WIDTH:
                yield (
                    ("figures", key, name, "width"),
                    f"its texts need {ROOMY_WIDTH:g} mm (got {figure.width!r}, {own:g} mm)",
                )


def _name_faults(figures: FiguresSection) -> Iterator[Fault]:
    """Figures of one name, capital letters aside, would be one file."""
    taken = {UNITS_FIGURE.casefold(): UNITS_FIGURE} if figures.units_map else {}
    for key in FIGURE_GROUPS:
        for name in getattr(figures, key):
            folded = name.casefold()
            if folded in taken:
                yield (
                    ("figures", key, name),
                    f"there already is a figure of that name (got {name!r}; the other is "
                    f"{taken[folded]!r}, and capital letters do not tell files apart)",
                )
            taken.setdefault(folded, name)
