"""Printed verdicts: what the number of a claim is."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_claims import number_words, row_words
from yrb_carbon.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("quantity", "inference", "df", "words"),
    [
        ("mediated_direct", "mc", float("nan"), "effect"),
        ("difference", "mc", float("nan"), "difference"),
        ("test", "chi2", 4.0, "Wald statistic with 4 df, p by chi2"),
        ("test", "bootstrap", float("nan"), "Wald statistic, p by bootstrap"),
    ],
)
def test_statistics_are_not_taken_for_effects(quantity, inference, df, words):
    row = {"quantity": quantity, "inference": inference, "df": df, "estimate": 0.25,
           "term": "Wald|paths|null"}  # fmt: skip
    assert number_words(row, Words()) == words
    assert number_words({**row, "estimate": float("nan")}, Words()) == ""


def test_statistics_say_their_test_and_where_p_comes_from_in_chinese():
    row = {"quantity": "test", "inference": "bootstrap_wild_unit", "df": 3.0, "estimate": 9.5,
           "term": "Wald|paths|null"}  # fmt: skip
    assert number_words(row, Words()) == "Wald statistic with 3 df, p by wild bootstrap by unit"
    said = number_words(row, Words("zh"))
    assert "自由度3" in said
    assert "野自助法" in said


@pytest.mark.parametrize(
    ("place", "en", "zh"),
    [
        (("T5", "sdm", "outcome", "direct", "lq"), "SDM, direct", "SDM、直接"),
        (("T7", "joint", "m1", "direct", "lq"), "equation of Industrial upgrading", "产业升级方程"),
        (("T7", "joint", "system", "difference", "m1-m3"), "difference, |", "差值"),
        (
            ("T10", "period", "system", "test", "Wald|paths|{names} exogenous"),
            "Wald", "Wald",
        ),
    ],
)  # fmt: skip
def test_rows_are_told_by_labels(place, en, zh):
    study = load_study([REPOSITORY / "config.yaml"])
    row = dict(zip(("table", "model", "equation", "quantity", "term"), place, strict=True))
    for language, wanted in (("en", en), ("zh", zh)):
        said = row_words(row, study, Words(language))
        assert wanted in said
        assert not {"lq", "joint", "sdm"} & set(said.replace("、", " ").replace(",", " ").split())
    assert row_words(row | {"table": ""}, study, Words()) == ""
