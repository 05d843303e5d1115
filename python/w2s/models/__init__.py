"""References to models, and the models behind them.

Knows nothing about matches, trust or training.
"""

from w2s.models.model import Answer, Failure, Model, RemembersMatches, Want

__all__ = ["Answer", "Failure", "Model", "RemembersMatches", "Want"]
