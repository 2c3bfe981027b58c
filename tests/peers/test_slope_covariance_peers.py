"""Robust covariances of the slopes agree with linearmodels and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.slope_covariance import (
    clustered,
    driscoll_kraay,
    hc,
    slope_scores,
    two_way,
)

# The same sums in another order: only rounding differs.
SAME_ALGEBRA = 1e-10
N_UNITS, N_PERIODS = 12, 9
REGIONS = {unit: unit % 4 for unit in range(N_UNITS)}


@pytest.fixture(scope="module")
def problem():
    """Serially and cross-sectionally dependent errors, two regressors, weights of a ring."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((N_PERIODS, N_UNITS, 2)).cumsum(axis=0)
    common = rng.standard_normal((N_PERIODS, 1))
    noise = rng.standard_normal((N_PERIODS, N_UNITS)).cumsum(axis=0) + common
    y = x @ np.array([1.0, -0.5]) + noise * (1.0 + np.abs(x[:, :, 0]))
    ring = np.roll(np.eye(N_UNITS), 1, axis=1) + np.roll(np.eye(N_UNITS), -1, axis=1)
    index = pd.MultiIndex.from_product([range(N_PERIODS), range(N_UNITS)]).swaplevel()
    exog = pd.DataFrame(x.reshape(-1, 2), index, columns=["a", "b"])
    return pd.Series(y.ravel(), index, name="y"), exog, (range(N_UNITS), sparse.csr_array(ring / 2))


def fit_both(problem, entity_effects, time_effects, model="slx", **options):
    """Our fit, and the linearmodels covariance without degrees-of-freedom factors."""
    from linearmodels.panel import PanelOLS

    dependent = problem[0]
    ours = SpatialPanel(
        *problem, model=model, entity_effects=entity_effects, time_effects=time_effects
    ).fit(estimator="direct")
    index = pd.MultiIndex.from_product([ours.arrays.periods, ours.arrays.units]).swaplevel()
    z = pd.DataFrame(ours.arrays.z.reshape(-1, ours.arrays.z.shape[2]), index, ours.arrays.names)
    peer = PanelOLS(
        dependent.loc[index], z, entity_effects=entity_effects, time_effects=time_effects
    ).fit(debiased=False, auto_df=False, count_effects=False, **options)
    np.testing.assert_allclose(ours.estimate.delta, peer.params, rtol=1e-9)
    return ours, peer.cov.to_numpy(), index


EFFECTS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize("model", ["ols", "slx"])
@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
def test_clustered_by_unit(problem, model, entity_effects, time_effects):
    ours, peer, _ = fit_both(
        problem, entity_effects, time_effects, model, cov_type="clustered", cluster_entity=True
    )
    np.testing.assert_allclose(clustered(ours, "CR0").covariance, peer, rtol=SAME_ALGEBRA)
    factor = N_UNITS / (N_UNITS - 1.0)
    np.testing.assert_allclose(clustered(ours, "CR1").covariance, factor * peer, rtol=SAME_ALGEBRA)


def test_clustered_by_region(problem):
    from linearmodels.panel import PanelOLS

    ours, _, index = fit_both(problem, True, True)
    dependent = problem[0].loc[index]
    z = pd.DataFrame(ours.arrays.z.reshape(len(index), -1), index, ours.arrays.names)
    regions = pd.Series([REGIONS[unit] for unit, _ in index], index)
    peer = PanelOLS(dependent, z, entity_effects=True, time_effects=True).fit(
        cov_type="clustered", clusters=regions, debiased=False,
        auto_df=False, count_effects=False,
    )  # fmt: skip
    result = clustered(ours, "CR0", REGIONS)
    np.testing.assert_allclose(result.covariance, peer.cov, rtol=SAME_ALGEBRA)
    assert result.df == 3.0


@pytest.mark.parametrize("bandwidth", [0, 1, 3, None])
@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
def test_driscoll_kraay(problem, entity_effects, time_effects, bandwidth):
    ours, peer, _ = fit_both(
        problem, entity_effects, time_effects,
        cov_type="kernel", kernel="bartlett", bandwidth=bandwidth,
    )  # fmt: skip
    result = driscoll_kraay(ours, bandwidth)
    # With period effects and no lag all period sums are zero: the largest entry sets the scale.
    np.testing.assert_allclose(
        result.covariance, peer, rtol=SAME_ALGEBRA, atol=SAME_ALGEBRA * np.abs(peer).max()
    )


# With period effects the sums of a period nearly cancel, and the two-way form may turn negative.
@pytest.mark.filterwarnings("ignore::yrb_carbon.spatialpanel.errors.IndefiniteCovarianceWarning")
@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
def test_two_way(problem, entity_effects, time_effects):
    ours, peer, _ = fit_both(
        problem, entity_effects, time_effects,
        cov_type="clustered", cluster_entity=True, cluster_time=True,
    )  # fmt: skip
    np.testing.assert_allclose(
        two_way(ours).covariance, peer, rtol=SAME_ALGEBRA, atol=SAME_ALGEBRA * np.abs(peer).max()
    )


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
def test_heteroskedastic(problem, entity_effects, time_effects):
    ours, peer, _ = fit_both(problem, entity_effects, time_effects, cov_type="robust")
    np.testing.assert_allclose(hc(ours, "HC0").covariance, peer, rtol=SAME_ALGEBRA)


@pytest.mark.parametrize(("entity_effects", "time_effects"), EFFECTS)
def test_leverage_corrections_of_statsmodels_with_explicit_dummies(
    problem, entity_effects, time_effects
):
    import statsmodels.api as sm

    ours, _, _ = fit_both(problem, entity_effects, time_effects)
    arrays = ours.arrays
    columns = [arrays.z.reshape(-1, arrays.z.shape[2])]
    if entity_effects:
        columns.append(np.kron(np.ones((N_PERIODS, 1)), np.eye(N_UNITS)))
    if time_effects:
        periods = np.kron(np.eye(N_PERIODS), np.ones((N_UNITS, 1)))
        columns.append(periods[:, 1:] if entity_effects else periods)
    peer = sm.OLS(arrays.y.ravel(), np.hstack(columns)).fit()
    k = len(arrays.names)
    data = slope_scores(ours)
    assert data.shape == (N_PERIODS, N_UNITS, k)
    for correction in ("HC0", "HC2", "HC3"):
        robust = peer.get_robustcov_results(correction).cov_params()[:k, :k]
        np.testing.assert_allclose(hc(ours, correction).covariance, robust, rtol=1e-8)
