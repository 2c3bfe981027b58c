"""What the words of estimates.csv mean: explanations.yaml, and the entries of a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from yrb_carbon.errors import DataError
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.embodied_names import (
    EXPORTS,
    OTHER,
    AccountNames,
)
from yrb_carbon.report.language import Words
from yrb_carbon.study.account_terms import ACCOUNT_MARK, FLOW_MARK, PATH_MARK
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import Sectors

FILE = Path(__file__).with_suffix(".yaml")
KINDS: dict[str, str] = {
    "quantities": "quantity",
    "covariances": "covariance (vcov)",
    "inference": "inference",
    "estimators": "estimator",
    "models": "kind of model (spec)",
    "tables": "kind of table",
    "specs": "spec",
    "equations": "equation",
    "names": "name of a model",
    "tests": "test",
    "terms": "term of a number",
    "claims": "kind of claim",
    "columns": "column of estimates.csv",
}
"""Section of the file -> what its entries are, in the order in which they are told."""
SECTOR_LISTS: tuple[Sectors, ...] = ("S26", "H2")
DEPTH = "depth "
ACCOUNTS_PAGE = "docs/methods.md, section 17"
PARTS = ("meaning", "formula", "source", "read")
LAG = "W."
PAST = ".L"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a word means.

    Attributes
    ----------
    term : str
    kind : str
        What the word is: a quantity, a variable, ...
    meaning : str
    formula, source, read : str
        Empty where there is none. `read` says where to read on.
    """

    term: str
    kind: str
    meaning: str
    formula: str = ""
    source: str = ""
    read: str = ""


@cache
def load_explanations(path: Path = FILE) -> dict[str, dict[str, Explanation]]:
    """Read the explanations: section -> word -> entry.

    Raises
    ------
    DataError
        If a section is missing, or an entry has no meaning or a part that is not known.
    """
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if list(raw) != [name for name in raw if name in KINDS] or set(raw) != set(KINDS):
        raise DataError(f"{path}: sections are {sorted(raw)}; wanted {sorted(KINDS)}")
    found: dict[str, dict[str, Explanation]] = {}
    for section, entries in raw.items():
        found[section] = {
            str(term): _entry(str(term), KINDS[section], parts, path)
            for term, parts in entries.items()
        }
    return found


def _entry(term: str, kind: str, parts: Mapping[str, Any], path: Path) -> Explanation:
    strange = sorted(set(parts) - set(PARTS))
    if strange or not parts.get("meaning"):
        raise DataError(
            f"{path}: entry {term!r}: has the parts {sorted(parts)}; wanted meaning, and of "
            f"{', '.join(PARTS[1:])} what there is"
        )
    texts = {name: " ".join(str(text).split()) for name, text in parts.items()}
    read = texts.get("read", "")
    if read.startswith("section"):
        texts["read"] = f"docs/methods.md, {read}"
    return Explanation(term, kind, **texts)


def explain(term: str, study: Study | None = None) -> tuple[Explanation, ...]:
    """Entries of a word: of the file, of the dictionary, and of a study's own names.

    Parameters
    ----------
    term : str
        A quantity, covariance, inference, estimator, model, kind of table, test, term or column
        of estimates.csv; a column of the panel or an index; `W.x`, `x.L1`; or a name that the
        study has: of a table, a variable, a sample, weights.
    study : Study, optional

    Returns
    -------
    tuple of Explanation
        Empty when nobody knows the word.
    """
    word = term.strip()
    found = [entries[word] for entries in load_explanations().values() if word in entries]
    if study is not None:
        found += _of_study(word, study)
    found += _of_dictionary(word)
    found += _of_accounts(word)
    return tuple(found) if found else _of_parts(word, study)


def _of_parts(word: str, study: Study | None) -> tuple[Explanation, ...]:
    """Entries of a word that is made of others: `W.lq`, `cb.L1`, `vif:lq`, `LM lag|plain|...`."""
    if word.startswith(LAG):
        inner = explain(word.removeprefix(LAG), study)
        lag = Explanation(
            word,
            "spatial lag",
            "Mean of the variable over the neighbours, by the weights.",
            "(W x)_i = sum_j w_ij x_j",
            "Elhorst (2014)",
            "docs/methods.md, section 10",
        )
        return (lag, *inner) if inner else ()
    base, past, years = word.rpartition(PAST)
    if past and years.isdigit():
        inner = explain(base, study)
        lag = Explanation(word, "lag in time", f"The variable {years} year(s) before.")
        return (lag, *inner) if inner else ()
    for mark in ("|", ":", ";", PATH_MARK):
        head, found, rest = word.partition(mark)
        if found:
            parts = [entry for part in (head, *rest.split(mark)) for entry in explain(part, study)]
            return tuple(dict.fromkeys(parts))
    if word.startswith(DEPTH):
        return explain(DEPTH.strip(), study)
    for mark in (ACCOUNT_MARK, FLOW_MARK):
        ends = [_of_accounts(part) or _of_destinations(part) for part in word.split(mark)]
        if len(ends) == 2 and all(ends):
            return tuple(dict.fromkeys(entry for own in ends for entry in own))
    return ()


