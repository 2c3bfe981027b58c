"""Tables of a mediation system: the effects by path, steps, sensitivity, timing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from yrb_carbon.errors import listing
from yrb_carbon.study.base import (
    Effects,
    Fault,
    Identifier,
    ModelKind,
    Path,
    Section,
    Text,
    repeated,
    unknown_names,
)
from yrb_carbon.study.printing import LayoutNames
from yrb_carbon.study.tables import DerivedTable, TableSection, standardisation_faults

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

SystemCovariance = Literal["oim", "serial", "clustered"]
SystemEstimator = Literal["transform", "direct"]
Protocol = Literal["matrix", "three_step", "two_step_jiang", "all"]
Scheme = Literal["wild_unit", "year"]

WITH_SPATIAL_ERROR = ("sem", "sdem")
LEAST_DRAWS = 100
LEAST_BOOTSTRAP_DRAWS = 39
"""Ends of a 95 % percentile interval need so many draws: one of 40 lies beyond each."""

NATURAL, SYSTEM, ONE_STEP, GAP, RANKS = "natural", "system", "one_step", "gap", "ranks"
"""Rows of a table of paths beside those through mediators: what is not mediated, all paths, the
model without mediators, the gap between these, which mediated effect is larger."""
SUM_OF_MEDIATORS = "all"
"""Term of the sum over mediators in estimates.csv; no variable may have this name."""


class BootstrapDraws(Section):
    """Draws of the bootstraps through the reduced form: of the joint system where there is one."""

    wild_unit: NonNegativeInt = Field(
        999, description="One random sign a unit over all years; 0 leaves it out."
    )
    year: NonNegativeInt = Field(
        999, description="Whole years drawn with replacement; 0 leaves it out."
    )

    intervals: Literal["percentile", "corrected"] = Field(
        "percentile",
        description="percentile, or corrected: BCa with a jackknife over years for year, corrected "
        "for bias for wild_unit.",
    )

    @property
    def schemes(self) -> dict[Scheme, int]:
        """Draws of each scheme that is wanted."""
        draws: dict[Scheme, int] = {"wild_unit": self.wild_unit, "year": self.year}
        return {scheme: number for scheme, number in draws.items() if number}


@dataclass(frozen=True, slots=True)
class _EquationChoice:
    """Model, estimator and effects of one equation, as checks of weights want them."""

    model: str
    estimator: str
    effects: str


class MediationTable(TableSection):
    """Natural and mediated effects of a treatment, by path."""

    kind: Literal["mediation"]
    sample: Identifier = Field("main", description="Which sample.")
    outcome: Identifier = Field(description="Outcome y.")
    treatment: Identifier = Field(description="Treatment x.")
    mediators: tuple[Identifier, ...] = Field(
        min_length=1, description="Mediators m_k; parallel, none acts on another."
    )
    controls: tuple[Identifier, ...] = Field((), description="Other regressors of every equation.")
    weights: Identifier = Field("queen", description="Spatial weights of the outcome equation.")
    mediator_weights: Identifier | None = Field(
        None, description="Of the mediators' equations; the same when null."
    )
    model: ModelKind = Field("sdm", description="Spatial model of every equation.")
    mediator_models: dict[Identifier, ModelKind] = Field(
        default_factory=dict,
        description="Other models of mediators' equations, by mediator.",
    )
    effects: Effects = Field("twoway", description="Fixed effects of every equation.")
    estimator: SystemEstimator = Field("transform", description="Estimator of every equation.")
    covariances: tuple[SystemCovariance, ...] = Field(
        ("oim", "serial", "clustered"),
        min_length=1,
        description=(
            "Joint covariances of all equations: oim (errors independent over time), serial "
            "(errors of a unit correlated over time, alike for all units), clustered (the same, "
            "units of different variance). Stars follow the last one."
        ),
    )
    draws: PositiveInt = Field(
        5000, ge=LEAST_DRAWS, description="Draws from the joint distribution of the estimates."
    )
    bootstrap: BootstrapDraws = Field(
        BootstrapDraws(),
        description="Bootstraps through the reduced form of the joint system (without one, of the "
        "first alone).",
    )
    protocol: Protocol = Field(
        "all",
        description=(
            "What is printed beside the effects by path, in a table of kind mediation_steps: "
            "matrix (nothing), three_step (three steps with Sobel's test), two_step_jiang (the two "
            "equations of Jiang 2022 alone), all. The two steps stand beside the three always."
        ),
    )
    joint: bool = Field(True, description="All mediators in one outcome equation.")
    one_at_a_time: bool = Field(True, description="The system with one mediator each as well.")
    level: float = Field(0.95, gt=0.5, lt=1, description="Level of the intervals.")
    note: Text | None = Field(
        None, description="Printed below the table and those made from its system."
    )

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Its one sample."""
        return (self.sample,)

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of the outcome and of the mediators."""
        return tuple(sorted({self.weights, self.mediator_weights or self.weights}))

    @property
    def named_variables(self) -> tuple[str, ...]:
        """Outcome, treatment, mediators, controls."""
        return (self.outcome, self.treatment, *self.mediators, *self.controls)

    def model_of(self, mediator: str) -> ModelKind:
        """Spatial model of a mediator's equation."""
        return self.mediator_models.get(mediator, self.model)

    @property
    def other_weights(self) -> str | None:
        """Weights of the mediators' equations where they are not those of the outcome's."""
        return None if self.mediator_weights == self.weights else self.mediator_weights

    @property
    def runs(self) -> tuple[str, ...]:
        """Columns `model` of its rows: `joint`, and each mediator alone."""
        alone = self.mediators if self.one_at_a_time else ()
        return (*((JOINT,) if self.joint else ()), *alone)

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Variables of all equations."""
        return self.named_variables

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """Its note."""
        return self.note

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Its paths; its covariances and bootstraps."""
        rows = (NATURAL, *self.mediators, SUM_OF_MEDIATORS, SYSTEM, ONE_STEP, GAP, RANKS)
        return LayoutNames(rows=rows, standard_errors=(*self.covariances, *self.bootstrap.schemes))

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names, variables in two roles, and systems that cannot be estimated."""
        yield from unknown_names(study.samples, self.sample, (*path, "sample"), "sample")
        for key in ("outcome", "treatment", "mediators", "controls"):
            yield from unknown_names(study.variables, getattr(self, key), (*path, key), "variable")
        yield from repeated(self, path, "covariances")
        yield from _role_faults(self, path)
        yield from _model_faults(study, self, path)
        if not self.runs:
            yield (
                (*path, "joint"),
                "joint and one_at_a_time are both false: there is no system to estimate",
            )
        for scheme, draws in self.bootstrap.schemes.items():
            if draws < LEAST_BOOTSTRAP_DRAWS:
                yield (
                    (*path, "bootstrap", scheme),
                    f"too few draws for an interval (got {draws}; allowed 0, which leaves the "
                    f"bootstrap out, or {LEAST_BOOTSTRAP_DRAWS} and more)",
                )


JOINT = "joint"
"""Column `model` of the rows of the system with all mediators."""


class DerivedMediation(DerivedTable):
    """Base of the tables about the system of another table."""

    target_kind: ClassVar[str] = "mediation"
    target_words: ClassVar[str] = "a table of kind mediation"

    of: Identifier = Field(description="The table of kind mediation whose system this is.")


class MediationStepsTable(DerivedMediation):
    """The stepwise tables that readers may expect beside the effects by path."""

    kind: Literal["mediation_steps"]

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A system whose protocol has no steps."""
        yield from super().faults(study, path)
        target = study.tables.get(self.of)
        if isinstance(target, MediationTable) and target.protocol == "matrix":
            yield (
                (*path, "of"),
                f"table {self.of!r} has the protocol matrix, which prints no steps; give it "
                "three_step, two_step_jiang or all, or leave this table out",
            )


