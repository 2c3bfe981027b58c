"""`yrb-carbon new`: the configuration of another study, with what each section means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from yrb_carbon.cli.common import (
    DEFAULT_FILE,
    RIGHT,
    STUDIES,
    DataRoot,
    Json,
    print_json,
    refuse,
    require_checkout,
)

TEMPLATE = Path(__file__).with_name("templates") / "study.yaml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAP_YEARS = 4
NO_SHIPPED_MAP = ("B",)
"""Unit sets with a unit that today's maps no longer show."""


class Origin(StrEnum):
    """Study that a new one starts from."""

    DEMO = "demo"
    YRB_REAL = "yrb-real"


class UnitSet(StrEnum):
    """Columns of data/units.csv."""

    A = "A"
    B = "B"
    C = "C"
    SET91 = "set91"
    SET79 = "set79"


def new(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="Name: small letters, digits and -, up to 40.")
    ],
    title: Annotated[str | None, typer.Option(help="Title in English.")] = None,
    title_zh: Annotated[
        str | None, typer.Option("--title-zh", help="Title in Chinese; the English one if none.")
    ] = None,
    first_year: Annotated[int, typer.Option(help="First year of the sample.")] = 2003,
    last_year: Annotated[int, typer.Option(help="Last year of the sample.")] = 2018,
    unit_set: Annotated[UnitSet, typer.Option(help="Column of data/units.csv.")] = UnitSet.A,
    data_root: DataRoot = None,
    origin: Annotated[
        Origin, typer.Option("--from", help="Study whose files and choices it starts from.")
    ] = Origin.DEMO,
    as_json: Json = False,
) -> None:
    """Write studies/STUDY.yaml, the configuration of another basin or period, with comments.

    It passes `check` up to the input files that are missing. A file of that name is not replaced.
    """
    require_checkout()
    file = _new_file(study)
    if not first_year < last_year:
        refuse([f"--last-year must be after --first-year (got {first_year} to {last_year})"])
    values = _values(study, title, title_zh, (first_year, last_year), str(unit_set), data_root)
    text = _of_template(values) if origin is Origin.DEMO else _of_study(str(origin), values)
    _write_checked(file, text)
    if as_json:
        print_json("new", RIGHT, {"files": [str(file)]})
        return
    typer.echo(f"wrote {file}; next: yrb-carbon check --study {study}")


def _new_file(study: str) -> Path:
    """Path of the study's file, which must not exist."""
    if not NAME.fullmatch(study):
        refuse(
            [f"not a name of a study (got {study!r}; wanted small letters, digits and -, no - "
             "first, up to 40)"]
        )  # fmt: skip
    file = STUDIES / f"{study}.yaml"
    if study == "demo" or file.exists():
        refuse([f"there is a study of that name already (got {study!r}); give another name"])
    return file


def _values(
    name: str,
    title: str | None,
    title_zh: str | None,
    years: tuple[int, int],
    unit_set: str,
    data_root: Path | None,
) -> dict[str, str]:
    """Texts of what the options say."""
    first, last = years
    english = title or f"{name}, {first}-{last}"
    root = "data_root: " + json.dumps(str(data_root), ensure_ascii=False)
    return {
        "name": name,
        "title": " ".join(english.split()),
        "title_en": json.dumps(english, ensure_ascii=False),
        "title_zh": json.dumps(title_zh or english, ensure_ascii=False),
        "first_year": str(first),
        "last_year": str(last),
        "unit_set": unit_set,
        "data_root": root if data_root is not None else (
            '# data_root: /path/to/files     # else the folder that YRB_CARBON_DATA names, or '
            "../shared/data"
        ),
    }  # fmt: skip


