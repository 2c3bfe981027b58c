"""Layout of the printed tables: views of estimates.csv, nothing else.

A printed table is a frame of texts with one heading a column and notes below. Numbers come from
the rows of estimates alone, so a table cannot show what estimates.csv does not hold. Definitions
are words of the dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, DISCARDED
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    ESTIMATOR_NOTES,
    SERIAL_NOTE,
    STARS_KEY,
    UNDEFINED,
    PrintedTable,
    errors_note,
    format_estimate,
    format_interval,
    format_p,
    label_of,
    printed,
    records,
    sizes_note,
    stars_of,
)
from yrb_carbon.report.definitions import definition_of, letters_note
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_endogeneity import layout_endogeneity
from yrb_carbon.report.layout_heterogeneity import (
    differences_layout,
    differences_page,
    heterogeneity_layout,
)
from yrb_carbon.report.layout_mediation import mediation_layout
from yrb_carbon.report.layout_mediation_companions import (
    sensitivity_layout,
    steps_layout,
    timing_layout,
)
from yrb_carbon.report.layout_robustness import (
    layout_leave_out,
    layout_placebo,
    layout_robustness,
    robustness_page,
)
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.plan import sample_of, tables_of
from yrb_carbon.study.tables import (
    ChoiceTable,
    CollinearityTable,
    DescriptivesTable,
    EffectsTable,
    ModelColumn,
    ModelsTable,
    MoranTable,
    PeersTable,
)

ZERO_NOTE = "0 without standard errors: the model lets the regressor have no such effect."
LOGLIK_NOTE = (
    "Log-likelihood, AIC and BIC are shown for the spatial columns only: those of the "
    "transformation estimator count (N - 1)(T - 1) observations and cannot be held against the "
    "NT of OLS."
)
R2_NOTE = (
    "R2 is that of the data without the column's own fixed effects, so columns with other effects "
    "do not compare; in spatial columns what the neighbours' outcome explains counts as explained."
)
WIDER_REFERENCE_NOTE = (
    "The national reference of the location quotient counts all employed persons, the units' own "
    "employment urban units only: the level of the quotient is not 1 for an average unit, and it "
    "moves with that ratio from year to year."
)
CHOICE_NOTE = (
    "LM tests: the plain form is the one of published tables and rejects too often with fixed "
    "effects; the centred form subtracts the exact mean of the scores and has the right size when "
    "errors are independent over time; the serial form also when those of a unit are correlated. "
    "Likelihood-ratio tests of fixed effects reject too often in short panels. Mundlak's and "
    "Hausman's tests and the likelihood ratios take errors to be independent over time; Wald tests "
    "by serial or clustered covariances do not."
)
EFFECTS = ("direct", "indirect", "total")
BOOTSTRAP = "bootstrap_wild_unit"
BOOTSTRAP_LINE = "wild bootstrap by unit"
UNDEFINED_NOTE = (
    "A test is undefined where its statistic has no meaning: Hausman's when the difference of the "
    "two covariances is not positive definite, Mundlak's with too few units for the means, the "
    "common factor with regressors that have no lag."
)
LIKELIHOODS = ("loglik", "aic", "bic")
DESCRIPTIVE_COLUMNS = (
    ("mean", "", "Mean"),
    ("sd", "overall", "S.D."),
    ("sd", "between", "S.D. between"),
    ("sd", "within", "S.D. within"),
    ("min", "", "Minimum"),
    ("max", "", "Maximum"),
)
FIT_ROWS = (
    ("sigma2", "", "sigma2", 4),
    ("loglik", "", "Log-likelihood", 2),
    ("aic", "", "AIC", 1),
    ("bic", "", "BIC", 1),
    ("r2", "within", "R2 (within)", 3),
    ("residual_ar1", "", "Residual AR(1)", 3),
)


def layout_table(
    name: str, study: Study, estimates: pd.DataFrame, language: Language = "en"
) -> PrintedTable:
    """Lay out one table of a study.

    Parameters
    ----------
    name : str
        Name of the table in the study.
    study : Study
        Configuration: which kind, titles, order of columns and rows.
    estimates : DataFrame
        The whole of estimates.csv.
    language : {"en", "zh"}
        Of titles, headings, labels and notes; numbers are the same in both.

    Returns
    -------
    PrintedTable
    """
    words = Words(language)
    table = study.tables[name]
    rows = estimates[estimates["table"] == name]
    body, notes = LAYOUTS[table.kind](table, study, rows)
    notes = [*notes, *_boundary_notes(rows), *_common_notes(name, study, words)]
    page = PAGES.get(table.kind)
    shown = None if page is None else page(table, study, rows)
    return printed(name, words.label(table.title), body, notes, shown, language)


def _boundary_notes(rows: pd.DataFrame) -> list[str]:
    """Say which models have no valid optimum inside the admissible interval."""
    marked = rows[(rows["quantity"] == "value") & (rows["term"] == AT_BOUNDARY)]
    return [
        f"Model {model!r}: the likelihood peaks at the edge of the admissible interval of the "
        "spatial coefficient; it has neither standard errors nor effects."
        for model in marked["model"].drop_duplicates()
    ]


def _common_notes(name: str, study: Study, words: Words) -> list[str]:
    notes = []
    sample = study.samples.get(sample_of(study, name))
    if sample is not None and sample.note:
        notes.append(words.label(sample.note))
    note = study.tables[name].printed_note(tables_of(study))
    notes += [words.label(note)] if note else []
    if _has_wider_reference(name, study):
        notes.append(WIDER_REFERENCE_NOTE)
    return [*notes, *map(words.label, study.study.cautions)]


def _has_wider_reference(name: str, study: Study) -> bool:
    """Whether a table shows a location quotient against all employed persons of the nation."""
    tables = tables_of(study)
    table = tables[name]
    used = [table.made_of(tables).model_variables(tables, own) for own in table.samples(tables)]
    shown = {*table.shown_variables(), *(variable for group in used for variable in group)}
    quotients = [
        variable
        for variable in (study.variables[shown_name] for shown_name in sorted(shown))
        if variable.index == "agglomeration"
        and (variable.measure or study.agglom.measure) == "lq"
        and (variable.reference or study.lq.reference) == "national"
    ]
    formats = {source.format for source in study.sources.values()}
    return bool(quotients) and "national_employment" in formats


def _heading(column: ModelColumn) -> str:
    return column.id if column.label is None else column.label.en


def _descriptives(
    table: DescriptivesTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    cells = records(rows, "term", "quantity", "spec")
    lines = [
        [label_of(name, study), definition_of(study.variables[name], study)]
        + [
            format_estimate(cells[name, quantity, spec]["estimate"])
            for quantity, spec, _ in DESCRIPTIVE_COLUMNS
        ]
        for name in table.variables
    ]
    heads = ["Variable", "Definition", *(head for *_, head in DESCRIPTIVE_COLUMNS)]
    labels = {name: label_of(name, study) for name in table.variables}
    letters = letters_note(labels, study)
    notes = [f"{sizes_note(rows)}.", *([letters] if letters else [])]
    return pd.DataFrame(lines, columns=heads), notes


def _moran(table: MoranTable, study: Study, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    cells = records(rows[rows["quantity"] == "moran"], "inference", "term", "year")
    lines = []
    for year in sorted({key[2] for key in cells}):
        line = [str(year)]
        for name in table.variables:
            value = cells["randomisation", name, year]
            shuffled = cells["permutation", name, year]
            line += [
                format_estimate(value["estimate"]) + stars_of(shuffled["p_value"]),
                format_estimate(value["statistic"], 2),
                format_estimate(shuffled["p_value"], 3),
            ]
        lines.append(line)
    heads = ["Year"]
    for name in table.variables:
        label = label_of(name, study)
        heads += [f"{label}: I", f"{label}: z", f"{label}: p"]
    notes = [
        f"Global Moran's I, weights {table.weights!r}; z under randomisation, p and stars from "
        f"{table.permutations} permutations (two-sided). "
        f"N = {rows['n_units'].max()} units in each year.",
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _cells(
    rows: pd.DataFrame,
    terms: Sequence[tuple[str, str, str]],
    models: Sequence[str],
    covariances: Sequence[str],
) -> list[list[str]]:
    """Estimates with stars, and below them a line of standard errors for each covariance.

    The first in round brackets, the others in square ones; stars follow the last. Columns by OLS
    have one covariance of their own, in the first line.
    """
    cells = records(rows, "model", "quantity", "term", "vcov")
    own = records(rows[rows["estimator"] == "ols"], "model", "quantity", "term")
    lines = []
    for quantity, term, head in terms:
        block = [[head], *([""] for _ in covariances)]
        for model in models:
            found = [cells.get((model, quantity, term, name)) for name in covariances]
            single = own.get((model, quantity, term))
            if single is not None:
                found = [single, *(None for _ in covariances[1:])]
            present = [row for row in found if row is not None]
            block[0].append(
                format_estimate(present[0]["estimate"]) + stars_of(present[-1]["p_value"])
                if present
                else ""
            )
            for line, row, brackets in zip(
                block[1:], found, ["()", *(["[]"] * len(found))], strict=False
            ):
                error = "" if row is None else format_estimate(row["std_error"])
                line.append(f"{brackets[0]}{error}{brackets[1]}" if error else "")
        lines += block
    return lines


def _models(table: ModelsTable, study: Study, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    models = [column.id for column in table.columns]
    named = list(table.regressors)
    for column in table.columns:
        named += [name for name in (*(column.regressors or ()), *column.add) if name not in named]
    present = set(rows.loc[rows["quantity"] == "coef", "term"])
    ordered = [name for name in named if name in present]
    ordered += [f"W.{name}" for name in named if f"W.{name}" in present]
    ordered += sorted(present - set(ordered))
    terms = [("coef", name, label_of(name, study)) for name in ordered]
    spatial = rows.drop_duplicates(["quantity", "term"])
    for quantity in ("rho", "lambda"):
        found = spatial.loc[spatial["quantity"] == quantity, "term"]
        terms += [(quantity, term, quantity) for term in found]
    lines = _cells(rows, terms, models, table.covariances)
    lines += _fit_lines(rows, models)
    lines.append(["Fixed effects", *(column.effects for column in table.columns)])
    lines.append(["Outcome", *(label_of(c.outcome or table.outcome, study) for c in table.columns)])
    weights = ["" if c.model == "ols" else c.weights or table.weights for c in table.columns]
    if any(weights):
        lines.append(["Weights", *weights])
    body = pd.DataFrame(lines, columns=["", *(_heading(column) for column in table.columns)])
    used = [name for name in ESTIMATOR_NOTES if name in set(rows["estimator"])]
    notes = [f"{sizes_note(rows)}.", errors_note(table.covariances)]
    notes += [f"Estimator {name!r}: {ESTIMATOR_NOTES[name]}." for name in used]
    if len(used) > 1 and "ols" in used:
        notes.append(LOGLIK_NOTE)
    return body, [*notes, R2_NOTE, SERIAL_NOTE]


def _fit_lines(rows: pd.DataFrame, models: Sequence[str]) -> list[list[str]]:
    spatial = set(rows.loc[rows["estimator"] != "ols", "model"])
    if spatial:
        # likelihoods of different data do not belong in one row
        rows = rows[(rows["estimator"] != "ols") | ~rows["quantity"].isin(LIKELIHOODS)]
    numbers = records(rows, "model", "quantity", "term")
    lines = []
    for quantity, term, head, digits in FIT_ROWS:
        found = [numbers.get((model, quantity, term)) for model in models]
        cells = ["" if row is None else format_estimate(row["estimate"], digits) for row in found]
        if any(cells):
            lines.append([head, *cells])
    sizes = records(rows, "model")
    for count, head in (("n_units", "Units"), ("n_periods", "Years"), ("n_obs", "Observations")):
        lines.append([head, *(str(sizes[model,][count]) for model in models)])
    return lines


def _effects(
    table: EffectsTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    effects = rows[rows["quantity"].isin(["direct", "indirect", "total"])]
    columns = [column for column in models_table.columns if column.id in set(effects["model"])]
    cells = records(effects, "model", "term", "quantity", "inference", "vcov")
    covariances = models_table.covariances
    serial = records(rows[rows["quantity"] == "residual_ar1"], "model")
    lines = []
    for column in columns:
        for term in (*(column.regressors or models_table.regressors), *column.add):
            found = {
                line: [
                    [cells.get((column.id, term, name, *place)) for place in places]
                    for name in EFFECTS
                ]
                for line, places in _effect_places(covariances).items()
            }
            ar1 = format_estimate(serial[column.id,]["estimate"], 3)
            lines += _effect_lines(_heading(column), label_of(term, study), found, ar1)
    heads = ["Model", "Variable", *(name.capitalize() for name in EFFECTS), "Residual AR(1)"]
    body = pd.DataFrame(lines, columns=heads)
    fixed = effects["estimate"].eq(0) & ~effects["std_error"].gt(0)
    notes = [
        f"Mean effects after LeSage and Pace (2009) of the models of {table.of}; delta and "
        f"simulated standard errors from the covariance {covariances[0]}, the others by the delta "
        f"method; stars by the delta method from {covariances[-1]}.{_draws_note(rows)} "
        f"{sizes_note(effects)}.",
        f"{STARS_KEY}. "
        + "; ".join(f"{name}: {COVARIANCE_NOTES[name]}" for name in covariances)
        + ".",
        *([ZERO_NOTE] if fixed.any() else []),
        SERIAL_NOTE,
    ]
    return body, notes


def _effect_places(covariances: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Lines below an effect, with the inference and covariance of each of its numbers."""
    first, *others = covariances
    return {
        f"s.e. {first}, delta / simulated": [("delta", first), ("simulation", first)],
        **{f"s.e. {name}": [("delta", name)] for name in others},
        BOOTSTRAP_LINE: [(BOOTSTRAP, "")],
    }


