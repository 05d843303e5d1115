"""Certification: cuts of the score that are guaranteed, from rows with known answers.

The guarantees need rows that were not used to fit the scores.
"""

from w2s.certification.certificate import (
    DEFAULT_GRID,
    PURITY_BOUNDS,
    Certificate,
    certify,
    check_bound,
    check_grid,
)
from w2s.certification.fdr import FdrCertificate, FdrCut

__all__ = [
    "DEFAULT_GRID",
    "PURITY_BOUNDS",
    "Certificate",
    "FdrCertificate",
    "FdrCut",
    "certify",
    "check_bound",
    "check_grid",
]
