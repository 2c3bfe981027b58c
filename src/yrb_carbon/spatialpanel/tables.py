"""How results are shown: text, accessible HTML, and the hooks that maketables looks for.

maketables finds a result by its ``__maketables_*__`` attributes and renders it to LaTeX, Word,
HTML and Typst; nothing of it is imported here.
"""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

TIDY_COLUMNS = (
    "equation",
    "quantity",
    "term",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "ci_lower",
    "ci_upper",
    "inference",
)
# Quantities of tidy tables that are coefficients, and those that are effects.
COEFFICIENTS = ("coef", "rho", "lambda")
EFFECTS = ("direct", "indirect", "total")
# p-values below which a number has one, two, three stars.
STAR_LEVELS = (0.1, 0.05, 0.01)
SMALLEST_P_VALUE = 0.0001
STAR_NOTE = "* p < 0.1, ** p < 0.05, *** p < 0.01"

# Statistics offered to maketables: attribute and label by key.
STATISTICS: Mapping[str, tuple[str, str]] = {
    "N": ("nobs", "Observations"),
    "units": ("n_units", "Units"),
    "periods": ("n_periods", "Periods"),
    "sigma2": ("sigma2", "sigma2"),
    "loglik": ("loglik", "Log-likelihood"),
    "aic": ("aic", "AIC"),
    "bic": ("bic", "BIC"),
    "r2": ("r2_within", "R2 within"),
    "r2_corr": ("r2_corr", "R2 correlation"),
    "residual_ar1": ("residual_ar1", "Residual AR(1)"),
}
DEFAULT_STATISTICS = ("N", "units", "periods", "loglik", "aic", "r2")


def format_number(value: Any) -> str:
    """Six significant digits; empty for what does not exist."""
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else f"{value:.6g}"


def format_p_value(value: float) -> str:
    """Four decimals; very small ones as below the smallest that these show."""
    if pd.isna(value):
        return ""
    return f"{value:.4f}" if value >= SMALLEST_P_VALUE else f"<{SMALLEST_P_VALUE:.4f}"


def stars(p_value: float) -> str:
    """One star for every level of `STAR_LEVELS` that the p-value is below."""
    return "*" * sum(p_value < level for level in STAR_LEVELS)


