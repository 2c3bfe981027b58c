"""The frame around every job: its log, its threads, what it does with errors."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.workflow.job import job


def snakemake(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(log=[str(folder / "job.log")])


def log_of(folder: Path) -> str:
    return (folder / "job.log").read_text(encoding="utf-8")


def test_messages_and_warnings_go_to_the_log(tmp_path):
    with job(snakemake(tmp_path)) as logger:
        logger.info("%d rows", 3)
        warnings.warn("nearly singular", UserWarning, stacklevel=1)
    assert "INFO 3 rows" in log_of(tmp_path)
    assert "nearly singular" in log_of(tmp_path)


def test_one_thread_in_numeric_libraries(tmp_path):
    import numpy as np
    from threadpoolctl import threadpool_info

    with job(snakemake(tmp_path)):
        np.eye(2) @ np.eye(2)
        found = [library["num_threads"] for library in threadpool_info()]
    assert found
    assert set(found) == {1}


def test_an_error_of_ours_ends_the_process_with_its_message(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended, job(snakemake(tmp_path)):
        raise DataError("no unit is left")
    assert ended.value.code == 1
    assert capsys.readouterr().err == "DataError: no unit is left\n"
    assert "ERROR no unit is left" in log_of(tmp_path)
    assert "Traceback" not in log_of(tmp_path)


def test_any_other_error_keeps_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), job(snakemake(tmp_path)):
        1 / 0  # noqa: B018
    assert "Traceback" in log_of(tmp_path)


def test_a_job_leaves_logging_as_it_was(tmp_path):
    listened = [logging.getLogger(name) for name in ("yrb_carbon", "py.warnings")]
    before = [list(logger.handlers) for logger in listened]
    with job(snakemake(tmp_path)):
        pass
    assert [list(logger.handlers) for logger in listened] == before
