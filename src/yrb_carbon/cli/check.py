"""`yrb-carbon check`: a study's configuration and its input files, before anything is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from yrb_carbon.cli.common import DEFAULT_FILE, ConfigFiles, refuse


def check(
    configfile: ConfigFiles = None,
    config: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Single value, as of snakemake; may be repeated."),
    ] = None,
) -> None:
    """Check a study's configuration and its input files; nothing is run or written.

    Exit code 0 when all is right, 2 when not; every fault is a line on standard error.
    """
    from yrb_carbon.errors import StudyError
    from yrb_carbon.workflow.check import check_study

    try:
        checked = check_study(_files(configfile), _overrides(config))
    except StudyError as error:
        refuse(error.faults)
    if checked.faults:
        refuse(checked.faults)
    study, count = checked.study, len(checked.files)
    source = "made by the demonstration" if study.demo is not None else "found"
    typer.echo(
        f"study {study.study.name}: the configuration is right; "
        f"{count} input files below {study.data_root} ({source}); "
        f"{len(study.tables)} tables on {len(study.samples)} "
        f"{'sample' if len(study.samples) == 1 else 'samples'}"
    )


def _files(overlays: Sequence[Path] | None) -> list[Path]:
    """The configuration files in rising precedence, as snakemake takes them."""
    overlays = list(overlays or ())
    return [DEFAULT_FILE, *overlays] if DEFAULT_FILE.exists() or not overlays else overlays


def _overrides(pairs: Iterable[str] | None) -> dict[str, Any]:
    """Single values `key=value`; the value is read as YAML whose scalars stay text."""
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs or ():
        key, mark, text = pair.partition("=")
        if not mark or not key:
            refuse([f"command line: --config takes key=value (got {pair!r})"])
        try:
            values[key] = yaml.load(text, yaml.BaseLoader) if text else None
        except yaml.YAMLError as error:
            problem = str(error).splitlines()[0]
            refuse([f"command line: {key}: not valid YAML: {problem} (got {text!r})"])
    return values
