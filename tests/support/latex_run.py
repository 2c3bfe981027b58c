"""Documents run through XeLaTeX."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

SECONDS_AT_MOST = 120


def compiled(folder: Path, packages: str, files: Iterable[str]) -> str:
    """What XeLaTeX says of a document that takes in some files of a folder.

    Parameters
    ----------
    packages : str
        The preamble, `\\usepackage{...}`.
    """
    inputs = "\n".join(rf"\input{{{name}}}" for name in files)
    (folder / "all.tex").write_text(
        f"\\documentclass{{article}}{packages}\\begin{{document}}\n{inputs}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout
