"""Tests of the differences between periods, reaches and other groups."""

import pandas as pd

from yrb_carbon.analysis.heterogeneity import SplitChoices, differences_rows, fit_by_group
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.study.heterogeneity_tables import HeterogeneityTable
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    splits = SplitChoices(snakemake.params.cut, snakemake.params.reach_split)
    compared = [HeterogeneityTable.model_validate(values) for values in snakemake.params.compared]
    fitted = [fit_by_group(table, frame, weights, splits, spec.key) for table in compared]
    rows = differences_rows(spec.table, fitted, snakemake.params.seed, spec.key, snakemake.threads)
    rows.to_parquet(snakemake.output.rows)
