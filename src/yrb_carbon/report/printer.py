"""Says messages and numbers the way the study wants its tables printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yrb_carbon.report.cells import format_estimate, format_interval, stars_of
from yrb_carbon.report.language import Words, message
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.printing import Bracket, PrintingSection, StarLevel, TableLayout
from yrb_carbon.study.tables import ModelColumn

BRACKETS: Mapping[Bracket, tuple[str, str]] = {
    "round": ("(", ")"),
    "square": ("[", "]"),
    "curly": ("{", "}"),
    "none": ("", ""),
}
IN_BRACKETS: Mapping[Bracket, str] = {
    "round": message("{name} in round brackets"),
    "square": message("{name} in square brackets"),
    "curly": message("{name} in curly brackets"),
    "none": message("{name} without brackets"),
}

SENTENCE = message("{meanings}.")
LEVELS = message("{marks} stand for significance at {levels}")


@dataclass(frozen=True, slots=True)
class Printer(Words):
    """Words of one language, and the stars, brackets, decimals and lines of one table.

    Attributes
    ----------
    language : {"en", "zh"}
    printing : PrintingSection
        Of all tables of the study.
    layout : TableLayout
        Of this one.
    """

    printing: PrintingSection = field(default_factory=PrintingSection)
    layout: TableLayout = field(default_factory=TableLayout)

    def estimate(self, value: float, decimals: int | None = None) -> str:
        """A number with the table's decimals, or with others; empty where there is none."""
        return format_estimate(value, self._decimals if decimals is None else decimals)

    def amount(self, value: float, most: int) -> str:
        """A large number: at most so many decimals, unless the table's layout names its own."""
        own = self.layout.decimals
        return format_estimate(value, min(self._decimals, most) if own is None else own)

    def percent(self, share: float) -> str:
        """A share in percent, with two decimals less than the share itself would have."""
        return format_estimate(100 * share, max(self._decimals - 2, 0))

    def stars(self, p_value: float) -> str:
        """Marks of a p-value; none where there is none, or where the table shows none."""
        return stars_of(p_value, self._levels)

    def starred(self, row: Mapping[str, Any], judged: Mapping[str, Any] | None = None) -> str:
        """Estimate of a row with the stars of another one, or of its own."""
        return self.estimate(row["estimate"]) + self.stars((judged or row)["p_value"])

    def error(self, row: Mapping[str, Any] | None, place: int = 0) -> str:
        """Standard error in the brackets of its place; empty where there is none."""
        return self.bracketed("" if row is None else self.estimate(row["std_error"]), place)

    def plain_error(self, row: Mapping[str, Any]) -> str:
        """Standard error without brackets, of tables that have a column for it."""
        return self.estimate(row["std_error"])

    def bracketed(self, text: str, place: int = 0) -> str:
        """A text in the brackets of its place; empty when it is."""
        before, after = BRACKETS[self._bracket(place)]
        return f"{before}{text}{after}" if text else ""

    def interval(self, row: Mapping[str, Any], decimals: int | None = None) -> str:
        """An interval in square brackets; empty where there is none."""
        return format_interval(row, self._decimals if decimals is None else decimals)

    @property
    def has_stars(self) -> bool:
        """Whether the table shows any."""
        return bool(self._levels)

    @property
    def stars_key(self) -> str:
        """What the marks mean, `*** p < 0.01, ** p < 0.05, * p < 0.1`; empty without marks."""
        if not self.has_stars:
            return ""
        if self.language == "en":
            return ", ".join(f"{level.mark} p < {level.below:g}" for level in self._levels)
        return self(
            LEVELS,
            marks=self.listing(level.mark for level in self._levels),
            levels=self.listing(f"{100 * level.below:g}%" for level in self._levels),
        )

    def stars_note(self, text: str, meanings: str, **values: object) -> str:
        """A message with `{stars}` and `{meanings}`; the latter alone where there are no marks."""
        if not self.has_stars:
            return self(SENTENCE, meanings=meanings)
        return self(text, stars=self.stars_key, meanings=meanings, **values)

    def in_brackets(self, name: str, place: int) -> str:
        """Name of a standard error with the brackets that it stands in."""
        return self(IN_BRACKETS[self._bracket(place)], name=name)

    def columns(self, columns: Sequence[ModelColumn]) -> tuple[ModelColumn, ...]:
        """Columns of models that the table shows, in its order, with its own headings."""
        if self.layout.columns is None:
            return tuple(columns)
        known = {column.id: column for column in columns}
        return tuple(
            known[chosen.id].model_copy(
                update={} if chosen.label is None else {"label": chosen.label}
            )
            for chosen in self.layout.columns
            if chosen.id in known
        )

    def rows(self, names: Iterable[str]) -> list[str]:
        """Names of the rows that the table shows, in its order."""
        present = list(names)
        if self.layout.rows is not None:
            present = [name for name in self.layout.rows if name in present]
        return [name for name in present if name not in self.layout.drop]

    def errors(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the standard errors that the table shows, in its order."""
        chosen = self.layout.standard_errors
        return tuple(names) if chosen is None else tuple(own for own in chosen if own in names)

    @property
    def _decimals(self) -> int:
        own = self.layout.decimals
        return self.printing.decimals if own is None else own

    @property
    def _levels(self) -> Sequence[StarLevel]:
        return self.printing.stars if self.layout.stars else ()

    def _bracket(self, place: int) -> Bracket:
        brackets = self.printing.brackets
        return brackets[min(place, len(brackets) - 1)]


def printer_of(name: str, study: Study, language: Language) -> Printer:
    """The printer of one table of a study."""
    layout = study.tables[name].layout
    return Printer(language, study.report.printing, layout or TableLayout())
