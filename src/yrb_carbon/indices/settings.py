"""From the sections of a study to the options of the indices."""

from __future__ import annotations

from typing import Any

from yrb_carbon.indices.spec import IndexDefaults, VariableSpec
from yrb_carbon.study.config import VariableSection


def index_defaults(spec: Any) -> IndexDefaults:
    """Options of the indices from the study's sections."""
    return IndexDefaults(
        carbon_source=spec.carbon.source,
        sink_method=spec.sink.method,
        sink_k=spec.sink.k,
        balance_index=spec.balance.index,
        balance_transform=spec.balance.transform,
        agglom_measure=spec.agglom.measure,
        agglom_numerator=spec.agglom.numerator,
        agglom_denominator=spec.agglom.denominator,
        lq_reference=spec.lq.reference,
        lq_transform=spec.lq.transform,
        m1_measure=spec.m1.measure,
        m2_measure=spec.m2.measure,
        m3_measure=spec.m3.measure,
        price_base_year=spec.price.base_year,
    )


def variable_spec(section: VariableSection) -> VariableSpec:
    """Options of one variable, without its label and the version of its columns."""
    return VariableSpec(**section.model_dump(exclude={"label", "version"}))
