"""A resumable run of an arena: play and label matches, verify labels, write the files."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from w2s.arena.journal import Journal
from w2s.arena.labels import add_opponent_labels
from w2s.arena.lockstep import play_matches
from w2s.arena.match import Match
from w2s.arena.openings import Opening, read_openings
from w2s.arena.oracles import Oracle, load_oracles
from w2s.arena.outputs import ArenaFolder, RunResult, read_match_labels, read_ratings, write_outputs
from w2s.arena.players import Players, with_limits
from w2s.arena.record import Ending, MatchRecord
from w2s.arena.schedule import Pairing, Schedule
from w2s.arena.scoreboard import SequentialTest
from w2s.arena.spec import ArenaSpec
from w2s.arena.verification import sample_cases, verify_matches
from w2s.errors import ModelError
from w2s.games import game
from w2s.games.syzygy import Tablebase
from w2s.models import Want
from w2s.models.keyed_random import uniform

_ATTEMPTS_PER_MATCH = 3
_MATCHES_PER_LABELLING = 16
_MATCHES_PER_VERIFICATION = 2


@dataclass(slots=True)
class ArenaProgress:
    """The progress of one phase of a run.

    Attributes:
        phase: ``play`` or ``verify``.
        done: number of matches that are finished.
        total: number of matches.
        started: when the phase started, in seconds of the monotonic clock.
        before: number of matches that were finished before it started.
        plies: moves played, or positions verified, since it started.
        finished: the finished matches, in the phase ``play``.
    """

    phase: str
    done: int
    total: int
    started: float
    before: int = 0
    plies: int = 0
    finished: list[MatchRecord] = field(default_factory=list)


ShowProgress = Callable[[ArenaProgress], None]


def run(
    spec: ArenaSpec,
    out: str | Path,
    *,
    concurrency: int = 1,
    width: int = 64,
    show: ShowProgress = lambda _: None,
) -> dict[str, Any]:
    """Play, label and verify what ``spec`` describes, and write the files of the run.

    Every model and oracle is loaded before a folder is made. An interrupted run continues with the missing
    matches and, with deterministic models, ends with the same bytes in labels and games. A complete run is
    only read.

    Args:
        spec: the configuration; :func:`w2s.arena.load_spec` reads one from TOML.
        out: folder of the run; created if missing.
        concurrency: number of engine processes of each player and oracle.
        width: number of matches that advance together; it does not change results.
        show: progress callback.

    Returns:
        The contents of ``ratings.json``: ratings, endings, counts of verdicts.

    Raises:
        UsageError: the folder holds another run, or a model or an oracle is invalid.
        ModelError: a model cannot be loaded, or keeps failing.
    """
    game(spec.game)
    openings = read_openings(spec.openings.file, spec.game)
    folder = ArenaFolder(Path(out))
    inputs = {"openings": [(opening.start, opening.moves) for opening in openings]}
    folder.check(spec, inputs)
    if folder.is_complete():
        folder.clean()
        return read_ratings(folder.ratings)
    with folder.lock(), Journal(folder.journal) as journal, ExitStack() as stack:
        unfinished = _Run(spec, openings, journal, show)
        models = unfinished.load_models(stack, folder, concurrency)
        folder.open(spec, inputs)
        journal.create()
        unfinished.finish(folder, models, width)
    return read_ratings(folder.ratings)


@dataclass(frozen=True)
class LoadedModels:
    """The models of a run.

    Attributes:
        references: model references by player name.
        players: the loaded players; None where no match is missing.
        oracles: the loaded oracles, the most trusted first.
    """

    references: dict[str, str]
    players: Players | None
    oracles: list[Oracle]


class _Run:
    """One run with its journal open."""

    def __init__(
        self, spec: ArenaSpec, openings: Sequence[Opening], journal: Journal, show: ShowProgress
    ) -> None:
        self._spec = spec
        self._openings = openings
        self._journal = journal
        self._show = show
        self._schedule = Schedule(
            tuple(spec.players), spec.tournament, spec.pairs, len(openings), spec.openings.order, spec.seed
        )
        self._records: dict[int, MatchRecord] = {}
        self._test = SequentialTest(spec)
        for number in journal.numbers("match"):
            self._add(MatchRecord.from_json(journal.read("match", number)["record"]))
        # Drawn as they start: a test ends most schedules long before their last match.
        self._next_pairings = self._missing_pairings()
        self._void_pairings: deque[Pairing] = deque()
        self._voids: Counter[int] = Counter()

    def load_models(self, stack: ExitStack, folder: ArenaFolder, concurrency: int) -> LoadedModels:
        """Load the players of the missing matches, and the oracles; ``stack`` closes them."""
        spec = self._spec
        references = {name: with_limits(text, spec.limits) for name, text in spec.players.items()}
        if spec.rules.tablebase is not None:
            Tablebase(spec.rules.tablebase).close()
        oracles = load_oracles(
            spec.verify.oracles, cap_cp=spec.verdict.cap_cp, concurrency=concurrency, game=spec.game
        )
        for oracle in oracles:
            stack.callback(oracle.close)
        players = None
        if not self._is_played():
            starts = [self._openings[number].state(spec.game) for number in self._opening_numbers()]
            players = stack.enter_context(
                Players(references, starts, seed=spec.seed, concurrency=concurrency, cache=folder.replies)
            )
        return LoadedModels(references, players, oracles)

    def finish(self, folder: ArenaFolder, models: LoadedModels, width: int) -> None:
        """Do what is missing, then write the files."""
        if models.players is not None:
            with models.players as players:
                self._play(players, players.width(width))
        played = [self._records[number] for number in sorted(self._records)]
        records = [record for record in played if self._test.includes(record)]
        self._verify(records, models.oracles)
        names = [oracle.name for oracle in models.oracles]
        write_outputs(folder, RunResult(self._spec, models.references, names, records, self._journal))

    def _missing_pairings(self) -> Iterator[Pairing]:
        """The matches that are not finished yet, in the order of the schedule."""
        finished = frozenset(self._records)
        return (pairing for pairing in self._schedule if pairing.number not in finished)

    def _opening_numbers(self) -> list[int]:
        """The openings of the missing matches."""
        found: set[int] = set()
        for pairing in self._missing_pairings():
            found.add(pairing.opening)
            if len(found) == len(self._openings):
                break
        return sorted(found)

    def _is_played(self) -> bool:
        """Whether every match is finished or the test has decided."""
        return self._test.decided_by is not None or len(self._records) == len(self._schedule)

    def _add(self, record: MatchRecord) -> None:
        self._records[record.number] = record
        self._test.add(record)

    # Play and label -----------------------------------------------------------------------------------------

    def _play(self, players: Players, width: int) -> None:
        progress = self._progress("play", len(self._records), len(self._schedule))
        progress.finished = [self._records[number] for number in sorted(self._records)]
        self._show(progress)
        want = Want(evidence=True, mask=self._spec.rules.illegal == "mask")
        waiting: list[Match] = []
        for match in play_matches(self._next_matches, players, width, want):
            if match.ending is Ending.VOID:
                self._replay(match)
                continue
            waiting.append(match)
            if len(waiting) >= min(width, _MATCHES_PER_LABELLING):
                self._save(waiting, players, want, progress)
                waiting = []
                if self._is_played():
                    return
        self._save(waiting, players, want, progress)

    def _next_matches(self, limit: int) -> list[Match]:
        voids = [self._void_pairings.popleft() for _ in range(min(limit, len(self._void_pairings)))]
        return [
            self._start(pairing) for pairing in [*voids, *islice(self._next_pairings, limit - len(voids))]
        ]

    def _start(self, pairing: Pairing) -> Match:
        opening, spec = self._openings[pairing.opening], self._spec
        state = opening.state(spec.game)
        return Match(pairing, opening, state, rules=spec.rules, control=spec.limits.clock)

    def _replay(self, match: Match) -> None:
        number, detail = match.pairing.number, match.detail
        self._voids[number] += 1
        self._journal.append("void", len(self._journal.numbers("void")), {"match": number, "detail": detail})
        if self._voids[number] >= _ATTEMPTS_PER_MATCH:
            raise ModelError(
                "arena-match-void",
                f"match {number} could not be played in {self._voids[number]} attempts: {detail}",
            )
        self._void_pairings.appendleft(match.pairing)

    def _save(self, matches: list[Match], players: Players, want: Want, progress: ArenaProgress) -> None:
        records = [match.record() for match in matches]
        labels = [match.labels for match in matches]
        if self._spec.labels.labellers == "both":
            labels = add_opponent_labels(list(zip(records, labels, strict=True)), players, want)
        for record, of_match in zip(records, labels, strict=True):
            entry = {"record": record.to_json(), "labels": [label.to_json() for label in of_match]}
            self._journal.append("match", record.number, entry)
            self._add(record)
            progress.done += 1
            progress.plies += record.played_plies
            progress.finished.append(record)
        self._show(progress)

    # Verify -------------------------------------------------------------------------------------------------

    def _verify(self, records: list[MatchRecord], oracles: Sequence[Oracle]) -> None:
        if not oracles:
            return
        seed = self._spec.seed
        order = sorted((record.number for record in records), key=lambda n: uniform(seed, "verify", n))
        missing = [number for number in order if ("verified", number) not in self._journal]
        progress = self._progress("verify", len(order) - len(missing), len(order))
        if missing:
            self._show(progress)
        limit_s = self._spec.verify.seconds
        for begin in range(0, len(missing), _MATCHES_PER_VERIFICATION):
            if limit_s is not None and time.monotonic() - progress.started > limit_s:
                return
            self._verify_batch(missing[begin : begin + _MATCHES_PER_VERIFICATION], oracles, progress)

    def _verify_batch(self, numbers: list[int], oracles: Sequence[Oracle], progress: ArenaProgress) -> None:
        cases = [
            sample_cases(
                self._records[number],
                read_match_labels(self._journal, number),
                seed=self._spec.seed,
                share=self._spec.verify.share,
            )
            for number in numbers
        ]
        for number, findings in zip(numbers, verify_matches(cases, oracles), strict=True):
            self._journal.append("verified", number, {"found": findings.to_json()})
        progress.done += len(numbers)
        progress.plies += sum(map(len, cases))
        self._show(progress)

    def _progress(self, phase: str, done: int, total: int) -> ArenaProgress:
        return ArenaProgress(phase, done, total, time.monotonic(), before=done)
