"""Spatial panels whose coefficients differ between groups of units or of periods.

y_t = ρWy_t + Σ_g D_g(X_tβ_g + WX_tθ_g) + effects + u_t,  D_g the indicator of group g, over all
units and the whole of W: nothing of the dependence across the borders of groups is cut. Columns
D_g x and D_g(Wx) make it an ordinary spatial panel without further lags, which estimates it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from .align import LAG_PREFIX, PanelArrays, Weights
from .covariance import CovarianceType
from .effects_results import DEFAULT_LEVEL
from .errors import BoundaryError, GroupingError, SpecificationError, check_choice, enumerate_names
from .grouped_effects import (
    CoefficientPositions,
    GroupedEffects,
    choose_terms,
    effects_on_groups,
)
from .grouping import Axis, Grouping, read_groups
from .logdet import LogDeterminantMethod
from .model import Estimator, Model, SpatialPanel, require_panel
from .restrictions import calc_wald
from .results import SpatialPanelResults
from .testing import SpecificationTest
from .within import Array

# The model without lagged regressors: lags are columns of their own once they are interacted.
WITHOUT_LAGS = {"slx": "ols", "sdm": "sar", "sdem": "sem", "gns": "sac"}
COMMON_NOTE = "rho, the fixed effects and sigma2 are common to all groups"


class GroupedPanel:
    """Full-interaction model: coefficients by group, ρ, effects and σ² common.

    Parameters
    ----------
    dependent, exog, weights
        As of `SpatialPanel`.
    groups : Series or mapping
        Label of the group of every unit, or of every period (see `grouping.read_groups`).
    interacted : sequence of str, optional
        Regressors whose coefficients, and those of their lags, differ between groups; default all.
        An intercept is common.
    model, durbin, entity_effects, time_effects
        As of `SpatialPanel`.
    axis : {"unit", "period"}, optional
        What ``groups`` is indexed by, where that is not plain.

    Raises
    ------
    GroupingError
        If the groups do not fit the panel, or one is too small for its coefficients.
    AbsorbedRegressorError, CollinearRegressorError
        If a regressor does not vary within a group; the columns are named ``x[group]``.
    SpatialPanelError
        As of `SpatialPanel`.
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        groups: pd.Series[Any] | Mapping[Any, Any],
        *,
        interacted: Sequence[str] | None = None,
        model: Model = "sdm",
        durbin: Sequence[str] | None = None,
        entity_effects: bool = True,
        time_effects: bool = True,
        axis: Axis | None = None,
    ) -> None:
        self._assemble(
            SpatialPanel(
                dependent,
                exog,
                weights,
                model=model,
                durbin=durbin,
                entity_effects=entity_effects,
                time_effects=time_effects,
            ),
            groups,
            interacted,
            axis,
        )

    @classmethod
    def of_panel(
        cls,
        panel: SpatialPanel,
        groups: pd.Series[Any] | Mapping[Any, Any],
        *,
        interacted: Sequence[str] | None = None,
        axis: Axis | None = None,
    ) -> GroupedPanel:
        """The full-interaction form of a model; arguments as of the class."""
        require_panel(panel, "GroupedPanel.of_panel")
        grouped = cls.__new__(cls)
        grouped._assemble(panel, groups, interacted, axis)
        return grouped

    def _assemble(
        self,
        panel: SpatialPanel,
        groups: pd.Series[Any] | Mapping[Any, Any],
        interacted: Sequence[str] | None,
        axis: Axis | None,
    ) -> None:
        arrays = panel.arrays
        self.model = panel.model
        self.regressors = arrays.variables
        self.grouping = read_groups(groups, arrays.units, arrays.periods, axis)
        self.interacted = tuple(read_interacted(interacted, arrays.variables))
        columns, self.positions = interact(arrays, self.grouping, self.interacted)
        _check_sizes(
            columns, self.grouping, self.positions, panel.entity_effects, panel.time_effects
        )
        self.panel = SpatialPanel.from_arrays(
            columns,
            model=WITHOUT_LAGS.get(panel.model, panel.model),
            entity_effects=panel.entity_effects,
            time_effects=panel.time_effects,
            spectrum=panel.spectrum,
            error_spectrum=panel.error_spectrum,
        )

    def fit(
        self,
        estimator: Estimator = "transform",
        cov_type: CovarianceType = "oim",
        logdet: LogDeterminantMethod = "auto",
    ) -> GroupedResults:
        """Estimate; arguments, warnings and errors as of `SpatialPanel.fit`."""
        return GroupedResults(
            fit=self.panel.fit(estimator, cov_type, logdet),
            model=self.model,
            grouping=self.grouping,
            regressors=self.regressors,
            interacted=self.interacted,
            positions=self.positions,
        )


