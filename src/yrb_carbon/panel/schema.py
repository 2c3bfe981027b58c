"""The schema of the panel: the dictionary of its columns, and the validation built from it.

`data/dictionary.yaml` is the one place that says which columns a panel may have, what they mean and
which values are plausible. `load_dictionary` reads it, `validate_panel` holds a panel against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.paths import data_folder

if TYPE_CHECKING:
    import pandera.pandas as pa

INDEX_NAMES = ("unit", "year")
UNIT_PATTERN = r"^\d{6}$"
VERSION_MARK = "__"
DICTIONARY_FILE = data_folder() / "dictionary.yaml"

Kind = Literal["raw extensive", "raw intensive", "index", "flag"]
Aggregation = Literal["sum", "area_mean", "constant", "none"]


class _Frozen(BaseModel):
    """Base of the dictionary's parts: unknown keys are refused, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Label(_Frozen):
    """A name in English and Chinese."""

    en: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]


class ValueRange(_Frozen):
    """The plausible values of a column; a missing bound does not bind."""

    minimum: float | None = Field(None, alias="min")
    maximum: float | None = Field(None, alias="max")
    exclusive_minimum: bool = Field(False, alias="exclusive_min")
    exclusive_maximum: bool = Field(False, alias="exclusive_max")

    def __str__(self) -> str:
        """Return the range as an inequality, `0 < value <= 1000`."""
        low = "" if self.minimum is None else f"{self.minimum:g} "
        low += "" if self.minimum is None else ("< " if self.exclusive_minimum else "<= ")
        high = "" if self.maximum is None else (" < " if self.exclusive_maximum else " <= ")
        high += "" if self.maximum is None else f"{self.maximum:g}"
        return f"{low}value{high}" if low or high else "any finite value"

    def contains(self, values: pd.Series) -> pd.Series:
        """Which values are finite and inside the range (missing values are not)."""
        numbers = values.to_numpy(dtype=float)
        inside = np.isfinite(numbers)
        if self.minimum is not None:
            inside &= numbers > self.minimum if self.exclusive_minimum else numbers >= self.minimum
        if self.maximum is not None:
            inside &= numbers < self.maximum if self.exclusive_maximum else numbers <= self.maximum
        return pd.Series(inside, index=values.index)


class Entry(_Frozen):
    """What the dictionary says of one column or index.

    Attributes
    ----------
    label : Label
        Name on tables and figures.
    unit : str
        Unit of measurement.
    kind : {"raw extensive", "raw intensive", "index", "flag"}
        A total of the unit, a level or rate, a computed index, or a 0/1 mark.
    source : str
        Where the values or the formula come from.
    source_zh : str or None
        The same in Chinese; None where it names a work alone.
    range : ValueRange
        Plausible values.
    aggregation : {"sum", "area_mean", "constant", "none"}
        How the values of merged units combine; `none`: recompute it from its parts.
    formula : str or None
        Of an index, in the names of the panel.
    formula_zh : str or None
        The same in Chinese, where the formula has words.
    orientation : {1, -1} or None
        Sign that makes higher better, of the indices that have one.
    """

    label: Label
    unit: Annotated[str, Field(min_length=1)]
    kind: Kind
    source: Annotated[str, Field(min_length=1)]
    range: ValueRange
    aggregation: Aggregation
    formula: str | None = None
    formula_zh: str | None = None
    source_zh: str | None = None
    orientation: Literal[1, -1] | None = None


class FlagKind(_Frozen):
    """A kind of flag; its columns are `flag_<kind>_<column>`.

    `aggregation` is `any`: a merged unit carries the flag when one of its parts does.
    """

    label: Label
    aggregation: Literal["any"]


class TransformEntry(_Frozen):
    """A transform of an index."""

    label: Label
    formula: str


