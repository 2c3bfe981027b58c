"""Printed tables of the footprint of industry: emissions, accounts, space, time, potential."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from yrb_carbon.report.account_tables import (
    PERCENT,
    Body,
    Lines,
    Numbers,
    Panel,
    has_term,
    number_at,
    numbers_of,
    shown_columns,
    shown_parts,
    stacked,
    year_heads,
    years_of,
)
from yrb_carbon.report.cells import format_interval, format_p, records
from yrb_carbon.report.embodied_names import named
from yrb_carbon.report.footprint_names import (
    ACCOUNT_UNITS,
    AREAS,
    CARRIERS,
    DIMENSIONS,
    MEASURES,
    POTENTIAL,
    QUADRANTS,
    SOURCES,
)
from yrb_carbon.report.footprint_notes import (
    account_notes,
    emission_notes,
    inequality_notes,
    moran_notes,
    potential_notes,
    section_of,
    shift_notes,
)
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import TOTAL, grouped_places, place_heads, place_name
from yrb_carbon.report.printer import Printer
from yrb_carbon.study.account_terms import FLAG, REPORTED
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintShiftTable,
    FootprintTable,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
)
from yrb_carbon.study.provinces import REGIONS

ENERGY, INVENTORY, DIFFERENCE = "energy", "inventory", "difference"
GLOBAL, LOCAL, TREND, TREND_SUMS = "global", "local", "trend", "trend_sums"
CENTRE, SHIFT, ELLIPSE = "centre", "shift", "ellipse"
THEIL, DAGUM, VARIATION, PAIR = "theil", "dagum", "cv", "pair"
SCORES, BENCHMARK, OVERSHOOT, REDUCTION = (
    "equity_efficiency", "benchmark", "overshoot", "reduction",
)  # fmt: skip
"""Models and equations of the rows."""
PERMUTED, CORRECTED, RANDOMISED = "permutation", "permutation_fdr", "randomisation"
LOG = "_log"
"""End of the models of logarithms."""
FDR = "_fdr"
"""End of the inference of tests of trends that are corrected for their number."""
NOT_SIGNIFICANT = "ns"
SEN_SLOPE, MANN_KENDALL = "sen_slope", "mann_kendall|z|no trend"
MOST_AMOUNT, MOST_PLACE = 2, 2
"""Decimals of amounts and of places on the map, unless the layout names others."""
ROUNDING = 9
"""Decimals of Mt below which a difference is that of two orders of summing."""
PAGE_MEASURES = ("size", "depth", "footprint_3d")
"""Measures that a page shows, unless the layout names others."""
COUNTED = ("rank", "rank_low", "rank_high")

Tested = Sequence[tuple[str, str]]
"""Dimensions with the end of the models that test them."""

MT = message("Mt")
REGION, PROVINCE, YEAR = message("Region"), message("Province"), message("Year")
TREND_A_YEAR, P_OF_TREND = message("Trend a year"), message("p of the trend")
PART_OF = message("{name}: {part}")
FILLED_STATES = {
    "interpolated": message("interpolated"),
    "held": message("held"),
    "missing": message("missing"),
}
"""Of years in which no province reported."""
MEAN_OF_PROVINCES = message("Mean of the provinces")
PARTS = {
    "fuels": message("By fuel"),
    "check": message("Less the inventories"),
    "global": message("Moran's I of the provinces"),
    "local": message("Local clusters"),
    "theil": message("Theil's T"),
    "dagum": message("Gini coefficient after Dagum"),
    "variation": message("Coefficient of variation"),
    "trends": message("Trends"),
}
SHIFT_HEADS = {
    (CENTRE, "lon"): message("Centre, degrees east"),
    (CENTRE, "lat"): message("Centre, degrees north"),
    (SHIFT, "shift"): message("Shift, km"),
    (SHIFT, "direction"): message("Direction, degrees"),
    (ELLIPSE, "sde_major"): message("Major axis, km"),
    (ELLIPSE, "sde_minor"): message("Minor axis, km"),
    (ELLIPSE, "sde_rotation"): message("Rotation, degrees"),
    (ELLIPSE, "sde_area"): message("Area, km2"),
}
"""Model and term of the columns of centres and ellipses."""


def printed_years(table: FootprintTable, study: Study, rows: pd.DataFrame) -> list[int]:
    """Years of a table that its rows have."""
    wanted = table.printed_years(section_of(study))
    return [year for year in years_of(rows) if year in wanted]


def layout_industrial_emissions(
    table: IndustrialEmissionsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Emissions by fuel, what they differ from the published by, and by province."""
    years = printed_years(table, study, rows[rows["model"].eq(ENERGY)])
    cells = numbers_of(rows, "model", "equation", "quantity", "term", "year")
    published = bool(rows["model"].eq(INVENTORY).any())
    fuels = _fuels_by_size(rows)
    burnt = [
        fuel
        for fuel in fuels
        if any(number_at(cells, ENERGY, "", "value", fuel, year) > 0 for year in years)
    ]

    def numbers(equation: str, term: str) -> list[str]:
        texts = []
        for year in years:
            at = partial(number_at, cells)
            texts.append(words.amount(at(ENERGY, equation, "value", term, year), MOST_AMOUNT))
            texts.append(words.percent(at(ENERGY, equation, "share", term, year)))
            if published:
                value = at(INVENTORY, equation, "value", term, year)
                texts.append(words.amount(value, MOST_AMOUNT))
        return texts

    def differences(equation: str) -> list[str]:
        texts = []
        for year in years:
            value = number_at(cells, DIFFERENCE, equation, "difference", TOTAL, year)
            ratio = number_at(cells, DIFFERENCE, equation, "ratio", TOTAL, year)
            texts += [words.amount(round(value, ROUNDING), MOST_AMOUNT), words.percent(ratio), ""]
        return texts

    found = set(rows.loc[rows["model"].eq(ENERGY), "equation"])
    compared = set(rows.loc[rows["model"].eq(DIFFERENCE), "equation"])
    lines: dict[str, Lines] = {
        "fuels": _below(
            words(PARTS["fuels"]),
            [
                *([named(CARRIERS, fuel, words), *numbers("", fuel)] for fuel in [*burnt, TOTAL]),
                *(
                    [named(SOURCES, part, words), *numbers(part, TOTAL)]
                    for part in SOURCES
                    if part in found
                ),
            ],
        ),
        "check": _below(
            words(PARTS["check"]),
            [
                [place_name(place, words), *differences(place)]
                for _, place in grouped_places(compared, "")
            ],
        ),
        "provinces": [
            [*heads, *numbers(place, TOTAL)]
            for place, heads in place_heads(found, words, whole="").items()
        ],
    }
    parts = [words(MT), PERCENT, *([words("inventories, Mt")] if published else [])]
    heads = ["", words("Fuel or province"), *year_heads(years, parts)]
    body = pd.DataFrame(shown_parts(lines, words), columns=heads)
    absent = [named(CARRIERS, fuel, words) for fuel in fuels if fuel not in burnt]
    return body, emission_notes(table, study, rows, absent, words)


