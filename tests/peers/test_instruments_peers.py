"""Instrumental variables agree with linearmodels and spreg, which share no code with this library.

linearmodels gets explicit dummies. spreg gets them too, or no effects, or data demeaned by unit:
its spatial lags of dummies would be collinear with the dummies.
"""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from yrb_carbon.spatialpanel import simulate
from yrb_carbon.spatialpanel.instruments import SpatialIVPanel

# Demeaned data and explicit dummies solve the same normal equations, with a little more rounding
# in the nearly collinear W²X and W³X.
SAME_ALGEBRA = 1e-7
# spreg minimises the moments of the error by a bounded quasi-Newton search.
BOUNDED_SEARCH = 1e-4

N_UNITS, N_PERIODS = 30, 8
EFFECTS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.fixture(scope="module")
def problem():
    """A 5 x 6 rook grid; e is correlated with the error, z1 and z2 instrument it."""
    rng = np.random.default_rng(21)
    cells = np.arange(N_UNITS).reshape(5, 6)
    contiguity = np.zeros((N_UNITS, N_UNITS))
    for a, b in ((cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])):
        contiguity[a.ravel(), b.ravel()] = contiguity[b.ravel(), a.ravel()] = 1.0
    weights = sparse.csr_array(contiguity / contiguity.sum(axis=1, keepdims=True))
    mu = rng.standard_normal(N_UNITS)
    shape = (N_PERIODS, N_UNITS)
    a, b, z1, z2, common = rng.standard_normal((5, *shape)) + 0.5 * mu
    e = z1 - 0.5 * z2 + common + 0.5 * rng.standard_normal(shape)
    errors = 0.8 * (common - 0.5 * mu) + rng.standard_normal(shape) * (0.5 + rng.random(N_UNITS))
    y = simulate(
        weights, np.stack([a, b, e], axis=2), errors, beta=np.array([1.0, -0.5, 0.7]),
        theta=np.array([0.3, 0.2, 0.1]), rho=0.4, mu=mu, xi=rng.standard_normal(N_PERIODS),
    )  # fmt: skip
    index = pd.MultiIndex.from_product([range(N_PERIODS), range(N_UNITS)]).swaplevel()
    frame = pd.DataFrame(
        {name: values.ravel() for name, values in
         {"y": y, "a": a, "b": b, "e": e, "z1": z1, "z2": z2}.items()}, index,
    )  # fmt: skip
    return frame, weights


def build(problem, **options):
    frame, weights = problem
    options = {"endog": frame[["e"]], "instruments": frame[["z1", "z2"]], **options}
    return SpatialIVPanel(frame["y"], frame[["a", "b"]], (range(N_UNITS), weights), **options)


def lag(weights, frame, names, power=1):
    values = frame[list(names)].to_numpy().reshape(N_PERIODS, N_UNITS, -1)
    dense = np.linalg.matrix_power(weights.toarray(), power)
    lagged = np.einsum("ij,tjk->tik", dense, values).reshape(len(frame), -1)
    prefix = "W." if power == 1 else f"W{power}."
    return pd.DataFrame(lagged, frame.index, columns=[prefix + name for name in names])


def dummies(frame, entity_effects, time_effects):
    """Dummies of full column rank, or a constant."""
    columns = []
    if entity_effects:
        columns.append(pd.get_dummies(frame.index.get_level_values(0), prefix="unit", dtype=float))
    if time_effects:
        periods = pd.get_dummies(frame.index.get_level_values(1), prefix="period", dtype=float)
        columns.append(periods.iloc[:, 1:] if entity_effects else periods)
    if not columns:
        columns.append(pd.DataFrame({"const": np.ones(len(frame))}))
    return pd.concat(columns, axis=1).set_axis(frame.index)


def columns_of(problem, model):
    """Exogenous, endogenous and excluded columns of a model, lags written out."""
    frame, weights = problem
    lagged_y = lag(weights, frame, ["y"]).set_axis(["rho"], axis=1)
    given = [frame[["z1", "z2"]]]
    lags = [lag(weights, frame, ["z1", "z2"], power) for power in (1, 2)]
    exog, endog = [frame[["a", "b"]]], [frame[["e"]]]
    powers = {"sar": (1, 2), "sdm": (2, 3)}.get(model, ())
    excluded = [*given, *lags[: {"ols": 0, "slx": 1}.get(model, 2)]]
    excluded += [lag(weights, frame, ["a", "b"], power) for power in powers]
    if model in {"slx", "sdm"}:
        exog.append(lag(weights, frame, ["a", "b"]))
        endog.append(lag(weights, frame, ["e"]))
    if powers:
        endog.append(lagged_y)
    return tuple(pd.concat(part, axis=1) for part in (exog, endog, excluded))


