"""The reference page of the command line, made from the program itself.

`python -m yrb_carbon.cli.reference [FOLDER]` writes it below the folder, the current one by
default. A test holds it in step.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from yrb_carbon.cli import app
from yrb_carbon.report.markdown import markdown_table

FILE = Path("docs", "reference", "cli.md")
HEAD = Path(__file__).with_name("templates") / "cli.md"


def page() -> str:
    """The page, in Markdown."""
    program = typer.main.get_command(app)
    commands: dict[str, Any] = getattr(program, "commands")  # noqa: B009
    head = HEAD.read_text(encoding="utf-8")
    return "\n".join([head, *(_section(name, command) for name, command in commands.items())])


def _section(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = [argument.metavar or argument.name.upper() for argument in arguments]
    parts = [f"## `{name}`\n", f"    yrb-carbon {' '.join([name, '[OPTIONS]', *words])}\n"]
    parts.append(f"{inspect.cleandoc(command.help or '')}\n")
    rows = [
        *((f"`{a.metavar or a.name.upper()}`", "", a.help or "") for a in arguments),
        *((_names(o), _default(o), o.help or "") for o in options if o.name != "help"),
    ]
    parts.append(markdown_table(("argument or option", "default", "meaning"), rows))
    return "\n".join(parts)


def _names(option: Any) -> str:
    """`--name VALUE` of an option, with its short form."""
    value = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    names = sorted(option.opts, key=len, reverse=True)
    return ", ".join(f"`{name}{value if name.startswith('--') else ''}`" for name in names)


def _kind(option: Any) -> str:
    """What a value is: its choices, or its type in capitals."""
    annotation = option.type_descriptor.annotation
    members = getattr(annotation, "__members__", None)
    if members is not None:
        return "|".join(str(member.value) for member in members.values())
    return {int: "NUMBER", float: "NUMBER"}.get(annotation, "TEXT")


def _default(option: Any) -> str:
    value = option.default
    if value is None or value is False or callable(value):
        return ""
    return f"`{getattr(value, 'value', value)}`"


def main(arguments: Sequence[str]) -> None:
    """Write the page below the folder named by the first argument."""
    target = (Path(arguments[0]) if arguments else Path()) / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(), encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
