"""Several fits side by side, of this library or of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .errors import SpecificationError, enumerate_names
from .tables import (
    COEFFICIENTS,
    EFFECTS,
    STAR_NOTE,
    TIDY_COLUMNS,
    fixed_effects_of,
    html_notes,
    html_table,
    stars,
)

# Rows below the coefficients: label, and the names under which results of this library,
# linearmodels and statsmodels have the number.
STATISTICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Units", ("n_units", "entity_info.total")),
    ("Periods", ("n_periods", "time_info.total")),
    ("Observations", ("nobs",)),
    ("sigma2", ("sigma2",)),
    ("Log-likelihood", ("loglik", "llf")),
    ("AIC", ("aic",)),
    ("BIC", ("bic",)),
    ("R2", ("r2_within", "rsquared")),
)
COUNTS = frozenset({"Units", "Periods", "Observations"})
# Order in which kinds of rows appear.
QUANTITIES = ("coef", "rho", "lambda", *EFFECTS)
# What can be iterated over but is no collection of fits.
NOT_SEVERAL = (str, bytes, pd.DataFrame, pd.Series, np.ndarray)
# What sets the fits of other estimators of this library apart, by the name of their class.
FAMILIES = {
    "DynamicResults": "dynamic",
    "SpatialIVResults": "instrumented",
    "RandomEffectsResults": "random effects",
}
# What other libraries call the same: standard errors.
STANDARD_ERRORS = ("std_errors", "bse")


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Fits side by side.

    Attributes
    ----------
    params, std_errors, pvalues : DataFrame, index (quantity, term), columns the names of the fits
        NaN where a fit has no such parameter.
    statistics : DataFrame, index the statistic, columns the names of the fits
        NaN where a fit has no such statistic.
    dependents, models, fixed_effects, inferences : Series of str, index the names of the fits
        Dependent variable, model and estimator, fixed effects, and kind of the covariance; empty
        where a fit does not tell.
    stars : bool
        Whether tables mark p-values.
    """

    params: pd.DataFrame
    std_errors: pd.DataFrame
    pvalues: pd.DataFrame
    statistics: pd.DataFrame
    dependents: pd.Series[Any]
    models: pd.Series[Any]
    fixed_effects: pd.Series[Any]
    inferences: pd.Series[Any]
    stars: bool

    @property
    def names(self) -> list[str]:
        """Names of the fits."""
        return [str(name) for name in self.params.columns]

    @property
    def tstats(self) -> pd.DataFrame:
        """Estimate over standard error."""
        return self.params / self.std_errors

    def to_frame(self) -> pd.DataFrame:
        """All numbers; index (quantity, term, number), columns the names of the fits.

        ``number`` is estimate, std_error and p_value for parameters and value for statistics,
        whose quantity is statistic.
        """
        parts = []
        for number, table in (
            ("estimate", self.params),
            ("std_error", self.std_errors),
            ("p_value", self.pvalues),
        ):
            parts.append(pd.concat({number: table}, names=["number"]))
        together = pd.concat(parts).reorder_levels(["quantity", "term", "number"])
        order = [
            (*key, number)
            for key in self.params.index
            for number in ("estimate", "std_error", "p_value")
        ]
        below = self.statistics.set_axis(
            pd.MultiIndex.from_tuples(
                [("statistic", label, "value") for label in self.statistics.index],
                names=["quantity", "term", "number"],
            )
        )
        return pd.concat([together.loc[order], below])

    @property
    def summary(self) -> str:
        """The comparison as text."""
        return "\n\n".join([str(self._table().to_string()), *self._notes()])

    def __str__(self) -> str:
        return self.summary

    def __repr__(self) -> str:
        return f"<Comparison of {enumerate_names(self.names)}>"

    def _repr_html_(self) -> str:
        # A row without a header says nothing to those who listen to the table.
        table = self._table(error_label="(std. error)")
        return html_table(table, "Comparison of models") + html_notes(self._notes())

    def _table(self, error_label: str = "") -> pd.DataFrame:
        """Cells as text: estimates with the standard error in brackets below."""
        rows: dict[str, list[str]] = {
            "Dependent variable": list(self.dependents),
            "Model": list(self.models),
            "Fixed effects": list(self.fixed_effects),
            "Covariance": list(self.inferences),
        }
        labels, cells = list(rows), list(rows.values())
        for key in self.params.index:
            quantity, term = key
            labels += [f"{term} ({quantity})" if quantity in EFFECTS else str(term), error_label]
            cells += [
                [self._estimate(key, name) for name in self.params.columns],
                [self._std_error(key, name) for name in self.params.columns],
            ]
        for label in self.statistics.index:
            labels.append(str(label))
            cells.append([_statistic(label, value) for value in self.statistics.loc[label]])
        return pd.DataFrame(cells, index=pd.Index(labels), columns=self.names)

    def _estimate(self, key: Any, name: Any) -> str:
        value = self.params.loc[key, name]
        if pd.isna(value):
            return ""
        marks = stars(self.pvalues.loc[key, name]) if self.stars else ""
        return f"{value:.4f}{marks}"

    def _std_error(self, key: Any, name: Any) -> str:
        value = self.std_errors.loc[key, name]
        return "" if pd.isna(value) else f"({value:.4f})"

    def _notes(self) -> list[str]:
        notes = ["Standard errors in brackets."]
        if self.stars:
            notes.append(f"{STAR_NOTE}.")
        if self.models.nunique() > 1 and self.statistics.index.isin(["Log-likelihood"]).any():
            notes.append(
                "Log-likelihoods, AIC and BIC compare only between fits by one estimator with "
                "one set of effects on one sample."
            )
        return notes


