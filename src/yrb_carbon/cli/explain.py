"""`yrb-carbon explain`: what a row of estimates.csv means, and which formula gave it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yrb_carbon.cli.common import (
    DEFAULT_FILE,
    RIGHT,
    ConfigFiles,
    Json,
    StudyChoice,
    chosen_files,
    configuration,
    print_json,
    print_table,
    records,
    refuse,
)

if TYPE_CHECKING:
    import pandas as pd

    from yrb_carbon.report.explanations import Explanation
    from yrb_carbon.study.config import Study


SHOWN = ("table", "model", "spec", "equation", "quantity", "term", "year", "estimate", "std_error",
         "p_value", "ci_lower", "ci_upper", "vcov", "inference")  # fmt: skip
SIGNIFICANT = 6
"""Digits of the numbers in the table of rows."""
INDENT = "  "
SHARE = re.compile(r"c(:|$)")
"""Second half of a term of mediation steps, ab/c: x -> m -> y, whose stroke is a division."""
WIDTH = 96


def explain(
    term: Annotated[
        str,
        typer.Argument(
            metavar="TERM",
            help="A word of estimates.csv (quantity, term, vcov, inference, estimator, spec, "
            "table, variable, test, column), or several: T7/joint/mediated_direct/m1.",
        ),
    ],
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Folder of results, or estimates.csv: print its rows too."
        ),
    ] = None,
    study: StudyChoice = None,
    configfile: ConfigFiles = None,
    top: Annotated[int, typer.Option(min=0, help="Rows that are printed; 0: all.")] = 20,
    as_json: Json = False,
) -> None:
    """Explain a word of estimates.csv: meaning, formula, source, and where to read on."""
    from yrb_carbon.report.explanations import explain as entries_of

    own = _study(study, configfile, results)
    frame = None if results is None else _estimates(results)
    words = _words(term)
    found = [entry for word in words for entry in entries_of(word, own)]
    rows = None if frame is None else _matching(frame, words)
    unknown = [word for word in words if not entries_of(word, own) and not _is_in(frame, word)]
    if unknown:
        refuse([_unknown(word, own, frame) for word in unknown])
    entries = list(dict.fromkeys(found))
    if as_json:
        values = {"term": term, "entries": [asdict(entry) for entry in entries]}
        print_json("explain", RIGHT, values if rows is None else {**values, "rows": records(rows)})
        return
    for entry in entries:
        _print_entry(entry)
    if rows is not None:
        _print_rows(rows, top)


def _words(term: str) -> list[str]:
    """Words of a key such as T7/joint/mediated_direct/m1; a word may hold strokes of its own."""
    words = [word.strip() for word in term.split("/")] if "/" in term else [term.strip()]
    kept = [word for word in words if word]
    if not kept:
        refuse(["nothing to explain; name a word of estimates.csv, such as mediated_direct"])
    whole: list[str] = []
    for word in kept:
        if whole and whole[-1] == "ab" and SHARE.match(word):
            whole[-1] = f"ab/{word}"
        else:
            whole.append(word)
    return whole


def _study(
    name: str | None, configfile: Sequence[Path] | None, results: Path | None
) -> Study | None:
    """The study whose names are meant: as named, or the one that the results are of."""
    from yrb_carbon.report.exchange import MANIFEST, study_of_results
    from yrb_carbon.study.load import load_study

    if name is None and not configfile:
        if results is not None and (results / MANIFEST).is_file():
            return study_of_results(results)
        if not DEFAULT_FILE.is_file():
            return None
    return load_study(configuration(chosen_files(name, configfile)))


def _estimates(results: Path) -> pd.DataFrame:
    from yrb_carbon.estimates import read_estimates

    return read_estimates(results / "estimates.csv" if results.is_dir() else results)


def _columns_of(frame: pd.DataFrame, word: str) -> list[str]:
    """Text columns that have a word as a value."""
    from yrb_carbon.estimates import KEY_COLUMNS, TEXT_COLUMNS

    columns = [c for c in (*KEY_COLUMNS, *TEXT_COLUMNS) if c != "year"]
    return [column for column in columns if (frame[column] == word).any()]


def _is_in(frame: pd.DataFrame | None, word: str) -> bool:
    return frame is not None and bool(_columns_of(frame, word))


def _matching(frame: pd.DataFrame, words: Sequence[str]) -> pd.DataFrame:
    """Rows that have every word in one of their text columns."""
    kept = frame
    for word in words:
        columns = _columns_of(frame, word)
        if columns:
            kept = kept[(kept[columns] == word).any(axis=1)]
    return kept


def _unknown(word: str, study: Study | None, frame: pd.DataFrame | None) -> str:
    from difflib import get_close_matches

    from yrb_carbon.estimates import KEY_COLUMNS, TEXT_COLUMNS
    from yrb_carbon.report.explanations import known_words

    known = list(known_words(study))
    if frame is not None:
        for column in (*KEY_COLUMNS, *TEXT_COLUMNS):
            known += [] if column == "year" else [str(text) for text in frame[column].unique()]
    near = get_close_matches(word, [text for text in dict.fromkeys(known) if text], n=3)
    guess = f"; did you mean {' or '.join(map(repr, near))}" if near else ""
    return f"no such word (got {word!r}{guess}); docs/reference/estimates.md lists them"


def _print_entry(entry: Explanation) -> None:
    import textwrap

    typer.echo(f"{entry.term} ({entry.kind})")
    for name in ("meaning", "formula", "source", "read"):
        text = getattr(entry, name)
        if text:
            head = "" if name == "meaning" else f"{name}: "
            lines = textwrap.wrap(f"{head}{text}", WIDTH, break_long_words=False)
            typer.echo("\n".join(f"{INDENT}{line}" for line in lines))
    typer.echo()


def _print_rows(rows: pd.DataFrame, top: int) -> None:
    import pandas as pd

    if rows.empty:
        typer.echo("no row has all of these words")
        return
    shown = rows if top == 0 else rows.head(top)
    columns = [c for c in SHOWN if shown[c].notna().any() and shown[c].astype(str).ne("").any()]

    def cell(value: Any) -> str:
        if pd.isna(value):
            return ""
        return f"{value:.{SIGNIFICANT}g}" if isinstance(value, float) else str(value)

    print_table(columns, (map(cell, row) for row in shown[columns].itertuples(index=False)))
    if len(shown) < len(rows):
        typer.echo(f"{len(shown)} of {len(rows)} rows; --top 0 prints all")
