"""Groups of units or of periods, read and checked against a panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import GroupingError, check_choice, enumerate_names
from .within import Array

Axis = Literal["unit", "period"]


@dataclass(frozen=True, slots=True)
class Grouping:
    """A partition of the units, or of the periods, of a panel.

    Attributes
    ----------
    axis : {"unit", "period"}
        What is grouped.
    labels : tuple, length G
        In the order of the categories where the groups are categorical, sorted otherwise.
    codes : array of int, shape (N,) or (T,)
        Place in ``labels`` of every unit or period, in the order of the panel.
    """

    axis: Axis
    labels: tuple[Any, ...]
    codes: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels as text."""
        return tuple(str(label) for label in self.labels)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Units or periods of every group, shape (G,)."""
        return np.bincount(self.codes, minlength=len(self.labels))

    @property
    def indicators(self) -> Array:
        """1 where a unit or period (axis 0) is in a group (axis 1)."""
        member: Array = (self.codes[:, None] == np.arange(len(self.labels))).astype(np.float64)
        return member

    def members(self, group: int) -> NDArray[np.intp]:
        """Positions of the units or periods of a group."""
        return np.flatnonzero(self.codes == group)

    def mask(self, group: int) -> Array:
        """1 for the rows of a group, shape (1, N, 1) or (T, 1, 1)."""
        member: Array = (self.codes == group).astype(np.float64)
        shape = (1, -1, 1) if self.axis == "unit" else (-1, 1, 1)
        return member.reshape(shape)

    def place(self, label: Any) -> int:
        """Place of a group, named by its label or the text of it.

        Raises
        ------
        GroupingError
            If there is no such group.
        """
        if str(label) not in self.names:
            raise GroupingError(
                f"{label!r} is not a group; the groups are {enumerate_names(self.names)}"
            )
        return self.names.index(str(label))

    def places(self, labels: Sequence[Any] | None) -> list[int]:
        """Places of at least two different groups; all of them by default."""
        if labels is None:
            return list(range(len(self)))
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            raise GroupingError(f"groups must be a list of two or more labels, got {labels!r}")
        found = [self.place(label) for label in labels]
        if len(set(found)) != len(found) or len(found) < 2:
            raise GroupingError(
                f"groups must be two or more different labels, got {enumerate_names(labels)}"
            )
        return found


def read_groups(
    groups: pd.Series[Any] | Mapping[Any, Any],
    units: pd.Index,
    periods: pd.Index,
    axis: Axis | None = None,
) -> Grouping:
    """Groups given by a label for every unit, or for every period.

    Parameters
    ----------
    groups : Series or mapping
        Index (keys) the units, or the periods; values the labels. Every unit (period) of the panel
        once, and no others.
    units, periods : Index
        Of the panel.
    axis : {"unit", "period"}, optional
        What the index holds; needed only where units and periods have the same identifiers.

    Returns
    -------
    Grouping

    Raises
    ------
    GroupingError
        If a unit is in no group or in two, the index is of something else, a category is empty,
        there is one group only, or two labels have the same text.
    """
    if isinstance(groups, Mapping):
        groups = pd.Series(dict(groups), dtype=object if not groups else None)
    if not isinstance(groups, pd.Series):
        raise GroupingError(
            "groups must be a Series or a mapping from unit (or period) to the label of its group, "
            f"got {type(groups).__name__}"
        )
    if axis is not None:
        check_choice("axis", axis, get_args(Axis))
    chosen = axis or _find_axis(groups.index, units, periods)
    members = units if chosen == "unit" else periods
    _check_members(groups.index, members, chosen)
    values = groups.loc[members]
    if values.isna().any():
        missing = members[values.isna().to_numpy()]
        raise GroupingError(
            f"{chosen}s {enumerate_names(missing)} are in no group; give them a label, or leave "
            "them out of panel and weights"
        )
    labels = _ordered_labels(values)
    grouping = Grouping(chosen, labels, pd.Index(labels, dtype=object).get_indexer(list(values)))
    names = pd.Index(grouping.names)
    if not names.is_unique or "" in names:
        raise GroupingError(
            f"the labels of the groups must be different texts and not empty, got "
            f"{enumerate_names(repr(label) for label in labels)}"
        )
    if len(labels) < 2:
        raise GroupingError(
            f"all {chosen}s are in the group {names[0]!r}, so there is nothing to compare; use "
            "SpatialPanel"
        )
    return grouping


def _find_axis(index: pd.Index, units: pd.Index, periods: pd.Index) -> Axis:
    of_units, of_periods = index.isin(units).sum(), index.isin(periods).sum()
    if of_units and of_periods:
        raise GroupingError(
            "the index of groups holds identifiers of units and of periods; say which with "
            "axis='unit' or axis='period'"
        )
    if not of_units and not of_periods:
        raise GroupingError(
            f"the index of groups ({enumerate_names(index, limit=3)}) holds neither units "
            f"({enumerate_names(units, limit=3)}) nor periods ({enumerate_names(periods, limit=3)})"
        )
    return "unit" if of_units else "period"


def _check_members(index: pd.Index, members: pd.Index, axis: str) -> None:
    if not index.is_unique:
        repeated = index[index.duplicated()].unique()
        raise GroupingError(f"groups name the {axis}s {enumerate_names(repeated)} more than once")
    absent, unknown = members.difference(index), index.difference(members)
    parts = []
    if len(absent):
        parts.append(f"{axis}s in no group: {enumerate_names(absent)}")
    if len(unknown):
        parts.append(f"not in the panel: {enumerate_names(unknown)}")
    if parts:
        raise GroupingError(
            f"groups and panel differ; {'; '.join(parts)}. Give one label to every {axis} of the "
            "panel and to no other"
        )


def _ordered_labels(values: pd.Series[Any]) -> tuple[Any, ...]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        categories = list(values.cat.categories)
        present = set(values)
        empty = [category for category in categories if category not in present]
        if empty:
            raise GroupingError(
                f"the groups {enumerate_names(empty)} are empty; remove them "
                "(Series.cat.remove_unused_categories) or put something into them"
            )
        return tuple(categories)
    try:
        return tuple(sorted(set(values)))
    except TypeError as error:
        raise GroupingError(
            "the labels of the groups mix types that cannot be sorted; use one type of label"
        ) from error
