"""What a file of claims says: selectors of rows, the kinds of claims, ways to judge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, PositiveInt, ValidationError, model_validator

from yrb_carbon.errors import StudyError
from yrb_carbon.estimates import Quantity
from yrb_carbon.study.base import Identifier, Label, Section, Year, choices
from yrb_carbon.study.load import explained
from yrb_carbon.study.positions import read_yaml
from yrb_carbon.study.schema import shape_of

ANY = "*"
"""Stands for any text within a term."""
OWN_SOURCE = ""
"""Key of the file's own source, that of claims which name no other."""
NUMBER = r"-?\d+(\.\d+)?"

Sign = Literal["negative", "positive"]
SIGN_WORDS: dict[Sign, str] = {"negative": "< 0", "positive": "> 0"}


def matches(pattern: str, terms: pd.Series) -> pd.Series:
    """Which terms a pattern stands for; * stands for any text."""
    text = re.escape(pattern).replace(re.escape(ANY), ".*")
    return terms.str.fullmatch(text).astype(bool)


class Selector(Section):
    """Which rows of estimates.csv bear on a claim; a column that is not named may be anything."""

    table: Identifier = Field(description="Table.")
    model: str | None = Field(None, description="Model.")
    outcome: str | None = Field(None, description="Outcome.")
    spec: str | None = Field(None, description="Specification; '' for an empty cell.")
    sample: str | None = Field(None, description="Sample.")
    weights: str | None = Field(None, description="Weights.")
    equation: str | None = Field(None, description="Equation.")
    quantity: Quantity = Field(description="Quantity.")
    term: str = Field("", description="Term; * stands for any text.")
    inference: str | None = Field(
        None, description="Inference, where rows differ in nothing else; claims with ways of "
        "their own choose it by them."
    )  # fmt: skip

    @property
    def columns(self) -> dict[str, str]:
        """The columns that it names, with the text each must hold."""
        return {name: str(value) for name, value in self if value is not None}

    def __str__(self) -> str:
        """Return `T5: model sdm, quantity direct, term lq`."""
        own = self.columns
        table = own.pop("table")
        return f"{table}: {', '.join(f'{name} {value!r}' for name, value in own.items())}"

    def rows_of(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """Rows that match in every named column."""
        own = self.columns
        kept = matches(own.pop("term"), estimates["term"])
        for name, value in own.items():
            kept &= estimates[name] == value
        return estimates[kept]


class Inference(Section):
    """Which interval: columns `vcov` and `inference` of estimates.csv; null may be anything."""

    vcov: str | None = None
    inference: str | None = None

    def rows_of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with this interval."""
        for name, value in self:
            if value is not None:
                rows = rows[rows[name] == value]
        return rows


class Way(Section):
    """One way to judge: by the first of its intervals that all rows of a claim have."""

    label: Label
    intervals: tuple[Inference, ...] = Field(min_length=1)


class ClaimSection(Section):
    """Base of every claim."""

    kind: str
    source: Identifier | None = Field(
        None, description="Which of `sources`; the file's own source when null."
    )
    finding: Annotated[int, Field(ge=1)] = Field(description="Number of the finding in the source.")
    statement: Label
    note: Label | None = Field(None, description="How the orientation or the quantity is meant.")
    untestable: Label | None = Field(
        None,
        description="Why no numbers could tell, whatever the data: the finding has no verdict.",
    )
    optional: bool = Field(
        False,
        description="Left out where the study has none of its tables and declares nothing of it.",
    )

    @property
    def source_key(self) -> str:
        """Key of its source, `OWN_SOURCE` where it names none."""
        return self.source or OWN_SOURCE

    @property
    def wanted(self) -> str:
        """What its rows should show."""
        raise TypeError(f"claims of {type(self).__name__} do not say what their rows should show")

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """All rows that it names."""
        raise TypeError(f"claims of {type(self).__name__} do not say what rows they name")


class SignClaim(ClaimSection):
    """One number has a sign."""

    kind: Literal["sign"]
    row: Selector
    expected: Sign

    @property
    def wanted(self) -> str:
        """What the row should show."""
        return SIGN_WORDS[self.expected]

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Its row."""
        return (self.row,)


class PathEffect(Section):
    """The effect through one path, as an order compares it.

    `claim` is the claim about the sign of the path: where a study declares that one not testable,
    the path is not compared.
    """

    claim: Identifier
    row: Selector


class Comparison(PathEffect):
    """Another path, with the difference that should be positive: |first| less |this one|."""

    difference: Selector
    note: Label | None = Field(None, description="Said where this comparison decides.")


class OrderClaim(ClaimSection):
    """One path has a sign, and is larger in absolute value than every other one."""

    kind: Literal["order"]
    first: PathEffect
    expected: Sign
    others: tuple[Comparison, ...] = Field(min_length=1)

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return f"first {SIGN_WORDS[self.expected]}, differences > 0"

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Effects and differences."""
        paths = (self.first, *self.others)
        return (*(path.row for path in paths), *(path.difference for path in self.others))


class DifferenceClaim(ClaimSection):
    """Groups differ: equality is rejected by the joint tests, or, without any, pair by pair."""

    kind: Literal["difference"]
    tests: tuple[Selector, ...] = ()
    differences: tuple[Selector, ...] = ()

    @property
    def wanted(self) -> str:
        """What the tests should show."""
        return "equality rejected"

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Tests and pairs."""
        return (*self.tests, *self.differences)


class AccountClaim(ClaimSection):
    """Base of the claims about accounts: numbers that are exact, without intervals."""

    row: Selector
    models: tuple[str, ...] = Field(
        (), description="Values of the column `model` that count; all that the rows have when none."
    )

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Its rows."""
        return (self.row,)


class TrendClaim(AccountClaim):
    """One number falls, or rises, from each year to the next."""

    kind: Literal["trend"]
    years: tuple[Year, ...] = Field(
        (), description="Years that count; all that the rows have when none."
    )
    expected: Literal["falls", "rises"]

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return self.expected


class YearlyClaim(AccountClaim):
    """Base of what is judged year by year."""

    years: Literal["all", "last", "reported"] = Field(
        "all",
        description="Every year that the rows have; the last of them alone; those in which a "
        "province reported at least (others may be filled), by the table's rows of model `flag`.",
    )
    excluded: tuple[str, ...] = Field(
        (), description="Terms that do not count; * stands for any text."
    )


class RankedClaim(YearlyClaim):
    """Base of what ranks the terms of a year."""

    order: Literal["largest", "smallest"] = Field("largest", description="What comes first.")
    ranked: Literal["term", "equation"] = Field(
        "term", description="Column of the rows whose values are ranked."
    )


class RankClaim(RankedClaim):
    """Some terms come first among all, in their order."""

    kind: Literal["rank"]
    first: tuple[str, ...] = Field(min_length=1, description="Terms that come first, in order.")

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return f"{(' > ' if self.order == 'largest' else ' < ').join(self.first)}, first of all"

    @model_validator(mode="after")
    def _names_each_term_once(self) -> RankClaim:
        _refuse_doubled("first", self.first)
        return self


class AccountSignClaim(YearlyClaim):
    """Every row has the sign."""

    kind: Literal["account_sign"]
    expected: Sign
    level: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="For rows with a p-value: a sign counts where p is not above this level.",
    )

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return SIGN_WORDS[self.expected]


class MembersClaim(RankedClaim):
    """Some terms are among the first."""

    kind: Literal["members"]
    members: tuple[str, ...] = Field(min_length=1, description="Terms, in any order.")
    top: PositiveInt = Field(description="How many terms are the first.")
    overlap: PositiveInt = Field(description="How many of the members are to be among them.")

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return f"at least {self.overlap} of {', '.join(self.members)} among the first {self.top}"

    @model_validator(mode="after")
    def _can_be_had(self) -> MembersClaim:
        most = min(self.top, len(self.members))
        if self.overlap > most:
            raise ValueError(
                f"overlap: {len(self.members)} members have at most {most} among the first "
                f"{self.top} (got {self.overlap})"
            )
        _refuse_doubled("members", self.members)
        return self


class UntestableClaim(AccountClaim):
    """A finding that no number of the tables bears on; its row says which table is nearest."""

    kind: Literal["untestable"]
    reason: Label = Field(description="Why it cannot be judged.")

    @model_validator(mode="after")
    def _says_why_once(self) -> UntestableClaim:
        if self.untestable is not None:
            raise ValueError(
                "untestable: a claim of kind untestable says why in `reason` alone; remove the key"
            )
        return self

    @property
    def wanted(self) -> str:
        """Nothing."""
        return ""


class PrintedClaim(AccountClaim):
    """One number is a printed one, to the printed rounding, in some model and year."""

    kind: Literal["printed"]
    printed: Annotated[str, Field(pattern=rf"^{NUMBER}$")] = Field(
        description="The number as it is printed, in quotation marks."
    )

    @property
    def value(self) -> float:
        """The printed number."""
        return float(self.printed)

    @property
    def decimals(self) -> int:
        """Its printed decimals."""
        return len(self.printed.partition(".")[2])

    @property
    def wanted(self) -> str:
        """What a row should show."""
        return self.printed


def _refuse_doubled(key: str, terms: tuple[str, ...]) -> None:
    for place, term in enumerate(terms):
        if term in terms[:place]:
            raise ValueError(f"{key}: a term stands twice (got {term!r})")


Claim = Annotated[
    SignClaim
    | OrderClaim
    | DifferenceClaim
    | TrendClaim
    | RankClaim
    | AccountSignClaim
    | MembersClaim
    | PrintedClaim
    | UntestableClaim,
    Field(discriminator="kind"),
]
UNTESTABLE = "untestable"
ACCOUNT_KINDS = ("trend", "rank", "account_sign", "members", "printed", UNTESTABLE)
"""Kinds of claims about exact numbers, and of those that no number bears on."""


class Claims(Section):
    """All claims of a file.

    A claim with intervals is judged in every one of the `robust` ways that its rows have; the
    `classical` one stands beside them.
    """

    source: Label = Field(description="Source of the claims that name none of `sources`.")
    sources: dict[Identifier, Label] = Field(
        default_factory=dict, description="Further sources, by the name that claims have them by."
    )
    robust: tuple[Way, ...] = Field(min_length=1)
    classical: Way
    claims: dict[Identifier, Claim] = Field(min_length=1)

    def source_of(self, key: str) -> Label:
        """Source of that key, `OWN_SOURCE` for the file's own."""
        return self.sources[key] if key else self.source

    @property
    def untestable(self) -> dict[str, Label]:
        """Id -> why no numbers could tell, of the claims that say so."""
        return {
            name: claim.untestable
            for name, claim in self.claims.items()
            if claim.untestable is not None
        }

    @model_validator(mode="after")
    def _has_known_sources(self) -> Claims:
        for name, claim in self.claims.items():
            if claim.source is not None and claim.source not in self.sources:
                raise ValueError(
                    f"claim {name!r} is of no known source ({choices(claim.source, self.sources)})"
                )
        return self

    @model_validator(mode="after")
    def _compares_known_paths(self) -> Claims:
        signs = [name for name, claim in self.claims.items() if isinstance(claim, SignClaim)]
        for name, claim in self.claims.items():
            for path in (claim.first, *claim.others) if isinstance(claim, OrderClaim) else ():
                if path.claim not in signs:
                    raise ValueError(
                        f"claim {name!r} compares {path.claim!r}, which is no claim about a sign "
                        f"({choices(path.claim, signs)})"
                    )
        return self


def read_claims(path: str | Path) -> Claims:
    """Read a file of claims.

    Raises
    ------
    StudyError
        With every fault as `file:line:column: key.path: what is wrong`.
    """
    root, faults = read_yaml(Path(path), 0)
    if root is None or faults:
        raise StudyError([str(fault) for fault in faults])
    try:
        return Claims.model_validate_json(json.dumps(root.plain()), strict=True)
    except ValidationError as error:
        whole = shape_of(Claims)
        found = [explained(root, details, whole) for details in error.errors(include_url=False)]
        ordered = sorted(found, key=lambda fault: fault.position)
        raise StudyError([str(fault) for fault in ordered]) from error


def id_faults(
    claims: Claims, not_testable: Mapping[str, Label], caveats: Mapping[str, Label]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Ids that a study declares but the claims do not know, with the key where each stands."""
    for section, declared in (("not_testable", not_testable), ("caveats", caveats)):
        for name in declared:
            if name not in claims.claims:
                yield (section, name), f"no claim of that name ({choices(name, claims.claims)})"
