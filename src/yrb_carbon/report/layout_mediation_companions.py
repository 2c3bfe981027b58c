"""Layout of the tables made from a mediation system: steps, sensitivity, timing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.report.cells import (
    QUANTILE_ERRORS_NOTE,
    SERIAL_NOTE,
    covariance_meanings,
    format_estimate,
    format_p,
    label_of,
    lost_draws_notes,
    records,
    sizes_note,
    without_failed_stars,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_mediation import (
    IDENTIFICATION_NOTE,
    PATHS_NOTE,
    SHARES_NOTE,
    ar1_notes,
    mediation_heads,
    system_lines,
    system_note,
)
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import covariance_name
from yrb_carbon.study.config import Study
from yrb_carbon.study.mediation_tables import (
    DerivedMediation,
    MediationSensitivityTable,
    MediationStepsTable,
    MediationTable,
    MediationTimingTable,
    TimingShift,
)

Cells = dict[tuple[Any, ...], dict[str, Any]]
Body = tuple[pd.DataFrame, list[str]]

STEPS_NOTE = message(
    "Three steps (Baron and Kenny 1986; Wen and Ye 2014), one mediator at a time, on coefficients: "
    "c of the treatment on the outcome, a on the mediator, b and c' of mediator and treatment "
    "together; ab with Sobel's test and ab/c. Coefficients of spatial models are no effects, c is "
    "not c' + ab, and neither the product of the direct effects nor that of the indirect ones is "
    "the mediated effect that stands below it."
)
TWO_STEP_NOTE = message(
    "Two steps (Jiang 2022): effects of the treatment on outcome and mediators, each in an "
    "equation without the others; that the mediators move the outcome is argued, not estimated."
)
SENSITIVITY_NOTE = message(
    "r is the correlation of the errors of this mediator and of the outcome, supposed and not "
    "estimated: no data can tell it. The estimates at r = 0 are those of the table of paths, the "
    "intervals there are of other draws; the total effect of the system does not depend on r. "
    "Errors of the other mediators move that of the outcome through this mediator's only."
)
TIMING_NOTE = message(
    "The treatment comes before the mediators, and the outcome after them where the table says so: "
    "what comes earlier cannot be the effect of what comes later. Controls are of the mediators' "
    "year. That the variables are persistent the lags do not rule out."
)
THREE_STEP = "three_step"
BOOTSTRAP_TO_READ = message("the bootstrap intervals of the table of paths")
PRODUCTS = (
    (
        "value",
        "direct x direct: {0}",
        message("Direct effect of {x} on {m} x that of {m} on {y}"),
    ),
    ("mediated_direct", "{0}", message("Mediated direct effect")),
    (
        "value",
        "indirect x indirect: {0}",
        message("Indirect effect of {x} on {m} x that of {m} on {y}"),
    ),
    ("mediated_spillover", "{0}", message("Mediated spillover")),
)
"""Quantity and term of the products of effects and of what they are taken for, and headings."""
TWO_STEP = (
    ("direct", message("{x} on {y}, direct")),
    ("indirect", message("{x} on {y}, spillover")),
    ("total", message("{x} on {y}, total")),
)
SENSITIVE = (
    ("mediated_direct", message("Mediated direct")),
    ("mediated_spillover", message("Mediated spillover")),
    ("natural_direct", message("Not mediated direct")),
)


def steps_layout(
    table: MediationStepsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Steps in rows: estimate with stars, standard errors by each covariance, p, share."""
    system = system_of(table, study)
    cells = records(rows, "spec", "equation", "quantity", "term", "vcov")
    lines: list[list[str]] = []
    if not rows["term"].eq(AT_BOUNDARY).any():
        if system.protocol != "two_step_jiang":
            for mediator in system.mediators:
                lines += _three_step_lines(system, study, mediator, cells, words)
        lines += _two_step_lines(system, study, cells, words)
    names = [covariance_name(name, words) for name in system.covariances]
    heads = [words("Protocol"), words("Effect or coefficient"), words("Estimate")]
    heads += [words("S.e.: {covariance}", covariance=name) for name in names]
    heads += [words("p ({covariance})", covariance=names[-1]), "ab / c"]
    notes = [
        system_note(system, study, rows, words),
        *([words(STEPS_NOTE)] if system.protocol != "two_step_jiang" else []),
        words(TWO_STEP_NOTE),
        _errors_note(system, words),
        *ar1_notes(system, study, rows[rows["spec"] != THREE_STEP], words),
        *_single_ar1_notes(system, study, rows, words),
        words(SERIAL_NOTE),
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _single_ar1_notes(
    system: MediationTable, study: Study, rows: pd.DataFrame, words: Words
) -> Iterator[str]:
    """Residual autocorrelation of the outcome given one mediator alone."""
    own = rows[(rows["quantity"] == "residual_ar1") & (rows["spec"] == THREE_STEP)]
    cells = records(own, "term")
    listed = words.listing(
        f"{label_of(name, study, words)} {format_estimate(cells[name,]['estimate'], 3)}"
        for name in system.mediators
        if (name,) in cells
    )
    if listed:
        yield words(
            "Residual AR(1) of the outcome given one mediator (three steps): {listed}.",
            listed=listed,
        )


def _three_step_lines(
    system: MediationTable, study: Study, mediator: str, cells: Cells, words: Printer
) -> Iterator[list[str]]:
    """c, a, b, c', ab and the products of effects of one mediator."""
    x, y, m = system.treatment, system.outcome, mediator
    labels = {key: label_of(name, study, words) for key, name in (("x", x), ("y", y), ("m", m))}
    head = words("Three steps, {m}", **labels)
    steps = [
        ("coef", y, f"c: {x} -> {y}", words("c: {x} on {y}", **labels)),
        ("coef", m, f"a: {x} -> {m}", words("a: {x} on {m}", **labels)),
        ("coef", y, f"b: {m} -> {y}", words("b: {m} on {y}", **labels)),
        ("coef", y, f"c': {x} -> {y} given {m}", words("c': {x} on {y}, given it", **labels)),
        ("value", y, f"ab: {x} -> {m} -> {y}", words("ab (Sobel)")),
    ]
    for quantity, equation, term, text in steps:
        key = ("three_step", equation, quantity, term)
        share = ""
        if term.startswith("ab"):
            own = ("three_step", y, "share", f"ab/c: {x} -> {m} -> {y}", system.covariances[0])
            share = format_estimate(cells[own]["estimate"], 3)
        yield [head, text, *_tested(cells, key, system, words), share]
    for quantity, term, text in PRODUCTS:
        row = cells["three_step", y, quantity, term.format(m), ""]
        blanks = ["" for _ in system.covariances]
        yield [head, words(text, **labels), words.estimate(row["estimate"]), *blanks, "", ""]


def _two_step_lines(
    system: MediationTable, study: Study, cells: Cells, words: Printer
) -> Iterator[list[str]]:
    """Effects of the treatment on the outcome and on every mediator."""
    treatment = label_of(system.treatment, study, words)
    for equation in (system.outcome, *system.mediators):
        for quantity, text in TWO_STEP:
            key = ("two_step", equation, quantity, system.treatment)
            told = words(text, x=treatment, y=label_of(equation, study, words))
            yield [words("Two steps"), told, *_tested(cells, key, system, words), ""]


def _tested(
    cells: Cells, key: tuple[Any, ...], system: MediationTable, words: Printer
) -> list[str]:
    """Estimate with stars, standard errors, and the p-value of the last covariance."""
    found = [cells[(*key, covariance)] for covariance in system.covariances]
    last = found[-1]
    return [
        words.starred(last),
        *(words.estimate(row["std_error"]) for row in found),
        format_p(last["p_value"]),
    ]


def sensitivity_layout(
    table: MediationSensitivityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Supposed correlations in rows, below them the effects with the intervals of each covariance.

    The last rows of a mediator say where its mediated direct effect is zero.
    """
    system = system_of(table, study)
    cells = records(without_failed_stars(rows), "model", "spec", "quantity", "term", "vcov")
    lines: list[list[str]] = []
    for mediator in system.mediators:
        for value in table.correlations:
            lines.append(_sensitivity_line(system, study, mediator, value, cells, words))
    names = [covariance_name(name, words) for name in system.covariances]
    heads = [words("Mediator"), "r"]
    for _, text in SENSITIVE:
        head = words(text)
        heads += [head, *(f"{head}: {name}" for name in names)]
    drawn = int(rows["draws"].max()) if rows["draws"].notna().any() else 0
    drawn_note = words(
        "{level:g} % percentile intervals from {draws} normal draws of all parameters, by "
        "{covariances}.",
        level=100 * system.level,
        draws=drawn,
        covariances=words.listing(names),
    )
    notes = [
        system_note(system, study, rows, words),
        words(SENSITIVITY_NOTE),
        *_threshold_notes(system, study, cells, words),
        words.sentences([drawn_note, _errors_note(system, words)]),
        *lost_draws_notes(
            rows, BOOTSTRAP_TO_READ, partial(label_of, study=study, words=words), words
        ),
        words(IDENTIFICATION_NOTE),
        *ar1_notes(system, study, rows, words),
        words(SERIAL_NOTE),
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _sensitivity_line(
    system: MediationTable,
    study: Study,
    mediator: str,
    value: float,
    cells: Cells,
    words: Printer,
) -> list[str]:
    line = [label_of(mediator, study, words), f"{value:.2f}"]
    for quantity, _ in SENSITIVE:
        term = mediator if quantity.startswith("mediated") else system.treatment
        key = (mediator, f"r={value:+.2f}", quantity, term)
        found = [cells.get((*key, covariance)) for covariance in system.covariances]
        last = found[-1]
        line.append("" if last is None else words.starred(last))
        line += ["" if row is None else words.interval(row) for row in found]
    return line


def _threshold_notes(
    system: MediationTable, study: Study, cells: Cells, words: Words
) -> Iterator[str]:
    """Where mediated direct effects are zero, and up to where they are told from zero."""
    for mediator in system.mediators:
        key = (mediator, "r_of_mediated_direct", "value")
        zero = cells.get((*key, "zero", system.covariances[0]))
        if zero is None:
            continue
        ranges = []
        for covariance in system.covariances:
            lower, upper = (
                cells[(*key, end, covariance)]["estimate"] for end in ("lower", "upper")
            )
            ranges.append(
                words(
                    "{range} ({covariance})",
                    range=_range_words(lower, upper, words),
                    covariance=covariance_name(covariance, words),
                )
            )
        yield words(
            "{name}: the mediated direct effect is zero at r = {zero}; its interval excludes zero "
            "{ranges}.",
            name=label_of(mediator, study, words),
            zero=format_estimate(zero["estimate"], 2),
            ranges=words.listing(ranges),
        )


def _range_words(lower: float, upper: float, words: Words) -> str:
    """Range of r in which an interval excludes zero; the ends of the search are no results."""
    # the estimators take long to import, and no other table needs them
    from yrb_carbon.mediation.sensitivity import LARGEST_CORRELATION

    if pd.isna(lower) or pd.isna(upper):
        return words("for no r")
    ends = (lower <= -LARGEST_CORRELATION, upper >= LARGEST_CORRELATION)
    parts = {
        "searched": words("{limit:g} either way", limit=LARGEST_CORRELATION),
        "lower": format_estimate(lower, 2),
        "upper": format_estimate(upper, 2),
    }
    if all(ends):
        return words("in the whole range searched ({searched})", **parts)
    if ends[0]:
        return words("for every r searched ({searched}) up to {upper}", **parts)
    if ends[1]:
        return words("for every r searched ({searched}) from {lower}", **parts)
    return words("for r from {lower} to {upper}", **parts)


def timing_layout(
    table: MediationTimingTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """The paths of each timing, as in the table of paths."""
    system = system_of(table, study)
    named = {one.id: timing_words(one) for one in table.timings}
    own = {timing_words(one): rows[rows["model"] == one.id] for one in table.timings}
    lines: list[list[str]] = []
    for timing, shown in own.items():
        lines += system_lines(system, study, shown, timing, words)
    years = words.clauses(
        words("{name}: {meaning}", name=timing, meaning=sizes_note(shown, words))
        for timing, shown in own.items()
    )
    drawn_note = words(
        "{level:g} % percentile intervals in square brackets from {draws} normal draws of all "
        "parameters.",
        level=100 * system.level,
        draws=system.draws,
    )
    notes = [
        system_note(system, study, rows, words, with_sizes=False),
        words(TIMING_NOTE),
        words("{sizes}.", sizes=years),
        words(PATHS_NOTE),
        words.sentences([drawn_note, _errors_note(system, words)]),
        *lost_draws_notes(rows, BOOTSTRAP_TO_READ, named.__getitem__, words),
        words(QUANTILE_ERRORS_NOTE),
        words(SHARES_NOTE),
        *(
            note
            for timing, shown in own.items()
            for note in ar1_notes(system, study, shown, words, timing)
        ),
        words(SERIAL_NOTE),
    ]
    return pd.DataFrame(lines, columns=mediation_heads(words)), notes


def timing_words(timing: TimingShift) -> str:
    """A timing in symbols, `x(t-1), m(t), y(t+1)`."""
    before = f"t-{timing.treatment_lag}" if timing.treatment_lag else "t"
    after = f"t+{timing.outcome_lead}" if timing.outcome_lead else "t"
    return f"x({before}), m(t), y({after})"


def system_of(table: DerivedMediation, study: Study) -> MediationTable:
    """The table of the system that another one is made from."""
    system = study.tables[table.of]
    if not isinstance(system, MediationTable):
        raise TypeError(f"table {table.of!r} holds no mediation system")
    return system


def _errors_note(system: MediationTable, words: Printer) -> str:
    return words.stars_note(
        message("{stars}, by {covariance}. {meanings}."),
        covariance_meanings(system.covariances, words),
        covariance=covariance_name(system.covariances[-1], words),
    )
