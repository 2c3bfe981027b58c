"""Industrial carbon footprint of provinces: accounts, space and time, reduction potential."""

FOOTPRINT_TABLES = plan.footprint_tables(study)

if FOOTPRINT_TABLES:

    rule footprint:
        input:
            files=FOOTPRINT_FILES,
            outlines=panel("provinces.parquet"),
            tables=shipped(
                "provinces.csv",
                "emission_factors.csv",
                "sequestration_factors.csv",
                "land_factors.csv",
                "land_use_coefficients.csv",
                "concordances/ceads_sectors.csv",
                "concordances/mrio_sectors_2012.csv",
                "concordances/mrio_sectors_2017.csv",
                "concordances/sectors_26.csv",
                "concordances/sectors_26_h2.csv",
            ),
        output:
            rows=[models(f"{name}.parquet") for name in FOOTPRINT_TABLES],
            record=models("footprint.json"),
        log:
            logs("footprint.log"),
        benchmark:
            benchmarks("footprint.tsv")
        threads: 1
        params:
            spec=dump_sections(study, "study", "footprint", "data_root", "seed"),
            tables=[spec_of_table(name) for name in FOOTPRINT_TABLES],
            inputs=input_stamps(FOOTPRINT_FILES),
            code=code("footprint.py"),
        message:
            "Industrial carbon footprint: accounts, space and time, potential"
        script:
            "../scripts/footprint.py"
