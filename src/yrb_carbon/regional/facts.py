"""What the tables of regional facts are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.regional.emissions import calc_intensity
from yrb_carbon.regional.provincial_tables import AGRICULTURAL
from yrb_carbon.regional.totals import Groups
from yrb_carbon.regional.transfer import Transfer


@dataclass(frozen=True, slots=True)
class DatedTransfer:
    """Emissions by province driven by the final demand of others, and their year."""

    year: int
    transfer: Transfer


@dataclass(frozen=True, slots=True, eq=False)
class RegionalFacts:
    """Emissions, product, people, forest and land of the provinces.

    Attributes
    ----------
    regions, areas : mapping of str to sequence of str
        Provinces of the three regions and of the eight areas.
    emissions : Series, index (province, year)
        Mt CO2; missing where a province did not report, no row where it has no inventory (Tibet).
    gdp : Series, index (province, year)
        10^4 yuan, current prices.
    population : Series, index (province, year)
        10^4 persons.
    stock : Series, index (province, year)
        Forest stock, 10^4 m3.
    land : DataFrame, index (province, year)
        Agricultural and construction land, 10^3 ha.
    sink_factor : float
        t CO2 per m3 of forest stock.
    transfer : DatedTransfer or None
    """

    regions: Groups
    areas: Groups
    emissions: pd.Series
    gdp: pd.Series
    population: pd.Series
    stock: pd.Series
    land: pd.DataFrame
    sink_factor: float
    transfer: DatedTransfer | None = None

    @property
    def region_of(self) -> pd.Series:
        """Region of each province."""
        return pd.Series({code: name for name, own in self.regions.items() for code in own})

    @property
    def farmed(self) -> pd.Series:
        """Agricultural land, index (province, year), 10^3 ha."""
        return self.land[AGRICULTURAL]

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the inventories, sorted."""
        return years_of(self.emissions)

    def emissions_of(self, year: int) -> pd.Series:
        """Emissions of a year, Mt CO2; index: provinces with an inventory of that year.

        Raises
        ------
        DataError
            If the year has no inventory.
        """
        return in_year(self.emissions, year, "inventory")

    def intensity_of(self, year: int) -> pd.Series:
        """Emissions per unit of product as `calc_intensity`.

        Raises
        ------
        DataError
            If the year has no GDP.
        """
        gdp = in_year(self.gdp, year, "GDP")
        return calc_intensity(self.emissions_of(year), gdp, self.regions)

    def has_people(self, year: int) -> bool:
        """Whether GDP and population of a year are known."""
        return all(year in years_of(series) for series in (self.gdp, self.population))

    def notes(self) -> Iterator[str]:
        """What could not be computed, as sentences."""
        for year in self.years:
            emissions = self.emissions_of(year)
            lacking = emissions.index[emissions.isna()]
            if len(lacking):
                yield (
                    f"emissions {year}: {listing(lacking)} did not report; sums that need them are "
                    "missing, and inequality is of the others"
                )
        bare = [year for year in self.years if not self.has_people(year)]
        if bare:
            yield f"no GDP or population, so no intensity and no inequality: {listing(bare, 40)}"
        if len(years_of(self.stock)) < 2:
            yield "one forest inventory: a stock of carbon, no annual sink"


def years_of(values: pd.Series | pd.DataFrame) -> tuple[int, ...]:
    """Years of values with the index (province, year), sorted."""
    return tuple(sorted(int(year) for year in values.index.unique("year")))


def in_year(values: pd.Series, year: int, what: str) -> pd.Series:
    """Values of one year, index province.

    Raises
    ------
    DataError
        If the year has none; those that have are named.
    """
    years = years_of(values)
    if year not in years:
        raise DataError(f"no {what} of {year}; there is one of {listing(years, 40) or 'no year'}")
    return values.xs(year, level="year")
