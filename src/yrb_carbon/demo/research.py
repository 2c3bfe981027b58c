"""Demonstration copies of the research data sets: CEADs, remote sensing, coal mines, panels."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yrb_carbon.demo.excel import Cell, Formula, Sheet, write_workbook
from yrb_carbon.demo.macro import calc_gdp, calc_people
from yrb_carbon.demo.parameters import FIRST_YEAR, LAST_YEAR
from yrb_carbon.demo.places import JIYUAN, far_places, other_prefectures
from yrb_carbon.demo.simulate import national_employment
from yrb_carbon.demo.tables import LAIWU_SHARE, Tables
from yrb_carbon.demo.vendor import SYNTHETIC
from yrb_carbon.study.provinces import load_provinces

if TYPE_CHECKING:
    from yrb_carbon.sources.boundaries import Boundaries

MEGATONNE = 1e6
COUNTY_SHARES = (0.5, 0.3)
"""Emissions of the first two counties of a unit; the third has the rest."""

COUNTY_DECIMALS = 9

CEADS_PROVINCES = (
    "Beijing", "Tianjin", "Hebei", "Shanxi", "Inner mongolia", "Liaoning", "Jilin", "Heilongjiang",
    "Shanghai", "Jiangsu", "Zhejiang", "Anhui", "Fujian", "Jiangxi", "Shandong", "Henan", "Hubei",
    "Hunan", "Guangdong", "Guangxi", "Hainan", "Chongqing", "Sichuan", "Guizhou", "Yunnan",
    "Shaanxi", "Gansu", "Qinghai", "Ningxia", "Xinjiang",
)  # fmt: skip
BASIN_LABELS = {
    "Shanxi": "Shanxi", "Inner mongolia": "InnerMongolia", "Shandong": "Shandong",
    "Henan": "Henan", "Sichuan": "Sichuan", "Shaanxi": "Shaanxi", "Gansu": "Gansu",
    "Qinghai": "Qinghai", "Ningxia": "Ningxia",
}  # fmt: skip
BALANCE_ITEMS = (
    "Indigenous production", "Import", "Export (-)", "Move in", "Move out (-)", "Stock decrease",
    "Loss", "Non-energy use",
)  # fmt: skip
FUEL_SHARES = {"Raw coal total": 0.86, "Crude oil total": 0.08, "Natural gas total": 0.03}

PANEL_PROVINCES = (
    "Shanghai", "Yunnan", "Neimenggu", "Beijing", "Jilin", "Sichuan", "Tianjin", "Ningxia", "Anhui",
    "Shandong", "Shanxi", "Guangdong", "Guangxi", "Xinjiang", "Jiangsu", "Jiangxi", "Hebei",
    "Henan", "Zhejiang", "Hainan", "Hubei", "Hunan", "Gansu", "Fujian", "Xizang", "Guizhou",
    "Liaoning", "Chongqing", "Shaanxi", "Qinghai", "Heilongjiang",
)  # fmt: skip
PANEL_COLUMNS = (
    "uid", "province_id", "province", "year", "co2_emissions", "gdp", "sec_val",
    "green_invention_patents", "green_utility_patents", "credit", "bond", "investment",
    "insurance", "equity", "fund", "carbon_finance", "gf_index", "green_finance_pilot", "ln_gdp",
    "ln_co2", "z_green_invention_patents", "z_green_utility_patents", "z_credit", "z_bond",
    "z_investment", "z_insurance", "z_equity", "z_fund", "z_carbon_finance", "factor_1",
    "factor_2", "factor_3", "coal_share_pctg", "population", "urban_population",
    "urbanization_rate", "env_expenditure", "env_exp_share", "treat", "event_time", "pre_2",
    "post_0", "post_1", "post_2", "did_pre2", "did_post0", "did_post1", "did_post2", "sec_pctg",
    "industrial_wastewater", "industrial_so2", "industrial_solid_waste", "gtfp_level", "gml_index",
    "market_index", "market_gov_relation", "market_npoe_dev", "market_product_dev",
    "market_factor_dev", "market_legal_env",
)  # fmt: skip
WHOLE_COLUMNS = frozenset(
    {
        "green_finance_pilot", "treat", "event_time", "pre_2", "post_0", "post_1", "post_2",
        "did_pre2", "did_post0", "did_post1", "did_post2",
    }
)  # fmt: skip

SECTORS: tuple[tuple[str, str, str, float], ...] = (
    ("A", "Agriculture, forestry, animal husbandry and fishery", "农、林、牧、渔业", 0.40),
    ("B", "Mining and quarrying", "采矿业", 0.0),
    ("B01", "Mining and washing of coal", "煤炭开采和洗选业", 0.0),
    ("B02", "Exploitation of petroleum and natural gas", "石油和天然气开采业", 0.0),
    ("B03", "Mining and processing of ferrous metal ores", "黑色金属矿采选业", 0.0),
    ("B04", "Mining and processing of non-ferrous metal ores", "有色金属矿采选业", 0.0),
    ("B05", "Mining and processing of nonmetal ores", "非金属矿采选业", 0.0),
    ("C", "Manufacturing", "制造业", 0.18),
    ("D", "Utilities", "电力、热力、燃气及水生产和供应业", 0.006),
    ("E", "Construction", "建筑业", 0.07),
    ("F", "Wholesale and retail trades", "批发和零售业", 0.11),
    ("G", "Transport, storage, and postal services", "交通运输、仓储和邮政业", 0.04),
    ("P", "Education", "教育", 0.03),
    ("Q", "Health care and social work", "卫生和社会工作", 0.015),
    ("T", "International organizations", "国际组织", 0.0),
)
MINING_PARTS = {"B01": 0.7, "B02": 0.08, "B03": 0.07, "B04": 0.08, "B05": 0.07}


def write_csv(path: Path, rows: Iterable[Sequence[object]], encoding: str) -> None:
    """Write rows as they are, lines ending in LF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerows(rows)


