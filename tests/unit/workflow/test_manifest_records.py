"""What the manifest keeps of the files of embodied carbon and of the outlines of provinces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from yrb_carbon.provenance import FileRecord
from yrb_carbon.study.load import load_study
from yrb_carbon.workflow.manifest import collect_manifest

ROOT = Path(__file__).parents[3]


def written(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.fixture
def collect(tmp_path: Path):
    study = load_study([ROOT / "config.yaml"]).model_dump(mode="json")
    record = FileRecord("no such file", None, "0" * 64, 1).as_dict()

    def made(**more: Path) -> dict[str, Any]:
        return collect_manifest(
            study,
            sources=written(tmp_path / "sources.json", []),
            boundaries=written(tmp_path / "boundaries.json", record),
            samples=[],
            weights=None,
            benchmarks=tmp_path,
            outputs=[],
            **more,
        )

    return made


def test_files_of_embodied_carbon_have_their_sizes(collect, tmp_path):
    file = tmp_path / "own.xlsx"
    file.write_bytes(b"12345")
    own = FileRecord(str(file), "sheet", "1" * 64, 7, {}, ("a note",)).as_dict()
    package = {"system": "test", **FileRecord("pymrio", None, "2" * 64, 8).as_dict()}
    record = {
        "inventories": {"files": [own], "unreported": []},
        "energy": {},
        "tables": [package],
        "systems": {"test": {}},
        "notes": ["B5 2012: a note"],
    }
    found = collect(
        embodied=written(tmp_path / "embodied.json", record),
        provinces=written(tmp_path / "provinces.json", own),
    )
    assert found["embodied"]["inventories"]["files"] == [{**own, "notes": ["a note"], "bytes": 5}]
    assert found["embodied"]["energy"] == {}
    assert found["embodied"]["tables"][0]["bytes"] is None
    assert found["embodied"]["tables"][0]["system"] == "test"
    assert found["embodied"]["notes"] == ["B5 2012: a note"]
    assert found["provinces"]["bytes"] == 5


def test_a_study_without_them_says_so(collect):
    found = collect()
    assert (found["embodied"], found["provinces"]) == (None, None)
