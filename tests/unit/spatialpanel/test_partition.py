"""Effects by order of neighbours and as a matrix, against powers and inverses of dense weights."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from spatial_reference import make_problem, ring_weights

import yrb_carbon.spatialpanel.effects as effects_module
import yrb_carbon.spatialpanel.partition as module
import yrb_carbon.spatialpanel.results as results_module
from yrb_carbon.spatialpanel import (
    BoundaryError,
    IdentificationWarning,
    MultipleModesWarning,
    SpatialPanel,
    SpecificationError,
)
from yrb_carbon.spatialpanel.partition import calc_power_shares
from yrb_carbon.spatialpanel.results import TIDY_COLUMNS

# Powers of dense matrices of some twenty units.
ROUNDING = 1e-10
# Central differences with a step of 1e-5 of quantities of order one.
DIFFERENCE = 1e-7
MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")


def fit(model="sdm", *, standardised=True, **options):
    weights = ring_weights(20, standardised=standardised)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        warnings.simplefilter("ignore", MultipleModesWarning)
        problem = make_problem(20, 8, weights=weights, rho=0.3, lam=0.2)
        return SpatialPanel(*problem, model=model, **options).fit("direct")


def by_series(result, values, order):
    """Orders 0 to Q and the remainder by the definition, shape (2, Q + 2, 3)."""
    p = dict(zip(result.param_names, values, strict=True))
    w = result.arrays.weights.toarray()
    n_units = len(w)
    rho = p.get("rho", 0.0)
    out = []
    for name in ("x1", "x2"):
        beta, theta = p[name], p.get(f"W.{name}", 0.0)
        terms = [beta * np.eye(n_units)]
        power = np.eye(n_units)
        for q in range(1, order + 1):
            power = power @ w
            terms.append((rho * beta + theta) * rho ** (q - 1) * power)
        whole = np.linalg.solve(np.eye(n_units) - rho * w, beta * np.eye(n_units) + theta * w)
        terms.append(whole - sum(terms))
        direct = [np.trace(term) / n_units for term in terms]
        total = [term.sum() / n_units for term in terms]
        out.append(np.column_stack([direct, np.subtract(total, direct), total]))
    return np.array(out)


class TestPartition:
    @pytest.mark.parametrize("standardised", [True, False])
    @pytest.mark.parametrize("model", MODELS)
    def test_terms_and_derivatives(self, model, standardised):
        result = fit(model, standardised=standardised)
        found = result.partition(4)
        point = result.params.to_numpy()
        np.testing.assert_allclose(found.estimates, by_series(result, point, 4), atol=ROUNDING)
        step = 1e-5
        jacobian = np.column_stack(
            [
                (
                    by_series(result, point + step * unit, 4)
                    - by_series(result, point - step * unit, 4)
                ).ravel()
                / (2 * step)
                for unit in np.eye(len(point))
            ]
        )
        np.testing.assert_allclose(
            found.covariance, jacobian @ result.covariance @ jacobian.T, atol=DIFFERENCE
        )

    @pytest.mark.parametrize("order", [0, 1, 2, 7])
    def test_adds_up_to_the_whole(self, order):
        result = fit("sdm")
        found = result.partition(order)
        assert found.estimates.shape == (2, order + 2, 3)
        np.testing.assert_allclose(found.whole, result.effects().params, atol=ROUNDING)
        sums = found.covariance.reshape(2, order + 2, 3, 2, order + 2, 3).sum(axis=(1, 4))
        np.testing.assert_allclose(sums.reshape(6, 6), result.effects().covariance, atol=ROUNDING)

    def test_remainder_shrinks_like_the_power_of_rho(self):
        result = fit("sar")
        remainders = [
            result.partition(order).params.loc[("x1", "remainder"), "total"] for order in (3, 4)
        ]
        assert remainders[1] / remainders[0] == pytest.approx(result.rho, abs=ROUNDING)

    def test_orders_without_a_spatial_lag(self):
        result = fit("slx")
        found = result.partition(3)
        assert found.params.loc[("x1", 0), "direct"] == result.params["x1"]
        assert found.params.loc[("x1", 1), "indirect"] == pytest.approx(result.params["W.x1"])
        assert found.std_errors.loc[("x1", 1), "indirect"] == pytest.approx(
            result.std_errors["W.x1"]
        )
        assert (found.params.loc[("x1", 2)] == 0.0).all()
        np.testing.assert_allclose(found.params.loc[("x1", "remainder")], 0.0, atol=ROUNDING)

    def test_tables(self):
        result = fit("sdm")
        found = result.partition(2)
        tidy = found.tidy()
        assert tuple(tidy.columns) == TIDY_COLUMNS
        row = tidy[(tidy["term"] == "x2, order 1") & (tidy["quantity"] == "total")].iloc[0]
        assert row["estimate"] == found.params.loc[("x2", 1), "total"]
        assert row["std_error"] == found.std_errors.loc[("x2", 1), "total"]
        assert row["p_value"] == found.pvalues.loc[("x2", 1), "total"]
        assert row["ci_upper"] - row["estimate"] == pytest.approx(
            1.959963984540054 * row["std_error"]
        )
        assert "remainder" in found.summary
        assert '<th scope="row">remainder</th>' in found._repr_html_()
        assert repr(found) == "<EffectsPartition of 2 regressors, orders 0 to 2>"

    @pytest.mark.parametrize("order", [-1, 1.5, "2", True])
    def test_impossible_order(self, order):
        with pytest.raises(SpecificationError, match="whole number of at least 0"):
            fit().partition(order)

    def test_too_many_entries(self, monkeypatch):
        result = fit()
        monkeypatch.setattr(module, "ENTRY_LIMIT", 100)
        monkeypatch.setattr(module, "DENSE_SHARE", 1.0)
        assert result.partition(2).estimates.shape == (2, 4, 3)
        with pytest.raises(SpecificationError, match=r"power 2 may have .* at most 2"):
            result.partition(3)

    def test_at_the_boundary(self):
        result = fit()
        edge = replace(result, estimate=replace(result.estimate, at_boundary=True))
        for request in (lambda: edge.partition(2), lambda: edge.effect_matrix("x1")):
            with pytest.raises(BoundaryError, match="no effects at the edge"):
                request()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_powers_dense_and_sparse(share, monkeypatch):
    monkeypatch.setattr(module, "DENSE_SHARE", share)
    w = ring_weights(15, standardised=False)
    traces, sums = calc_power_shares(sparse.csr_array(w), 7)
    power = np.eye(15)
    for q in range(8):
        assert traces[q] == pytest.approx(np.trace(power) / 15, abs=ROUNDING)
        assert sums[q] == pytest.approx(power.sum() / 15, abs=ROUNDING)
        power = power @ w


class TestMatrix:
    @pytest.mark.parametrize("model", MODELS)
    def test_is_the_inverse_times_the_coefficients(self, model):
        result = fit(model, standardised=False)
        p, w = result.params, result.arrays.weights.toarray()
        expected = np.linalg.solve(
            np.eye(20) - result.rho * w, p["x2"] * np.eye(20) + p.get("W.x2", 0.0) * w
        )
        found = result.effect_matrix("x2")
        np.testing.assert_allclose(found, expected, atol=ROUNDING)
        assert list(found.index) == list(found.columns) == list(result.arrays.units)
        assert (found.index.name, found.columns.name) == ("to", "from")
        direct = np.trace(found) / 20
        assert direct == pytest.approx(result.effects().direct["x2"], abs=ROUNDING)
        received = result.unit_effects()["received"]["x2"]
        np.testing.assert_allclose(found.sum(axis=1) - np.diag(found), received, atol=ROUNDING)

    def test_limits(self, monkeypatch):
        result = fit()
        with pytest.raises(SpecificationError, match=r"'W\.x1' is not a regressor .* x1, x2"):
            result.effect_matrix("W.x1")
        monkeypatch.setattr(results_module, "DENSE_LIMIT", 19)
        with pytest.raises(SpecificationError, match=r"20 units .* limit is 19"):
            result.effect_matrix("x1")
        monkeypatch.setattr(effects_module, "UNIT_LIMIT", 19)
        with pytest.raises(SpecificationError, match=r"own effects of 20 units .* limit is 19"):
            result.unit_effects()
