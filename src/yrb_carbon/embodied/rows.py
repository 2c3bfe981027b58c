"""Tables of embodied carbon as rows of estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.analysis.rows import (
    TableKey,
    complete_rows,
    named_seed,
    ratio_row,
    share_row,
    value_row,
)
from yrb_carbon.embodied.accounts import (
    EXPORTS,
    OTHER,
    EmbodiedSystem,
    calc_responsibility,
)
from yrb_carbon.embodied.build import StudiedSystem
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.emissions import (
    calc_fuel_emissions,
    calc_province_emissions,
    calc_shares,
    compare_emissions,
)
from yrb_carbon.embodied.flows import (
    calc_downstream,
    calc_flows,
    calc_sector_balance,
    calc_sector_net,
    calc_sector_shares,
    calc_upstream,
)
from yrb_carbon.embodied.leontief import require_identity
from yrb_carbon.embodied.network import (
    NetworkOptions,
    NetworkResults,
    analyse_network,
    without_negative_flows,
)
from yrb_carbon.embodied.paths import analyse_paths
from yrb_carbon.sources.input_output import FloatArray
from yrb_carbon.study.account_terms import flow_term
from yrb_carbon.study.embodied import (
    EmbodiedSection,
    EmbodiedTable,
    FlowDecompositionTable,
    FlowNetworkTable,
    FlowPathsTable,
    IntensityTable,
    MiningEmissionsTable,
    SectorContributionsTable,
    StructuralPathsTable,
    SystemTable,
)

Rows = Iterator[dict[str, Any]]

OUTCOME = "co2"
TOTAL = "total"
INVENTORY, ACCOUNTS = "inventory", "input_output"
"""Columns `estimator`: what a number is taken from."""
ENERGY = "energy"
"""Equation of emissions computed again from fuels burned."""
REPORTED = "reported"
"""Equation of the sum over the provinces that reported."""
OWN, OUT, IN, NET = "own", "out", "in", "net"
BASIS = "basis"
"""Model of the rows that tell what a table rests on: where all emissions are, what imports are."""
IMPORTS = "imports"
"""Equation of the row that names, as its term, what a table does with imports."""
RESPONSIBILITY = ("production", "consumption", "shared")
UPSTREAM, UPSTREAM_ALL, DOWNSTREAM, DOWNSTREAM_ALL = (
    "upstream", "upstream_all", "downstream", "downstream_all",
)  # fmt: skip
NETWORK, LINK, COMMUNITY, BLOCK, ROLE = "network", "link", "community", "block", "role"
KEY, POSITION, IS_KEY = "key", "position", "is_key"
"""Equations of the mean rank of a region, of its place by that rank, and of whether it is one of
the key regions (1) or not (0)."""
TIES = {"image": "image", "density": "densities", "ties": "ties"}
"""Equation of the rows between blocks, and which table of the block model they hold."""
REMAINDER = "remainder"
NEGATIVE_FLOWS, NEGATIVE_TOTAL = "negative_flows", "negative_total"
"""Terms of a network whose flows are negative in part."""


def mining_rows(
    table: MiningEmissionsTable,
    inventory: pd.DataFrame,
    recomputed: pd.DataFrame | None,
    mining: tuple[str, ...],
    key: TableKey,
) -> pd.DataFrame:
    """Energy emissions of mining by fuel and by province.

    Parameters
    ----------
    table : MiningEmissionsTable
    inventory : DataFrame
        Columns year, province, sector, fuel, co2 (Mt); missing where a province did not report.
    recomputed : DataFrame or None
        The same from fuels burned, sectors of mining.
    mining : tuple of str
        Mining sectors of the inventories.
    key : TableKey

    Returns
    -------
    DataFrame, columns of estimates
        Model `inventory`. `value`: Mt of a fuel or `total`; `share`: of the total of the year.
        Equation: empty for all provinces, the code of a province for its total, `reported` for the
        sum over the provinces that reported in a year in which not all did, `energy` for the
        emissions computed again and `ratio` of these to the inventories'. Numbers of a year and
        province without a report, and sums over all provinces of that year, are missing.
    """
    years = table.years or tuple(sorted(set(inventory["year"])))
    own = inventory[inventory["year"].isin(years)]
    by_fuel = calc_fuel_emissions(own, mining)
    shares = calc_shares(by_fuel)
    shared = {"model": INVENTORY, "outcome": OUTCOME, "estimator": INVENTORY}
    rows: list[dict[str, Any]] = []
    provinces = calc_province_emissions(own, mining)
    for year in years:
        by_province = provinces.T[year]
        n_reported = int(by_province.notna().sum())
        whole = {**shared, "year": year, "n_units": len(by_province)}
        rows.append({**whole, **value_row(TOTAL, float(by_fuel.T[year].sum(skipna=False)))})
        if n_reported < len(by_province):
            part = {**whole, "equation": REPORTED, "n_units": n_reported}
            rows.append({**part, **value_row(TOTAL, float(by_province.sum()))})
        for fuel, co2 in by_fuel.T[year].items():
            rows.append({**whole, **value_row(str(fuel), co2)})
        for fuel, share in shares.T[year].items():
            rows.append({**whole, **share_row(str(fuel), share)})
        for province, co2 in by_province.items():
            rows.append({**whole, "equation": str(province), **value_row(TOTAL, co2)})
    if recomputed is not None:
        rows += [{**shared, **row} for row in _recomputed_rows(recomputed, own, years)]
    return complete_rows(rows, key)


def _recomputed_rows(
    recomputed: pd.DataFrame, inventory: pd.DataFrame, years: tuple[int, ...]
) -> Rows:
    both = recomputed[recomputed["year"].isin(years)]
    for _, line in compare_emissions(both, inventory).iterrows():
        place = {"equation": ENERGY, "year": int(line["year"])}
        yield {**place, **value_row(str(line["fuel"]), line["computed"])}
        yield {**place, **ratio_row(str(line["fuel"]), line["ratio"])}


@dataclass(frozen=True, slots=True, eq=False)
class MadeRows:
    """Rows of a table of an input-output system.

    Attributes
    ----------
    frame : DataFrame, columns of estimates
        `spec` is the name of the system, `estimator` `input_output`.
    notes : tuple of str
        What could not be computed or was computed otherwise, as sentences.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def system_rows(
    table: SystemTable, system: StudiedSystem, section: EmbodiedSection, seed: int, key: TableKey
) -> MadeRows:
    """Rows of a table of an input-output system.

    Parameters
    ----------
    table : SystemTable
    system : StudiedSystem
    section : EmbodiedSection
    seed : int
        Of the study.
    key : TableKey

    Returns
    -------
    MadeRows
    """
    makers: dict[type[EmbodiedTable], Callable[..., Rows]] = {
        IntensityTable: _intensity_rows,
        SectorContributionsTable: _contribution_rows,
        FlowPathsTable: _flow_rows,
        StructuralPathsTable: _path_rows,
    }
    shared = {"outcome": OUTCOME, "spec": system.name, "estimator": ACCOUNTS}
    years = system.years(table.years)
    rows: list[dict[str, Any]] = []
    for year in years:
        own = {**shared, "year": year, "n_units": len(system.by_year[year].regions)}
        rows += [{**own, **row} for row in _basis_rows(system, year)]
    if isinstance(table, FlowDecompositionTable):
        rows += [{**shared, **row} for row in _decomposition_rows(system, years)]
        return MadeRows(complete_rows(rows, key))
    notes: list[str] = []
    for year in years:
        accounts = system.by_year[year]
        own = {**shared, "year": year, "n_units": len(accounts.regions)}
        if isinstance(table, FlowNetworkTable):
            flow = section.flow
            between = calc_flows(accounts, system.mining, flow).between
            flows, negative = without_negative_flows(between)
            own_seed = named_seed(seed, key.table, str(year))
            found = analyse_network(flows, _network_options(table, len(flows), own_seed))
            made = iter([*_network_rows(found, flow), *_negative_rows(between, flow)])
            notes += [f"{key.table} {year}: {note}" for note in (*negative, *found.notes)]
        else:
            made = makers[type(table)](table, accounts, system.mining, section)
        rows += [{**own, **row} for row in made]
    return MadeRows(complete_rows(rows, key), tuple(notes))


