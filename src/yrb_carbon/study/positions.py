"""YAML read with the line and column of every key and value.

Values follow the core schema of YAML 1.2: `yes`, `no`, `on`, `off`, dates and `12:30` are text,
`012` is twelve and `1e3` a number. Merge keys (`<<`) are understood as YAML 1.1 has them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]

NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
# Python refuses to read integers of more than 4300 digits; those become infinite numbers.
INTEGER = re.compile(r"^[-+]?[0-9]{1,4300}$")
NUMBER = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
MERGE_TAG = "tag:yaml.org,2002:merge"
TAGS = {
    f"tag:yaml.org,2002:{name}": pattern
    for name, pattern in {
        "null": NULL, "bool": BOOLEAN, "int": INTEGER, "float": NUMBER, "str": re.compile("")
    }.items()
}  # fmt: skip
PLAIN_NAME = re.compile(r"^[\w-]+$")
LONGEST_SHOWN = 60
BYTE_ORDER_MARK = "\ufeff"
INDENTING_TAB = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where something stands: rank of its file in the order of reading, line, column, from 1.

    A position without line and column is the whole file, or the command line.
    """

    rank: int
    line: int
    column: int
    name: str

    def __str__(self) -> str:
        """Return `file:line:column`, or the name alone."""
        return f"{self.name}:{self.line}:{self.column}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a position, below which key."""

    position: Position
    path: KeyPath
    problem: str

    def __str__(self) -> str:
        """Return `file:line:column: key.path: what is wrong`."""
        key = f" {dotted(self.path)}:" if self.path else ""
        return f"{self.position}:{key} {self.problem}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the configuration with its positions.

    `value` is a scalar, a mapping or a tuple of nodes; `key` the position of the key that names it;
    `text` and `quoted` tell how a scalar was written; `block` says that a mapping or list begins on
    the line after its key.
    """

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    place: Position
    key: Position | None = None
    text: str = ""
    quoted: bool = False
    block: bool = False

    @property
    def entries(self) -> Mapping[str, Node] | None:
        """Entries of a mapping, None for anything else."""
        return self.value if isinstance(self.value, Mapping) else None

    @property
    def mark(self) -> Position:
        """Position that a message about this value names: the value, or its key where clearer."""
        unseen = self.block or (self.value is None and not self.text)
        return self.key if unseen and self.key is not None else self.place

    def child(self, step: str | int) -> Node | None:
        """Entry of a mapping or item of a list; None when there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(str(step))
        if isinstance(self.value, tuple) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

    def locate(self, path: KeyPath) -> tuple[Node, bool]:
        """Node at the path or its nearest ancestor, and whether it is the node itself."""
        node = self
        for step in path:
            inner = node.child(step)
            if inner is None:
                return node, False
            node = inner
        return node, True

    def plain(self) -> Any:
        """The value without positions, in the types of JSON."""
        if isinstance(self.value, Mapping):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def shown(self) -> str:
        """How a message quotes the value."""
        if isinstance(self.value, Mapping):
            return "a mapping" if self.value else "an empty mapping"
        if isinstance(self.value, tuple):
            return "a list" if self.value else "an empty list"
        if self.value is None:
            return "null" if self.text else "nothing"
        text = self.text if len(self.text) <= LONGEST_SHOWN else f"{self.text[:LONGEST_SHOWN]}…"
        return repr(text) if self.quoted or isinstance(self.value, str) else text


def dotted(path: KeyPath) -> str:
    """Key path as people write it: `tables.baseline.columns[2].model`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if PLAIN_NAME.match(step) else repr(step)
            text += f".{name}" if text else name
    return text


def scalar(text: str) -> Scalar:
    """Value of an unquoted text under the core schema of YAML 1.2."""
    if NULL.match(text):
        return None
    if BOOLEAN.match(text):
        return text.lower() == "true"
    if INTEGER.match(text):
        return int(text)
    if NUMBER.match(text):
        sign = -1.0 if text.startswith("-") else 1.0
        word = text.lstrip("+-").lower()
        special = {".inf": math.inf, ".nan": math.nan}.get(word)
        return float(text) if special is None else sign * special
    return text


def from_values(value: Any, place: Position, typed: bool = False) -> Node:
    """Nodes of values that come from no file; texts are read as YAML reads unquoted ones.

    Snakemake hands over every value inside a `--config` mapping as text.

    Parameters
    ----------
    value : mappings, sequences and scalars
    place : Position
        The origin that messages name.
    typed : bool
        Take texts as they are.
    """
    if isinstance(value, Mapping):
        entries = {
            str(key): replace(from_values(item, place, typed), key=place)
            for key, item in value.items()
        }
        return Node(entries, place)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Node(tuple(from_values(item, place, typed) for item in value), place)
    if isinstance(value, str):
        return Node(value if typed else scalar(value), place, text=value)
    known = value is None or isinstance(value, bool | int | float)
    text = (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
    return Node(value if known else text, place, text=text)


class _Loader(yaml.SafeLoader):
    """PyYAML's loader with the plain values of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {}