def linearmodels_fit(problem, model, effects, cov_type, **options):
    from linearmodels.iv import IV2SLS

    frame, _ = problem
    exog, endog, excluded = columns_of(problem, model)
    exog = pd.concat([exog, dummies(frame, *effects)], axis=1)
    if cov_type == "clustered":
        options["clusters"] = pd.Series(frame.index.get_level_values(0), frame.index)
    return IV2SLS(frame["y"], exog, endog, excluded).fit(
        cov_type=cov_type, debiased=True, **options
    )


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", ["sdm", "sar", "slx", "ols"])
@pytest.mark.parametrize("cov_type", ["unadjusted", "robust"])
def test_2sls_equals_linearmodels_with_dummies(problem, model, effects, cov_type):
    ours = build(problem, model=model, entity_effects=effects[0], time_effects=effects[1])
    result = ours.fit(cov_type)
    peer = linearmodels_fit(problem, model, effects, cov_type)
    names = list(result.param_names)
    np.testing.assert_allclose(result.params, peer.params[names], atol=SAME_ALGEBRA)
    np.testing.assert_allclose(result.std_errors, peer.std_errors[names], rtol=SAME_ALGEBRA)
    assert result.sigma2 == pytest.approx(peer.s2, rel=SAME_ALGEBRA)


@pytest.mark.parametrize("model", ["sdm", "ols"])
def test_clustered_errors_equal_linearmodels_up_to_the_nested_dummies(problem, model):
    result = build(problem, model=model).fit("clustered")
    peer = linearmodels_fit(problem, model, (True, True), "clustered")
    # linearmodels counts all dummies as parameters, this library not the N - 1 that are nested.
    free = result.df_resid
    scale = np.sqrt(free / (free + N_UNITS - 1))
    np.testing.assert_allclose(
        result.std_errors, scale * peer.std_errors[list(result.param_names)], rtol=SAME_ALGEBRA
    )


@pytest.mark.parametrize("model", ["sdm", "sar", "slx", "ols"])
@pytest.mark.parametrize("cov_type", ["unadjusted", "robust", "clustered"])
def test_first_stage_and_rank_equal_linearmodels(problem, model, cov_type):
    """linearmodels counts nested dummies in the clustered factor, which is divided out."""
    result = build(problem, model=model).fit(cov_type)
    peer = linearmodels_fit(problem, model, (True, True), cov_type).first_stage
    table = peer.diagnostics.loc[list(result.first_stage.index)]
    np.testing.assert_allclose(
        result.first_stage["partial_r2"], table["partial.rsquared"].astype(float), rtol=SAME_ALGEBRA
    )
    rank = result.rank_test()
    assert rank.cragg_donald_f == pytest.approx(float(peer.cragg_donald_f), rel=SAME_ALGEBRA)
    n_free = result.dependence.residual_df(result._n_instruments)
    factor = 1.0
    if cov_type == "clustered":
        factor = (n_free + N_UNITS - 1) / n_free
    assert rank.kleibergen_paap_f == pytest.approx(factor * float(peer.kleibergen_paap_f), rel=1e-6)


def test_exogeneity_test_equals_the_regression_form_of_linearmodels(problem):
    """All endogenous regressors tested, homoskedastic: q times the Wu-Hausman F."""
    result = build(problem, model="sar").fit("unadjusted")
    peer = linearmodels_fit(problem, "sar", (True, True), "unadjusted").wu_hausman()
    ours = [test for test in result.diagnostics if test.name == "Durbin-Wu-Hausman"][-1]
    assert ours.statistic == pytest.approx(2.0 * float(peer.stat), rel=SAME_ALGEBRA)


@pytest.mark.parametrize("model", ["sdm", "sar", "ols"])
def test_sargan_equals_linearmodels_up_to_the_dummies(problem, model):
    result = build(problem, model=model).fit("unadjusted")
    peer = linearmodels_fit(problem, model, (True, True), "unadjusted").sargan
    share = (result.nobs - result.dependence.n_absorbed) / result.nobs
    ours = result.diagnostics[0]
    assert ours.statistic == pytest.approx(share * float(peer.stat), rel=SAME_ALGEBRA)
    assert ours.df == peer.df


