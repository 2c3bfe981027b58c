"""Fits side by side: the numbers of each, whoever made them."""

from __future__ import annotations

import warnings
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.panel import PanelOLS
from spatial_reference import make_problem

from yrb_carbon.spatialpanel import (
    IdentificationWarning,
    MultipleModesWarning,
    SpatialPanel,
    SpecificationError,
)
from yrb_carbon.spatialpanel.comparison import compare
from yrb_carbon.spatialpanel.dynamic import DynamicSpatialPanel
from yrb_carbon.spatialpanel.instruments import SpatialIVPanel
from yrb_carbon.spatialpanel.random_effects import RandomEffectsPanel

MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")
# Numbers are copied, not computed; least squares of other programs differs by rounding.
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def problem():
    return make_problem(20, 8, lam=0.3)


@pytest.fixture(scope="module")
def fits(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        return {model: SpatialPanel(*problem, model=model).fit() for model in MODELS}


class TestNumbers:
    def test_are_those_of_the_fits(self, fits):
        found = compare(fits)
        assert found.names == list(MODELS)
        for name, fit in fits.items():
            for term in fit.param_names:
                if term == "sigma2":
                    continue
                quantity = term if term in {"rho", "lambda"} else "coef"
                assert found.params.loc[(quantity, term), name] == fit.params[term]
                assert found.std_errors.loc[(quantity, term), name] == fit.std_errors[term]
                assert found.pvalues.loc[(quantity, term), name] == fit.pvalues[term]
                assert found.tstats.loc[(quantity, term), name] == fit.tstats[term]
            assert found.statistics.loc["Log-likelihood", name] == fit.loglik
            assert found.statistics.loc["AIC", name] == fit.aic
            assert found.statistics.loc["BIC", name] == fit.bic
            assert found.statistics.loc["R2", name] == fit.r2
            assert found.statistics.loc["sigma2", name] == fit.sigma2
            assert list(found.statistics.loc[["Units", "Periods", "Observations"], name]) == [
                20, 8, 160,
            ]  # fmt: skip
        assert np.isnan(found.params.loc[("rho", "rho"), "sem"])
        assert list(found.params.index) == [
            ("coef", "x1"), ("coef", "x2"), ("coef", "W.x1"), ("coef", "W.x2"),
            ("rho", "rho"), ("lambda", "lambda"),
        ]  # fmt: skip

    def test_effects(self, fits):
        found = compare(fits, effects=True)
        for name, fit in fits.items():
            effects = fit.effects()
            for quantity in ("direct", "indirect", "total"):
                row = (quantity, "x2")
                assert found.params.loc[row, name] == effects.params.loc["x2", quantity]
                assert found.std_errors.loc[row, name] == effects.std_errors.loc["x2", quantity]
        assert [key for key in found.params.index if key[0] not in {"coef", "rho", "lambda"}] == [
            (quantity, term)
            for term in ("x1", "x2")
            for quantity in ("direct", "indirect", "total")
        ]

    def test_frame_holds_everything(self, fits):
        found = compare({"a": fits["sar"], "b": fits["sem"]}, effects=True)
        frame = found.to_frame()
        assert frame.loc[("rho", "rho", "std_error"), "a"] == fits["sar"].std_errors["rho"]
        assert frame.loc[("statistic", "AIC", "value"), "b"] == fits["sem"].aic
        assert len(frame) == 3 * len(found.params) + len(found.statistics)
        assert frame.index.is_unique

    def test_without_names(self, fits):
        assert compare([fits["sar"], fits["sem"]]).names == ["(1)", "(2)"]


class TestOtherFits:
    def test_linearmodels_and_statsmodels(self, problem, fits):
        dependent, exog, _ = problem
        panel = PanelOLS(dependent, exog, entity_effects=True, time_effects=True).fit()
        plain = sm.OLS(dependent, sm.add_constant(exog)).fit()
        found = compare({"ours": fits["ols"], "panel": panel, "pooled": plain})
        np.testing.assert_allclose(
            found.params.loc[[("coef", "x1"), ("coef", "x2")], "panel"],
            found.params.loc[[("coef", "x1"), ("coef", "x2")], "ours"],
            atol=ROUNDING,
        )
        assert found.std_errors.loc[("coef", "x1"), "panel"] == panel.std_errors["x1"]
        assert found.pvalues.loc[("coef", "x1"), "pooled"] == plain.pvalues["x1"]
        assert found.params.loc[("coef", "const"), "pooled"] == plain.params["const"]
        assert found.statistics.loc["Units", "panel"] == 20
        assert found.statistics.loc["Periods", "panel"] == 8
        assert found.statistics.loc["Log-likelihood", "panel"] == panel.loglik
        assert found.statistics.loc["Log-likelihood", "pooled"] == plain.llf
        assert found.statistics.loc["R2", "pooled"] == plain.rsquared
        assert list(found.dependents) == ["y", "y", "y"]
        assert found.models["panel"] == "PanelOLS"

    def test_dynamic_and_instrumented(self, problem, fits):
        dynamic = DynamicSpatialPanel(*problem).fit()
        instrumented = SpatialIVPanel(*problem).fit()
        found = compare({"s": fits["sdm"], "d": dynamic, "i": instrumented}, effects=True)
        for name, fit in (("d", dynamic), ("i", instrumented)):
            assert found.params.loc[("rho", "rho"), name] == fit.params["rho"]
            assert found.std_errors.loc[("coef", "x1"), name] == fit.std_errors["x1"]
            assert found.params.loc[("total", "x1"), name] == fit.effects().total["x1"]
        assert list(found.fixed_effects) == ["unit and time"] * 3
        assert list(found.models) == [
            "sdm, transform",
            f"dynamic sdm, {dynamic.specification.estimator}",
            "instrumented sdm, 2sls",
        ]

    def test_random_effects(self, problem):
        random = RandomEffectsPanel(*problem, model="sar").fit()
        found = compare({"r": random})
        assert found.models["r"] == "random effects sar"
        assert found.params.loc[("rho", "rho"), "r"] == random.params["rho"]

    @pytest.mark.parametrize("thing", ["text", 3.0, pd.DataFrame({"a": [1]})])
    def test_things_that_are_no_fit(self, thing):
        with pytest.raises(SpecificationError, match="neither tidy"):
            compare({"a": thing})

    def test_one_fit_alone(self, fits):
        with pytest.raises(
            SpecificationError, match=r"got one SpatialPanelResults; write compare\(\{'A': fit"
        ):
            compare(fits["sar"])

    @pytest.mark.parametrize("thing", [None, 5, "text", b"text", np.zeros(2), pd.Series([1.0])])
    def test_things_that_are_no_collection(self, thing):
        with pytest.raises(SpecificationError, match=r"compare takes a mapping .* or a list"):
            compare(thing)

    def test_names_that_are_the_same(self, fits):
        with pytest.raises(SpecificationError, match="names 1, 1 are the same as text"):
            compare({1: fits["sar"], "1": fits["sem"]})

    def test_nothing(self):
        with pytest.raises(SpecificationError, match="nothing to compare"):
            compare({})

    def test_a_fit_that_repeats_a_row(self, fits):
        class Twice:
            def tidy(self):
                return pd.concat([fits["sar"].tidy()] * 2)

        with pytest.raises(SpecificationError, match=r"a has several rows for .*'x1'"):
            compare({"a": Twice()})


class TestTables:
    def test_text(self, fits):
        text = compare({"A": fits["sar"], "B": fits["sem"]}).summary
        fit = fits["sar"]
        for part in (
            f"{fit.params['x1']:.4f}", f"({fit.std_errors['x1']:.4f})", "sar, transform",
            "unit and time", "oim", "Observations", "160", f"{fit.loglik:.4f}",
            "compare only between fits",
        ):  # fmt: skip
            assert part in text
        assert "*" not in text

    def test_stars(self, fits):
        found = compare({"A": fits["sar"]}, stars=True)
        value = fits["sar"].params["x1"]
        assert f"{value:.4f}***" in found.summary
        assert "* p < 0.1" in found.summary

    def test_html(self, fits):
        page = compare(fits, effects=True, stars=True)._repr_html_()
        root = ElementTree.fromstring(f"<div>{page}</div>")
        table = root.find("table")
        assert table.find("caption").text == "Comparison of models"
        assert len({len(row) for row in table.iter("tr")}) == 1
        assert all(cell.text for cell in table.find("tbody").iter("th"))
        heads = [cell.text for cell in table.find("thead").iter("th")]
        assert heads[1:] == list(MODELS)

    def test_repr(self, fits):
        found = compare({"A": fits["sar"], "B": fits["sem"]})
        assert repr(found) == "<Comparison of A, B>"
        assert str(found) == found.summary
