"""Layout of the tables of a mediation system: views of estimates.csv, as `report.layout`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.estimates import DISCARDED
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    ESTIMATOR_NOTES,
    FAILED_NOTE,
    MONTE_CARLO,
    QUANTILE_ERRORS_NOTE,
    SERIAL_NOTE,
    LostDraws,
    format_estimate,
    label_of,
    labels_of,
    lost_draws,
    records,
    sizes_note,
    weights_label,
    without_failed_stars,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import (
    SHARE_OBSTACLES,
    covariance_name,
    effects_name,
    model_name,
    quantity_name,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.mediation_tables import (
    GAP,
    JOINT,
    NATURAL,
    ONE_STEP,
    RANKS,
    SUM_OF_MEDIATORS,
    SYSTEM,
    MediationTable,
    Scheme,
)

Cells = dict[tuple[Any, ...], dict[str, Any]]

BOOTSTRAP = "bootstrap_{}"
SCHEME_WORDS: dict[Scheme, str] = {
    "wild_unit": message("wild bootstrap"),
    "year": message("year bootstrap"),
}
SCHEME_NOTES: dict[Scheme, str] = {
    "wild_unit": message(
        "residuals of a unit keep their order over time and get one random sign, the outcome's "
        "drawn apart from the mediators'; holds under serial correlation"
    ),
    "year": message(
        "whole years of residuals of all equations drawn with replacement; holds under "
        "correlation between units, errors independent over time"
    ),
}
PARTS = ("mediator", "outcome", "chain")
SHARE_COLUMNS = {
    "of total": ("total_over_system_total", "total_over_natural_total"),
    "of natural direct": ("direct_over_natural_direct",),
    "of system direct": ("direct_over_system_direct",),
}
"""Shares by column, and which shares or ratios stand in each."""
HEADS = (
    message("System"),
    message("Path"),
    message("Interval"),
    message("Direct"),
    message("Spillover"),
    message("Spillover: on neighbours' mediators"),
    message("Spillover: on neighbours' outcome"),
    message("Spillover: chains"),
    message("Total"),
    message("Share: of total"),
    message("Share: of natural direct"),
    message("Share: of system direct"),
)
PATHS_NOTE = message(
    "Effects of one unit more of the treatment in every unit, means over units of "
    "dy/dx' = S_x + sum over k of S_b,k S_m,k, with S = (I - rho W)^-1 (beta I + theta W) of each "
    "equation: direct is the mean diagonal, spillover the mean sum beside it. A mediated spillover "
    "has three parts: the treatment moves neighbours' mediators and these their own outcome; it "
    "moves the own mediator and this the neighbours' outcome; chains of both. A mediated direct "
    "effect includes what comes back through neighbours. Products of coefficients, of direct or of "
    "indirect effects are not these effects."
)
IDENTIFICATION_NOTE = message(
    "Mediated effects are causal only if, given controls and fixed effects, nothing unobserved "
    "moves treatment and mediators, treatment and outcome, or mediators and outcome together (the "
    "errors of the mediators may correlate with one another, not with those of the outcome), no "
    "mediator acts on another, and units act on one another through W alone."
)
SHARES_NOTE = message(
    "A share is the mediated effect over the effect named. It stands only where the interval of "
    "the system's effect excludes zero and the natural effect and those of all mediators have one "
    "sign; elsewhere 'ratio' precedes |mediated / natural|, which is no share."
)
ONE_STEP_NOTE = message(
    "The one-step model (treatment and controls alone) is not the reduced form of the system, "
    "which has powers of W that it lacks: the gap need not be zero, and has intervals from the "
    "bootstraps only."
)


SYSTEM_NOTE = message(
    "Treatment: {treatment}. Outcome: {outcome} ({model}). Mediators: {mediators}. Controls: "
    "{controls}. Fixed effects: {effects}. Weights: {weights}. Estimator: {estimator}."
)
INTERVALS_NOTE = message(
    "{level:g} % intervals in square brackets, {kind}; {covariances} from normal draws of all "
    "parameters with the joint covariance of the equations; those of the one-step model by the "
    "delta method. {stars}, by {last}. {parts}."
)
PLAIN_INTERVALS_NOTE = message(
    "{level:g} % intervals in square brackets, {kind}; {covariances} from normal draws of all "
    "parameters with the joint covariance of the equations; those of the one-step model by the "
    "delta method. {parts}."
)
CORRECTED = message(
    "bias-corrected and accelerated (year) and bias-corrected (wild) bootstrap intervals"
)
PERCENTILE = message("percentile intervals")


@dataclass(frozen=True, slots=True)
class _Line:
    """One kind of interval: how it is called, what it rests on, and where its rows are."""

    name: str
    head: str
    meaning: str
    inference: str
    vcov: str


@dataclass(frozen=True, slots=True)
class _Path:
    """One path of a table: its name and heading; quantity, term and equation of each column."""

    name: str
    head: str
    term: str
    direct: str
    spillover: str
    total: str
    equation: str = "system"
    spec: str = ""
    parts: bool = False
    shares: bool = False


def mediation_layout(
    table: MediationTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    """Effects by path: estimate with stars, and below it one line an interval."""
    lines: list[list[str]] = []
    starred = without_failed_stars(rows)
    for model in table.runs:
        own = starred[starred["model"] == model]
        if model == JOINT:
            lines += _joint_lines(table, study, own, words)
        else:
            lines += _single_lines(table, study, own, model, words)
    body = pd.DataFrame(lines, columns=mediation_heads(words))
    return body, list(_notes(table, study, rows, words))


def _joint_lines(
    table: MediationTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[list[str]]:
    cells = _cells_of(rows)
    intervals = list(_intervals(table, words))
    paths = [*_system_paths(table, study, table.mediators, words), *_reference_paths(table, words)]
    system = words("All mediators")
    blocks = [(path.name, _path_lines(system, path, cells, intervals, words)) for path in paths]
    blocks.append((RANKS, _rank_lines(table, study, cells, intervals, words)))
    names = words.rows(dict.fromkeys(name for name, _ in blocks))
    return [line for name in names for own, lines in blocks if own == name for line in lines]


def _single_lines(
    table: MediationTable, study: Study, rows: pd.DataFrame, mediator: str, words: Printer
) -> list[list[str]]:
    """One mediator alone: the path through it, with the covariances' intervals."""
    cells = _cells_of(rows)
    intervals = [line for line in _intervals(table, words) if line.inference == MONTE_CARLO]
    lines: list[list[str]] = []
    head = _alone(mediator, study, words)
    for path in _system_paths(table, study, (mediator,), words):
        if path.name in words.rows([mediator]):
            lines += _path_lines(head, path, cells, intervals, words)
    return lines


