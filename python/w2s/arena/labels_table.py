"""The table ``labels.parquet``: one row per label, with the findings of the oracles and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s.arena.labels import Label
from w2s.arena.oracles import Finding
from w2s.arena.record import MatchRecord
from w2s.arena.spec import VerdictThresholds
from w2s.arena.verification import MatchFindings, decide_verdict
from w2s.games import State
from w2s.schemas import arena_labels_schema

_ROWS_PER_WRITE = 20_000


def match_rows(
    run: str,
    record: MatchRecord,
    labels: Sequence[Label],
    findings: MatchFindings,
    *,
    models: Mapping[str, str],
    oracles: Sequence[str],
    thresholds: VerdictThresholds,
) -> Iterator[dict[str, Any]]:
    """The rows of a match.

    Args:
        run: a text that makes ids unique across runs.
        record: the match.
        labels: its labels.
        findings: what the oracles found about them.
        models: model references by player name.
        oracles: names of the oracles, the most trusted first.
        thresholds: the largest regret of each verdict.
    """
    states = {state.ply: state for state in record.states()}
    by_ply: dict[int, list[Label]] = {}
    for label in labels:
        by_ply.setdefault(label.ply, []).append(label)
    for label in labels:
        peers = [other.label for other in by_ply[label.ply] if other is not label and other.legal]
        found = findings.of(oracles, label)
        yield {
            **_label_columns(run, record, label, models),
            **_position_columns(record, states[label.ply]),
            "peer_agrees": label.label in peers if peers and label.legal else None,
            **_oracle_columns(found),
            **_verdict_columns(label, found, thresholds),
        }


def write_labels_table(
    path: Path, rows: Iterable[dict[str, Any]], oracles: Sequence[str]
) -> Counter[tuple[str, str]]:
    """Write the rows to a Parquet file.

    Args:
        path: the file.
        rows: rows of :func:`match_rows`.
        oracles: names of the oracles, the most trusted first.

    Returns:
        The number of labels by player and verdict.
    """
    schema = arena_labels_schema(oracles)
    verdicts: Counter[tuple[str, str]] = Counter()
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        batch: list[dict[str, Any]] = []
        for row in rows:
            verdicts[row["player"], row["verdict"]] += 1
            batch.append(row)
            if len(batch) == _ROWS_PER_WRITE:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return verdicts


def _label_columns(run: str, record: MatchRecord, label: Label, models: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": f"{record.game}-{run}-{record.number:06d}-{label.ply:03d}-{label.player}",
        "task": "move",
        "label": label.label,
        "log_prob": label.log_prob,
        "margin": label.margin,
        "entropy": label.entropy,
        "n_options": label.n_options,
        "samples": list(label.samples),
        "raw": label.raw,
        "model": models[label.player],
        "move_san": label.move_san,
        "player": label.player,
        "played": label.played,
        "legal": label.legal,
        "rules_ok": label.legal,
        "failure": label.failure,
        "rejected": list(label.rejected),
        "value_cp": label.value_cp,
    }


def _position_columns(record: MatchRecord, state: State) -> dict[str, Any]:
    return {
        "game": record.game,
        "match": record.number,
        "ply": state.ply,
        "position": state.position,
        "key": state.key,
        "outcome": _outcome(record.winner, state.to_move) if record.ending.scored else None,
    }


def _outcome(winner: int | None, side: int) -> str:
    if winner is None:
        return "draw"
    return "win" if winner == side else "loss"


def _oracle_columns(findings: Mapping[str, Finding]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, finding in findings.items():
        columns[f"{name}_best"] = finding.best
        columns[f"{name}_regret_cp"] = finding.regret_cp
        columns[f"{name}_wdl"] = finding.wdl
    return columns


def _verdict_columns(
    label: Label, findings: Mapping[str, Finding], thresholds: VerdictThresholds
) -> dict[str, Any]:
    verdict = decide_verdict(label, findings, thresholds)
    return {
        "verdict": verdict.word,
        "verdict_by": verdict.by,
        "correct": None if label.label is None else verdict.correct,
    }
