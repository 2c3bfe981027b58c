"""Weights that break a contract; each message names the units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.errors import DataError, SourceError, WeightsError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries
from yrb_carbon.weights.autocorrelation import calc_global_moran
from yrb_carbon.weights.build import as_graph, build_weights, calc_unit_attributes
from yrb_carbon.weights.check import check_units, check_weights
from yrb_carbon.weights.io import (
    read_gal,
    read_gwt,
    read_weights,
    write_gal,
    write_gwt,
    write_weights,
)
from yrb_carbon.weights.spec import WeightsSpec
from yrb_carbon.weights.standardise import standardise

UNITS = ["140100", "140200", "140300", "140400"]
LINE = [shapely.box(105 + i, 34, 106 + i, 35) for i in range(3)] + [shapely.box(115, 34, 116, 35)]
INCOME = pd.DataFrame({"gdp_per_capita": [1.0, 2, 3, 4], "gdp": [1.0, 2, 3, 4]}, index=UNITS)


def line(shapes: list[shapely.Polygon] = LINE) -> Boundaries:
    return build_boundaries(UNITS[: len(shapes)], shapes, FileRecord("line.gpkg", None, "", 4))


def refuse(spec: WeightsSpec, *words: str, attributes: pd.DataFrame | None = INCOME) -> None:
    with pytest.raises(WeightsError) as caught:
        build_weights(line(), spec, attributes)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_islands_are_named():
    refuse(WeightsSpec("queen"), "1 of 4 units have no neighbour: 140400", "islands: nearest")


def test_a_cutoff_can_make_islands():
    refuse(WeightsSpec("invd", cutoff=200.0), "no neighbour: 140400")
    refuse(WeightsSpec("nested_add", cutoff=200.0), "no neighbour: 140400")


def test_dropping_all_units_is_refused():
    refuse(WeightsSpec("invd", cutoff=10.0, islands="drop"), "0 units left", "140100, 140200")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (WeightsSpec("bishop"), "unknown scheme 'bishop'"),  # type: ignore[arg-type]
        (WeightsSpec(standardise="rows"), "unknown standardisation 'rows'"),  # type: ignore[arg-type]
        (WeightsSpec(islands="keep"), "unknown islands 'keep'"),  # type: ignore[arg-type]
        (WeightsSpec("queen", cutoff=100.0), "queen takes no cutoff (got 100 km)"),
        (WeightsSpec("invd", cutoff=-1.0), "above 0, got -1"),
        (WeightsSpec("nested_add", phi=1.5), "share from 0 to 1, got 1.5"),
        (WeightsSpec("knn", k=4), "k = 4 neighbours asked for among 4 units; k is 1 to 3"),
        (WeightsSpec("knn", k=0), "k = 0"),
    ],
)
def test_specs_that_make_no_sense(spec, words):
    if spec.scheme == "queen" and spec.islands == "error":
        spec = WeightsSpec(spec.scheme, spec.standardise, cutoff=spec.cutoff, islands="nearest")
    refuse(spec, words)


def test_attributes():
    refuse(WeightsSpec("econ"), "needs the attributes gdp_per_capita", attributes=None)
    refuse(
        WeightsSpec("gravity"), "needs the attributes gdp;", attributes=INCOME[["gdp_per_capita"]]
    )
    refuse(WeightsSpec("econ"), "no attributes for 140400", attributes=INCOME.iloc[:3])
    refuse(
        WeightsSpec("econ"), "given more than once for 140200",
        attributes=INCOME.loc[["140100", "140200", "140200", "140300", "140400"]],
    )  # fmt: skip
    for bad in (np.nan, 0.0, -1.0, np.inf):
        table = INCOME.copy()
        table.loc["140300", "gdp_per_capita"] = bad
        refuse(WeightsSpec("nested_mul"), "must be positive", "140300", attributes=table)
    refuse(WeightsSpec("econ"), "same income", attributes=INCOME * 0 + 5.0)


def test_attributes_of_a_panel_with_holes():
    index = pd.MultiIndex.from_product([UNITS[:2], [2003]], names=["unit", "year"])
    panel = pd.DataFrame({"gdp_real": [1.0, np.nan], "pop": [1.0, 1.0]}, index=index)
    with pytest.raises(WeightsError, match="1 unit-years: 140200 2003"):
        calc_unit_attributes(panel)
    with pytest.raises(WeightsError, match="panel columns pop"):
        calc_unit_attributes(panel[["gdp_real"]])


def test_polygons_that_do_not_fit_together():
    shapes = [shapely.box(105, 34, 106.1, 35), shapely.box(106, 34, 107, 35)]
    with pytest.raises(WeightsError, match=r"line\.gpkg do not meet edge to edge.*tolerance_m"):
        build_weights(line(shapes), WeightsSpec("queen"))
    loose = build_boundaries(
        UNITS[:2], shapes, FileRecord("line.gpkg", None, "", 2), contiguity_tolerance_m=500
    )
    with pytest.raises(WeightsError, match="rook needs polygons that share edges"):
        build_weights(loose, WeightsSpec("rook"))


def test_units_at_one_place():
    shapes = [shapely.box(105, 34, 107, 36), shapely.box(105.5, 34.5, 106.5, 35.5)]
    same = line([shapes[0], shapes[0]])
    with pytest.raises(WeightsError, match="same centroid: 140100 and 140200"):
        build_weights(same, WeightsSpec("invd"))


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ((0, 1), np.nan, r"not finite numbers: \(140100, 140200\)"),
        ((0, 1), np.inf, r"not finite numbers: \(140100, 140200\)"),
        ((1, 2), -1.0, r"negative weights: \(140200, 140300\)"),
        ((2, 2), 1.0, "their own neighbour: 140300"),
        ((0, 1), 2.0, r"differ between \(i, j\) and \(j, i\): \(140100, 140200\)"),
    ],
)
def test_matrices_that_break_the_contract(cell, value, words):
    matrix = np.ones((3, 3)) - np.eye(3)
    matrix[cell] = value
    with pytest.raises(WeightsError, match=words):
        check_weights(matrix, UNITS[:3], symmetric=True)


def test_shapes_and_units_of_a_matrix():
    with pytest.raises(WeightsError, match=r"shape \(2, 2\) for 3 units"):
        check_weights(np.zeros((2, 2)), UNITS[:3])
    with pytest.raises(WeightsError, match="more than once in the weights: 140100"):
        check_weights(np.zeros((2, 2)), ["140100", "140100"])
    with pytest.raises(WeightsError, match="two at least are needed, got 1"):
        check_weights(np.zeros((1, 1)), ["140100"])
    with pytest.raises(WeightsError, match="without a single link"):
        standardise(np.zeros((2, 2)), "row")
    with pytest.raises(
        WeightsError,
        match=r"1 units of the sample are not in the weights: c; 1 units of the weights",
    ):
        check_units(["a", "b"], ["b", "c"])


def test_moran_of_values_that_cannot_be_used():
    weights = build_weights(line(), WeightsSpec("knn", k=2))
    index = pd.MultiIndex.from_product([UNITS, [2003, 2004]], names=["unit", "year"])
    panel = pd.DataFrame({"x": np.arange(8.0), "flat": 1.0}, index=index)
    with pytest.raises(DataError, match="does not vary over the units in 2003, 2004"):
        calc_global_moran(panel, weights, ["flat"])
    with pytest.raises(DataError, match="no column 'y'"):
        calc_global_moran(panel, weights, ["y"])
    with pytest.raises(WeightsError, match="of the weights are not in the sample: 140400"):
        calc_global_moran(panel.loc[UNITS[:3]], weights, ["x"])
    panel.loc[("140200", 2004), "x"] = np.nan
    with pytest.raises(DataError, match="1 cells: 140200 2004"):
        calc_global_moran(panel, weights, ["x"])
    with pytest.raises(DataError, match="1 cells: 140200 2004"):
        calc_global_moran(panel.drop(("140200", 2004)), weights, ["x"])


def test_files(tmp_path):
    weights = build_weights(line(), WeightsSpec("knn", k=1))
    parquet, _ = write_weights(weights, tmp_path, "knn")
    with pytest.raises(WeightsError, match="1 units of the weights are not in the sample: 140400"):
        read_weights(parquet, UNITS[:3])
    with pytest.raises(SourceError, match="no such file"):
        read_weights(tmp_path / "none.parquet")
    pd.DataFrame({"focal": ["a"], "neighbor": ["b"], "weight": [1.0]}).to_parquet(
        tmp_path / "o.parquet"
    )
    with pytest.raises(SourceError, match=r"not a weights file.*focal, neighbor, weight"):
        read_weights(tmp_path / "o.parquet")
    half = as_graph(np.array([[0, 0.5], [0.5, 0]]), UNITS[:2])
    with pytest.raises(WeightsError, match=r"loses weights such as 0\.5"):
        write_gal(half, tmp_path / "w.gal")
    lonely = as_graph(np.array([[0, 0.5], [0, 0]]), UNITS[:2])
    with pytest.raises(WeightsError, match="units without neighbour: 140200"):
        write_gwt(lonely, tmp_path / "w.gwt")


@pytest.mark.parametrize(
    ("reader", "text", "words"),
    [
        (read_gal, "", "the file is empty"),
        (read_gal, "two\n", "'two' is not a number of units"),
        (read_gal, "2\na 1\nb\n", "2 units announced, 1 found"),
        (read_gal, "2\na 2\nb\nb 1\na\n", "row 2: 'a 2' announces other neighbours than the 1"),
        (read_gal, "1\na 1\nb\n", "no units of the file: b"),
        (read_gwt, "0 2 u u\na b\n", "row 2: 'a b' is not `focal neighbor weight`"),
        (read_gwt, "0 2 u u\na b x\n", "row 2"),
        (read_gwt, "0 3 u u\na b 1\nb a 1\n", "3 units announced, 2 found"),
    ],
)
def test_text_files_that_are_damaged(tmp_path, reader, text, words):
    path = tmp_path / "w.txt"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        reader(path)
    assert words in str(caught.value)
