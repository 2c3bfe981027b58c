"""Texts of the pages: every text stands there in all languages, and the page shows one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from yrb_carbon.report.language import TwoLanguages, Words
from yrb_carbon.study.base import Language

NAMES: Mapping[Language, str] = {"en": "English", "zh": "中文"}
"""What speakers call their language."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in every language of the pages.

    Attributes
    ----------
    said : mapping
        Language -> text, markup where it is any.
    """

    said: Mapping[Language, Markup]

    def __getitem__(self, language: Language) -> Markup:
        """Text in one language."""
        return self.said[language]

    def __html__(self) -> Markup:
        """Markup for within a line: one `span` a language, or the text where all say the same."""
        return self._wrapped("span")

    def __str__(self) -> str:
        """Return the markup."""
        return str(self.__html__())

    def __bool__(self) -> bool:
        """Whether there is anything to read."""
        return any(self.said.values())

    @property
    def block(self) -> Markup:
        """Markup that holds blocks, such as paragraphs and tables: one `div` a language."""
        return self._wrapped("div")

    def _wrapped(self, tag: str) -> Markup:
        if len(set(self.said.values())) == 1:
            return next(iter(self.said.values()))
        element = Markup('<{tag} class="t-{language}" lang="{language}">{text}</{tag}>')
        return Markup("").join(
            element.format(tag=tag, language=language, text=text)
            for language, text in self.said.items()
        )


@dataclass(frozen=True, slots=True)
class PageWords:
    """Says messages in all languages of the pages, as `Words` does in one.

    Attributes
    ----------
    languages : tuple of {"en", "zh"}
        The first is the one that is shown first.
    """

    languages: tuple[Language, ...]

    def __call__(self, text: str, /, **values: object) -> Text:
        """A message with its placeholders filled in; texts are escaped, markup is not.

        Parameters
        ----------
        text : str
            Message id, the English text.
        **values
            What the placeholders stand for; a `Text` or a label is said in the language around it.
        """
        return Text({one: _filled(Words(one)(text), values, one) for one in self.languages})

    def label(self, label: TwoLanguages) -> Text:
        """A label of the configuration or of the dictionary."""
        return self.each(lambda words: words.label(label))

    def each(self, say: Callable[[Words], str]) -> Text:
        """What a function says with the words of each language."""
        return Text({one: escape(say(Words(one))) for one in self.languages})

    def markup(self, say: Callable[[Words], str]) -> Text:
        """The same of a function that gives markup."""
        return Text({one: Markup(say(Words(one))) for one in self.languages})

    def listing(self, items: Iterable[object]) -> Text:
        """Texts one after the other, `a, b`."""
        return self._joined(items, Words.listing)

    def clauses(self, items: Iterable[object]) -> Text:
        """Parts of a sentence, `a; b`."""
        return self._joined(items, Words.clauses)

    def _joined(self, items: Iterable[object], join: Callable[[Words, Iterable[str]], str]) -> Text:
        parts = list(items)
        return Text(
            {
                one: Markup(join(Words(one), (str(escape(_in(part, one))) for part in parts)))
                for one in self.languages
            }
        )

    def __iter__(self) -> Iterator[Language]:
        """Languages of the pages."""
        return iter(self.languages)


def _in(value: object, language: Language) -> object:
    """A value as one language says it."""
    return value[language] if isinstance(value, Text) else value


def _filled(text: str, values: Mapping[str, object], language: Language) -> Markup:
    if not values:
        return escape(text)
    return escape(text).format(**{name: _in(value, language) for name, value in values.items()})
