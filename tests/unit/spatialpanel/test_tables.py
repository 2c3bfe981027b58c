"""Formatting, and the hooks by which maketables renders results to LaTeX, HTML and Word."""

from __future__ import annotations

import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from spatial_reference import make_problem

from yrb_carbon.spatialpanel import (
    DynamicSpatialPanel,
    IdentificationWarning,
    MultipleModesWarning,
    RandomEffectsPanel,
    SpatialIVPanel,
    SpatialPanel,
)
from yrb_carbon.spatialpanel.tables import (
    MaketablesHooks,
    format_number,
    format_p_value,
    html_table,
    stars,
)

MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")


@pytest.fixture(scope="module")
def fits():
    problem = make_problem(20, 8, lam=0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        return {model: SpatialPanel(*problem, model=model).fit() for model in MODELS}


@pytest.fixture(scope="module")
def etable():
    maketables = pytest.importorskip("maketables")
    return maketables.ETable


def rendered(made):
    """Text of whatever a renderer gives back."""
    return made.as_raw_html() if hasattr(made, "as_raw_html") else str(made)


class TestFormats:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(1 / 3, "0.333333"), (np.nan, ""), (None, ""), ("***", "***"), (1234567.0, "1.23457e+06")],
    )
    def test_numbers(self, value, text):
        assert format_number(value) == text

    @pytest.mark.parametrize(
        ("value", "text", "marks"),
        [
            (0.00009, "<0.0001", "***"), (0.0001, "0.0001", "***"), (0.01, "0.0100", "**"),
            (0.049, "0.0490", "**"), (0.05, "0.0500", "*"), (0.1, "0.1000", ""), (np.nan, "", ""),
        ],
    )  # fmt: skip
    def test_p_values(self, value, text, marks):
        assert format_p_value(value) == text
        assert stars(value) == marks

    def test_html_of_a_plain_table(self):
        frame = pd.DataFrame({"p_value": [0.5]}, index=["a<b"])
        assert html_table(frame, "C & D") == (
            '<table><caption>C &amp; D</caption><thead><tr><th scope="col">term</th>'
            '<th scope="col">p_value</th></tr></thead><tbody><tr><th scope="row">a&lt;b</th>'
            "<td>0.5000</td></tr></tbody></table>"
        )


class TestHooks:
    @pytest.mark.parametrize("model", MODELS)
    def test_coefficients(self, fits, model):
        fit = fits[model]
        table = fit.__maketables_coef_table__
        terms = [name for name in fit.param_names if name != "sigma2"]
        assert list(table.index) == terms
        assert list(table.columns) == ["b", "se", "t", "p", "ci95l", "ci95u"]
        assert table.index.name == "Coefficient"
        pd.testing.assert_series_equal(table["b"], fit.params[terms], check_names=False)
        pd.testing.assert_series_equal(table["se"], fit.std_errors[terms], check_names=False)
        pd.testing.assert_series_equal(table["t"], fit.tstats[terms], check_names=False)
        pd.testing.assert_series_equal(table["p"], fit.pvalues[terms], check_names=False)
        intervals = fit.conf_int().loc[terms].to_numpy()
        np.testing.assert_array_equal(table[["ci95l", "ci95u"]], intervals)

    def test_statistics(self, fits):
        fit = fits["sdm"]
        stat = fit.__maketables_stat__
        assert (stat("N"), stat("units"), stat("periods")) == (160, 20, 8)
        assert stat("loglik") == fit.loglik
        assert stat("aic") == fit.aic
        assert stat("r2") == fit.r2_within
        assert stat("residual_ar1") == fit.residual_ar1()
        assert stat("n_effective") == fit.n_effective
        assert stat("se_type") == "oim"
        assert stat("adj_r2") is None
        assert set(fit.__maketables_default_stat_keys__) <= set(fit.__maketables_stat_labels__)

    def test_facts(self, fits):
        fit = fits["sdm"]
        assert fit.__maketables_depvar__ == "y"
        assert fit.__maketables_fixef_string__ == "unit+year"
        assert fit.__maketables_vcov_info__ == {"vcov_type": "oim", "clustervar": None}
        problem = make_problem(20, 8)
        pooled = SpatialPanel(*problem, entity_effects=False, time_effects=False).fit()
        assert pooled.__maketables_fixef_string__ is None
        timed = SpatialPanel(*problem, entity_effects=False).fit()
        assert timed.__maketables_fixef_string__ == "year"

    def test_effects(self, fits):
        effects = fits["sdm"].effects()
        table = effects.__maketables_coef_table__
        assert list(table.index)[:3] == ["x1 (direct)", "x1 (indirect)", "x1 (total)"]
        assert table.loc["x2 (total)", "b"] == effects.total["x2"]
        assert table.loc["x2 (total)", "se"] == effects.std_errors.loc["x2", "total"]
        assert effects.__maketables_depvar__ == "y"
        assert effects.__maketables_default_stat_keys__ == []
        assert effects.__maketables_fixef_string__ is None

    def test_other_results_have_them_too(self):
        problem = make_problem(20, 8)
        fits = [
            DynamicSpatialPanel(*problem).fit(),
            SpatialIVPanel(*problem, model="sar").fit(),
            RandomEffectsPanel(*problem, model="sar").fit(),
        ]
        for fit in fits:
            assert isinstance(fit, MaketablesHooks)
            table = fit.__maketables_coef_table__
            assert table.loc["x1", "b"] == fit.params["x1"]
            assert table.loc["x1", "se"] == fit.std_errors["x1"]
            assert fit.__maketables_depvar__ == "y"


