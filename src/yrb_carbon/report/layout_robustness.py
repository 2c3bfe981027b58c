"""Printed tables of robustness: the grid of specifications, provinces left out, placebos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, COMPONENTS, ISLANDS, NOT_ESTIMATED
from yrb_carbon.report.cells import (
    FAILED_NOTE,
    RESIDUAL_AR1,
    SERIAL_NOTE,
    LostDraws,
    column_label,
    covariance_meanings,
    format_estimate,
    label_of,
    labels_of,
    lost_draws,
    records,
    region_heading,
    row_records,
    sample_label,
    sizes_note,
    weights_label,
    without_failed_stars,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import covariance_name, model_name, set_name
from yrb_carbon.study.config import Study
from yrb_carbon.study.robustness_tables import (
    BASELINE,
    CHOICES,
    LeaveOutTable,
    PlaceboTable,
    RobustnessTable,
)
from yrb_carbon.study.tables import ModelsTable
from yrb_carbon.study.units import load_units

Body = tuple[pd.DataFrame, list[str]]
Record = Mapping[str, Any]
Cells = Mapping[tuple[Any, ...], dict[str, Any]]

STANDARDISED = "standardised"
"""Equation of the effects in standard deviations, which tables do not show."""
SUM = "all"
"""Term of the sums over mediators."""
EFFECTS = (
    ("direct", message("Direct")),
    ("indirect", message("Indirect")),
    ("total", message("Total")),
)
MEDIATED = (
    ("mediated_direct", message("Mediated direct")),
    ("mediated_spillover", message("Mediated spillover")),
    ("mediated_total", message("Mediated total")),
)
HEADS = {
    "outcome": message("Outcome"),
    "treatment": message("Treatment"),
    "weights": message("Weights"),
    "sample": message("Sample"),
    "model": message("Model"),
    "lag": message("Lag (years)"),
    "mediators": message("Mediators"),
    "controls": message("Controls"),
}
ERROR_CLASS = re.compile(r"^\w+(Error|Warning): ")
"""Name of an exception before its message: it tells readers of a table nothing."""
WITHOUT = "without_"
WHOLE = "all_provinces"
KINDS_OF_PLACEBO = {
    "permuted_weights": message("Weights with permuted labels"),
    "permuted_treatment": message("Treatment permuted across units"),
}
MEDIATION_NOTE = message(
    "Mediated effects: exact matrix decomposition of the system of mediator and outcome "
    "equations, intervals from the percentiles of {draws} Monte Carlo draws of all parameters "
    "with the covariance {covariance}; the mediators' errors may correlate with one another, not "
    "with those of the outcome."
)
UNITS_NOTE = message(
    "Effects are in units of the outcome for one unit of the treatment, so rows with another "
    "outcome or treatment differ in scale; estimates.csv has them in within standard deviations "
    "as well (equation `standardised`), and so has the specification curve."
)
LEAVE_OUT_NOTE = message(
    "Effects of {treatment} in column {column} of {table}, estimated again without the units of "
    "each {region}. Rows of W keep their sums; units that lose all neighbours leave too (islands "
    "dropped); parts of W are groups of units that no link connects."
)
PLACEBO_HEADS = (
    message("Placebo"),
    message("Effect"),
    message("Estimate"),
    message("Placebo: mean"),
    message("Placebo: s.d."),
    message("Placebo: 95 % interval"),
    message("Share more extreme"),
    message("Draws without effects"),
)
PLACEBO_NOTE = message(
    "Whole histories of units are dealt at random {draws} times. Permuted weights: who is whose "
    "neighbour changes, and outcome and regressors stay together. The direct effect does not "
    "depend on who is whose neighbour, nor does what it adds to the total: neither is zero in such "
    "a placebo, so these two have no share there. Permuted treatment: units get the treatment of "
    "others, weights and all else stay. Share: (1 + draws with an effect at least as large in "
    "absolute value)/(1 + draws). Effects of every draw by the estimator of the column; the "
    "interval is that of the draws, not one of the estimate."
)


def layout_robustness(
    table: RobustnessTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """One row a specification: its choices, the effects of the treatment, the mediation."""
    specifications = table.specifications
    baseline = table.middle
    shown = _varying(table)
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    autocorrelation = _autocorrelation(own)
    remarks = _remarks_by_model(own, words)
    lines = []
    for name, one in specifications.items():
        line = ["" if name != BASELINE else words("Baseline")]
        line += [choice_label(choice, getattr(one, choice), study, words) for choice in shown]
        line += [_count(sizes[name,], "n_units"), _count(sizes[name,], "n_periods")]
        line += _effect_cells(cells, name, one.treatment, table.covariances, words)
        line += _mediated_cells(cells, name, table, words)
        line.append(autocorrelation.get(name, ""))
        lines.append([*line, remarks.get(name, "")])
    heads = ["", *(words(HEADS[name]) for name in shown), "N", "T"]
    heads += [*_effect_heads(table.covariances, words), *_mediated_heads(table, study, words)]
    heads += [words(RESIDUAL_AR1), words("Remarks")]
    same = words.clauses(
        _choice_words(name, getattr(baseline, name), study, words)
        for name in CHOICES
        if name not in shown
    )
    stated = [
        words(
            "{n} specifications, {estimated} with effects; the first is the baseline.",
            n=len(specifications),
            estimated=_count_estimated(own),
        ),
        *([words("Common to all: {listed}.", listed=same)] if same else []),
        words("Two-way fixed effects, Lee and Yu (2010) transformation QML."),
    ]
    notes = [
        words.sentences(stated),
        *_sets_notes(table, study, words),
        _errors_note(table.covariances, words),
        _mediation_note(table.draws, table.covariances[-1], words),
        *_failed_notes(own, words),
        words(UNITS_NOTE),
        words(SERIAL_NOTE),
    ]
    return pd.DataFrame(lines, columns=heads), notes


def specification_label(table: RobustnessTable, name: str, study: Study, words: Words) -> str:
    """What a specification changes, `weights 1/d`."""
    changed = table.specifications[name].changes(table.middle)
    if not changed:
        return words("Baseline")
    return words.listing(
        _choice_words(choice, value, study, words) for choice, value in changed.items()
    )


def _choice_words(choice: str, value: Any, study: Study, words: Words) -> str:
    return words(
        "{choice} {level}",
        choice=words(HEADS[choice]).lower(),
        level=choice_label(choice, value, study, words),
    )


def _mediation_note(draws: int, covariance: str, words: Words) -> str:
    return words(MEDIATION_NOTE, draws=draws, covariance=covariance_name(covariance, words))


def robustness_page(
    table: RobustnessTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The table for a page: one standard error an effect, errors and intervals below estimates.

    Standard errors are those that the stars follow. Paths of single mediators and the mediated
    total effect, the sum of the two that are shown, are left to the CSV.
    """
    shown = _varying(table)
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    remarks = _remarks_by_model(own, words)
    last = table.covariances[-1]
    heads = [words("No."), *(words(HEADS[name]) for name in shown), "N", "T"]
    heads += [words(head) for _, head in (*EFFECTS, *MEDIATED[:2])]
    lines: list[list[str]] = []
    for number, (name, one) in enumerate(table.specifications.items(), start=1):
        head = [choice_label(choice, getattr(one, choice), study, words) for choice in shown]
        head += [_count(sizes[name,], "n_units"), _count(sizes[name,], "n_periods")]
        effects = _effect_cells(cells, name, one.treatment, (last,), words)
        mediated = _interval_cells(cells, name, SUM, words, last)[:4]
        errors = [words.bracketed(text) for text in effects[1::2]]
        lines.append([str(number), *head, *effects[::2], *mediated[::2]])
        lines.append([*[""] * (len(head) + 1), *errors, *mediated[1::2]])
        if name in remarks:
            lines.append(["", *[remarks[name]] * (len(heads) - 1)])
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


