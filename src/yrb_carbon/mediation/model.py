"""Systems of spatial panel models: mediators on a treatment, an outcome on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

import pandas as pd

from yrb_carbon.spatialpanel import (
    AbsorbedRegressorError,
    SpatialPanel,
    SpecificationError,
    Weights,
)
from yrb_carbon.spatialpanel.covariance import CovarianceType
from yrb_carbon.spatialpanel.errors import check_choice, enumerate_names
from yrb_carbon.spatialpanel.logdet import LogDeterminantMethod
from yrb_carbon.spatialpanel.model import Estimator, Model

from .decomposition import ALL
from .results import NATURAL_PATH, SYSTEM_PATH, MediationResults, naming

AnyWeights = Weights | tuple[Sequence[Any], Any] | pd.DataFrame
Names = Sequence[str]

# What each equation may be, and why the others may not.
REFUSED = {
    "sac": "its likelihood often has two peaks of nearly the same height, and the spatial "
    "parameters of the two decide which effects there are",
    "gns": "its parameters are identified by functional form only",
}
MODELS = tuple(name for name in get_args(Model) if name not in REFUSED)
RESERVED = (ALL, NATURAL_PATH, SYSTEM_PATH)
ONE_STEP_TITLE = "one-step equation"


@dataclass(frozen=True, slots=True)
class Equation:
    """What one equation of the system is made of.

    Attributes
    ----------
    dependent : str
    regressors : tuple of str
    model : str
    durbin : tuple of str or None
        Regressors whose spatial lag enters; None for all.
    """

    dependent: str
    regressors: tuple[str, ...]
    model: Model
    durbin: tuple[str, ...] | None


class SpatialMediation:
    """A treatment x, mediators m_k and an outcome y in a spatial panel.

    m_k = ρ_k W m_k + a_k x + t_k W x + controls + effects + e_k for every mediator, and
    y = ρ W y + c x + d W x + Σ_k (b_k m_k + e_k W m_k) + controls + effects + u. The one-step
    equation, y on x and controls, is fitted beside them for comparison.

    Parameters
    ----------
    data : DataFrame, index (unit, year)
        Rows in any order, every unit in every year.
    outcome, treatment : str
        Columns of ``data``.
    mediators : sequence of str
        Parallel mediators: none of them acts on another.
    controls : sequence of str
        Other regressors of every equation.
    weights : object with ``unique_ids`` and ``sparse``, pair (ids, matrix) or DataFrame
        Spatial weights of the outcome equation.
    mediator_weights : as ``weights``, optional
        Of the mediators' equations; default the same.
    model : {"ols", "slx", "sar", "sem", "sdm", "sdem"}
        Of the outcome equation and the one-step equation.
    mediator_model : str or mapping mediator -> str, optional
        Default: ``model``.
    durbin : sequence of str, optional
        Regressors of the outcome equation whose spatial lag enters; default all, in models that
        have such lags.
    mediator_durbin : sequence of str or mapping mediator -> sequence of str, optional
        The same of the mediators' equations; default all.
    mediator_controls : sequence of str or mapping mediator -> sequence of str, optional
        Controls of the mediators' equations; default ``controls``. Mediators that a mapping leaves
        out have the default.
    entity_effects, time_effects : bool
        Fixed effects of units and of periods, in every equation.

    Raises
    ------
    SpatialPanelError
        One of its subclasses, naming the equation and what does not fit, as `SpatialPanel` does.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        *,
        outcome: str,
        treatment: str,
        mediators: Names,
        controls: Names = (),
        weights: AnyWeights,
        mediator_weights: AnyWeights | None = None,
        model: str = "sdm",
        mediator_model: str | Mapping[str, str] | None = None,
        durbin: Names | None = None,
        mediator_durbin: Names | Mapping[str, Names] | None = None,
        mediator_controls: Names | Mapping[str, Names] | None = None,
        entity_effects: bool = True,
        time_effects: bool = True,
    ) -> None:
        self.outcome = outcome
        self.treatment = treatment
        self.mediators = _name_list("mediators", mediators)
        self.controls = _name_list("controls", controls)
        if not self.mediators:
            raise SpecificationError("mediators is empty; a system needs at least one mediator")
        models = _by_mediator("mediator_model", mediator_model, self.mediators, model)
        lags = _by_mediator("mediator_durbin", mediator_durbin, self.mediators, None)
        others = _by_mediator("mediator_controls", mediator_controls, self.mediators, self.controls)
        regressors = (treatment, *self.mediators, *self.controls)
        self._outcome_equation = _equation(outcome, regressors, model, durbin)
        self._mediator_equations = tuple(
            _equation(
                name,
                (treatment, *_name_list(f"mediator_controls of {name!r}", others[name])),
                models[name],
                lags[name],
            )
            for name in self.mediators
        )
        self._check_roles()
        self._options: dict[str, Any] = {
            "entity_effects": entity_effects,
            "time_effects": time_effects,
        }
        self._data = _columns(data, self._names())
        self._weights = weights
        self._mediator_weights = mediator_weights
        self.panels = self._build_panels()

    @property
    def equations(self) -> dict[str, Equation]:
        """The mediators' equations in order, then the outcome's, by dependent variable."""
        every = (*self._mediator_equations, self._outcome_equation)
        return {equation.dependent: equation for equation in every}

    def fit(
        self,
        estimator: Estimator = "transform",
        cov_type: CovarianceType = "serial",
        logdet: LogDeterminantMethod = "auto",
    ) -> MediationResults:
        """Estimate every equation by exact maximum likelihood.

        Parameters
        ----------
        estimator, cov_type, logdet
            As of `SpatialPanel.fit`. The default covariance holds under serial correlation.

        Returns
        -------
        MediationResults

        Warns
        -----
        BoundaryWarning
            If an estimate is at the edge of the admissible interval; there are no effects then.

        Raises
        ------
        SpatialPanelError
            Naming the equation, as `SpatialPanel.fit`.
        """
        fits = {}
        for name, panel in self.panels.items():
            with naming(_title(name)):
                fits[name] = panel.fit(estimator, cov_type, logdet)
        with naming(ONE_STEP_TITLE):
            one_step = self.one_step_panel.fit(estimator, cov_type, logdet)
        outcome = fits.pop(self.outcome)
        return MediationResults(
            treatment=self.treatment, outcome=outcome, mediators=fits, one_step=one_step
        )

    def _names(self) -> list[str]:
        """Every variable once."""
        used = [name for equation in self.equations.values() for name in equation.regressors]
        return list(dict.fromkeys([*self.equations, *used]))

    def _check_roles(self) -> None:
        """Refuse a variable in two roles, and names that tables use for something else."""
        roles = {"outcome": [self.outcome], "treatment": [self.treatment]}
        roles |= {"mediators": list(self.mediators), "controls": list(self.controls)}
        for equation in self._mediator_equations:
            given = [name for name in equation.regressors[1:] if name not in self.controls]
            roles[f"controls of the {_title(equation.dependent)}"] = given
        fixed = [("outcome", "treatment"), ("outcome", "mediators"), ("treatment", "mediators")]
        others = [role for role in roles if "controls" in role]
        fixed += [
            (role, other) for role in ("outcome", "treatment", "mediators") for other in others
        ]
        for first, second in fixed:
            both = [name for name in roles[first] if name in roles[second]]
            if both:
                raise SpecificationError(
                    f"{enumerate_names(both)} cannot be among the {second} and be the {first} too; "
                    "every variable has one role"
                )
        reserved = [n for n in (self.treatment, *self.mediators) if n in RESERVED]
        if reserved:
            raise SpecificationError(
                f"{enumerate_names(reserved)} cannot be the name of a treatment or mediator: "
                f"tables use {enumerate_names(RESERVED)} for paths. Rename the column"
            )

    def _build_panels(self) -> dict[str, SpatialPanel]:
        """One panel an equation; those with the same weights share them and what they need."""
        own = self._outcome_equation
        with naming(_title(self.outcome)):
            outcome = self._panel(own, self._weights)
        shared = None if self._mediator_weights is not None else outcome
        weights = self._weights if self._mediator_weights is None else self._mediator_weights
        panels = {}
        for equation in self._mediator_equations:
            with naming(_title(equation.dependent)):
                panel = self._panel(equation, weights)
            shared = panel if shared is None else shared
            panels[equation.dependent] = _share(panel, shared)
        panels[self.outcome] = outcome
        with naming(ONE_STEP_TITLE):
            one_step = self._panel(_one_step(own, self.mediators), self._weights)
        self.one_step_panel = _share(one_step, outcome)
        return panels

    def _panel(self, equation: Equation, weights: AnyWeights) -> SpatialPanel:
        panel = SpatialPanel(
            self._data[equation.dependent],
            self._data[list(equation.regressors)],
            cast(Any, weights),
            model=equation.model,
            durbin=equation.durbin,
            **self._options,
        )
        roles = [name for name in (self.treatment, *self.mediators) if name in equation.regressors]
        constant = [name for name in roles if name not in panel.arrays.variables]
        if constant:
            # Without fixed effects a constant regressor serves as the intercept.
            raise AbsorbedRegressorError(
                f"{enumerate_names(constant)} is constant and has no effect; drop it"
            )
        return panel


