"""Which raw cells a study needs, which are there, and a picture of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.panel.gaps import format_years
from yrb_carbon.panel.schema import require_panel_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Required = Mapping[str, Iterable[str] | Mapping[str, Iterable[int]]]
"""Variable -> its raw columns, or its raw columns with the years in which each is needed."""

TABLE_COLUMNS = (
    "unit", "variable", "column", "n_years", "n_present", "share_present", "missing_years", "kept",
)  # fmt: skip
SVG_SALT = "yrb-carbon"
DPI = 150
METADATA: Mapping[str, dict[str, Any]] = {
    "png": {"Software": None}, "svg": {"Date": None, "Creator": None},
}  # fmt: skip
"""Formats of the picture, each without dates and versions of programs inside."""
NOTICE_CHARACTERS_PER_INCH = 17
ROW_HEIGHT, COLUMN_WIDTH, MARGIN = 0.14, 0.34, 2.2


def completeness_table(
    panel: pd.DataFrame, required: Required, years: Iterable[int], unit_ids: Iterable[str]
) -> pd.DataFrame:
    """Count the raw cells that each variable needs and has, unit by unit.

    Parameters
    ----------
    panel : DataFrame, index (unit, year), sorted
        Raw columns.
    required : mapping
        Variable -> raw columns; or variable -> mapping raw column -> years, for columns that are
        needed in other years than the sample's (a base year, the years before a lag).
    years : iterable of int
        Years of the sample.
    unit_ids : iterable of str
        The candidate units.

    Returns
    -------
    DataFrame
        One row a unit, variable and raw column: `unit`, `variable`, `column`, `n_years`,
        `n_present`, `share_present`, `missing_years` (text, `2003-2005 2010`), `kept` (whether the
        unit has every cell of every variable). Sorted by unit, then as `required` is ordered.

    Raises
    ------
    DataError
        If a raw column is not in the panel, or there are no units or years.
    """
    require_panel_index(panel)
    sample_years = sorted({int(year) for year in years})
    units = sorted(set(unit_ids))
    if not sample_years or not units:
        raise DataError(
            f"a sample needs units and years (got {len(units)} units, {len(sample_years)} years)"
        )
    needs = {variable: _column_years(wanted, sample_years) for variable, wanted in required.items()}
    _require_in_panel(panel, needs)
    rows: list[tuple[Any, ...]] = []
    for variable, columns in needs.items():
        for column, needed in columns.items():
            grid = panel[column].unstack("year").reindex(index=units, columns=needed).notna()
            for unit, present in zip(units, grid.to_numpy(), strict=True):
                absent = [year for year, there in zip(needed, present, strict=True) if not there]
                there = len(needed) - len(absent)
                share = there / len(needed)
                rows.append(
                    (unit, variable, column, len(needed), there, share, format_years(absent), True)
                )
    table = pd.DataFrame(rows, columns=list(TABLE_COLUMNS))
    incomplete = table.loc[table["n_present"] < table["n_years"], "unit"].unique()
    table["kept"] = ~table["unit"].isin(incomplete)
    return table.sort_values("unit", kind="stable", ignore_index=True)


@dataclass(frozen=True, slots=True)
class PictureTexts:
    """Texts of the picture of `draw_completeness`.

    Attributes
    ----------
    title : str
    kept : str
        With the placeholders kept and all, numbers of units.
    scale : str
        What the colours mean.
    """

    title: str = "Share of years with data"
    kept: str = "{kept} of {all} units kept (■), others excluded (□)"
    scale: str = "share of years present"


def draw_completeness(
    table: pd.DataFrame,
    stem: str | Path,
    *,
    texts: PictureTexts = PictureTexts(),
    notice: str | None = None,
    unit_labels: Mapping[str, str] | None = None,
    column_labels: Mapping[str, str] | None = None,
    formats: Sequence[str] = tuple(METADATA),
) -> tuple[Path, ...]:
    """Draw the table of `completeness_table` as a heat map, units by raw columns.

    A filled square after a unit's name marks that it is kept, an open one that it is excluded.
    The files are the same bytes for the same table and versions.

    Parameters
    ----------
    table : DataFrame
        As `completeness_table` returns it.
    stem : path
        Path without ending; the folder is made when absent.
    texts : PictureTexts
        Heading, and what the signs and colours mean; plain, no formulas.
    notice : str, optional
        A caution printed below the picture, such as that the data are synthetic.
    unit_labels, column_labels : mapping, optional
        Names to show for unit codes and columns.
    formats : sequence of {"png", "svg"}

    Returns
    -------
    tuple of Path
        A file a format.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    share = table.pivot_table(index="unit", columns="column", values="share_present", aggfunc="min")
    share = share[list(dict.fromkeys(table["column"]))]
    kept = table.groupby("unit")["kept"].first()
    names = dict(unit_labels or {})
    heads = dict(column_labels or {})
    width = MARGIN + COLUMN_WIDTH * max(share.shape[1], 12)
    height = MARGIN + ROW_HEIGHT * max(share.shape[0], 4)
    # names come from files of data: a dollar in one of them begins no formula
    with mpl.rc_context({"svg.hashsalt": SVG_SALT, "text.parse_math": False}):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(share.to_numpy(), cmap="viridis", vmin=0, vmax=1, aspect="auto")
        _label_units(axes, [names.get(unit, unit) for unit in share.index], kept)
        columns = [heads.get(column, column) for column in share.columns]
        axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=6)
        scale = figure.colorbar(image, ax=axes, shrink=0.3, aspect=40)
        scale.set_label(texts.scale, size=7)
        scale.ax.tick_params(labelsize=6)
        counted = texts.kept.format(kept=int(kept.sum()), all=len(kept))
        axes.set_title(f"{texts.title}\n{counted}", fontsize=8)
        if notice:
            lines = textwrap.wrap(notice, _characters(notice, width))
            figure.supxlabel("\n".join(lines), fontsize=7, color="firebrick")
        paths = tuple(Path(f"{stem}.{name}") for name in formats)
        for name, path in zip(formats, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=DPI, metadata=METADATA[name])
    return paths


