"""Figures of effects: path diagrams (F4), forest plots, maps of what units send and receive.

Like the printed tables they are views of estimates.csv and of the effects by unit, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.report.canvas import (
    Language,
    NothingToShowError,
    draw_unless_empty,
    save_figure,
    usable_language,
)
from yrb_carbon.report.cells import format_estimate, records, stars_of
from yrb_carbon.report.forest import ForestEffect, ForestInterval, ForestRow, draw_forest
from yrb_carbon.report.layout_heterogeneity import ordered_groups
from yrb_carbon.report.maps import MapVariable, draw_variable_maps
from yrb_carbon.report.path_diagram import (
    Arrow,
    MediatorPath,
    PathDiagram,
    ShownEffect,
    draw_path_diagram,
)
from yrb_carbon.report.terms import GROUP_WORDS
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.base import Label
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import ForestFigure, PathFigure, SpilloverMap
from yrb_carbon.study.heterogeneity_tables import HeterogeneityTable
from yrb_carbon.study.mediation_tables import JOINT, SUM_OF_MEDIATORS, MediationTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cells = dict[tuple[Any, ...], dict[str, Any]]

NATURAL = ("natural_direct", "natural_spillover", "natural_total")
MEDIATED = ("mediated_direct", "mediated_spillover", "mediated_total")
SYSTEM = ("system_direct", "system_indirect", "system_total")
EFFECTS = ("direct", "indirect", "total")
SHOWN = (*EFFECTS, *NATURAL, *MEDIATED, *SYSTEM)
SYSTEM_EQUATION, ONE_STEP = "system", "one_step"
COVARIANCE_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "oim": "information matrix",
        "serial": "serially robust",
        "clustered": "clustered by unit",
    },
    "zh": {"oim": "信息矩阵", "serial": "序列相关稳健", "clustered": "按单元聚类"},
}
INFERENCE_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "bootstrap_wild_unit": "wild bootstrap by unit",
        "bootstrap_year": "bootstrap of years",
    },
    "zh": {"bootstrap_wild_unit": "按单元野自助法", "bootstrap_year": "按年自助法"},
}
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "direct": "Direct", "spillover": "Spillover", "total": "Total",
        "natural": "Not mediated", "through": "Through {0}", "all": "Through all mediators",
        "system": "System", "sent": "Sent to all others", "received": "Received from all others",
        "effect": "Effect of {0} on {1}",
        "unit": "change of {1} per unit of {0}, whole system",
        "intervals": "{0} % intervals, {1}. {2}. Table {3}.",
        "forest": "Effects of one unit more of {0} on {1}; one within s.d. is {2}. {3} % "
        "intervals. Table {4}.",
        "mean": "mean {0}, {1} % interval",
        "groups": "Effects of one unit more of {0}. {1} % intervals. Table {2}.",
        "form subset": "By itself: a model of the group alone; links to other groups of units are "
        "cut.",
        "form full_interaction": "Full interaction: all units and links, coefficients by group.",
        "systems": "Rows through a mediator are of the groups by themselves.",
        "subset": "by itself", "full_interaction": "full interaction",
        **GROUP_WORDS,
        "joint": "All mediators in one equation", "alone": "One mediator at a time",
        "edge": "Table {0} has no effects to show: the likelihood of {1} peaks at the edge of the "
        "admissible interval of the spatial coefficient.",
    },
    "zh": {
        "direct": "直接效应", "spillover": "溢出效应", "total": "总效应",
        "natural": "未经中介", "through": "经{0}", "all": "经全部中介",
        "system": "系统总体", "sent": "对其他单元的溢出", "received": "受其他单元的溢出",
        "effect": "{0}对{1}的效应",
        "unit": "{0}每变动一单位所致{1}的变动（系统总体）",
        "intervals": "{0}%区间，{1}。{2}。见表{3}。",
        "forest": "{0}每增加一单位对{1}的效应；组内标准差为{2}。{3}%区间。见表{4}。",
        "mean": "均值{0}，{1}%区间",
        "groups": "{0}每增加一单位的效应。{1}%区间。见表{2}。",
        "form subset": "分样本：各组单独估计，与其他组单元的联系被切断。",
        "form full_interaction": "全交互：保留全部单元与联系，系数分组。",
        "systems": "经中介的各行均为分样本估计。",
        "subset": "分样本", "full_interaction": "全交互",
        "boom": "繁荣期", "transition": "转型期",
        "up": "上游", "mid": "中游", "down": "下游",
        "none": "非资源型", "growing": "成长型", "mature": "成熟型",
        "declining": "衰退型", "regenerating": "再生型",
        "above": "高于门槛", "below": "低于门槛",
        "joint": "全部中介同时进入", "alone": "逐一进入",
        "edge": "表{0}没有可显示的效应：{1}的似然在空间系数容许区间的边界取得最大值。",
    },
}  # fmt: skip


def draw_effect_figures(
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    boundaries: Boundaries,
    folder: str | Path,
) -> tuple[Path, ...]:
    """Draw and write the figures of effects that a study asks for, as PNG and SVG.

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
    tuple of Path
    """
    language = usable_language(study.figures.language)
    shared: dict[str, Any] = {"notice": study.study.caution_in(language)}
    shared["language"] = language
    drawers: dict[str, tuple[Label, Callable[..., Figure]]] = {}
    for name, paths in study.figures.paths.items():
        drawers[name] = paths.title, partial(_draw_paths, paths, study, estimates)
    for name, forest in study.figures.forests.items():
        drawers[name] = forest.title, partial(_draw_forest, forest, study, estimates)
    for name, spillover in study.figures.spillovers.items():
        drawers[name] = (
            spillover.title,
            partial(_draw_spillover, spillover, study, estimates, by_unit, boundaries),
        )
    written: list[Path] = []
    for name, (label, drawer) in drawers.items():
        options = {"title": label.in_language(language), **shared}
        figure = draw_unless_empty(partial(drawer, **options), **options)
        written += save_figure(figure, Path(folder) / name)
    return tuple(written)


def _draw_paths(figure: PathFigure, study: Study, estimates: pd.DataFrame, **shared: Any) -> Figure:
    diagram = path_diagram_of(figure, study, estimates, shared["language"])
    return draw_path_diagram(diagram, **shared)


def _draw_forest(
    figure: ForestFigure, study: Study, estimates: pd.DataFrame, **shared: Any
) -> Figure:
    panels, rows, notes = forest_of(figure, study, estimates, shared["language"])
    return draw_forest(panels, rows, notes=notes, **shared)


def _draw_spillover(
    figure: SpilloverMap,
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    boundaries: Boundaries,
    **shared: Any,
) -> Figure:
    language = shared["language"]
    variable = spillover_variable(figure, study, estimates, by_unit, language)
    units = sorted(variable.values.index.get_level_values("unit").unique())
    return draw_variable_maps(
        boundaries.subset(units),
        [variable],
        [WORDS[language][kind] for kind in figure.kinds],
        context=boundaries if len(units) < len(boundaries.unit_ids) else None,
        **shared,
    )


def require_effects(
    estimates: pd.DataFrame, table: str, language: Language, model: str | None = None
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
            WORDS[language]["edge"].format(where, listing(edge.drop_duplicates()))
        )


def variable_label(name: str, study: Study, language: Language) -> str:
    """Name of a variable in one language."""
    variable = study.variables.get(name)
    if variable is None or variable.label is None:
        return name
    return variable.label.in_language(language)


def path_diagram_of(
    figure: PathFigure, study: Study, estimates: pd.DataFrame, language: Language
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
    require_effects(estimates, figure.table, language, figure.model)
    judged = table.covariances[-1]
    rows = estimates[(estimates["table"] == figure.table) & (estimates["model"] == figure.model)]
    rows = rows[(rows["vcov"] == judged) & (rows["spec"] == "")]
    cells = records(rows[rows["inference"].isin(["mc", "delta"])], "equation", "quantity", "term")
    mediators = table.mediators if figure.model == JOINT else (figure.model,)
    paths = [
        MediatorPath(
            label=variable_label(name, study, language),
            from_treatment=_arrow(cells, name, ("direct", "indirect"), table.treatment, figure),
            to_outcome=_arrow(cells, table.outcome, ("direct", "indirect"), name, figure),
            through=_arrow(cells, "system", MEDIATED, name, figure),
        )
        for name in mediators
    ]
    return PathDiagram(
        treatment=variable_label(table.treatment, study, language),
        outcome=variable_label(table.outcome, study, language),
        mediators=paths,
        natural=_arrow(cells, "system", NATURAL, table.treatment, figure),
        system=_arrow(cells, "system", SYSTEM, table.treatment, figure),
        notes=(_interval_note(table, judged, figure.table, language),),
    )


def _interval_note(table: MediationTable, covariance: str, name: str, language: Language) -> str:
    """Level and kind of the intervals, what the stars say, and the table of the numbers."""
    level = f"{100 * table.level:g}"
    kind = COVARIANCE_WORDS[language][covariance]
    stars = "*** p < 0.01, ** p < 0.05, * p < 0.1"
    return WORDS[language]["intervals"].format(level, kind, stars, name)


def _arrow(
    cells: Cells, equation: str, quantities: Sequence[str], term: str, figure: PathFigure
) -> Arrow:
    direct, spillover = (
        _shown_effect(cells, (equation, quantity, term), figure) for quantity in quantities[:2]
    )
    return Arrow(direct, spillover)


def _shown_effect(cells: Cells, key: tuple[str, str, str], figure: PathFigure) -> ShownEffect:
    row = cells.get(key)
    if row is None:
        raise DataError(
            f"figure of table {figure.table!r}, system {figure.model!r}: estimates have no "
            f"{key[1]} of {key[2]!r} in equation {key[0]!r}"
        )
    return ShownEffect(row["estimate"], row["ci_lower"], row["ci_upper"], stars_of(row["p_value"]))


def _mediation_table(name: str, study: Study) -> MediationTable:
    table = study.tables[name]
    if not isinstance(table, MediationTable):
        raise TypeError(f"table {name!r} holds no mediation system")
    return table


def forest_of(
    figure: ForestFigure, study: Study, estimates: pd.DataFrame, language: Language
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Panels, rows and notes of a forest plot: paths of a system, or groups.

    Raises
    ------
    NothingToShowError
        If all estimates of the table are at the boundary.
    """
    require_effects(estimates, figure.table, language)
    table = study.tables[figure.table]
    if isinstance(table, HeterogeneityTable):
        return _groups_forest(table, figure.table, study, estimates, language)
    return _paths_forest(_mediation_table(figure.table, study), figure, study, estimates, language)


