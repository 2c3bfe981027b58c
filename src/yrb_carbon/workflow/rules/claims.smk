"""The findings of the study, each with a verdict."""

CLAIMS = [results("claims.csv")] if study.claims is not None else []

if study.claims is not None:

    rule claims:
        input:
            estimates=results("estimates.csv"),
            claims=study.claims.file,
        output:
            verdicts=results("claims.csv"),
        log:
            logs("claims.log"),
        benchmark:
            benchmarks("claims.tsv")
        threads: 1
        params:
            sections=dump_sections(study, "study", "claims"),
            code=code("judge_claims.py"),
        message:
            "Judge the findings"
        script:
            "../scripts/judge_claims.py"
