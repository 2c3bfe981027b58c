"""Fit the models of a table."""

import pandas as pd

from yrb_carbon.analysis.models import fit_columns, model_rows
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    fitted = fit_columns(spec.models, frame, weights, spec.key)
    model_rows(fitted, spec.key).to_parquet(snakemake.output.rows)
