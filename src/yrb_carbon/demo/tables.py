"""The simulated study as the numbers of the published files: by unit of the time and year.

A published file covers more years than the study, and Laiwu stands beside Jinan until 2018 in
some of them. Both are made here from the simulated values: years outside the study continue them
at a steady rate, Laiwu takes a fixed share of what Jinan has today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yrb_carbon.demo.parameters import FIRST_YEAR, LAST_YEAR, YEARS
from yrb_carbon.demo.places import JINAN, LAIWU, LAIWU_LAST_YEAR, Gazetteer, Place
from yrb_carbon.demo.simulate import GDP_DECIMALS, PERSONS, Draws, System, calc_deflator

FloatArray = npt.NDArray[np.float64]

LAIWU_SHARE = {"gdp": 0.12, "employment": 0.13, "mining": 0.45, "patents": 0.08, "co2": 0.25}
"""Part of today's Jinan that was Laiwu. The three sectors share one part, so that the structure of
Jinan is the same with Laiwu and without."""


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity for all present units over the years of a file.

    Attributes
    ----------
    years : tuple of int
    values : array (years, units)
    """

    years: tuple[int, ...]
    values: FloatArray

    def at(self, year: int, column: int) -> float:
        """Value of one unit in one year."""
        return float(self.values[year - self.years[0], column])


class Tables:
    """What the files print, from one simulated system.

    Parameters
    ----------
    system : System
    draws : Draws
        For the quantities that no equation needs (roads, foreign investment, loans).
    """

    def __init__(self, system: System, draws: Draws) -> None:
        self.system = system
        self.design = system.design
        self.draws = draws
        self.gazetteer = Gazetteer()
        self.codes = self.design.codes
        self.column = {code: j for j, code in enumerate(self.codes)}

    def extend(
        self, values: npt.NDArray[np.generic], years: tuple[int, int], growth: float, decimals: int
    ) -> Series:
        """Continue (T, N) values beyond the study's years at a steady rate; years inclusive."""
        inside = np.asarray(values, dtype=float)
        wanted = tuple(range(years[0], years[1] + 1))
        rows = []
        for year in wanted:
            nearest = min(max(year, FIRST_YEAR), LAST_YEAR)
            row = inside[nearest - FIRST_YEAR]
            if year != nearest:
                row = np.round(row * (1.0 + growth) ** (year - nearest), decimals)
            rows.append(row)
        return Series(wanted, np.stack(rows))

    def places(self, year: int, *, laiwu: bool, of_the_year: bool) -> Iterator[tuple[Place, str]]:
        """Units that a file prints for a year, and the present unit that each belongs to."""
        units = list(self.codes)
        if laiwu and year <= LAIWU_LAST_YEAR:
            units = sorted([*units, LAIWU])
        for unit in units:
            place = self.gazetteer.then(unit, year) if of_the_year else self.gazetteer.now(unit)
            yield place, JINAN if unit == LAIWU else unit

    @staticmethod
    def part(place: Place, home: str, year: int, value: float, share: float, digits: int) -> float:
        """What a unit of the time has of the value of the present unit `home`."""
        if home != JINAN or year > LAIWU_LAST_YEAR:
            return value
        of_laiwu = round(share * value, digits)
        return of_laiwu if place.code == LAIWU else round(value - of_laiwu, digits)

    def gdp_sectors(self, years: tuple[int, int]) -> Mapping[str, Series]:
        """Value added by sector, 10^8 yuan, current prices."""
        system, design = self.system, self.design
        first = np.round(design.gdp_nominal - system.gdp2 - system.gdp3, GDP_DECIMALS)
        return {
            name: self.extend(values, years, growth, GDP_DECIMALS)
            for name, values, growth in (
                ("gdp1", first, 0.04),
                ("gdp2", system.gdp2, 0.09),
                ("gdp3", system.gdp3, 0.10),
            )
        }

    def real_gdp(self, years: tuple[int, int]) -> tuple[Series, Series, FloatArray, Series]:
        """Nominal and real GDP (10^8 yuan), deflator by year, growth index (previous = 100)."""
        longer = (years[0] - 1, years[1])
        real = self.extend(self.design.gdp_real, longer, 0.08, GDP_DECIMALS)
        wanted = tuple(range(years[0], years[1] + 1))
        deflator = calc_deflator(wanted)
        index = Series(wanted, np.round(100.0 * real.values[1:] / real.values[:-1], 6))
        own = Series(wanted, real.values[1:])
        nominal = Series(wanted, np.round(own.values * deflator[:, None], GDP_DECIMALS))
        return nominal, own, deflator, index

    def population(self, years: tuple[int, int]) -> Series:
        """Residents, 10^4 persons."""
        return self.extend(self.design.persons / PERSONS, years, 0.004, 4)

    def co2(self, years: tuple[int, int]) -> Series:
        """Emissions, t."""
        return self.extend(self.system.co2, years, 0.02, 3)

    def noise(self, block: str) -> FloatArray:
        """Standard normal number of each unit."""
        return np.asarray(self.draws.normal(f"file {block}", 1)[0], dtype=float)

    def simple(self, block: str, level: FloatArray, spread: float) -> FloatArray:
        """Quantities that no equation needs, (T, N): a level with a unit's factor and wobble."""
        factor = np.exp(spread * np.clip(self.noise(block), -2.0, 2.0))
        wobble = np.exp(0.05 * self.draws.normal(f"file {block} wobble", len(YEARS)))
        return np.asarray(level * factor * wobble)