def write_county_co2(path: Path, tables: Tables) -> None:
    """County emissions, Mt, GBK, wide; the counties of a unit add up to its emissions."""
    years = (1997, 2017)
    co2 = tables.co2(years)
    header = [
        "DISTCODE地区代码", "County Name", "County Name", "City Name", "City Name",
        "Province Name", "Province Name", *(f"C{year}" for year in range(years[0], years[1] + 1)),
    ]  # fmt: skip
    rows: list[list[object]] = []
    for far in far_places():
        values = [round(0.8 + 0.05 * t, COUNTY_DECIMALS) for t in range(len(co2.years))]
        rows.append(
            [f"{far.code[:4]}02", f"{far.short}演示区", "Demo District", far.name, "Demo City",
             far.province_zh, "Demo Province", *values]
        )  # fmt: skip
    for place, home in tables.places(2012, laiwu=True, of_the_year=True):
        j = tables.column[home]
        total = [
            tables.part(
                place, home, year, round(co2.at(year, j) / MEGATONNE, COUNTY_DECIMALS),
                LAIWU_SHARE["co2"], COUNTY_DECIMALS,
            )
            for year in co2.years
        ]  # fmt: skip
        names: tuple[object, ...] = (
            place.name, f"{place.english} City", place.province_zh, f"{place.province} Province"
        )  # fmt: skip
        if place.code == JIYUAN:
            rows.append([place.code, place.name, "Jiyuan City", *names, *total])
            continue
        parts = [[round(share * v, COUNTY_DECIMALS) for v in total] for share in COUNTY_SHARES]
        rest = [round(v - sum(p), COUNTY_DECIMALS) for v, *p in zip(total, *parts, strict=True)]
        for code, zh, en, values in zip(
            ("02", "21", "22"),
            ("演示区", "演示一县", "演示二县"),
            ("Demo District", "Demo County 1", "Demo County 2 "),
            (*parts, rest),
            strict=True,
        ):
            label = f"{place.english} {en}"
            rows.append([f"{place.code[:4]}{code}", f"{place.short}{zh}", label, *names, *values])
    rows.sort(key=lambda row: str(row[0]))
    write_csv(path, [header, *rows], "gbk")


