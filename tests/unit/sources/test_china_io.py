"""National tables: competing imports split by hand arithmetic, faults told apart."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sourcefiles import write_text

from yrb_carbon.embodied.build import build_studied_system, read_table
from yrb_carbon.errors import DataError, SourceError
from yrb_carbon.sources.ceads_sheets import NOT_COVERED
from yrb_carbon.sources.china_io import calc_import_shares, read_china_io
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.sector_lists import load_sector_list

EXACT = 1e-12
"""Sums and products of a few doubles."""
SIZE = 1e7
"""Flows that give sectors the output they have in China, 10^4 yuan."""
HAND = 1e-9
"""Amounts are written in full; sums of 42 of them are compared."""


def cells(origin: bool, seed: int = 4):
    """Rows of a file, and the arrays they were made from."""
    rng = np.random.default_rng(seed)
    known = load_sector_list("2017" if origin else "2012")
    z = rng.uniform(0, 1, (42, 42)) * SIZE / 10
    y = rng.uniform(1, 2, (42, 3 if origin else 5)) * SIZE
    y[0, -1] = -SIZE / 7
    e = rng.uniform(0, 1, 42) * SIZE
    uses = ["TC", "FU201", "FU202"] if origin else ["FU101", "FU102", "FU103", "FU201", "FU202"]
    tail = [] if origin else ["IM", "ERR"]
    header = ["Code", "Description", "DescriptionInChinese", *(["Origin"] if origin else []),
              *known.codes, "TIU", *uses, "EX", "TFU", *tail, "GO"]  # fmt: skip
    m = rng.uniform(0, 0.4, 42) * (z.sum(1) + y.sum(1)) * (not origin)
    err = rng.normal(0, SIZE / 100, 42) * (not origin)
    zm = rng.uniform(0, 1, (42, 42)) * SIZE / 50 * origin
    x = z.sum(1) + y.sum(1) + e - m + err
    v = np.outer([0.5, 0.1, 0.2, 0.2], x - z.sum(0) - zm.sum(0))

    def rows_of(origin_name, flows, end):
        return [
            [code, known.frame.loc[code, "en"].replace(",", ""), known.frame.loc[code, "zh"],
             *([origin_name] if origin else []), *map(repr, map(float, flows[i])), "",
             *end[i]]
            for i, code in enumerate(known.codes)
        ]  # fmt: skip

    end = [
        [*map(repr, map(float, y[i])), repr(float(e[i])), "",
         *([repr(float(m[i])), repr(float(err[i]))] if tail else []), repr(float(x[i]))]
        for i in range(42)
    ]  # fmt: skip
    rows = [header, *rows_of("Domestic", z, end)]
    if origin:
        rows += rows_of("Imports", zm, [[""] * len(end[0])] * 42)
    for k, code in enumerate(("VA001", "VA002", "VA003", "VA004")):
        rows.append([code, "x", "增加", *(["TOT"] if origin else []), *map(repr, map(float, v[k])),
                     *[""] * (len(end[0]) + 1)])  # fmt: skip
    return rows, {"z": z, "y": y, "e": e, "m": m, "err": err, "zm": zm, "x": x, "v": v}


def write(path: Path, rows) -> Path:
    return write_text(path, rows)


def test_domestic_rows_are_taken_and_imported_ones_are_inputs(tmp_path):
    rows, made = cells(origin=True)
    table = read_china_io(write(tmp_path / "china_2018_42.csv", rows))
    assert (table.year, table.regions, table.classification) == (2018, ("00",), "2017")
    np.testing.assert_allclose(table.intermediate.to_numpy(), made["z"], rtol=EXACT)
    np.testing.assert_allclose(table.imports.to_numpy(), made["zm"].sum(0), rtol=EXACT)
    for k, use in enumerate(("consumption", "capital", "inventory")):
        np.testing.assert_allclose(table.final_demand["00", use].to_numpy(), made["y"][:, k])
    assert table.check_balance(tolerance=HAND).empty
    assert table.import_treatment == "apart"


def test_competing_imports_leave_every_use_but_exports_in_proportion(tmp_path):
    rows, made = cells(origin=False)
    table = read_china_io(write(tmp_path / "china_2015_42.csv", rows))
    share = made["m"] / (made["z"].sum(1) + made["y"].sum(1))
    assert 0 < share.min() < share.max() < 0.4
    for i in (0, 17, 41):
        for j in (0, 5, 40):
            kept = made["z"][i, j] * (1 - share[i])
            assert table.intermediate.iloc[i, j] == pytest.approx(kept, rel=EXACT)
        rural = made["y"][i, 0] * (1 - share[i])
        assert table.final_demand["00", "rural"].iloc[i] == pytest.approx(rural, rel=EXACT)
        assert table.exports.iloc[i] == pytest.approx(made["e"][i], rel=EXACT)
    given = sum(share[i] * made["z"][i, 3] for i in range(42))
    assert table.imports.iloc[3] == pytest.approx(given, rel=EXACT)
    assert table.check_balance(tolerance=HAND).empty
    np.testing.assert_allclose(table.output.to_numpy(), made["x"], rtol=EXACT)
    assert "competing imports taken from every use" in " ".join(table.record.notes)
    assert table.import_treatment == "proportional"


def test_a_share_of_rows_out_of_balance_may_be_accepted(tmp_path):
    rows, _ = cells(origin=False)
    rows[3][-1] = repr(1.5 * float(rows[3][-1]))
    path = write(tmp_path / "china_2015_42.csv", rows)
    with pytest.raises(SourceError, match="2 of 84 rows and columns do not balance"):
        read_china_io(path, accepted_share=1 / 84)
    table = read_china_io(path, accepted_share=2 / 84)
    assert table.record.notes[-1].startswith("accepted: 2 of 84 rows and columns")


@pytest.mark.parametrize(("accepted", "fails"), [(1 / 84, True), (2 / 84, False)])
def test_a_study_accepts_the_share_of_its_section(tmp_path, accepted, fails):
    rows, _ = cells(origin=False)
    rows[3][-1] = repr(1.5 * float(rows[3][-1]))
    write(tmp_path / "china_2015_42.csv", rows)
    entry = {"path": "china_2015_42.csv"}
    section = EmbodiedSection.model_validate(
        {
            "failing_share": accepted,
            "systems": {"nation": {"format": "china_io", "tables": {2015: entry}}},
        }
    )
    system = section.systems["nation"]
    told = pytest.raises(SourceError, match="2 of 84 rows") if fails else nullcontext()
    with told:
        table, _ = read_table(2015, system.tables[2015], system, section, tmp_path)
        assert table.record.notes[-1].startswith("accepted: 2 of 84 rows and columns")


def inventory_of(*years: int) -> pd.DataFrame:
    """Emissions of all sectors of all provinces that inventories cover."""
    provinces = [code for code in load_provinces().codes if code not in NOT_COVERED]
    sectors = load_concordance().inventory.index
    index = pd.MultiIndex.from_product(
        [years, provinces, sectors, ["raw_coal"]], names=["year", "province", "sector", "fuel"]
    )
    return pd.DataFrame({"co2": 1.0}, index=index).reset_index()


def build_42(folder: Path, *years: int, **section: object):
    """A system of 42 sectors: tables that tell imports apart from 2017 on, unless named else."""
    tables = {year: {"path": f"china_{year}_42.csv"} for year in years}
    system = {"format": "china_io", "sectors": "42", "tables": tables}
    values = EmbodiedSection.model_validate({"systems": {"nation": system}, **section})
    return build_studied_system("nation", values, inventory_of(*years), load_concordance(), folder)


def test_a_study_of_42_sectors_refuses_a_table_with_the_list_of_another_year(tmp_path):
    for year, origin in ((2015, False), (2018, False)):
        write(tmp_path / f"china_{year}_42.csv", cells(origin)[0])
    assert set(build_42(tmp_path, 2015).by_year) == {2015}
    with pytest.raises(DataError, match=r"table of 2018 has the sectors of the list '2012'"):
        build_42(tmp_path, 2018)


def test_a_study_of_42_sectors_has_no_constant_prices_over_two_lists(tmp_path):
    for year, origin in ((2015, False), (2018, True)):
        write(tmp_path / f"china_{year}_42.csv", cells(origin)[0])
    assert set(build_42(tmp_path, 2015, 2018).by_year) == {2015, 2018}
    with pytest.raises(DataError, match=r"several lists of sectors \(2015: 2012, 2018: 2017\)"):
        build_42(tmp_path, 2015, 2018, price="constant", deflators="prices.csv")


def test_competing_imports_as_a_negative_use(tmp_path):
    rows, made = cells(origin=False)
    path = write(tmp_path / "china_2015_42.csv", rows)
    table = read_china_io(path, import_split="negative_use")
    np.testing.assert_allclose(table.intermediate.to_numpy(), made["z"], rtol=EXACT)
    np.testing.assert_allclose(
        table.final_demand["00", "imports"].to_numpy(), -made["m"], rtol=EXACT
    )
    assert table.imports.sum() == 0
    assert table.import_treatment == "negative_use"
    assert table.check_balance(tolerance=HAND).empty


def test_import_shares_where_nothing_is_used():
    shares = calc_import_shares(np.array([10.0, 0.0, 0.0]), np.array([4.0, 0.0, 1.0]))
    assert shares.tolist() == [0.4, 0.0, np.inf]


def damaged(change, origin=True):
    rows, _ = cells(origin)
    change(rows)
    return rows


@pytest.mark.parametrize(
    ("origin", "change", "message"),
    [
        (True, lambda r: r.pop(3), r"no domestic row of 03 Exploitation.*Domestic, Imports, TOT"),
        (True, lambda r: r.pop(45), r"no imports row of 03 Exploitation"),
        (True, lambda r: r.insert(4, r[3]), r"row of 03 .* stands twice, in rows 4 and 5"),
        (True, lambda r: r[3].__setitem__(0, "04"), r"row 4, column 'Code': .* its code is '04'"),
        (True, lambda r: r[3].__setitem__(9, "1x"), r"row 4, column '06': '1x' is not a number"),
        (True, lambda r: r[3].__setitem__(-1, r[3][-4]), r"do not balance .*row of 03"),
        (True, lambda r: r.pop(), r"the code 'VA004' stands in 0 rows"),
        (
            True,
            lambda r: [row.__setitem__(-1, str(float(row[-1]) * 1e-4)) for row in r[1:43]],
            r"median of GO .* look like 10\^8 yuan",
        ),
        (
            False,
            lambda r: r[3].__setitem__(-3, "1e12"),
            r"column 'IM': imports are not between nothing and the whole use of 03",
        ),
        (False, lambda r: r[3].__setitem__(-2, "5e6"), r"do not balance .*row of 03"),
    ],
)  # fmt: skip
def test_damages(tmp_path, origin, change, message):
    path = write(tmp_path / "china_2015_42.csv", damaged(change, origin))
    with pytest.raises(SourceError, match=message):
        read_china_io(path)


def test_the_year_is_told_by_the_name_of_the_file(tmp_path):
    rows, _ = cells(origin=True)
    path = write(tmp_path / "china.csv", rows)
    with pytest.raises(SourceError, match="does not tell the year"):
        read_china_io(path)
    assert read_china_io(path, year=2020).year == 2020
    other = write(tmp_path / "china_2015_42.csv", rows)
    with pytest.raises(SourceError, match="file name says 2015, the table of 2017 is wanted"):
        read_china_io(other, year=2017)
    both = write(tmp_path / "china_2015_of_2017.csv", rows)
    assert read_china_io(both, year=2017).year == 2017
