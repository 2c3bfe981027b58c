"""Grids of specifications: which there are, their names, and what is wrong with them."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from yrb_carbon.study.config import Study, semantic_faults
from yrb_carbon.study.robustness_tables import BASELINE, RobustnessTable

LABEL = {"en": "Tiny", "zh": "小"}
GRID: dict[str, Any] = {
    "kind": "robustness",
    "title": LABEL,
    "baseline": {"outcome": "y", "treatment": "x"},
    "mediators": {"base": ["m"]},
    "controls": {"base": ["z"], "none": []},
    "axes": {"outcome": ["y", "y2"], "weights": ["queen", "knn"], "lag": [0, 1]},
}


def grid(**sections: Any) -> RobustnessTable:
    return RobustnessTable.model_validate({**GRID, **sections})


def faults(*tables: dict[str, Any], **figures: Any) -> list[tuple[str, str]]:
    names = ["y", "y2", "x", "m", "z"]
    study = Study.model_validate(
        {
            "study": {"name": "tiny", "title": LABEL},
            "data_root": ".",
            "sources": {},
            "weights": {"queen": {}, "knn": {"scheme": "knn"}, "raw": {"standardise": "none"}},
            "variables": {name: {"index": "raw", "column": "pop"} for name in names},
            "tables": {
                "T4": {"kind": "models", "title": LABEL, "outcome": "y", "regressors": ["x", "z"],
                       "columns": [{"id": "ols", "model": "ols"}, {"id": "sdm"},
                                   {"id": "sem", "model": "sem"}]},
                **{f"T{11 + place}": table for place, table in enumerate(tables)},
            },
            "figures": {"units_map": False, **figures},
        }
    )  # fmt: skip
    return [(".".join(map(str, path)), text) for path, text in semantic_faults(study)]


def test_full_design_crosses_all_levels():
    table = grid()
    assert len(table.specifications) == 2 * 2 * 2
    made = {(one.outcome, one.weights, one.lag) for one in table.specifications.values()}
    assert made == set(product(("y", "y2"), ("queen", "knn"), (0, 1)))
    assert next(iter(table.specifications)) == BASELINE


def test_one_at_a_time_changes_one_choice():
    names = list(grid(design="one_at_a_time").specifications)
    assert names == [BASELINE, "outcome=y2", "weights=knn", "lag=1"]


def test_list_takes_the_cells_and_the_baseline():
    table = grid(design="list", cells=[{"model": "sar", "controls": "none"}])
    assert list(table.specifications) == [BASELINE, "model=sar+controls=none"]
    assert table.regressors(table.specifications["model=sar+controls=none"]) == ("x", "m")


def test_exclude_takes_all_that_match_and_cells_come_back():
    table = grid(exclude=[{"weights": "knn", "lag": 1}], cells=[{"weights": "knn", "lag": 1}])
    names = set(table.specifications)
    assert len(names) == 8 - 2 + 1
    assert "weights=knn+lag=1" in names
    assert "outcome=y2+weights=knn+lag=1" not in names


def test_samples_weights_and_variables_of_the_cells():
    table = grid(
        design="list",
        cells=[{"sample": "other", "weights": "knn", "outcome": "y2", "controls": "none"}],
    )
    assert table.samples({}) == ("main", "other")
    assert table.weights_of({}, "main") == ("queen",)
    assert table.weights_of({}, "other") == ("knn",)
    assert set(table.model_variables({}, "main")) == {"y", "x", "m", "z"}
    assert set(table.model_variables({}, "other")) == {"y2", "x", "m"}


def test_a_set_named_base_is_wanted():
    with pytest.raises(ValueError, match="a set named 'base' is missing among the controls"):
        grid(controls={"none": []})


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"baseline": {"outcome": "yy", "treatment": "x"}}, "tables.T11.baseline.outcome",
         "unknown variable"),
        ({"axes": {"weights": ["quen"]}}, "tables.T11.axes.weights.0", "did you mean 'queen'"),
        ({"cells": [{"sample": "mian"}]}, "tables.T11.cells.0.sample", "unknown sample"),
        ({"cells": [{"controls": "no"}]}, "tables.T11.cells.0.controls", "set of controls"),
        ({"mediators": {"base": ["mm"]}}, "tables.T11.mediators.base.0", "unknown variable"),
        ({"cells": [{"outcome": "y2"}]}, "tables.T11.cells.0", "is there already"),
        ({"exclude": [{"lag": 2}]}, "tables.T11.exclude.0", "fits no specification"),
        ({"exclude": [{"lag": 0}]}, "tables.T11.exclude.0", "leaves the baseline out"),
        ({"cells": [{"outcome": "m"}]}, "tables.T11", "has m in two roles"),
        ({"cells": [{"weights": "raw"}]}, "tables.T11", "weights 'raw' with model 'sdm'"),
        ({"axes": {"lag": list(range(50)), "weights": ["knn"], "outcome": ["y2"],
                   "model": ["sar", "sem", "slx", "ols", "sdem"], "controls": ["none"]}},
         "tables.T11.axes", "2400 specifications"),
    ],
)  # fmt: skip
def test_faults_of_a_grid_name_their_place(change, place, words):
    found = faults({**GRID, **change})
    assert [where for where, _ in found] == [place]
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"column": "ols"}, "column", "not a spatial column of table 'T4'"),
        ({"treatment": "m"}, "treatment", "no regressor of column 'sdm'"),
        ({"of": "T11"}, "of", "not a table of models"),
        ({"kind": "endogeneity", "column": "sem"}, "column", "no Wy to be instrumented"),
        ({"kind": "endogeneity", "columns": [{"id": "a"}, {"id": "a"}]}, "columns.1.id",
         "already has a column"),
        ({"kind": "endogeneity",
          "columns": [{"id": "a", "instruments": {"i": {"variable": "x", "base_year": 2003}}}]},
         "columns.0.instruments.i.base_year", "unit effects absorb it"),
        ({"kind": "endogeneity",
          "columns": [{"id": "a", "instruments": {
              "i": {"variable": "x", "base_year": 1990, "times": "trend"}}}]},
         "columns.0.instruments.i.base_year", "outside the study's years"),
        ({"kind": "endogeneity",
          "columns": [{"id": "a", "instruments": {"i": {"variable": "x", "times": "trnd"}}}]},
         "columns.0.instruments.i.times", "did you mean 'trend'"),
    ],
)  # fmt: skip
def test_faults_of_a_table_about_a_column(change, place, words):
    table = {"kind": "leave_out", "title": LABEL, "of": "T4", "column": "sdm", "treatment": "x"}
    found = faults({**table, **change})
    assert found[0][0] == f"tables.T11.{place}"
    assert words in found[0][1]


def test_a_curve_wants_a_grid():
    found = faults(GRID, curves={"F5": {"table": "T4", "quantity": "direct"}})
    assert found == [
        ("figures.curves.F5.table", "not a table of robustness (got 'T4'; allowed T11)")
    ]
