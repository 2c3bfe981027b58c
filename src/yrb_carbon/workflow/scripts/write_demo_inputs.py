"""Write synthetic demonstration inputs in the published layouts, and their truth."""

from yrb_carbon.demo import generate
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    boundaries = load_boundaries(snakemake.input.boundaries)
    generate(
        snakemake.params.folder,
        truth=snakemake.output.truth,
        seed=snakemake.params.seed,
        boundaries=boundaries,
    )
    logger.info("wrote %d files", len(snakemake.output.files))
