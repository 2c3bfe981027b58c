"""What tables of systems C and D say of the provinces, as rows of estimates.csv have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.footprint_names import ACCOUNT_UNITS, DIMENSIONS, MEASURES, POTENTIAL
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import TOTAL
from yrb_carbon.report.regional_names import BALANCE_TERMS, LAND_KINDS
from yrb_carbon.study.account_figures import TRANSFERS
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import REGIONS, load_provinces

MT, RATIO = message("Mt CO2"), message("ratio")
STOCK, LAND, MONEY = message("10^4 m3"), message("10^3 ha"), message("10^8 yuan")
PER_PRODUCT = message("t CO2 per 10^4 yuan")


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


def _of_potential(term: str) -> Measure:
    if term in ("benchmark", "overshoot"):
        return Measure(POTENTIAL[term], MT, term, term)
    unit = message("rank") if term.startswith("rank") else message("score")
    return Measure(POTENTIAL[term], unit, "equity_efficiency", term)


def _of_balance(term: str, unit: str, quantity: str = "value") -> Measure:
    return Measure(BALANCE_TERMS[term], unit, "balance", term, quantity=quantity)


def _by_term(label: str, unit: str, model: str, equation: str = "") -> Measure:
    return Measure(label, unit, model, equation, "term")


SELECTED: Mapping[str, Mapping[str, Measure]] = {
    "industrial_emissions": {"emissions": Measure(DIMENSIONS["emissions"], MT, "energy", TOTAL)},
    "footprint_accounts": {
        term: Measure(label, ACCOUNT_UNITS.get(term, {}).get("hm2", RATIO), "accounts", term)
        for term, label in MEASURES.items()
    },
    "reduction_potential": {term: _of_potential(term) for term in POTENTIAL if term != "quadrant"},
    "forest_stock": {
        "stock": _by_term(message("Forest stock"), STOCK, "stock"),
        "stored": _by_term(message("CO2 held in the forest"), MT, "carbon", "stock"),
    },
    "land_use": {kind: _by_term(label, LAND, kind) for kind, label in LAND_KINDS.items()},
    "regional_emissions": {
        "emissions": _by_term(BALANCE_TERMS["emissions"], MT, "emissions"),
        "intensity": _by_term(BALANCE_TERMS["intensity"], PER_PRODUCT, "intensity"),
        "gdp": _by_term(BALANCE_TERMS["gdp"], MONEY, "gdp"),
    },
    "regional_transfer": {
        "emissions": _of_balance("emissions", MT),
        "gdp": _of_balance("gdp", MONEY),
        "stored": _of_balance("stored", MT),
        "capacity": _of_balance("capacity", LAND),
        "intensity": _of_balance("intensity", PER_PRODUCT, "ratio"),
        **{term: _of_balance(term, MT) for term in TRANSFERS},
        "ecc": _of_balance("ecc", RATIO, "ratio"),
        "esc": _of_balance("esc", RATIO, "ratio"),
    },
}
"""By kind of table; the measures are those of `study.account_figures.MEASURES`."""


def measure_of(study: Study, table: str, measure: str) -> Measure:
    """Where a measure of a table is found."""
    return SELECTED[study.tables[table].kind][measure]


def unit_of_measure(study: Study, table: str, measure: str, words: Words) -> str:
    """Its unit; areas are global hectares where the study counts in them."""
    own = ACCOUNT_UNITS.get(measure, {})
    if study.tables[table].kind == "footprint_accounts" and own and study.footprint is not None:
        return words(own[study.footprint.unit])
    return words(measure_of(study, table, measure).unit)


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
