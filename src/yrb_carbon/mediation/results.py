"""Results of a system of spatial panel models with mediators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from yrb_carbon.spatialpanel import (
    BoundaryError,
    SpatialPanel,
    SpatialPanelError,
    SpatialPanelResults,
    SpecificationError,
)
from yrb_carbon.spatialpanel.align import drop_variables
from yrb_carbon.spatialpanel.covariance import CovarianceType
from yrb_carbon.spatialpanel.effects import calc_effect_matrix
from yrb_carbon.spatialpanel.effects_results import DEFAULT_LEVEL, beta_theta
from yrb_carbon.spatialpanel.errors import check_choice, enumerate_names
from yrb_carbon.spatialpanel.summary import describe_weights
from yrb_carbon.spatialpanel.tables import (
    TIDY_COLUMNS,
    html_notes,
    html_pairs,
    html_table,
    text_pairs,
    text_table,
)
from yrb_carbon.spatialpanel.within import Array, within_transform

from .decomposition import (
    ALL,
    DecompositionArrays,
    EquationDraws,
    SystemDraws,
    calc_decomposition,
    decomposition_labels,
)
from .resolvent import RESOLVENT_LIMIT, Resolvent

if TYPE_CHECKING:
    from .bootstrap import Scheme
    from .effects import Joint, MediationEffects, Scale
    from .sensitivity import MediationSensitivity
    from .steps import MediationSteps

NATURAL_PATH, SYSTEM_PATH = "natural", "system"
SYSTEM_COLUMNS = (TIDY_COLUMNS[0], "spec", *TIDY_COLUMNS[1:])
ONE_STEP = "one_step"
"""Text in the column ``spec`` of the parameters of the one-step equation."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Natural and mediated effects of one system at one or many parameter values.

    Attributes
    ----------
    labels : MultiIndex (term, quantity), length Q
    arrays : DecompositionArrays
    """

    labels: pd.MultiIndex
    arrays: DecompositionArrays

    @property
    def values(self) -> Array:
        """All quantities, shape (R, Q); NaN rows where a ρ is not admissible."""
        return self.arrays.values

    @property
    def frame(self) -> pd.DataFrame:
        """The same with `labels` as columns."""
        return pd.DataFrame(self.values, columns=self.labels)


@dataclass(frozen=True, slots=True, repr=False)
class MediationResults:
    """Fits of all equations of a `SpatialMediation`.

    Attributes
    ----------
    treatment : str
    outcome : SpatialPanelResults
        y on treatment, mediators and controls.
    mediators : mapping of SpatialPanelResults
        By mediator, in the order given; each on the treatment and its controls.
    one_step : SpatialPanelResults
        y on treatment and controls. It is not the reduced form of the system, which has powers of
        W that it lacks, so its total effect is shown beside that of the system.
    """

    treatment: str
    outcome: SpatialPanelResults
    mediators: Mapping[str, SpatialPanelResults]
    one_step: SpatialPanelResults

    @property
    def equations(self) -> dict[str, SpatialPanelResults]:
        """The mediators' fits in order, then the outcome's, by dependent variable."""
        return {**self.mediators, self.outcome.arrays.dependent: self.outcome}

    @property
    def at_boundary(self) -> bool:
        """Whether an equation is at the edge of its admissible interval: there are no effects."""
        return bool(self.boundary_equations)

    @property
    def boundary_equations(self) -> list[str]:
        """Equations at the edge of the admissible interval; the one-step equation not counted."""
        return [name for name, fit in self.equations.items() if fit.at_boundary]

    @property
    def n_units(self) -> int:
        """N."""
        return self.outcome.n_units

    @property
    def n_periods(self) -> int:
        """T."""
        return self.outcome.n_periods

    @property
    def labels(self) -> pd.MultiIndex:
        """Labels (term, quantity) of every decomposition of this system."""
        return decomposition_labels(self.treatment, list(self.mediators))

    def system(self, parameters: Mapping[str, Array] | None = None) -> SystemDraws:
        """The numbers that the decomposition needs, at the estimates or at draws.

        Parameters
        ----------
        parameters : mapping equation -> array, shape (R, P) or (R, P - 1), optional
            In the order of ``params`` of that equation's fit; what follows ρ is not read.

        Returns
        -------
        SystemDraws
        """
        first = next(iter(self.mediators.values()))
        variables = [self.treatment, *self.mediators]
        return SystemDraws(
            outcome=_equation_draws(self.outcome, variables, parameters),
            mediators=tuple(
                _equation_draws(fit, [self.treatment], parameters)
                for fit in self.mediators.values()
            ),
            outcome_weights=Resolvent.of_fit(self.outcome),
            mediator_weights=Resolvent.of_fit(first),
        )

    def decompose(self, parameters: Mapping[str, Array] | None = None) -> Decomposition:
        """Natural and mediated effects at the estimates, or at parameter draws.

        Parameters
        ----------
        parameters : mapping equation -> array, optional
            As of `system`.

        Returns
        -------
        Decomposition; rows with a ρ outside of its admissible interval are NaN.

        Raises
        ------
        BoundaryError
            If an equation is at the boundary and no parameters are given.
        SpecificationError
            If there are too many units.
        """
        if parameters is None:
            self.check_interior()
        return Decomposition(self.labels, calc_decomposition(self.system(parameters)))

    def effects(
        self,
        inference: Literal["mc"] = "mc",
        draws: int = 5000,
        seed: int | np.random.SeedSequence = 0,
        cov_type: CovarianceType | None = None,
        joint: Joint = "mediators",
        scale: Scale = "unit",
    ) -> MediationEffects:
        """Natural and mediated effects with intervals by normal draws of all parameters.

        Parameters
        ----------
        inference : {"mc"}
            For the others call `bootstrap`.
        draws, seed
            The draws depend on nothing but the seed: not on the order of rows, units, mediators or
            regressors.
        cov_type : str, optional
            Covariance of the parameters, as of `SpatialPanel.fit`; default that of the fits.
        joint : {"mediators", "all", "none"}
            Equations whose errors may correlate. ``mediators``: those of the mediators with one
            another, but not with the outcome's, which is the condition under which the mediated
            effects are identified. ``none`` makes the intervals of sums over mediators too short
            or too long.
        scale : {"unit", "within", "overall"}
            Effects of one unit of the treatment, or of one standard deviation of it, with unit and
            period means removed or not.

        Returns
        -------
        MediationEffects

        Raises
        ------
        BoundaryError
            If an equation is at the boundary, or nearly all draws are outside of the interval.
        SpecificationError
            For an unknown choice, too few draws, or too many units.
        SingularInformationError
            If the covariance of an equation does not exist.
        """
        from .effects import effects_by_draws

        check_choice("inference", inference, ["mc"])
        return effects_by_draws(
            self, draws=draws, seed=seed, cov_type=cov_type, joint=joint
        ).scaled(scale)

    def bootstrap(
        self,
        draws: int = 999,
        seed: int | np.random.SeedSequence = 0,
        scheme: Scheme = "wild_unit",
        n_jobs: int = 1,
        scale: Scale = "unit",
    ) -> MediationEffects:
        """Natural and mediated effects with intervals by estimating all equations on every draw.

        Parameters
        ----------
        draws, seed, scheme, n_jobs
            As of `bootstrap.bootstrap_mediation`: ``wild_unit`` holds under serial correlation
            within units, ``year`` under dependence between units.
        scale : {"unit", "within", "overall"}
            As of `effects`.

        Returns
        -------
        MediationEffects

        Raises
        ------
        BoundaryError
            If an equation is at the boundary, or nearly all draws are.
        SpecificationError
            For an unknown choice or numbers that are too small.
        """
        from .bootstrap import bootstrap_mediation

        return bootstrap_mediation(self, draws, seed, scheme, n_jobs).scaled(scale)

    def sensitivity(
        self,
        mediators: Sequence[str] | None = None,
        *,
        draws: int = 5000,
        seed: int | np.random.SeedSequence = 0,
        cov_type: CovarianceType | None = None,
        joint: Joint = "mediators",
    ) -> MediationSensitivity:
        """Effects over the correlation of errors (see `sensitivity.calc_sensitivity`)."""
        from .sensitivity import calc_sensitivity

        return calc_sensitivity(
            self, mediators, draws=draws, seed=seed, cov_type=cov_type, joint=joint
        )

    def one_at_a_time(self) -> dict[str, MediationResults]:
        """The system with one mediator each: the outcome estimated again without the others.

        Returns
        -------
        dict mediator -> MediationResults

        Raises
        ------
        SpatialPanelError
            Naming the mediator, as `SpatialPanel.fit`.
        """
        systems = {}
        for name, fit in self.mediators.items():
            others = [other for other in self.mediators if other != name]
            with naming(f"outcome with the mediator {name!r} alone"):
                outcome = _without(self.outcome, others)
            systems[name] = MediationResults(
                treatment=self.treatment,
                outcome=outcome,
                mediators={name: fit},
                one_step=self.one_step,
            )
        return systems

    def steps(self, cov_types: Sequence[CovarianceType] = ("oim", "serial")) -> MediationSteps:
        """Three-step and two-step tables (see `steps.calc_steps`)."""
        from .steps import calc_steps

        return calc_steps(self, cov_types)

    def effect_matrix(self, path: str) -> pd.DataFrame:
        """Effects of every unit's treatment on every unit's outcome by one path.

        Parameters
        ----------
        path : str
            ``natural`` (S_x), a mediator (S_b S_m), ``all`` (the sum of these) or ``system``
            (all of it).

        Returns
        -------
        DataFrame, shape (N, N); rows receive, columns send.

        Raises
        ------
        BoundaryError
            If an equation is at the boundary.
        SpecificationError
            For an unknown path or more than `RESOLVENT_LIMIT` units.
        """
        check_choice("path", path, self._paths())
        self.check_interior()
        units = self.outcome.arrays.units
        matrix = self._matrices()[path]
        return pd.DataFrame(matrix, index=units.rename("to"), columns=units.rename("from"))

    def unit_effects(self) -> dict[str, pd.DataFrame]:
        """Effects by unit and path.

        Returns
        -------
        dict path -> DataFrame, index units: ``own`` (effect of a unit's treatment on its own
        outcome), ``received`` (of a unit change in all others on the unit), ``sent`` (of the
        unit's treatment on all others). Their means are the direct effect, the spillover
        and the spillover. Paths as of `effect_matrix`.

        Raises
        ------
        BoundaryError
            If an equation is at the boundary.
        SpecificationError
            For more than `RESOLVENT_LIMIT` units.
        """
        self.check_interior()
        units = self.outcome.arrays.units
        tables = {}
        for path, matrix in self._matrices().items():
            own = np.diag(matrix)
            columns = {
                "own": own,
                "received": matrix.sum(axis=1) - own,
                "sent": matrix.sum(axis=0) - own,
            }
            tables[path] = pd.DataFrame(columns, index=units)
        return tables

    def treatment_sd(self) -> dict[str, float]:
        """Standard deviations of the treatment: ``within``, two-way, and ``overall``.

        The overall one is over all unit-years, the other after unit and period means are removed;
        both divide by NT - 1.
        """
        arrays = self.outcome.arrays
        position = arrays.beta_positions[arrays.variables.index(self.treatment)]
        values = arrays.z[:, :, position]
        within = within_transform(values, entity_effects=True, time_effects=True)
        return {
            "within": float(within.std(ddof=1)),
            "overall": float(values.std(ddof=1)),
        }

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Parameters of every equation and effects by Monte Carlo, one number a row.

        Columns are `SYSTEM_COLUMNS`; ``spec`` is ``one_step`` for the one-step equation.
        """
        tables = [fit.tidy(level).assign(spec="") for fit in self.equations.values()]
        tables.append(self.one_step.tidy(level).assign(spec=ONE_STEP))
        if not self.at_boundary:
            tables.append(self.effects().tidy(level))
        return pd.concat(tables, ignore_index=True)[list(SYSTEM_COLUMNS)]

    @property
    def summary(self) -> str:
        """The system, its equations and its effects as text."""
        parts = [text_pairs(self._header()), f"Equations\n{text_table(self.equation_table())}"]
        if self.at_boundary:
            return "\n\n".join([*parts, self._boundary_message()])
        return "\n\n".join([*parts, self.effects().summary])

    def equation_table(self) -> pd.DataFrame:
        """Every equation in a row: model, spatial parameters, coefficients of interest, AR(1).

        Columns of coefficients: the treatment and, in the outcome equation, every mediator.
        """
        rows = {}
        for title, fit in (*self.equations.items(), (ONE_STEP, self.one_step)):
            params = fit.params
            row: dict[str, object] = {"model": fit.specification.model}
            for name in ("rho", "lambda", self.treatment, *self.mediators):
                row[name] = float(params[name]) if name in params.index else np.nan
            row["residual_ar1"] = fit.residual_ar1()
            rows[title] = row
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("equation")
        return table.dropna(axis=1, how="all")

    def check_interior(self) -> None:
        """Refuse effects where an equation is at the boundary.

        Raises
        ------
        BoundaryError
            Naming the equations.
        """
        if self.at_boundary:
            raise BoundaryError(self._boundary_message())

    def __repr__(self) -> str:
        return (
            f"<MediationResults {self.treatment} -> {', '.join(self.mediators)} -> "
            f"{self.outcome.arrays.dependent}, {self.n_units} units x {self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        title = f"Mediated effects of {self.treatment} on {self.outcome.arrays.dependent}"
        parts = [html_pairs(self._header(), title), html_table(self.equation_table(), "Equations")]
        if self.at_boundary:
            return "".join([*parts, html_notes([self._boundary_message()])])
        return "".join([*parts, self.effects()._repr_html_()])

    def _header(self) -> list[tuple[str, str]]:
        scheme, arrays = self.outcome.specification.scheme, self.outcome.arrays
        present = (("unit", scheme.entity_effects), ("time", scheme.time_effects))
        first = next(iter(self.mediators.values()))
        rows = [
            ("Outcome", arrays.dependent),
            ("Treatment", self.treatment),
            ("Mediators", ", ".join(self.mediators)),
            ("Estimator", self.outcome.specification.estimator),
            ("Fixed effects", " and ".join(name for name, there in present if there) or "none"),
            (
                "Observations",
                f"{self.outcome.nobs} ({self.n_units} units x {self.n_periods} periods)",
            ),
            ("Weights", describe_weights(arrays.weights)),
        ]
        if not Resolvent.of_fit(self.outcome).same_weights(Resolvent.of_fit(first)):
            rows.append(("Weights of the mediators", describe_weights(first.arrays.weights)))
        return rows

    def _boundary_message(self) -> str:
        stated = [
            f"{name!r} ({', '.join(f'{k} = {v:.6g}' for k, v in _spatial(self.equations[name]))})"
            for name in self.boundary_equations
        ]
        return (
            f"the equation of {enumerate_names(stated)} is at the edge of the admissible interval, "
            "where the spatial multiplier has no finite value; the system has no effects. Consider "
            "sparser weights or another model for that equation"
        )

    def _paths(self) -> list[str]:
        return [NATURAL_PATH, *self.mediators, ALL, SYSTEM_PATH]

    def _matrices(self) -> dict[str, Array]:
        """Dense effects by path."""
        if self.n_units > RESOLVENT_LIMIT:
            raise SpecificationError(
                f"the effects of {self.n_units} units on each other are a dense matrix; the limit "
                f"is {RESOLVENT_LIMIT} units. Use fewer or larger units"
            )
        natural = _matrix(self.outcome, self.treatment)
        mediated = {
            name: _matrix(self.outcome, name) @ _matrix(fit, self.treatment)
            for name, fit in self.mediators.items()
        }
        total = np.sum(list(mediated.values()), axis=0)
        return {NATURAL_PATH: natural, **mediated, ALL: total, SYSTEM_PATH: natural + total}


def _without(fit: SpatialPanelResults, dropped: Sequence[str]) -> SpatialPanelResults:
    """The same model without some regressors, estimated in the same way."""
    if not dropped:
        return fit
    specification = fit.specification
    panel = SpatialPanel.from_arrays(
        drop_variables(fit.arrays, dropped),
        model=specification.model,
        entity_effects=specification.scheme.entity_effects,
        time_effects=specification.scheme.time_effects,
        spectrum=fit.spectrum,
        error_spectrum=fit.error_spectrum,
    )
    estimator: Any = specification.estimator
    cov_type: Any = specification.cov_type
    return panel.fit(estimator, cov_type)


@contextmanager
def naming(title: str) -> Iterator[None]:
    """Errors that name the equation."""
    try:
        yield
    except SpatialPanelError as error:
        raise type(error)(f"{title}: {error}") from error


def _matrix(fit: SpatialPanelResults, variable: str) -> Array:
    beta, theta = beta_theta(fit, fit.estimate.delta)
    k = fit.arrays.variables.index(variable)
    return calc_effect_matrix(float(beta[k]), float(theta[k]), fit.rho, fit.arrays.weights)


def _spatial(fit: SpatialPanelResults) -> list[tuple[str, float]]:
    return list(zip(fit.specification.spatial_names, fit.estimate.spatial_values, strict=True))


def _equation_draws(
    fit: SpatialPanelResults, variables: list[str], parameters: Mapping[str, Array] | None
) -> EquationDraws:
    """ρ, β and θ of the variables of interest, at the estimates or at draws."""
    name, n_slopes = fit.arrays.dependent, fit.estimate.delta.size
    values = np.asarray(fit.params, dtype=np.float64)[None, :]
    if parameters is not None:
        if name not in parameters:
            raise SpecificationError(
                f"parameters of the equation of {name!r} are missing; given are those of "
                f"{enumerate_names(parameters)}"
            )
        values = np.asarray(parameters[name], dtype=np.float64)
    has_rho = fit.estimate.rho is not None
    if values.ndim != 2 or values.shape[1] < n_slopes + has_rho:
        raise SpecificationError(
            f"parameters of the equation of {name!r} must be (R, {n_slopes + has_rho}) or wider, "
            f"got {values.shape}"
        )
    beta, theta = beta_theta(fit, values[:, :n_slopes])
    chosen = [fit.arrays.variables.index(variable) for variable in variables]
    # A draw that could not be estimated has no coefficients: it must not have a ρ of zero.
    none = np.where(np.isfinite(values[:, :n_slopes]).all(axis=1), 0.0, np.nan)
    rho = values[:, n_slopes] + none if has_rho else none
    return EquationDraws(rho, beta[:, chosen], theta[:, chosen])
