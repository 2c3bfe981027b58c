"""Layout of the tables of a mediation system: views of estimates.csv, as `report.layout`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    STARS_KEY,
    LostDraws,
    format_estimate,
    format_interval,
    label_of,
    lost_draws,
    records,
    sizes_note,
    stars_of,
    without_failed_stars,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.mediation_tables import JOINT, SUM_OF_MEDIATORS, MediationTable, Scheme

Cells = dict[tuple[Any, ...], dict[str, Any]]

BOOTSTRAP = "bootstrap_{}"
SCHEME_WORDS: dict[Scheme, str] = {"wild_unit": "wild bootstrap", "year": "year bootstrap"}
SCHEME_NOTES: dict[Scheme, str] = {
    "wild_unit": "residuals of a unit keep their order over time and get one random sign, the "
    "outcome's drawn apart from the mediators'; holds under serial correlation",
    "year": "whole years of residuals of all equations drawn with replacement; holds under "
    "correlation between units, errors independent over time",
}
PARTS = ("mediator", "outcome", "chain")
PART_WORDS = {
    "mediator": "on neighbours' mediators",
    "outcome": "on neighbours' outcome",
    "chain": "chains",
}
SHARE_COLUMNS = {
    "of total": ("total_over_system_total", "total_over_natural_total"),
    "of natural direct": ("direct_over_natural_direct",),
    "of system direct": ("direct_over_system_direct",),
}
"""Headings of the shares, and which shares or ratios stand below each."""
HEADS = (
    "System",
    "Path",
    "Interval",
    "Direct",
    "Spillover",
    *(f"Spillover: {PART_WORDS[part]}" for part in PARTS),
    "Total",
    *(f"Share: {head}" for head in SHARE_COLUMNS),
)
PATHS_NOTE = (
    "Effects of one unit more of the treatment in every unit, means over units of "
    "dy/dx' = S_x + sum over k of S_b,k S_m,k, with S = (I - rho W)^-1 (beta I + theta W) of each "
    "equation: direct is the mean diagonal, spillover the mean sum beside it. A mediated spillover "
    "has three parts: the treatment moves neighbours' mediators and these their own outcome; it "
    "moves the own mediator and this the neighbours' outcome; chains of both. A mediated direct "
    "effect includes what comes back through neighbours. Products of coefficients, of direct or of "
    "indirect effects are not these effects."
)
IDENTIFICATION_NOTE = (
    "Mediated effects are causal only if, given controls and fixed effects, nothing unobserved "
    "moves treatment and mediators, treatment and outcome, or mediators and outcome together (the "
    "errors of the mediators may correlate with one another, not with those of the outcome), no "
    "mediator acts on another, and units act on one another through W alone."
)
SHARES_NOTE = (
    "A share is the mediated effect over the effect named. It stands only where the interval of "
    "the system's effect excludes zero and the natural effect and those of all mediators have one "
    "sign; elsewhere 'ratio' precedes |mediated / natural|, which is no share."
)
ONE_STEP_NOTE = (
    "The one-step model (treatment and controls alone) is not the reduced form of the system, "
    "which has powers of W that it lacks: the gap need not be zero, and has intervals from the "
    "bootstraps only."
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One kind of interval: how it is called, and where its rows are."""

    head: str
    inference: str
    vcov: str


@dataclass(frozen=True, slots=True)
class _Path:
    """One path of a table: its heading, and the quantity, term and equation of each column."""

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
    table: MediationTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Effects by path: estimate with stars, and below it one line an interval."""
    lines: list[list[str]] = []
    starred = without_failed_stars(rows)
    for model in table.runs:
        own = starred[starred["model"] == model]
        if model == JOINT:
            lines += _joint_lines(table, study, own)
        else:
            lines += _single_lines(table, study, own, model)
    body = pd.DataFrame(lines, columns=list(HEADS))
    return body, list(_notes(table, study, rows))


def _joint_lines(table: MediationTable, study: Study, rows: pd.DataFrame) -> list[list[str]]:
    cells = _cells_of(rows)
    intervals = list(_intervals(table))
    lines: list[list[str]] = []
    for path in [*_system_paths(table, study, table.mediators), *_reference_paths(table)]:
        lines += _path_lines("All mediators", path, cells, intervals)
    return lines + _rank_lines(table, study, cells, intervals)


def _single_lines(
    table: MediationTable, study: Study, rows: pd.DataFrame, mediator: str
) -> list[list[str]]:
    """One mediator alone: the path through it, with the covariances' intervals."""
    cells = _cells_of(rows)
    intervals = [line for line in _intervals(table) if line.inference == MONTE_CARLO]
    lines: list[list[str]] = []
    head = f"{label_of(mediator, study)} alone"
    for path in _system_paths(table, study, (mediator,)):
        if path.term == mediator:
            lines += _path_lines(head, path, cells, intervals)
    return lines


