"""Verdicts on made-up estimates: each verdict, each reason, and what is refused."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from yrb_carbon.claims import (
    CLAIM_COLUMNS,
    LEVEL,
    Claims,
    Verdict,
    holm,
    id_faults,
    judge,
    read_claims,
    read_verdicts,
    write_claims,
)
from yrb_carbon.cli import app
from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.estimates import AT_BOUNDARY, estimates_frame
from yrb_carbon.report.layout_claims import layout_claims
from yrb_carbon.study.base import Label
from yrb_carbon.study.config import ClaimsSection, Study, semantic_faults

SIGN = {"table": "T5", "model": "sdm", "quantity": "direct", "term": "x"}
ORDER = {
    "kind": "order",
    "expected": "negative",
    "first": {
        "claim": "m1",
        "row": {"table": "T7", "quantity": "mediated_direct", "term": "m1"},
    },
    "others": [
        {
            "claim": m,
            "row": {"table": "T7", "quantity": "mediated_direct", "term": m},
            "difference": {"table": "T7", "quantity": "difference", "term": f"m1-{m}"},
            "note": {"en": f"Decided by {m}.", "zh": f"由{m}决定。"},
        }
        for m in ("m2", "m3")
    ],
}
TEST = {"table": "T10", "model": "reach", "quantity": "test", "term": "Wald|*|equal"}
GROUPS = {"table": "T10", "model": "reach", "quantity": "difference", "term": "direct:x:*"}
WHY = Label(en="Patents are provincial.", zh="专利为省级数据。")


def text(name):
    return {"en": f"{name} in English.", "zh": f"{name}（中文）。"}


def way(name, *intervals):
    return {"label": {"en": name, "zh": f"{name}（中）"}, "intervals": list(intervals)}


def claims_of(**claims):
    named = {
        name: {"finding": 1, "statement": text(name), **claim} for name, claim in claims.items()
    }
    return Claims.model_validate(
        {
            "source": text("source"),
            "robust": [
                way("serial", {"vcov": "serial", "inference": "mc"}, {"vcov": "serial"}),
                way("clustered", {"vcov": "clustered"}),
                way("wild", {"inference": "bootstrap_wild_unit"}),
            ],
            "classical": way("classical", {"vcov": "oim"}),
            "claims": named,
        }
    )


def row(lower, upper, *, vcov="serial", inference="delta", p_value=0.5, **parts):
    middle = (lower + upper) / 2.0
    return {
        "study": "s", "table": "T5", "model": "sdm", "outcome": "y", "sample": "main",
        "weights": "queen", "equation": "outcome", "quantity": "direct", "term": "x",
        "estimate": middle, "ci_lower": lower, "ci_upper": upper, "p_value": p_value,
        "vcov": vcov, "inference": inference, **parts,
    }  # fmt: skip


def path_row(quantity, term, lower, upper):
    return row(lower, upper, table="T7", model="joint", quantity=quantity, term=term)


def wild(made):
    """The same row by the wild bootstrap."""
    return {**made, "vcov": "", "inference": "bootstrap_wild_unit"}


def group(term, p_value, quantity="difference", **parts):
    return row(
        -1.0, 1.0, table="T10", model="reach", quantity=quantity, term=term, p_value=p_value,
        **parts,
    )  # fmt: skip


def verdict_of(claim, rows, **options):
    frame = judge(estimates_frame(rows), claims_of(own=claim), **options)
    assert len(frame) == 1
    return frame.iloc[0]


def verdict_of_order(rows, **options):
    paths = {
        m: {**sign("negative"), "row": {**ORDER["first"]["row"], "term": m}}
        for m in ("m1", "m2", "m3")
    }
    frame = judge(estimates_frame(rows), claims_of(own=ORDER, **paths), **options)
    return frame.set_index("id").loc["own"]


def sign(expected):
    return {"kind": "sign", "row": SIGN, "expected": expected}


@pytest.mark.parametrize(
    ("expected", "interval", "verdict"),
    [
        ("negative", (-2.0, -1.0), Verdict.SUPPORTED),
        ("negative", (1.0, 2.0), Verdict.CONTRADICTED),
        ("negative", (-2.0, 0.5), Verdict.NOT_DISTINGUISHABLE),
        ("negative", (-2.0, 0.0), Verdict.NOT_DISTINGUISHABLE),
        ("positive", (1.0, 2.0), Verdict.SUPPORTED),
        ("positive", (-2.0, -1.0), Verdict.CONTRADICTED),
        ("positive", (-0.5, 2.0), Verdict.NOT_DISTINGUISHABLE),
    ],
)
def test_sign_follows_the_interval(expected, interval, verdict):
    found = verdict_of(sign(expected), [row(*interval)])
    assert found["verdict"] == verdict
    assert (found["ci_lower"], found["ci_upper"]) == interval
    assert found["estimate"] == sum(interval) / 2.0
    assert (found["table"], found["model"], found["term"]) == ("T5", "sdm", "x")


def test_robust_interval_judges_and_the_classical_stands_beside_it():
    rows = [row(-1.5, 0.5), row(-0.9, -0.1, vcov="oim")]
    found = verdict_of(sign("negative"), rows)
    assert found["verdict"] == Verdict.NOT_DISTINGUISHABLE
    assert found["vcov"] == "serial"
    assert found["classical_verdict"] == Verdict.SUPPORTED
    assert (found["classical_ci_lower"], found["classical_vcov"]) == (-0.9, "oim")


def test_first_interval_of_a_way_counts():
    rows = [row(-1.0, 1.0, inference="delta"), row(1.0, 3.0, inference="mc")]
    found = verdict_of(sign("negative"), rows)
    assert (found["verdict"], found["inference"]) == (Verdict.CONTRADICTED, "mc")
    assert verdict_of(sign("negative"), rows[:1])["inference"] == "delta"
    alone = verdict_of(sign("negative"), [wild(row(-3.0, -1.0))])
    assert (alone["verdict"], alone["classical_verdict"]) == (Verdict.SUPPORTED, "")


IN, OUT, ACROSS = (-3.0, -1.0), (1.0, 3.0), (-2.0, 1.0)


@pytest.mark.parametrize(
    ("serial", "clustered", "bootstrap", "verdict"),
    [
        (IN, IN, IN, Verdict.SUPPORTED),
        (OUT, OUT, OUT, Verdict.CONTRADICTED),
        (ACROSS, IN, IN, Verdict.NOT_DISTINGUISHABLE),
        (IN, ACROSS, IN, Verdict.NOT_DISTINGUISHABLE),
        (IN, IN, ACROSS, Verdict.NOT_DISTINGUISHABLE),
        (OUT, OUT, ACROSS, Verdict.NOT_DISTINGUISHABLE),
        (IN, OUT, IN, Verdict.NOT_DISTINGUISHABLE),
        (ACROSS, ACROSS, ACROSS, Verdict.NOT_DISTINGUISHABLE),
    ],
)
def test_every_way_must_say_so(serial, clustered, bootstrap, verdict):
    rows = [row(*serial), row(*clustered, vcov="clustered"), wild(row(*bootstrap))]
    found = verdict_of(sign("negative"), rows)
    assert found["verdict"] == verdict
    alike = len({serial, clustered, bootstrap}) == 1
    assert (found["disagreement_en"] == "") is alike
    assert (found["disagreement_zh"] == "") is alike
    for name in ("serial: x", "clustered: x", "wild: x"):
        assert name in found["evidence"]


def test_ways_that_differ_are_named():
    rows = [row(*IN, p_value=0.024), row(*ACROSS, vcov="clustered", p_value=0.127),
            wild(row(*ACROSS, p_value=0.11))]  # fmt: skip
    found = verdict_of(sign("negative"), rows)
    assert found["disagreement_en"] == "supported by serial; not distinguishable by clustered, wild"
    assert found["disagreement_zh"] == "serial（中）：支持；clustered（中）、wild（中）：无法区分"
    assert "serial: x -2 [-3, -1] p 0.024. clustered: x -0.5 [-2, 1] p 0.127" in found["evidence"]


def test_widest_interval_is_shown_with_its_own_p_value():
    rows = [row(-3.0, -2.0, p_value=0.01), row(-3.0, -1.0, vcov="clustered", p_value=0.02)]
    found = verdict_of(sign("negative"), rows)
    assert (found["ci_upper"], found["vcov"], found["p_value"]) == (-1.0, "clustered", 0.02)
    # an interval that says otherwise is not shown beside the verdict, however wide
    rows = [row(-9.0, -1.0), row(-0.5, 0.5, vcov="clustered")]
    assert verdict_of(sign("negative"), rows)["vcov"] == "clustered"
    opposite = [row(-9.0, -1.0), row(1.0, 2.0, vcov="clustered")]
    assert verdict_of(sign("negative"), opposite)["vcov"] == "serial"


def test_way_without_numbers_leaves_nothing_to_judge():
    rows = [row(*IN), row(math.nan, math.nan, vcov="clustered")]
    found = verdict_of(sign("negative"), rows)
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert "without interval" in found["reason_en"]


def order_rows(first, *differences):
    own = {"m1": first, "m2": (-0.2, 0.1), "m3": (0.1, 0.3)}
    rows = [path_row("mediated_direct", m, *interval) for m, interval in own.items()]
    pairs = zip(("m1-m2", "m1-m3"), differences, strict=True)
    return [*rows, *(path_row("difference", term, *interval) for term, interval in pairs)]


@pytest.mark.parametrize(
    ("first", "intervals", "verdict", "term"),
    [
        (IN, ((0.1, 2.0), (0.2, 3.0)), Verdict.SUPPORTED, "m1-m2"),
        (IN, ((0.1, 2.0), (-0.2, 3.0)), Verdict.NOT_DISTINGUISHABLE, "m1-m3"),
        (IN, ((-0.1, 2.0), (0.2, 3.0)), Verdict.NOT_DISTINGUISHABLE, "m1-m2"),
        (IN, ((0.1, 2.0), (-3.0, -0.2)), Verdict.CONTRADICTED, "m1-m3"),
        (IN, ((-3.0, -0.2), (-9.0, 3.0)), Verdict.CONTRADICTED, "m1-m2"),
        (ACROSS, ((0.1, 2.0), (0.2, 3.0)), Verdict.NOT_DISTINGUISHABLE, "m1"),
        (OUT, ((0.1, 2.0), (0.2, 3.0)), Verdict.CONTRADICTED, "m1"),
        (ACROSS, ((0.1, 2.0), (-3.0, -0.2)), Verdict.CONTRADICTED, "m1-m3"),
    ],
)
def test_order_follows_its_weakest_part_and_the_sign_of_the_first(first, intervals, verdict, term):
    found = verdict_of_order(order_rows(first, *intervals))
    assert (found["verdict"], found["term"]) == (verdict, term)
    assert ("Decided by m3" in found["caveat_en"]) is (term == "m1-m3")
    assert ("Decided by m2" in found["caveat_en"]) is (term == "m1-m2")
    for shown in ("m1-m2 ", "m1-m3 ", "m1 ", "m2 -0.05 [-0.2, 0.1]", "m3 0.2 [0.1, 0.3]"):
        assert shown in found["evidence"]


def test_positive_first_path_can_be_asked_for():
    rows = order_rows(OUT, (0.1, 2.0), (0.2, 3.0))
    claims = claims_of(
        own={**ORDER, "expected": "positive"},
        **{m: {**sign("negative"), "row": ORDER["first"]["row"]} for m in ("m1", "m2", "m3")},
    )
    frame = judge(estimates_frame(rows), claims).set_index("id")
    assert frame.loc["own", "verdict"] == Verdict.SUPPORTED


def test_order_needs_every_difference():
    rows = order_rows(IN, (1.0, 2.0), (1.0, 2.0))
    found = verdict_of_order([one for one in rows if one["term"] != "m1-m3"])
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert "m1-m3" in found["reason_en"]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        (((9.0, 9.5), (0.2, 3.0)), Verdict.NOT_TESTABLE),
        (((-9.5, -9.0), (0.2, 3.0)), Verdict.NOT_TESTABLE),
        (((-9.5, -9.0), (-0.2, 3.0)), Verdict.NOT_DISTINGUISHABLE),
        (((9.0, 9.5), (-3.0, -0.2)), Verdict.CONTRADICTED),
    ],
)
def test_paths_that_are_declared_not_testable_are_not_compared(differences, verdict):
    found = verdict_of_order(order_rows(IN, *differences), not_testable={"m2": WHY})
    assert found["verdict"] == verdict
    said = found["reason_en"] if verdict is Verdict.NOT_TESTABLE else found["caveat_en"]
    assert "m2 is not compared: Patents are provincial" in said
    assert "m1-m2" not in found["evidence"]


def test_order_without_its_first_path_or_without_any_other_is_not_testable():
    rows = order_rows(IN, (0.1, 2.0), (0.2, 3.0))
    assert verdict_of_order(rows, not_testable={"m1": WHY})["reason_en"] == WHY.en
    found = verdict_of_order(rows, not_testable={"m2": WHY, "m3": WHY})
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert "m3 is not compared" in found["reason_en"]


def test_order_compares_paths_that_are_claims():
    with pytest.raises(ValidationError, match="compares 'm1', which is no claim about a sign"):
        claims_of(own=ORDER)


def test_rows_of_one_claim_are_judged_by_one_kind_of_interval():
    rows = order_rows(IN, (0.1, 2.0), (0.2, 3.0))
    mixed = [{**one, "inference": "mc"} if one["term"] == "m1-m2" else one for one in rows]
    with pytest.raises(DataError, match="no interval of one kind in common"):
        verdict_of_order(mixed)
    part = [*rows, *(wild(one) for one in rows if one["term"] != "m1-m3")]
    with pytest.raises(DataError, match=r"judged by wild.*none"):
        verdict_of_order(part)
    whole = [*rows, *map(wild, rows)]
    assert verdict_of_order(whole)["verdict"] == Verdict.SUPPORTED


def test_optional_claim_is_left_out_where_its_table_is_not_there():
    claims = claims_of(own=sign("negative"), other={**sign("negative"), "optional": True,
                       "row": {**SIGN, "table": "T5_other"}})  # fmt: skip
    rows = [row(*IN)]
    assert list(judge(estimates_frame(rows), claims)["id"]) == ["own"]
    rows.append(row(*IN, table="T5_other", term="z"))
    found = judge(estimates_frame(rows), claims).set_index("id")
    assert found.loc["other", "verdict"] == Verdict.NOT_TESTABLE


@pytest.mark.parametrize(
    ("joint", "verdict"), [(0.049, Verdict.SUPPORTED), (0.051, Verdict.NOT_DISTINGUISHABLE)]
)
def test_joint_test_decides_on_groups_whatever_the_pairs_say(joint, verdict):
    other = 1e-9 if verdict == Verdict.NOT_DISTINGUISHABLE else 0.9
    rows = [
        group("Wald|full|equal", joint, quantity="test", statistic=7.0, df=2),
        group("direct:x:up-mid", other),
        group("direct:x:up-down", 0.9),
    ]
    found = verdict_of({"kind": "difference", "tests": [TEST], "differences": [GROUPS]}, rows)
    assert (found["verdict"], found["quantity"]) == (verdict, "test")
    assert (found["statistic"], found["df"], found["p_value"]) == (7.0, 2.0, joint)
    assert "direct:x:up-mid" in found["evidence"]
    assert "Holm" in found["evidence"]
    assert "（Holm" in found["evidence_zh"]
    assert not any(mark in found["evidence_zh"] for mark in ("; ", " (", ". "))


def test_pairs_are_corrected_for_their_number():
    claim = {"kind": "difference", "differences": [GROUPS]}
    terms = [f"direct:x:{pair}" for pair in ("up-mid", "up-down", "mid-down")]
    weak = [group(term, p) for term, p in zip(terms, (0.02, 0.3, 0.4), strict=True)]
    assert verdict_of(claim, weak)["verdict"] == Verdict.NOT_DISTINGUISHABLE
    strong = [group(term, p) for term, p in zip(terms, (0.4, 0.016, 0.3), strict=True)]
    found = verdict_of(claim, strong)
    assert (found["verdict"], found["term"]) == (Verdict.SUPPORTED, "direct:x:up-down")
    assert verdict_of(claim, strong, level=0.01)["verdict"] == Verdict.NOT_DISTINGUISHABLE


def test_joint_tests_of_every_way_must_reject():
    claim = {"kind": "difference", "tests": [TEST], "differences": [GROUPS]}
    rows = [
        group("Wald|full|equal", 0.01, quantity="test", estimate=9.0),
        group("Wald|full|equal", 0.2, quantity="test", vcov="clustered", estimate=3.0),
        group("direct:x:up-mid", 0.01),
        group("direct:x:up-mid", 0.3, vcov="clustered"),
    ]
    for made in rows[:2]:
        made["ci_lower"] = made["ci_upper"] = math.nan
    found = verdict_of(claim, rows)
    assert (found["verdict"], found["p_value"]) == (Verdict.NOT_DISTINGUISHABLE, 0.2)
    assert found["disagreement_en"] == "supported by serial; not distinguishable by clustered"
    both = [*rows[:1], {**rows[1], "p_value": 0.04}, *rows[2:]]
    found = verdict_of(claim, both)
    assert (found["verdict"], found["p_value"]) == (Verdict.SUPPORTED, 0.04)


def test_p_value_shown_is_the_corrected_one_that_was_used():
    terms = [f"direct:x:{pair}" for pair in ("up-mid", "up-down", "mid-down")]
    rows = [group(term, p) for term, p in zip(terms, (0.01, 0.3, 0.4), strict=True)]
    found = verdict_of({"kind": "difference", "differences": [GROUPS]}, rows)
    assert found["p_value"] == pytest.approx(0.03)


def test_several_joint_tests_are_corrected_for_their_number():
    other = {**TEST, "term": "LR|*|equal"}
    rows = [
        group("Wald|full|equal", 0.04, quantity="test"),
        group("LR|full|equal", 0.3, quantity="test"),
    ]
    claim = {"kind": "difference", "tests": [TEST, other]}
    assert verdict_of(claim, rows)["verdict"] == Verdict.NOT_DISTINGUISHABLE
    assert verdict_of({**claim, "tests": [TEST]}, rows)["verdict"] == Verdict.SUPPORTED


def test_groups_without_the_joint_test_are_not_testable():
    claim = {"kind": "difference", "tests": [TEST], "differences": [GROUPS]}
    found = verdict_of(claim, [group("direct:x:up-mid", 1e-9)])
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert "Wald" in found["reason_en"]


def test_holm_corrects_step_by_step():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row(-2, -1, table="T4")], "no table T5"),
        ([row(-2, -1, term="z")], "no row of T5: model 'sdm', quantity 'direct', term 'x'"),
        ([row(-2, -1, vcov="hessian")], "no interval of the kind that is wanted (there: hessian"),
        ([row(math.nan, math.nan)], "without interval"),
        (
            [row(-2, -1, term="z"), row(1, 1, quantity="value", term=AT_BOUNDARY)],
            "model sdm of T5: the likelihood peaks at the edge",
        ),
        (
            [row(-2, -1, term="z"), row(1, 1, model="sar", quantity="value", term=AT_BOUNDARY)],
            "no row of T5",
        ),
    ],
)
def test_what_cannot_be_tested_says_why(rows, told):
    found = verdict_of(sign("negative"), rows)
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert told in found["reason_en"]
    assert found["reason_zh"]
    assert found["classical_verdict"] == ""
    assert np.isnan(found["estimate"])


def test_tests_without_p_value_cannot_be_judged():
    rows = [group("Wald|full|equal", math.nan, quantity="test")]
    found = verdict_of({"kind": "difference", "tests": [TEST]}, rows)
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert "p-value" in found["reason_en"]


def test_study_declares_what_its_data_cannot_say():
    found = verdict_of(sign("negative"), [row(-2, -1)], not_testable={"own": WHY})
    assert found["verdict"] == Verdict.NOT_TESTABLE
    assert (found["reason_en"], found["reason_zh"]) == (WHY.en, WHY.zh)
    assert found["classical_verdict"] == ""
    remarked = verdict_of(sign("negative"), [row(-2, -1)], caveats={"own": WHY})
    assert (remarked["verdict"], remarked["caveat_en"]) == (Verdict.SUPPORTED, WHY.en)


@pytest.mark.parametrize("option", ["not_testable", "caveats"])
def test_unknown_ids_are_refused(option):
    with pytest.raises(StudyError, match=rf"claims.{option}.owm.*did you mean 'own'"):
        verdict_of(sign("negative"), [row(-2, -1)], **{option: {"owm": WHY}})


def test_rows_that_are_not_the_only_ones_are_refused():
    rows = [row(-2, -1), row(-2, -1, weights="knn4")]
    with pytest.raises(DataError, match=r"claim 'own': 2 rows .* weights: knn4, queen; name one"):
        verdict_of(sign("negative"), rows)
    named = {**sign("negative"), "row": {**SIGN, "weights": "queen"}}
    assert verdict_of(named, rows)["verdict"] == Verdict.SUPPORTED
    doubled = [group("direct:x:up-mid", 0.1), group("direct:x:up-mid", 0.1, spec="subset")]
    with pytest.raises(DataError, match="differ in spec"):
        verdict_of({"kind": "difference", "differences": [GROUPS]}, doubled)


def test_star_in_a_selector_of_one_row_must_match_one():
    rows = [
        group("Wald|full|equal", 0.1, quantity="test"),
        group("Wald|subset|equal", 0.1, quantity="test"),
    ]
    with pytest.raises(DataError, match="differ in term"):
        verdict_of({"kind": "difference", "tests": [TEST]}, rows)


def test_characters_of_patterns_in_a_term_stand_for_themselves():
    claim = {**sign("negative"), "row": {**SIGN, "term": "x[up].y"}}
    found = verdict_of(claim, [row(-2, -1, term="x[up].y"), row(1, 2, term="xu.y")])
    assert found["verdict"] == Verdict.SUPPORTED


def test_claim_of_difference_without_rows_to_weigh_is_refused():
    with pytest.raises(DataError, match="neither tests nor differences"):
        verdict_of({"kind": "difference"}, [row(-2, -1)])


def test_estimates_of_several_studies_are_refused():
    with pytest.raises(DataError, match="several studies \\(s, t\\)"):
        verdict_of(sign("negative"), [row(-2, -1), row(-2, -1, study="t")])


CLAIMS_FILE = """\
source: {en: A source, zh: 来源}
robust: [{label: {en: a, zh: 甲}, intervals: [{vcov: serial}]}]
classical: {label: {en: b, zh: 乙}, intervals: [{vcov: oim}]}
claims:
  own:
    finding: 1
    statement: {en: It falls., zh: 下降。}
    kind: sign
    row: {table: T5, model: sdm, quantity: direct, term: x}
    expected: negative
