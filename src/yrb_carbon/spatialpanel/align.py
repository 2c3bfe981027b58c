"""Panel data and weights joined by identifier, checked, and stacked in one canonical order.

Units and periods are sorted before any number is computed, so the results do not depend, to the
last bit, on the order of rows or on the order of units in the weights.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from scipy import linalg, sparse

from .errors import (
    AbsorbedRegressorError,
    CollinearRegressorError,
    IslandError,
    MissingValueError,
    NegativeWeightsError,
    PanelIndexError,
    PanelSizeError,
    PeriodGapError,
    SpecificationError,
    UnbalancedPanelError,
    WeightsAlignmentError,
    WeightsDiagonalError,
    WeightsError,
    enumerate_names,
)
from .within import Array, SparseMatrix, spatial_lag, stack, triangular_factor

INTERCEPT = "const"
LAG_PREFIX = "W."
# Removing means leaves rounding of about 1e-16 of a variable's size; anything as small as this
# share of it is rounding, not variation.
ABSORBED_TOLERANCE = 1e-12
# With columns of unit length a pivot this small leaves eight digits of a coefficient at most.
COLLINEAR_TOLERANCE = 1e-8


@runtime_checkable
class Weights(Protocol):
    """Spatial weights with identifiers, such as `libpysal.graph.Graph`."""

    @property
    def unique_ids(self) -> Any:
        """Identifiers in the order of the rows of ``sparse``."""

    @property
    def sparse(self) -> Any:
        """Weights, shape (N, N); row i weighs the neighbours of unit i."""


@dataclass(frozen=True, slots=True)
class PanelArrays:
    """A balanced panel stacked by period: axis 0 periods, axis 1 units, axis 2 regressors.

    Attributes
    ----------
    y : array, shape (T, N)
        Dependent variable.
    lagged_y : array, shape (T, N)
        Wy.
    z : array, shape (T, N, P)
        Intercept (where there is one), regressors, spatially lagged regressors.
    weights : sparse array, shape (N, N)
        W, of the lags of y and X.
    error_weights : sparse array, shape (N, N), or None
        M, of the error; None where it is W.
    names : tuple of str, length P
        Names of the columns of z.
    dependent : str
    variables : tuple of str, length K
        Regressors that have effects: all but an intercept.
    beta_positions, theta_positions : tuple of int, length K
        Columns of z that hold a variable and its lag; -1 for no lag.
    units, periods : Index
        Sorted.
    index : MultiIndex
        Of the dependent variable as given.
    positions : array of int, shape (T·N,)
        Place in the time-major stack of every row of ``index``.
    """

    y: Array
    lagged_y: Array
    z: Array
    weights: SparseMatrix
    error_weights: SparseMatrix | None
    names: tuple[str, ...]
    dependent: str
    variables: tuple[str, ...]
    beta_positions: tuple[int, ...]
    theta_positions: tuple[int, ...]
    units: pd.Index
    periods: pd.Index
    index: pd.MultiIndex
    positions: np.ndarray[Any, np.dtype[np.intp]]

    @property
    def n_units(self) -> int:
        """N."""
        return int(self.y.shape[1])

    @property
    def n_periods(self) -> int:
        """T."""
        return int(self.y.shape[0])


def align_panel(
    dependent: pd.Series[Any],
    exog: pd.DataFrame,
    weights: Weights | tuple[Sequence[Any], Any],
    *,
    durbin: Sequence[str] | None,
    lag_regressors: bool,
    intercept: bool,
    error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
) -> PanelArrays:
    """Join, check and stack a panel and its weights.

    Parameters
    ----------
    dependent : Series, index (unit, year)
    exog : DataFrame, index (unit, year)
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, matrix)
    durbin : sequence of str, optional
        Regressors whose spatial lag is added; default all but an intercept.
    lag_regressors : bool
        Whether the model has spatially lagged regressors at all.
    intercept : bool
        Add a column of ones unless one regressor is constant already.
    error_weights : as ``weights``, optional
        Of the spatial error; default the same.

    Returns
    -------
    PanelArrays

    Raises
    ------
    PanelIndexError, UnbalancedPanelError, MissingValueError, PanelSizeError, SpecificationError
        What is wrong with the panel, with the unit-years or columns concerned.
    WeightsError
        Or one of its subclasses: what is wrong with the weights, with the units concerned.
    """
    dependent_name, exog = _check_names(dependent, exog)
    index, units, periods = read_balanced_index(dependent.index, "dependent")
    exog_index = _check_index(exog.index, "exog")
    _check_same_rows(index, exog_index)
    if len(units) < 2 or len(periods) < 2:
        raise PanelSizeError(
            f"a panel needs at least 2 units and 2 periods, got {len(units)} units and "
            f"{len(periods)} periods"
        )
    matrix = align_weights(weights, units, index)
    shape = (len(periods), len(units))
    positions = _stack_positions(index, units, periods)
    y = np.empty(shape[0] * shape[1])
    y[positions] = _finite_values(dependent.to_frame(dependent_name), "dependent")[:, 0]
    x = np.empty((shape[0] * shape[1], exog.shape[1]))
    x[_stack_positions(exog_index, units, periods)] = _finite_values(exog, "exog")
    y_by_period = y.reshape(shape)
    x_by_period = x.reshape((*shape, exog.shape[1]))

    columns = [str(column) for column in exog.columns]
    constant = [name for k, name in enumerate(columns) if np.ptp(x[:, k]) == 0.0]
    intercepts = constant[:1] if intercept else []
    variables = [name for name in columns if name not in intercepts]
    lagged_names = _durbin_names(durbin, columns, variables) if lag_regressors else []
    parts = [x_by_period]
    names = list(columns)
    if intercept and not intercepts:
        parts.insert(0, np.ones((*shape, 1)))
        names.insert(0, INTERCEPT)
    if lagged_names:
        chosen = [columns.index(name) for name in lagged_names]
        parts.append(spatial_lag(matrix, x_by_period[:, :, chosen]))
        names += [LAG_PREFIX + name for name in lagged_names]
    _check_generated_names(columns, names)
    theta_start = len(names) - len(lagged_names)
    return PanelArrays(
        y=y_by_period,
        lagged_y=spatial_lag(matrix, y_by_period),
        z=np.concatenate(parts, axis=2),
        weights=matrix,
        error_weights=None
        if error_weights is None
        else align_error_weights(error_weights, units, index),
        names=tuple(names),
        dependent=dependent_name,
        variables=tuple(variables),
        beta_positions=tuple(names.index(name) for name in variables),
        theta_positions=tuple(
            theta_start + lagged_names.index(name) if name in lagged_names else -1
            for name in variables
        ),
        units=units,
        periods=periods,
        index=index,
        positions=positions,
    )


def drop_variables(arrays: PanelArrays, dropped: Collection[str]) -> PanelArrays:
    """The panel without some of its regressors and their spatial lags.

    Parameters
    ----------
    arrays : PanelArrays
    dropped : collection of str
        Among ``arrays.variables``.

    Returns
    -------
    PanelArrays
    """
    remaining = [k for k, name in enumerate(arrays.variables) if name not in dropped]
    gone = {
        positions[k]
        for positions in (arrays.beta_positions, arrays.theta_positions)
        for k in range(len(arrays.variables))
        if k not in remaining
    }
    columns = [place for place in range(len(arrays.names)) if place not in gone]
    moved = {old: new for new, old in enumerate(columns)} | {-1: -1}
    return replace(
        arrays,
        z=np.ascontiguousarray(arrays.z[:, :, columns]),
        names=tuple(arrays.names[place] for place in columns),
        variables=tuple(arrays.variables[k] for k in remaining),
        beta_positions=tuple(moved[arrays.beta_positions[k]] for k in remaining),
        theta_positions=tuple(moved[arrays.theta_positions[k]] for k in remaining),
    )


@dataclass(frozen=True, slots=True)
class AlignedRegressors:
    """Regressors of known units, stacked by period.

    Attributes
    ----------
    values : array, shape (T, N, K)
    periods : Index
        Sorted.
    positions : array of int, shape (T·N,)
        Place in the time-major stack of every row as given.
    """

    values: Array
    periods: pd.Index
    positions: np.ndarray[Any, np.dtype[np.intp]]


def align_regressors(
    exog: pd.DataFrame, columns: Sequence[str], units: pd.Index
) -> AlignedRegressors:
    """Check and stack regressors of known units; one period is enough.

    Parameters
    ----------
    exog : DataFrame, index (unit, year)
    columns : sequence of str
        Columns wanted, in this order.
    units : Index
        Sorted; every one of them in every period.

    Returns
    -------
    AlignedRegressors

    Raises
    ------
    PanelIndexError, UnbalancedPanelError, MissingValueError, SpecificationError
        What is wrong with the regressors, with the unit-years or columns concerned.
    WeightsAlignmentError
        If the units are not those of the weights.
    """
    index = _check_index(exog.index, "exog")
    _check_same_units(units, index.get_level_values(0).unique(), index)
    periods = _sorted_level(index, 1)
    _check_balance(index, units, periods)
    named = exog.set_axis([str(column) for column in exog.columns], axis=1)
    positions = _stack_positions(index, units, periods)
    values = np.empty((len(index), len(columns)))
    values[positions] = _finite_values(named[list(columns)], "exog")
    return AlignedRegressors(
        values.reshape(len(periods), len(units), len(columns)), periods, positions
    )


def align_weights(
    weights: Weights | tuple[Sequence[Any], Any], units: pd.Index, index: pd.MultiIndex
) -> SparseMatrix:
    """Weights with rows and columns in the order of ``units``, checked.

    Parameters
    ----------
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, matrix)
    units : Index
    index : MultiIndex
        Of the panel; used to see swapped levels.

    Returns
    -------
    sparse array, shape (N, N).

    Raises
    ------
    WeightsError
        Or one of its subclasses.
    """
    ids, raw = _read_weights(weights)
    matrix = sparse.csr_array(raw, dtype=np.float64, copy=True)
    if matrix.shape != (len(ids), len(ids)):
        raise WeightsError(f"weights are {matrix.shape} for {len(ids)} ids")
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise WeightsError(f"weights repeat the ids {enumerate_names(repeated)}")
    _check_same_units(ids, units, index)
    order = ids.get_indexer(units)
    matrix = sparse.csr_array(matrix[order][:, order])
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    _check_weights(matrix, units)
    return matrix


def _read_weights(weights: Any) -> tuple[pd.Index, Any]:
    """Identifiers and matrix of whatever holds weights, labelled matrices by their labels."""
    if isinstance(weights, pd.DataFrame):
        weights = (weights.index, weights)
    if isinstance(weights, tuple):
        if len(weights) != 2:
            raise WeightsError(f"a weights tuple is (ids, matrix), got {len(weights)} items")
        given, raw = weights
    elif isinstance(weights, Weights):
        given, raw = weights.unique_ids, weights.sparse
    elif hasattr(weights, "id_order") and hasattr(weights, "sparse"):
        given, raw = weights.id_order, weights.sparse
    else:
        raise WeightsError(
            "weights are an object with .unique_ids and .sparse (libpysal.graph.Graph), a labelled "
            f"DataFrame or a pair (ids, matrix), got {type(weights).__name__}"
        )
    try:
        ids = pd.Index(list(given))
        hash(tuple(ids))
    except TypeError as error:
        raise WeightsError(
            f"the ids of the weights must be a list of identifiers, got {type(given).__name__}; a "
            "pair is (ids, matrix)"
        ) from error
    if isinstance(raw, pd.DataFrame):
        raw = _order_by_labels(raw, ids)
    if not sparse.issparse(raw):
        raw = np.asarray(raw)
        if raw.ndim != 2:
            raise WeightsError(f"a weights matrix has two axes, got an array of shape {raw.shape}")
    if raw.dtype.kind not in "buif":
        raise WeightsError(
            f"weights must be real numbers, got {raw.dtype}; convert them (pd.to_numeric), or take "
            "the real part on purpose"
        )
    return ids, raw


def _order_by_labels(matrix: pd.DataFrame, ids: pd.Index) -> Array:
    """Values of a labelled matrix with rows and columns in the order of ``ids``."""
    for what, labels in (("rows", matrix.index), ("columns", matrix.columns)):
        odd = labels.symmetric_difference(ids)
        if len(odd) or not labels.is_unique:
            listed = odd if len(odd) else labels[labels.duplicated()]
            raise WeightsAlignmentError(
                f"the {what} of the labelled weights matrix and the ids differ: "
                f"{enumerate_names(listed)}; give the DataFrame alone, or its values in the order "
                "of the ids"
            )
    return matrix.loc[ids, ids].to_numpy()


def align_error_weights(
    weights: Weights | tuple[Sequence[Any], Any], units: pd.Index, index: pd.MultiIndex
) -> SparseMatrix:
    """`align_weights` of the weights of the error; its errors say that they are about these."""
    try:
        return align_weights(weights, units, index)
    except WeightsError as error:
        raise type(error)(f"error_weights: {error}") from error


def check_identified(z: Array, arrays: PanelArrays, effects: str) -> None:
    """Refuse regressors that the effects absorb or that are linear combinations of others.

    Parameters
    ----------
    z : array, shape (T, N, P)
        Regressors with the effects removed.
    arrays : PanelArrays
    effects : str
        The effects in words, for the message.

    Raises
    ------
    AbsorbedRegressorError, CollinearRegressorError
        With the names concerned.
    """
    size, length = (np.sqrt(np.einsum("tnk,tnk->k", values, values)) for values in (arrays.z, z))
    absorbed = [
        name
        for name, a, b in zip(arrays.names, length, size, strict=True)
        if a <= ABSORBED_TOLERANCE * b
    ]
    if absorbed:
        reasons = [_why_absorbed(name, arrays, effects) for name in absorbed]
        raise AbsorbedRegressorError(
            "; ".join(reasons) + ". Drop the regressor or the effects that absorb it"
        )
    # R of the columns holds all that is needed of them, at any number of rows.
    _, r, pivots = linalg.qr(triangular_factor(stack(z)) / length, mode="economic", pivoting=True)
    weak = np.abs(np.diag(r)) <= COLLINEAR_TOLERANCE
    if not weak.any():
        return
    rank = int(weak.argmax())
    loadings = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:])
    messages = []
    for column, position in enumerate(pivots[rank:]):
        partners = [
            arrays.names[pivots[row]]
            for row in range(rank)
            if abs(loadings[row, column]) > np.sqrt(COLLINEAR_TOLERANCE)
        ]
        messages.append(
            f"{arrays.names[position]!r} is a linear combination of {enumerate_names(partners)}"
        )
    raise CollinearRegressorError(f"{'; '.join(messages)} ({effects} removed). Drop one of them")


def _why_absorbed(name: str, arrays: PanelArrays, effects: str) -> str:
    values = arrays.z[:, :, arrays.names.index(name)]
    tolerance = 1e3 * ABSORBED_TOLERANCE * float(np.abs(values).max())
    if float(np.ptp(values)) <= tolerance:
        return f"{name!r} is constant and absorbed by {effects}"
    if float(np.ptp(values, axis=0).max()) <= tolerance:
        return f"{name!r} does not vary over time and is absorbed by {effects}"
    if float(np.ptp(values, axis=1).max()) <= tolerance:
        return f"{name!r} does not vary over units and is absorbed by {effects}"
    return f"{name!r} is the sum of a unit part and a time part and absorbed by {effects}"


def _check_generated_names(columns: Sequence[str], names: Sequence[str]) -> None:
    """Refuse columns that carry the name of a spatial lag or of the intercept that is added."""
    clashing = [name for name in columns if names.count(name) > 1]
    if clashing:
        raise SpecificationError(
            f"exog columns {enumerate_names(clashing)} carry the name that the model gives to a "
            f"spatial lag ({LAG_PREFIX}...) or to the intercept ({INTERCEPT}); rename them"
        )


def _check_names(dependent: pd.Series[Any], exog: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    if not isinstance(dependent, pd.Series):
        raise SpecificationError(
            f"dependent must be a pandas Series, got {type(dependent).__name__}; "
            "SpatialPanel.of_arrays takes arrays"
        )
    if isinstance(exog, pd.Series):
        exog = exog.to_frame()
    if not isinstance(exog, pd.DataFrame):
        raise SpecificationError(f"exog must be a pandas DataFrame, got {type(exog).__name__}")
    if exog.shape[1] == 0:
        raise SpecificationError("exog has no columns; a model needs at least one regressor")
    columns = pd.Index([str(column) for column in exog.columns])
    if not columns.is_unique:
        repeated = columns[columns.duplicated()].unique()
        raise SpecificationError(f"exog repeats the columns {enumerate_names(repeated)}")
    reserved = [name for name in columns if name in {"rho", "lambda", "sigma2"}]
    if reserved:
        raise SpecificationError(
            f"exog columns {enumerate_names(reserved)} carry the name of a parameter of the "
            "model; rename them"
        )
    name = "y" if dependent.name is None else str(dependent.name)
    return name, exog.set_axis(columns, axis=1)


def read_balanced_index(index: pd.Index, what: str) -> tuple[pd.MultiIndex, pd.Index, pd.Index]:
    """The index of a balanced panel with its sorted units and periods.

    Parameters
    ----------
    index : Index
    what : str
        What has it, for messages.

    Raises
    ------
    PanelIndexError, UnbalancedPanelError
    """
    checked = _check_index(index, what)
    units, periods = _sorted_level(checked, 0), _sorted_level(checked, 1)
    _check_balance(checked, units, periods)
    return checked, units, periods


def check_consecutive(periods: pd.Index, hint: str) -> None:
    """Refuse periods that time lags cannot be taken of.

    Parameters
    ----------
    periods : Index
        Sorted.
    hint : str
        What else to do.

    Raises
    ------
    PeriodGapError
        If they are not consecutive integers.
    """
    if not pd.api.types.is_integer_dtype(periods.dtype):
        raise PeriodGapError(
            f"time lags need consecutive integer periods, got {periods.dtype} "
            f"({enumerate_names(periods, limit=4)}); use integers, or {hint}"
        )
    values = periods.to_numpy(dtype=np.int64)
    gaps = np.flatnonzero(np.diff(values) != 1)
    if gaps.size:
        found = [f"{values[i]} to {values[i + 1]}" for i in gaps]
        raise PeriodGapError(
            f"time lags need consecutive periods, got gaps from {enumerate_names(found)}; fill "
            f"them, use a run without gaps, or {hint}"
        )


def _check_index(index: pd.Index, what: str) -> pd.MultiIndex:
    if not isinstance(index, pd.MultiIndex) or index.nlevels != 2:
        raise PanelIndexError(
            f"{what} needs a MultiIndex with the two levels (unit, year), got "
            f"{type(index).__name__} with {index.nlevels} level(s); use "
            "frame.set_index(['unit', 'year'])"
        )
    if any(np.any(np.asarray(codes) < 0) for codes in index.codes):
        raise PanelIndexError(f"the index of {what} has missing units or years")
    if not index.is_unique:
        repeated = index[index.duplicated()].unique()
        raise PanelIndexError(f"{what} has several rows for {enumerate_names(repeated)}")
    return index


def _sorted_level(index: pd.MultiIndex, level: int) -> pd.Index:
    unique = index.unique(level)
    if isinstance(unique, pd.RangeIndex):
        # what is read back from a file is no range
        unique = pd.Index(unique.to_numpy(), name=unique.name)
    try:
        return unique.sort_values()
    except TypeError as error:
        raise PanelIndexError(
            f"level {level} of the index mixes types that cannot be sorted "
            f"({enumerate_names(sorted({type(value).__name__ for value in unique}))}); use one "
            "type of identifier"
        ) from error


def _check_balance(index: pd.MultiIndex, units: pd.Index, periods: pd.Index) -> None:
    if len(index) == len(units) * len(periods):
        return
    missing = pd.MultiIndex.from_product([units, periods]).difference(index)
    raise UnbalancedPanelError(
        f"{len(missing)} of {len(units) * len(periods)} unit-years are missing: "
        f"{enumerate_names(missing)}. A spatial lag needs every unit in every year: fill the "
        "gaps or drop the units or years before the weights are built"
    )


def _check_same_rows(index: pd.MultiIndex, other: pd.MultiIndex) -> None:
    if index.equals(other):
        return
    only_dependent, only_exog = index.difference(other), other.difference(index)
    if len(only_dependent) or len(only_exog):
        parts = []
        if len(only_dependent):
            parts.append(f"{len(only_dependent)} without exog: {enumerate_names(only_dependent)}")
        if len(only_exog):
            parts.append(f"{len(only_exog)} without dependent: {enumerate_names(only_exog)}")
        raise PanelIndexError("dependent and exog have different unit-years; " + "; ".join(parts))


def _stack_positions(
    index: pd.MultiIndex, units: pd.Index, periods: pd.Index
) -> np.ndarray[Any, np.dtype[np.intp]]:
    unit_codes, period_codes = (
        known.get_indexer(level)[np.asarray(codes)]
        for known, level, codes in zip((units, periods), index.levels, index.codes, strict=True)
    )
    return np.asarray(period_codes * len(units) + unit_codes, dtype=np.intp)


def _finite_values(frame: pd.DataFrame, what: str) -> Array:
    not_numbers = [
        str(name)
        for name, dtype in frame.dtypes.items()
        if not pd.api.types.is_numeric_dtype(dtype)
    ]
    if not_numbers:
        raise SpecificationError(
            f"{what} columns {enumerate_names(not_numbers)} are not numeric; convert them with "
            "pd.to_numeric, or make dummies of categories (C(...) in a formula)"
        )
    imaginary = [
        str(name) for name, dtype in frame.dtypes.items() if pd.api.types.is_complex_dtype(dtype)
    ]
    if imaginary:
        raise SpecificationError(
            f"{what} columns {enumerate_names(imaginary)} are complex numbers; take their real part"
        )
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(values)
    if bad.any():
        parts = [
            f"{name!r} at {enumerate_names(frame.index[bad[:, k]], limit=4)}"
            for k, name in enumerate(frame.columns)
            if bad[:, k].any()
        ]
        raise MissingValueError(
            f"{int(bad.sum())} missing or infinite values in {what}: {'; '.join(parts)}"
        )
    return values


def _durbin_names(
    durbin: Sequence[str] | None, columns: Sequence[str], variables: Sequence[str]
) -> list[str]:
    if durbin is None:
        return list(variables)
    if isinstance(durbin, str) or not isinstance(durbin, Sequence | pd.Index | np.ndarray):
        raise SpecificationError(f"durbin must be a list of column names, got {durbin!r}")
    for name in durbin:
        if name not in columns:
            folded = {column.casefold(): column for column in columns}
            close = difflib.get_close_matches(str(name).casefold(), folded, n=1)
            hint = f"; did you mean {folded[close[0]]!r}?" if close else ""
            raise SpecificationError(
                f"durbin names {name!r}, which is not a column of exog "
                f"({enumerate_names(columns)}){hint}"
            )
    if len(set(durbin)) != len(durbin):
        raise SpecificationError("durbin names a column twice")
    return [name for name in columns if name in set(durbin)]


def _check_same_units(ids: pd.Index, units: pd.Index, index: pd.MultiIndex) -> None:
    only_panel, only_weights = units.difference(ids), ids.difference(units)
    if not len(only_panel) and not len(only_weights):
        return
    parts = []
    if len(only_panel):
        parts.append(f"{len(only_panel)} units without weights: {enumerate_names(only_panel)}")
    if len(only_weights):
        parts.append(f"{len(only_weights)} ids not in the panel: {enumerate_names(only_weights)}")
    hint = ""
    if set(ids.astype(str)) == set(units.astype(str)):
        hint = (
            f". The ids agree as text: the panel holds {type(units[0]).__name__}, the weights "
            f"{type(ids[0]).__name__}; convert one of them"
        )
    elif set(ids) == set(index.get_level_values(1)):
        hint = ". The ids are the second index level: the levels must be (unit, year)"
    raise WeightsAlignmentError("panel and weights differ; " + "; ".join(parts) + hint)


def _check_weights(matrix: SparseMatrix, units: pd.Index) -> None:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    if not np.isfinite(matrix.data).all():
        bad = units[np.unique(rows[~np.isfinite(matrix.data)])]
        raise WeightsError(f"weights of {enumerate_names(bad)} are missing or infinite")
    diagonal = matrix.diagonal()
    if diagonal.any():
        raise WeightsDiagonalError(
            f"{enumerate_names(units[diagonal != 0.0])} are their own neighbours; set the "
            "diagonal of the weights to zero"
        )
    if (matrix.data < 0.0).any():
        bad = units[np.unique(rows[matrix.data < 0.0])]
        raise NegativeWeightsError(f"weights of {enumerate_names(bad)} are negative")
    isolated = np.diff(matrix.indptr) == 0
    if isolated.any():
        raise IslandError(
            f"{enumerate_names(units[isolated])} have no neighbours; connect them (nearest "
            "neighbour) or drop them from panel and weights"
        )
