"""Joint covariance of several equations against stacked matrices, peers and the truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from spatial_reference import EFFECTS, complement, other_weights, projection, ring_weights

from yrb_carbon.spatialpanel import (
    BoundaryError,
    ClippedCovarianceWarning,
    SpatialPanel,
    SpecificationError,
    joint_covariance,
    simulate,
)
from yrb_carbon.spatialpanel import system as system_module
from yrb_carbon.spatialpanel.score import (
    RegressionErrors,
    estimate_cross_covariance,
    unbiased_squared_norm,
)

# The same algebra by other sums of some thousand terms, relative to standard errors.
SAME_ALGEBRA = 1e-9
TYPES = ("oim", "qml", "serial", "clustered")


def make_system(models=("sdm", "sar"), entity=True, time=True, n_units=12, n_periods=6, seed=1):
    """Panels with errors that are correlated between equations, the second with other weights."""
    rng = np.random.default_rng(seed)
    shape = (n_periods, n_units)
    shared = rng.standard_normal(shape)
    panels = {}
    for number, model in enumerate(models):
        w = ring_weights(n_units) if number != 1 else other_weights(n_units)
        x = rng.standard_normal((*shape, 2))
        errors = 0.8 * shared + 0.6 * rng.exponential(size=shape)
        y = simulate(w, x, errors, beta=np.array([1.0, -0.5]), rho=0.3)
        m = {"error_weights": other_weights(n_units)} if model == "sac" else {}
        panels[f"e{number}"] = SpatialPanel.of_arrays(
            y, x, w, model=model, entity_effects=entity, time_effects=time, **m
        )
    return panels


def whitened(joint, other):
    scale = 1.0 / np.sqrt(np.diag(other))
    return np.asarray(joint) * np.outer(scale, scale)


@pytest.mark.parametrize("cov_type", TYPES)
@pytest.mark.parametrize("estimator", ["transform", "direct", "direct_bc"])
@pytest.mark.parametrize(("entity", "time"), EFFECTS)
def test_blocks_on_the_diagonal_are_those_of_the_fits(cov_type, estimator, entity, time):
    panels = make_system(("sdm", "sac", "slx", "sem"), entity, time, n_units=20, n_periods=4)
    fits = {name: panel.fit(estimator) for name, panel in panels.items()}
    joint = joint_covariance(fits, cov_type)
    assert list(joint.index.names) == ["equation", "parameter"]
    for name, fit in fits.items():
        own = fit.with_covariance(cov_type).cov
        pd.testing.assert_frame_equal(joint.loc[name, name], own, atol=1e-10, check_names=False)
    values = joint.to_numpy()
    np.testing.assert_array_equal(values, values.T)
    assert np.linalg.eigvalsh(whitened(values, values)).min() > -1e-8
    assert np.abs(joint.loc["e0", "e1"].to_numpy()).max() > 0.0


def test_independent_errors_have_the_published_form_of_the_blocks():
    """Every block, σ² included, in the N-1 form: explicit orthonormal transforms of the data."""
    fits = {name: panel.fit() for name, panel in make_system(("sdm", "sar")).items()}
    n, periods = 11, 5
    f_time, f_space = complement(6), complement(12)
    z, g, sigma2, errors, mean = {}, {}, {}, {}, {}
    for name, fit in fits.items():
        arrays, k = fit.arrays, len(fit.arrays.names)

        def transform(values):
            moved = np.einsum("tp,tn...->pn...", f_time, values)
            return np.einsum("nq,pn...->pq...", f_space, moved)

        w = f_space.T @ arrays.weights.toarray() @ f_space
        z[name], y = transform(arrays.z), transform(arrays.y)
        g[name] = w @ np.linalg.inv(np.eye(n) - fit.rho * w)
        sigma2[name] = fit.sigma2
        delta = fit.params.to_numpy()[:k]
        errors[name] = y - fit.rho * y @ w.T - z[name] @ delta
        mean[name] = (z[name] @ delta) @ g[name].T
    a, b = fits
    cross = float((errors[a] * errors[b]).sum()) / (n * periods)
    product = sigma2[a] * sigma2[b]
    flat = {name: values.reshape(n * periods, -1) for name, values in z.items()}
    squared = cross**2 / product
    meat = np.zeros((6, 4))
    meat[:4, :2] = cross / product * flat[a].T @ flat[b]
    meat[:4, 2] = cross / product * flat[a].T @ mean[b].ravel()
    meat[4, :2] = cross / product * mean[a].ravel() @ flat[b]
    meat[4, 2] = cross / product * (mean[a] * mean[b]).sum() + squared * periods * (
        np.trace(g[a] @ g[b]) + np.trace(g[a].T @ g[b])
    )
    meat[4, 3] = periods * np.trace(g[a]) * cross**2 / (sigma2[a] * sigma2[b] ** 2)
    meat[5, 2] = periods * np.trace(g[b]) * cross**2 / (sigma2[a] ** 2 * sigma2[b])
    meat[5, 3] = n * periods * cross**2 / (2.0 * sigma2[a] ** 2 * sigma2[b] ** 2)
    covariances = [fit.cov.to_numpy() for fit in fits.values()]
    expected = covariances[0] @ meat @ covariances[1]
    joint = joint_covariance(fits, "oim").loc[a, b].to_numpy()
    scale = np.outer(*(fit.std_errors for fit in fits.values()))
    np.testing.assert_allclose(joint / scale, expected / scale, atol=SAME_ALGEBRA)
    assert np.abs(expected / scale).max() > 0.3  # the errors are correlated indeed


def stacked_scores(panel, fit):
    """b (NT, P) and symmetric K (NT, NT) of every parameter, over σ², by Kronecker products."""
    scheme, k = fit.specification.scheme, len(fit.arrays.names)
    parts = panel.score_parts(fit.estimate, scheme)
    n_periods, n_units = fit.n_periods, fit.n_units
    linear = np.zeros((n_periods * n_units, parts.size))
    linear[:, : parts.linear.shape[2]] = parts.linear.reshape(n_periods * n_units, -1)
    units = projection(n_units, scheme.time_effects)
    matrices = [np.zeros((n_units, n_units))] * k
    matrices += [*panel.quadratic_matrices(fit.estimate, scheme), units / (2.0 * fit.sigma2)]
    q = projection(n_periods, scheme.entity_effects)
    return (
        linear / fit.sigma2,
        [np.kron(q, (m + m.T) / 2.0) / fit.sigma2 for m in matrices],
        matrices,
    )


@pytest.mark.parametrize("models", [("sdm", "sac"), ("sem", "sar"), ("slx", "sdm"), ("ols", "slx")])
def test_serial_block_is_the_covariance_of_the_stacked_scores(models):
    """b_p'Ωb_q + 2 tr(K_pΩK_qΩ') with Ω = Σ̃_ab ⊗ J, and the excess on the diagonals of P."""
    panels = make_system(models)
    fits = {name: panel.fit() for name, panel in panels.items()}
    (first, second), n_units = fits.values(), 12
    residuals = [fit.estimate.residuals for fit in (first, second)]
    over_time = []
    for left, right in ((0, 1), (0, 0), (1, 1)):
        parts = [
            list(panels.values())[i].score_parts(
                list(fits.values())[i].estimate, first.specification.scheme
            )
            for i in (left, right)
        ]
        over_time.append(time_covariance_by_definition(*parts, n_units - 1))
    covariance, own = over_time[0], over_time[1:]
    n = n_units - 1
    raw, floor = (covariance**2).sum(), np.trace(covariance) ** 2 / 6
    unbiased = n**2 / ((n - 1) * (n + 2)) * (raw - np.trace(own[0]) * np.trace(own[1]) / n)
    squared = max(unbiased, floor)
    omega = np.kron(covariance, projection(n_units, True))
    sums = [(e**2).sum(axis=0) * n_units / n for e in residuals]
    excess = np.cov(*sums)[0, 1] - 2.0 * squared
    (b_a, k_a, p_a), (b_b, k_b, p_b) = (
        stacked_scores(panel, fit)
        for panel, fit in zip(panels.values(), fits.values(), strict=True)
    )
    meat = b_a.T @ omega @ b_b
    scale = first.sigma2 * second.sigma2
    for i, left in enumerate(k_a):
        for j, right in enumerate(k_b):
            meat[i, j] += squared / raw * 2.0 * np.trace(left @ omega @ right @ omega.T)
            if i == len(k_a) - 1 and j == len(k_b) - 1:
                # J has N-1 eigenvalues, which stand for N-1 units.
                meat[i, j] += excess / scale * n / (4.0 * scale)
            elif i == len(k_a) - 1:
                meat[i, j] += excess / scale * np.trace(p_b[j]) / (2.0 * first.sigma2)
            elif j == len(k_b) - 1:
                meat[i, j] += excess / scale * np.trace(p_a[i]) / (2.0 * second.sigma2)
            else:
                meat[i, j] += excess / scale * np.diag(p_a[i]) @ np.diag(p_b[j])
    bread = [fit.cov.to_numpy() for fit in fits.values()]
    joint = system_module.calc_joint_covariance(list(fits.values()), "serial")
    size = len(bread[0])
    scale = np.outer(first.std_errors, second.std_errors)
    np.testing.assert_allclose(
        joint[:size, size:] / scale, bread[0] @ meat @ bread[1] / scale, atol=SAME_ALGEBRA
    )


def time_covariance_by_definition(first, second, n, steps=10):
    """Σ̃_ab with the projections as NT x NT matrices."""
    n_periods, n_units = first.residuals.shape
    size = n_periods * n_units
    hats = []
    for parts in (first, second):
        columns = parts.linear.reshape(size, -1)
        hats.append(columns @ np.linalg.pinv(columns))
    observed = first.residuals @ second.residuals.T
    covariance = observed / n
    for _ in range(steps):
        omega = np.kron(covariance, np.eye(n_units))
        taken = hats[0] @ omega + omega @ hats[1] - hats[0] @ omega @ hats[1]
        blocks = taken.reshape(n_periods, n_units, n_periods, n_units)
        covariance = (observed + np.einsum("tisi->ts", blocks)) / n
    return covariance


def test_clustered_blocks_are_sums_over_units_and_pairs():
    panels = make_system(("sdm", "sar", "slx"))
    fits = {name: panel.fit() for name, panel in panels.items()}
    rows = []
    for panel, fit in zip(panels.values(), fits.values(), strict=True):
        linear, _, matrices = stacked_scores(panel, fit)
        linear = linear.reshape(6, 12, -1) * fit.sigma2
        matrices[-1] = np.eye(12) * (11 / 12) / (2.0 * fit.sigma2)
        e = fit.estimate.residuals
        products = e.T @ e
        centre = np.diag(products).mean()
        terms = []
        for i in range(12):
            quadratic = [m[i, i] * (products[i, i] - centre) for m in matrices]
            terms.append(np.einsum("ta,t->a", linear[:, i], e[:, i]) + quadratic)
            pairs = [[(m[i, j] + m[j, i]) * products[i, j] for m in matrices] for j in range(i)]
            # σ² pairs no two units.
            terms += [np.array([*pair[:-1], 0.0]) for pair in pairs]
        rows.append(np.array(terms) / fit.sigma2 @ fit.cov.to_numpy())
    stacked = np.hstack(rows)
    expected = stacked.T @ stacked * 12 / 10
    joint = joint_covariance(fits, "clustered").to_numpy()
    np.testing.assert_allclose(whitened(joint, expected), whitened(expected, expected), atol=1e-9)


@pytest.mark.parametrize(("entity", "time"), [(False, True), (True, True), (False, False)])
def test_qml_block_has_the_cross_cumulants(entity, time):
    panels = make_system(("sdm", "sar"), entity, time)
    fits = {name: panel.fit() for name, panel in panels.items()}
    first, second = fits.values()
    e, f = first.estimate.residuals, second.estimate.residuals
    q = np.kron(projection(6, entity), projection(12, time))
    thirds = [(e * f**2).mean(), (e**2 * f).mean()]
    thirds = [value / (q**3).sum(axis=1)[0] for value in thirds]
    fourth = (e**2 * f**2).mean() - (e**2).mean() * (f**2).mean() - 2.0 * (e * f).mean() ** 2
    fourth /= (q**4).sum(axis=1)[0]
    (b_a, k_a, _), (b_b, k_b, _) = (
        stacked_scores(panel, fit)
        for panel, fit in zip(panels.values(), fits.values(), strict=True)
    )
    d_a, d_b = (np.column_stack([np.diag(k) for k in ks]) for ks in (k_a, k_b))
    cross = (e * f).sum() / first.n_effective
    meat = cross * b_a.T @ b_b + fourth * d_a.T @ d_b
    meat += thirds[0] * b_a.T @ d_b + thirds[1] * d_a.T @ b_b
    meat += np.array([[2.0 * cross**2 * np.trace(left @ right) for right in k_b] for left in k_a])
    expected = first.cov.to_numpy() @ meat @ second.cov.to_numpy()
    size = len(expected)
    joint = system_module.calc_joint_covariance([first, second], "qml")[:size, size:]
    scale = np.outer(first.std_errors, second.std_errors)
    np.testing.assert_allclose(joint / scale, expected / scale, atol=SAME_ALGEBRA)
    assert min(abs(thirds[0]), abs(thirds[1]), abs(fourth)) > 0.02  # the case has what it tests


@pytest.mark.slow
def test_cross_covariance_over_time_is_unbiased_after_two_regressions():
    rng = np.random.default_rng(8)
    n_periods, n_units, draws = 5, 14, 4000
    lags = np.subtract.outer(np.arange(n_periods), np.arange(n_periods))
    factor = np.linalg.cholesky(0.8 ** np.abs(lags))
    # The second errors follow the first a period later: the block is not symmetric.
    late = np.eye(n_periods, k=-1) * 0.7
    truth = factor @ factor.T @ late.T
    z = [np.einsum("ts,snk->tnk", factor, rng.standard_normal((5, 14, k))) for k in (3, 2)]
    hats = [flat @ np.linalg.pinv(flat) for flat in (values.reshape(70, -1) for values in z)]
    total, plain = np.zeros((5, 5)), np.zeros((5, 5))
    for _ in range(draws):
        first = factor @ rng.standard_normal((n_periods, n_units))
        errors = first, late @ first + 0.5 * rng.standard_normal((n_periods, n_units))
        residuals = [
            (e.ravel() - hat @ e.ravel()).reshape(5, 14)
            for e, hat in zip(errors, hats, strict=True)
        ]
        parts = [RegressionErrors.of(*pair) for pair in zip(z, residuals, strict=True)]
        total += estimate_cross_covariance(*parts, n_units) / draws
        plain += residuals[0] @ residuals[1].T / n_units / draws
    # An entry has a standard deviation of about sqrt(1/14) a draw, .004 in the mean.
    np.testing.assert_allclose(total, truth, atol=0.02)
    assert np.abs(plain - truth).max() > 0.06


def test_squared_norm_is_unbiased_for_a_block_of_a_wishart():
    rng = np.random.default_rng(3)
    size, degrees, draws = 4, 10, 6000
    root = rng.standard_normal((2 * size, 2 * size))
    truth = root @ root.T
    block = truth[:size, size:]
    values = []
    for _ in range(draws):
        sample = root @ rng.standard_normal((2 * size, degrees))
        estimate = sample @ sample.T / degrees
        traces = np.trace(estimate[:size, :size]) * np.trace(estimate[size:, size:])
        values.append(unbiased_squared_norm(estimate[:size, size:], traces, degrees))
    expected, error = float((block**2).sum()), np.std(values) / np.sqrt(draws)
    assert abs(np.mean(values) - expected) < 4.0 * error
    assert error < 0.02 * expected


def test_equations_without_spatial_terms_are_seemingly_unrelated_regressions():
    from linearmodels.system import SUR

    rng = np.random.default_rng(2)
    shape = (5, 12)
    shared = rng.standard_normal(shape)
    fits, equations = {}, {}
    for name, k in (("a", 2), ("b", 3), ("c", 1)):
        x = rng.standard_normal((*shape, k))
        y = x.sum(axis=2) + shared + rng.standard_normal(shape)
        panel = SpatialPanel.of_arrays(
            y, x, ring_weights(12), model="ols", entity_effects=False, time_effects=False
        )
        fits[name] = panel.fit()
        exog = pd.DataFrame(panel.arrays.z.reshape(60, -1), columns=list(panel.arrays.names))
        equations[name] = {"dependent": pd.Series(y.ravel(), name=name), "exog": exog}
    peer = SUR(equations).fit(method="ols", cov_type="unadjusted")
    joint = joint_covariance(fits, "oim")
    slopes = joint.index.get_level_values("parameter") != "sigma2"
    np.testing.assert_allclose(joint.loc[slopes, slopes], peer.cov, rtol=1e-9)
    variances = np.array([fit.estimate.residuals.ravel() for fit in fits.values()])
    sigma = variances @ variances.T / 60
    # σ̂_aa and σ̂_bb of normal errors: 2σ_ab²/n.
    np.testing.assert_allclose(joint.loc[~slopes, ~slopes], 2.0 * sigma**2 / 60, rtol=1e-9)


def test_groups_leave_zeros_between_them():
    fits = {name: panel.fit() for name, panel in make_system(("sdm", "sar", "slx")).items()}
    whole = joint_covariance(fits)
    part = joint_covariance(fits, groups=[["e2", "e0"]])
    assert (part.loc["e1", ["e0", "e2"]].to_numpy() == 0.0).all()
    assert (part.loc[["e0", "e2"], "e1"].to_numpy() == 0.0).all()
    kept = ["e0", "e2"]
    np.testing.assert_allclose(part.loc[kept, kept], whole.loc[kept, kept], rtol=1e-12)
    pd.testing.assert_frame_equal(part.loc[["e1"], ["e1"]], whole.loc[["e1"], ["e1"]])
    pd.testing.assert_index_equal(part.index, whole.index)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([["e0", "e9"]], "groups name e9, which is no equation; those are e0, e1"),
        ([["e0"], ["e0", "e1"]], "e0 is in groups more than once"),
        (["e0"], "groups must be a list of lists"),
    ],
)
def test_unreadable_groups_are_refused(groups, message):
    fits = {name: panel.fit() for name, panel in make_system().items()}
    with pytest.raises(SpecificationError, match=message):
        joint_covariance(fits, groups=groups)


def test_what_has_no_joint_covariance_is_refused_by_name():
    fits = {name: panel.fit() for name, panel in make_system().items()}
    with pytest.raises(SpecificationError, match="cov_type must be one of oim, qml, serial, clust"):
        joint_covariance(fits, "hessian")
    with pytest.raises(SpecificationError, match="there are no equations"):
        joint_covariance({})
    with pytest.raises(SpecificationError, match="equation 'e1' is a DataFrame"):
        joint_covariance({"e0": fits["e0"], "e1": pd.DataFrame()})
    shorter = make_system(n_periods=5)["e1"].fit()
    with pytest.raises(
        SpecificationError, match=r"'e0' and 'e1' have different periods .only 'e0'"
    ):
        joint_covariance({"e0": fits["e0"], "e1": shorter})
    fewer = make_system(n_units=11)["e1"].fit()
    with pytest.raises(SpecificationError, match=r"different units .only 'e0' has 11.; a joint"):
        joint_covariance({"e0": fits["e0"], "e1": fewer})
    other = make_system(time=False)["e1"].fit()
    with pytest.raises(SpecificationError, match=r"'e1' transform with unit effects.; a joint cov"):
        joint_covariance({"e0": fits["e0"], "e1": other})
    with pytest.raises(SpecificationError, match=r"'e0' transform with .*, 'e1' direct with"):
        joint_covariance({"e0": fits["e0"], "e1": make_system()["e1"].fit("direct")})
    edge = dataclasses.replace(
        fits["e1"], estimate=dataclasses.replace(fits["e1"].estimate, at_boundary=True)
    )
    with pytest.raises(BoundaryError, match="the estimate of e1 is at the edge"):
        joint_covariance({"e0": fits["e0"], "e1": edge})


def test_many_units_are_refused_where_two_equations_are_spatial(monkeypatch):
    import yrb_carbon.spatialpanel.covariance as covariance
    import yrb_carbon.spatialpanel.model as model

    monkeypatch.setattr(model, "DENSE_MATRIX_LIMIT", 10)
    monkeypatch.setattr(covariance, "DIAGONAL_LIMIT", 10)
    fits = {name: panel.fit() for name, panel in make_system(("sdm", "sar", "slx")).items()}
    with pytest.raises(SpecificationError, match="'serial' of several equations needs dense"):
        joint_covariance(fits)
    joint = joint_covariance({"e0": fits["e0"], "e2": fits["e2"]})
    assert np.isfinite(joint.to_numpy()).all()
    separate = joint_covariance(fits, groups=[])
    assert np.isfinite(separate.to_numpy()).all()


@pytest.mark.parametrize("cov_type", TYPES)
def test_order_of_units_columns_and_equations_changes_nothing(cov_type):
    panels = make_system()
    fits = {name: panel.fit() for name, panel in panels.items()}
    joint = joint_covariance(fits, cov_type)
    order = np.random.default_rng(0).permutation(12)
    moved = {}
    for name, panel in reversed(panels.items()):
        arrays = panel.arrays
        moved[name] = SpatialPanel.of_arrays(
            arrays.y[:, order],
            arrays.z[:, order, 1::-1],
            arrays.weights.toarray()[np.ix_(order, order)],
            names=["x2", "x1"],
            model=panel.model,
        ).fit()
    again = joint_covariance(moved, cov_type)
    np.testing.assert_allclose(again.loc[joint.index, joint.index], joint, atol=1e-10)


def test_indefinite_estimates_are_clipped_and_keep_their_variances(monkeypatch):
    fits = {name: panel.fit() for name, panel in make_system().items()}
    plain = joint_covariance(fits, "oim")

    def inflated(*arguments):
        matrix = np.array(plain)
        matrix[:6, 6:] *= 3.0
        matrix[6:, :6] *= 3.0
        return matrix

    monkeypatch.setattr(system_module, "calc_joint_covariance", inflated)
    eigenvalues = np.linalg.eigvalsh(whitened(inflated(), plain))
    stated = f"with {(eigenvalues < 0).sum()} negative .* smallest {eigenvalues[0]:.3g} where"
    with pytest.warns(ClippedCovarianceWarning, match=f"e0, e1 a joint covariance {stated}"):
        clipped = joint_covariance(fits, "oim")
    np.testing.assert_allclose(np.diag(clipped), np.diag(plain), rtol=1e-12)
    assert np.linalg.eigvalsh(whitened(clipped, clipped)).min() > -1e-12
    # Towards what was wanted: the cross blocks are larger than those without the inflation.
    assert np.abs(clipped.loc["e0", "e1"].to_numpy()).sum() > (
        np.abs(plain.loc["e0", "e1"].to_numpy()).sum()
    )


def simulated_system(draws, serial, seed=11):
    """Estimates and mean covariance of two SDM equations with error correlation .6."""
    rng = np.random.default_rng(seed)
    n_units, n_periods = 60, 10
    w = ring_weights(n_units)

    def persistent(shape):
        values = rng.standard_normal((n_periods, *shape))
        for t in range(1, n_periods):
            values[t] = serial * values[t - 1] + np.sqrt(1 - serial**2) * values[t]
        return values

    x = persistent((n_units, 1))
    mean = (x + 0.3 * (w @ x))[:, :, 0]
    inverse = [np.linalg.inv(np.eye(n_units) - rho * w) for rho in (0.4, 0.3)]
    panel = SpatialPanel.of_arrays(mean, x, w)
    estimates, covariances = [], []
    for _ in range(draws):
        shared, own = persistent((n_units,)), persistent((n_units,))
        errors = shared, 0.6 * shared + 0.8 * own
        fits = {
            name: panel.with_dependent((mean + e) @ a.T, name).fit()
            for name, e, a in zip("ab", errors, inverse, strict=True)
        }
        estimates.append(np.concatenate([fit.params for fit in fits.values()]))
        covariances.append(joint_covariance(fits, "serial" if serial else "oim").to_numpy())
    return np.array(estimates), np.mean(covariances, axis=0)


def correlations_between(covariance):
    """Of the parameters (β, θ, ρ, σ²) of the first equation with those of the second."""
    return whitened(covariance, covariance)[:4, 4:]


@pytest.mark.slow
@pytest.mark.parametrize("serial", [0.0, 0.7])
def test_covariance_between_equations_is_that_of_many_samples(serial):
    """The s.e. of a correlation r of 400 draws is (1 - r²)/20."""
    draws = 400
    estimates, mean = simulated_system(draws, serial)
    empirical = np.cov(estimates.T)
    expected = correlations_between(mean)
    error = (1.0 - expected**2) / np.sqrt(draws)
    deviations = (correlations_between(empirical) - expected) / error
    # Sixteen correlations: the largest of as many normal deviates is beyond 3.5 once in 140.
    assert np.abs(deviations).max() < 3.5
    assert expected[0, 0] > 0.5
    assert expected[2, 2] > 0.25
    # A standard deviation of 400 draws errs by 3.5 %, that of a variance of AR errors by more.
    ratios = np.sqrt(np.diag(mean) / np.diag(empirical))
    np.testing.assert_allclose(ratios, 1.0, atol=0.13)
