"""`yrb-carbon export`: what other programs read is what the study has."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from demo_files import demo_folder
from libpysal.io import open as open_weights
from pandas.io.stata import StataReader
from typer.testing import CliRunner

from yrb_carbon.cli import app
from yrb_carbon.errors import DataError
from yrb_carbon.report.exchange import _stata_names, export_study, read_exported
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.load import load_study
from yrb_carbon.weights.build import build_weights
from yrb_carbon.weights.io import write_weights
from yrb_carbon.weights.spec import WeightsSpec

pytestmark = pytest.mark.slow

runner = CliRunner()
WRONG = 2
YEARS = range(2003, 2007)
LONG_FLAG = "flag_boundary_mixed_co2_ceads_county"
SINGLE = 1e-15
"""Weights travel with 17 significant digits."""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A folder of results with made-up values: a panel, two matrices, a map, a manifest."""
    folder = tmp_path_factory.mktemp("results") / "own"
    made = demo_folder(tmp_path_factory)
    boundaries = load_boundaries(made / "boundaries.parquet")
    index = pd.MultiIndex.from_product([boundaries.unit_ids, YEARS], names=["unit", "year"])
    random = np.random.default_rng(11)

    def frame(*columns: str) -> pd.DataFrame:
        values = random.normal(size=(len(index), len(columns)))
        return pd.DataFrame(values, index=index, columns=list(columns))

    (folder / "panel" / "main").mkdir(parents=True)
    frame("cb", "lq", "ln_pgdp", "ln_density").to_parquet(folder / "panel/main/indices.parquet")
    raw = frame("gdp2", "npp", LONG_FLAG, f"{LONG_FLAG}_2")
    raw.iloc[5, 0] = np.nan
    raw.to_parquet(folder / "panel/main/raw.parquet")
    shutil.copyfile(made / "boundaries.parquet", folder / "panel" / "boundaries.parquet")
    for name, spec in {"queen": WeightsSpec(), "knn4": WeightsSpec(scheme="knn", k=4)}.items():
        write_weights(build_weights(boundaries, spec), folder / "weights" / "main", name)
    config = load_study(["config.yaml"]).model_dump(mode="json")
    (folder / "manifest.json").write_text(json.dumps({"config": config}), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def in_repository(repository, monkeypatch) -> None:
    monkeypatch.chdir(repository)


@pytest.fixture(scope="module")
def exported(results, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "导出 for R"
    export_study(results, folder)
    return folder


@pytest.fixture(scope="module")
def study(results):
    return read_exported(results)


def test_the_panel_reads_back_from_stata_with_its_labels(exported, study):
    for file, province, label in (
        ("panel.dta", "Shanxi", "Mining agglomeration"),
        ("panel_zh.dta", "山西省", "矿业集聚"),
    ):
        with StataReader(exported / file) as reader:
            frame = reader.read(convert_categoricals=False)
            labels, values = reader.variable_labels(), reader.value_labels()
        assert frame["unit"].astype(str).tolist() == study.frame.index.get_level_values(0).tolist()
        assert frame["year"].tolist() == study.frame.index.get_level_values(1).tolist()
        for column in ("cb", "lq", "gdp2"):
            np.testing.assert_array_equal(frame[column], study.frame[column])
        assert labels["lq"] == label
        assert values["unit"][140100] in ("Taiyuan", "太原市")
        assert province in values["province"].values()
        assert len(values["province"]) == frame["province"].nunique()
    assert labels["gdp2"] == "第二产业增加值 (10^4 yuan, current prices)"
    assert pd.read_stata(exported / "panel.dta")["reach"].iloc[0] == "middle"
    with StataReader(exported / "panel.dta") as reader:
        assert reader.data_label.startswith("Synthetic demonstration data")


def test_long_names_are_cut_and_told_apart(exported):
    columns = pd.read_stata(exported / "panel.dta").columns
    assert {LONG_FLAG[:32], f"{LONG_FLAG[:30]}_2"} <= set(columns)
    names = _stata_names([f"{'x' * 40}{i}" for i in range(12)])
    assert len(set(names.values())) == 12
    assert max(map(len, names.values())) == 32


def test_the_csv_has_every_digit_and_says_what_is_missing(exported, study):
    text = (exported / "panel.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith("unit,year,name,name_zh,province,reach,cb,lq,")
    frame = pd.read_csv(exported / "panel.csv", dtype={"unit": str})
    pd.testing.assert_series_equal(
        frame.set_index(["unit", "year"])["gdp2"], study.frame["gdp2"], check_exact=True
    )
    assert text.count(",NA,") == 1
    assert frame.loc[0, "name_zh"] == "太原市"


@pytest.mark.parametrize(("name", "suffix"), [("queen", "gal"), ("knn4", "gwt")])
def test_all_forms_of_the_weights_agree(exported, study, name, suffix):
    weights = study.weights[name]
    matrix, units = np.asarray(weights.matrix), list(weights.unit_ids)
    lines = (exported / f"W_{name}.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == str(len(units))
    rows = [line.split(" ") for line in lines[1:]]
    assert [row[0] for row in rows] == units
    np.testing.assert_array_equal(np.array([row[1:] for row in rows], dtype=float), matrix)
    links = pd.read_csv(exported / f"W_{name}_edges.csv", dtype={"from": str, "to": str})
    rebuilt = pd.DataFrame(0.0, units, units)
    for link in links.itertuples(index=False):
        rebuilt.loc[link[0], link[1]] = link[2]
    np.testing.assert_allclose(rebuilt.to_numpy(), matrix, rtol=SINGLE)
    stata = pd.read_stata(exported / f"W_{name}_edges.dta")
    assert stata["from"].astype(str).tolist() == links["from"].tolist()
    assert stata["weight"].tolist() == links["weight"].tolist()
    file = open_weights(str(exported / f"W_{name}.{suffix}"))
    read = file.read()
    file.close()
    own = {unit: {units[j] for j in np.flatnonzero(matrix[i])} for i, unit in enumerate(units)}
    assert {str(k): set(map(str, v)) for k, v in read.neighbors.items()} == own


def test_the_map_has_the_variables_of_every_year_or_of_one(exported, results, study, tmp_path):
    wide = gpd.read_file(exported / "units.gpkg").set_index("unit")
    assert str(wide.crs) == "EPSG:4326"
    assert wide.loc["140100", "name_zh"] == "太原市"
    assert wide.loc["140100", "cb_2005"] == study.frame.loc[("140100", 2005), "cb"]
    assert len(wide) == len(study.units)
    export_study(results, tmp_path, year=2004, weights=["queen"])
    single = gpd.read_file(tmp_path / "units.gpkg").set_index("unit")
    assert single.loc["140100", "lq"] == study.frame.loc[("140100", 2004), "lq"]
    assert set(single["year"]) == {2004}
    assert not (tmp_path / "W_knn4.txt").exists()


def test_equal_results_give_equal_bytes(exported, results, tmp_path):
    export_study(results, tmp_path / "again")
    for file in sorted(exported.iterdir()):
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_the_readme_says_what_it_is_and_names_files_that_are_there(exported):
    text = (exported / "README.txt").read_text(encoding="utf-8")
    assert "Synthetic demonstration data" in text
    assert "合成演示数据" in text
    assert "$" not in text.replace("panel$unit", "").replace("panel$year", "").replace("edges$", "")
    for name in ("panel.dta", "W_queen.txt", "W_queen_edges.csv", "W_queen.gal", "units.gpkg"):
        assert name in text
        assert (exported / name).is_file()
    assert json.loads((exported / "export.json").read_text(encoding="utf-8"))["files"].keys() == {
        file.name for file in exported.iterdir() if file.name != "export.json"
    }
    assert "Durbin = " not in text
    assert "spxtregress cb lq ln_pgdp ln_density i.year, fe dvarlag(W)" in text


def r_commands(exported: Path) -> str:
    return (exported / "README.txt").read_text(encoding="utf-8").split("\nR\n", 1)[1]


def run_r(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def r_has(*packages: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    code = "; ".join(f"library({package})" for package in packages)
    return subprocess.run(["Rscript", "-e", code], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_panel_and_the_edges_as_the_readme_says(exported, study):
    code = r_commands(exported).split("library(spdep)")[0]
    code += 'cat(nrow(panel), sum(is.na(panel$gdp2)), sprintf("%.17g", mean(panel$cb)), sep=" ")\n'
    code += 'cat("", sprintf("%.17g", W["140100", "140300"]), panel$name_zh[1])\n'
    rows, missing, mean, weight, name = run_r(code, exported)
    assert (int(rows), int(missing)) == (len(study.frame), 1)
    assert float(mean) == pytest.approx(study.frame["cb"].mean(), rel=1e-12)
    queen = study.weights["queen"]
    place = [queen.unit_ids.index(unit) for unit in ("140100", "140300")]
    assert float(weight) == np.asarray(queen.matrix)[place[0], place[1]]
    assert name in ("太原市", "<U+592A><U+539F><U+5E02>")


STAND_INS = {
    "library(splm)": """
spml <- function(formula, data, index = NULL, listw, listw2 = listw, na.action, model, effect,
                 lag = FALSE, spatial.error) {
  stopifnot(inherits(listw, "listw"), listw$style == "W", model == "within", effect == "twoways",
            lag, spatial.error == "none", all(all.vars(formula) %in% names(data)))
  list(coefficients = c(lambda = 0.3, lq = -0.5, ln_pgdp = 0.1, ln_density = 0.2,
                        W_lq = 0.25, W_ln_pgdp = 0, W_ln_density = 0))
}""",
    "library(SDPDmod)": """
SDPDm <- function(formula, data, W, index, model = "sar", effect = "individual", ldet = NULL,
                  lndetspec = list(p = NULL, m = NULL, sd = NULL), dynamic = FALSE,
                  tlaginfo = list(ind = NULL, tl = TRUE, stl = TRUE), LYtrans = FALSE,
                  incr = NULL, rintrv = TRUE, demn = FALSE, DIRtrans = FALSE)
  stopifnot(is.matrix(W), model == "sdm", effect == "twoways")
impactsSDPDm <- function(res, NSIM = 200, sd = 12345) res""",
}
"""Functions with the documented arguments (splm 1.6-5, SDPDmod 0.0.5), and no others."""


@pytest.mark.slow
@pytest.mark.skipif(not r_has("spdep", "sf"), reason="R with spdep and sf is not installed")
@pytest.mark.parametrize("name", ["queen", "knn4"])
def test_r_runs_all_that_the_readme_says(results, study, tmp_path, name):
    export_study(results, tmp_path, weights=[name])
    code = r_commands(tmp_path)
    for library, functions in STAND_INS.items():
        assert library in code
        code = code.replace(library, functions)
    code += """
cat(sprintf("%.17g", c(effects, panel$W_lq[panel$unit == "140300" & panel$year == 2005])))
cat("", length(nb), nrow(map), max(abs(spdep::listw2mat(listw) - W)))
"""
    *numbers, links, rows, apart = run_r(
        f"sink(nullfile())\n{code.replace('cat(', 'sink(); cat(', 1)}", tmp_path
    )[-7:]
    weights = study.weights[name]
    matrix, units = np.asarray(weights.matrix), list(weights.unit_ids)
    eye = np.eye(len(units))
    effects = np.linalg.solve(eye - 0.3 * matrix, -0.5 * eye + 0.25 * matrix)
    direct, total = np.diag(effects).mean(), effects.sum(axis=1).mean()
    lagged = matrix @ study.frame["lq"].xs(2005, level="year").loc[units].to_numpy()
    wanted = [direct, total - direct, total, lagged[units.index("140300")]]
    np.testing.assert_allclose([float(n) for n in numbers], wanted, rtol=1e-10)
    assert (int(links), int(rows)) == (len(units), len(study.units))
    assert float(apart) < SINGLE


def export(*words: str):
    return runner.invoke(app, ["export", *words])


def test_the_command_lists_its_files(results, tmp_path):
    result = export(str(results), "--to", str(tmp_path / "x"), "--weights", "queen", "--json")
    values = json.loads(result.stdout)
    assert (result.exit_code, values["exit_code"]) == (0, 0)
    assert sorted(map(Path, values["files"])) == sorted((tmp_path / "x").iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sample", "other"], "no sample 'other'; it has main"),
        (["--weights", "queeen"], "the sample 'main' has no weights queeen; it has knn4, queen"),
        (["--year", "1999"], "the sample has no year 1999; it has 2003 to 2006"),
    ],
)
def test_what_the_results_do_not_have_is_refused(results, tmp_path, words, told):
    result = export(str(results), "--to", str(tmp_path / "x"), *words)
    assert result.exit_code == WRONG
    assert told in result.stderr
    assert not (tmp_path / "x").exists()


@pytest.fixture
def without_polygons(monkeypatch):
    """Maps are the slow part, and nothing to these tests."""

    def write(study, boundaries, path, year):
        path.write_text("map", encoding="utf-8")

    monkeypatch.setattr("yrb_carbon.report.exchange.write_map", write)


@pytest.mark.usefixtures("without_polygons")
def test_files_that_no_export_wrote_are_not_replaced(results, tmp_path):
    own = [str(results), "--to", str(tmp_path), "--weights", "queen"]
    (tmp_path / "README.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "panel.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    refused = export(*own)
    assert (refused.exit_code, refused.stdout) == (WRONG, "")
    assert "no export wrote" in refused.stderr
    assert "panel.csv, README.txt; give another folder, or --force" in refused.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"README.txt", "panel.csv", "notes.txt"}
    assert (tmp_path / "README.txt").read_text(encoding="utf-8") == "mine"
    assert export(*own, "--force").exit_code == 0
    assert "Sample main" in (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("without_polygons")
def test_files_of_an_earlier_export_are_replaced_unless_they_were_changed(results, tmp_path):
    both = [str(results), "--to", str(tmp_path)]
    one = [*both, "--weights", "queen"]
    # what the one with fewer matrices leaves is known to the third as well
    for words in (both, one, both):
        assert export(*words).exit_code == 0
    (tmp_path / "W_knn4.txt").write_text("mine", encoding="utf-8")
    assert export(*one).exit_code == 0
    changed = export(*both)
    assert changed.exit_code == WRONG
    assert ": W_knn4.txt; give" in changed.stderr
    (tmp_path / "export.json").write_text("[]", encoding="utf-8")
    assert "export.json" in export(*one).stderr


@pytest.mark.usefixtures("without_polygons")
def test_folders_of_the_names_of_files_are_refused_with_force_too(results, tmp_path):
    (tmp_path / "panel.dta").mkdir()
    refused = export(str(results), "--to", str(tmp_path), "--force")
    assert refused.exit_code == WRONG
    assert "folders of the names of files: panel.dta" in refused.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["panel.dta"]


def test_an_export_that_fails_leaves_nothing(results, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device", "units.gpkg")

    monkeypatch.setattr("yrb_carbon.report.exchange.write_map", fail)
    for folder in (tmp_path / "new" / "folder", tmp_path):
        done = export(str(results), "--to", str(folder))
        assert (done.exit_code, done.stderr) == (WRONG, "units.gpkg: no space left on device\n")
    assert list((tmp_path / "new").iterdir()) == []
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


@pytest.fixture
def copied(results, tmp_path) -> Path:
    folder = tmp_path / "copied"
    shutil.copytree(results, folder)
    return folder


@pytest.mark.parametrize(
    "file",
    [
        "panel/main/indices.parquet",
        "panel/main/raw.parquet",
        "weights/main/queen.parquet",
        "panel/boundaries.parquet",
    ],
)
def test_damaged_results_are_told_with_the_file(copied, tmp_path, file):
    whole = (copied / file).read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"text"):
        (copied / file).write_bytes(content)
        done = export(str(copied), "--to", str(tmp_path / "x"))
        assert (done.exit_code, done.stdout) == (WRONG, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{copied / file}: ")
    assert not (tmp_path / "x").exists()


def test_missing_results_are_told_with_the_file(copied, tmp_path):
    (copied / "weights/main/queen.gal").unlink()
    done = export(str(copied), "--to", str(tmp_path / "x"))
    assert "no GAL or GWT file of the weights 'queen'" in done.stderr
    (copied / "panel/main/raw.parquet").unlink()
    done = export(str(copied), "--to", str(tmp_path / "x"))
    assert done.stderr.startswith(f"{copied / 'panel/main/raw.parquet'}: no such file")
    (copied / "manifest.json").write_text("[]", encoding="utf-8")
    done = export(str(copied), "--to", str(tmp_path / "x"))
    assert "not a manifest of this version" in done.stderr
    assert done.exit_code == WRONG


@pytest.mark.usefixtures("without_polygons")
def test_a_study_without_weights_is_exported(copied, tmp_path):
    shutil.rmtree(copied / "weights")
    assert export(str(copied), "--to", str(tmp_path / "x")).exit_code == 0
    text = (tmp_path / "x" / "README.txt").read_text(encoding="utf-8")
    assert "  none\n" in text
    for word in ("spmatrix import", "xsmle", "spml", "W_NAME.gal"):
        assert (word in text) == (word == "W_NAME.gal")


@pytest.mark.usefixtures("without_polygons")
def test_units_that_the_weights_leave_out_are_dropped_in_stata_and_r(copied, tmp_path):
    boundaries = load_boundaries(copied / "panel" / "boundaries.parquet")
    kept = boundaries.subset(boundaries.unit_ids[2:])
    write_weights(build_weights(kept, WeightsSpec()), copied / "weights" / "main", "queen")
    assert export(str(copied), "--to", str(tmp_path / "x"), "--weights", "queen").exit_code == 0
    text = (tmp_path / "x" / "README.txt").read_text(encoding="utf-8")
    first, second = boundaries.unit_ids[:2]
    assert f"  drop if inlist(unit, {first}, {second})\n" in text
    if shutil.which("Rscript") is not None:
        code = r_commands(tmp_path / "x").split("library(spdep)")[0]
        code += "cat(nrow(panel), length(units))"
        n = len(kept.unit_ids)
        assert run_r(code, tmp_path / "x") == [str(n * len(YEARS)), str(n)]


def test_folders_that_cannot_be_are_refused(results, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    looped = export(str(results), "--to", str(tmp_path / "loop"))
    assert (looped.exit_code, looped.stderr) == (WRONG, f"{tmp_path / 'loop'}: file exists\n")
    (tmp_path / "file").touch()
    for file in ("file", "file/below"):
        refused = export(str(results), "--to", str(tmp_path / file))
        assert refused.exit_code == WRONG
        (line,) = refused.stderr.splitlines()
        assert line.startswith(f"{tmp_path / file}: ")
    assert (
        "the folder of the results themselves" in export(str(results), "--to", str(results)).stderr
    )
    assert "no manifest.json" in export(str(tmp_path), "--to", str(tmp_path / "y")).stderr
    unknown = export("no-such-study", "--to", str(tmp_path / "y"))
    assert unknown.stderr.startswith("no finished study of that name (got 'no-such-study'")
    assert unknown.exit_code == WRONG


def test_a_manifest_of_another_version_is_refused(results, tmp_path):
    (tmp_path / "manifest.json").write_text('{"config": {"study": 1}}', encoding="utf-8")
    with pytest.raises(DataError, match="not a manifest of this version"):
        read_exported(tmp_path)
