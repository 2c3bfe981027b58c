"""`yrb-carbon dictionary`: columns of the panel, indices, and the formats that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from yrb_carbon.cli.common import RIGHT, Json, choices, print_json, print_table, refuse

if TYPE_CHECKING:
    from yrb_carbon.panel.schema import Entry


def dictionary(
    column: Annotated[
        str | None, typer.Argument(metavar="[COLUMN]", help="Column of the panel, or index.")
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", help="List the formats that can be read instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look up the columns of the panel, the indices, and the formats that can be read."""
    if formats and column is not None:
        refuse(["give a column or --formats, not both"])
    if formats:
        _print_formats(as_json)
    elif column is None:
        _print_columns(as_json)
    else:
        _print_entry(column, as_json)


def _print_columns(as_json: bool) -> None:
    from yrb_carbon.panel.schema import load_dictionary

    entries = load_dictionary()
    if as_json:
        values = {
            kind: {name: _facts(name, entry) for name, entry in known.items()}
            for kind, known in (("columns", entries.columns), ("indices", entries.indices))
        }
        print_json("dictionary", RIGHT, values)
        return
    rows = [
        (name, entry.unit, entry.label.en, entry.label.zh)
        for name, entry in (*entries.columns.items(), *entries.indices.items())
    ]
    print_table(("column", "unit", "label", "名称"), rows)


def _print_entry(name: str, as_json: bool) -> None:
    from yrb_carbon.panel.schema import load_dictionary

    entries = load_dictionary()
    entry: Entry | None = entries.entry(name) or entries.indices.get(name)
    if entry is None:
        refuse([f"no such column ({choices(name, [*entries.columns, *entries.indices])})"])
    facts = _facts(name, entry)
    if as_json:
        print_json("dictionary", RIGHT, facts)
        return
    shown = {
        **facts,
        "label": f"{entry.label.en}; {entry.label.zh}",
        "formats": ", ".join(facts["formats"]) or None,
    }
    for key, value in shown.items():
        if value is not None:
            typer.echo(f"{key:<12} {value}")


def _facts(name: str, entry: Entry) -> dict[str, Any]:
    """What the dictionary says of a column of the panel, or of an index."""
    from yrb_carbon.panel.schema import load_dictionary
    from yrb_carbon.sources import READERS

    is_raw = load_dictionary().entry(name) is not None
    return {
        "column": name,
        "label": {"en": entry.label.en, "zh": entry.label.zh},
        "unit": entry.unit,
        "kind": entry.kind,
        "formula": entry.formula,
        "source": entry.source,
        "range": str(entry.range),
        "aggregation": entry.aggregation,
        "formats": [
            reader.name
            for reader in READERS.values()
            if name in reader.provides or (is_raw and not reader.provides)
        ],
    }


def _print_formats(as_json: bool) -> None:
    from yrb_carbon.sources import READERS

    if as_json:
        values = {
            reader.name: {
                "rows_by": reader.keys,
                "columns": list(reader.provides),
                "options": {name: option.wanted for name, option in reader.options.items()},
            }
            for reader in READERS.values()
        }
        print_json("dictionary", RIGHT, {"formats": values})
        return
    rows = [
        (reader.name, reader.keys, ", ".join(reader.provides) or "any", ", ".join(reader.options))
        for reader in READERS.values()
    ]
    print_table(("format", "rows by", "columns of the panel", "options"), rows)
