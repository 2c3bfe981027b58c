"""Verdicts on accounts: exact numbers, judged year by year and definition by definition."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from yrb_carbon.claims import (
    ACCOUNT_KINDS,
    Claims,
    Verdict,
    judge,
    read_claims,
    read_verdicts,
    rounds_to,
    write_claims,
)
from yrb_carbon.cli import app
from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.estimates import Quantity, estimates_frame
from yrb_carbon.study.base import Label

SUPPORTED, CONTRADICTED, OPEN, UNTESTED = Verdict
WHY = Label(en="The tables are generated.", zh="表格为生成数据。")
ROW = {"table": "B1", "quantity": "value", "term": "*"}


def text(name):
    return {"en": f"{name}.", "zh": f"{name}。"}


def way(name):
    return {"label": text(name), "intervals": [{"vcov": name}]}


def claims_of(sources=("later",), **claims):
    named = {
        name: {"finding": 1, "statement": text(name), **claim} for name, claim in claims.items()
    }
    return Claims.model_validate(
        {
            "source": text("The first"),
            "sources": {name: text(name) for name in sources},
            "robust": [way("serial")],
            "classical": way("oim"),
            "claims": named,
        }
    )


def rows_of(values, model="m", **parts):
    """Rows of `{(term, year): number}`."""
    return [
        {"study": "s", "table": "B1", "model": model, "outcome": "co2", "quantity": "value",
         "term": term, "year": year, "estimate": number, **parts}
        for (term, year), number in values.items()
    ]  # fmt: skip


def of_year(numbers, year=2012, **parts):
    return rows_of({(term, year): number for term, number in numbers.items()}, **parts)


def verdict_of(claim, rows, **options):
    frame = judge(estimates_frame(rows), claims_of(own=claim), **options)
    return frame.iloc[0]


def trend(expected="falls", **parts):
    return {"kind": "trend", "row": {**ROW, "term": "total"}, "expected": expected, **parts}


def rank(*first, **parts):
    return {"kind": "rank", "row": ROW, "first": list(first), **parts}


def sign(expected="positive", **parts):
    return {"kind": "account_sign", "row": ROW, "expected": expected, **parts}


def members(*names, top=2, overlap=2, **parts):
    return {"kind": "members", "row": ROW, "members": list(names), "top": top,
            "overlap": overlap, **parts}  # fmt: skip


def printed(number, **parts):
    return {"kind": "printed", "row": {**ROW, "term": "a-b"}, "printed": number, **parts}


def series(*numbers, years=(2012, 2015, 2017), term="total", **parts):
    return rows_of({(term, year): n for year, n in zip(years, numbers, strict=False)}, **parts)


@pytest.mark.parametrize(
    ("numbers", "falls", "rises"),
    [
        ((389.0, 349.9, 319.8), SUPPORTED, CONTRADICTED),
        ((1.0, 2.0, 3.0), CONTRADICTED, SUPPORTED),
        ((3.0, 1.0, 2.0), OPEN, OPEN),
        ((3.0, 3.0, 2.0), OPEN, OPEN),
        ((3.0, 3.0), OPEN, OPEN),
        ((3.0, 2.0), SUPPORTED, CONTRADICTED),
        ((-1.0, -2.0, -2.5), SUPPORTED, CONTRADICTED),
    ],
)
def test_trend_is_judged_step_by_step(numbers, falls, rises):
    rows = series(*numbers)
    assert verdict_of(trend(), rows)["verdict"] == falls
    assert verdict_of(trend("rises"), rows)["verdict"] == rises


def test_trend_names_its_years_whatever_their_order():
    found = verdict_of(trend(), series(319.8, 389.0, 349.9, years=(2017, 2012, 2015)))
    assert found["verdict"] == SUPPORTED
    assert found["evidence"] == "2012-2015: total 389 > 349.9. 2015-2017: total 349.9 > 319.8"
    assert found["evidence_zh"] == "2012-2015：total 389 > 349.9。2015-2017：total 349.9 > 319.8"
    assert (found["year"], found["estimate"], found["expected"]) == ("2015", 349.9, "falls")


def test_steps_that_differ_are_told():
    found = verdict_of(trend(), series(3.0, 1.0, 2.0))
    assert found["disagreement_en"] == "supported in 2012-2015; contradicted in 2015-2017"
    assert found["disagreement_zh"] == "2012-2015：支持；2015-2017：相反"


@pytest.mark.parametrize(
    ("estimates", "p_values", "level", "verdict"),
    [
        ((0.3, 0.4), (0.01, 0.05), 0.05, SUPPORTED),
        ((0.3, 0.4), (0.01, 0.06), 0.05, OPEN),
        ((0.3, 0.4), (0.01, 0.06), 0.1, SUPPORTED),
        ((0.3, 0.4), (0.01, 0.9), None, SUPPORTED),
        ((0.3, -0.4), (0.01, 0.9), 0.05, OPEN),
        ((0.3, -0.4), (0.9, 0.01), 0.05, CONTRADICTED),
        ((-0.3, -0.4), (0.9, 0.9), 0.05, OPEN),
    ],
)
def test_signs_with_a_level_count_where_they_are_significant(estimates, p_values, level, verdict):
    rows = of_year(dict(zip(("a", "b"), estimates, strict=True)))
    for row, p_value in zip(rows, p_values, strict=True):
        row["p_value"] = p_value
    found = verdict_of(sign(level=level), rows)
    assert found["verdict"] == verdict
    if level is not None:
        assert found["p_value"] in p_values
        assert all(f"(p {p_value:g})" in found["evidence"] for p_value in p_values)


def test_the_row_without_significance_decides_before_a_smaller_number():
    rows = of_year({"a": 0.1, "b": 0.4})
    for row, p_value in zip(rows, (0.01, 0.3), strict=True):
        row["p_value"] = p_value
    found = verdict_of(sign(level=0.05), rows)
    assert (found["term"], found["p_value"]) == ("b", 0.3)


def test_a_level_without_a_p_value_is_not_testable():
    found = verdict_of(sign(level=0.05), of_year({"a": 1.0}))
    assert found["verdict"] == UNTESTED
    assert "no p-value for a" in found["reason_en"]


def test_rows_that_differ_in_inference_alone_are_told_apart():
    rows = [
        {**row, "inference": inference, "p_value": p_value}
        for inference, p_value in (("permutation", 0.01), ("permutation_fdr", 0.2))
        for row in of_year({"a": 0.3})
    ]
    with pytest.raises(DataError, match="inference"):
        verdict_of(sign(level=0.05), rows)
    for inference, verdict in (("permutation", SUPPORTED), ("permutation_fdr", OPEN)):
        own = {"row": {**ROW, "inference": inference}}
        assert verdict_of(sign(level=0.05) | own, rows)["verdict"] == verdict


def test_trend_of_some_years_alone_and_those_that_are_missing():
    rows = series(9.0, 3.0, 5.0, 2.0, years=(2011, 2012, 2013, 2015))
    found = verdict_of(trend(years=[2012, 2015, 2017]), rows)
    assert (found["verdict"], found["caveat_en"]) == (SUPPORTED, "No rows: 2017.")
    assert found["caveat_zh"] == "没有对应的行：2017。"
    assert verdict_of(trend(), rows)["verdict"] == OPEN
    one = verdict_of(trend(years=[2012, 2017]), rows)
    assert one["verdict"] == UNTESTED
    assert one["reason_en"] == "a trend needs two years at least; rows of B1: 2012"
    assert "2012" in one["reason_zh"]


def test_each_model_has_its_own_trend():
    rows = [*series(3.0, 2.0, model="a"), *series(2.0, 3.0, model="b")]
    found = verdict_of(trend(), rows)
    assert found["verdict"] == OPEN
    told = "supported in 2012-2015 (a); contradicted in 2012-2015 (b)"
    assert found["disagreement_en"] == told
    assert verdict_of(trend(models=["a"]), rows)["verdict"] == SUPPORTED


FUELS = {"coal": 5.0, "oil": 3.0, "gas": 1.0, "total": 9.0}


@pytest.mark.parametrize(
    ("first", "numbers", "verdict"),
    [
        (("coal",), FUELS, SUPPORTED),
        (("coal", "oil"), FUELS, SUPPORTED),
        (("coal", "oil", "gas"), FUELS, SUPPORTED),
        (("oil",), FUELS, CONTRADICTED),
        (("oil", "coal"), FUELS, CONTRADICTED),
        (("coal", "gas"), FUELS, CONTRADICTED),
        (("coal",), {**FUELS, "oil": 5.0}, OPEN),
        (("coal", "oil"), {**FUELS, "oil": 5.0}, OPEN),
        (("coal", "oil"), {**FUELS, "gas": 3.0}, OPEN),
        (("oil",), {**FUELS, "gas": 3.0}, CONTRADICTED),
        (("coal",), {"coal": 5.0}, SUPPORTED),
    ],
)
def test_rank_is_strict(first, numbers, verdict):
    found = verdict_of(rank(*first, excluded=["total"]), of_year(numbers))
    assert found["verdict"] == verdict
    assert (found["term"], found["estimate"]) == (first[0], numbers[first[0]])


def test_rank_shows_who_comes_first_and_where_the_named_ones_stand():
    found = verdict_of(rank("gas", excluded=["tot*"]), of_year({**FUELS, "peat": 3.0}))
    assert found["verdict"] == CONTRADICTED
    assert found["evidence"] == "2012: coal 5 (1); oil 3 (2); gas 1 (4)"
    assert found["evidence_zh"] == "2012：coal 5（1）；oil 3（2）；gas 1（4）"
    assert found["expected"] == "gas, first of all"


def test_smallest_can_come_first():
    found = verdict_of(rank("gas", "oil", order="smallest"), of_year(FUELS))
    assert (found["verdict"], found["expected"]) == (SUPPORTED, "gas < oil, first of all")
    assert found["evidence"] == "2012: gas 1 (1); oil 3 (2); coal 5 (3)"
    assert verdict_of(rank("gas", "coal", order="smallest"), of_year(FUELS))["verdict"] == (
        CONTRADICTED
    )


@pytest.mark.parametrize(
    ("later", "everywhere", "last"),
    [
        (FUELS, SUPPORTED, SUPPORTED),
        ({**FUELS, "oil": 6.0}, OPEN, CONTRADICTED),
        ({**FUELS, "oil": 5.0}, OPEN, OPEN),
    ],
)
def test_every_year_must_say_so_or_the_last_alone(later, everywhere, last):
    rows = [*of_year(FUELS), *of_year(later, 2015)]
    claim = rank("coal", excluded=["total"])
    assert verdict_of(claim, rows)["verdict"] == everywhere
    found = verdict_of({**claim, "years": "last"}, rows)
    assert (found["verdict"], found["year"]) == (last, "2015")
    assert found["disagreement_en"] == ""


def test_definitions_that_contradict_each_other_are_told():
    rows = [
        *of_year(FUELS, model="system"),
        *of_year(FUELS, 2015, model="system"),
        *of_year({**FUELS, "oil": 7.0}, model="final"),
    ]
    claim = rank("coal", excluded=["total"])
    found = verdict_of(claim, rows)
    assert found["verdict"] == OPEN
    assert found["disagreement_en"] == (
        "contradicted in 2012 (final); supported in 2012 (system), 2015 (system)"
    )
    assert found["disagreement_zh"] == "2012（final）：相反；2012（system）、2015（system）：支持"
    chosen = verdict_of({**claim, "models": ["system", "producer"]}, rows)
    assert (chosen["verdict"], chosen["caveat_en"]) == (SUPPORTED, "No rows: producer.")


@pytest.mark.parametrize("claim", [rank("coal", "peat"), members("coal", "peat", top=3)])
def test_terms_without_a_row_leave_nothing_to_judge(claim):
    found = verdict_of(claim, of_year(FUELS))
    assert found["verdict"] == UNTESTED
    assert found["reason_en"] == "no row of B1 in 2012 for peat"
    assert "peat" in found["reason_zh"]
    assert math.isnan(found["estimate"])


@pytest.mark.parametrize(
    ("numbers", "positive", "negative"),
    [
        ({"a": 1.0, "b": 2.0}, SUPPORTED, CONTRADICTED),
        ({"a": -1.0, "b": 2.0}, CONTRADICTED, CONTRADICTED),
        ({"a": 0.0, "b": 2.0}, OPEN, CONTRADICTED),
        ({"a": -1.0, "b": -2.0}, CONTRADICTED, SUPPORTED),
        ({"a": 0.0, "b": -2.0}, CONTRADICTED, OPEN),
    ],
)
def test_sign_needs_every_row(numbers, positive, negative):
    rows = of_year(numbers)
    assert verdict_of(sign(), rows)["verdict"] == positive
    assert verdict_of(sign("negative"), rows)["verdict"] == negative


def test_sign_shows_what_is_most_against_it():
    rows = [*of_year({"a": 3.0, "b": 1.0, "x": -9.0}), *of_year({"a": 2.0, "b": -0.5}, 2015)]
    found = verdict_of(sign(excluded=["x"]), rows)
    assert found["verdict"] == OPEN
    assert found["evidence"] == "2012: b 1; a 3. 2015: b -0.5; a 2"
    last = verdict_of(sign(excluded=["x"], years="last"), rows)
    assert (last["verdict"], last["term"], last["estimate"]) == (CONTRADICTED, "b", -0.5)


RANKED = {"a": 9.0, "b": 7.0, "c": 5.0, "d": 3.0}


@pytest.mark.parametrize(
    ("claim", "numbers", "verdict", "count"),
    [
        (members("a", "b"), RANKED, SUPPORTED, "2/2"),
        (members("b", "a"), RANKED, SUPPORTED, "2/2"),
        (members("a", "d", overlap=1), RANKED, SUPPORTED, "1/2"),
        (members("a", "d"), RANKED, CONTRADICTED, "1/2"),
        (members("c", "d", order="smallest"), RANKED, SUPPORTED, "2/2"),
        (members("a", "b", "c", "d", top=3, overlap=3), RANKED, SUPPORTED, "3/3"),
        # the second place is shared: the member may be second or third
        (members("a", "b"), {**RANKED, "c": 7.0}, OPEN, "1-2/2"),
        (members("a", "b", "c"), {**RANKED, "c": 7.0}, SUPPORTED, "2/2"),
        (members("a", "d"), {**RANKED, "c": 7.0}, CONTRADICTED, "1/2"),
        (members("b", "d", overlap=1), {**RANKED, "c": 7.0}, OPEN, "0-1/2"),
    ],
)
def test_members_are_counted_among_the_first(claim, numbers, verdict, count):
    found = verdict_of(claim, of_year(numbers))
    assert found["verdict"] == verdict
    assert found["evidence"].startswith(f"2012: {count}; ")


def test_first_of_too_few_terms_are_no_choice():
    found = verdict_of(members("a", "b", top=4), of_year(RANKED))
    assert found["verdict"] == UNTESTED
    assert found["reason_en"] == "4 terms have rows in 2012: the first 4 are all"


@pytest.mark.parametrize(
    ("number", "value", "verdict"),
    [
        ("3.5706", 3.57058, SUPPORTED),
        ("3.5706", 3.57065, SUPPORTED),
        ("3.5706", 3.57066, CONTRADICTED),
        ("3.5706", 3.5705, CONTRADICTED),
        ("4", 3.5706, SUPPORTED),
        ("-0.5", -0.46, SUPPORTED),
    ],
)
def test_printed_number_is_met_to_its_rounding(number, value, verdict):
    found = verdict_of(printed(number), of_year({"a-b": value}))
    assert (found["verdict"], found["estimate"], found["expected"]) == (verdict, value, number)
    assert rounds_to(value, float(number), len(number.partition(".")[2])) is (verdict == SUPPORTED)


def test_any_model_and_year_may_have_the_printed_number():
    rows = [
        *series(1.0, 3.57061, term="a-b", model="system"),
        *series(3.0, 4.0, term="a-b", model="final"),
    ]
    found = verdict_of(printed("3.5706"), rows)
    assert found["verdict"] == SUPPORTED
    assert (found["model"], found["year"], found["estimate"]) == ("system", "2015", 3.57061)
    assert found["evidence"].startswith("2015 (system): a-b 3.57061. 2015 (final): a-b 4. ")
    assert found["disagreement_en"] == (
        "supported in 2015 (system); contradicted in 2015 (final), 2012 (final), 2012 (system)"
    )
    assert "Nearest" not in found["caveat_en"]
    other = verdict_of(printed("3.5706", models=["final"]), rows)
    assert (other["verdict"], other["model"], other["year"]) == (CONTRADICTED, "final", "2015")
    assert other["caveat_en"] == "Nearest is 4 in 2015, +0.4294 from the printed 3.5706."
    assert other["caveat_zh"] == "最接近的是2015的4，与印出的3.5706相差+0.4294。"


def test_accounts_have_no_interval_and_no_classical_verdict():
    found = verdict_of(trend(), series(3.0, 2.0))
    for column in ("ci_lower", "ci_upper", "p_value", "classical_ci_lower"):
        assert math.isnan(found[column])
    assert (found["classical_verdict"], found["vcov"]) == ("", "")
    assert verdict_of(trend(), series(3.0, 2.0), level=1e-9)["verdict"] == SUPPORTED


@pytest.mark.parametrize("claim", [trend(), rank("total"), sign(), printed("1")])
def test_rows_that_are_not_there_or_have_no_number_are_told(claim):
    absent = verdict_of(claim, of_year({"a": 1.0}, table="B2"))
    assert (absent["verdict"], absent["reason_en"]) == (UNTESTED, "the study has no table B1")
    assert absent["table"] == "B1"
    numbers = {("total", 2012): math.nan, ("a-b", 2012): math.nan, ("total", 2015): 1.0}
    empty = verdict_of(claim, rows_of(numbers))
    assert empty["verdict"] == UNTESTED
    assert empty["reason_en"].startswith("B1 has no number in 2012 for ")
    assert empty["reason_zh"].startswith("表B1在2012没有")
    of_no_year = [{**row, "year": math.nan} for row in rows_of({("a-b", 2012): math.nan})]
    if claim["row"]["term"] in {"*", "a-b"}:
        assert verdict_of(claim, of_no_year)["reason_en"] == "B1 has no number for a-b"


@pytest.mark.parametrize("claim", [trend(), rank("total"), sign(), printed("1")])
def test_one_number_must_be_one_row(claim):
    rows = [*series(3.0, 2.0), *series(3.0, 2.0, term="a-b")]
    doubled = [*rows, *({**row, "spec": "other"} for row in rows)]
    with pytest.raises(DataError, match=r"claim 'own': \d rows .* differ in spec: , other"):
        verdict_of(claim, doubled)


def test_study_declares_what_its_data_cannot_say():
    rows = series(3.0, 2.0)
    found = verdict_of(trend(), rows, not_testable={"own": WHY})
    assert (found["verdict"], found["reason_en"]) == (UNTESTED, WHY.en)
    assert found["estimate"] == 2.0
    remarked = verdict_of(trend(), rows, caveats={"own": WHY})
    assert (remarked["verdict"], remarked["caveat_en"]) == (SUPPORTED, WHY.en)


def test_a_claim_says_itself_that_no_numbers_could_tell():
    """Its rows are shown all the same; what a study declares of its data comes first."""
    claim = trend(optional=True, untestable={"en": "So by definition.", "zh": "定义使然。"})
    found = verdict_of(claim, series(3.0, 2.0))
    assert (found["verdict"], found["reason_en"]) == (UNTESTED, "So by definition.")
    assert found["estimate"] == 2.0
    told = verdict_of(claim, series(3.0, 2.0), not_testable={"own": WHY})
    assert told["reason_zh"] == WHY.zh
    elsewhere = judge(estimates_frame(of_year({"a": 1.0}, table="B2")), claims_of(own=claim))
    assert elsewhere.empty, "optional: a study without the table leaves it out"
    plain = judge(
        estimates_frame(series(3.0, 2.0)),
        claims_of(own=sign(untestable={"en": "So.", "zh": "使然。"}), other=sign()),
    )
    assert list(plain["verdict"]) == [UNTESTED, SUPPORTED]


def test_optional_claims_without_a_table_stand_there_where_the_study_says_why():
    claims = claims_of(own=trend(optional=True), other=sign())
    rows = estimates_frame(of_year({"a": 1.0}, table="B2"))
    assert list(judge(rows, claims)["id"]) == ["other"]
    found = judge(rows, claims, not_testable={"own": WHY}).set_index("id")
    assert (found.loc["own", "verdict"], found.loc["own", "reason_zh"]) == (UNTESTED, WHY.zh)


def test_claims_of_several_sources_stand_in_one_file(tmp_path):
    claims = claims_of(own=trend(), other=trend("rises", source="later"))
    frame = judge(estimates_frame(series(3.0, 2.0)), claims)
    assert list(frame["source"]) == ["", "later"]
    assert [claims.source_of(key).en for key in frame["source"]] == ["The first.", "later."]
    write_claims(frame, tmp_path / "claims.csv")
    pd.testing.assert_frame_equal(read_verdicts(tmp_path / "claims.csv"), frame, check_exact=True)
    listed = CliRunner().invoke(app, ["claims", str(tmp_path)], env={"COLUMNS": "200"}).output
    assert "source" in listed
    assert "later" in listed
    write_claims(frame[:1], tmp_path / "claims.csv")
    alone = CliRunner().invoke(app, ["claims", str(tmp_path)], env={"COLUMNS": "200"}).output
    assert "source" not in alone


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (trend(source="latter"), "no known source .*did you mean 'later'"),
        (members("a", "a"), "members: a term stands twice \\(got 'a'\\)"),
        (rank("a", "a"), "first: a term stands twice"),
        (members("a", "b", overlap=3), "at most 2 among the first 2 \\(got 3\\)"),
        (printed("about 3"), "String should match pattern"),
        (trend("falling"), "Input should be 'falls' or 'rises'"),
        (rank("a", years="first"), "Input should be 'all', 'last' or 'reported'"),
        (rank(), "at least 1 item"),
    ],
)
def test_claims_that_cannot_be_meant_are_refused(claim, told):
    with pytest.raises(ValidationError, match=told):
        claims_of(own=claim)


def test_faults_of_a_file_have_a_line_and_a_column(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(
        "source: {en: A, zh: 甲}\n"
        "robust: [{label: {en: a, zh: 甲}, intervals: [{vcov: serial}]}]\n"
        "classical: {label: {en: b, zh: 乙}, intervals: [{vcov: oim}]}\n"
        "claims:\n"
        "  own:\n"
        "    finding: 1\n"
        "    statement: {en: It is., zh: 是。}\n"
        "    kind: printed\n"
        "    row: {table: B4, quantity: value}\n"
        "    printed: 3.57\n",
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match=r"claims.yaml:10:14: claims.own.printed"):
        read_claims(path)


def test_shipped_claims_of_accounts_name_their_source_and_may_be_absent(repository):
    claims = read_claims(repository / "data" / "claims.yaml")
    own = {name: one for name, one in claims.claims.items() if one.kind in ACCOUNT_KINDS}
    assert {one.kind for one in own.values()} == set(ACCOUNT_KINDS)
    assert {one.source for one in own.values()} == set(claims.sources) >= {"yang2025", "zuo2025"}
    mining = [one for one in own.values() if one.source == "yang2025"]
    assert {one.finding for one in mining} == {1, 2, 3}
    assert all(one.optional for one in own.values())
    assert own["largest_path_size"].value == 3.5706
    assert own["upstream_order"].first == ("S8", "S11", "S20", "S24")


def test_shipped_claims_of_the_footprint_count_years_of_reports(repository):
    """All but tests of trends, which are of no year."""
    claims = read_claims(repository / "data" / "claims.yaml").claims
    yearly = {
        name: claim.years
        for name, claim in claims.items()
        if claim.source == "zuo2025" and hasattr(claim, "years")
        and claim.row.quantity != Quantity.TEST
    }  # fmt: skip
    assert len(yearly) == 7
    assert set(yearly.values()) == {"reported"}


def flags(**reported):
    """Rows that say how many provinces reported, `y2012=30`."""
    return [
        {**row, "model": "flag", "equation": ""}
        for year, number in reported.items()
        for row in of_year({"reported": float(number)}, int(year[1:]))
    ]


def test_years_without_a_report_do_not_count():
    rows = [*series(1.0, -2.0, 3.0), *flags(y2012=30, y2015=0, y2017=1)]
    claim = sign(row={**ROW, "model": "m"}, years="reported")
    found = verdict_of(claim, rows)
    assert found["verdict"] == SUPPORTED
    assert found["evidence"] == "2012: total 1. 2017: total 3"
    assert found["caveat_en"] == "Not counted, without a report: 2015."
    assert found["caveat_zh"] == "未计入无清单的年份：2015。"
    assert verdict_of({**claim, "years": "all"}, rows)["verdict"] == OPEN
    missing = verdict_of({**claim, "models": ["m", "other"]}, rows)
    assert missing["caveat_en"] == "No rows: other. Not counted, without a report: 2015."


def test_a_table_that_does_not_tell_reports_cannot_be_judged_by_them():
    claim = sign(row={**ROW, "model": "m"}, years="reported")
    found = verdict_of(claim, series(1.0, 2.0, 3.0))
    assert found["verdict"] == UNTESTED
    assert "B1 has no rows that tell years of reports" in found["reason_en"]
    other = [{**row, "table": "B2"} for row in flags(y2012=30)]
    assert verdict_of(claim, [*series(1.0, 2.0, 3.0), *other])["verdict"] == UNTESTED
    none = verdict_of(claim, [*series(1.0, 2.0, 3.0), *flags(y2012=0, y2015=0)])
    assert none["verdict"] == UNTESTED
    assert none["reason_en"] == "Not counted, without a report: 2012, 2015, 2017."


def test_a_finding_without_a_number_gives_its_reason():
    claim = {"kind": "untestable", "row": ROW, "reason": {"en": "No number.", "zh": "没有指标。"}}
    found = verdict_of(claim, series(1.0, 2.0))
    assert (found["verdict"], found["reason_zh"]) == (UNTESTED, "没有指标。")
    assert (found["table"], found["expected"], found["evidence"]) == ("B1", "", "")
    declared = verdict_of(claim, series(1.0, 2.0), not_testable={"own": WHY})
    assert declared["reason_en"] == WHY.en
    optional = judge(
        estimates_frame([{**row, "table": "B2"} for row in series(1.0)]),
        claims_of(own={**claim, "optional": True}),
    )
    assert optional.empty
    with pytest.raises(ValidationError, match="reason"):
        claims_of(own={"kind": "untestable", "row": ROW})
    with pytest.raises(ValidationError, match="says why in `reason` alone"):
        claims_of(own={**claim, "untestable": {"en": "So.", "zh": "使然。"}})


def test_equations_are_ranked_where_they_hold_what_is_ranked():
    rows = [
        {**row, "equation": place}
        for place, number in {"east": 3.0, "west": 2.0, "11": 9.0}.items()
        for row in of_year({"index": number})
    ]
    named = {"row": {**ROW, "term": "index"}, "ranked": "equation", "excluded": ["1*"]}
    found = verdict_of(rank("east", **named), rows)
    assert found["verdict"] == SUPPORTED
    assert found["evidence"] == "2012: east 3 (1); west 2 (2)"
    assert verdict_of(rank("west", **named), rows)["verdict"] == CONTRADICTED
    two = rows + [{**row, "equation": "east"} for row in of_year({"other": 1.0})]
    with pytest.raises(DataError):
        verdict_of(rank("east", **{**named, "row": ROW}), two)
