"""Names that readers see for the codes and keys of the tables of embodied carbon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from yrb_carbon.errors import DataError
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import ALL_REGIONS, Names, province_names
from yrb_carbon.study.account_terms import PATH_MARK, split_account, split_path
from yrb_carbon.study.account_terms import split_flow as split_ends
from yrb_carbon.study.concordance import GROUPINGS, MINING, load_concordance
from yrb_carbon.study.embodied import Sectors, SystemSection
from yrb_carbon.study.sector_lists import list_of_year, load_sector_list

EXPORTS, OTHER = "exports", "other"
"""Destinations that are no regions."""
BASIS, IMPORTS = "basis", "imports"
"""Model of the rows of what a table rests on, and equation of what it does with imports."""
REPORTED = "reported"
"""Equation of sums over the provinces that reported."""
COUNTRY = "00"
"""Region of the national tables."""
TOTAL = "total"
ROLE_MARK = "|"
"""What stands in terms between a block and its role."""
LISTS = "42"
"""Sectors of the tables themselves, whose list changes with the year."""

FUELS = {
    "raw_coal": message("Raw coal"),
    "cleaned_coal": message("Cleaned coal"),
    "other_washed_coal": message("Other washed coal"),
    "briquettes": message("Briquettes"),
    "coke": message("Coke"),
    "coke_oven_gas": message("Coke oven gas"),
    "other_gas": message("Other gas"),
    "other_coking_products": message("Other coking products"),
    "crude_oil": message("Crude oil"),
    "gasoline": message("Gasoline"),
    "kerosene": message("Kerosene"),
    "diesel": message("Diesel"),
    "fuel_oil": message("Fuel oil"),
    "lpg": message("Liquefied petroleum gas"),
    "refinery_gas": message("Refinery gas"),
    "other_petroleum": message("Other petroleum products"),
    "natural_gas": message("Natural gas"),
    TOTAL: message("All fuels"),
}
FLOWS = {
    "system": message("Mining products sold"),
    "producer": message("Emissions of mining"),
    "final": message("Final demand for mining"),
}
FLOW_MEANINGS = {
    "system": message(
        "{name}: carbon embodied in the mining products that a region sells to the sectors and "
        "final users of another, embodied intensity times sales; counted at every sale, so these "
        "flows are no part of all emissions"
    ),
    "producer": message(
        "{name}: emissions of the mining sectors of a region that the final demand of another "
        "drives, through whatever products"
    ),
    "final": message(
        "{name}: emissions of all sectors of a region that the final demand of another for mining "
        "products drives"
    ),
}
ACCOUNTS = {
    "direct_intensity": message("Direct intensity"),
    "embodied_intensity": message("Embodied intensity"),
    "production": message("Production-based"),
    "consumption": message("Consumption-based"),
    "shared": message("Shared"),
    "output": message("Output"),
    "embodied": message("Embodied"),
    "upstream": message("Upstream"),
    "outflow": message("Outflow"),
    "inflow": message("Inflow"),
    "net": message("Net outflow"),
    "exports": message("Exports"),
    "sector_net": message("Net outflow of the sector"),
}
FACTORS = {
    "intensity": message("Emission intensity"),
    "technology": message("Technology"),
    "structure": message("Demand structure"),
    "level": message("Demand level"),
    "other": message("Other uses"),
    "change": message("Change"),
}
DIRECTIONS = {
    "upstream": message("Upstream"),
    "downstream": message("Downstream"),
}
NETWORK_MEASURES = {
    "n_nodes": message("Regions"),
    "n_links": message("Links"),
    "density": message("Density"),
    "total_flow": message("All flows (Mt)"),
    "link_flow_share": message("Share of flows on links"),
    "n_components": message("Components"),
    "n_strong_components": message("Strongly connected components"),
    "reciprocity": message("Reciprocity of links"),
    "reciprocity_excess": message("Reciprocity beyond chance"),
    "reciprocity_flows": message("Reciprocity of flows"),
    "assortativity_out_out": message("Assortativity, out to out"),
    "assortativity_out_in": message("Assortativity, out to in"),
    "assortativity_in_out": message("Assortativity, in to out"),
    "assortativity_in_in": message("Assortativity, in to in"),
    "path_length": message("Mean path length (links)"),
    "diameter": message("Diameter (links)"),
    "path_length_flows": message("Mean path length (1/flow)"),
    "reachable": message("Share of pairs with a way"),
    "clustering": message("Mean clustering"),
    "small_world_clustering": message("Small world: clustering"),
    "small_world_random_clustering": message("Small world: clustering of random networks"),
    "small_world_random_clustering_sd": message("Small world: s.d. of that clustering"),
    "small_world_path_length": message("Small world: path length"),
    "small_world_random_path_length": message("Small world: path length of random networks"),
    "small_world_random_path_length_sd": message("Small world: s.d. of that path length"),
    "small_world_random_networks": message("Small world: random networks"),
    "sigma": message("Small-world coefficient"),
    "sigma_sd": message("Small-world coefficient: s.d."),
    "modularity": message("Modularity"),
    "n_communities": message("Communities"),
    "n_blocks": message("Blocks"),
    "key_overlap": message("Share of expected key regions found"),
    "negative_flows": message("Negative flows, taken as zero"),
    "negative_total": message("Sum of negative flows (Mt)"),
}
REGION_MEASURES = {
    "out_degree": message("Links out"),
    "in_degree": message("Links in"),
    "out_strength": message("Flow out (Mt)"),
    "in_strength": message("Flow in (Mt)"),
    "strength": message("Flow out and in (Mt)"),
    "net_strength": message("Flow out less in (Mt)"),
    "betweenness": message("Betweenness"),
    "closeness_out": message("Closeness, out"),
    "closeness_in": message("Closeness, in"),
    "closeness": message("Closeness"),
    "eigenvector": message("Eigenvector centrality"),
    "pagerank": message("PageRank"),
    "clustering": message("Clustering"),
    "community": message("Community"),
    "key": message("Mean rank"),
}
COUNTS = frozenset(
    {
        "n_nodes", "n_links", "n_components", "n_strong_components", "diameter", "n_communities",
        "n_blocks", "small_world_random_networks", "out_degree", "in_degree", "community",
        "negative_flows",
    }
)  # fmt: skip
"""Measures that are whole numbers."""
ROLES = {
    "net_spill_out": message("net spill-out"),
    "net_beneficiary": message("net beneficiary"),
    "two_way_spill": message("two-way spill"),
    "broker": message("broker"),
    "isolate": message("isolate"),
    "undivided": message("undivided"),
}
BACKBONES = {
    "mean": message("flows above the mean flow"),
    "top": message("the largest {share:g} % of all pairs"),
    "disparity": message("flows that the disparity filter keeps at {alpha:g}"),
    "none": message("all flows above zero"),
}


def named(names: Mapping[str, str], key: str, words: Words) -> str:
    """Name of a key; one that has none is printed with blanks for its underscores."""
    return words(names[key]) if key in names else key.replace("_", " ")


@dataclass(frozen=True, slots=True)
class AccountNames:
    """Names of the regions and sectors of one system.

    Attributes
    ----------
    words : Words
    sectors : {"S26", "H2", "42", "own"}
        List of the sectors; `own` are printed by the names that the system has.
    """

    words: Words
    sectors: Sectors = "own"

    def region(self, code: str) -> str:
        """Name of a region: a province by its own, the country, exports, all for an empty code."""
        if code == "":
            return self.words(ALL_REGIONS)
        if code == EXPORTS:
            return self.words("Exports")
        if code == OTHER:
            return self.words("Other uses")
        if code == COUNTRY:
            return self.words("China")
        return province_names().get(code, {}).get(self.words.language, code)

    def sector(self, code: str, year: int) -> str:
        """Name of a sector in the list of a year, by which the lists of 42 sectors differ."""
        if self.sectors == "own":
            return code
        scheme = list_of_year(year) if self.sectors == LISTS else self.sectors
        return _sectors(scheme).get(code, {}).get(self.words.language, code)

    def account(self, text: str, year: int) -> str:
        """Names of an account `<region> <sector>`; the sector's alone in a national table."""
        region, sector = split_account(text)
        if region == COUNTRY:
            return self.sector(sector, year)
        return self.words(
            "{region}: {sector}", region=self.region(region), sector=self.sector(sector, year)
        )

    def path(self, text: str, year: int) -> str:
        """Names of the accounts of a path, from the emitter to the final product."""
        return PATH_MARK.join(self.account(part, year) for part in split_path(text))

    def flow(self, source: str, target: str) -> str:
        """Names of the two ends of a flow."""
        return self.words(
            "{source} to {target}", source=self.region(source), target=self.region(target)
        )