def _alone(mediator: str, study: Study, words: Words) -> str:
    return words("{name} alone", name=label_of(mediator, study, words))


def system_lines(
    table: MediationTable, study: Study, rows: pd.DataFrame, head: str, words: Printer
) -> list[list[str]]:
    """Paths of a system with all mediators, with the intervals of its covariances.

    Parameters
    ----------
    table : MediationTable
    study : Study
    rows : DataFrame
        Rows of estimates of one system.
    head : str
        First cell of each path.
    words : Words
    """
    cells = _cells_of(without_failed_stars(rows))
    intervals = [line for line in _intervals(table, words) if line.inference == MONTE_CARLO]
    return [
        line
        for path in _system_paths(table, study, table.mediators, words)
        for line in _path_lines(head, path, cells, intervals, words)
    ]


def mediation_heads(words: Words) -> list[str]:
    """Headings of a table of paths."""
    return [words(head) for head in HEADS]


def _cells_of(rows: pd.DataFrame) -> Cells:
    return records(rows, "equation", "spec", "quantity", "term", "inference", "vcov")


def _intervals(table: MediationTable, words: Words) -> Iterator[_Line]:
    """Each covariance by Monte Carlo, then the bootstraps."""
    for name in table.covariances:
        meaning = words(COVARIANCE_NOTES[name])
        yield _Line(name, covariance_name(name, words), meaning, MONTE_CARLO, name)
    for scheme in table.bootstrap.schemes:
        head, meaning = words(SCHEME_WORDS[scheme]), words(SCHEME_NOTES[scheme])
        yield _Line(scheme, head, meaning, BOOTSTRAP.format(scheme), "")


