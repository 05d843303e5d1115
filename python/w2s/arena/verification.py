"""Verification of labels: oracles judge a seeded sample of the positions, and each label gets a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from w2s.arena.labels import Label
from w2s.arena.oracles import Case, Finding, Oracle
from w2s.arena.record import MatchRecord
from w2s.arena.spec import VerdictThresholds
from w2s.models.keyed_random import uniform

VERDICTS = ("best", "good", "inaccurate", "blunder", "illegal", "unparsable", "unknown")


@dataclass(frozen=True, slots=True)
class MatchFindings:
    """What oracles found about the labels of one match.

    Attributes:
        by_oracle: findings by name of the oracle, ply and move.
    """

    by_oracle: dict[str, dict[int, dict[str, Finding]]] = field(default_factory=dict)

    def of(self, oracles: Sequence[str], label: Label) -> dict[str, Finding]:
        """The finding of each oracle about a label; empty ones where it was not verified."""
        return {
            name: self.by_oracle.get(name, {}).get(label.ply, {}).get(label.label or "", Finding())
            for name in oracles
        }

    def to_json(self) -> dict[str, Any]:
        """The findings as JSON values, without what an oracle does not know."""
        return {
            name: {
                str(ply): {
                    move: {key: value for key, value in asdict(finding).items() if value is not None}
                    for move, finding in moves.items()
                }
                for ply, moves in plies.items()
            }
            for name, plies in self.by_oracle.items()
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> MatchFindings:
        """The inverse of :meth:`to_json`."""
        return cls(
            {
                name: {
                    int(ply): {move: Finding(**finding) for move, finding in moves.items()}
                    for ply, moves in plies.items()
                }
                for name, plies in values.items()
            }
        )


def sample_cases(record: MatchRecord, labels: Sequence[Label], *, seed: int, share: float) -> dict[int, Case]:
    """The sampled positions of a match by ply, with the legal moves that the labels name there.

    Args:
        record: the match.
        labels: its labels.
        seed: random seed of the sample; the same seed gives the same sample in every run.
        share: fraction of the positions to sample.
    """
    moves: dict[int, dict[str, None]] = {}
    for label in labels:
        if label.legal and label.label is not None and _is_sampled(seed, record.number, label.ply, share):
            moves.setdefault(label.ply, {})[label.label] = None
    return {
        state.ply: Case(f"{record.number}:{state.ply}", state, tuple(sorted(moves[state.ply])))
        for state in record.states()
        if state.ply in moves
    }


def _is_sampled(seed: int, number: int, ply: int, share: float) -> bool:
    return uniform(seed, "verify", number, ply) < share


def verify_matches(matches: Sequence[dict[int, Case]], oracles: Sequence[Oracle]) -> list[MatchFindings]:
    """The findings about the cases of each match; each oracle gets one batch."""
    found = [MatchFindings() for _ in matches]
    indices = [(index, ply) for index, cases in enumerate(matches) for ply in sorted(cases)]
    batch = [matches[index][ply] for index, ply in indices]
    for oracle in oracles:
        for (index, ply), findings in zip(indices, oracle.verify(batch), strict=True):
            found[index].by_oracle.setdefault(oracle.name, {})[ply] = findings
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a label.

    Attributes:
        word: one of :data:`VERDICTS`.
        by: name of the oracle that decided; None if the rules decided or the verdict is unknown.
    """

    word: str
    by: str | None

    @property
    def correct(self) -> bool | None:
        """Whether the label is the best move; None where unknown."""
        return None if self.word == "unknown" else self.word == "best"


_WITHOUT_MOVE = {
    "illegal": "illegal",
    "ambiguous": "illegal",
    "unparsable": "unparsable",
    "reply": "unparsable",
}
"""The verdict on a label that is not a legal move, by its failure; ``unknown`` where the model failed."""


def decide_verdict(label: Label, findings: Mapping[str, Finding], thresholds: VerdictThresholds) -> Verdict:
    """The verdict on a label.

    Args:
        label: the label.
        findings: findings by oracle, the most trusted first; the first one that knows the regret decides.
        thresholds: the largest regret of each verdict.
    """
    if not label.legal:
        return Verdict(_WITHOUT_MOVE.get(label.failure or "", "unknown"), None)
    for name, finding in findings.items():
        if finding.regret_cp is not None:
            return Verdict(_grade(finding.regret_cp, thresholds), name)
    return Verdict("unknown", None)


def _grade(regret_cp: int, thresholds: VerdictThresholds) -> str:
    if regret_cp <= thresholds.best_cp:
        return "best"
    if regret_cp <= thresholds.good_cp:
        return "good"
    return "inaccurate" if regret_cp <= thresholds.inaccurate_cp else "blunder"
