"""The summary of a fit: what was fitted, parameters, effects, and what the numbers rest on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .covariance import ASSUMPTIONS
from .tables import (
    STAR_NOTE,
    html_notes,
    html_pairs,
    html_table,
    text_pairs,
    text_table,
    with_stars,
)
from .within import SparseMatrix

if TYPE_CHECKING:
    from .results import SpatialPanelResults

MODEL_NAMES = {
    "ols": "linear, no spatial terms",
    "slx": "spatially lagged regressors",
    "sar": "spatial autoregressive (lag)",
    "sem": "spatial error",
    "sdm": "spatial Durbin",
    "sdem": "spatial Durbin error",
    "sac": "spatial lag and spatial error",
    "gns": "general nesting spatial",
}
ESTIMATOR_NAMES = {
    "transform": "quasi maximum likelihood of the transformed data (Lee and Yu 2010)",
    "direct": "maximum likelihood, effects as dummies; rho and sigma2 are biased",
    "direct_bc": "maximum likelihood, effects as dummies, bias corrected (Lee and Yu 2010)",
}
LOGDET_NAMES = {
    "eigen": "exact, from eigenvalues",
    "sparse": "exact, from sparse factorisations",
    "trace": "estimated by random probes",
}


def summarise_as_text(
    results: SpatialPanelResults, *, level: float, effects: bool, stars: bool
) -> str:
    """The fit as text.

    Parameters
    ----------
    results : SpatialPanelResults
    level : float
        Of the confidence intervals.
    effects : bool
        Whether to show direct, indirect and total effects.
    stars : bool
        Whether to mark p-values by stars.

    Returns
    -------
    str
    """
    parts = [text_pairs(header(results)), text_table(_starred(results.table(level), stars))]
    if effects and not results.at_boundary:
        found = _starred(results.effects().table(level), stars)
        parts.append(f"Effects\n{text_table(found)}")
    return "\n\n".join([*parts, "\n".join(notes(results, level=level, stars=stars))])


def summarise_as_html(
    results: SpatialPanelResults, *, level: float, effects: bool, stars: bool
) -> str:
    """The fit as HTML tables with captions and header cells; parameters as for text."""
    dependent = results.arrays.dependent
    parts = [
        html_pairs(header(results), f"Spatial panel model of {dependent}"),
        html_table(_starred(results.table(level), stars), "Parameters"),
    ]
    if effects and not results.at_boundary:
        found = _starred(results.effects().table(level), stars)
        parts.append(html_table(found, f"Effects on {dependent}"))
    return "".join([*parts, html_notes(notes(results, level=level, stars=stars))])


def header(results: SpatialPanelResults) -> list[tuple[str, str]]:
    """Labels and values of what was fitted, to which data and how well."""
    specification, arrays = results.specification, results.arrays
    scheme = specification.scheme
    effects = [
        name
        for name, present in (("unit", scheme.entity_effects), ("time", scheme.time_effects))
        if present
    ]
    model = specification.model
    rows = [
        ("Dependent variable", arrays.dependent),
        ("Model", f"{model.upper()}: {MODEL_NAMES[model]}"),
        ("Estimator", f"{specification.estimator}: {ESTIMATOR_NAMES[specification.estimator]}"),
        ("Fixed effects", " and ".join(effects) or "none"),
        ("Observations", f"{results.nobs} ({results.n_units} units x {results.n_periods} periods)"),
        ("In the likelihood", str(results.n_effective)),
        ("Weights", describe_weights(arrays.weights)),
    ]
    if arrays.error_weights is not None:
        rows.append(("Weights of the error", describe_weights(arrays.error_weights)))
    rows += _numerics(results)
    return [
        *rows,
        ("Log-likelihood", f"{results.loglik:.4f}"),
        ("AIC, BIC", f"{results.aic:.3f}, {results.bic:.3f}"),
        ("R2 within", f"{results.r2_within:.4f}"),
        ("R2 correlation", f"{results.r2_corr:.4f}"),
    ]


def describe_weights(weights: SparseMatrix) -> str:
    """Units, links and row sums in words."""
    sums = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    n_units = weights.shape[0]
    stated = (
        f"all rows sum to {sums[0]:.6g}"
        if np.allclose(sums, sums[0], rtol=1e-9, atol=0.0)
        else f"rows sum to {sums.min():.4g} to {sums.max():.4g}"
    )
    return f"{n_units} units, {weights.nnz} links ({weights.nnz / n_units:.1f} a unit), {stated}"


def notes(results: SpatialPanelResults, *, level: float, stars: bool) -> list[str]:
    """What the numbers of the tables rest on."""
    if results.at_boundary:
        return [
            "The likelihood peaks at or beyond the edge of the admissible interval: "
            "no standard errors, no effects."
        ]
    specification = results.specification
    stated = [
        f"Normal inference, {100 * level:.4g} % intervals. Covariance {specification.cov_type}: "
        f"{ASSUMPTIONS[specification.cov_type]}.",
        f"Residual AR(1) within units: {results.residual_ar1():.3f}{_independent(results)}.",
    ]
    if "rho" in specification.spatial_names or specification.model in {"slx", "sdem"}:
        stated.append(
            "Coefficients are not marginal effects; those are the direct, indirect and total ones."
        )
    if stars:
        stated.append(f"{STAR_NOTE}.")
    if results.estimate.other_modes:
        peaks = "; ".join(_describe_mode(row) for _, row in results.modes.iterrows())
        stated.append(f"The likelihood has {len(results.modes)} local maxima: {peaks}.")
    return stated


def _independent(results: SpatialPanelResults) -> str:
    """What independent errors give once unit means are removed: -1/(T - 1)."""
    if not results.specification.scheme.entity_effects:
        return ""
    return f" (independent errors give about {-1.0 / (results.n_periods - 1):.3f})"


def _numerics(results: SpatialPanelResults) -> list[tuple[str, str]]:
    return [
        (f"Log-determinant ({name})", _describe_logdet(row))
        for name, row in results.numerics.to_dict("index").items()
    ]


def _describe_logdet(numerics: Mapping[Hashable, Any]) -> str:
    stated = LOGDET_NAMES[numerics["method"]]
    if numerics["method"] == "trace":
        stated += (
            f", its error {numerics['loglik_error']:.2g} in ln L and "
            f"{numerics['parameter_error']:.2g} in the parameter"
        )
    if numerics["std_error_error"] > 0.0:
        stated += f", standard error good to {100.0 * numerics['std_error_error']:.2g} %"
    return f"{stated}; admissible ({numerics['lower']:.4g}, {numerics['upper']:.4g})"


def _describe_mode(row: pd.Series[float]) -> str:
    values = [f"{name} = {row[name]:.4f}" for name in ("rho", "lambda") if not np.isnan(row[name])]
    return f"{', '.join(values)} with ln L {row['loglik']:.3f}"


def _starred(table: pd.DataFrame, stars: bool) -> pd.DataFrame:
    return with_stars(table) if stars else table