class Dictionary(_Frozen):
    """The columns of the panel, the kinds of flags, the indices and their transforms.

    `units` holds the Chinese names of the units of measurement.
    """

    columns: dict[str, Entry]
    flags: dict[str, FlagKind]
    indices: dict[str, Entry]
    transforms: dict[str, TransformEntry]
    units: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)

    def entry(self, name: str) -> Entry | None:
        """What is said of a raw column, or of its other version `<column>__<tag>`."""
        return self.columns.get(name.split(VERSION_MARK, 1)[0])

    def split_flag(self, name: str) -> tuple[str, str] | None:
        """Return kind and column of a flag's name; None when it is no flag of a known column."""
        for kind in self.flags:
            prefix = f"flag_{kind}_"
            if name.startswith(prefix) and self.entry(name.removeprefix(prefix)) is not None:
                return kind, name.removeprefix(prefix)
        return None

    def require_columns(self, names: Iterable[str]) -> None:
        """Refuse names that are no raw column; say which column may have been meant."""
        unknown = [name for name in names if self.entry(name) is None]
        if unknown:
            raise DataError("; ".join(_unknown_column(name, self) for name in unknown))


def flag_column(kind: str, column: str) -> str:
    """Name of the flag of a kind on a column."""
    return f"flag_{kind}_{column}"


@cache
def load_dictionary(path: str | Path = DICTIONARY_FILE) -> Dictionary:
    """Read the dictionary of the panel.

    Parameters
    ----------
    path : path
        A YAML file laid out as `data/dictionary.yaml`, the default.

    Returns
    -------
    Dictionary

    Raises
    ------
    DataError
        If the file is missing, no YAML, or breaks the layout; every fault is named with its key.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{path}: the dictionary of the panel cannot be read ({error.strerror})"
        ) from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not valid YAML: {error}") from None
    try:
        return Dictionary.model_validate(content)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} "
            f"(got {fault['input']!r})"
            for fault in error.errors()
        ]
        raise DataError(f"{path}: {listing(faults)}") from None


def build_schema(dictionary: Dictionary) -> pa.DataFrameSchema:
    """Pandera schema of a panel: index, dtypes, ranges, 0/1 flags, no unknown column.

    Missing cells of raw columns are allowed, for the sample is fixed after the panel is validated;
    flags are complete. Raw columns may be absent.
    """
    import pandera.pandas as pa

    versions = rf"({VERSION_MARK}\w+)?"
    columns: dict[str, Any] = {
        f"^{re.escape(name)}{versions}$": pa.Column(
            float,
            pa.Check(entry.range.contains, error=f"{entry.range} {entry.unit}"),
            nullable=True,
            required=False,
            regex=True,
        )
        for name, entry in dictionary.columns.items()
    }
    names = "|".join(map(re.escape, dictionary.columns))
    for kind in dictionary.flags:
        columns[f"^flag_{kind}_({names}){versions}$"] = pa.Column(
            None,
            pa.Check(lambda flags: flags.isin([0, 1]), error="0 or 1", ignore_na=False),
            nullable=True,
            required=False,
            regex=True,
        )
    index = pa.MultiIndex(
        [
            pa.Index(
                str, pa.Check.str_matches(UNIT_PATTERN, error="6-digit code as text"), name="unit"
            ),
            pa.Index("int64", name="year"),
        ]
    )
    return pa.DataFrameSchema(columns, index=index, strict=True)


def validate_panel(
    panel: pd.DataFrame,
    dictionary: Dictionary | None = None,
    origins: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Hold a panel against the dictionary.

    Parameters
    ----------
    panel : DataFrame, index (unit, year)
        Raw columns as float, flags as 0/1.
    dictionary : Dictionary, optional
        The shipped one by default.
    origins : mapping, optional
        Column -> where it comes from, for the messages.

    Returns
    -------
    DataFrame
        The same panel, unchanged.

    Raises
    ------
    DataError
        All faults at once: the form of the index, unknown columns, wrong types, and every cell out
        of range with its column, unit, year, value and allowed range.
    """
    require_panel_index(panel)
    faults = value_faults(panel, dictionary or load_dictionary(), origins)
    if faults:
        raise DataError("the panel breaks its schema:\n- " + "\n- ".join(faults))
    return panel


