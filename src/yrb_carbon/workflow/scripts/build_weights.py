"""Build the spatial weights of every sample."""

from yrb_carbon.analysis.spatial_weights import write_sample_weights
from yrb_carbon.provenance import write_json
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    report = write_sample_weights(
        load_boundaries(snakemake.input.boundaries),
        load_sections(snakemake.params.spec).weights,
        samples=dict(zip(snakemake.params.wanted, snakemake.input.samples, strict=True)),
        wanted=snakemake.params.wanted,
        folder=snakemake.params.folder,
    )
    write_json(report, snakemake.output.report)
    logger.info("%d matrices", len(report))
