"""Read the boundaries of the units of a study."""

from yrb_carbon.panel.area import study_boundaries
from yrb_carbon.provenance import write_json
from yrb_carbon.sources.boundaries import write_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.spec)
    file = next(iter(snakemake.input.file), None)
    boundaries = study_boundaries(spec.study, spec.boundaries, spec.samples, file)
    write_boundaries(boundaries, snakemake.output.boundaries)
    write_json(boundaries.record.as_dict(), snakemake.output.record)
    logger.info("%d units; %s", len(boundaries.unit_ids), "; ".join(boundaries.record.notes))
