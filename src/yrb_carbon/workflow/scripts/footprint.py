"""Industrial carbon footprint: all its tables in one job."""

from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.footprint.study_run import run_footprint
from yrb_carbon.provenance import write_json
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.spec)
    found = run_footprint(
        spec.footprint,
        {values["name"]: read_spec(values).table for values in snakemake.params.tables},
        study=spec.study.name,
        data_root=spec.data_root,
        outlines=load_boundaries(snakemake.input.outlines),
        seed=spec.seed,
    )
    for rows, path in zip(found.rows.values(), snakemake.output.rows, strict=True):
        rows.to_parquet(path)
    write_json(found.record, snakemake.output.record)
    for note in found.notes:
        logger.info("%s", note)
