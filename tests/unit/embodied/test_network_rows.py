"""Rows of the table of a network: links, places and key regions, and the notes beside them."""

from __future__ import annotations

import pandas as pd
import pytest
from io_tables import random_emissions, random_table, studied

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.build import StudiedSystem
from yrb_carbon.embodied.flows import calc_flows
from yrb_carbon.embodied.network_measures import calc_mean_backbone
from yrb_carbon.embodied.rows import MadeRows, system_rows
from yrb_carbon.study.account_terms import flow_term
from yrb_carbon.study.embodied import EmbodiedSection, FlowNetworkTable, FlowPathsTable

MINING = ("S2",)
KEY = TableKey(study="tiny", table="B5", sample="")
SECTION = EmbodiedSection()
LABEL = {"en": "a", "zh": "b"}


@pytest.fixture(scope="module")
def system() -> StudiedSystem:
    by_year = {}
    for year in (2012, 2015):
        table = random_table(6, 3, seed=year, year=year)
        by_year[year] = build_system(table, random_emissions(table, seed=year))
    return studied("tiny", by_year, MINING)


@pytest.fixture(scope="module")
def made(system) -> MadeRows:
    table = FlowNetworkTable(
        kind="flow_network", title=LABEL, system="tiny", key_regions=2, random_graphs=5
    )
    return system_rows(table, system, SECTION, 7, KEY)


def of(made: MadeRows, equation: str, year: int) -> pd.Series:
    own = made.frame[made.frame["equation"].eq(equation) & made.frame["year"].eq(year)]
    assert set(own["model"]) == {"system"}
    return own.set_index("term")["estimate"]


@pytest.mark.parametrize("year", [2012, 2015])
def test_links_are_the_flows_above_the_mean(made, system, year):
    flows = calc_flows(system.by_year[year], MINING, "system").between.clip(lower=0)
    above = calc_mean_backbone(flows.to_numpy())
    wanted = {
        flow_term(sender, receiver)
        for sender, line in zip(flows.index, above, strict=True)
        for receiver, is_link in zip(flows.columns, line, strict=True)
        if is_link
    }
    found = of(made, "link", year)
    assert set(found.index) == wanted
    assert found.eq(1.0).all()
    assert of(made, "network", year)["n_links"] == len(wanted)


BLOCKS = {"network", "block", "role", "image", "density", "ties"}
CHOICES = [
    ("block_values", "flows", BLOCKS),
    ("community_flows", "backbone", {"network", "community"}),
    ("resolution", 20.0, {"network", "community"}),
    ("damping", 0.2, {"pagerank", "key", "position", "is_key"}),
    ("backbone", "none", None),
]
"""Key of the table, another value than its default, equations that it may change; None: any."""


@pytest.mark.parametrize(("key", "value", "touched"), CHOICES, ids=[one[0] for one in CHOICES])
def test_choices_of_a_table_reach_its_network(made, system, key, value, touched):
    table = FlowNetworkTable.model_validate(
        {"kind": "flow_network", "title": LABEL, "system": "tiny", "key_regions": 2,
         "random_graphs": 5, key: value}
    )  # fmt: skip
    other = system_rows(table, system, SECTION, 7, KEY).frame
    names = ["equation", "term", "year"]
    both = pd.concat(
        [frame.set_index(names)["estimate"] for frame in (made.frame, other)], axis=1
    ).fillna(-1.0)
    changed = set(both.index[both.iloc[:, 0] != both.iloc[:, 1]].get_level_values("equation"))
    assert changed
    assert touched is None or changed <= touched


@pytest.mark.parametrize("year", [2012, 2015])
def test_places_follow_mean_ranks_and_the_first_are_key(made, year):
    ranks, places, keys = (of(made, name, year) for name in ("key", "position", "is_key"))
    assert sorted(places) == [1, 2, 3, 4, 5, 6]
    ordered = sorted(ranks.index, key=lambda region: (ranks[region], region))
    assert [places[region] for region in ordered] == [1, 2, 3, 4, 5, 6]
    assert keys[ordered].tolist() == [1, 1, 0, 0, 0, 0]


def test_what_could_not_be_computed_is_noted_with_table_and_year(made):
    assert made.notes
    assert {note.split(": ")[0] for note in made.notes} <= {"B5 2012", "B5 2015"}
    assert any("Closeness is harmonic" in note for note in made.notes)


def test_negative_flows_count_as_zero_and_are_named(made, system):
    flows = calc_flows(system.by_year[2012], MINING, "system").between
    negative = flows.stack()
    (where,) = negative.index[negative < 0]
    (note,) = (note for note in made.notes if "negative" in note)
    size, others = negative[where], flows.clip(lower=0).to_numpy().sum()
    assert note == (
        f"B5 2012: 1 flows are negative, together {size:.3g}, {-size / others:.2%} of the others, "
        f"and count as zero: {where[0]} to {where[1]} ({size:.3g})."
    )
    whole = of(made, "network", 2012)
    assert (whole["negative_flows"], whole["negative_total"]) == (1, size)
    assert "negative_flows" not in of(made, "network", 2015)
    assert of(made, "network", 2012)["total_flow"] == pytest.approx(flows.clip(lower=0).sum().sum())


def test_other_tables_have_no_notes(system):
    table = FlowPathsTable(kind="flow_paths", title=LABEL, system="tiny")
    found = system_rows(table, system, SECTION, 7, KEY)
    assert found.notes == ()
    assert {"", "own", "net"} <= set(found.frame["equation"])