def _system_paths(
    table: MediationTable, study: Study, mediators: Sequence[str], words: Words
) -> Iterator[_Path]:
    yield _Path(
        NATURAL,
        words("Not mediated"),
        table.treatment,
        "natural_direct",
        "natural_spillover",
        "natural_total",
    )
    terms = [
        (name, words("Through {name}", name=label_of(name, study, words))) for name in mediators
    ]
    if len(mediators) > 1:
        terms.append((SUM_OF_MEDIATORS, words("Through all mediators")))
    for term, head in terms:
        yield _Path(
            term,
            head,
            term,
            "mediated_direct",
            "mediated_spillover",
            "mediated_total",
            parts=True,
            shares=True,
        )
    yield _Path(
        SYSTEM,
        words("Whole system"),
        table.treatment,
        "system_direct",
        "system_indirect",
        "system_total",
    )


def _reference_paths(table: MediationTable, words: Words) -> Iterator[_Path]:
    """The one-step model, whose intervals are by the delta method, and the gap to it."""
    yield _Path(
        ONE_STEP,
        words("One-step model"),
        table.treatment,
        "direct",
        "indirect",
        "total",
        equation=ONE_STEP,
    )
    yield _Path(GAP, words("System less one-step"), "", "direct", "indirect", "total", spec=GAP)


def _path_lines(
    system: str, path: _Path, cells: Cells, intervals: Sequence[_Line], words: Printer
) -> list[list[str]]:
    """Estimates of a path and, below them, every interval that there is."""
    own = [_row_of(path, line, cells) for line in intervals]
    shown = [row for row, line in zip(own, intervals, strict=True) if line.inference == MONTE_CARLO]
    if not any(found for row in shown for found in row):
        return []
    pairs = zip(shown[0], shown[-1], strict=True)
    lines = [[system, path.head, "", *(_estimate(first, last, words) for first, last in pairs)]]
    named = {line.name: (line, row) for line, row in zip(intervals, own, strict=True)}
    for name in words.errors(list(named)):
        line, row = named[name]
        texts = [_interval(found, words) for found in row]
        if any(texts):
            lines.append(["", "", line.head, *texts])
    return lines


Row = list[dict[str, Any] | None]


def _row_of(path: _Path, line: _Line, cells: Cells) -> Row:
    """Rows of estimates behind the columns of a path, by one inference."""

    def found(quantity: str) -> dict[str, Any] | None:
        inference, term, name = line.inference, path.term, quantity
        if path.equation == ONE_STEP:
            inference = "delta"
        if path.spec == GAP:
            term, name = f"system_{quantity}-one_step_{quantity}", "difference"
        return cells.get((path.equation, path.spec, name, term, inference, line.vcov))

    parts = [found(f"mediated_spillover_{part}") if path.parts else None for part in PARTS]
    shares = [_share_of(path, line, cells, specs) for specs in SHARE_COLUMNS.values()]
    return [found(path.direct), found(path.spillover), *parts, found(path.total), *shares]


def _share_of(
    path: _Path, line: _Line, cells: Cells, specs: Sequence[str]
) -> dict[str, Any] | None:
    if not path.shares:
        return None
    names = [(spec, quantity) for spec in specs for quantity in ("share", "ratio")]
    keys = [("system", *name, path.term, line.inference, line.vcov) for name in names]
    return next((cells[key] for key in keys if key in cells), None)


