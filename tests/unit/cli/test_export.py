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
    assert "spxtregress cb lq ln_pgdp ln_density i.year, fe dvarlag(W)" in text


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_panel_and_the_edges_as_the_readme_says(exported, study):
    text = (exported / "README.txt").read_text(encoding="utf-8").split("\nR\n", 1)[1]
    code = text.split("library(spdep)")[0]
    code += 'cat(nrow(panel), sum(is.na(panel$gdp2)), sprintf("%.17g", mean(panel$cb)), sep=" ")\n'
    code += 'cat("", sprintf("%.17g", W["140100", "140300"]), panel$name_zh[1])\n'
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code],
        cwd=exported,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    rows, missing, mean, weight, name = done.stdout.split()
    assert (int(rows), int(missing)) == (len(study.frame), 1)
    assert float(mean) == pytest.approx(study.frame["cb"].mean(), rel=1e-12)
    queen = study.weights["queen"]
    place = [queen.unit_ids.index(unit) for unit in ("140100", "140300")]
    assert float(weight) == np.asarray(queen.matrix)[place[0], place[1]]
    assert name in ("太原市", "<U+592A><U+539F><U+5E02>")


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


def test_folders_that_cannot_be_are_refused(results, tmp_path):
    (tmp_path / "file").touch()
    assert "is a file" in export(str(results), "--to", str(tmp_path / "file")).stderr
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
