"""Figures of effects show rows of estimates, nothing else, in files that do not change."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from figure_texts import keep_figures, said, texts
from mediation_system import KEY, SEED, UNITS, label, ring, simulate, study_of, table

from yrb_carbon.analysis.mediation import fit_systems, mediation_by_unit, mediation_rows
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report import path_diagram
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    NothingToShowError,
    Page,
)
from yrb_carbon.report.effect_figures import (
    draw_effect_figures,
    forest_of,
    path_diagram_of,
    spillover_variable,
)
from yrb_carbon.report.forest import ForestEffect, ForestInterval, ForestRow, draw_forest
from yrb_carbon.report.language import Words
from yrb_carbon.report.path_diagram import ShownEffect
from yrb_carbon.sources.boundaries import build_boundaries

FIGURES: dict[str, Any] = {
    "units_map": False,
    "dpi": 72,
    "paths": {"F4": {"table": "T7", "title": label("Diagram")}},
    "forests": {
        "F5": {"table": "T7", "title": label("Forest")},
        "F7": {"table": "T8", "title": label("Groups")},
    },
    "spillovers": {"F6": {"table": "T7", "title": label("Map")}},
}
GROUPS = {
    "kind": "heterogeneity", "title": label("Groups"), "split": "period", "outcome": "y",
    "treatment": "x", "mediators": ["a"], "weights": "ring",
}  # fmt: skip
STUDY = study_of({"T8": GROUPS}, figures=FIGURES)
SQUARES = [shapely.box(105 + i % 5, 33 + i // 5, 106 + i % 5, 34 + i // 5) for i in range(20)]
BOUNDARIES = build_boundaries(UNITS, SQUARES, FileRecord("grid", None, "", 20))


ENGLISH, CHINESE = Words("en"), Words("zh")


def rows_of_groups() -> pd.DataFrame:
    """Rows of two periods by hand: the treatment in both forms, one mediated path."""
    rows = []
    for number, (group, spec, equation, term) in enumerate(
        [("boom", "subset", "outcome", "x"), ("boom", "full_interaction", "outcome", "x"),
         ("transition", "subset", "outcome", "x"), ("boom", "subset", "system", "a")]
    ):  # fmt: skip
        quantities = ("direct", "indirect", "total")
        if equation == "system":
            quantities = ("mediated_direct", "mediated_spillover", "mediated_total")
        rows += [
            {
                "study": "tiny", "table": "T8", "sample": "main", "model": group, "spec": spec,
                "equation": equation, "term": term, "quantity": quantity, "vcov": vcov,
                "inference": "delta", "estimate": number + 0.5, "ci_lower": number + 0.1,
                "ci_upper": number + 0.9, "p_value": 0.2,
            }
            for quantity in quantities
            for vcov in ("oim", "serial")
        ]  # fmt: skip
    return estimates_frame(rows)


@pytest.fixture(scope="module")
def fitted():
    return fit_systems(table(), simulate(), {"ring": ring()}, KEY)


@pytest.fixture(scope="module")
def estimates(fitted) -> pd.DataFrame:
    return estimates_frame(pd.concat([mediation_rows(fitted, SEED, KEY), rows_of_groups()]))


@pytest.fixture(scope="module")
def by_unit(fitted) -> pd.DataFrame:
    return mediation_by_unit(fitted, KEY)


def cell(estimates: pd.DataFrame, **parts: str) -> pd.Series:
    own = estimates[(estimates["table"] == "T7") & (estimates["spec"] == "")]
    for name, value in {"model": "joint", "vcov": "serial", **parts}.items():
        own = own[own[name] == value]
    assert len(own) == 1
    return own.iloc[0]


def test_arrows_carry_the_effects_of_their_equations(estimates):
    diagram = path_diagram_of(STUDY.figures.paths["F4"], STUDY, estimates, ENGLISH)
    assert [path.label for path in diagram.mediators] == ["First", "Second"]
    first = diagram.mediators[0]
    for shown, parts in (
        (first.from_treatment.direct, {"equation": "a", "quantity": "direct", "term": "x"}),
        (first.from_treatment.spillover, {"equation": "a", "quantity": "indirect", "term": "x"}),
        (first.to_outcome.direct, {"equation": "y", "quantity": "direct", "term": "a"}),
        (first.through.direct, {"quantity": "mediated_direct", "term": "a"}),
        (first.through.spillover, {"quantity": "mediated_spillover", "term": "a"}),
        (diagram.natural.direct, {"quantity": "natural_direct", "term": "x"}),
        (diagram.system.spillover, {"quantity": "system_indirect", "term": "x"}),
    ):
        row = cell(estimates, **parts)
        assert (shown.estimate, shown.lower, shown.upper) == (
            row["estimate"], row["ci_lower"], row["ci_upper"]
        )  # fmt: skip


def test_a_diagram_of_one_mediator_shows_its_own_system(estimates):
    figure = STUDY.figures.paths["F4"].model_copy(update={"model": "b"})
    diagram = path_diagram_of(figure, STUDY, estimates, ENGLISH)
    assert [path.label for path in diagram.mediators] == ["Second"]
    row = cell(estimates, model="b", quantity="mediated_direct", term="b")
    assert diagram.mediators[0].through.direct.estimate == row["estimate"]


@pytest.mark.parametrize(
    ("ends", "colour"), [((0.1, 0.2), ABOVE_ZERO), ((-2, -1), BELOW_ZERO), ((-1, 1), AROUND_ZERO)]
)
def test_colours_follow_the_interval_of_the_direct_effect(ends, colour):
    shown = ShownEffect(sum(ends) / 2, *ends)
    other = ShownEffect(1.0, 0.5, 1.5)
    assert path_diagram.Arrow(shown, other).colour == colour


def test_a_system_without_effects_is_an_error_that_says_so(estimates):
    without = estimates[~estimates["quantity"].str.startswith("natural")]
    with pytest.raises(DataError, match=r"'T7'.*no natural_direct of 'x'"):
        path_diagram_of(STUDY.figures.paths["F4"], STUDY, without, ENGLISH)
    empty = pd.DataFrame({name: [] for name in ("table", "model", "term", "kind")})
    with pytest.raises(DataError, match="no effects by unit"):
        spillover_variable(STUDY.figures.spillovers["F6"], STUDY, estimates, empty, ENGLISH)


def at_edge(estimates: pd.DataFrame, model: str) -> pd.DataFrame:
    """Estimates when an equation of a system of T7 is at the edge of the admissible interval."""
    own = (estimates["table"] == "T7") & (estimates["model"] == model)
    gone = own & (estimates["equation"].isin(["system", "a"]))
    mark = (
        estimates[own]
        .iloc[:1]
        .assign(quantity="value", term="at_boundary", equation="a", vcov="", inference="", spec="")
    )
    return estimates_frame(pd.concat([estimates[~gone], mark]))


@needs_chinese_font
def test_an_equation_at_the_edge_takes_its_figures_alone(estimates, by_unit, monkeypatch, tmp_path):
    drawn = keep_figures(monkeypatch, tmp_path)
    left = by_unit[by_unit["model"] != "joint"]
    draw_effect_figures(STUDY, at_edge(estimates, "joint"), left, BOUNDARIES, tmp_path)
    names = {"F4", "F5", "F6", "F7"}
    assert set(drawn) == names | {f"zh/{name}" for name in names}
    for name in ("F4", "F6"):
        shown = said(drawn[name])
        assert "Table T7 (joint) has no effects to show: the likelihood of a peaks at" in shown
        assert "Synthetic demonstration data" in shown
        assert "没有可显示的效应" in "".join(texts(drawn[f"zh/{name}"]))
    for name in ("F5", "F7"):
        assert "no effects to show" not in said(drawn[name])
    gone = at_edge(at_edge(at_edge(estimates, "joint"), "a"), "b")
    gone = gone[~((gone["table"] == "T7") & gone["quantity"].isin(["direct", "indirect", "total"]))]
    with pytest.raises(NothingToShowError, match=r"Table T7 has no effects .* a, b, joint"):
        forest_of(STUDY.figures.forests["F5"], STUDY, gone, ENGLISH)


@pytest.mark.parametrize(
    ("levels", "marks", "note"),
    [
        ([{"mark": "†", "below": 0.999}], {"†", ""}, "† p < 0.999. Table T7."),
        ([], {""}, "serially robust. Table T7."),
    ],
)
def test_stars_of_arrows_are_those_of_the_configuration(estimates, levels, marks, note):
    study = study_of(figures=FIGURES | {"forests": {}}, report={"printing": {"stars": levels}})
    diagram = path_diagram_of(study.figures.paths["F4"], study, estimates, ENGLISH)
    shown = [
        effect
        for path in diagram.mediators
        for arrow in (path.from_treatment, path.to_outcome, path.through)
        for effect in (arrow.direct, arrow.spillover)
    ]
    assert {effect.stars for effect in shown} <= marks
    assert any(effect.stars for effect in shown) == bool(levels)
    assert diagram.notes[0].endswith(note)
    assert "*" not in diagram.notes[0]


def test_the_forest_has_every_path_with_every_interval(estimates):
    panels, rows, notes = forest_of(STUDY.figures.forests["F5"], STUDY, estimates, ENGLISH)
    assert panels == ["Direct", "Spillover", "Total"]
    assert [row.label for row in rows] == [
        "Not mediated", "Through First", "Through Second", "Through all mediators", "Whole system",
        "Through First", "Through Second",
    ]  # fmt: skip
    effect = rows[1].effects[0]
    assert effect is not None
    assert [interval.kind for interval in effect.intervals] == [
        "information matrix", "serially robust", "wild bootstrap by unit", "bootstrap of years"
    ]  # fmt: skip
    row = cell(estimates, quantity="mediated_direct", term="a")
    assert effect.estimate == row["estimate"]
    assert (effect.intervals[1].lower, effect.intervals[1].upper) == (
        row["ci_lower"], row["ci_upper"]
    )  # fmt: skip
    alone = rows[-1].effects[0]
    assert alone is not None
    assert len(alone.intervals) == 2
    assert "Table T7" in notes[0]


def test_the_forest_of_groups_has_forms_and_paths(estimates):
    _, rows, _ = forest_of(STUDY.figures.forests["F7"], STUDY, estimates, ENGLISH)
    assert [(row.group, row.label) for row in rows] == [
        ("Effect of Treatment on Outcome", "Boom, by itself"),
        ("Effect of Treatment on Outcome", "Boom, full interaction"),
        ("Effect of Treatment on Outcome", "Transition, by itself"),
        ("Through First", "Boom"),
    ]
    estimates_shown = [row.effects[0].estimate for row in rows if row.effects[0] is not None]
    assert estimates_shown == [0.5, 1.5, 2.5, 3.5]


def test_every_interval_is_a_line_at_its_place():
    rows = [
        ForestRow("one", (ForestEffect(0.5, (ForestInterval("k", 0.25, 0.75),)), None), "A"),
        ForestRow("two", (ForestEffect(2.0, (ForestInterval("k", 1.0, 3.0),)),) * 2, "B"),
    ]
    page = Page(notice="Mind.")
    figure = draw_forest(["left", "right"], rows, title="Title", page=page, notes=["A note."])
    left, right = figure.axes
    spans = [tuple(line.get_xdata()) for line in left.lines if len(set(line.get_xdata())) == 2]
    assert spans == [(0.25, 0.75), (1.0, 3.0)]
    assert len([line for line in right.lines if len(set(line.get_xdata())) == 2]) == 1
    assert {"one", "two", "A", "B", "left", "right", "Title", "A note.", "Mind."} <= set(
        texts(figure)
    )


def test_a_forest_without_rows_or_with_uneven_ones_is_refused():
    with pytest.raises(DataError, match="at least one panel and one row"):
        draw_forest(["a"], [], title="", page=Page())
    with pytest.raises(DataError, match="one effect for each of 2 panels: one"):
        draw_forest(["a", "b"], [ForestRow("one", (None,))], title="", page=Page())


def test_maps_show_the_effects_by_unit(by_unit, estimates):
    variable = spillover_variable(
        STUDY.figures.spillovers["F6"], STUDY, estimates, by_unit, ENGLISH
    )
    values = variable.values.unstack("year")
    assert list(values.columns) == ["Received from all others", "Sent to all others"]
    mean = cell(estimates, quantity="system_indirect", term="x")["estimate"]
    assert values.mean().to_list() == pytest.approx([mean, mean], rel=1e-8)
    assert f"mean {mean:.3f}".replace("-", "−") in variable.definition


@pytest.mark.slow
def test_files_say_what_they_rest_on_and_do_not_change(estimates, by_unit, tmp_path):
    first = draw_effect_figures(STUDY, estimates, by_unit, BOUNDARIES, tmp_path / "a")
    second = draw_effect_figures(STUDY, estimates, by_unit, BOUNDARIES, tmp_path / "b")
    assert first == second
    assert set(first) == {"F4", "F5", "F6", "F7"}
    for name, versions in first.items():
        assert versions["en"]["files"] == [f"{name}.{kind}" for kind in ("png", "svg", "pdf")]
        assert versions["zh"]["files"] == [f"zh/{name}.{kind}" for kind in ("png", "svg", "pdf")]
        assert versions["en"]["obstacle"] is None
        for path in (*versions["en"]["files"], *versions["zh"]["files"]):
            assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_all_figures_carry_the_caution_and_the_table(estimates, by_unit, monkeypatch, tmp_path):
    drawn = keep_figures(monkeypatch, tmp_path)
    draw_effect_figures(STUDY, estimates, by_unit, BOUNDARIES, tmp_path)
    shown = {name: texts(drawn[name]) for name in ("F4", "F5", "F6", "F7")}
    for own in shown.values():
        assert any("Synthetic demonstration data" in text for text in own)
    assert any("Sent to all others (N = 20)" in text for text in shown["F6"])
    # each panel has classes of its own
    assert sum("Classes: natural breaks" in text for text in shown["F6"]) == 2
    diagram = path_diagram_of(STUDY.figures.paths["F4"], STUDY, estimates, ENGLISH)
    estimate, interval = diagram.mediators[1].to_outcome.direct.text().split(" ", 1)
    assert any(f"direct {estimate}" in text and interval.replace(" ", "\u00a0") in text
               for text in shown["F4"])  # fmt: skip


@needs_chinese_font
def test_chinese_figures_have_chinese_texts(estimates, by_unit, monkeypatch, tmp_path):
    drawn = keep_figures(monkeypatch, tmp_path)
    draw_effect_figures(STUDY, estimates, by_unit, BOUNDARIES, tmp_path)
    shown = {name: said(drawn[f"zh/{name}"]) for name in ("F4", "F5", "F6", "F7")}
    for name, title in {
        "F4": "Diagram中",
        "F5": "Forest中",
        "F6": "Map中",
        "F7": "Groups中",
    }.items():
        assert title in shown[name]
    assert not any("Through" in text or "Spillover" in text for text in shown.values())
