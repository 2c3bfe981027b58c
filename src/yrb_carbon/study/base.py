"""What every section of the configuration is made of: its base, types of names, and faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema

from yrb_carbon.errors import listing
from yrb_carbon.study.positions import dotted

WORDS = "x-words"
"""Key of the JSON schema under which a pattern is said in words."""

Language = Literal["en", "zh"]
"""Of labels, tables and figures."""

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        max_length=40,
        json_schema_extra={WORDS: "a name of up to 40 letters, digits and _, a letter first"},
    ),
]
StudyName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=40,
        json_schema_extra={WORDS: "a name of up to 40 small letters, digits and -, no - first"},
    ),
]
Year = Annotated[int, Field(ge=1949, le=2100)]
UnitSet = Literal["A", "B", "C", "set91", "set79"]
ReachSplit = Literal["V1", "V2", "V3", "V4"]
ModelKind = Literal["ols", "slx", "sar", "sem", "sdm", "sdem"]
Effects = Literal["none", "unit", "time", "twoway"]
Estimator = Literal["transform", "direct", "direct_bc"]
CarbonSource = Literal["edgar_city", "ceads_county", "ceads_city"]
SinkFactor = Literal["dry_matter", "carbon"]
BalanceIndex = Literal[
    "ratio", "source_sink", "net", "norm", "percap", "perarea", "esc", "ecc", "minus_emissions",
]  # fmt: skip
Transform = Literal["level", "log", "log1p", "log_eps", "asinh"]
Reference = Literal["national", "basin"]


class Section(BaseModel):
    """Base of every section: unknown keys are refused, values are not changed afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )


class Label(Section):
    """A text in English and Chinese."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        """The text in one of them."""
        return self.zh if language == "zh" else self.en


class Text(Label):
    """A text in English and Chinese, or one text for both."""

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, value: Any) -> Any:
        return {"en": value, "zh": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A string is allowed in place of the mapping."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema |= {"type": ["string", "object"], WORDS: "text, or a mapping of en and zh"}
        return schema


Path = tuple[str | int, ...]
Fault = tuple[Path, str]
"""Key path of a fault, and what is wrong there."""


def unknown_names(
    known: Iterable[str], names: str | tuple[str, ...], path: Path, what: str
) -> Iterator[Fault]:
    """Faults of the names that are not known; a tuple of names is a list in the file."""
    options = sorted(known)
    places: list[tuple[Path, str]] = (
        [(path, names)]
        if isinstance(names, str)
        else [((*path, index), name) for index, name in enumerate(names)]
    )
    for place, name in places:
        if name not in options:
            yield place, f"unknown {what} ({choices(name, options)})"


def repeated(section: Section, path: Path, *keys: str) -> Iterator[Fault]:
    """Faults of the values that a list of a section holds more than once."""
    for key in keys:
        values = getattr(section, key)
        for index, value in enumerate(values):
            if value in values[:index]:
                yield (*path, key, index), f"named twice (got {value!r})"


def wrong_table(
    tables: Mapping[str, object], name: str, options: Iterable[str], wanted: str, entry: Path
) -> str:
    """Message for the name of a table that is none of those wanted.

    Where no table of that name is left, it says how to take out the entry that points at it.
    """
    text = f"not {wanted} ({choices(name, options)})"
    if name in tables:
        return text
    return f"{text}; if table {name!r} was taken out, take out {dotted(entry)} too"


def choices(got: str, options: Iterable[str]) -> str:
    """Text `got …; allowed …; did you mean …` for a value that is none of the options."""
    allowed = list(options)
    text = f"got {got!r}; allowed {listing(allowed) or 'none'}"
    near = get_close_matches(got, allowed, n=1)
    return f"{text}; did you mean {near[0]!r}" if near else text
