"""Collect the rows of every table in estimates.csv."""

import pandas as pd

from yrb_carbon.analysis.rows import collect_by_unit
from yrb_carbon.estimates import write_estimates
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    rows = pd.concat([pd.read_parquet(path) for path in snakemake.input.rows])
    write_estimates(rows, snakemake.output.estimates)
    by_unit = [pd.read_parquet(path) for path in snakemake.input.by_unit]
    collect_by_unit(by_unit).to_parquet(snakemake.output.by_unit)
    logger.info("%d rows", len(rows))
