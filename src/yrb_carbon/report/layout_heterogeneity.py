"""Layout of the tables by period, reach and other groups: views of estimates.csv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, DISCARDED
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    ESTIMATOR_NOTES,
    SERIAL_NOTE,
    STARS_KEY,
    format_estimate,
    format_p,
    label_of,
    records,
    stars_of,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable

SPLIT_WORDS = {
    "period": "Period",
    "reach": "Reach",
    "resource_class": "Class of resource city",
    "agglomeration": "Agglomeration",
}
FORM_WORDS = {"subset": "by itself", "full_interaction": "full interaction"}
FORM_NOTES = {
    "subset": "'By itself': each group is fitted alone. Groups of units keep the links among their "
    "members, rows of W scaled to the sums that they have in the whole, so the links across their "
    "borders are cut; members without neighbours are dropped. Groups of years keep W.",
    "full_interaction": "'Full interaction': all units and years and the whole of W, coefficients "
    "by group, rho, fixed effects and variance common. The effect on a group of units is the mean "
    "of its rows: what a change of the treatment everywhere does to its members.",
}
COLUMN_SETS = (
    ("direct", "indirect", "total"),
    ("mediated_direct", "mediated_spillover", "mediated_total"),
)
MEDIATED_NOTE = (
    "Mediated effects: systems of each group by itself, standard errors of Monte Carlo draws from "
    "the joint distribution of all equations; Indirect is the mediated spillover."
)
TEST_NOTES = {
    "Wald|coefficients": "Wald test of coefficients: equality of the coefficients of the "
    "regressors and of their lags; groups of units with equal coefficients can still have "
    "different effects, because their places in W differ.",
    "Wald|effects": "Wald test of effects: equality of direct and indirect effects in the full "
    "interaction.",
    "Wald|sub-samples": "Wald test of sub-samples: takes the groups' samples as independent, which "
    "serial correlation breaks for years, and links across the borders for units.",
    "Wald|paths": "Wald test of paths: equality of the mediated direct effects of all mediators "
    "together; their covariance and the p-value from the same bootstrap as the differences of "
    "mediated effects.",
    "Chow LR": "Chow LR: direct likelihoods; degrees of freedom count every parameter, fixed "
    "effects included, whose number grows with the sample, so the test rejects too often in short "
    "panels. For groups of units W differs between the groups and the whole, the models are not "
    "nested (the statistic can be negative), and the test is descriptive.",
    "permutation": "Permutation (Cleary 1999): statistic is the difference, p = (1 + draws at "
    "least as far from zero)/(1 + draws). Years: whole cross-sections change their period, which "
    "is exact only if years are exchangeable; with serial correlation the p-value is too small. "
    "Units: W is rebuilt from the units of every draw, which lose more links than neighbours do; "
    "descriptive.",
    "sup-Wald": "sup-Wald: largest Wald statistic over the cuts (observed Hessian), p-value from a "
    "wild bootstrap of units without a break, which keeps serial dependence; the year is the last "
    "before the largest break, no estimate with a standard error.",
    "Wald|at the cut": "Wald test at the cut: the same statistics one by one, p-values of the same "
    "bootstrap as if the year had been known.",
}
PAIRED_NOTE = (
    "Differences of mediated effects: wild bootstrap of the groups' systems; two periods share the "
    "signs of their units in every draw, which keeps the dependence between them, groups of units "
    "are drawn apart. Percentile intervals."
)
MANY_TESTS_NOTE = (
    "p-values are of single tests; among so many differences some are small by chance."
)
Cells = dict[tuple[Any, ...], dict[str, Any]]


def heterogeneity_layout(
    table: HeterogeneityTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Effects by form and group, standard errors of every covariance beside them."""
    cells = records(rows, "spec", "model", "equation", "quantity", "term", "vcov")
    sizes = records(rows, "spec", "model")
    serial = records(rows[rows["quantity"] == "residual_ar1"], "spec", "model")
    lines = []
    for form in table.forms:
        for group in ordered_groups(rows[rows["spec"] == form]):
            size = sizes[form, group]
            ar1 = serial.get((form, group)) or serial.get((form, "all"))
            head = [FORM_WORDS[form], group, str(size["n_units"]), str(size["n_periods"])]
            tail = format_estimate(ar1["estimate"], 3) if ar1 else ""
            for term in table.regressors:
                line = _effect_line(cells, (form, group, "outcome"), term, table, COLUMN_SETS[0])
                lines.append([*head, label_of(term, study), *line, tail])
            for term in (*table.mediators, "all") if form == "subset" and table.mediators else ():
                line = _effect_line(cells, (form, group, "system"), term, table, COLUMN_SETS[1])
                name = "all mediators" if term == "all" else label_of(term, study)
                lines.append([*head, f"through {name}", *line, ""])
    heads = ["Form", "Group", "Units", "Years", "Variable"]
    for quantity in ("Direct", "Indirect", "Total"):
        heads += [quantity, *(f"{quantity}: s.e. {name}" for name in table.covariances)]
    body = pd.DataFrame(lines, columns=[*heads, "Residual AR(1)"])
    return body, list(_heterogeneity_notes(table, study, rows))