def system_lines(
    table: MediationTable, study: Study, rows: pd.DataFrame, head: str
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
    """
    cells = _cells_of(without_failed_stars(rows))
    intervals = [line for line in _intervals(table) if line.inference == MONTE_CARLO]
    return [
        line
        for path in _system_paths(table, study, table.mediators)
        for line in _path_lines(head, path, cells, intervals)
    ]


def mediation_heads() -> list[str]:
    """Headings of a table of paths."""
    return list(HEADS)


def _cells_of(rows: pd.DataFrame) -> Cells:
    return records(rows, "equation", "spec", "quantity", "term", "inference", "vcov")


def _intervals(table: MediationTable) -> Iterator[_Line]:
    """Each covariance by Monte Carlo, then the bootstraps."""
    for covariance in table.covariances:
        yield _Line(covariance, MONTE_CARLO, covariance)
    for scheme in table.bootstrap.schemes:
        yield _Line(SCHEME_WORDS[scheme], BOOTSTRAP.format(scheme), "")


def _system_paths(table: MediationTable, study: Study, mediators: Sequence[str]) -> Iterator[_Path]:
    yield _Path(
        "Not mediated", table.treatment, "natural_direct", "natural_spillover", "natural_total"
    )
    terms = [(name, f"Through {label_of(name, study)}") for name in mediators]
    if len(mediators) > 1:
        terms.append((SUM_OF_MEDIATORS, "Through all mediators"))
    for term, head in terms:
        yield _Path(
            head,
            term,
            "mediated_direct",
            "mediated_spillover",
            "mediated_total",
            parts=True,
            shares=True,
        )
    yield _Path("System", table.treatment, "system_direct", "system_indirect", "system_total")


def _reference_paths(table: MediationTable) -> Iterator[_Path]:
    """The one-step model, whose intervals are by the delta method, and the gap to it."""
    yield _Path(
        "One-step model", table.treatment, "direct", "indirect", "total", equation="one_step"
    )
    yield _Path("System less one-step", "", "direct", "indirect", "total", spec="gap")


def _path_lines(
    system: str, path: _Path, cells: Cells, intervals: Sequence[_Line]
) -> list[list[str]]:
    """Estimates of a path and, below them, every interval that there is."""
    own = [_row_of(path, line, cells) for line in intervals]
    shown = [row for row, line in zip(own, intervals, strict=True) if line.inference == MONTE_CARLO]
    if not any(found for row in shown for found in row):
        return []
    lines = [[system, path.head, "", *map(_estimate, shown[0], shown[-1])]]
    for line, row in zip(intervals, own, strict=True):
        texts = [_interval(found) for found in row]
        if any(texts):
            lines.append(["", "", line.head, *texts])
    return lines


Row = list[dict[str, Any] | None]


def _row_of(path: _Path, line: _Line, cells: Cells) -> Row:
    """Rows of estimates behind the columns of a path, by one inference."""

    def found(quantity: str) -> dict[str, Any] | None:
        inference, term, name = line.inference, path.term, quantity
        if path.equation == "one_step":
            inference = "delta"
        if path.spec == "gap":
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
    table: MediationTable, study: Study, cells: Cells, intervals: Sequence[_Line]
) -> list[list[str]]:
    """Which mediated direct effect is larger in size, pair by pair."""
    names = table.mediators
    lines: list[list[str]] = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            head = f"|{label_of(first, study)}| less |{label_of(second, study)}|"
            path = _Path(
                head, f"{first}-{second}", "difference", "", "", spec="abs_mediated_direct"
            )
            lines += _path_lines("Size of mediated direct effects", path, cells, intervals)
    return lines


def _estimate(first: dict[str, Any] | None, last: dict[str, Any] | None) -> str:
    """Estimate with the stars of the covariance that is judged by; shares have none."""
    row = last or first
    if row is None:
        return ""
    mark = "ratio " if row["quantity"] == "ratio" else ""
    digits = 3 if row["quantity"] in ("ratio", "share") else 4
    return f"{mark}{format_estimate(row['estimate'], digits)}{stars_of(row['p_value'])}"


def _interval(row: dict[str, Any] | None) -> str:
    if row is None or pd.isna(row["ci_lower"]):
        return ""
    digits = 3 if row["quantity"] in ("ratio", "share") else 4
    mark = "ratio " if row["quantity"] == "ratio" else ""
    return f"{mark}{format_interval(row, digits)}"


def _notes(table: MediationTable, study: Study, rows: pd.DataFrame) -> Iterator[str]:
    yield system_note(table, study, rows)
    yield PATHS_NOTE
    yield _intervals_note(table, rows)
    if any(one.is_truncated for one in lost_draws(rows)):
        yield FAILED_NOTE.format(read="bootstrap intervals")
    yield QUANTILE_ERRORS_NOTE
    yield IDENTIFICATION_NOTE
    yield SHARES_NOTE
    yield from _ratio_notes(table, rows)
    yield ONE_STEP_NOTE
    yield from _within_sd_notes(table, study, rows)
    yield from ar1_notes(table, study, rows[rows["model"] == table.runs[0]])
    yield SERIAL_NOTE


def system_note(
    table: MediationTable, study: Study, rows: pd.DataFrame, *, with_sizes: bool = True
) -> str:
    """Variables, models, weights and estimator of a system, and the size of its panel."""
    mediators = ", ".join(
        f"{label_of(name, study)} ({table.model_of(name)})" for name in table.mediators
    )
    controls = ", ".join(label_of(name, study) for name in table.controls) or "none"
    other = table.mediator_weights or table.weights
    weights = table.weights if other == table.weights else f"{table.weights}, mediators {other}"
    sizes = f" {sizes_note(rows)}." if with_sizes else ""
    return (
        f"Treatment: {label_of(table.treatment, study)}. Outcome: "
        f"{label_of(table.outcome, study)} ({table.model}). Mediators: {mediators}. Controls: "
        f"{controls}. Fixed effects: {table.effects}. Weights: {weights}. Estimator "
        f"{table.estimator!r}: {ESTIMATOR_NOTES[table.estimator]}.{sizes}"
    )


def _intervals_note(table: MediationTable, rows: pd.DataFrame) -> str:
    """What every interval rests on, with its draws and those that are left out, by system."""
    drawn = records(rows[rows["term"] == DISCARDED], "inference", "vcov")
    lost = lost_draws(rows)
    parts = []
    for line in _intervals(table):
        if (line.inference, line.vcov) not in drawn:
            continue
        own = [one for one in lost if (one.inference, one.vcov) == (line.inference, line.vcov)]
        meaning = COVARIANCE_NOTES.get(line.vcov) or _scheme_note(line)
        draws = drawn[line.inference, line.vcov]["draws"]
        parts.append(f"{line.head}: {meaning} ({draws} draws a system, {_lost_words(own)})")
    kind = (
        "bias-corrected and accelerated (year) and bias-corrected (wild) bootstrap intervals"
        if table.bootstrap.intervals == "corrected"
        else "percentile intervals"
    )
    return (
        f"{100 * table.level:g} % intervals in square brackets, {kind}; "
        f"{' and '.join(table.covariances)} from normal draws of all parameters with the joint "
        "covariance of the equations; those of "
        f"the one-step model by the delta method. {STARS_KEY}, by {table.covariances[-1]}. "
        f"{'; '.join(parts)}."
    )


def _lost_words(lost: Sequence[LostDraws]) -> str:
    listed = ", ".join(f"{one.model} {one.text}" for one in lost)
    return f"left out for want of a finite multiplier: {listed}" if listed else "none left out"


def _scheme_note(line: _Line) -> str:
    return next(text for scheme, text in SCHEME_NOTES.items() if SCHEME_WORDS[scheme] == line.head)


def _ratio_notes(table: MediationTable, rows: pd.DataFrame) -> Iterator[str]:
    """Why ratios stand in the place of shares, by the covariance that is judged by."""
    judged = rows[(rows["vcov"] == table.covariances[-1]) & (rows["inference"] == MONTE_CARLO)]
    for model in table.runs:
        for part in ("total", "direct"):
            own = judged[(judged["model"] == model) & (judged["spec"] == f"no_share_{part}")]
            for reason in own["term"]:
                yield f"System {model!r}, {part} effects, no shares: {reason}."


def _within_sd_notes(table: MediationTable, study: Study, rows: pd.DataFrame) -> Iterator[str]:
    """Standard deviations of the treatment, and the mediated direct effects of one of them."""
    model = table.runs[0]
    own = rows[rows["model"] == model]
    sizes = records(own[own["quantity"] == "sd"], "spec")
    if not sizes:
        return
    scaled = records(
        own[(own["spec"] == "per_sd_within") & (own["quantity"] == "mediated_direct")], "term"
    )
    listed = ", ".join(
        f"{label_of(name, study)} {format_estimate(scaled[name,]['estimate'])}"
        for name in table.mediators
        if (name,) in scaled
    )
    stated = f" Mediated direct effects of one within more: {listed}." if listed else ""
    yield (
        f"Standard deviation of {label_of(table.treatment, study)}: "
        f"{format_estimate(sizes['within',]['estimate'])} within (unit and year means taken out), "
        f"{format_estimate(sizes['overall',]['estimate'])} overall.{stated}"
    )


def ar1_notes(
    table: MediationTable, study: Study, rows: pd.DataFrame, prefix: str = ""
) -> Iterator[str]:
    """Residual autocorrelation of every equation of one system; nothing without any.

    Parameters
    ----------
    table : MediationTable
    study : Study
    rows : DataFrame
        Rows of estimates of the system.
    prefix : str
        What the note begins with.
    """
    cells = records(rows[rows["quantity"] == "residual_ar1"], "equation")
    names = {name: label_of(name, study) for name in (table.outcome, *table.mediators)}
    listed = ", ".join(
        f"{head} {format_estimate(cells[name,]['estimate'], 3)}"
        for name, head in {**names, "one_step": "one-step model"}.items()
        if (name,) in cells
    )
    if listed:
        yield f"{prefix}Residual AR(1) of the equations: {listed}."
