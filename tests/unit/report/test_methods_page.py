"""The methods page: words for every value of the configuration, and no formula without a use."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from markupsafe import escape

from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.cells import COVARIANCE_NOTES
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.formulas import WEIGHTS_FORMULAS
from yrb_carbon.report.site.glossary import glossary, source_text
from yrb_carbon.report.site.model_facts import (
    CLASSICAL,
    COVARIANCE_FORMULAS,
    EFFECTS_FORMULAS,
    ROBUST,
    ModelFacts,
)
from yrb_carbon.report.terms import COVARIANCE_NAMES, INFERENCE_NAMES
from yrb_carbon.study.base import Effects, ModelKind
from yrb_carbon.study.config import EffectsSection, WeightsSection
from yrb_carbon.study.endogeneity_tables import DynamicSection, MomentCovariance
from yrb_carbon.study.heterogeneity_tables import Form, Split
from yrb_carbon.study.mediation_tables import BootstrapDraws, Scheme
from yrb_carbon.study.robustness_tables import CHOICES, Design
from yrb_carbon.study.tables import Covariance

WORDS = PageWords(("en", "zh"))


def choices(section: Any, key: str) -> tuple[str, ...]:
    return get_args(section.model_fields[key].annotation)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("covariance_words", get_args(Covariance)),
        ("model_words", get_args(ModelKind)),
        ("effects_words", get_args(Effects)),
        ("scheme_words", choices(WeightsSection, "scheme")),
        ("standard_words", choices(WeightsSection, "standardise")),
        ("interval_words", choices(BootstrapDraws, "intervals")),
        ("bootstrap_words", get_args(Scheme)),
        ("split_words", get_args(Split)),
        ("form_words", get_args(Form)),
        ("design_words", get_args(Design)),
        ("axis_words", CHOICES),
        ("dynamic_words", choices(DynamicSection, "estimator")),
    ],
)
def test_every_value_of_the_configuration_has_words_in_both_languages(name, values):
    entries = glossary(WORDS)[name]
    assert values
    assert set(entries) == set(values)
    for text in entries.values():
        assert text["en"]
        assert text["zh"] != text["en"] or text["zh"] == "QML"


def test_every_glossary_is_compared_with_its_values():
    assert len(glossary(WORDS)) == 12


def test_every_value_has_its_formula_or_name():
    assert {*WEIGHTS_FORMULAS, "file"} == set(choices(WeightsSection, "scheme"))
    assert set(COVARIANCE_FORMULAS) == set(COVARIANCE_NOTES) == {*CLASSICAL, *ROBUST}
    assert set(EFFECTS_FORMULAS) == set(get_args(Effects))
    assert set(get_args(MomentCovariance)) <= {*COVARIANCE_NAMES}
    (kinds, _) = get_args(choices_of_inference())
    assert set(get_args(kinds)) <= set(INFERENCE_NAMES)


def choices_of_inference() -> Any:
    return EffectsSection.model_fields["inference"].annotation


def facts(**changes: Any) -> ModelFacts:
    values: dict[str, Any] = {
        "table": "T4", "column": "sdm", "model": "sdm", "effects": "twoway",
        "covariances": ("oim",), "kinds": ("sdm",), "all_effects": ("twoway",),
        "estimators": ("transform",), "transformed": ("twoway",),
    }  # fmt: skip
    return ModelFacts(**values | changes)


def test_formulas_have_only_the_terms_of_the_models_that_are_used():
    own = facts()
    assert own.equation == (
        r"y_t = \rho W y_t + X_t\beta + W X_t\theta + \mu + \xi_t\iota + \varepsilon_t"
    )
    assert r"\lambda" not in own.likelihood("n", "J", "W^{*}")
    assert r"J\ln|I - \rho W^{*}|" in own.likelihood("n", "J", "W^{*}")
    error = facts(kinds=("sem",), all_effects=("unit",))
    assert error.equation == (
        r"y_t = X_t\beta + \mu + u_t,\qquad u_t = \lambda W u_t + \varepsilon_t"
    )
    assert r"\rho" not in error.likelihood("NT", "T", "W")
    both = facts(kinds=("sar", "sdem")).likelihood("n", "J", "W")
    assert r"J\left(\ln|I - \rho W| + \ln|I - \lambda W|\right)" in both
    assert "ln|" not in facts(kinds=("ols", "slx")).likelihood("n", "J", "W")


def test_sources_are_translated_or_marked_as_english():
    known = load_dictionary()
    translated = known.columns["co2_edgar"]
    assert source_text(translated, WORDS)["en"] == translated.source
    assert source_text(translated, WORDS)["zh"] == translated.source_zh
    work = next(one for one in known.indices.values() if one.source_zh is None)
    assert source_text(work, WORDS)["zh"] == f'<span lang="en">{escape(work.source)}</span>'


def test_sources_without_a_chinese_text_are_titles_of_works():
    known = load_dictionary()
    entries = (*known.columns.values(), *known.indices.values())
    left = {one.source for one in entries if one.source_zh is None}
    assert [source for source in left if not re.search(r"\(\d{4}\), \w", source)] == []
