"""Notes below the tables of embodied carbon: units, definitions, years of the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from yrb_carbon.report.embodied_names import (
    BACKBONES,
    BASIS,
    DIRECTIONS,
    EXPORTS,
    FLOW_MEANINGS,
    FLOWS,
    IMPORTS,
    OTHER,
    REPORTED,
    AccountNames,
    account_names,
    mining_names,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import (
    EmbodiedSection,
    Flow,
    FlowNetworkTable,
    FlowPathsTable,
    IntensityTable,
    SectorContributionsTable,
    StructuralPathsTable,
    SystemSection,
    SystemTable,
)

EMISSIONS_NOTE = message(
    "Mt CO2 of burning fuels in the mining sectors of the provincial inventories (coal, oil and "
    "gas, ferrous and non-ferrous metals, non-metals, other minerals; not logging), summed over "
    "{n} provinces; inventories of {years}. The emissions of bought heat and electricity are those "
    "of the sector that makes them. Shares are of the sum over all fuels of the year."
)
NO_FUEL_NOTE = message("Fuels without emissions in all years are left out: {fuels}.")
NO_KNOWN_FUEL_NOTE = message(
    "Fuels without emissions in all years whose sums are known are left out: {fuels}."
)
UNREPORTED_NOTE = message(
    "No report of {provinces}: sums over all provinces are not known in these years."
)
REPORTED_NOTE = message("Those of the provinces that reported stand below them.")
RECOMPUTED_NOTE = message(
    "Recomputed: fuels burnt by mining in the provincial energy inventories times the emission "
    "factors of Shan et al. (2018)."
)
PROVINCE = r"\d{2}"
FORMATS = {
    "ceads_mrio": message("interregional input-output tables of the provinces"),
    "china_io": message("national input-output tables of the statistics bureau, one region"),
    "pymrio": message("input-output system of the package pymrio"),
}
SECTOR_LISTS = {
    "S26": message("26 sectors (list S26)"),
    "H2": message("26 sectors (list H2)"),
    "42": message("the 42 sectors of the tables"),
    "own": message("the sectors of the system"),
}
PRICES = {
    "current": message(
        "Money is at current prices: between years, intensities move with prices too."
    ),
    "constant": message("Money is at constant prices of {year}, deflated twice."),
}
EXPORTS_NOTES = {
    "separate": message("Exports are a destination of their own."),
    "final": message("Exports count as final demand of the region that exports."),
}
MISSING_INVENTORY = {
    "zero": message("A province without an inventory of the year has a direct intensity of zero."),
    "northwest": message(
        "A province without an inventory of the year has the mean direct intensity of the "
        "north-west."
    ),
}
IMPUTED = {
    "zero": message("No inventory of {regions}: direct intensities there are zero."),
    "northwest": message(
        "No inventory of {regions}: direct intensities there are means of the north-west, which "
        "adds {amounts} to the emissions of the inventories."
    ),
}
SCOPES = {
    "territorial": message(
        "Emissions of sectors are those of burning fuels and of the process of cement."
    ),
    "energy": message("Emissions of sectors are those of burning fuels alone."),
}
IMPORT_NOTES = {
    "apart": message(
        "Coefficients are those of domestic products: carbon emitted abroad is not counted."
    ),
    "proportional": message(
        "Coefficients are those of domestic products, which imports were taken out of, from every "
        "use but exports in proportion: carbon emitted abroad is not counted."
    ),
    "negative_use": message(
        "Coefficients are those of domestic and imported products together: what is imported "
        "counts as made at home, and imports are a negative final use, taken off what a sector "
        "sends out."
    ),
    "none": message("Nothing is imported: the emissions of all regions of the system count."),
}
IMPORT_SPLITS = {
    "proportional": message(
        "Where a national table does not tell them from imported ones, imports are taken from "
        "every use but exports in proportion."
    ),
    "negative_use": message(
        "Where a national table does not tell them from imported ones, these are in the "
        "coefficients too, as if made at home, and imports are a negative final use."
    ),
}
IMPORTS_DIFFER = message(
    "Imports are not treated alike in these years, so that a part of what changes between them is "
    "the tables' and not the economy's."
)
OUTSIDE_NOTE = message(
    "{year}: of {emitted} Mt in all, {households} Mt of final users themselves and {unplaced} Mt "
    "at accounts without output (of mining {mining} Mt) are outside of the accounts"
)
SOLD_NOTE = message(
    "{year}: of {emitted} Mt in all, {unplaced} Mt at accounts without output (of mining {mining} "
    "Mt) are outside of the accounts"
)
UNPLACED_NOTE = message(
    "{year}: {unplaced} Mt of all emissions (of mining {mining} Mt) are at accounts without output "
    "and left out"
)
YUAN_NOTE = message(
    "Intensities in t CO2 per 10^4 yuan of output, output in 10^4 yuan, all else in Mt CO2."
)
OWN_UNITS_NOTE = message(
    "Intensities, output and emissions of this system are in its own money, intensities in t and "
    "emissions in Mt of what its extension counts."
)
INTENSITY_NOTE = message(
    "Direct intensity: emissions of mining over its output; embodied intensity: emissions in all "
    "supply chains over the same. Production-based: emissions of the mining sectors; "
    "consumption-based: emissions of mining, wherever, that the final demand of the region drives; "
    "shared: {producer:g} % of the former and {consumer:g} % of the latter. Embodied: embodied "
    "intensity times output, the emissions of mining and what its inputs bring (upstream). "
    "Outflow, inflow: carbon embodied in mining products sold to, and bought from, other regions; "
    "their difference, net outflow, adds up to zero over all regions. Exports: the same sold "
    "abroad, whatever exports count as. Net outflow of the sector: the same sold to other sectors "
    "and abroad less what the products of other sectors bring."
)
USERS_NOTE = message(
    "Exports and other uses (statistical errors, and what rows of the tables lack to balance) "
    "answer for emissions where they are users of their own; the last line counts them, so that "
    "its production-based, consumption-based and shared emissions are the same."
)
SECTORS_NOTE = message(
    "Mt CO2. Upstream: carbon embodied in the inputs that mining buys from a sector; downstream: "
    "carbon embodied in the mining products that a sector buys. Percentages are shares of all "
    "sectors but mining itself; those with mining count what mining buys of itself as well. "
    "Sectors are in the order of the last year, mining stands last."
)
TOP_SECTORS_NOTE = message("{head}: the {shown} largest of {count} sectors.")
FLOWS_NOTE = message(
    "Mt CO2 from one region to another, the largest {top} of each year; what stays within a region "
    "and what goes to exports and other uses (statistical errors, and what rows of the tables lack "
    "to balance) are not ranked, estimates.csv has them and all other flows. {meanings}."
)
NETWORK_NOTE = message(
    "Flows between different regions by the definition {flow}, Mt CO2. Links, on which degrees, "
    "distances, centralities, reciprocity of links and blocks rest, are {backbone}; flows out and "
    "in count all flows. Key regions have the smallest mean rank (in brackets) over flow out and "
    "in, betweenness, closeness and eigenvector centrality (PageRank where a region has none). "
    "Blocks by CONCOR; the image is 1 where the density is at least that of the whole network. "
    "Small world against {graphs} random networks. A measure without a number is not defined "
    "there; those without any are left out."
)
NETWORK_CHOICES = message(
    "Blocks are made of {values}, communities of {flows} at resolution {resolution:g}; PageRank "
    "has damping {damping:g}."
)
BLOCK_VALUES = {
    "links": message("links as 0 and 1"),
    "flows": message("all flows"),
}
COMMUNITY_FLOWS = {
    "all": message("all flows"),
    "backbone": message("the flows of the links"),
}
PATHS_NOTE = message(
    "Paths lead from emissions of mining on the left to a final product on the right, in the "
    "region that makes it, for whatever final use, exports and other uses among them; depth is the "
    "number of steps between them. Percentages are of the emissions of mining. Listed: paths of at "
    "least {threshold:g} % of them down to depth {depth}, the {top} largest of each year here; "
    "sums of a depth count all of its paths, also those not listed."
)
DECOMPOSITION_NOTE = message(
    "Mt CO2 of emissions of mining. Effects are the mean of the two polar forms (Dietzenbacher and "
    "Los 1998) and add up to the change. Technology: input coefficients; demand structure: the "
    "make-up of the demand of each user; demand level: its size; other uses: statistical errors "
    "where a table prints them, and what its rows lack to balance, so that a part of what changes "
    "there may be the tables' and not the economy's."
)


def section_of(study: Study) -> EmbodiedSection:
    """Section of embodied carbon of a study that has tables of it."""
    if study.embodied is None:
        raise TypeError("the study has no section of embodied carbon")
    return study.embodied


def emissions_notes(
    rows: pd.DataFrame,
    absent: Sequence[str],
    recomputed: bool,
    names: AccountNames,
    *,
    by_fuel: bool = True,
) -> list[str]:
    """Notes of emissions of mining; `by_fuel` says whether the sums by fuel are shown.

    The provinces counted are those of the sums that are known: of all, or of those that reported.
    """
    words = names.words
    known = rows[rows["estimate"].notna()]
    summed = known[known["equation"].eq("")]
    if summed.empty:
        summed = known[known["equation"].eq(REPORTED)]
    n_units = summed["n_units"].dropna()
    missing = rows[rows["equation"].str.fullmatch(PROVINCE) & rows["estimate"].isna()]
    said = [
        words(
            EMISSIONS_NOTE,
            n=words.listing(str(n) for n in sorted(set(n_units))),
            years=_years(rows, words),
        )
    ]
    unreported = rows["equation"].eq(REPORTED).any()
    left_out = NO_KNOWN_FUEL_NOTE if unreported else NO_FUEL_NOTE
    said += [words(left_out, fuels=words.listing(absent))] if absent else []
    if unreported:
        provinces = _with_years(missing["equation"], missing["year"], names)
        said.append(words(UNREPORTED_NOTE, provinces=provinces))
        said += [words(REPORTED_NOTE)] if by_fuel else []
    said += [words(RECOMPUTED_NOTE)] if recomputed else []
    return [words.sentences(said)]


def intensity_notes(
    table: IntensityTable, system: SystemSection, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Notes of intensities and responsibility."""
    section = section_of(study)
    producer = 100 * section.responsibility
    said = [
        words(OWN_UNITS_NOTE if system.format == "pymrio" else YUAN_NOTE),
        words(INTENSITY_NOTE, producer=producer, consumer=100 - producer),
    ]
    said += [words(USERS_NOTE)] if rows["equation"].isin([EXPORTS, OTHER]).any() else []
    return [words.sentences(said), *_system_notes(table, system, study, rows, words)]


