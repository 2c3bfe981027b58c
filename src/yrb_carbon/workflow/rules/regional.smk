"""Regional facts of the dual-carbon targets: emissions, sinks, land, transfers."""

REGIONAL_TABLES = plan.regional_tables(study)

if REGIONAL_TABLES:

    rule regional:
        input:
            files=REGIONAL_FILES,
            tables=shipped(
                "provinces.csv",
                "forest_stock_2018.csv",
                "land_use_2019.csv",
                "concordances/ceads_sectors.csv",
                "concordances/mrio_sectors_2012.csv",
                "concordances/mrio_sectors_2017.csv",
                "concordances/sectors_26.csv",
                "concordances/sectors_26_h2.csv",
            ),
        output:
            rows=[models(f"{name}.parquet") for name in REGIONAL_TABLES],
            record=models("regional.json"),
        log:
            logs("regional.log"),
        benchmark:
            benchmarks("regional.tsv")
        threads: 1
        params:
            spec=dump_sections(study, "study", "regional", "embodied", "data_root"),
            tables=[spec_of_table(name) for name in REGIONAL_TABLES],
            inputs=input_stamps(REGIONAL_FILES),
            code=code("regional.py"),
        message:
            "Regional facts: emissions, sinks, land, transfers"
        script:
            "../scripts/regional.py"
