"""References to models, and the models behind them.

Knows nothing about matches, trust or training.
"""

from w2s.models.model import (
    Answer,
    Believes,
    Failure,
    Judges,
    Model,
    Proposes,
    RemembersMatches,
    Samples,
    SeesSolved,
    Want,
    check_task,
)
from w2s.models.registry import load_model

__all__ = [
    "Answer",
    "Believes",
    "Failure",
    "Judges",
    "Model",
    "Proposes",
    "RemembersMatches",
    "Samples",
    "SeesSolved",
    "Want",
    "check_task",
    "load_model",
]
