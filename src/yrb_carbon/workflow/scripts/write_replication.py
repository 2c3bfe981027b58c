"""Write the README of the replication package."""

import json
from pathlib import Path

from yrb_carbon.report.replication import Program, read_publishers, replication_readme
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake):
    text = replication_readme(
        Study.model_validate(snakemake.params.study),
        json.loads(Path(snakemake.input.manifest).read_text(encoding="utf-8")),
        read_publishers(snakemake.input.publishers[0]),
        [Program(**program) for program in snakemake.params.programs],
    )
    Path(snakemake.output.readme).write_text(text, encoding="utf-8")
