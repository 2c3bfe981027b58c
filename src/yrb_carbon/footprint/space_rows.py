"""Tables of the footprint in space and time as rows of estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.analysis.moran import global_moran_rows
from yrb_carbon.analysis.rows import TableKey, complete_rows, share_row, value_row
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import Quantity
from yrb_carbon.footprint.accounts import SUMMED, calc_measures
from yrb_carbon.footprint.space import (
    build_province_weights,
    calc_footprint_track,
    complete_provinces,
)
from yrb_carbon.indices.cells import refuse_cells
from yrb_carbon.indices.centrography import calc_shifts
from yrb_carbon.indices.inequality import calc_dagum_gini, calc_theil, calc_variation
from yrb_carbon.indices.trend import FEWEST_YEARS, calc_mann_kendall, calc_sen_slope
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.footprint import (
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
)
from yrb_carbon.study.provinces import REGIONS, load_provinces
from yrb_carbon.weights.autocorrelation import calc_local_moran
from yrb_carbon.weights.build import SpatialWeights

Rows = Iterator[dict[str, Any]]

WEIGHTS = "queen"
TOTAL = "total"
GLOBAL, LOCAL, TREND, TREND_SUMS = "global", "local", "trend", "trend_sums"
LOG = "_log"
"""Ending of the models of logarithms."""
CENTRE, SHIFT, ELLIPSE = "centre", "shift", "ellipse"
THEIL, DAGUM, VARIATION = "theil", "dagum", "cv"
PAIR, AFFLUENCE = "pair", "affluence"
"""Equations of the Gini coefficient between two regions, and of how little they overlap."""
SEN_SLOPE, TAU, MANN_KENDALL = "sen_slope", "tau", "mann_kendall|z|no trend"
INDEPENDENT, HAMED_RAO = "normal", "hamed_rao"
"""Column `inference` of tests of trends: years independent, or serially correlated."""
RATIOS = ("depth",)
"""Dimensions that are no amounts."""
COMPOSED = ("depth", "footprint_3d")
"""Dimensions that do not add up over provinces."""

CENTRE_TERMS = ("x", "y", "lon", "lat")
ELLIPSE_TERMS = {
    "sde_major": "major", "sde_minor": "minor", "sde_rotation": "rotation", "sde_area": "area",
}  # fmt: skip
SHIFT_TERMS = {
    "shift": "distance", "direction": "direction", "east": "east", "north": "north",
}  # fmt: skip
MOVING = ("lon", "lat", "sde_area")
"""What the trend of a track is tested of."""


@dataclass(frozen=True, slots=True, eq=False)
class SpaceRows:
    """Rows of one table, and what was left out of it.

    Attributes
    ----------
    frame : DataFrame
        Columns of estimates.
    notes : tuple of str
        For the log and the record.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def moran_rows(
    table: FootprintMoranTable,
    accounts: pd.DataFrame,
    outlines: Boundaries,
    section: FootprintSection,
    key: TableKey,
    *,
    seed: int,
) -> SpaceRows:
    """Moran's I of provinces: of every year, its trend, and local clusters of the printed years.

    Parameters
    ----------
    table : FootprintMoranTable
    accounts : DataFrame, index (province, year)
        The dimensions of the table.
    outlines : Boundaries
        Of `read_province_outlines`.
    section : FootprintSection
        Whether Hainan is linked; permutations and level.
    key : TableKey
    seed : int

    Returns
    -------
    SpaceRows
        Outcome: the dimension. Model `global`: rows as those of Moran's I of the panel. `trend`:
        of I over the years with an inventory. `local`, equation the province: `moran` of term the
        cluster (HH, LH, LL, HL, ns), p by permutation before and after FDR; `value` of terms z
        and lag (standardised value, and that of the neighbours). `global_log`, `trend_log`,
        `local_log`: the same of logarithms, for table.logs.

    Raises
    ------
    DataError
        If the accounts lack a dimension, or a value to take the logarithm of is not positive.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    built: dict[tuple[str, ...], SpatialWeights] = {}
    for dimension in table.dimensions:
        values, left_out = complete_provinces(_column(accounts, dimension))
        notes += _left_out(key.table, left_out)
        provinces = tuple(sorted(set(values.index.get_level_values("unit"))))
        if provinces not in built:
            built[provinces] = build_province_weights(
                outlines, provinces, link_islands=section.link_hainan
            )
        weights = built[provinces]
        notes += _islands(key.table, weights.linked, weights.dropped)
        panel = values.to_frame().loc[list(weights.unit_ids)]
        panel, flat = _without_flat_years(panel)
        notes += [f"{key.table}: {dimension} is the same everywhere in {year}" for year in flat]
        shared = {"outcome": dimension, "weights": WEIGHTS}
        for suffix in ("", LOG) if table.logs else ("",):
            own = _logarithms(panel) if suffix else panel
            found, short = _moran_of(table, own, weights, section, key.table, seed)
            notes += short
            rows += [{**shared, **row, "model": row["model"] + suffix} for row in found]
    return SpaceRows(complete_rows(rows, key), tuple(dict.fromkeys(notes)))


def _moran_of(
    table: FootprintMoranTable,
    panel: pd.DataFrame,
    weights: SpatialWeights,
    section: FootprintSection,
    name: str,
    seed: int,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of one dimension, the only column of the panel, and notes."""
    dimension = str(panel.columns[0])
    found = global_moran_rows(
        panel, weights, [dimension], permutations=section.permutations, seed=seed
    )
    by_year = pd.Series({row["year"]: row["estimate"] for row in found})
    trend, notes = _track_trend(by_year, section, name)
    rows = [
        *({"model": GLOBAL, **row} for row in found),
        *({"model": TREND, "n_units": len(weights.unit_ids), **row} for row in trend),
        *({"model": LOCAL, **row} for row in _local_rows(table, panel, weights, section, seed)),
    ]
    return rows, notes


