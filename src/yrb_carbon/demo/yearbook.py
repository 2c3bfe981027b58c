"""Demonstration city yearbook: employment, patents and budgets, one sheet a scope."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from yrb_carbon.demo.excel import Cell, Sheet, write_workbook
from yrb_carbon.demo.parameters import YEARS
from yrb_carbon.demo.places import Place
from yrb_carbon.demo.simulate import LARGEST_SHARE, PERSONS
from yrb_carbon.demo.tables import LAIWU_SHARE, Tables
from yrb_carbon.demo.vendor import SYNTHETIC

HEADER = (
    "年份", "省份", "城市", "行政区划代码", "采矿业从业人员数(人)", "年末城镇单位从业人员数(万人)",
    "第一产业从业人员(万人)", "第二产业从业人员(万人)", "第三产业从业人员(万人)", "专利授权数(件)",
    "公共财政支出(万元)", "科学技术支出(万元)",
)  # fmt: skip
DISTRICT_SHARE = 0.4
"""Part of a unit's figures that its urban districts have."""


def write_yearbook(path: Path, tables: Tables) -> None:
    """Mining employment in persons, total employment in 10^4 persons, patents, budgets.

    Codes and names are those of the year: 莱芜市 to 2018, 海东地区 to 2012, 陇南地区 in 2003.
    Zhongwei, set up at the end of 2003, has a row of its own in that year too.
    """
    gdp = tables.design.gdp_nominal * 1e4
    fiscal = np.round(tables.simple("fiscal", 0.16 * gdp, 0.2))
    science_share = 0.012 * np.exp(0.3 * np.clip(tables.noise("science"), -2.0, 2.0))
    science = np.round(science_share * fiscal)
    city: list[Sequence[Cell]] = [HEADER]
    district: list[Sequence[Cell]] = [HEADER]
    for t, year in enumerate(YEARS):
        for place, home in tables.places(year, laiwu=True, of_the_year=True):
            j = tables.column[home]
            money = (float(fiscal[t, j]), float(science[t, j]))
            figures = _figures(tables, place, home, t, money)
            key: list[Cell] = [year, place.province_zh, place.name, int(place.code)]
            city.append([*key, *_cells(figures)])
            district.append([*key, *_cells([np.round(DISTRICT_SHARE * v) for v in figures])])
    write_workbook(
        path,
        (
            Sheet("全市", city),
            Sheet("市辖区", district),
            Sheet(
                "说明",
                [(f"数据来源：{SYNTHETIC}",), ("采矿业从业人员单位为人，从业人员总数为万人",)],
            ),
        ),
    )


def _figures(
    tables: Tables, place: Place, home: str, t: int, money: tuple[float, float]
) -> list[float]:
    """Figures of one row in whole persons, patents and 10^4 yuan, in the order of the header."""
    year, j = YEARS[t], tables.column[home]
    emp_total, emp_mining = (
        float(v[t, j]) for v in (tables.design.emp_total, tables.design.emp_mining)
    )
    shares = dict(LAIWU_SHARE)
    if emp_mining > 0:
        most = LARGEST_SHARE * shares["employment"] * emp_total / emp_mining
        shares["mining"] = min(shares["mining"], most)

    def part(value: float, share: str) -> float:
        return tables.part(place, home, year, value, shares[share], 0)

    total, mining = part(emp_total, "employment"), part(emp_mining, "mining")
    primary = float(np.round(0.01 * total))
    secondary = float(np.round(0.42 * (total - mining))) + mining
    tertiary = total - primary - secondary
    patents = part(float(tables.system.patents[t, j]), "patents")
    return [mining, total, primary, secondary, tertiary, patents, *(part(v, "gdp") for v in money)]


def _cells(values: Sequence[float]) -> list[Cell]:
    """Numbers of one row in the units of the header: persons, 10^4 persons, counts, 10^4 yuan."""
    mining, total, first, second, third, *rest = (float(v) for v in values)
    in_ten_thousands = (round(v / PERSONS, 4) for v in (total, first, second, third))
    return [int(mining), *in_ten_thousands, *(int(v) for v in rest)]
