"""Write the tables in every language and format."""

from yrb_carbon.claims import read_claims, read_verdicts
from yrb_carbon.estimates import read_estimates
from yrb_carbon.report.tables import write_tables
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    study = Study.model_validate(snakemake.params.study)
    judged = snakemake.input.verdicts
    written = write_tables(
        study,
        read_estimates(snakemake.input.estimates),
        snakemake.params.folder,
        read_verdicts(judged) if judged else None,
        read_claims(snakemake.input.claims) if judged else None,
        snakemake.output.markup,
    )
    logger.info("wrote %d files", len(written))
