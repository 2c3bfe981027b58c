"""Moran's I by year of the variables of a table."""

import pandas as pd

from yrb_carbon.analysis.moran import moran_by_year
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    graph = read_weights(snakemake.input.weights)[spec.table.weights]
    rows = moran_by_year(frame, graph, spec.table, spec.key, seed=snakemake.params.seed)
    rows.to_parquet(snakemake.output.rows)
