"""The golden numbers: what the studies gave when their numbers last moved on purpose.

    python tests/golden/golden_numbers.py check demo results/demo
    python tests/golden/golden_numbers.py renew demo results/demo

`check` compares results with the golden numbers. `renew` writes them anew, and demands that the
section Unreleased of CHANGELOG.md says why they moved; `make golden` runs the study first.

A file a table holds the key of every row and, to 12 digits, its estimate, standard error, p-value
and interval, with the number of observations. Plain text, because a difference between two versions
then shows which numbers moved, and git keeps the difference alone.

Tables of embodied carbon hold whole matrices, most of whose cells are small, and every sum over a
matrix moves with its cells. Kept by rule are: B1, B2 and B7 whole; the shares of B3; of B4, for
each definition and year, the 20 largest flows between regions, within them, of exports, and of the
sums over rows and columns; of B5 the measures of the whole network and what the key regions are
chosen by; of B6 the sums by depth and the 20 largest paths of a year, with their shares. Of C1 to
C6 and D3 single provinces are kept in the last year of the model alone; regions, the whole
and all that is said of the years, of every year.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
LARGEST = 20
"""Rows that are kept of a matrix."""
PROVINCE = r"\d{2}"
"""Code of a province in the equation or term of a row."""

Choice = Callable[[pd.DataFrame], pd.DataFrame]
"""The kept rows among those of a table."""


class RenewalError(YrbCarbonError):
    """The golden numbers are not renewed, and why."""


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares, without the numbers that they are shares of."""
    return rows[rows["quantity"] == "share"]


def in_equations(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Rows of some equations."""
    return rows[rows["equation"].isin(names)]


def largest(rows: pd.DataFrame, *within: str) -> pd.DataFrame:
    """The rows with the numbers farthest from zero in each group; of equal ones, by their key."""
    sizes = rows.assign(size=-rows["estimate"].abs()).sort_values(["size", *SORT_COLUMNS])
    first = sizes.groupby(list(within), sort=False).head(LARGEST)
    return rows[rows.index.isin(first.index)]


def largest_flows(rows: pd.DataFrame) -> pd.DataFrame:
    """The largest flows of each definition and year, by what they lie between."""
    return largest(rows, "model", "equation", "year")


def network_and_key(rows: pd.DataFrame) -> pd.DataFrame:
    """Measures of the whole network, and mean ranks of its regions with their places."""
    return in_equations(rows, "network", "key", "position")


def provinces_of_last_year(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of regions and of the whole; of single provinces those of the last year of a model."""
    of_province = rows["equation"].str.fullmatch(PROVINCE) | rows["term"].str.fullmatch(PROVINCE)
    last = rows.groupby("model")["year"].transform("max")
    return rows[~of_province | rows["year"].isna() | rows["year"].eq(last)]


def largest_paths(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums by depth, and the largest paths of each year with their shares."""
    sums = in_equations(rows, "depth", "listed")
    paths = largest(rows[rows["model"] != "basis"].drop(sums.index), "year", "quantity")
    return rows[rows.index.isin(sums.index.union(paths.index))]


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
    choices : mapping of str to function
        What is kept of a table that is not kept whole.
    """

    study: str
    tables: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)

    def folder(self, repository: Path) -> Path:
        """Where its files are."""
        return repository / FOLDER / self.study

    def rows_of(self, results: str | Path) -> Numbers:
        """The rows of a run that are kept."""
        found = read_numbers(results)
        tables = self.tables or tuple(found.frame["table"].unique())
        kept = found.where({"table": [name for name in tables if name not in self.left_out]})
        parts = [
            self.choices[str(table)](rows) if table in self.choices else rows
            for table, rows in kept.frame.groupby("table", sort=False)
        ]
        return replace(kept, frame=pd.concat(parts, ignore_index=True)) if parts else kept


STUDIES = {
    golden.study: golden
    for golden in (
        # how far other programs stop from the same peak, 1e-8, and their versions
        Golden(
            "demo",
            left_out=("peers",),
            choices={
                "B3": shares,
                "B4": largest_flows,
                "B5": network_and_key,
                "B6": largest_paths,
                **dict.fromkeys(("C1", "C2", "C3", "C4", "C5", "C6", "D3"), provinces_of_last_year),
            },
        ),
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


def main(arguments: list[str] | None = None, repository: Path = REPOSITORY) -> int:
    """Check or renew; the exit code is 0 where nothing is left to do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["check", "renew"])
    parser.add_argument("study", choices=sorted(STUDIES))
    parser.add_argument("results", type=Path, help="folder of results, or estimates.csv")
    parser.add_argument("--markdown", action="store_true", help="check: for a code review")
    options = parser.parse_args(arguments)
    try:
        if options.action == "renew":
            for line in renew(options.study, options.results, repository):
                print(line)
            return SAME
        found = compare_with_golden(options.study, options.results, repository)
    except YrbCarbonError as error:
        print(error, file=sys.stderr)
        return WRONG
    for line in markdown_lines(found) if options.markdown else text_lines(found):
        print(line)
    return SAME if found.same else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
