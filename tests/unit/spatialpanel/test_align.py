"""Panel and weights are joined by identifier, and everything wrong with them is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    AbsorbedRegressorError,
    CollinearRegressorError,
    IslandError,
    MissingValueError,
    NegativeWeightsError,
    PanelIndexError,
    PanelSizeError,
    RowSumsError,
    SpatialPanel,
    SpatialPanelError,
    SpecificationError,
    UnbalancedPanelError,
    WeightsAlignmentError,
    WeightsDiagonalError,
    WeightsError,
)


@pytest.fixture
def problem():
    return make_problem()


def with_weights(matrix, ids=None):
    dependent, exog, (units, _) = make_problem()
    return dependent, exog, (units if ids is None else ids, sparse.csr_array(matrix))


class TestWeights:
    def test_graph_rows_follow_unique_ids(self, problem):
        from libpysal.graph import Graph

        dependent, exog, (units, matrix) = problem
        shuffled = np.random.default_rng(0).permutation(units)
        table = pd.DataFrame(matrix.toarray(), index=units, columns=units)
        adjacency = table.loc[shuffled, shuffled].stack()
        adjacency.index.names = ["focal", "neighbor"]
        graph = Graph(adjacency[adjacency > 0.0].rename("weight"))
        assert list(graph.unique_ids) != units
        by_graph = SpatialPanel(dependent, exog, graph).fit()
        by_pair = SpatialPanel(dependent, exog, (units, matrix)).fit()
        pd.testing.assert_series_equal(by_graph.params, by_pair.params, check_exact=True)

    def test_units_without_weights_and_weights_without_units(self, problem):
        dependent, exog, (units, matrix) = problem
        ids = ["elsewhere", *units[1:]]
        with pytest.raises(
            WeightsAlignmentError,
            match=r"1 units without weights: u00; 1 ids not in the panel: elsewhere",
        ):
            SpatialPanel(dependent, exog, (ids, matrix))

    def test_ids_of_another_type(self):
        dependent, exog, (_, matrix) = make_problem()
        codes = {unit: k for k, unit in enumerate(dependent.index.unique("unit"))}
        numbered = [
            frame.rename(index=codes, level="unit") for frame in (dependent.to_frame(), exog)
        ]
        ids = [str(k) for k in range(12)]
        with pytest.raises(WeightsAlignmentError, match=r"agree as text.*convert one"):
            SpatialPanel(numbered[0]["y"], numbered[1], (ids, matrix))

    def test_swapped_levels(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(WeightsAlignmentError, match=r"levels must be \(unit, year\)"):
            SpatialPanel(dependent.swaplevel(), exog.swaplevel(), weights)

    def test_island(self):
        matrix = ring_weights(12)
        matrix[3] = 0.0
        with pytest.raises(IslandError, match="u03 have no neighbours"):
            SpatialPanel(*with_weights(matrix))

    def test_stored_zeros_are_no_neighbours(self):
        matrix = sparse.csr_array(ring_weights(12))
        matrix.data[matrix.indptr[3] : matrix.indptr[4]] = 0.0
        dependent, exog, (units, _) = make_problem()
        with pytest.raises(IslandError, match="u03"):
            SpatialPanel(dependent, exog, (units, matrix))

    def test_diagonal(self):
        matrix = ring_weights(12)
        matrix[2, 2] = 0.5
        with pytest.raises(WeightsDiagonalError, match="u02 are their own neighbours"):
            SpatialPanel(*with_weights(matrix))

    def test_negative(self):
        matrix = ring_weights(12)
        matrix[1, 2] = -0.5
        with pytest.raises(NegativeWeightsError, match="weights of u01 are negative"):
            SpatialPanel(*with_weights(matrix))

    def test_missing(self):
        matrix = ring_weights(12)
        matrix[4, 5] = np.nan
        with pytest.raises(WeightsError, match="weights of u04 are missing or infinite"):
            SpatialPanel(*with_weights(matrix))

    def test_repeated_ids(self):
        ids = ["u00", "u00", *(f"u{i:02d}" for i in range(2, 12))]
        with pytest.raises(WeightsError, match="repeat the ids u00"):
            SpatialPanel(*with_weights(ring_weights(12), ids))

    def test_wrong_shape(self):
        with pytest.raises(WeightsError, match=r"\(10, 10\) for 12 ids"):
            SpatialPanel(*with_weights(ring_weights(10)))

    @pytest.mark.parametrize("weights", [np.eye(3), (1, 2, 3)])
    def test_not_weights(self, problem, weights):
        with pytest.raises(WeightsError, match=r"unique_ids|a weights tuple is"):
            SpatialPanel(problem[0], problem[1], weights)

    def test_unequal_row_sums_with_the_transformation(self):
        model = SpatialPanel(*with_weights(ring_weights(12, standardised=False)))
        with pytest.raises(RowSumsError, match=r"Row-standardise the weights, or use estimator"):
            model.fit()
        assert np.isfinite(model.fit(estimator="direct").rho)

    def test_unequal_row_sums_with_unit_effects_only(self):
        problem = with_weights(ring_weights(12, standardised=False))
        assert np.isfinite(SpatialPanel(*problem, time_effects=False).fit().rho)

    def test_equal_row_sums_other_than_one(self):
        # W scaled by 2.5 is the same model with rho and theta divided by 2.5.
        one = SpatialPanel(*with_weights(ring_weights(12))).fit()
        scaled = SpatialPanel(*with_weights(2.5 * ring_weights(12))).fit()
        assert scaled.rho == pytest.approx(one.rho / 2.5, abs=1e-10)
        assert scaled.loglik == pytest.approx(one.loglik, abs=1e-8)
        np.testing.assert_allclose(
            scaled.effects().params, one.effects().params, rtol=0.0, atol=1e-10
        )
        np.testing.assert_allclose(scaled.effects().std_errors, one.effects().std_errors, rtol=1e-8)


class TestIndex:
    def test_plain_index(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(PanelIndexError, match=r"dependent needs a MultiIndex .*got RangeIndex"):
            SpatialPanel(dependent.reset_index(drop=True), exog, weights)

    def test_repeated_rows(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(PanelIndexError, match=r"several rows for \('u00', 2000\)"):
            SpatialPanel(pd.concat([dependent, dependent.iloc[:1]]), exog, weights)

    def test_missing_unit_years_are_named(self, problem):
        dependent, exog, weights = problem
        gone = [("u03", 2001), ("u07", 2004)]
        with pytest.raises(
            UnbalancedPanelError,
            match=r"2 of 60 unit-years are missing: \('u03', 2001\), \('u07', 2004\)",
        ):
            SpatialPanel(dependent.drop(gone), exog.drop(gone), weights)

    def test_different_rows(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(PanelIndexError, match=r"1 without exog: \('u03', 2001\)"):
            SpatialPanel(dependent, exog.drop([("u03", 2001)]), weights)

    def test_missing_year_in_the_index(self, problem):
        dependent, exog, weights = problem
        index = dependent.index.to_frame().astype({"year": float})
        index.iloc[0, index.columns.get_loc("year")] = np.nan
        dependent.index = pd.MultiIndex.from_frame(index[["unit", "year"]])
        with pytest.raises(PanelIndexError, match="missing units or years"):
            SpatialPanel(dependent, exog, weights)

    def test_units_of_mixed_types(self, problem):
        dependent, exog, weights = problem
        for frame in (dependent, exog):
            frame.index = frame.index.set_levels(
                pd.Index([1, *dependent.index.unique("unit")[1:]], dtype=object), level="unit"
            )
        with pytest.raises(PanelIndexError, match=r"mixes types.*int, str"):
            SpatialPanel(dependent, exog, weights)

    @pytest.mark.parametrize(
        ("keep", "found"), [({"year": [2000]}, "12 units and 1 periods"),
                            ({"unit": ["u00"]}, "1 units and 5 periods")]
    )  # fmt: skip
    def test_one_period_or_unit(self, problem, keep, found):
        dependent, exog, weights = problem
        (level, values), = keep.items()  # fmt: skip
        rows = dependent.index.get_level_values(level).isin(values)
        with pytest.raises(PanelSizeError, match=f"at least 2 units and 2 periods, got {found}"):
            SpatialPanel(dependent[rows], exog[rows], weights)

    def test_no_degrees_of_freedom(self):
        dependent, exog, weights = make_problem(4, 2, 1)
        model = SpatialPanel(dependent, exog, weights, model="sdm")
        with pytest.raises(PanelSizeError, match="leave 0 degrees of freedom for 2 regressors"):
            model.fit()


class TestValues:
    def test_missing_values_are_located(self, problem):
        dependent, exog, weights = problem
        exog.loc[("u03", 2002), "x2"] = np.nan
        exog.loc[("u04", 2001), "x1"] = np.inf
        with pytest.raises(MissingValueError, match=r"2 missing.*'x1' at \('u04', 2001\); 'x2' at"):
            SpatialPanel(dependent, exog, weights)

    def test_missing_dependent(self, problem):
        dependent, exog, weights = problem
        dependent.iloc[3] = np.nan
        with pytest.raises(MissingValueError, match=r"in dependent: 'y' at \('u03', 2000\)"):
            SpatialPanel(dependent, exog, weights)

    def test_text(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(SpecificationError, match="exog columns x1 are not numeric"):
            SpatialPanel(dependent, exog.assign(x1="a"), weights)

    def test_dependent_explained_by_effects(self, problem):
        dependent, exog, weights = problem
        dependent[:] = dependent.index.get_level_values("year").to_numpy(dtype=float)
        with pytest.raises(PanelSizeError, match=r"'y' does not vary once unit and time effects"):
            SpatialPanel(dependent, exog, weights)


class TestRegressors:
    def test_constant(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(AbsorbedRegressorError, match=r"'one' is constant and absorbed by unit"):
            SpatialPanel(dependent, exog.assign(one=3.0), weights, model="sar")

    def test_constant_over_time(self, problem):
        dependent, exog, weights = problem
        area = exog.groupby("unit")["x1"].transform("first")
        with pytest.raises(
            AbsorbedRegressorError, match=r"'area' does not vary over time.*Drop the regressor"
        ):
            SpatialPanel(dependent, exog.assign(area=area), weights, model="sar")
        fitted = SpatialPanel(
            dependent, exog.assign(area=area), weights, model="sar", entity_effects=False
        ).fit()
        assert "area" in fitted.params

    def test_constant_over_units(self, problem):
        dependent, exog, weights = problem
        price = exog.groupby("year")["x1"].transform("first")
        with pytest.raises(AbsorbedRegressorError, match=r"'price' does not vary over units"):
            SpatialPanel(dependent, exog.assign(price=price), weights, model="sar")

    def test_sum_of_a_unit_and_a_time_part(self, problem):
        dependent, exog, weights = problem
        both = exog.groupby("unit")["x1"].transform("first") + exog.groupby("year")["x1"].transform(
            "first"
        )
        with pytest.raises(AbsorbedRegressorError, match="sum of a unit part and a time part"):
            SpatialPanel(dependent, exog.assign(both=both), weights, model="sar")

    def test_collinear(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(CollinearRegressorError) as caught:
            SpatialPanel(
                dependent, exog.assign(x3=exog["x1"] - 2.0 * exog["x2"]), weights, model="sar"
            )
        assert all(name in str(caught.value) for name in ("x1", "x2", "x3"))
        assert "unit and time effects removed" in str(caught.value)

    def test_collinear_lags_of_a_complete_graph(self):
        # Everyone neighbours everyone: after demeaning over units W.x is -x/(N-1).
        matrix = (np.ones((12, 12)) - np.eye(12)) / 11.0
        with pytest.raises(CollinearRegressorError, match=r"W\.x1"):
            SpatialPanel(*with_weights(matrix))

    def test_collinear_effects_name_no_bystander(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(CollinearRegressorError) as caught:
            SpatialPanel(dependent, exog.assign(twice=2.0 * exog["x1"]), weights, model="sar")
        assert "x2" not in str(caught.value)


class TestSpecification:
    def test_unknown_model(self, problem):
        with pytest.raises(SpecificationError, match=r"model must be one of ols, slx.*got 'sarar'"):
            SpatialPanel(*problem, model="sarar")

    @pytest.mark.parametrize("option", ["estimator", "cov_type"])
    def test_unknown_option(self, problem, option):
        with pytest.raises(SpecificationError, match=f"{option} must be one of"):
            SpatialPanel(*problem).fit(**{option: "bogus"})

    def test_durbin_without_lags(self, problem):
        with pytest.raises(SpecificationError, match="'sar' has no lagged regressors"):
            SpatialPanel(*problem, model="sar", durbin=["x1"])

    def test_durbin_name_misspelt(self, problem):
        with pytest.raises(SpecificationError, match=r"'X1', which is not.*did you mean 'x1'"):
            SpatialPanel(*problem, durbin=["X1"])

    def test_durbin_as_string(self, problem):
        with pytest.raises(SpecificationError, match="list of column names, got 'x1'"):
            SpatialPanel(*problem, durbin="x1")

    def test_durbin_twice(self, problem):
        with pytest.raises(SpecificationError, match="names a column twice"):
            SpatialPanel(*problem, durbin=["x1", "x1"])

    def test_no_regressors(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(SpecificationError, match="at least one regressor"):
            SpatialPanel(dependent, exog[[]], weights)

    def test_reserved_name(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(SpecificationError, match="exog columns rho carry the name"):
            SpatialPanel(dependent, exog.rename(columns={"x1": "rho"}), weights)

    def test_repeated_column(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(SpecificationError, match="repeats the columns x1"):
            SpatialPanel(dependent, exog[["x1", "x1"]], weights)

    def test_not_pandas(self, problem):
        dependent, exog, weights = problem
        with pytest.raises(SpecificationError, match="dependent must be a pandas Series"):
            SpatialPanel(dependent.to_numpy(), exog, weights)
        with pytest.raises(SpecificationError, match="exog must be a pandas DataFrame"):
            SpatialPanel(dependent, exog.to_numpy(), weights)

    def test_every_error_is_caught_as_one(self, problem):
        with pytest.raises(SpatialPanelError):
            SpatialPanel(*problem, model="bogus")


class TestIntercept:
    def test_is_added_without_effects(self, problem):
        fit = SpatialPanel(*problem, entity_effects=False, time_effects=False).fit()
        assert list(fit.params.index[:3]) == ["const", "x1", "x2"]
        assert list(fit.effects().params.index) == ["x1", "x2"]

    def test_is_not_added_twice(self, problem):
        dependent, exog, weights = problem
        fit = SpatialPanel(
            dependent, exog.assign(one=1.0), weights, entity_effects=False, time_effects=False
        ).fit()
        reference = SpatialPanel(
            dependent, exog, weights, entity_effects=False, time_effects=False
        ).fit()
        assert "const" not in fit.params
        assert "W.one" not in fit.params
        assert fit.params["one"] == pytest.approx(reference.params["const"], rel=1e-9)
        assert list(fit.effects().params.index) == ["x1", "x2"]

    @pytest.mark.parametrize("effects", [(True, False), (False, True), (True, True)])
    def test_is_not_there_with_effects(self, problem, effects):
        fit = SpatialPanel(*problem, entity_effects=effects[0], time_effects=effects[1]).fit()
        assert "const" not in fit.params


def test_library_imports_only_arrays_and_tables():
    import subprocess
    import sys

    code = (
        "import sys, yrb_carbon.spatialpanel; "
        "heavy = {'libpysal', 'geopandas', 'spreg', 'formulaic', 'linearmodels', 'statsmodels', "
        "'matplotlib'}; print(sorted(heavy & set(sys.modules)), "
        "sorted(name for name in sys.modules if name.startswith('yrb_carbon.') "
        "and not name.startswith('yrb_carbon.spatialpanel')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


class TestNamesAndArrays:
    @pytest.mark.parametrize(
        ("columns", "effects", "clash"),
        [
            (["x1", "W.x1"], True, "W.x1"),
            (["const", "x2"], False, "const"),
        ],
    )
    def test_columns_with_names_that_the_model_gives_are_refused(self, columns, effects, clash):
        dependent, exog, weights = make_problem(12, 4)
        exog.columns = columns
        with pytest.raises(SpecificationError, match=f"exog columns {clash} carry the name"):
            SpatialPanel(dependent, exog, weights, entity_effects=effects, time_effects=effects)

    def test_plain_arrays_are_the_same_panel(self):
        dependent, exog, weights = make_problem(12, 4)
        framed = SpatialPanel(dependent, exog, weights, error_weights=weights, model="sac")
        arrays = framed.arrays
        plain = SpatialPanel.of_arrays(
            arrays.y,
            arrays.z,
            weights[1],
            names=["x1", "x2"],
            model="sac",
            error_weights=weights[1],
        )
        pd.testing.assert_series_equal(plain.fit().params, framed.fit().params)
        assert SpatialPanel.of_arrays(arrays.y, arrays.z, weights[1]).arrays.names[0] == "x1"

    def test_arrays_that_do_not_fit_are_refused(self):
        y, x, w = np.zeros((4, 5)), np.zeros((4, 6, 1)), np.eye(5)
        with pytest.raises(SpecificationError, match=r"\(T, N\) for the dependent .* \(4, 6, 1\)"):
            SpatialPanel.of_arrays(y, x, w)
        with pytest.raises(SpecificationError, match="2 names for 1 regressors"):
            SpatialPanel.of_arrays(y, x[:, :5], w, names=["a", "b"])
        with pytest.raises(SpecificationError, match=r"got ndarray; SpatialPanel\.of_arrays takes"):
            SpatialPanel(y, x, w)


class TestKindsOfWeights:
    def frame(self):
        dependent, exog, (units, matrix) = make_problem(12, 4, seed=7)
        rng = np.random.default_rng(1)
        labelled = pd.DataFrame(matrix.toarray(), units, units)
        order = rng.permutation(units)
        return dependent, exog, units, labelled, labelled.loc[order, rng.permutation(units)]

    def test_labelled_matrices_are_taken_by_their_labels(self):
        dependent, exog, units, labelled, shuffled = self.frame()
        expected = SpatialPanel(dependent, exog, (units, labelled.to_numpy())).fit().params
        for weights in (labelled, shuffled, (units, labelled), (units, shuffled)):
            found = SpatialPanel(dependent, exog, weights).fit().params
            pd.testing.assert_series_equal(found, expected)

    def test_labels_that_are_not_the_ids_are_named(self):
        dependent, exog, units, labelled, _ = self.frame()
        renamed = labelled.rename(columns={"u03": "u99"})
        with pytest.raises(WeightsAlignmentError, match=r"the columns of the labelled .* u03, u99"):
            SpatialPanel(dependent, exog, (units, renamed))

    def test_weights_of_the_older_libpysal_class(self):
        from libpysal.weights import WSP

        dependent, exog, units, labelled, _ = self.frame()
        old = WSP(sparse.csr_matrix(labelled.to_numpy()), id_order=units).to_W(
            silence_warnings=True
        )
        found = SpatialPanel(dependent, exog, old).fit().params
        pd.testing.assert_series_equal(found, SpatialPanel(dependent, exog, labelled).fit().params)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda u, m: (None, m), r"ids of the weights must be a list .* got NoneType"),
            (lambda u, m: ([[1]] * 12, m), r"must be a list of identifiers"),
            (lambda u, m: (u, m[None]), r"two axes, got an array of shape \(1, 12, 12\)"),
            (lambda u, m: (u, m.astype(str)), r"weights must be real numbers, got <U"),
            (lambda u, m: (u, m * 1j), r"weights must be real numbers, got complex128"),
            (lambda u, m: [u, m], r"a labelled DataFrame or a pair \(ids, matrix\), got list"),
        ],
    )
    def test_other_things_are_refused(self, change, message):
        dependent, exog, units, labelled, _ = self.frame()
        with pytest.raises(WeightsError, match=message):
            SpatialPanel(dependent, exog, change(units, labelled.to_numpy()))

    def test_complex_regressors_and_effects_that_are_no_bool_are_refused(self):
        dependent, exog, _, labelled, _ = self.frame()
        with pytest.raises(SpecificationError, match="x1 are complex numbers"):
            SpatialPanel(dependent, exog.assign(x1=exog["x1"] * 1j), labelled)
        with pytest.raises(SpecificationError, match="must be True or False, got 'no'"):
            SpatialPanel(dependent, exog, labelled, entity_effects="no")
        with pytest.raises(SpecificationError, match="list of column names, got 5"):
            SpatialPanel(dependent, exog, labelled, durbin=5)
