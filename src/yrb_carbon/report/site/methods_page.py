"""Facts of the configuration that the methods page puts into words and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from yrb_carbon.indices.registry import resolve
from yrb_carbon.indices.settings import index_defaults, variable_spec
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.cells import weights_label
from yrb_carbon.report.definitions import definition_of, letters_of
from yrb_carbon.report.layout_endogeneity import instruments_text
from yrb_carbon.report.layout_robustness import choice_label
from yrb_carbon.report.site.account_facts import footprint_facts, regional_facts
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.report.site.embodied_facts import embodied_facts
from yrb_carbon.report.site.formulas import WEIGHTS_FORMULAS, index_formula, math
from yrb_carbon.report.site.glossary import glossary, source_text
from yrb_carbon.report.site.literature import Literature
from yrb_carbon.report.site.model_facts import (
    CLASSICAL,
    COVARIANCE_FORMULAS,
    EFFECTS_FORMULAS,
    ROBUST,
    WILD_BOOTSTRAP,
    WITH_TIME_EFFECTS,
    covariances_of,
    has_wild_bootstrap,
    model_facts,
)
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import judged_by, question_of
from yrb_carbon.report.terms import covariance_name, inference_name
from yrb_carbon.study.config import Study, VariableSection
from yrb_carbon.study.endogeneity_tables import EndogeneityTable
from yrb_carbon.study.plan import computed_variables, samples_used, weights_of_sample
from yrb_carbon.study.robustness_tables import CHOICES, RobustnessTable
from yrb_carbon.study.tables import TableSection


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable with its formula and where that comes from."""

    name: str
    label: Text
    role: Text | None
    formula: Markup | None
    definition: Text
    letters: Text
    source: Text


@dataclass(frozen=True, slots=True)
class WeightsRow:
    """Spatial weights with their formula; None where a file holds them."""

    name: str
    label: Text
    scheme: str
    formula: Markup | None
    standardise: str
    options: str


def tables_of_kind(study: Study, kind: str) -> list[tuple[str, TableSection]]:
    """Tables of a kind with their names, in the order of the config."""
    return [(name, table) for name, table in study.tables.items() if table.kind == kind]


def variable_rows(run: Run) -> list[VariableRow]:
    """Variables of all samples, in the order of the config."""
    study = run.study
    known = load_dictionary()
    rows = []
    for name, section in _used(study).items():
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
                definition=run.words.each(partial(definition_of, section, study)),
                letters=run.words.each(partial(letters_of, section, study)),
                source=source_text(entry, run.words),
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


def weights_rows(run: Run) -> list[WeightsRow]:
    """Weights that a table uses, with the options that their scheme has."""
    study = run.study
    used = {name for one in samples_used(study) for name in weights_of_sample(study, one)}
    rows = []
    for name, section in study.weights.items():
        if name not in used:
            continue
        options = {"knn": f"k = {section.k}", "nested_add": f"phi = {section.phi:g}"}
        latex = WEIGHTS_FORMULAS.get(section.scheme)
        cut = [] if section.cutoff is None else [f"d <= {section.cutoff:g} km"]
        own = [options[section.scheme]] if section.scheme in options else []
        rows.append(
            WeightsRow(
                name=name,
                label=_weights_label(run, name),
                scheme=section.scheme,
                formula=None if latex is None else math(latex),
                standardise=section.standardise,
                options=", ".join([*own, *cut]),
            )
        )
    return rows


def _weights_label(run: Run, name: str) -> Text:
    return run.words.each(partial(weights_label, name, run.study))


def methods_context(run: Run) -> dict[str, Any]:
    """What the template of the methods shows."""
    study, words = run.study, run.words
    models = model_facts(run)
    resolved = [resolve(variable_spec(v), index_defaults(study)) for v in _used(study).values()]
    literature = Literature()
    return {
        "models": models,
        "variables": variable_rows(run),
        "weights": weights_rows(run),
        "of_kind": lambda kind: tables_of_kind(study, kind),
        "uses": {
            "balance": any(v.index == "balance" for v in resolved),
            "sink_npp": any(v.sink == "npp" for v in resolved),
            "sink_landuse": any(v.sink == "landuse" for v in resolved),
            "county": any(v.emissions == "ceads_county" for v in resolved),
            "prices": any(v.rebased for v in resolved),
        },
        "covariances": covariances_of(study),
        "embodied": embodied_facts(study, words),
        "footprint": footprint_facts(study, words),
        "regional": regional_facts(study, words),
        "limits": limits_of(study, words),
        "instruments_of": lambda table: instruments_of(run, table),
        "weights_named": lambda name: _weights_label(run, name),
        "inference_named": lambda name: words.each(partial(inference_name, name)),
        "effects_formulas": EFFECTS_FORMULAS,
        "with_time_effects": WITH_TIME_EFFECTS,
        "covariance_formulas": COVARIANCE_FORMULAS,
        "claims": run.claims,
        "judged_by": judged_by(run),
        "source": literature.cite,
        "cited": literature.cited,
        "chosen": lambda texts, names: [texts[name] for name in names],
        "labels": lambda names: [run.label(name) for name in names],
        "axes_of": lambda table: axes_of(run, table),
        "moments_of": moments_of,
        "covariance_names": lambda names: words.listing(
            words.each(partial(covariance_name, name)) for name in names
        ),
        **glossary(words),
    }


def limits_of(study: Study, words: PageWords) -> list[Text]:
    """Which of the study's intervals bear errors that are correlated over time."""
    used = covariances_of(study)

    def named(wanted: Sequence[str]) -> list[Text]:
        return [words.each(partial(covariance_name, name)) for name in wanted if name in used]

    classical, robust = named(CLASSICAL), named(ROBUST)
    if has_wild_bootstrap(study):
        robust.append(words.each(partial(inference_name, WILD_BOOTSTRAP)))
    said = []
    if classical:
        said.append(
            words(
                "Where residuals are correlated over time, the intervals by {classical} are too "
                "short.",
                classical=words.listing(classical),
            )
        )
    if robust:
        said.append(
            words(
                "Intervals by {robust} allow for errors of a unit that are correlated over time, "
                "under the assumptions of each.",
                robust=words.listing(robust),
            )
        )
    return said


def instruments_of(run: Run, table: EndogeneityTable) -> list[Text]:
    """Columns of a table with instruments: what instruments what in each."""
    return [
        run.words.each(partial(instruments_text, table, column, run.study))
        for column in table.columns
    ]


def axes_of(run: Run, table: RobustnessTable) -> list[tuple[str, Sequence[object]]]:
    """Choices that a grid varies, with their levels as a reader knows them."""
    found: list[tuple[str, Sequence[object]]] = []
    for name in CHOICES:
        levels = getattr(table.axes, name)
        if levels:
            named = [run.words.each(partial(choice_label, name, one, run.study)) for one in levels]
            found.append((name, named))
    return found


def moments_of(table: EndogeneityTable) -> list[str]:
    """Covariances of the moments of its columns, each once."""
    return list(dict.fromkeys(column.covariance for column in table.columns))


def _used(study: Study) -> dict[str, VariableSection]:
    used = {name for one in samples_used(study) for name in computed_variables(study, one)}
    return {name: section for name, section in study.variables.items() if name in used}
