"""Metrics: how good answers and trust scores are, and how much of a gap a student closes.

They need numpy only.
"""

from w2s.metrics.bootstrap import COVERAGES, Interval, trust_measures
from w2s.metrics.calibration import Bin, brier, calibration_curve, expected_calibration_error
from w2s.metrics.label_quality import label_quality
from w2s.metrics.ranking import RiskCoverage, area_under_risk_coverage, auc, purity_at, risk_coverage
from w2s.metrics.recovery import Ratio, accuracy, difference, pgr, ratio_of_gaps, recovery

__all__ = [
    "COVERAGES",
    "Bin",
    "Interval",
    "Ratio",
    "RiskCoverage",
    "accuracy",
    "area_under_risk_coverage",
    "auc",
    "brier",
    "calibration_curve",
    "difference",
    "expected_calibration_error",
    "label_quality",
    "pgr",
    "purity_at",
    "ratio_of_gaps",
    "recovery",
    "risk_coverage",
    "trust_measures",
]
