"""The first page: the question, the numbers that answer it, the findings with their verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import pandas as pd
from markupsafe import Markup

from yrb_carbon.claims import ACCOUNT_KINDS, Verdict
from yrb_carbon.errors import DataError
from yrb_carbon.report.account_claims import is_account
from yrb_carbon.report.cells import heading_of, p_words
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_claims import (
    finding_name,
    finding_numbers,
    number_words,
    source_prefixes,
    verdict_name,
    wanted_words,
    weighed_words,
    with_names,
)
from yrb_carbon.report.layout_mediation import system_name
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.terms import covariance_words, inference_name, model_name
from yrb_carbon.study.accounts import AccountsTable
from yrb_carbon.study.embodied import EmbodiedTable
from yrb_carbon.study.footprint import FootprintTable
from yrb_carbon.study.mediation_tables import SUM_OF_MEDIATORS, MediationTable
from yrb_carbon.study.regional import RegionalTable
from yrb_carbon.study.tables import ChoiceTable, EffectsTable, ModelColumn, ModelsTable

VERDICT_CLASSES: Mapping[str, str] = {
    Verdict.SUPPORTED: "supported",
    Verdict.CONTRADICTED: "contradicted",
    Verdict.NOT_DISTINGUISHABLE: "not-distinguishable",
    Verdict.NOT_TESTABLE: "not-testable",
}
"""Ends of class names."""
ACCOUNTS: Mapping[type[AccountsTable], str] = {
    EmbodiedTable: message("Embodied carbon of mining"),
    FootprintTable: message("Industrial carbon footprint"),
    RegionalTable: message("Regional facts of the dual-carbon targets"),
}
"""What the tables of each system of accounts are about."""
DELTA = "delta"
NORMAL_DRAWS = "mc"
EFFECTS_LEVEL = 0.95
"""Level of the intervals of the tables of effects, which no configuration changes."""


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """One number of the summary.

    Attributes
    ----------
    label : Text
    value, interval : str
    detail : Text
        What the number is, and by which covariance its interval.
    table : str
        Table that it stands in.
    caveats : sequence of Text
        What the study says of the findings that stand in the same rows.
    absence : Text or None
        Why there is no number.
    """

    label: Text
    value: str
    interval: str
    detail: Text
    table: str
    caveats: Sequence[Text] = ()
    absence: Text | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding with its verdict, as the page shows it."""

    id: str
    statement: Text
    expected: Text
    number: Text
    value: str
    interval: str
    p_value: Text | None
    verdict: Text
    verdict_class: str
    classical: Text
    reason: Text
    caveat: Text
    evidence: Text
    table: str
    is_account: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """All claims of one finding of a source.

    `number` has that of the source in front where there are several.
    """

    number: str
    claims: tuple[Judged, ...]


def main_models(run: Run) -> tuple[str, str] | None:
    """Table of models and its column that the study rests on.

    The column whose choice is tested; without such a table, the last spatial one of the first
    table of models.
    """
    tables = run.study.tables
    for table in tables.values():
        if isinstance(table, ChoiceTable):
            return table.of, table.column
    for name, table in tables.items():
        if isinstance(table, ModelsTable):
            spatial = [column.id for column in table.columns if column.model != "ols"]
            if spatial:
                return name, spatial[-1]
    return None


def mediation_of(run: Run) -> tuple[str, MediationTable] | None:
    """The first table of mediated effects."""
    found = run.study.tables.items()
    return next(((n, table) for n, table in found if isinstance(table, MediationTable)), None)


@dataclass(frozen=True, slots=True)
class Question:
    """What the study asks: names of variables."""

    outcome: str
    treatment: str
    mediators: tuple[str, ...]


def question_of(run: Run) -> Question | None:
    """Outcome, treatment and mediators of the study, from its tables; None without models."""
    mediation = mediation_of(run)
    if mediation is not None:
        table = mediation[1]
        return Question(table.outcome, table.treatment, table.mediators)
    chosen = main_models(run)
    if chosen is None:
        return None
    models = run.study.tables[chosen[0]]
    if not isinstance(models, ModelsTable):
        raise TypeError(f"table {chosen[0]!r} holds no models")
    column = next(column for column in models.columns if column.id == chosen[1])
    regressors = column.regressors or models.regressors
    return Question(column.outcome or models.outcome, regressors[0], ())


