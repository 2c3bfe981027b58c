"""Facts of the configuration that the methods page puts into words and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from yrb_carbon.indices.registry import resolve
from yrb_carbon.indices.settings import index_defaults, variable_spec
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.definitions import definition_of, letters_of
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.formulas import WEIGHTS_FORMULAS, index_formula, math
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import main_models, question_of
from yrb_carbon.study.config import Study
from yrb_carbon.study.plan import computed_variables, samples_used, weights_of_sample
from yrb_carbon.study.tables import ModelsTable, TableSection


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable with its formula and where that comes from."""

    name: str
    label: Text
    role: Text | None
    formula: Markup | None
    definition: str
    letters: str
    source: str


@dataclass(frozen=True, slots=True)
class WeightsRow:
    """Spatial weights with their formula."""

    name: str
    scheme: str
    formula: Markup
    standardise: str
    options: str


def tables_of_kind(study: Study, kind: str) -> list[tuple[str, TableSection]]:
    """Tables of a kind with their names, in the order of the config."""
    return [(name, table) for name, table in study.tables.items() if table.kind == kind]


def variable_rows(run: Run) -> list[VariableRow]:
    """Variables of all samples, in the order of the config."""
    study = run.study
    used = {name for one in samples_used(study) for name in computed_variables(study, one)}
    known = load_dictionary()
    rows = []
    for name, section in study.variables.items():
        if name not in used:
            continue
        resolved = resolve(variable_spec(section), index_defaults(study))
        raw = resolved.index == "raw"
        entry = known.columns[resolved.key] if raw else known.indices[resolved.key]
        latex = index_formula(resolved.key, resolved.transform, entry.orientation)
        rows.append(
            VariableRow(
                name=name,
                label=run.label(name),
                role=_role(run, name),
                formula=None if latex is None else math(latex),
                definition=definition_of(section, study),
                letters=letters_of(section, study),
                source=entry.source,
            )
        )
    return rows


def _role(run: Run, name: str) -> Text | None:
    asked = question_of(run)
    if asked is None:
        return None
    if name == asked.outcome:
        return run.words("outcome")
    if name == asked.treatment:
        return run.words("treatment")
    return run.words("mediator") if name in asked.mediators else None


def weights_rows(study: Study) -> list[WeightsRow]:
    """Weights that a table uses, with the options that their scheme has."""
    used = {name for one in samples_used(study) for name in weights_of_sample(study, one)}
    rows = []
    for name, section in study.weights.items():
        if name not in used:
            continue
        options = {"knn": f"k = {section.k}", "nested_add": f"phi = {section.phi:g}"}
        cut = [] if section.cutoff is None else [f"d <= {section.cutoff:g} km"]
        own = [options[section.scheme]] if section.scheme in options else []
        rows.append(
            WeightsRow(
                name=name,
                scheme=section.scheme,
                formula=math(WEIGHTS_FORMULAS[section.scheme]),
                standardise=section.standardise,
                options=", ".join([*own, *cut]),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the main models of the study are."""

    table: str
    column: str
    model: str
    effects: str
    estimator: str
    covariances: Sequence[str]
    kinds: Sequence[str]
    estimators: Sequence[str]


def model_facts(run: Run) -> ModelFacts | None:
    """The main models of the study, and which models and estimators its tables have."""
    chosen = main_models(run)
    if chosen is None:
        return None
    of, name = chosen
    table = run.study.tables[of]
    if not isinstance(table, ModelsTable):
        raise TypeError(f"table {of!r} holds no models")
    column = next(column for column in table.columns if column.id == name)
    every = [t for t in run.study.tables.values() if isinstance(t, ModelsTable)]
    columns = [column for t in every for column in t.columns]
    return ModelFacts(
        table=of,
        column=name,
        model=column.model,
        effects=column.effects,
        estimator=column.estimator,
        covariances=table.covariances,
        kinds=tuple(dict.fromkeys(column.model for column in columns)),
        estimators=tuple(
            dict.fromkeys(c.estimator for c in columns if c.model not in ("ols",))
        ),
    )