def write_apparent_co2(path: Path, tables: Tables) -> None:
    """Apparent totals of provinces, Mt, a sheet a year, two junk columns in 2017.

    A basin province has twice the emissions of its candidate units, so that its 2018/2017 is
    theirs.
    """
    years = (1997, 2019)
    co2 = tables.co2(years)
    labels = tables.design.units["province"].to_numpy()
    note = (
        ("Introduction/简介", f"Provincial apparent CO2 emissions. {SYNTHETIC}"),
        (
            "Content/内容",
            "China provincial CO2 emission inventory (by apparent emission accounting)",
        ),
        ("Type/类型", "CO2\n二氧化碳"),
        ("Timeseries/时间序列", "1997-2019"),
        ("Unit/单位", "Mt\n百万吨"),
    )
    sheets = [Sheet("NOTE", note)]
    for t, year in enumerate(co2.years):
        totals = [
            2.0 * float(co2.values[t][labels == BASIN_LABELS[name]].sum()) / MEGATONNE
            if name in BASIN_LABELS
            else 120.0 * 1.04**t
            for name in CEADS_PROVINCES
        ]
        sheets.append(_apparent_sheet(str(year), totals))
    write_workbook(path, sheets)


def _apparent_sheet(name: str, totals: list[float]) -> Sheet:
    rows: list[Sequence[Cell]] = [(None, "Items", *CEADS_PROVINCES)]
    for i, (item, share) in enumerate(FUEL_SHARES.items()):
        rows.append(("Fossil fuel" if i == 0 else None, item, *(share * v for v in totals)))
    rest = 1.0 - sum(FUEL_SHARES.values())
    rows.append(("Process", "Cement", *(rest * v for v in totals)))
    rows.append(("Total apparent CO2 emissions (mt)", None, *totals))
    for fuel, share in zip(
        ("Raw Coal", "Crude Oil", "Natural Gas"), FUEL_SHARES.values(), strict=True
    ):
        rows.append(())
        for i, item in enumerate(BALANCE_ITEMS):
            made = share if item == "Indigenous production" else 0.0
            rows.append((fuel if i == 0 else None, item, *(made * v for v in totals)))
    extra: dict[tuple[int, int], Cell] = {}
    if name == "2017":
        extra = {
            (4, 33): Formula("=SUM(C5:AF5)", rest * sum(totals)),
            (5, 33): Formula("=SUM(C6:AF6)", sum(totals)),
        }
    return Sheet(name, rows, extra)


def write_npp(path: Path, tables: Tables) -> None:
    """Mean NPP of the present prefectures of the nine provinces, gC/m2/a, 2001 to 2020."""
    years = (2001, 2020)
    npp = tables.extend(tables.system.npp, years, 0.005, 10)
    others = other_prefectures(tables.gazetteer.units)
    rows: list[Sequence[object]] = [
        ("province", "province_id", "city", "city_id", "year", "urban_anpp", "agriculture_anpp",
         "overall_anpp")
    ]  # fmt: skip
    for year in npp.years:
        for unit in tables.codes:
            place = tables.gazetteer.now(unit)
            value = npp.at(year, tables.column[unit])
            rows.append(
                (place.province_zh, place.province_code, place.name, unit, year,
                 round(0.8 * value, 10), round(0.95 * value, 10), value)
            )  # fmt: skip
        for other in others:
            rows.append(
                (other.province_zh, other.province_code, other.name, other.code, year, 260.0, 310.0,
                 330.5)
            )  # fmt: skip
    write_csv(path, rows, "utf-8")


LAND_MIX = {
    "up": {1: 0.02, 5: 0.05, 7: 0.03, 10: 0.62, 11: 0.004, 12: 0.07, 15: 0.003, 16: 0.19, 17: 0.01},
    "mid": {4: 0.20, 5: 0.08, 8: 0.06, 9: 0.05, 10: 0.30, 12: 0.27, 14: 0.02, 17: 0.005},
    "down": {4: 0.08, 5: 0.04, 8: 0.03, 10: 0.08, 11: 0.003, 12: 0.62, 14: 0.05, 17: 0.02},
}
"""Shares of IGBP classes by reach; what is left is class 13, built-up, before it grows."""

N_CLASSES = 17


