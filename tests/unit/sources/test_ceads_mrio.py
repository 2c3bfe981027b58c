"""The workbooks of provinces x 42 sectors: everything by name, every damage by its own message."""

from __future__ import annotations

import re

import mrio_sheets as sheets
import numpy as np
import pytest

from yrb_carbon.errors import Place, SourceError
from yrb_carbon.sources import ceads_mrio
from yrb_carbon.sources.ceads_mrio import find_unit, read_ceads_mrio
from yrb_carbon.sources.input_output import FINAL_CATEGORIES

PRINTED = 1e-12
"""Workbooks keep sixteen digits."""
CODES = tuple(sheets.PROVINCES)
HEAD = 4
"""Rows above the first account of the plain layout."""


@pytest.fixture(scope="module")
def table():
    return sheets.sample()


@pytest.fixture(autouse=True)
def names_read_once(monkeypatch):
    """Half of the time of a small read goes into the tables of names."""
    for name in ("load_provinces", "load_sector_list"):
        monkeypatch.setattr(ceads_mrio, name, getattr(sheets, name))


def read(path, **options):
    return read_ceads_mrio(path, provinces=CODES, **options)


def check(found, table):
    """All parts are those of the sample, whose order is canonical but for final demand."""
    known = sheets.load_sector_list(table.sectors)
    assert found.regions == table.provinces
    assert found.sectors == known.codes
    assert found.classification == table.sectors
    assert found.unit == "10^4 yuan"
    for name, values in (
        ("intermediate", table.z),
        ("exports", table.exports),
        ("errors", table.errors),
        ("output", table.output),
        ("imports", table.imports),
        ("value_added", table.added),
    ):
        np.testing.assert_allclose(
            getattr(found, name).to_numpy(), values, rtol=PRINTED, err_msg=name
        )
    for k, region in enumerate(table.provinces):
        for m, category in enumerate(sheets.CATEGORIES):
            np.testing.assert_allclose(
                found.final_demand[region, category].to_numpy(), table.y[:, 5 * k + m], rtol=PRINTED
            )
    assert set(sheets.CATEGORIES) == set(FINAL_CATEGORIES)
    assert found.check_balance(tolerance=PRINTED * 10).empty


@pytest.mark.parametrize(
    "dialect",
    [
        {},
        {"language": "en", "title": ("China MRIO 2012", "Unit: 10,000 yuan")},
        {"repeat": True, "totals": True},
        {"codes": False},
        {"title": ("注", "", "2012年", "（万元）", "合成演示数据")},
    ],
    ids=["plain", "english", "repeated names and totals", "no codes", "more titles"],
)
@pytest.mark.parametrize("sectors", ["2012", "2017"])
def test_dialects_give_the_same_table(tmp_path, dialect, sectors):
    sample = sheets.sample(sectors=sectors)
    path = sheets.write(tmp_path / "x.xlsx", sheets.layout(sample, **dialect))
    check(read(path, sectors=None), sample)


def test_rows_and_columns_may_stand_anywhere(read_rows, table):
    rows = sheets.layout(table, repeat=True)
    rng = np.random.default_rng(2)
    width, n = len(rows[HEAD]), len(table.z)
    columns = [*range(3), *(3 + rng.permutation(width - 3))]
    order = [*range(1, HEAD), *(HEAD + rng.permutation(n)),
             *(HEAD + n + rng.permutation(len(rows) - HEAD - n))]  # fmt: skip
    wide = [[*row, *[None] * (width - len(row))] for row in rows]
    moved = [rows[0], *([wide[i][j] for j in columns] for i in order)]
    # a name that is not repeated would now stand for the wrong columns
    for j in range(3, width):
        if moved[2][j] in ("出口", "其他", "总产出"):
            moved[1][j] = "全国"
    check(read_rows(moved), table)


def test_notes_tell_sheet_totals_and_unit(tmp_path, table):
    path = sheets.write(
        tmp_path / "x.xlsx", sheets.layout(table, totals=True), 说明=[["合成演示数据"]]
    )
    record = read(path).record
    assert record.sheet == "2012年"
    assert record.rows == len(table.z)
    text = " ".join(record.notes)
    assert "'中间使用合计' (column DZ)" in text
    assert "'中间投入合计' (row 131)" in text
    assert "amounts stand in 10^4 yuan" in text


def test_amounts_in_another_unit_are_converted(read_rows, table):
    rows = sheets.layout(table, title=("2012年（单位：亿元）",))
    for row in rows[HEAD:]:
        row[3:] = [cell / 1e4 for cell in row[3:]]
    check(read_rows(rows), table)


