"""Files that tables of accounts are made from, as the manifest of a run tells of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yrb_carbon.study.accounts import ACCOUNT_SECTIONS, file_source
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import INVENTORY_FORMATS

TABLES, TRANSFER = "tables", "transfer"
"""Keys of the records of input-output tables."""


def account_records(manifest: Mapping[str, Any], study: Study) -> list[dict[str, Any]]:
    """Records of inventories, provincial files and input-output tables.

    Returns
    -------
    list of dict
        Each as in the manifest, once, in the order of the sections embodied, footprint, regional;
        with `key`: inventories, energy, economy, people, land, or the name of a system; `format`;
        `year`, which is None for a file of several; `source`: the name that `replication.sources`
        knows it by. Empty for a study without accounts.
    """
    found: dict[tuple[str, Any], dict[str, Any]] = {}
    for section in ACCOUNT_SECTIONS:
        for key, record in _files_of(manifest.get(section) or {}):
            name = _name_of(key, record, study)
            own = {
                "year": _year_of(key, study),
                "format": _format_of(section, name, study),
                **record,
                "key": name,
                "source": file_source(section, name),
            }
            found.setdefault((record["file"], own["year"]), own)
    return list(found.values())


def _files_of(record: Any, key: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Records of files in a nest, each with the key that it stands below."""
    if isinstance(record, list):
        for one in record:
            yield from _files_of(one, key)
    elif isinstance(record, Mapping):
        if "file" in record:
            yield key, record
            return
        for name, inner in record.items():
            yield from _files_of(inner, key if name == "files" else name)


def _name_of(key: str, record: Mapping[str, Any], study: Study) -> str:
    if key == TABLES:
        return str(record["system"])
    transfer = None if study.regional is None else study.regional.transfer
    return transfer.system if key == TRANSFER and transfer is not None else key


def _year_of(key: str, study: Study) -> int | None:
    """Year of a file whose record has none: that of the table of transfers, else several."""
    transfer = None if study.regional is None else study.regional.transfer
    return transfer.year if key == TRANSFER and transfer is not None else None


def _format_of(section: str, name: str, study: Study) -> str:
    if name in INVENTORY_FORMATS:
        return INVENTORY_FORMATS[name]
    if study.embodied is not None and name in study.embodied.systems:
        return study.embodied.systems[name].format
    return str(getattr(getattr(study, section), name).format)


def units_of(record: Mapping[str, Any]) -> list[str]:
    """Units of measurement of a file, each once."""
    return list(dict.fromkeys(record["unit"].values()))


def is_packaged(record: Mapping[str, Any], study: Study) -> bool:
    """Whether a table is no file but comes with the package that reads it."""
    systems = {} if study.embodied is None else study.embodied.systems
    system = systems.get(record["key"])
    return system is not None and system.tables[record["year"]].path is None
