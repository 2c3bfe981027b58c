"""The exceptions of the pipeline: what was found, what was wanted, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_LISTED = 12


class YrbCarbonError(Exception):
    """Base of every error that the pipeline raises on purpose."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem sits: a file and, as far as known, its sheet, row, column or key.

    Rows are counted as a spreadsheet counts them, from 1.
    """

    file: str | Path | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        """Return `file, sheet 's', row r, column 'c'` with the parts that are known."""
        parts: list[str] = []
        if self.file is not None:
            parts.append(str(self.file))
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet!r}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column!r}")
        if self.key is not None:
            parts.append(f"key {self.key!r}")
        return ", ".join(parts)


class SourceError(YrbCarbonError):
    """A published file is missing, unreadable or not laid out as its format promises."""

    def __init__(self, problem: str, place: Place | None = None, hint: str | None = None) -> None:
        self.problem = problem
        self.place = place or Place()
        self.hint = hint
        where = str(self.place)
        text = f"{where}: {problem}" if where else problem
        super().__init__(f"{text}. {hint}" if hint else text)


class UnitError(YrbCarbonError):
    """A name or code matches no unit, or more than one."""


class DataError(YrbCarbonError):
    """Values that a formula or a contract cannot accept; the cells are named."""


class WeightsError(YrbCarbonError):
    """A spatial weights matrix that breaks a contract; the units are named."""


class StudyError(YrbCarbonError):
    """One or more faults in the study's configuration, all of them listed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def listing(items: Iterable[object], limit: int = MAX_LISTED) -> str:
    """Join items for a message; past `limit` say how many more there are."""
    texts = [str(item) for item in items]
    if len(texts) <= limit:
        return ", ".join(texts)
    return f"{', '.join(texts[:limit])} and {len(texts) - limit} more"
