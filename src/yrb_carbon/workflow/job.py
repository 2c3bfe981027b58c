"""The frame around every script of the workflow: log, one thread, errors without tracebacks."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yrb_carbon.errors import YrbCarbonError


@contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Run the body of a script with its log file and one thread in every numeric library.

    One thread keeps results the same to the last bit for any number of cores. An error of our
    own is written to the log as its message alone; any other error with its traceback.
    """
    from threadpoolctl import threadpool_limits

    logger = logging.getLogger("yrb_carbon")
    logger.setLevel(logging.INFO)
    handler = logging.FileHandler(str(snakemake.log[0]), mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    warned = logging.getLogger("py.warnings")
    logging.captureWarnings(True)
    for listener in (logger, warned):
        listener.addHandler(handler)
    try:
        with threadpool_limits(limits=1):
            yield logger
    except YrbCarbonError as error:
        logger.error("%s", error)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception:
        logger.error("%s", traceback.format_exc())
        raise
    finally:
        for listener in (logger, warned):
            listener.removeHandler(handler)
        logging.captureWarnings(False)
        handler.close()