@dataclass(frozen=True, slots=True, repr=False)
class GroupedResults:
    """Estimates of a `GroupedPanel`.

    Attributes
    ----------
    fit : SpatialPanelResults
        Of the columns ``x[group]`` and ``W.x[group]``: parameters, tests, diagnostics. Its own
        effects are those of the common regressors only.
    model : str
        As asked for.
    grouping : Grouping
    regressors, interacted : tuple of str
    positions : CoefficientPositions
    """

    fit: SpatialPanelResults
    model: str
    grouping: Grouping
    regressors: tuple[str, ...]
    interacted: tuple[str, ...]
    positions: CoefficientPositions

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by name."""
        return self.fit.params

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name."""
        return self.fit.std_errors

    @property
    def at_boundary(self) -> bool:
        """Whether the likelihood peaks at or beyond the edge of the admissible interval."""
        return self.fit.at_boundary

    def with_covariance(self, cov_type: CovarianceType) -> GroupedResults:
        """The same estimates with another covariance."""
        return replace(self, fit=self.fit.with_covariance(cov_type))

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, as of `SpatialPanelResults.tidy`."""
        return self.fit.tidy(level)

    def effects(
        self,
        inference: Literal["delta", "simulation"] = "delta",
        draws: int = 1000,
        seed: int | np.random.SeedSequence = 0,
    ) -> GroupedEffects:
        """Direct, indirect and total effects of every regressor on every group.

        Parameters
        ----------
        inference, draws, seed
            As of `SpatialPanelResults.effects`.

        Returns
        -------
        GroupedEffects

        Raises
        ------
        BoundaryError
            If the estimate is at the boundary.
        SpecificationError
            For an unknown inference, too few draws, or groups of too many units.
        """
        check_choice("inference", inference, ("delta", "simulation"))
        self._check_interior("there are no effects")
        return effects_on_groups(
            self.fit,
            self.grouping,
            self.positions,
            self.regressors,
            self.interacted,
            draws if inference == "simulation" else None,
            seed,
        )

    def wald_equal(
        self,
        terms: Sequence[str] | None = None,
        *,
        groups: Sequence[Any] | None = None,
        which: Literal["both", "own", "lag"] = "both",
    ) -> SpecificationTest:
        """Wald test that coefficients are the same in all of some groups: β_g = β_h, θ_g = θ_h.

        Parameters
        ----------
        terms : sequence of str, optional
            Interacted regressors; default all of them.
        groups : sequence, optional
            Two or more labels; default all.
        which : {"both", "own", "lag"}
            Coefficients of the regressors, of their lags, or both.

        Returns
        -------
        SpecificationTest, with the covariance of the fit.

        Raises
        ------
        BoundaryError
            If the estimate is at the boundary.
        SpecificationError
            If a term is not interacted, or has no lag where lags are tested.
        GroupingError
            For unknown groups.
        """
        check_choice("which", which, ("both", "own", "lag"))
        self._check_interior("there is no Wald test")
        matrix, labels, chosen = self._equal_coefficients(terms, groups, which)
        test = calc_wald(
            np.asarray(self.params), self.fit.covariance, matrix, np.zeros(len(matrix)), labels
        )
        tested = {"both": "coefficients and lags", "own": "coefficients", "lag": "lags"}[which]
        compared = [self.grouping.names[place] for place in self.grouping.places(groups)]
        return SpecificationTest(
            name="Wald",
            null=f"{tested} of {', '.join(chosen)} are equal in {', '.join(compared)}",
            statistic=test.statistic,
            df=test.df,
            p_value=test.p_value,
            distribution="chi2",
            form=self.fit.specification.cov_type,
            note=COMMON_NOTE,
        )

    def _equal_coefficients(
        self, terms: Sequence[str] | None, groups: Sequence[Any] | None, which: str
    ) -> tuple[Array, list[str], list[str]]:
        chosen = choose_terms(terms, self.regressors, self.interacted)
        common = [name for name in chosen if name not in self.interacted]
        if common:
            raise SpecificationError(
                f"{enumerate_names(common)} have the same coefficients in all groups by "
                f"construction; interacted are {enumerate_names(self.interacted)}"
            )
        places = self.grouping.places(groups)
        names, rows, labels = self.fit.param_names, [], []
        for name in chosen:
            k = self.regressors.index(name)
            tables = {"own": self.positions.beta[k], "lag": self.positions.theta[k]}
            for kind, positions in tables.items():
                if which not in ("both", kind) or positions[0] < 0:
                    continue
                for first, second in itertools.pairwise(places):
                    row = np.zeros(len(names))
                    row[positions[first]], row[positions[second]] = 1.0, -1.0
                    rows.append(row)
                    labels.append(f"{names[positions[first]]} = {names[positions[second]]}")
        if not rows:
            raise SpecificationError(
                f"{enumerate_names(chosen)} have no spatial lag in this model; test which='own'"
            )
        return np.array(rows), labels, chosen

    def _check_interior(self, consequence: str) -> None:
        if self.at_boundary:
            raise BoundaryError(
                f"{' or '.join(self.fit.specification.spatial_names)} is at the edge of the "
                f"admissible interval; {consequence}"
            )

    @property
    def summary(self) -> str:
        """Groups, parameters, effects by group."""
        counted = ", ".join(
            f"{name}: {size} {self.grouping.axis}s"
            for name, size in zip(self.grouping.names, self.grouping.sizes, strict=True)
        )
        head = f"{self.model} with coefficients by group ({counted}); {COMMON_NOTE}."
        parts = [head, self.fit.to_text(effects=False)]
        if not self.at_boundary:
            parts.append(self.effects().summary)
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return (
            f"<GroupedResults {self.model}, {len(self.grouping)} groups of "
            f"{self.grouping.axis}s, {len(self.interacted)} of {len(self.regressors)} regressors "
            f"interacted, loglik={self.fit.loglik:.6g}>"
        )


def interact(
    arrays: PanelArrays, grouping: Grouping, interacted: Sequence[str]
) -> tuple[PanelArrays, CoefficientPositions]:
    """A panel with columns D_g x and D_g(Wx) in place of x and Wx.

    Parameters
    ----------
    arrays : PanelArrays
        With the lags as columns.
    grouping : Grouping
    interacted : sequence of str
        Regressors.

    Returns
    -------
    PanelArrays, whose ``variables`` are the regressors that are not interacted, and the place of
    every coefficient.

    Raises
    ------
    SpecificationError
        If a new column has the name of another one.
    """
    owners = {
        place: name
        for positions in (arrays.beta_positions, arrays.theta_positions)
        for name, place in zip(arrays.variables, positions, strict=True)
        if place >= 0
    }
    names: list[str] = []
    parts: list[Array] = []
    places: dict[int, list[int]] = {}
    for position, name in enumerate(arrays.names):
        column = arrays.z[:, :, position : position + 1]
        if owners.get(position) in interacted:
            places[position] = [len(names) + g for g in range(len(grouping))]
            names += [f"{name}[{group}]" for group in grouping.names]
            parts += [column * grouping.mask(g) for g in range(len(grouping))]
        else:
            places[position] = [len(names)] * len(grouping)
            names.append(name)
            parts.append(column)
    repeated = pd.Index(names)[pd.Index(names).duplicated()].unique()
    if len(repeated):
        raise SpecificationError(
            f"the columns {enumerate_names(repeated)} of the interacted model have one name; "
            "rename the regressor or the group"
        )
    nowhere = [-1] * len(grouping)
    positions = CoefficientPositions(
        beta=np.array([places[place] for place in arrays.beta_positions], dtype=np.intp),
        theta=np.array([places.get(place, nowhere) for place in arrays.theta_positions]),
    )
    common = [k for k, name in enumerate(arrays.variables) if name not in interacted]
    return (
        replace(
            arrays,
            z=np.concatenate(parts, axis=2),
            names=tuple(names),
            variables=tuple(arrays.variables[k] for k in common),
            beta_positions=tuple(int(positions.beta[k, 0]) for k in common),
            theta_positions=tuple(int(positions.theta[k, 0]) for k in common),
        ),
        positions,
    )


def read_interacted(interacted: Sequence[str] | None, variables: Sequence[str]) -> list[str]:
    """Regressors whose coefficients differ, in the order of the model; default all.

    Raises
    ------
    SpecificationError
        If one is not a regressor, or none is named.
    """
    if interacted is None:
        return list(variables)
    if isinstance(interacted, str) or not isinstance(interacted, Sequence | pd.Index):
        raise SpecificationError(f"interacted must be a list of regressors, got {interacted!r}")
    lagged = [str(name).removeprefix(LAG_PREFIX) for name in interacted if name not in variables]
    if lagged:
        hint = " (lags follow their regressor)" if set(lagged) <= set(variables) else ""
        unknown = [name for name in interacted if name not in variables]
        raise SpecificationError(
            f"interacted names {enumerate_names(unknown)}; the regressors are "
            f"{enumerate_names(variables)}{hint}"
        )
    if len(set(interacted)) != len(interacted) or not len(interacted):
        raise SpecificationError(
            "interacted must name at least one regressor, each once; got "
            f"{enumerate_names(interacted) or 'none'}"
        )
    return [name for name in variables if name in set(interacted)]


def _check_sizes(
    arrays: PanelArrays,
    grouping: Grouping,
    positions: CoefficientPositions,
    entity_effects: bool,
    time_effects: bool,
) -> None:
    """Refuse a group with fewer rows, effects taken off, than coefficients of its own."""
    shared = positions.beta[:, 0] == positions.beta[:, 1]
    own = int((~shared).sum() + ((positions.theta[:, 0] >= 0) & ~shared).sum())
    of_units = grouping.axis == "unit"
    # A group of units loses its unit means, a group of periods its period means.
    lost = 1 if (entity_effects if of_units else time_effects) else 0
    length = arrays.n_periods if of_units else arrays.n_units
    small = [
        f"{name} ({size} {grouping.axis}s, {size * (length - lost)} free rows)"
        for name, size in zip(grouping.names, grouping.sizes, strict=True)
        if size * (length - lost) <= own
    ]
    if small:
        raise GroupingError(
            f"{own} coefficients by group are too many for {'; '.join(small)}; interact fewer "
            "regressors or merge groups"
        )
