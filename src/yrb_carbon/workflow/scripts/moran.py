"""Moran's I by year of the variables of a table."""

from pathlib import Path

import pandas as pd

from yrb_carbon.analysis.moran import moran_by_year
from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.weights.io import read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    path = next(p for p in snakemake.input.weights if Path(p).stem == spec.table.weights)
    weights = read_weights(path)
    rows = moran_by_year(frame, weights, spec.table, spec.key, seed=snakemake.params.seed)
    rows.to_parquet(snakemake.output.rows)
