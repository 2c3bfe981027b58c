"""The report: pages that open from disk, made last, of all that the run wrote."""


rule site:
    input:
        estimates=results("estimates.csv"),
        manifest=results("manifest.json"),
        by_unit=models("effects_by_unit.parquet"),
        boundaries=panel("boundaries.parquet"),
        frame=panel("main/indices.parquet") if "main" in SAMPLES else [],
        verdicts=CLAIMS[0] if CLAIMS else [],
        claims=study.claims.file if study.claims is not None else [],
        tables=rules.tables.output.tables,
        markup=rules.tables.output.markup,
        figures=drawn_figures(),
        shipped=shipped("units.csv", "dictionary.yaml", "publishers.yaml"),
    output:
        site=directory(results("report")),
    log:
        logs("site.log"),
    benchmark:
        benchmarks("site.tsv")
    # the graph of rules is known where the workflow is planned, not on a node of a cluster
    localrule: True
    threads: 2
    params:
        study=study.model_dump(mode="json"),
        graph=lambda w: edges_before("site"),
        configfiles=[
            os.path.relpath(path) for path in workflow.config_settings.configfiles
        ],
        texts=files_digest("report/site"),
        code=code("write_site.py"),
    message:
        "Write {output.site}"
    script:
        "../scripts/write_site.py"