Found = list[list[dict[str, Any] | None]]
"""Rows of a line, by effect."""


def _effect_lines(heading: str, label: str, found: dict[str, Found], ar1: str) -> list[list[str]]:
    """Estimates with the stars of the last standard errors, and below them all that there is."""
    points, ruled_out = [], []
    for place in range(len(EFFECTS)):
        rows = [row for line, own in found.items() if line != BOOTSTRAP_LINE for row in own[place]]
        present = [row for row in rows if row is not None]
        # zero by the form of the model (SEM passes nothing on): nothing was estimated there
        zero = bool(present) and present[0]["estimate"] == 0 and not present[0]["std_error"] > 0
        ruled_out.append(zero)
        if zero or not present:
            points.append("0" if zero else "")
        else:
            points.append(
                format_estimate(present[0]["estimate"]) + stars_of(present[-1]["p_value"])
            )
    lines = [[heading, label, *points, ar1]]
    for line, own in found.items():
        texts = [
            "" if zero else " / ".join(_uncertainty(row, line) for row in rows if row is not None)
            for rows, zero in zip(own, ruled_out, strict=True)
        ]
        if any(texts):
            lines.append(["", line, *texts, ""])
    return lines


def _uncertainty(row: dict[str, Any], line: str) -> str:
    if line == BOOTSTRAP_LINE:
        return format_interval(row)
    return f"({format_estimate(row['std_error'])})"