class MediationSensitivityTable(DerivedMediation):
    """Mediated effects when the errors of mediator and outcome are correlated."""

    kind: Literal["mediation_sensitivity"]
    correlations: tuple[float, ...] = Field(
        (-0.9, -0.7, -0.5, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9),
        min_length=1,
        description="Supposed correlations of the errors, inside -1 and 1.",
    )
    draws: PositiveInt = Field(
        2000, ge=LEAST_DRAWS, description="Draws from the joint distribution of the estimates."
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Correlations that are none, and systems whose errors have no one scale."""
        yield from super().faults(study, path)
        yield from repeated(self, path, "correlations")
        target = study.tables.get(self.of)
        if isinstance(target, MediationTable):
            yield from self._system_faults(study, target, path)
        for index, value in enumerate(self.correlations):
            if not -1 < value < 1:
                yield (
                    (*path, "correlations", index),
                    f"a correlation of errors lies inside -1 and 1 (got {value:g})",
                )

    def _system_faults(self, study: Study, target: MediationTable, path: Path) -> Iterator[Fault]:
        """Equations with a spatial error, or with lags by other weights than the outcome's."""
        with_error = [m for m in target.mediators if target.model_of(m) in WITH_SPATIAL_ERROR]
        if target.model in WITH_SPATIAL_ERROR:
            with_error.insert(0, target.outcome)
        if with_error:
            yield (
                (*path, "of"),
                f"table {self.of!r} has a spatial error in the equation of {listing(with_error)}, "
                "whose filter the other equation does not have; give it ols, slx, sar or sdm, or "
                "leave this table out",
            )
        lagged = [m for m in target.mediators if target.model_of(m) != "ols"]
        others = set(study.weights) - {target.weights}
        if lagged and target.mediator_weights in others:
            yield (
                (*path, "of"),
                f"table {self.of!r} has other weights for the mediators ("
                f"{target.mediator_weights!r}) than for the outcome ({target.weights!r}); the "
                "sensitivity needs the same for both, or leave this table out",
            )


class TimingShift(Section):
    """Years between treatment, mediators and outcome."""

    id: Identifier = Field(description="Name of the timing; part of the key of estimates.csv.")
    treatment_lag: NonNegativeInt = Field(
        1, description="Years by which the treatment precedes the mediators."
    )
    outcome_lead: NonNegativeInt = Field(
        0, description="Years by which the outcome follows the mediators."
    )


class MediationTimingTable(DerivedMediation):
    """The system with the treatment before the mediators, and the outcome after them."""

    kind: Literal["mediation_timing"]
    timings: tuple[TimingShift, ...] = Field(
        (
            TimingShift(id="x_before", treatment_lag=1, outcome_lead=0),
            TimingShift(id="x_before_y_after", treatment_lag=1, outcome_lead=1),
        ),
        min_length=1,
        description="The timings.",
    )

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Timings without a shift, named twice, or that leave too few years."""
        yield from super().faults(study, path)
        names = [timing.id for timing in self.timings]
        for index, timing in enumerate(self.timings):
            place: Path = (*path, "timings", index)
            lost = timing.treatment_lag + timing.outcome_lead
            if names.index(timing.id) < index:
                yield (*place, "id"), f"there already is a timing of that name (got {timing.id!r})"
            if not lost:
                yield place, "neither a lag nor a lead: this is the system of the table itself"
            elif len(study.years) - lost < LEAST_YEARS:
                yield (
                    place,
                    f"leaves {len(study.years) - lost} of {len(study.years)} years; a panel needs "
                    f"{LEAST_YEARS}",
                )


LEAST_YEARS = 3
"""Years that a panel with fixed effects and serial correlation needs."""


def _role_faults(table: MediationTable, path: Path) -> Iterator[Fault]:
    """Variables in two roles, and the name of the sum."""
    if table.treatment == table.outcome:
        yield (*path, "treatment"), f"the treatment is the outcome (got {table.treatment!r})"
    taken = {table.outcome: "the outcome", table.treatment: "the treatment"}
    for key in ("mediators", "controls"):
        names = getattr(table, key)
        for index, name in enumerate(names):
            place: Path = (*path, key, index)
            if name in taken:
                yield place, f"{name!r} is {taken[name]} already; every variable has one role"
            elif name == SUM_OF_MEDIATORS:
                yield place, f"{name!r} names the sum over mediators; rename the variable"
            else:
                taken[name] = f"among the {key}"
    if table.treatment == SUM_OF_MEDIATORS:
        yield (*path, "treatment"), "'all' names the sum over mediators; rename the variable"
    if JOINT in table.mediators and table.joint:
        yield (
            (*path, "mediators", table.mediators.index(JOINT)),
            "'joint' names the system with all mediators; rename the variable",
        )


def _model_faults(study: Study, table: MediationTable, path: Path) -> Iterator[Fault]:
    """Weights that are unknown or not to be had, and models of names that are no mediators."""
    pairs: list[tuple[str, str, list[ModelKind]]] = [("weights", table.weights, [table.model])]
    if table.mediator_weights is not None:
        models = [table.model_of(name) for name in table.mediators]
        pairs.append(("mediator_weights", table.mediator_weights, models))
    else:
        pairs[0][2].extend(table.model_of(name) for name in table.mediators)
    for key, weights, used in pairs:
        yield from unknown_names(study.weights, weights, (*path, key), "weights")
        found = (
            fault
            for model in used
            for fault in standardisation_faults(
                study, weights, _EquationChoice(model, table.estimator, table.effects), (*path, key)
            )
        )
        yield from dict.fromkeys(found)
    yield from unknown_names(
        table.mediators, tuple(table.mediator_models), (*path, "mediator_models"), "mediator"
    )
