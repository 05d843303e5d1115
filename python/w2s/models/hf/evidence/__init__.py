"""Evidence on request: what more than one look at an example tells of a label.

Knows nothing about tables, trust or the command line.
"""

from w2s.models.hf.evidence.registry import check_evidence, evidence, evidence_kinds

__all__ = ["check_evidence", "evidence", "evidence_kinds"]
