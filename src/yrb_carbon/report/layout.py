"""Layout of the printed tables: views of estimates.csv, nothing else.

A printed table is a frame of texts with one heading a column and notes below. Numbers come from
the rows of estimates alone, so a table cannot show what estimates.csv does not hold. Definitions
are words of the dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, DISCARDED
from yrb_carbon.report.cells import (
    ESTIMATOR_NOTES,
    RESIDUAL_AR1,
    SERIAL_NOTE,
    SIZES,
    UNDEFINED,
    PrintedTable,
    column_label,
    covariance_meanings,
    format_estimate,
    format_p,
    heading_of,
    label_of,
    null_words,
    printed,
    records,
    sizes_note,
    weights_label,
)
from yrb_carbon.report.definitions import definition_of, letters_note
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_embodied import (
    flow_network_page,
    layout_embodied_intensity,
    layout_flow_decomposition,
    layout_flow_network,
    layout_flow_paths,
    layout_mining_emissions,
    layout_sector_contributions,
    layout_structural_paths,
)
from yrb_carbon.report.layout_endogeneity import layout_endogeneity
from yrb_carbon.report.layout_footprint import (
    footprint_accounts_page,
    layout_footprint_accounts,
    layout_footprint_inequality,
    layout_footprint_moran,
    layout_footprint_shift,
    layout_industrial_emissions,
    layout_reduction_potential,
    reduction_potential_page,
)
from yrb_carbon.report.layout_heterogeneity import (
    differences_layout,
    differences_page,
    heterogeneity_layout,
)
from yrb_carbon.report.layout_mediation import mediation_layout, system_name
from yrb_carbon.report.layout_mediation_companions import (
    sensitivity_layout,
    steps_layout,
    timing_layout,
)
from yrb_carbon.report.layout_regional import (
    layout_forest_stock,
    layout_land_use,
    layout_regional_emissions,
    layout_regional_transfer,
    regional_emissions_page,
    regional_transfer_page,
)
from yrb_carbon.report.layout_robustness import (
    layout_leave_out,
    layout_placebo,
    layout_robustness,
    province_label,
    robustness_page,
    specification_label,
)
from yrb_carbon.report.printer import Printer, printer_of
from yrb_carbon.report.terms import (
    covariance_name,
    effects_name,
    estimator_name,
    form_name,
    group_name,
    inference_name,
    model_name,
    name_of_test,
)
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.study.plan import sample_of, tables_of
from yrb_carbon.study.robustness_tables import LeaveOutTable, RobustnessTable
from yrb_carbon.study.tables import (
    ChoiceTable,
    CollinearityTable,
    DerivedTable,
    DescriptivesTable,
    EffectsTable,
    ModelColumn,
    ModelsTable,
    MoranTable,
    PeersTable,
)

ZERO_NOTE = message("0 without standard errors: the model lets the regressor have no such effect.")
LOGLIK_NOTE = message(
    "Log-likelihood, AIC and BIC are shown for the spatial columns only and compare between "
    "columns of one outcome, estimator and fixed effects; observations that they count: {listed}."
)
COUNTED = {
    "none": "NT",
    "unit": "N(T - 1)",
    "time": "(N - 1)T",
    "twoway": "(N - 1)(T - 1)",
}
"""Observations that the transformation leaves, by the fixed effects that it takes out."""
R2_NOTE = message(
    "R2 is that of the data without the column's own fixed effects, so columns with other effects "
    "do not compare; in spatial columns what the neighbours' outcome explains counts as explained."
)
WIDER_REFERENCE_NOTE = message(
    "The national reference of the location quotient counts all employed persons, the units' own "
    "employment urban units only: the level of the quotient is not 1 for an average unit, and it "
    "moves with that ratio from year to year."
)
CHOICE_NOTE = message(
    "LM tests: the plain form is the one of published tables and rejects too often with fixed "
    "effects; the centred form subtracts the exact mean of the scores and has the right size when "
    "errors are independent over time; the serial form also when those of a unit are correlated. "
    "Likelihood-ratio tests of fixed effects reject too often in short panels. Mundlak's and "
    "Hausman's tests and the likelihood ratios take errors to be independent over time; Wald tests "
    "by serial or clustered covariances do not."
)
MORAN_NOTE = message(
    "Global Moran's I, weights {weights}; z under randomisation, p and stars from {permutations} "
    "permutations (two-sided). N = {n} units in each year."
)
PLAIN_MORAN_NOTE = message(
    "Global Moran's I, weights {weights}; z under randomisation, p from {permutations} "
    "permutations (two-sided). N = {n} units in each year."
)
EFFECTS_NOTE = message(
    "Mean effects after LeSage and Pace (2009) of the models of {table}; delta and simulated "
    "standard errors from the covariance {first}, the others by the delta method; stars by the "
    "delta method from {last}."
)
PLAIN_EFFECTS_NOTE = message(
    "Mean effects after LeSage and Pace (2009) of the models of {table}; delta and simulated "
    "standard errors from the covariance {first}, the others by the delta method."
)
EFFECTS = (
    ("direct", message("Direct")),
    ("indirect", message("Indirect")),
    ("total", message("Total")),
)
SIMULATION, BOOTSTRAP = "simulation", "bootstrap_wild_unit"
UNDEFINED_NOTE = message(
    "A test is undefined where its statistic has no meaning: Hausman's when the difference of the "
    "two covariances is not positive definite, Mundlak's with too few units for the means, the "
    "common factor with regressors that have no lag."
)
LIKELIHOODS = ("loglik", "aic", "bic")
DESCRIPTIVE_COLUMNS = (
    ("mean", "", message("Mean")),
    ("sd", "overall", message("S.D.")),
    ("sd", "between", message("S.D. between")),
    ("sd", "within", message("S.D. within")),
    ("min", "", message("Minimum")),
    ("max", "", message("Maximum")),
)
FIT_ROWS = (
    ("sigma2", "", message("sigma2"), 4),
    ("loglik", "", message("Log-likelihood"), 2),
    ("aic", "", message("AIC"), 1),
    ("bic", "", message("BIC"), 1),
    ("r2", "within", message("R2 (within)"), 3),
    ("residual_ar1", "", RESIDUAL_AR1, 3),
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
    words = printer_of(name, study, language)
    table = study.tables[name]
    rows = estimates[estimates["table"] == name]
    body, notes = LAYOUTS[table.kind](table, study, rows, words)
    notes = [*notes, *_boundary_notes(name, study, rows, words), *_common_notes(name, study, words)]
    if not words.printing.notes:
        notes = []
    notes += map(words.label, (*study.study.cautions, *table.cautions(study)))
    page = PAGES.get(table.kind)
    shown = None if page is None else page(table, study, rows, words)
    return printed(name, words.label(table.title), body, notes, shown, language)


def _boundary_notes(name: str, study: Study, rows: pd.DataFrame, words: Words) -> list[str]:
    """Say which models have no valid optimum inside the admissible interval."""
    marked = rows[(rows["quantity"] == "value") & (rows["term"] == AT_BOUNDARY)]
    return [
        words(
            "Model {model}: the likelihood peaks at the edge of the admissible interval of the "
            "spatial coefficient; it has neither standard errors nor effects.",
            model=_model_label(name, model, study, words),
        )
        for model in marked["model"].drop_duplicates()
    ]


def _model_label(name: str, model: str, study: Study, words: Words) -> str:
    """What readers of a table know a model by."""
    table = study.tables[name]
    if isinstance(table, RobustnessTable) and model in table.specifications:
        return specification_label(table, model, study, words)
    if isinstance(table, MediationTable):
        return system_name(model, study, words)
    if isinstance(table, LeaveOutTable):
        return province_label(model, words)
    if isinstance(table, ModelsTable | DerivedTable):
        of = table.of if isinstance(table, DerivedTable) else name
        return column_label(of, model, study, words)
    return group_name(model, words)


def _common_notes(name: str, study: Study, words: Words) -> list[str]:
    notes = []
    sample = study.samples.get(sample_of(study, name))
    if sample is not None and sample.note:
        notes.append(words.label(sample.note))
    note = study.tables[name].printed_note(tables_of(study))
    notes += [words.label(note)] if note else []
    if _has_wider_reference(name, study):
        notes.append(words(WIDER_REFERENCE_NOTE))
    return notes


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


def _descriptives(
    table: DescriptivesTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    cells = records(rows, "term", "quantity", "spec")
    labels = {name: label_of(name, study, words) for name in words.rows(table.variables)}
    lines = [
        [label, definition_of(study.variables[name], study, words)]
        + [
            words.estimate(cells[name, quantity, spec]["estimate"])
            for quantity, spec, _ in DESCRIPTIVE_COLUMNS
        ]
        for name, label in labels.items()
    ]
    heads = [words("Variable"), words("Definition")]
    heads += [words(head) for *_, head in DESCRIPTIVE_COLUMNS]
    letters = letters_note(labels, study, words)
    notes = [_sizes_sentence(rows, words), *([letters] if letters else [])]
    return pd.DataFrame(lines, columns=heads), notes


def _sizes_sentence(rows: pd.DataFrame, words: Words) -> str:
    return words("{sizes}.", sizes=sizes_note(rows, words))


def _moran(
    table: MoranTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    cells = records(rows[rows["quantity"] == "moran"], "inference", "term", "year")
    lines = []
    for year in sorted({key[2] for key in cells}):
        line = [str(year)]
        for name in table.variables:
            value = cells["randomisation", name, year]
            shuffled = cells["permutation", name, year]
            line += [
                words.starred(value, shuffled),
                format_estimate(value["statistic"], 2),
                format_estimate(shuffled["p_value"], 3),
            ]
        lines.append(line)
    heads = [words("Year")]
    for name in table.variables:
        label = label_of(name, study, words)
        heads += [f"{label}: I", f"{label}: z", f"{label}: p"]
    notes = [
        words(
            MORAN_NOTE if words.has_stars else PLAIN_MORAN_NOTE,
            weights=weights_label(table.weights, study, words),
            permutations=table.permutations,
            n=rows["n_units"].max(),
        )
    ]
    return pd.DataFrame(lines, columns=heads), notes


Lines = list[list[str]]
"""Lines of a table that belong together, the heading first."""


def _estimate_lines(
    rows: pd.DataFrame,
    terms: Sequence[tuple[str, str, str]],
    models: Sequence[str],
    covariances: Sequence[str],
    words: Printer,
) -> dict[str, Lines]:
    """Estimates with stars, and below them a line of standard errors for each covariance shown.

    Stars follow the last of all covariances. Columns by OLS have one covariance of their own, in
    the first line.
    """
    cells = records(rows, "model", "quantity", "term", "vcov")
    own = records(rows[rows["estimator"] == "ols"], "model", "quantity", "term")
    shown = words.errors(covariances)
    lines = {}
    for quantity, term, head in terms:
        block = [[head], *([""] for _ in shown)]
        for model in models:
            found = {name: cells.get((model, quantity, term, name)) for name in covariances}
            errors = [found[name] for name in shown]
            single = own.get((model, quantity, term))
            present = [row for row in (*found.values(), single) if row is not None]
            block[0].append(words.starred(present[0], present[-1]) if present else "")
            if single is not None:
                errors = [single, *(None for _ in shown[1:])]
            for place, (line, row) in enumerate(zip(block[1:], errors, strict=False)):
                line.append(words.error(row, place))
        lines[term if quantity == "coef" else quantity] = block
    return lines


def _models(
    table: ModelsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    columns = words.columns(table.columns)
    models = [column.id for column in columns]
    rows = rows[rows["model"].isin(models)]
    named = table.regressors_of_columns
    present = set(rows.loc[rows["quantity"] == "coef", "term"])
    ordered = [name for name in named if name in present]
    ordered += [f"W.{name}" for name in named if f"W.{name}" in present]
    ordered += sorted(present - set(ordered))
    terms = [("coef", name, label_of(name, study, words)) for name in ordered]
    spatial = rows.drop_duplicates(["quantity", "term"])
    for quantity in ("rho", "lambda"):
        found = spatial.loc[spatial["quantity"] == quantity, "term"]
        terms += [(quantity, term, quantity) for term in found]
    blocks = {
        **_estimate_lines(rows, terms, models, table.covariances, words),
        **_fit_lines(rows, models, words),
        **_choice_lines(table, columns, study, words),
    }
    lines = [line for name in words.rows(blocks) for line in blocks[name]]
    heads = ["", *(heading_of(column, words) for column in columns)]
    used = [name for name in ESTIMATOR_NOTES if name in set(rows["estimator"])]
    notes = [_sizes_sentence(rows, words), _errors_note(table.covariances, words)]
    notes += [
        words(
            "Estimator of {columns}: {text}.",
            columns=words.listing(
                heading_of(column, words)
                for column in columns
                if name == ("ols" if column.model == "ols" else column.estimator)
            ),
            text=words(ESTIMATOR_NOTES[name]),
        )
        for name in used
    ]
    if len({(column.model == "ols", _counted(column)) for column in columns}) > 1:
        notes.append(_likelihood_note(columns, words))
    return pd.DataFrame(lines, columns=heads), [*notes, words(R2_NOTE), words(SERIAL_NOTE)]


def _counted(column: ModelColumn) -> str:
    """Observations that the likelihood of a column counts."""
    is_transformed = column.model != "ols" and column.estimator == "transform"
    return COUNTED[column.effects if is_transformed else "none"]


def _likelihood_note(columns: Sequence[ModelColumn], words: Words) -> str:
    """Which likelihoods are shown, and how many observations each of them counts."""
    named: dict[str, list[str]] = {}
    for column in columns:
        if column.model != "ols":
            named.setdefault(_counted(column), []).append(heading_of(column, words))
    listed = words.clauses(
        words("{count} ({columns})", count=count, columns=words.listing(heads))
        for count, heads in named.items()
    )
    return words(LOGLIK_NOTE, listed=listed)


def _errors_note(covariances: Sequence[str], words: Printer) -> str:
    """Which standard errors stand where, and which ones the stars follow."""
    names = {name: covariance_name(name, words) for name in covariances}
    shown = words.errors(covariances)
    listed = words.listing(
        words.in_brackets(names[name], place) for place, name in enumerate(shown)
    )
    follows = words("stars follow {name}", name=names[covariances[-1]])
    parts = [
        words.stars_key,
        words("standard errors of spatial columns: {listed}", listed=listed) if shown else "",
        follows if words.has_stars and len(covariances) > 1 else "",
    ]
    used = [name for name in covariances if name in shown or name == covariances[-1]]
    return words(
        "{parts}. {meanings}.",
        parts=words.clauses(filter(None, parts)),
        meanings=covariance_meanings(used, words),
    )


def _choice_lines(
    table: ModelsTable, columns: Sequence[ModelColumn], study: Study, words: Words
) -> dict[str, Lines]:
    """What each column chooses: fixed effects, outcome, weights."""
    outcomes = (label_of(column.outcome or table.outcome, study, words) for column in columns)
    effects = (effects_name(column.effects, words) for column in columns)
    lines = {
        "fixed_effects": [[words("Fixed effects"), *effects]],
        "outcome": [[words("Outcome"), *outcomes]],
    }
    weights = [
        ""
        if column.model == "ols"
        else weights_label(column.weights or table.weights, study, words)
        for column in columns
    ]
    return {**lines, "weights": [[words("Weights"), *weights]]} if any(weights) else lines


def _fit_lines(rows: pd.DataFrame, models: Sequence[str], words: Words) -> dict[str, Lines]:
    spatial = set(rows.loc[rows["estimator"] != "ols", "model"])
    if spatial:
        # likelihoods of different data do not belong in one row
        rows = rows[(rows["estimator"] != "ols") | ~rows["quantity"].isin(LIKELIHOODS)]
    numbers = records(rows, "model", "quantity", "term")
    lines = {}
    for quantity, term, head, digits in FIT_ROWS:
        found = [numbers.get((model, quantity, term)) for model in models]
        cells = ["" if row is None else format_estimate(row["estimate"], digits) for row in found]
        if any(cells):
            lines[quantity] = [[words(head), *cells]]
    sizes = records(rows, "model")
    for count, head in SIZES:
        lines[count] = [[words(head), *(str(sizes[model,][count]) for model in models)]]
    return lines


def _effects(
    table: EffectsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    effects = rows[rows["quantity"].isin([name for name, _ in EFFECTS])]
    present = set(effects["model"])
    columns = [one for one in words.columns(models_table.columns) if one.id in present]
    effects = effects[effects["model"].isin([column.id for column in columns])]
    cells = records(effects, "model", "term", "quantity", "inference", "vcov")
    covariances = models_table.covariances
    serial = records(rows[rows["quantity"] == "residual_ar1"], "model")
    below = _lines_below(covariances, words)
    lines = []
    for column in columns:
        named = (*(column.regressors or models_table.regressors), *column.add)
        for term in words.rows(named):
            own = [
                {key[3:]: row for key, row in cells.items() if key[:3] == (column.id, term, name)}
                for name, _ in EFFECTS
            ]
            heads = [heading_of(column, words), label_of(term, study, words)]
            ar1 = format_estimate(serial[column.id,]["estimate"], 3)
            lines += _effect_lines([*heads, ar1], below, own, covariances, words)
    heads = [words("Model"), words("Variable"), *(words(head) for _, head in EFFECTS)]
    body = pd.DataFrame(lines, columns=[*heads, words(RESIDUAL_AR1)])
    fixed = effects["estimate"].eq(0) & ~effects["std_error"].gt(0)
    notes = [
        words.sentences(
            [
                words(
                    EFFECTS_NOTE if words.has_stars else PLAIN_EFFECTS_NOTE,
                    table=table.of,
                    first=covariance_name(covariances[0], words),
                    last=covariance_name(covariances[-1], words),
                ),
                *_draws_notes(rows, words),
                _sizes_sentence(effects, words),
            ]
        ),
        words.stars_note(message("{stars}. {meanings}."), covariance_meanings(covariances, words)),
        *([words(ZERO_NOTE)] if fixed.any() else []),
        words(SERIAL_NOTE),
    ]
    return body, notes


def _lines_below(covariances: Sequence[str], words: Printer) -> list[tuple[str, Places]]:
    """Heading of each line below an effect, and inference and covariance of its numbers.

    Standard errors by the delta method and by simulation share a line, unless the table's layout
    names them one by one.
    """
    first, *others = covariances
    named = covariance_name(first, words)
    delta, simulated = ("delta", first), (SIMULATION, first)
    lines: dict[str, tuple[str, Places]] = {
        first: (words("s.e. {covariance}", covariance=named), (delta,)),
        SIMULATION: (words("s.e. {covariance}, simulated", covariance=named), (simulated,)),
        **{
            name: (
                words("s.e. {covariance}", covariance=covariance_name(name, words)),
                (("delta", name),),
            )
            for name in others
        },
        BOOTSTRAP: (inference_name(BOOTSTRAP, words), ((BOOTSTRAP, ""),)),
    }
    if words.layout.standard_errors is None:
        both = words("s.e. {covariance}, delta / simulated", covariance=named)
        lines[first] = (both, (delta, simulated))
        del lines[SIMULATION]
    return [lines[name] for name in words.errors(list(lines))]


Places = tuple[tuple[str, str], ...]
"""Inference and covariance of the numbers of a line."""
Found = Mapping[tuple[str, str], dict[str, Any]]
"""Rows of one effect by inference and covariance."""


def _effect_lines(
    heads: Sequence[str],
    below: Sequence[tuple[str, Places]],
    found: Sequence[Found],
    covariances: Sequence[str],
    words: Printer,
) -> list[list[str]]:
    """Estimates with the stars of the last covariance, and below them all uncertainty shown."""
    first = covariances[0]
    judging = [
        ("delta", first),
        (SIMULATION, first),
        *(("delta", name) for name in covariances[1:]),
    ]
    points, ruled_out = [], []
    for own in found:
        present = [own[place] for place in judging if place in own]
        # zero by the form of the model (SEM passes nothing on): nothing was estimated there
        zero = bool(present) and present[0]["estimate"] == 0 and not present[0]["std_error"] > 0
        ruled_out.append(zero)
        if zero or not present:
            points.append("0" if zero else "")
        else:
            points.append(words.starred(present[0], present[-1]))
    *named, ar1 = heads
    lines = [[*named, *points, ar1]]
    for head, places in below:
        texts = [
            "" if zero else " / ".join(_uncertainty(own[at], words) for at in places if at in own)
            for own, zero in zip(found, ruled_out, strict=True)
        ]
        if any(texts):
            lines.append(["", head, *texts, ""])
    return lines


def _uncertainty(row: dict[str, Any], words: Printer) -> str:
    return words.interval(row) if row["inference"] == BOOTSTRAP else words.error(row)


DRAWS_NOTES = {
    SIMULATION: message(
        "{draws} draws a model from the estimates' normal distribution, {lost} in all discarded "
        "for want of a finite multiplier."
    ),
    BOOTSTRAP: message(
        "{draws} draws of the wild bootstrap with one random sign a unit, which holds for errors "
        "correlated over time and of any variance, percentile interval of 95 %, {lost} in all "
        "discarded for want of a finite multiplier."
    ),
}


def _draws_notes(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Draws of the simulation and of the bootstrap, and how many have no effects."""
    for inference, text in DRAWS_NOTES.items():
        own = rows[rows["inference"] == inference]
        draws = own["draws"].dropna().unique()
        if len(draws):
            lost = own.loc[own["term"] == DISCARDED, "estimate"].sum()
            yield words(text, draws=int(draws[0]), lost=int(lost))


