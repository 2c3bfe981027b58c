"""Read a study: YAML files and command-line values, merged, checked, every fault with its place.

Precedence: the first file < overlays in their order < single values. `yrb_carbon.study.config` says
what a study may hold, `yrb_carbon.study.positions` where each key and value stands.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from yrb_carbon.errors import StudyError, listing
from yrb_carbon.study.base import choices
from yrb_carbon.study.config import Study, semantic_faults
from yrb_carbon.study.positions import (
    Fault,
    KeyPath,
    Node,
    Position,
    from_values,
    read_yaml,
    scalar,
)
from yrb_carbon.study.schema import Shape, all_keys, shape

COMMAND_LINE = "command line"
DEFAULT_FILE = Path("config.yaml")
NUMERIC = ("integer", "number", "boolean")


class ConfigSettings(Protocol):
    """The part of Snakemake's configuration settings that is used here."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Values of `--config` alone."""

    @property
    def configfiles(self) -> Sequence[Path]:
        """Files of `--configfile`, absolute, in the order given."""

    @property
    def replace_workflow_config(self) -> bool:
        """Whether `--replace-workflow-config` was given."""


class Workflow(Protocol):
    """The part of Snakemake's `workflow` object that is used here."""

    @property
    def config_settings(self) -> ConfigSettings:
        """Settings of the command line."""


def load_study(
    files: Sequence[Path | str],
    overrides: Mapping[str, Any] | None = None,
    *,
    overrides_name: str = COMMAND_LINE,
    named: bool = False,
) -> Study:
    """Read, merge and check the configuration of a study.

    Mappings are merged key by key; lists and single values are replaced. `null` takes back what an
    earlier file said: an entry of an open mapping is removed, a section or value returns to its
    default; a key for which null is a value becomes null.

    Parameters
    ----------
    files : sequence of paths
        In rising precedence: `config.yaml`, then the overlays.
    overrides : mapping, optional
        Single values laid over the files, as Snakemake parses `--config`: texts are read as YAML
        reads unquoted ones, and stay text where text is wanted.
    overrides_name : str
        What messages call the origin of the overrides.
    named : bool
        Refuse overlays that leave the study the name of the first file, whose results they would
        write over.

    Raises
    ------
    StudyError
        With every fault, one a line, as `file:line:column: key.path: what is wrong`, sorted by the
        order of the files. Checks between sections run only when each section is well formed.
    """
    faults: list[Fault] = []
    layers: list[Node] = []
    for rank, file in enumerate(files):
        node, found = read_yaml(Path(file), rank, display_name(Path(file)))
        faults.extend(found)
        if node is not None:
            layers.append(node)
    if not files:
        raise StudyError(("no configuration file was given",))
    if len(layers) < len(files):
        _refuse(faults)
    if overrides:
        layers.append(from_values(overrides, Position(len(files), 0, 0, overrides_name)))

    root = replace(layers[0], value={})
    for layer in layers:
        root = _merge(root, layer, shape(), (), faults)
    if overrides:
        root = _text_where_wanted(root, shape(), len(files))
    study = _validated(root, faults)
    if named and len(files) > 1:
        faults.extend(_unnamed(root, layers[1]))
    if study is None or faults:
        _refuse(faults)
    return study


def _unnamed(root: Node, overlay: Node) -> Iterator[Fault]:
    """Say that no overlay names the study."""
    path = ("study", "name")
    name, exact = root.locate(path)
    if exact and name.mark.rank == 0:
        yield Fault(
            overlay.mark,
            path,
            f"the overlay gives the study no name of its own: its results would stand in the "
            f"place of those of {name.value!r}",
        )


def load_for_workflow(workflow: Workflow, default: Path | str = DEFAULT_FILE) -> Study:
    """Read the study of a Snakemake run, for the top of the Snakefile.

    Call it before the directive `configfile:`, so that faults in the YAML of the default file are
    told with line and column. Overlays are those of `--configfile`, single values those of
    `--config`, so the object `config` of Snakemake is not needed. As in Snakemake, the default file
    may be absent when `--configfile` is given, and `--replace-workflow-config` leaves it out.

    On faults the process ends with exit code 1 and the list of faults on standard error: Snakemake
    would print an exception with the Snakefile's line and a traceback around it.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    default : path
        The default configuration, relative to the working directory.
    """
    settings = workflow.config_settings
    overlays = list(settings.configfiles)
    base = Path(default)
    use_base = not overlays or (base.exists() and not settings.replace_workflow_config)
    try:
        files = [base, *overlays] if use_base else overlays
        return load_study(files, settings.config, named=True)
    except StudyError as error:
        count = len(error.faults)
        head = f"The configuration has {count} fault{'s' if count > 1 else ''}:"
        sys.exit("\n".join((head, *error.faults)))


