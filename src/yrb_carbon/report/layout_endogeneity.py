"""Printed table of endogeneity: instruments and dynamics beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import NOT_ESTIMATED
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    STARS_KEY,
    format_estimate,
    label_of,
    p_words,
    records,
    stars_of,
    with_labels,
)
from yrb_carbon.report.layout_robustness import remarks_of
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
EFFECTS = (("direct", "Direct effect"), ("indirect", "Indirect effect"), ("total", "Total effect"))
FIRST_STAGE_F, CONDITIONAL_F = "first-stage F", "conditional first-stage F"
BEFORE = ".L1"
"""End of the name of the outcome of the year before."""
DYNAMIC_NOTES = {
    "adjusted_score": "root of the score minus its exact expectation (Yang 2018)",
    "bias_corrected": "QML with the bias correction of Yu, de Jong and Lee (2008)",
    "qml": "QML, biased of order 1/T",
}
STRENGTH_NOTE = (
    "Conditional F: Sanderson and Windmeijer (2016), the strength of the instruments for one "
    "endogenous regressor given the others. Anderson-Rubin holds whether instruments are weak or "
    "not. Hansen J tests that all instruments are valid given that enough of them are; it says "
    "nothing where instruments are weak."
)
DYNAMIC_NOTE = (
    "Dynamic column: errors are taken as independent over time, which is what the outcome of the "
    "year before is there for; effects above are those in the same year. tau is the coefficient of "
    "the outcome of the year before, rho that of the neighbours' outcome, eta that of the "
    "neighbours' outcome of the year before. Shocks die out when the largest root is below 1 in "
    "size; in the long run what is common to all units is multiplied by 1/(1 - their sum)."
)


def layout_endogeneity(
    table: EndogeneityTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """One column an estimate: parameters, effects, strength of instruments, stability."""
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    models = [STATIC, *(f"{INSTRUMENTED}{column.id}" for column in table.columns)]
    models += [DYNAMIC] if table.dynamic is not None else []
    last = _last_covariances(table, models_table)
    regressors = dict.fromkeys([table.treatment, *models_table.named_variables])
    lines = _parameter_lines(rows, models, last, list(regressors), study)
    lines += _effect_lines(rows, models, last, table)
    lines += _strength_lines(rows, models, study)
    lines += _fit_lines(rows, models)
    heads = ["", "Baseline", *(_heading(column) for column in table.columns)]
    heads += ["Dynamic"] if table.dynamic is not None else []
    notes = [
        f"Column {table.column!r} of {table.of}, outcome "
        f"{label_of(str(rows['outcome'].iloc[0]), study)}; effects of "
        f"{label_of(table.treatment, study)}. {STARS_KEY}; standard errors in brackets by "
        + "; ".join(f"{head}: {last[model]}" for head, model in zip(heads[1:], models, strict=True))
        + f". {last[STATIC]}: {COVARIANCE_NOTES[last[STATIC]]}.",
        *_instrument_notes(table, study, rows),
        *([STRENGTH_NOTE] if table.columns else []),
        *_dynamic_notes(table.dynamic, rows),
        *_failure_notes(rows),
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _heading(column: InstrumentedColumn) -> str:
    return column.id if column.label is None else column.label.en


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
    study: Study,
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
        head = quantity if quantity != "coef" else _name_of(term, study)
        found = [cells.get((model, quantity, term, last[model])) for model in models]
        lines += _estimate_lines(head, found)
    return lines


def _name_of(term: str, study: Study) -> str:
    """Name of a regressor; that of a lagged outcome says so."""
    name = label_of(term.removesuffix(BEFORE), study)
    return f"{name}, year before" if term.endswith(BEFORE) else name


def _estimate_lines(head: str, found: Sequence[dict[str, Any] | None]) -> list[list[str]]:
    """A line of estimates with stars, and one of standard errors below."""
    estimates, errors = [head], [""]
    for row in found:
        estimates.append(
            "" if row is None else format_estimate(row["estimate"]) + stars_of(row["p_value"])
        )
        error = "" if row is None else format_estimate(row["std_error"])
        errors.append(f"({error})" if error else "")
    return [estimates, errors]


def _effect_lines(
    rows: pd.DataFrame, models: Sequence[str], last: Mapping[str, str], table: EndogeneityTable
) -> list[list[str]]:
    cells = records(rows, "model", "quantity", "term", "vcov")
    horizons = () if table.dynamic is None else table.dynamic.horizons
    lines = []
    for place, horizon in enumerate(("short", "long")):
        if place and horizon not in horizons:
            continue
        for quantity, name in EFFECTS:
            found = []
            for model in models:
                source = f"{DYNAMIC}_{horizon}" if model == DYNAMIC else model
                is_shown = model == DYNAMIC or not place
                key = (source, quantity, table.treatment, last[model])
                found.append(cells.get(key) if is_shown else None)
            lines += _estimate_lines(f"{name}, long run" if place else name, found)
    return lines


def _strength_lines(rows: pd.DataFrame, models: Sequence[str], study: Study) -> list[list[str]]:
    tests = rows[rows["equation"].eq("first stage") & rows["quantity"].eq("test")]
    cells = {(row["model"], row["term"]): row for row in tests.to_dict("records")}
    lines = []
    for term in sorted(set(tests["term"]), key=_rank_of_test):
        name, _, null = str(term).split("|")
        found = [cells.get((model, term)) for model in models]
        what = label_of(null.removeprefix("no instrument explains "), study)
        is_f = name in (FIRST_STAGE_F, CONDITIONAL_F)
        head = f"{name[0].upper()}{name[1:]}" + (
            f", {what}" if is_f else f": {with_labels(null, study)}"
        )
        lines.append(
            [head, *("" if row is None else format_estimate(row["statistic"], 2) for row in found)]
        )
        if not is_f:
            shown = ["" if row is None else p_words(row["p_value"]) for row in found]
            lines.append(["", *shown])
    return lines


def _rank_of_test(term: str) -> tuple[int, str]:
    """Strength first, then validity, then what does not depend on strength."""
    starts = (FIRST_STAGE_F, CONDITIONAL_F, "Kleibergen", "Hansen", "Sargan", "Durbin", "Anderson")
    place = next((p for p, start in enumerate(starts) if term.startswith(start)), len(starts))
    return place, term


def _fit_lines(rows: pd.DataFrame, models: Sequence[str]) -> list[list[str]]:
    values = records(rows[rows["quantity"].isin(["value", "residual_ar1"])], "model", "term")
    ar1 = records(rows[rows["quantity"] == "residual_ar1"], "model")
    sizes = records(rows, "model")
    lines = []
    for term, head, digits in (
        ("n_instruments", "Excluded instruments", 0),
        ("rank_f", "Kleibergen-Paap rk F", 2),
        ("tau+rho+eta", "Sum tau + rho + eta", 4),
        ("largest_root", "Largest root in size", 4),
    ):
        found = [values.get((model, term)) for model in models]
        cells = ["" if row is None else format_estimate(row["estimate"], digits) for row in found]
        if any(cells):
            lines.append([head, *cells])
    found = [ar1.get((model,)) for model in models]
    lines.append(
        ["Residual AR(1)",
         *("" if row is None else format_estimate(row["estimate"], 3) for row in found)]
    )  # fmt: skip
    for count, head in (("n_units", "Units"), ("n_periods", "Years"), ("n_obs", "Observations")):
        lines.append([head, *(_size(sizes.get((model,)), count) for model in models)])
    return lines


def _size(row: Mapping[str, Any] | None, count: str) -> str:
    return "" if row is None else str(row[count])


def _instrument_notes(table: EndogeneityTable, study: Study, rows: pd.DataFrame) -> list[str]:
    """What instruments each column has, why they are valid, and whether they are weak."""
    tests = rows[rows["term"].str.startswith(f"{CONDITIONAL_F}|")]
    notes = []
    for column in table.columns:
        own = tests[tests["model"] == f"{INSTRUMENTED}{column.id}"]
        treated = "; ".join(
            f"{label_of(table.treatment, study)} by {_describe(section, study)}"
            for section in column.instruments.values()
        )
        parts = [f"{_heading(column)}: Wy by the next {column.lag_order} spatial lags of the "
                 "exogenous regressors that the model does not have"]  # fmt: skip
        if treated:
            parts.append(treated + (" and its spatial lags" if column.lag_instruments else ""))
        text = f"{'; '.join(parts)}."
        if column.assumption:
            text += f" Valid if: {column.assumption.en}"
        weak = [
            f"{label_of(str(row['term']).rsplit('explains ', 1)[1], study)} "
            f"({format_estimate(row['statistic'], 1)})"
            for row in own.to_dict("records")
            if not row["statistic"] >= table.weak_f
        ]
        if weak:
            text += (
                f" WEAK: the conditional F is below {table.weak_f:g} for {', '.join(weak)}; the "
                "estimates of this column and their intervals are not to be relied on."
            )
        notes.append(text)
    return notes


def _describe(section: InstrumentSection, study: Study) -> str:
    text = label_of(section.variable, study)
    if section.base_year is not None:
        text += (
            f" of the {section.base_year} year"
            if section.base_year == "first"
            else (f" of {section.base_year}")
        )
    if section.times == TREND:
        text += " x years since the first"
    elif section.times is not None:
        text += f" x {label_of(section.times, study)}"
    years = "1 year" if section.lag == 1 else f"{section.lag} years"
    return f"{text}, {years} before" if section.lag else text


def _dynamic_notes(section: DynamicSection | None, rows: pd.DataFrame) -> list[str]:
    if section is None:
        return []
    cases = rows.loc[rows["term"].str.startswith("stability|"), "term"]
    found = "".join(f" The fitted dynamics are: {str(case).split('|')[1]}." for case in cases)
    return [f"{DYNAMIC_NOTE} Estimator: {DYNAMIC_NOTES[section.estimator]}.{found}"]


def _failure_notes(rows: pd.DataFrame) -> list[str]:
    marked = rows[rows["term"].str.startswith(NOT_ESTIMATED)]
    return [
        f"Model {model!r}: {'; '.join(dict.fromkeys(remarks_of(own)))}."
        for model, own in marked.groupby("model", sort=False)
    ]
