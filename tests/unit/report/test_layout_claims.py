"""Printed verdicts: what the number of a claim is."""

from __future__ import annotations

import pytest

from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_claims import number_words


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
