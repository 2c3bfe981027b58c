"""What land takes up: carbon per hectare by land type, and the share of each type in the uptake."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.sinks import load_land_use_coefficients
from yrb_carbon.study.paths import data_folder

Sequestration = Literal["xie2008", "province_npp", "landuse"]
Shares = Literal["set", "national", "province"]

FACTORS_FILE = data_folder() / "sequestration_factors.csv"
FACTOR_COLUMNS = ("set", "land_type", "factor", "share", "unit", "source")
LAND_FILE = data_folder() / "land_factors.csv"
LAND_COLUMNS = (
    "land_type", "equivalence_factor", "equivalence_source", "yield_factor", "yield_source",
)  # fmt: skip
AREA_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"forest": "area_forest", "grassland": "area_grass", "cropland": "area_crop",
     "water": "area_water"}
)  # fmt: skip
"""Land type -> its column in the land-use coefficients; areas of provinces have `prov_` before."""

TONNES_PER_HA = 0.01
"""t C per ha in 1 gC per m2."""
SHARE_SUM = 1e-9
"""Rounding of shares that must add up to one."""


@cache
def load_sequestration_factors(
    name: str = "xie2008", path: str | Path = FACTORS_FILE
) -> pd.DataFrame:
    """Read a set of absorption factors.

    Parameters
    ----------
    name : str
        `landuse` is taken from the land-use coefficients of the sinks, where uptake is negative.
    path : path
        A CSV file laid out as `data/sequestration_factors.csv`.

    Returns
    -------
    DataFrame, index land_type
        `factor` (t C per ha and year, positive), `share` (of the uptake; missing in `landuse`).

    Raises
    ------
    DataError
        If the file is laid out otherwise, the set unknown, a factor not positive, or shares do
        not add up to one.
    """
    if name == "landuse":
        coefficients = load_land_use_coefficients()
        uptake = {kind: -coefficients[column] for kind, column in AREA_COLUMNS.items()}
        frame = pd.DataFrame({"factor": pd.Series(uptake), "share": float("nan")})
        return frame[frame["factor"] > 0].rename_axis("land_type")
    table = _read(path, FACTOR_COLUMNS)
    own = table[table["set"].eq(name)].set_index("land_type")
    if own.empty:
        known = listing(sorted({*table["set"], "landuse"}))
        raise DataError(f"{path}: no absorption factors of the set {name!r}; allowed {known}")
    if own.index.has_duplicates or not (own["factor"] > 0).all():
        raise DataError(f"{path}: each land type of {name!r} needs one row, its factor above zero")
    if abs(own["share"].sum() - 1.0) > SHARE_SUM:
        raise DataError(f"{path}: shares of {name!r} add up to {own['share'].sum():g}, not to one")
    return own[["factor", "share"]]


@cache
def load_land_factors(path: str | Path = LAND_FILE) -> pd.DataFrame:
    """Read the factors that turn hectares into global hectares.

    Returns
    -------
    DataFrame, index land_type
        `equivalence_factor` (gha of the world's mean per ha of world-average land of the type) and
        `yield_factor` (of the country's land of the type against the world's).

    Raises
    ------
    DataError
        If the file is laid out otherwise or a factor is not positive.
    """
    table = _read(path, LAND_COLUMNS).set_index("land_type")
    factors = table[["equivalence_factor", "yield_factor"]]
    if factors.index.has_duplicates or not (factors > 0).all(axis=None):
        raise DataError(f"{path}: each land type needs one row with both factors above zero")
    return factors


def calc_uptake_factors(
    cells: pd.MultiIndex,
    land_types: Sequence[str],
    sequestration: Sequestration,
    npp: pd.Series | None = None,
) -> pd.DataFrame:
    """Carbon that a hectare of each land type takes up, t C per ha and year.

    Parameters
    ----------
    cells : MultiIndex (province, year)
    land_types : sequence of str
    sequestration : {"xie2008", "landuse", "province_npp"}
        A set, the same everywhere; or the mean NPP of the province, the same for all land types.
        NPP leaves out the respiration of the soil, so that it is an upper bound.
    npp : Series, index (province, year), optional
        gC/m2/a, for province_npp.

    Returns
    -------
    DataFrame, index `cells`, columns land types

    Raises
    ------
    DataError
        If a land type has no factor, or NPP is missing or not positive; named.
    """
    if sequestration == "province_npp":
        if npp is None:
            raise DataError("absorption by province_npp needs the NPP of the provinces (got none)")
        own = npp.reindex(cells)
        bad = [f"{province} {year}" for province, year in own.index[~(own > 0)]]
        if bad:
            raise DataError(f"NPP is missing or not positive: province and year {listing(bad)}")
        return pd.DataFrame(dict.fromkeys(land_types, own * TONNES_PER_HA), index=cells)
    factors = load_sequestration_factors(sequestration)["factor"]
    absent = [kind for kind in land_types if kind not in factors.index]
    if absent:
        raise DataError(
            f"no absorption factor for {listing(absent)} in the set {sequestration!r}; it has "
            f"{listing(factors.index)}. Leave the land type out, or take another set"
        )
    return pd.DataFrame({kind: float(factors[kind]) for kind in land_types}, index=cells)


def calc_uptake_shares(
    areas: pd.DataFrame, factors: pd.DataFrame, shares: Shares, printed: pd.Series | None = None
) -> pd.DataFrame:
    """Share q of each land type in the uptake of carbon.

    set: the shares that come with the set; national: q_tk = sum_i A_itk n_itk / sum_k sum_i A n;
    province: q_itk = A_itk n_itk / sum_k A n, which makes the pressure on all types of a province
    one and the same.

    Parameters
    ----------
    areas, factors : DataFrame, index (province, year), columns land types
        A in km2 and n in t C per ha and year.
    shares : {"set", "national", "province"}
    printed : Series, index land type, optional
        For `set`; scaled to the land types of `areas`.

    Returns
    -------
    DataFrame
        As `areas`; rows sum to one.

    Raises
    ------
    DataError
        If the set has no share for a land type, or a province no uptake at all; named.
    """
    if shares == "set":
        return _printed_shares(areas, printed)
    uptake = areas * factors
    if shares == "national":
        by_year = uptake.groupby(level="year").sum()
        uptake = by_year.reindex(areas.index.get_level_values("year")).set_axis(areas.index)
    total = uptake.sum(axis=1)
    bad = [f"{province} {year}" for province, year in total.index[~(total > 0)]]
    if bad:
        raise DataError(f"no land that takes up carbon: province and year {listing(bad)}")
    return uptake.div(total, axis=0)


def calc_mean_uptake(factors: pd.DataFrame, weights: pd.DataFrame, shares: Shares) -> pd.Series:
    """Carbon that a hectare takes up on average, for a single account, t C per ha and year.

    set: n = sum_k q_k n_k with the printed shares, as its users have it (Xie et al. 2008); else
    n = 1 / sum_k q_k / n_k, with which one account has the footprint that accounts by land type
    have together. With the province's own shares, or one set of factors for all, that is the mean
    over land, sum A n / sum A, of the province or of the country.

    Parameters
    ----------
    factors, weights : DataFrame, index (province, year), columns land types
        n, and q of `calc_uptake_shares`.
    shares : {"set", "national", "province"}

    Returns
    -------
    Series, index (province, year)
    """
    if shares == "set":
        return (weights * factors).sum(axis=1)
    return 1.0 / (weights / factors).sum(axis=1)


def require_land_types(found: Collection[str], wanted: Collection[str], what: str) -> None:
    """Refuse land types without a row in a table; they are named."""
    absent = [kind for kind in wanted if kind not in found]
    if absent:
        raise DataError(f"no {what} for {listing(absent)}; there are {listing(found)}")


def _printed_shares(areas: pd.DataFrame, printed: pd.Series | None) -> pd.DataFrame:
    known = pd.Series(dtype=float) if printed is None else printed.dropna()
    absent = [kind for kind in areas.columns if kind not in known.index]
    if absent:
        raise DataError(
            f"the set of absorption factors has no share for {listing(absent)}. Take the shares of "
            "the country or of the province: footprint.shares national or province"
        )
    own = known[list(areas.columns)] / known[list(areas.columns)].sum()
    return pd.DataFrame({kind: float(own[kind]) for kind in areas.columns}, index=areas.index)


def _read(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror})") from None
    if tuple(table.columns) != tuple(columns):
        raise DataError(f"{path}: columns {list(table.columns)} found, {list(columns)} wanted")
    return table
