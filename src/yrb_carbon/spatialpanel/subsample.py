"""Fits of groups of units or of periods by themselves, and tests of their differences.

A group of units keeps the links among its members: rows of W[g, g] are scaled to the sums that they
have in W, and members that are left without neighbours are dropped and named. A group of periods
keeps W. What the comparison of such fits can and cannot say travels with every test as its note.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, special

from .align import PanelArrays
from .bootstrap_refit import DRAW_FAILURES, LagProfile, maximise_draws
from .covariance import CovarianceType
from .effects import calc_effects, calc_multipliers
from .effects_results import EffectsResults, pick_coefficients
from .errors import (
    BoundaryError,
    ConvergenceError,
    FailedDrawsWarning,
    GroupingError,
    IslandError,
    PanelSizeError,
    PerfectFitError,
    RegressorError,
    SpecificationError,
    UniformWeightsError,
    caller_level,
    check_choice,
    enumerate_names,
)
from .grouped_effects import choose_terms
from .grouping import Axis, Grouping, read_groups
from .logdet import WeightsSpectrum
from .model import Estimator, SpatialPanel, require_panel
from .randomness import check_draws, generator_of
from .restrictions import calc_wald
from .results import SpatialPanelResults
from .tables import EFFECTS
from .testing import SpecificationTest, frame_of_tests
from .within import Array, SparseMatrix, row_sums, spatial_lag, within_transform

Islands = Literal["drop", "raise"]

# What a group may be too small or too uniform for.
UNESTIMABLE = (PanelSizeError, RegressorError, PerfectFitError, UniformWeightsError)
# Models whose sub-samples of periods are all estimated together from cross products.
LAG_OR_LINEAR = frozenset({"ols", "slx", "sar", "sdm"})
# Smallest eigenvalue of cross products of columns of unit length that counts as regular.
REGULAR = 1e-12
# Numbers held at once for the cross products of a block of draws.
BLOCK_NUMBERS = 8_000_000

PERIODS_INDEPENDENT = (
    "takes the periods of the groups as independent samples; serially correlated errors make the "
    "fits of adjacent periods dependent"
)
UNITS_INDEPENDENT = (
    "takes the groups of units as independent samples; links across their borders are cut, so the "
    "fits are not of one model"
)
CHOW_NOTE = (
    "direct likelihoods; the degrees of freedom count every parameter, fixed effects included. The "
    "number of effects grows with the sample, so chi-square is too small a yardstick in short "
    "panels and the test rejects too often"
)
SUBSET_NOTE = "W differs between the groups and the whole: the models are not nested; descriptive"
YEARS_NOTE = (
    "whole cross-sections change their period; exact if years are exchangeable. Errors or "
    "regressors correlated over time are not, and the p-value is then too small"
)
UNITS_NOTE = (
    "W is rebuilt from the units of every draw; groups of neighbours lose fewer links than units "
    "drawn at random, so the draws are no exact null distribution; descriptive"
)


@dataclass(frozen=True, slots=True)
class SubsetWeights:
    """Weights among some units.

    Attributes
    ----------
    matrix : sparse array, shape (n, n)
        Rows scaled to the sums that they have in W.
    kept, dropped : array of int
        Units (positions) with neighbours in the group, and islands.
    links, links_cut : int
        Of the members in W, and those of them that lead to units that are not kept.
    weight_cut : float
        Share of the members' weight in W on links that are cut.
    """

    matrix: SparseMatrix
    kept: NDArray[np.intp]
    dropped: NDArray[np.intp]
    links: int
    links_cut: int
    weight_cut: float


def calc_subset_weights(weights: SparseMatrix, members: NDArray[np.intp]) -> SubsetWeights:
    """W[g, g] without islands, rows scaled to the sums that they have in W.

    Dropping an island can leave a unit whose only link led to it without neighbours; that one is
    dropped then too, until all have some.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    members : array of int
        Positions of the group.

    Returns
    -------
    SubsetWeights; its matrix may be empty.
    """
    rows = sparse.csr_array(weights[members])
    kept = members
    while True:
        block = sparse.csr_array(weights[kept][:, kept])
        connected = np.diff(block.indptr) > 0
        if connected.all():
            break
        kept = kept[connected]
    scale = row_sums(weights)[kept] / row_sums(block)
    matrix = sparse.csr_array(sparse.diags_array(scale) @ block) if len(kept) else block
    matrix.sort_indices()
    return SubsetWeights(
        matrix=matrix,
        kept=kept,
        dropped=np.setdiff1d(members, kept),
        links=int(rows.nnz),
        links_cut=int(rows.nnz - block.nnz),
        weight_cut=float(1.0 - block.sum() / rows.sum()) if rows.nnz else 0.0,
    )


def take_units(arrays: PanelArrays, subset: SubsetWeights) -> PanelArrays:
    """The panel of some units, with the lags of their own weights.

    Parameters
    ----------
    arrays : PanelArrays
    subset : SubsetWeights

    Returns
    -------
    PanelArrays
    """
    kept = subset.kept
    y, z = arrays.y[:, kept], arrays.z[:, kept]
    lagged = [
        (own, place)
        for own, place in zip(arrays.beta_positions, arrays.theta_positions, strict=True)
        if place >= 0
    ]
    if lagged:
        own, places = (list(positions) for positions in zip(*lagged, strict=True))
        z[:, :, places] = spatial_lag(subset.matrix, z[:, :, own])
    period, unit = np.divmod(arrays.positions, arrays.n_units)
    rank = np.full(arrays.n_units, -1)
    rank[kept] = np.arange(len(kept))
    inside = rank[unit] >= 0
    return replace(
        arrays,
        y=y,
        lagged_y=spatial_lag(subset.matrix, y),
        z=z,
        weights=subset.matrix,
        units=arrays.units[kept],
        index=arrays.index[inside],
        positions=(period * len(kept) + rank[unit])[inside],
    )


def take_periods(arrays: PanelArrays, kept: NDArray[np.intp]) -> PanelArrays:
    """The panel of some periods."""
    period, unit = np.divmod(arrays.positions, arrays.n_units)
    rank = np.full(arrays.n_periods, -1)
    rank[kept] = np.arange(len(kept))
    inside = rank[period] >= 0
    return replace(
        arrays,
        y=arrays.y[kept],
        lagged_y=arrays.lagged_y[kept],
        z=arrays.z[kept],
        periods=arrays.periods[kept],
        index=arrays.index[inside],
        positions=(rank[period] * arrays.n_units + unit)[inside],
    )


def fit_groups(
    panel: SpatialPanel,
    groups: pd.Series[Any] | Mapping[Any, Any],
    *,
    axis: Axis | None = None,
    estimator: Estimator = "transform",
    cov_type: CovarianceType = "oim",
    islands: Islands = "drop",
) -> SubsampleFits:
    """Fit a model to every group of units or of periods by itself.

    Parameters
    ----------
    panel : SpatialPanel
        The model of all units and periods.
    groups : Series or mapping
        Label of every unit, or of every period (see `grouping.read_groups`).
    axis : {"unit", "period"}, optional
        What ``groups`` is indexed by, where that is not plain.
    estimator, cov_type
        As of `SpatialPanel.fit`.
    islands : {"drop", "raise"}
        What to do with members that have no neighbour inside of their group. They are listed in
        ``links`` of the result.

    Returns
    -------
    SubsampleFits

    Raises
    ------
    IslandError
        With ``islands="raise"``, naming the units.
    GroupingError
        If the groups do not fit the panel, or one cannot be estimated; with the reason.
    SpecificationError
        If the error has weights of its own.
    """
    require_panel(panel, "fit_groups")
    check_choice("islands", islands, get_args(Islands))
    if panel.arrays.error_weights is not None:
        raise SpecificationError(
            "sub-samples of a model with error_weights of its own are not available; leave them out"
        )
    grouping = read_groups(groups, panel.arrays.units, panel.arrays.periods, axis)
    fits, links = {}, {}
    for place, name in enumerate(grouping.names):
        part, links[name] = _take_group(panel, grouping, place, islands)
        try:
            fits[name] = part.fit(estimator, cov_type)
        except UNESTIMABLE as error:
            raise _cannot_estimate(name, error) from error
    table = pd.DataFrame.from_dict(links, orient="index").rename_axis("group")
    return SubsampleFits(panel, grouping, fits, table)


def _cannot_estimate(name: str, error: Exception) -> GroupingError:
    return GroupingError(
        f"group {name!r} cannot be estimated by itself: {error}. Use fewer regressors, merge "
        "groups, or let coefficients differ in GroupedPanel"
    )


def _take_group(
    panel: SpatialPanel, grouping: Grouping, place: int, islands: str
) -> tuple[SpatialPanel, dict[str, Any]]:
    """The model of one group, and what became of its links."""
    arrays, members, name = panel.arrays, grouping.members(place), grouping.names[place]
    if len(members) < 2:
        raise GroupingError(
            f"group {name!r} has {len(members)} {grouping.axis}; a panel needs at least 2"
        )
    if grouping.axis == "period":
        taken = take_periods(arrays, members)
        n_links = int(arrays.weights.nnz)
        facts = (arrays.n_units, len(members), (), n_links, 0, 0.0)
        try:
            part = _same_model(panel, taken, panel.spectrum)
        except UNESTIMABLE as error:
            raise _cannot_estimate(name, error) from error
    else:
        subset = calc_subset_weights(arrays.weights, members)
        dropped = tuple(arrays.units[subset.dropped])
        if dropped and islands == "raise":
            raise IslandError(
                f"{enumerate_names(dropped)} have no neighbours in group {name!r}; drop them "
                "(islands='drop'), or let coefficients differ in GroupedPanel"
            )
        if len(subset.kept) < 2:
            raise GroupingError(
                f"group {name!r} has no links among its {len(members)} units; let coefficients "
                "differ in GroupedPanel"
            )
        facts = (
            len(subset.kept),
            arrays.n_periods,
            dropped,
            subset.links,
            subset.links_cut,
            subset.weight_cut,
        )
        try:
            part = _same_model(panel, take_units(arrays, subset), None)
        except UNESTIMABLE as error:
            raise _cannot_estimate(name, error) from error
    columns = ("units", "periods", "dropped", "links", "links_cut", "weight_cut")
    return part, dict(zip(columns, facts, strict=True))


def _same_model(
    panel: SpatialPanel, arrays: PanelArrays, spectrum: WeightsSpectrum | None
) -> SpatialPanel:
    return SpatialPanel.from_arrays(
        arrays,
        model=panel.model,
        entity_effects=panel.entity_effects,
        time_effects=panel.time_effects,
        spectrum=spectrum,
    )


@dataclass(frozen=True, slots=True, repr=False)
class SubsampleFits:
    """Fits of all groups, and tests of their differences.

    Attributes
    ----------
    panel : SpatialPanel
        Of all units and periods.
    grouping : Grouping
    fits : mapping of str to SpatialPanelResults
        By the text of the label.
    links : DataFrame
        Index groups; columns units, periods, dropped (islands), links, links_cut (of the members in
        W), weight_cut (share).
    """

    panel: SpatialPanel
    grouping: Grouping
    fits: Mapping[str, SpatialPanelResults]
    links: pd.DataFrame

    def __getitem__(self, group: Any) -> SpatialPanelResults:
        return self.fits[self.grouping.names[self.grouping.place(group)]]

    def __repr__(self) -> str:
        return f"<SubsampleFits {self.panel.model}, groups {', '.join(self.fits)}>"

    def with_covariance(self, cov_type: CovarianceType) -> SubsampleFits:
        """The same estimates with another covariance."""
        fits = {name: fit.with_covariance(cov_type) for name, fit in self.fits.items()}
        return replace(self, fits=fits)

    @property
    def _first(self) -> SpatialPanelResults:
        return next(iter(self.fits.values()))

    def difference(self, first: Any, second: Any) -> EffectsResults:
        """Effects of one group less those of another, as if their samples were independent.

        Raises
        ------
        BoundaryError
            If one of the two estimates is at the boundary.
        GroupingError
            If there is no such group, or both are the same.
        """
        a, b = (self.grouping.names[place] for place in self.grouping.places([first, second]))
        one, other = (self._effects(name) for name in (a, b))
        return EffectsResults(
            equation=one.equation,
            variables=tuple(f"{name}[{a}] - {name}[{b}]" for name in one.variables),
            estimates=one.estimates - other.estimates,
            covariance=one.covariance + other.covariance,
            inference="delta",
            draws=None,
            n_draws=0,
            n_discarded=0,
        )

    def _effects(self, name: str) -> EffectsResults:
        if self.fits[name].at_boundary:
            raise BoundaryError(
                f"the estimate of group {name!r} is at the edge of the admissible interval; it has "
                "no effects to compare"
            )
        return self.fits[name].effects()

    def wald_equal(
        self,
        first: Any,
        second: Any,
        quantities: Sequence[Literal["direct", "indirect", "total"]] = ("direct", "indirect"),
        *,
        terms: Sequence[str] | None = None,
    ) -> SpecificationTest:
        """Wald test that two groups have the same effects, their samples taken as independent.

        Parameters
        ----------
        first, second
            Labels.
        quantities : sequence of {"direct", "indirect", "total"}
            Tested jointly; the third follows from two of them.
        terms : sequence of str, optional
            Regressors; default all.

        Returns
        -------
        SpecificationTest
        """
        for quantity in quantities:
            check_choice("quantities", quantity, EFFECTS)
        difference = self.difference(first, second)
        regressors = self.panel.arrays.variables
        chosen = choose_terms(terms, regressors, regressors)
        labels = [f"{quantity} of {name}" for name in chosen for quantity in quantities]
        matrix = np.zeros((len(labels), difference.estimates.size))
        cells = itertools.product(chosen, quantities)
        for row, (name, quantity) in enumerate(cells):
            matrix[row, 3 * regressors.index(name) + EFFECTS.index(quantity)] = 1.0
        test = calc_wald(
            difference.estimates.ravel(),
            difference.covariance,
            matrix,
            np.zeros(len(labels)),
            labels,
        )
        of_units = self.grouping.axis == "unit"
        return SpecificationTest(
            name="Wald",
            null=f"{' and '.join(quantities)} effects of {', '.join(chosen)} are equal in "
            f"{first}, {second}",
            statistic=test.statistic,
            df=test.df,
            p_value=test.p_value,
            distribution="chi2",
            form="sub-samples",
            note=UNITS_INDEPENDENT if of_units else PERIODS_INDEPENDENT,
        )

    def chow(self) -> SpecificationTest:
        """Chow-type likelihood ratio of all groups by themselves against one model for all.

        2(Σ_g ln L_g - ln L), direct likelihoods with the effects as dummies. The degrees of freedom
        are the difference in all parameters: each group has its own coefficients, ρ and σ²; groups
        of units bring (G-1)(T-1) more effects, of periods, groups of periods (G-1)(N-1), of units.
        Where islands were dropped the whole is that of the units which are kept.

        Returns
        -------
        SpecificationTest; for groups of units the models are not nested, and where the statistic is
        negative its p-value is NaN.

        Raises
        ------
        BoundaryError
            If one of the estimates is at the boundary.
        """
        parts = [
            _same_model(self.panel, fit.arrays, fit.spectrum).fit("direct")
            for fit in self.fits.values()
        ]
        whole, note = self._whole()
        pooled = whole.fit("direct")
        edge = [
            name
            for name, fit in zip([*self.fits, "all"], [*parts, pooled], strict=True)
            if fit.at_boundary
        ]
        if edge:
            raise BoundaryError(
                f"the direct estimate of {enumerate_names(edge)} is at the edge of the admissible "
                "interval; there is no likelihood ratio"
            )
        statistic = 2.0 * (sum(part.loglik for part in parts) - pooled.loglik)
        df = sum(part.n_parameters for part in parts) - pooled.n_parameters
        return SpecificationTest(
            name="Chow LR",
            null=f"one model for {', '.join(self.fits)}",
            statistic=statistic,
            df=df,
            p_value=self._chow_p_value(statistic, df),
            distribution="chi2",
            form="direct",
            note=note,
        )

    def _chow_p_value(self, statistic: float, df: int) -> float:
        """Nested models have no negative ratio but by rounding; others may, and then no p-value."""
        if statistic < 0.0 and self.grouping.axis == "unit":
            return float("nan")
        return float(special.chdtrc(df, max(statistic, 0.0)))

    def _whole(self) -> tuple[SpatialPanel, str]:
        if self.grouping.axis == "period":
            return self.panel, CHOW_NOTE
        note = f"{CHOW_NOTE}. {SUBSET_NOTE}"
        arrays = self.panel.arrays
        kept = np.flatnonzero(
            np.any([arrays.units.isin(fit.arrays.units) for fit in self.fits.values()], axis=0)
        )
        if len(kept) == arrays.n_units:
            return self.panel, note
        # Units with a neighbour inside of their group have one among all that are kept.
        subset = calc_subset_weights(arrays.weights, kept)
        left_out = arrays.n_units - len(kept)
        return (
            _same_model(self.panel, take_units(arrays, subset), None),
            f"{note}; {left_out} islands are left out of the whole too",
        )

    def permutation(
        self, draws: int = 1000, seed: int | np.random.SeedSequence = 0
    ) -> PermutationResults:
        """Fisher permutation of the differences in effects (Cleary 1999, J. Finance 54:673-692).

        Groups of periods: the labels of the years are permuted, whole cross-sections change
        their group, and every group is fitted again. Groups of units: the labels of the units are
        permuted and W is rebuilt from the units of every group, islands dropped.

        Parameters
        ----------
        draws : int
        seed : int or SeedSequence
            The draws depend on nothing but the seed and the sorted order of units and periods.

        Returns
        -------
        PermutationResults

        Warns
        -----
        FailedDrawsWarning
            If some draws could not be estimated, or are at the boundary; they are left out.

        Raises
        ------
        BoundaryError
            If one of the estimates is at the boundary.
        ConvergenceError
            If no draw could be estimated.
        """
        check_draws(draws, "a permutation test", least=1)
        observed = np.stack([self._effects(name).estimates for name in self.fits])
        rng = generator_of(seed)
        codes = np.stack([rng.permutation(self.grouping.codes) for _ in range(draws)])
        estimator = self._first.specification.estimator
        if self.grouping.axis == "period":
            drawn = _effects_of_periods(self.panel, codes, len(self.grouping), estimator)
            islands, note = 0.0, YEARS_NOTE
        else:
            drawn, islands = _effects_of_units(self.panel, codes, len(self.grouping), estimator)
            note = UNITS_NOTE
        usable = np.isfinite(drawn).all(axis=(1, 2, 3))
        if not usable.any():
            raise ConvergenceError(
                f"none of {draws} permutations could be estimated in every group; use fewer "
                "regressors or larger groups"
            )
        n_failed = int(draws - usable.sum())
        if n_failed:
            warnings.warn(
                f"{n_failed} of {draws} permutations could not be estimated in every group, or are "
                "at the boundary, and are left out",
                FailedDrawsWarning,
                stacklevel=caller_level(),
            )
        return PermutationResults(
            equation=self.panel.arrays.dependent,
            regressors=self.panel.arrays.variables,
            grouping=self.grouping,
            observed=observed,
            drawn=drawn[usable],
            n_failed=n_failed,
            islands=islands,
            note=note,
        )


@dataclass(frozen=True, slots=True, repr=False)
class PermutationResults:
    """Effects of all groups under permuted labels.

    Attributes
    ----------
    equation : str
    regressors : tuple of str, length K
    grouping : Grouping
    observed : array, shape (G, K, 3)
        Direct, indirect and total effects of the groups.
    drawn : array, shape (B, G, K, 3)
    n_failed : int
        Draws that could not be estimated in every group.
    islands : float
        Units dropped as islands, mean over the draws.
    note : str
    """

    equation: str
    regressors: tuple[str, ...]
    grouping: Grouping
    observed: Array
    drawn: Array
    n_failed: int
    islands: float
    note: str

    def __repr__(self) -> str:
        return f"<PermutationResults {len(self.drawn)} draws, {self.n_failed} failed>"

    def test(
        self, term: str, quantity: Literal["direct", "indirect", "total"], first: Any, second: Any
    ) -> SpecificationTest:
        """Test that an effect is the same in two groups.

        p = (1 + number of |d*| ≥ |d|)/(1 + B), two-sided.

        Raises
        ------
        SpecificationError, GroupingError
            For an unknown regressor, quantity or group.
        """
        check_choice("quantity", quantity, EFFECTS)
        (name,) = choose_terms([term], self.regressors, self.regressors)
        a, b = self.grouping.places([first, second])
        k, q = self.regressors.index(name), EFFECTS.index(quantity)
        difference = self.observed[a, k, q] - self.observed[b, k, q]
        drawn = self.drawn[:, a, k, q] - self.drawn[:, b, k, q]
        beyond = int((np.abs(drawn) >= abs(difference)).sum())
        return SpecificationTest(
            name="permutation",
            null=f"{quantity} effect of {name} is equal in {first}, {second}",
            statistic=float(difference),
            df=None,
            p_value=(1.0 + beyond) / (1.0 + len(drawn)),
            distribution="permutation",
            form="sub-samples",
            note=self._note(),
        )

    def tests(self) -> pd.DataFrame:
        """All regressors, effects and pairs of groups, one a row."""
        pairs = list(itertools.combinations(self.grouping.names, 2))
        return frame_of_tests(
            self.test(name, quantity, *pair)  # type: ignore[arg-type]
            for name in self.regressors
            for quantity in EFFECTS
            for pair in pairs
        )

    def _note(self) -> str:
        counted = f"{len(self.drawn)} draws, p = (1 + draws beyond)/(1 + draws)"
        failed = f", {self.n_failed} more failed" if self.n_failed else ""
        islands = f", {self.islands:.1f} islands dropped in a draw" if self.islands else ""
        return f"{counted}{failed}{islands}; {self.note}"


def _effects_of_units(
    panel: SpatialPanel, codes: NDArray[np.intp], n_groups: int, estimator: str
) -> tuple[Array, float]:
    """Effects (B, G, K, 3) of groups of units, NaN where a fit failed, and islands in a draw."""
    effects = np.full((len(codes), n_groups, len(panel.arrays.variables), 3), np.nan)
    islands = 0
    for draw, labels in enumerate(codes):
        for group in range(n_groups):
            subset = calc_subset_weights(panel.arrays.weights, np.flatnonzero(labels == group))
            islands += len(subset.dropped)
            if len(subset.kept) < 2:
                break
            try:
                part = _same_model(panel, take_units(panel.arrays, subset), None)
                effects[draw, group] = _point_effects(part, estimator)
            except (*DRAW_FAILURES, *UNESTIMABLE):
                break
    return effects, islands / len(codes)


def _effects_of_periods(
    panel: SpatialPanel, codes: NDArray[np.intp], n_groups: int, estimator: str
) -> Array:
    """Effects (B, G, K, 3) of groups of periods, NaN where a fit failed."""
    together = panel.model in LAG_OR_LINEAR and estimator != "direct_bc"
    effects = np.full((len(codes), n_groups, len(panel.arrays.variables), 3), np.nan)
    for group in range(n_groups):
        if together:
            effects[:, group] = calc_period_effects(panel, codes == group, estimator)
            continue
        for draw, labels in enumerate(codes):
            taken = take_periods(panel.arrays, np.flatnonzero(labels == group))
            try:
                part = _same_model(panel, taken, panel.spectrum)
                effects[draw, group] = _point_effects(part, estimator)
            except (*DRAW_FAILURES, *UNESTIMABLE):
                continue
    return effects


def _point_effects(part: SpatialPanel, estimator: str) -> Array:
    """Effects at the estimate, (K, 3); NaN at the boundary."""
    estimate = part.estimate(estimator)  # type: ignore[arg-type]
    if estimate.at_boundary:
        return np.full((len(part.arrays.variables), 3), np.nan)
    rho = np.array([estimate.rho or 0.0])
    beta, theta = pick_coefficients(part.arrays, estimate.delta[None])
    multipliers = calc_multipliers(rho, part.arrays.weights, part.spectrum)
    effects: Array = calc_effects(beta, theta, rho, multipliers)[0]
    return effects


def calc_period_effects(panel: SpatialPanel, chosen: NDArray[np.bool_], estimator: str) -> Array:
    """Effects of a model without spatial error on many sets of equally many periods.

    The columns V_t = (Z, y, Wy) of a cross-section enter by V_s'V_t only: with the means of the
    chosen periods S removed the cross products are Σ_{t∈S} V_t'V_t - Σ_{s,t∈S} V_s'V_t/|S|. They
    give the residual sums of squares of every set, and with these its profile likelihood.

    Parameters
    ----------
    panel : SpatialPanel
        One of `LAG_OR_LINEAR`.
    chosen : array of bool, shape (B, T)
        Periods of every set.
    estimator : {"transform", "direct"}

    Returns
    -------
    array, shape (B, K, 3); NaN where the regressors are not identified, the search failed, or the
    estimate is at the boundary.
    """
    arrays = panel.arrays
    size = len(arrays.names)
    # Effects of the whole sample may be taken off first: those of a part absorb them.
    columns = within_transform(
        np.concatenate([arrays.z, arrays.y[:, :, None], arrays.lagged_y[:, :, None]], axis=2),
        entity_effects=panel.entity_effects,
        time_effects=panel.time_effects,
    )
    gram = _cross_products(columns, chosen, panel.entity_effects)
    scale = np.sqrt(np.einsum("bkk->bk", gram[:, :size, :size]))
    scale[scale == 0.0] = 1.0
    scaled = gram[:, :size, :size] / (scale[:, :, None] * scale[:, None, :])
    regular = np.linalg.eigvalsh(scaled)[:, 0] > REGULAR
    scaled[~regular] = np.eye(size)
    targets = gram[:, :size, size:] / scale[:, :, None]
    coefficients = np.linalg.solve(scaled, targets) / scale[:, :, None]
    left = gram[:, size:, size:] - np.einsum("bkp,bkq->bpq", gram[:, :size, size:], coefficients)
    n_periods = int(chosen[0].sum())
    rho, usable = np.zeros(len(chosen)), regular
    if panel.spatial_names:
        scheme = panel.scheme(estimator)
        profile = LagProfile(left[:, 0, 0], left[:, 0, 1], left[:, 1, 1])
        peaks = maximise_draws(
            profile,
            len(chosen),
            panel.logdet_of("rho", scheme),
            (panel.spectrum.lower, panel.spectrum.upper),
            scheme.n_effective(arrays.n_units, n_periods),
            scheme.jacobian_periods(n_periods),
        )
        rho, usable = peaks.location, regular & ~peaks.at_boundary & ~peaks.failed
        rho = np.where(usable, rho, 0.0)
    delta = coefficients[:, :, 0] - rho[:, None] * coefficients[:, :, 1]
    beta, theta = pick_coefficients(arrays, delta)
    multipliers = calc_multipliers(rho, arrays.weights, panel.spectrum)
    effects = calc_effects(beta, theta, rho, multipliers)
    effects[~usable] = np.nan
    return effects


def _cross_products(columns: Array, chosen: NDArray[np.bool_], demean: bool) -> Array:
    """Cross products (B, P, P) of the columns (T, N, P) over chosen periods, means removed."""
    n_periods, _, size = columns.shape
    member = chosen.astype(np.float64)
    own = np.einsum("tnp,tnq->tpq", columns, columns, optimize=True)
    gram = np.tensordot(member, own, axes=(1, 0))
    if not demean:
        return gram
    flat = np.moveaxis(columns, 1, 0).reshape(columns.shape[1], -1)
    between = (flat.T @ flat).reshape(n_periods, size, n_periods, size)
    step = max(1, BLOCK_NUMBERS // (n_periods * size**2))
    for start in range(0, len(member), step):
        block = member[start : start + step]
        summed = np.tensordot(block, between, axes=(1, 0))
        gram[start : start + step] -= (
            np.einsum("bptq,bt->bpq", summed, block) / block.sum(axis=1)[:, None, None]
        )
    return gram
