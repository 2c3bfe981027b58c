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
