"""Draw the maps."""

import pandas as pd

from yrb_carbon.report.figures import draw_figures
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    written = draw_figures(
        load_sections(snakemake.params.spec),
        pd.read_parquet(snakemake.input.frame),
        load_boundaries(snakemake.input.boundaries),
        snakemake.params.folder,
    )
    logger.info("drew %d files", len(written))