def _characters(text: str, width: float) -> int:
    """Characters of a text on a line of some inches; Chinese ones are twice as wide as others."""
    is_wide = any(east_asian_width(character) in "WF" for character in text)
    return int(width * NOTICE_CHARACTERS_PER_INCH / (2 if is_wide else 1))


def _label_units(axes: Axes, labels: Sequence[str], kept: pd.Series) -> None:
    marked = [f"{label} {'■' if keep else '□'}" for label, keep in zip(labels, kept, strict=True)]
    axes.set_yticks(range(len(marked)), marked, fontsize=5)
    for text, keep in zip(axes.get_yticklabels(), kept, strict=True):
        text.set_color("black" if keep else "firebrick")


def _column_years(
    wanted: Iterable[str] | Mapping[str, Iterable[int]], sample_years: list[int]
) -> dict[str, list[int]]:
    if isinstance(wanted, Mapping):
        return {column: sorted({int(year) for year in years}) for column, years in wanted.items()}
    if isinstance(wanted, str):
        raise DataError(f"the columns of a variable are a list of names (got {wanted!r})")
    return dict.fromkeys(wanted, sample_years)


def _require_in_panel(panel: pd.DataFrame, needs: Mapping[str, Mapping[str, object]]) -> None:
    absent: dict[str, list[str]] = {}
    for variable, columns in needs.items():
        for column in columns:
            if column not in panel.columns:
                absent.setdefault(column, []).append(variable)
    if absent:
        texts = [f"{column!r} (for {', '.join(users)})" for column, users in absent.items()]
        raise DataError(
            f"the panel has no column {listing(texts)}. Add a source that provides it, or take "
            "these variables out of the study"
        )
