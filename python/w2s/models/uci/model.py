"""A UCI engine as a model: positions in matches are played, all other positions are labelled."""

from __future__ import annotations

import logging
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Self

from w2s.errors import ModelError, UsageError
from w2s.models.model import Answer, Want
from w2s.models.uci import play
from w2s.models.uci.dialogue import Dialogue, run_dialogues
from w2s.models.uci.engine import Engine
from w2s.models.uci.errors import EngineError, EngineExitError, EngineResourceError
from w2s.models.uci.options import EngineOptions
from w2s.models.uci.play import DEFAULT_LIMITS, SearchSettings
from w2s.models.uci.pool import EnginePool, MatchSlot
from w2s.models.uci.protocol import is_chess960
from w2s.tasks import MoveExample

_LABEL_HASH_MB = 1
_LOG = logging.getLogger(__name__)


class UciModel:
    """A UCI engine as a model; implements :class:`w2s.models.Model`.

    An example with a match is played by a process that keeps to that match: it gets ``ucinewgame`` before
    the match and keeps its hash within it. An example without a match is a label: another process answers,
    which is cleared before every answer and has a hash of 1 MB unless the user set ``Hash``.

    A process that exits or hangs is a failure of that answer (``raw`` has the reason) and is started again
    for the next one. Not for use by several threads at once.

    Args:
        reference: the reference that loads the same model again.
        command: the program, as a path, and its arguments.
        settings: limits of a search, temperature of the evidence, timeout.
        wanted: UCI options by name.
        concurrency: how many searches run at once, and how many matches are played at once.
        variables: names of further environment variables that the engine gets.

    Raises:
        ModelError: the engine cannot be started or does not speak UCI.
        UsageError: the engine does not have an option, or does not accept its value.
    """

    tasks: tuple[str, ...] = ("move",)

    def __init__(
        self,
        reference: str,
        command: Sequence[str],
        settings: SearchSettings,
        wanted: Mapping[str, str],
        *,
        concurrency: int = 1,
        variables: Sequence[str] = (),
    ) -> None:
        self.reference = reference
        self.slots: int | None = concurrency
        self._settings = settings
        self._width = concurrency
        self._said_limit = False

        def player() -> Engine:
            return Engine(command, wanted, settings.timeout_s, variables=variables)

        def labeller() -> Engine:
            return Engine(command, wanted, settings.timeout_s, adapt=_small_hash, variables=variables)

        self._pool = EnginePool(player, labeller, concurrency)
        self._finalizer = weakref.finalize(self, self._pool.close)
        options = self._first_start(" ".join(command))
        self._is_classical = options.get("UCI_Chess960") is None
        self.deterministic = _is_deterministic(options, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One answer per example, in their order.

        Evidence of a label comes from ``MultiPV`` lines: the user's number, else
        :data:`~w2s.models.uci.play.LABEL_LINES`. Evidence of a move in a match comes from the user's
        ``MultiPV`` alone, because more lines weaken the play; values come from a labelling engine.

        Raises:
            UsageError: an example is of another game, or of Chess960, which the engine does not play.
            ModelError: the engine failed too often in a row.
        """
        self.check(examples)
        self._say_limit(examples)
        answers: list[Answer | None] = [None] * len(examples)
        dialogues = self._play_dialogues(examples, want, answers)
        labels = [i for i, example in enumerate(examples) if example.match is None]
        if labels:
            dialogues += self._label_dialogues(labels, examples, want, answers)
        run_dialogues(dialogues, self._width)
        done = [answer for answer in answers if answer is not None]
        if want.values:
            self._add_values(examples, done)
        return done

    def release(self, match: str) -> None:
        """Free the process of a match that is over.

        Without this call, a new match takes the least recently used process; if the match of that process
        is not over, it continues with an empty hash.
        """
        self._pool.release(match)

    def close(self) -> None:
        """End all processes of this model and everything that they started; a second call does nothing."""
        self._finalizer()

    def _first_start(self, command: str) -> EngineOptions:
        """Start one engine now, so that a wrong option is reported before any work is done."""
        found: list[EngineOptions] = []

        def dialogue() -> Dialogue[None]:
            found.append((yield from self._pool.first().start()))

        try:
            run_dialogues([dialogue()], 1)
        except EngineResourceError as error:
            raise ModelError(
                "uci-no-resources", f"{error}; close other programs, or lower --concurrency"
            ) from None
        except EngineError as error:
            raise ModelError(
                "uci-start-failed",
                f"the engine {command!r} {error}; run it in a terminal and type 'uci' and 'isready'",
            ) from None
        return found[0]

    def check(self, examples: Sequence[MoveExample]) -> None:
        """Refuse examples of another game, and of Chess960 where the engine does not play it.

        Raises:
            UsageError: names the model and the remedy.
        """
        for example in examples:
            if example.state.game != "chess":
                raise UsageError(
                    "model-other-game",
                    f"{self.reference} plays chess, not {example.state.game}; use another model",
                )
            if self._is_classical and is_chess960(example.state.start_position):
                raise UsageError(
                    "uci-no-chess960",
                    f"{self.reference} has no option UCI_Chess960, but {example.state.start_position!r} is a "
                    "Chess960 position; use another engine, or other positions",
                )

    def _say_limit(self, examples: Sequence[MoveExample]) -> None:
        """Say once that the default limit is used."""
        if self._said_limit or self._settings.limits or all(example.clock for example in examples):
            return
        self._said_limit = True
        _LOG.warning(
            "%s has no limit: it searches %s nodes where it has no clock; add ?nodes=N, ?depth=N or "
            "?movetime=MS to choose",
            self.reference,
            f"{DEFAULT_LIMITS.nodes:,}",
        )

    def _play_dialogues(
        self, examples: Sequence[MoveExample], want: Want, answers: list[Answer | None]
    ) -> list[Dialogue[None]]:
        """One dialogue per slot, with the examples of the matches in that slot."""
        matches = {example.match for example in examples if example.match is not None}
        jobs: dict[MatchSlot, list[int]] = {}
        for index, example in enumerate(examples):
            if example.match is not None:
                jobs.setdefault(self._pool.slot(example.match, matches), []).append(index)

        def dialogue(slot: MatchSlot, indices: list[int]) -> Dialogue[None]:
            for index in indices:
                answer = self._play(slot, examples[index], want)
                answers[index] = yield from self._catch_failure(slot.engine, answer)

        return [dialogue(slot, indices) for slot, indices in jobs.items()]

    def _label_dialogues(
        self,
        indices: Sequence[int],
        examples: Sequence[MoveExample],
        want: Want,
        answers: list[Answer | None],
    ) -> list[Dialogue[None]]:
        """One dialogue per labelling engine; each takes the next example that is left."""
        left = deque(indices)

        def dialogue(engine: Engine) -> Dialogue[None]:
            while left:
                index = left.popleft()
                answer = self._label(engine, examples[index], want)
                answers[index] = yield from self._catch_failure(engine, answer)

        return [dialogue(engine) for engine in self._pool.labellers(len(indices))]

    def _play(self, slot: MatchSlot, example: MoveExample, want: Want) -> Dialogue[Answer]:
        if not slot.engine.is_usable:
            slot.engine_match = None
            yield from _restart(slot.engine)
        ply = example.state.ply
        is_replay = ply < slot.ply or (ply == slot.ply and not example.attempt)
        if slot.engine_match != example.match or is_replay:
            yield from play.start_game(slot.engine, example.state)
        slot.engine_match, slot.ply = example.match, ply
        return (yield from play.play_move(slot.engine, self._settings, example, want))

    def _label(self, engine: Engine, example: MoveExample, want: Want) -> Dialogue[Answer]:
        if not engine.is_usable:
            yield from _restart(engine)
        return (yield from play.label_position(engine, self._settings, example, want))

    def _catch_failure(self, engine: Engine, dialogue: Dialogue[Answer]) -> Dialogue[Answer]:
        """The answer of a dialogue, or the failure that it ended with."""
        begin = time.monotonic()
        try:
            answer = yield from dialogue
        except EngineError as error:
            engine.stop()
            self._pool.count_failure(engine.name, str(error))
            return Answer("", raw=str(error), failure=error.failure, seconds=time.monotonic() - begin)
        self._pool.count_answer()
        return answer

    def _add_values(self, examples: Sequence[MoveExample], answers: list[Answer]) -> None:
        """Add values of the moves that were played in matches, from the labelling engines."""
        played = [i for i, e in enumerate(examples) if e.match is not None and answers[i].failure is None]
        valued: list[Answer | None] = [None] * len(examples)
        run_dialogues(self._label_dialogues(played, examples, Want(values=True), valued), self._width)
        for index in played:
            answer = valued[index]
            if answer is not None:
                answers[index].values_cp = answer.values_cp


def _restart(engine: Engine) -> Dialogue[None]:
    """Start an engine whose options were accepted at the first start."""
    try:
        yield from engine.start()
    except UsageError as error:
        raise EngineExitError(f"declared other options after a restart: {error}") from None


def _small_hash(options: EngineOptions) -> dict[str, str]:
    """A small hash for an engine that is cleared before every answer, unless the user set one."""
    option = options.get("Hash")
    if option is None or option.kind != "spin" or options.is_wanted("Hash"):
        return {}
    size = max(_LABEL_HASH_MB, option.low or 0)
    return {option.name: str(size)} if option.high is None or size <= option.high else {}


def _is_deterministic(options: EngineOptions, settings: SearchSettings) -> bool:
    """Whether equal examples get equal answers: no time limit, one thread, no random weakening."""
    has_fixed_limit = settings.limits.movetime_ms is None and bool(settings.limits)
    one_thread = (options.number("Threads") or 1) == 1
    skill, top = options.number("Skill Level"), options.highest("Skill Level")
    has_low_skill = skill is not None and top is not None and skill < top
    is_weakened = has_low_skill or options.is_on("UCI_LimitStrength")
    return has_fixed_limit and one_thread and not is_weakened
