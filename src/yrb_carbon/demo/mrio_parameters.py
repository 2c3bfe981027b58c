"""The truth of the demonstration's interregional tables and emission inventories.

Amounts are round numbers of the size of China's in 2012; structure and places are made up but for
the order of provinces by size and what a sector mainly buys. What is built in on purpose stands at
the end (`TRUTH`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MRIO_YEARS = (2012, 2015, 2017)
LISTS: Mapping[int, str] = MappingProxyType({2012: "2012", 2015: "2012", 2017: "2017"})
"""List of the 42 sectors that each table has."""
GROWTH: Mapping[int, float] = MappingProxyType({2012: 1.0, 2015: 1.25, 2017: 1.46})
"""Amounts at current prices, 2012 = 1."""

PROVINCES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "11": (17900, 116.4, 39.9), "12": (12900, 117.2, 39.1), "13": (26600, 114.5, 38.0),
        "14": (12100, 112.5, 37.9), "15": (15900, 111.7, 40.8), "21": (24800, 123.4, 41.8),
        "22": (11900, 125.3, 43.9), "23": (13700, 126.6, 45.8), "31": (20200, 121.5, 31.2),
        "32": (54100, 118.8, 32.1), "33": (34700, 120.2, 30.3), "34": (17200, 117.3, 31.9),
        "35": (19700, 119.3, 26.1), "36": (12900, 115.9, 28.7), "37": (50000, 117.0, 36.7),
        "41": (29600, 113.7, 34.8), "42": (22300, 114.3, 30.6), "43": (22200, 113.0, 28.2),
        "44": (57100, 113.3, 23.1), "45": (13000, 108.3, 22.8), "46": (2900, 110.3, 20.0),
        "50": (11400, 106.5, 29.6), "51": (23900, 104.1, 30.7), "52": (6900, 106.7, 26.6),
        "53": (10300, 102.7, 25.0), "54": (700, 91.1, 29.7), "61": (14500, 108.9, 34.3),
        "62": (5700, 103.8, 36.1), "63": (1900, 101.8, 36.6), "64": (2300, 106.3, 38.5),
        "65": (7500, 87.6, 43.8),
    }
)  # fmt: skip
"""Code -> GDP of 2012 in 10^8 yuan (weights), longitude and latitude of the capital, degrees."""

COASTAL = ("12", "21", "31", "32", "33", "35", "37", "44")
COASTAL_EXPORTS = 3.0
"""How much more of their output coastal provinces export."""

MINING_PLACES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "02": {"14": 22, "15": 17, "61": 13, "37": 10, "41": 8, "34": 5, "52": 5, "13": 4,
               "65": 3, "64": 2.5, "23": 2.5, "51": 2, "43": 1.5, "53": 1.5, "21": 1.5, "62": 1,
               "32": 1, "50": 1, "22": 0.8, "36": 0.6, "63": 0.4, "42": 0.3, "35": 0.3,
               "45": 0.2, "11": 0.2},
        "03": {"23": 20, "65": 14, "61": 13, "12": 13, "37": 12, "44": 8, "51": 5, "21": 5,
               "22": 3, "13": 3, "15": 2, "62": 2, "63": 2, "41": 1, "46": 0.3, "31": 0.2},
        "04": {"13": 25, "21": 12, "37": 8, "15": 8, "41": 8, "51": 6, "36": 6, "43": 5,
               "53": 5, "34": 4, "44": 3, "14": 3, "65": 2, "42": 2, "35": 2, "61": 1.5, "45": 1.5,
               "62": 1, "54": 0.5, "52": 0.5, "22": 0.5, "23": 0.3, "63": 0.3, "46": 0.2},
    }
)  # fmt: skip
"""Shares of the provinces in the output of coal, oil and gas, and metal ores; others have none."""

INPUTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "01": {"01": 0.13, "06": 0.08, "12": 0.08, "29": 0.02, "30": 0.02, "11": 0.01},
        "06": {"01": 0.35, "06": 0.15, "29": 0.04, "30": 0.02, "35": 0.02, "12": 0.01,
               "10": 0.01, "25": 0.008},
        "07": {"07": 0.35, "01": 0.10, "12": 0.12, "29": 0.03, "25": 0.02, "30": 0.015},
        "08": {"07": 0.30, "08": 0.15, "12": 0.04, "29": 0.04, "01": 0.03, "30": 0.02,
               "25": 0.01},
        "09": {"09": 0.30, "01": 0.12, "12": 0.06, "29": 0.04, "15": 0.04, "30": 0.03,
               "25": 0.02},
        "10": {"10": 0.30, "12": 0.14, "23": 0.04, "29": 0.04, "30": 0.03, "09": 0.03,
               "25": 0.03},
        "11": {"03": 0.40, "02": 0.12, "11": 0.06, "30": 0.02, "29": 0.02, "25": 0.015,
               "12": 0.015},
        "12": {"12": 0.42, "11": 0.07, "25": 0.04, "03": 0.03, "29": 0.03, "02": 0.02,
               "05": 0.02, "01": 0.02, "30": 0.02},
        "13": {"13": 0.20, "05": 0.10, "25": 0.06, "02": 0.06, "12": 0.06, "30": 0.04,
               "29": 0.03, "10": 0.03, "11": 0.02},
        "14": {"14": 0.34, "04": 0.17, "25": 0.05, "11": 0.05, "23": 0.04, "02": 0.03,
               "30": 0.02, "29": 0.02, "33": 0.015},
        "15": {"14": 0.42, "15": 0.12, "29": 0.03, "25": 0.03, "12": 0.03, "16": 0.03,
               "30": 0.02},
        "16": {"14": 0.25, "16": 0.20, "15": 0.06, "19": 0.05, "29": 0.04, "12": 0.03,
               "20": 0.02, "25": 0.015, "30": 0.015},
        "17": {"14": 0.20, "17": 0.16, "16": 0.12, "19": 0.05, "15": 0.04, "29": 0.04,
               "12": 0.04, "20": 0.03, "30": 0.015, "25": 0.012},
        "18": {"18": 0.36, "14": 0.10, "16": 0.08, "12": 0.05, "19": 0.04, "29": 0.04,
               "20": 0.03, "15": 0.03, "30": 0.015, "25": 0.01},
        "19": {"14": 0.28, "19": 0.16, "12": 0.10, "20": 0.08, "15": 0.04, "29": 0.04,
               "16": 0.03, "30": 0.015, "25": 0.012},
        "20": {"20": 0.50, "12": 0.06, "19": 0.05, "29": 0.04, "14": 0.04, "35": 0.03,
               "15": 0.02, "25": 0.01},
        "21": {"20": 0.22, "21": 0.14, "14": 0.10, "19": 0.08, "12": 0.06, "16": 0.05,
               "29": 0.04},
        "22": {"12": 0.12, "14": 0.10, "07": 0.06, "22": 0.06, "09": 0.05, "29": 0.04,
               "25": 0.02},
        "23": {"23": 0.06, "14": 0.05, "30": 0.04, "29": 0.03, "25": 0.02},
        "24": {"14": 0.12, "16": 0.12, "18": 0.10, "15": 0.06, "19": 0.05, "24": 0.02,
               "25": 0.02},
        "25": {"25": 0.30, "02": 0.20, "33": 0.05, "19": 0.04, "03": 0.02, "11": 0.02,
               "16": 0.02, "30": 0.015, "24": 0.01},
        "26": {"03": 0.42, "26": 0.08, "11": 0.04, "02": 0.03, "25": 0.03, "30": 0.03},
        "27": {"25": 0.16, "27": 0.06, "12": 0.04, "33": 0.04, "16": 0.03},
        "28": {"13": 0.22, "14": 0.14, "15": 0.07, "12": 0.05, "36": 0.05, "19": 0.04,
               "30": 0.04, "29": 0.03, "09": 0.03, "28": 0.02, "11": 0.015, "25": 0.012,
               "05": 0.01},
        "29": {"35": 0.09, "30": 0.06, "33": 0.06, "34": 0.05, "25": 0.015, "32": 0.01},
        "30": {"11": 0.16, "30": 0.10, "18": 0.06, "33": 0.05, "29": 0.03, "35": 0.03,
               "24": 0.02, "25": 0.015},
        "31": {"06": 0.25, "01": 0.10, "29": 0.05, "34": 0.03, "25": 0.02, "30": 0.02,
               "26": 0.01},
        "32": {"20": 0.12, "32": 0.12, "35": 0.05, "19": 0.04, "34": 0.03, "33": 0.03,
               "25": 0.02},
        "33": {"35": 0.10, "33": 0.08, "34": 0.07, "32": 0.04, "31": 0.03, "30": 0.03,
               "10": 0.02},
        "34": {"33": 0.08, "35": 0.05, "34": 0.04, "28": 0.02, "25": 0.008},
        "35": {"35": 0.12, "30": 0.10, "33": 0.07, "31": 0.05, "29": 0.05, "10": 0.04,
               "20": 0.04, "34": 0.04, "11": 0.03},
        "36": {"36": 0.08, "35": 0.06, "20": 0.06, "12": 0.06, "30": 0.05, "16": 0.04,
               "21": 0.03, "10": 0.03},
        "37": {"28": 0.05, "25": 0.03, "30": 0.03, "12": 0.03, "13": 0.02, "37": 0.02},
        "38": {"12": 0.08, "34": 0.06, "29": 0.04, "06": 0.04, "30": 0.04, "18": 0.03,
               "25": 0.02},
        "39": {"10": 0.05, "34": 0.02, "35": 0.02, "31": 0.02, "28": 0.02, "20": 0.02,
               "25": 0.015},
        "40": {"12": 0.32, "29": 0.05, "21": 0.03, "30": 0.02, "25": 0.012},
        "41": {"10": 0.08, "35": 0.06, "41": 0.05, "31": 0.04, "20": 0.04, "30": 0.03},
        "42": {"30": 0.05, "31": 0.05, "10": 0.04, "35": 0.04, "25": 0.02, "33": 0.02,
               "18": 0.02},
    }
)  # fmt: skip
"""Buyer -> seller -> inputs per unit of output, imported ones among them; list of 2012. Those of
the four mining sectors are built in, see `TRUTH`."""

IMPORTED: Mapping[str, float] = MappingProxyType(
    {"03": 0.45, "04": 0.35, "20": 0.30, "21": 0.30, "12": 0.12, "18": 0.10, "16": 0.10,
     "17": 0.12, "01": 0.05, "02": 0.04, "11": 0.04, "23": 0.20}
)  # fmt: skip
"""Share of imports in what is bought of a product; `IMPORTED_OTHERS` of the others."""
IMPORTED_OTHERS = 0.02

FINAL: Mapping[str, tuple[float, Mapping[str, float]]] = MappingProxyType(
    {
        "rural": (45000, {"06": 25, "01": 20, "34": 10, "29": 8, "40": 8, "08": 6, "31": 5,
                          "12": 4, "25": 3, "30": 3, "32": 3, "33": 3, "18": 3, "19": 3, "38": 3,
                          "20": 2, "39": 2, "02": 0.3, "26": 0.5, "11": 1}),
        "urban": (154000, {"06": 19, "34": 11, "01": 9, "29": 9, "08": 7, "31": 7, "40": 6,
                           "18": 5, "33": 5, "38": 5, "12": 4, "32": 4, "39": 4, "20": 3, "30": 3,
                           "25": 2, "19": 2, "41": 2, "11": 1.5, "26": 1, "27": 0.5, "09": 1,
                           "10": 0.5, "22": 0.5, "02": 0.1}),
        "government": (72000, {"42": 45, "39": 22, "40": 15, "36": 5, "37": 5, "41": 3, "30": 3,
                               "01": 1}),
        "capital": (249000, {"28": 62, "17": 8, "18": 7, "16": 5, "19": 4, "20": 4, "36": 3,
                             "01": 2, "32": 2, "29": 2, "34": 2, "21": 1, "15": 1, "09": 1}),
        "inventory": (11000, {"01": 15, "14": 15, "12": 10, "06": 10, "07": 5, "16": 5, "17": 5,
                              "18": 5, "19": 5, "20": 5, "13": 5, "02": 3, "15": 3, "11": 3,
                              "04": 1, "05": 1}),
    }
)  # fmt: skip
"""Category -> national amount in 10^8 yuan of 2012 and its split over products."""

EXPORTED: tuple[float, Mapping[str, float]] = (
    136000,
    {"20": 25, "08": 11, "19": 10, "12": 7, "16": 6, "07": 6, "29": 6, "18": 5, "30": 5, "14": 4,
     "15": 4, "35": 4, "10": 3, "09": 3, "17": 3, "06": 2, "13": 2, "21": 2, "22": 1, "01": 1,
     "11": 1, "02": 0.2},
)  # fmt: skip
"""The same for exports."""

VALUE_ADDED_SHARES: Mapping[str, float] = MappingProxyType(
    {"compensation": 0.48, "taxes": 0.13, "depreciation": 0.13, "surplus": 0.26}
)

REACH_OF_TRADE: Mapping[str, float] = MappingProxyType(
    {"mining": 900.0, "goods": 700.0, "services": 250.0}
)
"""Kilometres over which sales fall to 1/e, but not below `FAR_SALES`."""
FAR_SALES = 0.01
LAST_GOODS = 24
"""Products after this one (list of 2012) are services."""
HOME: Mapping[str, float] = MappingProxyType({"mining": 40.0, "goods": 6.0, "services": 60.0})
"""How much more is bought in one's own province than distance alone would give."""

