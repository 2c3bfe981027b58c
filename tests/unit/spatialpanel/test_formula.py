"""Formulas: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from spatial_reference import make_problem

from yrb_carbon.spatialpanel import (
    IdentificationWarning,
    MissingValueError,
    PanelIndexError,
    SpatialPanel,
)
from yrb_carbon.spatialpanel.errors import FormulaError, SpecificationError

# The formula hands the same numbers to the same code; only the order of columns may differ.
ROUNDING = 1e-10


@pytest.fixture(scope="module")
def problem():
    dependent, exog, weights = make_problem(16, 6)
    data = exog.assign(y=dependent)
    data["size"] = np.exp(data["x1"])
    data["odd name"] = data["x2"] ** 3
    codes = np.arange(len(data)) % 7
    data["counts"] = pd.Series((codes % 3).tolist(), index=data.index, dtype=object)
    data["same"] = "a"
    data["kind"] = np.where(codes < 3, "a", np.where(codes < 5, "b", "c"))
    return data.sample(frac=1.0, random_state=3), weights


def panel(problem, formula, **options):
    data, weights = problem
    return SpatialPanel.from_formula(formula, data, weights, **options)


def assert_same_fit(left, right):
    left, right = left.fit(), right.fit()
    assert set(left.param_names) == set(right.param_names)
    np.testing.assert_allclose(left.params[right.param_names], right.params, rtol=0, atol=ROUNDING)


class TestMeaning:
    @pytest.mark.parametrize(
        ("formula", "model", "durbin"),
        [
            ("y ~ x1 + x2", "sar", None),
            ("y ~ x1 + x2 + W(x1)", "sdm", ["x1"]),
            ("y ~ x2 + W(x2) + x1 + W( x1 )", "sdm", ["x1", "x2"]),
        ],
    )
    def test_model_follows_from_the_lags(self, problem, formula, model, durbin):
        data, weights = problem
        found = panel(problem, formula)
        assert found.model == model
        assert_same_fit(
            found,
            SpatialPanel(data["y"], data[["x1", "x2"]], weights, model=model, durbin=durbin),
        )

    @pytest.mark.parametrize("model", ["ols", "slx", "sar", "sem", "sdm", "sdem", "sac"])
    def test_every_model_without_lags_is_that_of_the_class(self, problem, model):
        data, weights = problem
        assert_same_fit(
            panel(problem, "y ~ x1 + x2", model=model),
            SpatialPanel(data["y"], data[["x1", "x2"]], weights, model=model),
        )

    @pytest.mark.parametrize("effects", [(True, True), (True, False), (False, False)])
    def test_transformed_terms_and_their_lags(self, problem, effects):
        data, weights = problem
        exog = pd.DataFrame(
            {
                "log(size)": np.log(data["size"]),
                "x2": data["x2"],
                "log(size):x2": np.log(data["size"]) * data["x2"],
                "odd name": data["odd name"],
            }
        )
        options = {"entity_effects": effects[0], "time_effects": effects[1]}
        assert_same_fit(
            panel(
                problem,
                "log(size) ~ log(size):x2 + x2 + W(log( size ):x2) + `odd name` + W(`odd name`)",
                **options,
            ),
            SpatialPanel(
                np.log(data["size"]).rename("log(size)"),
                exog[["log(size):x2", "x2", "odd name"]],
                weights,
                durbin=["log(size):x2", "odd name"],
                **options,
            ),
        )
        found = panel(problem, "y ~ np.log(size) + W(np.log(size))", **options)
        assert "W.np.log(size)" in found.arrays.names

    def test_categories_lose_their_first_level_to_the_intercept(self, problem):
        data, weights = problem
        exog = pd.DataFrame(
            {
                "x1": data["x1"],
                "C(kind)[T.b]": (data["kind"] == "b").astype(float),
                "C(kind)[T.c]": (data["kind"] == "c").astype(float),
            }
        )
        names = ["C(kind)[T.b]", "C(kind)[T.c]"]
        for effects in (True, False):
            options = {"entity_effects": effects, "time_effects": effects}
            assert_same_fit(
                panel(problem, "y ~ x1 + C(kind) + W(C(kind))", **options),
                SpatialPanel(data["y"], exog, weights, durbin=names, **options),
            )

    @pytest.mark.parametrize(
        ("formula", "same"),
        [
            ("y ~ x1 + x2 + W(x1) + W(x2) - W( x1 )", "y ~ x1 + x2 + W(x2)"),
            ("y ~ x1 + x2 + W(x1) + W(x1 )", "y ~ x1 + x2 + W(x1)"),
            ("y ~ x1 + size + x2:log(size) + W(x1) + W(x2:log(size)) - W(log( size ):x2)",
             "y ~ x1 + size + x2:log(size) + W(x1)"),
        ],
    )  # fmt: skip
    def test_a_lag_is_one_term_however_it_is_written(self, problem, formula, same):
        found, expected = panel(problem, formula), panel(problem, same)
        assert found.arrays.names == expected.arrays.names
        assert_same_fit(found, expected)

    def test_expressions_in_braces(self, problem):
        found = panel(problem, "y ~ x2 + {x1 * 2} + W({x1 * 2})")
        assert found.arrays.names == ("x2", "x1 * 2", "W.x1 * 2")

    def test_numbers_of_type_object_as_categories(self, problem):
        found = panel(problem, "y ~ x1 + C(counts)")
        assert found.arrays.names == ("x1", "C(counts)[T.1]", "C(counts)[T.2]")

    def test_shifts_within_units_and_quoted_names(self, problem):
        data, weights = problem
        renamed = data.rename(columns={"odd name": "lag(x1)"})
        found = SpatialPanel.from_formula("y ~ x1 + `lag(x1)`", renamed, weights)
        assert found.arrays.names == ("x1", "lag(x1)")
        formula = "y ~ x1 + {x2.groupby(level=0).shift(1, fill_value=0)}"
        assert len(panel(problem, formula).arrays.names) == 2

    @pytest.mark.parametrize("names", [["unit", "unit"], [5, None]])
    def test_any_names_of_index_levels(self, problem, names):
        data, weights = problem
        found = SpatialPanel.from_formula("y ~ x1", data.rename_axis(names), weights)
        assert_same_fit(found, panel(problem, "y ~ x1"))

    def test_index_levels_are_names_too(self, problem):
        data, weights = problem
        trend = data.index.get_level_values("year").astype(float)
        assert_same_fit(
            panel(problem, "y ~ x1 + year", time_effects=False),
            SpatialPanel(
                data["y"],
                data[["x1"]].assign(year=trend),
                weights,
                model="sar",
                time_effects=False,
            ),
        )

    def test_intercept_without_effects(self, problem):
        found = panel(problem, "y ~ x1", entity_effects=False, time_effects=False)
        assert found.arrays.names == ("const", "x1")
        assert found.arrays.variables == ("x1",)

    def test_leaving_out_the_intercept_changes_nothing_beside_effects(self, problem):
        assert_same_fit(panel(problem, "y ~ x1 - 1"), panel(problem, "y ~ x1"))
        assert_same_fit(panel(problem, "y ~ 0 + x1 + C(kind)"), panel(problem, "y ~ x1 + C(kind)"))

    def test_weights_of_the_error(self, problem):
        _, (units, matrix) = problem
        second_order = matrix @ matrix
        second_order.setdiag(0.0)
        other = (units, second_order)
        found = panel(problem, "y ~ x1", model="sac", error_weights=other)
        assert found.arrays.error_weights is not None

    def test_text_that_looks_like_a_lag(self, problem):
        data, weights = problem
        renamed = data.rename(columns={"odd name": "W(x1)"})
        found = SpatialPanel.from_formula("y ~ x1 + `W(x1)`", renamed, weights)
        assert found.arrays.names == ("x1", "W(x1)")
        assert found.model == "sar"


class TestRefusals:
    @pytest.mark.parametrize(
        ("formula", "message"),
        [
            ("x1 + x2", r"no dependent variable; write 'y ~ x1 \+ x2'"),
            ("y ~ 1", "no regressors"),
            ("y + x2 ~ x1", "must be one variable .* got 2 terms"),
            ("1 ~ x1", "got 0 terms"),
            ("kind ~ x1", "has 3 columns"),
            ("y ~ x1 | x2", r"several parts \(\|\)"),
            ("y ~ x1 +", "cannot read the formula"),
            ("y ~ x1 + log(", "cannot read the formula"),
            ("y ~ x1 + W(x1", "not closed"),
            ("y ~ x1 + W(x2)", r"W\(x2\): the lag of a term that is not a regressor; "
                               r"write x2 \+ W\(x2\)"),
            ("y ~ x1 + W(log(x1))", r"write log\(x1\) \+ W\(log\(x1\)\)"),
            ("y ~ x1 + W(y)", "the model decides"),
            ("log(size) ~ x1 + W(log(size))", "the model decides"),
            ("y ~ x1 + x2 + W(x1 + x2)", r"one term; write W\(x1\) \+ W\(x2\)"),
            ("y ~ x1 + W(W(x1))", "must name one term"),
            ("y ~ x1 + W()", "must name one term|cannot read"),
            ("y ~ x1 + W(x1:)", r"cannot read W\(x1:\)"),
            ("y ~ x1 + W(x1):x2", "must stand alone"),
            ("y ~ x1 + log(W(x1))", "must stand alone"),
            ("y ~ x1 + W(x1) - W( x1 )", r"takes out again every W\(\)"),
            ("y ~ x1 + x2 + W(x1) - W(x1 + x2)", r"one term; write W\(x1\) \+ W\(x2\)"),
            ("y ~ x1 + W(1)", r"W\(1\) in .* is the lag of a constant"),
            ("W(y) ~ x1", r"^W\(y\) stands left of the '~' .* The model decides"),
            ("log(W(y)) ~ x1", r"^log\(W\(y\)\) stands left"),
            ("y ~ x1 + W(x1) + W(x2", "not closed"),
            ("y ~ .", "'.' in 'y ~ .' stands for no columns; name the regressors"),
            ("y ~ x1 + W(.)", "stands for no columns"),
            ("~ x1", "no dependent variable; write its name before the '~', as in 'y ~ x1'"),
            ("y ~ x1 + lag(x1)", r"lag\(...\) in .* shifts the rows .*groupby\(level=0\)"),
            ("lag(y, 2) ~ x1", r"lag\(...\) in .* shifts the rows"),
            ("y ~ x1 + W(lag(x1))", r"lag\(...\) in .* shifts the rows"),
            ("y ~ x1 + x1.shift(1, fill_value=0)", r"\.shift\(...\) in .* shifts the rows"),
            ("y ~ x1 + counts", r"'counts' has numbers .* type object.*pd\.to_numeric"),
            ("y ~ x1 + log(counts)", r"pd\.to_numeric\(data\['counts'\]\)"),
            ("counts ~ x1", r"pd\.to_numeric"),
            ("kind ~ x1", r"is one number\. .*pd\.to_numeric"),
            ("y ~ x1 + same", "same in .* has a single category"),
            ("y ~ X_1", "'X_1', which is neither .* did you mean x1"),
            ("y ~ x1 + unknown(x2)", "'unknown', which is neither"),
            ("y ~ x1 + log(kind)", "cannot evaluate"),
            (5, "must be a string, got int"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong(self, problem, formula, message):
        with pytest.raises(FormulaError, match=message):
            panel(problem, formula)

    def test_no_intercept_and_no_effects(self, problem):
        with pytest.raises(FormulaError, match=r"leaves out the intercept.*leave out '- 1'"):
            panel(problem, "y ~ x1 - 1", entity_effects=False, time_effects=False)

    def test_lags_in_a_model_without_them(self, problem):
        with pytest.raises(SpecificationError, match="'sar' has no lagged regressors"):
            panel(problem, "y ~ x1 + W(x1)", model="sar")

    @pytest.mark.parametrize("column", ["x1", "kind", "y"])
    def test_missing_values_are_named_not_dropped(self, problem, column):
        data, weights = problem
        broken = data.copy()
        broken.loc[("u03", 2001), column] = None
        with pytest.raises(MissingValueError, match=rf"'{column}' at \('u03', 2001\)"):
            SpatialPanel.from_formula("y ~ x1 + C(kind)", broken, weights)

    def test_a_transformation_without_value(self, problem):
        data, weights = problem
        broken = data.copy()
        broken.loc[("u03", 2001), "size"] = 0.0
        broken.loc[("u04", 2002), "size"] = -1.0
        with pytest.raises(
            MissingValueError, match=r"2 missing or infinite.*'log\(size\)' at"
        ) as e:
            SpatialPanel.from_formula("y ~ log(size)", broken, weights)
        assert "('u03', 2001)" in str(e.value)
        assert "('u04', 2002)" in str(e.value)

    def test_data_without_the_index(self, problem):
        data, weights = problem
        with pytest.raises(PanelIndexError, match=r"set_index\(\['unit', 'year'\]\)"):
            SpatialPanel.from_formula("y ~ x1", data.reset_index(), weights)

    def test_repeated_columns(self, problem):
        data, weights = problem
        twice = pd.concat([data, data[["x1", "x2"]]], axis=1)
        with pytest.raises(FormulaError, match=r"several columns x1, which .* drop all but one"):
            SpatialPanel.from_formula("y ~ x1", twice, weights)

    def test_repeated_columns_that_are_not_named_do_not_matter(self, problem):
        data, weights = problem
        twice = pd.concat([data, data[["x2"]]], axis=1)
        found = SpatialPanel.from_formula("y ~ x1", twice, weights)
        assert_same_fit(found, panel(problem, "y ~ x1"))

    def test_columns_of_two_levels(self, problem):
        data, weights = problem
        with pytest.raises(FormulaError, match="columns of data have 2 levels"):
            SpatialPanel.from_formula("y ~ x1", pd.concat({"a": data}, axis=1), weights)


def test_warnings_point_at_the_caller(problem):
    with pytest.warns(IdentificationWarning) as caught:
        panel(problem, "y ~ x1 + W(x1)", model="gns")
    assert {warning.filename for warning in caught} == {__file__}
