"""Effects by period, reach or other groups."""

import pandas as pd

from yrb_carbon.analysis.heterogeneity import SplitChoices, fit_by_group, heterogeneity_rows
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    splits = SplitChoices(snakemake.params.cut, snakemake.params.reach_split)
    fitted = fit_by_group(spec.table, frame, weights, splits, spec.key)
    rows = heterogeneity_rows(fitted, snakemake.params.seed, spec.key)
    rows.to_parquet(snakemake.output.rows)