def compare(
    results: Mapping[str, Any] | Iterable[Any], *, effects: bool = False, stars: bool = False
) -> Comparison:
    """Put fits side by side.

    Parameters
    ----------
    results : mapping of name to fit, or iterable of fits
        Fits of this library, or anything with ``tidy()`` of its columns, or with ``params``,
        ``std_errors`` (or ``bse``) and ``pvalues`` as linearmodels and statsmodels have them.
        Fits without a name are called (1), (2), …
    effects : bool
        Whether to add direct, indirect and total effects of the fits that have them.
    stars : bool
        Whether tables mark p-values below 0.1, 0.05 and 0.01.

    Returns
    -------
    Comparison

    Raises
    ------
    SpecificationError
        If there is nothing to compare, or something is no fit.
    """
    named = _name_fits(results)
    columns = {name: _read_parameters(name, fit, effects) for name, fit in named.items()}
    order = _order_rows(columns.values())

    def collect(number: str) -> pd.DataFrame:
        table = pd.DataFrame({name: held[number] for name, held in columns.items()})
        return table.reindex(order).astype(np.float64)

    statistics = pd.DataFrame(
        {
            name: [_find_statistic(fit, names) for _, names in STATISTICS]
            for name, fit in named.items()
        },
        index=pd.Index([label for label, _ in STATISTICS], name="statistic"),
        dtype=np.float64,
    )
    return Comparison(
        params=collect("estimate"),
        std_errors=collect("std_error"),
        pvalues=collect("p_value"),
        statistics=statistics.dropna(how="all"),
        dependents=_series({name: _dependent(fit) for name, fit in named.items()}),
        models=_series({name: _model(fit) for name, fit in named.items()}),
        fixed_effects=_series({name: _fixed_effects(fit) for name, fit in named.items()}),
        inferences=_series({name: _inference(fit) for name, fit in named.items()}),
        stars=stars,
    )


def _name_fits(results: Any) -> dict[str, Any]:
    is_fit = hasattr(results, "params") or callable(getattr(results, "tidy", None))
    if is_fit or isinstance(results, NOT_SEVERAL) or not isinstance(results, Iterable):
        raise SpecificationError(
            "compare takes a mapping of names to fits or a list of fits, got "
            f"{'one ' if is_fit else ''}{type(results).__name__}; write compare({{'A': fit, 'B': "
            "other}) or compare([fit, other])"
        )
    if not isinstance(results, Mapping):
        results = {f"({k})": fit for k, fit in enumerate(results, start=1)}
    if not results:
        raise SpecificationError("there is nothing to compare; give at least one fit")
    named = {str(name): fit for name, fit in results.items()}
    if len(named) < len(results):
        raise SpecificationError(
            f"some of the names {enumerate_names(results)} are the same as text; give each fit a "
            "name of its own"
        )
    return named


def _series(values: dict[str, str]) -> pd.Series[Any]:
    return pd.Series(values, dtype=object)


