"""An arena run from start to end: play and label, verify, write the files.

Knows the order of the steps and how to resume them; each step is a file of its own.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from w2s.arena import standing, verification
from w2s.arena.adjudicate import Adjudicator
from w2s.arena.ending import Ending
from w2s.arena.files import write_files
from w2s.arena.folder import RunFolder
from w2s.arena.journal import Journal
from w2s.arena.label import Label
from w2s.arena.labelling import label_others
from w2s.arena.lockstep import play
from w2s.arena.match import Match
from w2s.arena.openings import Opening, read_openings
from w2s.arena.oracles import Oracle, load_oracles
from w2s.arena.players import Players, check_labels, with_limits
from w2s.arena.record import MatchRecord
from w2s.arena.schedule import Pairing, Schedule
from w2s.arena.spec import ArenaSpec
from w2s.arena.stopping import Stopping
from w2s.errors import ModelError
from w2s.models import Want
from w2s.models.draws import uniform

_VOIDS_OF_A_MATCH = 3
_LABELLED_TOGETHER = 16
_VERIFIED_TOGETHER = 2


@dataclass(slots=True)
class Progress:
    """Where a run stands, handed to whoever shows it.

    ``done`` of ``total`` matches are through the ``phase``, ``before`` of them when it ``started`` (seconds
    of the monotonic clock); ``plies`` were played, or positions verified, since.
    """

    phase: str
    done: int
    total: int
    started: float
    before: int = 0
    plies: int = 0
    finished: list[MatchRecord] = field(default_factory=list)


Show = Callable[[Progress], None]


def run(
    spec: ArenaSpec,
    out: str | Path,
    *,
    concurrency: int = 1,
    width: int = 64,
    show: Show = lambda _: None,
) -> dict[str, Any]:
    """Play, label and verify what ``spec`` describes, and write the files of the run.

    A run that was interrupted continues with the matches that are missing and ends with the same bytes in
    labels and games, for models that are deterministic. A complete run is only read.

    Args:
        spec: the setting; :func:`w2s.arena.load_spec` reads one from TOML.
        out: folder of the run, created where missing.
        concurrency: engine processes side by side for each player and oracle.
        width: matches that advance together; it changes no result.
        show: called now and then with the progress.

    Returns:
        What ``ratings.json`` holds: ratings, endings, verdict counts.

    Raises:
        UsageError: the folder holds another run, or a reference names nothing.
        ModelError: a model keeps failing.
    """
    check_labels(spec)
    openings = read_openings(spec.openings.file, spec.game)
    folder = RunFolder(Path(out))
    folder.open(spec, _digest(openings))
    if not folder.is_complete():
        with Journal(folder.journal) as journal:
            _Run(spec, openings, journal, show).finish(folder, concurrency, width)
    return standing.read(folder.ratings)


def _digest(openings: Sequence[Opening]) -> str:
    return hashlib.sha256(repr([(o.start, o.moves) for o in openings]).encode()).hexdigest()


class _Run:
    """One run with its journal open."""

    def __init__(self, spec: ArenaSpec, openings: Sequence[Opening], journal: Journal, show: Show) -> None:
        self._spec = spec
        self._openings = openings
        self._journal = journal
        self._show = show
        self._schedule = Schedule(
            tuple(spec.players), spec.format, spec.pairs, len(openings), spec.openings.order, spec.seed
        )
        self._records: dict[int, MatchRecord] = {}
        self._stopping = Stopping(spec)
        for number in journal.numbers("match"):
            self._hear(MatchRecord.from_json(journal.read("match", number)["record"]))
        self._queue = deque(pairing for pairing in self._schedule if pairing.number not in self._records)
        self._voids: Counter[int] = Counter()

    def finish(self, folder: RunFolder, concurrency: int, width: int) -> None:
        """Do what is missing, then write the files."""
        spec = self._spec
        references = {name: with_limits(text, spec.limits) for name, text in spec.players.items()}
        if not self._is_played():
            with Players(references, seed=spec.seed, concurrency=concurrency) as players:
                self._play(players, players.width(width))
        played = [self._records[number] for number in sorted(self._records)]
        counted = [record for record in played if self._stopping.counts(record)]
        oracles = load_oracles(spec.verify.oracles, cap_cp=spec.verdict.cap_cp, concurrency=concurrency)
        try:
            self._verify(counted, oracles)
        finally:
            for oracle in oracles:
                oracle.close()
        write_files(
            folder,
            spec,
            models=references,
            oracles=[oracle.name for oracle in oracles],
            counted=counted,
            journal=self._journal,
            voids=len(self._journal.numbers("void")),
        )

    def _is_played(self) -> bool:
        """Whether no match is missing, or none matters any more."""
        return self._stopping.decided_by is not None or len(self._records) == len(self._schedule)

    def _hear(self, record: MatchRecord) -> None:
        self._records[record.number] = record
        self._stopping.hear(record)

    # -- play and label ----------------------------------------------------------------------------------

    def _play(self, players: Players, width: int) -> None:
        progress = self._progress("play", len(self._records), len(self._schedule))
        progress.finished = [self._records[number] for number in sorted(self._records)]
        want = Want(evidence=True, mask=self._spec.rules.illegal == "mask")
        waiting: list[Match] = []
        for match in play(self._draw, players, width, want):
            if match.ended is Ending.VOID:
                self._replay(match)
                continue
            waiting.append(match)
            if len(waiting) >= min(width, _LABELLED_TOGETHER):
                self._keep(waiting, players, want, progress)
                waiting = []
                if self._is_played():
                    return
        self._keep(waiting, players, want, progress)

    def _draw(self, wanted: int) -> list[Match]:
        count = min(wanted, len(self._queue))
        return [self._start(self._queue.popleft()) for _ in range(count)]

    def _start(self, pairing: Pairing) -> Match:
        opening, rules = self._openings[pairing.opening], self._spec.rules
        state = opening.state(self._spec.game)
        control = self._spec.limits.clock
        return Match(pairing, opening, state, rules=rules, control=control, adjudicator=Adjudicator(rules))

    def _replay(self, match: Match) -> None:
        number, detail = match.pairing.number, match.detail
        self._voids[number] += 1
        self._journal.append("void", len(self._journal.numbers("void")), {"match": number, "detail": detail})
        if self._voids[number] >= _VOIDS_OF_A_MATCH:
            raise ModelError(
                "arena-match-void",
                f"match {number} could not be played in {self._voids[number]} attempts: {detail}",
            )
        self._queue.appendleft(match.pairing)

    def _keep(self, matches: list[Match], players: Players, want: Want, progress: Progress) -> None:
        records = [match.record() for match in matches]
        labels = [match.labels for match in matches]
        if self._spec.labels.by == "both":
            labels = label_others(list(zip(records, labels, strict=True)), players, want)
        for record, made in zip(records, labels, strict=True):
            piece = {"record": record.to_json(), "labels": [label.to_json() for label in made]}
            self._journal.append("match", record.number, piece)
            self._hear(record)
            progress.done += 1
            progress.plies += len(record.moves) - record.opening_plies
            progress.finished.append(record)
        self._show(progress)

    # -- verify ------------------------------------------------------------------------------------------

    def _verify(self, counted: list[MatchRecord], oracles: Sequence[Oracle]) -> None:
        if not oracles:
            return
        seed = self._spec.seed
        order = sorted((record.number for record in counted), key=lambda n: uniform(seed, "verify", n))
        missing = [number for number in order if ("verified", number) not in self._journal]
        progress = self._progress("verify", len(order) - len(missing), len(order))
        if missing:
            self._show(progress)
        budget_s = self._spec.verify.budget_s
        for begin in range(0, len(missing), _VERIFIED_TOGETHER):
            if budget_s is not None and time.monotonic() - progress.started > budget_s:
                return
            self._verify_some(missing[begin : begin + _VERIFIED_TOGETHER], oracles, progress)

    def _verify_some(self, numbers: list[int], oracles: Sequence[Oracle], progress: Progress) -> None:
        share, seed = self._spec.verify.share, self._spec.seed
        cases = [
            verification.cases_of(self._records[number], labels_of(self._journal, number), seed, share)
            for number in numbers
        ]
        for number, findings in zip(numbers, verification.verify(cases, oracles), strict=True):
            self._journal.append("verified", number, {"found": verification.to_json(findings)})
        progress.done += len(numbers)
        progress.plies += sum(map(len, cases))
        self._show(progress)

    def _progress(self, phase: str, done: int, total: int) -> Progress:
        return Progress(phase, done, total, time.monotonic(), before=done)


def labels_of(journal: Journal, number: int) -> list[Label]:
    """The labels of a match, as the journal has them."""
    return [Label.from_json(values) for values in journal.read("match", number)["labels"]]