def ordered_groups(rows: pd.DataFrame) -> list[str]:
    """Groups in their order: that of the names that the splits have."""
    order = ("boom", "transition", "up", "mid", "down", "none", "growing", "mature", "declining",
             "regenerating", "above", "below")  # fmt: skip
    present = set(rows["model"])
    return [name for name in order if name in present]


def _effect_line(
    cells: Cells,
    place: tuple[str, str, str],
    term: str,
    table: HeterogeneityTable,
    quantities: Sequence[str],
) -> list[str]:
    line: list[str] = []
    for quantity in quantities:
        found = [cells.get((*place, quantity, term, vcov)) for vcov in table.covariances]
        last, first = found[-1], found[0]
        line.append(
            ""
            if first is None or last is None
            else format_estimate(first["estimate"]) + stars_of(last["p_value"])
        )
        line += ["" if row is None else format_estimate(row["std_error"]) for row in found]
    return line


def _heterogeneity_notes(
    table: HeterogeneityTable, study: Study, rows: pd.DataFrame
) -> Iterator[str]:
    yield (
        f"{SPLIT_WORDS[table.split]}: {_split_note(table, study)} {table.model.upper()}, "
        f"{ESTIMATOR_NOTES[table.estimator]}."
    )
    for form in table.forms:
        yield FORM_NOTES[form]
    cut = _links_note(rows)
    if cut:
        yield cut
    meanings = "; ".join(f"{name}: {COVARIANCE_NOTES[name]}" for name in table.covariances)
    yield f"{STARS_KEY}; stars follow {table.covariances[-1]}. {meanings}."
    if table.mediators:
        yield MEDIATED_NOTE
    lost = rows.loc[rows["term"] == DISCARDED, "estimate"].sum()
    if lost:
        yield f"{int(lost)} Monte Carlo draws in all are left out for want of a finite multiplier."
    yield SERIAL_NOTE


def _split_note(table: HeterogeneityTable, study: Study) -> str:
    years = study.study
    if table.split == "period":
        cut = study.period.cut
        return f"boom {years.first_year}-{cut}, transition {cut + 1}-{years.last_year}."
    if table.split == "reach":
        return f"split {years.reach_split} of the basin."
    if table.split == "resource_class":
        return "classes of the national plan for resource-based cities, 2013-2020; none: no member."
    label = label_of(table.treatment, study)
    return f"mean of {label} over the years above or below {table.threshold:g}."


def _links_note(rows: pd.DataFrame) -> str:
    """What became of the links of the groups of units."""
    values = records(rows[rows["quantity"] == "value"], "model", "term")
    parts = []
    for group in ordered_groups(rows[rows["spec"] == "subset"]):
        links, cut, weight, islands = (
            values.get((group, term)) for term in ("links", "links_cut", "weight_cut", "islands")
        )
        if links and cut and weight and islands and cut["estimate"]:
            parts.append(
                f"{group} {cut['estimate']:.0f} of {links['estimate']:.0f} "
                f"({100 * weight['estimate']:.0f} % of the weight), {islands['estimate']:.0f} "
                "islands dropped"
            )
    return f"Links cut by fitting groups by themselves: {'; '.join(parts)}." if parts else ""


