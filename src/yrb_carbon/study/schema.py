"""The keys of a study's configuration, read from its model: schema, reference page, defaults.

`python -m yrb_carbon.study.schema [FOLDER]` writes `data/config.schema.json` and
`docs/reference/config.md` below the folder, the current one by default. A test holds both in step
with the model.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema

from yrb_carbon.study.base import WORDS, Section
from yrb_carbon.study.config import Study

SCHEMA_FILE = Path("data", "config.schema.json")
REFERENCE_FILE = Path("docs", "reference", "config.md")
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Kind = Literal[
    "section", "names", "list", "choice", "enum", "string", "integer", "number", "boolean", "any"
]  # fmt: skip
Step = str | int


@dataclass(frozen=True, slots=True)
class Shape:
    """What one place of the configuration accepts.

    `section` is a mapping with fixed keys (`keys`), `names` an open mapping whose entries are all
    alike (`item`), `list` a list (`item`), `choice` one of several sections told apart by the value
    of the key `tag` (`members`); the others are single values.
    """

    kind: Kind
    wanted: str
    description: str = ""
    nullable: bool = False
    required: bool = False
    default: Any = None
    keys: Mapping[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    name_wanted: str = "text"
    tag: str = ""
    members: Mapping[str, Shape] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()

    def child(self, step: Step) -> Shape | None:
        """Shape of a key, entry or list item; None where the model knows none."""
        if self.kind == "section":
            return self.keys.get(str(step))
        return self.item


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One key of the configuration: a row of the reference page.

    `path` names entries of open mappings `<name>` and items of lists `[]`; `wanted` says type and
    allowed values; `default` is meaningless where the key is required.
    """

    path: str
    wanted: str
    required: bool
    default: Any
    description: str


class _Generator(GenerateJsonSchema):
    """JSON schema with computed defaults, without the titles that repeat each key's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_default_value(self, schema: Any) -> Any:
        factory = schema.get("default_factory")
        return factory() if factory is not None else super().get_default_value(schema)


def json_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a whole configuration, for editors and other programs."""
    return _schema_of(Study)


def _schema_of(model: type[Section]) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_Generator)
    for node in _mappings(schema):
        if "patternProperties" in node:
            node["additionalProperties"] = False
    return {"$schema": DIALECT, **schema}


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _mappings(child)
    elif isinstance(node, list):
        for child in node:
            yield from _mappings(child)


@cache
def shape_of(model: type[Section]) -> Shape:
    """Shape of the whole of a file that a model reads."""
    schema = _schema_of(model)
    return _shape(schema, schema["$defs"], required=True)


def shape() -> Shape:
    """Shape of the whole configuration."""
    return shape_of(Study)


