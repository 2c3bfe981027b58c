"""`yrb-carbon check` on damaged files: everything that is wrong, each with file and place."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import damage
import geopandas as gpd
import pytest
from demo_files import accounts_folder, demo_folder
from typer.testing import CliRunner

from yrb_carbon.cli import app
from yrb_carbon.demo import FILES
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.load import load_study
from yrb_carbon.study.plan import account_figures, account_tables, embodied_inputs
from yrb_carbon.workflow.check_inputs import CheckedInputs, check_inputs

runner = CliRunner()
WRONG = 2
OVERLAY = """\
study: {{name: own, synthetic: false}}
demo: null
data_root: {root}
boundaries: {{source: file, path: units.gpkg, simplify_m: 0}}
"""
EMBODIED = {
    found.format + str(found.year): found.path
    for found in embodied_inputs(load_study([Path(__file__).parents[3] / "config.yaml"])).values()
}
"""Files of embodied carbon by format and year."""
STRUCTURE_SHEET = "面板数据2000-2023"
MINES_SHEET = "Global Coal Mine Tracker (Non-C"


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> Path:
    """The demonstration's inputs of the cities, and a map of the units beside them; nobody may
    change it."""
    made = demo_folder(tmp_path_factory)
    folder = tmp_path_factory.mktemp("sound")
    for name in FILES.values():
        os.link(made / "inputs" / name, folder / name)
    frame = load_boundaries(made / "boundaries.parquet").frame
    frame[["geometry"]].reset_index(names="code").to_file(folder / "units.gpkg")
    return folder


@pytest.fixture
def folder(sound, tmp_path) -> Path:
    """A copy of one's own to damage, below a path with blanks and Chinese characters."""
    return Path(shutil.copytree(sound, tmp_path / "我的 数据"))


@pytest.fixture
def whole(folder, tmp_path_factory) -> Path:
    """The same with the files of all accounts."""
    return Path(shutil.copytree(accounts_folder(tmp_path_factory), folder, dirs_exist_ok=True))


@pytest.fixture
def call(folder, tmp_path):
    """Run the command on the folder."""
    overlay = tmp_path / "own.yaml"

    def check(*arguments: str, more: str = ""):
        overlay.write_text(OVERLAY.format(root=folder) + more, encoding="utf-8")
        return runner.invoke(app, ["check", "--configfile", str(overlay), *arguments])

    return check


def look(folder: Path, *formats: str) -> CheckedInputs:
    """Look at the files of some formats alone: each test takes the time of its own files."""
    values = {"data_root": str(folder), "study": {"name": "own"}, "demo": None}
    study = load_study(["config.yaml"], values)
    sources = {n: s for n, s in study.sources.items() if s.format in formats}
    accounts = dict.fromkeys(("embodied", "footprint", "regional"))
    return check_inputs(study.model_copy(update={"sources": sources, **accounts}))


def told(folder: Path, *formats: str) -> list[str]:
    """All problems, a text each."""
    return [f"{problem.severity}: {problem}" for problem in look(folder, *formats).problems]


@pytest.fixture(autouse=True)
def in_repository(repository, monkeypatch) -> None:
    monkeypatch.chdir(repository)


