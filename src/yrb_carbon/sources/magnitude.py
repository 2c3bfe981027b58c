"""Do the numbers have the size of their unit? A check on medians that names the likely unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, fault

FAMILIES: tuple[Mapping[str, float], ...] = (
    {"t CO2": 1.0, "kt CO2": 1e3, "10^4 t CO2": 1e4, "Mt CO2": 1e6, "10^8 t CO2": 1e8},
    {"t per year": 1.0, "10^4 t per year": 1e4, "Mt per year": 1e6},
    {"yuan": 1.0, "10^4 yuan": 1e4, "million yuan": 1e6, "10^8 yuan": 1e8},
    {"USD": 1.0, "10^4 USD": 1e4, "million USD": 1e6, "10^8 USD": 1e8},
    {"persons": 1.0, "10^4 persons": 1e4, "million persons": 1e6},
    {"m2": 1e-6, "hectares": 1e-2, "km2": 1.0, "10^4 hectares": 1e2, "10^4 km2": 1e4},
    {"0.1 gC/m2/a": 0.1, "gC/m2/a": 1.0, "kgC/m2/a": 1e3},
    {"previous year = 100": 1.0, "previous year = 1": 100.0},
    {"2000 = 100": 0.01, "2000 = 1": 1.0},
    {"yuan per 100 USD": 0.01, "yuan per USD": 1.0},
)
"""Units of one kind and their size in a common measure."""

HUNDRED_MILLION_YUAN = "10^8 yuan"
"""Unit of the money of provinces in the statistical yearbooks."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """Where the median of a column may lie.

    Attributes
    ----------
    low, high : float
        Bounds of the median over unit-years, in `unit`.
    unit : str
    why : str
        What the bounds rest on.
    zeros : bool
        Many places have nothing of it: the median is taken over the others.
    """

    low: float
    high: float
    unit: str
    why: str
    zeros: bool = False


CITY_CO2 = Magnitude(
    1.0, 300.0, "Mt CO2", "prefectures emit 1 (pastoral) to 250 Mt a year, half of them 10 to 40"
)
CITY_GDP = Magnitude(
    2e5, 2e8, "10^4 yuan", "half of the prefectures make 2e6 to 2e7, the poorest 3e4, 2000 to 2023"
)
CITY_POP = Magnitude(
    20.0, 2000.0, "10^4 persons", "half of the prefectures hold 150 to 600, the smallest 20"
)
CITY_AREA = Magnitude(2e3, 2e5, "km2", "half of the prefectures cover 7e3 to 2e4 km2")
COVER_AREA = Magnitude(
    20.0, 2e5, "km2", "most prefectures have 1e2 to 1e4 km2 of it, pastoral ones 1e5", zeros=True
)

MAGNITUDES: dict[str, Magnitude] = {
    "co2_edgar": CITY_CO2,
    "co2_ceads_city": CITY_CO2,
    "co2_ceads_county": Magnitude(
        0.05, 40.0, "Mt CO2", "half of the counties emit 0.3 to 4.5 Mt a year, 1997 to 2017"
    ),
    "co2_apparent_province": Magnitude(
        30.0, 2000.0, "Mt CO2", "provinces emit 10 to 1,000 Mt a year, half of them 100 to 350"
    ),
    "npp": Magnitude(
        60.0, 1500.0, "gC/m2/a", "from desert steppe (50) to evergreen forest (1,400)"
    ),
    "area_admin": CITY_AREA,
    "area_forest": COVER_AREA,
    "area_grass": COVER_AREA,
    "area_crop": COVER_AREA,
    "gdp": CITY_GDP,
    "gdp1": Magnitude(5e3, 5e7, "10^4 yuan", "half of the prefectures make 3e5 to 2e6"),
    "gdp2": Magnitude(5e4, 1e8, "10^4 yuan", "half of the prefectures make 1e6 to 1e7"),
    "gdp3": Magnitude(5e4, 1e8, "10^4 yuan", "half of the prefectures make 8e5 to 1e7"),
    "gdp_nominal": CITY_GDP,
    "gdp_real": CITY_GDP,
    "gdp_index": Magnitude(90.0, 130.0, "previous year = 100", "growth of -10 to 30 % a year"),
    "gdp_deflator": Magnitude(0.5, 5.0, "2000 = 1", "prices rose two- to threefold since 2000"),
    "pop": CITY_POP,
    "pop_reported": CITY_POP,
    "fdi_usd": Magnitude(
        1e3, 1e5, "10^4 USD", "half of the prefectures use 3e3 to 5e4 a year, 1996 to 2023"
    ),
    "road_area_pc": Magnitude(2.0, 60.0, "m2 per person", "Chinese cities have 5 to 30"),
    "loans": Magnitude(2e5, 5e8, "10^4 yuan", "half of the prefectures have 3e6 to 3e7"),
    "deposits": Magnitude(2e5, 5e8, "10^4 yuan", "half of the prefectures have 5e6 to 4e7"),
    "coal_capacity": Magnitude(
        0.1, 20.0, "Mt per year", "the tracker lists mines from about 0.3 Mt a year on, up to 40"
    ),
    "emp_mining": Magnitude(
        100.0, 2e5, "persons", "prefectures with mines employ 1e3 to 1e5 in it", zeros=True
    ),
    "emp_total": Magnitude(
        2e4, 1e7, "persons", "half of the prefectures employ 2e5 to 4.4e5 in urban units"
    ),
    "emp1": Magnitude(20.0, 2e5, "persons", "farms and forest offices in urban units, 1e2 to 3e4"),
    "emp2": Magnitude(5e3, 5e6, "persons", "half of the prefectures employ 6e4 to 2e5"),
    "emp3": Magnitude(5e3, 5e6, "persons", "half of the prefectures employ 1e5 to 2.5e5"),
    "nat_emp_total": Magnitude(1e8, 1e9, "persons", "China employs 1.1e8 (urban units) to 7.8e8"),
    "nat_emp_mining": Magnitude(1e6, 2e7, "persons", "Chinese mining employs 3e6 to 1.5e7"),
    "prov_pop": Magnitude(500.0, 1.5e4, "10^4 persons", "provinces hold 250 to 12,700"),
    "prov_gdp": Magnitude(
        5e6, 1e9, "10^4 yuan", "half of the provinces make 5e7 to 3e8, Tibet 1e6, 2000 to 2023"
    ),
    "prov_industry_va": Magnitude(
        2e6, 5e8, "10^4 yuan", "half of the provinces make 1e7 to 8e7, 2000 to 2023"
    ),
    "prov_npp": Magnitude(
        100.0, 1500.0, "gC/m2/a", "from 100 (Qinghai) to 1,100 (Yunnan), half of them 300 to 650"
    ),
    "fiscal_exp": Magnitude(5e4, 5e7, "10^4 yuan", "prefectures spend 1e5 (2003) to 1e7 a year"),
    "sci_exp": Magnitude(
        50.0, 5e5, "10^4 yuan", "prefectures spend 2e2 (2003) to 2e5 a year on it", zeros=True
    ),
    "usd_cny": Magnitude(4.0, 12.0, "yuan per USD", "6.1 to 8.7 since 1994"),
}


def scale(from_unit: str, to_unit: str) -> float:
    """Factor that turns numbers in one unit into numbers in another of the same kind.

    Raises
    ------
    KeyError
        If no kind has both units.
    """
    if from_unit == to_unit:
        return 1.0
    for family in FAMILIES:
        if from_unit in family and to_unit in family:
            return family[from_unit] / family[to_unit]
    raise KeyError(f"{from_unit} and {to_unit} are not units of one kind")


def likely_units(median: float, low: float, high: float, wanted_unit: str) -> list[str]:
    """Units of the same kind that would put the median inside the bounds."""
    for family in FAMILIES:
        if wanted_unit in family:
            return [
                unit
                for unit in family
                if unit != wanted_unit and low <= median * scale(unit, wanted_unit) <= high
            ]
    return []


def check_magnitude(
    series: pd.Series | np.ndarray,
    column: str,
    low: float,
    high: float,
    wanted_unit: str,
    place: Place,
) -> None:
    """Refuse a column whose median cannot be in its unit.

    Parameters
    ----------
    series : Series or array of float
        Values as they stand in the file; missing ones are left out, an empty column passes.
    column : str
        Name for the message.
    low, high : float
        Bounds of the median, in `wanted_unit`.
    wanted_unit : str
        Unit that the format promises.
    place : Place

    Raises
    ------
    SourceError
        With the median, the bounds and the unit that the numbers look like.
    """
    values = np.asarray(series, dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return
    median = float(np.median(values))
    if low <= median <= high:
        return
    units = likely_units(median, low, high, wanted_unit)
    guess = f"; the numbers look like {' or '.join(units)}" if units else ""
    fault(
        SourceError(
            f"the median of {column} is {median:.4g}, in {wanted_unit} it should lie between "
            f"{low:.4g} and {high:.4g}{guess}",
            place,
            f"Give the column in {wanted_unit}.",
        )
    )


def check_column(
    series: pd.Series | np.ndarray, quantity: str, place: Place, file_unit: str | None = None
) -> None:
    """`check_magnitude` with the bounds of a known quantity, in the unit of the file.

    Parameters
    ----------
    series : Series or array of float
        Values in `file_unit`.
    quantity : str
        Column of the panel; one without bounds passes.
    place : Place
    file_unit : str or None
        Unit of the file; None: the unit of the panel.
    """
    bounds = MAGNITUDES.get(quantity)
    if bounds is None:
        return
    unit = file_unit or bounds.unit
    factor = scale(bounds.unit, unit)
    if bounds.zeros:
        values = np.asarray(series, dtype=float)
        series = values[values != 0]
    check_magnitude(series, quantity, bounds.low * factor, bounds.high * factor, unit, place)