def _logarithms(panel: pd.DataFrame) -> pd.DataFrame:
    values = panel.iloc[:, 0]
    refuse_cells(~(values > 0), f"no logarithm of {values.name}", value=values)
    return pd.DataFrame(np.log(panel))


def _local_rows(
    table: FootprintMoranTable,
    panel: pd.DataFrame,
    weights: SpatialWeights,
    section: FootprintSection,
    seed: int,
) -> Rows:
    """Local clusters of the printed years that the panel has."""
    printed = panel[panel.index.get_level_values("year").isin(table.printed_years(section))]
    if printed.empty:
        return
    local = calc_local_moran(
        printed, weights, str(panel.columns[0]), permutations=table.local_permutations, seed=seed,
        level=section.alpha,
    )  # fmt: skip
    drawn = {"draws": table.local_permutations, "seed": seed}
    n_units = int(local["unit"].nunique())
    for _, line in local.iterrows():
        place = {"equation": line["unit"], "year": int(line["year"]), "n_units": n_units}
        for inference, cluster, p_value in (
            ("permutation", "cluster", "p_permutation"),
            ("permutation_fdr", "cluster_fdr", "p_fdr"),
        ):
            yield {
                **place,
                **drawn,
                "quantity": Quantity.MORAN.value,
                "term": line[cluster],
                "estimate": float(line["local_moran"]),
                "p_value": float(line[p_value]),
                "inference": inference,
            }
        for term in ("z", "lag"):
            yield {**place, **value_row(term, line[term])}