def question_text(run: Run) -> Text:
    """The question in words."""
    words, asked = run.words, question_of(run)
    if asked is None:
        kinds = {type(table) for table in run.study.tables.values()}
        systems = [
            words(said)
            for base, said in ACCOUNTS.items()
            if any(issubclass(kind, base) for kind in kinds)
        ]
        if systems:
            return words("Accounts without a model: {systems}.", systems=words.listing(systems))
        return words("This study has no table of models: its pages show data alone.")
    names = {
        "treatment": _strong(run.label(asked.treatment)),
        "outcome": _strong(run.label(asked.outcome)),
    }
    if not asked.mediators:
        return words(
            "How does {treatment} act on {outcome}, in a unit itself and in its neighbours?",
            **names,
        )
    return words(
        "How does {treatment} act on {outcome}, in a unit itself and in its neighbours, and how "
        "much of it runs through {mediators}?",
        **names,
        mediators=words.listing(_strong(run.label(name)) for name in asked.mediators),
    )


def _strong(text: Text) -> Text:
    element = Markup("<strong>{}</strong>")
    return Text({language: element.format(said) for language, said in text.said.items()})


def key_numbers(run: Run) -> list[KeyNumber]:
    """Effects of the treatment with the interval that the printed stars follow."""
    asked = question_of(run)
    if asked is None:
        return []
    return [*_effects(run, asked), *_mediated(run)]


def _effects(run: Run, asked: Question) -> Iterator[KeyNumber]:
    chosen = main_models(run)
    if chosen is None:
        return
    of, column = chosen
    models = run.study.tables[of]
    tables = run.study.tables.items()
    name = next((n for n, t in tables if isinstance(t, EffectsTable) and t.of == of), None)
    if name is None or not isinstance(models, ModelsTable):
        return
    vcov = models.covariances[-1]
    words = run.words
    labels = {
        "direct": words("Direct effect, on the unit itself"),
        "indirect": words("Indirect effect, summed over all others"),
        "total": words("Total effect"),
    }
    fitted = next(own for own in models.columns if own.id == column)
    model = words.each(partial(column_words, fitted))
    for quantity, label in labels.items():
        wanted = {
            "table": name, "model": column, "quantity": quantity, "term": asked.treatment,
            "inference": DELTA, "vcov": vcov,
        }  # fmt: skip
        yield _number(run, label, wanted, model, EFFECTS_LEVEL)


def column_words(column: ModelColumn, words: Words) -> str:
    """What a column of models is called: by its heading, else by its model."""
    return heading_of(column, words) if column.label else model_name(column.model)


def _mediated(run: Run) -> Iterator[KeyNumber]:
    found = mediation_of(run)
    if found is None:
        return
    name, table = found
    words, vcov = run.words, table.covariances[-1]
    labels = {
        "mediated_direct": words("Mediated effect on the unit itself, all mediators"),
        "mediated_spillover": words("Mediated spillover, all mediators"),
    }
    model = words.each(partial(system_name, table.runs[0], run.study))
    for quantity, label in labels.items():
        wanted = {
            "table": name, "model": table.runs[0], "spec": "", "quantity": quantity,
            "term": SUM_OF_MEDIATORS, "inference": NORMAL_DRAWS, "vcov": vcov,
        }  # fmt: skip
        yield _number(run, label, wanted, model, table.level)


def _number(
    run: Run, label: Text, wanted: Mapping[str, str], model: Text, level: float
) -> KeyNumber:
    """The number of the row with these texts, or why there is none."""
    words, row = run.words, _row(run, wanted)
    table = wanted["table"]
    named = {
        "vcov": words.each(partial(covariance_words, wanted["vcov"])),
        "model": model,
    }
    if row is None:
        absence = words(
            "Table {table} has no such row by {inference}, {vcov}, of {model}.",
            table=table,
            inference=words.each(partial(inference_name, wanted["inference"])),
            **named,
        )
        return KeyNumber(label, "", "", absence, table, absence=absence)
    return KeyNumber(
        label=label,
        value=run.printer.estimate(row["estimate"]),
        interval=run.printer.interval(row),
        detail=words("{model}; {level:g} % interval, {vcov}", level=100 * level, **named),
        table=table,
        caveats=_caveats(run, row),
    )


