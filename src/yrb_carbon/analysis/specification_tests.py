"""Specification tests as rows of estimates."""

from __future__ import annotations

from typing import Any

from yrb_carbon.estimates import Quantity
from yrb_carbon.spatialpanel.testing import SpecificationTest


def specification_row(
    test: SpecificationTest, equation: str = "outcome", form: str | None = None
) -> dict[str, Any]:
    """A specification test as a row of estimates without its key; term ``name|form|null``.

    Parameters
    ----------
    test : SpecificationTest
    equation : str
        Of the row, such as the fixed effects that the test supposes.
    form : str, optional
        In the place of the test's own.
    """
    shown = test.form if form is None else form
    if test.df_denominator is not None:
        shown = f"{shown}, {test.df_denominator:g} df in the denominator"
    return {
        "equation": equation,
        "quantity": Quantity.TEST.value,
        "term": "|".join((test.name, shown, test.null)),
        "df": float("nan") if test.df is None else float(test.df),
        "estimate": test.statistic,
        "statistic": test.statistic,
        "p_value": test.p_value,
        "inference": test.distribution,
    }
