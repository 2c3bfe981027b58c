"""The graph of rules, from the plan that Snakemake made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Rule(Protocol):
    """The part of a rule of Snakemake that is used here."""

    @property
    def name(self) -> str: ...  # noqa: D102


class Job(Protocol):
    """The part of a job of Snakemake that is used here."""

    @property
    def rule(self) -> Rule: ...  # noqa: D102


class Plan(Protocol):
    """The part of Snakemake's plan that is used here."""

    @property
    def jobs(self) -> Iterable[Job]: ...  # noqa: D102

    @property
    def dependencies(self) -> Mapping[Job, Iterable[Job]]: ...  # noqa: D102


def edges_to(name: str, plan: Plan) -> list[list[str]]:
    """Pairs of rules up to one rule: the second uses what the first makes.

    Parameters
    ----------
    name : str
        Rule at the end; rules that nothing leads from to it are left out, so that the pairs are
        the same for all targets of a run.
    plan : Plan

    Returns
    -------
    list of [first, second], sorted.
    """
    before: dict[str, set[str]] = {}
    for job in plan.jobs:
        own = before.setdefault(job.rule.name, set())
        own.update(one.rule.name for one in plan.dependencies[job])
    found, waiting = set(), [name]
    while waiting:
        rule = waiting.pop()
        if rule not in found:
            found.add(rule)
            waiting += before.get(rule, ())
    return sorted([first, second] for second in found for first in before.get(second, ()))
