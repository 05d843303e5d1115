"""One example → one answer of an engine, played in a game or as a label.

Knows nothing about which process answers or how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from w2s.games import State
from w2s.models.choosing import choices, no_move
from w2s.models.confidence import TEMPERATURE_CP, confidence
from w2s.models.model import Answer, Want
from w2s.models.uci import evidence, protocol
from w2s.models.uci.engine import Engine, Reply
from w2s.models.uci.protocol import Limits
from w2s.models.uci.talk import Talk
from w2s.tasks import Clock, MoveExample

LABEL_LINES = 5
"""Lines of play asked for where evidence for a label is wanted and the user set no MultiPV."""

_THOROUGH = "Stockfish"
"""Its ``ucinewgame`` does all that its Clear Hash does, and takes as long; others are told both."""

TIMEOUT_S = 60.0
"""Long enough for slow machines and large nets; an engine that hangs costs as much."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every answer.

    ``limits`` end its search; ``temperature_cp`` of the softmax that turns scores into evidence;
    ``timeout_s`` is the longest wait for the engine, in seconds, beyond the time that its limits give it.
    """

    limits: Limits
    temperature_cp: float = TEMPERATURE_CP
    timeout_s: float = TIMEOUT_S


def is_chess960(start: str) -> bool:
    """Whether a FEN needs Chess960 castling: its rights are named by files instead of sides."""
    fields = start.split(" ", 3)
    return len(fields) > 2 and not set(fields[2]) <= set("KQkq-")


def new_game(engine: Engine, state: State) -> Talk[None]:
    """Make the engine forget the game before, and tell it which castling this one has."""
    engine.set("UCI_Chess960", "true" if is_chess960(state.start_position) else "false")
    engine.say(b"ucinewgame\n")
    yield from engine.ready()


def forget(engine: Engine, state: State) -> Talk[None]:
    """Make the engine forget every position that it ever saw."""
    if not engine.title.startswith(_THOROUGH):
        engine.press("Clear Hash")
    yield from new_game(engine, state)


def play(engine: Engine, terms: Terms, example: MoveExample, want: Want) -> Talk[Answer]:
    """The engine's move in its own game: searched exactly as the user set the engine up.

    Evidence is what the user's own ``MultiPV`` gives: more lines would change how strong it plays.
    """
    _ask(engine, terms.limits, example, _confined(example))
    n_options = len(example.state.legal_moves()) if want.evidence else 0  # counted while the engine thinks
    reply = yield from engine.reply(_longest_s(terms.limits, example.clock))
    return _answer(reply, example, terms, want, n_options)


def label(engine: Engine, terms: Terms, example: MoveExample, want: Want) -> Talk[Answer]:
    """The engine's answer to a position that it has never seen: it forgets everything first."""
    state = example.state
    only = _confined(example)
    legal = state.legal_moves()
    if not legal:
        return no_move()
    moves = only or legal
    _set_lines(engine, _label_lines(engine, want, len(moves)))
    yield from forget(engine, state)
    reply = yield from _search(engine, terms.limits, example, only)
    answer = _answer(reply, example, terms, want, len(legal))
    if want.values:
        answer.values_cp = yield from _values(engine, terms, example, moves, reply)
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
    engine.set("MultiPV", str(lines if highest is None else min(lines, highest)))


def _search(engine: Engine, limits: Limits, example: MoveExample, only: Sequence[str]) -> Talk[Reply]:
    _ask(engine, limits, example, only)
    return (yield from engine.reply(_longest_s(limits, example.clock)))


def _ask(engine: Engine, limits: Limits, example: MoveExample, only: Sequence[str]) -> None:
    state, clock = example.state, example.clock
    engine.say(protocol.position(state.start_position, " ".join(state.moves())))
    engine.ask(protocol.go(limits, clock, state.to_move if clock is not None else 0, only))


def _longest_s(limits: Limits, clock: Clock | None) -> float:
    """How long a search may take by its own limits, in seconds."""
    times = [] if limits.movetime_ms is None else [limits.movetime_ms / 1000]
    if clock is not None:
        times.append(max(0.0, clock.own_s))
    return min(times, default=0.0)


def _confined(example: MoveExample) -> list[str]:
    """The moves that the search is confined to, without the rejected ones; none where it is free."""
    if not (example.only or example.attempt):
        return []
    return choices(example, example.state.legal_moves())


def _answer(reply: Reply, example: MoveExample, terms: Terms, want: Want, n_options: int) -> Answer:
    scores = {info.move: evidence.score_cp(info) for info in evidence.latest(reply.infos())}
    answer = Answer(reply.move, value_cp=next(iter(scores.values()), None), seconds=reply.seconds)
    if want.mask and example.state.read(answer.label)[0] is None:
        answer.label = _legal(scores, example) or reply.move
        answer.raw = reply.move
    if want.evidence:
        answer.n_options = n_options
        known = confidence(scores, answer.label, terms.temperature_cp, n_options)
        if known is not None:
            answer.log_prob, answer.margin, answer.entropy = known
    return answer


def _legal(best_first: Iterable[str], example: MoveExample) -> str | None:
    """The best move of the lines that may be answered, else the first; None where the game is over."""
    moves = choices(example, example.state.legal_moves())
    said = (example.state.read(text)[0] for text in best_first)
    return next((move for move in said if move in moves), moves[0] if moves else None)


def _values(
    engine: Engine, terms: Terms, example: MoveExample, moves: Sequence[str], reply: Reply
) -> Talk[dict[str, int]]:
    """A value for each of ``moves``: from the lines of the search, where they lack it from one of its own.

    Values are in centipawns for the player to move, by the moves' canonical text.
    """
    state, values = example.state, dict[str, int]()
    for info in evidence.latest(reply.infos()):
        move = state.read(info.move)[0]
        if move is not None:
            values[move] = evidence.score_cp(info)
    _set_lines(engine, 1)
    for move in moves:
        if move not in values:
            yield from forget(engine, state)
            alone = yield from _search(engine, terms.limits, example, [move])
            infos = evidence.latest(alone.infos())
            if infos:
                values[move] = evidence.score_cp(infos[0])
    return {move: values[move] for move in moves if move in values}