def differences_layout(
    table: DifferencesTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Differences of effects, then the tests, of every split and form."""
    splits = [section.split for section in _compared(table, study)]
    lines: list[list[str]] = []
    for split in splits:
        for form in FORM_WORDS:
            own = rows[(rows["model"] == split) & (rows["spec"] == form)]
            head = [SPLIT_WORDS[split], FORM_WORDS[form]]
            lines += [[*head, *line] for line in (*_differences(own, study), *_tests(own))]
    heads = ["Split", "Form", "What", "Groups or null", "Inference", "Estimate", "s.e."]
    body = pd.DataFrame(lines, columns=[*heads, "Interval", "Statistic", "df", "p"])
    return body, list(_differences_notes(rows))


def _compared(table: DifferencesTable, study: Study) -> list[HeterogeneityTable]:
    found = [study.tables[name] for name in table.tables]
    return [section for section in found if isinstance(section, HeterogeneityTable)]


def _differences(rows: pd.DataFrame, study: Study) -> Iterator[list[str]]:
    # the parts of the mediated spillover are in estimates.csv only
    parts = rows["term"].str.startswith("mediated_spillover_")
    shown = rows[(rows["quantity"] == "difference") & ~parts]
    for row in shown.to_dict("records"):
        effect, term, pair = row["term"].split(":")
        name = "all mediators" if term == "all" else label_of(term, study)
        interval = f"[{format_estimate(row['ci_lower'])}, {format_estimate(row['ci_upper'])}]"
        yield [
            f"{effect.replace('_', ' ')}, {name}",
            pair.replace("-", " - "),
            row["vcov"] or row["inference"].replace("_", " "),
            format_estimate(row["estimate"]) + stars_of(row["p_value"]),
            format_estimate(row["std_error"]),
            interval,
            "",
            "",
            format_p(row["p_value"]),
        ]


def _tests(rows: pd.DataFrame) -> Iterator[list[str]]:
    for row in rows[rows["quantity"] == "test"].to_dict("records"):
        name, form, null = row["term"].split("|")
        year = "" if pd.isna(row["year"]) else f", after {int(row['year'])}"
        yield [
            f"{name} ({form})",
            f"{null}{year}",
            row["vcov"] or row["inference"],
            "",
            "",
            "",
            format_estimate(row["statistic"]),
            "" if pd.isna(row["df"]) else f"{row['df']:g}",
            format_p(row["p_value"]),
        ]


def _differences_notes(rows: pd.DataFrame) -> Iterator[str]:
    tests = rows.loc[rows["quantity"] == "test", "term"]
    for start, note in TEST_NOTES.items():
        if tests.str.startswith(start).any():
            yield note
    if (rows["inference"] == "bootstrap_wild_unit").any():
        yield PAIRED_NOTE
    lost = rows[rows["term"].str.startswith(f"{DISCARDED}:") & rows["estimate"].gt(0)]
    for (split, term), left_out in records(lost, "model", "term").items():
        yield (
            f"{SPLIT_WORDS[split]}, {term.split(':')[1].replace('-', ' - ')}: "
            f"{left_out['estimate']:.0f} of {left_out['draws']} bootstrap draws have no effects "
            "and are left out."
        )
    values = records(rows[rows["inference"] == "permutation"], "model", "quantity", "term")
    for (split, quantity, term), row in values.items():
        if quantity == "value" and term == DISCARDED and row["estimate"]:
            yield (
                f"{SPLIT_WORDS[split]}: {row['estimate']:.0f} of {row['draws']} permutations could "
                "not be estimated in every group and are left out."
            )
        if quantity == "value" and term == "islands" and row["estimate"]:
            yield f"{SPLIT_WORDS[split]}: {row['estimate']:.1f} islands dropped in a permutation."
    edge = rows.loc[rows["term"] == AT_BOUNDARY, "model"].drop_duplicates()
    for split in edge:
        yield (
            f"{SPLIT_WORDS[split]}: an estimate is at the edge of the admissible interval, and "
            "what needs it is left out."
        )
    yield f"{STARS_KEY}. {MANY_TESTS_NOTE}"
