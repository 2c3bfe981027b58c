"""What a replication package says of itself; included last, so that it knows all rules."""

import re


def program_of(rule):
    """A rule as the README lists it, with the outputs that hold no wildcard."""
    task = re.sub(r"\{(?:wildcards|output)\.(\w+)\}", r"{\1}", rule.message or "")
    return {
        "rule": rule.name,
        "script": os.path.basename(rule.script or ""),
        "task": task,
        "outputs": [str(path) for path in rule.output if "{" not in str(path)],
    }


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
