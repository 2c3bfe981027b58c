"""Demonstration copies of the vendors' workbooks: same names, sheets, headers and oddities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from yrb_carbon.demo.excel import Cell, Formula, Sheet, write_workbook
from yrb_carbon.demo.parameters import FIRST_YEAR, YEARS
from yrb_carbon.demo.places import NORTH_WEST_OF_HU_LINE, Place, far_places
from yrb_carbon.demo.tables import LAIWU_SHARE, Tables

SYNTHETIC = "合成演示数据，非真实统计 (synthetic demonstration data, no real statistics)"
FOOTER = f"更多数据说明：{SYNTHETIC}"
FOOTER_LINK = "https://example.org/synthetic-demonstration-data"
CITY_TYPE = "地级市"
LINXIA = "622900"
"""Prefecture whose code stands beside a county-level city of the same short name."""

TEXT_EVERY = 97
"""Every so many rows of the structure workbook carry their numbers as text."""


def write_edgar(path: Path, tables: Tables) -> None:
    """City emissions in t: present units, years 2000 to 2023, a remark in a column of its own."""
    years = (2000, 2023)
    co2 = tables.co2(years)
    rows: list[Sequence[Cell]] = [
        ("年份", "城市代码", "所属省份", "城市", "地区", "胡焕庸线", "碳排放量_吨")
    ]
    for far in far_places():
        for t, year in enumerate(range(years[0], years[1] + 1)):
            rows.append(
                (year, int(far.code), far.province_zh, far.name, "中部", "东南侧",
                 round(2.1e7 * 1.03**t, 3))
            )  # fmt: skip
    for unit in tables.codes:
        place = tables.gazetteer.now(unit)
        side = "西北侧" if place.province in NORTH_WEST_OF_HU_LINE else "东南侧"
        for year in co2.years:
            rows.append(
                (year, int(unit), place.province_zh, place.name, tables.gazetteer.region(place),
                 side, co2.at(year, tables.column[unit]))
            )  # fmt: skip
    write_workbook(
        path,
        (
            Sheet("Sheet1", rows, {(3, 9): "碳排放强度=碳排放总量/GDP"}, {6: "0.0000_ "}),
            Sheet("数据说明", [(f"数据来源：{SYNTHETIC}",)]),
        ),
    )


def write_structure(path: Path, tables: Tables) -> None:
    """GDP by sector in 10^8 yuan, on the second sheet, partly as text, with a footer."""
    years = (2000, 2023)
    sectors = tables.gdp_sectors(years)
    header = (
        "年度标识", "城市名称", "城市代码", "城市类别", "省份名称", "gdp（亿元人民币）",
        "第一产业增加值（亿元人民币）", "第二产业增加值", "第三产业增加值", "第一产业占GDP比重",
        "第二产业占GDP比重", "第三产业占GDP比重", "产业结构", "产业整体升级", "产业结构高级化",
    )  # fmt: skip
    panel: list[Sequence[Cell]] = [header]
    last: list[Sequence[Cell]] = [header]

    def row(place: Place, home: str, year: int) -> tuple[list[Cell], list[float]]:
        j = tables.column[home]
        values = [
            tables.part(place, home, year, sectors[name].at(year, j), LAIWU_SHARE["gdp"], 8)
            for name in ("gdp1", "gdp2", "gdp3")
        ]
        total = round(sum(values), 8)
        key: list[Cell] = [year, place.name, int(place.code), CITY_TYPE, place.province_zh]
        return key, [total, *values]

    by_unit: dict[str, list[tuple[Place, str, int]]] = {}
    for year in range(years[0], years[1] + 1):
        for place, home in tables.places(year, laiwu=True, of_the_year=False):
            by_unit.setdefault(place.code, []).append((place, home, year))
    for code in sorted(by_unit):
        for place, home, year in by_unit[code]:
            key, numbers = row(place, home, year)
            shares = [v / numbers[0] for v in numbers[1:]]
            ratios: list[Cell] = [
                *shares, shares[2], shares[0] + 2 * shares[1] + 3 * shares[2],
                numbers[3] / numbers[2],
            ]  # fmt: skip
            cells: list[Cell] = list(numbers)
            line = len(panel) + 1
            if line % TEXT_EVERY == 0:
                cells = [f"{v:.8f}" for v in numbers]
            elif line % TEXT_EVERY == 1:
                cells[1] = f"{numbers[1]:.8f}"
            panel.append([*key, *cells, *ratios])
            if year == years[1]:
                last.append(_last_year_row(key, numbers, ratios, len(last) + 1))
    end = len(panel) + 13
    write_workbook(
        path,
        (
            Sheet(
                "数据来源",
                (),
                {
                    (2, 0): f"数据来源：{SYNTHETIC}",
                    (4, 0): "计算公式：",
                    (5, 0): "产业结构水平：第三产业增加值/地区生产总值",
                },
            ),
            Sheet(
                "面板数据2000-2023",
                panel,
                {(end, 6): FOOTER, (end + 1, 6): FOOTER_LINK},
                {**dict.fromkeys(range(5, 9), "0.00_ "), **dict.fromkeys(range(9, 15), "0.0000_ ")},
            ),
            Sheet("2023", last),
        ),
    )


def _last_year_row(
    key: list[Cell], numbers: list[float], ratios: list[Cell], line: int
) -> list[Cell]:
    """Row of the sheet of one year, whose ratios are formulas and two numbers are text."""
    formulas = [
        f"=G{line}/F{line}", f"=H{line}/F{line}", f"=I{line}/F{line}", f"=I{line}/F{line}",
        f"=J{line}*1+K{line}*2+L{line}*3", f"=I{line}/H{line}",
    ]  # fmt: skip
    cells: list[Cell] = [f"{numbers[0]:.8f}", numbers[1], f"{numbers[2]:.8f}", numbers[3]]
    cached = [float(r) for r in ratios if isinstance(r, float)]
    return [*key, *cells, *(Formula(f, v) for f, v in zip(formulas, cached, strict=True))]


def write_real_gdp(path: Path, tables: Tables) -> None:
    """Nominal and real GDP in 10^8 yuan, growth index and deflator; no codes."""
    years = (2000, 2023)
    nominal, real, deflator, index = tables.real_gdp(years)
    header = ("省份", "城市", "年份", "名义GDP", "GDP指数", "实际GDP", "GDP平减指数")
    rows: list[Sequence[Cell]] = [header]
    for unit in tables.codes:
        place, j = tables.gazetteer.now(unit), tables.column[unit]
        for t, year in enumerate(real.years):
            rows.append(
                (place.province_zh, place.name, year, nominal.at(year, j), index.at(year, j),
                 real.at(year, j), float(deflator[t]))
            )  # fmt: skip
    example: list[Sequence[Cell]] = [header]
    place = tables.gazetteer.now(tables.codes[0])
    for t, year in enumerate(real.years):
        line = t + 2
        level: Cell = (
            real.at(year, 0) if t == 0 else Formula(f"=F{line - 1}*E{line}%", real.at(year, 0))
        )
        ratio = Formula(f"=D{line}/F{line}", float(deflator[t]))
        example.append(
            (place.province_zh, place.name, year, nominal.at(year, 0), index.at(year, 0), level,
             ratio)
        )  # fmt: skip
    end = len(rows) + 13
    write_workbook(
        path,
        (
            Sheet("Sheet1", rows, {(end, 1): FOOTER}),
            Sheet("计算过程-以上海市为例", example, {(len(example) + 2, 2): FOOTER}),
        ),
    )


def write_population(path: Path, tables: Tables) -> None:
    """Residents in 10^4 persons, reported and filled, area in km2; density is a formula."""
    years = (1998, 2024)
    pop = tables.population(years)
    area = tables.design.units["area_km2"].round(0)
    rows: list[Sequence[Cell]] = [
        ("年份", "省份", "城市", "省份代码", "城市代码", "行政区域土地面积(平方公里)",
         "常住人口（万人）", "插值_常住人口（万人）", "人口密度（人/平方公里）")
    ]  # fmt: skip
    for unit in tables.codes:
        place, j = tables.gazetteer.now(unit), tables.column[unit]
        km2 = int(area.loc[unit])
        empty = _interpolated_years(int(unit))
        for year in pop.years:
            value = pop.at(year, j)
            line = len(rows) + 1
            rows.append(
                (year, place.province_zh, place.name, place.province_code, int(unit), km2,
                 None if year in empty else value, value,
                 Formula(f"=H{line}*10000/F{line}", value * 1e4 / km2))
            )  # fmt: skip
    end = len(rows) + 6
    write_workbook(
        path,
        (
            Sheet(
                "面板数据",
                rows,
                {
                    (38, 19): FOOTER,
                    (39, 19): FOOTER_LINK,
                    (len(rows) // 2, 14): FOOTER,
                    (end, 3): FOOTER,
                    (end + 1, 3): FOOTER_LINK,
                },
                {5: "0_ ", 6: "0_ ", 7: "0_ ", 8: "0.00_ "},
            ),
            Sheet(
                "数据说明",
                [
                    (FOOTER,),
                    ("计算公式：",),
                    ("人口密度公式=常住人口数/行政区域土地面积",),
                    (None,),
                    ("数据来源：",),
                    (SYNTHETIC,),
                ],
            ),
        ),
    )


def _interpolated_years(code: int) -> frozenset[int]:
    """Years without a reported figure: before 2000 in some units, two later ones in others."""
    first = {1998, 1999} if code % 3 == 0 else set()
    return frozenset(first | ({2006, 2007} if code % 7 == 0 else set()))


def write_fdi(path: Path, tables: Tables) -> None:
    """Foreign direct investment, million USD, short names of cities, with gaps."""
    years = (1996, 2023)
    level = tables.simple("fdi", tables.design.gdp_nominal * 0.12, 0.8)
    fdi = tables.extend(np.round(level, 4), years, 0.05, 4)
    rows: list[Sequence[Cell]] = [("year", "地级市", "外商直接投资", "单位", "数据来源")]
    for place, home in tables.places(FIRST_YEAR, laiwu=True, of_the_year=False):
        name = place.short if place.kind == "city" else place.name
        for year in fdi.years:
            value = fdi.at(year, tables.column[home])
            split = tables.part(place, home, year, value, LAIWU_SHARE["gdp"], 4)
            gone = place.code != home and year > 2018
            gap = year < 1999 or gone or (int(place.code) % 5 == 0 and year in (2009, 2010))
            rows.append((year, name, None if gap else split, "百万美元", f"{place.name}统计局"))
    write_workbook(
        path,
        (Sheet("Sheet1", rows, {}, {0: "0", 2: "0.00_);[Red]\\(0.00\\)"}), Sheet("Sheet2", ())),
    )


def write_roads(path: Path, tables: Tables) -> None:
    """Road area per person, m2, of provinces, prefectures and counties in one column."""
    years = (2002, 2023)
    base = 7.0 + 0.45 * np.arange(len(YEARS))[:, None] * np.ones((1, len(tables.codes)))
    roads = tables.extend(np.round(tables.simple("roads", base, 0.25), 2), years, 0.02, 2)
    rows: list[Sequence[Cell]] = [
        ("年份", "省份", "省份代码", "城市", "城市代码", "人均道路面积（平方米）",
         "人均道路面积（平方米）  线性插值")
    ]  # fmt: skip
    entries: list[tuple[int, str, str, str, int]] = [
        (140000, "山西省", "140000", "山西", -1),
        (610581, "陕西省", "610000", "韩城", -1),
    ]
    for place, home in tables.places(FIRST_YEAR, laiwu=True, of_the_year=False):
        if place.kind not in ("city", "prov_adm_county") and place.code != LINXIA:
            continue
        entries.append(
            (int(place.code), place.province_zh, place.province_code, place.short,
             tables.column[home])
        )  # fmt: skip
    for code, province, province_code, name, column in sorted(entries):
        for year in roads.years:
            value = 10.0 if column < 0 else roads.at(year, column)
            gap = code % 11 == 0 and year in (2005, 2011)
            rows.append((year, province, province_code, name, code, None if gap else value, value))
    end = len(rows) + 3
    write_workbook(
        path,
        (
            Sheet(
                "地级市+县级市",
                rows,
                {
                    (end, 2): FOOTER,
                    (end + 1, 2): FOOTER_LINK,
                    (end + 22, 12): FOOTER,
                    (end + 23, 12): FOOTER_LINK,
                    (end + 46, 2): FOOTER,
                    (end + 47, 2): FOOTER_LINK,
                },
            ),
            Sheet("数据来源", (), {(3, 1): f"数据来源：{SYNTHETIC}"}),
        ),
    )


def write_finance(path: Path, tables: Tables) -> None:
    """Loans and deposits, 10^4 yuan, with a ratio as formula, on a sheet that claims all rows."""
    years = (2003, 2023)
    gdp = tables.design.gdp_nominal * 1e4
    loans = tables.extend(np.round(tables.simple("loans", 0.9 * gdp, 0.2)), years, 0.1, 0)
    deposits = tables.extend(np.round(tables.simple("deposits", 1.4 * gdp, 0.2)), years, 0.1, 0)
    nominal = tables.extend(np.round(gdp), years, 0.08, 0)
    rows: list[Sequence[Cell]] = [
        ("年份", "省份", "城市", "省份代码", "城市代码", "所属地域", "地区生产总值(万元)",
         "年末金融机构各项贷款余额(万元)", "年末金融机构存款余额(万元)", "金融发展水平")
    ]  # fmt: skip
    for place, home in tables.places(FIRST_YEAR, laiwu=True, of_the_year=False):
        for year in nominal.years:
            j, line = tables.column[home], len(rows) + 1
            key: list[Cell] = [
                year, place.province_zh, place.name, place.province_code, int(place.code),
                tables.gazetteer.region(place),
            ]  # fmt: skip
            if place.code != home and year > 2018:
                rows.append([*key, None, None, None, None])
                continue
            values = [
                tables.part(place, home, year, series.at(year, j), LAIWU_SHARE["gdp"], 0)
                for series in (nominal, loans, deposits)
            ]
            ratio = Formula(f"=(H{line}+I{line})/G{line}", (values[1] + values[2]) / values[0])
            rows.append([*key, *values, ratio])
    write_workbook(path, (Sheet("Sheet1", rows, claims_all_rows=True),))


def write_exchange_rate(path: Path) -> None:
    """Yuan per USD: a smooth path of the size of the real one."""
    rows: list[Sequence[Cell]] = [("年份", "1美元兑人民币（元）")]
    for year in range(2000, 2024):
        rows.append((year, round(6.6 + 1.6 / (1.0 + np.exp((year - 2008) / 1.5)), 4)))
    write_workbook(path, (Sheet("Sheet1", rows),))
