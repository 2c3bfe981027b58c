"""Sections of a study on their way through a workflow rule: to plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter

from yrb_carbon.study.config import Study


def dump_sections(study: Study, *names: str) -> dict[str, Any]:
    """Plain values (JSON types) of the named sections of a study."""
    whole = study.model_dump(mode="json", include=set(names))
    return {name: whole[name] for name in sorted(whole)}


def without_labels(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the labels of variables taken out, for jobs that print none.

    A changed label then starts no job again but those that print it.
    """
    variables = {
        name: {key: value for key, value in variable.items() if key != "label"}
        for name, variable in sections.get("variables", {}).items()
    }
    return {**sections, "variables": variables}


def load_sections(values: Mapping[str, Any]) -> SimpleNamespace:
    """Typed sections from the plain values of `dump_sections`, one attribute a section."""
    fields = Study.model_fields
    return SimpleNamespace(
        **{
            name: TypeAdapter[Any](fields[name].annotation or Any).validate_python(value)
            for name, value in values.items()
        }
    )
