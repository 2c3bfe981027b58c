"""What a study needs: tables of a kind, samples, and the weights and variables of each sample."""

from __future__ import annotations

from collections.abc import Iterable

from yrb_carbon.study.config import (
    ChoiceTable,
    CollinearityTable,
    DescriptivesTable,
    EffectsTable,
    ModelsTable,
    MoranTable,
    PeersTable,
    SampleSection,
    Study,
    Table,
)


def tables_of_kind(study: Study, kind: str) -> tuple[str, ...]:
    """Names of the tables of a kind, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if table.kind == kind)


def models_of(study: Study, name: str) -> ModelsTable:
    """The table of models itself, or the one that a table of effects, peers, ... points at."""
    table = study.tables[name]
    if isinstance(table, EffectsTable | CollinearityTable | ChoiceTable | PeersTable):
        table = study.tables[table.of]
    if not isinstance(table, ModelsTable):
        raise KeyError(f"table {name!r} holds no models")
    return table


def sample_of(study: Study, name: str) -> str:
    """Name of the sample that a table is made from."""
    table = study.tables[name]
    if isinstance(table, DescriptivesTable | MoranTable | ModelsTable):
        return table.sample
    return models_of(study, name).sample


def samples_used(study: Study) -> tuple[str, ...]:
    """Samples that a table is made from; `main` first, as the maps use it."""
    used = {sample_of(study, name) for name in study.tables}
    if study.figures.units_map or study.figures.maps:
        used.add("main")
    return tuple(sorted(used, key=lambda name: (name != "main", name)))


def section_of_sample(study: Study, name: str) -> SampleSection:
    """Configuration of a sample, with the study's years and units where it leaves them open."""
    sample = study.samples.get(name, SampleSection())
    return sample.model_copy(
        update={
            "first_year": sample.first_year or study.study.first_year,
            "last_year": sample.last_year or study.study.last_year,
            "unit_set": sample.unit_set or study.study.unit_set,
            "exclude_units": tuple(sorted({*study.study.exclude_units, *sample.exclude_units})),
        }
    )


def weights_of_sample(study: Study, sample: str) -> tuple[str, ...]:
    """Names of the weights that the tables of a sample use."""
    found: set[str] = set()
    for name, table in study.tables.items():
        if sample_of(study, name) == sample:
            found |= _weights_of_table(table)
    return tuple(sorted(found))


def _weights_of_table(table: Table) -> set[str]:
    if isinstance(table, MoranTable):
        return {table.weights}
    if isinstance(table, ModelsTable):
        return {column.weights or table.weights for column in table.columns}
    return set()


def model_variables(table: ModelsTable) -> tuple[str, ...]:
    """Outcomes and regressors of a table of models, each once."""
    names: list[str] = [table.outcome, *table.regressors]
    for column in table.columns:
        names += [column.outcome or table.outcome, *(column.regressors or ()), *column.add]
    return tuple(dict.fromkeys(names))


def required_variables(study: Study, sample: str) -> tuple[str, ...]:
    """Variables whose raw inputs fix the sample: those of its models, else of all its tables."""
    tables = [table for name, table in study.tables.items() if sample_of(study, name) == sample]
    models = [model_variables(table) for table in tables if isinstance(table, ModelsTable)]
    if models:
        return _once(models)
    return _once([_described(table) for table in tables])


def computed_variables(study: Study, sample: str) -> tuple[str, ...]:
    """Variables computed on the retained units of a sample: all that its tables and maps show."""
    tables = [table for name, table in study.tables.items() if sample_of(study, name) == sample]
    shown = [_described(table) for table in tables]
    maps = tuple(figure.variable for figure in study.figures.maps.values())
    return _once([required_variables(study, sample), *shown, maps if sample == "main" else ()])


def _described(table: Table) -> tuple[str, ...]:
    return table.variables if isinstance(table, DescriptivesTable | MoranTable) else ()


def _once(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def unit_sets_used(study: Study) -> tuple[str, ...]:
    """Unit sets of the samples in use, sorted."""
    return tuple(sorted({str(section_of_sample(study, s).unit_set) for s in samples_used(study)}))


def panel_years(study: Study) -> range:
    """Years of the raw panel: the study's, and those that lags and the price base reach back to."""
    lag = max((variable.lag for variable in study.variables.values()), default=0)
    first = min(study.study.first_year - lag, study.price.base_year)
    return range(first, study.study.last_year + 1)