def _of_accounts(word: str) -> list[Explanation]:
    """A province or a sector of the input-output accounts."""
    words = Words()
    if word.isdigit() and (province := AccountNames(words).region(word)) != word:
        return [Explanation(word, "region", f"{province}.", read=ACCOUNTS_PAGE)]
    found: dict[str, list[str]] = {}
    for scheme in SECTOR_LISTS:
        sector = AccountNames(words, scheme).sector(word, 0)
        if sector != word:
            found.setdefault(sector, []).append(scheme)
    return [
        Explanation(word, "sector", f"{sector} ({' and '.join(own)}).", read=ACCOUNTS_PAGE)
        for sector, own in found.items()
    ]


def _of_destinations(word: str) -> list[Explanation]:
    """An end of a flow that is no region."""
    return [load_explanations()["terms"][word]] if word in (EXPORTS, OTHER) else []


def _of_dictionary(word: str) -> list[Explanation]:
    known = load_dictionary()
    column = known.entry(word)
    found = []
    if column is not None:
        found.append(
            Explanation(
                word,
                "column of the panel",
                f"{column.label.en} ({column.unit}).",
                column.formula or "",
                column.source,
                "docs/reference/dictionary.md",
            )
        )
    if index := known.indices.get(word):
        found.append(
            Explanation(
                word,
                "index",
                f"{index.label.en} ({index.unit}).",
                index.formula or "",
                index.source,
                "docs/reference/dictionary.md",
            )
        )
    return found


def _of_study(word: str, study: Study) -> list[Explanation]:
    """A table, variable, sample or weights of a study."""
    found = []
    if table := study.tables.get(word):
        kind = load_explanations()["tables"][table.kind]
        text = f"{table.title.en}. {kind.meaning}"
        found.append(Explanation(word, f"table ({table.kind})", text, "", kind.source, kind.read))
    if word in study.variables:
        found.append(_variable(word, study))
    if sample := study.samples.get(word):
        said = {key: value for key, value in sample.model_dump().items() if value}
        text = "; ".join(f"{key}: {value}" for key, value in said.items())
        found.append(Explanation(word, "sample", text or "All units and years of the study."))
    if weights := study.weights.get(word):
        text = f"Scheme {weights.scheme}, standardised by {weights.standardise}."
        found.append(Explanation(word, "spatial weights", text, read="docs/methods.md, section 8"))
    return found


def _variable(word: str, study: Study) -> Explanation:
    """A variable of a study: its label, and the formula of its index with the study's options."""
    from yrb_carbon.indices.registry import resolve
    from yrb_carbon.indices.settings import index_defaults, variable_spec

    section = study.variables[word]
    label = section.label.en if section.label is not None else word
    resolved = resolve(variable_spec(section), index_defaults(study))
    known = load_dictionary()
    entry = known.indices.get(resolved.key) or known.entry(resolved.key)
    facts = ("transform", "emissions", "sink", "sink_k", "numerator", "denominator", "reference",
             "lag")  # fmt: skip
    options = [f"{name} {getattr(resolved, name)}" for name in facts if getattr(resolved, name)]
    text = f"{label}: {resolved.key}, {', '.join(options)}."
    formula, source = ("", "") if entry is None else (entry.formula or "", entry.source)
    read = "docs/methods.md, sections 2 to 7"
    return Explanation(word, "variable of the study", text, formula, source, read)


def known_words(study: Study | None = None) -> tuple[str, ...]:
    """All words that have an entry of their own, for a guess at a misspelt one."""
    words = [word for entries in load_explanations().values() for word in entries]
    dictionary = load_dictionary()
    words += [*dictionary.columns, *dictionary.indices]
    if study is not None:
        words += [*study.tables, *study.variables, *study.samples, *study.weights]
    return tuple(dict.fromkeys(words))
