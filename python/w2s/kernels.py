"""The only importer of the compiled core: shapes are documented and checked here, then it is called.

Knows nothing about files, models or configuration.
"""

from __future__ import annotations

from w2s import _core
from w2s.errors import DataError, UsageError

CoreState = _core.State


def game_names() -> list[str]:
    """Names of all games, in the order of the registry."""
    return _core.game_names()


def start(game: str, position: str) -> _core.State:
    """The core's state for a position text.

    Raises:
        UsageError: no game has that name.
        DataError: the text is not a position of that game.
    """
    if game not in _core.game_names():
        raise UsageError(f"no game is called {game!r}; the games are: {', '.join(_core.game_names())}")
    try:
        return _core.start(game, position)
    except ValueError as error:
        raise DataError(f"{error}: {position[:80]!r}") from None
