"""Write the manifest of a run."""

from yrb_carbon.provenance import write_json
from yrb_carbon.workflow.job import job
from yrb_carbon.workflow.manifest import collect_manifest

with job(snakemake):
    manifest = collect_manifest(
        snakemake.params.study,
        sources=snakemake.input.sources,
        boundaries=snakemake.input.boundaries,
        samples=snakemake.input.samples,
        weights=snakemake.input.get("weights") or None,
        benchmarks=snakemake.params.benchmarks,
        figures=snakemake.input.drawn,
        provinces=snakemake.input.get("provinces") or None,
        embodied=snakemake.input.get("embodied") or None,
        outputs=[
            snakemake.input.estimates,
            snakemake.input.by_unit,
            *snakemake.input.tables,
            *snakemake.input.claims,
            *snakemake.input.figures,
        ],
    )
    write_json(manifest, snakemake.output.manifest)
