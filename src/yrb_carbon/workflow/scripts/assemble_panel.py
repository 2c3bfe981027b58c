"""Assemble the unit-year panel from the published files."""

from yrb_carbon.panel.assemble import assemble_panel
from yrb_carbon.provenance import write_json
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.spec)
    assembled = assemble_panel(spec, load_boundaries(snakemake.input.boundaries))
    assembled.panel.to_parquet(snakemake.output.panel)
    assembled.unmatched.to_csv(snakemake.output.unmatched, index=False, lineterminator="\n")
    write_json(assembled.records, snakemake.output.records)
    for line in assembled.log:
        logger.info("%s", line)
