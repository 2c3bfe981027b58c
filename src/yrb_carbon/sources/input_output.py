"""Input-output tables of one or more regions: the form that every reader of them returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.provenance import FileRecord

FloatArray = npt.NDArray[np.float64]

ACCOUNT = ("region", "sector")
"""Names of the levels that an account, a sector of a region, is labelled with."""
USE = ("region", "category")
"""Names of the levels of the columns of final demand."""
FINAL_CATEGORIES = ("rural", "urban", "government", "capital", "inventory")
VALUE_ADDED = ("compensation", "taxes", "depreciation", "surplus")
BALANCE_TOLERANCE = 0.01
SMALLEST_OUTPUT = 1e-6
"""Share of the mean output below which an account's gap is measured against this floor: what a
region hardly produces is printed in rounded numbers."""
ImportTreatment = Literal["apart", "proportional", "negative_use", "none"]
"""What a table does with imports. apart: its rows are of domestic products, as published, inputs
from outside stand below them; proportional: products from outside stood in the rows and were taken
from every use but exports in proportion; negative_use: they stand in the rows, and imports are a
negative final use; none: nothing comes from outside."""
NEGATIVE_IMPORTS = "imports"
"""Category of the negative final use that imports are."""
MAX_FAILING = 6
"""Accounts out of balance that a message lists."""


@dataclass(frozen=True, slots=True, eq=False)
class InputOutputTable:
    """A table of domestic transactions with its final uses and primary inputs, one year.

    Row i:      sum_j z_ij + sum_k y_ik + e_i + r_i = x_i
    Column j:   sum_i z_ij + m_j + sum_k v_kj = x_j

    Accounts are in canonical order, by region, then by sector; join by label, never by position.

    Attributes
    ----------
    year : int
    regions, sectors : tuple of str
        Codes, sorted; every region has every sector.
    intermediate : DataFrame, n x n, both axes MultiIndex (region, sector)
        Z: the row sells, the column buys; products of the regions of the table alone.
    final_demand : DataFrame, n x (region, category)
        Y: final uses by the region that uses and by category (`FINAL_CATEGORIES` or others).
    exports : Series, n
        e: sales to regions outside the table.
    errors : Series, n
        r: the column of others or statistical errors.
    output : Series, n
        x: gross output.
    imports : Series, n
        m: inputs from outside the table; zero where it has no such row.
    value_added : DataFrame, categories x n
        v: `VALUE_ADDED` or others.
    unit : str
        Of all amounts, as `10^4 yuan`.
    record : FileRecord
        File that it comes from.
    classification : str
        Name of the list of sectors that the codes belong to; empty where there is one list only.
    import_treatment : {"apart", "proportional", "negative_use", "none"}
        See `ImportTreatment`.
    """

    year: int
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    intermediate: pd.DataFrame
    final_demand: pd.DataFrame
    exports: pd.Series
    errors: pd.Series
    output: pd.Series
    imports: pd.Series
    value_added: pd.DataFrame
    unit: str
    record: FileRecord
    classification: str = ""
    import_treatment: ImportTreatment = "apart"

    def __post_init__(self) -> None:
        labels = self.labels
        for name, index in self._axes().items():
            if not labels.equals(index):
                raise DataError(_other_labels(name, labels, index))
        for name, values in self._parts().items():
            _refuse_gaps(name, values)

    def _axes(self) -> dict[str, pd.Index]:
        return {
            "rows of intermediate": self.intermediate.index,
            "columns of intermediate": self.intermediate.columns,
            "rows of final_demand": self.final_demand.index,
            "exports": self.exports.index,
            "errors": self.errors.index,
            "output": self.output.index,
            "imports": self.imports.index,
            "columns of value_added": self.value_added.columns,
        }

    def _parts(self) -> dict[str, pd.DataFrame | pd.Series]:
        return {
            "intermediate": self.intermediate,
            "final_demand": self.final_demand,
            "exports": self.exports,
            "errors": self.errors,
            "output": self.output,
            "imports": self.imports,
            "value_added": self.value_added,
        }

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return len(self.regions)

    @property
    def n_sectors(self) -> int:
        """Number of sectors of a region."""
        return len(self.sectors)

    @property
    def labels(self) -> pd.MultiIndex:
        """Labels (region, sector) of the accounts in canonical order."""
        return account_labels(self.regions, self.sectors)

    @property
    def total_final(self) -> pd.Series:
        """Final uses of each account: final demand of all regions, exports and errors."""
        return self.final_demand.sum(axis=1) + self.exports + self.errors

    def balance(self) -> pd.DataFrame:
        """Uses, inputs and output of each account and their gaps, see `calc_balance`."""
        return calc_balance(
            self.intermediate.to_numpy(),
            self.total_final.to_numpy(),
            self.imports.to_numpy() + self.value_added.sum(axis=0).to_numpy(),
            self.output.to_numpy(),
        ).set_axis(self.labels)

    def check_balance(
        self, tolerance: float = BALANCE_TOLERANCE, accepted_share: float = 0.0
    ) -> pd.DataFrame:
        """Find the accounts whose row or column does not balance.

        Parameters
        ----------
        tolerance : float
            Largest gap, relative to output.
        accepted_share : float
            Share of all rows and columns that may be out of balance.

        Returns
        -------
        DataFrame
            Those out of balance, see `unbalanced`; empty when all balance.

        Raises
        ------
        DataError
            If their share is larger than accepted; the largest gaps are named.
        """
        failing = unbalanced(self.balance(), tolerance)
        if len(failing) > accepted_share * 2 * len(self.output):
            raise DataError(
                describe_unbalanced(
                    failing, 2 * len(self.output), tolerance, lambda key, _: " ".join(key)
                )
            )
        return failing


def account_labels(regions: Sequence[str], sectors: Sequence[str]) -> pd.MultiIndex:
    """Labels of all accounts in canonical order."""
    return pd.MultiIndex.from_product([sorted(regions), sorted(sectors)], names=list(ACCOUNT))


def calc_balance(
    intermediate: FloatArray, final: FloatArray, primary: FloatArray, output: FloatArray
) -> pd.DataFrame:
    """Gaps of rows and columns against output.

    row_gap_i    = (sum_j z_ij + f_i - x_i) / max(|x_i|, floor)
    column_gap_j = (sum_i z_ij + p_j - x_j) / max(|x_j|, floor)

    with the floor `SMALLEST_OUTPUT` of the mean output.

    Parameters
    ----------
    intermediate : (n, n)
    final : (n,)
        Final uses f with exports and errors.
    primary : (n,)
        Imported inputs and value added p.
    output : (n,)

    Returns
    -------
    DataFrame, n rows
        `uses`, `inputs` and `output` in the unit of the table, `row_gap` and `column_gap` as
        shares.
    """
    scale = balance_scale(output)
    uses = intermediate.sum(axis=1) + final
    inputs = intermediate.sum(axis=0) + primary
    return pd.DataFrame(
        {
            "uses": uses,
            "inputs": inputs,
            "output": output,
            "row_gap": (uses - output) / scale,
            "column_gap": (inputs - output) / scale,
        }
    )


def balance_scale(output: FloatArray) -> FloatArray:
    """What the gap of an account is measured against, max(|x_i|, floor).

    The floor is `SMALLEST_OUTPUT` of the mean output, 1 where all output is zero.
    """
    floor = SMALLEST_OUTPUT * float(np.abs(output).mean())
    return np.maximum(np.abs(output), floor if floor > 0 else 1.0)


def unbalanced(balance: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Rows and columns whose gap is larger than the tolerance, the largest gap first.

    Returns
    -------
    DataFrame
        `region`, `sector`, `side` (`row` or `column`), `sum`, `output`, `gap`.
    """
    parts = []
    for side, total, gap in (("row", "uses", "row_gap"), ("column", "inputs", "column_gap")):
        part = balance[~(balance[gap].abs() <= tolerance)]
        parts.append(
            part.index.to_frame(index=False).assign(
                side=side,
                sum=part[total].to_numpy(),
                output=part["output"].to_numpy(),
                gap=part[gap].to_numpy(),
            )
        )
    found = pd.concat(parts, ignore_index=True)
    order = np.argsort(-found["gap"].abs().to_numpy(), kind="stable")
    return found.iloc[order].reset_index(drop=True)


