"""Layout of the tables by period, reach and other groups: views of estimates.csv."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from yrb_carbon.estimates import AT_BOUNDARY, DISCARDED, FAR_DRAWS, N_PARAMETERS
from yrb_carbon.estimates import UNDEFINED as UNDEFINED_TEST
from yrb_carbon.report.cells import (
    ESTIMATOR_NOTES,
    QUANTILE_ERRORS_NOTE,
    RESIDUAL_AR1,
    SERIAL_NOTE,
    UNDEFINED,
    covariance_meanings,
    format_estimate,
    format_p,
    label_of,
    lost_draws_notes,
    null_words,
    records,
    without_failed_stars,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.terms import (
    GROUP_WORDS,
    PATHS_UNDEFINED,
    covariance_name,
    form_name,
    group_name,
    inference_name,
    name_of_test,
    quantity_name,
    said,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable

SPLIT_WORDS = {
    "period": message("Period"),
    "reach": message("Reach"),
    "resource_class": message("Class of resource city"),
    "agglomeration": message("Agglomeration"),
}
FORM_WORDS = {
    "subset": message("by itself"),
    "full_interaction": message("full interaction"),
}
FORM_NOTES = {
    "subset": message(
        "'By itself': each group is fitted alone. Groups of units keep the links among their "
        "members, rows of W scaled to the sums that they have in the whole, so the links across "
        "their borders are cut; members without neighbours are dropped. Groups of years keep W."
    ),
    "full_interaction": message(
        "'Full interaction': all units and years and the whole of W, coefficients by group, rho, "
        "fixed effects and variance common. The effect on a group of units is the mean of its "
        "rows: what a change of the treatment everywhere does to its members."
    ),
}
NO_EFFECTS = message("no effects: the likelihood peaks at the edge")
NO_MEDIATED = message("no mediated effects: an equation peaks at the edge")
COLUMN_SETS = (
    ("direct", "indirect", "total"),
    ("mediated_direct", "mediated_spillover", "mediated_total"),
)
MEDIATED_NOTE = message(
    "Mediated effects: systems of each group by itself; Indirect is the mediated spillover; in "
    "square brackets {level:g} % percentile intervals of {draws} Monte Carlo draws from the joint "
    "distribution of all equations."
)
COMPARE_NOTE = message(
    "Stars of groups are not to be compared: of two equal effects one can have stars and the other "
    "none, and two with the same stars can differ."
)
SMALL_NOTE = message(
    "Groups by themselves: {sizes}. The inference is that of large samples: with few years, or few "
    "units, against the number of parameters it is rough, and its intervals are mostly too short."
)
BOOTSTRAP_TO_READ = message("bootstrap intervals, such as those of the table of differences,")
TEST_NOTES = {
    "Wald|coefficients": message(
        "Wald test of coefficients: equality of the coefficients of the "
        "regressors and of their lags; groups of units with equal coefficients can still have "
        "different effects, because their places in W differ."
    ),
    "Wald|effects": message(
        "Wald test of effects: equality of direct and indirect effects in the full interaction."
    ),
    "Wald|sub-samples": message(
        "Wald test of sub-samples: takes the groups' samples as independent, which "
        "serial correlation breaks for years, and links across the borders for units."
    ),
    "Wald|paths": message(
        "Wald test of paths: equality of the mediated direct effects of all mediators together; "
        "their covariance and the p-value from the same bootstrap as the differences of mediated "
        "effects. Draws further than ten robust standard errors from the median stay out of the "
        "covariance, not of the p-value."
    ),
    "Chow LR": message(
        "Chow LR: direct likelihoods; degrees of freedom count every parameter, fixed effects "
        "included, whose number grows with the sample, so the test rejects too often in short "
        "panels. For groups of units W differs between the groups and the whole, the models are "
        "not nested (the statistic can be negative and then has no p-value), and the test is "
        "descriptive."
    ),
    "permutation": message(
        "Permutation (Cleary 1999): statistic is the difference, p = (1 + draws at least as far "
        "from zero)/(1 + draws). Years: whole cross-sections change their period, which is exact "
        "only if years are exchangeable; with serial correlation the p-value is too small. Units: "
        "W is rebuilt from the units of every draw, which lose more links than neighbours do; "
        "descriptive."
    ),
    "sup-Wald": message(
        "sup-Wald: largest Wald statistic over the cuts (observed Hessian), p-value from a wild "
        "bootstrap of units without a break, which keeps serial dependence; the year is the last "
        "before the largest break, no estimate with a standard error."
    ),
    "Wald|at the cut": message(
        "Wald test at the cut: the same statistics one by one, p-values of the same "
        "bootstrap as if the year had been known."
    ),
}
PAIRED_NOTE = message(
    "Differences of mediated effects: wild bootstrap of the groups' systems; two periods share the "
    "signs of their units in every draw, which keeps the dependence between them, groups of units "
    "are drawn apart. Percentile intervals, no standard errors."
)
MANY_TESTS_NOTE = message(
    "p-values are of single tests; among so many differences some are small by chance."
)
Cells = dict[tuple[Any, ...], dict[str, Any]]


def heterogeneity_layout(
    table: HeterogeneityTable, study: Study, rows: pd.DataFrame, words: Printer
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
            head = [words(FORM_WORDS[form]), group_name(group, words), *counts]
            tail = format_estimate(ar1["estimate"], 3) if ar1 else ""
            found = {
                label_of(term, study, words): _effect_line(
                    cells,
                    (form, group, "outcome"),
                    term,
                    table,
                    COLUMN_SETS[0],
                    words.plain_error,
                    words,
                )
                for term in table.regressors
            }
            lines += [[*head, *line, tail] for line in _lines_or_none(found, words(NO_EFFECTS))]
            if form != "subset" or not table.mediators:
                continue
            found = {
                _through(term, study, words): _effect_line(
                    cells,
                    (form, group, "system"),
                    term,
                    table,
                    COLUMN_SETS[1],
                    words.interval,
                    words,
                )
                for term in (*table.mediators, "all")
            }
            lines += [[*head, *line, ""] for line in _lines_or_none(found, words(NO_MEDIATED))]
    heads = [words(head) for head in HEADS]
    spread = words("s.e. or interval") if table.mediators else words("s.e.")
    spreads = [
        words("{spread} {covariance}", spread=spread, covariance=covariance_name(name, words))
        for name in table.covariances
    ]
    for quantity in map(words, QUANTITY_HEADS):
        heads += [quantity, *(f"{quantity}: {own}" for own in spreads)]
    body = pd.DataFrame(lines, columns=[*heads, words(RESIDUAL_AR1)])
    return body, list(_heterogeneity_notes(table, study, rows, words))


def _through(term: str, study: Study, words: Words) -> str:
    if term == "all":
        return words("through all mediators")
    return words("through {name}", name=label_of(term, study, words))


HEADS = (
    message("Form"),
    message("Group"),
    message("Units"),
    message("Years"),
    message("Variable"),
)
QUANTITY_HEADS = (message("Direct"), message("Indirect"), message("Total"))


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


def pair_words(pair: str, words: Words) -> str:
    """Two groups `a-b` in words."""
    return " - ".join(group_name(name, words) for name in pair.split("-"))


def _effect_line(
    cells: Cells,
    place: tuple[str, str, str],
    term: str,
    table: HeterogeneityTable,
    quantities: Sequence[str],
    spread: Callable[[Mapping[str, Any]], str],
    words: Printer,
) -> list[str]:
    line: list[str] = []
    for quantity in quantities:
        found = [cells.get((*place, quantity, term, vcov)) for vcov in table.covariances]
        last, first = found[-1], found[0]
        line.append("" if first is None or last is None else words.starred(first, last))
        line += ["" if row is None else spread(row) for row in found]
    return line


def _heterogeneity_notes(
    table: HeterogeneityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Iterator[str]:
    yield words(
        "{split}: {groups}. {model}, {estimator}.",
        split=words(SPLIT_WORDS[table.split]),
        groups=_split_note(table, study, words),
        model=table.model.upper(),
        estimator=words(ESTIMATOR_NOTES[table.estimator]),
    )
    for form in table.forms:
        yield words(FORM_NOTES[form])
    cut = _links_note(rows, words)
    if cut:
        yield cut
    yield words.stars_note(
        message("{stars}; stars follow {covariance}. {meanings}."),
        covariance_meanings(table.covariances, words),
        covariance=covariance_name(table.covariances[-1], words),
    )
    if table.mediators:
        yield words(MEDIATED_NOTE, level=100 * table.level, draws=table.draws)
        yield words(QUANTILE_ERRORS_NOTE)
    yield from lost_draws_notes(rows, BOOTSTRAP_TO_READ, partial(group_name, words=words), words)
    tests = [
        name
        for name, other in study.tables.items()
        if isinstance(other, DifferencesTable) and table in _compared(other, study)
    ]
    tested = words("Differences are tested in {tables}.", tables=words.listing(tests))
    yield words.sentences([words(COMPARE_NOTE), *([tested] if tests else [])])
    sizes = _sizes_of_groups(rows, words)
    if sizes:
        yield words(SMALL_NOTE, sizes=sizes)
    yield words(SERIAL_NOTE)


def _sizes_of_groups(rows: pd.DataFrame, words: Words) -> str:
    """Units, years, observations and parameters of the groups that were fitted by themselves."""
    found = records(rows[rows["term"] == N_PARAMETERS], "model")
    return words.clauses(
        words(
            "{group} {n} units x {t} years = {total} observations, {parameters:.0f} parameters "
            "with fixed effects",
            group=group_name(group, words),
            n=row["n_units"],
            t=row["n_periods"],
            total=row["n_obs"],
            parameters=row["estimate"],
        )
        for group in ordered_groups(rows)
        if (row := found.get((group,))) is not None
    )


def _split_note(table: HeterogeneityTable, study: Study, words: Words) -> str:
    years = study.study
    if table.split == "period":
        cut = study.period.cut
        return words(
            "boom {first}-{cut}, transition {after}-{last}",
            first=years.first_year,
            cut=cut,
            after=cut + 1,
            last=years.last_year,
        )
    if table.split == "reach":
        return words("split {name} of the basin", name=years.reach_split)
    if table.split == "resource_class":
        return words(
            "classes of the national plan for resource-based cities, 2013-2020; none: no member"
        )
    return words(
        "mean of {name} over the years above or below {threshold:g}",
        name=label_of(table.treatment, study, words),
        threshold=table.threshold,
    )


def _links_note(rows: pd.DataFrame, words: Words) -> str:
    """What became of the links of the groups of units."""
    values = records(rows[rows["quantity"] == "value"], "model", "term")
    parts = []
    for group in ordered_groups(rows[rows["spec"] == "subset"]):
        links, cut, weight, islands = (
            values.get((group, term)) for term in ("links", "links_cut", "weight_cut", "islands")
        )
        if links and cut and weight and islands and cut["estimate"]:
            parts.append(
                words(
                    "{group} {cut:.0f} of {links:.0f} ({weight:.0f} % of the weight), "
                    "{islands:.0f} islands dropped",
                    group=group_name(group, words),
                    cut=cut["estimate"],
                    links=links["estimate"],
                    weight=100 * weight["estimate"],
                    islands=islands["estimate"],
                )
            )
    if not parts:
        return ""
    return words("Links cut by fitting groups by themselves: {parts}.", parts=words.clauses(parts))


DIFFERENCE_HEADS = (
    message("Split"),
    message("Form"),
    message("What"),
    message("Groups or null"),
    message("Inference"),
    message("Estimate"),
    message("s.e."),
    message("Interval"),
    message("Statistic"),
    message("df"),
)


def differences_layout(
    table: DifferencesTable, study: Study, rows: pd.DataFrame, words: Printer
) -> tuple[pd.DataFrame, list[str]]:
    """Differences of effects, then the tests, of every split and form."""
    splits = [section.split for section in _compared(table, study)]
    lines: list[list[str]] = []
    for split in splits:
        for form in FORM_WORDS:
            own = rows[(rows["model"] == split) & (rows["spec"] == form)]
            head = [words(SPLIT_WORDS[split]), words(FORM_WORDS[form])]
            found = (*_differences(own, study, words), *_tests(own, study, words))
            lines += [[*head, *line] for line in found]
    body = pd.DataFrame(lines, columns=[*map(words, DIFFERENCE_HEADS), "p"])
    return body, list(_differences_notes(rows, words))


def differences_page(
    table: DifferencesTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The table for a page: split and form stand once, above the rows that they hold for."""
    body, _ = differences_layout(table, study, rows, words)
    heads = [str(head) for head in body.columns]
    lines: list[list[str]] = []
    for (split, form), own in body.groupby(heads[:2], sort=False):
        lines.append([str(split), *[str(form)] * (len(heads) - 3)])
        lines += own[heads[2:]].to_numpy().tolist()
    return pd.DataFrame(lines, columns=heads[2:])