def account_names(system: SystemSection, words: Words) -> AccountNames:
    """Names of the regions and sectors of a system."""
    return AccountNames(words, system.sectors)


def mining_names(system: SystemSection, names: AccountNames) -> list[str]:
    """Names of the mining sectors: those that the system names, or those of its list.

    In all years that the system has tables of, each once.
    """
    found = [
        names.sector(code, year)
        for year in sorted(system.tables)
        for code in system.mining or _mining_codes(system.sectors, year)
    ]
    return list(dict.fromkeys(found))


def split_flow(term: str, regions: frozenset[str]) -> tuple[str, str]:
    """The two ends of a flow `<from>-<to>`, by the regions that are known.

    Raises
    ------
    DataError
        If the term is no flow between two of them.
    """
    source, target = split_ends(term)
    if source in regions and target in regions:
        return source, target
    raise DataError(f"{term!r} is no flow between two of {len(regions)} regions")


@cache
def _sectors(scheme: str) -> Mapping[str, Names]:
    frame = (
        load_concordance().groups[scheme] if scheme in GROUPINGS else load_sector_list(scheme).frame
    )
    return {
        str(code): {"en": str(en), "zh": str(zh)}
        for code, en, zh in zip(frame.index, frame["en"], frame["zh"], strict=True)
    }


@cache
def _mining_codes(sectors: Sectors, year: int) -> tuple[str, ...]:
    """Codes of mining in a list of sectors that a Chinese table of a year has."""
    if sectors != LISTS:
        return (MINING,)
    merged = load_concordance().merge(list_of_year(year), next(iter(GROUPINGS)))
    return tuple(code for code, group in merged.items() if group == MINING)
