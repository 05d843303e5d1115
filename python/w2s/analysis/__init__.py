"""The mechanisms of trust, measured on a finished chain: difficulty, purity, gradients, blind spots."""

from w2s.analysis.measures import MEASURES
from w2s.analysis.report import AnalysisReport, MeasureReport
from w2s.analysis.result import Result
from w2s.analysis.run import analyse

__all__ = ["MEASURES", "AnalysisReport", "MeasureReport", "Result", "analyse"]
