"""Effects by period, reach and other groups, and tests of their differences."""

HETEROGENEITY = plan.tables_of_kind(study, "heterogeneity")
DIFFERENCES = plan.tables_of_kind(study, "differences")


rule heterogeneity:
    input:
        frame=sample_frame,
        weights=sample_weights,
        units=shipped("units.csv"),
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(HETEROGENEITY),
    threads: 1
    params:
        spec=table_spec,
        cut=study.period.cut,
        reach_split=study.study.reach_split,
        seed=study.seed,
        code=code("heterogeneity.py"),
    message:
        "Effects by group of {wildcards.table}"
    script:
        "../scripts/heterogeneity.py"


rule differences:
    input:
        frame=sample_frame,
        weights=sample_weights,
        units=shipped("units.csv"),
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(DIFFERENCES),
    threads: 2
    params:
        spec=table_spec,
        compared=compared_specs,
        cut=study.period.cut,
        reach_split=study.study.reach_split,
        seed=study.seed,
        code=code("differences.py"),
    message:
        "Tests of the differences between groups of {wildcards.table}"
    script:
        "../scripts/differences.py"
