"""Well-formed YAML that is no study: each class of fault, with its message and its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yrb_carbon.errors import StudyError, listing
from yrb_carbon.study.config import Table
from yrb_carbon.study.load import load_study

KINDS = listing(
    sorted(
        get_args(member.model_fields["kind"].annotation)[0]
        for member in get_args(get_args(Table)[0])
    )
)
NAME = "a name of up to 40 letters, digits and _, a letter first"
BASE = """\
study:
  name: demo
  title: {en: Demo, zh: 示例}
data_root: data/demo
sources:
  county: {format: ceads_county, path: county.csv}
weights:
  queen: {}
variables:
  y: {index: balance}
  lq: {index: agglomeration}
tables:
  base:
    kind: models
    title: {en: Baseline, zh: 基准}
    outcome: y
    regressors: [lq]
    columns:
      - id: c1
"""
LAST = BASE.count("\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def faults(text: str, overlay: str = "", overrides: Mapping[str, Any] | None = None) -> list[str]:
    """Faults of the text as config.yaml, with an overlay and values of the command line."""
    files = [Path("config.yaml")]
    files[0].write_text(text, encoding="utf-8")
    if overlay:
        files.append(Path("overlay.yaml"))
        files[1].write_text(overlay, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(files, overrides)
    return list(caught.value.faults)


def changed(old: str, new: str) -> str:
    assert BASE.count(old) == 1, old
    return BASE.replace(old, new)


def test_the_base_of_these_tests_is_a_study() -> None:
    Path("config.yaml").write_text(BASE, encoding="utf-8")
    assert load_study(["config.yaml"]).tables["base"].kind == "models"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "  name: demo\n",
            "  name: demo\n  frist_year: 2005\n",
            "config.yaml:3:3: study.frist_year: unknown key (got 'frist_year'; allowed name, "
            "title, synthetic, notice, first_year, last_year, unit_set, reach_split, "
            "exclude_units; did you mean 'first_year')",
            id="unknown key",
        ),
        pytest.param(
            "  name: demo\n",
            "  name: demo\n  名称: 甲\n",
            "config.yaml:3:3: study.名称: unknown key (got '名称'; allowed name, title, synthetic, "
            "notice, first_year, last_year, unit_set, reach_split, exclude_units)",
            id="Chinese key",
        ),
        pytest.param(
            "title: {en: Demo, zh: 示例}",
            "title: {zh: 示例, e n: Demo}",
            "config.yaml:3:10: study.title.en: the key is missing (wanted text)",
            id="missing key of a flow mapping",
        ),
        pytest.param(
            "  name: demo\n",
            "",
            "config.yaml:1:1: study.name: the key is missing (wanted a name of up to 40 small "
            "letters, digits and -, no - first: Name of the study; everything it makes is written "
            "to results/<name>/.)",
            id="missing key of a block mapping",
        ),
        pytest.param(
            "study:\n  name: demo\n  title: {en: Demo, zh: 示例}\n",
            "",
            "config.yaml:1:1: study: the key is missing (wanted a mapping of keys: What is "
            "studied.)",
            id="missing key at the top",
        ),
        pytest.param(
            "data_root: data/demo",
            "data_root: 2015",
            "config.yaml:4:12: data_root: must be text (got 2015; put it in quotes)",
            id="number for text",
        ),
        pytest.param(
            "data_root: data/demo",
            "data_root:",
            "config.yaml:4:1: data_root: must be text (got nothing; leave out the key for the "
            "default (described in the reference))",
            id="nothing for text",
        ),
        pytest.param(
            "data_root: data/demo",
            "data_root:\n  - a\n  - b",
            "config.yaml:4:1: data_root: must be text (got a list)",
            id="list for text",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {k: '4'}",
            "config.yaml:8:14: weights.queen.k: must be a whole number above 0 "
            "(got '4'; leave out the quotes)",
            id="quoted number",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {k: 4.0}",
            "config.yaml:8:14: weights.queen.k: must be a whole number above 0 (got 4.0)",
            id="fraction for a whole number",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {k: true}",
            "config.yaml:8:14: weights.queen.k: must be a whole number above 0 (got true)",
            id="true for a whole number",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {k: null}",
            "config.yaml:8:14: weights.queen.k: must be a whole number above 0 "
            "(got null; leave out the key for the default 4)",
            id="null for a whole number",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {phi: 1.5}",
            "config.yaml:8:16: weights.queen.phi: must be a number from 0 to 1 (got 1.5)",
            id="above the range",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {cutoff: .inf}",
            "config.yaml:8:19: weights.queen.cutoff: must be null or a number above 0 (got .inf)",
            id="infinite",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {cutoff: -2}",
            "config.yaml:8:19: weights.queen.cutoff: must be null or a number above 0 (got -2)",
            id="below an open bound",
        ),
        pytest.param(
            "  name: demo\n",
            "  name: demo\n  synthetic: yes\n",
            "config.yaml:3:14: study.synthetic: must be true or false (got 'yes')",
            id="yes is text",
        ),
        pytest.param(
            "  name: demo\n",
            "  name: Demo 1\n",
            "config.yaml:2:9: study.name: must be a name of up to 40 small letters, digits and -, "
            "no - first (got 'Demo 1')",
            id="pattern",
        ),
        pytest.param(
            "  name: demo\n",
            "  name: demo\n  last_year: 1066\n",
            "config.yaml:3:14: study.last_year: must be a whole number from 1949 to 2100 "
            "(got 1066)",
            id="below the range",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {islands: drpo}",
            "config.yaml:8:20: weights.queen.islands: unknown value (got 'drpo'; "
            "allowed error, nearest, drop; did you mean 'drop')",
            id="unknown value",
        ),
        pytest.param(
            "{index: balance}",
            "{index: balance, transform: 3}",
            "config.yaml:10:34: variables.y.transform: unknown value (got 3; "
            "allowed level, log, log1p, log_eps, asinh, null)",
            id="number for one of several texts",
        ),
        pytest.param(
            "  queen: {}",
            "  queen:",
            "config.yaml:8:3: weights.queen: the entry is empty (got nothing); "
            "for an entry with defaults only write {}",
            id="empty entry",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: rook",
            "config.yaml:8:10: weights.queen: must be a mapping of keys (got 'rook')",
            id="text for a section",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {}\n  四邻: {}",
            f"config.yaml:9:3: weights.四邻: not a valid name (got '四邻'; allowed {NAME})",
            id="name of an entry",
        ),
        pytest.param(
            "  queen: {}",
            "  queen: {}\n  'a b': {phi: x}",
            "config.yaml:9:16: weights.'a b'.phi: must be a number from 0 to 1 (got 'x')",
            id="name that needs quotes",
        ),
        pytest.param(
            "    kind: models",
            "    kind: model",
            "config.yaml:14:11: tables.base.kind: unknown value (got 'model'; allowed "
            f"{KINDS}; did you mean 'models')",
            id="unknown kind of table",
        ),
        pytest.param(
            "    kind: models\n",
            "",
            f"config.yaml:13:3: tables.base.kind: the key is missing (allowed {KINDS})",
            id="no kind of table",
        ),
        pytest.param(
            "    outcome: y",
            "    outcme: y\n    outcome: y",
            "config.yaml:16:5: tables.base.outcme: unknown key (got 'outcme'; allowed kind, title, "
            "layout, sample, outcome, regressors, mediators, weights, columns, covariances, note; "
            "did you mean 'outcome')",
            id="unknown key of a table",
        ),
        pytest.param(
            "regressors: [lq]",
            "regressors: lq",
            "config.yaml:17:17: tables.base.regressors: must be a list with at least one item, "
            f"each item {NAME} (got 'lq')",
            id="text for a list",
        ),
        pytest.param(
            "regressors: [lq]",
            "regressors: [lq, 3]",
            f"config.yaml:17:22: tables.base.regressors[1]: must be {NAME} (got 3)",
            id="item of a list",
        ),
        pytest.param(
            "    columns:\n      - id: c1\n",
            "    columns: []\n",
            "config.yaml:18:14: tables.base.columns: must be a list with at least one item, "
            "each item a mapping of keys (got an empty list)",
            id="empty list",
        ),
        pytest.param(
            "      - id: c1\n",
            "      - id: c1\n        model: sdmm\n",
            "config.yaml:20:16: tables.base.columns[0].model: unknown value (got 'sdmm'; "
            "allowed ols, slx, sar, sem, sdm, sdem; did you mean 'sdm')",
            id="value inside a list",
        ),
    ],
)
def test_fault_of_a_section(old: str, new: str, message: str) -> None:
    assert message in faults(changed(old, new))


def test_key_of_another_section_is_suggested() -> None:
    (found,) = faults(BASE + "unit_set: B\n")
    assert found.startswith(f"config.yaml:{LAST + 1}:1: unit_set: unknown key (got 'unit_set';")
    assert found.endswith("; did you mean study.unit_set)")


def test_table_that_is_a_list_is_refused() -> None:
    assert faults(BASE + "  second: [1]\n") == [
        f"config.yaml:{LAST + 1}:11: tables.second: must be a mapping of keys, 'kind' among them "
        "(got a list)"
    ]


def test_long_values_are_cut_in_messages() -> None:
    (found,) = faults(changed("  name: demo\n", f"  name: {'x' * 100}\n"))
    assert found.endswith(f"(got '{'x' * 60}…')")


def test_all_faults_are_told_at_once_in_file_order() -> None:
    text = changed("name: demo", "name: Demo").replace("queen: {}", "queen: {k: 0, phi: 2}")
    overlay = "period: {cut: x}\nfigures: {mapps: {}}\n"
    found = faults(text, overlay, {"seed": -1, "sink": {"k": "coal"}})
    assert [message.split(": ")[:2] for message in found] == [
        ["config.yaml:2:9", "study.name"],
        ["config.yaml:8:14", "weights.queen.k"],
        ["config.yaml:8:22", "weights.queen.phi"],
        ["overlay.yaml:1:15", "period.cut"],
        ["overlay.yaml:2:11", "figures.mapps"],
        ["command line", "sink.k"],
        ["command line", "seed"],
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "    outcome: y",
            "    outcome: yy",
            "config.yaml:16:14: tables.base.outcome: unknown variable (got 'yy'; allowed lq, y; "
            "did you mean 'y')",
            id="unknown variable",
        ),
        pytest.param(
            "regressors: [lq]",
            "regressors: [lq, lqq]",
            "config.yaml:17:22: tables.base.regressors[1]: unknown variable (got 'lqq'; "
            "allowed lq, y; did you mean 'lq')",
            id="unknown variable in a list",
        ),
        pytest.param(
            "    outcome: y",
            "    outcome: y\n    weights: quen",
            "config.yaml:17:14: tables.base.weights: unknown weights (got 'quen'; allowed queen; "
            "did you mean 'queen')",
            id="unknown weights",
        ),
        pytest.param(
            "  queen: {}",
            "  rook: {}",
            "config.yaml:13:3: tables.base.weights: unknown weights (got 'queen'; allowed rook); "
            "the key is not set, its default counts",
            id="default that does not exist",
        ),
        pytest.param(
            "  name: demo\n",
            "  name: demo\n  last_year: 2010\n",
            "config.yaml:1:1: period.cut: the boom must end inside the sample (got 2012; "
            "allowed 2003 to 2009); the key is not set, its default counts",
            id="default section",
        ),
    ],
)
def test_fault_between_sections(old: str, new: str, message: str) -> None:
    assert faults(changed(old, new)) == [message]


def test_faults_between_sections_wait_for_well_formed_sections() -> None:
    text = changed("outcome: y", "outcome: yy").replace("name: demo", "name: Demo")
    assert len(faults(text)) == 1


def test_a_fault_shared_by_columns_is_told_once() -> None:
    text = changed("regressors: [lq]", "regressors: [lq, y]") + "      - id: c2\n"
    assert faults(text) == [
        "config.yaml:17:17: tables.base.regressors: the outcome 'y' is among its own regressors"
    ]


def test_null_that_removes_nothing_is_refused() -> None:
    assert faults(BASE, "tables:\n  bass: null\n") == [
        "overlay.yaml:2:9: tables.bass: null removes nothing, no such entry is inherited "
        "(got 'bass'; allowed base; did you mean 'base'); for an entry with defaults only write {}"
    ]


def test_null_does_not_remove_what_is_required() -> None:
    assert faults(BASE, "weights: null\ntables:\n  base: {outcome: ~}\n") == [
        "overlay.yaml:1:10: weights: must be a mapping of names (got null)",
        f"overlay.yaml:3:19: tables.base.outcome: must be {NAME} (got null)",
    ]


def test_changed_kind_points_at_the_overlay() -> None:
    keys = "(got {!r}; allowed kind, title, layout, of; inherited, but 'effects' in "
    keys += "overlay.yaml:3:11 has no such key: set it to null there)"
    assert faults(BASE, "tables:\n  base:\n    kind: effects\n") == [
        "config.yaml:16:5: tables.base.outcome: unknown key " + keys.format("outcome"),
        "config.yaml:17:5: tables.base.regressors: unknown key " + keys.format("regressors"),
        "config.yaml:18:5: tables.base.columns: unknown key " + keys.format("columns"),
        f"overlay.yaml:3:11: tables.base.of: the key is missing (wanted {NAME}: "
        "The table whose models these are.)",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"seed": "many"}, "command line: seed: must be a whole number of at least 0 (got 'many')"),
        (
            {"period": {"cut": "1999"}},
            "command line: period.cut: the boom must end inside the sample (got 1999; "
            "allowed 2003 to 2017)",
        ),
        (
            {"weights": {"knn": "null"}},
            "command line: weights.knn: null removes nothing, no such entry is inherited "
            "(got 'knn'; allowed queen); for an entry with defaults only write {}",
        ),
        (
            {"study": {"frist_year": "2005"}},
            "command line: study.frist_year: unknown key (got 'frist_year'; allowed name, title, "
            "synthetic, notice, first_year, last_year, unit_set, reach_split, exclude_units; "
            "did you mean 'first_year')",
        ),
    ],
)  # fmt: skip
def test_values_of_the_command_line_are_named(overrides: dict[str, Any], message: str) -> None:
    assert faults(BASE, overrides=overrides) == [message]


LINES = BASE.splitlines()
VALUES = (
    "null", "{}", "[]", "-1.5", ".nan", "1e999", "9" * 5000, "'x'", "yes", "[1, {a: 1}]",
    "models", "{kind: models, columns: [3, {id: c}]}", '"\\ud800"', "&x 3", "*x", "!!int x",
    "- b", "? a", "|",
)  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(VALUES), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_file_is_refused_with_places_inside_it(
    damages: list[tuple[int, str, bool]],
) -> None:
    lines = list(LINES)
    for number, value, replaces in damages:
        key, colon, _ = lines[number].partition(":")
        lines[number] = f"{key}{colon} {value}" if replaces else lines[number] + value
    Path("config.yaml").write_text("\n".join(lines), encoding="utf-8")
    try:
        load_study(["config.yaml"])
    except StudyError as error:
        for fault in error.faults:
            line, column = (int(part) for part in fault.split(":")[1:3])
            assert 1 <= line <= len(lines) + 1
            assert column >= 1


def test_origin_of_values_can_be_named() -> None:
    Path("config.yaml").write_text(BASE, encoding="utf-8")
    with pytest.raises(StudyError, match=r"^robustness suite: seed: must be a whole number"):
        load_study(["config.yaml"], {"seed": "x"}, overrides_name="robustness suite")