PLACE_SPREAD, INPUT_SPREAD, INTENSITY_SPREAD = 0.35, 0.12, 0.2
"""Standard deviations of logarithms: sizes of sectors by province, inputs by province, emissions
per output by province."""

NATIONAL_CO2: Mapping[str, tuple[float, str]] = MappingProxyType(
    {
        "farming": (90, "services"), "coal_mining": (300, "coal_mining"),
        "oil_gas_extraction": (45, "oil"), "ferrous_mining": (18, "industry"),
        "nonferrous_mining": (6, "industry"), "nonmetal_mining": (22, "industry"),
        "other_mining": (3, "industry"), "logging": (2, "services"),
        "food_processing": (35, "industry"), "food_production": (22, "industry"),
        "beverages": (18, "industry"), "tobacco": (2, "industry"), "textiles": (40, "industry"),
        "garments": (8, "industry"), "leather": (4, "industry"), "timber": (14, "industry"),
        "furniture": (2, "industry"), "paper": (45, "industry"), "printing": (2, "industry"),
        "culture_goods": (2, "industry"), "petroleum_coking": (190, "petroleum"),
        "chemicals": (230, "industry"), "medicines": (16, "industry"),
        "chemical_fibre": (18, "industry"), "rubber": (10, "industry"), "plastics": (9, "industry"),
        "nonmetal_products": (900, "industry"), "ferrous_smelting": (1650, "smelting"),
        "nonferrous_smelting": (65, "smelting"), "metal_products": (18, "industry"),
        "general_machinery": (32, "industry"), "special_machinery": (20, "industry"),
        "transport_equipment": (24, "industry"), "electrical": (12, "industry"),
        "electronics": (10, "industry"), "instruments": (2, "industry"),
        "other_manufacturing": (8, "industry"), "scrap": (2, "industry"),
        "power_heat": (3900, "power"), "gas_supply": (14, "industry"),
        "water_supply": (1, "services"), "construction": (60, "services"),
        "transport": (620, "transport"), "trade_catering": (95, "services"),
        "other_services": (140, "services"), "urban": (200, "household"),
        "rural": (180, "household"),
    }
)  # fmt: skip
"""Sector of the inventories -> energy CO2 of 2012 in Mt, and its mix of fuels."""
CEMENT_PROCESS = 650.0
"""Process CO2 of cement, Mt, beside the fuels of `nonmetal_products`."""

