"""Tables of robustness: a grid of specifications, provinces left out, placebos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator

from yrb_carbon.errors import listing
from yrb_carbon.study.base import (
    Fault,
    Identifier,
    ModelKind,
    Path,
    Section,
    Text,
    choices,
    repeated,
    unknown_names,
)
from yrb_carbon.study.tables import (
    Covariance,
    DerivedTable,
    ModelColumn,
    ModelsTable,
    TableSection,
    standardisation_faults,
)

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

BASELINE = "baseline"
"""Name of the specification that differs in nothing."""
MAIN_SET = "base"
"""Name of the set of mediators or controls that the baseline takes unless it says otherwise."""
LARGEST_GRID = 2000
"""A grid beyond this number of specifications is a slip of the pen."""

Design = Literal["full", "one_at_a_time", "list"]
CurveQuantity = Literal[
    "direct", "indirect", "total", "mediated_direct", "mediated_spillover", "mediated_total"
]


@dataclass(frozen=True, slots=True)
class Specification:
    """One specification: every choice made.

    Attributes
    ----------
    outcome, treatment : str
        Variables.
    weights, sample : str
    model : str
        Spatial model of every equation.
    lag : int
        Years by which treatment, mediators and controls stand before the outcome.
    mediators, controls : str
        Names of the sets.
    """

    outcome: str
    treatment: str
    weights: str
    sample: str
    model: ModelKind
    lag: int
    mediators: str
    controls: str

    def changes(self, baseline: Specification) -> dict[str, Any]:
        """The choices in which it differs from another one."""
        return {
            name: getattr(self, name)
            for name in CHOICES
            if getattr(self, name) != getattr(baseline, name)
        }

    def name(self, baseline: Specification) -> str:
        """`outcome=cb_norm+lag=1`: what it changes; `baseline` when nothing."""
        changed = self.changes(baseline).items()
        return "+".join(f"{name}={value}" for name, value in changed) or BASELINE


CHOICES = tuple(field.name for field in fields(Specification))
"""The choices of a specification, in the order in which they are named."""


class Choices(Section):
    """Choices of one specification; what is null is as in the baseline."""

    outcome: Identifier | None = Field(None, description="Variable.")
    treatment: Identifier | None = Field(None, description="Variable; the agglomeration measure.")
    weights: Identifier | None = Field(None, description="Spatial weights.")
    sample: Identifier | None = Field(None, description="Sample.")
    model: ModelKind | None = Field(None, description="Spatial model of every equation.")
    lag: NonNegativeInt | None = Field(
        None,
        description="Years by which treatment, mediators and controls stand before the outcome; "
        "as many first years are lost.",
    )
    mediators: Identifier | None = Field(None, description="Name of a set of mediators.")
    controls: Identifier | None = Field(None, description="Name of a set of controls.")

    @property
    def given(self) -> dict[str, Any]:
        """The choices that are made."""
        return {name: getattr(self, name) for name in CHOICES if getattr(self, name) is not None}

    def match(self, specification: Specification) -> bool:
        """Whether a specification makes all choices that are made here."""
        return all(getattr(specification, name) == value for name, value in self.given.items())


class BaselineChoices(Section):
    """The specification that the others are changes of."""

    outcome: Identifier = Field(description="Variable.")
    treatment: Identifier = Field(description="Variable whose effects are shown.")
    weights: Identifier = Field("queen", description="Spatial weights.")
    sample: Identifier = Field("main", description="Sample.")
    model: ModelKind = Field("sdm", description="Spatial model of every equation.")
    lag: NonNegativeInt = Field(0, description="Years, as in the axes.")
    mediators: Identifier = Field(MAIN_SET, description="Name of a set of mediators.")
    controls: Identifier = Field(MAIN_SET, description="Name of a set of controls.")


class Axes(Section):
    """Levels of each choice; the baseline's own need not be repeated."""

    outcome: tuple[Identifier, ...] = Field((), description="Variables.")
    treatment: tuple[Identifier, ...] = Field((), description="Variables.")
    weights: tuple[Identifier, ...] = Field((), description="Spatial weights.")
    sample: tuple[Identifier, ...] = Field((), description="Samples.")
    model: tuple[ModelKind, ...] = Field((), description="Spatial models.")
    lag: tuple[NonNegativeInt, ...] = Field((), description="Years.")
    mediators: tuple[Identifier, ...] = Field((), description="Sets of mediators.")
    controls: tuple[Identifier, ...] = Field((), description="Sets of controls.")


