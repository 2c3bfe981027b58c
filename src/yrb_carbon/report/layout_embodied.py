"""Printed tables of embodied carbon: emissions, accounts, sectors, flows, networks, paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd

from yrb_carbon.report.account_tables import (
    PERCENT,
    Body,
    Lines,
    Numbers,
    has_term,
    number_at,
    numbers_of,
    shown_columns,
    shown_parts,
    year_heads,
    years_of,
)
from yrb_carbon.report.cells import format_estimate
from yrb_carbon.report.embodied_names import (
    ACCOUNTS,
    BASIS,
    COUNTS,
    DIRECTIONS,
    EXPORTS,
    FACTORS,
    FLOWS,
    FUELS,
    NETWORK_MEASURES,
    OTHER,
    REGION_MEASURES,
    REPORTED,
    ROLE_MARK,
    ROLES,
    TOTAL,
    AccountNames,
    account_names,
    mining_names,
    named,
    split_flow,
)
from yrb_carbon.report.embodied_notes import (
    decomposition_notes,
    emissions_notes,
    flow_notes,
    intensity_notes,
    network_notes,
    path_notes,
    section_of,
    sector_notes,
)
from yrb_carbon.report.language import message
from yrb_carbon.report.printer import Printer
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import (
    FlowDecompositionTable,
    FlowNetworkTable,
    FlowPathsTable,
    IntensityTable,
    MiningEmissionsTable,
    SectorContributionsTable,
    StructuralPathsTable,
    SystemSection,
    SystemTable,
)

WHOLE = ""
"""Equation of what is summed over all regions."""
RECOMPUTED = "energy"
"""Equation of emissions from energy inventories."""
WITH_MINING = {"upstream": "upstream_all", "downstream": "downstream_all"}
"""Models of the shares that count mining itself."""
POLAR = "polar"
"""Equation of the two polar forms of a decomposition."""
LISTED = "listed"
"""Equation of how many paths of a depth are listed, and of their share."""
DEPTH = "depth"
"""Equation of the shares of all paths of a number of steps; of one path it is `depth k`."""
REMAINDER = "remainder"
WITHOUT_DECIMALS = ("output",)
CENTRALITIES = ("key", "strength", "betweenness", "closeness", "eigenvector", "pagerank")
"""Measures of the key regions that a page shows, unless the layout names others."""
PARTS = {
    "fuels": message("By fuel"),
    "provinces": message("By province"),
    "network": message("Network"),
    "key_regions": message("Key regions"),
    "blocks": message("Blocks"),
    "densities": message("Density between blocks"),
    "image": message("Image of the blocks"),
}
MT = message("Mt")


def layout_mining_emissions(
    table: MiningEmissionsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Emissions of mining by fuel, the largest first, and by province; years in columns."""
    years = years_of(rows)
    values = numbers_of(rows[rows["quantity"] == "value"], "equation", "term", "year")
    shares = numbers_of(rows[rows["quantity"] == "share"], "equation", "term", "year")
    again = bool((rows["equation"] == RECOMPUTED).any())
    fuels = fuels_by_size(rows)
    sums = {fuel: [number_at(values, WHOLE, fuel, year) for year in years] for fuel in fuels}
    known = {fuel: [co2 for co2 in sums[fuel] if pd.notna(co2)] for fuel in fuels}
    absent = [fuel for fuel in fuels if known[fuel] and not any(known[fuel])]
    names = AccountNames(words)
    provinces = sorted(set(rows["equation"]) - {WHOLE, RECOMPUTED, REPORTED})
    lines: dict[str, Lines] = {"fuels": [], "provinces": []}
    for fuel in [*(fuel for fuel in fuels if fuel not in absent), TOTAL]:
        line = [words(PARTS["fuels"]), named(FUELS, fuel, words)]
        for year in years:
            line.append(words.estimate(number_at(values, WHOLE, fuel, year)))
            line.append(words.percent(number_at(shares, WHOLE, fuel, year)))
            line += [words.estimate(number_at(values, RECOMPUTED, fuel, year))] if again else []
        lines["fuels"].append(line)

    def sum_line(part: str, name: str, equation: str) -> None:
        line = [words(PARTS[part]), name]
        for year in years:
            line += [words.estimate(number_at(values, equation, TOTAL, year)), ""]
            line += [""] if again else []
        lines[part].append(line)

    if rows["equation"].eq(REPORTED).any():
        sum_line("fuels", words("All fuels, provinces that reported"), REPORTED)
    for province in provinces:
        sum_line("provinces", names.region(province), province)
    parts = [words(MT), PERCENT, *([words("recomputed, Mt")] if again else [])]
    heads = ["", words("Fuel or province"), *year_heads(years, parts)]
    body = pd.DataFrame(shown_parts(lines, words), columns=heads)
    by_fuel = "fuels" in words.rows(lines)
    unburnt = [named(FUELS, fuel, words) for fuel in absent]
    return body, emissions_notes(rows, unburnt, again, names, by_fuel=by_fuel)


