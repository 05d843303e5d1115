"""Models: anything that answers examples, named by a reference such as ``search:depth=3`` or ``hf:DIR``."""

from w2s.models.model import (
    Answer,
    Failure,
    HasExampleCheck,
    HasMatchState,
    Model,
    SupportsCandidates,
    SupportsDistribution,
    SupportsFewShot,
    SupportsSampling,
    SupportsScoring,
    SupportsValues,
    Want,
    check_examples,
    check_task,
)
from w2s.models.registry import load_model

__all__ = [
    "Answer",
    "Failure",
    "HasExampleCheck",
    "HasMatchState",
    "Model",
    "SupportsCandidates",
    "SupportsDistribution",
    "SupportsFewShot",
    "SupportsSampling",
    "SupportsScoring",
    "SupportsValues",
    "Want",
    "check_examples",
    "check_task",
    "load_model",
]
