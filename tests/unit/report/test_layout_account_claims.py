"""Printed verdicts on accounts: names in place of codes, sources, notes, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from embodied_rows import embodied_rows, embodied_study

from yrb_carbon.claims import ACCOUNT_KINDS, Claims, judge, read_claims
from yrb_carbon.report.account_claims import ClaimNames
from yrb_carbon.report.embodied_names import AccountNames
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_claims import ACCOUNTS_NOTE, layout_claims, row_words, verdict_lines
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import REGIONS

REPOSITORY = Path(__file__).resolve().parents[3]
CODE = re.compile(r"\bS\d+\b|\b\d\d-\d\d\b|raw_coal\b(?!_first)|[(](?:system|producer|final)[)]")
"""Codes and keys that a reader is not to meet."""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return read_claims(REPOSITORY / "data" / "claims.yaml")


def test_pressure_of_regions_is_judged_by_the_trend_of_their_sums(claims):
    rows = [getattr(claim, "row", None) for claim in claims.claims.values()]
    trends = [row for row in rows if row is not None and row.model in {"trend", "trend_sums"}]
    regions = {
        row.equation: row.model
        for row in trends
        if row.table == "C5" and row.outcome == "depth" and row.equation in REGIONS
    }
    assert regions == dict.fromkeys(["central", "west", "east"], "trend_sums")


@pytest.fixture(scope="module")
def study() -> Study:
    return embodied_study(claims={})


@pytest.fixture(scope="module")
def verdicts(claims):
    return judge(embodied_rows(), claims)


def of_accounts(verdicts):
    return verdicts[verdicts["kind"].isin(ACCOUNT_KINDS)]


def test_provinces_sectors_fuels_and_definitions_are_printed_by_name(verdicts, claims, study):
    table = layout_claims(of_accounts(verdicts), claims, study)
    rows = {row["Row"].partition(":")[0]: row for row in table.body.to_dict("records")}
    assert rows["raw_coal_first"]["Expected"] == "Raw coal, first of all"
    assert rows["largest_path"]["Expected"] == "Shaanxi to Zhejiang, first of all"
    assert rows["upstream_order"]["Expected"].startswith("Petroleum, coking")
    assert rows["upstream_order"]["Number is"] == "share"
    assert rows["key_regions"]["Expected"] == (
        "at least 4 of Jiangsu, Guangdong, Henan, Shaanxi, Shandong, Hebei, Shanxi "
        "among the first 7"
    )
    assert rows["largest_path"]["Row"] == (
        "largest_path: B4, Mining products sold, 2012, Shaanxi to Zhejiang"
    )
    assert rows["mining_emissions_fall"]["Estimate"] == "360.6750"
    weighed = [note for note in table.notes if re.match(r"(?:\w+, )*\w+: 20\d\d", note)]
    shown = [row[column] for row in rows.values() for column in ("Expected", "Row")]
    assert len(weighed) == len(rows) - 1
    assert [text for text in (*weighed, *shown) if CODE.search(text)] == []


def test_a_finding_without_a_number_is_printed_with_its_reason(claims, study):
    moved = claims.claims["footprint_moves_to_the_edge"]
    own = moved.row.model_copy(update={"table": "B4"})
    kept = {"raw_coal_first": claims.claims["raw_coal_first"],
            "edge": moved.model_copy(update={"row": own})}  # fmt: skip
    some = claims.model_copy(update={"claims": kept})
    for language, reason in (("en", moved.reason.en), ("zh", moved.reason.zh)):
        table = layout_claims(judge(embodied_rows(), some), some, study, language)
        line = table.body.iloc[1].tolist()
        assert line[1] == getattr(moved.statement, language)
        assert (line[2], line[4]) == ("", "")
        assert re.fullmatch("edge(: |：)B4", line[-1])
        notes = [note.replace("：", ": ") for note in table.notes]
        assert any(f"edge: {reason[:20]}" in note for note in notes)
        exact = Words(language)(ACCOUNTS_NOTE, claims="raw_coal_first")
        assert exact in table.notes


def test_years_without_a_number_are_told_in_both_languages(claims, study):
    rows = embodied_rows()
    unknown = rows["table"].eq("B1") & rows["year"].isin([2012, 2015])
    some = claims.model_copy(update={"claims": {"raw_coal_first": claims.claims["raw_coal_first"]}})
    verdicts = judge(rows.assign(estimate=rows["estimate"].mask(unknown)), some)
    for language, said in (
        ("en", "B1 has no number in 2012, 2015 for "), ("zh", "表B1在2012、2015没有"),
    ):  # fmt: skip
        notes = " ".join(layout_claims(verdicts, some, study, language).notes)
        assert said in notes
        assert "raw_coal," not in notes


def test_what_was_weighed_is_told_year_by_year(verdicts, claims, study):
    notes = layout_claims(verdicts, claims, study).notes
    (path,) = (note for note in notes if note.startswith("largest_path: 2012"))
    assert path.startswith(
        "largest_path: 2012 (Mining products sold): Shaanxi to Zhejiang 99.5 (1); "
    )
    assert "2017 (Final demand for mining): Shaanxi to Zhejiang 99.5 (1); " in path
    (trend,) = (note for note in notes if note.startswith("mining_emissions_fall: 2012"))
    assert "2012-2015: All fuels 400.75 > 360.675. 2015-2017: All fuels" in trend
    assert any("Nearest is 99.5 in 2012 (Mining products sold)" in note for note in notes)
    (reason,) = (note for note in notes if "Not testable: key_regions" in note)
    assert "no row of B5 in 2012 for Jiangsu, Guangdong, Henan, " in reason


def test_both_languages_show_the_same_numbers(verdicts, claims, study):
    english, chinese = (layout_claims(verdicts, claims, study, one) for one in ("en", "zh"))
    assert len(english.notes) == len(chinese.notes)
    for column, other in (("Estimate", "估计值"), ("Finding", "结论")):
        assert list(english.body[column]) == list(chinese.body[other])
    text = " ".join(map(str, (*chinese.body["预期"], *chinese.notes)))
    for said in ("陕西至浙江 99.5（1）", "原煤，居于首位", "江苏、广东、河南、陕西"):
        assert said in text


def test_findings_of_several_sources_are_told_apart(verdicts, claims, study):
    table = layout_claims(verdicts, claims, study)
    assert {"1.1", "1.3", "2.1", "2.3"} <= set(table.body["Finding"])
    assert table.notes[0].startswith("Source of the findings 1.1, 1.2, 1.3: Song")
    assert table.notes[1].startswith("Source of the findings 2.1, 2.2, 2.3: Yang")
    alone = layout_claims(of_accounts(verdicts), claims, study)
    assert set(alone.body["Finding"]) == {"1", "2", "3"}
    assert alone.notes[0].startswith("Source: Yang")
    first = layout_claims(verdicts[verdicts["source"] == ""], claims, study)
    assert set(first.body["Finding"]) == {"1", "2", "3"}
    assert first.notes[0].startswith("Source: Song")


def test_how_verdicts_are_made_is_told_where_there_are_such(verdicts, claims, study):
    told = {
        name: " ".join(layout_claims(part, claims, study).notes)
        for name, part in (
            ("accounts", of_accounts(verdicts)),
            ("estimates", verdicts[verdicts["source"] == ""]),
            ("both", verdicts),
        )
    }
    assert ["Numbers of accounts" in told[name] for name in told] == [True, False, True]
    assert ["Verdicts follow all intervals" in told[name] for name in told] == [False, True, True]
    # numbers that are exact come out by no chance
    assert "Findings judged: 0," in told["both"]


def test_years_that_differ_are_told(claims, study):
    rows = embodied_rows()
    one = (rows["table"] == "B4") & (rows["term"] == "33-61") & (rows["year"] == 2015)
    rows.loc[one & (rows["model"] == "final"), "estimate"] = 1000.0
    found = judge(rows, claims)
    (note,) = (
        note
        for note in layout_claims(found, claims, study).notes
        if note.startswith("Years or definitions differ: largest_path:")
    )
    assert "contradicted in 2015 (Final demand for mining)" in note


def test_the_terminal_names_the_sources(verdicts):
    heads, lines = verdict_lines(verdicts, "en")
    assert heads[:3] == ("claim", "source", "statement")
    assert {line[1] for line in lines} == {"", "yang2025"}
    assert verdict_lines(of_accounts(verdicts), "zh")[0][:2] == ("编号", "结论")


def test_row_without_a_number_is_its_table_alone(verdicts, study):
    (row,) = verdicts[verdicts["id"] == "key_regions"].to_dict("records")
    assert row_words(row, study, Words()) == "B5"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("regional_emissions", "2019: east 5.5 (1); central 2.5 (2)",
         "2019: East 5.5 (1); Central 2.5 (2)"),
        ("regional_transfer", "2015: north_coast -1.5 (1)", "2015: North coast -1.5 (1)"),
        ("regional_transfer", "2019: ecc 1.5", "2019: Economic contribution 1.5"),
        ("footprint_moran", "2008 (global_log): size 0.2 (p 0.03)",
         "2008 (logarithms): Footprint size 0.2 (p 0.03)"),
        ("footprint_moran", "trend: mann_kendall|z|no trend 3.2 (p 0.03)",
         "trend of the values: z of Mann and Kendall 3.2 (p 0.03)"),
        ("footprint_accounts", "2019: n_surplus 3", "2019: Provinces with uptake left over 3"),
        ("reduction_potential", "2008 (benchmark): west 7.5 (1)",
         "2008 (To the best quarter): West 7.5 (1)"),
    ],
)  # fmt: skip
def test_what_is_weighed_of_the_footprint_and_of_regions_has_names(kind, text, said):
    assert ClaimNames(kind, AccountNames(Words())).evidence(text) == said
