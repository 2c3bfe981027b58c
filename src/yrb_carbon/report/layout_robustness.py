"""Printed tables of robustness: the grid of specifications, provinces left out, placebos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, COMPONENTS, ISLANDS, NOT_ESTIMATED
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    FAILED_NOTE,
    SERIAL_NOTE,
    STARS_KEY,
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
from yrb_carbon.study.robustness_tables import (
    BASELINE,
    CHOICES,
    LeaveOutTable,
    PlaceboTable,
    RobustnessTable,
)
from yrb_carbon.study.tables import ModelsTable

Body = tuple[pd.DataFrame, list[str]]
Cells = Mapping[tuple[Any, ...], dict[str, Any]]

STANDARDISED = "standardised"
"""Equation of the effects in standard deviations, which tables do not show."""
SUM = "all"
"""Term of the sums over mediators."""
EFFECTS = (("direct", "Direct"), ("indirect", "Indirect"), ("total", "Total"))
MEDIATED = (
    ("mediated_direct", "Mediated direct"),
    ("mediated_spillover", "Mediated spillover"),
    ("mediated_total", "Mediated total"),
)
HEADS = {
    "outcome": "Outcome",
    "treatment": "Treatment",
    "weights": "Weights",
    "sample": "Sample",
    "model": "Model",
    "lag": "Lag (years)",
    "mediators": "Mediators",
    "controls": "Controls",
}
AR1_HEAD = "Residual AR(1)"
ERROR_CLASS = re.compile(r"^\w+(Error|Warning): ")
"""Name of an exception before its message: it tells readers of a table nothing."""
WITHOUT = "without_"
WHOLE = "all_provinces"
KINDS_OF_PLACEBO = {
    "permuted_weights": "Weights with permuted labels",
    "permuted_treatment": "Treatment permuted across units",
}
MEDIATION_NOTE = (
    "Mediated effects: exact matrix decomposition of the system of mediator and outcome "
    "equations, intervals from the percentiles of {draws} Monte Carlo draws of all parameters "
    "with the covariance {vcov}; the mediators' errors may correlate with one another, not with "
    "those of the outcome."
)
UNITS_NOTE = (
    "Effects are in units of the outcome for one unit of the treatment, so rows with another "
    "outcome or treatment differ in scale; estimates.csv has them in within standard deviations "
    "as well (equation `standardised`), and so has the specification curve."
)
PLACEBO_NOTE = (
    "Whole histories of units are dealt at random {draws} times. Permuted weights: who is whose "
    "neighbour changes, and outcome and regressors stay together. The direct effect does not "
    "depend on who is whose neighbour, nor does what it adds to the total: neither is zero in such "
    "a placebo, so these two have no share there. Permuted treatment: units get the treatment of "
    "others, weights and all else stay. Share: (1 + draws with an effect at least as large in "
    "absolute value)/(1 + draws). Effects of every draw by the estimator of the column; the "
    "interval is that of the draws, not one of the estimate."
)


def layout_robustness(table: RobustnessTable, study: Study, rows: pd.DataFrame) -> Body:
    """One row a specification: its choices, the effects of the treatment, the mediation."""
    specifications = table.specifications
    baseline = table.middle
    shown = _varying(table)
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    autocorrelation = _autocorrelation(own)
    lines = []
    for name, one in specifications.items():
        line = ["" if name != BASELINE else "Baseline"]
        line += [choice_label(choice, getattr(one, choice), study) for choice in shown]
        line += [_count(sizes[name,], "n_units"), _count(sizes[name,], "n_periods")]
        line += _effect_cells(cells, name, one.treatment, table.covariances)
        line += _mediated_cells(cells, name, table)
        line.append(autocorrelation.get(name, ""))
        lines.append([*line, "; ".join(_remarks(own[own["model"] == name]))])
    heads = ["", *(HEADS[name] for name in shown), "N", "T"]
    heads += [*_effect_heads(table.covariances), *_mediated_heads(table, study)]
    heads += [AR1_HEAD, "Remarks"]
    fixed = [name for name in CHOICES if name not in shown]
    same = "; ".join(
        f"{HEADS[name].lower()} {choice_label(name, getattr(baseline, name), study)}"
        for name in fixed
    )
    notes = [
        f"{len(specifications)} specifications, {_count_estimated(own)} with effects; the first is "
        "the baseline. "
        f"{f'Common to all: {same}. ' if same else ''}Two-way fixed effects, Lee and Yu (2010) "
        "transformation QML.",
        *_sets_notes(table, study, shown),
        _errors_note(table.covariances),
        MEDIATION_NOTE.format(draws=table.draws, vcov=table.covariances[-1]),
        *_failed_notes(own),
        UNITS_NOTE,
        SERIAL_NOTE,
    ]
    return pd.DataFrame(lines, columns=heads), notes


def robustness_page(table: RobustnessTable, study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """The table for a page: one standard error an effect, errors and intervals below estimates.

    Standard errors are those that the stars follow. Paths of single mediators and the mediated
    total effect, the sum of the two that are shown, are left to the CSV.
    """
    shown = _varying(table)
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    last = table.covariances[-1]
    heads = ["No.", *(HEADS[name] for name in shown), "N", "T", *(name for _, name in EFFECTS)]
    heads += [head for _, head in MEDIATED[:2]]
    lines: list[list[str]] = []
    for number, (name, one) in enumerate(table.specifications.items(), start=1):
        head = [choice_label(choice, getattr(one, choice), study) for choice in shown]
        head += [_count(sizes[name,], "n_units"), _count(sizes[name,], "n_periods")]
        effects = _effect_cells(cells, name, one.treatment, (last,))
        mediated = _interval_cells(cells, name, SUM, last)[:4]
        errors = [f"({text})" if text else "" for text in effects[1::2]]
        lines.append([str(number), *head, *effects[::2], *mediated[::2]])
        lines.append([*[""] * (len(head) + 1), *errors, *mediated[1::2]])
        remarks = "; ".join(_remarks(own[own["model"] == name]))
        if remarks:
            lines.append(["", *[remarks] * (len(heads) - 1)])
    return pd.DataFrame(lines, columns=heads)


def _varying(table: RobustnessTable) -> list[str]:
    """Choices in which some specification differs from the baseline."""
    return [
        name
        for name in CHOICES
        if any(
            getattr(one, name) != getattr(table.middle, name)
            for one in table.specifications.values()
        )
    ]


def layout_leave_out(table: LeaveOutTable, study: Study, rows: pd.DataFrame) -> Body:
    """One row a province left out: how W falls apart, and the effects without it."""
    models = study.tables[table.of]
    if not isinstance(models, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    counts = records(own[own["term"].isin([ISLANDS, COMPONENTS])], "model", "term")
    autocorrelation = _autocorrelation(own)
    names = sorted(set(own["model"]), key=lambda name: (name != WHOLE, name))
    lines = []
    for name in names:
        line = [name.removeprefix(WITHOUT) if name != WHOLE else "none"]
        line += [_count(sizes[name,], "n_units")]
        line += [f"{counts[name, term]['estimate']:.0f}" for term in (COMPONENTS, ISLANDS)]
        line += _effect_cells(cells, name, table.treatment, models.covariances)
        line += [*_interval_cells(cells, name, SUM), autocorrelation.get(name, "")]
        lines.append([*line, "; ".join(_remarks(own[own["model"] == name], counted=False))])
    heads = ["Province left out", "N", "Parts of W", "Islands dropped"]
    heads += _effect_heads(models.covariances)
    heads += [f"{head}: {part}" for _, head in MEDIATED for part in ("sum", "interval")]
    heads += [AR1_HEAD, "Remarks"]
    body = pd.DataFrame(lines, columns=heads)
    draws = own["draws"].dropna()
    mediated = f"Mediated: sums over {_names(models.mediators, study)}. " if len(draws) else ""
    notes = [
        f"Effects of {label_of(table.treatment, study)} in column {table.column!r} of {table.of}, "
        "estimated again without the units of each province. Rows of W keep their sums; units "
        "that lose all neighbours leave too (islands dropped); parts of W are groups of units that "
        f"no link connects. {mediated}",
        _errors_note(models.covariances),
    ]
    if len(draws):
        notes.append(MEDIATION_NOTE.format(draws=int(draws.iloc[0]), vcov=models.covariances[-1]))
    notes += [*_failed_notes(own), SERIAL_NOTE]
    return _without_empty(body), notes


def layout_placebo(table: PlaceboTable, study: Study, rows: pd.DataFrame) -> Body:
    """Estimates beside the distribution of placebo effects."""
    treatment = table.treatment
    cells = records(rows, "model", "quantity", "term")
    lines = []
    for model, head in KINDS_OF_PLACEBO.items():
        for quantity, name in EFFECTS:
            point = cells.get((model, quantity, treatment))
            if point is None:
                continue
            term = f"{quantity}:{treatment}"
            mean, sd = cells[model, "mean", term], cells[model, "sd", term]
            lines.append(
                [
                    head,
                    name,
                    format_estimate(point["estimate"]),
                    format_estimate(mean["estimate"]),
                    format_estimate(sd["estimate"]),
                    format_interval(mean),
                    format_estimate(point["p_value"], 3),
                    f"{cells[model, 'value', 'draws_without_effects']['estimate']:.0f}",
                ]
            )
    heads = ["Placebo", "Effect", "Estimate", "Placebo: mean", "Placebo: s.d.",
             "Placebo: 95 % interval", "Share more extreme", "Draws without effects"]  # fmt: skip
    notes = [
        f"Effects of {label_of(treatment, study)} in column {table.column!r} of {table.of}. "
        f"{PLACEBO_NOTE.format(draws=table.draws)} {sizes_note(rows)}."
    ]
    return pd.DataFrame(lines, columns=heads), notes


def choice_label(choice: str, value: Any, study: Study) -> str:
    """How a level of a choice is printed: variables by their labels, the rest by name."""
    if choice in ("outcome", "treatment"):
        return label_of(str(value), study)
    return str(value).upper() if choice == "model" else str(value).replace("_", " ")


def remarks_of(rows: pd.DataFrame) -> list[str]:
    """What keeps a specification from having effects, from its rows; empty when nothing does."""
    return list(_failures(rows))


def _failures(rows: pd.DataFrame) -> Iterator[str]:
    values = rows[rows["quantity"] == "value"]
    for row in values.to_dict("records"):
        what = "mediation" if row["equation"] == "system" else "model"
        if row["term"] == AT_BOUNDARY:
            yield f"{what} peaks at the edge of the admissible interval: no effects"
        elif str(row["term"]).startswith(NOT_ESTIMATED):
            yield f"{what} not estimated: {reason_of(str(row['term']))}"


def reason_of(term: str) -> str:
    """Why something was not estimated, in the words of the message that was raised."""
    return ERROR_CLASS.sub("", term.split("|", 1)[1])


def _remarks(rows: pd.DataFrame, counted: bool = True) -> list[str]:
    remarks = remarks_of(rows)
    counts = {row["term"]: row["estimate"] for row in rows.to_dict("records")}
    if counted and counts.get(ISLANDS, 0) > 0:
        remarks.append(f"{counts[ISLANDS]:.0f} units without neighbours left out")
    if counted and counts.get(COMPONENTS, 1) > 1:
        remarks.append(f"W falls into {counts[COMPONENTS]:.0f} parts")
    for lost in lost_draws(rows):
        failed = ": no stars" if lost.is_truncated else ""
        remarks.append(f"{lost.text} draws without effects{failed}")
    return remarks


def _failed_notes(rows: pd.DataFrame) -> list[str]:
    """What the remark means that a specification has no stars for want of draws."""
    failed = any(one.is_truncated for one in lost_draws(rows))
    return [FAILED_NOTE.format(read="bootstrap intervals, as in the table of paths,")] * failed


def _autocorrelation(rows: pd.DataFrame) -> dict[str, str]:
    """Residual autocorrelation of each baseline."""
    found = records(rows[rows["quantity"] == "residual_ar1"], "model")
    return {model: format_estimate(row["estimate"], 3) for (model,), row in found.items()}


def _by_model(rows: pd.DataFrame) -> Cells:
    return records(rows, "model", "quantity", "term", "vcov")


def _effect_heads(covariances: Sequence[str]) -> list[str]:
    return [
        head
        for _, name in EFFECTS
        for head in (name, *(f"{name}: s.e. {covariance}" for covariance in covariances))
    ]


def _effect_cells(
    cells: Cells, model: str, treatment: str, covariances: Sequence[str]
) -> list[str]:
    """Estimate with stars of the last covariance, then a standard error for each."""
    line = []
    for quantity, _ in EFFECTS:
        found = [cells.get((model, quantity, treatment, name)) for name in covariances]
        last = found[-1]
        line.append(
            "" if last is None else format_estimate(last["estimate"]) + stars_of(last["p_value"])
        )
        line += ["" if row is None else format_estimate(row["std_error"]) for row in found]
    return line


def _mediated_heads(table: RobustnessTable, study: Study) -> list[str]:
    paths = [f"Mediated direct by path: {name}" for name in _paths(table, study)]
    sums = [f"{head}: {part}" for _, head in MEDIATED for part in ("sum", "interval")]
    return [*paths, *sums]


def _paths(table: RobustnessTable, study: Study) -> list[str]:
    longest = max(len(names) for names in table.mediators.values())
    main = table.mediators[table.baseline.mediators]
    return [
        label_of(main[place], study) if place < len(main) else f"mediator {place + 1}"
        for place in range(longest)
    ]


def _mediated_cells(cells: Cells, model: str, table: RobustnessTable) -> list[str]:
    """Mediated direct effect of each mediator, then the sums with their intervals."""
    one = table.specifications[model]
    own = table.mediators[one.mediators]
    longest = max(len(names) for names in table.mediators.values())
    vcov = table.covariances[-1]
    line = []
    for place in range(longest):
        name = own[place] if place < len(own) else ""
        row = cells.get((model, "mediated_direct", name, vcov))
        line.append("" if row is None else _starred(row))
    return [*line, *_interval_cells(cells, model, SUM, vcov)]


def _interval_cells(cells: Cells, model: str, term: str, vcov: str | None = None) -> list[str]:
    """Mediated effects with stars, each followed by its interval."""
    line = []
    for quantity, _ in MEDIATED:
        found = [
            row
            for key, row in cells.items()
            if key[:3] == (model, quantity, term) and vcov in (None, key[3])
        ]
        line += [_starred(found[0]), format_interval(found[0])] if found else ["", ""]
    return line


def _starred(row: Mapping[str, Any]) -> str:
    return format_estimate(row["estimate"]) + stars_of(row["p_value"])


def _count(row: Mapping[str, Any], name: str) -> str:
    return "" if pd.isna(row[name]) else str(row[name])


def _count_estimated(rows: pd.DataFrame) -> int:
    return int(rows.loc[rows["quantity"] == "direct", "model"].nunique())


def _errors_note(covariances: Sequence[str]) -> str:
    meanings = "; ".join(f"{name}: {COVARIANCE_NOTES[name]}" for name in covariances)
    return f"{STARS_KEY}, by {covariances[-1]}; standard errors by the delta method. {meanings}."


def _names(variables: Sequence[str], study: Study) -> str:
    return ", ".join(label_of(name, study) for name in variables)


def _sets_notes(table: RobustnessTable, study: Study, shown: Sequence[str]) -> list[str]:
    """What the named sets of mediators and controls hold."""
    notes = []
    for key in ("mediators", "controls"):
        sets = getattr(table, key)
        used = {getattr(one, key) for one in table.specifications.values()}
        listed = [
            f"{name} = {_names(names, study) or 'none'}"
            for name, names in sets.items()
            if name in used
        ]
        notes.append(f"{HEADS[key]}: {'; '.join(listed)}.")
    return notes


def _without_empty(body: pd.DataFrame) -> pd.DataFrame:
    """The table without columns that hold nothing."""
    filled = [str(name) for name in body.columns if (body[name].astype(str) != "").any()]
    return body[filled]
