"""w2s: learn when to trust a weak teacher. This is the public API; everything else is private."""

from w2s.games import game

__all__ = ["game"]
