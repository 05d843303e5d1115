"""UCI engines as models: positions in matches are played, all others are labelled.

Knows nothing about the rules of a match; an illegal move is an answer like any other.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Self

from w2s.errors import ModelError, UsageError
from w2s.models.model import Answer, Failure, Want
from w2s.models.uci import answering
from w2s.models.uci.answering import Terms
from w2s.models.uci.engine import DiedError, Engine, MachineError, StalledError
from w2s.models.uci.options import Options
from w2s.models.uci.pool import Pool, Seat
from w2s.models.uci.talk import Talk, drive
from w2s.tasks import MoveExample

_FAILURES: dict[type[Exception], Failure] = {
    DiedError: "crash",
    StalledError: "stall",
    MachineError: "void",
}
_LABEL_HASH_MB = 1


class UciModel:
    """A UCI engine as a model; implements :class:`w2s.models.Model`.

    An example with a match is played by a process that keeps to that match: ``ucinewgame`` before it, its
    hash kept within it. An example without one is a label: another process answers, which forgets
    everything before every answer and has a hash of 1 MB unless the user set ``Hash``.

    A process that dies or hangs is that answer's failure (``raw`` says what happened); it is started again
    for the next one. Not for use by several threads at once.

    Args:
        reference: the name that loads the same model again.
        command: the program, as a path, and its arguments.
        terms: limits of a search, temperature of the evidence, patience.
        wanted: UCI options by name.
        concurrency: how many searches run at once, and how many matches are played at once.

    Raises:
        ModelError: the engine cannot be started or does not speak UCI.
        UsageError: the engine does not have an option, or does not take its value.
    """

    tasks: tuple[str, ...] = ("move",)

    def __init__(
        self,
        reference: str,
        command: Sequence[str],
        terms: Terms,
        wanted: Mapping[str, str],
        *,
        concurrency: int = 1,
    ) -> None:
        self.reference = reference
        self.slots: int | None = concurrency
        self._terms = terms
        self._width = concurrency

        def player() -> Engine:
            return Engine(command, wanted, terms.timeout_s)

        def labeller() -> Engine:
            return Engine(command, wanted, terms.timeout_s, adapt=_small_hash)

        self._pool = Pool(player, labeller, concurrency)
        self._finalizer = weakref.finalize(self, self._pool.close)
        options = self._first_start(" ".join(command))
        self._is_classical = options.get("UCI_Chess960") is None
        self.deterministic = _is_deterministic(options, terms)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One answer per example, in their order.

        Evidence of a label comes from ``MultiPV`` lines: the user's number, else
        :data:`~w2s.models.uci.answering.LABEL_LINES`. Evidence of a move in a match comes from the user's
        ``MultiPV`` alone, because more lines weaken the play; values are the labelling engine's.

        Raises:
            UsageError: an example of another game, or without a clock where the model has no limit.
            ModelError: the engine failed so often that there is no point in going on.
        """
        self._check(examples)
        answers: list[Answer | None] = [None] * len(examples)
        lanes = self._play_lanes(examples, want, answers)
        labels = [i for i, example in enumerate(examples) if example.match is None]
        if labels:
            lanes += self._label_lanes(labels, examples, want, answers)
        drive(lanes, self._width)
        done = [answer for answer in answers if answer is not None]
        if want.values:
            self._add_values(examples, done)
        return done

    def release(self, match: str) -> None:
        """The match is over, and its process may play another.

        Without this call, a new match takes the process whose last move lies furthest back; should that
        one's match still go on, it continues with an empty hash.
        """
        self._pool.release(match)

    def close(self) -> None:
        """End all processes of this model and what they started; a second call does nothing."""
        self._finalizer()

    def _first_start(self, command: str) -> Options:
        """Start one engine now, so that a wrong option is known before any work is done."""
        found: list[Options] = []

        def talk() -> Talk[None]:
            found.append((yield from self._pool.first().start()))

        try:
            drive([talk()], 1)
        except MachineError as error:
            raise ModelError(
                "uci-no-resources", f"{error}; close other programs, or lower --concurrency"
            ) from None
        except (DiedError, StalledError) as error:
            raise ModelError(
                "uci-start-failed",
                f"the engine {command!r} {error}; run it by hand and type 'uci' and 'isready'",
            ) from None
        return found[0]

    def _check(self, examples: Sequence[MoveExample]) -> None:
        for example in examples:
            if example.state.game != "chess":
                raise UsageError(
                    "model-other-game",
                    f"{self.reference} plays chess, not {example.state.game}; use another model",
                )
            if example.clock is None and not self._terms.limits:
                raise UsageError(
                    "uci-no-limit",
                    f"{self.reference} has no limit and example {example.id} has no clock; add ?nodes=N, "
                    "?depth=N or ?movetime=MS to the reference, or play with a clock (tc=60+0.6)",
                )
            if self._is_classical and answering.is_chess960(example.state.start_position):
                raise UsageError(
                    "uci-no-chess960",
                    f"example {example.id} is a Chess960 position, and {self.reference} has no option "
                    "UCI_Chess960; use another engine",
                )

    def _play_lanes(
        self, examples: Sequence[MoveExample], want: Want, answers: list[Answer | None]
    ) -> list[Talk[None]]:
        """One conversation per seat, with the examples of the matches that sit there."""
        matches = {example.match for example in examples if example.match is not None}
        jobs: dict[Seat, list[int]] = {}
        for index, example in enumerate(examples):
            if example.match is not None:
                jobs.setdefault(self._pool.seat(example.match, matches), []).append(index)

        def lane(seat: Seat, indices: list[int]) -> Talk[None]:
            for index in indices:
                ask = self._play(seat, examples[index], want)
                answers[index] = yield from self._guarded(seat.engine, ask)

        return [lane(seat, indices) for seat, indices in jobs.items()]

    def _label_lanes(
        self,
        indices: Sequence[int],
        examples: Sequence[MoveExample],
        want: Want,
        answers: list[Answer | None],
    ) -> list[Talk[None]]:
        """One conversation per labelling engine; each takes the next label that nobody has taken."""
        left = deque(indices)

        def lane(engine: Engine) -> Talk[None]:
            while left:
                index = left.popleft()
                answers[index] = yield from self._guarded(engine, self._label(engine, examples[index], want))

        return [lane(engine) for engine in self._pool.labellers(len(indices))]

    def _play(self, seat: Seat, example: MoveExample, want: Want) -> Talk[Answer]:
        if not seat.engine.is_usable:
            seat.told = None
            yield from _start(seat.engine)
        ply = example.state.ply
        is_replay = ply < seat.ply or (ply == seat.ply and not example.attempt)
        if seat.told != example.match or is_replay:
            yield from answering.new_game(seat.engine, example.state)
        seat.told, seat.ply = example.match, ply
        return (yield from answering.play(seat.engine, self._terms, example, want))

    def _label(self, engine: Engine, example: MoveExample, want: Want) -> Talk[Answer]:
        if not engine.is_usable:
            yield from _start(engine)
        return (yield from answering.label(engine, self._terms, example, want))

    def _guarded(self, engine: Engine, ask: Talk[Answer]) -> Talk[Answer]:
        """What ``ask`` answers, or the failure that it ended in."""
        begin = time.monotonic()
        try:
            answer = yield from ask
        except (DiedError, StalledError, MachineError) as error:
            engine.stop()
            self._pool.count_failure(engine.name, str(error))
            return Answer(
                "", raw=str(error), failure=_FAILURES[type(error)], seconds=time.monotonic() - begin
            )
        self._pool.count_answer()
        return answer

    def _add_values(self, examples: Sequence[MoveExample], answers: list[Answer]) -> None:
        """Values for the moves played in matches, from the labelling engines."""
        played = [i for i, e in enumerate(examples) if e.match is not None and answers[i].failure is None]
        valued: list[Answer | None] = [None] * len(examples)
        drive(self._label_lanes(played, examples, Want(values=True), valued), self._width)
        for index in played:
            answer = valued[index]
            if answer is not None:
                answers[index].values_cp = answer.values_cp


def _start(engine: Engine) -> Talk[None]:
    """Start an engine whose options were accepted once before."""
    try:
        yield from engine.start()
    except UsageError as error:
        raise DiedError(f"changed its mind about its options: {error}") from None


def _small_hash(options: Options) -> dict[str, str]:
    """A small hash for an engine that clears it before every answer, unless the user chose one."""
    option = options.get("Hash")
    if option is None or option.kind != "spin" or options.is_wanted("Hash"):
        return {}
    size = max(_LABEL_HASH_MB, option.low or 0)
    return {option.name: str(size)} if option.high is None or size <= option.high else {}


def _is_deterministic(options: Options, terms: Terms) -> bool:
    """Whether the same examples give the same answers: no clock, one thread, no weakening by dice."""
    counted = terms.limits.movetime_ms is None and bool(terms.limits)
    one_thread = (options.number("Threads") or 1) == 1
    skill, top = options.number("Skill Level"), options.highest("Skill Level")
    diced = (skill is not None and top is not None and skill < top) or options.is_on("UCI_LimitStrength")
    return counted and one_thread and not diced
