"""Spatial panel models with fixed effects, estimated by exact maximum likelihood.

A library of its own: it takes a long DataFrame, names and spatial weights, and knows nothing else.

>>> fit = SpatialPanel(y, x, weights, model="sdm").fit()        # doctest: +SKIP
>>> fit.effects(inference="simulation", draws=5000, seed=1)     # doctest: +SKIP
"""

from .align import PanelArrays, Weights
from .bootstrap import BootstrapResults
from .breaks import BreakTest, sup_wald
from .chain import ChoiceChain, choice_chain, lr_effects, lr_simplify, wald_simplify
from .comparison import Comparison, compare
from .dynamic import DynamicResults, DynamicSpatialPanel, Stability
from .errors import (
    AbsorbedRegressorError,
    BoundaryError,
    BoundaryWarning,
    ClippedCovarianceWarning,
    CollinearRegressorError,
    ConvergenceError,
    DroppedInstrumentWarning,
    FailedDrawsWarning,
    FewDrawsWarning,
    FlatLikelihoodWarning,
    FormulaError,
    GroupingError,
    HausmanUndefinedError,
    IdentificationWarning,
    InadmissibleEstimateWarning,
    IndefiniteCovarianceWarning,
    IslandError,
    LogDeterminantWarning,
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
    WeightsEigenvalueError,
    WeightsError,
)
from .grouped import GroupedPanel, GroupedResults
from .grouped_effects import GroupedEffects
from .instruments import SpatialIVPanel, SpatialIVResults
from .model import SpatialPanel
from .partition import EffectsPartition
from .peers import compare_with_peer
from .random_effects import RandomEffectsPanel, RandomEffectsResults, hausman_test, mundlak_test
from .restrictions import WaldTest
from .results import EffectsResults, FixedEffects, SpatialPanelResults
from .simulate import simulate
from .slope_covariance import SlopeCovariance
from .subsample import PermutationResults, SubsampleFits, fit_groups
from .system import joint_covariance
from .testing import SpecificationTest

__all__ = [
    "AbsorbedRegressorError",
    "BootstrapResults",
    "BoundaryError",
    "BoundaryWarning",
    "BreakTest",
    "ChoiceChain",
    "ClippedCovarianceWarning",
    "CollinearRegressorError",
    "Comparison",
    "ConvergenceError",
    "DroppedInstrumentWarning",
    "DynamicResults",
    "DynamicSpatialPanel",
    "EffectsPartition",
    "EffectsResults",
    "FailedDrawsWarning",
    "FewDrawsWarning",
    "FixedEffects",
    "FlatLikelihoodWarning",
    "FormulaError",
    "GroupedEffects",
    "GroupedPanel",
    "GroupedResults",
    "GroupingError",
    "HausmanUndefinedError",
    "IdentificationWarning",
    "InadmissibleEstimateWarning",
    "IndefiniteCovarianceWarning",
    "IslandError",
    "LogDeterminantWarning",
    "MissingValueError",
    "MultipleModesWarning",
    "NegativeWeightsError",
    "PanelArrays",
    "PanelIndexError",
    "PanelSizeError",
    "PerfectFitError",
    "PeriodGapError",
    "PermutationResults",
    "RandomEffectsPanel",
    "RandomEffectsResults",
    "RegressorError",
    "RestrictionError",
    "RowSumsError",
    "SingularInformationError",
    "SlopeCovariance",
    "SpatialIVPanel",
    "SpatialIVResults",
    "SpatialPanel",
    "SpatialPanelError",
    "SpatialPanelResults",
    "SpecificationError",
    "SpecificationTest",
    "Stability",
    "StoredResultsError",
    "SubsampleFits",
    "UnbalancedPanelError",
    "UnderidentifiedError",
    "UniformWeightsError",
    "UnstableError",
    "UnstableWarning",
    "WaldTest",
    "Weights",
    "WeightsAlignmentError",
    "WeightsDiagonalError",
    "WeightsEigenvalueError",
    "WeightsError",
    "choice_chain",
    "compare",
    "compare_with_peer",
    "fit_groups",
    "hausman_test",
    "joint_covariance",
    "lr_effects",
    "lr_simplify",
    "mundlak_test",
    "simulate",
    "sup_wald",
    "wald_simplify",
]
