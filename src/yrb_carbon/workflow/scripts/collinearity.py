"""Variance inflation of the regressors of a table of models."""

import pandas as pd

from yrb_carbon.analysis.collinearity import collinearity_rows
from yrb_carbon.analysis.models import fit_columns
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    fitted = fit_columns(spec.models, frame, weights, spec.key)
    rows = collinearity_rows(fitted, weights, spec.key)
    rows.to_parquet(snakemake.output.rows)