def shift_rows(
    table: FootprintShiftTable,
    accounts: pd.DataFrame,
    outlines: Boundaries,
    section: FootprintSection,
    key: TableKey,
) -> SpaceRows:
    """Gravity centre, its shifts, and the standard deviational ellipse by year.

    Parameters
    ----------
    table, accounts, outlines, section, key
        As in `moran_rows`.

    Returns
    -------
    SpaceRows
        Outcome: the dimension. Model `centre`: x, y (km), lon, lat (degrees). `ellipse`: sde_major,
        sde_minor (km), sde_rotation (degrees clockwise from north), sde_area (km2). `shift`,
        equation the period, year its end: shift, east, north (km), direction (degrees clockwise
        from north, empty where nothing moved). `trend`, equation lon, lat or sde_area. Shifts and
        trends are of the years from the first to the last inventory.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for dimension in table.dimensions:
        values, left_out = complete_provinces(_column(accounts, dimension))
        notes += _left_out(key.table, left_out)
        track = calc_footprint_track(
            values, outlines, crs=table.crs, scaling=table.scaling, weighting=table.weighting
        )
        named = track.assign(**{term: track[name] for term, name in ELLIPSE_TERMS.items()})
        own = {"outcome": dimension, "n_units": values.index.get_level_values("unit").nunique()}
        for year, line in named.iterrows():
            by_model = {CENTRE: CENTRE_TERMS, ELLIPSE: ELLIPSE_TERMS}
            rows += [
                {**own, "model": model, "year": year, **value_row(term, line[term])}
                for model, terms in by_model.items()
                for term in terms
            ]
        measured = track[track.index.isin(list(section.measured_years))]
        if len(measured) > 1:
            rows += [{**own, "model": SHIFT, **row} for row in _shift_rows(measured)]
        for term in MOVING:
            trend, short = _track_trend(named[term], section, key.table)
            notes += short
            rows += [{**own, "model": TREND, "equation": term, **row} for row in trend]
    return SpaceRows(complete_rows(rows, key), tuple(dict.fromkeys(notes)))


def _shift_rows(track: pd.DataFrame) -> Rows:
    shifts = calc_shifts(track)
    for (start, end), (_, line) in zip(shifts.index, shifts.iterrows(), strict=True):
        for term, name in SHIFT_TERMS.items():
            yield {"equation": f"{start}-{end}", "year": end, **value_row(term, line[name])}


def inequality_rows(
    table: FootprintInequalityTable,
    accounts: pd.DataFrame,
    population: pd.Series,
    section: FootprintSection,
    key: TableKey,
) -> SpaceRows:
    """Inequality between provinces and regions by year, and trends of provinces and regions.

    Parameters
    ----------
    table : FootprintInequalityTable
    accounts : DataFrame, index (province, year)
        The dimensions of the table, and for depth and 3-D footprint all amounts that sum.
    population : Series, index (province, year)
        10^4 persons; of the cells of `accounts`, for table.per head.
    section : FootprintSection
    key : TableKey

    Returns
    -------
    SpaceRows
        Outcome: the dimension. Model `theil`: total, between, within, and the shares of the two;
        equation a region: total, T within it, and the share `within` that it adds to the whole.
        `dagum`: G, Gw, Gnb, Gt, and the shares of the three; equation a region: G within; `pair`
        and `affluence`: G_jh and D_jh of two regions, term `<region>-<region>`. `cv`: total;
        equation a region: the same within. `trend`, equation a province, or a region (mean over
        its provinces), or empty (over all): `value` of sen_slope (per year, with its interval)
        and tau, `test` of Mann and Kendall; p of provinces also after FDR. `trend_sums`: the same
        of each region, and of all, as one: the sum over its provinces, depth and 3-D footprint made
        of the sums of size, overshoot and capacity; per head over their population.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    regions = load_provinces().frame["region"]
    for dimension in table.dimensions:
        amounts = _column(accounts, dimension)
        if table.per == "head" and dimension not in RATIOS:
            amounts = (amounts / population.reindex(amounts.index)).rename(dimension)
        values, left_out = complete_provinces(amounts)
        notes += _left_out(key.table, left_out)
        by_year = values.unstack("year")
        groups = regions.reindex(by_year.index)
        own = {"outcome": dimension, "n_units": len(by_year)}
        for year in by_year.columns:
            rows += [
                {**own, "year": int(year), **row} for row in _inequality_rows(by_year[year], groups)
            ]
        measured = by_year.loc[:, by_year.columns.isin(list(section.measured_years))]
        if measured.shape[1] < FEWEST_YEARS:
            notes.append(_too_short(key.table, measured.shape[1]))
            continue
        rows += [
            {"outcome": dimension, "model": TREND, **row}
            for row in _trend_rows(measured, groups, serial=table.serial_correlation)
        ]
        persons = population if table.per == "head" and dimension not in RATIOS else None
        for equation, members in _groups_of(groups).items():
            series = calc_group_series(accounts, dimension, members, persons)[measured.columns]
            place = {"equation": equation, "n_units": len(members)}
            rows += [
                {"outcome": dimension, "model": TREND_SUMS, **place, **row}
                for row in trend_rows(series, serial=table.serial_correlation)
            ]
    return SpaceRows(complete_rows(rows, key), tuple(dict.fromkeys(notes)))


