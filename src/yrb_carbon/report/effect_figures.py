"""Figures of effects: paths (F4), specification curves (F5), spillovers (F6), forest plots (F7).

Like the printed tables they are views of estimates.csv and of the effects by unit, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.report.canvas import NothingToShowError, Page
from yrb_carbon.report.cells import label_of, records
from yrb_carbon.report.figures import (
    Commission,
    ground_of,
    title_of,
    write_all,
)
from yrb_carbon.report.forest import ForestEffect, ForestInterval, ForestRow, draw_forest
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_heterogeneity import ordered_groups
from yrb_carbon.report.maps import MapVariable, draw_variable_maps
from yrb_carbon.report.path_diagram import (
    Arrow,
    MediatorPath,
    PathDiagram,
    ShownEffect,
    draw_path_diagram,
)
from yrb_carbon.report.printer import SENTENCE, Printer, printer_of
from yrb_carbon.report.specification_curve import curve_title, draw_curve
from yrb_carbon.report.terms import COVARIANCE_WORDS, GROUP_WORDS, covariance_words
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import ForestFigure, PathFigure, SpilloverMap
from yrb_carbon.study.heterogeneity_tables import HeterogeneityTable
from yrb_carbon.study.mediation_tables import JOINT, SUM_OF_MEDIATORS, MediationTable
from yrb_carbon.study.robustness_tables import RobustnessTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cells = dict[tuple[Any, ...], dict[str, Any]]

NATURAL = ("natural_direct", "natural_spillover", "natural_total")
MEDIATED = ("mediated_direct", "mediated_spillover", "mediated_total")
SYSTEM = ("system_direct", "system_indirect", "system_total")
EFFECTS = ("direct", "indirect", "total")
INNER = EFFECTS[:2]
FOREST_COLUMNS = [
    "table", "model", "spec", "equation", "quantity", "term", "inference", "vcov",
    "estimate", "ci_lower", "ci_upper",
]  # fmt: skip
"""What a forest plot reads of estimates.csv: a row of it takes many choices among few columns."""
"""Effects within one equation that an arrow carries."""
SHOWN = (*EFFECTS, *NATURAL, *MEDIATED, *SYSTEM)
SYSTEM_EQUATION, ONE_STEP = "system", "one_step"
INFERENCE_WORDS: Mapping[str, str] = {
    "bootstrap_wild_unit": message("wild bootstrap by unit"),
    "bootstrap_year": message("bootstrap of years"),
}
PANELS = (message("Direct"), message("Spillover"), message("Total"))
FORM_WORDS: Mapping[str, str] = {
    "subset": message("by itself"),
    "full_interaction": message("full interaction"),
}
FORM_NOTES: Mapping[str, str] = {
    "subset": message(
        "By itself: a model of the group alone; links to other groups of units are cut."
    ),
    "full_interaction": message("Full interaction: all units and links, coefficients by group."),
}
KIND_WORDS: Mapping[str, str] = {
    "sent": message("Sent to all others"),
    "received": message("Received from all others"),
}
THROUGH = message("Through {mediator}")


def draw_effect_figures(
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    boundaries: Boundaries,
    folder: str | Path,
) -> dict[str, Any]:
    """Draw and write the figures of effects: F4 to F7.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    by_unit : DataFrame
        The whole of effects_by_unit.parquet.
    boundaries : Boundaries
        All candidate units; those without effects are drawn in grey.
    folder : path

    Returns
    -------
    dict
        See `write_all`.
    """
    return write_all(study, effect_commissions(study, estimates, by_unit, boundaries), folder)


def effect_commissions(
    study: Study, estimates: pd.DataFrame, by_unit: pd.DataFrame, boundaries: Boundaries
) -> Iterator[Commission]:
    """The figures that are made from estimates."""
    figures = study.figures
    for name, curve in figures.curves.items():
        table = study.tables[curve.table]
        if not isinstance(table, RobustnessTable):
            raise DataError(f"figure {name!r}: table {curve.table!r} is none of robustness")
        yield Commission(
            name, partial(curve_title, curve, table), figures.roomy_width_mm(curve),
            partial(draw_curve, name, curve, table, study, estimates),
        )  # fmt: skip
    for name, paths in figures.paths.items():
        yield Commission(
            name, title_of(paths), figures.roomy_width_mm(paths),
            partial(draw_paths, paths, study, estimates),
        )  # fmt: skip
    for name, forest in figures.forests.items():
        yield Commission(
            name, title_of(forest), figures.roomy_width_mm(forest),
            partial(draw_effects_forest, forest, study, estimates),
        )  # fmt: skip
    for name, spillover in figures.spillovers.items():
        yield Commission(
            name, title_of(spillover), figures.width_mm(spillover),
            partial(draw_spillovers, spillover, study, estimates, by_unit, boundaries),
        )  # fmt: skip


def draw_paths(
    figure: PathFigure, study: Study, estimates: pd.DataFrame, *, title: str, page: Page
) -> Figure:
    """Path diagram of a study; parameters as in `path_diagram_of`."""
    diagram = path_diagram_of(figure, study, estimates, page.words)
    return draw_path_diagram(diagram, title=title, page=page)


def draw_effects_forest(
    figure: ForestFigure, study: Study, estimates: pd.DataFrame, *, title: str, page: Page
) -> Figure:
    """Forest plot of a study; parameters as in `forest_of`."""
    panels, rows, notes = forest_of(figure, study, estimates, page.words)
    return draw_forest(panels, rows, title=title, page=page, notes=notes)


def draw_spillovers(
    figure: SpilloverMap,
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    boundaries: Boundaries,
    *,
    title: str,
    page: Page,
) -> Figure:
    """Maps of what units send and receive; parameters as in `spillover_variable`."""
    words = page.words
    variable = spillover_variable(figure, study, estimates, by_unit, words)
    units = sorted(variable.values.index.get_level_values("unit").unique())
    ground = ground_of(study, boundaries, units)
    panels = [words(KIND_WORDS[kind]) for kind in figure.kinds]
    return draw_variable_maps(ground, variable, panels, title=title, page=page)


def require_effects(
    estimates: pd.DataFrame, table: str, words: Words, model: str | None = None
) -> None:
    """Refuse a table, or one model of it, that has marks of the edge and no effects.

    Raises
    ------
    NothingToShowError
        With the reason in the language.
    """
    own = estimates[estimates["table"] == table]
    if model is not None:
        own = own[own["model"] == model]
    marks = own[(own["term"] == AT_BOUNDARY) & (own["equation"] != ONE_STEP)]
    whole = own[own["equation"] == SYSTEM_EQUATION] if model is not None else own
    if len(marks) and not whole["quantity"].isin(SHOWN).any():
        where = table if model is None else f"{table} ({model})"
        edge = marks["model"] if model is None else marks["equation"]
        raise NothingToShowError(
            words(
                "Table {table} has no effects to show: the likelihood of {equations} peaks at the "
                "edge of the admissible interval of the spatial coefficient.",
                table=where,
                equations=words.listing(edge.drop_duplicates()),
            )
        )


def path_diagram_of(
    figure: PathFigure, study: Study, estimates: pd.DataFrame, words: Words
) -> PathDiagram:
    """Effects of a path diagram, with the intervals of the covariance that is judged by.

    Raises
    ------
    NothingToShowError
        If an equation of the system is at the boundary.
    DataError
        If effects are missing.
    """
    table = _mediation_table(figure.table, study)
    require_effects(estimates, figure.table, words, figure.model)
    judged, printer = table.covariances[-1], printer_of(figure.table, study, words.language)
    rows = estimates[(estimates["table"] == figure.table) & (estimates["model"] == figure.model)]
    rows = rows[(rows["vcov"] == judged) & (rows["spec"] == "")]
    cells = records(rows[rows["inference"].isin(["mc", "delta"])], "equation", "quantity", "term")
    mediators = table.mediators if figure.model == JOINT else (figure.model,)
    arrow = partial(_arrow, cells, figure=figure, printer=printer)
    paths = [
        MediatorPath(
            label=label_of(name, study, words),
            from_treatment=arrow(name, INNER, table.treatment),
            to_outcome=arrow(table.outcome, INNER, name),
            through=arrow("system", MEDIATED, name),
        )
        for name in mediators
    ]
    return PathDiagram(
        treatment=label_of(table.treatment, study, words),
        outcome=label_of(table.outcome, study, words),
        mediators=paths,
        natural=arrow("system", NATURAL, table.treatment),
        system=arrow("system", SYSTEM, table.treatment),
        notes=(_interval_note(table, judged, figure.table, printer),),
    )


def _interval_note(table: MediationTable, covariance: str, name: str, words: Printer) -> str:
    """Level and kind of the intervals, what the stars say, and the table of the numbers."""
    level, kind = f"{100 * table.level:g}", covariance_words(covariance, words)
    said = [words("{level} % intervals, {kind}.", level=level, kind=kind)]
    if words.has_stars:
        said.append(words(SENTENCE, meanings=words.stars_key))
    return words.sentences([*said, words("Table {table}.", table=name)])


def _arrow(
    cells: Cells,
    equation: str,
    quantities: Sequence[str],
    term: str,
    *,
    figure: PathFigure,
    printer: Printer,
) -> Arrow:
    direct, spillover = (
        _shown_effect(cells, (equation, quantity, term), figure, printer)
        for quantity in quantities[:2]
    )
    return Arrow(direct, spillover)


def _shown_effect(
    cells: Cells, key: tuple[str, str, str], figure: PathFigure, printer: Printer
) -> ShownEffect:
    row = cells.get(key)
    if row is None:
        raise DataError(
            f"figure of table {figure.table!r}, system {figure.model!r}: estimates have no "
            f"{key[1]} of {key[2]!r} in equation {key[0]!r}"
        )
    stars = printer.stars(row["p_value"])
    return ShownEffect(row["estimate"], row["ci_lower"], row["ci_upper"], stars)


def _mediation_table(name: str, study: Study) -> MediationTable:
    table = study.tables[name]
    if not isinstance(table, MediationTable):
        raise TypeError(f"table {name!r} holds no mediation system")
    return table


def forest_of(
    figure: ForestFigure, study: Study, estimates: pd.DataFrame, words: Words
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Panels, rows and notes of a forest plot: paths of a system, or groups.

    Raises
    ------
    NothingToShowError
        If all estimates of the table are at the boundary.
    """
    require_effects(estimates, figure.table, words)
    own = estimates.loc[estimates["table"] == figure.table, FOREST_COLUMNS]
    table = study.tables[figure.table]
    if isinstance(table, HeterogeneityTable):
        return _groups_forest(table, figure.table, study, own, words)
    return _paths_forest(_mediation_table(figure.table, study), figure, study, own, words)


