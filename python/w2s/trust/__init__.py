"""How likely each label of a weak teacher is right: trust functions, fitted on gold.

Knows nothing about files of examples, students or rounds. Nothing here imports torch before a neural function
is fitted.
"""

from w2s.trust.files import load, save
from w2s.trust.folds import cross_fit
from w2s.trust.function import Function, Recipe, State, TrustFunction
from w2s.trust.registry import names, option_names, trust_function
from w2s.trust.requirements import refuse_missing

__all__ = [
    "Function",
    "Recipe",
    "State",
    "TrustFunction",
    "cross_fit",
    "load",
    "names",
    "option_names",
    "refuse_missing",
    "save",
    "trust_function",
]
