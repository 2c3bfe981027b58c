"""What is seen on the figures of embodied carbon, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.report.account_figures import community_names, fuel_bars, unit_of_flows
from yrb_carbon.report.canvas import three_digits
from yrb_carbon.report.embodied_figures import Flow, flows_between, largest_flows
from yrb_carbon.report.embodied_names import FLOWS, ROLES, AccountNames, account_names, named
from yrb_carbon.report.flow_rows import FlowSource, ShownFlows, shown_flows
from yrb_carbon.report.language import Words
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import FlowFigure, FlowKind, FuelFigure

MOST_TOLD = 5
"""Flows and regions that are told with their size."""


def flows_seen(figure: FlowFigure, study: Study, estimates: pd.DataFrame, words: Words) -> str:
    """What is seen on a figure of flows."""
    source, shown = FlowSource.of(figure, study), shown_flows(figure, study, estimates)
    table, names = flows_between(shown.flows), account_names(source.system, words)
    what = words(
        "{flow} between {n} regions in {year}, {unit}",
        flow=words(FLOWS[source.flow]), n=len(table), year=source.year,
        unit=unit_of_flows(source.system, words),
    )  # fmt: skip
    return _KINDS[figure.kind](figure, shown, table, names, what)


def _arrows(
    figure: FlowFigure, _shown: ShownFlows, table: pd.DataFrame, names: AccountNames, what: str
) -> str:
    words = names.words
    drawn = largest_flows(table, figure.shown, words)
    return words(
        "Map with arrows from senders to receivers, the wider the larger: {what}; the {n} largest, "
        "{share:.1%} of all, among them {flows}. Two colours tell the provinces that send more "
        "than they receive from those that receive more.",
        what=what, n=len(drawn), share=_share(drawn, table), flows=_told(drawn, names),
    )  # fmt: skip


def _chord(
    figure: FlowFigure, shown: ShownFlows, table: pd.DataFrame, names: AccountNames, what: str
) -> str:
    words = names.words
    strong = largest_flows(table, figure.shown, words)
    said = words(
        "Chord diagram: ribbons from the arc of the sender to that of the receiver: {what}; the "
        "{n} largest are strong, {share:.1%} of all, among them {flows}; the others are pale.",
        what=what, n=len(strong), share=_share(strong, table), flows=_told(strong, names),
    )  # fmt: skip
    return words.sentences([said, *_colours(shown, names)])


def _matrix(
    _figure: FlowFigure, shown: ShownFlows, table: pd.DataFrame, names: AccountNames, what: str
) -> str:
    words = names.words
    said = words(
        "Matrix of squares, senders in rows and receivers in columns, the darker the larger: "
        "{what}; the largest: {flows}.",
        what=what, flows=_told(largest_flows(table, MOST_TOLD, words), names),
    )  # fmt: skip
    if shown.blocks is None:
        return said
    members = [
        words(
            "{name}: {members}",
            name=words("block {block}, {role}", block=block,
                       role=named(ROLES, shown.roles.get(block, ""), words)),
            members=own,
        )
        for block, own in _members(shown.blocks, names)
    ]  # fmt: skip
    ordered = words("Lines part the blocks: {blocks}.", blocks=words.clauses(members))
    return words.sentences([said, ordered])


def _network(
    _figure: FlowFigure, shown: ShownFlows, table: pd.DataFrame, names: AccountNames, what: str
) -> str:
    words = names.words
    links = 0 if shown.links is None else int(shown.links.to_numpy().sum())
    strength = (table.sum(axis=1) + table.sum(axis=0)).sort_values(ascending=False, kind="stable")
    largest = words.listing(
        words("{name} {value}", name=names.region(str(region)), value=three_digits(float(size)))
        for region, size in strength.head(MOST_TOLD).items()
    )
    said = words(
        "Network on the map: {what}; {n} links as arrows, the wider the larger, and circles whose "
        "areas show what is sent and received; the largest: {regions}.",
        what=what, n=links, regions=largest,
    )  # fmt: skip
    return words.sentences([said, *_colours(shown, names)])


_KINDS: Mapping[
    FlowKind, Callable[[FlowFigure, ShownFlows, pd.DataFrame, AccountNames, str], str]
] = {"map": _arrows, "chord": _chord, "matrix": _matrix, "network": _network}


def _told(flows: Sequence[Flow], names: AccountNames) -> str:
    """The largest flows with their sizes."""
    return names.words.listing(
        names.words(
            "{name} {value}", name=names.flow(flow.sender, flow.receiver),
            value=three_digits(flow.size),
        )
        for flow in flows[:MOST_TOLD]
    )  # fmt: skip


def _share(flows: Sequence[Flow], table: pd.DataFrame) -> float:
    return sum(flow.size for flow in flows) / float(table.to_numpy().sum())


def _colours(shown: ShownFlows, names: AccountNames) -> Iterable[str]:
    """Which regions have the colour of which community."""
    if shown.communities is None:
        return
    words, named_by = names.words, community_names(shown, names.words)
    members = [
        words("{name}: {members}", name=named_by[number], members=own)
        for number, own in _members(shown.communities, names)
    ]
    yield words("Colours: {groups}.", groups=words.clauses(members))


def _members(groups: pd.Series[Any], names: AccountNames) -> list[tuple[int, str]]:
    """Groups with the names of their regions."""
    return [
        (int(group), names.words.listing(names.region(str(one)) for one in own.index))
        for group, own in groups.groupby(groups)
    ]


def fuels_seen(figure: FuelFigure, estimates: pd.DataFrame, words: Words) -> str:
    """What is seen on a figure of emissions by fuel."""
    bars = fuel_bars(figure, estimates, words)
    totals = bars.totals.dropna()
    last = totals.index[-1]
    sums = words.listing(
        words("{value} in {year}", value=three_digits(float(total)), year=year)
        for year, total in totals.items()
    )
    parts = words.listing(
        words("{name} {value}", name=fuel, value=f"{size / totals[last]:.1%}")
        for fuel, size in bars.values[last].items()
    )
    said = words(
        "Stacked bars of the emissions of mining in {unit}, one a year: {sums}. Parts from the "
        "bottom, with their shares in {year}: {parts}.",
        unit=bars.unit, sums=sums, year=last, parts=parts,
    )  # fmt: skip
    again = (
        [words("Diamonds: the sums from the energy inventories.")] if len(bars.recomputed) else []
    )
    return words.sentences([said, *again])
