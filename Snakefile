"""From published files to the tables of the study; one file of rules a stage."""

from snakemake.utils import min_version

from yrb_carbon.study.load import load_for_workflow
from yrb_carbon.study.sections import dump_sections, without_labels

min_version("9.0")


study = load_for_workflow(workflow)


configfile: "config.yaml"


report: "src/yrb_carbon/workflow/captions/workflow.rst"


RULES = "src/yrb_carbon/workflow/rules/"


include: RULES + "common.smk"
include: RULES + "inputs.smk"
include: RULES + "panel.smk"
include: RULES + "weights.smk"
include: RULES + "models.smk"
include: RULES + "mediation.smk"
include: RULES + "claims.smk"
include: RULES + "heterogeneity.smk"
include: RULES + "robustness.smk"
include: RULES + "accounts.smk"
include: RULES + "embodied.smk"
include: RULES + "footprint.smk"
include: RULES + "regional.smk"
include: RULES + "report.smk"
include: RULES + "site.smk"
include: RULES + "replication.smk"


rule all:
    default_target: True
    input:
        results("manifest.json"),
        results("estimates.csv"),
        models("effects_by_unit.parquet"),
        rules.tables.output.tables,
        CLAIMS,
        drawn_figures(),
        rules.replication.output.readme,
        results("report"),
    localrule: True
