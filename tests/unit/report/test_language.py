"""Texts of the results in two languages: the catalogue, and the tables in Chinese."""

from __future__ import annotations

import csv
import re
import string
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from chinese_texts import LATIN, left_in_latin
from messages import composed, source_messages, spoken

from yrb_carbon.claims import judge, read_claims
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.definitions import unit_name
from yrb_carbon.report.grid import NUMBER
from yrb_carbon.report.language import CATALOGUES, Words, catalogue
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.layout_claims import layout_claims
from yrb_carbon.report.terms import NULLS, said
from yrb_carbon.study.base import Label
from yrb_carbon.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[3]
STUDY = load_study([REPOSITORY / "config.yaml"])
CLAIMS = read_claims(REPOSITORY / "data" / "claims.yaml")
GOLDEN = sorted((REPOSITORY / "tests" / "golden" / "demo").glob("*.csv"))
MESSAGE_ID = re.compile(r'^msgid "(.+)"$', re.MULTILINE)


def placeholders(text: str) -> set[str]:
    """Names in braces; braces that are no placeholders, as in formulas of pages, are none."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def recorded(path: Path) -> list[dict[str, object]]:
    """Rows of a recorded table; what the record leaves out is filled with any number."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = []
        for row in csv.DictReader(handle):
            estimate = float(row["estimate"] or "nan")
            filled: dict[str, object] = {name: text for name, text in row.items() if text}
            rows.append(
                {
                    **filled,
                    "estimate": estimate,
                    "std_error": float(row["std_error"] or "nan"),
                    "year": int(row["year"]) if row["year"] else None,
                    "statistic": estimate,
                    "df": 2.0,
                    "p_value": 0.03,
                    "ci_lower": estimate - 0.1,
                    "ci_upper": estimate + 0.1,
                    "n_units": 90,
                    "n_periods": 16,
                    "n_obs": 1440,
                    "draws": 99,
                }
            )
    return rows


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return estimates_frame([row for path in GOLDEN for row in recorded(path)])


def texts_of(table: PrintedTable) -> list[str]:
    frames = [table.body, *([] if table.page is None else [table.page])]
    cells = [str(cell) for frame in frames for cell in frame.to_numpy().ravel()]
    return [table.title, *(str(head) for frame in frames for head in frame), *cells, *table.notes]


def test_every_message_has_a_chinese_text_and_every_text_is_said():
    source, known = source_messages(), set(catalogue("zh"))
    assert sorted(source - known) == []
    assert sorted(known - source) == []


def test_placeholders_are_the_same_in_both_languages():
    differing = [
        text for text, own in catalogue("zh").items() if placeholders(text) != placeholders(own)
    ]
    assert differing == []


def test_no_message_is_put_together_where_it_is_said():
    made = [f"{path.name}:{node.lineno}" for path, node in spoken() if composed(node)]
    assert made == []


def test_no_message_stands_twice_in_the_catalogue():
    counts = Counter(MESSAGE_ID.findall((CATALOGUES / "zh.po").read_text(encoding="utf-8")))
    assert [text for text, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", [path.stem for path in GOLDEN])
def test_tables_of_the_demonstration_are_chinese_with_the_same_numbers(estimates, name):
    english, chinese = (layout_table(name, STUDY, estimates, one) for one in ("en", "zh"))
    assert chinese.language == "zh"
    assert [text for text in texts_of(chinese) if left_in_latin(text)] == []
    assert english.body.shape == chinese.body.shape
    assert english.body.columns.is_unique
    assert chinese.body.columns.is_unique
    for own, other in zip(english.body.to_numpy(), chinese.body.to_numpy(), strict=True):
        for cell, said_of_it in zip(own, other, strict=True):
            if NUMBER.match(cell) or NUMBER.match(said_of_it):
                assert cell == said_of_it
    assert len(english.notes) == len(chinese.notes)


def test_verdicts_are_chinese_but_for_the_place_of_their_rows(estimates):
    verdicts = judge(estimates, CLAIMS)
    table = layout_claims(verdicts, CLAIMS, STUDY, "zh")
    body = table.body.drop(columns="所在行")
    ids = {word for one in CLAIMS.claims for word in LATIN.findall(one)}
    texts = [*body.columns, *body.to_numpy().ravel(), *table.notes]
    left = [text for text in texts if set(left_in_latin(text)) - ids]
    assert left == []
    assert {"支持", "现有数据无法检验"} & set(body["判定"])


def test_null_hypotheses_are_read_back_into_their_parts():
    words = Words("zh")
    text = "direct and indirect effects of x, z are equal in boom, transition"
    shown = said(NULLS, text, words, lambda name, part: f"<{name}:{part}>")
    assert shown == "<names:x, z>的直接和间接效应在<groups:boom, transition>相等"
    assert said(NULLS, "something else", words) == ""
    assert said(NULLS, text, Words()) == text


def test_every_unit_of_the_dictionary_has_a_chinese_name():
    known = load_dictionary()
    used = {entry.unit for entry in (*known.columns.values(), *known.indices.values())}
    assert used == set(known.units)
    assert unit_name("10^4 persons", Words("zh")) == "万人"
    assert unit_name("10^4 persons", Words()) == "10^4 persons"


def test_formulas_with_words_have_a_chinese_text():
    spoken_of = [
        entry.formula
        for entry in load_dictionary().indices.values()
        if entry.formula and entry.formula_zh is None
    ]
    assert [formula for formula in spoken_of if re.search(r"[a-z]{3,} [a-z]{2,}", formula)] == []


def test_placeholders_are_filled_in_and_unknown_messages_stay_english():
    assert Words("en")("N = {n} units, T = {t} years, {total} observations", n=3, t=2, total=6) == (
        "N = 3 units, T = 2 years, 6 observations"
    )
    assert Words("zh")("{n} of no catalogue", n=3) == "3 of no catalogue"
    assert Words("en")("{plain}") == "{plain}"


def test_labels_and_marks_follow_the_language():
    label = Label(en="Carbon balance", zh="碳平衡")
    assert Words("en").label(label) == "Carbon balance"
    assert Words("zh").label(label) == "碳平衡"
    assert Words("en").clauses(["a", "b"]) == "a; b"
    assert Words("zh").listing(["a", "b"]) == "a、b"


def test_a_language_without_texts_is_refused():
    with pytest.raises(DataError, match="'de'; allowed en, zh"):
        Words("de")
