"""Spatial panel models with fixed effects, estimated by exact maximum likelihood.

A library of its own: it takes a long DataFrame, names and spatial weights, and knows nothing else.

>>> fit = SpatialPanel(y, x, weights, model="sdm").fit()        # doctest: +SKIP
>>> fit.effects(inference="simulation", draws=5000, seed=1)     # doctest: +SKIP
"""

from .align import PanelArrays, Weights
from .comparison import Comparison, compare
from .dynamic import DynamicResults, DynamicSpatialPanel, Stability
from .errors import (
    AbsorbedRegressorError,
    BoundaryError,
    BoundaryWarning,
    CollinearRegressorError,
    ConvergenceError,
    DroppedInstrumentWarning,
    FlatLikelihoodWarning,
    FormulaError,
    IdentificationWarning,
    InadmissibleEstimateWarning,
    IslandError,
    MissingValueError,
    MultipleModesWarning,
    NegativeWeightsError,
    PanelIndexError,
    PanelSizeError,
    PerfectFitError,
    PeriodGapError,
    RegressorError,
    RestrictionError,
    RowSumsError,
    SingularInformationError,
    SpatialPanelError,
    SpecificationError,
    StoredResultsError,
    UnbalancedPanelError,
    UnderidentifiedError,
    UniformWeightsError,
    UnstableError,
    UnstableWarning,
    WeightsAlignmentError,
    WeightsDiagonalError,
    WeightsError,
)
from .instruments import SpatialIVPanel, SpatialIVResults
from .model import SpatialPanel
from .partition import EffectsPartition
from .peers import compare_with_peer
from .restrictions import WaldTest
from .results import EffectsResults, FixedEffects, SpatialPanelResults
from .simulate import simulate

__all__ = [
    "AbsorbedRegressorError",
    "BoundaryError",
    "BoundaryWarning",
    "CollinearRegressorError",
    "Comparison",
    "ConvergenceError",
    "DroppedInstrumentWarning",
    "DynamicResults",
    "DynamicSpatialPanel",
    "EffectsPartition",
    "EffectsResults",
    "FixedEffects",
    "FlatLikelihoodWarning",
    "FormulaError",
    "IdentificationWarning",
    "InadmissibleEstimateWarning",
    "IslandError",
    "MissingValueError",
    "MultipleModesWarning",
    "NegativeWeightsError",
    "PanelArrays",
    "PanelIndexError",
    "PanelSizeError",
    "PerfectFitError",
    "PeriodGapError",
    "RegressorError",
    "RestrictionError",
    "RowSumsError",
    "SingularInformationError",
    "SpatialIVPanel",
    "SpatialIVResults",
    "SpatialPanel",
    "SpatialPanelError",
    "SpatialPanelResults",
    "SpecificationError",
    "Stability",
    "StoredResultsError",
    "UnbalancedPanelError",
    "UnderidentifiedError",
    "UniformWeightsError",
    "UnstableError",
    "UnstableWarning",
    "WaldTest",
    "Weights",
    "WeightsAlignmentError",
    "WeightsDiagonalError",
    "WeightsError",
    "compare",
    "compare_with_peer",
    "simulate",
]