def _of_template(values: Mapping[str, str]) -> str:
    """The commented configuration that starts from config.yaml."""
    base = _base()
    first, last = int(values["first_year"]), int(values["last_year"])
    more = {
        "cut": str(_cut(base, first, last)),
        "base_year": str(first),
        "boundaries": _boundaries(values["unit_set"]),
        "sources": _sources(base),
        "adjusted": _blocks(_without_accounts(_adjusted(base, first, last), base)),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute({**values, **more})


def _of_study(origin: str, values: Mapping[str, str]) -> str:
    """The configuration of another study, with the years, units and files of the new one."""
    from yrb_carbon.study.load import load_study

    file = STUDIES / f"{origin}.yaml"
    if not file.is_file():
        refuse([f"no file {file} to start from"])
    first, last = int(values["first_year"]), int(values["last_year"])
    base = load_study([DEFAULT_FILE, file]).model_dump(mode="json")
    text = file.read_text(encoding="utf-8")
    start = text.index("\nstudy:")
    text = text[start:]
    for line, value in (
        ("  name: ", values["name"]),
        ("    en: ", values["title_en"]),
        ("    zh: ", values["title_zh"]),
        ("  unit_set: ", values["unit_set"]),
    ):
        text = _with_line(text, line, value)
    years = f"  first_year: {first}\n  last_year: {last}\n"
    text = text.replace("  unit_set: ", f"{years}  unit_set: ", 1)
    root = f"# Folder of the input files; sources are relative to it.\n{values['data_root']}\n\n"
    text = text.replace("demo: null\n\n", f"demo: null\n\n{root}", 1)
    head = (
        f"# {values['title']}\n#\n#   yrb-carbon check --study {values['name']}\n"
        f"#   yrb-carbon run --study {values['name']}\n#\n"
        f"# Made from {file}; it is laid over config.yaml, and what is null is taken out.\n\n"
    )
    adjusted = _adjusted(base, first, last)
    cut = _cut(base, first, last)
    if cut != base["period"]["cut"]:
        adjusted["period"] = {"cut": cut}
    return head + _merged(text.lstrip("\n"), adjusted)


def _with_line(text: str, start: str, value: str) -> str:
    """The text with another value on the first line that begins so."""
    before, found, after = text.partition(f"\n{start}")
    return before + found + value + "\n" + after.partition("\n")[2]


def _base() -> dict[str, Any]:
    """The default study, as values."""
    from yrb_carbon.study.load import load_study

    return load_study([DEFAULT_FILE]).model_dump(mode="json")


def _cut(base: Mapping[str, Any], first: int, last: int) -> int:
    """Last year of the boom: the default's where it lies inside the sample, else the middle."""
    cut = int(base["period"]["cut"])
    return cut if first <= cut < last else (first + last) // 2


def _adjusted(base: Mapping[str, Any], first: int, last: int) -> dict[str, Any]:
    """Entries of the base that do not fit other years, as they fit."""
    years = range(first, last + 1)
    found: dict[str, Any] = {}
    gone = [
        name
        for name, sample in base["samples"].items()
        if any(sample[key] not in (None, *years) for key in ("first_year", "last_year"))
    ]
    for name in gone:
        found.setdefault("samples", {})[name] = None
    tables: dict[str, Any] = {}
    for name, table in base["tables"].items():
        if table["kind"] == "differences" and any(y not in years[:-1] for y in table["cuts"]):
            tables[name] = {"cuts": _inner(first, last)}
        if table["kind"] == "robustness":
            kept = [c for c in table["cells"] if c.get("sample") not in gone]
            if len(kept) < len(table["cells"]):
                plain = [{k: v for k, v in cell.items() if v is not None} for cell in kept]
                tables[name] = {"cells": plain}
    if tables:
        found["tables"] = tables
    maps = {
        name: {"years": _spread(first, last)}
        for name, figure in base["figures"]["maps"].items()
        if any(year not in years for year in figure["years"])
    }
    if maps:
        found["figures"] = {"maps": maps}
    return found


def _without_accounts(adjusted: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The entries with all accounts, their tables and figures taken out."""
    from yrb_carbon.study.accounts import ACCOUNT_SECTIONS
    from yrb_carbon.study.config import Study
    from yrb_carbon.study.plan import account_figures, account_tables

    study = Study.model_validate(base)
    tables, figures = (dict.fromkeys(find(study)) for find in (account_tables, account_figures))
    return {
        **adjusted,
        "tables": {**adjusted.get("tables", {}), **tables},
        "figures": {**adjusted.get("figures", {}), **figures},
        **dict.fromkeys(ACCOUNT_SECTIONS),
    }


def _inner(first: int, last: int) -> list[int]:
    """Years after which a break is looked for: without the outer fifths of the sample."""
    edge = max((last - first + 1) // 5, 1)
    return list(range(first + edge, max(last - edge, first + edge) + 1))[: last - first - 1] or [
        first
    ]


def _spread(first: int, last: int) -> list[int]:
    """Years of maps, first and last among them."""
    steps = min(MAP_YEARS, last - first + 1) - 1
    return sorted({first + round(step * (last - first) / steps) for step in range(steps + 1)})


def _sources(base: Mapping[str, Any]) -> str:
    """One entry a source of the default study: its format, its file, and what it gives."""
    from yrb_carbon.sources import READERS

    lines = []
    for name, source in base["sources"].items():
        provides = ", ".join(READERS[source["format"]].provides)
        lines += [
            f"  {name}:",
            f"    # gives {provides}",
            f"    format: {source['format']}",
            f"    path: {json.dumps(source['path'], ensure_ascii=False)}",
        ]
    return "\n".join(lines)


def _boundaries(unit_set: str) -> str:
    if unit_set in NO_SHIPPED_MAP:
        return (
            "# The package has no map for this unit set: give one that shows its dissolved unit.\n"
            "boundaries:\n  source: file\n  path: units.gpkg"
        )
    return (
        "boundaries:\n  source: cnmaps\n"
        "  # source: file                 # a GeoPackage, GeoJSON or Shapefile with 6-digit codes\n"
        "  # path: units.gpkg             # below data_root\n"
        "  # code_column: code"
    )


def _blocks(sections: Mapping[str, Any]) -> str:
    """Sections as YAML, below what they are."""
    head = (
        "# Entries of config.yaml that do not fit: those of other years; embodied carbon of\n"
        "# mining, the carbon footprint of industry and regional facts, which are made from\n"
        "# input-output tables, inventories and yearly facts of provinces. If you have such\n"
        "# files, take the nulls out and name them: docs/howto/embodied.md, footprint.md.\n"
    )
    return f"\n{head}{_yaml(sections)}"


def _yaml(value: Mapping[str, Any], indent: int = 0) -> str:
    """Mappings as blocks, everything else on its line."""
    lines = []
    for key, inner in value.items():
        pad = " " * indent
        if isinstance(inner, Mapping) and inner:
            lines.append(f"{pad}{key}:\n{_yaml(inner, indent + 2)}")
        elif isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            items = "".join(f"{pad}  - {json.dumps(item, ensure_ascii=False)}\n" for item in inner)
            lines.append(f"{pad}{key}:\n{items}")
        else:
            lines.append(f"{pad}{key}: {json.dumps(inner, ensure_ascii=False)}\n")
    return "".join(lines)


def _merged(text: str, sections: Mapping[str, Any]) -> str:
    """Lay entries into the blocks of a text that keeps its comments."""
    lines = text.rstrip("\n").split("\n")
    for key, value in sections.items():
        _lay(lines, (key,), value, 0)
    return "\n".join(lines) + "\n"


def _lay(lines: list[str], path: tuple[str, ...], value: Any, start: int) -> None:
    """Write a value at the place of its last key, below `start`; what is there is replaced."""
    indent = 2 * (len(path) - 1)
    pad = " " * indent
    end = _end_of_block(lines, start, indent) if indent else len(lines)
    at = next((i for i in range(start, end) if lines[i].startswith(f"{pad}{path[-1]}:")), None)
    if at is None:
        new_text = _yaml({path[-1]: value}, indent).rstrip("\n").split("\n")
        lines[end:end] = [*([] if indent else [""]), *new_text]
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _lay(lines, (*path, key), inner, at + 1)
    else:
        stop = _end_of_block(lines, at + 1, indent + 1)
        lines[at:stop] = _yaml({path[-1]: value}, indent).rstrip("\n").split("\n")


def _end_of_block(lines: Sequence[str], start: int, indent: int) -> int:
    """First line from `start` that is indented less, blank lines before it not counted."""
    end = start
    for i in range(start, len(lines)):
        text = lines[i]
        if text.strip() and len(text) - len(text.lstrip()) < indent:
            break
        if text.strip():
            end = i + 1
    return end


def _write_checked(file: Path, text: str) -> None:
    """Write a configuration that can be read; nothing stays of one that cannot."""
    from yrb_carbon.errors import StudyError
    from yrb_carbon.study.load import load_study

    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        part = error.object[max(error.start - 20, 0) : error.end]
        refuse([f"an option holds bytes that are no text in UTF-8 (near {part!r})"])
    file.parent.mkdir(exist_ok=True)
    with open(file, "xb") as handle:
        try:
            handle.write(content)
            handle.flush()
            load_study([DEFAULT_FILE, file], named=True)
        except StudyError as error:
            file.unlink()
            refuse([f"{file} was not written, the study would have faults:", *error.faults])
        except BaseException:
            file.unlink()
            raise