def _basis_rows(system: StudiedSystem, year: int) -> Rows:
    """Where the emissions of a year are, Mt, and what its table does with imports."""
    coverage = system.coverage[year]
    for term, co2 in coverage.sums().items():
        yield {"model": BASIS, **value_row(term, co2)}
    for region, co2 in coverage.imputed.items():
        yield {"model": BASIS, "equation": str(region), **value_row("imputed", co2)}
    treatment = system.by_year[year].import_treatment
    yield {"model": BASIS, "equation": IMPORTS, **value_row(treatment, 1.0)}


def _intensity_rows(
    _table: IntensityTable,
    system: EmbodiedSystem,
    mining: tuple[str, ...],
    section: EmbodiedSection,
) -> Rows:
    """Direct and embodied intensities of mining, who answers for its emissions, its flows."""
    by_region = calc_mining_accounts(system, mining, section.responsibility)
    for region, line in by_region.iterrows():
        equation = "" if region == TOTAL else str(region)
        numbers = line if region not in (EXPORTS, OTHER) else line[list(RESPONSIBILITY)]
        for term, value in numbers.items():
            yield {"model": "accounts", "equation": equation, **value_row(str(term), value)}


def calc_mining_accounts(
    system: EmbodiedSystem, mining: tuple[str, ...], beta: float
) -> pd.DataFrame:
    """Accounts of mining by region, of users that are no regions and, in the row `total`, of all.

    sum_r production^r = sum_u consumption^u = sum_u shared^u,   u: the regions, exports, other

    Returns
    -------
    DataFrame, index region
        With the rows `exports` and `other`, which have responsibility alone, where the table has
        such uses; `total` counts them, so that consumption adds up to the emissions.

        output (unit of money), direct_intensity = E_m / x_m and embodied_intensity =
        eps_m x_m / x_m (t CO2 per unit of money, missing without output), production,
        consumption and shared responsibility for the emissions of mining (Mt), embodied =
        eps_m x_m (Mt), out- and inflow of carbon with products of mining between regions, net
        and exports (Mt, whatever exports count as), sector_net to other sectors and abroad (Mt).

    Raises
    ------
    DataError
        If responsibility does not add up to the emissions, or net outflow between regions to zero.
    """
    mask = system.mask(mining)
    balance = calc_sector_balance(system, mining)
    output = pd.Series(system.by_region(mask * system.output), index=balance.index)
    frame = pd.DataFrame(
        {
            "output": output,
            "embodied": balance["embodied"],
            "upstream": balance["upstream_own"] + balance["upstream_others"],
            "outflow": balance["out"],
            "inflow": balance["in"],
            "net": balance["net"],
            "exports": balance["abroad"],
            "sector_net": calc_sector_net(system, mining),
        }
    )
    responsible = calc_responsibility(system, beta, mining)[list(RESPONSIBILITY)]
    idle = [name for name, uses in _other_uses(system).items() if not uses.any()]
    frame = frame.join(responsible.drop(index=idle), how="outer")
    frame = frame.reindex([user for user in system.users if user not in idle])
    frame.loc[TOTAL] = frame.sum()
    total = frame.loc[TOTAL]
    require_identity(
        "responsibility of all users is the emissions of the sectors",
        total[list(RESPONSIBILITY)].to_numpy(dtype=float),
        np.full(len(RESPONSIBILITY), balance["direct"].sum()),
        float(balance["direct"].sum()),
    )
    require_identity(
        "net outflow between regions adds up to zero",
        np.array([balance["net"].sum()]),
        np.zeros(1),
        float(balance["out"].sum()),
    )
    frame.loc[TOTAL, "net"] = 0.0
    in_tonnes = 1e6 / frame["output"].where(frame["output"] > 0)
    frame["direct_intensity"] = frame["production"] * in_tonnes
    frame["embodied_intensity"] = frame["embodied"] * in_tonnes
    return frame


