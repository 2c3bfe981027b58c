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