"""


@pytest.fixture
def claims_file(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIMS_FILE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("expected: negative", "expected: down", "claims.yaml:10:15: claims.own.expected"),
        ("quantity: direct", "quantity: dirct", "claims.yaml:9:44: claims.own.row.quantity"),
        ("kind: sign", "kind: sgin", "claims.yaml:8:11: claims.own.kind: "),
        ("    finding: 1\n", "", "claims.own.finding: the key is missing"),
        ("finding: 1", "findign: 1", "claims.yaml:6:5: claims.own.findign: unknown key"),
        ("  own:", "  own balance:", "claims.yaml:5:3: claims.'own balance': "),
        ("finding: 1", "finding: [", "not valid YAML"),
        ("    kind: sign", "    kind: sign\n    kind: sign", "the key stands twice"),
    ],
)
def test_faults_of_the_file_have_a_line_and_a_column(claims_file, old, new, told):
    broken = CLAIMS_FILE.replace(old, new)
    assert broken != CLAIMS_FILE
    claims_file.write_text(broken, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_claims(claims_file)
    assert told in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"none.yaml: no such file"):
        read_claims(tmp_path / "none.yaml")


def test_shipped_claims_are_read_and_the_studies_declare_known_ids(repository):
    claims = read_claims(repository / "data" / "claims.yaml")
    of_the_first = [claim for claim in claims.claims.values() if claim.source is None]
    assert {claim.finding for claim in of_the_first} == {1, 2, 3}
    assert {claim.kind for claim in of_the_first} == {"sign", "order", "difference"}
    assert list(id_faults(claims, {"own_balance": WHY}, {"path_m2": WHY})) == []


def test_verdicts_come_back_to_the_last_bit(tmp_path):
    rows = [row(-1.0 / 3.0, -0.1), row(-0.2, -0.1, vcov="oim")]
    claims = claims_of(
        own=sign("negative"), other={**sign("negative"), "row": {**SIGN, "term": "z"}}
    )
    frame = judge(estimates_frame(rows), claims)
    write_claims(frame, tmp_path / "claims.csv")
    again = read_verdicts(tmp_path / "claims.csv")
    assert list(again) == list(CLAIM_COLUMNS)
    pd.testing.assert_frame_equal(again, frame, check_exact=True)


def test_other_files_are_no_verdicts(tmp_path):
    with pytest.raises(DataError, match="no such file; run the study first"):
        read_verdicts(tmp_path / "claims.csv")
    (tmp_path / "claims.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="not a file of verdicts"):
        read_verdicts(tmp_path / "claims.csv")


def study(**sections):
    return Study.model_validate(
        {
            "study": {"name": "s", "title": text("title"), "synthetic": True},
            "data_root": ".",
            "sources": {},
            "weights": {"queen": {}},
            "variables": {"x": {"index": "raw", "column": "pop"}},
            "tables": {},
            **sections,
        }
    )


def test_printed_table_shows_verdicts_reasons_and_caveats():
    claims = claims_of(
        own=sign("negative"), other={**sign("negative"), "row": {**SIGN, "term": "z"}}
    )
    spec = study(claims={})
    frame = judge(estimates_frame([row(-0.25, -0.125)]), claims, caveats={"own": WHY})
    table = layout_claims(frame, claims, spec)
    first, second = table.body.to_dict("records")
    assert first["Interval"] == "[-0.2500, -0.1250]"
    assert first["Estimate"] == "-0.1875"
    assert (first["Verdict"], second["Verdict"]) == (Verdict.SUPPORTED, Verdict.NOT_TESTABLE)
    assert (second["Estimate"], second["Interval"]) == ("", "")
    notes = " ".join(table.notes)
    assert "Findings judged: 1, each at 5 %" in notes
    assert "Not testable: other: no row of T5" in notes
    assert f"own: {WHY.en}" in notes
    assert "synthetic" in table.notes[-1].lower()
    assert f"tests of equality: {LEVEL:g}." in notes


def test_printed_verdicts_follow_the_printing_of_the_study():
    claims = claims_of(own=sign("negative"))
    spec = study(claims={}, report={"printing": {"decimals": 2, "notes": False}})
    frame = judge(estimates_frame([row(-0.25, -0.125)]), claims, caveats={"own": WHY})
    table = layout_claims(frame, claims, spec)
    (own,) = table.body.to_dict("records")
    assert (own["Estimate"], own["Interval"]) == ("-0.19", "[-0.25, -0.12]")
    (caution,) = table.notes
    assert "synthetic" in caution.lower()


def test_table_of_the_verdicts_name_is_refused():
    tables = {"claims": {"kind": "descriptives", "title": text("t"), "variables": ["x"]}}
    faults = list(semantic_faults(study(tables=tables, claims={})))
    assert [path for path, _ in faults] == [("tables", "claims")]
    assert not list(semantic_faults(study(tables=tables)))


def test_command_prints_the_verdicts(tmp_path):
    frame = judge(estimates_frame([row(-0.25, -0.125)]), claims_of(own=sign("negative")))
    write_claims(frame, tmp_path / "claims.csv")
    english = CliRunner().invoke(app, ["claims", str(tmp_path)], env={"COLUMNS": "200"})
    assert english.exit_code == 0
    assert "own in English." in english.output
    assert "supported" in english.output
    chinese = CliRunner().invoke(app, ["claims", str(tmp_path), "--zh"], env={"COLUMNS": "200"})
    assert "支持" in chinese.output
    missing = CliRunner().invoke(app, ["claims", str(tmp_path / "none")])
    assert missing.exit_code == 2
    assert "run the study first" in missing.output


def test_examples_of_the_page_are_valid(repository):
    page = (repository / "docs" / "howto" / "claims.md").read_text(encoding="utf-8")
    own, declared = (
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.S)
    )
    (claim,) = claims_of(**own["claims"]).claims.values()
    assert claim.kind == "sign"
    section = ClaimsSection.model_validate(declared["claims"])
    shipped = read_claims(repository / section.file)
    assert list(id_faults(shipped, section.not_testable, section.caveats)) == []
    for verdict in Verdict:
        assert f"*{verdict.value}*" in page


def test_section_of_the_config_has_the_default_level():
    assert ClaimsSection().level == LEVEL
