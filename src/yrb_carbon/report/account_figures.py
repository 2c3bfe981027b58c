"""Figures made from tables of accounts: systems B, C and D.

Like the printed tables they are views of estimates.csv, nothing else; maps take outlines as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import NothingToShowError, Page, three_digits
from yrb_carbon.report.embodied_figures import (
    draw_chord_diagram,
    draw_flow_map,
    draw_flow_matrix,
    draw_network_map,
)
from yrb_carbon.report.embodied_names import (
    FUELS,
    ROLES,
    TOTAL,
    account_names,
    named,
)
from yrb_carbon.report.embodied_notes import backbone_text, flow_text
from yrb_carbon.report.figures import Commission, title_of, write_all
from yrb_carbon.report.flow_rows import FlowSource, ShownFlows, shown_flows
from yrb_carbon.report.fuel_figure import FuelBars, draw_fuels
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_embodied import RECOMPUTED, WHOLE, fuels_by_size
from yrb_carbon.report.province_figures import (
    ProvinceSources,
    province_commissions,
    province_ground,
)
from yrb_carbon.report.province_map import Atlas, MapOf, ProvinceMap
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import FlowNetworkTable, SystemSection
from yrb_carbon.study.figures import FlowFigure, FuelFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_account_figures(
    study: Study, estimates: pd.DataFrame, outlines: Boundaries | None, folder: str | Path
) -> dict[str, Any]:
    """Draw and write the figures of accounts.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    outlines : Boundaries or None
        Of the provinces; None where no figure is a map.
    folder : path

    Returns
    -------
    dict
        See `write_all`.
    """
    return write_all(study, account_commissions(study, estimates, outlines), folder)


def account_commissions(
    study: Study, estimates: pd.DataFrame, outlines: Boundaries | None
) -> Iterator[Commission]:
    """The figures of accounts."""
    figures, atlas = study.figures, Atlas()
    for name, flows in figures.flows.items():
        yield Commission(
            name, partial(flow_title, flows, study), figures.roomy_width_mm(flows),
            partial(draw_flows, flows, study, estimates, outlines, map_of=atlas.sheet),
        )  # fmt: skip
    for name, fuels in figures.mining.items():
        yield Commission(
            name, title_of(fuels), figures.width_mm(fuels),
            partial(draw_mining, fuels, study, estimates),
        )  # fmt: skip
    yield from province_commissions(ProvinceSources(study, estimates, outlines, atlas))


def flow_title(figure: FlowFigure, study: Study, words: Words) -> str:
    """Title of a figure of flows with its year."""
    year = FlowSource.of(figure, study).year
    return words("{title}, {year}", title=words.label(figure.title), year=year)


def draw_flows(
    figure: FlowFigure,
    study: Study,
    estimates: pd.DataFrame,
    outlines: Boundaries | None,
    *,
    title: str,
    page: Page,
    map_of: MapOf = ProvinceMap.of,
) -> Figure:
    """Draw one figure of flows.

    Raises
    ------
    NothingToShowError
        If nothing flows, or no flow is a link.
    DataError
        If estimates lack rows, or a map has no outlines.
    """
    words, source = page.words, FlowSource.of(figure, study)
    shown = shown_flows(figure, study, estimates)
    names = account_names(source.system, words)
    shared: dict[str, Any] = {
        "title": title,
        "page": page,
        "unit": unit_of_flows(source.system, words),
        "names": {str(region): names.region(str(region)) for region in shown.flows.index},
        "notes": _flow_notes(figure, study, shown, words),
    }
    if figure.kind == "matrix":
        return draw_flow_matrix(shown.flows, blocks=shown.blocks, **shared)
    communities: dict[str, Any] = {
        "groups": shown.communities,
        "group_names": community_names(shown, words),
    }
    if figure.kind == "chord":
        return draw_chord_diagram(shown.flows, top=figure.shown, **communities, **shared)
    ground = province_ground(study, outlines, f"kind {figure.kind!r}")
    shared["map_of"] = map_of
    if figure.kind == "map":
        return draw_flow_map(ground, shown.flows, top=figure.shown, **shared)
    if shown.links is None:
        raise DataError("a figure of kind 'network' needs a table of kind flow_network")
    return draw_network_map(ground, shown.flows, shown.links, **communities, **shared)


def unit_of_flows(system: SystemSection, words: Words) -> str:
    """Unit of the flows of a system; those of its own extension may be of anything."""
    if system.emissions == "own":
        return words("Mt of {name}", name=words.quoted(str(system.extension)))
    return words("Mt CO2")


def community_names(shown: ShownFlows, words: Words) -> dict[int, str]:
    """Names of the communities; none without a network."""
    if shown.communities is None:
        return {}
    return {int(n): words("Community {n}", n=int(n)) for n in sorted(set(shown.communities))}


def _flow_notes(figure: FlowFigure, study: Study, shown: ShownFlows, words: Words) -> list[str]:
    """Definition of the flows, the network, the tables with the numbers, cautions of the system."""
    source = FlowSource.of(figure, study)
    said = [words("{text}.", text=flow_text(source.flow, words))]
    tables = [figure.table]
    network = study.tables.get(figure.network or "")
    if isinstance(network, FlowNetworkTable):
        tables.append(str(figure.network))
        if figure.kind == "network":
            said.append(words("Links: {links}.", links=backbone_text(network, words)))
        if figure.kind == "matrix":
            said.append(role_text(shown, words))
    if shown.negative:
        said.append(
            words(
                "{n} negative flows, of stocks that fall, are left out: together {total} {unit}.",
                n=len(shown.negative), total=three_digits(sum(shown.negative)),
                unit=unit_of_flows(source.system, words),
            )
        )  # fmt: skip
    system = source.system
    name = source.table.system if system.label is None else words.label(system.label)
    said.append(words("{system}, {year}.", system=name, year=source.year))
    said.append(words("Table {table}.", table=words.listing(tables)))
    own = [*system.cautions, *([] if system.note is None else [system.note])]
    return [words.sentences(said), *map(words.label, own)]


def role_text(shown: ShownFlows, words: Words) -> str:
    """Roles of the blocks, in one sentence."""
    blocks = words.clauses(
        words("{block} {role}", block=block, role=named(ROLES, role, words))
        for block, role in sorted(shown.roles.items())
    )
    return words("Blocks by CONCOR: {blocks}.", blocks=blocks)


def draw_mining(
    figure: FuelFigure, study: Study, estimates: pd.DataFrame, *, title: str, page: Page
) -> Figure:
    """Draw emissions of mining by fuel and year; parameters as in `fuel_bars`."""
    words = page.words
    bars = fuel_bars(figure, estimates, words)
    n_units = estimates.loc[estimates["table"] == figure.table, "n_units"].dropna()
    notes = [
        words(
            "Burning of fuels in the mining sectors of the provincial inventories, summed over {n} "
            "provinces; above the bars: sums, in them: percent of the year. Table {table}.",
            n=words.listing(str(int(n)) for n in sorted(set(n_units))),
            table=figure.table,
        )
    ]
    return draw_fuels(bars, title=title, page=page, notes=notes)


def fuel_bars(figure: FuelFigure, estimates: pd.DataFrame, words: Words) -> FuelBars:
    """Emissions of the largest fuels and of all others together, by year.

    Parameters
    ----------
    figure : FuelFigure
    estimates : DataFrame
        The whole of estimates.csv.
    words : Words

    Raises
    ------
    NothingToShowError
        If no year has a sum over all provinces.
    DataError
        If there are no rows of the table.
    """
    rows = estimates[estimates["table"].eq(figure.table) & estimates["quantity"].eq("value")]
    if rows.empty:
        raise DataError(f"the estimates have no rows of table {figure.table!r}; run it again")
    whole = rows[rows["equation"] == WHOLE].pivot(index="term", columns="year", values="estimate")
    totals = whole.T[TOTAL].astype(float)
    if not (totals > 0).any():
        raise NothingToShowError(
            words("Table {table} has no year with emissions of all provinces.", table=figure.table)
        )
    ranked = fuels_by_size(rows)
    burnt = [fuel for fuel in ranked if (whole.loc[fuel] > 0).any()]
    # one fuel left over needs no name of its own for the rest
    shown = figure.fuels if len(burnt) > figure.fuels + 1 else len(burnt)
    values = whole.loc[burnt[:shown]].rename(index=lambda fuel: named(FUELS, fuel, words))
    rest = burnt[shown:]
    if rest:
        values.loc[words("{n} other fuels", n=len(rest))] = whole.loc[rest].sum(skipna=False)
    again = rows[rows["equation"].eq(RECOMPUTED) & rows["term"].eq(TOTAL)]
    return FuelBars(
        values=values,
        totals=totals,
        recomputed=again.set_index("year")["estimate"].dropna().sort_index().astype(float),
        has_rest=bool(rest),
        unit=words("Mt CO2"),
    )
