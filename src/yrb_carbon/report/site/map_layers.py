"""What the interactive map can show: variables by year, effects by unit, with their classes.

Every value is one of the panel or of effects_by_unit.parquet, as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.definitions import formula_of, letters_of, unit_of
from yrb_carbon.report.language import TwoLanguages, Words, message
from yrb_carbon.report.map_classes import Classes, cut_classes
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study, VariableSection
from yrb_carbon.study.interactive_map import effects_of_map, variables_of_map
from yrb_carbon.study.mediation_tables import JOINT, SUM_OF_MEDIATORS, MediationTable
from yrb_carbon.study.tables import EffectsTable, ModelsTable

Said = Mapping[Language, str]
"""A text in every language of the page."""
FloatArray = npt.NDArray[np.float64]

CLASSES = 5
SHOWN_DIGITS = 4
"""Significant digits with which a value of middling size is shown."""
MOST_DECIMALS = 8

KINDS = {
    "own": message("own direct effect"),
    "received": message("received from all others"),
    "sent": message("sent to all others"),
}
KIND_MEANINGS = {
    "own": message("what one more unit of {x} in the unit does to its own {y}"),
    "received": message("what one more unit of {x} in all other units does to the unit's {y}"),
    "sent": message("what one more unit of {x} in the unit does to {y} of all other units, summed"),
}
NO_EFFECTS = message("the run has none; its models may be at the edge of what is allowed")
NO_VALUE = message("no unit has a value")
WHOLE, NATURAL, MEDIATED = "", "natural_", "mediated_"
"""Prefixes of the kinds of effects_by_unit.parquet: all paths, without and through mediators."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Something that the map can show.

    Attributes
    ----------
    name : str
        Of the variable, or TABLE.MODEL.TERM.KIND of the effect.
    group, short, label : mapping of language to str
        Heading in the list of layers and name below it; name on legend, labels and table.
    definition : mapping of language to str
        Formula or meaning, and what stands for what.
    unit : mapping of language to str
        Unit of the values.
    years : tuple of int
        Rising; empty for values that belong to no year.
    values : ndarray, (units, max(1, years))
        In the order of the polygons; NaN where there is none.
    inside : ndarray of bool, (units,)
        Units of the layer's sample.
    centre : float or None
        Parts two sides of the classes.
    """

    name: str
    group: Said
    short: Said
    label: Said
    definition: Said
    unit: Said
    years: tuple[int, ...]
    values: FloatArray
    inside: npt.NDArray[np.bool_]
    centre: float | None = None

    @property
    def classes(self) -> Classes:
        """Quantile classes over all units and years."""
        return cut_classes(self.values.ravel(), "quantiles", CLASSES, self.centre)

    @property
    def decimals(self) -> int:
        """Decimals that give a value of middling size `SHOWN_DIGITS` significant digits."""
        sizes = np.abs(self.values[np.isfinite(self.values) & (self.values != 0.0)])
        if not sizes.size:
            return 0
        order = int(np.floor(np.log10(np.median(sizes))))
        return int(np.clip(SHOWN_DIGITS - 1 - order, 0, MOST_DECIMALS))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the map should show and cannot.

    Attributes
    ----------
    what, why : mapping of language to str
    """

    what: Said
    why: Said


@dataclass(frozen=True, slots=True)
class Sayings:
    """Texts in all languages of the page.

    Attributes
    ----------
    words : tuple of Words
        One a language.
    """

    words: tuple[Words, ...]

    @classmethod
    def of(cls, languages: Sequence[Language]) -> Sayings:
        """Texts in these languages."""
        return cls(tuple(Words(language) for language in languages))

    def __call__(self, text: str, /, **values: Said) -> dict[Language, str]:
        """A message in every language; its placeholders are texts in every language."""
        return {
            words.language: words(text, **{k: v[words.language] for k, v in values.items()})
            for words in self.words
        }

    def label(self, name: str, study: Study) -> dict[Language, str]:
        """Name of a variable."""
        section = study.variables.get(name)
        if section is None or section.label is None:
            return self.same(name)
        return self.texts(section.label)

    def texts(self, text: TwoLanguages) -> dict[Language, str]:
        """A label in every language."""
        return {words.language: words.label(text) for words in self.words}

    def same(self, text: str) -> dict[Language, str]:
        """A text that is the same in every language."""
        return {words.language: text for words in self.words}


