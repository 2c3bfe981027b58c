"""Notes below the tables of the industrial carbon footprint: sources, choices, gaps, units."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from yrb_carbon.footprint.sequestration import load_sequestration_factors
from yrb_carbon.report.account_tables import number_at, numbers_of, year_runs, years_of
from yrb_carbon.report.cells import format_estimate
from yrb_carbon.report.embodied_names import named
from yrb_carbon.report.footprint_names import CRITERIA, LAND_TYPES
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.moran_figure import CLUSTER_WORDS
from yrb_carbon.report.place_names import place_name
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.regional_notes import regions_text
from yrb_carbon.sources.ceads_sheets import NOT_COVERED
from yrb_carbon.study.account_terms import FLAG
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
    FootprintTable,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
)
from yrb_carbon.study.provinces import load_provinces

FACTOR_SETS = {
    "ceads": message("Shan et al. (2018)"),
    "gbt2589": message("GB/T 2589-2008 and the provincial guidelines of 2011"),
}
SCOPES = {
    ("industry", "power"): message("of industry and of power and heat"),
    ("industry",): message("of industry without power and heat"),
    ("power",): message("of power and heat alone"),
}
ALLOCATIONS = {
    "generation": message(
        "fuels of power and heat plants are emissions of the province that burns them, bought "
        "electricity is not counted again"
    ),
    "consumption": message(
        "electricity and heat count where industry uses them, {grid:g} t per MWh and {heat:g} t "
        "per GJ in every province and year, without the fuels of plants"
    ),
}
NON_ENERGY = {
    "deduct": message("raw materials of the chemical industry are left out"),
    "burn": message("raw materials of the chemical industry count as burnt"),
}
OTHER_PETROLEUM = {
    "feedstock": message("other petroleum products of industry are raw materials"),
    "burn": message("other petroleum products of industry count as burnt"),
}
SOURCE_NOTE = message(
    "Energy emissions {scope}, Mt CO2: provincial energy inventories of {years} times the factors "
    "of {factors}; {choices}."
)
YEARS_INSIDE = {
    "interpolate": message("years without an inventory between two others lie on a line"),
    "drop": message("years without an inventory between two others are left out"),
    "error": message("no year without an inventory between two others"),
}
YEARS_OUTSIDE = {
    "hold": message("those outside have the nearest year's amounts"),
    "drop": message("those outside are left out"),
    "error": message("none outside"),
}
CELLS = {
    "interpolate": message(
        "provinces without a report lie on a line between their reports, or have the nearest"
    ),
    "drop": message("provinces without a report stay empty"),
    "error": message("no province without a report"),
}
GAPS_NOTE = message("Gaps: {rules}.")
DROPPED_NOTE = message("Left out, without an inventory: {years}.")
FLAGS_NOTE = message("Cells of provinces and years: {counts}.")
STATES = {
    "reported": message("{n} reported"),
    "interpolated": message("{n} interpolated"),
    "held": message("{n} of the nearest year"),
    "missing": message("{n} missing"),
}
FILLED_NOTES = {
    "interpolated": message("Interpolated: {cells}."),
    "held": message("Of the nearest year: {cells}."),
    "missing": message("Missing, and not in the sums, means and counts of their years: {cells}."),
}
FILLED = message("{places} in {years}")
LAND_NOTE = message("Land cover of the nearest year stands for {years}.")
BORROWED_NOTE = message(
    "Fuels without a factor of the set have that of Shan et al. (2018): up to {share} % of a "
    "year's emissions."
)
CHECK_NOTE = message(
    "Less the inventories: computed less published emissions of industry with power and heat where "
    "they are burnt, of the provinces that both have; the percentage is computed over published."
)
NO_CHECK_NOTE = message("There are no published inventories to compare with.")
SHARES_NOTE = message("Other percentages are of the emissions of all provinces.")
NO_FUEL_NOTE = message("Left out for want of emissions in these years: {fuels}.")
SEQUESTRATIONS = {
    "xie2008": message("world means of Xie et al. (2008)"),
    "province_npp": message("the NPP of each province, an upper bound"),
    "landuse": message("the coefficients of land use of the carbon sinks"),
}
SHARE_RULES = {
    "set": message("as printed with these"),
    "national": message("of the country's land in the year"),
    "province": message("of the province's own land"),
}
ACCOUNTS_NOTE = message(
    "Footprint: land that takes up the emissions; capacity: land that there is ({types}){kept}. "
    "Uptake per hectare: {uptake}; shares of land types in the uptake: {shares}. {account}"
)
WOODY = message("{types}; land under 30 to 60 % of trees counts as {kind}")
WOODY_LEFT_OUT = message("{types}; land under 30 to 60 % of trees is left out, it counts as {kind}")
KEPT = message(", {share:g} % kept for other species")
ACCOUNT_KINDS = {
    "types": message("Land types have accounts of their own: none makes up for another."),
    "one": message(
        "All land is one account. What it takes up in t C is the sum over its land types."
    ),
}
MEAN_UPTAKES = {
    "types": message(
        "The footprint of all types together is the carbon over {own} t per hectare: each type "
        "takes its share. One account would weigh the uptakes by the shares: {other} t per hectare."
    ),
    "one": message(
        "The footprint is the carbon over {own} t per hectare: the uptakes weighed by the shares. "
        "Accounts by land type, each taking its share, would together have {other} t per hectare."
    ),
}
"""With printed shares; with those of land both accounts have the same footprint."""
HECTARES_NOTE = message(
    "Global hectares: equivalence factors of the world and yield factors of China after "
    "Wackernagel et al. (1999). They convert areas alone: what is in t C is of hectares."
)
MEASURES_NOTE = message(
    "Size: the lesser of footprint and capacity; depth: 1 and the overshoot over the capacity, 1 "
    "where the yearly uptake suffices; footprint in three dimensions: size times depth. Deficit: "
    "footprint less capacity, pressure: the one over the other. These sum hectares of all land "
    "types. Flow occupied: part of the yearly uptake in use; stock over flow: emissions beyond the "
    "uptake over those within it; both in t C, for hectares of unlike land take up unlike amounts. "
    "Value added is at current prices. Regions and all are made of the sums of their provinces."
)
TYPES_NOTE = message("Measures of each land type are in estimates.csv.")
PAGE_NOTE = message("Pages show size, depth and their product; the CSV file has all measures.")
OVER_NOTE = message("Provinces with a depth above 1: {counts}.")
SIDES_NOTE = message(
    "Provinces that emit more carbon than their land takes up: {more}; that emit less: {less}."
)
COVER_NOTE = message(
    "Uptake left over in some provinces and land types over the emissions beyond it in others, in "
    "t C: {ratios}."
)
LEVEL_NOTE = message(
    "Level: emissions of industry with power and heat where they are burnt, computed with these "
    "factors, are {ratios} times the published ones."
)
LEVEL_PASSED_ON = message("The footprint is so many times that of the published ones.")
WEIGHTS_NOTE = message("Weights: provinces that share a border, rows standardised{link}.")
LINKED = message("; Hainan is linked to Guangdong")
UNLINKED = message("; Hainan, without a neighbour, is left out")
MORAN_NOTE = message(
    "I with z under randomisation and two-sided p from {permutations} permutations, {n} provinces."
)
LOGS_NOTE = message("ln: the same of natural logarithms.")
CLUSTERS_NOTE = message(
    "Clusters after correction for their number (false discovery rate {level:g}), in brackets "
    "those that are significant before it alone, provinces without any left out; {permutations} "
    "permutations; {meanings}."
)
SEED_NOTE = message("Seed {seed}.")
TREND_NOTE = message(
    "Trends of {first} to {last}, years with an inventory and between: slope of Theil and Sen a "
    "year, test of Mann and Kendall{serial}."
)
SERIAL = message(", interval and test with the variance after Hamed and Rao (1998)")
INDEPENDENT = message(", years taken as independent")
FEW_YEARS_NOTE = message("There are too few years with an inventory for trends.")
SHIFT_NOTE = message(
    "Centre: mean of the centroids of {n} provinces, weighted; shift and direction (from north, "
    "clockwise) since the year before. Standard deviational ellipse{scaling}{weighting}; rotation "
    "of the major axis from north."
)
SCALED = message(", axes times the root of 2")
SQUARED = message(", weights squared")
INEQUALITY_NOTE = message(
    "{n} provinces, {per}. Theil's T and its parts between and within regions; Gini coefficient "
    "with the parts within regions, net between them and of their overlap (Dagum 1997); "
    "coefficient of variation: standard deviation over mean."
)
PER = {
    "province": message("each of the same weight"),
    "head": message("amounts per head, each province of the same weight"),
}
TRENDS_NOTE = message("Intervals of slopes: 95 %; stars by p after FDR over the provinces.")
PLAIN_TRENDS_NOTE = message("Intervals of slopes: 95 %; FDR is over the provinces.")
SUMS_NOTE = message(
    "Whole region and all: as one, amounts summed{per}, depth from the sums of overshoot and "
    "capacity; below it the mean of the provinces, each of the same weight."
)
SUMMED_PER = {"province": "", "head": message(" and divided by their population")}
POTENTIAL_NOTE = message(
    "Equity ({equity}) and efficiency ({efficiency}): criteria scaled to 0 to 1 and weighted by "
    "their entropy; index: {weight:g} of equity and {rest:g} of efficiency (after Wei, Ni and Du "
    "2012). Ranks, 1 is the largest potential{draws}. Above the mean: which of the two scores. To "
    "the best quarter: emissions above those at the 25 % quantile of emissions per value added; to "
    "the capacity: emissions to cut until {fits}. Share: of index times emissions in that of all; "
    "of regions the means of the scores."
)
FITS = {
    "types": message("the footprint fits the land of every type, as they share the emissions"),
    "unlike": message(
        "the footprint fits the land of every type, as they share the emissions: a province short "
        "of one land type has to cut though its land as a whole may take up more than it emits"
    ),
    "one": message("the footprint fits the land"),
}
SO_FAR_NOTE = message(
    "Shares in the emissions so far are of the years in which no province of the year is missing."
)
DRAWS = message(", with their 5 % and 95 % quantiles over {draws} random weights")
ENTROPY_NOTE = message("Weights {year}: {weights}; rank correlation with equal weights {rank}.")
LAST_NOTE = message("Pages show the last year; the CSV file has all years of the table.")
EXACT_NOTE = message("Accounts are sums and ratios: there is no covariance.")
EQUITY = ("per_head", "depth", "cumulative_share")
EFFICIENCY = ("per_value_added", "coal_share")


def section_of(study: Study) -> FootprintSection:
    """Section of the footprint of a study that has tables of it."""
    if study.footprint is None:
        raise TypeError("the study has no section of the footprint")
    return study.footprint


def source_text(section: FootprintSection, words: Words) -> str:
    """What emissions are made from, in one sentence."""
    years = [year for year in sorted(section.energy) if year in section.years]
    scope = tuple(sorted(section.scope))
    allocation = words(
        ALLOCATIONS[section.power], grid=section.grid_factor, heat=section.heat_factor
    )
    parts = [
        *([allocation] if "power" in scope else []),
        *(
            [
                words(NON_ENERGY[section.non_energy]),
                words(OTHER_PETROLEUM[section.other_petroleum]),
            ]
            if "industry" in scope
            else []
        ),
    ]
    return words(
        SOURCE_NOTE,
        scope=words(SCOPES[scope]),
        years=words.listing(year_runs(years)),
        factors=words(FACTOR_SETS[section.factors]),
        choices=words.clauses(parts),
    )


def gaps_text(section: FootprintSection, words: Words) -> str:
    """What is done with gaps, in one sentence."""
    rules = (
        YEARS_INSIDE[section.gaps.inside],
        YEARS_OUTSIDE[section.gaps.outside],
        CELLS[section.gaps.cells],
    )
    return words(GAPS_NOTE, rules=words.clauses(map(words, rules)))


def sources_text(section: FootprintSection, rows: pd.DataFrame, words: Words) -> str:
    """What emissions are made from, what is done with gaps, and where there were any."""
    flags = rows[rows["model"].eq(FLAG)]
    said = [source_text(section, words), gaps_text(section, words), *_flags(flags, words)]
    return words.sentences(said)


def land_text(section: FootprintSection, words: Words) -> str:
    """What takes up the emissions."""
    kept = words(KEPT, share=100 * section.biodiversity) if section.biodiversity else ""
    said = [
        words(
            ACCOUNTS_NOTE,
            types=_types_text(section, words),
            kept=kept,
            uptake=words(SEQUESTRATIONS[section.sequestration]),
            shares=words(SHARE_RULES[section.shares]),
            account=words(ACCOUNT_KINDS[section.accounts]),
        )
    ]
    if section.shares == "set" and len(section.land_types) > 1:
        said.append(_mean_uptakes(section, words))
    if section.unit == "gha":
        said.append(words(HECTARES_NOTE))
    return words.sentences(said)


def _types_text(section: FootprintSection, words: Words) -> str:
    """Land types, and where land under few trees went, if it is of one of them or could be."""
    types = words.listing(named(LAND_TYPES, kind, words) for kind in section.land_types)
    if not {"forest", "grassland"} & set(section.land_types):
        return types
    is_in = section.woody_savanna in section.land_types
    kind = named(LAND_TYPES, section.woody_savanna, words)
    return words(WOODY if is_in else WOODY_LEFT_OUT, types=types, kind=kind)


def _mean_uptakes(section: FootprintSection, words: Words) -> str:
    """How many t C need a hectare in the accounts of the study, and in the other ones."""
    printed = load_sequestration_factors(section.sequestration).loc[list(section.land_types)]
    shares = printed["share"] / printed["share"].sum()
    means = {
        "types": 1.0 / float((shares / printed["factor"]).sum()),
        "one": float((shares * printed["factor"]).sum()),
    }
    (other,) = set(means) - {section.accounts}
    text = MEAN_UPTAKES[section.accounts]
    return words(
        text,
        own=format_estimate(means[section.accounts], 3),
        other=format_estimate(means[other], 3),
    )


def emission_notes(
    table: IndustrialEmissionsTable,
    study: Study,
    rows: pd.DataFrame,
    absent: list[str],
    words: Words,
) -> list[str]:
    """Notes of emissions: source, gaps with their number, comparison."""
    section = section_of(study)
    is_checked = rows["model"].eq("difference").any()
    said = [
        words(CHECK_NOTE) if is_checked else words(NO_CHECK_NOTE),
        words(SHARES_NOTE),
        *([words(NO_FUEL_NOTE, fuels=words.listing(absent))] if absent else []),
    ]
    return [
        sources_text(section, rows, words),
        words.sentences(said),
        *_common(section, rows, words),
    ]


def _flags(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Which years are left out and which cells filled; land cover and factors that are others'."""
    whole_years = rows[rows["equation"].eq("") & rows["quantity"].eq("value")]
    is_dropped = whole_years["term"].eq("dropped")
    if is_dropped.any():
        gone = years_of(whole_years[is_dropped])
        yield words(DROPPED_NOTE, years=words.listing(year_runs(gone)))
    counts = whole_years[~is_dropped]
    if len(counts):
        sums = counts.groupby("term")["estimate"].sum()
        yield words(
            FLAGS_NOTE,
            counts=words.listing(
                words(text, n=int(sums[state])) for state, text in STATES.items() if state in sums
            ),
        )
        whole = counts.groupby("year")["estimate"].sum()
        for state, text in FILLED_NOTES.items():
            cells = rows[rows["term"].eq(state) & rows["equation"].isin(load_provinces().codes)]
            if len(cells):
                yield words(text, cells=words.clauses(_filled(cells, whole, words)))
    land = rows[rows["equation"].eq("land") & rows["estimate"].gt(0)]
    if len(land):
        yield words(LAND_NOTE, years=words.listing(map(str, years_of(land))))
    borrowed = rows[rows["equation"].eq("borrowed")]
    if len(borrowed):
        share = format_estimate(100 * float(borrowed["estimate"].max()), 1)
        yield words(BORROWED_NOTE, share=share)


