"""Write the report as pages that open from disk."""

from pathlib import Path

from yrb_carbon.report.site.build import write_site
from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job


def one(name):
    """File of an input that a study may not have."""
    found = snakemake.input.get(name)
    return Path(found) if found else None


with job(snakemake) as logger:
    files = {name: one(name) for name in ("verdicts", "frame", "boundaries", "by_unit")}
    written = write_site(
        Study.model_validate(snakemake.params.study),
        RunFiles(
            estimates=Path(snakemake.input.estimates),
            manifest=Path(snakemake.input.manifest),
            completeness=files["frame"] and files["frame"].parent,
            tables=[Path(name) for name in snakemake.input.tables],
            figures=[Path(name) for name in snakemake.input.figures],
            **files,
        ),
        snakemake.output.site,
        rules=snakemake.params.graph,
    )
    logger.info("wrote %d files, %d bytes", len(written), sum(p.stat().st_size for p in written))
