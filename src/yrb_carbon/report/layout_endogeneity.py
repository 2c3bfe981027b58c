"""Printed table of endogeneity: instruments and dynamics beside the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from yrb_carbon.estimates import NOT_ESTIMATED
from yrb_carbon.report.cells import (
    RESIDUAL_AR1,
    SIZES,
    column_label,
    covariance_meanings,
    format_estimate,
    heading_of,
    label_of,
    null_words,
    p_words,
    records,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_robustness import remarks_of
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import covariance_name, name_of_test, stability_name
from yrb_carbon.study.config import Study
from yrb_carbon.study.endogeneity_tables import (
    TREND,
    DynamicSection,
    EndogeneityTable,
    InstrumentedColumn,
    InstrumentSection,
)
from yrb_carbon.study.tables import ModelsTable

STATIC, INSTRUMENTED, DYNAMIC = "static", "gs2sls_", "dynamic"
EFFECTS = (
    ("direct", message("Direct effect"), message("Direct effect, long run")),
    ("indirect", message("Indirect effect"), message("Indirect effect, long run")),
    ("total", message("Total effect"), message("Total effect, long run")),
)
"""Effects and their headings, in the same year and in the long run."""
NOT_EXPLAINED = "no instrument explains "
FIRST_STAGE_F, CONDITIONAL_F = "first-stage F", "conditional first-stage F"
BEFORE = ".L1"
"""End of the name of the outcome of the year before."""
DYNAMIC_NOTES = {
    "adjusted_score": message("root of the score minus its exact expectation (Yang 2018)"),
    "bias_corrected": message("QML with the bias correction of Yu, de Jong and Lee (2008)"),
    "qml": message("QML, biased of order 1/T"),
}
STRENGTH_NOTE = message(
    "Conditional F: Sanderson and Windmeijer (2016), the strength of the instruments for one "
    "endogenous regressor given the others. Anderson-Rubin holds whether instruments are weak or "
    "not. Hansen J tests that all instruments are valid given that enough of them are; it says "
    "nothing where instruments are weak."
)
WEAK_NOTE = message(
    "WEAK: the conditional F is below {limit:g} for {weak}; the estimates of this column and "
    "their intervals are not to be relied on."
)
DYNAMIC_NOTE = message(
    "Dynamic column: errors are taken as independent over time, which is what the outcome of the "
    "year before is there for; effects above are those in the same year. tau is the coefficient of "
    "the outcome of the year before, rho that of the neighbours' outcome, eta that of the "
    "neighbours' outcome of the year before. Shocks die out when the largest root is below 1 in "
    "size; in the long run what is common to all units is multiplied by 1/(1 - their sum)."
)


COLUMN_NOTE = message(
    "Column {column} of {table}, outcome {outcome}; effects of {treatment}. {stars}; standard "
    "errors in brackets by {errors}. {meanings}."
)
PLAIN_COLUMN_NOTE = message(
    "Column {column} of {table}, outcome {outcome}; effects of {treatment}. Standard errors in "
    "brackets by {errors}. {meanings}."
)


def layout_endogeneity(
    table: EndogeneityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    """One column an estimate: parameters, effects, strength of instruments, stability."""
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    models = [STATIC, *(f"{INSTRUMENTED}{column.id}" for column in table.columns)]
    models += [DYNAMIC] if table.dynamic is not None else []
    last = _last_covariances(table, models_table)
    regressors = dict.fromkeys([table.treatment, *models_table.named_variables])
    named = partial(_name_of, study=study, words=words)
    lines = _parameter_lines(rows, models, last, list(regressors), named, words)
    lines += _effect_lines(rows, models, last, table, words)
    lines += _strength_lines(rows, models, study, words)
    lines += _fit_lines(rows, models, words)
    heads = [words("Baseline"), *(heading_of(column, words) for column in table.columns)]
    heads += [words("Dynamic")] if table.dynamic is not None else []
    errors = words.clauses(
        words("{name}: {meaning}", name=head, meaning=covariance_name(last[model], words))
        for head, model in zip(heads, models, strict=True)
    )
    notes = [
        words(
            COLUMN_NOTE if words.has_stars else PLAIN_COLUMN_NOTE,
            column=column_label(table.of, table.column, study, words),
            table=table.of,
            outcome=label_of(str(rows["outcome"].iloc[0]), study, words),
            treatment=label_of(table.treatment, study, words),
            stars=words.stars_key,
            errors=errors,
            meanings=covariance_meanings([last[STATIC]], words),
        ),
        *_instrument_notes(table, study, rows, words),
        *([words(STRENGTH_NOTE)] if table.columns else []),
        *_dynamic_notes(table.dynamic, rows, words),
        *_failure_notes(rows, dict(zip(models, heads, strict=True)), words),
    ]
    return pd.DataFrame(lines, columns=["", *heads]), notes


def _last_covariances(table: EndogeneityTable, models: ModelsTable) -> dict[str, str]:
    """Covariance that stars and standard errors of each model follow."""
    last: dict[str, str] = {STATIC: models.covariances[-1]}
    last |= {f"{INSTRUMENTED}{column.id}": column.covariance for column in table.columns}
    if table.dynamic is not None:
        last[DYNAMIC] = table.dynamic.covariances[-1]
    return last


def _parameter_lines(
    rows: pd.DataFrame,
    models: Sequence[str],
    last: Mapping[str, str],
    regressors: Sequence[str],
    named: Callable[[str], str],
    words: Printer,
) -> list[list[str]]:
    kept = rows[rows["quantity"].isin(["coef", "rho", "lambda"])]
    cells = records(kept, "model", "quantity", "term", "vcov")
    own = {(key[1], key[2]): None for key in cells}
    outcome = str(rows["outcome"].iloc[0])
    before = f"{outcome}{BEFORE}"
    order = [*regressors, *(f"W.{name}" for name in regressors), before, f"W.{before}"]

    def rank(key: tuple[str, str]) -> tuple[int, int, str]:
        quantity, term = key
        place = order.index(term) if term in order else len(order)
        return ("coef", "rho", "lambda").index(quantity), place, term

    lines = []
    for quantity, term in sorted(own, key=rank):
        head = quantity if quantity != "coef" else named(term)
        found = [cells.get((model, quantity, term, last[model])) for model in models]
        lines += _estimate_lines(head, found, words)
    return lines


def _name_of(term: str, study: Study, words: Words) -> str:
    """Name of a regressor; that of a lagged outcome says so."""
    name = label_of(term.removesuffix(BEFORE), study, words)
    return words("{name}, year before", name=name) if term.endswith(BEFORE) else name


def _estimate_lines(
    head: str, found: Sequence[dict[str, Any] | None], words: Printer
) -> list[list[str]]:
    """A line of estimates with stars, and one of standard errors below."""
    estimates, errors = [head], [""]
    for row in found:
        estimates.append("" if row is None else words.starred(row))
        errors.append(words.error(row))
    return [estimates, errors]


def _effect_lines(
    rows: pd.DataFrame,
    models: Sequence[str],
    last: Mapping[str, str],
    table: EndogeneityTable,
    words: Printer,
) -> list[list[str]]:
    cells = records(rows, "model", "quantity", "term", "vcov")
    horizons = () if table.dynamic is None else table.dynamic.horizons
    lines = []
    for place, horizon in enumerate(("short", "long")):
        if place and horizon not in horizons:
            continue
        for quantity, *heads in EFFECTS:
            found = []
            for model in models:
                source = f"{DYNAMIC}_{horizon}" if model == DYNAMIC else model
                is_shown = model == DYNAMIC or not place
                key = (source, quantity, table.treatment, last[model])
                found.append(cells.get(key) if is_shown else None)
            lines += _estimate_lines(words(heads[place]), found, words)
    return lines


def _strength_lines(
    rows: pd.DataFrame, models: Sequence[str], study: Study, words: Words
) -> list[list[str]]:
    tests = rows[rows["equation"].eq("first stage") & rows["quantity"].eq("test")]
    cells = {(row["model"], row["term"]): row for row in tests.to_dict("records")}
    lines = []
    for term in sorted(set(tests["term"]), key=_rank_of_test):
        name, _, null = str(term).split("|")
        found = [cells.get((model, term)) for model in models]
        is_f = name in (FIRST_STAGE_F, CONDITIONAL_F)
        if is_f:
            what = label_of(null.removeprefix(NOT_EXPLAINED), study, words)
            head = words("{test}, {name}", test=name_of_test(name, words), name=what)
        else:
            head = words(
                "{test}: {null}",
                test=name_of_test(name, words),
                null=null_words(null, study, words),
            )
        head = f"{head[0].upper()}{head[1:]}"
        lines.append(
            [head, *("" if row is None else format_estimate(row["statistic"], 2) for row in found)]
        )
        if not is_f:
            shown = ["" if row is None else p_words(row["p_value"], words) for row in found]
            lines.append(["", *shown])
    return lines


def _rank_of_test(term: str) -> tuple[int, str]:
    """Strength first, then validity, then what does not depend on strength."""
    starts = (FIRST_STAGE_F, CONDITIONAL_F, "Kleibergen", "Hansen", "Sargan", "Durbin", "Anderson")
    place = next((p for p, start in enumerate(starts) if term.startswith(start)), len(starts))
    return place, term


FIT_ROWS = (
    ("n_instruments", message("Excluded instruments"), 0),
    ("rank_f", message("Kleibergen-Paap rk F"), 2),
    ("tau+rho+eta", message("Sum tau + rho + eta"), 4),
    ("largest_root", message("Largest root in size"), 4),
)


def _fit_lines(rows: pd.DataFrame, models: Sequence[str], words: Words) -> list[list[str]]:
    values = records(rows[rows["quantity"].isin(["value", "residual_ar1"])], "model", "term")
    ar1 = records(rows[rows["quantity"] == "residual_ar1"], "model")
    sizes = records(rows, "model")
    lines = []
    for term, head, digits in FIT_ROWS:
        found = [values.get((model, term)) for model in models]
        cells = ["" if row is None else format_estimate(row["estimate"], digits) for row in found]
        if any(cells):
            lines.append([words(head), *cells])
    found = [ar1.get((model,)) for model in models]
    lines.append(
        [words(RESIDUAL_AR1),
         *("" if row is None else format_estimate(row["estimate"], 3) for row in found)]
    )  # fmt: skip
    for count, head in SIZES:
        lines.append([words(head), *(_size(sizes.get((model,)), count) for model in models)])
    return lines


def _size(row: Mapping[str, Any] | None, count: str) -> str:
    return "" if row is None else str(row[count])


def _instrument_notes(
    table: EndogeneityTable, study: Study, rows: pd.DataFrame, words: Words
) -> list[str]:
    """Instruments of each column, why they are valid, and where they are weak."""
    tests = rows[rows["term"].str.startswith(f"{CONDITIONAL_F}|")]
    notes = []
    for column in table.columns:
        said = [instruments_text(table, column, study, words)]
        if column.assumption:
            said.append(words("Valid if: {text}", text=words.label(column.assumption)))
        own_tests = tests[tests["model"] == f"{INSTRUMENTED}{column.id}"]
        weak = words.listing(_weak(own_tests, table.weak_f, study, words))
        if weak:
            said.append(words(WEAK_NOTE, limit=table.weak_f, weak=weak))
        notes.append(words.sentences(said))
    return notes


def instruments_text(
    table: EndogeneityTable, column: InstrumentedColumn, study: Study, words: Words
) -> str:
    """What instruments the lag of the outcome and the treatment in a column."""
    treatment = label_of(table.treatment, study, words)
    parts = [
        words(
            "Wy by the next {n} spatial lags of the exogenous regressors that the model does "
            "not have",
            n=column.lag_order,
        )
    ]
    treated = words.clauses(
        words("{name} by {instrument}", name=treatment, instrument=_describe(own, study, words))
        for own in column.instruments.values()
    )
    if treated and column.lag_instruments:
        treated = words("{instruments} and its spatial lags", instruments=treated)
    parts += [treated] if treated else []
    return words("{name}: {text}.", name=heading_of(column, words), text=words.clauses(parts))


def _weak(tests: pd.DataFrame, limit: float, study: Study, words: Words) -> Iterator[str]:
    """Endogenous regressors whose instruments are weak, with their conditional F."""
    for row in tests.to_dict("records"):
        if not row["statistic"] >= limit:
            name = label_of(str(row["term"]).rsplit("explains ", 1)[1], study, words)
            yield words(
                "{name} ({statistic})", name=name, statistic=format_estimate(row["statistic"], 1)
            )


def _describe(section: InstrumentSection, study: Study, words: Words) -> str:
    """An instrument in words, `Coal capacity of the first year x National employment`."""
    text = label_of(section.variable, study, words)
    if section.base_year == "first":
        text = words("{name} of the first year", name=text)
    elif section.base_year is not None:
        text = words("{name} of {year}", name=text, year=section.base_year)
    if section.times == TREND:
        text = words("{name} x years since the first", name=text)
    elif section.times is not None:
        text = f"{text} x {label_of(section.times, study, words)}"
    if not section.lag:
        return text
    one = section.lag == 1
    before = words("1 year before") if one else words("{n} years before", n=section.lag)
    return words("{name}, {before}", name=text, before=before)


def _dynamic_notes(section: DynamicSection | None, rows: pd.DataFrame, words: Words) -> list[str]:
    if section is None:
        return []
    cases = rows.loc[rows["term"].str.startswith("stability|"), "term"]
    said = [
        words(DYNAMIC_NOTE),
        words("Estimator: {text}.", text=words(DYNAMIC_NOTES[section.estimator])),
    ]
    said += [
        words("The fitted dynamics are: {case}.", case=stability_name(case.split("|")[1], words))
        for case in map(str, cases)
    ]
    return [words.sentences(said)]


def _failure_notes(rows: pd.DataFrame, heads: Mapping[str, str], words: Words) -> list[str]:
    marked = rows[rows["term"].str.startswith(NOT_ESTIMATED)]
    return [
        words(
            "Model {model}: {remarks}.",
            model=heads.get(str(model), heads.get(DYNAMIC, str(model))),
            remarks=words.clauses(dict.fromkeys(remarks_of(own, words))),
        )
        for model, own in marked.groupby("model", sort=False)
    ]