_LEADING = {
    "null": ["~", "n", "N", ""], "bool": list("tTfF"), "int": list("-+0123456789"),
    "float": list("-+0123456789."),
}  # fmt: skip
for _name, _first in _LEADING.items():
    _tag = f"tag:yaml.org,2002:{_name}"
    _Loader.add_implicit_resolver(_tag, TAGS[_tag], _first)
_Loader.add_implicit_resolver(MERGE_TAG, re.compile("^<<$"), ["<"])


@lru_cache(maxsize=16)
def _composed(text: str) -> yaml.Node | None:
    """Nodes of a text, which nobody changes: one command reads the configuration several times."""
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node


MOST_NODES = 100_000
"""Values of a file; aliases of aliases can make billions of a few lines."""
DEEPEST = 50
"""Levels that keys and lists are nested in one another."""


def read_yaml(path: Path, rank: int, name: str | None = None) -> tuple[Node | None, list[Fault]]:
    """Read one YAML file; all its faults, and its nodes unless it cannot be read at all.

    Parameters
    ----------
    path : Path
    rank : int
        Place of the file in the order of reading, by which faults are sorted.
    name : str, optional
        What messages call the file; the path by default.
    """
    return _FileReader(rank, name or str(path)).read(path)


class _TooMuchError(Exception):
    """A file that aliases blow up, or that is nested without end."""

    def __init__(self, place: Position, path: KeyPath, problem: str) -> None:
        super().__init__(problem)
        self.place, self.path = place, path


