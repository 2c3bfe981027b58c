"""The mediation systems: effects by path, and the tables made from the same system."""

MEDIATION = plan.tables_of_kind(study, "mediation")


rule mediation:
    input:
        frame=sample_frame,
        weights=sample_weights,
    output:
        rows=models("{table}.parquet"),
        by_unit=models("by_unit/{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(MEDIATION),
    threads: 2
    params:
        spec=table_spec,
        seed=study.seed,
        code=code("mediation.py"),
    message:
        "Natural and mediated effects of {wildcards.table}"
    script:
        "../scripts/mediation.py"


COMPANIONS = [
    name
    for kind in ("mediation_steps", "mediation_sensitivity", "mediation_timing")
    for name in plan.tables_of_kind(study, kind)
]
COMPANION_SAMPLES = sorted({plan.sample_of(study, name) for name in COMPANIONS})


rule mediation_companions:
    input:
        frames=[panel(f"{sample}/indices.parquet") for sample in COMPANION_SAMPLES],
        weights=[
            weights(f"{sample}/{name}.parquet")
            for sample in COMPANION_SAMPLES
            for name in plan.weights_of_sample(study, sample)
        ],
    output:
        rows=[models(f"{name}.parquet") for name in COMPANIONS],
    log:
        logs("tables/mediation_companions.log"),
    benchmark:
        benchmarks("tables/mediation_companions.tsv")
    threads: 1
    params:
        specs=[spec_of_table(name) for name in COMPANIONS],
        seed=study.seed,
        code=code("mediation_companions.py"),
    message:
        "Steps, sensitivity and timing of the mediation systems"
    script:
        "../scripts/mediation_companions.py"