def fuels_by_size(rows: pd.DataFrame) -> list[str]:
    """Fuels by their mean emissions over the years, the largest first."""
    own = rows[rows["quantity"].eq("value") & rows["equation"].eq(WHOLE) & rows["term"].ne(TOTAL)]
    means = own.groupby("term")["estimate"].mean().sort_index()
    return [str(fuel) for fuel in means.sort_values(ascending=False, kind="stable").index]


def layout_embodied_intensity(
    table: IntensityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Intensities and emissions of mining, one row a region and year, all together last.

    Before them what exports and other uses answer for.
    """
    system = system_of(table, study)
    names = account_names(system, words)
    made = without_basis(rows)
    cells = numbers_of(made, "equation", "year", "term")
    shown = [
        one
        for one in shown_columns(table.printed_columns, partial(named, ACCOUNTS), words)
        if has_term(made, one[0])
    ]
    found = set(made.loc[made["term"].isin([term for term, _ in shown]), "equation"])
    users = [
        *sorted(found - {WHOLE, EXPORTS, OTHER}), *(one for one in (EXPORTS, OTHER) if one in found)
    ]  # fmt: skip
    lines = []
    for region in [*users, *([WHOLE] if len(users) != 1 else [])]:
        years = years_of(made[made["equation"] == region])
        for place, year in enumerate(years):
            numbers = [
                _account(number_at(cells, region, year, term), term, words) for term, _ in shown
            ]
            lines.append(["" if place else names.region(region), str(year), *numbers])
    heads = [words("Region"), words("Year"), *(head for _, head in shown)]
    return pd.DataFrame(lines, columns=heads), intensity_notes(table, system, study, rows, words)


def _account(value: float, term: str, words: Printer) -> str:
    return words.estimate(value, 0 if term in WITHOUT_DECIMALS else None)


def layout_sector_contributions(
    table: SectorContributionsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Sectors upstream and downstream of mining, by the last year, the largest first."""
    system = system_of(table, study)
    made = without_basis(rows)
    own = made[made["equation"] == WHOLE]
    names = account_names(system, words)
    own = own.assign(label=_sector_labels(own, names))
    mining = mining_names(system, names)
    years = years_of(own)
    cells = numbers_of(own, "model", "quantity", "label", "year")
    all_too = own["model"].isin(list(WITH_MINING.values())).any()
    lines: dict[str, Lines] = {}
    counts = {}
    for direction, head in DIRECTIONS.items():
        ranked = _sectors_by_size(own[own["model"] == direction])
        others = [label for label in ranked if label not in mining]
        counts[direction] = len(others)
        for label in [*others[: table.top], *(label for label in ranked if label in mining)]:
            line = [words(head), label]
            for year in years:
                line.append(words.estimate(number_at(cells, direction, "value", label, year)))
                line.append(words.percent(number_at(cells, direction, "share", label, year)))
                if all_too:
                    share = number_at(cells, WITH_MINING[direction], "share", label, year)
                    line.append(words.percent(share))
            lines.setdefault(direction, []).append(line)
    parts = [words(MT), PERCENT, *([words("% with mining")] if all_too else [])]
    heads = ["", words("Sector"), *year_heads(years, parts)]
    body = pd.DataFrame(shown_parts(lines, words), columns=heads)
    return body, sector_notes(table, system, study, rows, counts, words)


def _sector_labels(rows: pd.DataFrame, names: AccountNames) -> list[str]:
    """Names of the sectors; codes of the tables' lists mean other sectors in other years."""
    return [
        names.sector(str(term), int(year))
        for term, year in zip(rows["term"], rows["year"], strict=True)
    ]


def _sectors_by_size(rows: pd.DataFrame) -> list[str]:
    """Names of sectors by their carbon in the last year that has them, the largest first."""
    values = rows[rows["quantity"] == "value"].sort_values(
        ["year", "estimate", "term"], ascending=[False, False, True], kind="stable"
    )
    return [str(label) for label in values["label"].drop_duplicates()]


def layout_flow_paths(
    table: FlowPathsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """The largest flows between two regions of every definition; years in columns."""
    system = system_of(table, study)
    names = account_names(system, words)
    made = without_basis(rows)
    regions = frozenset(map(str, made.loc[made["equation"] == "net", "term"]))
    flows = made[made["equation"].eq(WHOLE) & made["quantity"].eq("value")]
    ends = [split_flow(str(term), regions) for term in flows["term"]]
    flows = flows.assign(source=[one for one, _ in ends], target=[two for _, two in ends])
    years = years_of(rows)
    lines = []
    for flow in table.flows:
        own = flows[flows["model"] == flow]
        largest = {year: _largest(own[own["year"] == year], table.top) for year in years}
        for place in range(max(map(len, largest.values()), default=0)):
            line = [words(FLOWS[flow]), str(place + 1)]
            for year in years:
                at = largest[year][place : place + 1]
                for one in at:
                    line.append(names.flow(one["source"], one["target"]))
                    line.append(words.estimate(one["estimate"]))
                line += [] if at else ["", ""]
            lines.append(line)
    heads = [words("Definition"), words("Rank"), *year_heads(years, [words("path"), words(MT)])]
    return pd.DataFrame(lines, columns=heads), flow_notes(table, system, study, rows, words)


def _largest(rows: pd.DataFrame, count: int) -> list[dict[str, Any]]:
    """Rows of the largest numbers, equal ones in the order of their terms."""
    ordered = rows.sort_values(["estimate", "term"], ascending=[False, True], kind="stable")
    return [{str(name): cell for name, cell in row.items()} for row in
            ordered.head(count).to_dict("records")]  # fmt: skip


def layout_flow_network(
    table: FlowNetworkTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """All measures of the network and of every region, blocks and key regions; years across."""
    system = system_of(table, study)
    made = without_basis(rows)
    regions = sorted({str(term) for term in made.loc[made["equation"] == "key", "term"]})
    measures = shown_columns(table.printed_columns, partial(named, REGION_MEASURES), words)
    body = _network_body(table, system, made, words, regions, measures)
    return body, network_notes(table, system, study, rows, words)


def flow_network_page(
    table: FlowNetworkTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The same with the key regions of any year alone, and by default their centralities.

    A block has a line a year, its members across all columns.
    """
    system = system_of(table, study)
    rows = without_basis(rows)
    years = years_of(rows)
    key = {region for year in years for region, _ in _key_regions(rows, year)[: table.key_regions]}
    shown = CENTRALITIES if words.layout.columns is None else table.printed_columns
    measures = shown_columns(shown, partial(named, REGION_MEASURES), words)
    body = _network_body(table, system, rows, words, sorted(key), measures)
    lines = [
        own
        for line in body.to_numpy().tolist()
        for own in (_across(line, years, words) if line[0] == words(PARTS["blocks"]) else [line])
    ]
    return pd.DataFrame(lines, columns=body.columns)


def _across(line: Sequence[str], years: Sequence[int], words: Printer) -> Lines:
    """A line of a block as one a year: the texts are too long for columns."""
    _, block, *texts = line
    return [
        [words("Block {block}, {year}", block=block, year=year), *[text] * (len(line) - 1)]
        for year, text in zip(years, texts, strict=True)
        if text
    ]


def _network_body(
    table: FlowNetworkTable,
    system: SystemSection,
    rows: pd.DataFrame,
    words: Printer,
    regions: Sequence[str],
    measures: Sequence[tuple[str, str]],
) -> pd.DataFrame:
    years = years_of(rows)
    names = account_names(system, words)
    numbers = numbers_of(rows, "equation", "term", "year")
    lines: dict[str, Lines] = {
        "network": _whole_network(rows, numbers, years, words),
        "key_regions": _key_lines(table, rows, names, years, words),
        "regions": [
            [head, names.region(region)]
            + [
                _measure(number_at(numbers, measure, region, year), measure, words)
                for year in years
            ]
            for measure, head in measures
            if (rows["equation"] == measure).any()
            for region in regions
        ],
        "blocks": list(_block_lines(rows, names, years, words)),
        **{
            part: [
                [words(PARTS[part]), term.replace("-", " > ")]
                + [
                    words.estimate(number_at(numbers, equation, term, year), places)
                    for year in years
                ]
                for term in sorted(set(rows.loc[rows["equation"] == equation, "term"]))
            ]
            for part, equation, places in (
                ("densities", "density", None),
                ("image", "image", 0),
            )
        },
    }
    heads = ["", words("Measure, region or block"), *map(str, years)]
    return pd.DataFrame(shown_parts(lines, words), columns=heads)


def _whole_network(
    rows: pd.DataFrame, numbers: Numbers, years: Sequence[int], words: Printer
) -> Lines:
    own = rows[rows["equation"].eq("network") & rows["estimate"].notna()]
    present = set(own["term"])
    ordered = [name for name in NETWORK_MEASURES if name in present]
    return [
        [words(PARTS["network"]), named(NETWORK_MEASURES, name, words)]
        + [_measure(number_at(numbers, "network", name, year), name, words) for year in years]
        for name in [*ordered, *sorted(present - set(ordered))]
    ]


def _measure(value: float, name: str, words: Printer) -> str:
    return words.estimate(value, 0 if name in COUNTS else None)


def _key_regions(rows: pd.DataFrame, year: int) -> list[tuple[str, float]]:
    """Regions by their mean rank in a year, equal ones by code."""
    own = rows[rows["equation"].eq("key") & rows["year"].eq(year)]
    ordered = own.sort_values(["estimate", "term"], kind="stable")
    return [
        (str(term), float(rank))
        for term, rank in zip(ordered["term"], ordered["estimate"], strict=True)
    ]


def _key_lines(
    table: FlowNetworkTable,
    rows: pd.DataFrame,
    names: AccountNames,
    years: Sequence[int],
    words: Printer,
) -> Lines:
    """Key regions of every year by their place, with their mean rank."""
    by_year = [_key_regions(rows, year)[: table.key_regions] for year in years]
    return [
        [words(PARTS["key_regions"]), str(place + 1)]
        + [
            ""
            if place >= len(own)
            else words(
                "{name} ({rank})",
                name=names.region(own[place][0]),
                rank=format_estimate(own[place][1], 2),
            )
            for own in by_year
        ]
        for place in range(max(map(len, by_year), default=0))
    ]


def _block_lines(
    rows: pd.DataFrame, names: AccountNames, years: Sequence[int], words: Printer
) -> Iterator[list[str]]:
    """Role and members of every block, by year."""
    members = rows[rows["equation"] == "block"]
    roles = {
        (str(term).partition(ROLE_MARK)[0], int(year)): str(term).partition(ROLE_MARK)[2]
        for term, year in rows.loc[rows["equation"] == "role", ["term", "year"]].itertuples(
            index=False
        )
    }
    for block in sorted({int(number) for number in members["estimate"]}):
        line = [words(PARTS["blocks"]), str(block)]
        for year in years:
            own = members[members["year"].eq(year) & members["estimate"].eq(block)]
            listed = words.listing(names.region(str(term)) for term in sorted(own["term"]))
            role = named(ROLES, roles.get((str(block), year), ""), words)
            said = words("{name}: {text}", name=role, text=listed) if role else listed
            line.append(said if listed else "")
        yield line


def layout_structural_paths(
    table: StructuralPathsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """The largest paths of every year, and what all paths of a number of steps explain."""
    system = system_of(table, study)
    names = account_names(system, words)
    made = without_basis(rows)
    single = made[made["equation"].str.startswith(f"{DEPTH} ")]
    shares = numbers_of(single[single["quantity"] == "share"], "year", "term")
    values = single[single["quantity"] == "value"]
    sums = numbers_of(made[made["equation"] == DEPTH], "quantity", "year", "term")
    listed = numbers_of(made[made["equation"] == LISTED], "quantity", "year", "term")
    lines = []
    for year in years_of(made):
        own: dict[str, Lines] = {"paths": [], "depths": []}
        largest = _largest(values[values["year"] == year], table.top)
        for place, row in enumerate(largest, start=1):
            steps = str(row["equation"]).removeprefix(f"{DEPTH} ")
            own["paths"].append(
                [str(year), str(place), names.path(str(row["term"]), year), steps,
                 words.estimate(row["estimate"]),
                 words.percent(number_at(shares, year, row["term"]))]
            )  # fmt: skip
        for term in _depths(made, year):
            own["depths"].append(
                [str(year), "", _depth_words(term, year, listed, words),
                 term if term.isdigit() else "",
                 words.estimate(number_at(sums, "value", year, term)),
                 words.percent(number_at(sums, "share", year, term))]
            )  # fmt: skip
        lines += shown_parts(own, words)
    heads = [words("Year"), words("Rank"), words("Path"), words("Depth"), words(MT), PERCENT]
    return pd.DataFrame(lines, columns=heads), path_notes(table, system, study, rows, words)


def _depths(rows: pd.DataFrame, year: int) -> list[str]:
    """Depths of a year, then what is longer, then all."""
    own = rows[rows["equation"].eq(DEPTH) & rows["year"].eq(year)]
    found = set(map(str, own["term"]))
    ends = [term for term in (REMAINDER, TOTAL) if term in found]
    return [*sorted(found - {REMAINDER, TOTAL}, key=int), *ends]


def _depth_words(term: str, year: int, listed: Numbers, words: Printer) -> str:
    """What a sum of paths is of, and how many of them the table lists."""
    if term == REMAINDER:
        return words("All longer paths")
    if term == TOTAL:
        return words("All paths")
    count = number_at(listed, "value", year, term)
    if pd.isna(count):
        return words("All paths of this depth")
    share = words.percent(number_at(listed, "share", year, term))
    return words("All paths of this depth, {n} listed: {share} %", n=int(count), share=share)


def layout_flow_decomposition(
    table: FlowDecompositionTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Effects of the factors on the change between two years, all regions first."""
    system = system_of(table, study)
    names = account_names(system, words)
    made = without_basis(rows)
    cells = numbers_of(made, "model", "equation", "term")
    shown = [
        one
        for one in shown_columns(table.printed_columns, partial(named, FACTORS), words)
        if has_term(made, one[0])
    ]
    lines = []
    for period in sorted(set(map(str, made["model"]))):
        first, _, last = period.partition("-")
        said = words("{first} to {last}", first=first, last=last)
        regions = sorted(set(made.loc[made["model"] == period, "equation"]) - {WHOLE, POLAR})
        for region in [*([WHOLE] if len(regions) != 1 else []), *regions]:
            numbers = [words.estimate(number_at(cells, period, region, term)) for term, _ in shown]
            lines.append([said, names.region(region), *numbers])
    heads = [words("Period"), words("Region"), *(head for _, head in shown)]
    return pd.DataFrame(lines, columns=heads), decomposition_notes(
        table, system, study, rows, words
    )


def without_basis(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table without those that only its notes tell."""
    return rows[rows["model"] != BASIS]


def system_of(table: SystemTable, study: Study) -> SystemSection:
    """Input-output system of a table."""
    return section_of(study).systems[table.system]
