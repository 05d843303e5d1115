"""Evidence on request: what more than one look at an example tells of a label.

Knows nothing about tables, trust or the command line.
"""

from w2s.models.hf.evidence.registry import evidence, evidence_kinds
from w2s.models.hf.evidence.samples import draw

__all__ = ["draw", "evidence", "evidence_kinds"]
