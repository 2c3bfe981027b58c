"""Regional facts: all their tables in one job."""

from functools import partial

from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.embodied.driven import read_driven_emissions
from yrb_carbon.provenance import write_json
from yrb_carbon.regional.study_run import run_regional
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.spec)
    found = run_regional(
        spec.regional,
        {values["name"]: read_spec(values).table for values in snakemake.params.tables},
        study=spec.study.name,
        data_root=spec.data_root,
        drive=partial(read_driven_emissions, spec.embodied, spec.regional.transfer, spec.data_root),
    )
    for rows, path in zip(found.rows.values(), snakemake.output.rows, strict=True):
        rows.to_parquet(path)
    write_json(found.record, snakemake.output.record)
    for note in found.notes:
        logger.info("%s", note)