FUEL_MIX: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "coal_mining": {"raw_coal": 72, "other_washed_coal": 8, "diesel": 6, "natural_gas": 5,
                        "cleaned_coal": 3, "gasoline": 2, "other_gas": 2, "coke": 1,
                        "coke_oven_gas": 1},
        "oil": {"natural_gas": 45, "crude_oil": 20, "diesel": 15, "raw_coal": 10,
                "refinery_gas": 5, "fuel_oil": 5},
        "industry": {"raw_coal": 57, "natural_gas": 15, "coke": 8, "diesel": 7, "fuel_oil": 5,
                     "gasoline": 4, "lpg": 3, "briquettes": 1},
        "petroleum": {"refinery_gas": 35, "raw_coal": 30, "natural_gas": 15, "fuel_oil": 10,
                      "coke": 5, "crude_oil": 3, "other_petroleum": 2},
        "smelting": {"coke": 50, "raw_coal": 25, "other_gas": 14, "coke_oven_gas": 5,
                     "natural_gas": 5, "other_coking_products": 1},
        "power": {"raw_coal": 93, "other_washed_coal": 3, "natural_gas": 3, "diesel": 1},
        "transport": {"diesel": 50, "gasoline": 25, "kerosene": 10, "fuel_oil": 10,
                      "natural_gas": 5},
        "services": {"raw_coal": 30, "diesel": 30, "gasoline": 20, "natural_gas": 15, "lpg": 5},
        "household": {"raw_coal": 40, "natural_gas": 30, "lpg": 20, "gasoline": 10},
    }
)  # fmt: skip
"""Mix -> fuel -> weight."""

