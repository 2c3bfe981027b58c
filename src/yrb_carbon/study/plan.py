"""What a study needs: tables of a kind, samples, and the weights and variables of each sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yrb_carbon.study.accounts import AccountsTable, ProvincialFile
from yrb_carbon.study.base import Path
from yrb_carbon.study.config import SampleSection, Study
from yrb_carbon.study.embodied import EmbodiedSection, EmbodiedTable, SystemTable
from yrb_carbon.study.figure_base import shown_years
from yrb_carbon.study.footprint import FootprintTable
from yrb_carbon.study.regional import RegionalTable, RegionalTransferTable
from yrb_carbon.study.tables import ModelsTable, TableSection


def tables_of_kind(study: Study, kind: str) -> tuple[str, ...]:
    """Names of the tables of a kind, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if table.kind == kind)


def models_of(study: Study, name: str) -> ModelsTable:
    """The table of models itself, or the one that a table of effects, peers, ... points at."""
    table = study.tables[name].made_of(tables_of(study))
    if not isinstance(table, ModelsTable):
        raise KeyError(f"table {name!r} holds no models")
    return table


def tables_of(study: Study) -> dict[str, TableSection]:
    """All tables of a study by name."""
    return dict(study.tables)


def samples_of(study: Study, name: str) -> tuple[str, ...]:
    """Names of the samples that a table is made from, its main one first."""
    return study.tables[name].samples(tables_of(study))


def sample_of(study: Study, name: str) -> str:
    """Name of the sample that a table is made from, the main one of several; "" without one."""
    return next(iter(samples_of(study, name)), "")


def samples_used(study: Study) -> tuple[str, ...]:
    """Samples that a table is made from; `main` first, as maps and trends use it."""
    used = {sample for name in study.tables for sample in samples_of(study, name)}
    figures = study.figures
    if figures.units_map or figures.maps or figures.trends or study.report.map.variables:
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
    tables = tables_of(study)
    made = _tables_of_sample(study, sample)
    return tuple(sorted({name for table in made for name in table.weights_of(tables, sample)}))


def _tables_of_sample(study: Study, sample: str) -> list[TableSection]:
    tables = tables_of(study)
    return [table for table in tables.values() if sample in table.samples(tables)]


def required_variables(study: Study, sample: str) -> tuple[str, ...]:
    """Variables whose raw inputs fix the sample: those of its models, else of all its tables."""
    tables = tables_of(study)
    made = _tables_of_sample(study, sample)
    models = _once(table.model_variables(tables, sample) for table in made)
    return models or _once(table.shown_variables() for table in made)


def computed_variables(study: Study, sample: str) -> tuple[str, ...]:
    """Variables computed on the units of a sample: all that its tables and figures show."""
    shown = [table.shown_variables() for table in _tables_of_sample(study, sample)]
    figures = study.figures
    drawn = [tuple(figure.variable for figure in figures.maps.values())]
    drawn += [figure.variables for figure in figures.trends.values()]
    drawn.append(study.report.map.variables or ())
    return _once([required_variables(study, sample), *shown, *(drawn if sample == "main" else [])])


def account_tables(study: Study) -> tuple[str, ...]:
    """Names of the tables made from accounts, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if isinstance(table, AccountsTable))


def account_figures(study: Study) -> tuple[str, ...]:
    """Keys of the section of figures whose figures are drawn from tables made from accounts."""
    tables = set(account_tables(study))
    return tuple(
        key
        for key, own in study.figures
        if isinstance(own, Mapping)
        and any(getattr(figure, "table", None) in tables for figure in own.values())
    )


def embodied_tables(study: Study) -> tuple[str, ...]:
    """Names of the tables of embodied carbon, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if isinstance(table, EmbodiedTable))


@dataclass(frozen=True, slots=True)
class AccountInput:
    """One published file of accounts.

    Attributes
    ----------
    path : str
        File, or folder of a saved pymrio system, below data_root.
    format : str
        `ceads_inventory`, `ceads_energy`, that of a system or of a provincial file, or
        `price_indices`.
    year : int or None
        None for files of several years.
    system : str or None
        The system that a table belongs to.
    """

    path: str
    format: str
    year: int | None = None
    system: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.format == "pymrio"