def _rank_lines(
    table: MediationTable, study: Study, cells: Cells, intervals: Sequence[_Line], words: Printer
) -> list[list[str]]:
    """Which mediated direct effect is larger in size, pair by pair."""
    names = table.mediators
    system = words("Size of mediated direct effects")
    lines: list[list[str]] = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            head = words(
                "|{first}| less |{second}|",
                first=label_of(first, study, words),
                second=label_of(second, study, words),
            )
            path = _Path(
                RANKS, head, f"{first}-{second}", "difference", "", "", spec="abs_mediated_direct"
            )
            lines += _path_lines(system, path, cells, intervals, words)
    return lines


def _estimate(first: dict[str, Any] | None, last: dict[str, Any] | None, words: Printer) -> str:
    """Estimate with the stars of the covariance that is judged by; shares have none."""
    row = last or first
    if row is None:
        return ""
    text = words.estimate(row["estimate"], _decimals(row)) + words.stars(row["p_value"])
    return words("ratio {number}", number=text) if row["quantity"] == "ratio" else text


def _decimals(row: Mapping[str, Any]) -> int | None:
    """Decimals of a share; those of the table for all else."""
    return 3 if row["quantity"] in ("ratio", "share") else None


def _interval(row: dict[str, Any] | None, words: Printer) -> str:
    if row is None or pd.isna(row["ci_lower"]):
        return ""
    text = words.interval(row, _decimals(row))
    return words("ratio {number}", number=text) if row["quantity"] == "ratio" else text


