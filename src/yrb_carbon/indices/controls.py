"""The control variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from yrb_carbon.indices.cells import refuse_cells, require_same_cells
from yrb_carbon.indices.constants import PERSONS_PER_UNIT, YUAN_PER_UNIT
from yrb_carbon.indices.transforms import calc_transformed

PERCENT = 100.0


def calc_ln_gdp_per_capita(gdp_real: pd.Series, pop: pd.Series) -> pd.Series:
    """Log of real GDP per person, ln[(gdp_real * 10^4) / (pop * 10^4)].

    Parameters
    ----------
    gdp_real : Series, index (unit, year)
        10^4 yuan at constant prices, positive.
    pop : Series, same index
        10^4 persons, positive.

    Returns
    -------
    Series, log of yuan per person at the prices of `gdp_real`.

    Raises
    ------
    CellError
        If GDP or population is not positive; named.
    """
    per_head = _quotient("gdp_real", gdp_real * YUAN_PER_UNIT, "pop", pop * PERSONS_PER_UNIT)
    return calc_transformed(per_head, "log")


def calc_ln_gdp_per_capita_squared(gdp_real: pd.Series, pop: pd.Series) -> pd.Series:
    """Square of the log of real GDP per person, for the environmental Kuznets curve.

    Parameters, errors as `calc_ln_gdp_per_capita`.

    Returns
    -------
    Series, square of the log of yuan per person.
    """
    return calc_ln_gdp_per_capita(gdp_real, pop) ** 2


def calc_ln_density(pop: pd.Series, area: pd.Series) -> pd.Series:
    """Log of population density, ln(pop * 10^4 / area).

    Parameters
    ----------
    pop : Series, index (unit, year)
        10^4 persons, positive.
    area : Series, same index
        km2, positive.

    Returns
    -------
    Series, log of persons per km2.

    Raises
    ------
    CellError
        If population or area is not positive; named.
    """
    return calc_transformed(_quotient("pop", pop * PERSONS_PER_UNIT, "area", area), "log")


def calc_fdi_share(fdi_usd: pd.Series, usd_cny: pd.Series, gdp: pd.Series) -> pd.Series:
    """Foreign direct investment over GDP, 100 * fdi_usd * usd_cny / gdp.

    Parameters
    ----------
    fdi_usd : Series, index (unit, year)
        10^4 USD.
    usd_cny : Series, same index
        Yuan per USD, mean of the year, positive.
    gdp : Series, same index
        10^4 yuan at current prices, positive.

    Returns
    -------
    Series, percent.

    Raises
    ------
    CellError
        If the exchange rate or GDP is not positive; named.
    """
    require_same_cells(fdi_usd=fdi_usd, usd_cny=usd_cny)
    refuse_cells(~(usd_cny > 0), "the exchange rate must be positive", usd_cny=usd_cny)
    return PERCENT * _quotient("fdi", fdi_usd * usd_cny, "gdp", gdp)


def calc_share_of_gdp(amount: pd.Series, gdp: pd.Series) -> pd.Series:
    """Share of an amount in GDP, amount / gdp.

    Parameters
    ----------
    amount, gdp : Series, index (unit, year)
        10^4 yuan at current prices; GDP positive.

    Returns
    -------
    Series, share (1 is all of GDP; loans may exceed it).

    Raises
    ------
    CellError
        If GDP is not positive; named.
    """
    return _quotient("amount", amount, "gdp", gdp)


def calc_urbanisation(pop_urban: pd.Series, pop: pd.Series) -> pd.Series:
    """Urbanisation, 100 * pop_urban / pop.

    Parameters
    ----------
    pop_urban, pop : Series, index (unit, year)
        10^4 persons; population positive.

    Returns
    -------
    Series, percent.

    Raises
    ------
    CellError
        If the population is not positive, or smaller than its urban part; named.
    """
    share = _quotient("pop_urban", pop_urban, "pop", pop)
    refuse_cells(share > 1, "the urban population exceeds all", pop_urban=pop_urban, pop=pop)
    return PERCENT * share


def calc_road_per_person(road_area_pc: pd.Series) -> pd.Series:
    """Road area per person as it is published, m2 per person."""
    return road_area_pc


CONTROLS: Mapping[str, tuple[tuple[str, ...], Callable[..., pd.Series]]] = {
    "ln_gdp_pc": (("gdp_real", "pop"), calc_ln_gdp_per_capita),
    "ln_gdp_pc_sq": (("gdp_real", "pop"), calc_ln_gdp_per_capita_squared),
    "ln_density": (("pop", "area"), calc_ln_density),
    "fdi_gdp": (("fdi_usd", "usd_cny", "gdp"), calc_fdi_share),
    "fiscal_gdp": (("fiscal_exp", "gdp"), calc_share_of_gdp),
    "loans_gdp": (("loans", "gdp"), calc_share_of_gdp),
    "road_pc": (("road_area_pc",), calc_road_per_person),
    "secondary_share": (("gdp2", "gdp"), calc_share_of_gdp),
    "urbanisation": (("pop_urban", "pop"), calc_urbanisation),
}
"""Measure -> raw columns and the formula that takes them in this order."""


def _quotient(above: str, numerator: pd.Series, below: str, denominator: pd.Series) -> pd.Series:
    named = {above: numerator, below: denominator}
    require_same_cells(**named)
    refuse_cells(~(denominator > 0), f"{below} must be positive", **named)
    return numerator / denominator
