"""Small files in the published layouts, for the tests of the readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import xlsxwriter

Rows = Sequence[Sequence[object]]


def write_workbook(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """Write rows of cells; None leaves a cell empty, a text beginning with = is a formula."""
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("=1/0"):
                    sheet.write_formula(i, j, cell, None, "#DIV/0!")
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(i, j, cell, None, 7.5)
                elif isinstance(cell, str):
                    sheet.write_string(i, j, cell)
                elif cell is not None:
                    sheet.write(i, j, cell)
    book.close()
    return path


def write_text(path: Path, rows: Rows, encoding: str = "utf-8") -> Path:
    """Write rows as CSV without quotes."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


VENDOR = "更多数据，关注淘宝店【行行文库】"

EDGAR_HEADER = ["年份", "城市代码", "所属省份", "城市", "地区", "碳排放量_吨", None]
EDGAR_ROWS: Rows = [
    [2003, 370100, "山东省", "济南市", "东部", 20_000_000, "碳排放强度=碳排放总量/GDP"],
    [2003, 140100, "山西省", "太原市", "中部", 27_618_680, None],
    [2004, 140100, "山西省", "太原市", "中部", 29_222_524, None],
]


def edgar(path: Path, rows: Rows = EDGAR_ROWS, header: Sequence[object] = EDGAR_HEADER) -> Path:
    """Workbook of city emissions in tonnes."""
    return write_workbook(path, {"Sheet1": [header, *rows], "数据说明": [["EDGAR"]]})


COUNTY_HEADER = [
    "DISTCODE地区代码", "County Name", "County Name", "City Name", "City Name", "Province Name",
    "Province Name", "C2016", "C2017",
]  # fmt: skip
COUNTY_ROWS: Rows = [
    ["371202", "莱城区", "Laicheng", "莱芜市", "Laiwu City", "山东省", "Shandong", 5.1, 0.3],
    ["140105", "小店区", "Xiaodian", "太原市", "Taiyuan City", "山西省", "Shanxi", 0.1, 0.7],
    ["140106", "迎泽区", "Yingze", "太原市", "Taiyuan City", "山西省", "Shanxi", 0.2, 0.8],
    ["140107(2)", "杏花岭区", "Xing", "太原市", "Taiyuan City", "山西省", "Shanxi", 0.3, 0.9],
    ["419001", "济源市", "Jiyuan", "济源市", "Jiyuan City", "河南省", "Henan", 1.5, 1.6],
]


def counties(
    path: Path,
    rows: Rows = COUNTY_ROWS,
    header: Sequence[object] = COUNTY_HEADER,
    encoding: str = "gb18030",
) -> Path:
    """County CSV, GBK."""
    return write_text(path, [header, *rows], encoding)
