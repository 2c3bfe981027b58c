"""What every specification test returns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

TEST_COLUMNS = ("test", "null", "form", "statistic", "df", "p_value", "distribution", "note")


@dataclass(frozen=True, slots=True)
class SpecificationTest:
    """One specification test.

    Attributes
    ----------
    name : str
        Name in the literature, such as ``LM lag``.
    null : str
        The hypothesis that a small p-value rejects, such as ``rho = 0``.
    statistic : float
    df : float or None
        Degrees of freedom; None for a normal statistic.
    p_value : float
        Two-sided where the statistic has two sides.
    distribution : {"chi2", "normal", "F", "permutation"}
        Under the null.
    form : str
        Variant, such as ``centred`` or ``plain``; empty where there is one form only.
    note : str
        What the reader must know of its size or its use; empty if nothing.
    """

    name: str
    null: str
    statistic: float
    df: float | None
    p_value: float
    distribution: str
    form: str = ""
    note: str = ""

    def __str__(self) -> str:
        variant = f" ({self.form})" if self.form else ""
        freedom = "" if self.df is None else f"({self.df:g})"
        return (
            f"{self.name}{variant}: {self.distribution}{freedom} = {self.statistic:.4f}, "
            f"p = {self.p_value:.4f}; H0: {self.null}"
        )


def chi2_test(
    name: str, null: str, statistic: float, df: int, *, form: str = "", note: str = ""
) -> SpecificationTest:
    """A test whose statistic is χ²(df) under the null."""
    from scipy import special

    return SpecificationTest(
        name=name,
        null=null,
        statistic=statistic,
        df=df,
        p_value=float(special.chdtrc(df, statistic)),
        distribution="chi2",
        form=form,
        note=note,
    )


def normal_test(
    name: str, null: str, statistic: float, *, form: str = "", note: str = ""
) -> SpecificationTest:
    """A two-sided test whose statistic is standard normal under the null."""
    from scipy import special

    return SpecificationTest(
        name=name,
        null=null,
        statistic=statistic,
        df=None,
        p_value=float(2.0 * special.ndtr(-abs(statistic))),
        distribution="normal",
        form=form,
        note=note,
    )


def frame_of_tests(tests: Iterable[SpecificationTest]) -> pd.DataFrame:
    """One test a row, columns `TEST_COLUMNS`."""
    return pd.DataFrame(
        [
            (
                test.name,
                test.null,
                test.form,
                test.statistic,
                test.df,
                test.p_value,
                test.distribution,
                test.note,
            )
            for test in tests
        ],
        columns=list(TEST_COLUMNS),
    )
