"""Results written to JSON and read back without losing a bit.

Floats are written by ``repr``, the shortest decimal that reads back as the same double; NaN and
infinities, which JSON lacks, as strings. Identifiers keep their type: text, whole numbers of any
width, floats, booleans, timestamps with unit and zone, periods, categories.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .align import PanelArrays
from .covariance import CovarianceType
from .errors import StoredResultsError, enumerate_names
from .likelihood import EffectScheme, Estimate, Mode
from .logdet import EigenLogDeterminant, WeightsSpectrum, analyse_weights
from .within import SparseMatrix

if TYPE_CHECKING:
    from .results import SpatialPanelResults

FORMAT = "spatialpanel results"
VERSION = 1


def write_results(results: SpatialPanelResults) -> str:
    """A fit as JSON text: specification, data, weights, estimate, covariance.

    Parameters
    ----------
    results : SpatialPanelResults

    Returns
    -------
    str

    Raises
    ------
    StoredResultsError
        If units or periods are of a type that cannot be written.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "specification": _write_specification(results),
        "arrays": _write_panel(results.arrays),
        "spectrum": _write_spectrum(results.spectrum),
        "error_spectrum": None
        if results.error_spectrum is results.spectrum
        else _write_spectrum(results.error_spectrum),
        "estimate": _write_estimate(results.estimate),
        "covariance": _write_array(results.covariance),
        "information_error": float(results.information_error).hex(),
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def read_results(text: str) -> SpatialPanelResults:
    """The fit that `write_results` wrote.

    Parameters
    ----------
    text : str

    Returns
    -------
    SpatialPanelResults

    Raises
    ------
    StoredResultsError
        If the text is not JSON, not of this kind, of an unknown version, or broken.
    """
    document = _parse(text)
    try:
        return _assemble(document)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if isinstance(error, StoredResultsError):
            raise
        missing = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise StoredResultsError(
            f"the stored results are broken: {missing}. Write them again from the fit"
        ) from error


def load_text(source: str | Path) -> str:
    """Text of a path, or the text itself if it begins like a JSON object.

    Parameters
    ----------
    source : str or Path

    Returns
    -------
    str

    Raises
    ------
    StoredResultsError
        If the file cannot be read.
    """
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return source
    path = _to_path(source)
    try:
        return path.read_text(encoding="utf-8")
    # A path with a zero byte is a ValueError, and so is a file that is not UTF-8.
    except (OSError, ValueError) as error:
        raise StoredResultsError(f"cannot read stored results from {path}: {error}") from error


def save_text(text: str, target: str | Path) -> None:
    """Write stored results to a file.

    Parameters
    ----------
    text : str
    target : str or Path

    Raises
    ------
    StoredResultsError
        If the file cannot be written.
    """
    path = _to_path(target)
    try:
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise StoredResultsError(
            f"cannot write stored results to {path}: {error}. Give a file in a folder that exists"
        ) from error


def _to_path(place: Any) -> Path:
    if not isinstance(place, str | PathLike) or not str(place):
        raise StoredResultsError(
            f"stored results are kept in a file or a text; give its path or the text, got "
            f"{place!r:.40} of type {type(place).__name__}"
        )
    return Path(place)


