"""The tests that lead to a model, for one column of a table of models."""

import pandas as pd

from yrb_carbon.analysis.choice import choice_rows
from yrb_carbon.analysis.models import fit_column
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    chosen = next(column for column in spec.models.columns if column.id == spec.table.column)
    fitted = fit_column(chosen, spec.models, frame, weights)
    rows = choice_rows(fitted, weights, spec.table.level, spec.key)
    rows.to_parquet(snakemake.output.rows)
