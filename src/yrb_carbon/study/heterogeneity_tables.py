"""Tables of effects by period, reach and other groups, and of their differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from yrb_carbon.errors import listing
from yrb_carbon.study.base import (
    Effects,
    Fault,
    Identifier,
    ModelKind,
    Path,
    Text,
    Year,
    repeated,
    unknown_names,
    wrong_table,
)
from yrb_carbon.study.mediation_tables import (
    LEAST_BOOTSTRAP_DRAWS,
    LEAST_DRAWS,
    SystemCovariance,
    SystemEstimator,
)
from yrb_carbon.study.tables import TableSection, standardisation_faults

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

Split = Literal["period", "reach", "resource_class", "agglomeration"]
Form = Literal["subset", "full_interaction"]

SCATTERED = ("resource_class", "agglomeration")
"""Splits whose groups are not neighbours: W among their members leaves islands."""


LEAST_YEARS_OF_PERIOD = 2
"""Unit effects take one; the transformation estimator has the others."""


class HeterogeneityTable(TableSection):
    """Effects of a treatment by group of units or of years."""

    kind: Literal["heterogeneity"]
    sample: Identifier = Field("main", description="Which sample.")
    split: Split = Field(
        description=(
            "period (boom and transition, by period.cut), reach (by study.reach_split), "
            "resource_class (of data/units.csv), agglomeration (mean of the treatment over the "
            "years above or below the threshold)."
        )
    )
    outcome: Identifier = Field(description="Outcome.")
    treatment: Identifier = Field(description="Regressor whose effects are compared.")
    controls: tuple[Identifier, ...] = Field((), description="Other regressors.")
    mediators: tuple[Identifier, ...] = Field(
        (), description="Mediators of each group's own mediation system (form subset); may be none."
    )
    weights: Identifier = Field("queen", description="Spatial weights.")
    model: ModelKind = Field("sdm", description="Spatial model.")
    effects: Effects = Field("twoway", description="Fixed effects.")
    estimator: SystemEstimator = Field("transform", description="Estimator.")
    forms: tuple[Form, ...] = Field(
        ("subset", "full_interaction"),
        min_length=1,
        description=(
            "subset: each group by itself, with the weights among its members; full_interaction: "
            "all units and the whole of the weights, coefficients by group."
        ),
    )
    covariances: tuple[SystemCovariance, ...] = Field(
        ("oim", "serial", "clustered"),
        min_length=1,
        description="Covariances. Stars follow the last one.",
    )
    threshold: float = Field(
        1.0, description="Of the split agglomeration, in units of the treatment."
    )
    draws: PositiveInt = Field(
        5000, ge=LEAST_DRAWS, description="Monte Carlo draws of the mediated effects."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Level of the intervals.")
    note: Text | None = Field(None, description="Printed below the table.")

    @property
    def regressors(self) -> tuple[str, ...]:
        """Treatment and controls."""
        return (self.treatment, *self.controls)

    @property
    def named_variables(self) -> tuple[str, ...]:
        """Outcome, treatment, controls, mediators."""
        return (self.outcome, *self.regressors, *self.mediators)

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Its one sample."""
        return (self.sample,)

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Its weights."""
        return (self.weights,)

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Its variables."""
        return self.named_variables

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """Its note."""
        return self.note

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names, variables in two roles, and groups that have no weights of their own."""
        yield from unknown_names(study.samples, self.sample, (*path, "sample"), "sample")
        yield from unknown_names(study.weights, self.weights, (*path, "weights"), "weights")
        for key in ("outcome", "treatment", "controls", "mediators"):
            yield from unknown_names(study.variables, getattr(self, key), (*path, key), "variable")
        yield from repeated(self, path, "forms", "covariances")
        if self.split == "period" and self.sample in study.samples:
            yield from _period_faults(study, self.sample)
        named = self.named_variables
        doubled = sorted({name for name in named if named.count(name) > 1})
        if doubled:
            yield path, f"every variable has one role, but {listing(doubled)} have several"
        if self.split in SCATTERED and "subset" in self.forms:
            yield (
                (*path, "forms"),
                f"the groups of split {self.split!r} are not neighbours, and weights among their "
                "members leave islands (got 'subset'; allowed [full_interaction])",
            )
        if self.mediators and "subset" not in self.forms:
            yield (
                (*path, "mediators"),
                "mediated effects by group need the form subset; add it, or leave out the "
                "mediators",
            )
        yield from standardisation_faults(study, self.weights, self, (*path, "weights"))


def _period_faults(study: Study, sample: str) -> Iterator[Fault]:
    """A period that keeps too few years of a sample for a panel of its own."""
    years, cut = study.years_of(sample), study.period.cut
    if cut not in study.years or not years:
        return
    counts = {"boom": sum(year <= cut for year in years)}
    counts["transition"] = len(years) - counts["boom"]
    for name, number in counts.items():
        if number < LEAST_YEARS_OF_PERIOD:
            yield (
                ("period", "cut"),
                f"leaves {number} of the years {years[0]} to {years[-1]} of sample {sample!r} to "
                f"the {name} (got {cut}); tables split by period need {LEAST_YEARS_OF_PERIOD} in "
                "each",
            )


class DifferencesTable(TableSection):
    """Tests of the differences between the groups of other tables."""

    kind: Literal["differences"]
    tables: tuple[Identifier, ...] = Field(
        min_length=1, description="Tables of kind heterogeneity, of one sample."
    )
    permutations: NonNegativeInt = Field(
        1000, description="Permutations of years, or of units (form subset); 0 leaves them out."
    )
    bootstrap: NonNegativeInt = Field(
        999,
        description=(
            "Bootstrap draws of the differences of mediated effects, and of the break at an "
            "unknown date; 0 leaves both out."
        ),
    )
    cuts: tuple[Year, ...] = Field(
        (),
        description=(
            "Last years before a possible break, for the largest Wald statistic over them "
            "(split period, full_interaction); none when empty."
        ),
    )

    def _sources(self, tables: Mapping[str, TableSection]) -> list[HeterogeneityTable]:
        found = [tables.get(name) for name in self.tables]
        return [table for table in found if isinstance(table, HeterogeneityTable)]

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """That of the tables compared."""
        return tuple(dict.fromkeys(table.sample for table in self._sources(tables)))

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of the tables compared."""
        return tuple(dict.fromkeys(table.weights for table in self._sources(tables)))

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of the tables compared."""
        names = [name for table in self._sources(tables) for name in table.named_variables]
        return tuple(dict.fromkeys(names))

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Tables of another kind or sample, cuts outside the sample, too few draws."""
        options = [
            name for name, table in study.tables.items() if isinstance(table, HeterogeneityTable)
        ]
        for index, name in enumerate(self.tables):
            if name not in options:
                wanted = "a table of kind heterogeneity"
                yield (
                    (*path, "tables", index),
                    wrong_table(study.tables, name, options, wanted, (*path, "tables", index)),
                )
        samples = self.samples(study.tables)
        if len(samples) > 1:
            yield (
                (*path, "tables"),
                f"the tables are made from several samples (got {listing(samples)}; allowed one)",
            )
        splits = [table.split for table in self._sources(study.tables)]
        doubled = sorted({split for split in splits if splits.count(split) > 1})
        if doubled:
            yield (*path, "tables"), f"several tables have the split {listing(doubled)}"
        yield from repeated(self, path, "cuts")
        for index, cut in enumerate(self.cuts):
            if not study.study.first_year <= cut < study.study.last_year:
                yield (
                    (*path, "cuts", index),
                    f"a break must lie inside the sample (got {cut}; allowed "
                    f"{study.study.first_year} to {study.study.last_year - 1})",
                )
        if 0 < self.bootstrap < LEAST_BOOTSTRAP_DRAWS:
            yield (
                (*path, "bootstrap"),
                f"too few draws for an interval (got {self.bootstrap}; allowed 0, which leaves it "
                f"out, or {LEAST_BOOTSTRAP_DRAWS} and more)",
            )
