"""Games for Python users: states, moves as text, outcomes.

Knows nothing about models or matches; the rules themselves are in Rust (``rust/w2s-games``).
"""

from w2s.games.state import Game, Outcome, State, game

__all__ = ["Game", "Outcome", "State", "game"]