def test_blanks_and_texts_that_are_numbers_are_counted(tmp_path, table):
    rows = sheets.layout(table)
    zeros = sum(cell == 0 for row in rows[HEAD:] for cell in row[3:])
    for row in rows[HEAD:]:
        row[3:] = [None if cell == 0 else cell for cell in row[3:]]
    rows[HEAD][-1] = str(rows[HEAD][-1])
    found = read(sheets.write(tmp_path / "x.xlsx", rows))
    check(found, table)
    notes = " ".join(found.record.notes)
    assert f"{zeros} empty cells taken as zero" in notes
    assert "1 numbers stood as text" in notes


def test_names_outside_the_list_are_taken_by_their_code(read_rows, table):
    rows = sheets.layout(table)
    for row in rows:
        for j, cell in enumerate(row):
            if cell == "金融":
                row[j] = "银行保险证券"
    found = read_rows(rows)
    check(found, table)
    assert "3 rows with a name that is not in the list, taken by their code" in " ".join(
        found.record.notes
    )


@pytest.fixture
def read_rows(tmp_path, monkeypatch):
    """Read rows of cells as if they stood in a workbook: most of the time goes into writing one."""
    path = sheets.write(tmp_path / "x.xlsx", [["x"]])

    def reading(rows, **options):
        cells = [["" if cell is None else cell for cell in row] for row in rows]
        monkeypatch.setattr(ceads_mrio, "read_cells", lambda file, sheet: cells)
        return read(path, sheet="2012年", **options)

    return reading


def test_a_column_with_a_code_but_no_name_is_refused(read_rows, table):
    rows = sheets.layout(table, repeat=True)
    rows[2][7] = None
    with pytest.raises(SourceError, match="column 'H': the column has numbers but no name"):
        read_rows(rows)


def shift_right(rows, which):
    for i in which:
        rows[i].insert(3, None)


def remove_province(rows, table, k, axis):
    if axis == "row":
        del rows[HEAD + 42 * k : HEAD + 42 * (k + 1)]
    else:
        for row in rows[1:]:
            del row[3 + 42 * k : 3 + 42 * (k + 1)]


def rename(rows, old, new):
    for row in rows:
        row[:] = [new if cell == old else cell for cell in row]


def scaled(rows, i, factor):
    rows[i][3:] = [cell * factor for cell in rows[i][3:]]


def column_scaled(rows, j, factor):
    for row in rows[HEAD:]:
        if j < len(row):
            row[j] *= factor


