"""Bring weights to a common scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from yrb_carbon.errors import WeightsError

FloatArray = npt.NDArray[np.float64]


def standardise_rows(weights: FloatArray) -> FloatArray:
    """Divide each row by its sum.

    w*_ij = w_ij / Σ_j w_ij;  rows of zeros stay zero.

    Parameters
    ----------
    weights : ndarray, (n, n)
        Non-negative weights.

    Returns
    -------
    ndarray, (n, n), rows sum to 1.
    """
    sums = weights.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    return shares


def calc_spectral_radius(weights: FloatArray) -> float:
    """Largest modulus of an eigenvalue, |λ_max|."""
    if np.array_equal(weights, weights.T):
        return float(np.abs(np.linalg.eigvalsh(weights)).max())
    return float(np.abs(np.linalg.eigvals(weights)).max())


def calc_minmax_norm(weights: FloatArray) -> float:
    """Smaller one of the largest row sum and the largest column sum.

    τ = min(max_i Σ_j w_ij, max_j Σ_i w_ij);  an upper bound of the spectral radius of
    non-negative weights (Kelejian & Prucha 2010, J. Econometrics 157:53-67).
    """
    return float(min(weights.sum(axis=1).max(), weights.sum(axis=0).max()))


def standardise(weights: FloatArray, how: str) -> tuple[FloatArray, float | None]:
    """Standardise weights.

    row: w_ij/Σ_j w_ij;  spectral: W/|λ_max|;  minmax: W/τ of `calc_minmax_norm`;  none: W.

    Parameters
    ----------
    weights : ndarray, (n, n)
    how : {"row", "spectral", "minmax", "none"}

    Returns
    -------
    weights : ndarray, (n, n)
    scale : float or None
        The one number that the matrix was divided by; None for `row`.

    Raises
    ------
    WeightsError
        If the name is unknown, or the matrix has no link.
    """
    if how not in ("row", "spectral", "minmax", "none"):
        raise WeightsError(f"unknown standardisation {how!r}: use row, spectral, minmax or none")
    if not np.any(weights):
        raise WeightsError("a matrix without a single link cannot be standardised")
    if how == "row":
        return standardise_rows(weights), None
    if how == "none":
        return weights.copy(), 1.0
    scale = calc_spectral_radius(weights) if how == "spectral" else calc_minmax_norm(weights)
    return weights / scale, scale