def _read_parameters(name: str, fit: Any, effects: bool) -> pd.DataFrame:
    """Columns estimate, std_error and p_value, index (quantity, term)."""
    tidy = _tidy(fit)
    if tidy is None:
        rows = _foreign_parameters(name, fit)
    else:
        rows = tidy[tidy["quantity"].isin([*COEFFICIENTS, *EFFECTS])]
        rows = rows.set_index(["quantity", "term"])
    if effects and callable(getattr(fit, "effects", None)) and not _at_boundary(fit):
        found = fit.effects().tidy()
        rows = pd.concat([rows, found.set_index(["quantity", "term"])])
    table = rows[["estimate", "std_error", "p_value"]]
    if not table.index.is_unique:
        repeated = table.index[table.index.duplicated()].unique()
        raise SpecificationError(f"{name} has several rows for {enumerate_names(repeated)}")
    return table


def _tidy(fit: Any) -> pd.DataFrame | None:
    """The fit's own table, if it has one with the columns of this library."""
    if not callable(getattr(fit, "tidy", None)):
        return None
    table = fit.tidy()
    known = isinstance(table, pd.DataFrame) and set(TIDY_COLUMNS) <= set(table.columns)
    return table if known else None


def _foreign_parameters(name: str, fit: Any) -> pd.DataFrame:
    errors = next((getattr(fit, a) for a in STANDARD_ERRORS if hasattr(fit, a)), None)
    params, p_values = getattr(fit, "params", None), getattr(fit, "pvalues", None)
    if any(not isinstance(values, pd.Series) for values in (params, errors, p_values)):
        raise SpecificationError(
            f"{name} is a {type(fit).__name__}, which has neither tidy() nor the Series params, "
            "std_errors (or bse) and pvalues; give the results of a fit"
        )
    assert isinstance(params, pd.Series)
    labels = pd.MultiIndex.from_tuples(
        [("coef", str(term)) for term in params.index], names=["quantity", "term"]
    )
    return pd.DataFrame(
        {
            "estimate": np.asarray(params, dtype=np.float64),
            "std_error": np.asarray(errors, dtype=np.float64),
            "p_value": np.asarray(p_values, dtype=np.float64),
        },
        index=labels,
    )


def _order_rows(columns: Iterable[pd.DataFrame]) -> pd.MultiIndex:
    """Rows by kind; within a kind as they first appear, effects together by regressor."""
    seen: dict[tuple[str, str], None] = {}
    for column in columns:
        seen.update(dict.fromkeys(column.index))
    places = {term: place for place, (_, term) in reversed(list(enumerate(seen)))}

    def rank(key: tuple[Any, ...]) -> tuple[int, int, int]:
        quantity, term = key
        kind = QUANTITIES.index(quantity)
        block = QUANTITIES.index(EFFECTS[0]) if quantity in EFFECTS else kind
        return block, places[term], kind

    return pd.MultiIndex.from_tuples(sorted(seen, key=rank), names=["quantity", "term"])


def _find_statistic(fit: Any, names: Iterable[str]) -> float:
    for name in names:
        value = fit
        for part in name.split("."):
            value = value.get(part) if isinstance(value, pd.Series) else getattr(value, part, None)
        if isinstance(value, int | float | np.number):
            return float(value)
    return float("nan")


def _at_boundary(fit: Any) -> bool:
    return bool(getattr(fit, "at_boundary", False))


def _dependent(fit: Any) -> str:
    tidy = _tidy(fit)
    if tidy is not None:
        return str(tidy["equation"].iloc[0])
    model = getattr(fit, "model", None)
    names = getattr(getattr(model, "dependent", None), "vars", None)
    if names:
        return str(names[0])
    return str(getattr(model, "endog_names", ""))


def _model(fit: Any) -> str:
    """Model and estimator, such as ``sdm, transform``; the class of fits of other libraries."""
    stated = getattr(fit, "specification", fit)
    model = getattr(stated, "model", None)
    # The model of other libraries is an object, not a name.
    if not isinstance(model, str):
        return str(getattr(fit, "name", "") or type(fit).__name__)
    estimator = getattr(stated, "estimator", None) or getattr(stated, "method", None)
    named = f"{FAMILIES.get(type(fit).__name__, '')} {model}".strip()
    return f"{named}, {estimator}" if isinstance(estimator, str) else named


def _fixed_effects(fit: Any) -> str:
    present = fixed_effects_of(fit)
    if present is None:
        return ""
    names = [name for name, there in zip(("unit", "time"), present, strict=True) if there]
    return " and ".join(names) or "none"


def _inference(fit: Any) -> str:
    tidy = _tidy(fit)
    if tidy is not None:
        return str(tidy["inference"].iloc[0])
    return str(getattr(fit, "cov_type", ""))


def _statistic(label: str, value: float) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.0f}" if label in COUNTS else f"{value:.4f}"
