"""The input files: boundaries, and the demonstration inputs of a study that has none."""

from yrb_carbon.workflow.check import refuse_unusable_inputs

refuse_unusable_inputs(study)

BOUNDARY_FILE = (
    [f"{study.data_root}/{study.boundaries.path}"]
    if study.boundaries.source == "file"
    else []
)
SOURCE_FILES = {
    name: f"{study.data_root}/{source.path}" for name, source in study.sources.items()
}
EMBODIED_FILES, FOOTPRINT_FILES, REGIONAL_FILES = (
    [f"{study.data_root}/{path}" for path in plan.files_of(found)]
    for found in (
        plan.embodied_inputs(study),
        plan.footprint_inputs(study),
        plan.regional_inputs(study),
    )
)
ACCOUNT_FILES = sorted({*EMBODIED_FILES, *FOOTPRINT_FILES, *REGIONAL_FILES})


rule boundaries:
    input:
        units=shipped("units.csv"),
        file=BOUNDARY_FILE,
    output:
        boundaries=panel("boundaries.parquet"),
        record=panel("boundaries.json"),
    log:
        logs("boundaries.log"),
    benchmark:
        benchmarks("boundaries.tsv")
    threads: 1
    params:
        spec=dump_sections(study, "study", "boundaries", "samples"),
        inputs=input_stamps(BOUNDARY_FILE),
        code=code("read_boundaries.py"),
    message:
        "Read the boundaries of the units"
    script:
        "../scripts/read_boundaries.py"


if study.demo is not None:

    rule demo_inputs:
        input:
            tables=shipped(
                "units.csv",
                "prefectures.csv",
                "names.csv",
                "provinces.csv",
                "demo/moments.json",
                "emission_factors.csv",
                "concordances/ceads_sectors.csv",
                "concordances/mrio_sectors_2012.csv",
                "concordances/mrio_sectors_2017.csv",
                "concordances/sectors_26.csv",
                "concordances/sectors_26_h2.csv",
            ),
        output:
            files=sorted({*SOURCE_FILES.values(), *ACCOUNT_FILES}),
            truth=f"{study.data_root}/truth.json",
        log:
            logs("demo_inputs.log"),
        benchmark:
            benchmarks("demo_inputs.tsv")
        threads: 1
        params:
            folder=lambda w, output: os.path.dirname(output.truth),
            seed=study.demo.seed,
            heterogeneous=study.demo.heterogeneous,
            interregional=bool(ACCOUNT_FILES),
            code=code("write_demo_inputs.py"),
        message:
            "Write synthetic demonstration inputs in the published layouts"
        script:
            "../scripts/write_demo_inputs.py"
