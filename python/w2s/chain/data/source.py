"""The examples of each round: from files once, from new matches in every round, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from w2s.chain.config import ChainConfig
from w2s.chain.data.files import load_outside_gold, load_splits
from w2s.chain.data.matches import (
    MatchExamples,
    MatchReport,
    MatchRequest,
    MatchSource,
    positions_of,
    request_name,
)
from w2s.chain.data.splits import Splits, hold_out

Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass(frozen=True)
class RoundExamples:
    """The examples of a round of one seed.

    Attributes:
        splits: gold, pool and test.
        matches: how a pool from matches was made; None for files.
    """

    splits: Splits
    matches: MatchReport | None = None


@dataclass(frozen=True)
class ExampleSource:
    """Examples of all rounds; gold and test stay those of the first.

    Attributes:
        first: examples of the first round.
        pool: number of pool rows that each later round plays.
        match_source: plays matches; None for files.
        files: the examples from files, whose pool the positions of matches join; None if all are played.
    """

    first: RoundExamples
    pool: int = 0
    match_source: MatchSource | None = None
    files: Splits | None = None

    def round(self, number: int, seed: int, teacher: str, student: str) -> RoundExamples:
        """The examples of a round of one seed; those from files are the same in every round.

        Args:
            number: number of the round, counted from 1.
            seed: random seed of the matches.
            teacher: reference of the teacher, who plays against the untrained ``student``.
            student: reference of the untrained student.
        """
        if self.match_source is None or number == 1:
            return self.first
        pool = [] if self.files is None else self.files.pool
        splits = replace(self.first.splits, pool=pool)
        request = MatchRequest(
            request_name(number, seed), teacher, student, seed, {"pool": self.pool}, keys_of_positions(splits)
        )
        return join_positions(splits, self.match_source.examples(request))


def keys_of_positions(splits: Splits) -> list[int]:
    """Keys of the positions of all splits, ascending."""
    rows = positions_of([*splits.gold, *splits.audit, *splits.pool, *splits.test])
    return sorted({example.state.key for example in rows})


def join_positions(splits: Splits, played: MatchExamples) -> RoundExamples:
    """The examples with the positions of matches at the end of their pool."""
    return RoundExamples(replace(splits, pool=[*splits.pool, *played.splits.pool]), played.report)


def open_examples(config: ChainConfig, folder: Path, say: Say, count: Count) -> ExampleSource:
    """Read the files, or play the matches of the first round, and hold the audit back from gold.

    Raises:
        UsageError: an arena or an oracle does not exist.
        DataError: too few examples, or files that cannot be used.
    """
    found = _open(config, folder, say, count)
    splits = found.first.splits
    held = hold_out(splits, config.stop.audit_rows(len(splits.gold)), config.seed)
    return replace(found, first=replace(found.first, splits=held))


def _open(config: ChainConfig, folder: Path, say: Say, count: Count) -> ExampleSource:
    own_gold = not config.regime.is_shift
    matches = MatchSource(config.game, config.matches, folder, say, count)
    if config.source == "matches" and not config.joined_positions:
        counts: Mapping[str, int] = config.examples.counts
        wanted = {name: rows for name, rows in counts.items() if own_gold or name != "gold"}
        request = MatchRequest(
            request_name(1, config.seed), config.teacher, config.student_of(1), config.seed, wanted
        )
        found = matches.examples(request)
        first = RoundExamples(found.splits, found.report)
        return ExampleSource(_with_outside_gold(config, first, say), counts["pool"], matches)
    splits = load_splits(
        config.examples, task=config.task, game=config.game, seed=config.seed, gold=own_gold, say=say
    )
    from_files = _with_outside_gold(config, RoundExamples(splits), say)
    if not config.joined_positions:
        return ExampleSource(from_files)
    splits, positions = from_files.splits, config.joined_positions
    request = MatchRequest(
        request_name(1, config.seed),
        config.teacher,
        config.student_of(1),
        config.seed,
        {"pool": positions},
        keys_of_positions(splits),
    )
    return ExampleSource(join_positions(splits, matches.examples(request)), positions, matches, splits)


def _with_outside_gold(config: ChainConfig, first: RoundExamples, say: Say) -> RoundExamples:
    """The examples with gold of a regime, if there is one."""
    if not config.regime.is_shift:
        return first
    gold = load_outside_gold(
        config.examples,
        config.regime,
        first.splits,
        task=config.task,
        game=config.game,
        seed=config.seed,
        say=say,
    )
    return replace(first, splits=replace(first.splits, gold=gold))
