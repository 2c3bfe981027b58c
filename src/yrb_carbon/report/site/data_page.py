"""The page of the data: files read, what is there, who was left out, what the columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.downloads import size_words
from yrb_carbon.report.site.glossary import source_text
from yrb_carbon.report.site.run import Run

COMPLETENESS, EXCLUDED, PICTURE = "completeness.csv", "excluded.csv", "completeness.png"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read."""

    name: str
    format: str
    file: str
    size: str
    sheet: str
    rows: int
    columns: Sequence[str]
    sha256: str
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A raw column, how complete it is, and which variables need it."""

    name: str
    label: Text
    unit: str
    kind: str
    source: Text
    variables: Text
    n_units: int
    complete: int
    cells: int
    wanted: int
    filled: int


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What became of the candidate units of a sample."""

    name: str
    candidates: int
    kept: int
    rows: int
    filled: int


def source_files(manifest: Mapping[str, Any]) -> list[SourceFile]:
    """Files of the sources, and the boundaries, as the manifest tells of them."""
    records = [*manifest["sources"], {"source": "boundaries", **manifest["boundaries"]}]
    return [
        SourceFile(
            name=record["source"],
            format=record.get("format", ""),
            file=Path(record["file"]).name,
            size="" if record.get("bytes") is None else size_words(record["bytes"]),
            sheet=record["sheet"] or "",
            rows=record["rows"],
            columns=tuple(record["unit"]),
            sha256=record["sha256"],
            notes=tuple(record["notes"]),
        )
        for record in records
    ]


def sample_sizes(manifest: Mapping[str, Any]) -> list[SampleSize]:
    """Candidate units, units and rows kept, and filled cells of every sample."""
    return [
        SampleSize(
            name=name,
            candidates=record["candidate_units"],
            kept=len(record["units"]),
            rows=record["rows_out"],
            filled=record["cells_filled"],
        )
        for name, record in manifest["samples"].items()
    ]


def column_uses(run: Run, table: pd.DataFrame) -> list[ColumnUse]:
    """Raw columns of the main sample, from completeness.csv."""
    known = load_dictionary()
    found = []
    for column, rows in table.groupby("column", sort=False):
        entry = known.entry(str(column))
        if entry is None:
            raise KeyError(f"the dictionary has no column {column!r}")
        by_unit = rows.groupby("unit")[["n_years", "n_present"]].min()
        variables = [run.label(str(name)) for name in rows["variable"].unique()]
        filled = rows.groupby("unit")["n_imputed"].max().sum() if "n_imputed" in rows else 0
        found.append(
            ColumnUse(
                name=str(column),
                label=run.words.label(entry.label),
                unit=entry.unit,
                kind=entry.kind,
                source=source_text(entry.source, run.words),
                variables=run.words.listing(variables),
                n_units=len(by_unit),
                complete=int((by_unit["n_present"] == by_unit["n_years"]).sum()),
                cells=int(by_unit["n_present"].sum()),
                wanted=int(by_unit["n_years"].sum()),
                filled=int(filled),
            )
        )
    return found


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of texts and numbers that the sample's step wrote; codes stay texts."""
    return pd.read_csv(folder / name, dtype={"unit": str}, keep_default_na=False)