def _contribution_rows(
    _table: SectorContributionsTable,
    system: EmbodiedSystem,
    mining: tuple[str, ...],
    _section: EmbodiedSection,
) -> Rows:
    """Sectors that the inputs of mining come from, and those that its products go to."""
    sides = {
        (UPSTREAM, UPSTREAM_ALL): calc_upstream(system, mining),
        (DOWNSTREAM, DOWNSTREAM_ALL): calc_downstream(system, mining),
    }
    for (model, with_mining), flows in sides.items():
        for sector, line in calc_sector_shares(flows, mining).iterrows():
            yield {"model": model, **value_row(str(sector), line["co2"])}
            yield {"model": with_mining, **share_row(str(sector), line["share"])}
            if pd.notna(line["share_of_others"]):
                yield {"model": model, **share_row(str(sector), line["share_of_others"])}
        for region in flows.columns:
            for sector, co2 in flows[region].items():
                yield {"model": model, "equation": str(region), **value_row(str(sector), co2)}


def _flow_rows(
    table: FlowPathsTable,
    system: EmbodiedSystem,
    mining: tuple[str, ...],
    _section: EmbodiedSection,
) -> Rows:
    """All flows between regions by each definition, and their sums by region."""
    for definition in table.flows:
        flows = calc_flows(system, mining, definition)
        for source, line in flows.flows.iterrows():
            for target, co2 in line.items():
                is_own = source == target
                term = str(source) if is_own else flow_term(str(source), str(target))
                own = {"equation": OWN} if is_own else {}
                yield {"model": definition, **own, **value_row(term, co2)}
        for user, uses in _other_uses(system).items():
            sent = flows.exports if user == EXPORTS else flows.other
            if not uses.any():
                continue
            for source, co2 in sent.items():
                term = flow_term(str(source), user)
                yield {"model": definition, "equation": user, **value_row(term, co2)}
        balance = flows.balance()
        for equation in (OUT, IN, NET):
            for region, co2 in balance[equation].items():
                yield {
                    "model": definition,
                    "equation": equation,
                    **value_row(str(region), co2),
                }


