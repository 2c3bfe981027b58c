"""Fix a sample and compute its variables."""

from yrb_carbon.analysis.samples import make_sample, write_sample
from yrb_carbon.study.config import SampleSection
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    made = make_sample(
        snakemake.input.panel,
        load_sections(snakemake.params.spec),
        SampleSection.model_validate(snakemake.params.section),
        required=tuple(snakemake.params.required),
        computed=tuple(snakemake.params.computed),
    )
    write_sample(made, snakemake.output)
    for line in made.log:
        logger.info("%s", line)