def layout_leave_out(
    table: LeaveOutTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """One row a province left out: how W falls apart, and the effects without it."""
    models = study.tables[table.of]
    if not isinstance(models, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    own = rows[rows["equation"] != STANDARDISED]
    cells = _by_model(without_failed_stars(own))
    sizes = records(own, "model")
    counts = records(own[own["term"].isin([ISLANDS, COMPONENTS])], "model", "term")
    autocorrelation = _autocorrelation(own)
    remarks = _remarks_by_model(own, words, counted=False)
    names = sorted(set(own["model"]), key=lambda name: (name != WHOLE, name))
    lines = []
    for name in names:
        line = [province_label(name, words)]
        line += [_count(sizes[name,], "n_units")]
        line += [f"{counts[name, term]['estimate']:.0f}" for term in (COMPONENTS, ISLANDS)]
        line += _effect_cells(cells, name, table.treatment, models.covariances, words)
        line += [*_interval_cells(cells, name, SUM, words), autocorrelation.get(name, "")]
        lines.append([*line, remarks.get(name, "")])
    heads = [words("{region} left out", region=region_heading(study, words)), "N"]
    heads += [words("Parts of W"), words("Islands dropped")]
    heads += [*_effect_heads(models.covariances, words), *_sum_heads(words)]
    heads += [words(RESIDUAL_AR1), words("Remarks")]
    body = pd.DataFrame(lines, columns=heads)
    draws = own["draws"].dropna()
    stated = [
        words(
            LEAVE_OUT_NOTE,
            treatment=label_of(table.treatment, study, words),
            column=column_label(table.of, table.column, study, words),
            table=table.of,
            region=words.label(study.report.region),
        )
    ]
    if len(draws):
        sums = labels_of(models.mediators, study, words)
        stated.append(words("Mediated: sums over {mediators}.", mediators=sums))
    notes = [words.sentences(stated), _errors_note(models.covariances, words)]
    if len(draws):
        notes.append(_mediation_note(int(draws.iloc[0]), models.covariances[-1], words))
    notes += [*_failed_notes(own, words), words(SERIAL_NOTE)]
    return _without_empty(body), notes


def province_label(model: str, words: Words) -> str:
    """Name of the province that a model leaves out."""
    if model == WHOLE:
        return words("none")
    province = model.removeprefix(WITHOUT)
    if words.language == "en":
        return province
    frame = load_units().frame
    return str(
        dict(zip(frame["province"], frame["province_zh"], strict=True)).get(province, province)
    )


def layout_placebo(table: PlaceboTable, study: Study, rows: pd.DataFrame, words: Printer) -> Body:
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
                    words(head),
                    words(name),
                    words.estimate(point["estimate"]),
                    words.estimate(mean["estimate"]),
                    words.estimate(sd["estimate"]),
                    words.interval(mean),
                    format_estimate(point["p_value"], 3),
                    f"{cells[model, 'value', 'draws_without_effects']['estimate']:.0f}",
                ]
            )
    stated = [
        words(
            "Effects of {treatment} in column {column} of {table}.",
            treatment=label_of(treatment, study, words),
            column=column_label(table.of, table.column, study, words),
            table=table.of,
        ),
        words(PLACEBO_NOTE, draws=table.draws),
        words("{sizes}.", sizes=sizes_note(rows, words)),
    ]
    heads = [words(head) for head in PLACEBO_HEADS]
    return pd.DataFrame(lines, columns=heads), [words.sentences(stated)]


