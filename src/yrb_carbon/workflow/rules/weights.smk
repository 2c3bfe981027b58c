"""Spatial weights of every sample, in one job: building them is cheap, importing is not."""

WEIGHTS = {
    sample: plan.weights_of_sample(study, sample)
    for sample in SAMPLES
    if plan.weights_of_sample(study, sample)
}
WEIGHTS_FILES = sorted(
    {
        study.weights[name].path
        for names in WEIGHTS.values()
        for name in names
        if study.weights[name].path is not None
    }
)


rule weights:
    input:
        boundaries=panel("boundaries.parquet"),
        files=WEIGHTS_FILES,
        samples=[panel(f"{sample}/raw.parquet") for sample in WEIGHTS],
    output:
        weights=[weights(f"{s}/{w}.parquet") for s in WEIGHTS for w in WEIGHTS[s]],
        exchange=[
            weights(
                f"{s}/{w}.{'gal' if study.weights[w].scheme in ('queen', 'rook') else 'gwt'}"
            )
            for s in WEIGHTS
            for w in WEIGHTS[s]
        ],
        report=weights("report.json"),
    log:
        logs("weights.log"),
    benchmark:
        benchmarks("weights.tsv")
    threads: 1
    params:
        wanted={sample: list(names) for sample, names in WEIGHTS.items()},
        folder=lambda w, output: os.path.dirname(output.report),
        spec=dump_sections(study, "weights", "boundaries"),
        inputs=stamps(WEIGHTS_FILES),
        code=code("build_weights.py"),
    message:
        "Build spatial weights"
    script:
        "../scripts/build_weights.py"
