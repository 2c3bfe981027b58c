"""Run a script of the workflow in this process, with an object in the place of `snakemake`."""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yrb_carbon.workflow

SCRIPTS = Path(yrb_carbon.workflow.__file__).parent / "scripts"


class Fields(SimpleNamespace):
    """Named values as Snakemake hands them to a script."""

    def get(self, name: str, default: Any = None) -> Any:
        """Value of a name, or the default."""
        return getattr(self, name, default)


def output_files(output: Mapping[str, Any]) -> Iterator[Path]:
    """All declared output files, lists flattened."""
    for value in output.values():
        values: Iterable[Any] = value if isinstance(value, list) else [value]
        yield from (Path(path) for path in values)


def run_script(
    name: str,
    *,
    input: Mapping[str, Any],
    output: Mapping[str, Any],
    params: Mapping[str, Any],
    log: Path,
) -> None:
    """Run `workflow/scripts/<name>`; folders of the output are made, as Snakemake makes them.

    Raises
    ------
    SystemExit
        With code 1, when the job ends in an error of our own.
    """
    for path in (*output_files(output), log):
        path.parent.mkdir(parents=True, exist_ok=True)
    job = Fields(
        input=Fields(**input), output=Fields(**output), params=Fields(**params), log=[str(log)]
    )
    runpy.run_path(str(SCRIPTS / name), init_globals={"snakemake": job})