def layers_of(
    study: Study,
    units: Sequence[str],
    frame: pd.DataFrame | None,
    by_unit: pd.DataFrame | None,
    say: Sayings,
) -> tuple[list[Layer], list[LeftOut]]:
    """What the map of a study shows, and what it cannot.

    Parameters
    ----------
    study : Study
    units : sequence of str
        Units in the order of the polygons.
    frame : DataFrame, index (unit, year), optional
        Variables of the main sample, rows in any order.
    by_unit : DataFrame, optional
        The whole of effects_by_unit.parquet, rows in any order.
    say : Sayings

    Returns
    -------
    layers : list of Layer
    left_out : list of LeftOut

    Raises
    ------
    DataError
        If a unit with values has no polygon, or a unit has two values; units are named.
    """
    layers: list[Layer] = []
    left_out: list[LeftOut] = []
    for found in (
        *_variable_layers(study, units, frame, say),
        *_effect_layers(study, units, by_unit, say),
    ):
        if isinstance(found, Layer):
            layers.append(found)
        else:
            left_out.append(found)
    return layers, left_out


def _variable_layers(
    study: Study, units: Sequence[str], frame: pd.DataFrame | None, say: Sayings
) -> Iterator[Layer | LeftOut]:
    centres = {figure.variable: figure.centre for figure in study.figures.maps.values()}
    for name in variables_of_map(study):
        label = say.label(name, study)
        if frame is None or name not in frame.columns or name not in study.variables:
            yield LeftOut(label, say(message("the panel of the run has no such column")))
            continue
        doubled = frame.index[frame.index.duplicated()]
        _refuse("panel: more than one row for", [f"{unit} in {year}" for unit, year in doubled])
        wide = frame[name].unstack("year").sort_index(axis="columns")
        values, inside = _in_order(wide, units, name)
        if not np.isfinite(values).any():
            yield LeftOut(label, say(NO_VALUE))
            continue
        section = study.variables[name]
        yield Layer(
            name=name,
            group=say(message("Variables by year")),
            short=label,
            label=label,
            definition={one.language: _definition(section, study, one) for one in say.words},
            unit={one.language: unit_of(section, study, one) for one in say.words},
            years=tuple(int(year) for year in wide.columns),
            values=values,
            inside=inside,
            centre=centres.get(name),
        )


def _definition(section: VariableSection, study: Study, words: Words) -> str:
    """Formula of a variable, and the data behind its letters."""
    formula, letters = formula_of(section, study, words), letters_of(section, study, words)
    return words("{formula}. {letters}", formula=formula, letters=letters) if letters else formula


@dataclass(frozen=True, slots=True)
class _Effect:
    """Effects of one term of one model, of one path."""

    table: str
    model: str
    treatment: str
    outcome: str
    term: str
    prefix: str
    heading: Said


def _effect_layers(
    study: Study, units: Sequence[str], by_unit: pd.DataFrame | None, say: Sayings
) -> Iterator[Layer | LeftOut]:
    for name in effects_of_map(study):
        rows = None if by_unit is None else by_unit[by_unit["table"] == name]
        if rows is None or rows.empty:
            yield LeftOut(
                say(message("Effects by unit of table {table}"), table=say.same(name)),
                say(NO_EFFECTS),
            )
            continue
        for effect in _effects_of(study, name, rows, say):
            yield from _layers_of_effect(effect, study, rows, units, say)