def calc_group_series(
    accounts: pd.DataFrame,
    dimension: str,
    provinces: Sequence[str],
    population: pd.Series | None = None,
) -> pd.Series:
    """A dimension of several provinces as one, by year.

    Amounts are sums. Depth is 1 + sum overshoot / sum capacity and the 3-D footprint sum size times
    that: the depth of a region, not the mean of the depths of its provinces, in which a small
    province without forest weighs as much as a large one.

    Parameters
    ----------
    accounts : DataFrame, index (province, year)
        The dimension; for depth and 3-D footprint the amounts that sum.
    dimension : str
    provinces : sequence of str
    population : Series, index (province, year), optional
        10^4 persons; then per head.

    Returns
    -------
    Series, index year
    """
    own = accounts[accounts.index.get_level_values("province").isin(list(provinces))].sort_index()
    if dimension in COMPOSED:
        lacking = [name for name in SUMMED if name not in own]
        if lacking:
            raise DataError(f"the {dimension} of a region is made of {listing(lacking)}, not there")
        values = calc_measures(own[list(SUMMED)].groupby(level="year").sum())[dimension]
    else:
        values = own[dimension].groupby(level="year").sum()
    if population is None:
        return values
    return values / population.reindex(own.index).groupby(level="year").sum()


def _groups_of(groups: pd.Series) -> dict[str, list[str]]:
    """Regions that have provinces, with their provinces; all under the empty name."""
    found = {region: [str(code) for code in groups.index[groups.eq(region)]] for region in REGIONS}
    found[""] = [str(code) for code in groups.index]
    return {name: codes for name, codes in found.items() if codes}


def _inequality_rows(values: pd.Series, groups: pd.Series) -> Rows:
    """Theil, Gini and variation of the provinces of one year."""
    theil, dagum = calc_theil(values, groups), calc_dagum_gini(values, groups)
    own = {"model": THEIL}
    for term in (TOTAL, "between", "within"):
        yield {**own, **value_row(term, getattr(theil, term))}
    for region, line in theil.by_group.iterrows():
        yield {**own, "equation": region, **value_row(TOTAL, line["theil"])}
    if theil.total > 0:
        for term in ("between", "within"):
            yield {**own, **share_row(term, getattr(theil, term) / theil.total)}
        for region, line in theil.by_group.iterrows():
            yield {**own, "equation": region, **share_row("within", line["within"] / theil.total)}
    own = {"model": DAGUM}
    parts = {"Gw": dagum.within, "Gnb": dagum.net_between, "Gt": dagum.transvariation}
    for term, number in {"G": dagum.total, **parts}.items():
        yield {**own, **value_row(term, number)}
    if dagum.total > 0:
        for term, number in parts.items():
            yield {**own, **share_row(term, number / dagum.total)}
    for region, gini in dagum.by_group.items():
        yield {**own, "equation": region, **value_row("G", gini)}
    for (first, second), (_, line) in zip(dagum.pairs.index, dagum.pairs.iterrows(), strict=True):
        term = f"{first}-{second}"
        yield {**own, "equation": PAIR, **value_row(term, line["gini"])}
        yield {**own, "equation": AFFLUENCE, **value_row(term, line["affluence"])}
    yield {"model": VARIATION, **value_row(TOTAL, calc_variation(values))}
    for region in theil.by_group.index:
        within = calc_variation(values[groups.eq(region)])
        yield {"model": VARIATION, "equation": region, **value_row(TOTAL, within)}


