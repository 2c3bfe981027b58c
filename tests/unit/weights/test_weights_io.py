"""Weights in files: all digits, ids as text, equal bytes; libpysal reads them too."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.errors import SourceError, WeightsError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.weights.build import SpatialWeights, as_graph, build_weights
from yrb_carbon.weights.check import dense
from yrb_carbon.weights.io import (
    read_gal,
    read_gwt,
    read_links,
    read_weights,
    write_gal,
    write_gwt,
    write_weights,
)
from yrb_carbon.weights.spec import WeightsSpec

UNITS = ["011000", "140100", "140200", "140300", "620100", "620200"]
SHAPES = [
    shapely.box(100 + i, 30 + j, 101 + i, 31 + j) for i, j in itertools.product(range(3), range(2))
]
INCOME = pd.DataFrame({"gdp_per_capita": np.arange(1.0, 7.0) ** 2, "gdp": 1.0}, index=UNITS)
BOUNDARIES = build_boundaries(UNITS, SHAPES, FileRecord("grid", None, "", 6))


def build(scheme: str, **fields: object) -> SpatialWeights:
    return build_weights(BOUNDARIES, WeightsSpec(scheme, **fields), INCOME)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "suffix"),
    [
        ("queen", ".gal"),
        ("rook", ".gal"),
        ("knn", ".gwt"),
        ("invd2", ".gwt"),
        ("nested_add", ".gwt"),
    ],
)
@pytest.mark.parametrize("how", ["row", "spectral", "minmax", "none"])
def test_everything_comes_back(tmp_path, scheme, suffix, how):
    weights = build(scheme, k=2, standardise=how)
    parquet, text = write_weights(weights, tmp_path / "weights", "w")
    assert (parquet.name, text.name) == ("w.parquet", f"w{suffix}")
    back = read_weights(parquet, list(reversed(UNITS)))
    assert np.array_equal(back.matrix, weights.matrix)
    assert np.array_equal(dense(back.raw), dense(weights.raw))
    assert (back.spec, back.facts, back.scale) == (weights.spec, weights.facts, weights.scale)
    raw = read_gal(text) if suffix == ".gal" else read_gwt(text)
    assert list(raw.unique_ids) == UNITS
    assert np.array_equal(dense(raw), dense(weights.raw))


def test_equal_weights_give_equal_bytes(tmp_path):
    files = [write_weights(build("expd"), tmp_path / folder, "w") for folder in ("one", "other")]
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_parquet_is_a_sorted_table_of_links(tmp_path):
    parquet, _ = write_weights(build("queen"), tmp_path, "w")
    table = pd.read_parquet(parquet)
    assert table.columns.tolist() == ["focal", "neighbor", "weight", "raw"]
    assert table[["focal", "neighbor"]].apply(tuple, axis=1).is_monotonic_increasing
    assert table.groupby("focal")["weight"].sum().to_numpy() == pytest.approx(np.ones(6))
    assert set(table["raw"]) == {1.0}


def test_links_and_dropped_units_travel_along(tmp_path):
    apart = [*SHAPES[:5], shapely.box(120, 30, 121, 31)]
    boundaries = build_boundaries(UNITS, apart, FileRecord("grid", None, "", 6))
    for islands in ("nearest", "drop"):
        weights = build_weights(boundaries, WeightsSpec("queen", islands=islands))
        back = read_weights(write_weights(weights, tmp_path, islands)[0])
        assert (back.linked, back.dropped) == (weights.linked, weights.dropped)
        assert weights.linked or weights.dropped


def test_unit_without_neighbour_survives_in_gal(tmp_path):
    matrix = np.zeros((3, 3))
    matrix[0, 1] = matrix[1, 0] = 1.0
    write_gal(as_graph(matrix, UNITS[:3]), tmp_path / "w.gal")
    assert (tmp_path / "w.gal").read_text() == (
        "3\n011000 1\n140100\n140100 1\n011000\n140200 0\n\n"
    )
    back = read_gal(tmp_path / "w.gal")
    assert list(back.unique_ids) == UNITS[:3]
    assert np.array_equal(dense(back), matrix)


def test_libpysal_reads_gal_and_gwt(tmp_path):
    from libpysal.graph import read_gal as libpysal_gal
    from libpysal.graph import read_gwt as libpysal_gwt

    queen, inverse = build("queen"), build("invd")
    write_gal(queen.raw, tmp_path / "w.gal")
    write_gwt(inverse.raw, tmp_path / "w.gwt")
    assert np.array_equal(dense(libpysal_gal(tmp_path / "w.gal")), dense(queen.raw))
    assert np.array_equal(dense(libpysal_gwt(tmp_path / "w.gwt")), dense(inverse.raw))


def test_gal_of_other_programs_with_a_long_header(tmp_path):
    path = tmp_path / "geoda.gal"
    path.write_text("0 2 map CODE\n140200 1\n140100\n140100 1\n140200\n")
    assert list(read_gal(path).unique_ids) == ["140100", "140200"]


def links_file(folder, graph, *, suffix=".csv"):
    """Links of a graph before standardising, as one would write them, in no order."""
    path = folder / f"own{suffix}"
    if suffix == ".csv":
        table = graph.adjacency.rename("weight").reset_index()
        table.sample(frac=1, random_state=1).to_csv(path, index=False)
    else:
        (write_gal if suffix == ".gal" else write_gwt)(graph, path)
    return path


@pytest.mark.parametrize(
    ("scheme", "suffix"),
    [("queen", ".csv"), ("knn", ".csv"), ("knn", ".gwt"), ("queen", ".gal"), ("invd", ".gwt")],
)
@pytest.mark.parametrize("how", ["row", "spectral"])
def test_given_weights_are_those_of_the_scheme_that_made_them(tmp_path, scheme, suffix, how):
    made = build(scheme, standardise=how, k=1)
    given = read_links(links_file(tmp_path, made.raw, suffix=suffix))
    own = WeightsSpec("file", standardise=how)
    assert np.array_equal(build_weights(BOUNDARIES, own, given=given).matrix, made.matrix)


def test_given_weights_of_a_sample_are_standardised_anew(tmp_path):
    given = read_links(links_file(tmp_path, build("invd").raw))
    some = UNITS[2:]
    own = build_weights(BOUNDARIES, WeightsSpec("file"), unit_ids=some, given=given)
    wanted = build_weights(BOUNDARIES, WeightsSpec("invd"), unit_ids=some)
    assert np.array_equal(own.matrix, wanted.matrix)


def test_islands_of_given_weights(tmp_path):
    path = tmp_path / "own.csv"
    pairs = [f"{a},{b},2" for a, b in itertools.permutations(UNITS[:5], 2)]
    path.write_text("\n".join(["focal,neighbor,weight", *pairs, f"{UNITS[5]},{UNITS[5]},0"]) + "\n")
    given = read_links(path)
    with pytest.raises(WeightsError, match=UNITS[5]):
        build_weights(BOUNDARIES, WeightsSpec("file"), given=given)
    dropped = build_weights(BOUNDARIES, WeightsSpec("file", islands="drop"), given=given)
    assert dropped.dropped == (UNITS[5],)
    with pytest.raises(WeightsError, match="say nothing of new links"):
        build_weights(BOUNDARIES, WeightsSpec("file", islands="nearest"), given=given)


def test_given_weights_lack_a_unit(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(f"focal,neighbor,weight\n{UNITS[0]},{UNITS[1]},1\n{UNITS[1]},{UNITS[0]},1\n")
    with pytest.raises(WeightsError, match=f"no unit {UNITS[2]}.*they have 2 units"):
        build_weights(BOUNDARIES, WeightsSpec("file"), given=read_links(path))
    with pytest.raises(WeightsError, match="no weights given"):
        build_weights(BOUNDARIES, WeightsSpec("file"))


@pytest.mark.parametrize(
    ("rows", "column", "problem"),
    [
        (["a,b,1", "a,b,2"], "neighbor", "a pair stands twice"),
        (["a,b,x"], "weight", "not a number of 0 or more"),
        (["a,b,-1"], "weight", "not a number of 0 or more"),
        (["a,b,1", "b,a,"], "weight", "not a number of 0 or more"),
        (["a,b,1", "b,b,1"], "focal", "a unit has a weight with itself"),
    ],
)
def test_faults_of_a_table_of_links(tmp_path, rows, column, problem):
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["focal,neighbor,weight", *rows]) + "\n")
    with pytest.raises(SourceError, match=rf"row {len(rows) + 1}.*{column}.*{problem}"):
        read_links(path)


def test_a_table_of_links_without_its_columns(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("from,to,weight\na,b,1\n")
    with pytest.raises(SourceError, match="no column focal, neighbor; the columns are from, to"):
        read_links(path)
    with pytest.raises(SourceError, match="no such file"):
        read_links(tmp_path / "none.csv")