def choice_label(choice: str, value: Any, study: Study, words: Words) -> str:
    """How a level of a choice is printed: by its label where it has one, else by name."""
    name = str(value)
    if choice in ("outcome", "treatment"):
        return label_of(name, study, words)
    if choice == "weights":
        return weights_label(name, study, words)
    if choice == "sample":
        return sample_label(name, study, words)
    return model_name(name) if choice == "model" else set_name(name, words)


def remarks_of(rows: pd.DataFrame, words: Words) -> list[str]:
    """What keeps a specification from having effects, from its rows; empty when nothing does."""
    return list(_failures(row_records(rows[rows["quantity"] == "value"]), words))


def _failures(rows: Sequence[Record], words: Words) -> Iterator[str]:
    for row in rows:
        what = words("mediation") if row["equation"] == "system" else words("model")
        if row["term"] == AT_BOUNDARY:
            yield words(
                "{what} peaks at the edge of the admissible interval: no effects", what=what
            )
        elif str(row["term"]).startswith(NOT_ESTIMATED):
            reason = words.quoted(reason_of(str(row["term"])))
            yield words("{what} not estimated: {reason}", what=what, reason=reason)


def reason_of(term: str) -> str:
    """Why something was not estimated, in the words of the message that was raised."""
    return ERROR_CLASS.sub("", term.split("|", 1)[1])


