"""Verdicts on the findings of two runs, compared claim by claim."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yrb_carbon.claims import read_verdicts
from yrb_carbon.comparison.numbers import CLAIMS

ABSENT = "absent"
JUDGED = ("verdict", "classical_verdict")


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A claim whose verdict differs.

    Attributes
    ----------
    claim : str
        Its id.
    column : {"verdict", "classical_verdict"}
    a, b : str
        The two verdicts; `absent` where a file does not have the claim.
    """

    claim: str
    column: str
    a: str
    b: str


def compare_verdicts(a: str | Path, b: str | Path) -> tuple[VerdictChange, ...]:
    """Compare the files of verdicts in two folders of results.

    A folder without the file has no claims: every claim of the other one is a change. Nothing is
    compared where neither has it.

    Raises
    ------
    DataError
        If a file is not one of verdicts.
    """
    mine, others = _verdicts(Path(a)), _verdicts(Path(b))
    changes = []
    for claim in dict.fromkeys([*mine, *others]):
        one, other = mine.get(claim), others.get(claim)
        for place, column in enumerate(JUDGED):
            was, now = (ABSENT if row is None else row[place] for row in (one, other))
            if was != now and (column == "verdict" or ABSENT not in (was, now)):
                changes.append(VerdictChange(claim, column, was, now))
    return tuple(changes)


def has_verdicts(folder: str | Path) -> bool:
    """Whether a folder of results has verdicts."""
    return (Path(folder) / CLAIMS).exists()


def _verdicts(folder: Path) -> dict[str, tuple[str, ...]]:
    if not has_verdicts(folder):
        return {}
    frame = read_verdicts(folder / CLAIMS)
    rows = frame[["id", *JUDGED]].itertuples(index=False)
    return {claim: tuple(verdicts) for claim, *verdicts in rows}
