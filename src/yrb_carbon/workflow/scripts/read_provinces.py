"""Read the outlines of the provinces that figures of flows are drawn on."""

from yrb_carbon.provenance import write_json
from yrb_carbon.sources.boundaries import read_province_outlines, write_boundaries
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    outlines = read_province_outlines(area_crs=snakemake.params.crs)
    write_boundaries(outlines, snakemake.output.outlines)
    write_json(outlines.record.as_dict(), snakemake.output.record)
    logger.info("%d provinces; %s", len(outlines.unit_ids), "; ".join(outlines.record.notes))
