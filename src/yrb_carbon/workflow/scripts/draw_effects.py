"""Draw the figures of effects."""

import pandas as pd

from yrb_carbon.estimates import read_estimates
from yrb_carbon.provenance import write_json
from yrb_carbon.report.effect_figures import draw_effect_figures
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    record = draw_effect_figures(
        Study.model_validate(snakemake.params.study),
        read_estimates(snakemake.input.estimates),
        pd.read_parquet(snakemake.input.by_unit),
        load_boundaries(snakemake.input.boundaries),
        snakemake.params.folder,
    )
    write_json(record, snakemake.output.record)
    logger.info("drew %d figures", len(record))