def describe_unbalanced(
    failing: pd.DataFrame,
    total: int,
    tolerance: float,
    name: Callable[[tuple[str, str], str], str],
) -> str:
    """Sentence on the rows and columns out of balance; `name` gives an account's words by side."""
    texts = [
        f"{row['side']} of {name((row['region'], row['sector']), row['side'])} sums to "
        f"{row['sum']:.6g}, output {row['output']:.6g} (gap {row['gap']:+.2%})"
        for row in failing.head(MAX_FAILING).to_dict("records")
    ]
    more = len(failing) - len(texts)
    tail = f"; and {more} more" if more > 0 else ""
    return (
        f"{len(failing)} of {total} rows and columns do not balance within {tolerance:.3g} of "
        f"output: {'; '.join(texts)}{tail}"
    )


def assemble_table(
    *,
    year: int,
    intermediate: pd.DataFrame,
    final_demand: pd.DataFrame,
    output: pd.Series,
    unit: str,
    record: FileRecord,
    exports: pd.Series | None = None,
    errors: pd.Series | None = None,
    imports: pd.Series | None = None,
    value_added: pd.DataFrame | None = None,
    classification: str = "",
    import_treatment: ImportTreatment = "apart",
) -> InputOutputTable:
    """Build a table from labelled parts in any order; parts that are None are zero.

    Raises
    ------
    DataError
        If a region lacks a sector, a label is there twice, or the parts have other labels than
        `output`, or a cell is missing.
    """
    found = output.index
    if not found.is_unique:
        twice = found[found.duplicated()].unique()
        raise DataError(f"accounts stand more than once: {listing(map(_joined, twice))}")
    regions = tuple(sorted({str(region) for region in found.get_level_values(0)}))
    sectors = tuple(sorted({str(sector) for sector in found.get_level_values(1)}))
    labels = account_labels(regions, sectors)
    absent = labels[~labels.isin(found)]
    if len(absent):
        raise DataError(
            f"{len(absent)} accounts are missing, every region must have every sector: "
            f"{listing(map(_joined, absent))}"
        )
    none = pd.Series(0.0, index=labels)
    columns = final_demand.columns.sort_values().set_names(list(USE))
    extra = pd.DataFrame(columns=labels, dtype=float) if value_added is None else value_added
    by_row = _aligned(intermediate, labels, "intermediate", 0)
    final = _aligned(final_demand, labels, "final_demand", 0)
    return InputOutputTable(
        year=year,
        regions=regions,
        sectors=sectors,
        intermediate=_aligned(by_row, labels, "intermediate", 1),
        final_demand=final.loc[:, columns].set_axis(columns, axis=1),
        exports=_column(none if exports is None else exports, labels, "exports"),
        errors=_column(none if errors is None else errors, labels, "errors"),
        output=_column(output, labels, "output"),
        imports=_column(none if imports is None else imports, labels, "imports"),
        value_added=_aligned(extra, labels, "value_added", 1),
        unit=unit,
        record=record,
        classification=classification,
        import_treatment=import_treatment,
    )


