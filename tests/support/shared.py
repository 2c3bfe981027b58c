"""Folders that all workers of a test run share; the first worker that comes makes them."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """A folder of the test run that `make` fills once, whatever the number of workers.

    Parameters
    ----------
    factory : pytest.TempPathFactory
    name : str
        Of the folder, below the folder of the test run.
    make : callable
        Gets the path of the folder, which does not exist yet.
    """
    base = factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base
    folder, done = root / name, root / f"{name}.done"
    with open(root / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder
