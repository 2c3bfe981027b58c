"""What a replication package says of itself; included last, so that it knows all rules."""


rule replication:
    input:
        manifest=results("manifest.json"),
        publishers=shipped("publishers.yaml"),
    output:
        readme=results("replication/README.md"),
    log:
        logs("replication.log"),
    benchmark:
        benchmarks("replication.tsv")
    threads: 1
    params:
        study=study.model_dump(mode="json"),
        programs=[program_of(rule) for rule in workflow.rules if rule.script],
        code=code("write_replication.py"),
    message:
        "Write the README of the replication package"
    script:
        "../scripts/write_replication.py"
