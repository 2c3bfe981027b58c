"""Spatial panel models with fixed effects, estimated by exact maximum likelihood.

A library of its own: it takes a long DataFrame, names and spatial weights, and knows nothing else.

>>> fit = SpatialPanel(y, x, weights, model="sdm").fit()        # doctest: +SKIP
>>> fit.effects(inference="simulation", draws=5000, seed=1)     # doctest: +SKIP
"""

from .align import PanelArrays, Weights
from .errors import (
    AbsorbedRegressorError,
    BoundaryError,
    BoundaryWarning,
    CollinearRegressorError,
    ConvergenceError,
    FlatLikelihoodWarning,
    IdentificationWarning,
    IslandError,
    MissingValueError,
    MultipleModesWarning,
    NegativeWeightsError,
    PanelIndexError,
    PanelSizeError,
    PerfectFitError,
    RegressorError,
    RestrictionError,
    RowSumsError,
    SingularInformationError,
    SpatialPanelError,
    SpecificationError,
    UnbalancedPanelError,
    UniformWeightsError,
    WeightsAlignmentError,
    WeightsDiagonalError,
    WeightsError,
)
from .model import SpatialPanel
from .peers import compare_with_peer
from .restrictions import WaldTest
from .results import EffectsResults, FixedEffects, SpatialPanelResults
from .simulate import simulate

__all__ = [
    "AbsorbedRegressorError",
    "BoundaryError",
    "BoundaryWarning",
    "CollinearRegressorError",
    "ConvergenceError",
    "EffectsResults",
    "FixedEffects",
    "FlatLikelihoodWarning",
    "IdentificationWarning",
    "IslandError",
    "MissingValueError",
    "MultipleModesWarning",
    "NegativeWeightsError",
    "PanelArrays",
    "PanelIndexError",
    "PanelSizeError",
    "PerfectFitError",
    "RegressorError",
    "RestrictionError",
    "RowSumsError",
    "SingularInformationError",
    "SpatialPanel",
    "SpatialPanelError",
    "SpatialPanelResults",
    "SpecificationError",
    "UnbalancedPanelError",
    "UniformWeightsError",
    "WaldTest",
    "Weights",
    "WeightsAlignmentError",
    "WeightsDiagonalError",
    "WeightsError",
    "compare_with_peer",
    "simulate",
]
