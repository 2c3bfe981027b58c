"""A study's panel, weights and map in the forms that Stata, R and GIS programs read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import MADE_ANEW, format_number
from yrb_carbon.panel.schema import Dictionary, load_dictionary
from yrb_carbon.provenance import sha256_of, write_json
from yrb_carbon.report.cells import region_heading
from yrb_carbon.report.language import Words
from yrb_carbon.study.config import SYNTHETIC_CAUTION, Study
from yrb_carbon.study.units import load_units
from yrb_carbon.weights.io import read_weights

if TYPE_CHECKING:
    import geopandas as gpd

    from yrb_carbon.weights.build import SpatialWeights

Language = Literal["en", "zh"]
MANIFEST = "manifest.json"
STATA_VERSION: Literal[118] = 118
"""Format of Stata 14 and later, the first with Unicode."""
NAME_LENGTH = 32
"""Characters of the name of a variable in Stata."""
LABEL_LENGTH = 80
"""Characters that Stata keeps of the label of a variable."""
FIXED_TIME = datetime(2000, 1, 1)
"""Stands in every file in the place of the date, so that equal data give equal bytes."""
LABELS: dict[str, dict[Language, str]] = {
    "unit": {"en": "Unit", "zh": "地区"},
    "year": {"en": "Year", "zh": "年份"},
    "reach": {"en": "Reach of the river", "zh": "流域段"},
}
REACHES: dict[str, dict[Language, str]] = {
    "up": {"en": "upper", "zh": "上游"},
    "mid": {"en": "middle", "zh": "中游"},
    "down": {"en": "lower", "zh": "下游"},
}
NOT_MEASURED = ("geometry", "area_km2", "x", "y", "lon", "lat")
TEMPLATES = {
    part: Path(__file__).with_name(f"exchange_{part}.txt") for part in ("readme", "stata", "r")
}
"""README.txt, and what it says of weights to those who have Stata or R."""
README = "README.txt"
RECORD = "export.json"
"""Digests of the files that an export wrote, by which a later one knows them as its own."""


@dataclass(frozen=True, slots=True)
class ExportedStudy:
    """What is exported of a study.

    Attributes
    ----------
    study : Study
    sample : str
    frame : DataFrame, index (unit, year)
        Variables, then raw columns, sorted.
    weights : dict
        Name -> spatial weights of the sample.
    """

    study: Study
    sample: str
    frame: pd.DataFrame
    weights: dict[str, SpatialWeights]

    @property
    def units(self) -> tuple[str, ...]:
        """Codes, sorted."""
        return tuple(str(unit) for unit in self.frame.index.unique("unit"))

    @property
    def numbers(self) -> dict[str, int]:
        """Number of each unit in Stata: its code, or its place where codes are no numbers."""
        if all(unit.isdigit() for unit in self.units):
            return {unit: int(unit) for unit in self.units}
        return {unit: place for place, unit in enumerate(self.units, start=1)}

    @property
    def places(self) -> pd.DataFrame:
        """Names, province and reach of the units; `reach` is missing where the study has none."""
        units = load_units().frame.loc[list(self.units)]
        split = f"reach_{self.study.study.reach_split}"
        reach = units[split] if split in units else pd.Series(None, units.index, dtype=object)
        names = ["name_en", "name_zh", "province", "province_zh"]
        return units[names].assign(reach=reach.astype(object))


def read_exported(
    results: str | Path, *, sample: str = "main", weights: Sequence[str] = ()
) -> ExportedStudy:
    """Read what `export_study` writes from the results of a study that was run.

    Parameters
    ----------
    results : path
        Folder results/<study>.
    sample : str
    weights : sequence of str
        Names; all of the sample when empty.

    Raises
    ------
    DataError
        If the folder holds no finished run, or no such sample or weights; those that are there are
        named.
    """
    folder = Path(results)
    study = study_of_results(folder)
    samples = sorted(path.parent.name for path in folder.glob("panel/*/indices.parquet"))
    if sample not in samples:
        raise DataError(f"{folder}: no sample {sample!r}; it has {listing(samples) or 'none'}")
    matrices = (folder / "weights" / sample).glob("*.parquet")
    there = sorted(path.stem for path in matrices if path.stem in study.weights)
    absent = [name for name in weights if name not in there]
    if absent:
        raise DataError(
            f"{folder}: the sample {sample!r} has no weights {listing(absent)}; it has "
            f"{listing(there) or 'none'}"
        )
    own = folder / "panel" / sample
    variables = _readable(own / "indices.parquet", pd.read_parquet)
    raw = _readable(own / "raw.parquet", pd.read_parquet).reindex(variables.index)
    frame = variables.join(raw[[c for c in raw.columns if c not in variables.columns]]).sort_index()
    units = [str(unit) for unit in frame.index.unique("unit")]
    read = {
        name: _readable(folder / "weights" / sample / f"{name}.parquet", read_weights)
        for name in (weights or there)
    }
    for name, matrix in read.items():
        if not set(matrix.unit_ids) <= set(units):
            raise DataError(f"{folder}: the weights {name!r} have units that the panel has not")
    listed = load_units().frame.index
    unknown = [unit for unit in units if unit not in listed]
    if unknown:
        raise DataError(f"{folder}: the panel has units that no list has: {listing(unknown)}")
    return ExportedStudy(study, sample, frame, read)


Read = TypeVar("Read")


def _readable(path: Path, read: Callable[[Path], Read]) -> Read:
    """What a file of the results holds.

    Raises
    ------
    DataError
        If it is missing or damaged.
    """
    try:
        return read(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; {MADE_ANEW}") from error
    except (OSError, ValueError, KeyError) as error:
        why = " ".join(str(error).split())
        raise DataError(f"{path}: cannot be read ({why}); {MADE_ANEW}") from error


def study_of_results(folder: Path) -> Study:
    """The configuration of a study that was run, from the manifest in its folder.

    Raises
    ------
    DataError
        If there is no manifest, or it was written by another version.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise DataError(
            f"{folder}: no {MANIFEST}, so no finished run of a study; run it first with "
            "`yrb-carbon run`"
        )
    try:
        return Study.model_validate(json.loads(manifest.read_text(encoding="utf-8"))["config"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{manifest}: not a manifest of this version; {MADE_ANEW}") from error


def export_study(
    results: str | Path,
    target: str | Path,
    *,
    sample: str = "main",
    weights: Sequence[str] = (),
    year: int | None = None,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write a study's panel, weights and map for Stata, R and GIS programs.

    panel.csv; panel.dta and panel_zh.dta (the same with Chinese labels); for every matrix
    W_<name>.txt (Stata's spmatrix), W_<name>_edges.csv and .dta (links with weights),
    W_<name>.gal or .gwt; units.gpkg; export.json (digests of them); README.txt with the commands
    that read them.

    Parameters
    ----------
    results, sample, weights
        As in `read_exported`.
    target : path
        Folder, made when absent. Files in it that an earlier export wrote are replaced.
    year : int, optional
        Year of the variables on the map; every year of them side by side when None.
    force : bool
        Replace other files of these names too, and those that were changed since.

    Returns
    -------
    tuple of Path
        The files, README.txt last.

    Raises
    ------
    DataError
        As in `read_exported`; for a year that the sample does not have; for a target that is a
        file, or has files of these names that no export wrote. Nothing is written then.
    """
    source, folder = Path(results), Path(target)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: a file, and a folder is wanted")
    study = read_exported(source, sample=sample, weights=weights)
    years = [int(y) for y in study.frame.index.unique("year")]
    if year is not None and year not in years:
        raise DataError(f"the sample has no year {year}; it has {years[0]} to {years[-1]}")
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=".export-", dir=folder) as made:
            own = _written_before(folder / RECORD)
            files = _write_files(study, source, Path(made), year, own)
            _refuse_others(folder, [file.name for file in files], own, force)
            for file in files:
                file.replace(folder / file.name)
    except BaseException:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise
    return tuple(folder / file.name for file in files)


def _write_files(
    study: ExportedStudy, source: Path, folder: Path, year: int | None, own: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write the files to an empty folder, README.txt last; `own` are those of earlier exports."""
    files = [folder / "panel.csv", folder / "panel.dta", folder / "panel_zh.dta"]
    write_panel_csv(study, files[0])
    write_panel_stata(study, files[1], "en")
    write_panel_stata(study, files[2], "zh")
    for name in study.weights:
        files += _write_weights(study, name, source, folder)
    files.append(folder / "units.gpkg")
    write_map(study, source / "panel" / "boundaries.parquet", files[-1], year)
    text = folder / README
    text.write_text(readme(study), encoding="utf-8")
    record = folder / RECORD
    digests = {file.name: sha256_of(file) for file in sorted([*files, text])}
    write_json({"files": {**own, **digests}}, record)
    return (*files, record, text)


def _refuse_others(folder: Path, names: Sequence[str], own: Mapping[str, str], force: bool) -> None:
    """Raise a DataError where files of these names are not as an export wrote them."""
    there = [name for name in names if (folder / name).exists()]
    folders = [name for name in there if (folder / name).is_dir()]
    if folders:
        raise DataError(f"{folder}: there are folders of the names of files: {listing(folders)}")
    others = [
        name
        for name in there
        if (not own if name == RECORD else own.get(name) != sha256_of(folder / name))
    ]
    if others and not force:
        raise DataError(
            f"{folder}: there are files that no export wrote, or that were changed since: "
            f"{listing(others)}; give another folder, or --force to replace them"
        )


def _written_before(record: Path) -> dict[str, str]:
    """Digests of the files that an earlier export wrote; empty when the record is no such one."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))["files"]
        return {str(name): str(digest) for name, digest in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_panel_csv(study: ExportedStudy, path: Path) -> None:
    """Write the panel as a long CSV: UTF-8, NA where a value is missing, 17 significant digits."""
    frame = _with_places(study)
    for column in frame.columns:
        if pd.api.types.is_float_dtype(frame[column]):
            frame[column] = [format_number(value) or "NA" for value in frame[column]]
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _with_places(study: ExportedStudy) -> pd.DataFrame:
    """The panel with names, province and reach beside the codes."""
    units, frame = study.places, study.frame.reset_index()
    unit = frame["unit"].astype(str)
    places = {
        "name": unit.map(units["name_en"]),
        "name_zh": unit.map(units["name_zh"]),
        "province": unit.map(units["province"]),
        "reach": unit.map(units["reach"]).fillna("NA"),
    }
    rest = frame.drop(columns=["unit", "year"])
    return pd.concat(
        [unit.rename("unit"), frame["year"].astype(int), pd.DataFrame(places), rest], axis=1
    )


def write_panel_stata(study: ExportedStudy, path: Path, language: Language) -> None:
    """Write the panel as a Stata file (14 and later) with labels of variables and values.

    Units, provinces and reaches are numbers with value labels, as `xtset` and `spset` want them.
    """
    units, frame = study.places, study.frame.reset_index()
    unit = frame["unit"].astype(str)
    suffix = "_en" if language == "en" else "_zh"
    provinces = sorted(units["province"].unique())
    reaches = {name: number for number, name in enumerate(REACHES, start=1)}
    table = pd.DataFrame(
        {
            "unit": unit.map(study.numbers).astype("int32"),
            "year": frame["year"].astype("int16"),
            "province": unit.map(units["province"]).map(provinces.index).astype("int16") + 1,
            "reach": unit.map(units["reach"]).map(reaches).astype("float64"),
        }
    )
    shown = units["province"] if language == "en" else units["province_zh"]
    labels: dict[Any, dict[float, str]] = {
        "unit": {study.numbers[str(u)]: str(name) for u, name in units[f"name{suffix}"].items()},
        "province": {
            provinces.index(own) + 1: str(name)
            for own, name in zip(units["province"], shown, strict=True)
        },
        "reach": {number: REACHES[name][language] for name, number in reaches.items()},
    }
    values = frame.drop(columns=["unit", "year"]).astype("float64")
    whole = pd.concat([table, values], axis=1)
    texts = _variable_labels(study, list(whole.columns), language)
    short = _stata_names(list(whole.columns))
    whole.rename(columns=short).to_stata(
        path,
        write_index=False,
        version=STATA_VERSION,
        variable_labels={short[name]: text for name, text in texts.items()},
        value_labels=labels,
        data_label=_data_label(study, language),
        time_stamp=FIXED_TIME,
    )


def _stata_names(columns: Sequence[str]) -> dict[str, str]:
    """Names that Stata can have: cut at 32 characters, and told apart by a number."""
    found: dict[str, str] = {}
    for column in columns:
        name, number = column[:NAME_LENGTH], 1
        while name in found.values():
            number += 1
            name = f"{column[: NAME_LENGTH - 1 - len(str(number))]}_{number}"
        found[column] = name
    return found


def _data_label(study: ExportedStudy, language: Language) -> str:
    title = study.study.study.title.in_language(language)
    if not study.study.study.synthetic:
        return title[:LABEL_LENGTH]
    caution = SYNTHETIC_CAUTION.in_language(language)
    return f"{caution} {title}"[:LABEL_LENGTH]


def _variable_labels(
    study: ExportedStudy, columns: Sequence[str], language: Language
) -> dict[str, str]:
    known = load_dictionary()
    return {c: _label(c, study.study, known, language)[:LABEL_LENGTH] for c in columns}


def _label(column: str, study: Study, known: Dictionary, language: Language) -> str:
    """Label of a variable of the study, of a raw column with its unit, or of a flag."""
    if column in LABELS:
        return LABELS[column][language]
    if column == "province":
        return region_heading(study, Words(language))
    variable = study.variables.get(column)
    if variable is not None and variable.label is not None:
        return variable.label.in_language(language)
    entry = known.entry(column)
    if entry is None:
        return column
    label = entry.label.zh if language == "zh" else entry.label.en
    return f"{label} ({entry.unit})" if entry.unit else label


def _write_weights(study: ExportedStudy, name: str, source: Path, folder: Path) -> list[Path]:
    """Write one matrix in every form; the weights are the standardised ones of the models."""
    weights = study.weights[name]
    units, matrix = weights.unit_ids, np.asarray(weights.matrix)
    stem = f"W_{name}"
    spmatrix = folder / f"{stem}.txt"
    lines = [str(len(units))]
    for unit, row in zip(units, matrix, strict=True):
        numbers = [format_number(value) for value in row]
        lines.append(" ".join([str(study.numbers[unit]), *numbers]))
    spmatrix.write_text("\n".join(lines) + "\n", encoding="utf-8")
    focal, neighbour = np.nonzero(matrix)
    edges = pd.DataFrame(
        {
            "from": [units[i] for i in focal],
            "to": [units[j] for j in neighbour],
            "weight": matrix[focal, neighbour],
        }
    )
    csv = folder / f"{stem}_edges.csv"
    edges.assign(weight=[format_number(w) for w in edges["weight"]]).to_csv(
        csv, index=False, lineterminator="\n"
    )
    stata = folder / f"{stem}_edges.dta"
    numbered = {end: edges[end].map(study.numbers).astype("int32") for end in ("from", "to")}
    edges.assign(**numbered).to_stata(
        stata,
        write_index=False,
        version=STATA_VERSION,
        time_stamp=FIXED_TIME,
        variable_labels={
            "from": "Unit whose row of W it is",
            "to": "Its neighbour",
            "weight": "Weight as the models use it",
        },
    )
    own = next((source / "weights" / study.sample).glob(f"{name}.g[aw][lt]"), None)
    if own is None:
        raise DataError(f"{source}: no GAL or GWT file of the weights {name!r}; {MADE_ANEW}")
    text = folder / f"{stem}{own.suffix}"
    shutil.copyfile(own, text)
    return [spmatrix, csv, stata, text]


def write_map(study: ExportedStudy, boundaries: Path, path: Path, year: int | None) -> None:
    """Write the polygons of the units with the variables of a year, or of every year.

    The year is in the name of a column where there are several: cb_2003.
    """
    frame = map_frame(study, boundaries, year)
    path.unlink(missing_ok=True)
    before = os.environ.get("OGR_CURRENT_DATE")
    os.environ["OGR_CURRENT_DATE"] = FIXED_TIME.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    try:
        frame.to_file(path, driver="GPKG", layer="units", VERSION="1.2")
    finally:
        if before is None:
            del os.environ["OGR_CURRENT_DATE"]
        else:
            os.environ["OGR_CURRENT_DATE"] = before


def map_frame(study: ExportedStudy, boundaries: Path, year: int | None) -> gpd.GeoDataFrame:
    """Polygons (WGS84) with code, names, area in km2 and the variables of the study."""
    import geopandas as gpd

    from yrb_carbon.sources.boundaries import load_boundaries

    own = _readable(boundaries, load_boundaries).subset(study.units).frame
    units = study.places
    known = [name for name in study.study.variables if name in study.frame.columns]
    values = study.frame[known]
    years = [int(y) for y in values.index.unique("year")] if year is None else [year]
    by_year = {y: values.xs(y, level="year") for y in years}
    variables: dict[str, Any] = {
        name if year is not None else f"{name}_{y}": frame[name].to_numpy()
        for name in known
        for y, frame in by_year.items()
    }
    if year is not None:
        variables = {"year": year, **variables}
    places: Mapping[str, Any] = {
        "unit": list(study.units),
        "name": units["name_en"].to_numpy(),
        "name_zh": units["name_zh"].to_numpy(),
        "province": units["province"].to_numpy(),
        "reach": units["reach"].to_numpy(),
        "area_km2": own["area_km2"].to_numpy(),
    }
    return gpd.GeoDataFrame({**places, **variables}, geometry=list(own.geometry), crs=own.crs)


def readme(study: ExportedStudy) -> str:
    """README.txt: what the files are, and the commands of Stata and R that read them."""
    section = study.study.study
    years = study.frame.index.unique("year")
    matrices = [
        f"  W_{w:<22} {study.study.weights[w].scheme}, standardised by "
        f"{study.study.weights[w].standardise}; {len(study.weights[w].unit_ids)} units"
        for w in study.weights
    ]
    return _of_template(
        "readme",
        title=section.title.en,
        title_zh=section.title.zh,
        cautions="".join(f"{text.en}\n{text.zh}\n\n" for text in section.cautions),
        sample=study.sample,
        units=len(study.units),
        first=int(min(years)),
        last=int(max(years)),
        matrices="\n".join(matrices) or "  none",
        **(_commands(study) if study.weights else {"stata": "", "r": ""}),
    )


def _commands(study: ExportedStudy) -> dict[str, str]:
    """What Stata and R do with the weights, by the example of the study's first model."""
    name = "queen" if "queen" in study.weights else next(iter(study.weights))
    spec = study.study.weights[name]
    outcome, *regressors = _main_model(study)
    left_out = [unit for unit in study.units if unit not in study.weights[name].unit_ids]
    numbers = ", ".join(str(study.numbers[unit]) for unit in left_out)
    drop = f"\n  * units that W leaves out\n  drop if inlist(unit, {numbers})\n"
    stata = _of_template(
        "stata",
        w=name,
        outcome=outcome,
        regressors=" ".join(regressors),
        drop=drop if left_out else "",
    )
    r = _of_template(
        "r",
        w=name,
        style="W" if spec.standardise == "row" else "M",
        outcome=outcome,
        first=regressors[0],
        quoted=", ".join(f'"{x}"' for x in regressors),
        sum=" + ".join([*regressors, *(f"W_{x}" for x in regressors)]),
        regressors_sum=" + ".join(regressors),
        read_links=(
            f'nb <- read.gal("W_{name}.gal", override.id = TRUE)'
            if spec.scheme in ("queen", "rook")
            else f'nb <- read.gwt2nb("W_{name}.gwt", region.id = units)'
        ),
    )
    return {"stata": stata, "r": r}


def _of_template(part: str, **values: object) -> str:
    return Template(TEMPLATES[part].read_text(encoding="utf-8")).substitute(values)


def _main_model(study: ExportedStudy) -> tuple[str, ...]:
    """Outcome and regressors of the first table of models on the sample; the first variables."""
    for table in study.study.tables.values():
        if table.kind == "models" and table.sample == study.sample:
            return (str(table.outcome), *map(str, table.regressors))
    known = [name for name in study.study.variables if name in study.frame.columns]
    return tuple(known[:3]) if len(known) > 1 else ("y", "x")
