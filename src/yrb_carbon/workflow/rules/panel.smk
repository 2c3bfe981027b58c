"""From the published files to the panel, and from the panel to the variables of each sample."""

UNIT_SETS = plan.unit_sets_used(study)


rule panel:
    input:
        files=sorted(set(SOURCE_FILES.values())),
        boundaries=panel("boundaries.parquet"),
        tables=shipped(
            "units.csv",
            "crosswalk.csv",
            "names.csv",
            "prefectures.csv",
            "dictionary.yaml",
        ),
    output:
        panels=[panel(f"{name}.parquet") for name in UNIT_SETS],
        records=panel("sources.json"),
        unmatched=panel("unmatched.csv"),
    log:
        logs("panel.log"),
    benchmark:
        benchmarks("panel.tsv")
    threads: 1
    params:
        spec=dump_sections(study, "data_root", "sources", "carbon"),
        unit_sets=UNIT_SETS,
        inputs=input_stamps(SOURCE_FILES.values()),
        years=[plan.panel_years(study).start, plan.panel_years(study).stop],
        code=code("assemble_panel.py"),
    message:
        f"Assemble the unit-year panel from {len(SOURCE_FILES)} published files"
    script:
        "../scripts/assemble_panel.py"


rule sample:
    input:
        panel=lambda w: panel(
            f"{plan.section_of_sample(study, w.sample).unit_set}.parquet"
        ),
        tables=shipped("units.csv", "dictionary.yaml"),
    output:
        indices=panel("{sample}/indices.parquet"),
        raw=panel("{sample}/raw.parquet"),
        excluded=panel("{sample}/excluded.csv"),
        completeness=panel("{sample}/completeness.csv"),
        picture=panel("{sample}/completeness.png"),
        drawing=panel("{sample}/completeness.svg"),
        counts=panel("{sample}/sample.json"),
    log:
        logs("sample/{sample}.log"),
    benchmark:
        benchmarks("sample/{sample}.tsv")
    threads: 1
    params:
        section=lambda w: plan.section_of_sample(study, w.sample).model_dump(
            mode="json"
        ),
        required=lambda w: plan.required_variables(study, w.sample),
        computed=lambda w: plan.computed_variables(study, w.sample),
        spec=without_labels(
            dump_sections(
                study,
                "study",
                "carbon",
                "sink",
                "balance",
                "agglom",
                "lq",
                "m1",
                "m2",
                "m3",
                "price",
                "impute",
                "variables",
            )
        ),
        code=code("fix_sample.py"),
    message:
        "Fix the sample {wildcards.sample} and compute its variables"
    script:
        "../scripts/fix_sample.py"