def _share(panel: SpatialPanel, first: SpatialPanel) -> SpatialPanel:
    """The panel with weights and log-determinant of another one, whose weights are equal."""
    if panel is first:
        return panel
    return SpatialPanel.from_arrays(
        replace(panel.arrays, weights=first.arrays.weights),
        model=panel.model,
        entity_effects=panel.entity_effects,
        time_effects=panel.time_effects,
        spectrum=first.spectrum,
    )


def _one_step(outcome: Equation, mediators: Names) -> Equation:
    """The outcome equation without the mediators."""
    kept = tuple(name for name in outcome.regressors if name not in mediators)
    durbin = None if outcome.durbin is None else tuple(n for n in outcome.durbin if n in kept)
    return replace(outcome, regressors=kept, durbin=durbin)


def _equation(dependent: str, regressors: Names, model: str, durbin: Names | None) -> Equation:
    if model in REFUSED:
        raise SpecificationError(
            f"{_title(dependent)}: model {model!r} is refused in a system of equations: "
            f"{REFUSED[model]}. Use {enumerate_names(MODELS)}"
        )
    check_choice(f"{_title(dependent)}: model", model, MODELS)
    return Equation(
        dependent,
        tuple(regressors),
        cast(Model, model),
        None if durbin is None else _name_list(f"{_title(dependent)}: durbin", durbin),
    )