def write_land_cover(path: Path, tables: Tables) -> None:
    """Area of IGBP classes, km2, 2001 to 2020; an absent class is an empty cell."""
    years = range(2001, 2021)
    rows: list[Sequence[object]] = [
        ("province", "province_id", "city", "city_id", "year", *range(1, N_CLASSES + 1))
    ]
    areas = tables.design.units["area_km2"].to_numpy(dtype=float)
    reaches = [str(reach) for reach in tables.design.units["reach_V1"]]
    tilt = tables.noise("land")
    others = other_prefectures(tables.gazetteer.units)
    for year in years:
        for j, unit in enumerate(tables.codes):
            place = tables.gazetteer.now(unit)
            area = float(areas[j])
            mix = dict(LAND_MIX[reaches[j]])
            moved = 0.08 * mix[12] * float(np.tanh(tilt[j]))
            mix[12], mix[10] = mix[12] - moved, mix[10] + moved
            grown = 0.001 * (year - 2001) * mix[12]
            mix[12] -= grown
            mix[13] = 1.0 - sum(mix.values())
            cells = [round(mix[k] * area, 9) if k in mix else "" for k in range(1, N_CLASSES + 1)]
            rows.append((place.province_zh, place.province_code, place.name, unit, year, *cells))
        for other in others:
            cells = [9000.5 if k == 10 else 4000.25 if k == 12 else "" for k in range(1, 18)]
            rows.append(
                (other.province_zh, other.province_code, other.name, other.code, year, *cells)
            )
    write_csv(path, rows, "utf-8")


def write_national_employment(path: Path) -> None:
    """Employment of the country by industry, 10^4 persons, 1990 to 2018."""
    years = range(1990, LAST_YEAR + 1)
    total, mining = national_employment(tuple(years))
    rows: list[Sequence[object]] = [
        ("Code", "Description", "DescriptionInChinese", *years),
        ("TOT", "Total number of employed persons (in the unit of 10 thousands)", "全国总计",
         *(float(v) for v in total)),
    ]  # fmt: skip
    for code, english, chinese, share in SECTORS:
        if code == "B":
            values = [float(v) for v in mining]
        elif code in MINING_PARTS:
            values = [round(MINING_PARTS[code] * float(v), 1) for v in mining]
        elif code == "T":
            values = [0.68 for _ in total]
        else:
            values = [round(share * float(v), 1) for v in total]
        rows.append((code, english, chinese, *values))
    write_csv(path, rows, "utf-8")


def write_province_panel(path: Path, tables: Tables) -> None:
    """Provincial panel of green patents, GDP and population, 2000 to 2023, UTF-8 with a mark."""
    labels = tables.design.units["province"].to_numpy()
    pop = tables.population((2000, 2023))
    patents = tables.extend(tables.system.patents, (2000, 2023), 0.15, 0)
    provinces = load_provinces()
    rows: list[Sequence[object]] = [PANEL_COLUMNS]
    for number, province in enumerate(PANEL_PROVINCES, start=1):
        code = provinces.code(province)
        members = labels == provinces.label(code)
        for t, year in enumerate(pop.years):
            if members.any():
                people = 1.3 * float(pop.values[t][members].sum())
                green = 0.12 * 1.3 * float(patents.values[t][members].sum())
            else:
                people, green = calc_people(code, year), 300.0 * 1.18**t
            rows.append(_panel_row(number, province, year, people, green, calc_gdp(code, year)))
    write_csv(path, rows, "utf-8-sig")


def _panel_row(
    number: int, province: str, year: int, people: float, green: float, yuan: float
) -> list[object]:
    t = year - 2000
    gdp, co2 = round(yuan, 2), int(people * 2.2e4 * 1.03**t)
    known: dict[str, object] = {
        "uid": 3100 + 100 * number + t, "province_id": number, "province": province, "year": year,
        "co2_emissions": co2, "gdp": gdp, "sec_val": round(0.45 * gdp, 2),
        "green_invention_patents": round(0.55 * green),
        "green_utility_patents": round(0.45 * green),
        "ln_gdp": round(float(np.log(gdp)), 7), "ln_co2": round(float(np.log(co2)), 6),
        "population": round(people, 2), "urban_population": round(0.5 * people, 2),
        "urbanization_rate": 0.5, "sec_pctg": 0.45, "event_time": year - 2021,
    }  # fmt: skip
    empty_before = {"urban_population": 2005, "urbanization_rate": 2005, "env_expenditure": 2007,
                    "env_exp_share": 2007}  # fmt: skip
    row: list[object] = []
    for column in PANEL_COLUMNS:
        if year < empty_before.get(column, 0):
            row.append("")
        elif column in known:
            row.append(known[column])
        elif column in WHOLE_COLUMNS:
            row.append(0)
        else:
            row.append(round(0.3 + 0.01 * t, 4))
    return row


