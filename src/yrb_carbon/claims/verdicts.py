"""Verdicts of a study, from estimates.csv and a file of claims alone; claims.csv."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.claims.accounts import judge_account
from yrb_carbon.claims.intervals import LEVEL, judge_claim
from yrb_carbon.claims.judgement import PLACES, VERDICT_ZH, Judgement, Verdict
from yrb_carbon.claims.sections import AccountClaim, Claims, ClaimSection, id_faults
from yrb_carbon.errors import DataError, StudyError, listing
from yrb_carbon.estimates import format_number, parse_numbers, read_cells
from yrb_carbon.study.base import Label
from yrb_carbon.study.positions import dotted

CLAIM_COLUMNS = (
    "study",
    "id",
    "source",
    "finding",
    "kind",
    "statement_en",
    "statement_zh",
    "expected",
    "verdict",
    "verdict_zh",
    "reason_en",
    "reason_zh",
    "caveat_en",
    "caveat_zh",
    "table",
    "model",
    "outcome",
    "spec",
    "sample",
    "weights",
    "equation",
    "quantity",
    "term",
    "year",
    "estimate",
    "ci_lower",
    "ci_upper",
    "statistic",
    "df",
    "p_value",
    "vcov",
    "inference",
    "evidence",
    "evidence_zh",
    "disagreement_en",
    "disagreement_zh",
    "classical_verdict",
    "classical_ci_lower",
    "classical_ci_upper",
    "classical_p_value",
    "classical_vcov",
    "classical_inference",
)
NUMBERS = (
    "estimate",
    "ci_lower",
    "ci_upper",
    "statistic",
    "df",
    "p_value",
    "classical_ci_lower",
    "classical_ci_upper",
    "classical_p_value",
)


def judge(
    estimates: pd.DataFrame,
    claims: Claims,
    level: float = LEVEL,
    *,
    not_testable: Mapping[str, Label] | None = None,
    caveats: Mapping[str, Label] | None = None,
) -> pd.DataFrame:
    """Judge every claim: those about estimates by intervals, those about accounts as they are.

    In one way, a sign is *supported* when the whole interval has it, *contradicted* when the whole
    interval has the other one, else *not distinguishable*. An order is supported when the first
    path has its sign and every difference a positive lower bound, contradicted when that sign is
    contradicted or a difference has a negative upper bound; paths that the study declares not
    testable are not compared, and then the order cannot be supported. A difference of groups is
    supported when equality is rejected at the level, by the joint test (several: after Holm's
    correction), or, where the claim names none, by a difference of a pair after Holm's correction;
    it is never contradicted.

    The verdict is supported or contradicted when every robust way that the rows have says so, else
    not distinguishable. Claims about accounts have no intervals, and what `judge_account` says of
    them. A claim without rows, with rows of models at the edge of the admissible
    interval, or declared so by the study or by itself, is *not testable with these data*.

    Parameters
    ----------
    estimates : DataFrame
        Rows of one study, columns of estimates.csv.
    claims : Claims
    level : float
        Size of the tests of equality.
    not_testable : mapping of str to Label, optional
        Id -> why the study's data cannot speak on the claim.
    caveats : mapping of str to Label, optional
        Id -> what a reader of the verdict must know.

    Returns
    -------
    DataFrame with the columns `CLAIM_COLUMNS`, one row a claim in the order of the file.

    Raises
    ------
    StudyError
        If an id is unknown.
    DataError
        If a claim's rows are not the only ones that match, or of several studies.
    """
    declared, remarks = not_testable or {}, caveats or {}
    faults = [
        f"claims.{dotted(path)}: {problem}"
        for path, problem in id_faults(claims, declared, remarks)
    ]
    if faults:
        raise StudyError(faults)
    studies = sorted(set(estimates["study"]))
    if len(studies) > 1:
        raise DataError(f"estimates of several studies ({listing(studies)}); judge one at a time")
    tables = set(estimates["table"])
    lines = []
    reasons = claims.untestable | dict(declared)
    for name, claim in claims.claims.items():
        has_no_table = tables.isdisjoint(own.table for own in claim.selectors)
        if claim.optional and has_no_table and name not in declared:
            continue
        cells: dict[str, Any] = {}
        if isinstance(claim, AccountClaim):
            judged = judge_account(name, claim, estimates, reasons)
            cells = {"table": claim.row.table}
        else:
            judged = judge_claim(name, claim, estimates, claims.robust, level, reasons)
            classical = judge_claim(name, claim, estimates, (claims.classical,), level, reasons)
            cells = _classical_cells(classical)
        lines.append(
            {
                "study": studies[0] if studies else "",
                **_claim_cells(name, claim, remarks.get(name), judged),
                **_verdict_cells(judged),
                **cells,
            }
        )
    return _typed(pd.DataFrame(lines))


def _with_chinese_marks(evidence: str) -> str:
    """Rows in words with the punctuation of a Chinese sentence; intervals stay as they are."""
    return re.sub(r" \(([^()]*)\)(?=; |$)", r"（\1）", evidence).replace("; ", "；")


def _claim_cells(
    name: str, claim: ClaimSection, caveat: Label | None, judged: Judgement
) -> dict[str, Any]:
    deciding = judged.shown.note if judged.shown is not None else None
    remarks = [
        label for label in (claim.note, deciding, judged.left_out, caveat) if label is not None
    ]
    return {
        "id": name,
        "source": claim.source_key,
        "finding": claim.finding,
        "kind": claim.kind,
        "statement_en": claim.statement.en,
        "statement_zh": claim.statement.zh,
        "expected": claim.wanted,
        "caveat_en": " ".join(f"{label.en.rstrip('.')}." for label in remarks),
        "caveat_zh": "".join(f"{label.zh.rstrip('。')}。" for label in remarks),
    }


def _verdict_cells(judged: Judgement) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "verdict": judged.verdict.value,
        "verdict_zh": VERDICT_ZH[judged.verdict],
        "evidence": ". ".join(f"{one.label.en}: {one.evidence}" for one in judged.parts),
        "evidence_zh": "。".join(
            f"{one.label.zh}：{_with_chinese_marks(one.evidence)}" for one in judged.parts
        ),
    }
    for column, label in (("reason", judged.reason), ("disagreement", judged.disagreement)):
        if label is not None:
            cells |= {f"{column}_en": label.en, f"{column}_zh": label.zh}
    shown = judged.shown
    if shown is not None:
        numbers = ("estimate", "ci_lower", "ci_upper", "statistic", "df", "vcov", "inference")
        cells |= {column: shown.row[column] for column in (*PLACES, *numbers)}
        cells["year"] = "" if pd.isna(cells["year"]) else str(int(cells["year"]))
        cells["p_value"] = shown.p_value
    return cells


def _classical_cells(judged: Judgement) -> dict[str, Any]:
    """The classical verdict; empty where it cannot be told, whose reason the robust one gives."""
    shown = judged.shown
    if shown is None or judged.verdict is Verdict.NOT_TESTABLE:
        return {}
    names = ("ci_lower", "ci_upper", "vcov", "inference")
    return {
        "classical_verdict": judged.verdict.value,
        **{f"classical_{name}": shown.row[name] for name in names},
        "classical_p_value": shown.p_value,
    }


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reindex(columns=list(CLAIM_COLUMNS))
    for column in CLAIM_COLUMNS:
        if column in NUMBERS:
            frame[column] = pd.to_numeric(frame[column]).astype("float64")
        elif column == "finding":
            frame[column] = pd.to_numeric(frame[column]).astype("int64")
        else:
            frame[column] = frame[column].astype(object).fillna("").astype(str)
    return frame


def write_claims(verdicts: pd.DataFrame, path: str | Path) -> None:
    """Write claims.csv; the same verdicts give the same bytes."""
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(CLAIM_COLUMNS)
        for row in verdicts[list(CLAIM_COLUMNS)].to_dict("records"):
            writer.writerow(
                format_number(cell) if name in NUMBERS else cell for name, cell in row.items()
            )


def read_verdicts(path: str | Path) -> pd.DataFrame:
    """Read claims.csv back, to the last bit of every float.

    Raises
    ------
    DataError
        As in `read_cells` and `parse_numbers`, or if columns are missing.
    """
    frame = read_cells(path)
    missing = [column for column in CLAIM_COLUMNS if column not in frame.columns]
    if missing:
        raise DataError(f"{path}: not a file of verdicts; columns missing: {listing(missing)}")
    for column in (*NUMBERS, "finding"):
        frame[column] = parse_numbers(frame[column], path, whole=column == "finding")
    return _typed(frame.reset_index(drop=True))
