"""The files of a finished run: games, labels, ratings.

Knows nothing about how matches were played.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s.arena import standing, verification
from w2s.arena.archive import write_games
from w2s.arena.folder import RunFolder, write_whole
from w2s.arena.journal import Journal
from w2s.arena.label import Label
from w2s.arena.record import MatchRecord
from w2s.arena.rows import rows_of
from w2s.arena.spec import ArenaSpec
from w2s.arena.verdict import VERDICTS
from w2s.schemas import arena_labels

_ROWS_TOGETHER = 20_000


def write_files(
    folder: RunFolder,
    spec: ArenaSpec,
    *,
    models: dict[str, str],
    oracles: Sequence[str],
    counted: Sequence[MatchRecord],
    journal: Journal,
    voids: int,
) -> None:
    """Write every file of the run, each whole or not at all, and mark the run as complete."""
    games = folder.path / ("games.pgn" if spec.game == "chess" else "games.jsonl")
    write_whole(games, lambda path: write_games(path, counted, models))
    verdicts: Counter[tuple[str, str]] = Counter()
    rows = _rows(spec, models, oracles, counted, journal)
    write_whole(folder.labels, lambda path: _write_labels(path, oracles, rows, verdicts))
    summary = standing.summary(counted, spec, voids) | {
        "verdicts": _table(spec, verdicts),
        "thresholds": spec.verdict.model_dump(),
        "oracles": list(oracles),
    }
    text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
    write_whole(folder.ratings, lambda path: path.write_text(text, encoding="utf-8"))
    folder.finish({"games": len(counted), "labels": verdicts.total(), "models": models})


def _rows(
    spec: ArenaSpec,
    models: dict[str, str],
    oracles: Sequence[str],
    counted: Sequence[MatchRecord],
    journal: Journal,
) -> Iterator[dict[str, Any]]:
    run = spec.digest()[:8]
    for record in counted:
        piece = journal.read("match", record.number)
        labels = [Label.from_json(values) for values in piece["labels"]]
        found = {}
        if ("verified", record.number) in journal:
            found = verification.from_json(journal.read("verified", record.number)["found"])
        by_rank = {name: found.get(name, {}) for name in oracles}
        yield from rows_of(run, record, labels, by_rank, models=models, limits=spec.verdict)


def _write_labels(
    path: Path,
    oracles: Sequence[str],
    rows: Iterator[dict[str, Any]],
    verdicts: Counter[tuple[str, str]],
) -> None:
    schema = arena_labels(oracles)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        batch: list[dict[str, Any]] = []
        for row in rows:
            verdicts[row["player"], row["verdict"]] += 1
            batch.append(row)
            if len(batch) == _ROWS_TOGETHER:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _table(spec: ArenaSpec, verdicts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    return {player: {word: verdicts[player, word] for word in VERDICTS} for player in spec.players}