MINE_COLUMNS = (
    "GEM Mine ID", "MSHA ID", "Country", "Mine Name", "Mine Name AKAs", "Mine Name (Non-ENG)",
    "GEM Wiki URLs", "Status", "Status Detail", "Project Type", "Project Phase", "Owners",
    "Owners (Non-ENG)", "Parent Company", "Company HQs", "Capacity (Mtpa)", "Production (Mtpa)",
    "Year of Production", "Coal Output (Annual, Mst)", "Mine Type", "Mining Method",
    "Mine Size (Km2)", "Mine Depth (m)", "Depth Accuracy", "Workforce Size", "Workforce Accuracy",
    "Coal Type", "Coal Grade", "Total Reserves (Proven and Probable, Mt)",
    "Year of Total Reserves Recorded", "Total Resource (Inferred, Indicated, Measured)",
    "Reserve to Production Ratio (R/P)", "Opening Year", "Reported Life of Mine", "Coalfield",
    "Location", "Prefecture, District", "State, Province", "Subregion", "Region", "Latitude",
    "Longitude", "Location Accuracy", "Primary Consumer, Destination",
    "Coal Plant, Steel Plant, Terminal", "Coal Plant, Steel Plant, Terminal GEM Wiki",
    "Reported Coal Mine Methane Emissions (thousand tonnes  CO2e)",
    "Year of Reported Coal Mine Methane Emissions",
    "GEM Coal Mine Methane Emissions Estimate (MCM/yr)",
    "GEM Coal Mine Methane Emissions Estimate (M tonnes/yr)", "CMM Emissions (CO2e 20 years)",
    "CMM Emissions (CO2e 100 years)",
)  # fmt: skip
CLOSED_COLUMNS = (
    "GEM Mine ID", "MSHA ID", "Country", "Mine Name", "Mine Name AKAs", "Mine Name (Non-ENG)",
    "Owners", "Owners (Non-ENG)", "Parent Company", "Company HQs", "Capacity (Mtpa)",
    "Production (Mtpa)", "Year of Production", "Mine Type", "Mining Method", "Mine Size\n(Km2)",
    "Mine Depth\n(m)", "Depth Accuracy", "Workforce Size", "Workforce Accuracy", "Coal Type",
    "Coal Grade", "Opening Year", "Closing Year", "Reason for Closure", "Mine Site Status",
    "Coalfield", "Location", "Prefecture, District", "State, Province", "Subregion", "Region",
    "Latitude", "Longitude", "Location Accuracy", "Primary Consumer, Destination",
    "Coal Plant, Steel Plant, Terminal", "Coal Plant, Steel Plant, Terminal GEM Wiki",
)  # fmt: skip
MOST_MINES = 12
PERSONS_PER_MTPA = 700


