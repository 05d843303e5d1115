"""Selection: which rows are kept, or how much each row counts; scores in, positions or weights out.

The higher score is better, ties go to the lower position, and the result does not depend on the number of
threads.
"""

from w2s.selection.functions import (
    GroupCount,
    RuleInputs,
    Selection,
    apply_rule,
    select,
    select_by_rule,
    top_k,
    weights,
)
from w2s.selection.rule import Rule

__all__ = [
    "GroupCount",
    "Rule",
    "RuleInputs",
    "Selection",
    "apply_rule",
    "select",
    "select_by_rule",
    "top_k",
    "weights",
]
