"""Facts of the configuration that the methods page puts into words and formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from yrb_carbon.indices.registry import resolve
from yrb_carbon.indices.settings import index_defaults, variable_spec
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.cells import COVARIANCE_NOTES
from yrb_carbon.report.definitions import definition_of, letters_of
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.report.site.formulas import WEIGHTS_FORMULAS, index_formula, math
from yrb_carbon.report.site.literature import Literature
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import main_models, question_of
from yrb_carbon.report.terms import covariance_name
from yrb_carbon.study.config import Study, VariableSection
from yrb_carbon.study.endogeneity_tables import EndogeneityTable
from yrb_carbon.study.plan import computed_variables, samples_used, weights_of_sample
from yrb_carbon.study.robustness_tables import CHOICES, RobustnessTable
from yrb_carbon.study.tables import ModelsTable, TableSection

COVARIANCE_FORMULAS: Mapping[str, str] = {
    "oim": r"\mathcal{I}^{-1},\quad \mathcal{I}_{ab} = b_a'b_b/\sigma^2 + J D_{ab}",
    "hessian": r"\left(-\frac{\partial^2 \ln L}{\partial\psi\,\partial\psi'}\right)^{-1}",
    "qml": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1}",
    "serial": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1},\quad S_{ab} = \frac{1}{\sigma^4}\left("
    r"\sum_i b_{ai}'\Sigma b_{bi} + \mathrm{tr}(\tilde\Sigma^2) D_{ab}"
    r" + \kappa \sum_i P_{a,ii}P_{b,ii}\right)",
    "clustered": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1},\quad "
    r"S = \sum_i w_i w_i' + \sum_{i<j} v_{ij} v_{ij}'",
}
"""Covariances of the parameters, with S the covariance of the score."""


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable with its formula and where that comes from."""

    name: str
    label: Text
    role: Text | None
    formula: Markup | None
    definition: Text
    letters: Text
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
        estimators=tuple(dict.fromkeys(c.estimator for c in columns if c.model not in ("ols",))),
    )


def methods_context(run: Run) -> dict[str, Any]:
    """What the template of the methods shows."""
    study, words = run.study, run.words
    models = model_facts(run)
    resolved = [resolve(variable_spec(v), index_defaults(study)) for v in _used(study).values()]
    literature = Literature()
    return {
        "models": models,
        "variables": variable_rows(run),
        "weights": weights_rows(study),
        "of_kind": lambda kind: tables_of_kind(study, kind),
        "uses": {
            "sink_npp": any(v.sink == "npp" for v in resolved),
            "sink_landuse": any(v.sink == "landuse" for v in resolved),
            "county": any(v.emissions == "ceads_county" for v in resolved),
            "prices": any(v.rebased for v in resolved),
        },
        "covariances": covariances_of(study),
        "covariance_formulas": COVARIANCE_FORMULAS,
        "claims": run.claims,
        "source": literature.cite,
        "cited": literature.cited,
        "chosen": lambda texts, names: [texts[name] for name in names],
        "labels": lambda names: [run.label(name) for name in names],
        "axes_of": lambda table: axes_of(run, table),
        "moments_of": moments_of,
        "covariance_names": lambda names: words.listing(
            words.each(partial(covariance_name, name)) for name in names
        ),
        **_glossary(words),
    }


def covariances_of(study: Study) -> list[str]:
    """Covariances that a table of the study asks for, in the order of their formulas."""
    asked = {name for t in study.tables.values() for name in getattr(t, "covariances", ())}
    return [name for name in COVARIANCE_FORMULAS if name in asked]


def axes_of(run: Run, table: RobustnessTable) -> list[tuple[str, Sequence[object]]]:
    """Choices that a grid varies, with their levels as a reader knows them."""
    found: list[tuple[str, Sequence[object]]] = []
    for name in CHOICES:
        levels = getattr(table.axes, name)
        if levels:
            variables = name in ("outcome", "treatment")
            found.append((name, [run.label(one) if variables else one for one in levels]))
    return found


def moments_of(table: EndogeneityTable) -> list[str]:
    """Covariances of the moments of its columns, each once."""
    return list(dict.fromkeys(column.covariance for column in table.columns))


def _used(study: Study) -> dict[str, VariableSection]:
    used = {name for one in samples_used(study) for name in computed_variables(study, one)}
    return {name: section for name, section in study.variables.items() if name in used}


def _glossary(words: PageWords) -> dict[str, Mapping[str, Text]]:
    """What the values of the configuration mean."""
    return {
        "covariance_words": {name: words(note) for name, note in COVARIANCE_NOTES.items()},
        "model_words": {
            "ols": words("no spatial term; within least squares, errors clustered by unit."),
            "slx": words("lags of the regressors."),
            "sar": words("lag of the outcome."),
            "sem": words("lag of the error."),
            "sdm": words("lags of the outcome and of the regressors."),
            "sdem": words("lags of the regressors and of the error."),
        },
        "effects_words": {
            "none": words("no fixed effects"),
            "unit": words("fixed effects of units"),
            "time": words("fixed effects of years"),
            "twoway": words("fixed effects of units and years"),
        },
        "scheme_words": {
            "queen": words("polygons that share a point"),
            "rook": words("polygons that share an edge"),
            "invd": words("all, by distance"),
            "invd2": words("all, by squared distance"),
            "invd_cut": words("those nearer than the smallest distance that leaves nobody alone"),
            "knn": words("the k nearest; ties go to the smaller code"),
            "expd": words("all, by distance over its mean"),
            "econ": words("all, by the gap of mean GDP per head"),
            "nested_add": words("sum of weights by distance and by GDP, both by rows"),
            "nested_mul": words("distance times relative GDP per head"),
            "gravity": words("product of mean GDP over squared distance"),
        },
        "standard_words": {
            "row": words("rows sum to one"),
            "spectral": words("by the largest eigenvalue"),
            "minmax": words("by the smaller of the largest row and column sums"),
            "none": words("not"),
        },
        "interval_words": {
            "percentile": words("by percentiles"),
            "corrected": words("corrected for bias"),
        },
        "bootstrap_words": {
            "wild_unit": words(
                "one random sign a unit over all years, one set of signs for the mediators and "
                "another for the outcome; holds for errors correlated over time"
            ),
            "year": words(
                "whole years of residuals drawn with replacement; holds for errors correlated "
                "between units and independent over time"
            ),
        },
        "split_words": {
            "period": words("boom and transition"),
            "reach": words("upper, middle and lower reaches"),
            "resource_class": words("class of resource-based city"),
            "agglomeration": words("mean treatment above and below a threshold"),
        },
        "form_words": {
            "subset": words("each by itself"),
            "full_interaction": words("full interaction"),
        },
        "design_words": {
            "full": words("all combinations"),
            "one_at_a_time": words("one at a time"),
            "list": words("those listed only"),
        },
        "axis_words": {
            "outcome": words("Outcome"),
            "treatment": words("Treatment"),
            "weights": words("Weights"),
            "sample": words("Sample"),
            "model": words("Spatial model"),
            "lag": words("Lag in years"),
            "mediators": words("Set of mediators"),
            "controls": words("Set of controls"),
        },
        "dynamic_words": {
            "adjusted_score": words("the adjusted score"),
            "bias_corrected": words("QML with a correction of its bias"),
            "qml": words("QML"),
        },
    }
