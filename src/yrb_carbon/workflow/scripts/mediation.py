"""Natural and mediated effects by path, with their bootstraps."""

import pandas as pd

from yrb_carbon.analysis.mediation import fit_systems, mediation_by_unit, mediation_rows
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    frame = pd.read_parquet(snakemake.input.frame)
    weights = read_weights(snakemake.input.weights)
    fitted = fit_systems(spec.mediation, frame, weights, spec.key)
    rows = mediation_rows(fitted, snakemake.params.seed, spec.key, snakemake.threads)
    rows.to_parquet(snakemake.output.rows)
    mediation_by_unit(fitted, spec.key).to_parquet(snakemake.output.by_unit)
