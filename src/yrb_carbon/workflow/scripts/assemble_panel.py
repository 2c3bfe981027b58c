"""Assemble the unit-year panel from the published files."""

from yrb_carbon.panel.assemble import assemble_panel, write_panels
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    assembled = assemble_panel(
        load_sections(snakemake.params.spec),
        load_boundaries(snakemake.input.boundaries),
        unit_sets=snakemake.params.unit_sets,
        years=range(*snakemake.params.years),
    )
    write_panels(assembled, snakemake.output)
    for line in assembled.log:
        logger.info("%s", line)
