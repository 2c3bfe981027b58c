"""What a file of claims names that no study like this one can have: tables, models, variables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from yrb_carbon.claims import ANY, AccountClaim, Claims, Inference, Selector
from yrb_carbon.study.accounts import ACCOUNT_OUTCOMES, AccountsTable
from yrb_carbon.study.base import Section, choices
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import (
    FLOWS,
    FlowDecompositionTable,
    FlowNetworkTable,
    FlowPathsTable,
)
from yrb_carbon.study.endogeneity_tables import DynamicCovariance, MomentCovariance
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, Split
from yrb_carbon.study.mediation_tables import (
    JOINT,
    SUM_OF_MEDIATORS,
    MediationTable,
    Scheme,
    SystemCovariance,
)
from yrb_carbon.study.plan import tables_of
from yrb_carbon.study.positions import KeyPath
from yrb_carbon.study.tables import Covariance, EffectsTable, ModelsTable

COVARIANCES = tuple(
    dict.fromkeys(
        name
        for kinds in (Covariance, SystemCovariance, MomentCovariance, DynamicCovariance)
        for name in get_args(kinds)
    )
)
"""Values of the column `vcov` of estimates.csv."""
INFERENCES = (
    "normal", "t", "delta", "simulation", "mc", "sobel", "randomisation", "permutation",
    "permutation_fdr", "bootstrap", *(f"bootstrap_{scheme}" for scheme in get_args(Scheme)),
    "chi2", "F",
)  # fmt: skip
"""Values of the column `inference` of estimates.csv."""
OF_A_VARIABLE = re.compile(r"direct|indirect|total|(natural|mediated|system)_.*")
"""Quantities whose term is one variable."""
ACCOUNT_MODELS: Mapping[str, tuple[str, ...]] = {
    "mining_emissions": ("inventory",),
    "embodied_intensity": ("accounts", "basis"),
    "sector_contributions": (
        "upstream", "upstream_all", "downstream", "downstream_all", "basis",
    ),
    "structural_paths": ("paths", "basis"),
    "industrial_emissions": ("energy", "inventory", "difference", "flag"),
    "footprint_accounts": ("accounts", "difference", "flag"),
    "footprint_moran": (
        "global", "global_log", "local", "local_log", "trend", "trend_log", "flag",
    ),
    "footprint_shift": ("centre", "ellipse", "shift", "trend", "flag"),
    "footprint_inequality": ("theil", "dagum", "cv", "trend", "trend_sums", "flag"),
    "reduction_potential": ("equity_efficiency", "benchmark", "overshoot", "flag"),
    "forest_stock": ("stock", "carbon"),
    "land_use": ("agricultural", "construction"),
    "regional_emissions": ("emissions", "intensity", "gdp"),
    "regional_transfer": ("matrix", "areas", "balance", "theil"),
}  # fmt: skip
"""Values of the column `model` that tables of accounts have, by kind, where they are fixed."""
IN_A_NULL = re.compile(r"effects? of (\S+)")


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that a study knows, those that its files take out again among them.

    Attributes
    ----------
    tables, variables, samples, weights : tuple of str
    columns : tuple of str
        Of all tables of models.
    """

    tables: tuple[str, ...]
    variables: tuple[str, ...]
    samples: tuple[str, ...]
    weights: tuple[str, ...]
    columns: tuple[str, ...]


def name_faults(claims: Claims, study: Study, known: KnownNames) -> Iterator[tuple[KeyPath, str]]:
    """Names in the selectors and intervals of claims that are none, with their key paths.

    A table that the study takes out is no fault: its claims are not testable. Neither is what a
    claim names that the study declares not testable, nor the tables of an optional claim.

    Parameters
    ----------
    claims : Claims
    study : Study
    known : KnownNames
    """
    declared = study.claims.not_testable if study.claims is not None else {}
    for path, section in _sections(claims, ()):
        if isinstance(section, Inference):
            named = {"vcov": COVARIANCES, "inference": INFERENCES}
            yield from _unknown(section, path, named, "value of that column")
        elif isinstance(section, Selector) and path[1] not in declared:
            missing = section.table not in known.tables
            if not (missing and claims.claims[str(path[1])].optional):
                yield from _selector_faults(section, path, study, known)
        elif isinstance(section, AccountClaim) and path[1] not in declared:
            yield from _model_faults(section, path, study, known)


