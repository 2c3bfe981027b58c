"""What the pages are made from: the files of one run, read once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.claims import Claims, read_claims, read_verdicts
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import read_estimates
from yrb_carbon.report.printer import Printer
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.study.config import Study
from yrb_carbon.study.units import REACH_SPLITS, load_units

Edges = Sequence[tuple[str, str]]
"""Pairs of rules, the second of which uses what the first makes."""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Files that a run wrote; None and nothing for what the study does not have.

    Attributes
    ----------
    estimates, manifest : path
    verdicts : path or None
        claims.csv.
    frame, boundaries : path or None
        Variables of the main sample, and the polygons; for the map.
    by_unit : path or None
        Effects by unit; for the map.
    completeness : path or None
        Folder with completeness.csv, completeness.png and excluded.csv of the main sample.
    markup : path or None
        Titles and HTML of the printed tables; they are laid out anew where there is none.
    tables, figures : sequence of paths
        What there is to download.
    """

    estimates: Path
    manifest: Path
    verdicts: Path | None = None
    frame: Path | None = None
    boundaries: Path | None = None
    by_unit: Path | None = None
    completeness: Path | None = None
    markup: Path | None = None
    tables: Sequence[Path] = ()
    figures: Sequence[Path] = ()

    @classmethod
    def of(cls, inputs: Mapping[str, str | Sequence[str]]) -> RunFiles:
        """Files of a rule by the names that it gives them; an empty list is no file."""

        def one(name: str) -> Path | None:
            found = inputs.get(name, ())
            files = [found] if isinstance(found, str) else list(found)
            return Path(files[0]) if files else None

        estimates, manifest, frame = one("estimates"), one("manifest"), one("frame")
        if estimates is None or manifest is None:
            raise DataError("the report needs estimates.csv and manifest.json of the run")
        return cls(
            estimates=estimates,
            manifest=manifest,
            verdicts=one("verdicts"),
            frame=frame,
            boundaries=one("boundaries"),
            by_unit=one("by_unit"),
            completeness=None if frame is None else frame.parent,
            markup=one("markup"),
            tables=[Path(path) for path in inputs.get("tables", ())],
            figures=[Path(path) for path in inputs.get("figures", ())],
        )


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run.

    Attributes
    ----------
    study : Study
    words : PageWords
        Says texts in the languages of the pages.
    files : RunFiles
    estimates : DataFrame
    manifest : mapping
    claims : Claims or None
    verdicts : DataFrame or None
        Columns of claims.csv.
    rules : sequence of pairs
        The graph of rules.
    configfiles : sequence of str
        Files laid over the default configuration.
    markup : mapping or None
        Language -> name of a table -> title and html.
    """

    study: Study
    words: PageWords
    files: RunFiles
    estimates: pd.DataFrame
    manifest: Mapping[str, Any]
    claims: Claims | None
    verdicts: pd.DataFrame | None
    rules: Edges
    configfiles: Sequence[str]
    markup: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None

    @property
    def printer(self) -> Printer:
        """Prints numbers as the tables of the study have them; they are alike in all languages."""
        return Printer(printing=self.study.report.printing)

    @property
    def has_reaches(self) -> bool:
        """Whether the units belong to reaches of a river."""
        return REACH_SPLITS[self.study.study.reach_split] in load_units().frame.columns

    def label(self, name: str) -> Text:
        """Label of a variable; its name where it has none."""
        variable = self.study.variables.get(name)
        if variable is None or variable.label is None:
            return self.words.each(lambda _: name)
        return self.words.label(variable.label)


def read_run(
    study: Study,
    words: PageWords,
    files: RunFiles,
    rules: Edges = (),
    configfiles: Sequence[str] = (),
) -> Run:
    """Read the files of a run."""
    judged = study.claims is not None and files.verdicts is not None
    return Run(
        study=study,
        words=words,
        files=files,
        estimates=read_estimates(files.estimates),
        manifest=_read_json(files.manifest),
        claims=read_claims(study.claims.file) if judged and study.claims else None,
        verdicts=read_verdicts(files.verdicts) if judged and files.verdicts else None,
        rules=rules,
        configfiles=configfiles,
        markup=None if files.markup is None else _read_json(files.markup),
    )


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
