"""Sections of mediation tables and of figures of effects: what they need, and their faults."""

from __future__ import annotations

from typing import Any

import pytest
from mediation_system import label, section, study_of

from yrb_carbon.study.base import Text
from yrb_carbon.study.config import semantic_faults
from yrb_carbon.study.plan import required_variables, tables_of, weights_of_sample


def faults(tables: dict[str, Any], **sections: Any) -> list[tuple[tuple[Any, ...], str]]:
    return list(semantic_faults(study_of(tables, **sections)))


def companion(kind: str, **keys: Any) -> dict[str, Any]:
    return {"kind": kind, "title": label("Other"), "of": "T7", **keys}


def test_a_right_study_has_no_fault():
    figures = {
        "paths": {"F4": {"table": "T7", "title": label("Paths")}},
        "forests": {"F5": {"table": "T7", "title": label("Forest")}},
        "spillovers": {"F6": {"table": "T7", "model": "a", "title": label("Map")}},
    }
    tables = {
        "steps": companion("mediation_steps"),
        "sensitivity": companion("mediation_sensitivity"),
        "timing": companion("mediation_timing"),
    }
    assert faults(tables, figures=figures) == []


def test_what_a_system_needs_of_its_sample():
    study = study_of({"timing": companion("mediation_timing")})
    assert required_variables(study, "main") == ("y", "x", "a", "b", "z")
    assert weights_of_sample(study, "main") == ("ring",)
    assert study.tables["timing"].samples(tables_of(study)) == ("main",)
    other = study_of({"T7": section(mediator_weights="plain", estimator="direct")})
    assert weights_of_sample(other, "main") == ("plain", "ring")


def test_a_note_goes_with_the_tables_of_the_system():
    study = study_of({"T7": section(note="Mind this."), "s": companion("mediation_steps")})
    assert study.tables["s"].printed_note(tables_of(study)) == Text(
        en="Mind this.", zh="Mind this."
    )


@pytest.mark.parametrize(
    ("changes", "key", "problem"),
    [
        ({"outcome": "w"}, ("outcome",), "unknown variable"),
        ({"sample": "other"}, ("sample",), "unknown sample"),
        ({"weights": "rook"}, ("weights",), "unknown weights"),
        ({"mediator_weights": "rook"}, ("mediator_weights",), "unknown weights"),
        ({"treatment": "y"}, ("treatment",), "the treatment is the outcome"),
        ({"mediators": ["a", "x"]}, ("mediators", 1), "'x' is the treatment already"),
        ({"mediators": ["a", "a"]}, ("mediators", 1), "'a' is among the mediators already"),
        ({"controls": ["z", "b"]}, ("controls", 1), "'b' is among the mediators already"),
        ({"controls": ["y"]}, ("controls", 0), "'y' is the outcome already"),
        ({"mediators": ["all"]}, ("mediators", 0), "names the sum over mediators"),
        ({"treatment": "all"}, ("treatment",), "names the sum over mediators"),
        ({"mediators": ["joint"]}, ("mediators", 0), "names the system with all mediators"),
        ({"joint": False, "one_at_a_time": False}, ("joint",), "no system to estimate"),
        ({"bootstrap": {"wild_unit": 10}}, ("bootstrap", "wild_unit"), "too few draws"),
        ({"weights": "plain"}, ("weights",), "weights whose rows sum to one"),
        ({"mediator_weights": "plain"}, ("mediator_weights",), "weights whose rows sum to one"),
        ({"mediator_models": {"z": "sar"}}, ("mediator_models", 0), "unknown mediator"),
    ],
)  # fmt: skip
def test_faults_of_a_system(changes: dict[str, Any], key: tuple[Any, ...], problem: str):
    found = faults({"T7": section(**changes)})
    assert [(path, problem in text) for path, text in found] == [(("tables", "T7", *key), True)]


def test_the_direct_estimator_takes_weights_of_any_scale():
    assert faults({"T7": section(weights="plain", estimator="direct")}) == []
    assert faults({"T7": section(weights="plain", effects="unit")}) == []
    assert faults({"T7": section(mediator_weights="plain", model="slx")}) == []


def test_a_mediator_equation_of_its_own_model_decides_about_its_weights():
    changes = {"mediator_weights": "plain", "model": "slx", "mediator_models": {"b": "sar"}}
    [(path, text)] = faults({"T7": section(**changes)})
    assert path == ("tables", "T7", "mediator_weights")
    assert "sum to one" in text


@pytest.mark.parametrize(
    ("table", "key", "problem"),
    [
        (companion("mediation_steps", of="steps"), ("of",), "not a table of kind mediation"),
        (companion("mediation_sensitivity", correlations=[0.0, 1.0]), ("correlations", 1),
         "inside -1 and 1 (got 1)"),
        (companion("mediation_timing", timings=[{"id": "s", "treatment_lag": 0}]),
         ("timings", 0), "neither a lag nor a lead"),
        (companion("mediation_timing", timings=[{"id": "s", "treatment_lag": 14}]),
         ("timings", 0), "leaves 2 of 16 years"),
        (companion("mediation_timing", timings=[{"id": "s"}, {"id": "s"}]),
         ("timings", 1, "id"), "already is a timing of that name"),
    ],
)  # fmt: skip
def test_faults_of_its_companions(table: dict[str, Any], key: tuple[Any, ...], problem: str):
    [(path, text)] = faults({"other": table})
    assert path == ("tables", "other", *key)
    assert problem in text


def test_steps_of_a_system_without_steps():
    [(path, text)] = faults(
        {"T7": section(protocol="matrix"), "steps": companion("mediation_steps")}
    )
    assert path == ("tables", "steps", "of")
    assert "protocol matrix" in text


@pytest.mark.parametrize(
    ("figures", "path", "problem"),
    [
        ({"paths": {"F4": {"table": "T8", "title": label("")}}},
         ("figures", "paths", "F4", "table"), "not a table of kind mediation"),
        ({"spillovers": {"F6": {"table": "T7", "model": "c", "title": label("")}}},
         ("figures", "spillovers", "F6", "model"), "not a system of table 'T7'"),
        ({"paths": {"F": {"table": "T7", "title": label("")}},
          "forests": {"F": {"table": "T7", "title": label("")}}},
         ("figures", "forests", "F"), "already is a figure of that name"),
        ({"forests": {"F1": {"table": "T7", "title": label("")}}},
         ("figures", "forests", "F1"), "already is a figure of that name"),
    ],
)  # fmt: skip
def test_faults_of_figures(figures: dict[str, Any], path: tuple[Any, ...], problem: str):
    [(found, text)] = faults({}, figures=figures)
    assert found == path
    assert problem in text
