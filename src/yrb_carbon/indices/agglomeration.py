"""Agglomeration of mining: of a unit-year, and of the industry as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from yrb_carbon.indices.cells import refuse_cells, require_same_cells, spread, year_sums


def calc_location_quotient(
    local: pd.Series,
    local_total: pd.Series,
    reference: pd.Series | float,
    reference_total: pd.Series | float,
) -> pd.Series:
    """Location quotient of a sector.

    LQ_it = (m_it / e_it) / (M_t / E_t);  > 1: the unit is specialised in the sector.

    Parameters
    ----------
    local, local_total : Series, index (unit, year)
        Sector and total activity of the unit, m and e (employment: persons).
    reference, reference_total : Series or float
        The same for the reference area, M and E: one number, by year, or by (unit, year).

    Returns
    -------
    Series, index (unit, year), dimensionless.

    Raises
    ------
    CellError
        If m is negative, or e, M or E is zero or negative; the unit-years are named.
    """
    require_same_cells(local=local, local_total=local_total)
    whole = spread(reference, local.index)
    whole_total = spread(reference_total, local.index)
    refuse_cells(local < 0, "sector activity is negative", local=local)
    for name, values in (
        ("local_total", local_total),
        ("reference", whole),
        ("reference_total", whole_total),
    ):
        refuse_cells(~(values > 0), f"{name} must be positive", **{name: values})
    return (local / local_total) / (whole / whole_total)


def calc_basin_reference(local: pd.Series, local_total: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Reference of the location quotient from the units themselves: sums by year.

    M_t = sum_i m_it, E_t = sum_i e_it over the units of the series. The mean of LQ over units,
    weighted by e_it / E_t, is then 1 in every year.

    Returns
    -------
    tuple of Series, index year, units of the arguments.
    """
    require_same_cells(local=local, local_total=local_total)
    return year_sums(local), year_sums(local_total)


def calc_density(local: pd.Series, area: pd.Series) -> pd.Series:
    """Density of an activity, m_it / area_i.

    Parameters
    ----------
    local : Series, index (unit, year)
        Activity m, in any unit.
    area : Series, same index
        km2, positive.

    Returns
    -------
    Series, unit of `local` per km2.

    Raises
    ------
    CellError
        If an area is not positive or an activity negative; named.
    """
    return _part(local, area, "area")


def calc_share(local: pd.Series, local_total: pd.Series) -> pd.Series:
    """Share of a sector in all activity, m_it / e_it.

    Parameters
    ----------
    local, local_total : Series, index (unit, year)
        Sector activity m, not negative; all activity e, positive.

    Returns
    -------
    Series, unit of `local` per unit of `local_total`.

    Raises
    ------
    CellError
        If a total is not positive or an activity negative; named.
    """
    return _part(local, local_total, "local_total")


def calc_herfindahl(sizes: pd.Series) -> pd.Series:
    """Herfindahl-Hirschman index over the mines or sub-sectors of a unit, HHI = sum_k s_k^2.

    s_k = x_k / sum_k x_k. From 1/n (n equal parts) to 1 (one part).

    Parameters
    ----------
    sizes : Series, index (unit, year, item)
        Size x of each mine or sub-sector, not negative, in any unit.

    Returns
    -------
    Series, index (unit, year), dimensionless.

    Raises
    ------
    CellError
        If a size is missing or negative, or the sizes of a unit-year sum to zero; named.
    """
    shares = _item_shares(sizes)
    return (shares**2).groupby(level=["unit", "year"]).sum()


