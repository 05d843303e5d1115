"""Games: states, moves as text, outcomes and agreement. The rules are in Rust (``rust/w2s-games``)."""

from w2s.games.agreement import Agreement, agree
from w2s.games.records import Divergence, diverge
from w2s.games.state import Game, Outcome, State, game

__all__ = ["Agreement", "Divergence", "Game", "Outcome", "State", "agree", "diverge", "game"]