REMARKED = ["model", "equation", "quantity", "term", "estimate", "vcov", "inference", "draws"]
"""Columns of estimates that remarks are made from."""


def _remarks_by_model(rows: pd.DataFrame, words: Words, counted: bool = True) -> dict[str, str]:
    """Remarks of the models that have any."""
    values = rows.loc[rows["quantity"] == "value", REMARKED]
    lost = lost_draws(values)
    by_model: dict[str, list[Record]] = {}
    for row in row_records(values):
        by_model.setdefault(row["model"], []).append(row)
    remarks = {
        model: words.clauses(
            _remarks(own, [one for one in lost if one.model == model], words, counted)
        )
        for model, own in by_model.items()
    }
    return {model: text for model, text in remarks.items() if text}


def _remarks(
    rows: Sequence[Record], lost_by_system: Sequence[LostDraws], words: Words, counted: bool
) -> list[str]:
    remarks = list(_failures(rows, words))
    counts = {row["term"]: row["estimate"] for row in rows}
    if counted and counts.get(ISLANDS, 0) > 0:
        remarks.append(words("{n:.0f} units without neighbours left out", n=counts[ISLANDS]))
    if counted and counts.get(COMPONENTS, 1) > 1:
        remarks.append(words("W falls into {n:.0f} parts", n=counts[COMPONENTS]))
    for lost in lost_by_system:
        count = lost.text(words)
        remarks.append(
            words("{count} draws without effects: no stars", count=count)
            if lost.is_truncated
            else words("{count} draws without effects", count=count)
        )
    return remarks


def _failed_notes(rows: pd.DataFrame, words: Words) -> list[str]:
    """What the remark means that a specification has no stars for want of draws."""
    failed = any(one.is_truncated for one in lost_draws(rows))
    read = words("bootstrap intervals, as in the table of paths,")
    return [words(FAILED_NOTE, read=read)] if failed else []


def _autocorrelation(rows: pd.DataFrame) -> dict[str, str]:
    """Residual autocorrelation of each baseline."""
    found = records(rows[rows["quantity"] == "residual_ar1"], "model")
    return {model: format_estimate(row["estimate"], 3) for (model,), row in found.items()}


def _by_model(rows: pd.DataFrame) -> Cells:
    return records(rows, "model", "quantity", "term", "vcov")


def _effect_heads(covariances: Sequence[str], words: Words) -> list[str]:
    errors = [
        words("s.e. {covariance}", covariance=covariance_name(name, words)) for name in covariances
    ]
    return [
        head
        for _, name in EFFECTS
        for head in (words(name), *(f"{words(name)}: {error}" for error in errors))
    ]


def _effect_cells(
    cells: Cells, model: str, treatment: str, covariances: Sequence[str], words: Printer
) -> list[str]:
    """Estimate with stars of the last covariance, then a standard error for each."""
    line = []
    for quantity, _ in EFFECTS:
        found = [cells.get((model, quantity, treatment, name)) for name in covariances]
        last = found[-1]
        line.append("" if last is None else words.starred(last))
        line += ["" if row is None else words.estimate(row["std_error"]) for row in found]
    return line


