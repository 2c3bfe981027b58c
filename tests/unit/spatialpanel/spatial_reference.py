"""Textbook versions of the likelihoods, dense and slow, that share no code with the library."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg, sparse

from yrb_carbon.spatialpanel import simulate

EFFECTS = [(True, True), (True, False), (False, True), (False, False)]


def ring_weights(n_units: int, *, standardised: bool = True, seed: int = 5) -> np.ndarray:
    """A ring with random extra links and, unless standardised, random unequal weights."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        matrix[i, (i + 1) % n_units] = matrix[(i + 1) % n_units, i] = 1.0
    extra = rng.integers(0, n_units, size=(n_units // 2, 2))
    for i, j in extra:
        if i != j:
            matrix[i, j] = matrix[j, i] = 1.0
    if standardised:
        return matrix / matrix.sum(axis=1, keepdims=True)
    return matrix * rng.uniform(0.1, 0.5, size=matrix.shape)


def other_weights(n_units: int) -> np.ndarray:
    """Three random neighbours each, row-standardised; asymmetric."""
    rng = np.random.default_rng(4)
    matrix = np.zeros((n_units, n_units))
    for i in range(n_units):
        matrix[i, rng.choice(np.delete(np.arange(n_units), i), 3, replace=False)] = 1.0 / 3.0
    return matrix


def projection(size: int, removed: bool) -> np.ndarray:
    """Deviations from the mean, or the identity where nothing is removed."""
    return np.eye(size) - (np.ones((size, size)) / size if removed else 0.0)


def make_problem(
    n_units: int = 12,
    n_periods: int = 5,
    n_variables: int = 2,
    *,
    weights: np.ndarray | None = None,
    rho: float = 0.4,
    lam: float = 0.0,
    unit_spread: float = 1.0,
    seed: int = 1,
):
    """Outcome, regressors and weights of a simulated panel with both kinds of effects."""
    rng = np.random.default_rng(seed)
    matrix = ring_weights(n_units) if weights is None else weights
    mu = unit_spread * rng.standard_normal(n_units)
    xi = rng.standard_normal(n_periods)
    x = rng.standard_normal((n_periods, n_units, n_variables)) + 0.5 * mu[None, :, None]
    y = simulate(
        sparse.csr_array(matrix),
        x,
        0.5 * rng.standard_normal((n_periods, n_units)),
        beta=np.linspace(1.0, -0.5, n_variables),
        theta=np.linspace(0.3, 0.1, n_variables),
        rho=rho,
        lam=lam,
        mu=mu,
        xi=xi,
    )
    units = [f"u{i:02d}" for i in range(n_units)]
    index = pd.MultiIndex.from_product(
        [range(2000, 2000 + n_periods), units], names=["year", "unit"]
    ).swaplevel()
    exog = pd.DataFrame(
        x.reshape(-1, n_variables), index, columns=[f"x{k + 1}" for k in range(n_variables)]
    )
    return pd.Series(y.ravel(), index, name="y"), exog, (units, sparse.csr_array(matrix))


def dummies(n_units: int, n_periods: int, entity_effects: bool, time_effects: bool) -> np.ndarray:
    """Explicit dummies of full column rank for the time-major stack."""
    columns = []
    if entity_effects:
        columns.append(np.kron(np.ones((n_periods, 1)), np.eye(n_units)))
    if time_effects:
        periods = np.kron(np.eye(n_periods), np.ones((n_units, 1)))
        columns.append(periods[:, 1:] if entity_effects else periods)
    return np.hstack(columns) if columns else np.zeros((n_units * n_periods, 0))


def complement(size: int) -> np.ndarray:
    """F: orthonormal columns orthogonal to the ones."""
    return linalg.null_space(np.ones((1, size)))


def transformers(arrays, entity_effects: bool, time_effects: bool):
    """(F_T ⊗ F_N)' and W* of the transformation estimator."""
    f_time = complement(arrays.n_periods) if entity_effects else np.eye(arrays.n_periods)
    f_space = complement(arrays.n_units) if time_effects else np.eye(arrays.n_units)
    return np.kron(f_time, f_space).T, f_space.T @ arrays.weights.toarray() @ f_space


def stacked_problem(result):
    """y, Z, W as the estimator sees them: dummies (direct) or orthonormal transforms."""
    arrays, scheme = result.arrays, result.specification.scheme
    y, z = arrays.y.ravel(), arrays.z.reshape(-1, arrays.z.shape[2])
    if not scheme.transformed:
        d = dummies(arrays.n_units, arrays.n_periods, scheme.entity_effects, scheme.time_effects)
        return y, np.hstack([z, d]), arrays.weights.toarray(), arrays.n_periods
    f, w = transformers(arrays, scheme.entity_effects, scheme.time_effects)
    return f @ y, f @ z, w, f.shape[0] // w.shape[0]


def loglik_by_definition(result, spatial: float, sigma2: float, delta: np.ndarray) -> float:
    """Gaussian log-likelihood of the full stack, dummies profiled out by least squares."""
    y, z, w, periods = stacked_problem(result)
    a = np.eye(len(w)) - spatial * w
    big = np.kron(np.eye(periods), a)
    k = len(delta)
    if result.specification.spatial_names == ("lambda",):
        target, columns = big @ (y - z[:, :k] @ delta), big @ z[:, k:]
    else:
        target, columns = big @ y - z[:, :k] @ delta, z[:, k:]
    if columns.shape[1]:
        target = target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
    return float(
        -0.5 * len(y) * np.log(2 * np.pi * sigma2)
        + periods * np.linalg.slogdet(a)[1]
        - 0.5 * target @ target / sigma2
    )


def information_by_definition(result) -> np.ndarray:
    """Covariance of (δ, ρ or λ, σ²) from the information matrix with all dummies in it."""
    y, x, w, periods = stacked_problem(result)
    rho, sigma2 = result.estimate.spatial_values[0], result.sigma2
    identity = np.eye(len(w))
    g = w @ np.linalg.inv(identity - rho * w)
    big_a, big_g = np.kron(np.eye(periods), identity - rho * w), np.kron(np.eye(periods), g)
    k = x.shape[1]
    h = np.zeros((k + 2, k + 2))
    if result.specification.spatial_names == ("lambda",):
        h[:k, :k] = (big_a @ x).T @ (big_a @ x) / sigma2
    else:
        coefficients = np.linalg.lstsq(x, big_a @ y, rcond=None)[0]
        if not result.specification.scheme.transformed:
            np.testing.assert_allclose(
                coefficients[: len(result.estimate.delta)], result.estimate.delta, atol=1e-9
            )
        m = big_g @ (x @ coefficients)
        h[:k, :k] = x.T @ x / sigma2
        h[:k, k] = h[k, :k] = x.T @ m / sigma2
        h[k, k] = m @ m / sigma2
    h[k, k] += periods * (np.trace(g @ g) + np.trace(g.T @ g))
    h[k, k + 1] = h[k + 1, k] = periods * np.trace(g) / sigma2
    h[k + 1, k + 1] = len(y) / (2 * sigma2**2)
    covariance = np.linalg.inv(h)
    keep = [*range(len(result.estimate.delta)), k, k + 1]
    return covariance[np.ix_(keep, keep)]
