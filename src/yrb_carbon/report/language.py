"""Texts of the printed results in English and Chinese.

The English text is the message id; the Chinese one stands in `locale/zh.po` (gettext format).
A text that is not said at once, such as a constant, is marked with `message` where it is written,
so that all ids can be read off the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, get_args

from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.base import Language

CATALOGUES = Path(__file__).with_name("locale")
SOURCE_LANGUAGE: Language = "en"
"""Language of the message ids."""
LIST_MARKS: Mapping[Language, str] = {"en": ", ", "zh": "、"}
CLAUSE_MARKS: Mapping[Language, str] = {"en": "; ", "zh": "；"}
SENTENCE_MARKS: Mapping[Language, str] = {"en": " ", "zh": ""}


class TwoLanguages(Protocol):
    """A text of the configuration or of the dictionary in both languages."""

    @property
    def en(self) -> str: ...  # noqa: D102

    @property
    def zh(self) -> str: ...  # noqa: D102


def message(text: str) -> str:
    """Mark a text as a message id where it is written before it is said; returns it unchanged."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """Says messages in one language.

    Attributes
    ----------
    language : {"en", "zh"}

    Examples
    --------
    >>> Words("zh")("N = {n} units", n=90)
    'N = 90个单元'
    """

    language: Language = SOURCE_LANGUAGE

    def __post_init__(self) -> None:
        """Refuse languages without a catalogue."""
        if self.language not in get_args(Language):
            raise DataError(
                f"no texts in language {self.language!r}; allowed {listing(get_args(Language))}"
            )

    def __call__(self, text: str, /, **values: object) -> str:
        """A message in the language, with its placeholders filled in.

        Parameters
        ----------
        text : str
            Message id: the English text, placeholders as in `str.format`.
        **values
            What the placeholders stand for. Without any, braces are plain characters.

        Returns
        -------
        str; in English where the catalogue has no line for the message.
        """
        said = catalogue(self.language).get(text, text)
        return said.format(**values) if values else said

    def label(self, text: TwoLanguages) -> str:
        """The text of a label in the language."""
        return text.zh if self.language == "zh" else text.en

    def listing(self, items: Iterable[str]) -> str:
        """Names one after the other, `a, b`."""
        return LIST_MARKS[self.language].join(items)

    def clauses(self, items: Iterable[str]) -> str:
        """Parts of a sentence, `a; b`."""
        return CLAUSE_MARKS[self.language].join(items)

    def quoted(self, text: str) -> str:
        """A text of a program, which is the same in every language, so that it shows as one."""
        return f"“{text}”" if self.language == "zh" else text

    def sentences(self, items: Iterable[str]) -> str:
        """Whole sentences one after the other."""
        return SENTENCE_MARKS[self.language].join(items)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Message ids and what they are in a language; nothing for that of the ids.

    Raises
    ------
    DataError
        If the file of the language is absent.
    """
    if language == SOURCE_LANGUAGE:
        return {}
    from babel.messages.pofile import read_po

    path = CATALOGUES / f"{language}.po"
    if not path.is_file():
        raise DataError(f"{path}: no such file; it holds the texts in language {language!r}")
    with path.open("rb") as handle:
        read = read_po(handle, locale=language, charset="utf-8")
    return {
        str(entry.id): str(entry.string)
        for entry in read
        if entry.id and entry.string and not entry.fuzzy
    }