def plant(folder: Path) -> dict[str, tuple[str, str]]:
    """Damage the files, each in another way; file -> place and words of the message."""
    at = {format_: folder / name for format_, name in FILES.items()}
    at["finance"].unlink()
    shutil.copyfile(at["fdi"], at["real_gdp"])
    damage.edit_sheet(
        at["industry_structure"], STRUCTURE_SHEET, damage.without_column("第二产业增加值")
    )
    damage.edit_sheet(at["edgar_city"], "Sheet1", damage.put(31, 7, "约一千万"))
    damage.edit_sheet(at["population"], "面板数据", damage.twice(400))
    damage.edit_csv(at["city_npp"], damage.put(240, 4, "149999"))
    county = at["ceads_county"]
    county.write_bytes(county.read_bytes().decode("gb18030").encode("utf-16"))
    damage.edit_sheet(at["city_yearbook"], "全市", damage.times(6, 1e4))
    damage.edit_csv(at["province_panel"], damage.without_year(2009, 4), "utf-8-sig")
    damage.edit_csv(at["land_cover"], damage.without_column("10"))
    damage.edit_csv(at["national_employment"], damage.without_column("2012"))
    whole = at["ceads_apparent"].read_bytes()
    at["ceads_apparent"].write_bytes(whole[: len(whole) // 2])
    damage.edit_sheet(at["gem_mines"], MINES_SHEET, lambda rows: [])
    shutil.copyfile(
        folder / EMBODIED["ceads_inventory2017"], folder / EMBODIED["ceads_inventory2015"]
    )
    (folder / EMBODIED["ceads_mrio2015"]).write_bytes(b"no workbook")
    (folder / EMBODIED["ceads_mrio2017"]).unlink()
    units = folder / "units.gpkg"
    frame = gpd.read_file(units)
    frame[frame["code"] != "140100"].to_file(units)
    return {
        FILES["finance"]: (": sources.finance.path", "no such file"),
        FILES["real_gdp"]: ("row 1, column '年份'", "no column"),
        FILES["industry_structure"]: ("sheet '2023'", "no value of gdp, gdp1"),
        FILES["land_cover"]: ("row 1, column '10'", "no column '10'"),
        FILES["national_employment"]: ("warning: ", "in 2012"),
        FILES["edgar_city"]: ("sheet 'Sheet1', row 31, column '碳排放量_吨'", "not a number"),
        FILES["population"]: ("sheet '面板数据'", "(rows 400, "),
        FILES["city_npp"]: ("row 240", "149999"),
        county.name: ("", "not plain text (UTF-16"),
        FILES["city_yearbook"]: ("column '年末城镇单位从业人员数(万人)'", "look like persons"),
        FILES["province_panel"]: ("warning: ", "in 2009"),
        FILES["ceads_apparent"]: ("", "not a whole Excel workbook"),
        FILES["gem_mines"]: (f"sheet '{MINES_SHEET}'", "empty"),
        units.name: ("", "no polygon for 1 of 90 units: 140100"),
        EMBODIED["ceads_inventory2015"]: ("(embodied.inventories.2015)", "2017"),
        EMBODIED["ceads_mrio2015"]: ("(embodied.systems.provinces.tables.2015)", "workbook"),
        EMBODIED["ceads_mrio2017"]: (": embodied.systems.provinces.tables.2017.path", "no such"),
    }


@pytest.mark.slow
def test_every_planted_fault_is_told_with_file_and_place(whole, call):
    faults = plant(whole)
    result = call()
    assert result.exit_code == WRONG
    lines = result.stderr.splitlines()
    for name, (place, words) in faults.items():
        own = [line for line in lines if name in line and place in line and words in line]
        assert len(own) == 1, (name, own)
    assert len(lines) == len(faults)
    values = json.loads(call("--json").stdout)
    assert values["exit_code"] == WRONG
    assert len(values["errors"]) + len(values["warnings"]) == len(faults)
    (text,) = (fault for fault in values["errors"] if fault.get("source") == "edgar")
    assert (text["sheet"], text["row"], text["column"]) == ("Sheet1", 31, "碳排放量_吨")
    missing = [fault for fault in values["errors"] if fault["kind"] == "configuration"]
    assert {fault["file"] for fault in missing} == {"config.yaml"}
    assert len(missing) == 2
    assert all(fault["line"] > 1 for fault in missing)


@pytest.mark.slow
@pytest.mark.usefixtures("whole")
def test_sound_files_pass_and_are_counted(call):
    result = call()
    assert (result.exit_code, result.stderr) == (0, "")
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()}
    assert rows["edgar"][1:] == ["edgar_city", "2256", "90", "2000-2023", "0", "read"]
    assert rows["boundaries"][1:4] == ["map", "90", "90"]
    assert rows["embodied.systems.provinces.tables.2015"][1:] == [
        "ceads_mrio", "1302", "31", "2015", "read",
    ]  # fmt: skip
    assert rows["embodied.inventories.2012"][1:4] == ["ceads_inventory", "1440", "30"]
    assert "each as its format wants it" in result.stdout


def embodied_alone(folder: Path, **changes: object) -> CheckedInputs:
    """Look at the files of embodied carbon alone, with some other values of its section."""
    values = {"data_root": str(folder), "study": {"name": "own"}, "demo": None}
    values["embodied"] = {"systems": {"provinces": None}, **changes}
    base = load_study(["config.yaml"])
    gone = dict.fromkeys([name for name in account_tables(base) if name != "B1"])
    figures = dict.fromkeys([key for key in account_figures(base) if key != "mining"])
    others = {"footprint": None, "regional": None, "tables": gone, "figures": figures}
    study = load_study(["config.yaml"], {**values, **others})
    return check_inputs(study.model_copy(update={"sources": {}}))


@pytest.mark.slow
def test_inventories_of_another_year_are_told_by_the_key_that_names_them(whole):
    own = EMBODIED["ceads_inventory2017"]
    found = embodied_alone(whole, inventories={"2013": own, "2015": "none.xlsx"})
    states = {source.source: source.state for source in found.sources}
    assert states == {
        "embodied.inventories.2012": "read",
        "embodied.inventories.2013": "faulty",
        "embodied.inventories.2015": "missing",
        "embodied.inventories.2017": "read",
    }
    (problem,) = found.errors
    assert problem.source == "embodied.inventories.2013"
    assert "the workbook is of 2017, the study says 2013" in str(problem)
    assert str(problem).endswith("(embodied.inventories.2013)")


@pytest.mark.slow
def test_price_indices_are_read_when_the_study_names_them(whole):
    indices = whole / "prices.csv"
    indices.write_text("year,sector,index\n2012,S2,1\n2015,S2,none\n", encoding="utf-8")
    only = {"2012": EMBODIED["ceads_inventory2012"], "2015": None, "2017": None}
    more = {"inventories": only, "price": "constant", "deflators": "prices.csv"}
    (problem,) = embodied_alone(whole, **more).errors
    assert (problem.source, problem.place.row) == ("embodied.deflators", 3)
    indices.write_text("year,sector,index\n2012,S2,1\n2015,S2,2\n", encoding="utf-8")
    found = embodied_alone(whole, **more)
    assert found.problems == ()
    assert (found.sources[-1].first_year, found.sources[-1].last_year) == (2012, 2015)


def test_one_file_tells_all_of_its_faults(folder):
    edgar = folder / FILES["edgar_city"]

    def edit(rows: damage.Rows) -> damage.Rows:
        rows[99][6] = "text"
        rows[199][6] = -4.0
        rows[299][1] = 14
        rows[399][0] = 1066
        return [*rows, rows[50]]

    damage.edit_sheet(edgar, "Sheet1", edit)
    lines = told(folder, "edgar_city")
    words = ("'text' is not a number", "-4 is below 0", "is not a six-digit code", "year 1066 is")
    assert len(lines) == len(words) + 1
    for line, row, expected in zip(lines, (100, 200, 300, 400), words, strict=False):
        assert line.startswith(f"error: {edgar}, sheet 'Sheet1', row {row}, column")
        assert expected in line
    assert "(rows 51, 2258)" in lines[-1]


def test_cells_of_one_kind_are_one_fault_that_names_their_rows(folder):
    def edit(rows: damage.Rows) -> None:
        for row in (100, 200, 300):
            rows[row - 1][7] = "text"

    damage.edit_csv(folder / FILES["city_npp"], edit)
    (line,) = told(folder, "city_npp")
    assert "row 100, column" in line
    assert "'text' is not a number; also in rows 200, 300. Correct" in line


def test_a_single_value_in_another_unit_is_a_warning_with_its_row(folder):
    row = 0

    def edit(rows: damage.Rows) -> None:
        nonlocal row
        row = next(i for i, cells in enumerate(rows) if cells[3:5] == ["140200", "2010"])
        rows[row][7] = str(float(str(rows[row][7])) * 1e4)

    damage.edit_csv(folder / FILES["city_npp"], edit)
    (line,) = (text for text in told(folder, "city_npp") if text.startswith("warning"))
    assert "140200 山西省 大同市 2010 (" in line
    assert f", row {row + 1}: " in line


def test_a_value_that_its_column_may_not_have_is_told_with_its_source(folder):
    damage.edit_csv(folder / FILES["city_npp"], damage.put(240, 8, "1e9"))
    (error,) = (text for text in told(folder, "city_npp") if text.startswith("error"))
    assert FILES["city_npp"] in error


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\xff" * 400, b"\n\n\n"])
@pytest.mark.parametrize("format_", ["edgar_city", "ceads_county", "city_npp", "gem_mines"])
def test_rubbish_is_one_fault_of_its_file(folder, format_, content):
    (folder / FILES[format_]).write_bytes(content)
    (line,) = told(folder, format_)
    assert line.startswith(f"error: {folder / FILES[format_]}")
    assert "the reader failed" not in line


def test_a_reader_that_fails_is_told_as_a_fault_of_its_file(folder, monkeypatch):
    def panic(*arguments, **options):
        raise BaseException("index out of bounds\nmore")

    monkeypatch.setattr("yrb_carbon.sources.npp.read_csv", panic)
    first, *others = told(folder, "city_npp", "province_panel")
    assert "the reader failed (BaseException: index out of bounds)" in first
    assert others == []


def test_years_of_a_source_that_no_variable_uses_are_told_as_such(folder):
    damage.edit_csv(folder / FILES["province_panel"], damage.without_year(2009, 4), "utf-8-sig")
    (line,) = told(folder, "province_panel")
    assert line.endswith(
        "no unit of the study has a value of prov_green_patents, prov_pop, prov_gdp in 2009; no "
        "variable of the study uses it (sources.provinces)"
    )


def test_a_unit_without_any_value_is_a_warning(folder):
    def edit(rows: damage.Rows) -> damage.Rows:
        return [row for row in rows if row[3] != "140200"]

    damage.edit_csv(folder / FILES["city_npp"], edit)
    inputs = look(folder, "city_npp")
    assert [p.problem for p in inputs.warnings] == [
        "1 unit of the study has no value of npp: 大同市 140200"
    ]
    (summary,) = inputs.sources
    # sixteen years of one unit
    assert (summary.state, summary.units, summary.gaps) == ("read", 89, 16)


def test_files_that_the_demonstration_has_not_written_are_passed_over(tmp_path):
    study = load_study(["config.yaml"], {"study": {"name": "not-there"}})
    inputs = check_inputs(study)
    assert {source.state for source in inputs.sources} == {"not written yet"}
    assert inputs.problems == ()


def rewrite_part(file: Path, part: str, content: bytes | None) -> None:
    """Put other content into a part of a workbook, or leave the part out."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = content or b""
    with zipfile.ZipFile(file, "w") as archive:
        for name, own in parts.items():
            if name != part or content is not None:
                archive.writestr(name, own)


@pytest.mark.parametrize(
    ("part", "content", "told"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row", "not a whole Excel workbook"),
        ("xl/worksheets/sheet1.xml", b"rubbish", "not a whole Excel workbook"),
        ("xl/worksheets/sheet1.xml", None, "not a whole Excel workbook"),
        ("xl/sharedStrings.xml", b"<sst", "not a whole Excel workbook"),
        ("xl/workbook.xml", None, "the workbook has no sheet"),
    ],
)
def test_a_workbook_that_is_broken_inside_is_a_fault_of_its_file(folder, part, content, told):
    file = folder / FILES["edgar_city"]
    rewrite_part(file, part, content)
    (problem,) = look(folder, "edgar_city").problems
    assert str(problem.place).startswith(str(file))
    assert problem.problem.startswith(told)


@pytest.mark.parametrize(
    ("recode", "guess"),
    [
        (lambda text: text.encode("gb18030").decode("latin-1"), "gb18030 text read as latin-1"),
        (lambda text: text.encode("ascii", "replace").decode(), "an encoding without Chinese"),
    ],
)
def test_names_in_a_wrong_encoding_are_one_fault_that_says_so(folder, recode, guess):
    file = folder / FILES["city_npp"]
    file.write_text(recode(file.read_text(encoding="utf-8")), encoding="utf-8")
    (error,) = look(folder, "city_npp").errors
    assert "not recognised: " in error.problem
    assert guess in error.problem
    assert error.place.row == 232
