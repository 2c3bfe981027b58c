"""Embodied carbon of mining: input-output tables, inventories; tables and figures from them."""

EMBODIED_TABLES = plan.embodied_tables(study)

if EMBODIED_TABLES:

    rule embodied:
        input:
            files=EMBODIED_FILES,
            tables=shipped(
                "provinces.csv",
                "emission_factors.csv",
                "concordances/ceads_sectors.csv",
                "concordances/mrio_sectors_2012.csv",
                "concordances/mrio_sectors_2017.csv",
                "concordances/sectors_26.csv",
                "concordances/sectors_26_h2.csv",
            ),
        output:
            rows=[models(f"{name}.parquet") for name in EMBODIED_TABLES],
            record=models("embodied.json"),
        log:
            logs("embodied.log"),
        benchmark:
            benchmarks("embodied.tsv")
        threads: 1
        params:
            spec=dump_sections(study, "study", "embodied", "data_root", "seed"),
            tables=[spec_of_table(name) for name in EMBODIED_TABLES],
            inputs=input_stamps(EMBODIED_FILES),
            code=code("embodied.py"),
        message:
            "Embodied carbon of mining: accounts, flows, network, paths"
        script:
            "../scripts/embodied.py"


if study.figures.needs_provinces:

    rule province_outlines:
        output:
            outlines=panel("provinces.parquet"),
            record=panel("provinces.json"),
        log:
            logs("province_outlines.log"),
        benchmark:
            benchmarks("province_outlines.tsv")
        threads: 1
        params:
            crs=study.boundaries.crs,
            code=code("read_provinces.py"),
        message:
            "Read the outlines of the provinces"
        script:
            "../scripts/read_provinces.py"


if study.figures.embodied_figures:

    rule embodied_figures:
        input:
            estimates=results("estimates.csv"),
            outlines=(
                rules.province_outlines.output.outlines
                if study.figures.needs_provinces
                else []
            ),
            tables=shipped(
                "provinces.csv",
                "concordances/ceads_sectors.csv",
                "concordances/mrio_sectors_2012.csv",
                "concordances/mrio_sectors_2017.csv",
                "concordances/sectors_26.csv",
                "concordances/sectors_26_h2.csv",
            ),
        output:
            record=results("figures/embodied_figures.json"),
            figures=reported(figure_files(study.figures.embodied_figures)),
        log:
            logs("embodied_figures.log"),
        benchmark:
            benchmarks("embodied_figures.tsv")
        threads: 1
        params:
            folder=lambda w, output: os.path.dirname(output.record),
            study=study.model_dump(mode="json"),
            code=code("draw_embodied.py"),
        message:
            "Draw the figures of embodied carbon"
        script:
            "../scripts/draw_embodied.py"
