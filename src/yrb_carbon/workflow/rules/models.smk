"""The numbers of every table, as rows of estimates."""

KINDS = (
    "descriptives",
    "moran",
    "models",
    "effects",
    "collinearity",
    "choice",
    "peers",
)
TABLES = {kind: plan.tables_of_kind(study, kind) for kind in KINDS}


rule descriptives:
    input:
        frame=sample_frame,
    output:
        rows=models("{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(TABLES["descriptives"]),
    threads: 1
    params:
        spec=table_spec,
        code=code("describe.py"),
    message:
        "Describe the variables of {wildcards.table}"
    script:
        "../scripts/describe.py"


rule moran:
    input:
        frame=sample_frame,
        weights=sample_weights,
    output:
        rows=models("{table}.parquet"),
        local=models("lisa/{table}.parquet"),
    log:
        logs("tables/{table}.log"),
    benchmark:
        benchmarks("tables/{table}.tsv")
    wildcard_constraints:
        table=one_of(TABLES["moran"]),
    threads: 1
    params:
        spec=table_spec,
        years=lambda w: plan.local_moran(study, w.table),
        seed=study.seed,
        code=code("moran.py"),
    message:
        "Moran's I by year of {wildcards.table}"
    script:
        "../scripts/moran.py"


rule trends:
    input:
        frame=panel("main/indices.parquet"),
        tables=shipped("units.csv"),
    output:
        trends=models("trends.parquet"),
    log:
        logs("trends.log"),
    benchmark:
        benchmarks("trends.tsv")
    threads: 1
    params:
        variables=plan.trend_variables(study),
        split=study.study.reach_split,
        code=code("trends.py"),
    message:
        "Trends by reach"
    script:
        "../scripts/trends.py"


rule fit_table:
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
        table=one_of(TABLES["models"]),
    threads: 1
    params:
        spec=table_spec,
        code=code("fit_table.py"),
    message:
        "Fit the models of {wildcards.table}"
    script:
        "../scripts/fit_table.py"


rule effects:
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
        table=one_of(TABLES["effects"]),
    threads: 1
    params:
        spec=table_spec,
        sections=dump_sections(study, "effects", "seed"),
        code=code("effects.py"),
    message:
        "Direct, indirect and total effects of {wildcards.table}"
    script:
        "../scripts/effects.py"


rule collinearity:
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
        table=one_of(TABLES["collinearity"]),
    threads: 1
    params:
        spec=table_spec,
        code=code("collinearity.py"),
    message:
        "Variance inflation of the regressors of {wildcards.table}"
    script:
        "../scripts/collinearity.py"


rule choose_model:
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
        table=one_of(TABLES["choice"]),
    threads: 1
    params:
        spec=table_spec,
        code=code("choose_model.py"),
    message:
        "Tests that lead to a model: {wildcards.table}"
    script:
        "../scripts/choose_model.py"


rule peers:
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
        table=one_of(TABLES["peers"]),
    threads: 1
    params:
        spec=table_spec,
        code=code("peers.py"),
    message:
        "Fit the models of {wildcards.table} again with independent programs"
    script:
        "../scripts/peers.py"


rule estimates:
    input:
        rows=[path for name in study.tables for path in rows_files(name)],
        by_unit=[
            models(f"by_unit/{name}.parquet")
            for kind in ("effects", "mediation")
            for name in plan.tables_of_kind(study, kind)
        ],
    output:
        estimates=results("estimates.csv"),
        by_unit=models("effects_by_unit.parquet"),
    log:
        logs("estimates.log"),
    benchmark:
        benchmarks("estimates.tsv")
    threads: 1
    params:
        code=code("collect_estimates.py"),
    message:
        "Collect all numbers in {output.estimates}"
    script:
        "../scripts/collect_estimates.py"
