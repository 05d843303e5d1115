"""Verification: a seeded sample of the positions of a match goes to the oracles.

Knows nothing about what the oracles are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from w2s.arena.label import Label
from w2s.arena.labelling import states_of
from w2s.arena.oracles import Case, Finding, Oracle
from w2s.arena.record import MatchRecord
from w2s.models.draws import uniform

Findings = dict[str, dict[int, dict[str, Finding]]]
"""By oracle name, then ply, then move."""


def sampled(seed: int, number: int, ply: int, share: float) -> bool:
    """Whether a position belongs to the sample: the same answer in every run with this seed."""
    return uniform(seed, "verify", number, ply) < share


def cases_of(record: MatchRecord, labels: Sequence[Label], seed: int, share: float) -> dict[int, Case]:
    """The sampled positions of a match by ply, with the legal moves that were answered there."""
    moves: dict[int, dict[str, None]] = {}
    for label in labels:
        if label.legal and label.label is not None and sampled(seed, record.number, label.ply, share):
            moves.setdefault(label.ply, {})[label.label] = None
    return {
        state.ply: Case(f"{record.number}:{state.ply}", state, tuple(sorted(moves[state.ply])))
        for state in states_of(record)
        if state.ply in moves
    }


def verify(batch: Sequence[dict[int, Case]], oracles: Sequence[Oracle]) -> list[Findings]:
    """The findings of every oracle for each match; each oracle gets one batch."""
    found: list[Findings] = [{} for _ in batch]
    places = [(index, ply) for index, cases in enumerate(batch) for ply in sorted(cases)]
    cases = [batch[index][ply] for index, ply in places]
    for oracle in oracles:
        for (index, ply), findings in zip(places, oracle.verify(cases), strict=True):
            found[index].setdefault(oracle.name, {})[ply] = findings
    return found


def to_json(findings: Findings) -> dict[str, Any]:
    """Findings as plain values; what an oracle does not know is left out."""
    return {
        name: {
            str(ply): {
                move: {key: value for key, value in asdict(found).items() if value is not None}
                for move, found in moves.items()
            }
            for ply, moves in plies.items()
        }
        for name, plies in findings.items()
    }


def from_json(values: dict[str, Any]) -> Findings:
    """The inverse of :func:`to_json`."""
    return {
        name: {
            int(ply): {move: Finding(**found) for move, found in moves.items()}
            for ply, moves in plies.items()
        }
        for name, plies in values.items()
    }
