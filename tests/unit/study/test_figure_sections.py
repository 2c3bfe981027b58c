"""Sections of figures: years that are shown, widths, and what jobs have to compute for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.study import plan
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import (
    ROOMY_WIDTH,
    FiguresSection,
    ForestFigure,
    SizedFigure,
    shown_years,
)
from yrb_carbon.study.load import load_study

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study([ROOT / "config.yaml"])


@pytest.mark.parametrize(
    ("sample", "shown"),
    [
        (range(2003, 2019), (2003, 2008, 2013, 2018)),
        (range(2003, 2005), (2003, 2004)),
        (range(2010, 2011), (2010,)),
        (range(2000, 2020), (2000, 2006, 2013, 2019)),
    ],
)
def test_a_figure_without_years_shows_both_ends_and_two_between(sample, shown):
    assert shown_years(None, sample) == shown
    assert shown_years((2005,), sample) == (2005,)


def test_widths_are_of_the_figure_or_of_all():
    figures = FiguresSection(width="single")
    assert figures.width_mm() == 90
    assert figures.width_mm(SizedFigure(width="double")) == 190
    text = {"table": "T7", "title": {"en": "a", "zh": "a"}}
    forest = ForestFigure.model_validate(text)
    assert figures.width_mm(forest) == 90
    assert figures.roomy_width_mm(forest) == ROOMY_WIDTH
    assert figures.roomy_width_mm(ForestFigure.model_validate({**text, "width": "double"})) == 190


def test_only_clusters_that_figures_show_are_computed(study):
    years = (2003, 2008, 2013, 2018)
    assert plan.local_moran(study, "T2") == {"cb": years, "lq": years}
    figures = study.figures.model_copy(update={"moran": {}})
    assert plan.local_moran(study.model_copy(update={"figures": figures}), "T2") == {}


def test_variables_of_trends_are_computed_but_fix_no_sample(study):
    assert {"emissions", "sink"} <= set(plan.trend_variables(study))
    assert {"emissions", "sink"} <= set(plan.computed_variables(study, "main"))
    assert not {"emissions", "sink"} & set(plan.required_variables(study, "main"))
    assert not {"emissions", "sink"} & set(plan.computed_variables(study, "winsorised"))


def test_every_figure_belongs_to_one_job(study):
    figures = study.figures
    names = [*figures.map_figures, *figures.effect_figures]
    assert len(names) == len(set(names))
    named = [
        name
        for group in (getattr(figures, field) for field in FiguresSection.model_fields)
        if isinstance(group, dict)
        for name in group
    ]
    assert sorted(names) == sorted([*named, "F1"])
