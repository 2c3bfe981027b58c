"""Mediated effects by dense products of matrices, and systems to try them on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.mediation import EquationDraws, Resolvent, SystemDraws
from yrb_carbon.mediation.decomposition import MEDIATED, OWN_AND_FEEDBACK
from yrb_carbon.spatialpanel.logdet import analyse_weights

PARTS = (*MEDIATED, *OWN_AND_FEEDBACK)


def rook(rows, columns):
    """Row-standardised rook contiguity of a grid; similar to a symmetric matrix."""
    place = np.arange(rows * columns).reshape(rows, columns)
    matrix = np.zeros((rows * columns,) * 2)
    for a, b in ((place[:, :-1], place[:, 1:]), (place[:-1], place[1:])):
        matrix[a.ravel(), b.ravel()] = matrix[b.ravel(), a.ravel()] = 1.0
    return matrix / matrix.sum(axis=1, keepdims=True)


def nearest(rng, n_units, neighbours):
    """Row-standardised nearest neighbours of random points; asymmetric and often defective."""
    points = rng.uniform(size=(n_units, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    matrix = np.zeros((n_units, n_units))
    np.put_along_axis(matrix, np.argsort(distances)[:, :neighbours], 1.0 / neighbours, axis=1)
    return matrix


def unequal(rng, n_units):
    """Random links of random strength in one direction, row sums up to one."""
    matrix = rng.uniform(size=(n_units, n_units)) * (rng.uniform(size=(n_units, n_units)) < 0.4)
    ring = np.arange(n_units)
    matrix[ring, (ring + 1) % n_units] += 0.2
    np.fill_diagonal(matrix, 0.0)
    return matrix / matrix.sum(axis=1).max()


def symmetric(rng, n_units):
    """Symmetric inverse distances, largest row sum one."""
    points = rng.uniform(size=(n_units, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    matrix = 1.0 / distances
    return matrix / matrix.sum(axis=1).max()


def weights_of(kind, rng, n_units):
    """A matrix of one of the kinds ``similar``, ``nearest``, ``unequal``, ``symmetric``."""
    if kind == "similar":
        links = symmetric(rng, n_units)
        return links / links.sum(axis=1, keepdims=True)
    if kind == "nearest":
        return nearest(rng, n_units, 3)
    return unequal(rng, n_units) if kind == "unequal" else symmetric(rng, n_units)


def resolvent(matrix):
    """The matrix with its admissible interval."""
    weights = sparse.csr_array(matrix)
    spectrum = analyse_weights(weights)
    return Resolvent(weights, spectrum.lower, spectrum.upper)


def random_draws(rng, model, count, n_variables, interval, reach=0.9):
    """Parameters of an equation; ρ anywhere in that share of the admissible interval."""
    rho = reach * rng.uniform(*interval, size=count)
    lagged = rng.standard_normal((count, n_variables))
    return EquationDraws(
        rho if model in {"sar", "sdm"} else np.zeros(count),
        rng.standard_normal((count, n_variables)),
        lagged if model in {"slx", "sdm"} else np.zeros_like(lagged),
    )


def effect_matrix(weights, rho, beta, theta):
    """(I - ρW)⁻¹(βI + θW)."""
    identity = np.eye(len(weights))
    return np.linalg.solve(identity - rho * weights, beta * identity + theta * weights)


def parts_of(b, m):
    """The parts of S_b S_m by their definitions, in the order of `PARTS`."""
    n_units = len(b)
    d_b, d_m = np.diag(np.diag(b)), np.diag(np.diag(m))
    o_b, o_m = b - d_b, m - d_m

    def trace(matrix):
        return np.trace(matrix) / n_units

    def off(matrix):
        return (matrix.sum() - np.trace(matrix)) / n_units

    product = b @ m
    return np.array(
        [
            trace(product),
            off(product),
            product.sum() / n_units,
            off(d_b @ o_m),
            off(o_b @ d_m),
            off(o_b @ o_m),
            trace(d_b @ d_m),
            trace(o_b @ o_m),
        ]
    )


def dense_decomposition(system: SystemDraws, draw: int):
    """Natural (3,), mediated (K, 8) and system (3,) effects of one draw by N x N products."""
    w_y = system.outcome_weights.weights.toarray()
    w_m = system.mediator_weights.weights.toarray()
    y, n_units = system.outcome, len(w_y)

    def three(matrix):
        direct, total = np.trace(matrix) / n_units, matrix.sum() / n_units
        return np.array([direct, total - direct, total])

    def outcome(k):
        return effect_matrix(w_y, y.rho[draw], y.beta[draw, k], y.theta[draw, k])

    whole, mediated = outcome(0), []
    natural = three(whole)
    for k, m in enumerate(system.mediators):
        first = effect_matrix(w_m, m.rho[draw], m.beta[draw, 0], m.theta[draw, 0])
        mediated.append(parts_of(outcome(k + 1), first))
        whole = whole + outcome(k + 1) @ first
    return natural, np.array(mediated), three(whole)


def reduced_form(x, w_y, w_m, y, mediators):
    """Outcome of a cross-section x of treatments, without errors; parameters of one draw each."""
    n_units = len(x)
    right = y.beta[0, 0] * x + y.theta[0, 0] * (w_y @ x)
    for k, m in enumerate(mediators):
        cause = m.beta[0, 0] * x + m.theta[0, 0] * (w_m @ x)
        mediator = np.linalg.solve(np.eye(n_units) - m.rho[0] * w_m, cause)
        right = right + y.beta[0, k + 1] * mediator + y.theta[0, k + 1] * (w_y @ mediator)
    return np.linalg.solve(np.eye(n_units) - y.rho[0] * w_y, right)


def simulated_system(rng, weights, n_periods, n_mediators, *, treatment=None, controls=1):
    """A panel of a system with SDM equations, and the parameters behind it.

    Columns y, x, m1 ..., c1 ...; units u000 ... in the order of the weights.
    """
    from yrb_carbon.spatialpanel import simulate

    n_units = len(weights)
    shape = (n_periods, n_units)
    matrix = sparse.csr_array(weights)
    x = rng.standard_normal(shape) if treatment is None else treatment
    c = rng.standard_normal((*shape, controls))
    truth = {"a": [], "y": None}
    mediators = []
    for k in range(n_mediators):
        a, t, rho = 0.8 - 0.2 * k, -0.2 + 0.1 * k, 0.3
        truth["a"].append((rho, a, t))
        mediators.append(
            simulate(
                matrix,
                np.dstack([x, c]),
                0.5 * rng.standard_normal(shape),
                beta=np.r_[a, np.full(controls, 0.3)],
                theta=np.r_[t, np.full(controls, 0.1)],
                rho=rho,
                mu=rng.standard_normal(n_units),
                xi=rng.standard_normal(n_periods),
            )
        )
    beta = np.r_[0.3, 0.6 - 0.2 * np.arange(n_mediators), np.full(controls, -0.2)]
    theta = np.r_[0.1, 0.25 - 0.1 * np.arange(n_mediators), np.zeros(controls)]
    y = simulate(
        matrix,
        np.dstack([x, *mediators, c]),
        0.5 * rng.standard_normal(shape),
        beta=beta,
        theta=theta,
        rho=0.4,
        mu=rng.standard_normal(n_units),
        xi=rng.standard_normal(n_periods),
    )
    truth["y"] = (0.4, beta, theta)
    units = [f"u{i:03d}" for i in range(n_units)]
    years = range(2003, 2003 + n_periods)
    index = pd.MultiIndex.from_product([years, units], names=["year", "unit"]).swaplevel()
    columns = {"y": y, "x": x}
    columns |= {f"m{k + 1}": values for k, values in enumerate(mediators)}
    columns |= {f"c{k + 1}": c[:, :, k] for k in range(controls)}
    data = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)
    return data, (units, matrix), truth


def true_system(truth, weights):
    """The parameters of `simulated_system` as one draw."""
    own = resolvent(weights)
    n_mediators = len(truth["a"])
    rho, beta, theta = truth["y"]
    outcome = EquationDraws(
        np.array([rho]), beta[None, : n_mediators + 1], theta[None, : n_mediators + 1]
    )
    mediators = tuple(
        EquationDraws(np.array([r]), np.array([[a]]), np.array([[t]])) for r, a, t in truth["a"]
    )
    return SystemDraws(outcome, mediators, own, own)
