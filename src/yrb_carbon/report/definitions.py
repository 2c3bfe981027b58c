"""What the variables of a study mean: formula, unit, and the data behind the formula's letters.

All words come from the dictionary and from the study's configuration; no number of the results
passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yrb_carbon.indices.emissions import EMISSION_COLUMNS
from yrb_carbon.indices.registry import ResolvedVariable, resolve
from yrb_carbon.indices.settings import index_defaults, variable_spec
from yrb_carbon.panel.schema import Entry, load_dictionary
from yrb_carbon.study.config import VariableSection

TRANSFORMED = {
    "level": "{0}",
    "log": "ln({0})",
    "log1p": "ln(1 + {0})",
    "log_eps": "ln({0} + c)",
    "asinh": "asinh({0})",
}
"""How a formula is written under each transform."""

REMARK = re.compile(r"[,;] (?![^(\[]*[)\]])")
"""What parts a formula from its remark: a comma or semicolon outside brackets."""

NO_UNIT = "dimensionless"
HALF_OF_SMALLEST = "c = half the smallest positive value of the sample"


def definition_of(section: VariableSection, spec: Any) -> str:
    """Formula and unit of a variable, `ln(S / E); dimensionless`.

    Parameters
    ----------
    section : VariableSection
    spec : Study or namespace of sections
        carbon, sink, balance, agglom, lq, m1, m2, m3, price: what the variable leaves open.

    Returns
    -------
    str
        orientation * transform(formula), then the unit. A raw column has no formula: its name
        stands in place of one. A transform other than the level makes a unit `log of <unit>`.
    """
    variable = _resolved(section, spec)
    entry = _entry(variable)
    formula, remark = _formula(variable, entry)
    text = TRANSFORMED[variable.transform].format(formula)
    if entry.orientation == -1:
        # these indices are turned after the transform, so that higher is better
        text, remark = f"-{text}", ""
    if variable.transform == "log_eps":
        remark = ", ".join(filter(None, (remark, HALF_OF_SMALLEST)))
    unit = _unit(variable, entry)
    if variable.transform != "level" and unit != NO_UNIT:
        unit = f"{'asinh' if variable.transform == 'asinh' else 'log'} of {unit}"
    if variable.lag:
        unit = f"{unit}; {variable.lag} year{'s' * (variable.lag > 1)} earlier"
    return f"{', '.join(filter(None, (text, remark)))}; {unit}"


def letters_of(section: VariableSection, spec: Any) -> str:
    """Data behind the letters of a formula, `S = Carbon sink (NPP)`; empty where it has none."""
    variable = _resolved(section, spec)
    known = load_dictionary()
    parts = []
    if variable.sink is not None:
        factor = "" if variable.sink_k is None else f", k: {variable.sink_k}"
        parts.append(f"S = {known.indices[f'sink.{variable.sink}'].label.en}{factor}")
    if variable.emissions is not None:
        parts.append(f"E = {known.columns[EMISSION_COLUMNS[variable.emissions]].label.en}")
    if variable.numerator is not None:
        parts.append(f"m_it = {known.columns[variable.numerator].label.en}")
    if variable.denominator is not None:
        parts.append(f"e_it = {known.columns[variable.denominator].label.en}")
    if variable.reference is not None:
        parts.append(f"M_t / E_t of the {_REFERENCES[variable.reference]}")
    if variable.price_base_year is not None:
        parts.append(f"prices of {variable.price_base_year}")
    if section.version is not None:
        parts.append(f"version {section.version!r} of the data")
    return ", ".join(parts)


def letters_note(labels: Mapping[str, str], spec: Any) -> str:
    """One note on the letters of several variables, by name and label; empty without letters."""
    found = [(label, letters_of(spec.variables[name], spec)) for name, label in labels.items()]
    texts = [f"{label}: {letters}" for label, letters in found if letters]
    return f"Definitions. {'; '.join(texts)}." if texts else ""


_REFERENCES = {"national": "nation", "basin": "units of the sample"}


def _resolved(section: VariableSection, spec: Any) -> ResolvedVariable:
    return resolve(variable_spec(section), index_defaults(spec))


def _entry(variable: ResolvedVariable) -> Entry:
    known = load_dictionary()
    return known.columns[variable.key] if variable.index == "raw" else known.indices[variable.key]


def _formula(variable: ResolvedVariable, entry: Entry) -> tuple[str, str]:
    """Right side of a formula, and the remark that follows it."""
    if entry.formula is None or variable.index == "emissions":
        # the column is the formula
        return variable.key if entry.formula is None else "E", ""
    main, *remark = REMARK.split(entry.formula, maxsplit=1)
    return main.split(" = ", 1)[-1], "".join(remark)


def _unit(variable: ResolvedVariable, entry: Entry) -> str:
    """Unit of the index; that of a density or share is made of the units of its columns."""
    if variable.numerator is None or variable.measure == "lq":
        return entry.unit
    columns = load_dictionary().columns
    below = "km2" if variable.denominator is None else columns[variable.denominator].unit
    above = columns[variable.numerator].unit
    return NO_UNIT if above == below else f"{above} per {below}"
