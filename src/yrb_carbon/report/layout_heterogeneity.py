"""Layout of the tables by period, reach and other groups: views of estimates.csv."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, DISCARDED, FAR_DRAWS, N_PARAMETERS
from yrb_carbon.estimates import UNDEFINED as UNDEFINED_TEST
from yrb_carbon.report.cells import (
    COVARIANCE_NOTES,
    ESTIMATOR_NOTES,
    QUANTILE_ERRORS_NOTE,
    SERIAL_NOTE,
    STARS_KEY,
    UNDEFINED,
    format_estimate,
    format_interval,
    format_p,
    label_of,
    lost_draws_notes,
    records,
    stars_of,
    with_labels,
    without_failed_stars,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable

SPLIT_WORDS = {
    "period": "Period",
    "reach": "Reach",
    "resource_class": "Class of resource city",
    "agglomeration": "Agglomeration",
}
GROUP_WORDS = {
    "boom": "Boom",
    "transition": "Transition",
    "up": "Upper reaches",
    "mid": "Middle reaches",
    "down": "Lower reaches",
    "none": "Not resource-based",
    "growing": "Growing",
    "mature": "Mature",
    "declining": "Declining",
    "regenerating": "Regenerating",
    "above": "Above the threshold",
    "below": "Below the threshold",
}
"""Groups in their order."""
FORM_WORDS = {"subset": "by itself", "full_interaction": "full interaction"}
FORM_NOTES = {
    "subset": "'By itself': each group is fitted alone. Groups of units keep the links among their "
    "members, rows of W scaled to the sums that they have in the whole, so the links across their "
    "borders are cut; members without neighbours are dropped. Groups of years keep W.",
    "full_interaction": "'Full interaction': all units and years and the whole of W, coefficients "
    "by group, rho, fixed effects and variance common. The effect on a group of units is the mean "
    "of its rows: what a change of the treatment everywhere does to its members.",
}
NO_EFFECTS = "no effects: the likelihood peaks at the edge"
NO_MEDIATED = "no mediated effects: an equation peaks at the edge"
COLUMN_SETS = (
    ("direct", "indirect", "total"),
    ("mediated_direct", "mediated_spillover", "mediated_total"),
)
MEDIATED_NOTE = (
    "Mediated effects: systems of each group by itself; Indirect is the mediated spillover; in "
    "square brackets {level:g} % percentile intervals of {draws} Monte Carlo draws from the joint "
    "distribution of all equations."
)
COMPARE_NOTE = (
    "Stars of groups are not to be compared: of two equal effects one can have stars and the other "
    "none, and two with the same stars can differ.{tests}"
)
SMALL_NOTE = (
    "Groups by themselves: {sizes}. The inference is that of large samples: with few years, or few "
    "units, against the number of parameters it is rough, and its intervals are mostly too short."
)
BOOTSTRAP_TO_READ = "bootstrap intervals, such as those of the table of differences,"
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
    "mediated effects. Draws further than ten robust standard errors from the median stay out of "
    "the covariance, not of the p-value.",
    "Chow LR": "Chow LR: direct likelihoods; degrees of freedom count every parameter, fixed "
    "effects included, whose number grows with the sample, so the test rejects too often in short "
    "panels. For groups of units W differs between the groups and the whole, the models are not "
    "nested (the statistic can be negative and then has no p-value), and the test is descriptive.",
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
    "are drawn apart. Percentile intervals, no standard errors."
)
MANY_TESTS_NOTE = (
    "p-values are of single tests; among so many differences some are small by chance."
)
Cells = dict[tuple[Any, ...], dict[str, Any]]


def heterogeneity_layout(
    table: HeterogeneityTable, study: Study, rows: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Effects by form and group; beside them standard errors, or intervals, of every covariance."""
    names = ("spec", "model", "equation", "quantity", "term", "vcov")
    cells = records(without_failed_stars(rows), *names)
    sizes = records(rows, "spec", "model")
    serial = records(rows[rows["quantity"] == "residual_ar1"], "spec", "model")
    lines = []
    for form in table.forms:
        for group in ordered_groups(rows[rows["spec"] == form]):
            size = sizes[form, group]
            ar1 = serial.get((form, group)) or serial.get((form, "all"))
            counts = [str(size[count]) for count in ("n_units", "n_periods")]
            head = [FORM_WORDS[form], GROUP_WORDS[group], *counts]
            tail = format_estimate(ar1["estimate"], 3) if ar1 else ""
            found = {
                label_of(term, study): _effect_line(
                    cells, (form, group, "outcome"), term, table, COLUMN_SETS[0], _std_error
                )
                for term in table.regressors
            }
            lines += [[*head, *line, tail] for line in _lines_or_none(found, NO_EFFECTS)]
            if form != "subset" or not table.mediators:
                continue
            found = {
                f"through {'all mediators' if term == 'all' else label_of(term, study)}": (
                    _effect_line(
                        cells, (form, group, "system"), term, table, COLUMN_SETS[1], format_interval
                    )
                )
                for term in (*table.mediators, "all")
            }
            lines += [[*head, *line, ""] for line in _lines_or_none(found, NO_MEDIATED)]
    heads = ["Form", "Group", "Units", "Years", "Variable"]
    spread = "s.e. or interval" if table.mediators else "s.e."
    for quantity in ("Direct", "Indirect", "Total"):
        heads += [quantity, *(f"{quantity}: {spread} {name}" for name in table.covariances)]
    body = pd.DataFrame(lines, columns=[*heads, "Residual AR(1)"])
    return body, list(_heterogeneity_notes(table, study, rows))


