"""Judge the claims by the estimates, one verdict each."""

from yrb_carbon.claims import judge, read_claims, write_claims
from yrb_carbon.estimates import read_estimates
from yrb_carbon.study.sections import load_sections
from yrb_carbon.workflow.job import job

with job(snakemake) as logger:
    spec = load_sections(snakemake.params.sections)
    claims = read_claims(snakemake.input.claims)
    verdicts = judge(
        read_estimates(snakemake.input.estimates),
        claims,
        spec.claims.level,
        not_testable=spec.claims.not_testable,
        caveats=spec.claims.caveats,
    )
    write_claims(verdicts, snakemake.output.verdicts)
    logger.info("%s", verdicts["verdict"].value_counts().to_dict())
