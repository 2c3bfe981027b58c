"""The generated schema and reference page, and that the committed ones are in step."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from yrb_carbon.study import schema
from yrb_carbon.study.config import Study

SMALLEST = {
    "study": {"name": "demo", "title": {"en": "Demo", "zh": "示例"}},
    "data_root": "data/demo",
    "sources": {},
    "weights": {},
    "variables": {},
    "tables": {},
}


@pytest.mark.parametrize("path", [schema.SCHEMA_FILE, schema.REFERENCE_FILE], ids=str)
def test_committed_file_equals_the_generated_one(repository: Path, path: Path) -> None:
    committed = (repository / path).read_text(encoding="utf-8")
    assert committed == schema.files()[path], "run: python -m yrb_carbon.study.schema"


def test_main_writes_the_files_below_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.main([str(tmp_path)])
    printed = capsys.readouterr().out
    for path, text in schema.files().items():
        assert (tmp_path / path).read_text(encoding="utf-8") == text
        assert f"wrote {tmp_path / path}\n" in printed


def test_schema_is_valid_and_agrees_with_the_model() -> None:
    validator = jsonschema.Draft202012Validator(schema.json_schema())
    validator.check_schema(schema.json_schema())
    assert list(validator.iter_errors(SMALLEST)) == []
    bad = {**SMALLEST, "weights": {"a b": {}, "queen": {"schem": "queen"}}, "seed": "x"}
    assert len(list(validator.iter_errors(bad))) == 3


def test_defaults_are_those_of_the_model() -> None:
    study = Study.model_validate(SMALLEST)
    whole = study.model_dump(mode="json")
    defaults = schema.defaults()
    # an empty data_root is looked up when the study is read
    assert defaults.pop("data_root") == ""
    assert defaults == {name: whole[name] for name in defaults}
    assert set(schema.defaults()) | set(SMALLEST) == set(whole)


def test_defaults_are_copies() -> None:
    schema.defaults()["period"]["cut"] = 1950
    assert schema.defaults()["period"]["cut"] == Study.model_validate(SMALLEST).period.cut


def test_every_key_says_what_it_wants_and_means() -> None:
    rows = {row.path: row for row in schema.all_keys()}
    assert len(rows) == len(schema.all_keys())
    cut = rows["period.cut"]
    assert cut.wanted == "a whole number from 1949 to 2100"
    assert (cut.required, cut.default) == (False, 2012)
    assert rows["weights.<name>.phi"].wanted == "a number from 0 to 1"
    assert rows["weights.<name>.cutoff"].wanted == "null or a number above 0"
    assert rows["tables.<name> (kind: models).columns[].model"].default == "sdm"
    assert rows["study.title"].wanted == "a mapping of en and zh"
    assert rows["sources"].required
    assert not rows["data_root"].required
    unexplained = {path.rpartition(".")[2] for path, row in rows.items() if not row.description}
    assert unexplained <= {"en", "zh", "kind"}


def test_reference_page_is_a_page_of_tables() -> None:
    text = schema.markdown_reference()
    line = "| `cut` | a whole number from 1949 to 2100 | `2012` |"
    assert line in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in tables} == {5}
    assert "## `sources.<name>`" in text


def test_schema_file_is_read_by_yaml_too(repository: Path) -> None:
    loaded = yaml.safe_load((repository / schema.SCHEMA_FILE).read_text(encoding="utf-8"))
    assert loaded["properties"]["seed"]["minimum"] == 0
