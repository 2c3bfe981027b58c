"""Embodied carbon of mining: all its tables in one job."""

from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.embodied.study_run import run_embodied
from yrb_carbon.provenance import write_json
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.spec)
    tables = {values["name"]: read_spec(values).table for values in snakemake.params.tables}
    found = run_embodied(
        spec.embodied,
        tables,
        study=spec.study.name,
        data_root=spec.data_root,
        seed=spec.seed,
    )
    for name, path in zip(tables, snakemake.output.rows, strict=True):
        found.rows[name].to_parquet(path)
    write_json(found.record, snakemake.output.record)
    for note in found.notes:
        logger.info("%s", note)
