"""Some of the specifications of a table of robustness."""

from yrb_carbon.analysis.robustness import grid_rows
from yrb_carbon.analysis.tables import read_samples, read_spec
from yrb_carbon.workflow.job import job

with job(snakemake):
    spec = read_spec(snakemake.params.spec)
    data = read_samples(snakemake.input.frames, snakemake.input.weights)
    part = int(snakemake.wildcards.part)
    rows = grid_rows(spec.table, data, snakemake.params.seed, spec.key, part)
    rows.to_parquet(snakemake.output.rows)
