"""A comparison in words: for a terminal, for a comment of a code review, for programs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from yrb_carbon.comparison.difference import Comparison, ModelChange
from yrb_carbon.errors import listing

TOP = 20
"""Lines of a listing that are shown where nothing else is asked for."""
ALL = 0
SHOWN_MODELS = 6
HEADS = ("row", "column", "A", "B", "B - A", "relative", "s.e. of A")

Cells = Sequence[str]


def verdict_line(found: Comparison) -> str:
    """The outcome in one line: `same: …` or `different: …`."""
    within = f"{found.tolerance.atol:g} + {found.tolerance.rtol:g} * size"
    if found.same:
        return (
            f"same: {_count(found.matched, 'row')} agree within {within} "
            f"(largest relative difference {found.nearest:.2g})"
        )
    parts = []
    if len(found.moves):
        parts.append(f"{_count(found.moved_rows(), 'row')} moved beyond {within}{_largest(found)}")
    if found.across:
        parts.append(f"{_count(found.across, 'row')} stand under another key")
    if len(found.vanished):
        parts.append(f"{_count(len(found.vanished), 'row')} vanished")
    if len(found.appeared):
        parts.append(f"{_count(len(found.appeared), 'row')} appeared")
    if found.verdicts:
        parts.append(f"{_count(len(found.verdicts), 'verdict')} changed")
    return f"different: {'; '.join(parts)}"


def text_lines(found: Comparison, top: int = TOP) -> Iterator[str]:
    """The comparison for a terminal, `top` lines a listing (0: all); the verdict comes last."""
    yield from _heading(found)
    if found.models:
        yield ""
        yield from _model_lines(found, top)
    if len(found.moves):
        yield ""
        yield from _aligned([HEADS, *_move_cells(found, top)])
        yield from _more(found.moved_rows(), top, "row")
    for title, rows in (("vanished", found.vanished), ("appeared", found.appeared)):
        if len(rows):
            yield ""
            yield f"{title}:"
            yield from (f"  {name}" for name in _row_names(_first(rows, top)))
            yield from _more(len(rows), top, "row")
    if found.verdicts:
        yield ""
        yield from (
            f"claim {change.claim}: {change.column.replace('_', ' ')} {change.a} -> {change.b}"
            for change in found.verdicts
        )
    yield ""
    yield verdict_line(found)


def markdown_lines(found: Comparison, top: int = TOP) -> Iterator[str]:
    """The comparison for a comment of a code review; the verdict comes first."""
    yield f"**{verdict_line(found)}**"
    yield ""
    yield from (f"- {_escaped(line)}" for line in _heading(found))
    if found.models:
        yield ""
        yield from (f"- {_escaped(line)}" for line in _model_lines(found, top))
    if len(found.moves):
        yield ""
        yield _row(HEADS)
        yield _row(["---"] * 2 + ["---:"] * (len(HEADS) - 2))
        yield from (_row(cells) for cells in _move_cells(found, top))
        yield from _after_blank(_more(found.moved_rows(), top, "row"))
    for title, rows in (("Vanished", found.vanished), ("Appeared", found.appeared)):
        if len(rows):
            yield ""
            yield f"{title}:"
            yield ""
            yield from (f"- {_escaped(name)}" for name in _row_names(_first(rows, top)))
            yield from _after_blank(_more(len(rows), top, "row"))
    if found.verdicts:
        yield ""
        yield _row(("claim", "verdict", "A", "B"))
        yield _row(["---"] * 4)
        yield from (
            _row((change.claim, change.column.replace("_", " "), change.a, change.b))
            for change in found.verdicts
        )


def as_dict(found: Comparison) -> dict[str, Any]:
    """The whole comparison for programs: mappings, lists, texts and numbers, NaN among them."""
    return {
        "verdict": "same" if found.same else "different",
        "a": found.name_a,
        "b": found.name_b,
        "columns": list(found.columns),
        "columns_left_out": list(found.left_out),
        "rtol": found.tolerance.rtol,
        "atol": found.tolerance.atol,
        "rows": {
            "a": found.rows_a,
            "b": found.rows_b,
            "matched": found.matched,
            "under_another_key": found.across,
            "moved": found.moved_rows(),
            "moved_from_draws": found.moved_rows(drawn=True),
            "vanished": len(found.vanished),
            "appeared": len(found.appeared),
        },
        "largest_relative_within_tolerance": found.nearest,
        "models": [
            {
                "table": change.table,
                "model": change.model,
                "notes": list(change.notes),
                "moved": change.moved,
                "vanished": change.vanished,
                "appeared": change.appeared,
                "largest_in_se": change.in_se,
                "largest_relative": change.relative,
            }
            for change in found.models
        ],
        "moved": found.moves.drop(columns="row").to_dict("records"),
        "vanished": found.vanished.to_dict("records"),
        "appeared": found.appeared.to_dict("records"),
        "verdicts": [
            {"claim": change.claim, "column": change.column, "a": change.a, "b": change.b}
            for change in found.verdicts
        ],
    }


def _heading(found: Comparison) -> Iterator[str]:
    yield f"A: {found.name_a} ({_count(found.rows_a, 'row')})"
    yield f"B: {found.name_b} ({_count(found.rows_b, 'row')})"
    line = f"compared: {', '.join(found.columns)}"
    if found.left_out:
        line += f"; only one file has {', '.join(found.left_out)}"
    yield line
    drawn, compared = found.drawn, found.matched + found.across
    formulas = f"{found.moved_rows(drawn=False):,} of {compared - drawn:,} rows from formulas"
    yield f"moved: {formulas}, {found.moved_rows(drawn=True):,} of {drawn:,} rows from draws"


def _model_lines(found: Comparison, top: int) -> Iterator[str]:
    """A line a model; what several models have in common is said once before."""
    shared = {
        note: [change.name for change in found.models if note in change.notes]
        for change in found.models
        for note in change.notes
    }
    for note, names in shared.items():
        if len(names) > 1:
            yield f"{len(names)} models: {note} ({listing(names, SHOWN_MODELS)})"
    for change in _first(found.models, top):
        yield f"model {change.name}: {_model_words(change)}"
    yield from _more(len(found.models), top, "model")


def _model_words(change: ModelChange) -> str:
    parts = list(change.notes)
    if change.moved:
        largest = _size(change.in_se, change.relative)
        parts.append(f"{_count(change.moved, 'estimate')} moved, largest {largest}")
    if change.vanished:
        parts.append(f"{_count(change.vanished, 'row')} vanished")
    if change.appeared:
        parts.append(f"{_count(change.appeared, 'row')} appeared")
    return "; ".join(parts) or "its rows are the same"


def _move_cells(found: Comparison, top: int) -> list[Cells]:
    """One number a row of estimates, the one that moved most."""
    shown = _first(found.moves.drop_duplicates("row"), top)
    return [
        (
            name,
            column,
            f"{a:.8g}",
            f"{b:.8g}",
            f"{change:.3g}",
            f"{relative:.2g}",
            "" if math.isnan(in_se) else f"{in_se:.2g}",
        )
        for name, column, a, b, change, relative, in_se in zip(
            _row_names(shown),
            *(shown[head] for head in ("column", "a", "b", "change", "relative", "in_se")),
            strict=True,
        )
    ]


def _row_names(rows: pd.DataFrame) -> list[str]:
    """Keys of rows as people read them: `T4/sdm coef lq [cb, sdm, main, queen; serial, normal]`."""
    names = []
    for row in rows.to_dict("records"):
        place = "/".join(str(row[c]) for c in ("study", "table", "model") if row.get(c))
        what = " ".join(str(row[c]) for c in ("quantity", "term", "year") if row.get(c))
        model = [row[c] for c in ("outcome", "spec", "sample", "weights", "equation") if row.get(c)]
        ways = [row[c] for c in ("estimator", "vcov", "inference") if row.get(c)]
        rest = "; ".join(", ".join(part) for part in (model, ways) if part)
        names.append(f"{place} {what}" + (f" [{rest}]" if rest else ""))
    return names


def _largest(found: Comparison) -> str:
    """Where the largest move is, with its size."""
    first = found.moves.iloc[0]
    words = _size(first["in_se"], first["relative"])
    place = "/".join(str(first[c]) for c in ("table", "model") if first.get(c))
    return f" (largest {words}: {place} {first['column']} of {first.get('quantity', '')})"


def _size(in_se: float, relative: float) -> str:
    """How much a number moved, in the words that its row allows."""
    if not math.isfinite(relative):
        return "from a number to none, or back"
    return f"{relative:.2g} of its size" if math.isnan(in_se) else f"{in_se:.2g} s.e."


def _first(rows: Any, top: int) -> Any:
    return rows[:top] if top else rows


def _more(count: int, top: int, noun: str) -> Iterator[str]:
    if top and count > top:
        yield f"and {_count(count - top, f'more {noun}')}; --top 0 shows all"


def _after_blank(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield ""
        yield line


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _aligned(rows: Sequence[Cells]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    for mark in "\\|*_<>[]":
        text = text.replace(mark, f"\\{mark}")
    return text