def _other_uses(system: EmbodiedSystem) -> dict[str, FloatArray]:
    """Uses of no region by their names, (n,) each."""
    return {EXPORTS: system.exports, OTHER: system.other}


def _network_options(table: FlowNetworkTable, n_regions: int, seed: int) -> NetworkOptions:
    """Choices of a table for a network of some regions."""
    return NetworkOptions(
        backbone=table.backbone,
        top_share=table.share,
        alpha=table.alpha,
        damping=table.damping,
        community_flows=table.community_flows,
        resolution=table.resolution,
        block_values=table.block_values,
        random_networks=table.random_graphs,
        n_key=min(table.key_regions, n_regions),
        seed=seed,
    )


def _network_rows(found: NetworkResults, flow: str) -> Rows:
    """Links and measures of the network of flows by the study's definition."""
    own = {"model": flow}
    for measure, value in found.whole.items():
        yield {**own, "equation": NETWORK, **value_row(str(measure), value)}
    for source, line in found.links.iterrows():
        for target in line.index[line]:
            yield {**own, "equation": LINK, **value_row(flow_term(str(source), str(target)), 1.0)}
    for measure in found.nodes.columns:
        for region, value in found.nodes[measure].items():
            yield {**own, "equation": str(measure), **value_row(str(region), value)}
    for region, community in found.communities.members.items():
        yield {**own, "equation": COMMUNITY, **value_row(str(region), community)}
    ranks = found.key.ranks
    for equation, name in ((KEY, "mean_rank"), (POSITION, POSITION), (IS_KEY, IS_KEY)):
        for region, value in ranks[name].items():
            yield {**own, "equation": equation, **value_row(str(region), value)}
    for region, block in found.blocks.members.items():
        yield {**own, "equation": BLOCK, **value_row(str(region), block)}
    for label, role in found.blocks.roles["role"].items():
        yield {**own, "equation": ROLE, **value_row(f"{label}|{role}", 1.0)}
    for equation, name in TIES.items():
        for start, line in getattr(found.blocks, name).iterrows():
            for end, value in line.items():
                yield {**own, "equation": equation, **value_row(f"{start}-{end}", value)}


