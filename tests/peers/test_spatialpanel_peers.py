"""Fits agree with linearmodels and spreg, which share no code with this library."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel, compare_with_peer, simulate

# linearmodels solves the same normal equations: only rounding differs.
SAME_ALGEBRA = 1e-10
# spreg stops its bounded search at about the square root of machine precision in rho, 1e-8.
BOUNDED_SEARCH = 1e-6

MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem")
EFFECTS = [(True, True), (True, False), (False, True), (False, False)]


def simulated_problem():
    """A 5 x 6 rook grid, 6 periods, a regressor correlated with the unit effects."""
    rng = np.random.default_rng(11)
    cells = np.arange(30).reshape(5, 6)
    contiguity = np.zeros((30, 30))
    for a, b in ((cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])):
        contiguity[a.ravel(), b.ravel()] = contiguity[b.ravel(), a.ravel()] = 1.0
    weights = sparse.csr_array(contiguity / contiguity.sum(axis=1, keepdims=True))
    mu = rng.standard_normal(30)
    x = rng.standard_normal((6, 30, 2)) + mu[None, :, None]
    y = simulate(
        weights, x, rng.standard_normal((6, 30)), beta=np.array([1.0, -0.5]),
        theta=np.array([0.3, 0.2]), rho=0.4, mu=mu, xi=rng.standard_normal(6),
    )  # fmt: skip
    index = pd.MultiIndex.from_product([range(6), range(30)]).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["a", "b"])
    return pd.Series(y.ravel(), index, name="y"), exog, (range(30), weights)


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
@pytest.mark.parametrize("model", MODELS)
def test_direct_fit_agrees_with_an_independent_program(model, entity_effects, time_effects):
    fit = SpatialPanel(
        *simulated_problem(),
        model=model,
        entity_effects=entity_effects,
        time_effects=time_effects,
    ).fit(estimator="direct")
    table = compare_with_peer(fit)
    tolerance = SAME_ALGEBRA if model in {"ols", "slx"} else BOUNDED_SEARCH
    assert {"coef", "loglik"} <= set(table["quantity"])
    np.testing.assert_allclose(table["ours"], table["peer"], rtol=tolerance, atol=tolerance)


def test_transformed_fit_is_compared_by_its_direct_twin(capsys):
    model = SpatialPanel(*simulated_problem())
    table = compare_with_peer(model.fit())
    rho = table.set_index("quantity").loc["rho"]
    assert rho["ours"] == model.fit(estimator="direct").rho
    assert rho["ours"] != model.fit().rho
    assert (rho["estimator"], rho["fitted_by"]) == ("direct", "transform")
    assert rho["program"].startswith("spreg ")
    assert capsys.readouterr().out == ""


def test_partial_durbin_list_reaches_the_peer():
    fit = SpatialPanel(*simulated_problem(), model="sdm", durbin=["b"]).fit()
    table = compare_with_peer(fit)
    assert list(table.loc[table["quantity"] == "coef", "term"]) == ["a", "b", "W.b"]
    np.testing.assert_allclose(
        table["ours"], table["peer"], rtol=BOUNDED_SEARCH, atol=BOUNDED_SEARCH
    )


def test_standard_errors_equal_linearmodels_up_to_degrees_of_freedom():
    from linearmodels.panel import PanelOLS

    dependent, exog, weights = simulated_problem()
    fit = SpatialPanel(dependent, exog, weights, model="ols").fit(estimator="direct")
    peer = PanelOLS(dependent, exog, entity_effects=True, time_effects=True).fit()
    # linearmodels divides the sum of squares by NT - N - T + 1 - K, maximum likelihood by NT.
    scale = np.sqrt(fit.nobs / peer.df_resid)
    np.testing.assert_allclose(
        fit.std_errors[["a", "b"]] * scale, peer.std_errors, rtol=SAME_ALGEBRA
    )


def test_stacked_comparison_refuses_what_spreg_cannot_hold(monkeypatch):
    import yrb_carbon.spatialpanel.peers as peers

    monkeypatch.setattr(peers, "STACKED_LIMIT", 100)
    fit = SpatialPanel(*simulated_problem(), model="sar", entity_effects=False).fit()
    with pytest.raises(ValueError, match="180 rows exceed 100"):
        compare_with_peer(fit)


def test_error_weights_of_their_own_reach_the_peer():
    dependent, exog, weights = simulated_problem()
    rng = np.random.default_rng(2)
    other = np.zeros((30, 30))
    for i in range(30):
        other[i, rng.choice(np.delete(np.arange(30), i), 4, replace=False)] = 0.25
    fit = SpatialPanel(
        dependent, exog, weights, model="sdem", error_weights=(range(30), sparse.csr_array(other))
    ).fit("direct")
    table = compare_with_peer(fit)
    np.testing.assert_allclose(
        table["ours"], table["peer"], rtol=BOUNDED_SEARCH, atol=BOUNDED_SEARCH
    )


def test_model_that_no_program_has_is_refused():
    with pytest.raises(ValueError, match="no independent program here fits sac panels"):
        compare_with_peer(SpatialPanel(*simulated_problem(), model="sac").fit())
