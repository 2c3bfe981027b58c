"""Bad input in the jobs of the workflow: a clear message, exit code 1, and nothing half written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from demo_files import demo_folder
from jobscript import output_files, run_script
from openpyxl import load_workbook

from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study
from yrb_carbon.study.sections import dump_sections
from yrb_carbon.study.units import load_units

pytestmark = pytest.mark.slow

YEARS = [2003, 2019]
EDGAR, COUNTY, REAL_GDP, YEARBOOK = "edgar", "county", "real_gdp", "yearbook"
EMISSIONS = "碳排放量_吨"
"""Column of tonnes in the EDGAR workbook."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def study(repository: Path) -> Study:
    return load_study([repository / "config.yaml"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is left of a job that failed."""

    message: str
    log: str

    def says(self, *parts: object) -> None:
        """The message on standard error and in the log holds all these parts, and no traceback."""
        for part in map(str, parts):
            assert part in self.message, f"{part!r} is not in {self.message!r}"
            assert part in self.log
        assert "Traceback" not in self.message + self.log


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder with copies of the published files that a case may break, and the jobs to run."""

    folder: Path
    demo: Path
    study: Study
    capture: pytest.CaptureFixture[str]

    def file(self, source: str) -> Path:
        """A copy of a source's file."""
        name = self.study.sources[source].path
        path = self.folder / "inputs" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            shutil.copy2(self.demo / "inputs" / name, path)
        return path

    def run(self, script: str, *, refused: bool = True, **parts: Any) -> Refusal | None:
        """Run a job; when it is to be refused, hold it to its exit code and its outputs."""
        log = self.folder / "job.log"
        if not refused:
            run_script(script, log=log, **parts)
            return None
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_script(script, log=log, **parts)
        assert ended.value.code == 1
        left = [path for path in output_files(parts["output"]) if path.exists()]
        assert left == []
        return Refusal(self.capture.readouterr().err, log.read_text(encoding="utf-8"))

    def assemble(self, *sources: str, refused: bool = True, **options: Any) -> Refusal | None:
        """Run the job `panel` on some sources; options are those of the first source."""
        spec = dump_sections(self.study, "data_root", "sources", "carbon")
        spec["data_root"] = str(self.folder / "inputs")
        spec["carbon"] = {**spec["carbon"], "extend_2018": "drop"}
        spec["sources"] = {name: spec["sources"][name] for name in sources}
        spec["sources"][sources[0]] |= options
        return self.run(
            "assemble_panel.py",
            input={"boundaries": self.demo / "boundaries.parquet"},
            output={
                "panels": [self.panel],
                "records": self.folder / "out/sources.json",
                "unmatched": self.folder / "out/unmatched.csv",
            },
            params={"spec": spec, "unit_sets": ["A"], "years": YEARS},
            refused=refused,
        )

    @property
    def panel(self) -> Path:
        return self.folder / "out/A.parquet"

    def fix_sample(self, column: str, *, refused: bool = True) -> Refusal | None:
        """Run the job `sample` with one variable, a raw column."""
        names = [
            "study",
            "carbon",
            "sink",
            "balance",
            "agglom",
            "lq",
            "m1",
            "m2",
            "m3",
            "price",
            "impute",
        ]
        label = {"en": column, "zh": column}
        variables = {"x": {"index": "raw", "column": column, "label": label}}
        section = {"first_year": 2003, "last_year": 2018, "unit_set": "A"}
        names_out = ("indices.parquet", "raw.parquet", "excluded.csv", "completeness.csv",
                     "completeness.png", "completeness.svg", "sample.json")  # fmt: skip
        keys = ("indices", "raw", "excluded", "completeness", "picture", "drawing", "counts")
        return self.run(
            "fix_sample.py",
            input={"panel": self.panel},
            output={
                key: self.folder / "sample" / name
                for key, name in zip(keys, names_out, strict=True)
            },
            params={
                "spec": {**dump_sections(self.study, *names), "variables": variables},
                "section": section,
                "required": ["x"],
                "computed": ["x"],
            },
            refused=refused,
        )


@pytest.fixture
def bench(tmp_path: Path, demo: Path, study: Study, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, demo, study, capsys)


Cells = list[list[Any]]


def rewrite_sheet(path: Path, change: Callable[[Cells], Cells], sheet: str | None = None) -> None:
    """Replace the cells of one sheet of a workbook (the first by default)."""
    book = load_workbook(path)
    page = book[sheet] if sheet else book.worksheets[0]
    rows = change([list(row) for row in page.iter_rows(values_only=True)])
    page.delete_rows(1, page.max_row)
    for row in rows:
        page.append(row)
    book.save(path)


def set_cell(row: int, column: str, value: object) -> Callable[[Cells], Cells]:
    """Set one cell; rows are counted as a spreadsheet counts them."""

    def change(rows: Cells) -> Cells:
        rows[row - 1][rows[0].index(column)] = value
        return rows

    return change


def test_undamaged_files_pass(bench):
    """The bench itself works: what follows fails for its own reason."""
    for source in (EDGAR, COUNTY, REAL_GDP, YEARBOOK):
        bench.file(source)
    assert bench.assemble(EDGAR, COUNTY, REAL_GDP, YEARBOOK, refused=False) is None
    assert bench.fix_sample("co2_edgar", refused=False) is None
    counts = json.loads((bench.folder / "sample/sample.json").read_text(encoding="utf-8"))
    assert (counts["units_kept"], counts["candidate_units"]) == (90, 90)


def test_missing_file(bench):
    path = bench.file(EDGAR)
    path.rename(path.with_name("地级市碳排放强度(1).xlsx"))
    bench.assemble(EDGAR).says(path, "the file does not exist", "'地级市碳排放强度(1).xlsx'")


def test_wrong_sheet(bench):
    path = bench.file(EDGAR)
    refusal = bench.assemble(EDGAR, options={"sheet": "Sheet9"})
    refusal.says(path, "no sheet 'Sheet9'", "The sheets are:")


def test_renamed_column(bench):
    path = bench.file(EDGAR)
    rewrite_sheet(path, set_cell(1, EMISSIONS, "碳排放量"))
    bench.assemble(EDGAR).says(path, "sheet", "row 1", f"no column '{EMISSIONS}'", "'碳排放量'")


def test_text_in_a_number_column(bench):
    path = bench.file(EDGAR)
    rewrite_sheet(path, set_cell(7, EMISSIONS, "约2700万"))
    refusal = bench.assemble(EDGAR)
    refusal.says(path, "sheet", "row 7", f"column '{EMISSIONS}'", "'约2700万' is not a number")


def test_duplicate_unit_year(bench):
    path = bench.file(EDGAR)
    rewrite_sheet(path, lambda rows: [*rows[:4], rows[3], *rows[4:]])
    refusal = bench.assemble(EDGAR)
    refusal.says(path, "stand in more than one row", "(rows 4, 5)")


def test_one_unit_under_two_names_in_a_year(bench):
    """The reader sees two cities; only the matcher knows that they are one."""
    path = bench.file(REAL_GDP)

    def change(rows: Cells) -> Cells:
        name = rows[0].index("城市")
        source = next(row for row in rows if row[name] == "太原市")
        return [*rows, [("太原" if cell == "太原市" else cell) for cell in source]]

    rewrite_sheet(path, change)
    bench.assemble(REAL_GDP).says(path, "two rows for one unit and year", "太原市 140100 2000")


def test_unknown_unit(bench):
    path = bench.file(EDGAR)

    def change(rows: Cells) -> Cells:
        name, code = rows[0].index("城市"), rows[0].index("城市代码")
        for row in rows[1:]:
            if row[name] == "太原市":
                row[name], row[code] = "大原市", 149900
        return rows

    rewrite_sheet(path, change)
    refusal = bench.assemble(EDGAR)
    refusal.says(path, "not recognised: 149900 山西省 大原市 (16 rows", "太原市 140100")
    refusal.says("sources.edgar.unknown_units")


def test_unknown_unit_may_be_reported_instead(bench):
    path = bench.file(EDGAR)
    rewrite_sheet(path, set_cell(2, "城市", "无名市"))
    assert bench.assemble(EDGAR, refused=False, unknown_units="report") is None
    listed = pd.read_csv(bench.folder / "out/unmatched.csv")
    assert listed["source"].tolist() == [EDGAR]
    assert "无名市" in listed["key"].iloc[0]


def test_unknown_place_in_another_province_is_no_error(bench):
    """Another province's oddities do not stop a study of the nine provinces."""
    path = bench.file(EDGAR)

    def change(rows: Cells) -> Cells:
        head = rows[0]
        stranger = dict(zip(head, rows[1], strict=True))
        stranger |= {"城市": "无名市", "城市代码": 449900, "所属省份": "广东省"}
        return [*rows, [stranger[name] for name in head]]

    rewrite_sheet(path, change)
    assert bench.assemble(EDGAR, refused=False) is None
    assert "449900" in (bench.folder / "out/unmatched.csv").read_text(encoding="utf-8")


def drop_years(path: Path, years: Sequence[int], city: str | None = None) -> None:
    def change(rows: Cells) -> Cells:
        year, name = rows[0].index("年份"), rows[0].index("城市")
        return [
            row for row in rows if not (row[year] in years and (city is None or row[name] == city))
        ]

    rewrite_sheet(path, change)


def test_year_gap_of_every_unit(bench):
    """Three years are more than `impute.max_gap` fills."""
    drop_years(bench.file(EDGAR), [2009, 2010, 2011])
    bench.assemble(EDGAR, refused=False)
    refusal = bench.fix_sample("co2_edgar")
    refusal.says("'co2_edgar' (for x) has no value for any unit in 2009-2011", "first_year")


def test_year_gaps_of_all_units_in_different_years(bench):
    """Every unit lacks three years, no year lacks every unit."""
    path = bench.file(EDGAR)

    def change(rows: Cells) -> Cells:
        year, name = rows[0].index("年份"), rows[0].index("城市")
        cities = sorted({row[name] for row in rows[1:]})
        start = {city: 2005 + i % 8 for i, city in enumerate(cities)}
        return [rows[0], *(row for row in rows[1:] if not 0 <= row[year] - start[row[name]] < 3)]

    rewrite_sheet(path, change)
    bench.assemble(EDGAR, refused=False)
    refusal = bench.fix_sample("co2_edgar")
    refusal.says("no unit has every required cell in 2003-2018", "co2_edgar 90 of 90")


def test_year_gap_of_one_unit_is_reported_with_the_reason(bench):
    drop_years(bench.file(EDGAR), [2009, 2010, 2011], "太原市")
    bench.assemble(EDGAR, refused=False)
    bench.fix_sample("co2_edgar", refused=False)
    excluded = pd.read_csv(bench.folder / "sample/excluded.csv", dtype=str)
    assert excluded["unit"].tolist() == ["140100"]
    assert excluded["reason"].tolist() == ["3 of 16 years have no value"]


def yearbook_cell(path: Path, column_part: str, value: object) -> tuple[str, str, int]:
    """Put a value into the first filled number cell of a column; sheet, column, row."""
    book = load_workbook(path)
    for page in book.worksheets:
        for cell in page[1]:
            if cell.value is not None and column_part in str(cell.value):
                row = next(
                    r for r in range(2, page.max_row + 1)
                    if isinstance(page.cell(r, cell.column).value, int | float)
                )  # fmt: skip
                page.cell(row, cell.column).value = value
                book.save(path)
                return page.title, str(cell.value), row
    raise AssertionError(f"no column {column_part} in {path}")


def test_negative_employment(bench):
    path = bench.file(YEARBOOK)
    sheet, column, row = yearbook_cell(path, "采矿业", -5)
    refusal = bench.assemble(YEARBOOK)
    refusal.says(path, f"sheet '{sheet}'", f"row {row}", f"column '{column}'", "-5 is below 0")


def test_tonnes_in_place_of_megatonnes(bench):
    path = bench.file(COUNTY)
    header, *lines = path.read_text(encoding="gb18030").splitlines()
    first = next(i for i, name in enumerate(header.split(",")) if name == "C1997")
    for i, line in enumerate(lines):
        cells = line.split(",")
        lines[i] = ",".join([*cells[:first], *(str(float(cell) * 1e6) for cell in cells[first:])])
    path.write_text("\n".join([header, *lines]), encoding="gb18030")
    bench.assemble(COUNTY).says(path, "column 'C", "Mt", "co2_ceads_county")


def test_megatonnes_in_place_of_tonnes(bench):
    path = bench.file(EDGAR)

    def change(rows: Cells) -> Cells:
        place = rows[0].index(EMISSIONS)
        for row in rows[1:]:
            if isinstance(row[place], int | float):
                row[place] = row[place] / 1e6
        return rows

    rewrite_sheet(path, change)
    bench.assemble(EDGAR).says(path, f"column '{EMISSIONS}'", "co2_edgar")


def test_all_missing_variable(bench):
    path = bench.file(EDGAR)

    def change(rows: Cells) -> Cells:
        place = rows[0].index(EMISSIONS)
        return [rows[0], *([*row[:place], None, *row[place + 1 :]] for row in rows[1:])]

    rewrite_sheet(path, change)
    refusal = bench.assemble(EDGAR)
    refusal.says(path, "sources.edgar", "no value of co2_edgar for any unit", "2003-2018")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("utf-16", "the bytes are not plain text (UTF-16 or binary). Save it in UTF-8"),
        ("utf-8 read as latin-1", "The names look like utf-8 text read as latin-1"),
    ],
)
def test_wrong_encoding(bench, wrong, message):
    path = bench.file(COUNTY)
    text = path.read_bytes().decode("gb18030")
    if wrong == "utf-16":
        path.write_bytes(text.encode("utf-16"))
    else:
        path.write_bytes(text.encode("utf-8").decode("latin-1").encode("utf-8"))
    bench.assemble(COUNTY).says(path, message)