def _draws_note(rows: pd.DataFrame) -> str:
    """Draws of the simulation and of the bootstrap, and how many have no effects."""
    words = {
        "simulation": "draws a model from the estimates' normal distribution",
        BOOTSTRAP: "draws of the wild bootstrap with one random sign a unit, which holds for "
        "errors correlated over time and of any variance, percentile interval of 95 %",
    }
    note = ""
    for inference, text in words.items():
        own = rows[rows["inference"] == inference]
        draws = own["draws"].dropna().unique()
        if len(draws):
            lost = own.loc[own["term"] == DISCARDED, "estimate"].sum()
            note += (
                f" {int(draws[0])} {text}, {int(lost)} in all discarded for want of a finite "
                "multiplier."
            )
    return note


def _collinearity(
    table: CollinearityTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    blocks = rows.assign(block=rows["model"] + ": " + rows["equation"].str.replace("_", " "))
    wide = blocks.pivot(index="term", columns="block", values="estimate")
    models = [column.id for column in models_table.columns]
    heads = sorted(map(str, wide.columns))
    heads.sort(key=lambda head: models.index(head.split(":")[0]))
    wide = wide[heads]
    ordered = models_table.named_variables
    lagged = [*ordered, *(f"W.{name}" for name in ordered)]
    terms = [name for name in lagged if f"vif:{name}" in wide.index]
    wide = wide.loc[[f"vif:{name}" for name in terms]]
    wide.index = pd.Index([label_of(term, study) for term in terms])
    body = wide.map(lambda value: format_estimate(value, 2)).reset_index(names="Variable")
    body.columns.name = None
    note = (
        "Variance inflation factors of the regressors without the means that the column's fixed "
        f"effects stand for (statsmodels). {sizes_note(rows)}."
    )
    return body, [note]


def _choice(table: ChoiceTable, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Tests of the chain one below the other, the criteria of the models below them."""
    tests = rows[rows["quantity"] == "test"].copy()
    tests[["name", "form", "null"]] = tests["term"].str.split("|", expand=True)
    tests["rank"] = [_rank_of_test(name) for name in tests["name"]]
    tests["place"] = [_rank_of_effects(effects) for effects in tests["equation"]]
    tests = tests.sort_values(["rank", "place", "form", "name", "vcov"], kind="stable")
    lines = []
    for row in tests.to_dict("records"):
        defined = pd.notna(row["p_value"])
        rejected = ("yes" if row["p_value"] < table.level else "no") if defined else ""
        freedom = "" if pd.isna(row["df"]) else f"{row['df']:g}"
        lines.append(
            [row["name"], row["form"], row["equation"], row["null"],
             format_estimate(row["statistic"], 2) if defined else UNDEFINED, freedom,
             format_p(row["p_value"]), rejected]
        )  # fmt: skip
    heads = ["Test", "Form", "Fixed effects", "Null hypothesis", "Statistic", "df", "p", "Rejected"]
    body = pd.DataFrame(lines, columns=heads)
    decisions = rows[rows["term"] == "decision"]
    chosen = "; ".join(
        f"{row['spec'].upper()} with Wald tests by {row['vcov']}"
        for row in decisions.to_dict("records")
    )
    notes = [
        f"Regressors, weights and effects of column {table.column!r} of {table.of}. "
        f"{sizes_note(rows)}.",
        f"The tests lead to: {chosen} (rule of Elhorst 2010: the Durbin model unless a simpler one "
        "is not rejected and the robust LM tests agree with it).",
        CHOICE_NOTE,
        *([UNDEFINED_NOTE] if tests["p_value"].isna().any() else []),
        _criteria_note(rows),
    ]
    return body, notes


def _rank_of_test(name: str) -> int:
    starts = ("LM lag", "LM error", "robust LM lag", "robust LM error", "LR unit", "LR time")
    order = [*starts, "Wald", "LR", "Mundlak", "Hausman", "Moran"]
    return next((place for place, start in enumerate(order) if name.startswith(start)), len(order))


def _rank_of_effects(effects: str) -> int:
    order = ("none", "unit", "time", "unit and time")
    return order.index(effects) if effects in order else len(order)


def _criteria_note(rows: pd.DataFrame) -> str:
    """AIC and BIC of the models in one line each, the lowest first."""
    parts = []
    for name in ("aic", "bic"):
        found = rows[rows["quantity"] == name].sort_values("estimate")
        listed = ", ".join(
            f"{row['spec']} {format_estimate(row['estimate'], 1)}"
            for row in found.to_dict("records")
        )
        parts.append(f"{name.upper()}: {listed}")
    return "; ".join(parts) + "."


def _peers(table: PeersTable, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    names = ("model", "estimator", "quantity", "term")
    ours = records(rows[rows["equation"] == "ours"], *names)
    of_peers = rows[(rows["equation"] != "ours") & (rows["quantity"] != "difference")]
    of_peers = of_peers.sort_values(["model", "equation", "quantity", "term"])
    lines = []
    for key, row in records(of_peers, *names).items():
        model, estimator, quantity, term = key
        own, other = ours[key]["estimate"], row["estimate"]
        difference = f"{abs(own - other):.1e}"
        lines.append(
            [model, estimator, term or quantity, f"{own:.8f}", f"{other:.8f}", difference,
             row["equation"]]
        )  # fmt: skip
    heads = ["Model", "Estimator", "Parameter", "Ours", "Peer", "|Difference|", "Program"]
    note = (
        f"Models of {table.of}, fitted again by an independent program with the estimator named; "
        "the transformation estimator has no peer, so its model is compared by direct ML."
    )
    return pd.DataFrame(lines, columns=heads), [f"{note} {sizes_note(rows)}."]


Layout = Callable[[Any, Study, pd.DataFrame], tuple[pd.DataFrame, list[str]]]
Page = Callable[[Any, Study, pd.DataFrame], pd.DataFrame]

LAYOUTS: dict[str, Layout] = {
    "descriptives": _descriptives,
    "moran": _moran,
    "models": _models,
    "effects": _effects,
    "collinearity": _collinearity,
    "choice": lambda table, _, rows: _choice(table, rows),
    "peers": lambda table, _, rows: _peers(table, rows),
    "mediation": mediation_layout,
    "heterogeneity": heterogeneity_layout,
    "differences": differences_layout,
    "robustness": layout_robustness,
    "leave_out": layout_leave_out,
    "placebo": layout_placebo,
    "endogeneity": layout_endogeneity,
    "mediation_steps": steps_layout,
    "mediation_sensitivity": sensitivity_layout,
    "mediation_timing": timing_layout,
}
"""Body and notes of a table of each kind, from its section, the study and its rows."""
PAGES: dict[str, Page] = {"differences": differences_page, "robustness": robustness_page}
"""What a page shows of the tables whose body is too wide for one."""
