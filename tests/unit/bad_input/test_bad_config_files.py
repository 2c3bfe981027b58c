"""Configuration files that cannot be read, or that YAML lets pass and we do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.load import load_study

BASE = """\
study:
  name: demo
  title: {en: Demo, zh: 示例}
data_root: data/demo
sources: {}
weights: {queen: {}}
variables: {}
tables: {}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(*texts: str | bytes) -> list[str]:
    """Faults of `config.yaml` and overlays with these contents."""
    files = []
    for index, text in enumerate(texts):
        file = Path(f"overlay{index}.yaml" if index else "config.yaml")
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        files.append(file)
    with pytest.raises(StudyError) as caught:
        load_study(files)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "config.yaml:1:1: the file is empty", id="empty"),
        pytest.param(b"# nothing\n", "config.yaml:1:1: the file is empty", id="comment only"),
        pytest.param(
            b"- a\n- b\n",
            "config.yaml:1:1: the file must hold keys and values (got a list)",
            id="list",
        ),
        pytest.param(
            b"\n  demo\n",
            "config.yaml:2:3: the file must hold keys and values (got 'demo')",
            id="text",
        ),
        pytest.param(
            b"study:\n\tname: demo\n\ttitle: x\n",
            "config.yaml:2:1: a tab in the indentation, and in 1 more lines; "
            "YAML indents with spaces",
            id="tabs",
        ),
        pytest.param(
            b"study:\n  name: demo\n  \tname: x\n",
            "config.yaml:3:3: a tab in the indentation; YAML indents with spaces",
            id="tab after spaces",
        ),
        pytest.param(
            b"study:\n  name:\tdemo\n",
            "config.yaml:2:8: a tab outside quotes; YAML separates with spaces",
            id="tab after a colon",
        ),
        pytest.param(
            b"a: 1\nb: [1, 2\nc: 3\n",
            "config.yaml:3:2: not valid YAML: expected ',' or ']', but got ':' "
            "while parsing a flow sequence that begins at line 2, column 4",
            id="open bracket",
        ),
        pytest.param(
            "名称: 甲: 乙\n".encode(),
            "config.yaml:1:6: not valid YAML: mapping values are not allowed here",
            id="columns count characters",
        ),
        pytest.param(
            b"a: *nowhere\n",
            "config.yaml:1:4: not valid YAML: found undefined alias 'nowhere'",
            id="undefined alias",
        ),
        pytest.param(
            b"a: 1\n---\nb: 2\n",
            "config.yaml:2:1: not valid YAML: but found another document "
            "expected a single document in the stream that begins at line 1, column 1",
            id="two documents",
        ),
        pytest.param(
            b"a: 1\nb: x\x07y\n",
            "config.yaml:2:5: a character that YAML does not allow (got U+0007)",
            id="control character",
        ),
        pytest.param(
            "a: 1\n名: ab".encode() + "黄河".encode("gbk"),
            "config.yaml:2:6: not UTF-8 (got byte 0xBB); save the file with encoding UTF-8",
            id="GBK",
        ),
        pytest.param(
            b"\xef\xbb\xbfa: \xff\n",
            "config.yaml:1:4: not UTF-8 (got byte 0xFF); save the file with encoding UTF-8",
            id="byte order mark, then not UTF-8",
        ),
    ],
)
def test_unreadable_file_is_refused_with_its_place(content: bytes, message: str) -> None:
    assert faults(content) == [message]


def test_missing_file_is_named() -> None:
    with pytest.raises(StudyError, match=r"^config\.yaml: no such file$"):
        load_study(["config.yaml"])


def test_folder_instead_of_file_is_named(folder: Path) -> None:
    (folder / "studies").mkdir()
    with pytest.raises(StudyError, match=r"^studies: cannot be read \(Is a directory\)$"):
        load_study(["studies"])


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(StudyError, match="no configuration file was given"):
        load_study([])


def test_unreadable_files_are_told_together_in_their_order() -> None:
    assert faults("a: [\n", "\tb: 1\n") == [
        "config.yaml:2:1: not valid YAML: expected the node content, but found '<stream end>' "
        "while parsing a flow node",
        "overlay1.yaml:1:1: a tab in the indentation; YAML indents with spaces",
    ]


def test_duplicate_keys_are_refused_at_every_depth_with_the_other_faults() -> None:
    text = BASE + "seed: 1\nseed: 2\nperiod:\n  cut: 2010\n  'cut': 2011\n  cot: 1\n"
    assert faults(text) == [
        "config.yaml:10:1: seed: the key stands twice (first in line 9)",
        "config.yaml:13:3: period.cut: the key stands twice (first in line 12)",
        "config.yaml:14:3: period.cot: unknown key (got 'cot'; allowed cut; did you mean 'cut')",
    ]


def test_alias_that_leads_back_to_itself_is_refused() -> None:
    assert faults(BASE + "period: &loop\n  cut: *loop\n") == [
        "config.yaml:10:3: period.cut: the alias leads back to itself"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2003: 1", "config.yaml:9:1: a key must be text (got 2003); put it in quotes"),
        ("~: 1", "config.yaml:9:1: a key must be text (got null); put it in quotes"),
        ("[a]: 1", "config.yaml:9:1: a key must be text (got a list or mapping)"),
        ("seed: !env HOME", "config.yaml:9:7: seed: the tag !env cannot be used here"),
        (
            "seed: !!python/name:os.system x",
            "config.yaml:9:7: seed: the tag !!python/name:os.system cannot be used here",
        ),
        ("period: !replace {cut: 2010}", "config.yaml:9:9: period: the tag !replace cannot be "
         "used here"),
        ("<<: 3", "config.yaml:9:5: << takes a mapping or a list of mappings (got 3)"),
    ],
)  # fmt: skip
def test_odd_keys_and_tags_are_refused(line: str, message: str) -> None:
    assert faults(BASE + line + "\n") == [message]