BLOCKS = {
    "regressors": message("regressors"),
    "regressors_and_lags": message("regressors and lags"),
}
"""What the variance inflation factors are among."""


def _collinearity(
    table: CollinearityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    models_table = study.tables[table.of]
    if not isinstance(models_table, ModelsTable):
        raise TypeError(f"table {table.of!r} holds no models")
    wide = rows.pivot(index="term", columns=["model", "equation"], values="estimate")
    places = [
        (column.id, block)
        for column in models_table.columns
        for block in BLOCKS
        if (column.id, block) in wide.columns
    ]
    ordered = models_table.named_variables
    lagged = [*ordered, *(f"W.{name}" for name in ordered)]
    terms = words.rows(name for name in lagged if f"vif:{name}" in wide.index)
    lines = [
        [
            label_of(term, study, words),
            *(format_estimate(wide[place][f"vif:{term}"], 2) for place in places),
        ]
        for term in terms
    ]
    heads = [
        f"{column_label(table.of, model, study, words)}: {words(BLOCKS[block])}"
        for model, block in places
    ]
    note = words(
        "Variance inflation factors of the regressors without the means that the column's fixed "
        "effects stand for (statsmodels). {sizes}.",
        sizes=sizes_note(rows, words),
    )
    return pd.DataFrame(lines, columns=[words("Variable"), *heads]), [note]


def _choice(
    table: ChoiceTable, study: Study, rows: pd.DataFrame, words: Words
) -> tuple[pd.DataFrame, list[str]]:
    """Tests of the chain one below the other, the criteria of the models below them."""
    tests = rows[rows["quantity"] == "test"].copy()
    tests[["name", "form", "null"]] = tests["term"].str.split("|", expand=True)
    tests["rank"] = [_rank_of_test(name) for name in tests["name"]]
    tests["place"] = [_rank_of_effects(effects) for effects in tests["equation"]]
    tests = tests.sort_values(["rank", "place", "form", "name", "vcov"], kind="stable")
    lines = []
    for row in tests.to_dict("records"):
        defined = pd.notna(row["p_value"])
        rejected = words("yes") if row["p_value"] < table.level else words("no")
        freedom = "" if pd.isna(row["df"]) else f"{row['df']:g}"
        lines.append(
            [name_of_test(row["name"], words), form_name(row["form"], words),
             effects_name(row["equation"], words), null_words(row["null"], study, words),
             format_estimate(row["statistic"], 2) if defined else words(UNDEFINED), freedom,
             format_p(row["p_value"]), rejected if defined else ""]
        )  # fmt: skip
    heads = [
        words("Test"), words("Form"), words("Fixed effects"), words("Null hypothesis"),
        words("Statistic"), words("df"), "p", words("Rejected"),
    ]  # fmt: skip
    body = pd.DataFrame(lines, columns=heads)
    decisions = rows[rows["term"] == "decision"]
    chosen = words.clauses(
        words(
            "{model} with Wald tests by {covariance}",
            model=model_name(row["spec"]),
            covariance=covariance_name(row["vcov"], words),
        )
        for row in decisions.to_dict("records")
    )
    notes = [
        words(
            "Regressors, weights and effects of column {column} of {table}. {sizes}.",
            column=column_label(table.of, table.column, study, words),
            table=table.of,
            sizes=sizes_note(rows, words),
        ),
        words(
            "The tests lead to: {chosen} (rule of Elhorst 2010: the Durbin model unless a simpler "
            "one is not rejected and the robust LM tests agree with it).",
            chosen=chosen,
        ),
        words(CHOICE_NOTE),
        *([words(UNDEFINED_NOTE)] if tests["p_value"].isna().any() else []),
        _criteria_note(rows, words),
    ]
    return body, notes


def _rank_of_test(name: str) -> int:
    starts = ("LM lag", "LM error", "robust LM lag", "robust LM error", "LR unit", "LR time")
    order = [*starts, "Wald", "LR", "Mundlak", "Hausman", "Moran"]
    return next((place for place, start in enumerate(order) if name.startswith(start)), len(order))


def _rank_of_effects(effects: str) -> int:
    order = ("none", "unit", "time", "unit and time")
    return order.index(effects) if effects in order else len(order)


def _criteria_note(rows: pd.DataFrame, words: Words) -> str:
    """AIC and BIC of the models in one line each, the lowest first."""
    parts = []
    for name in ("aic", "bic"):
        found = rows[rows["quantity"] == name].sort_values("estimate")
        listed = words.listing(
            f"{model_name(row['spec'])} {format_estimate(row['estimate'], 1)}"
            for row in found.to_dict("records")
        )
        parts.append(words("{criterion}: {listed}", criterion=name.upper(), listed=listed))
    return words("{parts}.", parts=words.clauses(parts))


def _peers(
    table: PeersTable, study: Study, rows: pd.DataFrame, words: Words
) -> tuple[pd.DataFrame, list[str]]:
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
            [column_label(table.of, model, study, words), estimator_name(estimator, words),
             _parameter_label(quantity, term, study, words), f"{own:.8f}", f"{other:.8f}",
             difference, words.quoted(row["equation"])]
        )  # fmt: skip
    heads = [
        words("Model"), words("Estimator"), words("Parameter"), words("Ours"), words("Peer"),
        words("|Difference|"), words("Program"),
    ]  # fmt: skip
    note = words(
        "Models of {table}, fitted again by an independent program with the estimator named; the "
        "transformation estimator has no peer, so its model is compared by direct ML. {sizes}.",
        table=table.of,
        sizes=sizes_note(rows, words),
    )
    return pd.DataFrame(lines, columns=heads), [note]