def _aligned(part: pd.DataFrame, labels: pd.MultiIndex, name: str, axis: int) -> pd.DataFrame:
    """Rows (axis 0) or columns (axis 1) of a part in the order of the labels."""
    own = part.axes[axis]
    _refuse_labels(name, own, labels)
    order = own.get_indexer(labels)
    values = part.to_numpy(dtype=float)
    values = values[order] if axis == 0 else values[:, order]
    index, columns = (labels, part.columns) if axis == 0 else (part.index, labels)
    return pd.DataFrame(values, index=index, columns=columns)


def _column(part: pd.Series, labels: pd.MultiIndex, name: str) -> pd.Series:
    _refuse_labels(name, part.index, labels)
    values = part.to_numpy(dtype=float)[part.index.get_indexer(labels)]
    return pd.Series(values, index=labels, name=name)


def _refuse_labels(name: str, own: pd.Index, labels: pd.MultiIndex) -> None:
    if not own.is_unique or len(own) != len(labels) or not labels.isin(own).all():
        raise DataError(_other_labels(name, labels, own))


def _other_labels(name: str, labels: pd.MultiIndex, own: pd.Index) -> str:
    missing, surplus = labels[~labels.isin(own)], own[~own.isin(labels)]
    if not len(missing) and not len(surplus):
        what = "they stand in another order or more than once"
    else:
        what = (
            f"missing {listing(map(_joined, missing), 4) or 'none'}, "
            f"too many {listing(map(_joined, surplus), 4) or 'none'}"
        )
    return f"{name}: the labels are not those of the {len(labels)} accounts of the table: {what}"


def _refuse_gaps(name: str, values: pd.DataFrame | pd.Series) -> None:
    """Refuse missing and infinite amounts, naming the first cells."""
    bad = np.argwhere(~np.isfinite(values.to_numpy(dtype=float)))
    if not len(bad):
        return
    places = []
    for place in bad[:MAX_FAILING]:
        keys = [_joined(values.axes[axis][position]) for axis, position in enumerate(place)]
        places.append(" / ".join(keys))
    more = f" and {len(bad) - len(places)} more" if len(bad) > len(places) else ""
    raise DataError(f"{name}: amounts are missing or infinite at {', '.join(places)}{more}")


def _joined(key: Any) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def final_use_columns(regions: Sequence[str], categories: Sequence[str]) -> pd.MultiIndex:
    """Labels (region, category) of the columns of final demand in canonical order."""
    pairs = sorted(product(map(str, regions), map(str, categories)))
    return pd.MultiIndex.from_tuples(pairs, names=list(USE))


def emission_frame(year: int, emissions: Mapping[str, pd.Series], labels: pd.Index) -> pd.DataFrame:
    """Emissions by account as a tidy frame: year, province, sector, fuel, co2 (Mt).

    Parameters
    ----------
    year : int
    emissions : mapping
        Fuel (or another kind of emission) -> Mt by account.
    labels : MultiIndex (region, sector)
        Accounts in the order wanted.
    """
    parts = [
        pd.DataFrame(
            {
                "year": year,
                "province": labels.get_level_values(0),
                "sector": labels.get_level_values(1),
                "fuel": fuel,
                "co2": amounts.reindex(labels).to_numpy(dtype=float),
            }
        )
        for fuel, amounts in emissions.items()
    ]
    return pd.concat(parts, ignore_index=True)
