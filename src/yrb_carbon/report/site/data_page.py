"""The page of the data: files read, what is there, who was left out, what the columns mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.panel.completeness import PictureTexts, draw_completeness
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.account_files import account_records, units_of
from yrb_carbon.report.cells import sample_label
from yrb_carbon.report.definitions import unit_name
from yrb_carbon.report.fonts import cjk_font, fonts, quiet_fonts
from yrb_carbon.report.language import SOURCE_LANGUAGE, Words, message
from yrb_carbon.report.replication import Publisher, read_publishers
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.report.site.downloads import FOLDER, size_words
from yrb_carbon.report.site.glossary import marked_english, source_text
from yrb_carbon.report.site.remarks import reason_text, remark_text
from yrb_carbon.report.site.run import Run
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import ENERGY, INVENTORIES
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.report import subfolder
from yrb_carbon.study.units import load_units

PUBLISHERS = "publishers.yaml"
SHEETS = message("sheets {first} to {last}")
"""Sheets of a workbook that were read together."""
FILE_LABELS = {
    INVENTORIES: message("Emission inventories"),
    ENERGY: message("Energy inventories"),
    "economy": message("Value added of industry"),
    "people": message("GDP and population"),
    "land": message("Land cover and NPP of provinces"),
}
COMPLETENESS, EXCLUDED, PICTURE = "completeness.csv", "excluded.csv", "completeness.png"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read."""

    name: str
    format: str
    file: str
    size: str
    sheet: Text
    rows: int
    columns: Sequence[str]
    sha256: str
    notes: Sequence[Text]


