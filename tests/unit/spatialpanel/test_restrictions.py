"""Restrictions: every way of stating one, and what is said of those that state nothing."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from yrb_carbon.spatialpanel.errors import RestrictionError
from yrb_carbon.spatialpanel.restrictions import calc_wald, read_restrictions

NAMES = ["x1", "x2", "W.x1", "W.x2", "rho", "sigma2"]
# Names that a reader of text can take for something else.
ODD = ["x", "1x", "x=1", "x,y", "x-y", "log(a + b)", "2"]
# Two orders of the same few operations.
ROUNDING = 1e-10


def row(**values):
    return [values.get(name.replace(".", "_"), 0.0) for name in NAMES]


def unit(names, name):
    return [float(other == name) for other in names]


class TestMappings:
    @pytest.mark.parametrize(
        "value", [0.5, np.float64(0.5), np.float32(0.5), np.array(0.5), Decimal("0.5")]
    )
    def test_any_number_is_a_value(self, value):
        matrix, values, labels = read_restrictions({"rho": value}, NAMES)
        assert matrix.tolist() == [row(rho=1.0)]
        assert values.tolist() == [0.5]
        assert labels == ["rho = 0.5"]

    @pytest.mark.parametrize("name", ODD)
    def test_names_are_looked_up_as_they_stand(self, name):
        matrix, values, _ = read_restrictions({name: 1}, ODD)
        assert matrix.tolist() == [unit(ODD, name)]
        assert values.tolist() == [1.0]

    def test_a_key_may_be_a_combination(self):
        matrix, values, _ = read_restrictions({"x1 - 2*W.x1 + 1": 3.0}, NAMES)
        assert matrix.tolist() == [row(x1=1.0, W_x1=-2.0)]
        assert values.tolist() == [2.0]

    def test_series_of_parameters_as_a_mapping(self):
        params = pd.Series([0.1, 0.2], index=["x1", "rho"])
        _, values, labels = read_restrictions(dict(params), NAMES)
        assert values.tolist() == [0.1, 0.2]
        assert labels == ["x1 = 0.1", "rho = 0.2"]


class TestTexts:
    @pytest.mark.parametrize("name", [name for name in ODD if name != "2"])
    def test_odd_names(self, name):
        for stated in (f"{name} = 2", f"2 = {name}", f"{name} - 2", [f"{name}=2"]):
            matrix, values, _ = read_restrictions(stated, ODD)
            np.testing.assert_array_equal(values / matrix.sum(), [2.0])
            np.testing.assert_array_equal(matrix / matrix.sum(), [unit(ODD, name)])

    def test_several_with_odd_names(self):
        matrix, values, labels = read_restrictions("x,y = 1, x=1 = 2, 3*1x", ODD)
        assert labels == ["x,y = 1", "x=1 = 2", "3*1x"]
        assert values.tolist() == [1.0, 2.0, 0.0]
        assert matrix.tolist() == [
            unit(ODD, "x,y"),
            unit(ODD, "x=1"),
            (3.0 * np.array(unit(ODD, "1x"))).tolist(),
        ]

    def test_a_number_in_a_text_is_a_number(self):
        assert read_restrictions("x = 2", ODD)[1].tolist() == [2.0]

    def test_the_beginning_of_a_word_is_no_name(self):
        with pytest.raises(RestrictionError, match="cannot read 'x12' in 'x12 = 0'"):
            read_restrictions("x12 = 0", NAMES)


class TestRefusals:
    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            (None, "from a NoneType; give a text such as"),
            (5, "from a int"),
            ([5], "from a list"),
            (b"x1", "from a bytes"),
            (["x1", None], "from a list"),
            (np.eye(6), "from a ndarray"),
            (object(), "from a object"),
            (pd.Series([1.0], index=["rho"]), "from a Series; .* mapping of name to number"),
            ({}, "no restriction given"),
            ((), "no restriction given"),
            ("x1 = 0,, x2 = 0", "no restriction given between two commas"),
            ("x1 = 1e400", "1e400 is too large"),
            ("1e308*x1 + 1e308*x1", "has a number that is too large"),
            ({"rho": None}, "value of rho must be a finite number, got None"),
            ({"rho": "a"}, "value of rho must be a finite number, got 'a'"),
            ({"rho": np.nan}, "value of rho must be a finite number"),
            ({"rho": 10**400}, "value of rho must be a finite number"),
            ({"rho": [0.5]}, r"value of rho must be a finite number, got \[0.5\]"),
            ({"rho": 1j}, "value of rho must be a finite number"),
            ({"rho": pd.NA}, "value of rho must be a finite number"),
            ({5: 1.0}, "5 is no parameter; parameters are x1"),
            ({"bogus": 1.0}, "cannot read 'bogus'"),
            ({"1 + 2": 1.0}, "restricts no parameter"),
            (pd.DataFrame(), "a row for each restriction and parameter names"),
            (pd.DataFrame(columns=["x1"]), "a row for each restriction"),
            (pd.DataFrame({"x1": [np.nan]}), "row 0 of the restrictions has no finite .* x1"),
            (pd.DataFrame({"x1": [np.inf]}), "row 0 of the restrictions has no finite"),
            (pd.DataFrame({"x1": [pd.NA]}), "has no finite number|must be numbers"),
            (pd.DataFrame({"x1": ["a"]}), "must be numbers"),
            (pd.DataFrame({"x1": [1j]}), "must be numbers"),
            (pd.DataFrame([[1.0, 2.0]], columns=["x1", "x1"]), "several columns x1"),
            (pd.DataFrame({"x1": [0.0]}, index=["a"]), "row a .* restricts no parameter"),
            (pd.DataFrame({("x1", "a"): [1.0]}), "restrictions name"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, stated, message):
        with pytest.raises(RestrictionError, match=message):
            read_restrictions(stated, NAMES)


class TestWald:
    @pytest.fixture
    def fit(self):
        rng = np.random.default_rng(5)
        root = rng.standard_normal((4, 9))
        return rng.standard_normal(4), root @ root.T, rng.standard_normal((2, 4))

    def test_is_the_quadratic_form(self, fit):
        estimates, covariance, matrix = fit
        values = np.array([0.3, -0.2])
        gap = matrix @ estimates - values
        expected = gap @ np.linalg.inv(matrix @ covariance @ matrix.T) @ gap
        test = calc_wald(estimates, covariance, matrix, values, ["a", "b"])
        assert test.statistic == pytest.approx(expected, rel=ROUNDING)
        assert test.p_value == pytest.approx(stats.chi2.sf(expected, 2), rel=ROUNDING)

    def test_scale_of_a_restriction_does_not_matter(self, fit):
        estimates, covariance, matrix = fit
        values = np.array([0.3, -0.2])
        expected = calc_wald(estimates, covariance, matrix, values, ["a", "b"])
        scale = np.array([1e200, 1e-20])
        scaled = calc_wald(
            estimates, covariance, matrix * scale[:, None], values * scale, ["a", "b"]
        )
        assert scaled.statistic == pytest.approx(expected.statistic, rel=ROUNDING)

    def test_unit_of_a_parameter_does_not_matter(self, fit):
        estimates, covariance, _ = fit
        scale = np.array([1e12, 1.0, 1e-12, 1.0])
        matrix = np.eye(4)[[0, 2]]
        expected = calc_wald(estimates, covariance, matrix, np.zeros(2), ["a", "b"])
        scaled = calc_wald(
            estimates * scale, covariance * np.outer(scale, scale), matrix, np.zeros(2), ["a", "b"]
        )
        assert scaled.statistic == pytest.approx(expected.statistic, rel=ROUNDING)

    @pytest.mark.parametrize(
        "covariance",
        [
            np.full((4, 4), np.nan),
            -np.eye(4),
            np.zeros((4, 4)),
            np.eye(4) + 2.0 * (np.ones((4, 4)) - np.eye(4)),
        ],
        ids=["nan", "negative", "zero", "indefinite"],
    )
    def test_covariance_that_is_none(self, fit, covariance):
        estimates = fit[0]
        with pytest.raises(RestrictionError, match=r"of what a, b restrict is not positive"):
            calc_wald(estimates, covariance, np.eye(4)[:2], np.zeros(2), ["a", "b"])

    def test_rows_of_zeros(self, fit):
        estimates, covariance, _ = fit
        with pytest.raises(RestrictionError, match="repeat or contradict"):
            calc_wald(estimates, covariance, np.zeros((1, 4)), np.zeros(1), ["a"])

    def test_a_value_out_of_reach(self, fit):
        estimates, covariance, matrix = fit
        test = calc_wald(estimates, covariance, matrix, np.array([1e200, 0.0]), ["a", "b"])
        assert test.statistic == np.inf
        assert test.p_value == 0.0
