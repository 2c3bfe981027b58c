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
        ("test", "chi2", 4.0, "chi2(4) of a joint test"),
        ("test", "bootstrap", float("nan"), "bootstrap of a joint test"),
    ],
)
def test_statistics_are_not_taken_for_effects(quantity, inference, df, words):
    row = {"quantity": quantity, "inference": inference, "df": df, "estimate": 0.25}
    assert number_words(row, Words()) == words
    assert number_words({**row, "estimate": float("nan")}, Words()) == ""
