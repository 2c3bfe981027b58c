"""Named estimates with normal inference, on a result made by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from yrb_carbon.spatialpanel import SpecificationError
from yrb_carbon.spatialpanel.estimates_base import NormalEstimates, calc_residual_ar1

# The same normal distribution by another program.
SAME_NORMAL = 1e-12


@dataclass(frozen=True, slots=True)
class Made(NormalEstimates):
    """Two parameters with a covariance, and a λ behind them without."""

    covariance: np.ndarray

    def _names(self):
        return ["x<1>", "rho", "lambda"]

    def _values(self):
        return np.array([1.0, 0.5, 0.2])

    def _covariance(self):
        return self.covariance

    def _equation(self):
        return "y"

    def _header(self):
        return [("Model", "made & stated")]

    def _notes(self):
        return ["A note."]


@pytest.fixture
def made():
    return Made(np.array([[0.25, 0.01], [0.01, 0.04]]))


def test_inference(made):
    np.testing.assert_array_equal(made.std_errors, [0.5, 0.2, np.nan])
    np.testing.assert_array_equal(made.tstats, [2.0, 2.5, np.nan])
    expected = [*(2.0 * stats.norm.sf([2.0, 2.5])), np.nan]
    np.testing.assert_allclose(made.pvalues, expected, rtol=SAME_NORMAL)
    half = stats.norm.ppf(0.95) * np.array([0.5, 0.2, np.nan])
    interval = made.conf_int(0.9)
    np.testing.assert_allclose(interval["upper"] - made.params, half, rtol=SAME_NORMAL)
    np.testing.assert_allclose(made.params - interval["lower"], half, rtol=SAME_NORMAL)
    assert list(made.cov.index) == list(made.cov.columns) == ["x<1>", "rho"]
    for level in (0.0, 1.0, 95):
        with pytest.raises(SpecificationError, match="level must be between 0 and 1"):
            made.conf_int(level)


def test_tidy_names_quantities_and_adds_statistics(made):
    table = made._tidy(0.95, "robust", [("r2", "within", 0.7)]).set_index("term")
    assert list(table["quantity"]) == ["coef", "rho", "lambda", "r2"]
    assert list(table["inference"]) == ["robust"] * 3 + ["none"]
    assert table.loc["within", "estimate"] == 0.7
    assert table.loc["within", ["std_error", "p_value", "ci_upper"]].isna().all()
    assert table.loc["rho", "statistic"] == 2.5
    assert set(table["equation"]) == {"y"}


def test_tables_are_for_screen_readers_too(made):
    page = made._as_html("Model of y", [(made.table(), "Again")])
    for caption in ("Model of y", "Parameters", "Again"):
        assert f"<caption>{caption}</caption>" in page
    assert '<th scope="row">x&lt;1&gt;</th>' in page
    assert "made &amp; stated" in page
    assert "<li>A note.</li>" in page
    text = made._as_text("Again")
    assert text.index("Model") < text.index("x<1>") < text.index("Again") < text.index("A note.")


def test_autocorrelation_within_units():
    """A unit that repeats itself and one that alternates, by hand."""
    residuals = np.array([[1.0, 2.0], [1.0, -2.0], [1.0, 2.0]])
    assert calc_residual_ar1(residuals) == (1.0 + 1.0 - 4.0 - 4.0) / (1.0 + 1.0 + 4.0 + 4.0)
