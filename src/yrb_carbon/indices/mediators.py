"""The three mediators: industrial upgrading, technical progress, land carbon sequestration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.indices.cells import refuse_cells, require_same_cells
from yrb_carbon.indices.constants import T_PER_MT
from yrb_carbon.indices.transforms import calc_transformed

ANGLE_MINIMUM, ANGLE_MAXIMUM = 1.5 * np.pi, 2.5 * np.pi
"""Bounds of the angle index: all product in the primary, all in the tertiary sector."""


def calc_ts(gdp2: pd.Series, gdp3: pd.Series) -> pd.Series:
    """Industrial upgrading TS = Y3 / Y2.

    Parameters
    ----------
    gdp2, gdp3 : Series, index (unit, year)
        Value added of secondary and tertiary industry, in one unit of value.

    Returns
    -------
    Series, dimensionless; higher is more upgraded.

    Raises
    ------
    CellError
        If Y2 is not positive; named.

    Source: Gan, Zheng & Yu (2011), 经济研究 2011(5).
    """
    require_same_cells(gdp2=gdp2, gdp3=gdp3)
    refuse_cells(~(gdp2 > 0), "gdp2 must be positive", gdp2=gdp2, gdp3=gdp3)
    return gdp3 / gdp2


def calc_theil(product: Sequence[pd.Series], labour: Sequence[pd.Series]) -> pd.Series:
    """Industrial rationalisation, the Theil index with its sign reversed.

    -TL = -sum_j (Y_j / Y) ln[(Y_j / L_j) / (Y / L)],  Y = sum_j Y_j, L = sum_j L_j; 0 ln 0 = 0.

    Zero when labour is spread over the sectors as product is; the further below zero, the worse.

    Parameters
    ----------
    product : sequence of Series, index (unit, year)
        Y_j of each sector, not negative, in one unit of value.
    labour : sequence of Series, same index
        L_j of each sector, persons; positive where Y_j is.

    Returns
    -------
    Series, dimensionless, at most 0.

    Raises
    ------
    CellError
        If there is product without labour, a value is negative or missing, or all product is
        zero; named.

    Source: Gan, Zheng & Yu (2011), 经济研究 2011(5).
    """
    if len(product) != len(labour):
        raise DataError(f"{len(product)} sectors with product, {len(labour)} with labour")
    _require_sectors(product, "gdp")
    _require_sectors(labour, "emp")
    require_same_cells(gdp1=product[0], emp1=labour[0])
    whole, workers = _total(product), _total(labour)
    theil = np.zeros(len(whole))
    for number, (own, persons) in enumerate(zip(product, labour, strict=True), start=1):
        refuse_cells(
            (own > 0) & ~(persons > 0),
            f"sector {number} has product but no labour",
            **{f"gdp{number}": own, f"emp{number}": persons},
        )
        share = (own / whole).to_numpy(dtype=float)
        there = share > 0
        share_of_labour = (persons / workers).to_numpy(dtype=float)
        theil[there] += share[there] * np.log(share[there] / share_of_labour[there])
    return pd.Series(0.0 - theil, index=whole.index)


def calc_structure_level(gdp1: pd.Series, gdp2: pd.Series, gdp3: pd.Series) -> pd.Series:
    """Industrial structure level, (1 Y1 + 2 Y2 + 3 Y3) / (Y1 + Y2 + Y3).

    Parameters
    ----------
    gdp1, gdp2, gdp3 : Series, index (unit, year)
        Value added of the three sectors, not negative, in one unit of value.

    Returns
    -------
    Series, dimensionless, from 1 to 3.

    Raises
    ------
    CellError
        If a value is negative or missing, or all are zero; named.
    """
    _require_sectors((gdp1, gdp2, gdp3), "gdp")
    return (gdp1 + 2 * gdp2 + 3 * gdp3) / _total((gdp1, gdp2, gdp3))


def calc_structure_angle(gdp1: pd.Series, gdp2: pd.Series, gdp3: pd.Series) -> pd.Series:
    """Industrial structure angle, 3 theta_1 + 2 theta_2 + theta_3.

    theta_j = arccos(Y_j / |Y|) is the angle between the structure (Y1, Y2, Y3) and the axis of
    sector j; so sum_{k=1..3} sum_{j=1..k} theta_j. From 3/2 pi (all primary) to 5/2 pi (all
    tertiary).

    Parameters, errors as `calc_structure_level`.

    Returns
    -------
    Series, radians.

    Source: Fu (2010), 统计研究 27(8).
    """
    sectors = (gdp1, gdp2, gdp3)
    _require_sectors(sectors, "gdp")
    structure = np.column_stack([own.to_numpy(dtype=float) for own in sectors])
    structure = structure / structure.max(axis=1, keepdims=True)
    length = np.sqrt((structure**2).sum(axis=1, keepdims=True))
    # arctan2 keeps its digits near the axes, where arccos loses half of them.
    across = np.sqrt(
        np.column_stack([(np.delete(structure, j, axis=1) ** 2).sum(axis=1) for j in range(3)])
    )
    theta = np.arctan2(across / length, structure / length)
    return pd.Series(theta @ np.array([3.0, 2.0, 1.0]), index=gdp1.index)


def calc_ln_per_head(count: pd.Series, pop: pd.Series) -> pd.Series:
    """Technical progress ln(1 + patents / population), patents per 10^4 persons.

    Parameters
    ----------
    count : Series, index (unit, year)
        Patents, not negative.
    pop : Series, same index
        10^4 persons, positive.

    Returns
    -------
    Series, log.

    Raises
    ------
    CellError
        If the population is not positive or the count negative; named.
    """
    require_same_cells(count=count, pop=pop)
    refuse_cells(~(pop > 0), "the population must be positive", pop=pop)
    refuse_cells(count < 0, "a count is negative", count=count)
    return calc_transformed(count / pop, "log1p")


def calc_science_share(sci_exp: pd.Series, fiscal_exp: pd.Series) -> pd.Series:
    """Share of science in fiscal expenditure, sci_exp / fiscal_exp.

    Parameters
    ----------
    sci_exp, fiscal_exp : Series, index (unit, year)
        10^4 yuan (any one unit of value); fiscal expenditure positive.

    Returns
    -------
    Series, share.

    Raises
    ------
    CellError
        If fiscal expenditure is not positive; named.
    """
    require_same_cells(sci_exp=sci_exp, fiscal_exp=fiscal_exp)
    refuse_cells(~(fiscal_exp > 0), "fiscal_exp must be positive", fiscal_exp=fiscal_exp)
    return sci_exp / fiscal_exp


def calc_land_sink_per_area(sink: pd.Series, area: pd.Series) -> pd.Series:
    """Land carbon sequestration ln(10^6 S / area).

    It is a part of ln(S/E) = ln S - ln E by construction: with the area fixed and unit effects it
    enters with a coefficient of one unless emissions react.

    Parameters
    ----------
    sink : Series, index (unit, year)
        S, Mt CO2 per year, positive.
    area : Series, same index
        km2, positive.

    Returns
    -------
    Series, log of t CO2 per km2 and year.

    Raises
    ------
    CellError
        If the sink or the area is not positive; named.
    """
    require_same_cells(sink=sink, area=area)
    refuse_cells(~(area > 0), "the area must be positive", area=area)
    return calc_transformed(sink * T_PER_MT / area, "log")


UPGRADING: Mapping[str, tuple[tuple[str, ...], Callable[..., pd.Series]]] = {
    "ts": (("gdp2", "gdp3"), calc_ts),
    "theil": (
        ("gdp1", "gdp2", "gdp3", "emp1", "emp2", "emp3"),
        lambda *columns: calc_theil(columns[:3], columns[3:]),
    ),
    "level": (("gdp1", "gdp2", "gdp3"), calc_structure_level),
    "angle": (("gdp1", "gdp2", "gdp3"), calc_structure_angle),
}
"""Measure -> raw columns and the formula that takes them in this order."""

TECHNOLOGY: Mapping[str, tuple[tuple[str, ...], Callable[..., pd.Series]]] = {
    "patent": (("patents_granted", "pop"), calc_ln_per_head),
    "prov_green_patent": (("prov_green_patents", "prov_pop"), calc_ln_per_head),
    "sci_share": (("sci_exp", "fiscal_exp"), calc_science_share),
}
"""Measure -> raw columns and the formula that takes them in this order."""


def _total(sectors: Sequence[pd.Series]) -> pd.Series:
    total = sectors[0]
    for own in sectors[1:]:
        total = total + own
    return total


def _require_sectors(sectors: Sequence[pd.Series], stem: str) -> None:
    named = {f"{stem}{number}": own for number, own in enumerate(sectors, start=1)}
    require_same_cells(**named)
    for name, own in named.items():
        refuse_cells(~(own >= 0), f"{name} is missing or negative", **named)
    refuse_cells(~(_total(sectors) > 0), f"the sum of {', '.join(named)} is zero", **named)
