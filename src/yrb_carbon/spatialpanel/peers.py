"""The same model fitted by an independent program, and the differences.

Programs: linearmodels for models without a spatial parameter, spreg for the others. Both treat
fixed effects as dummies, so a fit by another estimator is first repeated with
``estimator="direct"``. They are imported when called and needed by nothing else in the library.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from .errors import SpecificationError
from .model import ERROR_MODELS, LAG_MODELS, SpatialPanel
from .results import SpatialPanelResults
from .within import Array, SparseMatrix, stack

# Tolerance in ρ handed to the bounded search of spreg; its default, 1e-7, is seen in the sixth
# digit of the other coefficients.
SPREG_EPSILON = 1e-12
# The stacked weights of a model without unit effects have NT rows; spreg then needs minutes.
STACKED_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class PeerEstimate:
    """Estimates of another program.

    Attributes
    ----------
    program : str
        Name, version and function.
    values : mapping of (quantity, term) to float
    """

    program: str
    values: dict[tuple[str, str], float]


def compare_with_peer(results: SpatialPanelResults) -> pd.DataFrame:
    """Differences between a fit and the same fit by an independent program.

    Parameters
    ----------
    results : SpatialPanelResults
        By any estimator; one that is not ``direct`` is fitted again with ``direct``.

    Returns
    -------
    DataFrame with columns quantity (coef, rho, lambda, sigma2, loglik), term, ours,
    peer, abs_difference, rel_difference (relative to the larger of |peer| and 1e-12), program,
    estimator (the one compared) and fitted_by (the one of ``results``).

    Raises
    ------
    SpecificationError
        If no program has the model by maximum likelihood (sac, gns), or the panel is too large for
        the one that has.
    ImportError
        If the program is not installed.
    """
    specification = results.specification
    if len(specification.spatial_names) == 2:
        raise SpecificationError(
            f"no independent program here fits {specification.model} panels by maximum likelihood; "
            "compare the sar, sdm, sem or sdem of the same data"
        )
    ours = refit_direct(results)
    if not specification.spatial_names:
        peer = fit_by_linearmodels(ours)
    elif specification.scheme.entity_effects:
        peer = fit_by_spreg_panel(ours)
    else:
        peer = fit_by_spreg_stacked(ours)
    own_values = _own_values(ours)
    table = pd.DataFrame(
        [
            (quantity, term, own_values[quantity, term], value)
            for (quantity, term), value in peer.values.items()
        ],
        columns=["quantity", "term", "ours", "peer"],
    )
    table["abs_difference"] = (table["ours"] - table["peer"]).abs()
    table["rel_difference"] = table["abs_difference"] / table["peer"].abs().clip(lower=1e-12)
    table["program"] = peer.program
    table["estimator"] = "direct"
    table["fitted_by"] = specification.estimator
    return table


def refit_direct(results: SpatialPanelResults) -> SpatialPanelResults:
    """The same model and data with fixed effects as dummies."""
    if results.specification.estimator == "direct":
        return results
    return SpatialPanel.from_results(results).fit(estimator="direct")


def fit_by_linearmodels(results: SpatialPanelResults) -> PeerEstimate:
    """Coefficients and log-likelihood by ``linearmodels.PanelOLS``."""
    from linearmodels.panel import PanelOLS

    arrays, scheme = results.arrays, results.specification.scheme
    index = pd.MultiIndex.from_product(
        [range(arrays.n_periods), range(arrays.n_units)], names=["period", "unit"]
    ).swaplevel()
    fitted = PanelOLS(
        pd.Series(arrays.y.ravel(), index, name="y"),
        pd.DataFrame(stack(arrays.z), index, columns=list(arrays.names)),
        entity_effects=scheme.entity_effects,
        time_effects=scheme.time_effects,
    ).fit()
    values = {("coef", name): float(fitted.params[name]) for name in arrays.names}
    values["loglik", "loglik"] = float(fitted.loglik)
    return PeerEstimate(f"linearmodels {metadata.version('linearmodels')} PanelOLS", values)


def fit_by_spreg_panel(results: SpatialPanelResults) -> PeerEstimate:
    """Estimates by ``spreg.ML_LagFE`` or ``spreg.ML_ErrorFE``.

    Period effects are asked for where the installed version has them (1.9.1 and later), and are
    dummies among the regressors, T-1 of them, where it has unit effects only.
    """
    import spreg

    arrays, scheme = results.arrays, results.specification.scheme
    estimator = spreg.ML_LagFE if results.specification.model in LAG_MODELS else spreg.ML_ErrorFE
    regressors = stack(arrays.z)
    options: dict[str, Any] = {"epsilon": SPREG_EPSILON}
    described = "unit effects"
    if scheme.time_effects:
        if "time_effects" in inspect.signature(estimator.__init__).parameters:
            options["time_effects"] = True
            described = "unit and time effects"
        else:
            regressors = np.hstack([regressors, _period_dummies(*arrays.y.shape)])
            described = f"unit effects, {arrays.n_periods - 1} period dummies"
    with _silence():
        fitted = estimator(
            arrays.y.reshape(-1, 1), regressors, _pysal_weights(_weights_of(results)), **options
        )
    coefficients = np.asarray(fitted.betas, dtype=np.float64).ravel()
    return PeerEstimate(
        f"spreg {metadata.version('spreg')} {estimator.__name__} ({described})",
        _spreg_values(results, fitted, coefficients[: len(arrays.names)]),
    )


def fit_by_spreg_stacked(results: SpatialPanelResults) -> PeerEstimate:
    """Estimates by the cross-section routines of spreg on the stack, weights I_T ⊗ W.

    Serves models without unit effects; period effects are dummies.
    """
    import spreg

    arrays, scheme = results.arrays, results.specification.scheme
    if results.nobs > STACKED_LIMIT:
        raise SpecificationError(
            f"without unit effects spreg works on the stacked weights; {results.nobs} rows exceed "
            f"{STACKED_LIMIT}"
        )
    estimator = spreg.ML_Lag if results.specification.model in LAG_MODELS else spreg.ML_Error
    intercepts = np.flatnonzero(np.ptp(stack(arrays.z), axis=0) == 0.0)
    regressors = np.delete(stack(arrays.z), intercepts, axis=1)
    described = "stacked"
    if scheme.time_effects:
        regressors = np.hstack([regressors, _period_dummies(*arrays.y.shape)])
        described = f"stacked, {arrays.n_periods - 1} period dummies"
    stacked = sparse.csr_array(
        sparse.kron(sparse.eye_array(arrays.n_periods), _weights_of(results))
    )
    with _silence():
        fitted = estimator(
            arrays.y.reshape(-1, 1),
            regressors,
            _pysal_weights(stacked),
            method="LU",
            epsilon=SPREG_EPSILON,
        )
    ordered = np.asarray(fitted.betas, dtype=np.float64).ravel()
    positions = iter(range(1, 1 + len(arrays.names) - intercepts.size))
    coefficients = np.array(
        [ordered[0 if k in intercepts else next(positions)] for k in range(len(arrays.names))]
    )
    return PeerEstimate(
        f"spreg {metadata.version('spreg')} {estimator.__name__} ({described})",
        _spreg_values(results, fitted, coefficients),
    )


def _spreg_values(
    results: SpatialPanelResults, fitted: Any, coefficients: Array
) -> dict[tuple[str, str], float]:
    spatial = "lambda" if results.specification.model in ERROR_MODELS else "rho"
    estimate = fitted.lam if spatial == "lambda" else fitted.rho
    values = {
        ("coef", name): float(value)
        for name, value in zip(results.arrays.names, coefficients, strict=True)
    }
    values[spatial, spatial] = float(np.ravel(estimate)[0])
    values["sigma2", "sigma2"] = float(np.ravel(fitted.sig2)[0])
    values["loglik", "loglik"] = float(np.ravel(fitted.logll)[0])
    return values


def _own_values(results: SpatialPanelResults) -> dict[tuple[str, str], float]:
    table = results.tidy()
    return {
        (quantity, term): float(estimate)
        for quantity, term, estimate in zip(
            table["quantity"], table["term"], table["estimate"], strict=True
        )
    }


def _period_dummies(n_periods: int, n_units: int) -> Array:
    """Dummies of all periods but the first, shape (T·N, T-1), time-major."""
    dummies = np.kron(np.eye(n_periods)[:, 1:], np.ones((n_units, 1)))
    return np.asarray(dummies, dtype=np.float64)


def _weights_of(results: SpatialPanelResults) -> SparseMatrix:
    """Weights of the model's spatial parameter: those of the error may be its own."""
    arrays = results.arrays
    if results.specification.model in ERROR_MODELS and arrays.error_weights is not None:
        return arrays.error_weights
    return arrays.weights


def _pysal_weights(weights: Any) -> Any:
    from libpysal.weights import WSP

    return WSP(sparse.csr_matrix(weights)).to_W(silence_warnings=True)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """spreg prints notes on the layout of its input and warns about its own dependencies."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
