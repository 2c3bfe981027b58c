"""A figure of a study: drawn in every language of the report, written in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yrb_carbon.report.canvas import MM_PER_INCH, Page
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.press import Press
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.units import load_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[..., "Figure"]
"""Draws with the keywords `title` and `page`."""


@dataclass(frozen=True, slots=True)
class Commission:
    """A figure to be drawn.

    Attributes
    ----------
    name : str
        Of its files.
    title : callable of Words
    width : float
        mm.
    draw : callable
        With the keywords `title` and `page`.
    """

    name: str
    title: Callable[[Words], str]
    width: float
    draw: Draw


def write_all(
    study: Study, commissions: Iterator[Commission], folder: str | Path
) -> dict[str, Any]:
    """Draw every figure in every language of the report.

    Returns
    -------
    dict
        By name and language: title, width in mm, files (relative to `folder`), and why there is a
        sheet with a reason in place of the figure, or None.
    """
    figures = study.figures
    press = Press(Path(folder), figures.formats, figures.dpi, figures.chinese_font)
    record: dict[str, Any] = {}
    for commission in commissions:
        for language in study.report.languages:
            words = Words(language)
            page = Page(
                words, commission.width / MM_PER_INCH, study.study.caution_in(language),
                figures.titles,
            )  # fmt: skip
            title = commission.title(words)
            drawn = press.write(commission.name, title, page, commission.draw)
            record.setdefault(commission.name, {})[language] = {
                "title": title,
                "width_mm": commission.width,
                "files": [path.relative_to(folder).as_posix() for path in drawn.files],
                "obstacle": drawn.obstacle,
            }
    return record


def reaches_of(study: Study) -> dict[str, str]:
    """Reach of each unit; of none where units.csv has no such split."""
    units, split = load_units(), study.study.reach_split
    if not units.has_reach(split):
        return {}
    return {str(unit): str(reach) for unit, reach in units.reach(split).items()}


def ground_of(study: Study, boundaries: Boundaries, units: Sequence[str]) -> Ground:
    """What maps of some units are drawn on; without reaches where a unit belongs to none."""
    reaches = reaches_of(study)
    known = reaches if all(unit in reaches for unit in units) else None
    return Ground.of(
        boundaries, units, known, has_arrow=study.figures.north_arrow, region=study.report.region
    )


def title_of(section: Any) -> Callable[[Words], str]:
    """Says the title of a section of figures."""
    return lambda words: words.label(section.title)