def _trend_rows(by_year: pd.DataFrame, groups: pd.Series, *, serial: bool) -> Rows:
    """Trends of provinces, of the means of regions and of all; by_year: provinces x years."""
    from statsmodels.stats.multitest import multipletests

    tests: list[dict[str, Any]] = []
    for province, series in by_year.iterrows():
        for row in trend_rows(series, serial=serial):
            if row["quantity"] == Quantity.TEST.value:
                tests.append({"equation": province, **row})
            yield {"equation": province, "n_units": 1, **row}
    adjusted = multipletests([row["p_value"] for row in tests], method="fdr_bh")[1]
    for row, p_value in zip(tests, adjusted, strict=True):
        inference = f"{row['inference']}_fdr"
        yield {**row, "n_units": 1, "p_value": float(p_value), "inference": inference}
    for region in REGIONS:
        if (members := groups.eq(region)).any():
            means = by_year[members].mean()
            for row in trend_rows(means, serial=serial):
                yield {"equation": region, "n_units": int(members.sum()), **row}
    for row in trend_rows(by_year.mean(), serial=serial):
        yield {"n_units": len(by_year), **row}


def trend_rows(series: pd.Series, *, serial: bool) -> Rows:
    """Slope of Theil and Sen and test of Mann and Kendall of a yearly series.

    Parameters
    ----------
    series : Series, index year
    serial : bool
        Whether test and interval allow for serial correlation; the series must then have all
        years.
    """
    slope = calc_sen_slope(series, serial_correlation=serial)
    test = calc_mann_kendall(series, serial_correlation=serial)
    own = {"n_periods": test.n_years}
    limits = {"ci_lower": slope.lower, "ci_upper": slope.upper}
    yield {**own, **value_row(SEN_SLOPE, slope.slope), **limits}
    yield {**own, **value_row(TAU, test.tau)}
    yield {
        **own,
        "quantity": Quantity.TEST.value,
        "term": MANN_KENDALL,
        "estimate": test.z,
        "statistic": test.z,
        "p_value": test.p_value,
        "inference": HAMED_RAO if serial else INDEPENDENT,
    }


def _track_trend(
    series: pd.Series, section: FootprintSection, table: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Trend of a number of each year, and a note where years are too few for one.

    Years before the first inventory and after the last are those of a neighbour: no trend. Serial
    correlation is allowed for where no year is missing.
    """
    measured = series[series.index.isin(list(section.measured_years))]
    if len(measured) < FEWEST_YEARS:
        return [], [_too_short(table, len(measured))]
    is_whole = len(measured) == len(section.measured_years)
    return list(trend_rows(measured, serial=is_whole)), []


def _too_short(table: str, n_years: int) -> str:
    return f"{table}: no trend, years with an inventory are {n_years} and not {FEWEST_YEARS}"


def _without_flat_years(panel: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """Leave out the years in which all units have the same value."""
    years = panel.index.get_level_values("year")
    spread = panel.iloc[:, 0].groupby(level="year").agg(lambda values: values.max() - values.min())
    flat = [int(year) for year in spread.index[spread.eq(0)]]
    return panel[~years.isin(flat)], flat


def _column(accounts: pd.DataFrame, dimension: str) -> pd.Series:
    if dimension not in accounts:
        raise DataError(
            f"the accounts have no {dimension!r}; there are {listing(accounts.columns)}"
        )
    return accounts[dimension]


def _left_out(table: str, provinces: Mapping[str, tuple[int, ...]]) -> list[str]:
    return [
        f"{table}: {_name(province)} left out, without a value in {listing(years)}"
        for province, years in provinces.items()
    ]


def _islands(
    table: str, linked: tuple[tuple[str, str], ...], dropped: tuple[str, ...]
) -> list[str]:
    notes = [f"{table}: {_name(island)} linked to {_name(other)}" for island, other in linked]
    return notes + [f"{table}: {_name(island)} left out, without a neighbour" for island in dropped]


def _name(province: str) -> str:
    return load_provinces().label(province)
