"""The files of a run: where they are in its folder, and how the final ones are written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s.arena.games_export import write_games
from w2s.arena.journal import Journal
from w2s.arena.labels import Label
from w2s.arena.labels_table import match_rows, write_labels_table
from w2s.arena.record import MatchRecord
from w2s.arena.scoreboard import summarize
from w2s.arena.spec import ArenaSpec
from w2s.arena.verification import VERDICTS, MatchFindings
from w2s.errors import DataError
from w2s.files import atomic_file, write_json
from w2s.resume import RunFolder


class ArenaFolder(RunFolder):
    """The run folder of an arena.

    Attributes:
        journal: every finished match, its labels and findings; packed when the run is complete.
        replies: the cache of the replies of endpoints.
        labels: the table of labels.
        ratings: the summary of the run.
    """

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is created yet."""
        super().__init__(path, "arena")
        self.journal = path / "journal.jsonl"
        self.replies = path / "replies"
        self.labels = path / "labels.parquet"
        self.ratings = path / "ratings.json"

    def games(self, game: str) -> Path:
        """The games of the run: PGN for chess, JSON lines for every other game."""
        return self.path / ("games.pgn" if game == "chess" else "games.jsonl")

    def is_complete(self) -> bool:
        """Whether the run was finished and its labels and ratings still exist."""
        return super().is_complete() and self.labels.exists() and self.ratings.exists()


@dataclass(frozen=True)
class RunResult:
    """What a run leaves to be written.

    Attributes:
        spec: the configuration of the arena.
        models: model references by player name.
        oracles: names of the oracles, the most trusted first.
        records: the matches that count, in the order of their numbers.
        journal: the journal of the run, open.
    """

    spec: ArenaSpec
    models: dict[str, str]
    oracles: Sequence[str]
    records: Sequence[MatchRecord]
    journal: Journal

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of the table of labels."""
        run = self.spec.digest()[:8]
        for record in self.records:
            yield from match_rows(
                run,
                record,
                read_match_labels(self.journal, record.number),
                read_match_findings(self.journal, record.number),
                models=self.models,
                oracles=self.oracles,
                thresholds=self.spec.verdict,
            )


def write_outputs(folder: ArenaFolder, result: RunResult) -> None:
    """Write games, labels and ratings atomically, pack the journal, and mark the run as complete."""
    spec, records = result.spec, result.records
    with atomic_file(folder.games(spec.game)) as part:
        write_games(part, records, result.models)
    unrated: Counter[str] = Counter()
    with atomic_file(folder.labels) as part:
        verdicts = write_labels_table(part, _count_unrated(result.rows(), unrated), result.oracles)
    ratings = {
        **summarize(records, spec, voids=len(result.journal.numbers("void"))),
        "verdicts": _verdict_counts(spec, verdicts),
        "without_log_prob": {player: unrated[player] for player in spec.players},
        "thresholds": spec.verdict.model_dump(),
        "oracles": list(result.oracles),
    }
    write_json(folder.ratings, ratings, indent=2)
    result.journal.pack()
    folder.finish({"games": len(records), "labels": verdicts.total(), "models": result.models})


def _count_unrated(rows: Iterable[dict[str, Any]], counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Pass rows on, and count the labels of each player that have no log-probability."""
    for row in rows:
        counts[row["player"]] += row["label"] is not None and row["log_prob"] is None
        yield row


def _verdict_counts(spec: ArenaSpec, verdicts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    return {player: {word: verdicts[player, word] for word in VERDICTS} for player in spec.players}


def read_match_labels(journal: Journal, number: int) -> list[Label]:
    """The labels of a finished match."""
    return [Label.from_json(values) for values in journal.read("match", number)["labels"]]


def read_match_findings(journal: Journal, number: int) -> MatchFindings:
    """What the oracles found about a match; empty where it was not verified."""
    if ("verified", number) not in journal:
        return MatchFindings()
    return MatchFindings.from_json(journal.read("verified", number)["found"])


def read_ratings(path: Path) -> dict[str, Any]:
    """The summary that a finished run wrote.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        ratings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "arena-ratings-unreadable", f"cannot read {path}: {error}; delete it and resume the run"
        ) from None
    return ratings