def _lines_or_none(found: Mapping[str, list[str]], reason: str) -> list[list[str]]:
    """The lines of a model, or one that says why it has none."""
    if any(any(cells) for cells in found.values()):
        return [[head, *cells] for head, cells in found.items()]
    blanks = next(iter(found.values()))
    return [[reason, *blanks]]


def ordered_groups(rows: pd.DataFrame) -> list[str]:
    """Groups in their order: that of the names that the splits have."""
    present = set(rows["model"])
    return [name for name in GROUP_WORDS if name in present]


def pair_words(pair: str) -> str:
    """Two groups `a-b` in words."""
    return " - ".join(GROUP_WORDS.get(name, name) for name in pair.split("-"))


def _null_words(null: str, study: Study) -> str:
    """A null hypothesis with labels of variables and, at its end, names of groups in words."""
    start, mark, groups = null.rpartition(" in " if " in " in null else " for ")
    names = groups.split(", ")
    if not mark or not set(names) <= set(GROUP_WORDS):
        return with_labels(null, study)
    return f"{with_labels(start, study)}{mark}{', '.join(GROUP_WORDS[name] for name in names)}"


def _effect_line(
    cells: Cells,
    place: tuple[str, str, str],
    term: str,
    table: HeterogeneityTable,
    quantities: Sequence[str],
    spread: Callable[[Mapping[str, Any]], str],
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
        line += ["" if row is None else spread(row) for row in found]
    return line


def _std_error(row: Mapping[str, Any]) -> str:
    return format_estimate(row["std_error"])


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
        yield MEDIATED_NOTE.format(level=100 * table.level, draws=table.draws)
        yield QUANTILE_ERRORS_NOTE
    yield from lost_draws_notes(rows, BOOTSTRAP_TO_READ)
    tests = [
        name
        for name, other in study.tables.items()
        if isinstance(other, DifferencesTable) and table in _compared(other, study)
    ]
    yield COMPARE_NOTE.format(tests=f" Differences are tested in {', '.join(tests)}." * bool(tests))
    sizes = _sizes_of_groups(rows)
    if sizes:
        yield SMALL_NOTE.format(sizes=sizes)
    yield SERIAL_NOTE


def _sizes_of_groups(rows: pd.DataFrame) -> str:
    """Units, years, observations and parameters of the groups that were fitted by themselves."""
    found = records(rows[rows["term"] == N_PARAMETERS], "model")
    return "; ".join(
        f"{GROUP_WORDS[group]} {row['n_units']} units x {row['n_periods']} years = {row['n_obs']} "
        f"observations, {row['estimate']:.0f} parameters with fixed effects"
        for group in ordered_groups(rows)
        if (row := found.get((group,))) is not None
    )


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
                f"{GROUP_WORDS[group]} {cut['estimate']:.0f} of {links['estimate']:.0f} "
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
            lines += [[*head, *line] for line in (*_differences(own, study), *_tests(own, study))]
    heads = ["Split", "Form", "What", "Groups or null", "Inference", "Estimate", "s.e."]
    body = pd.DataFrame(lines, columns=[*heads, "Interval", "Statistic", "df", "p"])
    return body, list(_differences_notes(rows))


def differences_page(table: DifferencesTable, study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """The table for a page: split and form stand once, above the rows that they hold for."""
    body, _ = differences_layout(table, study, rows)
    heads = [str(head) for head in body.columns]
    lines: list[list[str]] = []
    for (split, form), own in body.groupby(heads[:2], sort=False):
        lines.append([str(split), *[str(form)] * (len(heads) - 3)])
        lines += own[heads[2:]].to_numpy().tolist()
    return pd.DataFrame(lines, columns=heads[2:])


def _compared(table: DifferencesTable, study: Study) -> list[HeterogeneityTable]:
    found = [study.tables[name] for name in table.tables]
    return [section for section in found if isinstance(section, HeterogeneityTable)]


def _differences(rows: pd.DataFrame, study: Study) -> Iterator[list[str]]:
    # the parts of the mediated spillover are in estimates.csv only
    parts = rows["term"].str.startswith("mediated_spillover_")
    shown = rows[(rows["quantity"] == "difference") & ~parts]
    for cells in shown.to_dict("records"):
        row = {str(name): cell for name, cell in cells.items()}
        effect, term, pair = row["term"].split(":")
        name = "all mediators" if term == "all" else label_of(term, study)
        yield [
            f"{effect.replace('_', ' ')}, {name}",
            pair_words(pair),
            row["vcov"] or row["inference"].replace("_", " "),
            format_estimate(row["estimate"]) + stars_of(row["p_value"]),
            "" if row["equation"] == "system" else _std_error(row),
            format_interval(row),
            "",
            "",
            format_p(row["p_value"]),
        ]


def _tests(rows: pd.DataFrame, study: Study) -> Iterator[list[str]]:
    for row in rows[rows["quantity"] == "test"].to_dict("records"):
        name, form, null = row["term"].split("|")
        year = "" if pd.isna(row["year"]) else f", after {int(row['year'])}"
        yield [
            f"{name} ({form})",
            f"{_null_words(null, study)}{year}",
            row["vcov"] or row["inference"],
            "",
            "",
            "",
            UNDEFINED if pd.isna(row["statistic"]) else format_estimate(row["statistic"]),
            "" if pd.isna(row["df"]) else f"{row['df']:g}",
            UNDEFINED if pd.isna(row["p_value"]) else format_p(row["p_value"]),
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
            f"{SPLIT_WORDS[split]}, {pair_words(term.split(':')[1])}: "
            f"{left_out['estimate']:.0f} of {left_out['draws']} bootstrap draws have no effects "
            "and are left out."
        )
    yield from _paths_notes(rows)
    values = records(rows[rows["inference"] == "permutation"], "model", "quantity", "term")
    for (split, quantity, term), row in values.items():
        if quantity == "value" and term == DISCARDED and row["estimate"]:
            yield (
                f"{SPLIT_WORDS[split]}: {row['estimate']:.0f} of {row['draws']} permutations could "
                "not be estimated in every group and are left out."
            )
        if quantity == "value" and term == "islands" and row["estimate"]:
            yield (
                f"{SPLIT_WORDS[split]}: on average {row['estimate']:.1f} units lose all neighbours "
                "in a permutation and are dropped."
            )
    edge = rows.loc[rows["term"] == AT_BOUNDARY, "model"].drop_duplicates()
    for split in edge:
        yield (
            f"{SPLIT_WORDS[split]}: an estimate is at the edge of the admissible interval, and "
            "what needs it is left out."
        )
    yield f"{STARS_KEY}. {MANY_TESTS_NOTE}"


def _paths_notes(rows: pd.DataFrame) -> Iterator[str]:
    """Draws that the covariance of the test of paths leaves out, and tests without a statistic."""
    for row in rows[(rows["term"] == FAR_DRAWS) & rows["estimate"].gt(0)].to_dict("records"):
        yield (
            f"{SPLIT_WORDS[row['model']]}, test of paths: {row['estimate']:.0f} of {row['draws']} "
            "draws are too far out for the covariance."
        )
    for row in rows[rows["term"].str.startswith(f"{UNDEFINED_TEST}|")].to_dict("records"):
        yield (
            f"{SPLIT_WORDS[row['model']]}, test of paths undefined: {row['term'].split('|', 1)[1]}."
        )
