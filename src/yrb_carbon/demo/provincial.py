"""Provincial series of the demonstration in the published layouts: energy, industry, land."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from yrb_carbon.demo.excel import Cell, Sheet, write_workbook
from yrb_carbon.demo.macro import calc_gdp
from yrb_carbon.demo.mrio import FUEL_COLUMNS, write_inventory
from yrb_carbon.demo.mrio_model import PROCESS
from yrb_carbon.demo.mrio_parameters import NO_INVENTORY
from yrb_carbon.demo.provincial_parameters import (
    BUILT_SHARE,
    CO2_OF_HEAT,
    CO2_OF_POWER,
    ENERGY_YEARS,
    HEAT_LOSS,
    HEATING_SHARE,
    INDUSTRY_SHARE,
    LAND,
    LAND_YEARS,
    LAST_INVENTORY,
    PANEL_YEARS,
    PROVINCIAL_TRUTH,
    WASHED,
    WATER_SHARE,
    ProvincialTruth,
)
from yrb_carbon.demo.research import write_csv
from yrb_carbon.demo.vendor import SYNTHETIC
from yrb_carbon.indices.emissions import calc_emission_factors, load_emission_factors
from yrb_carbon.study.concordance import Concordance, load_concordance
from yrb_carbon.study.provinces import REGIONS, Provinces, load_provinces

ENERGY_FILES: Mapping[int, str] = MappingProxyType(
    {year: f"省级能源清单_{year}.xlsx" for year in ENERGY_YEARS}
)
LAST_INVENTORY_FILE = f"{LAST_INVENTORY}年30个省份排放清单.xlsx"
INDUSTRY_FILE = "GTMP.csv"
LAND_FILE = "province_landcover_npp_2001_2020_mcd12q1.csv"

POWER_HEAT = "power_heat"
CARRIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "heat": ("Heat", "1010 kj"),
        "electricity": ("Electricity", "108 kwh"),
        "other_energy": ("Other Energy", "104 tce"),
    }
)
GASES = ("coke_oven_gas", "other_gas", "natural_gas")
UNDERSCORED_SINCE = 2018
"""First year whose names have underscores in place of blanks."""
DECIMALS = 2
"""Of the amounts in the workbooks, as published."""

INDUSTRY_COLUMNS = (
    "地区", "所属地域", "id", "年份", "规模以上工业企业平均用工人数（万人）",
    "规模以上工业企业固定资产净值（亿元）", "能源投入（万吨标准煤）", "工业增加值(亿元)",
    "工业废水排放量（万吨）", "工业固体废弃物排放量（万吨）", "", "GML指数", "工业绿色全要素生产率",
)  # fmt: skip
LAND_COLUMNS = (
    "forest_km2", "grass_savanna_km2", "crop_km2", "built_km2", "water_wetland_km2",
    "mean_npp_gC_m2", "area_km2",
)  # fmt: skip
N_CLASSES = 17


def write_provincial(
    folder: Path,
    anchors: Mapping[int, pd.DataFrame],
    truth: ProvincialTruth = PROVINCIAL_TRUTH,
) -> tuple[tuple[Path, ...], dict[str, object]]:
    """Write energy inventories, one more emission inventory, industry and land of the provinces.

    Parameters
    ----------
    folder : Path
    anchors : mapping of year to DataFrame
        Emissions of the years of the interregional tables, see `make_yearly_emissions`.
    truth : ProvincialTruth

    Returns
    -------
    files : tuple of Path
    description : dict
        For truth.json.
    """
    provinces, concordance = load_provinces(), load_concordance()
    files = []
    for year, name in ENERGY_FILES.items():
        emissions = make_yearly_emissions(anchors, year, provinces, truth)
        files.append(folder / name)
        write_energy_inventory(files[-1], year, emissions, provinces, concordance)
    last = make_yearly_emissions(anchors, LAST_INVENTORY, provinces, truth)
    files.append(folder / LAST_INVENTORY_FILE)
    write_inventory(files[-1], LAST_INVENTORY, last, provinces, concordance)
    files += [folder / INDUSTRY_FILE, folder / LAND_FILE]
    write_industry(files[-2], provinces)
    write_provincial_land(files[-1], provinces)
    return tuple(files), describe_provincial(truth)


def make_yearly_emissions(
    anchors: Mapping[int, pd.DataFrame],
    year: int,
    provinces: Provinces,
    truth: ProvincialTruth = PROVINCIAL_TRUTH,
) -> pd.DataFrame:
    """CO2 of any year from that of the years of the interregional tables, Mt.

    Parameters
    ----------
    anchors : mapping of year to DataFrame
        Index (province, sector), columns fuels and `process`, as `make_emissions` gives them.

    Returns
    -------
    DataFrame, as those of `anchors`
        E_t = E_a + (t - a) / (b - a) (E_b - E_a) between two years a < b of the tables;
        E_t = E_a exp(g_r (t - a)) before the first and after the last, g_r of the region.
    """
    first, last = min(anchors), max(anchors)
    if first <= year <= last:
        at = max(known for known in anchors if known <= year)
        to = min(known for known in anchors if known >= year)
        share = 0.0 if at == to else (year - at) / (to - at)
        return anchors[at] + share * (anchors[to] - anchors[at])
    rates, nearest = (truth.before, first) if year < first else (truth.after, last)
    base = anchors[nearest]
    regions = provinces.frame["region"]
    growth = [
        np.exp(rates[regions[code]] * (year - nearest))
        for code in base.index.get_level_values("province")
    ]
    return base.mul(growth, axis=0)


def write_energy_inventory(
    path: Path,
    year: int,
    emissions: pd.DataFrame,
    provinces: Provinces,
    concordance: Concordance,
) -> None:
    """Write one year's energy inventories: amounts whose emissions are those given.

    Parameters
    ----------
    emissions : DataFrame, index (province, sector), columns fuels and `process`, Mt
    """
    codes = [str(code) for code in emissions.index.unique("province")]
    fuels = emissions.drop(columns=PROCESS)
    is_plant = fuels.index.get_level_values("sector") == POWER_HEAT
    power = float(fuels[is_plant].to_numpy().sum())
    gdp = pd.Series({code: calc_gdp(code, year) for code in codes})
    # Mt over t/MWh is 10^6 MWh, ten of the file's 10^8 kWh
    national = 10.0 * power * (1.0 - HEATING_SHARE) / CO2_OF_POWER
    used = national * gdp / gdp.sum()
    order = sorted(codes, key=lambda code: provinces.label(code)[::-1])
    note = Sheet(
        "NOTE", [("Introduction/简介", SYNTHETIC), ("Type/类型", "Energy"), ("Year/年份", year)]
    )
    place = emissions.index.get_level_values("province")
    sheets = [
        Sheet(
            f"{provinces.label(code)}{year}",
            list(
                energy_rows(
                    emissions[place == code].droplevel(0), float(used[code]), concordance, year
                )
            ),
        )
        for code in order
    ]
    write_workbook(path, [note, *sheets])


def energy_rows(
    emissions: pd.DataFrame, electricity: float, concordance: Concordance, year: int
) -> Iterator[list[Cell]]:
    """Rows of cells of a province's energy inventory.

    Fuels of the sector of power and heat stand in the block of transformation; the others are
    final consumption.

    Parameters
    ----------
    emissions : DataFrame, index sector, columns fuels and `process`, Mt
    electricity : float
        Used in the province, 10^8 kWh.
    """
    fuels = list(FUEL_COLUMNS)
    factors = calc_emission_factors(load_emission_factors("ceads"))
    burnt = emissions.drop(columns=PROCESS).reindex(columns=fuels, fill_value=0.0)
    amounts = burnt / factors[fuels]
    is_plant = amounts.index == POWER_HEAT
    plants, final = amounts[is_plant].sum(), amounts[~is_plant]
    own = burnt[~is_plant].sum(axis=1)
    power_co2 = float(burnt[is_plant].sum().sum())
    # Mt over t/GJ is 10^6 GJ, a hundred of the file's 10^10 kJ
    heat = 100.0 * power_co2 * HEATING_SHARE / CO2_OF_HEAT
    generated = 10.0 * power_co2 * (1.0 - HEATING_SHARE) / CO2_OF_POWER
    final = final.reindex(emissions.index, fill_value=0.0).assign(
        heat=(1.0 - HEAT_LOSS) * heat * own / own.sum(),
        electricity=electricity * own / own.sum(),
        other_energy=0.0,
    )
    final = final.fillna(0.0).round(DECIMALS)
    columns = [*fuels, *CARRIERS]
    made = pd.DataFrame(0.0, index=list(_PROCESS_NAMES), columns=columns)
    made.loc["thermal_power", fuels] = (1.0 - HEATING_SHARE) * plants
    made.loc["thermal_power", "electricity"] = -generated
    made.loc["heating_supply", fuels] = HEATING_SHARE * plants
    made.loc["heating_supply", "heat"] = -heat
    into, out = WASHED
    made.loc["coal_washing", "raw_coal"] = into * float(amounts["raw_coal"].sum())
    made.loc["coal_washing", "cleaned_coal"] = -out * float(amounts["raw_coal"].sum())
    made = made.round(DECIMALS)
    loss = pd.Series(0.0, index=columns)
    loss["heat"] = round(HEAT_LOSS * heat, DECIMALS)

    sums = final.sum().round(DECIMALS)
    transformed = made.sum().round(DECIMALS)
    filler: list[Cell] = [None if year >= UNDERSCORED_SINCE else 0, *[0] * len(columns)]
    nothing = [0] * len(columns)
    yield from _energy_header(columns, year)
    yield ["Total Final Consumption", *sums.tolist()]
    used = dict(zip(final.index, final[columns].to_numpy().tolist(), strict=True))
    for sector, name in concordance.inventory["en"].items():
        yield [str(name), *used[str(sector)]]
    yield filler
    yield filler
    yield ["Inputs(+) outputs(-)", *transformed.tolist()]
    for name, values in zip(_PROCESS_NAMES.values(), made.to_numpy().tolist(), strict=True):
        if name == BRIQUETTES:
            yield ["Coke Input (-)", *nothing]
        yield [name, *values]
    yield filler
    yield ["Loss", *loss.tolist()]
    yield ["% Loss", *nothing]
    yield ["Total Consumption", *(sums + transformed + loss).round(DECIMALS).tolist()]
    yield filler
    yield ["Non-Energy Use", *nothing]
    yield filler
    yield ["China Airplanes&ships Refueling in Abroad", *nothing]
    yield ["Foreign Airplanes&ships Refueling in China", *nothing]


BRIQUETTES = "Briquettes"
_PROCESS_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "thermal_power": "Thermal Power", "heating_supply": "Heating Supply",
        "coal_washing": "Coal Washing", "coking": "Coking",
        "refineries": "Petroleum Refineries", "gas_works": "Gas Works",
        "briquette_making": BRIQUETTES,
    }
)  # fmt: skip


def _energy_header(columns: Sequence[str], year: int) -> Iterator[list[Cell]]:
    names = [FUEL_COLUMNS.get(c) or CARRIERS[c][0] for c in columns]
    units = [
        CARRIERS[c][1] if c in CARRIERS else "108 cu.m" if c in GASES else "104 tn" for c in columns
    ]
    if year < UNDERSCORED_SINCE:
        yield [None, *names]
        yield [None, *units]
        return
    yield ["Energy_inventory", *(name.replace(" ", "_") for name in names)]
    newer = {"104 tn": "10^4 ton", "108 cu.m": "10^8 cu.m", "108 kwh": "10^8 kwh",
             "104 tce": "10^4 tce"}  # fmt: skip
    yield ["unit", *(newer.get(unit, unit) for unit in units)]


def write_industry(path: Path, provinces: Provinces) -> None:
    """Industry of the provinces, 2000 to 2023: the layout of a panel on green productivity."""
    rows: list[Sequence[object]] = [INDUSTRY_COLUMNS]
    codes = [code for code in provinces.codes if code not in NO_INVENTORY]
    for number, code in enumerate(codes, start=1):
        name = str(provinces.frame.at[code, "short_zh"])
        region = REGIONS[str(provinces.frame.at[code, "region"])]
        for year in range(PANEL_YEARS[0], PANEL_YEARS[1] + 1):
            added = INDUSTRY_SHARE * calc_gdp(code, year)
            rows.append(
                (
                    f" {name}", region, number, year, round(0.02 * added, 2), round(1.1 * added, 2),
                    round(1.3 * added, 2), round(added, 1), round(9.0 * added),
                    round(0.2 * added, 3), "", 1, 1,
                )
            )  # fmt: skip
    write_csv(path, rows, "utf-8-sig")


def write_provincial_land(path: Path, provinces: Provinces) -> None:
    """Areas by class and mean NPP of the provinces, 2001 to 2020."""
    first, last = LAND_YEARS
    classes = [f"igbp{k:02d}_km2" for k in range(1, N_CLASSES + 1)]
    rows: list[Sequence[object]] = [("province_id", "province", "year", *classes, *LAND_COLUMNS)]
    for code in provinces.codes:
        size, forest, grass, crop, npp = LAND[code]
        for year in range(first, last + 1):
            moved = 0.002 * (year - first) * crop
            area = 1000.0 * size
            parts = {
                4: (forest + 0.5 * moved) * area, 8: 0.3 * grass * area, 10: 0.7 * grass * area,
                11: 0.25 * WATER_SHARE * area, 12: (crop - moved) * area,
                13: (BUILT_SHARE + 0.5 * moved) * area, 17: 0.75 * WATER_SHARE * area,
            }  # fmt: skip
            parts[16] = area - sum(parts.values())
            sums = (parts[4], parts[8] + parts[10], parts[12], parts[13], parts[11] + parts[17])
            cells = [round(parts.get(k, 0.0), 6) for k in range(1, N_CLASSES + 1)]
            rows.append(
                (
                    f"{code}0000", str(provinces.frame.at[code, "name_zh"]), year, *cells,
                    *(round(value, 6) for value in sums),
                    round(npp * (1.0 + 0.004 * (year - first)), 6), area,
                )
            )  # fmt: skip
    write_csv(path, rows, "utf-8")


def describe_provincial(truth: ProvincialTruth = PROVINCIAL_TRUTH) -> dict[str, object]:
    """Parameters for truth.json."""
    return {
        "what": "industrial energy emissions of the provinces by year, moving inland",
        "base_years": list(truth.base_years),
        "before": dict(truth.before),
        "after": dict(truth.after),
    }