class RobustnessTable(TableSection):
    """The baseline and the mediation under other choices: a grid of specifications."""

    kind: Literal["robustness"]
    baseline: BaselineChoices = Field(description="The specification in the middle of the grid.")
    mediators: dict[Identifier, tuple[Identifier, ...]] = Field(
        description="Sets of mediators, `base` among them; an empty one leaves the mediation out."
    )
    controls: dict[Identifier, tuple[Identifier, ...]] = Field(
        description="Sets of controls, `base` among them."
    )
    axes: Axes = Field(Axes(), description="Levels tried.")
    design: Design = Field(
        "full",
        description="full: all combinations of levels; one_at_a_time: the baseline with one choice "
        "changed; list: the cells alone.",
    )
    cells: tuple[Choices, ...] = Field((), description="Specifications beyond those of the axes.")
    exclude: tuple[Choices, ...] = Field(
        (), description="Specifications of the axes that make these choices are left out."
    )
    covariances: tuple[Covariance, ...] = Field(
        ("oim", "serial"),
        min_length=1,
        description="Covariances of the baseline's effects; the mediation takes the last one.",
    )
    draws: PositiveInt = Field(2000, ge=100, description="Monte Carlo draws of each mediation.")
    parts: PositiveInt = Field(
        2, description="Jobs that share the specifications; numbers do not depend on it."
    )
    note: Text | None = Field(None, description="Printed below the table.")

    @field_validator("mediators", "controls")
    @classmethod
    def _has_main_set(cls, sets: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if MAIN_SET not in sets:
            raise ValueError(
                f"a set named {MAIN_SET!r} is missing among the {info.field_name} "
                f"(got {listing(sets) or 'none'})"
            )
        return sets

    @property
    def middle(self) -> Specification:
        """The baseline."""
        return Specification(**{name: getattr(self.baseline, name) for name in CHOICES})

    @property
    def specifications(self) -> dict[str, Specification]:
        """All specifications by name, the baseline first, each once."""
        middle = self.middle
        designed = [middle, *self._designed(middle)]
        kept = [one for one in designed if not any(rule.match(one) for rule in self.exclude)]
        extra = [replace(middle, **cell.given) for cell in self.cells]
        return {one.name(middle): one for one in (*kept, *extra)}

    def _designed(self, middle: Specification) -> list[Specification]:
        levels = {
            name: list(dict.fromkeys([getattr(middle, name), *getattr(self.axes, name)]))
            for name in CHOICES
        }
        if self.design == "list":
            return []
        if self.design == "full":
            return [
                Specification(**dict(zip(levels, cell, strict=True)))
                for cell in product(*levels.values())
            ]
        return [
            replace(middle, **{name: value})
            for name, values in levels.items()
            for value in values[1:]
        ]

    def regressors(self, specification: Specification) -> tuple[str, ...]:
        """Treatment, mediators and controls of a specification."""
        return (
            specification.treatment,
            *self.mediators[specification.mediators],
            *self.controls[specification.controls],
        )

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """That of the baseline first."""
        return tuple(dict.fromkeys(one.sample for one in self.specifications.values()))

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of the specifications on a sample."""
        used = {one.weights for one in self.specifications.values() if one.sample == sample}
        return tuple(sorted(used))

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Outcomes and regressors of the specifications on a sample."""
        names = [
            name
            for one in self.specifications.values()
            if one.sample == sample
            for name in (one.outcome, *self.regressors(one))
        ]
        return tuple(dict.fromkeys(names))

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """Its note."""
        return self.note

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names, specifications that cannot be, rules that fit none."""
        yield from repeated(self, path, "covariances")
        named = list(self._unknown(study, path))
        yield from named
        if not named:
            yield from self._grid_faults(study, path)

    def _unknown(self, study: Study, path: Path) -> Iterator[Fault]:
        for key, sets in (("mediators", self.mediators), ("controls", self.controls)):
            for name, variables in sets.items():
                yield from unknown_names(study.variables, variables, (*path, key, name), "variable")
        known: dict[str, tuple[Any, str]] = {
            "outcome": (study.variables, "variable"),
            "treatment": (study.variables, "variable"),
            "weights": (study.weights, "weights"),
            "sample": (study.samples, "sample"),
            "mediators": (self.mediators, "set of mediators"),
            "controls": (self.controls, "set of controls"),
        }
        for name, (options, what) in known.items():
            own: list[tuple[Path, Any]] = [
                ((*path, "baseline", name), getattr(self.baseline, name)),
                ((*path, "axes", name), getattr(self.axes, name)),
            ]
            for key in ("cells", "exclude"):
                own += [
                    ((*path, key, index, name), getattr(cell, name))
                    for index, cell in enumerate(getattr(self, key))
                    if getattr(cell, name) is not None
                ]
            for place, given in own:
                yield from unknown_names(options, given, place, what)

    def _grid_faults(self, study: Study, path: Path) -> Iterator[Fault]:
        middle = self.middle
        designed = list(dict.fromkeys([middle, *self._designed(middle)]))
        if len(designed) > LARGEST_GRID:
            yield (
                (*path, "axes"),
                f"the axes make {len(designed)} specifications (allowed {LARGEST_GRID}); take "
                "design one_at_a_time, or fewer levels",
            )
            return
        for index, rule in enumerate(self.exclude):
            place = (*path, "exclude", index)
            if rule.match(middle):
                yield place, "leaves the baseline out (name a choice that it does not make)"
            elif not any(rule.match(one) for one in designed):
                yield place, "fits no specification of the axes"
        seen = [one for one in designed if not any(rule.match(one) for rule in self.exclude)]
        for index, cell in enumerate(self.cells):
            made = replace(middle, **cell.given)
            if made in seen:
                yield (
                    (*path, "cells", index),
                    f"is there already (got {made.name(middle)!r}); take it out",
                )
            seen.append(made)
        yield from self._role_faults(path)
        used = {(one.weights, one.model) for one in self.specifications.values()}
        for weights, model in sorted(used):
            column = ModelColumn(id=f"{weights}_{model}"[:40], model=model)
            for place, text in standardisation_faults(study, weights, column, path):
                yield place, f"weights {weights!r} with model {model!r}: {text}"

    def _role_faults(self, path: Path) -> Iterator[Fault]:
        """Variables in two roles: one fault for all specifications that have the same ones."""
        found: dict[tuple[str, ...], list[str]] = {}
        for name, one in self.specifications.items():
            roles = [one.outcome, *self.regressors(one)]
            doubled = tuple(sorted({v for v in roles if roles.count(v) > 1}))
            if doubled:
                found.setdefault(doubled, []).append(name)
        for doubled, names in found.items():
            others = f" and {len(names) - 1} more have" if len(names) > 1 else " has"
            yield (
                path,
                f"specification {names[0]!r}{others} {listing(doubled)} in two roles (outcome, "
                "treatment, mediator, control); exclude them, or give them another set of controls "
                "or mediators",
            )


class OfColumnTable(DerivedTable):
    """Base of the tables about one spatial column of a table of models and its treatment."""

    column: Identifier = Field(
        description="Its column whose outcome, regressors, weights and model are taken."
    )
    treatment: Identifier = Field(description="The regressor whose effects are shown.")

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A column that is none, or no regressor of it."""
        yield from super().faults(study, path)
        target = study.tables.get(self.of)
        if not isinstance(target, ModelsTable):
            return
        spatial = {column.id: column for column in target.columns if column.model != "ols"}
        column = spatial.get(self.column)
        if column is None:
            wanted = choices(self.column, list(spatial))
            yield (*path, "column"), f"not a spatial column of table {self.of!r} ({wanted})"
            return
        regressors = (*(column.regressors or target.regressors), *column.add)
        if self.treatment not in regressors:
            wanted = choices(self.treatment, regressors)
            yield (*path, "treatment"), f"no regressor of column {self.column!r} ({wanted})"


class LeaveOutTable(OfColumnTable):
    """One column again without the units of each province in turn."""

    kind: Literal["leave_out"]
    draws: PositiveInt = Field(2000, ge=100, description="Monte Carlo draws of each mediation.")


class PlaceboTable(OfColumnTable):
    """One column with the places of the units, or their treatments, dealt at random."""

    kind: Literal["placebo"]
    draws: PositiveInt = Field(500, ge=19, description="Random permutations of each kind.")
