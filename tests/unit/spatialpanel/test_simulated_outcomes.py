"""Simulated outcomes against dense algebra, and what cannot be simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from spatial_reference import make_problem, ring_weights

from yrb_carbon.spatialpanel import SpatialPanel, SpecificationError, simulate

N, T, K = 7, 4, 2
# A dense solve of seven equations.
ROUNDING = 1e-12


@pytest.fixture(scope="module")
def parts():
    rng = np.random.default_rng(3)
    return {
        "exog": rng.standard_normal((T, N, K)),
        "errors": rng.standard_normal((3, T, N)),
        "beta": np.array([1.0, -0.5]),
        "theta": np.array([0.3, 0.2]),
        "mu": rng.standard_normal(N),
        "xi": rng.standard_normal(T),
    }


def test_is_the_reduced_form(parts):
    weights = ring_weights(N)
    w, eye = weights, np.eye(N)
    found = simulate(weights, **parts, rho=0.4, lam=-0.3)
    for draw, innovations in enumerate(parts["errors"]):
        for t in range(T):
            x = parts["exog"][t]
            mean = x @ parts["beta"] + w @ x @ parts["theta"] + parts["mu"] + parts["xi"][t]
            error = np.linalg.solve(eye + 0.3 * w, innovations[t])
            expected = np.linalg.solve(eye - 0.4 * w, mean + error)
            np.testing.assert_allclose(found[draw, t], expected, atol=ROUNDING)


class TestAdmissible:
    @pytest.mark.parametrize("name", ["rho", "lam"])
    @pytest.mark.parametrize("value", [1.0, 1.5, -5.0, 1e9])
    def test_at_or_beyond_the_edge(self, parts, name, value):
        with pytest.raises(SpecificationError, match=rf"{name} = .* is not inside of .*, 1\)"):
            simulate(ring_weights(N), **parts, **{name: value})

    @pytest.mark.parametrize("value", [np.nan, np.inf, None, "a", np.zeros(2), 1j])
    def test_no_number(self, parts, value):
        with pytest.raises(SpecificationError, match="rho must be a finite number"):
            simulate(ring_weights(N), **parts, rho=value)

    def test_beyond_minus_one_inside_of_the_interval(self, parts):
        weights = ring_weights(N)
        lowest = np.linalg.eigvals(weights).real.min()
        value = 0.5 * (-1.0 + 1.0 / lowest)
        assert 1.0 / lowest < value < -1.0
        assert np.isfinite(simulate(weights, **parts, rho=value)).all()

    def test_weights_that_are_not_standardised(self, parts):
        ones = np.ones((N, N)) - np.eye(N)
        with pytest.raises(SpecificationError, match=r"inside of \(-1, 0\.166667\)"):
            simulate(ones, **parts, rho=0.3)
        assert np.isfinite(simulate(ones, **parts, rho=0.16)).all()

    def test_links_that_never_come_back(self, parts):
        line = np.diag(np.ones(N - 1), 1)
        found = simulate(line, **parts, rho=3.0)
        expected = np.linalg.solve(np.eye(N) - 3.0 * line, simulate(line, **parts)[0, 0])
        np.testing.assert_allclose(found[0, 0], expected, rtol=ROUNDING)


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"theta": [1.0, 2.0, 3.0]}, r"theta must be \(2,\), one number for each regressor"),
            ({"theta": np.ones((2, 1))}, r"theta must be \(2,\)"),
            ({"mu": [1.0, 2.0]}, r"mu must be \(7,\), one number for each unit, got \(2,\)"),
            ({"mu": np.ones((T, N))}, r"mu must be \(7,\)"),
            ({"xi": np.ones(N)}, r"xi must be \(4,\), one number for each period, got \(7,\)"),
            ({"beta": [1.0]}, r"exog must be \(T, N, 1\)"),
            ({"beta": np.ones((2, 2))}, r"beta must be \(K,\), got \(2, 2\)"),
            ({"beta": "a"}, "beta must be an array of numbers, got a str"),
            ({"beta": None}, "beta "),
            ({"exog": np.zeros(3)}, r"exog must be \(T, N, 2\)"),
            ({"exog": 1.0}, r"exog must be \(T, N, 2\)"),
            ({"exog": 1j * np.ones((T, N, K))}, "exog must be an array of numbers"),
            ({"errors": np.full((T, N), np.nan)}, "errors has values that are NaN"),
            ({"errors": np.zeros((T, N + 1))}, r"errors must be \(4, 7\) or"),
            ({"mu": [object()] * N}, "mu must be an array of numbers"),
        ],
    )
    def test_arrays(self, parts, change, message):
        with pytest.raises(SpecificationError, match=message):
            simulate(ring_weights(N), **(parts | change))

    @pytest.mark.parametrize(
        "weights",
        [
            None, "a", 5, [], {"a": 1}, object(), np.zeros(N), np.zeros((N, N, 1)),
            np.full((N, N), "a"), np.full((N, N), np.nan), (list(range(N)), np.eye(N)),
            np.zeros((N, N + 1)), sparse.coo_array(np.zeros(N)),
        ],
    )  # fmt: skip
    def test_weights(self, parts, weights):
        with pytest.raises(SpecificationError, match="weights"):
            simulate(weights, **parts)


@pytest.mark.parametrize("errors", ["a", np.full((6, 20), np.nan), np.zeros((6, 20)) * 1j])
def test_errors_given_to_a_fit(errors):
    result = SpatialPanel(*make_problem(20, 6), model="sar").fit()
    with pytest.raises(
        SpecificationError, match=r"errors (must be an array of numbers|has values)"
    ):
        result.simulate(errors)