def _notes(
    table: MediationTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Iterator[str]:
    yield system_note(table, study, rows, words)
    yield words(PATHS_NOTE)
    yield _intervals_note(table, rows, study, words)
    if any(one.is_truncated for one in lost_draws(rows)):
        yield words(FAILED_NOTE, read=words("bootstrap intervals"))
    yield words(QUANTILE_ERRORS_NOTE)
    yield words(IDENTIFICATION_NOTE)
    yield words(SHARES_NOTE)
    yield from _ratio_notes(table, rows, study, words)
    yield words(ONE_STEP_NOTE)
    yield from _within_sd_notes(table, study, rows, words)
    yield from ar1_notes(table, study, rows[rows["model"] == table.runs[0]], words)
    yield words(SERIAL_NOTE)


def system_note(
    table: MediationTable,
    study: Study,
    rows: pd.DataFrame,
    words: Words,
    *,
    with_sizes: bool = True,
) -> str:
    """Variables, models, weights and estimator of a system, and the size of its panel."""
    mediators = words.listing(
        words(
            "{name} ({model})",
            name=label_of(name, study, words),
            model=model_name(table.model_of(name)),
        )
        for name in table.mediators
    )
    other = table.mediator_weights or table.weights
    weights = weights_label(table.weights, study, words)
    if other != table.weights:
        weights = words(
            "{weights}, mediators {other}",
            weights=weights,
            other=weights_label(other, study, words),
        )
    said = words(
        SYSTEM_NOTE,
        treatment=label_of(table.treatment, study, words),
        outcome=label_of(table.outcome, study, words),
        model=model_name(table.model),
        mediators=mediators,
        controls=labels_of(table.controls, study, words) or words("none"),
        effects=effects_name(table.effects, words),
        weights=weights,
        estimator=words(ESTIMATOR_NOTES[table.estimator]),
    )
    sizes = [words("{sizes}.", sizes=sizes_note(rows, words))] if with_sizes else []
    return words.sentences([said, *sizes])


def _intervals_note(table: MediationTable, rows: pd.DataFrame, study: Study, words: Printer) -> str:
    """What every interval rests on, with its draws and those that are left out, by system."""
    drawn = records(rows[rows["term"] == DISCARDED], "inference", "vcov")
    lost = lost_draws(rows)
    parts = []
    for line in _intervals(table, words):
        if (line.inference, line.vcov) not in drawn:
            continue
        own = [one for one in lost if (one.inference, one.vcov) == (line.inference, line.vcov)]
        parts.append(
            words(
                "{name}: {meaning} ({draws} draws a system, {lost})",
                name=line.head,
                meaning=line.meaning,
                draws=drawn[line.inference, line.vcov]["draws"],
                lost=_lost_words(own, study, words),
            )
        )
    names = [covariance_name(name, words) for name in table.covariances]
    corrected = table.bootstrap.intervals == "corrected"
    return words(
        INTERVALS_NOTE if words.has_stars else PLAIN_INTERVALS_NOTE,
        level=100 * table.level,
        kind=words(CORRECTED if corrected else PERCENTILE),
        covariances=words.listing(names),
        stars=words.stars_key,
        last=names[-1],
        parts=words.clauses(parts),
    )


def _lost_words(lost: Sequence[LostDraws], study: Study, words: Words) -> str:
    if not lost:
        return words("none left out")
    listed = words.listing(
        f"{system_name(one.model, study, words)} {one.text(words)}" for one in lost
    )
    return words("left out for want of a finite multiplier: {listed}", listed=listed)


def system_name(model: str, study: Study, words: Words) -> str:
    """Name of the joint system, or of one with a mediator alone."""
    return words("All mediators") if model == JOINT else _alone(model, study, words)


def _ratio_notes(
    table: MediationTable, rows: pd.DataFrame, study: Study, words: Words
) -> Iterator[str]:
    """Why ratios stand in the place of shares, by the covariance that is judged by."""
    judged = rows[(rows["vcov"] == table.covariances[-1]) & (rows["inference"] == MONTE_CARLO)]
    for model in table.runs:
        for part in ("total", "direct"):
            own = judged[(judged["model"] == model) & (judged["spec"] == f"no_share_{part}")]
            for reason in own["term"]:
                yield words(
                    "{system}, {part} effects, no shares: {reason}.",
                    system=system_name(model, study, words),
                    part=quantity_name(part, words),
                    reason=words.clauses(
                        words(SHARE_OBSTACLES[one]) for one in str(reason).split("; ")
                    ),
                )


def _within_sd_notes(
    table: MediationTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Iterator[str]:
    """Standard deviations of the treatment, and the mediated direct effects of one of them."""
    model = table.runs[0]
    own = rows[rows["model"] == model]
    sizes = records(own[own["quantity"] == "sd"], "spec")
    if not sizes:
        return
    scaled = records(
        own[(own["spec"] == "per_sd_within") & (own["quantity"] == "mediated_direct")], "term"
    )
    listed = words.listing(
        f"{label_of(name, study, words)} {words.estimate(scaled[name,]['estimate'])}"
        for name in table.mediators
        if (name,) in scaled
    )
    stated = [
        words(
            "Standard deviation of {name}: {within} within (unit and year means taken out), "
            "{overall} overall.",
            name=label_of(table.treatment, study, words),
            within=words.estimate(sizes["within",]["estimate"]),
            overall=words.estimate(sizes["overall",]["estimate"]),
        )
    ]
    if listed:
        stated.append(
            words(
                "Mediated direct effects of one within standard deviation more: {listed}.",
                listed=listed,
            )
        )
    yield words.sentences(stated)


def ar1_notes(
    table: MediationTable, study: Study, rows: pd.DataFrame, words: Words, head: str = ""
) -> Iterator[str]:
    """Residual autocorrelation of every equation of one system; nothing without any.

    Parameters
    ----------
    table : MediationTable
    study : Study
    rows : DataFrame
        Rows of estimates of the system.
    words : Words
    head : str
        What the note is about; nothing for the table as a whole.
    """
    cells = records(rows[rows["quantity"] == "residual_ar1"], "equation")
    names = {name: label_of(name, study, words) for name in (table.outcome, *table.mediators)}
    listed = words.listing(
        f"{name} {format_estimate(cells[key,]['estimate'], 3)}"
        for key, name in {**names, "one_step": words("one-step model")}.items()
        if (key,) in cells
    )
    if not listed:
        return
    note = words("Residual AR(1) of the equations: {listed}.", listed=listed)
    yield words("{name}: {meaning}", name=head, meaning=note) if head else note
