"""What the methods page says of embodied carbon: systems, choices, definitions of flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from yrb_carbon.report.embodied_notes import (
    backbone_text,
    choices_of,
    flow_text,
    network_choices,
    system_text,
    treatments_of,
)
from yrb_carbon.report.language import Words
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.report.site.formulas import FLOW_FORMULAS
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import (
    EmbodiedSection,
    EmbodiedTable,
    Flow,
    FlowNetworkTable,
    FlowPathsTable,
    SystemSection,
    SystemTable,
)


@dataclass(frozen=True, slots=True)
class EmbodiedFacts:
    """What the tables of embodied carbon of a study are made from.

    Attributes
    ----------
    words : PageWords
    systems : sequence of Text
        What each input-output system is that a table uses.
    choices : Text or None
        What is chosen for all of them.
    flows : sequence of (Text, str)
        Definitions of the flows that a table shows, with their formulas.
    uses_mrio : bool
        Whether a system is that of the interprovincial tables.
    """

    words: PageWords
    systems: Sequence[Text]
    choices: Text | None
    flows: Sequence[tuple[Text, str]]
    uses_mrio: bool

    def backbone_of(self, table: FlowNetworkTable) -> Text:
        """Which flows are links of a table's network."""
        return self.words.each(partial(backbone_text, table))

    def choices_of(self, table: FlowNetworkTable) -> Text:
        """What blocks and communities of a table's network are made of."""
        return self.words.each(partial(network_choices, table))


def embodied_facts(study: Study, words: PageWords) -> EmbodiedFacts | None:
    """What the tables of embodied carbon are made from; None for a study without any."""
    section = study.embodied
    if section is None or not any(isinstance(t, EmbodiedTable) for t in study.tables.values()):
        return None
    used = _systems_used(section, study)
    return EmbodiedFacts(
        words=words,
        systems=[words.each(partial(_system_words, name, system)) for name, system in used.items()],
        choices=_choices(section, list(used.values()), words),
        flows=[
            (words.each(partial(flow_text, flow)), FLOW_FORMULAS[flow])
            for flow in _flows_used(section, study)
        ],
        uses_mrio=any(system.format == "ceads_mrio" for system in used.values()),
    )


def _system_words(name: str, system: SystemSection, words: Words) -> str:
    """What a system is, with its cautions."""
    said = system_text(name, system, sorted(system.tables), words)
    return words.sentences([said, *map(words.label, system.cautions)])


def _choices(
    section: EmbodiedSection, systems: Sequence[SystemSection], words: PageWords
) -> Text | None:
    if not systems:
        return None

    def all_of(one: Words) -> str:
        said = (*treatments_of(section, systems, one), *choices_of(section, systems, one))
        return one.sentences(said)

    return words.each(all_of)


def _systems_used(section: EmbodiedSection, study: Study) -> dict[str, SystemSection]:
    named = {table.system for table in study.tables.values() if isinstance(table, SystemTable)}
    return {name: system for name, system in section.systems.items() if name in named}


def _flows_used(section: EmbodiedSection, study: Study) -> list[Flow]:
    used: set[Flow] = set()
    for table in study.tables.values():
        if isinstance(table, FlowPathsTable):
            used |= set(table.flows)
        elif isinstance(table, FlowNetworkTable):
            used.add(section.flow)
    return [flow for flow in FLOW_FORMULAS if flow in used]
