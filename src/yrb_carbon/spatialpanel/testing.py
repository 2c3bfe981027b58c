"""What every specification test returns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

TEST_COLUMNS = (
    "test",
    "null",
    "form",
    "statistic",
    "df",
    "df_denominator",
    "p_value",
    "distribution",
    "note",
)


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
        Degrees of freedom, of the numerator for F; None for a normal statistic.
    p_value : float
        Two-sided where the statistic has two sides.
    distribution : {"chi2", "normal", "F", "permutation", "bootstrap"}
        Under the null.
    form : str
        Variant, such as ``centred`` or ``plain``; empty where there is one form only.
    note : str
        What the reader must know of its size or its use; empty if nothing.
    df_denominator : float or None
        Degrees of freedom of the denominator, for F only.
    """

    name: str
    null: str
    statistic: float
    df: float | None
    p_value: float
    distribution: str
    form: str = ""
    note: str = ""
    df_denominator: float | None = None

    def __str__(self) -> str:
        variant = f" ({self.form})" if self.form else ""
        given = [df for df in (self.df, self.df_denominator) if df is not None]
        freedom = f"({', '.join(f'{df:g}' for df in given)})" if given else ""
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


def f_test(
    name: str,
    null: str,
    statistic: float,
    df: int,
    df_denominator: int,
    *,
    form: str = "",
    note: str = "",
) -> SpecificationTest:
    """A test whose statistic is F(df, df_denominator) under the null."""
    from scipy import special

    return SpecificationTest(
        name=name,
        null=null,
        statistic=statistic,
        df=df,
        p_value=float(special.fdtrc(df, df_denominator, statistic)),
        distribution="F",
        form=form,
        note=note,
        df_denominator=df_denominator,
    )


def row_of_test(test: SpecificationTest) -> tuple[object, ...]:
    """One test in the order of `TEST_COLUMNS`."""
    return (
        test.name,
        test.null,
        test.form,
        test.statistic,
        test.df,
        test.df_denominator,
        test.p_value,
        test.distribution,
        test.note,
    )


def frame_of_tests(tests: Iterable[SpecificationTest]) -> pd.DataFrame:
    """One test a row, columns `TEST_COLUMNS`; no degrees of freedom are NaN."""
    table = pd.DataFrame([row_of_test(test) for test in tests], columns=list(TEST_COLUMNS))
    return table.astype({"df": "float64", "df_denominator": "float64"})
