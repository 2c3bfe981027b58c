"""The golden numbers: what the studies gave when their numbers last moved on purpose.

    python tests/golden/golden_numbers.py check demo results/demo
    python tests/golden/golden_numbers.py renew demo results/demo

`check` compares results with the golden numbers. `renew` writes them anew, and demands that the
section Unreleased of CHANGELOG.md says why they moved; `make golden` runs the study first.

A file a table holds the key of every row and, to 12 digits, its estimate, standard error, p-value
and interval, with the number of observations. Plain text, because a difference between two versions
then shows which numbers moved, and git keeps the difference alone.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from yrb_carbon.comparison import Comparison, Numbers, compare_numbers, read_numbers
from yrb_carbon.comparison.text import markdown_lines, text_lines
from yrb_carbon.errors import YrbCarbonError
from yrb_carbon.estimates import SORT_COLUMNS

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path("tests/golden")
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## [Unreleased]"
NUMBERS = ("estimate", "std_error", "p_value", "ci_lower", "ci_upper", "n_obs")
COLUMNS = (*SORT_COLUMNS, *NUMBERS)
DIGITS = ".12g"
SAME, DIFFERENT, WRONG = 0, 1, 2


class RenewalError(YrbCarbonError):
    """The golden numbers are not renewed, and why."""


@dataclass(frozen=True, slots=True)
class Golden:
    """Which rows of a study are kept.

    Attributes
    ----------
    study : str
    tables : tuple of str
        Tables that are kept; empty: all.
    left_out : tuple of str
        Tables that are not.
    """

    study: str
    tables: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def folder(self, repository: Path) -> Path:
        """Where its files are."""
        return repository / FOLDER / self.study

    def rows_of(self, results: str | Path) -> Numbers:
        """The rows of a run that are kept."""
        found = read_numbers(results)
        tables = self.tables or tuple(found.frame["table"].unique())
        return found.where({"table": [name for name in tables if name not in self.left_out]})


STUDIES = {
    golden.study: golden
    for golden in (
        # how far other programs stop from the same peak, 1e-8, and their versions
        Golden("demo", left_out=("peers",)),
        # estimates, never data: descriptive tables would give away values of single units
        Golden("yrb-real", tables=("T4", "T4_ceads", "T5", "T5_ceads")),
    )
}


def compare_with_golden(
    study: str, results: str | Path, repository: Path = REPOSITORY
) -> Comparison:
    """Compare a run with the golden numbers, within the default tolerance.

    Estimates and standard errors under two kernels of OpenBLAS agreed to 1e-8 in every row, those
    from draws included; Python 3.13 with other versions of numpy, scipy and PySAL was held to 1e-6.
    """
    golden = STUDIES[study]
    kept = read_numbers(golden.folder(repository))
    return compare_numbers(kept, golden.rows_of(results), only=NUMBERS)


def write_golden(rows: Numbers, folder: Path) -> None:
    """Write a file a table; files of tables that are no more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.csv"):
        stale.unlink()
    ordered = rows.frame.sort_values(list(SORT_COLUMNS))
    for table, part in ordered.groupby("table"):
        with open(folder / f"{table}.csv", "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in part[list(COLUMNS)].itertuples(index=False):
                key, numbers = row[: len(SORT_COLUMNS)], row[len(SORT_COLUMNS) :]
                writer.writerow([*key, *map(_text, numbers)])


def _text(number: float) -> str:
    return "" if pd.isna(number) else format(number, DIGITS)


def unreleased(changelog: str) -> list[str]:
    """Entries of the section Unreleased, each on one line however it is wrapped."""
    _, _, after = changelog.partition(UNRELEASED)
    entries: list[str] = []
    for line in after.split("\n## ", 1)[0].splitlines():
        text = " ".join(line.split())
        if text.startswith("- "):
            entries.append(text)
        elif text and not text.startswith("#") and entries:
            entries[-1] += f" {text}"
    return entries


def news(now: str, then: str) -> list[str]:
    """Entries of the section Unreleased that the changelog did not have."""
    known = set(unreleased(then))
    return [entry for entry in unreleased(now) if entry not in known]


def committed_changelog(repository: Path) -> str:
    """The changelog of the last commit: the entry goes with the numbers into the next one."""
    return _git(repository, "show", f"HEAD:{CHANGELOG}")


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RenewalError(f"git {arguments[0]}: {done.stderr.strip() or 'failed'}")
    return done.stdout


def renew(study: str, results: str | Path, repository: Path = REPOSITORY) -> Iterator[str]:
    """Write the golden numbers of a study anew, and tell what moved.

    Raises
    ------
    RenewalError
        If numbers moved and the changelog does not say so.
    """
    golden = STUDIES[study]
    folder = golden.folder(repository)
    found_studies = sorted(set(read_numbers(results).frame["study"]))
    if found_studies != [study]:
        raise RenewalError(f"{results} holds numbers of {found_studies}, not of {study!r}")
    if any(folder.glob("*.csv")):
        found = compare_with_golden(study, results, repository)
        yield from text_lines(found)
        if found.same:
            yield "the golden numbers stay as they are"
            return
        now = (repository / CHANGELOG).read_text(encoding="utf-8")
        lines = news(now, committed_changelog(repository))
        if not lines:
            raise RenewalError(
                f"golden numbers of {study} moved, and {CHANGELOG} does not say why: its section "
                "Unreleased has no entry that is not committed yet. Add one and run this again"
            )
        yield f"{CHANGELOG} says:"
        yield from lines
    write_golden(golden.rows_of(results), folder)
    yield f"wrote {folder.relative_to(repository)}; commit it together with {CHANGELOG}"


def main(arguments: list[str] | None = None) -> int:
    """Check or renew; the exit code is 0 where nothing is left to do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["check", "renew"])
    parser.add_argument("study", choices=sorted(STUDIES))
    parser.add_argument("results", type=Path, help="folder of results, or estimates.csv")
    parser.add_argument("--markdown", action="store_true", help="check: for a code review")
    options = parser.parse_args(arguments)
    try:
        if options.action == "renew":
            for line in renew(options.study, options.results):
                print(line)
            return SAME
        found = compare_with_golden(options.study, options.results)
    except YrbCarbonError as error:
        print(error, file=sys.stderr)
        return WRONG
    for line in markdown_lines(found) if options.markdown else text_lines(found):
        print(line)
    return SAME if found.same else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
