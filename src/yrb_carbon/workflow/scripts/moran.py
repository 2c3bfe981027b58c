"""Moran's I by year of the variables of a table, and the local clusters that figures show."""

from pathlib import Path

import pandas as pd

from yrb_carbon.analysis.moran import local_moran_by_unit, moran_by_year
from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.weights.io import read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec, params = read_spec(snakemake.params.spec), snakemake.params
    frame = pd.read_parquet(snakemake.input.frame)
    path = next(p for p in snakemake.input.weights if Path(p).stem == spec.table.weights)
    weights = read_weights(path)
    rows = moran_by_year(frame, weights, spec.table, spec.key, seed=params.seed)
    rows.to_parquet(snakemake.output.rows)
    local = local_moran_by_unit(
        frame, weights, spec.table, params.years, spec.key, seed=params.seed
    )
    local.to_parquet(snakemake.output.local)
