"""What readers see: tables, maps, and the manifest of the run."""

MORAN_DRAWN = sorted({figure.table for figure in study.figures.moran.values()})


rule tables:
    input:
        estimates=results("estimates.csv"),
        dictionary=shipped("dictionary.yaml"),
        verdicts=CLAIMS[0] if CLAIMS else [],
        claims=study.claims.file if CLAIMS else [],
    output:
        tables=reported(printed_tables()),
        markup=results("tables/markup.json"),
    log:
        logs("tables.log"),
    benchmark:
        benchmarks("tables.tsv")
    threads: 1
    params:
        folder=lambda w: results("tables"),
        study=study.model_dump(mode="json"),
        code=code("write_tables.py"),
    message:
        "Write the tables"
    script:
        "../scripts/write_tables.py"


rule figures:
    input:
        frame=panel("main/indices.parquet"),
        boundaries=panel("boundaries.parquet"),
        moran=[models(f"{table}.parquet") for table in MORAN_DRAWN],
        local=[models(f"lisa/{table}.parquet") for table in MORAN_DRAWN],
        trends=[models("trends.parquet")] if study.figures.trends else [],
        tables=shipped("units.csv", "dictionary.yaml"),
    output:
        record=results("figures/figures.json"),
        figures=reported(figure_files(study.figures.map_figures)),
    log:
        logs("figures.log"),
    benchmark:
        benchmarks("figures.tsv")
    # the longest first: the pages wait for all
    priority: 1
    threads: 1
    params:
        folder=lambda w, output: os.path.dirname(output.record),
        study=study.model_dump(mode="json"),
        code=code("draw_maps.py"),
    message:
        "Draw the maps, clusters and trends"
    script:
        "../scripts/draw_maps.py"


rule effect_figures:
    input:
        estimates=results("estimates.csv"),
        by_unit=models("effects_by_unit.parquet"),
        boundaries=panel("boundaries.parquet"),
    output:
        record=results("figures/effect_figures.json"),
        figures=reported(figure_files(study.figures.effect_figures)),
    log:
        logs("effect_figures.log"),
    benchmark:
        benchmarks("effect_figures.tsv")
    # the longest first: the pages wait for all
    priority: 2
    threads: 1
    params:
        folder=lambda w, output: os.path.dirname(output.record),
        study=study.model_dump(mode="json"),
        code=code("draw_effects.py"),
    message:
        "Draw the figures of effects"
    script:
        "../scripts/draw_effects.py"


rule manifest:
    input:
        estimates=results("estimates.csv"),
        by_unit=models("effects_by_unit.parquet"),
        tables=rules.tables.output.tables,
        claims=CLAIMS,
        figures=drawn_figures(),
        drawn=figure_records(),
        sources=panel("sources.json"),
        boundaries=panel("boundaries.json"),
        samples=[panel(f"{sample}/sample.json") for sample in SAMPLES],
        weights=weights("report.json") if WEIGHTS else [],
        provinces=panel("provinces.json") if plan.needs_provinces(study) else [],
        embodied=models("embodied.json") if EMBODIED_TABLES else [],
        footprint=models("footprint.json") if FOOTPRINT_TABLES else [],
        regional=models("regional.json") if REGIONAL_TABLES else [],
    output:
        manifest=results("manifest.json"),
    log:
        logs("manifest.log"),
    benchmark:
        benchmarks("manifest.tsv")
    threads: 1
    params:
        study=study.model_dump(mode="json"),
        benchmarks=results("benchmarks"),
        code=code("write_manifest.py"),
    message:
        "Write {output.manifest}"
    script:
        "../scripts/write_manifest.py"
