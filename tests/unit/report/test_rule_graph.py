"""The picture of the rules: which lines it has, and that they pass beside the boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import CycleError

import pytest

from yrb_carbon.report.site.rule_graph import (
    boxes_of,
    ordered,
    reduced,
    routes_of,
    rule_graph,
)
from yrb_carbon.workflow.graph import edges_to

EDGES = [("a", "b"), ("b", "c"), ("a", "c"), ("a", "d"), ("c", "e"), ("d", "e"), ("a", "e")]


def test_lines_that_follow_from_others_are_left_out():
    assert reduced(EDGES) == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"a"}, "e": {"c", "d"}}


def test_a_long_line_has_a_place_in_every_layer_that_it_passes():
    routes, layers = routes_of(reduced(EDGES))
    long = next(route for route in routes if (route[0], route[-1]) == ("d", "e"))
    assert len(long) == 3
    assert [len(layer) for layer in layers] == [1, 2, 2, 1]
    boxes, width, height = boxes_of(ordered(routes, layers), reduced(EDGES))
    passage, box = boxes[long[1]], boxes["c"]
    assert passage.y == box.y
    assert abs(passage.x - box.x) > (passage.width + box.width) / 2
    assert all(box.width / 2 < box.x < width for box in boxes.values())
    assert all(0 < box.y < height for box in boxes.values())


def test_boxes_stand_above_those_that_use_what_they_make():
    before = reduced(EDGES)
    boxes, *_ = boxes_of(ordered(*routes_of(before)), before)
    assert all(boxes[one].y < boxes[name].y for name, own in before.items() for one in own)


def test_order_within_a_layer_leaves_no_crossing_that_it_could_avoid():
    edges = [("s", "p"), ("s", "q"), ("p", "z"), ("q", "y"), ("z", "end"), ("y", "end")]
    rows = ordered(*routes_of(reduced(edges)))
    assert rows[1:3] in ([["p", "q"], ["z", "y"]], [["q", "p"], ["y", "z"]])


def test_picture_has_every_rule_and_line_once_and_is_always_the_same():
    picture = rule_graph(EDGES, "what")
    assert sorted(re.findall(r"<text[^>]*>(\w+)</text>", picture)) == list("abcde")
    assert picture.count("<path") == 5
    assert 'aria-labelledby="what"' in picture
    assert picture == rule_graph(list(reversed(EDGES)), "what")


def test_a_circle_is_refused():
    with pytest.raises(CycleError):
        rule_graph([("a", "b"), ("b", "a")], "what")


@dataclass(frozen=True)
class Rule:
    name: str


@dataclass(frozen=True)
class Job:
    rule: Rule
    number: int


@dataclass(frozen=True)
class Plan:
    dependencies: dict[Job, list[Job]]

    @property
    def jobs(self) -> list[Job]:
        return list(self.dependencies)


def test_pairs_of_rules_are_those_that_lead_to_one_rule():
    made = [Job(Rule("make"), number) for number in range(3)]
    join, site, other = (Job(Rule(name), 0) for name in ("join", "site", "other"))
    last = Job(Rule("all"), 0)
    uses = {join: made, site: [join], other: made[:1], last: [site, other]}
    plan = Plan({job: uses.get(job, []) for job in (*made, join, site, other, last)})
    assert edges_to("site", plan) == [["join", "site"], ["make", "join"]]
    assert edges_to("make", plan) == []