PARAMETERS = {"loglik": message("Log-likelihood"), "sigma2": message("sigma2")}


def _parameter_label(quantity: str, term: str, study: Study, words: Words) -> str:
    """Name of what two programs are compared in."""
    if term:
        return label_of(term, study, words)
    return words(PARAMETERS[quantity]) if quantity in PARAMETERS else quantity


Layout = Callable[[Any, Study, pd.DataFrame, Printer], tuple[pd.DataFrame, list[str]]]
Page = Callable[[Any, Study, pd.DataFrame, Printer], pd.DataFrame]

LAYOUTS: dict[str, Layout] = {
    "descriptives": _descriptives,
    "moran": _moran,
    "models": _models,
    "effects": _effects,
    "collinearity": _collinearity,
    "choice": _choice,
    "peers": _peers,
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
    "mining_emissions": layout_mining_emissions,
    "embodied_intensity": layout_embodied_intensity,
    "sector_contributions": layout_sector_contributions,
    "flow_paths": layout_flow_paths,
    "flow_network": layout_flow_network,
    "structural_paths": layout_structural_paths,
    "flow_decomposition": layout_flow_decomposition,
    "industrial_emissions": layout_industrial_emissions,
    "footprint_accounts": layout_footprint_accounts,
    "footprint_moran": layout_footprint_moran,
    "footprint_shift": layout_footprint_shift,
    "footprint_inequality": layout_footprint_inequality,
    "reduction_potential": layout_reduction_potential,
    "forest_stock": layout_forest_stock,
    "land_use": layout_land_use,
    "regional_emissions": layout_regional_emissions,
    "regional_transfer": layout_regional_transfer,
}
"""Body and notes of a table of each kind, from its section, the study, its rows, the words."""
PAGES: dict[str, Page] = {
    "differences": differences_page,
    "robustness": robustness_page,
    "flow_network": flow_network_page,
    "footprint_accounts": footprint_accounts_page,
    "reduction_potential": reduction_potential_page,
    "regional_emissions": regional_emissions_page,
    "regional_transfer": regional_transfer_page,
}
"""What a page shows of the tables whose body is too wide for one."""
