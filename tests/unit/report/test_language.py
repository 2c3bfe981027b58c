"""Texts of the results in two languages: the catalogue, and what falls back to English."""

from __future__ import annotations

import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.report.language import Words
from yrb_carbon.study.base import Label


def test_placeholders_are_filled_in_and_unknown_messages_stay_english():
    assert Words("en")("N = {n} units", n=3) == "N = 3 units"
    assert Words("zh")("{n} of no catalogue", n=3) == "3 of no catalogue"
    assert Words("en")("{plain}") == "{plain}"


def test_labels_and_marks_follow_the_language():
    label = Label(en="Carbon balance", zh="碳平衡")
    assert [Words(language).label(label) for language in ("en", "zh")] == [
        "Carbon balance",
        "碳平衡",
    ]
    assert Words("en").clauses(["a", "b"]) == "a; b"
    assert Words("zh").listing(["a", "b"]) == "a、b"


def test_a_language_without_texts_is_refused():
    with pytest.raises(DataError, match="'de'; allowed en, zh"):
        Words("de")