def _mediated_heads(table: RobustnessTable, study: Study, words: Words) -> list[str]:
    by_path = words("Mediated direct by path")
    paths = [f"{by_path}: {name}" for name in _paths(table, study, words)]
    return [*paths, *_sum_heads(words)]


def _sum_heads(words: Words) -> list[str]:
    """Headings of the sums over mediators and of their intervals."""
    parts = (words("sum"), words("interval"))
    return [f"{words(head)}: {part}" for _, head in MEDIATED for part in parts]


def _paths(table: RobustnessTable, study: Study, words: Words) -> list[str]:
    longest = max(len(names) for names in table.mediators.values())
    main = table.mediators[table.baseline.mediators]
    return [
        label_of(main[place], study, words)
        if place < len(main)
        else words("mediator {n}", n=place + 1)
        for place in range(longest)
    ]


def _mediated_cells(cells: Cells, model: str, table: RobustnessTable, words: Printer) -> list[str]:
    """Mediated direct effect of each mediator, then the sums with their intervals."""
    one = table.specifications[model]
    own = table.mediators[one.mediators]
    longest = max(len(names) for names in table.mediators.values())
    vcov = table.covariances[-1]
    line = []
    for place in range(longest):
        name = own[place] if place < len(own) else ""
        row = cells.get((model, "mediated_direct", name, vcov))
        line.append("" if row is None else words.starred(row))
    return [*line, *_interval_cells(cells, model, SUM, words, vcov)]


def _interval_cells(
    cells: Cells, model: str, term: str, words: Printer, vcov: str | None = None
) -> list[str]:
    """Mediated effects with stars, each followed by its interval."""
    line = []
    for quantity, _ in MEDIATED:
        found = _first(cells, (model, quantity, term), vcov)
        line += ["", ""] if found is None else [words.starred(found), words.interval(found)]
    return line


def _first(cells: Cells, key: tuple[str, str, str], vcov: str | None) -> dict[str, Any] | None:
    """Row of a key by a covariance, or by the first that there is."""
    if vcov is not None:
        return cells.get((*key, vcov))
    return next((row for own, row in cells.items() if own[:3] == key), None)


def _count(row: Mapping[str, Any], name: str) -> str:
    return "" if pd.isna(row[name]) else str(row[name])


def _count_estimated(rows: pd.DataFrame) -> int:
    return int(rows.loc[rows["quantity"] == "direct", "model"].nunique())


def _errors_note(covariances: Sequence[str], words: Printer) -> str:
    meanings = covariance_meanings(covariances, words)
    if not words.has_stars:
        return words("Standard errors by the delta method. {meanings}.", meanings=meanings)
    return words(
        "{stars}, by {covariance}; standard errors by the delta method. {meanings}.",
        stars=words.stars_key,
        covariance=covariance_name(covariances[-1], words),
        meanings=meanings,
    )


def _sets_notes(table: RobustnessTable, study: Study, words: Words) -> list[str]:
    """What the named sets of mediators and controls hold."""
    notes = []
    for key in ("mediators", "controls"):
        sets = getattr(table, key)
        used = {getattr(one, key) for one in table.specifications.values()}
        listed = words.clauses(
            words(
                "{name} = {variables}",
                name=set_name(name, words),
                variables=labels_of(names, study, words) or words("none"),
            )
            for name, names in sets.items()
            if name in used
        )
        notes.append(words("{choice}: {listed}.", choice=words(HEADS[key]), listed=listed))
    return notes


def _without_empty(body: pd.DataFrame) -> pd.DataFrame:
    """The table without columns that hold nothing."""
    filled = [str(name) for name in body.columns if (body[name].astype(str) != "").any()]
    return body[filled]
