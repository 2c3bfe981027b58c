"""Layout of the printed tables: views of estimates.csv, nothing else.

A printed table is a frame of texts with one heading a column and notes below. Numbers come from
the rows of estimates alone, so a table cannot show what estimates.csv does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.study.config import (
    CollinearityTable,
    DescriptivesTable,
    EffectsTable,
    ModelColumn,
    ModelsTable,
    MoranTable,
    PeersTable,
    Study,
    Table,
)

STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
STARS_NOTE = "*** p < 0.01, ** p < 0.05, * p < 0.1; standard errors in brackets."
SYNTHETIC_NOTE = "Synthetic demonstration data: the numbers say nothing about any real place."
SERIAL_NOTE = (
    "Residual AR(1) is the first-order autocorrelation of the residuals within units. Where it is "
    "high the intervals of the classical information matrix are too short; serially robust ones "
    "come from a bootstrap by unit."
)
ESTIMATOR_NOTES = {
    "transform": "Lee and Yu (2010) transformation QML with exact log-determinant; standard "
    "errors from the information matrix",
    "direct": "direct ML with demeaned data and exact log-determinant",
    "direct_bc": "direct ML with the bias correction of Lee and Yu (2010)",
    "ols": "within OLS (linearmodels), standard errors clustered by unit",
}
DESCRIPTIVE_COLUMNS = (
    ("mean", "", "Mean"),
    ("sd", "overall", "S.D."),
    ("sd", "between", "S.D. between"),
    ("sd", "within", "S.D. within"),
    ("min", "", "Minimum"),
    ("max", "", "Maximum"),
)
FIT_ROWS = (
    ("sigma2", "sigma2", 4),
    ("loglik", "Log-likelihood", 2),
    ("aic", "AIC", 1),
    ("bic", "BIC", 1),
    ("r2", "R2 (within)", 3),
    ("residual_ar1", "Residual AR(1)", 3),
)


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table as it is printed.

    Attributes
    ----------
    name, title : str
        `T4`, and its title in English.
    body : DataFrame
        Texts; the first column holds the row headings.
    notes : tuple of str
        What stands below.
    """

    name: str
    title: str
    body: pd.DataFrame
    notes: tuple[str, ...]


def layout_table(name: str, study: Study, estimates: pd.DataFrame) -> PrintedTable:
    """Lay out one table of a study.

    Parameters
    ----------
    name : str
        Name of the table in the study.
    study : Study
        Configuration: which kind, titles, order of columns and rows.
    estimates : DataFrame
        The whole of estimates.csv.

    Returns
    -------
    PrintedTable
    """
    table = study.tables[name]
    rows = estimates[estimates["table"] == name]
    if isinstance(table, DescriptivesTable):
        body, notes = _descriptives(table, study, rows)
    elif isinstance(table, MoranTable):
        body, notes = _moran(table, study, rows)
    elif isinstance(table, ModelsTable):
        body, notes = _models(table, study, rows)
    elif isinstance(table, EffectsTable):
        body, notes = _effects(table, study, rows)
    elif isinstance(table, CollinearityTable):
        body, notes = _collinearity(table, study, rows)
    else:
        body, notes = _peers(table, rows)
    notes = [*notes, *_common_notes(table, study)]
    return PrintedTable(name, table.title.en, body, tuple(notes))


def _common_notes(table: Table, study: Study) -> list[str]:
    notes = []
    sample = study.samples.get(getattr(table, "sample", "main"))
    if sample is not None and sample.note:
        notes.append(sample.note)
    if study.study.notice:
        notes.append(study.study.notice)
    if study.study.synthetic:
        notes.append(SYNTHETIC_NOTE)
    return notes


def format_estimate(value: float, digits: int = 4) -> str:
    """A number with fixed decimals, in scientific form when it would show as zero."""
    if pd.isna(value):
        return ""
    if value != 0 and abs(value) < 0.5 * 10.0**-digits:
        return f"{value:.2e}"
    return f"{value:.{digits}f}"


