"""Three-step and two-step tables against fits made one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_sensitivity import fit_system, simulate_system

from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.mediation.steps import calc_sobel
from yrb_carbon.spatialpanel import (
    BoundaryError,
    BoundaryWarning,
    SpatialPanel,
    SpecificationError,
)

# The same likelihood, maximised on the same arrays.
SAME_FIT = 1e-10


@pytest.fixture(scope="module")
def fitted():
    data, weights = simulate_system(n_units=36, n_periods=8)
    return data, weights, fit_system(data, weights, mediators=["m", "k"])


def test_sobel_by_hand():
    """a = 2 (.5), b = -3 (.4): s.e. √(4·.16 + 9·.25) = 1.7."""
    product, error, z = calc_sobel(2.0, -3.0, 0.5, 0.4)
    assert (product, error) == (-6.0, pytest.approx(1.7, rel=1e-14))
    assert z == pytest.approx(-6.0 / 1.7, rel=1e-14)
    assert np.isnan(calc_sobel(0.0, 1.0, 0.0, 0.5)[2])


def test_single_systems_are_those_of_the_data(fitted):
    data, weights, results = fitted
    systems = results.one_at_a_time()

    def apart(*mediators):
        return SpatialMediation(
            data,
            outcome="y",
            treatment="x",
            mediators=mediators,
            controls=["z"],
            weights=weights,
            durbin=["x", *mediators],
            mediator_model={"k": "sar"} if "k" in mediators else None,
        ).fit()

    partly = apart("m", "k").one_at_a_time()
    for name, system in systems.items():
        expected = fit_system(data, weights, mediators=[name])
        pd.testing.assert_series_equal(
            system.outcome.params, expected.outcome.params, rtol=SAME_FIT
        )
        np.testing.assert_allclose(
            system.decompose().values, expected.decompose().values, rtol=1e-8
        )
        own = apart(name)
        pd.testing.assert_series_equal(
            partly[name].outcome.params, own.outcome.params, rtol=SAME_FIT
        )
        assert partly[name].mediators[name].specification == own.mediators[name].specification


@pytest.mark.parametrize("cov_type", ["oim", "serial"])
def test_steps_are_the_coefficients_of_three_fits(fitted, cov_type):
    data, weights, results = fitted
    table = results.steps().three_step(level=0.9).xs(cov_type, level="inference").loc["m"]

    def fit(dependent, regressors):
        return SpatialPanel(data[dependent], data[regressors], weights).fit(cov_type=cov_type)

    first, second = fit("y", ["x", "z"]), fit("m", ["x", "z"])
    third = fit("y", ["x", "m", "z"])
    for step, (model, name) in {
        "c": (first, "x"),
        "a": (second, "x"),
        "b": (third, "m"),
        "c_prime": (third, "x"),
    }.items():
        expected = model.table(0.9).loc[name].rename({"z": "statistic"})
        found = table.loc[step, expected.index]
        np.testing.assert_allclose(found.to_numpy(float), expected.to_numpy(float), rtol=1e-8)
    a, b = second.params["x"], third.params["m"]
    error = np.sqrt(a**2 * third.cov.loc["m", "m"] + b**2 * second.cov.loc["x", "x"])
    row = table.loc["ab"]
    assert row["estimate"] == pytest.approx(a * b, rel=1e-9)
    assert row["std_error"] == pytest.approx(error, rel=1e-8)
    assert row["statistic"] == pytest.approx(a * b / error, rel=1e-8)
    assert row["ci_upper"] - row["estimate"] == pytest.approx(1.6448536269514722 * error, rel=1e-8)
    assert row["share"] == pytest.approx(a * b / first.params["x"], rel=1e-8)
    assert table["share"].drop("ab").isna().all()


def test_products_of_effects_stand_beside_the_mediated_effects(fitted):
    data, weights, results = fitted
    products = results.steps().products()
    for name in ("m", "k"):
        single = fit_system(data, weights, mediators=[name])
        first = single.mediators[name].effects().params.loc["x"]
        second = single.outcome.effects().params.loc[name]
        exact = single.effect_matrix(name).to_numpy()
        n = len(exact)
        direct = np.trace(exact) / n
        row = products.loc[name]
        assert row["direct_x_direct"] == pytest.approx(first["direct"] * second["direct"])
        assert row["indirect_x_indirect"] == pytest.approx(first["indirect"] * second["indirect"])
        assert row["mediated_direct"] == pytest.approx(direct)
        assert row["mediated_spillover"] == pytest.approx(exact.sum() / n - direct)
    gap = products["indirect_x_indirect"] - products["mediated_spillover"]
    assert abs(gap["m"]) > 0.1


def test_two_steps_are_the_effects_of_the_treatment(fitted):
    _, _, results = fitted
    table = results.steps(["serial"]).two_step()
    assert list(table["equation"].unique()) == ["y", "m", "k"]
    assert set(table["term"]) == {"x"}
    expected = results.one_step.with_covariance("serial").effects().table().loc["x"]
    found = table[table["equation"] == "y"].set_index("quantity")
    np.testing.assert_allclose(
        found[expected.columns].to_numpy(float), expected.to_numpy(float), rtol=1e-12
    )


def test_tidy_rows_are_told_apart(fitted):
    _, _, results = fitted
    steps = results.steps()
    tidy = steps.tidy()
    assert not tidy.duplicated(["equation", "spec", "quantity", "term", "inference"]).any()
    assert set(tidy["spec"]) == {"three_step", "two_step"}
    assert set(tidy["quantity"]) == {
        "coef",
        "value",
        "share",
        "mediated_direct",
        "mediated_spillover",
        "direct",
        "indirect",
        "total",
    }
    chosen = tidy.set_index(["term", "inference"])["estimate"]
    table = steps.three_step()
    assert chosen["a: x -> m", "serial"] == table.loc[("m", "a", "serial"), "estimate"]
    assert chosen["ab/c: x -> k -> y", "oim"] == table.loc[("k", "ab", "oim"), "share"]
    assert chosen["direct x direct: m", "none"] == steps.products().loc["m", "direct_x_direct"]
    assert len(tidy[tidy["term"] == "c: x -> y"]) == 2
    assert "c is not c' + ab" in steps.summary
    assert "Two steps: effects of x" in steps._repr_html_()


def test_steps_without_an_interior_estimate_are_refused():
    data, weights = simulate_system(n_units=24, n_periods=5)
    # A trend over the grid that changes by year: its spatial lag is nearly itself.
    row = data.index.get_level_values(0).to_numpy() // 4
    sign = np.where(data.index.get_level_values(1).to_numpy() % 2 == 0, 1.0, -1.0)
    data["y"] = data["y"] + 1e4 * sign * np.cos(np.pi * (row + 0.5) / 6)
    with pytest.warns(BoundaryWarning):
        results = fit_system(data, weights)
    with pytest.raises(BoundaryError):
        results.steps()


def test_unknown_covariances_are_refused(fitted):
    with pytest.raises(SpecificationError, match="cov_types must be one of oim, hessian"):
        fitted[2].steps(["hac"])
