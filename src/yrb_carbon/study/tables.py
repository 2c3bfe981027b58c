"""The kinds of tables: what each is made from, and what is wrong with its configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field, PositiveInt

from yrb_carbon.errors import listing
from yrb_carbon.study.base import (
    Effects,
    Estimator,
    Fault,
    Identifier,
    Label,
    ModelKind,
    Path,
    Section,
    Text,
    choices,
    repeated,
    unknown_names,
    wrong_table,
)
from yrb_carbon.study.printing import LayoutNames, TableLayout

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

MODEL_LINES = (
    "rho", "lambda", "sigma2", "loglik", "aic", "bic", "r2", "residual_ar1", "n_units",
    "n_periods", "n_obs", "fixed_effects", "outcome", "weights",
)  # fmt: skip
"""Lines of a table of models below those of its regressors."""
Covariance = Literal["oim", "hessian", "qml", "serial", "clustered"]


class SpatialChoice(Protocol):
    """What decides which weights an estimator takes."""

    @property
    def model(self) -> str: ...  # noqa: D102

    @property
    def estimator(self) -> str: ...  # noqa: D102

    @property
    def effects(self) -> str: ...  # noqa: D102


class TableSection(Section):
    """Base of every kind of table: what it needs of the study, for the workflow's plan."""

    kind: str
    title: Label
    layout: TableLayout | None = Field(
        None, description="What is printed of it, and how; all when null."
    )

    def estimated(self) -> dict[str, Any]:
        """Plain values of what its numbers depend on: all but its layout."""
        return self.model_dump(mode="json", exclude={"layout"})

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Names that its layout may use."""
        return LayoutNames()

    def made_of(self, tables: Mapping[str, TableSection]) -> TableSection:
        """The table whose models, samples and weights are used: itself, unless it names another."""
        return self

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Names of the samples that it is made from, its main one first."""
        raise TypeError(f"tables of kind {self.kind!r} do not say what sample they are made from")

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Names of the weights that it uses on one of its samples."""
        return ()

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Variables of its models on one of its samples: their raw inputs fix that sample."""
        return ()

    def shown_variables(self) -> tuple[str, ...]:
        """Variables that it shows without a model."""
        return ()

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """The study's own note, printed below it."""
        return None

    def cautions(self, study: Study) -> tuple[Text, ...]:
        """What it says whatever its layout, beside the cautions of the study."""
        return ()

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """What is wrong with its names, each with the key path where it is mended."""
        return iter(())


class VariablesTable(TableSection):
    """Base of the tables that show variables of one sample."""

    sample: Identifier = Field("main", description="Which sample.")
    variables: tuple[Identifier, ...] = Field(min_length=1, description="Variables.")

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Its one sample."""
        return (self.sample,)

    def shown_variables(self) -> tuple[str, ...]:
        """Its variables."""
        return self.variables

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown variables and samples."""
        yield from unknown_names(study.variables, self.variables, (*path, "variables"), "variable")
        yield from unknown_names(study.samples, self.sample, (*path, "sample"), "sample")


class DerivedTable(TableSection):
    """Base of the tables about the models of another table."""

    target_kind: ClassVar[str] = "models"
    target_words: ClassVar[str] = "a table of models"

    of: Identifier = Field(description="The table whose models these are.")

    def made_of(self, tables: Mapping[str, TableSection]) -> TableSection:
        """The table of models."""
        return tables[self.of]

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Those of the table of models."""
        return tables[self.of].samples(tables)

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """That of the table of models."""
        return tables[self.of].printed_note(tables)

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A table of another kind than it is made from."""
        target = study.tables.get(self.of)
        if target is None or target.kind != self.target_kind:
            options = [n for n, t in study.tables.items() if t.kind == self.target_kind]
            words = wrong_table(study.tables, self.of, options, self.target_words, path)
            yield (*path, "of"), words


class DescriptivesTable(VariablesTable):
    """A table of descriptive statistics, variables in rows."""

    kind: Literal["descriptives"]

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Its variables."""
        return LayoutNames(rows=self.variables)


class MoranTable(VariablesTable):
    """A table of global Moran's I by year, variables in columns."""

    kind: Literal["moran"]
    weights: Identifier = Field("queen", description="Spatial weights.")
    permutations: PositiveInt = Field(999, description="Random permutations.")
    local_permutations: PositiveInt = Field(
        9999, description="The same of local clusters: few leave none significant after FDR."
    )
    level: float = Field(
        0.05, gt=0, lt=1, description="Level at which local clusters count as significant."
    )

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Its weights."""
        return (self.weights,)

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names."""
        yield from super().faults(study, path)
        yield from unknown_names(study.weights, self.weights, (*path, "weights"), "weights")


