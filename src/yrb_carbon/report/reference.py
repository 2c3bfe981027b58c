"""Reference pages of the documentation that are made from the code and the dictionary.

`python -m yrb_carbon.report.reference [FOLDER]` writes them below the folder, the current one by
default. A test holds them in step.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from yrb_carbon.panel.schema import Dictionary, Entry, load_dictionary
from yrb_carbon.report.markdown import markdown_table
from yrb_carbon.sources import READERS, Reader

DICTIONARY_FILE = Path("docs", "reference", "dictionary.md")
FORMATS_FILE = Path("docs", "reference", "formats.md")

KEYS_IN_WORDS = {
    "code": "6-digit code of the unit, year",
    "name": "name of the unit (with its province where the file has it), year",
    "province": "province, year; repeated for every unit of the province",
    "national": "year; repeated for every unit",
    "county": "county and its city, year; summed to units",
    "mines": "mine with coordinates; counted in the polygon that it lies in",
    "boundaries": "polygon",
    "any": "the columns of the file decide",
}
UNDERLINE = re.compile(r"^-+$")

DICTIONARY_HEAD = """\
# Panel columns and indices

Generated from `data/dictionary.yaml` by `python -m yrb_carbon.report.reference`; change the
dictionary, not this page. `yrb-carbon dictionary COLUMN` prints one entry.

The panel has one row a unit and year, index (`unit`, `year`). Values outside the range are refused
when the panel is assembled. *Merging* says how the values of merged units combine. Another version
of a column is named `<column>__<tag>` and has the same unit and range.
"""
FORMATS_HEAD = """\
# Formats that can be read

Generated from the readers by `python -m yrb_carbon.report.reference`; change their docstrings, not
this page. `yrb-carbon dictionary --formats` prints the list.

A source of a study names one of these as its `format`; `options` are handed to the reader,
`columns` picks among its panel columns, `rename` gives them another name. Every reader checks the
size of its numbers against its unit and refuses text in number columns, duplicate unit-years and
renamed columns, with file, sheet, row and column.
"""


def dictionary_page(dictionary: Dictionary | None = None) -> str:
    """Page of all panel columns, flags, indices and transforms, in Markdown."""
    known = dictionary or load_dictionary()
    flags = [
        (f"`flag_{kind}_<column>`", flag.label.en, flag.label.zh)
        for kind, flag in known.flags.items()
    ]
    transforms = [
        (f"`{name}`", entry.label.en, entry.label.zh, f"`{entry.formula}`")
        for name, entry in known.transforms.items()
    ]
    parts = [
        DICTIONARY_HEAD,
        "## Columns\n",
        markdown_table(
            ("column", "unit", "label", "名称", "kind", "merging", "range", "source"),
            (_column_row(name, entry) for name, entry in known.columns.items()),
        ),
        "## Flags\n\nEach is 0 or 1; a merged unit has the flag when one of its parts has it.\n",
        markdown_table(("flag", "label", "名称"), flags),
        "## Indices\n\n`orientation` is the sign that makes higher better, where there is one.\n",
        markdown_table(
            ("index", "unit", "label", "名称", "formula", "orientation", "source"),
            (_index_row(name, entry) for name, entry in known.indices.items()),
        ),
        "## Transforms\n",
        markdown_table(("transform", "label", "名称", "formula"), transforms),
        "## Units\n",
        markdown_table(("unit", "单位"), known.units.items()),
    ]
    return "\n".join(parts)


def formats_page(readers: Mapping[str, Reader] = READERS) -> str:
    """Page of all formats, in Markdown, from the docstrings of their readers."""
    known = load_dictionary()
    parts = [FORMATS_HEAD]
    for reader in readers.values():
        module = importlib.import_module(f"yrb_carbon.sources.{reader.module}")
        sections = _sections(inspect.getdoc(reader.load()) or "")
        parts.append(f"## `{reader.name}`\n\n{inspect.getdoc(module)}\n")
        parts.append(f"{sections['']}\n")
        parts.append(f"- Rows: {KEYS_IN_WORDS[reader.keys]}")
        if reader.provides:
            parts.append(
                f"- Panel columns: {', '.join(_with_unit(c, known) for c in reader.provides)}"
            )
        parts.append(f"- Returns: {_joined(sections.get('Returns', ''))}")
        arguments = _arguments(sections.get("Parameters", ""))
        parts += [
            f"- {'File' if name == 'path' else f'Option `{name}`'}: {text}"
            for name, text in arguments.items()
            if text and (name == "path" or name in reader.options)
        ]
        parts.append("")
    return "\n".join(parts)


def files() -> dict[Path, str]:
    """The generated pages: path below the project's folder, and text."""
    return {DICTIONARY_FILE: dictionary_page(), FORMATS_FILE: formats_page()}


def main(arguments: Sequence[str]) -> None:
    """Write the pages below the folder named by the first argument."""
    folder = Path(arguments[0]) if arguments else Path()
    for path, text in files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target}")


def _column_row(name: str, entry: Entry) -> tuple[str, ...]:
    return (
        f"`{name}`", entry.unit, entry.label.en, entry.label.zh, entry.kind, entry.aggregation,
        str(entry.range), entry.source,
    )  # fmt: skip


def _index_row(name: str, entry: Entry) -> tuple[str, ...]:
    sign = "" if entry.orientation is None else f"{entry.orientation:+d}"
    formula = f"`{entry.formula}`"
    return (f"`{name}`", entry.unit, entry.label.en, entry.label.zh, formula, sign, entry.source)


def _with_unit(column: str, dictionary: Dictionary) -> str:
    entry = dictionary.entry(column)
    return f"`{column}`" if entry is None else f"`{column}` ({entry.unit})"


def _sections(docstring: str) -> dict[str, str]:
    """Parts of a numpydoc docstring by heading; what stands before the first has the name ''."""
    lines = docstring.splitlines()
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if UNDERLINE.match(below) and line:
            heading = line
            found[heading] = []
        elif not UNDERLINE.match(line):
            found[heading].append(line)
    return {name: "\n".join(text).strip() for name, text in found.items()}


def _arguments(section: str) -> dict[str, str]:
    """Arguments of a section `Parameters` and what is said of each."""
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            name = line.split(" : ")[0]
            found[name] = ""
        else:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _joined(section: str) -> str:
    """Text of a section `Returns` without the type on its first line."""
    return " ".join(line.strip() for line in section.splitlines()[1:] if line.strip())


if __name__ == "__main__":
    main(sys.argv[1:])