@pytest.mark.slow
class TestRendering:
    """With maketables itself."""

    @pytest.mark.parametrize("kind", ["tex", "html", "typst"])
    def test_fits(self, fits, etable, kind):
        names = ("sar", "sdm", "sac")
        table = etable([fits[name] for name in names])
        text = rendered(table.make(type="gt" if kind == "html" else kind))
        for name in names:
            assert f"{fits[name].params['rho']:.3f}" in text
            assert f"{fits[name].std_errors['x1']:.3f}" in text
            assert f"{fits[name].loglik:.3f}"[:6] in text
        for label in ("rho", "lambda", "W.x1", "unit", "year", "Units", "160"):
            assert label in text
        if kind == "tex":
            assert r"\begin{tab" in text
        if kind == "html":
            assert "<table" in text

    def test_every_model_and_its_effects(self, fits, etable):
        for name, fit in fits.items():
            text = rendered(etable([fit, fit.effects()]).make(type="tex"))
            assert f"{fit.params['x1']:.3f}" in text, name
            assert f"{fit.effects().total['x1']:.3f}" in text, name

    def test_word(self, fits, etable, tmp_path):
        path = tmp_path / "table.docx"
        etable([fits["sdm"], fits["sdm"].effects()]).save(type="docx", file_name=str(path))
        with zipfile.ZipFile(path) as document:
            text = document.read("word/document.xml").decode()
        assert f"{fits['sdm'].params['rho']:.3f}" in text
        assert "x1 (indirect)" in text

    def test_beside_statsmodels(self, fits, etable):
        import statsmodels.formula.api as smf

        dependent, exog, _ = make_problem(20, 8, lam=0.3)
        plain = smf.ols("y ~ x1 + x2", exog.assign(y=dependent)).fit()
        text = rendered(etable([plain, fits["ols"]]).make(type="tex"))
        assert f"{fits['ols'].params['x1']:.3f}" in text
        assert f"{plain.params['x1']:.3f}" in text


def test_the_library_does_not_import_what_it_can_do_without():
    code = (
        "import sys, yrb_carbon.spatialpanel.results, yrb_carbon.spatialpanel.comparison, "
        "yrb_carbon.spatialpanel.formula; "
        "print([m for m in ('maketables', 'formulaic', 'linearmodels', 'statsmodels', "
        "'scipy.stats', 'scipy.optimize') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"