class ModelColumn(Section):
    """One column of a table of models."""

    id: Identifier = Field(description="Name of the column; part of the key of estimates.csv.")
    label: Label | None = Field(None, description="Heading of the column.")
    model: ModelKind = Field("sdm", description="Spatial model.")
    effects: Effects = Field("twoway", description="Fixed effects.")
    estimator: Estimator = Field("transform", description="Estimator of the spatial models.")
    outcome: Identifier | None = Field(None, description="Other outcome than the table's.")
    regressors: tuple[Identifier, ...] | None = Field(
        None, description="Other regressors than the table's."
    )
    add: tuple[Identifier, ...] = Field((), description="Regressors beyond the table's.")
    durbin: tuple[Identifier, ...] | None = Field(
        None, description="Regressors that get a spatial lag; all when null."
    )
    weights: Identifier | None = Field(None, description="Other weights than the table's.")


class ModelsTable(TableSection):
    """A table of regression models, one column a model."""

    kind: Literal["models"]
    sample: Identifier = Field("main", description="Which sample.")
    outcome: Identifier = Field(description="Outcome of every column.")
    regressors: tuple[Identifier, ...] = Field(
        min_length=1, description="Regressors of every column."
    )
    mediators: tuple[Identifier, ...] = Field(
        (), description="Which regressors of the columns are mediators, not controls."
    )
    weights: Identifier = Field("queen", description="Spatial weights.")
    columns: Annotated[tuple[ModelColumn, ...], Field(min_length=1)] = Field(
        description="The models."
    )
    covariances: tuple[Covariance, ...] = Field(
        ("oim", "serial", "clustered"),
        min_length=1,
        description=(
            "Covariances of the spatial models: oim (information matrix), hessian, qml (errors "
            "not normal), serial (errors of a unit correlated over time, alike for all units), "
            "clustered (the same, units of different variance). Stars follow the last one."
        ),
    )
    note: Text | None = Field(
        None, description="Printed below the table and those made from its models."
    )

    def samples(self, tables: Mapping[str, TableSection]) -> tuple[str, ...]:
        """Its one sample."""
        return (self.sample,)

    def weights_of(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Those of its columns."""
        return tuple(sorted({column.weights or self.weights for column in self.columns}))

    @property
    def regressors_of_columns(self) -> tuple[str, ...]:
        """Regressors of its columns, each once."""
        names = list(self.regressors)
        for column in self.columns:
            names += [*(column.regressors or ()), *column.add]
        return tuple(dict.fromkeys(names))

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Its columns; regressors, their lags, spatial coefficients, fit; its covariances."""
        names = self.regressors_of_columns
        lags = tuple(f"W.{name}" for name in names)
        columns = tuple(column.id for column in self.columns)
        return LayoutNames(columns, (*names, *lags, *MODEL_LINES), self.covariances)

    @property
    def named_variables(self) -> tuple[str, ...]:
        """Outcomes and regressors of its columns, each once."""
        names: list[str] = [self.outcome, *self.regressors]
        for column in self.columns:
            names += [column.outcome or self.outcome, *(column.regressors or ()), *column.add]
        return tuple(dict.fromkeys(names))

    def model_variables(self, tables: Mapping[str, TableSection], sample: str) -> tuple[str, ...]:
        """Outcomes and regressors of its columns."""
        return self.named_variables

    def printed_note(self, tables: Mapping[str, TableSection]) -> Text | None:
        """Its note."""
        return self.note

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """Unknown names, and columns that cannot be estimated."""
        yield from unknown_names(study.samples, self.sample, (*path, "sample"), "sample")
        yield from repeated(self, path, "covariances")
        yield from _models_faults(study, self, path)


class EffectsTable(DerivedTable):
    """Direct, indirect and total effects of the models of another table."""

    kind: Literal["effects"]

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Columns, regressors and covariances of the models; simulation and wild bootstrap."""
        models = self.made_of(tables)
        if not isinstance(models, ModelsTable):
            return LayoutNames()
        columns = tuple(column.id for column in models.columns if column.model != "ols")
        errors = (*models.covariances, "simulation", "bootstrap_wild_unit")
        return LayoutNames(columns, models.regressors_of_columns, errors)


class CollinearityTable(DerivedTable):
    """Variance inflation factors of the regressors of another table's models."""

    kind: Literal["collinearity"]

    def layout_names(self, tables: Mapping[str, TableSection]) -> LayoutNames:
        """Regressors of the models and their lags."""
        models = self.made_of(tables)
        names = models.regressors_of_columns if isinstance(models, ModelsTable) else ()
        return LayoutNames(rows=(*names, *(f"W.{name}" for name in names)))


class ChoiceTable(DerivedTable):
    """The tests that lead to a spatial model, for one column of another table."""

    kind: Literal["choice"]
    column: Identifier = Field(
        description="Its column whose outcome, regressors, weights and effects are taken."
    )
    level: float = Field(0.05, gt=0, lt=1, description="Nominal size of every test.")

    def faults(self, study: Study, path: Path) -> Iterator[Fault]:
        """A column that the chain cannot start from."""
        yield from super().faults(study, path)
        target = study.tables.get(self.of)
        if isinstance(target, ModelsTable):
            yield from _choice_faults(self, target, path)


class PeersTable(DerivedTable):
    """The models of another table, refitted by independent programs."""

    kind: Literal["peers"]
    title: Label
    of: Identifier = Field(description="The table whose models these are.")


def standardisation_faults(
    study: Study, weights: str, model: SpatialChoice, path: Path
) -> Iterator[Fault]:
    """Weights whose rows do not sum to one, where the estimator wants that they do."""
    linked = study.weights.get(weights)
    if (
        linked is not None
        and linked.standardise != "row"
        and model.model not in ("ols", "slx")
        and model.estimator == "transform"
        and model.effects in ("time", "twoway")
    ):
        yield (
            path,
            (
                "the transformation estimator with time effects needs weights whose rows sum "
                f"to one (got standardise {linked.standardise!r}); standardise them by row, or "
                "take estimator 'direct'"
            ),
        )


def _choice_faults(table: ChoiceTable, target: ModelsTable, path: Path) -> Iterator[Fault]:
    place: Path = (*path, "column")
    spatial = {column.id: column for column in target.columns if column.model != "ols"}
    column = spatial.get(table.column)
    if column is None:
        wanted = choices(table.column, list(spatial))
        yield place, f"not a spatial column of table {table.of!r} ({wanted})"
    elif column.estimator == "direct_bc":
        yield (
            place,
            f"column {table.column!r} has the estimator direct_bc, whose likelihood is not a "
            "maximum, so tests that compare likelihoods have no meaning; take a column with "
            "transform or direct",
        )


def _models_faults(study: Study, table: ModelsTable, path: Path) -> Iterator[Fault]:
    yield from unknown_names(study.variables, table.outcome, (*path, "outcome"), "variable")
    yield from unknown_names(study.variables, table.regressors, (*path, "regressors"), "variable")
    yield from unknown_names(study.variables, table.mediators, (*path, "mediators"), "variable")
    yield from unknown_names(study.weights, table.weights, (*path, "weights"), "weights")
    ids = [column.id for column in table.columns]
    models = [other for other in study.tables.values() if isinstance(other, ModelsTable)]
    mediators = {name for other in models for name in other.mediators}
    for index, column in enumerate(table.columns):
        place: Path = (*path, "columns", index)
        if ids.index(column.id) < index:
            yield (*place, "id"), f"the table already has a column of that name (got {column.id!r})"
        outcome = column.outcome or table.outcome
        regressors = (*(column.regressors or table.regressors), *column.add)
        if column.outcome:
            yield from unknown_names(study.variables, outcome, (*place, "outcome"), "variable")
        if column.regressors:
            yield from unknown_names(
                study.variables, column.regressors, (*place, "regressors"), "variable"
            )
        yield from unknown_names(study.variables, column.add, (*place, "add"), "variable")
        if column.weights:
            yield from unknown_names(study.weights, column.weights, (*place, "weights"), "weights")
        if outcome in regressors:
            where = "add" if outcome in column.add else "regressors"
            key: Path = (
                (*place, where) if where == "add" or column.regressors else (*path, "regressors")
            )
            yield key, f"the outcome {outcome!r} is among its own regressors"
        if outcome in mediators and mediators & set(regressors):
            both = sorted(mediators & set(regressors))
            yield (
                place,
                f"mediators {listing(both)} are controls in the equation of mediator {outcome!r}",
            )
        yield from standardisation_faults(study, column.weights or table.weights, column, place)
        doubled = sorted({name for name in regressors if regressors.count(name) > 1})
        if doubled:
            yield place, f"regressors named twice: {listing(doubled)}"
        if column.durbin is not None:
            strange = [name for name in column.durbin if name not in regressors]
            if strange:
                yield (
                    (*place, "durbin"),
                    (
                        f"not among the regressors (got {listing(strange)}; "
                        f"allowed {listing(regressors)})"
                    ),
                )
            if column.model in ("ols", "sar", "sem"):
                yield (*place, "durbin"), f"the model {column.model!r} has no lagged regressors"