def _effects_of(study: Study, name: str, rows: pd.DataFrame, say: Sayings) -> Iterator[_Effect]:
    """Effects that the table of a name has, whole systems before their paths."""
    table = study.tables[name]
    if isinstance(table, MediationTable):
        for model in [JOINT] if JOINT in table.runs else table.runs:
            yield from _paths_of(study, name, table, model, say)
        return
    if not isinstance(table, EffectsTable):
        raise DataError(f"table {name!r} has no effects by unit; it is of kind {table.kind!r}")
    models = study.tables[table.of]
    if not isinstance(models, ModelsTable):
        raise DataError(f"table {table.of!r} holds no models; it is of kind {models.kind!r}")
    treatment = models.regressors[0]
    for column in models.columns:
        own = rows.loc[(rows["model"] == column.id) & (rows["term"] == treatment), "outcome"]
        if own.empty:
            continue
        outcome = str(own.iloc[0])
        heading = say(
            message("Effect of {x} on {y}, model {model} of {table}"),
            x=say.label(treatment, study),
            y=say.label(outcome, study),
            model=say.same(column.id) if column.label is None else say.texts(column.label),
            table=say.same(table.of),
        )
        yield _Effect(name, column.id, treatment, outcome, treatment, WHOLE, heading)


def _paths_of(
    study: Study, name: str, table: MediationTable, model: str, say: Sayings
) -> Iterator[_Effect]:
    """All paths together, the one without mediators, and those through them."""
    x, y = say.label(table.treatment, study), say.label(table.outcome, study)
    mediators = table.mediators if model == JOINT else (model,)
    ends = (name, model, table.treatment, table.outcome)
    whole = say(message("Effect of {x} on {y}, all paths"), x=x, y=y)
    yield _Effect(*ends, table.treatment, WHOLE, whole)
    natural = say(message("Effect of {x} on {y}, not mediated"), x=x, y=y)
    yield _Effect(*ends, table.treatment, NATURAL, natural)
    for mediator in mediators:
        through = say(
            message("Effect of {x} on {y} through {m}"), x=x, y=y, m=say.label(mediator, study)
        )
        yield _Effect(*ends, mediator, MEDIATED, through)
    if len(mediators) > 1:
        every = say(message("Effect of {x} on {y} through all mediators"), x=x, y=y)
        yield _Effect(*ends, SUM_OF_MEDIATORS, MEDIATED, every)


def _layers_of_effect(
    effect: _Effect, study: Study, rows: pd.DataFrame, units: Sequence[str], say: Sayings
) -> Iterator[Layer | LeftOut]:
    mine = rows[(rows["model"] == effect.model) & (rows["term"] == effect.term)]
    x, y = say.label(effect.treatment, study), say.label(effect.outcome, study)
    kinds = {kind: mine[mine["kind"] == f"{effect.prefix}{kind}"] for kind in KINDS}
    if all(own.empty for own in kinds.values()):
        yield LeftOut(effect.heading, say(NO_EFFECTS))
        return
    for kind, own in kinds.items():
        label = say(message("{effect}: {kind}"), kind=say(KINDS[kind]), effect=effect.heading)
        name = ".".join((effect.table, effect.model, effect.term, f"{effect.prefix}{kind}"))
        values, inside = _in_order(own.set_index("unit")[["effect"]], units, name)
        if not np.isfinite(values).any():
            yield LeftOut(label, say(NO_VALUE))
            continue
        yield Layer(
            name=name,
            group=effect.heading,
            short=say(KINDS[kind]),
            label=label,
            definition=say(KIND_MEANINGS[kind], x=x, y=y),
            unit=say(message("{y} per unit of {x}"), x=x, y=y),
            years=(),
            values=values,
            inside=inside,
            centre=0.0,
        )


def _in_order(
    wide: pd.DataFrame, units: Sequence[str], name: str
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Values in the order of the polygons, and which units the frame has."""
    known = wide.index.astype(str)
    _refuse(f"{name}: units with more than one value", known[known.duplicated()])
    _refuse(f"{name}: units without polygon", sorted(set(known) - set(units)))
    values = wide.set_axis(known).reindex(list(units)).to_numpy(dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan), np.isin(np.array(units), known)


def _refuse(fault: str, units: Iterable[str]) -> None:
    found = list(units)
    if found:
        raise DataError(f"{fault}: {listing(found)}")
