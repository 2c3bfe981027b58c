"""Paths of a study's results, and the digest of the code behind a script."""

import os
import re

from yrb_carbon.study import plan
from yrb_carbon.study.config import CLAIMS_TABLE
from yrb_carbon.study.report import TABLE_FORMATS, WORKBOOK, subfolder
from yrb_carbon.workflow.digest import code_digest as code
from yrb_carbon.workflow.digest import files_digest
from yrb_carbon.workflow.graph import edges_to

# every job keeps linear algebra to one thread; libraries told so beforehand start no others
for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(limit, "1")

RESULTS = f"results/{study.study.name}"
SAMPLES = plan.samples_used(study)


def results(name):
    return f"{RESULTS}/{name}"


def panel(name):
    return results(f"panel/{name}")


def weights(name):
    return results(f"weights/{name}")


def models(name):
    return results(f"models/{name}")


def logs(name):
    return results(f"logs/{name}")


def benchmarks(name):
    return results(f"benchmarks/{name}")


def shipped(*names):
    return [f"data/{name}" for name in names]


def one_of(names):
    """Pattern that matches these names and no other; one that matches nothing when empty."""
    return "|".join(names) or "(?!)"


def sample_frame(wildcards):
    return panel(f"{plan.sample_of(study, wildcards.table)}/indices.parquet")


def sample_weights(wildcards):
    sample = plan.sample_of(study, wildcards.table)
    names = plan.weights_of_sample(study, sample)
    return [weights(f"{sample}/{name}.parquet") for name in names]


def table_spec(wildcards):
    return spec_of_table(wildcards.table)


def spec_of_table(name):
    """The table's own section, the table of models behind it, and who it belongs to."""
    table = study.tables[name]
    of = getattr(table, "of", None)
    return {
        "name": name,
        "study": study.study.name,
        "sample": plan.sample_of(study, name),
        "table": table.estimated(),
        "models": study.tables[of].estimated() if of else None,
    }


def rows_files(name):
    """Files with the rows of a table: one, or one a job where several share its models."""
    table = study.tables[name]
    if table.kind != "robustness":
        return [models(f"{name}.parquet")]
    return [models(f"parts/{name}/{part}.parquet") for part in range(table.parts)]


def compared_specs(wildcards):
    """Sections of the tables of groups that a table of differences compares."""
    names = study.tables[wildcards.table].tables
    return [study.tables[name].estimated() for name in names]


def frames_of_table(wildcards):
    """Variables of all samples of a table."""
    return [
        panel(f"{sample}/indices.parquet")
        for sample in plan.samples_of(study, wildcards.table)
    ]


def weights_of_table(wildcards):
    """Weights that a table itself uses, of all its samples."""
    table, tables = study.tables[wildcards.table], plan.tables_of(study)
    return [
        weights(f"{sample}/{name}.parquet")
        for sample in table.samples(tables)
        for name in table.weights_of(tables, sample)
    ]


def printed_tables():
    """Files of all tables in the languages of the report, and a workbook in each."""
    names = [*study.tables, *([CLAIMS_TABLE] if study.claims is not None else [])]
    files = [f"{name}.{suffix}" for name in names for suffix in TABLE_FORMATS]
    return [
        results(os.path.join("tables", subfolder(language), file))
        for language in study.report.languages
        for file in (*files, WORKBOOK)
    ]


def figure_files(names):
    """Files of figures, in every language and format; English ones stand in the folder itself."""
    return [
        results(os.path.join("figures", subfolder(language), f"{name}.{suffix}"))
        for language in study.report.languages
        for name in names
        for suffix in study.figures.formats
    ]


def figure_records():
    """Lists of the figures drawn, and why one is not, of those that the study asks for."""
    figures = study.figures
    maps = [rules.figures.output.record] if figures.map_figures else []
    effects = [rules.effect_figures.output.record] if figures.effect_figures else []
    accounts = [rules.account_figures.output.record] if figures.account_figures else []
    return [*maps, *effects, *accounts]


CAPTIONS = "../captions/"


def reported(files):
    """The files, those that a report of snakemake shows with caption, category and labels."""
    return [shown(path) for path in files]


def shown(path):
    """A printed table as HTML or a figure as PNG, marked for the report; other files as they are."""
    name, suffix = os.path.splitext(os.path.basename(path))
    if suffix == ".html":
        kind = study.tables[name].kind if name in study.tables else name
        return of_report(path, "Tables", f"table_{kind}", name)
    if suffix == ".png":
        return of_report(path, "Figures", f"figure_{figure_group(name)}", name)
    return path


def of_report(path, category, caption, name):
    language = "中文" if "zh" in os.path.dirname(path).split(os.sep) else "English"
    return report(
        path,
        caption=f"{CAPTIONS}{caption}.rst",
        category=category,
        subcategory=caption.split("_", 1)[1].replace("_", " "),
        labels={"name": name, "language": language},
    )


def figure_group(name):
    """Which section of the figures declares one; the map of units has none of its own."""
    groups = dict(study.figures)
    return next(
        (key for key, own in groups.items() if isinstance(own, dict) and name in own),
        "units_map",
    )


def drawn_figures():
    """Files of all figures that the study asks for."""
    figures = study.figures
    return figure_files(
        (*figures.map_figures, *figures.effect_figures, *figures.account_figures)
    )


def program_of(rule):
    """A rule as the README lists it, with the outputs that hold no wildcard."""
    task = re.sub(r"\{(?:wildcards|output)\.(\w+)\}", r"{\1}", rule.message or "")
    return {
        "rule": rule.name,
        "script": os.path.basename(rule.script or ""),
        "task": task,
        "outputs": [str(path) for path in rule.output if "{" not in str(path)],
    }


def edges_before(name):
    """Pairs of rules, the second of which uses what the first makes, up to one rule."""
    return edges_to(name, workflow.dag)


def input_stamps(files):
    """Size and time of one's own input files: a replaced file counts, older or newer.

    Snakemake compares times and lets a file pass that is older than what was made from it.
    """
    return [] if study.demo is not None else stamps(files)


def stamps(files):
    """Size and time of files, sorted by name."""
    found = [(name, os.stat(name)) for name in sorted(set(files))]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in found]


wildcard_constraints:
    sample=one_of(SAMPLES),