def _below(head: str, lines: Lines) -> Lines:
    """Lines with a heading before the first."""
    return [["" if place else head, *line] for place, line in enumerate(lines)]


def _fuels_by_size(rows: pd.DataFrame) -> list[str]:
    """Fuels, electricity and heat by their mean emissions, the largest first."""
    own = rows[rows["model"].eq(ENERGY) & rows["equation"].eq("") & rows["quantity"].eq("value")]
    means = own[own["term"].ne(TOTAL)].groupby("term")["estimate"].mean().sort_index()
    return [str(fuel) for fuel in means.sort_values(ascending=False, kind="stable").index]


def layout_footprint_accounts(
    table: FootprintAccountsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Measures of the footprint by province; the years of each beside one another."""
    body = _account_body(table, study, rows, table.printed_columns, words)
    return body, account_notes(table, study, rows, words)


def footprint_accounts_page(
    table: FootprintAccountsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The same with size, depth and footprint in three dimensions, unless the layout has others."""
    return _account_body(table, study, rows, PAGE_MEASURES, words)


def _account_body(
    table: FootprintAccountsTable,
    study: Study,
    rows: pd.DataFrame,
    shown: Sequence[str],
    words: Printer,
) -> pd.DataFrame:
    years = printed_years(table, study, rows)
    cells = numbers_of(rows[rows["quantity"].eq("value")], "equation", "term", "year")
    head = partial(_measure_head, section_of(study).unit)
    measures = shown_columns(shown, head, words)
    lines = [
        heads
        + [
            _measure(number_at(cells, place, measure, year), measure, words)
            for measure, _ in measures
            for year in years
        ]
        for place, heads in place_heads(set(rows["equation"]), words, whole="").items()
    ]
    columns = [words(PART_OF, name=head, part=year) for _, head in measures for year in years]
    return pd.DataFrame(lines, columns=[words(REGION), words(PROVINCE), *columns])


def _measure(value: float, measure: str, words: Printer) -> str:
    return words.amount(value, MOST_AMOUNT) if measure in AREAS else words.estimate(value)


def _measure_head(unit: str, measure: str, words: Words) -> str:
    """Name of a measure with its unit."""
    name = named(MEASURES, measure, words)
    if measure not in ACCOUNT_UNITS:
        return name
    return words("{name}, {unit}", name=name, unit=words(ACCOUNT_UNITS[measure][unit]))


def layout_footprint_moran(
    table: FootprintMoranTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Moran's I by year with its trend, and the local clusters of the printed years."""
    tested = [
        (name, suffix)
        for suffix in ("", LOG)
        for name in table.dimensions
        if (rows["outcome"].eq(name) & rows["model"].eq(GLOBAL + suffix)).any()
    ]
    years = printed_years(table, study, rows)
    panels = {
        "global": [_global_panel(tested, rows, words)],
        "local": [
            _local_panel([one for one in tested if one[1] == suffix], years, rows, words)
            for suffix in dict.fromkeys(suffix for _, suffix in tested)
        ],
    }
    return stacked(panels, words), moran_notes(table, study, rows, words)


def _tested_name(name: str, suffix: str, words: Printer) -> str:
    """Name of what is tested, with its transformation."""
    said = named(DIMENSIONS, name, words)
    return words("ln {name}", name=said) if suffix else said


def _global_panel(tested: Tested, rows: pd.DataFrame, words: Printer) -> Panel:
    moran = records(rows[rows["quantity"].eq("moran")], "outcome", "model", "inference", "year")
    trend = records(rows, "outcome", "model", "term")
    lines = []
    filled = _filled_years(rows)
    for year in sorted({int(year) for _, model, _, year in moran if model.startswith(GLOBAL)}):
        line = [
            words("{year}, {state}", year=year, state=named(FILLED_STATES, filled[year], words))
            if year in filled
            else str(year)
        ]
        for name, suffix in tested:
            value = moran.get((name, GLOBAL + suffix, RANDOMISED, year))
            shuffled = moran.get((name, GLOBAL + suffix, PERMUTED, year))
            if value is None or shuffled is None:
                line += ["", "", ""]
                continue
            line += [words.starred(value, shuffled), words.estimate(value["statistic"], 2),
                     format_p(shuffled["p_value"])]  # fmt: skip
        lines.append(line)
    line = [words(TREND_A_YEAR)]
    for name, suffix in tested:
        slope = trend.get((name, TREND + suffix, SEN_SLOPE))
        test = trend.get((name, TREND + suffix, MANN_KENDALL))
        if slope is None or test is None:
            line += ["", "", ""]
            continue
        line += [words.estimate(slope["estimate"]), words.estimate(test["statistic"], 2),
                 format_p(test["p_value"])]  # fmt: skip
    lines += [line] if any(line[1:]) else []
    heads = [
        words(PART_OF, name=_tested_name(name, suffix, words), part=part)
        for name, suffix in tested
        for part in ("I", "z", "p")
    ]
    return Panel(words(PARTS["global"]), [words(YEAR), *heads], lines)


def _filled_years(rows: pd.DataFrame) -> dict[int, str]:
    """Years in which no province reported, with the state of most."""
    counts = rows[rows["model"].eq(FLAG) & rows["equation"].eq("") & rows["estimate"].gt(0)]
    reported = set(counts.loc[counts["term"].eq(REPORTED), "year"])
    others = counts[~counts["year"].isin(reported)].sort_values("estimate")
    return {int(row["year"]): str(row["term"]) for row in others.to_dict("records")}


def _local_panel(tested: Tested, years: Sequence[int], rows: pd.DataFrame, words: Printer) -> Panel:
    own = rows[rows["model"].isin([LOCAL + suffix for _, suffix in tested])]
    moran = own[own["quantity"].eq("moran")]
    clusters = {
        key: str(row["term"])
        for key, row in records(moran, "outcome", "inference", "equation", "year").items()
    }

    def cluster(name: str, place: str, year: int) -> str:
        after = clusters.get((name, CORRECTED, place, year), NOT_SIGNIFICANT)
        before = clusters.get((name, PERMUTED, place, year), NOT_SIGNIFICANT)
        if after != NOT_SIGNIFICANT:
            return after
        return "" if before == NOT_SIGNIFICANT else f"({before})"

    found = {
        place: [cluster(name, place, year) for name, _ in tested for year in years]
        for place in set(own["equation"])
    }
    shown = {place for place, texts in found.items() if any(texts)}
    lines = [heads + found[place] for place, heads in place_heads(shown, words, whole="").items()]
    heads = [
        words(PART_OF, name=_tested_name(name, suffix, words), part=year)
        for name, suffix in tested
        for year in years
    ]
    return Panel(words(PARTS["local"]), [words(REGION), words(PROVINCE), *heads], lines)


def layout_footprint_shift(
    table: FootprintShiftTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Gravity centres and ellipses of the printed years, the whole shift, and trends."""
    lines = [
        line
        for name in table.dimensions
        for line in _track_lines(table, study, rows[rows["outcome"].eq(name)], name, words)
    ]
    heads = [words("Of what"), words(YEAR), *map(words, SHIFT_HEADS.values())]
    return pd.DataFrame(lines, columns=heads), shift_notes(table, study, rows, words)


def _track_lines(
    table: FootprintShiftTable, study: Study, rows: pd.DataFrame, name: str, words: Printer
) -> Lines:
    """Lines of one dimension; its name stands in the first."""
    cells = numbers_of(rows, "model", "equation", "term", "year")
    measured = section_of(study).measured_years
    known = [year for year in years_of(rows[rows["model"].eq(CENTRE)]) if year in measured]
    before = dict(zip(known[1:], known, strict=False))
    lines: Lines = []
    for year in printed_years(table, study, rows):
        period = f"{before.get(year, '')}-{year}"
        line = [str(year)]
        for model, term in SHIFT_HEADS:
            equation = period if model == SHIFT else ""
            line.append(words.amount(number_at(cells, model, equation, term, year), MOST_PLACE))
        lines.append(line)
    period = f"{known[0]}-{known[-1]}" if known else ""
    if len(known) > 2 and rows["equation"].eq(period).any():
        line = [words("{first} to {last}", first=known[0], last=known[-1])]
        for model, term in SHIFT_HEADS:
            value = number_at(cells, model, period, term, known[-1])
            line.append(words.amount(value, MOST_PLACE) if model == SHIFT else "")
        lines.append(line)
    trends = records(rows[rows["model"].eq(TREND)], "equation", "term")
    if trends:
        slopes, tests = [words(TREND_A_YEAR)], [words(P_OF_TREND)]
        for _, term in SHIFT_HEADS:
            slope, test = trends.get((term, SEN_SLOPE)), trends.get((term, MANN_KENDALL))
            slopes.append("" if slope is None else words.estimate(slope["estimate"]))
            tests.append("" if test is None else format_p(test["p_value"]))
        lines += [slopes, tests]
    head = named(DIMENSIONS, name, words)
    return _below(head, lines)


def layout_footprint_inequality(
    table: FootprintInequalityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Theil, Gini and variation of the printed years, and trends by province."""
    years = printed_years(table, study, rows)
    own = rows[rows["model"].isin([THEIL, DAGUM, VARIATION])]
    cells = numbers_of(own, "outcome", "model", "equation", "quantity", "term", "year")
    panels = {
        "theil": [_theil_panel(table, cells, years, words)],
        "dagum": [_dagum_panel(table, rows, cells, years, words)],
        "variation": [_variation_panel(table, cells, years, words)],
        "trends": [_trends_panel(table, rows, words)],
    }
    return stacked(panels, words), inequality_notes(table, study, rows, words)


def _by_year(
    table: FootprintInequalityTable,
    cells: Numbers,
    model: str,
    columns: Sequence[tuple[str, str, str]],
    years: Sequence[int],
    words: Printer,
) -> Lines:
    """A line a dimension and year; columns are equation, quantity and term of their numbers."""
    lines = []
    for name in table.dimensions:
        for place, year in enumerate(years):
            line = ["" if place else named(DIMENSIONS, name, words), str(year)]
            for equation, quantity, term in columns:
                value = number_at(cells, name, model, equation, quantity, term, year)
                is_share = quantity == "share"
                line.append(words.percent(value) if is_share else words.estimate(value))
            lines.append(line)
    return lines


def _theil_panel(
    table: FootprintInequalityTable, cells: Numbers, years: Sequence[int], words: Printer
) -> Panel:
    columns = [
        ("", "value", TOTAL), ("", "value", "between"), ("", "value", "within"),
        ("", "share", "between"), ("", "share", "within"),
        *((region, "value", TOTAL) for region in REGIONS),
    ]  # fmt: skip
    heads = [
        words("Of what"), words(YEAR), words("Total"), words("Between regions"),
        words("Within regions"), words("Between, %"), words("Within, %"),
        *_within_heads(words),
    ]  # fmt: skip
    return Panel(words(PARTS["theil"]), heads, _by_year(table, cells, THEIL, columns, years, words))


def _within_heads(words: Printer) -> list[str]:
    return [words("Within: {region}", region=place_name(one, words)) for one in REGIONS]


def _dagum_panel(
    table: FootprintInequalityTable,
    rows: pd.DataFrame,
    cells: Numbers,
    years: Sequence[int],
    words: Printer,
) -> Panel:
    pairs = [
        (f"{one}-{two}", one, two)
        for one in REGIONS
        for two in REGIONS
        if has_term(rows[rows["equation"].eq(PAIR)], f"{one}-{two}")
    ]
    columns = [
        *(("", "value", term) for term in ("G", "Gw", "Gnb", "Gt")),
        *(("", "share", term) for term in ("Gw", "Gnb", "Gt")),
        *((region, "value", "G") for region in REGIONS),
        *((PAIR, "value", term) for term, *_ in pairs),
    ]
    heads = [
        words("Of what"), words(YEAR), words("Total"), words("Within regions"),
        words("Net between"), words("Overlap"), words("Within, %"), words("Net between, %"),
        words("Overlap, %"), *_within_heads(words),
        *(
            words("Between: {first}, {second}", first=place_name(one, words),
                  second=place_name(two, words))
            for _, one, two in pairs
        ),
    ]  # fmt: skip
    return Panel(words(PARTS["dagum"]), heads, _by_year(table, cells, DAGUM, columns, years, words))


def _variation_panel(
    table: FootprintInequalityTable, cells: Numbers, years: Sequence[int], words: Printer
) -> Panel:
    columns = [(equation, "value", TOTAL) for equation in ("", *REGIONS)]
    heads = [words("Of what"), words(YEAR), words("Total"), *_within_heads(words)]
    lines = _by_year(table, cells, VARIATION, columns, years, words)
    return Panel(words(PARTS["variation"]), heads, lines)


def _trends_panel(table: FootprintInequalityTable, rows: pd.DataFrame, words: Printer) -> Panel:
    """Trends of provinces; of regions and all, as one and, on a line of its own, of their mean."""
    own = rows[rows["model"].isin([TREND, TREND_SUMS])]
    slopes = records(own[own["term"].eq(SEN_SLOPE)], "outcome", "model", "equation")
    tests = own[own["term"].eq(MANN_KENDALL)]
    is_corrected = tests["inference"].str.endswith(FDR)
    plain = records(tests[~is_corrected], "outcome", "model", "equation")
    corrected = records(tests[is_corrected], "outcome", "model", "equation")
    shown = [name for name in table.dimensions if own["outcome"].eq(name).any()]

    def numbers(model: str, place: str) -> list[str]:
        texts = []
        for name in shown:
            key = (name, model, place)
            slope, test, fdr = slopes.get(key), plain.get(key), corrected.get(key)
            if slope is None or test is None:
                texts += [""] * 5
                continue
            texts += [
                words.starred(slope, fdr or test),
                format_interval(slope),
                words.estimate(test["statistic"], 2),
                format_p(test["p_value"]),
                "" if fdr is None else format_p(fdr["p_value"]),
            ]
        return texts

    lines: Lines = []
    for place, line in place_heads(set(own["equation"]), words, whole="").items():
        if place in (*REGIONS, ""):
            lines.append([*line, *numbers(TREND_SUMS, place)])
            lines.append(["", words(MEAN_OF_PROVINCES), *numbers(TREND, place)])
        else:
            lines.append([*line, *numbers(TREND, place)])
    parts = [words("slope"), words("interval"), "z", "p", words("p after FDR")]
    heads = [
        words(PART_OF, name=named(DIMENSIONS, name, words), part=part)
        for name in shown
        for part in parts
    ]
    return Panel(words(PARTS["trends"]), [words(REGION), words(PROVINCE), *heads], lines)


def layout_reduction_potential(
    table: ReductionPotentialTable, study: Study, rows: pd.DataFrame, words: Printer
) -> Body:
    """Provinces by their rank in every printed year, then the regions and all."""
    body = _potential_body(table, rows, printed_years(table, study, rows), words)
    return body, potential_notes(table, study, rows, words)


def reduction_potential_page(
    table: ReductionPotentialTable, study: Study, rows: pd.DataFrame, words: Printer
) -> pd.DataFrame:
    """The same of the last year alone."""
    return _potential_body(table, rows, printed_years(table, study, rows)[-1:], words)


def _potential_body(
    table: ReductionPotentialTable, rows: pd.DataFrame, years: Sequence[int], words: Printer
) -> pd.DataFrame:
    measures = shown_columns(table.printed_columns, partial(named, POTENTIAL), words)
    cells = numbers_of(rows, "model", "equation", "quantity", "term", "year")
    regions = {place: region for region, place in grouped_places(set(rows["equation"]), "")}
    lines: Lines = []
    for year in years:
        ranks = {
            place: number_at(cells, SCORES, place, "value", "rank", year)
            for place in regions
            if place not in (*REGIONS, "")
        }
        ordered = sorted(ranks, key=lambda place: (ranks[place], place))
        groups = [place for place in regions if place in (*REGIONS, "")]
        for place in [*ordered, *groups]:
            line = [str(year), "" if place in groups else place_name(regions[place], words)]
            line.append(place_name(place, words))
            for measure, _ in measures:
                line += _potential(cells, place, measure, year, words)
            line.append(words.percent(number_at(cells, SCORES, place, "share", REDUCTION, year)))
            lines.append(line)
    heads = [words(YEAR), words(REGION), words(PROVINCE)]
    for measure, head in measures:
        if measure in (BENCHMARK, OVERSHOOT):
            heads += [words(PART_OF, name=head, part=unit) for unit in (words(MT), PERCENT)]
        else:
            heads.append(head)
    return pd.DataFrame(lines, columns=[*heads, words("Share, %")])


def _potential(cells: Numbers, place: str, measure: str, year: int, words: Printer) -> list[str]:
    """Texts of one measure; amounts that can be reduced have two, Mt and percent."""
    if measure in (BENCHMARK, OVERSHOOT):
        at = partial(number_at, cells, measure, place)
        return [words.amount(at("value", measure, year), MOST_AMOUNT),
                words.percent(at("share", measure, year))]  # fmt: skip
    quantity = "mean" if place in REGIONS else "value"
    value = number_at(cells, SCORES, place, quantity, measure, year)
    if measure == "quadrant":
        return ["" if pd.isna(value) else named(QUADRANTS, str(int(value)), words)]
    return [words.estimate(value, 0 if measure in COUNTED else None)]
