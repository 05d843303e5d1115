"""Games for Python users: states, moves as text, outcomes, agreement.

Knows nothing about models or matches; the rules themselves are in Rust (``rust/w2s-games``).
"""

from w2s.games.agreement import Agreement, agree
from w2s.games.divergence import Divergence, diverge
from w2s.games.state import Game, Outcome, State, game

__all__ = ["Agreement", "Divergence", "Game", "Outcome", "State", "agree", "diverge", "game"]
