"""The truth of the demonstration's provincial series: energy, economy, people, land.

Areas are those of the provinces to a few thousand km2; amounts are made up, of the size of China's.
What is built in on purpose stands at the end (`PROVINCIAL_TRUTH`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ENERGY_YEARS = (2008, 2009, 2010, 2011, 2012, 2013, 2015, 2016, 2017, 2019)
"""Years of the energy inventories; 2014 and 2018 are wanting, as in the published set."""
LAST_INVENTORY = 2019
"""Year of the emission inventories beside those of the interregional tables."""

LAND: Mapping[str, tuple[float, float, float, float, float]] = MappingProxyType(
    {
        "11": (16, 0.10, 0.38, 0.24, 320), "12": (12, 0.01, 0.09, 0.55, 260),
        "13": (189, 0.05, 0.40, 0.44, 320), "14": (157, 0.08, 0.58, 0.28, 330),
        "15": (1145, 0.05, 0.63, 0.09, 220), "21": (148, 0.15, 0.31, 0.42, 400),
        "22": (191, 0.35, 0.21, 0.38, 420), "23": (454, 0.30, 0.26, 0.38, 420),
        "31": (8, 0.01, 0.18, 0.40, 480), "32": (104, 0.01, 0.16, 0.66, 490),
        "33": (107, 0.27, 0.50, 0.15, 620), "34": (140, 0.10, 0.26, 0.56, 500),
        "35": (125, 0.32, 0.56, 0.06, 790), "36": (167, 0.22, 0.58, 0.14, 610),
        "37": (158, 0.01, 0.05, 0.80, 360), "41": (166, 0.08, 0.12, 0.72, 420),
        "42": (186, 0.16, 0.48, 0.30, 560), "43": (212, 0.14, 0.65, 0.15, 610),
        "44": (182, 0.17, 0.62, 0.12, 900), "45": (237, 0.14, 0.65, 0.15, 880),
        "46": (44, 0.14, 0.53, 0.20, 790), "50": (82, 0.13, 0.52, 0.29, 610),
        "51": (486, 0.18, 0.64, 0.12, 490), "52": (176, 0.08, 0.70, 0.16, 740),
        "53": (383, 0.28, 0.57, 0.09, 950), "54": (1202, 0.06, 0.54, 0.01, 150),
        "61": (206, 0.28, 0.46, 0.20, 460), "62": (426, 0.04, 0.38, 0.11, 260),
        "63": (697, 0.01, 0.64, 0.01, 150), "64": (52, 0.01, 0.71, 0.22, 200),
        "65": (1630, 0.01, 0.22, 0.05, 150),
    }
)  # fmt: skip
"""Code -> area in 10^3 km2; shares of forest, grassland with savanna, cropland; NPP in gC/m2."""

WATER_SHARE, BUILT_SHARE = 0.02, 0.03
"""Of every province; barren land is what is left."""
LAND_YEARS = (2001, 2020)
PANEL_YEARS = (2000, 2023)

GDP_GROWTH = 0.09
PEOPLE_GROWTH = 0.005
PEOPLE_PER_GDP, PEOPLE_POWER = 2.4, 0.75
"""Population in 10^4 is 2.4 times GDP in 10^8 yuan of 2012 to the power 0.75."""
INDUSTRY_SHARE = 0.38
"""Value added of industry in GDP."""

HEATING_SHARE = 0.15
"""Of the emissions of power and heat: burnt for heat."""
CO2_OF_POWER, CO2_OF_HEAT = 0.9, 0.11
"""t CO2 per MWh and per GJ of what the plants of the demonstration deliver."""
HEAT_LOSS = 0.1
WASHED = (0.1, 0.07)
"""Raw coal into washing and cleaned coal out of it, per raw coal burnt."""


@dataclass(frozen=True, slots=True)
class ProvincialTruth:
    """What the provincial series are made to show.

    Attributes
    ----------
    base_years : (int, int)
        Between them emissions are those of the inventories of the interregional tables, and
        between two of these a straight line.
    before, after : mapping
        Region -> yearly change of the logarithm of emissions before and after these years: the
        west grows fastest, so that the centre of gravity moves inland.
    """

    base_years: tuple[int, int]
    before: Mapping[str, float]
    after: Mapping[str, float]


PROVINCIAL_TRUTH = ProvincialTruth(
    base_years=(2012, 2017),
    before=MappingProxyType({"east": 0.02, "central": 0.05, "west": 0.09}),
    after=MappingProxyType({"east": -0.02, "central": 0.01, "west": 0.05}),
)