def _filled(cells: pd.DataFrame, whole: pd.Series, words: Words) -> Iterator[str]:
    """Years in which all provinces are of a state, and provinces that are so in other years."""
    numbers = cells.groupby("year").size()
    everywhere = [int(year) for year in numbers.index[numbers.eq(whole.reindex(numbers.index))]]
    if everywhere:
        years = words.listing(year_runs(everywhere))
        yield words(FILLED, places=place_name("", words), years=years)
    for province, own in cells[~cells["year"].isin(everywhere)].groupby("equation"):
        years = words.listing(year_runs(years_of(own)))
        yield words(FILLED, places=place_name(str(province), words), years=years)


def _fit(section: FootprintSection) -> str:
    """Which footprint is cut to the land; by the province's shares all types are pressed alike."""
    is_unlike = section.shares != "province" or section.unit == "gha"
    if section.accounts == "types" and len(section.land_types) > 1 and is_unlike:
        return "unlike"
    return section.accounts


def account_notes(
    table: FootprintAccountsTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[str]:
    """Notes of the accounts: land, measures, overshoot."""
    section = section_of(study)
    own = rows[rows["model"].eq("accounts")]
    whole = own[own["equation"].eq("")]
    years = [year for year in years_of(whole) if year in table.printed_years(section)]
    said = [words(MEASURES_NOTE), *_overshoot(whole, years, words), *_level(section, rows, words)]
    if section.accounts == "types" and len(section.land_types) > 1:
        said.append(words(TYPES_NOTE))
    if words.layout.columns is None:
        said.append(words(PAGE_NOTE))
    return [
        land_text(section, words),
        words.sentences(said),
        sources_text(section, rows, words),
        *_common(section, rows, words),
    ]


def _overshoot(whole: pd.DataFrame, years: list[int], words: Words) -> Iterator[str]:
    """Provinces in overshoot, and what the others leave unused."""
    cells = numbers_of(whole, "quantity", "term", "year")

    def listed(quantity: str, term: str, decimals: int) -> str:
        found = {year: number_at(cells, quantity, term, year) for year in years}
        return words.listing(
            words("{year}: {value}", year=year, value=format_estimate(value, decimals))
            for year, value in found.items()
            if pd.notna(value)
        )

    if counts := listed("value", "n_overshoot", 0):
        yield words(OVER_NOTE, counts=counts)
    more, less = listed("value", "n_deficit", 0), listed("value", "n_surplus", 0)
    if more and less:
        yield words(SIDES_NOTE, more=more, less=less)
    if ratios := listed("ratio", "unused_to_overshoot", 2):
        yield words(COVER_NOTE, ratios=ratios)


def _level(section: FootprintSection, rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """How far the factors lift the emissions above the published ones.

    The footprint follows where it counts the emissions that are compared: those of both scopes,
    where they are burnt.
    """
    ratios = rows[rows["model"].eq("difference") & rows["quantity"].eq("ratio")]["estimate"]
    if len(ratios):
        low, high = (format_estimate(value, 3) for value in (ratios.min(), ratios.max()))
        span = low if low == high else words("{low} to {high}", low=low, high=high)
        yield words(LEVEL_NOTE, ratios=span)
        if section.power == "generation" and set(section.scope) == {"industry", "power"}:
            yield words(LEVEL_PASSED_ON)


def moran_notes(
    table: FootprintMoranTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[str]:
    """Notes of Moran's I: weights, permutations, level, seed."""
    section = section_of(study)
    shuffled = rows[rows["inference"].eq("permutation")]
    meanings = words.clauses(
        words("{name}: {meaning}", name=name, meaning=words(meaning))
        for name, meaning in CLUSTER_WORDS.items()
    )
    link = words(LINKED if section.link_hainan else UNLINKED)
    said = [
        words(WEIGHTS_NOTE, link=link),
        words(MORAN_NOTE, permutations=section.permutations, n=_units(rows, words)),
        *([words(LOGS_NOTE)] if table.logs else []),
        words(
            CLUSTERS_NOTE,
            level=section.alpha,
            permutations=table.local_permutations,
            meanings=meanings,
        ),
        *(
            words(SEED_NOTE, seed=int(seed))
            for seed in sorted(shuffled["seed"].dropna().unique())[:1]
        ),
    ]
    return [words.sentences(said), *_in_time(table, section, rows, words)]


def _units(rows: pd.DataFrame, words: Words) -> str:
    """Provinces of the rows that are about all of them."""
    counts = sorted({int(count) for count in rows["n_units"].dropna() if count > 1})
    return words.listing(map(str, counts[-1:]))


def _in_time(
    table: FootprintTable,
    section: FootprintSection,
    rows: pd.DataFrame,
    words: Printer,
) -> list[str]:
    """Trends, stars, sources, the study's note: what all tables in space and time say."""
    tests = rows[rows["model"].isin(["trend", "trend_log"]) & rows["quantity"].eq("test")]
    said = []
    if len(tests):
        is_serial = tests["inference"].str.startswith("hamed_rao").any()
        measured = section.measured_years
        said.append(
            words(
                TREND_NOTE,
                first=measured[0],
                last=measured[-1],
                serial=words(SERIAL if is_serial else INDEPENDENT),
            )
        )
    else:
        said.append(words(FEW_YEARS_NOTE))
    if isinstance(table, FootprintInequalityTable) and len(tests):
        said.append(words(TRENDS_NOTE if words.has_stars else PLAIN_TRENDS_NOTE))
        per = SUMMED_PER[table.per]
        said.append(words(SUMS_NOTE, per=words(per) if per else ""))
    is_bare = isinstance(table, FootprintInequalityTable) and not len(tests)
    if words.has_stars and not is_bare and not isinstance(table, FootprintShiftTable):
        said.append(words("{stars}.", stars=words.stars_key))
    has_regions = not isinstance(table, FootprintShiftTable)
    return [
        words.sentences(said),
        sources_text(section, rows, words),
        *_common(section, rows if has_regions else None, words),
    ]


def shift_notes(
    table: FootprintShiftTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[str]:
    """Notes of gravity centres and ellipses."""
    said = words(
        SHIFT_NOTE,
        n=_units(rows, words),
        scaling=words(SCALED) if table.scaling == "sqrt2" else "",
        weighting=words(SQUARED) if table.weighting == "w2" else "",
    )
    return [said, *_in_time(table, section_of(study), rows, words)]


def inequality_notes(
    table: FootprintInequalityTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[str]:
    """Notes of inequality and trends."""
    said = words(INEQUALITY_NOTE, n=_units(rows, words), per=words(PER[table.per]))
    return [said, *_in_time(table, section_of(study), rows, words)]


def potential_notes(
    table: ReductionPotentialTable, study: Study, rows: pd.DataFrame, words: Printer
) -> list[str]:
    """Notes of the reduction potential: criteria, weights, ranges of ranks."""
    section = section_of(study)
    drawn = rows["draws"].dropna()
    draws = words(DRAWS, draws=int(drawn.max())) if len(drawn) else ""
    said = words(
        POTENTIAL_NOTE,
        equity=words.listing(words(CRITERIA[name]) for name in EQUITY),
        efficiency=words.listing(words(CRITERIA[name]) for name in EFFICIENCY),
        weight=table.equity_weight,
        rest=1 - table.equity_weight,
        draws=draws,
        fits=words(FITS[_fit(section)]),
    )
    return [
        said,
        words.sentences([*_so_far(rows, words), *_entropy(rows, words), words(LAST_NOTE)]),
        land_text(section, words),
        sources_text(section, rows, words),
        *_common(section, rows, words),
    ]


def _so_far(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Which years the emissions so far are of, where provinces are missing in some."""
    own = rows[rows["model"].eq(FLAG) & rows["term"].eq("missing")]
    if own["estimate"].gt(0).any():
        yield words(SO_FAR_NOTE)


def _entropy(rows: pd.DataFrame, words: Words) -> Iterator[str]:
    """Weights of the criteria in the last year, and what equal ones would change."""
    own = rows[rows["equation"].isin(["weights", "equal_weights"])]
    for year in years_of(own)[-1:]:
        cells = numbers_of(own[own["year"].eq(year)], "equation", "term")
        weights = words.listing(
            words(
                "{name} {value}",
                name=words(CRITERIA[name]),
                value=format_estimate(number_at(cells, "weights", name), 2),
            )
            for name in (*EQUITY, *EFFICIENCY)
        )
        rank = format_estimate(number_at(cells, "equal_weights", "rank_correlation"), 2)
        yield words(ENTROPY_NOTE, year=year, weights=weights, rank=rank)


def _common(section: FootprintSection, rows: pd.DataFrame | None, words: Words) -> list[str]:
    """What holds for all tables, the regions of the rows if any, and the study's own note."""
    note = [] if section.note is None else [words.label(section.note)]
    regions = [] if rows is None else [_regions(rows, words)]
    return [words.sentences([words(EXACT_NOTE), *regions]), *note]


def _regions(rows: pd.DataFrame, words: Words) -> str:
    """Regions with the provinces of the rows, or where these name none with all that report."""
    codes = set(load_provinces().codes)
    named_in = set(rows.loc[rows["model"].ne(FLAG), "equation"]) & codes
    return regions_text(words, named_in or codes - NOT_COVERED)
