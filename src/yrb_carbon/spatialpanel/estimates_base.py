"""What results with normal inference share: named estimates, intervals, tables of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from .effects_results import DEFAULT_LEVEL, normal_p_values, normal_quantile
from .tables import (
    TIDY_COLUMNS,
    MaketablesHooks,
    html_notes,
    html_pairs,
    html_table,
    text_pairs,
    text_table,
)
from .within import Array

# Parameters with a quantity of their own in tidy tables; all others are coefficients.
QUANTITIES = {"rho": "rho", "lambda": "lambda", "sigma2": "sigma2"}


def calc_residual_ar1(residuals: Array) -> float:
    """First-order autocorrelation within units, pooled: Σ e_it e_i,t-1 / Σ e²_i,t-1.

    Parameters
    ----------
    residuals : array, shape (T, N)

    Returns
    -------
    float, dimensionless. Removing unit means alone makes it about -1/(T-1) where the errors are
    independent.
    """
    return float((residuals[1:] * residuals[:-1]).sum() / (residuals[:-1] ** 2).sum())


class NormalEstimates(MaketablesHooks):
    """Estimates, covariance and normal inference by name.

    A result has the methods `_names`, `_values` and `_covariance`, and, for its tables,
    `_header`, `_notes` and `_equation`. Parameters behind those that the covariance covers have
    neither standard errors nor a place in ``cov``.
    """

    __slots__ = ()

    _quantities: ClassVar[Mapping[str, str]] = QUANTITIES

    if TYPE_CHECKING:

        def _names(self) -> list[str]: ...

        def _values(self) -> Array: ...

        def _covariance(self) -> Array: ...

        def _equation(self) -> str: ...

        def _header(self) -> list[tuple[str, str]]: ...

        def _notes(self) -> list[str]: ...

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by name."""
        return pd.Series(self._values(), index=self._names(), name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the estimates."""
        covariance = self._covariance()
        names = self._names()[: len(covariance)]
        return pd.DataFrame(covariance, index=names, columns=names)

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name; NaN where there are none."""
        variances = np.diag(self._covariance())
        errors = np.full(len(self._names()), np.nan)
        errors[: variances.size] = np.sqrt(variances)
        return pd.Series(errors, index=self._names(), name="std_error")

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimate over standard error, asymptotically standard normal under a zero."""
        return (self.params / self.std_errors).rename("tstat")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided normal p-values."""
        statistics: Array = np.asarray(self.tstats, dtype=np.float64)
        return pd.Series(normal_p_values(statistics), index=self._names(), name="pvalue")

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Normal confidence intervals, columns ``lower`` and ``upper``.

        Raises
        ------
        SpecificationError
            If the level is not in (0, 1).
        """
        half = normal_quantile(level) * self.std_errors
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    def table(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Parameters with their inference, index the names."""
        intervals = self.conf_int(level)
        return pd.DataFrame(
            {
                "estimate": self.params,
                "std_error": self.std_errors,
                "z": self.tstats,
                "p_value": self.pvalues,
                "ci_lower": intervals["lower"],
                "ci_upper": intervals["upper"],
            }
        ).rename_axis("parameter")

    def _tidy(
        self, level: float, inference: str, statistics: Sequence[tuple[str, str, float]]
    ) -> pd.DataFrame:
        """Parameters, then (quantity, term, value) without inference, with `TIDY_COLUMNS`."""
        names = self._names()
        parameters = self.table(level).rename(columns={"z": "statistic"}).reset_index(names="term")
        parameters["quantity"] = [self._quantities.get(name, "coef") for name in names]
        parameters["inference"] = inference
        others = pd.DataFrame(statistics, columns=["quantity", "term", "estimate"])
        others = others.reindex(columns=parameters.columns)
        others["inference"] = "none"
        numbers = ["std_error", "statistic", "p_value", "ci_lower", "ci_upper"]
        others[numbers] = others[numbers].astype(np.float64)
        table = pd.concat([parameters, others], ignore_index=True)
        table["equation"] = self._equation()
        return table[list(TIDY_COLUMNS)]

    def _as_text(self, *tables: str) -> str:
        """Header, parameters, further tables and notes."""
        parts = [text_pairs(self._header()), text_table(self.table()), *tables]
        return "\n\n".join([*parts, "\n".join(self._notes())])

    def _as_html(self, caption: str, tables: Sequence[tuple[pd.DataFrame, str]] = ()) -> str:
        """The same as HTML; tables with captions and header cells."""
        shown = [(self.table(), "Parameters"), *tables]
        body = "".join(html_table(table, title) for table, title in shown)
        return html_pairs(self._header(), caption) + body + html_notes(self._notes())
