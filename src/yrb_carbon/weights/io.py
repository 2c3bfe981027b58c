"""Write and read weights: parquet with all digits, GAL for contiguity, GWT for the rest.

GAL keeps neighbours and no weights, so it is written before standardising and for contiguity
only. The writers of libpysal keep 7 decimals in GWT and turn 6-digit codes into numbers when they
read; these keep 17 digits and text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, WeightsError, listing
from yrb_carbon.weights.build import SpatialWeights, as_graph
from yrb_carbon.weights.check import check_units, check_weights, dense, describe_weights
from yrb_carbon.weights.spec import CONTIGUITY, WeightsSpec

if TYPE_CHECKING:
    from libpysal.graph import Graph

METADATA_KEY = b"yrb_carbon.weights"
COLUMNS = ("focal", "neighbor", "weight", "raw")
LINK_COLUMNS = COLUMNS[:3]
"""Columns of a table of links of one's own."""


def write_weights(weights: SpatialWeights, folder: str | Path, name: str) -> tuple[Path, Path]:
    """Write `<name>.parquet` and `<name>.gal` (contiguity) or `<name>.gwt` (the rest).

    The parquet file has one row a link with the columns `focal`, `neighbor`, `weight`
    (standardised) and `raw` (before), sorted by focal and neighbour; a unit without neighbour has
    one row with itself and weight 0. The text file holds the weights before standardising.

    Parameters
    ----------
    weights : SpatialWeights
    folder : path
        Made when absent.
    name : str
        Name of the matrix, for the files.

    Returns
    -------
    tuple of Path
        The parquet file and the text file. Equal weights give equal bytes.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    table_path = target / f"{name}.parquet"
    _write_parquet(weights, table_path)
    contiguity = weights.spec.scheme in CONTIGUITY
    text_path = target / f"{name}.{'gal' if contiguity else 'gwt'}"
    (write_gal if contiguity else write_gwt)(weights.raw, text_path)
    return table_path, text_path


def read_weights(path: str | Path, unit_ids: Sequence[str] | None = None) -> SpatialWeights:
    """Read the parquet file of `write_weights`.

    Parameters
    ----------
    path : path
    unit_ids : sequence of str, optional
        Units of the sample; they must be exactly those of the matrix, in any order.

    Raises
    ------
    SourceError
        If there is no such file or it is of another kind.
    WeightsError
        If units differ from `unit_ids` or weights break the contract.
    """
    import pyarrow.parquet as pq

    source = Path(path)
    if not source.is_file():
        raise SourceError("no such file", Place(source), "Write it with write_weights first")
    table = pq.read_table(source)
    metadata = table.schema.metadata or {}
    if METADATA_KEY not in metadata or tuple(table.column_names) != COLUMNS:
        raise SourceError(
            f"not a weights file of write_weights (columns {listing(table.column_names)})",
            Place(source),
        )
    notes = json.loads(metadata[METADATA_KEY])
    links = table.to_pandas()
    units = sorted(set(links["focal"]))
    if unit_ids is not None:
        check_units(units, unit_ids)
    matrix, raw = (_pivot(links, units, column) for column in ("weight", "raw"))
    check_weights(matrix, units, allow_islands=True)
    return SpatialWeights(
        graph=as_graph(matrix, units),
        raw=as_graph(raw, units),
        spec=WeightsSpec(**notes["spec"]),
        facts=describe_weights(matrix, units),
        linked=tuple((a, b) for a, b in notes["linked"]),
        dropped=tuple(notes["dropped"]),
        cutoff_km=notes["cutoff_km"],
        scale=notes["scale"],
    )


def read_links(path: str | Path) -> Graph:
    """Read weights of one's own: a CSV with a row a link, a GAL or a GWT file.

    Parameters
    ----------
    path : path
        `.gal`, `.gwt`, or a CSV in UTF-8 with the columns `focal`, `neighbor` (units as text) and
        `weight` (0 or more, before standardising). A unit without links needs a row with itself
        and weight 0.

    Returns
    -------
    libpysal.graph.Graph

    Raises
    ------
    SourceError
        If the file is missing or of another layout, a weight is no number of 0 or more, a pair
        stands twice, or a unit is linked with itself; row and column are named.
    """
    source = Path(path)
    if source.suffix in (".gal", ".gwt"):
        return (read_gal if source.suffix == ".gal" else read_gwt)(source)
    _lines(source)
    table = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8")
    absent = [name for name in LINK_COLUMNS if name not in table.columns]
    if absent:
        raise SourceError(
            f"no column {listing(absent)}; the columns are {listing(table.columns)}",
            Place(source, row=1),
            "A table of links has the columns focal, neighbor, weight",
        )
    weight = pd.to_numeric(table["weight"], errors="coerce")
    itself = table["focal"].eq(table["neighbor"])
    faults = {
        "weight": ("not a number of 0 or more", ~(np.isfinite(weight) & (weight >= 0))),
        "neighbor": ("a pair stands twice", table.duplicated(["focal", "neighbor"])),
        "focal": ("a unit has a weight with itself", itself & weight.gt(0)),
    }
    for column, (problem, rows) in faults.items():
        if rows.any():
            place = int(rows.to_numpy().argmax())
            cells = table[list(LINK_COLUMNS)].iloc[place].tolist()
            raise SourceError(
                f"{problem} (got {' '.join(map(str, cells))})",
                Place(source, row=place + 2, column=column),
            )
    units = sorted(set(table["focal"]) | set(table["neighbor"]))
    links = table.assign(weight=weight)[~itself]
    return as_graph(_pivot(links, units, "weight"), units)


def write_gal(graph: Graph, path: str | Path) -> None:
    """Write neighbours as GAL: the number of units, then two lines a unit.

    Raises
    ------
    WeightsError
        If weights other than 1 would be lost.
    """
    units, matrix = _units_and_matrix(graph)
    values = np.unique(matrix)
    if not set(values.tolist()) <= {0.0, 1.0}:
        raise WeightsError(
            f"GAL keeps neighbours and loses weights such as {values.max():g}; write GWT"
        )
    lines = [str(len(units))]
    for unit, row in zip(units, matrix, strict=True):
        neighbours = [units[j] for j in np.flatnonzero(row)]
        lines += [f"{unit} {len(neighbours)}", " ".join(neighbours)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


def read_gal(path: str | Path) -> Graph:
    """Read a GAL file as weights of 1, ids as text.

    Raises
    ------
    SourceError
        If counts and lines disagree; the row is named.
    """
    lines = _lines(path)
    header = lines[0].split()
    n = _count(header[1] if len(header) > 1 else header[0], path, 1)
    neighbours: dict[str, list[str]] = {}
    for i in range(n):
        row = 2 + 2 * i
        if row > len(lines):
            raise SourceError(
                f"{n} units announced, {i} found", Place(path, row=row), "The file is cut short"
            )
        parts = lines[row - 1].split()
        found = lines[row].split() if row < len(lines) else []
        if len(parts) != 2 or _count(parts[1], path, row) != len(found):
            raise SourceError(
                f"{lines[row - 1]!r} announces other neighbours than the {len(found)} that follow",
                Place(path, row=row),
                "A GAL file has a line `id count` and a line of ids for each unit",
            )
        neighbours[parts[0]] = found
    links = [(a, b, 1.0) for a, others in neighbours.items() for b in others]
    return _from_links(links, sorted(neighbours), path)


def write_gwt(graph: Graph, path: str | Path) -> None:
    """Write weights as GWT: a header `0 n unknown unknown`, then `focal neighbor weight`.

    17 significant digits, so that reading gives the same numbers. GWT has no line for a unit
    without neighbour; such graphs are refused.

    Raises
    ------
    WeightsError
        If a unit has no neighbour.
    """
    units, matrix = _units_and_matrix(graph)
    lonely = [unit for unit, row in zip(units, matrix, strict=True) if not row.any()]
    if lonely:
        raise WeightsError(f"GWT cannot hold units without neighbour: {listing(lonely)}")
    lines = [f"0 {len(units)} unknown unknown"]
    for i, j in zip(*np.nonzero(matrix), strict=True):
        lines.append(f"{units[i]} {units[j]} {matrix[i, j]:.17g}")
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii")


def read_gwt(path: str | Path) -> Graph:
    """Read a GWT file, ids as text.

    Raises
    ------
    SourceError
        If a line is not `focal neighbor weight`, or the units are not as many as announced.
    """
    lines = _lines(path)
    header = lines[0].split()
    n = _count(header[1] if len(header) > 1 else header[0], path, 1)
    links: list[tuple[str, str, float]] = []
    for row, line in enumerate(lines[1:], start=2):
        parts = line.split()
        try:
            focal, neighbour, weight = parts[0], parts[1], float(parts[2])
        except (IndexError, ValueError) as error:
            raise SourceError(
                f"{line!r} is not `focal neighbor weight`", Place(path, row=row)
            ) from error
        links.append((focal, neighbour, weight))
    units = sorted({focal for focal, _, _ in links})
    if len(units) != n:
        raise SourceError(f"{n} units announced, {len(units)} found", Place(path, row=1))
    return _from_links(links, units, path)


def _write_parquet(weights: SpatialWeights, path: Path) -> None:
    """Links with both weights; spec and treatment of islands travel in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    units = weights.unit_ids
    matrix, raw = weights.matrix, dense(weights.raw)
    linked = raw != 0
    lonely = ~linked.any(axis=1)
    linked[lonely, lonely] = True
    focal, neighbour = np.nonzero(linked)
    names = np.array(units, dtype=object)
    notes = {
        "spec": asdict(weights.spec),
        "linked": weights.linked,
        "dropped": weights.dropped,
        "cutoff_km": weights.cutoff_km,
        "scale": weights.scale,
    }
    table = pa.table(
        {
            "focal": pa.array(names[focal], pa.string()),
            "neighbor": pa.array(names[neighbour], pa.string()),
            "weight": pa.array(matrix[focal, neighbour]),
            "raw": pa.array(raw[focal, neighbour]),
        }
    )
    metadata = {METADATA_KEY: json.dumps(notes, sort_keys=True).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")


def _pivot(links: pd.DataFrame, units: Sequence[str], column: str) -> Any:
    """Matrix of one column of links."""
    position = {unit: i for i, unit in enumerate(units)}
    unknown = sorted(set(links["neighbor"]) - set(position))
    if unknown:
        raise WeightsError(f"neighbours that are no units of the matrix: {listing(unknown)}")
    matrix = np.zeros((len(units), len(units)))
    rows = links["focal"].map(position).to_numpy(dtype=np.intp)
    columns = links["neighbor"].map(position).to_numpy(dtype=np.intp)
    matrix[rows, columns] = links[column].to_numpy(dtype=np.float64)
    return matrix


def _units_and_matrix(graph: Graph) -> tuple[list[str], Any]:
    """Units as text and weights, sorted by unit."""
    units = [str(unit) for unit in graph.unique_ids]
    order = np.argsort(np.array(units), kind="stable")
    return [units[i] for i in order], dense(graph)[np.ix_(order, order)]


def _from_links(
    links: Sequence[tuple[str, str, float]], units: Sequence[str], path: str | Path
) -> Graph:
    """Graph from links of known units."""
    known = set(units)
    stray = sorted({other for _, other, _ in links} - known)
    if stray:
        raise SourceError(
            f"neighbours that are no units of the file: {listing(stray)}", Place(path)
        )
    table = pd.DataFrame(list(links), columns=["focal", "neighbor", "weight"])
    return as_graph(_pivot(table, units, "weight"), units)


def _lines(path: str | Path) -> list[str]:
    """Lines of a text file that is there and not empty."""
    source = Path(path)
    if not source.is_file():
        raise SourceError("no such file", Place(source))
    lines = source.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].split():
        raise SourceError("the file is empty", Place(source))
    return lines


def _count(text: str, path: str | Path, row: int) -> int:
    """A number of units or neighbours."""
    if not text.isdigit():
        raise SourceError(f"{text!r} is not a number of units", Place(path, row=row))
    return int(text)
