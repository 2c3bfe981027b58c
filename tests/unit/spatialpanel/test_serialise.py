"""Stored results: equal to the last bit, and clear about what cannot be read."""

from __future__ import annotations

import dataclasses
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    IdentificationWarning,
    MultipleModesWarning,
    SpatialPanel,
    SpatialPanelResults,
)
from yrb_carbon.spatialpanel.errors import StoredResultsError
from yrb_carbon.spatialpanel.likelihood import Mode
from yrb_carbon.spatialpanel.logdet import analyse_weights
from yrb_carbon.spatialpanel.serialise import _read_scalar, _write_scalar

# What is made again from the weights, not stored, of a sparse log-determinant.
REMADE = 1e-9
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")


def fit(model="sdm", estimator="transform", problem=None, cov_type="oim", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        data = problem or make_problem(15, 6, lam=0.3)
        return SpatialPanel(*data, model=model, **options).fit(estimator, cov_type)


def assert_identical(left, right):
    """Equal in every field, to the bit; NaN equals NaN."""
    assert type(left) is type(right)
    if dataclasses.is_dataclass(left):
        for field in dataclasses.fields(left):
            assert_identical(getattr(left, field.name), getattr(right, field.name))
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        assert left.tobytes() == right.tobytes()
    elif sparse.issparse(left):
        for name in ("data", "indices", "indptr"):
            assert_identical(getattr(left, name), getattr(right, name))
    elif isinstance(left, pd.MultiIndex):
        assert left.equals(right)
        assert left.names == right.names
        assert list(left.dtypes) == list(right.dtypes)
    elif isinstance(left, pd.Index):
        pd.testing.assert_index_equal(left, right, exact=True)
    elif isinstance(left, tuple):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_identical(one, other)
    else:
        assert left == right or (left != left and right != right)


def relabel(problem, units, periods):
    """The problem with other identifiers of units and periods."""
    dependent, exog, (ids, matrix) = problem
    index = pd.MultiIndex.from_arrays(
        [
            pd.Index(units).take([ids.index(unit) for unit in exog.index.get_level_values(0)]),
            pd.Index(periods).take([year - 2000 for year in exog.index.get_level_values(1)]),
        ],
        names=["region", None],
    )
    return dependent.set_axis(index), exog.set_axis(index), (list(units), matrix)


class TestRoundTrip:
    @pytest.mark.parametrize("estimator", ["transform", "direct_bc"])
    @pytest.mark.parametrize("model", MODELS)
    def test_every_model(self, model, estimator):
        result = fit(model, estimator, cov_type="serial")
        back = SpatialPanelResults.from_json(result.to_json())
        assert_identical(back, result)
        assert back.to_json() == result.to_json()
        assert back.summary == result.summary
        pd.testing.assert_frame_equal(back.tidy(), result.tidy(), check_exact=True)
        for inference in ("delta", "simulation"):
            assert_identical(
                back.effects(inference, draws=20).covariance,
                result.effects(inference, draws=20).covariance,
            )

    def test_file(self, tmp_path):
        result = fit()
        text = result.to_json(tmp_path / "fit.json")
        assert (tmp_path / "fit.json").read_text(encoding="utf-8") == text
        for source in (tmp_path / "fit.json", str(tmp_path / "fit.json"), text):
            assert_identical(SpatialPanelResults.from_json(source), result)

    def test_shuffled_rows_and_weights_of_the_error(self):
        dependent, exog, (units, matrix) = make_problem(15, 6, lam=0.3)
        order = np.random.default_rng(4).permutation(len(dependent))
        unequal = (units, ring_weights(15, standardised=False, seed=3))
        result = fit(
            "sac", "direct", (dependent.iloc[order], exog, (units, matrix)), error_weights=unequal
        )
        back = SpatialPanelResults.from_json(result.to_json())
        assert_identical(back, result)
        assert back.resids.equals(result.resids)
        assert back.error_spectrum is not back.spectrum

    def test_complex_eigenvalues(self):
        rng = np.random.default_rng(2)
        w = rng.uniform(size=(15, 15)) * (rng.uniform(size=(15, 15)) < 0.3)
        w[np.arange(15), (np.arange(15) + 1) % 15] = 1.0
        np.fill_diagonal(w, 0.0)
        result = fit("sdm", problem=make_problem(15, 6, weights=w / w.sum(axis=1, keepdims=True)))
        assert np.iscomplexobj(result.spectrum.eigenvalues)
        assert_identical(SpatialPanelResults.from_json(result.to_json()), result)

    def test_boundary_and_modes(self):
        result = fit()
        modes = (
            Mode(rho=-0.5, lam=None, loglik=-1e-300, at_boundary=True),
            Mode(rho=0.1, lam=-0.0, loglik=float("-inf"), at_boundary=False),
        )
        edge = dataclasses.replace(
            result,
            estimate=dataclasses.replace(
                result.estimate, at_boundary=True, other_modes=modes, score=float("nan")
            ),
            covariance=np.full_like(result.covariance, np.nan),
        )
        assert_identical(SpatialPanelResults.from_json(edge.to_json()), edge)

    @pytest.mark.parametrize("method", ["sparse", "trace"])
    def test_other_log_determinants_are_made_again(self, method):
        result = fit()
        spectrum = analyse_weights(result.arrays.weights, method=method)
        result = dataclasses.replace(result, spectrum=spectrum, error_spectrum=spectrum)
        back = SpatialPanelResults.from_json(result.to_json())
        assert_identical(back.estimate, result.estimate)
        assert_identical(back.arrays, result.arrays)
        assert back.spectrum.method == method
        np.testing.assert_allclose(back.effects().params, result.effects().params, rtol=REMADE)

    @pytest.mark.parametrize(
        "units",
        [
            pd.Index(np.arange(15, dtype="int32") * 7),
            pd.Index(np.linspace(0.1, 0.9, 15)),
            pd.Index([f'城{i:02d} "x"' for i in range(15)], dtype=object),
            pd.Index([f"c{i:02d}" for i in range(15)], dtype="str"),
            pd.Index([np.int64(i) for i in range(15)], dtype=object),
            pd.CategoricalIndex([f"c{i:02d}" for i in range(15)]),
            pd.Index([("a", i) for i in range(15)], tupleize_cols=False),
        ],
        ids=["int32", "float", "object", "str", "numpy", "category", "tuple"],
    )
    def test_identifiers_of_units(self, units):
        result = fit(problem=relabel(make_problem(15, 6), units, range(6)))
        back = SpatialPanelResults.from_json(result.to_json())
        assert_identical(back, result)
        assert [type(unit) for unit in back.arrays.units] == [
            type(unit) for unit in result.arrays.units
        ]

    @pytest.mark.parametrize(
        "periods",
        [
            pd.date_range("2001-01-31", periods=6, freq="YE"),
            pd.date_range("2001-01-31", periods=6, freq="h", tz="Asia/Shanghai").as_unit("s"),
            pd.period_range("2001Q1", periods=6, freq="Q"),
            pd.to_timedelta(range(6), unit="D"),
            pd.Index([pd.Timestamp(2000 + i, 1, 1) for i in range(6)], dtype=object),
            pd.Index([f"{2000 + i}" for i in range(6)]),
        ],
        ids=["datetime", "zoned", "period", "timedelta", "timestamps", "text"],
    )
    def test_identifiers_of_periods(self, periods):
        units = [f"u{i:02d}" for i in range(15)]
        result = fit(problem=relabel(make_problem(15, 6), units, periods))
        assert_identical(SpatialPanelResults.from_json(result.to_json()), result)

    @pytest.mark.parametrize(
        "value",
        [
            None, True, "a", 3, -0.0, float("nan"), np.float32(0.1), np.bool_(True), np.int16(-3),
            pd.Timestamp("2020-02-03 04:05:06.789", tz="Europe/Berlin"), pd.Timestamp(2020, 1, 1),
            (1, "a", 0.5),
        ],
    )  # fmt: skip
    def test_single_identifiers(self, value):
        back = _read_scalar(json.loads(json.dumps(_write_scalar(value), allow_nan=False)))
        assert type(back) is type(value)
        assert repr(back) == repr(value)

    def test_floats_survive(self):
        result = fit()
        hard = np.array([0.1, 5e-324, 1.7976931348623157e308, -0.0, 2 / 3])
        changed = dataclasses.replace(
            result, estimate=dataclasses.replace(result.estimate, delta=hard[:4])
        )
        back = SpatialPanelResults.from_json(changed.to_json())
        assert back.estimate.delta.tobytes() == hard[:4].tobytes()


@pytest.fixture(scope="module")
def stored():
    return json.loads(fit().to_json())


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"version": 2}, "have version 2, this library reads version 1"),
            ({"version": None}, "have version None"),
            ({"format": "something"}, "not a file of spatialpanel results"),
            ({"estimate": {}}, "lacks 'delta'"),
            ({"covariance": {"shape": [1, 1], "values": [1.0]}}, r"covariance is \(1, 1\) where"),
            ({"covariance": {"shape": [2, 2], "values": [1.0]}}, "broken: cannot reshape"),
            ({"covariance": {"shape": [1], "values": ["one"]}}, "'one' is not a number"),
            ({"arrays": None}, "broken"),
        ],
    )
    def test_says_what_is_wrong(self, stored, change, message):
        with pytest.raises(StoredResultsError, match=message):
            SpatialPanelResults.from_json(json.dumps(stored | change))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"model": "xyz"}, "have the model 'xyz', this library knows ols, slx"),
            ({"estimator": "xyz"}, "have the estimator 'xyz', this library knows transform"),
            ({"cov_type": "xyz"}, "have the cov_type 'xyz', this library knows oim"),
            ({"model": ["sdm"]}, r"have the model \['sdm'\]"),
            ({"spatial_names": []}, "called nothing and those estimated are rho"),
            ({"spatial_names": ["lambda"]}, "called lambda and those estimated are rho"),
        ],
    )
    def test_unknown_specification(self, stored, change, message):
        broken = stored | {"specification": stored["specification"] | change}
        with pytest.raises(StoredResultsError, match=message):
            SpatialPanelResults.from_json(json.dumps(broken))

    @pytest.mark.parametrize("source", [None, b"{}", 5, "", {"a": 1}, "a\0b", "x" * 5000])
    def test_sources_that_are_none(self, source):
        with pytest.raises(StoredResultsError, match=r"give its path or the text|cannot read"):
            SpatialPanelResults.from_json(source)

    def test_a_folder(self, tmp_path):
        with pytest.raises(StoredResultsError, match="cannot read stored results"):
            SpatialPanelResults.from_json(tmp_path)

    def test_nested_without_end(self):
        with pytest.raises(StoredResultsError, match="nested too deeply"):
            SpatialPanelResults.from_json('{"a":' * 200_000)

    def test_targets_that_cannot_be_written(self, tmp_path):
        result = fit()
        with pytest.raises(StoredResultsError, match=r"cannot write .*Give a file in a folder"):
            result.to_json(tmp_path / "absent" / "fit.json")
        with pytest.raises(StoredResultsError, match="got 5 of type int"):
            result.to_json(5)

    def test_weights_that_point_nowhere(self, stored):
        broken = json.loads(json.dumps(stored))
        broken["arrays"]["weights"]["indices"][0] = 99
        with pytest.raises(StoredResultsError, match="broken"):
            SpatialPanelResults.from_json(json.dumps(broken))

    def test_text_that_was_cut_off(self, stored):
        with pytest.raises(StoredResultsError, match=r"not JSON \(line 1, column \d+.*cut off"):
            SpatialPanelResults.from_json(json.dumps(stored)[:-30])

    def test_absent_file(self, tmp_path):
        with pytest.raises(StoredResultsError, match=r"cannot read stored results from .*none"):
            SpatialPanelResults.from_json(tmp_path / "none.json")

    def test_other_json(self):
        with pytest.raises(StoredResultsError, match="not a file of spatialpanel results"):
            SpatialPanelResults.from_json("{}")

    def test_identifiers_that_cannot_be_written(self):
        with pytest.raises(StoredResultsError, match="identifiers of type frozenset"):
            _write_scalar(frozenset())
