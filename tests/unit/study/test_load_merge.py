"""How files and single values are laid over one another, and how values are read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study
from yrb_carbon.study.tables import EffectsTable, ModelsTable, MoranTable

SECONDS_ALLOWED = 0.3
"""Processor time: Snakemake reads the study once more for each job, so it must not be felt."""

BASE = """\
study:
  name: demo
  title: {en: Demo, zh: 示例}
data_root: data/demo
period: {cut: 2010}
sources:
  county: {format: ceads_county, path: county.csv, options: {encoding: gbk, skip: 2}}
  npp: {format: npp, path: npp.csv, rename: {a: npp}}
weights:
  queen: {}
  knn: {scheme: knn, k: 6, cutoff: 300}
variables:
  y: {index: balance, transform: log}
  lq: {index: agglomeration}
tables:
  base:
    kind: models
    title: {en: Baseline, zh: 基准}
    outcome: y
    regressors: [lq]
    columns:
      - {id: c1, model: sdm}
      - {id: c2, model: sar}
  spread:
    kind: effects
    title: {en: Effects, zh: 效应}
    of: base
figures:
  units_map: false
  maps:
    y: {variable: y, title: {en: Y, zh: 甲}}
demo: {}
"""


def study(
    tmp_path: Path, *overlays: str, overrides: Mapping[str, Any] | None = None, base: str = BASE
) -> Study:
    """Study of the base with overlays and single values."""
    files = []
    for index, text in enumerate((base, *overlays)):
        files.append(tmp_path / f"{index}.yaml")
        files[-1].write_text(text, encoding="utf-8")
    return load_study(files, overrides)


def models(loaded: Study, name: str = "base") -> ModelsTable:
    table = loaded.tables[name]
    assert isinstance(table, ModelsTable)
    return table


def test_mappings_merge_and_lists_are_replaced(tmp_path: Path) -> None:
    overlay = "tables:\n  base:\n    columns: [{id: only}]\nweights: {knn: {k: 8}, rook: {}}\n"
    loaded = study(tmp_path, overlay)
    assert [column.id for column in models(loaded).columns] == ["only"]
    assert models(loaded).regressors == ("lq",)
    assert loaded.weights["knn"].model_dump(include={"scheme", "k", "cutoff"}) == {
        "scheme": "knn",
        "k": 8,
        "cutoff": 300.0,
    }
    assert list(loaded.weights) == ["queen", "knn", "rook"]


def test_later_layers_win(tmp_path: Path) -> None:
    first, second = "seed: 1\nperiod: {cut: 2011}\n", "seed: 2\n"
    loaded = study(tmp_path, first, second, overrides={"seed": 3})
    assert (loaded.seed, loaded.period.cut) == (3, 2011)
    assert study(tmp_path, first, second).seed == 2


def test_empty_mapping_changes_nothing(tmp_path: Path) -> None:
    assert study(tmp_path, "tables: {}\nweights: {knn: {}}\n") == study(tmp_path)


@pytest.mark.parametrize(
    ("overlay", "kept"),
    [
        ("sources: {npp: null}", ("sources", ["county"])),
        ("weights: {knn: ~}", ("weights", ["queen"])),
        ("tables: {spread:}", ("tables", ["base"])),
    ],
)
def test_null_removes_an_inherited_entry(
    tmp_path: Path, overlay: str, kept: tuple[str, list[str]]
) -> None:
    section, names = kept
    assert list(getattr(study(tmp_path, overlay), section)) == names


def test_null_removes_entries_deeper_down(tmp_path: Path) -> None:
    loaded = study(tmp_path, "figures: {maps: {y: null}}\nsources: {county: {options: {skip: ~}}}")
    assert loaded.figures.maps == {}
    assert not loaded.figures.units_map
    assert loaded.sources["county"].options == {"encoding": "gbk"}
    assert study(tmp_path, "sources: {npp: {rename: null}}").sources["npp"].rename == {}


def test_null_gives_a_section_or_value_back_its_default(tmp_path: Path) -> None:
    assert study(tmp_path).period.cut == 2010
    assert study(tmp_path, "period: null").period.cut == 2012
    assert study(tmp_path, "period: {cut: null}").period.cut == 2012
    assert study(tmp_path, "figures: null").figures.units_map
    assert study(tmp_path, "weights: {knn: {k: null}}").weights["knn"].k == 4


def test_null_is_a_value_where_the_model_allows_it(tmp_path: Path) -> None:
    loaded = study(tmp_path, "demo: null\nweights: {knn: {cutoff: null}}\n")
    assert loaded.demo is None
    assert loaded.weights["knn"].cutoff is None
    assert study(tmp_path, "sources: {npp: {options: {sheet: null}}}").sources["npp"].options == {
        "sheet": None
    }


def test_section_left_empty_in_the_first_file_has_its_defaults(tmp_path: Path) -> None:
    loaded = study(tmp_path, base=BASE.replace("period: {cut: 2010}", "period:\n  # cut: 2010"))
    assert loaded.period.cut == 2012


def test_an_entry_may_return_after_its_removal(tmp_path: Path) -> None:
    overlays = "weights: {knn: null}", "weights: {knn: {scheme: knn}}"
    assert study(tmp_path, *overlays).weights["knn"].k == 4


def test_entry_changes_its_kind_when_old_keys_are_taken_away(tmp_path: Path) -> None:
    table = study(
        tmp_path,
        "tables: {spread: {kind: moran, of: null, variables: [y], permutations: 99}}",
    ).tables["spread"]
    assert isinstance(table, MoranTable)
    assert table.title.en == "Effects"
    with pytest.raises(StudyError, match="inherited, but 'moran'"):
        study(tmp_path, "tables: {spread: {kind: moran, variables: [y]}}")


def test_anchors_aliases_and_merge_keys(tmp_path: Path) -> None:
    text = BASE.replace("    columns:\n", "    columns: &columns\n").replace(
        "  base:", "  base: &b"
    )
    extra = "  second:\n    <<: *b\n    title: {en: Second, zh: 第二}\n"
    extra += "  third: {<<: [*b], columns: *columns, outcome: lq, regressors: [y]}\n"
    loaded = study(tmp_path, base=text.replace("figures:\n", extra + "figures:\n"))
    assert models(loaded, "second").columns == models(loaded).columns
    assert models(loaded, "second").title.en == "Second"
    assert models(loaded, "third").outcome == "lq"
    assert models(loaded, "third").columns == models(loaded).columns


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000),
        ("012", 12),
        ("-7", -7),
        ("2.5", 2.5),
        ("true", True),
        ("yes", "yes"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("2003-01-01", "2003-01-01"),
        ("0x10", "0x10"),
        ("'3'", "3"),
        ('"null"', "null"),
        ("!!str 3", "3"),
        ("县级", "县级"),
        ("[1, [a, {b: ~}]]", [1, ["a", {"b": None}]]),
    ],
)
def test_values_are_those_of_yaml_1_2(tmp_path: Path, text: str, value: Any) -> None:
    loaded = study(tmp_path, f"sources:\n  npp:\n    options:\n      x: {text}\n")
    found = loaded.sources["npp"].options["x"]
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load_study([file]) == study(tmp_path)


def test_tabs_inside_quotes_are_allowed(tmp_path: Path) -> None:
    loaded = study(tmp_path, 'sources: {npp: {options: {sep: "\t"}}}\n')
    assert loaded.sources["npp"].options == {"sep": "\t"}


def test_order_of_keys_in_a_file_does_not_matter(tmp_path: Path) -> None:
    head, tail = BASE.split("period:", 1)
    assert study(tmp_path, base=f"period:{tail}{head}") == study(tmp_path)


@pytest.mark.parametrize(
    ("overrides", "check"),
    [
        pytest.param({"seed": 7}, lambda s: s.seed == 7, id="number"),
        pytest.param({"data_root": 2015}, lambda s: s.data_root == "2015", id="number as text"),
        pytest.param(
            {"study": {"exclude_units": ["630100"]}, "impute": {"max_gap": "5"}},
            lambda s: s.study.exclude_units == ("630100",) and s.impute.max_gap == 5,
            id="texts of a mapping",
        ),
        pytest.param(
            {"study": {"synthetic": "true"}}, lambda s: s.study.synthetic is True, id="true"
        ),
        pytest.param({"demo": "null"}, lambda s: s.demo is None, id="null"),
        pytest.param({"tables": {"spread": None}}, lambda s: list(s.tables) == ["base"], id="gone"),
        pytest.param(
            {"sources": {"npp": {"options": {"skip": "3", "name": "x"}}}},
            lambda s: s.sources["npp"].options == {"skip": 3, "name": "x"},
            id="options have the types of YAML",
        ),
        pytest.param(
            {"tables": {"base": {"title": {"en": "12"}}}},
            lambda s: s.tables["base"].title.en == "12",
            id="text inside a table",
        ),
        pytest.param({}, lambda s: s.seed == 20240115, id="nothing"),
    ],
)
def test_values_of_the_command_line(tmp_path: Path, overrides: dict[str, Any], check: Any) -> None:
    assert check(study(tmp_path, overrides=overrides))


def test_effects_table_keeps_its_type(tmp_path: Path) -> None:
    assert isinstance(study(tmp_path).tables["spread"], EffectsTable)


def test_a_long_study_loads_at_once(tmp_path: Path) -> None:
    table = BASE.partition("tables:\n")[2].partition("  spread:")[0]
    many = "".join(table.replace("  base:", f"  base{number}:") for number in range(60))
    overlay = "tables:\n" + many
    start = time.process_time()
    loaded = study(tmp_path, overlay)
    elapsed = time.process_time() - start
    assert len(loaded.tables) == 62
    assert elapsed < SECONDS_ALLOWED
