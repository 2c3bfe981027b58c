"""The carbon balance of a unit: sink against emissions, oriented so that higher is better.

Each function returns the index in its own direction; `BALANCE_INDICES` holds the orientation, and
`calc_balance` applies transform and orientation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.indices.cells import refuse_cells, require_same_cells, spread, year_sums
from yrb_carbon.indices.constants import PERSONS_PER_UNIT, T_PER_MT
from yrb_carbon.indices.transforms import calc_oriented, calc_transformed


@dataclass(frozen=True, slots=True)
class BalanceIndex:
    """One carbon-balance index.

    Attributes
    ----------
    calc : callable
        The formula; its arguments are `needs`.
    needs : tuple of str
        Among `sink`, `emissions` (Mt CO2), `pop` (10^4 persons), `area` (km2), `gdp`.
    orientation : int
        1 if higher is better, else -1.
    positive : bool
        Whether the index is positive by construction, so that its log can exist.
    """

    calc: Callable[..., pd.Series]
    needs: tuple[str, ...]
    orientation: int
    positive: bool


def calc_ratio(sink: pd.Series, emissions: pd.Series) -> pd.Series:
    """Carbon balance CB = S / E.

    Parameters
    ----------
    sink, emissions : Series, index (unit, year)
        S and E, Mt CO2 per year.

    Returns
    -------
    Series, dimensionless; 1 is balanced, higher is better.

    Raises
    ------
    CellError
        If emissions are not positive; the cells are named.
    """
    _require_positive("emissions", emissions, sink=sink)
    return sink / emissions


def calc_source_sink(sink: pd.Series, emissions: pd.Series) -> pd.Series:
    """Emissions over sink, E / S; lower is better.

    Parameters, errors as `calc_ratio`, with a positive sink. Source: Ji et al. (2024), 环境科学
    45(11). Dimensionless.
    """
    _require_positive("sink", sink, emissions=emissions)
    return emissions / sink


def calc_net(sink: pd.Series, emissions: pd.Series) -> pd.Series:
    """Net carbon balance S - E, Mt CO2 per year; a deficit is negative."""
    require_same_cells(sink=sink, emissions=emissions)
    return sink - emissions


def calc_norm(sink: pd.Series, emissions: pd.Series) -> pd.Series:
    """Normalised carbon balance (S - E) / (S + E), dimensionless, from -1 to 1.

    Raises
    ------
    CellError
        If S + E is not positive; the cells are named.
    """
    require_same_cells(sink=sink, emissions=emissions)
    both = sink + emissions
    refuse_cells(
        ~(both > 0), "sink plus emissions must be positive", sink=sink, emissions=emissions
    )
    return (sink - emissions) / both


def calc_percap(sink: pd.Series, emissions: pd.Series, pop: pd.Series) -> pd.Series:
    """Net carbon balance per person, (S - E) * 10^6 / (pop * 10^4), t CO2 per person.

    Parameters
    ----------
    sink, emissions : Series, index (unit, year)
        Mt CO2 per year.
    pop : Series, same index
        10^4 persons, positive.
    """
    _require_positive("pop", pop, sink=sink, emissions=emissions)
    return (sink - emissions) * (T_PER_MT / PERSONS_PER_UNIT) / pop


def calc_perarea(sink: pd.Series, emissions: pd.Series, area: pd.Series) -> pd.Series:
    """Net carbon balance per area, (S - E) * 10^6 / area, t CO2 per km2.

    Parameters
    ----------
    sink, emissions : Series, index (unit, year)
        Mt CO2 per year.
    area : Series, same index
        km2, positive.
    """
    _require_positive("area", area, sink=sink, emissions=emissions)
    return (sink - emissions) * T_PER_MT / area


def calc_esc(sink: pd.Series, emissions: pd.Series) -> pd.Series:
    """Ecological support coefficient, ESC_i = (S_i / sum S) / (E_i / sum E), by year.

    Sums run over the units of the series. Above 1 a unit gives more of the sink than of the
    emissions. ln ESC = ln(S/E) minus a constant of the year, so under time effects it is the
    same variable as the ratio.

    Parameters
    ----------
    sink, emissions : Series, index (unit, year)
        Mt CO2 per year; emissions positive, and a positive sink in every year.

    Returns
    -------
    Series, dimensionless.

    Source: Lu et al. (2013), 地理科学进展 32(12).
    """
    return _share_ratio("sink", sink, emissions)


def calc_ecc(gdp: pd.Series, emissions: pd.Series) -> pd.Series:
    """Economic contribution coefficient, ECC_i = (GDP_i / sum GDP) / (E_i / sum E), by year.

    Above 1 a unit gives more of the product than of the emissions. Descriptive, no balance.

    Parameters
    ----------
    gdp : Series, index (unit, year)
        10^4 yuan at current prices (any unit of value).
    emissions : Series, same index
        Mt CO2 per year, positive.

    Returns
    -------
    Series, dimensionless.

    Source: Lu et al. (2013), 地理科学进展 32(12).
    """
    return _share_ratio("gdp", gdp, emissions)


def calc_emissions_of(emissions: pd.Series) -> pd.Series:
    """Emissions themselves, Mt CO2 per year; lower is better.

    As an outcome, -ln E shows what a mediation through the sink does beyond the identity
    ln(S/E) = ln S - ln E.
    """
    return emissions


BALANCE_INDICES: Mapping[str, BalanceIndex] = {
    "ratio": BalanceIndex(calc_ratio, ("sink", "emissions"), 1, True),
    "source_sink": BalanceIndex(calc_source_sink, ("sink", "emissions"), -1, True),
    "net": BalanceIndex(calc_net, ("sink", "emissions"), 1, False),
    "norm": BalanceIndex(calc_norm, ("sink", "emissions"), 1, False),
    "percap": BalanceIndex(calc_percap, ("sink", "emissions", "pop"), 1, False),
    "perarea": BalanceIndex(calc_perarea, ("sink", "emissions", "area"), 1, False),
    "esc": BalanceIndex(calc_esc, ("sink", "emissions"), 1, True),
    "ecc": BalanceIndex(calc_ecc, ("gdp", "emissions"), 1, True),
    "minus_emissions": BalanceIndex(calc_emissions_of, ("emissions",), -1, True),
}
BALANCE_TRANSFORMS = ("level", "log", "asinh")


def calc_balance(index: str, transform: str, **inputs: pd.Series) -> pd.Series:
    """A carbon-balance index, transformed and oriented: orientation * transform(index).

    Parameters
    ----------
    index : str
        Name in `BALANCE_INDICES`.
    transform : {"level", "log", "asinh"}
        The log exists only for indices that are positive by construction.
    **inputs : Series, index (unit, year)
        What the index needs, named as in its `needs`.

    Returns
    -------
    Series, index (unit, year); higher is better.

    Raises
    ------
    DataError
        If index or transform are unknown, the log cannot exist, or cells cannot be computed.
    """
    if index not in BALANCE_INDICES:
        raise DataError(f"unknown balance index {index!r}; allowed {', '.join(BALANCE_INDICES)}")
    if transform not in BALANCE_TRANSFORMS:
        raise DataError(
            f"unknown transform of a balance index {transform!r}; "
            f"allowed {', '.join(BALANCE_TRANSFORMS)}"
        )
    own = BALANCE_INDICES[index]
    if transform == "log" and not own.positive:
        raise DataError(
            f"the balance index {index!r} is negative for a deficit and has no log; "
            "use the transform level or asinh"
        )
    values = own.calc(**{name: inputs[name] for name in own.needs})
    return calc_oriented(calc_transformed(values, transform), own.orientation)


def _require_positive(name: str, values: pd.Series, **others: pd.Series) -> None:
    require_same_cells(**{name: values}, **others)
    refuse_cells(~(values > 0), f"{name} must be positive", **{name: values}, **others)


def _share_ratio(name: str, part: pd.Series, emissions: pd.Series) -> pd.Series:
    _require_positive("emissions", emissions, **{name: part})
    totals = spread(year_sums(part), part.index)
    refuse_cells(~(totals > 0), f"the sum of {name} over units must be positive", **{name: part})
    return (part / totals) / (emissions / spread(year_sums(emissions), emissions.index))
