"""The exceptions of the pipeline: what was found, what was wanted, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
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

    def __init__(self, problem: str, place: Place | None = None) -> None:
        self.problem = problem
        self.place = place or Place()
        where = str(self.place)
        super().__init__(f"{where}: {problem}" if where else problem)


class DataError(YrbCarbonError):
    """Values that a formula or a contract cannot accept; the cells are named."""


class WeightsError(YrbCarbonError):
    """A spatial weights matrix that breaks a contract; the units are named."""


class StudyError(YrbCarbonError):
    """One or more faults in the study's configuration, all of them listed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


_KEPT: ContextVar[list[SourceError | UnitError] | None] = ContextVar("kept_faults", default=None)


@contextmanager
def keeping_faults() -> Iterator[list[SourceError | UnitError]]:
    """Keep the faults of a file that its reader can go on after, instead of stopping at the first.

    For checking a file as a whole. What is read in the meantime has gaps where the faults are and
    is fit for looking for more faults, not for computing.

    Yields
    ------
    list of SourceError and UnitError
        Grows as faults are found.
    """
    kept: list[SourceError | UnitError] = []
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


def fault(error: SourceError | UnitError) -> None:
    """Raise an error, or keep it where faults are kept; the caller goes on as if it were a gap."""
    kept = _KEPT.get()
    if kept is None:
        raise error
    kept.append(error)


def listing(items: Iterable[object], limit: int = MAX_LISTED) -> str:
    """Join items for a message; past `limit` say how many more there are."""
    texts = [str(item) for item in items]
    if len(texts) <= limit:
        return ", ".join(texts)
    return f"{', '.join(texts[:limit])} and {len(texts) - limit} more"
