"""Steps, sensitivity and timing of the mediation systems, all tables in one job."""

from pathlib import Path

from yrb_carbon.analysis.mediation_companions import companion_rows
from yrb_carbon.analysis.tables import read_samples, read_spec
from yrb_carbon.workflow.job import job

with job(snakemake):
    samples = read_samples(snakemake.input.frames, snakemake.input.weights)
    for values, path in zip(snakemake.params.specs, snakemake.output.rows, strict=True):
        spec = read_spec(values)
        data = samples[spec.key.sample]
        companion_rows(
            spec.table, spec.mediation, data.frame, data.weights, snakemake.params.seed, spec.key
        ).to_parquet(Path(path))
