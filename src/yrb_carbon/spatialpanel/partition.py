"""Effects by order of neighbours.

S(W) = (I - ρW)⁻¹(βI + θW) is βI + Σ_{q≥1} ρ^{q-1}(ρβ + θ)W^q: the term of W^q is what passes
along paths of q links. Its direct part is that of paths that return, its total that of all
(LeSage & Pace 2009, Introduction to Spatial Econometrics, sec. 2.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from .effects import calc_effect_gradients, calc_multipliers
from .effects_results import (
    DEFAULT_LEVEL,
    beta_theta,
    normal_p_values,
    normal_quantile,
    point_effects,
    spread_gradients,
)
from .errors import SpecificationError
from .logdet import DENSE_LIMIT, DENSE_SHARE
from .tables import EFFECTS, TIDY_COLUMNS, html_notes, html_table, text_table
from .within import Array, SparseMatrix

if TYPE_CHECKING:
    from .results import SpatialPanelResults

REMAINDER = "remainder"
# Entries of the sparse powers of W that are held at once, some 600 MB.
ENTRY_LIMIT = 40_000_000
NOTE = (
    "Order q is what passes along paths of q links; the orders and the remainder add up to the "
    "effects. Standard errors by the delta method."
)


def calc_power_shares(weights: SparseMatrix, order: int) -> tuple[Array, Array]:
    """tr(W^q)/N and ι'W^qι/N for q = 0, …, Q, exact.

    The trace of W^q is the sum of the elementwise product of W^a and (W^b)', a + b = q, so powers
    up to half the order are enough.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    order : int
        Q.

    Returns
    -------
    array, array, shape (Q+1,) each.

    Raises
    ------
    SpecificationError
        If a power needed has more than `ENTRY_LIMIT` entries.
    """
    n_units = weights.shape[0]
    sums, traces = np.ones(order + 1), np.ones(order + 1)
    walked = np.ones(n_units)
    if n_units <= DENSE_LIMIT and weights.nnz > DENSE_SHARE * n_units**2:
        base, lower = weights.toarray(), np.eye(n_units)
    else:
        base, lower = weights, sparse.csr_array(sparse.eye_array(n_units))
    upper = base
    for q in range(1, order + 1):
        walked = np.asarray(weights @ walked, dtype=np.float64)
        sums[q] = walked.mean()
        # Here lower is W^a and upper W^b with a + b = q, b = a or b = a + 1.
        traces[q] = _trace_of_product(lower, upper) / n_units
        if q % 2:
            lower = upper
        elif q < order:
            _check_entries(lower, weights, q // 2 + 1)
            upper = lower @ base
    return traces, sums


def calc_partition(beta: Array, theta: Array, rho: float, traces: Array, sums: Array) -> Array:
    """Direct, indirect and total effects of every order.

    Parameters
    ----------
    beta, theta : array, shape (K,)
    rho : float
    traces, sums : array, shape (Q+1,)
        tr(W^q)/N and ι'W^qι/N.

    Returns
    -------
    array, shape (K, Q+1, 3).
    """
    weight = np.empty((beta.size, traces.size))
    weight[:, 0] = beta
    weight[:, 1:] = (rho * beta + theta)[:, None] * _powers(rho, traces.size - 1)
    return _split(weight, traces, sums)


def calc_partition_gradients(
    beta: Array, theta: Array, rho: float, traces: Array, sums: Array
) -> Array:
    """Derivatives of `calc_partition` in β_k, θ_k and ρ, shape (K, Q+1, 3, 3)."""
    order = traces.size - 1
    powers = _powers(rho, order)
    slopes = np.zeros(order)
    slopes[1:] = np.arange(1, order) * powers[:-1]
    derivatives = np.zeros((3, beta.size, order + 1))
    derivatives[0, :, 0] = 1.0
    derivatives[0, :, 1:] = rho * powers
    derivatives[1, :, 1:] = powers
    derivatives[2, :, 1:] = beta[:, None] * powers + (rho * beta + theta)[:, None] * slopes
    return np.stack([_split(weight, traces, sums) for weight in derivatives], axis=3)


def partition_effects(results: SpatialPanelResults, order: int) -> EffectsPartition:
    """Effects of a fit by order of neighbours, with standard errors by the delta method.

    Parameters
    ----------
    results : SpatialPanelResults
    order : int
        Highest order Q.

    Returns
    -------
    EffectsPartition
    """
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 0:
        raise SpecificationError(f"order must be a whole number of at least 0, got {order!r}")
    beta, theta = beta_theta(results, results.estimate.delta)
    rho = results.rho
    traces, sums = calc_power_shares(results.arrays.weights, int(order))
    by_order = calc_partition(beta, theta, rho, traces, sums)
    slopes = calc_partition_gradients(beta, theta, rho, traces, sums)
    multipliers = calc_multipliers(rho, results.arrays.weights, results.spectrum)
    whole, whole_slopes = (
        point_effects(results),
        calc_effect_gradients(beta, theta, rho, multipliers),
    )
    estimates = np.concatenate([by_order, (whole - by_order.sum(axis=1))[:, None]], axis=1)
    gradients = np.concatenate([slopes, (whole_slopes - slopes.sum(axis=1))[:, None]], axis=1)
    jacobian = spread_gradients(results, gradients.reshape(beta.size, -1, 3))
    return EffectsPartition(
        equation=results.arrays.dependent,
        variables=results.arrays.variables,
        estimates=estimates,
        covariance=jacobian @ results.covariance @ jacobian.T,
    )


@dataclass(frozen=True, slots=True, repr=False)
class EffectsPartition:
    """Effects by order of neighbours, which add up to the whole.

    Attributes
    ----------
    equation : str
        Dependent variable.
    variables : tuple of str, length K
    estimates : array, shape (K, Q+2, 3)
        Orders 0, …, Q and the remainder; direct, indirect, total.
    covariance : array, shape (3K(Q+2), 3K(Q+2))
        In the order of ``estimates``, by the delta method.
    """

    equation: str
    variables: tuple[str, ...]
    estimates: Array
    covariance: Array

    @property
    def orders(self) -> list[int | str]:
        """0, …, Q and ``remainder``."""
        return [*range(self.estimates.shape[1] - 1), REMAINDER]

    @property
    def params(self) -> pd.DataFrame:
        """Estimates, index (term, order), columns direct, indirect, total."""
        return self._frame(self.estimates)

    @property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, as ``params``."""
        return self._frame(self._std_errors())

    @property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided normal p-values; NaN where the effect is zero by construction."""
        return self._frame(normal_p_values(self._statistics()))

    @property
    def whole(self) -> pd.DataFrame:
        """Sum over the orders: the effects themselves, index the regressors."""
        return pd.DataFrame(
            self.estimates.sum(axis=1), index=list(self.variables), columns=list(EFFECTS)
        )

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """One effect a row, with columns `TIDY_COLUMNS`; terms ``x, order q``."""
        errors, statistics = self._std_errors(), self._statistics()
        half = normal_quantile(level) * errors
        terms = [f"{name}, {_label(order)}" for name in self.variables for order in self.orders]
        return pd.DataFrame(
            {
                "equation": self.equation,
                "quantity": list(EFFECTS) * len(terms),
                "term": np.repeat(np.array(terms, dtype=object), len(EFFECTS)),
                "estimate": self.estimates.ravel(),
                "std_error": errors.ravel(),
                "statistic": statistics.ravel(),
                "p_value": normal_p_values(statistics).ravel(),
                "ci_lower": (self.estimates - half).ravel(),
                "ci_upper": (self.estimates + half).ravel(),
                "inference": "delta",
            },
            columns=list(TIDY_COLUMNS),
        )

    @property
    def summary(self) -> str:
        """The partition as text."""
        return f"{self._caption}\n\n{text_table(self._table())}\n\n{NOTE}"

    def __repr__(self) -> str:
        orders = self.estimates.shape[1] - 2
        return f"<EffectsPartition of {len(self.variables)} regressors, orders 0 to {orders}>"

    def _repr_html_(self) -> str:
        return html_table(self._table(), self._caption) + html_notes([NOTE])

    @property
    def _caption(self) -> str:
        return f"Effects on {self.equation} by order of neighbours"

    def _table(self) -> pd.DataFrame:
        estimates, errors = self.params, self.std_errors
        columns = {}
        for name in EFFECTS:
            columns[name] = estimates[name]
            columns[f"se {name}"] = errors[name]
        return pd.DataFrame(columns)

    def _frame(self, values: Array) -> pd.DataFrame:
        labels = pd.MultiIndex.from_product([self.variables, self.orders], names=["term", "order"])
        return pd.DataFrame(values.reshape(-1, 3), index=labels, columns=list(EFFECTS))

    def _std_errors(self) -> Array:
        variances: Array = np.maximum(np.diag(self.covariance), 0.0)
        return np.sqrt(variances).reshape(self.estimates.shape)

    def _statistics(self) -> Array:
        errors = self._std_errors()
        return np.divide(
            self.estimates,
            errors,
            out=np.full_like(self.estimates, np.nan),
            where=errors > 0.0,
        )


def _label(order: int | str) -> str:
    return order if isinstance(order, str) else f"order {order}"


def _powers(rho: float, order: int) -> Array:
    """ρ^{q-1} for q = 1, …, Q; ρ⁰ is one at ρ = 0 too."""
    powers: Array = np.float64(rho) ** np.arange(order)
    return powers


def _split(weight: Array, traces: Array, sums: Array) -> Array:
    # Adding zero turns the -0 of a path that never returns into 0.
    direct, total = weight * traces + 0.0, weight * sums + 0.0
    return np.stack([direct, total - direct, total], axis=2)


def _trace_of_product(left: Array | SparseMatrix, right: Array | SparseMatrix) -> float:
    """tr(AB) without AB."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return float(np.einsum("ij,ji->", left, right))
    product = sparse.csr_array(left).multiply(sparse.csr_array(sparse.csr_array(right).T))
    return float(product.sum())


def _check_entries(power: Array | SparseMatrix, weights: SparseMatrix, exponent: int) -> None:
    """Refuse a sparse product before it is made if it may not fit."""
    if isinstance(power, np.ndarray):
        return
    links = np.diff(weights.indptr)
    entries = int(np.bincount(power.indices, minlength=links.size) @ links)
    entries = min(entries, links.size**2)
    if entries > ENTRY_LIMIT:
        raise SpecificationError(
            f"the weights to the power {exponent} may have {entries} entries; the limit is "
            f"{ENTRY_LIMIT}. Ask for an order of at most {2 * exponent - 2}"
        )
