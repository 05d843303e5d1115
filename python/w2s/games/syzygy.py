"""Syzygy endgame tables of chess; the only module that imports the optional package python-chess."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from w2s.errors import DataError, MissingExtraError, UsageError
from w2s.games.state import State


def _python_chess() -> tuple[ModuleType, ModuleType]:
    try:
        import chess
        import chess.syzygy
    except ImportError:
        raise MissingExtraError("reading Syzygy tables", "chess") from None
    return chess, chess.syzygy


class Tablebase:
    """The Syzygy tables of a folder; each file is opened when it is needed."""

    def __init__(self, folder: str | Path) -> None:
        """Open a folder of ``.rtbw`` files.

        Raises:
            MissingExtraError: python-chess is not installed.
            UsageError: the folder holds no table.
        """
        self._chess, syzygy = _python_chess()
        names = [path.stem for path in Path(folder).glob("*.rtbw")]
        if not names:
            raise UsageError("syzygy-no-tables", f"{folder} contains no Syzygy table (*.rtbw)")
        self.men = max(len(name) - 1 for name in names)
        self._missing = syzygy.MissingTableError
        self._tables = syzygy.open_tablebase(str(folder), load_dtz=False)

    def wdl(self, state: State) -> int | None:
        """The result with best play for the player to move: 1, 0 or −1; None if no table has the position.

        Raises:
            DataError: a table is damaged.
        """
        if state.game != "chess" or sum(map(str.isalpha, state.position.split()[0])) > self.men:
            return None
        board = self._chess.Board(state.position)
        try:
            found: int = self._tables.probe_wdl(board)
        except (self._missing, KeyError):
            return None
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            raise DataError(
                "syzygy-damaged-table", f"a Syzygy table is damaged at {state.position}: {error}"
            ) from None
        return (found == 2) - (found == -2)

    def close(self) -> None:
        """Close the files."""
        self._tables.close()
