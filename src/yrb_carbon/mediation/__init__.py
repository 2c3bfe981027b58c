"""Mediated effects in systems of spatial panel models, exact for any weights.

>>> fit = SpatialMediation(data, outcome="y", treatment="x", mediators=["m"],
...                        weights=weights).fit()                       # doctest: +SKIP
>>> fit.effects().table()                                               # doctest: +SKIP
"""

from .bootstrap import bootstrap_mediation
from .decomposition import (
    DecompositionArrays,
    EquationDraws,
    SystemDraws,
    calc_decomposition,
    decomposition_labels,
)
from .effects import MediationEffects, effects_of_draws
from .model import SpatialMediation
from .resolvent import Resolvent
from .results import Decomposition, MediationResults
from .sensitivity import MediationSensitivity, correlated_params
from .steps import MediationSteps
from .timing import ShiftedTiming, shift_timing

__all__ = [
    "Decomposition",
    "DecompositionArrays",
    "EquationDraws",
    "MediationEffects",
    "MediationResults",
    "MediationSensitivity",
    "MediationSteps",
    "Resolvent",
    "ShiftedTiming",
    "SpatialMediation",
    "SystemDraws",
    "bootstrap_mediation",
    "calc_decomposition",
    "correlated_params",
    "decomposition_labels",
    "effects_of_draws",
    "shift_timing",
]
