"""Layout of the tables made from a mediation system: steps, sensitivity, timing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    QUANTILE_ERRORS_NOTE,
    SERIAL_NOTE,
    STARS_KEY,
    format_estimate,
    format_interval,
    format_p,
    label_of,
    lost_draws_notes,
    records,
    sizes_note,
    stars_of,
    without_failed_stars,
)
from yrb_carbon.report.layout_mediation import (
    IDENTIFICATION_NOTE,
    PATHS_NOTE,
    SHARES_NOTE,
    ar1_notes,
    mediation_heads,
    system_lines,
    system_note,
)
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

STEPS_NOTE = (
    "Three steps (Baron and Kenny 1986; Wen and Ye 2014), one mediator at a time, on coefficients: "
    "c of the treatment on the outcome, a on the mediator, b and c' of mediator and treatment "
    "together; ab with Sobel's test and ab/c. Coefficients of spatial models are no effects, c is "
    "not c' + ab, and neither the product of the direct effects nor that of the indirect ones is "
    "the mediated effect that stands below it."
)
TWO_STEP_NOTE = (
    "Two steps (Jiang 2022): effects of the treatment on outcome and mediators, each in an "
    "equation without the others; that the mediators move the outcome is argued, not estimated."
)
SENSITIVITY_NOTE = (
    "r is the correlation of the errors of this mediator and of the outcome, supposed and not "
    "estimated: no data can tell it. The estimates at r = 0 are those of the table of paths, the "
    "intervals there are of other draws; the total effect of the system does not depend on r. "
    "Errors of the other mediators move that of the outcome through this mediator's only."
)
TIMING_NOTE = (
    "The treatment comes before the mediators, and the outcome after them where the table says so: "
    "what comes earlier cannot be the effect of what comes later. Controls are of the mediators' "
    "year. That the variables are persistent the lags do not rule out."
)
THREE_STEP = "three_step"
BOOTSTRAP_TO_READ = "the bootstrap intervals of the table of paths"
PRODUCTS = (
    ("value", "direct x direct: {0}", "Direct effect of {x} on {m} x that of {m} on {y}"),
    ("mediated_direct", "{0}", "Mediated direct effect"),
    ("value", "indirect x indirect: {0}", "Indirect effect of {x} on {m} x that of {m} on {y}"),
    ("mediated_spillover", "{0}", "Mediated spillover"),
)
"""Quantity and term of the products of effects and of what they are taken for, and headings."""
TWO_STEP = (("direct", "direct"), ("indirect", "spillover"), ("total", "total"))
SENSITIVE = (
    ("mediated_direct", "Mediated direct"),
    ("mediated_spillover", "Mediated spillover"),
    ("natural_direct", "Not mediated direct"),
)


def steps_layout(table: MediationStepsTable, study: Study, rows: pd.DataFrame) -> Body:
    """Steps in rows: estimate with stars, standard errors by each covariance, p, share."""
    system = system_of(table, study)
    cells = records(rows, "spec", "equation", "quantity", "term", "vcov")
    lines: list[list[str]] = []
    if not rows["term"].eq(AT_BOUNDARY).any():
        if system.protocol != "two_step_jiang":
            for mediator in system.mediators:
                lines += _three_step_lines(system, study, mediator, cells)
        lines += _two_step_lines(system, study, cells)
    errors = [f"S.e.: {name}" for name in system.covariances]
    tested = f"p ({system.covariances[-1]})"
    heads = ["Protocol", "Effect or coefficient", "Estimate", *errors, tested, "ab / c"]
    notes = [
        system_note(system, study, rows),
        *([STEPS_NOTE] if system.protocol != "two_step_jiang" else []),
        TWO_STEP_NOTE,
        _errors_note(system),
        *ar1_notes(system, study, rows[rows["spec"] != THREE_STEP]),
        *_single_ar1_notes(system, study, rows),
        SERIAL_NOTE,
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _single_ar1_notes(system: MediationTable, study: Study, rows: pd.DataFrame) -> Iterator[str]:
    """Residual autocorrelation of the outcome given one mediator alone."""
    own = rows[(rows["quantity"] == "residual_ar1") & (rows["spec"] == THREE_STEP)]
    cells = records(own, "term")
    listed = ", ".join(
        f"{label_of(name, study)} {format_estimate(cells[name,]['estimate'], 3)}"
        for name in system.mediators
        if (name,) in cells
    )
    if listed:
        yield f"Residual AR(1) of the outcome given one mediator (three steps): {listed}."


def _three_step_lines(
    system: MediationTable, study: Study, mediator: str, cells: Cells
) -> Iterator[list[str]]:
    """c, a, b, c', ab and the products of effects of one mediator."""
    x, y, m = system.treatment, system.outcome, mediator
    head = f"Three steps, {label_of(m, study)}"
    names = {x: label_of(x, study), y: label_of(y, study), m: label_of(m, study)}
    steps = [
        ("coef", y, f"c: {x} -> {y}", f"c: {names[x]} on {names[y]}"),
        ("coef", m, f"a: {x} -> {m}", f"a: {names[x]} on {names[m]}"),
        ("coef", y, f"b: {m} -> {y}", f"b: {names[m]} on {names[y]}"),
        ("coef", y, f"c': {x} -> {y} given {m}", f"c': {names[x]} on {names[y]}, given it"),
        ("value", y, f"ab: {x} -> {m} -> {y}", "ab (Sobel)"),
    ]
    for quantity, equation, term, text in steps:
        key = ("three_step", equation, quantity, term)
        share = ""
        if term.startswith("ab"):
            own = ("three_step", y, "share", f"ab/c: {x} -> {m} -> {y}", system.covariances[0])
            share = format_estimate(cells[own]["estimate"], 3)
        yield [head, text, *_tested(cells, key, system), share]
    for quantity, term, text in PRODUCTS:
        row = cells["three_step", y, quantity, term.format(m), ""]
        blanks = ["" for _ in system.covariances]
        told = text.format(x=names[x], m=names[m], y=names[y])
        yield [head, told, format_estimate(row["estimate"]), *blanks, "", ""]