def _compared(table: DifferencesTable, study: Study) -> list[HeterogeneityTable]:
    found = [study.tables[name] for name in table.tables]
    return [section for section in found if isinstance(section, HeterogeneityTable)]


def _differences(rows: pd.DataFrame, study: Study, words: Printer) -> Iterator[list[str]]:
    # the parts of the mediated spillover are in estimates.csv only
    parts = rows["term"].str.startswith("mediated_spillover_")
    shown = rows[(rows["quantity"] == "difference") & ~parts]
    for cells in shown.to_dict("records"):
        row = {str(name): cell for name, cell in cells.items()}
        effect, term, pair = row["term"].split(":")
        name = through_label(term, study, words)
        yield [
            words("{effect}, {name}", effect=quantity_name(effect, words), name=name),
            pair_words(pair, words),
            _inference_of(row, words),
            words.starred(row),
            "" if row["equation"] == "system" else words.plain_error(row),
            words.interval(row),
            "",
            "",
            format_p(row["p_value"]),
        ]


def through_label(term: str, study: Study, words: Words) -> str:
    """Variable whose effect, or mediator whose path, a difference is of."""
    return words("all mediators") if term == "all" else label_of(term, study, words)


def _inference_of(row: Mapping[Any, Any], words: Words) -> str:
    if row["vcov"]:
        return covariance_name(row["vcov"], words)
    return inference_name(row["inference"], words)


