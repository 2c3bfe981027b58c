"""Files that tables of embodied carbon are made from, as the manifest of a run tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yrb_carbon.study.embodied import INVENTORY_FORMATS, EmbodiedSection, file_source


def embodied_records(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Records of inventories, energy inventories and input-output tables, in this order.

    Returns
    -------
    list of dict
        Each as in the manifest, with `source`: the name that `replication.sources` knows it by,
        and `key`: inventories, energy, or the name of the system. Empty for a study without
        embodied carbon.
    """
    record = manifest.get("embodied")
    if record is None:
        return []
    keyed = [(key, file) for key in INVENTORY_FORMATS for file in record[key].get("files", ())]
    keyed += [(file["system"], file) for file in record["tables"]]
    return [{**file, "key": key, "source": file_source(key)} for key, file in keyed]


def units_of(record: Mapping[str, Any]) -> list[str]:
    """Units of measurement of a file, each once."""
    return list(dict.fromkeys(record["unit"].values()))


def is_packaged(record: Mapping[str, Any], section: EmbodiedSection) -> bool:
    """Whether a table is no file but comes with the package that reads it."""
    system = section.systems.get(record["key"])
    return system is not None and system.tables[record["year"]].path is None
