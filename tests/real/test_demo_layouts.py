"""Demonstration files against the published ones: sheets, headers, kinds of cells, encodings."""

from __future__ import annotations

import csv
import importlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from demo_files import demo_folder
from python_calamine import CalamineWorkbook

from yrb_carbon.demo import FILES

pytestmark = pytest.mark.real

FOLDERS = {
    "edgar_city": "gp_city_panels",
    "industry_structure": "gp_city_panels",
    "real_gdp": "gp_city_panels",
    "population": "gp_city_panels",
    "fdi": "gp_city_panels",
    "roads": "gp_city_panels",
    "finance": "gp_city_panels",
    "exchange_rate": "gp_city_panels",
    "ceads_county": "ceads_county_co2",
    "ceads_apparent": "ceads_province_apparent",
    "city_npp": "eileenchen_city_remote_sensing",
    "land_cover": "eileenchen_city_remote_sensing",
    "gem_mines": "gem_coal_mines",
    "province_panel": "province_panels",
    "national_employment": "ionet_china_io",
}
"""Folder of each published file; the city yearbook is in none of them."""

WORKBOOKS = sorted(name for name in FOLDERS if FILES[name].endswith(".xlsx"))
TEXTS = sorted(name for name in FOLDERS if not FILES[name].endswith(".xlsx"))


@pytest.fixture(scope="module")
def demo_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_folder(tmp_path_factory) / "inputs"


def cells(path: Path, sheet: str) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def kind(cell: object) -> str | None:
    """Number, text or nothing; calamine gives every number as float or int."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    return "number" if isinstance(cell, int | float) else "text"


def header_of(rows: list[list[object]]) -> list[str]:
    row = rows[0] if rows else []
    names = [str(cell) if kind(cell) else "" for cell in row]
    while names and not names[-1]:
        names.pop()
    return names


def kinds_by_column(rows: list[list[object]], width: int) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in range(width)]
    for row in rows[1:]:
        for column, cell in enumerate(row[:width]):
            if (what := kind(cell)) is not None:
                found[column].add(what)
    return found


@pytest.mark.parametrize("name", WORKBOOKS)
def test_sheets_have_the_same_names_in_the_same_order(data_root, demo_inputs, name):
    real, demo = (
        CalamineWorkbook.from_path(path).sheet_names
        for path in (data_root / FOLDERS[name] / FILES[name], demo_inputs / FILES[name])
    )
    assert demo == real


@pytest.mark.parametrize("name", [n for n in WORKBOOKS if n != "ceads_apparent"])
def test_headers_are_the_same_and_cells_of_the_same_kinds(data_root, demo_inputs, name):
    real_path, demo_path = data_root / FOLDERS[name] / FILES[name], demo_inputs / FILES[name]
    compared = 0
    for sheet in CalamineWorkbook.from_path(real_path).sheet_names:
        real, demo = cells(real_path, sheet), cells(demo_path, sheet)
        header = header_of(real)
        if len(header) < 2:
            continue
        compared += 1
        assert header_of(demo) == header, sheet
        pairs = zip(
            kinds_by_column(demo, len(header)), kinds_by_column(real, len(header)), strict=True
        )
        for column, (have, allowed) in enumerate(pairs):
            assert have <= allowed, (sheet, header[column])
    assert compared >= 1


def test_apparent_sheets_have_the_same_rows_and_provinces(data_root, demo_inputs):
    file = FILES["ceads_apparent"]
    real_path, demo_path = data_root / FOLDERS["ceads_apparent"] / file, demo_inputs / file
    for year in ("1997", "2017", "2019"):
        real, demo = cells(real_path, year), cells(demo_path, year)
        assert header_of(demo) == header_of(real)
        labels = [[kind(c) and str(c).strip() for c in row[:2]] for row in real]
        assert [[kind(c) and str(c).strip() for c in row[:2]] for row in demo] == labels
        assert max(map(len, demo)) == max(map(len, real))


def test_odd_places_are_kept(data_root, demo_inputs):
    """Text in columns without a header, and the claim of 1 048 576 rows."""
    edgar = cells(demo_inputs / FILES["edgar_city"], "Sheet1")
    assert edgar[3][9] == cells(data_root / "gp_city_panels" / FILES["edgar_city"], "Sheet1")[3][9]
    population = cells(demo_inputs / FILES["population"], "面板数据")
    assert kind(population[38][19]) == "text"
    for folder in (demo_inputs, data_root / "gp_city_panels"):
        with zipfile.ZipFile(folder / FILES["finance"]) as archive:
            start = archive.read("xl/worksheets/sheet1.xml")[:2000]
        assert b'ref="A1:J1048576"' in start


def first_line(path: Path, encoding: str) -> list[str]:
    with path.open(encoding=encoding, newline="") as handle:
        return next(csv.reader(handle))


@pytest.mark.parametrize("name", TEXTS)
def test_text_files_have_the_same_header_encoding_and_mark(data_root, demo_inputs, name):
    real, demo = data_root / FOLDERS[name] / FILES[name], demo_inputs / FILES[name]
    encoding = "gbk" if name == "ceads_county" else "utf-8"
    assert first_line(demo, encoding) == first_line(real, encoding)
    mark = b"\xef\xbb\xbf"
    assert demo.read_bytes().startswith(mark) == real.read_bytes().startswith(mark)
    if name == "ceads_county":
        with pytest.raises(UnicodeDecodeError):
            demo.read_bytes().decode("utf-8")


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", TEXTS)
def test_text_files_have_cells_of_the_same_kinds(data_root, demo_inputs, name):
    encoding = "gbk" if name == "ceads_county" else "utf-8-sig"

    def kinds(path: Path) -> list[set[str]]:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(encoding))))
        found: list[set[str]] = [set() for _ in rows[0]]
        for row in rows[1:]:
            for column, cell in enumerate(row):
                if cell.strip():
                    found[column].add("number" if is_number(cell) else "text")
        return found

    real, demo = kinds(data_root / FOLDERS[name] / FILES[name]), kinds(demo_inputs / FILES[name])
    for column, (have, allowed) in enumerate(zip(demo, real, strict=True)):
        assert have <= allowed, column


def test_counties_of_the_dissolved_units_keep_their_names(data_root, demo_inputs):
    def cities(path: Path) -> set[str]:
        rows = csv.reader(io.StringIO(path.read_bytes().decode("gbk")))
        return {row[3] for row in rows}

    file = FILES["ceads_county"]
    units = cities(demo_inputs / file) & cities(data_root / FOLDERS["ceads_county"] / file)
    assert {"莱芜市", "海东地区", "济源市", "中卫市"} <= units
    assert len(units) >= 92


def test_table_of_moments_is_that_of_the_real_panel(data_root, repository):
    """The script that made data/demo/moments.json makes it again."""
    module = importlib.import_module("demo_moments")
    shipped = json.loads((repository / "data" / "demo" / "moments.json").read_text("utf-8"))
    assert json.loads(json.dumps(module.calc_moments(data_root))) == shipped
