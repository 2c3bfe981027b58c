"""Models read from estimates.csv alone, for tables of one's own by maketables.

The objects have maketables' plug-in hooks, so that `maketables.ETable(estimates_models(...))` makes
a table for LaTeX, Word or HTML, in any arrangement that ETable knows, from the numbers that the
study's own tables show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import Quantity, read_estimates
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.terms import covariance_name, inference_name
from yrb_carbon.study.base import Language, choices

COEFFICIENTS = (Quantity.COEF, Quantity.RHO, Quantity.LAMBDA)
EFFECTS = (Quantity.DIRECT, Quantity.INDIRECT, Quantity.TOTAL)
SELECTING = (
    "vcov", "inference", "equation", "spec", "sample", "weights", "outcome", "estimator",
)  # fmt: skip
"""Text columns in which all rows of one model of a table must agree."""

COLUMNS = {
    "b": "estimate",
    "se": "std_error",
    "t": "statistic",
    "p": "p_value",
    "ci95l": "ci_lower",
    "ci95u": "ci_upper",
}
"""maketables' names of what a cell can show, and the columns of estimates.csv behind them."""

COUNTS = {"N": "n_obs", "n_units": "n_units", "n_periods": "n_periods"}
FITS = {
    "ll": (Quantity.LOGLIK, ""),
    "aic": (Quantity.AIC, ""),
    "bic": (Quantity.BIC, ""),
    "r2_within": (Quantity.R2, "within"),
    "sigma2": (Quantity.SIGMA2, ""),
    "residual_ar1": (Quantity.RESIDUAL_AR1, ""),
}
TEXTS = {"estimator": "estimator", "weights": "weights", "sample": "sample"}
STAT_LABELS = {
    "N": message("Observations"),
    "n_units": message("Units"),
    "n_periods": message("Years"),
    "ll": message("Log-likelihood"),
    "aic": "AIC",
    "bic": "BIC",
    "r2_within": message("R2 (within)"),
    "sigma2": "sigma2",
    "residual_ar1": message("Residual AR(1)"),
    "se_type": message("Standard errors"),
    "estimator": message("Estimator"),
    "weights": message("Weights"),
    "sample": message("Sample"),
}
DEFAULT_STATS = ("N", "n_units", "n_periods", "ll", "aic", "r2_within", "se_type")


@dataclass(frozen=True, slots=True)
class EstimatesModel:
    """One model of estimates.csv, as maketables reads models.

    Attributes
    ----------
    table, name : str
        Names of its table and of itself there.
    outcome : str
        Name of the explained variable.
    quantity : str
        `coef`, or the effect whose rows these are.
    coefficients : DataFrame
        Index: terms (`lq`, `W.lq`, `rho`); columns b, se, t, p, ci95l, ci95u.
    stats : mapping
        N, n_units, n_periods, ll, aic, bic, r2_within, sigma2, residual_ar1, se_type, estimator,
        weights, sample, as far as the file has them.
    labels : mapping
        What terms and outcomes are called; names without a label are said with blanks in place of
        underlines, which maketables would hand to LaTeX as they are.
    fixed_effects : str or None
        Such as `unit+time`; estimates.csv does not hold them.
    language : {"en", "zh"}
        Of the names of the statistics.
    """

    table: str
    name: str
    outcome: str
    quantity: str
    coefficients: pd.DataFrame
    stats: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    fixed_effects: str | None = None
    language: Language = "en"

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return self.coefficients

    @property
    def __maketables_depvar__(self) -> str:
        return self.outcome

    @property
    def __maketables_fixef_string__(self) -> str | None:
        return self.fixed_effects

    @property
    def __maketables_var_labels__(self) -> dict[str, str]:
        return dict(self.labels)

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        return {"vcov_type": self.stats["se_type"], "clustervar": None}

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        words = Words(self.language)
        return {key: words(text) for key, text in STAT_LABELS.items()}

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in DEFAULT_STATS if key in self.stats]

    def __maketables_stat__(self, key: str) -> Any:
        return self.stats.get(key)