def _shape(node: Mapping[str, Any], definitions: Mapping[str, Any], required: bool) -> Shape:
    node = _resolved(node, definitions)
    options = node.get("anyOf", ())
    if options:
        inner = next(option for option in options if option.get("type") != "null")
        description = node.get("description") or _resolved(inner, definitions).get("description")
        node = {
            **_resolved(inner, definitions),
            "description": description or "",
            "default": node.get("default"),
        }
    nullable = bool(options)
    common: dict[str, Any] = {
        "description": node.get("description", ""),
        "nullable": nullable,
        "required": required,
        "default": copy.deepcopy(node.get("default")),
    }
    parts = _parts(node, definitions)
    if nullable:
        parts["wanted"] = f"null or {parts['wanted']}"
    return Shape(**common, **parts)


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The node with its reference filled in; its own words go before those of the reference."""
    if "$ref" not in node:
        return dict(node)
    own = {key: value for key, value in node.items() if key != "$ref"}
    return {**definitions[str(node["$ref"]).rsplit("/", 1)[-1]], **own}


def _parts(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a shape that depend on its kind."""
    if "discriminator" in node:
        tag = node["discriminator"]["propertyName"]
        members = {
            value: _shape({"$ref": reference}, definitions, required=True)
            for value, reference in node["discriminator"]["mapping"].items()
        }
        return {
            "kind": "choice",
            "wanted": f"a mapping of keys, {tag!r} among them",
            "tag": tag,
            "members": members,
            "allowed": tuple(members),
        }
    if "enum" in node or "const" in node:
        allowed = tuple(str(value) for value in node.get("enum", (node.get("const"),)))
        return {"kind": "enum", "wanted": _one_of(allowed), "allowed": allowed}
    kind = node.get("type")
    if kind in ("object", ["string", "object"]) and "properties" in node:
        needed = node.get("required", ())
        return {
            "kind": "section",
            "wanted": node.get(WORDS) or _section_wanted(node),
            "keys": {
                key: _shape(child, definitions, required=key in needed)
                for key, child in node["properties"].items()
            },
        }
    if kind == "object":
        return _names_parts(node, definitions)
    if kind == "array":
        item = _shape(node["items"], definitions, required=True)
        filled = "a list with at least one item" if node.get("minItems") else "a list"
        return {"kind": "list", "wanted": f"{filled}, each item {item.wanted}", "item": item}
    if kind == "string":
        return {"kind": "string", "wanted": _text_wanted(node)}
    if kind == "integer":
        return {"kind": "integer", "wanted": f"a whole number{_range(node)}"}
    if kind == "number":
        return {"kind": "number", "wanted": f"a number{_range(node)}"}
    if kind == "boolean":
        return {"kind": "boolean", "wanted": "true or false"}
    return {"kind": "any", "wanted": "any value"}


