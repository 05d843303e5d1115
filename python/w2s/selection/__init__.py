"""Which rows are kept: scores in, positions or weights out.

Knows nothing about files, or about what the scores mean. The higher score is the better, ties go to the lower
position, and the answer does not depend on the number of threads.
"""

from w2s.selection.choosing import apply, select, selected, top_k
from w2s.selection.columns import Columns
from w2s.selection.rule import Rule
from w2s.selection.selected import GroupCount, Selected
from w2s.selection.weighing import weights

__all__ = ["Columns", "GroupCount", "Rule", "Selected", "apply", "select", "selected", "top_k", "weights"]
