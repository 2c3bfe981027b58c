"""Write the manifest of a run."""

from yrb_carbon.provenance import write_json
from yrb_carbon.workflow.job import job
from yrb_carbon.workflow.manifest import collect_manifest

RECORDS = ("provinces", "embodied", "footprint", "regional")

with job(snakemake):
    given = snakemake.input
    manifest = collect_manifest(
        snakemake.params.study,
        sources=given.sources,
        boundaries=given.boundaries,
        samples=given.samples,
        weights=given.get("weights") or None,
        benchmarks=snakemake.params.benchmarks,
        figures=given.drawn,
        **{key: given.get(key) or None for key in RECORDS},
        outputs=[given.estimates, given.by_unit, *given.tables, *given.claims, *given.figures],
    )
    write_json(manifest, snakemake.output.manifest)