def embodied_inputs(study: Study) -> dict[Path, AccountInput]:
    """Files that the tables of embodied carbon are made from, by the key that names them."""
    section = study.embodied
    made = [study.tables[name] for name in embodied_tables(study)]
    if section is None or not made:
        return {}
    found: dict[Path, AccountInput] = {}
    for key, format_ in (("inventories", "ceads_inventory"), ("energy", "ceads_energy")):
        found |= _yearly("embodied", key, format_, getattr(section, key))
    for name in sorted({table.system for table in made if isinstance(table, SystemTable)}):
        system = section.systems[name]
        for year, entry in system.tables.items():
            if entry.path:
                place: Path = ("embodied", "systems", name, "tables", str(year), "path")
                found[place] = AccountInput(entry.path, system.format, year, name)
        found |= _price_inputs(section, name)
    if section.deflators is not None:
        found["embodied", "deflators"] = AccountInput(section.deflators, "price_indices")
    return found


def _price_inputs(section: EmbodiedSection, name: str) -> dict[Path, AccountInput]:
    """Price indices that a system is brought to constant prices by."""
    own = section.systems[name].deflators
    path = own or section.deflators
    if path is None:
        return {}
    place: Path = ("embodied", "systems", name, "deflators") if own else ("embodied", "deflators")
    return {place: AccountInput(path, "price_indices")}


def files_of(inputs: Mapping[Path, AccountInput]) -> tuple[str, ...]:
    """Files and folders of accounts, below data_root, each once."""
    return tuple(dict.fromkeys(found.path for found in inputs.values()))


def footprint_tables(study: Study) -> tuple[str, ...]:
    """Names of the tables of the industrial carbon footprint, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if isinstance(table, FootprintTable))


def regional_tables(study: Study) -> tuple[str, ...]:
    """Names of the tables of regional facts, in the order of the config."""
    return tuple(name for name, table in study.tables.items() if isinstance(table, RegionalTable))


def needs_provinces(study: Study) -> bool:
    """Whether a table or figure needs the outlines of the provinces."""
    return bool(footprint_tables(study)) or study.figures.needs_provinces


def footprint_inputs(study: Study) -> dict[Path, AccountInput]:
    """Files that the tables of the footprint are made from, by the key that names them."""
    section = study.footprint
    if section is None or not footprint_tables(study):
        return {}
    found = _yearly("footprint", "energy", "ceads_energy", section.energy)
    found |= _yearly("footprint", "inventories", "ceads_inventory", section.inventories)
    for key in ("economy", "people", "land"):
        found["footprint", key, "path"] = _provincial(getattr(section, key))
    return found


def regional_inputs(study: Study) -> dict[Path, AccountInput]:
    """Files that the tables of regional facts are made from, by the key that names them."""
    section, made = study.regional, regional_tables(study)
    if section is None or not made:
        return {}
    found = _yearly("regional", "inventories", "ceads_inventory", section.inventories)
    found["regional", "people", "path"] = _provincial(section.people)
    transfer = section.transfer
    is_used = any(isinstance(study.tables[name], RegionalTransferTable) for name in made)
    if transfer is not None and study.embodied is not None and is_used:
        system = study.embodied.systems[transfer.system]
        entry = system.tables[transfer.year]
        place: Path = ("embodied", "systems", transfer.system, "tables", str(transfer.year), "path")
        if entry.path:
            found[place] = AccountInput(entry.path, system.format, transfer.year, transfer.system)
        found |= _price_inputs(study.embodied, transfer.system)
    return found


def account_inputs(study: Study) -> dict[Path, AccountInput]:
    """Files of all accounts: embodied carbon, footprint, regional facts."""
    return {**embodied_inputs(study), **footprint_inputs(study), **regional_inputs(study)}


def account_files(study: Study) -> dict[Path, AccountInput]:
    """Each file of the accounts once, by the first key that names it as of a year."""
    first: dict[tuple[str, int | None], tuple[Path, AccountInput]] = {}
    for place, found in account_inputs(study).items():
        first.setdefault((found.path, found.year), (place, found))
    return dict(first.values())


def _yearly(
    section: str, key: str, format_: str, paths: Mapping[int, str]
) -> dict[Path, AccountInput]:
    return {
        (section, key, str(year)): AccountInput(path, format_, year) for year, path in paths.items()
    }


def _provincial(file: ProvincialFile) -> AccountInput:
    return AccountInput(file.path, file.format)


def local_moran(study: Study, table: str) -> dict[str, tuple[int, ...]]:
    """Years, by variable, in which figures show the local clusters of a table."""
    years: dict[str, set[int]] = {}
    for figure in study.figures.moran.values():
        if figure.table == table:
            sample = study.years_of(sample_of(study, table))
            shown = shown_years(figure.years, sample)
            years.setdefault(figure.variable, set()).update(shown)
    return {variable: tuple(sorted(years[variable])) for variable in sorted(years)}


def trend_variables(study: Study) -> tuple[str, ...]:
    """Variables whose trends by reach figures show."""
    return _once(figure.variables for figure in study.figures.trends.values())


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
