"""Do two answers to each position mean the same move, and do they lead to the same state?

Knows nothing about who answered or where the answers are kept. Bad text is a verdict, never an exception.
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
"""What an answer can turn out to be; the place of a word is its code."""

_NO_POSITION = STATUSES.index("no position")


@dataclass(frozen=True, eq=False)
class Agreement:
    """The verdicts on two answers to each position, column by column; every column has one entry a row.

    Attributes:
        left_code: uint8, what the left answer is: a place in :data:`STATUSES`.
        right_code: the same of the right answer.
        left_move: Arrow strings, the left answer in canonical form, null where it is not a legal move.
        right_move: the same of the right answer.
        same_move: bool, both answers are legal and the same move, whatever their notation.
        same_state: bool, both lead to the same position, clocks included.
        same_up_to_transposition: bool, both lead to the same state, clocks left out.
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
        """Whether the position could be read; where not, nothing is known about the answers."""
        return np.not_equal(self.left_code, _NO_POSITION)

    @cached_property
    def left_status(self) -> npt.NDArray[np.str_]:
        """What the left answer is, in words: ``ok``, ``unparsable``, ``illegal``, ``ambiguous`` or
        ``no position``."""
        return np.array(STATUSES)[self.left_code]

    @cached_property
    def right_status(self) -> npt.NDArray[np.str_]:
        """What the right answer is, in the same words."""
        return np.array(STATUSES)[self.right_code]


def agree(
    game: str,
    positions: kernels.games.TextColumn,
    left: kernels.games.TextColumn,
    right: kernels.games.TextColumn,
) -> Agreement:
    """Whether two answers to each position are the same move, and lead to the same state.

    Rows are judged in parallel and without the GIL. A text that is no move, a null, or a position that
    cannot be read is a verdict of that row; it never stops the others.

    Args:
        game: name of the game.
        positions: n position texts (``startpos`` or FEN for chess), or a single one that holds for all
            rows. A list of str, a numpy array of str, or an Arrow string array, chunked or not.
        left: n answers in any notation of the game: ``Nf3``, ``g1f3`` and ``Ng1-f3`` are one move.
        right: n other answers.

    Returns:
        An :class:`Agreement` with n rows.

    Raises:
        UsageError: no game has that name, or the columns differ in length.

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
            raise UsageError(f"{name} is one text: give a list of texts, [{column[:40]!r}]")
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