def write_coal_mines(path: Path, tables: Tables, boundaries: Boundaries) -> None:
    """Coal mines as points inside the polygons: more of them where mining employs more."""
    header = "Global Coal Mine Tracker - April 2024"
    about: list[Sequence[Cell]] = [
        (header,),
        (f"Layout of the tracker of Global Energy Monitor, filled with {SYNTHETIC}",),
    ]
    open_rows: list[Sequence[Cell]] = [MINE_COLUMNS]
    closed_rows: list[Sequence[Cell]] = [CLOSED_COLUMNS]
    mean_lq = tables.design.lq.mean(axis=0)
    for j, unit in enumerate(tables.codes):
        if unit not in boundaries.frame.index:
            continue
        count = min(MOST_MINES, int(np.ceil(1.2 * mean_lq[j])))
        for mine in _mines_of(tables, boundaries, unit, count):
            is_closed = mine["Closing Year"] is not None
            rows, columns = (
                (closed_rows, CLOSED_COLUMNS) if is_closed else (open_rows, MINE_COLUMNS)
            )
            rows.append([mine.get(name) for name in columns])
    abroad: dict[str, Cell] = {
        "GEM Mine ID": "M0001", "Country": "Australia", "Mine Name": "Demo Creek", "Status":
        "Operating", "Capacity (Mtpa)": 4.0, "Workforce Size": 500, "Opening Year": 1998,
        "Latitude": -23.1, "Longitude": 148.2, "Mine Type": "Surface",
    }  # fmt: skip
    open_rows.append([abroad.get(name) for name in MINE_COLUMNS])
    write_workbook(
        path,
        (
            Sheet("About", about),
            Sheet("Global Coal Mine Tracker (Non-C", open_rows),
            Sheet("Global Coal Mine Tracker (Close", closed_rows),
        ),
    )


def _mines_of(
    tables: Tables, boundaries: Boundaries, unit: str, count: int
) -> Iterable[dict[str, Cell]]:
    """Mines of one unit; every draw is keyed by the unit."""
    place = tables.gazetteer.now(unit)
    rng = np.random.default_rng(
        np.random.SeedSequence(tables.draws.seed, spawn_key=(7919, int(unit)))
    )
    points = _points_inside(boundaries.frame.geometry.loc[unit], count, rng)
    for k, (x, y) in enumerate(points):
        capacity = round(float(np.clip(np.exp(rng.normal(0.0, 0.8)), 0.3, 25.0)), 2)
        opening = int(rng.integers(1970, LAST_YEAR - 2))
        luck = float(rng.random())
        closing = int(rng.integers(max(opening, FIRST_YEAR) + 1, 2024)) if luck < 0.06 else None
        status = "Proposed" if 0.06 <= luck < 0.12 else "Mothballed" if luck < 0.15 else "Operating"
        surveyed: Cell = round(PERSONS_PER_MTPA * capacity)
        yield {
            "GEM Mine ID": f"M{unit}{k:02d}",
            "MSHA ID": "-" if closing is not None else None,
            "Country": "China",
            "Mine Name": f"{place.english} Demo Coal Mine {k + 1}",
            "Mine Name (Non-ENG)": f"{place.short}演示{k + 1}号煤矿",
            "GEM Wiki URLs": None,
            "Status": status,
            "Status Detail": "Construction" if status == "Proposed" else None,
            "Owners": "Synthetic Demonstration Company",
            "Owners (Non-ENG)": "-",
            "Company HQs": "China",
            "Capacity (Mtpa)": "-" if luck > 0.985 else capacity,
            "Production (Mtpa)": "*",
            "Mine Type": "Underground",
            "Mining Method": "-",
            "Mine Size (Km2)": "-",
            "Mine Size\n(Km2)": "-",
            "Workforce Size": "-" if 0.3 < luck < 0.33 else surveyed,
            "Workforce Accuracy": "Estimate",
            "Coal Type": "Bituminous",
            "Coal Grade": "Thermal",
            "Opening Year": "TBD" if status == "Proposed" else "-" if luck > 0.95 else opening,
            "Closing Year": closing,
            "Prefecture, District": place.english,
            "State, Province": {"InnerMongolia": "Inner Mongolia"}.get(
                place.province, place.province
            ),
            "Subregion": "Eastern Asia",
            "Region": "Asia",
            "Latitude": y,
            "Longitude": x,
            "Location Accuracy": "Exact",
        }


def _points_inside(polygon: Any, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Points inside a polygon, well away from its border, to six decimals of a degree."""
    import shapely

    core = polygon.buffer(-0.02)
    area = polygon if core.is_empty else core
    west, south, east, north = area.bounds
    found: list[tuple[float, float]] = []
    shapely.prepare(area)
    while len(found) < count:
        x = np.round(rng.uniform(west, east, 16), 6)
        y = np.round(rng.uniform(south, north, 16), 6)
        inside = shapely.contains_xy(area, x, y)
        found += [(float(a), float(b)) for a, b in zip(x[inside], y[inside], strict=True)]
    return found[:count]
