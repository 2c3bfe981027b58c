"""Placebo effects of one model, by permutations of units."""

import pandas as pd

from yrb_carbon.analysis.robustness import case_of_column, placebo_rows
from yrb_carbon.analysis.tables import SampleData, read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    data = SampleData(frame, read_weights(snakemake.input.weights))
    case = case_of_column(spec.table, spec.models, data, spec.key)
    rows = placebo_rows(case, spec.table.draws, snakemake.params.seed, spec.key)
    rows.to_parquet(snakemake.output.rows)
