"""What the options of readers may be: a kind each, so that a slip is named before a file is read.

Options come from YAML, where `statuses: Operating` is a text and `sheet: 2003` a number. A text
where a list is wanted would be taken letter by letter, and a list of one for the whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from yrb_carbon.errors import listing


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Option:
    """The kind of value that an option takes.

    Attributes
    ----------
    wanted : str
        In words, for messages.
    accepts : callable
        Whether a value is of the kind.
    clean : callable
        An accepted value as the reader takes it.
    choices : collection of str
        Texts that the value, its entries or its keys are taken from; empty: any text.
    """

    wanted: str
    accepts: Callable[[Any], bool]
    clean: Callable[[Any], Any] = _as_it_is
    choices: Collection[str] = ()

    def fault(self, value: object) -> str | None:
        """What is wrong with a value, as `wanted …, got …`; None when nothing is."""
        if not self.accepts(value):
            return f"wanted {self.wanted}, got {value!r}"
        if not self.choices or value is None:
            return None
        texts = [value] if isinstance(value, str) else value
        assert isinstance(texts, Collection)
        unknown = [text for text in texts if text not in self.choices]
        if not unknown:
            return None
        close = difflib.get_close_matches(str(unknown[0]), list(self.choices), n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        return f"wanted {self.wanted}, got {listing(map(repr, unknown))}{guess}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_sheet(value: object) -> bool:
    return _is_text(value) or _is_number(value)


def _are(value: object, kind: Callable[[object], bool]) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(kind, value))


def _is_renaming(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _is_text(old) and (new is None or isinstance(new, str)) for old, new in value.items()
    )


def _sheet_name(value: Any) -> Any:
    """Sheets named after years stand in YAML as numbers."""
    if isinstance(value, list | tuple):
        return [str(name) for name in value]
    return None if value is None else str(value)


def one_of(*texts: str) -> Option:
    """One of some texts."""
    return Option(f"one of {listing(texts)}", _is_text, choices=texts)


def some_of(texts: Collection[str]) -> Option:
    """A list of some texts."""
    return Option(f"a list of {listing(texts)}", lambda v: _are(v, _is_text), choices=texts)


def text_or_texts_of(keys: Collection[str]) -> Option:
    """A text, or a mapping from some keys to texts, or nothing."""
    known = frozenset(keys)
    return Option(
        f"a text, or texts by {listing(keys)}",
        lambda v: (
            v is None
            or _is_text(v)
            or (
                isinstance(v, Mapping)
                and all(key in known and _is_text(text) for key, text in v.items())
            )
        ),
    )


TEXT = Option("a text", _is_text)
TEXTS = Option("a list of texts, as [a, b]", lambda v: _are(v, _is_text))
SWITCH = Option("true or false", lambda v: isinstance(v, bool))
WHOLE_NUMBER = Option("a whole number", lambda v: v is None or _is_number(v))
SHEET = Option("the name of a sheet", lambda v: v is None or _is_sheet(v), _sheet_name)
SHEETS = Option(
    "the name of a sheet, or a list of names",
    lambda v: v is None or _is_sheet(v) or _are(v, _is_sheet),
    _sheet_name,
)
RENAMING = Option(
    "texts by column of the file, as {column: new_name}",
    lambda v: v is None or _is_renaming(v),
    lambda v: {} if v is None else {old: new or "" for old, new in v.items()},
)
