"""Write synthetic demonstration inputs in the published layouts, and their truth."""

from yrb_carbon.demo import HETEROGENEOUS_TRUTH, TRUTH, generate
from yrb_carbon.sources.boundaries import read_boundaries
from yrb_carbon.study.units import load_units
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    # the files have rows for all present candidate units, more than the study's own set
    boundaries = read_boundaries("cnmaps", unit_ids=load_units().select("set91").ids)
    written = generate(
        snakemake.params.folder,
        seed=snakemake.params.seed,
        boundaries=boundaries,
        parameters=HETEROGENEOUS_TRUTH if snakemake.params.heterogeneous else TRUTH,
        interregional=snakemake.params.interregional,
    )
    logger.info("wrote %d files", len(written))
