"""Chess puzzles: positions after a blunder, or before one, in which Stockfish sees one good move only.

Knows nothing about files. Winning chances are ``2 / (1 + exp(−0.00368208 cp)) − 1``, in [−1, 1], the formula
that Lichess publishes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from games import Played, replay
from puzzle_rows import puzzle
from stockfish import Stockfish, ranked, settled

from w2s.games import State
from w2s.tasks.judging import wins_at_once

_SWING, _ALONE = 0.2, 0.2
_HOPELESS = -0.2
_LOOK, _VERIFY = (1_000, 0.3), (8_000, 0.45)


def chances(value_cp: int) -> float:
    """Winning chances of a value in centipawns, in [−1, 1]."""
    return 2 / (1 + math.exp(-0.00368208 * max(-4000, min(4000, value_cp)))) - 1


def candidates(game: Played) -> list[State]:
    """States of a game around which the value swings and whose player saw one move well above the next."""
    best = [chances(seen.best_cp) for seen in game.seen]
    found = []
    for at, state in enumerate(replay("chess", game.state.moves(), game.opening_plies)):
        before = best[at] + best[at - 1] if at > 0 else 0.0
        after = best[at] + best[at + 1] if at + 1 < len(best) else 0.0
        second = game.seen[at].second_cp
        alone = second is None or best[at] - chances(second) >= _ALONE
        if alone and max(before, after) >= _SWING and best[at] > _HOPELESS:
            found.append(state)
    return found


def mine(game: Played, engine: Stockfish) -> list[dict[str, Any]]:
    """The states of a game with one move that is clearly best, at few nodes and again at more."""
    likely = [state for state, *_ in clear(candidates(game), engine, *_LOOK)]
    return [
        puzzle(state, solutions(state, move), nodes, game.number)
        for state, move, nodes in clear(likely, engine, *_VERIFY)
    ]


def clear(
    states: Sequence[State], engine: Stockfish, nodes: int, least: float
) -> Iterator[tuple[State, str, int]]:
    """States in which the best move is better than the second by ``least``, the move, what finding it took.

    A search that looks at few nodes decides little by itself: it must be followed by one that looks at more.
    """
    answers = engine.ask([state.position for state in states], nodes, lines=2, forget=True)
    for state, answer in zip(states, answers, strict=True):
        lines = ranked(answer)
        if len(lines) < 2:
            continue
        best, second = (chances(line.value_cp) for line in lines[:2])
        if best >= _HOPELESS and best - second >= least:
            yield state, lines[0].move, settled(answer, lines[0].move)


def solutions(state: State, move: str) -> list[str]:
    """The move, and where it mates every other that mates too."""
    if not wins_at_once(state, move):
        return [move]
    return [move, *(other for other in state.legal_moves() if other != move and wins_at_once(state, other))]
