"""What tables of systems C and D say of the provinces, as rows of estimates.csv have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import TOTAL
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import REGIONS, load_provinces

MT, AREA = message("Mt CO2"), message("10^4 ha")
NO_UNIT = message("ratio")
PER_HEAD, PER_VALUE = message("ha per person"), message("ha per 10^4 yuan")
GLOBAL_UNITS = {
    AREA: message("10^4 gha"),
    PER_HEAD: message("gha per person"),
    PER_VALUE: message("gha per 10^4 yuan"),
}
"""Units of the footprint where it is counted in global hectares."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Where the rows of a measure are, and what it is called.

    Attributes
    ----------
    label, unit : str
        Messages.
    model : str
    other : str
        The text of that column of `term` and `equation` which does not hold the place.
    place : {"equation", "term"}
        The column that does; all provinces are `total` as a term and empty as an equation.
    quantity : str
    """

    label: str
    unit: str
    model: str
    other: str
    place: Literal["equation", "term"] = "equation"
    quantity: str = "value"


def _of_accounts(label: str, term: str, unit: str = NO_UNIT) -> Measure:
    return Measure(label, unit, "accounts", term)


def _of_potential(label: str, term: str, unit: str, model: str = "equity_efficiency") -> Measure:
    return Measure(label, unit, model, term)


def _of_balance(label: str, term: str, unit: str, quantity: str = "value") -> Measure:
    return Measure(label, unit, "balance", term, quantity=quantity)


INTENSITY_UNIT = message("t CO2 per 10^4 yuan")
SELECTED: Mapping[str, Mapping[str, Measure]] = {
    "industrial_emissions": {
        "emissions": Measure(message("Emissions"), MT, "energy", TOTAL),
    },
    "footprint_accounts": {
        "footprint": _of_accounts(message("Footprint"), "footprint", AREA),
        "capacity": _of_accounts(message("Capacity"), "capacity", AREA),
        "size": _of_accounts(message("Footprint size"), "size", AREA),
        "depth": _of_accounts(message("Footprint depth"), "depth"),
        "footprint_3d": _of_accounts(
            message("Footprint in three dimensions"), "footprint_3d", AREA
        ),
        "deficit": _of_accounts(message("Deficit"), "deficit", AREA),
        "pressure": _of_accounts(message("Pressure"), "pressure"),
        "flow_occupancy": _of_accounts(message("Flow occupied"), "flow_occupancy"),
        "stock_flow_ratio": _of_accounts(message("Stock over flow"), "stock_flow_ratio"),
        "per_head": _of_accounts(message("Footprint per head"), "per_head", PER_HEAD),
        "per_value_added": _of_accounts(
            message("Footprint per value added"), "per_value_added", PER_VALUE
        ),
    },
    "reduction_potential": {
        "equity": _of_potential(message("Equity"), "equity", message("score")),
        "efficiency": _of_potential(message("Efficiency"), "efficiency", message("score")),
        "index": _of_potential(message("Index"), "index", message("score")),
        "rank": _of_potential(message("Rank"), "rank", message("rank")),
        "rank_low": _of_potential(message("Rank, low"), "rank_low", message("rank")),
        "rank_high": _of_potential(message("Rank, high"), "rank_high", message("rank")),
        "benchmark": _of_potential(message("To the best quarter"), "benchmark", MT, "benchmark"),
        "overshoot": _of_potential(message("To the capacity"), "overshoot", MT, "overshoot"),
    },
    "forest_stock": {
        "stock": Measure(message("Forest stock"), message("10^4 m3"), "stock", "", "term"),
        "stored": Measure(message("Carbon in the forest"), MT, "sink", "stock", "term"),
    },
    "land_use": {
        "agricultural": Measure(
            message("Agricultural land"), message("10^3 ha"), "agricultural", "", "term"
        ),
        "construction": Measure(
            message("Construction land"), message("10^3 ha"), "construction", "", "term"
        ),
    },
    "regional_emissions": {
        "emissions": Measure(message("Emissions"), MT, "emissions", "", "term"),
        "intensity": Measure(
            message("Emissions per product"), INTENSITY_UNIT, "intensity", "", "term"
        ),
        "gdp": Measure("GDP", message("10^8 yuan"), "gdp", "", "term"),
    },
    "regional_transfer": {
        "emissions": _of_balance(message("Emissions"), "emissions", MT),
        "sink": _of_balance(message("Carbon in the forest"), "sink", MT),
        "capacity": _of_balance(message("Agricultural land"), "capacity", message("10^3 ha")),
        "intensity": _of_balance(
            message("Emissions per product"), "intensity", INTENSITY_UNIT, "ratio"
        ),
        "transfer_out": _of_balance(message("Emissions for others"), "transfer_out", MT),
        "transfer_in": _of_balance(message("Emissions of others"), "transfer_in", MT),
        "transfer_net": _of_balance(message("Net for others"), "transfer_net", MT),
        "ecc": _of_balance(message("Economic contribution"), "ecc", NO_UNIT, "ratio"),
        "esc": _of_balance(message("Ecological support"), "esc", NO_UNIT, "ratio"),
    },
}
"""By kind of table; the measures are those of `study.account_figures.MEASURES`."""


def measure_of(study: Study, table: str, measure: str) -> Measure:
    """Where a measure of a table is found."""
    return SELECTED[study.tables[table].kind][measure]


def unit_of_measure(study: Study, table: str, measure: str, words: Words) -> str:
    """Its unit; areas are global hectares where the study counts in them."""
    unit = measure_of(study, table, measure).unit
    section = study.footprint
    is_area = study.tables[table].kind == "footprint_accounts" and unit in GLOBAL_UNITS
    if is_area and section is not None and section.unit == "gha":
        return words(GLOBAL_UNITS[unit])
    return words(unit)


def place_values(
    study: Study, estimates: pd.DataFrame, table: str, measure: str
) -> pd.Series[float]:
    """A measure by place and year.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    table, measure : str

    Returns
    -------
    Series, index (unit, year)
        Provinces (two digits), regions and `total`, as far as there are rows.

    Raises
    ------
    DataError
        If there are none, or a place has several in a year.
    """
    wanted = measure_of(study, table, measure)
    other = "term" if wanted.place == "equation" else "equation"
    rows = rows_of(estimates, table)
    rows = rows[rows["model"].eq(wanted.model) & rows["quantity"].eq(wanted.quantity)]
    rows = rows[rows[other].eq(wanted.other)]
    places = rows[wanted.place].replace("", TOTAL)
    known = {*province_regions(), *REGIONS, TOTAL}
    rows, places = rows[places.isin(known)], places[places.isin(known)]
    if rows.empty:
        raise DataError(
            f"the estimates have no rows of {measure!r} by province in table {table!r}; run it "
            "again"
        )
    index = pd.MultiIndex.from_arrays([places, rows["year"].astype(int)], names=["unit", "year"])
    twice = index[index.duplicated()]
    if len(twice):
        cells = (f"{place} {year}" for place, year in twice)
        raise DataError(f"several rows of {measure!r} in table {table!r}: {listing(cells)}")
    return pd.Series(rows["estimate"].to_numpy(dtype=float), index=index).sort_index()


def rows_of(estimates: pd.DataFrame, table: str) -> pd.DataFrame:
    """Rows of a table.

    Raises
    ------
    DataError
        If there are none.
    """
    rows = estimates[estimates["table"].eq(table)]
    if rows.empty:
        raise DataError(f"the estimates have no rows of table {table!r}; run it again")
    return rows


def of_provinces(values: pd.Series[float]) -> pd.Series[float]:
    """Those of `place_values` that are provinces."""
    own: pd.Series[Any] = values[
        values.index.get_level_values("unit").isin(list(province_regions()))
    ]
    return own


@cache
def province_regions() -> Mapping[str, str]:
    """Region of each province."""
    regions = load_provinces().frame["region"]
    return {str(code): str(region) for code, region in regions.items()}


def local_statistics(
    study: Study, estimates: pd.DataFrame, table: str, dimension: str, years: tuple[int, ...]
) -> pd.DataFrame:
    """Local Moran statistics of provinces.

    Returns
    -------
    DataFrame
        unit, year, z, lag, local_moran, cluster, cluster_fdr, level.

    Raises
    ------
    DataError
        If a year has none.
    """
    rows = rows_of(estimates, table)
    rows = rows[rows["outcome"].eq(dimension) & rows["model"].eq("local")]
    rows = rows[rows["year"].isin(years)]
    absent = sorted(set(years) - set(rows["year"].astype(int)))
    if absent:
        raise DataError(
            f"table {table!r} has no local statistics of {dimension} in {listing(absent)}; run it "
            "again"
        )
    keyed = rows.set_index(["equation", "year"])
    values = keyed[keyed["quantity"].eq("value")]
    columns = {name: values.loc[values["term"].eq(name), "estimate"] for name in ("z", "lag")}
    moran = keyed[keyed["quantity"].eq("moran")]
    plain = moran[moran["inference"].eq("permutation")]
    corrected = moran[moran["inference"].eq("permutation_fdr")]
    columns |= {
        "local_moran": plain["estimate"],
        "cluster": plain["term"],
        "cluster_fdr": corrected["term"],
    }
    frame = pd.DataFrame(columns).rename_axis(["unit", "year"]).reset_index()
    section = study.footprint
    return frame.assign(level=section.alpha if section is not None else float("nan"))


def global_moran(estimates: pd.DataFrame, table: str, dimension: str) -> pd.DataFrame:
    """Moran's I of all years.

    Returns
    -------
    DataFrame, index year, columns estimate, p_value (by permutation), n_units

    Raises
    ------
    DataError
        If there is none.
    """
    rows = rows_of(estimates, table)
    rows = rows[rows["outcome"].eq(dimension) & rows["model"].eq("global")]
    rows = rows[rows["quantity"].eq("moran") & rows["inference"].eq("permutation")]
    if rows.empty:
        raise DataError(f"table {table!r} has no Moran's I of {dimension}; run it again")
    frame = rows.set_index(rows["year"].astype(int))[["estimate", "p_value", "n_units"]]
    return frame.sort_index()


TRACK_TERMS = ("lon", "lat", "sde_major", "sde_minor", "sde_rotation")


def track_of(estimates: pd.DataFrame, table: str, dimension: str) -> pd.DataFrame:
    """Gravity centre and ellipse of every year.

    Returns
    -------
    DataFrame, index year
        lon, lat, rotation (degrees), major, minor (km).

    Raises
    ------
    DataError
        If a year lacks one of them.
    """
    rows = rows_of(estimates, table)
    rows = rows[rows["outcome"].eq(dimension) & rows["model"].isin(["centre", "ellipse"])]
    rows = rows[rows["quantity"].eq("value") & rows["term"].isin(TRACK_TERMS)]
    track = rows.pivot(index="year", columns="term", values="estimate")
    track = track.reindex(columns=list(TRACK_TERMS)).sort_index()
    if track.empty or track.isna().to_numpy().any():
        raise DataError(f"table {table!r} lacks centres or ellipses of {dimension}; run it again")
    track.index = track.index.astype(int)
    return track.rename(columns=lambda term: str(term).removeprefix("sde_"))


def area_flows(estimates: pd.DataFrame, table: str, areas: tuple[str, ...]) -> pd.DataFrame:
    """Transfers between areas, Mt CO2.

    Returns
    -------
    DataFrame, areas x areas
        Row: where it is emitted; column: whose final demand drives it; what an area emits for its
        own is on the diagonal.

    Raises
    ------
    DataError
        If a pair has no row.
    """
    rows = rows_of(estimates, table)
    rows = rows[rows["model"].eq("matrix") & rows["quantity"].eq("value")]
    sizes = rows.set_index("term")["estimate"]
    wanted = {f"{source}-{user}": (source, user) for source in areas for user in areas}
    absent = [term for term in wanted if term not in sizes.index]
    if absent:
        raise DataError(f"table {table!r} has no transfer {listing(absent)}; run it again")
    flows = pd.DataFrame(0.0, index=list(areas), columns=list(areas))
    for term, (source, user) in wanted.items():
        flows.loc[source, user] = float(sizes[term])
    return flows


def year_of_matrix(estimates: pd.DataFrame, table: str) -> int:
    """Year of the transfers between areas."""
    rows = rows_of(estimates, table)
    return int(rows.loc[rows["model"].eq("matrix"), "year"].max())