def stars_of(p_value: float) -> str:
    """Stars of a p-value: 1, 5 and 10 %."""
    if pd.isna(p_value):
        return ""
    return next((mark for limit, mark in STARS if p_value < limit), "")


def label_of(term: str, study: Study) -> str:
    """English name of a variable or of its spatial lag."""
    if term.startswith("W."):
        return f"W x {label_of(term[2:], study)}"
    variable = study.variables.get(term)
    return term if variable is None or variable.label is None else variable.label.en


def _heading(column: ModelColumn) -> str:
    return column.id if column.label is None else column.label.en


def _sizes_note(rows: pd.DataFrame) -> str:
    sizes = rows[["n_units", "n_periods", "n_obs"]].dropna().drop_duplicates()
    return "; ".join(
        f"N = {int(row.n_units)} units, T = {int(row.n_periods)} years, "
        f"{int(row.n_obs)} observations"
        for row in sizes.itertuples()
    )


def _descriptives(
    table: DescriptivesTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    by_key = rows.set_index(["term", "quantity", "spec"])["estimate"]
    lines = [
        [label_of(name, study)]
        + [
            format_estimate(by_key[name, quantity, spec])
            for quantity, spec, _ in DESCRIPTIVE_COLUMNS
        ]
        for name in table.variables
    ]
    body = pd.DataFrame(lines, columns=["Variable", *(head for *_, head in DESCRIPTIVE_COLUMNS)])
    return body, [f"{_sizes_note(rows)}."]


def _moran(table: MoranTable, study: Study, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    rows = rows[rows["quantity"] == "moran"]
    index = rows.set_index(["inference", "term", "year"])
    years = sorted(rows["year"].dropna().astype(int).unique())
    lines = []
    for year in years:
        line = [str(year)]
        for name in table.variables:
            value = index.loc[("randomisation", name, year)]
            shuffled = index.loc[("permutation", name, year)]
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
        f"{table.permutations} permutations (two-sided). {_sizes_note(rows)}.",
    ]
    return pd.DataFrame(lines, columns=heads), notes


def _cells(
    rows: pd.DataFrame, terms: Sequence[tuple[str, str, str]], models: Sequence[str]
) -> list[list[str]]:
    """Two lines a term: estimates with stars, standard errors in brackets below."""
    index = rows.set_index(["model", "quantity", "term"]).sort_index()
    lines = []
    for quantity, term, head in terms:
        upper, lower = [head], [""]
        for model in models:
            if (model, quantity, term) in index.index:
                row = index.loc[(model, quantity, term)]
                upper.append(format_estimate(row["estimate"]) + stars_of(row["p_value"]))
                error = format_estimate(row["std_error"])
                lower.append(f"({error})" if error else "")
            else:
                upper.append("")
                lower.append("")
        lines += [upper, lower]
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
    lines = _cells(rows, terms, models)
    lines += _fit_lines(rows, models)
    lines.append(["Fixed effects", *(column.effects for column in table.columns)])
    lines.append(["Outcome", *(label_of(c.outcome or table.outcome, study) for c in table.columns)])
    lines.append(["Weights", *(column.weights or table.weights for column in table.columns)])
    body = pd.DataFrame(lines, columns=["", *(_heading(column) for column in table.columns)])
    used = [name for name in ESTIMATOR_NOTES if name in set(rows["estimator"])]
    notes = [f"{_sizes_note(rows)}.", STARS_NOTE]
    notes += [f"Estimator {name!r}: {ESTIMATOR_NOTES[name]}." for name in used]
    return body, [*notes, SERIAL_NOTE]


def _fit_lines(rows: pd.DataFrame, models: Sequence[str]) -> list[list[str]]:
    lines = []
    for quantity, head, digits in FIT_ROWS:
        found = rows[rows["quantity"] == quantity].drop_duplicates("model").set_index("model")
        cells = [
            format_estimate(found.at[model, "estimate"], digits) if model in found.index else ""
            for model in models
        ]
        if any(cells):
            lines.append([head, *cells])
    for count, head in (("n_units", "Units"), ("n_periods", "Years"), ("n_obs", "Observations")):
        found = rows.drop_duplicates("model").set_index("model")[count]
        lines.append([head, *(str(int(found[model])) for model in models)])
    return lines


def _effects(
    table: EffectsTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    effects = rows[rows["quantity"].isin(["direct", "indirect", "total"])]
    columns = [column for column in models_table.columns if column.id in set(effects["model"])]
    terms = _terms_in_order(models_table, effects)
    lines = []
    for column in columns:
        own = effects[effects["model"] == column.id]
        ar1 = rows[(rows["model"] == column.id) & (rows["quantity"] == "residual_ar1")]
        for term in terms:
            if term not in set(own["term"]):
                continue
            block = own[own["term"] == term].set_index(["quantity", "inference"])
            line = [_heading(column), label_of(term, study)]
            for quantity in ("direct", "indirect", "total"):
                line += _effect_cells(block.loc[quantity])
            line.append(format_estimate(ar1["estimate"].iloc[0], 3))
            lines.append(line)
    heads = ["Model", "Variable"]
    for quantity in ("Direct", "Indirect", "Total"):
        heads += [quantity, f"{quantity}: s.e. delta", f"{quantity}: s.e. simulated"]
    body = pd.DataFrame(lines, columns=[*heads, "Residual AR(1)"])
    draws = effects["draws"].dropna().unique()
    drawn = f" {int(draws[0])} draws from the estimates' normal distribution." if len(draws) else ""
    notes = [
        f"Mean effects after LeSage and Pace (2009) of the models of {table.of}; stars from the "
        f"delta method.{drawn} {_sizes_note(effects)}.",
        "*** p < 0.01, ** p < 0.05, * p < 0.1.",
        SERIAL_NOTE,
    ]
    return body, notes


def _effect_cells(block: pd.DataFrame) -> list[str]:
    point = block.loc["delta"] if "delta" in block.index else block.iloc[0]
    cells = [format_estimate(point["estimate"]) + stars_of(point["p_value"])]
    for inference in ("delta", "simulation"):
        known = inference in block.index
        cells.append(format_estimate(block.at[inference, "std_error"]) if known else "")
    return cells


def _terms_in_order(table: ModelsTable, rows: pd.DataFrame) -> list[str]:
    named = list(table.regressors)
    for column in table.columns:
        named += [name for name in (*(column.regressors or ()), *column.add) if name not in named]
    present = set(rows["term"])
    return [name for name in named if name in present]


def _collinearity(
    table: CollinearityTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    blocks = rows.assign(block=rows["model"] + ": " + rows["equation"].str.replace("_", " "))
    wide = blocks.pivot(index="term", columns="block", values="estimate")
    terms = [term.removeprefix("vif:") for term in wide.index]
    wide.index = pd.Index([label_of(term, study) for term in terms])
    body = wide.map(lambda value: format_estimate(value, 2)).reset_index(names="Variable")
    body.columns.name = None
    note = (
        "Variance inflation factors of the regressors after removing unit and year means "
        f"(statsmodels). {_sizes_note(rows)}."
    )
    return body, [note]


def _peers(table: PeersTable, rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    index = ["model", "estimator", "quantity", "term"]
    ours = rows[rows["equation"] == "ours"].set_index(index)["estimate"]
    lines = []
    of_peers = rows[(rows["equation"] != "ours") & (rows["quantity"] != "difference")]
    for key, row in of_peers.set_index(index).iterrows():
        model, estimator, quantity, term = key
        difference = abs(row["estimate"] - ours[key])
        lines.append(
            [
                model,
                estimator,
                term or quantity,
                f"{ours[key]:.8f}",
                f"{row['estimate']:.8f}",
                f"{difference:.1e}",
                row["equation"],
            ]
        )
    heads = ["Model", "Estimator", "Parameter", "Ours", "Peer", "|Difference|", "Program"]
    note = (
        f"Models of {table.of}, fitted again by an independent program with the estimator named; "
        "the transformation estimator has no peer, so its model is compared by direct ML."
    )
    return pd.DataFrame(lines, columns=heads), [f"{note} {_sizes_note(rows)}."]
