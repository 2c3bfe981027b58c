"""What all tables made from accounts share: outlines of provinces, and the figures."""

if plan.needs_provinces(study):

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


if study.figures.account_figures:

    rule account_figures:
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
            record=results("figures/account_figures.json"),
            figures=reported(figure_files(study.figures.account_figures)),
        log:
            logs("account_figures.log"),
        benchmark:
            benchmarks("account_figures.tsv")
        # the longest first: the pages wait for all
        priority: 3
        threads: 1
        params:
            folder=lambda w, output: os.path.dirname(output.record),
            study=study.model_dump(mode="json"),
            code=code("draw_accounts.py"),
        message:
            "Draw the figures of accounts"
        script:
            "../scripts/draw_accounts.py"
