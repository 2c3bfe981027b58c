"""Small interregional tables laid out as the published workbooks, to be damaged by tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import xlsxwriter

from yrb_carbon.study.provinces import load_provinces as _load_provinces
from yrb_carbon.study.sector_lists import load_sector_list as _load_sector_list

load_provinces, load_sector_list = cache(_load_provinces), cache(_load_sector_list)

PROVINCES = {"11": "北京", "15": "内蒙", "61": "陕西"}
USES = (
    ("农村居民消费", "FU101"), ("城镇居民消费", "FU102"), ("政府消费支出", "FU103"),
    ("固定资本形成总额", "FU201"), ("存货增加", "FU202"),
)  # fmt: skip
CATEGORIES = ("rural", "urban", "government", "capital", "inventory")
ADDED = (
    ("劳动者报酬", "VA001"), ("生产税净额", "VA002"), ("固定资产折旧", "VA003"),
    ("营业盈余", "VA004"),
)  # fmt: skip
TITLE = "2012年中国省区市区域间投入产出表（单位：万元）"


@dataclass
class Sample:
    """Arrays of a balanced table, in the order of the sheet."""

    provinces: tuple[str, ...]
    sectors: str
    z: np.ndarray
    y: np.ndarray
    exports: np.ndarray
    errors: np.ndarray
    imports: np.ndarray
    added: np.ndarray
    output: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.output = self.z.sum(1) + self.y.sum(1) + self.exports + self.errors


def sample(seed: int = 5, sectors: str = "2012", provinces: tuple[str, ...] = ()) -> Sample:
    """Random amounts with fractions, sized so that a province makes 10^8 (10^4 yuan)."""
    codes = provinces or tuple(PROVINCES)
    rng = np.random.default_rng(seed)
    n = len(codes) * 42
    z = rng.lognormal(9, 1, (n, n)) * (rng.uniform(size=(n, n)) < 0.7)
    y = rng.lognormal(11, 1, (n, 5 * len(codes)))
    exports, errors = rng.lognormal(12, 1, n), rng.normal(0, 1e3, n)
    imports = rng.lognormal(10, 1, n)
    x = z.sum(1) + y.sum(1) + exports + errors
    shares = rng.dirichlet((5, 2, 2, 1), n).T
    added = shares * (x - z.sum(0) - imports)
    return Sample(codes, sectors, z, y, exports, errors, imports, added)


def layout(
    table: Sample,
    *,
    language: str = "zh",
    title: tuple[str, ...] = (TITLE,),
    repeat: bool = False,
    totals: bool = False,
    codes: bool = True,
) -> list[list[object]]:
    """Rows of cells of the sheet, as published."""
    frame = load_provinces().frame
    known = load_sector_list(table.sectors)
    names = [known.frame.loc[code, language] for code in known.codes]
    english = {code: str(frame.loc[code, "name_en"]) for code in table.provinces}
    regions = english if language == "en" else {**frame["short_zh"].to_dict(), **PROVINCES}
    uses = [
        name if language == "zh" else f"{key} consumption"
        for (name, _), key in zip(USES, ("rural", "urban", "government"), strict=False)
    ]
    uses += (
        ["固定资本形成总额", "存货增加"] if language == "zh" else ["GFCF", "Changes in inventories"]
    )

    def block(region: str, size: int) -> list[object]:
        return [regions[region]] * size if repeat else [regions[region], *[None] * (size - 1)]

    lead: list[object] = [None] * (3 if codes else 2)
    top = [*lead, *(c for r in table.provinces for c in block(r, 42))]
    labels = [*lead, *names * len(table.provinces)]
    marks = [*lead, *known.codes * len(table.provinces)]
    if totals:
        top, labels, marks = [*top, None], [*labels, "中间使用合计"], [*marks, "TIU"]
    top += [c for r in table.provinces for c in block(r, 5)]
    labels += uses * len(table.provinces)
    marks += [code for _, code in USES] * len(table.provinces)
    tail = (("出口", "EX"), ("其他", "ERR"), ("总产出", "GO"))
    english_tail = ("Export", "Error", "Total output")
    labels += [name for name, _ in tail] if language == "zh" else english_tail
    marks += [code for _, code in tail]
    top += [None] * 3
    rows: list[list[object]] = [[text] for text in title]
    rows += [top, labels, *([marks] if codes else [])]
    for i, (region, (code, name)) in enumerate(
        (r, pair) for r in table.provinces for pair in zip(known.codes, names, strict=True)
    ):
        first = regions[region] if repeat or i % 42 == 0 else None
        rows.append([
            first, name, *([code] if codes else []), *table.z[i],
            *([table.z[i].sum()] if totals else []), *table.y[i], table.exports[i],
            table.errors[i], table.output[i],
        ])  # fmt: skip

    def below(name: str, code: str, values: np.ndarray) -> None:
        rows.append([None, name, *([code] if codes else []), *values])

    zh = language == "zh"
    if totals:
        below("中间投入合计", "TII", table.z.sum(0))
    below("进口" if zh else "Import", "IM", table.imports)
    va = ADDED if zh else (
        ("Compensation of employees", "VA001"), ("Net taxes on production", "VA002"),
        ("Depreciation of fixed assets", "VA003"), ("Operating surplus", "VA004"),
    )  # fmt: skip
    for (name, code), values in zip(va, table.added, strict=True):
        below(name, code, values)
    if totals:
        below("增加值合计", "TVA", table.added.sum(0))
    below("总投入" if zh else "Total input", "TI", table.output)
    return rows


def write(path: Path, rows: list[list[object]], sheet: str = "2012年", **others: list) -> Path:
    """Write rows of cells; further sheets by keyword."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name, cells in {sheet: rows, **others}.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(cells):
                for j, cell in enumerate(row):
                    if isinstance(cell, str):
                        page.write_string(i, j, cell)
                    elif cell is not None:
                        page.write_number(i, j, float(cell))
    return path