@dataclass(frozen=True, slots=True)
class AccountFile:
    """A file that tables of accounts are made from."""

    label: Text
    year: int | None
    publisher: Text
    unit: Text
    source: SourceFile


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A raw column, how complete it is, and which variables need it."""

    name: str
    label: Text
    unit: Text
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

    label: Text
    candidates: int
    kept: int
    rows: int
    filled: int


def source_files(manifest: Mapping[str, Any], words: PageWords) -> list[SourceFile]:
    """Files of the sources, and the boundaries, as the manifest tells of them."""
    records = [*manifest["sources"], {"source": "boundaries", **manifest["boundaries"]}]
    return [_source_file(record, words) for record in records]


def _source_file(record: Mapping[str, Any], words: PageWords) -> SourceFile:
    return SourceFile(
        name=record["source"],
        format=record.get("format", ""),
        file=Path(record["file"]).name,
        size="" if record.get("bytes") is None else size_words(record["bytes"]),
        sheet=words.each(partial(_sheet_words, record["sheet"] or "")),
        rows=record["rows"],
        columns=tuple(record["unit"]),
        sha256=record["sha256"],
        notes=[remark_text(note, words) for note in record["notes"]],
    )


def _sheet_words(sheet: str, words: Words) -> str:
    """Name of a sheet, or of the first and the last of several."""
    first, several, last = sheet.partition(" to ")
    return words(SHEETS, first=first, last=last) if several else sheet


def account_files(run: Run) -> list[AccountFile]:
    """Inventories, provincial files and input-output tables, as the manifest tells of them."""
    records = account_records(run.manifest, run.study)
    publishers = read_publishers(data_folder() / PUBLISHERS)
    return [
        AccountFile(
            label=run.words.each(partial(_label_of, record["key"], run.study)),
            year=record["year"],
            publisher=_publisher_text(publishers[record["format"]], run.words),
            unit=run.words.listing(
                run.words.each(partial(unit_name, unit)) for unit in units_of(record)
            ),
            source=_source_file(record, run.words),
        )
        for record in records
    ]


def _label_of(key: str, study: Study, words: Words) -> str:
    """What a file is: the name of its system, or what its key stands for."""
    if key in FILE_LABELS:
        return words(FILE_LABELS[key])
    systems = {} if study.embodied is None else study.embodied.systems
    label = systems[key].label
    return key if label is None else words.label(label)


def _publisher_text(publisher: Publisher, words: PageWords) -> Text:
    """Publisher of a format; one without a Chinese text is marked as English."""
    return marked_english(publisher.publisher, publisher.publisher_zh, words)


def sample_sizes(run: Run) -> list[SampleSize]:
    """Candidate units, units and rows kept, and filled cells of every sample."""
    return [
        SampleSize(
            label=run.words.each(partial(sample_label, name, run.study)),
            candidates=record["candidate_units"],
            kept=len(record["units"]),
            rows=record["rows_out"],
            filled=record["cells_filled"],
        )
        for name, record in run.manifest["samples"].items()
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
                unit=run.words.each(partial(unit_name, entry.unit)),
                kind=entry.kind,
                source=source_text(entry, run.words),
                variables=run.words.listing(variables),
                n_units=len(by_unit),
                complete=int((by_unit["n_present"] == by_unit["n_years"]).sum()),
                cells=int(by_unit["n_present"].sum()),
                wanted=int(by_unit["n_years"].sum()),
                filled=int(filled),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class LeftOutUnit:
    """A unit that is not in the main sample, and one variable that it lacks."""

    unit: str
    name: Text
    variable: Text
    column: str
    missing_years: str
    reason: Text


def left_out_units(run: Run, table: pd.DataFrame) -> list[LeftOutUnit]:
    """Units left out of the main sample, from excluded.csv."""
    names = load_units().frame
    return [
        LeftOutUnit(
            unit=row["unit"],
            name=run.words.each(partial(_unit_name, names, row["unit"])),
            variable=run.label(row["variable"]) if row["variable"] else run.words.each(_nothing),
            column=row["column"],
            missing_years=row["missing_years"],
            reason=reason_text(row["reason"], run.words),
        )
        for row in table.to_dict("records")
    ]


def _nothing(_: Words) -> str:
    return ""


def _unit_name(names: pd.DataFrame, unit: str, words: Words) -> str:
    column = "name_short_zh" if words.language == "zh" else "name_en"
    return str(names[column].get(unit, unit))


def pictures_of(run: Run) -> dict[Language, str]:
    """Picture of completeness in each language, below the folder of the report.

    The run has the English one; where no font has Chinese characters it is the only one.
    """
    drawn = run.words if cjk_font(run.study.figures.chinese_font) else (SOURCE_LANGUAGE,)
    return {
        one: Path(FOLDER, subfolder(one if one in drawn else SOURCE_LANGUAGE), PICTURE).as_posix()
        for one in run.words
    }


def draw_picture(run: Run, folder: Path, language: Language, path: Path) -> Path:
    """Draw the picture of completeness in a language, from the sample's completeness.csv."""
    words, names = Words(language), load_units().frame
    chinese = cjk_font(run.study.figures.chinese_font)
    texts = PictureTexts(
        words("Share of years with data"),
        words("{kept} of {all} units kept (■), others excluded (□)"),
        words("share of years present"),
    )
    with fonts(chinese), quiet_fonts():
        (written,) = draw_completeness(
            read_table(folder, COMPLETENESS),
            path.with_suffix(""),
            texts=texts,
            notice=run.study.study.caution_in(language),
            unit_labels={str(unit): _unit_name(names, str(unit), words) for unit in names.index},
            formats=(path.suffix.removeprefix("."),),
        )
    return written


def picture_words(run: Run, table: pd.DataFrame) -> Text:
    """What the picture of completeness shows, from the table that it is drawn from."""
    kept = table.groupby("unit")["kept"].first()
    cells = table.groupby(["unit", "column"])[["n_years", "n_present"]].min().sum()
    return run.words(
        "Heat map of {units} units by {columns} raw columns of the main sample: the share of years "
        "with data, from none to all. {kept} units are kept; cells without data: {lacking} of "
        "{wanted}.",
        units=len(kept),
        columns=table["column"].nunique(),
        kept=int(kept.sum()),
        lacking=int(cells["n_years"] - cells["n_present"]),
        wanted=int(cells["n_years"]),
    )


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of texts and numbers that the sample's step wrote; codes stay texts."""
    return pd.read_csv(folder / name, dtype={"unit": str}, keep_default_na=False)
