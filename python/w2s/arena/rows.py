"""Rows of ``labels.parquet``: one per label, with what the oracles found and the verdict.

Knows nothing about how the table is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from w2s.arena.label import Label
from w2s.arena.labelling import states_of
from w2s.arena.oracles import Finding
from w2s.arena.record import MatchRecord
from w2s.arena.spec import Verdicts
from w2s.arena.verdict import verdict
from w2s.arena.verification import Findings
from w2s.games import State


def rows_of(
    run: str,
    record: MatchRecord,
    labels: Sequence[Label],
    findings: Findings,
    *,
    models: Mapping[str, str],
    limits: Verdicts,
) -> Iterator[dict[str, Any]]:
    """The rows of a match; ``run`` makes their ids unique, ``models`` maps players to references."""
    states = {state.ply: state for state in states_of(record)}
    answered: dict[int, list[Label]] = {}
    for label in labels:
        answered.setdefault(label.ply, []).append(label)
    for label in labels:
        state = states[label.ply]
        peers = [other.label for other in answered[label.ply] if other is not label and other.legal]
        found = {
            name: plies.get(label.ply, {}).get(label.label or "", Finding())
            for name, plies in findings.items()
        }
        yield {
            **_about_label(run, record, label, models),
            **_about_position(record, state),
            "peer_agrees": label.label in peers if peers and label.legal else None,
            **_about_oracles(found),
            **_about_verdict(label, found, limits),
        }


def _about_label(run: str, record: MatchRecord, label: Label, models: Mapping[str, str]) -> dict[str, Any]:
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


def _about_position(record: MatchRecord, state: State) -> dict[str, Any]:
    return {
        "game": record.game,
        "match": record.number,
        "ply": state.ply,
        "position": state.position,
        "key": state.key,
        "outcome": _outcome_for(record.winner, state.to_move) if record.ending.scored else None,
    }


def _outcome_for(winner: int | None, side: int) -> str:
    if winner is None:
        return "draw"
    return "win" if winner == side else "loss"


def _about_oracles(found: Mapping[str, Finding]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, finding in found.items():
        columns[f"{name}_best"] = finding.best
        columns[f"{name}_regret_cp"] = finding.regret_cp
        columns[f"{name}_wdl"] = finding.wdl
    return columns


def _about_verdict(label: Label, found: Mapping[str, Finding], limits: Verdicts) -> dict[str, Any]:
    word, by = verdict(label, found, limits)
    correct = None if word == "unknown" else word == "best"
    return {"verdict": word, "verdict_by": by, "correct": correct}
