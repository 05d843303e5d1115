"""One position → one answer of an engine: a move in its own game, or a label, with evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from w2s.games import State
from w2s.models.candidates import allowed_moves, no_move_answer
from w2s.models.confidence import MATE_CP, TEMPERATURE_CP, confidence, mate_cp
from w2s.models.model import Answer, Want
from w2s.models.uci import protocol
from w2s.models.uci.dialogue import Dialogue
from w2s.models.uci.engine import Engine, SearchResult
from w2s.models.uci.protocol import SearchInfo, SearchLimits
from w2s.tasks import Clock, MoveExample

LABEL_LINES = 5
"""Lines of play that are searched for the evidence of a label, unless the user sets MultiPV."""

DEFAULT_LIMITS = SearchLimits(nodes=1000)
"""Limits of a search that has neither a limit nor a clock."""

DEFAULT_TIMEOUT_S = 60.0
"""Default timeout, long enough for slow machines and large networks."""

_CLEARS_HASH_ON_NEW_GAME = "Stockfish"
"""Its ``ucinewgame`` does all that its Clear Hash does, and takes as long; others are sent both."""

_MAX_CP = MATE_CP // 2 - 1
"""Scores are clipped to this, so that every mate lies beyond every evaluation."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How an engine searches, the same for every answer.

    Attributes:
        limits: when a search ends.
        temperature_cp: temperature of the softmax that turns scores into probabilities, in centipawns.
        timeout_s: the longest wait for the engine, in seconds, beyond the time that its limits allow.
    """

    limits: SearchLimits
    temperature_cp: float = TEMPERATURE_CP
    timeout_s: float = DEFAULT_TIMEOUT_S

    def limits_of(self, example: MoveExample) -> SearchLimits:
        """The limits of one search: the default ones where there is neither a limit nor a clock."""
        return self.limits if self.limits or example.clock is not None else DEFAULT_LIMITS


# Dialogues --------------------------------------------------------------------------------------------------


def start_game(engine: Engine, state: State) -> Dialogue[None]:
    """Tell the engine that a new game begins, and whether it is Chess960."""
    is_chess960 = protocol.is_chess960(state.start_position)
    engine.set_option("UCI_Chess960", "true" if is_chess960 else "false")
    engine.queue(b"ucinewgame\n")
    yield from engine.wait_ready()


def clear_engine(engine: Engine, state: State) -> Dialogue[None]:
    """Make the engine forget every position that it has seen."""
    if not engine.title.startswith(_CLEARS_HASH_ON_NEW_GAME):
        engine.press_button("Clear Hash")
    yield from start_game(engine, state)


def play_move(engine: Engine, settings: SearchSettings, example: MoveExample, want: Want) -> Dialogue[Answer]:
    """The engine's move in its own game, with the options exactly as the user set them.

    Evidence comes from the user's own ``MultiPV``: searching more lines would weaken the play.
    """
    limits = settings.limits_of(example)
    _start_search(engine, limits, example, _restricted_moves(example))
    n_options = len(example.state.legal_moves()) if want.evidence else 0  # counted while the engine thinks
    result = yield from engine.wait_result(_time_limit_s(limits, example.clock))
    return _answer(result, example, settings, want, n_options)


def label_position(
    engine: Engine, settings: SearchSettings, example: MoveExample, want: Want
) -> Dialogue[Answer]:
    """The engine's answer to a position; the engine is cleared first."""
    state = example.state
    only = _restricted_moves(example)
    legal = state.legal_moves()
    if not legal:
        return no_move_answer()
    moves = only or legal
    _set_lines(engine, _label_lines(engine, want, len(moves)))
    yield from clear_engine(engine, state)
    result = yield from _search(engine, settings.limits_of(example), example, only)
    answer = _answer(result, example, settings, want, len(legal))
    if want.values:
        answer.values_cp = yield from _move_values(engine, settings, example, moves, result)
    return answer


def _label_lines(engine: Engine, want: Want, n_moves: int) -> int:
    """How many lines of play a label needs: one per move for values, some for evidence."""
    options = engine.options
    lines = (options.number("MultiPV") if options is not None else None) or 1
    if want.values:
        lines = n_moves
    elif want.evidence and options is not None and not options.is_wanted("MultiPV"):
        lines = LABEL_LINES
    return max(1, min(lines, n_moves))


