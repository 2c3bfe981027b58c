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
from yrb_carbon.report.language import SOURCE_LANGUAGE, Words, message
from yrb_carbon.study.config import VariableSection

TRANSFORMED = {
    "level": "{0}",
    "log": "ln({0})",
    "log1p": "ln(1 + {0})",
    "log_eps": "ln({0} + c)",
    "asinh": "asinh({0})",
}
"""How a formula is written under each transform."""

REMARK = re.compile(r"(?:[,;] |[，；])(?![^(\[]*[)\]])")
"""What parts a formula from its remark: a comma or semicolon outside brackets."""
RATE, RATE_OF_RATE = message("{above} per {below}"), message("{above} and {below}")
"""Units of a quotient; what is by the year already is by the year and person."""
ONE_OF = {"persons": "person"}
"""Units that stand below in the singular."""

FILE_UNITS = (
    message("10^4 t"),
    message("10^8 m3"),
    message("10^8 kWh"),
    message("10^10 kJ"),
    message("10^4 tce"),
)
"""Units of the energy inventories, which no column of the panel has."""
NO_UNIT = "dimensionless"
HALF_OF_SMALLEST = message("c = half the smallest positive value of the sample")


def definition_of(section: VariableSection, spec: Any, words: Words) -> str:
    """Formula and unit of a variable, `ln(S / E); dimensionless`.

    Parameters
    ----------
    section : VariableSection
    spec : Study or namespace of sections
        carbon, sink, balance, agglom, lq, m1, m2, m3, price: what the variable leaves open.
    words : Words

    Returns
    -------
    str
        orientation * transform(formula), then the unit. A raw column has no formula: its name
        stands in place of one. A transform other than the level makes a unit `log of <unit>`.
    """
    parts = (formula_of(section, spec, words), unit_of(section, spec, words))
    return words.clauses(parts)


def formula_of(section: VariableSection, spec: Any, words: Words) -> str:
    """Formula of a variable with its remarks, `ln(S / E)`."""
    variable = _resolved(section, spec)
    entry = _entry(variable)
    formula, remark = _formula(variable, entry, words)
    text = TRANSFORMED[variable.transform].format(formula)
    if entry.orientation == -1:
        # these indices are turned after the transform, so that higher is better
        text, remark = f"-{text}", ""
    remarks = [remark] if remark else []
    if variable.transform == "log_eps":
        remarks.append(words(HALF_OF_SMALLEST))
    for own in remarks:
        text = words("{formula}, {remark}", formula=text, remark=own)
    return text


def unit_of(section: VariableSection, spec: Any, words: Words) -> str:
    """Unit of a variable after its transform, and how many years earlier it is taken."""
    variable = _resolved(section, spec)
    entry = _entry(variable)
    unit = _unit(variable, entry, words)
    if variable.transform != "level" and not _is_pure(variable, entry):
        is_asinh = variable.transform == "asinh"
        unit = words("asinh of {unit}" if is_asinh else "log of {unit}", unit=unit)
    return words.clauses([unit, years_before(variable.lag, words)]) if variable.lag else unit


def years_before(lag: int, words: Words) -> str:
    """How many years earlier a variable is taken."""
    return words("1 year earlier") if lag == 1 else words("{n} years earlier", n=lag)


def letters_of(section: VariableSection, spec: Any, words: Words) -> str:
    """Data behind the letters of a formula, `S = Carbon sink (NPP)`; empty where it has none."""
    variable = _resolved(section, spec)
    known = load_dictionary()
    parts = []
    if variable.sink is not None:
        parts.append(f"S = {words.label(known.indices[f'sink.{variable.sink}'].label)}")
        if variable.sink_k is not None:
            parts.append(words(SINK_FACTORS[variable.sink_k]))
    if variable.emissions is not None:
        emitted = known.columns[EMISSION_COLUMNS[variable.emissions]]
        parts.append(f"E = {words.label(emitted.label)}")
    for letter, column in (("m_it", variable.numerator), ("e_it", variable.denominator)):
        if column is not None:
            parts.append(f"{letter} = {words.label(known.columns[column].label)}")
    if variable.reference is not None:
        parts.append(words(REFERENCES[variable.reference]))
    if variable.price_base_year is not None:
        parts.append(words("prices of {year}", year=variable.price_base_year))
    if section.version is not None:
        parts.append(words("version {version!r} of the data", version=section.version))
    return words.listing(parts)


def letters_note(labels: Mapping[str, str], spec: Any, words: Words) -> str:
    """One note on the letters of several variables, by name and label; empty without letters."""
    found = [
        (label, letters_of(spec.variables[name], spec, words)) for name, label in labels.items()
    ]
    texts = [words("{label}: {letters}", label=label, letters=own) for label, own in found if own]
    return words("Definitions. {texts}.", texts=words.clauses(texts)) if texts else ""


SINK_FACTORS = {
    "dry_matter": message("k: 1.62/0.45 (dry matter)"),
    "carbon": message("k: 44/12 (carbon)"),
}
REFERENCES = {
    "national": message("M_t / E_t of the nation"),
    "basin": message("M_t / E_t of the units of the sample"),
}


def unit_name(unit: str, words: Words) -> str:
    """A unit of measurement of the dictionary, or of a file of the accounts, in words."""
    if words.language == SOURCE_LANGUAGE:
        return unit
    return load_dictionary().units.get(unit) or (words(unit) if unit in FILE_UNITS else unit)


def _resolved(section: VariableSection, spec: Any) -> ResolvedVariable:
    return resolve(variable_spec(section), index_defaults(spec))


def _entry(variable: ResolvedVariable) -> Entry:
    known = load_dictionary()
    return known.columns[variable.key] if variable.index == "raw" else known.indices[variable.key]


def _formula(variable: ResolvedVariable, entry: Entry, words: Words) -> tuple[str, str]:
    """Right side of a formula, and the remark that follows it."""
    if entry.formula is None or variable.index == "emissions":
        # the column is the formula
        return variable.key if entry.formula is None else "E", ""
    own = entry.formula_zh if words.language == "zh" else None
    main, *remark = REMARK.split(own or entry.formula, maxsplit=1)
    return main.split(" = ", 1)[-1], "".join(remark)


def _is_pure(variable: ResolvedVariable, entry: Entry) -> bool:
    """Whether a variable has no unit."""
    return _unit(variable, entry, Words()) == NO_UNIT


def _unit(variable: ResolvedVariable, entry: Entry, words: Words) -> str:
    """Unit of the index; that of a density or share is made of the units of its columns."""
    if variable.numerator is None or variable.measure == "lq":
        return unit_name(entry.unit, words)
    columns = load_dictionary().columns
    below = "km2" if variable.denominator is None else columns[variable.denominator].unit
    above = columns[variable.numerator].unit
    if above == below:
        return unit_name(NO_UNIT, words)
    one = unit_name(below, words)
    text = RATE_OF_RATE if " per " in above else RATE
    return words(text, above=unit_name(above, words), below=ONE_OF.get(one, one))