DAMAGES = {
    "header shifted right": (
        lambda rows, t: shift_right(rows, (1, 2, 3)),
        r"sheet '2012年', row 3, column 'D': the column has numbers but no name.*shifted",
    ),
    "header shifted left": (
        lambda rows, t: [rows[i].pop(0) for i in (1, 2, 3)],
        r"row 3, column 'C': the header has the sector '农林牧渔产品和服务' over a column with the "
        r"names of the rows",
    ),
    "names of sectors shifted against codes": (
        lambda rows, t: rows[2].insert(3, None),
        r"names and codes of the sectors disagree in \d+ of \d+ columns.*shifted: column E: "
        r"'农林牧渔产品和服务' is 01, its code 02",
    ),
    "names of provinces shifted right": (
        lambda rows, t: rows[1].insert(3, None),
        r"row 3, column 'D': 01 Agriculture.* has no province before it",
    ),
    "names of provinces shifted left": (
        lambda rows, t: rows[1].pop(10),
        r"the provinces begin at different sectors, .*shifted.*: Beijing at 01 .* \(column D\), "
        r"InnerMongolia at 42 .* \(column AS\)",
    ),
    "no row of provinces": (
        lambda rows, t: rows.pop(1),
        r"no row of province names among the first",
    ),
    "no row of sectors": (
        lambda rows, t: (rows.pop(2), rows.pop(2)),
        r"no row of sector names among the first",
    ),
    "province missing in the rows": (
        lambda rows, t: remove_province(rows, t, 2, "row"),
        r"no row of Shaanxi; 3 provinces are wanted, 2 were found",
    ),
    "province missing in the columns": (
        lambda rows, t: remove_province(rows, t, 2, "column"),
        r"no column of Shaanxi; 3 provinces are wanted",
    ),
    "province misspelt": (
        lambda rows, t: rename(rows, "陕西", "陜西省份"),
        r"stands under '陜西省份', which is no province",
    ),
    "sector twice": (
        lambda rows, t: rows.insert(HEAD + 44, list(rows[HEAD + 43])),
        r"row 49, column 'B': InnerMongolia: 02 Mining and washing of coal stands twice, in row 48 "
        r"and row 49",
    ),
    "sector missing": (
        lambda rows, t: rows.pop(HEAD + 43),
        r"1 rows are missing: InnerMongolia 02 Mining and washing of coal",
    ),
    "row out of balance": (
        lambda rows, t: rows[HEAD + 85].__setitem__(-1, rows[HEAD + 85][-1] * 1.5),
        r"of 252 rows and columns do not balance within 0.01 of output: .*row of Shaanxi 02 Mining "
        r"and washing of coal \(row 90\) sums to .*\(gap -33.33%\)",
    ),
    "column out of balance": (
        lambda rows, t: rows[-2].__setitem__(4, rows[-2][4] + 0.5 * t.output[1]),
        r"1 of 252 .*: column of Beijing 02 Mining and washing of coal \(column E\) .*\+50.00%",
    ),
    "row of nothing beside an output": (
        lambda rows, t: rows[HEAD + 85].__setitem__(
            slice(3, -1), [0.0] * (len(rows[HEAD + 85]) - 4)
        ),
        r"row of Shaanxi 02 Mining and washing of coal \(row 90\) sums to 0, .*\(gap -100.00%\)",
    ),
    "output of nothing beside a row": (
        lambda rows, t: rows[HEAD + 85].__setitem__(-1, 0.0),
        r"row of Shaanxi 02 Mining and washing of coal \(row 90\) sums to .*, output 0 ",
    ),
    "number beyond all numbers": (
        lambda rows, t: rows[HEAD + 6].__setitem__(9, "1e999"),
        r"row 11, column 'J': '1e999' is not a number",
    ),
    "total input out of balance": (
        lambda rows, t: rows[-1].__setitem__(4, 0.7 * t.output[1]),
        r"1 of 126 .*: printed total input of Beijing 02 .* \(column E\) sums to 1.92506e\+06, "
        r"output 2.75009e\+06 \(gap -30.00%\)",
    ),
    "text in a number": (
        lambda rows, t: rows[HEAD + 6].__setitem__(9, "12a"),
        r"sheet '2012年', row 11, column 'J': '12a' is not a number",
    ),
    "output off by 10^4": (
        lambda rows, t: column_scaled(rows, len(rows[3]) - 1, 1e-4),
        r"column 'EQ': the rows sum to 10\^4 times the output printed beside them",
    ),
    "whole table off by 10^4": (
        lambda rows, t: [scaled(rows, i, 1e-4) for i in range(HEAD, len(rows))],
        r"the median of the output of provinces is .* in 10\^4 yuan it should lie .*look like "
        r"10\^8 yuan",
    ),
    "one row off by 10^4": (
        lambda rows, t: rows[HEAD + 1].__setitem__(
            slice(3, -1), [cell * 1e4 for cell in rows[HEAD + 1][3:-1]]
        ),
        r"row of Beijing 02 .*\(row 6\).*The first of these sums is 10\^4 times its output: a unit",
    ),
    "no total input": (lambda rows, t: rows.pop(), r"no row 总投入 \(TI\) below the accounts"),
    "no imports": (
        lambda rows, t: rows.pop(HEAD + len(t.z)),
        r"no row 进口 \(IM\) below the accounts",
    ),
    "no footer": (
        lambda rows, t: rows.__delitem__(slice(HEAD + len(t.z), None)),
        r"no row 进口 \(IM\), 劳动者报酬 \(VA001\), .*总投入 \(TI\) below the accounts",
    ),
    "no output": (
        lambda rows, t: [row.pop() for row in rows[1 : HEAD + len(t.z)]],
        r"no column 总产出 \(GO\) to the right of final demand",
    ),
    "final use missing": (
        lambda rows, t: [row.pop(3 + 126 + 7) for row in rows[1 : HEAD + len(t.z)]],
        r"1 columns of final demand are missing: InnerMongolia government",
    ),
    "no unit": (
        lambda rows, t: rows.__setitem__(0, ["2012年"]),
        r"do not tell the unit of the amounts",
    ),
    "two units": (
        lambda rows, t: rows.__setitem__(0, ["2012年（万元）", "（亿元）"]),
        r"tell several units",
    ),
    "row without a name": (
        lambda rows, t: rows.append([None, None, None, 5.0]),
        r"row 137, column 'B': the row has numbers but no name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_has_its_own_message(read_rows, table, damage):
    rows = sheets.layout(table)
    change, message = DAMAGES[damage]
    change(rows, table)
    with pytest.raises(SourceError, match=message) as caught:
        read_rows(rows)
    assert "x.xlsx, sheet '2012年'" in str(caught.value)
    others = [m for name, (_, m) in DAMAGES.items() if name != damage and m != message]
    assert not any(re.search(other, str(caught.value)) for other in others)


def test_accounts_out_of_balance_are_accepted_up_to_a_share(read_rows, table):
    rows = sheets.layout(table)
    rows[HEAD + 85][-1] *= 1.5
    found = read_rows(rows, accepted_share=0.01)
    assert found.output["61", "02"] == pytest.approx(1.5 * table.output[85], rel=PRINTED)
    (note,) = [n for n in found.record.notes if n.startswith("accepted: 2 of 252")]
    assert "row of Shaanxi 02 Mining and washing of coal" in note
    assert "column of Shaanxi 02 Mining and washing of coal" in note
    with pytest.raises(SourceError, match="do not balance"):
        read_rows(rows, accepted_share=1 / 252)


def test_total_value_added_alone_is_enough(read_rows, table):
    rows = sheets.layout(table, totals=True)
    below = HEAD + len(table.z)
    rows = [r for i, r in enumerate(rows) if i < below or not str(r[2]).startswith("VA")]
    found = read_rows(rows)
    assert list(found.value_added.index) == ["value_added"]
    np.testing.assert_allclose(found.value_added.to_numpy()[0], table.added.sum(0), rtol=PRINTED)


def test_year_comes_from_title_sheet_or_file_and_is_checked(tmp_path, table):
    bare = sheets.layout(table, title=("区域间投入产出表（万元）",))
    assert read(sheets.write(tmp_path / "a.xlsx", bare, sheet="Table_2017")).year == 2017
    assert read(sheets.write(tmp_path / "CEADs_MRIO_2015.xlsx", bare, sheet="Table")).year == 2015
    untold = sheets.write(tmp_path / "b.xlsx", bare, sheet="Table")
    assert read(untold, year=2012).year == 2012
    with pytest.raises(SourceError, match="do not tell one year"):
        read(untold)
    titled = sheets.write(tmp_path / "c.xlsx", sheets.layout(table))
    with pytest.raises(SourceError, match="the title says 2012, the table of 2015 is wanted"):
        read(titled, year=2015)


def test_sheets_are_told_apart(tmp_path, table):
    rows = sheets.layout(table)
    twice = sheets.write(tmp_path / "a.xlsx", rows, copy=rows)
    with pytest.raises(SourceError, match="2 sheets look like the table: '2012年', 'copy'"):
        read(twice)
    check(read(twice, sheet="copy"), table)
    with pytest.raises(SourceError, match=r"no sheet 'Copy2'. Did you mean 'copy'\?"):
        read(twice, sheet="Copy2")
    with pytest.raises(SourceError, match=r"no sheet has a row.*The sheets are: 'a', 'b'"):
        read(sheets.write(tmp_path / "b.xlsx", [["x"]], sheet="a", b=[["y"]]))


def test_all_provinces_are_wanted_by_default(tmp_path, table):
    path = sheets.write(tmp_path / "x.xlsx", sheets.layout(table))
    with pytest.raises(SourceError, match=r"no column of Tianjin.*31 provinces are wanted, 3 were"):
        read_ceads_mrio(path)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("单位：万元", "10^4 yuan"),
        ("（当年价，亿元）", "10^8 yuan"),
        ("百万元", "million yuan"),
        ("单位:元", "yuan"),
        ("Unit: 10,000 yuan", "10^4 yuan"),
        ("10 thousand RMB", "10^4 yuan"),
        ("(10^4 CNY)", "10^4 yuan"),
        ("100 million yuan", "10^8 yuan"),
        ("million RMB", "million yuan"),
    ],
)
def test_units_in_titles(text, unit):
    assert find_unit(None, ["MRIO 2012", text], Place("x")) == unit
    wrong = "yuan" if unit != "yuan" else "10^8 yuan"
    with pytest.raises(SourceError, match="the unit given is"):
        find_unit(wrong, [text], Place("x"))
    with pytest.raises(SourceError, match="unknown unit 'dollars'"):
        find_unit("dollars", ["MRIO"], Place("x"))


def test_a_total_input_where_nothing_is_made_is_held_against_the_size_of_the_table(tmp_path):
    """It is rounding, as the row and column of such an account are: not a gap of its own size."""
    made = sheets.sample()
    idle = 44
    made.z[idle] = made.z[:, idle] = made.y[idle] = 0.0
    made.exports[idle] = made.errors[idle] = made.imports[idle] = 0.0
    made.added[:, idle] = 0.0
    made.__post_init__()
    made.added[:] = (
        made.added
        * (made.output - made.z.sum(0) - made.imports)
        / np.where(made.added.sum(0) == 0, 1.0, made.added.sum(0))
    )
    rows = sheets.layout(made)
    floor = 1e-6 * made.output.mean()
    for share, is_refused in ((0.005, False), (0.02, True)):
        rows[-1][3 + idle] = share * floor
        assert rows[-1][3 + idle] > 0.01, "a gap against one unit would be refused"
        path = sheets.write(tmp_path / f"{share}.xlsx", rows)
        if is_refused:
            with pytest.raises(SourceError, match=r"printed total input of .* sums to"):
                read(path)
        else:
            assert read(path).output.iloc[idle] == 0
