"""Rules, search and agreement of the compiled core."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from w2s import _core
from w2s.errors import DataError, UsageError
from w2s.kernels.core_errors import core_errors, translate

if TYPE_CHECKING:
    import pyarrow as pa

    TextColumn: TypeAlias = Sequence[str] | npt.NDArray[np.str_] | pa.Array | pa.ChunkedArray

CoreState = _core.State
CoreSearchResult = _core.SearchResult
Flags = npt.NDArray[np.bool_]

LARGEST_CP = 1_000_000
"""The value of an immediate win, which is the largest value."""

DEEPEST = 128
"""Plies after which every search ends."""

MOST_NODES = 2**64 - 1
"""The core counts nodes in 64 bits."""

READINGS = ("ok", "unparsable", "illegal", "ambiguous", "no position")
"""The verdicts on an answer; the index of a word is its code in :class:`Agreements`."""


def game_names() -> list[str]:
    """Names of all games, in the order of the registry."""
    return _core.game_names()


def start(game: str, position: str) -> _core.State:
    """The core's state for a position text.

    Raises:
        UsageError: no game has that name, or an argument is not a text.
        DataError: the text is not a position of that game.
    """
    given: list[tuple[str, object]] = [("game", game), ("position", position)]
    for name, value in given:
        if not isinstance(value, str):
            kind = type(value).__name__
            raise UsageError("game-not-text", f"`{name}` is {value!r:.80}, of type {kind}; give a text")
    try:
        return _core.start(game, position)
    except _core.CoreError as error:
        raise translate(error, f": {position[:80]!r}") from None
    except UnicodeEncodeError:
        raise DataError("game-invalid-position", f"not a {game} position: {position[:80]!a}") from None


def search(
    states: Sequence[CoreState],
    *,
    depth: int | None = None,
    nodes: int | None = None,
    all_moves: bool = False,
    moves: Sequence[Sequence[str]] | None = None,
) -> list[CoreSearchResult]:
    """Search states of any games in parallel; the number of threads changes no result.

    Args:
        states: states to search.
        depth: plies from the root, 1 to 128.
        nodes: states visited, 1 to 2^64 − 1; the first ply is always finished. Without a limit, one ply.
        all_moves: whether to value every legal move, which takes several times as long as finding the best
            one.
        moves: for each state the legal moves to value; a few take little more time than the best move alone.

    Raises:
        UsageError: a limit is out of range, a move is not legal, or there is not one list of moves per state.
    """
    _check_limit("depth of a search", depth, DEEPEST)
    _check_limit("nodes of a search", nodes, MOST_NODES)
    wanted = None if moves is None else [list(texts) for texts in moves]
    with core_errors():
        return _core.search(list(states), depth, nodes, all_moves, wanted)


def _check_limit(name: str, limit: object, most: int) -> None:
    """Refuse a limit that is not a whole number from 1 to ``most``."""
    number = 1 if limit is None else _whole(limit)
    if number is not None and 1 <= number <= most:
        return
    shown = f"{limit!r:.40}" if number is None or abs(number) <= MOST_NODES else "beyond 2^64"
    raise UsageError("game-bad-search-limit", f"{name} is {shown}; give a whole number from 1 to {most}")


def _whole(value: object) -> int | None:
    """The value as a whole number, None if it is none."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def solve(
    states: Sequence[CoreState], *, nodes: int, cap_cp: int | None = None
) -> list[dict[str, int] | None]:
    """The proven value of every legal move by canonical text; None where a proof needs over ``nodes`` nodes.

    Values are in hundredths of a unit for the player to move, ±(1,000,000 − plies) for a win or loss; empty
    where the game is over. Games without a bound on their length (chess) are never solved.

    Args:
        states: states to solve, in parallel.
        nodes: states visited for each proof, 1 to 2^64 − 1.
        cap_cp: values are clipped to ±``cap_cp``, which takes far fewer nodes.

    Raises:
        UsageError: ``nodes`` or ``cap_cp`` is out of range.
    """
    _check_limit("nodes of a proof", nodes, MOST_NODES)
    if cap_cp is not None and cap_cp < 1:
        raise UsageError("game-bad-search-limit", f"cap_cp of a proof is {cap_cp}; use at least 1")
    solved = _core.solve(list(states), nodes, min(cap_cp or LARGEST_CP, LARGEST_CP))
    return [None if found is None else found.values for found in solved]


def perft(state: CoreState, depth: int) -> tuple[int, int]:
    """Lines of exactly ``depth`` plies from a state, and lines that ended before."""
    plies = _whole(depth)
    if plies is None or not 0 <= plies <= 64:
        raise UsageError("game-bad-perft-depth", "depth of a perft must be a whole number from 0 to 64")
    return _core.perft(state, depth)


class Agreements(NamedTuple):
    """Verdicts on two answers to each position, one entry per row.

    Attributes:
        left: codes of the first answers, uint8, see :data:`READINGS`.
        right: codes of the second answers.
        left_move: canonical texts as an Arrow string array, null where the answer is not a legal move.
        right_move: the same for the second answers.
        same_move: bool; both are legal and the same move.
        same_state: bool; both lead to the same position, clocks included.
        same_key: bool; both lead to the same state up to transposition.
    """

    left: npt.NDArray[np.uint8]
    right: npt.NDArray[np.uint8]
    left_move: pa.StringArray
    right_move: pa.StringArray
    same_move: Flags
    same_state: Flags
    same_key: Flags


def agree(game: str, positions: TextColumn, left: TextColumn, right: TextColumn) -> Agreements:
    """Compare two answers to each position, in parallel and without the GIL.

    Args:
        game: name of the game.
        positions: position texts, n of them: a sequence of str, a numpy or an Arrow string array.
        left: first answers in any notation, n texts; a null, or a value that is not text, is unparsable.
        right: second answers.

    Raises:
        UsageError: no game has that name, or the columns differ in length.
    """
    with core_errors():
        first, second, same_move, same_state, same_key = _core.agree(
            game, _texts(positions), _texts(left), _texts(right)
        )
    return Agreements(first[0], second[0], _moves(*first), _moves(*second), same_move, same_state, same_key)


def _texts(column: TextColumn) -> list[str] | tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A column as the core takes it: a list, or data and offsets of an Arrow array."""
    if isinstance(column, list):
        return column
    if isinstance(column, np.ndarray):
        return list(map(str, column.tolist()))
    if not (hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__")):
        return list(column)
    import pyarrow as pa

    array = (
        pa.chunked_array(column)
        .combine_chunks()
        .cast(pa.large_string())
        .fill_null("\N{REPLACEMENT CHARACTER}")
    )
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1] if offsets else None
    text = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return text, np.zeros(1, np.int64) if ends is None else ends


def _moves(codes: npt.NDArray[np.uint8], text: bytes, ends: npt.NDArray[np.uint32]) -> pa.StringArray:
    """Consecutive texts as an Arrow array, null where the code is not ``ok``."""
    import pyarrow as pa

    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    valid = np.packbits(codes == 0, bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.StringArray.from_buffers(len(ends), buffers[1], buffers[2], buffers[0])
