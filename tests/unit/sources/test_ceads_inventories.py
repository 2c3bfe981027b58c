"""Provincial inventories: found by names in every dialect, sums checked, each damage told apart."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from ceads_books import Sheet, emission_cells, emission_sheet, energy_sheet
from sourcefiles import write_workbook

from yrb_carbon.errors import DataError, SourceError, keeping_faults
from yrb_carbon.sources import ceads_energy, ceads_inventory
from yrb_carbon.sources.ceads_energy import (
    CARRIERS,
    UNITS,
    read_ceads_energies,
)
from yrb_carbon.sources.ceads_inventory import (
    BOUGHT,
    COLUMNS,
    LAYOUT,
    read_ceads_inventories,
    read_ceads_inventory,
)
from yrb_carbon.sources.ceads_sheets import FUELS, read_inventory, read_named_years
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.provinces import load_provinces

PROVINCES = ("14", "15", "61")
NOTE: Sheet = [["Introduction/简介", "synthetic demonstration data"], ["Unit/单位", "Mt"]]
EXACT = 1e-12
"""A workbook of the tests holds 16 digits of a number; sums differ in their last bits."""

HEADER, UNIT_ROW, TOTAL_ROW, FIRST = 0, 1, 3, 4
COAL_ROW = FIRST + 1


@pytest.fixture(scope="module")
def cells():
    return {code: emission_cells(int(code)) for code in PROVINCES}


@pytest.fixture
def book(cells):
    """Sheets of three provinces, one of them in the newer dialect, in no order."""
    return {
        "NOTE": copy.deepcopy(NOTE),
        "Shaanxi2017": emission_sheet(cells["61"]),
        "InnerMongolia2017": emission_sheet(cells["15"], underscores=True),
        "Shanxi2017": emission_sheet(cells["14"]),
    }


KNOWN = {"provinces": load_provinces(), "concordance": load_concordance()}


def read(path, book, **options):
    return read_inventory(
        write_workbook(path, book), ceads_inventory.FORM, expected=PROVINCES, **KNOWN, **options
    )


def read_energy(path):
    return read_inventory(path, ceads_energy.FORM, expected=PROVINCES, **KNOWN)


def told(path, book) -> str:
    with pytest.raises(SourceError) as caught:
        read(path, book)
    return str(caught.value)


def test_what_is_written_is_read(tmp_path, book, cells):
    inventory = read(tmp_path / "a.xlsx", book)
    assert inventory.years == (2017,)
    assert inventory.provinces == PROVINCES
    assert len(inventory.frame) == 3 * 47 * 21
    assert list(inventory.frame.columns) == ["year", "province", "sector", "fuel", "co2"]
    for code in PROVINCES:
        own = inventory.frame.query("province == @code")["co2"].to_numpy().reshape(47, 21)
        np.testing.assert_allclose(own, cells[code], rtol=EXACT)
    assert inventory.misfits.empty
    assert inventory.unreported == ()
    inventory.require_sums()
    (record,) = inventory.records
    assert any("'NOTE'" in note for note in record.notes)
    assert set(record.unit.values()) == {"Mt CO2"}
    totals = inventory.printed.query("sector == 'total' and fuel == 'total'")["co2"]
    assert totals.to_numpy() == pytest.approx([cells[c].sum() for c in PROVINCES], rel=EXACT)


def test_order_of_sheets_columns_and_rows_and_empty_rows_above_do_not_count(tmp_path, book):
    plain = read(tmp_path / "a.xlsx", book)
    rng = np.random.default_rng(5)
    mixed = {}
    for name in reversed(list(book)):
        sheet = book[name]
        if name != "NOTE":
            columns = [int(j) for j in rng.permutation(len(sheet[HEADER]))]
            rows = [int(i) for i in rng.permutation(np.arange(TOTAL_ROW, len(sheet)))]
            rows = [HEADER, UNIT_ROW, *rows]
            sheet = [["a title"], [], *([sheet[i][j] for j in columns] for i in rows)]
        mixed[name] = sheet
    again = read(tmp_path / "b.xlsx", mixed)
    pd.testing.assert_frame_equal(plain.frame, again.frame)
    pd.testing.assert_frame_equal(plain.printed, again.printed)


def test_numbers_as_text_are_numbers(tmp_path, book, cells):
    book["Shanxi2017"][COAL_ROW][1] = f" {float(cells['14'][1, 0])!r} "
    assert read(tmp_path / "a.xlsx", book).frame["co2"].sum() == pytest.approx(600.0, rel=EXACT)


def test_missing_and_surplus_provinces_are_named(tmp_path, book):
    path = write_workbook(tmp_path / "a.xlsx", book)
    with pytest.raises(SourceError, match="no sheet for 27 of 30 provinces: 11 Beijing, 12 Tianj"):
        read_ceads_inventory(path)
    with pytest.raises(SourceError, match=r"a\.xlsx: no sheet for 1 of 2 provinces: 62 Gansu"):
        read_ceads_inventory(path, expected=("61", "62"))
    (record,) = read_ceads_inventory(path, expected=("61", "15")).records
    assert any("1 sheets beside those wanted: Shanxi2017" in note for note in record.notes)


def shift_header(book):
    header = book["Shanxi2017"][HEADER]
    book["Shanxi2017"][HEADER] = ["", "", *header[1:-1]]


def shift_header_left(book):
    header = book["Shanxi2017"][HEADER]
    book["Shanxi2017"][HEADER] = [*header[1:], ""]


def set_cell(row: int, column: int, value: object) -> Callable[[dict[str, Sheet]], None]:
    def change(book):
        book["Shanxi2017"][row][column] = value

    return change


def drop_column(book):
    for row in book["Shanxi2017"]:
        del row[1]


def double_row(book):
    book["Shanxi2017"].append(list(book["Shanxi2017"][COAL_ROW]))


def drop_row(book):
    del book["Shanxi2017"][COAL_ROW]


def rename_sheet(name):
    def change(book):
        book[name] = book.pop("Shanxi2017")

    return change


def scale(factor):
    def change(book):
        for row in book["Shanxi2017"][TOTAL_ROW:]:
            row[1:] = [value * factor for value in row[1:]]

    return change


def drop_units(book):
    del book["Shanxi2017"][UNIT_ROW]


def no_header(book):
    del book["Shanxi2017"][HEADER]


def no_sectors(book):
    for row in book["Shanxi2017"]:
        row[0] = ""


def double_sheet(book):
    book["山西2017"] = book["Shanxi2017"]


DAMAGES = {
    "shifted": (shift_header, r"'Shanxi2017', row 1: the header does not stand over its columns: "
                r"numbers without a name in column B"),
    "shifted left": (shift_header_left, r"row 1: the header does not stand.*'Raw Coal' over the "
                     r"sectors in column A"),
    "text": (set_cell(COAL_ROW, 1, "n/k"), r"sheet 'Shanxi2017', row 6, column 'Raw Coal': 'n/k' "
             r"is no number"),
    "percent": (set_cell(COAL_ROW, 3, "12%"), r"row 6, column 'Other Washed Coal': '12%' is no"),
    "empty": (set_cell(COAL_ROW, 2, None), r"row 6, column 'Cleaned Coal': an empty cell"),
    "error": (set_cell(COAL_ROW, 2, "=1/0"), r"row 6, column 'Cleaned Coal': '#DIV/0!' is no"),
    "negative": (set_cell(COAL_ROW, 2, -3.5), r"row 6, column 'Cleaned Coal': -3.5 is negative"),
    "unit": (set_cell(UNIT_ROW, 4, "10^4 t CO2"), r"row 2, column 'Briquettes': the unit is "
             r"'10\^4 t CO2', wanted Mt CO2"),
    "10^4 too large": (scale(1e4), r"sheet 'Shanxi2017'.*sum of all fuels.*in Mt CO2 it should lie "
                       r"between 1 and 3000; the numbers look like t CO2 or kt CO2"),
    "10^4 too small": (scale(1e-4), r"'Shanxi2017'.*is 0.0\d+, in Mt CO2 it should lie "),
    "no units": (drop_units, r"sheet 'Shanxi2017': no row of units"),
    "no header": (no_header, r"sheet 'Shanxi2017': none of the first 12 rows is the header: 0 of "),
    "no sectors": (no_sectors, r"sheet 'Shanxi2017': no column names sectors"),
    "missing column": (drop_column, r"'Shanxi2017', row 1: no column 'Raw Coal'"),
    "unknown column": (set_cell(HEADER, 1, "Row Coal"), r"row 1: unknown columns 'Row Coal'.*Did "
                       r"you mean 'Raw Coal'"),
    "doubled column": (set_cell(HEADER, 1, "Cleaned_Coal"), r"row 1: 'Cleaned Coal' stands "
                       r"over 2 columns: B, C"),
    "missing row": (drop_row, r"'Shanxi2017': no row for 1 of 48: coal_mining"),
    "unknown row": (set_cell(COAL_ROW, 0, "Cool Mining"), r"row 6: unknown row 'Cool Mining'"),
    "doubled row": (double_row, r"row 52: 'Coal Mining and Dressing .* same row.* in row 6"),
    "no label": (set_cell(COAL_ROW, 0, 0.0), r"row 6: numbers in a row without a label"),
    "unknown province": (rename_sheet("Shangxi2017"), r"'Shangxi2017': 'Shangxi' is none of the 31 "
                         r"provinces; close to Shanxi"),
    "two years": (rename_sheet("Shanxi2016"), r"sheets of 2 years: 2016, 2017.*compare Shanxi2016"),
    "province twice": (double_sheet, r"sheets of one province: Shanxi2017, 山西2017"),
    "missing province": (lambda book: book.pop("Shanxi2017"), r"a\.xlsx: no sheet for 1 of 3 "
                         r"provinces: 14 Shanxi"),
    "no sheet": (lambda book: [book.pop(n) for n in list(book) if n != "NOTE"],
                 r"no sheet is named by a province and a year"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_has_its_own_message(tmp_path, book, name):
    damage, message = DAMAGES[name]
    damage(book)
    text = told(tmp_path / "a.xlsx", book)
    assert "a.xlsx" in text
    assert re.search(message, text), text
    others = [key for key, (_, other) in DAMAGES.items() if re.search(other, text)]
    assert others == [name]


def test_all_faults_of_cells_are_kept_when_asked(tmp_path, book):
    set_cell(COAL_ROW, 1, "n/k")(book)
    set_cell(COAL_ROW, 5, None)(book)
    with keeping_faults() as kept:
        read(tmp_path / "a.xlsx", book)
    assert len(kept) == 2


@pytest.mark.parametrize(
    ("row", "column", "sector", "fuel"),
    [(TOTAL_ROW, 1, "total", "raw_coal"), (COAL_ROW, 22, "coal_mining", "total")],
)
def test_sums_that_their_parts_miss_are_returned_and_named(
    tmp_path, book, row, column, sector, fuel
):
    printed = book["Shanxi2017"][row][column]
    book["Shanxi2017"][row][column] = printed * (1 + 2e-6)
    inventory = read(tmp_path / "a.xlsx", book)
    own = inventory.misfits.query("sector == @sector and fuel == @fuel")
    (misfit,) = own.itertuples()
    assert (misfit.year, misfit.province) == (2017, "14")
    assert misfit.gap == pytest.approx(-2e-6 * printed, rel=1e-6)
    assert misfit.relative == pytest.approx(2e-6, rel=1e-4)
    assert any("printed sums are not the sums" in note for note in inventory.records[0].notes)
    with pytest.raises(DataError, match=f"2017 14 {sector} {fuel}: printed"):
        inventory.require_sums()
    loose = read(tmp_path / "a.xlsx", book, tolerance=1e-5)
    assert loose.misfits.empty


def test_a_sum_within_rounding_is_no_misfit(tmp_path, book):
    book["Shanxi2017"][TOTAL_ROW][1] *= 1 + 0.5e-6
    assert read(tmp_path / "a.xlsx", book).misfits.empty


def test_a_province_without_fuels_is_missing_and_keeps_its_process(tmp_path, book, cells):
    quiet = np.zeros_like(cells["14"])
    quiet[:, list(COLUMNS).index("process")] = 0.02
    book["Shanxi2017"] = emission_sheet(quiet)
    inventory = read(tmp_path / "a.xlsx", book)
    assert inventory.unreported == ((2017, "14"),)
    own = inventory.frame.query("province == '14'").set_index(["fuel", "sector"])["co2"]
    assert own.loc[list(FUELS)].isna().all()
    assert own.loc["process"].sum() == pytest.approx(47 * 0.02, rel=EXACT)
    assert inventory.frame.query("province != '14'")["co2"].notna().all()
    assert inventory.misfits.empty
    assert any("Shanxi2017, taken as missing" in note for note in inventory.records[0].notes)


def test_reported_leaves_out_who_did_not_report(tmp_path, book, cells):
    book["Shanxi2017"] = emission_sheet(np.zeros_like(cells["14"]))
    inventory = read(tmp_path / "a.xlsx", book)
    assert set(inventory.reported["province"]) == set(PROVINCES) - {"14"}
    assert inventory.reported["co2"].notna().all()
    assert inventory.described()["unreported"] == ["2017 14"]
    assert [own["file"] for own in inventory.described()["files"]] == [str(tmp_path / "a.xlsx")]


def test_bought_energy_is_outside_the_total(tmp_path, book, cells):
    own = cells["14"].copy()
    own[5, list(COLUMNS).index(next(iter(BOUGHT)))] = 7.0
    book["Shanxi2017"] = emission_sheet(own)
    inventory = read(tmp_path / "a.xlsx", book)
    assert inventory.misfits.empty
    totals = inventory.printed.query("province == '14' and fuel == 'total'").set_index("sector")
    assert totals.loc["total", "co2"] == pytest.approx(200.0, rel=EXACT)


def years(tmp_path, cells, factors):
    paths = []
    for year, factor in factors.items():
        book = {
            f"Shanxi{year}": emission_sheet(cells["14"] * factor),
            f"Shaanxi{year}": emission_sheet(cells["61"]),
        }
        paths.append(write_workbook(tmp_path / f"{year}.xlsx", book))
    return paths


def test_years_are_joined_in_order(tmp_path, cells):
    paths = years(tmp_path, cells, {2017: 1.1, 2012: 1.0})
    inventory = read_ceads_inventories(paths, expected=("14", "61"))
    assert inventory.years == (2012, 2017)
    assert [record.file for record in inventory.records] == [str(paths[1]), str(paths[0])]
    sums = inventory.frame.groupby(["year", "province"])["co2"].sum()
    assert sums[2017, "14"] == pytest.approx(220.0, rel=EXACT)
    assert sums[2012, "61"] == pytest.approx(200.0, rel=EXACT)


def test_a_workbook_under_the_key_of_another_year_is_told(tmp_path, cells):
    first, second = years(tmp_path, cells, {2012: 1.0, 2015: 1.1})

    def read_books(paths):
        return read_ceads_inventories(paths, expected=("14", "61"))

    found = read_named_years(read_books, {2015: second, 2012: first}, "some.inventories")
    assert found.years == (2012, 2015)
    assert [own["year"] for own in found.described()["files"]] == [2012, 2015]
    named = re.escape(str(second))
    with pytest.raises(
        DataError, match=rf"some\.inventories names {named} under 2013, which is of 2015\."
    ):
        read_named_years(read_books, {2012: first, 2013: second}, "some.inventories")
    with pytest.raises(DataError, match=r"under 2012, which is of 2015; .* under 2015, which is"):
        read_named_years(read_books, {2012: second, 2015: first}, "some.inventories")


@pytest.mark.parametrize(("factor", "ratio"), [(10.0, "10 times"), (0.1, "0.1 times")])
def test_a_unit_that_slips_between_years_is_told(tmp_path, cells, factor, ratio):
    paths = years(tmp_path, cells, {2012: 1.0, 2015: factor})
    with pytest.raises(
        SourceError, match=rf"2015\.xlsx: the sum of all fuels in Mt CO2 of 14 Shanxi.*{ratio}"
    ):
        read_ceads_inventories(paths, expected=("14", "61"))


def test_two_workbooks_of_one_year_are_told(tmp_path, cells):
    (path,) = years(tmp_path, cells, {2012: 1.0})
    with pytest.raises(SourceError, match=r"two workbooks of one year.*2012"):
        read_ceads_inventories([path, path], expected=("14", "61"))
    with pytest.raises(SourceError, match="no workbook"):
        read_ceads_inventories([])


def test_layout_has_21_columns_and_their_sum():
    assert len(COLUMNS) == 21
    assert len(LAYOUT.columns) == 22
    assert len(FUELS) == 17


@pytest.fixture
def energy(cells):
    final = {code: cells[code][:, :20] * 40 for code in PROVINCES}
    washing = np.zeros(20)
    washing[:3] = (500.0, -300.0, -150.0)
    gas = np.zeros(20)
    gas[4] = 30.0
    processes = {"coal_washing": washing, "gas_works": gas, "coke_input": gas, "loss": gas / 3}
    book = {
        "NOTE": copy.deepcopy(NOTE),
        "Shaanxi2016": energy_sheet(final["61"], processes),
        "InnerMongolia2016": energy_sheet(final["15"], processes, underscores=True),
        "Shanxi2016": energy_sheet(final["14"], processes),
    }
    return final, book


def test_energy_is_read_in_both_dialects(tmp_path, energy):
    final, book = energy
    path = write_workbook(tmp_path / "e.xlsx", book)
    inventory = read_energy(path)
    assert inventory.misfits.empty
    assert inventory.years == (2016,)
    items = inventory.frame.query("item in ['coal_washing', 'loss', 'coke_input']")
    washed = items.query("item == 'coal_washing' and fuel == 'cleaned_coal'")["amount"]
    assert washed.tolist() == [-300.0] * 3
    sectors = ~inventory.frame["item"].isin(
        ["coal_washing", "gas_works", "coke_input", "loss", "non_energy_use"]
    )
    for code in PROVINCES:
        own = inventory.frame[inventory.frame["province"].eq(code) & sectors]
        total = own.query("item == 'coal_mining'")["amount"].to_numpy()
        np.testing.assert_allclose(total, final[code][1], rtol=EXACT)
    (record,) = inventory.records
    assert record.unit == dict(UNITS)
    assert UNITS["natural_gas"] == "10^8 m3"
    assert set(CARRIERS) < set(UNITS)


def test_zeros_throughout_are_missing_energy(tmp_path, energy):
    final, book = energy
    book["Shanxi2016"] = energy_sheet(np.zeros_like(final["14"]), {})
    inventory = read_energy(write_workbook(tmp_path / "e.xlsx", book))
    assert inventory.unreported == ((2016, "14"),)
    assert inventory.frame.query("province == '14'")["amount"].isna().all()
    assert inventory.frame.query("province != '14'")["amount"].notna().all()


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (1, 1, "10^8 cu.m", r"row 2, column 'Raw Coal': the unit is '10\^8 cu.m', wanted 10\^4 t"),
        (1, 17, "104 tn", r"column 'Natural Gas': the unit is '104 tn', wanted 10\^8 m3"),
        (5, 3, "x", r"row 6, column 'Other Washed Coal': 'x' is no number"),
        (3, 0, "Farms", "unknown row 'Farms'"),
    ],
)
def test_faults_of_energy_are_told(tmp_path, energy, row, column, value, message):
    _, book = energy
    book["Shanxi2016"][row][column] = value
    path = write_workbook(tmp_path / "e.xlsx", book)
    with pytest.raises(SourceError, match=f"sheet 'Shanxi2016'.*{message}"):
        read_energy(path)


def test_energy_off_by_ten_thousand_and_sums_that_miss_are_told(tmp_path, energy):
    final, book = energy
    broken = dict(book, Shanxi2016=energy_sheet(final["14"] * 1e4, {}))
    path = write_workbook(tmp_path / "e.xlsx", broken)
    with pytest.raises(SourceError, match=r"'Shanxi2016'.*final consumption of all fuels"):
        read_energy(path)
    for row, item in ((2, "final_consumption"), (51, "transformation")):
        other = copy.deepcopy(book)
        other["Shanxi2016"][row][1] += 1.0
        path = write_workbook(tmp_path / f"{item}.xlsx", other)
        inventory = read_energy(path)
        (misfit,) = inventory.misfits.itertuples()
        assert (misfit.item, misfit.province, misfit.fuel) == (item, "14", "raw_coal")
        assert misfit.gap == pytest.approx(-1.0)


def test_energy_that_slips_between_years_is_told(tmp_path, energy):
    final, _ = energy
    paths = [
        write_workbook(tmp_path / f"{y}.xlsx", {f"Shanxi{y}": energy_sheet(final["14"] * f, {})})
        for y, f in ((2012, 0.1), (2013, 1.0))
    ]
    with pytest.raises(SourceError, match=r"2013\.xlsx: the final consumption.*10 times"):
        read_ceads_energies(paths, expected=("14",))
    assert read_ceads_energies(paths[1:], expected=("14",)).years == (2013,)