def _tests(rows: pd.DataFrame, study: Study, words: Words) -> Iterator[list[str]]:
    for row in rows[rows["quantity"] == "test"].to_dict("records"):
        name, form, null = row["term"].split("|")
        told = null_words(null, study, words)
        if not pd.isna(row["year"]):
            told = words("{null}, after {year}", null=told, year=int(row["year"]))
        yield [
            words("{test} ({form})", test=name_of_test(name, words), form=form_name(form, words)),
            told,
            _inference_of(row, words),
            "",
            "",
            "",
            words(UNDEFINED) if pd.isna(row["statistic"]) else format_estimate(row["statistic"]),
            "" if pd.isna(row["df"]) else f"{row['df']:g}",
            words(UNDEFINED) if pd.isna(row["p_value"]) else format_p(row["p_value"]),
        ]


def _differences_notes(rows: pd.DataFrame, words: Printer) -> Iterator[str]:
    tests = rows.loc[rows["quantity"] == "test", "term"]
    for start, note in TEST_NOTES.items():
        if tests.str.startswith(start).any():
            yield words(note)
    if (rows["inference"] == "bootstrap_wild_unit").any():
        yield words(PAIRED_NOTE)
    lost = rows[rows["term"].str.startswith(f"{DISCARDED}:") & rows["estimate"].gt(0)]
    for (split, term), left_out in records(lost, "model", "term").items():
        yield words(
            "{split}, {pair}: {lost:.0f} of {draws} bootstrap draws have no effects and are left "
            "out.",
            split=words(SPLIT_WORDS[split]),
            pair=pair_words(term.split(":")[1], words),
            lost=left_out["estimate"],
            draws=left_out["draws"],
        )
    yield from _paths_notes(rows, words)
    yield from _permutation_notes(rows, words)
    for split in rows.loc[rows["term"] == AT_BOUNDARY, "model"].drop_duplicates():
        yield words(
            "{split}: an estimate is at the edge of the admissible interval, and what needs it is "
            "left out.",
            split=words(SPLIT_WORDS[split]),
        )
    stars = [words("{stars}.", stars=words.stars_key)] if words.has_stars else []
    yield words.sentences([*stars, words(MANY_TESTS_NOTE)])


