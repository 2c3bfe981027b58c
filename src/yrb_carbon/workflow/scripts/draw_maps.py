"""Draw the maps, clusters and trends."""

import pandas as pd

from yrb_carbon.provenance import write_json
from yrb_carbon.report.panel_figures import MapInputs, draw_figures, read_parts
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    inputs = MapInputs(
        frame=pd.read_parquet(snakemake.input.frame),
        boundaries=load_boundaries(snakemake.input.boundaries),
        moran=read_parts(snakemake.input.moran),
        local=read_parts(snakemake.input.local),
        trends=read_parts(snakemake.input.trends),
    )
    study = Study.model_validate(snakemake.params.study)
    record = draw_figures(study, inputs, snakemake.params.folder)
    write_json(record, snakemake.output.record)
    logger.info("drew %d figures", len(record))
