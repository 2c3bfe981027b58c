"""Layout of the table of verdicts: a view of claims.csv."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from yrb_carbon.claims import Claims, Verdict
from yrb_carbon.estimates import Quantity
from yrb_carbon.report.cells import (
    PrintedTable,
    format_estimate,
    format_interval,
    format_p,
    printed,
)
from yrb_carbon.study.config import CLAIMS_TABLE

TITLE = "Findings and verdicts"
JUDGED_NOTE = (
    "Verdicts follow all intervals there are that hold when the errors of a unit are correlated "
    "over time, alike for all units (serial) or of any variance (clustered, wild bootstrap by "
    "unit): supported or contradicted when every one of them says so, else not distinguishable. "
    "The widest of those that say what the verdict says is shown, with its p-value; the verdict by "
    "the information matrix stands beside it. Signs: supported when the whole interval has the "
    "sign, contradicted when it has the other. Orders: supported when the first path has its sign "
    "and every difference a positive lower bound, contradicted when a difference has a negative "
    "upper bound or the first path the other sign. Differences of groups: supported when equality "
    "is rejected by the joint test, else not distinguishable; p-values of pairs, and of several "
    "tests of one claim, are also given after Holm's correction for their number."
)
MANY_NOTE = (
    "Findings judged: {count}, each at {level:g} %, without a correction for their number: if "
    "nothing were there at all, up to about {chance:.1f} of them would be told supported or "
    "contradicted by chance."
)
HEADS = (
    "Finding",
    "Statement",
    "Expected",
    "Number is",
    "Estimate",
    "Interval",
    "p",
    "Verdict",
    "Classical verdict",
    "Row",
)


def layout_claims(verdicts: pd.DataFrame, claims: Claims, spec: Any) -> PrintedTable:
    """Lay out the verdicts of a study.

    Parameters
    ----------
    verdicts : DataFrame
        Columns of claims.csv.
    claims : Claims
    spec : object
        Attributes `study` and `claims`, sections of the configuration.

    Returns
    -------
    PrintedTable
    """
    rows = verdicts.to_dict("records")
    body = pd.DataFrame([_cells(row) for row in rows], columns=list(HEADS))
    level = spec.claims.level
    judged = int((verdicts["verdict"] != Verdict.NOT_TESTABLE).sum())
    notes = [
        f"Source: {claims.source.en}.",
        f"{JUDGED_NOTE} Size of the tests of equality: {level:g}.",
        MANY_NOTE.format(count=judged, level=100 * level, chance=judged * level),
    ]
    untested = verdicts[verdicts["verdict"] == Verdict.NOT_TESTABLE]
    notes += [f"Not testable: {text}" for text in _by_text(untested, "reason_en")]
    notes += [f"Ways differ: {text}" for text in _by_text(verdicts, "disagreement_en")]
    notes += [f"{row['id']}: {row['evidence']}." for row in rows if row["evidence"]]
    notes += _by_text(verdicts, "caveat_en")
    return printed(CLAIMS_TABLE, TITLE, body, [*notes, *(text.en for text in spec.study.cautions)])


def _by_text(verdicts: pd.DataFrame, column: str) -> list[str]:
    """Each text of a column once, after the claims that it belongs to."""
    texts = [str(text) for text in verdicts[column].unique() if text]
    owners = [", ".join(verdicts.loc[verdicts[column] == text, "id"]) for text in texts]
    return [f"{own}: {text.rstrip('.')}." for own, text in zip(owners, texts, strict=True)]


def _cells(row: dict[Any, Any]) -> list[str]:
    place = " ".join(str(row[name]) for name in ("table", "model", "quantity", "term") if row[name])
    return [
        str(row["finding"]),
        row["statement_en"],
        row["expected"],
        number_words(row),
        format_estimate(row["estimate"]),
        format_interval(row),
        "" if pd.isna(row["p_value"]) else format_p(row["p_value"]),
        row["verdict"],
        row["classical_verdict"],
        f"{row['id']}: {place}" if place else row["id"],
    ]


def number_words(row: Mapping[Any, Any]) -> str:
    """What the number of a verdict is: an effect, a difference, the statistic of a joint test."""
    if pd.isna(row["estimate"]):
        return ""
    if row["quantity"] == Quantity.TEST:
        freedom = "" if pd.isna(row["df"]) else f"({row['df']:g})"
        return f"{row['inference']}{freedom} of a joint test"
    return "difference" if row["quantity"] == Quantity.DIFFERENCE else "effect"


def verdict_lines(
    verdicts: pd.DataFrame, language: Literal["en", "zh"]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and lines of the verdicts for a terminal.

    Reasons, and which ways differ, stand behind the verdict.
    """
    heads: dict[str, tuple[str, ...]] = {
        "en": ("claim", "statement", "estimate", "interval", "verdict"),
        "zh": ("编号", "结论", "估计值", "区间", "判定"),
    }
    verdict = "verdict" if language == "en" else "verdict_zh"
    lines: list[tuple[str, ...]] = []
    records: list[dict[Any, Any]] = verdicts.to_dict("records")
    for row in records:
        remarks = [str(row[f"{name}_{language}"]) for name in ("reason", "disagreement")]
        lines.append(
            (
                str(row["id"]),
                str(row[f"statement_{language}"]),
                format_estimate(row["estimate"]),
                format_interval(row),
                ": ".join(text for text in (str(row[verdict]), *remarks) if text),
            )
        )
    return heads[language], lines
