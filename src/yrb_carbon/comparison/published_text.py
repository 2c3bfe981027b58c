"""Verdicts on published values in words: for a terminal, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from yrb_carbon.comparison.published import (
    PLACE,
    CellVerdict,
    JudgedCell,
    PublishedComparison,
)


def published_lines(found: PublishedComparison, top: int) -> Iterator[str]:
    """The verdicts for a terminal, one printed cell a line; the last line counts them.

    Reasons that several cells share are said once, with their number.
    """
    yield f"published: {found.name} ({len(found.cells)} printed values)"
    made = ", synthetic demonstration data: agreement says nothing" if found.synthetic else ""
    yield f"results:   {found.results}{made}"
    lacking = (CellVerdict.NOT_COMPUTED, CellVerdict.NO_ROW)
    computed = [cell for cell in found.cells if cell.verdict not in lacking]
    order = [CellVerdict.SIGN_DIFFERS, CellVerdict.DIFFERS, CellVerdict.EQUAL]
    computed.sort(key=lambda cell: order.index(cell.verdict))
    shown = computed[:top] if top else computed
    if shown:
        yield ""
    for cell in shown:
        unit = f" {cell.cell.unit}" if cell.cell.unit else ""
        note = f" ({cell.cell.note})" if cell.cell.note and cell.verdict is not order[-1] else ""
        yield (
            f"{cell.cell.name}: {cell.cell.relation}{cell.cell.text}{unit}, here "
            f"{cell.computed:.{cell.cell.decimals + 2}f}: {cell.words}{note}"
        )
    if len(computed) > len(shown):
        yield f"and {len(computed) - len(shown)} more; --top 0 shows all"
    for cell in found.cells:
        if cell.verdict is CellVerdict.NO_ROW:
            yield f"{cell.cell.name}: {cell.words}"
    reasons = _reasons(found.cells)
    if reasons:
        yield ""
    for (document, reason), count in reasons.items():
        yield f"{document}: {count} not computed here: {reason}"
    yield ""
    counts = ", ".join(f"{found.count(verdict)} {verdict}" for verdict in CellVerdict)
    yield f"{found.verdict}: {counts}"


def _reasons(cells: Sequence[JudgedCell]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.verdict is CellVerdict.NOT_COMPUTED:
            key = (cell.cell.document, cell.reason)
            counts[key] = counts.get(key, 0) + 1
    return counts


def published_dict(found: PublishedComparison) -> dict[str, Any]:
    """The verdicts for programs; NaN where nothing was computed."""
    return {
        "verdict": found.verdict,
        "published": found.name,
        "results": found.results,
        "synthetic": found.synthetic,
        "counts": {verdict.value: found.count(verdict) for verdict in CellVerdict},
        "cells": [
            {
                **{name: getattr(cell.cell, name) for name in PLACE},
                "printed": cell.cell.text,
                "decimals": cell.cell.decimals,
                "relation": cell.cell.relation,
                "unit": cell.cell.unit,
                "verdict": cell.verdict.value,
                "computed": cell.computed,
                "last_digits": cell.last_digits,
                "reason": cell.reason,
            }
            for cell in found.cells
        ],
    }