def estimates_models(
    estimates: str | Path | pd.DataFrame,
    table: str,
    models: Sequence[str] | None = None,
    *,
    effects: bool | Sequence[str] = False,
    labels: Mapping[str, str] | None = None,
    fixed_effects: str | Mapping[str, str] | None = None,
    language: Language = "en",
    **where: str,
) -> list[EstimatesModel]:
    """Models of one table of estimates.csv, for `maketables.ETable`.

    Parameters
    ----------
    estimates : path or DataFrame
        estimates.csv, or what `read_estimates` made of it.
    table : str
        Name of the table whose models these are, `T4`.
    models : sequence of str, optional
        Which, and in which order; all in the order of the file when None.
    effects : bool or sequence of str
        False: coefficients with rho and lambda, one object a model. True: direct, indirect and
        total effects, one object each. Or quantities by name, one object each.
    labels : mapping, optional
        Variable -> text; that of a lag `W.x` is made from that of `x`.
    fixed_effects : str or mapping, optional
        What ETable says of fixed effects, `unit+time`, for all or by model.
    language : {"en", "zh"}
        Of the names of the statistics below the coefficients.
    **where : str
        Values of vcov, inference, equation, spec, sample, weights, outcome or estimator: wanted
        where a model has rows of several. A model with a single covariance keeps it.

    Returns
    -------
    list of EstimatesModel

    Raises
    ------
    DataError
        If there is no such table, model or quantity, or if the rows of a model differ in more than
        their term; the message says in what, and which values there are.

    Examples
    --------
    >>> models = estimates_models("results/demo/estimates.csv", "T4", vcov="clustered")
    >>> maketables.ETable(models).make(type="tex")  # doctest: +SKIP
    """
    frame = estimates if isinstance(estimates, pd.DataFrame) else read_estimates(estimates)
    strange = [name for name in where if name not in SELECTING]
    if strange:
        raise DataError(f"models are not chosen by that ({choices(strange[0], SELECTING)})")
    rows = _among(frame, "table", [table], "table of estimates.csv")
    groups = _groups(effects)
    wanted = [quantity for group in groups for quantity in group]
    numbers = rows[rows["quantity"].isin(wanted)]
    if numbers.empty:
        has = listing(rows["quantity"].unique())
        raise DataError(f"table {table!r} has no rows of {listing(wanted)}; it has {has}")
    for column, value in where.items():
        _among(numbers, column, [value], f"{column} of table {table!r}")
    names = list(numbers["model"].unique()) if models is None else list(models)
    _among(numbers, "model", names, f"model of table {table!r}")
    made = []
    for name in names:
        of_model = rows[rows["model"] == name]
        for group in groups:
            own = numbers[(numbers["model"] == name) & numbers["quantity"].isin(group)]
            if len(own):
                chosen = _chosen(own, f"table {table!r}, model {name!r}", where)
                made.append(_model(chosen, of_model, labels or {}, fixed_effects, language))
    return made


def _groups(effects: bool | Sequence[str]) -> list[tuple[str, ...]]:
    """Quantities that go into one object each."""
    if effects is False:
        return [COEFFICIENTS]
    names = EFFECTS if effects is True else effects
    known = [quantity.value for quantity in Quantity]
    for name in names:
        if name not in known:
            raise DataError(f"unknown quantity ({choices(name, known)})")
    return [(name,) for name in names]


def _among(frame: pd.DataFrame, column: str, names: Sequence[str], what: str) -> pd.DataFrame:
    """Rows with these values in a column; each must be there."""
    known = list(frame[column].unique())
    for name in names:
        if name not in known:
            raise DataError(f"not a {what} ({choices(name, known)})")
    return frame[frame[column].isin(names)]


def _chosen(rows: pd.DataFrame, place: str, where: Mapping[str, str]) -> pd.DataFrame:
    """Rows that agree in all but their term."""
    for column, value in where.items():
        present = list(rows[column].unique())
        if value in present:
            rows = rows[rows[column] == value]
        elif column != "vcov" or len(present) > 1:
            raise DataError(f"{place}: no rows of that {column} ({choices(value, present)})")
    for column in SELECTING:
        present = list(rows[column].unique())
        if len(present) > 1:
            raise DataError(
                f"{place}: rows differ in {column} (got {listing(map(repr, present))}); choose by "
                f"{column}=..., such as {column}={present[0]!r}"
            )
    doubled = rows.loc[rows["term"].duplicated(), "term"].unique()
    if len(doubled):
        raise DataError(
            f"{place}: several rows of a term, as of tables by year: {listing(doubled)}"
        )
    return rows


def _model(
    rows: pd.DataFrame,
    of_model: pd.DataFrame,
    labels: Mapping[str, str],
    fixed_effects: str | Mapping[str, str] | None,
    language: Language,
) -> EstimatesModel:
    records = rows.to_dict("records")
    first = records[0]
    terms = [str(row["term"] or row["quantity"]) for row in records]
    table = rows[list(COLUMNS.values())].set_axis(list(COLUMNS), axis="columns")
    table.index = pd.Index(terms, name="Coefficient")
    table = table.iloc[sorted(range(len(terms)), key=lambda place: _rank(terms[place]))]
    plain = {name: name.replace("_", " ") for name in (*terms, str(first["outcome"]))}
    lags = {f"W.{name}": f"W x {text}" for name, text in labels.items()}
    own = (
        fixed_effects
        if isinstance(fixed_effects, str)
        else (fixed_effects or {}).get(first["model"])
    )
    is_coefficient = first["quantity"] in COEFFICIENTS
    return EstimatesModel(
        table=first["table"],
        name=first["model"],
        outcome=first["outcome"],
        quantity=Quantity.COEF.value if is_coefficient else first["quantity"],
        coefficients=table,
        stats=_stats(first, of_model, Words(language)),
        labels={**plain, **lags, **labels},
        fixed_effects=own,
        language=language,
    )


def _rank(term: str) -> tuple[bool, bool]:
    """Regressors, their lags, the spatial coefficients; within these the order of the file."""
    return term in (Quantity.RHO, Quantity.LAMBDA), term.startswith("W.")


def _stats(first: Mapping[Any, Any], of_model: pd.DataFrame, words: Words) -> dict[str, Any]:
    """Counts, fit and choices of a model; what the file does not have is left out."""
    found: dict[str, Any] = {
        key: int(first[column]) for key, column in COUNTS.items() if not pd.isna(first[column])
    }
    for key, (quantity, term) in FITS.items():
        rows = of_model[(of_model["quantity"] == quantity) & (of_model["term"] == term)]
        if len(rows):
            found[key] = float(rows["estimate"].iloc[0])
    found |= {key: first[column] for key, column in TEXTS.items() if first[column]}
    by_covariance = covariance_name(first["vcov"], words) if first["vcov"] else ""
    return {"se_type": by_covariance or inference_name(first["inference"], words), **found}
