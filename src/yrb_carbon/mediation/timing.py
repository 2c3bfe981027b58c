"""Systems in which the treatment comes before the mediator, and the mediator before the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import pandas as pd

from yrb_carbon.spatialpanel import PanelSizeError, SpecificationError
from yrb_carbon.spatialpanel.align import check_consecutive, read_balanced_index
from yrb_carbon.spatialpanel.errors import enumerate_names

# Fewest periods that a panel with unit effects needs.
FEWEST_PERIODS = 2


@dataclass(frozen=True, slots=True)
class ShiftedTiming:
    """A panel whose rows hold the treatment of earlier and the outcome of later years.

    Attributes
    ----------
    data : DataFrame, index (unit, year)
        Balanced; rows in the order given, the year that of the mediators. Columns keep their names.
    treatment_lag, outcome_lead : int
        Years that the treatment comes before, and the outcome after, the mediators.
    lost : tuple
        Years of the data that no row has, in order.
    note : str
        The timing in words, and the years lost.
    """

    data: pd.DataFrame
    treatment_lag: int
    outcome_lead: int
    lost: tuple[Any, ...]
    note: str


def shift_timing(
    data: pd.DataFrame,
    treatment: str,
    mediators: Sequence[str],
    outcome: str,
    treatment_lag: int = 1,
    outcome_lead: int = 0,
) -> ShiftedTiming:
    """x(t - p) → m(t) → y(t + q) in the rows of the years t that have all three.

    Mediators and all other columns, such as controls, stay at t. What comes earlier cannot be the
    effect of what comes later, so a mediated effect that is of the same sign and size with lags is
    no mere simultaneity; that the variables are persistent it cannot rule out.

    Parameters
    ----------
    data : DataFrame, index (unit, year)
        Balanced, of consecutive years, rows in any order.
    treatment, outcome : str
    mediators : sequence of str
    treatment_lag, outcome_lead : int
        p and q, at least 0.

    Returns
    -------
    ShiftedTiming; its ``data`` are for `SpatialMediation`.

    Raises
    ------
    SpecificationError
        If columns are missing, a variable has two roles, or a lag is not a count.
    PanelIndexError, UnbalancedPanelError, PeriodGapError
        If the rows are not a balanced panel of consecutive years.
    PanelSizeError
        If fewer than two years are left.
    """
    _check_roles(data, treatment, mediators, outcome)
    for name, value in (("treatment_lag", treatment_lag), ("outcome_lead", outcome_lead)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
            raise SpecificationError(f"{name} must be a number of years from 0 on, got {value!r}")
    index, _, periods = read_balanced_index(data.index, "data")
    check_consecutive(periods, "leave the timing as it is")
    kept = periods[treatment_lag : len(periods) - outcome_lead]
    if len(kept) < FEWEST_PERIODS:
        raise PanelSizeError(
            f"{len(periods)} years leave {len(kept)} with the treatment {treatment_lag} years "
            f"before and the outcome {outcome_lead} years after the mediators; at least "
            f"{FEWEST_PERIODS} are needed"
        )
    years = index.get_level_values(1)
    shifted = data[years.isin(kept)].copy()
    for column, shift in ((treatment, -treatment_lag), (outcome, outcome_lead)):
        moments = [shifted.index.get_level_values(0), shifted.index.get_level_values(1) + shift]
        shifted[column] = data[column].reindex(pd.MultiIndex.from_arrays(moments)).to_numpy()
    lost = tuple(period for period in periods.tolist() if period not in kept)
    return ShiftedTiming(
        data=shifted,
        treatment_lag=int(treatment_lag),
        outcome_lead=int(outcome_lead),
        lost=lost,
        note=_describe(treatment, mediators, outcome, (treatment_lag, outcome_lead), lost),
    )


def _describe(
    treatment: str,
    mediators: Sequence[str],
    outcome: str,
    shifts: tuple[int, int],
    lost: Sequence[Any],
) -> str:
    before = f"t-{shifts[0]}" if shifts[0] else "t"
    after = f"t+{shifts[1]}" if shifts[1] else "t"
    timing = f"{treatment}({before}) -> {', '.join(mediators)}(t) -> {outcome}({after})"
    years = f"years lost: {enumerate_names(lost)}" if lost else "no year lost"
    return f"Timing {timing}, controls at t; {years}."


def _check_roles(
    data: pd.DataFrame, treatment: str, mediators: Sequence[str], outcome: str
) -> None:
    if not isinstance(data, pd.DataFrame):
        raise SpecificationError(f"data must be a pandas DataFrame, got {type(data).__name__}")
    if isinstance(mediators, str):
        raise SpecificationError(f"mediators must be a list of column names, got {mediators!r}")
    names = [treatment, *mediators, outcome]
    missing = [name for name in names if name not in data.columns]
    if missing:
        raise SpecificationError(
            f"data has no column {enumerate_names(missing)}; it has {enumerate_names(data.columns)}"
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SpecificationError(
            f"{enumerate_names(repeated)} has more than one role; treatment, mediators and outcome "
            "are different variables"
        )
