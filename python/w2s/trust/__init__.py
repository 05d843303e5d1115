"""Trust functions: how likely each label of a weak teacher is right, fitted on gold.

Nothing here imports torch before a neural function is fitted.
"""

from w2s.trust.columns import require_evidence
from w2s.trust.files import load, save
from w2s.trust.folds import cross_fit
from w2s.trust.function import FittedState, Function, TrustFunction, TrustMethod
from w2s.trust.registry import function_names, option_names, trust_function

__all__ = [
    "FittedState",
    "Function",
    "TrustFunction",
    "TrustMethod",
    "cross_fit",
    "function_names",
    "load",
    "option_names",
    "require_evidence",
    "save",
    "trust_function",
]
