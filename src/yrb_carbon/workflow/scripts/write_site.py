"""Write the report as pages that open from disk."""

from yrb_carbon.report.site.build import write_site
from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.study.config import Study
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    written = write_site(
        Study.model_validate(snakemake.params.study),
        RunFiles.of(dict(snakemake.input.items())),
        snakemake.output.site,
        rules=snakemake.params.graph,
        configfiles=snakemake.params.configfiles,
    )
    size = sum(path.stat().st_size for path in written)
    logger.info("wrote %d files, %d bytes", len(written), size)