def sector_notes(
    table: SectorContributionsTable,
    system: SystemSection,
    study: Study,
    rows: pd.DataFrame,
    counts: Mapping[str, int],
    words: Words,
) -> list[str]:
    """Notes of sectors upstream and downstream; `counts` are those that there are."""
    said = [words(SECTORS_NOTE)]
    for direction, head in DIRECTIONS.items():
        if table.top is not None and table.top < counts[direction]:
            said.append(
                words(TOP_SECTORS_NOTE, head=words(head), shown=table.top, count=counts[direction])
            )
    return [words.sentences(said), *_system_notes(table, system, study, rows, words)]


def flow_notes(
    table: FlowPathsTable, system: SystemSection, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Notes of the largest flows: what each definition counts."""
    meanings = words.clauses(flow_text(flow, words) for flow in table.flows)
    said = words(FLOWS_NOTE, top=table.top, meanings=meanings)
    return [said, *_system_notes(table, system, study, rows, words)]


def network_notes(
    table: FlowNetworkTable, system: SystemSection, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Notes of the network: of which flows, which of them are links."""
    flow = section_of(study).flow
    note = words(
        NETWORK_NOTE,
        flow=words(FLOWS[flow]),
        backbone=backbone_text(table, words),
        graphs=table.random_graphs,
    )
    meaning = words("{text}.", text=flow_text(flow, words))
    said = words.sentences([note, network_choices(table, words)])
    return [said, meaning, *_system_notes(table, system, study, rows, words)]


def path_notes(
    table: StructuralPathsTable,
    system: SystemSection,
    study: Study,
    rows: pd.DataFrame,
    words: Words,
) -> list[str]:
    """Notes of structural paths: threshold and depth."""
    said = words(PATHS_NOTE, threshold=100 * table.threshold, depth=table.depth, top=table.top)
    return [said, *_system_notes(table, system, study, rows, words)]


def decomposition_notes(
    table: SystemTable, system: SystemSection, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Notes of the decomposition of changes."""
    return [words(DECOMPOSITION_NOTE), *_system_notes(table, system, study, rows, words)]


def _system_notes(
    table: SystemTable, system: SystemSection, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """What all tables of a system say: tables and their years, sectors, prices, exports."""
    section = section_of(study)
    years = sorted(set(rows["year"].dropna().astype(int))) or table.years or system.tables
    basis = rows[rows["model"] == BASIS]
    said = [
        system_text(table.system, system, sorted(years), words),
        *_import_notes(basis, words),
        *choices_of(section, [system], words),
        *_imputed_notes(basis, section, account_names(system, words)),
        *_outside_notes(basis, OUTSIDE_NOTE if isinstance(table, IntensityTable) else None, words),
    ]
    note = [] if system.note is None else [words.label(system.note)]
    return [words.sentences(said), *note]


def _import_notes(basis: pd.DataFrame, words: Words) -> list[str]:
    """What the tables do with imports, by year where they differ."""
    own = basis[basis["equation"] == IMPORTS].sort_values("year")
    years = {str(term): _years(part, words) for term, part in own.groupby("term", sort=False)}
    if len(years) < 2:
        return [words(IMPORT_NOTES[treatment]) for treatment in years]
    said = [
        words("{year}: {text}", year=years[treatment], text=words(IMPORT_NOTES[treatment]))
        for treatment in years
    ]
    return [*said, words(IMPORTS_DIFFER)]


def _imputed_notes(basis: pd.DataFrame, section: EmbodiedSection, names: AccountNames) -> list[str]:
    """Regions without an inventory, and what they are taken to emit."""
    words = names.words
    imputed = basis[basis["term"] == "imputed"]
    own = imputed[imputed["equation"] != ""]
    if own.empty:
        return []
    sums = imputed[imputed["equation"] == ""]
    amounts = words.listing(
        words("{co2} Mt ({year})", co2=_amount(co2), year=int(year))
        for co2, year in zip(sums["estimate"], sums["year"], strict=True)
    )
    regions = _with_years(own["equation"], own["year"], names)
    return [words(IMPUTED[section.missing_inventory], regions=regions, amounts=amounts)]


def _outside_notes(basis: pd.DataFrame, whole: str | None, words: Words) -> list[str]:
    """Emissions outside the accounts: all of them, or those without an account alone."""
    own = basis[basis["equation"] == ""].pivot(index="year", columns="term", values="estimate")
    told = own if whole or own.empty else own[own["unplaced"] != 0]
    # nothing of final users is none or not known: many systems have no such account
    said = [
        words(
            UNPLACED_NOTE if whole is None else whole if line["households"] else SOLD_NOTE,
            year=str(year),
            emitted=_amount(line["emitted"]),
            households=_amount(line["households"]),
            unplaced=_amount(line["unplaced"]),
            mining=_amount(line["unplaced_mining"]),
        )
        for year, line in told.sort_index().iterrows()
    ]
    return [words("{text}.", text=words.clauses(said))] if said else []


def _with_years(codes: pd.Series, years: pd.Series, names: AccountNames) -> str:
    """Regions by name, each with its years."""
    words = names.words
    by_region = pd.Series(years.astype(int).to_numpy(), index=codes.to_numpy()).sort_index()
    return words.listing(
        words(
            "{name} ({years})",
            name=names.region(str(code)),
            years=words.listing(map(str, sorted(own))),
        )
        for code, own in by_region.groupby(level=0)
    )


def _amount(co2: float) -> str:
    return f"{co2:.6g}"


def system_text(name: str, system: SystemSection, years: Sequence[int], words: Words) -> str:
    """What a system is: its tables, emissions and sectors, in one sentence."""
    own = system.emissions == "own"
    emissions = (
        words("emissions are its extension {name}", name=words.quoted(str(system.extension)))
        if own
        else words("emissions are those of the provincial inventories of the same years")
    )
    return words(
        "System {name}: {format}, {years}; {emissions}; {sectors}, mining is {mining}.",
        name=name if system.label is None else words.label(system.label),
        format=words(FORMATS[system.format]),
        years=words.listing(map(str, years)),
        emissions=emissions,
        sectors=words(SECTOR_LISTS[system.sectors]),
        mining=words.listing(mining_names(system, account_names(system, words))),
    )


def choices_of(
    section: EmbodiedSection, systems: Sequence[SystemSection], words: Words
) -> list[str]:
    """What is chosen for all systems: prices, exports, what counts as emissions."""
    base = sorted({section.base_year or min(system.tables) for system in systems})
    said = [words(PRICES[section.price], year=words.listing(map(str, base)))]
    if any(system.format != "pymrio" for system in systems):
        said.append(words(EXPORTS_NOTES[section.exports]))
    if any(system.emissions == "inventories" for system in systems):
        said.append(words(SCOPES[section.scope]))
    return said


def treatments_of(
    section: EmbodiedSection, systems: Sequence[SystemSection], words: Words
) -> list[str]:
    """What is done, whatever the files hold, with imports and provinces without an inventory."""
    formats = {system.format for system in systems}
    said = [words(IMPORT_NOTES["apart" if formats - {"pymrio"} else "none"])]
    splits = {
        str(entry.options.get("import_split", "proportional"))
        for system in systems
        if system.format == "china_io"
        for entry in system.tables.values()
    }
    said += [words(text) for split, text in IMPORT_SPLITS.items() if split in splits]
    if "ceads_mrio" in formats:
        said.append(words(MISSING_INVENTORY[section.missing_inventory]))
    return said


def backbone_text(table: FlowNetworkTable, words: Words) -> str:
    """Which flows are links."""
    return words(BACKBONES[table.backbone], share=100 * table.share, alpha=table.alpha)


def network_choices(table: FlowNetworkTable, words: Words) -> str:
    """What blocks and communities are made of."""
    return words(
        NETWORK_CHOICES,
        values=words(BLOCK_VALUES[table.block_values]),
        flows=words(COMMUNITY_FLOWS[table.community_flows]),
        resolution=table.resolution,
        damping=table.damping,
    )


def flow_text(flow: Flow, words: Words) -> str:
    """What flows of a definition are."""
    return words(FLOW_MEANINGS[flow], name=words(FLOWS[flow]))


def _years(rows: pd.DataFrame, words: Words) -> str:
    return words.listing(str(year) for year in sorted(set(rows["year"].dropna().astype(int))))