def _negative_rows(flows: pd.DataFrame, flow: str) -> Rows:
    """How many flows are negative, which the network takes as zero, and their sum; if there are."""
    values = flows.to_numpy(dtype=float)
    negative = values[values < 0]
    if negative.size:
        for term, value in ((NEGATIVE_FLOWS, negative.size), (NEGATIVE_TOTAL, negative.sum())):
            yield {"model": flow, "equation": NETWORK, **value_row(term, value)}


def _path_rows(
    table: StructuralPathsTable,
    system: EmbodiedSystem,
    mining: tuple[str, ...],
    _section: EmbodiedSection,
) -> Rows:
    """Paths from emissions of mining to final products, and what each depth holds."""
    found = analyse_paths(system, threshold=table.threshold, max_depth=table.depth, emitters=mining)
    own = {"model": "paths"}
    yield {**own, "equation": "depth", **value_row(TOTAL, found.total)}
    for depth, line in found.depths.iterrows():
        yield {**own, "equation": "depth", **value_row(str(depth), line["co2"])}
        yield {**own, "equation": "depth", **share_row(str(depth), line["share"])}
        if depth != REMAINDER:
            yield {**own, "equation": "listed", **value_row(str(depth), line["n_paths"])}
            yield {**own, "equation": "listed", **share_row(str(depth), line["listed_share"])}
    for _, line in found.paths.iterrows():
        place = {**own, "equation": f"depth {line['depth']}"}
        yield {**place, **value_row(line["path"], line["co2"])}
        yield {**place, **share_row(line["path"], line["share"])}


def _decomposition_rows(system: StudiedSystem, years: tuple[int, ...]) -> Rows:
    """Change of the emissions of mining between years that follow each other, and first to last."""
    spans = list(pairwise(years))
    if len(spans) > 1:
        spans.append((years[0], years[-1]))
    for first, last in spans:
        found = decompose_change(system.by_year[first], system.by_year[last])
        own = {"model": f"{first}-{last}", "n_units": len(system.by_year[last].regions)}
        totals = found.totals(system.mining)
        for factor, line in totals.iterrows():
            yield {**own, **value_row(str(factor), line["effect"])}
            yield {**own, "equation": "polar", **value_row(f"{factor}:1", line["polar_1"])}
            yield {**own, "equation": "polar", **value_row(f"{factor}:2", line["polar_2"])}
        for region, line in found.by("region", system.mining).iterrows():
            for factor, effect in line.reindex(totals.index).items():
                yield {**own, "equation": str(region), **value_row(str(factor), effect)}


def records_of(
    systems: Mapping[str, StudiedSystem], section: EmbodiedSection
) -> list[dict[str, Any]]:
    """Records of the files of all systems with their years and formats, ready for JSON."""
    return [
        {
            **record.as_dict(),
            "system": name,
            "year": year,
            "format": section.systems[name].format,
        }
        for name, system in systems.items()
        for year, record in zip(system.by_year, system.records, strict=True)
    ]
