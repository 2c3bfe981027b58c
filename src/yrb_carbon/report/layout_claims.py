"""Layout of the table of verdicts: a view of claims.csv."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from yrb_carbon.claims import (
    ACCOUNT_KINDS,
    OWN_SOURCE,
    UNTESTABLE,
    VERDICT_ZH,
    Claims,
    Verdict,
)
from yrb_carbon.estimates import Quantity
from yrb_carbon.report.account_claims import claim_names, is_account, place_words, year_of
from yrb_carbon.report.cells import (
    PrintedTable,
    column_label,
    format_estimate,
    format_interval,
    format_p,
    label_of,
    null_words,
    printed,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_heterogeneity import pair_words, through_label
from yrb_carbon.report.layout_mediation import system_name
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import form_name, inference_name, name_of_test, quantity_name, said
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import CLAIMS_TABLE
from yrb_carbon.study.mediation_tables import MediationTable

TITLE = message("Findings and verdicts")
JUDGED_NOTE = message(
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
ACCOUNTS_NOTE = message(
    "Numbers of accounts ({claims}) are exact: no interval, no p-value. Each year, and each "
    "definition where there are several, is judged by itself: a trend step by step between years; "
    "an order of terms when each comes strictly before the next; a sign when every row has it; "
    "members by how many are among the first. Supported or contradicted when all years and "
    "definitions say so; not distinguishable where they contradict each other or numbers are "
    "equal. A printed number is supported when any of them rounds to it, else contradicted. Ranks "
    "stand in brackets."
)
MANY_NOTE = message(
    "Findings judged: {count}, each at {level:g} %, without a correction for their number: if "
    "nothing were there at all, up to about {chance:.1f} of them would be told supported or "
    "contradicted by chance."
)
HEADS = (
    message("Finding"),
    message("Statement"),
    message("Expected"),
    message("Number is"),
    message("Estimate"),
    message("Interval"),
    "p",
    message("Verdict"),
    message("Classical verdict"),
    message("Row"),
)


def layout_claims(
    verdicts: pd.DataFrame, claims: Claims, spec: Any, language: Language = "en"
) -> PrintedTable:
    """Lay out the verdicts of a study.

    Parameters
    ----------
    verdicts : DataFrame
        Columns of claims.csv.
    claims : Claims
    spec : object
        Attributes `study`, `claims`, `report`, `tables` and `variables`, sections of the
        configuration.
    language : {"en", "zh"}

    Returns
    -------
    PrintedTable
    """
    words = Printer(language, spec.report.printing)
    rows = verdicts.to_dict("records")
    heads = [head if head == "p" else words(head) for head in HEADS]
    prefixes = source_prefixes(verdicts, claims)
    body = pd.DataFrame([_cells(row, prefixes, spec, words) for row in rows], columns=heads)
    of_accounts = verdicts["kind"].isin(ACCOUNT_KINDS)
    notes = _source_notes(verdicts, prefixes, claims, words)
    if not of_accounts.all():
        notes += _interval_notes(verdicts[~of_accounts], spec.claims.level, words)
    numbers = verdicts.loc[of_accounts & verdicts["kind"].ne(UNTESTABLE), "id"]
    if len(numbers):
        notes.append(words(ACCOUNTS_NOTE, claims=words.listing(numbers)))
    shown = verdicts.assign(
        evidence=[weighed_words(row, spec, words) for row in rows],
        reason=[with_names(row, "reason", spec, words) for row in rows],
        disagreement=[with_names(row, "disagreement", spec, words) for row in rows],
        caveat=[with_names(row, "caveat", spec, words) for row in rows],
    )
    is_untested = verdicts["verdict"] == Verdict.NOT_TESTABLE
    notes += [
        words("Not testable: {text}", text=text)
        for text in _by_text(shown[is_untested], "reason", words)
    ]
    notes += [
        words("Ways differ: {text}", text=text)
        for text in _by_text(shown[~of_accounts], "disagreement", words)
    ]
    notes += [
        words("Years or definitions differ: {text}", text=text)
        for text in _by_text(shown[of_accounts], "disagreement", words)
    ]
    notes += _by_text(shown, "evidence", words)
    notes += _by_text(shown, "caveat", words)
    if not words.printing.notes:
        notes = []
    cautions = map(words.label, spec.study.cautions)
    return printed(CLAIMS_TABLE, words(TITLE), body, [*notes, *cautions], language=language)


def source_prefixes(verdicts: pd.DataFrame, claims: Claims) -> dict[str, str]:
    """What stands before the numbers of the findings of each source, by its key.

    `1.` for the file's own source, `2.` and on for the others in the order of the file; nothing
    where all verdicts are of one source.
    """
    given = set(verdicts["source"])
    known = (OWN_SOURCE, *claims.sources)
    kept = {key: f"{place}." for place, key in enumerate(known, 1) if key in given}
    return kept if len(kept) > 1 else dict.fromkeys(kept, "")


def finding_numbers(verdicts: pd.DataFrame, key: str, prefixes: Mapping[str, str]) -> list[str]:
    """Numbers of the findings of a source, each once."""
    own = verdicts.loc[verdicts["source"] == key, "finding"]
    return [f"{prefixes[key]}{number}" for number in sorted(set(own))]


def _source_notes(
    verdicts: pd.DataFrame, prefixes: Mapping[str, str], claims: Claims, words: Words
) -> list[str]:
    if len(prefixes) < 2:
        only = claims.source_of(next(iter(prefixes), OWN_SOURCE))
        return [words("Source: {source}.", source=words.label(only))]
    return [
        words(
            "Source of the findings {numbers}: {source}.",
            numbers=words.listing(finding_numbers(verdicts, key, prefixes)),
            source=words.label(claims.source_of(key)),
        )
        for key in prefixes
    ]


def _interval_notes(verdicts: pd.DataFrame, level: float, words: Words) -> list[str]:
    judged = int((verdicts["verdict"] != Verdict.NOT_TESTABLE).sum())
    return [
        words.sentences(
            [words(JUDGED_NOTE), words("Size of the tests of equality: {level:g}.", level=level)]
        ),
        words(MANY_NOTE, count=judged, level=100 * level, chance=judged * level),
    ]


NUMBERS = r" (?:-?[\d.]+(?:e[+-]?\d+)? \[|p (?:\d|nan))"
"""What follows a term among the rows that were weighed: an estimate with interval, or p."""


def evidence_words(evidence: str, spec: Any, words: Words) -> str:
    """All rows that were weighed, with the names of their terms as the tables print them."""
    names = "|".join(map(re.escape, sorted(spec.variables, key=len, reverse=True)))
    if not names:
        return evidence
    term = re.compile(
        rf"(?P<test>[A-Z][\w -]*)\|(?P<form>[^|]*)\|(?P<null>.+?)(?={NUMBERS})"
        rf"|(?P<effect>[a-z_]+):(?P<term>{names}|all):(?P<pair>\w+-\w+)"
        rf"|(?<![\w.])(?P<first>{names})-(?P<second>{names})(?!\w)"
        rf"|(?<![\w.])(?P<own>(?:W\.)?(?:{names}))(?!\w)"
    )

    def named(found: re.Match[str]) -> str:
        if found["test"]:
            return words(
                "{test} ({form}): {null}",
                test=name_of_test(found["test"], words),
                form=form_name(found["form"], words),
                null=null_words(found["null"], spec, words),
            )
        if found["effect"]:
            return words(
                "{effect}, {name}, {pair}",
                effect=quantity_name(found["effect"], words),
                name=through_label(found["term"], spec, words),
                pair=pair_words(found["pair"], words),
            )
        if found["first"]:
            first, second = (label_of(found[key], spec, words) for key in ("first", "second"))
            return words("|{first}| less |{second}|", first=first, second=second)
        return label_of(found["own"], spec, words)

    return term.sub(named, evidence)


def weighed_words(row: Mapping[Any, Any], spec: Any, words: Words) -> str:
    """All that was weighed for a claim, with the names that the tables print."""
    text = str(row["evidence" if words.language == "en" else "evidence_zh"])
    if is_account(row):
        return claim_names(row, spec, words).evidence(text)
    return evidence_words(text, spec, words)


def with_names(row: Mapping[Any, Any], column: str, spec: Any, words: Words) -> str:
    """A text of a verdict in the language, with the names that the tables print."""
    text = str(row[f"{column}_{words.language}"])
    if not is_account(row):
        return text
    known = claim_names(row, spec, words)
    if column == "disagreement":
        return known.disagreement(row)
    return known.obstacle(str(row[f"{column}_en"])) or known.with_models(text)


def _by_text(verdicts: pd.DataFrame, column: str, words: Words) -> list[str]:
    """Each text of a column once, after the claims that it belongs to."""
    texts = [str(text) for text in verdicts[column].unique() if text]
    owners = [words.listing(verdicts.loc[verdicts[column] == text, "id"]) for text in texts]
    return [
        words("{claims}: {text}.", claims=own, text=text.rstrip(".。"))
        for own, text in zip(owners, texts, strict=True)
    ]


def finding_name(row: Mapping[Any, Any], prefixes: Mapping[str, str]) -> str:
    """Number of the finding, after that of its source where there are several."""
    return f"{prefixes[row['source']]}{row['finding']}"


def _cells(
    row: dict[Any, Any], prefixes: Mapping[str, str], spec: Any, words: Printer
) -> list[str]:
    place = row_words(row, spec, words)
    return [
        finding_name(row, prefixes),
        row[f"statement_{words.language}"],
        wanted_words(row, spec, words),
        number_words(row, words),
        words.estimate(row["estimate"]),
        words.interval(row),
        "" if pd.isna(row["p_value"]) else format_p(row["p_value"]),
        verdict_name(row["verdict"], words),
        verdict_name(row["classical_verdict"], words),
        words("{name}: {text}", name=row["id"], text=place) if place else row["id"],
    ]


def row_words(row: Mapping[Any, Any], spec: Any, words: Words) -> str:
    """Where a row stands, `T5, SDM, direct, Mining agglomeration`; empty without a row."""
    if not row["table"]:
        return ""
    if is_account(row):
        return place_words(row, spec, words)
    table, term = row["table"], str(row["term"])
    if row["quantity"] == Quantity.TEST:
        test, _, null = term.split("|", 2)
        parts = [name_of_test(test, words), null_words(null, spec, words)]
    else:
        is_difference = row["quantity"] == Quantity.DIFFERENCE
        quantity = quantity_name(row["quantity"], words)
        of_variable = row["equation"] in spec.variables
        equation = label_of(row["equation"], spec, words) if of_variable else ""
        parts = [
            _model_words(table, row["model"], spec, words),
            words("equation of {name}", name=equation) if equation else "",
            words("difference") if is_difference else quantity,
            evidence_words(term, spec, words),
        ]
    return words.listing(part for part in (table, *parts) if part)


def _model_words(table: str, model: str, spec: Any, words: Words) -> str:
    """Name of a model as its table prints it."""
    section = spec.tables.get(table)
    if isinstance(section, MediationTable):
        return system_name(model, spec, words)
    return column_label(getattr(section, "of", table), model, spec, words)


EXPECTED = (
    message("first < 0, differences > 0"),
    message("first > 0, differences > 0"),
    message("equality rejected"),
)
"""What rows of claims should show."""


def expected_words(expected: str, words: Words) -> str:
    """What the rows of a claim should show; signs say it by themselves."""
    return said(EXPECTED, expected, words) or expected


def wanted_words(row: Mapping[Any, Any], spec: Any, words: Words) -> str:
    """What the rows of the claim of a verdict should show."""
    if is_account(row):
        return claim_names(row, spec, words).expected(str(row["expected"]), year_of(row))
    return expected_words(row["expected"], words)


def verdict_name(name: str, words: Words) -> str:
    """A verdict in the language of the words; empty where there is none."""
    return VERDICT_ZH[Verdict(name)] if name and words.language == "zh" else name


def number_words(row: Mapping[Any, Any], words: Words) -> str:
    """What the number of a verdict is: an effect, a difference, the statistic of a joint test."""
    if pd.isna(row["estimate"]):
        return ""
    if is_account(row):
        return words("share") if row["quantity"] == Quantity.SHARE else words("number")
    if row["quantity"] == Quantity.TEST:
        named = {
            "test": name_of_test(str(row["term"]).split("|", 1)[0], words),
            "inference": inference_name(row["inference"], words),
        }
        if pd.isna(row["df"]):
            return words("{test} statistic, p by {inference}", **named)
        return words("{test} statistic with {df:g} df, p by {inference}", df=row["df"], **named)
    is_difference = row["quantity"] == Quantity.DIFFERENCE
    return words("difference") if is_difference else words("effect")


def verdict_lines(
    verdicts: pd.DataFrame, language: Language
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings and lines of the verdicts for a terminal.

    Reasons, and which ways differ, stand behind the verdict. Where there are several sources their
    keys stand behind the claims, none for the file's own.
    """
    words = Words(language)
    has_sources = verdicts["source"].nunique() > 1
    heads = tuple(words(head) for head in TERMINAL_HEADS if has_sources or head != SOURCE_HEAD)
    lines: list[tuple[str, ...]] = []
    records: list[dict[Any, Any]] = verdicts.to_dict("records")
    for row in records:
        remarks = [str(row[f"{name}_{language}"]) for name in ("reason", "disagreement")]
        said_of_it = [text for text in (verdict_name(row["verdict"], words), *remarks) if text]
        lines.append(
            (
                str(row["id"]),
                *([str(row["source"])] if has_sources else []),
                str(row[f"statement_{language}"]),
                format_estimate(row["estimate"]),
                format_interval(row),
                ": ".join(said_of_it),
            )
        )
    return heads, lines


SOURCE_HEAD = message("source")
TERMINAL_HEADS = (
    message("claim"),
    SOURCE_HEAD,
    message("statement"),
    message("estimate"),
    message("interval"),
    message("verdict"),
)