def display_name(file: Path) -> str:
    """Path of the file from the working directory when it lies below, else as given."""
    try:
        return str(Path(os.path.abspath(file)).relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _refuse(faults: Sequence[Fault]) -> NoReturn:
    """Raise with all faults, in the order of the files, each once."""
    ordered = sorted(faults, key=lambda fault: fault.position)
    raise StudyError(tuple(dict.fromkeys(str(fault) for fault in ordered)))


def _merge(
    base: Node, over: Node, expected: Shape | None, path: KeyPath, faults: list[Fault]
) -> Node:
    """Lay one node over another; a merged mapping stands where it stood first."""
    if over.entries is None:
        return over
    inherited = base.entries or {}
    entries = dict(inherited)
    # The keys of a table depend on its kind, which the overlay may have changed.
    expected = _member(expected, over, base)
    for name, child in over.entries.items():
        inner = expected.child(name) if expected is not None else None
        below = (*path, name)
        if child.entries is not None:
            under = entries.get(name, replace(child, value={}))
            entries[name] = _merge(under, child, inner, below, faults)
        elif child.value is not None or _null_is_value(expected, inner, name in inherited):
            entries[name] = child
        else:
            entries.pop(name, None)
            if name not in inherited and expected is not None and expected.kind == "names":
                faults.append(Fault(child.mark, below, _nothing_removed(name, child, inherited)))
    return replace(over if base.entries is None else base, value=entries)


def _null_is_value(parent: Shape | None, expected: Shape | None, inherited: bool) -> bool:
    """Whether `null` stays, for the model to judge; else it takes back what is inherited."""
    if parent is not None and parent.kind == "names":
        return not inherited and (expected is None or expected.kind == "any")
    if expected is None:
        return not inherited
    if expected.nullable or expected.required:
        return True
    return not inherited and expected.kind not in ("section", "names")


def _nothing_removed(name: str, null: Node, inherited: Iterable[str]) -> str:
    hint = "for an entry with defaults only write {}"
    names = list(inherited)
    if not names:
        return f"the entry is empty (got {null.shown()}); {hint}"
    return f"null removes nothing, no such entry is inherited ({choices(name, names)}); {hint}"


def _member(expected: Shape | None, *nodes: Node) -> Shape | None:
    """The section that a choice stands for, by the first node that has the tag."""
    if expected is None or expected.kind != "choice":
        return expected
    tags = (node.child(expected.tag) for node in nodes)
    tag = next((tag for tag in tags if tag is not None), None)
    return None if tag is None else expected.members.get(str(tag.value))


def _text_where_wanted(node: Node, expected: Shape | None, rank: int) -> Node:
    """Give single values of the command line back their text where the model wants text."""
    expected = _member(expected, node)
    if expected is None:
        return node
    if isinstance(node.value, Mapping):
        entries = {
            name: _text_where_wanted(child, expected.child(name), rank)
            for name, child in node.value.items()
        }
        return replace(node, value=entries)
    if isinstance(node.value, tuple):
        items = (
            _text_where_wanted(child, expected.child(index), rank)
            for index, child in enumerate(node.value)
        )
        return replace(node, value=tuple(items))
    is_other = node.place.rank == rank and node.value is not None
    return replace(node, value=node.text) if is_other and expected.kind == "string" else node


def _validated(root: Node, faults: list[Fault]) -> Study | None:
    """The typed study; None, with the faults added, when a section is not well formed."""
    try:
        # By way of JSON, because strict validation takes an array of JSON for a tuple, a list not.
        study = Study.model_validate_json(json.dumps(root.plain()), strict=True)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            node, _ = root.locate(_site(details["loc"], shape()).path)
            # Pydantic also calls a list too short when each of its items is at fault.
            if details["type"] != "too_short" or node.value == ():
                faults.append(explained(root, details, shape()))
        return None
    for path, problem in semantic_faults(study):
        node, exact = root.locate(path)
        unset = "" if exact else "; the key is not set, its default counts"
        faults.append(Fault(node.mark, path, f"{problem}{unset}"))
    return study


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a fault of pydantic sits: the key path, and what the model accepts there and above.

    `choice` is set when `parent` was chosen by a tag; `is_name` when the name itself is at fault.
    """

    path: KeyPath
    expected: Shape | None
    parent: Shape | None
    choice: Shape | None
    is_name: bool


def _site(loc: tuple[str | int, ...], whole: Shape) -> _Site:
    """Translate pydantic's location, which names tags of choices and marks names of entries."""
    path: list[str | int] = []
    parent: Shape | None = None
    expected: Shape | None = whole
    choice: Shape | None = None
    parent_choice: Shape | None = None
    for step in loc:
        if step == "[key]" and parent is not None and parent.kind == "names":
            return _Site(tuple(path), expected, parent, None, True)
        if expected is not None and expected.kind == "choice":
            choice, expected = expected, expected.members.get(str(step))
            continue
        path.append(step)
        parent_choice, choice = choice, None
        parent, expected = expected, None if expected is None else expected.child(step)
    return _Site(tuple(path), expected, parent, parent_choice, False)


def explained(root: Node, details: ErrorDetails, whole: Shape) -> Fault:
    """A fault of pydantic in our words, at its place.

    Parameters
    ----------
    root : Node
        The file.
    details : ErrorDetails
        One of the errors of pydantic.
    whole : Shape
        What the model of the file accepts.
    """
    site = _site(details["loc"], whole)
    path, kind = site.path, details["type"]
    node, _ = root.locate(path)
    if kind == "extra_forbidden":
        return Fault(node.key or node.mark, path, _unknown_key(root, site, node, whole))
    if site.is_name and site.parent is not None:
        problem = f"not a valid name (got {path[-1]!r}; allowed {site.parent.name_wanted})"
        return Fault(node.key or node.mark, path, problem)
    if site.expected is None:
        return Fault(node.mark, path, f"{details['msg']} (got {node.shown()})")
    if kind == "missing":
        tag = _tag_node(root, site)
        place = node.mark if tag is None else max(node.mark, tag.mark)
        return Fault(place, path, _missing(site.expected))
    if kind == "value_error":
        return Fault(node.mark, path, str(details["ctx"]["error"]))
    if site.expected.kind == "choice" and kind.startswith("union_tag"):
        return _wrong_tag(node, path, site.expected)
    if site.expected.kind == "enum":
        return Fault(node.mark, path, f"unknown value ({_options(node, site.expected)})")
    return Fault(node.mark, path, _unwanted(node, site.expected))


def _unknown_key(root: Node, site: _Site, node: Node, whole: Shape) -> str:
    """Message for a key that its section does not know."""
    name = str(site.path[-1])
    allowed = () if site.parent is None else tuple(site.parent.keys)
    text = choices(name, allowed)
    if "did you mean" not in text:
        known = all_keys() if whole is shape() else ()
        elsewhere = [info.path for info in known if info.path.rpartition(".")[2] == name]
        static = [path for path in elsewhere if "<" not in path]
        text += f"; did you mean {listing(static)}" if static else ""
    tag = _tag_node(root, site)
    if tag is not None and node.key is not None and tag.mark.rank > node.key.rank:
        text += f"; inherited, but {tag.text!r} in {tag.mark} has no such key: set it to null there"
    return f"unknown key ({text})"


def _tag_node(root: Node, site: _Site) -> Node | None:
    """The value that chose the section around a site, when one did."""
    if site.choice is None:
        return None
    node, exact = root.locate((*site.path[:-1], site.choice.tag))
    return node if exact else None


def _missing(expected: Shape) -> str:
    said = f": {expected.description}" if expected.description else ""
    return f"the key is missing (wanted {expected.wanted}{said})"


def _wrong_tag(node: Node, path: KeyPath, expected: Shape) -> Fault:
    below = (*path, expected.tag)
    tag = node.child(expected.tag)
    if tag is None:
        allowed = listing(expected.allowed)
        return Fault(node.mark, below, f"the key is missing (allowed {allowed})")
    return Fault(tag.mark, below, f"unknown value ({_options(tag, expected)})")


def _options(node: Node, expected: Shape) -> str:
    """Text `got …; allowed …; did you mean …` for a value of a closed list."""
    allowed = (*expected.allowed, "null") if expected.nullable else expected.allowed
    if isinstance(node.value, str):
        return choices(node.value, allowed)
    return f"got {node.shown()}; allowed {listing(allowed)}"


def _unwanted(node: Node, expected: Shape) -> str:
    """Message for a value of the wrong type or outside its range, and how to mend it."""
    hint = ""
    is_plain_text = expected.kind == "string" and expected.wanted.endswith("text")
    if is_plain_text and isinstance(node.value, bool | int | float):
        hint = "; put it in quotes"
    elif node.quoted and not isinstance(scalar(node.text), str):
        hint = "; leave out the quotes" if expected.kind in NUMERIC else ""
    elif node.value is None and not expected.required:
        default = expected.default if expected.default != "" else "(described in the reference)"
        hint = f"; leave out the key for the default {default}"
    return f"must be {expected.wanted} (got {node.shown()}{hint})"
