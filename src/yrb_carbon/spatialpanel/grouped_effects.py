"""Direct, indirect and total effects on groups of units or in groups of periods.

With coefficients that differ between groups of units the effect of regressor k is

    S_k = (I - ρW)⁻¹ Σ_h D_h(β_kh I + θ_kh W),   D_h the diagonal indicator of group h,

and the rows of a group g, which receive, have the averages direct_g = (1/N_g) Σ_{i∈g} S_k,ii and
total_g = (1/N_g) Σ_{i∈g} Σ_j S_k,ij. A total is the answer to a unit change everywhere, in the
other groups too, so what spills over from them carries their coefficients. In a group of periods
the matrix is that of the group's own coefficients for all units. Either way an effect is a linear
form of the coefficients with weights that depend on ρ alone.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .effects import calc_multipliers
from .effects_results import EffectsResults, draw_admissible, scale_trace_error
from .errors import SpecificationError, check_choice, enumerate_names
from .grouping import Grouping
from .logdet import DENSE_LIMIT
from .restrictions import calc_wald
from .tables import EFFECTS
from .testing import SpecificationTest
from .within import Array, SparseMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .results import SpatialPanelResults

# Chebyshev degrees tried until the series through the draws of ρ has ended.
DEGREES = (16, 32, 64, 128, 256)
# Last coefficients of a series relative to the largest at which nothing but rounding is left.
SERIES_END = 1e-13

GEOGRAPHY_NOTE = (
    "Groups of units with the same coefficients still have different effects, because their places "
    "in W differ; equality of coefficients is tested by wald_equal of the fit."
)


@dataclass(frozen=True, slots=True)
class CoefficientPositions:
    """Where the coefficients of every regressor and group stand among δ.

    Attributes
    ----------
    beta, theta : array of int, shape (K, G)
        The same in all groups for a regressor that is not interacted; -1 in θ for no lag.
    """

    beta: NDArray[np.intp]
    theta: NDArray[np.intp]

    def pick(self, delta: Array) -> tuple[Array, Array]:
        """β and θ, shape (..., K, G), from δ in the last axis."""
        lagged = np.where(self.theta >= 0, delta[..., np.maximum(self.theta, 0)], 0.0)
        return delta[..., self.beta], lagged


def calc_group_weights(
    rho: Array, weights: SparseMatrix, grouping: Grouping
) -> tuple[Array, Array]:
    """Weights of the coefficients in the effects on groups of units, and their slopes in ρ.

    With R = (I - ρW)⁻¹ the weights of β_h and θ_h in the effects on group g are

        direct: Σ_{i∈g∩h} R_ii / N_g          and  Σ_{i∈g} Σ_{l∈h} R_il W_li / N_g,
        total:  Σ_{i∈g} Σ_{l∈h} R_il / N_g    and  Σ_{i∈g} Σ_{l∈h} R_il (Wι)_l / N_g,

    and dR/dρ = RWR. Many ρ are interpolated by a Chebyshev series that is lengthened until its
    coefficients have fallen to rounding; where that does not happen (draws next to the edge of the
    admissible interval) every ρ has an inverse of its own.

    Parameters
    ----------
    rho : array, shape (R,)
    weights : sparse array, shape (N, N)
    grouping : Grouping
        Of units.

    Returns
    -------
    weights, slopes : array, shape (R, 2, 2, G, G)
        Axes: draw; direct, total; β, θ; group that receives; group of the coefficient.

    Raises
    ------
    SpecificationError
        For more than `logdet.DENSE_LIMIT` units.
    """
    n_units = weights.shape[0]
    if n_units > DENSE_LIMIT:
        raise SpecificationError(
            f"effects on groups of {n_units} units need the dense inverse of I - rho W; the limit "
            f"is {DENSE_LIMIT} units. Take groups of periods, or sub-samples (fit_groups)"
        )
    dense = weights.toarray()

    def exactly(values: Array) -> Array:
        return np.stack([_weights_at(float(value), dense, grouping) for value in values])

    found = exactly(rho) if rho.size <= DEGREES[0] + 1 else None
    if found is None:
        found = _interpolate(exactly, rho)
    return found[:, 0], found[:, 1]


def _weights_at(rho: float, dense: Array, grouping: Grouping) -> Array:
    """Weights and slopes at one ρ, shape (2, 2, 2, G, G)."""
    inverse = linalg.inv(np.eye(len(dense)) - rho * dense, check_finite=False)
    member = grouping.indicators
    averaging = (member / grouping.sizes).T
    row_sums = dense.sum(axis=1)
    found = []
    for matrix in (inverse, inverse @ dense @ inverse):
        found.append(
            [
                [
                    averaging @ (np.diag(matrix)[:, None] * member),
                    averaging @ (matrix * dense.T) @ member,
                ],
                [
                    averaging @ matrix @ member,
                    averaging @ matrix @ (row_sums[:, None] * member),
                ],
            ]
        )
    return np.array(found)


def _interpolate(exactly: Any, rho: Array) -> Array:
    chebyshev = np.polynomial.chebyshev
    lower, upper = float(rho.min()), float(rho.max())
    scaled = (2.0 * rho - lower - upper) / max(upper - lower, np.finfo(np.float64).tiny)
    for degree in DEGREES:
        if degree >= rho.size:
            break
        nodes = chebyshev.chebpts1(degree + 1)
        values = exactly(lower + (nodes + 1.0) / 2.0 * (upper - lower))
        basis = chebyshev.chebvander(nodes, degree)
        # Chebyshev points of the first kind make the basis orthogonal.
        series = basis.T @ values.reshape(degree + 1, -1) * (2.0 / (degree + 1))
        series[0] /= 2.0
        if np.abs(series[-3:]).max() <= SERIES_END * np.abs(series).max():
            at_draws = chebyshev.chebvander(scaled, degree) @ series
            return cast(Array, at_draws.reshape(rho.size, *values.shape[1:]))
    return cast(Array, exactly(rho))


def calc_period_weights(
    rho: Array, results: SpatialPanelResults, n_groups: int
) -> tuple[Array, Array]:
    """The same for groups of periods: a group has its own coefficients for all units.

    Returns
    -------
    weights, slopes : array, shape (R, 2, 2, G, G), diagonal in the last two axes.
    """
    m = calc_multipliers(rho, results.arrays.weights, results.spectrum)
    own = np.eye(n_groups)
    values = [[1.0 + rho * m.g, m.g], [1.0 + rho * m.s, m.s]]
    slopes = [[m.g + rho * m.g_slope, m.g_slope], [m.s + rho * m.s_slope, m.s_slope]]
    return tuple(  # type: ignore[return-value]
        np.moveaxis(np.array(part), 2, 0)[..., None, None] * own for part in (values, slopes)
    )


def calc_grouped_effects(weights: Array, beta: Array, theta: Array) -> Array:
    """Direct, indirect and total effects of every regressor on every group.

    Parameters
    ----------
    weights : array, shape (R, 2, 2, G, G)
    beta, theta : array, shape (R, K, G)

    Returns
    -------
    array, shape (R, K, G, 3).
    """
    own = np.einsum("rqgh,rkh->rkgq", weights[:, :, 0], beta)
    both = own + np.einsum("rqgh,rkh->rkgq", weights[:, :, 1], theta)
    return np.stack([both[..., 0], both[..., 1] - both[..., 0], both[..., 1]], axis=3)


def calc_grouped_gradients(
    weights: Array, rho_slopes: Array, positions: CoefficientPositions, size: int, rho_place: int
) -> Array:
    """Derivatives of `calc_grouped_effects` at one draw in the parameters.

    Parameters
    ----------
    weights : array, shape (2, 2, G, G)
    rho_slopes : array, shape (K, G, 3)
        Derivatives in ρ.
    positions : CoefficientPositions
    size : int
        Number of parameters P.
    rho_place : int
        Of ρ among them; -1 without ρ.

    Returns
    -------
    array, shape (K·G·3, P), regressor-major.
    """
    n_variables, n_groups = positions.beta.shape
    gradients = np.zeros((n_variables, n_groups, 3, size))
    for k in range(n_variables):
        for h in range(n_groups):
            for part, place in enumerate((positions.beta[k, h], positions.theta[k, h])):
                if place >= 0:
                    gradients[k, :, 0, place] += weights[0, part, :, h]
                    gradients[k, :, 2, place] += weights[1, part, :, h]
    gradients[:, :, 1] = gradients[:, :, 2] - gradients[:, :, 0]
    if rho_place >= 0:
        gradients[..., rho_place] = rho_slopes
    return gradients.reshape(-1, size)


@dataclass(frozen=True, slots=True, repr=False)
class GroupedEffects(EffectsResults):
    """Effects on groups; the terms of all tables are ``regressor[group]``.

    Attributes
    ----------
    regressors : tuple of str
    interacted : tuple of str
        Those whose coefficients differ between groups.
    grouping : Grouping
    """

    regressors: tuple[str, ...]
    interacted: tuple[str, ...]
    grouping: Grouping

    def of_group(self, group: Any) -> EffectsResults:
        """Effects on one group, terms the regressors.

        Raises
        ------
        GroupingError
            If there is no such group.
        """
        return self._combine({self.grouping.place(group): 1.0}, list(self.regressors))

    def difference(self, first: Any, second: Any) -> EffectsResults:
        """Effects on group ``first`` less those on ``second``, with their joint inference.

        Raises
        ------
        GroupingError
            If there is no such group, or both are the same.
        """
        a, b = self.grouping.places([first, second])
        names = self.grouping.names
        terms = [f"{name}[{names[a]}] - {name}[{names[b]}]" for name in self.regressors]
        return self._combine({a: 1.0, b: -1.0}, terms)

    def wald_equal(
        self,
        quantities: Sequence[Literal["direct", "indirect", "total"]] = ("direct", "indirect"),
        *,
        terms: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
    ) -> SpecificationTest:
        """Wald test that effects are the same in all of some groups.

        Parameters
        ----------
        quantities : sequence of {"direct", "indirect", "total"}
            Tested jointly; the third follows from two of them.
        terms : sequence of str, optional
            Regressors; default those that are interacted.
        groups : sequence, optional
            Labels; default all.

        Returns
        -------
        SpecificationTest

        Raises
        ------
        RestrictionError
            If the differences have no positive definite covariance, such as those of an effect
            that is zero by construction.
        GroupingError, SpecificationError
            For unknown groups, regressors or quantities.
        """
        if isinstance(quantities, str) or not quantities:
            raise SpecificationError(
                f"quantities must be a list of {', '.join(EFFECTS)}, got {quantities!r}"
            )
        for quantity in quantities:
            check_choice("quantities", quantity, EFFECTS)
        places = self.grouping.places(groups)
        chosen = choose_terms(terms, self.regressors, self.interacted)
        n_groups = len(self.grouping)
        rows, labels = [], []
        for name in chosen:
            for quantity in quantities:
                for first, second in itertools.pairwise(places):
                    row = np.zeros(self.estimates.size)
                    start = 3 * n_groups * self.regressors.index(name) + EFFECTS.index(quantity)
                    row[start + 3 * first], row[start + 3 * second] = 1.0, -1.0
                    rows.append(row)
                    pair = f"{self.grouping.names[first]} = {self.grouping.names[second]}"
                    labels.append(f"{quantity} effect of {name}: {pair}")
        test = calc_wald(
            self.estimates.ravel(), self.covariance, np.array(rows), np.zeros(len(rows)), labels
        )
        return SpecificationTest(
            name="Wald",
            null=f"{' and '.join(quantities)} effects of {', '.join(chosen)} are equal in "
            f"{', '.join(self.grouping.names[place] for place in places)}",
            statistic=test.statistic,
            df=test.df,
            p_value=test.p_value,
            distribution="chi2",
            form="effects",
            note=GEOGRAPHY_NOTE if self.grouping.axis == "unit" else "",
        )

    def _combine(self, factors: dict[int, float], terms: list[str]) -> EffectsResults:
        """Linear combination of the effects over groups."""
        n_terms, n_groups = len(self.regressors), len(self.grouping)
        weight = np.zeros(n_groups)
        weight[list(factors)] = list(factors.values())
        mapping = np.kron(np.eye(n_terms), np.kron(weight[None, :], np.eye(3)))

        def combined(values: Array) -> Array:
            by_group = values.reshape(*values.shape[:-2], n_terms, n_groups, 3)
            total: Array = np.einsum("g,...kgq->...kq", weight, by_group)
            return total

        errors = self.trace_errors
        return EffectsResults(
            equation=self.equation,
            variables=tuple(terms),
            estimates=combined(self.estimates),
            covariance=mapping @ self.covariance @ mapping.T,
            inference=self.inference,
            draws=None if self.draws is None else combined(self.draws),
            n_draws=self.n_draws,
            n_discarded=self.n_discarded,
            trace_errors=None
            if errors is None
            else errors.reshape(n_terms, n_groups) @ np.abs(weight),
        )


def choose_terms(
    terms: Sequence[str] | None, regressors: Sequence[str], interacted: Sequence[str]
) -> list[str]:
    """Regressors to test; those that are interacted by default."""
    if terms is None:
        return list(interacted)
    if isinstance(terms, str) or not len(terms):
        raise SpecificationError(f"terms must be a list of regressors, got {terms!r}")
    unknown = [name for name in terms if name not in regressors]
    if unknown or len(set(terms)) != len(terms):
        raise SpecificationError(
            f"terms must be different regressors of the model ({enumerate_names(regressors)}), got "
            f"{enumerate_names(terms)}"
        )
    return list(terms)


def effects_on_groups(
    results: SpatialPanelResults,
    grouping: Grouping,
    positions: CoefficientPositions,
    regressors: tuple[str, ...],
    interacted: tuple[str, ...],
    draws: int | None,
    seed: int | np.random.SeedSequence,
) -> GroupedEffects:
    """Effects of a fit with coefficients by group: by delta, or by simulation with some draws.

    Parameters
    ----------
    results : SpatialPanelResults
        Fit of the interacted columns.
    grouping : Grouping
    positions : CoefficientPositions
    regressors, interacted : tuple of str
    draws : int or None
        None: delta method.
    seed : int or SeedSequence

    Returns
    -------
    GroupedEffects
    """

    def weigh(rho: Array) -> tuple[Array, Array]:
        if grouping.axis == "unit":
            return calc_group_weights(rho, results.arrays.weights, grouping)
        return calc_period_weights(rho, results, len(grouping))

    n_terms = len(regressors) * len(grouping)
    weights, slopes = weigh(np.array([results.rho]))
    beta, theta = positions.pick(results.estimate.delta[None, :])
    estimates = calc_grouped_effects(weights, beta, theta)[0].reshape(n_terms, 3)
    simulated, n_draws, n_discarded = None, 0, 0
    if draws is None:
        size = results.covariance.shape[0]
        jacobian = calc_grouped_gradients(
            weights[0],
            calc_grouped_effects(slopes, beta, theta)[0],
            positions,
            size,
            -1 if results.estimate.rho is None else results.estimate.delta.size,
        )
        covariance = jacobian @ results.covariance @ jacobian.T
    else:
        drawn = draw_admissible(results, draws, seed)
        many = calc_grouped_effects(weigh(drawn.rho)[0], *positions.pick(drawn.delta))
        simulated = many.reshape(len(many), n_terms, 3)
        covariance = np.atleast_2d(np.cov(simulated.reshape(len(many), -1), rowvar=False))
        n_draws, n_discarded = drawn.n_draws, drawn.n_discarded
    # Groups of units have exact inverses.
    of_periods = grouping.axis == "period"
    errors = scale_trace_error(results, beta[0], theta[0]) if of_periods else None
    return GroupedEffects(
        equation=results.arrays.dependent,
        variables=tuple(f"{name}[{group}]" for name in regressors for group in grouping.names),
        estimates=estimates,
        covariance=covariance,
        inference="delta" if draws is None else "simulation",
        draws=simulated,
        n_draws=n_draws,
        n_discarded=n_discarded,
        trace_errors=None if errors is None else errors.ravel(),
        regressors=regressors,
        interacted=interacted,
        grouping=grouping,
    )