def calc_entropy(sizes: pd.Series) -> pd.Series:
    """Entropy over the mines or sub-sectors of a unit, H = -sum_k s_k ln s_k, 0 ln 0 = 0.

    From 0 (one part) to ln n (n equal parts).

    Parameters, errors as `calc_herfindahl`.

    Returns
    -------
    Series, index (unit, year), nats.
    """
    shares = _item_shares(sizes)
    logs = np.log(shares.where(shares > 0, 1.0).to_numpy(dtype=float))
    terms = pd.Series(-shares.to_numpy(dtype=float) * logs, index=shares.index)
    # Adding 0.0 turns the -0.0 of a single part into 0.0.
    return terms.groupby(level=["unit", "year"]).sum() + 0.0


def calc_spatial_gini(local: pd.Series, local_total: pd.Series) -> pd.Series:
    """Spatial Gini coefficient of an industry, G_t = sum_i (s_it - x_it)^2 (Krugman 1991).

    s_it = m_it / sum_i m_it, x_it = e_it / sum_i e_it. It describes the industry in a year, not a
    unit-year, and so is no regressor.

    Parameters
    ----------
    local, local_total : Series, index (unit, year)
        Sector and total activity.

    Returns
    -------
    Series, index year, dimensionless.

    Raises
    ------
    CellError
        If an activity is missing or negative, or a year sums to zero; named.
    """
    require_same_cells(local=local, local_total=local_total)
    gap = _unit_shares(local, "local") - _unit_shares(local_total, "local_total")
    return year_sums(gap**2)


def calc_ellison_glaeser(
    local: pd.Series, local_total: pd.Series, plant_herfindahl: pd.Series
) -> pd.Series:
    """Ellison-Glaeser index of an industry.

    gamma_t = [G_t - (1 - sum_i x_it^2) H_t] / [(1 - sum_i x_it^2) (1 - H_t)]

    with G the spatial Gini coefficient, x the unit's share of all activity and H the Herfindahl
    index of the industry's plants. Zero: as concentrated as plants thrown at random.

    Parameters
    ----------
    local, local_total : Series, index (unit, year)
        Sector and total activity; at least two units have some.
    plant_herfindahl : Series, index year
        H, in [0, 1).

    Returns
    -------
    Series, index year, dimensionless.

    Raises
    ------
    CellError
        If H is not in [0, 1), or one unit has all activity; named.

    Source: Ellison & Glaeser (1997), Journal of Political Economy 105: 889-927.
    """
    gini = calc_spatial_gini(local, local_total)
    require_same_cells(gini=gini, plant_herfindahl=plant_herfindahl)
    outside = ~((plant_herfindahl >= 0) & (plant_herfindahl < 1))
    refuse_cells(outside, "the plant Herfindahl index must be in [0, 1)", H=plant_herfindahl)
    spread_out = 1 - year_sums(_unit_shares(local_total, "local_total") ** 2)
    refuse_cells(~(spread_out > 0), "one unit has all activity", one_minus_x2=spread_out)
    return (gini - spread_out * plant_herfindahl) / (spread_out * (1 - plant_herfindahl))


def _part(local: pd.Series, whole: pd.Series, name: str) -> pd.Series:
    require_same_cells(**{"local": local, name: whole})
    refuse_cells(local < 0, "sector activity is negative", local=local)
    refuse_cells(~(whole > 0), f"{name} must be positive", **{name: whole})
    return local / whole


def _item_shares(sizes: pd.Series) -> pd.Series:
    ordered = sizes.sort_index()
    refuse_cells(~(ordered >= 0), "a size is missing or negative", size=ordered)
    totals = ordered.groupby(level=["unit", "year"]).sum()
    refuse_cells(~(totals > 0), "the sizes of a unit-year sum to zero", total=totals)
    return ordered / ordered.groupby(level=["unit", "year"]).transform("sum")


def _unit_shares(values: pd.Series, name: str) -> pd.Series:
    ordered = values.sort_index()
    refuse_cells(~(ordered >= 0), f"{name} is missing or negative", **{name: ordered})
    totals = spread(year_sums(ordered), ordered.index)
    refuse_cells(~(totals > 0), f"{name} sums to zero over the units", **{name: ordered})
    return ordered / totals
