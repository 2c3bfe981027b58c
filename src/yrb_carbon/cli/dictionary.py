"""`yrb-carbon dictionary`: columns of the panel, indices, and the formats that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from yrb_carbon.cli.common import choices, print_table, refuse

if TYPE_CHECKING:
    from yrb_carbon.panel.schema import Entry


def dictionary(
    column: Annotated[
        str | None, typer.Argument(metavar="[COLUMN]", help="Column of the panel, or index.")
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", help="List the formats that can be read instead.")
    ] = False,
) -> None:
    """Look up the columns of the panel, the indices, and the formats that can be read."""
    if formats:
        _print_formats()
    elif column is None:
        _print_columns()
    else:
        _print_entry(column)


def _print_columns() -> None:
    from yrb_carbon.panel.schema import load_dictionary

    entries = load_dictionary()
    rows = [
        (name, entry.unit, entry.label.en, entry.label.zh)
        for name, entry in (*entries.columns.items(), *entries.indices.items())
    ]
    print_table(("column", "unit", "label", "名称"), rows)


def _print_entry(name: str) -> None:
    from yrb_carbon.panel.schema import load_dictionary
    from yrb_carbon.sources import READERS

    entries = load_dictionary()
    entry: Entry | None = entries.entry(name) or entries.indices.get(name)
    if entry is None:
        refuse([f"no such column ({choices(name, [*entries.columns, *entries.indices])})"])
    is_raw = entries.entry(name) is not None
    readers = [
        reader.name
        for reader in READERS.values()
        if name in reader.provides or (is_raw and not reader.provides)
    ]
    facts = {
        "column": name,
        "label": f"{entry.label.en}; {entry.label.zh}",
        "unit": entry.unit,
        "kind": entry.kind,
        "formula": entry.formula,
        "source": entry.source,
        "range": str(entry.range),
        "aggregation": entry.aggregation,
        "formats": ", ".join(readers) or None,
    }
    for key, value in facts.items():
        if value is not None:
            typer.echo(f"{key:<12} {value}")


def _print_formats() -> None:
    from yrb_carbon.sources import READERS

    rows = [
        (reader.name, reader.keys, ", ".join(reader.provides) or "any", ", ".join(reader.options))
        for reader in READERS.values()
    ]
    print_table(("format", "rows by", "columns of the panel", "options"), rows)