def value_faults(
    panel: pd.DataFrame, dictionary: Dictionary, origins: Mapping[str, str] | None = None
) -> list[str]:
    """Columns and cells of a panel that the dictionary does not allow, a text each."""
    import pandera.errors

    try:
        build_schema(dictionary).validate(panel, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return _translate(errors.schema_errors, panel, dictionary, origins or {})
    return []


def require_panel_index(panel: pd.DataFrame | pd.Series) -> None:
    """Refuse a panel whose index is not (unit, year), unique and sorted."""
    index = panel.index
    if not isinstance(index, pd.MultiIndex) or tuple(index.names) != INDEX_NAMES:
        raise DataError(
            f"the index of a panel is (unit, year); got {list(index.names)}. "
            "Set it with set_index(['unit', 'year']).sort_index()"
        )
    if index.has_duplicates:
        doubled = sorted({cell_name(cell) for cell in index[index.duplicated()]})
        raise DataError(
            f"the panel has more than one row for {listing(doubled)}. Each unit-year needs one row"
        )
    if not index.is_monotonic_increasing:
        raise DataError("the panel is not sorted by unit and year. Sort it with sort_index()")


def cell_name(cell: Any) -> str:
    """`unit 140100, year 2003` of an entry of the index."""
    unit, year = cell
    return f"unit {unit}, year {year}"


def _translate(
    errors: list[Any], panel: pd.DataFrame, dictionary: Dictionary, origins: Mapping[str, str]
) -> list[str]:
    """Pandera's errors in the words of the panel: the index, unknown columns, then columns."""
    of_index: list[str] = []
    unknown: list[str] = []
    wrong_type: dict[str, str] = {}
    out_of_range: set[str] = set()
    for error in errors:
        reason = str(error.reason_code)
        column = str(getattr(error.schema, "name", None))
        if "COLUMN_NOT_IN_SCHEMA" in reason:
            unknown.append(_unknown_column(str(error.failure_cases), dictionary))
        elif column not in panel.columns:
            of_index.append(_wrong_index(error))
        elif "WRONG_DATATYPE" in reason:
            wrong_type[column] = _wrong_type(panel[column], error.schema.dtype)
        else:
            out_of_range.add(column)
    texts = {
        name: _out_of_range(panel[name], dictionary) for name in out_of_range - set(wrong_type)
    }
    texts |= wrong_type
    texts = {
        name: f"{text} (from {origins[name]})" if name in origins else text
        for name, text in texts.items()
    }
    return [*of_index, *sorted(unknown), *(texts[name] for name in panel.columns if name in texts)]


def _wrong_type(values: pd.Series, wanted: object) -> str:
    text = f"column {values.name!r}: type {values.dtype}, wanted {wanted}"
    strange = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
    return f"{text}; no number in {_cells(strange)}" if len(strange) else text


def _out_of_range(values: pd.Series, dictionary: Dictionary) -> str:
    entry = dictionary.entry(str(values.name))
    if entry is None:
        allowed, bad = "0 or 1", values[~values.isin([0, 1])]
    else:
        allowed = f"{entry.range} {entry.unit}"
        bad = values[values.notna() & ~entry.range.contains(values)]
    return (
        f"column {values.name!r}: {len(bad)} of {len(values)} values outside {allowed}: "
        f"{_cells(bad)}"
    )


def _wrong_index(error: Any) -> str:
    cases = error.failure_cases
    if not isinstance(cases, pd.DataFrame):
        return f"index: {error}"
    found = sorted({repr(case) for case in cases["failure_case"]})
    return f"index: found {listing(found)}, wanted {getattr(error.check, 'error', error.check)}"


def _cells(values: pd.Series) -> str:
    return listing(f"{cell_name(cell)}: {value}" for cell, value in values.items())


def _unknown_column(name: str, dictionary: Dictionary) -> str:
    near: list[str] = []
    if not name.startswith("flag_"):
        near = get_close_matches(name, dictionary.columns, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "add it to data/dictionary.yaml or drop it"
    return f"column {name!r} is not in the dictionary; {hint}"


def labels(dictionary: Dictionary, language: Literal["en", "zh"]) -> Mapping[str, str]:
    """Name -> label of every column and index in one language."""
    entries = {**dictionary.columns, **dictionary.indices}
    return {name: getattr(entry.label, language) for name, entry in entries.items()}