NO_INVENTORY = ("54",)
"""Tibet: in the tables, without an inventory."""


@dataclass(frozen=True, slots=True)
class EmbodiedTruth:
    """What the tables and inventories are made to show.

    Attributes
    ----------
    mining_inputs : mapping
        Buyer (mining sectors) -> seller -> inputs per unit of output. Petroleum and coking, then
        smelting, electricity and transport bring most carbon into mining.
    mining_co2 : mapping
        Year -> emissions of mining per those of 2012.
    other_co2 : mapping
        The same for all other sectors.
    largest_path : (str, str)
        Provinces between which most carbon is embodied in sales of mining products.
    path_boost : float
        How much more mining products the one buys of the other than size and distance give.
    upstream_order : tuple of str
        Sectors of the list of 26 by the carbon that they bring into mining.
    """

    mining_inputs: Mapping[str, Mapping[str, float]]
    mining_co2: Mapping[int, float]
    other_co2: Mapping[int, float]
    largest_path: tuple[str, str]
    path_boost: float
    upstream_order: tuple[str, ...]


_MINING_COMMON = {"30": 0.045, "17": 0.02, "29": 0.02, "33": 0.03, "35": 0.02, "12": 0.01}
EMBODIED_TRUTH = EmbodiedTruth(
    mining_inputs=MappingProxyType(
        {
            "02": {"02": 0.05, "11": 0.19, "14": 0.050, "25": 0.011, **_MINING_COMMON},
            "03": {"03": 0.03, "11": 0.18, "14": 0.050, "25": 0.010, **_MINING_COMMON},
            "04": {"04": 0.08, "11": 0.20, "14": 0.055, "25": 0.012, **_MINING_COMMON},
            "05": {"05": 0.06, "11": 0.20, "14": 0.055, "25": 0.012, **_MINING_COMMON},
        }
    ),
    mining_co2=MappingProxyType({2012: 1.0, 2015: 0.89, 2017: 0.80}),
    other_co2=MappingProxyType({2012: 1.0, 2015: 1.06, 2017: 1.10}),
    largest_path=("61", "33"),
    path_boost=30.0,
    upstream_order=("S8", "S11", "S20", "S24"),
)