def _sections(section: object, path: KeyPath) -> Iterator[tuple[KeyPath, Section]]:
    """A section and all below it, with their key paths."""
    if isinstance(section, Section):
        yield path, section
        for key, value in section:
            yield from _sections(value, (*path, key))
    elif isinstance(section, Mapping):
        for key, value in section.items():
            yield from _sections(value, (*path, key))
    elif isinstance(section, tuple):
        for index, value in enumerate(section):
            yield from _sections(value, (*path, index))


def _unknown(
    section: Section, path: KeyPath, named: Mapping[str, Collection[str]], what: str
) -> Iterator[tuple[KeyPath, str]]:
    for key, options in named.items():
        value = getattr(section, key)
        if value and value not in options:
            yield (*path, key), f"no {what} ({choices(value, options)})"


def _model_faults(
    claim: AccountClaim, path: KeyPath, study: Study, known: KnownNames
) -> Iterator[tuple[KeyPath, str]]:
    """Values of the column `model` that the table of a claim cannot have."""
    options = models_of_table(study, claim.row.table, known)
    for place, model in enumerate(claim.models if options else ()):
        if model not in options:
            yield (
                (*path, "models", place),
                f"no model of {claim.row.table} ({choices(model, options)})",
            )


def _selector_faults(
    selector: Selector, path: KeyPath, study: Study, known: KnownNames
) -> Iterator[tuple[KeyPath, str]]:
    if selector.table not in known.tables:
        wanted = choices(selector.table, known.tables)
        yield (*path, "table"), f"the study knows no such table ({wanted})"
        return
    named = {"outcome": _outcomes(selector.table, study, known)}
    yield from _unknown(selector, path, named, "variable of the study")
    yield from _unknown(selector, path, {"sample": known.samples}, "sample of the study")
    yield from _unknown(selector, path, {"weights": known.weights}, "weights of the study")
    models = models_of_table(study, selector.table, known)
    if models:
        yield from _unknown(selector, path, {"model": models}, f"model of {selector.table}")
    for name in variables_of_term(selector):
        if ANY not in name and name not in (*known.variables, SUM_OF_MEDIATORS):
            yield (
                (*path, "term"),
                f"names no variable of the study ({choices(name, known.variables)})",
            )


def _outcomes(name: str, study: Study, known: KnownNames) -> tuple[str, ...]:
    """Values that the column `outcome` of a table may have; any known one where it is taken out."""
    if name not in study.tables:
        return (*known.variables, *ACCOUNT_OUTCOMES)
    table = study.tables[name]
    if isinstance(table, AccountsTable):
        return table.outcomes
    return known.variables


def models_of_table(study: Study, name: str, known: KnownNames) -> tuple[str, ...]:
    """Values that the column `model` of a table may have in a study like this; none: any."""
    if name not in study.tables:
        return ()
    table = study.tables[name]
    if isinstance(table, ModelsTable | EffectsTable):
        models = table.made_of(tables_of(study))
        own = models.columns if isinstance(models, ModelsTable) else ()
        return tuple(dict.fromkeys([*(column.id for column in own), *known.columns]))
    if isinstance(table, MediationTable):
        return (JOINT, *dict.fromkeys([*table.mediators, *known.variables]))
    if isinstance(table, AccountsTable):
        return _models_of_accounts(table, study)
    return get_args(Split) if isinstance(table, DifferencesTable) else ()


def _models_of_accounts(table: AccountsTable, study: Study) -> tuple[str, ...]:
    """Values of the column `model` of a table of accounts; none: any."""
    if isinstance(table, FlowPathsTable | FlowNetworkTable):
        return FLOWS
    if isinstance(table, FlowDecompositionTable):
        section = study.embodied
        systems = {} if section is None else section.systems
        own = systems[table.system].tables if table.system in systems else {}
        years = sorted(table.years or own)
        return tuple(f"{first}-{last}" for first in years for last in years if first < last)
    return ACCOUNT_MODELS.get(table.kind, ())


def variables_of_term(selector: Selector) -> tuple[str, ...]:
    """Names of variables in the term of a selector, as far as they can be told from it."""
    term, quantity = selector.term, str(selector.quantity)
    if quantity == "test":
        return tuple(IN_A_NULL.findall(term))
    if quantity == "difference":
        parts = term.split(":")
        if len(parts) == 3:
            return (parts[1],)
        return tuple(term.split("-")) if len(parts) == 1 and term != ANY else ()
    return (term,) if term and OF_A_VARIABLE.fullmatch(quantity) else ()