def _two_step_lines(system: MediationTable, study: Study, cells: Cells) -> Iterator[list[str]]:
    """Effects of the treatment on the outcome and on every mediator."""
    for equation in (system.outcome, *system.mediators):
        for quantity, word in TWO_STEP:
            key = ("two_step", equation, quantity, system.treatment)
            text = f"{label_of(system.treatment, study)} on {label_of(equation, study)}, {word}"
            yield ["Two steps", text, *_tested(cells, key, system), ""]


def _tested(cells: Cells, key: tuple[Any, ...], system: MediationTable) -> list[str]:
    """Estimate with stars, standard errors, and the p-value of the last covariance."""
    found = [cells[(*key, covariance)] for covariance in system.covariances]
    last = found[-1]
    return [
        format_estimate(last["estimate"]) + stars_of(last["p_value"]),
        *(format_estimate(row["std_error"]) for row in found),
        format_p(last["p_value"]),
    ]


def sensitivity_layout(table: MediationSensitivityTable, study: Study, rows: pd.DataFrame) -> Body:
    """Supposed correlations in rows, below them the effects with the intervals of each covariance.

    The last rows of a mediator say where its mediated direct effect is zero.
    """
    system = system_of(table, study)
    cells = records(without_failed_stars(rows), "model", "spec", "quantity", "term", "vcov")
    lines: list[list[str]] = []
    for mediator in system.mediators:
        for value in table.correlations:
            lines.append(_sensitivity_line(system, study, mediator, value, cells))
    heads = ["Mediator", "r"]
    for _, head in SENSITIVE:
        heads += [head, *(f"{head}: {name}" for name in system.covariances)]
    drawn = int(rows["draws"].max()) if rows["draws"].notna().any() else 0
    notes = [
        system_note(system, study, rows),
        SENSITIVITY_NOTE,
        *_threshold_notes(system, study, cells),
        f"{100 * system.level:g} % percentile intervals from {drawn} normal draws of all "
        f"parameters, by {' and '.join(system.covariances)}. {_errors_note(system)}",
        *lost_draws_notes(rows, BOOTSTRAP_TO_READ),
        IDENTIFICATION_NOTE,
        *ar1_notes(system, study, rows),
        SERIAL_NOTE,
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _sensitivity_line(
    system: MediationTable, study: Study, mediator: str, value: float, cells: Cells
) -> list[str]:
    line = [label_of(mediator, study), f"{value:.2f}"]
    for quantity, _ in SENSITIVE:
        term = mediator if quantity.startswith("mediated") else system.treatment
        key = (mediator, f"r={value:+.2f}", quantity, term)
        found = [cells.get((*key, covariance)) for covariance in system.covariances]
        last = found[-1]
        line.append(
            "" if last is None else format_estimate(last["estimate"]) + stars_of(last["p_value"])
        )
        line += ["" if row is None else format_interval(row) for row in found]
    return line


def _threshold_notes(system: MediationTable, study: Study, cells: Cells) -> Iterator[str]:
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
            ranges.append(f"{_range_words(lower, upper)} ({covariance})")
        yield (
            f"{label_of(mediator, study)}: the mediated direct effect is zero at r = "
            f"{format_estimate(zero['estimate'], 2)}; its interval excludes zero "
            f"{', '.join(ranges)}."
        )


def _range_words(lower: float, upper: float) -> str:
    """Range of r in which an interval excludes zero; the ends of the search are no results."""
    # the estimators take long to import, and no other table needs them
    from yrb_carbon.mediation.sensitivity import LARGEST_CORRELATION

    if pd.isna(lower) or pd.isna(upper):
        return "for no r"
    ends = (lower <= -LARGEST_CORRELATION, upper >= LARGEST_CORRELATION)
    searched = f"{LARGEST_CORRELATION:g} either way"
    if all(ends):
        return f"in the whole range searched ({searched})"
    if ends[0]:
        return f"for every r searched ({searched}) up to {format_estimate(upper, 2)}"
    if ends[1]:
        return f"for every r searched ({searched}) from {format_estimate(lower, 2)}"
    return f"for r from {format_estimate(lower, 2)} to {format_estimate(upper, 2)}"


def timing_layout(table: MediationTimingTable, study: Study, rows: pd.DataFrame) -> Body:
    """The paths of each timing, as in the table of paths."""
    system = system_of(table, study)
    lines: list[list[str]] = []
    for timing in table.timings:
        own = rows[rows["model"] == timing.id]
        lines += system_lines(system, study, own, timing_words(timing))
    years = [
        f"{timing_words(timing)}: {sizes_note(rows[rows['model'] == timing.id])}"
        for timing in table.timings
    ]
    notes = [
        system_note(system, study, rows, with_sizes=False),
        TIMING_NOTE,
        f"{'; '.join(years)}.",
        PATHS_NOTE,
        f"{100 * system.level:g} % percentile intervals in square brackets from {system.draws} "
        f"normal draws of all parameters. {_errors_note(system)}",
        *lost_draws_notes(rows, BOOTSTRAP_TO_READ),
        QUANTILE_ERRORS_NOTE,
        SHARES_NOTE,
        *(
            note
            for timing in table.timings
            for note in ar1_notes(
                system, study, rows[rows["model"] == timing.id], f"{timing_words(timing)}: "
            )
        ),
        SERIAL_NOTE,
    ]
    return pd.DataFrame(lines, columns=mediation_heads()), notes


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


def _errors_note(system: MediationTable) -> str:
    meanings = "; ".join(f"{name}: {COVARIANCE_NOTES[name]}" for name in system.covariances)
    return f"{STARS_KEY}, by {system.covariances[-1]}. {meanings}."
