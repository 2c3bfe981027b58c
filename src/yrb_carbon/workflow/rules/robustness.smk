"""Robustness: a grid of specifications, provinces left out, placebos, endogeneity."""

GRIDS = plan.tables_of_kind(study, "robustness")


rule specifications:
    input:
        frames=frames_of_table,
        weights=weights_of_table,
    output:
        rows=models("parts/{table}/{part}.parquet"),
    log:
        logs("tables/{table}_{part}.log"),
    benchmark:
        benchmarks("tables/{table}_{part}.tsv")
    wildcard_constraints:
        table=one_of(GRIDS),
        part=r"\d+",
    threads: 1
    params:
        spec=table_spec,
        seed=study.seed,
        code=code("specifications.py"),
    message:
        "Fit the specifications of {wildcards.table}, part {wildcards.part}"
    script:
        "../scripts/specifications.py"


rule leave_out:
    input:
        frame=sample_frame,
        weights=sample_weights,
        tables=shipped("units.csv"),
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(plan.tables_of_kind(study, "leave_out")),
    threads: 1
    params:
        spec=table_spec,
        seed=study.seed,
        code=code("leave_out.py"),
    message:
        "Leave out one province after the other: {wildcards.table}"
    script:
        "../scripts/leave_out.py"


rule placebo:
    input:
        frame=sample_frame,
        weights=sample_weights,
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(plan.tables_of_kind(study, "placebo")),
    threads: 1
    params:
        spec=table_spec,
        seed=study.seed,
        code=code("placebo.py"),
    message:
        "Placebos by permutation: {wildcards.table}"
    script:
        "../scripts/placebo.py"


rule endogeneity:
    input:
        frame=sample_frame,
        weights=sample_weights,
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(plan.tables_of_kind(study, "endogeneity")),
    threads: 1
    params:
        spec=table_spec,
        code=code("endogeneity.py"),
    message:
        "Instruments and dynamics of {wildcards.table}"
    script:
        "../scripts/endogeneity.py"