def _permutation_notes(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Permutations that are left out, and units without neighbours in the others."""
    values = records(rows[rows["inference"] == "permutation"], "model", "quantity", "term")
    for (split, quantity, term), row in values.items():
        if quantity == "value" and term == DISCARDED and row["estimate"]:
            yield words(
                "{split}: {lost:.0f} of {draws} permutations could not be estimated in every group "
                "and are left out.",
                split=words(SPLIT_WORDS[split]),
                lost=row["estimate"],
                draws=row["draws"],
            )
        if quantity == "value" and term == "islands" and row["estimate"]:
            yield words(
                "{split}: on average {units:.1f} units lose all neighbours in a permutation and "
                "are dropped.",
                split=words(SPLIT_WORDS[split]),
                units=row["estimate"],
            )


def _paths_notes(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Draws that the covariance of the test of paths leaves out, and tests without a statistic."""
    for row in rows[(rows["term"] == FAR_DRAWS) & rows["estimate"].gt(0)].to_dict("records"):
        yield words(
            "{split}, test of paths: {far:.0f} of {draws} draws are too far out for the "
            "covariance.",
            split=words(SPLIT_WORDS[row["model"]]),
            far=row["estimate"],
            draws=row["draws"],
        )
    for row in rows[rows["term"].str.startswith(f"{UNDEFINED_TEST}|")].to_dict("records"):
        reason = row["term"].split("|", 1)[1]
        yield words(
            "{split}, test of paths undefined: {reason}.",
            split=words(SPLIT_WORDS[row["model"]]),
            reason=said(PATHS_UNDEFINED, reason, words) or words.quoted(reason),
        )