class _FileReader:
    """Turns one file into nodes and gathers its faults."""

    def __init__(self, rank: int, name: str) -> None:
        self.rank = rank
        self.name = name
        self.faults: list[Fault] = []
        self.has_unknown_values = False
        self.count = 0

    def read(self, path: Path) -> tuple[Node | None, list[Fault]]:
        text = self._text(path)
        composed = None if text is None else self._compose(text)
        if composed is None:
            return None, self.faults
        try:
            root = self._node(composed, (), None, ())
        except _TooMuchError as error:
            self._fault(error.place, error.path, f"{error}, more than any study has")
            return None, self.faults
        if root.entries is None:
            self._fault(root.place, (), f"the file must hold keys and values (got {root.shown()})")
            return None, self.faults
        return None if self.has_unknown_values else root, self.faults

    def _text(self, path: Path) -> str | None:
        whole = Position(self.rank, 0, 0, self.name)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self._fault(whole, (), "no such file")
            return None
        except OSError as error:
            self._fault(whole, (), f"cannot be read ({error.strerror})")
            return None
        try:
            return content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        except UnicodeDecodeError as error:
            before = content[: error.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
            byte = content[error.start]
            problem = f"not UTF-8 (got byte 0x{byte:02X}); save the file with encoding UTF-8"
            self._fault(self._at(before, len(before)), (), problem)
            return None

    def _compose(self, text: str) -> yaml.Node | None:
        tabs = list(INDENTING_TAB.finditer(text))
        if tabs:
            more = f", and in {len(tabs) - 1} more lines" if len(tabs) > 1 else ""
            place = self._at(text, text.index("\t", tabs[0].start()))
            self._fault(place, (), f"a tab in the indentation{more}; YAML indents with spaces")
            return None
        try:
            node = _composed(text)
        except yaml.MarkedYAMLError as error:
            self._fault(*self._syntax(error))
            return None
        except RecursionError:
            self._fault(Position(self.rank, 1, 1, self.name), (), "nested too deeply to be read")
            return None
        except yaml.reader.ReaderError as error:
            problem = f"a character that YAML does not allow (got U+{error.character:04X})"
            self._fault(self._at(text, error.position), (), problem)
            return None
        if node is None:
            self._fault(Position(self.rank, 1, 1, self.name), (), "the file is empty")
        return node

    def _syntax(self, error: yaml.MarkedYAMLError) -> tuple[Position, KeyPath, str]:
        mark = error.problem_mark or error.context_mark
        place = Position(self.rank, 0, 0, self.name) if mark is None else self._mark(mark)
        if "'\\t'" in (error.problem or ""):
            return place, (), "a tab outside quotes; YAML separates with spaces"
        begun = error.context_mark
        context = f" {error.context}" if error.context else ""
        if begun is not None and begun is not mark:
            context += f" that begins at line {begun.line + 1}, column {begun.column + 1}"
        return place, (), f"not valid YAML: {error.problem or 'unreadable'}{context}"

    def _node(
        self, node: yaml.Node, path: KeyPath, key: Position | None, above: tuple[yaml.Node, ...]
    ) -> Node:
        place = self._mark(node.start_mark)
        self.count += 1
        if self.count > MOST_NODES:
            raise _TooMuchError(place, path, f"{MOST_NODES} values with those of aliases")
        if len(above) > DEEPEST:
            raise _TooMuchError(place, path[:1], f"nested {DEEPEST} levels deep")
        if any(node is parent for parent in above):
            self.has_unknown_values = True
            self._fault(key or place, path, "the alias leads back to itself")
            return Node(None, place, key, "null")
        above = (*above, node)
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, path, "map")
            entries = self._entries(node, path, above)
            return Node(entries, place, key, block=not node.flow_style)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, path, "seq")
            items = tuple(
                self._node(item, (*path, index), None, above)
                for index, item in enumerate(node.value)
            )
            return Node(items, place, key, block=not node.flow_style)
        return self._scalar(node, path, key)

    def _entries(
        self, node: yaml.MappingNode, path: KeyPath, above: tuple[yaml.Node, ...]
    ) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key_node, value_node in node.value:
            place = self._mark(key_node.start_mark)
            if key_node.tag == MERGE_TAG:
                for inherited, entry in self._merged(value_node, path, above).items():
                    merged.setdefault(inherited, entry)
                continue
            name = self._name(key_node, path)
            if name is None:
                continue
            value = self._node(value_node, (*path, name), place, above)
            if name in own:
                first = own[name].key
                line = first.line if first is not None else 0
                self._fault(place, (*path, name), f"the key stands twice (first in line {line})")
            else:
                own[name] = value
        return {**merged, **own}

    def _merged(
        self, node: yaml.Node, path: KeyPath, above: tuple[yaml.Node, ...]
    ) -> dict[str, Node]:
        """Entries that a merge key (`<<`) brings; of several mappings the first one counts."""
        sources: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Node] = {}
        for source in sources:
            value = self._node(source, path, None, above)
            if value.entries is None:
                problem = f"<< takes a mapping or a list of mappings (got {value.shown()})"
                self._fault(value.place, path, problem)
                continue
            for name, entry in value.entries.items():
                merged.setdefault(name, entry)
        return merged

    def _name(self, node: yaml.Node, path: KeyPath) -> str | None:
        """Text of a key; None, and a fault, when the key is no text."""
        place = self._mark(node.start_mark)
        if not isinstance(node, yaml.ScalarNode):
            self._fault(place, path, "a key must be text (got a list or mapping)")
            return None
        value = self._scalar(node, path, None)
        if not isinstance(value.value, str):
            self._fault(place, path, f"a key must be text (got {value.shown()}); put it in quotes")
            return None
        return value.value

    def _scalar(self, node: yaml.Node, path: KeyPath, key: Position | None) -> Node:
        place = self._mark(node.start_mark)
        text = str(node.value)
        quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
        pattern = TAGS.get(node.tag)
        if pattern is None or not pattern.match(text):
            self._refuse_tag(node, path)
            return Node(text, place, key, text, quoted)
        is_text = node.tag.endswith(":str")
        return Node(text if is_text else scalar(text), place, key, text, quoted)

    def _check_tag(self, node: yaml.Node, path: KeyPath, expected: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{expected}":
            self._refuse_tag(node, path)

    def _refuse_tag(self, node: yaml.Node, path: KeyPath) -> None:
        self.has_unknown_values = True
        shown = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._fault(self._mark(node.start_mark), path, f"the tag {shown} cannot be used here")

    def _fault(self, position: Position, path: KeyPath, problem: str) -> None:
        self.faults.append(Fault(position, path, problem))

    def _mark(self, mark: Any) -> Position:
        return Position(self.rank, mark.line + 1, mark.column + 1, self.name)

    def _at(self, text: str, index: int) -> Position:
        start = text.rfind("\n", 0, index) + 1
        return Position(self.rank, text.count("\n", 0, index) + 1, index - start + 1, self.name)
