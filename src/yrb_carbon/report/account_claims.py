"""What was weighed for claims about accounts, with the names of provinces, sectors and fuels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yrb_carbon.claims import ACCOUNT_KINDS
from yrb_carbon.report.embodied_names import (
    ACCOUNTS,
    DIRECTIONS,
    FACTORS,
    FLOWS,
    FUELS,
    NETWORK_MEASURES,
    AccountNames,
    account_names,
    named,
)
from yrb_carbon.report.footprint_names import DIMENSIONS, MEASURES, POTENTIAL, TESTED
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.place_names import area_name, place_name
from yrb_carbon.report.regional_names import BALANCE_TERMS
from yrb_carbon.report.terms import said
from yrb_carbon.study.account_terms import is_flow, split_flow
from yrb_carbon.study.accounts import AccountsTable
from yrb_carbon.study.embodied import SystemTable

FIRST_OF_ALL = message("{terms}, first of all")
MEMBERS = message("at least {n} of {members} among the first {top}")
OBSTACLES = (
    message("no row of {table} in {when} for {terms}"),
    message("{table} has no number in {when} for {terms}"),
    message("{table} has no number for {terms}"),
)
"""Why a claim cannot be judged, where it names terms."""
LABELS = {"all": message("all"), **{name: TESTED[name] for name in ("trend", "trend_log")}}
"""What stands before the numbers of no year."""
ALONE = re.compile(
    rf"(?:(?<= in )|(?<=, )|(?<=、)|(?<=；)|^)(?:{'|'.join(LABELS)})(?=$|[,;、：]| and \d)"
)
"""A label of no year in a list of those that say the same."""
TERMS: Mapping[str, str] = {
    **MEASURES, **DIMENSIONS, **POTENTIAL, **BALANCE_TERMS,
    "n_surplus": message("Provinces with uptake left over"),
    "n_deficit": message("Provinces with emissions beyond the uptake"),
    "uptake_deficit": message("Emissions beyond the uptake"),
    "mann_kendall|z|no trend": message("z of Mann and Kendall"),
}  # fmt: skip
"""Terms of the footprint and of regional facts."""
TREND = {"falls": message("falls"), "rises": message("rises")}
RANK_MARKS = (" > ", " < ")
CLAUSE_MARK = re.compile(r"(; |；)")
SENTENCE_MARK = re.compile(r"(\. |。)")
NUMBER = r"[+-]?\d[\d.]*(?:e[+-]?\d+)?"
WEIGHED = re.compile(
    rf"(?P<label>.*?(?:: |：))?(?P<term>\S.*?) (?P<rest>{NUMBER}(?: [<=>] {NUMBER})?"
    r"(?:(?: \(|（)(?:\d+|p <?[\d.e-]+)[)）])?)"
)
"""A term with its number, perhaps a second one and a rank; the first of a part has its label."""
PLACED = (
    "industrial_emissions", "footprint_accounts", "footprint_moran", "footprint_shift",
    "footprint_inequality", "reduction_potential", "forest_stock", "land_use",
    "regional_emissions",
)  # fmt: skip
"""Kinds of tables whose terms and equations are provinces and regions."""
YEAR = re.compile(r"\d{4}")
MODEL = re.compile(r"(?P<open>\(|（)(?P<model>\w+)(?P<close>\)|）)")
MODEL_NAMES: Mapping[str, Mapping[str, str]] = {
    "flow_paths": FLOWS,
    "flow_network": FLOWS,
    "sector_contributions": DIRECTIONS,
    "footprint_moran": TESTED,
    "reduction_potential": POTENTIAL,
}
"""Names of the values of the column `model`, by kind of table."""


def is_account(row: Mapping[Any, Any]) -> bool:
    """Whether a verdict is about accounts."""
    return row.get("kind") in ACCOUNT_KINDS


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Names for what the verdict on a claim about accounts holds.

    Attributes
    ----------
    kind : str
        Kind of the table that the claim reads; empty where the study has none.
    names : AccountNames
    """

    kind: str
    names: AccountNames

    @property
    def words(self) -> Words:
        """Says the messages."""
        return self.names.words

    def term(self, term: str, year: int, equation: str = "") -> str:
        """Name of a term of the table."""
        if self.kind == "mining_emissions":
            return named(FUELS, term, self.words)
        if self.kind == "embodied_intensity":
            return named(ACCOUNTS, term, self.words)
        if self.kind == "sector_contributions":
            return self.names.sector(term, year)
        if self.kind == "flow_decomposition":
            return named(FACTORS, term, self.words)
        if self.kind == "structural_paths":
            return self.names.path(term, year)
        if self.kind == "flow_paths" and is_flow(term):
            return self.names.flow(*split_flow(term))
        if equation == "network":
            return named(NETWORK_MEASURES, term, self.words)
        if term in TERMS:
            return named(TERMS, term, self.words)
        if self.kind == "regional_transfer":
            return area_name(term, self.words)
        if self.kind in PLACED:
            return place_name(term, self.words)
        return self.names.region(term) if self.kind else self._by_look(term)

    def _by_look(self, term: str) -> str:
        """Name of a term of a table that the study does not have."""
        for names in (FUELS, ACCOUNTS):
            if term in names:
                return named(names, term, self.words)
        if is_flow(term):
            return self.names.flow(*split_flow(term))
        sector = self.names.sector(term, 0)
        return self.names.region(term) if sector == term else sector

    def model(self, model: str) -> str:
        """Name of a value of the column `model`; empty where it is no choice."""
        names = MODEL_NAMES.get(self.kind, {})
        return named(names, model, self.words) if model in names else ""

    def with_models(self, text: str) -> str:
        """A text with the names of the models that stand in brackets."""
        return MODEL.sub(
            lambda found: (
                f"{found['open']}{self.model(found['model']) or found['model']}{found['close']}"
            ),
            text,
        )

    def disagreement(self, row: Mapping[Any, Any]) -> str:
        """Which parts of a verdict say what, where they differ."""
        text = str(row[f"disagreement_{self.words.language}"])
        return ALONE.sub(lambda found: self._label(found[0]), self.with_models(text))

    def evidence(self, text: str) -> str:
        """All that was weighed, part by part."""
        return "".join(map(self._sentence, SENTENCE_MARK.split(text)))

    def _sentence(self, text: str) -> str:
        found = YEAR.match(text)
        year = int(found[0]) if found else 0
        return "".join(self._clause(clause, year) for clause in CLAUSE_MARK.split(text))

    def _clause(self, text: str, year: int) -> str:
        found = WEIGHED.fullmatch(text)
        if found is None:
            return self.with_models(text)
        label = self._label(found["label"] or "")
        return f"{label}{self.term(found['term'], year)} {found['rest']}"

    def _label(self, text: str) -> str:
        """What stands before a number: a year, a model, or that it is of all."""
        head = text.rstrip(": ：")
        if head in LABELS:
            return f"{self.words(LABELS[head])}{text[len(head) :]}"
        return self.with_models(text)

    def expected(self, text: str, year: int) -> str:
        """What the rows should show."""
        if text in TREND:
            return self.words(TREND[text])

        def part(name: str, value: str) -> str:
            if name == "terms":
                mark = next((one for one in RANK_MARKS if one in value), RANK_MARKS[0])
                return mark.join(self.term(term, year) for term in value.split(mark))
            return self._listed(value, year) if name == "members" else value

        return said((FIRST_OF_ALL, MEMBERS), text, self.words, part) or text

    def obstacle(self, text: str) -> str:
        """Why a claim cannot be judged, from the English text; empty where it names no terms."""

        def part(name: str, value: str) -> str:
            if name == "terms":
                found = YEAR.search(text)
                return self._listed(value, int(found[0]) if found else 0)
            if name == "when":
                return self.words.listing(self.with_models(one) for one in value.split(", "))
            return self.with_models(value)

        return said(OBSTACLES, text, self.words, part)

    def _listed(self, terms: str, year: int) -> str:
        return self.words.listing(self.term(term, year) for term in terms.split(", "))


def claim_names(row: Mapping[Any, Any], spec: Any, words: Words) -> ClaimNames:
    """Names for a verdict, by the table that it rests on."""
    table = spec.tables.get(row["table"])
    names = AccountNames(words, "S26")
    if isinstance(table, SystemTable) and spec.embodied is not None:
        names = account_names(spec.embodied.systems[table.system], words)
    return ClaimNames(table.kind if isinstance(table, AccountsTable) else "", names)


def place_words(row: Mapping[Any, Any], spec: Any, words: Words) -> str:
    """Where the row of a claim stands, `B4, Mining products sold, 2012, Shaanxi to Zhejiang`."""
    known = claim_names(row, spec, words)
    year = year_of(row)
    parts = (
        str(row["table"]),
        known.model(str(row["model"])),
        str(row["year"]),
        known.term(str(row["term"]), year, str(row["equation"])) if row["term"] else "",
    )
    return words.listing(part for part in parts if part)


def year_of(row: Mapping[Any, Any]) -> int:
    """Year of the deciding row; 0 where it has none."""
    return int(row["year"] or 0)
