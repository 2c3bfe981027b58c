"""Draw the figures of tables made from accounts."""

from yrb_carbon.estimates import read_estimates
from yrb_carbon.provenance import write_json
from yrb_carbon.report.account_figures import draw_account_figures
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    outlines = snakemake.input.get("outlines")
    record = draw_account_figures(
        Study.model_validate(snakemake.params.study),
        read_estimates(snakemake.input.estimates),
        load_boundaries(outlines) if outlines else None,
        snakemake.params.folder,
    )
    write_json(record, snakemake.output.record)
    logger.info("drew %d figures", len(record))
