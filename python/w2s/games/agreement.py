"""Agreement of two answers per position: whether they are the same move and lead to the same state.

Invalid text is a verdict, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

STATUSES = kernels.READINGS
"""The verdicts on an answer; the index of a word is its code."""

_NO_POSITION = STATUSES.index("no position")


@dataclass(frozen=True, eq=False)
class Agreement:
    """The verdicts on two answers per position, as columns with one entry per row.

    Attributes:
        left_code: uint8, the verdict on the left answer as an index into :data:`STATUSES`.
        right_code: the same for the right answer.
        left_move: Arrow strings, the left answer in canonical form; null if it is not a legal move.
        right_move: the same for the right answer.
        same_move: bool, whether both answers are the same legal move in any notation.
        same_state: bool, whether both lead to the same position, clocks included.
        same_up_to_transposition: bool, whether both lead to the same position, clocks ignored.
    """

    left_code: npt.NDArray[np.uint8]
    right_code: npt.NDArray[np.uint8]
    left_move: pa.StringArray
    right_move: pa.StringArray
    same_move: npt.NDArray[np.bool_]
    same_state: npt.NDArray[np.bool_]
    same_up_to_transposition: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.same_move)

    @cached_property
    def position_ok(self) -> npt.NDArray[np.bool_]:
        """Whether the position could be read; if not, nothing is known about the answers."""
        return np.not_equal(self.left_code, _NO_POSITION)

    @cached_property
    def left_status(self) -> npt.NDArray[np.str_]:
        """The verdict on the left answer: ok, unparsable, illegal, ambiguous or no position."""
        return np.array(STATUSES)[self.left_code]

    @cached_property
    def right_status(self) -> npt.NDArray[np.str_]:
        """The verdict on the right answer, in the same words."""
        return np.array(STATUSES)[self.right_code]


def agree(
    game: str,
    positions: kernels.games.TextColumn,
    left: kernels.games.TextColumn,
    right: kernels.games.TextColumn,
) -> Agreement:
    """Whether two answers per position are the same move and lead to the same state.

    Rows are judged in parallel, without the GIL. Invalid text, nulls and unreadable positions are verdicts
    of their rows.

    Args:
        game: name of the game.
        positions: n position texts (``startpos`` or FEN for chess), or one for all rows. A list of str, a
            numpy array of str, or an Arrow string array, chunked or not.
        left: n answers in any notation of the game: ``Nf3``, ``g1f3`` and ``Ng1-f3`` are the same move.
        right: n answers to compare with.

    Returns:
        An :class:`Agreement` with n rows.

    Raises:
        UsageError: there is no such game, or the columns differ in length.

    Example:
        >>> import w2s
        >>> found = w2s.agree("chess", ["startpos"], ["e4", "Nf3", "e2e5"], ["e2e4", "g1h3", "e4"])
        >>> found.same_move.tolist()
        [True, False, False]
        >>> found.left_status.tolist()
        ['ok', 'ok', 'illegal']
        >>> found.right_move.to_pylist()
        ['e2e4', 'g1h3', 'e2e4']
    """
    for name, column in (("positions", positions), ("left", left), ("right", right)):
        if isinstance(column, str | bytes):
            raise UsageError(
                "game-text-not-list", f"{name} is a single text; pass a list of texts, [{column[:40]!r}]"
            )
    if len(positions) == 1 and len(left) != 1:
        positions = [str(positions[0])] * len(left)
    found = kernels.agree(game, positions, left, right)
    return Agreement(
        left_code=found.left,
        right_code=found.right,
        left_move=found.left_move,
        right_move=found.right_move,
        same_move=found.same_move,
        same_state=found.same_state,
        same_up_to_transposition=found.same_key,
    )
