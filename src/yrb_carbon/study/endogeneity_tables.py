"""The table of endogeneity: instruments for the baseline, and its dynamic form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from yrb_carbon.study.base import (
    Fault,
    Identifier,
    Label,
    Path,
    Section,
    Text,
    Year,
    repeated,
    unknown_names,
)
from yrb_carbon.study.mediation_tables import LEAST_YEARS
from yrb_carbon.study.robustness_tables import OfColumnTable
from yrb_carbon.study.tables import ModelsTable, TableSection

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

TREND = "trend"
"""Value of `times` for years since the first one."""

MomentCovariance = Literal["clustered", "robust", "kernel", "unadjusted", "driscoll_kraay"]
DynamicCovariance = Literal["oim", "qml"]
Horizon = Literal["short", "long"]


class InstrumentSection(Section):
    """One excluded instrument of the treatment, made from a variable."""

    variable: Identifier = Field(description="Variable that it is made from.")
    lag: NonNegativeInt = Field(
        0, description="Years by which it stands before; as many first years are lost."
    )
    base_year: Year | Literal["first"] | None = Field(
        None,
        description="Hold the value of this year, or of the first one of the sample, fixed for all "
        "years; null leaves it free.",
    )
    times: Identifier | None = Field(
        None,
        description="Multiply by a variable that all units share, such as a national price, or by "
        "`trend`, years since the first one.",
    )


class InstrumentedColumn(Section):
    """One estimate with instruments."""

    id: Identifier = Field(description="Name; the model in estimates.csv is gs2sls_<id>.")
    label: Label | None = Field(None, description="Heading of the column.")
    instruments: dict[Identifier, InstrumentSection] = Field(
        default_factory=dict,
        description="Excluded instruments of the treatment, by name; without any the treatment is "
        "taken as exogenous and only Wy is instrumented.",
    )
    lag_order: PositiveInt = Field(
        2, description="Spatial lags of exogenous regressors that instrument Wy."
    )
    lag_instruments: bool = Field(True, description="Use spatial lags of the instruments too.")
    method: Literal["2sls", "gmm"] = Field("2sls", description="2sls, or two-step gmm.")
    covariance: MomentCovariance = Field(
        "clustered", description="Of the moments; clustered is by unit."
    )
    assumption: Text | None = Field(
        None, description="Why the instruments are valid; printed below the table."
    )


class DynamicSection(Section):
    """The dynamic form: y_t on y_{t-1}, Wy_t and Wy_{t-1}."""

    estimator: Literal["adjusted_score", "bias_corrected", "qml"] = Field(
        "adjusted_score", description="How the bias of short panels is met."
    )
    time_lag: bool = Field(True, description="Outcome of the year before.")
    space_time_lag: bool = Field(True, description="That of the neighbours.")
    horizons: tuple[Horizon, ...] = Field(
        ("short", "long"), min_length=1, description="Effects in the same year, in equilibrium."
    )
    covariances: tuple[DynamicCovariance, ...] = Field(
        ("oim", "qml"), min_length=1, description="Stars follow the last one."
    )


class EndogeneityTable(OfColumnTable):
    """One column again with instruments for Wy and the treatment, and in dynamic form."""

    kind: Literal["endogeneity"]
    columns: Annotated[tuple[InstrumentedColumn, ...], Field()] = Field(
        (), description="Estimates with instruments."
    )
    dynamic: DynamicSection | None = Field(
        DynamicSection(), description="The dynamic model; null leaves it out."
    )
    weak_f: PositiveFloat = Field(
        10.0,
        description="Conditional first-stage F below which instruments are called weak.",
    )

    @property
    def instrument_variables(self) -> tuple[str, ...]:
        """Variables that the instruments are made from, each once."""
        used = [
            name
            for column in self.columns
            for section in column.instruments.values()
            for name in (section.variable, section.times)
            if name is not None and name != TREND
        ]
        return tuple(dict.fromkeys(used))

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of its instruments; the column's own belong to the table of models."""
        return self.instrument_variables

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names, doubled columns, and models that cannot be instrumented."""
        yield from super().faults(study, path)
        if not self.columns and self.dynamic is None:
            yield (
                (*path, "columns"),
                "no columns and no dynamic form: there is nothing to estimate; give one of them, "
                "or take the table out",
            )
        if self.dynamic is not None:
            yield from repeated(self.dynamic, (*path, "dynamic"), "horizons", "covariances")
        ids = [column.id for column in self.columns]
        for index, column in enumerate(self.columns):
            place: Path = (*path, "columns", index)
            if ids.index(column.id) < index:
                yield (
                    (*place, "id"),
                    f"the table already has a column of that name (got {column.id!r})",
                )
            for name, section in column.instruments.items():
                yield from self._instrument_faults(study, section, (*place, "instruments", name))
                yield from self._role_faults(study, section, (*place, "instruments", name))
        target = study.tables.get(self.of)
        if isinstance(target, ModelsTable):
            models = {column.id: column.model for column in target.columns}
            model = models.get(self.column, "sdm")
            if model in ("sem", "sdem"):
                yield (
                    (*path, "column"),
                    f"column {self.column!r} has the model {model!r}, which has no Wy to be "
                    "instrumented; take one with sdm, sar or slx",
                )
            elif self.dynamic is not None and model not in ("sdm", "sar"):
                yield (
                    (*path, "dynamic"),
                    f"column {self.column!r} has the model {model!r}; the dynamic form exists for "
                    "sdm and sar (write null to leave it out)",
                )

    def _instrument_faults(
        self, study: Study, section: InstrumentSection, place: Path
    ) -> Iterator[Fault]:
        yield from unknown_names(
            study.variables, section.variable, (*place, "variable"), "variable"
        )
        if section.times is not None and section.times != TREND:
            yield from unknown_names(
                [*study.variables, TREND], section.times, (*place, "times"), "variable"
            )
        if section.base_year is not None and section.times is None:
            yield (
                (*place, "base_year"),
                "the value of one year does not vary over time and unit effects absorb it (got "
                f"{section.base_year}); multiply it: times: trend, or a national variable",
            )
        if isinstance(section.base_year, int) and section.base_year not in study.years:
            yield (
                (*place, "base_year"),
                f"outside the study's years (got {section.base_year}; allowed "
                f"{study.years.start} to {study.years.stop - 1})",
            )
        years = self._years(study)
        if section.lag and len(years) - section.lag < LEAST_YEARS:
            yield (
                (*place, "lag"),
                f"leaves {max(len(years) - section.lag, 0)} of {len(years)} years (got "
                f"{section.lag}); a panel needs {LEAST_YEARS}",
            )

    def _years(self, study: Study) -> range:
        """Years of the sample of its column."""
        target = study.tables.get(self.of)
        return study.years_of(target.sample) if isinstance(target, ModelsTable) else study.years

    def _role_faults(
        self, study: Study, section: InstrumentSection, place: Path
    ) -> Iterator[Fault]:
        """Variables of the column itself, of the same year: they are not excluded from it."""
        target = study.tables.get(self.of)
        if not isinstance(target, ModelsTable) or section.lag or section.base_year is not None:
            return
        column = next((c for c in target.columns if c.id == self.column), None)
        if column is None:
            return
        outcome = column.outcome or target.outcome
        regressors = (*(column.regressors or target.regressors), *column.add)
        if section.variable == outcome:
            role = "the outcome"
        elif section.variable == self.treatment:
            role = "the treatment that it should instrument"
        elif section.variable in regressors and section.times is None:
            role = "a regressor already"
        else:
            return
        yield (
            (*place, "variable"),
            f"is {role} in column {self.column!r}, of the same year (got {section.variable!r}); "
            "give it a lag of at least 1, or another variable",
        )