def _groups_forest(
    table: HeterogeneityTable, name: str, study: Study, rows: pd.DataFrame, words: Words
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Effects of the treatment by group and form, then those through each mediator."""
    x, y = (label_of(name, study, words) for name in (table.treatment, table.outcome))
    shown = [
        forest_row(
            rows[
                (rows["model"] == group)
                & (rows["spec"] == form)
                & (rows["equation"] != SYSTEM_EQUATION)
            ],
            _group_label(group, form if len(table.forms) > 1 else None, words),
            EFFECTS,
            table.treatment,
            group=words("Effect of {treatment} on {outcome}", treatment=x, outcome=y),
            words=words,
        )
        for group in ordered_groups(rows)
        for form in table.forms
    ]
    systems = rows[rows["equation"] == SYSTEM_EQUATION]
    for mediator in table.mediators:
        head = words(THROUGH, mediator=label_of(mediator, study, words))
        shown += [
            forest_row(
                systems[systems["model"] == group],
                words(GROUP_WORDS[group]),
                MEDIATED,
                mediator,
                group=head,
                words=words,
            )
            for group in ordered_groups(rows)
        ]
    panels = [words(panel) for panel in PANELS]
    level = f"{100 * table.level:g}"
    notes = [
        words(
            "Effects of one unit more of {treatment}. {level} % intervals. Table {table}.",
            treatment=x, level=level, table=name,
        )
    ]  # fmt: skip
    notes += [words(FORM_NOTES[form]) for form in table.forms]
    if table.mediators:
        notes.append(words("Rows through a mediator are of the groups by themselves."))
    return panels, [row for row in shown if any(row.effects)], [words.sentences(notes)]


def _group_label(group: str, form: str | None, words: Words) -> str:
    """Name of a group, and of the form of its model where there are several."""
    name = words(GROUP_WORDS[group])
    return name if form is None else words.listing([name, words(FORM_WORDS[form])])


def _paths_forest(
    table: MediationTable,
    figure: ForestFigure,
    study: Study,
    estimates: pd.DataFrame,
    words: Words,
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Every path of a system, then the path of each mediator alone."""
    rows = estimates[estimates["spec"] == ""]
    shown = [
        forest_row(
            own[own["equation"] == "system"], head, quantities, term, group=group, words=words
        )
        for model in table.runs
        for own, group in [(rows[rows["model"] == model], _group_of(model, table, words))]
        for head, quantities, term in _paths_of(model, table, study, words)
    ]
    panels = [words(panel) for panel in PANELS]
    x, y = (label_of(name, study, words) for name in (table.treatment, table.outcome))
    sd = records(rows_of_sd(estimates), "term")[table.treatment,]["estimate"]
    level, printer = f"{100 * table.level:g}", printer_of(figure.table, study, words.language)
    note = words(
        "Effects of one unit more of {treatment} on {outcome}; one within s.d. is {sd}. {level} % "
        "intervals. Table {table}.",
        treatment=x, outcome=y, sd=printer.estimate(sd), level=level, table=figure.table,
    )  # fmt: skip
    return panels, shown, [note]


def rows_of_sd(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the within standard deviations, of those of one table."""
    return rows[(rows["quantity"] == "sd") & (rows["spec"] == "within")]


def _group_of(model: str, table: MediationTable, words: Words) -> str:
    if len(table.runs) == 1:
        return ""
    if model == JOINT:
        return words("All mediators in one equation")
    return words("One mediator at a time")


def _paths_of(
    model: str, table: MediationTable, study: Study, words: Words
) -> list[tuple[str, Sequence[str], str]]:
    """Heading, quantities and term of the rows of one system."""

    def through(name: str) -> tuple[str, Sequence[str], str]:
        return words(THROUGH, mediator=label_of(name, study, words)), MEDIATED, name

    if model != JOINT:
        return [through(model)]
    paths: list[tuple[str, Sequence[str], str]] = [
        (words("Not mediated"), NATURAL, table.treatment)
    ]
    paths += [through(name) for name in table.mediators]
    if len(table.mediators) > 1:
        paths.append((words("Through all mediators"), MEDIATED, SUM_OF_MEDIATORS))
    return [*paths, (words("Whole system"), SYSTEM, table.treatment)]


def forest_row(
    rows: pd.DataFrame,
    label: str,
    quantities: Sequence[str],
    term: str,
    *,
    group: str = "",
    words: Words,
) -> ForestRow:
    """One row of a forest plot: the effects of one term, every interval that there is.

    Parameters
    ----------
    rows : DataFrame
        Rows of estimates of one model and specification.
    label, group : str
    quantities : sequence of str
        One a panel.
    term : str
    words : Words
    """
    own = rows[(rows["term"] == term) & rows["ci_lower"].notna()]
    effects = tuple(_forest_effect(own[own["quantity"] == name], words) for name in quantities)
    return ForestRow(label, effects, group)


def _forest_effect(rows: pd.DataFrame, words: Words) -> ForestEffect | None:
    """Intervals of one effect: the covariances' first, then the bootstraps'."""
    if rows.empty:
        return None
    kinds = {**COVARIANCE_WORDS, **INFERENCE_WORDS}
    order = list(kinds)
    found = {
        row["inference"] if row["inference"] in INFERENCE_WORDS else row["vcov"]: row
        for row in rows.to_dict("records")
    }
    intervals = tuple(
        ForestInterval(words(kinds[name]), row["ci_lower"], row["ci_upper"])
        for name, row in sorted(found.items(), key=lambda item: order.index(item[0]))
    )
    return ForestEffect(float(rows["estimate"].iloc[0]), intervals)


def spillover_variable(
    figure: SpilloverMap,
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    words: Words,
) -> MapVariable:
    """Values by unit of a map of spillovers, one panel a kind, and their mean with its interval.

    Raises
    ------
    NothingToShowError
        If an equation of the system is at the boundary.
    DataError
        If the system has no effects by unit.
    """
    require_effects(estimates, figure.table, words, figure.model)
    table = _mediation_table(figure.table, study)
    own = by_unit[(by_unit["table"] == figure.table) & (by_unit["model"] == figure.model)]
    own = own[(own["term"] == table.treatment) & own["kind"].isin(figure.kinds)]
    if own.empty:
        raise DataError(
            f"map of table {figure.table!r}, system {figure.model!r}: no effects by unit of "
            f"{table.treatment!r}; run the table again"
        )
    kinds = own["kind"].map({kind: words(text) for kind, text in KIND_WORDS.items()})
    index = pd.MultiIndex.from_arrays([own["unit"], kinds], names=["unit", "year"])
    x, y = (label_of(name, study, words) for name in (table.treatment, table.outcome))
    change = words(
        "change of {outcome} per unit of {treatment}, whole system", outcome=y, treatment=x
    )
    return MapVariable(
        values=pd.Series(own["effect"].to_numpy(), index=index),
        label=words("Effect of {treatment} on {outcome}", treatment=x, outcome=y),
        definition=words.clauses([change, _mean_text(figure, table, estimates, words)]),
        classes=figure.classes,
        centre=0.0,
        by_year=False,
    )


def _mean_text(
    figure: SpilloverMap, table: MediationTable, estimates: pd.DataFrame, words: Words
) -> str:
    """Mean spillover of the system with the interval of the covariance that is judged by."""
    own = estimates[(estimates["table"] == figure.table) & (estimates["model"] == figure.model)]
    own = own[(own["inference"] == "mc") & (own["vcov"] == table.covariances[-1])]
    row = records(own[own["spec"] == ""], "quantity")["system_indirect",]
    shown = ShownEffect(row["estimate"], row["ci_lower"], row["ci_upper"])
    return words(
        "mean {effect}, {level} % interval", effect=shown.text(), level=f"{100 * table.level:g}"
    )