def _set_lines(engine: Engine, lines: int) -> None:
    highest = engine.options.highest("MultiPV") if engine.options is not None else None
    engine.set_option("MultiPV", str(lines if highest is None else min(lines, highest)))


def _search(
    engine: Engine, limits: SearchLimits, example: MoveExample, only: Sequence[str]
) -> Dialogue[SearchResult]:
    _start_search(engine, limits, example, only)
    return (yield from engine.wait_result(_time_limit_s(limits, example.clock)))


def _start_search(engine: Engine, limits: SearchLimits, example: MoveExample, only: Sequence[str]) -> None:
    state, clock = example.state, example.clock
    engine.queue(protocol.position(state.start_position, state.played))
    engine.start_search(protocol.go(limits, clock, state.to_move if clock is not None else 0, only))


def _time_limit_s(limits: SearchLimits, clock: Clock | None) -> float:
    """How long a search may take by its own limits, in seconds."""
    times = [] if limits.movetime_ms is None else [limits.movetime_ms / 1000]
    if clock is not None:
        times.append(max(0.0, clock.own_s))
    return min(times, default=0.0)


def _restricted_moves(example: MoveExample) -> list[str]:
    """The moves that the search is restricted to, without rejected ones; empty where it is unrestricted."""
    if not (example.only or example.attempt):
        return []
    return allowed_moves(example, example.state.legal_moves())


def _answer(
    result: SearchResult, example: MoveExample, settings: SearchSettings, want: Want, n_options: int
) -> Answer:
    scores = {info.move: score_cp(info) for info in latest_infos(result.infos())}
    answer = Answer(result.move, value_cp=next(iter(scores.values()), None), seconds=result.seconds)
    if want.mask and example.state.read(answer.label)[0] is None:
        answer.label = _best_legal(scores, example) or result.move
        answer.raw = result.move
    if want.evidence:
        answer.n_options = n_options
        known = confidence(scores, answer.label, settings.temperature_cp, n_options)
        if known is not None:
            answer.log_prob, answer.margin, answer.entropy = known
    return answer


def _best_legal(best_first: Iterable[str], example: MoveExample) -> str | None:
    """The best searched move that is allowed, else the first allowed move; None where the game is over."""
    moves = allowed_moves(example, example.state.legal_moves())
    searched = (example.state.read(text)[0] for text in best_first)
    return next((move for move in searched if move in moves), moves[0] if moves else None)


def _move_values(
    engine: Engine,
    settings: SearchSettings,
    example: MoveExample,
    moves: Sequence[str],
    result: SearchResult,
) -> Dialogue[dict[str, int]]:
    """A value for each of ``moves``, from the finished search or else from a search of that move alone.

    Values are in centipawns for the player to move, keyed by the canonical text of the move.
    """
    state, values = example.state, dict[str, int]()
    for info in latest_infos(result.infos()):
        move = state.read(info.move)[0]
        if move is not None:
            values[move] = score_cp(info)
    _set_lines(engine, 1)
    for move in moves:
        if move not in values:
            yield from clear_engine(engine, state)
            alone = yield from _search(engine, settings.limits_of(example), example, [move])
            infos = latest_infos(alone.infos())
            if infos:
                values[move] = score_cp(infos[0])
    return {move: values[move] for move in moves if move in values}


# Scores -----------------------------------------------------------------------------------------------------


def score_cp(info: SearchInfo) -> int:
    """The score in centipawns for the player to move; mates are mapped beyond every evaluation."""
    if info.mate is None:
        return max(-_MAX_CP, min(info.cp or 0, _MAX_CP))
    return mate_cp(info.mate) if info.mate > 0 else -mate_cp(-info.mate)


def latest_infos(infos: Iterable[SearchInfo]) -> list[SearchInfo]:
    """The latest line of each rank, best rank first, each move once; a bound only where no score is exact."""
    by_rank: dict[int, SearchInfo] = {}
    for info in infos:
        known = by_rank.get(info.rank)
        if known is None or known.bound or not info.bound:
            by_rank[info.rank] = info
    by_move: dict[str, SearchInfo] = {}
    for rank in sorted(by_rank):
        by_move.setdefault(by_rank[rank].move, by_rank[rank])
    return list(by_move.values())