def test_truncated_workbook(bench):
    path = bench.file(EDGAR)
    path.write_bytes(path.read_bytes()[:30_000])
    bench.assemble(EDGAR).says(path, "not a whole Excel workbook", "download it again")


def test_empty_csv(bench):
    path = bench.file(COUNTY)
    path.write_bytes(b"")
    bench.assemble(COUNTY).says(path, "the file is empty")


def test_variable_without_a_source(bench):
    """The panel has no column for it: the variable and the column are named."""
    bench.file(EDGAR)
    bench.assemble(EDGAR, refused=False)
    bench.fix_sample("pop").says("no source of the study provides", "x needs pop")


# Boundaries


def squares(codes: Sequence[str]) -> gpd.GeoDataFrame:
    """A chessboard of polygons near the Yellow River, half a degree wide."""
    boxes = [
        shapely.box(100 + 0.5 * (i % 10), 33 + 0.5 * (i // 10), 100.5 + 0.5 * (i % 10),
                    33.5 + 0.5 * (i // 10))
        for i in range(len(codes))
    ]  # fmt: skip
    return gpd.GeoDataFrame({"code": list(codes)}, geometry=boxes, crs="EPSG:4326")


def read_boundary_file(bench: Bench, frame: gpd.GeoDataFrame, refused: bool = True) -> Any:
    path = bench.folder / "map.geojson"
    frame.to_file(path, driver="GeoJSON")
    spec = dump_sections(bench.study, "study", "boundaries", "samples")
    spec["boundaries"] |= {"source": "file", "path": path.name, "simplify_m": 0.0}
    return bench.run(
        "read_boundaries.py",
        input={"units": [], "file": [str(path)]},
        output={
            "boundaries": bench.folder / "out/boundaries.parquet",
            "record": bench.folder / "out/boundaries.json",
        },
        params={"spec": spec},
        refused=refused,
    )


@pytest.fixture
def candidates() -> tuple[str, ...]:
    return load_units().select("A").ids


def test_boundary_file_that_is_whole_passes(bench, candidates):
    assert read_boundary_file(bench, squares(candidates), refused=False) is None


def test_boundary_file_without_a_column_of_codes(bench, candidates):
    frame = squares(candidates).rename(columns={"code": "title"})
    frame["title"] = "place"
    read_boundary_file(bench, frame).says("map.geojson", "code", "title")


def test_boundary_file_with_invalid_geometry(bench, candidates):
    frame = squares(candidates)
    bow = shapely.Polygon([(90, 30), (91, 31), (91, 30), (90, 31)])
    frame.loc[3, "geometry"] = bow
    refusal = read_boundary_file(bench, frame)
    refusal.says("map.geojson", candidates[3], "Self-intersection", "repair")


def test_boundary_file_without_a_unit(bench, candidates):
    refusal = read_boundary_file(bench, squares(candidates).drop(index=5))
    refusal.says("map.geojson", candidates[5])


# Weights


def test_island_under_the_policy_error(bench):
    """Xi'an and Weinan touch; Jinan touches neither."""
    units = ["370100", "610100", "610500"]
    index = pd.MultiIndex.from_product([units, range(2003, 2006)], names=["unit", "year"])
    raw = bench.folder / "raw.parquet"
    pd.DataFrame({"pop": 1.0}, index=index).to_parquet(raw)
    spec = dump_sections(bench.study, "weights", "boundaries")
    folder = bench.folder / "weights"
    refusal = bench.run(
        "build_weights.py",
        input={"boundaries": bench.demo / "boundaries.parquet", "samples": [str(raw)]},
        output={"weights": [folder / "main/queen.parquet"], "report": folder / "report.json"},
        params={"wanted": {"main": ["queen"]}, "folder": str(folder), "spec": spec},
    )
    refusal.says("weights.queen", "sample 'main'", "1 of 3 units have no neighbour: 370100", "drop")


# Models


def fit(bench: Bench, change: Callable[[pd.DataFrame], pd.DataFrame], table: str, script: str):
    units = [f"{code}" for code in range(140100, 141300, 100)]
    index = pd.MultiIndex.from_product([units, range(2003, 2011)], names=["unit", "year"])
    names = bench.study.tables["T4"].named_variables
    values = np.random.default_rng(7).standard_normal((len(index), len(names)))
    frame = change(pd.DataFrame(values, index=index, columns=list(names)))
    frame.to_parquet(bench.folder / "indices.parquet")
    around = [*units[1:], units[0]]
    links = pd.DataFrame({"focal": units + around, "neighbor": around + units, "weight": 0.5})
    links.to_parquet(bench.folder / "queen.parquet")
    section = bench.study.tables[table]
    spec = {
        "name": table,
        "study": "demo",
        "sample": "main",
        "table": section.model_dump(mode="json"),
        "models": bench.study.tables["T4"].model_dump(mode="json") if table != "T4" else None,
    }
    return bench.run(
        script,
        input={
            "frame": bench.folder / "indices.parquet",
            "weights": [str(bench.folder / "queen.parquet")],
        },
        output={"rows": bench.folder / f"out/{table}.parquet"},
        params={"spec": spec, "sections": dump_sections(bench.study, "effects", "seed")},
    )


@pytest.mark.parametrize(("table", "script"), [("T4", "fit_table.py"), ("T5", "effects.py")])
def test_collinear_regressors(bench, table, script):
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(ln_density=3.0 * frame["ln_pgdp"])

    refusal = fit(bench, change, table, script)
    refusal.says(f"table '{table}'", "column 'ols_twoway'", "linear combination", "ln_density",
                 "ln_pgdp")  # fmt: skip


def test_regressor_that_the_effects_absorb(bench):
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        height = frame["ln_density"].groupby(level="unit").transform("first")
        return frame.assign(ln_density=height)

    refusal = fit(bench, change, "T4", "fit_table.py")
    refusal.says("table 'T4'", "'ln_density' does not vary over time")


def test_missing_value_in_a_model(bench):
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[("140300", 2005), "lq"] = np.nan
        return frame

    refusal = fit(bench, change, "T4", "fit_table.py")
    refusal.says("table 'T4'", "column 'ols_twoway'", "lq", "140300", "2005")


def test_weights_of_units_without_data(bench):
    refusal = fit(bench, lambda frame: frame.drop("140500"), "T4", "fit_table.py")
    refusal.says("the weights have units without data: 140500")
