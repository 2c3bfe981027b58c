"""GDP and population of the demonstration's provinces."""

from __future__ import annotations

import numpy as np

from yrb_carbon.demo.mrio_parameters import PROVINCES
from yrb_carbon.demo.provincial_parameters import (
    GDP_GROWTH,
    PEOPLE_GROWTH,
    PEOPLE_PER_GDP,
    PEOPLE_POWER,
)

BASE_GDP_YEAR = 2012


def calc_gdp(code: str, year: int) -> float:
    """GDP of a province, 10^8 yuan."""
    return float(PROVINCES[code][0] * np.exp(GDP_GROWTH * (year - BASE_GDP_YEAR)))


def calc_people(code: str, year: int) -> float:
    """Population of a province, 10^4."""
    size = PEOPLE_PER_GDP * PROVINCES[code][0] ** PEOPLE_POWER
    return float(size * np.exp(PEOPLE_GROWTH * (year - BASE_GDP_YEAR)))