def _parse(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise StoredResultsError(
            f"the stored results are not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}); the file may be cut off"
        ) from error
    except RecursionError as error:
        raise StoredResultsError(
            f"this is not a file of {FORMAT}: it is nested too deeply"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise StoredResultsError(
            f"this is not a file of {FORMAT}; such files are written by results.to_json"
        )
    if document.get("version") != VERSION:
        raise StoredResultsError(
            f"the stored results have version {document.get('version')!r}, this library reads "
            f"version {VERSION}; read them with the library that wrote them"
        )
    return document


def _assemble(document: Mapping[str, Any]) -> SpatialPanelResults:
    from .results import SpatialPanelResults, Specification

    stated = document["specification"]
    specification = Specification(
        model=stated["model"],
        estimator=stated["estimator"],
        cov_type=stated["cov_type"],
        scheme=EffectScheme(**stated["scheme"]),
        spatial_names=tuple(stated["spatial_names"]),
    )
    arrays = _read_panel(document["arrays"])
    spectrum = _read_spectrum(document["spectrum"], arrays.weights)
    error_spectrum = spectrum
    if document["error_spectrum"] is not None:
        own = arrays.weights if arrays.error_weights is None else arrays.error_weights
        error_spectrum = _read_spectrum(document["error_spectrum"], own)
    results = SpatialPanelResults(
        specification=specification,
        arrays=arrays,
        spectrum=spectrum,
        error_spectrum=error_spectrum,
        estimate=_read_estimate(document["estimate"]),
        covariance=_read_array(document["covariance"]),
        information_error=float.fromhex(document["information_error"]),
    )
    _check_specification(results)
    _check_shapes(results)
    return results


def _check_specification(results: SpatialPanelResults) -> None:
    """What is stored must be a fit that this library makes, or later calls would fail."""
    from .model import Estimator, Model

    specification, estimate = results.specification, results.estimate
    for what, value, allowed in (
        ("model", specification.model, get_args(Model)),
        ("estimator", specification.estimator, get_args(Estimator)),
        ("cov_type", specification.cov_type, get_args(CovarianceType)),
    ):
        if value not in allowed:
            raise StoredResultsError(
                f"the stored results have the {what} {value!r}, this library knows "
                f"{', '.join(allowed)}; read them with the library that wrote them"
            )
    present = tuple(
        name
        for name, value in (("rho", estimate.rho), ("lambda", estimate.lam))
        if value is not None
    )
    if specification.spatial_names != present:
        raise StoredResultsError(
            f"the stored results are broken: the spatial parameters are called "
            f"{enumerate_names(specification.spatial_names) or 'nothing'} and those estimated "
            f"are {enumerate_names(present) or 'none'}. Write them again from the fit"
        )


def _check_shapes(results: SpatialPanelResults) -> None:
    arrays, estimate = results.arrays, results.estimate
    shape = (len(arrays.periods), len(arrays.units))
    size = len(arrays.names) + len(estimate.spatial_values) + 1
    expected = {
        "y": (arrays.y, shape),
        "lagged_y": (arrays.lagged_y, shape),
        "z": (arrays.z, (*shape, len(arrays.names))),
        "weights": (arrays.weights, (shape[1], shape[1])),
        "residuals": (estimate.residuals, shape),
        "delta": (estimate.delta, (len(arrays.names),)),
        "covariance": (results.covariance, (size, size)),
        "positions": (arrays.positions, (shape[0] * shape[1],)),
    }
    for name, (array, wanted) in expected.items():
        if array.shape != wanted:
            raise StoredResultsError(
                f"the stored results are broken: {name} is {array.shape} where the names, units "
                f"and periods make it {wanted}"
            )


def _write_specification(results: SpatialPanelResults) -> dict[str, Any]:
    specification = results.specification
    scheme = specification.scheme
    return {
        "model": specification.model,
        "estimator": specification.estimator,
        "cov_type": specification.cov_type,
        "scheme": {
            "entity_effects": bool(scheme.entity_effects),
            "time_effects": bool(scheme.time_effects),
            "transformed": bool(scheme.transformed),
        },
        "spatial_names": list(specification.spatial_names),
    }


def _write_panel(arrays: PanelArrays) -> dict[str, Any]:
    return {
        "y": _write_array(arrays.y),
        "lagged_y": _write_array(arrays.lagged_y),
        "z": _write_array(arrays.z),
        "weights": _write_sparse(arrays.weights),
        "error_weights": None
        if arrays.error_weights is None
        else _write_sparse(arrays.error_weights),
        "names": list(arrays.names),
        "dependent": arrays.dependent,
        "variables": list(arrays.variables),
        "beta_positions": list(arrays.beta_positions),
        "theta_positions": list(arrays.theta_positions),
        "units": _write_index(arrays.units),
        "periods": _write_index(arrays.periods),
        "index_names": [_write_scalar(name) for name in arrays.index.names],
        "positions": arrays.positions.tolist(),
    }


def _read_panel(stored: Mapping[str, Any]) -> PanelArrays:
    units, periods = _read_index(stored["units"]), _read_index(stored["periods"])
    positions = np.array(stored["positions"], dtype=np.intp)
    index = pd.MultiIndex.from_arrays(
        [units.take(positions % len(units)), periods.take(positions // len(units))],
        names=[_read_scalar(name) for name in stored["index_names"]],
    )
    error_weights = stored["error_weights"]
    return PanelArrays(
        y=_read_array(stored["y"]),
        lagged_y=_read_array(stored["lagged_y"]),
        z=_read_array(stored["z"]),
        weights=_read_sparse(stored["weights"]),
        error_weights=None if error_weights is None else _read_sparse(error_weights),
        names=tuple(stored["names"]),
        dependent=stored["dependent"],
        variables=tuple(stored["variables"]),
        beta_positions=tuple(stored["beta_positions"]),
        theta_positions=tuple(stored["theta_positions"]),
        units=units,
        periods=periods,
        index=index,
        positions=positions,
    )


def _write_spectrum(spectrum: WeightsSpectrum) -> dict[str, Any]:
    """Eigenvalues are stored; what rests on sparse factorisations is made again from W."""
    if not isinstance(spectrum.full, EigenLogDeterminant):
        return {"method": spectrum.method}
    deflated = spectrum.deflated
    return {
        "method": spectrum.method,
        "full": _write_array(spectrum.full.eigenvalues),
        "deflated": _write_array(deflated.eigenvalues)
        if isinstance(deflated, EigenLogDeterminant)
        else None,
        "row_sum": None if spectrum.row_sum is None else _write_float(spectrum.row_sum),
        "interval": [_write_float(spectrum.lower), _write_float(spectrum.upper)],
    }


def _read_spectrum(stored: Mapping[str, Any], weights: SparseMatrix) -> WeightsSpectrum:
    method = stored["method"]
    if "full" not in stored:
        return analyse_weights(weights, method=method)
    eigenvalues = _read_array(stored["full"])
    deflated = stored["deflated"]
    lower, upper = (_read_float(bound) for bound in stored["interval"])
    return WeightsSpectrum(
        full=EigenLogDeterminant(eigenvalues),
        deflated=None if deflated is None else EigenLogDeterminant(_read_array(deflated)),
        row_sum=None if stored["row_sum"] is None else _read_float(stored["row_sum"]),
        lower=lower,
        upper=upper,
        eigenvalues=eigenvalues,
        method=method,
    )


def _write_estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "delta": _write_array(estimate.delta),
        "rho": _write_optional(estimate.rho),
        "lam": _write_optional(estimate.lam),
        "sigma2": _write_float(estimate.sigma2),
        "loglik": _write_float(estimate.loglik),
        "residuals": _write_array(estimate.residuals),
        "score": _write_float(estimate.score),
        "at_boundary": bool(estimate.at_boundary),
        "other_modes": [
            {
                "rho": _write_optional(mode.rho),
                "lam": _write_optional(mode.lam),
                "loglik": _write_float(mode.loglik),
                "at_boundary": bool(mode.at_boundary),
            }
            for mode in estimate.other_modes
        ],
    }


def _read_estimate(stored: Mapping[str, Any]) -> Estimate:
    return Estimate(
        delta=_read_array(stored["delta"]),
        rho=_read_optional(stored["rho"]),
        lam=_read_optional(stored["lam"]),
        sigma2=_read_float(stored["sigma2"]),
        loglik=_read_float(stored["loglik"]),
        residuals=_read_array(stored["residuals"]),
        score=_read_float(stored["score"]),
        at_boundary=stored["at_boundary"],
        other_modes=tuple(
            Mode(
                rho=_read_optional(mode["rho"]),
                lam=_read_optional(mode["lam"]),
                loglik=_read_float(mode["loglik"]),
                at_boundary=mode["at_boundary"],
            )
            for mode in stored["other_modes"]
        ),
    )


def _write_float(value: float) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else repr(number)


def _read_float(stored: float | str) -> float:
    if isinstance(stored, str) and stored not in {"nan", "inf", "-inf"}:
        raise StoredResultsError(f"the stored results are broken: {stored!r} is not a number")
    return float(stored)


def _write_optional(value: float | None) -> float | str | None:
    return None if value is None else _write_float(value)


def _read_optional(stored: float | str | None) -> float | None:
    return None if stored is None else _read_float(stored)


def _write_array(array: NDArray[Any]) -> dict[str, Any]:
    if np.iscomplexobj(array):
        return {"real": _write_array(array.real), "imaginary": _write_array(array.imag)}
    values = array.ravel().tolist()
    if not np.isfinite(array).all():
        values = [_write_float(value) for value in values]
    return {"shape": list(array.shape), "values": values}


def _read_array(stored: Mapping[str, Any]) -> NDArray[Any]:
    if "real" in stored:
        return _read_array(stored["real"]) + 1j * _read_array(stored["imaginary"])
    values = [_read_float(value) for value in stored["values"]]
    return np.array(values, dtype=np.float64).reshape(stored["shape"])


def _write_sparse(matrix: SparseMatrix) -> dict[str, Any]:
    return {
        "shape": list(matrix.shape),
        "indptr": matrix.indptr.tolist(),
        "indices": matrix.indices.tolist(),
        "index_dtype": str(matrix.indices.dtype),
        "data": _write_array(matrix.data),
    }


def _read_sparse(stored: Mapping[str, Any]) -> SparseMatrix:
    dtype = np.dtype(stored["index_dtype"])
    matrix = sparse.csr_array(
        (
            _read_array(stored["data"]),
            np.array(stored["indices"], dtype=dtype),
            np.array(stored["indptr"], dtype=dtype),
        ),
        shape=tuple(stored["shape"]),
    )
    matrix.check_format()
    return matrix


def _write_index(index: pd.Index) -> dict[str, Any]:
    """Identifiers with their type; ``kind`` says how to read them back."""
    stored: dict[str, Any] = {"name": _write_scalar(index.name), "dtype": str(index.dtype)}
    if isinstance(index, pd.CategoricalIndex):
        return stored | {
            "kind": "category",
            "categories": _write_index(index.categories),
            "codes": index.codes.tolist(),
            "ordered": bool(index.ordered),
        }
    if isinstance(index, pd.PeriodIndex):
        return stored | {
            "kind": "period",
            "frequency": index.freqstr,
            "values": index.asi8.tolist(),
        }
    if isinstance(index, pd.DatetimeIndex):
        zone = None if index.tz is None else str(index.tz)
        return stored | {
            "kind": "datetime",
            "unit": index.unit,
            "zone": zone,
            "values": index.asi8.tolist(),
        }
    if isinstance(index, pd.TimedeltaIndex):
        return stored | {"kind": "timedelta", "unit": index.unit, "values": index.asi8.tolist()}
    return stored | {"kind": "plain", "values": [_write_scalar(value) for value in index]}


def _read_index(stored: Mapping[str, Any]) -> pd.Index:
    readers: dict[str, Callable[[Mapping[str, Any]], pd.Index]] = {
        "category": _read_categories,
        "period": lambda held: pd.PeriodIndex(
            pd.arrays.PeriodArray(
                np.array(held["values"], dtype="int64"), dtype=pd.PeriodDtype(held["frequency"])
            )
        ),
        "datetime": _read_datetimes,
        "timedelta": lambda held: pd.TimedeltaIndex(
            np.array(held["values"], dtype="int64").view(f"timedelta64[{held['unit']}]")
        ),
        "plain": lambda held: pd.Index(
            [_read_scalar(value) for value in held["values"]],
            dtype=held["dtype"],
            tupleize_cols=False,
        ),
    }
    return readers[stored["kind"]](stored).rename(_read_scalar(stored["name"]))


def _read_categories(stored: Mapping[str, Any]) -> pd.Index:
    categories = pd.Categorical.from_codes(
        stored["codes"], categories=_read_index(stored["categories"]), ordered=stored["ordered"]
    )
    return pd.CategoricalIndex(categories)


def _read_datetimes(stored: Mapping[str, Any]) -> pd.Index:
    naive = np.array(stored["values"], dtype="int64").view(f"datetime64[{stored['unit']}]")
    index = pd.DatetimeIndex(naive)
    return index if stored["zone"] is None else index.tz_localize("UTC").tz_convert(stored["zone"])


def _write_scalar(value: Any) -> Any:
    """A name or an identifier; what JSON would confuse carries its type."""
    if value is None or isinstance(value, bool | str):
        return value if not isinstance(value, np.str_) else str(value)
    if isinstance(value, np.bool_):
        return {"type": "bool", "value": bool(value)}
    if isinstance(value, np.integer):
        return {"type": str(value.dtype), "value": int(value)}
    if isinstance(value, np.floating):
        return {"type": str(value.dtype), "value": _write_float(float(value))}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return {"type": "float", "value": _write_float(value)}
    if isinstance(value, pd.Timestamp):
        zone = None if value.tz is None else str(value.tz)
        return {"type": "timestamp", "value": value.value, "unit": value.unit, "zone": zone}
    if isinstance(value, tuple):
        return {"type": "tuple", "value": [_write_scalar(part) for part in value]}
    raise StoredResultsError(
        f"identifiers of type {type(value).__name__} such as {value!r} cannot be written; use "
        "text, numbers, timestamps or periods"
    )


def _read_scalar(stored: Any) -> Any:
    if not isinstance(stored, Mapping):
        return stored
    kind, value = stored["type"], stored["value"]
    if kind == "timestamp":
        moment = pd.Timestamp(value, unit="ns", tz="UTC" if stored["zone"] else None)
        if stored["zone"]:
            moment = moment.tz_convert(stored["zone"])
        return moment.as_unit(stored["unit"])
    if kind == "tuple":
        return tuple(_read_scalar(part) for part in value)
    if kind == "float":
        return _read_float(value)
    number = _read_float(value) if isinstance(value, str) else value
    return np.dtype(kind).type(number)
