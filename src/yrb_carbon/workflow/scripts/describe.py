"""Describe the variables of a table."""

import pandas as pd

from yrb_carbon.analysis.describe import describe_variables
from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    rows = describe_variables(frame, spec.table.variables, spec.key)
    rows.to_parquet(snakemake.output.rows)
