"""Draw the specification curves."""

from yrb_carbon.estimates import read_estimates
from yrb_carbon.report.specification_curve import draw_curves
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    study = Study.model_validate(snakemake.params.study)
    written = draw_curves(study, read_estimates(snakemake.input.estimates), snakemake.params.folder)
    logger.info("wrote %d files", len(written))
