"""Provincial panel with green patents, population and GDP (thesis data on green finance)."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import HUNDRED_MILLION_YUAN, check_column, scale
from yrb_carbon.sources.rawtable import Reading

PROVINCE, YEAR, POPULATION, GDP = "province", "year", "population", "gdp"
INVENTION, UTILITY = "green_invention_patents", "green_utility_patents"


def read_province_panel(path: str | Path) -> SourceTable:
    """Read green patents (invention + utility model), population and GDP by province and year.

    Parameters
    ----------
    path : str or Path
        CSV with province, year, green_invention_patents, green_utility_patents, population, gdp.

    Returns
    -------
    SourceTable
        province (pinyin, as printed), year; `prov_green_patents` in patents, `prov_pop` in
        10^4 persons, `prov_gdp` in 10^4 yuan, current prices.

    Raises
    ------
    SourceError
        See `Reading`; also when population is not of the size of 10^4 persons, GDP of 10^8 yuan.
    """
    reading = Reading(read_csv(path), YEAR)
    invention, utility = reading.numbers(INVENTION, minimum=0), reading.numbers(UTILITY, minimum=0)
    population = reading.numbers(POPULATION, minimum=0)
    check_column(population, "prov_pop", reading.place(POPULATION))
    gdp = reading.numbers(GDP, minimum=0)
    check_column(gdp, "prov_gdp", reading.place(GDP), HUNDRED_MILLION_YUAN)
    reading.note(
        "the file does not say whether patents count at application or at grant; inventions "
        "outnumber utility models in some years, as they do among applications"
    )
    columns = {
        "province": reading.names(PROVINCE),
        "year": reading.years(YEAR),
        "prov_green_patents": invention + utility,
        "prov_pop": population,
        "prov_gdp": gdp * scale(HUNDRED_MILLION_YUAN, "10^4 yuan"),
    }
    return reading.finish(columns, ("province", "year"))