@pytest.mark.parametrize("cov_type", ["robust", "clustered"])
@pytest.mark.parametrize("model", ["sar", "ols"])
def test_gmm_equals_linearmodels_on_demeaned_data(problem, model, cov_type):
    from linearmodels.iv import IVGMM

    frame, _ = problem
    result = build(problem, model=model).fit(cov_type, "gmm")

    def demean(part):
        by_unit = part - part.groupby(level=0).transform("mean")
        return by_unit - by_unit.groupby(level=1).transform("mean")

    exog, endog, excluded = (demean(part) for part in columns_of(problem, model))
    options = {}
    if cov_type == "clustered":
        options["clusters"] = pd.Series(frame.index.get_level_values(0), frame.index)
    peer = IVGMM(demean(frame[["y"]]), exog, endog, excluded, weight_type=cov_type, **options).fit(
        cov_type=cov_type, iter_limit=2, debiased=False, **options
    )
    names = list(result.param_names)
    np.testing.assert_allclose(result.params, peer.params[names], atol=SAME_ALGEBRA)
    factor = result.dependence.small_sample_factor(len(names))
    np.testing.assert_allclose(
        result.std_errors, np.sqrt(factor) * peer.std_errors[names], rtol=SAME_ALGEBRA
    )
    factor = result.dependence.small_sample_factor(0)
    assert result.diagnostics[0].statistic * factor == pytest.approx(
        float(peer.j_stat.stat), rel=1e-6
    )


def test_driscoll_kraay_equals_linearmodels_where_nothing_is_endogenous(problem):
    from linearmodels.panel import PanelOLS

    frame, _ = problem
    result = build(problem, model="ols", endog=None, instruments=None).fit(
        "driscoll_kraay", bandwidth=3
    )
    peer = PanelOLS(frame["y"], frame[["a", "b"]], entity_effects=True, time_effects=True).fit(
        cov_type="kernel", kernel="bartlett", bandwidth=3, debiased=True
    )
    np.testing.assert_allclose(result.params, peer.params, atol=SAME_ALGEBRA)
    np.testing.assert_allclose(result.std_errors, peer.std_errors, rtol=SAME_ALGEBRA)


def stacked_weights(weights):
    """W of every period on the diagonal, as libpysal has it."""
    from libpysal.weights import WSP

    with contextlib.redirect_stdout(io.StringIO()):
        stacked = WSP(sparse.csr_matrix(sparse.kron(sparse.eye(N_PERIODS), weights))).to_W()
    stacked.transform = "r"
    return stacked


def test_two_way_2sls_equals_spreg_with_dummies(problem):
    from spreg import TSLS

    frame, _ = problem
    exog, endog, excluded = columns_of(problem, "sdm")
    exog = pd.concat([exog, dummies(frame, True, True).iloc[:, 1:]], axis=1)
    peer = TSLS(
        frame[["y"]].to_numpy(), exog.to_numpy(), endog.to_numpy(), excluded.to_numpy(),
        sig2n_k=True,
    )  # fmt: skip
    result = build(problem).fit("unadjusted")
    positions = [1, 2, exog.shape[1] + 1, 3, 4, exog.shape[1] + 2, exog.shape[1] + 3]
    order = ["a", "b", "e", "W.a", "W.b", "W.e", "rho"]
    np.testing.assert_allclose(result.params[order], peer.betas[positions, 0], atol=SAME_ALGEBRA)
    np.testing.assert_allclose(
        result.std_errors[order], np.sqrt(np.diag(peer.vm))[positions], rtol=1e-6
    )


@pytest.mark.parametrize("entity_effects", [True, False])
def test_spatial_lag_equals_gm_lag_of_spreg(problem, entity_effects):
    """W²X, W.IV, W².IV made by spreg itself."""
    from spreg import GM_Lag

    frame, weights = problem
    data = frame
    if entity_effects:
        data = frame - frame.groupby(level=0).transform("mean")
    peer = GM_Lag(
        data[["y"]].to_numpy(), data[["a", "b"]].to_numpy(), yend=data[["e"]].to_numpy(),
        q=data[["z1", "z2"]].to_numpy(), w=stacked_weights(weights), w_lags=2, lag_q=True,
    )  # fmt: skip
    result = build(problem, model="sar", entity_effects=entity_effects, time_effects=False).fit()
    np.testing.assert_allclose(
        result.params[["a", "b", "e", "rho"]], peer.betas[1:, 0], atol=SAME_ALGEBRA
    )


def test_spatially_correlated_errors_equal_gm_combo_of_spreg(problem):
    from spreg import GM_Combo

    frame, weights = problem
    with contextlib.redirect_stdout(io.StringIO()):
        peer = GM_Combo(
            frame[["y"]].to_numpy(), frame[["a", "b"]].to_numpy(), yend=frame[["e"]].to_numpy(),
            q=frame[["z1", "z2"]].to_numpy(), w=stacked_weights(weights), w_lags=2, lag_q=True,
        )  # fmt: skip
    result = build(
        problem, model="sar", entity_effects=False, time_effects=False,
        error_weights=(range(N_UNITS), weights),
    ).fit("unadjusted")  # fmt: skip
    np.testing.assert_allclose(
        result.params[["a", "b", "e", "rho", "lambda"]], peer.betas[1:, 0], atol=BOUNDED_SEARCH
    )
