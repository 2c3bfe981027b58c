"""Cigarette demand: the choice of the model, from Lagrange multipliers to random effects.

Elhorst (2014, Spatial Econometrics, sec. 3.6) prints 2315.7 and 473.1 for the likelihood ratios of
unit and of time effects, with 46 and 30 degrees of freedom; one of each is taken by the intercept,
so that 45 and 29 are right. His tests end at the spatial Durbin model.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from cigar import ORDERS, cigar_problem
from scipy import stats

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.chain import choice_chain, lr_effects, lr_simplify, wald_simplify
from yrb_carbon.spatialpanel.errors import HausmanUndefinedError
from yrb_carbon.spatialpanel.random_effects import RandomEffectsPanel, hausman_test, mundlak_test

# Printed with one or two decimals: half a unit of the last one.
ONE_DECIMAL = 0.05
TWO_DECIMALS = 0.005
# Twice a difference of two log-likelihoods that are given to three decimals.
LOGLIK_DIGITS = 2.1e-3
# A normal density of 1,380 dimensions by a dense factorisation.
DENSE_DENSITY = 1e-6
STEP = 1e-4


def by_name(tests):
    return {test.name: test for test in tests}


@pytest.fixture(scope="module")
def chain():
    return choice_chain(*cigar_problem("sorted"))


@pytest.mark.parametrize("order", ORDERS)
def test_likelihood_ratios_of_effects(order):
    unit, time = lr_effects(SpatialPanel(*cigar_problem(order), model="ols"))
    assert unit.statistic == pytest.approx(2315.7, abs=ONE_DECIMAL)
    assert time.statistic == pytest.approx(473.1, abs=ONE_DECIMAL)
    assert unit.statistic == pytest.approx(2315.70, abs=TWO_DECIMALS)
    assert time.statistic == pytest.approx(473.10, abs=TWO_DECIMALS)
    assert (unit.df, time.df) == (45, 29)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("estimator", "durbin", "lag"),
    [("direct", 1691.538, 1683.587), ("transform", 1571.248, 1562.154)],
)
def test_spatial_durbin_against_spatial_lag(estimator, durbin, lag, order):
    fit = SpatialPanel(*cigar_problem(order)).fit(estimator)
    ratio = by_name(lr_simplify(fit))["LR SDM to SAR"]
    assert ratio.statistic == pytest.approx(2.0 * (durbin - lag), abs=LOGLIK_DIGITS)
    assert ratio.df == 2


def test_both_simplifications_are_rejected_by_both_tests():
    for estimator in ("direct", "transform"):
        fit = SpatialPanel(*cigar_problem("sorted")).fit(estimator)
        for tests in (by_name(lr_simplify(fit)), by_name(wald_simplify(fit))):
            family = next(iter(tests)).split()[0]
            assert tests[f"{family} SDM to SAR"].p_value < 0.01
            assert tests[f"{family} SDM to SEM"].p_value < 0.05


def test_chain_ends_at_the_spatial_durbin_model(chain):
    assert chain.decision == "sdm"
    assert chain.final.rho == pytest.approx(0.271178, abs=5.1e-7)
    table = chain.to_frame()
    plain = table[
        (table["step"] == "LM") & (table["effects"] == "unit and time") & (table["form"] == "plain")
    ]
    np.testing.assert_allclose(plain["statistic"], [46.90, 54.65, 1.16, 8.91], atol=TWO_DECIMALS)
    # The robust tests of the two-way model point to the error, as the text says.
    robust = table[(table["step"] == "LM") & (table["effects"] == "unit and time")].set_index(
        ["test", "form"]
    )["decision"]
    assert robust["robust LM lag", "centred"] == "not rejected"
    assert robust["robust LM error", "centred"] == "rejected"
    assert chain.criteria["aic"].idxmin() == "sdm"


@pytest.mark.parametrize("model", ["sdm", "sem"])
def test_random_effects_are_the_top_of_the_dense_density(model):
    result = RandomEffectsPanel(*cigar_problem("sorted"), model=model).fit()
    arrays = result.arrays
    n_periods, n_units = arrays.y.shape
    weights = arrays.weights.toarray()
    z = np.hstack(
        [
            arrays.z.reshape(-1, arrays.z.shape[2]),
            np.kron(np.eye(n_periods), np.ones((n_units, 1))),
        ]
    )

    def loglik(spatial):
        """Regression coefficients at their best, variances at the estimate."""
        inverse = np.linalg.inv(np.eye(n_units) - spatial * weights)
        shared = result.sigma2_mu * np.ones((n_periods, n_periods))
        own = result.sigma2 * np.eye(n_periods)
        if model == "sem":
            covariance = np.kron(shared, np.eye(n_units)) + np.kron(own, inverse @ inverse.T)
            target, jacobian = arrays.y.ravel(), 0.0
        else:
            covariance = np.kron(shared + own, np.eye(n_units))
            target = (arrays.y - spatial * arrays.lagged_y).ravel()
            jacobian = -n_periods * np.linalg.slogdet(inverse)[1]
        factor = np.linalg.cholesky(covariance)
        white = np.linalg.solve(factor, np.column_stack([z, target]))
        delta = np.linalg.lstsq(white[:, :-1], white[:, -1], rcond=None)[0]
        errors = white[:, -1] - white[:, :-1] @ delta
        density = stats.norm.logpdf(errors).sum() - np.log(np.diag(factor)).sum()
        return float(density + jacobian), delta[: arrays.z.shape[2]]

    spatial = result.estimate.spatial
    value, delta = loglik(spatial)
    assert result.loglik == pytest.approx(value, abs=DENSE_DENSITY)
    np.testing.assert_allclose(result.estimate.delta, delta, atol=DENSE_DENSITY)
    assert max(loglik(spatial + STEP)[0], loglik(spatial - STEP)[0]) < value


@pytest.mark.parametrize("order", ORDERS)
def test_random_effects_are_not_rejected(order):
    """By Mundlak's test, and by Hausman's where it exists; with unit dummies it does not."""
    panel = SpatialPanel(*cigar_problem(order))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mundlak = mundlak_test(panel)
        hausman = hausman_test(panel)
    assert mundlak.df == 4
    assert mundlak.p_value > 0.05
    assert hausman.df == 5
    assert hausman.p_value > 0.05
    with pytest.raises(HausmanUndefinedError, match="3 of 5 eigenvalues"):
        hausman_test(panel, fixed="direct")