def _title(dependent: str) -> str:
    return f"equation of {dependent!r}"


def _name_list(what: str, names: Names) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise SpecificationError(f"{what} must be a list of column names, got {names!r}")
    listed = tuple(names)
    repeated = sorted({name for name in listed if listed.count(name) > 1})
    if repeated:
        raise SpecificationError(f"{what} names {enumerate_names(repeated)} twice")
    return listed


def _by_mediator(what: str, given: Any, mediators: Names, default: Any) -> dict[str, Any]:
    """One value a mediator, from a mapping or from one value for all."""
    if not isinstance(given, Mapping):
        value = default if given is None else given
        return dict.fromkeys(mediators, value)
    strange = [name for name in given if name not in mediators]
    if strange:
        raise SpecificationError(
            f"{what} names {enumerate_names(strange)}, not among the mediators "
            f"({enumerate_names(mediators)})"
        )
    return {name: given.get(name, default) for name in mediators}


def _columns(data: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise SpecificationError(f"data must be a pandas DataFrame, got {type(data).__name__}")
    missing = [name for name in names if name not in data.columns]
    if missing:
        raise SpecificationError(
            f"data has no column {enumerate_names(missing)}; it has {enumerate_names(data.columns)}"
        )
    chosen = data[list(names)]
    if chosen.shape[1] != len(names):
        repeated = chosen.columns[chosen.columns.duplicated()].unique()
        raise SpecificationError(f"data repeats the columns {enumerate_names(repeated)}")
    return chosen
