"""What all sections of figures have in common: width, classes, years, tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from yrb_carbon.errors import listing
from yrb_carbon.study.base import Fault, Path, Section, wrong_table

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study

MOST_CLASSES = 9
MANY_YEARS = 4
"""Years of a figure that names none."""

Width = Literal["single", "one_and_half", "double"]
Scheme = Literal["natural_breaks", "quantiles", "equal_interval", "user", "continuous"]


class SizedFigure(Section):
    """Base of all figures."""

    width: Width | None = Field(None, description="Of the page; figures.width when null.")


class ClassesSection(Section):
    """How the values of a map are cut into the classes of its legend."""

    scheme: Scheme = Field(
        "natural_breaks",
        description="natural_breaks (Fisher 1958, Jenks 1977: least variance within classes), "
        "quantiles, equal_interval, user (limits), or continuous (no classes).",
    )
    k: int = Field(5, ge=2, le=MOST_CLASSES, description="Number of classes.")
    limits: tuple[float, ...] = Field(
        (), description="Of scheme user: rising, between the classes; the ends are open."
    )


def shown_years(years: tuple[int, ...] | None, sample: range) -> tuple[int, ...]:
    """Years of a figure; when it names none the first and last of a sample and two between."""
    if years is not None:
        return years
    first, last = sample.start, sample.stop - 1
    steps = MANY_YEARS - 1
    spread = {first + round(step * (last - first) / steps) for step in range(MANY_YEARS)}
    return tuple(sorted(spread))


def class_faults(classes: ClassesSection, path: Path) -> Iterator[Fault]:
    """Limits without the scheme that takes them, no limits for it, limits that do not rise."""
    if classes.scheme != "user":
        if classes.limits:
            yield (
                (*path, "limits"),
                f"only scheme user takes limits (got scheme {classes.scheme!r})",
            )
    elif not 1 <= len(classes.limits) < MOST_CLASSES:
        yield (
            (*path, "limits"),
            f"scheme user needs 1 to {MOST_CLASSES - 1} limits (got {len(classes.limits)})",
        )
    elif any(high <= low for low, high in pairwise(classes.limits)):
        yield (*path, "limits"), f"limits must rise (got {listing(classes.limits)})"


def kind_faults(study: Study, name: str, kind: str, place: Path) -> Iterator[Fault]:
    """The name of a table that is none of the kind wanted."""
    options = [own for own, table in study.tables.items() if table.kind == kind]
    if name not in options:
        wanted = f"a table of kind {kind}"
        yield place, wrong_table(study.tables, name, options, wanted, place[:-1])