def _groups_forest(
    table: HeterogeneityTable, name: str, study: Study, estimates: pd.DataFrame, language: Language
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Effects of the treatment by group and form, then those through each mediator."""
    words = WORDS[language]
    rows = estimates[estimates["table"] == name]
    x, y = (variable_label(name, study, language) for name in (table.treatment, table.outcome))
    shown = [
        forest_row(
            rows[
                (rows["model"] == group)
                & (rows["spec"] == form)
                & (rows["equation"] != SYSTEM_EQUATION)
            ],
            f"{words[group]}, {words[form]}" if len(table.forms) > 1 else words[group],
            EFFECTS,
            table.treatment,
            group=words["effect"].format(x, y),
            language=language,
        )
        for group in ordered_groups(rows)
        for form in table.forms
    ]
    systems = rows[rows["equation"] == SYSTEM_EQUATION]
    for mediator in table.mediators:
        head = words["through"].format(variable_label(mediator, study, language))
        shown += [
            forest_row(
                systems[systems["model"] == group],
                words[group],
                MEDIATED,
                mediator,
                group=head,
                language=language,
            )
            for group in ordered_groups(rows)
        ]
    panels = [words["direct"], words["spillover"], words["total"]]
    notes = [words["groups"].format(x, f"{100 * table.level:g}", name)]
    notes += [words[f"form {form}"] for form in table.forms]
    if table.mediators:
        notes.append(words["systems"])
    blank = " " if language == "en" else ""
    return panels, [row for row in shown if any(row.effects)], [blank.join(notes)]


def _paths_forest(
    table: MediationTable,
    figure: ForestFigure,
    study: Study,
    estimates: pd.DataFrame,
    language: Language,
) -> tuple[list[str], list[ForestRow], list[str]]:
    """Every path of a system, then the path of each mediator alone."""
    rows = estimates[(estimates["table"] == figure.table) & (estimates["spec"] == "")]
    words = WORDS[language]
    shown = [
        forest_row(own[own["equation"] == "system"], head, quantities, term, group=group)
        for model in table.runs
        for own, group in [(rows[rows["model"] == model], _group_of(model, table, language))]
        for head, quantities, term in _paths_of(model, table, study, language)
    ]
    panels = [words["direct"], words["spillover"], words["total"]]
    x, y = (variable_label(name, study, language) for name in (table.treatment, table.outcome))
    sd = records(rows_of_sd(estimates, figure.table), "term")[table.treatment,]["estimate"]
    level = f"{100 * table.level:g}"
    note = words["forest"].format(x, y, format_estimate(sd), level, figure.table)
    return panels, shown, [note]


def rows_of_sd(estimates: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows of the within standard deviations of a table."""
    own = estimates[(estimates["table"] == table) & (estimates["quantity"] == "sd")]
    return own[own["spec"] == "within"]


def _group_of(model: str, table: MediationTable, language: Language) -> str:
    if len(table.runs) == 1:
        return ""
    return WORDS[language]["joint" if model == JOINT else "alone"]


def _paths_of(
    model: str, table: MediationTable, study: Study, language: Language
) -> list[tuple[str, Sequence[str], str]]:
    """Heading, quantities and term of the rows of one system."""
    words = WORDS[language]

    def through(name: str) -> tuple[str, Sequence[str], str]:
        return words["through"].format(variable_label(name, study, language)), MEDIATED, name

    if model != JOINT:
        return [through(model)]
    paths: list[tuple[str, Sequence[str], str]] = [(words["natural"], NATURAL, table.treatment)]
    paths += [through(name) for name in table.mediators]
    if len(table.mediators) > 1:
        paths.append((words["all"], MEDIATED, SUM_OF_MEDIATORS))
    return [*paths, (words["system"], SYSTEM, table.treatment)]


def forest_row(
    rows: pd.DataFrame,
    label: str,
    quantities: Sequence[str],
    term: str,
    *,
    group: str = "",
    language: Language = "en",
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
    language : {"en", "zh"}
    """
    own = rows[(rows["term"] == term) & rows["ci_lower"].notna()]
    effects = tuple(_forest_effect(own[own["quantity"] == name], language) for name in quantities)
    return ForestRow(label, effects, group)


def _forest_effect(rows: pd.DataFrame, language: Language) -> ForestEffect | None:
    """Intervals of one effect: the covariances' first, then the bootstraps'."""
    if rows.empty:
        return None
    covariances, bootstraps = COVARIANCE_WORDS[language], INFERENCE_WORDS[language]
    order = [*covariances, *bootstraps]
    found = {
        row["inference"] if row["inference"] in bootstraps else row["vcov"]: row
        for row in rows.to_dict("records")
    }
    intervals = tuple(
        ForestInterval({**covariances, **bootstraps}[name], row["ci_lower"], row["ci_upper"])
        for name, row in sorted(found.items(), key=lambda item: order.index(item[0]))
    )
    return ForestEffect(float(rows["estimate"].iloc[0]), intervals)


def spillover_variable(
    figure: SpilloverMap,
    study: Study,
    estimates: pd.DataFrame,
    by_unit: pd.DataFrame,
    language: Language,
) -> MapVariable:
    """Values by unit of a map of spillovers, one panel a kind, and their mean with its interval.

    Raises
    ------
    NothingToShowError
        If an equation of the system is at the boundary.
    DataError
        If the system has no effects by unit.
    """
    require_effects(estimates, figure.table, language, figure.model)
    table = _mediation_table(figure.table, study)
    own = by_unit[(by_unit["table"] == figure.table) & (by_unit["model"] == figure.model)]
    own = own[(own["term"] == table.treatment) & own["kind"].isin(figure.kinds)]
    if own.empty:
        raise DataError(
            f"map of table {figure.table!r}, system {figure.model!r}: no effects by unit of "
            f"{table.treatment!r}; run the table again"
        )
    words = WORDS[language]
    kinds = own["kind"].map(words)
    index = pd.MultiIndex.from_arrays([own["unit"], kinds], names=["unit", "year"])
    x, y = (variable_label(name, study, language) for name in (table.treatment, table.outcome))
    return MapVariable(
        values=pd.Series(own["effect"].to_numpy(), index=index),
        label=words["effect"].format(x, y),
        definition=f"{words['unit'].format(x, y)}; {_mean_text(figure, table, estimates, words)}",
        centre=0.0,
        by_year=False,
    )


def _mean_text(
    figure: SpilloverMap, table: MediationTable, estimates: pd.DataFrame, words: dict[str, str]
) -> str:
    """Mean spillover of the system with the interval of the covariance that is judged by."""
    own = estimates[(estimates["table"] == figure.table) & (estimates["model"] == figure.model)]
    own = own[(own["inference"] == "mc") & (own["vcov"] == table.covariances[-1])]
    row = records(own[own["spec"] == ""], "quantity")["system_indirect",]
    shown = ShownEffect(row["estimate"], row["ci_lower"], row["ci_upper"])
    return words["mean"].format(shown.text(), f"{100 * table.level:g}")