def _caveats(run: Run, row: Mapping[str, Any]) -> list[Text]:
    """What the study says of the findings in the same model and equation of the same table."""
    if run.verdicts is None or run.study.claims is None:
        return []
    words, section = run.words, run.study.claims
    near = run.verdicts
    for name in ("table", "model", "equation"):
        near = near[near[name] == row[name]]
    untested = [
        words("Not testable in part: {text}", text=words.label(section.not_testable[own]))
        for own in near["id"]
        if own in section.not_testable
    ]
    known = [words.label(section.caveats[own]) for own in near["id"] if own in section.caveats]
    return list({str(text): text for text in (*untested, *known)}.values())


def _row(run: Run, wanted: Mapping[str, str]) -> dict[str, Any] | None:
    """The one row with these texts; None where there is none."""
    rows = run.estimates
    for column, text in wanted.items():
        rows = rows[rows[column] == text]
    if len(rows) > 1:
        raise DataError(
            f"estimates.csv has {len(rows)} rows with {dict(wanted)}, wanted one: the summary "
            "cannot tell which number to show; tell the rows apart in the columns of the key"
        )
    if rows.empty:
        return None
    return {str(name): cell for name, cell in rows.iloc[0].items()}


def claim_sources(run: Run) -> list[tuple[str, Text]]:
    """Sources of the findings, each with the numbers of its findings; none where there is one."""
    if run.verdicts is None or run.claims is None:
        return []
    verdicts, prefixes = run.verdicts, source_prefixes(run.verdicts, run.claims)
    several = len(prefixes) > 1
    return [
        (
            ", ".join(finding_numbers(verdicts, key, prefixes)) if several else "",
            run.words.label(run.claims.source_of(key)),
        )
        for key in prefixes
    ]


def judged_by(run: Run) -> dict[str, bool]:
    """Whether findings are judged by intervals, and whether by the numbers of accounts."""
    kinds = [] if run.verdicts is None else list(run.verdicts["kind"])
    return {
        "accounts": any(kind in ACCOUNT_KINDS for kind in kinds),
        "intervals": any(kind not in ACCOUNT_KINDS for kind in kinds),
    }


def findings(run: Run) -> list[Finding]:
    """Claims with their verdicts, by source and by the number of the finding."""
    if run.verdicts is None or run.claims is None:
        return []
    prefixes = source_prefixes(run.verdicts, run.claims)
    places = list(prefixes)
    rows = [
        {str(key): cell for key, cell in row.items()} for row in run.verdicts.to_dict("records")
    ]
    rows.sort(key=lambda row: (places.index(row["source"]), row["finding"]))
    return [
        Finding(number, tuple(_judged(run, row) for row in own))
        for number, own in groupby(rows, key=lambda row: finding_name(row, prefixes))
    ]


def _judged(run: Run, row: Mapping[Any, Any]) -> Judged:
    def both(name: str) -> Text:
        return run.words.each(lambda words: with_names(row, name, run.study, words))

    words = run.words
    reasons = [both(name) for name in ("reason", "disagreement")]
    return Judged(
        id=row["id"],
        statement=both("statement"),
        expected=words.each(partial(wanted_words, row, run.study)),
        number=words.each(partial(number_words, row)),
        value=run.printer.estimate(row["estimate"]),
        interval=run.printer.interval(row),
        p_value=words.each(partial(p_words, row["p_value"])) if pd.notna(row["p_value"]) else None,
        verdict=words.each(partial(verdict_name, row["verdict"])),
        verdict_class=VERDICT_CLASSES[row["verdict"]],
        classical=words.each(partial(verdict_name, row["classical_verdict"])),
        reason=words.clauses(text for text in reasons if text),
        caveat=both("caveat"),
        evidence=words.each(partial(weighed_words, row, run.study)),
        table=row["table"],
        is_account=is_account(row),
    )


def tally(run: Run) -> list[tuple[Text, int]]:
    """How many claims have each verdict, those with none left out."""
    if run.verdicts is None:
        return []
    counts = run.verdicts["verdict"].value_counts()
    return [
        (run.words.each(partial(verdict_name, verdict.value)), int(counts[verdict]))
        for verdict in Verdict
        if verdict in counts
    ]
