"""Price indices of files: by sector, by region where they differ, of imports, by system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table

from yrb_carbon.embodied.price_indices import (
    at_constant_prices,
    calc_price_levels,
    read_deflators,
)
from yrb_carbon.errors import DataError, Place, SourceError
from yrb_carbon.sources.input_output import InputOutputTable

EXACT = 1e-12  # one division of two doubles
HEAD = "year,sector,index"
COMMON = (
    "2012,S1,100", "2012,S2,50", "2015,S1,120", "2015,S2,100",
)  # fmt: skip


def table_of(year: int = 2015, imports: float = 0.0) -> InputOutputTable:
    return make_table(
        np.full((4, 4), 10.0), np.full((4, 2), 30.0), regions=["p1", "p2"], sectors=["S1", "S2"],
        year=year, imports=[imports] * 4,
    )  # fmt: skip


def write(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "prices.csv"
    path.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return path


def levels_of(path: Path, table: InputOutputTable, base: int = 2012):
    return calc_price_levels(read_deflators(path), table, base, Place(path))


def test_one_price_of_a_sector_holds_in_every_region(tmp_path):
    levels, imported = levels_of(write(tmp_path, *COMMON), table_of())
    assert imported is None
    assert levels.index.equals(table_of().labels)
    np.testing.assert_allclose(levels, [1.2, 2.0, 1.2, 2.0], rtol=EXACT)


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path):
    path = write(tmp_path, *COMMON)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    np.testing.assert_allclose(levels_of(path, table_of())[0], [1.2, 2.0, 1.2, 2.0], rtol=EXACT)


def test_prices_of_a_region_go_before_those_of_none(tmp_path):
    own = ("2012,S2,80,p2", "2015,S2,100,p2")
    rows = [f"{line}," for line in COMMON]
    levels, _ = levels_of(write(tmp_path, *own, *rows, head=f"{HEAD},region"), table_of())
    np.testing.assert_allclose(levels, [1.2, 2.0, 1.2, 1.25], rtol=EXACT)


def test_prices_of_regions_alone_must_be_those_of_all(tmp_path):
    rows = [f"{line},{region}" for line in COMMON for region in ("p1", "p2")]
    whole = write(tmp_path, *rows, head=f"{HEAD},region")
    np.testing.assert_allclose(levels_of(whole, table_of())[0], [1.2, 2.0, 1.2, 2.0], rtol=EXACT)
    fewer = [row for row in rows if not row.endswith("S2,100,p2") and not row.endswith("50,p2")]
    short = write(tmp_path, *fewer, head=f"{HEAD},region")
    with pytest.raises(SourceError, match="no price index for p2 S2 of the table of 2015"):
        levels_of(short, table_of())


def test_imported_inputs_have_prices_of_their_own(tmp_path):
    table = table_of(imports=5.0)
    with pytest.raises(SourceError, match=r"no price index of them for p1, p2.*sector 'imports'"):
        levels_of(write(tmp_path, *COMMON), table)
    common = write(tmp_path, *COMMON, "2012,imports,100", "2015,imports,90")
    np.testing.assert_allclose(levels_of(common, table)[1], [0.9] * 4, rtol=EXACT)
    rows = [f"{line}," for line in COMMON]
    own = ("2012,imports,1,p1", "2015,imports,2,p1", "2012,imports,4,p2", "2015,imports,5,p2")
    by_region = write(tmp_path, *rows, *own, head=f"{HEAD},region")
    np.testing.assert_allclose(levels_of(by_region, table)[1], [2.0, 2.0, 1.25, 1.25], rtol=EXACT)


def test_tables_are_brought_to_the_prices_of_the_base_year(tmp_path):
    tables = {year: table_of(year) for year in (2012, 2015)}
    rows = [f"{line}," for line in COMMON]
    path = write(
        tmp_path, *rows, "2012,S1,10,p1", "2015,S1,40,p1", head=f"{HEAD},region"
    )  # fmt: skip
    real = at_constant_prices(tables, path, 2012)
    assert real[2012].intermediate.equals(tables[2012].intermediate)
    ratio = tables[2015].output / real[2015].output
    np.testing.assert_allclose(ratio, [4.0, 2.0, 1.2, 2.0], rtol=EXACT)
    assert real[2015].unit.endswith("prices of 2012")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((*COMMON, "2015,S9,1", "2012,S9,1"), "price indices of S9, which the table of 2015 lacks"),
        ((*COMMON, "2012,S1,3"), "2012 S1 stands twice"),
        (COMMON[:3], "no price index of 2015 for S2"),
        (COMMON[2:], "no price index of 2012; years: 2015"),
        ((*COMMON[:3], "2015,S2,-1"), "index must be a positive number"),
    ],
)
def test_faults_of_price_indices_are_told(tmp_path, lines, message):
    with pytest.raises(SourceError, match=message):
        levels_of(write(tmp_path, *lines), table_of())


def test_prices_of_regions_that_the_table_lacks_are_told(tmp_path):
    rows = [f"{line}," for line in COMMON]
    path = write(tmp_path, *rows, "2012,S1,1,p9", "2015,S1,1,p9", head=f"{HEAD},region")
    with pytest.raises(SourceError, match="price indices of p9 S1, which"):
        levels_of(path, table_of())


def test_tables_of_several_lists_of_sectors_have_no_common_prices(tmp_path):
    tables = {
        year: replace(table_of(year), classification=name)
        for year, name in ((2012, "2012"), (2015, "2017"))
    }
    with pytest.raises(DataError, match=r"several lists of sectors \(2012: 2012, 2015: 2017\)"):
        at_constant_prices(tables, write(tmp_path, *COMMON), 2012)
    same = {year: replace(table, classification="S26") for year, table in tables.items()}
    assert set(at_constant_prices(same, write(tmp_path, *COMMON), 2012)) == {2012, 2015}


def test_no_file_is_told(tmp_path):
    with pytest.raises(SourceError, match="the file does not exist"):
        read_deflators(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="no column index; found year, sector, price"):
        read_deflators(write(tmp_path, "2012,S1,1", head="year,sector,price"))


def test_a_row_of_several_regions_is_read_as_it_stands(tmp_path):
    frame = read_deflators(write(tmp_path, "2012,S1,1,p1", "2012,S1,2,", head=f"{HEAD},region"))
    wanted = pd.MultiIndex.from_tuples([("", "S1"), ("p1", "S1")], names=["region", "sector"])
    assert frame.index.equals(wanted)
    assert frame[2012].tolist() == [2.0, 1.0]


def test_a_region_may_have_the_name_of_a_missing_value(tmp_path):
    table = make_table(
        np.full((4, 4), 10.0), np.full((4, 2), 30.0), regions=["EU", "NA"], sectors=["S1", "S2"],
        year=2015, imports=[0.0] * 4,
    )  # fmt: skip
    own = ("2012,S1,100,NA", "2015,S1,300,NA", "2012,S2,100,NA", "2015,S2,300,NA")
    with pytest.raises(SourceError, match="no price index for EU S1, EU S2 of the table of 2015"):
        levels_of(write(tmp_path, *own, head=f"{HEAD},region"), table)
    rows = [f"{line}, " for line in COMMON]
    levels, _ = levels_of(write(tmp_path, *rows, *own, head=f"{HEAD},region"), table)
    np.testing.assert_allclose(levels, [1.2, 2.0, 3.0, 3.0], rtol=EXACT)


@pytest.mark.parametrize("name", ["Region", "province", "year"])
def test_columns_of_other_names_are_refused(tmp_path, name):
    rows = [f"{line},p2" for line in COMMON]
    with pytest.raises(SourceError, match=rf"columns {name} are .* year, sector, index, region"):
        read_deflators(write(tmp_path, *rows, head=f"{HEAD},{name}"))


def test_a_column_without_a_name_may_be_empty_alone(tmp_path):
    rows = [f"{line}," for line in COMMON]
    assert read_deflators(write(tmp_path, *rows, head=f"{HEAD},")).shape == (2, 2)
    with pytest.raises(SourceError, match=r"row 2.*column 4 has no name and holds 'p2'"):
        read_deflators(write(tmp_path, f"{COMMON[0]},p2", *rows[1:], head=f"{HEAD},"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("2012.4,S1,100",), r"row 2, column 'year': year must be a whole number \(got '2012.4'"),
        (("2012,,100",), "row 2, column 'sector': the row names no sector"),
        ((*COMMON, "", "2015,S3,inf"), r"row 7, column 'index': .* positive number \(got 'inf'"),
        ((*COMMON, "", "2015,S1,1"), "row 7: 2015 S1 stands twice"),
        ([f"{line},5" for line in COMMON], "row 2: the row has 4 cells, the header 3"),
        (("2012,S1",), "row 2: the row has 2 cells, the header 3"),
        ((), "no price index stands below the header"),
    ],
)
def test_rows_that_are_no_price_are_told_with_their_place(tmp_path, lines, message):
    with pytest.raises(SourceError, match=message):
        read_deflators(write(tmp_path, *lines))


def test_files_of_other_encodings_and_empty_ones(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_bytes(f"{HEAD},region\n2012,采矿业,100,山西\n".encode("gbk"))
    assert list(read_deflators(path).index) == [("山西", "采矿业")]
    path.write_bytes(b"")
    with pytest.raises(SourceError, match="the file is empty"):
        read_deflators(path)