def with_stars(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a nameless column of stars behind its ``p_value``."""
    starred = table.copy()
    place = int(starred.columns.get_indexer(pd.Index(["p_value"]))[0]) + 1
    starred.insert(place, "", [stars(value) for value in table["p_value"]])
    return starred


def text_table(table: pd.DataFrame) -> str:
    """A table as text, numbers to six digits, p-values to four decimals."""
    formatters: Any = {"p_value": format_p_value} if "p_value" in table.columns else None
    return str(table.to_string(float_format=format_number, formatters=formatters, na_rep=""))


def text_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """Labels and values in two columns."""
    width = max(len(label) for label, _ in pairs) + 2
    return "\n".join(f"{label:<{width}}{value}" for label, value in pairs)


def html_table(table: pd.DataFrame, caption: str) -> str:
    """A table with a caption and with row and column headers that screen readers announce."""
    n_levels = table.index.nlevels
    corner = "".join(
        f'<th scope="col">{_escape(name or "term")}</th>' for name in table.index.names
    )
    columns = "".join(f'<th scope="col">{_escape(name)}</th>' for name in table.columns)
    rows = []
    for key, values in zip(table.index, table.itertuples(index=False), strict=True):
        labels = key if n_levels > 1 else (key,)
        heads = "".join(f'<th scope="row">{_escape(label)}</th>' for label in labels)
        shown = [
            format_p_value(value) if name == "p_value" else format_number(value)
            for name, value in zip(table.columns, values, strict=True)
        ]
        cells = "".join(f"<td>{_escape(value)}</td>" for value in shown)
        rows.append(f"<tr>{heads}{cells}</tr>")
    return (
        f"<table><caption>{_escape(caption)}</caption>"
        f"<thead><tr>{corner}{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def html_pairs(pairs: Sequence[tuple[str, str]], caption: str) -> str:
    """Labels and values as a table of two columns, the labels as row headers."""
    rows = "".join(
        f'<tr><th scope="row">{_escape(label)}</th><td>{_escape(value)}</td></tr>'
        for label, value in pairs
    )
    return f"<table><caption>{_escape(caption)}</caption><tbody>{rows}</tbody></table>"


def html_notes(notes: Sequence[str]) -> str:
    """Notes as a list."""
    return f"<ul>{''.join(f'<li>{_escape(note)}</li>' for note in notes)}</ul>"


def _escape(value: Hashable | str) -> str:
    return html.escape(str(value))


class MaketablesHooks:
    """Attributes by which maketables reads a result; they rest on ``tidy()``.

    Coefficients, ρ and λ are rows, σ² is a statistic; effects are rows named ``x (direct)``.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def tidy(self, level: float = 0.95) -> pd.DataFrame:
            """One number a row, with columns `TIDY_COLUMNS`."""
            return pd.DataFrame(columns=list(TIDY_COLUMNS))

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Columns b, se, t, p, ci95l, ci95u, index the terms."""
        tidy = self.tidy()
        is_effect = tidy["quantity"].isin(EFFECTS)
        rows = tidy[is_effect | tidy["quantity"].isin(COEFFICIENTS)]
        terms = [
            f"{term} ({quantity})" if quantity in EFFECTS else str(term)
            for term, quantity in zip(rows["term"], rows["quantity"], strict=True)
        ]
        return pd.DataFrame(
            {
                "b": rows["estimate"].to_numpy(dtype=np.float64),
                "se": rows["std_error"].to_numpy(dtype=np.float64),
                "t": rows["statistic"].to_numpy(dtype=np.float64),
                "p": rows["p_value"].to_numpy(dtype=np.float64),
                "ci95l": rows["ci_lower"].to_numpy(dtype=np.float64),
                "ci95u": rows["ci_upper"].to_numpy(dtype=np.float64),
            },
            index=pd.Index(terms, name="Coefficient"),
        )

    def __maketables_stat__(self, key: str) -> Any:
        """A statistic of `STATISTICS`, or ``se_type``; None where the result has none."""
        if key == "se_type":
            return self.__maketables_vcov_info__["vcov_type"]
        attribute = STATISTICS[key][0] if key in STATISTICS else key
        value = getattr(self, attribute, None)
        return value() if callable(value) else value

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        """Labels of the statistics."""
        return {key: label for key, (_, label) in STATISTICS.items()}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """Statistics shown unless others are asked for: those that the result has."""
        return [key for key in DEFAULT_STATISTICS if hasattr(self, STATISTICS[key][0])]

    @property
    def __maketables_depvar__(self) -> str:
        """Name of the dependent variable."""
        return str(self.tidy()["equation"].iloc[0])

    @property
    def __maketables_fixef_string__(self) -> str | None:
        """Names of the index levels that have fixed effects, joined by a plus."""
        present = fixed_effects_of(self)
        if present is None:
            return None
        names = _level_names(self)
        return "+".join(name for name, there in zip(names, present, strict=True) if there) or None

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Kind of the covariance."""
        inference = self.tidy()["inference"].iloc[0]
        return {"vcov_type": str(inference), "clustervar": None}


def fixed_effects_of(results: Any) -> tuple[bool, bool] | None:
    """Whether a fit of this library has unit and time effects; None if it does not tell."""
    # Estimators by moments keep them with what they suppose of the errors.
    stated = getattr(results, "specification", getattr(results, "dependence", None))
    scheme: Any = getattr(stated, "scheme", stated)
    if not (hasattr(scheme, "entity_effects") and hasattr(scheme, "time_effects")):
        return None
    return bool(scheme.entity_effects), bool(scheme.time_effects)


def _level_names(results: Any) -> list[str]:
    names = results.arrays.index.names
    return [
        default if name is None else str(name)
        for name, default in zip(names, ("unit", "time"), strict=True)
    ]