def _names_parts(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    entries = next(iter(node.get("patternProperties", {}).values()), None)
    entries = node.get("additionalProperties") if entries is None else entries
    least = node.get("minProperties", 0)
    item = _shape(entries if isinstance(entries, Mapping) else {}, definitions, required=True)
    return {
        "kind": "names",
        "wanted": "a mapping of at least one name" if least else "a mapping of names",
        "item": item,
        "name_wanted": node.get("propertyNames", {}).get(WORDS, "text"),
    }


def _section_wanted(node: Mapping[str, Any]) -> str:
    """A section that needs no explanation, such as a label, is told by its keys."""
    children = node["properties"]
    if any("description" in child for child in children.values()):
        return "a mapping of keys"
    return f"a mapping of {' and '.join(children)}"


def _one_of(allowed: Sequence[str]) -> str:
    return f"one of {', '.join(allowed)}" if len(allowed) > 1 else allowed[0]


def _text_wanted(node: Mapping[str, Any]) -> str:
    if WORDS in node:
        return str(node[WORDS])
    return f"text like {node['pattern']}" if "pattern" in node else "text"


def _range(node: Mapping[str, Any]) -> str:
    """Text ` of at least 0 and below 0.5` of the bounds of a number."""
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    if low is not None:
        words.pop("exclusiveMinimum")
    bounds = [f"{word} {node[key]:g}" for key, word in words.items() if node.get(key) is not None]
    return f" {' and '.join(bounds)}" if bounds else ""


def all_keys() -> tuple[KeyInfo, ...]:
    """Every key of the configuration, section by section in the order of the model."""
    return tuple(row for _, _, rows in _sections(shape(), "") for row in rows)


def defaults() -> dict[str, Any]:
    """Default of every top-level key that has one, as plain values."""
    return {
        name: copy.deepcopy(child.default)
        for name, child in shape().keys.items()
        if not child.required
    }


def _sections(node: Shape, path: str) -> Iterator[tuple[str, str, tuple[KeyInfo, ...]]]:
    """Path, description and keys of a section and of all below it."""
    if node.kind == "section":
        rows = tuple(_row(child, _join(path, key)) for key, child in node.keys.items())
        yield path, node.description, rows
        for key, child in node.keys.items():
            yield from _sections(child, _join(path, key))
    elif node.kind == "choice":
        for value, member in node.members.items():
            yield from _sections(member, f"{path} ({node.tag}: {value})")
    elif node.item is not None:
        inner = f"{path}[]" if node.kind == "list" else f"{path}.<name>"
        yield from _sections(node.item, inner)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _row(child: Shape, path: str) -> KeyInfo:
    return KeyInfo(path, child.wanted, child.required, child.default, child.description)


INTRODUCTION = """\
# Keys of the configuration

Generated from the model by `python -m yrb_carbon.study.schema`; change the model, not this page.

A study is `config.yaml`, with overlays (`--configfile studies/x.yaml`) and single values
(`--config data_root=PATH`, `--config 'study={first_year: 2005}'`) laid over it in this order.

- Mappings are merged key by key. Lists and single values are replaced whole.
- An entry of an overlay with the name of an inherited one (a table, a source) changes the keys that
  it gives and keeps the others, also when it changes `kind` or `index`. Keys of the old kind that
  the new one does not know are taken away with `null`; or give the entry a new name and set the
  inherited one to `null`.
- `null` takes back what stood before: an entry of `sources`, `weights`, `variables`, `samples`,
  `tables`, `figures.maps` is removed, a section or value returns to its default. Where the table
  below says "null or", null is a value like any other.
- Unknown keys, duplicate keys and tabs outside quotes are refused. Values are those of YAML
  1.2: `yes`, `no`, `on`, `off` and dates are text, and text that looks like a number or like true
  and false must be in quotes. Anchors, aliases and merge keys (`<<`) may be used, other tags not.

`yrb-carbon check` reports every fault with file, line and column.
`data/config.schema.json` is the JSON schema of a whole `config.yaml`, for editors.
"""


def markdown_reference() -> str:
    """Reference page of all keys, in Markdown."""
    parts = [INTRODUCTION]
    for paths, description, rows in _alike():
        heading = f"`{paths[0]}`" if paths[0] else "Top level"
        parts.append(f"## {heading}\n\n{description}\n")
        if len(paths) > 1:
            parts.append(f"The same keys stand in {', '.join(f'`{p}`' for p in paths[1:])}.\n")
        lines = ["| key | type and allowed values | default | meaning |", "|---|---|---|---|"]
        for row in rows:
            cells = (f"`{row.path.rsplit('.', 1)[-1]}`", row.wanted, _default_cell(row))
            lines.append(f"| {' | '.join(cells)} | {row.description.replace('<', '&lt;')} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _alike() -> Iterator[tuple[list[str], str, tuple[KeyInfo, ...]]]:
    """Sections whose keys have a meaning, each once with all paths that it stands at."""
    found: dict[tuple[object, ...], tuple[list[str], str, tuple[KeyInfo, ...]]] = {}
    for path, description, rows in _sections(shape(), ""):
        if not any(row.description for row in rows):
            continue
        content = [repr(replace(row, path=row.path.rsplit(".", 1)[-1])) for row in rows]
        found.setdefault((description, *content), ([], description, rows))[0].append(path)
    yield from found.values()


def _default_cell(row: KeyInfo) -> str:
    """A default as one writes it in YAML; the keys of a section have rows of their own."""
    if row.required:
        return "required"
    if isinstance(row.default, dict) and row.wanted.endswith("mapping of keys"):
        return "see below"
    is_text = isinstance(row.default, str)
    return f"`{row.default if is_text else json.dumps(row.default, ensure_ascii=False)}`"


def files() -> dict[Path, str]:
    """The generated files: path below the project's folder, and text."""
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    return {SCHEMA_FILE: schema, REFERENCE_FILE: markdown_reference()}


def main(arguments: Sequence[str]) -> None:
    """Write the generated files below the folder named by the first argument."""
    folder = Path(arguments[0]) if arguments else Path()
    for path, text in files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
